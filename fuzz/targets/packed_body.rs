//! libFuzzer's door to the entry `packed_body`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| wardwatch_fuzz::entries::run("packed_body", data));
