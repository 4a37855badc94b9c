//! Children that larder waits for, and the signals that it passes on to them.

use std::io::{self, BufRead, BufReader, Read};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::{Handle, Signals};

/// The signals that are passed on.
const PASSED_ON: [i32; 3] = [SIGINT, SIGTERM, SIGHUP];

/// The most bytes of a line that are kept together.
const LONGEST_LINE: u64 = 1 << 20;

/// How many events may wait: a child that writes faster than they are shown is held up.
const WAITING_EVENTS: usize = 1024;

/// Runs a child in the foreground, with larder's own input and output, and returns its exit status.
///
/// A terminal sends its interrupt to all processes in the foreground, so that the child has it already; other signals are passed
/// on. Where larder was sent one, the status says so, whatever the child's is.
pub(in crate::ops) fn run_to_end(mut command: Command) -> io::Result<u8> {
    let mut signals = Signals::new(PASSED_ON)?;
    let handle = signals.handle();
    let mut child = command.spawn()?;
    let pid = Pid::from_child(&child);
    let caught = AtomicI32::new(0);
    thread::scope(|scope| {
        scope.spawn(|| {
            for signal in signals.forever() {
                caught.store(signal, Ordering::Relaxed);
                if signal != SIGINT
                    && let Some(signal) = Signal::from_named_raw(signal)
                {
                    // The child may have ended just now.
                    let _ = rustix::process::kill_process(pid, signal);
                }
            }
        });
        let ended = wait_without_reaping(pid);
        handle.close();
        ended
    })?;
    let status = child.wait()?;
    Ok(match caught.load(Ordering::Relaxed) {
        0 => code(status),
        signal => signal_code(signal),
    })
}

/// Which of a child's two outputs something was written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// Standard output.
    Output,
    /// Standard error.
    Error,
}

/// Something that happened to one of several children, or to larder.
pub(in crate::ops) enum ChildEvent {
    /// A child, given by its number, wrote a line, which has no line break.
    Line(usize, Stream, Vec<u8>),
    /// A child closed one of its outputs.
    Closed(usize),
    /// A child ended; it is to be [reaped](Running::reap).
    Ended(usize),
    /// Larder was sent a signal.
    Signal(i32),
}

/// Several children at once, each in a process group of its own, and what happens to them.
pub(in crate::ops) struct Children {
    sender: SyncSender<ChildEvent>,
    events: Receiver<ChildEvent>,
    signals: Handle,
}

impl Children {
    pub(in crate::ops) fn new() -> io::Result<Self> {
        let (sender, events) = sync_channel(WAITING_EVENTS);
        let mut signals = Signals::new(PASSED_ON)?;
        let handle = signals.handle();
        let caught = sender.clone();
        thread::Builder::new().name("larder-signals".to_owned()).spawn(move || {
            signals.forever().take_while(|signal| caught.send(ChildEvent::Signal(*signal)).is_ok()).for_each(drop);
        })?;
        Ok(Self { sender, events, signals: handle })
    }

    /// Starts a child that reads nothing, and whose events bear this number.
    pub(in crate::ops) fn start(&self, number: usize, command: &mut Command) -> io::Result<Running> {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
        let mut child = command.spawn()?;
        let group = Pid::from_child(&child);
        let (output, error) = (child.stdout.take(), child.stderr.take());
        let running = Running { child, group };
        self.forward(number, Stream::Output, output)?;
        self.forward(number, Stream::Error, error)?;
        let sender = self.sender.clone();
        let wait = move || {
            // Whatever keeps it from being waited for, it is over.
            let _ = wait_without_reaping(group);
            let _ = sender.send(ChildEvent::Ended(number));
        };
        thread::Builder::new().name("larder-child".to_owned()).spawn(wait)?;
        Ok(running)
    }

    /// Waits for an event; `None` if there is none for so long.
    pub(in crate::ops) fn next(&self, patience: Duration) -> Option<ChildEvent> {
        // It cannot be disconnected: `self` has a sender.
        self.events.recv_timeout(patience).ok()
    }

    fn forward(&self, number: usize, stream: Stream, from: Option<impl Read + Send + 'static>) -> io::Result<()> {
        let sender = self.sender.clone();
        let forward = move || {
            if let Some(from) = from {
                let _ = each_line(from, |line| sender.send(ChildEvent::Line(number, stream, line)).is_ok());
            }
            let _ = sender.send(ChildEvent::Closed(number));
        };
        thread::Builder::new().name("larder-lines".to_owned()).spawn(forward).map(drop)
    }
}

impl Drop for Children {
    fn drop(&mut self) {
        self.signals.close();
    }
}

/// A child that was started and not reaped.
pub(in crate::ops) struct Running {
    child: Child,
    group: Pid,
}

impl Running {
    /// Sends a signal to the child and to what it started.
    pub(in crate::ops) fn signal(&self, signal: Signal) {
        // All of them may have ended just now.
        let _ = rustix::process::kill_process_group(self.group, signal);
    }

    /// Returns the exit status of a child that has ended.
    pub(in crate::ops) fn reap(mut self) -> io::Result<u8> {
        self.child.wait().map(code)
    }
}

/// Returns the status that a shell has for a process that a signal ended.
pub(in crate::ops) fn signal_code(signal: i32) -> u8 {
    u8::try_from(128 + signal).unwrap_or(u8::MAX)
}

/// Returns the exit status as a shell has it.
fn code(status: ExitStatus) -> u8 {
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    code.or_else(|| status.signal().map(signal_code)).unwrap_or(u8::MAX)
}

/// Waits until a child has ended. Its id stays its own until it is reaped, so that no signal hits another process.
fn wait_without_reaping(pid: Pid) -> io::Result<()> {
    loop {
        match rustix::process::waitid(WaitId::Pid(pid), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT) {
            Ok(_) => return Ok(()),
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// Hands out the lines without their breaks while they are wanted. What has no end for too long is handed out in parts.
fn each_line(from: impl Read, mut wanted: impl FnMut(Vec<u8>) -> bool) -> io::Result<()> {
    let mut reader = BufReader::new(from);
    loop {
        let mut line = Vec::new();
        if (&mut reader).take(LONGEST_LINE).read_until(b'\n', &mut line)? == 0 {
            return Ok(());
        }
        if line.last() == Some(&b'\n') {
            line.pop();
        }
        if !wanted(line) {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_whole_and_bounded() {
        let mut lines = Vec::new();
        let long = "x".repeat(usize::try_from(LONGEST_LINE).unwrap() + 1);
        each_line(format!("a\n\nb\r\n{long}\nend").as_bytes(), |line| {
            lines.push(line);
            true
        })
        .unwrap();
        let short: Vec<_> = lines.iter().map(Vec::len).collect();
        assert_eq!(short, [1, 0, 2, long.len() - 1, 1, 3]);
    }

    #[test]
    fn a_child_s_end_is_its_status() {
        let shell = |text: &str| {
            let mut command = Command::new("/bin/sh");
            command.args(["-c", text]);
            run_to_end(command).unwrap()
        };
        assert_eq!((shell("exit 7"), shell("kill -KILL $$")), (7, 137));
    }
}
