//! Looking for damage in generations and in what they share with the store, each harmed file named once.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use crate::fs;
use crate::model::{Label, TreeDigest};
use crate::profile::{self, Generation, ProfileDamageKind, ProfileError};
use crate::store::{self, Store, StoreError, Tree};

use crate::ops::{Project, Result};

/// One thing that is damaged.
#[derive(Debug)]
pub(in crate::ops) struct Damage {
    /// The environments that it harms.
    pub(in crate::ops) environments: BTreeSet<Label>,
    /// A sentence that names the place and what was expected and found.
    text: String,
    /// Whether the store's file is harmed with it: they share their bytes.
    shared: bool,
}

impl Damage {
    fn new(environment: &Label, text: String) -> Self {
        Self { environments: [environment.clone()].into(), text, shared: false }
    }

    /// Of a generation whose record cannot be read.
    pub(in crate::ops) fn record(environment: &Label, error: &ProfileError) -> Self {
        Self::new(environment, error.to_string())
    }
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)?;
        if self.shared { f.write_str("; the store's too: they are one file, by hard link") } else { Ok(()) }
    }
}

/// What a changed file of the store and one of a profile have in common where they are one: tree, expected digest, and
/// the one that was found.
type Change = (TreeDigest, TreeDigest, TreeDigest);

/// Looks for damage in generations and in the trees of the store that they are made of.
pub(in crate::ops) fn look(
    profile: &profile::Profiles,
    built: &[(Label, Generation)],
    store: &Store,
) -> Result<Vec<Damage>> {
    let mut users: BTreeMap<TreeDigest, BTreeSet<Label>> = BTreeMap::new();
    for (environment, generation) in built {
        for digest in generation.trees() {
            users.entry(digest).or_default().insert(environment.clone());
        }
    }
    let mut found = Vec::new();
    let mut trees: BTreeMap<TreeDigest, Arc<Tree>> = BTreeMap::new();
    for (digest, environments) in &users {
        match store.tree_by_digest(digest) {
            Ok(tree) => trees.extend(tree.map(|tree| (*digest, Arc::new(tree)))),
            Err(error @ StoreError::Index { .. }) => {
                let (environments, text) = (environments.clone(), error.to_string());
                found.push(Damage { environments, text, shared: false });
            }
            Err(error) => return Err(error.into()),
        }
    }
    let mut in_store: Vec<store::StoreDamage> = Vec::new();
    for tree in trees.values() {
        in_store.extend(store.verify_tree(tree)?);
    }
    let stored: BTreeSet<Change> = in_store.iter().filter_map(change_in_store).collect();
    let mut shared: BTreeSet<Change> = BTreeSet::new();
    let mut in_profile: BTreeMap<PathBuf, Damage> = BTreeMap::new();
    for (environment, generation) in built {
        let checked = profile.verify_generation(environment, generation.number, |digest| trees.get(digest).cloned())?;
        for damage in without_cleaned_away(profile, checked.damage)? {
            let both = change_in_profile(&damage).filter(|change| stored.contains(change));
            let harmed = Damage { shared: both.is_some(), ..Damage::new(environment, damage.to_string()) };
            shared.extend(both);
            in_profile.entry(damage.path).or_insert(harmed).environments.insert(environment.clone());
        }
    }
    found.extend(in_profile.into_values());
    for damage in in_store.iter().filter(|damage| change_in_store(damage).is_none_or(|it| !shared.contains(&it))) {
        let environments = users.get(&damage.tree).cloned().unwrap_or_default();
        found.push(Damage { environments, text: format!("store: {damage}"), shared: false });
    }
    Ok(found)
}

/// Leaves out what lay in folders that a build makes and that are gone: by the manifest they may be.
fn without_cleaned_away(profile: &profile::Profiles, found: Vec<profile::Damage>) -> Result<Vec<profile::Damage>> {
    let is_gone = |damage: &profile::Damage| damage.kind == ProfileDamageKind::FolderGone;
    if !found.iter().any(is_gone) {
        return Ok(found);
    }
    // One that cannot be read allows nothing.
    let folders = Project::read(profile.root().to_owned()).map(|project| project.path_packages).unwrap_or_default();
    let mut kept = Vec::new();
    for damage in found {
        let lies_in = |folder: &&Arc<str>| !folder.is_empty() && damage.path.starts_with(&***folder);
        let folder = folders.keys().find(lies_in).filter(|_| is_gone(&damage));
        let is_cleaned_away = match folder {
            Some(folder) => fs::stat(&profile.root().join(&**folder))?.is_none(),
            None => false,
        };
        if !is_cleaned_away {
            kept.push(damage);
        }
    }
    Ok(kept)
}

fn change_in_store(damage: &store::StoreDamage) -> Option<Change> {
    match damage.kind {
        store::DamageKind::Content { expected, found } => Some((damage.tree, expected, found)),
        _ => None,
    }
}

fn change_in_profile(damage: &profile::Damage) -> Option<Change> {
    match damage.kind {
        ProfileDamageKind::Changed { expected, found } => Some((damage.tree?, expected, found)),
        _ => None,
    }
}
