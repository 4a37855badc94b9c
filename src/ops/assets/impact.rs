//! `larder impact`: who is touched by a change of an asset.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Serialize;

use crate::assets::{AssetFiles, AssetIndex, AssetSet, PackageIndex};
use crate::diagnostic::{Exit, Failure, SourceFinding, nearest};
use crate::fs;
use crate::model::{AssetQuery, AssetQueryError};
use crate::ops::{Result, Session};

use super::load::{ProjectAssets, consumers};
use crate::ops::asset_findings as findings;

/// What is asked of `impact`.
#[derive(Clone, Debug, Default)]
pub struct ImpactOptions {
    /// The file that the asset's becomes.
    pub to: Option<PathBuf>,
    /// Folders with further repositories.
    pub consumers: Vec<PathBuf>,
}

/// `larder impact --json`: see `schema/impact.json`.
#[derive(Debug, Serialize)]
pub struct Impact {
    /// The assets that change.
    pub assets: Vec<String>,
    /// What their change breaks, or would, by what is known: `breaking`, `compatible`, or `unknown` without a newer form.
    pub verdict: &'static str,
    /// The assets that are touched, the nearest first.
    pub touched: Vec<TouchedAsset>,
    /// The packages whose assets are touched, sorted.
    pub packages: Vec<String>,
}

/// An asset that is touched.
#[derive(Debug, Serialize)]
pub struct TouchedAsset {
    /// The asset.
    pub id: String,
    /// The repository, if it is another one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repository: Option<String>,
    /// Whether it refers to what changes itself.
    pub direct: bool,
    /// How it comes to it, from itself to what changes.
    pub path: Vec<String>,
    /// Whether it can be used no more; `null` where no newer form is known.
    pub breaks: Option<bool>,
    /// What is wrong with it then.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<String>,
}

/// Finds who is touched by a change of the assets that a query means.
pub fn impact(session: &Session<'_>, query: &str, options: &ImpactOptions) -> Result<Impact> {
    let query: AssetQuery = query.parse().map_err(|error: AssetQueryError| Unknown::of(error.to_string()))?;
    let project = ProjectAssets::of(session)?;
    let mut impact = of_project(&project, &query, options, None)?;
    for folder in &options.consumers {
        for (name, consumer) in consumers(session, &session.context.folder.join(folder), &project.root)? {
            let further = of_project(&consumer, &query, options, Some(&name));
            let Ok(further) = further else { continue };
            impact.touched.extend(further.touched);
            impact.packages.extend(further.packages);
            impact.assets.extend(further.assets);
        }
    }
    for list in [&mut impact.packages, &mut impact.assets] {
        list.sort();
        list.dedup();
    }
    if impact.assets.is_empty() {
        return Err(Unknown::of(format!("there is no asset `{query_text}`", query_text = text(&query))).into());
    }
    if impact.touched.iter().any(|one| one.breaks == Some(true)) {
        impact.verdict = "breaking";
    }
    Ok(impact)
}

fn of_project(
    project: &ProjectAssets,
    query: &AssetQuery,
    options: &ImpactOptions,
    repository: Option<&str>,
) -> Result<Impact> {
    let set = project.set();
    let changed = set.matching(query);
    if changed.is_empty() && repository.is_none() && options.consumers.is_empty() {
        return Err(Unknown::near(query, &set).into());
    }
    let touched = set.touched_by(&changed);
    let broken = match &options.to {
        Some(to) => Some(broken_by(project, &changed, to, touched.iter().map(|one| one.asset))?),
        None => None,
    };
    let id = |at: &AssetIndex| set.asset(*at).id.to_string();
    let mut packages = BTreeSet::new();
    let touched: Vec<TouchedAsset> = touched
        .iter()
        .map(|one| {
            packages.insert(set.owner(one.asset).name.to_string());
            let findings = broken.as_ref().map(|broken| broken.get(&one.asset).cloned().unwrap_or_default());
            TouchedAsset {
                id: id(&one.asset),
                repository: repository.map(str::to_owned),
                direct: one.is_direct(),
                path: one.path.iter().rev().map(id).collect(),
                breaks: findings.as_ref().map(|findings| !findings.is_empty()),
                findings: findings.unwrap_or_default(),
            }
        })
        .collect();
    let verdict = if options.to.is_some() { "compatible" } else { "unknown" };
    Ok(Impact { assets: changed.iter().map(id).collect(), verdict, touched, packages: packages.into_iter().collect() })
}

/// Returns what would be wrong with each of these assets that is right now, if the file of what changes had another content.
fn broken_by(
    project: &ProjectAssets,
    changed: &[AssetIndex],
    to: &Path,
    touched: impl Iterator<Item = AssetIndex>,
) -> Result<BTreeMap<AssetIndex, Vec<String>>> {
    let text: Arc<str> = fs::read_to_string(to)?.into();
    let before = project.set();
    let replaced: BTreeMap<(PackageIndex, String), Arc<str>> = changed
        .iter()
        .map(|at| {
            let asset = before.asset(*at);
            ((asset.package, asset.declaration.file.value.to_string()), Arc::clone(&text))
        })
        .collect();
    let files = Replaced { files: project.files(), replaced };
    let after = AssetSet::new(project.packages().to_vec(), &files);
    let environments = project.environments();
    let wrong = |set: &AssetSet<'_>, at: AssetIndex| -> Vec<SourceFinding> {
        set.check_asset(at, environments.as_deref()).into_iter().filter(SourceFinding::is_error).collect()
    };
    let mut broken = BTreeMap::new();
    for at in touched {
        let known = wrong(&before, at);
        let new: Vec<String> =
            wrong(&after, at).iter().filter(|one| !known.contains(one)).map(findings::line).collect();
        if !new.is_empty() {
            broken.insert(at, new);
        }
    }
    Ok(broken)
}

/// Files of which some have another content.
struct Replaced<'a> {
    files: &'a dyn AssetFiles,
    replaced: BTreeMap<(PackageIndex, String), Arc<str>>,
}

impl AssetFiles for Replaced<'_> {
    fn read(&self, package: PackageIndex, path: &str) -> Option<Arc<str>> {
        let replaced = self.replaced.get(&(package, path.to_owned())).cloned();
        replaced.or_else(|| self.files.read(package, path))
    }
}

fn text(query: &AssetQuery) -> String {
    let kind = query.kind.map(|kind| format!("{kind}:")).unwrap_or_default();
    let package = query.package.as_ref().map(|package| format!("{package}/")).unwrap_or_default();
    let version = query.version.as_ref().map(|version| format!("@{version}")).unwrap_or_default();
    format!("{kind}{package}{}{version}", query.name)
}

/// A text that means no asset.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("{message}")]
#[diagnostic(code(larder::impact::unknown), help("{help}"))]
struct Unknown {
    message: String,
    help: String,
}

impl Unknown {
    fn of(message: String) -> Self {
        Self { message, help: "assets are written as `schema:orders/order@2`, or less of it: `order`".to_owned() }
    }

    fn near(query: &AssetQuery, set: &AssetSet<'_>) -> Self {
        let ids: Vec<String> = set.assets().iter().map(|asset| asset.id.to_string()).collect();
        let text = text(query);
        let names = set.assets().iter().filter(|asset| asset.id.kind == query.kind.unwrap_or(asset.id.kind));
        let names: Vec<&str> = names.map(|asset| asset.id.name.as_str()).collect();
        let near = nearest(&text, ids.iter().map(String::as_str)).or_else(|| nearest(query.name.as_str(), names));
        let unknown = Self::of(format!("there is no asset `{text}`"));
        match near {
            Some(near) => Self { help: format!("did you mean `{near}`?"), ..unknown },
            None => unknown,
        }
    }
}

impl Failure for Unknown {
    fn exit(&self) -> Exit {
        Exit::Manifest
    }
}
