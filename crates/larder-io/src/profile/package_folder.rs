//! An npm package in a folder with its dependencies, linked as a generation has them: where its scripts run.
//!
//! ```text
//! folder/
//! └── <key>/node_modules/
//!     ├── better-sqlite3/         the package: a copy, which its scripts may change
//!     ├── bindings -> ../../<key>/node_modules/bindings
//!     └── .bin/prebuild-install -> ../prebuild-install/bin.js
//! ```
//!
//! The sources of a package lie as a project does, as tools do nothing with what is below a `node_modules`:
//!
//! ```text
//! folder/                         all of it copies, which scripts may change: some patch what they depend on
//! ├── source/                     the package
//! │   └── node_modules/           what it asks for itself
//! │       └── rollup -> ../../<key>/node_modules/rollup
//! └── node_modules/               all that is there, as npm puts it: for who asks for less than it uses
//!     └── estree-walker -> ../<key>/node_modules/estree-walker
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::fs;
use crate::lock::{Closure, Lockfile};
use crate::manifest::Hoisting;
use crate::model::{InstanceKey, PackageKey, Platform, TreeDigest, Version};
use crate::store::Tree;

use super::ProfileError;
use super::compute_layout::realise_packages;
use super::key::RealisedKey;
use super::layout::{LinkTarget, Links, RealisedPackage};
use super::layout_input::LayoutInput;
use super::link_mode::LinkMode;
use super::node_modules;

/// A package to lay out with its dependencies.
#[derive(Clone, Copy, Debug)]
pub struct PackageFolder<'a> {
    /// The lock.
    pub lock: &'a Lockfile,
    /// The part of the lock that has the package and its dependencies.
    pub closure: &'a Closure<'a>,
    /// The platform.
    pub platform: Platform,
    /// The unpacked artifacts of the closure's packages.
    pub trees: &'a BTreeMap<PackageKey, Arc<Tree>>,
    /// The package.
    pub package: &'a InstanceKey,
}

/// Where the sources of a package and their tools lie, relative to the folder that they are laid out in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LaidOutSource {
    /// The sources.
    pub source: PathBuf,
    /// The tools.
    pub tools: BTreeMap<InstanceKey, PathBuf>,
}

/// What is a copy, and no link into the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Copied {
    /// The package itself.
    Package,
    /// What it depends on too.
    All,
}

impl PackageFolder<'_> {
    /// Lays everything out in a folder, which does not exist yet, and returns where the package lies in it.
    ///
    /// Local folders are not there, as nothing tells what is in them.
    ///
    /// # Errors
    /// If a tree is missing, or not what the store's index says.
    pub fn lay_out(&self, folder: &Path) -> Result<PathBuf, ProfileError> {
        let (own, _) = self.realise(folder, Copied::Package)?;
        Ok(Path::new(own.as_str()).join("node_modules").join(self.package.package.id.name.as_str()))
    }

    /// Lays the sources of the package out in a folder, which does not exist yet, and returns where they and their tools lie in it.
    ///
    /// # Errors
    /// As [`Self::lay_out`].
    pub fn lay_out_source(&self, folder: &Path) -> Result<LaidOutSource, ProfileError> {
        let (own, realised) = self.realise(folder, Copied::All)?;
        let modules = folder.join(own.as_str()).join("node_modules");
        let source = folder.join(SOURCE);
        fs::rename(&modules.join(self.package.package.id.name.as_str()), &source)?;
        // What is committed of it is somebody else's.
        fs::remove_tree(&source.join("node_modules"))?;
        fs::rename(&modules, &source.join("node_modules"))?;
        let all = folder.join("node_modules");
        fs::create_dir(&all)?;
        let mut links = Links::new();
        for (name, key) in realised.newest(&own) {
            let path = all.join(&*name);
            if let Some(scope) = path.parent().filter(|scope| **scope != *all) {
                fs::create_dir_all(scope)?;
            }
            let up = "../".repeat(name.matches('/').count() + 1);
            fs::symlink(Path::new(&format!("{up}{key}/node_modules/{name}")), &path)?;
            links.insert(Arc::clone(&name), LinkTarget::Package(key, name));
        }
        realised.link_executables(&all.join(".bin"), &links)?;
        let place = |(instance, key): (&InstanceKey, &RealisedKey)| {
            let name = &realised.packages.get(key).filter(|_| *key != own)?.name;
            Some((instance.clone(), Path::new(key.as_str()).join("node_modules").join(&**name)))
        };
        let tools = realised.keys.iter().filter_map(place).collect();
        Ok(LaidOutSource { source: SOURCE.into(), tools })
    }

    /// Realises the package and what it reaches in a folder, which does not exist yet. Returns the package's key, and all.
    fn realise(&self, folder: &Path, copied: Copied) -> Result<(RealisedKey, Realised<'_>), ProfileError> {
        let digests: BTreeMap<PackageKey, TreeDigest> =
            self.trees.iter().map(|(package, tree)| (package.clone(), tree.digest)).collect();
        let (folders, private, hoisting) = (BTreeMap::new(), BTreeMap::new(), Hoisting::default());
        let realisation = realise_packages(&LayoutInput {
            lock: self.lock,
            closure: self.closure,
            platform: self.platform,
            trees: &digests,
            private: &private,
            folders: &folders,
            files: LinkMode::Shared,
            hoisting: &hoisting,
            environments: &[],
            runtimes: &[],
        })?;
        let own = realisation.keys.get(self.package);
        let own = own.ok_or_else(|| ProfileError::NotFetched(self.package.package.clone()))?;
        let mut packages = reachable(own, &realisation.packages);
        if copied == Copied::All {
            for package in packages.values_mut() {
                package.files = LinkMode::Writable;
            }
        }
        if let Some(package) = packages.get_mut(own) {
            // What a package declares as executables is made so when it is realised in a generation.
            package.files = LinkMode::Writable;
            package.bin = false;
            // An older version of itself would lie inside it, and be taken for a part of it.
            let name = Arc::clone(&package.name);
            package.dependencies.remove(&name);
        }
        let trees: BTreeMap<TreeDigest, &Arc<Tree>> = self.trees.values().map(|tree| (tree.digest, tree)).collect();
        let wanted: Vec<_> = packages
            .iter()
            .filter_map(|(key, package)| Some((key, package, Arc::clone(trees.get(&package.tree)?))))
            .collect();
        fs::create_dir(folder)?;
        node_modules::realise(folder, folder, &wanted)?;
        let modules = folder.join(own.as_str()).join("node_modules");
        let versions = realisation.keys.iter().map(|(instance, key)| (key.clone(), instance.package.version.clone()));
        let (own, versions) = (own.clone(), versions.collect());
        let keys = realisation.keys.iter().map(|(instance, key)| ((*instance).clone(), key.clone())).collect();
        let realised = Realised { packages, trees, versions, keys };
        if let Some(package) = realised.packages.get(&own) {
            realised.link_executables(&modules.join(".bin"), &package.dependencies)?;
        }
        Ok((own, realised))
    }
}

/// Where the sources of a package lie: no key of a realised package is called so.
const SOURCE: &str = "source";

/// Packages that lie in a folder.
struct Realised<'a> {
    packages: BTreeMap<RealisedKey, RealisedPackage>,
    trees: BTreeMap<TreeDigest, &'a Arc<Tree>>,
    versions: BTreeMap<RealisedKey, Version>,
    keys: BTreeMap<InstanceKey, RealisedKey>,
}

impl Realised<'_> {
    /// Returns the newest of each name, but for the package itself.
    fn newest(&self, own: &RealisedKey) -> BTreeMap<Arc<str>, RealisedKey> {
        let mut newest: BTreeMap<Arc<str>, RealisedKey> = BTreeMap::new();
        for (key, package) in self.packages.iter().filter(|(key, _)| *key != own) {
            let known = newest.entry(Arc::clone(&package.name)).or_insert_with(|| key.clone());
            if self.versions.get(known) < self.versions.get(key) {
                *known = key.clone();
            }
        }
        newest
    }

    /// Links the executables of what a folder links to into a new folder in it.
    fn link_executables(&self, folder: &Path, links: &Links) -> Result<(), ProfileError> {
        fs::create_dir(folder)?;
        let mut taken = BTreeSet::new();
        for (name, target) in links {
            let LinkTarget::Package(key, _) = target else { continue };
            let Some(dependency) = self.packages.get(key).filter(|dependency| dependency.bin) else { continue };
            let Some(tree) = self.trees.get(&dependency.tree) else { continue };
            let Some(json) = fs::read_if_exists(&tree.folder.join("package.json"))? else { continue };
            let files = tree.entries.iter().map(|entry| &*entry.path);
            for bin in node_modules::declared_bins(&dependency.name, &json, files)?.found {
                if taken.insert(bin.name.clone()) {
                    fs::symlink(&Path::new("..").join(&**name).join(bin.path), &folder.join(bin.name))?;
                }
            }
        }
        Ok(())
    }
}

/// Returns a package and everything that it reaches.
fn reachable(
    first: &RealisedKey,
    packages: &BTreeMap<RealisedKey, RealisedPackage>,
) -> BTreeMap<RealisedKey, RealisedPackage> {
    let (mut found, mut waiting) = (BTreeMap::new(), vec![first]);
    while let Some(key) = waiting.pop() {
        let Some(package) = packages.get(key) else { continue };
        if found.insert(key.clone(), package.clone()).is_none() {
            waiting.extend(package.dependencies.values().filter_map(|target| match target {
                LinkTarget::Package(key, _) => Some(key),
                LinkTarget::Folder(_) => None,
            }));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::fixture::Fixture;
    use super::*;
    use crate::lock::Selection;

    #[test]
    fn a_package_lies_beside_what_it_depends_on_with_their_executables_and_nothing_else() {
        let mut fixture = Fixture::new();
        let bin = [("package.json", r#"{"name": "dep", "bin": {"tool": "./cli.js"}}"#), ("cli.js", "")];
        fixture.npm("app@1.0.0", &[("index.js", "app"), ("lib/a.js", "")]).npm("dep@1.0.0", &bin);
        fixture.npm("deep@1.0.0", &[("index.js", "deep")]).npm("other@1.0.0", &[]);
        fixture.edge("app@1.0.0", "alias", "dep@1.0.0").edge("dep@1.0.0", "deep", "deep@1.0.0");
        fixture.root("app", "app@1.0.0").root("other", "other@1.0.0");
        let place = tempfile::tempdir().unwrap();
        let platform = Platform::ALL[0];
        let selection = Selection { groups: BTreeSet::new(), platform: Some(platform) };
        let closure = Closure::of(&fixture.lock.graph, &selection);
        let package = *closure.instances.keys().find(|key| key.package.id.name.as_str() == "app").unwrap();
        let folder = PackageFolder { lock: &fixture.lock, closure: &closure, platform, trees: &fixture.trees, package };
        let below = folder.lay_out(&place.path().join("made")).unwrap();
        let package = place.path().join("made").join(&below);
        assert!(below.ends_with("node_modules/app"));
        assert_eq!(std::fs::read_to_string(package.join("index.js")).unwrap(), "app");
        assert!(!std::fs::metadata(package.join("lib/a.js")).unwrap().permissions().readonly());
        let modules = package.parent().unwrap();
        assert!(modules.join("alias/node_modules").symlink_metadata().is_err());
        assert_eq!(std::fs::read_link(modules.join(".bin/tool")).unwrap(), Path::new("../alias/cli.js"));
        assert!(modules.join(".bin/tool").exists());
        let deep = std::fs::canonicalize(modules.join("alias")).unwrap().with_file_name("deep/index.js");
        assert_eq!(std::fs::read_to_string(deep).unwrap(), "deep");
        assert!(!modules.join("other").exists());
        assert_eq!(std::fs::read_dir(place.path().join("made")).unwrap().count(), 3);
    }
}
