//! Who vouches for packages: the signatures of registries. Functions from values to values: nothing is fetched here.
//!
//! | file | what it owns |
//! | --- | --- |
//! | `registry_signature` | a registry's signature of a version, held to what is locked |
//! | `npmjs` | the keys of the public npm registry |

mod npmjs;
mod registry_signature;

pub use npmjs::npmjs_keys;
pub use registry_signature::{RegistrySignature, SignatureVerdict, judge_signatures};
