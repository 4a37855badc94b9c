//! A lock in the forms of other tools, so that nobody is locked in: each installs the versions that the lock has.
//!
//! What a form cannot say is refused with the reason; the lines of a manifest that are for another tool are listed in
//! [`Exported::left_out`]. Nothing is dropped silently.
//!
//! | file | what it owns |
//! | --- | --- |
//! | `input` | what is exported: a part of a lock, and what else is known |
//! | `error` | why a lock cannot be said in a form |
//! | `python` | the Python half of an environment, with markers for platforms |
//! | `pylock` | `pylock.toml` (PEP 751) |
//! | `requirements` | requirements with digests, for `pip install --require-hashes` |
//! | `manifests` | the package.json of the project and of its members, as they are or as they would be |
//! | `node_modules` | the folders in which npm places packages |
//! | `package_lock` | `package-lock.json`, version 3 |
//! | `pnpm_lock` | `pnpm-lock.yaml`, version 9 |
//! | `yaml` | scalars of YAML |

mod error;
mod input;
mod manifests;
mod node_modules;
mod package_lock;
mod pnpm_lock;
mod pylock;
mod python;
mod requirements;
mod yaml;

pub use error::ExportError;
pub use input::{
    DeclaredDependency, DependencyTable, ExportInput, Exported, LeftOut, PackageJson, PnpmConfiguration, PnpmPatch,
};
pub use manifests::package_json;
pub use package_lock::package_lock;
pub use pnpm_lock::pnpm_lock;
pub use pylock::pylock;
pub use requirements::requirements;

use serde::Serialize;

/// Returns a document as indented JSON, with a line break at its end.
fn pretty(document: &impl Serialize) -> String {
    // Structs of strings and numbers can always be written.
    serde_json::to_string_pretty(document).unwrap_or_default() + "\n"
}
