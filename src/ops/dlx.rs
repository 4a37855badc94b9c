//! Running a tool that the project does not have: from an environment of its own in the cache, locked, and made once a day.
//!
//! ```text
//! CACHE/dlx/<digest of the request>/
//! ├── larder.kdl, larder.lock     the packages that were asked for, and what was chosen
//! ├── .larder/                    the environment
//! └── used                        touched at each run: `gc` removes what was not used for long
//! ```

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::diagnostic::{Exit, Failure};
use crate::fs::{self, Durability};
use crate::manifest::edit::quoted;
use crate::manifest::{Registry, RegistryForm, RegistryUrl, TokenSource};
use crate::model::TreeDigest;

use super::programs::interpreter;
use super::project::host;
use super::project::spec::{Spec, SpecError};
use super::session::{LOCKFILE, MANIFEST};
use super::sync::{self, SyncOptions};
use super::{Context, Project, Result, Session, project, run, update};

/// The folder of the environments, below the cache.
const FOLDER: &str = "dlx";

/// For so long a choice of versions counts.
const FRESH: Duration = Duration::from_secs(24 * 60 * 60);

/// The file that shows when an environment was used.
const USED: &str = "used";

/// What to run.
#[derive(Clone, Copy, Debug)]
pub struct DlxRequest<'a> {
    /// The package whose program is run, `npm:cowsay@1`; or, with further packages, the name of a program.
    pub tool: &'a str,
    /// The program's arguments.
    pub arguments: &'a [OsString],
    /// Further packages: `--with`.
    pub with: &'a [String],
    /// Whether versions are chosen anew, though they were chosen today.
    pub freshness: Freshness,
}

/// How old a choice of versions may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// A day.
    Day,
    /// Versions are chosen anew.
    Refreshed,
}

/// Brings the environment of a request up to date and turns into the program, in the current folder. Returns only where the
/// program could not be started.
pub fn dlx(session: &Session<'_>, request: &DlxRequest<'_>) -> Result<u8> {
    let context = session.context;
    let named = is_package(request.tool).then_some(request.tool);
    let words = named.into_iter().chain(request.with.iter().map(String::as_str));
    let specs = words.map(parse).collect::<std::result::Result<Vec<_>, _>>()?;
    if specs.is_empty() {
        return Err(SpecError::NoEcosystem { text: request.tool.to_owned() }.into());
    }
    let manifest = manifest(context, &specs)?;
    let folder = context.cache.join(FOLDER).join(TreeDigest::of(manifest.as_bytes()).to_string());
    let own = Context { folder: folder.clone(), environment: None, is_environment_flagged: false, ..context.clone() };
    let own_session = Session::new(&own);
    let generation = match environment(&own_session, &manifest, request.freshness) {
        Ok(synced) => synced.folder,
        Err(error) => {
            // What could not be made once is not kept.
            if fs::lstat(&folder.join(LOCKFILE))?.is_none() {
                fs::remove_tree(&folder)?;
            }
            return Err(error);
        }
    };
    let program = match named {
        Some(_) => program_of(&generation, &specs[0])?,
        None => named_program(&generation, request.tool)?,
    };
    run::start_tool(context, &generation, &program, request.arguments)
}

/// Makes the environment of a manifest, or brings it up to date where it is older than it may be.
fn environment(session: &Session<'_>, manifest: &str, freshness: Freshness) -> Result<sync::Synced> {
    let context = session.context;
    let (folder, lock) = (&context.folder, context.folder.join(LOCKFILE));
    fs::create_dir_all(folder)?;
    let path = folder.join(MANIFEST);
    if fs::read_if_exists(&path)?.as_deref() != Some(manifest.as_bytes()) {
        fs::write_atomic(&path, manifest.as_bytes(), Durability::Lazy)?;
    }
    let age = fs::stat(&lock)?.map(|stat| age(&stat));
    let is_old = age.is_some_and(|age| age > FRESH || freshness == Freshness::Refreshed);
    if is_old && !context.offline {
        update::update(session, &[], update::Moved::Packages)?;
        // One that stays the same is as good as new.
        fs::touch(&lock)?;
    }
    let synced = sync::sync(session, SyncOptions::default())?;
    fs::write_atomic(&folder.join(USED), b"", Durability::Lazy)?;
    Ok(synced)
}

fn age(stat: &fs::Stat) -> Duration {
    let modified = SystemTime::UNIX_EPOCH + Duration::from_nanos(stat.mtime.max(0).unsigned_abs());
    SystemTime::now().duration_since(modified).unwrap_or_default()
}

/// Removes the environments that were not used for so long; only counts them in a dry run. Returns their folders.
pub(super) fn collect(
    context: &Context<'_>,
    idle: Duration,
    remove: &mut dyn FnMut(&Path) -> Result<()>,
) -> Result<()> {
    let folder = context.cache.join(FOLDER);
    if fs::stat(&folder)?.is_none() {
        return Ok(());
    }
    for found in fs::read_dir(&folder)? {
        let path = folder.join(&found.path);
        let used = fs::stat(&path.join(USED))?.or(fs::stat(&path)?);
        if used.is_some_and(|stat| age(&stat) >= idle) {
            remove(&path)?;
        }
    }
    Ok(())
}

/// Returns whether a word names a package, and not a program.
fn is_package(word: &str) -> bool {
    word.contains(':')
}

/// Parses a package, whose version may stand behind an `@` in every ecosystem.
fn parse(word: &str) -> std::result::Result<Spec, SpecError> {
    let (ecosystem, rest) = word.split_once(':').unwrap_or(("", word));
    match rest.rsplit_once('@') {
        Some((name, version)) if !name.is_empty() && Spec::parse(word).is_err() => {
            Spec::parse(&format!("{ecosystem}:{name}=={version}"))
        }
        _ => Spec::parse(word),
    }
}

/// Returns the manifest of a request: the packages, this machine's platform and runtimes, and the registries of the project that
/// larder was started in.
fn manifest(context: &Context<'_>, specs: &[Spec]) -> Result<String> {
    let mut text = String::from("project \"dlx\"\n\nruntimes {\n");
    let needs_python = specs.iter().any(|spec| spec.ecosystem.has_markers());
    let runtimes =
        [("node", interpreter::node(context)?), ("python", interpreter::python(context)?.filter(|_| needs_python))];
    for (runtime, version) in runtimes {
        if let Some(version) = version {
            let _ = writeln!(text, "    {runtime} {}", quoted(&version));
        }
    }
    text.push_str("}\n");
    if let Some(platform) = host::platform() {
        let _ = writeln!(text, "\nplatforms {}", quoted(platform.as_str()));
    }
    if let Ok(root) = project::find_root(context) {
        registries(&Project::open(context)?.manifest.registries, &root, &mut text);
    }
    text.push_str("\ndependencies {\n");
    let lines: BTreeSet<String> = specs.iter().map(line).collect();
    for line in lines {
        let _ = writeln!(text, "    {line}");
    }
    text.push_str("}\n");
    Ok(text)
}

fn line(spec: &Spec) -> String {
    let range = spec.range.as_deref().map(|range| format!(" {}", quoted(range))).unwrap_or_default();
    format!("{} {}{range}", spec.ecosystem, quoted(&spec.name))
}

/// Writes the declared registries, so that a tool comes from where the project's packages come from.
fn registries(registries: &[Registry], root: &Path, text: &mut String) {
    let declared: Vec<&Registry> = registries.iter().filter(|registry| registry.span.is_some()).collect();
    if declared.is_empty() {
        return;
    }
    let url = |url: &RegistryUrl| match url {
        RegistryUrl::Http(url) => quoted(url.as_str()),
        RegistryUrl::Folder(folder) => quoted(&root.join(&**folder).to_string_lossy()),
    };
    text.push_str("\nregistries {\n");
    for registry in declared {
        let name = quoted(registry.name.as_str());
        let _ = writeln!(text, "    {} {name} {} {{", registry.ecosystem, url(&registry.url));
        if !registry.packages.is_empty() {
            let globs: Vec<String> = registry.packages.iter().map(|claim| quoted(claim.as_str())).collect();
            let _ = writeln!(text, "        packages {}", globs.join(" "));
        }
        if registry.form == RegistryForm::Flat {
            text.push_str("        form \"flat\"\n");
        }
        if registry.priority != 0 {
            let _ = writeln!(text, "        priority {}", registry.priority);
        }
        let _ = match &registry.token {
            None => Ok(()),
            Some(TokenSource::Netrc) => writeln!(text, "        token \"netrc\""),
            Some(TokenSource::Env(name)) => writeln!(text, "        token env={}", quoted(name)),
            Some(TokenSource::File(file)) => {
                writeln!(text, "        token file={}", quoted(&root.join(file).to_string_lossy()))
            }
        };
        for mirror in &registry.mirrors {
            let _ = writeln!(text, "        mirror {}", url(mirror));
        }
        text.push_str("    }\n");
    }
    text.push_str("}\n");
}

/// Returns the program of a package: the one of its name, else the only one that there is.
fn program_of(generation: &Path, spec: &Spec) -> Result<PathBuf> {
    let bare = spec.name.split('[').next().unwrap_or(&spec.name);
    let name = bare.rsplit('/').next().unwrap_or(bare);
    let there = programs(generation)?;
    let normal = |text: &str| text.to_ascii_lowercase().replace(['_', '.'], "-");
    let same = there.iter().find(|program| normal(program) == normal(name));
    match (same, &there[..]) {
        (Some(program), _) | (None, [program]) => Ok(bin(generation).join(program)),
        _ => Err(UnnamedProgram { what: format!("{}:{bare}", spec.ecosystem), there }.into()),
    }
}

fn named_program(generation: &Path, name: &str) -> Result<PathBuf> {
    let there = programs(generation)?;
    if there.iter().any(|program| program == name) {
        return Ok(bin(generation).join(name));
    }
    Err(UnnamedProgram { what: name.to_owned(), there }.into())
}

/// Returns the names of the environment's programs, sorted.
fn programs(generation: &Path) -> Result<Vec<String>> {
    let folder = bin(generation);
    if fs::stat(&folder)?.is_none() {
        return Ok(Vec::new());
    }
    let mut names: Vec<String> = fs::names(&folder)?.iter().map(|name| name.to_string_lossy().into_owned()).collect();
    names.sort();
    Ok(names)
}

fn bin(generation: &Path) -> PathBuf {
    generation.join(OsStr::new("bin"))
}

/// A package without a program of its name, or a program that no package brings.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("`{what}` brings no program of its name")]
#[diagnostic(
    code(larder::dlx::no_program),
    help("{}", if there.is_empty() {
        "it has none at all: is it a library?".to_owned()
    } else {
        format!("there are: {}; name one: `larder dlx --with PACKAGE PROGRAM`", there.join(", "))
    })
)]
struct UnnamedProgram {
    what: String,
    there: Vec<String>,
}

impl Failure for UnnamedProgram {
    fn exit(&self) -> Exit {
        Exit::NotFound
    }
}
