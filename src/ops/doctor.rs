//! `larder doctor`: what is wrong, and what is due, each with its command.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;

use super::programs::interpreter::{self, Ask};
use super::sync_hooks::{self, HookState};
use super::{Context, Project, Result, advisories, lock, project};
use crate::fs;
use crate::logs::{LogLevel, LogName, LogQuery, Logs};
use crate::model::TreeDigest;
use crate::profile;

/// Less free space is too little for a sync.
const LITTLE_SPACE: u64 = 1 << 30;

/// A day.
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// `larder doctor --json`: see `schema/doctor.json`.
#[derive(Debug, Serialize)]
pub struct Checkup {
    /// What was looked at, what is wrong first.
    pub items: Vec<CheckupItem>,
}

/// Something that was looked at.
#[derive(Debug, Serialize)]
pub struct CheckupItem {
    /// How often it is to be looked at.
    pub period: Period,
    /// How it is.
    pub state: TopicState,
    /// What is the case.
    pub message: String,
    /// The command that mends it. `None` if there is nothing to do.
    pub command: Option<String>,
}

/// How often something is to be looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Period {
    /// Always.
    Now,
    /// Each day.
    Daily,
    /// Each week.
    Weekly,
    /// Each month.
    Monthly,
}

/// The state of a topic of the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum TopicState {
    /// Something is broken, or soon will be.
    Wrong,
    /// A regular task is due.
    Due,
    /// All is well.
    Well,
}

impl Checkup {
    /// Returns whether anything is wrong.
    pub fn is_wrong(&self) -> bool {
        self.items.iter().any(|item| item.state == TopicState::Wrong)
    }
}

/// Looks at the machine, and at the project if there is one.
pub fn doctor(context: &Context<'_>) -> Result<Checkup> {
    let mut found = ItemList::default();
    machine(context, &mut found)?;
    let root = project::find_root(context);
    match &root {
        Ok(root) => of_project(context, root, &mut found),
        Err(error) => found.wrong(error.in_short(), "larder init"),
    }
    habits(context, root.ok().as_deref(), &mut found);
    found.0.sort_by_key(|item| (item.state, item.period));
    Ok(Checkup { items: found.0 })
}

#[derive(Default)]
struct ItemList(Vec<CheckupItem>);

impl ItemList {
    fn add(&mut self, period: Period, state: TopicState, message: impl Into<String>, command: Option<&str>) {
        let command = command.map(str::to_owned);
        self.0.push(CheckupItem { period, state, message: message.into(), command });
    }

    fn wrong(&mut self, message: impl Into<String>, command: &str) {
        self.add(Period::Now, TopicState::Wrong, message, Some(command));
    }

    fn well(&mut self, message: impl Into<String>) {
        self.add(Period::Now, TopicState::Well, message, None);
    }
}

fn machine(context: &Context<'_>, found: &mut ItemList) -> Result<()> {
    for (what, folder) in [("store", &context.store), ("cache", &context.cache)] {
        // What is not there yet is made there.
        let mut existing = folder.as_path();
        while fs::stat(existing)?.is_none() {
            let Some(parent) = existing.parent() else { break };
            existing = parent;
        }
        match fs::free_space(existing) {
            Ok(free) if free < LITTLE_SPACE => found.wrong(
                format!("the {what} in {} has {} left", folder.display(), crate::diagnostic::size(free)),
                "larder gc",
            ),
            Ok(free) => {
                found.well(format!("the {what} in {} has {} left", folder.display(), crate::diagnostic::size(free)));
            }
            Err(error) => found.wrong(format!("the {what} in {} cannot be used: {error}", folder.display()), "df"),
        }
        if fs::is_network(existing).unwrap_or(false) {
            let variable = format!("LARDER_{}", what.to_uppercase());
            found.add(
                Period::Now,
                TopicState::Due,
                format!("the {what} lies on a network file system, which makes it slow"),
                Some(&format!("export {variable}=DIR")),
            );
        }
    }
    match profile::python::on_path(&context.variables.search_path(), "git") {
        Some(_) => found.well("git is on PATH"),
        None => found.add(
            Period::Now,
            TopicState::Due,
            "git is not on PATH: git dependencies, hooks and releases need it",
            Some("apt-get install git"),
        ),
    }
    Ok(())
}

fn of_project(context: &Context<'_>, root: &Path, found: &mut ItemList) {
    if matches!(fs::lstat(&profile::own_folder(root).join("release.json")), Ok(Some(_))) {
        found.wrong("a release stopped before its end", "larder release");
    }
    let project = match Project::read(root.to_owned()) {
        Ok(project) => project,
        Err(error) => return found.wrong(error.in_short(), "larder check"),
    };
    found.well("larder.kdl and the manifests of members can be read");
    match lock::fresh(&project) {
        Ok(_) => found.well("larder.lock is what the manifests ask for"),
        Err(error) => found.wrong(error.in_short(), "larder lock"),
    }
    if let Err(error) = environments(&project, found) {
        found.wrong(error.in_short(), "larder sync --repair");
    }
    if let Ok(Some(older)) = interpreter::older_node(context, &project.manifest.settings, Ask::Program) {
        found.wrong(older, "larder sync");
    }
    match sync_hooks::states(context, root) {
        Ok(hooks) => {
            for (hook, _) in hooks.iter().filter(|(_, state)| *state == HookState::NotAllowed) {
                let told = format!("hook `{hook}` does not run: nobody allowed it as it is now");
                found.add(Period::Now, TopicState::Due, told, Some("larder hooks allow"));
            }
        }
        Err(error) => found.wrong(error.in_short(), "larder check"),
    }
}

fn environments(project: &Project, found: &mut ItemList) -> Result<()> {
    let profile = project.profile()?;
    let text = super::project::lockfile::text(&project.root)?;
    let locked = text.map(|text| TreeDigest::of(text.as_bytes()));
    let Some(active) = profile.active()? else {
        found.add(Period::Now, TopicState::Due, "no environment was built here yet", Some("larder sync"));
        return Ok(());
    };
    if let Some(note) = profile.rollback(&active)? {
        let told = format!("{active} was rolled back to generation {}", note.to);
        found.add(Period::Now, TopicState::Due, told, Some("larder sync --forward"));
    } else if let Some(head) = profile.current_summary(&active)? {
        if locked.is_some_and(|locked| locked != head.lock) && !head.is_bundled() {
            let told = format!("{active} was built from another larder.lock");
            found.add(Period::Now, TopicState::Due, told, Some("larder sync"));
        } else {
            found.well(format!("{active} is at generation {}", head.number));
        }
    }
    Ok(())
}

/// What is to be done again after a while.
fn habits(context: &Context<'_>, root: Option<&Path>, found: &mut ItemList) {
    let mut item = |period: Period, what: &str, age: Option<Duration>, limit: Duration, command: &str| {
        let days = |age: Duration| age.as_secs() / DAY.as_secs();
        let (state, told) = match age {
            None => (TopicState::Due, format!("{what}: not in the last 30 days")),
            Some(age) if age >= limit => (TopicState::Due, format!("{what}: {} days ago", days(age))),
            Some(age) if age < DAY => (TopicState::Well, format!("{what}: today")),
            Some(age) => (TopicState::Well, format!("{what}: {} days ago", days(age))),
        };
        found.add(period, state, told, (state == TopicState::Due).then_some(command));
    };
    let advisories = advisories::status(context).ok();
    let age = advisories.and_then(|known| known.sources.iter().filter_map(advisories::SourceReport::age).max());
    item(Period::Daily, "advisories were fetched", age.map(Duration::from_secs), DAY, "larder audit");
    let Some(root) = root else { return };
    let (last, failed) = last_times(root);
    let since = |names: &[&str]| {
        let time = names.iter().filter_map(|name| last.get(*name)).max()?;
        Some(Duration::from_secs(u64::try_from(Timestamp::now().as_second() - time.as_second()).unwrap_or_default()))
    };
    item(Period::Weekly, "dependencies were updated", since(&["update", "audit fix"]), 7 * DAY, "larder update --plan");
    item(Period::Weekly, "the store was cleaned up", since(&["gc"]), 7 * DAY, "larder gc");
    item(Period::Monthly, "a backup was made", since(&["backup"]), 30 * DAY, "larder backup FILE");
    if failed > 0 {
        let told = format!("{} failed in the last day", crate::diagnostic::counted(failed, "operation"));
        found.add(Period::Daily, TopicState::Due, told, Some("larder log --since 1d"));
    }
}

/// Returns when each operation was last done, and how many failed in the last day.
fn last_times(root: &Path) -> (BTreeMap<String, Timestamp>, usize) {
    let logs = Logs::of_project(root, LogLevel::Debug);
    // A log that cannot be read knows of nothing.
    let read = logs.read(LogName::Operations, &LogQuery { since: None, newest: 10_000 }).unwrap_or_default();
    let (mut last, mut failed) = (BTreeMap::new(), 0);
    let now = Timestamp::now().as_second();
    for line in &read.lines {
        let Ok(entry) = serde_json::from_str::<serde_json::Value>(line) else { continue };
        let (Some(operation), Some(time)) = (entry["operation"].as_str(), entry["time"].as_str()) else { continue };
        let Ok(time) = time.parse::<Timestamp>() else { continue };
        match entry["result"].as_str() {
            Some("done") => drop(last.insert(operation.to_owned(), time)),
            Some("failed") if now - time.as_second() < 24 * 60 * 60 => failed += 1,
            _ => {}
        }
    }
    (last, failed)
}
