//! `environment` and `policy` nodes.

use crate::model::{CheckName, Label, Severity};

use super::dependencies::label;
use super::model::EnvironmentPlaces;
use super::node::{Block, Errors, Node, Once, Shape};
use super::{Environment, FilesMode, Group, LockedMode, ManifestError, Policy, Rule};

/// How many generations are kept where nothing says otherwise.
const KEEP: u32 = 10;
const OPTIONS: [&str; 9] =
    ["include", "policy", "keep", "layout", "files", "compile", "durable", "locked", "dev-groups"];
const ONE: Shape = Shape { arguments: (1, 1), properties: &[], block: Block::Never, example: "" };

/// An environment, before the top-level policy is known.
pub(super) struct Draft {
    environment: Environment,
    policy: Policy,
}

/// Reads a `policy` block.
pub(super) fn policy(node: Node<'_>, errors: &mut Errors) -> Policy {
    const SHAPE: Shape =
        Shape { arguments: (0, 0), properties: &[], block: Block::Maybe, example: "policy { scripts \"deny\" }" };
    node.take(&SHAPE, errors);
    let severities = [Severity::Deny, Severity::Warn, Severity::Allow].map(|severity| (severity.as_str(), severity));
    let mut policy = Policy::default();
    let mut once = Once::default();
    for rule in node.children() {
        once.check(rule, errors);
        if let Some(check) = CheckName::CONFIGURABLE.into_iter().find(|check| check.as_str() == rule.name()) {
            let value = one(rule, errors).and_then(|value| value.choice(&severities, errors));
            if let Some(severity) = value {
                policy.set(check, Rule { severity, span: rule.span() });
            }
        } else {
            rule.unknown("in a policy", &CheckName::CONFIGURABLE.map(CheckName::as_str), errors);
        }
    }
    policy
}

/// Reads an `environment` node.
pub(super) fn environment(node: Node<'_>, errors: &mut Errors) -> Option<Draft> {
    const SHAPE: Shape =
        Shape { arguments: (1, 1), properties: &[], block: Block::Maybe, example: "environment \"NAME\" { … }" };
    let parts = node.take(&SHAPE, errors);
    let name = parts.argument(0).and_then(|value| label(value, errors));
    let mut environment = built_in("unnamed".parse().ok()?, Vec::new());
    let mut places = EnvironmentPlaces { node: node.head(), include: Vec::new(), forbid_dev_groups: None };
    let mut own = Policy::default();
    let (mut durable, mut compile) = (None, None);
    let mut once = Once::default();
    for option in node.children() {
        if option.name() != "include" {
            once.check(option, errors);
        }
        match option.name() {
            "include" => include(option, &mut environment, &mut places, errors),
            "policy" => own = policy(option, errors),
            "keep" => {
                let number = one(option, errors).and_then(|value| value.number((1, 10_000), errors));
                environment.keep = number.and_then(|n| u32::try_from(n).ok()).unwrap_or(KEEP);
            }
            "layout" => {
                const CHOICES: [(&str, bool); 2] = [("isolated", false), ("linked", true)];
                let is_linked = one(option, errors).and_then(|value| value.choice(&CHOICES, errors));
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
                let choice = one(option, errors).and_then(|value| value.choice(&CHOICES, errors));
                environment.files = choice.unwrap_or_default();
            }
            "compile" => compile = one(option, errors).and_then(|value| value.boolean(errors)),
            "durable" => durable = one(option, errors).and_then(|value| value.boolean(errors)),
            "locked" => {
                const CHOICES: [(&str, LockedMode); 2] =
                    [("required", LockedMode::Required), ("if-necessary", LockedMode::IfNecessary)];
                let choice = one(option, errors).and_then(|value| value.choice(&CHOICES, errors));
                environment.locked = choice.unwrap_or_default();
            }
            "dev-groups" => {
                let choice = one(option, errors);
                let choice = choice.and_then(|value| value.choice(&[("forbid", true), ("allow", false)], errors));
                environment.forbid_dev_groups = choice.unwrap_or(false);
                places.forbid_dev_groups = Some(option.span());
            }
            _ => option.unknown("in an environment", &OPTIONS, errors),
        }
    }
    environment.name = name?.value;
    environment.durable = durable.unwrap_or(is_production(&environment.name));
    environment.compile = compile.unwrap_or(is_production(&environment.name));
    environment.places = Some(places);
    Some(Draft { environment, policy: own })
}

/// Joins the environments with the top-level policy, and fills in those that exist where none is declared.
pub(super) fn complete(drafts: Vec<Draft>, base: &Policy, groups: &[Group], errors: &mut Errors) -> Vec<Environment> {
    let mut environments: Vec<Environment> = Vec::new();
    for Draft { mut environment, policy } in drafts {
        environment.policy = policy.over(base);
        // A profile is a folder, and not every file system tells cases apart.
        let same = |other: &&Environment| other.name.as_str().eq_ignore_ascii_case(environment.name.as_str());
        let places = |environment: &Environment| environment.places.as_ref().map(|places| places.node);
        if let Some((first, span)) = environments.iter().find(same).and_then(places).zip(places(&environment)) {
            errors.push(ManifestError::Repeated {
                what: format!("environment `{}`", environment.name),
                help: Some("give each environment its own name, in more than case".to_owned()),
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
        keep: KEEP,
        files: FilesMode::default(),
        compile: false,
        durable: false,
        locked: LockedMode::default(),
        forbid_dev_groups: false,
        places: None,
    }
}

fn is_production(name: &Label) -> bool {
    name.as_str() == "production"
}

fn one<'a>(option: Node<'a>, errors: &mut Errors) -> Option<super::node::Value<'a>> {
    option.take(&ONE, errors).argument(0)
}

fn include(node: Node<'_>, environment: &mut Environment, places: &mut EnvironmentPlaces, errors: &mut Errors) {
    const SHAPE: Shape =
        Shape { arguments: (1, usize::MAX), properties: &[], block: Block::Never, example: "include \"GROUP\"" };
    for value in node.take(&SHAPE, errors).arguments {
        let Some(name) = label(value, errors) else { continue };
        if let Some(first) = environment.include.iter().position(|other| *other == name.value) {
            errors.push(ManifestError::Repeated {
                what: format!("group `{}`", name.value),
                help: Some("include it once".to_owned()),
                span: name.span,
                first: places.include.get(first).copied().unwrap_or(name.span),
            });
        } else {
            environment.include.push(name.value);
            places.include.push(name.span);
        }
    }
}
