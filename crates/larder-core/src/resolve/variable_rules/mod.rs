//! The contract of the ecosystems about variables: which of them decide what a need gets, and what is demanded of them.

mod larder;
mod npm;
mod pypi;
mod single;

use crate::model::{Ecosystem, PerEcosystem, Platform};

use super::Solution;
use super::demands::Demands;
use super::index::{IndexError, PlatformSet};
use super::ordinal_set::OrdinalSet;
use super::problem::Problem;
use super::release::Need;
use super::search_state::Droppable;
use super::variable::{NodeIx, PackageIx, Variable};

/// Which variables decide about an ecosystem's packages.
pub(super) trait VariableRules: Sync {
    /// Adds what a need demands of the package that it means on some platforms, of which `set` will do.
    fn demand(
        &self,
        problem: &Problem<'_>,
        scoped: &ScopedNeed<'_>,
        set: OrdinalSet,
        demands: &mut Demands,
    ) -> Result<(), IndexError>;

    /// Returns the variables that decided what a need got, as far as they are in a solution.
    fn decided(
        &self,
        problem: &Problem<'_>,
        scoped: &ScopedNeed<'_>,
        solution: &Solution,
    ) -> Result<Vec<DecidingVariable>, IndexError>;
}

/// A need as it is seen from a scope.
pub(super) struct ScopedNeed<'a> {
    pub(super) need: &'a Need,
    /// The package that the need means.
    pub(super) package: PackageIx,
    /// The platforms on which the need means that package.
    pub(super) platforms: PlatformSet,
    /// The scope that the dependent's own dependencies live in.
    pub(super) scope: NodeIx,
}

/// A variable that decided what a need got.
pub(super) struct DecidingVariable {
    pub(super) variable: Variable,
    /// The scope in which the version lives.
    pub(super) scope: NodeIx,
    /// The platform for which the variable decided. `None` if for all.
    pub(super) platform: Option<Platform>,
}

/// The rules of ecosystems in which users of a package can get different versions of it. Else all share one: [`single::Single`].
const RULES: PerEcosystem<Option<&dyn VariableRules>> = PerEcosystem {
    npm: Some(&npm::NpmVariables),
    pypi: Some(&pypi::PypiVariables),
    larder: Some(&larder::LarderVariables),
    ..PerEcosystem::NONE
};

pub(super) use larder::in_bucket;

/// Returns the rules of an ecosystem.
pub(super) fn of(ecosystem: Ecosystem) -> &'static dyn VariableRules {
    RULES.of(ecosystem).unwrap_or(&single::Single)
}

/// Adds what a need demands of those who live in `scope`; a Python need, on some platforms.
pub(super) fn demand(
    problem: Problem<'_>,
    need: &Need,
    scope: NodeIx,
    platforms: PlatformSet,
    demands: &mut Demands,
) -> Result<(), IndexError> {
    for (package, on) in problem.catalog.parts(need.package) {
        let platforms = on.intersection(platforms);
        // A need that means one package demands it even where it holds nowhere.
        if platforms != PlatformSet::NONE || !problem.catalog.is_routed(need.package) {
            let set = problem.catalog.set_in_scope(need, package, scope)?;
            let scoped = ScopedNeed { need, package, platforms, scope };
            of(need.requirement.ecosystem()).demand(&problem, &scoped, set, demands)?;
        }
    }
    Ok(())
}

/// Returns the variables that decide a line, and what it demands of them.
pub(super) fn line_demands(problem: Problem<'_>, place: u32) -> Result<Demands, IndexError> {
    let mut demands = Demands::default();
    let catalog = problem.catalog;
    let line = &catalog.lines[place as usize];
    let Some(need) = &line.need else { return Ok(demands) };
    if problem.why_dropped(Droppable::Line(place), need)?.is_none() && line.holds(&catalog.platforms) {
        let platforms = line.platforms.intersection(catalog.holds_on(&need.requirement, &[]));
        demand(problem, need, catalog.manifest_node(line.manifest), platforms, &mut demands)?;
    }
    Ok(demands)
}
