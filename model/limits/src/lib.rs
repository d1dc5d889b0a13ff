//! Every bound in one place, each with its reason. A queue, body, line, query or pack without a row here has no bound, which is a defect.
//!
//! Sizes are bytes, times are milliseconds unless the name says otherwise.

mod answers;
mod baselines;
mod canaries;
mod contexts;
mod correlation;
mod evaluating;
mod event_logs;
mod indicators;
mod joining;
mod staging;
mod statements;
mod watching;

pub use answers::*;
pub use baselines::*;
pub use canaries::*;
pub use contexts::*;
pub use correlation::*;
pub use evaluating::*;
pub use event_logs::*;
pub use indicators::*;
pub use joining::*;
pub use staging::*;
pub use statements::*;
pub use watching::*;

/// A syslog frame (RFC 6587 counted, or up to a line feed): RFC 5425 asks for 8 KiB, Chinese devices send up to 6 KiB, EDRs 40 KiB.
pub const FRAME_BYTES: usize = 64 * 1024;
/// A line of any other intake by default: a Windows event with a script block reaches 100 KiB.
pub const LINE_BYTES: usize = 256 * 1024;
/// The most a configuration may raise either limit to.
pub const LINE_BYTES_MAX: usize = 1024 * 1024;
/// Digits of an octet count (RFC 6587): 7 digits hold any frame we accept; more is an attack (CVE-2022-24903).
pub const FRAME_DIGITS: usize = 7;
/// Counted frames in a row after which a connection is taken as counted: from then on a bad length closes it.
pub const COUNTED_LOCK: u32 = 8;
/// DATALEN of a RELP frame (librelp's own limit is 128 KiB; a line limit raised by configuration raises this).
pub const RELP_DATA_BYTES: usize = 128 * 1024;
/// An HTTP body as it arrives: Elasticsearch's own default (`http.max_content_length`).
pub const BODY_BYTES: usize = 100 * 1024 * 1024;
/// An HTTP body after decompression: a bomb ends here.
pub const BODY_UNPACKED_BYTES: usize = 256 * 1024 * 1024;
/// HTTP bodies in memory at once, unpacked, over all requests; beyond it: 429.
pub const BODIES_IN_FLIGHT_BYTES: usize = 256 * 1024 * 1024;
/// Lines of one HTTP body: a million one-byte lines must not become gigabytes of bookkeeping; beyond it: 413.
pub const BODY_LINES: usize = 2_000_000;

/// A compressed file after decompression: a bomb on disk ends here.
pub const FILE_UNPACKED_BYTES: u64 = 64 * 1024 * 1024 * 1024;

/// Files that one folder source keeps open: each is a descriptor.
pub const FOLLOWED_FILES: usize = 512;

/// A sender that delivers nothing inside a request for so long is cut off (slow loris).
pub const BODY_IDLE_MS: u64 = 30_000;
/// Connections of one listener; the 10,001st waits in the kernel's queue.
pub const CONNECTIONS: usize = 10_000;
/// Connections of the page: viewers, each with a live stream and a few requests.
pub const PAGE_CONNECTIONS: usize = 512;
/// A syslog connection that is silent for so long is closed: a dead peer without FIN.
pub const CONNECTION_IDLE_MS: u64 = 60 * 60 * 1000;
/// A TLS handshake must be done in this time.
pub const HANDSHAKE_MS: u64 = 10_000;
/// Socket receive buffer of plain syslog connections: what a crash can lose there, see `docs/book/en/sending.md`.
pub const SYSLOG_RCVBUF_BYTES: usize = 256 * 1024;
/// UDP receive buffer that is asked for.
pub const UDP_RCVBUF_BYTES: usize = 8 * 1024 * 1024;
/// Lines in one `Received`: bounds the work between two looks at the clock.
pub const BATCH_LINES: usize = 65_536;
/// Bytes of lines in one `Received` that a stream listener hands on.
pub const BATCH_BYTES: usize = 1024 * 1024;
/// Bytes waiting between intake and the journal's writer; beyond it intake refuses or stops reading.
pub const JOURNAL_QUEUE_BYTES: usize = 32 * 1024 * 1024;
/// Appends waiting for the journal's writer at once, whatever their size: empty ones are bounded, too.
pub const JOURNAL_QUEUE_BATCHES: usize = 16_384;
/// Closed journal segments that wait to be sealed: a gigabyte of pages to read again; beyond it the writer waits, too.
pub const JOURNAL_SEALS_WAITING: usize = 4;
/// A journal segment is sealed at this size: small enough to go soon after all consumers passed it.
pub const SEGMENT_BYTES: u64 = 256 * 1024 * 1024;
/// The journal refuses when the disk has less than this left: the ledger and the lake need room to drain it.
pub const DISK_RESERVE_BYTES: u64 = 256 * 1024 * 1024;
/// Batch keys remembered per source; an older batch sent again is stored again.
pub const BATCH_KEYS_PER_SOURCE: usize = 100_000;
/// JSON of alerts after which a blob of the ledger is cut: reading one alert back unpacks its whole blob.
pub const LEDGER_BLOB_BYTES: usize = 8 * 1024 * 1024;
/// What a blob of the ledger may unpack to: the cut and one alert with all the evidence it may carry. A damaged one ends here.
pub const LEDGER_BLOB_UNPACKED_BYTES: usize = 64 * 1024 * 1024;
/// What a worker reads from the journal in one go.
pub const WINDOW_BYTES: usize = 4 * 1024 * 1024;
/// Bytes waiting between a line worker and the lake's writer; beyond it the offer is declined.
pub const LAKE_QUEUE_BYTES: usize = 128 * 1024 * 1024;
/// Hot chunks in memory over all tenants; beyond it they are flushed to segments.
pub const HOT_BYTES: usize = 256 * 1024 * 1024;
/// A hot chunk is cut at this many rows, or after [`HOT_CHUNK_MS`].
pub const HOT_CHUNK_ROWS: usize = 2_048;
/// A hot chunk is cut at this age, so that a line is searchable well inside 10 s.
pub const HOT_CHUNK_MS: i64 = 2_000;
/// Hot chunks become an L0 segment at this age.
pub const FLUSH_MS: i64 = 60_000;
/// Rows of a Parquet row group.
pub const ROW_GROUP_ROWS: usize = 128 * 1024;
/// Rows of a compacted (L1) segment at most.
pub const SEGMENT_ROWS: usize = 2_000_000;
/// Rows of hot chunks that are joined: beyond it joining again costs more than the small chunk did.
pub const HOT_JOINED_ROWS: usize = 4 * HOT_CHUNK_ROWS;
/// Bytes of files that one compaction reads: about a tenth of what their rows take in memory, and a compacted file's size.
pub const COMPACT_FILE_BYTES: u64 = 16 * 1024 * 1024;
/// Memory that a compaction's rows may take. Files beyond it wait for the next one, so that lines which compress a hundred
/// times cannot exhaust the machine.
pub const COMPACT_MEMORY_BYTES: usize = 256 * 1024 * 1024;
/// Rows of one compaction: two row groups. With a kilobyte a row it stays within the memory that the machine has besides.
pub const COMPACT_ROWS: u64 = 256 * 1024;
/// Files of a tenant, dataset and day that are compacted even while their hour is open: a search opens each of them.
pub const COMPACT_OPEN_FILES: usize = 64;
/// Retention may not be shorter: Cybersecurity Law of the PRC art. 23 and MLPS ask for six months of logs.
pub const RETENTION_DAYS_MIN: u32 = 180;
/// Removed segment files stay on disk this long, for queries that still read them.
pub const GRACE_MS: i64 = 2 * 60 * 60 * 1000;

/// Fields of one line (a JSON object with more keeps the rest in raw only).
pub const FIELDS: usize = 2_048;
/// Depth of nested JSON or XML.
pub const DEPTH: usize = 64;
/// Sub-parsers inside each other.
pub const SUB_DEPTH: usize = 3;
/// Cases of a pack.
pub const PACK_CASES: usize = 64;
/// A pack with its maps.
pub const PACK_BYTES: usize = 1024 * 1024;
/// The text of `unmapped` of one row; longer is cut at a field and noted.
pub const UNMAPPED_BYTES: usize = 8 * 1024;
/// A Sigma rule file: the corpus' longest has 60 KiB.
pub const RULE_BYTES: usize = 1024 * 1024;
/// Nodes of one YAML file after aliases are resolved: an alias bomb ends here.
pub const YAML_NODES: usize = 100_000;
/// A compiled regular expression (the `regex` crate's size limit).
pub const REGEX_BYTES: usize = 10 * 1024 * 1024;
/// Texts that one value of a rule may become after its placeholders are replaced: a list of hosts or accounts, not a table.
pub const RULE_VALUE_TEXTS: usize = 10_000;
/// Spellings of one value with `windash`: four options with five kinds of dash each (5^4); a value with more is refused.
pub const RULE_VALUE_SPELLINGS: usize = 625;
/// Events after which a rule's mean work is judged, each time: enough that one long line does not set a rule aside.
pub const RULE_JUDGED_EVENTS: u64 = 4_096;
/// Mean bytes that a rule may look at per event; beyond it is set aside: about a millisecond of one core.
pub const RULE_MEAN_WORK_BYTES: u64 = 4_000_000;
/// A matched value in an alert's evidence.
pub const EVIDENCE_VALUE_BYTES: usize = 1_024;
/// Matches in an alert's evidence.
pub const EVIDENCE_MATCHES: usize = 64;
/// Bytes of the raw line in an alert's evidence: enough to judge most lines by; the whole line is in the lake.
pub const EVIDENCE_RAW_BYTES: usize = 16 * 1024;
/// Alerts of one event: a rule set that fires more often on one line is broken.
pub const ALERTS_PER_EVENT: usize = 256;

/// A query's text.
pub const QUERY_BYTES: usize = 16 * 1024;
/// Terms of a query.
pub const QUERY_TERMS: usize = 1_024;
/// Brackets inside each other in a query or a rule's condition.
pub const QUERY_DEPTH: usize = 64;
/// Pipes of one query: each is a pass over the rows.
pub const QUERY_PIPES: usize = 16;
/// Fields that one pipe of a query names: each is a column that is read and shown.
pub const QUERY_PIPE_FIELDS: usize = 64;
/// Rows a search may give; `| head` and `--limit` ask for fewer.
pub const SEARCH_ROWS: usize = 100_000;
/// A search ends after this time with what it was doing named.
pub const SEARCH_MS: u64 = 60_000;
/// Memory of all searches together (DataFusion's pool).
pub const SEARCH_BYTES: usize = 512 * 1024 * 1024;
/// Searches at once; the next waits.
pub const SEARCHES: usize = 2;
/// Bytes of an answer in any format.
pub const ANSWER_BYTES: usize = 64 * 1024 * 1024;

/// One-time links that wait to be opened; the oldest goes.
pub const SIGN_IN_LINKS: usize = 16;
/// A one-time link is opened within this time, or somebody finds it in a history.
pub const SIGN_IN_LINK_MS: i64 = 10 * 60 * 1000;
/// People signed in at once on one server; the oldest session goes.
pub const SESSIONS: usize = 256;
/// A session ends after a shift and its handover.
pub const SESSION_MS: i64 = 12 * 60 * 60 * 1000;
/// Live streams of the page at once, one per open tab: each looks at the tables every second.
pub const LIVE_STREAMS: usize = 64;
/// Alerts in one answer of the page and its routes; older ones are asked for with `before`.
pub const ALERTS_PER_ANSWER: usize = 500;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_that_lean_on_each_other_agree() {
        const { assert!(FRAME_BYTES <= LINE_BYTES && LINE_BYTES <= LINE_BYTES_MAX) };
        const { assert!(LINE_BYTES_MAX <= BATCH_BYTES && BATCH_BYTES < WINDOW_BYTES) };
        const { assert!(10usize.pow(FRAME_DIGITS as u32) > LINE_BYTES_MAX) };
        const { assert!(BODY_BYTES <= BODY_UNPACKED_BYTES && BODY_UNPACKED_BYTES <= BODIES_IN_FLIGHT_BYTES) };
        const { assert!(HOT_CHUNK_MS + 1_000 < 10_000, "searchable within 10 seconds of acknowledgement") };
        const { assert!(RETENTION_DAYS_MIN >= 180) };
        const { assert!(COMPACT_ROWS as usize <= SEGMENT_ROWS && COMPACT_FILE_BYTES < COMPACT_MEMORY_BYTES as u64) };
        const { assert!(EVIDENCE_VALUE_BYTES <= EVIDENCE_RAW_BYTES && LEDGER_BLOB_BYTES < LEDGER_BLOB_UNPACKED_BYTES) };
        const { assert!(SIGN_IN_LINK_MS < SESSION_MS && SIGN_IN_LINKS <= SESSIONS) };
        const { assert!((SEGMENT_BYTES as usize) > BODY_UNPACKED_BYTES / 2) };
    }
}
