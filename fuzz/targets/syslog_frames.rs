//! libFuzzer's door to the entry `syslog_frames`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| wardwatch_fuzz::entries::run("syslog_frames", data));
