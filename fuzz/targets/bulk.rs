//! libFuzzer's door to the entry `bulk`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| wardwatch_fuzz::entries::run("bulk", data));
