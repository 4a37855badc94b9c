//! Small numbers for large values: packages, extras, nodes and sets of versions, each interned once.

use std::cell::RefCell;

use rustc_hash::FxHashMap;

use crate::model::{ExtraName, PackageId};

use super::ordinal_set::OrdinalSet;
use super::variable::{ExtraIx, NodeIx, PackageIx, RangeIx, ScopeNode};

/// The values that the solver's variables name by numbers.
#[derive(Default)]
pub(super) struct Interned {
    packages: RefCell<Interner<PackageId>>,
    extras: RefCell<Interner<ExtraName>>,
    nodes: RefCell<Interner<ScopeNode>>,
    ranges: RefCell<Interner<BucketRange>>,
}

/// The versions of a private package that satisfy a requirement and lie in several buckets, with the features that are asked of
/// whichever is chosen.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct BucketRange {
    pub(super) versions: OrdinalSet,
    pub(super) features: Vec<ExtraIx>,
}

impl Interned {
    /// Interns a package.
    pub(super) fn package(&self, id: PackageId) -> PackageIx {
        PackageIx(self.packages.borrow_mut().intern(id))
    }

    /// Returns an interned package.
    pub(super) fn id(&self, package: PackageIx) -> PackageId {
        self.packages.borrow().values[package.0 as usize].clone()
    }

    /// Interns an extra.
    pub(super) fn extra(&self, name: &ExtraName) -> ExtraIx {
        ExtraIx(self.extras.borrow_mut().intern(name.clone()))
    }

    /// Returns an interned extra.
    pub(super) fn extra_name(&self, extra: ExtraIx) -> ExtraName {
        self.extras.borrow().values[extra.0 as usize].clone()
    }

    /// Interns a node.
    pub(super) fn intern_node(&self, node: ScopeNode) -> NodeIx {
        NodeIx(self.nodes.borrow_mut().intern(node))
    }

    /// Returns an interned node.
    pub(super) fn node(&self, node: NodeIx) -> ScopeNode {
        self.nodes.borrow().values[node.0 as usize]
    }

    /// Interns a range that reaches into several buckets.
    pub(super) fn bucket_range(&self, range: BucketRange) -> RangeIx {
        RangeIx(self.ranges.borrow_mut().intern(range))
    }

    /// Returns an interned range.
    pub(super) fn range(&self, range: RangeIx) -> BucketRange {
        self.ranges.borrow().values[range.0 as usize].clone()
    }
}

/// Values by number, and their numbers.
struct Interner<T> {
    values: Vec<T>,
    places: FxHashMap<T, u32>,
}

impl<T> Default for Interner<T> {
    fn default() -> Self {
        Self { values: Vec::new(), places: FxHashMap::default() }
    }
}

impl<T: Clone + Eq + std::hash::Hash> Interner<T> {
    fn intern(&mut self, value: T) -> u32 {
        if let Some(&place) = self.places.get(&value) {
            return place;
        }
        let place = self.values.len() as u32;
        self.values.push(value.clone());
        self.places.insert(value, place);
        place
    }
}
