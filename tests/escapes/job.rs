//! A script in a sandbox, started by root or by another user: a process of its own, as users cannot be changed back.

use std::collections::BTreeMap;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use larder::build::{Bind, BuildError, Level, Program};
use serde::{Deserialize, Serialize};
use tempfile::TempDir;

use crate::support::build::{BuildFolder, HELPER, helper, python, shared_folder};

/// A user without rights and without processes of its own, as far as the machine is a usual one.
pub(super) const OTHER: u32 = 65_527;

/// The variable that tells this executable to run a job.
const JOB: &str = "LARDER_TEST_JOB";

/// What begins the line with the answer.
const ANSWER: &str = "\u{1}answer ";

/// Who starts a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum User {
    Root,
    /// Not root: the user of the tests, or one without rights if that is root.
    Other,
}

impl User {
    /// Tells whether the tests can be this user, and says so if not.
    pub(super) fn is_to_be_had(self) -> bool {
        let is_to_be_had = self == Self::Other || is_root();
        if !is_to_be_had {
            crate::sweep::say("NOT TESTED: a sandbox as root, as the tests are run by another user");
        }
        is_to_be_had
    }

    /// Returns the number of a user that is not the one of the tests.
    pub(super) fn to_become(self) -> Option<u32> {
        (self == Self::Other && is_root()).then_some(OTHER)
    }
}

/// A Python script to run in a sandbox.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Job {
    pub(super) level: Level,
    pub(super) script: String,
    pub(super) arguments: Vec<String>,
    /// A folder that is shown for reading.
    pub(super) tools: Option<PathBuf>,
    /// A folder that who starts larder left open.
    pub(super) leaked: Option<PathBuf>,
    /// Whether the machine denies namespaces.
    pub(super) deny_namespaces: bool,
    /// Bubblewrap, instead of the machine's.
    pub(super) bubblewrap: Option<PathBuf>,
    /// The working folder, instead of that of the sources.
    pub(super) folder: Option<PathBuf>,
    pub(super) seconds: u64,
    pub(super) processes: Option<u64>,
    pub(super) memory: Option<u64>,
    pub(super) disk: Option<u64>,
    pub(super) temporary: Option<u64>,
}

/// How a job ended.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Ended {
    pub(super) status: String,
    pub(super) error: Option<String>,
    pub(super) log: String,
    is_untested: bool,
}

impl Job {
    pub(super) fn new(level: Level, script: &str) -> Self {
        Self {
            level,
            script: script.to_owned(),
            arguments: Vec::new(),
            tools: None,
            leaked: None,
            deny_namespaces: false,
            bubblewrap: None,
            folder: None,
            seconds: 120,
            processes: None,
            memory: None,
            disk: None,
            temporary: None,
        }
    }
}

/// Runs a job. Returns `None` where the machine has no such user or sandbox.
pub(super) fn run(user: User, job: &Job) -> Option<Ended> {
    if !user.is_to_be_had() {
        return None;
    }
    let (child, _folder) = start(user, job, Stdio::piped());
    let output = child.wait_with_output().expect("an end");
    let text = String::from_utf8_lossy(&output.stdout);
    let answer = text.lines().find_map(|line| line.split_once(ANSWER)).unwrap_or_else(|| panic!("no answer: {text}")).1;
    let ended: Ended = serde_json::from_str(answer).expect("an answer");
    if ended.is_untested && !job.deny_namespaces {
        crate::sweep::say(&format!("NOT TESTED: {}", ended.error.unwrap_or_default()));
        return None;
    }
    Some(ended)
}

/// Starts a process that runs a job, with a folder for its temporary files.
pub(super) fn start(user: User, job: &Job, stdout: Stdio) -> (Child, TempDir) {
    let folder = shared_folder();
    std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o1777)).expect("rights");
    let mut command = Command::new("/proc/self/exe");
    command.args(["escapes::job::in_another_process", "--exact", "--nocapture"]);
    command.env(JOB, serde_json::to_string(job).expect("JSON")).env(HELPER, helper()).env("TMPDIR", folder.path());
    command.current_dir("/").stdin(Stdio::null()).stdout(stdout);
    if let Some(id) = user.to_become() {
        // The groups of root are left with it.
        command.uid(id).gid(id);
    }
    (command.spawn().expect("this executable"), folder)
}

/// Not a test of its own: what another one starts.
#[test]
fn in_another_process() {
    let Ok(job) = std::env::var(JOB) else { return };
    let ended = run_here(&serde_json::from_str(&job).expect("a job"));
    let answer = serde_json::to_string(&ended).expect("JSON");
    writeln!(std::io::stdout(), "\n{ANSWER}{answer}").expect("someone who reads");
}

fn run_here(job: &Job) -> Ended {
    let folder = BuildFolder::new();
    let mut sandbox = folder.sandbox(job.level);
    sandbox.binds.extend(job.tools.as_ref().map(Bind::read));
    sandbox.binds.push(Bind::write_at(folder.path("sources"), "/build"));
    sandbox.bubblewrap.clone_from(&job.bubblewrap);
    let limits = &mut sandbox.limits;
    limits.time = Duration::from_secs(job.seconds);
    limits.processes = job.processes.unwrap_or(limits.processes);
    limits.memory = job.memory.unwrap_or(limits.memory);
    limits.disk = job.disk.unwrap_or(limits.disk);
    limits.temporary = job.temporary.unwrap_or(limits.temporary);
    let leaked = job.leaked.as_ref().map(|path| std::fs::File::open(path).expect("a folder"));
    if let Some(leaked) = &leaked {
        rustix::io::fcntl_setfd(leaked, rustix::io::FdFlags::empty()).expect("a flag");
    }
    if job.deny_namespaces {
        deny_namespaces();
    }
    let mut arguments = vec!["-I".to_owned(), "-c".to_owned(), job.script.clone()];
    arguments.extend(job.arguments.iter().cloned());
    let program = Program {
        path: python().0.to_owned(),
        arguments,
        environment: BTreeMap::from([("PATH".into(), "/usr/bin:/bin".into())]),
        folder: job.folder.clone().unwrap_or_else(|| sandbox.inside(&folder.path("sources"))),
    };
    let outcome = sandbox.run(&program, &folder.path("log"));
    let log = std::fs::read(folder.path("log")).unwrap_or_default();
    Ended {
        is_untested: matches!(outcome, Err(BuildError::Unavailable { .. })),
        status: outcome.as_ref().map_or_else(|_| String::new(), |outcome| format!("{:?}", outcome.status)),
        error: outcome.err().map(|error| error.to_string()),
        log: String::from_utf8_lossy(&log).into_owned(),
    }
}

/// Makes this thread, and what it starts, live on a machine that denies namespaces.
fn deny_namespaces() {
    use seccompiler::{SeccompAction, SeccompFilter};

    let calls = [libc::SYS_unshare, libc::SYS_setns].map(|call| (call, Vec::new()));
    let denied = SeccompAction::Errno(libc::EPERM.unsigned_abs());
    let architecture = std::env::consts::ARCH.try_into().expect("a known architecture");
    let filter = SeccompFilter::new(calls.into(), SeccompAction::Allow, denied, architecture).expect("a filter");
    let program: seccompiler::BpfProgram = filter.try_into().expect("a program");
    seccompiler::apply_filter(&program).expect("a filter");
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Returns the first two numbers of the kernel's version.
pub(super) fn linux_version() -> (u32, u32) {
    let text = std::fs::read_to_string(Path::new("/proc/sys/kernel/osrelease")).unwrap_or_default();
    let mut numbers = text.split(['.', '-']).map_while(|number| number.parse().ok());
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0))
}
