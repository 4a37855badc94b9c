//! What of a project is kept.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::index::{Index, KeptFile, KeptGeneration, VERSION};
use crate::fs::{self, Kind};
use crate::manifest::RegistryUrl;
use crate::model::{BYTECODE_FOLDER, EntryPath, TreeDigest, is_tool_folder};
use crate::ops::install::manifests::MANIFESTS;
use crate::ops::packages::{below, walk};
use crate::ops::session::LOCKFILE;
use crate::ops::{Project, Result};
use crate::profile::{self, MANIFESTS_OF_GENERATION};

/// The folder of the project's files in the archive.
pub(super) const FILES: &str = "files/";

/// The files of generations in the archive.
pub(super) const GENERATIONS: &str = "generations/";

/// The files of a generation that say what it consists of.
const OF_GENERATION: [&str; 3] = ["generation.json", LOCKFILE, MANIFESTS_OF_GENERATION];

/// Returns whether a file of the project, by its path, belongs in a backup. In `.git` it could be a program that git runs.
pub(super) fn is_kept(path: &str) -> bool {
    // Windows and macOS take `.GIT` for `.git`.
    !path.split('/').any(|part| is_tool_folder(&part.to_lowercase()))
}

/// Returns whether a backup may have an entry: a file of the project, or the record or the lock of a generation.
pub(super) fn is_entry(path: &str) -> bool {
    if let Some(file) = path.strip_prefix(FILES) {
        return is_kept(file);
    }
    let Some(rest) = path.strip_prefix(GENERATIONS) else { return false };
    let mut parts = rest.rsplitn(3, '/');
    let (file, number) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    OF_GENERATION.contains(&file) && number.parse::<u64>().is_ok() && parts.next().is_some()
}

/// What is kept of a project.
#[derive(Debug)]
pub(super) struct Contents {
    /// The list.
    pub(super) index: Index,
    /// Where each entry of the list is read.
    pub(super) places: BTreeMap<String, PathBuf>,
    /// What is not kept, for people.
    pub(super) left_out: Vec<String>,
}

/// Finds what is kept of a project, without the backup itself.
pub(super) fn of(project: &Project, backup: &Path) -> Result<Contents> {
    let root = &project.root;
    let (mut paths, mut left_out) = (BTreeSet::new(), Vec::new());
    for folder in std::iter::once("").chain(project.members.iter().map(|folder| &**folder)) {
        paths.extend(MANIFESTS.iter().map(|file| below(folder, file)));
    }
    paths.extend([LOCKFILE, ".gitignore", "CHANGELOG.md"].map(str::to_owned));
    paths.extend(project.manifest.patches.iter().map(|line| line.file.to_string()));
    paths.extend(project.sources.values().filter_map(|source| Some(source.local_file()?.path().to_owned())));
    paths.extend(project.manifest.provided_lists.iter().map(|list| list.value.as_str().to_owned()));
    for folder in project.path_packages.keys().filter(|folder| !project.members.contains(folder)) {
        if is_inside(folder) {
            add_package(root, folder, &mut paths)?;
        } else {
            left_out.push(format!("local package `{folder}`, which lies outside of the project"));
        }
    }
    for registry in &project.manifest.registries {
        let RegistryUrl::Folder(folder) = &registry.url else { continue };
        let place = root.join(&**folder);
        match place.strip_prefix(root).ok().and_then(Path::to_str).filter(|folder| is_inside(folder)) {
            Some(folder) => add_folder(root, folder, &mut paths)?,
            None => left_out.push(format!("registry {}, whose folder lies outside of the project", registry.name)),
        }
    }
    let mut entries = BTreeMap::new();
    for path in paths.iter().filter(|path| root.join(path) != backup) {
        match fs::lstat(&root.join(path))? {
            Some(_) if !is_kept(path) => {
                left_out.push(format!("`{path}`, which lies in a folder of git, of larder or of packages"));
            }
            Some(stat) if stat.kind == Kind::File => {
                entries.insert(format!("{FILES}{path}"), root.join(path));
            }
            Some(stat) if stat.kind == Kind::Symlink => left_out.push(format!("`{path}`, which is a link")),
            _ => {}
        }
    }
    let generations = generations(project, &mut entries)?;
    let mut files = BTreeMap::new();
    for (entry, place) in &entries {
        let content = fs::read(place)?;
        let executable = fs::lstat(place)?.is_some_and(|stat| stat.is_executable());
        files.insert(entry.clone(), KeptFile { digest: TreeDigest::of(&content).to_string(), executable });
    }
    let index = Index {
        version: VERSION,
        created: Timestamp::now().round(jiff::Unit::Second).unwrap_or_default().to_string(),
        larder: env!("CARGO_PKG_VERSION").to_owned(),
        active: profile::active(root).map(|name| name.to_string()),
        generations,
        files,
    };
    Ok(Contents { index, places: entries, left_out })
}

fn is_inside(folder: &str) -> bool {
    !folder.is_empty() && EntryPath::parse(folder).is_ok_and(|path| path.as_str() == folder)
}

/// Adds the files of a local package that git does not ignore.
fn add_package(root: &Path, folder: &str, paths: &mut BTreeSet<String>) -> Result<()> {
    walk(
        &root.join(folder),
        |name| is_kept(name) && name != BYTECODE_FOLDER,
        |at, entries, rules| {
            for entry in entries.iter().filter(|entry| entry.kind != Kind::Folder) {
                let Some(name) = entry.path.to_str() else { continue };
                let path = below(at, name);
                if is_kept(name) && !rules.ignores(&path, false) {
                    paths.insert(below(folder, &path));
                }
            }
        },
    )
}

/// Adds all files of a folder, without what tools keep there.
fn add_folder(root: &Path, folder: &str, paths: &mut BTreeSet<String>) -> Result<()> {
    if fs::lstat(&root.join(folder))?.is_none() {
        return Ok(());
    }
    let found = fs::walk(&root.join(folder), |_| true)?;
    let files = found.iter().filter(|entry| entry.kind != Kind::Folder && !fs::is_temporary(&entry.path));
    let names = files.filter_map(|entry| entry.path.to_str()).filter(|path| is_kept(path));
    paths.extend(names.map(|path| below(folder, path)));
    Ok(())
}

/// Adds what the generations consist of.
fn generations(project: &Project, entries: &mut BTreeMap<String, PathBuf>) -> Result<Vec<KeptGeneration>> {
    let profile = project.profile()?;
    let mut generations = Vec::new();
    for environment in profile.environments()? {
        let current = profile.current_number(&environment)?;
        for number in profile.history(&environment)? {
            // One that is being built, or is damaged, is nothing to go back to.
            let Ok(summary) = profile.summary(&environment, number) else { continue };
            let folder = profile.folder(&environment, number);
            for file in OF_GENERATION {
                if fs::lstat(&folder.join(file))?.is_some_and(|stat| stat.kind == Kind::File) {
                    entries.insert(format!("{GENERATIONS}{environment}/{number}/{file}"), folder.join(file));
                }
            }
            generations.push(KeptGeneration {
                environment: environment.to_string(),
                number,
                current: current == Some(number),
                created: summary.created.round(jiff::Unit::Second).unwrap_or(summary.created).to_string(),
                digest: summary.digest.to_string(),
            });
        }
    }
    Ok(generations)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_belongs_to_tools_or_to_nothing_is_no_entry() {
        for entry in [
            "files/larder.kdl",
            "files/.gitignore",
            "files/tools/local/.github/x.yml",
            "generations/production/12/larder.lock",
            "generations/production/1/generation.json",
        ] {
            assert!(is_entry(entry), "{entry}");
        }
        for entry in [
            "files/.git/hooks/post-checkout",
            "files/.GIT/config",
            "files/packages/theme/.git",
            "files/.larder/release.json",
            "files/packages/theme/node_modules/left/index.js",
            "files/.venv/bin/python",
            "larder.kdl",
            "hooks/post-checkout",
            "generations/production/12/project/main.js",
            "generations/production/twelve/larder.lock",
            "generations/12/larder.lock",
        ] {
            assert!(!is_entry(entry), "{entry}");
        }
    }
}
