//! What builds have beyond the sandbox: asked for by a manifest, and agreed to outside of it.

use std::os::unix::fs::PermissionsExt;

use serde_json::json;

use crate::support::{Project, Registry, Universe, conforms};

const SCRIPT: &str = "printf '[\"%s\"]' \"$COLOUR $(command -v brush >/dev/null && brush)\" > made.json";

/// A project whose package tells in `made.json` what its script saw; `rules` are further lines of its manifest's `builds`.
fn project(rules: &str) -> (Registry, Project) {
    let registry = Universe::new()
        .npm("native", "1.0.0", |p| {
            p.field("scripts", json!({ "install": SCRIPT }))
                .file("index.js", "module.exports = require('./made.json')[0];\n")
        })
        .serve();
    let mut project = Project::new(&registry);
    project.manifest(&format!("dependencies {{\n    npm \"native\"\n}}\nbuilds {{\n    {rules}\n}}\n"));
    project.set("COLOUR", "red");
    (registry, project)
}

/// Returns what the script saw. Returns `None` if this machine has no sandbox.
fn seen(project: &Project) -> Option<String> {
    let out = project.run("larder sync");
    if out.stderr.contains("larder::build::no_sandbox") || out.stderr.contains("larder::build::reduced_as_root") {
        crate::sweep::say(&format!("NOT TESTED: {}", out.stderr));
        return None;
    }
    out.exits(0);
    Some(project.run("larder run node -p 'require(\"native\")'").exits(0).stdout)
}

#[test]
fn a_manifest_cannot_consent_for_its_reader() {
    let (_registry, mut project) = project("allow npm \"native\"; env \"COLOUR\"");
    let refused = project.run("larder sync").exits(1);
    refused.names([
        "larder::builds::not_agreed",
        "- env=COLOUR",
        "larder builds allow env=COLOUR",
        "LARDER_ALLOW_BUILDS=env=COLOUR",
    ]);
    assert!(!project.has(".larder/active"));
    project.run("larder builds allow").exits(1).names(["nobody confirmed"]);
    project.run("larder builds allow env").exits(2);
    project.run("larder builds allow env=COLOUR").exits(0);
    let Some(said) = seen(&project) else { return };
    assert_eq!(said, "red \n");
    // Another value is another input.
    project.set("COLOUR", "blue");
    project.write(
        "larder.kdl",
        &project.read("larder.kdl").replace("\"native\"\n}", "\"native\"\n    npm \"native\" group=\"x\"\n}"),
    );
    project.write("larder.kdl", &project.read("larder.kdl").replace("    npm \"native\" group=\"x\"\n", ""));
    project.run("larder sync --repair").exits(0);
    assert_eq!(project.run("larder run node -p 'require(\"native\")'").exits(0).stdout, "blue \n");

    // What holds for one checkout does not for another.
    let mut clone = project.beside();
    clone.write("larder.kdl", &project.read("larder.kdl")).write("larder.lock", &project.read("larder.lock"));
    clone.run("larder sync --locked").exits(1).names(["larder::builds::not_agreed"]);
    clone.set("LARDER_ALLOW_BUILDS", "env=COLOUR");
    clone.run("larder sync --locked").exits(0);
    clone.set("LARDER_ALLOW_BUILDS", "colour");
    clone.run("larder sync --locked --repair").exits(2).names(["larder::builds::bad_grant"]);
}

#[test]
fn a_program_of_the_machine_is_seen_by_the_package_that_it_is_for() {
    let (_registry, mut project) = project("allow npm \"native\" tools=\"brush\"");
    let folder = project.path("../brushes/bin");
    std::fs::create_dir_all(&folder).expect("a folder");
    std::fs::write(folder.join("brush"), "#!/bin/sh\necho broad\n").expect("a program");
    std::fs::set_permissions(folder.join("brush"), PermissionsExt::from_mode(0o755)).expect("rights");
    project.run("larder sync").exits(1).names(["- tools=brush"]);
    project.run("larder builds allow tools=brush").exits(0);
    project.run("larder sync").exits(6).names(["larder::builds::no_tool", "`brush`"]);
    let path = std::env::var("PATH").unwrap_or_default();
    project.set("PATH", &format!("{path}:{}", folder.display()));
    let Some(said) = seen(&project) else { return };
    assert_eq!(said, " broad\n");
}

#[test]
fn a_weaker_sandbox_is_agreed_to_and_its_output_serves_no_stricter_demand() {
    let (_registry, project) = project("allow npm \"native\"; isolation \"none\"");
    project.run("larder sync").exits(1).names(["- isolation=none"]);
    project.run("larder builds allow isolation=reduced").exits(0);
    project.run("larder sync").exits(1).names(["- isolation=none"]);
    let allowed = project.run_json("larder builds allow isolation=none --json");
    conforms(&allowed, "builds-allow");
    assert_eq!(allowed, json!(["isolation=none"]));
    let Some(said) = seen(&project) else { return };
    assert_eq!(said, " \n");
    let logs = project.cache().join("build-logs");
    std::fs::remove_dir_all(&logs).expect("removed");
    project.write("larder.kdl", &project.read("larder.kdl").replace("; isolation \"none\"", ""));
    if seen(&project).is_some() {
        project.run("larder sync --repair").exits(0);
        assert!(logs.join("native-1.0.0.log").exists(), "it is built again, in a sandbox");
    }
}

#[test]
fn what_was_tested_is_promoted_and_not_what_would_be_built_now() {
    let (_registry, mut project) = project("allow npm \"native\"; env \"COLOUR\"");
    let manifest = project.read("larder.kdl");
    project.write("larder.kdl", &format!("{manifest}environment \"development\"\nenvironment \"production\"\n"));
    project.run("larder builds allow env=COLOUR").exits(0);
    let Some(said) = seen(&project) else { return };
    assert_eq!(said, "red \n");
    // As if the toolchain or the runtime was another one since.
    project.set("COLOUR", "blue");
    project.run("larder promote development production").exits(0);
    let tree = |environment: &str| {
        let generation = project.read(&format!(".larder/node_modules/.profiles/{environment}/current/generation.json"));
        let generation: serde_json::Value = serde_json::from_str(&generation).expect("JSON");
        generation["closure"][0]["tree"].to_string()
    };
    assert_eq!(tree("development"), tree("production"));
    project.run("larder verify --env production").exits(0);
    // It stays what was tested, whoever looks, until the lock is another one.
    project.run("larder sync --env production").exits(0).names(["up to date"]);
    project.run("larder sync --repair --env production").exits(0);
    assert_eq!(tree("development"), tree("production"));
    let manifest = project.read("larder.kdl");
    project.write(
        "larder.kdl",
        &manifest.replace("environment \"production\"", "environment \"production\" { files \"private\"; }"),
    );
    project.run("larder sync --env production").exits(0);
    project.write("larder.kdl", &manifest);
    project.run("larder sync --env production").exits(0);
    assert_eq!(tree("development"), tree("production"), "other generations of the same lock have it, too");
    // Where code is let run otherwise, it runs.
    project.write("larder.kdl", &manifest.replace("env \"COLOUR\"", "env \"COLOUR\"; isolation \"none\""));
    project.run("larder builds allow isolation=none env=COLOUR").exits(0);
    project.run("larder sync --env production").exits(0);
    assert_ne!(tree("development"), tree("production"));
    project.write("larder.kdl", &manifest);
    project.run("larder promote development production").exits(0);
    // Where it is gone from the store, and another thing comes of it, nobody has tested that.
    std::fs::remove_dir_all(project.store()).expect("removed");
    project
        .run("larder promote development production")
        .exits(1)
        .names(["npm:native@1.0.0", "another thing comes of it"]);
    project.set("COLOUR", "red");
    project.run("larder promote development production").exits(0);
    // Nor does it come along once no line lets it run.
    let manifest = project.read("larder.kdl");
    project.write("larder.kdl", &manifest.replace("allow npm \"native\"; ", ""));
    project
        .run("larder promote development production")
        .exits(1)
        .names(["code of npm:native@1.0.0 ran for what development has, and no line allows that any more"]);
}
