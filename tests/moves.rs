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
    project.write("packages/theme/package.json", r#"{"name": "theme", "version": "1.0.0"}"#);
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
                  echo $VIRTUAL_ENV && node -p \"require('theme')\" && readlink -f node_modules/left && \
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
