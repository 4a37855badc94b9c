#![no_main]
//! A lock as a merge, a hand or an attacker leaves it. What is read is written as the same text.

use larder_core::lock::{parse, salvage};

libfuzzer_sys::fuzz_target!(|text: &str| {
    drop(salvage(text));
    if let Ok(lock) = parse("larder.lock", text) {
        let written = lock.to_text();
        assert_eq!(parse("larder.lock", &written).expect("its own text").to_text(), written);
    }
});
