//! larder's side of a running build: its log, its limits, its end.

use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use super::SandboxLimits;
use super::log::Log;
use crate::build::BuildError;
use crate::build::downloads::DownloadServer;
use crate::fs::{self, Action, FsError, Usage};

/// How often limits are looked at, at most.
const TICK: Duration = Duration::from_millis(200);

/// How long what was told to end may take, before it is killed and left alone.
const GRACE: Duration = Duration::from_secs(20);

/// Free space that no build may use up, where there is that much.
const RESERVE: u64 = 1 << 30;

/// Bytes that are read of what the process says to larder.
const LONGEST_REPORT: u64 = 1 << 20;

/// Why larder ended a build.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// It took too long.
    Time,
    /// It wrote too much, or what cannot be measured.
    Disk,
}

/// How a process ended.
pub(super) struct Ended {
    /// What it wrote to its standard output.
    pub(super) said: Vec<u8>,
    pub(super) status: ExitStatus,
    pub(super) stop: Option<Stop>,
    pub(super) last_lines: Vec<String>,
}

/// Starts `command` and waits for its end. It gets `input`, and may go on for as long as its standard input stays open.
///
/// Its standard error is the log. Whoever sees its standard input end has to end everything that was started. `server` answers at
/// the sockets that the process hands over through that input.
pub(super) fn supervise(
    mut command: Command,
    input: &[u8],
    (limits, writable): (&SandboxLimits, &[PathBuf]),
    log: Log,
    server: Option<&DownloadServer>,
) -> Result<Ended, BuildError> {
    let program = PathBuf::from(command.get_program());
    let failed = |error| FsError::new(Action::Read, &program, error);
    let (mut control, theirs) = UnixStream::pair().map_err(failed)?;
    let mut child = command
        .stdin(OwnedFd::from(theirs))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| BuildError::NotStarted { program: program.clone(), reason: error.to_string() })?;
    // It has the other end of the socket, which the process alone may hold.
    drop(command);
    // A process that ends before it has read all says why itself.
    drop(control.write_all(input));
    let _serving = server.map(Serving);
    #[cfg(target_os = "linux")]
    if let Some(server) = server {
        let (server, socket) = (server.clone(), control.try_clone().map_err(failed)?);
        thread::spawn(move || {
            // A build that gets no answers fails, and says of what.
            drop(super::descriptors::receive(socket).and_then(|sockets| server.serve(sockets)));
        });
    }
    let mut is_held = true;
    let (sender, said) = mpsc::channel();
    let output = child.stdout.take();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let read = output.map(|output| output.take(LONGEST_REPORT).read_to_end(&mut bytes));
        drop(sender.send(read.transpose().map(|_| bytes)));
    });
    let (sender, logged) = mpsc::channel();
    let errors = child.stderr.take();
    thread::spawn(move || {
        let mut log = log;
        let taken = errors.map_or(Ok(()), |errors| log.take(errors));
        drop(sender.send(taken.map(|()| log.last_lines())));
    });

    let mut disk = Disk::new(limits, writable);
    let started = Instant::now();
    let mut stop = None;
    let mut stopped_at = None;
    let said = loop {
        match said.recv_timeout(TICK) {
            Ok(said) => break said.map_err(failed)?,
            Err(RecvTimeoutError::Disconnected) => break Vec::new(),
            Err(RecvTimeoutError::Timeout) => {}
        }
        if let Some(at) = stopped_at {
            if Instant::now().duration_since(at) > GRACE {
                drop(child.kill());
                break Vec::new();
            }
            continue;
        }
        stop = match () {
            () if started.elapsed() > limits.time => Some(Stop::Time),
            () if disk.is_full() => Some(Stop::Disk),
            () => None,
        };
        if stop.is_some() {
            #[cfg(not(target_os = "linux"))]
            end_group(&child);
            release(&control);
            is_held = false;
            stopped_at = Some(Instant::now());
        }
    };
    let status = wait(&mut child, is_held).map_err(failed)?;
    release(&control);
    #[cfg(not(target_os = "linux"))]
    end_group(&child);
    let last_lines = match logged.recv_timeout(GRACE) {
        Ok(lines) => lines.map_err(failed)?,
        // Something that outlives the sandbox holds the log: only possible without one.
        Err(_) => Vec::new(),
    };
    Ok(Ended { said, status, stop: stop.or_else(|| disk.is_full_at_end().then_some(Stop::Disk)), last_lines })
}

/// A server that answers until this is dropped.
struct Serving<'s>(&'s DownloadServer);

impl Drop for Serving<'_> {
    fn drop(&mut self) {
        self.0.end();
    }
}

/// Ends the standard input of the process, which has to end everything then.
fn release(control: &UnixStream) {
    drop(control.shutdown(Shutdown::Both));
}

/// Ends all of a process's group: where no process of larder's own looks after it.
#[cfg(not(target_os = "linux"))]
fn end_group(child: &Child) {
    drop(rustix::process::kill_process_group(rustix::process::Pid::from_child(child), rustix::process::Signal::KILL));
}

/// Waits for a process that has closed its standard output: it is about to end.
fn wait(child: &mut Child, is_free: bool) -> std::io::Result<ExitStatus> {
    let started = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        if started.elapsed() > GRACE && !is_free {
            child.kill()?;
        }
        thread::sleep(Duration::from_millis(2));
    }
}

/// The disk space of the folders that a build writes to.
struct Disk<'a> {
    most: Usage,
    writable: &'a [PathBuf],
    /// Free bytes that must remain.
    reserve: u64,
    next: Instant,
}

impl<'a> Disk<'a> {
    fn new(limits: &SandboxLimits, writable: &'a [PathBuf]) -> Self {
        let free = writable.iter().filter_map(|folder| fs::free_space(folder).ok()).min().unwrap_or(0);
        let most = Usage { bytes: limits.disk, entries: limits.files };
        Self { most, writable, reserve: RESERVE.min(free / 2), next: Instant::now() + TICK }
    }

    /// Returns whether too much was written. Looks only now and then, the seldomer the longer a look takes.
    fn is_full(&mut self) -> bool {
        // Files without a name are seen by the space that is missing only.
        let is_short = |folder: &PathBuf| fs::free_space(folder).is_ok_and(|free| free < self.reserve);
        if self.writable.iter().any(is_short) {
            return true;
        }
        let started = Instant::now();
        if started < self.next {
            return false;
        }
        let is_full = self.is_full_at_end();
        self.next = Instant::now() + (started.elapsed() * 10).max(TICK * 2);
        is_full
    }

    fn is_full_at_end(&self) -> bool {
        let mut left = self.most;
        self.writable.iter().any(|folder| match fs::usage(folder, left) {
            Ok(found) if found.bytes <= left.bytes && found.entries <= left.entries => {
                left = Usage { bytes: left.bytes - found.bytes, entries: left.entries - found.entries };
                false
            }
            // A folder that cannot be looked into can hold anything.
            _ => true,
        })
    }
}
