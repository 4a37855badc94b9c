//! `provenance` of a policy: who has to have built packages.

use globset::GlobBuilder;

use super::ManifestError;
use super::node::{BlockRule, Errors, ManifestNode, NodeShape, UniqueNodes};
use super::policy::{ProvenanceRules, RepositoryGlob, RequiredProvenance, TrustedRootFile};
use super::resolution::{self, ecosystem};

const RULES: [&str; 3] = ["require", "no-downgrade", "trusted-root"];

/// Reads `provenance { require npm "@acme/*" repository="github.com/acme/*"; no-downgrade #true; }`.
pub(super) fn read_rules(node: ManifestNode<'_>, errors: &mut Errors) -> ProvenanceRules {
    const BLOCK: NodeShape = NodeShape {
        arguments: (0, 0),
        properties: &[],
        block: BlockRule::Maybe,
        example: "provenance { require npm \"@acme/*\" repository=\"github.com/acme/*\"; no-downgrade #true; }",
    };
    node.read_parts(&BLOCK, errors);
    let mut rules = ProvenanceRules { span: Some(node.span()), ..ProvenanceRules::default() };
    let mut once = UniqueNodes::default();
    for child in node.children() {
        if child.name() != "require" {
            once.check(child, errors);
        }
        match child.name() {
            "require" => read_required(child, &mut rules.required, errors),
            "no-downgrade" => {
                let is_on = child.single_value(errors).and_then(|value| value.boolean(errors));
                rules.no_downgrade = is_on.unwrap_or_default().then(|| child.span());
            }
            "trusted-root" => {
                let file = child.single_value(errors).and_then(|value| value.string(errors));
                rules.trusted_root =
                    file.map(|file| TrustedRootFile { path: file.value.to_owned(), span: child.span() });
            }
            _ => child.report_unknown("in `provenance`", &RULES, errors),
        }
    }
    if node.children().next().is_none() {
        errors.push(node.missing_error("a block", Some(format!("it is written `{}`", BLOCK.example))));
    }
    rules
}

/// `require npm "@acme/*" repository="github.com/acme/*" workflow=".github/workflows/release.yml"`
fn read_required(node: ManifestNode<'_>, required: &mut Vec<RequiredProvenance>, errors: &mut Errors) {
    const SHAPE: NodeShape = NodeShape {
        arguments: (2, usize::MAX),
        properties: &["repository", "workflow", "issuer"],
        block: BlockRule::Never,
        example: "require npm \"@acme/*\" repository=\"github.com/acme/*\"",
    };
    let parts = node.read_parts(&SHAPE, errors);
    let text = |name: &str, errors: &mut Errors| {
        let text = parts.property(name).and_then(|value| value.string(errors));
        text.map(|text| text.value.to_owned())
    };
    let (workflow, issuer) = (text("workflow", errors), text("issuer", errors));
    let repository = parts.property("repository").and_then(|value| value.string(errors));
    let repository = repository.and_then(|glob| {
        let built = GlobBuilder::new(glob.value.trim_start_matches("https://")).literal_separator(true).build();
        match built {
            Ok(built) => Some(RepositoryGlob::new(glob.value, built.compile_matcher())),
            Err(error) => {
                errors.push(ManifestError::BadValue {
                    value: glob.value.to_owned(),
                    what: "a glob of repositories",
                    reason: error.kind().to_string(),
                    help: Some("write it like \"github.com/acme/*\"".to_owned()),
                    span: glob.span,
                });
                None
            }
        }
    });
    if parts.property("repository").is_some() && repository.is_none() {
        return;
    }
    let Some(ecosystem) = parts.argument(0).and_then(|value| ecosystem(value, errors)) else { return };
    for value in parts.arguments.iter().skip(1) {
        let Some(name) = value.string(errors) else { continue };
        let Some(names) = resolution::names(ecosystem, &name, errors) else { continue };
        required.push(RequiredProvenance {
            names,
            repository: repository.clone(),
            workflow: workflow.clone(),
            issuer: issuer.clone(),
            span: node.span(),
        });
    }
}
