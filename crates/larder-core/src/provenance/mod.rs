//! Who vouches for packages: signatures of registries, attestations of builds. Functions from values to values: nothing is fetched
//! here.
//!
//! | file | what it owns |
//! | --- | --- |
//! | `registry_signature` | a registry's signature of a version, held to what is locked |
//! | `npmjs` | the keys of the public npm registry |
//! | `attestation` | a Sigstore bundle: who built a file, and whether that is proven |
//! | `verdict` | what the attestations of a package come to |
//! | `documents` | the documents in which npm and PyPI keep bundles |
//! | `ring_provider` | the cryptography of `sigstore-verify`, done by `ring` |

mod attestation;
mod documents;
mod npmjs;
mod registry_signature;
mod ring_provider;
mod verdict;

pub use attestation::{AttestationFault, AttestationVerifier, TrustedRootError};
pub use documents::{npm_bundles, pep740_bundles};
pub use npmjs::npmjs_keys;
pub use registry_signature::{RegistrySignature, SignatureVerdict, judge_signatures};
pub use verdict::ProvenanceVerdict;
