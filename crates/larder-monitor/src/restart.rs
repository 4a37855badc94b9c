//! Runs the command of a restart.

use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

/// A command that takes longer is ended.
const TIME_LIMIT: Duration = Duration::from_secs(60);

/// How often a command is looked after.
const PAUSE: Duration = Duration::from_millis(50);

/// Runs a command in the project's folder and waits for its end. What it writes goes to standard error.
///
/// # Errors
/// What is wrong, if it does not start, fails or takes longer than a minute.
pub fn run(command: &str, root: &Path) -> Result<(), String> {
    run_within(command, root, TIME_LIMIT)
}

fn run_within(command: &str, root: &Path, limit: Duration) -> Result<(), String> {
    let mut shell = Command::new("sh");
    shell.args(["-c", command]).current_dir(root).stdin(Stdio::null()).process_group(0);
    let mut child = shell.stdout(std::io::stderr()).spawn().map_err(|error| error.to_string())?;
    let status = wait(&mut child, limit).map_err(|error| error.to_string())?;
    match (status, status.and_then(|status| status.signal())) {
        (None, _) => Err(format!("it took longer than {}, and was ended", larder::model::span_text(limit))),
        (Some(status), None) if status.success() => Ok(()),
        (Some(_), Some(signal)) => Err(format!("it was ended by signal {signal}")),
        (Some(status), None) => Err(format!("it ended with status {}", status.code().unwrap_or_default())),
    }
}

/// Waits for the end of a child. Ends it with all that it started, if it takes too long, and returns `None`.
fn wait(child: &mut Child, limit: Duration) -> std::io::Result<Option<ExitStatus>> {
    let begun = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if begun.elapsed() >= limit {
            // It may have ended just now.
            let _ = kill_process_group(Pid::from_child(child), Signal::KILL);
            child.wait()?;
            return Ok(None);
        }
        std::thread::sleep(PAUSE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_runs_in_the_project_and_tells_how_it_failed() {
        let folder = tempfile::tempdir().unwrap();
        let run = |command: &str| run_within(command, folder.path(), Duration::from_secs(1));
        assert_eq!(run("echo started > log"), Ok(()));
        assert_eq!(std::fs::read_to_string(folder.path().join("log")).unwrap(), "started\n");
        assert_eq!(run("exit 3").unwrap_err(), "it ended with status 3");
        assert_eq!(run("kill -9 $$").unwrap_err(), "it was ended by signal 9");
        // What a command leaves running is what it is for.
        assert_eq!(run("sleep 30 & echo $! > pid"), Ok(()));
        let pid = std::fs::read_to_string(folder.path().join("pid")).unwrap();
        assert!(Command::new("kill").arg(pid.trim()).status().unwrap().success());
        let begun = Instant::now();
        assert_eq!(run("sleep 30").unwrap_err(), "it took longer than 1s, and was ended");
        assert!(begun.elapsed() < Duration::from_secs(10));
    }
}
