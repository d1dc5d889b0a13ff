//! The parts of one machine, opened and put together.

use crate::awake::RulesAwake;
use crate::config::Config;
use crate::content::{self, Loaded};
use crate::samples::Samples;
use crate::stages::StageMeter;
use crate::staging::{Around, Staging};
use crate::tally::Tally;
use crate::watching;
use rand::TryRngCore;
use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use wardwatch_access::Mint;
use wardwatch_cli::{Complaint, Exit};
use wardwatch_context_csv::CsvContext;
use wardwatch_detect::{AlertBook, Checkpoints, Detector, Station};
use wardwatch_ident::{Clock, Cursor, SourceId, TenantId, Timestamp};
use wardwatch_intake::Intake;
use wardwatch_journal::Journal;
use wardwatch_journal_memory::MemoryJournal;
use wardwatch_journal_sqlite::{Bounds, DataLock, SqliteJournal};
use wardwatch_lake::{Catalogue, Lake, Parts, SegmentStore, SourceNames};
use wardwatch_ledger_memory::MemoryLedger;
use wardwatch_ledger_sqlite::SqliteLedger;
use wardwatch_query_datafusion::{DataFusionQueries, EngineParts};
use wardwatch_search::QueryEngine;
use wardwatch_segments_parquet::LocalSegments;

/// Everything that runs on this machine.
pub struct Machine {
    /// The configuration in force.
    pub config: Config,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Makes reach; lent to whoever authenticates.
    pub mint: Mint,
    /// Packs and rules: versions in use and tried.
    pub staging: Staging,
    /// The installation's own number.
    pub secret: [u8; 16],
    /// Lines made durable.
    pub journal: Arc<dyn Journal>,
    /// The same, if it is the SQLite engine: knows how to check itself.
    pub journal_sqlite: Option<Arc<SqliteJournal>>,
    /// Alerts.
    pub alerts: Arc<dyn AlertBook>,
    /// What detection remembers.
    pub memory: Arc<dyn Checkpoints>,
    /// Detection.
    pub station: Station,
    /// The hospitals' tables.
    pub context: Arc<CsvContext>,
    /// A few of the events that came in.
    pub samples: Samples,
    /// The lake's files.
    pub catalogue: Arc<dyn Catalogue>,
    /// Their bytes.
    pub store: Arc<dyn SegmentStore>,
    /// Hot rows and files.
    pub lake: Arc<Lake>,
    /// Runs searches.
    pub queries: Arc<dyn QueryEngine>,
    /// Live figures.
    pub tally: Tally,
    /// CPU by stage.
    pub stages: StageMeter,
    /// When this run began.
    pub started: Timestamp,
    /// Counters of the machine's chores.
    pub chores: Chores,
    /// Which rules can fire.
    pub awake: RulesAwake,
    /// What the open doors share, once they are open: its meters.
    pub doors: OnceLock<Arc<Intake>>,
    /// What was found when the parts were opened, one sentence each.
    pub recovered: Vec<String>,
    /// Held as long as the machine lives: one process a data folder.
    _lock: DataLock,
}

/// The threads that work behind the doors.
pub const WORKERS: [&str; 4] = ["line", "lake", "upkeep", "content"];

/// What went wrong in the background, counted.
#[derive(Debug, Default)]
pub struct Chores {
    /// Windows that could not be committed and were tried again.
    pub line_faults: AtomicU64,
    /// Turns of the lake's writer that failed and were tried again.
    pub lake_faults: AtomicU64,
    /// Compactions and retention runs that failed.
    pub upkeep_faults: AtomicU64,
    /// L0 files compacted.
    pub files_compacted: AtomicU64,
    /// Files whose bytes were removed.
    pub files_removed: AtomicU64,
    /// Batches of the journal that do not match their checksums, skipped and named in the log.
    pub journal_damage: AtomicU64,
    /// The last line of damage that was stepped over.
    pub damage_through: AtomicU64,
    /// Turns of the lake's writer that failed since the last one that did not.
    pub lake_faults_in_row: AtomicU64,
    /// Workers that ended in a panic and were started anew, by their place in [`WORKERS`].
    pub worker_panics: [AtomicU64; WORKERS.len()],
    /// Expiry was held back because the clock is far ahead of the newest line.
    pub expiry_held: AtomicU64,
}

impl std::fmt::Debug for Machine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Machine").field("data", &self.config.data).finish_non_exhaustive()
    }
}

impl Chores {
    /// A worker ended in a panic.
    pub fn panicked(&self, worker: &str) {
        if let Some((_, count)) = WORKERS.iter().zip(&self.worker_panics).find(|(name, _)| **name == worker) {
            Self::count(count);
        }
    }

    /// Adds one.
    pub fn count(counter: &AtomicU64) {
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

/// Short names of sources, for rows.
struct Names(HashMap<SourceId, String>);

impl SourceNames for Names {
    fn name(&self, source: SourceId) -> Option<String> {
        self.0.get(&source).cloned()
    }
}

impl Machine {
    /// Opens every part. The data folder is locked by the journal until the machine is dropped.
    pub fn open(config: Config, clock: Arc<dyn Clock>) -> Result<Self, Complaint> {
        let context = Arc::new(watching::context(&config));
        private_folder(&config.data).map_err(|e| opening("data folder", &config.data, e))?;
        let in_use = |e| Complaint::new(Exit::Conflict, e, "stop the other process, or name another data folder");
        let lock = DataLock::take(&config.data).map_err(in_use)?;
        let samples = Samples::default();
        let around = Around { config: &config, context: &context, samples: &samples, now: clock.now(), faults: 0 };
        let (staging, said) = Staging::open(around)?;
        let content = staging.in_use();
        let unknown = content::unknown_packs(&config, &content);
        if !unknown.is_empty() {
            let what = format!("no pack {}", unknown.join(", "));
            return Err(Complaint::new(Exit::Failed, what, "`wardwatch content list` shows the packs there are"));
        }
        empty_spill(&config.data)?;
        let mut recovered = said;
        let ledger_path = config.data.join("ledger.db");
        ledger_is_whole(&config, &ledger_path)?;
        let floor = floor_of(&config, &ledger_path, &clock)?;
        let (journal, journal_sqlite) = open_journal(&config, floor, &mut recovered)?;
        let (alerts, memory, catalogue) = open_ledger(&config, &ledger_path, &clock)?;
        let detector = Arc::new(watching::detector(&content, context.clone(), staging.indicators()));
        let secret = secret_of(&config.data)?;
        let station =
            open_station(detector, &alerts, &memory, secret).map_err(|e| opening("ledger", &ledger_path, e))?;
        let root = config.data.join("lake");
        let local = LocalSegments::open(&root).map_err(|e| opening("lake", &root, e))?;
        let store: Arc<dyn SegmentStore> = Arc::new(local);
        let names = config.tenants.iter().flat_map(|t| &t.sources).map(|s| (s.id, s.slug.clone())).collect();
        let parts = Parts {
            catalogue: Arc::clone(&catalogue),
            store: Arc::clone(&store),
            names: Arc::new(Names(names)),
            seed: random()?,
        };
        let lake = Arc::new(Lake::open(parts).map_err(|e| opening("lake", &root, e))?);
        let queries = DataFusionQueries::open(EngineParts {
            lake: Arc::clone(&lake),
            root,
            spill: config.data.join("spill"),
            cores: cores(),
            clock: Arc::clone(&clock),
        })
        .map_err(|e| opening("search", &config.data, e))?;
        let tally = carried_over(&config, &*journal)?;
        Ok(Self {
            staging,
            secret,
            journal,
            journal_sqlite,
            alerts,
            memory,
            station,
            context,
            samples,
            catalogue,
            store,
            lake,
            queries: Arc::new(queries),
            tally,
            stages: StageMeter::default(),
            started: clock.now(),
            chores: Chores::default(),
            awake: RulesAwake::default(),
            recovered,
            doors: OnceLock::new(),
            _lock: lock,
            mint: mint(),
            clock,
            config,
        })
    }

    /// The content in use for all.
    pub fn content(&self) -> Arc<Loaded> {
        self.staging.in_use()
    }
}

/// Makes the folder readable by its owner alone: it holds patients' lines.
fn private_folder(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path)?;
    let mode = std::fs::metadata(path)?.permissions().mode();
    if mode & 0o077 != 0 {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode & 0o700))?;
    }
    Ok(())
}

/// Less room than this, and opening the journal fails for want of it.
const FULL_BYTES: u64 = 16 * 1024 * 1024;

/// What a killed process left of its searches.
fn empty_spill(data: &Path) -> Result<(), Complaint> {
    let spill = data.join("spill");
    match std::fs::remove_dir_all(&spill) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(opening("spill folder", &spill, e)),
        _ => Ok(()),
    }
}

/// Refuses to make a new ledger beside files of an old one: an empty catalogue would call every file unknown.
fn ledger_is_whole(config: &Config, ledger: &Path) -> Result<(), Complaint> {
    if config.ledger != "sqlite" || ledger.exists() {
        return Ok(());
    }
    let filled =
        |name: &str| std::fs::read_dir(config.data.join(name)).is_ok_and(|mut entries| entries.next().is_some());
    if filled("lake") || filled("journal") {
        let what = format!("{} is missing, but the data folder holds a lake or a journal", ledger.display());
        let next = "put the ledger back from a backup; to begin anew move the whole data folder away";
        return Err(Complaint::new(Exit::Conflict, what, next));
    }
    Ok(())
}

/// Cores of this machine.
pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// The one mint of this process.
#[allow(clippy::disallowed_methods, reason = "this is the place that may make one")]
fn mint() -> Mint {
    Mint::new()
}

fn opening(part: &str, path: &Path, e: impl std::fmt::Display) -> Complaint {
    Complaint::new(
        Exit::Failed,
        format!("opening the {part} {}: {e}", path.display()),
        "check the path, its owner and the disk",
    )
}

fn random() -> Result<u64, Complaint> {
    rand::rngs::OsRng.try_next_u64().map_err(|e| Complaint::failed(format!("the system gives no random numbers: {e}")))
}

/// The highest cursor any consumer has committed, if there is a ledger already.
fn floor_of(config: &Config, path: &Path, clock: &Arc<dyn Clock>) -> Result<Cursor, Complaint> {
    if config.ledger != "sqlite" || !path.exists() {
        return Ok(Cursor(0));
    }
    let (alerts, _, catalogue) = open_ledger(config, path, clock)?;
    let read = |e: &dyn std::fmt::Display| opening("ledger", path, e);
    let detect = alerts.cursor().map_err(|e| read(&e))?;
    let lake = catalogue.cursor().map_err(|e| read(&e))?;
    Ok(detect.max(lake))
}

type OpenJournal = (Arc<dyn Journal>, Option<Arc<SqliteJournal>>);

/// The journal the configuration names; what its recovery found goes into `recovered`.
fn open_journal(config: &Config, floor: Cursor, recovered: &mut Vec<String>) -> Result<OpenJournal, Complaint> {
    if config.journal == "memory" {
        return Ok((Arc::new(MemoryJournal::new(Bounds::default().node)), None));
    }
    let bounds = Bounds { floor, ..Bounds::default() };
    let (journal, found) = SqliteJournal::open(&config.data.join("journal"), bounds).map_err(|e| {
        let full = rustix::fs::statvfs(&config.data).is_ok_and(|s| s.f_bavail * s.f_frsize < FULL_BYTES);
        let next = if full { "the disk is full: free space; nothing is lost" } else { "repair what is named" };
        Complaint::new(Exit::Conflict, e, next)
    })?;
    if found.reopened > 0 {
        let (segments, lines) = (found.reopened, found.recovered_lines);
        recovered
            .push(format!("the last run did not end in order: {segments} segments reopened, {lines} lines recovered"));
    }
    recovered.extend(found.damage.iter().map(|d| format!("journal {}: {}", d.segment, d.why)));
    let journal = Arc::new(journal);
    Ok((journal.clone(), Some(journal)))
}

fn open_station(
    detector: Arc<Detector>,
    alerts: &Arc<dyn AlertBook>,
    memory: &Arc<dyn Checkpoints>,
    secret: [u8; 16],
) -> Result<Station, wardwatch_detect::BookFault> {
    Station::open(detector, Arc::clone(alerts), Arc::clone(memory), wardwatch_sequence::Settings::default(), secret)
}

/// The installation's own number, made at the first start: it keys the hashes of names that baselines keep.
fn secret_of(data: &Path) -> Result<[u8; 16], Complaint> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    let path = data.join("baseline.key");
    if let Ok(bytes) = std::fs::read(&path) {
        let next = "put the file back from a backup, or remove it: baselines then learn anew";
        let wrong = || Complaint::new(Exit::Conflict, format!("{} is not 16 bytes long", path.display()), next);
        return bytes.try_into().map_err(|_| wrong());
    }
    let mut secret = [0; 16];
    rand::rngs::OsRng
        .try_fill_bytes(&mut secret)
        .map_err(|e| Complaint::failed(format!("the system gives no random numbers: {e}")))?;
    let made = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
    made.and_then(|mut file| file.write_all(&secret).and_then(|()| file.sync_all()))
        .map_err(|e| opening("key of the baselines", &path, e))?;
    Ok(secret)
}

type Ledger = (Arc<dyn AlertBook>, Arc<dyn Checkpoints>, Arc<dyn Catalogue>);

fn open_ledger(config: &Config, path: &Path, clock: &Arc<dyn Clock>) -> Result<Ledger, Complaint> {
    if config.ledger == "memory" {
        let ledger = Arc::new(MemoryLedger::new(Arc::clone(clock)));
        return Ok((ledger.clone(), ledger.clone(), ledger));
    }
    let ledger = SqliteLedger::open(path, Arc::clone(clock)).map_err(|e| opening("ledger", path, e))?;
    let ledger = Arc::new(ledger);
    Ok((ledger.clone(), ledger.clone(), ledger))
}

/// Live figures that start from what the journal has ever made durable.
fn carried_over(config: &Config, journal: &dyn Journal) -> Result<Tally, Complaint> {
    let sources = config.tenants.iter().flat_map(|t| t.sources.iter().map(move |s| (t.id, s.id)));
    let tally = Tally::new(sources, random()? >> 16);
    for (tenant, source, account) in journal.accounts().map_err(|e| Complaint::failed(e.to_string()))? {
        let rejected = account.rejected.iter().map(|(_, n)| n).sum();
        tally.carry_over(tenant, source, account.lines, account.bytes, rejected);
    }
    Ok(tally)
}

impl Config {
    /// The source of a tenant with this short name.
    pub fn source_of(&self, tenant: TenantId, slug: &str) -> Option<&crate::config::Source> {
        self.tenants.iter().find(|t| t.id == tenant)?.sources.iter().find(|s| s.slug == slug)
    }

    /// How lines of a source come in: the kinds of its listeners, separated by blanks.
    pub fn via(&self, tenant: &str, source: &crate::config::Source) -> String {
        let named = |l: &&crate::config::Listener| {
            l.tenant.as_deref() == Some(tenant) && l.source.as_deref() == Some(source.slug.as_str())
        };
        let mut kinds: Vec<&str> = self.listeners.iter().filter(named).map(|l| l.kind.as_str()).collect();
        if !source.tokens_sha256.is_empty() {
            kinds.extend(self.listeners.iter().map(|l| l.kind.as_str()).filter(|k| k.starts_with("http")).take(1));
        }
        kinds.dedup();
        kinds.join(" ")
    }
}
