#![no_main]
//! A manifest as anybody may write it. Every error names a place of the text.

use larder_core::manifest::{ManifestKind, parse};
use larder_core::model::Catalogs;

libfuzzer_sys::fuzz_target!(|text: &str| {
    for kind in [ManifestKind::Root, ManifestKind::Member(&Catalogs::default())] {
        for error in parse("larder.kdl", text, kind).err().iter().flat_map(|failure| &failure.errors) {
            let span = error.span();
            assert!(text.get(span.offset()..span.offset() + span.len()).is_some(), "{error:?}");
        }
    }
});
