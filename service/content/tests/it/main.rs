//! Tests of content: the shipped packs and detections, and the tools that look after them.

use wardwatch_content::Library;

#[test]
fn every_shipped_pack_compiles() {
    let library = Library::embedded();
    let (packs, faults) = library.packs();
    let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
    assert_eq!(faults, Vec::<String>::new());
    assert!(packs.len() >= 18, "{} packs", packs.len());
}
