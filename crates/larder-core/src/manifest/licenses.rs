//! `licenses` in a `policy`: which licenses packages may have.

use super::ManifestError;
use super::node::{BlockRule, Errors, ManifestNode, NodeShape, NodeValue};
use super::policy::{LicenseRule, LicenseRules, PackageLicense, PolicyRule};
use super::resolution::{self, ecosystem};
use crate::model::Severity;

/// The name of the policy's rule.
pub(super) const LICENSES: &str = "licenses";

/// Reads `licenses { allow "MIT"; deny "GPL-3.0-only"; unknown "warn"; exception npm "x" license="…"; clarify pypi "y" license="…"; }`.
pub(super) fn read_rules(node: ManifestNode<'_>, errors: &mut Errors) -> LicenseRules {
    const SHAPE: NodeShape = NodeShape {
        arguments: (0, 1),
        properties: &[],
        block: BlockRule::Maybe,
        example: "licenses { allow \"MIT\" \"Apache-2.0\"; }",
    };
    const LIST: NodeShape = NodeShape {
        arguments: (1, usize::MAX),
        properties: &[],
        block: BlockRule::Never,
        example: "allow \"MIT\" \"Apache-2.0\"",
    };
    let severities = [Severity::Deny, Severity::Warn, Severity::Allow].map(|severity| (severity.as_str(), severity));
    let mut rules = LicenseRules { span: Some(node.span()), ..LicenseRules::default() };
    let parts = node.read_parts(&SHAPE, errors);
    let severity = parts.argument(0).and_then(|value| value.choice(&severities, errors));
    rules.severity = severity.map(|severity| PolicyRule { severity, span: node.head_span() });
    if !node.has_block() {
        errors.push(node.missing_error("a block", Some(format!("it is written `{}`", SHAPE.example))));
    }
    for child in node.children() {
        match child.name() {
            list @ ("allow" | "deny") => {
                for value in child.read_parts(&LIST, errors).arguments {
                    let license = read_license(value, errors);
                    let rule = license.map(|license| LicenseRule { license, span: child.span() });
                    if list == "allow" { &mut rules.allow } else { &mut rules.deny }.extend(rule);
                }
            }
            "unknown" => {
                let severity = child.single_value(errors).and_then(|value| value.choice(&severities, errors));
                rules.unknown = severity.map(|severity| PolicyRule { severity, span: child.span() });
            }
            "exception" => rules.exceptions.extend(read_package(child, errors)),
            "clarify" => rules.clarifications.extend(read_package(child, errors)),
            _ => child.report_unknown("in `licenses`", &["allow", "deny", "unknown", "exception", "clarify"], errors),
        }
    }
    rules
}

fn read_package(node: ManifestNode<'_>, errors: &mut Errors) -> Option<PackageLicense> {
    const SHAPE: NodeShape = NodeShape {
        arguments: (2, 2),
        properties: &["license", "reason"],
        block: BlockRule::Never,
        example: "exception npm \"x\" license=\"GPL-2.0-only\" reason=\"…\"",
    };
    let parts = node.read_parts(&SHAPE, errors);
    let ecosystem = parts.argument(0).and_then(|value| ecosystem(value, errors));
    let name = parts.argument(1).and_then(|value| value.string(errors));
    let reason = parts.property("reason").and_then(|value| value.string(errors)).map(|reason| reason.value.to_owned());
    let Some(license) = parts.property("license") else {
        if parts.complete {
            errors.push(node.missing_error("`license=`", Some(format!("it is written `{}`", SHAPE.example))));
        }
        return None;
    };
    let license = read_license(license, errors);
    let name = name?;
    let packages = resolution::names(ecosystem?, &name, errors)?;
    Some(PackageLicense { packages, license: license?, reason, span: node.span() })
}

fn read_license<T: std::str::FromStr<Err = crate::model::LicenseError>>(
    value: NodeValue<'_>,
    errors: &mut Errors,
) -> Option<T> {
    let text = value.string(errors)?;
    match text.value.parse() {
        Ok(license) => Some(license),
        Err(error) => {
            errors.push(ManifestError::BadValue {
                value: text.value.to_owned(),
                what: "a license",
                reason: error.reason,
                help: Some("licenses are written as SPDX lists them: https://spdx.org/licenses".to_owned()),
                span: text.span,
            });
            None
        }
    }
}
