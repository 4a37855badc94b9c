//! Bills of materials: every package of an environment with its digests, its license and what it depends on, in the two forms that
//! tools exchange. A bill of the same lock is the same to the byte.
//!
//! | file | what it owns |
//! | --- | --- |
//! | `bill` | what a bill tells: components and who depends on whom |
//! | `purl` | package URLs |
//! | `cyclonedx` | CycloneDX 1.6 as JSON |
//! | `spdx` | SPDX 2.3 as JSON |

mod bill;
mod cyclonedx;
mod purl;
mod spdx;

pub use bill::{Bill, BillInput};
pub use cyclonedx::cyclonedx;
pub use spdx::spdx;

use serde::Serialize;

/// The name and the version of what writes bills.
const TOOL: (&str, &str) = ("larder", env!("CARGO_PKG_VERSION"));

/// Returns a document as indented JSON, with a line break at its end.
fn pretty(document: &impl Serialize) -> String {
    // Structs of strings and numbers can always be written.
    serde_json::to_string_pretty(document).unwrap_or_default() + "\n"
}
