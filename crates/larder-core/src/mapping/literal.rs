//! The values that a mapping has itself, with the names of what they become.

use super::model::{Literal, Mapping, Rule, RuleKind};
use crate::diagnostic::Position;
use crate::expression::Path;

/// Names of parts that say nothing of what is in them: the part around them does.
const PLAIN_NAMES: [&str; 4] = ["value", "text", "content", "data"];

/// A constant or a default.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MappingLiteral<'m> {
    /// What stands in the mapping.
    pub text: &'m str,
    /// The name of the element, attribute or member that it becomes, without a prefix.
    pub name: &'m str,
    /// The place of the text.
    pub position: Position,
}

impl Mapping {
    /// Returns the constants and defaults.
    pub fn literals(&self) -> Vec<MappingLiteral<'_>> {
        let mut found = Vec::new();
        add_literals(&self.rules, "", &mut found);
        found
    }
}

fn add_literals<'m>(rules: &'m [Rule], around: &'m str, found: &mut Vec<MappingLiteral<'m>>) {
    for rule in rules {
        let name = telling_name(&rule.target).unwrap_or(around);
        let mut add = |Literal { text, position }: &'m Literal| {
            found.push(MappingLiteral { text, name, position: *position });
        };
        match &rule.kind {
            RuleKind::Constant { value } => add(value),
            RuleKind::Field { default, .. } => default.iter().for_each(add),
            RuleKind::Each { rules, .. } => add_literals(rules, name, found),
        }
    }
}

/// Returns the last name of a path that says what is there.
fn telling_name(path: &Path) -> Option<&str> {
    let names = path.steps.iter().rev().map(|step| &*step.name);
    let is_plain = |name: &&str| PLAIN_NAMES.iter().any(|plain| name.eq_ignore_ascii_case(plain));
    names.clone().find(|name| !is_plain(name)).or(path.steps.last().map(|step| &*step.name))
}
