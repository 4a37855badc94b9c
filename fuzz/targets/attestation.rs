#![no_main]
//! Where a package was built: the documents of a registry's attestations, and the bundles in them.

use std::sync::LazyLock;

use larder_core::model::Digest;
use larder_core::provenance::{AttestationVerifier, npm_bundles, pep740_bundles};

static VERIFIER: LazyLock<AttestationVerifier> = LazyLock::new(|| AttestationVerifier::new(None).expect("the root"));

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let digest = Digest::sha256_of("a package");
    let written = std::str::from_utf8(bytes).ok().map(str::to_owned);
    for bundle in npm_bundles(bytes).into_iter().chain(pep740_bundles(bytes)).chain(written) {
        assert!(!matches!(VERIFIER.verify(&bundle, &digest), Ok(Some(_))), "nobody signed for it");
    }
});
