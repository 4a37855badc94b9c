//! The folder in which a package's back end runs, in a sandbox.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use crate::build::{Backend, Bind, BuildError, BuildOutput, Downloads, EARLIEST_ZIP_DATE, PythonSources, Sandbox};
use crate::fs;
use crate::model::PackageKey;
use crate::ops::{Context, Result, Session};
use crate::profile;
use crate::profile::python::{self, Interpreter};
use crate::store::{Staging, Store, Tree};

use super::consent::Exceptions;
use super::crates;
use super::downloads::{DeclaredFiles, explain_where_to_name_files};
use super::source::SourceDistribution;

/// Where a build sees its tools: always there, as what is built may have the path written in.
const TOOLS: &str = "/tools";

/// Returns the file for what a package's build says, in a folder that is there.
pub(super) fn log_file(context: &Context<'_>, package: &PackageKey) -> Result<PathBuf> {
    let logs = context.cache.join("build-logs");
    fs::create_dir_all(&logs)?;
    Ok(logs.join(format!("{}-{}.log", package.id.name, package.version).replace('/', "+")))
}

/// A source that can be written to and an environment of the tools that build it, and a sandbox that shows nothing else. All of
/// it is gone when it is dropped.
///
/// ```text
/// staging/<output>/
/// ├── source/        the source distribution, unpacked
/// ├── tools/         the environment
/// ├── out/           what the back end makes
/// ├── crates/        Rust crates, if it needs some
/// └── scratch/       its home and temporary files, where it has no file system of its own
/// ```
pub(super) struct Workshop<'s> {
    package: PackageKey,
    project: PythonSources,
    sandbox: Sandbox,
    files: Option<Arc<DeclaredFiles>>,
    _staging: Staging<'s>,
}

/// What a back end runs with.
pub(super) struct Equipment<'a> {
    pub(super) interpreter: &'a Interpreter,
    pub(super) tools: &'a [(PackageKey, Arc<Tree>)],
    pub(super) exceptions: &'a Exceptions,
}

/// Returns the variables that name the compilers of this machine, where larder brings the Python: that was built elsewhere, and names
/// the ones that it was built with.
fn compilers(store: &Store, interpreter: &Interpreter) -> BTreeMap<String, String> {
    if !interpreter.path.starts_with(store.root()) {
        return BTreeMap::new();
    }
    let (shared, shared_cxx) = match interpreter.system.as_str() {
        "darwin" => ("cc -bundle -undefined dynamic_lookup", "c++ -bundle -undefined dynamic_lookup"),
        _ => ("cc -shared", "c++ -shared"),
    };
    [("CC", "cc"), ("CXX", "c++"), ("AR", "ar"), ("LDSHARED", shared), ("LDCXXSHARED", shared_cxx)]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
}

impl<'s> Workshop<'s> {
    /// Lays everything out in a staging folder. What the back end prints goes to a log in the cache.
    pub(super) fn open(
        session: &Session<'_>,
        staging: Staging<'s>,
        source: &SourceDistribution,
        Equipment { interpreter, tools, exceptions }: Equipment<'_>,
    ) -> Result<Self> {
        let (context, place) = (session.context(), staging.place());
        let [sources, environment, scratch] = ["source", "tools", "scratch"].map(|name| place.join(name));
        fs::create_dir(&scratch)?;
        profile::copy_tree(&source.tree, &sources)?;
        let mut sandbox = Sandbox::new(exceptions.level, &context.executable, scratch);
        sandbox.binds = vec![Bind::read(&interpreter.base_prefix), Bind::read_at(&environment, TOOLS)];
        let seen = sandbox.inside(&environment);
        python::build_tools(&environment, &seen, interpreter, tools)?;
        let package = &source.package;
        let mut search_path = vec![environment.join("bin")];
        search_path.extend(exceptions.show(&mut sandbox));
        let files = DeclaredFiles::fetch(session, package, &exceptions.files)?;
        sandbox.downloads = files.clone().map(|files| files as Arc<dyn Downloads>);
        let mut crates = None;
        if crates::builds_rust(tools.iter().map(|(tool, _)| tool.id.name.as_str())) {
            if let Some(rust) = crates::find_toolchain(context)? {
                search_path.push(rust.join("bin"));
                sandbox.binds.push(Bind::read(rust));
            }
            crates = crates::lay_out(session, source, &place.join("crates"))?;
        }
        // What the user lets through goes before what larder says.
        let mut variables = compilers(&session.store, interpreter);
        variables.extend(exceptions.variables.clone());
        let project = PythonSources {
            name: package.to_string(),
            sources,
            subdirectory: None,
            // An archive of a registry says its version itself.
            version: source.tree.entry("PKG-INFO").is_none().then(|| package.version.to_string()),
            output: place.join("out"),
            interpreter: environment.join("bin/python"),
            site: Vec::new(),
            search_path,
            backend: Backend { object: source.system.backend.clone(), path: source.system.backend_path.clone() },
            crates,
            config_settings: BTreeMap::new(),
            variables,
            source_date: EARLIEST_ZIP_DATE,
            log: log_file(context, package)?,
        };
        Ok(Self { package: package.clone(), project, sandbox, files, _staging: staging })
    }

    /// Returns what the back end needs besides what the source says that it requires (PEP 517), as PEP 508 has it.
    pub(super) fn requires(&self) -> Result<Vec<String>> {
        self.told(self.project.requires(&self.sandbox, BuildOutput::Wheel))
    }

    /// Returns the package's METADATA.
    pub(super) fn metadata(&self) -> Result<Vec<u8>> {
        self.told(self.project.metadata(&self.sandbox, BuildOutput::Wheel))
    }

    /// Builds the package, and returns its wheel.
    pub(super) fn wheel(&self) -> Result<PathBuf> {
        self.told(self.project.wheel(&self.sandbox, BuildOutput::Wheel, &self.package))
    }

    /// Adds to the error of a back end which files it asked for, or how it could have some.
    fn told<T>(&self, made: std::result::Result<T, BuildError>) -> Result<T> {
        let told = made.map_err(|error| match error {
            BuildError::Failed(mut step) => {
                match &self.files {
                    Some(files) => files.explain_refused(&mut step),
                    None => explain_where_to_name_files(&mut step),
                }
                BuildError::Failed(step)
            }
            error => error,
        });
        Ok(told?)
    }
}
