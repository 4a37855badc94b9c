//! Hooks of a manifest: nothing runs that this user did not allow as it is, and what fails before a sync changes nothing.

use std::os::unix::fs::PermissionsExt;

use crate::support::{Project, Registry, Universe, conforms};

const HOOKS: &str =
    "hooks {\n    before \"sync\" \"./scripts/check.sh --fast\"\n    after \"sync\" \"./scripts/migrate.sh\"\n}\n";

fn executable(project: &Project, path: &str, text: &str) {
    project.write(path, text);
    std::fs::set_permissions(project.path(path), std::fs::Permissions::from_mode(0o755)).expect("a file");
}

/// Makes a project with two hooks that note that they ran.
fn project(registry: &Registry) -> Project {
    let project = Project::new(registry);
    project.manifest(&format!("{HOOKS}dependencies {{\n    npm \"left\" \"^1\"\n}}\n"));
    executable(&project, "scripts/check.sh", "#!/bin/sh\necho \"check $1 $LARDER_HOOK\" >> ran\n");
    executable(
        &project,
        "scripts/migrate.sh",
        "#!/bin/sh\necho \"migrate $LARDER_ENV $LARDER_GENERATION\" >> ran\necho done\n",
    );
    project
}

fn registry() -> Registry {
    Universe::new().npm("left", "1.0.0", |p| p).npm("right", "1.0.0", |p| p).serve()
}

fn ran(project: &Project) -> String {
    if project.has("ran") { project.read("ran") } else { String::new() }
}

#[test]
fn a_hook_runs_only_where_it_was_allowed_as_it_is() {
    let registry = registry();
    let project = project(&registry);
    project.run("larder sync").exits(0).names(["check.sh --fast` was not run", "larder hooks allow"]);
    assert_eq!(ran(&project), "");

    let document = project.run("larder hooks allow --json").exits(0).json();
    conforms(&document, "hooks-allow");
    assert_eq!(document["hooks"].as_array().map(Vec::len), Some(2));
    project.run("larder hooks allow").exits(0).names(["Was allowed before: before sync ./scripts/check.sh --fast"]);
    // Nothing to do: no hook.
    project.run("larder sync").exits(0);
    assert_eq!(ran(&project), "");
    project.run("larder add npm:right").exits(0).names(["done"]);
    assert_eq!(ran(&project), "check --fast before sync\nmigrate development 2\n");

    // A changed file, a changed command, another checkout: each asks again.
    std::fs::remove_file(project.path("ran")).expect("a file");
    executable(&project, "scripts/migrate.sh", "#!/bin/sh\necho other >> ran\n");
    project.write("larder.kdl", &project.read("larder.kdl").replace("--fast", "--slow"));
    let said = project.run("larder sync --env production").exits(0);
    assert_eq!((said.stderr.matches("was not run").count(), ran(&project)), (2, String::new()), "{}", said.stderr);

    let other = project.beside();
    other.write("larder.kdl", &project.read("larder.kdl"));
    executable(&other, "scripts/check.sh", "#!/bin/sh\ntouch ran\n");
    executable(&other, "scripts/migrate.sh", "#!/bin/sh\ntouch ran\n");
    other.run("larder sync").exits(0).names(["was not run"]);
    assert!(!other.has("ran"));
}

#[test]
fn one_that_fails_before_a_sync_leaves_everything_unchanged() {
    let registry = registry();
    let project = project(&registry);
    executable(&project, "scripts/check.sh", "#!/bin/sh\necho no good >&2\nexit 3\n");
    project.run("larder hooks allow").exits(0);
    let listing = project.listing();
    project.run("larder sync").exits(1).names(["before sync ./scripts/check.sh --fast", "ended with 3", "no good"]);
    assert_eq!(project.listing(), listing);
    assert!(!project.has("larder.lock") && !project.has("node_modules"));

    executable(&project, "scripts/check.sh", "#!/bin/sh\n");
    executable(&project, "scripts/migrate.sh", "#!/bin/sh\nkill -9 $$\n");
    project.run("larder hooks allow").exits(0);
    project.run("larder sync").exits(1).names(["after sync", "larder rollback"]);
    project.run("larder verify").exits(0);
}

#[test]
fn none_runs_under_frozen_or_in_ci_unless_asked_for_and_then_only_allowed_ones() {
    let registry = registry();
    let mut project = project(&registry);
    project.run("larder lock").exits(0);
    project.run("larder ci --hooks").exits(1).names(["is not allowed on this machine"]);
    assert!(!project.has("node_modules"));
    project.run("larder hooks allow").exits(0);
    project.run("larder sync --frozen").exits(0);
    // What that built is what a sync would build: there is nothing to do.
    project.run("larder sync").exits(0);
    project.set("CI", "true");
    project.run("larder sync --env production").exits(0);
    assert_eq!(ran(&project), "");
    // Who sets one variable does not get around it.
    project.set("CI", "false");
    project.set("GITHUB_ACTIONS", "true");
    project.run("larder sync --repair").exits(0);
    assert_eq!(ran(&project), "");
    project.run("larder ci --hooks --env development --compile").exits(0);
    assert_eq!(ran(&project).lines().count(), 2, "{}", ran(&project));
}

#[test]
fn a_path_a_link_and_a_forged_consent_do_not_get_anything_run() {
    let registry = registry();
    let mut project = project(&registry);
    // A name that the PATH of the day decides.
    project.write("larder.kdl", &project.read("larder.kdl").replace("./scripts/check.sh --fast", "check"));
    project.run("larder sync").exits(2).names(["not the path of a file of the project"]);
    project.write("larder.kdl", &project.read("larder.kdl").replace("\"check\"", "\"./scripts/check.sh\\nrm\""));
    project.run("larder sync").exits(2).names(["control character"]);
    project.write("larder.kdl", &project.read("larder.kdl").replace("check.sh\\nrm", "check.sh"));

    // A file that is somebody else's.
    std::fs::rename(project.path("scripts"), project.path("real")).expect("a folder");
    std::os::unix::fs::symlink("real", project.path("scripts")).expect("a link");
    project.run("larder hooks allow").exits(2).names(["reached through a link"]);
    project.run("larder sync").exits(2).names(["reached through a link"]);
    std::fs::remove_file(project.path("scripts")).expect("a link");
    std::fs::rename(project.path("real"), project.path("scripts")).expect("a folder");

    // A consent that the repository brings along.
    project.run("larder hooks allow").exits(0);
    let consent = format!("{}/.config/larder/allowed-hooks", project.path("../home").display());
    let text = std::fs::read_to_string(&consent).expect("the consent");
    std::fs::remove_file(&consent).expect("the consent");
    project.write("larder/allowed-hooks", &text).write(".config/larder/allowed-hooks", &text);
    project.set("XDG_CONFIG_HOME", ".");
    project.run("larder sync").exits(0).names(["was not run"]);
    assert_eq!(ran(&project), "");
}

#[test]
fn a_hook_that_syncs_is_not_run_again() {
    let registry = registry();
    let project = project(&registry);
    let larder = env!("CARGO_BIN_EXE_larder");
    executable(&project, "scripts/check.sh", &format!("#!/bin/sh\necho x >> ran\n{larder} sync --hooks\n"));
    executable(&project, "scripts/migrate.sh", "#!/bin/sh\nsleep 600 &\n");
    project.run("larder hooks allow").exits(0);
    project.run("larder sync").exits(0);
    assert_eq!(ran(&project), "x\n");
}

#[test]
fn hooks_that_cannot_be_read_are_told_and_nothing_is_allowed() {
    let registry = registry();
    let project = project(&registry);
    for (from, to, expected) in [
        ("./scripts/check.sh", "/bin/ls", "/bin/ls"),
        ("./scripts/check.sh", "../check.sh", "../check.sh"),
        ("./scripts/check.sh", "sh -c ls", "sh -c ls"),
        ("before \"sync\"", "before \"lock\"", "lock"),
        ("before \"sync\"", "during \"sync\"", "during"),
    ] {
        project.manifest(&HOOKS.replace(from, to));
        let refused = project.run("larder hooks allow").exits(2);
        let refused = refused.names([expected]);
        assert!(!refused.stdout.contains("declares no hooks"), "{}", refused.stdout);
    }
    assert!(!project.path("../home/.config/larder/allowed-hooks").exists());
    project.manifest("");
    project.run("larder hooks allow").exits(0).names(["declares no hooks"]);
}
