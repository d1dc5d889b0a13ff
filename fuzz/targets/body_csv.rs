//! libFuzzer's door to the entry `body_csv`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| wardwatch_fuzz::entries::run("body_csv", data));
