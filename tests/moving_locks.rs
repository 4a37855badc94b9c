//! Moving in from the tools that people come from: projects that npm, pnpm, Bun, Yarn, uv, Poetry and `uv pip compile` locked and
//! installed (`fixtures/moving/generate.py`) have the same versions in larder's lock, though newer ones that fit are there.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use serde_json::{Value, json};

use crate::support::{Project, Registry, Universe, sha256_hex};

const FIXTURE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/moving");

/// A project of the fixture, and how larder's lock may differ from what its tool installed.
struct Case {
    folder: &'static str,
    /// The packages that only the tool installed, or that only larder locks, each with the reason.
    differences: &'static [(&'static str, &'static str)],
}

const fn same(folder: &'static str) -> Case {
    Case { folder, differences: &[] }
}

/// `@eslint-community/eslint-utils` uses it and does not declare it: the built-in list of extensions does.
const ESTREE: (&str, &str) = ("@types/estree 1.1.0", "the built-in package extensions add it");

const CASES: [Case; 21] = [
    same("npm-web"),
    Case { folder: "npm-tools", differences: &[ESTREE] },
    same("npm-shop"),
    same("npm-server"),
    same("pnpm-web"),
    same("pnpm-shop"),
    same("pnpm-server"),
    same("bun-web"),
    same("bun-shop"),
    same("bun-server"),
    Case { folder: "yarn-tools", differences: &[ESTREE] },
    same("yarn-shop"),
    same("yarn-server"),
    same("berry-shop"),
    same("berry-server"),
    Case {
        folder: "uv-api",
        differences: &[(
            "async-timeout 5.0.1",
            "`python_full_version < '3.11.3'` holds for the first 3.11, and 3.11 means all of them",
        )],
    },
    same("uv-data"),
    same("uv-jobs"),
    same("poetry-site"),
    same("poetry-shelf"),
    same("pip-shelf"),
];

/// The registries with every version of the fixture, and two newer ones of each package.
static REGISTRY: LazyLock<Registry> = LazyLock::new(|| {
    let text = std::fs::read_to_string(Path::new(FIXTURE).join("registry.json")).expect("the fixture's registry");
    let registry: Value = serde_json::from_str(&text).expect("JSON");
    let mut universe = Universe::new();
    for (name, versions) in by_name(&registry["npm"]) {
        universe = universe.file(&format!("/npm/{name}"), packument(name, &versions).to_string().into_bytes());
    }
    for (name, versions) in by_name(&registry["pypi"]) {
        universe = with_project(universe, name, &versions);
    }
    universe.serve()
});

fn by_name(packages: &Value) -> BTreeMap<&str, Vec<(&str, &Value)>> {
    let mut found: BTreeMap<&str, Vec<(&str, &Value)>> = BTreeMap::new();
    for (key, entry) in packages.as_object().expect("packages") {
        let (name, version) = key.rsplit_once('@').expect("name@version");
        found.entry(name).or_default().push((version, entry));
    }
    found
}

/// Returns the next patch and the next minor version: those that a range takes if nothing holds it back.
fn newer(version: &str) -> Vec<String> {
    let release = version.split(['-', '+']).next().unwrap_or(version);
    let mut parts: Vec<u64> = release.split('.').map_while(|part| part.parse().ok()).collect();
    parts.resize(3, 0);
    vec![format!("{}.{}.{}", parts[0], parts[1], parts[2] + 1), format!("{}.{}.0", parts[0], parts[1] + 1)]
}

fn packument(name: &str, versions: &[(&str, &Value)]) -> Value {
    let mut all = serde_json::Map::new();
    let mut latest = String::new();
    let mut add = |version: &str, entry: &Value, integrity: &Value| {
        let mut manifest = entry.as_object().expect("an entry").clone();
        manifest.remove("integrity");
        manifest.insert("name".into(), json!(name));
        manifest.insert("version".into(), json!(version));
        let tarball = format!("http://127.0.0.1:1/{name}-{version}.tgz");
        manifest.insert("dist".into(), json!({ "tarball": tarball, "integrity": integrity }));
        all.entry(version.to_owned()).or_insert(Value::Object(manifest));
        version.clone_into(&mut latest);
    };
    for (version, entry) in versions {
        add(version, entry, &entry["integrity"]);
    }
    for (version, entry) in versions {
        for version in newer(version) {
            add(&version, entry, &json!(format!("sha512-{}==", "A".repeat(86))));
        }
    }
    json!({ "name": name, "dist-tags": { "latest": latest }, "versions": all, "modified": "2024-01-01T00:00:00.000Z" })
}

fn with_project(mut universe: Universe, name: &str, versions: &[(&str, &Value)]) -> Universe {
    let mut links = BTreeMap::new();
    let mut add = |mut universe: Universe, version: &str, entry: &Value, files: &[(String, String)]| {
        let metadata = metadata(name, version, entry);
        for (file, digest) in files {
            let link = format!(
                "<a href=\"../../files/{file}#sha256={digest}\" data-core-metadata=\"sha256={}\">{file}</a><br>\n",
                sha256_hex(metadata.as_bytes())
            );
            if links.insert(file.clone(), link).is_none() {
                universe = universe.file(&format!("/pypi/files/{file}.metadata"), metadata.clone().into_bytes());
            }
        }
        universe
    };
    for (version, entry) in versions {
        let wheels = entry["wheels"].as_object().expect("wheels").iter();
        let wheels: Vec<_> =
            wheels.map(|(file, digest)| (file.clone(), digest.as_str().unwrap_or_default().to_owned())).collect();
        universe = add(universe, version, entry, &wheels);
    }
    for (version, entry) in versions {
        for version in newer(version) {
            let file = format!("{}-{version}-py3-none-any.whl", name.replace('-', "_"));
            universe = add(universe, &version, entry, &[(file, "a".repeat(64))]);
        }
    }
    let page: String = links.into_values().collect();
    universe.file(&format!("/pypi/simple/{name}/"), page.into_bytes())
}

fn metadata(name: &str, version: &str, entry: &Value) -> String {
    let mut lines = vec!["Metadata-Version: 2.1".to_owned(), format!("Name: {name}"), format!("Version: {version}")];
    let strings = |field: &str| -> Vec<String> {
        let values = entry[field].as_array().into_iter().flatten();
        values.filter_map(Value::as_str).map(str::to_owned).collect()
    };
    lines.extend(entry["python"].as_str().map(|python| format!("Requires-Python: {python}")));
    lines.extend(strings("extras").iter().map(|extra| format!("Provides-Extra: {extra}")));
    lines.extend(strings("requires").iter().map(|requirement| format!("Requires-Dist: {requirement}")));
    lines.join("\n") + "\n"
}

/// Copies a project of the fixture, without the list of what was installed.
fn copy(from: &Path, project: &Project, below: &str) {
    for entry in std::fs::read_dir(from).expect("a folder of the fixture") {
        let entry = entry.expect("an entry");
        let name = entry.file_name().into_string().expect("a name");
        let to = if below.is_empty() { name.clone() } else { format!("{below}/{name}") };
        if entry.path().is_dir() {
            copy(&entry.path(), project, &to);
        } else if name != "installed.txt" {
            project.write(&to, &std::fs::read_to_string(entry.path()).expect("text"));
        }
    }
}

/// Moves a project in, for Linux x86-64 whatever this machine is, and returns the packages of its lock.
fn move_in(case: &Case, folder: &Path) -> (BTreeSet<String>, String) {
    let project = Project::new(&REGISTRY);
    let _ = std::fs::remove_file(project.path("larder.kdl"));
    copy(folder, &project, "");
    let initialised = project.run_json("larder init --no-lock --json");
    let files = initialised["locked_by"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let prefer: Vec<String> = files.map(|file| format!(" --prefer {file}")).collect();
    assert!(!prefer.is_empty(), "{}: no lockfile was found", case.folder);
    let manifest = project.read("larder.kdl");
    let lines: Vec<&str> = manifest.lines().filter(|line| !line.starts_with("platforms ")).collect();
    project.write("larder.kdl", &format!("platforms \"linux-x64\"\n{}\n", lines.join("\n")));
    let told = project.run(&format!("larder lock{}", prefer.concat())).exits(0).stderr;
    project.run("larder lock --check").exits(0);
    let lock: toml::Table = toml::from_str(&project.read("larder.lock")).expect("TOML");
    let mut locked = BTreeSet::new();
    for package in lock["package"].as_array().expect("packages") {
        let (ecosystem, rest) = package["id"].as_str().and_then(|id| id.split_once(':')).expect("an ecosystem");
        if ecosystem != "path" {
            locked.insert(rest.rsplit_once('@').map_or(rest.to_owned(), |(name, version)| format!("{name} {version}")));
        }
    }
    (locked, told)
}

#[test]
fn what_other_tools_locked_and_installed_is_what_is_locked() {
    let mut wrong = Vec::new();
    for case in &CASES {
        let folder: PathBuf = Path::new(FIXTURE).join(case.folder);
        let installed = std::fs::read_to_string(folder.join("installed.txt")).expect("what was installed");
        let installed: BTreeSet<String> = installed.lines().map(str::to_owned).collect();
        let (locked, told) = move_in(case, &folder);
        let differs: Vec<String> = installed.symmetric_difference(&locked).cloned().collect();
        let stated: Vec<String> = case.differences.iter().map(|(package, _)| (*package).to_owned()).collect();
        if differs != stated {
            let side = |one: &String| if locked.contains(one) { format!("+{one}") } else { format!("-{one}") };
            let differs: Vec<String> = differs.iter().map(side).collect();
            wrong.push(format!("{}: {}\n{told}", case.folder, differs.join(", ")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}
