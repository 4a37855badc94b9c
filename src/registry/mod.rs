//! The registries: npm, PyPI and local folders; their metadata, caches, and the [`Index`](crate::resolve::Index) over them.
//!
//! Nothing here reads the process's environment: tokens, mirrors and folders come in with [`Options`].
//!
//! | file | what it owns |
//! | --- | --- |
//! | `protocol` | the contract of the ecosystems: what a registry answers, what is known of one package |
//! | `npm`, `pypi`, `larder`, `path` | an ecosystem's protocol and its listings |
//! | `registries` | all registries as one: answers that are made once, and work ahead of the solver |
//! | `choice` | which registry a package comes from |
//! | `open`, `by_platform` | where an artifact is looked for; what each platform's own artifact needs |
//! | `listing`, `cache`, `kept` | documents, asked for and kept |

mod ahead;
mod by_platform;
mod bytes;
mod cache;
mod choice;
mod failure;
mod header;
mod kept;
mod larder;
mod listing;
mod locked;
pub mod netrc;
mod npm;
mod open;
mod options;
pub mod path;
mod protocol;
mod pypi;
mod registries;
mod stale;

pub use cache::Freshness;
pub use choice::Choice;
pub use failure::RegistryError;
pub use locked::LockedIndex;
pub use options::{Options, Secret};
pub use registries::Registries;
pub use stale::{Stale, stale};

#[cfg(test)]
mod tests;
