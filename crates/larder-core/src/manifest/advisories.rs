//! `advisories` in the `registries` block and in a `policy`.

use jiff::civil::Date;

use super::model::{AdvisoryForm, AdvisorySource};
use super::node::{BlockRule, Errors, ManifestNode, NodeShape, NodeValue};
use super::policy::{AdvisoryRules, IgnoredAdvisory, PolicyRule};
use super::registries::{ADVISORY_KIND, read_url};
use super::{ManifestError, Registry, RegistryUrl};
use crate::model::{AdvisorySeverity, Severity};

/// The name of the policy's rule.
pub(super) const ADVISORIES: &str = "advisories";

/// The forms of sources of advisories.
const FORMS: [(&str, AdvisoryForm); 2] = [("osv", AdvisoryForm::Osv), ("npm", AdvisoryForm::Registry)];

/// Reads `advisories "osv" "https://…/"` of the `registries` block.
pub(super) fn read_sources(block: ManifestNode<'_>, errors: &mut Errors) -> Vec<AdvisorySource> {
    const SHAPE: NodeShape = NodeShape {
        arguments: (2, 2),
        properties: &[],
        block: BlockRule::Never,
        example: "advisories \"osv\" \"https://HOST/\"",
    };
    let mut sources: Vec<AdvisorySource> = Vec::new();
    for node in block.children().filter(|node| node.name() == ADVISORY_KIND) {
        let parts = node.read_parts(&SHAPE, errors);
        let form = parts.argument(0).and_then(|value| value.choice(&FORMS, errors));
        let url: Option<RegistryUrl> = parts.argument(1).and_then(|value| read_url(value, errors));
        let (Some(form), Some(url)) = (form, url) else { continue };
        match sources.iter().find(|other| other.url == url && other.form == form) {
            Some(first) => errors.push(ManifestError::Repeated {
                what: "this source of advisories".to_owned(),
                help: Some("keep one of them".to_owned()),
                span: node.head_span(),
                first: first.span,
            }),
            None => sources.push(AdvisorySource { form, url, span: node.head_span() }),
        }
    }
    sources
}

/// Refuses registries that are asked about advisories but are none of the manifest's: nothing that is locked comes from them.
pub(super) fn check_registries(sources: &[AdvisorySource], registries: &[Registry], errors: &mut Errors) {
    let asked = sources.iter().filter(|source| source.form == AdvisoryForm::Registry);
    for source in asked.filter(|source| source.registry(registries).is_none()) {
        let known = registries.iter().filter(|registry| registry.ecosystem.has_scopes());
        let known: Vec<String> = known.filter_map(|one| one.url.http()).map(|url| format!("\"{url}\"")).collect();
        errors.push(ManifestError::BadValue {
            value: match &source.url {
                RegistryUrl::Http(url) => url.to_string(),
                RegistryUrl::Folder(folder) => folder.to_string(),
            },
            what: "a registry of npm packages of this manifest",
            reason: "a registry is asked about what is locked from it".to_owned(),
            help: Some(format!("name one of {}", known.join(", "))),
            span: source.span,
        });
    }
}

impl AdvisorySource {
    /// Returns the registry that is asked. Returns `None` for records, and for a registry that is not declared.
    pub fn registry<'r>(&self, registries: &'r [Registry]) -> Option<&'r Registry> {
        let url = self.url.http()?;
        let is_asked = |registry: &&Registry| registry.ecosystem.has_scopes() && registry.url.http() == Some(url);
        registries.iter().filter(|_| self.form == AdvisoryForm::Registry).find(is_asked)
    }
}

/// Reads `advisories "deny"` or `advisories { deny "critical" "high"; warn "moderate"; ignore "GHSA-…" reason="…"; }` of a
/// policy.
pub(super) fn read_rules(node: ManifestNode<'_>, errors: &mut Errors) -> AdvisoryRules {
    const SHAPE: NodeShape = NodeShape {
        arguments: (0, 1),
        properties: &[],
        block: BlockRule::Maybe,
        example: "advisories { deny \"critical\" \"high\"; }",
    };
    const LEVELS: NodeShape = NodeShape {
        arguments: (1, usize::MAX),
        properties: &[],
        block: BlockRule::Never,
        example: "deny \"critical\" \"high\"",
    };
    let severities = [Severity::Deny, Severity::Warn, Severity::Allow].map(|severity| (severity.as_str(), severity));
    let levels = AdvisorySeverity::ALL.map(|level| (level.as_str(), level));
    let mut rules = AdvisoryRules { span: Some(node.span()), ..AdvisoryRules::default() };
    let parts = node.read_parts(&SHAPE, errors);
    let of_all = parts.argument(0).and_then(|value| value.choice(&severities, errors));
    if let Some(severity) = of_all {
        let rule = PolicyRule { severity, span: node.head_span() };
        rules.levels.extend(AdvisorySeverity::ALL.map(|level| (level, rule)));
    } else if parts.arguments.is_empty() && !node.has_block() {
        errors.push(node.missing_error("a severity or a block", Some(format!("it is written `{}`", SHAPE.example))));
    }
    let mut named: Vec<(AdvisorySeverity, miette::SourceSpan)> = Vec::new();
    for child in node.children() {
        if let Some((_, severity)) = severities.iter().find(|(name, _)| *name == child.name()) {
            for value in child.read_parts(&LEVELS, errors).arguments {
                let Some(level) = value.choice(&levels, errors) else { continue };
                if let Some((_, first)) = named.iter().find(|(known, _)| *known == level) {
                    errors.push(ManifestError::Repeated {
                        what: format!("`{level}`"),
                        help: Some("give it one severity".to_owned()),
                        span: value.span,
                        first: *first,
                    });
                    continue;
                }
                named.push((level, value.span));
                rules.levels.insert(level, PolicyRule { severity: *severity, span: child.span() });
            }
        } else if child.name() == "ignore" {
            read_ignored(child, &mut rules.ignored, errors);
        } else {
            child.report_unknown("in `advisories`", &["deny", "warn", "allow", "ignore"], errors);
        }
    }
    rules
}

/// `ignore "GHSA-xxxx-xxxx-xxxx" reason="not reachable" until="2027-01-31"`
fn read_ignored(node: ManifestNode<'_>, ignored: &mut Vec<IgnoredAdvisory>, errors: &mut Errors) {
    const SHAPE: NodeShape = NodeShape {
        arguments: (1, usize::MAX),
        properties: &["reason", "until"],
        block: BlockRule::Never,
        example: "ignore \"GHSA-xxxx-xxxx-xxxx\" reason=\"not reachable\" until=\"2027-01-31\"",
    };
    let parts = node.read_parts(&SHAPE, errors);
    let reason = parts.property("reason").and_then(|value| value.string(errors));
    if parts.property("reason").is_none() {
        errors.push(node.missing_error("a `reason`", Some(format!("it is written `{}`", SHAPE.example))));
    }
    let until = parts.property("until").and_then(|value| read_date(value, errors));
    let is_wrong_date = parts.property("until").is_some() && until.is_none();
    let Some(reason) = reason.filter(|_| !is_wrong_date) else { return };
    for value in parts.arguments {
        let Some(id) = value.string(errors) else { continue };
        ignored.push(IgnoredAdvisory {
            id: id.value.to_owned(),
            reason: reason.value.to_owned(),
            until,
            span: node.span(),
        });
    }
}

fn read_date(value: NodeValue<'_>, errors: &mut Errors) -> Option<Date> {
    let text = value.string(errors)?;
    let date = text.value.parse();
    if date.is_err() {
        errors.push(ManifestError::BadValue {
            value: text.value.to_owned(),
            what: "a date",
            reason: "it is a year, a month and a day".to_owned(),
            help: Some("write it like \"2027-01-31\": the last day on which the advisory is ignored".to_owned()),
            span: text.span,
        });
    }
    date.ok()
}
