//! `larder run -r`: the same in every member, in the order in which they use each other.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::io;
use std::num::NonZeroUsize;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::prepared::PreparedEnvironments;
use super::step::SHELL;
use super::{Launch, RunError, filter, member_order, named};
use crate::diagnostic::{Exit, Failure};
use crate::ops::lock::LockUse;
use crate::ops::programs::children::{ChildEvent, Children, Running, Stream, signal_code};
use crate::ops::project;
use crate::ops::{Context, Project, Result, Session};

/// How long children have to end after they were told to.
const GRACE: Duration = Duration::from_secs(10);

/// How long the output of a child that has ended is waited for: something that it started may hold it open.
const LINGERING: Duration = Duration::from_millis(500);

/// Which members run, and how.
#[derive(Clone, Copy, Debug)]
pub struct Recursive<'a> {
    /// `--filter`
    pub filters: &'a [String],
    /// How many run at once.
    pub pace: Pace,
}

/// How many members run at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// As many as there are processors; a member waits for those that it uses.
    InOrder,
    /// All: none waits for another, as servers need it.
    AllAtOnce,
}

/// What is to run in the members, ready to start.
pub struct Recursion<'a> {
    context: &'a Context<'a>,
    jobs: Vec<MemberJob>,
    limit: usize,
}

/// What runs in one member.
struct MemberJob {
    folder: Arc<str>,
    /// The commands, one after the other.
    commands: Vec<Command>,
    /// The numbers of the jobs that it waits for.
    waits: BTreeSet<usize>,
}

impl<'a> Recursion<'a> {
    /// Brings the environments up to date and finds out what a command means in each member: a name is a task or a script, and
    /// members that have neither are left out; a program after `--` runs in all.
    pub fn prepare(
        session: &'a Session<'a>,
        lock_use: LockUse,
        launch: Launch<'_>,
        recursive: Recursive<'_>,
        warn: impl Fn(&str),
    ) -> Result<Self> {
        let context = session.context;
        let root = project::find_root(context)?;
        let project = Project::read(root.clone())?;
        let members = member_order::members(&project);
        if members.is_empty() {
            return Err(NothingToRun::NoMembers.into());
        }
        let chosen = filter::choose(&members, recursive.filters)?;
        let mut prepared = PreparedEnvironments::new(session, lock_use, root.clone());
        let mut commands = BTreeMap::new();
        for place in chosen {
            let folder = root.join(&*members[place].folder);
            let found = commands_in(&mut prepared, &root, &folder, launch, &warn)?;
            if !found.is_empty() {
                commands.insert(place, found);
            }
        }
        if commands.is_empty() {
            let name = launch.command.first().map(|name| name.to_string_lossy().into_owned());
            return Err(NothingToRun::Nobody(name.unwrap_or_default()).into());
        }
        let places: Vec<usize> = commands.keys().copied().collect();
        let waits = member_order::waits(&members, &places.iter().copied().collect());
        let number = |place: &usize| places.iter().position(|other| other == place);
        let job = |(place, commands): (usize, Vec<Command>)| MemberJob {
            folder: Arc::clone(&members[place].folder),
            commands,
            waits: match recursive.pace {
                Pace::InOrder => waits[&place].iter().filter_map(number).collect(),
                Pace::AllAtOnce => BTreeSet::new(),
            },
        };
        let limit = match recursive.pace {
            Pace::InOrder => std::thread::available_parallelism().map_or(1, NonZeroUsize::get),
            Pace::AllAtOnce => usize::MAX,
        };
        Ok(Self { context, jobs: commands.into_iter().map(job).collect(), limit })
    }

    /// Returns the folders of the members that run something.
    pub fn folders(&self) -> impl Iterator<Item = &str> {
        self.jobs.iter().map(|job| &*job.folder)
    }

    /// Runs everything, hands each line to `show` with its member's folder, and returns the status of the first that failed, or 0.
    /// After a failure nothing else is started, and what runs is ended; so it is after a signal, which the status then tells.
    pub fn run(self, show: impl Fn(&str, Stream, &[u8]), warn: impl Fn(&str)) -> Result<u8> {
        let failed_to_start = |error: &io::Error| RunError::new(self.context, OsStr::new(SHELL), error, &[]);
        let children = Children::new().map_err(|error| failed_to_start(&error))?;
        let mut progress: Vec<Progress> = self.jobs.iter().map(|_| Progress::Waiting(0)).collect();
        let mut jobs = self.jobs;
        let mut ending: Option<Ending> = None;
        loop {
            while ending.is_none()
                && let Some(number) = next(&jobs, &progress, self.limit)
            {
                let Progress::Waiting(step) = progress[number] else { break };
                let Some(command) = jobs[number].commands.get_mut(step) else { break };
                match children.start(number, command) {
                    Ok(running) => progress[number] = Progress::Running { step, running, open: 2, ended: None },
                    Err(error) => {
                        let program = command.get_program().to_owned();
                        signal_all(&progress, Signal::KILL);
                        return Err(RunError::new(self.context, &program, &error, &[]).into());
                    }
                }
            }
            if !progress.iter().any(Progress::is_running) {
                break;
            }
            match children.next(Duration::from_millis(100)) {
                Some(ChildEvent::Line(number, stream, line)) => show(&jobs[number].folder, stream, &line),
                Some(ChildEvent::Closed(number)) => progress[number].close(),
                Some(ChildEvent::Ended(number)) => progress[number].end(),
                Some(ChildEvent::Signal(signal)) => {
                    // Who asks twice does not want to wait.
                    let sent = if ending.is_some() { Some(Signal::KILL) } else { Signal::from_named_raw(signal) };
                    if let Some(sent) = sent {
                        signal_all(&progress, sent);
                    }
                    ending.get_or_insert_with(|| Ending::new(signal_code(signal))).status = signal_code(signal);
                }
                None => {}
            }
            if let Some(ending) = &mut ending
                && ending.is_overdue()
            {
                signal_all(&progress, Signal::KILL);
            }
            for number in 0..jobs.len() {
                let Some((step, status)) = progress[number].finish().map_err(|error| failed_to_start(&error))? else {
                    continue;
                };
                if status == 0 && step + 1 < jobs[number].commands.len() && ending.is_none() {
                    progress[number] = Progress::Waiting(step + 1);
                } else if status != 0 && ending.is_none() {
                    warn(&format!("{} ended with status {status}", jobs[number].folder));
                    signal_all(&progress, Signal::TERM);
                    ending = Some(Ending::new(status));
                }
            }
        }
        Ok(ending.map_or(0, |ending| ending.status))
    }
}

/// Returns what runs in one member.
fn commands_in(
    prepared: &mut PreparedEnvironments<'_>,
    root: &Path,
    folder: &Path,
    launch: Launch<'_>,
    warn: &dyn Fn(&str),
) -> Result<Vec<Command>> {
    if let Some((name, arguments)) = launch.name() {
        let steps = named::find_in(root, folder, name)?;
        let last = steps.len().saturating_sub(1);
        let command = |(number, step)| prepared.shell(step, if number == last { arguments } else { &[] }, warn);
        return steps.iter().enumerate().map(command).collect();
    }
    let Some((program, arguments)) = launch.command.split_first() else { return Ok(Vec::new()) };
    Ok(vec![prepared.program(folder, (program, arguments), launch.origin, warn)?.0])
}

fn signal_all(progress: &[Progress], signal: Signal) {
    for state in progress {
        state.signal(signal);
    }
}

/// Returns a job that can start: everything that it waits for is done, and there are not too many.
fn next(jobs: &[MemberJob], progress: &[Progress], limit: usize) -> Option<usize> {
    if progress.iter().filter(|state| state.is_running()).count() >= limit {
        return None;
    }
    let is_done = |number: &usize| matches!(progress[*number], Progress::Done);
    (0..jobs.len())
        .find(|&number| matches!(progress[number], Progress::Waiting(_)) && jobs[number].waits.iter().all(is_done))
}

/// Everything is to end.
struct Ending {
    status: u8,
    since: Instant,
    killed: bool,
}

impl Ending {
    fn new(status: u8) -> Self {
        Self { status, since: Instant::now(), killed: false }
    }

    /// Tells once that the time is up.
    fn is_overdue(&mut self) -> bool {
        let is_overdue = !self.killed && self.since.elapsed() > GRACE;
        self.killed |= is_overdue;
        is_overdue
    }
}

/// How far a job is.
enum Progress {
    /// The command of this number has not been started.
    Waiting(usize),
    /// A command runs, or its output is still read.
    Running {
        step: usize,
        running: Running,
        /// How many of its outputs are open.
        open: usize,
        /// When it ended.
        ended: Option<Instant>,
    },
    Done,
}

impl Progress {
    fn is_running(&self) -> bool {
        matches!(self, Self::Running { .. })
    }

    fn signal(&self, signal: Signal) {
        if let Self::Running { running, .. } = self {
            running.signal(signal);
        }
    }

    fn close(&mut self) {
        if let Self::Running { open, .. } = self {
            *open = open.saturating_sub(1);
        }
    }

    fn end(&mut self) {
        if let Self::Running { ended, .. } = self {
            *ended = Some(Instant::now());
        }
    }

    /// Takes a command that has ended, and whose output was read; returns its number and its exit status.
    fn finish(&mut self) -> io::Result<Option<(usize, u8)>> {
        let is_over = match self {
            Self::Running { open, ended: Some(ended), .. } => *open == 0 || ended.elapsed() > LINGERING,
            _ => false,
        };
        if !is_over {
            return Ok(None);
        }
        match std::mem::replace(self, Self::Done) {
            Self::Running { step, running, .. } => Ok(Some((step, running.reap()?))),
            Self::Waiting(_) | Self::Done => Ok(None),
        }
    }
}

/// A `run -r` that would run nothing.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
enum NothingToRun {
    /// The project has no members.
    #[error("this project has no members")]
    #[diagnostic(
        code(larder::run::no_members),
        help("name them in larder.kdl: `members \"apps/*\"`, or leave `-r` out")
    )]
    NoMembers,
    /// No chosen member has a task or a script of this name.
    #[error("none of the members has a task or a script `{0}`")]
    #[diagnostic(code(larder::run::nobody), help("to run a program in each member, write `larder run -r -- {0}`"))]
    Nobody(String),
}

impl Failure for NothingToRun {
    fn exit(&self) -> Exit {
        match self {
            Self::NoMembers => Exit::Manifest,
            Self::Nobody(_) => Exit::NotFound,
        }
    }
}
