//! Publications that are killed, or whose disk fails, at one system call after the other.

use std::path::Path;

use super::Blow;
use super::struck::StruckCommand;
use super::trace::Point;
use crate::support::{Output, Project};

/// A registry with one version, and a package whose next version is published.
fn publication() -> StruckCommand {
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
    StruckCommand::new(project, command)
}

/// Publishes with a blow at a call, looks at what is left, and publishes again.
fn strike(publication: &StruckCommand, blow: Blow, point: &Point) {
    let project = &publication.project;
    publication.put_back();
    for _ in 0..if matches!(blow, Blow::KillTwice) { 2 } else { 1 } {
        publication.run(blow, point);
        let left = project.run("larder registry verify packages");
        assert!(is_older_or_newer(&left), "{blow:?} at {point:?}\n{}", left.stderr);
    }
    project.run(&publication.command).exits(0);
    let whole = project.run_json("larder registry verify packages --json");
    assert_eq!(whole["versions"], 2, "{blow:?} at {point:?}");
    assert!(!has_temporary(&project.path("packages")), "{blow:?} at {point:?}");
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

#[test]
fn a_publication_survives_blows() {
    StruckCommand::sweep(41, publication, strike);
}

#[test]
#[ignore = "takes minutes"]
fn whole_sweep_of_a_publication() {
    StruckCommand::sweep(1, publication, strike);
}
