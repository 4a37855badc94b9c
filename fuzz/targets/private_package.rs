#![no_main]
//! An archive of a private package: it is in the store whole, or nothing of it.

use larder_core::model::ArtifactKind;

libfuzzer_sys::fuzz_target!(|archive: &[u8]| larder_fuzz::unpack(ArtifactKind::Package, archive));
