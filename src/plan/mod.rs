//! (Current generation, lock) → [`Plan`]: what a sync will change, as data.

use std::collections::BTreeMap;

use crate::model::{PackageId, Version};

/// The packages of a generation: versions in ascending order, several where npm needs several.
pub type Contents = BTreeMap<PackageId, Vec<Version>>;

/// The difference between what a profile holds and what the lock wants.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Plan {
    /// Packages that come.
    pub added: Vec<(PackageId, Vec<Version>)>,
    /// Packages whose versions change: (package, from, to).
    pub changed: Vec<(PackageId, Vec<Version>, Vec<Version>)>,
    /// Packages that go.
    pub removed: Vec<(PackageId, Vec<Version>)>,
    /// How many packages stay as they are.
    pub kept: usize,
}
