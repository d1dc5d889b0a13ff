//! The routers put together: what is open, what needs a session, and the headers that every answer carries.
//!
//! | route | needs |
//! |---|---|
//! | `/` | a session, or `?t=` with a fresh one-time link |
//! | `/app.js` `/app.css` `/icon.svg` | nothing: they hold no data |
//! | `/api/v1/…` | a session |
//! | `/health` `/metrics` | nothing: about the machine; bind the page to loopback or a management network |
//! | anything else | 401 without a session, 404 with one |

use crate::fault::{Fault, Tongue};
use crate::sessions::{Session, Sessions};
use crate::{Code, Desk, data, live, machine, page};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::{Router, routing::get};
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::sync::{Semaphore, watch};
use wardwatch_access::{OpContext, Purpose, TraceId};
use wardwatch_ident::{Clock, Timestamp};
use wardwatch_limits::LIVE_STREAMS;

/// What the page's server is made of.
#[derive(Clone)]
pub struct PageSetup {
    /// Answers the questions.
    pub desk: Arc<dyn Desk>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Who is signed in.
    pub sessions: Arc<Sessions>,
    /// Where the page is bound; on loopback, requests under another host name are refused (DNS rebinding).
    pub page: SocketAddr,
    /// The hospitals are invented: the page says so.
    pub demo: bool,
    /// Turns true when the server drains: live streams end then.
    pub closing: watch::Receiver<bool>,
}

/// What handlers share.
#[derive(Clone)]
pub(crate) struct Shared {
    pub(crate) setup: PageSetup,
    pub(crate) streams: Arc<Semaphore>,
}

impl Shared {
    pub(crate) fn now(&self) -> Timestamp {
        self.setup.clock.now()
    }

    /// The context of a request of this session.
    pub(crate) fn context(&self, session: &Session, why: &str) -> OpContext<wardwatch_access::FleetScope> {
        OpContext {
            who: session.who.clone(),
            scope: session.fleet.clone(),
            why: Purpose(why.to_owned()),
            until: self.now().plus_micros(wardwatch_limits::SEARCH_MS as i64 * 1_000),
            trace: TraceId(rand::random()),
        }
    }
}

/// The page, its data, `/health` and `/metrics`.
pub fn page_router(setup: PageSetup) -> Router {
    let shared = Shared { setup, streams: Arc::new(Semaphore::new(LIVE_STREAMS)) };
    let guarded = Router::new()
        .route("/api/v1/sources", get(data::sources))
        .route("/api/v1/counts", get(data::counts))
        .route("/api/v1/alerts", get(data::alerts))
        .route("/api/v1/alerts/{id}", get(data::alert))
        .route("/api/v1/search", get(data::search))
        .route("/api/v1/live", get(live::live))
        .fallback(|headers: HeaderMap| async move { Fault::not_found().answer(Tongue::of(&headers)) })
        .layer(middleware::from_fn_with_state(shared.clone(), signed_in));
    Router::new()
        .route("/", get(page::index))
        .route("/app.js", get(page::script))
        .route("/app.css", get(page::style))
        .route("/icon.svg", get(page::icon))
        .route("/health", get(machine::health))
        .route("/metrics", get(machine::metrics))
        .fallback_service(guarded.with_state(shared.clone()))
        .layer(middleware::from_fn_with_state(shared.clone(), own_name))
        .layer(middleware::map_response(hardened))
        .with_state(shared)
}

/// Lets through who has a session, and hands the session on.
async fn signed_in(State(shared): State<Shared>, mut request: Request, next: Next) -> Response {
    match shared.setup.sessions.of(request.headers(), shared.now()) {
        Some(session) => {
            request.extensions_mut().insert(session);
            next.run(request).await
        }
        None => {
            let fault = Fault::new(Code::SignIn, "这个请求没有有效的会话", "this request has no valid session");
            fault.answer(Tongue::of(request.headers()))
        }
    }
}

/// Refuses requests under a foreign host name: a web page elsewhere that had its name point at 127.0.0.1.
async fn own_name(State(shared): State<Shared>, request: Request, next: Next) -> Response {
    let host = request.headers().get(header::HOST).and_then(|v| v.to_str().ok()).unwrap_or_default();
    if shared.setup.page.ip().is_loopback() && !is_loopback_name(host) {
        let fault = Fault::new(Code::Host, "本服务只在本机地址上应答", "this server answers to loopback names only");
        return fault.answer(Tongue::of(request.headers()));
    }
    next.run(request).await
}

fn is_loopback_name(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.rsplit_once(':').map_or(host, |(name, _)| name),
    };
    name.eq_ignore_ascii_case("localhost") || name.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// Nothing but our own files runs, nobody frames the page, nothing stays in a cache, and script cannot make HTML of text.
const HEADERS: &[(&str, &str)] = &[
    (
        "content-security-policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
         base-uri 'none'; form-action 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'; \
         trusted-types 'none'",
    ),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("cache-control", "no-store"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("permissions-policy", "camera=(), geolocation=(), microphone=()"),
];

async fn hardened(mut response: Response) -> Response {
    for (name, value) in HEADERS {
        response.headers_mut().insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    response
}

/// A fault with the language it is told in: what handlers return.
pub(crate) struct Told(pub(crate) Fault, pub(crate) Tongue);

impl IntoResponse for Told {
    fn into_response(self) -> Response {
        self.0.answer(self.1)
    }
}
