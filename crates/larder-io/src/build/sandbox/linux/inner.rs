//! The process that becomes the sandbox: the first one of its namespace, which starts the program and waits for its end.

use std::io;
use std::os::fd::AsFd;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, ExitStatus, Stdio};

use rustix::io::Errno;
use rustix::process::{Pid, Signal, WaitOptions, set_parent_process_death_signal, waitpid};

use super::{RefusedStep, landlock, loopback, mounts, rights, seccomp};
use crate::build::sandbox::specification::{Confinement, Program, Report, Specification};
use crate::fs;

/// Sets the sandbox up and runs the program in it.
pub(super) fn run(specification: &Specification) -> Result<Report, RefusedStep> {
    let Specification { confinement, build_user, program, writable, limits, ports: _ } = specification;
    // What a build makes has the same rights everywhere.
    fs::set_umask(0o022);
    match confinement {
        Confinement::Namespaces(root) => {
            mounts::enter(root, limits.temporary)?;
            loopback::bring_up()?;
            rustix::system::sethostname(b"build").map_err(RefusedStep::at("a name of the machine"))?;
            rights::give_up(*build_user, limits)?;
            landlock::confine_writing(writable)?;
            seccomp::deny(seccomp::SocketAccess::Loopback)?;
        }
        Confinement::Bubblewrap { .. } => {
            rights::give_up(*build_user, limits)?;
            landlock::confine_writing(writable)?;
            seccomp::deny(seccomp::SocketAccess::Loopback)?;
        }
        Confinement::Reduced { readable } => {
            rights::limit(limits, rights::Counted::AllOfUser)?;
            landlock::confine(readable, writable)?;
            seccomp::deny(seccomp::SocketAccess::None)?;
        }
        Confinement::None => rights::limit(limits, rights::Counted::AllOfUser)?,
    }
    // Changing the user unset it.
    set_parent_process_death_signal(Some(Signal::KILL)).map_err(RefusedStep::at("a signal at the end"))?;
    rights::hide()?;
    let child = match start(program) {
        Ok(child) => child,
        Err(error) => return Ok(Report::NotStarted(error.to_string())),
    };
    let status = wait_for(child).map_err(RefusedStep::at("waiting for the program"))?;
    Ok(match (status.code(), status.signal()) {
        (Some(code), _) => Report::Exited(code),
        (None, signal) => Report::Signalled(signal.unwrap_or_default()),
    })
}

/// Starts the program. All that it writes goes to the log, which is this process's standard error.
fn start(program: &Program) -> io::Result<Pid> {
    let log = io::stderr().as_fd().try_clone_to_owned()?;
    let child = Command::new(&program.path)
        .args(&program.arguments)
        .env_clear()
        .envs(&program.environment)
        .current_dir(&program.folder)
        .stdin(Stdio::null())
        .stdout(log)
        .stderr(Stdio::inherit())
        .spawn()?;
    Ok(Pid::from_child(&child))
}

/// Waits for the program, and for all orphans that end before it.
fn wait_for(program: Pid) -> Result<ExitStatus, Errno> {
    loop {
        match waitpid(None, WaitOptions::empty()) {
            Ok(Some((ended, status))) if ended == program => return Ok(ExitStatus::from_raw(status.as_raw())),
            Ok(_) | Err(Errno::INTR) => {}
            Err(errno) => return Err(errno),
        }
    }
}
