//! Builds a Python project by its back end: PEP 517, PEP 660 for an editable one.
//!
//! Each hook is a process of its own in the sandbox, with the sources at `/build` and an output folder at `/out`. What it
//! leaves there is read as what it is: files that a stranger wrote.
//!
//! | file | what it owns |
//! | --- | --- |
//! | `driver.py` | calls a hook, in the sandbox |
//! | `wheel` | the name of a wheel's file, and whether it is the expected one |

mod wheel;

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::environment;
use super::run::{BuildProgram, run};
use super::{Bind, BuildError, Sandbox, VendoredCrates};
use crate::fs;
use crate::model::PackageKey;

/// Where the build sees the sources: always there, as compilers write paths into what they make.
pub(super) const SOURCES: &str = "/build";

/// Where the build puts what it made.
pub(super) const OUTPUT: &str = "/out";

const DRIVER: &str = include_str!("driver.py");

/// The largest METADATA or list of requirements that is read.
const LARGEST_TEXT: u64 = 16 << 20;

/// A Python project with what it takes to build it.
#[derive(Clone, Debug)]
pub struct PythonSources {
    /// What is built, for messages: `pypi:psycopg2 2.9.9`.
    pub name: String,
    /// The unpacked sources. The build may change them.
    pub sources: PathBuf,
    /// The folder of the project in the sources, if it is not the top one.
    pub subdirectory: Option<PathBuf>,
    /// A folder for what the build makes, which only this user can enter. What is in it is removed.
    pub output: PathBuf,
    /// The version of sources that come without what an archive of a source distribution has: it is what tools find that ask for one in
    /// the history of a repository.
    pub version: Option<String>,
    /// The interpreter, best of a virtual environment that has the build requirements. The sandbox must show it.
    pub interpreter: PathBuf,
    /// Folders with build requirements, if the interpreter does not have them. The sandbox must show them.
    pub site: Vec<PathBuf>,
    /// Folders with programs, before those of the system. The sandbox must show them.
    pub search_path: Vec<PathBuf>,
    /// The back end that `pyproject.toml` names.
    pub backend: Backend,
    /// The Rust crates that its sources need, if any. The sandbox must show a toolchain, and `search_path` have it.
    pub crates: Option<VendoredCrates>,
    /// Settings for the back end.
    pub config_settings: BTreeMap<String, ConfigSetting>,
    /// Variables that are let through.
    pub variables: BTreeMap<String, String>,
    /// The time, in seconds since 1970, that files get which the build makes.
    pub source_date: u64,
    /// The log's file.
    pub log: PathBuf,
}

/// A PEP 517 back end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backend {
    /// `module` or `module:object.attribute`.
    pub object: String,
    /// Folders of the sources that it is imported from, instead of the build requirements.
    pub path: Vec<String>,
}

/// A value of the settings for a back end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum ConfigSetting {
    /// One.
    One(String),
    /// A setting that was given more than once.
    Several(Vec<String>),
}

/// What a project is built into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BuildOutput {
    /// A wheel with the project's files.
    Wheel,
    /// A wheel that leads back to the project's sources.
    Editable,
}

/// A hook of a back end.
#[derive(Clone, Copy)]
enum Hook {
    Requires,
    Metadata,
    Wheel,
}

impl Hook {
    fn name(self) -> &'static str {
        match self {
            Self::Requires => "requires",
            Self::Metadata => "metadata",
            Self::Wheel => "wheel",
        }
    }
}

#[derive(Serialize)]
struct DriverRequest<'a> {
    hook: &'static str,
    editable: bool,
    out: &'a Path,
    backend: &'a str,
    backend_path: &'a [String],
    config_settings: &'a BTreeMap<String, ConfigSetting>,
    site: Vec<PathBuf>,
    version: Option<&'a str>,
}

impl PythonSources {
    /// Returns what the back end needs besides the requirements that `pyproject.toml` lists: PEP 508 lines, unchecked.
    pub fn requires(&self, sandbox: &Sandbox, target: BuildOutput) -> Result<Vec<String>, BuildError> {
        self.call(sandbox, target, Hook::Requires)?;
        let text = self.read("requires.json")?;
        serde_json::from_slice(&text)
            .map_err(|_| self.output_error("its list of build requirements is not one of texts"))
    }

    /// Returns the project's core metadata, as the back end computes them.
    pub fn metadata(&self, sandbox: &Sandbox, target: BuildOutput) -> Result<Vec<u8>, BuildError> {
        self.call(sandbox, target, Hook::Metadata)?;
        self.read("METADATA")
    }

    /// Builds and returns the path of the wheel. It is the only one, and its name says that it is of the package and version.
    pub fn wheel(&self, sandbox: &Sandbox, target: BuildOutput, package: &PackageKey) -> Result<PathBuf, BuildError> {
        self.call(sandbox, target, Hook::Wheel)?;
        let folder = self.output.join("wheel");
        if let fs::PathState::Blocked { .. } = fs::inspect_below(&self.output, Path::new("wheel"))? {
            return Err(self.output_error("it put something else in the place of the folder for its wheel"));
        }
        let wheel = wheel::only_wheel(&folder).map_err(|reason| self.output_error(reason))?;
        let problem = wheel::mismatch(&wheel, package);
        problem.map_or_else(|| Ok(folder.join(&wheel)), |problem| Err(self.output_error(problem)))
    }

    fn call(&self, sandbox: &Sandbox, target: BuildOutput, hook: Hook) -> Result<(), BuildError> {
        self.check_backend_path()?;
        let mut sandbox = sandbox.clone();
        sandbox.binds.push(Bind::write_at(&self.sources, SOURCES));
        sandbox.binds.push(Bind::write_at(&self.output, OUTPUT));
        if let Some(crates) = &self.crates {
            sandbox.show_crates(crates)?;
        }
        fs::remove_file(&self.log)?;
        fs::remove_tree(&self.output)?;
        fs::create_dir(&self.output)?;
        fs::set_private(&self.output, true)?;

        let inside = |paths: &[PathBuf]| paths.iter().map(|path| sandbox.inside(path)).collect::<Vec<_>>();
        let request = DriverRequest {
            hook: hook.name(),
            editable: target == BuildOutput::Editable,
            out: &sandbox.inside(&self.output),
            backend: &self.backend.object,
            backend_path: &self.backend.path,
            config_settings: &self.config_settings,
            site: inside(&self.site),
            version: self.version.as_deref(),
        };
        let request = serde_json::to_string(&request).map_err(|error| BuildError::Path(error.to_string()))?;
        let mut variables = environment::variables(&inside(&self.search_path), self.source_date)?;
        variables.extend(environment::python(&inside(&self.site))?);
        variables.extend(self.version.iter().flat_map(|version| environment::version(version)));
        variables.extend(self.variables.clone());
        let folder = self.sources.join(self.subdirectory.as_deref().unwrap_or(Path::new("")));
        run(
            &sandbox,
            BuildProgram {
                package: &self.name,
                what: hook.name(),
                program: &sandbox.inside(&self.interpreter),
                arguments: vec!["-s".to_owned(), "-c".to_owned(), DRIVER.to_owned(), request],
                variables,
                folder: &sandbox.inside(&folder),
                log: &self.log,
            },
        )
    }

    /// Refuses folders outside of the sources.
    fn check_backend_path(&self) -> Result<(), BuildError> {
        let is_inside = |path: &&String| {
            Path::new(path).components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir))
        };
        match self.backend.path.iter().find(|path| !is_inside(path)) {
            Some(path) => Err(BuildError::BackendPath { package: self.name.clone(), path: path.clone() }),
            None => Ok(()),
        }
    }

    /// Reads a file that the driver was to write.
    fn read(&self, name: &str) -> Result<Vec<u8>, BuildError> {
        let path = self.output.join(name);
        let stat = fs::lstat(&path)?;
        match stat {
            Some(stat) if stat.kind == fs::Kind::File && stat.size <= LARGEST_TEXT => {}
            Some(_) => return Err(self.output_error(format!("`{name}` is too large, or no file"))),
            None => return Err(self.output_error(format!("`{name}` is missing"))),
        }
        // Everything that could put something else there is gone.
        fs::read_record(&path)?.ok_or_else(|| self.output_error(format!("`{name}` is missing")))
    }

    fn output_error(&self, problem: impl Into<String>) -> BuildError {
        BuildError::Output { package: self.name.clone(), problem: problem.into(), log: self.log.clone() }
    }
}
