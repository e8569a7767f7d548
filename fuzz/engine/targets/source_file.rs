#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| (fuzz::target("source_file").expect("a target").run)(bytes));
