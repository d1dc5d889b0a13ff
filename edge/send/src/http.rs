//! NDJSON and `_bulk` over HTTP/1.1, one request at a time on a kept connection, each under its batch key.

use crate::carrier::{Batch, Trouble};
use crate::plan::{Compression, Plan, Summary, Via};
use crate::tls::Target;
use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{Request, StatusCode, Uri, header};
use hyper_util::rt::TokioIo;
use std::io::Write;
use std::time::Duration;

/// A request is answered in this time, fsync and all, or sent again.
const ANSWER: Duration = Duration::from_secs(90);
/// An answer is not longer than this: a line of `_bulk` answers with about 60 bytes.
const ANSWER_BYTES: usize = 64 * 1024 * 1024;

pub(crate) struct HttpCarrier {
    target: Target,
    host: String,
    path: String,
    bulk: bool,
    compression: Compression,
    token: Option<String>,
    sender: Option<SendRequest<Full<Bytes>>>,
}

impl HttpCarrier {
    pub(crate) fn new(plan: &Plan) -> Result<Self, String> {
        let url = if plan.to.contains("://") { plan.to.clone() } else { format!("http://{}", plan.to) };
        let uri: Uri = url.parse().map_err(|e| format!("`{url}` is not a URL: {e}"))?;
        let secure = match uri.scheme_str() {
            Some("http") => false,
            Some("https") => true,
            _ => return Err(format!("`{url}`: use http:// or https://")),
        };
        if secure && plan.ca.is_none() {
            return Err("https needs the authority to trust: --ca FILE".into());
        }
        let host = uri.host().ok_or_else(|| format!("`{url}` names no host"))?;
        let port = uri.port_u16().unwrap_or(if secure { 443 } else { 80 });
        let target = Target::new(&format!("{host}:{port}"), plan.ca.as_deref().filter(|_| secure))?;
        let bulk = plan.via == Via::Bulk;
        let path = match uri.path_and_query().map_or("/", |p| p.as_str()) {
            "/" | "" if bulk => "/_bulk",
            "/" | "" => "/api/v1/ingest",
            path => path,
        };
        Ok(Self {
            host: format!("{host}:{port}"),
            path: path.to_owned(),
            target,
            bulk,
            compression: plan.compression,
            token: plan.token.clone(),
            sender: None,
        })
    }

    pub(crate) async fn deliver(&mut self, batch: &mut Batch, summary: &mut Summary) -> Result<(), Trouble> {
        let request = self.request(batch)?;
        let mut sender = match self.sender.take().filter(|sender| !sender.is_closed()) {
            Some(sender) => sender,
            None => self.connect().await?,
        };
        let broke = |why: hyper::Error| Trouble::again(format!("the connection to {} broke: {why}", self.host));
        let exchange = async {
            sender.ready().await.map_err(broke)?;
            let response = sender.send_request(request).await.map_err(broke)?;
            let (parts, body) = response.into_parts();
            let body = Limited::new(body, ANSWER_BYTES).collect().await;
            let body = body.map_err(|e| Trouble::again(format!("the answer of {} broke off: {e}", self.host)))?;
            Ok::<_, Trouble>((parts, body.to_bytes()))
        };
        let (parts, body) = match tokio::time::timeout(ANSWER, exchange).await {
            Err(_) => return Err(Trouble::again(format!("no answer from {} for 90 s", self.host))),
            Ok(outcome) => outcome?,
        };
        judge(parts.status, &parts.headers, &body, self.bulk)?;
        summary.acknowledged += batch.lines.len() as u64;
        summary.known += u64::from(parts.headers.contains_key("x-wardwatch-known"));
        self.sender = Some(sender);
        Ok(())
    }

    async fn connect(&self) -> Result<SendRequest<Full<Bytes>>, Trouble> {
        let connection = self.target.connect().await?;
        let opened = handshake(TokioIo::new(connection)).await;
        let (sender, connection) = opened.map_err(|e| Trouble::again(format!("talking to {}: {e}", self.host)))?;
        tokio::spawn(async move {
            // Its errors come back through the request.
            let _ = connection.await;
        });
        Ok(sender)
    }

    fn request(&self, batch: &Batch) -> Result<Request<Full<Bytes>>, Trouble> {
        let mut body = Vec::new();
        for line in &batch.lines {
            if self.bulk {
                body.extend_from_slice(b"{\"create\":{}}\n");
            }
            body.extend_from_slice(line);
            body.push(b'\n');
        }
        let failed = |e: std::io::Error| Trouble::Final(format!("packing a body failed: {e}"));
        let (body, encoding) = match self.compression {
            Compression::None => (body, None),
            Compression::Gzip => {
                let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
                packer.write_all(&body).map_err(failed)?;
                (packer.finish().map_err(failed)?, Some("gzip"))
            }
            Compression::Zstd => (zstd::stream::encode_all(body.as_slice(), 1).map_err(failed)?, Some("zstd")),
        };
        let mut request = Request::post(&self.path)
            .header(header::HOST, &self.host)
            .header(header::USER_AGENT, concat!("wardwatch-send/", env!("CARGO_PKG_VERSION")))
            .header(header::CONTENT_TYPE, "application/x-ndjson")
            .header("x-wardwatch-batch", &batch.key);
        if let Some(token) = &self.token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        if let Some(encoding) = encoding {
            request = request.header(header::CONTENT_ENCODING, encoding);
        }
        request.body(Full::from(body)).map_err(|e| Trouble::Final(format!("the request cannot be made: {e}")))
    }
}

/// 200 without errors is safe; 408, 429 and 5xx want the same again; everything else never will.
fn judge(status: StatusCode, headers: &hyper::HeaderMap, body: &[u8], bulk: bool) -> Result<(), Trouble> {
    let said = || String::from_utf8_lossy(body.get(..300).unwrap_or(body)).into_owned();
    if status == StatusCode::OK {
        // An error page of a proxy with status 200 must not pass for an acknowledgement.
        let ours = if bulk { body.starts_with(b"{\"took\":") } else { body.starts_with(b"{\"lines\":") };
        let clean = !bulk || memchr::memmem::find(body, b"\"errors\":false,\"items\":[").is_some();
        return match ours && clean {
            true => Ok(()),
            false => Err(Trouble::again(format!("an answer that is not the receiver's: {}", said()))),
        };
    }
    let refused = matches!(status.as_u16(), 429 | 503);
    if refused || matches!(status.as_u16(), 408 | 500 | 502 | 504) {
        let seconds = headers.get(header::RETRY_AFTER).and_then(|v| v.to_str().ok()?.parse().ok());
        let after = seconds.map(|s: u64| Duration::from_secs(s.min(30)));
        return Err(Trouble::Again { why: format!("{status}: {}", said()), after, refused });
    }
    Err(Trouble::Final(format!("{status}: {}", said())))
}
