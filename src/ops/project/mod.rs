//! A project as it stands on disk: its manifest, its members, and the local packages they name.

pub(super) mod deployment;
mod error;
pub(super) mod host;
pub(super) mod inputs;
mod lines;
mod local_files;
mod locked;
pub(super) mod lockfile;
pub(super) mod members;
pub(super) mod own_runtimes;
pub(super) mod patches;
mod provided;
pub(super) mod repository;
mod routes;
pub(super) mod snapshot;
mod sources;
pub(super) mod spec;
pub(super) mod staged_files;
pub(super) mod target;
pub(super) mod watched;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use miette::{NamedSource, SourceSpan};

use crate::diagnostic::{in_sentence, nearest};
use crate::fs;
use crate::lock::{LocalManifest, Lockfile, Selection};
use crate::manifest::{self, DependencySpec, Environment, Manifest, ManifestKind};
use crate::model::{Dependent, Label, PackageId, PackageName, Platform, Routes, Sides, Source};
use crate::profile;
use crate::registry::path::{self, LocalPackageIndex, PathPackage};
use crate::resolve::RequiredLine;

use crate::ops::Result;
use crate::ops::session::{Context, LOCKFILE, MANIFEST};
use error::MemberErrors;
use lines::MemberManifest;
use own_runtimes::OwnRuntimes;
use routes::NamedRegistry;
use sources::StatedSource;
use watched::Watched;

pub(super) use error::ProjectError;

/// A project, read.
#[derive(Clone)]
pub struct Project {
    /// The folder of the root manifest.
    pub root: PathBuf,
    /// The root manifest.
    pub manifest: Manifest,
    /// The manifests' lines as the resolver wants them.
    pub lines: Vec<RequiredLine>,
    /// Where each line stands.
    pub places: Vec<LinePlace>,
    /// The members' folders, relative to the root.
    pub members: Vec<Arc<str>>,
    /// The members and the local packages that lines name, by their names.
    pub names: LocalPackageIndex,
    /// What a user should hear about when it is locked.
    pub warnings: Vec<String>,
    /// The files of local packages whose versions are computed by builds.
    computed_versions: BTreeSet<String>,
    /// Every file and folder whose change may change what the project asks for.
    pub(super) watched: Watched,
    /// The lines that name a registry, in the order in which they were read.
    named: Vec<NamedRegistry>,
    /// The lines that state a place outside of registries, in the order in which they were read.
    stated: Vec<StatedSource>,
    /// The packages that come from outside of registries, with what lines state of their places.
    pub(super) sources: BTreeMap<PackageId, Source>,
    /// The packages that come from the one registry that their lines name.
    pub(super) pins: BTreeMap<PackageId, Label>,
    /// The packages that come from several, for each side; one where there are no sides.
    pub(super) routes: Vec<Routes>,
    /// The sides of the manifest's conflicts.
    pub(super) sides: Sides,
    /// The local packages that lines name, and those that these name in turn, by folder.
    pub path_packages: BTreeMap<Arc<str>, PathPackage>,
    /// The larder.kdl files of members and local packages, by folder.
    own_manifests: BTreeMap<Arc<str>, Arc<Manifest>>,
    /// The folders of local packages whose registries are noted, with the groups that bring them.
    registries_taken: BTreeSet<(Option<Label>, Arc<str>)>,
    /// The runtimes that members' package.json and pyproject.toml ask for, by folder.
    pub own_runtimes: BTreeMap<Arc<str>, OwnRuntimes>,
}

/// A manifest's text that is tried before it is written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Edit<'a> {
    /// The manifest's folder, relative to the root; empty for the root's own.
    pub folder: &'a str,
    /// Its text.
    pub text: &'a str,
}

/// Where a line stands.
#[derive(Clone, Debug)]
pub struct LinePlace {
    /// The file and its text.
    pub file: NamedSource<Arc<str>>,
    /// The line within it; none for a line of a foreign manifest, which has no spans.
    pub span: Option<SourceSpan>,
}

impl Project {
    /// Reads the project that the context is in.
    pub fn open(context: &Context<'_>) -> Result<Self> {
        Self::read(find_root(context)?)
    }

    /// Reads the project whose root manifest lies in `root`.
    pub fn read(root: PathBuf) -> Result<Self> {
        let mut watched = Watched::default();
        watched.note(root.join(MANIFEST))?;
        let text = inputs::manifest(&root.join(MANIFEST))?;
        Self::with_texts(root, &text, None, watched)
    }

    /// Reads a project that has this manifest and no file: `root` is the folder that its paths are relative to.
    pub(super) fn of_text(root: PathBuf, text: &str) -> Result<Self> {
        Self::with_texts(root, text, None, Watched::default())
    }

    /// Reads the project as if the manifest of one folder had this text.
    pub(super) fn edited(&self, edit: &Edit<'_>) -> Result<Self> {
        let text = if edit.folder.is_empty() { edit.text } else { &*self.manifest.text };
        Self::with_texts(self.root.clone(), text, Some(edit), Watched::default())
    }

    fn with_texts(root: PathBuf, text: &str, edit: Option<&Edit<'_>>, mut watched: Watched) -> Result<Self> {
        let _span = tracing::info_span!("read project", folder = %root.display()).entered();
        let mut manifest = manifest::parse(MANIFEST, text, ManifestKind::Root)?;
        patches::read_all(&root, &mut manifest, &mut watched)?;
        provided::read_all(&root, &mut manifest, &mut watched)?;
        let found = members::find(&root, manifest.members.iter().map(|glob| &*glob.value))?;
        watched.add(found.watched);
        let members = found.folders;
        let mut names = names(&root, &members, &manifest, &mut watched)?;
        let extensions = std::mem::take(&mut manifest.settings.extensions);
        manifest.settings.extensions = names.take_extensions(extensions);
        let mut project = Self {
            root,
            manifest,
            lines: Vec::new(),
            places: Vec::new(),
            members: Vec::new(),
            names,
            warnings: Vec::new(),
            computed_versions: BTreeSet::new(),
            watched,
            named: Vec::new(),
            stated: Vec::new(),
            sources: BTreeMap::new(),
            pins: BTreeMap::new(),
            routes: Vec::new(),
            sides: Sides::default(),
            path_packages: BTreeMap::new(),
            own_manifests: BTreeMap::new(),
            registries_taken: BTreeSet::new(),
            own_runtimes: BTreeMap::new(),
        };
        let mut read = Vec::with_capacity(members.len());
        for folder in &members {
            let edited = edit.filter(|edit| *edit.folder == **folder).map(|edit| edit.text);
            read.push(project.read_member(folder, edited)?);
        }
        let declared = read.iter().map(MemberManifest::declared).collect::<Result<Vec<_>>>()?;
        MemberErrors::none(manifest::join_members(&mut project.manifest, &declared))?;
        project.sides = project.manifest.sides();
        let source = NamedSource::new(MANIFEST, Arc::clone(&project.manifest.text));
        let manifest = project.manifest.clone();
        project.take_lines(&manifest, &Dependent::Project, "", &source)?;
        for (folder, member) in members.into_iter().zip(read) {
            project.take_member(folder, &member)?;
        }
        project.warnings.extend(computed_versions_warning(&project.computed_versions));
        project.warnings.sort();
        project.warnings.dedup();
        project.take_member_overrides()?;
        project.settle_features()?;
        project.check_names_of_folders()?;
        project.take_sources()?;
        project.watch_local_files()?;
        project.route()?;
        let folders = project.path_packages.keys().cloned().collect();
        let (pins, routes, sources) = (&project.pins, &project.routes, &project.sources);
        let is_routed = |package: &PackageId| {
            pins.contains_key(package)
                || sources.contains_key(package)
                || routes.iter().flat_map(Routes::iter).any(|(routed, _)| routed == package)
        };
        project.names.answer_registries(&folders, is_routed);
        Ok(project)
    }

    /// Opens the project's profiles.
    pub(super) fn profile(&self) -> Result<profile::Profiles> {
        Ok(profile::Profiles::open(&self.root)?.with_folders_beside(self.path_packages.keys()))
    }

    /// Returns the lockfile's path.
    pub fn lockfile(&self) -> PathBuf {
        self.root.join(LOCKFILE)
    }

    /// Returns the environment that was asked for, else the active one, else `development`, else the first declared.
    pub fn environment(&self, context: &Context<'_>) -> Result<&Environment> {
        let active = profile::active(&self.root);
        choose(&self.manifest, context.environment.as_deref(), active.as_ref().map(Label::as_str))
    }

    /// Returns the groups that no environment includes.
    pub(super) fn idle_groups(&self) -> BTreeSet<Label> {
        let included = |group: &Label| self.manifest.environments.iter().any(|one| one.include.contains(group));
        let groups = self.lines.iter().filter_map(|line| line.group.as_ref());
        groups.filter(|group| !included(group)).cloned().collect()
    }

    /// Tells whether each environment finds its exclusive groups in one of a lock's solutions.
    pub(super) fn has_every_side(&self, lockfile: &Lockfile) -> bool {
        let sides = &lockfile.graph.sides;
        let is_served = |environment: &Environment| {
            let mut exclusive = environment.include.iter().filter(|group| self.sides.is_exclusive(group));
            sides.of(&environment.include).is_some_and(|side| exclusive.all(|group| side.has(group)))
        };
        sides.is_empty() || self.manifest.environments.iter().all(is_served)
    }

    /// Returns this machine's platform, where the manifest declares it.
    pub fn platform(&self) -> Result<Platform> {
        let declared = &self.manifest.settings.platforms;
        let host = host::platform();
        host.filter(|host| declared.iter().any(|target| target.platform == *host)).ok_or_else(|| {
            ProjectError::OtherPlatform {
                host: host.map_or_else(|| std::env::consts::OS.to_owned(), |host| host.to_string()),
                declared: declared.iter().map(|t| t.platform.to_string()).collect::<Vec<_>>().join(", "),
            }
            .into()
        })
    }

    /// Returns what the local packages' own manifests say, for the question whether a lock is fresh.
    pub(super) fn local_packages(&self) -> BTreeMap<Arc<str>, LocalManifest> {
        let local = |package: &PathPackage| LocalManifest {
            name: package.name.clone(),
            version: package.version(),
            dependencies: package.dependencies.clone(),
        };
        self.path_packages.iter().map(|(folder, package)| (Arc::clone(folder), local(package))).collect()
    }

    /// Returns the folders of the local packages, by name.
    pub(super) fn folders(&self) -> BTreeMap<PackageName, Arc<str>> {
        self.path_packages.iter().map(|(folder, package)| (package.name.clone(), Arc::clone(folder))).collect()
    }
}

/// Collects the names of the members and of the local packages that the root's lines name.
fn names(root: &Path, members: &[Arc<str>], manifest: &Manifest, watched: &mut Watched) -> Result<LocalPackageIndex> {
    let mut names = LocalPackageIndex::new(manifest.catalogs.clone());
    let grouped = manifest.groups.iter().flat_map(|group| &group.dependencies);
    let all = manifest.dependencies.iter().chain(grouped);
    names.note_lines("", all.clone());
    let lines = all.filter_map(|line| match &line.spec {
        DependencySpec::Folder(spec) => Some((path::join("", &spec.folder), spec.name.as_ref())),
        DependencySpec::Package(_) => None,
    });
    // One that leads out of the project is an error of its line, later.
    let from_lines: Vec<_> = lines.filter(|(folder, _)| members::stay_inside(root, folder).is_ok()).collect();
    let (own, others): (Vec<_>, Vec<_>) = from_lines.iter().partition(|(folder, _)| folder.is_empty());
    for (folder, _) in own {
        watched.note_manifests(root)?;
        names.add(root, folder);
    }
    for folder in members {
        watched.note_manifests(&root.join(&**folder))?;
        // Two of one name are an error of who asks for one by it.
        names.add(root, folder);
    }
    for (folder, linked) in others {
        watched.note_manifests(&root.join(&**folder))?;
        match linked {
            Some(name) => names.add_linked(root, folder, name),
            None => drop(names.add(root, folder)),
        }
    }
    Ok(names)
}

/// Returns the environment of this name; without one the active one, else `development`, else the first declared.
pub(super) fn choose<'m>(manifest: &'m Manifest, asked: Option<&str>, active: Option<&str>) -> Result<&'m Environment> {
    let find = |name: &str| manifest.environments.iter().find(|e| e.name.as_str() == name);
    let unknown = |name: &str| {
        let known: Vec<_> = manifest.environments.iter().map(|e| e.name.as_str()).collect();
        let meant = nearest(name, known.iter().copied()).map(str::to_owned);
        ProjectError::UnknownEnvironment { name: name.to_owned(), known: known.join(", "), meant }
    };
    if let Some(name) = asked {
        return find(name).ok_or_else(|| unknown(name).into());
    }
    let chosen = active.and_then(find).or_else(|| find("development")).or_else(|| manifest.environments.first());
    chosen.ok_or_else(|| unknown("development").into())
}

/// Returns the project's name and version; the folder's name if the manifest has none.
pub(super) fn head(project: &Project) -> (String, Option<String>) {
    let folder =
        || project.root.file_name().map_or_else(|| "project".to_owned(), |name| name.to_string_lossy().into_owned());
    let named = project.manifest.project.as_ref();
    let version = named.and_then(|named| named.version.as_ref()).map(ToString::to_string);
    (named.map_or_else(folder, |named| named.name.value.clone()), version)
}

/// Returns what an environment selects of a lock.
pub(super) fn selection(environment: &Environment, platform: Option<Platform>) -> Selection {
    Selection { groups: environment.groups(), platform }
}

/// Returns how a message names the manifest of a dependent: `larder.kdl`, or a member's folder.
pub(super) fn manifest_of(dependent: &Dependent) -> String {
    match dependent {
        Dependent::Project => MANIFEST.to_owned(),
        Dependent::Member(folder) => folder.to_string(),
    }
}

/// Returns the nearest folder with a manifest; where that is a member of a project above it, that project's.
///
/// # Errors
/// There is none; or a command was cut off while it moved files there.
pub(super) fn find_root(context: &Context<'_>) -> Result<PathBuf> {
    let root = locate_root(context)?;
    staged_files::check(&root)?;
    Ok(root)
}

/// The same, also where a command was cut off: for that command, which goes on.
pub(super) fn locate_root(context: &Context<'_>) -> Result<PathBuf> {
    let mut found = Vec::new();
    for folder in context.folder.ancestors() {
        if fs::stat(&folder.join(MANIFEST))?.is_some() {
            found.push(folder);
        }
    }
    let is_member_of = |root: &Path| -> Result<bool> {
        let Some(text) = inputs::others_manifest(&root.join(MANIFEST))? else { return Ok(false) };
        let relative = context.folder.strip_prefix(root).unwrap_or(Path::new(""));
        Ok(match manifest::parse(MANIFEST, &text, ManifestKind::Root) {
            Ok(manifest) => members::contain(&manifest, relative),
            // Its errors have to be told, and not a project to be seen where there is a member.
            Err(_) => text.contains("members"),
        })
    };
    let Some((nearest, above)) = found.split_first() else {
        return Err(ProjectError::NoManifest(context.folder.clone()).into());
    };
    let mut root = nearest;
    for folder in above.iter().rev() {
        if is_member_of(folder)? {
            root = folder;
            break;
        }
    }
    files_stay_inside(root)?;
    Ok(root.to_path_buf())
}

/// Makes sure that neither the manifest nor the lock of a project is a link that leads out of it: a clone's could lead to
/// any file of its user.
pub(super) fn files_stay_inside(root: &Path) -> Result<()> {
    for file in [MANIFEST, LOCKFILE] {
        if fs::lstat(&root.join(file))?.is_some_and(|stat| stat.kind == fs::Kind::Symlink) {
            profile::check_stays_inside(root, Path::new(file))?;
        }
    }
    Ok(())
}

/// Says that versions are known to builds only.
fn computed_versions_warning(files: &BTreeSet<String>) -> Option<String> {
    let file = files.first()?;
    if files.len() == 1 {
        return Some(format!(
            "{file} has its version computed by a build: here it is 0.0.0, and satisfies every range"
        ));
    }
    let files = in_sentence(files.iter().cloned().collect())?;
    Some(format!("{files} have their versions computed by builds: here they are 0.0.0, and satisfy every range"))
}
