//! `larder gc`: what no project needs goes, and nothing else.

use std::fs;

use crate::support::{Project, Registry, Universe, conforms};

fn registry() -> Registry {
    Universe::new()
        .npm("left", "1.0.0", |p| p)
        .npm("left", "2.0.0", |p| p)
        .npm("right", "1.2.0", |p| p)
        .pypi("six", "1.16", |p| p)
        .serve()
}

fn wants(project: &Project, line: &str) {
    let rest = "environment \"development\" { keep 1; }\n";
    project.manifest(&format!("dependencies {{\n    {line}\n}}\n{rest}")).run("larder sync").exits(0);
}

fn trees(project: &Project) -> usize {
    let shards = fs::read_dir(project.store().join("v1/trees")).expect("trees");
    shards.map(|shard| fs::read_dir(shard.expect("an entry").path()).expect("a shard").count()).sum()
}

#[test]
fn what_no_lock_and_no_generation_names_goes() {
    let registry = registry();
    let project = Project::new(&registry);
    wants(&project, "npm \"left\" \"^1\"");
    wants(&project, "npm \"left\" \"^2\"");
    assert_eq!(trees(&project), 2);
    let before = project.state();
    let said = project.run_json("larder gc --dry-run --json");
    conforms(&said, "gc");
    assert_eq!((&said["store_entries"], &said["dry_run"]), (&1.into(), &true.into()));
    assert_eq!((trees(&project), project.state()), (2, before));
    let bytes = said["store_bytes"].as_u64().expect("a size");
    assert!(bytes > 50, "{bytes}");
    let said = project.run_json("larder gc --json");
    assert_eq!((said["store_bytes"].as_u64(), trees(&project)), (Some(bytes), 1));
    project.run("larder verify").exits(0);
    project.run("larder gc").exits(0).names(["Freed 0 B", "1 projects"]);
    let said = project.run_json("larder gc --older-than 30d --json");
    assert_eq!(said["store_entries"], 0);
}

#[test]
fn a_note_that_a_loss_of_power_emptied_lets_nothing_go() {
    let registry = registry();
    let project = Project::new(&registry);
    let other = project.beside();
    wants(&project, "npm \"left\" \"^1\"");
    wants(&other, "pypi \"six\"");
    fs::remove_file(other.path("larder.lock")).expect("a lock");
    let notes =
        || fs::read_dir(project.store().join("v1/projects")).expect("notes").map(|note| note.expect("one").path());
    let of_other = |note: &std::path::PathBuf| {
        let folder = other.path("").canonicalize().expect("a folder");
        fs::read_to_string(note).expect("a note").starts_with(folder.to_str().expect("text"))
    };
    fs::write(notes().find(of_other).expect("a note"), "").expect("a note");
    project.run("larder gc").exits(0).names(["says nothing", "30 days"]);
    assert_eq!(trees(&project), 2);
    wants(&other, "npm \"right\"");
    assert!(!project.run("larder gc").exits(0).stderr.contains("says nothing"));
    assert_eq!(trees(&project), 2, "left and right");
}

#[test]
fn what_a_killed_run_left_goes_from_the_cache() {
    let registry = registry();
    let project = Project::new(&registry);
    wants(&project, "npm \"left\" \"^1\"");
    let left = ["cache/metadata/npmjs/.left.tmp", "cache/sources/.7d1f.tmp"].map(|path| project.folder().join(path));
    let kept = project.folder().join("cache/sources/wheel");
    for path in left.iter().chain([&kept]) {
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, "{").expect("a file");
    }
    project.run("larder gc --dry-run").exits(0);
    assert!(left.iter().all(|path| path.exists()));
    project.run("larder gc").exits(0);
    assert!(!left.iter().any(|path| path.exists()) && kept.exists());
}

#[test]
fn another_project_keeps_what_it_uses() {
    let registry = registry();
    let project = Project::new(&registry);
    let other = project.beside();
    wants(&project, "npm \"left\" \"^1\"");
    wants(&other, "pypi \"six\"");
    project.run("larder gc").exits(0).names(["2 projects"]);
    assert_eq!(trees(&project), 2);
    for project in [&project, &other] {
        project.run("larder verify").exits(0);
    }
}

#[test]
fn a_project_that_is_gone_is_forgotten_after_a_while() {
    let registry = registry();
    let project = Project::new(&registry);
    let other = project.beside();
    wants(&project, "npm \"left\" \"^1\"");
    wants(&other, "pypi \"six\"");
    fs::remove_dir_all(other.path("")).expect("a project");
    assert_eq!(project.run_json("larder gc --json")["store_entries"], 0);
    let projects = fs::read_dir(project.store().join("v1/projects")).expect("projects");
    for entry in projects {
        let entry = entry.expect("an entry").path();
        let file = fs::File::options().append(true).open(entry).expect("a project's entry");
        let long_ago = std::time::SystemTime::now() - std::time::Duration::from_secs(31 * 24 * 3600);
        file.set_modified(long_ago).expect("a time");
    }
    let said = project.run_json("larder gc --json");
    assert_eq!((&said["store_entries"], said["forgotten"].as_array().map(Vec::len)), (&1.into(), Some(1)));
    assert_eq!(trees(&project), 1);
}

#[test]
fn generations_past_keep_go_first_and_their_packages_with_them() {
    let registry = registry();
    let project = Project::new(&registry);
    project.dependencies(&["npm \"left\" \"^1\""]).run("larder sync").exits(0);
    project.dependencies(&["npm \"left\" \"^2\""]).run("larder sync").exits(0);
    project.run("larder gc").exits(0);
    assert_eq!(trees(&project), 2, "a generation within `keep` needs left 1");
    let rest = "environment \"development\" { keep 1; }\n";
    project.manifest(&format!("dependencies {{\n    npm \"left\" \"^2\"\n}}\n{rest}"));
    let said = project.run_json("larder gc --json");
    conforms(&said, "gc");
    assert_eq!((&said["generations"][0]["generation"], &said["packages"]), (&1.into(), &1.into()));
    assert_eq!(trees(&project), 1);
    project.run("larder verify").exits(0);
    project.run("larder rollback").exits(1).names(["no generation 1"]);
}

#[test]
fn a_collection_in_a_loop_takes_nothing_from_running_syncs() {
    let registry = registry();
    let project = Project::new(&registry);
    project.run("larder gc").exits(0);
    let others: Vec<_> = (0..4).map(|_| project.beside()).collect();
    for other in &others {
        other.dependencies(&["npm \"left\" \"^2\"", "npm \"right\"", "pypi \"six\""]);
    }
    let mut running: Vec<_> = others.iter().map(|other| other.start("larder sync")).collect();
    while running.iter_mut().any(|child| child.try_wait().expect("a process of ours").is_none()) {
        project.run("larder gc --older-than 0s").exits(0);
    }
    for other in &others {
        other.run("larder verify").exits(0);
    }
}

#[test]
fn an_environment_that_is_declared_no_more_goes_after_a_while() {
    let registry = registry();
    let project = Project::new(&registry);
    let manifest = |environments: &str| {
        project.manifest(&format!("dependencies {{\n    npm \"left\" \"^1\"\n}}\n{environments}"));
    };
    let both = "environment \"development\"\nenvironment \"preview\"\n";
    manifest(both);
    project.run("larder sync").exits(0);
    project.run("larder sync --env preview --no-activate").exits(0);
    manifest("environment \"development\"\n");
    project.run("larder sync").exits(0);
    assert_eq!(project.run_json("larder gc --json")["generations"], serde_json::json!([]));
    assert!(project.has(".larder/node_modules/.profiles/preview/1"));
    // One that is pinned, and one that is active, are never forgotten.
    manifest(both);
    project.run("larder pin --env preview").exits(0);
    manifest("environment \"development\"\n");
    assert_eq!(project.run_json("larder gc --older-than 0s --json")["generations"], serde_json::json!([]));
    manifest(both);
    project.run("larder unpin --env preview").exits(0);
    manifest("environment \"development\"\n");
    let counted = project.run_json("larder gc --older-than 0s --dry-run --json");
    assert!(project.has(".larder/node_modules/.profiles/preview/1"));
    let said = project.run_json("larder gc --older-than 0s --json");
    conforms(&said, "gc");
    assert_eq!(
        (&said["generations"][0]["environment"], &said["generations"]),
        (&"preview".into(), &counted["generations"])
    );
    assert!(!project.has(".larder/node_modules/.profiles/preview") && !project.has(".larder/state-preview"));
    project.run("larder verify --all").exits(0);
    manifest(both);
    project.run("larder use preview").exits(1).names(["never synced"]);
}
