//! A lock in the form of another tool.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Serialize;
use serde_json::Value;

use crate::diagnostic::nearest;
use crate::export::{self, ExportError, ExportInput, Exported, PackageJson, PnpmConfiguration, PnpmPatch};
use crate::fs;
use crate::import::{self, OverriddenManifest, PnpmFiles, PnpmOverrides};
use crate::lock::{Closure, Lockfile};
use crate::model::{Digest, Origin, PackageKey, Platform, Source};
use crate::patch::MAX_PATCH_SIZE;
use crate::registry::path::{PathKind, PathPackage};
use crate::registry::{CachePolicy, Registries};

use super::facts::locked_trees::{self, MissingTrees};
use super::moving::workspace;
use super::project::{head, selection};
use super::{Error, Project, Result, Session, lock, registries, session};

/// The form of another tool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExportForm {
    /// `pylock.toml`
    Pylock,
    /// Requirements with digests.
    Requirements,
    /// `package-lock.json`
    PackageLock,
    /// `pnpm-lock.yaml`
    PnpmLock,
    /// The package.json that npm's forms are read beside.
    PackageJson,
}

/// What is exported.
#[derive(Clone, Debug)]
pub struct ExportRequest {
    /// The form.
    pub form: ExportForm,
    /// The file that is written, relative to the folder that larder was started in. `None` for standard output.
    pub file: Option<PathBuf>,
    /// The platform. `None` for all that the manifest declares.
    pub platform: Option<Platform>,
    /// The member whose package.json is written. `None` for the root's.
    pub member: Option<String>,
}

/// `larder export --json`: see `schema/export.json`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Export {
    /// The form: `pylock`
    pub form: &'static str,
    /// The environment's name.
    pub environment: String,
    /// The file that was written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// How many packages are in it.
    pub packages: usize,
    /// The lines that are not in it.
    pub left_out: Vec<LeftOutLine>,
    /// The text, unless a file was written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// A line that is not in an exported file.
#[derive(Debug, Serialize)]
pub struct LeftOutLine {
    /// The line: `npm:express`
    pub line: String,
    /// The reason.
    pub reason: String,
}

/// The largest package.json that is read.
const LARGEST_MANIFEST: u64 = 8 << 20;

/// The most bytes of a lockfile of another tool that are read.
const LARGEST_LOCKFILE: u64 = 64 << 20;

impl ExportForm {
    /// Returns the name that the command line uses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pylock => "pylock",
            Self::Requirements => "requirements",
            Self::PackageLock => "package-lock",
            Self::PnpmLock => "pnpm-lock",
            Self::PackageJson => "package-json",
        }
    }

    /// Returns whether the form is one of npm's.
    fn is_npm(self) -> bool {
        matches!(self, Self::PackageLock | Self::PnpmLock | Self::PackageJson)
    }

    /// Returns whether the form names the files of packages by their URLs.
    fn has_urls(self) -> bool {
        matches!(self, Self::Pylock | Self::PackageLock | Self::PnpmLock)
    }
}

/// Writes an environment of a fresh lock in the form of another tool.
pub fn export(session: &Session<'_>, request: &ExportRequest) -> Result<Export> {
    let context = session.context;
    let project = Project::open(context)?;
    let environment = project.environment(context)?;
    let member = member(&project, request)?;
    let lockfile = lock::fresh(&project)?;
    let declared: Vec<Platform> = lockfile.settings.platforms.iter().map(|target| target.platform).collect();
    if let Some(platform) = request.platform
        && !declared.contains(&platform)
    {
        let declared: Vec<&str> = declared.iter().map(|platform| platform.as_str()).collect();
        return Err(
            ExportError::UndeclaredPlatform { platform: platform.to_string(), declared: declared.join(", ") }.into()
        );
    }
    let platforms = request.platform.map_or(declared, |platform| vec![platform]);
    let closure = |platform| Closure::of(&lockfile.graph, &selection(environment, platform));
    let closures: Vec<Closure<'_>> = platforms.iter().map(|platform| closure(Some(*platform))).collect();
    let anywhere = closure(request.platform);
    let mut package_json = if request.form.is_npm() { package_jsons(&project)? } else { BTreeMap::new() };
    let pnpm = match request.form {
        ExportForm::PnpmLock => pnpm_configuration(&project, &mut package_json),
        _ => PnpmConfiguration::default(),
    };
    let folders = |kinds: &[PathKind]| -> Vec<Arc<str>> {
        let is_one =
            |(folder, package): (&Arc<str>, &PathPackage)| kinds.contains(&package.kind).then(|| Arc::clone(folder));
        project.path_packages.iter().filter_map(is_one).collect()
    };
    let python_folders = folders(&[PathKind::Pyproject]);
    let mut npm_folders = folders(&[PathKind::PackageJson, PathKind::LarderKdl]);
    npm_folders.retain(|folder| package_json.contains_key(folder));
    let urls =
        if request.form.has_urls() { urls(session, &project, request.form, &anywhere)? } else { BTreeMap::new() };
    let executables = match request.form {
        ExportForm::PackageLock => executables(session, &project, &lockfile, &anywhere)?,
        _ => BTreeMap::new(),
    };
    let file = request.file.as_ref().map(|file| context.folder.join(file));
    let manifest = &project.manifest;
    let (name, version) = head(&project);
    let input = ExportInput {
        name: &name,
        version: version.as_deref(),
        environment: environment.name.as_str(),
        lock: &lockfile,
        closures: &closures,
        anywhere: &anywhere,
        urls: &urls,
        registries: &manifest
            .registries
            .iter()
            .filter_map(|it| Some((it.name.clone(), it.url.http()?.clone().into_folder().to_string())))
            .collect(),
        members: &project.members,
        package_json: &package_json,
        npm_folders: &npm_folders,
        python_folders: &python_folders,
        executables: &executables,
        pnpm: &pnpm,
        base: &base(&project.root, file.as_deref().and_then(Path::parent)),
    };
    let Exported { text, packages, mut left_out } = match request.form {
        ExportForm::Pylock => export::pylock(&input),
        ExportForm::Requirements => export::requirements(&input),
        ExportForm::PackageLock => export::package_lock(&input),
        ExportForm::PnpmLock => export::pnpm_lock(&input),
        ExportForm::PackageJson => export::package_json(&input, member),
    }?;
    left_out.sort_by(|a, b| (&a.reason, &a.line).cmp(&(&b.reason, &b.line)));
    if let Some(file) = &file {
        fs::write_atomic(file, text.as_bytes(), fs::Durability::Lazy)?;
    }
    Ok(Export {
        form: request.form.as_str(),
        environment: environment.name.to_string(),
        packages,
        left_out: left_out.into_iter().map(|one| LeftOutLine { line: one.line, reason: one.reason }).collect(),
        text: file.is_none().then_some(text),
        file: request.file.as_ref().map(|file| file.display().to_string()),
    })
}

/// Returns the member whose package.json is asked for.
fn member<'p>(project: &'p Project, request: &ExportRequest) -> Result<Option<&'p str>> {
    let Some(asked) = &request.member else { return Ok(None) };
    if request.form != ExportForm::PackageJson {
        return Err(ExportError::NoFileOfMember { form: request.form.as_str() }.into());
    }
    let folder = asked.trim_start_matches("./").trim_end_matches('/');
    if let Some(member) = project.members.iter().find(|member| ***member == *folder) {
        return Ok(Some(member));
    }
    let nearest = nearest(asked, project.members.iter().map(|member| &**member)).map(str::to_owned);
    Err(ExportError::NoMember { member: asked.clone(), nearest }.into())
}

/// Returns the package.json of the root, of members and of local packages, by folder.
fn package_jsons(project: &Project) -> Result<BTreeMap<Arc<str>, PackageJson>> {
    let root = Arc::<str>::from("");
    let folders = [&root].into_iter().chain(&project.members).chain(project.path_packages.keys());
    let mut found = BTreeMap::new();
    for folder in folders {
        let file = if folder.is_empty() { "package.json".to_owned() } else { format!("{folder}/package.json") };
        let text = fs::read_text_below(&project.root, &file, &[&project.root], LARGEST_MANIFEST);
        let Some(text) = text else { continue };
        let read = serde_json::from_str(text.trim_start_matches('\u{feff}'));
        let read = read.map_err(|error| ExportError::PackageJson {
            file,
            problem: format!("cannot be read: {error}"),
            help: "correct it".to_owned(),
        })?;
        found.insert(Arc::clone(folder), read);
    }
    Ok(found)
}

/// Returns what pnpm's own files say, and overrides what each package.json asks for as they say.
fn pnpm_configuration(project: &Project, package_json: &mut BTreeMap<Arc<str>, PackageJson>) -> PnpmConfiguration {
    let text = |file: &str| fs::read_text_below(&project.root, file, &[&project.root], LARGEST_MANIFEST);
    let (file, root) = (text("pnpm-workspace.yaml"), text("package.json"));
    let lockfile = fs::read_text_below(&project.root, "pnpm-lock.yaml", &[&project.root], LARGEST_LOCKFILE);
    let files = PnpmFiles { workspace: file.as_deref(), package_json: root.as_deref(), lockfile: lockfile.as_deref() };
    let overrides = PnpmOverrides::read(&files);
    let extensions_checksum = import::pnpm_extensions_checksum(&files);
    for (folder, json) in package_json {
        let PackageJson { name, version, dependencies, dev_dependencies, optional_dependencies, .. } = json;
        let manifest = OverriddenManifest { folder, name: name.as_deref(), version: version.as_deref() };
        for table in [dependencies, dev_dependencies, optional_dependencies] {
            overrides.apply(manifest, table);
        }
    }
    let is_said = |text: Option<&str>, setting: &str| text.is_some_and(|text| workspace::says(text, setting));
    let leaves_peers_out = is_said(files.workspace, "autoInstallPeers:false")
        || !files.is_of_newer_pnpm() && is_said(text(".npmrc").as_deref(), "auto-install-peers=false");
    let patch = |(selector, path): (String, String)| {
        let text = fs::read_text_below(&project.root, &path, &[&project.root], MAX_PATCH_SIZE)?;
        // pnpm counts the lines of a patch as if they ended alike.
        let digest = Digest::sha256_of(text.replace("\r\n", "\n"));
        Some(PnpmPatch { selector, path, hash: digest.to_hex() })
    };
    PnpmConfiguration {
        overrides: overrides.table().clone(),
        extensions_checksum,
        installs_peers: !leaves_peers_out,
        patches: import::pnpm_patches(&files).into_iter().filter_map(patch).collect(),
        repeats_paths: !files.is_of_newer_pnpm(),
    }
}

/// Returns the URLs of what a form names.
fn urls(
    session: &Session<'_>,
    project: &Project,
    form: ExportForm,
    anywhere: &Closure<'_>,
) -> Result<BTreeMap<(PackageKey, String), String>> {
    let registries = registries::open(session, project, CachePolicy::AnyAge)?;
    let urls = urls_at(&registries, form, anywhere);
    session::release(registries);
    urls
}

fn urls_at(
    registries: &Registries,
    form: ExportForm,
    anywhere: &Closure<'_>,
) -> Result<BTreeMap<(PackageKey, String), String>> {
    let mut urls = BTreeMap::new();
    for (key, package) in anywhere.packages() {
        let is_npm = key.id.ecosystem.has_scopes();
        if is_npm != form.is_npm() || !is_npm && !key.id.ecosystem.shares_one_folder() {
            continue;
        }
        for artifact in &package.artifacts {
            let url = match &package.origin {
                Some(Origin::Registry(registry)) => {
                    registries.artifact_url(key, registry, artifact).map_err(Error::from)?
                }
                Some(Origin::Source(pinned)) => match &pinned.source {
                    Source::Url(url) => url.as_str().to_owned(),
                    Source::Git(_) | Source::File(_) | Source::Archive(_) => continue,
                },
                None => continue,
            };
            urls.insert((key.clone(), artifact.file.clone()), url);
        }
    }
    Ok(urls)
}

/// Returns the executables of the npm packages that have some, by their package.json.
fn executables(
    session: &Session<'_>,
    project: &Project,
    lockfile: &Lockfile,
    anywhere: &Closure<'_>,
) -> Result<BTreeMap<PackageKey, Value>> {
    let with_executables =
        anywhere.packages().filter(|(key, package)| key.id.ecosystem.has_scopes() && package.facts.bin);
    let trees = locked_trees::of(session, project, with_executables, MissingTrees::Fetched)?;
    let mut executables = BTreeMap::new();
    for (key, tree) in trees {
        let text = fs::read_text_below(&tree.folder, "package.json", &[&tree.folder], LARGEST_MANIFEST);
        let package_json: Option<Value> = text.and_then(|text| serde_json::from_str(&text).ok());
        let bin = package_json.and_then(|json| json.get("bin").cloned());
        let is_known = lockfile.graph.packages.contains_key(&key);
        let named = bin.and_then(|bin| match bin {
            Value::String(path) => Some(serde_json::json!({ key.id.name.without_scope(): path })),
            Value::Object(_) => Some(bin),
            _ => None,
        });
        executables.extend(named.filter(|_| is_known).map(|bin| (key, bin)));
    }
    Ok(executables)
}

/// Returns the path from a folder to the project's, with a `/` at its end; empty if they are the same.
fn base(root: &Path, folder: Option<&Path>) -> String {
    let Some(folder) = folder.filter(|folder| *folder != root) else { return String::new() };
    match folder.strip_prefix(root) {
        Ok(below) => "../".repeat(below.components().count()),
        Err(_) => format!("{}/", root.display()),
    }
}
