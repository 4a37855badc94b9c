//! Files that several parts of an environment bring: kept once where they are the same, decided where they are not.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::model::TreeDigest;

use super::super::ProfileError;
use super::super::linking::Source;
use super::file_precedence::{Claimant, Contest, Judge, Precedence, Reason, globs};
use super::record;
use super::wheel::{Files, Origin, Places};

/// A contribution to the environment: a wheel or a local package.
pub(super) struct Part<'a> {
    /// Its name, normalised.
    pub(super) name: Arc<str>,
    /// What it is called in messages.
    pub(super) owner: Arc<str>,
    /// Whether a manifest asks for it.
    pub(super) direct: bool,
    /// Where its linked files come from.
    pub(super) source: Option<Source<'a>>,
    /// By their places relative to the environment.
    pub(super) files: Files<'a>,
}

/// What was decided about files that several packages bring.
#[derive(Debug, Default)]
pub(super) struct Settled {
    /// Those of different content, relative to the environment, with the name of the package whose file counts.
    pub(super) contested: BTreeMap<String, Arc<str>>,
    /// Which packages gave way to those that depend on them.
    pub(super) yielded: Vec<Yielded>,
}

/// A package some of whose files are not there, as a dependent of it brings others in their place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct Yielded {
    /// The name of the package whose files are there.
    pub(in super::super) name: Arc<str>,
    /// What it is called in messages.
    owner: Arc<str>,
    /// What the other one is called.
    other: Arc<str>,
    /// The files, relative to the environment.
    pub(in super::super) paths: Vec<String>,
}

impl fmt::Display for Yielded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { owner, other, paths, .. } = self;
        let path = paths.first().map_or("", String::as_str);
        let (what, whose) = match paths.len() {
            0 | 1 => (format!("`{path}`"), "it is"),
            count => (format!("{count} files, like `{path}`"), "they are"),
        };
        write!(f, "{owner} and {other} both install {what}: {whose} taken from {owner}, which depends on {other}")
    }
}

/// Sees to it that no file has two parts: one that two bring is kept once where it is the same, and where it is not,
/// `precedence` decides. `links` belong to the first part, the environment itself.
pub(super) fn settle(
    parts: &mut [Part<'_>],
    links: &BTreeMap<String, PathBuf>,
    places: &Places,
    precedence: &Precedence<'_>,
) -> Result<Settled, ProfileError> {
    let Claims { shared, contested } = claims(parts, links)?;
    let settled =
        if contested.is_empty() { Settled::default() } else { decide(parts, &contested, places, precedence)? };
    for (at, path) in shared.into_iter().filter(|(_, path)| !settled.contested.contains_key(path)) {
        parts[at].files.remove(&path);
    }
    Ok(settled)
}

/// The files that several parts bring.
struct Claims {
    /// Those that are the same as the first part's, with the part.
    shared: Vec<(usize, String)>,
    /// Those that differ.
    contested: BTreeSet<String>,
}

fn claims(parts: &[Part<'_>], links: &BTreeMap<String, PathBuf>) -> Result<Claims, ProfileError> {
    let mut claims: FxHashMap<&str, (usize, Option<TreeDigest>)> = FxHashMap::default();
    claims.extend(links.keys().map(|path| (path.as_str(), (0, None))));
    let mut found = Claims { shared: Vec::new(), contested: BTreeSet::new() };
    let clash = |path: &str, first: usize, second: usize| {
        let [first, second] = [first, second].map(|at| parts[at].owner.to_string());
        let help = "one of the two has to go, or another version of it".to_owned();
        Err(ProfileError::ClaimedTwice { path: path.to_owned(), more: 0, first, second, help })
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

fn digest(origin: &Origin<'_>) -> TreeDigest {
    match origin {
        Origin::Linked(entry) | Origin::Executable(entry) => entry.digest,
        Origin::Written(content, _) => TreeDigest::of(content),
    }
}

/// Decides whose files count, and takes them from the others.
fn decide(
    parts: &mut [Part<'_>],
    contested: &BTreeSet<String>,
    places: &Places,
    precedence: &Precedence<'_>,
) -> Result<Settled, ProfileError> {
    let judge = Judge::new(precedence);
    let mut settled = Settled::default();
    let mut undecided: Vec<Contest<'_>> = Vec::new();
    let mut yielded: BTreeMap<(usize, usize), Vec<String>> = BTreeMap::new();
    // Of each part the files that go, and whether RECORD goes on to list them.
    let mut dropped: BTreeMap<usize, Vec<(String, bool)>> = BTreeMap::new();
    for path in contested {
        let inside = places.in_site(path);
        let claimants = parts.iter().enumerate().filter(|(_, part)| part.files.contains_key(path));
        let claimants = claimants.map(|(at, part)| Claimant { part: at, name: &part.name, owner: &part.owner });
        let contest =
            Contest { path, inside: inside.unwrap_or(path), in_site: inside.is_some(), claimants: claimants.collect() };
        let Some((winner, reason)) = judge.decide(&contest, |at| content(&parts[at], path))? else {
            undecided.push(contest);
            continue;
        };
        let winner = contest.claimants[winner].part;
        let kept = digest(&parts[winner].files[path]);
        for other in contest.claimants.iter().map(|claimant| claimant.part).filter(|at| *at != winner) {
            let is_same = digest(&parts[other].files[path]) == kept;
            dropped.entry(other).or_default().push((path.clone(), is_same));
            if reason == Reason::Depends && !is_same {
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
        settled.yielded.push(Yielded { name, owner, other, paths });
    }
    for (at, files) in dropped {
        drop_files(&mut parts[at], &files, places);
    }
    Ok(settled)
}

/// Returns what a part has for a path.
fn content(part: &Part<'_>, path: &str) -> Result<Vec<u8>, ProfileError> {
    match (part.files.get(path), &part.source) {
        (Some(Origin::Written(content, _)), _) => Ok(content.clone()),
        (Some(Origin::Linked(entry) | Origin::Executable(entry)), Some(source)) => source.read(entry),
        _ => Ok(Vec::new()),
    }
}

/// Names the first two packages of which neither comes before the other, with all that they both install.
fn refused(undecided: &[Contest<'_>]) -> Option<ProfileError> {
    let contest = undecided.first()?;
    let [first, second, ..] = &contest.claimants[..] else { return None };
    let is_theirs = |contest: &&Contest<'_>| {
        [first, second].iter().all(|one| contest.claimants.iter().any(|claimant| claimant.part == one.part))
    };
    let theirs: Vec<&Contest<'_>> = undecided.iter().filter(is_theirs).collect();
    let globs = globs(theirs.iter().map(|contest| contest.inside));
    let globs: Vec<String> = globs.iter().map(|glob| format!("\"{glob}\"")).collect();
    Some(ProfileError::ClaimedTwice {
        path: contest.path.to_owned(),
        more: theirs.len() - 1,
        first: first.owner.to_owned(),
        second: second.owner.to_owned(),
        help: format!(
            "neither depends on the other: let one of the two go, or say in `resolution` whose files are to be there: \
             `owner pypi \"{}\" {globs}` or `owner pypi \"{}\" {globs}`",
            first.name,
            second.name,
            globs = globs.join(" "),
        ),
    })
}

/// Takes files from a part, and those that are not there as it has them from its RECORD.
fn drop_files(part: &mut Part<'_>, files: &[(String, bool)], places: &Places) {
    let mut unlisted = BTreeSet::new();
    for (path, is_same) in files {
        part.files.remove(path);
        if !is_same {
            unlisted.insert(places.recorded_as(path));
        }
    }
    for (path, origin) in &mut part.files {
        if let (true, Origin::Written(content, _)) = (path.ends_with(".dist-info/RECORD"), origin) {
            *content = record::without(&String::from_utf8_lossy(content), &unlisted).into_bytes();
        }
    }
}
