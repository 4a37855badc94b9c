//! `larder pack --creatio`: the archives of a workspace's packages, or of the package whose folder larder was started in.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::creatio::{
    CreatioWorkspace, Descriptor, MAX_FILE, MAX_FILES, MAX_SIZE, WORKSPACE_SETTINGS, is_descriptor, is_packed, write,
    write_application,
};
use crate::diagnostic::{Exit, Failure, list};
use crate::fetch::{NameFolding, check_names};
use crate::fs::{self, DirEntry, Durability, Kind};
use crate::model::{Digest, Ecosystem, EntryPath, PackageName, Uid, install_order};
use crate::ops::project::inputs;
use crate::ops::{Context, Result};
use crate::package::{IgnoreRules, find_secret, gzip};

/// The folder of a workspace that has its packages.
const PACKAGES: &str = "packages";

/// The file of a workspace that says what is not packed, in the form of a `.gitignore`.
const IGNORE_FILE: &str = ".clio/clioignore";

/// How deep a package lies in its workspace, at most: `packages/UsrOrders/branches/1.0`.
const DEEPEST_IN_WORKSPACE: usize = 5;

/// The folder of a package that has its versions, where it has several.
const BRANCHES: &str = "branches";

/// What is asked of `pack --creatio`.
#[derive(Clone, Debug, Default)]
pub struct PackWorkspaceOptions {
    /// The folder for what is written, instead of the current one.
    pub out: Option<PathBuf>,
    /// Whether the archives are put into the one file of an application.
    pub zip: bool,
    /// Whether nothing is written.
    pub list_only: bool,
    /// Paths of files that may look like secrets, each below its package's folder.
    pub allowed_secrets: Vec<String>,
}

/// `larder pack --creatio --json`: see `schema/pack-creatio.json`.
#[derive(Debug, Serialize)]
pub struct PackedPackages {
    /// The file of the application; `null` without `--zip`, and with `--list`.
    pub zip: Option<PathBuf>,
    /// The packages, in the order of their names.
    pub packages: Vec<PackedPackage>,
}

/// A package that was packed.
#[derive(Debug, Serialize)]
pub struct PackedPackage {
    /// The name.
    pub name: String,
    /// The version; `null` if the descriptor states none.
    pub version: Option<String>,
    /// The archive; `null` if it is in the file of the application, or nothing was written.
    pub file: Option<PathBuf>,
    /// The size of the archive in bytes.
    pub size: u64,
    /// The SHA-256 digest of the archive, in hexadecimal.
    pub sha256: String,
    /// The files, sorted by path.
    pub files: Vec<String>,
}

/// Packs the packages of the workspace that larder was started in, or the package.
pub fn pack_workspace(context: &Context<'_>, options: &PackWorkspaceOptions) -> Result<PackedPackages> {
    let root = &context.folder;
    let rules = IgnoreRules::default().with("", &ignored_by_workspace(root)?);
    let mut read = Vec::new();
    for folder in folders(root)? {
        read.push(FilesOfPackage::read(&folder, &rules, &options.allowed_secrets)?);
    }
    read.sort_by(|a, b| a.descriptor.name.cmp(&b.descriptor.name));
    let reasons = contradictions(&read);
    if !reasons.is_empty() {
        return Err(NotPackable { folder: root.clone(), reasons }.into());
    }
    let out = options.out.as_ref().map_or(root.clone(), |out| root.join(out));
    let mut packed = PackedPackages { zip: None, packages: Vec::new() };
    let mut archives = Vec::new();
    for package in read {
        let files = package.files.iter().map(|(path, content)| (path.as_str(), content.as_slice()));
        let archive = gzip(&write(files));
        let name = format!("{}.gz", package.descriptor.name);
        packed.packages.push(PackedPackage {
            name: package.descriptor.name.to_string(),
            version: package.descriptor.version.as_ref().map(ToString::to_string),
            file: (!options.list_only && !options.zip).then(|| out.join(&name)),
            size: archive.len() as u64,
            sha256: Digest::sha256_of(&archive).to_hex(),
            files: package.files.iter().map(|(path, _)| path.to_string()).collect(),
        });
        archives.push((name, archive));
    }
    if options.list_only {
        return Ok(packed);
    }
    fs::create_dir_all(&out)?;
    if options.zip {
        let name = root.file_name().map_or("application".into(), |name| name.to_string_lossy());
        let path = out.join(format!("{name}.zip"));
        let file = write_application(archives).ok_or_else(|| {
            let reason = "an application has less than 4 GiB, and at most 65,535 packages".to_owned();
            NotPackable { folder: root.clone(), reasons: vec![reason] }
        })?;
        fs::write_atomic(&path, &file, Durability::Whole)?;
        packed.zip = Some(path);
    } else {
        for (name, archive) in &archives {
            fs::write_atomic(&out.join(name), archive, Durability::Whole)?;
        }
    }
    Ok(packed)
}

/// Returns what the workspace around a folder says is not packed; the same for a package alone and for all of them.
fn ignored_by_workspace(folder: &Path) -> Result<String> {
    for around in folder.ancestors().take(DEEPEST_IN_WORKSPACE) {
        if let Some(text) = inputs::text(&around.join(IGNORE_FILE))? {
            return Ok(text);
        }
    }
    Ok(String::new())
}

/// Returns why packages cannot be installed together: a server would refuse them, or take one for another.
fn contradictions(packages: &[FilesOfPackage]) -> Vec<String> {
    let mut reasons = Vec::new();
    let mut by_uid: BTreeMap<&Uid, &PackageName> = BTreeMap::new();
    let mut depends: BTreeMap<&PackageName, BTreeSet<&PackageName>> = BTreeMap::new();
    for FilesOfPackage { descriptor, .. } in packages {
        if let Some(first) = by_uid.insert(&descriptor.uid, &descriptor.name) {
            reasons.push(format!("`{first}` and `{}` have one UId, {}", descriptor.name, descriptor.uid));
        }
        if depends.contains_key(&descriptor.name) {
            reasons.push(format!("two folders have a package `{}`", descriptor.name));
        }
        depends.insert(&descriptor.name, descriptor.depends_on.iter().map(|one| &one.name).collect());
    }
    let own: BTreeMap<&PackageName, &Uid> =
        packages.iter().map(|one| (&one.descriptor.name, &one.descriptor.uid)).collect();
    for FilesOfPackage { descriptor, .. } in packages {
        let stated = descriptor.depends_on.iter().filter_map(|one| Some((one, own.get(&one.name)?)));
        for (reference, uid) in stated.filter(|(reference, uid)| reference.uid != ***uid) {
            let (name, needed) = (&descriptor.name, &reference.name);
            reasons.push(format!("`{name}` depends on `{needed}` of the UId {}, and that has {uid}", reference.uid));
        }
    }
    if let Err(cycle) = install_order(&depends) {
        let names: Vec<&str> = cycle.iter().chain(cycle.first()).map(|name| name.as_str()).collect();
        reasons
            .push(format!("packages depend on each other, so that none can be installed first: {}", names.join(" → ")));
    }
    reasons
}

/// Returns the folders of the packages to pack.
fn folders(root: &Path) -> Result<Vec<PathBuf>> {
    if fs::read_dir(root)?.iter().any(is_descriptor_file) {
        return Ok(vec![root.to_owned()]);
    }
    let refused = |reasons| NotPackable { folder: root.to_owned(), reasons };
    let settings = inputs::read(&root.join(WORKSPACE_SETTINGS), inputs::MANIFEST_SIZE)?;
    let workspace = settings.map(|bytes| CreatioWorkspace::parse(&bytes)).transpose();
    let workspace = workspace.map_err(|reason| refused(vec![format!("{WORKSPACE_SETTINGS} {reason}")]))?;
    let packages = root.join(PACKAGES);
    let there = match fs::stat(&packages)? {
        Some(_) => fs::read_dir(&packages)?,
        None => Vec::new(),
    };
    let mut there: Vec<&str> =
        there.iter().filter(|entry| entry.kind == Kind::Folder).filter_map(|entry| entry.path.to_str()).collect();
    there.sort_unstable();
    let listed = workspace.as_ref().map(|workspace| &*workspace.packages).unwrap_or_default();
    let place = |name: &PackageName| there.iter().find(|folder| folder.eq_ignore_ascii_case(name.as_str()));
    let is_wanted = |name: &&PackageName| workspace.as_ref().is_none_or(|workspace| !workspace.ignores(name));
    let missing: Vec<String> = listed
        .iter()
        .filter(|name| is_wanted(name) && place(name).is_none())
        .map(|name| format!("{WORKSPACE_SETTINGS} lists `{name}`, and there is no {PACKAGES}/{name}"))
        .collect();
    if !missing.is_empty() {
        return Err(refused(missing).into());
    }
    let chosen: Vec<&str> =
        if listed.is_empty() { there.clone() } else { listed.iter().filter_map(place).copied().collect() };
    let is_ignored = |folder: &str| {
        let name = PackageName::parse(Ecosystem::CREATIO, folder);
        workspace.as_ref().is_some_and(|workspace| name.is_ok_and(|name| workspace.ignores(&name)))
    };
    let chosen: Vec<PathBuf> =
        chosen.into_iter().filter(|folder| !is_ignored(folder)).map(|folder| packages.join(folder)).collect();
    if chosen.is_empty() {
        let reason = format!("it has neither a descriptor.json nor packages in {PACKAGES}/");
        return Err(refused(vec![reason]).into());
    }
    chosen.into_iter().map(|folder| only_branch(&folder)).collect()
}

/// Returns the folder of a package's one version: its own, unless it keeps versions side by side.
fn only_branch(folder: &Path) -> Result<PathBuf> {
    let branches = folder.join(BRANCHES);
    if fs::stat(&branches)?.is_none() {
        return Ok(folder.to_owned());
    }
    let entries = fs::read_dir(&branches)?;
    let versions: Vec<&DirEntry> = entries.iter().filter(|entry| entry.kind == Kind::Folder).collect();
    if let [only] = versions[..] {
        return Ok(branches.join(&only.path));
    }
    let reason = format!("{BRANCHES}/ has {} versions, and exactly one is packed", versions.len());
    Err(NotPackable { folder: folder.to_owned(), reasons: vec![reason] }.into())
}

fn is_descriptor_file(entry: &DirEntry) -> bool {
    entry.kind == Kind::File && entry.path.to_str().is_some_and(is_descriptor)
}

/// The files of a package, sorted by path, and what it says of itself.
struct FilesOfPackage {
    descriptor: Descriptor,
    files: Vec<(EntryPath, Vec<u8>)>,
}

impl FilesOfPackage {
    fn read(folder: &Path, rules: &IgnoreRules, allowed: &[String]) -> Result<Self> {
        let mut reasons = Vec::new();
        let paths = choose(folder, rules, &mut reasons)?;
        if paths.len() > MAX_FILES {
            reasons.push(format!("it has {} files, and {MAX_FILES} are allowed", paths.len()));
        }
        if let Err(refusal) = check_names(paths.iter().map(EntryPath::as_str), NameFolding::CaseAndForm) {
            reasons.push(refusal.to_string());
        }
        let (mut files, mut left) = (Vec::new(), MAX_SIZE);
        for path in paths {
            let content = fs::read_up_to(&folder.join(path.as_str()), MAX_FILE.min(left))?.unwrap_or_default();
            left = left.saturating_sub(content.len() as u64);
            let is_allowed = allowed.iter().any(|allowed| allowed == path.as_str());
            if let Some(secret) = find_secret(path.as_str(), &content).filter(|_| !is_allowed) {
                let line = secret.line.map(|line| format!(":{line}")).unwrap_or_default();
                reasons.push(format!("{path}{line} looks like {}: `--allow-secret {path}` packs it", secret.what));
            }
            files.push((path, content));
        }
        let descriptor = files.iter().find(|(path, _)| is_descriptor(path.as_str()));
        let descriptor = match descriptor.map(|(path, content)| (path, Descriptor::parse(content))) {
            Some((_, Ok(descriptor))) => Some(descriptor),
            Some((path, Err(error))) => {
                reasons.push(format!("{path} {error}"));
                None
            }
            None => {
                reasons.push("it has no descriptor.json".to_owned());
                None
            }
        };
        match descriptor {
            Some(descriptor) if reasons.is_empty() => Ok(Self { descriptor, files }),
            _ => Err(NotPackable { folder: folder.to_owned(), reasons }.into()),
        }
    }
}

/// Returns the paths of the files of a package, sorted. Why others that belong to it cannot be packed is added to `reasons`.
fn choose(folder: &Path, rules: &IgnoreRules, reasons: &mut Vec<String>) -> Result<Vec<EntryPath>> {
    let mut chosen = Vec::new();
    let mut pending = vec![String::new()];
    while let Some(below) = pending.pop() {
        for DirEntry { path: name, kind } in fs::read_dir(&folder.join(&below))? {
            let Some(name) = name.to_str() else {
                reasons.push(format!("`{}` has a name that is not Unicode", name.display()));
                continue;
            };
            let path = if below.is_empty() { name.to_owned() } else { format!("{below}/{name}") };
            if rules.ignores(&path, kind == Kind::Folder) {
                continue;
            }
            match kind {
                // Whether anything in a folder is packed, the first part of the path decides.
                Kind::Folder if is_packed(&format!("{path}/x")) => pending.push(path),
                Kind::Folder => {}
                _ if !is_packed(&path) => {}
                Kind::File => match EntryPath::parse(&path).and_then(|path| path.check_portable().map(|()| path)) {
                    Ok(path) => chosen.push(path),
                    Err(error) => reasons.push(format!("`{}` {error}", path.escape_debug())),
                },
                Kind::Symlink | Kind::Other => {
                    reasons.push(format!("`{}` is no file: an archive has no links", path.escape_debug()));
                }
            }
        }
    }
    chosen.sort();
    Ok(chosen)
}

/// A folder that cannot be packed.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("`{}` cannot be packed:{}", folder.display(), list(reasons))]
#[diagnostic(
    code(larder::pack::creatio),
    help("run it in a workspace, whose packages are in {PACKAGES}/, or in the folder of a package")
)]
struct NotPackable {
    folder: PathBuf,
    reasons: Vec<String>,
}

impl Failure for NotPackable {
    fn exit(&self) -> Exit {
        Exit::Refused
    }
}
