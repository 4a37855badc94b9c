//! `larder.kdl`: parses KDL into a [`Manifest`], with all errors of a file at once; and edits manifests in place.

mod check;
mod claims;
mod conflicts;
mod dependencies;
pub mod edit;
mod environments;
mod error;
pub mod import;
mod model;
mod node;
mod notation;
mod parse;
mod registries;
mod requirement;
mod resolution;
mod runtimes;
mod scan;
mod syntax;

pub use check::join_members;
pub use claims::Claim;
pub use error::{ManifestError, ManifestErrors};
pub use model::{
    Conflict, Dependency, Environment, EnvironmentPlaces, FilesMode, Group, LockedMode, Manifest, Policy, Project,
    Registry, RegistryUrl, Rule, Spanned, Token, Wanted,
};
pub use notation::{range_from, split};
pub use parse::{Kind, parse};
pub use requirement::{Flaw, folder, requirement};

#[cfg(test)]
mod mutated;
#[cfg(test)]
mod tests;
