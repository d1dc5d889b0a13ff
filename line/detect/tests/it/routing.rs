//! Which rules look at which events.

use crate::batches::{at, batch, fired, pack, program, rule, windows};
use serde_json::json;
use wardwatch_detect::evaluate;
use wardwatch_event::{BatchBuilder, LineBatch, Received};
use wardwatch_ident::{EventId, NodeId, SourceId, TenantId};

const SYSMON: &str = "Microsoft-Windows-Sysmon/Operational";

#[test]
fn channel_and_event_id_decide_before_any_rule_is_looked_at() {
    let rules = [
        rule(1, "product: windows, category: process_creation", "s: {Image|endswith: '\\cmd.exe'}\ncondition: s"),
        rule(2, "product: windows, service: security", "s: {EventID: 4624}\ncondition: s"),
        rule(3, "product: windows", "k: [mimikatz]\ncondition: k"),
        rule(4, "product: windows, category: registry_event", "s: {TargetObject|contains: run}\ncondition: s"),
    ];
    let windows = windows();
    let program = program(&rules, &[&windows]);
    let batch = batch(
        &windows,
        &[
            json!({"Channel": SYSMON, "EventID": 1, "Image": r"C:\cmd.exe"}),
            json!({"Channel": SYSMON, "EventID": 3, "Image": r"C:\cmd.exe"}),
            json!({"Channel": "security", "EventID": "4624"}),
            json!({"Channel": "System", "EventID": 4624, "x": "mimikatz"}),
            json!({"Channel": SYSMON, "EventID": 12, "TargetObject": "HKLM\\Run"}),
            json!({"EventID": 1, "Image": r"C:\cmd.exe", "x": "mimikatz"}),
            json!({"Channel": SYSMON, "EventID": 1, "Image": r"C:\CMD.EXE", "CommandLine": "mimikatz"}),
        ],
    );
    let expected: [&[u32]; 7] = [&[1], &[], &[2], &[3], &[4], &[], &[1, 3]];
    assert_eq!(fired(&program, &batch), expected);
    assert_eq!(program.health()[0].candidates(), 2);
    assert_eq!(program.health()[0].matches(), 2);
}

#[test]
fn other_events_that_record_the_same_act_are_read_by_their_own_names() {
    let creation = "product: windows, category: process_creation";
    let network = "product: windows, category: network_connection";
    let rules = [
        rule(1, creation, "s: {Image|endswith: '\\cmd.exe', ParentImage|endswith: '\\x.exe'}\ncondition: s"),
        rule(2, creation, "s: {Image|endswith: '\\cmd.exe'}\nf: {OriginalFileName: y}\ncondition: s and not f"),
        rule(
            3,
            network,
            "s: {Initiated: 'true', DestinationPort: 53, Image|endswith: '\\dns.exe', Protocol: udp}\ncondition: s",
        ),
        rule(
            4,
            "product: windows, category: registry_set",
            "s: {TargetObject|endswith: '\\Run\\x', EventType: SetValue}\ncondition: s",
        ),
        rule(5, "category: antivirus", "s: {Signature|contains: Mimikatz}\ncondition: s"),
    ];
    let windows = windows();
    let program = program(&rules, &[&windows]);
    let batch = batch(
        &windows,
        &[
            json!({"Channel": "Security", "EventID": 4688, "NewProcessName": r"C:\cmd.exe", "ParentProcessName": r"C:\x.exe"}),
            json!({"Channel": SYSMON, "EventID": 1, "Image": r"C:\cmd.exe", "ParentImage": r"C:\x.exe"}),
            json!({"Channel": "Security", "EventID": 5156, "Application": r"\device\harddiskvolume4\dns.exe", "Direction": "%%14593", "DestPort": "53", "Protocol": "17"}),
            json!({"Channel": "Security", "EventID": 5156, "Application": r"\device\harddiskvolume4\dns.exe", "Direction": "%%14592", "DestPort": "53", "Protocol": "17"}),
            json!({"Channel": "Security", "EventID": 4657, "ObjectName": r"\REGISTRY\MACHINE\Software\Run", "ObjectValueName": "x"}),
            json!({"Channel": "Security", "EventID": 4657, "ObjectName": r"\REGISTRY\MACHINE\Software\Run"}),
            json!({"Channel": "Microsoft-Windows-Windows Defender/Operational", "EventID": 1116, "Threat Name": "HackTool:Win32/Mimikatz"}),
        ],
    );
    let expected: [&[u32]; 7] = [&[1], &[1, 2], &[3], &[], &[4], &[], &[5]];
    assert_eq!(fired(&program, &batch), expected);
    let remarks = &program.listing()[1].remarks;
    assert!(remarks[0].contains("events 4688 of Security") && remarks[0].contains("`OriginalFileName`"), "{remarks:?}");
}

#[test]
fn a_pack_s_log_source_routes_everything_else() {
    let firewall = pack(
        "sigma = { product = 'fortigate' }\n[[case]]\nwhen = { field = 'type', is = 'traffic' }\nclass = 4001\nactivity = 6\nsigma = { product = 'fortigate', category = 'firewall' }\n",
    );
    let rules = [
        rule(1, "category: firewall", "s: {dst_port: 445}\ncondition: s"),
        rule(2, "product: fortigate", "s: {type: '*'}\ncondition: s"),
        rule(3, "product: linux", "k: [traffic]\ncondition: k"),
        rule(4, "product: fortigat", "k: [traffic]\ncondition: k"),
    ];
    let program = program(&rules, &[&firewall]);
    let batch =
        batch(&firewall, &[json!({"type": "traffic", "dstport": "445"}), json!({"type": "utm", "dstport": "445"})]);
    assert_eq!(fired(&program, &batch), [vec![1, 2], vec![2]]);
    assert!(program.listing()[3].reason.contains("no route for fortigat/-/-"));
}

#[test]
fn a_field_is_found_by_its_own_name_then_aliases_then_prefixes_then_columns() {
    let windows = pack("sigma = { product = 'windows' }\nmap = [{ proc_path = 'exe' }]");
    let rules = [rule(1, "product: windows, category: process_creation", "s: {Image: good}\ncondition: s")];
    let program = program(&rules, &[&windows]);
    let event = |extra: serde_json::Value| {
        let mut event = json!({"Channel": SYSMON, "EventID": 1});
        event.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        event
    };
    let batch = batch(
        &windows,
        &[
            event(json!({"Image": "good"})),
            event(json!({"process": {"executable": "good"}})),
            event(json!({"Event": {"EventData": {"Image": "good"}}})),
            event(json!({"exe": "good"})),
            event(json!({"Image": "bad", "process": {"executable": "good"}, "exe": "good"})),
            event(json!({"image": "good"})),
            json!({"winlog": {"channel": SYSMON, "event_id": "1", "event_data": {"Image": "good"}}}),
        ],
    );
    let expected: [&[u32]; 7] = [&[1], &[1], &[1], &[1], &[], &[], &[1]];
    assert_eq!(fired(&program, &batch), expected);
}

#[test]
fn an_alert_carries_its_evidence_and_is_the_same_after_a_replay() {
    let windows = windows();
    let rules =
        [rule(1, "product: windows, service: security", "s: {EventID: 4624, TargetUserName: root}\ncondition: s")];
    let program = program(&rules, &[&windows]);
    let line = json!({"Channel": "Security", "EventID": 4624, "TargetUserName": "Root"});
    let batch = batch(&windows, std::slice::from_ref(&line));
    let alerts = evaluate(&program, &batch);
    assert_eq!(alerts, evaluate(&program, &batch));
    let alert = &alerts[0];
    let rule = alert.rule.as_ref().unwrap();
    assert_eq!((rule.title.as_str(), rule.level.as_deref(), rule.version.len()), ("Rule 1", Some("high"), 16));
    assert_eq!(alert.evidence.raw, line.to_string());
    assert!(alert.evidence.pack.starts_with("test/pack@"));
    let user = alert.evidence.matched.iter().find(|m| m.field.as_deref() == Some("TargetUserName")).unwrap();
    assert_eq!((user.selection.as_str(), user.value.as_str()), ("s", "Root"));
    let (start, end) = (user.start.unwrap() as usize, user.end.unwrap() as usize);
    assert_eq!(&alert.evidence.raw[start..end], "Root");
}

#[test]
fn a_rule_fires_once_per_event_whatever_leads_to_it() {
    // Both targets of the log source cover this event.
    let windows = windows();
    let taxonomy = "[[route]]\nlogsource = {product = 'twice'}\nto = [{channel = ['A']}, {channel = ['*']}, {source = {product = 'windows'}}]\n";
    let taxonomy = wardwatch_predicate::route::Taxonomy::read(&[("t", taxonomy)]).unwrap();
    let text = rule(1, "product: twice", "s: {x: y}\ncondition: s");
    let rules = wardwatch_detect::Rules::load([("a.yml", text.as_bytes())], Default::default());
    let program = wardwatch_detect::Program::build(rules, &taxonomy, &[]);
    assert_eq!(fired(&program, &batch(&windows, &[json!({"Channel": "a", "x": "y"})])), [vec![1]]);
}

#[test]
fn a_line_that_was_not_understood_is_searched_as_it_is_read() {
    let firewall = pack("sigma = { product = 'fortigate' }");
    let program = program(&[rule(1, "product: fortigate", "k: ['登录失败', '勒索病']\ncondition: k")], &[&firewall]);
    // "登录失败" in GB18030, whole and with half a character behind it; UTF-8 that was cut inside a character.
    let chinese = [0xB5, 0xC7, 0xC2, 0xBC, 0xCA, 0xA7, 0xB0, 0xDC];
    let cut = "告警：勒索病毒".as_bytes();
    let lines = [chinese.to_vec(), [&chinese[..], &[0xB5]].concat(), cut[..cut.len() - 1].to_vec(), vec![0xFF]];
    let tenant = TenantId::from_slug("renji");
    let received = Received::of_lines(tenant, SourceId::from_slug(tenant, "fw"), at(), &lines);
    let lines = LineBatch { received, first: EventId::new(at(), NodeId(0), 1) };
    let batch = BatchBuilder::new(lines, firewall).finish();
    assert_eq!(fired(&program, &batch), [vec![1], vec![1], vec![1], vec![]]);
    let raw: Vec<String> = evaluate(&program, &batch).into_iter().map(|alert| alert.evidence.raw).collect();
    assert_eq!(raw, ["登录失败", "登录失败\u{fffd}", "告警：勒索病\u{fffd}"]);
    assert_eq!(program.events_hurt(), 0);
}
