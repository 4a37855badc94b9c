//! Restores that are killed, or whose disk fails, at one system call after the other.

use super::Blow;
use super::struck::StruckCommand;
use super::trace::Point;
use crate::support::Project;

/// By force: what is there is newer than its backup.
const RESTORE: &str = "larder restore ../new.backup.tar.gz --force";

/// The files that a backup has, and that both states differ in.
const FILES: [&str; 4] = ["larder.kdl", "larder.lock", "tools/local/package.json", "packages/theme/package.json"];

/// Makes the project what it is at a version, with a generation.
fn write(project: &Project, version: &str) {
    let package = |name: &str| format!("{{\"name\":\"{name}\",\"version\":\"{version}\"}}\n");
    project
        .write("tools/local/package.json", &package("local"))
        .write("packages/theme/package.json", &package("theme"))
        .write(
            "larder.kdl",
            &format!("// {version}\nmembers \"packages/*\"\ndependencies {{ path \"tools/local\"; }}\n"),
        );
    project.run("larder sync").exits(0);
}

/// An older project over which the backup of a newer one is restored.
fn project() -> StruckCommand {
    let project = Project::alone();
    write(&project, "1.0.0");
    write(&project, "2.0.0");
    project.run("larder backup ../new.backup.tar.gz").exits(0);
    write(&project, "1.0.0");
    project.write("mine.txt", "mine");
    StruckCommand::new(project, RESTORE.to_owned())
}

/// Restores with a blow at a call, looks at what is left, and restores again.
fn strike(struck: &StruckCommand, blow: Blow, point: &Point) {
    let project = &struck.project;
    let place = format!("{blow:?} at {point:?}");
    struck.put_back();
    let is_new = |file: &str| project.read(file).contains("2.0.0");
    for _ in 0..if matches!(blow, Blow::KillTwice) { 2 } else { 1 } {
        let output = struck.run(blow, point);
        let new = FILES.iter().filter(|file| is_new(file)).count();
        let listed = project.run("larder list");
        // All or nothing; or it is said that it is not finished, and nothing else works.
        match listed.status {
            0 => assert!([0, FILES.len()].contains(&new), "{place}: {new} files of the backup"),
            _ => assert!(listed.stderr.contains("was cut off"), "{place}\n{}", listed.stderr),
        }
        assert!(output.status != 0 || new == FILES.len(), "{place}");
    }
    project.run(RESTORE).exits(0);
    assert!(FILES.iter().all(|file| is_new(file)) && project.read("mine.txt") == "mine", "{place}");
    assert!(!project.has(".larder/restoring"), "{place}");
    project.run("larder sync --frozen").exits(0);
    project.run("larder verify").exits(0);
}

#[test]
fn a_restore_survives_blows() {
    StruckCommand::sweep(29, project, strike);
}

#[test]
#[ignore = "takes minutes"]
fn whole_sweep_of_a_restore() {
    let step = std::env::var("SWEEP_EVERY").ok().and_then(|step| step.parse().ok()).unwrap_or(1);
    StruckCommand::sweep(step, project, strike);
}
