//! libFuzzer's door to the entry `journal_blob`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| wardwatch_fuzz::entries::run("journal_blob", data));
