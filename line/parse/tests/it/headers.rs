//! Header dialects, one line each.

use crate::packs::compile;
use crate::show::{header, look};

#[track_caller]
fn check(line: &str, expect: &str, message: &str) {
    let pack = compile(
        "pack = { id = 'test/header', format = 1 }\ninput = { header = 'syslog' }\nmap = { message = '@message' }",
    );
    let seen = look(&pack, line);
    let text = seen.fields.iter().find(|f| f.name == "@message").map_or("", |f| f.value.as_str());
    assert_eq!((header(&seen).as_str(), text), (expect, message), "{line}");
}

#[test]
fn rfc_5424() {
    check("<165>1 2026-11-25T02:00:00.003Z host-1 su 42 ID47 - \u{feff}'su root' failed", "pri=165 ¦ time=2026-11-25T02:00:00.003Z ¦ host=host-1 ¦ tag=su ¦ pid=42 ¦ msgid=ID47", "'su root' failed");
    check("<34>1 - - - - - - msg", "pri=34", "msg");
    check("<34>1 2026-11-25T10:00:00,123456789+08:00 h app - - msg without data", "pri=34 ¦ time=2026-11-25T10:00:00,123456789+08:00 ¦ host=h ¦ tag=app", "msg without data");
    check("<34>101 - h app p m - x", "pri=34 ¦ host=h ¦ tag=app ¦ pid=p ¦ msgid=m", "x");
    check("<34> 1 2026-11-25T02:00:00Z h app - - - m", "pri=34 ¦ time=2026-11-25T02:00:00Z ¦ host=h ¦ tag=app", "m");
    check("<34>1 2026-11-25T02:00:00Z h", "pri=34 ¦ time=2026-11-25T02:00:00Z ¦ host=h", "");
    check("<34>1 2026-11-25T02:00:00Z h a - - [x@1 a=\"b\" c=\"d \\\"e\\\" \\]\"][y] text [z]", "pri=34 ¦ time=2026-11-25T02:00:00Z ¦ host=h ¦ tag=a", "text [z]");
    check("<34>1 2026-11-25T02:00:00Z h a - - [x@1 a=\"b", "pri=34 ¦ time=2026-11-25T02:00:00Z ¦ host=h ¦ tag=a", "[x@1 a=\"b");
}

#[test]
fn rfc_3164_and_its_variants() {
    let host = |time: &str| format!("pri=13 ¦ time={time} ¦ host=fw1 ¦ tag=app ¦ pid=7");
    for time in [
        "Nov 25 10:00:00", "Nov  5 10:00:00", "Nov 05 10:00:00", "Nov 5 10:00:00", "Nov 25 2026 10:00:00",
        "Nov 25 10:00:00 2026", "2026 Nov 25 10:00:00", "2026-11-25T10:00:00+08:00", "2026-11-25 10:00:00",
        "2026/11/25 10:00:00", "Nov 25 10:00:00.123", "Nov 25 10:00:00+08:00", "Nov 25 10:00:00 CST",
        "Wed Nov 25 10:00:00", "Wed Nov 25 10:00:00 2026", "Nov 25 10:00:00 CST 2026",
    ] {
        check(&format!("<13>{time} fw1 app[7]: text"), &host(time), "text");
    }
}

#[test]
fn tags_hosts_and_neither() {
    check("<13>Nov 25 10:00:00 sshd[7]: x", "pri=13 ¦ time=Nov 25 10:00:00 ¦ tag=sshd ¦ pid=7", "x");
    check("<13>Nov 25 10:00:00 sshd: x", "pri=13 ¦ time=Nov 25 10:00:00 ¦ tag=sshd", "x");
    check("<13>Nov 25 10:00:00 2001:db8::1 sshd: x", "pri=13 ¦ time=Nov 25 10:00:00 ¦ host=2001:db8::1 ¦ tag=sshd", "x");
    check("<13>Nov 25 10:00:00 h date=2026-11-25 a=1", "pri=13 ¦ time=Nov 25 10:00:00 ¦ host=h", "date=2026-11-25 a=1");
    check("<13>Nov 25 10:00:00 date=2026-11-25 a=1", "pri=13 ¦ time=Nov 25 10:00:00", "date=2026-11-25 a=1");
    check("<12>Nov 25 12:40:33 (none) : {\"a\":1}", "pri=12 ¦ time=Nov 25 12:40:33 ¦ host=(none)", "{\"a\":1}");
    check("<188>Nov 25 15:21:44 WAF :{\"a\":1}", "pri=188 ¦ time=Nov 25 15:21:44 ¦ host=WAF", "{\"a\":1}");
    check("<33>Nov 25 22:56:29 fort i: <AUDIT>x", "pri=33 ¦ time=Nov 25 22:56:29 ¦ host=fort ¦ tag=i", "<AUDIT>x");
    check("<14>2026-11-25 14:32:34|!secevent|!x", "pri=14 ¦ time=2026-11-25 14:32:34", "|!secevent|!x");
    check("<189>date=2026-11-25 time=14:30:25 a=1", "pri=189", "date=2026-11-25 time=14:30:25 a=1");
    check("<1>rule_id:1;time:2026-11-25 14:31:12;x:1", "pri=1", "rule_id:1;time:2026-11-25 14:31:12;x:1");
    check("<19>Nov 25 11:00:57 Gate CEF:0|V|P|1|2|n|3|a=b", "pri=19 ¦ time=Nov 25 11:00:57 ¦ host=Gate", "CEF:0|V|P|1|2|n|3|a=b");
    check("<19>Nov 25 11:00:57 CEF: 0|V|P|1|2|n|3|a=b", "pri=19 ¦ time=Nov 25 11:00:57", "CEF: 0|V|P|1|2|n|3|a=b");
    check("2026-11-25 02:00:00 UTC [1] x", "time=2026-11-25 02:00:00 UTC", "[1] x");
    check("2026-11-25 10:00:00 WARNING (Main) x", "time=2026-11-25 10:00:00", "WARNING (Main) x");
    check("192.0.2.1 2026-11-25 10:00:00 x", "", "192.0.2.1 2026-11-25 10:00:00 x");
    check("<13>192.0.2.1 Nov 25 10:00:00 a=1", "pri=13 ¦ time=Nov 25 10:00:00 ¦ host=192.0.2.1", "a=1");
    check("no header at all: x", "", "no header at all: x");
    check("", "", "");
}

#[test]
fn cisco_huawei_h3c_dptech() {
    check("Nov 25 2026 11:58:07: %ASA-4-106023: Deny tcp", "time=Nov 25 2026 11:58:07 ¦ tag=%ASA-4-106023", "Deny tcp");
    check("<166>Nov 25 2026 11:58:07 asa1 : %ASA-6-302013: Built", "pri=166 ¦ time=Nov 25 2026 11:58:07 ¦ host=asa1", "%ASA-6-302013: Built");
    check("<189>237: *Nov 25 18:46:11.123: %SYS-5-CONFIG_I: Configured", "pri=189 ¦ time=Nov 25 18:46:11.123 ¦ tag=%SYS-5-CONFIG_I", "Configured");
    check("<188>Nov 25 2026 02:24:16 HUAWEI %%01IPS/4/DETECT(l):CID=1", "pri=188 ¦ time=Nov 25 2026 02:24:16 ¦ host=HUAWEI", "%%01IPS/4/DETECT(l):CID=1");
    check("<190>Nov 25 14:41:42 2026 FW %%10FILTER/6/X: a=1;", "pri=190 ¦ time=Nov 25 14:41:42 2026 ¦ host=FW", "%%10FILTER/6/X: a=1;");
    check("<142> 1 192.0.2.22 Nov 25 16:16:01 2026 FW 54 POLICY:Allow 6|1", "pri=142 ¦ time=Nov 25 16:16:01 2026 ¦ host=FW ¦ relay=192.0.2.22", "54 POLICY:Allow 6|1");
    check("<85>Nov 25 19:19:03+02:00 192.0.2.152 Action=\"accept\"", "pri=85 ¦ time=Nov 25 19:19:03+02:00 ¦ host=192.0.2.152", "Action=\"accept\"");
}

#[test]
fn relays_double_the_header() {
    check("<13>Nov 25 10:00:01 relay1 <134>Nov 25 10:00:00 fw1 app: x", "pri=134 ¦ time=Nov 25 10:00:00 ¦ host=fw1 ¦ relay=relay1 ¦ tag=app", "x");
    check("<13>Nov 25 10:00:01 relay1 Nov 25 10:00:00 fw1 app: x", "time=Nov 25 10:00:00 ¦ host=fw1 ¦ relay=relay1 ¦ tag=app", "x");
}

#[test]
fn priorities() {
    for (line, pri, notes) in [
        ("<0>Nov 25 10:00:00 h a: x", "0", ""),
        ("<902>Nov 25 10:00:00 h a: x", "902", "pri_out_of_range"),
        ("<1234>Nov 25 10:00:00 h a: x", "1234", "pri_out_of_range"),
        ("\u{feff}<13>Nov 25 10:00:00 h a: x", "13", ""),
    ] {
        let pack = compile("pack = { id = 'test/header', format = 1 }\ninput = { header = 'syslog' }\nmap = { severity_id = '@header.severity' }");
        let seen = look(&pack, line);
        let value = |name: &str| seen.fields.iter().find(|f| f.name == name).map(|f| f.value.clone());
        assert_eq!((value("@header.pri").as_deref(), seen.notes.join(" ").as_str()), (Some(pri), notes), "{line}");
        let known: Option<u16> = pri.parse().ok().filter(|p| *p <= 191);
        assert_eq!(value("@header.severity"), known.map(|p| (p % 8).to_string()));
    }
}

#[test]
fn structured_data_becomes_fields() {
    let pack = compile("pack = { id = 'test/header', format = 1 }\ninput = { header = 'syslog' }");
    let seen = look(&pack, r#"<34>1 2026-11-25T02:00:00Z h a - - [x@1 a="b" c="d \"e\" \]" a="2"][y z=""] m"#);
    let data: Vec<_> = seen.fields.iter().filter(|f| f.name.starts_with("sd.")).map(|f| (f.name.as_str(), f.value.as_str())).collect();
    assert_eq!(data, [("sd.x@1.a", "b"), ("sd.x@1.c", "d \"e\" ]"), ("sd.x@1.a", "2"), ("sd.y.z", "")]);
}
