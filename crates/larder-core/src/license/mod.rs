//! The licenses of packages: what their metadata and their files say, as SPDX expressions.
//!
//! | file | what it owns |
//! | --- | --- |
//! | `fact` | what is known of one package |
//! | `declaration` | a declaration as a package states it, and what it comes to |
//! | `npm` | the `license` of a package.json, and what it was before |
//! | `pypi` | the headers and classifiers of a METADATA |
//! | `names` | what people write instead of SPDX's identifiers |
//! | `text` | licenses by their texts |

mod declaration;
mod fact;
mod names;
mod npm;
mod pypi;
mod text;

pub use declaration::Declaration;
pub use fact::{LicenseFact, LicenseSource, LicenseText, conclude};
pub use npm::package_json;
pub use pypi::metadata;
pub use text::{LicenseTexts, is_license_file};
