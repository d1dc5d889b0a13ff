//! Which rows are taken, and why others are not.

use crate::{index_of, refusal, row};
use wardwatch_indicator::{FileFault, Index, Kind, Reason, Rows};

#[test]
fn values_come_into_one_form() {
    for (kind, written, value) in [
        (Kind::Domain, "Evil[.]Example.", "evil.example"),
        (Kind::Domain, "*.evil.example", "evil.example"),
        (Kind::Domain, "evil(dot)example", "evil.example"),
        (Kind::Domain, "坏人.example", "xn--gmqz2s.example"),
        (Kind::Domain, "BÜCHER.example", "xn--bcher-kva.example"),
        (Kind::Domain, "evil。example", "evil.example"),
        (Kind::Domain, "x.github.io", "x.github.io"),
        (Kind::Address, "203[.]0[.]113[.]7", "203.0.113.7"),
        (Kind::Address, "::ffff:203.0.113.7", "203.0.113.7"),
        (Kind::Address, "2001:DB8:0:0::1", "2001:db8::1"),
        (Kind::Network, "203.0.113.0/24", "203.0.113.0/24"),
        (Kind::Network, "2001:db8::/32", "2001:db8::/32"),
        (Kind::Network, "::ffff:203.0.113.0/120", "203.0.113.0/24"),
        (Kind::Url, "hxxps://Evil[.]Example/A/./b/../c%7e?q=%2f#frag", "evil.example/A/c~?q=%2F"),
        (Kind::Url, "http://user:secret@evil.example:80", "evil.example/"),
        (Kind::Url, "https://evil.example:8443/x", "evil.example:8443/x"),
        (Kind::Url, "ftp://evil.example:21/x", "ftp://evil.example/x"),
        (Kind::Url, "http://203.0.113.7/坏", "203.0.113.7/%E5%9D%8F"),
        (Kind::Url, "http://[2001:db8::1]:8080\\x", "[2001:db8::1]:8080/x"),
        (Kind::Url, "https://github.com/a/b/raw/x.exe", "github.com/a/b/raw/x.exe"),
        (Kind::Md5, "0123456789ABCDEF0123456789ABCDEF", "0123456789abcdef0123456789abcdef"),
        (Kind::Mail, "Bad.One[at]Evil.Example", "bad.one@evil.example"),
    ] {
        let index = index_of(&[(kind, written)]);
        let values: Vec<String> = index.records().map(|r| r.value()).collect();
        assert_eq!(values, [value], "{written}");
    }
}

#[test]
fn rows_that_are_no_indicators() {
    for (kind, written, reason) in [
        (Kind::Address, "10.1.2.3", Reason::InsideAddress("private (RFC 1918)")),
        (Kind::Address, "127.0.0.1", Reason::InsideAddress("loopback")),
        (Kind::Address, "169.254.1.1", Reason::InsideAddress("link-local")),
        (Kind::Address, "224.0.0.251", Reason::InsideAddress("multicast")),
        (Kind::Address, "100.64.0.1", Reason::InsideAddress("behind a carrier (RFC 6598)")),
        (Kind::Address, "fd00::1", Reason::InsideAddress("unique local (RFC 4193)")),
        (Kind::Address, "fe80::1%eth0", Reason::InsideAddress("link-local")),
        (Kind::Address, "::ffff:10.0.0.1", Reason::InsideAddress("private (RFC 1918)")),
        (Kind::Address, "203.0.113.007", Reason::ZeroPadded),
        (Kind::Address, "203.0.113", Reason::Malformed(Kind::Address)),
        (Kind::Address, "203.0.113.256", Reason::Malformed(Kind::Address)),
        (Kind::Address, "203.0.113.7/32", Reason::Malformed(Kind::Address)),
        (Kind::Network, "203.0.113.7", Reason::Malformed(Kind::Network)),
        (Kind::Network, "203.0.113.7/24", Reason::HostBits),
        (Kind::Network, "203.0.113.0/033", Reason::Malformed(Kind::Network)),
        (Kind::Network, "192.0.0.0/4", Reason::TooWide(8)),
        (Kind::Network, "192.128.0.0/9", Reason::InsideAddress("private (RFC 1918)")),
        (Kind::Network, "10.9.0.0/16", Reason::InsideAddress("private (RFC 1918)")),
        (Kind::Network, "2000::/3", Reason::TooWide(20)),
        (Kind::Domain, "com", Reason::PublicSuffix),
        (Kind::Domain, "invented", Reason::PublicSuffix),
        (Kind::Domain, "com.cn", Reason::PublicSuffix),
        (Kind::Domain, "github.io", Reason::PublicSuffix),
        (Kind::Domain, "WWW.Baidu.com", Reason::TopDomain),
        (Kind::Domain, "printer.local", Reason::LocalName),
        (Kind::Domain, "7.113.0.203.in-addr.arpa", Reason::LocalName),
        (Kind::Domain, "203.0.113.7", Reason::Malformed(Kind::Domain)),
        (Kind::Domain, "evil..example", Reason::Malformed(Kind::Domain)),
        (Kind::Domain, "evil example.org", Reason::Malformed(Kind::Domain)),
        (Kind::Url, "/only/a/path", Reason::Malformed(Kind::Url)),
        (Kind::Url, "https://www.microsoft.com/", Reason::TopDomain),
        (Kind::Url, "http://10.0.0.1/x", Reason::InsideAddress("private (RFC 1918)")),
        (Kind::Url, "http://evil.example:99999/", Reason::Malformed(Kind::Url)),
        (Kind::Md5, "d41d8cd98f00b204e9800998ecf8427e", Reason::EmptyFile),
        (Kind::Sha256, "0123", Reason::Malformed(Kind::Sha256)),
        (Kind::Sha1, "0123456789abcdef0123456789abcdef", Reason::Malformed(Kind::Sha1)),
        (Kind::Mail, "evil.example", Reason::Malformed(Kind::Mail)),
        (Kind::Mail, "", Reason::Empty("value")),
    ] {
        assert_eq!(refusal(kind, written), Some(reason), "{written}");
    }
}

#[test]
fn an_override_lets_in_what_is_meant() {
    for (kind, written, text) in [
        (Kind::Address, "10.1.2.3", "10.1.2.3"),
        (Kind::Network, "10.0.0.0/8", "10.200.3.4"),
        (Kind::Network, "0.0.0.0/1", "10.200.3.4"),
        (Kind::Domain, "baidu.com", "www.baidu.com"),
        (Kind::Domain, "invented", "a.b.invented"),
        (Kind::Domain, "wpad.local", "wpad.local"),
        (Kind::Md5, "d41d8cd98f00b204e9800998ecf8427e", "D41D8CD98F00B204E9800998ECF8427E"),
    ] {
        let mut meant = row(kind, written);
        meant.allowed = true;
        let (index, refused) = Index::build([meant]);
        assert_eq!(refused, [], "{written}");
        assert!(index.lookup(kind, text, crate::now()).is_some(), "{written}");
    }
    let mut still_wrong = row(Kind::Address, "10.1.2.03");
    still_wrong.allowed = true;
    assert_eq!(Index::build([still_wrong]).1.pop().map(|r| r.reason), Some(Reason::ZeroPadded));
}

#[test]
fn a_file_is_read_row_by_row() {
    let file = "\u{feff}type,value,source,confidence,valid_from,expires,override,note\r\n\
        ip,203.0.113.1,feed,90,2026-01-01,2027-01-01T00:00:00+08:00,,\"a, b\"\r\n\
        ip,203.0.113.2,feed,101,,,,\r\n\
        ip,203.0.113.3,feed,90,,,,\"two\nlines\"\r\n\
        ip,203.0.113.4,feed,90,yesterday,,,\r\n\
        ip,203.0.113.5,feed,90,2027-01-01,2026-01-01,,\r\n\
        ip,203.0.113.6,feed,90,,,perhaps,\r\n\
        gadget,203.0.113.7,feed,90,,,,\r\n\
        ip,203.0.113.8\r\n\
        ip,203.0.113.9,,90,,,,\r\n\
        ip,203.0.113.10,feed,90,,2200-01-01,,\r\n\
        ip,203.0.113.11,feed,+9,,,,\r\n";
    let (index, refused) = Index::read_csv(&[file.as_bytes()]).unwrap();
    let found: Vec<(u64, Reason)> = refused.into_iter().map(|r| (r.row, r.reason)).collect();
    assert_eq!(
        found,
        [
            (3, Reason::Confidence("101".into())),
            (6, Reason::Time { cell: "valid_from" }),
            (7, Reason::Never),
            (8, Reason::Override("perhaps".into())),
            (9, Reason::UnknownType("gadget".into())),
            (10, Reason::Cells { found: 2, expected: 8 }),
            (11, Reason::Empty("source")),
            (12, Reason::Time { cell: "expires" }),
            (13, Reason::Confidence("+9".into())),
        ]
    );
    assert_eq!(index.figures().total(), 2);
    assert_eq!(index.figures().refused, 9);
}

#[test]
fn files_that_are_refused_whole() {
    for (file, fault) in [
        ("", FileFault::NoHeader),
        ("type,value,source\n", FileFault::Missing("confidence")),
        ("type,value,source,confidence,score\n", FileFault::UnknownColumn("score".into())),
        ("type,value,source,confidence,type\n", FileFault::Twice("type".into())),
    ] {
        assert_eq!(Rows::read(file.as_bytes()).err(), Some(fault), "{file}");
    }
}

#[test]
fn bytes_that_are_no_text_and_cells_without_end() {
    let mut file = b"type,value,source,confidence\nip,\xff\xfe,feed,1\ndomain,".to_vec();
    file.extend(std::iter::repeat_n(b'a', 1 << 20));
    file.extend_from_slice(b",feed,1\nip,203.0.113.1,feed,1\nip,\"203.0.113.2,feed,1\nip,203.0.113.3,feed,1\n");
    let (index, refused) = Index::read_csv(&[&file]).unwrap();
    let reasons: Vec<Reason> = refused.into_iter().map(|r| r.reason).collect();
    assert_eq!(
        reasons,
        [
            Reason::NotText,
            Reason::TooLong { cell: "value", bytes: wardwatch_limits::INDICATOR_CELL_BYTES },
            // The quote that never ends takes the rest of the file.
            Reason::Cells { found: 2, expected: 4 },
        ]
    );
    assert_eq!(index.figures().total(), 1);
}

#[test]
fn refusals_are_counted_beyond_those_listed() {
    let rows = (0..5_000).map(|n| row(Kind::Address, &format!("10.0.{}.{}", n / 250, n % 250)));
    let (index, refused) = Index::build(rows);
    assert_eq!((refused.len(), index.figures().refused), (wardwatch_limits::INDICATOR_REFUSALS, 5_000));
    assert!(refused.iter().all(|r| !r.reason.chinese().is_empty() && !r.reason.to_string().is_empty()));
}

#[test]
fn a_value_has_one_record_a_source_and_not_too_many() {
    let rows = (0..100u32).map(|n| {
        let mut one = row(Kind::Domain, "evil.example");
        one.number = u64::from(n);
        one.source = format!("feed-{}", n / 2);
        one.confidence = (n % 50) as u8;
        one
    });
    let (index, refused) = Index::build(rows);
    let most = wardwatch_limits::INDICATOR_SOURCES_PER_VALUE;
    assert_eq!((index.figures().total(), index.figures().replaced), (most, most));
    assert_eq!(refused.len(), 100 - 2 * most);
    let best = index.records().map(|r| r.confidence()).max();
    let found = index.lookup(Kind::Domain, "evil.example", crate::now()).unwrap();
    assert_eq!(Some(found.confidence()), best);
}
