//! Pixi's tables of a pyproject.toml: <https://pixi.sh/latest/python/pyproject_toml/>.

use toml::{Table, Value};

use crate::import::Imported;

use super::index_order::{OrderedIndex, add_ordered};
use super::{ECOSYSTEM, pep508, strings};

const CONDA: &str = "packages of conda channels are not read: `larder add` takes those that PyPI and npm have";

/// Reads `[tool.pixi]`: what it takes from PyPI and the indexes that it asks. Packages of conda are told of, and so is what only some
/// environments have.
pub(super) fn settings(pixi: &Table, own_name: Option<&str>, imported: &mut Imported) {
    for (name, wanted) in table(pixi, "pypi-dependencies") {
        add_dependency(name, wanted, own_name, imported);
    }
    let options = pixi.get("pypi-options").and_then(Value::as_table);
    if let Some(options) = options {
        indexes(options, imported);
    }
    let conda: Vec<&str> =
        table(pixi, "dependencies").map(|(name, _)| name.as_str()).filter(|name| *name != "python").collect();
    if !conda.is_empty() {
        imported.refuse(format!("tool.pixi.dependencies {}", conda.join(", ")), CONDA);
    }
    for key in ["feature", "target"] {
        for (name, part) in table(pixi, key) {
            let what = format!("tool.pixi.{key}.{name}");
            match part.get("pypi-options").and_then(Value::as_table) {
                Some(_) => imported.refuse_guard(what, "declare its index in `registries`"),
                None => imported.refuse(what, "write a group, and let an environment include it"),
            }
        }
    }
    let tasks: Vec<&str> = table(pixi, "tasks").map(|(name, _)| name.as_str()).collect();
    if !tasks.is_empty() {
        imported.refuse(format!("tool.pixi.tasks {}", tasks.join(", ")), "`tasks` has what `larder run NAME` runs");
    }
}

fn table<'t>(of: &'t Table, key: &str) -> impl Iterator<Item = (&'t String, &'t Value)> {
    of.get(key).and_then(Value::as_table).into_iter().flatten()
}

/// Takes over a range, `{ version, extras }`, or a folder that is not the project's own.
fn add_dependency(name: &str, wanted: &Value, own_name: Option<&str>, imported: &mut Imported) {
    let specifier = |range: &str| match range.trim() {
        "*" | "" => Some(String::new()),
        range if range.starts_with(|c: char| c.is_ascii_digit()) => Some(format!("=={range}")),
        range => Some(range.to_owned()),
    };
    let text = |key: &str| wanted.get(key).and_then(Value::as_str);
    let is_own = text("path").is_some_and(|path| matches!(path.trim_end_matches('/'), "" | "."))
        || own_name.is_some_and(|own| own.eq_ignore_ascii_case(name));
    if is_own {
        return;
    }
    let extras: Vec<&str> = strings(wanted.get("extras")).collect();
    let is_simple =
        wanted.as_table().is_none_or(|table| table.keys().all(|key| matches!(key.as_str(), "version" | "extras")));
    let range = wanted.as_str().or_else(|| text("version")).and_then(specifier);
    match range.filter(|_| is_simple) {
        Some(range) if extras.is_empty() => pep508::take(imported, &format!("{name}{range}"), None),
        Some(range) => pep508::take(imported, &format!("{name}[{}]{range}", extras.join(",")), None),
        // Where a package comes from keeps others of its name out.
        None => {
            let why = "write its line: `path` has a folder, `git=`, `url=` and `registry=` say where it comes from";
            imported.refuse_guard(format!("tool.pixi.pypi-dependencies {name}"), why);
        }
    }
}

/// Reads the indexes.
fn indexes(options: &Table, imported: &mut Imported) {
    let usual = options.get("index-url").and_then(Value::as_str).map_or(OrderedIndex::PYPI, OrderedIndex::of);
    let order: Vec<_> = strings(options.get("extra-index-urls")).map(OrderedIndex::of).chain([usual]).collect();
    add_ordered(&order, imported);
    for links in options.get("find-links").and_then(Value::as_array).into_iter().flatten() {
        match links.get("path").or_else(|| links.get("url")).and_then(Value::as_str) {
            Some(place) => imported.add_flat(ECOSYSTEM, None, place),
            None => imported.refuse_guard("tool.pixi.pypi-options.find-links", "declare the folder in `registries`"),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::import::entries::ImportedLine;
    use crate::import::pyproject;

    #[test]
    fn what_pypi_has_is_taken_and_what_conda_has_told() {
        let text = "[project]\nname = 'w'\nversion = '1'\n\
                    [tool.pixi.dependencies]\nnodejs = '20.*'\npython = '3.12.*'\n\
                    [tool.pixi.pypi-dependencies]\nw = { path = '.', editable = true }\nrich = '>=13'\nsix = '*'\n\
                    idna = { version = '3.6', extras = ['all'] }\nforked = { git = 'https://host/x' }\n\
                    [tool.pixi.feature.cuda.dependencies]\ncuda = '12.*'\n[tool.pixi.tasks]\nstart = 'x'\n\
                    [tool.pixi.pypi-options]\nextra-index-urls = ['https://corp.example/simple']\n";
        let imported = pyproject(text).unwrap();
        let lines: Vec<_> = imported.lines.iter().map(ImportedLine::what).collect();
        assert_eq!(lines, ["pypi idna[all] ==3.6", "pypi rich >=13", "pypi six"]);
        assert_eq!(imported.registries[0].url, "https://corp.example/simple");
        let told: Vec<(&str, bool)> = imported.not_taken.iter().map(|left| (&*left.what, left.guards)).collect();
        assert_eq!(
            told,
            [
                ("tool.pixi.pypi-dependencies forked", true),
                ("tool.pixi.dependencies nodejs", false),
                ("tool.pixi.feature.cuda", false),
                ("tool.pixi.tasks start", false)
            ]
        );
    }
}
