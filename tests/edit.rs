//! `larder init`, `add` and `remove`: manifests that are written and edited.

use crate::support::{Project, Universe, conforms, host_platform};

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
