//! Harmed bytes are found, named and healed: in the registry, in the store, in the profile.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use crate::support::{Output, Project, Registry, Universe, conforms};

fn serve() -> Registry {
    Universe::new()
        .npm("left", "1.0.0", |p| p.file("deep/data.txt", "the quick brown fox\n"))
        .npm("right", "1.0.0", |p| p)
        .pypi("six", "1.16", |p| p.file("six/data.txt", "jumps over the lazy dog\n"))
        .serve()
}

const LINES: [&str; 2] = ["npm \"left\" \"^1\"", "pypi \"six\""];

fn synced(registry: &Registry) -> Project {
    let project = Project::new(registry);
    project.dependencies(&LINES).run("larder sync").exits(0);
    project
}

/// Flips a bit of a file in place: its size and its inode stay.
fn flip(path: &Path) {
    let mut bytes = fs::read(path).expect("a file");
    bytes[3] ^= 1;
    fs::set_permissions(path, fs::Permissions::from_mode(0o644)).expect("a file of ours");
    fs::write(path, bytes).expect("a file that can be written");
    fs::set_permissions(path, fs::Permissions::from_mode(0o444)).expect("a file of ours");
}

/// Returns the files below a folder, links not followed, whose path ends so.
fn find(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.expect("an entry").path();
        let about = path.symlink_metadata().expect("an entry that stays");
        if about.is_dir() {
            found.extend(find(&path, ending));
        } else if about.is_file() && path.ends_with(ending) {
            found.push(path);
        }
    }
    found
}

/// Returns the digests that an output names.
fn digests(output: &Output) -> usize {
    let text = format!("{}{}", output.stdout, output.stderr);
    ["sha512-", "sha256-", "sha1-"].iter().map(|prefix| text.matches(prefix).count()).sum()
}

#[test]
fn a_flipped_byte_in_the_registry_is_named_with_both_digests() {
    for (file, name, line) in [
        ("right-1.0.0.tgz", "right", "npm \"right\" \"^1\""),
        ("six-1.16-py3-none-any.whl", "six", "pypi \"six\" \">=1\""),
    ] {
        let registry = serve();
        let project = Project::new(&registry);
        project.dependencies(&["npm \"left\" \"^1\""]).run("larder sync").exits(0);
        project.dependencies(&["npm \"left\" \"^1\"", line]).run("larder lock").exits(0);
        let before = project.state();
        registry.corrupt(file);
        let output = project.run("larder sync --json").exits(4).names([name]);
        conforms(&output.json(), "error");
        assert!(digests(&output) >= 2, "expected and found: {}", output.stdout);
        assert_eq!(project.state(), before, "the profile stays as it was");
    }
}

#[test]
fn a_flipped_byte_in_the_store_is_found_as_it_is_linked_and_repaired() {
    let registry = serve();
    let project = synced(&registry);
    fs::remove_dir_all(project.path(".larder")).expect("a profile");
    for ending in ["deep/data.txt", "six/data.txt"] {
        let harmed = find(&project.store(), ending);
        assert_eq!(harmed.len(), 1, "{harmed:?}");
        flip(&harmed[0]);
        project.run("larder sync").exits(4).names(["data.txt"]);
        assert!(!project.path("node_modules/left").exists());
        project.run("larder sync --repair").exits(0).names(["healed: 1 package fetched again"]);
        assert_eq!(project.read("node_modules/left/deep/data.txt"), "the quick brown fox\n");
        fs::remove_dir_all(project.path(".larder")).expect("a profile");
    }
    project.run("larder sync").exits(0);
    project.run("larder verify").exits(0);
}

#[test]
fn a_flipped_byte_in_the_profile_is_found_by_verify_and_repaired() {
    let registry = serve();
    let project = synced(&registry);
    conforms(&project.run("larder verify --json").exits(0).json(), "verify");
    let harmed = project.path("node_modules/left/deep/data.txt").canonicalize().expect("a file");
    flip(&harmed);
    let output = project.run("larder verify --json").exits(4).names(["data.txt"]);
    conforms(&output.json(), "error");
    project.run("larder verify").exits(4).names(["data.txt"]);
    project.run("larder sync --repair").exits(0).names(["healed: 1 package built anew"]);
    assert_eq!(project.read("node_modules/left/deep/data.txt"), "the quick brown fox\n");
    project.run("larder verify").exits(0);
}

#[test]
fn files_that_are_missing_or_too_many_are_damage() {
    let registry = serve();
    let project = synced(&registry);
    let folder = project.path("node_modules/left").canonicalize().expect("a package");
    fs::remove_file(folder.join("deep/data.txt")).expect("a file");
    project.run("larder verify").exits(4).names(["data.txt"]);
    project.run("larder sync --repair").exits(0);
    project.run("larder verify").exits(0);
    let folder = project.path("node_modules/left").canonicalize().expect("a package");
    fs::write(folder.join("stray.txt"), "x").expect("a file");
    project.run("larder verify").exits(4).names(["stray.txt"]);
}

#[test]
fn what_tools_may_add_is_no_damage() {
    let registry = serve();
    let project = synced(&registry);
    project.write("node_modules/.cache/tool/state", "x").write("node_modules/.vite/deps", "x");
    let python = project.run("larder run -- python -c 'import six; print(six.__version__)'").exits(0);
    assert_eq!(python.stdout, "1.16\n");
    project.run("larder verify").exits(0);
}

#[test]
fn a_lock_that_was_tampered_with_does_not_install() {
    let registry = serve();
    let project = Project::new(&registry);
    project.dependencies(&LINES[..1]).run("larder lock").exits(0);
    let lock = project.read("larder.lock");
    let at = lock.find("sha512-").expect("a digest") + "sha512-".len();
    let other = if lock[at..].starts_with('A') { "B" } else { "A" };
    project.write("larder.lock", &format!("{}{other}{}", &lock[..at], &lock[at + 1..]));
    project.run("larder sync --frozen").exits(4).names(["left"]);
    assert!(!project.path("node_modules").exists());
}

/// Harms a synced project, lets `verify` name it, and lets `sync --repair` heal it.
#[track_caller]
fn heals(harm: impl FnOnce(&Project), named: &str) {
    let registry = serve();
    let project = synced(&registry);
    harm(&project);
    project.run("larder verify").exits(4).names([named]);
    project.run("larder sync --repair").exits(0);
    project.run("larder verify").exits(0);
    assert_eq!(project.read("node_modules/left/deep/data.txt"), "the quick brown fox\n");
    project.run("larder run -- python -c 'import six'").exits(0);
    assert_eq!(project.run("larder sync --json").exits(0).json()["built"], false);
}

/// Returns the one file or link of a project's own folder with this name.
fn own(project: &Project, below: &str, name: &str) -> PathBuf {
    let mut found = find(&project.path(".larder").join(below), name);
    assert_eq!(found.len(), 1, "{found:?}");
    found.remove(0)
}

#[test]
fn a_harmed_index_of_the_store_is_healed() {
    for place in 0..2 {
        heals(|project| flip(&find(&project.store(), "index")[place]), "index");
    }
}

#[test]
fn a_write_through_a_hard_link_is_healed_in_the_store_too() {
    heals(
        |project| {
            let file = project.path("node_modules/left/deep/data.txt").canonicalize().expect("a file");
            let time = file.metadata().expect("a file").modified().expect("a time");
            flip(&file);
            let again = fs::File::options().read(true).open(&file).expect("a file");
            again.set_modified(time).expect("a file of ours");
            let stored = find(&project.store(), "deep/data.txt").remove(0);
            assert_eq!(fs::read(stored).expect("a file"), fs::read(&file).expect("a file"), "they share their bytes");
        },
        "store's",
    );
}

#[test]
fn what_is_harmed_in_several_environments_is_named_once_by_verify_all() {
    let registry = serve();
    let project = Project::new(&registry);
    project.dependencies(&LINES).run("larder verify --all").exits(1).names(["never synced"]);
    project.run("larder sync").exits(0);
    project.run("larder sync --env production --no-activate").exits(0);
    let said = project.run_json("larder verify --all --json");
    conforms(&said, "verify-all");
    let names: Vec<_> = said["environments"].as_array().expect("a list").iter().map(|e| &e["environment"]).collect();
    assert_eq!(names, ["development", "production"]);
    flip(&project.path("node_modules/left/deep/data.txt").canonicalize().expect("a file"));
    fs::remove_file(project.path(".larder/node_modules/.profiles/production/1/node_modules/left")).expect("a link");
    let said = project.run("larder verify --all").exits(4);
    let said = said.names(["development and production are damaged", "store's", "--env production"]);
    assert_eq!(
        (said.stderr.matches("data.txt").count(), said.stderr.matches("\n  │ - ").count()),
        (1, 2),
        "{}",
        said.stderr
    );
    project.run("larder sync --repair").exits(0);
    project.run("larder verify").exits(0);
    project.run("larder sync --repair --env production --no-activate").exits(0);
    project.run("larder verify --all").exits(0).names(["development is whole", "production is whole"]);
    flip(&project.path(".larder/node_modules/.profiles/production/current/generation.json"));
    project.run("larder verify --all").exits(4).names(["production is damaged", "generation.json"]);
}

#[test]
fn a_harmed_record_of_a_generation_is_healed() {
    heals(|project| flip(&own(project, "", "generation.json")), "generation.json");
    heals(|project| fs::remove_file(own(project, "", "generation.json")).expect("a file"), "generation");
}

/// Returns which folder each realised package has: one that is built anew has another.
fn places(project: &Project) -> BTreeMap<String, u64> {
    let packages = fs::read_dir(project.path(".larder/node_modules/.packages")).expect("packages");
    let place = |entry: fs::DirEntry| {
        (entry.file_name().to_string_lossy().into_owned(), entry.metadata().expect("a folder").ino())
    };
    packages.map(|entry| place(entry.expect("an entry"))).collect()
}

#[test]
fn a_harmed_record_is_written_anew_and_packages_that_are_right_are_not_touched() {
    let gone: fn(&Path) = |path| fs::remove_file(path).expect("a file");
    for harm in [flip, gone] {
        let registry = serve();
        let project = Project::new(&registry);
        project.dependencies(&[LINES[0], LINES[1], "npm \"right\" \"^1\""]).run("larder sync").exits(0);
        let (before, history) = (places(&project), project.run_json("larder history --json"));
        harm(&own(&project, "", "generation.json"));
        let said = project.run("larder sync --repair").exits(0).names(["healed: the record of generation 1"]);
        assert!(!said.stderr.contains('+'), "nothing was added: {}", said.stderr);
        project.run("larder verify").exits(0);
        assert_eq!(places(&project), before);

        harm(&own(&project, "", "generation.json"));
        fs::remove_file(project.path("node_modules/left/deep/data.txt").canonicalize().expect("a file")).expect("ours");
        project.run("larder sync --repair").exits(0).names(["1 package built anew", "the record of generation 1"]);
        project.run("larder verify").exits(0);
        let other: Vec<_> = places(&project).into_iter().filter(|(key, at)| before[key] != *at).collect();
        assert!(other.len() == 1 && other[0].0.starts_with("left@"), "{other:?}");
        assert_eq!(project.run_json("larder history --json"), history);
        assert!(project.run_json("larder gc --json")["warnings"].as_array().expect("a list").is_empty());
    }
}

#[test]
fn a_harmed_record_in_a_generation_that_is_harmed_is_replaced_and_packages_stay() {
    let registry = serve();
    let project = synced(&registry);
    let before = places(&project);
    flip(&own(&project, "", "generation.json"));
    flip(&own(&project, "", "python/pyvenv.cfg"));
    project.run("larder sync --repair").exits(0);
    project.run("larder verify").exits(0);
    assert_eq!(places(&project), before);
    let history = project.run_json("larder history --json");
    assert_eq!((&history["current"], &history["generations"][0]["parent"]), (&2.into(), &1.into()));
    // What the old one was made of stays, too, and is known by its lock.
    project.dependencies(&["npm \"right\" \"^1\""]).run("larder sync").exits(0);
    let collected = project.run_json("larder gc --json");
    assert_eq!((&collected["store_entries"], &collected["warnings"]), (&0.into(), &serde_json::json!([])));
    project.run("larder rollback 1").exits(0);
    assert_eq!(project.read("node_modules/left/deep/data.txt"), "the quick brown fox\n");
}

#[test]
fn links_that_are_gone_or_replaced_are_healed() {
    for link in [".larder/active", ".larder/node_modules/.profiles/development/current"] {
        heals(
            |project| {
                fs::remove_file(project.path(link)).expect("a link");
                fs::create_dir(project.path(link)).expect("a folder");
            },
            "is not the link that larder made",
        );
        let registry = serve();
        let project = synced(&registry);
        fs::remove_file(project.path(link)).expect("a link");
        project.run("larder sync").exits(0);
        project.run("larder verify").exits(0);
    }
    for link in ["node_modules", ".venv"] {
        heals(|project| fs::remove_file(project.path(link)).expect("a link"), link);
    }
}

#[test]
fn what_was_gone_back_to_is_healed_and_stays() {
    let registry = serve();
    let project = Project::new(&registry);
    project.dependencies(&LINES).run("larder sync").exits(0);
    project.dependencies(&["npm \"right\" \"^1\""]).run("larder sync").exits(0);
    project.run("larder rollback").exits(0);
    flip(&project.path("node_modules/left/deep/data.txt").canonicalize().expect("a file"));
    fs::remove_file(
        project
            .path(".venv/lib/")
            .join(
                fs::read_dir(project.path(".venv/lib"))
                    .expect("a library")
                    .next()
                    .expect("one")
                    .expect("one")
                    .file_name(),
            )
            .join("site-packages/six/data.txt"),
    )
    .expect("a file");
    let lock = project.read("larder.lock");
    project.run("larder verify").exits(4);
    project.run("larder sync --repair").exits(0).names(["healed"]);
    project.run("larder verify").exits(0);
    assert_eq!(project.read("node_modules/left/deep/data.txt"), "the quick brown fox\n");
    assert_eq!(project.read("larder.lock"), lock);
    project.run("larder sync").exits(1).names(["rolled back", "--forward"]);
    project.run("larder sync --forward").exits(0);
    assert!(!project.has("node_modules/left") && project.has("node_modules/right"));
}

#[test]
fn links_of_other_tools_are_left_alone() {
    let registry = serve();
    let project = synced(&registry);
    fs::remove_file(project.path("node_modules")).expect("a link");
    project.write("node_modules/theirs/index.js", "");
    project.run("larder verify").exits(4).names(["node_modules"]);
    project.run("larder sync --repair").exits(1).names(["was not made by larder"]);
    assert!(project.has("node_modules/theirs/index.js"));
}

#[test]
fn a_package_that_is_partly_gone_is_healed() {
    let package = |project: &Project| project.path("node_modules/left").canonicalize().expect("a package");
    heals(|project| fs::remove_dir_all(package(project).join("deep")).expect("a folder"), "deep/data.txt");
    heals(|project| fs::remove_dir_all(package(project)).expect("a folder"), "left");
    heals(
        |project| {
            let key = package(project).parent().and_then(Path::parent).expect("a key").to_owned();
            fs::remove_dir_all(&key).expect("a folder");
            fs::write(&key, "a file now").expect("a file");
        },
        "left",
    );
}

#[test]
fn changed_launchers_and_links_of_an_environment_are_healed() {
    heals(|project| flip(&own(project, "", "python/pyvenv.cfg")), "pyvenv.cfg");
    heals(
        |project| {
            let python = project.path(".venv/bin/python");
            fs::remove_file(&python).expect("a link");
            fs::write(&python, "#!/bin/sh\n").expect("a file");
        },
        "bin/python",
    );
}

#[test]
fn a_harmed_cache_is_as_good_as_none() {
    let registry = serve();
    let project = Project::new(&registry);
    project.dependencies(&LINES).run("larder lock").exits(0);
    let lock = project.read("larder.lock");
    let cache = project.folder().join("cache/metadata");
    for name in ["left", "six"] {
        let listing = find(&cache, name).remove(0);
        let mut bytes = fs::read(&listing).expect("a listing");
        bytes[30] ^= 1;
        fs::write(&listing, bytes).expect("a listing");
    }
    fs::remove_file(project.path("larder.lock")).expect("a lock");
    registry.take_log();
    project.run("larder lock").exits(0);
    assert_eq!(project.read("larder.lock"), lock);
    assert!(registry.take_log().iter().any(|path| path == "/npm/left"), "it was asked for again");
}

#[test]
fn a_harmed_lock_is_no_lock() {
    let registry = serve();
    let project = synced(&registry);
    let before = project.state();
    let lock = project.read("larder.lock");
    project.write("larder.lock", &lock.replacen("[[package", "[[packbge", 1));
    project.run("larder sync").exits(2).names(["larder.lock"]);
    project.write("larder.lock", &lock);
    let after = project.state();
    let same = |path: &PathBuf| !path.ends_with("larder.lock");
    assert!(before.iter().filter(|(path, _)| same(path)).eq(after.iter().filter(|(path, _)| same(path))));
}
