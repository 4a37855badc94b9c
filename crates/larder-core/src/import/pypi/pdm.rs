//! PDM's tables of a pyproject.toml: <https://pdm-project.org/latest/reference/pep621/>.

use toml::{Table, Value};

use crate::import::{Imported, ImportedRegistry};

use super::index_order::is_pypi;
use super::{ECOSYSTEM, strings};

/// Reads of `[tool.pdm]` what is not about dependencies, and a pdm.toml, PDM's settings of a project.
pub(super) fn settings(pdm: &Table, configuration: Option<&Table>, imported: &mut Imported) {
    for source in sources(pdm, configuration) {
        add_source(&source, imported);
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

/// Returns the sources, with what a pdm.toml says of them, and those that it has alone: `[pypi]` and each `[pypi.NAME]`.
fn sources(pdm: &Table, configuration: Option<&Table>) -> Vec<Table> {
    let listed = pdm.get("source").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_table);
    let mut found: Vec<Table> = listed.cloned().collect();
    let Some(of_pypi) = configuration.and_then(|all| all.get("pypi")?.as_table()) else { return found };
    let (named, own): (Vec<_>, Vec<_>) = of_pypi.iter().partition(|(_, value)| value.is_table());
    let own: Table = own.into_iter().map(|(key, value)| (key.clone(), value.clone())).collect();
    let named = named.into_iter().filter_map(|(name, table)| Some((name.as_str(), table.as_table()?)));
    for (name, told) in std::iter::once(("pypi", &own)).chain(named) {
        match found.iter_mut().find(|source| source.get("name").and_then(Value::as_str) == Some(name)) {
            Some(source) => {
                for (key, value) in told {
                    source.entry(key.clone()).or_insert_with(|| value.clone());
                }
            }
            None if name == "pypi" && !told.contains_key("url") => {}
            None => {
                let mut source = told.clone();
                source.insert("name".to_owned(), name.into());
                found.push(source);
            }
        }
    }
    found
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
    let Some(url) = text("url") else {
        // What is set of PyPI itself.
        if name != "pypi" {
            imported.refuse_guard(what, "it has no `url`: declare the index in `registries`");
        }
        return;
    };
    if is_pypi(url) {
        return;
    }
    if text("username").is_some() || text("password").is_some() {
        let why = "give its registry a line `token env=\"LARDER_TOKEN_…\"`, and set that variable";
        imported.refuse(format!("the user and password of {what}"), why);
    }
    if source.get("verify_ssl").and_then(Value::as_bool) == Some(false) {
        imported.refuse(
            format!("verify_ssl of {what}"),
            "certificates are checked: SSL_CERT_FILE names those of one's own",
        );
    }
    let url = url.strip_prefix("file:///${PROJECT_ROOT}/").unwrap_or(url);
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
        settings(&text.parse().unwrap(), None, &mut imported);
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

    #[test]
    fn all_that_pdm_asks_is_taken_or_told() {
        let url = "url = 'https://corp.example/simple'";
        let extra = format!("[pypi.extra]\n{url}\n");
        for (pyproject, pdm_toml, expected) in [
            ("", format!("[pypi]\n{url}\n"), "pypi None"),
            ("", extra.clone(), "extra Some(1)"),
            ("", "[pypi]\nverify_ssl = true\n".to_owned(), ""),
            ("[[source]]\nname = 'extra'\nurl = 'https://own.example/simple'\n", extra, "extra Some(1)"),
            ("[[source]]\nname = 'extra'\n", String::new(), "tool.pdm.source extra!"),
            (
                "[[source]]\nname = 'c'\nurl = 'https://corp.example/${X}/s'\n",
                String::new(),
                "the registry https://corp.example/$%7BX%7D/s!",
            ),
            (
                "[[source]]\nname = 'c'\nurl = 'https://corp.example/s'\nverify_ssl = false\n",
                "[pypi.c]\nusername = 'u'\npassword = 'p'\n".to_owned(),
                "c Some(1), the user and password of tool.pdm.source c, verify_ssl of tool.pdm.source c",
            ),
        ] {
            let mut imported = Imported::default();
            settings(&pyproject.parse().unwrap(), Some(&pdm_toml.parse().unwrap()), &mut imported);
            let taken = imported.registries.iter().map(|one| format!("{} {:?}", one.name, one.priority));
            let told =
                imported.not_taken.iter().map(|left| format!("{}{}", left.what, if left.guards { "!" } else { "" }));
            assert_eq!(taken.chain(told).collect::<Vec<_>>().join(", "), expected, "{pyproject}\n{pdm_toml}");
        }
        let files = |file: &str| match file {
            "pyproject.toml" => Some("[project]\nname = 'x'\nversion = '1'\n".to_owned()),
            "pdm.toml" => Some("[pypi\n".to_owned()),
            _ => None,
        };
        assert!(crate::import::python(&files).unwrap_err().reason.contains("pdm.toml"));
    }

    #[test]
    fn names_of_overrides_are_those_of_packages() {
        let text = "[resolution.overrides]\nOwn_B = '==1'\n'own.b' = '==2'\n'own-a[x]' = '1'\n";
        let mut imported = Imported::default();
        settings(&text.parse().unwrap(), None, &mut imported);
        let overrides = imported.overrides.iter().map(|(_, name, range)| (&**name, range.as_deref()));
        assert_eq!(overrides.collect::<Vec<_>>(), [("own-b", Some("==1"))]);
        assert_eq!(imported.not_taken.iter().map(|left| &*left.what).collect::<Vec<_>>(), ["override own-a[x] ==1"]);
    }
}
