//! `larder impact`: who is touched by a change of an asset.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Serialize;

use crate::assets::{AssetFiles, AssetIndex, AssetSet, PackageIndex, ReferenceGraph, Strength, Touched, compare_asset};
use crate::diagnostic::{Exit, Failure, SourceFinding, nearest};
use crate::document::{NotText, decode};
use crate::fs;
use crate::manifest::Manifest;
use crate::model::{AssetId, AssetQuery, AssetQueryError, Ecosystem, PackageId, PackageKey, PackageName};
use crate::ops::asset_findings::{self as findings, ChangedAsset};
use crate::ops::project::{find_root, lockfile};
use crate::ops::published;
use crate::ops::registry::target::RegistryTarget;
use crate::ops::{Context, Error, Event, Project, Result, Session};
use crate::package::ArchiveFile;

use super::load::{ProjectAssets, repositories};
use super::of_registry::RegistryAssets;
use super::references::ProjectReferences;
use super::replaced::{Replaced, with_version};

/// What is asked of `impact`.
#[derive(Clone, Debug, Default)]
pub struct ImpactOptions {
    /// What the asset becomes: the content of a file, or what a published version of its package has.
    pub to: Option<String>,
    /// Folders with further repositories.
    pub consumers: Vec<PathBuf>,
    /// Registries whose packages are looked at too: names in larder.kdl, or folders.
    pub registries: Vec<String>,
}

/// `larder impact --json`: see `schema/impact.json`.
#[derive(Debug, Serialize)]
pub struct Impact {
    /// The assets that change.
    pub assets: Vec<String>,
    /// What their change breaks, or would, by what is known: `breaking`, `compatible`, or `unknown` without a newer form.
    pub verdict: &'static str,
    /// What the newer form has otherwise.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<ChangedAsset>,
    /// The assets that are touched, the nearest first.
    pub touched: Vec<TouchedAsset>,
    /// The packages whose assets are touched, sorted.
    pub packages: Vec<String>,
    /// The repositories below `--consumers` whose lock has a package that has what changes, or is touched.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub consumers: Vec<Consumer>,
}

/// A repository that uses packages whose assets change, or are touched.
#[derive(Debug, Serialize)]
pub struct Consumer {
    /// The repository.
    pub repository: String,
    /// Those of the packages that its lock has: `partner@2.0.0`, sorted.
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
    let sources = read_sources(session, options)?;
    let newer = match &options.to {
        Some(to) => Some(Newer::read(session, (&query, to), &sources, options)?),
        None => None,
    };
    let verdict = if newer.is_some() { "compatible" } else { "unknown" };
    let mut impact = Impact {
        assets: Vec::new(),
        verdict,
        changes: Vec::new(),
        touched: Vec::new(),
        packages: Vec::new(),
        consumers: Vec::new(),
    };
    for source in &sources {
        source.add_to(&mut impact, &query, newer.as_ref());
    }
    impact.packages.sort();
    impact.packages.dedup();
    impact.assets.sort();
    impact.assets.dedup();
    let mut seen = Vec::new();
    impact.changes.retain(|change| {
        !seen.contains(change) && {
            seen.push(change.clone());
            true
        }
    });
    if impact.assets.is_empty() {
        return Err(unknown_among(&query, &sources));
    }
    let changed = sources.iter().flat_map(AssetSource::ids).filter(|id| query.covers(id)).map(|id| id.package);
    let concerned: BTreeSet<String> = changed.map(|name| name.to_string()).chain(impact.packages.clone()).collect();
    impact.consumers = sources.iter().filter_map(|source| source.consumer(&concerned)).collect();
    let breaks = impact.touched.iter().any(|one| one.breaks == Some(true));
    if breaks || impact.changes.iter().any(ChangedAsset::is_breaking) {
        impact.verdict = "breaking";
    }
    Ok(impact)
}

/// Reads what is looked at: the project, repositories, registries.
fn read_sources(session: &Session<'_>, options: &ImpactOptions) -> Result<Vec<AssetSource>> {
    // Without a newer form, who refers to whom is all that is asked.
    let read = |context: &Context<'_>| match &options.to {
        None => Ok(Assets::References(ProjectReferences::of(session, context)?)),
        Some(_) => Ok::<_, Error>(Assets::Project(Box::new(ProjectAssets::with_all_locked(session, context)?))),
    };
    let mut sources = vec![AssetSource { name: None, assets: read(session.context)?, locked: Vec::new() }];
    let root = find_root(session.context)?;
    let untold = |what: String| (session.context.reporter)(Event::Warning(format!("not looked at: {what}")));
    for folder in &options.consumers {
        for (name, context) in repositories(session.context, &session.context.folder.join(folder), &root)? {
            let found = find_root(&context).and_then(|root| Ok((read(&context)?, locked_packages(&root)?)));
            let (assets, locked) = match found {
                Ok(found) => found,
                Err(error) => {
                    untold(format!("{name}: {}", error.in_short()));
                    continue;
                }
            };
            for PackageKey { id, version } in assets.missing() {
                untold(format!("{} {version}, which {name} has locked and the store does not have", id.name));
            }
            sources.push(AssetSource { name: Some(name), assets, locked });
        }
    }
    // The project is read where it may name registries.
    let open = (!options.registries.is_empty()).then(|| Project::open(session.context).ok()).flatten();
    for name in &options.registries {
        let assets = Assets::Registry(read_registry(session, open.as_ref(), name)?);
        sources.push(AssetSource { name: Some(name.clone()), assets, locked: Vec::new() });
    }
    Ok(sources)
}

/// Returns the private packages that the lock of the repository in `root` has. Without a lock there are none.
fn locked_packages(root: &Path) -> Result<Vec<PackageKey>> {
    let locked = lockfile::read(root)?.lockfile();
    let all = locked.into_iter().flat_map(|lockfile| lockfile.graph.packages.into_keys());
    Ok(all.filter(|key| key.id.ecosystem.has_assets()).collect())
}

/// Reads the packages of a registry, which has to be a folder: only of one all index files can be read.
fn read_registry(session: &Session<'_>, project: Option<&Project>, name: &str) -> Result<RegistryAssets> {
    let any =
        PackageId::new(Ecosystem::PRIVATE, PackageName::larder("any").map_err(|error| Unknown::of(error.to_string()))?);
    match RegistryTarget::find(session.context, project, Some(name), &any)? {
        RegistryTarget::Folder(folder) => {
            let assets = RegistryAssets::read(&folder)?;
            for unreadable in &assets.unreadable {
                (session.context.reporter)(Event::Warning(format!("not looked at: {unreadable}")));
            }
            Ok(assets)
        }
        RegistryTarget::Server(..) => Err(RegistryOnServer(name.to_owned()).into()),
    }
}

/// What an asset becomes.
enum Newer {
    /// The content of its file.
    Content(Arc<str>),
    /// What another version of its package has.
    Version { package: PackageName, manifest: Box<Manifest>, files: Vec<ArchiveFile> },
}

impl Newer {
    /// Reads the file, or fetches the version where `to` is the number of one and no file.
    fn read(
        session: &Session<'_>,
        (query, to): (&AssetQuery, &str),
        sources: &[AssetSource],
        options: &ImpactOptions,
    ) -> Result<Self> {
        let path = session.context.folder.join(to);
        let version = match to.parse::<semver::Version>() {
            Ok(version) if fs::stat(&path)?.is_none() => version,
            _ => {
                let decoded = decode(fs::read(&path)?).map_err(|error| NoText { file: to.to_owned(), error })?;
                return Ok(Self::Content(decoded.into()));
            }
        };
        let ids = sources.iter().flat_map(AssetSource::ids);
        let mut packages: Vec<PackageName> = ids.filter(|id| query.covers(id)).map(|id| id.package).collect();
        packages.sort();
        packages.dedup();
        let package = match &packages[..] {
            [one] => one.clone(),
            [] => return Err(unknown_among(query, sources)),
            _ => return Err(Unknown::of(format!("`{}` means assets of several packages", text(query))).into()),
        };
        let project = Project::open(session.context).ok();
        let id = PackageId::new(Ecosystem::PRIVATE, package.clone());
        let named = options.registries.first().map(String::as_str);
        let target = RegistryTarget::find(session.context, project.as_ref(), named, &id)?;
        let (manifest, files) = published::read(session, &target, &package, &version)?;
        Ok(Self::Version { package, manifest: Box::new(manifest), files })
    }
}

/// Packages that are looked at together: those of a repository, or of a registry.
struct AssetSource {
    /// How it is called; the project's own is not.
    name: Option<String>,
    assets: Assets,
    /// The private packages of its lock, if it is a repository below `--consumers`.
    locked: Vec<PackageKey>,
}

/// The assets of a source, as far as they are asked for.
enum Assets {
    References(ProjectReferences),
    Project(Box<ProjectAssets>),
    Registry(RegistryAssets),
}

impl Assets {
    /// Returns the locked packages whose assets are not known, because the store lacks them.
    fn missing(&self) -> Vec<PackageKey> {
        match self {
            Self::References(known) => known.missing.clone(),
            Self::Project(project) => project.missing().cloned().collect(),
            Self::Registry(_) => Vec::new(),
        }
    }
}

impl AssetSource {
    /// Returns which of some packages the lock has, if any.
    fn consumer(&self, packages: &BTreeSet<String>) -> Option<Consumer> {
        let is_concerned = |key: &&PackageKey| packages.iter().any(|name| *name == key.id.name.as_str());
        let of_lock = self.locked.iter().filter(is_concerned);
        let packages: Vec<String> = of_lock.map(|key| format!("{}@{}", key.id.name, key.version)).collect();
        (!packages.is_empty()).then(|| Consumer { repository: self.name.clone().unwrap_or_default(), packages })
    }

    /// Returns the identities of the assets.
    fn ids(&self) -> Vec<AssetId> {
        let of_set = |set: &AssetSet<'_>| set.assets().iter().map(|asset| asset.id.clone()).collect();
        match &self.assets {
            Assets::References(known) => known.graph.assets().iter().map(|(_, id)| id.clone()).collect(),
            Assets::Project(project) => of_set(&project.set()),
            Assets::Registry(registry) => of_set(&registry.set()),
        }
    }

    /// Returns whether the packages decide alone for which environments they are: they are released, and have several versions.
    fn is_alone(&self) -> bool {
        match &self.assets {
            Assets::References(known) => known.is_alone,
            Assets::Project(project) => project.environments().is_none(),
            Assets::Registry(_) => true,
        }
    }

    /// Adds what is touched here.
    fn add_to(&self, impact: &mut Impact, query: &AssetQuery, newer: Option<&Newer>) {
        let with = |set: &AssetSet<'_>, environments: Option<&[&str]>, files: &dyn AssetFiles, impact: &mut Impact| {
            let comparison = newer.map(|newer| Comparison { newer, before: set, environments, files });
            self.add_of(&set.references(), impact, query, comparison.as_ref());
        };
        match &self.assets {
            Assets::References(known) => self.add_of(&known.graph, impact, query, None),
            Assets::Project(project) => {
                let environments = project.environments();
                project.with_links(|set| with(set, environments.as_deref(), project.files(), impact));
            }
            Assets::Registry(registry) => with(&registry.set(), None, registry.files(), impact),
        }
    }

    fn add_of(
        &self,
        graph: &ReferenceGraph,
        impact: &mut Impact,
        query: &AssetQuery,
        comparison: Option<&Comparison<'_, '_>>,
    ) {
        let changed = graph.matching(query);
        let touched = graph.touched_by(&changed);
        let broken = comparison.map(|comparison| comparison.broken(graph, &changed, &touched, &mut impact.changes));
        // A registry has several versions of a package, which are told apart.
        let shows_versions = self.name.is_some() && self.is_alone();
        let id = |at: &AssetIndex| {
            let id = graph.id(*at);
            if shows_versions { format!("{id} of {}", graph.owner(*at).1) } else { id.to_string() }
        };
        impact.assets.extend(changed.iter().map(|at| graph.id(*at).to_string()));
        for one in &touched {
            impact.packages.push(graph.owner(one.asset).0.to_string());
            let found = broken.as_ref().and_then(|broken| broken.get(&one.asset));
            // What breaks it is more worth knowing than the shortest way.
            let path = found.map_or(&one.path, |found| &found.path);
            impact.touched.push(TouchedAsset {
                id: id(&one.asset),
                repository: self.name.clone(),
                direct: one.is_direct(),
                path: path.iter().rev().map(id).collect(),
                breaks: broken.as_ref().map(|_| found.is_some()),
                findings: found.map(|found| found.findings.clone()).unwrap_or_default(),
            });
        }
    }
}

/// An asset that can be used no more.
struct Broken {
    /// The findings in the asset itself. Empty if only an asset that it needs is broken.
    findings: Vec<String>,
    /// The way from what changes to it, through what is broken.
    path: Vec<AssetIndex>,
}

/// Assets as they are, and what some of them become.
struct Comparison<'a, 's> {
    newer: &'a Newer,
    before: &'a AssetSet<'s>,
    environments: Option<&'a [&'a str]>,
    files: &'a dyn AssetFiles,
}

impl Comparison<'_, '_> {
    /// Returns which of these assets could be used no more: something is wrong with them that is right now, or with what they need. Adds
    /// what is otherwise in what changes.
    fn broken(
        &self,
        graph: &ReferenceGraph,
        changed: &[AssetIndex],
        touched: &[Touched],
        told: &mut Vec<ChangedAsset>,
    ) -> BTreeMap<AssetIndex, Broken> {
        let before = self.before;
        let (packages, files) = match self.newer {
            Newer::Content(text) => {
                let contents = changed.iter().map(|at| {
                    let path = before.asset(*at).declaration.file.value.to_string();
                    ((before.asset(*at).package, path), Arc::clone(text))
                });
                (before.packages().to_vec(), Replaced::new(self.files, contents))
            }
            Newer::Version { package, manifest, files } => {
                let mut packages = before.packages().to_vec();
                let is_meant = |at: &PackageIndex| before.packages()[*at].name.folded() == package.folded();
                let all: Vec<PackageIndex> = (0..packages.len()).filter(is_meant).collect();
                for at in &all {
                    packages = with_version(&packages, *at, manifest);
                }
                (packages, Replaced::of_archive(self.files, &all, files))
            }
        };
        let after = AssetSet::new(packages, &files);
        let same = |at: AssetIndex| {
            let mut all = after.of_package(before.asset(at).package);
            all.find(|other| after.asset(*other).id == before.asset(at).id)
        };
        let wrong = |set: &AssetSet<'_>, at: AssetIndex| -> Vec<SourceFinding> {
            set.check_asset(at, self.environments).into_iter().filter(SourceFinding::is_error).collect()
        };
        for at in changed {
            told.extend(match same(*at) {
                Some(other) => {
                    compare_asset((before, *at), (&after, other)).into_iter().map(ChangedAsset::from).collect()
                }
                None => vec![ChangedAsset::gone(&before.asset(*at).id)],
            });
        }
        let mut broken = BTreeMap::new();
        for Touched { asset: at, path } in touched {
            // What is not in the newer version breaks nobody by itself: who uses it is told.
            let Some(other) = same(*at) else { continue };
            let known = wrong(before, *at);
            let new = wrong(&after, other);
            let findings: Vec<String> = new.iter().filter(|one| !known.contains(one)).map(findings::line).collect();
            if !findings.is_empty() {
                broken.insert(*at, Broken { findings, path: path.clone() });
            }
        }
        // Nobody can use what cannot be read.
        for at in changed.iter().filter(|at| same(**at).is_some_and(|other| !wrong(&after, other).is_empty())) {
            broken.insert(*at, Broken { findings: Vec::new(), path: vec![*at] });
        }
        let needs = |user: AssetIndex, at: AssetIndex| {
            let (Some(user), Some(at)) = (same(user), same(at)) else { return false };
            after.links(user).iter().any(|link| link.strength == Strength::Required && link.to == Ok(at))
        };
        let mut pending: VecDeque<AssetIndex> = broken.keys().copied().collect();
        while let Some(at) = pending.pop_front() {
            for user in graph.users()[at].iter().filter(|user| !changed.contains(*user)) {
                if !broken.contains_key(user) && needs(*user, at) {
                    let path = broken[&at].path.iter().copied().chain([*user]).collect();
                    broken.insert(*user, Broken { findings: Vec::new(), path });
                    pending.push_back(*user);
                }
            }
        }
        broken
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

/// Returns the error of a text that asks for no asset.
pub(super) fn unreadable_query(error: &AssetQueryError) -> Error {
    Unknown::of(error.to_string()).into()
}

/// Returns the error of a query that means no asset of a set.
pub(super) fn unknown_asset(query: &AssetQuery, set: &AssetSet<'_>) -> Error {
    Unknown::near(query, &set.assets().iter().map(|asset| asset.id.clone()).collect::<Vec<_>>()).into()
}

fn unknown_among(query: &AssetQuery, sources: &[AssetSource]) -> Error {
    Unknown::near(query, &sources.iter().flat_map(AssetSource::ids).collect::<Vec<_>>()).into()
}

impl Unknown {
    fn of(message: String) -> Self {
        Self { message, help: "assets are written as `schema:orders/order@2`, or less of it: `order`".to_owned() }
    }

    fn near(query: &AssetQuery, known: &[AssetId]) -> Self {
        let ids: Vec<String> = known.iter().map(ToString::to_string).collect();
        let text = text(query);
        let names = known.iter().filter(|id| id.kind == query.kind.unwrap_or(id.kind));
        let names: Vec<&str> = names.map(|id| id.name.as_str()).collect();
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

/// A registry that is no folder.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("registry `{0}` is on a server, where not all index files can be read")]
#[diagnostic(
    code(larder::impact::no_folder),
    help("give the folder that it serves: `--registry FOLDER`; or repositories: `--consumers DIR`")
)]
struct RegistryOnServer(String);

impl Failure for RegistryOnServer {
    fn exit(&self) -> Exit {
        Exit::Manifest
    }
}

/// A file that cannot be the content of an asset.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("`{file}` cannot be read: {error}")]
#[diagnostic(
    code(larder::impact::no_text),
    help("save it as UTF-8; XML may be in another encoding that its declaration or a byte order mark says")
)]
struct NoText {
    file: String,
    error: NotText,
}

impl Failure for NoText {
    fn exit(&self) -> Exit {
        Exit::Manifest
    }
}
