//! PDM's tables of a pyproject.toml: <https://pdm-project.org/latest/reference/pep621/>.

use toml::{Table, Value};

use crate::import::{Imported, ImportedRegistry};

use super::ECOSYSTEM;

/// Reads of `[tool.pdm]` what is not about dependencies.
pub(super) fn settings(pdm: &Table, imported: &mut Imported) {
    for source in pdm.get("source").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_table) {
        add_source(source, imported);
    }
    if let Some(resolution) = pdm.get("resolution").and_then(Value::as_table) {
        resolve(resolution, imported);
    }
    // A name that begins so is no script, but has what all scripts share.
    let scripts = pdm.get("scripts").and_then(Value::as_table).into_iter().flatten();
    let names: Vec<&str> = scripts.map(|(name, _)| name.as_str()).filter(|name| *name != "_").collect();
    if !names.is_empty() {
        imported.refuse(format!("tool.pdm.scripts {}", names.join(", ")), "`tasks` has what `larder run NAME` runs");
    }
}

/// Reads a pdm.toml, PDM's settings of a project: its `[pypi]` is in PyPI's place.
pub(super) fn configuration(document: &Table, imported: &mut Imported) {
    let Some(index) = document.get("pypi").and_then(Value::as_table) else { return };
    let mut source = index.clone();
    source.insert("name".to_owned(), "pypi".into());
    add_source(&source, imported);
}

/// Takes a source over: one that is called `pypi` is in PyPI's place.
fn add_source(source: &Table, imported: &mut Imported) {
    let text = |key: &str| source.get(key).and_then(Value::as_str);
    let names = |key: &str| strings(source.get(key)).map(str::to_owned).collect::<Vec<_>>();
    let (name, packages) = (text("name").unwrap_or("index"), names("include_packages"));
    let what = format!("tool.pdm.source {name}");
    let excluded = names("exclude_packages");
    if !excluded.is_empty() {
        let why = "a registry has no list of what does not come from it: `packages` of another one claims it";
        imported.refuse(format!("exclude_packages of {what}: {}", excluded.join(", ")), why);
    }
    let Some(url) = text("url") else { return };
    if url.trim_end_matches('/') == "https://pypi.org/simple" {
        return;
    }
    if text("type") == Some("find_links") && packages.is_empty() {
        return imported.add_flat(ECOSYSTEM, text("name"), url);
    }
    let is_default = name == "pypi" && packages.is_empty();
    imported.add_registry(ImportedRegistry {
        ecosystem: ECOSYSTEM,
        name: name.to_owned(),
        url: url.to_owned(),
        priority: (!is_default && packages.is_empty()).then_some(1),
        packages,
        is_flat: text("type") == Some("find_links"),
    });
}

/// Reads `[tool.pdm.resolution]`.
fn resolve(resolution: &Table, imported: &mut Imported) {
    imported.allows_prereleases |= resolution.get("allow-prereleases").and_then(Value::as_bool).unwrap_or_default();
    for (name, wanted) in resolution.get("overrides").and_then(Value::as_table).into_iter().flatten() {
        let text = wanted.as_str().unwrap_or_default().trim();
        if text.is_empty() || text.contains(['/', ':']) {
            imported.refuse(format!("tool.pdm.resolution.overrides {name} {text}"), "an `override` line has a range");
            continue;
        }
        // A bare version is that one.
        let range = if text.starts_with(|c: char| c.is_ascii_digit()) { format!("=={text}") } else { text.to_owned() };
        let range = if range == "*" { ">=0" } else { &range };
        imported.add_override(ECOSYSTEM, name, Some(range));
    }
    for name in strings(resolution.get("excludes")) {
        imported.add_override(ECOSYSTEM, name, None);
    }
}

fn strings(value: Option<&Value>) -> impl Iterator<Item = &str> {
    value.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_overrides_and_scripts_are_taken_or_told() {
        let text = "[[source]]\nname = 'pypi'\nurl = 'https://pypi.org/simple'\nexclude_packages = ['own-*']\n\
                    [[source]]\nname = 'own'\nurl = 'https://own.example/simple'\ninclude_packages = ['own-*']\n\
                    [[source]]\nname = 'more'\nurl = 'https://more.example/simple'\n\
                    [resolution]\nallow-prereleases = true\nexcludes = ['markupsafe']\n\
                    [resolution.overrides]\nblinker = '1.7.0'\nclick = '>=8'\nfar = 'https://host/far.whl'\n\
                    [scripts]\nstart = 'flask run'\n";
        let mut imported = Imported::default();
        settings(&text.parse().unwrap(), &mut imported);
        let registries = imported.registries.iter().map(|one| (&*one.name, one.priority, one.packages.len()));
        assert_eq!(registries.collect::<Vec<_>>(), [("own", None, 1), ("more", Some(1), 0)]);
        let overrides = imported.overrides.iter().map(|(_, name, range)| (&**name, range.as_deref()));
        assert_eq!(
            overrides.collect::<Vec<_>>(),
            [("blinker", Some("==1.7.0")), ("click", Some(">=8")), ("markupsafe", None)]
        );
        assert!(imported.allows_prereleases);
        let told: Vec<&str> = imported.not_taken.iter().map(|left| left.what.as_str()).collect();
        assert_eq!(
            told,
            [
                "exclude_packages of tool.pdm.source pypi: own-*",
                "tool.pdm.resolution.overrides far https://host/far.whl",
                "tool.pdm.scripts start"
            ]
        );
    }
}
