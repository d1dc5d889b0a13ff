//! What each body kind makes of a text: one line of input, one of native fields.

use crate::packs::with_body;
use crate::show::{fields, look};

/// Body settings, text, native fields; then notes.
#[track_caller]
fn check(body: &str, text: &str, expect: &str) {
    check_noted(body, text, expect, "");
}

#[track_caller]
fn check_noted(body: &str, text: &str, expect: &str, notes: &str) {
    let seen = look(&with_body(body), text);
    assert_eq!((fields(&seen).as_str(), seen.notes.join(" ").as_str()), (expect, notes), "{body} on {text}");
    // Every span lies in the line and, where nothing was undone, is the line's own text.
    for field in &seen.fields {
        let raw = text.as_bytes().get(field.start as usize..field.end as usize);
        assert!(raw.is_some(), "{} has a range outside the line", field.name);
    }
}

#[test]
fn key_value() {
    let plain = "{ kind = 'kv' }";
    check(plain, "a=1 b=2", "a=1 ¦ b=2");
    check(plain, "a=1  b= c=3", "a=1 ¦ b= ¦ c=3");
    check(plain, "word a=1 another b=2 end", "a=1 ¦ b=2");
    check(plain, "a = 1 b =2", "a=1 ¦ b=2");
    check(plain, r#"a="x y" b="say \"hi\"" c="""#, r#"a=x y ¦ b=say "hi" ¦ c="#);
    check(plain, r#"a="say "hi", twice" b=1"#, r#"a=say "hi", twice ¦ b=1"#);
    check(plain, r#"path="C:\dir\" b=1"#, r"path=C:\dir\ ¦ b=1");
    check(plain, r#"a="open b=1"#, r#"a="open ¦ b=1"#);
    check(plain, r#""a"="x" "b"=2"#, "a=x ¦ b=2");
    check(plain, "a=x=y b=http://h/?q=1", "a=x=y ¦ b=http://h/?q=1");
    check_noted(plain, "a=1 a=2", "a=1 ¦ a=2", "dup_key");
    check_noted(plain, "no pairs here", "", "unparsed:body");
    check_noted(plain, "", "", "unparsed:body");
}

#[test]
fn key_value_with_foreign_separators() {
    check("{ kind = 'kv', sep = [', ', ','], pair = ':' }", "日志类型:WAF应用防护日志, 源IP:192.0.2.1, 源端口:1084,空:, 描述:a b", "日志类型=WAF应用防护日志 ¦ 源IP=192.0.2.1 ¦ 源端口=1084 ¦ 空= ¦ 描述=a b");
    check("{ kind = 'kv', sep = ';', pair = ':' }", "rule_id:1;time:2026-11-25 14:31:12;module :fw;", "rule_id=1 ¦ time=2026-11-25 14:31:12 ¦ module=fw");
    check("{ kind = 'kv', sep = [';``', ';'], pair = ':' }", "a:1;``b:2;``c:x;y:z", "a=1 ¦ b=2 ¦ c=x ¦ y=z");
    check("{ kind = 'kv', sep = '|!' }", "a=1|!b=x|y|!c=", "a=1 ¦ b=x|y ¦ c=");
    check("{ kind = 'kv', pair = '：', sep = '，' }", "源地址：10.0.0.1，动作：拒绝", "源地址=10.0.0.1 ¦ 动作=拒绝");
    check("{ kind = 'kv', sep = [' ', ','] }", "a=1,b=2 c=\"x,y\",d=4", "a=1 ¦ b=2 ¦ c=x,y ¦ d=4");
    check("{ kind = 'kv', pair = '=', quote = \"'\" }", "a='x y' b=\"z\"", "a=x y ¦ b=\"z\"");
    check("{ kind = 'kv', sep = \"\\t\" }", "a=x y\tb=2", "a=x y ¦ b=2");
    check("{ kind = 'kv', sep = ', ', trim_end = '.' }", "a=1.5, b=allow.", "a=1.5 ¦ b=allow");
    check("{ kind = 'kv', sep = ', ', open = '[', close = ']' }", "from [x] to [a=1, b=[2]] end", "a=1 ¦ b=[2]");
}

#[test]
fn values_that_hold_separators() {
    let pack = crate::packs::compile(
        "pack = { id = 'test/sql', format = 1 }\ninput = { header = 'none' }\nbody = { kind = 'kv', until_next_key = true }\nmap = { sql = 'sql', host = 'client_host', db_rows = 'rows' }",
    );
    let seen = look(&pack, "rows=0 sql=select x from t where a=b and c=d; end; client_host=PC1 other=2");
    assert_eq!(fields(&seen), "rows=0 ¦ sql=select x from t where a=b and c=d; end; ¦ client_host=PC1 other=2");
    let pack = crate::packs::compile(
        "pack = { id = 'test/fold', format = 1 }\ninput = { header = 'none' }\nbody = { kind = 'kv', fold = true }\nmap = { src_ip = 'SrcIp' }",
    );
    assert_eq!(fields(&look(&pack, "srcip=1 SRCIP=2 Other=3")), "SrcIp=1 ¦ SrcIp=2 ¦ Other=3");
}

#[test]
fn json() {
    let body = "{ kind = 'json' }";
    check(body, r#"{"a":"x","b":{"c":1,"d":[1,2,{"e":true}]},"f":null,"g":-1.5e3}"#, "a=x ¦ b.c=1 ¦ b.d=1 ¦ b.d=2 ¦ b.d.e=true ¦ f= ¦ g=-1.5e3");
    check(body, r#"{"a":"\u4e2d\ud83d\ude00\n\"\\\/","b\u0041":"\ud800x"}"#, "a=中😀\n\"\\/ ¦ bA=\u{fffd}x");
    check(body, r#"text before : {"a":1} after"#, "a=1");
    check(body, r#"[{"a":1},{"a":2}]"#, "a=1 ¦ a=2");
    check(body, r#"{"a":1,}"#, "a=1");
    check(body, r#"{"a"="1","b" : 2}"#, "a=1 ¦ b=2");
    check(body, r#"{"a":"","b":{},"c":[]}"#, "a=");
    check(body, r#"{"n":08,"h":0x1f}"#, "n=08 ¦ h=0x1f");
    check_noted(body, r#"{"a":1,"b":"cut of"#, "a=1", "unparsed:json");
    check_noted(body, r#"{"a":1,"b":}"#, "a=1", "unparsed:json");
    check_noted(body, "not json", "", "unparsed:body");
    check_noted(body, "{", "", "unparsed:body");
    let kinds: Vec<_> = look(&with_body(body), r#"{"a":1,"b":"1","c":true,"d":null,"e":08}"#).fields.iter().map(|f| f.kind).collect();
    assert_eq!(kinds, ["number", "text", "bool", "null", "text"]);
}

#[test]
fn json_has_bounds() {
    let body = "{ kind = 'json' }";
    let deep = format!("{}1{}", "{\"a\":".repeat(100), "}".repeat(100));
    let seen = look(&with_body(body), &deep);
    assert_eq!((seen.parsed, seen.notes.join(" ").as_str()), ("partly", "unparsed:depth"));
    let deep = "[".repeat(200_000);
    assert_eq!(look(&with_body(body), &deep).parsed, "unparsed");
    let wide: Vec<String> = (0..3_000).map(|n| format!("\"k{n}\":{n}")).collect();
    let seen = look(&with_body(body), format!("{{{}}}", wide.join(",")));
    assert_eq!((seen.fields.len(), seen.parsed, seen.notes.join(" ").as_str()), (2_048, "partly", "too_many_fields"));
}

#[test]
fn delimited() {
    let body = "{ kind = 'csv', columns = ['a', '', 'c'] }";
    check(body, "1,2,3", "a=1 ¦ c=3");
    check(body, "1,2", "a=1");
    check(body, " 1 ,2, \"x, \"\"y\"\"\" ,4", "a=1 ¦ c=x, \"y\" ¦ @column.4=4");
    check(body, "1,,", "a=1 ¦ c=");
    check(body, "\"x\"y,2,3", "a=\"x\"y ¦ c=3");
    check_noted(body, "no separator", "a=no separator", "unparsed:body");
    check("{ kind = 'csv', sep = '|!', columns = ['a', 'b'] }", "x|y|!z", "a=x|y ¦ b=z");
    let by = "{ kind = 'csv', columns_by = { at = 1, columns = { T = ['n', 'kind', 'threat'], F = ['n', 'kind', 'flow', 'end'] } } }";
    check(by, "1,T,x", "n=1 ¦ kind=T ¦ threat=x");
    check(by, "1,F,x,y", "n=1 ¦ kind=F ¦ flow=x ¦ end=y");
    check_noted(by, "1,Z,x", "", "unparsed:body");
}

#[test]
fn dissect_and_regex() {
    check("{ kind = 'dissect', template = '%{a}/%{b} - %{?x} [%{c}] %{rest}' }", "1/2  -  skip [x y]  all of it ", "a=1 ¦ b=2 ¦ c=x y ¦ rest=all of it");
    check("{ kind = 'dissect', template = '%{y:4}%{m:2} %{rest}' }", "202611 x", "y=2026 ¦ m=11 ¦ rest=x");
    check("{ kind = 'dissect', template = ['A %{a}', 'B %{b}'] }", "B 1", "b=1");
    check("{ kind = 'dissect', template = '%{a} %{b} %{c}' }", "1  2", "a=1 ¦ b=2 ¦ c=");
    check_noted("{ kind = 'dissect', template = 'x: %{a}' }", "y: 1", "", "unparsed:body");
    check("{ kind = 'regex', pattern = '(?P<user>\\S+) logged (?P<what>on|off)(?: at (?P<at>.*))?' }", "u1 logged on", "user=u1 ¦ what=on");
    check("{ kind = 'regex', pattern = ['^a(?P<x>.)$', '^b(?P<y>.)$'] }", "b2", "y=2");
    check_noted("{ kind = 'regex', pattern = '^(?P<x>a)$' }", "b", "", "unparsed:body");
}

#[test]
fn cef() {
    let body = "{ kind = 'cef' }";
    check(body, r"CEF:0|Ven\|dor|Prod|1.0|100|Name of it|5|src=10.0.0.1 msg=two words \= and \\ act=block", r"DeviceVendor=Ven|dor ¦ DeviceProduct=Prod ¦ DeviceVersion=1.0 ¦ DeviceEventClassID=100 ¦ Name=Name of it ¦ Severity=5 ¦ src=10.0.0.1 ¦ msg=two words = and \ ¦ act=block");
    check(body, "x CEF: 0|V|P|1|2|n|3|eventID=1002\tIP=192.0.2.1\tmsg=登录 失败", "DeviceVendor=V ¦ DeviceProduct=P ¦ DeviceVersion=1 ¦ DeviceEventClassID=2 ¦ Name=n ¦ Severity=3 ¦ eventID=1002 ¦ IP=192.0.2.1 ¦ msg=登录 失败");
    check(body, "CEF:0|V|P|1|2|n|3|", "DeviceVendor=V ¦ DeviceProduct=P ¦ DeviceVersion=1 ¦ DeviceEventClassID=2 ¦ Name=n ¦ Severity=3");
    check(body, r"CEF:0|V|P|1|2|n|3|fname=C:\tmp\x.exe url=http://h/?a=b end=1", r"DeviceVendor=V ¦ DeviceProduct=P ¦ DeviceVersion=1 ¦ DeviceEventClassID=2 ¦ Name=n ¦ Severity=3 ¦ fname=C:\tmp\x.exe ¦ url=http://h/?a=b ¦ end=1");
    check_noted(body, "CEF:0|V|P|1", "DeviceVendor=V ¦ DeviceProduct=P ¦ DeviceVersion=1", "unparsed:cef");
    check_noted(body, "other", "", "unparsed:body");
}

#[test]
fn leef() {
    let body = "{ kind = 'leef' }";
    let head = "Vendor=V ¦ Product=P ¦ Version=1 ¦ EventID=login";
    check(body, "LEEF:1.0|V|P|1|login|src=10.0.0.1\tmsg=two words\tx=a=b", &format!("{head} ¦ src=10.0.0.1 ¦ msg=two words ¦ x=a=b"));
    check(body, "LEEF:2.0|V|P|1|login|^|src=10.0.0.1^msg=two words", &format!("{head} ¦ src=10.0.0.1 ¦ msg=two words"));
    check(body, "LEEF:2.0|V|P|1|login|x5E|src=1^b=2", &format!("{head} ¦ src=1 ¦ b=2"));
    check(body, "LEEF:2.0|V|P|1|login|0x09|src=1\tb=2", &format!("{head} ¦ src=1 ¦ b=2"));
    check(body, "LEEF:2.0|V|P|1|login|src=1\tb=2", &format!("{head} ¦ src=1 ¦ b=2"));
    check(body, "LEEF:1.0|V|P|1|login|src=1 msg=two words", &format!("{head} ¦ src=1 ¦ msg=two words"));
}

#[test]
fn xml() {
    let body = "{ kind = 'xml' }";
    check(body, r#"<?xml version="1.0"?><!-- c --><log id="7"><a x='1 &amp; 2'>t &lt;1&gt;</a><b><c>1</c><c>2</c></b><d/><e><![CDATA[<raw>]]></e></log>"#, "@id=7 ¦ a.@x=1 & 2 ¦ a=t <1> ¦ b.c=1 ¦ b.c=2 ¦ e=<raw>");
    check(body, "prefix <a:log xmlns:a='u'><a:b>x&#x4e2d;&#20013;&unknown;</a:b></a:log>", "@a=u ¦ b=x中中&unknown;");
    check_noted(body, "<log><a>1</a><b>2", "a=1 ¦ b=2", "unparsed:xml");
    check_noted(body, "1 < 2", "", "unparsed:body");
    let seen = look(&with_body(body), format!("{}x", "<a>".repeat(100_000)));
    assert_eq!(seen.notes, ["unparsed:depth"]);
}

const SECURITY_NAMES: &str = "Provider_Name=Microsoft-Windows-Security-Auditing ¦ EventID=4624 ¦ EventRecordID=12 ¦ \
    Execution_ProcessID=600 ¦ Channel=Security ¦ Computer=PC-1.example ¦ TargetUserName=u1 ¦ LogonType=3 ¦ Empty=";

#[test]
fn windows_events_have_one_set_of_names() {
    let body = "{ kind = 'evtx' }";
    check(body, r#"<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider Name='Microsoft-Windows-Security-Auditing'/><EventID>4624</EventID><EventRecordID>12</EventRecordID><Execution ProcessID='600'/><Channel>Security</Channel><Computer>PC-1.example</Computer></System><EventData><Data Name='TargetUserName'>u1</Data><Data Name='LogonType'>3</Data><Data Name='Empty'></Data></EventData></Event>"#, SECURITY_NAMES);
    check(body, r##"{"Event":{"#attributes":{"xmlns":"http://x"},"System":{"Provider":{"#attributes":{"Name":"Microsoft-Windows-Security-Auditing"}},"EventID":4624,"EventRecordID":12,"Execution":{"#attributes":{"ProcessID":600}},"Channel":"Security","Computer":"PC-1.example","Security":null},"EventData":{"TargetUserName":"u1","LogonType":3,"Empty":""}}}"##, SECURITY_NAMES);
    check(body, r#"{"winlog":{"provider_name":"Microsoft-Windows-Security-Auditing","event_id":"4624","record_id":12,"process":{"pid":600},"channel":"Security","computer_name":"PC-1.example","event_data":{"TargetUserName":"u1","LogonType":"3","Empty":""}}}"#, SECURITY_NAMES);
    check(body, r#"{"SourceName":"Microsoft-Windows-Security-Auditing","EventID":4624,"RecordNumber":12,"ExecutionProcessID":600,"Channel":"Security","Hostname":"PC-1.example","TargetUserName":"u1","LogonType":"3","Empty":""}"#, SECURITY_NAMES);
}

#[test]
fn windows_events_of_odd_shapes() {
    let body = "{ kind = 'evtx' }";
    check(body, r##"{"Event":{"System":{"EventID":{"#attributes":{"Qualifiers":16384},"#text":7036},"TimeCreated":{"#attributes":{"SystemTime":"2026-11-25T02:00:00Z"}}},"EventData":{"Data":{"#text":["a","b"]},"Binary":"00"}}}"##, "Qualifiers=16384 ¦ EventID=7036 ¦ TimeCreated=2026-11-25T02:00:00Z ¦ Data=a ¦ Data=b ¦ Binary=00");
    check(body, r##"{"Event":{"System":{"EventID":1102},"UserData":{"LogFileCleared":{"#attributes":{"xmlns":"u"},"SubjectUserName":"u1"}}}}"##, "EventID=1102 ¦ SubjectUserName=u1");
    check(body, "<Event><System><EventID Qualifiers='0'>7045</EventID></System><EventData><Data>one</Data><Data>two</Data></EventData></Event>", "Qualifiers=0 ¦ EventID=7045 ¦ Data=one ¦ Data=two");
    check(body, "<Event><System><EventID>1102</EventID></System><UserData><LogFileCleared xmlns='u'><SubjectUserName>u1</SubjectUserName></LogFileCleared></UserData></Event>", "EventID=1102 ¦ SubjectUserName=u1");
    check(body, r#"{"event":{"code":"4104","provider":"PowerShell"},"host":{"name":"PC-2"}}"#, "event.code=4104 ¦ event.provider=PowerShell ¦ host.name=PC-2 ¦ EventID=4104 ¦ Provider_Name=PowerShell ¦ Computer=PC-2");
}
