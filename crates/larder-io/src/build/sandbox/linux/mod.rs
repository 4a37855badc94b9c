//! The two processes that set a sandbox up on Linux.
//!
//! | file | what it owns |
//! | --- | --- |
//! | `outer` | the namespaces; ends everything when larder ends, or the program has |
//! | `inner` | process 1 of the sandbox: sets up what only it can, starts the program, waits |
//! | `mounts` | the file system that a build sees |
//! | `loopback` | the network that a build has: its own loopback |
//! | `handover` | sockets in that network, for larder to answer at |
//! | `rights` | the user that a build is, its limits, no capabilities |
//! | `landlock` | files that may be read and written |
//! | `seccomp`, `syscalls` | system calls that no build needs |
//! | `build_user` | which user runs a build |

mod build_user;
mod handover;
mod inner;
mod landlock;
mod loopback;
mod mounts;
mod outer;
mod rights;
mod seccomp;
mod syscalls;

use std::ffi::OsStr;
use std::io::Write;
use std::process::ExitCode;

pub(super) use build_user::build_user;

use super::specification::{Report, Specification, read_line};

/// Runs one of the two processes.
pub(super) fn run(stage: Option<&OsStr>) -> ExitCode {
    let Ok(line) = read_line(&mut std::io::stdin()) else { return ExitCode::FAILURE };
    let Ok(specification) = serde_json::from_slice::<Specification>(&line) else { return ExitCode::FAILURE };
    let report = match stage.and_then(OsStr::to_str) {
        Some("outer") => outer::run(&specification, &line),
        Some("inner") => inner::run(&specification).map(|report| report.to_line()),
        _ => return ExitCode::FAILURE,
    };
    let line = report.unwrap_or_else(|RefusedStep(reason)| Report::Unavailable(reason).to_line());
    let mut out = std::io::stdout();
    match out.write_all(&line).and_then(|()| out.flush()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

/// A step that this machine refused, and why.
struct RefusedStep(String);

impl RefusedStep {
    /// Names the step that was refused.
    fn at<E: std::fmt::Display>(step: &'static str) -> impl FnOnce(E) -> Self {
        move |error| Self(format!("{step}: {error}"))
    }
}
