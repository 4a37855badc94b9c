//! Hooks, workflows and timers: written once, and what is there is kept.

use std::os::unix::fs::PermissionsExt;

use crate::support::{Project, Universe, conforms};

fn executable(project: &Project, path: &str, text: &str) {
    project.write(path, text);
    std::fs::set_permissions(project.path(path), std::fs::Permissions::from_mode(0o755)).expect("a file");
}

fn git(project: &Project, arguments: &[&str]) -> crate::support::Output {
    let identity = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "init.defaultBranch=main"];
    project.program("git", &[&identity[..], arguments].concat())
}

#[test]
fn a_hook_is_chained_with_the_one_that_is_there_and_a_second_run_changes_nothing() {
    let registry = Universe::new().npm("left", "1.0.0", |p| p).serve();
    let mut project = Project::new(&registry);
    project.dependencies(&["npm \"left\" \"^1\""]).run("larder lock").exits(0);
    project.run("larder hooks install").exits(2).names(["git init"]);
    git(&project, &["init", "-q"]).exits(0);
    executable(&project, ".git/hooks/pre-commit", "#!/bin/sh\necho before >> ran\n[ ! -e stop ]\n");
    let document = project.run("larder hooks install --json").exits(0).json();
    conforms(&document, "hooks");
    assert_eq!((&document["state"], document["before"].is_string()), (&"written".into(), true));
    let listing = project.listing();
    project.run("larder hooks install").exits(0).names(["Nothing to do"]);
    assert_eq!(project.listing(), listing);

    // The hook finds larder on PATH.
    let larder = std::path::Path::new(env!("CARGO_BIN_EXE_larder")).parent().expect("a folder").display().to_string();
    let path = format!("{larder}:{}", std::env::var("PATH").unwrap_or_default());
    project.set("PATH", &path);
    project.write("osv/none.json", "{\"id\":\"X-0\"}").write(".gitignore", ".larder/\nran\n");
    project.with_registry_line("advisories \"osv\" \"osv/\";\n", "dependencies {\n    npm \"left\" \"^1\"\n}\n");
    project.run("larder lock").exits(0);
    git(&project, &["add", "."]).exits(0);
    git(&project, &["commit", "-qm", "one"]).exits(0);
    assert_eq!(project.read("ran"), "before\n");
    project.write("stop", "");
    git(&project, &["commit", "-qm", "two", "--allow-empty"]).exits(1);
    std::fs::remove_file(project.path("stop")).expect("a file");
    project.manifest("policy { deny npm \"left\" reason=\"no\"; }\ndependencies {\n    npm \"left\" \"^1\"\n}\n");
    git(&project, &["commit", "-qam", "three"]).exits(1).names(["npm:left@1.0.0 is denied: no"]);

    // Something else put its hook in the place of larder's: nothing is lost.
    executable(&project, ".git/hooks/pre-commit", "#!/bin/sh\n");
    project.run("larder hooks install").exits(1).names(["pre-commit.before-larder", "is not larder's"]);
}

#[test]
fn a_workflow_is_written_once_and_a_changed_one_is_kept() {
    let project = Project::alone();
    project.manifest("");
    for (host, path) in [
        ("github", ".github/workflows/larder.yml"),
        ("gitlab", ".gitlab/larder.yml"),
        ("github --release", ".github/workflows/larder-release.yml"),
        ("gitlab --release", ".gitlab/larder-release.yml"),
    ] {
        let document = project.run(&format!("larder ci-template {host} --json")).exits(0).json();
        conforms(&document, "ci-template");
        assert_eq!(document["state"], "written");
        let text = project.read(path);
        assert_eq!(project.run(&format!("larder ci-template {host} --print")).exits(0).stdout, text);
        project.run(&format!("larder ci-template {host}")).exits(0).names(["Nothing to do"]);
        project.write(path, &format!("{text}# mine\n"));
        project.run(&format!("larder ci-template {host}")).exits(1).names(["has other text", "--force"]);
        project.run(&format!("larder ci-template {host} --force")).exits(0).names(["Replaced"]);
        assert_eq!(project.read(path), text);
    }
}

#[test]
fn a_workflow_of_a_project_below_its_repository_is_where_hosts_look_and_works_there() {
    let project = Project::alone();
    git(&project, &["-c", "init.defaultBranch=trunk", "init", "-q"]).exits(0);
    project.write("apps/shop/larder.kdl", "project \"shop\"\n");
    project.run("larder -C apps/shop ci-template github").exits(0).names([".github/workflows/larder-apps-shop.yml"]);
    let text = project.read(".github/workflows/larder-apps-shop.yml");
    for part in ["working-directory: apps/shop\n", "sarif_file: apps/shop/larder.sarif\n", "branches: [trunk]\n"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    project
        .run("larder -C apps/shop ci-template gitlab")
        .exits(0)
        .names([".gitlab/larder-apps-shop.yml", "include: [{ local: .gitlab/larder-apps-shop.yml }]"]);
    assert!(project.read(".gitlab/larder-apps-shop.yml").contains("- \"cd 'apps/shop'\"\n"));
}

#[test]
fn timers_and_lines_of_a_crontab_are_there_once() {
    let mut project = Project::alone();
    project.manifest("");
    let document = project.run("larder schedule --json").exits(0).json();
    conforms(&document, "schedule");
    let files = document["files"].as_array().expect("files").clone();
    assert_eq!(files.len(), 4);
    let timer = files[1]["path"].as_str();
    let timer = std::fs::read_to_string(timer.expect("a timer")).expect("its text");
    assert!(timer.contains("OnCalendar=*-*-* 02:00:00\n"), "{timer}");
    let again = project.run("larder schedule --json").exits(0).json();
    assert!(again["files"].as_array().expect("files").iter().all(|one| one["state"] == "kept"), "{again}");

    // A crontab in a file.
    let tab = "#!/bin/sh\ncase $1 in\n-l) cat tab 2>/dev/null || { echo \"no crontab for me\" >&2; exit 1; };;\n-) cat > tab;;\nesac\n";
    executable(&project, "bin/crontab", tab);
    let path = format!("{}:{}", project.path("bin").display(), std::env::var("PATH").unwrap_or_default());
    project.set("PATH", &path);
    let first = project.run("larder schedule --cron --json").exits(0).json();
    conforms(&first, "schedule");
    assert_eq!((first["added"].as_array().map(Vec::len), first["kept"].as_array().map(Vec::len)), (Some(2), Some(0)));
    let changed = project.read("tab").replace("0 2 * * *", "7 4 * * *");
    project.write("tab", &changed);
    project.run("larder schedule --cron").exits(0).names(["Nothing to do: 7 4 * * *"]);
    assert_eq!(project.read("tab"), changed);
}
