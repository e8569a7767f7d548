#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| (fuzz::target("money").expect("a target").run)(bytes));
