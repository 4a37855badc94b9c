//! Checkouts that were moved or copied keep their generations.

use std::fs;
use std::path::Path;

use crate::support::{Project, Registry, Universe};

fn registry() -> Registry {
    Universe::new().npm("left", "1.0.0", |p| p).npm("left", "2.0.0", |p| p).pypi("six", "1.16", |p| p).serve()
}

const LOCAL: &str = "path \"packages/theme\"\n    path \"tools/press\"";

/// Two generations, with local packages of both ecosystems.
fn two(project: &Project) {
    project.write("packages/theme/package.json", r#"{"name": "theme", "version": "1.0.0", "bin": "cli.js"}"#);
    project.write("packages/theme/cli.js", "#!/usr/bin/env node\nconsole.log(__dirname)\n");
    project.write("packages/theme/index.js", "module.exports = __dirname\n");
    project.write(
        "tools/press/pyproject.toml",
        "[project]\nname = 'press'\nversion = '1.0'\n[project.scripts]\npress = 'press:main'\n",
    );
    project.write("tools/press/press.py", "def main():\n    print(__file__)\n");
    let lines = |left: &str| [LOCAL.to_owned(), format!("npm \"left\" \"{left}\""), "pypi \"six\"".to_owned()];
    for left in ["^1", "^2"] {
        let lines = lines(left);
        project.dependencies(&lines.each_ref().map(String::as_str)).run("larder sync").exits(0);
    }
}

/// Moves the project away, to a place that is found as `../moved here`.
fn moved(project: &Project) -> String {
    let place = project.folder().canonicalize().expect("a folder").join("moved here");
    fs::rename(project.path(""), &place).expect("a folder of ours");
    fs::create_dir(project.path("")).expect("a folder");
    place.display().to_string()
}

/// Fails the test unless all that the current generation leads to lies in the checkout at `place`.
#[track_caller]
fn leads_to_itself(project: &Project, place: &str, version: &str) {
    project.run(&format!("larder -C '{place}' verify")).exits(0);
    let script = "cd \"$1\" && . .venv/bin/activate && python -c 'import six, press; press.main()' && press && \
                  echo $VIRTUAL_ENV && node -p \"require('theme')\" && node_modules/.bin/theme && readlink -f node_modules/left && \
                  grep -rq \"$1\" .venv/lib/*/site-packages/__editable__*";
    let said = project.program("sh", &["-c", script, "sh", place]).exits(0);
    assert!(said.stdout.lines().all(|line| line.starts_with(&format!("{place}/"))), "{}", said.stdout);
    assert!(said.stdout.contains(&format!("left@{version}")), "{}", said.stdout);
    let out = leading_out(&Path::new(place).join(".larder/active/"), place);
    assert!(out.is_empty(), "{out:?}");
}

/// Returns the absolute links below a folder that lead out of `place`, but for the one to the system's Python.
fn leading_out(folder: &Path, place: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if let Ok(target) = fs::read_link(&path) {
            if target.is_absolute() && !target.starts_with(place) && !path.ends_with("bin/python") {
                found.push(format!("{} -> {}", path.display(), target.display()));
            }
        } else if path.is_dir() {
            found.extend(leading_out(&path, place));
        }
    }
    found
}

#[test]
fn a_project_that_moved_is_linked_to_its_new_place_and_nothing_else() {
    let registry = registry();
    let project = Project::new(&registry);
    two(&project);
    let before = project.run_json("larder history --json");
    let place = moved(&project);
    let larder = |command: &str| project.run(&format!("larder -C '{place}' {command}"));
    larder("verify").exits(1).names(["built when the project was in", "larder sync"]);
    registry.take_log();
    larder("sync").exits(0).names(["up to date", "generation 2 was linked to this place"]);
    assert_eq!(registry.take_log(), Vec::<String>::new());
    leads_to_itself(&project, &place, "2.0.0");
    let same = larder("history --json").exits(0).json();
    assert_eq!(same, before, "no new generation, and the same digests");
    let again = larder("sync").exits(0);
    assert!(!again.stderr.contains("linked"), "{}", again.stderr);
    larder("rollback").exits(0);
    leads_to_itself(&project, &place, "1.0.0");
    larder("run -- node -e 'require(\"theme\")'").exits(0);
    larder("gc").exits(0);
    leads_to_itself(&project, &place, "1.0.0");
}

#[test]
fn whatever_is_switched_to_after_a_move_comes_along() {
    let registry = registry();
    let project = Project::new(&registry);
    two(&project);
    project.run("larder sync --env production --no-activate").exits(0);
    project.run("larder rollback").exits(0);
    let place = moved(&project);
    let larder = |command: &str| project.run(&format!("larder -C '{place}' {command}"));
    // What was gone back to is used as it is, here too.
    larder("run -- python -c 'import press'").exits(0);
    leads_to_itself(&project, &place, "1.0.0");
    larder("use production").exits(0);
    leads_to_itself(&project, &place, "2.0.0");
    larder("use development").exits(0);
    larder("sync --repair --forward").exits(0);
    leads_to_itself(&project, &place, "2.0.0");
    larder("rollback 1 --verify").exits(0);
}

#[test]
fn a_move_that_is_cut_short_is_ended_by_the_next_command() {
    let registry = registry();
    let project = Project::new(&registry);
    two(&project);
    let place = moved(&project);
    let profile = Path::new(&place).join(".larder/node_modules/.profiles/development");
    // As after a kill before the last step: all but the head says the new place.
    let head = fs::read(profile.join("2/head.json")).expect("a head");
    let larder = |command: &str| project.run(&format!("larder -C '{place}' {command}"));
    larder("sync").exits(0);
    fs::write(profile.join("2/head.json"), head).expect("a head");
    fs::remove_file(Path::new(&place).join(".larder/state-development")).expect("the record of a sync that ended");
    larder("sync").exits(0).names(["linked to this place"]);
    leads_to_itself(&project, &place, "2.0.0");
    // And in the middle: the records say the old one, some links the new one.
    let record = fs::read(profile.join("1/generation.json")).expect("a record");
    let head = fs::read(profile.join("1/head.json")).expect("a head");
    larder("rollback").exits(0);
    larder("sync --forward").exits(0);
    fs::write(profile.join("1/generation.json"), record).expect("a record");
    fs::write(profile.join("1/head.json"), head).expect("a head");
    larder("rollback").exits(0);
    leads_to_itself(&project, &place, "1.0.0");
}

#[test]
fn a_copy_of_a_checkout_is_not_taken_for_the_other_one() {
    let registry = registry();
    let project = Project::new(&registry);
    two(&project);
    let copy = project.beside();
    let cp = std::process::Command::new("cp").args(["-a"]).arg(project.path(".")).arg(copy.path("")).status();
    assert!(cp.expect("cp").success());
    copy.run("larder sync --offline").exits(0).names(["generation 2 was linked to this place"]);
    let place = |project: &Project| project.path("").canonicalize().expect("a folder").display().to_string();
    leads_to_itself(&copy, &place(&copy), "2.0.0");
    copy.run("larder rollback 1").exits(0);
    leads_to_itself(&copy, &place(&copy), "1.0.0");
    leads_to_itself(&project, &place(&project), "2.0.0");
    // A copy inside of what it is a copy of: one path begins with the other.
    let inside = project.path("copy").display().to_string();
    let cp = std::process::Command::new("cp").args(["-a"]).arg(copy.path(".")).arg(&inside).status();
    assert!(cp.expect("cp").success());
    fs::remove_dir_all(copy.path(".larder")).expect("a profile");
    project.run(&format!("larder -C '{inside}' sync --forward --offline")).exits(0);
    leads_to_itself(&project, &inside, "2.0.0");
}

/// A registry with a package that wants to be given `theme`, which is a local one.
fn with_plugin() -> Registry {
    Universe::new()
        .npm("left", "1.0.0", |p| p)
        .npm("plugin", "1.0.0", |p| p.peer("theme", "^1").file("index.js", PLUGIN))
        .serve()
}

const PLUGIN: &str = "module.exports = require.resolve('theme')\n";

#[test]
fn npm_packages_see_local_ones_where_they_are_after_a_move() {
    let registry = with_plugin();
    let project = Project::new(&registry);
    project.write(
        "packages/theme/package.json",
        r#"{"name": "theme", "version": "1.0.0", "dependencies": {"left": "^1"}}"#,
    );
    project.write("packages/theme/index.js", "");
    project.dependencies(&["path \"packages/theme\"", "npm \"plugin\""]).run("larder sync").exits(0);
    let sees = |place: &str| {
        let script = "require('node:process').chdir(process.argv[1]); console.log(require(process.cwd() + '/node_modules/plugin')); \
                      console.log(require.resolve('left', { paths: [process.cwd() + '/packages/theme'] }))";
        let said = project.program("node", &["-e", script, place]).exits(0);
        assert!(
            said.stdout.lines().count() == 2 && said.stdout.lines().all(|line| line.starts_with(&format!("{place}/"))),
            "{}",
            said.stdout
        );
    };
    sees(&project.path("").canonicalize().expect("a folder").display().to_string());
    let place = moved(&project);
    let larder = |command: &str| project.run(&format!("larder -C '{place}' {command}"));
    larder("sync").exits(0).names(["linked to this place"]);
    larder("verify").exits(0);
    sees(&place);

    // A generation that came along before a package did: what it takes over is led here as well.
    fs::rename(&place, project.folder().join("third")).expect("a folder of ours");
    let place = project.folder().canonicalize().expect("a folder").join("third").display().to_string();
    let manifest = fs::read_to_string(Path::new(&place).join("larder.kdl")).expect("a manifest");
    let with_left = manifest.replace("npm \"plugin\"", "npm \"plugin\"\n    npm \"left\"");
    fs::write(Path::new(&place).join("larder.kdl"), with_left).expect("a manifest");
    project.run(&format!("larder -C '{place}' sync")).exits(0).names(["generation 2"]);
    project.run(&format!("larder -C '{place}' verify")).exits(0);
    sees(&place);
    project.run(&format!("larder -C '{place}' rollback 1")).exits(0);
    project.run(&format!("larder -C '{place}' verify")).exits(0);
}

/// A project with local packages beside its folder, one by way of another.
fn with_neighbours(project: &Project) {
    let package = |name: &str, more: &str| {
        format!(r#"{{"name": "{name}", "version": "1.0.0", "dependencies": {{"left": "^1"{more}}}}}"#)
    };
    project.write("../theme/package.json", &package("theme", ""));
    project.write("../shared/web/package.json", &package("web", ", \"theme\": \"file:../../theme\""));
    project.dependencies(&["path \"../theme\"", "path \"../shared/web\""]);
}

/// Fails the test unless the neighbours at `beside` find their packages in the checkout at `place`.
#[track_caller]
fn neighbours_lead_to(project: &Project, beside: &Path, place: &Path) {
    for neighbour in ["theme", "shared/web"] {
        let folder = beside.join(neighbour);
        let script = "console.log(require.resolve('left', { paths: [process.argv[1]] }))";
        let said = project.program("node", &["-e", script, &folder.display().to_string()]).exits(0);
        assert!(said.stdout.starts_with(&format!("{}/", place.display())), "{neighbour}: {}", said.stdout);
    }
}

#[test]
fn local_packages_beside_a_project_see_where_it_moved_to() {
    let registry = with_plugin();
    let project = Project::new(&registry);
    with_neighbours(&project);
    project.run("larder sync").exits(0);
    let here = project.folder().canonicalize().expect("a folder");
    neighbours_lead_to(&project, &here, &project.path("").canonicalize().expect("a folder"));

    // The project moves alone, and its neighbours stay beside it.
    let place = here.join("moved here");
    moved(&project);
    let larder = |place: &Path, command: &str| project.run(&format!("larder -C '{}' {command}", place.display()));
    larder(&place, "sync").exits(0).names(["linked to this place"]);
    larder(&place, "verify").exits(0);
    neighbours_lead_to(&project, &here, &place);

    // All of them move.
    let there = here.join("there");
    fs::create_dir(&there).expect("a folder");
    for name in ["moved here", "theme", "shared"] {
        fs::rename(here.join(name), there.join(name)).expect("a folder of ours");
    }
    let place = there.join("moved here");
    larder(&place, "sync").exits(0).names(["linked to this place"]);
    larder(&place, "verify").exits(0);
    neighbours_lead_to(&project, &there, &place);
    assert!(larder(&place, "sync").exits(0).names(["up to date"]).stderr.matches("linked").count() == 0);

    // A copy would take the neighbours from the project that has them.
    let copy = there.join("copy");
    let cp = std::process::Command::new("cp").arg("-a").args([&place, &copy]).status();
    assert!(cp.expect("cp").success());
    larder(&copy, "sync").exits(1).names(["leads to the packages of the checkout in", "larder adopt"]);
    neighbours_lead_to(&project, &there, &place);
    larder(&copy, "adopt --yes").exits(0);
    larder(&copy, "sync").exits(0);
    neighbours_lead_to(&project, &there, &copy);
}
