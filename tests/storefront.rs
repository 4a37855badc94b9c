//! The fixture that the demo shows: Node and Python from two folders, without a network.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::{Project, python_version};

fn fixture() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/storefront")
}

/// Copies the fixture into a project, its manifest told of this machine's Python.
fn storefront() -> Project {
    let project = Project::alone();
    copy(&fixture(), &project.path(""));
    let manifest = project.read("larder.kdl").replace("python \"3.11\"", &format!("python \"{}\"", python_version()));
    project.write("larder.kdl", &manifest);
    project
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("a name");
        match name.to_str() {
            Some("node_modules" | ".venv" | ".larder" | "larder.lock") => {}
            _ if path.is_dir() => copy(&path, &to.join(name)),
            _ => drop(fs::copy(&path, to.join(name)).expect("a copy")),
        }
    }
}

#[test]
fn both_halves_run_without_a_network() {
    let project = storefront();
    project.run("larder sync").exits(0);
    let node = project.run("larder run -- node src/main.mjs").exits(0);
    assert_eq!(
        node.stdout,
        "[ STOREFRONT ]\ntea: 4.50 EUR\nhoney: 7.25 EUR\noat biscuits: 3.10 EUR\ngift card: 25.00 EUR\n"
    );
    let python = project.run("larder run -- python src/main.py").exits(0);
    assert_eq!(python.stdout, "books\n-----\nbalance -10.15\n");
    assert_eq!(project.run("larder run -- receipt 4.5 7.249").exits(0).stdout, "total 11.75 EUR\n");
    assert_eq!(project.run("larder run -- ledger 4.5 7.249").exits(0).stdout, "balance 11.75\n");
    let before = project.listing();
    project.run("larder ci --offline").exits(0);
    assert_eq!(project.listing(), before);
}

#[test]
fn production_is_development_without_its_tests() {
    let project = storefront();
    project.run("larder lock").exits(0);
    let names = |command: &str| {
        let listing = project.run(command).exits(0).json();
        let packages = listing["packages"].as_array().expect("packages");
        packages.iter().filter_map(|p| p["name"].as_str().map(str::to_owned)).collect::<Vec<_>>()
    };
    let mut development = names("larder list --json");
    let production = names("larder list --json --env production");
    development.retain(|name| name != "tiny-test" && name != "tally-checks");
    assert_eq!(development, production);
    let expected =
        ["@storefront/money", "catalog", "paint", "receipt", "rounding", "decimals-plus", "inkpot", "ledger", "theme"];
    assert_eq!(production, expected);
}

#[test]
fn the_registries_are_what_their_script_writes() {
    let checked = Command::new("python3").arg(fixture().join("generate.py")).arg("--check").output().expect("python3");
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
}
