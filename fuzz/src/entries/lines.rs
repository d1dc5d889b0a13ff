//! Lines as the parser meets them: a pack per kind of body, and any bytes.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use wardwatch_event::{LineBatch, Parsed, Received};
use wardwatch_ident::{EventId, NodeId, SourceId, TenantId, Timestamp};
use wardwatch_pack::{Pack, PackFiles};
use wardwatch_parse::{SourceSettings, parse};

/// 2026-11-25T02:00:00Z in microseconds: the clock is a parameter, so that an input always gives the same.
const RECEIVED: Timestamp = Timestamp::from_micros(1_795_572_000_000_000);

/// Columns and a case that every body below can fill with its own names.
const MAPPED: &str = "
time = { from = ['time', 'ts'], formats = ['epoch_auto', 'iso', '%Y-%m-%d %H:%M:%S'] }
map = [{ host = 'host', user = { from = 'user', as = ['lower', \"before:'('\"] }, src_ip = ['src', 'a.src', 'Event.src'],
  dst_port = 'port', message = { from = 'msg', as = 'base64', or = 'msg' }, severity_id = { from = 'level', map = 'level' } }]
sub = [{ from = 'inner', kind = 'json', optional = true }]
case = [{ when = { field = 'kind', is = 'x' }, class = 4001, activity = 6, map = { url = 'url' } }]
identity = { key = ['host', 'ts'] }
[value]
level = { high = 4, low = 2 }
";

fn check(name: &str, input: &str, body: &str, data: &[u8]) {
    let pack = pack(name, input, body);
    let lines: Vec<&[u8]> = data.split(|b| *b == b'\n').collect();
    let tenant = TenantId::from_slug("fuzz");
    let received = Received::of_lines(tenant, SourceId::from_slug(tenant, "fuzz"), RECEIVED, &lines);
    let batch = LineBatch { received, first: EventId::new(RECEIVED, NodeId(0), 1) };
    let events = parse(&pack, batch, &SourceSettings::default());
    assert_eq!(events.len(), lines.len(), "one row a line");
    for (event, line) in events.events().zip(&lines) {
        assert_eq!(event.raw(), *line, "raw bytes are never changed");
        assert!(event.head().parsed != Parsed::Poison, "the parser panicked on {:?}", String::from_utf8_lossy(line));
        let mut unmapped = String::new();
        event.columns_and_unmapped(&mut |_, _| {}, &mut unmapped);
        let json = unmapped.is_empty() || serde_json::from_str::<&serde_json::value::RawValue>(&unmapped).is_ok();
        assert!(json, "unmapped is one JSON object: {unmapped}");
        let _ = event.natural_key();
    }
}

/// The compiled pack of an entry, made once.
fn pack(name: &str, input: &str, body: &str) -> Arc<Pack> {
    static PACKS: Mutex<Option<HashMap<String, Arc<Pack>>>> = Mutex::new(None);
    let mut packs = PACKS.lock().unwrap_or_else(PoisonError::into_inner);
    let packs = packs.get_or_insert_default();
    if let Some(pack) = packs.get(name) {
        return Arc::clone(pack);
    }
    let manifest =
        format!("pack = {{ id = 'fuzz/{name}', format = 1 }}\ninput = {{ {input} }}\nbody = {body}\n{MAPPED}");
    let pack = match Pack::compile(&PackFiles::of(name, &manifest)) {
        Ok(pack) => Arc::new(pack),
        Err(fault) => panic!("the pack of this entry: {fault}"),
    };
    packs.insert(name.to_owned(), Arc::clone(&pack));
    pack
}

const BARE: &str = "header = 'none'";

/// Headers of all dialects, and what is left behind them as pairs.
pub fn syslog_header(data: &[u8]) {
    check("header", "header = 'syslog'", "{ kind = 'kv', pair = '=', sep = ' ', quote = '\"' }", data);
}

/// Pairs, quotes, brackets, several separators.
pub fn kv(data: &[u8]) {
    check(
        "kv",
        BARE,
        "{ kind = 'kv', pair = ['=', ':'], sep = [' ', ', ', ';'], quote = '\"', trim_end = '.', until_next_key = true }",
        data,
    );
}

/// JSON of any depth.
pub fn json(data: &[u8]) {
    check("json", BARE, "{ kind = 'json' }", data);
}

/// Columns between separators of two characters, in GB18030.
pub fn csv(data: &[u8]) {
    let columns = "['tag', 'time', 'user', 'src', 'host', 'kind', 'inner', 'msg']";
    check(
        "csv",
        "header = 'none', charset = 'gb18030'",
        &format!("{{ kind = 'csv', sep = '|!', quote = '\"', columns = {columns} }}"),
        data,
    );
}

/// A template.
pub fn dissect(data: &[u8]) {
    check(
        "dissect",
        BARE,
        "{ kind = 'dissect', template = '%% %{ver:2} %{kind}/%{level}/%{host}(%{user})%{?seq}: %{msg}' }",
        data,
    );
}

/// ArcSight CEF.
pub fn cef(data: &[u8]) {
    check("cef", "header = 'syslog'", "{ kind = 'cef' }", data);
}

/// IBM LEEF.
pub fn leef(data: &[u8]) {
    check("leef", "header = 'syslog'", "{ kind = 'leef' }", data);
}

/// XML.
pub fn xml(data: &[u8]) {
    check("xml", BARE, "{ kind = 'xml' }", data);
}

/// A Windows event in its four shapes.
pub fn evtx(data: &[u8]) {
    check("evtx", BARE, "{ kind = 'evtx' }", data);
}

/// A log that names its columns itself.
pub fn w3c(data: &[u8]) {
    check("w3c", BARE, "{ kind = 'w3c' }", data);
}

/// The same of Zeek.
pub fn zeek(data: &[u8]) {
    check("zeek", BARE, "{ kind = 'zeek_tsv' }", data);
}

/// A linear regular expression.
pub fn regex(data: &[u8]) {
    check(
        "regex",
        BARE,
        r"{ kind = 'regex', pattern = '^(?<host>\S+) (?<user>[^\[]*)\[(?<port>\d+)\]: (?<msg>.*)$' }",
        data,
    );
}
