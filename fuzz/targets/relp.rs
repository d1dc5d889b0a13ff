//! libFuzzer's door to the entry `relp`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| wardwatch_fuzz::entries::run("relp", data));
