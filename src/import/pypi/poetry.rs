//! Poetry's tables of a pyproject.toml: <https://python-poetry.org/docs/pyproject/>.

use toml::{Table, Value};

use crate::model::Label;

use crate::import::{Imported, ImportedLine, ImportedRegistry};

use super::ECOSYSTEM;

/// Reads `[tool.poetry]`. What `[project]` says counts first.
pub(super) fn read(poetry: &Table, imported: &mut Imported) {
    let text = |key: &str| poetry.get(key).and_then(Value::as_str).map(str::to_owned);
    imported.name = imported.name.take().or_else(|| text("name"));
    imported.version = imported.version.take().or_else(|| text("version"));
    imported.license = imported.license.take().or_else(|| text("license"));
    dependencies(poetry.get("dependencies"), None, imported);
    let groups = poetry.get("group").and_then(Value::as_table).into_iter().flatten();
    let groups = groups.filter_map(|(name, group)| Some((&**name, group.get("dependencies")?)));
    let old = poetry.get("dev-dependencies").map(|list| ("dev", list));
    for (name, list) in groups.chain(old) {
        match name.parse::<Label>() {
            Ok(group) => {
                dependencies(Some(list), Some(&group), imported);
                if imported.lines.iter().any(|line| line.group.as_ref() == Some(&group)) {
                    imported.dev_groups.insert(group);
                }
            }
            Err(_) => imported.refuse(format!("group {name}"), "its name cannot be a group's"),
        }
    }
    for source in poetry.get("source").and_then(Value::as_array).into_iter().flatten() {
        add_source(source, poetry, imported);
    }
}

/// Takes over a source. An explicit one has the packages that name it; what the others are for, their order says, and a manifest
/// has no order.
fn add_source(source: &Value, poetry: &Table, imported: &mut Imported) {
    let text = |key: &str| source.get(key).and_then(Value::as_str);
    let (Some(name), Some(url), Some("explicit")) = (text("name"), text("url"), text("priority")) else {
        let name = text("name").unwrap_or_default();
        return imported.refuse_guard(format!("tool.poetry.source {name}"), "declare the index in `registries`");
    };
    let groups = poetry.get("group").and_then(Value::as_table).into_iter().flatten().map(|(_, group)| group);
    let lists = groups.filter_map(|group| group.get("dependencies")).chain(poetry.get("dependencies"));
    let lines = lists.filter_map(Value::as_table).flatten();
    let is_from_it = |line: &Value| line.get("source").and_then(Value::as_str) == Some(name);
    imported.add_registry(ImportedRegistry {
        ecosystem: ECOSYSTEM,
        name: name.to_owned(),
        url: url.to_owned(),
        packages: lines.filter(|(_, line)| is_from_it(line)).map(|(package, _)| package.clone()).collect(),
        priority: None,
    });
}

fn dependencies(list: Option<&Value>, group: Option<&Label>, imported: &mut Imported) {
    for (name, value) in list.and_then(Value::as_table).into_iter().flatten() {
        let constraints = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
        for constraint in constraints {
            dependency(name, constraint, group, imported);
        }
    }
}

fn dependency(name: &str, value: &Value, group: Option<&Label>, imported: &mut Imported) {
    let text = |key: &str| value.get(key).and_then(Value::as_str);
    let range = value.as_str().or_else(|| text("version")).unwrap_or("*");
    let Some(specifier) = specifier(range) else {
        return imported.refuse(format!("{name} {range}"), "its range is none that is known");
    };
    if name == "python" {
        if imported.runtimes.python.is_empty() {
            imported.runtimes.python.push(specifier);
        }
        return;
    }
    if ["git", "url", "path", "file"].iter().any(|key| value.get(key).is_some()) {
        return imported.refuse(format!("{name} {value}"), "it is from no registry: use `path`, or publish it to one");
    }
    let extras: Vec<&str> =
        value.get("extras").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
    let platform = text("platform").map(|platform| format!("sys_platform == '{platform}'"));
    let conditions: Vec<String> = text("markers").map(str::to_owned).into_iter().chain(platform).collect();
    imported.take(ImportedLine {
        group: group.cloned(),
        ecosystem: ECOSYSTEM,
        name: if extras.is_empty() { name.to_owned() } else { format!("{name}[{}]", extras.join(",")) },
        range: Some(specifier).filter(|range| !range.is_empty()),
        catalog: None,
        when: (!conditions.is_empty()).then(|| conditions.join(" and ")),
        // Poetry's `optional` is that of an extra, which asks for it by name.
        optional: false,
    });
}

/// Returns Poetry's constraint as a PEP 440 specifier: `^1.2` is `>=1.2,<2`, `~1.2` is `>=1.2,<1.3`, `1.2` is `==1.2`.
fn specifier(text: &str) -> Option<String> {
    let mut parts = Vec::new();
    for part in text.split([',']).map(str::trim).filter(|part| !part.is_empty()) {
        if part == "*" {
            continue;
        }
        let (mark, version) = part.split_at(part.find(|c: char| c.is_ascii_digit() || c == 'v')?);
        let numbers: Vec<u64> = version.trim().split('.').map_while(|number| number.parse().ok()).collect();
        let up_to = |place: usize| {
            let raised = numbers.get(place).copied().unwrap_or_default() + 1;
            let kept = numbers.iter().take(place).map(u64::to_string).chain([raised.to_string()]);
            format!(">={version},<{}", kept.collect::<Vec<_>>().join("."))
        };
        parts.push(match mark.trim() {
            "^" => up_to(numbers.iter().position(|number| *number > 0).unwrap_or(numbers.len().saturating_sub(1))),
            "~" => up_to(numbers.len().min(2) - usize::from(!numbers.is_empty())),
            "" | "=" => format!("=={version}"),
            mark => format!("{mark}{version}"),
        });
    }
    let specifier = parts.join(",");
    specifier.parse::<pep440_rs::VersionSpecifiers>().ok().map(|_| specifier)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constraints_become_specifiers() {
        for (constraint, specifier) in [
            ("^1.2.3", ">=1.2.3,<2"),
            ("^0.3", ">=0.3,<0.4"),
            ("^0.0.3", ">=0.0.3,<0.0.4"),
            ("^0", ">=0,<1"),
            ("~1.2.3", ">=1.2.3,<1.3"),
            ("~1.2", ">=1.2,<1.3"),
            ("~1", ">=1,<2"),
            ("1.2", "==1.2"),
            ("1.2.*", "==1.2.*"),
            (">=1,<3", ">=1,<3"),
            ("*", ""),
            (">=3.11,<4.0, !=3.12.1", ">=3.11,<4.0,!=3.12.1"),
        ] {
            assert_eq!(super::specifier(constraint).as_deref(), Some(specifier), "{constraint}");
        }
        assert_eq!(specifier("1 || 2"), None);
    }
}
