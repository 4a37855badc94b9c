#![no_main]
//! A bundle: its trees are in the store whole, or not at all.

libfuzzer_sys::fuzz_target!(|bundle: &[u8]| larder_fuzz::unbundle(bundle));
