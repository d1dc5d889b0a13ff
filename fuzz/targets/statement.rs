//! libFuzzer's door to the entry `statement`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| wardwatch_fuzz::entries::run("statement", data));
