//! What packages find that they do not declare: the types of their peers.

use crate::support::{Project, Universe};

/// A library whose types speak of those of `react`, and two of these.
fn typed() -> Universe {
    Universe::new()
        .npm("react", "18.0.0", |p| p)
        .npm("icons", "1.0.0", |p| p.peer("react", "*"))
        .npm("@types/react", "18.0.0", |p| p)
        .npm("@types/react", "19.0.0", |p| p)
}

/// Asks Node, in a folder of the project, for the version of what the package `icons` finds under a name.
#[track_caller]
fn icons_find(project: &Project, folder: &str, name: &str) -> String {
    let script = format!(
        "const from = require('module').createRequire(require.resolve('icons')); \
         try {{ console.log(from('{name}').version) }} catch (error) {{ console.log(error.code) }}"
    );
    let output = std::process::Command::new("node").args(["-e", &script]).current_dir(project.path(folder)).output();
    String::from_utf8_lossy(&output.expect("node starts").stdout).trim().to_owned()
}

#[test]
fn a_package_finds_the_types_that_go_with_its_peers() {
    let registry = typed().serve();
    let project = Project::new(&registry);
    let member = |types: &str| {
        format!(
            r#"{{"dependencies":{{"icons":"1","react":"18"}},"devDependencies":{{"@types/react":"{types}"}},"name":"m{types}"}}"#
        )
    };
    project
        .manifest("members \"apps/*\"\n")
        .write("apps/old/package.json", &member("18"))
        .write("apps/new/package.json", &member("19"))
        .run("larder sync")
        .exits(0);
    assert_eq!(icons_find(&project, "apps/old", "@types/react"), "18.0.0");
    assert_eq!(icons_find(&project, "apps/new", "@types/react"), "19.0.0");
    project.run("larder lock --check").exits(0);
    project.run("larder sync --locked").exits(0).names(["up to date"]);
    // It is whatever somebody else brings, and brings nothing itself.
    let listed = project.run_json("larder list --json --env production");
    let names = listed["packages"].as_array().expect("packages").iter().filter_map(|package| package["name"].as_str());
    assert!(names.clone().all(|name| name != "@types/react"), "{:?}", names.collect::<Vec<_>>());
}

#[test]
fn a_local_package_has_the_types_of_its_peers_and_stays_fresh() {
    let registry = typed().serve();
    let project = Project::new(&registry);
    let ui = r#"{"name":"ui","version":"1.0.0","dependencies":{"icons":"1"},"peerDependencies":{"react":"*"}}"#;
    project
        .dependencies(&["path \"ui\"", "npm \"react\" \"18\"", "npm \"@types/react\" \"18\""])
        .write("ui/package.json", ui)
        .run("larder sync")
        .exits(0);
    assert_eq!(icons_find(&project, "ui", "@types/react"), "18.0.0");
    project.run("larder lock --check").exits(0);
}

#[test]
fn a_members_own_lines_come_before_what_others_bind_for_it() {
    let registry = typed().serve();
    let project = Project::new(&registry);
    let ui = r#"{"name":"ui","version":"1.0.0","dependencies":{"icons":"1"},"peerDependencies":{"react":"*"},
        "devDependencies":{"react":"18","@types/react":"18"}}"#;
    project
        .manifest(
            "members \"ui\"\ndependencies {\n    path \"ui\"\n    npm \"react\" \"18\"\n    npm \"@types/react\" \"19\"\n}\n",
        )
        .write("ui/package.json", ui)
        .run("larder sync")
        .exits(0);
    assert_eq!(icons_find(&project, "ui", "@types/react"), "18.0.0");
    let types = project.path("ui/node_modules/@types/react/package.json");
    let text = std::fs::read_to_string(types).expect("types").replace([' ', '\n'], "");
    assert!(text.contains("\"version\":\"18.0.0\""), "{text}");
    project.run("larder lock --check").exits(0);
}
