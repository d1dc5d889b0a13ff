//! A hospital's sets, tickets and rosters from CSV files: the engine of port `Context`.
//!
//! `<folder>/<tenant>/{sets,tickets,shifts}/<table>.csv`, each with a header; columns by name, in any order:
//!
//! | column | meaning |
//! |---|---|
//! | `value` | the user, host, address or network (`10.20.0.0/16`), compared without case; required |
//! | `from`, `until` | RFC 3339, or local time `YYYY-MM-DD hh:mm[:ss]`, or a day; empty: without a beginning or an end |
//! | `weekly` | `mon-fri 08:00-18:00; sat 08:00-12:00`, or `daily 22:00-06:00`: only at these local times |
//! | `note` | for people |
//!
//! A table with a bad row is not taken: the last good one stays in use and the problem is listed with its row. A table
//! that is not there, or was never good, gives `Unknown`. Files are read by [`CsvContext::reload`], not while a line is
//! evaluated.

mod table;
mod times;
mod weekly;

use crate::table::Table;
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::SystemTime;
use wardwatch_detect::{Answer, Ask, Context, Provenance, Question};
use wardwatch_ident::{TenantId, Timestamp, Zone};
use wardwatch_limits::{CONTEXT_FILE_BYTES, CONTEXT_TABLES};

/// The folders of a tenant, and the questions they answer.
const FOLDERS: [(Ask, &str); 3] = [(Ask::InSet, "sets"), (Ask::HasOpenTicket, "tickets"), (Ask::OnShift, "shifts")];

/// A tenant as this engine finds its files.
#[derive(Clone, Debug)]
pub struct ContextTenant {
    /// Whose data it is.
    pub id: TenantId,
    /// The name of its folder.
    pub slug: String,
    /// The zone of local times.
    pub zone: Zone,
}

/// Something wrong with a table.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ContextProblem {
    /// The tenant's folder name.
    pub tenant: String,
    /// The file below the tenant's folder.
    pub file: String,
    /// What is wrong, with the row.
    pub why: String,
}

type Tables = BTreeMap<(Ask2, String), Arc<Kept>>;

/// [`Ask`] in an order, so that tables list the same way each time.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Ask2(u8);

fn rank(ask: Ask) -> Ask2 {
    Ask2(FOLDERS.iter().position(|(other, _)| *other == ask).unwrap_or_default() as u8)
}

/// A table with the state of the file it was read from.
#[derive(Debug)]
struct Kept {
    stamp: (u64, Option<SystemTime>),
    table: Option<Table>,
    problems: Vec<String>,
}

/// All tables of all tenants, as last read.
#[derive(Debug)]
pub struct CsvContext {
    folder: PathBuf,
    tenants: Vec<ContextTenant>,
    tables: RwLock<HashMap<TenantId, Arc<Tables>>>,
    generation: AtomicU64,
}

impl CsvContext {
    /// Tables below `folder`, read at once. A folder that is not there is an installation without context.
    #[must_use]
    pub fn open(folder: &Path, tenants: Vec<ContextTenant>) -> CsvContext {
        let context =
            CsvContext { folder: folder.to_owned(), tenants, tables: RwLock::default(), generation: AtomicU64::new(0) };
        context.reload();
        context
    }

    /// Reads what has changed since the last time; gives whether anything did. Readers see the old tables until all of a
    /// tenant's are read.
    pub fn reload(&self) -> bool {
        let mut changed = false;
        for tenant in &self.tenants {
            let before = self.of(tenant.id);
            let (after, differs) = self.read_tenant(tenant, &before);
            if differs {
                changed = true;
                self.tables.write().unwrap_or_else(PoisonError::into_inner).insert(tenant.id, Arc::new(after));
            }
        }
        if changed {
            self.generation.fetch_add(1, Ordering::SeqCst);
        }
        changed
    }

    /// What is wrong with tables now.
    #[must_use]
    pub fn problems(&self) -> Vec<ContextProblem> {
        let mut found = Vec::new();
        for tenant in &self.tenants {
            for ((ask, name), kept) in self.of(tenant.id).iter() {
                let (_, folder) = FOLDERS.get(usize::from(ask.0)).copied().unwrap_or((Ask::InSet, "sets"));
                let file = format!("{folder}/{name}.csv");
                let problem =
                    |why: &String| ContextProblem { tenant: tenant.slug.clone(), file: file.clone(), why: why.clone() };
                found.extend(kept.problems.iter().map(problem));
            }
        }
        found
    }

    fn of(&self, tenant: TenantId) -> Arc<Tables> {
        let tables = self.tables.read().unwrap_or_else(PoisonError::into_inner);
        tables.get(&tenant).cloned().unwrap_or_default()
    }

    fn read_tenant(&self, tenant: &ContextTenant, before: &Tables) -> (Tables, bool) {
        let mut after = Tables::new();
        let mut differs = false;
        for (ask, folder) in FOLDERS {
            let path = self.folder.join(&tenant.slug).join(folder);
            for (name, file) in tables_in(&path) {
                if after.len() >= CONTEXT_TABLES {
                    break;
                }
                let key = (rank(ask), name);
                let stamp = stamp(&file);
                let old = before.get(&key);
                if let Some(old) = old.filter(|old| old.stamp == stamp) {
                    after.insert(key, Arc::clone(old));
                    continue;
                }
                differs = true;
                let kept = match read(&file, &tenant.zone) {
                    Ok(table) => Kept { stamp, table: Some(table), problems: Vec::new() },
                    Err(problems) => Kept { stamp, table: old.and_then(|old| old.table.clone()), problems },
                };
                after.insert(key, Arc::new(kept));
            }
        }
        differs |= before.len() != after.len();
        (after, differs)
    }
}

impl Context for CsvContext {
    fn ask(&self, tenant: TenantId, question: Question<'_>, at: Timestamp) -> Answer {
        let tables = self.of(tenant);
        let key = (rank(question.ask), question.table.to_owned());
        let Some(kept) = tables.get(&key) else { return Answer::Unknown(missing(question.ask, question.table)) };
        let Some(table) = &kept.table else { return Answer::Unknown(broken(question.table, &kept.problems)) };
        let row = table.row_of(question.value, at);
        let from = Provenance { table: question.table.into(), version: Arc::clone(&table.version), row };
        if row.is_some() { Answer::Yes(from) } else { Answer::No(from) }
    }

    fn members(&self, tenant: TenantId, set: &str, at: Timestamp) -> Result<Vec<String>, Arc<str>> {
        let tables = self.of(tenant);
        let kept = tables.get(&(rank(Ask::InSet), set.to_owned())).ok_or_else(|| missing(Ask::InSet, set))?;
        let table = kept.table.as_ref().ok_or_else(|| broken(set, &kept.problems))?;
        Ok(table.members(at))
    }

    fn generation(&self) -> u64 {
        self.generation.load(Ordering::SeqCst)
    }
}

fn missing(ask: Ask, table: &str) -> Arc<str> {
    let folder = FOLDERS.iter().find(|(other, _)| *other == ask).map_or("sets", |(_, folder)| folder);
    format!("no table {folder}/{table}.csv: put it into the tenant's context folder").into()
}

fn broken(table: &str, problems: &[String]) -> Arc<str> {
    let first = problems.first().map_or("it cannot be read", String::as_str);
    format!("table `{table}` has never been good: {first}").into()
}

/// Name and path of each table, by name. Names are plain (letters, digits, `-`, `_`); other files are left alone.
fn tables_in(folder: &Path) -> Vec<(String, PathBuf)> {
    let plain = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
    let mut found: Vec<(String, PathBuf)> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let stem = name.strip_suffix(".csv")?;
            (!stem.is_empty() && stem.chars().all(plain)).then(|| (stem.to_owned(), entry.path()))
        })
        .collect();
    found.sort();
    found
}

fn stamp(file: &Path) -> (u64, Option<SystemTime>) {
    std::fs::metadata(file).map_or((0, None), |meta| (meta.len(), meta.modified().ok()))
}

fn read(file: &Path, zone: &Zone) -> Result<Table, Vec<String>> {
    use std::io::Read;
    let fault = |e: std::io::Error| vec![format!("it cannot be read: {e}")];
    let mut bytes = Vec::new();
    let opened = std::fs::File::open(file).map_err(fault)?;
    opened.take(CONTEXT_FILE_BYTES + 1).read_to_end(&mut bytes).map_err(fault)?;
    if bytes.len() as u64 > CONTEXT_FILE_BYTES {
        return Err(vec![format!("it has more than {CONTEXT_FILE_BYTES} bytes: split it")]);
    }
    Table::read(&bytes, zone)
}
