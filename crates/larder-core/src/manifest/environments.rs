//! `environment` and `policy` nodes.

use crate::diagnostic::nearest;
use crate::model::{AgeExemption, CheckName, Label, Severity};

use super::advisories::{self, ADVISORIES};
use super::age::read_age;
use super::denied;
use super::licenses::{self, LICENSES};
use super::model::EnvironmentSpans;
use super::node::{BlockRule, Errors, ManifestNode, NodeShape, UniqueNodes};
use super::provenance;
use super::{Environment, FilesMode, Group, LockedMode, ManifestError, Policy, PolicyRule, Spanned};

/// The default number of generations to keep.
const DEFAULT_KEEP: u32 = 10;
/// The nodes of an `environment` block.
const OPTIONS: [&str; 9] =
    ["include", "policy", "keep", "layout", "files", "compile", "durable", "locked", "dev-groups"];

/// An environment whose policy is not merged with the top-level one yet.
pub(super) struct DraftEnvironment {
    environment: Environment,
    policy: Policy,
}

/// Returns the policies of environments, without what the top-level one adds to them.
pub(super) fn own_policies(environments: &[DraftEnvironment]) -> impl Iterator<Item = &Policy> {
    environments.iter().map(|environment| &environment.policy)
}

/// Checks that an environment that another block names is declared.
pub(super) fn check_declared(name: &Spanned<Label>, environments: &[Environment], errors: &mut Errors) {
    if environments.iter().any(|environment| environment.name == name.value) {
        return;
    }
    let known: Vec<&str> = environments.iter().map(|environment| environment.name.as_str()).collect();
    let help = match nearest(name.value.as_str(), known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("the project's environments are: {}", known.join(", ")),
    };
    let (what, name, span) = ("environment", name.value.to_string(), name.span);
    errors.push(ManifestError::Undeclared { what, name, help: Some(help), span });
}

/// Reads a `policy` block.
pub(super) fn read_policy(node: ManifestNode<'_>, errors: &mut Errors) -> Policy {
    const SHAPE: NodeShape = NodeShape {
        arguments: (0, 0),
        properties: &[],
        block: BlockRule::Maybe,
        example: "policy { scripts \"deny\" }",
    };
    node.read_parts(&SHAPE, errors);
    let severities = [Severity::Deny, Severity::Warn, Severity::Allow].map(|severity| (severity.as_str(), severity));
    let mut policy = Policy::default();
    let mut once = UniqueNodes::default();
    for rule in node.children() {
        if rule.name() != denied::DENY {
            once.check(rule, errors);
        }
        if let Some(check) = CheckName::CONFIGURABLE.into_iter().find(|check| check.as_str() == rule.name()) {
            let value = rule.single_value(errors).and_then(|value| value.choice(&severities, errors));
            if let Some(severity) = value {
                policy.set(check, PolicyRule { severity, span: rule.span() });
            }
        } else if rule.name() == ADVISORIES {
            policy.advisories = advisories::read_rules(rule, errors);
        } else if rule.name() == LICENSES {
            policy.licenses = licenses::read_rules(rule, errors);
        } else if rule.name() == denied::DENY {
            denied::read_denied(rule, &mut policy.denied, errors);
        } else if rule.name() == CheckName::Sources.as_str() {
            policy.sources = denied::read_sources(rule, errors);
        } else if rule.name() == CheckName::Ranges.as_str() {
            if let Some(rule) = denied::read_ranges(rule, errors) {
                policy.set(CheckName::Ranges, rule);
            }
        } else if rule.name() == CheckName::Signatures.as_str() {
            let value = rule.single_value(errors).and_then(|value| value.choice(&[("required", true)], errors));
            policy.signatures = value.and_then(|is_required| is_required.then(|| rule.span()));
        } else if rule.name() == "age" {
            policy.age = read_age(rule, errors);
        } else if rule.name() == CheckName::Provenance.as_str() {
            policy.provenance = provenance::read_rules(rule, errors);
        } else if rule.name() == CheckName::Health.as_str() {
            policy.health = denied::read_health(rule, errors);
        } else {
            let known: Vec<_> = CheckName::CONFIGURABLE
                .into_iter()
                .map(CheckName::as_str)
                .chain([
                    ADVISORIES,
                    LICENSES,
                    "signatures",
                    "age",
                    denied::DENY,
                    "sources",
                    "ranges",
                    "health",
                    "provenance",
                ])
                .collect();
            rule.report_unknown("in a policy", &known, errors);
        }
    }
    policy
}

/// Reads an `environment` node.
pub(super) fn read_environment(node: ManifestNode<'_>, errors: &mut Errors) -> Option<DraftEnvironment> {
    const SHAPE: NodeShape = NodeShape {
        arguments: (1, 1),
        properties: &[],
        block: BlockRule::Maybe,
        example: "environment \"NAME\" { … }",
    };
    let parts = node.read_parts(&SHAPE, errors);
    let name = parts.argument(0).and_then(|value| value.label(errors));
    let mut environment = built_in("unnamed".parse().ok()?, Vec::new());
    let mut spans = EnvironmentSpans { node: node.head_span(), include: Vec::new(), forbid_dev_groups: None };
    let mut own = Policy::default();
    let (mut durable, mut compile) = (None, None);
    let mut once = UniqueNodes::default();
    for option in node.children() {
        if option.name() != "include" {
            once.check(option, errors);
        }
        match option.name() {
            "include" => read_include(option, &mut environment, &mut spans, errors),
            "policy" => own = read_policy(option, errors),
            "keep" => {
                let number = option.single_value(errors).and_then(|value| value.number((1, 10_000), errors));
                environment.keep = number.and_then(|n| u32::try_from(n).ok()).unwrap_or(DEFAULT_KEEP);
            }
            "layout" => {
                const CHOICES: [(&str, bool); 2] = [("isolated", false), ("linked", true)];
                let is_linked = option.single_value(errors).and_then(|value| value.choice(&CHOICES, errors));
                if is_linked == Some(true) {
                    errors.push(ManifestError::NotYet {
                        what: "`layout \"linked\"`".to_owned(),
                        help: Some("leave it out: packages are laid out isolated".to_owned()),
                        span: option.span(),
                    });
                }
            }
            "files" => {
                const CHOICES: [(&str, FilesMode); 2] =
                    [("private", FilesMode::Private), ("shared", FilesMode::Shared)];
                let choice = option.single_value(errors).and_then(|value| value.choice(&CHOICES, errors));
                environment.files = choice.unwrap_or_default();
            }
            "compile" => compile = option.single_value(errors).and_then(|value| value.boolean(errors)),
            "durable" => durable = option.single_value(errors).and_then(|value| value.boolean(errors)),
            "locked" => {
                const CHOICES: [(&str, LockedMode); 2] =
                    [("required", LockedMode::Required), ("if-necessary", LockedMode::IfNecessary)];
                let choice = option.single_value(errors).and_then(|value| value.choice(&CHOICES, errors));
                environment.locked = choice.unwrap_or_default();
            }
            "dev-groups" => {
                let choice = option.single_value(errors);
                let choice = choice.and_then(|value| value.choice(&[("forbid", true), ("allow", false)], errors));
                environment.forbid_dev_groups = choice.unwrap_or(false);
                spans.forbid_dev_groups = Some(option.span());
            }
            _ => option.report_unknown("in an environment", &OPTIONS, errors),
        }
    }
    environment.name = name?.value;
    environment.durable = durable.unwrap_or(is_production(&environment.name));
    environment.compile = compile.unwrap_or(is_production(&environment.name));
    environment.spans = Some(spans);
    Some(DraftEnvironment { environment, policy: own })
}

/// Merges the environments' policies with the top-level one, whose `age` exempts `exempt`. If no environment is declared, adds the
/// built-in ones.
pub(super) fn complete(
    drafts: Vec<DraftEnvironment>,
    (base, exempt): (&Policy, &[AgeExemption]),
    groups: &[Group],
    errors: &mut Errors,
) -> Vec<Environment> {
    let mut environments: Vec<Environment> = Vec::new();
    for DraftEnvironment { mut environment, policy } in drafts {
        environment.policy = policy.merged_with(base);
        if let Some(age) = &mut environment.policy.age {
            age.minimum.exempt.extend_from_slice(exempt);
        }
        // A profile is a folder, and some file systems ignore case.
        let same = |other: &&Environment| other.name.as_str().eq_ignore_ascii_case(environment.name.as_str());
        let spans = |environment: &Environment| environment.spans.as_ref().map(|spans| spans.node);
        if let Some((first, span)) = environments.iter().find(same).and_then(spans).zip(spans(&environment)) {
            errors.push(ManifestError::Repeated {
                what: format!("environment `{}`", environment.name),
                help: Some("give each environment a name that differs in more than case".to_owned()),
                span,
                first,
            });
        } else {
            environments.push(environment);
        }
    }
    if environments.is_empty() {
        let all = groups.iter().map(|group| group.name.value.clone()).collect();
        for (name, include) in [("development", all), ("production", Vec::new())] {
            let Ok(name) = name.parse() else { continue };
            let mut environment = built_in(name, include);
            environment.policy = base.clone();
            environment.durable = is_production(&environment.name);
            environment.compile = environment.durable;
            environments.push(environment);
        }
    }
    environments
}

fn built_in(name: Label, include: Vec<Label>) -> Environment {
    Environment {
        name,
        include,
        policy: Policy::default(),
        keep: DEFAULT_KEEP,
        files: FilesMode::default(),
        compile: false,
        durable: false,
        locked: LockedMode::default(),
        forbid_dev_groups: false,
        spans: None,
    }
}

fn is_production(name: &Label) -> bool {
    name.as_str() == "production"
}

fn read_include(
    node: ManifestNode<'_>,
    environment: &mut Environment,
    spans: &mut EnvironmentSpans,
    errors: &mut Errors,
) {
    const SHAPE: NodeShape = NodeShape {
        arguments: (1, usize::MAX),
        properties: &[],
        block: BlockRule::Never,
        example: "include \"GROUP\"",
    };
    for value in node.read_parts(&SHAPE, errors).arguments {
        let Some(name) = value.label(errors) else { continue };
        if let Some(first) = environment.include.iter().position(|other| *other == name.value) {
            errors.push(ManifestError::Repeated {
                what: format!("group `{}`", name.value),
                help: Some("include it once".to_owned()),
                span: name.span,
                first: spans.include.get(first).copied().unwrap_or(name.span),
            });
        } else {
            environment.include.push(name.value);
            spans.include.push(name.span);
        }
    }
}
