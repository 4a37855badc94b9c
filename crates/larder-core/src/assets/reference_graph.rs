//! Which asset refers to which, and nothing else of them: enough to tell whom a change touches.

use std::collections::VecDeque;

use crate::model::{AssetId, AssetQuery, PackageName};

use super::package::{AssetIndex, PackageIndex};
use super::set::AssetSet;

/// Which asset refers to which. Packages and assets have the places that they have in the set that it was made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReferenceGraph {
    packages: Vec<(PackageName, semver::Version)>,
    assets: Vec<(PackageIndex, AssetId)>,
    /// The assets that refer to each, sorted.
    users: Vec<Vec<AssetIndex>>,
}

/// An asset that a change touches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Touched {
    /// The asset.
    pub asset: AssetIndex,
    /// The shortest way from what changes to it, both included.
    pub path: Vec<AssetIndex>,
}

impl Touched {
    /// Returns whether the asset itself refers to what changes.
    pub fn is_direct(&self) -> bool {
        self.path.len() == 2
    }
}

impl ReferenceGraph {
    /// Joins what was taken apart. Returns `None` if a place is none: what was written down is not what was a graph.
    pub fn new(
        packages: Vec<(PackageName, semver::Version)>,
        assets: Vec<(PackageIndex, AssetId)>,
        users: Vec<Vec<AssetIndex>>,
    ) -> Option<Self> {
        let is_whole = users.len() == assets.len()
            && assets.iter().all(|(package, _)| *package < packages.len())
            && users.iter().flatten().all(|user| *user < assets.len());
        is_whole.then_some(Self { packages, assets, users })
    }

    /// Returns the packages, each with its version.
    pub fn packages(&self) -> &[(PackageName, semver::Version)] {
        &self.packages
    }

    /// Returns the assets, each with the place of its package.
    pub fn assets(&self) -> &[(PackageIndex, AssetId)] {
        &self.assets
    }

    /// Returns the assets that refer to each, sorted.
    pub fn users(&self) -> &[Vec<AssetIndex>] {
        &self.users
    }

    /// Returns the identity of an asset.
    pub fn id(&self, at: AssetIndex) -> &AssetId {
        &self.assets[at].1
    }

    /// Returns the package of an asset, with its version.
    pub fn owner(&self, at: AssetIndex) -> &(PackageName, semver::Version) {
        &self.packages[self.assets[at].0]
    }

    /// Returns the assets that a query means.
    pub fn matching(&self, query: &AssetQuery) -> Vec<AssetIndex> {
        (0..self.assets.len()).filter(|at| query.covers(self.id(*at))).collect()
    }

    /// Returns the assets that refer to one of these, directly or through others, in the order of their distance.
    pub fn touched_by(&self, changed: &[AssetIndex]) -> Vec<Touched> {
        // Of each asset that was found, the one that it refers to; what changes is its own.
        let mut before: Vec<Option<AssetIndex>> = vec![None; self.assets.len()];
        for at in changed {
            before[*at] = Some(*at);
        }
        let mut pending: VecDeque<AssetIndex> = changed.iter().copied().collect();
        let mut touched = Vec::new();
        while let Some(at) = pending.pop_front() {
            for user in &self.users[at] {
                if before[*user].is_some() {
                    continue;
                }
                before[*user] = Some(at);
                let (mut path, mut last) = (vec![*user], *user);
                while let Some(previous) = before[last].filter(|previous| *previous != last) {
                    path.push(previous);
                    last = previous;
                }
                path.reverse();
                touched.push(Touched { asset: *user, path });
                pending.push_back(*user);
            }
        }
        touched
    }
}

impl AssetSet<'_> {
    /// Returns which of the assets refers to which.
    pub fn references(&self) -> ReferenceGraph {
        let mut users: Vec<Vec<AssetIndex>> = vec![Vec::new(); self.assets().len()];
        for at in 0..self.assets().len() {
            for target in self.targets(at) {
                // Assets come in their order: one that refers twice to another was the last one.
                if users[target].last() != Some(&at) {
                    users[target].push(at);
                }
            }
        }
        ReferenceGraph {
            packages: self.packages().iter().map(|one| (one.name.clone(), one.version.clone())).collect(),
            assets: self.assets().iter().map(|asset| (asset.package, asset.id.clone())).collect(),
            users,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_that_there_are_not_make_no_graph() {
        let package = || (PackageName::larder("p").unwrap(), semver::Version::new(1, 0, 0));
        let asset = |at| (at, "schema:p/a@1".parse::<AssetId>().unwrap());
        let graph = |places: &[usize], users: &[&[usize]]| {
            let assets = places.iter().map(|at| asset(*at)).collect();
            ReferenceGraph::new(vec![package()], assets, users.iter().map(|one| one.to_vec()).collect())
        };
        assert!(graph(&[0, 0], &[&[1], &[]]).is_some());
        assert!(graph(&[0, 1], &[&[1], &[]]).is_none(), "no such package");
        assert!(graph(&[0, 0], &[&[2], &[]]).is_none(), "no such asset");
        assert!(graph(&[0, 0], &[&[1]]).is_none(), "an asset of which nothing is known");
    }

    #[test]
    fn circles_end() {
        let package = (PackageName::larder("p").unwrap(), semver::Version::new(1, 0, 0));
        let assets = ["flow:p/a@1", "flow:p/b@1", "flow:p/c@1"].map(|id| (0, id.parse().unwrap()));
        let graph = ReferenceGraph::new(vec![package], assets.into(), vec![vec![0, 1], vec![2], vec![0]]).unwrap();
        let touched: Vec<Vec<usize>> = graph.touched_by(&[0]).into_iter().map(|one| one.path).collect();
        assert_eq!(touched, [vec![0, 1], vec![0, 1, 2]]);
    }
}
