//! The Python half of a private package: its modules are links in `site-packages` to where the package is realised.
//!
//! A link leads to a package of modules as a whole, below namespaces that several may share. So what Python imports is one copy, and
//! comes before whatever a wheel installs under the same name: [`give_way`] takes that away.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::fs;
use crate::import::python_project;
use crate::store::Tree;

use super::super::ProfileError;
use super::editable::{EditableMetadata, EditablePackage};
use super::file_conflicts::{Contribution, ResolvedConflicts, YieldReason, YieldedFiles, drop_files};
use super::module_paths;
use super::wheel::InstallPaths;

/// Endings of files that Python imports.
const MODULE_ENDINGS: [&str; 4] = [".py", ".pyi", ".so", ".pyd"];

/// A Python half of a realised package.
pub(in super::super) struct PythonHalf<'a> {
    /// The package's name.
    pub(in super::super) name: &'a str,
    /// The package's version.
    pub(in super::super) version: &'a str,
    /// The package, unpacked in the store.
    pub(in super::super) tree: &'a Tree,
    /// The folder of the half in the package; empty is the whole package.
    pub(in super::super) folder: &'a str,
    /// Where the package is realised.
    pub(in super::super) realised: &'a Path,
    /// Whether a manifest line asks for the package.
    pub(in super::super) direct: bool,
}

impl PythonHalf<'_> {
    /// Reads what Python sees of the package: by its pyproject.toml, else all modules in the folder.
    pub(in super::super) fn read(&self) -> Result<EditablePackage, ProfileError> {
        let own = self.tree.folder.join(self.folder);
        let file = own.join("pyproject.toml");
        let bad = |problem: String| ProfileError::BadPyproject { file: file.clone(), problem };
        let failed = fs::FailedRead::default();
        let read = |name: &str| {
            failed.kept_text(fs::find_below(&own, name, &[&self.tree.folder], super::editable::MAX_FILE_SIZE))
        };
        let project = python_project(&read);
        let mut links = BTreeMap::new();
        let description = if let Some(project) = failed.checked(project)?.map_err(bad)? {
            let name = project.name.as_deref().ok_or_else(|| bad("it has no `name`".to_owned()))?;
            let description = EditableMetadata::of(&project, name, self.version).map_err(bad)?;
            let sources = module_paths::sources(&own, &description.name, &project.document);
            for folder in &sources.paths {
                self.add_modules(folder, &mut links);
            }
            for (module, folder) in &sources.renamed {
                links.extend(Some((module.replace('.', "/"), self.in_place(folder))));
            }
            description
        } else {
            self.add_modules(&own, &mut links);
            EditableMetadata::without_project(self.name, self.version)
        };
        Ok(EditablePackage::linked(description, links, (file.clone(), self.direct), self.name))
    }

    /// Adds a link for each module below a folder of the unpacked package.
    fn add_modules(&self, folder: &Path, links: &mut BTreeMap<String, PathBuf>) {
        let Ok(below) = folder.strip_prefix(&self.tree.folder) else { return };
        let prefix =
            below.to_str().filter(|below| !below.is_empty()).map_or(String::new(), |below| format!("{below}/"));
        let paths: Vec<&str> = self.tree.entries.iter().filter_map(|entry| entry.path.strip_prefix(&*prefix)).collect();
        for module in modules(&paths) {
            links.insert(module.to_owned(), self.in_place(&folder.join(module)));
        }
    }

    /// Returns where a path of the unpacked package is realised.
    fn in_place(&self, path: &Path) -> PathBuf {
        path.strip_prefix(&self.tree.folder).map_or_else(|_| path.to_owned(), |below| self.realised.join(below))
    }
}

/// Returns the packages of modules and the single modules among paths: of a namespace, which is no module itself, those in it.
fn modules<'a>(paths: &[&'a str]) -> BTreeSet<&'a str> {
    let packages: BTreeSet<&str> = paths.iter().filter_map(|path| path.strip_suffix("/__init__.py")).collect();
    let mut modules = BTreeSet::new();
    for &path in paths.iter().filter(|path| !path.contains("__pycache__/")) {
        let folders = path.match_indices('/').map(|(at, _)| &path[..at]);
        match { folders }.find(|folder| packages.contains(folder)) {
            Some(package) => drop(modules.insert(package)),
            None if MODULE_ENDINGS.iter().any(|ending| path.ends_with(ending)) => drop(modules.insert(path)),
            None => {}
        }
    }
    modules
}

/// Takes the files of wheels away that lie where private packages have modules. Returns which they are, and who gave way.
///
/// # Errors
/// [`ProfileError::ClaimedTwice`] if two private packages have one module.
pub(super) fn give_way(
    parts: &mut [Contribution<'_>],
    halves: &[&EditablePackage],
    places: &InstallPaths,
) -> Result<ResolvedConflicts, ProfileError> {
    let mut owners: BTreeMap<String, &EditablePackage> = BTreeMap::new();
    for half in halves {
        for (place, _) in half.links(places) {
            let module = module_of(&place).to_owned();
            if let Some(first) = owners.insert(module.clone(), half) {
                return Err(ProfileError::ClaimedTwice {
                    path: module,
                    more: 0,
                    first: format!("larder:{}", first.half_of.as_ref().unwrap_or(&first.name)),
                    second: format!("larder:{}", half.half_of.as_ref().unwrap_or(&half.name)),
                    others: Box::default(),
                    help: "two private packages cannot have one module: remove one of the two".to_owned(),
                });
            }
        }
    }
    let mut resolved = ResolvedConflicts::default();
    if owners.is_empty() {
        return Ok(resolved);
    }
    let owner_of = |path: &str| {
        let above = path.match_indices('/').map(|(at, _)| &path[..at]);
        above.chain([path]).find_map(|part| owners.get(module_of(part)))
    };
    for part in parts.iter_mut().filter(|part| part.source.is_some()) {
        let mut taken: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for path in part.files.keys() {
            if let Some(half) = owner_of(path) {
                taken.entry(&half.name).or_default().push(path.clone());
            }
        }
        for (name, paths) in taken {
            let dropped: Vec<(String, bool)> = paths.iter().map(|path| (path.clone(), false)).collect();
            drop_files(part, &dropped, places);
            // A wheel may have the name of the private package: the owner tells them apart.
            let owner: Arc<str> = format!("larder:{name}").into();
            let name = Arc::clone(&owner);
            resolved.contested.extend(paths.iter().map(|path| (path.clone(), Arc::clone(&name))));
            resolved.yielded.push(YieldedFiles {
                name,
                owner,
                other: part.owner.clone(),
                paths,
                why: YieldReason::PrivateModule,
            });
        }
    }
    Ok(resolved)
}

/// Returns a path without the ending of a module: `site-packages/foo` of `site-packages/foo.cpython-312-x86_64-linux-gnu.so`.
fn module_of(path: &str) -> &str {
    let start = path.rfind('/').map_or(0, |at| at + 1);
    let is_module = MODULE_ENDINGS.iter().any(|ending| path.ends_with(ending));
    path[start..].find('.').filter(|_| is_module).map_or(path, |at| &path[..start + at])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_are_linked_whole_and_namespaces_are_entered() {
        let paths = [
            "acme/orders/__init__.py",
            "acme/orders/deep/__init__.py",
            "acme/orders/data.json",
            "acme/plain.py",
            "acme/README.md",
            "single.py",
            "native.cpython-312-x86_64-linux-gnu.so",
            "shop/__init__.py",
            "shop/__pycache__/x.pyc",
            "README.md",
        ];
        let found: Vec<_> = modules(&paths).into_iter().collect();
        assert_eq!(
            found,
            ["acme/orders", "acme/plain.py", "native.cpython-312-x86_64-linux-gnu.so", "shop", "single.py"]
        );
        assert_eq!(module_of("site/native.cpython-312-x86_64-linux-gnu.so"), "site/native");
        assert_eq!(module_of("lib/python3.12/site-packages/shop"), "lib/python3.12/site-packages/shop");
    }
}
