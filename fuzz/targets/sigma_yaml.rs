//! libFuzzer's door to the entry `sigma_yaml`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| wardwatch_fuzz::entries::run("sigma_yaml", data));
