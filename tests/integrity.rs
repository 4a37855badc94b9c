//! Harmed bytes are found, named and healed: in the registry, in the store, in the profile.

use std::fs;
use std::os::unix::fs::PermissionsExt;
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
        project.run("larder sync --repair").exits(0);
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
    project.run("larder sync --repair").exits(0);
    assert_eq!(project.read("node_modules/left/deep/data.txt"), "the quick brown fox\n");
    project.run("larder verify").exits(0);
}

#[test]
fn files_that_are_missing_or_too_many_are_damage() {
    let registry = serve();
    let project = synced(&registry);
    let folder = project.path("node_modules/left").canonicalize().expect("a package");
    fs::remove_file(folder.join("deep/data.txt")).expect("a file");
    project.run("larder verify").exits(1).names(["data.txt"]);
    project.run("larder sync --repair").exits(0);
    project.run("larder verify").exits(0);
    let folder = project.path("node_modules/left").canonicalize().expect("a package");
    fs::write(folder.join("stray.txt"), "x").expect("a file");
    project.run("larder verify").exits(1).names(["stray.txt"]);
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
