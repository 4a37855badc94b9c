#![no_main]
//! What an npm registry says of a package.

use larder_io::registry::parsing::packument;

libfuzzer_sys::fuzz_target!(|document: &[u8]| packument(document));
