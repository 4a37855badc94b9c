//! `larder sync` and `larder ci`: what the lock says stands on disk, and nothing is done twice.

use std::fs;

use crate::support::{Project, Registry, Universe, conforms};

fn small() -> Universe {
    Universe::new()
        .npm("left", "1.0.0", |p| p.dep("right", "^1").optional("mac-only", "^1"))
        .npm("right", "1.2.0", |p| p)
        .npm("mac-only", "1.0.0", |p| p.field("os", serde_json::json!(["aix"])))
        .npm("@acme/money", "3.0.0", |p| p.peer("left", "^1"))
        .npm("vitest", "3.0.0", |p| p)
        .pypi("six", "1.16", |p| p.extra("fast", "speedups>=1"))
        .pypi("speedups", "1.0", |p| p)
}

const LINES: [&str; 3] = ["npm \"left\" \"^1\"", "npm \"@acme/money\" \"^3\"", "pypi \"six[fast]\" \">=1\""];

fn synced(registry: &Registry) -> Project {
    let project = Project::new(registry);
    project.dependencies(&LINES).run("larder sync").exits(0);
    project
}

fn site_packages(project: &Project) -> std::path::PathBuf {
    let lib = project.path(".venv/lib");
    let python = fs::read_dir(lib).expect("a virtual environment").next().expect("a Python").expect("an entry");
    python.path().join("site-packages")
}

#[test]
fn a_sync_builds_both_worlds() {
    let registry = small().serve();
    let project = synced(&registry);
    for path in ["node_modules/left/index.js", "node_modules/@acme/money/package.json", "larder.lock"] {
        assert!(project.path(path).exists(), "{path}");
    }
    for path in ["six/__init__.py", "speedups/__init__.py", "six-1.16.dist-info/RECORD"] {
        assert!(site_packages(&project).join(path).exists(), "{path}");
    }
    assert!(!project.has("node_modules/right"), "nothing is hoisted");
    assert!(
        project
            .path("node_modules/left")
            .canonicalize()
            .expect("a package")
            .parent()
            .is_some_and(|beside| { beside.join("right/index.js").exists() && !beside.join("mac-only").exists() })
    );
    for (link, target) in [("node_modules", ".larder/active/node_modules"), (".venv", ".larder/active/python")] {
        assert_eq!(fs::read_link(project.path(link)).expect("a link").to_string_lossy(), target);
    }
    let profile = project.path(".larder/node_modules/.profiles/development/current");
    assert!(profile.join("generation.json").exists());
    assert_eq!(project.path(".larder/active").canonicalize().ok(), profile.canonicalize().ok());
}

#[test]
fn the_second_sync_asks_nothing_and_changes_nothing() {
    let registry = small().serve();
    let project = synced(&registry);
    let before = project.listing();
    registry.take_log();
    project.run("larder sync").exits(0);
    let said = project.run("larder sync --json").exits(0).json();
    conforms(&said, "sync");
    assert_eq!(said["built"], false);
    assert_eq!(registry.take_log(), Vec::<String>::new());
    assert_eq!(project.listing(), before);
}

#[test]
fn a_sync_tells_what_it_changes() {
    let registry = small().serve();
    let project = Project::new(&registry);
    let said = project.dependencies(&LINES).run("larder sync --json").exits(0).json();
    conforms(&said, "sync");
    let names: Vec<_> = said["plan"]["added"].as_array().expect("added").iter().map(|p| p["name"].clone()).collect();
    assert_eq!(names, ["@acme/money", "left", "right", "six", "speedups"]);
    assert_eq!((&said["built"], &said["environment"]), (&true.into(), &"development".into()));

    let said = project.dependencies(&LINES[..1]).run("larder sync --json").exits(0).json();
    let gone: Vec<_> = said["plan"]["removed"].as_array().expect("removed").iter().map(|p| p["name"].clone()).collect();
    assert_eq!(gone, ["@acme/money", "six", "speedups"]);
    assert_eq!(said["plan"]["kept"], 2);
    assert!(!project.has("node_modules/@acme/money") && project.has("node_modules/left"));
}

#[test]
fn a_fetch_asks_only_for_what_the_lock_names() {
    let registry = small().serve();
    let project = synced(&registry);
    project.forget();
    fs::remove_dir_all(project.path(".larder")).expect("a profile");
    for link in ["node_modules", ".venv"] {
        fs::remove_file(project.path(link)).expect("a link");
    }
    registry.take_log();
    project.run("larder ci").exits(0);
    let mut files = registry.take_log();
    files.retain(|path| path.contains("/-/") || path.starts_with("/pypi/files/"));
    files.sort();
    let expected = [
        "/npm/@acme/money/-/money-3.0.0.tgz",
        "/npm/left/-/left-1.0.0.tgz",
        "/npm/right/-/right-1.2.0.tgz",
        "/pypi/files/six-1.16-py3-none-any.whl",
        "/pypi/files/speedups-1.0-py3-none-any.whl",
    ];
    assert_eq!(files, expected);
}

#[test]
fn another_project_takes_from_the_store_without_a_network() {
    let registry = small().serve();
    let project = synced(&registry);
    fs::remove_dir_all(project.path(".larder")).expect("a profile");
    registry.take_log();
    project.run("larder sync --offline").exits(0);
    assert_eq!(registry.take_log(), Vec::<String>::new());
    assert!(project.path("node_modules/left/index.js").exists());
}

#[test]
fn offline_without_a_store_is_a_network_failure() {
    let registry = small().serve();
    let project = Project::new(&registry);
    project.dependencies(&LINES).run("larder lock").exits(0);
    project.forget();
    project.run("larder sync --offline").exits(5).names(["npmjs", "offline"]);
    assert!(!project.has("node_modules"));
}

#[test]
fn locked_refuses_a_stale_lock_and_changes_nothing() {
    let registry = small().serve();
    let project = Project::new(&registry);
    project.dependencies(&LINES[..1]);
    for command in ["larder ci", "larder sync --locked"] {
        project.run(command).exits(1).names(["larder.lock"]);
    }
    assert!(!project.has("larder.lock") && !project.has("node_modules"));
    project.run("larder sync").exits(0);
    project.run("larder ci").exits(0);
    project.dependencies(&LINES);
    let before = project.state();
    for command in ["larder ci", "larder sync --locked", "larder lock --check"] {
        project.run(command).exits(1);
    }
    conforms(&project.run("larder ci --json").exits(1).json(), "error");
    assert_eq!(project.state(), before);
    project.run("larder lock").exits(0);
    project.run("larder ci").exits(0);
}

#[test]
fn frozen_does_not_look_whether_the_lock_is_fresh() {
    let registry = small().serve();
    let project = Project::new(&registry);
    assert_ne!(project.dependencies(&LINES[..1]).run("larder sync --frozen").status, 0, "there is no lock");
    project.run("larder lock").exits(0);
    let lock = project.read("larder.lock");
    project.dependencies(&LINES).run("larder sync --frozen").exits(0);
    assert_eq!(project.read("larder.lock"), lock);
    assert!(project.has("node_modules/left") && !project.has("node_modules/@acme"));
}

#[test]
fn a_real_node_modules_is_never_touched() {
    let registry = small().serve();
    for folder in ["node_modules", ".venv"] {
        let project = Project::new(&registry);
        project.dependencies(&LINES).write(&format!("{folder}/mine.txt"), "mine\n");
        project.run("larder sync").exits(1).names([folder]);
        assert_eq!(project.read(&format!("{folder}/mine.txt")), "mine\n");
        assert!(fs::read_dir(project.path(folder)).expect("a folder").count() == 1);
    }
}

#[test]
fn environments_hold_what_they_include() {
    let registry = small().serve();
    let project = Project::new(&registry);
    project.manifest("dependencies {\n    npm \"left\" \"^1\"\n}\ngroup \"test\" {\n    npm \"vitest\" \"^3\"\n}\n");
    project.run("larder sync").exits(0);
    assert!(project.has("node_modules/vitest"));
    project.run("larder sync --env production").exits(0);
    assert!(project.has("node_modules/left") && !project.has("node_modules/vitest"));
    project.run("larder sync --env development --no-activate").exits(0);
    assert!(!project.has("node_modules/vitest"), "only built");
    project.run("larder sync --env nowhere").exits(2).names(["nowhere", "production"]);
}

#[test]
fn a_local_package_is_linked_live() {
    let registry = small().serve();
    let project = Project::new(&registry);
    let package = r#"{ "name": "theme", "version": "1.0.0", "main": "index.js", "dependencies": { "right": "^1" } }"#;
    project.write("packages/theme/package.json", package).write("packages/theme/index.js", "module.exports = 1;\n");
    project.dependencies(&["path \"packages/theme\""]).run("larder sync").exits(0);
    assert_eq!(project.read("node_modules/theme/index.js"), "module.exports = 1;\n");
    project.write("packages/theme/index.js", "module.exports = 2;\n");
    assert_eq!(project.read("node_modules/theme/index.js"), "module.exports = 2;\n");
    project.write("packages/theme/package.json", &package.replace("^1", "^2"));
    project.run("larder ci").exits(1);
}

#[test]
fn a_policy_refuses_packages_with_scripts() {
    let universe =
        Universe::new().npm("builds", "1.0.0", |p| p.field("scripts", serde_json::json!({ "postinstall": "exit 1" })));
    let registry = universe.serve();
    let project = Project::new(&registry);
    let policy = "environment \"development\"\nenvironment \"production\" {\n    policy { scripts \"deny\"; }\n}\n";
    project.manifest(&format!("dependencies {{\n    npm \"builds\" \"^1\"\n}}\n{policy}"));
    project.run("larder sync").exits(0);
    project.run("larder sync --env production").exits(1).names(["builds", "scripts"]);
    project.run("larder check").exits(1).names(["builds"]);
}

#[test]
fn a_dry_run_changes_nothing() {
    let registry = small().serve();
    let project = Project::new(&registry);
    project.dependencies(&LINES).run("larder lock").exits(0);
    let before = project.state();
    let said = project.run("larder sync --dry-run --json").exits(0).json();
    conforms(&said, "sync");
    assert_eq!(said["plan"]["added"].as_array().map(Vec::len), Some(5));
    assert_eq!(project.state(), before);
}

#[test]
fn fetch_fills_the_store_for_every_environment_and_builds_nothing() {
    let registry =
        Universe::new().npm("left", "1.0.0", |p| p).npm("vitest", "3.0.0", |p| p).pypi("six", "1.16", |p| p).serve();
    let project = Project::new(&registry);
    project.manifest(
        "dependencies {\n    npm \"left\" \"^1\"\n    pypi \"six\"\n}\ngroup \"test\" {\n    npm \"vitest\" \"^3\"\n}\n",
    );
    project.run("larder fetch --locked").exits(1);
    project.run("larder fetch").exits(1).names(["larder.lock"]);
    project.run("larder lock").exits(0);
    let filled = project.run("larder fetch --env production --json").exits(0).json();
    conforms(&filled, "fetch");
    assert_eq!((&filled["packages"], &filled["fetched"]), (&2.into(), &2.into()));
    assert!(!project.has("node_modules") && !project.has(".larder/active"));
    let filled = project.run("larder fetch --json").exits(0).json();
    assert_eq!((&filled["packages"], &filled["fetched"]), (&3.into(), &1.into()));

    drop(registry);
    project.run("larder gc").exits(0);
    project.run("larder sync --offline").exits(0);
    assert!(project.has("node_modules/vitest") && project.has(".venv"));
}

#[test]
fn a_dry_run_changes_nothing_not_even_the_lock() {
    let registry = small().serve();
    let project = Project::new(&registry);
    project.dependencies(&LINES);
    let said = project.run_json("larder sync --dry-run --json");
    conforms(&said, "sync");
    let names: Vec<_> = said["plan"]["added"].as_array().expect("a list").iter().map(|p| p["name"].clone()).collect();
    assert_eq!(names, ["@acme/money", "left", "right", "six", "speedups"]);
    assert!(!project.has("larder.lock") && !project.has("node_modules"));
    project.run("larder sync").exits(0);
    project.run("larder sync --dry-run").exits(0).names(["development would stay as it is"]);
    let before = project.state();
    project.dependencies(&["npm \"vitest\" \"^3\""]);
    let manifest = project.read("larder.kdl");
    project.run("larder sync --dry-run").exits(0).names(["Would build development", "+ npm:vitest 3.0.0"]);
    project.run("larder sync --dry-run --locked").exits(1).names(["not up to date"]);
    project.dependencies(&LINES);
    assert_ne!(project.read("larder.kdl"), manifest);
    let same = |path: &std::path::PathBuf| !path.ends_with("larder.kdl") && !path.ends_with("project");
    let left = project.state();
    assert!(before.iter().filter(|(path, _)| same(path)).eq(left.iter().filter(|(path, _)| same(path))));
    // What a manifest asks for is told before what comes with it.
    let told = Project::new(&registry);
    let said = told.dependencies(&["npm \"left\" \"^1\"", "pypi \"six[fast]\""]).run("larder sync").exits(0);
    let place = |line: &str| said.stderr.find(line).unwrap_or_else(|| panic!("no {line} in {}", said.stderr));
    assert!(place("+ npm:left") < place("+ pypi:six") && place("+ pypi:six") < place("+ npm:right"), "{}", said.stderr);
}
