//! Whether the schemas that a mapping names are those that it is written for. Of one that is not, nearly no path is there: that is
//! told once, at the name of the schema.

use std::collections::BTreeSet;

use super::model::{Endpoint, Mapping, RuleKind};
use crate::diagnostic::SourceFinding;
use crate::expression::Path;
use crate::schema::shape::{Shape, find};

/// The most paths that are named in a message.
const MOST_SHOWN: usize = 5;

/// Which sides of a mapping name another schema than the one that its paths are of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WrongSides {
    /// `from=`.
    pub from: bool,
    /// `to=`.
    pub to: bool,
}

/// How many paths, by their first steps, a side has and has not.
struct FirstSteps<'m> {
    known: usize,
    missing: Vec<&'m str>,
}

impl FirstSteps<'_> {
    /// Returns whether the schema is another one: several paths, and three of four, lead nowhere in it.
    fn is_of_another_schema(&self) -> bool {
        let missing = self.missing.len();
        missing >= 2 && missing * 4 >= (missing + self.known) * 3
    }
}

impl Mapping {
    /// Returns which sides name another schema than the one that the paths are of.
    pub fn wrong_sides(&self, source: &Shape, target: &Shape) -> WrongSides {
        let [from, to] = self.first_steps(source, target).map(|steps| steps.is_of_another_schema());
        WrongSides { from, to }
    }

    /// Returns a finding for each such side.
    pub(super) fn side_findings(&self, source: &Shape, target: &Shape) -> Vec<SourceFinding> {
        let ends = [("source", &self.from), ("target", &self.to)];
        let sides = ends.into_iter().zip(self.first_steps(source, target));
        let finding = |((side, end), steps): ((&str, &Endpoint), FirstSteps<'_>)| {
            let shown: Vec<&str> = steps.missing.iter().copied().take(MOST_SHOWN).collect();
            let more = if steps.missing.len() > shown.len() { ", …" } else { "" };
            let message = format!(
                "`{}` is another schema than the mapping's {side}: there is no `{}`{more}",
                end.text,
                shown.join("`, `")
            );
            let help = "name the schema that has them, or correct the paths";
            steps.is_of_another_schema().then(|| self.error("mapping.side", end.position, message).with_help(help))
        };
        sides.filter_map(finding).collect()
    }

    /// Returns of both sides which first steps of the outermost paths are there, whatever their namespaces.
    fn first_steps(&self, source: &Shape, target: &Shape) -> [FirstSteps<'_>; 2] {
        let sources = self.rules.iter().filter_map(|rule| match &rule.kind {
            RuleKind::Field { source, .. } | RuleKind::Each { source, .. } => Some(source),
            RuleKind::Constant { .. } => None,
        });
        let targets = self.rules.iter().map(|rule| &rule.target);
        [self.steps_in(source, sources), self.steps_in(target, targets)]
    }

    fn steps_in<'m>(&self, shape: &Shape, paths: impl Iterator<Item = &'m Path>) -> FirstSteps<'m> {
        let (mut known, mut missing) = (BTreeSet::new(), Vec::new());
        for path in paths {
            let Some(step) = path.steps.first() else { continue };
            let is_known = match find(&shape.graph, shape.root.type_id, path, self.namespaces()) {
                Ok(_) => true,
                Err(problem) => problem.step > 0 || has_part(shape, &step.name),
            };
            if is_known {
                known.insert(&*step.name);
            } else if !missing.contains(&&*step.name) {
                missing.push(&*step.name);
            }
        }
        missing.retain(|name| !known.contains(name));
        FirstSteps { known: known.len(), missing }
    }
}

/// Returns whether documents have an element, an attribute or a member of this name at their top, whatever its namespace.
fn has_part(shape: &Shape, name: &str) -> bool {
    let root = &shape.graph.types[shape.root.type_id];
    let children = root.children.iter().map(|child| &child.name);
    children.chain(root.attributes.iter().map(|attribute| &attribute.name)).any(|known| *known.local == *name)
}
