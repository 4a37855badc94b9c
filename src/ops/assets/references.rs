//! Which asset of a project refers to which, remembered in larder's cache: while nothing changed that it follows from, nothing is
//! parsed to tell it.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use crate::assets::ReferenceGraph;
use crate::fs::{self, Durability};
use crate::model::{PackageKey, PackageName, TreeDigest};
use crate::ops::project::find_root;
use crate::ops::{Context, Result, Session};

use super::inputs::ReferenceInputs;
use super::load::ProjectAssets;
use super::remembered::{LarderBuild, REMEMBERED_ASSETS};

/// The most bytes of a record.
const MAX_RECORD: u64 = 64 << 20;

/// Which asset of a project refers to which.
pub(super) struct ProjectReferences {
    /// The references.
    pub(super) graph: ReferenceGraph,
    /// Whether the project is a package that stands alone.
    pub(super) is_alone: bool,
    /// The locked packages that the store lacks: what is in them is not known.
    pub(super) missing: Vec<PackageKey>,
}

impl ProjectReferences {
    /// Finds those of the project around the folder that `context` names.
    pub(super) fn of(session: &Session<'_>, context: &Context<'_>) -> Result<Self> {
        let started = SystemTime::now();
        let record = RecordFile::of(context, &find_root(context)?);
        if let Some(known) = record.read() {
            return Ok(known);
        }
        let project = ProjectAssets::with_all_locked(session, context)?;
        #[allow(clippy::redundant_closure_for_method_calls, reason = "the method is of one lifetime")]
        let graph = project.with_links(|set| set.references());
        let missing = project.missing().cloned().collect();
        let found = Self { graph, is_alone: project.environments().is_none(), missing };
        if let Some(inputs) = project.inputs() {
            record.keep(&found, inputs, started);
        }
        Ok(found)
    }
}

/// A record, as it is written down.
#[derive(Serialize, Deserialize)]
struct ReferencesRecord {
    program: LarderBuild,
    /// The store in which locked packages were looked for.
    store: PathBuf,
    inputs: ReferenceInputs,
    stamps: TreeDigest,
    is_alone: bool,
    packages: Vec<(String, semver::Version)>,
    /// The place of the package, and the identity.
    assets: Vec<(usize, String)>,
    users: Vec<Vec<usize>>,
}

/// The file in the cache that has the references of a project.
struct RecordFile {
    path: PathBuf,
    program: LarderBuild,
    store: PathBuf,
}

impl RecordFile {
    fn of(context: &Context<'_>, root: &Path) -> Self {
        let name = TreeDigest::of(root.as_os_str().as_encoded_bytes());
        Self {
            path: context.cache.join(REMEMBERED_ASSETS).join(format!("{name}.references.json")),
            program: LarderBuild::of(context),
            store: context.store.clone(),
        }
    }

    /// Returns what is remembered, if it would be found again. What cannot be read is forgotten.
    fn read(&self) -> Option<ProjectReferences> {
        let bytes = fs::read_up_to(&self.path, MAX_RECORD).ok()??;
        let record: ReferencesRecord = serde_json::from_slice(&bytes).ok()?;
        if record.program != self.program || record.store != self.store {
            return None;
        }
        if record.inputs.digest(SystemTime::now())? != record.stamps {
            return None;
        }
        let package = |(name, version): (String, _)| Some((PackageName::larder(&name).ok()?, version));
        let packages = record.packages.into_iter().map(package).collect::<Option<_>>()?;
        let asset = |(package, id): (usize, String)| Some((package, id.parse().ok()?));
        let assets = record.assets.into_iter().map(asset).collect::<Option<_>>()?;
        let graph = ReferenceGraph::new(packages, assets, record.users)?;
        Some(ProjectReferences { graph, is_alone: record.is_alone, missing: Vec::new() })
    }

    /// Keeps what was found by a command that began at `started`, unless something changed while it looked. That it cannot be kept
    /// costs time and nothing else.
    fn keep(self, found: &ProjectReferences, inputs: ReferenceInputs, started: SystemTime) {
        let Some(stamps) = inputs.digest(started) else { return };
        let graph = &found.graph;
        let record = ReferencesRecord {
            program: self.program,
            store: self.store,
            inputs,
            stamps,
            is_alone: found.is_alone,
            packages: graph.packages().iter().map(|(name, version)| (name.to_string(), version.clone())).collect(),
            assets: graph.assets().iter().map(|(package, id)| (*package, id.to_string())).collect(),
            users: graph.users().to_vec(),
        };
        if let (Ok(bytes), Some(folder)) = (serde_json::to_vec(&record), self.path.parent())
            && fs::create_dir_all(folder).is_ok()
        {
            let _ = fs::write_atomic(&self.path, &bytes, Durability::Lazy);
        }
    }
}
