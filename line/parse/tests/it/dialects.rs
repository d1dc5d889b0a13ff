//! Character sets, and what Chinese devices do to their lines.

use crate::packs::{compile, with_body};
use crate::show::{columns, fields, look, received};
use encoding_rs::GB18030;
use wardwatch_parse::{SourceMemory, SourceSettings, explain_remembering};

const SENTENCE: &str = "日志类型:防护日志, 描述:管理员登录系统失败, 动作:拒绝";

fn gbk(text: &str) -> Vec<u8> {
    GB18030.encode(text).0.into_owned()
}

#[test]
fn one_line_in_three_character_sets() {
    let body = "{ kind = 'kv', sep = ', ', pair = ':' }";
    let expect = "日志类型=防护日志 ¦ 描述=管理员登录系统失败 ¦ 动作=拒绝";
    let pack = with_body(body);
    let seen = look(&pack, SENTENCE);
    assert_eq!((fields(&seen).as_str(), seen.notes.len()), (expect, 0));
    let seen = look(&pack, gbk(SENTENCE));
    assert_eq!((fields(&seen).as_str(), seen.notes.join(" ").as_str()), (expect, "charset_gb18030"));
    let wide = compile(&format!(
        "pack = {{ id = 'test/utf16', format = 1 }}\ninput = {{ header = 'none', charset = 'utf-16le' }}\nbody = {body}"
    ));
    let bytes: Vec<u8> = SENTENCE.encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(fields(&look(&wide, &bytes)), expect);
    // Behind a line feed, the feed's high byte starts the line.
    assert_eq!(fields(&look(&wide, [&[0], bytes.as_slice()].concat())), expect);
}

#[test]
fn second_bytes_that_are_separators() {
    // In GBK the second bytes of these are `|`, `\`, `{`, `[`, `=`-free letters and `@`.
    let text = "a|瓅|朶乗|躿郲|end";
    let raw = gbk(text);
    assert!(raw.iter().filter(|b| **b == b'|').count() > text.matches('|').count(), "the trap is there");
    let pack = compile("pack = { id = 'test/trap', format = 1 }\ninput = { header = 'none', charset = 'gb18030' }\nbody = { kind = 'csv', sep = '|', columns = ['a', 'b', 'c', 'd', 'e'] }");
    assert_eq!(fields(&look(&pack, raw)), "a=a ¦ b=瓅 ¦ c=朶乗 ¦ d=躿郲 ¦ e=end");
}

#[test]
fn damage_is_noted_and_the_rest_is_kept() {
    let pack = with_body("{ kind = 'kv', sep = ', ', pair = ':' }");
    // A datagram that was cut inside a character.
    let cut = &SENTENCE.as_bytes()[..SENTENCE.len() - 1];
    let seen = look(&pack, cut);
    assert_eq!(seen.notes, ["bad_utf8"]);
    assert!(fields(&seen).ends_with("动作=拒\u{fffd}"), "{}", fields(&seen));
    let mut broken = gbk(SENTENCE);
    broken.push(0xFF);
    let seen = look(&pack, &broken);
    assert_eq!(seen.notes, ["bad_gb18030"]);
    assert!(fields(&seen).starts_with("日志类型=防护日志 ¦ "), "{}", fields(&seen));
    // A short one that was cut inside a character: only the broken tail is lost.
    let mut short = gbk("结果:登录失败");
    short.pop();
    let seen = look(&pack, &short);
    assert_eq!((fields(&seen).as_str(), seen.notes.join(" ").as_str()), ("结果=登录失\u{fffd}", "bad_gb18030"));
    let seen = look(&pack, &"结果:告警".as_bytes()[..12]);
    assert_eq!((fields(&seen).as_str(), seen.notes.join(" ").as_str()), ("结果=告\u{fffd}", "bad_utf8"));
    let seen = look(&pack, b"name:caf\xe9, b:1");
    assert_eq!((fields(&seen).as_str(), seen.notes.join(" ").as_str()), ("name=café ¦ b=1", "charset_latin1"));
    let seen = look(&pack, "a:锟斤拷, b:1");
    assert_eq!(seen.notes, ["mojibake"]);
    let seen = look(&pack, [&b"a:\0\x01\x05"[..], b", b:1\r\n"].concat());
    assert_eq!(fields(&seen), "a=\0\u{1}\u{5} ¦ b=1");
}

#[test]
fn a_short_line_is_read_as_its_neighbours() {
    let pack = with_body("{ kind = 'kv', sep = ', ', pair = ':' }");
    let settings = SourceSettings::default();
    let short = gbk("a:镕");
    let mut memory = SourceMemory::default();
    let read = |line: &[u8], memory: &mut SourceMemory| fields(&explain_remembering(&pack, line, received(), &settings, memory));
    assert_ne!(read(&short, &mut memory), "a=镕");
    for _ in 0..5 {
        read(&gbk(SENTENCE), &mut memory);
    }
    assert_eq!(read(&short, &mut memory), "a=镕");
}

const TRAPS: &str = r#"
pack = { id = 'test/traps', format = 1 }
input = { header = 'none' }
body = { kind = 'kv', sep = ';', pair = ':' }
map = { src_ip = { from = '源IP', as = 'ip_i32', or = '源IP' }, dst_ip = '目的IP', user = ['用户', '帐号', '账号'], count = '次数', dst_port = '端口', threat = '事件' }
case = [{ when = { field = '事件', in = ['登录', '登陆'] }, class = 3002, activity = 1 }]
expect = { required = ['src_ip'] }
"#;

#[test]
fn values_that_say_nothing_and_values_in_other_clothes() {
    let pack = compile(TRAPS);
    for (line, expect) in [
        ("源IP:-1407908045;次数:１２;用户:-;帐号:zhang", "class_uid=0 ¦ activity_id=0 ¦ count=12 ¦ user=zhang ¦ src_ip=172.21.7.51"),
        ("源IP :10.0.0.1;用户:(null);账号:N/A;端口:;事件:登陆", "class_uid=3002 ¦ activity_id=1 ¦ src_ip=10.0.0.1 ¦ threat=登陆"),
        ("源IP:10.0.0.1;端口:NULL;目的IP:0.0.0.0;事件:登录;新字段:x", "class_uid=3002 ¦ activity_id=1 ¦ src_ip=10.0.0.1 ¦ dst_ip=0.0.0.0 ¦ threat=登录"),
        ("源IP:10.0.0.1;用户:none", "class_uid=0 ¦ activity_id=0 ¦ user=none ¦ src_ip=10.0.0.1"),
    ] {
        assert_eq!(columns(&look(&pack, line)), expect, "{line}");
    }
    let seen = look(&pack, "源IP:未知;用户:a");
    assert_eq!((seen.parsed, seen.notes.join(" ").as_str()), ("partly", "missing:src_ip"));
    assert_eq!(seen.unmapped, r#"{"源IP":"未知"}"#);
}
