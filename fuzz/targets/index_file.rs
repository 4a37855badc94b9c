#![no_main]
//! What a registry of private packages says of one: lines of events.

use larder_core::package::{Body, IndexFile, PackageEvent};

libfuzzer_sys::fuzz_target!(|lines: &[u8]| {
    drop(IndexFile::parse("fuzz", lines.to_vec()));
    let Ok(text) = std::str::from_utf8(lines) else { return };
    for line in text.lines() {
        drop(PackageEvent::parse(line));
    }
    if let Ok(body) = Body::parse(text) {
        assert_eq!(body.to_json(), text, "a body has one text");
    }
});
