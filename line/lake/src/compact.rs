//! Small files become large, sorted ones: the files of a closed hour, and what is left of a closed day.
//!
//! Rows of one tenant, dataset and UTC day of reception stay together and are sorted by (host, time). A row that stands
//! twice under one id is kept once and counted. Two lines with the same bytes under two ids are two lines: only a
//! sender's batch key, before the acknowledgement, can tell a repeat from a second attempt, and a rule that guessed would
//! delete evidence.

use crate::fault::LakeFault;
use crate::naming::{Draft, Facts};
use crate::ports::{CatalogueFault, Layout, Publish, SegmentRow};
use crate::row_shape::shape_of;
use crate::station::Lake;
use arrow::array::{
    Array, ArrayRef, AsArray, FixedSizeBinaryArray, StringArray, TimestampMicrosecondArray, new_null_array,
};
use arrow::compute::interleave;
use arrow::datatypes::{Schema, SchemaRef};
use arrow::error::ArrowError;
use arrow::record_batch::{RecordBatch, RecordBatchOptions};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use wardwatch_ident::{SourceId, TenantId, Timestamp};
use wardwatch_limits::{COMPACT_FILE_BYTES, COMPACT_MEMORY_BYTES, COMPACT_OPEN_FILES, COMPACT_ROWS};
use wardwatch_schema::dataset;

/// Rows of one batch handed to the store.
const BATCH_ROWS: usize = 16 * 1024;
const HOUR_US: i64 = 3_600_000_000;

/// Files that become one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Job {
    /// All of one tenant, dataset and day, oldest first; at least one.
    pub inputs: Vec<SegmentRow>,
}

/// What a job did.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Compacted {
    /// Files replaced.
    pub files: u64,
    /// Rows in the new file.
    pub rows: u64,
    /// Bytes before and after.
    pub bytes: (u64, u64),
    /// Rows that stood twice.
    pub duplicates: u64,
}

/// Which files to compact now, oldest first.
pub fn choose(live: &[SegmentRow], now: Timestamp) -> Vec<Job> {
    let mut homes: BTreeMap<(&str, &str, TenantId), Vec<&SegmentRow>> = BTreeMap::new();
    for file in live {
        homes.entry((&file.day, &file.dataset, file.tenant)).or_default().push(file);
    }
    homes.into_values().flat_map(|files| jobs_of_home(files, now)).collect()
}

fn jobs_of_home(files: Vec<&SegmentRow>, now: Timestamp) -> Vec<Job> {
    let hour = now.as_micros() - now.as_micros().rem_euclid(HOUR_US);
    let today = now.day();
    let many = files.iter().filter(|file| file.level == 0).count() > COMPACT_OPEN_FILES;
    let ripe = |file: &&SegmentRow| match file.level {
        0 => many || file.received.1.as_micros() < hour,
        // What an hour left small is joined when the day is over, once.
        _ => file.day < today && file.bytes < COMPACT_FILE_BYTES / 2 && file.rows < COMPACT_ROWS / 2,
    };
    let mut ripe: Vec<&SegmentRow> = files.into_iter().filter(ripe).collect();
    ripe.sort_by_key(|file| (file.received, file.id));
    let mut jobs: Vec<Job> = Vec::new();
    for file in ripe {
        match jobs.last_mut().filter(|job| fits(job, file)) {
            Some(job) => job.inputs.push(file.clone()),
            None => jobs.push(Job { inputs: vec![file.clone()] }),
        }
    }
    jobs.retain(|job| job.inputs.len() > 1 || job.inputs.iter().any(|file| file.level == 0));
    jobs
}

fn fits(job: &Job, file: &SegmentRow) -> bool {
    let bytes: u64 = job.inputs.iter().map(|input| input.bytes).sum();
    let rows: u64 = job.inputs.iter().map(|input| input.rows).sum();
    bytes + file.bytes <= COMPACT_FILE_BYTES && rows + file.rows <= COMPACT_ROWS
}

impl Lake {
    /// Does the oldest job, if there is one. Call it until it gives `None`, then again after a while.
    ///
    /// # Errors
    /// The store's or the catalogue's; nothing has changed then but an unknown file that a sweep removes.
    pub async fn compact(&self, now: Timestamp) -> Result<Option<Compacted>, LakeFault> {
        for job in choose(&self.catalogue.all_live()?, now) {
            if let Some(done) = self.run(job, now).await? {
                return Ok(Some(done));
            }
        }
        Ok(None)
    }

    /// What there is to do now: one look at the catalogue for a whole round of [`Lake::run`].
    ///
    /// # Errors
    /// The catalogue's.
    pub fn jobs(&self, now: Timestamp) -> Result<Vec<Job>, LakeFault> {
        Ok(choose(&self.catalogue.all_live()?, now))
    }

    /// Does a job; `None` if somebody replaced or expired one of its files meanwhile, or there is nothing to gain.
    ///
    /// # Errors
    /// The store's or the catalogue's; nothing has changed then but an unknown file that a sweep removes.
    pub async fn run(&self, job: Job, now: Timestamp) -> Result<Option<Compacted>, LakeFault> {
        let (inputs, rows) = self.read(job).await?;
        // Memory ended before the second file: a compacted file written anew alone would be chosen again for ever.
        if inputs.len() == 1 && inputs.iter().all(|input| input.level > 0) {
            return Ok(None);
        }
        let (Some(first), Some(mut facts)) = (inputs.first(), Facts::of_files(&inputs)) else { return Ok(None) };
        let shape = shape_of(&first.dataset).ok_or_else(|| LakeFault::Dataset(first.dataset.clone()))?;
        let id = if first.dataset == dataset::ALERTS { "id" } else { "event_id" };
        let sorted = sort(rows, &shape, id)?;
        let duplicates = self.duplicates(&inputs, &sorted.dropped);
        facts.rows = sorted.batches.iter().map(|batch| batch.num_rows() as u64).sum();
        for (source, count) in &duplicates {
            facts.sources.entry(*source).and_modify(|rows| *rows = rows.saturating_sub(*count));
        }
        let draft =
            Draft { id: self.ids.next(now), tenant: first.tenant, dataset: &first.dataset, day: &first.day, level: 1 };
        let written = self.store.write(&draft.path(), Layout::L1, &sorted.batches).await?;
        let done = Compacted {
            files: inputs.len() as u64,
            rows: facts.rows,
            bytes: (inputs.iter().map(|input| input.bytes).sum(), written.bytes),
            duplicates: sorted.dropped.values().sum(),
        };
        let change = Publish {
            add: vec![draft.row(facts, written)],
            replace: inputs.iter().map(|input| input.id).collect(),
            duplicates: duplicates.into_iter().map(|(source, count)| (first.tenant, source, count)).collect(),
            ..Publish::default()
        };
        match self.catalogue.publish(change).await {
            Ok(()) => Ok(Some(done)),
            Err(CatalogueFault::Conflict(_)) => {
                self.store.remove(&draft.path()).await?;
                Ok(None)
            }
            Err(fault) => Err(fault.into()),
        }
    }

    /// Reads as many of the job's files as memory allows, at least one.
    async fn read(&self, job: Job) -> Result<(Vec<SegmentRow>, Vec<RecordBatch>), LakeFault> {
        let (mut inputs, mut rows, mut bytes) = (Vec::new(), Vec::new(), 0usize);
        for file in job.inputs {
            if bytes >= COMPACT_MEMORY_BYTES {
                break;
            }
            let read = self.store.read(&file.path).await?;
            bytes += read.iter().map(RecordBatch::get_array_memory_size).sum::<usize>();
            rows.extend(read);
            inputs.push(file);
        }
        Ok((inputs, rows))
    }

    /// Sources by their short names again.
    fn duplicates(&self, inputs: &[SegmentRow], dropped: &BTreeMap<String, u64>) -> Vec<(SourceId, u64)> {
        let mut found: BTreeMap<SourceId, u64> = BTreeMap::new();
        for source in inputs.iter().flat_map(|input| input.sources.iter().map(|(source, _)| *source)) {
            let name = self.names.name(source).unwrap_or_else(|| source.to_string());
            if let Some(count) = dropped.get(&name) {
                found.insert(source, *count);
            }
        }
        found.into_iter().collect()
    }
}

/// Rows in their new order.
struct Sorted {
    batches: Vec<RecordBatch>,
    /// Rows left out because their id was there already, per source name.
    dropped: BTreeMap<String, u64>,
}

/// Sorts rows by (host, time, id) and keeps each id once. Columns are let go one by one, so that the rows are never in
/// memory twice as a whole.
fn sort(rows: Vec<RecordBatch>, shape: &SchemaRef, id: &str) -> Result<Sorted, ArrowError> {
    let (kept, dropped) = first_of_each(&rows, id);
    let order = order(&rows, &kept, id);
    let counts: Vec<usize> = rows.iter().map(RecordBatch::num_rows).collect();
    let (mut fields, mut columns) = (Vec::new(), Vec::new());
    let mut rows = rows;
    for field in shape.fields() {
        let taken: Vec<Option<ArrayRef>> = rows.iter_mut().map(|batch| take_column(batch, field.name())).collect();
        if taken.iter().flatten().all(|column| column.null_count() == column.len()) {
            continue;
        }
        let whole: Vec<ArrayRef> = taken
            .into_iter()
            .zip(&counts)
            .map(|(column, rows)| column.unwrap_or_else(|| new_null_array(field.data_type(), *rows)))
            .collect();
        let parts: Vec<&dyn Array> = whole.iter().map(AsRef::as_ref).collect();
        let slices: Result<Vec<ArrayRef>, ArrowError> =
            order.chunks(BATCH_ROWS).map(|slice| interleave(&parts, slice)).collect();
        columns.push(slices?);
        fields.push(field.clone());
    }
    let schema = Arc::new(Schema::new(fields));
    let mut batches = Vec::new();
    for (at, slice) in order.chunks(BATCH_ROWS).enumerate() {
        let arrays = columns.iter().filter_map(|column| column.get(at).cloned()).collect();
        let options = RecordBatchOptions::new().with_row_count(Some(slice.len()));
        batches.push(RecordBatch::try_new_with_options(schema.clone(), arrays, &options)?);
    }
    Ok(Sorted { batches, dropped })
}

fn take_column(batch: &mut RecordBatch, name: &str) -> Option<ArrayRef> {
    let at = batch.schema().index_of(name).ok()?;
    Some(batch.remove_column(at))
}

/// The rows to keep, as (batch, row), and how many repeats each source had.
fn first_of_each(rows: &[RecordBatch], id: &str) -> (Vec<(usize, usize)>, BTreeMap<String, u64>) {
    let total = rows.iter().map(RecordBatch::num_rows).sum();
    let (mut seen, mut kept, mut dropped) = (HashSet::with_capacity(total), Vec::with_capacity(total), BTreeMap::new());
    for (at, batch) in rows.iter().enumerate() {
        let ids = batch.column_by_name(id).and_then(|column| column.as_fixed_size_binary_opt());
        let sources = batch.column_by_name("source").and_then(|column| column.as_string_opt::<i32>());
        for row in 0..batch.num_rows() {
            let id: Option<[u8; 16]> = ids.and_then(|ids| ids.value(row).try_into().ok());
            if id.is_none_or(|id| seen.insert(id)) {
                kept.push((at, row));
            } else {
                let source = sources.filter(|s| s.is_valid(row)).map_or("", |s| s.value(row));
                *dropped.entry(source.to_owned()).or_default() += 1;
            }
        }
    }
    (kept, dropped)
}

/// By what rows are sorted: the host's place among all hosts (0 for none), times, id.
type Key = (u32, i64, i64, [u8; 16]);

/// The kept rows in the order of host, time, id; a missing value comes first.
fn order(rows: &[RecordBatch], kept: &[(usize, usize)], id: &str) -> Vec<(usize, usize)> {
    let columns: Vec<SortColumns<'_>> = rows.iter().map(|batch| SortColumns::of(batch, id)).collect();
    let hosts = places(&columns);
    let key = |at: &(usize, usize)| columns.get(at.0).map_or(Key::default(), |batch| batch.key(at.1, &hosts));
    let mut keyed: Vec<(Key, (usize, usize))> = kept.iter().map(|at| (key(at), *at)).collect();
    keyed.sort_unstable();
    keyed.into_iter().map(|(_, at)| at).collect()
}

/// The columns of a batch that its rows are sorted by.
struct SortColumns<'a> {
    host: Option<&'a StringArray>,
    time: Option<&'a TimestampMicrosecondArray>,
    received: Option<&'a TimestampMicrosecondArray>,
    id: Option<&'a FixedSizeBinaryArray>,
}

impl<'a> SortColumns<'a> {
    fn of(batch: &'a RecordBatch, id: &str) -> Self {
        let times = |name: &str| batch.column_by_name(name).and_then(|column| column.as_primitive_opt());
        Self {
            host: batch.column_by_name("host").and_then(|column| column.as_string_opt()),
            time: times("time"),
            received: times("time_received"),
            id: batch.column_by_name(id).and_then(|column| column.as_fixed_size_binary_opt()),
        }
    }

    fn key(&self, row: usize, hosts: &HashMap<&'a str, u32>) -> Key {
        let time = |times: Option<&TimestampMicrosecondArray>| {
            times.filter(|times| times.is_valid(row)).map_or(i64::MIN, |times| times.value(row))
        };
        let host = self.host.filter(|host| host.is_valid(row)).map(|host| host.value(row));
        let host = host.and_then(|host| hosts.get(host).copied()).unwrap_or(0);
        let id = self.id.and_then(|ids| ids.value(row).try_into().ok()).unwrap_or_default();
        (host, time(self.time), time(self.received), id)
    }
}

/// Each host's place in the order of their names, from 1.
fn places<'a>(columns: &[SortColumns<'a>]) -> HashMap<&'a str, u32> {
    let hosts = columns.iter().filter_map(|batch| batch.host).flat_map(|host| host.iter().flatten());
    let mut names: Vec<&str> = hosts.collect::<HashSet<_>>().into_iter().collect();
    names.sort_unstable();
    names.into_iter().zip(1..).collect()
}
