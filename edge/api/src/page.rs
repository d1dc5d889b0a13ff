//! The first page: one HTML, one style sheet, one script, embedded; and the sign-in by one-time link.

use crate::Code;
use crate::fault::{Fault, Tongue};
use crate::server::Shared;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

const PAGE: &str = include_str!("../page/index.html");
const SIGN_IN: &str = include_str!("../page/sign-in.html");
const SCRIPT: &str = include_str!("../page/app.js");
const STYLE: &str = include_str!("../page/app.css");
const ICON: &str = include_str!("../page/icon.svg");

/// `GET /`: the page with a session; with `?t=` a session is opened; else how to get one.
pub(crate) async fn index(State(shared): State<Shared>, RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    let token = query.as_deref().unwrap_or_default().split('&').find_map(|pair| pair.strip_prefix("t="));
    let session = shared.setup.sessions.of(&headers, shared.now());
    let Some(token) = token else {
        return match session {
            Some(_) => text("text/html; charset=utf-8", PAGE),
            None => (StatusCode::UNAUTHORIZED, text("text/html; charset=utf-8", SIGN_IN)).into_response(),
        };
    };
    if is_prefetch(&headers) {
        // A browser that looks ahead must not use the link up before its reader clicks it.
        return Fault::new(Code::Link, "预取不会登录", "looking ahead signs nobody in").answer(Tongue::of(&headers));
    }
    match shared.setup.sessions.open(token, shared.now()) {
        Ok(Some(cookie)) => welcome(&cookie),
        // The link again in the same browser: whoever is signed in stays so.
        Ok(None) if session.is_some() => text("text/html; charset=utf-8", PAGE),
        Ok(None) => (StatusCode::UNAUTHORIZED, text("text/html; charset=utf-8", SIGN_IN)).into_response(),
        Err(error) => Fault::failed("opening a session", error).answer(Tongue::of(&headers)),
    }
}

/// The page with the session's cookie. No redirect: that would be part of the navigation from outside, to which browsers
/// do not attach a `SameSite=Strict` cookie. The script takes the spent token out of the address bar.
fn welcome(cookie: &str) -> Response {
    let mut response = text("text/html; charset=utf-8", PAGE);
    match HeaderValue::from_str(cookie) {
        Ok(value) => {
            response.headers_mut().insert(header::SET_COOKIE, value);
            response
        }
        Err(error) => Fault::failed("setting the session cookie", error).answer(Tongue::default()),
    }
}

fn is_prefetch(headers: &HeaderMap) -> bool {
    ["sec-purpose", "purpose", "x-moz"]
        .iter()
        .filter_map(|name| headers.get(*name)?.to_str().ok())
        .any(|value| value.contains("prefetch") || value.contains("prerender"))
}

/// `GET /app.js`
pub(crate) async fn script() -> Response {
    text("text/javascript; charset=utf-8", SCRIPT)
}

/// `GET /app.css`
pub(crate) async fn style() -> Response {
    text("text/css; charset=utf-8", STYLE)
}

/// `GET /icon.svg`
pub(crate) async fn icon() -> Response {
    text("image/svg+xml", ICON)
}

fn text(kind: &'static str, body: &'static str) -> Response {
    ([(header::CONTENT_TYPE, HeaderValue::from_static(kind))], body).into_response()
}
