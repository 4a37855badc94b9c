//! The `conflicts` node: groups that exclude each other, and the sides that environments choose between.

use std::collections::BTreeSet;

use crate::diagnostic::nearest;
use crate::model::{Label, Side, Sides};

use super::node::{BlockRule, Errors, ManifestNode, NodeShape};
use super::{Conflict, Group, Manifest, ManifestError, Spanned};

/// The most sides of a lock. Each is solved separately.
const MOST_SIDES: usize = 32;

/// Reads `conflicts { group "cpu" "gpu"; }`.
pub(super) fn read_conflicts(block: ManifestNode<'_>, errors: &mut Errors) -> Vec<Conflict> {
    const SHAPE: NodeShape = NodeShape {
        arguments: (0, 0),
        properties: &[],
        block: BlockRule::Maybe,
        example: "conflicts { group \"NAME\" \"OTHER\"; }",
    };
    block.read_parts(&SHAPE, errors);
    if block.children().next().is_none() {
        errors.push(
            block.missing_error("groups that exclude each other", Some(format!("it is written `{}`", SHAPE.example))),
        );
    }
    block.children().filter_map(|node| read_conflict(node, errors)).collect()
}

fn read_conflict(node: ManifestNode<'_>, errors: &mut Errors) -> Option<Conflict> {
    const SHAPE: NodeShape = NodeShape {
        arguments: (2, usize::MAX),
        properties: &[],
        block: BlockRule::Never,
        example: "group \"NAME\" \"OTHER\"",
    };
    if node.name() != "group" {
        node.report_unknown("in `conflicts`", &["group"], errors);
        return None;
    }
    let mut groups: Vec<Spanned<Label>> = Vec::new();
    for value in node.read_parts(&SHAPE, errors).arguments {
        let Some(name) = value.label(errors) else { continue };
        match groups.iter().find(|other| other.value == name.value) {
            Some(first) => errors.push(ManifestError::Repeated {
                what: format!("group `{}`", name.value),
                help: Some("a group does not exclude itself: name each once".to_owned()),
                span: name.span,
                first: first.span,
            }),
            None => groups.push(name),
        }
    }
    Some(Conflict { groups, span: node.span() })
}

impl Manifest {
    /// Returns whether two groups exclude each other.
    pub fn excludes(&self, one: &Label, other: &Label) -> bool {
        one != other && self.conflicts.iter().any(|conflict| conflict.has(one) && conflict.has(other))
    }

    /// Returns the sides that environments choose between, each of which is solved separately. An environment is on the first
    /// side that contains all of its exclusive groups. A group that no environment includes has a side of its own.
    pub fn sides(&self) -> Sides {
        let exclusive: BTreeSet<&Label> =
            self.conflicts.iter().flat_map(|conflict| &conflict.groups).map(|group| &group.value).collect();
        let included = self.environments.iter().map(|environment| {
            environment.include.iter().filter(|group| exclusive.contains(group)).cloned().collect::<BTreeSet<Label>>()
        });
        let mut chosen: BTreeSet<BTreeSet<Label>> = included.collect();
        for group in exclusive {
            if !chosen.iter().any(|groups| groups.contains(group)) {
                chosen.insert([group.clone()].into());
            }
        }
        let is_largest =
            |groups: &&BTreeSet<Label>| !chosen.iter().any(|other| other != *groups && groups.is_subset(other));
        chosen.iter().filter(is_largest).filter(|groups| !groups.is_empty()).map(Side::new).collect()
    }
}

/// Checks that exclusive groups exist, that environments are declared, and that no environment includes two groups that
/// exclude each other.
pub(super) fn check(root: &Manifest, members: &[Manifest], errors: &mut Errors) {
    let Some(first) = root.conflicts.first() else { return };
    let groups = || root.groups.iter().chain(members.iter().flat_map(|member| &member.groups));
    for name in root.conflicts.iter().flat_map(|conflict| &conflict.groups) {
        if !groups().any(|group| group.name.value == name.value) {
            errors.push(undeclared(name, groups()));
        }
    }
    if root.environments.iter().all(|environment| environment.spans.is_none()) {
        let all: Vec<_> = first.groups.iter().map(|group| group.value.to_string()).collect();
        errors.push(ManifestError::NoEnvironments { groups: all.join("`, `").into(), span: first.span });
        return;
    }
    for environment in &root.environments {
        let Some(spans) = &environment.spans else { continue };
        for conflict in &root.conflicts {
            let included = environment.include.iter().zip(&spans.include).filter(|(group, _)| conflict.has(group));
            let included: Vec<_> = included.collect();
            let [(one, at_one), (other, at_other), ..] = included[..] else { continue };
            errors.push(ManifestError::Excluded {
                environment: environment.name.as_str().into(),
                one: one.as_str().into(),
                other: other.as_str().into(),
                span: *at_other,
                first: *at_one,
                rule: conflict.span,
            });
        }
    }
    let sides = root.sides().len();
    if sides > MOST_SIDES {
        errors.push(ManifestError::TooManySides { sides, limit: MOST_SIDES, span: first.span });
    }
}

fn undeclared<'a>(name: &Spanned<Label>, groups: impl Iterator<Item = &'a Group>) -> ManifestError {
    let help = match nearest(name.value.as_str(), groups.map(|group| group.name.value.as_str())) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "declare a group of this name, or leave it out".to_owned(),
    };
    ManifestError::Undeclared { what: "group", name: name.value.to_string(), help: Some(help), span: name.span }
}
