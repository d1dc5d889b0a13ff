//! libFuzzer's door to the entry `syslog_header`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| wardwatch_fuzz::entries::run("syslog_header", data));
