//! Assets of other tools: what a file is, and configurations that become adapters.
//!
//! | file | what it owns |
//! | --- | --- |
//! | `recognise` | what a file is, by its content |
//! | `configuration` | JSON and properties as a tree of values |
//! | `rules` | the file that says which value stands for which parameter |
//! | `convert` | a configuration → an adapter's file |
//! | `locations` | where schemas find each other |
//! | `renames` | references to schemas that get another name |

mod configuration;
mod convert;
mod locations;
mod recognise;
mod renames;
mod rules;
#[cfg(test)]
mod tests;

pub use configuration::Configuration;
pub use convert::{ConvertedAdapter, convert};
pub use locations::{name_of_file, with_known_locations, with_moved_locations};
pub use recognise::{ForeignKind, recognise};
pub use renames::with_renamed_schemas;
pub use rules::{ConfigurationRules, ImportRules};
