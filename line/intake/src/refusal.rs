//! Why was a request refused, with which status, and in whose words?

use crate::bulk::BulkFault;
use crate::ndjson::TooManyLines;
use crate::ports::Refused;
use crate::unpack::UnpackFault;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use wardwatch_ident::BatchKeyFault;

/// A request of which nothing was stored.
#[derive(thiserror::Error, Clone, PartialEq, Eq, Debug)]
pub(crate) enum Refusal {
    #[error("no token, or one that is not known; `wardwatch token` makes one, its hash belongs into the configuration")]
    Unauthorised,
    #[error("{0}")]
    TooLarge(String),
    #[error("{0}")]
    Malformed(String),
    #[error("the body brought nothing for {seconds} s, or less than 64 KiB a second; send it again, faster")]
    Slow { seconds: u64 },
    #[error("content encoding `{0}` is not known; use gzip, zstd, deflate or none")]
    Encoding(String),
    #[error("too many bodies are being read at once; send again in a moment")]
    NoRoom,
    #[error(transparent)]
    NotStored(#[from] Refused),
}

impl From<UnpackFault> for Refusal {
    fn from(fault: UnpackFault) -> Self {
        match fault {
            UnpackFault::TooLarge { .. } => Self::TooLarge(fault.to_string()),
            UnpackFault::Broken { .. } => Self::Malformed(fault.to_string()),
            UnpackFault::NoRoom => Self::NoRoom,
        }
    }
}

impl From<TooManyLines> for Refusal {
    fn from(fault: TooManyLines) -> Self {
        Self::TooLarge(fault.to_string())
    }
}

impl From<BulkFault> for Refusal {
    fn from(fault: BulkFault) -> Self {
        match fault {
            BulkFault::TooManyLines(many) => many.into(),
            BulkFault::AnswerTooLarge => Self::TooLarge(fault.to_string()),
            BulkFault::NoRoom => Self::NoRoom,
            other => Self::Malformed(other.to_string()),
        }
    }
}

impl From<BatchKeyFault> for Refusal {
    fn from(fault: BatchKeyFault) -> Self {
        Self::Malformed(fault.to_string())
    }
}

impl Refusal {
    fn status(&self) -> StatusCode {
        match self {
            Self::Unauthorised => StatusCode::UNAUTHORIZED,
            Self::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Malformed(_) => StatusCode::BAD_REQUEST,
            Self::Slow { .. } => StatusCode::REQUEST_TIMEOUT,
            Self::Encoding(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::NotStored(Refused::KeyTaken) => StatusCode::CONFLICT,
            // 429 whatever the reason: it is the one answer after which every known client sends the whole batch again.
            Self::NoRoom | Self::NotStored(_) => StatusCode::TOO_MANY_REQUESTS,
        }
    }

    /// Wardwatch's own shape: `{"error":"…","status":429}`.
    pub(crate) fn plain(&self) -> Response {
        let body = serde_json::json!({ "error": self.to_string(), "status": self.status().as_u16() });
        self.respond(body.to_string())
    }

    /// Elasticsearch's shape, with the type its clients know.
    pub(crate) fn elastic(&self) -> Response {
        let kind = match self.status() {
            StatusCode::UNAUTHORIZED => "security_exception",
            StatusCode::TOO_MANY_REQUESTS => "es_rejected_execution_exception",
            StatusCode::CONFLICT => "version_conflict_engine_exception",
            StatusCode::PAYLOAD_TOO_LARGE => "content_too_long_exception",
            _ => "illegal_argument_exception",
        };
        let cause = serde_json::json!({ "type": kind, "reason": self.to_string() });
        let body = serde_json::json!({
            "error": { "root_cause": [cause], "type": kind, "reason": self.to_string() },
            "status": self.status().as_u16(),
        });
        self.respond(body.to_string())
    }

    fn respond(&self, body: String) -> Response {
        let json = [(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))];
        let mut response = (self.status(), json, body).into_response();
        let headers = response.headers_mut();
        match self {
            Self::Unauthorised => {
                headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"wardwatch\""));
            }
            Self::NoRoom | Self::NotStored(_) if self.status() == StatusCode::TOO_MANY_REQUESTS => {
                let seconds = match self {
                    Self::NotStored(refused) => refused.retry_after().as_secs().clamp(1, 30),
                    _ => 1,
                };
                headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
            }
            // The rest of the body is not read: the connection cannot be used again.
            Self::TooLarge(_) | Self::Slow { .. } => {
                headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
            }
            _ => {}
        }
        response
    }
}
