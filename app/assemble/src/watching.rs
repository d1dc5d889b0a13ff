//! What detection looks for on this machine: content, the hospitals' own tables and wishes, indicators.
//!
//! In the data folder: `context/<tenant>/{sets,tickets,shifts}/*.csv` (see `engines/context-csv`), beside them
//! `rules.toml` (rules that are off, other severities) and `filters/*.yml`; `indicators/*.csv` for all tenants. What
//! cannot be read is said, and the rest works.

use crate::config::Config;
use crate::content::Loaded;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;
use wardwatch_context_csv::{ContextTenant, CsvContext};
use wardwatch_detect::{Context, Detector, TenantWishes};
use wardwatch_finding::Severity;
use wardwatch_ident::{Timestamp, Zone};
use wardwatch_indicator::Index;
use wardwatch_limits::CONTEXT_TABLES;

/// The hospitals' tables.
pub fn context(config: &Config) -> CsvContext {
    let tenant = |tenant: &crate::config::Tenant| ContextTenant {
        id: tenant.id,
        slug: tenant.slug.clone(),
        zone: tenant.sources.first().map_or_else(Zone::china, |source| source.zone.clone()),
    };
    CsvContext::open(&config.data.join("context"), config.tenants.iter().map(tenant).collect())
}

/// `rules.toml` of a tenant.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct RulesFile {
    /// Ids of rules and correlations that are off.
    #[serde(default)]
    off: Vec<String>,
    /// Severities by rule id: informational, low, medium, high or critical.
    #[serde(default)]
    severity: BTreeMap<String, String>,
}

/// What the tenants say about rules, and what of it cannot be understood.
pub fn wishes(config: &Config, context: &CsvContext, now: Timestamp) -> (Vec<TenantWishes>, Vec<String>) {
    let (mut wishes, mut problems) = (Vec::new(), Vec::new());
    for problem in context.problems() {
        problems.push(format!("context/{}/{}: {}", problem.tenant, problem.file, problem.why));
    }
    for tenant in &config.tenants {
        let folder = config.data.join("context").join(&tenant.slug);
        let mut wish = TenantWishes::none(tenant.id);
        read_rules_file(&folder.join("rules.toml"), &mut wish, &mut problems);
        for file in files_in(&folder.join("filters"), &["yml", "yaml"]) {
            match std::fs::read(&file) {
                Ok(bytes) => wish.filters.push((file.display().to_string(), bytes)),
                Err(e) => problems.push(format!("{}: {e}", file.display())),
            }
        }
        for file in files_in(&folder.join("sets"), &["csv"]) {
            let Some(name) = file.file_stem().and_then(|name| name.to_str()) else { continue };
            if let Ok(members) = context.members(tenant.id, name, now)
                && !members.is_empty()
            {
                wish.placeholders.insert(name.to_owned(), members);
            }
        }
        wishes.push(wish);
    }
    (wishes, problems)
}

fn read_rules_file(path: &Path, wish: &mut TenantWishes, problems: &mut Vec<String>) {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return,
        Err(e) => return problems.push(format!("{}: {e}", path.display())),
    };
    let file: RulesFile = match toml::from_str(&text) {
        Ok(file) => file,
        Err(e) => return problems.push(format!("{}: {}", path.display(), e.to_string().trim())),
    };
    wish.off = file.off;
    for (rule, level) in file.severity {
        match level.as_str() {
            "informational" | "low" | "medium" | "high" | "critical" => {
                wish.severities.insert(rule, Severity::of_sigma(Some(&level)));
            }
            _ => problems.push(format!(
                "{}: `{level}` of {rule} is no severity: write informational, low, medium, high or critical",
                path.display()
            )),
        }
    }
}

/// Files of a folder with one of these endings, by name; none if there is no such folder.
fn files_in(folder: &Path, endings: &[&str]) -> Vec<PathBuf> {
    let ends = |path: &PathBuf| path.extension().is_some_and(|e| endings.iter().any(|ending| e == *ending));
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut found: Vec<PathBuf> = entries.filter(|path| ends(path) && path.is_file()).take(CONTEXT_TABLES).collect();
    found.sort();
    found
}

/// The indicators of the data folder: an index of all good rows, and what was refused.
pub fn indicators(config: &Config) -> (Arc<Index>, Vec<String>) {
    let mut problems = Vec::new();
    let mut texts = Vec::new();
    for file in files_in(&config.data.join("indicators"), &["csv"]) {
        match std::fs::read(&file) {
            Ok(bytes) => texts.push((file, bytes)),
            Err(e) => problems.push(format!("{}: {e}", file.display())),
        }
    }
    let mut rows = Vec::new();
    for (file, bytes) in &texts {
        match wardwatch_indicator::Rows::read(bytes) {
            Ok(read) => rows.push((file, read)),
            Err(fault) => problems.push(format!("{}: {fault}", file.display())),
        }
    }
    let good: Vec<&[u8]> = texts
        .iter()
        .filter(|(file, _)| rows.iter().any(|(other, _)| *other == file))
        .map(|(_, bytes)| bytes.as_slice())
        .collect();
    match Index::read_csv(&good) {
        Ok((index, refused)) => {
            problems.extend(refused.iter().take(20).map(|refused| {
                let (row, value, reason) = (refused.row, &refused.value, &refused.reason);
                format!("indicators, row {row}: `{value}`: {reason}")
            }));
            (Arc::new(index), problems)
        }
        Err(fault) => {
            problems.push(format!("indicators: {fault}"));
            (Arc::new(Index::build([]).0), problems)
        }
    }
}

/// The files that detection reads from the data folder, their sizes and when they were written.
pub type Stamp = Vec<(PathBuf, u64, Option<SystemTime>)>;

/// Changes whenever a file that detection reads from the data folder does.
pub fn stamp(config: &Config) -> Stamp {
    let mut files = files_in(&config.data.join("indicators"), &["csv"]);
    for tenant in &config.tenants {
        let folder = config.data.join("context").join(&tenant.slug);
        files.push(folder.join("rules.toml"));
        files.extend(files_in(&folder.join("filters"), &["yml", "yaml"]));
    }
    let about = |path: PathBuf| {
        let meta = std::fs::metadata(&path).ok();
        let (bytes, at) = meta.map_or((0, None), |meta| (meta.len(), meta.modified().ok()));
        (path, bytes, at)
    };
    files.into_iter().map(about).collect()
}

/// Everything together.
pub fn detector(loaded: &Loaded, context: Arc<dyn Context>, indicators: Arc<Index>) -> Detector {
    Detector::new(Arc::clone(&loaded.program))
        .with_baselines(Arc::clone(&loaded.baselines))
        .with_indicators(indicators)
        .with_context(context, loaded.views.clone())
}
