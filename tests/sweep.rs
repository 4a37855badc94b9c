//! Runs that are killed, or whose disk fails, at one system call after the other.
//!
//! A run is traced once; then, for each of its calls that change the disk, everything is put back as it was and the run
//! is repeated with a blow at that call. The tests take a sample. All of it, some minutes:
//!
//! ```sh
//! cargo test whole_sweep -- --ignored --nocapture
//! ```
//!
//! It stands on `strace`; without it these tests say so and pass.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::support::{Project, Registry, Universe};

/// What happens at a call.
#[derive(Clone, Copy, Debug)]
enum Blow {
    /// The process is killed before the call takes effect.
    Kill,
    /// The call fails with this error.
    Fails(&'static str),
}

const BLOWS: [Blow; 3] = [Blow::Kill, Blow::Fails("ENOSPC"), Blow::Fails("EIO")];

/// The `nth` call of a name that a thread makes.
type Point = (String, usize);

/// A run that is repeated, and what was there before it.
struct Sweep {
    project: Project,
    before: TempDir,
    command: &'static str,
    /// Every path that is there after a run without a blow.
    paths: BTreeSet<PathBuf>,
    /// Whether what was there before was whole.
    was_whole: bool,
    _registries: Vec<Registry>,
}

impl Sweep {
    fn new(project: Project, registries: Vec<Registry>, command: &'static str) -> Self {
        let before = tempfile::tempdir().expect("a folder");
        copy(project.folder(), before.path());
        let was_whole = project.run("larder verify").status == 0;
        project.run(command).exits(0);
        project.run("larder sync --forward").exits(0);
        let paths = paths(project.folder());
        Self { project, before, command, paths, was_whole, _registries: registries }
    }

    fn put_back(&self) {
        std::fs::remove_dir_all(self.project.folder()).expect("a folder of ours");
        copy(self.before.path(), self.project.folder());
    }

    /// Traces the run and returns its calls that change the disk.
    fn points(&self) -> Vec<Point> {
        self.put_back();
        let trace = self.before.path().with_extension("trace");
        let file = trace.display().to_string();
        self.project.under(&["strace", "-f", "-qq", "-y", "-s", "8", "-o", &file], self.command).exits(0);
        let text = String::from_utf8_lossy(&std::fs::read(&trace).expect("a trace")).into_owned();
        std::fs::remove_file(trace).expect("a trace");
        let folder = self.project.folder().display().to_string();
        let mut counts: BTreeMap<(&str, &str), usize> = BTreeMap::new();
        let mut points = BTreeSet::new();
        for line in text.lines() {
            let Some((thread, rest)) = line.split_once(' ') else { continue };
            let Some((name, arguments)) = rest.trim_start().split_once('(') else { continue };
            if name.contains(|c: char| !c.is_ascii_alphanumeric() && c != '_') {
                continue;
            }
            let count = counts.entry((thread, name)).or_default();
            *count += 1;
            if changes_the_disk(name, arguments, &folder) {
                points.insert((name.to_owned(), *count));
            }
        }
        points.into_iter().collect()
    }

    /// Repeats the run with a blow at a point, looks at what is left, and goes on. Tells whether the blow was felt.
    fn strike(&self, blow: Blow, (call, nth): &Point) -> bool {
        self.put_back();
        let place = format!("{}: {blow:?} at {call} {nth}", self.command);
        let injected = match blow {
            Blow::Kill => format!("inject={call}:signal=KILL:when={nth}"),
            Blow::Fails(error) => format!("inject={call}:error={error}:when={nth}"),
        };
        let trace = format!("trace={call}");
        let output = self
            .project
            .under(&["strace", "-f", "-qq", "-o", "/dev/null", "-e", &trace, "-e", &injected], self.command);
        match blow {
            Blow::Kill if output.status == 0 => return false,
            Blow::Kill => assert_eq!(output.status, 137, "{place}\n{}", output.stderr),
            // What is a convenience may fail in silence; what counts says what is wrong with the machine.
            Blow::Fails(_) => {
                // Writes go to connections too.
                let is_network = output.status == 5 && call == "write";
                assert!([0, 6].contains(&output.status) || is_network, "{place}\n{}", output.stderr);
                let tells = output.status != 6 || output.stderr.contains("larder::fs::");
                assert!(tells, "{place}\n{}", output.stderr);
            }
        }
        self.is_whole(&place);
        for next in [self.command, "larder sync --forward"] {
            let next = self.project.run(next);
            assert_eq!(next.status, 0, "{place}, then\n{}", next.stderr);
        }
        let verified = self.project.run("larder verify");
        assert_eq!(verified.status, 0, "{place}, then sync, then\n{}", verified.stderr);
        assert_eq!(self.programs(), ["2.0.0", "2.0.0"], "{place}, then sync");
        let left: Vec<_> = paths(self.project.folder()).difference(&self.paths).cloned().collect();
        assert!(left.is_empty(), "{place} leaves {left:?}");
        true
    }

    /// Fails the test unless the profile is the old one or the new one, whole.
    fn is_whole(&self, place: &str) {
        if !self.project.has(".larder/active") {
            assert!(!self.before.path().join("project/.larder/active").is_symlink(), "{place}");
            return;
        }
        assert!(self.project.path(".larder/active/generation.json").exists(), "{place}: there is no generation");
        if self.was_whole {
            let verified = self.project.run("larder verify");
            assert_eq!(verified.status, 0, "{place}\n{}", verified.stderr);
        }
        let [node, python] = self.programs();
        assert!(node == "1.0.0" || node == "2.0.0", "{place}: {node}");
        // An environment without Python has none.
        let found = if self.project.path(".venv/bin/python").exists() { python == node } else { python.is_empty() };
        assert!(found, "{place}: Python {python} beside Node {node}");
    }

    /// Returns the versions that programs see.
    fn programs(&self) -> [String; 2] {
        let node = "require('part-0'); console.log(require('part-1/package.json').version)";
        let node = self.project.program("node", &["-e", node]);
        let python =
            self.project.program(".venv/bin/python", &["-B", "-c", "import piece_1 as p; print(p.__version__)"]);
        [node, python].map(|output| output.stdout.trim().to_owned())
    }
}

/// The calls that change the disk, whatever their arguments.
const CALLS: [&str; 24] = [
    "chmod",
    "copy_file_range",
    "creat",
    "fallocate",
    "fchmod",
    "fchmodat",
    "fdatasync",
    "fsync",
    "ftruncate",
    "link",
    "linkat",
    "mkdir",
    "mkdirat",
    "rename",
    "renameat",
    "renameat2",
    "rmdir",
    "sendfile",
    "symlink",
    "symlinkat",
    "syncfs",
    "unlink",
    "unlinkat",
    "utimensat",
];

/// Tells whether a call may change what lies below `folder`.
fn changes_the_disk(name: &str, arguments: &str, folder: &str) -> bool {
    match name {
        "open" | "openat" => arguments.contains("O_CREAT") || arguments.contains("O_TMPFILE"),
        "write" | "pwrite64" | "writev" => arguments.split(',').next().is_some_and(|file| file.contains(folder)),
        _ => CALLS.contains(&name),
    }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    let done = Command::new("cp").arg("-a").arg(from.join(".")).arg(to).status().expect("cp");
    assert!(done.success());
}

/// Lists what lies below a folder. The store's trees are left out: byte-code that is made twice may differ, and what
/// nobody uses is the collection's matter.
fn paths(folder: &Path) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(&next).expect("a folder") {
            let entry = entry.expect("an entry");
            found.insert(entry.path().strip_prefix(folder).expect("below").to_owned());
            if entry.file_type().expect("a kind").is_dir() && !entry.path().ends_with("store/v1/trees") {
                folders.push(entry.path());
            }
        }
    }
    found
}

fn universe(version: &str) -> Universe {
    (0..4)
        .fold(Universe::new(), |universe, place| {
            let next = format!("part-{}", place + 1);
            universe
                .npm(&format!("part-{place}"), version, |p| {
                    let p = p.file("deep/data.txt", version).bin("cli", "cli.js", "#!/usr/bin/env node\n");
                    if place < 3 { p.dep(&next, "*") } else { p }
                })
                .pypi(&format!("piece-{place}"), version, |p| p)
        })
        .npm("@scope/tool", version, |p| p.file("big.txt", &version.repeat(1 << 17)))
}

fn manifest(project: &Project, version: &str) {
    project.manifest(&format!(
        "dependencies {{\n    npm \"part-0\" \"{version}\"\n    npm \"part-1\" \"{version}\"\n    npm \"@scope/tool\" \
         \"{version}\"\n}}\n\ngroup \"jobs\" {{\n    pypi \"piece-0\" \"=={version}\"\n    pypi \"piece-1\" \
         \"=={version}\"\n}}\n\nenvironment \"development\" {{ include \"jobs\"; }}\nenvironment \"production\" {{ include \
         \"jobs\"; }}\n",
    ));
}

/// A project that was never synced.
fn new() -> Sweep {
    let registry = universe("2.0.0").serve();
    let project = Project::new(&registry);
    manifest(&project, "2.0.0");
    Sweep::new(project, vec![registry], "larder sync")
}

/// A project that has another version of everything.
fn changed() -> Sweep {
    let (old, new) = (universe("1.0.0").serve(), universe("2.0.0").serve());
    let mut project = Project::new(&old);
    manifest(&project, "1.0.0");
    project.run("larder sync").exits(0);
    project.sees(&new);
    manifest(&project, "2.0.0");
    Sweep::new(project, vec![old, new], "larder sync")
}

/// Another environment becomes the active one, on disk for good.
fn switched() -> Sweep {
    let registry = universe("2.0.0").serve();
    let project = Project::new(&registry);
    manifest(&project, "2.0.0");
    project.run("larder sync").exits(0);
    Sweep::new(project, vec![registry], "larder sync --env production")
}

/// A package is harmed, in the store too.
fn harmed() -> Sweep {
    let registry = universe("2.0.0").serve();
    let project = Project::new(&registry);
    manifest(&project, "2.0.0");
    project.run("larder sync").exits(0);
    let file = project.path("node_modules/part-1/deep/data.txt").canonicalize().expect("a file");
    let script = "require('fs').chmodSync(process.argv[1], 0o644); require('fs').writeFileSync(process.argv[1], 'x')";
    project.program("node", &["-e", script, &file.display().to_string()]).exits(0);
    Sweep::new(project, vec![registry], "larder sync --repair")
}

/// Two generations, and the way back to the first.
fn rolled_back() -> Sweep {
    let (old, new) = (universe("1.0.0").serve(), universe("2.0.0").serve());
    let mut project = Project::new(&old);
    manifest(&project, "1.0.0");
    project.run("larder sync").exits(0);
    project.sees(&new);
    manifest(&project, "2.0.0");
    project.run("larder sync").exits(0);
    Sweep::new(project, vec![old, new], "larder rollback 1")
}

/// What development has becomes production's.
fn promoted() -> Sweep {
    let registry = universe("2.0.0").serve();
    let project = Project::new(&registry);
    manifest(&project, "2.0.0");
    project.run("larder sync").exits(0);
    Sweep::new(project, vec![registry], "larder promote development production")
}

type Scene = (&'static str, fn() -> Sweep);

const SCENES: [Scene; 6] = [
    ("new", new),
    ("changed", changed),
    ("switched", switched),
    ("harmed", harmed),
    ("rolled-back", rolled_back),
    ("promoted", promoted),
];

fn has_strace() -> bool {
    let there = Command::new("strace").arg("--version").output().is_ok_and(|output| output.status.success());
    if !there {
        say("NOT TESTED: kills at every system call need `strace`, which this machine does not have");
    }
    there
}

/// Tells the person who runs the tests, past what catches their output.
fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

fn sample(scene: fn() -> Sweep) {
    const POINTS: usize = 7;
    if !has_strace() {
        return;
    }
    let sweep = scene();
    let points = sweep.points();
    for (turn, place) in (0..POINTS).map(|place| place * points.len() / POINTS + place % 3).enumerate() {
        if let Some(point) = points.get(place) {
            sweep.strike(BLOWS[turn % BLOWS.len()], point);
        }
    }
}

#[test]
fn a_first_sync_survives_blows() {
    sample(new);
}

#[test]
fn a_sync_of_changes_survives_blows() {
    sample(changed);
}

#[test]
fn a_switch_of_environments_survives_blows() {
    sample(switched);
}

#[test]
fn a_repair_survives_blows() {
    sample(harmed);
}

#[test]
fn a_rollback_survives_blows() {
    sample(rolled_back);
}

#[test]
fn a_promotion_survives_blows() {
    sample(promoted);
}

#[test]
#[ignore = "takes minutes"]
fn whole_sweep() {
    assert!(has_strace());
    let only = std::env::var("SWEEP").unwrap_or_default();
    let mut failures = 0;
    for (name, scene) in SCENES.into_iter().filter(|(name, _)| only.is_empty() || only == *name) {
        let sweep = scene();
        let points = sweep.points();
        for blow in BLOWS {
            let mut felt = 0;
            for point in &points {
                let strike = std::panic::AssertUnwindSafe(|| sweep.strike(blow, point));
                match std::panic::catch_unwind(strike) {
                    Ok(one) => felt += usize::from(one),
                    Err(_) => failures += 1,
                }
            }
            say(&format!("{name}: {blow:?}: {} points, {felt} felt and survived", points.len()));
        }
    }
    assert_eq!(failures, 0, "failures");
}
