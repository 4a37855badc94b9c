//! `larder export flows` and `larder import flows`: flows with all that they use, as one file.
//!
//! An import adds to each package what it does not have yet, and makes the packages that are not there. What is there stays as it is.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::assets::{AssetIndex, AssetSet, CarriedFlows, PackageDocument, PackageIndex};
use crate::diagnostic::{Exit, Failure, FindingLevel, SourceFinding};
use crate::manifest::edit::{self, NewLine, Section, quoted};
use crate::manifest::{self, ManifestKind};
use crate::model::{Ecosystem, PackageName, Version};
use crate::ops::asset_findings::WrongAssets;
use crate::ops::project::{inputs, locate_root, members};
use crate::ops::session::MANIFEST;
use crate::ops::{Result, Session};

use super::load::ProjectAssets;
use super::placement::{ImportedAsset, ImportedAssets, Placed, Placement, declaration, path_in};
use super::portable::{keeps_back, refuse_secrets};
use super::{carried_file, deployable_flows_named, flow};

/// What is exported.
#[derive(Clone, Debug)]
pub struct FlowsExport {
    /// The flows: `order-intake`, `orders/order-intake`.
    pub flows: Vec<String>,
    /// For whom it is encrypted: `age1…`, or files with such keys. Empty: for nobody.
    pub recipients: Vec<String>,
    /// The file; one that is called like the first flow if none is given.
    pub file: Option<PathBuf>,
}

/// `larder export flows --json`: see `schema/export-flows.json`.
#[derive(Debug, Serialize)]
pub struct ExportedFlows {
    /// The file that was written.
    pub file: String,
    /// Its size in bytes.
    pub bytes: u64,
    /// Whether it is encrypted.
    pub encrypted: bool,
    /// The flows that were chosen.
    pub flows: Vec<String>,
    /// They, and what they use.
    pub assets: Vec<String>,
}

/// Writes flows with all that they use to a file.
///
/// # Errors
/// There is no such flow; something that it uses is not there; or a file has a secret in clear text.
pub fn export(session: &Session<'_>, request: &FlowsExport) -> Result<ExportedFlows> {
    let context = session.context;
    let assets = ProjectAssets::with_lock(session, None)?;
    let set = assets.set();
    let mut flows: Vec<AssetIndex> = Vec::new();
    for name in &request.flows {
        let found = flow::the_one(&set, name, deployable_flows_named(&set, name))?;
        if !flows.contains(&found) {
            flows.push(found);
        }
    }
    let closure = set.closure(flows.iter().copied());
    let environments = assets.environments();
    let findings: Vec<SourceFinding> =
        closure.iter().flat_map(|at| set.check_asset(*at, environments.as_deref())).filter(keeps_back).collect();
    if let Some(wrong) = WrongAssets::new(&findings, &|file| set.text_of(file)) {
        return Err(wrong.into());
    }
    let carried = set.carry(&flows);
    carried.check_form().map_err(Unfit)?;
    refuse_secrets(&carried, &set, closure.iter().copied())?;
    let file = request.file.clone().unwrap_or_else(|| {
        let name = flows.first().map_or("flows", |flow| set.asset(*flow).id.name.as_str());
        let ending = if request.recipients.is_empty() { "" } else { ".age" };
        PathBuf::from(format!("{name}.flows.tar.gz{ending}"))
    });
    let bytes = carried_file::write(context, &carried, &request.recipients, &context.folder.join(&file))?;
    Ok(ExportedFlows {
        file: file.display().to_string(),
        bytes,
        encrypted: !request.recipients.is_empty(),
        flows: flows.iter().map(|at| set.asset(*at).id.to_string()).collect(),
        assets: closure.iter().map(|at| set.asset(*at).id.to_string()).collect(),
    })
}

/// What is imported.
#[derive(Clone, Debug)]
pub struct FlowsImport {
    /// The file.
    pub file: PathBuf,
    /// Files with secret keys.
    pub identities: Vec<PathBuf>,
    /// The folder of packages that are not there yet.
    pub into: Option<PathBuf>,
}

/// Adds the flows of a file, and what they use, to the project. Flows are drafts.
///
/// # Errors
/// The file cannot be read; or something that is not the same is where it would go. Nothing is changed then.
pub fn import(session: &Session<'_>, request: &FlowsImport) -> Result<ImportedAssets> {
    let context = session.context;
    let root = locate_root(context)?;
    // One that was cut off is finished without its file, which may be gone.
    let (placement, finished) = Placement::begin(context, root.clone())?;
    let carried = carried_file::read(context, &request.file, &request.identities)?;
    let assets = ProjectAssets::with_lock(session, None)?;
    let set = assets.set();
    // It was read, so there are such packages.
    let theirs = AssetSet::new(carried.asset_packages().map_err(UnreadablePackages)?, &carried);
    let environments = assets.environments();
    let mut findings = theirs.check(environments.as_deref(), super::threads());
    let (refused, told): (Vec<_>, Vec<_>) = findings.drain(..).partition(keeps_back);
    if let Some(wrong) = WrongAssets::new(&refused, &|file| theirs.text_of(file)) {
        return Err(wrong.into());
    }
    refuse_secrets(&carried, &theirs, 0..theirs.assets().len())?;
    let folder = match &request.into {
        Some(into) => Some(below(&root, &context.folder.join(into))?),
        None => None,
    };
    let folder = match folder {
        Some(folder) => folder,
        None => default_folder(&root, &context.folder)?,
    };
    let mut importing = Importing {
        assets: &assets,
        set: &set,
        theirs: &theirs,
        carried: &carried,
        placement,
        imported: ImportedAssets::default(),
    };
    importing.imported.findings = told.into_iter().filter(|one| one.level != FindingLevel::Note).collect();
    if !finished.is_empty() {
        importing
            .imported
            .notes
            .push(format!("an import that was cut off was finished first: {} files", finished.len()));
    }
    let places = importing.places(&folder)?;
    for (at, place) in places.iter().enumerate() {
        importing.package(at, place, &places)?;
    }
    let Importing { placement, mut imported, .. } = importing;
    let Placed { files, manifests } = placement.place(context)?;
    (imported.files, imported.manifests) = (files, manifests);
    imported.assets.sort();
    Ok(imported)
}

/// Where a package of the file goes.
#[derive(Debug)]
enum Place {
    /// To a package of the repository.
    Own(PackageIndex),
    /// It is installed, with all that the file has of it.
    Installed(PackageIndex),
    /// To a folder of its own, where nothing is yet.
    New(String),
    /// Nowhere, which was noted.
    None,
}

struct Importing<'a> {
    assets: &'a ProjectAssets,
    set: &'a AssetSet<'a>,
    /// The assets of the file.
    theirs: &'a AssetSet<'a>,
    carried: &'a CarriedFlows,
    placement: Placement,
    imported: ImportedAssets,
}

impl Importing<'_> {
    /// Returns where each package of the file goes.
    fn places(&mut self, folder: &str) -> Result<Vec<Place>> {
        let mut places = Vec::new();
        let mut seen: BTreeMap<String, &str> = BTreeMap::new();
        let mut folders: BTreeMap<String, &PackageName> = BTreeMap::new();
        for (at, package) in self.theirs.packages().iter().enumerate() {
            let document = &self.carried.packages()[at];
            if let Some(other) = seen.insert(package.name.folded().into_owned(), &document.version) {
                let (name, version) = (&package.name, &document.version);
                self.placement.refuse(format!(
                    "it has two versions of package {name}, {other} and {version}: a repository has one"
                ));
                places.push(Place::None);
                continue;
            }
            let place = self.place_of(at, &package.name, folder)?;
            if let Place::New(folder) = &place
                && let Some(other) = folders.insert(folder.to_lowercase(), &package.name)
            {
                let name = &package.name;
                self.placement.refuse(format!(
                    "packages {other} and {name} would both be in `{folder}`: make one of them in another folder first"
                ));
            }
            places.push(place);
        }
        Ok(places)
    }

    fn place_of(&mut self, at: PackageIndex, name: &PackageName, folder: &str) -> Result<Place> {
        if let Some(own) = self.assets.repository_package(name) {
            return Ok(Place::Own(own));
        }
        let installed = |index: &PackageIndex| self.set.packages()[*index].name.folded() == name.folded();
        let installed: Vec<PackageIndex> = (0..self.set.packages().len()).filter(installed).collect();
        let has_all = |index: &&PackageIndex| {
            self.theirs.of_package(at).all(|their| {
                let same = self.set.of_package(**index).find(|own| self.is_same_id(their, *own));
                same.is_some_and(|own| self.set.digest(own) == self.theirs.digest(their))
            })
        };
        if let Some(found) = installed.iter().find(has_all) {
            return Ok(Place::Installed(*found));
        }
        if let Some(first) = installed.first() {
            let version = &self.set.packages()[*first].version;
            self.placement.refuse(format!(
                "{name} {version} is locked, and has not the same assets: another version of it may have them"
            ));
            return Ok(Place::None);
        }
        let place = path_in(folder, &self.folder_name(name));
        if self.placement.is_taken(&place)? {
            self.placement.refuse(format!(
                "`{place}` is there already, and is no package {name}: `--into DIR` names another folder for it"
            ));
            return Ok(Place::None);
        }
        Ok(Place::New(place))
    }

    /// Returns what the folder of a new package is called: its name without the scope, unless another package of the file has that.
    fn folder_name(&self, name: &PackageName) -> String {
        let short = name.without_scope();
        let others = self.theirs.packages().iter().map(|package| &package.name);
        let is_shared = others
            .filter(|other| other.folded() != name.folded())
            .any(|other| other.without_scope().eq_ignore_ascii_case(short));
        if is_shared { name.as_str().trim_start_matches('@').replace('/', "-") } else { short.to_owned() }
    }

    fn is_same_id(&self, their: AssetIndex, own: AssetIndex) -> bool {
        let (their, own) = (&self.theirs.asset(their).id, &self.set.asset(own).id);
        (their.kind, &their.name, &their.version) == (own.kind, &own.name, &own.version)
            && their.package.folded() == own.package.folded()
    }

    /// Adds to one package what it does not have.
    fn package(&mut self, at: PackageIndex, place: &Place, places: &[Place]) -> Result<()> {
        let folder = match place {
            Place::Own(own) => self.set.packages()[*own].folder.to_string(),
            Place::New(folder) => folder.clone(),
            Place::Installed(own) => {
                for asset in self.theirs.of_package(at) {
                    let file = self.set.packages()[*own].file(self.theirs.asset(asset).declaration.file.value.as_str());
                    let id = self.theirs.asset(asset).id.to_string();
                    self.imported.assets.push(ImportedAsset { id, file: file.to_string(), new: false });
                }
                return Ok(());
            }
            Place::None => return Ok(()),
        };
        let mut new: BTreeSet<AssetIndex> = BTreeSet::new();
        // Where files lie that are there already, by where they lie in the file of flows.
        let mut elsewhere: BTreeMap<AssetIndex, String> = BTreeMap::new();
        for asset in self.theirs.of_package(at) {
            let their = self.theirs.asset(asset);
            let own = match place {
                Place::Own(own) => self.set.of_package(*own).find(|own| self.is_same_id(asset, *own)),
                _ => None,
            };
            let mut file = path_in(&folder, their.declaration.file.value.as_str());
            match own {
                Some(own) if self.set.digest(own) == self.theirs.digest(asset) => {
                    let own_file = path_in(&folder, self.set.asset(own).declaration.file.value.as_str());
                    if own_file != file {
                        elsewhere.insert(asset, own_file.clone());
                    }
                    file = own_file;
                }
                Some(_) => {
                    self.placement.refuse(format!(
                        "there is another {} `{}` already, which says something else",
                        their.id.kind, their.id
                    ));
                }
                None => drop(new.insert(asset)),
            }
            self.imported.assets.push(ImportedAsset { id: their.id.to_string(), file, new: own.is_none() });
        }
        // Files that belong to what is there already need not come along.
        let below = |file: &str| self.theirs.packages()[at].path(file).map(str::to_owned);
        for asset in self.theirs.of_package(at).filter(|asset| new.contains(asset)) {
            for source in self.theirs.files_of(asset) {
                let Some(path) = below(&source.file) else { continue };
                let of = self.theirs.schema_of_file(&source.file);
                if of.is_none_or(|of| new.contains(&of)) {
                    self.placement.add_file(&folder, &path, &source.text)?;
                } else if let Some((of, own)) = of.and_then(|of| Some((of, elsewhere.get(&of)?))) {
                    // A schema looks for what it imports by its path.
                    let (new, known) = (&self.theirs.asset(asset).id, &self.theirs.asset(of).id);
                    self.placement.refuse(format!(
                        "`{new}` needs `{}`: that is `{known}`, which is in `{own}` here",
                        path_in(&folder, &path)
                    ));
                }
            }
        }
        if let Place::New(folder) = place {
            let text = self.new_manifest(&self.carried.packages()[at], at, places);
            self.placement.add_package(folder, text);
            return self.note_members(folder);
        }
        if let Place::Own(own) = place
            && !new.is_empty()
        {
            self.depend(*own, &folder, &self.dependencies(at, places))?;
        }
        for asset in new {
            let declared = self.theirs.asset(asset);
            let (path, form) = (declared.declaration.file.value.as_str(), declared.declaration.form);
            self.placement.declare(&folder, &declared.id, path, form)?;
        }
        Ok(())
    }

    /// Has a package of the repository depend on others, where no line of its manifest does. A line that is there stays, and admits
    /// what is needed.
    fn depend(&mut self, own: PackageIndex, folder: &str, needed: &[(PackageName, semver::Version)]) -> Result<()> {
        let package = &self.set.packages()[own];
        for (name, version) in needed {
            let plain = name.folded();
            let stated = self.assets.stated(own).iter();
            let mut stated = stated.filter(|requirement| requirement.package().name.folded() == plain).peekable();
            if stated.peek().is_some() {
                let version = Version::from(version.clone());
                if let Some(other) = stated.find(|requirement| !requirement.matches(&version)) {
                    self.placement.refuse(format!(
                        "package {} asks for {name} `{}`, and the flows need {version}",
                        package.name,
                        other.range_text()
                    ));
                }
                continue;
            }
            if package.dependencies.contains_key(&*plain) {
                continue;
            }
            let range = format!("^{version}");
            let line = NewLine {
                ecosystem: Ecosystem::PRIVATE,
                name: name.as_str(),
                range: Some(&range),
                properties: Vec::new(),
            };
            self.placement.edit(folder, |file, text| edit::add(file, text, &Section::Dependencies, &line))?;
        }
        Ok(())
    }

    /// Returns what a package of the file depends on, with the versions that are here, or are made.
    fn dependencies(&self, at: PackageIndex, places: &[Place]) -> Vec<(PackageName, semver::Version)> {
        let needed = self.theirs.packages()[at].dependencies.values();
        let version = |needed: &PackageIndex| match places.get(*needed) {
            Some(Place::Own(own) | Place::Installed(own)) => self.set.packages()[*own].version.clone(),
            _ => self.theirs.packages()[*needed].version.clone(),
        };
        needed.map(|needed| (self.theirs.packages()[*needed].name.clone(), version(needed))).collect()
    }

    fn new_manifest(&self, document: &PackageDocument, at: PackageIndex, places: &[Place]) -> String {
        let mut text = format!("package {} version={}\n", quoted(&document.name), quoted(&document.version));
        let dependencies = self.dependencies(at, places);
        if !dependencies.is_empty() {
            text += "\ndependencies {\n";
            for (name, version) in dependencies {
                text.push_str("    larder ");
                text.push_str(&quoted(name.as_str()));
                text.push(' ');
                text.push_str(&quoted(&format!("^{version}")));
                text.push('\n');
            }
            text += "}\n";
        }
        text += "\nassets {\n";
        for asset in self.theirs.of_package(at) {
            let asset = self.theirs.asset(asset);
            let (path, form) = (asset.declaration.file.value.as_str(), asset.declaration.form);
            text.push_str("    ");
            text.push_str(&declaration(&asset.id, path, form));
            text.push('\n');
        }
        text + "}\n"
    }

    /// Says what makes a new package a member, unless it is one.
    fn note_members(&mut self, folder: &str) -> Result<()> {
        let text = inputs::manifest(&self.assets.root.join(MANIFEST))?;
        let Ok(manifest) = manifest::parse(MANIFEST, &text, ManifestKind::Root) else { return Ok(()) };
        if members::contain(&manifest, Path::new(folder)) {
            let note = "`larder lock` locks what new packages need".to_owned();
            if !self.imported.notes.contains(&note) {
                self.imported.notes.push(note);
            }
        } else if manifest.project.is_some() {
            self.imported.notes.push(format!(
                "`members {}` in {MANIFEST} makes the new package a member, whose dependencies are locked",
                quoted(folder)
            ));
        }
        Ok(())
    }
}

/// Returns the folder for new packages: that of `members "packages/*"`, or the one in which larder was started.
fn default_folder(root: &Path, current: &Path) -> Result<String> {
    let text = inputs::manifest(&root.join(MANIFEST))?;
    let manifest = manifest::parse(MANIFEST, &text, ManifestKind::Package)?;
    let globs = manifest.members.iter().filter_map(|glob| glob.value.strip_suffix("/*"));
    let folder = globs
        .map(|folder| folder.trim_start_matches("./"))
        .find(|folder| !folder.contains(['*', '?', '[', '{', '!', '.']));
    match folder {
        Some(folder) => Ok(folder.to_owned()),
        None => below(root, current),
    }
}

/// Returns the path of a folder below the root.
fn below(root: &Path, folder: &Path) -> Result<String> {
    let outside = || Outside { folder: folder.display().to_string() };
    let relative = folder.strip_prefix(root).map_err(|_| outside())?;
    let mut parts = Vec::new();
    for part in relative.components() {
        match part {
            std::path::Component::Normal(part) => parts.push(part.to_str().ok_or_else(outside)?),
            std::path::Component::CurDir => {}
            _ => return Err(outside().into()),
        }
    }
    Ok(parts.join("/"))
}

/// A folder that is not the project's.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("`{folder}` is not in the project")]
#[diagnostic(code(larder::import::outside), help("name a folder of the project"))]
struct Outside {
    folder: String,
}

/// What a file of flows says of its packages, which was read a moment ago.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("the packages of the file cannot be read: {0}")]
#[diagnostic(code(larder::flows::packages))]
struct UnreadablePackages(String);

/// Flows that no file can have.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("a file of flows cannot have this: {0}")]
#[diagnostic(
    code(larder::flows::unfit),
    help("nobody could import it: give the file another name in its package, or export fewer flows at a time")
)]
struct Unfit(String);

impl Failure for Outside {
    fn exit(&self) -> Exit {
        Exit::Manifest
    }
}

impl Failure for UnreadablePackages {
    fn exit(&self) -> Exit {
        Exit::Integrity
    }
}

impl Failure for Unfit {
    fn exit(&self) -> Exit {
        Exit::Refused
    }
}
