//! Talks to a running server over the Unix socket in its data folder (mode 0600: whoever may open it is the operator).

use crate::Language;
use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use serde::de::DeserializeOwned;
use std::path::{Path, PathBuf};

/// The socket's name inside the data folder.
const SOCKET: &str = "control.sock";

/// A client of one data folder.
#[derive(Clone, Debug)]
pub struct Client {
    socket: PathBuf,
    language: Language,
}

/// Why there was no answer.
#[derive(thiserror::Error, Debug)]
pub enum ClientFault {
    /// Nobody listens: no server runs on this folder.
    #[error("no server answers at {0}")]
    Absent(PathBuf),
    /// The server refused, with its own words.
    #[error("{detail} ({code})")]
    Refused {
        /// HTTP status.
        status: u16,
        /// Code such as `WW-0417`.
        code: String,
        /// What went wrong.
        detail: String,
        /// What to do next.
        next: String,
    },
    /// The connection broke or the answer was not understood.
    #[error("talking to the server failed: {0}")]
    Broken(String),
}

impl Client {
    /// For the server that runs on this data folder, if one does.
    pub fn of(data: &Path) -> Self {
        Self { socket: data.join(SOCKET), language: Language::En }
    }

    /// With refusals in this language.
    pub fn speaking(self, language: Language) -> Self {
        Self { language, ..self }
    }

    /// Where the socket is (the server binds it there).
    pub fn socket(&self) -> &Path {
        &self.socket
    }

    /// Sends `body` as JSON (none: GET) and reads the answer as JSON.
    pub async fn call<A: DeserializeOwned>(
        &self,
        path: &str,
        body: Option<&serde_json::Value>,
    ) -> Result<A, ClientFault> {
        let bytes = self.raw(path, body).await?;
        serde_json::from_slice(&bytes).map_err(|e| ClientFault::Broken(e.to_string()))
    }

    /// The same, the answer as bytes.
    pub async fn raw(&self, path: &str, body: Option<&serde_json::Value>) -> Result<Bytes, ClientFault> {
        let broken = |e: &dyn std::fmt::Display| ClientFault::Broken(e.to_string());
        let stream = tokio::net::UnixStream::connect(&self.socket)
            .await
            .map_err(|_| ClientFault::Absent(self.socket.clone()))?;
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(|e| broken(&e))?;
        tokio::spawn(connection);
        let method = if body.is_some() { Method::POST } else { Method::GET };
        let text = body.map(ToString::to_string).unwrap_or_default();
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", "wardwatch")
            .header("content-type", "application/json")
            .header("accept-language", self.language.pick("zh", "en"))
            .body(Full::new(Bytes::from(text)))
            .map_err(|e| broken(&e))?;
        let answer = sender.send_request(request).await.map_err(|e| broken(&e))?;
        let status = answer.status();
        let bytes = Limited::new(answer.into_body(), wardwatch_limits::ANSWER_BYTES)
            .collect()
            .await
            .map_err(|e| ClientFault::Broken(e.to_string()))?
            .to_bytes();
        if status.is_success() { Ok(bytes) } else { Err(ClientFault::of_answer(status, &bytes)) }
    }
}

impl ClientFault {
    /// Reads a problem+json answer; anything else is quoted.
    pub fn of_answer(status: StatusCode, body: &[u8]) -> Self {
        let problem: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
        let part = |name: &str| problem.get(name).and_then(|v| v.as_str()).unwrap_or_default().to_owned();
        let mut detail = part("detail");
        if detail.is_empty() {
            detail = String::from_utf8_lossy(body.get(..body.len().min(300)).unwrap_or_default()).into_owned();
        }
        Self::Refused { status: status.as_u16(), code: part("code"), detail, next: part("next") }
    }
}
