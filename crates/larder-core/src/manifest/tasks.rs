//! The `tasks` block: commands that `larder run` knows by name.

use super::environments::check_declared;
use super::node::{BlockRule, Errors, ManifestNode, NodeShape};
use super::succession::{Successor, check_order, read_after};
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
    let lines: Vec<Successor<'_>> = tasks
        .iter()
        .map(|task| Successor { name: &task.name.value, span: task.name.span, after: &task.after })
        .collect();
    check_order("task", &lines, errors);
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
    let after = read_after(parts.property("after"), errors);
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

/// Checks that the environments that tasks name are declared.
pub(super) fn check_environments(tasks: &[Task], environments: &[Environment], errors: &mut Errors) {
    for name in tasks.iter().filter_map(|task| task.environment.as_ref()) {
        check_declared(name, environments, errors);
    }
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
