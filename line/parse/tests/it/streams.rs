//! Streams that describe themselves, sub-parsers, times, runs of packs.

use crate::packs::{FORTIGATE, SURICATA, compile, with_body};
use crate::show::{fields, look, received};
use std::sync::Arc;
use wardwatch_event::{LineBatch, LineNote, Received};
use wardwatch_ident::{EventId, NodeId, SourceId, TenantId, Timestamp};
use wardwatch_pack::Pack;
use wardwatch_parse::{Explanation, Router, SourceMemory, SourceSettings, explain, explain_remembering, parse, parse_auto};

pub fn batch<L: AsRef<[u8]>>(lines: &[L]) -> LineBatch {
    let received = Received::of_lines(TenantId(1), SourceId(2), received(), lines);
    LineBatch { received, first: EventId::new(self::received(), NodeId(0), 100) }
}

fn in_order(pack: &Arc<Pack>, lines: &[&str]) -> Vec<Explanation> {
    let mut memory = SourceMemory::default();
    let settings = SourceSettings::default();
    lines.iter().map(|line| explain_remembering(pack, line.as_bytes(), received(), &settings, &mut memory)).collect()
}

#[test]
fn w3c_columns_come_from_the_stream() {
    let pack = with_body("{ kind = 'w3c', columns = ['date', 'time'] }");
    let seen = in_order(&pack, &["2026-11-25 02:00:00", "#Fields: date time c-ip cs-uri-stem sc-status", "2026-11-25 02:00:00 192.0.2.1 /a+b 200", "2026-11-25 02:00:01 192.0.2.1"]);
    assert_eq!(fields(&seen[0]), "date=2026-11-25 ¦ time=02:00:00");
    assert_eq!(seen[1].notes, ["directive"]);
    assert_eq!(fields(&seen[2]), "date=2026-11-25 ¦ time=02:00:00 ¦ c-ip=192.0.2.1 ¦ cs-uri-stem=/a+b ¦ sc-status=200");
    assert_eq!(seen[3].notes, ["unparsed:columns"]);
}

#[test]
fn zeek_describes_itself() {
    let pack = with_body("{ kind = 'zeek_tsv' }");
    let seen = in_order(&pack, &[
        "#separator \\x09", "#set_separator\t,", "#empty_field\t(empty)", "#unset_field\t-", "#path\tdns",
        "#fields\tts\tquery\tanswers\ttags\tid.orig_h", "#types\ttime\tstring\tvector[string]\tset[string]\taddr",
        "1795571998.123\ta\\x09b\t192.0.2.1,192.0.2.2\t(empty)\t-",
    ]);
    assert_eq!(fields(&seen[7]), "ts=1795571998.123 ¦ query=a\tb ¦ answers=192.0.2.1 ¦ answers=192.0.2.2 ¦ _path=dns");
    assert!(seen.iter().all(|s| s.parsed == "whole"));
    let seen = in_order(&pack, &["#separator ||", "#unset_field||NULL", "#fields||a||b||c", "#types||string||string||string", "1||NULL||x\\x7c\\x7cy"]);
    assert_eq!(fields(&seen[4]), "a=1 ¦ c=x||y");
}

#[test]
fn sub_parsers() {
    let pack = compile(
        "pack = { id = 'test/sub', format = 1 }\ninput = { header = 'none' }\nbody = { kind = 'json' }\nsub = [{ from = 'inner', kind = 'json', prefix = 'in.', sub = [{ from = 'in.q', as = [\"after:'?'\"], kind = 'kv', sep = '&', optional = true }] }, { from = 'b64', as = 'base64', kind = 'json' }]",
    );
    let seen = look(&pack, r#"{"inner":"{\"a\":1,\"q\":\"/p?x=1&y=2\"}","b64":"eyJ6Ijoi5LitIn0="}"#);
    assert_eq!(fields(&seen), r#"inner={"a":1,"q":"/p?x=1&y=2"} ¦ b64=eyJ6Ijoi5LitIn0= ¦ in.a=1 ¦ in.q=/p?x=1&y=2 ¦ x=1 ¦ y=2 ¦ z=中"#);
    let seen = look(&pack, r#"{"inner":"broken"}"#);
    assert_eq!((seen.parsed, seen.notes.join(" ").as_str()), ("partly", "unparsed:inner"));
}

/// Time text in field `t`, format, reception; instant and note.
#[track_caller]
fn check_time(format: &str, text: &str, at: &str, expect: &str, note: &str) {
    let pack = compile(&format!(
        "pack = {{ id = 'test/time', format = 1 }}\ninput = {{ header = 'none' }}\nbody = {{ kind = 'json' }}\ntime = {{ from = 't', formats = ['{format}'] }}"
    ));
    let at = Timestamp::parse_rfc3339(at).unwrap();
    let line = format!("{{\"t\":\"{text}\"}}");
    let seen = explain(&pack, line.as_bytes(), at, &SourceSettings::default());
    let time = seen.time.map(|t| t.to_string()).unwrap_or_default();
    assert_eq!((time.as_str(), seen.time_note), (expect, note), "{format} on {text}: {:?}", seen.notes);
}

#[test]
fn times() {
    let at = "2026-11-25T02:00:00Z";
    let utc = "2026-11-25T01:59:58.000000Z";
    check_time("epoch", "1795571998", at, utc, "exact");
    check_time("epoch", "1795571998.25", at, "2026-11-25T01:59:58.250000Z", "exact");
    check_time("epoch_ms", "1795571998000", at, utc, "exact");
    for auto in ["1795571998", "1795571998000", "1795571998000000", "1795571998000000000"] {
        check_time("epoch_auto", auto, at, utc, "exact");
    }
    check_time("iso", "2026-11-25T09:59:58+08:00", at, utc, "exact");

}

#[test]
fn local_times_take_the_zone_of_the_source() {
    let at = "2026-11-25T02:00:00Z";
    let utc = "2026-11-25T01:59:58.000000Z";
    check_time("iso", "2026-11-25 09:59:58", at, utc, "zone_assumed");
    check_time("iso", "2026/11/25 09:59:58", at, utc, "zone_assumed");
    check_time("iso", "2026-11-25T01:59:58Z", at, utc, "exact");
    check_time("bsd", "Nov 25 09:59:58", at, utc, "year_assumed");
    check_time("bsd", "Nov 25 2026 09:59:58 CST", at, utc, "zone_assumed");
    check_time("bsd", "Nov 25 01:59:58 2026", "2026-11-24T18:00:00Z", "2026-11-24T17:59:58.000000Z", "zone_assumed");
    check_time("%Y年%m月%d日 %H时%M分%S秒", "2026年11月25日 9时59分58秒", at, utc, "zone_assumed");
    check_time("%d/%b/%Y:%H:%M:%S %z", "25/Nov/2026:09:59:58 +0800", at, utc, "exact");
    check_time("%m/%d/%Y %I:%M:%S %p", "11/25/2026 9:59:58 AM", at, utc, "zone_assumed");
    check_time("%Y%m%d %H:%M:%S", "20261125 09:59:58", at, utc, "zone_assumed");
    check_time("%y-%m-%d %T%.f", "26-11-25 09:59:58.5", at, "2026-11-25T01:59:58.500000Z", "zone_assumed");
}

#[test]
fn a_year_is_the_nearest_that_is_not_in_the_future() {
    check_time("bsd", "Dec 31 23:59:59", "2027-01-01T00:00:10Z", "2026-12-31T15:59:59.000000Z", "year_assumed");
    check_time("bsd", "Jan  1 00:00:05", "2026-12-31T16:00:00Z", "2026-12-31T16:00:05.000000Z", "year_assumed");
    check_time("bsd", "Feb 29 12:00:00", "2028-02-29T05:00:00Z", "2028-02-29T04:00:00.000000Z", "year_assumed");
    check_time("bsd", "Feb 30 12:00:00", "2028-02-29T05:00:00Z", "", "received");
}

#[test]
fn a_clock_that_is_off_by_more_than_a_day_is_not_believed() {
    check_time("iso", "2026-11-23T09:59:58Z", "2026-11-25T02:00:00Z", "", "received");
    let pack = compile("pack = { id = 'test/time', format = 1 }\nbody = { kind = 'json' }\ntime = { from = 't' }");
    let line = br#"{"t":"2020-01-01T00:00:00Z"}"#;
    let seen = explain(&pack, line, received(), &SourceSettings::default());
    assert_eq!((seen.time, seen.notes.join(" ").as_str()), (None, "time_off"));
    assert!(fields(&seen).ends_with("@claimed_time=2020-01-01T00:00:00.000000Z"), "{}", fields(&seen));
    // Files of old lines are believed.
    let archive = SourceSettings { skew_ms_max: None, ..SourceSettings::default() };
    let seen = explain(&pack, line, received(), &archive);
    assert_eq!(seen.time.unwrap().to_string(), "2020-01-01T00:00:00.000000Z");
    let seen = explain(&pack, br#"{"t":"soon"}"#, received(), &archive);
    assert_eq!((seen.time, seen.notes.join(" ").as_str()), (None, "unparsed:time"));
}

#[test]
fn a_source_without_pack_is_cut_into_runs() {
    let fortigate = compile(FORTIGATE);
    let suricata = compile(SURICATA);
    let fallback = Arc::new(Pack::bare("wardwatch/unknown"));
    let router = Router::new(&[suricata, fortigate], fallback).unwrap();
    let fw = r#"<189>devid="x" logid="1" type="traffic""#;
    let ids = r#"{"event_type":"flow","src_ip":"10.0.0.1"}"#;
    let mut lines = batch(&[fw, fw, ids, "strange", "event_type src_ip", fw]);
    lines.received.notes.push((3, LineNote::Truncated));
    let batches = parse_auto(&router, lines, &SourceSettings::default(), &mut SourceMemory::default());
    let seen: Vec<_> = batches.iter().map(|b| (b.pack.id.as_str(), b.len(), b.lines.first.seq())).collect();
    assert_eq!(
        seen,
        [("fortinet/fortigate", 2, 100), ("oisf/suricata", 1, 102), ("wardwatch/unknown", 2, 103), ("fortinet/fortigate", 1, 105)]
    );
    assert_eq!(batches[2].event(0).unwrap().raw(), b"strange");
    assert_eq!(batches[2].event(0).unwrap().notes().map(|n| n.0.as_ref()).collect::<Vec<_>>(), ["truncated"]);
}

#[test]
fn natural_keys_are_the_same_for_the_same_values() {
    let pack = compile(FORTIGATE);
    let line = |n: &str| format!(r#"<189>devname="f" eventtime=1795571998 logid="{n}""#);
    let events = parse(&pack, batch(&[line("1"), line("1"), line("2"), "<189>logid=\"1\"".into()]), &SourceSettings::default());
    let keys: Vec<_> = events.events().map(|event| event.natural_key()).collect();
    assert!(keys[0].is_some() && keys[0] == keys[1] && keys[0] != keys[2] && keys[3].is_none());
}
