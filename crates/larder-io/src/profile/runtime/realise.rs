//! Realising runtimes, what verification expects of them, and what a move of the checkout changes.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::fs::{self, Dir, Durability};
use crate::model::TreeDigest;
use crate::store::{Tree, TreeEntry, TreeLink};

use super::super::ProfileError;
use super::super::key::RealisedKey;
use super::super::layout::RealisedRuntime;
use super::super::link_mode::LinkMode;
use super::super::linking::{TreeSource, folders_of};
use super::build_paths;

/// The folder in which runtimes are put together, beside the finished ones, so that the last step is a rename.
const STAGING: &str = ".staging-runtimes";

/// Realises runtimes under `packages` (the folder `.packages`). One that has its key already gives way.
pub(in super::super) fn realise(
    packages: &Path,
    wanted: &[(&RealisedRuntime, Arc<Tree>)],
) -> Result<usize, ProfileError> {
    if wanted.is_empty() {
        return Ok(0);
    }
    let place = Dir::open(packages)?;
    place.create_dir(STAGING)?;
    let done = fs::map_parallel(wanted, |(runtime, tree)| realise_one(&place, runtime, tree));
    let tidied = fs::remove_tree(&packages.join(STAGING));
    done?;
    tidied?;
    Ok(wanted.len())
}

fn realise_one(place: &Dir, runtime: &RealisedRuntime, tree: &Tree) -> Result<(), ProfileError> {
    let key = &runtime.key;
    let staged = format!("{STAGING}/{key}");
    place.create_dir(&staged)?;
    let into = place.open_dir(&staged)?;
    let source = TreeSource::open(tree, runtime.files)?;
    let rewriting = Rewriting::new(&source, tree, &place.path().join(key.as_str()))?;
    let mut above = "";
    for entry in tree.entries.iter().filter(|entry| !TreeLink::is_list(&entry.path)) {
        let parent = entry.path.rsplit_once('/').map_or("", |(parent, _)| parent);
        for folder in folders_of(parent, above) {
            into.create_dir(folder)?;
        }
        above = parent;
        match rewriting.content(&source, entry)? {
            Some(content) => source.write_copy(&content, entry.executable, &into, &entry.path)?,
            None => source.place(entry, &into, &entry.path)?,
        }
    }
    for link in tree.links()? {
        let path = link.path();
        if let Some(folder) = path.folder() {
            fs::create_dir_all(&into.path().join(folder))?;
        }
        into.symlink(link.target(), path.as_str())?;
    }
    if runtime.files == LinkMode::Private {
        fs::make_private(&place.path().join(&staged))?;
    }
    match place.rename(&staged, key.as_str()) {
        // The damaged one goes with the staging folder.
        Err(error) if error.is_occupied() => Ok(place.exchange(&staged, key.as_str())?),
        renamed => Ok(renamed?),
    }
}

/// What a realised runtime should have: the digests of its files, and the targets of its links, by path.
pub(in super::super) struct ExpectedRuntime {
    pub(in super::super) files: BTreeMap<String, TreeDigest>,
    pub(in super::super) links: BTreeMap<String, PathBuf>,
}

/// Returns what a runtime that is realised in `folder` should have.
pub(in super::super) fn expected(
    runtime: &RealisedRuntime,
    tree: &Tree,
    folder: &Path,
) -> Result<ExpectedRuntime, ProfileError> {
    let source = TreeSource::open(tree, runtime.files)?;
    let rewriting = Rewriting::new(&source, tree, folder)?;
    let mut files = BTreeMap::new();
    for entry in tree.entries.iter().filter(|entry| !TreeLink::is_list(&entry.path)) {
        let rewritten = rewriting.content(&source, entry)?.map(|content| TreeDigest::of(&content));
        files.insert(entry.path.to_string(), rewritten.unwrap_or(entry.digest));
    }
    let links = tree.links()?;
    let links = links.iter().map(|link| (link.path().to_string(), link.target().to_owned())).collect();
    Ok(ExpectedRuntime { files, links })
}

/// Rewrites the private copies of a runtime whose checkout was moved: the folder of packages is given before and after.
pub(in super::super) fn relocate(
    packages: &Path,
    key: &RealisedKey,
    (from, to): (&Path, &Path),
) -> Result<(), ProfileError> {
    let folder = packages.join(key.as_str());
    let place = |packages: &Path| packages.join(key.as_str()).to_str().map(str::to_owned);
    let (Some(from), Some(to)) = (place(from), place(to)) else { return Ok(()) };
    let is_looked_into = |path: &Path| path.to_str().is_some_and(build_paths::may_hold_some);
    let found = match fs::walk(&folder, is_looked_into) {
        Err(error) if error.is_not_found() => return Ok(()),
        found => found?,
    };
    let files = found.into_iter().filter(|found| found.kind == fs::Kind::File);
    for file in files.filter(|found| found.path.to_str().is_some_and(build_paths::may_name_it)) {
        let path = folder.join(&file.path);
        // Executables are no text.
        let Some(Ok(text)) = fs::read_record(&path)?.map(String::from_utf8) else { continue };
        let new = build_paths::replaced(&text, &from, &to);
        if new != text {
            fs::write_atomic(&path, new.as_bytes(), Durability::Lazy)?;
        }
    }
    Ok(())
}

/// The rewriting of files that name the folder that a runtime was built for.
struct Rewriting {
    /// That folder, and the one in which the runtime is realised; `None` for a runtime that names none.
    folders: Option<(String, String)>,
}

/// Larger files are no texts that name a folder.
const LARGEST: u64 = 4 << 20;

impl Rewriting {
    fn new(source: &TreeSource<'_>, tree: &Tree, place: &Path) -> Result<Self, ProfileError> {
        let is_sysconfigdata = |entry: &&TreeEntry| {
            build_paths::may_name_it(&entry.path) && entry.path.contains("/_sysconfigdata") && entry.size <= LARGEST
        };
        let Some(entry) = tree.entries.iter().find(is_sysconfigdata) else { return Ok(Self { folders: None }) };
        let text = String::from_utf8(source.read(entry)?).unwrap_or_default();
        let built_for = build_paths::built_for(&text).map(str::to_owned);
        Ok(Self { folders: built_for.zip(place.to_str().map(str::to_owned)) })
    }

    /// Returns the content that a file has instead of its own.
    fn content(&self, source: &TreeSource<'_>, entry: &TreeEntry) -> Result<Option<Vec<u8>>, ProfileError> {
        let Some((built_for, place)) = &self.folders else { return Ok(None) };
        if entry.size > LARGEST || !build_paths::may_name_it(&entry.path) {
            return Ok(None);
        }
        let Ok(text) = String::from_utf8(source.read(entry)?) else { return Ok(None) };
        let new = build_paths::replaced(&text, built_for, place);
        Ok((new != text).then(|| new.into_bytes()))
    }
}
