//! A project as it stands on disk: its manifest, its members, and the local packages they name.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use miette::{NamedSource, SourceSpan};

use crate::diagnostic::{Exit, Failure, nearest};
use crate::fs;
use crate::lock::{LocalPackage, Selection};
use crate::manifest::{self, Environment, Group, Kind, Manifest, ManifestErrors, Spanned, Wanted};
use crate::model::{Dependent, Label, Marker, PackageId, PackageName, Platform, Requirement, Version};
use crate::registry::path::{self, Members, PathKind, PathPackage};
use crate::resolve::{self, DependencyKind, RequiredLine, Wants};

use super::context::{Context, LOCKFILE, MANIFEST};
use super::{Result, host, members};

/// A project, read.
pub struct Project {
    /// The folder of the root manifest.
    pub root: PathBuf,
    /// The root manifest.
    pub manifest: Manifest,
    /// The manifests' lines as the resolver wants them.
    pub lines: Vec<RequiredLine>,
    /// Where each line stands.
    pub places: Vec<Place>,
    /// The members' folders, relative to the root.
    pub members: Vec<Arc<str>>,
    /// The folders of the members and of the Python packages that lines name, by the names of their packages.
    pub names: Members,
    /// The packages whose lines name a registry.
    pub(super) pins: BTreeMap<PackageId, Label>,
    /// The local packages that lines name, and those that these name in turn, by folder.
    pub path_packages: BTreeMap<Arc<str>, PathPackage>,
}

/// A manifest's text that is tried before it is written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Edit<'a> {
    /// The manifest's folder, relative to the root; empty for the root's own.
    pub folder: &'a str,
    /// Its text.
    pub text: &'a str,
}

/// What says what a member wants.
enum MemberManifest {
    /// Its larder.kdl.
    Own(Box<Manifest>),
    /// Another tool's file.
    Foreign(Box<PathPackage>),
}

impl MemberManifest {
    /// Returns what the root has to know of it: of another tool's file, its groups.
    fn declared(&self) -> Result<Manifest> {
        let package = match self {
            Self::Own(manifest) => return Ok((**manifest).clone()),
            Self::Foreign(package) => package,
        };
        let mut manifest = manifest::parse(package.kind.file(), "", Kind::Member)?;
        let group = |name: &Label| Group {
            name: Spanned { value: name.clone(), span: (0, 0).into() },
            dev: true,
            dependencies: Vec::new(),
        };
        manifest.groups = package.groups.keys().map(group).collect();
        Ok(manifest)
    }
}

/// Where a line stands.
#[derive(Clone, Debug)]
pub struct Place {
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
        let text = fs::read_to_string(&root.join(MANIFEST))?;
        Self::with_texts(root, &text, None)
    }

    /// Reads the project as if the manifest of one folder had this text.
    pub(super) fn edited(&self, edit: &Edit<'_>) -> Result<Self> {
        let text = if edit.folder.is_empty() { edit.text } else { &*self.manifest.text };
        Self::with_texts(self.root.clone(), text, Some(edit))
    }

    fn with_texts(root: PathBuf, text: &str, edit: Option<&Edit<'_>>) -> Result<Self> {
        let manifest = manifest::parse(MANIFEST, text, Kind::Root)?;
        let members = members::find(&root, &manifest)?;
        let mut names = Members::new();
        for folder in &members {
            // What a member's own references mean is not needed to learn its name.
            names.insert(path::read(&root, folder, &Members::new())?.name, Arc::clone(folder));
        }
        let grouped = manifest.groups.iter().flat_map(|group| &group.dependencies);
        for line in manifest.dependencies.iter().chain(grouped) {
            let Wanted::Folder(below) = &line.wanted else { continue };
            let folder = path::join("", below);
            // One that cannot be read is an error of its line, later.
            if let Ok(package) = path::read(&root, &folder, &Members::new())
                && package.kind == PathKind::Pypi
            {
                names.entry(package.name).or_insert(folder);
            }
        }
        let mut project = Self {
            root,
            manifest,
            lines: Vec::new(),
            places: Vec::new(),
            members: Vec::new(),
            names,
            pins: BTreeMap::new(),
            path_packages: BTreeMap::new(),
        };
        let mut read = Vec::with_capacity(members.len());
        for folder in &members {
            let edited = edit.filter(|edit| *edit.folder == **folder).map(|edit| edit.text);
            read.push(project.read_member(folder, edited)?);
        }
        let declared = read.iter().map(MemberManifest::declared).collect::<Result<Vec<_>>>()?;
        MemberErrors::none(manifest::join_members(&mut project.manifest, &declared))?;
        let source = NamedSource::new(MANIFEST, Arc::clone(&project.manifest.text));
        let manifest = project.manifest.clone();
        project.take_lines(&manifest, &Dependent::Project, "", &source)?;
        for (folder, member) in members.into_iter().zip(read) {
            project.take_member(folder, &member)?;
        }
        Ok(project)
    }

    /// Returns the lockfile's path.
    pub fn lockfile(&self) -> PathBuf {
        self.root.join(LOCKFILE)
    }

    /// Returns every file and folder whose change may change what the project asks for.
    pub fn inputs(&self) -> Vec<PathBuf> {
        let folders = self.members.iter().chain(self.path_packages.keys());
        let manifests = folders.flat_map(|folder| {
            PathKind::ALL.into_iter().map(|kind| self.root.join(&**folder).join(kind.file())).collect::<Vec<_>>()
        });
        let watched = members::watched(&self.root, &self.manifest);
        [self.root.join(MANIFEST)].into_iter().chain(manifests).chain(watched).collect()
    }

    /// Returns the environment that was asked for, else the active one, else `development`, else the first declared.
    pub fn environment(&self, context: &Context<'_>) -> Result<&Environment> {
        let active = super::state::active(&self.root);
        choose(&self.manifest, context.environment.as_deref(), active.as_deref())
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
    pub(super) fn local_packages(&self) -> BTreeMap<Arc<str>, LocalPackage> {
        let local = |package: &PathPackage| LocalPackage {
            name: package.name.clone(),
            version: Version::Semver(package.version.clone()),
            dependencies: package.dependencies.clone(),
        };
        self.path_packages.iter().map(|(folder, package)| (Arc::clone(folder), local(package))).collect()
    }

    /// Returns the folders of the local packages, by name.
    pub(super) fn folders(&self) -> Members {
        self.path_packages.iter().map(|(folder, package)| (package.name.clone(), Arc::clone(folder))).collect()
    }

    fn take_lines(
        &mut self,
        manifest: &Manifest,
        dependent: &Dependent,
        folder: &str,
        source: &NamedSource<Arc<str>>,
    ) -> Result<()> {
        let plain = manifest.dependencies.iter().map(|line| (None, line));
        let grouped = manifest
            .groups
            .iter()
            .flat_map(|group| group.dependencies.iter().map(|line| (Some(group.name.value.clone()), line)));
        for (group, line) in plain.chain(grouped) {
            let requirement = match &line.wanted {
                Wanted::Package(requirement) => {
                    self.pins.extend(line.registry.clone().map(|registry| (requirement.package(), registry)));
                    requirement.clone()
                }
                Wanted::Folder(below) => self.take_folder(folder, below, source, line.span)?,
            };
            self.lines.push(RequiredLine {
                dependent: dependent.clone(),
                group,
                requirement,
                optional: line.optional,
                when: line.when.clone(),
                prereleases: line.prereleases,
            });
            self.places.push(Place { file: source.clone(), span: Some(line.span) });
        }
        Ok(())
    }

    /// Reads the local package that a line names, and those that it names.
    fn take_folder(
        &mut self,
        above: &str,
        below: &str,
        source: &NamedSource<Arc<str>>,
        span: SourceSpan,
    ) -> Result<Requirement> {
        let folder = path::join(above, below);
        match self.read_path_package(&folder) {
            Ok(name) => Ok(Requirement::Path { name, folder, marker: Marker::default() }),
            Err(error) => Err(PathLineError {
                source_code: source.clone(),
                span,
                inner: error.failure().to_string(),
                help: error.failure().help().map(|help| help.to_string()),
            }
            .into()),
        }
    }

    fn read_path_package(&mut self, folder: &Arc<str>) -> Result<PackageName> {
        if let Some(known) = self.path_packages.get(folder) {
            return Ok(known.name.clone());
        }
        let package = path::read(&self.root, folder, &self.names)?;
        let name = package.name.clone();
        let further: Vec<_> = folders(&package.dependencies).collect();
        self.path_packages.insert(Arc::clone(folder), package);
        for folder in further {
            self.read_path_package(&folder)?;
        }
        Ok(name)
    }

    /// Reads a member's manifest, `edited` instead of its larder.kdl where that is given.
    fn read_member(&self, folder: &str, edited: Option<&str>) -> Result<MemberManifest> {
        let text = match edited {
            Some(text) => Some(text.to_owned()),
            None => fs::read_if_exists(&self.root.join(folder).join(MANIFEST))?
                .map(|text| String::from_utf8_lossy(&text).into_owned()),
        };
        Ok(match text {
            Some(text) => {
                MemberManifest::Own(Box::new(manifest::parse(&format!("{folder}/{MANIFEST}"), &text, Kind::Member)?))
            }
            None => MemberManifest::Foreign(Box::new(path::read(&self.root, folder, &self.names)?)),
        })
    }

    fn take_member(&mut self, folder: Arc<str>, member: &MemberManifest) -> Result<()> {
        let dependent = Dependent::Member(Arc::clone(&folder));
        match member {
            MemberManifest::Own(manifest) => {
                let source = NamedSource::new(&*manifest.file, Arc::clone(&manifest.text));
                self.take_lines(manifest, &dependent, &folder, &source)?;
            }
            MemberManifest::Foreign(package) => {
                let source = NamedSource::new(format!("{folder}/{}", package.kind.file()), Arc::from(""));
                let plain = package.dependencies.iter().map(|dependency| (None, dependency));
                let grouped =
                    package.groups.iter().flat_map(|(group, list)| list.iter().map(|d| (Some(group.clone()), d)));
                for (group, dependency) in plain.chain(grouped) {
                    self.take_dependency(&dependent, group, dependency, &source)?;
                }
            }
        }
        self.members.push(folder);
        Ok(())
    }

    /// Takes a dependency of a member's package.json or pyproject.toml as if it were a line.
    fn take_dependency(
        &mut self,
        dependent: &Dependent,
        group: Option<Label>,
        dependency: &resolve::Dependency,
        source: &NamedSource<Arc<str>>,
    ) -> Result<()> {
        let requirement = match &dependency.wants {
            Wants::Requirement(requirement) => requirement.clone(),
            Wants::Unsupported { .. } if dependency.kind != DependencyKind::Normal => return Ok(()),
            Wants::Unsupported { name, text, reason } => {
                let (file, what) = (source.name().to_owned(), format!("{name} {text}"));
                return Err(ProjectError::Unsupported { file, what, reason: reason.clone() }.into());
            }
        };
        match &requirement {
            Requirement::Path { folder, .. } => drop(self.read_path_package(folder)?),
            Requirement::Pypi { .. } if self.manifest.settings.python.is_none() => {
                return Err(ProjectError::NoPython(source.name().to_owned()).into());
            }
            _ => {}
        }
        let optional = matches!(dependency.kind, DependencyKind::Optional | DependencyKind::OptionalPeer);
        let (dependent, when) = (dependent.clone(), Marker::default());
        self.lines.push(RequiredLine { dependent, group, requirement, optional, when, prereleases: false });
        self.places.push(Place { file: source.clone(), span: None });
        Ok(())
    }
}

/// Returns the folders that dependencies name.
fn folders(dependencies: &[resolve::Dependency]) -> impl Iterator<Item = Arc<str>> {
    dependencies.iter().filter_map(|dependency| match &dependency.wants {
        Wants::Requirement(Requirement::Path { folder, .. }) => Some(Arc::clone(folder)),
        _ => None,
    })
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

/// Returns what an environment selects of a lock.
pub(super) fn selection(environment: &Environment, platform: Option<Platform>) -> Selection {
    Selection { groups: environment.include.iter().cloned().collect(), platform }
}

/// Returns how a message names the manifest of a dependent: `larder.kdl`, or a member's folder.
pub(super) fn manifest_of(dependent: &Dependent) -> String {
    match dependent {
        Dependent::Project => MANIFEST.to_owned(),
        Dependent::Member(folder) => folder.to_string(),
    }
}

/// Returns the nearest folder with a manifest; where that is a member of a project above it, that project's.
pub(super) fn find_root(context: &Context<'_>) -> Result<PathBuf> {
    let mut found = Vec::new();
    for folder in context.folder.ancestors() {
        if fs::stat(&folder.join(MANIFEST))?.is_some() {
            found.push(folder);
        }
    }
    let in_member = |root: &Path| {
        let relative = context.folder.strip_prefix(root).ok()?;
        let text = fs::read_to_string(&root.join(MANIFEST)).ok()?;
        match manifest::parse(MANIFEST, &text, Kind::Root) {
            Ok(manifest) => members::contain(&manifest, relative),
            // Its errors have to be told, and not a project to be seen where there is a member.
            Err(_) => text.contains("members"),
        }
        .then_some(())
    };
    let Some((nearest, above)) = found.split_first() else {
        return Err(ProjectError::NoManifest(context.folder.clone()).into());
    };
    let root = above.iter().rev().find(|root| in_member(root).is_some()).unwrap_or(nearest);
    Ok(root.to_path_buf())
}

/// What keeps a command from finding its project.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub(super) enum ProjectError {
    /// No folder upward has a manifest.
    #[error("no larder.kdl in `{}` or above it", .0.display())]
    #[diagnostic(code(larder::project::no_manifest), help("`larder init` writes one"))]
    NoManifest(PathBuf),
    /// `-C` names something that is not a folder.
    #[error("`{}` is not a folder", .0.display())]
    #[diagnostic(code(larder::project::no_folder))]
    NoFolder(PathBuf),
    /// `--env` or `LARDER_ENV` names no environment.
    #[error("no environment is named `{name}`")]
    #[diagnostic(code(larder::project::unknown_environment), help("declared are: {known}{}", meant.as_ref().map(|m| format!("; did you mean `{m}`?")).unwrap_or_default()))]
    UnknownEnvironment {
        /// The name that was asked for.
        name: String,
        /// Those that are declared.
        known: String,
        /// The nearest of them.
        meant: Option<String>,
    },
    /// A member's own manifest asks for something larder refuses.
    #[error("{file} asks for `{what}`: {reason}")]
    #[diagnostic(code(larder::project::unsupported), help("take it from a registry, or make it a `path` dependency"))]
    Unsupported {
        /// The manifest, relative to the root.
        file: String,
        /// The dependency as written.
        what: String,
        /// Why it is refused.
        reason: String,
    },
    /// A member's own manifest has Python dependencies.
    #[error("{0} has Python dependencies, and larder.kdl declares no Python")]
    #[diagnostic(
        code(larder::project::no_python),
        help("add `python \"3.12\"` to `runtimes`: markers and wheels depend on it")
    )]
    NoPython(String),
    /// The machine is none of the declared platforms.
    #[error("this machine is {host}, which the manifest does not declare")]
    #[diagnostic(
        code(larder::project::other_platform),
        help("declared are: {declared}; add this one to `platforms` and lock again")
    )]
    OtherPlatform {
        /// This machine.
        host: String,
        /// Those that are declared.
        declared: String,
    },
}

impl Failure for ProjectError {
    fn exit(&self) -> Exit {
        Exit::Manifest
    }
}

/// A `path` line whose folder is not a package.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("{inner}")]
#[diagnostic(code(larder::project::path_package))]
pub(super) struct PathLineError {
    #[source_code]
    source_code: NamedSource<Arc<str>>,
    #[label("named here")]
    span: SourceSpan,
    inner: String,
    #[help]
    help: Option<String>,
}

impl Failure for PathLineError {
    fn exit(&self) -> Exit {
        Exit::Manifest
    }
}

/// What is wrong between the root's manifest and its members'.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("the manifests of the root and its members do not fit")]
#[diagnostic(code(larder::manifest::invalid))]
pub(super) struct MemberErrors {
    #[related]
    files: Vec<ManifestErrors>,
}

impl MemberErrors {
    /// Returns the errors as one failure, where there are any.
    fn none(mut files: Vec<ManifestErrors>) -> Result<()> {
        match (files.pop(), files.is_empty()) {
            (None, _) => Ok(()),
            (Some(one), true) => Err(one.into()),
            (Some(last), false) => {
                files.push(last);
                Err(Self { files }.into())
            }
        }
    }
}

impl Failure for MemberErrors {
    fn exit(&self) -> Exit {
        Exit::Manifest
    }
}
