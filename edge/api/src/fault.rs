//! A request that is not answered: a public half (code, words, what to do next) and a private half for the log.
//!
//! Nothing of the private half ever reaches the reader.

use crate::codes::{Code, Words};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// Chinese or English, as the reader asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Tongue {
    /// 中文
    #[default]
    Zh,
    /// English
    En,
}

impl Tongue {
    /// From `Accept-Language`: English only if it is wanted more than Chinese; Chinese is the first language here.
    pub fn of(headers: &HeaderMap) -> Self {
        let text = headers.get(header::ACCEPT_LANGUAGE).and_then(|v| v.to_str().ok()).unwrap_or_default();
        let weight = |word: &str| {
            text.split(',')
                .filter_map(|part| {
                    let mut pieces = part.trim().split(';');
                    let tag = pieces.next()?.trim().to_ascii_lowercase();
                    let q = pieces.find_map(|p| p.trim().strip_prefix("q=")?.parse::<f32>().ok()).unwrap_or(1.0);
                    (tag == word || tag.starts_with(&format!("{word}-"))).then_some(q)
                })
                .fold(0.0, f32::max)
        };
        if weight("en") > weight("zh") { Self::En } else { Self::Zh }
    }

    /// The one of two.
    pub fn pick(self, words: &Words) -> &str {
        match self {
            Self::Zh => &words.zh,
            Self::En => &words.en,
        }
    }
}

/// Why a request is not answered.
#[derive(Debug, thiserror::Error)]
#[error("{} {}: {}{}", code.id(), code.title().en, detail.en, if cause.is_empty() { String::new() } else { format!(" ({cause})") })]
pub struct Fault {
    /// Public: what kind.
    pub code: Code,
    /// Public: what exactly, about the reader's own request.
    pub detail: Words,
    /// Private: for the log only.
    pub cause: String,
}

impl Fault {
    /// A refusal about the reader's own request.
    pub fn new(code: Code, zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self { code, detail: Words::new(zh, en), cause: String::new() }
    }

    /// A failure inside: the reader learns that, the log learns why.
    pub fn failed(what: &str, cause: impl std::fmt::Display) -> Self {
        Self {
            code: Code::Failed,
            detail: Words::new("请求没有完成", format!("{what} was not done")),
            cause: format!("{what}: {cause}"),
        }
    }

    /// Not there, or not for this reader: the same answer for both.
    pub fn not_found() -> Self {
        Self::new(Code::NotFound, "没有这一项", "there is no such item")
    }

    /// The query is not understood; `why` is about the reader's own text and says where (column).
    pub fn query(why: impl std::fmt::Display) -> Self {
        Self::new(Code::Query, why.to_string(), why.to_string())
    }

    /// A bound was reached; `why` says which.
    pub fn bounds(why: impl std::fmt::Display) -> Self {
        Self::new(Code::Bounds, why.to_string(), why.to_string())
    }

    /// Too much at once.
    pub fn busy() -> Self {
        Self::new(Code::Busy, "同时进行的请求已达上限", "as many requests as allowed are running")
    }

    /// A parameter is not right.
    pub fn parameter(name: &str, zh: &str, en: &str) -> Self {
        Self::new(Code::Parameter, format!("`{name}`:{zh}"), format!("`{name}`: {en}"))
    }

    /// As problem+json (RFC 9457) with `code` and `next` beside the standard members; logged here, once.
    pub fn answer(&self, tongue: Tongue) -> Response {
        if self.code.status().is_server_error() {
            tracing::error!(code = self.code.id(), cause = %self.cause, "request failed");
        } else {
            tracing::debug!(code = self.code.id(), detail = %self.detail.en, "request refused");
        }
        let body = json!({
            "type": format!("urn:wardwatch:error:{}", self.code.id()),
            "status": self.code.status().as_u16(),
            "code": self.code.id(),
            "title": tongue.pick(&self.code.title()),
            "detail": tongue.pick(&self.detail),
            "next": tongue.pick(&self.code.next()),
        });
        let mut response = (self.code.status(), body.to_string()).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(
            header::CONTENT_LANGUAGE,
            HeaderValue::from_static(if tongue == Tongue::En { "en" } else { "zh-CN" }),
        );
        if matches!(self.code, Code::Busy | Code::NotReady) {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("2"));
        }
        response
    }
}
