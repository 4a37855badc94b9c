//! Realising packages: `.larder/node_modules/.packages/<key>/node_modules/<name>/…`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::fs::{self, Dir};
use crate::store::Tree;

use super::super::ProfileError;
use super::super::key::RealisedKey;
use super::super::layout::{LinkTarget, RealisedPackage};
use super::super::link_mode::LinkMode;
use super::super::linking::{TreeSource, folders_of};
use super::super::shebang;
use super::declared_bins;

/// The folder in which packages are put together, beside the finished ones, so that the last step is a rename.
const STAGING: &str = ".staging";

/// Realises packages under `packages` (the folder `.packages`), and returns how many.
///
/// A package is put together beside the others and renamed into place as a whole, where one that has its key gives way.
pub(in super::super) fn realise(
    packages: &Path,
    root: &Path,
    wanted: &[(&RealisedKey, &RealisedPackage, Arc<Tree>)],
) -> Result<usize, ProfileError> {
    if wanted.is_empty() {
        return Ok(0);
    }
    let place = Dir::open(packages)?;
    place.create_dir(STAGING)?;
    let mut order: Vec<_> = wanted.iter().collect();
    // The largest first, so that threads end together.
    order.sort_by_key(|(key, _, tree)| (std::cmp::Reverse(tree.entries.len()), *key));
    let done = fs::map_parallel(&order, |(key, realised, tree)| realise_one(&place, root, key, realised, tree));
    let tidied = fs::remove_tree(&packages.join(STAGING));
    done?;
    tidied?;
    Ok(wanted.len())
}

fn realise_one(
    place: &Dir,
    root: &Path,
    key: &RealisedKey,
    realised: &RealisedPackage,
    tree: &Tree,
) -> Result<(), ProfileError> {
    let staged = format!("{STAGING}/{key}");
    let modules = format!("{staged}/node_modules");
    place.create_dir(&staged)?;
    place.create_dir(&modules)?;
    let modules = place.open_dir(&modules)?;
    if let Some((scope, _)) = realised.name.split_once('/') {
        modules.create_dir(scope)?;
    }
    modules.create_dir(&realised.name)?;
    files(&modules.open_dir(&realised.name)?, realised, tree)?;
    links(&modules, root, key, realised)?;
    if realised.files == LinkMode::Private {
        fs::make_private(&place.path().join(&staged))?;
    }
    match place.rename(&staged, key.as_str()) {
        // The damaged one goes with the staging folder.
        Err(error) if error.is_occupied() => Ok(place.exchange(&staged, key.as_str())?),
        renamed => Ok(renamed?),
    }
}

fn files(into: &Dir, realised: &RealisedPackage, tree: &Tree) -> Result<(), ProfileError> {
    let source = TreeSource::open(tree, realised.files)?;
    let executables = executables(&source, realised, tree)?;
    let mut above = "";
    for entry in &tree.entries {
        let parent = entry.path.rsplit_once('/').map_or("", |(parent, _)| parent);
        for folder in folders_of(parent, above) {
            into.create_dir(folder)?;
        }
        above = parent;
        match executables.get(&*entry.path) {
            Some(Some(repaired)) => source.write_executable(repaired, into, &entry.path)?,
            Some(None) if !entry.executable => source.copy_executable(entry, into, &entry.path)?,
            _ => source.place(entry, into, &entry.path)?,
        }
    }
    Ok(())
}

/// Returns the files that a package declares as executables, with their content where that is not what the package has.
///
/// They must be executable, and some packages forget it. A first line that ends as Windows has it names an interpreter
/// that nobody has: such a file is repaired in its copy.
pub(in super::super) fn executables(
    source: &TreeSource<'_>,
    realised: &RealisedPackage,
    tree: &Tree,
) -> Result<BTreeMap<String, Option<Vec<u8>>>, ProfileError> {
    if !realised.bin {
        return Ok(BTreeMap::new());
    }
    let paths: Vec<String> = if let Some(content) = &realised.private {
        content.bin.values().map(|file| (**file).to_owned()).collect()
    } else {
        let Some(json) = fs::read_if_exists(&tree.folder.join("package.json"))? else { return Ok(BTreeMap::new()) };
        let bins = declared_bins(&realised.name, &json, tree.entries.iter().map(|entry| &*entry.path))?;
        bins.found.into_iter().map(|bin| bin.path).collect()
    };
    let mut executables = BTreeMap::new();
    for path in paths {
        let Some(entry) = tree.entry(&path) else { continue };
        let is_odd = shebang::carriage_return(&source.head(entry, shebang::LONGEST)?).is_some();
        let repaired = if is_odd { shebang::repaired(&source.read(entry)?) } else { None };
        executables.insert(path, repaired);
    }
    Ok(executables)
}

fn links(modules: &Dir, root: &Path, key: &RealisedKey, realised: &RealisedPackage) -> Result<(), ProfileError> {
    let mut scopes: BTreeSet<&str> = realised.name.split_once('/').map(|(scope, _)| scope).into_iter().collect();
    for (name, target) in &realised.dependencies {
        if is_itself(key, realised, name, target) {
            continue;
        }
        if **name == *realised.name {
            // An older version of itself: it is looked up inside first, beside would be the package's own place.
            ensure_dir(modules, &format!("{name}/node_modules"))?;
            if let Some((scope, _)) = name.split_once('/') {
                ensure_dir(modules, &format!("{name}/node_modules/{scope}"))?;
            }
        } else if let Some((scope, _)) = name.split_once('/')
            && scopes.insert(scope)
        {
            modules.create_dir(scope)?;
        }
        let path = link_path(realised, name);
        modules.symlink(&relative_target(root, &path, target), path.strip_prefix("node_modules/").unwrap_or(&path))?;
    }
    Ok(())
}

/// The package may bring the folder itself, with bundled dependencies in it.
fn ensure_dir(dir: &Dir, name: &str) -> Result<(), ProfileError> {
    match dir.create_dir(name) {
        Err(error) if !error.is_occupied() => Err(error.into()),
        _ => Ok(()),
    }
}

fn is_itself(key: &RealisedKey, realised: &RealisedPackage, name: &str, target: &LinkTarget) -> bool {
    *name == *realised.name && matches!(target, LinkTarget::Package(other, _) if other == key)
}

/// Returns where a dependency's link lies, relative to the package's key folder.
pub(in super::super) fn link_path(realised: &RealisedPackage, name: &str) -> String {
    if name == &*realised.name {
        format!("node_modules/{name}/node_modules/{name}")
    } else {
        format!("node_modules/{name}")
    }
}

/// Returns what the link at `path`, relative to its package's key folder, points to.
pub(in super::super) fn relative_target(root: &Path, path: &str, target: &LinkTarget) -> PathBuf {
    match target {
        LinkTarget::Package(other, name) => {
            let up = "../".repeat(path.matches('/').count() + 1);
            PathBuf::from(format!("{up}{other}/node_modules/{name}"))
        }
        LinkTarget::Folder(folder) => root.join(&**folder),
    }
}
