//! What every use case is told: where things are and which switches are set. The process's environment is read here
//! and nowhere else.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::fs;

use super::project::ProjectError;
use super::{Reporter, Result};

/// The file that makes a folder a project.
pub(super) const MANIFEST: &str = "larder.kdl";

/// The lockfile beside it.
pub(super) const LOCKFILE: &str = "larder.lock";

/// The switches that every command has.
#[derive(Clone, Debug, Default)]
pub struct Flags {
    /// `-C`: the folder to work in instead of the current one.
    pub folder: Option<PathBuf>,
    /// `--env`
    pub environment: Option<String>,
    /// `--offline`
    pub offline: bool,
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

    /// Tells whether a variable is set, be it to nothing.
    pub fn is_set(&self, name: &str) -> bool {
        self.0.contains_key(std::ffi::OsStr::new(name))
    }

    /// Returns a variable that is set and not empty, as a path.
    pub fn path(&self, name: &str) -> Option<PathBuf> {
        self.0.get(std::ffi::OsStr::new(name)).filter(|v| !v.is_empty()).map(PathBuf::from)
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
pub struct Context<'a> {
    /// The folder in which larder was started, or `-C`.
    pub folder: PathBuf,
    /// The store's root.
    pub store: PathBuf,
    /// The cache's root.
    pub cache: PathBuf,
    /// The environment that was asked for, by flag or variable.
    pub environment: Option<String>,
    /// Whether the network may not be touched.
    pub offline: bool,
    /// The process's variables.
    pub variables: Variables,
    /// Hears what is going on.
    pub reporter: &'a Reporter<'a>,
}

impl<'a> Context<'a> {
    /// Finds out where things are.
    pub fn new(flags: Flags, variables: Variables, reporter: &'a Reporter<'a>) -> Result<Self> {
        #[allow(clippy::disallowed_methods, reason = "what relative paths are relative to")]
        let started = std::env::current_dir();
        let started = started.map_err(|e| fs::FsError::new(fs::Action::Inspect, ".", e))?;
        let folder = match flags.folder {
            None => started.clone(),
            Some(folder) => within(&started.join(folder))?,
        };
        #[allow(clippy::disallowed_methods, reason = "where `HOME` is not set, the system's user database knows it")]
        let home = variables.path("HOME").or_else(std::env::home_dir).unwrap_or_else(|| PathBuf::from("/"));
        let below = |variable: &str, default: &str| variables.path(variable).unwrap_or_else(|| home.join(default));
        let store = variables
            .path("LARDER_STORE")
            .unwrap_or_else(|| below("XDG_DATA_HOME", ".local/share").join("larder/store"));
        let cache = variables.path("LARDER_CACHE").unwrap_or_else(|| below("XDG_CACHE_HOME", ".cache").join("larder"));
        let environment = flags.environment.or_else(|| variables.text("LARDER_ENV"));
        Ok(Self {
            store: started.join(store),
            cache: started.join(cache),
            folder,
            environment,
            offline: flags.offline,
            variables,
            reporter,
        })
    }
}

/// Returns the folder that `-C` names, without links and `..`, so that the folders above it are the right ones.
fn within(folder: &Path) -> Result<PathBuf> {
    if fs::stat(folder)?.is_none_or(|stat| stat.kind != fs::Kind::Folder) {
        return Err(ProjectError::NoFolder(folder.to_owned()).into());
    }
    Ok(fs::canonicalize(folder)?)
}
