//! `content lint`: what a pack or detection contradicts, never uses, or never shows by a sample.
//!
//! What cannot work at all is refused when a pack is compiled; this finds what works and is still wrong or unproven.

use crate::examples::Examples;
use crate::lint_words::missing_words;
use crate::load::Library;
use crate::sample::Sample;
use crate::test::expectation_of;
use serde::Serialize;
use std::collections::BTreeSet;
use std::sync::Arc;
use wardwatch_event::EventBatch;
use wardwatch_pack::{Activity, Pack, Rule, ValueMap, run_steps};
use wardwatch_parse::{SourceSettings, parse};

/// How bad a finding is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Weight {
    /// Must be put right before the pack ships.
    Error,
    /// Should be put right.
    Warning,
    /// Worth knowing.
    Note,
}

/// One finding.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Finding {
    /// The pack or detection.
    pub subject: String,
    /// How bad.
    pub weight: Weight,
    /// What kind, one word: `citation`, `case`, `value`, `key`, `required`, `sample`, `rule`.
    pub kind: &'static str,
    /// English.
    pub en: String,
    /// Chinese.
    pub zh: String,
}

/// What `content lint` found.
#[derive(Clone, Debug, Default, Serialize)]
pub struct LintReport {
    /// Subjects looked at.
    pub subjects: usize,
    /// Findings, by subject.
    pub findings: Vec<Finding>,
}

impl LintReport {
    /// No finding that must be put right.
    pub fn passed(&self) -> bool {
        self.findings.iter().all(|finding| finding.weight != Weight::Error)
    }
}

/// Looks at every pack and detection whose id contains `filter`.
pub fn lint(library: &Library, filter: Option<&str>) -> LintReport {
    let mut report = LintReport::default();
    let wanted = |name: &str| filter.is_none_or(|part| name.contains(part));
    for id in library.pack_ids().into_iter().filter(|id| wanted(id)) {
        report.subjects += 1;
        let mut findings = Findings { subject: id.clone(), found: &mut report.findings };
        match library.pack(&id) {
            Ok(pack) => lint_pack(library, &id, &pack, &mut findings),
            Err(fault) => findings.add(Weight::Error, "pack", fault.to_string(), format!("无法编译：{fault}")),
        }
    }
    let rules = library.rules();
    report.subjects += rules.iter().filter(|(path, _)| wanted(path)).count();
    for fault in Examples::of(library).faults().filter(|fault| wanted(fault)) {
        let mut findings = Findings { subject: "detections".to_owned(), found: &mut report.findings };
        findings.add(Weight::Error, "rule", fault.to_owned(), fault.to_owned());
    }
    report
}

pub(crate) struct Findings<'r> {
    subject: String,
    found: &'r mut Vec<Finding>,
}

impl Findings<'_> {
    pub(crate) fn add(&mut self, weight: Weight, kind: &'static str, en: String, zh: String) {
        self.found.push(Finding { subject: self.subject.clone(), weight, kind, en, zh });
    }
}

fn lint_pack(library: &Library, id: &str, pack: &Arc<Pack>, findings: &mut Findings<'_>) {
    let manifest = library.text(&format!("sources/{id}/pack.toml")).unwrap_or_default();
    let cites =
        |line: &str| line.trim_start().starts_with('#') && line.contains("reference = 'http") && !line.contains('…');
    if !manifest.lines().any(cites) {
        findings.add(
            Weight::Error,
            "citation",
            "no document is cited: add `# reference = 'https://…'`".to_owned(),
            "没有注明依据的文档：请加上 `# reference = 'https://…'`".to_owned(),
        );
    }
    let batches = sample_batches(library, id, pack, findings);
    unreached_cases(pack, &batches, findings);
    unfilled_columns(pack, &batches, findings);
    unknown_keys(&batches, findings);
    unused_values(pack, &batches, findings);
}

fn sample_batches(library: &Library, id: &str, pack: &Arc<Pack>, findings: &mut Findings<'_>) -> Vec<EventBatch> {
    let folder = format!("sources/{id}/samples");
    let mut batches = Vec::new();
    for (path, bytes) in library.below(&folder).filter(|(path, _)| path.ends_with(".log")) {
        match Sample::read(bytes) {
            Ok(sample) => {
                let settings = SourceSettings { zone: sample.zone.clone(), ..SourceSettings::default() };
                let batch = parse(pack, sample.batch(pack), &settings);
                missing_words(path, &batch, findings);
                batches.push(batch);
            }
            Err(fault) => findings.add(Weight::Error, "sample", format!("{path}: {fault}"), format!("{path}：{fault}")),
        }
        if library.text(&expectation_of(path)).is_none() {
            findings.add(
                Weight::Error,
                "sample",
                format!("{path} has no expectation: run `content test --write`, then check it"),
                format!("{path} 没有期望结果：先运行 `content test --write`，再逐项核对"),
            );
        }
    }
    if batches.is_empty() {
        findings.add(Weight::Error, "sample", "no samples".to_owned(), "没有样例".to_owned());
    }
    batches
}

fn unreached_cases(pack: &Pack, batches: &[EventBatch], findings: &mut Findings<'_>) {
    let reached: BTreeSet<u16> = batches.iter().flat_map(|b| b.heads.iter().filter_map(|head| head.case)).collect();
    for (at, case) in pack.cases().iter().enumerate() {
        // A case that is only the parent of others is reached through them.
        let inside = pack.cases().iter().enumerate().any(|(other, inner)| {
            inner.name.starts_with(&format!("{}/", case.name))
                && u16::try_from(other).is_ok_and(|n| reached.contains(&n))
        });
        if u16::try_from(at).is_ok_and(|number| !reached.contains(&number)) && !inside {
            findings.add(
                Weight::Warning,
                "case",
                format!("no sample reaches the case `{}`", case.name),
                format!("没有样例走到分支 `{}`", case.name),
            );
        }
    }
}

fn unfilled_columns(pack: &Pack, batches: &[EventBatch], findings: &mut Findings<'_>) {
    let mut filled = BTreeSet::new();
    for event in batches.iter().flat_map(EventBatch::events) {
        event.columns(&mut |column, _| {
            filled.insert(column);
        });
    }
    let required = pack.required();
    for column in pack.columns().difference(&filled) {
        let name = column.column().map_or("", |c| c.name);
        let must = required.contains(column);
        findings.add(
            if must { Weight::Error } else { Weight::Note },
            if must { "required" } else { "column" },
            format!("no sample fills the column `{name}`"),
            format!("没有样例填充字段 `{name}`"),
        );
    }
}

fn unknown_keys(batches: &[EventBatch], findings: &mut Findings<'_>) {
    let names: BTreeSet<&str> = batches
        .iter()
        .flat_map(|batch| batch.extras().iter().map(AsRef::as_ref))
        .filter(|name: &&str| !name.starts_with('@'))
        .collect();
    if !names.is_empty() {
        let shown: Vec<&str> = names.iter().take(12).copied().collect();
        let more = if names.len() > shown.len() { ", …" } else { "" };
        findings.add(
            Weight::Note,
            "key",
            format!("{} keys in samples that no rule mentions: {}{more}", names.len(), shown.join(", ")),
            format!("样例中有 {} 个键没有规则提到：{}{more}", names.len(), shown.join("、")),
        );
    }
}

fn unused_values(pack: &Pack, batches: &[EventBatch], findings: &mut Findings<'_>) {
    let activities = pack.cases().iter().filter_map(|case| match &case.activity {
        Activity::By(rule) => Some(rule.as_ref()),
        Activity::Fixed(_) => None,
    });
    let mut rules: Vec<&Rule> = Vec::new();
    for rule in pack.rules().chain(activities) {
        let mut next = Some(rule);
        while let Some(rule) = next {
            rules.push(rule);
            next = rule.or.as_deref();
        }
    }
    for (at, map) in pack.values.iter().enumerate() {
        let users: Vec<&&Rule> = rules.iter().filter(|rule| rule.map.map(usize::from) == Some(at)).collect();
        if users.is_empty() {
            let name = &map.name;
            findings.add(
                Weight::Error,
                "value",
                format!("no rule uses the value map `{name}`"),
                format!("没有规则使用取值表 `{name}`"),
            );
            continue;
        }
        let seen = words_seen(&users, batches);
        let unseen: Vec<&str> = unseen(map, &seen);
        if !unseen.is_empty() {
            findings.add(
                Weight::Note,
                "value",
                format!("value map `{}`: no sample has {}", map.name, unseen.join(", ")),
                format!("取值表 `{}`：样例中没有 {}", map.name, unseen.join("、")),
            );
        }
    }
}

fn words_seen(users: &[&&Rule], batches: &[EventBatch]) -> BTreeSet<String> {
    let mut seen = BTreeSet::new();
    for event in batches.iter().flat_map(EventBatch::events) {
        for rule in users {
            for native in rule.from.iter().flat_map(|source| event.values(source.field)) {
                if let Some(word) = run_steps(&rule.steps, native.text) {
                    seen.insert(word.trim().to_lowercase());
                }
            }
        }
    }
    seen
}

fn unseen<'m>(map: &'m ValueMap, seen: &BTreeSet<String>) -> Vec<&'m str> {
    map.entries().map(|(word, _)| word).filter(|word| !seen.contains(*word)).collect()
}
