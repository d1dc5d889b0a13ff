//! `content coverage` from the command to the real parts and back, over the real socket.

use super::*;
use crate::SystemClock;
use crate::commands::coverage;
use crate::config;
use crate::desk::MachineDesk;
use crate::run::Session;
use std::path::PathBuf;
use wardwatch_api::{ControlSetup, State, control_listener, control_router};
use wardwatch_cli::{AwakeName, Client, ClientFault, CoverageArgs, Exit, Language};

const CONFIG: &str = r#"
page = "127.0.0.1:8470"
[[tenant]]
id = "lakeside"
name = "湖滨医院"
[[tenant.source]]
id = "ids"
pack = "oisf/suricata"
[[tenant]]
id = "hillside"
name = "山前医院"
[[tenant.source]]
id = "dc"
pack = "microsoft/windows"
"#;

fn args(config: PathBuf) -> CoverageArgs {
    CoverageArgs { tenant: None, rule: None, state: None, config, json: false }
}

fn machine(name: &str) -> (PathBuf, Arc<Machine>) {
    let folder = std::env::temp_dir().join(format!("wardwatch-awake-{name}-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("a folder");
    let file = folder.join("wardwatch.toml");
    let text = format!("data = \"{}\"\n{CONFIG}", folder.join("data").display());
    std::fs::write(&file, &text).expect("written");
    let config = config::parse(&text, &file, &|_| None).expect("a configuration");
    (file, Arc::new(Machine::open(config, Arc::new(SystemClock)).expect("opens")))
}

const SESSION: Session = Session { language: Language::En, quiet: false };

#[test]
fn the_command_asks_the_server_which_rules_are_awake() {
    let (file, machine) = machine("command");
    let absent = coverage::run(&args(file.clone()), SESSION).expect_err("no server");
    assert_eq!(absent.exit, Exit::Unreachable);
    assert!(absent.text(Language::Zh).contains("请用 `wardwatch serve` 启动服务器"), "{}", absent.text(Language::Zh));

    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    let all: Vec<TenantId> = machine.config.tenants.iter().map(|tenant| tenant.id).collect();
    let desk = Arc::new(MachineDesk(Arc::clone(&machine)));
    let setup = ControlSetup { desk, clock: Arc::clone(&machine.clock), fleet: machine.mint.fleet(&all) };
    let path = Client::of(&machine.config.data).socket().to_owned();
    runtime.spawn(async move {
        axum::serve(control_listener(&path).expect("a socket"), control_router(setup)).await.expect("served");
    });
    let ask = |body: serde_json::Value| {
        let client = Client::of(&machine.config.data);
        runtime.block_on(async move {
            for _ in 0..500 {
                match client.call::<serde_json::Value>("/coverage", Some(&body)).await {
                    Err(ClientFault::Absent(_)) => {
                        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
                    }
                    answer => return answer,
                }
            }
            panic!("nobody listens");
        })
    };
    let before = ask(serde_json::json!({})).expect("answered");
    assert!(before["canaries"].is_null());
    assert!(coverage::text(&before, Language::En).contains("not sent yet"));

    look_now(&machine);
    let after = ask(serde_json::json!({})).expect("answered");
    assert!(after["canaries"]["fired"].as_u64().expect("a figure") > 100, "{}", after["canaries"]);
    assert_eq!(after["canaries"]["lost"], serde_json::json!([]));
    // Nothing was received: what can be evaluated is blind, and what would wake most comes first.
    let tenants = after["tenants"].as_array().expect("hospitals");
    assert_eq!(
        tenants.iter().map(|t| t["tenant"].as_str().expect("a name")).collect::<Vec<_>>(),
        ["lakeside", "hillside"]
    );
    for tenant in tenants {
        assert_eq!((tenant["alive"].as_u64(), tenant["broken"].as_u64()), (Some(0), Some(0)));
        let would: Vec<u64> =
            tenant["missing"].as_array().expect("a list").iter().map(|m| m["rules"].as_u64().expect("rules")).collect();
        assert!(would.len() > 3 && would.is_sorted_by(|a, b| a >= b), "{would:?}");
        assert_eq!(tenant["rules"], serde_json::json!([]));
    }
    let security = tenants[1]["missing"].as_array().expect("a list").iter().find(|m| m["name"] == "Security");
    let brought_by = security.expect("Windows' own log")["brought_by"].to_string();
    assert!(brought_by.contains("microsoft/windows"), "{brought_by}");
    let text = coverage::text(&after, Language::Zh);
    assert!(text.contains("lakeside: 有效 0") && text.contains("可唤醒规则"), "{text}");
    assert!(ask(serde_json::json!({ "tenant": "elsewhere" })).is_err());

    assert_eq!(coverage::run(&args(file.clone()), SESSION).expect("answered"), Exit::Ok);
    let named = CoverageArgs { tenant: Some("elsewhere".into()), ..args(file.clone()) };
    assert_eq!(coverage::run(&named, SESSION).expect_err("not there").exit, Exit::NotFound);

    loses_a_canary(&machine, &ask, file);
    runtime.shutdown_background();
}

/// A rule that lost its canary: said, counted, and an exit code of its own.
fn loses_a_canary(
    machine: &Machine,
    ask: &dyn Fn(serde_json::Value) -> Result<serde_json::Value, ClientFault>,
    file: PathBuf,
) {
    let rule = machine.station.detector().program().rules()[0].about.id.clone();
    let mut report = (*machine.awake.canaries().expect("sent")).clone();
    report.outcomes.insert(rule.clone(), CanaryOutcome::Lost("its gate stays shut".into()));
    machine.awake.known().canaries = Some(Arc::new(report));
    look_now(machine);
    let broken = ask(serde_json::json!({ "state": "broken", "tenant": "lakeside" })).expect("answered");
    assert_eq!(broken["tenants"][0]["rules"][0]["id"], serde_json::json!(rule));
    assert!(coverage::text(&broken, Language::En).contains("its gate stays shut"));
    let listed = CoverageArgs { state: Some(AwakeName::Broken), ..args(file) };
    assert_eq!(coverage::run(&listed, SESSION).expect("answered"), Exit::Conflict);
    let content = crate::figures::health(machine).parts.into_iter().find(|part| part.name == "content");
    assert_eq!(content.expect("a part").state, State::Degraded);
    let metrics = crate::figures::metrics(machine);
    let rules = metrics.iter().find(|metric| metric.name == "wardwatch_rules").expect("a metric");
    let broken = rules.samples.iter().filter(|(labels, _)| labels.contains(&("state", "broken".to_owned())));
    assert_eq!(broken.map(|(_, value)| *value).sum::<f64>(), 2.0);
}

#[test]
fn canaries_leave_no_trace_in_the_hospitals_figures() {
    let (_, machine) = machine("trace");
    look_now(&machine);
    assert_eq!(machine.awake.lost(), 0);
    assert_eq!(
        (machine.journal.end().0, machine.alerts.cursor().expect("a cursor").0, machine.lake.taken().0),
        (0, 0, 0)
    );
    for tenant in &machine.config.tenants {
        let awake = of_tenant(&machine, tenant.id);
        assert!(awake.rules.iter().all(|rule| rule.events == 0 && rule.matches == 0 && rule.unknown == 0));
        for source in &tenant.sources {
            let reading = machine.tally.reading(tenant.id, source.id);
            assert_eq!((reading.received, reading.parsed, reading.alerts), (0, 0, 0));
        }
    }
    let detector = machine.station.detector();
    assert!(detector.program().health().iter().all(|health| health.candidates() == 0 && health.matches() == 0));
    let pieces = machine.station.remembered(|detector, memory| memory.pieces(detector).len());
    assert_eq!(pieces, 0);
}
