//! Runs that are killed, or whose disk fails, at one system call after the other.
//!
//! A run is traced once; then, for each of its calls that change the disk, everything is put back as it was and the run
//! is repeated with a blow at that call. What is left must be whole, and the next command must leave nothing that a run
//! without a blow does not leave. The tests take a sample. All of it takes many minutes:
//!
//! ```sh
//! cargo test whole_sweep -- --ignored --nocapture
//! SWEEP=added,new cargo test …                # some scenes
//! SWEEP_BLOWS=Kill,KillTwice cargo test …     # some blows
//! SWEEP_EVERY=7 cargo test …                  # every seventh point
//! LARDER_BINARY=target/release/larder …       # another binary
//! ```
//!
//! It stands on `strace`; without it these tests say so and pass.

mod imported;
mod publish;
mod released;
mod restored;
mod scenes;
mod sight;
mod struck;
mod trace;
mod unbundle;

use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::support::{Output, Project};
use scenes::{SCENES, Scene};
use sight::Sight;
use trace::Point;

/// What happens at a call.
#[derive(Clone, Copy, Debug)]
enum Blow {
    /// The process is killed before the call takes effect.
    Kill,
    /// So is the next command, which recovers.
    KillTwice,
    /// The call fails with this error.
    Fails(&'static str),
}

const BLOWS: [Blow; 4] = [Blow::Kill, Blow::Fails("ENOSPC"), Blow::Fails("EIO"), Blow::KillTwice];

/// What a user does after a blow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Then {
    /// The same again, then a sync.
    Again,
    /// A sync.
    Sync,
}

/// A run that is repeated, and what was there before it.
struct Sweep {
    scene: &'static Scene,
    project: Project,
    before: TempDir,
    /// The manifest after a run that nothing disturbs.
    manifest: String,
    /// What can be seen before the run.
    old: Sight,
    /// And after it.
    new: Sight,
    /// What a sync makes of both.
    synced: [Sight; 2],
    /// Every path that is there before the run, or after it, or after a sync.
    paths: BTreeSet<PathBuf>,
    /// Whether what was there before was whole.
    was_whole: bool,
    _servers: Vec<Box<dyn std::any::Any>>,
}

impl Sweep {
    fn new(scene: &'static Scene) -> Self {
        let (project, servers) = (scene.prepare)();
        let before = tempfile::tempdir().expect("a folder");
        copy(project.folder(), before.path());
        let mut sweep = Self {
            scene,
            old: Sight::of(&project),
            manifest: String::new(),
            new: Sight::default(),
            synced: [Sight::default(), Sight::default()],
            paths: paths(project.folder()),
            was_whole: project.has(".larder/active") && project.run("larder verify").status == 0,
            project,
            before,
            _servers: servers,
        };
        for (place, command) in [None, Some(scene.command)].into_iter().enumerate() {
            sweep.put_back();
            if let Some(command) = command {
                sweep.project.run(command).exits(0);
                sweep.new = Sight::of(&sweep.project);
                sweep.manifest = sweep.project.read("larder.kdl");
                sweep.paths.extend(paths(sweep.project.folder()));
            }
            if command.is_some() || !scene.again {
                sweep.sync("at rest");
            }
            sweep.synced[place] = Sight::of(&sweep.project);
            sweep.paths.extend(paths(sweep.project.folder()));
        }
        sweep
    }

    fn put_back(&self) {
        std::fs::remove_dir_all(self.project.folder()).expect("a folder of ours");
        copy(self.before.path(), self.project.folder());
        if self.scene.synced {
            // Its record names the inodes.
            self.project.run("larder sync").exits(0);
        }
    }

    /// Traces the run and returns its calls that change the disk.
    fn points(&self) -> Vec<Point> {
        self.put_back();
        let trace = self.before.path().with_extension("trace");
        let file = trace.display().to_string();
        self.project.under(&["strace", "-f", "-qq", "-y", "-s", "8", "-o", &file], self.scene.command).exits(0);
        let text = String::from_utf8_lossy(&std::fs::read(&trace).expect("a trace")).into_owned();
        std::fs::remove_file(trace).expect("a trace");
        trace::points(&text, self.project.folder())
    }

    /// Repeats the run with a blow at a point, looks at what is left, and goes on. Tells whether the blow was felt.
    fn strike(&self, blow: Blow, point: &Point, second: &Point, then: Then) -> bool {
        self.put_back();
        let place = format!("{}: {blow:?} at {point:?}, then {then:?}", self.scene.command);
        let output = self.struck(blow, point);
        match blow {
            Blow::Kill | Blow::KillTwice if output.status == 0 => return false,
            // With 6 it was a program that larder had asked something.
            Blow::Kill | Blow::KillTwice => {
                let is_felt = [137, 6].contains(&output.status) || self.is_of_others(&output);
                assert!(is_felt, "{place} ends with {}\n{}", output.status, output.stderr);
            }
            Blow::Fails(_) if self.is_of_others(&output) => {}
            // What is a convenience may fail in silence; what counts says what is wrong with the machine.
            // The threads of the network wake each other by writes, too, which no disk can fail. One that is not woken may
            // wait for ever, and is killed; then only what is left counts.
            Blow::Fails(_) if point.call == "write" && is_not_woken(&output) => {}
            Blow::Fails(_) => {
                // Writes go to connections too.
                let is_network = output.status == 5 && point.call == "write";
                let status = output.status;
                assert!([0, 6].contains(&status) || is_network, "{place} ends with {status}\n{}", output.stderr);
                // The message is a write of a thread too.
                let is_mute = point.call == "write" && output.stderr.trim().is_empty();
                let tells = status != 6 || is_mute || output.stderr.contains("larder::fs::");
                assert!(tells, "{place}\n{}", output.stderr);
            }
        }
        self.is_whole(&place);
        if let Blow::KillTwice = blow {
            self.struck(blow, second);
            self.is_whole(&format!("{place}, and at {second:?}"));
        }
        // A removal opens the folders that it empties.
        let is_kept =
            matches!(blow, Blow::Fails(_)) && ["openat", "unlink", "unlinkat", "rmdir"].contains(&&*point.call);
        self.recovers(&place, then, is_kept);
        true
    }

    /// Returns whether a program of others failed: the blow hit what runs in a sandbox, or git.
    fn is_of_others(&self, output: &Output) -> bool {
        self.scene.others.is_some_and(|code| [1, 5, 6].contains(&output.status) && output.stderr.contains(code))
    }

    /// Runs the command with a blow at a point.
    fn struck(&self, blow: Blow, Point { call, nth }: &Point) -> Output {
        let injected = match blow {
            Blow::Kill | Blow::KillTwice => format!("inject={call}:signal=KILL:when={nth}"),
            Blow::Fails(error) => format!("inject={call}:error={error}:when={nth}"),
        };
        let trace = format!("trace={call}");
        let mut prefix = vec!["strace", "-f", "-qq", "-o", "/dev/null", "-e", &trace, "-e", &injected];
        if matches!(blow, Blow::Fails(_)) && call == "write" {
            prefix.extend(["timeout", "-s", "KILL", "10"]);
        }
        self.project.under(&prefix, self.scene.command)
    }

    /// Fails the test unless everything that can be seen is the old one or the new one, whole.
    fn is_whole(&self, place: &str) {
        let seen = Sight::of(&self.project);
        seen.assert_is_of([&self.old, &self.new], place);
        if !self.project.has(".larder/active") {
            assert!(!self.old.has_profile(), "{place}: there is no profile");
            return;
        }
        assert!(self.project.path(".larder/active/generation.json").exists(), "{place}: there is no generation");
        self.succeeds("larder history", place);
        if !self.scene.foreign {
            seen.assert_is_of_checkout(&self.project, place);
        }
        if self.was_whole {
            self.succeeds("larder verify", place);
        }
    }

    /// Goes on as a user would; nothing of the blow may be left. What the disk did not let go (`is_kept`) may lie in the store's staging
    /// folder until something else is staged, or `gc` runs.
    fn recovers(&self, place: &str, then: Then, is_kept: bool) {
        let then = if self.scene.again { Then::Again } else { then };
        if then == Then::Again {
            let again = self.project.run(self.scene.command);
            let is_done = self.scene.once && self.project.read("larder.kdl") == self.manifest;
            assert!(again.status == 0 || is_done, "{place}\n{}", again.stderr);
            if !is_done {
                Sight::of(&self.project).assert_is_of([&self.new, &self.new], place);
            }
        }
        self.sync(place);
        let expected = if then == Then::Again { [&self.synced[1]; 2] } else { [&self.synced[0], &self.synced[1]] };
        let seen = Sight::of(&self.project);
        seen.assert_is_of(expected, place);
        seen.assert_is_of_checkout(&self.project, place);
        self.succeeds("larder verify", place);
        self.assert_clean(place, |path| !(is_cached(path) || is_kept && path.starts_with("store/v1/staging")));
        self.succeeds("larder gc", place);
        self.succeeds("larder verify", place);
        assert_eq!(Sight::of(&self.project), seen, "{place}, then gc");
        self.assert_clean(&format!("{place}, then gc"), |path| !is_of_git(path));
    }

    /// Syncs; where the profile was rolled back, as the message says.
    fn sync(&self, place: &str) {
        let synced = self.project.run("larder sync");
        if synced.status != 0 {
            assert!(synced.stderr.contains("larder::sync::rolled_back"), "{place}, then sync\n{}", synced.stderr);
            self.succeeds("larder sync --forward", place);
        }
    }

    fn succeeds(&self, command: &str, place: &str) {
        let output = self.project.run(command);
        assert_eq!(output.status, 0, "{place}, then {command}\n{}{}", output.stdout, output.stderr);
    }

    /// Fails the test where something lies around that a run without a blow does not leave.
    fn assert_clean(&self, place: &str, counts: impl Fn(&Path) -> bool) {
        let found = paths(self.project.folder());
        let left: Vec<_> = found.difference(&self.paths).filter(|path| !is_log(path) && counts(path)).collect();
        assert!(left.is_empty(), "{place} leaves {left:?}");
    }
}

/// Returns whether a thread of the network could not wake another.
fn is_not_woken(output: &Output) -> bool {
    output.status == 137 || output.stderr.contains("failed to wake I/O driver")
}

/// A log begins anew at midnight.
fn is_log(path: &Path) -> bool {
    path.starts_with("project/.larder/logs") && path.extension().is_some_and(|extension| extension == "jsonl")
}

/// What is asked of registries may be half-written in the cache until it is asked again, or collected.
fn is_cached(path: &Path) -> bool {
    let is_temporary = path.extension().is_some_and(|extension| extension == "tmp");
    path.starts_with("cache") && is_temporary || is_of_git(path)
}

/// What git was writing when it was hit stays in its repository in the cache, which is collected as a whole.
fn is_of_git(path: &Path) -> bool {
    path.starts_with("cache/git/v1")
}

pub(crate) fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    let done = Command::new("cp").arg("-a").arg(from.join(".")).arg(to).status().expect("cp");
    assert!(done.success());
}

/// Lists what lies below a folder, generations without their numbers. What is in them, in realised packages and in the
/// store's trees is left out: `verify` looks there, and byte-code that is made twice may differ.
fn paths(folder: &Path) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        let parent = next.parent().and_then(Path::file_name).unwrap_or_default().to_owned();
        for entry in std::fs::read_dir(&next).expect("a folder") {
            let entry = entry.expect("an entry");
            let name = entry.file_name().to_string_lossy().into_owned();
            let is_generation = parent == ".profiles" && name.parse::<u64>().is_ok();
            let path = next.join(if is_generation { "N" } else { &name });
            found.insert(path.strip_prefix(folder).expect("below").to_owned());
            let is_closed = is_generation || ["trees", ".packages", ".adopted"].contains(&&*name);
            if entry.file_type().expect("a kind").is_dir() && !is_closed {
                folders.push(entry.path());
            }
        }
    }
    for closed in ["store/v1/trees", "project/.larder/node_modules/.packages"] {
        let Ok(entries) = std::fs::read_dir(folder.join(closed)) else { continue };
        let names = entries.map(|entry| entry.expect("an entry").file_name());
        let hidden = names.filter(|name| name.to_string_lossy().starts_with('.'));
        found.extend(hidden.map(|name| Path::new(closed).join(name)));
    }
    found
}

pub(crate) fn has_strace() -> bool {
    let there = Command::new("strace").arg("--version").output().is_ok_and(|output| output.status.success());
    if !there {
        say("NOT TESTED: kills at every system call need `strace`, which this machine does not have");
    }
    there
}

/// Tells the person who runs the tests, past what catches their output.
pub(crate) fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// Returns whether what a scene builds can be built here.
fn has_sandbox(scene: &Scene) -> bool {
    let (project, _servers) = (scene.prepare)();
    !project.run(scene.command).stderr.contains("larder::build::no_sandbox")
}

/// Strikes a few of a scene's points, with another blow each.
fn sample(name: &str) {
    const POINTS: usize = 4;
    if !has_strace() {
        return;
    }
    let scene = SCENES.iter().find(|scene| scene.name == name).expect("a scene");
    if scene.others.is_some() && !has_sandbox(scene) {
        return say("NOT TESTED: builds need a sandbox, which this machine does not have");
    }
    let sweep = Sweep::new(scene);
    let points = sweep.points();
    for (turn, blow) in BLOWS.iter().enumerate().take(POINTS) {
        // Somewhere else in each scene, and the same in each run.
        let at = (turn * points.len() + scene.command.len() % points.len()) / POINTS;
        let then = if (turn + name.len()).is_multiple_of(2) { Then::Again } else { Then::Sync };
        sweep.strike(*blow, &points[at % points.len()], &points[(at * 7 + 3) % points.len()], then);
    }
}

macro_rules! samples {
    ($($test:ident: $scene:literal,)*) => {
        $(#[test] fn $test() { sample($scene); })*

        #[test]
        fn every_scene_has_a_sample() {
            assert_eq!(SCENES.each_ref().map(|scene| scene.name), [$($scene),*]);
        }
    };
}

samples! {
    a_first_sync_survives_blows: "new",
    a_sync_of_changes_survives_blows: "changed",
    a_sync_of_members_private_files_and_writable_packages_survives_blows: "rich",
    a_sync_of_another_environment_survives_blows: "switched",
    a_sync_that_compiles_survives_blows: "compiled",
    a_repair_survives_blows: "harmed",
    a_repair_of_a_record_survives_blows: "unrecorded",
    a_use_survives_blows: "used",
    a_rollback_survives_blows: "rolled-back",
    a_rollback_of_one_package_survives_blows: "taken-back",
    a_way_forward_survives_blows: "forward",
    a_promotion_survives_blows: "promoted",
    a_pin_survives_blows: "pinned",
    an_unpin_survives_blows: "unpinned",
    a_collection_survives_blows: "collected",
    an_init_survives_blows: "begun",
    an_add_survives_blows: "added",
    an_add_to_a_member_survives_blows: "member-added",
    a_remove_survives_blows: "removed",
    a_lock_survives_blows: "locked",
    an_update_survives_blows: "updated",
    an_adoption_survives_blows: "adopted",
    a_sync_of_a_copy_survives_blows: "copied",
    a_deployment_of_a_flow_survives_blows: "deployed",
    a_build_survives_blows: "built",
    a_clone_of_repositories_survives_blows: "cloned",
    a_sync_that_brings_node_survives_blows: "node-brought",
    a_sync_that_moves_node_survives_blows: "node-moved",
    a_sync_that_brings_python_survives_blows: "python-brought",
}

#[test]
#[ignore = "takes many minutes"]
fn whole_sweep() {
    assert!(has_strace());
    let only = std::env::var("SWEEP").unwrap_or_default();
    let blows = std::env::var("SWEEP_BLOWS").unwrap_or_default();
    let every = std::env::var("SWEEP_EVERY").ok().and_then(|every| every.parse().ok()).unwrap_or(1_usize).max(1);
    let is_asked = |blow: Blow| blows.is_empty() || blows.split(',').any(|name| name == format!("{blow:?}"));
    let mut failures = 0;
    for scene in SCENES.iter().filter(|scene| only.is_empty() || only.split(',').any(|only| only == scene.name)) {
        let sweep = Sweep::new(scene);
        let points = sweep.points();
        for (turn, blow) in BLOWS.into_iter().enumerate().filter(|(_, blow)| is_asked(*blow)) {
            let (mut felt, mut failed, mut struck) = (0, 0, 0);
            for (at, point) in points.iter().enumerate().skip(turn).step_by(every) {
                // A third of them is enough where the second blow falls anywhere.
                if matches!(blow, Blow::KillTwice) && !at.is_multiple_of(3) {
                    continue;
                }
                struck += 1;
                let second = &points[(at * 7 + 3) % points.len()];
                let then = if (at + turn).is_multiple_of(2) { Then::Again } else { Then::Sync };
                let strike = std::panic::AssertUnwindSafe(|| sweep.strike(blow, point, second, then));
                match std::panic::catch_unwind(strike) {
                    Ok(one) => felt += usize::from(one),
                    Err(_) => failed += 1,
                }
            }
            say(&format!("{}: {blow:?}: {struck} points, {felt} felt and survived, {failed} failed", scene.name));
            failures += failed;
        }
    }
    assert_eq!(failures, 0, "failures");
}
