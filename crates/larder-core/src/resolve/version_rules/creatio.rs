//! Creatio packages: the highest version that is no pre-release, else the highest.

use super::VersionRules;

/// How versions of Creatio packages are chosen.
pub(in crate::resolve) struct Creatio;

impl VersionRules for Creatio {}
