//! What uv.lock has of a project whose dependencies a build computes: the metadata that the build made when it was locked.
//!
//! ```toml
//! [[package]]
//! name = "clai"
//! source = { editable = "packages/clai" }
//!
//! [package.metadata]
//! requires-dist = [{ name = "idna", extras = ["all"], marker = "extra == 'web'", specifier = ">=3" }]
//! ```

use serde::Deserialize;

use super::PythonProject;
use crate::model::{Marker, PackageName};

/// The lockfile.
pub const UV_LOCK: &str = "uv.lock";

#[derive(Deserialize)]
struct UvLock {
    #[serde(default)]
    manifest: UvManifest,
    #[serde(default)]
    package: Vec<UvPackage>,
}

/// What a workspace's lockfile begins with.
#[derive(Default, Deserialize)]
struct UvManifest {
    #[serde(default)]
    members: Vec<String>,
}

#[derive(Deserialize)]
struct UvPackage {
    name: String,
    #[serde(default)]
    source: UvLockSource,
    #[serde(default)]
    metadata: UvMetadata,
}

/// Where a package is from. A project of the workspace is from one of these folders, relative to that of the lockfile.
#[derive(Default, Deserialize)]
struct UvLockSource {
    editable: Option<String>,
    directory: Option<String>,
    r#virtual: Option<String>,
}

#[derive(Default, Deserialize)]
struct UvMetadata {
    #[serde(default, rename = "requires-dist")]
    requires_dist: Vec<LockedRequirement>,
}

/// A requirement that a build computed.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct LockedRequirement {
    name: String,
    #[serde(default)]
    extras: Vec<String>,
    specifier: Option<String>,
    marker: Option<String>,
    #[serde(flatten)]
    folder: RequiredFolder,
    #[serde(flatten)]
    place: RequiredPlace,
}

/// The folder that is asked for instead of a package of a registry.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
struct RequiredFolder {
    editable: Option<String>,
    directory: Option<String>,
    r#virtual: Option<String>,
}

/// Where a package is asked for elsewhere than from the usual registry.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
struct RequiredPlace {
    url: Option<String>,
    git: Option<String>,
    path: Option<String>,
    index: Option<String>,
}

impl LockedRequirement {
    /// Returns whether its name alone says which package is meant: one of a registry, or a member of the workspace.
    fn is_by_name(&self, members: &[String]) -> bool {
        let is_member = || members.iter().any(|member| PackageName::pypi(member) == PackageName::pypi(&self.name));
        self.place == RequiredPlace::default() && (self.folder == RequiredFolder::default() || is_member())
    }

    /// Returns the name with the extras that are asked for.
    pub(in crate::import) fn name(&self) -> String {
        if self.extras.is_empty() { self.name.clone() } else { format!("{}[{}]", self.name, self.extras.join(",")) }
    }

    /// Returns the range; an empty one is any version.
    pub(in crate::import) fn range(&self) -> &str {
        self.specifier.as_deref().unwrap_or_default()
    }

    /// Returns the condition, that an extra is asked for among them.
    pub(in crate::import) fn when(&self) -> Option<&str> {
        self.marker.as_deref().filter(|marker| !marker.is_empty())
    }
}

/// Returns what the project of a name asks for whose folder, relative to that of the lockfile, is given: the root's is empty. `None` if
/// the lockfile does not have it, or the project asks for something that a name does not say: a URL, or another index.
pub(super) fn requires_dist(text: &str, (name, folder): (&str, &str)) -> Option<Vec<LockedRequirement>> {
    let lock: UvLock = toml::from_str(text).ok()?;
    let name = PackageName::pypi(name).ok()?;
    let is_it = |package: &UvPackage| {
        let UvLockSource { editable, directory, r#virtual } = &package.source;
        let place = editable.as_deref().or(directory.as_deref()).or(r#virtual.as_deref());
        let place = place.map(|place| place.trim_start_matches("./").trim_end_matches('/'));
        let is_there = place.is_some_and(|place| if place == "." { folder.is_empty() } else { place == folder });
        is_there && PackageName::pypi(&package.name).is_ok_and(|own| own == name)
    };
    let found = lock.package.into_iter().find(is_it)?.metadata.requires_dist;
    found.iter().all(|one| one.is_by_name(&lock.manifest.members)).then_some(found)
}

impl PythonProject {
    /// Takes over what a uv.lock has of the fields that a build computes, and returns it. The folder is the project's, relative to that of
    /// the lockfile. `None` if that knows nothing of them.
    pub fn take_locked_metadata(&mut self, uv_lock: &str, folder: &str) -> Option<Vec<LockedRequirement>> {
        let all = requires_dist(uv_lock, (self.name.as_deref()?, folder))?;
        let is_computed = |field: &str| self.computed.iter().any(|computed| computed == field);
        let (plain, of_extras) = (is_computed("dependencies"), is_computed("optional-dependencies"));
        let mut taken = Vec::new();
        for one in all {
            let marker: Marker = one.when().unwrap_or_default().parse().ok()?;
            let extras = marker.extras();
            if !(if extras.is_empty() { plain } else { of_extras }) {
                continue;
            }
            let text = |when: &Marker| {
                let when = if when.is_always() { String::new() } else { format!("; {when}") };
                format!("{}{}{when}", one.name(), one.range())
            };
            if extras.is_empty() {
                self.dependencies.push(text(&marker));
            }
            for extra in extras {
                let Some(rest) = marker.with_extra(&extra) else { continue };
                self.optional_dependencies.entry(extra.to_string()).or_default().push(text(&rest));
            }
            taken.push(one);
        }
        self.computed.clear();
        Some(taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCK: &str = r#"
[manifest]
members = ["acme-clai", "root"]

[[package]]
name = "root"
source = { virtual = "." }
[package.metadata]
requires-dist = [{ name = "acme-clai", editable = "packages/clai" }]

[[package]]
name = "acme-clai"
version = "1"
source = { editable = "packages/clai" }
[package.metadata]
requires-dist = [
    { name = "idna", specifier = ">=3" },
    { name = "tool", extras = ["a", "b"], marker = "sys_platform == 'linux' and extra == 'web'" },
]
provides-extras = ["web"]

[[package]]
name = "idna"
source = { registry = "https://pypi.org/simple" }
"#;

    #[test]
    fn what_a_build_computed_is_in_the_lockfile() {
        let computed = ["dependencies", "optional-dependencies"].map(str::to_owned).to_vec();
        let mut project = PythonProject { name: Some("Acme_Clai".to_owned()), computed, ..PythonProject::default() };
        assert_eq!(project.take_locked_metadata(LOCK, "other"), None);
        let taken = project.take_locked_metadata(LOCK, "packages/clai").unwrap();
        let taken: Vec<_> = taken.iter().map(|one| (one.name(), one.range(), one.when())).collect();
        let when = Some("sys_platform == 'linux' and extra == 'web'");
        assert_eq!(taken, [("idna".to_owned(), ">=3", None), ("tool[a,b]".to_owned(), "", when)]);
        assert_eq!((project.computed.len(), &*project.dependencies), (0, &["idna>=3".to_owned()][..]));
        assert_eq!(project.optional_dependencies["web"], ["tool[a,b]; sys_platform == 'linux'"]);
    }

    #[test]
    fn what_a_name_does_not_say_is_not_taken() {
        let taken = |requirement: &str, members: &str| {
            let lock = format!(
                "[manifest]\nmembers = [{members}]\n[[package]]\nname = \"app\"\nsource = {{ virtual = \".\" }}\n\
                 [package.metadata]\nrequires-dist = [{{ name = \"six\", {requirement} }}]\n"
            );
            requires_dist(&lock, ("app", "")).is_some()
        };
        assert!(taken("specifier = \">=1\"", ""));
        assert!(taken("editable = \"libs/six\"", "\"app\", \"six\""));
        for elsewhere in [
            "url = \"https://files.example/six-99.0-py3-none-any.whl\"",
            "git = \"https://git.example/six?rev=1\"",
            "path = \"wheels/six-99.0-py3-none-any.whl\"",
            "editable = \"libs/six\"",
            "directory = \"libs/six\"",
            "specifier = \">=1\", index = \"https://packages.example/simple\"",
        ] {
            assert!(!taken(elsewhere, "\"app\""), "{elsewhere}");
        }
    }

    #[test]
    fn what_is_written_literally_is_not_taken_from_the_lockfile() {
        let computed = vec!["optional-dependencies".to_owned()];
        let mut project = PythonProject { name: Some("acme-clai".to_owned()), computed, ..PythonProject::default() };
        assert_eq!(project.take_locked_metadata(LOCK, "packages/clai").map(|taken| taken.len()), Some(1));
        assert_eq!(project.dependencies, [""; 0]);
    }
}
