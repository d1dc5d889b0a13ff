//! libFuzzer's door to the entry `indicators`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| wardwatch_fuzz::entries::run("indicators", data));
