//! `age`: what is too young is not chosen, and the cutoff moves only with `update` and `add`.

use serde_json::{Value, json};

use crate::support::{Project, Universe, assert_transcript};

/// An instant that is always younger than any `age`.
const TOMORROW: &str = "2999-01-01T00:00:00Z";

const POLICY: &str = "policy { age \"3d\"; }";

fn universe() -> Universe {
    Universe::new()
        .npm("left", "1.0.0", |p| p.published("2024-01-01T00:00:00Z"))
        .npm("left", "1.1.0", |p| p.published(TOMORROW))
        .npm("right", "1.0.0", |p| p.published("2024-01-01T00:00:00Z"))
        .pypi("six", "1.0", |p| p)
        .pypi("six", "1.1", |p| p.uploaded(Some(TOMORROW)))
        .pypi("timeless", "1.0", |p| p.uploaded(None))
}

/// Writes a manifest with dependencies and a policy.
fn declare(project: &Project, policy: &str, lines: &[&str]) {
    project.manifest(&format!("dependencies {{\n    {}\n}}\n{policy}\n", lines.join("\n    ")));
}

fn locked(project: &Project) -> String {
    project.read("larder.lock")
}

#[test]
fn what_is_too_young_is_left_and_said() {
    let registry = universe().serve();
    let project = Project::new(&registry);
    declare(&project, POLICY, &["npm \"left\" \"^1\"", "pypi \"six\""]);
    let told = project.run("larder lock").exits(0).stderr;
    assert_transcript!(told, @r"
    + npm:left 1.0.0
    + pypi:six 1.0
    warning: npm:left@1.1.0 is newer, and too young for `age`: it was published at 2999-01-01T00:00:00Z
    warning: pypi:six@1.1 is newer, and too young for `age`: it was published at 2999-01-01T00:00:00Z
    Locked 2 packages in larder.lock
    ");
    let first = locked(&project);
    assert!(first.contains("left@1.0.0") && first.contains("six@1.0\"") && first.contains("age-cutoff = "), "{first}");
    // Another day, the same lock.
    project.run("larder lock").exits(0);
    project.run("larder lock --locked").exits(0);
    assert_eq!(locked(&project), first);
    let outdated = project.run("larder outdated").exits(0).names(["npm:left@1.1.0 is newer, and too young for `age`"]);
    assert!(!outdated.stderr.contains("change the manifest"), "{}", outdated.stderr);
    declare(&project, POLICY, &["npm \"left\" \">=1.1\""]);
    let error = project.run("larder lock --json").exits(3).error();
    let offsets = |of: &str| json!(project.read("larder.kdl").find(of).expect("the line"));
    let labels: Vec<&Value> =
        error["labels"].as_array().expect("labels").iter().map(|label| &label["offset"]).collect();
    assert_eq!(labels, [&offsets("npm \"left\""), &offsets("age \"3d\"")]);
    let exempting = "policy { age \"3d\" { exempt npm \"le*\"; exempt pypi \"six\" versions=\"==1.1\"; }; }";
    declare(&project, exempting, &["npm \"left\" \"^1\"", "pypi \"six\""]);
    project.run("larder update").exits(0);
    assert!(locked(&project).contains("left@1.1.0") && locked(&project).contains("six@1.1"), "{}", locked(&project));
}

#[test]
fn what_is_locked_stays_and_the_cutoff_moves_with_update_and_add() {
    let registry = universe().serve();
    let project = Project::new(&registry);
    declare(&project, "", &["npm \"left\" \"^1\""]);
    project.run("larder lock").exits(0);
    assert!(locked(&project).contains("left@1.1.0") && !locked(&project).contains("age-cutoff"));
    declare(&project, POLICY, &["npm \"left\" \"^1\""]);
    project.run("larder lock --locked").exits(1).names(["age"]);
    project.run("larder lock").exits(0);
    assert!(locked(&project).contains("left@1.1.0"), "{}", locked(&project));

    let old = "age-cutoff = \"2024-06-01T00:00:00Z\"";
    let text = locked(&project);
    let of_now = text.lines().find(|line| line.starts_with("age-cutoff")).expect("a cutoff");
    project.write("larder.lock", &text.replace(of_now, old));
    declare(&project, POLICY, &["npm \"left\" \"^1\"", "npm \"right\" \"*\""]);
    project.run("larder lock").exits(0);
    assert!(locked(&project).contains(old), "{}", locked(&project));
    project.run("larder add pypi:six").exits(0);
    assert!(!locked(&project).contains(old) && locked(&project).contains("left@1.1.0"), "{}", locked(&project));
    project.run("larder update").exits(0);
    assert!(locked(&project).contains("left@1.0.0"), "{}", locked(&project));
    // A guard that is gone leaves nothing behind.
    declare(&project, "", &["npm \"left\" \"^1\""]);
    project.run("larder update").exits(0);
    assert!(!locked(&project).contains("age-cutoff") && locked(&project).contains("left@1.1.0"));
}

#[test]
fn what_has_no_time_is_too_young_unless_its_registry_is_opened() {
    let registry = universe().serve();
    let project = Project::new(&registry);
    declare(&project, POLICY, &["pypi \"timeless\""]);
    let failed = project.run("larder lock").exits(3);
    failed.names(["timeless 1.0 has no time of publication", "unknown \"allow\""]);
    let text = project.read("larder.kdl");
    let (head, tail) = text.split_once("pypi \"pypi\" \"").expect("the registry");
    let (url, rest) = tail.split_once('"').expect("a URL");
    project.write("larder.kdl", &format!("{head}pypi \"pypi\" \"{url}\" {{ age {{ unknown \"allow\"; }}; }}{rest}"));
    project.run("larder lock").exits(0);
}

#[test]
fn an_age_is_read_with_its_spans() {
    let project = Project::new(&universe().serve());
    for (policy, named) in [
        ("age \"3 days\"", "it is a number and a unit"),
        ("age #true", "must be a string"),
        ("age \"3\"", "write it like"),
        ("age \"3d\" { exempt npm; }", "exempt npm"),
        ("age \"3d\" { exempt npm \"\"; }", "a glob of names"),
        ("age \"3d\" { exempt npm \"a*\" versions=\"1\"; }", "names several"),
        ("age \"3d\" { other; }", "in `age`"),
    ] {
        declare(&project, &format!("policy {{ {policy}; }}"), &[]);
        project.run("larder check").exits(2).names([named]);
    }
}

#[test]
fn an_environment_refuses_what_is_locked_and_too_young() {
    let registry = universe().serve();
    let project = Project::new(&registry);
    let of = |age: &str| format!("environment \"open\"\nenvironment \"closed\" {{ policy {{ {age}; }}; }}");
    let lines = ["npm \"left\" \"^1\"", "npm \"right\" \"^1\"", "pypi \"timeless\""];
    declare(&project, &of("age \"3d\""), &lines);
    project.run("larder lock").exits(0);
    assert!(
        locked(&project).contains("left@1.1.0") && !locked(&project).contains("age-cutoff"),
        "it is no rule of choice"
    );
    project.run("larder sync --env open").exits(0);
    for command in ["larder sync --env closed", "larder fetch --env closed", "larder check", "larder audit age"] {
        project.run(command).exits(1).names([
            "the policy denies versions that are too young",
            "npm:left@1.1.0 was published at 2999-01-01T00:00:00Z",
            "pypi:timeless@1.0 has no time of publication",
        ]);
    }
    assert!(!project.run("larder check").stderr.contains("right"), "what is old enough is not named");
    project.run("larder promote open closed").exits(1).names(["npm:left@1.1.0", "wants an age of 3d"]);
    declare(&project, &of("age \"3d\" { exempt npm \"left\"; exempt pypi \"timeless\"; }"), &lines);
    project.run("larder check").exits(0);
    project.run("larder sync --env closed --offline").exits(0);
    // What the top-level policy exempts is exempt.
    let top = "policy { age \"1d\" { exempt npm \"left\"; exempt pypi \"timeless\"; }; }\n";
    declare(&project, &format!("{top}{}", of("age \"3d\"")), &lines);
    project.run("larder lock").exits(0);
    project.run("larder check").exits(0);
}
