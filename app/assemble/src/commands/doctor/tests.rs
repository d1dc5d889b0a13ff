//! What the doctor says, in both languages, each with what to do.

use super::{Check, Outcome, clock, doors};
use crate::config::{Config, parse};
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::path::Path;
use wardwatch_ident::Timestamp;

fn config(text: &str) -> Config {
    parse(text, Path::new("w.toml"), &|_| None).expect("a configuration")
}

fn told(check: &Check, outcome: Outcome, words: &str) {
    assert_eq!(check.outcome, outcome, "{check:?}");
    assert!(check.found.en.contains(words) || check.next.en.contains(words), "`{words}`: {check:?}");
    let chinese = |text: &str| text.chars().any(|c| ('\u{3400}'..='\u{9fff}').contains(&c));
    for sentence in [&check.found, &check.next] {
        assert!(!chinese(&sentence.en), "{check:?}");
    }
    assert!(chinese(check.name.0) && !chinese(check.name.1));
    assert_eq!(outcome == Outcome::Good, check.next.en.is_empty(), "{check:?}");
    assert!(check.next.zh.is_empty() || chinese(&check.next.zh), "{check:?}");
}

#[test]
fn a_port_that_somebody_has_is_named_and_a_free_one_is_not() {
    let tcp = TcpListener::bind("127.0.0.1:0").expect("a port");
    let udp = UdpSocket::bind("127.0.0.1:0").expect("a port");
    let at = |a: std::io::Result<SocketAddr>| a.expect("its address");
    let (tcp_at, udp_at) = (at(tcp.local_addr()), at(udp.local_addr()));
    let text = format!(
        "page = \"127.0.0.1:0\"\n[[tenant]]\nid = \"a\"\n[[tenant.source]]\nid = \"s\"\n\
         [[listener]]\nkind = \"tcp\"\nbind = \"{tcp_at}\"\ntenant = \"a\"\nsource = \"s\"\n\
         [[listener]]\nkind = \"udp\"\nbind = \"{udp_at}\"\ntenant = \"a\"\nsource = \"s\"\n\
         [[listener]]\nkind = \"relp\"\nbind = \"192.0.2.1:2514\"\ntenant = \"a\"\nsource = \"s\"\n"
    );
    let config = config(&text);
    let checks = doors::sockets(&config, false);
    assert_eq!(checks.len(), 3, "{checks:?}");
    told(&checks[0], Outcome::Broken, &format!("ss -lnp | grep :{}", tcp_at.port()));
    told(&checks[1], Outcome::Broken, &format!("udp {udp_at}"));
    told(&checks[2], Outcome::Broken, "no such address");
    drop((tcp, udp));
    assert_eq!(doors::sockets(&config, false).len(), 1);
    told(&doors::sockets(&config, true)[0], Outcome::Good, "running server");
}

#[test]
fn a_listener_that_would_refuse_everybody_is_told() {
    let text = "[[tenant]]\nid = \"a\"\n[[tenant.source]]\nid = \"s\"\nTOKENS[[listener]]\nkind = \"http\"\nbind = \"127.0.0.1:9200\"\n";
    told(&doors::tokens(&config(&text.replace("TOKENS", "")))[0], Outcome::Mend, "wardwatch token");
    let hash = format!("tokens_sha256 = [\"{}\"]\n", "0".repeat(64));
    told(&doors::tokens(&config(&text.replace("TOKENS", &hash)))[0], Outcome::Good, "1 sources");
    assert!(doors::tokens(&config("")).is_empty());
}

#[test]
fn a_clock_that_jumped_is_told() {
    let at = |text: &str| Timestamp::parse_rfc3339(text).expect("a time");
    let now = at("2026-11-25T02:00:00Z");
    told(&clock::judge(now, None), Outcome::Good, "2026-11-25");
    told(&clock::judge(now, Some(at("2026-11-25T02:04:00Z"))), Outcome::Good, "2026-11-25");
    told(&clock::judge(now, Some(at("2026-11-25T03:00:00Z"))), Outcome::Broken, "3600 s later");
    told(&clock::judge(at("1970-01-01T00:05:00Z"), None), Outcome::Broken, "timedatectl");
}
