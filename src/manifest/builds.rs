//! The `builds` block: which packages may be built, and whose install scripts may run.

use crate::model::{BuildApproval, BuildRules, Marker, Requirement};

use super::ManifestError;
use super::node::{BlockRule, Errors, ManifestNode, NodeShape};
use super::notation::parse_requirement;
use super::requirement::RequirementSpans;
use super::resolution;

/// Reads `builds { allow pypi "psycopg2" ">=2.9"; }`.
pub(super) fn read_builds(block: ManifestNode<'_>, rules: &mut BuildRules, errors: &mut Errors) {
    const SHAPE: NodeShape =
        NodeShape { arguments: (0, 0), properties: &[], block: BlockRule::Maybe, example: "builds { … }" };
    block.read_parts(&SHAPE, errors);
    for node in block.children() {
        match node.name() {
            "allow" => rules.approvals.extend(read_approval(node, &rules.approvals, errors)),
            "env" | "isolation" => node.report_not_yet_supported(errors),
            _ => node.report_unknown("in `builds`", &["allow"], errors),
        }
    }
}

fn read_approval(node: ManifestNode<'_>, known: &[BuildApproval], errors: &mut Errors) -> Option<BuildApproval> {
    const SHAPE: NodeShape = NodeShape {
        arguments: (2, 3),
        properties: &[],
        block: BlockRule::Never,
        example: "allow pypi \"NAME\" \"RANGE\"",
    };
    let parts = node.read_parts(&SHAPE, errors);
    let kind = parts.argument(0)?;
    let ecosystem = resolution::ecosystem(kind, errors)?;
    if !ecosystem.has_source_distributions() && !ecosystem.has_install_scripts() {
        errors.push(ManifestError::NotYet {
            what: format!("building {ecosystem} packages"),
            help: Some("remove the line: larder builds packages of npm and PyPI".to_owned()),
            span: kind.span,
        });
        return None;
    }
    let name = parts.argument(1)?;
    let package = resolution::package(ecosystem, name, errors)?;
    let versions = match parts.argument(2).map(|value| value.version(errors)) {
        None => None,
        Some(range) => Some(range?),
    };
    let read = |range: super::Spanned<&str>, errors: &mut Errors| -> Option<Requirement> {
        match parse_requirement(ecosystem, package.name.as_str(), Some(range.value), &Marker::default()) {
            Ok(requirement) => Some(requirement),
            Err(error) => {
                errors.push(RequirementSpans { name: name.span, range: Some(range.span) }.error(error));
                None
            }
        }
    };
    let versions = match versions {
        None => None,
        Some(range) => Some(read(range, errors)?),
    };
    let approval = BuildApproval { package, versions };
    if known.contains(&approval) {
        errors.push(ManifestError::Repeated {
            what: format!("the approval of `{}`", approval.package.name),
            help: Some("keep one of them".to_owned()),
            span: node.span(),
            first: name.span,
        });
        return None;
    }
    Some(approval)
}
