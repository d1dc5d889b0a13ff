//! Packs and rules: from folders and the binary to what the line works with.

use crate::config::Config;
use crate::samples::Samples;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use wardwatch_api::Guide;
use wardwatch_baseline::Definitions;
use wardwatch_cli::{Complaint, Exit};
use wardwatch_content::Library;
use wardwatch_detect::{Listed, Program, RuleState, Rules, TenantWishes, Views, declared_by};
use wardwatch_pack::{Pack, Rule};
use wardwatch_parse::Router;
use wardwatch_predicate::route::Taxonomy;
use wardwatch_search::NativeNames;

/// Id of the pack for lines nobody knows.
const FALLBACK: &str = "generic/syslog";

/// Everything that was loaded.
pub struct Loaded {
    /// Packs by id.
    pub packs: BTreeMap<String, Arc<Pack>>,
    /// Packs that contradict themselves, in words.
    pub pack_faults: Vec<String>,
    /// Finds the pack of a line for sources with pack `auto`.
    pub router: Arc<Router>,
    /// The rules, routed.
    pub program: Arc<Program>,
    /// The tenants' views of them.
    pub views: Views,
    /// What is usual.
    pub baselines: Arc<Definitions>,
    /// What of tenants' filters and of baselines cannot be used, in words.
    pub problems: Vec<String>,
    /// Rules that are evaluated.
    pub rules_loaded: usize,
    /// Rules that could not be read, with place and reason.
    pub rules_refused: Vec<Listed>,
    /// Rules that were read and are not evaluated (no placeholder value, no route, a correlation), with the reason.
    pub rules_inactive: Vec<Listed>,
    /// What to do about an alert, by rule id.
    pub guides: BTreeMap<String, Arc<Guide>>,
    natives: BTreeMap<String, Vec<String>>,
}

impl std::fmt::Debug for Loaded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Loaded").field("packs", &self.packs.len()).field("rules", &self.rules_loaded).finish()
    }
}

impl Loaded {
    /// The pack a source names: `None` for `auto`.
    pub fn pack(&self, id: &str) -> Option<&Arc<Pack>> {
        self.packs.get(id)
    }

    /// A pack as a reader sees it: with its version, where one is loaded.
    pub fn pack_shown(&self, id: &str) -> String {
        self.packs.get(id).map_or_else(|| id.to_owned(), |pack| format!("{} {}", pack.id, pack.version))
    }
}

impl NativeNames for Loaded {
    fn columns(&self, native: &str) -> Vec<String> {
        self.natives.get(native).cloned().unwrap_or_default()
    }
}

/// What is in the binary with `folder` on top of it, and rules from `rules`; the hospital library too if `library`. A pack
/// or rule that is broken is listed and left out; the rest works.
pub fn load_from(folder: Option<&Path>, rules: &[PathBuf], library: bool) -> Result<Loaded, Complaint> {
    load_over(Library::embedded(), folder, rules, library, &[], &Samples::default())
}

/// [`load_from`] with a content version in place of what is in the binary, what tenants say about the rules, and gates
/// chosen by what came in.
pub fn load_over(
    base: Library,
    folder: Option<&Path>,
    rules: &[PathBuf],
    library: bool,
    wishes: &[TenantWishes],
    samples: &Samples,
) -> Result<Loaded, Complaint> {
    let over = folder.map(Library::folder).transpose();
    let over = over.map_err(|e| Complaint::new(Exit::NotFound, e, "check the content folder"))?;
    let content = over.into_iter().fold(base, Library::with);
    let (packs, faults) = content.packs();
    let mut files: Vec<(String, Vec<u8>)> = Vec::new();
    if library {
        files.extend(content.rules().into_iter().map(|(path, text)| (path, text.into_bytes())));
    }
    for folder in rules {
        rule_files(folder, &mut files)?;
    }
    let named = files.iter().map(|(path, bytes)| (path.as_str(), bytes.as_slice()));
    let rules = Rules::load_for(named, Default::default(), wishes);
    let views = rules.views(wishes);
    let mut problems: Vec<String> =
        rules.refused_filters().iter().map(|(tenant, why)| format!("filter of tenant {tenant}: {why}")).collect();
    let baselines = baselines(&content, &mut problems);
    let taxonomy_files = content.taxonomy();
    let taxonomy_texts: Vec<_> = taxonomy_files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let taxonomy = Taxonomy::read(&taxonomy_texts).map_err(Complaint::failed)?;
    let declared: Vec<_> = packs.iter().flat_map(|pack| declared_by(pack)).collect();
    let mut program = Program::build(rules, &taxonomy, &declared);
    samples.train(&mut program);
    let fallback =
        packs.iter().find(|pack| pack.id == FALLBACK).cloned().unwrap_or_else(|| Arc::new(Pack::bare(FALLBACK)));
    let router = Router::new(&packs, fallback).map_err(Complaint::failed)?;
    let not_loaded = |listed: &&Listed| listed.state == RuleState::Refused;
    let not_evaluated = |listed: &&Listed| matches!(listed.state, RuleState::Inactive | RuleState::Deferred);
    Ok(Loaded {
        natives: native_columns(&packs),
        packs: packs.into_iter().map(|pack| (pack.id.clone(), pack)).collect(),
        pack_faults: faults.iter().map(ToString::to_string).collect(),
        router: Arc::new(router),
        rules_loaded: program.rules().len(),
        rules_refused: program.listing().iter().filter(not_loaded).cloned().collect(),
        rules_inactive: program.listing().iter().filter(not_evaluated).cloned().collect(),
        guides: guides(&content, &program),
        views,
        baselines,
        problems,
        program: Arc::new(program),
    })
}

/// Packs that sources name and nobody has.
pub fn unknown_packs(config: &Config, loaded: &Loaded) -> Vec<String> {
    let sources = config.tenants.iter().flat_map(|t| t.sources.iter().map(move |s| (t, s)));
    sources
        .filter(|(_, source)| source.pack != "auto" && loaded.pack(&source.pack).is_none())
        .map(|(tenant, source)| format!("`{}` (source {}/{})", source.pack, tenant.slug, source.slug))
        .collect()
}

/// Every baseline of the library; what is broken is said and none of its file is used.
fn baselines(content: &Library, problems: &mut Vec<String>) -> Arc<Definitions> {
    let mut texts = String::new();
    for (path, bytes) in content.below("baselines").filter(|(path, _)| path.ends_with(".toml")) {
        let text = String::from_utf8_lossy(bytes);
        match Definitions::read(&text) {
            Ok(_) => texts = format!("{texts}\n{text}"),
            Err(fault) => problems.push(format!("{path}: {fault}")),
        }
    }
    let all = Definitions::read(&texts).map_err(|fault| problems.push(format!("baselines: {fault}")));
    Arc::new(all.unwrap_or_default())
}

/// The guide beside each rule of the library.
fn guides(content: &Library, program: &Program) -> BTreeMap<String, Arc<Guide>> {
    let beside = |listed: &Listed| {
        let folder = listed.path.strip_suffix("rule.yml")?;
        let guide = Guide::read(content.text(&format!("{folder}GUIDE.md"))?)?;
        Some((listed.id.clone()?, Arc::new(guide)))
    };
    program.listing().iter().filter_map(beside).collect()
}

/// Every `.yml` and `.yaml` below a folder, in the order of their names.
fn rule_files(folder: &Path, files: &mut Vec<(String, Vec<u8>)>) -> Result<(), Complaint> {
    let fault = |path: &Path, e: std::io::Error| {
        Complaint::new(Exit::NotFound, format!("rules: {}: {e}", path.display()), "name a folder of Sigma rules")
    };
    if folder.is_file() {
        files.push((folder.display().to_string(), std::fs::read(folder).map_err(|e| fault(folder, e))?));
        return Ok(());
    }
    let entries = std::fs::read_dir(folder).map_err(|e| fault(folder, e))?;
    let mut paths: Vec<PathBuf> =
        entries.map(|entry| entry.map(|e| e.path())).collect::<Result<_, _>>().map_err(|e| fault(folder, e))?;
    paths.sort();
    for path in paths {
        // The examples beside a detection of ours are cases for its test, not a rule.
        let is_rule = path.extension().is_some_and(|e| e == "yml" || e == "yaml")
            && path.file_name().is_none_or(|name| name != "examples.yml");
        if path.is_dir() {
            rule_files(&path, files)?;
        } else if is_rule && path.is_file() {
            files.push((path.display().to_string(), std::fs::read(&path).map_err(|e| fault(&path, e))?));
        }
    }
    Ok(())
}

/// Which columns a native name goes into, over all packs.
fn native_columns(packs: &[Arc<Pack>]) -> BTreeMap<String, Vec<String>> {
    fn each_source(rule: &Rule, found: &mut dyn FnMut(wardwatch_pack::FieldId)) {
        rule.from.iter().for_each(|source| found(source.field));
        if let Some(or) = &rule.or {
            each_source(or, found);
        }
    }
    let mut natives: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for pack in packs {
        let paths = std::iter::once(None).chain((0..pack.cases().len() as u16).map(Some));
        for rule in paths.flat_map(|case| &pack.program(case).columns) {
            let Some(column) = rule.column.column() else { continue };
            each_source(&rule.rule, &mut |field| {
                let Some(name) = pack.fields.name(field) else { return };
                let columns = natives.entry(name.to_owned()).or_default();
                if !columns.iter().any(|known| known == column.name) {
                    columns.push(column.name.to_owned());
                }
            });
        }
    }
    natives
}
