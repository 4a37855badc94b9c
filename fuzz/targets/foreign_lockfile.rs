#![no_main]
//! Locks of other tools. The first line is the file's name.

use larder_core::import::locks;
use larder_core::model::Settings;

libfuzzer_sys::fuzz_target!(|text: &str| {
    if let Some((file, text)) = text.split_once('\n') {
        drop(locks::read(file, text, "", &[], &Settings::default()));
    }
});
