//! What is refused, and where; what conversions give.

use crate::{Constant, Converted, Pack, PackFiles, Step, convert};
use std::borrow::Cow;
use wardwatch_schema::Kind;

const HEAD: &str = "pack = { id = 'a/b', format = 1 }\n";

#[track_caller]
fn refused(manifest: &str, place: &str, what: &str) {
    let fault = Pack::compile(&PackFiles::of("a/b/pack.toml", &format!("{HEAD}{manifest}"))).err();
    let text = fault.map(|f| f.to_string()).unwrap_or_default();
    assert!(text.starts_with(&format!("a/b/pack.toml:{place}: ")) && text.contains(what), "{manifest}\n  gave: {text}");
}

#[track_caller]
fn compiled(manifest: &str) -> Pack {
    match Pack::compile(&PackFiles::of("a/b/pack.toml", &format!("{HEAD}{manifest}"))) {
        Ok(pack) => pack,
        Err(fault) => panic!("{fault}"),
    }
}

#[test]
fn contradictions_are_refused_with_their_place() {
    refused("nonsense = 1", "2:1", "unknown key `nonsense`");
    refused("map = { src_ip = }", "2:18", "TOML");
    refused("map = { sorce_ip = 'a' }", "2:9", "unknown column `sorce_ip`");
    refused("map = { raw = 'a' }", "2:9", "given by the line itself");
    refused("map = { class_uid = 'a' }", "2:9", "`class` and `activity`");
    refused("map = [\n  { src_ip = 'a' },\n  { src_ip = 'b' },\n]", "4:5", "written twice");
    refused("map = { src_ip = { from = 'a', as = 'ipp' } }", "2:37", "no conversion");
    refused("map = { src_ip = { frm = 'a' } }", "2:20", "unknown key `frm`");
    refused("map = { src_ip = { as = 'ip' } }", "2:18", "names no field");
    refused("map = { severity_id = { from = 'a', map = 'x' } }", "2:43", "unknown value map `x`");
    refused("map = { severity_id = { from = 'a', map = 'x' } }\n[value]\nx = { a = 'text' }", "2:43", "gives text");
    refused("map = { severity_id = { from = 'a', default = 'x' } }", "2:47", "must be a number");
    refused("[value]\nx = { a = 1, A = 2 }", "3:14", "stands twice");
    refused("[value]\nx = { file = 'maps/x.csv' }", "3:7", "does not have");
    refused("body = { kind = 'kvv' }", "2:17", "body kind `kvv`");
    refused("body = { kind = 'json', sep = ',' }", "2:25", "unknown key `sep`");
    refused("body = { kind = 'kv', sep = [] }", "2:29", "at least one");
    refused("body = { kind = 'kv', sep = '=' }", "2:8", "both pair sign and separator");
    refused("body = { kind = 'kv', open = '(' }", "2:8", "belong together");
    refused("body = { kind = 'csv' }", "2:8", "`columns`");
    refused("body = { kind = 'csv', columns = ['a', 'a'] }", "2:40", "stands twice");
    refused("body = { kind = 'dissect', template = '%{a}%{b}' }", "2:39", "two fields touch");
    refused("body = { kind = 'dissect', template = '%{a' }", "2:39", "not closed");
    refused("body = { kind = 'regex', pattern = '(' }", "2:36", "regular expression");
    refused("body = { kind = 'regex', pattern = '(?P<a>x)(?=y)' }", "2:36", "look-around");
    refused("body = { kind = 'regex', pattern = 'x' }", "2:36", "no named group");
    refused("input = { header = 'sislog' }", "2:20", "not known");
    refused("input = { zone = 'Asia/Nowhere' }", "2:18", "no time zone");
    refused("input = { charset = 'big5' }", "2:21", "not known");
    refused("time = { from = 'a', formats = ['%Q'] }", "2:33", "`%Q`");
    refused("time = { formats = ['iso'] }", "2:8", "`from` is missing");
    refused("match = { all = [{ contans = 'x' }] }", "2:20", "unknown clue");
    refused("expect = { required = ['user'] }", "2:24", "no rule fills it");
    refused("sigma = { produkt = 'x' }", "2:11", "unknown key `produkt`");
}

#[test]
fn cases_are_checked() {
    let case = |inner: &str| format!("case = [\n{inner}\n]");
    refused(&case("{ when = { field = 'a', is = 1, starts = 'b' }, class = 4001 }"), "3:10", "exactly one");
    refused(&case("{ when = { is = 1 }, class = 4001 }"), "3:10", "`field` is missing");
    refused(&case("{ when = { field = 'a', is = 1 }, class = 4711 }"), "3:43", "no class");
    refused(&case("{ when = { field = 'a', is = 1 }, class = 4001, activity = 900 }"), "3:60", "0 to 255");
    refused(
        &case("{ when = { field = 'a', is = 1 } },\n{ when = { field = 'a', in = [2, 1] } }"),
        "4:1",
        "`1` is already taken",
    );
    refused(&case("{ class = 4001 },\n{ when = { field = 'a', is = 1 } }"), "4:1", "never reached");
    let nested = "{ when = { field = 'a', is = 1 }, case = [{ when = { field = 'b', is = 1 }, case = [{ when = { field = 'c', is = 1 } }] }] }";
    refused(&case(nested), "3:85", "nest once");
    let many: String = (0..65).map(|n| format!("{{ when = {{ field = 'a', is = {n} }} }},\n")).collect();
    refused(&case(&many), "67:1", "more than 64 cases");
    let deep = "{ from = 'a', kind = 'json', sub = [{ from = 'a', kind = 'json', sub = [{ from = 'a', kind = 'json', sub = [{ from = 'a', kind = 'json' }] }] }] }";
    refused(&format!("sub = [{deep}]"), "2:115", "more than 3 deep");
}

#[test]
fn the_innermost_case_takes_an_event() {
    let pack = compiled(
        "case = [\n{ when = { field = 'ch', is = 'S' }, class = 3002, case = [{ when = { field = 'id', in = [4624, 4625] }, activity = 1 }, { when = { field = 'id', starts = '47' }, activity = 2 }] },\n{ when = [{ field = 'ch', is = 'T' }, { field = 'id', has = '1' }], class = 4001 },\n{ class = 0 },\n]",
    );
    let value = |name: &str| pack.fields.id(name).unwrap();
    let (ch, id) = (value("ch"), value("id"));
    for (channel, number, expect) in [
        ("S", "4624", "ch=S/id=4624|4625"),
        ("S", "4720", "ch=S/id=^47"),
        ("S", "1", "ch=S"),
        ("T", "21", "ch=T&id=~1"),
        ("T", "2", "else"),
    ] {
        let got = pack.choose(|field| {
            if field == ch {
                Some(channel)
            } else if field == id {
                Some(number)
            } else {
                None
            }
        });
        assert_eq!(pack.case_name(got.unwrap()), Some(expect));
    }
    let inner = pack.choose(|field| if field == ch { Some("S") } else { Some("4624") });
    assert_eq!(pack.class_of(inner).0, 3002);
}

#[test]
fn a_pack_extends_another() {
    let base = PackFiles {
        maps: [("maps/x.csv".to_owned(), "text,value\n# comment\nhigh,5\n高,5\n".to_owned())].into(),
        ..PackFiles::of(
            "base.toml",
            "pack = { id = 'v/base', format = 1 }\nbody = { kind = 'kv' }\ninput = { zone = 'UTC', header = 'none' }\nmap = { src_ip = 'src', user = 'u' }\nsigma = { product = 'p' }\ncase = [{ when = { field = 't', is = 'a' }, class = 4001 }, { when = { field = 't', is = 'b' }, class = 4002 }]\n[value]\nw = { one = 1, two = 2 }\nf = { file = 'maps/x.csv' }",
        )
    };
    let mut files = PackFiles::of(
        "ext.toml",
        "pack = { id = 'v/ext', format = 1, extends = 'v/base' }\ninput = { header = 'syslog' }\nmap = { src_ip = 'sip', severity_id = { from = 's', map = 'w' }, count = { from = 's', map = 'f' } }\ncase = [{ when = { field = 't', is = 'a' }, class = 3002, sigma = { service = 's' } }]\n[value]\nw = { one = 9 }",
    );
    assert_eq!(files.extends().unwrap().as_deref(), Some("v/base"));
    let fault = Pack::compile(&files).unwrap_err().to_string();
    assert!(fault.contains("extends"), "{fault}");
    files.base = Some(Box::new(base));
    let pack = Pack::compile(&files).unwrap();
    let t = pack.fields.id("t").unwrap();
    let class = |word| pack.class_of(pack.choose(|f| (f == t).then_some(word))).0;
    assert_eq!((class("a"), class("b"), class("c")), (3002, 4002, 0));
    let word = |map: &str, word: &str| pack.values.iter().find(|v| v.name == map).and_then(|v| v.get(word)).cloned();
    assert_eq!(
        (word("w", "ONE"), word("w", "two"), word("f", "高")),
        (Some(Constant::Int(9)), Some(Constant::Int(2)), Some(Constant::Int(5)))
    );
    assert_eq!(pack.columns().len(), 4);
    let case = pack.choose(|f| (f == t).then_some("a"));
    assert_eq!(pack.sigma_of(case).and_then(|s| s.service.as_deref()), Some("s"));
    assert_eq!(pack.sigma_of(None).and_then(|s| s.product.as_deref()), Some("p"));
    assert!(pack.input.zone.is_some() && pack.input.header == crate::HeaderKind::Syslog);
}

#[test]
fn the_version_is_of_the_texts() {
    let one = compiled("map = { user = 'a' }");
    let two = compiled("map = { user = 'b' }");
    assert_ne!(one.version, two.version);
    assert_eq!((one.version.len(), &compiled("map = { user = 'a' }").version), (16, &one.version));
}

#[track_caller]
fn converts(steps: &str, text: &str, kind: Kind, expect: Option<&str>) {
    let steps: Vec<Step> = steps.split_whitespace().map(|word| Step::parse(word).unwrap()).collect();
    let got = convert(&steps, text, kind).map(|(value, _)| match value {
        Converted::Text(text) => text.into_owned(),
        Converted::Int(n) => n.to_string(),
    });
    assert_eq!(got.as_deref(), expect, "{steps:?} on {text}");
}

#[test]
fn conversions() {
    for (steps, text, kind, expect) in [
        ("", "10.0.0.1", Kind::Ip, Some("10.0.0.1")),
        ("", "010.000.0.001", Kind::Ip, Some("10.0.0.1")),
        ("", "[2001:DB8::0:1]", Kind::Ip, Some("2001:db8::1")),
        ("", "::ffff:192.0.2.1", Kind::Ip, Some("192.0.2.1")),
        ("", "fe80::1%eth0", Kind::Ip, Some("fe80::1")),
        ("", "10.0.0.256", Kind::Ip, None),
        ("", "host", Kind::Ip, None),
        ("ip_i32", "-1407908045", Kind::Ip, Some("172.21.7.51")),
        ("ip_i32", "3232238880", Kind::Ip, Some("192.168.13.32")),
        ("ip_hex", "4-C0A802FE", Kind::Ip, Some("192.168.2.254")),
        ("ip_hex", "xyz", Kind::Ip, None),
        ("", "443", Kind::Port, Some("443")),
        ("", "70000", Kind::Port, None),
        ("", "0x1f", Kind::Int, Some("31")),
        ("", "１２", Kind::Int, Some("12")),
        ("", "12.0", Kind::Int, Some("12")),
        ("", "12.5", Kind::Int, None),
        ("", "9223372036854775807", Kind::Int, Some("9223372036854775807")),
        ("", "99999999999999999999", Kind::Int, None),
        ("float", "12.5", Kind::Int, Some("13")),
        ("sec", "1.5", Kind::Int, Some("1500")),
        ("us", "1500", Kind::Int, Some("2")),
        ("bytes:k", "2", Kind::Int, Some("2048")),
        ("bool", "TRUE", Kind::Int, Some("1")),
        ("bool", "maybe", Kind::Int, None),
        ("hex", "3e7", Kind::Int, Some("999")),
        ("hex", "414243", Kind::Text, Some("ABC")),
        ("base64", "5Lit", Kind::Text, Some("中")),
        ("base64", "!", Kind::Text, None),
        ("urldecode", "a%20b+%E4%B8%AD%zz", Kind::Text, Some("a b 中%zz")),
        ("mac", "AA-BB-CC-DD-EE-FF", Kind::Text, Some("aa:bb:cc:dd:ee:ff")),
        ("mac", "aabb.ccdd.eeff", Kind::Text, Some("aa:bb:cc:dd:ee:ff")),
        ("mac", "none", Kind::Text, None),
        ("basename lower", r"C:\Dir\File.EXE", Kind::Text, Some("file.exe")),
        ("after:'(' before:')'", "a(b)c", Kind::Text, Some("b")),
        ("after:'('", "abc", Kind::Text, None),
        ("before:'('", "abc", Kind::Text, Some("abc")),
        ("trim", "  a ", Kind::Text, Some("a")),
        ("float", "1e400", Kind::Int, None),
    ] {
        converts(steps, text, kind, expect);
    }
    let (value, same) = convert(&[], "abc", Kind::Text).unwrap();
    assert!(same && matches!(value, Converted::Text(Cow::Borrowed("abc"))));
    for (text, kind, expect) in
        [("007", Kind::Int, false), ("7", Kind::Int, true), ("-0", Kind::Int, false), ("::FFFF:0:1", Kind::Ip, false)]
    {
        assert_eq!(convert(&[], text, kind).map(|(_, same)| same), Some(expect), "{text}");
    }
}
