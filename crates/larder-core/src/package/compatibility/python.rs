//! The modules of a Python half, and the public names in them, as far as reading gives: definitions, assignments and re-exports at
//! the top of a module, or its `__all__`.

use std::collections::{BTreeMap, BTreeSet};

use toml::{Table, Value};

use super::Half;
use crate::import::{PythonToken, python_tokens};

/// The words that begin blocks whose lines may run or not.
const CONDITIONS: [&str; 10] = ["if", "else", "elif", "try", "except", "finally", "with", "for", "while", "match"];

/// A module.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Module {
    names: BTreeSet<String>,
    /// Names that are defined under a condition.
    possible: BTreeSet<String>,
    /// Whether it may have names that reading does not give.
    is_open: bool,
}

impl Module {
    /// Returns the names that a newer form of the module does not have.
    pub(super) fn names_gone_in<'m>(&'m self, newer: &'m Self) -> impl Iterator<Item = &'m String> {
        self.names
            .iter()
            .filter(|name| !newer.is_open && !newer.names.contains(*name) && !newer.possible.contains(*name))
    }
}

/// Returns the public modules, by their dotted names.
pub(super) fn modules(half: &Half<'_>) -> BTreeMap<String, Module> {
    // The usual layout of a project: its modules lie below `src`.
    let has_src = half.files.contains_key("pyproject.toml") && half.files.keys().any(|path| path.starts_with("src/"));
    let mut found: BTreeMap<String, Module> = BTreeMap::new();
    for path in half.files.keys() {
        let below = if has_src { path.strip_prefix("src/") } else { Some(*path) };
        let Some((name, text)) = below.and_then(module_name).zip(half.text(path)) else { continue };
        let module = read(text);
        let known = found.entry(name).or_default();
        known.names.extend(module.names);
        known.possible.extend(module.possible);
        known.is_open |= module.is_open;
    }
    found
}

/// Returns the scripts of a project: its executables.
pub(super) fn scripts(half: &Half<'_>) -> Vec<String> {
    let project: Option<Table> = half.text("pyproject.toml").and_then(|text| text.parse().ok());
    let scripts = project.as_ref().and_then(|table| table.get("project")?.get("scripts")).and_then(Value::as_table);
    scripts.into_iter().flat_map(|scripts| scripts.keys().cloned()).collect()
}

/// Returns the name of the module in a file. Returns `None` if it is none, or not public.
fn module_name(path: &str) -> Option<String> {
    let bare = path.strip_suffix(".py").or_else(|| path.strip_suffix(".pyi"))?;
    let bare = bare.strip_suffix("/__init__").unwrap_or(bare);
    let is_public = |part: &str| {
        let is_name =
            !part.starts_with(|c: char| c.is_ascii_digit()) && part.chars().all(|c| c.is_alphanumeric() || c == '_');
        is_name && !part.is_empty() && !part.starts_with('_')
    };
    let is_tool = matches!(bare, "setup" | "conftest" | "noxfile") || bare.starts_with("tests/");
    (bare.split('/').all(is_public) && !is_tool).then(|| bare.replace('/', "."))
}

fn read(text: &str) -> Module {
    let tokens = python_tokens(text);
    let mut module = Module::default();
    let mut listed: Option<BTreeSet<String>> = None;
    let mut is_under_condition = false;
    for line in tokens.split(|token| *token == PythonToken::End || *token == PythonToken::Mark(';')) {
        match line {
            [] | [PythonToken::Indentation] => {}
            // What is defined under a condition is not promised, and not missed.
            [PythonToken::Indentation, line @ ..] if is_under_condition => {
                let mut conditional = Module::default();
                read_line(line, &mut conditional);
                module.possible.extend(conditional.names);
                module.is_open |= conditional.is_open;
            }
            [PythonToken::Indentation, ..] => {}
            [PythonToken::Name("__all__"), rest @ ..] => match strings(rest) {
                Some(names) if listed.is_none() || matches!(rest, [PythonToken::Mark('+'), ..]) => {
                    listed.get_or_insert_default().extend(names);
                }
                _ => module.is_open = true,
            },
            line => {
                is_under_condition = matches!(line, [PythonToken::Name(word), ..] if CONDITIONS.contains(word));
                read_line(line, &mut module);
            }
        }
    }
    if let Some(listed) = listed {
        module.names = listed;
    }
    module.names.retain(|name| !name.starts_with('_') || name == "__version__");
    module
}

/// Reads a line at the top of a module.
fn read_line(line: &[PythonToken<'_>], module: &mut Module) {
    use PythonToken::{Mark, Name};
    match line {
        [Name("async"), rest @ ..] => read_line(rest, module),
        [Name("def"), Name("__getattr__"), ..] | [Name("globals"), Mark('('), ..] => module.is_open = true,
        [Name("def" | "class" | "type"), Name(name), ..] => module.names.extend([(*name).to_owned()]),
        [Name("from"), Name(from), Name("import"), names @ ..] => {
            if names == [Mark('*')] {
                module.is_open = true;
            } else if from.starts_with('.') {
                module.names.extend(names.split(|token| *token == Mark(',')).filter_map(imported));
            }
        }
        // `LIMIT: int = 1`
        [Name(name), Mark(':'), rest @ ..] if !CONDITIONS.contains(name) => {
            module.names.extend(rest.contains(&Mark('=')).then(|| (*name).to_owned()));
        }
        line => module.names.extend(assigned(line)),
    }
}

/// Returns the names that a line assigns to: `A = 1`, `A, B = C = 1, 2`.
fn assigned(line: &[PythonToken<'_>]) -> Vec<String> {
    use PythonToken::{Mark, Name};
    let (mut names, mut rest) = (Vec::new(), line);
    while let Some(end) = rest.iter().position(|token| !matches!(token, Name(_) | Mark(','))) {
        if end == 0 || rest[end] != Mark('=') || rest.get(end + 1) == Some(&Mark('=')) {
            break;
        }
        names.extend(rest[..end].iter().filter_map(|token| match token {
            Name(name) if !name.contains('.') => Some((*name).to_owned()),
            _ => None,
        }));
        rest = &rest[end + 1..];
    }
    names
}

/// Returns the name under which something is imported.
fn imported(words: &[PythonToken<'_>]) -> Option<String> {
    let mut names = words.iter().rev().filter_map(|token| match token {
        PythonToken::Name(name) => Some((*name).to_owned()),
        _ => None,
    });
    names.next()
}

/// Returns the strings of a list that is assigned, or added. Returns `None` if anything else is in it.
fn strings(tokens: &[PythonToken<'_>]) -> Option<Vec<String>> {
    let equals = tokens.iter().position(|token| *token == PythonToken::Mark('='))?;
    let value = &tokens[equals + 1..];
    let mut found = Vec::new();
    for token in value {
        match token {
            PythonToken::Text(text) => found.push(text.clone()),
            PythonToken::Mark('[' | ']' | '(' | ')' | ',') => {}
            _ => return None,
        }
    }
    Some(found)
}
