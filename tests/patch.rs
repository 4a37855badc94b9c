//! Patches: applied to a copy with its own key, locked by digest, made by `larder patch`, and refused where they harm or do not fit.

use std::path::PathBuf;
use std::sync::LazyLock;

use crate::support::{Project, Registry, Universe, conforms};

static REGISTRY: LazyLock<Registry> = LazyLock::new(|| {
    Universe::new()
        .npm("left", "1.0.0", |p| p.file("index.js", "module.exports = 'left';\n").file("old.js", "old\n"))
        .npm("left", "1.1.0", |p| p.file("index.js", "module.exports = 'left';\n"))
        .npm("top", "1.0.0", |p| p.dep("left", "1.0.0").file("index.js", "module.exports = require('left');\n"))
        .pypi("six", "1.16", |p| p.file("six/__init__.py", "name = 'six'\n").script("sixth", "six:main"))
        .serve()
});

const CHANGE: &str = "diff --git a/index.js b/index.js\n--- a/index.js\n+++ b/index.js\n@@ -1 +1 @@\n-module.exports = 'left';\n+module.exports = 'patched';\n";

/// A project with a patch of `left`, which `top` uses.
fn patched(patch: &str) -> Project {
    let project = Project::new(&REGISTRY);
    project
        .manifest("dependencies {\n    npm \"top\" \"^1\"\n    pypi \"six\"\n}\npatch npm \"left\" \"1.0.0\" \"patches/left.patch\"\n")
        .write("patches/left.patch", patch);
    project
}

fn node(project: &Project) -> String {
    project.run("larder run -- node -p 'require(\"top\")'").exits(0).stdout.trim().to_owned()
}

#[test]
fn a_patch_is_applied_to_a_copy_that_only_this_project_sees() {
    let project = patched(CHANGE);
    project.run("larder sync").exits(0);
    assert_eq!(node(&project), "patched");
    assert!(project.read("larder.lock").contains("patches = [\n"), "{}", project.read("larder.lock"));
    project.run("larder verify").exits(0);
    let other = project.beside();
    other.dependencies(&["npm \"top\" \"^1\""]).run("larder sync").exits(0);
    assert_eq!(node(&other), "left");
    // Nothing to do, also offline; what was collected and repaired is made again.
    project.run("larder sync --offline --locked").exits(0).names(["up to date"]);
    project.run("larder gc").exits(0);
    project.run("larder sync --offline --repair").exits(0);
    assert_eq!(node(&project), "patched");
}

#[test]
fn a_changed_patch_makes_the_lock_stale_and_builds_anew() {
    let project = patched(CHANGE);
    project.run("larder sync").exits(0);
    project.write("patches/left.patch", &CHANGE.replace("'patched'", "'again'"));
    project.run("larder lock --check").exits(1).names(["`patch` has changed"]);
    project.run("larder sync --locked").exits(1);
    // The lock as it is asks for the patch that it has.
    let _ = std::fs::remove_dir_all(project.store());
    project.run("larder sync --frozen --repair").exits(1).names(["patches/left.patch", "locked"]);
    // It is a change, though the version is the same, and every command says so.
    let change = "~ npm:left 1.0.0 (other content)";
    project.run("larder sync --dry-run").exits(0).names([change, "1 changed, 2 kept"]);
    let synced = project.run("larder sync").exits(0);
    synced.names([change, "1 changed, 2 kept"]);
    assert_eq!(node(&project), "again");
    let history = project.run("larder history").exits(0).stdout;
    assert!(history.contains("  1 changed  (current)\n") && history.contains(change), "{history}");
    let differ = project.run("larder diff 1 2").exits(0).stdout;
    assert!(differ.starts_with("~ npm:left  1.0.0 (other content)"), "{differ}");
    project.manifest("dependencies {\n    npm \"top\" \"^1\"\n}\n").run("larder sync").exits(0);
    assert_eq!(node(&project), "left");
    assert!(!project.read("larder.lock").contains("patches"));
    project.run("larder rollback").exits(0);
    assert_eq!(node(&project), "again");
}

#[test]
fn a_patch_that_does_not_fit_or_harms_changes_nothing() {
    let new = |path: &str, mode: &str| {
        format!("diff --git a/{path} b/{path}\nnew file mode {mode}\n--- /dev/null\n+++ b/{path}\n@@ -0,0 +1 @@\n+x\n")
    };
    for (patch, status, named) in [
        (CHANGE.replace("'left'", "'other'"), 1, "does not apply to npm:left@1.0.0"),
        (CHANGE.replace("index.js", "gone.js"), 1, "no file `gone.js`"),
        (new("../../x", "100644"), 2, "leads out of the package"),
        (new("/etc/x", "100644"), 2, "no path below the package"),
        (new("link", "120000"), 2, "a link"),
        ("rubbish\n".to_owned(), 2, "cannot be used"),
    ] {
        let project = patched(&patch);
        let refused = project.run("larder sync").exits(status);
        refused.names([named, "patches/left.patch", "larder.kdl"]);
        assert!(!project.has("node_modules"), "{patch}");
    }
    let project = patched(CHANGE);
    std::fs::remove_file(project.path("patches/left.patch")).expect("a file");
    project.run("larder lock").exits(2).names(["there is no `patches/left.patch`"]);
    std::os::unix::fs::symlink("/etc/hosts", project.path("patches/left.patch")).expect("a link");
    project.run("larder lock").exits(1).names(["outside the project"]);
    let project = patched(CHANGE);
    project.write("larder.kdl", &project.read("larder.kdl").replace("\"1.0.0\" \"patches", "\"1.1.0\" \"patches"));
    project.run("larder lock").exits(1).names(["the patch is for npm:left@1.1.0", "has 1.0.0", "larder.kdl"]);
    assert!(!project.has("larder.lock"));
}

#[test]
fn a_package_is_opened_edited_and_committed() {
    let project = Project::new(&REGISTRY);
    project.dependencies(&["npm \"top\" \"^1\" // the one", "pypi \"six\""]).run("larder sync").exits(0);
    let open = |name: &str| PathBuf::from(project.run(&format!("larder patch {name}")).exits(0).stdout.trim());
    let folder = open("left");
    project.run("larder patch left").exits(1).names(["is being edited"]);
    let commit = format!("larder patch --commit {}", folder.display());
    project.run(&commit).exits(1).names(["patch::unchanged", "npm:left@1.0.0"]);
    std::fs::write(folder.join("index.js"), "module.exports = 'edited';\n").expect("a file");
    std::fs::remove_file(folder.join("old.js")).expect("a file");
    std::fs::write(folder.join("new.js"), "new\n").expect("a file");
    project.run(&commit).exits(0).names(["patches/left@1.0.0.patch"]);
    assert!(!folder.exists());
    assert_eq!(node(&project), "edited");
    let manifest = project.read("larder.kdl");
    assert!(manifest.contains("// the one"), "{manifest}");
    assert!(manifest.ends_with("\npatch npm \"left\" \"1.0.0\" \"patches/left@1.0.0.patch\"\n"), "{manifest}");
    // A further edit begins with what was patched, and its patch replaces the first.
    let folder =
        PathBuf::from(project.run_json("larder patch npm:left@1.0.0 --json")["folder"].as_str().expect("a path"));
    assert!(!folder.join("old.js").exists());
    std::fs::write(folder.join("index.js"), "module.exports = 'twice';\n").expect("a file");
    project.run(&commit).exits(0);
    assert_eq!((node(&project), project.read("larder.kdl")), ("twice".to_owned(), manifest));
    // Python, whose RECORD stays true.
    let folder = open("pypi:six");
    std::fs::write(folder.join("six/__init__.py"), "name = 'seven'\n").expect("a file");
    project.run(&format!("larder patch --commit {}", folder.display())).exits(0);
    assert_eq!(project.run("larder run -- python -c 'import six; print(six.name)'").exits(0).stdout, "seven\n");
    let check = "import importlib.metadata as m, hashlib, base64\nfor f in m.files('six'):\n    if f.hash:\n        d = hashlib.sha256(f.read_binary()).digest()\n        assert base64.urlsafe_b64encode(d).rstrip(b'=').decode() == f.hash.value, f\n";
    project.write("check.py", check).run("larder run -- python check.py").exits(0);
    project.run("larder verify").exits(0);
    project.run("larder patch lefft").exits(2).names(["did you mean `left`?"]);
    project.run("larder patch --commit .").exits(2);
}

#[test]
fn an_opened_package_is_told_to_programs() {
    let project = Project::new(&REGISTRY);
    project.dependencies(&["npm \"top\" \"^1\""]).run("larder sync --quiet").exits(0);
    conforms(&project.run_json("larder patch left --json"), "patch");
}
