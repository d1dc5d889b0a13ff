//! Reports as text, in Chinese or English. Codes, ids and field names are the same in both.

use crate::draft::Draft;
use crate::lint::{LintReport, Weight};
use crate::list::Listing;
use crate::test::{SampleReport, TestReport};
use serde_json::Value;
use std::fmt::Write as _;
use wardwatch_parse::{ExplainedValue, Explanation};

/// Chinese or English.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Tongue {
    /// 中文
    Zh,
    /// English
    En,
}

impl Tongue {
    fn pick<T>(self, zh: T, en: T) -> T {
        match self {
            Self::Zh => zh,
            Self::En => en,
        }
    }
}

impl TestReport {
    /// Differences, then a summary.
    pub fn show(&self, tongue: Tongue) -> String {
        let mut out = String::new();
        self.faults.iter().for_each(|fault| put(&mut out, format_args!("FAULT {fault}")));
        self.samples.iter().for_each(|sample| show_sample(sample, tongue, &mut out));
        for example in self.examples.iter().filter(|example| example.fault.is_some()) {
            let fault = example.fault.as_deref().unwrap_or_default();
            put(&mut out, format_args!("FAIL  {} [{}] {fault}", example.detection, example.name));
        }
        let lines: usize = self.samples.iter().map(|sample| sample.lines).sum();
        let bad =
            self.samples.iter().filter(|s| !s.written && (s.fault.is_some() || !s.differences.is_empty())).count();
        let silent = self.examples.iter().filter(|example| example.fault.is_some()).count();
        let (samples, examples) = (self.samples.len(), self.examples.len());
        match tongue {
            Tongue::Zh => put(
                &mut out,
                format_args!(
                    "样例 {samples} 个（{lines} 行），不符 {bad} 个；检测示例 {examples} 个，不符 {silent} 个"
                ),
            ),
            Tongue::En => put(
                &mut out,
                format_args!(
                    "{samples} samples ({lines} lines), {bad} not as expected; {examples} examples, {silent} not as expected"
                ),
            ),
        }
        out
    }
}

fn show_sample(sample: &SampleReport, tongue: Tongue, out: &mut String) {
    let word = if sample.written { "WROTE" } else { "FAIL " };
    if sample.fault.is_none() && sample.differences.is_empty() && !sample.written {
        return;
    }
    put(out, format_args!("{word} {} {}", sample.path, sample.fault.as_deref().unwrap_or_default()));
    for (line, difference) in &sample.differences {
        let value = |value: &Option<Value>| {
            value.as_ref().map_or_else(|| tongue.pick("（空）", "(nothing)").to_owned(), Value::to_string)
        };
        put(
            out,
            format_args!(
                "      {line}: {}: {} → {}",
                difference.at,
                value(&difference.expected),
                value(&difference.found)
            ),
        );
    }
    if sample.written && !sample.filled.is_empty() {
        let columns: Vec<String> = sample.filled.iter().map(|(line, column)| format!("{line}:{column}")).collect();
        let what = tongue.pick(
            "以前为空、现在有值，请对照厂商文档核对",
            "was empty and is filled now, check against the vendor's document",
        );
        put(out, format_args!("      {what}: {}", columns.join(" ")));
    }
}

impl LintReport {
    /// One finding a line, then a count.
    pub fn show(&self, tongue: Tongue) -> String {
        let mut out = String::new();
        for finding in &self.findings {
            let word = match finding.weight {
                Weight::Error => "error  ",
                Weight::Warning => "warning",
                Weight::Note => "note   ",
            };
            put(
                &mut out,
                format_args!("{word} {} [{}] {}", finding.subject, finding.kind, tongue.pick(&finding.zh, &finding.en)),
            );
        }
        let count = |weight: Weight| self.findings.iter().filter(|finding| finding.weight == weight).count();
        let (errors, warnings, notes) = (count(Weight::Error), count(Weight::Warning), count(Weight::Note));
        let subjects = self.subjects;
        match tongue {
            Tongue::Zh => {
                put(&mut out, format_args!("检查 {subjects} 项：错误 {errors}，警告 {warnings}，提示 {notes}"))
            }
            Tongue::En => {
                put(&mut out, format_args!("{subjects} looked at: {errors} errors, {warnings} warnings, {notes} notes"))
            }
        }
        out
    }
}

impl Listing {
    /// A table of packs, then one of detections.
    pub fn show(&self, tongue: Tongue) -> String {
        let mut out = String::new();
        let width = self.packs.iter().map(|pack| pack.id.len()).max().unwrap_or(0);
        for pack in &self.packs {
            let title = tongue.pick(&pack.title_zh, &pack.title);
            let fault = pack.fault.as_deref().unwrap_or_default();
            put(
                &mut out,
                format_args!(
                    "{:width$}  {:16}  {:>3} {}  {:>3} {}  {title} {fault}",
                    pack.id,
                    pack.version,
                    pack.cases,
                    tongue.pick("类事件", "cases"),
                    pack.columns,
                    tongue.pick("个字段", "columns")
                ),
            );
        }
        for rule in &self.detections {
            put(
                &mut out,
                format_args!("{}  {}  {} {}", rule.path, rule.state, rule.title.as_deref().unwrap_or("-"), rule.reason),
            );
        }
        match tongue {
            Tongue::Zh => {
                put(&mut out, format_args!("解析包 {} 个，检测规则 {} 条", self.packs.len(), self.detections.len()))
            }
            Tongue::En => {
                put(&mut out, format_args!("{} packs, {} detections", self.packs.len(), self.detections.len()))
            }
        }
        out
    }
}

impl Draft {
    /// What was guessed and covered: the lines that belong on standard error, beside the manifest.
    pub fn show(&self, tongue: Tongue) -> String {
        let mut out = String::new();
        let cover = &self.coverage;
        let states: Vec<String> = cover.parsed.iter().map(|(state, lines)| format!("{state} {lines}")).collect();
        let time = self.time.as_ref().map_or_else(|| "-".to_owned(), |time| format!("{} ({})", time.from, time.format));
        let header = if self.header { "syslog" } else { "none" };
        match tongue {
            Tongue::Zh => {
                put(&mut out, format_args!("字符集 {}，头部 {header}，正文 {}，时间 {time}", self.charset, self.body));
                put(&mut out, format_args!("{} 行：{}；读出时间 {} 行", cover.lines, states.join("，"), cover.timed));
                put(
                    &mut out,
                    format_args!("{} 个键，{} 个已对应到字段；其余列在草稿的注释里", cover.fields, cover.mapped),
                );
            }
            Tongue::En => {
                put(
                    &mut out,
                    format_args!("charset {}, header {header}, body {}, time {time}", self.charset, self.body),
                );
                put(
                    &mut out,
                    format_args!("{} lines: {}; time read in {}", cover.lines, states.join(", "), cover.timed),
                );
                put(
                    &mut out,
                    format_args!(
                        "{} keys, {} fill a column; the others stand in comments of the draft",
                        cover.fields, cover.mapped
                    ),
                );
            }
        }
        if let Some(fault) = &self.fault {
            put(&mut out, format_args!("{fault}"));
        }
        out
    }
}

/// What one line became.
pub fn show_explanation(explanation: &Explanation, tongue: Tongue) -> String {
    let mut out = String::new();
    let name = |zh: &'static str, en: &'static str| tongue.pick(zh, en);
    put(&mut out, format_args!("{}  {}", name("解析包", "pack"), explanation.pack));
    put(
        &mut out,
        format_args!("{}  {} / {}", name("头部/正文", "header / body"), explanation.header, explanation.body),
    );
    put(&mut out, format_args!("{}  {}", name("结果", "parsed"), explanation.parsed));
    put(&mut out, format_args!("{}  {}", name("分支", "case"), explanation.case.as_deref().unwrap_or("-")));
    let time = explanation.time.map_or_else(|| "-".to_owned(), |time| time.to_string());
    put(&mut out, format_args!("{}  {time} ({})", name("时间", "time"), explanation.time_note));
    put(&mut out, format_args!("{}  {}", name("备注", "notes"), explanation.notes.join(" ")));
    put(&mut out, format_args!("{}", name("原始字段", "native fields")));
    for field in &explanation.fields {
        let known = if field.known { ' ' } else { '?' };
        put(
            &mut out,
            format_args!("  {known} {} = {}  [{}..{} {}]", field.name, field.value, field.start, field.end, field.kind),
        );
    }
    put(&mut out, format_args!("{}", name("字段", "columns")));
    for column in &explanation.columns {
        match &column.value {
            ExplainedValue::Text(text) => {
                put(&mut out, format_args!("    {} = {text}{}", column.column, by(&column.rule)))
            }
            ExplainedValue::Int(number) => {
                put(&mut out, format_args!("    {} = {number}{}", column.column, by(&column.rule)))
            }
        }
    }
    if !explanation.unmapped.is_empty() {
        put(&mut out, format_args!("{}\n    {}", name("未对应", "unmapped"), explanation.unmapped));
    }
    out
}

/// The rule behind a value.
fn by(rule: &str) -> String {
    if rule.is_empty() { String::new() } else { format!("   ← {rule}") }
}

fn put(out: &mut String, line: std::fmt::Arguments<'_>) {
    // Writing to a String cannot fail.
    let _ = writeln!(out, "{line}");
}
