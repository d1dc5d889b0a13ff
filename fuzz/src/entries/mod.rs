//! One entry per parser, decoder and front end: bytes of a stranger in, nothing out, a panic if a promise is broken.
//!
//! An entry never looks only for crashes: it checks what the front end promises (what is printed reads back as the same,
//! every line is kept, cutting a stream elsewhere changes nothing).

mod lines;
mod rules;
mod scan;
mod stored;
mod watched;
mod wire;

/// Takes the bytes of one input.
pub type Entry = fn(&[u8]);

/// Name of target and corpus folder, and the entry.
pub const ENTRIES: &[(&str, Entry)] = &[
    ("baselines", watched::baselines),
    ("body_cef", lines::cef),
    ("body_csv", lines::csv),
    ("body_dissect", lines::dissect),
    ("body_evtx", lines::evtx),
    ("body_json", lines::json),
    ("body_kv", lines::kv),
    ("body_leef", lines::leef),
    ("body_regex", lines::regex),
    ("body_w3c", lines::w3c),
    ("body_xml", lines::xml),
    ("body_zeek", lines::zeek),
    ("bulk", wire::bulk_body),
    ("event_log", stored::event_log),
    ("file", stored::file),
    ("indicators", watched::indicators),
    ("journal_blob", stored::journal_blob),
    ("ndjson", wire::ndjson_body),
    ("pack_toml", rules::pack_toml),
    ("packed_body", wire::packed_body),
    ("query", rules::query),
    ("relp", wire::relp),
    ("scan", scan::scan),
    ("sigma_yaml", rules::sigma_yaml),
    ("statement", watched::statement),
    ("syslog_datagram", wire::syslog_datagram),
    ("syslog_frames", wire::syslog_frames),
    ("syslog_header", lines::syslog_header),
];

/// Runs the entry of this name.
///
/// # Panics
/// If there is none, or a promise is broken.
pub fn run(name: &str, data: &[u8]) {
    let found = ENTRIES.iter().find(|(known, _)| *known == name);
    let (_, entry) = found.unwrap_or_else(|| panic!("no fuzz entry `{name}`"));
    entry(data);
}
