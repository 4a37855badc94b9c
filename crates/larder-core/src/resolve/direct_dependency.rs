//! npm's direct dependencies: which version several manifests share.

use pubgrub::VersionSet;

use crate::model::Dependent;

use super::index::IndexError;
use super::ordinal_set::OrdinalSet;
use super::problem::Problem;
use super::release::Need;
use super::variable::{NodeOwner, PackageIx, Variable};
use super::variable_rules::line_demands;

/// A direct dependency of npm's: what a manifest's line asks for, or a local package.
pub(super) struct DirectDependency<'a> {
    problem: Problem<'a>,
    package: PackageIx,
    /// The manifest. `None` for a local package.
    manifest: Option<u32>,
    /// All lines that ask for the package under the name, in whatever manifest.
    lines: &'a [u32],
}

impl<'a> DirectDependency<'a> {
    /// Returns the direct dependency that a variable decides, if it does.
    pub(super) fn of(problem: Problem<'a>, variable: Variable) -> Result<Option<Self>, IndexError> {
        let Variable::Nested { package, alias, scope } = variable else { return Ok(None) };
        let catalog = problem.catalog;
        let lines = catalog.lines_for(package, alias);
        let (is_direct, manifest) = match catalog.interned.node(scope).owner {
            NodeOwner::Manifest(manifest) => {
                (lines.iter().any(|&line| catalog.lines[line as usize].manifest == manifest), Some(manifest))
            }
            NodeOwner::Release(local, ordinal) if catalog.interned.id(local).ecosystem.is_local() => {
                let is_it = |need: &Need| need.alias == alias && !need.is_peer();
                (catalog.prepared(local, ordinal)?.needs.iter().any(is_it), None)
            }
            NodeOwner::Release(..) => (false, None),
        };
        Ok(is_direct.then_some(Self { problem, package, manifest, lines }))
    }

    /// Returns the version within a range that a member or a local package shares: the project's pick, or that pick of the
    /// members which most of them take. The project's own lines share nothing. None of this knows in which order lines are
    /// decided, nor what else is: a direct dependency is lowered by no alias and by nothing deeper down.
    pub(super) fn shared(&self, range: &OrdinalSet) -> Result<Option<u32>, IndexError> {
        let catalog = self.problem.catalog;
        let is_project = |manifest: Option<u32>| {
            manifest.is_some_and(|manifest| catalog.manifests[manifest as usize] == Dependent::Project)
        };
        if is_project(self.manifest) {
            return Ok(None);
        }
        let table = catalog.table(self.package)?;
        let mut asked: Vec<(Option<u32>, OrdinalSet)> = vec![(self.manifest, range.clone())];
        for &line in self.lines {
            let manifest = Some(catalog.lines[line as usize].manifest);
            let demands = line_demands(self.problem, line)?.0.into_iter();
            for (_, set) in demands.filter(|(variable, _)| variable.package() == Some(self.package)) {
                match asked.iter_mut().find(|(known, _)| *known == manifest) {
                    Some((_, known)) => *known = known.intersection(&set),
                    None => asked.push((manifest, set)),
                }
            }
        }
        let mut most = (0, OrdinalSet::empty());
        for (manifest, set) in &asked {
            let Some(pick) = table.preferred(set).filter(|pick| range.contains(pick)) else { continue };
            if is_project(*manifest) {
                return Ok(Some(pick));
            }
            let takers = asked.iter().filter(|(_, set)| set.contains(&pick)).count();
            if takers > most.0 {
                most = (takers, OrdinalSet::empty());
            }
            if takers == most.0 {
                most.1 = most.1.union(&OrdinalSet::singleton(pick));
            }
        }
        Ok(table.preferred(&most.1))
    }
}
