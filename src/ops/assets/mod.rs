//! Assets of a project: its packages' own, and those of the private packages that they depend on.
//!
//! | file | what it owns |
//! | --- | --- |
//! | `load` | which packages and files there are |
//! | `in_use` | who would lose what it refers to |
//! | `remembered` | what larder remembers of them |
//! | `of_registry` | the assets of a registry's packages |
//! | `remove` | `larder remove schema:orders/order` |
//! | `references` | which of them refers to which, remembered |
//! | `inputs` | the files and folders that references follow from |
//! | `replaced` | the same packages with another content of some |
//! | `ready` | `larder ready` |
//! | `probe` | whether adapters reach what they name, and the record of it |
//! | `flow` | `larder flow`: states in the manifest, and in an environment |
//! | `impact` | `larder impact` |
//! | `graph` | `larder graph --assets` |
//! | `carried` | `larder export flows`, `larder import flows`: flows in one file |
//! | `carried_file` | that file: written, read |
//! | `import` | `larder import assets` |
//! | `foreign_folder` | a folder of another tool: which assets it has |
//! | `portable` | what keeps assets from leaving and coming in |
//! | `placement` | what an import adds to packages: all of it, or nothing |
//! | `explain` | `larder explain adapter` |

pub mod carried;
mod carried_file;
pub mod explain;
pub mod flow;
mod foreign_folder;
pub mod graph;
pub mod impact;
pub mod import;
pub mod in_use;
mod inputs;
pub(super) mod load;
pub(super) mod of_registry;
mod placement;
mod portable;
mod probe;
pub mod ready;
mod references;
pub(super) mod remembered;
pub mod remove;
pub(super) mod replaced;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::assets::{AssetIndex, AssetSet};
use crate::diagnostic::SourceFinding;
use crate::model::{AssetKind, AssetQuery, AssetQueryError, PackageName};

use super::asset_findings::{self, AssetDiagnostic, WrongAssets};
use super::{Result, Session};
use load::ProjectAssets;

/// What a check of assets came to.
#[derive(Debug, Default)]
pub struct CheckedAssets {
    /// How many assets were checked.
    pub count: usize,
    /// What was found, in the order of files and lines.
    pub findings: Vec<SourceFinding>,
    /// The packages whose assets were checked, by their names in the form in which spellings are equal.
    packages: BTreeSet<String>,
    /// The texts of the files in which something was found.
    texts: BTreeMap<Arc<str>, Arc<str>>,
}

impl CheckedAssets {
    fn new(set: &AssetSet<'_>, count: usize, findings: Vec<SourceFinding>) -> Self {
        let mut texts = BTreeMap::new();
        for finding in &findings {
            if !texts.contains_key(&finding.file)
                && let Some(text) = set.text_of(&finding.file)
            {
                texts.insert(Arc::clone(&finding.file), text);
            }
        }
        let packages = set.packages().iter().filter(|package| package.is_own);
        let packages = packages.map(|package| package.name.folded().into_owned()).collect();
        Self { count, findings, packages, texts }
    }

    /// Returns whether the assets of a package are among those that were checked.
    pub(super) fn has_checked(&self, package: &PackageName) -> bool {
        self.packages.contains(&*package.folded())
    }

    /// Returns the findings as one error, if there are errors among them.
    pub fn refusal(&self) -> Option<WrongAssets> {
        WrongAssets::new(&self.findings, &|file| self.texts.get(file).cloned())
    }

    /// Returns the findings as they are shown beside an error.
    pub(super) fn diagnostics(&self) -> Vec<AssetDiagnostic> {
        asset_findings::diagnostics(&self.findings, &|file| self.texts.get(file).cloned())
    }
}

/// Checks the assets of the packages at and below the folder that larder was started in.
pub(super) fn check(session: &Session<'_>) -> Result<CheckedAssets> {
    let project = ProjectAssets::of(session)?;
    if !project.has_assets() {
        return Ok(CheckedAssets::default());
    }
    let set = project.set();
    let findings = project.check(&set);
    Ok(CheckedAssets::new(&set, set.own().count(), findings))
}

/// Returns the flows of the packages' own that a name means: `order-intake`, or `orders/order-intake`.
fn flows_named(set: &AssetSet<'_>, name: &str) -> std::result::Result<Vec<AssetIndex>, AssetQueryError> {
    let query: AssetQuery = name.parse()?;
    Ok(own_flows(set).filter(|at| query.covers(&set.asset(*at).id)).collect())
}

/// Returns the flows of the packages' own.
fn own_flows<'s>(set: &'s AssetSet<'_>) -> impl Iterator<Item = AssetIndex> + 's {
    set.own().filter(|at| set.asset(*at).id.kind == AssetKind::Flow)
}

/// Returns the flows that a name means and that can be deployed from here: the packages' own, or, if none of them is meant, those of
/// installed packages.
fn deployable_flows_named(set: &AssetSet<'_>, name: &str) -> std::result::Result<Vec<AssetIndex>, AssetQueryError> {
    let own = flows_named(set, name)?;
    if !own.is_empty() {
        return Ok(own);
    }
    let query: AssetQuery = name.parse()?;
    Ok(installed_flows(set).filter(|at| query.covers(&set.asset(*at).id)).collect())
}

/// Returns the flows of installed packages.
fn installed_flows<'s>(set: &'s AssetSet<'_>) -> impl Iterator<Item = AssetIndex> + 's {
    let is_flow = |at: &AssetIndex| set.asset(*at).id.kind == AssetKind::Flow && !set.owner(*at).is_own;
    (0..set.assets().len()).filter(move |at| is_flow(at))
}

/// Returns how many threads a check is spread over.
pub(super) fn threads() -> usize {
    /// More are not worth it.
    const MOST: usize = 16;

    std::thread::available_parallelism().map_or(1, usize::from).min(MOST)
}
