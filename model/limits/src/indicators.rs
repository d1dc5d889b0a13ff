//! Bounds of indicators.

/// A file of indicators: a million rows of a hundred bytes, doubled.
pub const INDICATOR_FILE_BYTES: usize = 256 * 1024 * 1024;
/// Rows of all files together: the promise is a million, doubled; beyond it the row is refused.
pub const INDICATOR_ROWS: usize = 2_000_000;
/// Bytes of one cell of a row: a URL of [`INDICATOR_URL_BYTES`] and some way to write it.
pub const INDICATOR_CELL_BYTES: usize = 4_096;
/// A URL in normal form, as an indicator: what browsers and proxies carry; longer ones are refused.
pub const INDICATOR_URL_BYTES: usize = 2_048;
/// A URL of an event: only so much of it is brought into normal form, so that a megabyte costs no more than this.
pub const INDICATOR_EVENT_URL_BYTES: usize = 8 * 1024;
/// A name in text form (RFC 1035 section 2.3.4: 255 octets on the wire are 253 of text).
pub const INDICATOR_NAME_BYTES: usize = 253;
/// A mail address (RFC 5321 section 4.5.3.1.3: a path of 256 octets with its brackets).
pub const INDICATOR_MAIL_BYTES: usize = 254;
/// Records of one hash of a value: as many sources may vouch for it; more is a faulty or hostile file.
pub const INDICATOR_SOURCES_PER_VALUE: usize = 32;
/// Distinct names of sources.
pub const INDICATOR_SOURCES: usize = 4_096;
/// Refused rows that are kept with their reason; the others are counted.
pub const INDICATOR_REFUSALS: usize = 1_000;
/// Seeds tried for a filter before it is left out: each fails once in a thousand at most, and without it look-ups are only slower.
pub const INDICATOR_FILTER_SEEDS: usize = 32;
/// Values of one field that are looked up one by one (answers of a resolver, recipients of a mail).
pub const INDICATOR_VALUES_PER_FIELD: usize = 16;
/// Networks inside each other that one look-up goes through: as many as there are lengths of prefix, several sources each.
pub const INDICATOR_NETWORK_STEPS: usize = 512;
