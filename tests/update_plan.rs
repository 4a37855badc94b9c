//! `larder update --plan`: groups of newer versions are tested in a copy, and those that pass are kept.

use std::time::{Duration, Instant};

use crate::support::{PrivateRegistry, Project, Registry, Universe, assert_transcript, conforms};

/// `good` and `bad` have a newer version each; `pair` and `peer` move together.
fn old() -> Universe {
    Universe::new()
        .npm("good", "1.0.0", |p| p)
        .npm("bad", "1.0.0", |p| p)
        .npm("pair", "1.0.0", |p| p.peer("peer", "1.0.0"))
        .npm("peer", "1.0.0", |p| p)
}

fn new() -> Universe {
    old()
        .npm("good", "1.1.0", |p| p.dep("brought", "^1"))
        .npm("brought", "1.0.0", |p| p)
        .npm("bad", "1.1.0", |p| p.file("broken.js", "throw new Error('broken');"))
        .npm("pair", "1.1.0", |p| p.peer("peer", "1.1.0"))
        .npm("peer", "1.1.0", |p| p)
}

/// Returns a project whose lock has the old versions, of these packages, and whose registry has the new ones.
fn locked(names: &[&str]) -> (Project, Registry) {
    let registry = old().serve();
    let project = Project::new(&registry);
    let lines: Vec<String> = names.iter().map(|name| format!("npm \"{name}\" \"^1\"")).collect();
    project.dependencies(&lines.iter().map(String::as_str).collect::<Vec<_>>()).run("larder lock").exits(0);
    registry.becomes(&new());
    (project, registry)
}

/// A test that fails with the new `bad`, and says why.
const TEST: &str = "#!/bin/sh\nif [ -e node_modules/bad/broken.js ]; then echo bad is broken; exit 3; fi\n";

#[test]
fn what_passes_is_kept_and_what_fails_is_listed_with_its_log() {
    let (project, _registry) = locked(&["good", "bad"]);
    project.write("test.sh", TEST).write("ignored.txt", "x").write(".gitignore", "ignored.txt\n.larder/\n");
    let document = project.run("larder update --plan --test 'sh test.sh && ! ls ignored.txt' --json").exits(0).json();
    conforms(&document, "update-plan");
    let lock = project.read("larder.lock");
    assert!(lock.contains("npm:good@1.1.0") && lock.contains("npm:bad@1.0.0") && lock.contains("npm:brought@1.0.0"));
    let summary = document["summary"].as_str().expect("a summary");
    assert!(summary.starts_with("# Update npm:good 1.0.0 → 1.1.0\n"), "{summary}");
    assert!(summary.contains("| npm:brought |  | 1.0.0 | new |"), "{summary}");
    assert!(
        summary.contains("- npm:bad 1.0.0 → 1.1.0: `sh test.sh && ! ls ignored.txt` ended with status 3"),
        "{summary}"
    );
    assert!(summary.contains("  ```text\n  bad is broken\n  ```"), "{summary}");
    assert!(document["branch"].as_str().is_some_and(|branch| branch.starts_with("larder/update-")), "{document}");
    assert!(!project.has("node_modules") && !project.has(".larder/node_modules"), "nothing is installed here");
    let left: Vec<_> = std::fs::read_dir(project.cache().join("update-plan")).expect("a folder").collect();
    assert_eq!(left.len(), 1, "only the file that is locked: {left:?}");
    project.run("larder lock --locked").exits(0);
}

#[test]
fn what_moves_together_is_one_group_and_the_limit_holds() {
    let (project, _registry) = locked(&["bad", "good", "pair", "peer"]);
    let document = project.run("larder update --plan --limit 1 --json").exits(0).json();
    conforms(&document, "update-plan");
    assert_eq!(document["updates"].as_array().map(Vec::len), Some(1));
    assert_eq!(document["waiting"].as_array().map(Vec::len), Some(3), "{document}");
    let text = project.run("larder update pair --plan").exits(0).stdout;
    assert_transcript!(text, @r"
    # Update npm:pair 1.0.0 → 1.1.0

    | package | from | to | |
    | --- | --- | --- | --- |
    | npm:pair | 1.0.0 | 1.1.0 |  |

    Nothing was tested.
    ");
    project.run("larder update --plan nobody").exits(2).names(["`nobody` is not in larder.lock"]);
}

#[test]
fn nothing_changes_where_all_fail_or_the_test_fails_already() {
    let (project, _registry) = locked(&["bad"]);
    project.write("test.sh", TEST);
    let before = project.read("larder.lock");
    let told = project.run("larder update --plan --test 'sh test.sh'").exits(0);
    told.names(["# No update", "bad is broken", "Nothing was changed"]);
    project.run("larder update --plan --test 'echo as ever; exit 7'").exits(1).names([
        "the test fails with what is locked now",
        "ended with status 7",
        "as ever",
    ]);
    assert_eq!(project.read("larder.lock"), before);
    let (current, _registry) = locked(&["good"]);
    current.run("larder update").exits(0);
    current.run("larder update --plan --test false").exits(0).names(["# No update", "Nothing was changed"]);
}

#[test]
fn folders_that_the_manifest_names_are_found_from_the_copy() {
    let author = PrivateRegistry::new();
    let version = |version: &str| format!("package \"money\" version=\"{version}\" {{ node \".\"; }}\n");
    author.publish(&[("larder.kdl", &version("1.0.0")), ("index.js", "exports.version = '1.0.0'\n")]);
    for place in ["reg", "../reg", "../../reg"] {
        let registry = Universe::new().serve();
        let project = Project::new(&registry);
        let folder = project.path("above/shop");
        std::fs::create_dir_all(folder.join(place).parent().expect("a folder")).expect("a folder");
        let copied = std::process::Command::new("cp").arg("-a").arg(author.path("")).arg(folder.join(place)).status();
        assert!(copied.expect("cp").success());
        let lines = format!(
            "registries {{ larder \"own\" \"{place}\"; }}\nruntimes {{ node \"20\"; }}\n\
             dependencies {{\n    larder \"money\" \"^1\"\n    path \"../lib\"\n}}\n"
        );
        project
            .write("above/shop/larder.kdl", &lines)
            .write("above/shop/.gitignore", "/reg/\n")
            .write("above/lib/package.json", "{\"name\":\"lib\",\"version\":\"1.0.0\"}\n")
            .write("above/lib/index.js", "exports.version = '1'\n");
        project.run("larder -C above/shop lock").exits(0);
        author.author().write("newer/larder.kdl", &version("1.1.0"));
        author.author().write("newer/index.js", "exports.version = '1.1.0'\n");
        author.run(&format!("larder -C newer publish --registry {}", folder.join(place).display()));
        let test = "node -e 'require(\"money\"); require(\"lib\")'";
        project.write("above/shop/test.sh", test);
        project
            .run("larder -C above/shop update --plan --test 'sh test.sh'")
            .exits(0)
            .names(["larder:money 1.0.0 → 1.1.0"]);
        assert!(folder.join(place).join("larder-registry.json").exists(), "{place}");
        assert!(project.has("above/lib/index.js") && project.read("above/shop/larder.lock").contains("money@1.1.0"));
    }
}

#[test]
fn a_plan_that_is_killed_changes_nothing_and_the_next_one_goes_on() {
    let (project, _registry) = locked(&["good"]);
    let before = project.read("larder.lock");
    // The baseline passes at once; the newer version keeps the test waiting.
    let test = "if [ -d node_modules/good ] && grep -q 1.1.0 node_modules/good/package.json; then touch ../started; sleep 60; fi";
    let mut plan = project.start(&format!("larder update --plan --test '{test}'"));
    let started = || {
        let folders = std::fs::read_dir(project.cache().join("update-plan")).into_iter().flatten().flatten();
        folders.into_iter().any(|folder| folder.path().join("started").exists())
    };
    let begun = Instant::now();
    while !started() {
        assert!(begun.elapsed() < Duration::from_secs(60), "the test was never started");
        std::thread::sleep(Duration::from_millis(20));
    }
    plan.kill().expect("a process");
    plan.wait().expect("its end");
    assert_eq!(project.read("larder.lock"), before);
    project.run("larder update --plan --test true").exits(0).names(["npm:good 1.0.0 → 1.1.0"]);
    assert!(project.read("larder.lock").contains("npm:good@1.1.0"));
}
