//! Where the runtimes come from that larder brings: their versions, their archives, and which version is taken.
//!
//! | file | what it owns |
//! | --- | --- |
//! | `hosts` | the servers and folders that have archives |
//! | `node` | the layout of Node's distribution |
//! | `python` | the layout of python-build-standalone's releases |
//! | `packages` | packages of the npm registry that hold Node |
//! | `checksums` | files that list digests, as `sha256sum` writes them |
//! | `choice` | the version for each platform |

mod checksums;
mod choice;
mod hosts;
mod node;
pub(super) mod packages;
mod python;

use std::collections::BTreeMap;

use crate::model::{Artifact, Platform, RuntimeVersion};

pub use choice::{ChosenRuntimes, NoRuntime, choose};
pub(super) use hosts::RuntimeHosts;

/// A version that a source has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuntimeOffer {
    /// The version.
    pub version: RuntimeVersion,
    /// Its archives, by the platform that each is for.
    pub archives: BTreeMap<Platform, Artifact>,
}
