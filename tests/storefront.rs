//! The fixture that the demo shows: Node, Python, Creatio and a local package from folders, without a network.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::support::{Project, conforms, python_version};

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

/// Returns the Creatio packages of the active environment, in the order of installation.
fn installation_order(project: &Project) -> Vec<String> {
    let order: Value =
        serde_json::from_str(&project.read(".larder/active/packages/creatio/order.json")).expect("a document");
    let packages = order["packages"].as_array().expect("packages");
    packages.iter().filter_map(|package| package["name"].as_str().map(str::to_owned)).collect()
}

/// A file of an indirect Creatio package in the active environment.
const MONEY: &str = ".larder/active/packages/creatio/UsrShopBase/Schemas/UsrShopMoney/UsrShopMoney.cs";

/// Returns the digest of the newest generation of development.
fn digest(project: &Project) -> String {
    let history = project.run_json("larder history --json --env development");
    let generations = history["generations"].as_array().expect("generations");
    let newest = generations.iter().max_by_key(|generation| generation["number"].as_u64()).expect("a generation");
    newest["digest"].as_str().expect("a digest").to_owned()
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
    development.retain(|name| !["tiny-test", "tally-checks", "UsrShopSamples"].contains(&name.as_str()));
    assert_eq!(development, production);
    let expected = [
        "@storefront/money",
        "catalog",
        "paint",
        "receipt",
        "rounding",
        "decimals-plus",
        "inkpot",
        "ledger",
        "theme",
        "UsrShopBase",
        "UsrShopOrders",
    ];
    assert_eq!(production, expected);
}

#[test]
fn four_ecosystems_have_one_lock_and_one_generation() {
    let project = storefront();
    project.run("larder sync --offline").exits(0);
    let lock = project.read("larder.lock");
    for id in [
        "npm:rounding@1.0.3",
        "pypi:ledger@1.4.0",
        "path:theme@0.1.0",
        "creatio:UsrShopBase@1.2.0",
        "creatio:UsrShopOrders@1.4.0",
    ] {
        assert!(lock.contains(&format!("id = \"{id}\"\n")), "{id}: {lock}");
    }
    // All four are in the generation.
    assert!(project.has("node_modules/catalog") && project.has("node_modules/theme"));
    assert!(!project.has("node_modules/UsrShopOrders"));
    assert!(project.read(MONEY).contains("public class Money"));
    assert_eq!(installation_order(&project), ["UsrShopBase", "UsrShopOrders", "UsrShopSamples"]);
    // The lock is a function: again with it, and again from nothing.
    let before = project.state();
    project.run("larder lock").exits(0);
    project.run("larder sync --locked").exits(0);
    assert_eq!(project.state(), before);
    fs::remove_file(project.path("larder.lock")).expect("a lock");
    project.forget();
    project.run("larder lock --offline").exits(0);
    assert_eq!(project.read("larder.lock"), lock);
    // In another home the generation is the same.
    let other = storefront();
    other.run("larder sync --offline").exits(0);
    assert_eq!((other.read("larder.lock"), digest(&other)), (lock, digest(&project)));
}

#[test]
fn generations_of_four_ecosystems_come_and_go() {
    let project = storefront();
    project.run("larder sync").exits(0);
    let manifest = project.read("larder.kdl");
    project.run("larder remove creatio:UsrShopSamples npm:tiny-test").exits(0);
    assert_eq!(installation_order(&project), ["UsrShopBase", "UsrShopOrders"]);
    assert!(!project.has("node_modules/tiny-test"));
    project.run("larder diff 1 2").exits(0).names(["creatio:UsrShopSamples", "npm:tiny-test"]);
    project.run("larder rollback").exits(0);
    assert_eq!(installation_order(&project), ["UsrShopBase", "UsrShopOrders", "UsrShopSamples"]);
    assert!(project.has("node_modules/tiny-test"));
    project.write("larder.kdl", &manifest);
    project.run("larder sync --forward").exits(0);
    assert_eq!(installation_order(&project), ["UsrShopBase", "UsrShopOrders", "UsrShopSamples"]);

    // Production has what development has, without the group.
    project.run("larder promote development production").exits(0);
    project.run("larder use production").exits(0);
    assert_eq!(installation_order(&project), ["UsrShopBase", "UsrShopOrders"]);
    project.run("larder diff development production").exits(0).names(["creatio:UsrShopSamples"]);
    project.run("larder verify --env production").exits(0);
    project.run("larder gc").exits(0);
    project.run("larder verify").exits(0);
    project.run("larder use development").exits(0);
    assert!(project.read(MONEY).contains("public class Money"));
    // Nothing is asked of a registry again.
    fs::remove_dir_all(project.path("registries")).expect("registries");
    let before = project.state();
    project.run("larder sync --locked --offline").exits(0);
    assert!(project.state() == before, "nothing was to be done");
}

#[test]
fn a_harmed_file_of_any_ecosystem_is_found_and_repaired() {
    let project = storefront();
    project.run("larder sync").exits(0);
    let python = format!(".venv/lib/python{}/site-packages/ledger/__init__.py", python_version());
    for (file, package) in
        [(MONEY, "UsrShopBase"), ("node_modules/catalog/index.js", "catalog"), (python.as_str(), "ledger")]
    {
        let (path, whole) = (project.path(file), project.read(file));
        fs::remove_file(&path).expect("a file");
        fs::write(&path, "harm").expect("a file");
        project.run("larder verify").exits(4).names([package]);
        project.run("larder sync --repair").exits(0);
        project.run("larder verify").exits(0);
        assert_eq!(project.read(file), whole, "{file}");
    }
    // A whole folder of a package, and the list of all.
    fs::remove_dir_all(project.path(".larder/active/packages/creatio/UsrShopOrders")).expect("a folder");
    fs::remove_file(project.path(".larder/active/packages/creatio/order.json")).expect("a file");
    project.run("larder verify").exits(4).names(["UsrShopOrders", "order.json"]);
    project.run("larder sync --repair").exits(0);
    project.run("larder verify").exits(0);
    assert_eq!(installation_order(&project), ["UsrShopBase", "UsrShopOrders", "UsrShopSamples"]);
}

#[test]
fn four_ecosystems_are_told_about_alike() {
    let project = storefront();
    project.run("larder lock").exits(0);
    project.run("larder why creatio:UsrShopBase").exits(0).names([
        "larder.kdl → creatio:UsrShopOrders@1.4.0 → creatio:UsrShopBase@1.2.0",
        "larder.kdl (group test) → creatio:UsrShopSamples@1.0.0 → creatio:UsrShopOrders@1.4.0 → creatio:UsrShopBase@1.2.0",
    ]);
    project.run("larder why pypi:inkpot").exits(0).names(["larder.kdl → pypi:ledger@1.4.0 → pypi:inkpot@0.2.0"]);
    project.run("larder tree").exits(0).names([
        "npm:catalog 2.0.1",
        "pypi:ledger 1.4.0",
        "path:theme 0.1.0",
        "creatio:UsrShopOrders 1.4.0\n│   └── creatio:UsrShopBase 1.2.0",
    ]);
    conforms(&project.run_json("larder tree --json"), "tree");
    conforms(&project.run_json("larder list --json"), "list");
    for format in ["cyclonedx", "spdx"] {
        let names = |env: &str| {
            let bill = project.run_json(&format!("larder sbom --format {format} --env {env}"));
            let parts = bill["components"].as_array().or(bill["packages"].as_array()).expect("components");
            parts.iter().filter_map(|part| part["name"].as_str().map(str::to_owned)).collect::<Vec<_>>()
        };
        let (development, production) = (names("development"), names("production"));
        for name in ["catalog", "ledger", "theme", "UsrShopBase", "UsrShopOrders"] {
            assert!(production.iter().any(|part| part == name), "{name}: {production:?}");
        }
        assert!(
            development.contains(&"UsrShopSamples".to_owned()) && !production.contains(&"UsrShopSamples".to_owned())
        );
    }
}

#[test]
fn the_registries_are_what_their_script_writes() {
    let checked = Command::new("python3").arg(fixture().join("generate.py")).arg("--check").output().expect("python3");
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
}
