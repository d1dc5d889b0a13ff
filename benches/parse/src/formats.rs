//! The formats: lines from a seed, our pack, and the VRL program that gives the same fields.

use wardwatch_measure::Dice;

/// A format to compare.
pub struct Format {
    /// Its key in the RESULT line.
    pub name: &'static str,
    /// Our pack.
    pub pack: &'static str,
    /// Whether structured data (RFC 5424) counts among the fields.
    pub structured_data: bool,
    /// So many different lines.
    pub lines: fn(usize) -> Vec<Vec<u8>>,
    /// VRL, `.message` to one object.
    pub program: &'static str,
}

pub const FORMATS: &[Format] = &[
    Format {
        name: "fortigate",
        pack: "fortinet/fortigate",
        structured_data: false,
        lines: fortigate,
        program: FORTIGATE,
    },
    Format { name: "rfc5424", pack: "generic/syslog", structured_data: true, lines: rfc5424, program: RFC5424 },
    Format { name: "eve", pack: "oisf/suricata", structured_data: false, lines: eve, program: EVE },
];

const FORTIGATE: &str = include_str!("../programs/fortigate.vrl");

fn fortigate(count: usize) -> Vec<Vec<u8>> {
    let mut dice = Dice::new(3_164);
    let line = |n: usize| {
        let second = 1_795_571_000 + n as u64 / 40;
        format!(
            "<189>date=2026-11-25 time={} devname=\"FW-CORE-01\" devid=\"FG10E0TB00000001\" eventtime={second}{:09} tz=\"+0800\" \
             logid=\"0000000013\" type=\"traffic\" subtype=\"forward\" level=\"{}\" srcip=10.{}.{}.{} srcport={} srcintf=\"{}\" \
             dstip=198.51.100.{} dstport={} dstintf=\"wan1\" sessionid={} proto={} action=\"{}\" policyid={} service=\"{}\" \
             duration={} sentbyte={} rcvdbyte={}",
            clock(second),
            dice.below(1_000_000) * 1_000,
            dice.pick(&["notice", "notice", "notice", "warning"]),
            dice.below(32),
            dice.below(256),
            dice.below(256),
            1024 + dice.below(60_000),
            dice.pick(&["lan", "ward", "guest", "srv"]),
            dice.below(256),
            dice.pick(&["443", "80", "53", "104", "1521"]),
            880_000 + n,
            dice.pick(&["6", "6", "17"]),
            dice.pick(&["close", "accept", "timeout", "deny"]),
            dice.below(200),
            dice.pick(&["HTTPS", "HTTP", "DNS", "DICOM", "Oracle"]),
            dice.below(600),
            dice.below(1_000_000),
            dice.below(10_000_000),
        )
    };
    (0..count).map(line).map(String::into_bytes).collect()
}

const RFC5424: &str = include_str!("../programs/rfc5424.vrl");

fn rfc5424(count: usize) -> Vec<Vec<u8>> {
    let mut dice = Dice::new(5_424);
    let line = |n: usize| {
        let level = 3 + dice.below(4);
        format!(
            "<{}>1 2026-11-25T{}.{:06}Z lis{:02} hl7gw {} ID{} [order@32473 type=\"ORM^O01\" control=\"MSG{n:08}\" ward=\"W{:02}\" \
             device=\"AU{}\" priority=\"{}\" queue=\"{}\"][origin ip=\"10.{}.{}.{}\" software=\"hl7gw\" swVersion=\"4.{}.{}\"] \
             order {n} handed to analyser {} after {} ms, {} results expected, acknowledgement {} from the laboratory system, \
             link {} stays open",
            160 + level,
            clock(1_795_571_000 + n as u64 / 40 - 8 * 3_600),
            dice.below(1_000_000),
            dice.below(20),
            100 + dice.below(60_000),
            dice.below(90),
            dice.below(60),
            5_800 + dice.below(20),
            dice.pick(&["routine", "urgent", "stat"]),
            dice.below(1_000),
            dice.below(32),
            dice.below(256),
            dice.below(256),
            dice.below(10),
            dice.below(30),
            dice.below(40),
            dice.below(3_000),
            dice.below(24),
            dice.pick(&["AA", "AE", "AR"]),
            dice.below(8),
        )
    };
    (0..count).map(line).map(String::into_bytes).collect()
}

const EVE: &str = include_str!("../programs/eve.vrl");

fn eve(count: usize) -> Vec<Vec<u8>> {
    let mut dice = Dice::new(4_001);
    (0..count).map(|n| eve_line(&mut dice, n).into_bytes()).collect()
}

fn eve_line(dice: &mut Dice, n: usize) -> String {
    let kind = dice.pick(&["flow", "flow", "http", "alert"]);
    let head = format!(
        "{{\"timestamp\":\"2026-11-25T{}.{:06}+0800\",\"flow_id\":{},\"in_iface\":\"ens1f0\",\"event_type\":\"{kind}\",\
         \"src_ip\":\"10.{}.{}.{}\",\"src_port\":{},\"dest_ip\":\"198.51.100.{}\",\"dest_port\":{},\"proto\":\"{}\",\
         \"community_id\":\"1:{:016x}{:08x}=\",\"app_proto\":\"{}\"",
        clock(1_795_571_000 + n as u64 / 40),
        dice.below(1_000_000),
        1_893_320_181_120_000 + n,
        dice.below(32),
        dice.below(256),
        dice.below(256),
        1024 + dice.below(60_000),
        dice.below(256),
        dice.pick(&["443", "80", "53"]),
        dice.pick(&["TCP", "TCP", "UDP"]),
        dice.next(),
        dice.below(1 << 32),
        dice.pick(&["tls", "http", "dns"]),
    );
    let flow = format!(
        "\"flow\":{{\"pkts_toserver\":{},\"pkts_toclient\":{},\"bytes_toserver\":{},\"bytes_toclient\":{}",
        dice.below(1_000),
        dice.below(1_000),
        dice.below(1_000_000),
        dice.below(1_000_000)
    );
    match kind {
        "flow" => format!(
            "{head},{flow},\"age\":{},\"state\":\"closed\",\"reason\":\"timeout\",\"alerted\":false}}}}",
            dice.below(600)
        ),
        "http" => format!(
            "{head},\"tx_id\":0,\"http\":{{\"hostname\":\"emr.example.org\",\"url\":\"/emr/view?visit={n}&page={}\",\
             \"http_user_agent\":\"Mozilla/5.0 (Windows NT 10.0; Win64; x64)\",\"http_content_type\":\"text/html\",\
             \"http_method\":\"{}\",\"protocol\":\"HTTP/1.1\",\"status\":{},\"length\":{}}}}}",
            dice.below(40),
            dice.pick(&["GET", "GET", "POST"]),
            dice.pick(&["200", "304", "404"]),
            dice.below(100_000)
        ),
        _ => format!(
            "{head},\"alert\":{{\"action\":\"{}\",\"gid\":1,\"signature_id\":{},\"rev\":3,\"signature\":\"LOCAL lookup of a name in a request {}\",\
             \"category\":\"Attempted Administrator Privilege Gain\",\"severity\":{}}},{flow}}}}}",
            dice.pick(&["allowed", "blocked"]),
            9_000_000 + dice.below(500),
            dice.below(500),
            1 + dice.below(3)
        ),
    }
}

/// `HH:MM:SS` of an instant in the zone of China.
fn clock(second: u64) -> String {
    let of_day = (second + 8 * 3_600) % 86_400;
    format!("{:02}:{:02}:{:02}", of_day / 3_600, of_day / 60 % 60, of_day % 60)
}
