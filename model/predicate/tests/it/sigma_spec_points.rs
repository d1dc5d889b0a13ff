//! The points where engines read Sigma differently, one test each, in the order of the engineering note.

use crate::sigma_reading::{check, check_items, evaluate, file, holds, holds_with, refusal, rule};
use serde_json::json;
use wardwatch_predicate::sigma::{Compiler, Document, MatchedValue, Placeholders, read_rules};
use wardwatch_predicate::{FieldKey, Reading, Record, Value, ValueKind};

#[test]
fn p01_strings_fold_by_full_unicode_and_only_cased_minds_case() {
    check_items(&[
        ("f: 'ABC'", json!({"f": "abc"}), true),
        ("f|cased: 'ABC'", json!({"f": "abc"}), false),
        ("f|cased: 'ABC'", json!({"f": "ABC"}), true),
        ("f|contains|cased: 'ABC'", json!({"f": "xABCx"}), true),
        ("f|contains|cased: 'ABC'", json!({"f": "xabcx"}), false),
        ("f: 'Ä'", json!({"f": "ä"}), true),
        ("f|contains: 'Σ'", json!({"f": "ΟΔΟΣ"}), true),
        ("f: 'k'", json!({"f": "\u{212a}"}), true),
        ("f: '主机'", json!({"f": "主机"}), true),
        ("f: 'ı'", json!({"f": "i"}), false),
        // Field names are matched exactly.
        ("F: 'a'", json!({"f": "a"}), false),
    ]);
}

#[test]
fn p02_escapes_and_wildcards() {
    check_items(&[
        (r"f: 'a\b'", json!({"f": r"a\b"}), true),
        (r"f: 'a\\b'", json!({"f": r"a\b"}), true),
        (r"f: '\\\\host\c'", json!({"f": r"\\host\c"}), true),
        (r"f: '\\host\c'", json!({"f": r"\host\c"}), true),
        (r"f: 'a\*b'", json!({"f": "a*b"}), true),
        (r"f: 'a\*b'", json!({"f": "axb"}), false),
        (r"f: 'a\?b'", json!({"f": "a?b"}), true),
        (r"f: 'a\?b'", json!({"f": "axb"}), false),
        (r"f: '\\*'", json!({"f": r"\anything"}), true),
        (r"f: '\\\*'", json!({"f": r"\*"}), true),
        (r"f: '\\\*'", json!({"f": r"\x"}), false),
        (r"f: 'a\'", json!({"f": r"a\"}), true),
        (r"f|contains: '\\\\?\\GLOBALROOT'", json!({"f": r"\\x\GLOBALROOT\Device"}), true),
        (r"f|contains: '\\\\\?\\GLOBALROOT'", json!({"f": r"\\x\GLOBALROOT\Device"}), false),
        (r"f|contains: '\\\\\?\\GLOBALROOT'", json!({"f": r"\\?\GLOBALROOT\Device"}), true),
        ("f: 'a?c'", json!({"f": "abc"}), true),
        ("f: 'a?c'", json!({"f": "ac"}), false),
        ("f: 'a?c'", json!({"f": "a中c"}), true),
        ("f: 'a?c'", json!({"f": "abbc"}), false),
        ("f: '*aaa*bbb*'", json!({"f": "aaa\nbbb"}), true),
        ("f: 'a*'", json!({"f": "a"}), true),
        ("f: '*'", json!({"f": ""}), true),
        ("f: '?'", json!({"f": ""}), false),
        ("f: '?'", json!({"f": "?"}), true),
        // In YAML's double quotes two backslashes are one.
        (r#"f: "a\\b""#, json!({"f": r"a\b"}), true),
    ]);
}

#[test]
fn p03_text_modifiers_open_their_end_and_keep_inner_wildcards() {
    check_items(&[
        ("f|contains: 'b'", json!({"f": "abc"}), true),
        ("f|startswith: 'a'", json!({"f": "abc"}), true),
        ("f|startswith: 'b'", json!({"f": "abc"}), false),
        ("f|endswith: 'c'", json!({"f": "abc"}), true),
        ("f|endswith: 'b'", json!({"f": "abc"}), false),
        (r"f|endswith: '\foo*.exe'", json!({"f": r"c:\foo\bar.exe"}), true),
        (r"f|endswith: '\foo*.exe'", json!({"f": r"c:\foo\bar.exe.txt"}), false),
        (r"f|startswith: 'c:\foo*bar'", json!({"f": r"c:\foo\bar.exe"}), true),
        (r"f|startswith: 'foo*bar'", json!({"f": r"c:\foo\bar.exe"}), false),
        ("f|contains: 'a?c'", json!({"f": "xxabcxx"}), true),
        ("f|contains: 'a?c'", json!({"f": "acacabxc"}), false),
        ("f|contains: ''", json!({"f": ""}), true),
        ("f|contains: ''", json!({"f": "x"}), true),
        ("f|contains: ''", json!({}), false),
        ("f|contains: ''", json!({"f": null}), false),
        ("f|contains: 12", json!({"f": "x123"}), true),
        ("f|startswith: 12", json!({"f": 123}), true),
        ("f|contains: true", json!({"f": "is true."}), true),
    ]);
}

#[test]
fn p04_regular_expressions() {
    check_items(&[
        ("f|re: 'b+'", json!({"f": "abbc"}), true),
        ("f|re: '^b'", json!({"f": "abbc"}), false),
        ("f|re: 'B'", json!({"f": "abbc"}), false),
        ("f|re|i: 'B'", json!({"f": "abbc"}), true),
        ("f|re: 'a.c'", json!({"f": "a\nc"}), false),
        ("f|re|s: 'a.c'", json!({"f": "a\nc"}), true),
        ("f|re: '^c'", json!({"f": "a\nc"}), false),
        ("f|re|m: '^c'", json!({"f": "a\nc"}), true),
        ("f|re|i|m|s: '^C.D'", json!({"f": "a\nc\nd"}), true),
        (r"f|re: '^\d{4}$'", json!({"f": 4624}), true),
        ("f|re: '.*'", json!({}), false),
        ("f|re: '.*'", json!({"f": null}), false),
        ("f|re|all: ['a', 'b']", json!({"f": "ab"}), true),
        ("f|re|all: ['a', 'x']", json!({"f": "ab"}), false),
        ("f|re|neq: 'a'", json!({"f": "b"}), true),
    ]);
    assert!(refusal("s:\n  f|re: '(?=a)'\ncondition: s").contains("look-around"));
    assert!(refusal("s:\n  f|re: '('\ncondition: s").starts_with("6:11: the regular expression does not compile"));
    assert!(
        refusal(
            r"s: {f|re: '(\w{1000}){1000}'}
condition: s"
        )
        .contains("smaller repetitions")
    );
}

#[test]
fn p05_numbers() {
    check_items(&[
        ("f: 10", json!({"f": 10}), true),
        ("f: 10", json!({"f": "10"}), true),
        ("f: 10", json!({"f": 10.0}), true),
        ("f: 10", json!({"f": "10.0"}), true),
        ("f: '10'", json!({"f": 10}), true),
        ("f: '10'", json!({"f": "10.0"}), false),
        ("f: '0x10'", json!({"f": 16}), false),
        ("f: 0x10", json!({"f": 16}), true),
        ("f: 0x8020000000000000", json!({"f": "0x8020000000000000"}), true),
        ("f: 0x8020000000000000", json!({"f": "0x8020000000000001"}), false),
        ("f: 9232379236109516800", json!({"f": 9232379236109516801u64}), false),
        ("f: 1.5", json!({"f": "1.50"}), true),
        ("f: -1", json!({"f": -1}), true),
        ("f: 10", json!({"f": "ten"}), false),
        ("f: 1", json!({"f": true}), false),
        ("f: [1, 2]", json!({"f": 2}), true),
        ("f|lt: 10", json!({"f": 9}), true),
        ("f|lt: 10", json!({"f": "10"}), false),
        ("f|lte: 10", json!({"f": "10"}), true),
        ("f|gt: 9.5", json!({"f": 10}), true),
        ("f|gte: 10", json!({"f": 10}), true),
        ("f|gte: 10", json!({"f": "x"}), false),
        ("f|gt: 9007199254740993", json!({"f": 9007199254740994u64}), true),
        ("f|gt: 1", json!({}), false),
        ("f: true", json!({"f": true}), true),
        ("f: true", json!({"f": "True"}), true),
        ("f: true", json!({"f": false}), false),
        ("f: true", json!({"f": 1}), false),
        ("f: 'true'", json!({"f": "True"}), true),
        ("f: 'true'", json!({"f": true}), true),
        ("f: false", json!({}), false),
    ]);
    assert!(refusal("s: {f|gt: '10'}\ncondition: s").contains("without quotes"));
}

#[test]
fn p06_null_empty_and_exists() {
    check_items(&[
        ("f: null", json!({}), true),
        ("f:", json!({}), true),
        ("f: ~", json!({"f": null}), true),
        ("f: null", json!({"f": ""}), false),
        ("f: null", json!({"f": "null"}), false),
        ("f: 'null'", json!({"f": "null"}), true),
        ("f: 'null'", json!({}), false),
        ("f: ''", json!({"f": ""}), true),
        ("f: ''", json!({}), false),
        ("f: ''", json!({"f": null}), false),
        ("f: ''", json!({"f": "x"}), false),
        ("f|exists: true", json!({"f": ""}), true),
        ("f|exists: true", json!({"f": null}), true),
        ("f|exists: true", json!({"f": []}), true),
        ("f|exists: true", json!({}), false),
        ("f|exists: false", json!({}), true),
        ("f|exists: false", json!({"f": null}), false),
    ]);
    assert!(refusal("s: {f|exists: 'true'}\ncondition: s").contains("without quotes"));
    assert!(refusal("s: {f|contains: null}\ncondition: s").contains("null stands without modifiers"));
}

#[test]
fn p07_a_missing_field_is_false_also_for_neq() {
    check(&[
        ("s: {f: a}\ncondition: not s", json!({}), true),
        ("s: {f: a}\ncondition: not s", json!({"f": "a"}), false),
        ("s: {f|neq: a}\ncondition: s", json!({}), false),
        ("s: {f|neq: a}\ncondition: s", json!({"f": null}), false),
        ("s: {f|neq: a}\ncondition: s", json!({"f": "b"}), true),
        ("s: {f|neq: a}\ncondition: s", json!({"f": "A"}), false),
        ("s: {f|neq: 3}\ncondition: s", json!({"f": "3"}), false),
        ("s: {f|neq: [a, b]}\ncondition: s", json!({"f": "b"}), false),
        ("s: {f|neq: [a, b]}\ncondition: s", json!({"f": "c"}), true),
        ("s: {f|contains|neq: a}\ncondition: s", json!({"f": "bab"}), false),
        ("s: {f|neq: a}\ncondition: s", json!({"f": ["b", "a"]}), false),
        ("s: {f|neq: null}\ncondition: s", json!({"f": "a"}), true),
        ("s: {f|neq: null}\ncondition: s", json!({"f": null}), false),
        ("s: {f|neq: ''}\ncondition: s", json!({"f": ""}), false),
    ]);
}

#[test]
fn p08_lists_and_maps() {
    check(&[
        ("s: {f: [a, b]}\ncondition: s", json!({"f": "b"}), true),
        ("s: {f|contains|all: [a, b]}\ncondition: s", json!({"f": "ab"}), true),
        ("s: {f|contains|all: [a, b]}\ncondition: s", json!({"f": "ac"}), false),
        ("s: {f|all: [a, b]}\ncondition: s", json!({"f": ["b", "a"]}), true),
        ("s: {f|all: [a, b]}\ncondition: s", json!({"f": ["b"]}), false),
        ("s: {f: a, g: b}\ncondition: s", json!({"f": "a"}), false),
        ("s: {f: a, g: b}\ncondition: s", json!({"f": "a", "g": "b"}), true),
        ("s:\n  - {f: a}\n  - {g: b}\ncondition: s", json!({"g": "b"}), true),
        ("s:\n  - {f: a}\n  - {g: b}\ncondition: s", json!({"g": "a"}), false),
        ("s:\n  - {f: a}\n  - word\ncondition: s", json!({"g": "a word"}), true),
        ("s: {f|startswith: a, f|endswith: c}\ncondition: s", json!({"f": "abc"}), true),
        ("s: {f|startswith: a, f|endswith: c}\ncondition: s", json!({"f": "abd"}), false),
        ("s: {f: [a, null]}\ncondition: s", json!({}), true),
        ("s: {f: [a, '']}\ncondition: s", json!({"f": ""}), true),
    ]);
    let remarks = rule(&file("s: {f: [a, null]}\ncondition: s")).unwrap().remarks;
    assert!(remarks[0].remark.contains("`null` inside a list"));
    let remarks = rule(&file("s: {f|contains|all: a}\ncondition: s")).unwrap().remarks;
    assert!(remarks[0].remark.contains("single value"));
}

#[test]
fn p09_arrays_and_nested_names() {
    check_items(&[
        ("f: b", json!({"f": ["a", "b"]}), true),
        ("f: b", json!({"f": [["a"], ["b"]]}), true),
        ("a.b: x", json!({"a": {"b": "x"}}), true),
        ("a.b: x", json!({"a.b": "x", "a": {"b": "y"}}), true),
        ("a.b: y", json!({"a.b": "x", "a": {"b": "y"}}), false),
        ("a.b: x", json!({"a": [{"b": "y"}, {"b": "x"}]}), true),
        ("a.b.c: x", json!({"a.b": {"c": "x"}}), true),
        ("a.b.c: x", json!({"a": {"b.c": "x"}}), true),
        ("a: x", json!({"a": {"b": "x"}}), false),
        ("f: null", json!({"f": [null, "a"]}), true),
    ]);
}

#[test]
fn p10_keywords() {
    check(&[
        ("k: [word]\ncondition: k", json!({"a": {"b": ["some WORDS"]}}), true),
        ("k: [word]\ncondition: k", json!({"word": "x"}), false),
        ("k: [123]\ncondition: k", json!({"a": 91234}), true),
        ("k: word\ncondition: k", json!({"a": "word"}), true),
        ("k: ['a*c']\ncondition: k", json!({"x": "zabcz"}), true),
        ("k: ['a?c']\ncondition: k", json!({"x": "zabbcz"}), false),
        ("k: {'|all': [one, two]}\ncondition: k", json!({"a": "one", "b": "two"}), true),
        ("k: {'|all': [one, two]}\ncondition: k", json!({"a": "one", "b": "three"}), false),
        ("k: {'|re': 'o.e'}\ncondition: k", json!({"a": "x", "b": "one"}), true),
        ("k: {'|cased': [One]}\ncondition: k", json!({"a": "one"}), false),
        ("k: [a, b]\ncondition: k", json!({"x": "zzb"}), true),
        ("k: [a]\ncondition: not k", json!({"x": "b"}), true),
    ]);
    assert!(refusal("k: {'|cidr': '10.0.0.0/8'}\ncondition: k").contains("name a field"));
    assert!(refusal("k: ['']\ncondition: k").contains("every event"));
}

#[test]
fn p11_conditions() {
    let selections = "a: {f: 1}\nb: {g: 1}\nc: {h: 1}\nsel_x: {x: 1}\nsel_y: {y: 1}\n_hidden: {z: 1}\n";
    let cases = [
        ("a or b and c", json!({"f": 1}), true),
        ("(a or b) and c", json!({"f": 1}), false),
        ("a and not b", json!({"f": 1}), true),
        ("not a and b", json!({"g": 1}), true),
        ("not (a and b)", json!({"f": 1}), true),
        ("not not a", json!({"f": 1}), true),
        ("not a or b", json!({"f": 1, "g": 1}), true),
        ("not 1 of sel_*", json!({"x": 1}), false),
        ("1 of sel_*", json!({"y": 1}), true),
        ("all of sel_*", json!({"y": 1}), false),
        ("all of sel_*", json!({"y": 1, "x": 1}), true),
        ("2 of them", json!({"y": 1, "x": 1}), true),
        ("2 of them", json!({"y": 1}), false),
        ("any of them", json!({"y": 1}), true),
        ("1 of them", json!({"z": 1}), false),
        ("1 of _*", json!({"z": 1}), true),
        ("all of them", json!({"f": 1, "g": 1, "h": 1, "x": 1, "y": 1}), true),
        ("1 of sel_x", json!({"x": 1}), true),
        ("1 of *_y", json!({"y": 1}), true),
        ("1 of s*l*y", json!({"y": 1}), true),
        ("A AND b", json!({"g": 1}), false),
        ("a AND NOT b OR c", json!({"h": 1}), true),
        ("[a, b]", json!({"g": 1}), true),
    ];
    for (condition, event, expected) in cases {
        if condition.starts_with('A') {
            assert!(refusal(&format!("{selections}condition: {condition}")).contains("no selection is called `A`"));
            continue;
        }
        assert_eq!(holds(&format!("{selections}condition: {condition}"), &event), expected, "{condition} {event}");
    }
    for (condition, expected) in [
        ("a and", "ends where a selection is expected"),
        ("and a", "a selection is expected before it"),
        ("a b", "`b` cannot stand here"),
        ("(a", "not closed"),
        ("a)", "`)` cannot stand here"),
        ("all of nothing_*", "`nothing_*` matches no selection"),
        ("7 of them", "can never hold"),
        ("0 of them", "always holds"),
        ("some of them", "is not known"),
        ("sel_*", "write `1 of sel_*`"),
        ("a | count() > 5", "write a correlation rule"),
        ("1 of", "needs `them` or a pattern"),
        ("d", "no selection is called `d`"),
    ] {
        let got = refusal(&format!("{selections}condition: {condition}"));
        assert!(got.contains(expected), "{condition}: {got}");
    }
    // The place is that of the word, not of the line.
    assert!(refusal(&format!("{selections}condition: a and d")).starts_with("11:20: "));
}

#[test]
fn p12_cidr() {
    check_items(&[
        ("f|cidr: 10.0.0.0/8", json!({"f": "10.1.2.3"}), true),
        ("f|cidr: 10.0.0.0/8", json!({"f": "11.1.2.3"}), false),
        ("f|cidr: 10.0.0.0/8", json!({"f": "::ffff:10.1.2.3"}), true),
        ("f|cidr: '::ffff:10.0.0.0/104'", json!({"f": "10.1.2.3"}), true),
        ("f|cidr: '2001:db8::/32'", json!({"f": "2001:DB8:1::1"}), true),
        ("f|cidr: '2001:db8::/32'", json!({"f": "2001:db9::1"}), false),
        ("f|cidr: '::/0'", json!({"f": "10.1.2.3"}), false),
        ("f|cidr: 0.0.0.0/0", json!({"f": "192.0.2.1"}), true),
        ("f|cidr: 0.0.0.0/0", json!({"f": "host"}), false),
        ("f|cidr: 0.0.0.0/0", json!({"f": 3221225985u32}), false),
        ("f|cidr: 192.0.2.7", json!({"f": "192.0.2.7"}), true),
        ("f|cidr: [192.0.2.0/24, 10.0.0.0/8]", json!({"f": ["x", "10.9.9.9"]}), true),
        ("f|cidr|neq: 10.0.0.0/8", json!({"f": "192.0.2.1"}), true),
    ]);
    for bad in ["10.0.0.0/33", "10.0.0/8", "host", "10.0.0.0/", "10.0.0.0/-1", "::/129"] {
        assert!(refusal(&format!("s: {{f|cidr: '{bad}'}}\ncondition: s")).contains("no address range"), "{bad}");
    }
}

#[test]
fn p13_encodings() {
    check_items(&[
        ("f|base64: 'foobar'", json!({"f": "Zm9vYmFy"}), true),
        ("f|base64: 'foobar'", json!({"f": "zm9vymfy"}), true),
        ("f|base64|cased: 'foobar'", json!({"f": "zm9vymfy"}), false),
        ("f|base64|contains: 'foobar'", json!({"f": "x Zm9vYmFy x"}), true),
        // "foobar" behind 0, 1 and 2 other bytes.
        ("f|base64offset|contains: 'foobar'", json!({"f": "Zm9vYmFyIQ=="}), true),
        ("f|base64offset|contains: 'foobar'", json!({"f": "IWZvb2JhciE="}), true),
        ("f|base64offset|contains: 'foobar'", json!({"f": "ISFmb29iYXIhIQ=="}), true),
        ("f|base64offset|contains: 'foobar'", json!({"f": "Zm9vYmF6"}), false),
        ("f|wide|base64offset|contains: 'ping'", json!({"f": "cABpAG4AZwA="}), true),
        ("f|utf16le|base64|contains: 'ping'", json!({"f": "cABpAG4AZwA="}), true),
        ("f|utf16be|base64: 'ping'", json!({"f": "AHAAaQBuAGc="}), true),
        ("f|utf16|base64: 'ping'", json!({"f": "//5wAGkAbgBnAA=="}), true),
        ("f|wide: 'ab'", json!({"f": "a\u{0}b\u{0}"}), true),
        ("f|wide|contains: 'ab'", json!({"f": "xa\u{0}b\u{0}x"}), true),
        ("f|base64offset|contains|all: ['foobar', 'foobaz']", json!({"f": "Zm9vYmFy"}), false),
        ("f|windash|base64: '-s'", json!({"f": "L3M="}), true),
    ]);
    assert!(refusal("s: {f|base64: 'a*'}\ncondition: s").contains("wildcard cannot be encoded"));
    assert!(refusal("s: {f|contains|base64: 'a'}\ncondition: s").contains("stand before"));
    assert!(refusal("s: {f|base64offset|wide: 'a'}\ncondition: s").contains("at most one"));
    assert!(refusal("s: {f|utf16: 'a'}\ncondition: s").contains("add `base64`"));
    assert!(refusal("s: {f|base64offset|contains: ''}\ncondition: s").contains("too short"));
}

#[test]
fn p14_windash_and_fieldref() {
    check_items(&[
        ("f|windash|contains: ' -s'", json!({"f": "cmd /s"}), true),
        ("f|contains|windash: ' /s'", json!({"f": "cmd -s"}), true),
        ("f|contains|windash: ' /s'", json!({"f": "cmd \u{2013}s"}), true),
        ("f|contains|windash: ' /s'", json!({"f": "cmd \u{2014}s"}), true),
        ("f|contains|windash: ' /s'", json!({"f": "cmd \u{2015}s"}), true),
        ("f|contains|windash: ' /s'", json!({"f": "cmd +s"}), false),
        ("f|contains|windash: ' -param-name'", json!({"f": "x /param-name"}), true),
        ("f|contains|windash: ' -param-name'", json!({"f": "x /param/name"}), false),
        ("f|contains|windash: ' -a /b'", json!({"f": "x /a -b"}), true),
        ("f|windash: '- x'", json!({"f": "/ x"}), false),
        ("f|endswith|windash: '/f'", json!({"f": "del -f"}), true),
        ("f|contains|all|windash: [' -a', ' /b']", json!({"f": "x /a -b"}), true),
        ("f|fieldref: g", json!({"f": "A", "g": "a"}), true),
        ("f|fieldref|cased: g", json!({"f": "A", "g": "a"}), false),
        ("f|fieldref: g", json!({"f": "a"}), false),
        ("f|fieldref: g", json!({}), false),
        ("f|fieldref: g", json!({"f": null, "g": null}), false),
        ("f|fieldref: g", json!({"f": ["x", "y"], "g": ["y"]}), true),
        ("f|fieldref|startswith: g", json!({"f": "abc", "g": "AB"}), true),
        ("f|fieldref|endswith: g", json!({"f": "abc", "g": "bc"}), true),
        ("f|fieldref|contains: g", json!({"f": "abc", "g": "b"}), true),
        ("f|fieldref|neq: g", json!({"f": "a", "g": "b"}), true),
        ("f|fieldref|neq: g", json!({"f": "a", "g": "a"}), false),
        ("f|fieldref|neq: g", json!({"f": "a"}), false),
        ("f|fieldref|neq: g", json!({"g": "a"}), false),
    ]);
}

#[test]
fn p15_a_placeholder_without_a_value_makes_the_rule_inactive() {
    let detection = "s: {f: a}\nfilter: {g|expand: '%admins%'}\ncondition: s and not filter";
    assert!(refusal(detection).contains("Inactive"));
    assert!(refusal(detection).contains("`%admins%` has no value"));
    let known: Placeholders = [("admins".to_owned(), vec!["PACS-01".to_owned(), "HIS-*".to_owned()])].into();
    assert!(!holds_with(detection, &json!({"f": "a", "g": "pacs-01"}), known.clone()));
    assert!(!holds_with(detection, &json!({"f": "a", "g": "his-7"}), known.clone()));
    assert!(holds_with(detection, &json!({"f": "a", "g": "LIS-1"}), known.clone()));
    let two = "s: {g|contains|expand: '%admins%\\%admins%'}\ncondition: s";
    assert!(holds_with(two, &json!({"g": r"x PACS-01\PACS-01 x"}), known.clone()));
    // Without `expand` a percent sign is a percent sign.
    assert!(holds_with("s: {f: '%temp%'}\ncondition: s", &json!({"f": "%TEMP%"}), known));
}

#[test]
fn p16_parts_of_a_time() {
    check_items(&[
        ("t|hour: 8", json!({"t": "2026-11-25T08:30:00Z"}), true),
        ("t|hour: 8", json!({"t": "2026-11-25 08:30:00.123+08:00"}), true),
        ("t|hour: 8", json!({"t": "2026-11-25"}), false),
        ("t|minute: 30", json!({"t": "2026-11-25T08:30:00Z"}), true),
        ("t|day: 25", json!({"t": "2026/11/25 08:30"}), true),
        ("t|month: 11", json!({"t": "2026-11-25"}), true),
        ("t|year: 2026", json!({"t": "2026-11-25"}), true),
        ("t|week: 48", json!({"t": "2026-11-25"}), true),
        ("t|week: 53", json!({"t": "2021-01-03"}), true),
        ("t|week: 1", json!({"t": "2024-12-30"}), true),
        ("t|hour|gte: 22", json!({"t": "2026-11-25T23:00:00Z"}), true),
        ("t|hour|lt: 6", json!({"t": "2026-11-25T23:00:00Z"}), false),
        ("t|hour|neq: 8", json!({"t": "2026-11-25T09:30:00Z"}), true),
        ("t|hour|neq: 8", json!({"t": "yesterday"}), true),
        ("t|hour: [1, 2, 3]", json!({"t": "2026-11-25T02:30:00Z"}), true),
        ("t|month: 13", json!({"t": "2026-13-25"}), false),
        ("t|day: 30", json!({"t": "2026-02-30"}), false),
        ("t|hour: 8", json!({"t": 1764059400}), false),
    ]);
    assert!(refusal("s: {t|hour: 'x'}\ncondition: s").contains("whole number"));
    assert!(refusal("s: {t|hour|contains: 8}\ncondition: s").contains("no text modifier"));
}

#[test]
fn p17_filters_narrow_the_rules_they_name() {
    let filter = |rules: &str, condition: &str| {
        let text = format!(
            "title: F\nlogsource: {{product: windows}}\nfilter:\n  rules: {rules}\n  own: {{User: scanner}}\n  condition: {condition}\n"
        );
        match read_rules(text.as_bytes()).remove(0) {
            Ok(Document::Filter(filter)) => *filter,
            other => panic!("{other:?}"),
        }
    };
    let rule = rule(&file("own: {f: a}\ncondition: own")).unwrap();
    let fires = |filter: wardwatch_predicate::sigma::Filter, event| {
        let mut compiler = Compiler::default();
        compiler.add(&rule, &[filter]).unwrap();
        let set = compiler.finish();
        evaluate(&set.rules[0], &set.fields, &event)
    };
    let by_id = "[11111111-1111-4111-8111-111111111111]";
    assert!(!fires(filter(by_id, "not own"), json!({"f": "a", "User": "scanner"})));
    assert!(fires(filter(by_id, "not own"), json!({"f": "a", "User": "x"})));
    assert!(fires(filter("[another]", "not own"), json!({"f": "a", "User": "scanner"})));
    assert!(!fires(filter("any", "not own"), json!({"f": "a", "User": "scanner"})));
    let positive = filter(by_id, "own");
    assert!(positive.remarks[0].remark.contains("no `not`"));
    assert!(fires(positive, json!({"f": "a", "User": "scanner"})));
}

/// A record whose values know their place in the line.
struct Spanned;

impl Record for Spanned {
    fn values<'r>(&'r self, field: FieldKey<'_>, out: &mut Vec<Value<'r>>) {
        if field.name == "Image" {
            let text = r"C:\cmd.exe";
            out.push(Value { kind: ValueKind::Str, text: text.into(), span: Some((10, 20)) });
        }
    }

    fn all_values<'r>(&'r self, out: &mut Vec<Value<'r>>) {
        self.values(FieldKey::named("Image"), out);
    }
}

#[test]
fn p19_a_match_says_which_selection_matched_which_value_at_which_bytes() {
    let text =
        file("s: {Image|endswith: '\\cmd.exe', User: null}\nk: [cmd]\nf: {Image: x}\ncondition: s and k and not f");
    let mut compiler = Compiler::default();
    compiler.add(&rule(&text).unwrap(), &[]).unwrap();
    let set = compiler.finish();
    let reading = Reading::new(&set.fields, &Spanned);
    let matched = |selection: &str, field: Option<&str>, value: Option<&str>, span: Option<(u32, u32)>| MatchedValue {
        selection: selection.to_owned(),
        field: field.map(str::to_owned),
        value: value.map(str::to_owned),
        start: span.map(|(start, _)| start),
        end: span.map(|(_, end)| end),
    };
    let evidence = set.rules[0].evidence(&reading);
    let place = Some((10, 20));
    assert_eq!(evidence.len(), 3);
    assert!(evidence.contains(&matched("s", Some("Image"), Some(r"C:\cmd.exe"), place)));
    assert!(evidence.contains(&matched("s", Some("User"), None, None)));
    assert!(evidence.contains(&matched("k", None, Some(r"C:\cmd.exe"), place)));
}

#[test]
fn p19_evidence_is_bounded_and_the_version_follows_the_content() {
    let long = "x".repeat(5_000);
    let rule_text = file("s: {f|contains: x}\ncondition: s");
    let read = rule(&rule_text).unwrap();
    let mut compiler = Compiler::default();
    compiler.add(&read, &[]).unwrap();
    let set = compiler.finish();
    let many: Vec<String> = (0..500).map(|n| format!("{n}{long}")).collect();
    let record = wardwatch_predicate::JsonRecord::new(json!({ "f": many }));
    let evidence = set.rules[0].evidence(&Reading::new(&set.fields, &record));
    assert_eq!(evidence.len(), wardwatch_limits::EVIDENCE_MATCHES);
    assert!(evidence.iter().all(|m| m.value.as_ref().unwrap().len() <= wardwatch_limits::EVIDENCE_VALUE_BYTES));
    let version = |text: &str| rule(text).unwrap().about.version;
    assert_eq!(version(&rule_text), version(&format!("# a comment\n{rule_text}")));
    assert_ne!(version(&rule_text), version(&rule_text.replace("x}", "y}")));
    assert_ne!(version(&rule_text), version(&rule_text.replace("f|contains: x", "f|contains: 'x'")));
}

#[test]
fn a_reading_of_hundreds_of_fields_asks_for_each_once() {
    struct Counted(std::cell::Cell<usize>);
    impl Record for Counted {
        fn values<'r>(&'r self, field: FieldKey<'_>, out: &mut Vec<Value<'r>>) {
            self.0.set(self.0.get() + 1);
            let text = format!("{}={}", field.number, field.name).into();
            out.push(Value { kind: ValueKind::Str, text, span: None });
        }
        fn all_values<'r>(&'r self, _: &mut Vec<Value<'r>>) {}
    }
    let names: Vec<String> = (0..300).map(|number| format!("f{number}")).collect();
    let record = Counted(Default::default());
    let reading = Reading::new(&names, &record);
    for number in [0, 31, 32, 33, 299, 33, 0] {
        assert_eq!(reading.field(number)[0].text(), format!("{number}=f{number}"));
    }
    assert!(reading.field(300).is_empty() && reading.field(u32::MAX).is_empty());
    assert_eq!(record.0.get(), 5);
}
