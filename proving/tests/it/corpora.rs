//! Every seed of every fuzz target, through the very entries that the fuzzer drives (`fuzz/src/entries`).

#[path = "../../../fuzz/src/entries/mod.rs"]
#[allow(clippy::panic, reason = "an entry reports a broken promise by panicking")]
mod entries;

use std::path::Path;

#[test]
fn seeds_of_the_fuzz_targets_are_replayed() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus");
    for (name, _) in entries::ENTRIES {
        let seeds: Vec<_> = std::fs::read_dir(folder.join(name))
            .unwrap_or_else(|e| panic!("fuzz target {name} has no seeds: {e}"))
            .map(|entry| entry.expect("the folder is readable").path())
            .collect();
        assert!(!seeds.is_empty(), "fuzz target {name} has no seeds");
        for seed in seeds {
            let data = std::fs::read(&seed).expect("a seed is readable");
            let held = std::panic::catch_unwind(|| entries::run(name, &data)).is_ok();
            assert!(held, "the seed {} breaks a promise of {name}", seed.display());
        }
    }
}

#[test]
fn every_folder_of_seeds_has_an_entry_and_a_target() {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz");
    let known: Vec<&str> = entries::ENTRIES.iter().map(|(name, _)| *name).collect();
    for (folder, ending) in [("corpus", ""), ("targets", ".rs")] {
        let mut found: Vec<String> = std::fs::read_dir(fuzz.join(folder))
            .expect("the folder is there")
            .map(|entry| entry.expect("readable").file_name().to_string_lossy().trim_end_matches(ending).to_owned())
            .collect();
        found.sort();
        assert_eq!(found, known, "fuzz/{folder} against the entries");
    }
}
