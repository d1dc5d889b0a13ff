//! What is found, when, and what hostile values cost.

use crate::{at, index_of, now, row};
use wardwatch_indicator::{Index, Kind, PROBES, Probe, probe_of};

fn sample() -> Index {
    index_of(&[
        (Kind::Address, "203.0.113.7"),
        (Kind::Address, "2001:db8::7"),
        (Kind::Network, "198.51.100.0/24"),
        (Kind::Network, "2001:db8:bad::/48"),
        (Kind::Domain, "evil.example"),
        (Kind::Domain, "xn--bcher-kva.example"),
        (Kind::Url, "http://shop.example/a?b=1"),
        (Kind::Url, "http://shop.example/drop"),
        (Kind::Md5, "0123456789abcdef0123456789abcdef"),
        (Kind::Sha1, "0123456789abcdef0123456789abcdef01234567"),
        (Kind::Sha256, "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"),
        (Kind::Mail, "bad@mail.example"),
    ])
}

#[test]
fn lookups() {
    let index = sample();
    for (kind, text, found) in [
        (Kind::Address, "203.0.113.7", Some("203.0.113.7")),
        (Kind::Address, "203.0.113.8", None),
        (Kind::Address, "::ffff:203.0.113.7", Some("203.0.113.7")),
        (Kind::Address, "198.51.100.255", Some("198.51.100.0/24")),
        (Kind::Address, "198.51.101.0", None),
        (Kind::Address, "198.51.99.255", None),
        (Kind::Address, "2001:DB8::0007", Some("2001:db8::7")),
        (Kind::Address, "2001:db8:bad:1::1", Some("2001:db8:bad::/48")),
        (Kind::Address, "2001:db8:bae::1", None),
        (Kind::Address, "203.0.113.07", None),
        (Kind::Address, "", None),
        (Kind::Domain, "evil.example", Some("evil.example")),
        (Kind::Domain, "a.b.EVIL.example.", Some("evil.example")),
        (Kind::Domain, "notevil.example", None),
        (Kind::Domain, "example", None),
        (Kind::Domain, "evil.example.org", None),
        (Kind::Domain, "www.bücher.example", Some("xn--bcher-kva.example")),
        (Kind::Domain, "www.BÜCHER。example", Some("xn--bcher-kva.example")),
        (Kind::Url, "https://SHOP.example:443/a?b=1#top", Some("shop.example/a?b=1")),
        (Kind::Url, "shop.example/drop?x=y", Some("shop.example/drop")),
        (Kind::Url, "http://shop.example/DROP", None),
        (Kind::Md5, "0123456789ABCDEF0123456789abcdef", Some("0123456789abcdef0123456789abcdef")),
        (Kind::Md5, "0123456789abcdef0123456789abcdeg", None),
        (Kind::Sha1, "0123456789abcdef0123456789abcdef", None),
        (Kind::Mail, "BAD@mail.example", Some("bad@mail.example")),
    ] {
        let record = index.lookup(kind, text, now());
        assert_eq!(record.map(|r| r.value()).as_deref(), found, "{text}");
    }
}

#[test]
fn fields_of_an_event() {
    let index = sample();
    for (column, text, found) in [
        ("dst_ip", "203.0.113.7", &[("203.0.113.7", "203.0.113.7")][..]),
        ("host_ip", "203.0.113.7", &[]),
        ("url_host", "www.evil.example:8080", &[("evil.example", "www.evil.example:8080")]),
        ("url_host", "[2001:db8::7]:443", &[("2001:db8::7", "[2001:db8::7]:443")]),
        ("sni", "203.0.113.7", &[("203.0.113.7", "203.0.113.7")]),
        (
            "dns_answers",
            "192.0.2.1;203.0.113.7 evil.example",
            &[("203.0.113.7", "203.0.113.7"), ("evil.example", "evil.example")],
        ),
        ("url", "http://203.0.113.7/x", &[("203.0.113.7", "http://203.0.113.7/x")]),
        ("url", "/drop", &[]),
        ("referrer", "http://a.evil.example/", &[("evil.example", "http://a.evil.example/")]),
        (
            "Hashes",
            "SHA1=0000000000000000000000000000000000000001,MD5=0123456789ABCDEF0123456789ABCDEF",
            &[("0123456789abcdef0123456789abcdef", "0123456789ABCDEF0123456789ABCDEF")],
        ),
        (
            "mail_to",
            "\"A, B\" <bad@mail.example>, c@sub.evil.example",
            &[("bad@mail.example", "bad@mail.example"), ("evil.example", "c@sub.evil.example")],
        ),
    ] {
        let mut hits = Vec::new();
        if let Some(probe) = probe_of(column) {
            index.probe(probe, text, now(), &mut |record, part| hits.push((record.value(), part.to_owned())));
        }
        let found: Vec<_> = found.iter().map(|(v, p)| ((*v).to_owned(), (*p).to_owned())).collect();
        assert_eq!(hits, found, "{column} {text}");
    }
    let path = index.lookup_path("shop.example:80", "/drop?x", now());
    assert_eq!(path.map(|r| r.value()).as_deref(), Some("shop.example/drop"));
}

#[test]
fn every_probed_column_exists() {
    let native = ["sha1", "Hashes"];
    for (column, _) in PROBES {
        assert!(native.contains(column) || wardwatch_schema::find_column(column).is_some(), "{column}");
    }
}

#[test]
fn validity_is_judged_by_reception() {
    let timed = |value: &str, from: Option<&str>, until: Option<&str>, confidence: u8| {
        let mut one = row(if value.contains('/') { Kind::Network } else { Kind::Domain }, value);
        one.source = format!("feed-{confidence}");
        one.valid_from = from.map(at);
        one.expires = until.map(at);
        one.confidence = confidence;
        one
    };
    let (index, refused) = Index::build([
        timed("evil.example", None, Some("2026-06-01T00:00:00Z"), 90),
        timed("evil.example", Some("2026-01-01T00:00:00Z"), Some("2027-01-01T00:00:00Z"), 50),
        timed("deep.evil.example", Some("2026-11-01T00:00:00Z"), None, 10),
        timed("203.0.113.0/24", None, None, 20),
        timed("203.0.113.0/25", None, Some("2026-06-01T00:00:00Z"), 30),
        timed("203.0.113.0/25", None, Some("2026-03-01T00:00:00Z"), 95),
    ]);
    assert_eq!(refused, []);
    for (kind, text, when, confidence) in [
        (Kind::Domain, "evil.example", "2025-01-01T00:00:00Z", Some(90)),
        (Kind::Domain, "evil.example", "2026-05-31T23:59:59Z", Some(90)),
        (Kind::Domain, "evil.example", "2026-06-01T00:00:00Z", Some(50)),
        (Kind::Domain, "evil.example", "2027-01-01T00:00:00Z", None),
        (Kind::Domain, "x.deep.evil.example", "2026-10-31T23:59:59Z", Some(50)),
        (Kind::Domain, "x.deep.evil.example", "2026-11-01T00:00:00Z", Some(10)),
        (Kind::Address, "203.0.113.1", "2026-01-01T00:00:00Z", Some(95)),
        (Kind::Address, "203.0.113.1", "2026-04-01T00:00:00Z", Some(30)),
        (Kind::Address, "203.0.113.1", "2026-07-01T00:00:00Z", Some(20)),
        (Kind::Address, "203.0.113.200", "2026-01-01T00:00:00Z", Some(20)),
        (Kind::Domain, "evil.example", "1960-01-01T00:00:00Z", Some(90)),
        (Kind::Domain, "x.deep.evil.example", "2199-01-01T00:00:00Z", Some(10)),
    ] {
        assert_eq!(index.lookup(kind, text, at(when)).map(|r| r.confidence()), confidence, "{text} {when}");
    }
}

#[test]
fn hostile_values_find_nothing_and_end() {
    let index = sample();
    let long = 1 << 20;
    let values = [
        "a".repeat(long),
        ".".repeat(long),
        "a.".repeat(10_000) + "evil.example",
        "1.".repeat(10_000),
        ":".repeat(long),
        "[".repeat(long),
        "%".repeat(long),
        "http://".to_owned() + &"a".repeat(long),
        "http://shop.example/".to_owned() + &"../".repeat(long / 3),
        "@".repeat(long),
        "坏".repeat(long / 3),
        "坏。".repeat(10_000),
        "0".repeat(long),
        ",".repeat(long),
        "\0".repeat(300),
        "255.255.255.255".to_owned(),
        "ffff:".repeat(8),
    ];
    for value in &values {
        for kind in Kind::ALL {
            assert!(index.lookup(kind, value, now()).is_none(), "{kind:?}");
        }
        for probe in [Probe::Address, Probe::Host, Probe::Hosts, Probe::Url, Probe::Digest, Probe::Digests, Probe::Mail]
        {
            index.probe(probe, value, now(), &mut |record, _| panic!("{probe:?} found {record:?}"));
        }
    }
    // The start of a long URL is still known.
    let long = format!("http://shop.example/drop?{}", "x".repeat(1 << 20));
    assert!(index.lookup(Kind::Url, &long, now()).is_some());
    let whole = format!("http://a.evil.example/{}", "x".repeat(1 << 20));
    let mut hits = 0;
    index.probe(Probe::Url, &whole, now(), &mut |_, _| hits += 1);
    assert_eq!(hits, 1);
}

#[test]
fn an_empty_index_finds_nothing() {
    let index = Index::default();
    for kind in Kind::ALL {
        assert!(index.lookup(kind, "203.0.113.7", now()).is_none());
    }
    assert_eq!(index.figures().total(), 0);
    fn shared<T: Send + Sync>(_: &T) {}
    shared(&index);
}
