//! `larder schedule`: an audit each night and a clean-up each week, by timers of systemd or by lines of a crontab.
//!
//! ```text
//! ~/.config/systemd/user/larder-<job>-<project>-<digest>.{service,timer}
//! 0 2 * * * cd '/work/app' && '/usr/bin/larder' --quiet audit # larder audit of /work/app
//! ```

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use serde::Serialize;

use crate::diagnostic::{Exit, Failure};
use crate::ops::project::find_root;
use crate::ops::{Context, Result};
use crate::profile::python::on_path;

use super::PlacedFile;
use super::placed::{Existing, place};
use super::unit::{UnitContext, folder_text, unit_word};

/// Who calls larder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheduler {
    /// Timers of the user's systemd.
    Systemd,
    /// The user's crontab.
    Cron,
}

/// `larder schedule --json`: see `schema/schedule.json`.
#[derive(Debug, Serialize)]
pub struct Scheduled {
    /// The files of systemd's timers; empty for a crontab.
    pub files: Vec<PlacedFile>,
    /// The lines that are new in the crontab.
    pub added: Vec<String>,
    /// The lines that were there before, as they are.
    pub kept: Vec<String>,
    /// What is left to do: a command.
    pub next: Option<String>,
}

/// Something that is done regularly.
struct ScheduledJob {
    name: &'static str,
    description: &'static str,
    /// What larder is given, one after the other.
    commands: &'static [&'static str],
    /// When, as systemd writes it.
    calendar: &'static str,
    /// When, as cron writes it.
    cron: &'static str,
}

const JOBS: [ScheduledJob; 2] = [
    ScheduledJob {
        name: "audit",
        description: "Look for known vulnerabilities in what is locked",
        commands: &["--quiet audit"],
        calendar: "*-*-* 02:00:00",
        cron: "0 2 * * *",
    },
    ScheduledJob {
        name: "cleanup",
        description: "Remove what no project needs any more, and old reports",
        commands: &["--quiet gc", "--quiet health cleanup"],
        calendar: "Sun *-*-* 03:00:00",
        cron: "0 3 * * 0",
    },
];

/// Schedules the jobs for the project. What is there for the project stays, even if it was changed.
pub fn schedule(context: &Context<'_>, scheduler: Scheduler) -> Result<Scheduled> {
    let place = UnitContext::new(&find_root(context)?, &context.executable)?;
    match scheduler {
        Scheduler::Systemd => with_timers(context, &place),
        Scheduler::Cron => with_crontab(context, &place),
    }
}

fn with_timers(context: &Context<'_>, place_of: &UnitContext) -> Result<Scheduled> {
    // larder's own configuration lies beside systemd's.
    let units = context.configuration.parent().unwrap_or(Path::new("/")).join("systemd/user");
    let mut files = Vec::new();
    let mut timers = Vec::new();
    for job in &JOBS {
        let unit = format!("larder-{}-{}", job.name, place_of.id);
        for (kind, text) in [("service", service(job, place_of)), ("timer", timer(job))] {
            files.push(place(&units.join(format!("{unit}.{kind}")), &text, Existing::Kept)?);
        }
        timers.push(format!("{unit}.timer"));
    }
    let next = Some(format!("systemctl --user daemon-reload && systemctl --user enable --now {}", timers.join(" ")));
    Ok(Scheduled { files, added: Vec::new(), kept: Vec::new(), next })
}

fn service(job: &ScheduledJob, place: &UnitContext) -> String {
    let larder = unit_word(&place.larder);
    let run: Vec<String> = job.commands.iter().map(|command| format!("ExecStart={larder} {command}")).collect();
    let run = run.join("\n");
    format!(
        "[Unit]\nDescription=larder: {}\nWants=network-online.target\nAfter=network-online.target\n\n[Service]\nType=oneshot\n\
         WorkingDirectory={}\n{run}\nNice=10\n",
        job.description,
        folder_text(place)
    )
}

fn timer(job: &ScheduledJob) -> String {
    format!(
        "[Unit]\nDescription=larder: {}\n\n[Timer]\nOnCalendar={}\nRandomizedDelaySec=10min\nPersistent=true\n\n[Install]\n\
         WantedBy=timers.target\n",
        job.description, job.calendar
    )
}

fn with_crontab(context: &Context<'_>, place: &UnitContext) -> Result<Scheduled> {
    let crontab = on_path(&context.variables.search_path(), "crontab").ok_or(CronError::NotThere)?;
    let listed = Command::new(&crontab).arg("-l").output().map_err(|error| CronError::failed(&error))?;
    let said = String::from_utf8_lossy(&listed.stderr);
    // Without a crontab it fails, and says so.
    if !listed.status.success() && !said.contains("no crontab for") {
        return Err(CronError::Failed(said.trim().to_owned()).into());
    }
    let before = String::from_utf8(listed.stdout).map_err(|error| CronError::failed(&error))?;
    let Crontab { text, added, kept } = Crontab::with_jobs(&before, place);
    if !added.is_empty() {
        let mut child = Command::new(&crontab)
            .arg("-")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .map_err(|error| CronError::failed(&error))?;
        let written = child.stdin.take().map_or(Ok(()), |mut input| input.write_all(text.as_bytes()));
        let status = child.wait().map_err(|error| CronError::failed(&error))?;
        written.map_err(|error| CronError::failed(&error))?;
        if !status.success() {
            return Err(CronError::Failed("it did not take the new lines".to_owned()).into());
        }
    }
    Ok(Scheduled { files: Vec::new(), added, kept, next: None })
}

/// A crontab with a line for each job.
struct Crontab {
    text: String,
    added: Vec<String>,
    kept: Vec<String>,
}

impl Crontab {
    /// Adds the lines that are not there. A line is recognised by its comment, whatever else was changed in it.
    fn with_jobs(before: &str, place: &UnitContext) -> Self {
        let mut crontab = Self { text: before.to_owned(), added: Vec::new(), kept: Vec::new() };
        if !crontab.text.is_empty() && !crontab.text.ends_with('\n') {
            crontab.text.push('\n');
        }
        for job in &JOBS {
            let mark = format!("# larder {} of {}", job.name, place.root.replace('%', "\\%"));
            if let Some(line) = before.lines().find(|line| line.ends_with(&mark)) {
                crontab.kept.push(line.to_owned());
                continue;
            }
            let larder = shell_word(&place.larder);
            let run: Vec<String> = job.commands.iter().map(|command| format!("{larder} {command}")).collect();
            let command = format!("cd {} && {}", shell_word(&place.root), run.join(" && "));
            let line = format!("{} {} {mark}", job.cron, command.replace('%', "\\%"));
            crontab.text.push_str(&line);
            crontab.text.push('\n');
            crontab.added.push(line);
        }
        crontab
    }
}

fn shell_word(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// Why a crontab gets no line.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
enum CronError {
    /// There is no cron.
    #[error("`crontab` is not on PATH")]
    #[diagnostic(code(larder::automation::no_cron), help("`larder schedule --systemd` writes timers of systemd"))]
    NotThere,
    /// It did not work.
    #[error("the crontab could not be changed: {0}")]
    #[diagnostic(code(larder::automation::cron))]
    Failed(String),
}

impl CronError {
    fn failed(error: &dyn std::error::Error) -> Self {
        Self::Failed(error.to_string())
    }
}

impl Failure for CronError {
    fn exit(&self) -> Exit {
        Exit::Machine
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place() -> UnitContext {
        UnitContext::new(Path::new("/work/it's 100%"), Path::new("/usr/bin/larder")).unwrap()
    }

    #[test]
    fn a_crontab_gets_each_line_once_and_keeps_what_was_changed() {
        let first = Crontab::with_jobs("MAILTO=me\n5 4 * * * backup", &place());
        assert_eq!(
            first.text,
            "MAILTO=me\n5 4 * * * backup\n\
             0 2 * * * cd '/work/it'\\''s 100\\%' && '/usr/bin/larder' --quiet audit # larder audit of /work/it's 100\\%\n\
             0 3 * * 0 cd '/work/it'\\''s 100\\%' && '/usr/bin/larder' --quiet gc && '/usr/bin/larder' --quiet health cleanup \
             # larder cleanup of /work/it's 100\\%\n"
        );
        let changed = first.text.replace("0 2 * * *", "30 6 * * *");
        let second = Crontab::with_jobs(&changed, &place());
        assert_eq!((second.text, second.added.len(), second.kept.len()), (changed, 0, 2));
    }

    #[test]
    fn units_have_their_paths_as_systemd_reads_them() {
        let text = service(&JOBS[0], &place());
        assert!(text.contains("\nWorkingDirectory=/work/it's 100%%\n"), "{text}");
        assert!(text.contains("\nExecStart=\"/usr/bin/larder\" --quiet audit\n"), "{text}");
        assert!(UnitContext::new(Path::new("/a\nb"), Path::new("/l")).is_err());
    }
}
