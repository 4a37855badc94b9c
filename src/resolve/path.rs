//! Local folders: there is one version, the one that lies there.

use crate::model::{Requirement, Settings};

use super::Solution;
use super::index::{IndexError, PlatformSet, Versions};
use super::problem::{Demands, Problem};
use super::rules::{Asked, Decided, Rules};
use super::set::Set;
use super::variable::Variable;

/// The rules of local folders.
pub(super) struct Path;

impl Rules for Path {
    /// Whatever lies there will do.
    fn admitted(&self, _: &Requirement, versions: &Versions, _: &Settings) -> Set {
        Set::below(versions.candidates.len() as u32)
    }

    fn likely(&self, _: &Requirement, versions: &Versions, _: &Settings) -> Option<u32> {
        (versions.candidates.len() as u32).checked_sub(1)
    }

    fn demand(&self, _: &Problem<'_>, asked: &Asked<'_>, set: Set, demands: &mut Demands) -> Result<(), IndexError> {
        if asked.platforms != PlatformSet::NONE {
            demands.push(Variable::Path(asked.package), set);
        }
        Ok(())
    }

    fn decided(&self, problem: &Problem<'_>, asked: &Asked<'_>, _: &Solution) -> Result<Vec<Decided>, IndexError> {
        Ok(vec![Decided { variable: Variable::Path(asked.package), scope: problem.catalog.home(), on: None }])
    }
}

/// Picks the version that there is.
pub(super) fn pick(range: &Set) -> Option<u32> {
    range.descending().next()
}
