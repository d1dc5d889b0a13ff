//! libFuzzer's door to the entry `baselines`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| wardwatch_fuzz::entries::run("baselines", data));
