//! Writing folder registries that have what the lock needs: for machines that reach no registry.

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde::Serialize;

use crate::diagnostic::{Exit, Failure};
use crate::fetch::RequestedArtifact;
use crate::lock::{Closure, Lockfile, Selection};
use crate::model::{Origin, PackageKey, Platform, RuntimeHost};
use crate::registry::{CachePolicy, CopyProgress, MirrorFailure, MirrorFolder};

use super::fetch::{self, FetchExtent};
use super::lock::{LockUse, Locked};
use super::{Event, Result, Session, building, registries};

/// What is written where.
#[derive(Clone, Debug)]
pub struct MirrorOptions {
    /// How the lock is taken.
    pub lock: LockUse,
    /// The folder.
    pub to: PathBuf,
    /// The platforms, by name, or `all`. Empty means all that the lock has.
    pub platforms: Vec<String>,
}

/// `larder fetch --to DIR --json`: see `schema/fetch-to.json`.
#[derive(Debug, Serialize)]
pub struct MirrorReport {
    /// The environments whose packages are in the folder now.
    pub environments: Vec<String>,
    /// The platforms that they are for.
    pub platforms: Vec<&'static str>,
    /// How many files they need.
    pub files: usize,
    /// How many of them were fetched: the folder did not have them, or they were damaged.
    pub fetched: usize,
    /// How many bytes came.
    pub bytes: u64,
    /// How many documents about packages are new.
    pub documents: usize,
    /// What a user should hear about.
    pub warnings: Vec<String>,
}

/// Makes sure that a folder has registries with what all groups of the lock need, or those of the environment that was asked for.
/// The store is not used: what it has is unpacked. The lock is taken as by [`fetch::fetch`].
pub fn write(session: &Session<'_>, options: &MirrorOptions) -> Result<MirrorReport> {
    let context = session.context;
    let (project, lockfile) = fetch::read(context, options.lock)?;
    let platforms = chosen(&options.platforms, lockfile.settings.platforms.iter().map(|target| target.platform))?;
    let FetchExtent { environments, selected } = FetchExtent::of(context, &project, &lockfile)?;
    for &platform in &platforms {
        fetch::check_policies(session, (&project, &lockfile), &environments, Some(platform))?;
    }
    let selections: Vec<Selection> = platforms
        .iter()
        .flat_map(|&platform| selected.iter().map(move |groups| (groups, platform)))
        .map(|(groups, platform)| Selection { groups: groups.clone(), platform: Some(platform) })
        .collect();
    let registries = registries::open(session, &project, CachePolicy::default())?;
    let mirror = MirrorFolder::create(&context.folder.join(&options.to))?;
    let on_progress = |CopyProgress { done, total, bytes }| {
        (context.reporter)(Event::Fetching { done, total, bytes });
    };
    let (mut left_out, mut unavailable) = (Vec::new(), BTreeSet::new());
    let (mirrored, missing) = loop {
        let (wanted, missing) = wanted(&lockfile, &selections, &unavailable)?;
        match registries.copy_into(&mirror, &wanted, &on_progress) {
            Ok(mirrored) => break (mirrored, missing),
            Err(MirrorFailure { failure, unavailable: Some(package), .. })
                if !context.offline && is_optional(&lockfile, &selections, &package, &mut unavailable) =>
            {
                left_out.push(format!("{package} is optional and was left out, as it cannot be fetched: {failure}"));
            }
            Err(MirrorFailure { failure, .. }) => return Err(failure.into()),
        }
    };
    let locked = Locked::unchanged(&project, lockfile);
    let warnings = locked.warnings().chain(registries.warnings()).chain(missing).chain(left_out);
    Ok(MirrorReport {
        environments: environments.iter().map(|environment| environment.name.to_string()).collect(),
        platforms: platforms.iter().map(|platform| platform.as_str()).collect(),
        files: mirrored.files,
        fetched: mirrored.fetched,
        bytes: mirrored.bytes,
        documents: mirrored.documents,
        warnings: warnings.collect(),
    })
}

/// Notes that a package cannot be had. Returns whether everything that is selected can do without it.
fn is_optional(
    lockfile: &Lockfile,
    selections: &[Selection],
    package: &PackageKey,
    unavailable: &mut BTreeSet<PackageKey>,
) -> bool {
    let is_new = unavailable.insert(package.clone());
    let needs = |selection: &Selection| {
        Closure::without(&lockfile.graph, selection, unavailable).packages().any(|(key, _)| key == package)
    };
    is_new && !selections.iter().any(needs)
}

/// Returns what selections of the lock need, without what cannot be had; and a warning for each package that has nothing for a platform.
fn wanted(
    lockfile: &Lockfile,
    selections: &[Selection],
    unavailable: &BTreeSet<PackageKey>,
) -> Result<(Vec<RequestedArtifact>, BTreeSet<String>)> {
    let (mut wanted, mut missing) = (Vec::new(), BTreeSet::new());
    for selection in selections {
        let closure = Closure::without(&lockfile.graph, selection, unavailable);
        if let Some(platform) = selection.platform {
            missing.extend(add_wanted(lockfile, &closure, platform, &mut wanted)?);
        }
    }
    Ok((wanted, missing))
}

/// Adds what a closure needs on a platform: packages, what builds them, and runtimes. Returns a warning for each
/// package that has nothing for the platform.
fn add_wanted(
    lockfile: &Lockfile,
    closure: &Closure<'_>,
    platform: Platform,
    wanted: &mut Vec<RequestedArtifact>,
) -> Result<Vec<String>> {
    let mut missing = Vec::new();
    for (key, package) in closure.packages() {
        let Some(origin) = &package.origin else { continue };
        match package.artifact_for(platform) {
            None => missing.push(format!("larder.lock has no file of {key} for {platform}")),
            Some(sdist) if sdist.kind.needs_build() && lockfile.builds.requirements.contains_key(key) => {
                wanted.extend(building::inputs(&lockfile.builds, key, origin, sdist, platform)?);
            }
            Some(artifact) => wanted.push(RequestedArtifact::new(key, origin, artifact)),
        }
    }
    for (key, _, archive) in lockfile.runtimes.on_platform(platform) {
        let Ok(host) = RuntimeHost::of(key.name, platform).as_str().parse() else { continue };
        wanted.push(RequestedArtifact::new(key, &Origin::Registry(host), archive));
    }
    Ok(missing)
}

/// Returns the platforms that were asked for, of those that there are.
pub(super) fn chosen(names: &[String], declared: impl Iterator<Item = Platform>) -> Result<Vec<Platform>> {
    let declared: Vec<Platform> = declared.collect();
    if names.is_empty() || names.iter().any(|name| name == "all") {
        return Ok(declared);
    }
    let mut platforms = BTreeSet::new();
    for name in names {
        let found = declared.iter().find(|platform| platform.as_str() == name);
        platforms.insert(*found.ok_or_else(|| UndeclaredPlatform {
            name: name.clone(),
            declared: declared.iter().map(|platform| platform.as_str()).collect::<Vec<_>>().join(", "),
        })?);
    }
    Ok(platforms.into_iter().collect())
}

/// The lock has nothing for a platform.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("larder.lock has no platform `{name}`")]
#[diagnostic(
    code(larder::fetch::undeclared_platform),
    help("it has {declared}; others are added to `platforms` in larder.kdl, and locked")
)]
struct UndeclaredPlatform {
    name: String,
    declared: String,
}

impl Failure for UndeclaredPlatform {
    fn exit(&self) -> Exit {
        Exit::Manifest
    }
}
