//! `restart` and `service` lines.

use super::super::node::{BlockRule, Errors, ManifestNode, NodeShape};
use super::super::succession::{Successor, check_order, read_after};
use super::super::{ManifestError, Spanned, Task};
use super::check::MonitorCheck;
use crate::diagnostic::nearest;
use crate::model::Label;

/// `restart "api" command="systemctl restart api" after=3 { environments "production"; }`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restart {
    /// The check whose failures lead to it.
    pub check: Spanned<Label>,
    /// What `sh -c` runs in the manifest's folder.
    pub command: String,
    /// `after`: so many failures in a row.
    pub after: u32,
    /// The environments in which it is done; nowhere else.
    pub environments: Vec<Spanned<Label>>,
}

/// `service "api" task="serve" after="db" memory=512`: something that a supervisor keeps running.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// Its name.
    pub name: Spanned<Label>,
    /// `task`: the task that it runs; by default that of its name.
    pub task: Spanned<String>,
    /// `after`: the services that start before it.
    pub after: Vec<Spanned<String>>,
    /// `memory`: the most memory that it may take, in MB.
    pub memory: Option<u64>,
}

/// After so many failures in a row something is done, unless the manifest says otherwise.
const USUAL_FAILURES: u32 = 3;

pub(super) fn read_restart(node: ManifestNode<'_>, errors: &mut Errors) -> Option<Restart> {
    const SHAPE: NodeShape = NodeShape {
        arguments: (1, 1),
        properties: &["command", "after"],
        block: BlockRule::Maybe,
        example: "restart \"api\" command=\"systemctl restart api\" { environments \"production\"; }",
    };
    const NAMES: NodeShape = NodeShape {
        arguments: (1, usize::MAX),
        properties: &[],
        block: BlockRule::Never,
        example: "environments \"production\"",
    };
    let parts = node.read_parts(&SHAPE, errors);
    let check = parts.argument(0).and_then(|value| value.label(errors));
    let after = parts.property("after").and_then(|value| value.number((1, 1000), errors));
    let mut environments = Vec::new();
    for child in node.children() {
        match child.name() {
            "environments" => {
                let names = child.read_parts(&NAMES, errors).arguments;
                environments.extend(names.into_iter().filter_map(|name| name.label(errors)));
            }
            _ => child.report_unknown("in `restart`", &["environments"], errors),
        }
    }
    if environments.is_empty() {
        let help = format!("name those in which it is done: it is written `{}`", SHAPE.example);
        errors.push(node.missing_error("environments", Some(help)));
    }
    let Some(command) = parts.property("command") else {
        errors.push(node.missing_error("a `command`", Some(format!("it is written `{}`", SHAPE.example))));
        return None;
    };
    let command = command.string(errors)?;
    if command.value.trim().is_empty() || command.value.contains('\0') {
        errors.push(ManifestError::BadValue {
            value: command.value.to_owned(),
            what: "a command",
            reason: "there is nothing that a shell could run".to_owned(),
            help: Some(format!("it is written `{}`", SHAPE.example)),
            span: command.span,
        });
        return None;
    }
    let after = after.and_then(|after| u32::try_from(after).ok()).unwrap_or(USUAL_FAILURES);
    Some(Restart { check: check?, command: command.value.to_owned(), after, environments })
}

/// Checks that each restart is of a check, and that no check has two.
pub(super) fn check_restarts(restarts: &[Restart], checks: &[MonitorCheck], errors: &mut Errors) {
    for (at, restart) in restarts.iter().enumerate() {
        let name = &restart.check;
        if checks.iter().all(|check| check.name.value != name.value) {
            errors.push(ManifestError::Undeclared {
                what: "check",
                name: name.value.to_string(),
                help: Some(suggestion(
                    name.value.as_str(),
                    checks.iter().map(|check| check.name.value.as_str()),
                    "check",
                )),
                span: name.span,
            });
        }
        if let Some(first) = restarts[..at].iter().find(|other| other.check.value == name.value) {
            errors.push(ManifestError::Repeated {
                what: format!("restart of `{}`", name.value),
                help: Some("keep one of them".to_owned()),
                span: name.span,
                first: first.check.span,
            });
        }
    }
}

pub(super) fn read_service(node: ManifestNode<'_>, errors: &mut Errors) -> Option<Service> {
    const SHAPE: NodeShape = NodeShape {
        arguments: (1, 1),
        properties: &["task", "after", "memory"],
        block: BlockRule::Never,
        example: "service \"api\" task=\"serve\" after=\"db\" memory=512",
    };
    let parts = node.read_parts(&SHAPE, errors);
    let name = parts.argument(0).and_then(|value| value.label(errors));
    let task = parts.property("task").and_then(|value| value.string(errors));
    let after = read_after(parts.property("after"), errors);
    let memory = parts.property("memory").and_then(|value| value.number((1, 1 << 30), errors));
    let memory = memory.and_then(|number| u64::try_from(number).ok());
    let name = name?;
    let task = match task {
        Some(task) => Spanned { value: task.value.to_owned(), span: task.span },
        None => Spanned { value: name.value.to_string(), span: name.span },
    };
    Some(Service { name, task, after, memory })
}

/// Checks the names of services, and that they can be started one after the other.
pub(super) fn check_services(services: &[Service], errors: &mut Errors) {
    for (at, service) in services.iter().enumerate() {
        if let Some(first) = services[..at].iter().find(|other| other.name.value == service.name.value) {
            errors.push(ManifestError::Repeated {
                what: format!("service `{}`", service.name.value),
                help: Some("give each service a name of its own".to_owned()),
                span: service.name.span,
                first: first.name.span,
            });
        }
    }
    let lines: Vec<Successor<'_>> = services
        .iter()
        .map(|service| Successor { name: service.name.value.as_str(), span: service.name.span, after: &service.after })
        .collect();
    check_order("service", &lines, errors);
}

/// Checks that the tasks that services run are there.
pub(super) fn check_tasks(services: &[Service], tasks: &[Task], errors: &mut Errors) {
    for service in services {
        if tasks.iter().all(|task| task.name.value != service.task.value) {
            errors.push(ManifestError::Undeclared {
                what: "task",
                name: service.task.value.clone(),
                help: Some(suggestion(&service.task.value, tasks.iter().map(|task| &*task.name.value), "task")),
                span: service.task.span,
            });
        }
    }
}

fn suggestion<'a>(name: &str, known: impl Iterator<Item = &'a str>, what: &str) -> String {
    nearest(name, known)
        .map_or_else(|| format!("declare a {what} of this name"), |near| format!("did you mean `{near}`?"))
}
