//! Rules, correlations, indicators, the hospital's own data and baselines together, as the line uses them.

use crate::batches::{at, batch, pack, program, rule, taxonomy, windows};
use serde_json::{Value, json};
use std::sync::Arc;
use wardwatch_detect::{
    Answer, Ask, Context, CoverageState, Detector, Memory, Program, Provenance, Question, Rules, TenantMask,
    TenantView, TenantWishes, Views,
};
use wardwatch_event::{EventBatch, Pack, Received};
use wardwatch_finding::{Alert, Origin, Severity};
use wardwatch_ident::{TenantId, Timestamp};
use wardwatch_indicator::Index;
use wardwatch_sequence::Settings;

const SECURITY: &str = "product: windows, service: security";

/// Tables by name: members, or none for a table that is not there.
struct Tables(Vec<(&'static str, Vec<&'static str>)>);

impl Context for Tables {
    fn ask(&self, _: TenantId, question: Question<'_>, _: Timestamp) -> Answer {
        let Some((name, members)) = self.0.iter().find(|(name, _)| *name == question.table) else {
            return Answer::Unknown("no such table".into());
        };
        let row = members.iter().position(|member| member.eq_ignore_ascii_case(question.value));
        let from = Provenance { table: (*name).into(), version: "v1".into(), row: row.map(|row| row as u32 + 1) };
        if row.is_some() { Answer::Yes(from) } else { Answer::No(from) }
    }

    fn members(&self, _: TenantId, set: &str, _: Timestamp) -> Result<Vec<String>, Arc<str>> {
        let found = self.0.iter().find(|(name, _)| *name == set);
        found.map(|(_, members)| members.iter().map(|m| (*m).to_owned()).collect()).ok_or_else(|| "no such set".into())
    }

    fn generation(&self) -> u64 {
        1
    }
}

fn memory() -> Memory {
    Memory::new(Settings::default(), [7; 16])
}

/// Rule number of each alert, with `!` for correlations, in the order they come.
fn names(alerts: &[Alert]) -> Vec<String> {
    alerts.iter().filter_map(|alert| alert.rule.as_ref()).map(|rule| rule.title.clone()).collect()
}

fn failed(user: &str) -> Value {
    json!({"Channel": "Security", "EventID": 4625, "TargetUserName": user, "IpAddress": "192.0.2.7"})
}

fn brute_force() -> Vec<String> {
    let base = rule(1, SECURITY, "s: {EventID: 4625}\ncondition: s").replacen("title:", "name: failed\ntitle:", 1);
    let count = "title: Many failed\nid: 00000009-0000-4000-8000-000000000000\nlevel: critical\ncorrelation:\n  type: event_count\n  rules: [failed]\n  group-by: [IpAddress]\n  timespan: 10m\n  condition: {gte: 3}\n";
    vec![base, count.to_owned()]
}

#[test]
fn a_correlation_speaks_for_its_rules_over_batches_and_restarts() {
    let program = Arc::new(program(&brute_force(), &[&windows()]));
    assert_eq!((program.rules().len(), program.correlations().len()), (1, 1));
    let detector = Detector::new(program);
    let mut memory = memory();
    let two = batch(&windows(), &[failed("a"), failed("b")]);
    assert_eq!(names(&detector.look(&mut memory, &two)), Vec::<String>::new(), "the rule is silent by itself");
    assert_eq!(names(&detector.settle(&mut memory)), Vec::<String>::new());
    let pieces = memory.pieces(&detector);
    let (mut memory, lost) = Memory::restore(Settings::default(), [7; 16], &detector, &pieces);
    assert_eq!(lost, []);
    let third = later(&windows(), &[failed("c")], 3);
    assert_eq!(names(&detector.look(&mut memory, &third)), Vec::<String>::new());
    let said = detector.settle(&mut memory);
    assert_eq!(names(&said), ["Many failed"]);
    assert_eq!((said[0].severity, said[0].entities[0].1.as_str()), (Severity::Critical, "192.0.2.7"));
}

/// A batch whose event ids begin at `first`.
fn later(pack: &Arc<Pack>, lines: &[Value], first: u64) -> EventBatch {
    let mut events = batch(pack, lines);
    events.lines.first = wardwatch_ident::EventId::new(at(), wardwatch_ident::NodeId(0), first);
    events
}

#[test]
fn rules_ask_about_the_hospital_and_are_silent_where_nobody_knows() {
    let asking = [
        rule(
            1,
            SECURITY,
            "s: {EventID: 4624}\nknown: {TargetUserName|x-in-set: vendors}\nopen: {TargetUserName|x-has-open-ticket: remote}\ncondition: s and known and not open",
        ),
        rule(2, SECURITY, "s: {EventID: 4624}\nduty: {TargetUserName|x-on-shift: it}\ncondition: s and not duty"),
        rule(3, SECURITY, "s: {EventID: 4624, TargetUserName|x-in-set: [absent, vendors]}\ncondition: s"),
    ];
    let program = Arc::new(program(&asking, &[&windows()]));
    assert_eq!(program.tables_of(0), [(Ask::InSet, "vendors".to_owned()), (Ask::HasOpenTicket, "remote".to_owned())]);
    let tables = Tables(vec![("vendors", vec!["v01", "v02"]), ("remote", vec!["v02"])]);
    let detector = Detector::new(program).with_context(Arc::new(tables), Views::default());
    let login = |user: &str| json!({"Channel": "Security", "EventID": 4624, "TargetUserName": user});
    let mut memory = memory();
    let alerts = detector.look(&mut memory, &batch(&windows(), &[login("V01"), login("v02"), login("nurse")]));
    // Rule 1 for v01 only; rule 2 never, for nobody knows the roster; rule 3 where a table that is there says yes.
    assert_eq!(names(&alerts), ["Rule 1", "Rule 3", "Rule 3"]);
    let asked: Vec<&str> =
        alerts[0].evidence.matched.iter().filter(|m| m.selection == "context").map(|m| m.value.as_str()).collect();
    assert_eq!(asked, ["V01: yes (vendors row 1 @v1)", "V01: no (remote @v1)"]);
    let tenant = TenantId::from_slug("renji");
    let coverage = memory.seen().coverage(detector.program(), tenant, 1, &["shifts/it".to_owned()], None);
    assert_eq!((coverage.events, coverage.matches, coverage.unknown), (3, 0, 3));
    assert!(matches!(coverage.state, CoverageState::Blind(_)), "{coverage:?}");
}

#[test]
fn rules_read_what_a_statement_does() {
    let audit = pack("sigma = { category = 'database' }\nmap = [{ sql = 'stmt' }]\n");
    let rules = [rule(
        1,
        "category: database",
        "t: {x-sql.tables: drug_presc, x-sql.aggregates: sum, x-sql.group_by: true}\ncondition: t",
    )];
    let detector = Detector::new(Arc::new(program(&rules, &[&audit])));
    let lines = [
        json!({"stmt": "SELECT doctor, SUM(qty) FROM his.drug_presc GROUP BY doctor"}),
        json!({"stmt": "SELECT 'SUM(' , doctor FROM drug_presc -- group by"}),
        json!({"other": "SELECT doctor, SUM(qty) FROM his.drug_presc GROUP BY doctor"}),
    ];
    let alerts = detector.look(&mut memory(), &batch(&audit, &lines));
    let events: Vec<u64> = alerts.iter().map(|alert| alert.event.seq()).collect();
    assert_eq!(events, [1], "{alerts:?}");
}

#[test]
fn indicators_are_alerts_with_their_source() {
    let firewall = pack("map = [{ dst_ip = 'dst', url = 'u' }]\n");
    let file = "type,value,source,confidence\nip,203.0.113.9,feed-a,90\ndomain,bad.example,feed-b,40\n";
    let (index, refused) = Index::read_csv(&[file.as_bytes()]).unwrap();
    assert!(refused.is_empty());
    let detector = Detector::new(Arc::new(program(&[], &[&firewall]))).with_indicators(Arc::new(index));
    let lines = [
        json!({"dst": "203.0.113.9"}),
        json!({"dst": "203.0.113.10", "u": "http://x.bad.example/a"}),
        json!({"dst": "10.0.0.1"}),
    ];
    let alerts = detector.look(&mut memory(), &batch(&firewall, &lines));
    let seen: Vec<_> = alerts.iter().map(|a| (a.event.seq(), a.origin, a.severity)).collect();
    assert_eq!(seen, [(1, Origin::Indicator, Severity::High), (2, Origin::Indicator, Severity::Low)]);
    assert!(alerts[0].evidence.matched.iter().any(|m| m.selection == "source" && m.value == "feed-a"));
    let again = detector.look(&mut memory(), &batch(&firewall, &lines));
    assert_eq!(alerts, again, "the same alerts with the same ids");
}

#[test]
fn a_tenant_has_a_view_of_its_own() {
    let rules =
        [rule(1, SECURITY, "s: {EventID: 4625}\ncondition: s"), rule(2, SECURITY, "s: {EventID: 4625}\ncondition: s")];
    let program = Arc::new(program(&rules, &[&windows()]));
    let mut views = Views::default();
    let off = TenantMask { off: [0].into(), ..TenantMask::default() };
    let severities = [("00000002-0000-4000-8000-000000000000".to_owned(), Severity::Low)].into();
    views.set(TenantId::from_slug("renji"), TenantView { mask: off, severities, ..TenantView::default() });
    let detector = Detector::new(program).with_context(Arc::new(Tables(Vec::new())), views);
    let mine = detector.look(&mut memory(), &batch(&windows(), &[failed("a")]));
    assert_eq!(mine.iter().map(|a| (a.title.as_str(), a.severity)).collect::<Vec<_>>(), [("Rule 2", Severity::Low)]);
}

#[test]
fn a_rule_without_its_events_or_fields_is_blind() {
    let rules = [
        rule(1, SECURITY, "s: {EventID: 4625, IpAddress: x}\ncondition: s"),
        rule(2, SECURITY, "s: {EventID: 4625, NeverThere: x}\ncondition: s"),
        rule(3, "product: windows, service: system", "s: {EventID: 1}\ncondition: s"),
        rule(4, SECURITY, "s: {EventID: 4625}\nf: {NeverThere: x}\ncondition: s and not f"),
    ];
    let detector = Detector::new(Arc::new(program(&rules, &[&windows()])));
    let mut memory = memory();
    detector.look(&mut memory, &batch(&windows(), &[failed("a")]));
    let pieces = memory.pieces(&detector);
    let (memory, _) = Memory::restore(Settings::default(), [7; 16], &detector, &pieces);
    let tenant = TenantId::from_slug("renji");
    let words: Vec<String> = (0..4)
        .map(|rule| {
            serde_json::to_string(&memory.seen().coverage(detector.program(), tenant, rule, &[], None).state).unwrap()
        })
        .collect();
    assert_eq!(
        words,
        [
            r#"{"state":"alive"}"#,
            r#"{"state":"blind","why":{"no_field":"NeverThere"}}"#,
            r#"{"state":"blind","why":"no_events"}"#,
            r#"{"state":"alive"}"#,
        ]
    );
}

#[test]
fn tenants_fill_placeholders_and_lay_filters_over_rules() {
    let rules = [
        rule(1, SECURITY, "s: {TargetUserName|expand: '%admins%'}\ncondition: s"),
        rule(2, SECURITY, "s: {EventID: 4625}\ncondition: s"),
    ];
    let files: Vec<(String, &String)> = rules.iter().enumerate().map(|(n, text)| (format!("{n}.yml"), text)).collect();
    let own = "title: Mine\nlogsource: {product: windows}\nfilter: {rules: any, scanner: {IpAddress: 192.0.2.7}, condition: not scanner}\n";
    let wishes = [
        TenantWishes {
            placeholders: [("admins".to_owned(), vec!["adm01".to_owned()])].into(),
            ..TenantWishes::none(TenantId::from_slug("renji"))
        },
        TenantWishes {
            filters: vec![("own.yml".to_owned(), own.into()), ("bad.yml".to_owned(), b"title: [".to_vec())],
            ..TenantWishes::none(TenantId::from_slug("zhongyi"))
        },
    ];
    let files = files.iter().map(|(name, text)| (name.as_str(), text.as_bytes()));
    let rules = Rules::load_for(files, Default::default(), &wishes);
    assert_eq!(rules.refused_filters().len(), 1, "{:?}", rules.refused_filters());
    let views = rules.views(&wishes);
    let program = Arc::new(Program::build(rules, &taxonomy(), &[]));
    let detector = Detector::new(program).with_context(Arc::new(Tables(Vec::new())), views);
    let fired = |tenant: &str, user: &str| {
        let mut events = batch(&windows(), &[failed(user)]);
        let received = Received::of_lines(
            TenantId::from_slug(tenant),
            events.lines.received.source,
            at(),
            &[failed(user).to_string()],
        );
        events.lines.received = received;
        names(&detector.look(&mut memory(), &events))
    };
    assert_eq!(fired("renji", "adm01"), ["Rule 2", "Rule 1"]);
    assert_eq!(fired("renji", "other"), ["Rule 2"]);
    assert_eq!(fired("zhongyi", "adm01"), [""; 0], "its own filter takes the scanner out, and it has no such set");
    assert_eq!(fired("third", "adm01"), ["Rule 2"], "what is another tenant's own is nobody else's");
}

#[test]
fn files_in_any_order_of_time_give_what_the_line_would() {
    let detector = Detector::new(Arc::new(program(&brute_force(), &[&windows()])));
    let mut memory = Memory::for_files();
    let at = |minute: i64, n: u64| {
        let mut events = later(&windows(), &[failed("a")], n);
        events.heads[0].time = at().plus_micros(minute * 60_000_000);
        events
    };
    // Five failures: three of them within ten minutes, and those are not read one after the other.
    for (minute, n) in [(30, 1), (0, 2), (34, 3), (60, 4), (38, 5)] {
        assert_eq!(names(&detector.look(&mut memory, &at(minute, n))), Vec::<String>::new());
    }
    let said = detector.finish(&mut memory);
    assert_eq!(names(&said), ["Many failed"]);
    assert_eq!(said[0].event.seq(), 5);
}
