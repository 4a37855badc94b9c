//! `provenance`: who built packages, by attestations that registries keep. The attestations are made by
//! `fixtures/provenance/make.py`, with a root of trust of our own.

use serde_json::{Value, json};

use crate::support::{Project, Registry, Universe, conforms};

fn fixture(name: &str) -> Vec<u8> {
    let path = format!("{}/fixtures/provenance/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Returns what an npm registry answers of a version with a bundle.
fn answer(bundle: &str) -> Vec<u8> {
    let bundle: Value = serde_json::from_slice(&fixture(bundle)).expect("JSON");
    json!({ "attestations": [{ "predicateType": "https://slsa.dev/provenance/v1", "bundle": bundle }] })
        .to_string()
        .into_bytes()
}

/// `left`, with the attestations of its versions, and a wheel.
fn universe(attestations: &[(&str, &str)]) -> Universe {
    let mut universe = Universe::new()
        .npm("left", "1.0.0", |p| p.packed(fixture("left-1.0.0.tgz")))
        .npm("right", "1.0.0", |p| p)
        .pypi("six", "1.0", |p| p.packed(fixture("six-1.0-py3-none-any.whl")))
        .file("/pypi/integrity/six/1.0/six-1.0-py3-none-any.whl/provenance", fixture("wheel.json"));
    for (version, bundle) in attestations {
        if *version != "1.0.0" {
            universe = universe.npm("left", version, |p| p.packed(fixture(&format!("left-{version}.tgz"))));
        }
        if !bundle.is_empty() {
            universe = universe.file(&format!("/npm/-/npm/v1/attestations/left@{version}"), answer(bundle));
        }
    }
    universe
}

/// Returns a project with these lines and rules of provenance.
fn project(registry: &Registry, lines: &[&str], rules: &str) -> Project {
    let project = Project::new(registry);
    project.write("root.json", &String::from_utf8(fixture("root.json")).expect("text"));
    declare(&project, lines, rules);
    project
}

fn declare(project: &Project, lines: &[&str], rules: &str) {
    let rules = format!("policy {{ provenance {{ trusted-root \"root.json\"; {rules} }}; }}");
    project.manifest(&format!("dependencies {{\n    {}\n}}\n{rules}\n", lines.join("\n    ")));
}

const LEFT: &str = "npm \"left\" \"^1\"";
const SIX: &str = "pypi \"six\" \"==1.0\"";

#[test]
fn what_was_built_from_the_repository_passes_offline_too() {
    let registry = universe(&[("1.0.0", "good.json")]).serve();
    let rules = "require npm \"left\" repository=\"github.com/acme/*\" workflow=\".github/workflows/release.yml\"; \
                 require pypi \"*\" repository=\"github.com/acme/six\";";
    let project = project(&registry, &[LEFT, SIX], rules);
    project.run("larder sync").exits(0);
    project.run("larder audit provenance --offline").exits(0);
    let document = project.run("larder audit provenance --offline --json").exits(0).json();
    conforms(&document, "audit");
    let lock = project.read("larder.lock");
    let noted = "\n[[provenance]]\nid = \"npm:left@1.0.0\"\nrepository = \"github.com/acme/left\"\n\
                 workflow = \".github/workflows/release.yml\"\nissuer = \"https://token.actions.githubusercontent.com\"\n";
    assert!(lock.contains(noted) && lock.contains("repository = \"github.com/acme/six\""), "{lock}");
    project.run("larder lock --locked").exits(0);
}

#[test]
fn a_lock_has_no_provenance_where_no_policy_asks() {
    let registry = universe(&[("1.0.0", "good.json")]).serve();
    let project = Project::new(&registry);
    project.dependencies(&[LEFT]).run("larder lock").exits(0);
    assert!(!project.read("larder.lock").contains("provenance"));
    assert!(!registry.take_log().iter().any(|path| path.contains("attestations")), "nobody is asked");
}

#[test]
fn another_repository_workflow_or_issuer_is_refused() {
    let registry = universe(&[("1.0.0", "good.json")]).serve();
    for (rule, named) in [
        ("repository=\"github.com/other/*\"", "was built from github.com/acme/left by .github/workflows/release.yml"),
        ("repository=\"github.com/other/*\" workflow=\"x.yml\"", "github.com/other/* by x.yml is required"),
        ("repository=\"github.com/*\"", "github.com/acme/left"),
        ("workflow=\"release.yml\"", ".github/workflows/release.yml"),
        ("issuer=\"https://gitlab.com\"", "github.com/acme/left"),
    ] {
        let project = project(&registry, &[LEFT], &format!("require npm \"left\" {rule};"));
        project.run("larder lock").exits(0);
        for command in ["larder sync", "larder check", "larder audit"] {
            let command = if command == "larder audit" { "larder audit provenance" } else { command };
            project.run(command).exits(1).names(["packages of another origin", "npm:left@1.0.0", named, "require npm"]);
        }
    }
}

#[test]
fn what_is_not_proven_is_refused_where_it_is_required() {
    for (bundle, named) in [
        ("", "has no attestation of who built it"),
        ("other-digest.json", "does not count"),
        ("tampered.json", "does not count"),
        ("late.json", "does not count"),
        ("no-proof.json", "does not count"),
        ("no-checkpoint.json", "does not count"),
        ("other-root.json", "does not count"),
    ] {
        let registry = universe(&[("1.0.0", bundle)]).serve();
        let project = project(&registry, &[LEFT], "require npm \"left\";");
        project.run("larder lock").exits(0);
        project.run("larder sync").exits(1).names(["npm:left@1.0.0", named]);
        declare(&project, &["npm \"right\" \"^1\""], "require npm \"left\";");
        project.run("larder sync").exits(0);
    }
    let registry = universe(&[("1.0.0", "good.json")]).serve();
    let project = project(&registry, &[LEFT], "require npm \"left\";");
    project.write("root.json", "{}").run("larder lock").exits(2).names(["`root.json` is no root of trust"]);
}

#[test]
fn a_root_of_trust_that_an_option_names_takes_the_place_of_the_projects() {
    let registry = universe(&[("1.0.0", "good.json")]).serve();
    let project = project(&registry, &[LEFT], "require npm \"left\";");
    project.write("own.json", &project.read("root.json")).write("root.json", "{}");
    for command in ["lock", "audit provenance", "sync", "ci"] {
        project.run(&format!("larder {command} --trusted-root own.json")).exits(0);
    }
    let missing = project.run("larder audit provenance --trusted-root none.json").exits(2);
    missing.names(["none.json` is no root of trust: there is no such file"]);
    project.run("larder audit provenance").exits(2).names(["`root.json` is no root of trust"]);
}

#[test]
fn a_version_that_somebody_else_built_is_refused_until_it_is_accepted() {
    for (bundle, named) in [
        ("stranger.json", "npm:left@1.1.0 was built from github.com/stranger/left"),
        ("", "nobody vouches for who built npm:left@1.1.0"),
    ] {
        let registry = universe(&[("1.0.0", "good.json")]).serve();
        let project = project(&registry, &[LEFT], "no-downgrade #true;");
        project.run("larder sync").exits(0);
        registry.becomes(&universe(&[("1.0.0", "good.json"), ("1.1.0", bundle)]));
        project.run("larder update").exits(0).names([named]);
        for command in ["larder sync", "larder ci", "larder audit provenance", "larder check --offline"] {
            project.run(command).exits(1).names([named, "no-downgrade", "larder trust"]);
        }
        project.run("larder trust lef").exits(2).names(["did you mean `left`"]);
        project.run("larder trust npm:left").exits(0).names(["is accepted"]);
        project.run("larder sync").exits(0);
        project.run("larder lock --locked").exits(0);
    }
    let registry = universe(&[("1.0.0", "good.json")]).serve();
    let same = project(&registry, &[LEFT], "no-downgrade #true;");
    same.run("larder sync").exits(0);
    registry.becomes(&universe(&[("1.0.0", "good.json"), ("1.1.0", "next.json")]));
    same.run("larder update").exits(0);
    same.run("larder sync").exits(0);
    assert!(same.read("larder.lock").contains("id = \"npm:left@1.1.0\"\nrepository = \"github.com/acme/left\""));
}

#[test]
fn rules_of_provenance_are_read_with_their_spans() {
    let project = Project::alone();
    for (rules, named) in [
        ("provenance", "provenance"),
        ("provenance { require npm; }", "require npm"),
        ("provenance { require npm \"x\" repository=\"[\"; }", "a glob of repositories"),
        ("provenance { no-downgrade \"yes\"; }", "no-downgrade"),
        ("provenance { other; }", "in `provenance`"),
    ] {
        project.manifest(&format!("policy {{ {rules}; }}\n"));
        project.run("larder check").exits(2).names([named]);
    }
}
