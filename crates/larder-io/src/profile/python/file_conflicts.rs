//! Files that several parts of an environment bring: kept once where they are the same, decided where they are not.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::model::TreeDigest;

use super::super::error::{ProfileError, and_more};
use super::super::layout::AskedBy;
use super::super::linking::TreeSource;
use super::file_precedence::{Claimant, ConflictResolver, FileConflict, Precedence, Precedes, globs};
use super::record;
use super::wheel::{FileSource, InstallPaths, InstalledFiles};

/// A contribution to the environment: a wheel or a local package.
pub(super) struct Contribution<'a> {
    /// The normalised name of the package.
    pub(super) name: Arc<str>,
    /// The package's name in messages.
    pub(super) owner: Arc<str>,
    /// Who asks for the package.
    pub(super) asked_by: AskedBy,
    /// The tree that its files are linked from.
    pub(super) source: Option<TreeSource<'a>>,
    /// By their places relative to the environment.
    pub(super) files: InstalledFiles<'a>,
}

/// The outcome for files that several packages bring.
#[derive(Debug, Default)]
pub(super) struct ResolvedConflicts {
    /// Paths of files with different content, relative to the environment, with the name of the package whose file is installed.
    pub(super) contested: BTreeMap<String, Arc<str>>,
    /// Which packages gave way to those that depend on them.
    pub(super) yielded: Vec<YieldedFiles>,
}

/// A package some of whose files are not there, as a dependent of it brings others in their place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct YieldedFiles {
    /// The name of the package whose files are there.
    pub(in super::super) name: Arc<str>,
    /// The package's name in messages.
    pub(super) owner: Arc<str>,
    /// The other package's name in messages.
    pub(super) other: Arc<str>,
    /// The files, relative to the environment.
    pub(in super::super) paths: Vec<String>,
    /// Why the other's files are there.
    pub(super) why: YieldReason,
}

/// Why a package's files gave way to those of another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum YieldReason {
    /// The other one depends on it.
    Dependent,
    /// The other one is a private package with modules of that name.
    PrivateModule,
}

impl fmt::Display for YieldedFiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { owner, other, paths, .. } = self;
        let path = paths.first().map_or("", String::as_str);
        let (what, whose) = match paths.len() {
            0 | 1 => (format!("`{path}`"), "it is"),
            count => (format!("{count} files, like `{path}`"), "they are"),
        };
        match self.why {
            YieldReason::Dependent => {
                write!(
                    f,
                    "{owner} and {other} both install {what}: {whose} taken from {owner}, which depends on {other}"
                )
            }
            YieldReason::PrivateModule => {
                write!(f, "{other} installs {what}, where the private package {owner} has modules: those come first")
            }
        }
    }
}

/// Leaves each file to one contribution: a file that several bring with the same content is left to the first, and `precedence`
/// decides about different content. `links` belong to the first contribution, the environment itself.
pub(super) fn resolve_conflicts(
    parts: &mut [Contribution<'_>],
    links: &BTreeMap<String, PathBuf>,
    places: &InstallPaths,
    precedence: &Precedence<'_>,
) -> Result<ResolvedConflicts, ProfileError> {
    let SharedPaths { shared, contested } = claims(parts, links)?;
    let settled = if contested.is_empty() {
        ResolvedConflicts::default()
    } else {
        decide(parts, &contested, places, precedence)?
    };
    for (at, path) in shared.into_iter().filter(|(_, path)| !settled.contested.contains_key(path)) {
        parts[at].files.remove(&path);
    }
    Ok(settled)
}

/// The files that several parts bring.
struct SharedPaths {
    /// Files that are the same as those of an earlier contribution, with the place of the later one.
    shared: Vec<(usize, String)>,
    /// Paths of files that differ.
    contested: BTreeSet<String>,
}

fn claims(parts: &[Contribution<'_>], links: &BTreeMap<String, PathBuf>) -> Result<SharedPaths, ProfileError> {
    let mut claims: FxHashMap<&str, (usize, Option<TreeDigest>)> = FxHashMap::default();
    claims.extend(links.keys().map(|path| (path.as_str(), (0, None))));
    let mut found = SharedPaths { shared: Vec::new(), contested: BTreeSet::new() };
    let clash = |path: &str, first: usize, second: usize| {
        let [first, second] = [first, second].map(|at| parts[at].owner.to_string());
        let help = "remove one of the two packages, or ask for another version of it".to_owned();
        Err(ProfileError::ClaimedTwice { path: path.to_owned(), more: 0, first, second, others: Box::default(), help })
    };
    for (at, part) in parts.iter().enumerate() {
        for (path, origin) in &part.files {
            let digest = Some(digest(origin));
            match claims.entry(path) {
                Entry::Vacant(place) => drop(place.insert((at, digest))),
                Entry::Occupied(place) if place.get().1 == digest => found.shared.push((at, path.clone())),
                // Nobody replaces what the environment itself is made of.
                Entry::Occupied(place) if place.get().0 == 0 => return clash(path, 0, at),
                Entry::Occupied(_) => drop(found.contested.insert(path.clone())),
            }
        }
    }
    let mut folders: FxHashSet<&str> = FxHashSet::default();
    for (at, part) in parts.iter().enumerate() {
        for path in part.files.keys() {
            let mut rest = path.as_str();
            while let Some((folder, _)) = rest.rsplit_once('/').filter(|(folder, _)| folders.insert(folder)) {
                if let Some((first, _)) = claims.get(folder) {
                    return clash(folder, *first, at);
                }
                rest = folder;
            }
        }
    }
    Ok(found)
}

fn digest(origin: &FileSource<'_>) -> TreeDigest {
    match origin {
        FileSource::Linked(entry) | FileSource::Executable(entry) => entry.digest,
        FileSource::Written(content, _) => TreeDigest::of(content),
    }
}

/// Decides whose files count, and takes them from the others.
fn decide(
    parts: &mut [Contribution<'_>],
    contested: &BTreeSet<String>,
    places: &InstallPaths,
    precedence: &Precedence<'_>,
) -> Result<ResolvedConflicts, ProfileError> {
    let judge = ConflictResolver::new(precedence);
    let mut settled = ResolvedConflicts::default();
    let mut undecided: Vec<FileConflict<'_>> = Vec::new();
    let mut yielded: BTreeMap<(usize, usize), Vec<String>> = BTreeMap::new();
    // Of each part the files that go, and whether RECORD goes on to list them.
    let mut dropped: BTreeMap<usize, Vec<(String, bool)>> = BTreeMap::new();
    for path in contested {
        let inside = places.in_site(path);
        let claimants = parts.iter().enumerate().filter(|(_, part)| part.files.contains_key(path));
        let claimants = claimants.map(|(at, part)| Claimant { part: at, name: &part.name, owner: &part.owner });
        let contest = FileConflict {
            path,
            inside: inside.unwrap_or(path),
            in_site: inside.is_some(),
            claimants: claimants.collect(),
        };
        let Some((winner, reason)) = judge.decide(&contest, |at| content(&parts[at], path))? else {
            undecided.push(contest);
            continue;
        };
        let winner = contest.claimants[winner].part;
        let kept = digest(&parts[winner].files[path]);
        for other in contest.claimants.iter().map(|claimant| claimant.part).filter(|at| *at != winner) {
            let is_same = digest(&parts[other].files[path]) == kept;
            dropped.entry(other).or_default().push((path.clone(), is_same));
            if reason == Precedes::KeyDependency && !is_same {
                yielded.entry((winner, other)).or_default().push(path.clone());
            }
        }
        settled.contested.insert(path.clone(), parts[winner].name.clone());
    }
    if let Some(error) = refused(&undecided) {
        return Err(error);
    }
    for ((winner, other), paths) in yielded {
        let [winner, other] = [winner, other].map(|at| &parts[at]);
        let (name, owner, other) = (winner.name.clone(), winner.owner.clone(), other.owner.clone());
        settled.yielded.push(YieldedFiles { name, owner, other, paths, why: YieldReason::Dependent });
    }
    for (at, files) in dropped {
        drop_files(&mut parts[at], &files, places);
    }
    Ok(settled)
}

/// Returns what a part has for a path.
fn content(part: &Contribution<'_>, path: &str) -> Result<Vec<u8>, ProfileError> {
    match (part.files.get(path), &part.source) {
        (Some(FileSource::Written(content, _)), _) => Ok(content.clone()),
        (Some(FileSource::Linked(entry) | FileSource::Executable(entry)), Some(source)) => source.read(entry),
        _ => Ok(Vec::new()),
    }
}

/// Names every two packages of which neither comes before the other, with all that they both install: of several that install one file, the
/// first with each further one.
fn refused(undecided: &[FileConflict<'_>]) -> Option<ProfileError> {
    let mut pairs: Vec<(&Claimant<'_>, &Claimant<'_>, Vec<&FileConflict<'_>>)> = Vec::new();
    for contest in undecided {
        let Some((first, further)) = contest.claimants.split_first() else { continue };
        for second in further {
            let parts = [first.part, second.part];
            let is_pair =
                |one: &Claimant<'_>, other: &Claimant<'_>| parts.contains(&one.part) && parts.contains(&other.part);
            match pairs.iter_mut().find(|(one, other, _)| is_pair(one, other)) {
                Some((.., theirs)) => theirs.push(contest),
                None => pairs.push((first, second, vec![contest])),
            }
        }
    }
    let owners = pairs.iter().map(|(first, second, theirs)| {
        let globs = globs(theirs.iter().map(|contest| contest.inside));
        let globs = globs.iter().map(|glob| format!("\"{glob}\"")).collect::<Vec<_>>().join(" ");
        format!("`owner pypi \"{}\" {globs}` or `owner pypi \"{}\" {globs}`", first.name, second.name)
    });
    let owners = owners.collect::<Vec<_>>().join("; ");
    let (first, second, theirs) = pairs.first()?;
    let path = |theirs: &[&FileConflict<'_>]| theirs.first().map(|contest| contest.path.to_owned());
    let others = pairs.iter().skip(1).filter_map(|(first, second, theirs)| {
        Some(format!("{} and {} `{}`{}", first.owner, second.owner, path(theirs)?, and_more(theirs.len() - 1)))
    });
    let others: Vec<String> = others.collect();
    let (neither, one) = if pairs.len() == 1 {
        ("neither depends on the other", "one of the two packages")
    } else {
        ("neither of two depends on the other", "one of each two packages")
    };
    Some(ProfileError::ClaimedTwice {
        path: path(theirs)?,
        more: theirs.len() - 1,
        first: first.owner.to_owned(),
        second: second.owner.to_owned(),
        others: if others.is_empty() { Box::default() } else { format!("; so do {}", others.join(", ")).into() },
        help: format!("{neither}: remove {one}, or say in `resolution` whose files to install: {owners}"),
    })
}

/// Takes files from a part, and those that are not there as it has them from its RECORD.
pub(super) fn drop_files(part: &mut Contribution<'_>, files: &[(String, bool)], places: &InstallPaths) {
    let mut unlisted = BTreeSet::new();
    for (path, is_same) in files {
        part.files.remove(path);
        if !is_same {
            unlisted.insert(places.recorded_as(path));
        }
    }
    for (path, origin) in &mut part.files {
        if let (true, FileSource::Written(content, _)) = (path.ends_with(".dist-info/RECORD"), origin) {
            *content = record::without(&String::from_utf8_lossy(content), &unlisted).into_bytes();
        }
    }
}
