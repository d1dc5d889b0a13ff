//! libFuzzer's door to the entry `event_log`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| wardwatch_fuzz::entries::run("event_log", data));
