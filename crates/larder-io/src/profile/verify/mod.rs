//! Comparing a profile with what it should be, file by file.

mod damage;
mod inventory;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use crate::fs;
use crate::model::{Label, TreeDigest};
use crate::store::Tree;

use super::fallback_link::{self, LinkState};
use super::generation::{Contents, Generation};
use super::key::RealisedKey;
use super::layout::{Layout, LinkTarget, RealisedPackage, RealisedRuntime};
use super::link_mode::LinkMode;
use super::linking::TreeSource;
use super::paths::{KEYS, LOCK, RECORD, SUMMARY};
use super::profiles::Profiles;
use super::root_links::{RequiredLinks, RootLinks};
use super::{ProfileError, node_modules, python, runtime};
use damage::link_harm;
use inventory::{ExpectedEntry, Inventory};

pub use damage::{Checked, Damage, ProfileDamageKind};

impl Profiles {
    /// Compares every file of an environment's current generation with what it should be. `trees` finds a tree of the
    /// store.
    pub fn verify(
        &self,
        environment: &Label,
        trees: impl Fn(&TreeDigest) -> Option<std::sync::Arc<Tree>> + Sync,
    ) -> Result<Vec<Damage>, ProfileError> {
        let number = self.current_number(environment)?.ok_or_else(|| ProfileError::NeverSynced(environment.clone()))?;
        Ok(self.verify_generation(environment, number, trees)?.damage)
    }

    /// Compares every file of any generation with what it should be: a rollback checks the generation that it goes back to.
    pub fn verify_generation(
        &self,
        environment: &Label,
        number: u64,
        trees: impl Fn(&TreeDigest) -> Option<std::sync::Arc<Tree>> + Sync,
    ) -> Result<Checked, ProfileError> {
        let _span = tracing::info_span!("verify", %environment, number).entered();
        let generation = self.generation(environment, number)?;
        let summary = self.summary(environment, number)?;
        self.check_location(environment, number, &summary)?;
        let folder = self.generation_folder(environment, number)?;
        let mut checked = verify(self.root(), self.packages(), &folder, &generation, &trees)?;
        let is_current = self.current_number(environment)? == Some(number);
        if is_current && self.active()?.as_ref() == Some(environment) {
            checked.damage.extend(root_links(self.root(), &RequiredLinks::from(&summary).links(self.root()))?);
            checked.damage.extend(fallback(self.root(), summary.fallback)?);
        }
        Ok(checked)
    }
}

/// Finds a tree of the store.
pub(super) type TreeLookup<'a> = dyn Fn(&TreeDigest) -> Option<Arc<Tree>> + Sync + 'a;

/// Checks a generation: its realised packages, and its own folder.
pub(super) fn verify(
    root: &Path,
    packages: &Path,
    folder: &Path,
    generation: &Generation,
    trees: &TreeLookup<'_>,
) -> Result<Checked, ProfileError> {
    let contents = Contents::read(folder)?;
    let digest =
        Generation::digest(generation.platform, generation.python.as_ref(), &generation.closure, &contents.layout);
    if digest != generation.digest {
        return Err(ProfileError::BadRecord {
            file: folder.join(RECORD),
            problem: "it was changed: what it lists does not have the digest that it names".to_owned(),
        });
    }
    let mut checked = realised(root, packages, &contents.layout, trees)?;
    checked.extend([own_folder(root, folder, generation, &contents, trees)?]);
    Ok(checked)
}

/// Checks the realised packages of a layout.
pub(super) fn realised(
    root: &Path,
    packages: &Path,
    layout: &Layout,
    trees: &TreeLookup<'_>,
) -> Result<Checked, ProfileError> {
    let realised: Vec<_> = layout.packages.iter().collect();
    let found = fs::map_parallel(&realised, |(key, realised)| package(root, packages, key, realised, trees))?;
    let runtimes: Vec<_> = layout.runtimes.iter().collect();
    let of_runtimes = fs::map_parallel(&runtimes, |(name, realised)| runtime(root, packages, name, realised, trees))?;
    let mut checked = Checked::default();
    checked.extend(found.into_iter().chain(of_runtimes));
    Ok(checked)
}

/// Checks the links in the checkout.
pub(super) fn root_links(root: &Path, links: &RootLinks) -> Result<Vec<Damage>, ProfileError> {
    let mut damage = Vec::new();
    for (path, target) in links {
        let path_on_disk = root.join(path);
        // Whether it may be gone is for the manifest to say: what a build made may be cleaned away, with what was in it.
        let is_gone = path_on_disk.parent().map(fs::stat).transpose()?.is_some_and(|stat| stat.is_none());
        let harm = if is_gone { Some(ProfileDamageKind::FolderGone) } else { link_harm(&path_on_disk, target)? };
        if let Some(kind) = harm {
            damage.push(Damage { path: path.clone(), package: None, key: None, tree: None, kind });
        }
    }
    Ok(damage)
}

/// Checks the link through which packages find what they do not declare. Where it is not needed it may be missing.
fn fallback(root: &Path, is_needed: bool) -> Result<Option<Damage>, ProfileError> {
    let kind = match fallback_link::look(root)? {
        LinkState::Nothing if is_needed => ProfileDamageKind::Missing,
        LinkState::Foreign => ProfileDamageKind::Redirected { expected: fallback_link::target().to_owned() },
        LinkState::Nothing | LinkState::Link => return Ok(None),
    };
    Ok(Some(Damage { path: fallback_link::fallback_link(), package: None, key: None, tree: None, kind }))
}

fn package(
    root: &Path,
    packages: &Path,
    key: &RealisedKey,
    realised: &RealisedPackage,
    trees: &TreeLookup<'_>,
) -> Result<Checked, ProfileError> {
    let folder = packages.join(key.as_str());
    let own = format!("node_modules/{}", realised.name);
    let (tree, files) = (Some(realised.tree), BTreeMap::new());
    let mut inventory = Inventory { root, folder: &folder, key: Some(key), tree, files, writable_folder: None };
    let Some(tree) = trees(&realised.tree) else {
        return Ok(
            vec![inventory.damage("", Some(&realised.name), Some(realised.tree), ProfileDamageKind::Unknown)].into()
        );
    };
    if realised.files == LinkMode::Writable {
        inventory.writable_folder = Some(own.clone());
    }
    let repaired = repaired(realised, &tree);
    for entry in &tree.entries {
        let expected = match realised.files {
            LinkMode::Writable => ExpectedEntry::Anything,
            LinkMode::Shared | LinkMode::Private => {
                let digest = repaired.get(&*entry.path).copied().unwrap_or(entry.digest);
                ExpectedEntry::File { digest, package: Some(realised.name.clone()), tree: Some(realised.tree) }
            }
        };
        inventory.files.insert(format!("{own}/{}", entry.path), expected);
    }
    for (name, target) in &realised.dependencies {
        if **name == *realised.name && matches!(target, LinkTarget::Package(other, _) if other == key) {
            continue;
        }
        let path = node_modules::link_path(realised, name);
        let target = node_modules::relative_target(root, &path, target);
        inventory.files.insert(path, ExpectedEntry::Link(target));
    }
    inventory.check()
}

/// Checks a runtime. Python may put byte-code beside its library.
fn runtime(
    root: &Path,
    packages: &Path,
    name: &Arc<str>,
    realised: &RealisedRuntime,
    trees: &TreeLookup<'_>,
) -> Result<Checked, ProfileError> {
    let folder = packages.join(realised.key.as_str());
    let (tree, files) = (Some(realised.tree), BTreeMap::new());
    let mut inventory =
        Inventory { root, folder: &folder, key: Some(&realised.key), tree, files, writable_folder: None };
    let Some(tree) = trees(&realised.tree) else {
        return Ok(vec![inventory.damage("", Some(name), Some(realised.tree), ProfileDamageKind::Unknown)].into());
    };
    let expected = runtime::expected(realised, &tree, &folder)?;
    let files = expected.files.into_iter().map(|(path, digest)| {
        (path, ExpectedEntry::File { digest, package: Some(name.clone()), tree: Some(realised.tree) })
    });
    inventory.files.extend(files);
    inventory.files.extend(expected.links.into_iter().map(|(path, target)| (path, ExpectedEntry::Link(target))));
    inventory.check()
}

/// Returns the digests of the executables whose first line was repaired as they were copied.
fn repaired(realised: &RealisedPackage, tree: &Tree) -> BTreeMap<String, TreeDigest> {
    // A damaged tree is named where the store is checked.
    let executables =
        TreeSource::open(tree, realised.files).and_then(|source| node_modules::executables(&source, realised, tree));
    let repaired = executables.unwrap_or_default().into_iter();
    repaired.filter_map(|(path, content)| Some((path, TreeDigest::of(&content?)))).collect()
}

/// Checks a generation's own folder.
pub(super) fn own_folder(
    root: &Path,
    folder: &Path,
    generation: &Generation,
    contents: &Contents,
    trees: &TreeLookup<'_>,
) -> Result<Checked, ProfileError> {
    let mut inventory =
        Inventory { root, folder, key: None, tree: None, files: BTreeMap::new(), writable_folder: None };
    let mut damage = Vec::new();
    for record in [RECORD, SUMMARY, KEYS, LOCK] {
        inventory.files.insert(record.to_owned(), ExpectedEntry::Anything);
    }
    if let Some(interpreter) = &generation.python {
        let library = interpreter.library();
        if fs::stat(&interpreter.path)?.is_none() {
            let harm = ProfileDamageKind::Dangling { target: interpreter.path.clone() };
            damage.push(inventory.damage("python/bin/python", None, None, harm));
        }
        damage.extend(inventory.wheels(contents, &library, trees)?);
        damage.extend(inventory.bytecode(generation, contents, &library, trees)?);
    }
    // Some files of wheels were rewritten: what larder wrote counts.
    for (path, digest) in &contents.generated {
        inventory.files.insert(path.clone(), ExpectedEntry::File { digest: digest.0, package: None, tree: None });
    }
    let links = contents.links.iter().map(|(path, target)| (path.clone(), ExpectedEntry::Link(target.clone())));
    inventory.files.extend(links);
    let mut checked = inventory.check()?;
    checked.damage.splice(0..0, damage);
    Ok(checked)
}

impl Inventory<'_> {
    fn wheels(
        &mut self,
        contents: &Contents,
        library: &str,
        trees: &TreeLookup<'_>,
    ) -> Result<Vec<Damage>, ProfileError> {
        let mut damage = Vec::new();
        for distribution in &contents.layout.python {
            let Some(tree) = trees(&distribution.tree) else {
                damage.push(self.damage(
                    "python",
                    Some(&distribution.name),
                    Some(distribution.tree),
                    ProfileDamageKind::Unknown,
                ));
                continue;
            };
            for (place, entry) in python::linked_files(distribution, &tree, library)? {
                let expected = match distribution.files {
                    LinkMode::Writable => ExpectedEntry::Anything,
                    LinkMode::Shared | LinkMode::Private => ExpectedEntry::File {
                        digest: entry.digest,
                        package: Some(distribution.name.clone()),
                        tree: Some(distribution.tree),
                    },
                };
                let place = format!("python/{place}");
                if contents.has_file_of(&distribution.name, &place) {
                    self.files.insert(place, expected);
                }
            }
        }
        Ok(damage)
    }

    fn bytecode(
        &mut self,
        generation: &Generation,
        contents: &Contents,
        library: &str,
        trees: &TreeLookup<'_>,
    ) -> Result<Vec<Damage>, ProfileError> {
        let mut damage = Vec::new();
        for distribution in &contents.layout.python {
            let compiled = generation.bytecode.as_ref().and_then(|bytecode| bytecode.get(&distribution.name));
            let (Some(compiled), Some(tree)) = (compiled, trees(&distribution.tree)) else { continue };
            let Some(bytecode) = trees(&compiled.0) else {
                damage.push(self.damage(
                    "python",
                    Some(&distribution.name),
                    Some(compiled.0),
                    ProfileDamageKind::Unknown,
                ));
                continue;
            };
            for (place, entry) in python::compiled_files(distribution, &tree, &bytecode, library)? {
                let place = format!("python/{place}");
                if !contents.has_file_of(&distribution.name, &place) {
                    continue;
                }
                // What two wheels share comes from the first.
                self.files.entry(place).or_insert_with(|| ExpectedEntry::File {
                    digest: entry.digest,
                    package: Some(distribution.name.clone()),
                    tree: Some(bytecode.digest),
                });
            }
        }
        Ok(damage)
    }
}
