//! What other tools' files declare, as a manifest: dependencies, members, registries, overrides. The versions that their
//! lockfiles chose are in [`locks`].
//!
//! Nothing is dropped silently: whatever larder does not import is listed with the reason.
//!
//! | file | what it owns |
//! | --- | --- |
//! | `npm`, `pypi`, `creatio` | the files of an ecosystem's tools |
//! | `locks` | their lockfiles |
//! | `age` | the age that versions have to have |
//! | `entries` | what an import is made of |
//! | `groups` | which groups there are, which are installed unasked, which exclude each other |
//! | `lines` | what is no dependency, as lines of a manifest |
//! | `settle` | what is decided once all files are read: ranges of catalogs, overrides of projects beside |
//! | `package_registry` | lists of packages of several ecosystems: `package-registry.json` |
//! | `pins` | requirements files that have versions of what other files ask for |
//! | `template` | the manifest that comes of it |
//! | `tool_versions` | the versions of Node and Python that asdf's and mise's files name |

mod age;
mod creatio;
mod entries;
mod groups;
mod lines;
pub mod locks;
mod npm;
mod package_registry;
mod pins;
mod pypi;
mod settle;
mod template;
mod tool_versions;

use std::collections::{BTreeMap, BTreeSet};

use miette::Diagnostic;

use crate::diagnostic::{Exit, Failure};
use crate::model::{Ecosystem, Label, Marker, PackageName, Url, Version};

use crate::manifest::{
    FallbackMode, Hoisting, OF_MEMBER, RegistryUrl, names_own_package, normal_name, overridden_name, parse_folder,
    parse_requirement, split_override,
};

pub use age::ImportedAge;
pub use creatio::{WORKSPACE_SETTINGS, workspace_settings};
pub use entries::{CatalogRange, ImportedExtension, ImportedLine, ImportedPatch, ImportedRegistry, NotTaken, Runtimes};
use entries::{FolderLine, FolderOverride, LineKey, MAX_PARTS, Repeat};

pub use groups::ExtraOf;
pub use lines::ImportedBlockLine;
pub use npm::{
    DeclaredPeer, NodeVersionFile, OverriddenManifest, PnpmFiles, PnpmOverrides, UsedBy, bunfig, has_exports,
    hoisted_by_default, json_or_yaml, lerna, node_version_file, npmrc, npmrc_settings, package_json, package_manager,
    package_peers, package_ranges, pnpm_extensions_checksum, pnpm_patches, pnpm_workspace, stylelint_packages, yarnrc,
    yarnrc_classic,
};
pub use package_registry::{ListedPackage, PACKAGE_REGISTRY, package_list, package_registry};
pub use pypi::{
    Describe, DescribedCommit, FileReader, GroupItem, INDEX_VARIABLES, LocalPlace, LockedRequirement, NamedTool,
    PYTHON_MANIFESTS, PlaceFinder, Purpose, PythonProject, PythonToken, RequirementsFile, UV_LOCK, UvSource, UvSources,
    behind_extra, compiled_for, has_pins_only, is_compiled_from_project, is_virtual, pip_conf, pip_options, pipfile,
    pyproject, python, python_project, python_tokens, python_tool, requirement_files, requirements, uv_sources,
    version_from_history,
};
pub use settle::FolderContents;
use settle::OverrideBeside;
pub use template::{Template, template};
pub use tool_versions::{mise, tool_versions};

/// The dependencies and settings of a file.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Imported {
    /// The dependency lines, each valid in a manifest and without duplicates.
    pub lines: Vec<ImportedLine>,
    /// The groups for development only.
    pub dev_groups: BTreeSet<Label>,
    /// The groups that its tool installs only when asked to: extras, and groups that are not among uv's default ones.
    pub optional_groups: BTreeSet<Label>,
    /// Globs of members.
    pub members: Vec<String>,
    /// The groups that members' own files declare.
    member_groups: BTreeSet<Label>,
    /// The groups of which an environment may have one: each set of them.
    conflicts: Vec<BTreeSet<Label>>,
    /// The project's name.
    pub name: Option<String>,
    /// The project's version, as written.
    pub version: Option<String>,
    /// The project's licence.
    pub license: Option<String>,
    /// The files that it includes, relative to its folder.
    pub includes: Vec<String>,
    /// The runtimes that it is for.
    pub runtimes: Runtimes,
    /// The ranges of its catalogs.
    pub catalogs: Vec<CatalogRange>,
    /// The registries that it names besides the public ones.
    pub registries: Vec<ImportedRegistry>,
    /// The `override` lines: ecosystem, name (`parent>child`), range.
    pub overrides: Vec<(Ecosystem, String, Option<String>)>,
    /// The packages that lines take from members, whatever a registry has: ecosystem and name.
    pub workspace: BTreeSet<(Ecosystem, String)>,
    /// The folders that lines take packages from, each with the name under which the package is asked for, if that is given.
    pub folders: BTreeSet<(String, Option<String>)>,
    /// The folders among them that npm's tools link, with the group that does, each with the name by which Node finds it; once all is
    /// settled, those whose lines say it (`name=`).
    pub linked: BTreeMap<(String, Option<Label>), String>,
    /// The names that the root's own Python package asks for.
    provided: BTreeSet<String>,
    /// The dependencies that packages use and do not declare.
    pub extensions: Vec<ImportedExtension>,
    /// The patched packages.
    pub patches: Vec<ImportedPatch>,
    /// The overrides whose ranges a catalog has: selector and catalog. [`Imported::settle_catalogs`] looks them up.
    catalog_overrides: Vec<(String, Option<String>)>,
    /// The overrides with the ranges of the root's own dependencies: selector, and the name of the dependency.
    /// [`Imported::settle_references`] looks them up.
    reference_overrides: Vec<(String, String)>,
    /// The overrides by npm packages in folders. [`Imported::settle_folder_overrides`] looks up which of the project's own packages they
    /// mean.
    folder_overrides: Vec<FolderOverride>,
    /// The selectors of those overrides, `parent>child`, that hold for all that the parent leads to.
    deep_overrides: BTreeSet<String>,
    /// Patches for every version of an npm package: its name, and the file.
    whole_patches: Vec<(String, String)>,
    /// The overrides of projects beside. [`Imported::settle_overrides`] adds them.
    overrides_beside: Vec<OverrideBeside>,
    /// What packages find that they do not declare.
    pub hoisting: Hoisting,
    /// Whether its tools leave missing peers out: `npm-peers "provided"`.
    has_provided_peers: bool,
    /// The requirements files that have versions of what other files ask for, relative to the root.
    pub pin_files: Vec<String>,
    /// The instant before which versions have to be released: RFC 3339.
    pub released_before: Option<String>,
    /// Whether pre-releases of Python packages are taken as others are.
    pub allows_prereleases: bool,
    /// How old versions have to be.
    pub age: ImportedAge,
    /// The line that says what is so of all packages of an ecosystem, each with the block that it is.
    blocks: BTreeMap<Ecosystem, String>,
    /// The parts that were not imported.
    pub not_taken: Vec<NotTaken>,
    /// The indices of the lines for each group and package.
    indices: BTreeMap<LineKey, Vec<usize>>,
}

/// A file that cannot be parsed.
#[derive(Clone, Debug, thiserror::Error, Diagnostic)]
#[error("{file} cannot be read: {reason}")]
#[diagnostic(code(larder::manifest::import), help("fix the file, or move it away and run again"))]
pub struct ImportError {
    /// The kind of file: `package.json`.
    pub file: &'static str,
    /// What its parser said.
    pub reason: String,
}

impl Failure for ImportError {
    fn exit(&self) -> Exit {
        Exit::Manifest
    }
}

impl Imported {
    /// Adds the contents of another file. The first file wins where both declare the same.
    pub fn merge(&mut self, other: Self) {
        // What one of both installs unasked is installed.
        self.optional_groups.retain(|group| other.optional_groups.contains(group) || !other.has_group(group));
        let optional =
            other.optional_groups.iter().filter(|group| self.optional_groups.contains(group) || !self.has_group(group));
        let optional: Vec<Label> = optional.cloned().collect();
        self.optional_groups.extend(optional);
        self.provided.extend(other.provided);
        self.workspace.extend(other.workspace);
        self.folders.extend(other.folders);
        self.linked.extend(other.linked);
        for line in other.lines {
            self.place(line, Repeat::InAnotherFile);
        }
        self.dev_groups.extend(other.dev_groups);
        other.conflicts.into_iter().for_each(|groups| self.add_conflict(groups));
        for (ecosystem, line) in other.blocks {
            self.blocks.entry(ecosystem).or_insert(line);
        }
        other.members.into_iter().for_each(|glob| self.add_member(glob));
        for CatalogRange { catalog, ecosystem, name, range } in other.catalogs {
            self.add_to_catalog(catalog.as_deref(), ecosystem, &name, &range);
        }
        other.registries.into_iter().for_each(|registry| self.add_registry(registry));
        for (ecosystem, name, range) in other.overrides {
            self.add_override(ecosystem, &name, range.as_deref());
        }
        for ImportedExtension { ecosystem, package, name, range, when } in other.extensions {
            self.add_extension(ecosystem, &package, (&name, &range), when.as_deref());
        }
        for ImportedPatch { ecosystem, name, version, file } in other.patches {
            self.add_patch(ecosystem, &name, &version, &file);
        }
        self.catalog_overrides.extend(other.catalog_overrides);
        self.reference_overrides.extend(other.reference_overrides);
        self.folder_overrides.extend(other.folder_overrides);
        self.deep_overrides.extend(other.deep_overrides);
        self.whole_patches.extend(other.whole_patches);
        self.overrides_beside.extend(other.overrides_beside);
        other.hoisting.names.iter().for_each(|glob| self.hoist(glob));
        if other.hoisting.fallback == FallbackMode::Off {
            self.hoisting.fallback = FallbackMode::Off;
        }
        self.add_no_peers(other.has_provided_peers);
        self.released_before = self.released_before.take().or(other.released_before);
        self.age.merge(other.age);
        self.allows_prereleases |= other.allows_prereleases;
        self.name = self.name.take().or(other.name);
        self.version = self.version.take().or(other.version);
        self.license = self.license.take().or(other.license);
        self.runtimes.merge(other.runtimes);
        self.not_taken.extend(other.not_taken);
    }

    /// Returns the import without the notes of what was not taken over, except for guards: settings whose loss would let something in.
    #[must_use]
    pub fn with_guards_only(mut self) -> Self {
        self.not_taken.retain(|left| left.guards);
        self
    }

    /// Puts its lines into a group for development.
    #[must_use]
    pub fn into_group(mut self, group: &Label) -> Self {
        self.indices.clear();
        for line in std::mem::take(&mut self.lines) {
            self.take(ImportedLine { group: Some(group.clone()), ..line });
        }
        if self.has_group(group) {
            self.dev_groups.insert(group.clone());
        }
        self
    }

    /// Adds what a file of a project in a folder sets for its tools, and none of its lines. What it says of the project applies to the
    /// whole one.
    pub fn take_settings(&mut self, folder: &str, mut project: Self) {
        project.settle_references();
        let below = |glob: &str| match glob.strip_prefix('!') {
            Some(glob) => format!("!{folder}/{}", glob.trim_start_matches("./")),
            None => format!("{folder}/{}", glob.trim_start_matches("./")),
        };
        let patch = |patch: ImportedPatch| ImportedPatch { file: format!("{folder}/{}", patch.file), ..patch };
        let registry = |registry: ImportedRegistry| {
            let url = if registry.url.contains("://") { registry.url } else { format!("{folder}/{}", registry.url) };
            ImportedRegistry { url, ..registry }
        };
        let left_out = |left: NotTaken| NotTaken { what: format!("{folder}: {}", left.what), ..left };
        let (beside, overrides) = OverrideBeside::divide(folder, project.overrides);
        self.merge(Self {
            members: project.members.iter().map(|glob| below(glob)).collect(),
            patches: project.patches.into_iter().map(patch).collect(),
            not_taken: project.not_taken.into_iter().map(left_out).collect(),
            catalogs: project.catalogs.into_iter().map(|range| range.placed(folder)).collect(),
            registries: project.registries.into_iter().map(registry).collect(),
            overrides,
            overrides_beside: beside,
            extensions: project.extensions,
            catalog_overrides: project.catalog_overrides,
            folder_overrides: project
                .folder_overrides
                .into_iter()
                .map(|one| FolderOverride { folder: below(&one.folder), ..one })
                .collect(),
            whole_patches: project.whole_patches.into_iter().map(|(name, file)| (name, below(&file))).collect(),
            hoisting: project.hoisting,
            has_provided_peers: project.has_provided_peers,
            released_before: project.released_before,
            age: project.age,
            allows_prereleases: project.allows_prereleases,
            ..Self::default()
        });
    }

    /// Notes whether a tool of the project leaves missing peers out, as Yarn does.
    pub fn add_no_peers(&mut self, leaves_out: bool) {
        self.has_provided_peers |= leaves_out;
    }

    /// Lets the project find the packages of a name or glob that no line asks for.
    pub fn hoist(&mut self, glob: &str) {
        if glob.is_empty() || globset::Glob::new(glob).is_err() {
            self.refuse(format!("the pattern `{glob}` of names to hoist"), "it is no glob");
        } else if !self.hoisting.names.iter().any(|known| known == glob) {
            self.hoisting.names.push(glob.to_owned());
        }
    }

    /// Adds a line if it is valid in a manifest. A file that asks for a package twice asks for both at once.
    fn take(&mut self, line: ImportedLine) {
        self.place(line, Repeat::InFile);
    }

    /// Adds a line if it is valid in a manifest; one for a package that has a line already if one can be made of both. What another file
    /// says adds extras to that, and moves nothing.
    fn place(&mut self, mut line: ImportedLine, repeat: Repeat) {
        let marker = match line.when.as_deref().map(str::parse::<Marker>).transpose() {
            Ok(marker) => marker.unwrap_or_default(),
            Err(e) => return self.refuse(line.what(), e.to_string()),
        };
        let parsed = if line.ecosystem.is_local() {
            parse_folder(&line.name).map(drop)
        } else {
            let parsed = parse_requirement(line.ecosystem, &line.name, line.range.as_deref(), &marker);
            parsed.map(drop).map_err(|error| error.to_string())
        };
        if let Err(reason) = parsed {
            return self.refuse(line.what(), reason);
        }
        if line.group.is_none() && line.ecosystem.has_markers() && self.provided.contains(&line.key().2) {
            let has_extras = line.name.contains('[');
            if !has_extras || line.range.is_some() {
                self.refuse(line.what(), "the project's own package asks for it");
            }
            if !has_extras {
                return;
            }
            // It may not ask for the extras; its versions hold for them.
            line.range = None;
        }
        let indices = self.indices.entry(line.key()).or_default();
        match indices.iter().copied().find(|&index| !self.lines[index].marker().is_disjoint(&marker)) {
            Some(index) if self.lines[index] == line => {}
            Some(index) => {
                let known = &self.lines[index];
                let (joined, divided) = match repeat {
                    Repeat::InAnotherFile => (known.with_extras_from(&line), None),
                    Repeat::InFile => {
                        let may_divide = indices.len() < MAX_PARTS;
                        (known.joined(&line), may_divide.then(|| known.divided(&line)).flatten())
                    }
                };
                if let Some(joined) = joined {
                    self.lines[index] = joined;
                } else if let Some([Some(both), own, others]) = divided {
                    self.lines[index] = both;
                    if let Some(own) = own {
                        self.indices.entry(own.key()).or_default().push(self.lines.len());
                        self.lines.push(own);
                    }
                    if let Some(others) = others {
                        self.place(others, repeat);
                    }
                } else {
                    let why = format!("`{}` was found before", self.lines[index].what());
                    self.refuse(line.what(), why);
                }
            }
            None => {
                indices.push(self.lines.len());
                self.lines.push(line);
            }
        }
    }

    /// Adds a `path` line for a folder of the project that no workspace names.
    pub fn add_folder(&mut self, folder: &str) {
        self.take_folder(FolderLine { folder, ..FolderLine::default() }, None);
    }

    /// Adds a `path` line.
    fn take_folder(&mut self, line: FolderLine<'_>, group: Option<&Label>) {
        let FolderLine { folder, extras, seen_as, when } = line;
        let parsed = parse_folder(folder);
        let bare = parsed.as_ref().map_or(folder, |spec| spec.as_written());
        let name = if extras.is_empty() { bare.to_owned() } else { format!("{bare}[{extras}]") };
        self.folders.insert((bare.to_owned(), seen_as.map(str::to_owned)));
        let (group, ecosystem, range, catalog) = (group.cloned(), Ecosystem::LOCAL, None, None);
        self.take(ImportedLine { group, ecosystem, name, range, catalog, source: None, when, optional: false });
    }

    /// Takes out the lines that a check finds wrong, and lists them as it says.
    pub fn leave_out_lines(&mut self, wrong: impl Fn(&ImportedLine) -> Option<NotTaken>) {
        self.indices.clear();
        for line in std::mem::take(&mut self.lines) {
            match wrong(&line) {
                None => self.take(line),
                Some(left_out) => self.leave_out(left_out),
            }
        }
    }

    /// Adds a glob of members, as workspaces have it: `./packages/*`, `!packages/old`. The root itself is no member.
    fn add_member(&mut self, glob: impl AsRef<str>) {
        let glob = glob.as_ref();
        let (mark, path) = glob.strip_prefix('!').map_or(("", glob), |path| ("!", path));
        let short = path.trim_start_matches("./").trim_end_matches('/');
        if matches!(short, "" | ".") {
            return;
        }
        let leaves =
            short.starts_with(['/', '!', '~']) || short.contains('\\') || short.split('/').any(|part| part == "..");
        if leaves || globset::Glob::new(short).is_err() {
            return self.refuse(format!("workspaces {glob}"), "members are globs below the root");
        }
        let glob = format!("{mark}{short}");
        if !self.members.contains(&glob) {
            self.members.push(glob);
        }
    }

    /// Returns whether a folder is a member.
    pub fn is_member(&self, folder: &str) -> bool {
        let mut wanted = self.members.iter().filter(|glob| !glob.starts_with('!'));
        !self.is_excluded(folder) && wanted.any(|glob| matches(glob, folder))
    }

    /// Returns whether a folder is said to be no member.
    pub fn is_excluded(&self, folder: &str) -> bool {
        self.members.iter().filter_map(|glob| glob.strip_prefix('!')).any(|glob| matches(glob, folder))
    }

    /// Adds a range to a catalog, if a manifest can have it; the first of a name stays.
    fn add_to_catalog(&mut self, catalog: Option<&str>, ecosystem: Ecosystem, name: &str, range: &str) {
        let catalog = catalog.and_then(catalog_name);
        let called = catalog.as_ref().map_or_else(|| "catalog".to_owned(), |catalog| format!("catalog {catalog}"));
        if catalog.as_ref().is_some_and(|catalog| catalog.parse::<Label>().is_err()) {
            return self.refuse(called, "its name cannot be a catalog's");
        }
        let asked = Some(range).filter(|_| !names_own_package(ecosystem, range));
        if let Err(error) = parse_requirement(ecosystem, name, asked, &Marker::default()) {
            return self.refuse(format!("{called} {name} {range}"), error.to_string());
        }
        let new = CatalogRange { catalog, ecosystem, name: name.to_owned(), range: range.to_owned() };
        let is_same = |known: &CatalogRange| {
            (&known.catalog, known.ecosystem, &known.name) == (&new.catalog, new.ecosystem, &new.name)
        };
        if !self.catalogs.iter().any(is_same) {
            self.catalogs.push(new);
        }
    }

    /// Adds a registry, if a manifest can have it. A name that is taken gets a number.
    fn add_registry(&mut self, mut registry: ImportedRegistry) {
        match RegistryUrl::parse(&registry.url).ok().filter(|_| !registry.url.contains("${")) {
            // As it was written, where that is the usual spelling. A page is none with a slash behind it.
            Some(RegistryUrl::Http(url)) if !registry.is_flat && registry.url != url.as_str().trim_end_matches('/') => {
                url.as_str().clone_into(&mut registry.url);
            }
            Some(_) => {}
            None => {
                return self.refuse_guard(
                    format!("the registry {}", Url::mask(&registry.url)),
                    "declare it in `registries`, by an https URL, and its token as a reference",
                );
            }
        }
        // One that is asked for everything is none that is asked for some packages, wherever both are.
        let is_pointless = registry.packages.is_empty() && !registry.is_general();
        let same = |other: &&mut ImportedRegistry| {
            let is_alike = is_pointless || other.is_general() == registry.is_general();
            is_alike && (other.ecosystem, &other.url) == (registry.ecosystem, &registry.url)
        };
        if let Some(known) = self.registries.iter_mut().find(same) {
            known.packages.extend(std::mem::take(&mut registry.packages));
            return;
        }
        let is_usual = registry.packages.is_empty() && registry.priority.is_none();
        let has_usual = self.registries.iter().any(|other| {
            (other.ecosystem, &other.name) == (registry.ecosystem, &registry.name) && other.packages.is_empty()
        });
        if is_usual && has_usual {
            return self.refuse_guard(
                format!("the registry {}", registry.url),
                "another one is the usual one already: declare it in `registries`, with the `packages` that come from it",
            );
        }
        let word: String =
            registry.name.to_lowercase().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
        let base = Some(word.trim_matches('-')).filter(|base| !base.is_empty()).unwrap_or("registry");
        let is_taken = |name: &String| self.registries.iter().any(|other| other.name == *name);
        let numbered = (2..=self.registries.len() + 1).map(|number| format!("{base}-{number}"));
        let free = std::iter::once(base.to_owned()).chain(numbered).find(|name| !is_taken(name));
        registry.name = free.unwrap_or_default();
        self.registries.push(registry);
    }

    /// Adds a folder or a page of files, which is asked before the indexes, as pip's `--find-links` names it.
    fn add_flat(&mut self, ecosystem: Ecosystem, name: Option<&str>, url: &str) {
        let bare = url.trim_end_matches('/');
        let host = bare.split_once("://").and_then(|(_, rest)| rest.split('/').next());
        let last = host.or_else(|| bare.rsplit('/').next().filter(|last| !last.chars().all(|c| c == '.')));
        let name = name.or(last).unwrap_or("files").to_owned();
        let (url, packages, priority) = (url.to_owned(), Vec::new(), Some(1));
        self.add_registry(ImportedRegistry { ecosystem, name, url, packages, priority, is_flat: true });
    }

    /// Makes the paths of folders of files relative to another folder: those of a file in `folder` to the root.
    pub fn move_below(&mut self, folder: &str) {
        for registry in self.registries.iter_mut().filter(|registry| registry.is_flat && !folder.is_empty()) {
            if !registry.url.contains("://") && !registry.url.starts_with('/') {
                let path = format!("{folder}/{}", registry.url);
                if let Ok(spec) = parse_folder(&path) {
                    spec.as_written().clone_into(&mut registry.url);
                }
            }
        }
    }

    /// Adds an override, if a manifest can have it; the first of a name stays.
    fn add_override(&mut self, ecosystem: Ecosystem, name: &str, range: Option<&str>) {
        let child = overridden_name(name);
        let is_member = range.is_some_and(|range| range.starts_with("workspace:"));
        let range = if is_member { Some(OF_MEMBER) } else { range };
        let what = format!("override {name} {}", range.unwrap_or_default()).trim_end().to_owned();
        if let Err(error) = parse_requirement(ecosystem, child, range.filter(|_| !is_member), &Marker::default()) {
            return self.refuse(what, error.to_string());
        }
        let mut name = name.to_owned();
        if ecosystem.has_markers() && split_override(&name).0.is_none() {
            if let Err(error) = PackageName::parse(ecosystem, &name) {
                return self.refuse(what, error.to_string());
            }
            name = normal_name(ecosystem, &name);
        }
        if !self.overrides.iter().any(|(other, known, _)| *other == ecosystem && *known == name) {
            self.overrides.push((ecosystem, name, range.map(str::to_owned)));
        }
    }

    /// Adds a dependency that a package does not declare, under a condition, if a manifest can have it.
    fn add_extension(&mut self, ecosystem: Ecosystem, package: &str, (name, range): (&str, &str), when: Option<&str>) {
        let read = |name: &str, range: Option<&str>, when: &str| -> Result<(), String> {
            let marker = when.parse::<Marker>().map_err(|error| error.to_string())?;
            parse_requirement(ecosystem, name, range, &marker).map(drop).map_err(|error| error.to_string())
        };
        let asked = Some(range).filter(|range| !range.is_empty());
        if let Err(error) = read(package, None, "").and_then(|()| read(name, asked, when.unwrap_or_default())) {
            return self.refuse(format!("extend {package} with {name} {range}").trim_end(), error);
        }
        let (package, name, range) = (package.to_owned(), name.to_owned(), range.to_owned());
        let new = ImportedExtension { ecosystem, package, name, range, when: when.map(str::to_owned) };
        // Under several conditions one package may be asked for several times.
        let key = |one: &ImportedExtension| (one.ecosystem, one.package.clone(), one.name.clone(), one.when.clone());
        if !self.extensions.iter().any(|known| key(known) == key(&new)) {
            self.extensions.push(new);
        }
    }

    /// Adds a patch, if a manifest can have it; the first of a version stays.
    fn add_patch(&mut self, ecosystem: Ecosystem, name: &str, version: &str, file: &str) {
        let what = || format!("the patch of {name}@{version}");
        let version_read = Version::parse(ecosystem, version.trim_start_matches('='));
        if PackageName::parse(ecosystem, name).is_err() || version_read.is_err() {
            return self.refuse(what(), "a `patch` line is for one version: write one with the version that is locked");
        }
        let leaves = file.starts_with(['/', '~']) || file.split('/').any(|part| part == "..") || file.contains('\\');
        if leaves || file.is_empty() {
            return self.refuse(what(), "its file does not lie in the project");
        }
        let (name, version) = (name.to_owned(), version.trim_start_matches('=').to_owned());
        let new = ImportedPatch { ecosystem, name, version, file: file.to_owned() };
        let is_same = |known: &ImportedPatch| {
            (known.ecosystem, &known.name, &known.version) == (new.ecosystem, &new.name, &new.version)
        };
        if !self.patches.iter().any(is_same) {
            self.patches.push(new);
        }
    }

    /// Lists a part as not imported.
    pub fn refuse(&mut self, what: impl Into<String>, why: impl Into<String>) {
        self.leave_out(NotTaken::new(what, why));
    }

    /// Lists a part as not imported that keeps something out.
    pub fn refuse_guard(&mut self, what: impl Into<String>, why: impl Into<String>) {
        self.leave_out(NotTaken::guard(what, why));
    }

    fn leave_out(&mut self, not_taken: NotTaken) {
        if !self.not_taken.contains(&not_taken) {
            self.not_taken.push(not_taken);
        }
    }
}

/// Returns the catalog that what follows `catalog:` names. `None` is the default one, which `default` names too.
fn catalog_name(text: &str) -> Option<String> {
    Some(text.trim()).filter(|name| !name.is_empty() && *name != "default").map(str::to_owned)
}

/// Returns whether a glob of members matches a folder.
fn matches(glob: &str, folder: &str) -> bool {
    let glob = globset::GlobBuilder::new(glob).literal_separator(true).build();
    glob.is_ok_and(|glob| glob.compile_matcher().is_match(folder))
}

#[cfg(test)]
mod mutated;
#[cfg(test)]
mod tests;
