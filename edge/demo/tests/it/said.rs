//! What the devices say.

use std::collections::HashSet;
use std::net::Ipv4Addr;
use wardwatch_demo::{Device, HOSPITALS, Hospital, Source, lines};
use wardwatch_ident::Timestamp;

const SEED: u64 = 7;
const RATE: u64 = 120;

fn now(second: u64) -> Timestamp {
    Timestamp::parse_rfc3339("2026-11-25T02:00:00Z").unwrap().plus_micros(second as i64 * 1_000_000)
}

fn sources() -> impl Iterator<Item = (&'static Hospital, &'static Source)> {
    HOSPITALS.iter().flat_map(|h| h.sources.iter().map(move |s| (h, s)))
}

fn rate_milli(source: &Source) -> u64 {
    let parts: u32 = sources().map(|(_, s)| s.weight).sum();
    RATE * 1_000 * u64::from(source.weight) / u64::from(parts)
}

fn said(hospital: &Hospital, source: &Source, seconds: std::ops::Range<u64>) -> Vec<Vec<u8>> {
    seconds.flat_map(|s| lines(hospital, source, s, rate_milli(source), SEED, now(s))).collect()
}

fn text(hospital: &str, source: &str) -> String {
    let (h, s) = sources().find(|(h, s)| h.slug == hospital && s.slug == source).unwrap();
    let bytes = said(h, s, 0..200).join(&b'\n');
    if s.device == Device::Bastion {
        encoding_rs::GBK.decode(&bytes).0.into_owned()
    } else {
        String::from_utf8(bytes).unwrap()
    }
}

#[test]
fn the_same_second_says_the_same_and_another_seed_something_else() {
    for (h, s) in sources() {
        let at = |second, seed| lines(h, s, second, 20_000, seed, now(second));
        assert_eq!(at(33, 1), at(33, 1), "{} {}", h.slug, s.slug);
        assert_ne!(at(33, 1), at(33, 2), "{} {}", h.slug, s.slug);
        assert_ne!(at(33, 1), at(34, 1), "{} {}", h.slug, s.slug);
    }
}

#[test]
fn every_source_speaks_in_lines_of_its_format() {
    for (h, s) in sources() {
        let all = said(h, s, 0..200);
        assert!(all.len() > 15, "{} {}: {}", h.slug, s.slug, all.len());
        let distinct: HashSet<&Vec<u8>> = all.iter().collect();
        // nginx has no identifier in its lines: two visitors may do the same in the same second.
        let same_allowed =
            if matches!(s.device, Device::Nginx | Device::Vpn | Device::Bastion) { all.len() / 5 } else { 0 };
        assert!(distinct.len() + same_allowed >= all.len(), "{} {} repeats itself", h.slug, s.slug);
        for line in &all {
            assert!(!line.contains(&b'\n') && !line.is_empty() && line.len() < 4_096);
            match s.device {
                Device::Bastion => {}
                Device::Windows | Device::Suricata | Device::His | Device::HisZh => {
                    assert!(serde_json::from_slice::<serde_json::Value>(line).unwrap().is_object());
                }
                _ => assert!(std::str::from_utf8(line).is_ok()),
            }
        }
    }
}

#[test]
fn the_bastion_writes_gbk() {
    let (h, s) = sources().find(|(_, s)| s.device == Device::Bastion).unwrap();
    let line = said(h, s, 66..67).pop().unwrap();
    assert!(std::str::from_utf8(&line).is_err());
    assert!(encoding_rs::GBK.decode(&line).0.contains("event=命令越权"));
}

#[test]
fn the_rate_is_about_what_was_asked() {
    let total: usize = sources().map(|(h, s)| said(h, s, 200..500).len()).sum();
    let wanted = RATE as usize * 300;
    assert!(total.abs_diff(wanted) < wanted / 10, "{total} lines instead of about {wanted}");
}

/// What the rules under `content/detections` look for.
#[test]
fn the_story_is_told_within_three_minutes() {
    for (hospital, source, words) in [
        ("qinghe", "web", &["${jndi:", "UNION%20SELECT", "etc/passwd"][..]),
        ("qinghe", "waf", &["sql_injection", "\"action\":\"deny\""]),
        ("qinghe", "ips", &["README_RECOVER", "\"app_proto\":\"smb\"", "LOCAL Log4j"]),
        ("qinghe", "his", &["医生用药排名统计", "\"row_count\":52000", "\"action\":\"grant\"", "203.0.113.66"]),
        ("qinghe", "dbaudit", &["drug_presc_detail", "group by ordered_by", "record_rows=52000", "plsqldev"]),
        ("qinghe", "bastion", &["event=命令越权", "rm -rf /u01/backup"]),
        (
            "qinghe",
            "windows",
            &[
                "-enc SQBF",
                r"WINWORD.EXE",
                "lsass.exe",
                "0x1410",
                "\"EventID\":4625",
                "PSEXESVC",
                "vssadmin.exe delete shadows /all /quiet",
                "\"EventID\":1102",
            ],
        ),
        ("qinghe", "fw", &["Backdoor.Cobalt.Strike", "action=\"deny\""]),
        (
            "wangshu",
            "vpn",
            &["用户:admin", "描述:用户名或密码错误", "描述:帐号已锁定", "用户:vendor-lis, IP地址:203.0.113.66"],
        ),
        ("wangshu", "usg", &["MS17-010", "Action=Block"]),
        ("wangshu", "sip", &["影像科", "\"attack_state\":\"失陷\"", "|!secalert|!"]),
        ("wangshu", "his", &["\"操作类型\":\"导出\"", "\"记录数\":8400"]),
        ("yunqi", "lis", &["Failed password for root from 203.0.113.66", "/etc/shadow"]),
    ] {
        let all = text(hospital, source);
        for word in words {
            assert!(all.contains(word), "{hospital} {source} never says {word}");
        }
    }
}

#[test]
fn an_ordinary_day_stays_ordinary() {
    for (hospital, source, word) in [
        ("wangshu", "vpn", "帐号已锁定"),
        ("qinghe", "windows", "vssadmin"),
        ("qinghe", "dbaudit", "drug_presc"),
        ("qinghe", "bastion", "rm -rf"),
    ] {
        let (h, s) = sources().find(|(h, s)| h.slug == hospital && s.slug == source).unwrap();
        let quiet = String::from_utf8_lossy(&said(h, s, 200..600).join(&b'\n')).into_owned();
        assert!(!quiet.contains(word), "{hospital} {source} says {word} on an ordinary day");
    }
}

#[test]
fn only_private_and_documentation_addresses_are_named() {
    let allowed = |ip: Ipv4Addr| ip.is_private() || ip.is_documentation() || ip.is_loopback() || ip.is_unspecified();
    for (h, s) in sources() {
        for line in said(h, s, 0..200) {
            let line = String::from_utf8_lossy(&line).into_owned();
            for word in line.split(|c: char| !c.is_ascii_digit() && c != '.') {
                if let Ok(ip) = word.trim_matches('.').parse::<Ipv4Addr>() {
                    // Software versions with four parts are not addresses: browsers' agents have them.
                    let version = line.contains(&format!("Chrome/{ip}"));
                    assert!(allowed(ip) || version, "{} {} names {ip}: {line}", h.slug, s.slug);
                }
            }
        }
    }
}

/// The one query that readers are given everywhere.
const EXAMPLE: &str = r#"host:PACS01* AND dst_ip:10.0.0.0/8 AND "hisapp""#;

#[test]
fn the_query_that_every_document_shows_finds_something_within_half_a_minute() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    for path in [
        "README.md",
        "README.zh-CN.md",
        "docs/book/en/searching.md",
        "docs/book/zh/searching.md",
        "edge/api/page/index.html",
        "edge/api/src/codes.rs",
        "edge/cli/src/args.rs",
    ] {
        let text = std::fs::read_to_string(root.join(path)).unwrap().replace(r#"\""#, "\"");
        assert!(text.contains(EXAMPLE), "{path} shows another query");
    }
    let (h, s) = sources().find(|(h, s)| h.slug == "qinghe" && s.slug == "windows").unwrap();
    let found = said(h, s, 0..30).into_iter().filter(|line| {
        let event: serde_json::Value = serde_json::from_slice(line).unwrap();
        let text = |path: &str| event.pointer(path).and_then(|v| v.as_str()).unwrap_or_default().to_owned();
        text("/Event/System/Computer").starts_with("PACS01")
            && text("/Event/EventData/DestinationIp").starts_with("10.")
            && String::from_utf8_lossy(line).contains("hisapp")
    });
    assert!(found.count() > 3, "the demo does not say what the documents search for");
}
