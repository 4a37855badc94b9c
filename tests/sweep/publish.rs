//! Publications that are killed, or whose disk fails, at one system call after the other.

use std::path::Path;

use super::trace::{self, Point};
use super::{Blow, copy, has_strace};
use crate::support::{Output, Project};

/// A registry with one version, and a package whose next version is published.
struct Publication {
    project: Project,
    before: tempfile::TempDir,
    command: String,
}

impl Publication {
    fn new() -> Self {
        let project = Project::alone();
        project.run("larder registry init packages --origin packages.example").exits(0);
        let command = format!("larder -C orders publish --registry {}", project.path("packages").display());
        let version = |version: &str| {
            let manifest = format!("package \"orders\" version=\"{version}\" {{ node \".\"; }}\n");
            project.write("orders/larder.kdl", &manifest).write("orders/index.js", "module.exports = 1\n");
        };
        version("1.0.0");
        project.run(&command).exits(0);
        version("1.1.0");
        let before = tempfile::tempdir().expect("a folder");
        copy(project.folder(), before.path());
        Self { project, before, command }
    }

    fn put_back(&self) {
        std::fs::remove_dir_all(self.project.folder()).expect("a folder of ours");
        copy(self.before.path(), self.project.folder());
    }

    fn points(&self) -> Vec<Point> {
        let trace = self.before.path().with_extension("trace");
        let file = trace.display().to_string();
        self.project.under(&["strace", "-f", "-qq", "-y", "-s", "8", "-o", &file], &self.command).exits(0);
        let text = String::from_utf8_lossy(&std::fs::read(&trace).expect("a trace")).into_owned();
        std::fs::remove_file(trace).expect("a trace");
        trace::points(&text, self.project.folder())
    }

    /// Publishes with a blow at a call, looks at what is left, and publishes again.
    fn strike(&self, blow: Blow, point: &Point) {
        self.put_back();
        let Point { call, nth } = point;
        let injected = match blow {
            Blow::Kill | Blow::KillTwice => format!("inject={call}:signal=KILL:when={nth}"),
            Blow::Fails(error) => format!("inject={call}:error={error}:when={nth}"),
        };
        let trace = format!("trace={call}");
        let prefix = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", &trace, "-e", &injected];
        for _ in 0..if matches!(blow, Blow::KillTwice) { 2 } else { 1 } {
            let output = self.project.under(&prefix, &self.command);
            let is_expected = match blow {
                Blow::Fails(_) => [0, 6].contains(&output.status),
                Blow::Kill | Blow::KillTwice => [0, 137].contains(&output.status),
            };
            assert!(is_expected, "{blow:?} at {point:?}: {}\n{}", output.status, output.stderr);
            let left = self.project.run("larder registry verify packages");
            assert!(is_older_or_newer(&left), "{blow:?} at {point:?}\n{}", left.stderr);
        }
        self.project.run(&self.command).exits(0);
        let whole = self.project.run_json("larder registry verify packages --json");
        assert_eq!(whole["versions"], 2, "{blow:?} at {point:?}");
        assert!(!has_temporary(&self.project.path("packages")), "{blow:?} at {point:?}");
    }
}

/// Returns whether a registry is whole as far as its checkpoint goes: at most the index file has lines that do not exist yet.
fn is_older_or_newer(verified: &Output) -> bool {
    let problems: Vec<&str> = verified.stderr.lines().filter(|line| line.trim_start().starts_with("│ - ")).collect();
    let is_cut_off = problems.len() == 1 && problems[0].contains("the index file of orders has lines");
    verified.status == 0 || verified.status == 4 && is_cut_off
}

/// Returns whether a half-written file lies below a folder.
fn has_temporary(folder: &Path) -> bool {
    std::fs::read_dir(folder).expect("a folder").any(|entry| {
        let entry = entry.expect("an entry");
        let path = entry.path();
        let is_folder = entry.file_type().expect("a kind").is_dir();
        path.extension().is_some_and(|extension| extension == "tmp") || is_folder && has_temporary(&path)
    })
}

fn sweep(step: usize) {
    if !has_strace() {
        return;
    }
    let publication = Publication::new();
    let points = publication.points();
    assert!(points.len() > 20, "{points:?}");
    let blows = [Blow::Kill, Blow::Fails("ENOSPC"), Blow::KillTwice, Blow::Fails("EIO")];
    for (turn, point) in points.iter().enumerate() {
        for (place, blow) in blows.iter().enumerate() {
            if (turn * blows.len() + place).is_multiple_of(step) {
                publication.strike(*blow, point);
            }
        }
    }
}

#[test]
fn a_publication_survives_blows() {
    sweep(41);
}

#[test]
#[ignore = "takes minutes"]
fn whole_sweep_of_a_publication() {
    sweep(1);
}
