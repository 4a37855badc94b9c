//! Running a package's install scripts once to find out which files they download.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::Serialize;

use crate::lock::Closure;
use crate::manifest::edit;
use crate::model::{Package, PackageKey, PatchedPackage, RuntimeName, Url};
use crate::store::Tree;

use super::building::{BuildsError, ScriptRunner, WatchedDownloads};
use super::install::{gather, scripted};
use super::project::spec::Known;
use super::registries::LazyRegistries;
use super::{Project, Result, Session, lock, project, registries, runtimes};
use crate::registry::CachePolicy;

/// `larder builds record --json`: see `schema/builds-record.json`.
#[derive(Debug, Serialize)]
pub struct RecordedDownloads {
    /// The package: `npm:puppeteer@24.1.0`.
    pub package: String,
    /// The files that its scripts got, sorted.
    pub files: Vec<RecordedFile>,
    /// What could not be had, by URL, with the reason.
    pub failed: BTreeMap<String, String>,
    /// What its scripts asked of hosts that were not named.
    pub refused: Vec<String>,
    /// Those hosts, as `--from` wants them.
    pub hosts: Vec<String>,
    /// Why its scripts did not end well. `None` if they did.
    pub failure: Option<String>,
    #[serde(skip)]
    allow: String,
}

/// A file that scripts got.
#[derive(Debug, Serialize)]
pub struct RecordedFile {
    /// Its URL.
    pub url: String,
    /// Its SHA-256 in hexadecimal digits.
    pub sha256: String,
}

impl RecordedDownloads {
    /// Returns the lines that let its scripts have these files: the line that allows them, with a block.
    pub fn lines(&self) -> Vec<String> {
        if self.files.is_empty() {
            return Vec::new();
        }
        let file = |file: &RecordedFile| format!("    file {} sha256=\"{}\"", edit::quoted(&file.url), file.sha256);
        let mut lines = vec![format!("{} {{", self.allow)];
        lines.extend(self.files.iter().map(file));
        lines.push("}".to_owned());
        lines
    }
}

/// Runs the scripts of a package that `larder builds allow` let run, in their sandbox. What they ask of these hosts is fetched for
/// them, everything else is refused. Nothing of what they make is kept.
pub fn record(session: &Session<'_>, name: &str, hosts: &[String]) -> Result<RecordedDownloads> {
    let project = Project::open(session.context)?;
    let lockfile = lock::fresh(&project)?;
    let (environment, platform) = (project.environment(session.context)?, project.platform()?);
    let selection = project::selection(environment, Some(platform));
    let closure = Closure::of(&lockfile.graph, &selection);
    let known = Known::parse(name);
    let is_built = |package: &Package| package.artifact_for(platform).is_some_and(|one| one.kind.needs_build());
    if let Some((key, _)) = closure.packages().find(|(key, package)| known.names(&key.id) && is_built(package)) {
        return Err(BuildsError::BuiltOfSources(key.clone()).into());
    }
    let opened = registries::open(session, &project, CachePolicy::default())?;
    let gathered = runtimes::gather(session, &opened, &lockfile.runtimes, platform)?;
    let node = gathered.of(RuntimeName::Node);
    let unapproved = || BuildsError::NoScripts(name.into());
    let runner = ScriptRunner::new(session, &project, &lockfile, &closure, (platform, node))?.ok_or_else(unapproved)?;
    let patches = &lockfile.settings.patches;
    let planned = scripted::planned(&runner, &closure, patches, &[])?;
    let planned = planned.iter().find(|one| known.names(&one.instance.package.id)).ok_or_else(unapproved)?;
    let package = &planned.instance.package;
    let source = LazyRegistries::new(session, &project);
    let mut trees: BTreeMap<PackageKey, Arc<Tree>> = BTreeMap::new();
    for (key, locked) in closure.packages().filter(|(key, _)| key.id.ecosystem == package.id.ecosystem) {
        if is_built(locked) {
            // Nothing is kept of what comes of the scripts, and what other scripts would make of it is not needed for that.
            continue;
        }
        let patch = PatchedPackage::find(patches, key);
        trees.insert(key.clone(), gather::package_tree(&source, key, locked, patch)?);
    }
    let (recorded, failed) = runner.record(planned, (&closure, &trees), hosts)?;
    let WatchedDownloads { files, failed: not_had, refused } = recorded;
    let asked = refused.iter().filter_map(|url| Some(url.parse::<Url>().ok()?.authority()));
    let hosts: BTreeSet<String> = asked.collect();
    let name = edit::quoted(package.id.name.as_str());
    Ok(RecordedDownloads {
        package: package.to_string(),
        files: files
            .iter()
            .map(|file| RecordedFile { url: file.url.as_str().to_owned(), sha256: file.digest.to_hex() })
            .collect(),
        failed: not_had,
        refused: refused.into_iter().collect(),
        hosts: hosts.into_iter().collect(),
        failure: failed.map(|step| step.to_string()),
        allow: format!("allow {} {name}", package.id.ecosystem),
    })
}
