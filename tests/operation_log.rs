//! The log of operations: who changed what, from which lock to which generation, and what failed.

use serde_json::Value;

use crate::support::{Project, Universe, conforms};

const LOG: &str = ".larder/logs/operations.jsonl";

/// Returns the lines of a log.
fn entries(project: &Project, log: &str) -> Vec<Value> {
    let document = project.run(&format!("larder log {log} --json")).exits(0).json();
    conforms(&document, "log");
    document["entries"].as_array().expect("entries").clone()
}

fn operations(project: &Project) -> Vec<String> {
    let name = |entry: &Value| entry["operation"].as_str().expect("an operation").to_owned();
    entries(project, "operations").iter().map(name).collect()
}

#[test]
fn each_operation_that_changes_something_is_one_line() {
    let registry = Universe::new().npm("left", "1.0.0", |p| p).npm("right", "1.0.0", |p| p).serve();
    let mut project = Project::new(&registry);
    project.set("USER", "ada");
    project.dependencies(&["npm \"left\" \"^1\""]).run("larder lock").exits(0);
    project.run("larder sync").exits(0);
    project.run("larder add npm:right").exits(0);
    project.run("larder rollback").exits(0);
    project.run("larder sync --env production").exits(0);
    project.run("larder use development").exits(0);
    for reading in ["larder list", "larder history", "larder check", "larder use development", "larder lock"] {
        project.run(reading).exits(0);
    }
    assert_eq!(operations(&project), ["lock", "sync", "add", "rollback", "sync", "use"]);

    let log = entries(&project, "operations");
    let (lock, add, rollback) = (&log[0], &log[2], &log[3]);
    assert_eq!((&lock["user"], &lock["result"], &lock["level"]), (&"ada".into(), &"done".into(), &"info".into()));
    assert!(lock["lock"]["from"].is_null() && lock["lock"]["to"].is_string() && lock.get("generations").is_none());
    assert_eq!(add["subjects"], serde_json::json!(["npm:right"]));
    assert_eq!(add["generations"], serde_json::json!({"development": {"from": 1, "to": 2}}));
    assert!(add["manifest"]["from"].is_string() && add["lock"]["from"] == lock["lock"]["to"]);
    assert_eq!(rollback["generations"], serde_json::json!({"development": {"from": 2, "to": 1}}));
    assert_eq!(rollback["lock"], serde_json::json!({"from": add["lock"]["to"], "to": add["lock"]["to"]}));
    let environments: Vec<&str> = log.iter().map(|line| line["environment"].as_str().unwrap_or_default()).collect();
    assert_eq!(environments, ["", "development", "development", "development", "production", "development"]);
    assert_eq!(log[5]["active"], serde_json::json!({"from": "production", "to": "development"}));
    assert!(entries(&project, "security").is_empty());
    project.run("larder log --limit 1").exits(0).names(["ada@", "use development", "older lines"]);
    project.run("larder log --since 2999-01-01").exits(0).names(["Nothing was logged"]);
}

#[test]
fn nothing_to_do_writes_nothing_and_a_failure_is_an_error() {
    let registry = Universe::new().npm("left", "1.0.0", |p| p).serve();
    let project = Project::new(&registry);
    project.dependencies(&["npm \"left\" \"^9\""]).run("larder lock").exits(3);
    assert!(!project.has(".larder/logs"), "a failure leaves nothing where nothing was");
    project.dependencies(&["npm \"left\" \"^1\""]).run("larder sync").exits(0);
    let written = project.read(LOG);
    project.run("larder sync").exits(0);
    project.run("larder sync --locked").exits(0);
    project.run("larder run -- true").exits(0);
    assert_eq!(project.read(LOG), written);

    project.dependencies(&["npm \"left\" \"^9\""]).run("larder sync").exits(3);
    let log = entries(&project, "operations");
    let last = log.last().expect("an entry");
    assert_eq!((&last["result"], &last["level"], &last["exit"]), (&"failed".into(), &"error".into(), &3.into()));
    assert!(last["error"]["code"].as_str().is_some_and(|code| code.starts_with("larder::")), "{last}");
}

#[test]
fn consent_and_damage_are_in_the_security_log_and_passwords_in_none() {
    let registry = Universe::new().npm("left", "1.0.0", |p| p).serve();
    let project = Project::new(&registry);
    project.dependencies(&["npm \"left\" \"^1\""]).run("larder sync").exits(0);
    project.run("larder login --token-stdin https://me:s3cret@npm.example/");
    project.run("larder trust npm:none");
    let security = entries(&project, "security");
    assert!(!security.is_empty(), "{security:?}");
    for log in ["operations", "security"] {
        let text = project.read(&format!(".larder/logs/{log}.jsonl"));
        assert!(!text.contains("s3cret"), "{text}");
    }
}

#[test]
fn what_was_published_and_agreed_to_is_named_and_what_was_there_is_no_line() {
    let project = Project::alone();
    project.run("larder registry init packages --origin packages.example").exits(0);
    project
        .write("larder.kdl", "package \"money\" version=\"1.2.0\" { node \".\"; files \"*.js\"; }\nregistries { larder \"own\" \"packages\"; }\n")
        .write("index.js", "1\n");
    for _ in 0..2 {
        project.run("larder publish --registry own").exits(0);
        project.run("larder yank money@1.2.0 --registry own").exits(0);
        project.run("larder login --allow MINE@h.example").exits(0);
    }
    for log in ["operations", "security"] {
        let lines: Vec<String> = entries(&project, log)
            .iter()
            .map(|entry| format!("{} {}", entry["operation"], entry["subjects"]))
            .collect();
        assert_eq!(
            lines,
            [
                "\"publish\" [\"own\",\"money@1.2.0\"]",
                "\"yank\" [\"money@1.2.0\"]",
                "\"login\" [\"MINE@h.example\"]",
                "\"login\" [\"MINE@h.example\"]",
            ],
            "{log}"
        );
    }
}

#[test]
fn a_log_that_cannot_be_written_is_a_warning_and_nothing_else() {
    let registry = Universe::new().npm("left", "1.0.0", |p| p).serve();
    let project = Project::new(&registry);
    project.dependencies(&["npm \"left\" \"^1\""]).write(".larder/logs", "in the way");
    let said = project.run("larder sync").exits(0).names(["warning: the log of operations was not written"]);
    assert_eq!(said.stderr.matches("warning").count(), 1, "{}", said.stderr);
    project.run("larder verify").exits(0);
    std::fs::remove_file(project.path(".larder/logs")).expect("a file");

    // A full disk: nothing can be written there.
    std::fs::create_dir_all(project.path(".larder/logs")).expect("a folder");
    std::os::unix::fs::symlink("/dev/full", project.path(LOG)).expect("a link");
    project.run("larder sync --env production").exits(0).names(["was not written"]);
}

#[test]
fn logs_are_nothing_that_git_would_commit() {
    let project = Project::alone();
    project.manifest("").program("git", &["init", "-q"]).exits(0);
    project.run("larder lock").exits(0);
    assert!(project.has(LOG));
    let status = project.program("git", &["status", "--porcelain", "-uall"]).exits(0).stdout;
    assert!(!status.contains(".larder/logs"), "{status}");
}
