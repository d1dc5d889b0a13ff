//! libFuzzer's door to the entry `ndjson`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| wardwatch_fuzz::entries::run("ndjson", data));
