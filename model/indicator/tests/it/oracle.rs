//! The index against a reading that looks at every row.

use crate::{now, row};
use proptest::prelude::*;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use wardwatch_indicator::{Index, Kind, Row};

/// What the longest or narrowest matching row would be, by hand.
fn slowly(rows: &[Row], kind: Kind, text: &str) -> Option<String> {
    match kind {
        Kind::Domain => {
            let name = text.trim_end_matches('.').to_lowercase();
            let holds = |r: &&Row| name == r.value || name.ends_with(&format!(".{}", r.value));
            let domains = rows.iter().filter(|r| r.kind == Kind::Domain).filter(holds);
            domains.max_by_key(|r| r.value.len()).map(|r| r.value.clone())
        }
        _ => {
            let address: IpAddr = text.parse().ok()?;
            if rows.iter().any(|r| r.kind == Kind::Address && r.value.parse() == Ok(address)) {
                return Some(address.to_string());
            }
            let inside = |r: &&Row| {
                let (net, prefix) = r.value.split_once('/').unwrap();
                let prefix: u32 = prefix.parse().unwrap();
                match (net.parse::<IpAddr>().unwrap(), address) {
                    (IpAddr::V4(n), IpAddr::V4(a)) => {
                        u64::from(u32::from(n)) >> (32 - prefix) == u64::from(u32::from(a)) >> (32 - prefix)
                    }
                    (IpAddr::V6(n), IpAddr::V6(a)) => (u128::from(n) ^ u128::from(a)).leading_zeros() >= prefix,
                    _ => false,
                }
            };
            let networks = rows.iter().filter(|r| r.kind == Kind::Network).filter(inside);
            let narrowest = networks.max_by_key(|r| r.value.split_once('/').map(|(_, p)| p.parse::<u32>().unwrap()));
            narrowest.map(|r| r.value.clone())
        }
    }
}

fn names() -> impl Strategy<Value = String> {
    // Few letters, so that suffixes meet.
    proptest::collection::vec("[ab]{1,2}|abcdefgh[a-c]{0,9}", 1..5).prop_map(|labels| labels.join(".") + ".example")
}

fn v4() -> impl Strategy<Value = u32> {
    // Around two bounds of 16 bits.
    (0u32..4, any::<u16>()).prop_map(|(high, low)| 0xcb00_7000 + (high << 15) + u32::from(low & 0x83ff))
}

fn v6() -> impl Strategy<Value = u128> {
    (0u128..8, 0u128..64).prop_map(|(high, low)| (0x2001_0db8 << 96) | high << 77 | low)
}

fn rows() -> impl Strategy<Value = Row> {
    prop_oneof![
        names().prop_map(|name| row(Kind::Domain, &name)),
        v4().prop_map(|a| row(Kind::Address, &Ipv4Addr::from(a).to_string())),
        (v4(), 12u32..=32).prop_map(|(a, prefix)| {
            let net = Ipv4Addr::from(((u64::from(a) >> (32 - prefix)) << (32 - prefix)) as u32);
            row(Kind::Network, &format!("{net}/{prefix}"))
        }),
        v6().prop_map(|a| row(Kind::Address, &Ipv6Addr::from(a).to_string())),
        (v6(), 33u32..=128).prop_map(|(a, prefix)| {
            let net = Ipv6Addr::from(a >> (128 - prefix) << (128 - prefix));
            row(Kind::Network, &format!("{net}/{prefix}"))
        }),
    ]
}

proptest! {
    #[test]
    fn the_index_finds_what_every_row_says(
        rows in proptest::collection::vec(rows(), 0..60),
        asked in proptest::collection::vec(names(), 0..20),
        v4 in proptest::collection::vec(v4(), 0..20),
        v6 in proptest::collection::vec(v6(), 0..20),
    ) {
        let (index, refused) = Index::build(rows.clone());
        prop_assert_eq!(refused, []);
        for name in asked {
            prop_assert_eq!(index.lookup(Kind::Domain, &name, now()).map(|r| r.value()), slowly(&rows, Kind::Domain, &name));
        }
        let addresses = v4.into_iter().map(|a| Ipv4Addr::from(a).to_string());
        for address in addresses.chain(v6.into_iter().map(|a| Ipv6Addr::from(a).to_string())) {
            let found = index.lookup(Kind::Address, &address, now()).map(|r| r.value());
            prop_assert_eq!(found, slowly(&rows, Kind::Address, &address), "{}", address);
        }
        // Whatever was put in is found.
        for row in &rows {
            let text = row.value.split('/').next().unwrap();
            prop_assert!(index.lookup(row.kind, text, now()).is_some(), "{}", row.value);
        }
    }

    #[test]
    fn any_text_is_read_without_a_panic(text in "\\PC{0,60}", file in proptest::collection::vec(any::<u8>(), 0..300)) {
        for kind in Kind::ALL {
            let (index, _) = Index::build([row(kind, &text)]);
            // What is taken finds itself.
            if index.figures().total() == 1 && kind != Kind::Network {
                let value = index.records().next().unwrap().value();
                prop_assert!(index.lookup(kind, &value, now()).is_some(), "{kind:?} {value}");
            }
        }
        let _ = Index::read_csv(&[&file]);
        let mut with_header = b"type,value,source,confidence\n".to_vec();
        with_header.extend_from_slice(&file);
        let _ = Index::read_csv(&[&with_header]);
    }

    #[test]
    fn urls_in_normal_form_stay_as_they_are(path in "[a-zA-Z0-9./%?&=~ -]{0,40}") {
        let (index, _) = Index::build([row(Kind::Url, &format!("http://evil.example/{path}"))]);
        let value = index.records().next().unwrap().value();
        let (again, _) = Index::build([row(Kind::Url, &value)]);
        prop_assert_eq!(again.records().next().map(|r| r.value()), Some(value));
    }
}

#[test]
fn many_values_are_all_found_and_others_are_not() {
    let name = |n: u32| format!("h{n}.d{}.example", n % 977);
    let rows = (0..200_000u32).map(|n| row(Kind::Domain, &name(n)));
    let (index, refused) = Index::build(rows);
    assert_eq!((refused.len(), index.figures().total()), (0, 200_000));
    for n in 0..200_000 {
        assert!(index.lookup(Kind::Domain, &name(n), now()).is_some(), "{n}");
        assert!(index.lookup(Kind::Domain, &name(n + 200_000), now()).is_none(), "{n}");
    }
}
