//! Lines into the lake: generated, parsed, offered, flushed, compacted.

use crate::cpu;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use wardwatch_content::Library;
use wardwatch_demo::{Device, Hospital, Source, Way};
use wardwatch_event::{EventBatch, LineBatch, Received};
use wardwatch_ident::{Cursor, EventId, FixedClock, NodeId, SourceId, TenantId, Timestamp};
use wardwatch_lake::{Catalogue, Lake, Offer, Parts, Replay, ReplayFault, SourceNames, Window};
use wardwatch_ledger_memory::MemoryLedger;
use wardwatch_measure::Dice;
use wardwatch_parse::{SourceSettings, parse};
use wardwatch_segments_parquet::LocalSegments;

#[path = "../../path/src/alarms.rs"]
mod alarms;

const SEED: u64 = 20_261_125;
/// Lines of a unit of the mix, and simulated milliseconds between units: 500 lines a second.
const UNIT: u64 = 1_000;
const UNIT_MS: i64 = 2_000;
/// Every so many units one line asks for this address and one line holds this word.
pub const NEEDLE_IP: &str = "198.18.7.7";
pub const NEEDLE_WORD: &str = "needle-7f3a9c";
const NEEDLE_UNITS: u64 = 140;

enum Shape {
    Demo(Device),
    IdsAlarm,
    WafAlarm,
}

/// The mix of the `path` measurement.
const KINDS: &[(&str, Shape, u32)] = &[
    ("fw", Shape::Demo(Device::FortiGate), 400),
    ("web", Shape::Demo(Device::Nginx), 80),
    ("linux", Shape::Demo(Device::Linux), 20),
    ("ids", Shape::IdsAlarm, 100),
    ("waf", Shape::WafAlarm, 60),
    ("nta", Shape::Demo(Device::Sip), 40),
    ("windows", Shape::Demo(Device::Windows), 120),
    ("dbaudit", Shape::Demo(Device::DbAudit), 100),
    ("his", Shape::Demo(Device::His), 50),
    ("flows", Shape::Demo(Device::Suricata), 30),
];

/// A lake with its rows, and what it cost.
pub struct Fed {
    pub tenant: TenantId,
    pub root: PathBuf,
    pub lake: Arc<Lake>,
    pub files: Vec<PathBuf>,
    pub rows: u64,
    pub l0_cpu_s: f64,
    pub l1_cpu_s: f64,
    pub l1_bytes: u64,
    pub zstd_bytes: u64,
}

struct Names(BTreeMap<SourceId, String>);

impl SourceNames for Names {
    fn name(&self, source: SourceId) -> Option<String> {
        self.0.get(&source).cloned()
    }
}

struct NothingMissed;

impl Replay for NothingMissed {
    fn read(&self, _: Cursor, _: usize) -> futures::future::BoxFuture<'_, Result<Vec<Arc<EventBatch>>, ReplayFault>> {
        Box::pin(async { Ok(Vec::new()) })
    }
}

pub fn begun() -> Timestamp {
    Timestamp::parse_rfc3339("2026-11-25T01:00:00Z").expect("a time")
}

pub async fn feed(folder: &Path, lines: usize) -> Fed {
    let tenant = TenantId::from_slug("bench");
    let root = folder.join("lake");
    let store = Arc::new(LocalSegments::open(&root).expect("a folder"));
    let catalogue = Arc::new(MemoryLedger::new(Arc::new(FixedClock::new(begun()))));
    let names = KINDS.iter().map(|(slug, ..)| (SourceId::from_slug(tenant, slug), (*slug).to_owned())).collect();
    let parts = Parts { catalogue: catalogue.clone(), store, names: Arc::new(Names(names)), seed: SEED };
    let lake = Arc::new(Lake::open(parts).expect("a lake"));
    let mut line = Line::new(tenant);
    let mut zstd = zstd::Encoder::new(Counted(0), 3).expect("zstd");
    let (units, mut l0_cpu_s, mut after) = ((lines as u64).div_ceil(UNIT), 0.0, Cursor(0));
    for unit in 0..units {
        let now = begun().plus_micros(unit as i64 * UNIT_MS * 1_000);
        let batches = line.unit(unit, now);
        for batch in &batches {
            for event in batch.events() {
                zstd.write_all(event.raw()).and_then(|()| zstd.write_all(b"\n")).expect("zstd");
            }
        }
        let through = batches.last().map_or(after, |batch| batch.lines.through());
        let before = cpu();
        assert_eq!(lake.offer(Window { after, through, batches }), Offer::Taken);
        lake.step(now, &NothingMissed).await.expect("a step");
        l0_cpu_s += cpu() - before;
        after = through;
    }
    let end = begun().plus_micros(units as i64 * UNIT_MS * 1_000);
    let before = cpu();
    lake.flush(end).await.expect("a flush");
    l0_cpu_s += cpu() - before;
    let l0 = catalogue.all_live().expect("files");
    let rows: u64 = l0.iter().map(|file| file.rows).sum();
    let l0_bytes: u64 = l0.iter().map(|file| file.bytes).sum();
    let before = cpu();
    while lake.compact(end.plus_micros(3_600_000_000)).await.expect("a compaction").is_some() {}
    let l1_cpu_s = cpu() - before;
    let live = catalogue.all_live().expect("files");
    let l1_bytes: u64 = live.iter().map(|file| file.bytes).sum();
    let zstd_bytes = zstd.finish().expect("zstd").0;
    eprintln!(
        "{rows} rows of {} B raw: {} L0 files {:.1} B a row, {} L1 files {:.1} B a row, zstd -3 of the lines {:.1} B",
        line.bytes / rows.max(1),
        l0.len(),
        l0_bytes as f64 / rows as f64,
        live.len(),
        l1_bytes as f64 / rows as f64,
        zstd_bytes as f64 / rows as f64,
    );
    let files = live.iter().map(|file| root.join(&file.path)).collect();
    Fed { tenant, root, lake, files, rows, l0_cpu_s, l1_cpu_s, l1_bytes, zstd_bytes }
}

/// Makes and parses lines, as the line does before the lake.
struct Line {
    tenant: TenantId,
    hospital: Hospital,
    packs: BTreeMap<&'static str, Arc<wardwatch_pack::Pack>>,
    next: u64,
    bytes: u64,
}

impl Line {
    fn new(tenant: TenantId) -> Self {
        let library = Library::embedded();
        let pack = |shape: &Shape| library.pack(device(shape).pack()).expect("the pack compiles");
        let packs = KINDS.iter().map(|(slug, shape, _)| (*slug, pack(shape))).collect();
        let hospital =
            Hospital { slug: "qinghe", name: "qinghe", name_en: "qinghe", prefix: "QH", net: 7, sources: &[] };
        Self { tenant, hospital, packs, next: 1, bytes: 0 }
    }

    fn unit(&mut self, unit: u64, now: Timestamp) -> Vec<Arc<EventBatch>> {
        KINDS.iter().map(|(slug, shape, share)| self.batch(unit, now, slug, shape, *share)).collect()
    }

    fn batch(&mut self, unit: u64, now: Timestamp, slug: &str, shape: &Shape, share: u32) -> Arc<EventBatch> {
        let mut dice = Dice::new(SEED ^ (unit << 20) ^ u64::from(share));
        let (net, at) = (self.hospital.net, |n: u32| now.plus_micros(i64::from(n) * 1_000 - 1_000_000));
        let serial = |n: u32| unit * u64::from(share) + u64::from(n);
        let mut lines = match shape {
            Shape::Demo(device) => {
                let source = Source { slug: "x", name: "x", device: *device, way: Way::Http, weight: share };
                wardwatch_demo::lines(&self.hospital, &source, unit, u64::from(share) * 1_000, SEED, now)
            }
            Shape::IdsAlarm => (0..share).map(|n| alarms::ids(&mut dice, at(n), net, serial(n))).collect(),
            Shape::WafAlarm => (0..share).map(|n| alarms::waf(&mut dice, at(n), net, serial(n))).collect(),
        };
        if unit % NEEDLE_UNITS == 7 {
            plant(slug, &mut lines);
        }
        self.bytes += lines.iter().map(|line| line.len() as u64).sum::<u64>();
        let source = SourceId::from_slug(self.tenant, slug);
        let received = Received::of_lines(self.tenant, source, now, &lines);
        let first = EventId::new(now, NodeId(0), self.next);
        self.next += received.len().max(1) as u64;
        Arc::new(parse(&self.packs[slug], LineBatch { received, first }, &SourceSettings::default()))
    }
}

fn device(shape: &Shape) -> Device {
    match shape {
        Shape::Demo(device) => *device,
        Shape::IdsAlarm => Device::Suricata,
        Shape::WafAlarm => Device::Waf,
    }
}

/// Puts the needles into one line each of the firewall and of the web server.
fn plant(slug: &str, lines: &mut [Vec<u8>]) {
    let replace = |line: &mut Vec<u8>, from: &str, to: &str| {
        let text = String::from_utf8_lossy(line).replacen(from, to, 1);
        *line = text.into_bytes();
    };
    match slug {
        "fw" => {
            let session = |line: &&mut Vec<u8>| String::from_utf8_lossy(line).contains(" dstip=");
            if let Some(line) = lines.iter_mut().find(session) {
                let text = String::from_utf8_lossy(line).into_owned();
                let address = text.split(" dstip=").nth(1).and_then(|rest| rest.split(' ').next()).unwrap_or_default();
                replace(line, &format!(" dstip={address}"), &format!(" dstip={NEEDLE_IP}"));
            }
        }
        "web" => {
            if let Some(line) = lines.iter_mut().find(|line| line.windows(7).any(|w| w == b"Mozilla")) {
                replace(line, "Mozilla", NEEDLE_WORD);
            }
        }
        _ => {}
    }
}

/// Counts bytes and forgets them.
struct Counted(u64);

impl Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0 += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
