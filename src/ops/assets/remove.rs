//! `larder remove schema:orders/order`: assets leave their packages' manifests, unless something uses them.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Serialize;

use crate::assets::{AssetIndex, AssetSet};
use crate::fs::{self, Durability};
use crate::manifest::edit;
use crate::model::AssetQuery;
use crate::ops::project::{deployment, inputs};
use crate::ops::session::MANIFEST;
use crate::ops::{Result, Session};

use super::impact::{unknown_asset, unreadable_query};
use super::in_use::{InUse, OrphanedAsset};
use super::load::ProjectAssets;

/// `larder remove ASSET --json`: see `schema/remove-assets.json`.
#[derive(Debug, Serialize)]
pub struct RemovedAssets {
    /// The assets that are not declared any more, with the manifests that did.
    pub removed: Vec<RemovedAsset>,
    /// The assets that refer to one of them, directly or through others.
    pub orphaned: Vec<OrphanedAsset>,
}

/// An asset that is not declared any more.
#[derive(Debug, Serialize)]
pub struct RemovedAsset {
    /// The asset.
    pub id: String,
    /// The manifest.
    pub manifest: String,
    /// Its file, which stays.
    pub file: String,
}

/// Tells whether a text names an asset with its kind, which no package's name does.
pub fn is_asset(text: &str) -> bool {
    text.parse::<AssetQuery>().is_ok_and(|query| query.kind.is_some())
}

/// Removes assets of the packages' own from their manifests. Their files stay.
///
/// # Errors
/// There is no such asset; or others use it, unless `force`.
pub fn remove(session: &Session<'_>, names: &[String], force: bool) -> Result<RemovedAssets> {
    let project = ProjectAssets::of(session)?;
    let set = project.set();
    let mut gone: Vec<AssetIndex> = Vec::new();
    for name in names {
        let query: AssetQuery = name.parse().map_err(|error| unreadable_query(&error))?;
        let found: Vec<AssetIndex> = set.own().filter(|at| query.covers(&set.asset(*at).id)).collect();
        if found.is_empty() {
            return Err(unknown_asset(&query, &set));
        }
        gone.extend(found);
    }
    gone.sort_unstable();
    gone.dedup();
    let orphaned = orphaned(&set, &gone);
    if !orphaned.is_empty() && !force {
        return Err(InUse::of(&names.join(" "), &orphaned).into());
    }
    let mut texts: BTreeMap<PathBuf, String> = BTreeMap::new();
    let mut removed = Vec::new();
    for at in &gone {
        let (asset, manifest) = (set.asset(*at), &set.owner(*at).manifest);
        let path = project.folder(asset.package).join(MANIFEST);
        let text = match texts.get(&path) {
            Some(text) => text.clone(),
            None => inputs::manifest(&path)?.clone(),
        };
        let line = (asset.id.kind, asset.id.name.as_str(), asset.id.version.as_str());
        if let Some(edited) = edit::remove_asset(manifest, &text, line)? {
            texts.insert(path, edited);
        }
        let file = set.owner(*at).file(asset.declaration.file.value.as_str()).to_string();
        removed.push(RemovedAsset { id: asset.id.to_string(), manifest: manifest.to_string(), file });
    }
    deployment::refuse(&project.root)?;
    for (path, text) in &texts {
        fs::write_atomic(path, text.as_bytes(), Durability::Whole)?;
    }
    Ok(RemovedAssets { removed, orphaned })
}

/// Returns who refers to one of these assets, and is none of them.
fn orphaned(set: &AssetSet<'_>, gone: &[AssetIndex]) -> Vec<OrphanedAsset> {
    let touched = set.references().touched_by(gone);
    let id = |at: &AssetIndex| set.asset(*at).id.to_string();
    touched
        .iter()
        .map(|one| OrphanedAsset { id: id(&one.asset), path: one.path.iter().rev().map(id).collect() })
        .collect()
}
