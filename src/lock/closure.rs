//! Cutting a lock down to what one environment reaches on one platform.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{ExtraName, InstanceKey, Label, Platform, RootEdge};

/// What to cut a lock down to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selection {
    /// The groups besides `dependencies`.
    pub groups: BTreeSet<Label>,
    /// One platform, or all declared ones.
    pub platform: Option<Platform>,
}

/// What a selection reaches.
#[derive(Clone, Debug, Default)]
pub struct Closure<'a> {
    /// The manifest lines that are selected, in the lock's order.
    pub roots: Vec<&'a RootEdge>,
    /// The reached instances, each with the extras that are asked of it.
    pub instances: BTreeMap<&'a InstanceKey, BTreeSet<ExtraName>>,
}
