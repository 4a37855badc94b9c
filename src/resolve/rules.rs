//! The contract of the ecosystems: what a range stands for, which version is picked, and which variables decide a need.

use crate::model::{Ecosystem, PerEcosystem, Platform, Requirement, Settings};

use super::catalog::Catalog;
use super::index::{IndexError, PlatformSet, Versions};
use super::problem::{Demands, Problem};
use super::pypi::Admission;
use super::release::Need;
use super::set::Set;
use super::variable::{NodeIx, PackageIx, Variable};
use super::{Solution, larder, npm, path, pypi};

/// The rules of an ecosystem.
pub(super) trait Rules: Sync {
    /// Returns the versions that a requirement's range stands for, whether they may be chosen or not. Unless an ecosystem says
    /// otherwise, those are all that match.
    fn admitted(&self, requirement: &Requirement, versions: &Versions, _settings: &Settings) -> Set {
        Set::filter(0..versions.candidates.len() as u32, |place| {
            requirement.matches(&versions.candidates[place as usize].version)
        })
    }

    /// Returns what else than their age decides which versions of a package may be chosen at all.
    fn admission(&self, _catalog: &Catalog<'_>, _package: PackageIx) -> Option<Admission> {
        None
    }

    /// Returns the version that a requirement most likely gets: the pick of the solver where nothing but the requirement and the
    /// settings counts.
    fn likely(&self, requirement: &Requirement, versions: &Versions, settings: &Settings) -> Option<u32>;

    /// Adds what a need demands of the package that it means on some platforms, of which `set` will do.
    fn demand(
        &self,
        problem: &Problem<'_>,
        asked: &Asked<'_>,
        set: Set,
        demands: &mut Demands,
    ) -> Result<(), IndexError>;

    /// Returns the variables that decided what a need got, as far as they are in a solution.
    fn decided(
        &self,
        problem: &Problem<'_>,
        asked: &Asked<'_>,
        solution: &Solution,
    ) -> Result<Vec<Decided>, IndexError>;
}

/// A need of those who live in a scope.
pub(super) struct Asked<'a> {
    pub(super) need: &'a Need,
    /// The package that it means.
    pub(super) package: PackageIx,
    /// The platforms on which it means that package.
    pub(super) platforms: PlatformSet,
    pub(super) scope: NodeIx,
}

/// A variable that decided what a need got.
pub(super) struct Decided {
    pub(super) variable: Variable,
    /// The scope in which the version lives.
    pub(super) scope: NodeIx,
    /// The platform for which it decided. `None` if for all.
    pub(super) on: Option<Platform>,
}

const RULES: PerEcosystem<&dyn Rules> =
    PerEcosystem { npm: &npm::Npm, pypi: &pypi::Pypi, larder: &larder::Larder, path: &path::Path };

/// Returns the rules of an ecosystem.
pub(super) fn of(ecosystem: Ecosystem) -> &'static dyn Rules {
    *RULES.of(ecosystem)
}
