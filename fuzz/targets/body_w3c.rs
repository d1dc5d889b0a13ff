//! libFuzzer's door to the entry `body_w3c`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| wardwatch_fuzz::entries::run("body_w3c", data));
