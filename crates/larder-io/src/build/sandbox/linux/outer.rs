//! The process between larder and the sandbox: makes the namespaces, and ends everything that was started.

use std::io::{self, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use nix::sched::CloneFlags;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use rustix::process::{
    DumpableBehavior, Pid, PidfdFlags, Signal, WaitOptions, getpid, kill_process, pidfd_open, set_child_subreaper,
    set_dumpable_behavior, set_parent_process_death_signal, setsid, waitpid,
};

use super::{RefusedStep, handover, rights};
use crate::build::sandbox::specification::{BuildUser, COMMAND, Confinement, Specification};
use crate::fs::{self, File};

/// Bytes that are read of the inner process's report.
const LONGEST_REPORT: u64 = 1 << 16;

/// Runs the inner process until it ends or larder closes this process's standard input. Returns its report.
pub(super) fn run(specification: &Specification, line: &[u8]) -> Result<Vec<u8>, RefusedStep> {
    close_inherited().map_err(RefusedStep::at("closing inherited files"))?;
    // A session of its own has no terminal into which it could push input.
    setsid().map_err(RefusedStep::at("a session of its own"))?;
    // Where there are no namespaces this process has to survive larder, to end what it started.
    let has_namespaces =
        matches!(specification.confinement, Confinement::Namespaces(_) | Confinement::Bubblewrap { .. });
    if has_namespaces {
        set_parent_process_death_signal(Some(Signal::KILL)).map_err(RefusedStep::at("a signal at larder's end"))?;
    } else {
        set_child_subreaper(Some(getpid())).map_err(RefusedStep::at("taking over orphans"))?;
    }
    let mut inner = match &specification.confinement {
        Confinement::Bubblewrap { executable, arguments } => {
            let mut command = Command::new(executable);
            command.args(arguments);
            command
        }
        Confinement::Namespaces(_) => {
            enter_namespaces(specification.build_user)?;
            if !specification.ports.is_empty() {
                handover::hand_over(&specification.ports)?;
            }
            Command::new("/proc/self/exe")
        }
        Confinement::Reduced { .. } | Confinement::None => Command::new("/proc/self/exe"),
    };
    inner.args([COMMAND, "inner"]).env_clear().stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = inner.spawn().map_err(RefusedStep::at("a process of its own"))?;
    // Its memory and its files are nobody's business: a build of the same user must not look into them.
    set_dumpable_behavior(DumpableBehavior::NotDumpable).map_err(RefusedStep::at("hiding its memory"))?;
    let report = attend(&mut child, line);
    if !has_namespaces {
        end_descendants().map_err(RefusedStep::at("ending what was started"))?;
    }
    report.map_err(RefusedStep::at("waiting for the process"))
}

/// Gives the process its specification and waits until it ends, or has to.
fn attend(child: &mut Child, line: &[u8]) -> io::Result<Vec<u8>> {
    if let Some(mut input) = child.stdin.take() {
        // A process that ended already says why itself.
        drop(input.write_all(line).and_then(|()| input.write_all(b"\n")));
    }
    let pid = Pid::from_child(child);
    let process = pidfd_open(pid, PidfdFlags::empty())?;
    wait_for_either(&process)?;
    // Kills nothing but what has not ended. When the first process of a namespace is waited for, all others are gone.
    let _ = kill_process(pid, Signal::KILL);
    child.wait()?;
    let mut report = Vec::new();
    if let Some(output) = child.stdout.take() {
        // What the program started may hold the pipe, but the report is in it before its end: no wait for more.
        read_available(output.into(), &mut report)?;
    }
    Ok(report)
}

/// Reads what lies in a pipe.
fn read_available(pipe: OwnedFd, into: &mut Vec<u8>) -> io::Result<()> {
    rustix::io::ioctl_fionbio(&pipe, true)?;
    match File::from(pipe).take(LONGEST_REPORT).read_to_end(into) {
        Err(error) if error.kind() != io::ErrorKind::WouldBlock => Err(error),
        _ => Ok(()),
    }
}

/// Waits until the process ends or the standard input of this one does.
fn wait_for_either(process: &OwnedFd) -> io::Result<()> {
    let input = io::stdin();
    let mut events = [
        PollFd::from_borrowed_fd(process.as_fd(), PollFlags::IN),
        PollFd::from_borrowed_fd(input.as_fd(), PollFlags::IN),
    ];
    loop {
        match poll(&mut events, None) {
            Ok(_) => return Ok(()),
            Err(Errno::INTR) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
}

/// Closes all files but the standard ones: who started larder may have left some open, and a folder among them would lead
/// out of any file system.
fn close_inherited() -> io::Result<()> {
    let open = fs::names(Path::new("/proc/self/fd")).map_err(|error| error.source)?;
    for number in open.iter().filter_map(|name| name.to_str()?.parse::<i32>().ok()).filter(|number| *number > 2) {
        // The folder of the list itself is closed already.
        match nix::unistd::close(number) {
            Ok(()) | Err(nix::errno::Errno::EBADF) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
    Ok(())
}

/// Gives this process's children namespaces of their own.
fn enter_namespaces(build_user: BuildUser) -> Result<(), RefusedStep> {
    let mut flags = CloneFlags::CLONE_NEWNS
        | CloneFlags::CLONE_NEWPID
        | CloneFlags::CLONE_NEWNET
        | CloneFlags::CLONE_NEWIPC
        | CloneFlags::CLONE_NEWUTS
        | CloneFlags::CLONE_NEWCGROUP;
    if matches!(build_user, BuildUser::Mapped { .. }) {
        flags |= CloneFlags::CLONE_NEWUSER;
    }
    nix::sched::unshare(flags).map_err(RefusedStep::at("namespaces"))?;
    if let BuildUser::Mapped { user, group } = build_user {
        let inside = super::super::system::USER;
        let maps = [
            ("/proc/self/setgroups", "deny".to_owned()),
            ("/proc/self/uid_map", format!("{inside} {user} 1")),
            ("/proc/self/gid_map", format!("{inside} {group} 1")),
        ];
        for (file, text) in maps {
            let written = fs::create(Path::new(file)).and_then(|mut file_of_kernel| {
                file_of_kernel
                    .write_all(text.as_bytes())
                    .map_err(|error| fs::FsError::new(fs::Action::Write, file, error))
            });
            written.map_err(|error| RefusedStep(format!("a user of its own: {error}: {}", error.source)))?;
        }
        rights::pass_on()?;
    }
    Ok(())
}

/// Ends everything that has become a child of this process, until there is nothing: orphans become its children.
fn end_descendants() -> io::Result<()> {
    loop {
        for child in children()? {
            // It may have ended meanwhile; as nobody has waited for it, its number is still its own.
            let _ = kill_process(child, Signal::KILL);
        }
        match waitpid(None, WaitOptions::empty()) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(Errno::CHILD) => return Ok(()),
            Err(errno) => return Err(errno.into()),
        }
    }
}

/// Returns the processes whose parent is this one.
fn children() -> io::Result<Vec<Pid>> {
    let own = getpid().as_raw_nonzero().get();
    let names = fs::names(Path::new("/proc")).map_err(|error| error.source)?;
    let is_child = |pid: &i32| {
        let stat = fs::read_to_string(&Path::new("/proc").join(pid.to_string()).join("stat")).unwrap_or_default();
        parent(&stat) == Some(own)
    };
    let pids = names.iter().filter_map(|name| name.to_str()?.parse().ok()).filter(is_child);
    Ok(pids.filter_map(Pid::from_raw).collect())
}

/// Returns the parent that a line of `/proc/PID/stat` names. The name before it may hold anything, brackets too.
fn parent(stat: &str) -> Option<i32> {
    stat.rsplit_once(") ")?.1.split(' ').nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parent_of_a_process_is_read_whatever_its_name_is() {
        assert_eq!(parent("12 (sh) S 7 12 12 0 -1"), Some(7));
        assert_eq!(parent("12 (a) S 1 (b) R 9 1"), Some(9));
        assert_eq!(parent(""), None);
    }
}
