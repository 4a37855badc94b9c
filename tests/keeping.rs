//! What a lock keeps when something else changes: its edition of the list of forgotten dependencies, and its edges.

use crate::support::{NpmPackage, Project, Universe};

/// A lock with a package that the list knows to have forgotten something.
fn walker(project: &Project) -> String {
    project.dependencies(&["npm \"estree-walker\" \"^2\""]).run("larder lock").exits(0);
    let lock = project.read("larder.lock");
    assert!(lock.contains("\nforgotten = 4\n") && lock.contains("npm:@types/estree@1.0.0"), "{lock}");
    lock
}

fn walkers() -> Universe {
    let universe = Universe::new().npm("estree-walker", "2.0.2", |p| p).npm("@types/estree", "1.0.0", |p| p);
    universe.npm("left", "1.0.0", |p| p)
}

#[test]
fn a_lock_keeps_its_edition_of_the_list_until_everything_is_updated() {
    let registry = walkers().serve();
    let project = Project::new(&registry);
    let lock = walker(&project).replace("forgotten = 4\n", "");
    project.write("larder.lock", &lock).run("larder lock --check").exits(0);
    project.run("larder add npm:left --no-sync").exits(0);
    let lock = project.read("larder.lock");
    assert!(lock.contains("left@1.0.0") && !lock.contains("forgotten") && !lock.contains("@types/estree"), "{lock}");
    project.run("larder update left").exits(0);
    assert_eq!(project.read("larder.lock"), lock);
    project.run("larder update").exits(0);
    let lock = project.read("larder.lock");
    assert!(lock.contains("\nforgotten = 4\n") && lock.contains("npm:@types/estree@1.0.0"), "{lock}");
}

#[test]
fn a_lock_of_an_earlier_edition_has_nothing_of_a_later_one() {
    let vue = |p: NpmPackage| p.dep("@vue/shared", "3.5.0");
    let universe = Universe::new()
        .npm("element-plus", "2.14.0", |p| p.file("index.js", "module.exports = require('@vue/shared').version;\n"))
        .npm("vue", "3.5.0", vue)
        .npm("@vue/shared", "3.5.0", |p| p)
        .npm("@vue/shared", "3.6.0", |p| p);
    let registry = universe.serve();
    let project = Project::new(&registry);
    project.dependencies(&["npm \"element-plus\" \"^2\"", "npm \"vue\" \"^3\""]).run("larder sync").exits(0);
    // What it forgot is what its framework has already; types that this registry does not have are done without.
    let said = project.run("larder run -- node -p 'require(`element-plus`)'").exits(0);
    assert_eq!(said.stdout.trim(), "3.5.0");
    let lock = project.read("larder.lock");
    assert!(!lock.contains("@vue/shared@3.6.0"), "{lock}");
    let at = lock.find("edges = [").expect("the first edges are element-plus's");
    let end = at + lock[at..].find("]\n").expect("their end") + 2;
    let old = lock.replace(&lock[at..end], "").replace("forgotten = 4\n", "forgotten = 2\n");
    project.write("larder.lock", &old).run("larder lock").exits(0);
    assert_eq!(project.read("larder.lock"), old);
}

#[test]
fn a_lock_that_follows_a_later_list_is_used_and_not_changed() {
    let registry = walkers().serve();
    let project = Project::new(&registry);
    let lock = walker(&project).replace("forgotten = 4\n", "forgotten = 99\n");
    project.write("larder.lock", &lock).run("larder sync --locked").exits(0);
    project.run("larder add npm:left").exits(2).names(["edition 99", "larder.lock"]);
    assert_eq!(project.read("larder.lock"), lock);
}

/// Locks what depends on any `tokens` from 3 on, adds a package that needs 4, then one that has nothing to do with it.
#[track_caller]
fn adding_leaves_edges_where_they_are(line: &str) {
    let before = Universe::new()
        .npm("wide", "1.0.0", |p| p.dep("tokens", ">=3"))
        .npm("plugin", "1.0.0", |p| p.peer("tokens", ">=3"))
        .npm("tokens", "3.0.0", |p| p)
        .npm("left", "1.0.0", |p| p);
    let after = before.clone().npm("tokens", "4.0.0", |p| p).npm("new", "1.0.0", |p| p.dep("tokens", "^4"));
    let (before, after) = (before.serve(), after.serve());
    let mut project = Project::new(&before);
    project.write("own/package.json", r#"{"name":"own","version":"1.0.0","dependencies":{"tokens":">=3"}}"#);
    project.dependencies(&[line]).run("larder lock").exits(0);
    project.sees(&after);
    std::fs::remove_dir_all(project.store().with_file_name("cache")).expect("a cache");
    project.run("larder add npm:new --no-sync").exits(0);
    let lock = project.read("larder.lock");
    assert!(lock.contains("tokens@3.0.0") && lock.contains("tokens@4.0.0"), "{lock}");
    project.run("larder add npm:left --no-sync").exits(0);
    let now = project.read("larder.lock");
    for line in lock.lines() {
        assert!(now.contains(line), "{line} is gone");
    }
    assert_eq!(now.matches("npm:tokens@3.0.0").count(), lock.matches("npm:tokens@3.0.0").count());
}

#[test]
fn adding_a_package_leaves_every_edge_where_it_was() {
    adding_leaves_edges_where_they_are("npm \"wide\" \"^1\"");
}

#[test]
fn adding_a_package_leaves_the_versions_of_lines_where_they_were() {
    adding_leaves_edges_where_they_are("npm \"tokens\" \">=3\"");
    adding_leaves_edges_where_they_are("path \"own\"");
}

#[test]
fn adding_a_package_leaves_peers_that_nobody_provides_where_they_were() {
    adding_leaves_edges_where_they_are("npm \"plugin\" \"^1\"");
}
