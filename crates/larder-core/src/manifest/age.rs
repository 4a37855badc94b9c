//! `age "3d" { exempt npm "@acme/*"; }` of a policy: at the top level a rule of choice, in an environment a check.

use crate::model::{AgeExemption, MinimumAge};

use super::ManifestError;
use super::node::{BlockRule, Errors, ManifestNode, NodeShape};
use super::policy::RequiredAge;
use super::resolution::{self, ecosystem};

/// Reads the `age` of a policy.
pub(super) fn read_age(node: ManifestNode<'_>, errors: &mut Errors) -> Option<RequiredAge> {
    const SHAPE: NodeShape = NodeShape {
        arguments: (1, 1),
        properties: &[],
        block: BlockRule::Maybe,
        example: "age \"3d\" { exempt npm \"@acme/*\"; }",
    };
    let minimum = node.read_parts(&SHAPE, errors).argument(0).and_then(|value| value.duration(errors));
    let mut exempt = Vec::new();
    for child in node.children() {
        match child.name() {
            "exempt" => read_exemption(child, &mut exempt, errors),
            _ => child.report_unknown("in `age`", &["exempt"], errors),
        }
    }
    Some(RequiredAge { minimum: MinimumAge { minimum: minimum?, exempt }, span: node.span() })
}

/// `exempt npm "@acme/*" "lodash"`; versions of one package: `exempt npm "ws" versions="8.21.0"`; and what was published up to an
/// instant: `exempt pypi "django" before="2026-08-04T15:05:00Z"`
fn read_exemption(node: ManifestNode<'_>, exempt: &mut Vec<AgeExemption>, errors: &mut Errors) {
    const SHAPE: NodeShape = NodeShape {
        arguments: (2, usize::MAX),
        properties: &["versions", "before"],
        block: BlockRule::Never,
        example: "exempt npm \"@acme/*\"",
    };
    let parts = node.read_parts(&SHAPE, errors);
    let Some(ecosystem) = parts.argument(0).and_then(|value| ecosystem(value, errors)) else { return };
    let versions = parts.property("versions").and_then(|value| value.version(errors));
    let before = parts.property("before").and_then(|value| value.instant(errors));
    for value in parts.arguments.iter().skip(1) {
        let Some(name) = value.string(errors) else { continue };
        let Some(names) = resolution::names(ecosystem, &name, errors) else { continue };
        let versions = match &versions {
            None => None,
            Some(range) if resolution::is_of_several(name.value) => {
                errors.push(ManifestError::BadValue {
                    value: range.value.to_owned(),
                    what: "versions of one package",
                    reason: format!("`{}` names several", name.value),
                    help: None,
                    span: range.span,
                });
                continue;
            }
            Some(range) => match resolution::versions(ecosystem, &name, range, errors) {
                None => continue,
                versions => versions,
            },
        };
        exempt.push(AgeExemption { names, versions, before });
    }
}
