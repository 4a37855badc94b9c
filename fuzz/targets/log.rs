#![no_main]
//! The log of a registry of private packages: notes, checkpoints, shards of heads, bundles of entries, states.

use larder_core::model::LogKey;
use larder_core::package::log::{Checkpoint, EntryBundle, LogSigner, StateLeaf, parse_shard};
use larder_core::package::{RegistryFile, Submission};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let signer = LogSigner::from_seed("registry.example", [7; 32]).expect("a key");
    let key: &LogKey = signer.key();
    assert!(Checkpoint::verify(bytes, std::slice::from_ref(key)).is_err(), "nobody has the key");
    drop(parse_shard(bytes));
    drop(StateLeaf::parse(bytes));
    drop(RegistryFile::parse(bytes));
    drop(Submission::from_upload(bytes));
    if let Some(entries) = EntryBundle::new(bytes.to_vec()).entries() {
        assert!(entries.len() <= bytes.len());
    }
});
