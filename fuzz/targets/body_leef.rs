//! libFuzzer's door to the entry `body_leef`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| wardwatch_fuzz::entries::run("body_leef", data));
