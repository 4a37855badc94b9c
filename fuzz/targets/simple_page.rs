#![no_main]
//! What a Python index says of a package, and what the cache has of it.

use larder_io::registry::parsing::{cached_page, simple_page};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    simple_page(bytes);
    cached_page(bytes);
});
