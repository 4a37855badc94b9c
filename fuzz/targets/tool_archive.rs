#![no_main]
//! The file of a tool, in any form: it is in the store whole, or nothing of it.

use larder_core::model::ArtifactKind;

libfuzzer_sys::fuzz_target!(|archive: &[u8]| larder_fuzz::unpack(ArtifactKind::Archive, archive));
