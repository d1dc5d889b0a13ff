//! A desk with invented data: three hospitals, alerts with evidence, hostile strings included.

use futures::future::{BoxFuture, FutureExt};
use serde_json::json;
use std::sync::{Arc, Mutex};
use wardwatch_access::{FleetScope, OpContext, TenantScope};
use wardwatch_api::{
    Account, AlertAsk, AlertPage, Awake, CanariesSent, Desk, Fault, Guide, Health, Hospital, Lack, Metric, MetricKind,
    Missing, Part, Pulse, RuleAwake, SearchAnswer, SearchAsk, SourceCount, SourceState, State, TenantAwake,
    VerifyReport,
};
use wardwatch_finding::{Alert, AlertEvidence, Match, Origin, RuleRef, Severity, VendorClaim};
use wardwatch_ident::{AlertId, Clock, EventId, FixedClock, NodeId, SourceId, TenantId, Timestamp};

pub const HOSTILE: &str = "</script><img src=x onerror=alert(1)>\"'&";

pub struct FakeDesk {
    pub clock: Arc<dyn Clock>,
    pub alerts: Vec<Arc<Alert>>,
    /// One more alert is sent live at each beat.
    pub lively: bool,
    pub asked: Mutex<Vec<String>>,
    /// A bound of the alert list: what was received before is not looked at.
    pub looks_back_to: Option<Timestamp>,
    /// Hospitals whose searches meet a bound.
    pub fails: Vec<TenantId>,
    /// Each search gives one row of so many bytes.
    pub wide: Option<usize>,
    /// Each search moves the clock by so many seconds.
    pub search_takes: Option<(Arc<FixedClock>, i64)>,
    start: Timestamp,
}

pub struct FakeSource {
    pub slug: &'static str,
    pub name: &'static str,
    pub pack: &'static str,
    pub via: &'static str,
    pub rate: u64,
}

const fn source(
    slug: &'static str,
    name: &'static str,
    pack: &'static str,
    via: &'static str,
    rate: u64,
) -> FakeSource {
    FakeSource { slug, name, pack, via, rate }
}

pub type FakeHospital = (&'static str, &'static str, &'static str, &'static [FakeSource]);

pub const HOSPITALS: &[FakeHospital] = &[
    (
        "qinghe",
        "青禾市第一人民医院",
        "Qinghe First People's Hospital",
        &[
            source("fw", "出口防火墙", "fortinet/fortigate@1", "udp", 41),
            source("ips", "核心区入侵检测", "oisf/suricata@2", "http", 7),
            source("waf", "门户网站防护", "acme/waf@1", "tcp", 6),
            source("ad", "域控与终端", "microsoft/windows@3", "http", 12),
            source("dbaudit", "HIS 数据库审计", "acme/dbaudit@1", "relp", 9),
            source("his", "HIS 应用审计", "acme/his-audit@1", "http", 4),
            source("bastion", "运维堡垒机", "acme/bastion@1", "tcp", 1),
        ],
    ),
    (
        "wangshu",
        "望舒妇女儿童医院",
        "Wangshu Women's and Children's Hospital",
        &[
            source("usg", "边界防火墙", "huawei/usg@1", "udp", 14),
            source("sip", "安全感知平台", "sangfor/sip@1", "tcp", 3),
            source("vpn", "SSL VPN", "acme/sslvpn@1", "tcp", 2),
            source("web", "互联网医院 nginx", "nginx/access@1", "relp", 11),
        ],
    ),
    (
        "yunqi",
        "云栖县中医医院",
        "Yunqi County Hospital of Traditional Chinese Medicine",
        &[source("usg", "防火墙", "huawei/usg@1", "udp", 3), source("linux", "LIS 服务器", "linux/auth@2", "tls", 1)],
    ),
];

impl FakeDesk {
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        let start = clock.now();
        Self {
            alerts: invented(start),
            clock,
            lively: false,
            asked: Mutex::default(),
            looks_back_to: None,
            fails: Vec::new(),
            wide: None,
            search_takes: None,
            start,
        }
    }

    fn count(&self, tenant: &str, source: &FakeSource) -> SourceCount {
        let seconds = (self.clock.now().micros_since(self.start) / 1_000_000).unsigned_abs();
        let silent = source.slug == "linux";
        let wobble = (seconds * 7 + source.rate * 3) % 5;
        let received = if silent { 41_207 } else { 1_800_000 / 61 * source.rate + seconds * source.rate + wobble };
        let last = if silent { self.start.plus_micros(-2 * 3_600 * 1_000_000) } else { self.clock.now() };
        SourceCount {
            tenant: tenant.into(),
            source: source.slug.into(),
            received,
            stored: received,
            parsed: received,
            unparsed: if source.slug == "sip" { received / 40 } else { received / 5_000 },
            rejected: if source.slug == "vpn" { 3 } else { 0 },
            quarantined: 0,
            last_received: (source.slug != "bastion").then_some(last),
        }
    }

    fn note(&self, what: String) {
        self.asked.lock().unwrap().push(what);
    }
}

impl Desk for FakeDesk {
    fn hospitals<'a>(&'a self, cx: &'a OpContext<FleetScope>) -> BoxFuture<'a, Result<Vec<Hospital>, Fault>> {
        let hospitals = HOSPITALS
            .iter()
            .map(|(slug, name, name_en, sources)| Hospital {
                id: TenantId::from_slug(slug),
                slug: (*slug).into(),
                name: (*name).into(),
                name_en: (*name_en).into(),
                sources: sources
                    .iter()
                    .map(|s| SourceState {
                        slug: s.slug.into(),
                        name: s.name.into(),
                        pack: s.pack.into(),
                        via: s.via.into(),
                        silent_seconds: 600,
                        count: self.count(slug, s),
                    })
                    .collect(),
            })
            .filter(|h| cx.scope.narrow(h.id).is_some())
            .collect();
        async move { Ok(hospitals) }.boxed()
    }

    fn pulse<'a>(&'a self, cx: &'a OpContext<FleetScope>, after: Option<u64>) -> BoxFuture<'a, Result<Pulse, Fault>> {
        self.note(format!("pulse {after:?}"));
        let counts = HOSPITALS
            .iter()
            .filter(|(slug, ..)| cx.scope.narrow(TenantId::from_slug(slug)).is_some())
            .flat_map(|(slug, _, _, sources)| sources.iter().map(|s| self.count(slug, s)))
            .collect();
        let mark = after.unwrap_or(100);
        let fresh = (self.lively && after.is_some() && mark.is_multiple_of(3)).then(|| {
            let mut alert = self.alerts[(mark as usize / 3) % self.alerts.len()].as_ref().clone();
            alert.id = AlertId(alert.id.0 + u128::from(mark));
            (alert.time, alert.received) = (self.clock.now(), self.clock.now());
            Arc::new(alert)
        });
        let pulse = Pulse {
            at: self.clock.now(),
            counts,
            lag_seconds: 0.2,
            waiting: 14,
            alerts: fresh.into_iter().collect(),
            mark: mark + 1,
            missed: after == Some(1),
        };
        async move { Ok(pulse) }.boxed()
    }

    fn alerts<'a>(
        &'a self,
        cx: &'a OpContext<TenantScope>,
        ask: &'a AlertAsk,
    ) -> BoxFuture<'a, Result<AlertPage, Fault>> {
        let mut found: Vec<_> = self
            .alerts
            .iter()
            .filter(|a| a.tenant == cx.scope.tenant())
            .filter(|a| ask.severity_min.is_none_or(|least| a.severity >= least))
            .filter(|a| ask.origin.is_none_or(|origin| a.origin == origin))
            .filter(|a| ask.in_stretch(a))
            .filter(|a| ask.source.as_ref().is_none_or(|slug| a.source == SourceId::from_slug(a.tenant, slug)))
            .cloned()
            .collect();
        found.sort_by_key(|a| std::cmp::Reverse((a.received, a.id)));
        let looked_back_to = self.looks_back_to.filter(|_| found.len() < ask.limit);
        found.retain(|a| looked_back_to.is_none_or(|at| a.received >= at));
        found.truncate(ask.limit);
        async move { Ok(AlertPage { alerts: found, looked_back_to, waiting: 0 }) }.boxed()
    }

    fn alert<'a>(
        &'a self,
        cx: &'a OpContext<TenantScope>,
        id: AlertId,
        received: Option<Timestamp>,
    ) -> BoxFuture<'a, Result<Option<Arc<Alert>>, Fault>> {
        self.note(format!("alert {received:?}"));
        let all = |a: &&Arc<Alert>| a.tenant == cx.scope.tenant() && id.0.wrapping_sub(a.id.0) < 1 << 60;
        let found = self.alerts.iter().find(all).cloned();
        async move { Ok(found) }.boxed()
    }

    fn guide(&self, rule: &str) -> Option<Arc<Guide>> {
        (rule == "hospital/tongfang-export").then(|| Guide::read(GUIDE)).flatten().map(Arc::new)
    }

    fn search<'a>(
        &'a self,
        cx: &'a OpContext<TenantScope>,
        ask: &'a SearchAsk,
    ) -> BoxFuture<'a, Result<SearchAnswer, Fault>> {
        self.note(format!("search {} {}", cx.scope.tenant(), ask.query));
        if let Some((clock, seconds)) = &self.search_takes {
            clock.set(clock.now().plus_micros(seconds * 1_000_000));
        }
        if self.fails.contains(&cx.scope.tenant()) {
            return async { Err(Fault::bounds("beyond its memory")) }.boxed();
        }
        if let Some(bytes) = self.wide {
            let rows = vec![vec![serde_json::Value::from("x".repeat(bytes))]];
            return async { Ok(SearchAnswer { columns: vec!["raw".into()], rows, ..SearchAnswer::default() }) }.boxed();
        }
        let answer = if ask.query.contains("((") {
            Err(Fault::query("column 2: `(` is not closed"))
        } else {
            Ok(rows(&self.alerts, cx.scope.tenant(), ask))
        };
        async move { answer }.boxed()
    }

    fn awake<'a>(&'a self, cx: &'a OpContext<TenantScope>) -> BoxFuture<'a, Result<TenantAwake, Fault>> {
        self.note(format!("awake {}", cx.scope.tenant()));
        let tenant = HOSPITALS.iter().find(|(slug, ..)| TenantId::from_slug(slug) == cx.scope.tenant());
        let rule = |id: &str, state, why: Option<&str>| RuleAwake {
            id: id.into(),
            title: format!("Rule {id}"),
            state,
            why: why.map(str::to_owned),
            ..RuleAwake::default()
        };
        let awake = TenantAwake {
            tenant: tenant.map_or("", |(slug, ..)| slug).to_owned(),
            alive: 1,
            blind: 1,
            broken: 1,
            missing: vec![Missing {
                lack: Lack::Source,
                name: "windows/-/-".into(),
                rules: 1,
                brought_by: vec!["microsoft/windows".into()],
            }],
            rules: vec![
                rule("r-alive", Awake::Alive, None),
                rule("r-blind", Awake::Blind, Some("no event of windows/-/-")),
                rule("r-broken", Awake::Broken, Some(HOSTILE)),
            ],
            ..TenantAwake::default()
        };
        async move { Ok(awake) }.boxed()
    }

    fn canaries(&self) -> BoxFuture<'_, Result<Option<CanariesSent>, Fault>> {
        let sent = CanariesSent {
            at: self.clock.now(),
            fired: 2,
            not_made: Vec::new(),
            lost: vec![("r-broken".into(), "its gate stays shut".into())],
        };
        async move { Ok(Some(sent)) }.boxed()
    }

    fn health(&self) -> BoxFuture<'_, Health> {
        let part = |name, state, detail: &str, figures| Part { name, state, detail: detail.into(), figures };
        let parts = vec![
            part("journal", State::Ok, "appends are synced", vec![("waiting_lines", 14.0)]),
            part("line", State::Ok, "checks what was received", vec![("lag_seconds", 0.2)]),
            part("lake", State::Ok, "rows are searchable", vec![("hot_bytes", 4_194_304.0)]),
            part("disk", State::Degraded, "less than 10 % is free", vec![("free_bytes", 9.1e9)]),
        ];
        async move { Health { version: "0.1.0", uptime_seconds: 61, parts } }.boxed()
    }

    fn metrics(&self) -> BoxFuture<'_, Vec<Metric>> {
        let metric = Metric {
            name: "wardwatch_lines_received_total",
            help: "Lines made durable.",
            kind: MetricKind::Counter,
            samples: vec![
                (vec![("tenant", "qinghe".into()), ("source", "fw".into())], 12.0),
                (vec![("tenant", "a\"b\\c\nd".into())], 0.5),
            ],
        };
        async move { vec![metric] }.boxed()
    }

    fn verify<'a>(&'a self, _cx: &'a OpContext<FleetScope>, deep: bool) -> BoxFuture<'a, Result<VerifyReport, Fault>> {
        let account =
            Account { tenant: "qinghe".into(), source: "fw".into(), received: 5, stored: 5, ..Default::default() };
        async move {
            Ok(VerifyReport {
                ok: true,
                checked: "the accounts",
                accounts: vec![account],
                read_back: u64::from(deep),
                problems: vec![],
            })
        }
        .boxed()
    }
}

fn rows(alerts: &[Arc<Alert>], tenant: TenantId, ask: &SearchAsk) -> SearchAnswer {
    if ask.query.contains("stats") {
        return SearchAnswer {
            columns: vec!["threat".into(), "count".into()],
            rows: vec![vec![json!("SQL 注入"), json!(41)], vec![json!(HOSTILE), json!(3)]],
            ..Default::default()
        };
    }
    let names = ["time", "time_received", "source", "host", "src_ip", "dst_ip", "user", "cmd_line", "pack", "raw"];
    let mut found = Vec::new();
    for alert in alerts.iter().filter(|a| a.tenant == tenant) {
        let entity = |name: &str| alert.entities.iter().find(|e| e.0 == name).map_or(json!(null), |e| json!(e.1));
        found.push(vec![
            json!(alert.time),
            json!(alert.received),
            json!("fw"),
            entity("host"),
            entity("src_ip"),
            entity("dst_ip"),
            entity("user"),
            json!(if found.is_empty() { "=cmd|' /C calc'!A0" } else { "" }),
            json!(alert.evidence.pack),
            json!(alert.evidence.raw),
        ]);
    }
    let step = (ask.to.micros_since(ask.from) / 60).max(1);
    let bars =
        (0..i64::from(ask.bars)).map(|n| (ask.from.plus_micros(n * step), ((n * 37) % 23 + n / 3) as u64)).collect();
    found.truncate(ask.limit);
    SearchAnswer {
        columns: names.map(str::to_owned).into(),
        rows: found,
        more: false,
        bars,
        took_ms: 38,
        notes: vec![],
    }
}

const GUIDE: &str = "# 疑似统方 / Drug use by prescriber

**\u{542b}\u{4e49}**\u{ff1a}有人按医生汇总药品用量。
**先看什么**\u{ff1a}工号、工作站、时间\u{ff1b}是否有审批单。
**处置**\u{ff1a}无审批的\u{ff0c}先保全工作站\u{ff0c}通知纪检与信息科。

**Meaning**: somebody sums up drug use by prescriber (\u{7edf}\u{65b9}).
**Look at**: account, workstation, time, and whether it was approved.
";

/// What one invented alert is made from.
struct Seed {
    tenant: &'static str,
    source: &'static str,
    minutes_ago: i64,
    severity: Severity,
    title: &'static str,
    rule: Option<(&'static str, &'static str, &'static [&'static str])>,
    raw: &'static str,
    matched: &'static [(&'static str, &'static str, &'static str)],
    entities: &'static [(&'static str, &'static str)],
    vendor: Option<VendorClaim>,
    times: i64,
}

fn invented(now: Timestamp) -> Vec<Arc<Alert>> {
    let mut alerts = Vec::new();
    for (n, seed) in seeds().into_iter().enumerate() {
        for time in 0..seed.times {
            alerts.push(Arc::new(alert(&seed, n as u64, time, now)));
        }
    }
    alerts.sort_by_key(|a| std::cmp::Reverse(a.received));
    alerts
}

fn alert(seed: &Seed, n: u64, time: i64, now: Timestamp) -> Alert {
    let tenant = TenantId::from_slug(seed.tenant);
    let at = now.plus_micros(-(seed.minutes_ago * 60 + time * 17 + n as i64) * 1_000_000);
    let event = EventId::new(at, NodeId(0), n * 100 + time as u64);
    let rule_id = seed.rule.map_or("device", |r| r.0);
    let place = |value: &str| seed.raw.find(value).map(|at| (at as u32, (at + value.len()) as u32));
    Alert {
        id: AlertId::of(rule_id, "1", event),
        tenant,
        source: SourceId::from_slug(tenant, seed.source),
        origin: if seed.rule.is_some() { Origin::Rule } else { Origin::Device },
        time: at.plus_micros(-400_000),
        received: at,
        event,
        severity: seed.severity,
        title: seed.title.into(),
        rule: seed.rule.map(|(id, level, tags)| RuleRef {
            id: id.into(),
            version: "9f2c61d07be3a458".into(),
            title: seed.title.into(),
            level: Some(level.into()),
            tags: tags.iter().map(|t| (*t).into()).collect(),
        }),
        evidence: AlertEvidence {
            matched: seed
                .matched
                .iter()
                .map(|(selection, field, value)| Match {
                    selection: (*selection).into(),
                    field: Some((*field).into()),
                    value: (*value).into(),
                    start: place(value).map(|p| p.0),
                    end: place(value).map(|p| p.1),
                })
                .collect(),
            raw: seed.raw.into(),
            pack: "microsoft/windows@3".into(),
            facts: Vec::new(),
        },
        vendor: seed.vendor.clone(),
        entities: seed.entities.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect(),
    }
}

fn claim(threat: &str, class: &str, disposition: Option<i64>, result: Option<&str>) -> Option<VendorClaim> {
    Some(VendorClaim {
        rule_uid: Some("30021".into()),
        rule_name: Some(threat.into()),
        threat: Some(threat.into()),
        threat_class: Some(class.into()),
        severity_id: Some(4),
        disposition_id: disposition,
        attack_result: result.map(str::to_owned),
        confidence_id: Some(3),
        ..Default::default()
    })
}

const SHADOW: &str = r#"{"@timestamp":"2026-11-25T02:51:07.112Z","winlog":{"channel":"Security","event_id":4688,"computer_name":"HIS-APP-02","event_data":{"SubjectUserName":"svc_his","NewProcessName":"C:\\Windows\\System32\\vssadmin.exe","CommandLine":"vssadmin.exe delete shadows /all /quiet","ParentProcessName":"C:\\Windows\\System32\\cmd.exe"}},"message":"已创建新进程。"}"#;
const ENCODED: &str = r#"{"winlog":{"channel":"Microsoft-Windows-Sysmon/Operational","event_id":1,"computer_name":"DR-WS-117","event_data":{"Image":"C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe","CommandLine":"powershell -nop -w hidden -enc SQBFAFgAIAAoAE4AZQB3AC0ATwBiAGoA","User":"QINGHE\\wang.min"}}}"#;
const DUMP: &str = r#"{"winlog":{"channel":"Microsoft-Windows-Sysmon/Operational","event_id":10,"computer_name":"HIS-APP-02","event_data":{"SourceImage":"C:\\Users\\Public\\p.exe","TargetImage":"C:\\Windows\\system32\\lsass.exe","GrantedAccess":"0x1410"}}}"#;
const TONGFANG: &str = r#"{"time":"2026-11-25 02:47:31","app":"HIS 门诊药房","user":"yk0231","client_ip":"10.20.31.77","module":"处方统计","action":"导出","rows":18432,"sql":"SELECT 医生姓名，药品名称，SUM(数量) FROM 处方明细 GROUP BY 医生姓名，药品名称"}"#;
const WAF: &str = "<134>Nov 25 10:49:12 waf01 type=attack sip=203.0.113.45 dip=10.20.5.11 url=\"/register?id=1' UNION SELECT password FROM users--\" rule=30021 name=\"SQL注入\" action=block level=high";
const VPN: &str = "<133>Nov 25 10:44:02 sslvpn: user=guanliyuan srcip=198.51.100.23 result=fail reason=\"密码错误\"";
const SIP: &str = "<12>1 2026-11-25T10:40:55+08:00 sip01 - - - - alarm=\"挖矿木马通信\" srcip=10.31.4.18 dstip=198.51.100.77 level=高 stage=C2通信";

fn seeds() -> Vec<Seed> {
    let seed = |tenant, source, minutes_ago, severity, title, raw| Seed {
        tenant,
        source,
        minutes_ago,
        severity,
        title,
        rule: None,
        raw,
        matched: &[],
        entities: &[],
        vendor: None,
        times: 1,
    };
    vec![
        Seed {
            rule: Some((
                "c947b146-0abc-4c87-9c64-b17e9d7274a2",
                "critical",
                &["attack.impact", "attack.t1490", "hospital.ransomware"],
            )),
            matched: &[
                ("selection_img", "NewProcessName", r"C:\\Windows\\System32\\vssadmin.exe"),
                ("selection_cli", "CommandLine", "vssadmin.exe delete shadows /all /quiet"),
            ],
            entities: &[("host", "HIS-APP-02"), ("user", "svc_his")],
            ..seed("qinghe", "ad", 1, Severity::Critical, "删除卷影副本：勒索前兆", SHADOW)
        },
        Seed {
            rule: Some((
                "b6e04788-29e1-4557-bb14-77f761848ab8",
                "high",
                &["attack.credential-access", "attack.t1003.001"],
            )),
            matched: &[
                ("selection", "TargetImage", r"C:\\Windows\\system32\\lsass.exe"),
                ("access", "GrantedAccess", "0x1410"),
            ],
            entities: &[("host", "HIS-APP-02")],
            ..seed("qinghe", "ad", 2, Severity::High, "读取 LSASS 内存", DUMP)
        },
        Seed {
            rule: Some(("hospital/tongfang-export", "high", &["hospital.tongfang", "attack.collection"])),
            matched: &[
                ("selection", "action", "导出"),
                ("volume", "rows", "18432"),
                ("columns", "sql", "医生姓名，药品名称，SUM(数量)"),
            ],
            entities: &[("src_ip", "10.20.31.77"), ("user", "yk0231")],
            ..seed("qinghe", "his", 3, Severity::High, "疑似统方：按医生和药品批量导出处方", TONGFANG)
        },
        Seed {
            rule: Some(("ca2092a1-c273-4878-9b4b-0d60115bf5ea", "medium", &["attack.execution", "attack.t1059.001"])),
            matched: &[("selection", "CommandLine", "-enc SQBFAFgAIAAoAE4AZQB3AC0ATwBiAGoA")],
            entities: &[("host", "DR-WS-117"), ("user", r"QINGHE\wang.min")],
            ..seed("qinghe", "ad", 4, Severity::Medium, "Suspicious Encoded PowerShell Command Line", ENCODED)
        },
        Seed {
            vendor: claim("SQL 注入", "Web 攻击", Some(2), Some("failure")),
            entities: &[("src_ip", "203.0.113.45"), ("dst_ip", "10.20.5.11")],
            times: 38,
            ..seed("qinghe", "waf", 1, Severity::High, "SQL 注入", WAF)
        },
        Seed {
            vendor: claim("挖矿木马通信", "恶意程序", None, None),
            entities: &[("src_ip", "10.31.4.18"), ("dst_ip", "198.51.100.77")],
            times: 6,
            ..seed("wangshu", "sip", 5, Severity::High, "挖矿木马通信", SIP)
        },
        Seed {
            rule: Some(("hospital/vpn-guessing", "medium", &["attack.credential-access", "attack.t1110"])),
            matched: &[("selection", "result", "fail")],
            entities: &[("src_ip", "198.51.100.23"), ("user", "guanliyuan")],
            times: 22,
            ..seed("wangshu", "vpn", 6, Severity::Medium, "SSL VPN 登录失败", VPN)
        },
        Seed {
            vendor: claim("ET SCAN Nmap Scripting Engine User-Agent", "Attempted Information Leak", Some(1), None),
            entities: &[("src_ip", "10.20.88.9"), ("dst_ip", "10.20.3.15")],
            times: 4,
            ..seed("qinghe", "ips", 8, Severity::Medium, "ET SCAN Nmap Scripting Engine User-Agent Detected", WAF)
        },
        Seed {
            vendor: claim("弱口令登录", "脆弱性", Some(17), Some("success")),
            entities: &[("src_ip", "10.9.1.20"), ("dst_ip", "10.9.2.4"), ("user", "root")],
            ..seed("yunqi", "usg", 14, Severity::Low, "弱口令登录", VPN)
        },
        Seed {
            vendor: claim("ICMP 探测", "扫描", Some(17), None),
            entities: &[("src_ip", "10.9.1.77")],
            times: 9,
            ..seed("yunqi", "usg", 20, Severity::Info, "ICMP 探测", VPN)
        },
        Seed {
            vendor: claim(HOSTILE, HOSTILE, Some(1), Some(HOSTILE)),
            entities: &[("host", HOSTILE), ("user", HOSTILE)],
            ..seed("wangshu", "web", 26, Severity::Medium, HOSTILE, HOSTILE)
        },
    ]
}
