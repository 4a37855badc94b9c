//! `larder init`, `add` and `remove`: manifests that are written and edited.

use crate::support::{Project, Universe, assert_transcript, conforms, host_platform};

#[test]
fn init_writes_a_manifest_that_locks() {
    let project = Project::alone();
    conforms(&project.run("larder init --json").exits(0).json(), "init");
    let manifest = project.read("larder.kdl");
    assert!(manifest.contains("project \"project\"") && manifest.contains(host_platform()), "{manifest}");
    let ignored = project.read(".gitignore");
    for line in ["node_modules", ".venv", ".larder"] {
        assert!(ignored.lines().any(|other| other.trim_start_matches('/') == line), "{line}: {ignored}");
    }
    project.run("larder lock").exits(0);
}

#[test]
fn init_does_not_overwrite() {
    let project = Project::alone();
    project.write("larder.kdl", "project \"mine\" // keep\n");
    let output = project.run("larder init");
    assert!([1, 2].contains(&output.status), "{output:?}");
    assert_eq!(project.read("larder.kdl"), "project \"mine\" // keep\n");
}

#[test]
fn add_and_remove_touch_their_own_line_only() {
    let universe = Universe::new()
        .npm("left", "1.2.0", |p| p.dep("right", "^1"))
        .npm("right", "1.0.0", |p| p)
        .npm("@acme/money", "3.2.1", |p| p)
        .pypi("six", "1.16", |p| p);
    let registry = universe.serve();
    let project = Project::new(&registry);
    project.manifest("dependencies { // what it needs\n    npm \"right\"   \"^1\"   // odd spaces stay\n    /- npm \"no\" \"^1\"\n}\n");
    let before = project.read("larder.kdl");
    project.run("larder add --no-sync npm:left@^1 pypi:six npm:@acme/money").exits(0);
    let added = project.read("larder.kdl");
    let new: Vec<&str> =
        added.lines().filter(|line| !before.lines().any(|other| other == *line)).map(str::trim).collect();
    assert_eq!(new.len(), 3, "{added}");
    assert!(new.contains(&"npm \"left\" \"^1\""), "{added}");
    assert!(new.iter().any(|line| line.starts_with("pypi \"six\"")), "{added}");
    assert!(new.iter().any(|line| line.starts_with("npm \"@acme/money\" \"^3.2")), "{added}");
    assert!(before.lines().all(|line| added.lines().any(|other| other == line)), "{added}");
    assert!(project.read("larder.lock").contains("left"));

    project.run("larder remove --no-sync npm:left pypi:six @acme/money").exits(0);
    assert_eq!(project.read("larder.kdl"), before);
    let lock = project.read("larder.lock");
    assert!(!lock.contains("left") && !lock.contains("six") && lock.contains("right"), "{lock}");
}

#[test]
fn add_writes_nothing_where_it_cannot_be_solved() {
    let registry = Universe::new().npm("left", "1.2.0", |p| p).serve();
    let project = Project::new(&registry);
    project.dependencies(&["npm \"left\" \"^1\""]).run("larder lock").exits(0);
    let before = project.state();
    project.run("larder add npm:left@^9").exits(3).names(["left"]);
    assert_ne!(project.run("larder add npm:nowhere").status, 0);
    assert_eq!(project.run("larder add left").status, 2);
    assert_eq!(project.state(), before);
}

#[test]
fn add_can_name_a_group_and_syncs() {
    let registry = Universe::new().npm("left", "1.2.0", |p| p).npm("vitest", "3.0.0", |p| p).serve();
    let project = Project::new(&registry);
    project.dependencies(&["npm \"left\" \"^1\""]);
    project.run("larder add --group test npm:vitest@^3").exits(0);
    let manifest = project.read("larder.kdl");
    let group = manifest.split("group \"test\"").nth(1).unwrap_or_default();
    assert!(group.contains("npm \"vitest\" \"^3\""), "{manifest}");
    assert!(project.has("node_modules/vitest/index.js"));
}

#[test]
fn removing_what_is_not_there_is_an_error() {
    let project = Project::alone();
    project.dependencies(&[]);
    let before = project.state();
    let output = project.run("larder remove npm:left").names(["left"]);
    assert!([1, 2].contains(&output.status), "{output:?}");
    assert_eq!(project.state(), before);
}

#[test]
fn a_member_s_own_manifest_is_edited_from_its_folder() {
    let registry = Universe::new().npm("left", "1.2.0", |p| p).npm("right", "1.0.0", |p| p).serve();
    let project = Project::new(&registry);
    project.manifest("dependencies {\n    npm \"right\" \"^1\"\n}\nmembers \"apps/*\"\n");
    project.write("apps/web/larder.kdl", "dependencies { // of the web\n}\n");
    project.write("apps/api/package.json", r#"{"name": "api", "dependencies": {"right": "^1"}}"#);
    let root = project.read("larder.kdl");
    let output = project.run("larder -C apps/web add npm:left --no-sync").exits(0);
    assert_transcript!(output.stderr, @r"
    Added npm:left ^1.2.0 to `dependencies` of apps/web/larder.kdl
    + npm:left 1.2.0
    + npm:right 1.0.0
    Locked 2 packages in larder.lock
    ");
    assert!(project.read("apps/web/larder.kdl").contains("npm \"left\" \"^1.2.0\""));
    assert_eq!(project.read("larder.kdl"), root);
    project.run("larder lock --check").exits(0);

    project.run("larder -C apps/web remove right").exits(2).names(["apps/web/larder.kdl", "right"]);
    project.run("larder -C apps/web remove left --no-sync").exits(0);
    assert_eq!(project.read("apps/web/larder.kdl"), "dependencies { // of the web\n}\n");
    let output = project.run("larder -C apps/api --json add npm:left").exits(2);
    assert_eq!(output.error()["code"], "larder::edit::foreign_member");
    assert_eq!(project.read("larder.kdl"), root);
}

#[test]
fn init_takes_what_other_tools_files_want_and_lists_the_rest() {
    let project = Project::alone();
    let package = r#"{"name": "shop", "version": "1.2.3", "license": "MIT", "dependencies":
        {"left": "^1", "near": "workspace:*", "far": "github:a/b"}}"#;
    project.write("package.json", package).write("requirements.txt", "-r more/base.txt\n-r gone.txt\nsix>=1\n");
    project
        .write("more/base.txt", "flask # the web\n-r ../requirements.txt\n-r deep.txt\n")
        .write("more/deep.txt", "rich\n");
    // A registry could serve what only a member may be.
    project.run("larder init").exits(2).names(["near"]);
    let output = project.run("larder init --json --leave-out").exits(0);
    conforms(&output.json(), "init");
    let manifest = project.read("larder.kdl");
    for line in [
        "project \"shop\" version=\"1.2.3\" license=\"MIT\"\n",
        "    npm \"left\" \"^1\"\n",
        "    npm \"far\" git=\"https://github.com/a/b.git\"\n",
        "    pypi \"flask\"\n",
        "    pypi \"rich\"\n",
        "    pypi \"six\" \">=1\"\n",
    ] {
        assert!(manifest.contains(line), "{line}{manifest}");
    }
    let left = output.json()["not_taken"].to_string();
    assert!(["near", "gone.txt"].iter().all(|what| left.contains(what)), "{left}");
}

#[test]
fn init_writes_nothing_where_no_manifest_can_hold_what_is_declared() {
    let many = (0..6000).map(|place| format!("package-{place:0>90}==1.0")).collect::<Vec<_>>().join("\n");
    let odd = format!("a; sys_platform == '{}'\n", "\u{feff}".repeat(5000));
    for lines in [many, odd] {
        let project = Project::alone();
        project.write("requirements.txt", &lines);
        let output = project.run("larder init --json").exits(2);
        assert_eq!(output.error()["code"], "larder::init::no_manifest");
        assert!(output.error()["message"].to_string().contains("requirements.txt"), "{}", output.error());
        assert!(!project.has("larder.kdl") && !project.has(".gitignore"));
    }
}

#[test]
fn c_means_the_folder_that_it_leads_to() {
    let registry = Universe::new().npm("left", "1.0.0", |p| p).serve();
    let project = Project::new(&registry);
    project.dependencies(&["npm \"left\""]).write("empty/below/x", "");
    project.run("larder -C empty/below/../.. lock").exits(0);
    assert_eq!(project.run("larder -C empty/below/.. run -- sh -c 'basename \"$(pwd)\"'").exits(0).stdout, "empty\n");
}

#[test]
fn what_members_declare_counts_for_the_root() {
    let registry = Universe::new().npm("left", "1.2.0", |p| p).npm("right", "1.0.0", |p| p).serve();
    let project = Project::new(&registry);
    project.manifest("members \"apps/*\"\n");
    project.write("apps/web/larder.kdl", "group \"look\" {\n    npm \"left\"\n}\n");
    project.write("apps/api/package.json", r#"{"name": "api", "devDependencies": {"right": "^1"}}"#);
    project.run("larder lock").exits(0);
    project.run("larder list --env development").exits(0).names(["left", "right"]);
    assert_eq!(project.run("larder list --env production").exits(0).stdout.trim(), "");

    project
        .manifest("members \"apps/*\"\nenvironment \"e\" { include \"look\" \"dev\"; }\n")
        .run("larder lock")
        .exits(0);
    project.manifest("members \"apps/*\"\nenvironment \"e\" { include \"lok\"; }\n");
    project.write("apps/web/larder.kdl", "dependencies {\n    npm \"left\" registry=\"nowhere\"\n}\n");
    let output = project.run("larder lock").exits(2).names(["lok", "nowhere", "apps/web/larder.kdl:2:"]);
    assert!(!output.stderr.contains("apps/api"), "{output:?}");
    // Broken or not, it is the root's manifest that counts in a member's folder.
    project.manifest("members \"apps/*\"\nenvironment\n").run("larder -C apps/web lock").exits(2);
    assert!(!project.has("apps/web/larder.lock"));
}

#[test]
fn what_a_sync_would_refuse_is_refused_before_anything_is_written() {
    let scripts = serde_json::json!({ "postinstall": "exit 1" });
    let universe = Universe::new().npm("left", "1.2.0", |p| p).npm("builds", "1.0.0", |p| p.field("scripts", scripts));
    let registry = universe.serve();
    let project = Project::new(&registry);
    project.manifest("dependencies {\n}\nenvironment \"production\" { policy { scripts \"deny\"; }; }\n");
    project.run("larder lock").exits(0);
    let before = project.state();
    project.run("larder add npm:builds").exits(1).names(["builds", "scripts"]);
    assert_eq!(project.state(), before);
    project.write("node_modules/mine/index.js", "");
    let before = project.state();
    project.run("larder add npm:left").exits(1).names(["node_modules", "adopt"]);
    assert_eq!(project.state(), before);
    project.run("larder add npm:left --no-sync").exits(0);
    assert!(project.read("larder.kdl").contains("left"));
}
