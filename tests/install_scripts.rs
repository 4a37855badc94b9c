//! Install scripts of npm packages: run where a line of the manifest lets them, in a sandbox, and once.

use std::fs;

use serde_json::json;

use crate::support::{NpmPackage, Project, Registry, Universe, conforms};

/// A package with an `index.js` that exports what its script wrote.
fn scripted(script: &str) -> impl FnOnce(NpmPackage) -> NpmPackage {
    let script = script.to_owned();
    move |p| {
        p.field("scripts", json!({ "install": script })).file("index.js", "module.exports = require('./made.json');\n")
    }
}

fn one(script: &str) -> Registry {
    Universe::new().npm("native", "1.0.0", scripted(script)).serve()
}

fn project(registry: &Registry) -> Project {
    let project = Project::new(registry);
    project.dependencies(&["npm \"native\" \"^1\""]);
    project
}

/// Syncs. Returns whether this machine has a sandbox, and says where it is seen that it has none.
fn syncs(project: &Project) -> bool {
    let out = project.run("larder sync");
    let is_missing = out.stderr.contains("larder::build::no_sandbox");
    if is_missing {
        crate::sweep::say(&format!("NOT TESTED: {}", out.stderr));
    } else {
        out.exits(0);
    }
    !is_missing
}

fn prints(project: &Project, code: &str) -> String {
    project.run(&format!("larder run node -p '{code}'")).exits(0).stdout
}

#[test]
fn an_approved_script_runs_and_what_it_made_is_the_package() {
    let registry = one("echo 41 > made.json");
    let project = project(&registry);
    project.run("larder sync").exits(0).names(["larder builds allow NAME"]);
    let without = project.read("larder.lock");
    project.run("larder check").exits(0).names(["npm:native@1.0.0 declares an install script"]);
    let listed = project.run("larder builds --json").exits(0).json();
    conforms(&listed, "builds");
    assert_eq!(listed["builds"][0]["allowed"], false);
    let scripts = json!([{ "event": "install", "text": "echo 41 > made.json", "files": [] }]);
    assert_eq!(listed["builds"][0]["scripts"], scripts);

    project.run("larder builds allow native").exits(0);
    project.run("larder sync --locked").exits(1).names(["the install scripts of npm:native@1.0.0 are not locked"]);
    if !syncs(&project) {
        return;
    }
    assert_eq!(prints(&project, "require(\"native\")"), "41\n");
    let lock = project.read("larder.lock");
    assert!(lock.starts_with(&without), "{lock}");
    assert!(lock[without.len()..].starts_with("\n[[build]]\nid = \"npm:native@1.0.0\"\nscripts = \"sha256-"), "{lock}");
    project.run("larder verify").exits(0);
    let checked = project.run("larder check").exits(0);
    assert!(!checked.stdout.contains("declares an install script"), "{}", checked.stdout);
    assert_eq!(project.run("larder builds --json").exits(0).json()["builds"][0]["allowed"], true);
    project.run("larder lock").exits(0);
    assert_eq!(project.read("larder.lock"), lock);

    project.write("larder.kdl", &project.read("larder.kdl").replace("    allow npm \"native\"\n", ""));
    project.run("larder sync").exits(0);
    assert_eq!(project.read("larder.lock"), without);
    project.run("larder run node -p 'require(\"native\")'").exits(1);
}

#[test]
fn a_script_runs_once_for_all_projects_of_a_user() {
    let registry = one("date +%s%N > made.json");
    let first = project(&registry);
    first.run("larder builds allow npm:native").exits(0);
    if !syncs(&first) {
        return;
    }
    let made = prints(&first, "require(\"native\")");
    let logs = first.cache().join("build-logs");
    assert!(logs.join("native-1.0.0.log").exists());
    fs::remove_dir_all(&logs).expect("removed");
    let second = first.beside();
    second.write("larder.kdl", &first.read("larder.kdl")).write("larder.lock", &first.read("larder.lock"));
    second.run("larder sync --locked --offline").exits(0);
    assert!(!logs.exists(), "nothing was run");
    assert_eq!(prints(&second, "require(\"native\")"), made);
}

#[test]
fn another_script_in_a_later_version_asks_again() {
    let registry = one("echo 1 > made.json");
    let mut project = project(&registry);
    project.run("larder builds allow npm:native").exits(0);
    if !syncs(&project) {
        return;
    }
    let same = || Universe::new().npm("native", "1.1.0", scripted("echo 1 > made.json"));
    let newer = same().serve();
    project.sees(&newer);
    project.forget();
    project.run("larder update").exits(0);
    assert_eq!(prints(&project, "require(\"native\")"), "1\n");
    let newest = same().npm("native", "1.2.0", scripted("echo 2 > made.json")).serve();
    project.sees(&newest);
    project.forget();
    project.run("larder update").exits(0);
    let refused = project.run("larder sync").exits(1);
    refused.names(["larder::builds::scripts_changed", "npm:native@1.2.0", "larder builds allow npm:native"]);
    assert_eq!(project.read("node_modules/native/made.json"), "1\n");
    let listed = project.run("larder builds --json").exits(0).json();
    assert_eq!(listed["builds"][0]["allowed"], false);
    assert_eq!(listed["builds"][0]["reason"], "its install scripts are not those that were approved");
    // Solving again does not approve.
    project.run("larder lock").exits(0);
    project.run("larder sync").exits(1);
    project.run("larder builds allow npm:native").exits(0);
    project.run("larder sync --locked").exits(0);
    assert_eq!(prints(&project, "require(\"native\")"), "2\n");
}

#[test]
fn a_script_sees_its_dependencies_with_what_their_scripts_made_and_their_programs() {
    let registry = Universe::new()
        .npm("native", "1.0.0", |p| {
            let package =
                p.dep("maker", "^1").dep("data", "^1").file("index.js", "module.exports = require('./made.json');\n");
            package.field("scripts", json!({ "postinstall": "maker" }))
        })
        .npm("maker", "1.0.0", |p| {
            let program =
                "#!/usr/bin/env node\nrequire('fs').writeFileSync('made.json', JSON.stringify(require('data')));\n";
            p.bin("maker", "cli.js", program).dep("data", "^1")
        })
        .npm("data", "1.0.0", scripted("echo 7 > made.json"))
        .serve();
    let project = project(&registry);
    project.run("larder builds allow npm:native npm:data").exits(0);
    if syncs(&project) {
        assert_eq!(prints(&project, "require(\"native\")"), "7\n");
    }
}

#[test]
fn an_optional_package_whose_script_fails_is_left_out() {
    let registry = Universe::new()
        .npm("native", "1.0.0", |p| p.optional("fast", "^1"))
        .npm("fast", "1.0.0", scripted("echo no compiler; exit 3"))
        .serve();
    let project = project(&registry);
    project.run("larder builds allow npm:native npm:fast").exits(0);
    let out = project.run("larder sync");
    if out.stderr.contains("larder::build::no_sandbox") {
        return;
    }
    out.exits(0).names(["npm:fast@1.0.0 is optional and was left out: its script `install` ended with status 3"]);
    assert_eq!(prints(&project, "require(\"native\").version"), "1.0.0\n");
    let again = project.run("larder sync").exits(0);
    assert!(!again.stderr.contains("left out"), "told and tried once: {}", again.stderr);
}

#[test]
fn a_script_that_fails_is_told_and_leaves_nothing() {
    let registry = one("echo no paint; exit 3");
    let project = project(&registry);
    project.run("larder builds allow npm:native").exits(0);
    let out = project.run("larder sync");
    if out.stderr.contains("larder::build::no_sandbox") {
        return;
    }
    out.exits(1)
        .names(["npm:native@1.0.0 cannot be built: `install` ended with status 3\n  │ - no paint", "native-1.0.0.log"]);
    assert!(!project.has(".larder/active"));
    assert_eq!(fs::read_dir(project.store().join("v1/staging")).map_or(0, Iterator::count), 0);
}

#[test]
fn a_lock_that_lies_about_scripts_runs_nothing() {
    let registry = one("echo 1 > made.json");
    let project = project(&registry);
    project.run("larder builds allow npm:native").exits(0);
    project.run("larder lock").exits(0);
    let lock = project.read("larder.lock");
    let at = lock.find("scripts = \"sha256-").expect("scripts") + "scripts = \"sha256-".len();
    let digest = if lock[at..].starts_with('A') { "B" } else { "A" };
    project.write("larder.lock", &format!("{}{digest}{}", &lock[..at], &lock[at + 1..]));
    project.run("larder sync --locked").exits(4).names(["larder::builds::other_scripts", "npm:native@1.0.0"]);
    assert!(!project.has(".larder/active"));
}

#[test]
fn what_comes_out_the_same_twice_is_told_from_what_does_not() {
    let registry = Universe::new()
        .npm("native", "1.0.0", |p| scripted("echo 1 > made.json")(p).dep("clock", "^1"))
        .npm("clock", "1.0.0", scripted("date +%s%N > made.json; echo x > same"))
        .serve();
    let project = project(&registry);
    project.run("larder builds allow npm:native npm:clock").exits(0);
    if !syncs(&project) {
        return;
    }
    let before = prints(&project, "require(\"native\")");
    let checked = project.run("larder builds --check --json").exits(0).json();
    conforms(&checked, "builds-check");
    let expected = json!([
        { "package": "npm:clock@1.0.0", "reproducible": false, "differing": ["made.json"] },
        { "package": "npm:native@1.0.0", "reproducible": true, "differing": [] },
    ]);
    assert_eq!(checked["builds"], expected);
    assert_eq!(prints(&project, "require(\"native\")"), before);
    assert!(!project.run("larder sync --json").exits(0).json()["built"].as_bool().expect("a word"));
}

#[test]
fn two_syncs_that_want_one_build_run_it_once() {
    let registry = one("date +%s%N > made.json; sleep 1");
    let first = project(&registry);
    first.run("larder builds allow npm:native").exits(0);
    first.run("larder lock").exits(0);
    let second = first.beside();
    second.write("larder.kdl", &first.read("larder.kdl")).write("larder.lock", &first.read("larder.lock"));
    let (one, other) = std::thread::scope(|scope| {
        let other = scope.spawn(|| second.run("larder sync"));
        (first.run("larder sync"), other.join().expect("a run"))
    });
    if one.stderr.contains("larder::build::no_sandbox") {
        return;
    }
    one.exits(0);
    other.exits(0);
    assert_eq!(prints(&first, "require(\"native\")"), prints(&second, "require(\"native\")"));
}

#[test]
fn damage_to_what_a_script_made_is_healed_by_running_it_again() {
    let registry = one("echo 1 > made.json");
    let project = project(&registry);
    project.run("larder builds allow npm:native").exits(0);
    if !syncs(&project) {
        return;
    }
    let made = project.path("node_modules/native/made.json");
    fs::set_permissions(&made, std::os::unix::fs::PermissionsExt::from_mode(0o644)).expect("rights");
    fs::write(&made, "harm").expect("written");
    project.run("larder verify").exits(4);
    project.run("larder sync --repair").exits(0);
    project.run("larder verify").exits(0);
    assert_eq!(prints(&project, "require(\"native\")"), "1\n");
}

#[test]
fn a_script_reaches_neither_network_nor_home_nor_neighbours() {
    let script = "cat ~/.secret > made.json; echo x > ../../harm; node probe.js > made.json";
    let probe = "const s = require('net').connect(9, '127.0.0.1');\ns.on('error', (e) => console.log(JSON.stringify([process.env.HOME, e.code])));\n";
    let registry = Universe::new().npm("native", "1.0.0", |p| scripted(script)(p).file("probe.js", probe)).serve();
    let project = project(&registry);
    project.run("larder builds allow npm:native").exits(0);
    if syncs(&project) {
        assert_eq!(prints(&project, "JSON.stringify(require(\"native\"))"), "[\"/tmp/home\",\"ECONNREFUSED\"]\n");
    }
}

#[test]
fn a_script_that_leaves_a_link_in_the_place_of_its_folder_gets_nothing_of_the_machine() {
    let outside = tempfile::tempdir().expect("a folder");
    fs::write(outside.path().join("package.json"), "{\"name\":\"native\",\"version\":\"1.0.0\"}").expect("a file");
    fs::write(outside.path().join("secret.txt"), "n3edle").expect("a file");
    let place = outside.path().display();
    for script in [
        format!("cd .. && mv native away && ln -s {place} native"),
        format!("cd ../.. && mv node_modules away && mkdir node_modules && ln -s {place} node_modules/native"),
    ] {
        let registry = one(&script);
        let project = project(&registry);
        project.run("larder builds allow native").exits(0);
        let out = project.run("larder sync");
        if out.stderr.contains("larder::build::no_sandbox") {
            return crate::sweep::say(&format!("NOT TESTED: {}", out.stderr));
        }
        assert_ne!(out.status, 0, "{}", out.stdout);
        out.names(["put something else in the place of its folder"]);
        let found = project.program("grep", &["-rl", "n3edle", ".."]).stdout;
        assert_eq!(found, "", "{script}");
        assert!(outside.path().join("secret.txt").exists());
    }
}

#[test]
fn folders_that_lie_deeper_than_a_process_may_open_go_with_a_failed_build() {
    let registry =
        one("node -e 'for (let i = 0; i < 900; i++) { fs.mkdirSync(String(i)); process.chdir(String(i)); }'; exit 3");
    let project = project(&registry);
    project.run("larder builds allow native").exits(0);
    let plain = project.command("larder sync");
    let mut limited = std::process::Command::new("/bin/sh");
    limited.env_clear();
    limited.args(["-c", "ulimit -n 256; exec \"$0\" \"$@\""]).arg(plain.get_program()).args(plain.get_args());
    for (name, value) in plain.get_envs() {
        match value {
            Some(value) => limited.env(name, value),
            None => limited.env_remove(name),
        };
    }
    limited.current_dir(plain.get_current_dir().expect("a folder"));
    let ended = limited.output().expect("a shell");
    let said = String::from_utf8_lossy(&ended.stderr);
    if said.contains("larder::build::no_sandbox") {
        return;
    }
    assert!(said.contains("npm:native@1.0.0 cannot be built"), "{said}");
    assert_eq!(fs::read_dir(project.store().join("v1/staging")).map_or(0, Iterator::count), 0);
}
