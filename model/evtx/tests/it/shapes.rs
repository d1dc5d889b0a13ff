//! What templates and values of each kind become, against text written down here and against the crate.

use crate::made::{DEFINITION, STREAM, Stream, chunk, defined, instance, json, optional, record, slot, text, utf16};
use crate::recorded::oracle;

/// The text is what is expected, and what the crate gives.
fn check(stream: &[u8], expect: &str) {
    assert_eq!(json(stream), expect);
    let (_, theirs) = oracle(&chunk(&[record(1, stream)]));
    assert_eq!(String::from_utf8_lossy(&theirs[0].1), expect, "the crate");
}

#[test]
fn values_of_every_type() {
    let sid: &[u8] = &[1, 2, 0, 0, 0, 0, 0, 5, 32, 0, 0, 0, 32, 2, 0, 0];
    let guid: &[u8] = &[0x33, 0x22, 0x11, 0x00, 0x55, 0x44, 0x77, 0x66, 0x88, 0x99, 0xAA, 0xBB, 0xCC, 0xDD, 0xEE, 0xFF];
    let time = 132_223_104_001_234_567u64.to_le_bytes();
    let system: &[u8] = &[0xE4, 7, 2, 0, 3, 0, 29, 0, 23, 0, 59, 0, 58, 0, 0xE7, 3];
    let wide = utf16("a\"b\\c\n\u{1}路径\u{1F600}");
    let cases: &[(u8, &[u8], &str)] = &[
        (0x00, b"", "null"),
        (0x01, &wide, r#""a\"b\\c\n\u0001路径😀""#),
        (0x01, &[0x3D, 0xD8, b'x', 0], r#""x""#),
        (0x01, &[b'x', 0, 0, 0, b'y', 0], r#""x""#),
        (0x01, &[0, 0, b'y', 0], "null"),
        (0x02, b"plain\0", r#""plain""#),
        (0x02, b"caf\xE9", r#""café""#),
        (0x03, &[0x80], "-128"),
        (0x04, &[0x80], "128"),
        (0x05, &[0, 0x80], "-32768"),
        (0x06, &[0xFF, 0xFF], "65535"),
        (0x07, &[0xFF; 4], "-1"),
        (0x08, &[0xFF; 4], "4294967295"),
        (0x09, &i64::MIN.to_le_bytes(), "-9223372036854775808"),
        (0x0A, &[0xFF; 8], "18446744073709551615"),
        (0x0B, &1.5f32.to_le_bytes(), r#""1.5""#),
        (0x0C, &(-0.1f64).to_le_bytes(), r#""-0.1""#),
        (0x0D, &[1, 0, 0, 0], "true"),
        (0x0D, &[0; 4], "false"),
        (0x0E, &[0xDE, 0xAD, 0x01], r#""DEAD01""#),
        (0x0E, b"", "null"),
        (0x0F, guid, r#""00112233-4455-6677-8899-AABBCCDDEEFF""#),
        (0x10, &[0x10, 0, 0, 0], r#""0x10""#),
        (0x10, &[0; 8], r#""0x0""#),
        (0x11, &time, r#""2020-01-01T00:00:00.123456Z""#),
        (0x11, &[0; 8], r#""1601-01-01T00:00:00.000000Z""#),
        (0x12, system, r#""2020-02-29T23:59:58.999000Z""#),
        (0x12, &[0; 16], r#""1601-01-01T00:00:00.000000Z""#),
        (0x13, sid, r#""S-1-5-32-544""#),
        (0x14, &[0xEF, 0xBE, 0xAD, 0xDE], r#""0xdeadbeef""#),
        (0x15, &[0, 0, 0, 0, 1, 0, 0, 0x80], r#""0x8000000100000000""#),
    ];
    for (kind, bytes, expect) in cases {
        let stream = defined(|s| s.open("Event", &[]).element("Value", &[], &slot(0)).close(), &[(*kind, bytes)]);
        check(&stream, &format!(r#"{{"Event":{{"Value":{expect}}}}}"#));
    }
}

#[test]
fn what_the_crate_refuses_is_kept() {
    let cases: &[(u8, &[u8], &str)] = &[
        // Behind the year 9999, a month of 13, too short, a handle.
        (0x11, &[0xFF; 8], r#""18446744073709551615""#),
        (0x12, &[0xE4, 7, 13, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0], r#""2020-13-01T00:00:00.000000Z""#),
        (0x08, &[7, 0], "7"),
        (0x08, &[], "null"),
        (0x20, &[1, 2], r#""0102""#),
        (0x02, "中文".as_bytes(), r#""中文""#),
    ];
    for (kind, bytes, expect) in cases {
        let stream = defined(|s| s.open("Event", &[]).element("Value", &[], &slot(0)).close(), &[(*kind, bytes)]);
        assert_eq!(json(&stream), format!(r#"{{"Event":{{"Value":{expect}}}}}"#));
    }
}

#[test]
#[allow(clippy::too_many_lines, clippy::type_complexity, reason = "a table of cases")]
fn elements_attributes_and_names() {
    type Build = fn(Stream) -> Stream;
    let cases: &[(Build, &[(u8, &[u8])], &str)] = &[
        (|s| s.open("Event", &[("xmlns", &text("u"))]).close(), &[], r##"{"#attributes":{"xmlns":"u"}}"##),
        (|s| s.open("Event", &[("a", &optional(0))]).close(), &[(0x01, b"")], "null"),
        (
            |s| s.open("Event", &[("a", &slot(0)), ("b", &slot(1))]).close(),
            &[(0x00, b""), (0x04, &[9])],
            r##"{"#attributes":{"b":9}}"##,
        ),
        (
            |s| s.open("Event", &[]).element("E", &[("q", &optional(0))], &optional(1)).close(),
            &[(0x06, &[1, 0]), (0x06, &[2, 0])],
            r##"{"E":{"#attributes":{"q":1},"#text":2}}"##,
        ),
        (
            |s| s.open("Event", &[]).element("E", &[("q", &optional(0))], &optional(1)).close(),
            &[(0x00, b""), (0x06, &[2, 0])],
            r#"{"E":2}"#,
        ),
        (
            |s| {
                s.open("Event", &[])
                    .element("E", &[], &text("x"))
                    .element("E", &[], &slot(0))
                    .element("E", &[], b"")
                    .close()
            },
            &[(0x04, &[1])],
            r#"{"E":"x","E_1":1,"E_2":null}"#,
        ),
        (
            |s| s.open("Event", &[]).element("E", &[], &[text("a"), slot(0), text("b")].concat()).close(),
            &[(0x04, &[1])],
            r#"{"E":"a1b"}"#,
        ),
        (
            |s| {
                s.open("Event", &[])
                    .open("EventData", &[])
                    .element("Data", &[("Name", &text("A"))], &slot(0))
                    .element("Data", &[("Name", &text("B"))], &optional(1))
                    .close()
                    .close()
            },
            &[(0x04, &[1]), (0x00, b"")],
            r#"{"EventData":{"A":1,"B":""}}"#,
        ),
        (
            |s| {
                s.open("Event", &[])
                    .open("EventData", &[])
                    .element("Data", &[("Name", &slot(0))], &slot(1))
                    .close()
                    .close()
            },
            &[(0x01, &[b'N', 0]), (0x04, &[1])],
            r#"{"EventData":{"N":1}}"#,
        ),
        (
            |s| {
                s.open("Event", &[])
                    .open("EventData", &[])
                    .element("Data", &[], &slot(0))
                    .element("Binary", &[], &slot(1))
                    .close()
                    .close()
            },
            &[(0x04, &[1]), (0x0E, &[2])],
            r##"{"EventData":{"Data":{"#text":1},"Binary":"02"}}"##,
        ),
        (
            |s| {
                s.open("Event", &[])
                    .open("EventData", &[])
                    .element("Data", &[], &slot(0))
                    .element("Data", &[], &slot(1))
                    .close()
                    .close()
            },
            &[(0x04, &[1]), (0x00, b"")],
            r##"{"EventData":{"Data":{"#text":[1,""]}}}"##,
        ),
        // Lists: repeated elements, one item, an empty item, in other elements, two lists.
        (
            |s| s.open("Event", &[]).open("EventData", &[]).element("Data", &[], &slot(0)).close().close(),
            &[(0x81, &[b'a', 0, 0, 0, 0, 0, b'b', 0, 0, 0])],
            r##"{"EventData":{"Data":{"#text":["a","","b"]}}}"##,
        ),
        (
            |s| s.open("Event", &[]).open("EventData", &[]).element("Data", &[], &slot(0)).close().close(),
            &[(0x81, &[b'a', 0, 0, 0])],
            r##"{"EventData":{"Data":{"#text":"a"}}}"##,
        ),
        (
            |s| s.open("Event", &[]).open("X", &[]).element("I", &[], &slot(0)).close().close(),
            &[(0x86, &[1, 0, 2, 0])],
            r#"{"X":{"I":1,"I_1":2}}"#,
        ),
        (
            |s| s.open("Event", &[]).open("X", &[]).element("I", &[("n", &slot(1))], &slot(0)).close().close(),
            &[(0x84, &[1, 2]), (0x84, &[7, 8])],
            r##"{"X":{"I":{"#attributes":{"n":7},"#text":1},"I_1":{"#attributes":{"n":8},"#text":1},"I_2":{"#attributes":{"n":7},"#text":2},"I_3":{"#attributes":{"n":8},"#text":2}}}"##,
        ),
    ];
    for (build, values, expect) in cases {
        check(&defined(*build, values), &format!(r#"{{"Event":{expect}}}"#));
    }
}

/// `Event` with an element and, beside it, what the value brings: an instance of a second template.
fn nested(root: &str, build: impl FnOnce(Stream) -> Stream, values: &[(u8, &[u8])]) -> Vec<u8> {
    let outer = |s: Stream| s.open("Event", &[]).element("System", &[], &text("s")).raw(&optional(0)).close();
    // Where the inner definition will stand: behind the outer one, its head, its count and one size.
    let outer_len = outer(Stream::template(DEFINITION + 24)).end().len();
    let at = DEFINITION + 24 + outer_len + 4 + 4 + 4 + 10;
    let definition = build(Stream::template(at + 24).open(root, &[])).close().end();
    let inner = [&[0x0F, 1, 1, 0], &instance(at as u32, Some(&definition), values)[..], &[0]].concat();
    defined(outer, &[(0x21, &inner)])
}

#[test]
fn templates_in_values() {
    let data = |s: Stream| s.element("Data", &[("Name", &text("A"))], &slot(0));
    check(&nested("EventData", data, &[(0x04, &[1])]), r#"{"Event":{"System":"s","EventData":{"A":1}}}"#);
    // The name that is there already gets a number.
    check(
        &nested("System", data, &[(0x04, &[1])]),
        r##"{"Event":{"System":"s","System_1":{"Data":{"#attributes":{"Name":"A"},"#text":1}}}}"##,
    );
    // Elements without a template in a value.
    let plain = |at: usize| {
        Stream::plain(at)
            .raw(&[0x0F, 1, 1, 0])
            .open("EventData", &[])
            .element("Data", &[("Name", &text("A"))], &text("x"))
            .close()
            .end()
    };
    let outer = |s: Stream| s.open("Event", &[]).element("System", &[], &text("s")).raw(&optional(0)).close();
    let at = DEFINITION + 24 + outer(Stream::template(DEFINITION + 24)).end().len() + 4 + 4;
    check(&defined(outer, &[(0x21, &plain(at))]), r#"{"Event":{"System":"s","EventData":{"A":"x"}}}"#);
    // Nothing in the value, and a record without a template.
    check(&defined(outer, &[(0x00, b"")]), r#"{"Event":{"System":"s"}}"#);
    let whole =
        Stream::plain(STREAM).raw(&[0x0F, 1, 1, 0]).open("Event", &[]).element("A", &[], &text("x")).close().end();
    check(&whole, r#"{"Event":{"A":"x"}}"#);
}
