//! libFuzzer's door to the entry `pack_toml`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| wardwatch_fuzz::entries::run("pack_toml", data));
