//! NDJSON and `_bulk` over HTTP, each batch under a key: sent again after any doubt, stored once.

use crate::connect::{Patience, connect};
use crate::{Batch, Compress, Job, SendFault, Summary, Via};
use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1::SendRequest;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use std::io::Write;
use std::time::Duration;

/// An answer must come in this time (Beats wait 90 s).
const ANSWER: Duration = Duration::from_secs(90);
/// Longest answer that is read: `_bulk` has an item per line.
const ANSWER_BYTES: usize = 32 * 1024 * 1024;

/// One connection that is made again when it breaks.
pub(crate) struct Poster {
    job: Job,
    path: String,
    sender: Option<SendRequest<Full<Bytes>>>,
    patience: Patience,
    first: bool,
}

impl Poster {
    pub fn new(job: &Job) -> Result<Self, SendFault> {
        if job.token.is_none() {
            return Err(SendFault::Setup("http and bulk need --token-file: the intake token of the source".into()));
        }
        let usual = if job.via == Via::Bulk { "/_bulk" } else { "/api/v1/ingest" };
        let path = if matches!(job.to.path.as_str(), "" | "/") { usual.to_owned() } else { job.to.path.clone() };
        Ok(Self { job: job.clone(), path, sender: None, patience: Patience::of(job), first: true })
    }

    pub async fn deliver(&mut self, batch: &Batch, summary: &mut Summary) -> Result<(), SendFault> {
        let body = self.body(batch)?;
        loop {
            let (fault, least) = match self.post(batch.number, body.clone(), summary).await {
                Ok((status, text, _)) if status.is_success() => {
                    self.patience.renew();
                    return if text.contains("\"errors\":true") {
                        Err(self.refused(status, "a mixed answer: some items were not stored".into()))
                    } else {
                        Ok(())
                    };
                }
                Ok((StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN, ..)) => {
                    return Err(SendFault::NotAllowed(self.job.to.shown()));
                }
                Ok((status, text, retry_after)) if worth_repeating(status) => {
                    summary.refused += 1;
                    (self.unreachable(format!("{status}: {}", short(&text))), retry_after)
                }
                Ok((status, text, _)) => return Err(self.refused(status, short(&text))),
                Err(fault) => (fault, Duration::ZERO),
            };
            summary.retries += 1;
            self.patience.after(fault, least).await?;
        }
    }

    fn body(&self, batch: &Batch) -> Result<Bytes, SendFault> {
        let mut plain = Vec::new();
        for line in &batch.lines {
            if self.job.via == Via::Bulk {
                plain.extend_from_slice(b"{\"create\":{}}\n");
                if serde_json::from_slice::<serde::de::IgnoredAny>(line).is_ok() && line.first() == Some(&b'{') {
                    plain.extend_from_slice(line);
                } else {
                    // A document must be JSON; a line that is none becomes its message, as shippers do.
                    let document = serde_json::json!({ "message": String::from_utf8_lossy(line) });
                    plain.extend_from_slice(document.to_string().as_bytes());
                }
            } else {
                plain.extend_from_slice(line);
            }
            plain.push(b'\n');
        }
        let packed = match self.job.compress {
            Compress::None => Ok(plain),
            Compress::Gzip => {
                let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
                out.write_all(&plain).and_then(|()| out.finish())
            }
            Compress::Zstd => zstd::stream::encode_all(plain.as_slice(), 1),
        };
        packed.map(Bytes::from).map_err(|e| SendFault::Setup(format!("compressing failed: {e}")))
    }

    async fn post(&mut self, number: u64, body: Bytes, summary: &mut Summary) -> Result<(StatusCode, String, Duration), SendFault> {
        if self.sender.as_ref().is_none_or(SendRequest::is_closed) {
            self.sender = Some(self.open().await?);
            summary.reconnects += u64::from(!self.first);
            self.first = false;
        }
        let token = self.job.token.as_deref().unwrap_or_default();
        let mut request = Request::post(&self.path)
            .header("host", self.job.to.shown())
            .header("authorization", format!("Bearer {token}"))
            .header("content-type", "application/x-ndjson")
            .header("x-wardwatch-batch", format!("{}/{number}", self.job.epoch));
        match self.job.compress {
            Compress::None => {}
            Compress::Gzip => request = request.header("content-encoding", "gzip"),
            Compress::Zstd => request = request.header("content-encoding", "zstd"),
        }
        let request = request.body(Full::new(body)).map_err(|e| SendFault::Setup(e.to_string()))?;
        let Some(sender) = self.sender.as_mut() else { return Err(self.unreachable("no connection".into())) };
        let asked = async {
            sender.ready().await.map_err(|e| e.to_string())?;
            let answer = sender.send_request(request).await.map_err(|e| e.to_string())?;
            read(answer).await
        };
        match tokio::time::timeout(ANSWER, asked).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(why)) => {
                self.sender = None;
                Err(self.unreachable(why))
            }
            Err(_) => {
                self.sender = None;
                Err(self.unreachable(format!("no answer for {} s", ANSWER.as_secs())))
            }
        }
    }

    async fn open(&self) -> Result<SendRequest<Full<Bytes>>, SendFault> {
        let pipe = connect(&self.job.to, &self.job.trust).await?;
        let (sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(pipe))
            .await
            .map_err(|e| self.unreachable(e.to_string()))?;
        tokio::spawn(async move {
            if let Err(e) = connection.await {
                tracing::debug!(%e, "the connection ended");
            }
        });
        Ok(sender)
    }

    fn unreachable(&self, why: String) -> SendFault {
        SendFault::Unreachable { to: self.job.to.shown(), why }
    }

    fn refused(&self, status: StatusCode, why: String) -> SendFault {
        SendFault::Refused { to: self.job.to.shown(), status: status.as_u16(), why }
    }
}

async fn read(answer: Response<hyper::body::Incoming>) -> Result<(StatusCode, String, Duration), String> {
    let status = answer.status();
    let seconds = answer.headers().get("retry-after").and_then(|v| v.to_str().ok()?.parse::<u64>().ok());
    let body = Limited::new(answer.into_body(), ANSWER_BYTES).collect().await.map_err(|e| e.to_string())?;
    let text = String::from_utf8_lossy(&body.to_bytes()).into_owned();
    Ok((status, text, Duration::from_secs(seconds.unwrap_or(0).min(60))))
}

fn worth_repeating(status: StatusCode) -> bool {
    status.is_server_error() || matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT)
}

fn short(text: &str) -> String {
    text.chars().take(300).collect()
}
