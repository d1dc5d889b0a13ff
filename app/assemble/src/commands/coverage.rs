//! `wardwatch content coverage`: which rules are awake, and what would wake the others.

use super::ask::{complaint, runtime};
use super::content::output;
use crate::run::Session;
use serde_json::{Value, json};
use std::fmt::Write;
use wardwatch_cli::{Client, ClientFault, Complaint, CoverageArgs, Exit, Language, visible};

/// Missing things that are shown of one hospital: those that would wake most rules.
const SHOWN: usize = 20;

/// Asks the running server; [`Exit::Conflict`] if a rule is broken.
pub fn run(args: &CoverageArgs, session: Session) -> Result<Exit, Complaint> {
    let config = super::config::read(&args.config)?;
    let question = json!({
        "tenant": args.tenant,
        "rule": args.rule,
        "state": args.state.map(|state| state.word()),
        "rules": args.json && args.tenant.is_some(),
    });
    let client = Client::of(&config.data).speaking(session.language);
    let report: Value =
        runtime()?.block_on(client.call("/coverage", Some(&question))).map_err(|fault| match fault {
            ClientFault::Absent(_) => {
                let next = "start it with `wardwatch serve`: which rules are awake is counted while it runs";
                Complaint::new(Exit::Unreachable, fault, next)
            }
            other => complaint(other),
        })?;
    output(args.json, &report, || text(&report, session.language))?;
    let broken = list(&report, "tenants").iter().any(|tenant| number(tenant, "broken") > 0)
        || report.get("canaries").is_some_and(|canaries| !list(canaries, "lost").is_empty());
    Ok(if broken { Exit::Conflict } else { Exit::Ok })
}

fn list<'v>(value: &'v Value, key: &str) -> &'v [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn number(value: &Value, key: &str) -> u64 {
    value.get(key).and_then(Value::as_u64).unwrap_or(0)
}

fn word<'v>(value: &'v Value, key: &str) -> &'v str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// The report for people.
pub fn text(report: &Value, language: Language) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = canaries(report, language, &mut out);
    for tenant in list(report, "tenants") {
        let _ = of_tenant(tenant, language, &mut out);
    }
    if number(report, "cut") > 0 {
        let cut = number(report, "cut");
        let said = language.pick(
            format!("另有 {cut} 条规则没有列出：用 --tenant、--rule、--state 缩小范围"),
            format!("{cut} more rules are not listed: narrow it down with --tenant, --rule, --state"),
        );
        let _ = writeln!(out, "{said}");
    }
    out
}

fn canaries(report: &Value, language: Language, out: &mut String) -> std::fmt::Result {
    let Some(sent) = report.get("canaries").filter(|sent| !sent.is_null()) else {
        let zh = "探针：本次运行还没有发出（启动一分钟后发出）";
        return writeln!(out, "{}", language.pick(zh, "canaries: not sent yet in this run (a minute after the start)"));
    };
    let (fired, not_made, lost) = (number(sent, "fired"), list(sent, "not_made").len(), list(sent, "lost"));
    let said = language.pick(
        format!("探针（{}）：触发 {fired}，无法构造 {not_made}，丢失 {}", word(sent, "at"), lost.len()),
        format!("canaries ({}): {fired} fired, {not_made} cannot be made, {} lost", word(sent, "at"), lost.len()),
    );
    writeln!(out, "{said}")?;
    for pair in lost.iter().take(SHOWN) {
        let part = |at: usize| visible(pair.get(at).and_then(Value::as_str).unwrap_or_default()).to_string();
        writeln!(out, "  ! {}: {}", part(0), part(1))?;
    }
    Ok(())
}

fn of_tenant(tenant: &Value, language: Language, out: &mut String) -> std::fmt::Result {
    let figure = |key: &str| number(tenant, key);
    let (alive, blind, broken) = (figure("alive"), figure("blind"), figure("broken"));
    let (unknown, off) = (figure("unknown"), figure("off"));
    let said = language.pick(
        format!("有效 {alive}，失明 {blind}，失效 {broken}，未知 {unknown}，已关闭 {off}"),
        format!("{alive} alive, {blind} blind, {broken} broken, {unknown} unknown, {off} turned off"),
    );
    writeln!(out, "\n{}: {said}", visible(word(tenant, "tenant")))?;
    let rules = list(tenant, "rules");
    if !rules.is_empty() {
        return of_rules(rules, language, out);
    }
    let missing = list(tenant, "missing");
    if missing.is_empty() {
        return Ok(());
    }
    let mut table = plain_table();
    table.set_header(
        language
            .pick(["可唤醒规则", "缺少", "名称", "由哪个解析包带来"], ["would wake", "missing", "name", "brought by"]),
    );
    for item in missing.iter().take(SHOWN) {
        let packs: Vec<&str> = list(item, "brought_by").iter().filter_map(Value::as_str).collect();
        let kind = match word(item, "lack") {
            "source" => language.pick("事件", "events"),
            "field" => language.pick("字段", "field"),
            _ => language.pick("表", "table"),
        };
        let row = [number(item, "rules").to_string(), kind.to_owned(), visible(word(item, "name")).to_string()];
        table.add_row(row.into_iter().chain([packs.join(", ")]));
    }
    writeln!(out, "{table}")?;
    if missing.len() > SHOWN {
        let more = missing.len() - SHOWN;
        let zh = format!("另有 {more} 项：--json");
        writeln!(out, "{}", language.pick(zh, format!("{more} more: --json")))?;
    }
    Ok(())
}

fn of_rules(rules: &[Value], language: Language, out: &mut String) -> std::fmt::Result {
    let mut table = plain_table();
    table.set_header(
        language.pick(
            ["状态", "编号", "标题", "事件", "命中", "原因"],
            ["state", "id", "title", "events", "matches", "why"],
        ),
    );
    for rule in rules {
        let state = match word(rule, "state") {
            "alive" => language.pick("有效", "alive"),
            "blind" => language.pick("失明", "blind"),
            "broken" => language.pick("失效", "broken"),
            _ => language.pick("未知", "unknown"),
        };
        let shown = |key: &str| visible(word(rule, key)).to_string();
        let counted = [number(rule, "events").to_string(), number(rule, "matches").to_string()];
        let row = [state.to_owned(), shown("id"), shown("title")].into_iter().chain(counted);
        table.add_row(row.chain([shown("why")]));
    }
    writeln!(out, "{table}")
}

fn plain_table() -> comfy_table::Table {
    let mut table = comfy_table::Table::new();
    table.load_preset(comfy_table::presets::NOTHING);
    table
}
