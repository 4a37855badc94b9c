//! Poetry's tables, for a pyproject.toml without `[project]`, or one whose `[project]` leaves the dependencies to them.

use std::collections::BTreeMap;

use toml::{Table, Value};

use super::project_table::{GroupItem, ProjectTable};

/// Completes `[project]` from `[tool.poetry]`. Returns `None` if both are missing.
pub(super) fn completed(
    project: Option<ProjectTable>,
    poetry: Option<&Table>,
    groups: &mut BTreeMap<String, Vec<GroupItem>>,
) -> Option<ProjectTable> {
    let Some(poetry) = poetry else { return project };
    let word = |key: &str| poetry.get(key).and_then(Value::as_str).map(str::to_owned);
    let has_own = project.is_some();
    let mut project = project.unwrap_or_default();
    project.name = project.name.or_else(|| word("name"));
    project.version = project.version.or_else(|| word("version"));
    if project.scripts.is_none() {
        project.scripts = poetry.get("scripts").and_then(Value::as_table).cloned();
    }
    let is_left = !has_own || project.dynamic.iter().any(|field| field == "dependencies");
    if let Some(own) = poetry.get("dependencies").and_then(Value::as_table).filter(|_| is_left) {
        project.dynamic.retain(|field| !matches!(field.as_str(), "dependencies" | "optional-dependencies"));
        let python = own.get("python").and_then(Value::as_str).and_then(specifier);
        project.requires_python = project.requires_python.or(python);
        for (name, wanted) in own.iter().filter(|(name, wanted)| *name != "python" && !is_optional(wanted)) {
            for item in items(name, wanted) {
                match item {
                    GroupItem::Folder(folder) => project.folders.push(folder),
                    GroupItem::Requirement(text) => project.dependencies.push(text),
                    GroupItem::Include { .. } => {}
                }
            }
        }
        for (extra, names) in poetry.get("extras").and_then(Value::as_table).into_iter().flatten() {
            let names = names.as_array().into_iter().flatten().filter_map(Value::as_str);
            let texts = names.filter_map(|name| Some(items(name, own.get(name)?))).flatten();
            let texts =
                texts.filter_map(|item| if let GroupItem::Requirement(text) = item { Some(text) } else { None });
            project.optional_dependencies.entry(extra.clone()).or_default().extend(texts);
        }
    }
    let named = poetry.get("group").and_then(Value::as_table).into_iter().flatten();
    let named = named.filter_map(|(name, group)| Some((name.as_str(), group.get("dependencies")?.as_table()?)));
    let older = poetry.get("dev-dependencies").and_then(Value::as_table).map(|group| ("dev", group));
    for (name, group) in named.chain(older) {
        let items = group.iter().flat_map(|(name, wanted)| items(name, wanted));
        groups.entry(name.to_owned()).or_default().extend(items);
    }
    Some(project)
}

fn is_optional(wanted: &Value) -> bool {
    wanted.get("optional") == Some(&Value::Boolean(true))
}

/// Parses an entry of a table of dependencies. A list has one requirement for each condition.
fn items(name: &str, wanted: &Value) -> Vec<GroupItem> {
    let table = match wanted {
        Value::Array(several) => return several.iter().flat_map(|wanted| items(name, wanted)).collect(),
        Value::Table(table) => table,
        wanted => {
            let text = wanted
                .as_str()
                .and_then(specifier)
                .map_or_else(|| unreadable(name, wanted), |range| format!("{name}{range}"));
            return vec![GroupItem::Requirement(text)];
        }
    };
    let word = |key: &str| table.get(key).and_then(Value::as_str);
    if let Some(folder) = word("path").filter(|path| !is_archive(path)) {
        return vec![GroupItem::Folder(folder.to_owned())];
    }
    let elsewhere = word("git")
        .map(|url| format!("git+{url}"))
        .or_else(|| word("url").or(word("file")).or(word("path")).map(str::to_owned));
    let extras: Vec<&str> =
        table.get("extras").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
    let mut text = name.to_owned();
    if !extras.is_empty() {
        text = format!("{text}[{}]", extras.join(","));
    }
    match (elsewhere, word("version").unwrap_or("*")) {
        (Some(url), _) => text = format!("{text} @ {url}"),
        (None, range) => match specifier(range) {
            Some(range) => text.push_str(&range),
            None => return vec![GroupItem::Requirement(unreadable(name, wanted))],
        },
    }
    let mut conditions: Vec<String> = word("markers").map(|marker| format!("({marker})")).into_iter().collect();
    conditions.extend(word("platform").map(|platform| format!("sys_platform == '{platform}'")));
    let python = word("python").and_then(specifier).unwrap_or_default();
    for clause in python.split(',').filter(|clause| !clause.is_empty()) {
        let (operator, version) = clause.split_at(clause.find(|c: char| c.is_ascii_digit()).unwrap_or(clause.len()));
        conditions.push(format!("python_full_version {operator} '{version}'"));
    }
    if !conditions.is_empty() {
        text = format!("{text} ; {}", conditions.join(" and "));
    }
    vec![GroupItem::Requirement(text)]
}

fn is_archive(path: &str) -> bool {
    [".whl", ".tar.gz", ".zip"].iter().any(|end| path.ends_with(end))
}

/// Returns a text that fails to parse as a requirement, so that the error quotes the entry.
fn unreadable(name: &str, wanted: &Value) -> String {
    format!("{name} {wanted}")
}

/// Converts a range of Poetry's to a PEP 440 specifier. Returns `None` if it cannot be expressed as one.
fn specifier(range: &str) -> Option<String> {
    if range.contains('|') {
        return None;
    }
    let clauses = range.split(',').map(str::trim).filter(|clause| !clause.is_empty() && *clause != "*");
    clauses.map(clause).collect::<Option<Vec<_>>>().map(|clauses| clauses.join(","))
}

fn clause(text: &str) -> Option<String> {
    let bounded = |version: &str, fixed: fn(&[u64]) -> usize| {
        let version = version.trim();
        let end = version.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(version.len());
        let release = version[..end].trim_end_matches('.').split('.').map(str::parse);
        let mut release: Vec<u64> = release.collect::<Result<_, _>>().ok()?;
        let last = fixed(&release);
        release.truncate(last + 1);
        *release.get_mut(last)? += 1;
        let upper: Vec<_> = release.iter().map(u64::to_string).collect();
        Some(format!(">={version},<{}", upper.join(".")))
    };
    if let Some(version) = text.strip_prefix('^') {
        return bounded(version, |release| release.iter().position(|part| *part > 0).unwrap_or(release.len() - 1));
    }
    if let Some(version) = text.strip_prefix('~').filter(|version| !version.starts_with('=')) {
        return bounded(version, |release| usize::from(release.len() > 1));
    }
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        return Some(format!("=={text}"));
    }
    Some(text.chars().filter(|c| !c.is_whitespace()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_written_as_specifiers() {
        for (range, expected) in [
            ("^1.2.3", ">=1.2.3,<2"),
            ("^1.2", ">=1.2,<2"),
            ("^0.2.3", ">=0.2.3,<0.3"),
            ("^0.0.3", ">=0.0.3,<0.0.4"),
            ("^0.0", ">=0.0,<0.1"),
            ("^0", ">=0,<1"),
            ("^1.2b1", ">=1.2b1,<2"),
            ("~1.2.3", ">=1.2.3,<1.3"),
            ("~1", ">=1,<2"),
            ("~=1.2", "~=1.2"),
            ("1.2.3", "==1.2.3"),
            ("1.2.*", "==1.2.*"),
            (">= 1, <2", ">=1,<2"),
            ("*", ""),
        ] {
            assert_eq!(specifier(range).as_deref(), Some(expected), "{range}");
        }
        assert_eq!(specifier("^1 || ^2"), None);
        assert_eq!(specifier("^x"), None);
    }
}
