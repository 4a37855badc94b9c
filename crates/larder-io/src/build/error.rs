//! What stops a build.

use std::path::PathBuf;

use super::Level;
use crate::diagnostic::{Exit, Failure, list};
use crate::fs::FsError;

/// An error of builds.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[allow(missing_docs, reason = "the messages say what the fields are")]
pub enum BuildError {
    /// The machine refused.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Fs(#[from] FsError),
    /// A path or a variable cannot be handed on.
    #[error("a path cannot be given to a build: {0}")]
    #[diagnostic(code(larder::build::path), help("move the project, the store or the toolchain to another folder"))]
    Path(String),
    /// The sandbox is not to be had on this machine.
    #[error("this machine does not allow a {level} sandbox: {}", reasons.join("; "))]
    #[diagnostic(
        code(larder::build::no_sandbox),
        help(
            "nothing was run. In a container, allow user namespaces (Docker: `--security-opt seccomp=unconfined \
             --security-opt systempaths=unconfined`, or `--privileged`); on Ubuntu, install `bubblewrap` or set `sysctl \
             kernel.apparmor_restrict_unprivileged_userns=0`; or take the output from a build cache, or weaken `isolation`"
        )
    )]
    Unavailable { level: Level, reasons: Vec<String> },
    /// Without namespaces root cannot be locked in.
    #[error("a reduced sandbox does not hold root")]
    #[diagnostic(
        code(larder::build::reduced_as_root),
        help("nothing was run: run larder as another user, or with `isolation \"strict\"`")
    )]
    ReducedAsRoot,
    /// Nobody can answer what a build asks of the network.
    #[error("downloads of a build cannot be answered: {0}")]
    #[diagnostic(code(larder::build::downloads))]
    Downloads(String),
    /// Without a network of its own a build has no place where downloads are answered.
    #[error("a build may download only in a sandbox with a network of its own, which a {level} one is not")]
    #[diagnostic(
        code(larder::build::no_own_network),
        help("nothing was run: take the `file` lines out of its `allow` line, or let it be `isolation \"strict\"`")
    )]
    NoOwnNetwork { level: Level },
    /// A program does not start.
    #[error("cannot start `{}` in the sandbox: {reason}", program.display())]
    #[diagnostic(
        code(larder::build::not_started),
        help("a build sees the system's programs below `/usr`, and those that the manifest's `tools` name")
    )]
    NotStarted { program: PathBuf, reason: String },
    /// A program of a build did not succeed.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Failed(Box<FailedStep>),
    /// A build said that it succeeded, but did not make what it should.
    #[error("{package} was built, but {problem}")]
    #[diagnostic(code(larder::build::output), help("see its log: `{}`", log.display()))]
    Output { package: String, problem: String, log: PathBuf },
    /// What was given to a build is not what it says.
    #[error("{package} cannot be built: {problem}")]
    #[diagnostic(code(larder::build::input), help("the package itself is faulty: use another version"))]
    Input { package: String, problem: String },
    /// A back end outside of the project's sources.
    #[error("{package} has its build back end outside of its sources: backend-path `{path}`")]
    #[diagnostic(code(larder::build::backend_path), help("PEP 517 forbids that; do not use this version"))]
    BackendPath { package: String, path: String },
}

/// A program of a build that did not succeed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, miette::Diagnostic)]
#[error("{package} cannot be built: `{step}` {reason}{}", list(last_lines))]
#[diagnostic(code(larder::build::failed))]
pub struct FailedStep {
    /// What was being built.
    pub package: String,
    /// What the program was to do for it.
    pub step: String,
    /// How it ended.
    pub reason: String,
    /// The last lines of its output, without control characters.
    pub last_lines: Vec<String>,
    /// What is missing, if it is known, and where the log is.
    #[help]
    pub hint: String,
    /// The log's file.
    pub log: PathBuf,
}

impl Failure for BuildError {
    fn exit(&self) -> Exit {
        match self {
            Self::Fs(error) => error.exit(),
            Self::Unavailable { .. }
            | Self::ReducedAsRoot
            | Self::NoOwnNetwork { .. }
            | Self::Failed(_)
            | Self::Output { .. }
            | Self::Input { .. }
            | Self::BackendPath { .. } => Exit::Refused,
            Self::Path(_) | Self::NotStarted { .. } | Self::Downloads(_) => Exit::Machine,
        }
    }
}
