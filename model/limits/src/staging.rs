//! Bounds of content versions and of how a new one is taken into use.

/// Files of one content version: the shipped library has some two hundred, the public corpora four thousand.
pub const CONTENT_FILES: usize = 20_000;
/// One file of content: text written by people.
pub const CONTENT_FILE_BYTES: u64 = 4 * 1024 * 1024;
/// A content version as one file: the public corpora together are 30 MB of text.
pub const CONTENT_VERSION_BYTES: u64 = 128 * 1024 * 1024;
/// The manifest alone, some 150 bytes a file.
pub const CONTENT_MANIFEST_BYTES: usize = 8 * 1024 * 1024;
/// Length of a file's path in a version.
pub const CONTENT_PATH_BYTES: usize = 512;
/// A version may be made so far ahead of our clock, milliseconds: one from 2099 would make every later one look old.
pub const CONTENT_AHEAD_MS: i64 = 24 * 60 * 60 * 1_000;
/// Keys that a configuration trusts: a provider's, a hospital group's, and those they are being replaced by.
pub const CONTENT_KEYS: usize = 16;
/// Versions that are kept beside the one in use, to go back to.
pub const CONTENT_VERSIONS_KEPT: usize = 4;
/// The record of transitions: ten a day for thirty years.
pub const CONTENT_RECORD_BYTES: u64 = 64 * 1024 * 1024;
/// One line of the record.
pub const CONTENT_TRANSITION_BYTES: usize = 64 * 1024;
/// Hospitals that may be named as the first to get a version.
pub const CANARY_TENANTS: usize = 256;

/// CPU time that compiling a version may take, milliseconds: 4,000 rules take 3 seconds.
pub const CONTENT_COMPILE_CPU_MS: u64 = 60_000;
/// Memory of the compiled tables: 4,000 rules take 21 MB, and while a version is tried there are two of them.
pub const CONTENT_PROGRAM_BYTES: usize = 256 * 1024 * 1024;

/// A version is watched beside the one in use for at least so long.
pub const SHADOW_MS: i64 = 30 * 60 * 1_000;
/// And over at least so many events.
pub const SHADOW_EVENTS: u64 = 10_000;
/// The first hospitals have it for at least so long.
pub const CANARY_MS: i64 = 2 * 60 * 60 * 1_000;
/// And at least so many of their events were looked at.
pub const CANARY_EVENTS: u64 = 10_000;
/// For so long after everybody has it, it is taken back by itself when it hurts.
pub const WATCHED_MS: i64 = 2 * 60 * 60 * 1_000;
/// It is halted when it raises so many times the alerts of the version in use …
pub const ALERTS_TIMES: u64 = 5;
/// … and so many more: a new rule that found ten things is why one takes a new version.
pub const ALERTS_FREE: u64 = 100;
/// It is halted when it looks at so many times the bytes of the version in use.
pub const WORK_TIMES: u64 = 2;
/// Cost is judged after so many events: the first ones fill caches.
pub const WORK_JUDGED_EVENTS: u64 = 1_000;
/// A rule of both versions that raised so many alerts under the one in use and none under the new one has gone blind.
pub const VANISHED_ALERTS: u64 = 3;
/// Windows that could not be kept while a version is tried, before it is halted: one full disk is not its fault.
pub const STAGING_FAULTS: u64 = 3;
/// Rules that are counted apart while a version is tried; the rest share one count.
pub const STAGING_RULES: usize = 20_000;
