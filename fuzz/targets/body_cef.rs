//! libFuzzer's door to the entry `body_cef`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| wardwatch_fuzz::entries::run("body_cef", data));
