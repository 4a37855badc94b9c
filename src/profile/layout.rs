//! What a profile will look like, as data: which packages are realised, and who sees what under which name.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::lock::{Closure, Lockfile};
use crate::model::{
    Dependent, Ecosystem, FileOwner, InstanceKey, PackageId, PackageKey, PackageName, Platform, TreeDigest,
};

use super::ProfileError;
use super::files::Files;
use super::key::{Depends, Ingredients, Key, keys};
use super::placement;

/// What a name in a `node_modules` leads to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Target {
    /// A realised package: its key, and its own name.
    Package(Key, Arc<str>),
    /// A local folder, relative to the root.
    Folder(Arc<str>),
}

/// The names in a `node_modules`, and what they lead to.
pub type Links = BTreeMap<Arc<str>, Target>;

/// A folder of `.larder/node_modules/.packages`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Realised {
    /// The package's own name: the folder that its files are in.
    pub name: Arc<str>,
    /// Its content.
    #[serde(with = "super::as_text")]
    pub tree: TreeDigest,
    /// How its files come to be.
    #[serde(default, skip_serializing_if = "is_shared")]
    pub files: Files,
    /// Whether it declares executables.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub bin: bool,
    /// What it sees beside itself.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub dependencies: Links,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_shared(files: &Files) -> bool {
    *files == Files::Shared
}

/// A Python package of the environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Distribution {
    /// Its name.
    pub name: Arc<str>,
    /// Its version.
    pub version: Arc<str>,
    /// Its content: the unpacked wheel.
    #[serde(with = "super::as_text")]
    pub tree: TreeDigest,
    /// How its files come to be.
    #[serde(default, skip_serializing_if = "is_shared")]
    pub files: Files,
    /// Whether a manifest asks for it.
    pub direct: bool,
}

/// A Python package whose files count where another one installs them too.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    /// Its name.
    pub package: Arc<str>,
    /// A glob over paths relative to `site-packages`, or to the environment for files outside of it.
    pub files: Arc<str>,
}

impl std::fmt::Display for Owner {
    /// Writes it as the manifest has it.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "owner pypi \"{}\" \"{}\"", self.package, self.files)
    }
}

/// One element of a closure.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Member {
    /// The ecosystem.
    pub ecosystem: Ecosystem,
    /// The name.
    pub name: Arc<str>,
    /// The version, as its ecosystem writes it.
    pub version: Arc<str>,
    /// The registry, where a package that comes from several is told apart by it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registry: Option<Arc<str>>,
    /// The bound peers; empty for most.
    #[serde(default, skip_serializing_if = "str::is_empty")]
    pub peers: Arc<str>,
    /// Its content.
    #[serde(flatten)]
    pub content: Content,
    /// Whether a manifest asks for it.
    pub direct: bool,
}

impl Member {
    /// Returns the package; none where the record names none.
    pub(super) fn id(&self) -> Option<PackageId> {
        let name = PackageName::parse(self.ecosystem, &self.name).ok()?;
        let registry = self.registry.as_deref().map(str::parse).transpose().ok()?;
        Some(PackageId { registry, ..PackageId::new(self.ecosystem, name) })
    }
}

/// What a closure's element consists of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Content {
    /// A tree of the store.
    Tree(#[serde(with = "super::as_text")] TreeDigest),
    /// A folder relative to the root.
    Folder(Arc<str>),
}

/// A local package, by what its folder holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Folder {
    /// Relative to the root.
    pub folder: Arc<str>,
    /// Whether it has a package.json.
    pub npm: bool,
    /// Whether it has a pyproject.toml.
    pub python: bool,
    /// The executables that its package.json declares: each with its file, relative to the folder.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub bin: BTreeMap<Arc<str>, Arc<str>>,
}

/// A whole profile as data.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Layout {
    /// The realised packages.
    pub packages: BTreeMap<Key, Realised>,
    /// What the project sees.
    pub node_modules: Links,
    /// What each member or local package sees, by its folder.
    pub members: BTreeMap<Arc<str>, Links>,
    /// `packages/`: private packages and local folders.
    pub shelf: Links,
    /// The Python packages, sorted by name.
    pub python: Vec<Distribution>,
    /// Which of them, or of the local ones, own files that others install too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub owners: Vec<Owner>,
    /// The local packages, by name.
    pub folders: BTreeMap<Arc<str>, Folder>,
}

/// What a layout is computed from.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// The lock.
    pub lock: &'a Lockfile,
    /// What of it the environment reaches on `platform`.
    pub closure: &'a Closure<'a>,
    /// The platform.
    pub platform: Platform,
    /// The content of each package of a registry.
    pub trees: &'a BTreeMap<PackageKey, TreeDigest>,
    /// The local packages of the closure.
    pub folders: &'a BTreeMap<PackageKey, Folder>,
    /// Whether all files are private copies.
    pub files: Files,
}

/// Computes the layout and the closure of a profile.
pub fn layout(wanted: &Wanted<'_>) -> Result<(Layout, Vec<Member>), ProfileError> {
    let realised = realise(wanted)?;
    let closure = wanted.closure;
    let direct: BTreeSet<&InstanceKey> =
        closure.roots.iter().flat_map(|root| closure.root_edges(root)).map(|edge| &edge.to).collect();
    let mut layout = Layout { packages: realised.packages, ..Layout::default() };
    for root in &closure.roots {
        let links = match &root.dependent {
            Dependent::Project => &mut layout.node_modules,
            Dependent::Member(folder) => layout.members.entry(folder.clone()).or_default(),
        };
        for edge in closure.root_edges(root) {
            if let Some(target) = target(wanted, &realised.keys, &edge.to).filter(|_| in_node_modules(&edge.to)) {
                links.insert(edge.name.as_str().into(), target);
            }
        }
    }
    for &key in closure.instances.keys() {
        let placed = Placed { wanted, keys: &realised.keys, key, is_direct: direct.contains(key) };
        placement::of(key.package.id.ecosystem).place(&placed, &mut layout)?;
    }
    layout.python.sort_by(|a, b| a.name.cmp(&b.name));
    let is_there = |name: &str| {
        layout.python.iter().any(|distribution| *distribution.name == *name)
            || layout.folders.iter().any(|(folder, kind)| kind.python && **folder == *name)
    };
    let owners = wanted.lock.settings.owners.iter().filter(|owner| is_there(owner.package.name.as_str()));
    let owner = |owner: &FileOwner| Owner { package: owner.package.name.as_str().into(), files: owner.files.clone() };
    layout.owners = owners.map(owner).collect();
    layout.members.retain(|_, links| !links.is_empty());
    Ok((layout, members(wanted, &direct)?))
}

/// A package of a closure, to be placed.
pub(super) struct Placed<'a> {
    wanted: &'a Wanted<'a>,
    keys: &'a BTreeMap<&'a InstanceKey, Key>,
    pub(super) key: &'a InstanceKey,
    /// Whether a manifest asks for it.
    pub(super) is_direct: bool,
}

impl Placed<'_> {
    /// Returns its name.
    pub(super) fn name(&self) -> Arc<str> {
        self.key.package.id.name.as_str().into()
    }

    /// Returns what a link to it leads to.
    pub(super) fn target(&self) -> Option<Target> {
        target(self.wanted, self.keys, self.key)
    }

    /// Returns what it sees in a `node_modules`.
    pub(super) fn dependencies(&self) -> Links {
        dependencies(self.wanted, self.keys, self.key)
    }

    /// Returns what its folder holds, where it is a local package.
    pub(super) fn folder(&self) -> Option<&Folder> {
        self.wanted.folders.get(&self.key.package)
    }

    /// Returns its content.
    pub(super) fn tree(&self) -> Result<TreeDigest, ProfileError> {
        tree(self.wanted, &self.key.package)
    }

    /// Returns how its files come to be.
    pub(super) fn files(&self) -> Files {
        files(self.wanted, &self.key.package)
    }
}

/// The realised packages, and which instance got which key.
struct Realisation<'a> {
    packages: BTreeMap<Key, Realised>,
    keys: BTreeMap<&'a InstanceKey, Key>,
}

fn realise<'a>(wanted: &Wanted<'a>) -> Result<Realisation<'a>, ProfileError> {
    let is_realised = |key: &&InstanceKey| placement::of(key.package.id.ecosystem).is_realised();
    let instances: Vec<&InstanceKey> = wanted.closure.instances.keys().copied().filter(is_realised).collect();
    let place: BTreeMap<&InstanceKey, usize> = instances.iter().enumerate().map(|(at, key)| (*key, at)).collect();
    let mut ingredients = Vec::with_capacity(instances.len());
    for key in &instances {
        let mut depends: Vec<(&str, Depends<'_>)> = wanted
            .closure
            .edges(key)
            .filter_map(|edge| {
                let on = match place.get(&edge.to) {
                    Some(&at) => Depends::On(at),
                    None => Depends::Folder(&npm_folder(wanted, &edge.to)?.folder),
                };
                Some((edge.name.as_str(), on))
            })
            .collect();
        depends.sort_by_key(|(name, _)| *name);
        depends.dedup_by_key(|(name, _)| *name);
        ingredients.push(Ingredients {
            package: &key.package,
            peers: &key.peers,
            tree: tree(wanted, &key.package)?,
            files: files(wanted, &key.package),
            extensions: extensions(wanted, &key.package),
            dependencies: depends,
        });
    }
    let keys = keys(wanted.platform, &ingredients);
    let packages = instances
        .iter()
        .zip(&ingredients)
        .zip(&keys)
        .map(|((instance, from), key)| {
            let dependencies = from
                .dependencies
                .iter()
                .map(|(name, on)| {
                    let target = match on {
                        Depends::On(at) => {
                            Target::Package(keys[*at].clone(), instances[*at].package.id.name.as_str().into())
                        }
                        Depends::Folder(folder) => Target::Folder((*folder).into()),
                    };
                    ((*name).into(), target)
                })
                .collect();
            let realised = Realised {
                name: instance.package.id.name.as_str().into(),
                tree: from.tree,
                files: from.files,
                bin: wanted.lock.graph.packages.get(&instance.package).is_some_and(|package| package.facts.bin),
                dependencies,
            };
            (key.clone(), realised)
        })
        .collect();
    let keys = instances.into_iter().zip(keys).collect();
    Ok(Realisation { packages, keys })
}

fn dependencies(wanted: &Wanted<'_>, keys: &BTreeMap<&InstanceKey, Key>, of: &InstanceKey) -> Links {
    wanted
        .closure
        .edges(of)
        .filter(|edge| in_node_modules(&edge.to))
        .filter_map(|edge| Some((edge.name.as_str().into(), target(wanted, keys, &edge.to)?)))
        .collect()
}

fn in_node_modules(instance: &InstanceKey) -> bool {
    placement::of(instance.package.id.ecosystem).is_in_node_modules()
}

fn target(wanted: &Wanted<'_>, keys: &BTreeMap<&InstanceKey, Key>, of: &InstanceKey) -> Option<Target> {
    match keys.get(of) {
        Some(key) => Some(Target::Package(key.clone(), of.package.id.name.as_str().into())),
        None => Some(Target::Folder(npm_folder(wanted, of)?.folder.clone())),
    }
}

fn npm_folder<'a>(wanted: &Wanted<'a>, of: &InstanceKey) -> Option<&'a Folder> {
    wanted.folders.get(&of.package).filter(|folder| folder.npm)
}

/// Who depends on whom among the Python packages of an environment, by name.
pub(super) type Dependencies = BTreeMap<Arc<str>, BTreeSet<Arc<str>>>;

/// Tells which of the Python packages, local ones among them, depend on which.
pub(super) fn python_dependencies(closure: &Closure<'_>) -> Dependencies {
    let mut dependencies = Dependencies::new();
    for key in closure.instances.keys() {
        let names = closure
            .edges(key)
            .filter(|edge| placement::of(edge.to.package.id.ecosystem).is_in_environment())
            .map(|edge| edge.to.package.id.name.as_str().into());
        dependencies.entry(key.package.id.name.as_str().into()).or_default().extend(names);
    }
    dependencies
}

fn tree(wanted: &Wanted<'_>, package: &PackageKey) -> Result<TreeDigest, ProfileError> {
    wanted.trees.get(package).copied().ok_or_else(|| ProfileError::NotFetched(package.clone()))
}

fn files(wanted: &Wanted<'_>, package: &PackageKey) -> Files {
    match wanted.files {
        Files::Shared if wanted.lock.settings.writable.iter().any(|writable| writable.is_same(&package.id)) => {
            Files::Writable
        }
        files => files,
    }
}

fn extensions(wanted: &Wanted<'_>, package: &PackageKey) -> Vec<String> {
    let of_package = wanted.lock.settings.extensions.iter().filter(|extension| extension.package.is_same(&package.id));
    let mut extensions: Vec<_> = of_package
        .map(|extension| format!("{} {}", extension.dependency.seen_as(), extension.dependency.range_text()))
        .collect();
    extensions.sort_unstable();
    extensions
}

fn members(wanted: &Wanted<'_>, direct: &BTreeSet<&InstanceKey>) -> Result<Vec<Member>, ProfileError> {
    let mut members: Vec<Member> = wanted
        .closure
        .instances
        .keys()
        .map(|&key| {
            let content = match wanted.folders.get(&key.package) {
                Some(folder) => Content::Folder(folder.folder.clone()),
                None => Content::Tree(tree(wanted, &key.package)?),
            };
            Ok(Member {
                ecosystem: key.package.id.ecosystem,
                name: key.package.id.name.as_str().into(),
                version: key.package.version.to_string().into(),
                registry: key.package.id.registry.as_ref().map(|registry| registry.as_str().into()),
                peers: key.peers.clone(),
                content,
                direct: direct.contains(key),
            })
        })
        .collect::<Result<_, ProfileError>>()?;
    members.sort_unstable();
    Ok(members)
}

#[cfg(test)]
mod tests {
    use super::super::fixture::Fixture;
    use super::*;

    fn key_of(layout: &Layout, name: &str) -> Key {
        layout.packages.iter().find(|(_, realised)| &*realised.name == name).unwrap().0.clone()
    }

    #[test]
    fn who_sees_what_follows_the_edges_that_hold() {
        let mut fixture = Fixture::new();
        fixture.npm("app@1.0.0", &[("index.js", "")]).npm("dep@1.0.0", &[("index.js", "")]);
        fixture.npm("unreached@1.0.0", &[("index.js", "")]);
        fixture.edge("app@1.0.0", "alias", "dep@1.0.0").edge("app@1.0.0", "unreached", "unreached@1.0.0");
        fixture.root("app", "app@1.0.0").leave_out("unreached@1.0.0");
        let (layout, closure) = fixture.layout();
        assert_eq!(layout.node_modules.keys().map(|name| &**name).collect::<Vec<_>>(), ["app"]);
        let app = &layout.packages[&key_of(&layout, "app")];
        let dep = Target::Package(key_of(&layout, "dep"), "dep".into());
        assert_eq!(app.dependencies, [("alias".into(), dep)].into());
        let listed: Vec<_> = closure.iter().map(|member| (&*member.name, member.direct)).collect();
        assert_eq!(listed, [("app", true), ("dep", false)]);
    }

    #[test]
    fn writable_packages_have_another_key_and_so_have_their_dependents() {
        let mut fixture = Fixture::new();
        fixture.npm("app@1.0.0", &[]).npm("dep@1.0.0", &[]).npm("other@1.0.0", &[]);
        fixture.edge("app@1.0.0", "dep", "dep@1.0.0").root("app", "app@1.0.0");
        let before = fixture.layout().0;
        fixture.writable("dep");
        let after = fixture.layout().0;
        for (name, same) in [("app", false), ("dep", false), ("other", true)] {
            assert_eq!(key_of(&before, name) == key_of(&after, name), same, "{name}");
        }
        assert_eq!(after.packages[&key_of(&after, "dep")].files, Files::Writable);
    }

    #[test]
    fn local_packages_are_linked_and_get_a_node_modules() {
        let mut fixture = Fixture::new();
        fixture.npm("react@18.3.1", &[]).folder("theme", "packages/theme", &[("package.json", "{}")]);
        fixture.path_edge("theme", "react", "react@18.3.1").root_path("theme");
        let layout = fixture.layout().0;
        let folder = Target::Folder("packages/theme".into());
        assert_eq!(layout.node_modules, [("theme".into(), folder.clone())].into());
        assert_eq!(layout.shelf, [("theme".into(), folder)].into());
        assert_eq!(layout.members.keys().map(|member| &**member).collect::<Vec<_>>(), ["packages/theme"]);
        assert!(layout.members["packages/theme"].contains_key("react"));
    }

    #[test]
    fn a_package_that_was_not_fetched_is_named() {
        let mut fixture = Fixture::new();
        fixture.npm("app@1.0.0", &[]).root("app", "app@1.0.0");
        fixture.trees.clear();
        assert_eq!(fixture.try_layout().unwrap_err().to_string(), "npm:app@1.0.0 is not in the store");
    }
}
