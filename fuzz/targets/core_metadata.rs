#![no_main]
//! METADATA of a wheel, PKG-INFO of an sdist.

use larder_io::registry::parsing::core_metadata;

libfuzzer_sys::fuzz_target!(|metadata: &[u8]| core_metadata(metadata));
