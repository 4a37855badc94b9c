//! What the checks find, as commands tell it.

use serde_json::{Value, json};

use crate::support::{NpmPackage, Project, Universe, conforms};

/// Two packages: `app` needs `native`, which declares a script, is deprecated, and wants another Node.
fn universe() -> Universe {
    let native = |p: NpmPackage| {
        p.field("scripts", json!({ "postinstall": "exit 1" }))
            .field("deprecated", json!("use wasm"))
            .field("engines", json!({ "node": ">=99" }))
    };
    Universe::new().npm("app", "1.0.0", |p| p.dep("native", "^1")).npm("native", "1.0.0", native)
}

const MANIFEST: &str = "dependencies {\n    npm \"app\" \"^1\"\n}\n";

/// Returns the checks of a document's findings, in order.
fn checks(document: &Value) -> Vec<&str> {
    document["findings"].as_array().expect("findings").iter().filter_map(|one| one["check"].as_str()).collect()
}

#[test]
fn check_tells_what_it_finds_and_lists_it_with_its_places() {
    let registry = universe().serve();
    let project = Project::new(&registry);
    project.manifest(MANIFEST).run("larder lock").exits(0);
    let said = project.run("larder check").exits(0);
    said.names([
        "warning: npm:native@1.0.0: wants Node >=99, and the manifest declares 20",
        "warning: npm:native@1.0.0 is deprecated: use wasm",
        "warning: npm:native@1.0.0 declares an install script",
        "The manifest is valid",
    ]);
    let document = project.run("larder check --json").exits(0).json();
    conforms(&document, "check");
    assert_eq!(checks(&document), ["engines", "deprecated", "scripts"]);
    let script = &document["findings"][2];
    assert_eq!(script["code"], "larder::policy::scripts");
    assert_eq!(script["path"], json!(["larder.kdl", "npm:app@1.0.0", "npm:native@1.0.0"]));
    let line = usize::try_from(script["labels"][0]["line"].as_u64().expect("a line")).expect("a small number");
    assert_eq!(project.read("larder.lock").lines().nth(line - 1), Some("id = \"npm:native@1.0.0\""));
}

#[test]
fn lock_and_sync_have_findings_beside_their_warnings() {
    let registry = universe().serve();
    let project = Project::new(&registry);
    let locked = project.manifest(MANIFEST).run("larder lock --json").exits(0).json();
    conforms(&locked, "lock");
    assert_eq!(checks(&locked), ["engines", "deprecated"]);
    let messages: Vec<&Value> =
        locked["findings"].as_array().expect("findings").iter().map(|one| &one["message"]).collect();
    assert_eq!(json!(messages), locked["warnings"]);
    let again = project.run("larder lock --json").exits(0).json();
    assert_eq!((&again["findings"], &again["warnings"]), (&json!([]), &json!([])), "told once");
    let synced = project.run("larder sync --json").exits(0).json();
    conforms(&synced, "sync");
    assert_eq!(checks(&synced), ["scripts"], "what comes with the environment");
}

#[test]
fn a_policy_says_how_severe_each_check_is() {
    let registry = universe().serve();
    let project = Project::new(&registry);
    let with = |policy: &str| project.manifest(&format!("{MANIFEST}policy {{ {policy} }}\n"));
    with("").run("larder lock").exits(0);
    with("deprecated \"allow\"; engines \"allow\"; scripts \"allow\"").run("larder check --json").exits(0);
    assert_eq!(checks(&project.run("larder check --json").exits(0).json()), [] as [&str; 0]);
    with("deprecated \"deny\"").run("larder check").exits(1).names([
        "the policy denies deprecated packages",
        "npm:native@1.0.0",
        "locked here",
        "larder.kdl → npm:app@1.0.0 → npm:native@1.0.0",
    ]);
    assert_eq!(project.run("larder sync --json").exits(1).error()["code"], "larder::policy::deprecated");
    let several = with("deprecated \"deny\"; scripts \"deny\"").run("larder check --json").exits(1);
    let error = several.error();
    assert_eq!(
        (&error["code"], error["related"].as_array().map(Vec::len)),
        (&"larder::policy::refused".into(), Some(2))
    );
    with("deprecated \"nope\"").run("larder check").exits(2).names(["nope", "deprecated"]);
    with("deprecatd \"deny\"").run("larder check").exits(2).names(["did you mean", "deprecated"]);
}

#[test]
fn sarif_has_what_is_denied_too() {
    let registry = universe().serve();
    let project = Project::new(&registry);
    project.manifest(MANIFEST).run("larder lock").exits(0);
    let log = project.run("larder check --sarif").exits(0).json();
    assert_eq!(log["runs"][0]["results"].as_array().map(Vec::len), Some(3));
    project.manifest(&format!("{MANIFEST}policy {{ scripts \"deny\" }}\n"));
    let log = project.run("larder check --sarif").exits(1).json();
    let levels: Vec<&Value> =
        log["runs"][0]["results"].as_array().expect("results").iter().map(|result| &result["level"]).collect();
    assert_eq!(json!(levels), json!(["warning", "warning", "error"]));
    project.run("larder check --sarif --json").exits(2);
}

#[test]
fn a_denied_command_prints_one_document() {
    let registry = universe().npm("other", "1.0.0", |p| p).serve();
    let project = Project::new(&registry);
    project.manifest(&format!("{MANIFEST}policy {{ scripts \"deny\"; }}\n"));
    conforms(&project.run("larder lock --json").exits(0).json(), "lock");
    for command in ["check", "sync", "ci", "sync --dry-run", "add npm:other"] {
        let error = project.run(&format!("larder {command} --json")).exits(1).error();
        assert_eq!(error["code"], "larder::policy::scripts", "{command}");
    }
}
