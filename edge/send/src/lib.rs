//! Replays lines to any intake, at a rate, and says exactly what was acknowledged.
//!
//! HTTP and `_bulk` carry batch keys, so a batch that is sent again is stored once. RELP sends again what was not
//! answered. UDP, TCP and TLS have no acknowledgement: what was written is reported as written, never as stored.

mod connect;
mod http;
mod input;
mod mark;
mod pace;
mod relp;
mod stream;

pub use connect::{Address, Trust};
pub use input::Input;
pub use mark::{Marks, check_queries};

use std::future::Future;
use std::time::Duration;

/// How lines travel.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Via {
    /// Syslog over UDP.
    Udp,
    /// Syslog over TCP, a line feed after each line.
    Tcp,
    /// Syslog over TCP, octet-counted.
    Counted,
    /// Syslog over TLS, octet-counted (RFC 5425).
    Tls,
    /// RELP.
    Relp,
    /// NDJSON over HTTP.
    Http,
    /// Elasticsearch `_bulk`.
    Bulk,
}

/// How bodies are compressed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Compress {
    /// Not at all.
    #[default]
    None,
    /// gzip.
    Gzip,
    /// Zstandard.
    Zstd,
}

/// What to send, where and how.
#[derive(Clone, Debug)]
pub struct Job {
    /// Transport.
    pub via: Via,
    /// Target.
    pub to: Address,
    /// Whom to trust (tls, https).
    pub trust: Trust,
    /// Lines per second; 0 is as fast as possible.
    pub rate: u32,
    /// Lines per batch.
    pub batch: usize,
    /// Intake token (http, bulk).
    pub token: Option<String>,
    /// Compression of bodies.
    pub compress: Compress,
    /// Names this run; part of batch keys and marks. Fresh for each run.
    pub epoch: String,
    /// Put a running mark into each line.
    pub tag: bool,
    /// Give up after so long without any answer; none tries for ever.
    pub patience: Option<Duration>,
}

/// What happened.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Summary {
    /// Lines handed to the transport.
    pub sent: u64,
    /// Lines the server said are durable; none for transports without acknowledgement.
    pub acknowledged: Option<u64>,
    /// Batches or lines sent again.
    pub retries: u64,
    /// Answers 429 and 503.
    pub refused: u64,
    /// Connections made after the first.
    pub reconnects: u64,
    /// Bytes of lines.
    pub bytes: u64,
    /// The run's name.
    pub epoch: String,
}

/// Why sending ended early.
#[derive(thiserror::Error, Debug)]
pub enum SendFault {
    /// The input cannot be read.
    #[error("reading {what} failed: {why}")]
    Input {
        /// Which.
        what: String,
        /// Why.
        why: String,
    },
    /// No answer for as long as one was willing to wait.
    #[error("{to} does not answer: {why}")]
    Unreachable {
        /// Where.
        to: String,
        /// The last failure.
        why: String,
    },
    /// The token is not known there.
    #[error("{0} refuses the token; check --token-file and tokens_sha256 of the source")]
    NotAllowed(String),
    /// The server will never take this.
    #[error("{to} refuses for good ({status}): {why}")]
    Refused {
        /// Where.
        to: String,
        /// HTTP status, or the RELP code.
        status: u16,
        /// Its words.
        why: String,
    },
    /// The address or certificate cannot be used.
    #[error("{0}")]
    Setup(String),
}

/// A batch on its way.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    pub lines: Vec<Vec<u8>>,
    pub number: u64,
}

/// One way of delivering batches. Each returns when the batch is acknowledged, or written where nothing is.
pub(crate) enum Carrier {
    Udp(stream::Datagrams),
    Stream(Box<stream::Stream>),
    Relp(Box<relp::Session>),
    Http(Box<http::Poster>),
}

/// Sends everything `input` gives until it ends or `stop` resolves. `progress` is told after each batch.
///
/// # Errors
/// See [`SendFault`]; the summary up to then is lost only with the input.
pub async fn send(
    job: &Job,
    input: &mut Input,
    mut progress: impl FnMut(&Summary),
    stop: impl Future<Output = ()>,
) -> Result<Summary, SendFault> {
    let mut carrier = match job.via {
        Via::Udp => Carrier::Udp(stream::Datagrams::open(job).await?),
        Via::Tcp | Via::Counted | Via::Tls => Carrier::Stream(Box::new(stream::Stream::new(job))),
        Via::Relp => Carrier::Relp(Box::new(relp::Session::new(job))),
        Via::Http | Via::Bulk => Carrier::Http(Box::new(http::Poster::new(job)?)),
    };
    let acknowledges = matches!(job.via, Via::Relp | Via::Http | Via::Bulk);
    let mut summary =
        Summary { epoch: job.epoch.clone(), acknowledged: acknowledges.then_some(0), ..Summary::default() };
    let mut pace = pace::Pace::new(job.rate);
    let mut number = 0;
    tokio::pin!(stop);
    loop {
        let most = pace.allowance(job.batch);
        let next = tokio::select! {
            biased;
            () = &mut stop => break,
            next = input.batch(most) => next?,
        };
        let Some(mut lines) = next else { break };
        pace.wait(lines.len()).await;
        if job.tag {
            for line in &mut lines {
                mark::put(line, &job.epoch, summary.sent);
                summary.sent += 1;
            }
        } else {
            summary.sent += lines.len() as u64;
        }
        summary.bytes += lines.iter().map(|l| l.len() as u64).sum::<u64>();
        number += 1;
        let count = lines.len() as u64;
        let batch = Batch { lines, number };
        match &mut carrier {
            Carrier::Udp(udp) => udp.deliver(&batch).await?,
            Carrier::Stream(stream) => stream.deliver(&batch, &mut summary).await?,
            Carrier::Relp(session) => session.deliver(batch, &mut summary).await?,
            Carrier::Http(poster) => {
                poster.deliver(&batch, &mut summary).await?;
                *summary.acknowledged.get_or_insert(0) += count;
            }
        }
        progress(&summary);
    }
    match &mut carrier {
        Carrier::Relp(session) => session.finish(&mut summary).await?,
        Carrier::Stream(stream) => stream.finish().await,
        Carrier::Udp(_) | Carrier::Http(_) => {}
    }
    progress(&summary);
    Ok(summary)
}
