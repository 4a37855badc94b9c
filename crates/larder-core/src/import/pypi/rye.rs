//! Rye's tables of a pyproject.toml (<https://rye.astral.sh/guide/pyproject/>), but for its `dev-dependencies`.

use toml::{Table, Value};

use crate::import::Imported;

use super::index_order::{OrderedIndex, add_ordered};
use super::{ECOSYSTEM, strings};

/// Reads `[tool.rye]`: members, sources, and what has no counterpart.
pub(super) fn settings(rye: &Table, imported: &mut Imported) {
    match rye.get("workspace") {
        Some(Value::Table(workspace)) => {
            strings(workspace.get("members")).for_each(|glob| imported.add_member(glob));
        }
        Some(_) => imported.refuse("tool.rye.workspace", "`members` names the folders"),
        None => {}
    }
    let sources = rye.get("sources").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_table);
    let (mut order, mut usual) = (Vec::new(), OrderedIndex::PYPI);
    for index in sources.filter_map(|source| index(source, imported)) {
        // It is in PyPI's place.
        if index.name == "default" { usual = index } else { order.push(index) }
    }
    order.push(usual);
    add_ordered(&order, imported);
    let scripts = rye.get("scripts").and_then(Value::as_table).into_iter().flatten();
    let names: Vec<&str> = scripts.map(|(name, _)| name.as_str()).collect();
    if !names.is_empty() {
        imported.refuse(format!("tool.rye.scripts {}", names.join(", ")), "`tasks` has what `larder run NAME` runs");
    }
    for text in strings(rye.get("constraint-dependencies")) {
        let why = "write an `override` line, or narrow the range of who asks";
        imported.refuse(format!("tool.rye.constraint-dependencies {text}"), why);
    }
}

/// Returns the index that a source is, if it is one.
fn index<'t>(source: &'t Table, imported: &mut Imported) -> Option<OrderedIndex<'t>> {
    let text = |key: &str| source.get(key).and_then(Value::as_str);
    let name = text("name").unwrap_or("index");
    let Some(url) = text("url") else {
        imported.refuse_guard(format!("tool.rye.sources {name}"), "declare the index in `registries`");
        return None;
    };
    if text("type") == Some("find-links") {
        imported.add_flat(ECOSYSTEM, Some(name), url);
        return None;
    }
    Some(OrderedIndex { name, ..OrderedIndex::of(url) })
}

#[cfg(test)]
mod tests {
    use crate::import::pyproject;
    use crate::model::Label;

    #[test]
    fn members_sources_and_development_are_taken_and_scripts_told() {
        let text = "[project]\nname = 'w'\nversion = '1'\ndependencies = ['idna']\n\
                    [tool.rye]\nmanaged = true\nvirtual = true\ndev-dependencies = ['mypy>=1']\n\
                    [tool.rye.workspace]\nmembers = ['libs/*']\n[tool.rye.scripts]\nserve = 'python -V'\n\
                    [[tool.rye.sources]]\nname = 'corp'\nurl = 'https://corp.example/simple'\n\
                    [[tool.rye.sources]]\nname = 'default'\nurl = 'https://all.example/simple'\n\
                    [[tool.rye.sources]]\nname = 'odd'\n";
        let imported = pyproject(text).unwrap();
        assert_eq!(imported.members, ["libs/*"]);
        let lines: Vec<(Option<&str>, &str)> =
            imported.lines.iter().map(|line| (line.group.as_ref().map(Label::as_str), &*line.name)).collect();
        assert_eq!(lines, [(None, "idna"), (Some("dev"), "mypy")]);
        let registries: Vec<_> = imported.registries.iter().map(|one| (&*one.name, one.priority)).collect();
        assert_eq!(registries, [("corp", Some(1)), ("pypi", None)]);
        let told: Vec<(&str, bool)> = imported.not_taken.iter().map(|left| (&*left.what, left.guards)).collect();
        assert_eq!(told, [("tool.rye.sources odd", true), ("tool.rye.scripts serve", false)]);
    }
}
