//! What can be seen of a project: by its user, and by programs.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use crate::support::Project;

/// What is seen, by what it is called: texts of files, the packages of each environment and of the checkout.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Sight(BTreeMap<String, String>);

/// Files that belong to the user, or hold what they decided.
const TEXTS: [&str; 6] = [
    "larder.kdl",
    "larder.lock",
    ".gitignore",
    "apps/web/larder.kdl",
    ".git/info/exclude",
    ".larder/node_modules/.profiles/development/pins",
];

const PROFILES: &str = ".larder/node_modules/.profiles";

impl Sight {
    /// Looks at a project.
    pub(super) fn of(project: &Project) -> Self {
        let mut seen = BTreeMap::new();
        for file in TEXTS {
            if let Ok(text) = std::fs::read_to_string(project.path(file)) {
                seen.insert(file.to_owned(), text);
            }
        }
        for environment in names(&project.path(PROFILES)) {
            let current = project.path(PROFILES).join(&environment).join("current");
            if !current.is_symlink() {
                continue;
            }
            let members = current.join("members");
            let found = packages(&current.join("python"), &current, &members, &current.join("fallback/node_modules"));
            seen.insert(format!("environment {environment}"), found);
            if let Ok(text) = std::fs::read_to_string(current.join("flows.json")) {
                let adapters =
                    ["intake", "other"].map(|flow| current.join(format!("flows/{flow}/orders-1.0.0/in.kdl")));
                let adapters = adapters.map(|file| std::fs::read_to_string(file).unwrap_or_default()).concat();
                seen.insert(format!("flows of {environment}"), text + &adapters);
            }
        }
        if let Ok(target) = std::fs::read_link(project.path(".larder/active")) {
            let environment = target.iter().rev().nth(1).expect("a name").to_string_lossy().into_owned();
            seen.insert("active".to_owned(), environment);
        }
        Self(seen)
    }

    /// Fails the test unless a checkout has what its active environment has.
    pub(super) fn assert_is_of_checkout(&self, project: &Project, place: &str) {
        let fallback = project.path(".larder/node_modules/.packages/node_modules");
        let root = packages(&project.path(".venv"), &project.path(""), &project.path(""), &fallback);
        let active = self.0.get("active").and_then(|name| self.0.get(&format!("environment {name}")));
        assert_eq!(active, Some(&root), "{place}: the checkout has something else than its environment");
    }

    pub(super) fn has_profile(&self) -> bool {
        self.0.contains_key("active")
    }

    /// Fails the test unless everything is as in one of two sights.
    pub(super) fn assert_is_of(&self, sights: [&Self; 2], place: &str) {
        let names = self.0.keys().chain(sights.iter().flat_map(|sight| sight.0.keys()));
        for name in names {
            let (seen, expected) = (self.0.get(name), sights.map(|sight| sight.0.get(name)));
            assert!(expected.contains(&seen), "{place}: {name} is {seen:#?}\ninstead of one of {expected:#?}");
        }
    }
}

/// Lists the packages of an environment with their versions, through every link.
fn packages(python: &Path, root: &Path, members: &Path, fallback: &Path) -> String {
    let mut text = String::new();
    let (own, web) = (root.join("node_modules"), members.join("apps/web/node_modules"));
    for (place, folder) in [("", own), ("web/", web), ("fallback/", fallback.to_owned())] {
        for name in names(&folder).into_iter().filter(|name| !name.starts_with('.')) {
            let inner = folder.join(&name);
            let scoped = if name.starts_with('@') { names(&inner) } else { vec![String::new()] };
            for part in scoped {
                let manifest = std::fs::read_to_string(inner.join(&part).join("package.json"));
                let manifest = manifest.unwrap_or_else(|error| panic!("{}/{part}: {error}", inner.display()));
                let manifest: serde_json::Value = serde_json::from_str(&manifest).expect("JSON");
                let _ = writeln!(text, "{place}{name}/{part} {}", manifest["version"]);
            }
        }
    }
    for library in names(&python.join("lib")) {
        let packages = python.join("lib").join(library).join("site-packages");
        for name in names(&packages).into_iter().filter(|name| name.starts_with("piece_")) {
            if let Ok(module) = std::fs::read_to_string(packages.join(&name).join("__init__.py")) {
                let _ = writeln!(text, "{name} {}", module.trim());
            }
        }
        assert!(python.join("bin/python").exists(), "a Python environment without Python");
    }
    text
}

/// Lists a folder, sorted; nothing where there is none.
fn names(folder: &PathBuf) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut names: Vec<String> =
        entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}
