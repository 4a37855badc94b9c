//! `larder list`, `tree`, `why`, `check` and `completions`: what is there, and why.

use crate::support::{Project, Registry, Universe, assert_transcript, conforms, host_platform};

fn serve() -> Registry {
    Universe::new()
        .npm("left", "1.0.0", |p| p.dep("middle", "^1").dep("right", "^1"))
        .npm("middle", "1.0.0", |p| p.dep("right", "^1"))
        .npm("right", "1.2.0", |p| p)
        .npm("vitest", "3.0.0", |p| p.dep("right", "^1"))
        .pypi("six", "1.16", |p| p)
        .serve()
}

fn locked(registry: &Registry) -> Project {
    let project = Project::new(registry);
    project.manifest(
        "dependencies {\n    npm \"left\" \"^1\"\n    npm \"renamed\" \"npm:right@^1\"\n    pypi \"six\"\n}\n\
         group \"test\" {\n    npm \"vitest\" \"^3\"\n}\n",
    );
    project.run("larder lock").exits(0);
    project
}

#[test]
fn list_prints_the_locked_packages_of_an_environment() {
    let registry = serve();
    let project = locked(&registry);
    let listing = project.run("larder list --json --env production").exits(0).json();
    conforms(&listing, "list");
    let lines: Vec<String> = listing["packages"]
        .as_array()
        .expect("packages")
        .iter()
        .map(|p| p.to_string().replace(host_platform(), "[HOST]"))
        .collect();
    assert_transcript!(lines.join("\n"), @r#"
    {"direct":true,"ecosystem":"npm","name":"left","platforms":["[HOST]"],"registry":"npmjs","version":"1.0.0"}
    {"direct":false,"ecosystem":"npm","name":"middle","platforms":["[HOST]"],"registry":"npmjs","version":"1.0.0"}
    {"direct":true,"ecosystem":"npm","name":"right","platforms":["[HOST]"],"registry":"npmjs","version":"1.2.0"}
    {"direct":true,"ecosystem":"pypi","name":"six","platforms":["[HOST]"],"registry":"pypi","version":"1.16"}
    "#);
    assert_eq!(listing["environment"], "production");
    let development = project.run("larder list --json").exits(0).json();
    assert_eq!(development["packages"].as_array().map(Vec::len), Some(5));
    project.run("larder list").exits(0).names(["left", "1.0.0", "vitest"]);
}

#[test]
fn tree_shows_who_depends_on_what() {
    let registry = serve();
    let project = locked(&registry);
    let tree = project.run("larder tree --json").exits(0).json();
    conforms(&tree, "tree");
    let roots: Vec<_> = tree["dependencies"].as_array().expect("roots").iter().map(|n| n["name"].clone()).collect();
    assert!(["left", "right", "six", "vitest"].iter().all(|name| roots.iter().any(|root| root == name)), "{tree:#}");
    let left =
        tree["dependencies"].as_array().and_then(|roots| roots.iter().find(|n| n["name"] == "left")).expect("left");
    let below: Vec<_> = left["dependencies"].as_array().expect("its own").iter().map(|n| n["name"].clone()).collect();
    assert_eq!(below, ["middle", "right"]);
    project.run("larder tree").exits(0).names(["left", "middle", "right"]);
    let lines = |depth: usize| project.run(&format!("larder tree --depth {depth}")).exits(0).stdout.lines().count();
    assert_eq!((lines(0), lines(1)), (1, 5), "the environment alone, and what manifests name");
}

#[test]
fn why_shows_the_chains_to_a_package() {
    let registry = serve();
    let project = locked(&registry);
    let why = project.run("larder why npm:right --json").exits(0).json();
    conforms(&why, "why");
    let text = why["chains"].to_string();
    assert!(text.contains("left") && text.contains("vitest") && text.contains("right@1.2.0"), "{why:#}");
    project.run("larder why right").exits(0).names(["larder.kdl → ", "(group test) → ", "left", "right"]);
    project.run("larder why npm:right@1.2.0").exits(0).names(["left", "right@1.2.0"]);
    project.run("larder why right@9.0.0").exits(2).names(["npm:right", "9.0.0", "there is 1.2.0"]);
    let output = project.run("larder why npm:nowhere").names(["nowhere"]);
    assert!([1, 2].contains(&output.status), "{output:?}");
}

#[test]
fn check_looks_at_manifest_and_lock_without_a_network() {
    let registry = serve();
    let project = locked(&registry);
    registry.take_log();
    conforms(&project.run("larder check --json").exits(0).json(), "check");
    project.dependencies(&["npm \"left\" \"^2\""]).run("larder check").exits(1).names(["left"]);
    assert_eq!(registry.take_log(), Vec::<String>::new());
}

#[test]
fn verify_without_a_profile_is_refused() {
    let registry = serve();
    let project = locked(&registry);
    let output = project.run("larder verify").names(["sync"]);
    assert!([1, 2].contains(&output.status), "{output:?}");
}

#[test]
fn completions_exist_for_every_shell() {
    let project = Project::alone();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        project.run(&format!("larder completions {shell}")).exits(0).names(["larder", "completions"]);
    }
    project.run("larder completions tcsh").exits(2);
    let document = project.run_json("larder completions bash --json");
    conforms(&document, "completions");
    assert_eq!(document["script"], project.run("larder completions bash").exits(0).stdout);
}

#[test]
fn help_is_a_command_too() {
    let project = Project::alone();
    let stdout = |line: &str| project.run(line).exits(0).stdout;
    assert_eq!(stdout("larder help"), stdout("larder --help"));
    assert_eq!(stdout("larder help sync"), stdout("larder sync --help"));
    assert_eq!(stdout("larder help builds allow"), stdout("larder builds allow --help"));
    project.run("larder help snc").exits(2).names(["snc"]);
    assert!(stdout("larder help").contains("\n  help "), "it is in the list");
    for (asked, shown) in [
        ("larder help --json", "larder help"),
        ("larder help sync --json", "larder sync --help"),
        ("larder --json help builds allow", "larder builds allow --help"),
        ("larder sync --help --json", "larder sync --help"),
    ] {
        let document = project.run_json(asked);
        conforms(&document, "help");
        assert_eq!(document["help"], stdout(shown), "{asked}");
    }
    let document = project.run("larder help snc --json").exits(2).stdout;
    assert!(document.contains("larder::cli::usage"), "{document}");
}

#[test]
fn a_lock_of_a_later_version_is_refused_and_garbage_too() {
    let registry = serve();
    let project = locked(&registry);
    let lock = project.read("larder.lock");
    let later = lock.replacen("version = 1", "version = 99", 1);
    project.write("larder.lock", &later);
    assert_ne!(project.run("larder list").names(["99"]).status, 0);
    project.write("larder.lock", "not toml at all [[[");
    assert_ne!(project.run("larder sync").names(["larder.lock"]).status, 0);
    assert_eq!(project.read("larder.lock"), "not toml at all [[[");
}

#[test]
fn outdated_tells_what_an_update_would_lock_and_what_is_newest() {
    let before = Universe::new().npm("left", "1.0.0", |p| p).npm("still", "1.0.0", |p| p).pypi("six", "1.0", |p| p);
    let after = before.clone().npm("left", "1.1.0", |p| p).npm("left", "2.0.0", |p| p).pypi("six", "1.1", |p| p);
    let after = after.pypi("six", "2.0rc1", |p| p);
    let first = before.max_age(0).serve();
    let mut project = Project::new(&first);
    project.manifest(
        "dependencies {\n    npm \"still\" \"^1\"\n    npm \"old\" \"npm:left@^1\"\n}\n\
         group \"test\" {\n    pypi \"six\" \"<1.1\"\n}\n",
    );
    project.run("larder lock").exits(0);
    let lock = project.read("larder.lock");
    let listing = project.run("larder outdated --json").exits(0).json();
    conforms(&listing, "outdated");
    assert_eq!(listing["packages"], serde_json::json!([]));

    let registry = after.max_age(0).serve();
    project.sees(&registry);
    let listing = project.run("larder outdated --json").exits(0).json();
    conforms(&listing, "outdated");
    let lines: Vec<String> =
        listing["packages"].as_array().expect("packages").iter().map(ToString::to_string).collect();
    assert_transcript!(lines.join("\n"), @r#"
    {"alias":"old","ecosystem":"npm","from":"larder.kdl","latest":"2.0.0","locked":"1.0.0","name":"left","update":"1.1.0"}
    {"ecosystem":"pypi","from":"larder.kdl","group":"test","latest":"1.1","locked":"1.0","name":"six","update":"1.0"}
    "#);
    project.run("larder outdated").exits(0).names(["npm:old (left)", "1.0.0", "1.1.0", "2.0.0", "group test"]);
    assert_eq!(project.read("larder.lock"), lock);
    project.run("larder outdated --env production").exits(0).names(["npm:old (left)"]);
}

#[test]
fn data_that_does_not_come_through_is_no_success() {
    let registry = Universe::new().npm("left", "1.0.0", |p| p).serve();
    let project = Project::new(&registry);
    project.dependencies(&["npm \"left\""]).run("larder lock").exits(0);
    for command in ["larder list", "larder list --json"] {
        let full = project.under(&["sh", "-c", "exec \"$@\" >/dev/full", "sh"], command).exits(6);
        assert!(full.stderr.contains("larder::fs::disk_full"), "{}", full.stderr);
        project.under(&["sh", "-c", "\"$@\" | true", "sh"], command).exits(0);
        project.under(&["sh", "-c", "exec \"$@\" 2>/dev/full", "sh"], command).exits(0);
    }
}
