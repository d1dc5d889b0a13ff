//! What is to be sent, how, and what came of it.

use serde::Serialize;
use std::path::PathBuf;
use std::time::Duration;

/// How lines are delivered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Via {
    /// Syslog over UDP: no acknowledgement.
    Udp,
    /// Syslog over TCP, one line a frame: no acknowledgement.
    Tcp,
    /// Syslog over TCP, octet-counted: no acknowledgement.
    Counted,
    /// Syslog over TLS, octet-counted (RFC 5425): no acknowledgement.
    Tls,
    /// RELP: each line acknowledged, no key.
    Relp,
    /// RELP over TLS.
    RelpTls,
    /// NDJSON over HTTP with batch keys.
    Http,
    /// Elasticsearch `_bulk` with batch keys.
    Bulk,
}

impl Via {
    /// All of them.
    pub const ALL: [Self; 8] =
        [Self::Udp, Self::Tcp, Self::Counted, Self::Tls, Self::Relp, Self::RelpTls, Self::Http, Self::Bulk];

    /// The word of the command line.
    pub fn word(self) -> &'static str {
        match self {
            Self::Udp => "udp",
            Self::Tcp => "tcp",
            Self::Counted => "counted",
            Self::Tls => "tls",
            Self::Relp => "relp",
            Self::RelpTls => "relp-tls",
            Self::Http => "http",
            Self::Bulk => "bulk",
        }
    }

    /// What it is and what it promises, in English.
    pub fn says(self) -> &'static str {
        match self {
            Self::Udp => "Syslog over UDP: no acknowledgement",
            Self::Tcp => "Syslog over TCP, one line a frame: no acknowledgement",
            Self::Counted => "Syslog over TCP, octet-counted: no acknowledgement",
            Self::Tls => "Syslog over TLS (RFC 5425): no acknowledgement",
            Self::Relp => "RELP: each line acknowledged",
            Self::RelpTls => "RELP over TLS",
            Self::Http => "NDJSON over HTTP with batch keys: acknowledged, exactly once",
            Self::Bulk => "Elasticsearch `_bulk` with batch keys: acknowledged, exactly once",
        }
    }

    /// By its word.
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|via| via.word() == word)
    }

    /// The receiver says when lines are safe.
    pub fn acknowledges(self) -> bool {
        matches!(self, Self::Relp | Self::RelpTls | Self::Http | Self::Bulk)
    }
}

/// How HTTP bodies are packed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Compression {
    /// Not.
    #[default]
    None,
    /// gzip.
    Gzip,
    /// zstd.
    Zstd,
}

/// What to send, where and how.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The file (plain, gzip or zstd); `-` is standard input.
    pub file: PathBuf,
    /// How.
    pub via: Via,
    /// `host:port`, or for http and bulk a URL.
    pub to: String,
    /// Lines per second; 0: as fast as they are taken.
    pub rate: u32,
    /// How often the file is sent; 0: until stopped. Standard input is sent once.
    pub repeat: u64,
    /// Lines of the file to leave out at the start, the first time.
    pub skip: u64,
    /// Lines per request, or RELP messages that wait for their answers.
    pub batch: usize,
    /// The intake token (http, bulk).
    pub token: Option<String>,
    /// The authority to trust, PEM (tls, relp-tls, https).
    pub ca: Option<PathBuf>,
    /// How bodies are packed (http, bulk).
    pub compression: Compression,
    /// Give each line a mark of its own, so that it can be counted again.
    pub tag: bool,
    /// The name of this run in keys and marks; none: a random one.
    pub epoch: Option<String>,
    /// Give up when nothing was taken for so long.
    pub patience: Duration,
    /// Show progress on standard error.
    pub progress: bool,
}

impl Plan {
    /// As fast as possible, once, with defaults for all else.
    pub fn new(file: impl Into<PathBuf>, via: Via, to: impl Into<String>) -> Self {
        Self {
            file: file.into(),
            via,
            to: to.into(),
            rate: 0,
            repeat: 1,
            skip: 0,
            batch: 500,
            token: None,
            ca: None,
            compression: Compression::None,
            tag: false,
            epoch: None,
            patience: Duration::from_secs(600),
            progress: false,
        }
    }
}

/// What came of it.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Summary {
    /// The name of this run in keys and marks.
    pub epoch: String,
    /// Lines that were handed to the network at least once.
    pub sent: u64,
    /// Lines that the receiver said are safe; always 0 for syslog, which has no acknowledgement.
    pub acknowledged: u64,
    /// Requests or connections that had to be tried again.
    pub retries: u64,
    /// Answers that asked to come again later (429, 503).
    pub refused: u64,
    /// Batches that the receiver knew already: sent again, stored once.
    pub known: u64,
    /// Lines sent again without a key: at most so many may be stored twice.
    pub resent: u64,
    /// Bytes of lines, each counted once.
    pub bytes: u64,
}

/// Why sending ended early.
#[derive(thiserror::Error, Debug)]
pub enum SendFault {
    /// The plan contradicts itself.
    #[error("{0}")]
    Plan(String),
    /// The file cannot be read.
    #[error("reading {} failed: {why}", file.display())]
    File {
        /// Which.
        file: PathBuf,
        /// Why.
        why: std::io::Error,
    },
    /// Sending again would not help.
    #[error("the receiver refused for good: {why} ({} of {} lines are acknowledged)", summary.acknowledged, summary.sent)]
    Refused {
        /// What it said.
        why: String,
        /// How far it came.
        summary: Summary,
    },
    /// Nothing was taken for too long.
    #[error("gave up: {why} ({} of {} lines are acknowledged); is the server running?", summary.acknowledged, summary.sent)]
    GaveUp {
        /// The last trouble.
        why: String,
        /// How far it came.
        summary: Summary,
    },
}
