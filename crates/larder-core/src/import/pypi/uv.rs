//! uv's tables of a pyproject.toml: <https://docs.astral.sh/uv/reference/settings/>.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use toml::{Table, Value};

use crate::import::Imported;
use crate::model::{Marker, Platform, PythonVersion, Requirement};

use super::index_order::{OrderedIndex, add_claiming, add_ordered, is_pypi};
use super::{ECOSYSTEM, strings};

/// Reads `[tool.uv]`, but for its dependencies and sources. `from_index` has the packages that a source takes from an index.
pub(super) fn settings(uv: &Table, from_index: &BTreeMap<String, Vec<String>>, imported: &mut Imported) {
    if let Some(workspace) = uv.get("workspace").and_then(Value::as_table) {
        strings(workspace.get("members")).for_each(|glob| imported.add_member(glob));
        strings(workspace.get("exclude")).for_each(|glob| imported.add_member(format!("!{glob}")));
    }
    for (name, source) in uv.get("sources").and_then(Value::as_table).into_iter().flatten() {
        let sources = source.as_array().into_iter().flatten();
        let indexes: BTreeSet<&str> = sources.filter_map(|source| source.get("index")?.as_str()).collect();
        if indexes.len() > 1 {
            let indexes = indexes.into_iter().collect::<Vec<_>>().join(" or ");
            imported.refuse_guard(
                format!("tool.uv.sources {name} from {indexes}"),
                "a line has one registry: write one for each, with `registry=` and `when=` or in the group that it is for",
            );
        }
    }
    tell_unknown_indexes(uv, from_index, imported);
    indexes(uv, from_index, imported);
    // What `uv pip` asks besides, or instead.
    if let Some(of_pip) = uv.get("pip").and_then(Value::as_table) {
        indexes(of_pip, &BTreeMap::new(), imported);
    }
    for text in strings(uv.get("override-dependencies")) {
        take_override(text, imported);
    }
    for text in strings(uv.get("constraint-dependencies")) {
        imported.refuse(
            format!("constraint-dependencies {text}"),
            "write an `override` line, or narrow the range of who asks",
        );
    }
    for text in strings(uv.get("exclude-dependencies")) {
        imported.add_override(ECOSYSTEM, text.trim(), None);
    }
    match uv.get("prerelease").and_then(Value::as_str) {
        Some("allow") => imported.allows_prereleases = true,
        None | Some("if-necessary-or-explicit" | "explicit" | "if-necessary") => {}
        Some(other) => imported.refuse(
            format!("tool.uv.prerelease {other}"),
            "pre-releases are allowed, or taken where nothing else is there",
        ),
    }
    for (key, why) in NOT_TAKEN {
        if uv.contains_key(key) {
            imported.refuse(format!("tool.uv.{key}"), why);
        }
    }
    for (key, what) in [("build-constraint-dependencies", "constraints"), ("extra-build-dependencies", "packages")] {
        if uv.contains_key(key) {
            let why = format!("`requires` in the block of an `allow` line under `builds` has {what} of a build");
            imported.refuse(format!("tool.uv.{key}"), why);
        }
    }
    if let Some(value) = uv.get("exclude-newer") {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        match (instant(&text), span(&text)) {
            (Some(instant), _) => imported.released_before = Some(instant.to_string()),
            (None, Some(age)) => imported.demand_age(ECOSYSTEM, age),
            (None, None) => imported.refuse_guard(
                format!("exclude-newer {text}"),
                "`released-before` in `resolution` takes an instant, and `age` in `policy` a span of time",
            ),
        }
    }
    for (name, value) in uv.get("exclude-newer-package").and_then(Value::as_table).into_iter().flatten() {
        match (value.as_bool(), value.as_str().and_then(instant)) {
            (Some(false), _) => imported.exempt_from_age(ECOSYSTEM, name),
            (_, Some(instant)) => imported.exempt_from_age_before(ECOSYSTEM, name, instant),
            // A way to write that any age will do.
            _ if value.as_str().and_then(span).is_some_and(|age| age <= Duration::from_secs(60)) => {
                imported.exempt_from_age(ECOSYSTEM, name);
            }
            _ => imported.refuse_guard(
                format!("exclude-newer-package {name}"),
                "`exempt` in the block of `age` takes an instant",
            ),
        }
    }
}

/// Reads the indexes, by `index` and by the names of before.
fn indexes(uv: &Table, from_index: &BTreeMap<String, Vec<String>>, imported: &mut Imported) {
    let listed = uv.get("index").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_table);
    let (mut claims, mut general) = (Vec::new(), Vec::new());
    let mut default: Option<OrderedIndex<'_>> = None;
    for index in listed {
        let is_set = |key: &str| index.get(key).and_then(Value::as_bool).unwrap_or_default();
        let Some(found) = index_of(index) else { continue };
        let name = index.get("name").and_then(Value::as_str).unwrap_or(found.name);
        match from_index.get(name) {
            // One of which no package comes alone is asked by the lines that name it.
            Some(packages) if is_set("explicit") || !packages.is_empty() => claims.push((found, packages)),
            None if is_set("explicit") && !is_pypi(found.url) => {
                imported.refuse(format!("index {name}"), "it is explicit, and no source names it");
            }
            _ => {}
        }
        match (is_set("explicit"), is_set("default")) {
            (true, _) => {}
            (false, true) => default = default.or(Some(found)),
            (false, false) if found.is_flat => {
                imported.add_flat(ECOSYSTEM, index.get("name").and_then(Value::as_str), found.url);
            }
            (false, false) => general.push(found),
        }
    }
    general.extend(strings(uv.get("extra-index-url")).map(OrderedIndex::of));
    let usual = uv.get("index-url").and_then(Value::as_str);
    if let (Some(default), Some(_)) = (default, usual.filter(|usual| default.is_some_and(|one| one.url != *usual))) {
        let why = format!("{} is the usual one already: declare it in `registries`, with its `packages`", default.url);
        imported.refuse_guard("tool.uv.index-url", why);
    }
    general.push(default.or(usual.map(OrderedIndex::of)).unwrap_or(OrderedIndex::PYPI));
    for (index, packages) in claims {
        let is_first =
            general.first().is_some_and(|first| first.url == index.url || is_pypi(first.url) && is_pypi(index.url));
        if !is_first || general.len() > 1 && !is_pypi(index.url) {
            add_claiming(index, packages.clone(), imported);
        }
    }
    add_ordered(&general, imported);
    for url in strings(uv.get("find-links")) {
        imported.add_flat(ECOSYSTEM, None, url);
    }
    if uv.get("no-index").and_then(Value::as_bool).unwrap_or_default() {
        imported.refuse_guard("tool.uv.no-index", "name the registry or the folder that replaces PyPI");
    }
}

/// Stops for sources whose index is none of those that are named: in a file of the user's, it would be.
fn tell_unknown_indexes(uv: &Table, from_index: &BTreeMap<String, Vec<String>>, imported: &mut Imported) {
    let listed = uv.get("index").and_then(Value::as_array).into_iter().flatten();
    let known: BTreeSet<&str> = listed.filter_map(|index| index.get("name")?.as_str()).collect();
    for (index, packages) in from_index.iter().filter(|(index, _)| !known.contains(index.as_str())) {
        let what = format!("tool.uv.sources {} from {index}", packages.join(", "));
        imported.refuse_guard(what, "no index has this name: declare it in `registries`, with its `packages`");
    }
}

/// Settings that change what is locked and have no counterpart, each with the way on.
const NOT_TAKEN: [(&str, &str); 10] = [
    ("resolution", "the newest versions are taken: narrow the ranges of lines where lower ones are meant"),
    ("fork-strategy", "there is one version for all platforms where that is possible"),
    ("environments", "`platforms` has the systems that are locked for"),
    ("required-environments", "`platforms` has the systems that are locked for"),
    (
        "dependency-metadata",
        "`extend` in `resolution` adds what a package does not declare, and `override` changes what it does",
    ),
    ("index-strategy", "a package comes from the first registry that has it, or from the one that a line names"),
    ("no-binary", "wheels are taken where there are any"),
    ("no-binary-package", "wheels are taken where there are any"),
    ("no-build", "nothing is built but what `builds` allows"),
    ("no-build-package", "nothing is built but what `builds` allows"),
];

/// Takes an override over: what it says takes the place of all that asks for the package. One whose marker holds nowhere takes the
/// package out.
fn take_override(text: &str, imported: &mut Imported) {
    let why = match Requirement::from_pep508(text) {
        Ok(wanted) => {
            let name = wanted.name().as_str();
            if !wanted.extras().is_empty() {
                let why = "an `override` line has no extras: those count that packages ask for";
                imported.refuse(format!("the extras of override-dependencies {text}"), why);
            }
            match wanted.marker().filter(|marker| !marker.is_always()) {
                None if wanted.accepts_any_version() => {
                    return imported.add_override(ECOSYSTEM, name, Some(ANY_VERSION));
                }
                None => return imported.add_override(ECOSYSTEM, name, Some(&wanted.range_text())),
                Some(marker) if holds_nowhere(marker) => return imported.add_override(ECOSYSTEM, name, None),
                Some(_) => "an `override` line holds on all platforms",
            }
        }
        Err(_) => "an `override` line has a name and a range",
    };
    imported.refuse(format!("override-dependencies {text}"), why);
}

/// The range of an override that only takes others' ranges away.
const ANY_VERSION: &str = ">=0";

/// Returns whether a marker holds on no platform for any Python 3.
fn holds_nowhere(marker: &Marker) -> bool {
    let pythons = (0..=30).map(|minor| PythonVersion { major: 3, minor, patch: 0 });
    !pythons.into_iter().any(|python| Platform::ALL.iter().any(|&platform| marker.holds(platform, &python, &[])))
}

/// Reads an instant. A date alone is its end.
fn instant(text: &str) -> Option<jiff::Timestamp> {
    text.parse().ok().or_else(|| {
        let start: jiff::Timestamp = format!("{text}T00:00:00Z").parse().ok()?;
        Some(start + jiff::SignedDuration::from_hours(24))
    })
}

/// Reads a span of time: `7 days`, `P7D`.
fn span(text: &str) -> Option<Duration> {
    let span: jiff::Span = text.parse().ok()?;
    span.to_duration(jiff::SpanRelativeTo::days_are_24_hours()).ok()?.try_into().ok()
}

/// Returns what an entry of `index` names.
fn index_of(index: &Table) -> Option<OrderedIndex<'_>> {
    let text = |key: &str| index.get(key).and_then(Value::as_str);
    let url = text("url")?;
    let unnamed = OrderedIndex::of(url);
    let name = text("name").unwrap_or(unnamed.name);
    Some(OrderedIndex { name, is_flat: text("format") == Some("flat"), ..unnamed })
}

#[cfg(test)]
mod tests {
    use super::super::pyproject::python;
    use crate::import::Imported;

    fn read(pyproject: &str, uv_toml: &str) -> Imported {
        let project = format!("[project]\nname = 'x'\nversion = '1'\ndependencies = ['tx']\n{pyproject}");
        let files = |file: &str| match file {
            "pyproject.toml" => Some(project.clone()),
            "uv.toml" => Some(uv_toml.to_owned()).filter(|text| !text.is_empty()),
            _ => None,
        };
        python(&files).unwrap()
    }

    #[test]
    fn uv_toml_sets_what_the_table_sets() {
        let index = "[[index]]\nname = 'corp'\nurl = 'https://corp.example/simple'\ndefault = true\n";
        let imported =
            read("", &format!("exclude-newer = '2024-01-01T00:00:00Z'\nexclude-dependencies = ['idna']\n{index}"));
        assert_eq!(imported.registries[0].url, "https://corp.example/simple");
        assert_eq!(imported.released_before.as_deref(), Some("2024-01-01T00:00:00Z"));
        assert_eq!(imported.overrides[0].1, "idna");
        let imported =
            read("[tool.uv]\nindex-url = 'https://a.example/simple'\n", "index-url = 'https://b.example/simple'\n");
        assert_eq!(imported.registries[0].url, "https://b.example/simple");
    }

    #[test]
    fn every_way_to_name_an_index_is_taken_or_stops() {
        for (text, registries, guards) in [
            ("index-url = 'https://a.example/s'", vec![("pypi", None, false)], 0),
            ("extra-index-url = ['https://a.example/s']", vec![("a-example", Some(1), false)], 0),
            ("find-links = ['wheels']", vec![("wheels", Some(1), true)], 0),
            ("find-links = ['wheels']\nno-index = true", vec![("wheels", Some(1), true)], 1),
            ("no-index = false", Vec::new(), 0),
            ("[tool.uv.pip]\nindex-url = 'https://a.example/s'", vec![("pypi", None, false)], 0),
            (
                "[tool.uv.pip]\nextra-index-url = ['https://a.example/s']\nno-index = true",
                vec![("a-example", Some(1), false)],
                1,
            ),
            ("index-url = 'https://me:secret@a.example/s'", Vec::new(), 1),
        ] {
            let imported = read(&format!("[tool.uv]\n{text}\n"), "");
            let taken = imported.registries.iter().map(|one| (&*one.name, one.priority, one.is_flat));
            assert_eq!(taken.collect::<Vec<_>>(), registries, "{text}");
            assert_eq!(imported.not_taken.iter().filter(|left| left.guards).count(), guards, "{text}");
        }
    }

    /// Returns the registries, and what stops.
    fn told(imported: &Imported) -> String {
        let taken = imported.registries.iter().map(|one| {
            let host = one.url.trim_start_matches("https://").split('.').next().unwrap_or_default();
            format!("{}={host} {} {}", one.name, one.priority.unwrap_or_default(), one.packages.join("+"))
        });
        let stops = imported.not_taken.iter().filter(|left| left.guards).map(|left| format!("stop: {}", left.what));
        taken.chain(stops).map(|line| line.trim_end().to_owned()).collect::<Vec<_>>().join(", ")
    }

    #[test]
    fn sources_keep_the_indexes_that_they_name() {
        let index = |name: &str, more: &str| {
            format!("[[tool.uv.index]]\nname = '{name}'\nurl = 'https://{name}.example/s'\n{more}\n")
        };
        let of_corp = "[tool.uv.sources]\ntx = {index = 'corp'}\n";
        let mirror = "[[index]]\nname = 'mirror'\nurl = 'https://mirror.example/s'\ndefault = true\n";
        let pypi = "[[tool.uv.index]]\nname = 'pypi'\nurl = 'https://pypi.org/simple'\n";
        for (pyproject, uv_toml, expected) in [
            (index("corp", "explicit = true") + of_corp, "", "corp=corp 0 tx"),
            (index("corp", "explicit = true") + of_corp, mirror, "corp=corp 0 tx, pypi=mirror 0"),
            (index("corp", "") + of_corp, mirror, "corp=corp 0 tx, pypi=mirror 0"),
            (index("other", "") + &index("corp", "default = true") + of_corp, mirror, "corp=corp 0 tx, pypi=mirror 0"),
            (of_corp.to_owned(), mirror, "pypi=mirror 0, stop: tool.uv.sources tx from corp"),
            // It is asked for everything, too.
            (index("corp", "") + of_corp, "", "corp=corp 0 tx, corp-2=corp 1"),
            (index("corp", "default = true") + of_corp, "", "pypi=corp 0"),
            (index("a", "") + &index("b", ""), "", "a=a 2, b=b 1"),
            (format!("{pypi}{}", index("b", "")), "", "pypi=pypi 2, b=b 1"),
            (
                format!("{}{pypi}explicit = true\n{}", index("b", ""), of_corp.replace("corp", "pypi")),
                "",
                "pypi-public=pypi 0 tx, b=b 1",
            ),
        ] {
            assert_eq!(told(&read(&pyproject, uv_toml)), expected, "{pyproject}\n{uv_toml}");
        }
        let both = read(&(index("corp", "") + &index("other", "") + of_corp), mirror);
        assert!(both.not_taken.iter().any(|left| left.what == "tool.uv.index other"), "{:?}", both.not_taken);
    }

    #[test]
    fn names_of_what_is_left_out_are_those_of_packages() {
        let imported = read("[tool.uv]\nexclude-dependencies = ['Own_B', 'own.b', 'b[x]', 'own c']\n", "");
        assert_eq!(imported.overrides.iter().map(|(_, name, _)| &**name).collect::<Vec<_>>(), ["own-b"]);
        assert_eq!(
            imported.not_taken.iter().map(|left| &*left.what).collect::<Vec<_>>(),
            ["override b[x]", "override own c"]
        );
    }

    #[test]
    fn what_comes_from_one_index_or_another_stops_and_is_named() {
        let text = "[tool.uv.sources]\ntx = [{index = 'a', marker = \"sys_platform == 'linux'\"}, {index = 'b', marker = \"sys_platform != 'linux'\"}]\n\
                    [[tool.uv.index]]\nname = 'a'\nurl = 'https://a.example/simple'\nexplicit = true\n\
                    [[tool.uv.index]]\nname = 'b'\nurl = 'https://b.example/simple'\nexplicit = true\n";
        let imported = read(text, "");
        assert!(imported.not_taken.iter().any(|left| left.guards && left.what == "tool.uv.sources tx from a or b"));
        let taken: Vec<_> =
            imported.registries.iter().map(|one| (&*one.name, one.priority, one.packages.len())).collect();
        assert_eq!(taken, [("a", None, 0), ("b", None, 0)]);
    }
}
