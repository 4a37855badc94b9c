#![no_main]
//! A patch of a package: a unified diff.

use larder_core::patch::PackagePatch;

libfuzzer_sys::fuzz_target!(|diff: &[u8]| drop(PackagePatch::parse(diff)));
