//! Running a hook, within a time limit.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::IN_HOOK;
use super::program::HookProgram;
use crate::diagnostic::{Exit, Failure, list};
use crate::manifest::{Hook, HookTime};
use crate::ops::programs::children::{ChildEvent, Children, Running};
use crate::ops::{Context, Event, Result};

/// For how long a hook may run.
const LIMIT: Duration = Duration::from_secs(10 * 60);

/// For how long a hook that was asked to end may take.
const GRACE: Duration = Duration::from_secs(2);

/// So many of the last lines of a hook that failed are told again.
const LAST_LINES: usize = 5;

/// What hooks are told of the sync.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::ops) struct RunOf<'a> {
    /// The environment, where it is known: what the hook starts with larder uses it.
    pub(in crate::ops) environment: Option<&'a str>,
    /// The generation that was built.
    pub(in crate::ops) generation: Option<u64>,
}

/// Runs a hook, without a shell, in the project's folder.
pub(super) fn run(
    context: &Context<'_>,
    root: &Path,
    hook: &Hook,
    program: &HookProgram,
    of: &RunOf<'_>,
) -> Result<()> {
    run_within(context, root, hook, program, of, LIMIT)
}

#[allow(clippy::too_many_arguments, reason = "a limit beside what `run` has, for tests")]
fn run_within(
    context: &Context<'_>,
    root: &Path,
    hook: &Hook,
    program: &HookProgram,
    of: &RunOf<'_>,
    limit: Duration,
) -> Result<()> {
    let failed = |reason: String, said: &[String]| HookFailed {
        hook: format!("{} {}", hook.time.as_str(), hook.command),
        reason,
        said: list(said),
        help: match hook.time {
            HookTime::BeforeSync => "nothing was changed",
            HookTime::AfterSync => "the environment was built and switched to before: `larder rollback` goes back",
        },
    };
    let mut command = Command::new(&program.path);
    command.args(&hook.arguments).current_dir(root).env(IN_HOOK, hook.time.as_str());
    if let Some(environment) = of.environment {
        command.env("LARDER_ENV", environment);
    }
    if let Some(generation) = of.generation {
        command.env("LARDER_GENERATION", generation.to_string());
    }
    let cannot = |error: std::io::Error| failed(format!("it cannot be started: {error}"), &[]);
    let children = Children::new().map_err(cannot)?;
    let running = children.start(0, &mut command).map_err(cannot)?;
    let (deadline, mut said, mut caught) = (Instant::now() + limit, Vec::<String>::new(), None);
    loop {
        let Some(left) = deadline.checked_duration_since(Instant::now()) else {
            end(&children, running);
            let seconds = limit.as_secs();
            return Err(failed(format!("it took longer than {seconds} seconds, and was ended"), &said).into());
        };
        match children.next(left) {
            Some(ChildEvent::Line(_, _, line)) => tell(context, &mut said, &line),
            Some(ChildEvent::Signal(signal)) => {
                caught = Some(signal);
                if let Some(signal) = Signal::from_named_raw(signal) {
                    running.signal(signal);
                }
            }
            Some(ChildEvent::Ended(_)) => break,
            Some(ChildEvent::Closed(_)) | None => {}
        }
    }
    // What it wrote last; something that it left running may hold its outputs open.
    let patience = Instant::now() + Duration::from_secs(1);
    let mut open = 2;
    while open > 0
        && let Some(left) = patience.checked_duration_since(Instant::now())
    {
        match children.next(left) {
            Some(ChildEvent::Line(_, _, line)) => tell(context, &mut said, &line),
            Some(ChildEvent::Closed(_)) => open -= 1,
            Some(ChildEvent::Signal(_) | ChildEvent::Ended(_)) | None => {}
        }
    }
    running.signal(Signal::KILL);
    match (caught, running.reap().map_err(cannot)?) {
        (Some(_), _) => Err(failed("it was interrupted".to_owned(), &[]).into()),
        (None, 0) => Ok(()),
        (None, status) => Err(failed(format!("it ended with {status}"), &said).into()),
    }
}

fn tell(context: &Context<'_>, said: &mut Vec<String>, line: &[u8]) {
    let line = String::from_utf8_lossy(line).into_owned();
    if said.len() == LAST_LINES {
        said.remove(0);
    }
    said.push(line.chars().take(200).collect());
    (context.reporter)(Event::HookLine(line));
}

/// Ends a hook and what it started: first by asking.
fn end(children: &Children, running: Running) {
    running.signal(Signal::TERM);
    let patience = Instant::now() + GRACE;
    while let Some(left) = patience.checked_duration_since(Instant::now()) {
        if let Some(ChildEvent::Ended(_)) = children.next(left) {
            break;
        }
    }
    running.signal(Signal::KILL);
    // Its status does not matter.
    let _ = running.reap();
}

/// A hook that failed.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("hook `{hook}` failed: {reason}{said}")]
#[diagnostic(code(larder::hooks::failed), help("{help}"))]
struct HookFailed {
    hook: String,
    reason: String,
    said: String,
    help: &'static str,
}

impl Failure for HookFailed {
    fn exit(&self) -> Exit {
        Exit::Refused
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fs;
    use crate::model::EntryPath;
    use crate::ops::{Flags, Variables};

    #[test]
    fn a_hook_that_takes_too_long_is_ended_with_all_that_it_started() {
        let folder = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(folder.path()).unwrap();
        let text = "#!/bin/sh\ntrap '' TERM\n(trap '' TERM; sleep 4; echo late > late) &\necho begun\nsleep 60\n";
        fs::write_new(&root.join("slow.sh"), text.as_bytes(), 0o755).unwrap();
        let hook = Hook {
            time: HookTime::BeforeSync,
            command: "./slow.sh".to_owned(),
            program: EntryPath::parse("slow.sh").unwrap(),
            arguments: Vec::new(),
            span: (0, 0).into(),
        };
        let program = HookProgram::find(&root, &hook).unwrap();
        let variables: Variables = [("HOME".into(), root.clone().into_os_string())].into_iter().collect();
        let reporter = |_| {};
        let context =
            Context::new(Flags { folder: Some(root.clone()), ..Flags::default() }, variables, &reporter).unwrap();
        let limit = Duration::from_millis(500);
        let error = run_within(&context, &root, &hook, &program, &RunOf::default(), limit).unwrap_err();
        assert!(error.in_short().contains("took longer"), "{}", error.in_short());
        std::thread::sleep(Duration::from_secs(3));
        assert!(fs::lstat(&root.join("late")).unwrap().is_none(), "what it started goes on");
    }
}
