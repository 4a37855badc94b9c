//! The values that a mapping has itself, with what they become.

use super::model::{Literal, Mapping, Rule, RuleKind};
use crate::diagnostic::Position;
use crate::expression::Path;
use crate::schema::shape::{Shape, TypeId, find};

/// Names of parts that say nothing of what is in them: the part around them does.
const PLAIN_NAMES: [&str; 4] = ["value", "text", "content", "data"];

/// A constant or a default.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MappingLiteral<'m> {
    /// What stands in the mapping.
    pub text: &'m str,
    /// The name of the element, attribute or member that it becomes, without a prefix.
    pub name: &'m str,
    /// The place of the text.
    pub position: Position,
    /// Whether the schema itself lists the values that the place may have.
    pub is_listed: bool,
}

impl Mapping {
    /// Returns the constants and defaults. `target` is the shape of what the mapping writes, where that is known.
    pub fn literals(&self, target: Option<&Shape>) -> Vec<MappingLiteral<'_>> {
        let mut found = Vec::new();
        let root = target.map(|shape| shape.root.type_id);
        self.add_literals(&self.rules, target.zip(root), "", &mut found);
        found
    }

    fn add_literals<'m>(
        &'m self,
        rules: &'m [Rule],
        target: Option<(&Shape, TypeId)>,
        around: &'m str,
        found: &mut Vec<MappingLiteral<'m>>,
    ) {
        for rule in rules {
            let place = target.and_then(|(shape, from)| {
                Some((shape, find(&shape.graph, from, &rule.target, &self.namespaces).ok()?))
            });
            let name = telling_name(&rule.target).unwrap_or(around);
            let is_listed = || {
                let value = place.as_ref().and_then(|(_, place)| place.value.as_ref());
                value.is_some_and(|value| value.facets.enumeration.is_some())
            };
            let mut add = |Literal { text, position }: &'m Literal| {
                found.push(MappingLiteral { text, name, position: *position, is_listed: is_listed() });
            };
            match &rule.kind {
                RuleKind::Constant { value } => add(value),
                RuleKind::Field { default, .. } => default.iter().for_each(add),
                RuleKind::Each { rules, .. } => {
                    let item = place.as_ref().and_then(|(shape, place)| {
                        let type_id = place.type_id?;
                        Some((*shape, shape.graph.item(type_id).unwrap_or(type_id)))
                    });
                    self.add_literals(rules, item, name, found);
                }
            }
        }
    }
}

/// Returns the last name of a path that says what is there.
fn telling_name(path: &Path) -> Option<&str> {
    let names = path.steps.iter().rev().map(|step| &*step.name);
    let is_plain = |name: &&str| !PLAIN_NAMES.iter().any(|plain| name.eq_ignore_ascii_case(plain));
    names.clone().find(is_plain).or(names.last())
}
