//! Putting the files of a backup into their places, all or none.
//!
//! The files are unpacked and checked in `.larder/restoring/files`. Then `.larder/restoring/ready` is written, which lists them,
//! and each is moved. A run that is killed before leaves the project as it was; one that is killed after is finished by the next
//! `larder restore`, and no other command works on the project until then.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::Serialize;

use super::archive;
use super::contents::{self, FILES, GENERATIONS};
use super::error::BackupError;
use super::index::{Index, KeptGeneration};
use crate::fs::{self, Durability, Kind, PathState};
use crate::model::EntryPath;
use crate::ops::install::manifests::MANIFESTS;
use crate::ops::project::staged_files::{Mover, StagedFile, named};
use crate::ops::session::LOCKFILE;
use crate::ops::{Context, Event, Result};
use crate::profile::{self, MANIFESTS_OF_GENERATION};

/// What is asked of a restore.
#[derive(Clone, Debug, Default)]
pub struct RestoreOptions {
    /// The folder; the current one if none is given.
    pub folder: Option<PathBuf>,
    /// Whether files that are newer than the backup are replaced.
    pub force: bool,
    /// The environment and number of the generation whose lock is taken.
    pub generation: Option<(String, u64)>,
    /// Whether the backup is checked, and nothing is changed.
    pub list: bool,
}

/// `larder restore --json`: see `schema/restore.json`.
#[derive(Debug, Serialize)]
pub struct Restored {
    /// The project's folder.
    pub folder: PathBuf,
    /// When the backup was made; none where an earlier restore was finished.
    pub created: Option<String>,
    /// The environment that was active.
    pub active: Option<String>,
    /// The files that were put into their places.
    pub files: Vec<String>,
    /// The generations that the backup knows.
    pub generations: Vec<KeptGeneration>,
    /// Whether a restore that was cut off was finished, and nothing else done.
    pub finished_earlier: bool,
}

/// Restores a backup.
pub fn restore(context: &Context<'_>, file: &Path, options: &RestoreOptions) -> Result<Restored> {
    let file = context.folder.join(file);
    if options.list {
        let index = archive::read(&file, |_, _| Ok(()))?;
        return Ok(restored(context.folder.clone(), index, Vec::new()));
    }
    let folder = options.folder.as_ref().map_or_else(|| context.folder.clone(), |folder| context.folder.join(folder));
    fs::create_dir_all(&folder)?;
    let folder = fs::canonicalize(&folder)?;
    check_own(&folder)?;
    Mover::Restore.check_others(&folder)?;
    let staging = Mover::Restore.folder(&folder);
    if let Some(files) = Mover::Restore.ready(&folder)? {
        Mover::Restore.move_all(&folder, &files, &contents::is_kept)?;
        let files = files.iter().map(|file| file.path().to_owned()).collect();
        let finished_earlier = true;
        let (created, active, generations) = (None, None, Vec::new());
        return Ok(Restored { folder, created, active, files, generations, finished_earlier });
    }
    fs::remove_tree(&staging)?;
    fs::create_dir_all(&staging.join("files"))?;
    let unpacked = unpack(context, &file, (&folder, &staging), options);
    match unpacked {
        Ok((index, files)) => {
            let staged: Vec<StagedFile> = files.iter().cloned().map(StagedFile::Replacing).collect();
            Mover::Restore.set_ready(&folder, &staged)?;
            Mover::Restore.move_all(&folder, &staged, &contents::is_kept)?;
            Ok(restored(folder, index, files))
        }
        Err(error) => {
            fs::remove_tree(&staging)?;
            Err(error)
        }
    }
}

fn restored(folder: PathBuf, index: Index, files: Vec<String>) -> Restored {
    let Index { created, active, generations, .. } = index;
    Restored { folder, created: Some(created), active, files, generations, finished_earlier: false }
}

/// Fails if `.larder` is reached through a link.
fn check_own(folder: &Path) -> Result<()> {
    match fs::inspect_below(folder, &Mover::Restore.relative_folder())? {
        PathState::Clear | PathState::Missing => Ok(()),
        PathState::Blocked { path, kind } => {
            Err(BackupError::InTheWay { path: path.display().to_string(), what: named(kind) }.into())
        }
    }
}

/// Unpacks and checks a backup beside its places. Returns the files that are to be moved.
fn unpack(
    context: &Context<'_>,
    file: &Path,
    (folder, staging): (&Path, &Path),
    options: &RestoreOptions,
) -> Result<(Index, Vec<String>)> {
    let of_generation = options.generation.as_ref().map(|(name, number)| format!("{GENERATIONS}{name}/{number}/"));
    let (mut lock, mut manifests) = (None, None);
    let mut folders = BTreeSet::new();
    let index = archive::read(file, |path, content| {
        match of_generation.as_deref().and_then(|folder| path.as_str().strip_prefix(folder)) {
            Some(LOCKFILE) => lock = Some(content.to_vec()),
            Some(MANIFESTS_OF_GENERATION) => manifests = Some(content.to_vec()),
            _ => {}
        }
        let Some(below) = path.as_str().strip_prefix(FILES) else { return Ok(()) };
        let place = staging.join("files").join(below);
        if let Some(parent) = place.parent()
            && folders.insert(parent.to_owned())
        {
            fs::create_dir_all(parent)?;
        }
        Ok(fs::write_new(&place, content, 0o644)?)
    })?;
    let mut files: Vec<String> =
        index.files.keys().filter_map(|path| path.strip_prefix(FILES)).map(str::to_owned).collect();
    for (path, _) in index.files.iter().filter(|(_, kept)| kept.executable) {
        if let Some(below) = path.strip_prefix(FILES) {
            fs::set_executable(&staging.join("files").join(below))?;
        }
    }
    if let Some((environment, number)) = &options.generation {
        let known = index.generations.iter().map(|one| format!("{}@{}", one.environment, one.number));
        let help = format!("it has {}", known.collect::<Vec<_>>().join(", "));
        let lock =
            lock.ok_or_else(|| BackupError::NoGeneration { environment: environment.clone(), number: *number, help })?;
        let mut then = BTreeMap::from([(LOCKFILE.to_owned(), lock)]);
        match manifests.map(|content| profile::parse_manifests(&content)) {
            Some(Ok(texts)) => {
                let later = later_manifests(&files, &texts);
                for path in &later {
                    fs::remove_file(&staging.join("files").join(path))?;
                }
                files.retain(|file| !later.contains(file));
                then.extend(texts.into_iter().map(|(path, text)| (path, text.into_bytes())));
            }
            Some(Err(reason)) => {
                let reason = format!("the manifests of {environment}@{number} cannot be read: {reason}");
                return Err(BackupError::Damaged { file: file.to_owned(), reason }.into());
            }
            None => (context.reporter)(Event::Warning(format!(
                "the backup has no manifests of {environment}@{number}, which an older larder built: larder.kdl and patches are \
                 those of the time of the backup, and may ask for something else than the lock of {environment}@{number} has"
            ))),
        }
        place(file, &staging.join("files"), then, &mut files)?;
    }
    compare(folder, staging, &index.created, &mut files, options.force)?;
    Ok((index, files))
}

/// Returns the manifests of members that came after a point in time, which would be members again. Of a member a backup has nothing but
/// its manifests.
fn later_manifests(files: &[String], then: &BTreeMap<String, String>) -> BTreeSet<String> {
    let is_manifest = |path: &str| MANIFESTS.contains(&path.rsplit('/').next().unwrap_or(path));
    let others = files.iter().filter(|path| !is_manifest(path));
    let with_others: BTreeSet<&Path> = others.flat_map(|path| Path::new(path).ancestors().skip(1)).collect();
    let is_later = |path: &&String| {
        let folder = Path::new(path.as_str()).parent();
        is_manifest(path) && !then.contains_key(*path) && folder.is_some_and(|folder| !with_others.contains(folder))
    };
    files.iter().filter(is_later).cloned().collect()
}

/// Puts the files of a point in time into the place of those of the time of the backup.
fn place(file: &Path, staging: &Path, then: BTreeMap<String, Vec<u8>>, files: &mut Vec<String>) -> Result<()> {
    for (path, content) in then {
        // A backup is somebody's file.
        let is_kept = |entry: EntryPath| entry.as_str() == path && contents::is_kept(&path);
        if !EntryPath::parse(&path).is_ok_and(is_kept) {
            let reason = format!("`{}` does not belong there", path.escape_debug());
            return Err(BackupError::Damaged { file: file.to_owned(), reason }.into());
        }
        let place = staging.join(&path);
        if let Some(parent) = place.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write_atomic(&place, &content, Durability::Lazy)?;
        if !files.contains(&path) {
            files.push(path);
        }
    }
    Ok(())
}

/// Leaves out the files that are there already, and fails where something newer or something else is there.
fn compare(folder: &Path, staging: &Path, created: &str, files: &mut Vec<String>, force: bool) -> Result<()> {
    let created_at = created.parse::<Timestamp>().unwrap_or(Timestamp::MIN).as_nanosecond();
    let (mut newer, mut same) = (Vec::new(), BTreeSet::new());
    for file in files.iter() {
        let relative = Path::new(file);
        let in_the_way =
            |path: &Path, kind| BackupError::InTheWay { path: path.display().to_string(), what: named(kind) };
        match fs::inspect_below(folder, relative)? {
            PathState::Missing => continue,
            PathState::Clear => return Err(in_the_way(relative, Kind::Folder).into()),
            PathState::Blocked { path, kind: Kind::File } if path == relative => {}
            PathState::Blocked { path, kind } => return Err(in_the_way(&path, kind).into()),
        }
        let place = folder.join(relative);
        let there = fs::read(&place)?;
        if there == fs::read(&staging.join("files").join(relative))? {
            same.insert(file.clone());
        } else if fs::lstat(&place)?.is_some_and(|stat| i128::from(stat.mtime) > created_at + 1_000_000_000) {
            newer.push(file.clone());
        }
    }
    if !newer.is_empty() && !force {
        newer.truncate(20);
        return Err(BackupError::Newer { created: created.to_owned(), files: newer }.into());
    }
    files.retain(|file| !same.contains(file));
    Ok(())
}
