//! Lines of which some come after others: tasks and services, in the order that `after=` gives them.

use miette::SourceSpan;

use crate::diagnostic::nearest;

use super::node::{Errors, NodeValue};
use super::{ManifestError, Spanned};

/// A line with a name, and the names of the lines that come before it.
#[derive(Clone, Copy)]
pub(super) struct Successor<'a> {
    /// Its name.
    pub(super) name: &'a str,
    /// The span of its name.
    pub(super) span: SourceSpan,
    /// The names in its `after=`.
    pub(super) after: &'a [Spanned<String>],
}

/// Reads `after="build lint"`: names, separated by white space.
pub(super) fn read_after(value: Option<NodeValue<'_>>, errors: &mut Errors) -> Vec<Spanned<String>> {
    let Some(names) = value.and_then(|value| value.string(errors)) else { return Vec::new() };
    let words = names.value.split_whitespace();
    words.map(|word| Spanned { value: word.to_owned(), span: names.span }).collect()
}

/// Checks that the lines that `after` names are there, and that none comes after itself. `what` is what a line is: `task`.
pub(super) fn check_order(what: &'static str, lines: &[Successor<'_>], errors: &mut Errors) {
    for line in lines {
        let is_missing = |name: &&Spanned<String>| lines.iter().all(|other| other.name != name.value);
        for before in line.after.iter().filter(is_missing) {
            let known = lines.iter().map(|other| other.name).filter(|known| *known != line.name);
            let help = match nearest(&before.value, known) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("`after` names {what}s of the same block"),
            };
            errors.push(ManifestError::Undeclared {
                what,
                name: before.value.clone(),
                help: Some(help),
                span: before.span,
            });
        }
    }
    if let Some(cycle) = find_cycle(lines) {
        let names: Vec<&str> = cycle.iter().chain(cycle.first()).map(|line| line.name).collect();
        let span_of =
            |line: &Successor<'_>| -> SourceSpan { line.after.first().map_or(line.span, |before| before.span) };
        let (Some(first), Some(last)) = (cycle.first(), cycle.last()) else { return };
        errors.push(ManifestError::Cycle {
            what,
            names: names.join("` after `").into(),
            span: span_of(last),
            first: (cycle.len() > 1).then(|| span_of(first)),
        });
    }
}

/// Returns lines of which each comes after the next, and the last after the first.
fn find_cycle<'a>(lines: &[Successor<'a>]) -> Option<Vec<Successor<'a>>> {
    // A line whose predecessors are all removed cannot be part of a cycle.
    let mut left: Vec<Successor<'a>> = lines.to_vec();
    loop {
        let waits =
            |line: &&Successor<'a>| line.after.iter().any(|name| left.iter().any(|other| other.name == name.value));
        let further: Vec<Successor<'a>> = left.iter().filter(waits).copied().collect();
        if further.len() == left.len() {
            break;
        }
        left = further;
    }
    let mut path: Vec<Successor<'a>> = vec![*left.first()?];
    loop {
        let next = path.last()?.after.iter().find_map(|name| left.iter().find(|line| line.name == name.value))?;
        if let Some(start) = path.iter().position(|line| line.name == next.name) {
            return Some(path.split_off(start));
        }
        path.push(*next);
    }
}
