#![no_main]
//! An archive of a Creatio package: it is in the store whole, or nothing of it; and looking at it panics as little.

use larder_core::model::ArtifactKind;

libfuzzer_sys::fuzz_target!(|archive: &[u8]| {
    let _ = larder_io::fetch::read_head(archive);
    larder_fuzz::unpack(ArtifactKind::Creatio, archive);
});
