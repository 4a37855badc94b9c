//! What a policy keeps out: packages by their names, sources, ranges without an end, and projects that are not healthy.

use crate::diagnostic::nearest;
use crate::model::{Label, Severity};

use super::node::{BlockRule, Errors, ManifestNode, NodeShape};
use super::policy::{AllowedSources, DeniedPackages, PolicyRule, RequiredHealth};
use super::resolution::{self, ecosystem};
use super::{ManifestError, Policy, Registry, RuntimeRegistry, Spanned};

/// The name of the rule that denies packages.
pub(super) const DENY: &str = "deny";

/// `deny npm "left-pad" "@evil/*" versions="<2" reason="use String.padStart"`
pub(super) fn read_denied(node: ManifestNode<'_>, denied: &mut Vec<DeniedPackages>, errors: &mut Errors) {
    const SHAPE: NodeShape = NodeShape {
        arguments: (2, usize::MAX),
        properties: &["versions", "reason"],
        block: BlockRule::Never,
        example: "deny npm \"left-pad\" reason=\"use String.padStart\"",
    };
    let parts = node.read_parts(&SHAPE, errors);
    let Some(ecosystem) = parts.argument(0).and_then(|value| ecosystem(value, errors)) else { return };
    let versions = parts.property("versions").and_then(|value| value.version(errors));
    let reason = parts.property("reason").and_then(|value| value.string(errors));
    if parts.property("reason").is_none() {
        errors.push(node.missing_error("a `reason`", Some(format!("it is written `{}`", SHAPE.example))));
    }
    for value in parts.arguments.iter().skip(1) {
        let Some(name) = value.string(errors) else { continue };
        let Some(names) = resolution::names(ecosystem, &name, errors) else { continue };
        let versions = match &versions {
            None => None,
            Some(_) if resolution::is_of_several(name.value) => {
                errors.push(ManifestError::BadValue {
                    value: name.value.to_owned(),
                    what: "a glob of names",
                    reason: "`versions` are those of one package, and this names several".to_owned(),
                    help: None,
                    span: name.span,
                });
                continue;
            }
            Some(range) => match resolution::versions(ecosystem, &name, range, errors) {
                None => continue,
                versions => versions,
            },
        };
        let reason = reason.as_ref().map_or_else(String::new, |reason| reason.value.to_owned());
        denied.push(DeniedPackages { names, versions, reason, span: node.span() });
    }
}

/// `sources { only "npmjs" "acme" "git"; mirrors "declared"; }`
pub(super) fn read_sources(node: ManifestNode<'_>, errors: &mut Errors) -> Option<AllowedSources> {
    const BLOCK: NodeShape = NodeShape {
        arguments: (0, 0),
        properties: &[],
        block: BlockRule::Maybe,
        example: "sources { only \"npmjs\" \"pypi\"; }",
    };
    const ONLY: NodeShape = NodeShape {
        arguments: (1, usize::MAX),
        properties: &[],
        block: BlockRule::Never,
        example: "only \"npmjs\" \"pypi\"",
    };
    node.read_parts(&BLOCK, errors);
    let mut only: Option<Vec<Spanned<Label>>> = None;
    let mut has_declared_mirrors_only = false;
    for child in node.children() {
        if child.name() == "only" {
            let values = child.read_parts(&ONLY, errors).arguments;
            let named = values.into_iter().filter_map(|value| value.label(errors));
            only.get_or_insert_default().extend(named);
        } else if child.name() == "mirrors" {
            let choices = [("declared", true), ("any", false)];
            let choice = child.single_value(errors).and_then(|value| value.choice(&choices, errors));
            has_declared_mirrors_only |= choice.unwrap_or_default();
        } else {
            child.report_unknown("in `sources`", &["only", "mirrors"], errors);
        }
    }
    if node.children().next().is_none() {
        errors.push(node.missing_error("a block", Some(format!("it is written `{}`", BLOCK.example))));
        return None;
    }
    Some(AllowedSources { only, has_declared_mirrors_only, span: node.span(), base: None })
}

/// Refuses names of registries that the manifest does not declare: nothing comes from them, and all else would be refused later.
pub(super) fn check_sources<'p>(
    policies: impl Iterator<Item = &'p Policy>,
    (registries, runtimes): (&[Registry], &[RuntimeRegistry]),
    errors: &mut Errors,
) {
    let of_runtimes = || runtimes.iter().map(|registry| registry.host.as_str());
    let known = || registries.iter().map(|registry| registry.name.as_str()).chain(of_runtimes()).chain(["git", "url"]);
    let named = policies.filter_map(|policy| policy.sources.as_ref()?.only.as_ref()).flatten();
    for name in named.filter(|name| !known().any(|known| known == name.value.as_str())) {
        let help = match nearest(name.value.as_str(), known()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("there are {}", known().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")),
        };
        errors.push(ManifestError::UnknownValue {
            value: name.value.to_string(),
            what: "a source: no registry of the manifest has that name".to_owned(),
            help: Some(help),
            span: name.span,
        });
    }
}

/// `health { at-least 70; }`
pub(super) fn read_health(node: ManifestNode<'_>, errors: &mut Errors) -> Option<RequiredHealth> {
    const BLOCK: NodeShape =
        NodeShape { arguments: (0, 0), properties: &[], block: BlockRule::Maybe, example: "health { at-least 70; }" };
    node.read_parts(&BLOCK, errors);
    let mut required = None;
    for child in node.children() {
        if child.name() == "at-least" {
            let score = child.single_value(errors).and_then(|value| value.number((0, 100), errors));
            let at_least = score.and_then(|score| u8::try_from(score).ok());
            required = at_least.map(|at_least| RequiredHealth { at_least, span: child.span() }).or(required);
        } else {
            child.report_unknown("in `health`", &["at-least"], errors);
        }
    }
    if node.children().next().is_none() {
        errors.push(node.missing_error("a block", Some(format!("it is written `{}`", BLOCK.example))));
    }
    required
}

/// `ranges { wildcard "deny"; }`
pub(super) fn read_ranges(node: ManifestNode<'_>, errors: &mut Errors) -> Option<PolicyRule> {
    const BLOCK: NodeShape = NodeShape {
        arguments: (0, 0),
        properties: &[],
        block: BlockRule::Maybe,
        example: "ranges { wildcard \"deny\"; }",
    };
    node.read_parts(&BLOCK, errors);
    let severities = [Severity::Deny, Severity::Warn, Severity::Allow].map(|severity| (severity.as_str(), severity));
    let mut rule = None;
    for child in node.children() {
        if child.name() == "wildcard" {
            let severity = child.single_value(errors).and_then(|value| value.choice(&severities, errors));
            rule = severity.map(|severity| PolicyRule { severity, span: child.span() }).or(rule);
        } else {
            child.report_unknown("in `ranges`", &["wildcard"], errors);
        }
    }
    if node.children().next().is_none() {
        errors.push(node.missing_error("a block", Some(format!("it is written `{}`", BLOCK.example))));
    }
    rule
}
