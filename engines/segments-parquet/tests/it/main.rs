//! Files: written whole or not at all, read back as they were, laid out as promised.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that meets what it did not expect fails"
)]

use arrow::array::{ArrayRef, AsArray, Int64Array, StringArray};
use arrow::record_batch::RecordBatch;
use parquet::file::reader::{FileReader, SerializedFileReader};
use sha2::{Digest, Sha256};
use std::sync::Arc;
use wardwatch_ident::Timestamp;
use wardwatch_lake::{Layout, SegmentStore};
use wardwatch_segments_parquet::LocalSegments;

fn texts(name: &str, values: &[Option<&str>]) -> (String, ArrayRef) {
    (name.to_owned(), Arc::new(StringArray::from(values.to_vec())))
}

fn rows(columns: Vec<(String, ArrayRef)>) -> RecordBatch {
    RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, column)| (name, column, true))).unwrap()
}

fn store() -> (tempfile::TempDir, LocalSegments) {
    let folder = tempfile::tempdir().unwrap();
    let store = LocalSegments::open(folder.path().join("lake")).unwrap();
    (folder, store)
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(work)
}

#[test]
fn rows_of_different_columns_come_back_as_one_table() {
    let (_folder, store) = store();
    let first = rows(vec![texts("host", &[Some("a"), None]), texts("raw", &[Some("x"), Some("y")])]);
    let second = rows(vec![texts("raw", &[Some("z")]), ("count".into(), Arc::new(Int64Array::from(vec![7])))]);
    for layout in [Layout::L0, Layout::L1] {
        let path = format!("events/v1/tenant=1/day=2026-11-25/{layout:?}.parquet");
        let written = block_on(store.write(&path, layout, &[first.clone(), second.clone()])).unwrap();
        let bytes = std::fs::read(store.locate(&path).unwrap()).unwrap();
        assert_eq!(written.bytes, bytes.len() as u64);
        assert_eq!(block_on(store.rows(&path)).unwrap(), 3, "the file's own end says so");
        assert_eq!(written.sha256, hex::encode(Sha256::digest(&bytes)));
        let read = arrow::compute::concat_batches(
            &block_on(store.read(&path)).unwrap()[0].schema(),
            &block_on(store.read(&path)).unwrap(),
        )
        .unwrap();
        let of = |name: &str| -> Vec<Option<&str>> {
            read.column_by_name(name).unwrap().as_string::<i32>().iter().collect()
        };
        assert_eq!(of("raw"), [Some("x"), Some("y"), Some("z")]);
        assert_eq!(of("host"), [Some("a"), None, None]);
        let count = read.column_by_name("count").unwrap().as_primitive::<arrow::datatypes::Int64Type>();
        assert_eq!(count.iter().collect::<Vec<_>>(), [None, None, Some(7)]);
    }
}

#[test]
fn compacted_files_have_what_makes_needles_quick() {
    let (_folder, store) = store();
    let batch = rows(vec![
        texts("host", &[Some("a")]),
        texts("src_ip", &[Some("192.0.2.1")]),
        texts("app", &[Some("dns")]),
        texts("raw", &[Some("line")]),
    ]);
    for (layout, bloom) in [(Layout::L0, false), (Layout::L1, true)] {
        let path = format!("{layout:?}.parquet");
        block_on(store.write(&path, layout, std::slice::from_ref(&batch))).unwrap();
        let file = std::fs::File::open(store.locate(&path).unwrap()).unwrap();
        let reader = SerializedFileReader::new(file).unwrap();
        let group = reader.metadata().row_group(0);
        for column in group.columns() {
            let name = column.column_path().string();
            let needle = matches!(name.as_str(), "host" | "src_ip");
            assert_eq!(column.bloom_filter_offset().is_some(), bloom && needle, "{layout:?} {name}");
            assert_eq!(column.dictionary_page_offset().is_some(), name != "raw", "{layout:?} {name}");
            assert!(column.offset_index_offset().is_some(), "{layout:?} {name}");
        }
        assert_eq!(group.column(0).column_index_offset().is_some(), bloom);
    }
}

#[test]
fn nothing_is_overwritten_and_no_path_climbs() {
    let (folder, store) = store();
    let batch = rows(vec![texts("raw", &[Some("first")])]);
    block_on(store.write("a/b.parquet", Layout::L0, std::slice::from_ref(&batch))).unwrap();
    let before = std::fs::read(store.locate("a/b.parquet").unwrap()).unwrap();
    assert!(block_on(store.write("a/b.parquet", Layout::L0, std::slice::from_ref(&batch))).is_err());
    assert_eq!(std::fs::read(store.locate("a/b.parquet").unwrap()).unwrap(), before);
    for path in ["../out.parquet", "/etc/out.parquet", "a/../../out.parquet", ""] {
        assert!(block_on(store.write(path, Layout::L0, std::slice::from_ref(&batch))).is_err(), "{path}");
        assert!(block_on(store.read(path)).is_err(), "{path}");
        assert!(block_on(store.remove(path)).is_err(), "{path}");
    }
    assert!(!folder.path().join("out.parquet").exists());
}

#[test]
fn a_write_that_fails_leaves_nothing_under_its_name() {
    let (_folder, store) = store();
    // Two columns of one name but different types cannot be one file.
    let text = rows(vec![texts("count", &[Some("x")])]);
    let number = rows(vec![("count".into(), Arc::new(Int64Array::from(vec![1])))]);
    assert!(block_on(store.write("c.parquet", Layout::L0, &[text, number])).is_err());
    assert!(block_on(store.list()).unwrap().is_empty());
}

#[test]
fn the_list_shows_whole_and_half_written_files() {
    let (_folder, store) = store();
    let batch = rows(vec![texts("raw", &[Some("x")])]);
    block_on(store.write("a/1.parquet", Layout::L0, &[batch])).unwrap();
    std::fs::write(store.locate("a/2.parquet.part").unwrap(), b"half").unwrap();
    std::fs::write(store.locate("a/readme").unwrap(), b"not ours").unwrap();
    let mut files = block_on(store.list()).unwrap();
    files.sort_by(|a, b| a.path.cmp(&b.path));
    assert_eq!(files.iter().map(|file| file.path.as_str()).collect::<Vec<_>>(), ["a/1.parquet", "a/2.parquet.part"]);
    assert!(files.iter().all(|file| file.modified > Timestamp::from_secs(1_500_000_000)));
    for file in &files {
        block_on(store.remove(&file.path)).unwrap();
        block_on(store.remove(&file.path)).unwrap();
    }
    assert!(block_on(store.list()).unwrap().is_empty());
    assert!(block_on(store.read("a/1.parquet")).is_err());
}

#[test]
fn a_file_whose_end_is_damaged_does_not_say_how_many_rows_it_has() {
    let (_folder, store) = store();
    block_on(store.write("a.parquet", Layout::L0, &[rows(vec![texts("raw", &[Some("x")])])])).unwrap();
    let path = store.locate("a.parquet").unwrap();
    let mut bytes = std::fs::read(&path).unwrap();
    let footer = bytes.len() - 12;
    bytes[footer - 8..footer].fill(0xff);
    std::fs::write(&path, bytes).unwrap();
    assert!(block_on(store.rows("a.parquet")).is_err());
    assert!(block_on(store.rows("missing.parquet")).is_err());
}
