//! Runs a program so that it can reach nothing but what it was given.
//!
//! A [`Sandbox`] says what is visible and how much may be used; [`Sandbox::run`] runs one program in it.
//!
//! On Linux larder starts itself twice more, as `larder __sandbox outer` and `inner`, each single-threaded:
//!
//! ```text
//! larder ──stdin: Specification──▶ outer ──────────────────▶ inner ─────────────▶ the program
//!   ▲                              own namespaces, or        process 1: mounts,    and all that it starts
//!   │                              bubblewrap's; ends        rights, limits,
//!   └── stdout: Report ◀────────── everything at the end ◀── Landlock, seccomp
//! ```
//!
//! A build that may download has sockets of larder's in its network: `outer` opens them, and sends them back through its standard
//! input, which is a socket too.
//!
//! `outer` goes on for as long as larder holds its standard input open, so that a killed larder leaves nothing behind: the
//! end of process 1 ends every process of its namespace, and with the last of them go the mounts.
//!
//! | file | what it owns |
//! | --- | --- |
//! | `limits` | how much a build may use |
//! | `specification` | what larder and the processes that set a sandbox up tell each other |
//! | `descriptors` | sockets on their way from one process to another |
//! | `system` | what every build sees of the system |
//! | `log`, `supervise` | a running build: its output, its time, its disk space |
//! | `linux` | the two processes: namespaces, mounts, rights, Landlock, seccomp |
//! | `bubblewrap` | the arguments of `bwrap`, where larder may not make namespaces itself |
//! | `seatbelt` | the profile for `sandbox-exec` of macOS |

#[cfg(target_os = "linux")]
mod bubblewrap;
#[cfg(target_os = "linux")]
mod descriptors;
mod limits;
#[cfg(target_os = "linux")]
mod linux;
mod log;
#[cfg(any(target_os = "macos", test))]
mod seatbelt;
mod specification;
mod supervise;
mod system;

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::Arc;

pub use limits::SandboxLimits;
pub use specification::{Access, Bind, Program};
pub use supervise::Stop;

#[cfg(target_os = "linux")]
use super::downloads::DownloadServer;
use super::downloads::{self, Downloads};
use super::{BuildError, Level};
use crate::fs;
use log::Log;
use specification::{BuildUser, COMMAND, Confinement, Report, Root, Specification};
use supervise::Ended;

/// What a build sees and how it is locked in.
#[derive(Clone, Debug)]
pub struct Sandbox {
    /// How well it is locked in: exactly so, or it does not run.
    pub level: Level,
    /// What it sees besides the system's compilers and libraries, in this order. A later one lies over an earlier one.
    pub binds: Vec<Bind>,
    /// How much it may use.
    pub limits: SandboxLimits,
    /// The executable that sets the sandbox up: larder itself, `/proc/self/exe` on Linux.
    pub helper: PathBuf,
    /// Bubblewrap, for machines that allow it the namespaces that they deny to others. Not looked for on `PATH`, which is
    /// anybody's.
    pub bubblewrap: Option<PathBuf>,
    /// An empty folder that only this user can enter: home and temporary files of builds without a file system of their own.
    pub scratch: PathBuf,
    /// What it may download: nothing at all without it. Only a build with a network of its own may have some.
    pub downloads: Option<Arc<dyn Downloads>>,
}

/// How a build ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Status {
    /// With this exit status.
    Exited(i32),
    /// By this signal.
    Signalled(i32),
    /// By larder.
    Stopped(Stop),
}

impl Status {
    /// Returns whether the program said that all went well.
    pub fn is_success(&self) -> bool {
        *self == Self::Exited(0)
    }
}

/// What a build left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// How it ended.
    pub status: Status,
    /// The last lines of its output, without control characters.
    pub last_lines: Vec<String>,
}

/// Runs one of the two processes that set a sandbox up, if the arguments of this process ask for one. To be called before a
/// thread is started.
pub fn run_helper(arguments: &[impl AsRef<OsStr>]) -> Option<ExitCode> {
    let is_asked = arguments.get(1).is_some_and(|first| first.as_ref() == COMMAND);
    #[cfg(target_os = "linux")]
    return is_asked.then(|| linux::run(arguments.get(2).map(AsRef::as_ref)));
    #[cfg(not(target_os = "linux"))]
    is_asked.then_some(ExitCode::FAILURE)
}

impl Sandbox {
    /// Returns a sandbox in which only the system is visible.
    pub fn new(level: Level, helper: impl Into<PathBuf>, scratch: impl Into<PathBuf>) -> Self {
        Self {
            level,
            binds: Vec::new(),
            limits: SandboxLimits::default(),
            helper: helper.into(),
            bubblewrap: Some("/usr/bin/bwrap".into()),
            scratch: scratch.into(),
            downloads: None,
        }
    }

    /// Returns the path at which the build sees something of the machine.
    pub fn inside(&self, path: &Path) -> PathBuf {
        if !self.has_own_files() {
            return path.to_owned();
        }
        let found = self.binds.iter().rev().find_map(|bind| Some((bind, path.strip_prefix(&bind.source).ok()?)));
        match found {
            // Joining nothing would add a slash, which a file cannot have.
            Some((bind, below)) if below.as_os_str().is_empty() => bind.target.clone(),
            Some((bind, below)) => bind.target.join(below),
            None => path.to_owned(),
        }
    }

    /// Returns the home of the build, an empty folder, as the build sees it.
    pub fn home(&self) -> PathBuf {
        if self.has_own_files() { "/tmp/home".into() } else { self.scratch.join("home") }
    }

    /// Returns the folder for temporary files, as the build sees it.
    pub fn temporary(&self) -> PathBuf {
        if self.has_own_files() { "/tmp".into() } else { self.scratch.join("tmp") }
    }

    /// Runs a program to its end and adds its output to the file `log`. Nothing that it started goes on.
    ///
    /// `HOME` and `TMPDIR` are added to its variables. As root, the folders that it may write to are given to another user.
    ///
    /// # Errors
    ///
    /// The sandbox is not to be had here ([`BuildError::Unavailable`]), or the program cannot be started. A program that fails
    /// is an [`Outcome`].
    pub fn run(&self, program: &Program, log: &Path) -> Result<Outcome, BuildError> {
        if self.downloads.is_some() && !self.has_own_files() && self.level != Level::None {
            return Err(BuildError::NoOwnNetwork { level: self.level });
        }
        let mut program = program.clone();
        if self.downloads.is_some() && self.has_own_files() {
            for name in downloads::VARIABLES {
                program.environment.entry(name.to_owned()).or_insert_with(|| downloads::CERTIFICATES[0].to_owned());
            }
        }
        for (name, folder) in [("HOME", self.home()), ("TMPDIR", self.temporary())] {
            program.environment.insert(name.to_owned(), utf8(&folder)?.to_owned());
        }
        if !self.has_own_files() {
            for folder in [self.home(), self.temporary()] {
                fs::create_dir_all(&folder)?;
            }
        }
        let sandbox = Self { binds: self.resolved()?, ..self.clone() };
        sandbox.run_on_this_system(program, log)
    }

    /// Returns whether the build has a file system of its own, with paths of its own.
    fn has_own_files(&self) -> bool {
        cfg!(target_os = "linux") && self.level == Level::Strict
    }

    /// Returns what is visible, by the paths that remain when links are followed.
    fn resolved(&self) -> Result<Vec<Bind>, BuildError> {
        let resolve = |bind: &Bind| Ok(Bind { source: fs::canonicalize(&bind.source)?, ..bind.clone() });
        self.binds.iter().map(resolve).collect()
    }

    fn writable(&self) -> impl Iterator<Item = &Bind> {
        self.binds.iter().filter(|bind| bind.access == Access::Write)
    }

    /// Returns the folders whose size is watched.
    fn watched(&self) -> Vec<PathBuf> {
        let scratch = (!self.has_own_files()).then(|| self.scratch.clone());
        self.writable().map(|bind| bind.source.clone()).chain(scratch).collect()
    }

    fn open_log(&self, log: &Path) -> Result<Log, BuildError> {
        Ok(Log::new(fs::open_end(log)?, self.limits.log))
    }
}

#[cfg(target_os = "linux")]
impl Sandbox {
    fn run_on_this_system(&self, program: Program, log: &Path) -> Result<Outcome, BuildError> {
        let is_root = rustix::process::geteuid().is_root();
        match self.level {
            Level::Strict => self.run_strict(program, log),
            Level::Reduced if is_root => Err(BuildError::ReducedAsRoot),
            Level::Reduced => {
                let readable = self.binds.iter().map(|bind| bind.source.clone());
                let readable = system::readable().into_iter().chain(readable).collect();
                self.run_as((Confinement::Reduced { readable }, BuildUser::Same), program, log, None)?
                    .map_err(|reason| BuildError::Unavailable { level: self.level, reasons: vec![reason] })
            }
            Level::None => self
                .run_as((Confinement::None, BuildUser::Same), program, log, None)?
                .map_err(|reason| BuildError::Unavailable { level: self.level, reasons: vec![reason] }),
        }
    }

    fn run_strict(&self, program: Program, log: &Path) -> Result<Outcome, BuildError> {
        let build_user = linux::build_user()?;
        if let BuildUser::Other { id } = build_user {
            for bind in self.writable() {
                fs::give_tree(&bind.source, id, id)?;
            }
        }
        let user = if let BuildUser::Other { id } = build_user { id } else { system::USER };
        let server = self.downloads.as_ref().map(DownloadServer::new).transpose()?;
        let mut root = system::root(user, server.as_ref().map(DownloadServer::certificate))?;
        root.binds.extend(self.binds.iter().cloned());
        let namespaces = Confinement::Namespaces(root.clone());
        let own = match self.run_as((namespaces, build_user), program.clone(), log, server.as_ref())? {
            Ok(outcome) => return Ok(outcome),
            Err(reason) => reason,
        };
        let unavailable = |reasons| Err(BuildError::Unavailable { level: self.level, reasons });
        if server.is_some() {
            let other = "bubblewrap lets nobody answer in the network of a build".to_owned();
            return unavailable(vec![own, other]);
        }
        let is_root = matches!(build_user, BuildUser::Other { .. });
        let executable = match &self.bubblewrap {
            Some(executable) if !is_root && fs::stat(executable)?.is_some() => executable,
            _ => return unavailable(vec![own]),
        };
        for (at, (path, text)) in std::mem::take(&mut root.files).into_iter().enumerate() {
            let source = self.scratch.join(format!("generated-{at}"));
            fs::write_atomic(&source, text.as_bytes(), fs::Durability::Lazy)?;
            root.binds.push(Bind::read_at(source, path));
        }
        let arguments = bubblewrap::arguments(&root, &fs::canonicalize(&self.helper)?)?;
        let confinement = Confinement::Bubblewrap { executable: executable.clone(), arguments };
        match self.run_as((confinement, BuildUser::Same), program, log, None)? {
            Ok(outcome) => Ok(outcome),
            Err(reason) => unavailable(vec![own, reason]),
        }
    }

    /// Runs a program, or returns why this machine does not allow it to be locked in so.
    fn run_as(
        &self,
        (confinement, build_user): (Confinement, BuildUser),
        program: Program,
        log: &Path,
        server: Option<&DownloadServer>,
    ) -> Result<Result<Outcome, String>, BuildError> {
        let path = program.path.clone();
        let mut writable: Vec<_> = self.writable().map(|bind| self.inside(&bind.source)).collect();
        writable.extend([self.home(), self.temporary()]);
        let limits = self.limits.clone();
        let ports = server.map(DownloadServer::ports).unwrap_or_default();
        let specification = Specification { confinement, build_user, program, writable, limits, ports };
        let mut line = serde_json::to_vec(&specification).map_err(|error| BuildError::Path(error.to_string()))?;
        line.push(b'\n');
        let mut command = Command::new(&self.helper);
        command.args([COMMAND, "outer"]).env_clear();
        let ended = supervise::supervise(command, &line, (&self.limits, &self.watched()), self.open_log(log)?, server)?;
        outcome(ended, &path)
    }
}

/// Reads what became of a program.
#[cfg(target_os = "linux")]
fn outcome(ended: Ended, program: &Path) -> Result<Result<Outcome, String>, BuildError> {
    let Ended { said, status, stop, last_lines } = ended;
    let report = serde_json::from_slice(&said).ok();
    let status = match (stop, report) {
        (_, Some(Report::Unavailable(reason))) => return Ok(Err(reason)),
        (_, Some(Report::NotStarted(reason))) => {
            return Err(BuildError::NotStarted { program: program.to_owned(), reason });
        }
        (Some(stop), _) => Status::Stopped(stop),
        (None, Some(Report::Exited(code))) => Status::Exited(code),
        (None, Some(Report::Signalled(signal))) => Status::Signalled(signal),
        (None, None) => {
            let last = last_lines.last().map_or_else(String::new, |line| format!(": {line}"));
            return Ok(Err(format!("the process that sets it up ended with {status}{last}")));
        }
    };
    Ok(Ok(Outcome { status, last_lines }))
}

#[cfg(not(target_os = "linux"))]
impl Sandbox {
    fn run_on_this_system(&self, program: Program, log: &Path) -> Result<Outcome, BuildError> {
        use std::os::unix::process::{CommandExt, ExitStatusExt};

        let mut command = match self.level {
            Level::None => {
                let mut command = Command::new(&program.path);
                command.args(&program.arguments);
                command
            }
            #[cfg(target_os = "macos")]
            Level::Strict => {
                let mut command = Command::new(seatbelt::EXECUTABLE);
                let writable: Vec<_> = self.watched();
                let readable: Vec<_> = self.binds.iter().map(|bind| bind.source.clone()).collect();
                command.arg("-p").arg(seatbelt::profile(&readable, &writable)?);
                command.arg(&program.path).args(&program.arguments);
                command
            }
            level => {
                let reasons = vec!["this system has no such sandbox".to_owned()];
                return Err(BuildError::Unavailable { level, reasons });
            }
        };
        command.env_clear().envs(&program.environment).current_dir(&program.folder).process_group(0);
        let Ended { status, stop, last_lines, .. } =
            supervise::supervise(command, &[], (&self.limits, &self.watched()), self.open_log(log)?, None)?;
        let status = match stop {
            Some(stop) => Status::Stopped(stop),
            None => match status.code() {
                Some(code) => Status::Exited(code),
                None => Status::Signalled(status.signal().unwrap_or_default()),
            },
        };
        Ok(Outcome { status, last_lines })
    }
}

/// Returns a path as text: specifications and variables are.
fn utf8(path: &Path) -> Result<&str, BuildError> {
    path.to_str().ok_or_else(|| BuildError::Path(format!("`{}` is not UTF-8", path.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_seen_where_its_last_bind_shows_it() {
        let mut sandbox = Sandbox::new(Level::Strict, "/bin/larder", "/scratch");
        sandbox.binds = vec![Bind::read("/opt/python"), Bind::write_at("/cache/x/src", "/build")];
        assert_eq!(sandbox.inside(Path::new("/cache/x/src")), Path::new("/build"));
        assert_eq!(sandbox.inside(Path::new("/cache/x/src/a/b")), Path::new("/build/a/b"));
        assert_eq!(sandbox.inside(Path::new("/opt/python/bin")), Path::new("/opt/python/bin"));
        assert_eq!(sandbox.inside(Path::new("/usr/bin/cc")), Path::new("/usr/bin/cc"));
        sandbox.level = Level::Reduced;
        assert_eq!(sandbox.inside(Path::new("/cache/x/src")), Path::new("/cache/x/src"));
        assert_eq!(sandbox.home(), Path::new("/scratch/home"));
    }
}
