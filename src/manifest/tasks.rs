//! The `tasks` block: commands that `larder run` knows by name.

use miette::SourceSpan;

use crate::diagnostic::nearest;

use super::node::{BlockRule, Errors, ManifestNode, NodeShape};
use super::{Environment, ManifestError, Spanned, Task};

/// The most characters of a task's name.
const LONGEST_NAME: usize = 100;

/// Reads `tasks { dev "vite"; test "vitest run" after="build"; }`.
pub(super) fn read_tasks(block: ManifestNode<'_>, errors: &mut Errors) -> Vec<Task> {
    const SHAPE: NodeShape =
        NodeShape { arguments: (0, 0), properties: &[], block: BlockRule::Maybe, example: "tasks { dev \"vite\"; }" };
    block.read_parts(&SHAPE, errors);
    let mut tasks: Vec<Task> = Vec::new();
    for node in block.children() {
        let Some(task) = read_task(node, errors) else { continue };
        match tasks.iter().find(|other| other.name.value == task.name.value) {
            Some(first) => errors.push(ManifestError::Repeated {
                what: format!("task `{}`", task.name.value),
                help: Some("give each task a name of its own".to_owned()),
                span: task.name.span,
                first: first.name.span,
            }),
            None => tasks.push(task),
        }
    }
    check_order(&tasks, errors);
    tasks
}

fn read_task(node: ManifestNode<'_>, errors: &mut Errors) -> Option<Task> {
    const SHAPE: NodeShape = NodeShape {
        arguments: (1, 1),
        properties: &["environment", "after"],
        block: BlockRule::Never,
        example: "test \"vitest run\" after=\"build\"",
    };
    let name = Spanned { value: node.name().to_owned(), span: node.name_span() };
    let parts = node.read_parts(&SHAPE, errors);
    if let Err(reason) = check_name(&name.value) {
        errors.push(ManifestError::BadName { reason, help: None, span: name.span });
    }
    let environment = parts.property("environment").and_then(|value| value.label(errors));
    let after = parts.property("after").and_then(|value| value.string(errors));
    let command = parts.argument(0)?.string(errors)?;
    if command.value.trim().is_empty() || command.value.contains('\0') {
        errors.push(ManifestError::BadValue {
            value: name.value,
            what: "a task",
            reason: "it has no command that a shell could run".to_owned(),
            help: Some(format!("it is written `{}`", SHAPE.example)),
            span: command.span,
        });
        return None;
    }
    let after = after.map_or_else(Vec::new, |names| {
        let named = |name: &str| Spanned { value: name.to_owned(), span: names.span };
        names.value.split_whitespace().map(named).collect()
    });
    Some(Task { name, command: command.value.to_owned(), environment, after, span: node.span() })
}

/// Checks that a name can be written on a command line and is no path.
fn check_name(name: &str) -> Result<(), String> {
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | ':' | '+' | '@');
    if name.is_empty()
        || name.chars().count() > LONGEST_NAME
        || name.starts_with(['-', '.'])
        || !name.chars().all(is_plain)
    {
        return Err(format!(
            "`{name}` is no name of a task: it has letters, digits, `_`, `-`, `.`, `:`, `+` and `@`, at most {LONGEST_NAME}, \
             and begins with neither `-` nor `.`"
        ));
    }
    Ok(())
}

/// Checks that the tasks that `after` names are there, and that none has to wait for itself.
fn check_order(tasks: &[Task], errors: &mut Errors) {
    let place = |name: &str| tasks.iter().position(|task| task.name.value == name);
    for task in tasks {
        for before in task.after.iter().filter(|before| place(&before.value).is_none()) {
            let known = tasks.iter().map(|task| &*task.name.value).filter(|known| *known != task.name.value);
            let help = match nearest(&before.value, known) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "`after` names tasks of the same `tasks` block".to_owned(),
            };
            errors.push(ManifestError::Undeclared {
                what: "task",
                name: before.value.clone(),
                help: Some(help),
                span: before.span,
            });
        }
    }
    if let Some(cycle) = find_cycle(tasks) {
        let names: Vec<&str> = cycle.iter().chain(cycle.first()).map(|task| &*task.name.value).collect();
        let span_of = |task: &Task| task.after.first().map_or(task.name.span, |before| before.span);
        let (Some(first), Some(last)) = (cycle.first(), cycle.last()) else { return };
        errors.push(ManifestError::TaskCycle {
            names: names.join("` after `").into(),
            span: span_of(last),
            first: (cycle.len() > 1).then(|| span_of(first)),
        });
    }
}

/// Returns tasks of which each has to run after the next, and the last after the first.
fn find_cycle(tasks: &[Task]) -> Option<Vec<&Task>> {
    // A task whose predecessors are all removed cannot be part of a cycle.
    let mut left: Vec<&Task> = tasks.iter().collect();
    loop {
        let waits =
            |task: &&Task| task.after.iter().any(|name| left.iter().any(|other| other.name.value == name.value));
        let further: Vec<&Task> = left.iter().copied().filter(waits).collect();
        if further.len() == left.len() {
            break;
        }
        left = further;
    }
    let mut path: Vec<&Task> = vec![left.first()?];
    loop {
        let next = path.last()?.after.iter().find_map(|name| left.iter().find(|task| task.name.value == name.value))?;
        if let Some(start) = path.iter().position(|task| task.name.value == next.name.value) {
            return Some(path.split_off(start));
        }
        path.push(next);
    }
}

/// Checks that the environments that tasks name are declared.
pub(super) fn check_environments(tasks: &[Task], environments: &[Environment], errors: &mut Errors) {
    for name in tasks.iter().filter_map(|task| task.environment.as_ref()) {
        if environments.iter().all(|environment| environment.name != name.value) {
            errors.push(undeclared(name.value.as_str(), environments, name.span));
        }
    }
}

fn undeclared(name: &str, environments: &[Environment], span: SourceSpan) -> ManifestError {
    let known: Vec<&str> = environments.iter().map(|environment| environment.name.as_str()).collect();
    let help = match nearest(name, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("the project's environments are: {}", known.join(", ")),
    };
    ManifestError::Undeclared { what: "environment", name: name.to_owned(), help: Some(help), span }
}

#[cfg(test)]
mod tests {
    use crate::manifest::{ManifestKind, parse};

    #[test]
    fn tasks_are_read_with_what_they_wait_for() {
        let written = "tasks {\n  dev \"vite\"\n  api \"uvicorn app:app\" environment=\"production\"\n  \"build:css\" \"sass\"\n  \
                    test \"vitest run\" after=\"dev build:css\"\n}\n";
        let manifest = parse("m", written, ManifestKind::Root).unwrap();
        let [dev, api, css, check] = &manifest.tasks[..] else { panic!("{:?}", manifest.tasks) };
        assert_eq!((&*dev.command, dev.after.len()), ("vite", 0));
        assert_eq!(api.environment.as_ref().map(|name| name.value.as_str()), Some("production"));
        assert_eq!(css.name.value, "build:css");
        assert_eq!(check.after.iter().map(|name| &*name.value).collect::<Vec<_>>(), ["dev", "build:css"]);
    }
}
