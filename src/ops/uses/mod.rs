//! The npm packages that a file uses, by its text.
//!
//! | file | what it owns |
//! | --- | --- |
//! | `configuration` | the packages that a configuration names, by the keys below which they stand |
//! | `imports` | the modules that a text loads, and the packages that they are of |
//! | `sources` | the packages that a file of a checkout uses: its code, its configuration, its scripts |

mod configuration;
mod imports;
mod sources;

pub(super) use imports::{imports, package_of};
pub(super) use sources::{Use, is_configuration, is_eslintrc, is_generated, may_use, uses};
