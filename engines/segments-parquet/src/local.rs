//! Files of a local folder.

use crate::layout::{properties, union};
use arrow::array::new_null_array;
use arrow::datatypes::SchemaRef;
use arrow::record_batch::{RecordBatch, RecordBatchOptions};
use futures::future::BoxFuture;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use sha2::{Digest, Sha256};
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Component, Path, PathBuf};
use std::time::UNIX_EPOCH;
use wardwatch_ident::Timestamp;
use wardwatch_lake::{Layout, SCHEMA_VERSION, SegmentStore, StoreFault, StoredFile, Written};

/// Rows of a batch that `read` gives.
const READ_ROWS: usize = 16 * 1024;
/// A file that is being written has this behind its name.
const UNFINISHED: &str = ".part";

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Segments below one folder.
#[derive(Clone, Debug)]
pub struct LocalSegments {
    root: PathBuf,
}

/// What can be wrong besides the disk and Parquet itself.
#[derive(thiserror::Error, Debug)]
enum LocalFault {
    #[error("the path must be relative and may not climb")]
    Path,
    #[error("a file of this name exists already, and segments are never overwritten")]
    Exists,
    #[error("{written} rows were written, but the footer says {read}: the file was not published")]
    Rows { written: usize, read: i64 },
}

impl LocalSegments {
    /// Opens the folder, making it if need be.
    ///
    /// # Errors
    /// The file system's.
    pub fn open(root: impl Into<PathBuf>) -> io::Result<Self> {
        let root = root.into();
        fs::create_dir_all(&root)?;
        Ok(Self { root })
    }

    /// The folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where a segment lies.
    ///
    /// # Errors
    /// [`StoreFault`] for paths that leave the folder.
    pub fn locate(&self, path: &str) -> Result<PathBuf, StoreFault> {
        self.resolve(path).map_err(|source| StoreFault { path: path.to_owned(), source })
    }

    fn resolve(&self, path: &str) -> Result<PathBuf, Failure> {
        let inside = Path::new(path).components().all(|part| matches!(part, Component::Normal(_)));
        if path.is_empty() || !inside {
            return Err(LocalFault::Path.into());
        }
        Ok(self.root.join(path))
    }

    /// Runs work on the disk where it may block.
    fn blocking<T: Send + 'static>(
        &self,
        path: &str,
        work: impl FnOnce(&Self, &str) -> Result<T, Failure> + Send + 'static,
    ) -> BoxFuture<'static, Result<T, StoreFault>> {
        let (store, path) = (self.clone(), path.to_owned());
        Box::pin(async move {
            let named = path.clone();
            let done = tokio::task::spawn_blocking(move || work(&store, &path)).await;
            let flat = done.unwrap_or_else(|stopped| Err(stopped.into()));
            flat.map_err(|source| StoreFault { path: named, source })
        })
    }

    fn write_now(&self, path: &str, layout: Layout, rows: &[RecordBatch]) -> Result<Written, Failure> {
        let target = self.resolve(path)?;
        if target.try_exists()? {
            return Err(LocalFault::Exists.into());
        }
        self.make_folder_of(&target)?;
        let mut name = target.clone().into_os_string();
        name.push(UNFINISHED);
        let unfinished = PathBuf::from(name);
        let written = write_file(&unfinished, layout, rows).and_then(|written| {
            fs::rename(&unfinished, &target)?;
            sync_folder_of(&target)?;
            Ok(written)
        });
        if written.is_err() {
            // Best effort: a sweep removes what stays.
            let _ = fs::remove_file(&unfinished);
        }
        written
    }

    /// Makes the folder of a file and syncs each folder that got a new entry.
    fn make_folder_of(&self, target: &Path) -> io::Result<()> {
        let Some(folder) = target.parent() else { return Ok(()) };
        let missing: Vec<&Path> =
            folder.ancestors().take_while(|at| at.starts_with(&self.root) && !at.exists()).collect();
        fs::create_dir_all(folder)?;
        missing.into_iter().rev().try_for_each(sync_folder_of)
    }

    fn list_now(&self) -> Result<Vec<StoredFile>, Failure> {
        let (mut files, mut folders) = (Vec::new(), vec![self.root.clone()]);
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder)? {
                let entry = entry?;
                let kind = entry.file_type()?;
                if kind.is_dir() {
                    folders.push(entry.path());
                } else if let Some(file) = self.stored(&entry)? {
                    files.push(file);
                }
            }
        }
        Ok(files)
    }

    /// A file of ours; `None` for what vanished meanwhile or has a name that we never give.
    fn stored(&self, entry: &fs::DirEntry) -> io::Result<Option<StoredFile>> {
        let at = entry.path();
        let Some(path) = at.strip_prefix(&self.root).ok().and_then(Path::to_str) else { return Ok(None) };
        if !path.ends_with(".parquet") && !path.ends_with(UNFINISHED) {
            return Ok(None);
        }
        let modified = match entry.metadata() {
            Ok(metadata) => metadata.modified()?,
            Err(gone) if gone.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(fault) => return Err(fault),
        };
        let micros = modified.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_micros() as i64);
        Ok(Some(StoredFile { path: path.to_owned(), modified: Timestamp::from_micros(micros) }))
    }
}

impl SegmentStore for LocalSegments {
    fn write<'a>(
        &'a self,
        path: &'a str,
        layout: Layout,
        rows: &'a [RecordBatch],
    ) -> BoxFuture<'a, Result<Written, StoreFault>> {
        // Batches are handles to shared columns: this copies no rows.
        let rows = rows.to_vec();
        self.blocking(path, move |store, path| store.write_now(path, layout, &rows))
    }

    fn rows<'a>(&'a self, path: &'a str) -> BoxFuture<'a, Result<u64, StoreFault>> {
        self.blocking(path, |store, path| {
            let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(store.resolve(path)?)?)?;
            Ok(u64::try_from(reader.metadata().file_metadata().num_rows())?)
        })
    }

    fn read<'a>(&'a self, path: &'a str) -> BoxFuture<'a, Result<Vec<RecordBatch>, StoreFault>> {
        self.blocking(path, |store, path| {
            let file = File::open(store.resolve(path)?)?;
            let reader = ParquetRecordBatchReaderBuilder::try_new(file)?.with_batch_size(READ_ROWS).build()?;
            Ok(reader.collect::<Result<Vec<_>, _>>()?)
        })
    }

    fn remove<'a>(&'a self, path: &'a str) -> BoxFuture<'a, Result<(), StoreFault>> {
        self.blocking(path, |store, path| match fs::remove_file(store.resolve(path)?) {
            Err(fault) if fault.kind() != io::ErrorKind::NotFound => Err(fault.into()),
            _ => Ok(()),
        })
    }

    fn list(&self) -> BoxFuture<'_, Result<Vec<StoredFile>, StoreFault>> {
        self.blocking("", |store, _| store.list_now())
    }
}

fn sync_folder_of(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}

/// Writes, syncs and reads the footer back.
fn write_file(path: &Path, layout: Layout, rows: &[RecordBatch]) -> Result<Written, Failure> {
    let schema = union(rows);
    let count: usize = rows.iter().map(RecordBatch::num_rows).sum();
    let file = OpenOptions::new().write(true).create_new(true).open(path)?;
    let sink = Measured { inner: BufWriter::with_capacity(256 * 1024, file), hash: Sha256::new(), bytes: 0 };
    let mut writer =
        ArrowWriter::try_new(sink, schema.clone(), Some(properties(layout, &schema, count, SCHEMA_VERSION)?))?;
    for batch in rows {
        writer.write(&widened(batch, &schema)?)?;
    }
    let sink = writer.into_inner()?;
    let (bytes, sha256) = (sink.bytes, hex::encode(sink.hash.finalize()));
    sink.inner.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
    let read = ParquetRecordBatchReaderBuilder::try_new(File::open(path)?)?.metadata().file_metadata().num_rows();
    if usize::try_from(read) != Ok(count) {
        return Err(LocalFault::Rows { written: count, read }.into());
    }
    Ok(Written { bytes, sha256 })
}

/// The batch with all columns of the file, null where it has none.
fn widened(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch, Failure> {
    if batch.schema_ref() == schema {
        return Ok(batch.clone());
    }
    let columns = schema.fields().iter().map(|field| match batch.column_by_name(field.name()) {
        Some(column) => column.clone(),
        None => new_null_array(field.data_type(), batch.num_rows()),
    });
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    Ok(RecordBatch::try_new_with_options(schema.clone(), columns.collect(), &options)?)
}

/// Counts and hashes what goes through.
struct Measured<W> {
    inner: W,
    hash: Sha256,
    bytes: u64,
}

impl<W: Write> Write for Measured<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.hash.update(bytes.get(..written).unwrap_or_default());
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}
