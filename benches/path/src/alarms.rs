//! Alarms that an ordinary day of the demo does not hold: what an IDS and a web firewall report all day long.

use wardwatch_ident::{Timestamp, Zone};
use wardwatch_measure::Dice;

const SIGNATURES: &[&str] = &[
    "LOCAL scan of a management port",
    "LOCAL SQL statement in a query string",
    "LOCAL name of a control server asked for",
    "LOCAL brute force against a remote desktop",
    "LOCAL directory traversal in a request",
    "LOCAL SMB1 negotiation from a ward",
    "LOCAL lookup in a log4j request",
    "LOCAL cleartext password of a web form",
];
const CATEGORIES: &[&str] =
    &["Attempted Information Leak", "Web Application Attack", "Potentially Bad Traffic", "Misc activity"];

/// An alert of Suricata.
pub fn ids(dice: &mut Dice, at: Timestamp, net: u8, serial: u64) -> Vec<u8> {
    let signature = dice.below(SIGNATURES.len() as u64);
    format!(
        "{{\"timestamp\":\"{}\",\"flow_id\":{},\"in_iface\":\"ens1f0\",\"event_type\":\"alert\",\"src_ip\":\"198.51.100.{}\",\
         \"src_port\":{},\"dest_ip\":\"10.{net}.1.{}\",\"dest_port\":{},\"proto\":\"TCP\",\"alert\":{{\"action\":\"{}\",\"gid\":1,\
         \"signature_id\":{},\"rev\":2,\"signature\":\"{}\",\"category\":\"{}\",\"severity\":{}}},\"app_proto\":\"{}\",\
         \"flow\":{{\"pkts_toserver\":{},\"pkts_toclient\":{},\"bytes_toserver\":{},\"bytes_toclient\":{}}}}}",
        iso(at),
        2_093_320_181_000_000 + serial,
        dice.below(256),
        1_024 + dice.below(60_000),
        dice.below(250),
        dice.pick(&["80", "443", "445", "1433", "3389", "8080"]),
        dice.pick(&["allowed", "allowed", "allowed", "blocked"]),
        9_000_100 + signature,
        SIGNATURES[signature as usize],
        dice.pick(CATEGORIES),
        1 + dice.below(3),
        dice.pick(&["http", "tls", "smb", "failed"]),
        dice.below(40),
        dice.below(40),
        dice.below(40_000),
        dice.below(40_000),
    )
    .into_bytes()
}

/// A request that a SafeLine web firewall denied.
pub fn waf(dice: &mut Dice, at: Timestamp, net: u8, _serial: u64) -> Vec<u8> {
    let src = dice.below(256);
    format!(
        "<30>1 {} safeline01 /matio/mario 1 safeline_event - {{\"scheme\":\"https\",\"src_ip\":\"203.0.113.{src}\",\"src_port\":{},\
         \"socket_ip\":\"203.0.113.{src}\",\"upstream_addr\":\"10.{net}.1.30\",\"req_start_time\":{},\"host\":\"yuyue.example.org\",\
         \"method\":\"{}\",\"event_id\":\"{:016x}{:016x}\",\"req_detector_name\":\"det01\",\"req_location\":\"urlpath\",\
         \"urlpath\":\"{}\",\"rule_id\":\"m_{}\",\"module\":\"m_sqli\",\"reason\":\"检测到 SQL 注入攻击\",\"payload\":\"{}\",\
         \"user_agent\":\"Mozilla/5.0\",\"attack_type\":\"{}\",\"risk_level\":\"{}\",\"action\":\"deny\",\"dest_ip\":\"10.{net}.1.5\",\
         \"dest_port\":443,\"status_code\":403,\"timestamp\":{}}}",
        iso(at),
        1_024 + dice.below(60_000),
        at.as_millis(),
        dice.pick(&["GET", "POST"]),
        dice.next(),
        dice.next(),
        dice.pick(&["/login", "/register/slots", "/report/lab/query", "/api/queue/position"]),
        dice.below(40),
        dice.pick(&["1 or 1=1", "' union select 1--", "../../web.xml", "<script>"]),
        dice.pick(&["sql_injection", "xss", "path_traversal"]),
        dice.pick(&["low", "medium", "high"]),
        at.as_secs(),
    )
    .into_bytes()
}

/// `2026-11-25T09:58:20.123456+0800`, which both devices may write.
fn iso(at: Timestamp) -> String {
    let c = Zone::china().civil(at);
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}+0800",
        c.year, c.month, c.day, c.hour, c.minute, c.second, c.micros
    )
}
