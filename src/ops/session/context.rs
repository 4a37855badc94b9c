//! What every use case is told: where things are and which switches are set. The process's environment is read here
//! and nowhere else.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::diagnostic::{Exit, Failure};
use crate::fs;

use super::{Reporter, Result};

/// The file that makes a folder a project.
pub(in crate::ops) const MANIFEST: &str = "larder.kdl";

/// The lockfile beside it.
pub(in crate::ops) const LOCKFILE: &str = "larder.lock";

/// The switches that every command has.
#[derive(Clone, Debug, Default)]
pub struct Flags {
    /// `-C`: the folder to work in instead of the current one.
    pub folder: Option<PathBuf>,
    /// `--env`
    pub environment: Option<String>,
    /// `--offline`
    pub offline: bool,
    /// `--mirror`: the folder that is asked before the registries.
    pub mirror: Option<PathBuf>,
    /// `--trusted-root`: the root of trust that attestations are verified against.
    pub trusted_root: Option<PathBuf>,
}

/// The variables of the process, as they were at the start.
#[derive(Clone, Debug, Default)]
pub struct Variables(BTreeMap<OsString, OsString>);

impl Variables {
    /// Reads those of the process: the one place where its environment is read.
    pub fn of_process() -> Self {
        #[allow(clippy::disallowed_methods, reason = "values are handed on from here")]
        std::env::vars_os().collect()
    }

    /// Returns a variable that is set, not empty, and text.
    pub fn text(&self, name: &str) -> Option<String> {
        self.0.get(std::ffi::OsStr::new(name)).and_then(|v| v.to_str()).filter(|v| !v.is_empty()).map(str::to_owned)
    }

    /// Returns all of them.
    pub fn all(&self) -> BTreeMap<OsString, OsString> {
        self.0.clone()
    }

    /// Tells whether a variable is set, be it to nothing.
    pub fn is_set(&self, name: &str) -> bool {
        self.0.contains_key(std::ffi::OsStr::new(name))
    }

    /// Returns a variable that is set and not empty, as a path.
    pub fn path(&self, name: &str) -> Option<PathBuf> {
        self.0.get(std::ffi::OsStr::new(name)).filter(|v| !v.is_empty()).map(PathBuf::from)
    }

    /// Returns a variable that is an absolute path; a relative one counts as unset, as the XDG specification wants it.
    pub fn absolute(&self, name: &str) -> Option<PathBuf> {
        self.path(name).filter(|path| path.is_absolute())
    }

    /// Returns the variables whose names start with `prefix`, without it.
    pub fn with_prefix(&self, prefix: &str) -> BTreeMap<String, String> {
        let text = |(name, value): (&OsString, &OsString)| {
            Some((name.to_str()?.strip_prefix(prefix)?.to_owned(), value.to_str()?.to_owned()))
        };
        self.0.iter().filter_map(text).collect()
    }

    /// Returns the folders of `PATH`.
    pub fn search_path(&self) -> Vec<PathBuf> {
        self.path("PATH").map(|path| std::env::split_paths(&path).collect()).unwrap_or_default()
    }
}

impl FromIterator<(OsString, OsString)> for Variables {
    fn from_iter<I: IntoIterator<Item = (OsString, OsString)>>(items: I) -> Self {
        Self(items.into_iter().collect())
    }
}

/// What a use case works with.
#[derive(Clone)]
pub struct Context<'a> {
    /// The folder in which larder was started, or `-C`.
    pub folder: PathBuf,
    /// The store's root.
    pub store: PathBuf,
    /// The cache's root.
    pub cache: PathBuf,
    /// The user's configuration of larder.
    pub configuration: PathBuf,
    /// The user's folder for what programs remember.
    pub state: PathBuf,
    /// The environment that was asked for, by flag or variable.
    pub environment: Option<String>,
    /// Whether the environment was asked for by the flag, which goes before what a task says.
    pub is_environment_flagged: bool,
    /// Whether the network may not be touched.
    pub offline: bool,
    /// The folder that is asked before the registries: `--mirror`, or `LARDER_MIRROR`.
    pub mirror: Option<PathBuf>,
    /// The root of trust that attestations are verified against: `--trusted-root`. Else that of the policy, of the user, of larder.
    pub trusted_root: Option<PathBuf>,
    /// larder's own executable, which sets up the sandboxes of builds.
    pub executable: PathBuf,
    /// The process's variables.
    pub variables: Variables,
    /// Asks whoever sits at the terminal for a secret. Returns `None` if nobody does.
    pub ask_secret: &'a AskSecret<'a>,
    /// Hears what is going on.
    pub reporter: &'a Reporter<'a>,
}

/// Asks for a secret.
pub type AskSecret<'a> = dyn Fn(&str) -> Option<String> + Sync + 'a;

/// Nobody answers.
fn nobody(_: &str) -> Option<String> {
    None
}

impl<'a> Context<'a> {
    /// Finds out where things are.
    pub fn new(flags: Flags, variables: Variables, reporter: &'a Reporter<'a>) -> Result<Self> {
        // What relative paths are relative to. Where none is, the folder may be gone.
        let started = || {
            #[allow(clippy::disallowed_methods, reason = "read here, handed on from here")]
            let started = std::env::current_dir();
            started.map_err(|e| fs::FsError::new(fs::Action::Inspect, ".", e))
        };
        let absolute =
            |path: PathBuf| if path.is_absolute() { Ok(path) } else { started().map(|folder| folder.join(path)) };
        let folder = match flags.folder {
            None => started()?,
            Some(folder) => within(&absolute(folder)?)?,
        };
        let below = |variable: &str, default: &str| match variables.absolute(variable) {
            Some(folder) => Ok(folder),
            None => home(&variables).map(|home| home.join(default)),
        };
        let store = match variables.path("LARDER_STORE") {
            Some(store) => absolute(store)?,
            None => below("XDG_DATA_HOME", ".local/share")?.join("larder/store"),
        };
        let cache = match variables.path("LARDER_CACHE") {
            Some(cache) => absolute(cache)?,
            None => below("XDG_CACHE_HOME", ".cache")?.join("larder"),
        };
        // Where there is no home, there is no configuration: that is no error before it is needed.
        let configuration = below("XDG_CONFIG_HOME", ".config").unwrap_or_default().join("larder");
        let state = below("XDG_STATE_HOME", ".local/state").unwrap_or_default();
        let is_environment_flagged = flags.environment.is_some();
        let environment = flags.environment.or_else(|| variables.text("LARDER_ENV"));
        #[allow(clippy::disallowed_methods, reason = "read here, handed on from here")]
        let executable = std::env::current_exe().unwrap_or_else(|_| PathBuf::from("larder"));
        let offline = flags.offline;
        let mirror = flags.mirror.or_else(|| variables.path("LARDER_MIRROR")).map(|mirror| folder.join(mirror));
        let trusted_root = flags.trusted_root.map(|file| folder.join(file));
        Ok(Self {
            folder,
            store,
            cache,
            configuration,
            state,
            environment,
            is_environment_flagged,
            offline,
            mirror,
            trusted_root,
            executable,
            variables,
            ask_secret: &nobody,
            reporter,
        })
    }
}

impl Context<'_> {
    /// Returns the same for work that outlives the command that began it: nobody is asked, and nobody hears.
    pub fn detached(&self) -> Context<'static> {
        Context {
            folder: self.folder.clone(),
            store: self.store.clone(),
            cache: self.cache.clone(),
            configuration: self.configuration.clone(),
            state: self.state.clone(),
            environment: self.environment.clone(),
            is_environment_flagged: self.is_environment_flagged,
            offline: self.offline,
            mirror: self.mirror.clone(),
            trusted_root: self.trusted_root.clone(),
            executable: self.executable.clone(),
            variables: self.variables.clone(),
            ask_secret: &nobody,
            reporter: &|_| {},
        }
    }
}

/// Returns the user's home.
fn home(variables: &Variables) -> Result<PathBuf> {
    match variables.path("HOME") {
        Some(home) if home.is_absolute() => Ok(home),
        Some(home) => Err(RelativeHome(home).into()),
        #[allow(clippy::disallowed_methods, reason = "where `HOME` is not set, the system's user database knows it")]
        None => Ok(std::env::home_dir().filter(|home| home.is_absolute()).unwrap_or_else(|| PathBuf::from("/"))),
    }
}

/// A home that is another folder for each folder that larder is started in.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("HOME is `{}`, which is not an absolute path", .0.display())]
#[diagnostic(
    code(larder::project::relative_home),
    help(
        "store and cache would lie somewhere else each time: give HOME an absolute path, or set LARDER_STORE and LARDER_CACHE"
    )
)]
struct RelativeHome(PathBuf);

impl Failure for RelativeHome {
    fn exit(&self) -> Exit {
        Exit::Manifest
    }
}

/// Returns the folder that `-C` names, without links and `..`, so that the folders above it are the right ones.
fn within(folder: &Path) -> Result<PathBuf> {
    if fs::stat(folder)?.is_none_or(|stat| stat.kind != fs::Kind::Folder) {
        return Err(NotAFolder(folder.to_owned()).into());
    }
    Ok(fs::canonicalize(folder)?)
}

/// What `-C` names is not a folder.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("`{}` is not a folder", .0.display())]
#[diagnostic(code(larder::project::no_folder))]
struct NotAFolder(PathBuf);

impl Failure for NotAFolder {
    fn exit(&self) -> Exit {
        Exit::Manifest
    }
}
