//! `larder doctor`, `larder watch`, and when environments were used.

use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::{Project, Universe, conforms};

fn items(project: &Project, status: i32) -> Vec<Value> {
    let document = project.run("larder doctor --json").exits(status).json();
    conforms(&document, "doctor");
    document["items"].as_array().expect("items").clone()
}

fn commands(items: &[Value], state: &str) -> Vec<String> {
    let of_state = items.iter().filter(|item| item["state"] == state);
    of_state.map(|item| item["command"].as_str().unwrap_or_default().to_owned()).collect()
}

#[test]
fn what_is_wrong_and_what_is_due_is_told_with_its_command() {
    let registry = Universe::new().npm("left", "1.0.0", |p| p).npm("left", "1.1.0", |p| p).serve();
    let project = Project::new(&registry);
    project.run("larder doctor").exits(1).names(["larder init"]);
    project.dependencies(&["npm \"left\" \"1.0.0\""]);
    assert_eq!(commands(&items(&project, 1), "wrong"), ["larder lock"]);
    project.run("larder lock").exits(0);
    assert!(commands(&items(&project, 0), "due").contains(&"larder sync".to_owned()));
    project.run("larder sync").exits(0);
    let due = commands(&items(&project, 0), "due");
    for command in ["larder audit", "larder update --plan", "larder gc", "larder backup FILE"] {
        assert!(due.contains(&command.to_owned()), "{command}: {due:?}");
    }
    project.run("larder gc").exits(0);
    project.run("larder backup ../b.tar.gz").exits(0);
    project.run("larder lock --check").exits(0);
    let due = commands(&items(&project, 0), "due");
    assert!(!due.contains(&"larder gc".to_owned()) && !due.contains(&"larder backup FILE".to_owned()), "{due:?}");

    project.dependencies(&["npm \"left\" \"1.1.0\""]).run("larder sync").exits(0);
    project.run("larder rollback").exits(0);
    assert!(commands(&items(&project, 0), "due").contains(&"larder sync --forward".to_owned()));
    project.dependencies(&["npm \"left\" \"9\""]).run("larder lock").exits(3);
    let found = items(&project, 1);
    assert!(commands(&found, "due").contains(&"larder log --since 1d".to_owned()), "{found:?}");
    project.write("larder.kdl", "projct \"x\"\n");
    assert_eq!(commands(&items(&project, 1), "wrong")[0], "larder check");
}

#[test]
fn an_environment_that_is_used_is_stamped_once_an_hour() {
    let registry = Universe::new().npm("left", "1.0.0", |p| p).serve();
    let project = Project::new(&registry);
    project.dependencies(&["npm \"left\" \"1.0.0\""]).run("larder sync").exits(0);
    let stamp = project.path(".larder/used-development");
    assert!(!stamp.exists());
    project.run("larder run -- true").exits(0);
    let time = || std::fs::metadata(&stamp).expect("a stamp").modified().expect("a time");
    let set = |age: u64| {
        let file = std::fs::File::options().write(true).open(&stamp).expect("a stamp");
        file.set_modified(std::time::SystemTime::now() - Duration::from_secs(age)).expect("a time");
    };
    set(600);
    let before = time();
    project.run("larder run -- true").exits(0);
    assert_eq!(time(), before);
    set(3 * 86_400);
    let analysis = project.run_json("larder analyze --offline --json");
    conforms(&analysis, "analyze");
    assert_eq!(analysis["days_since_use"]["development"], 3);
    project.run("larder use development").exits(0);
    assert_ne!(time(), before);
}

/// A child that is ended when the test is.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_changed_manifest_of_a_local_package_is_synced_while_watching() {
    let registry = Universe::new().npm("left", "1.0.0", |p| p).npm("right", "1.0.0", |p| p).serve();
    let project = Project::new(&registry);
    project
        .write("local/package.json", "{\"name\":\"local\",\"version\":\"1.0.0\",\"dependencies\":{\"left\":\"1\"}}\n")
        .dependencies(&["path \"local\""]);
    let mut command = project.command("larder watch");
    let _child = Ended(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("larder"));
    let until = |what: &str, holds: &dyn Fn() -> bool| {
        let started = Instant::now();
        while !holds() {
            assert!(started.elapsed() < Duration::from_secs(60), "{what}");
            std::thread::sleep(Duration::from_millis(50));
        }
    };
    let locked =
        |name: &str| project.has("larder.lock") && project.read("larder.lock").contains(&format!("npm:{name}@"));
    until("the first sync", &|| project.has(".larder/active") && locked("left"));
    // Half of it is written, then all: one change.
    project.write("local/package.json", "{\"name\":\"local\",");
    project
        .write("local/package.json", "{\"name\":\"local\",\"version\":\"1.0.0\",\"dependencies\":{\"right\":\"1\"}}\n");
    until("the second sync", &|| locked("right"));
    project.write("larder.kdl", "projct\n");
    std::thread::sleep(Duration::from_secs(1));
    project.dependencies(&[]);
    until("the third sync, after an error", &|| !locked("right"));
}

#[test]
fn a_node_that_is_older_than_declared_is_told() {
    let registry = Universe::new().npm("left", "1.0.0", |p| p).serve();
    let mut project = Project::new(&registry);
    project.dependencies(&["npm \"left\" \"1.0.0\""]);
    let header = "#define NODE_MAJOR_VERSION 18\n#define NODE_MINOR_VERSION 20\n#define NODE_PATCH_VERSION 1\n";
    project.write("old/include/node/node_version.h", header).write("old/bin/node", "#!/bin/sh\necho 18.20.1\n");
    let node = project.path("old/bin/node");
    std::fs::set_permissions(&node, std::fs::Permissions::from_mode(0o755)).expect("permissions");
    let path = format!("{}:{}", project.path("old/bin").display(), std::env::var("PATH").unwrap_or_default());
    project.set("PATH", &path);
    let told = "node on PATH is 18.20.1, and the manifest declares 20";
    project.run("larder sync").exits(0).names([told, "managed=#true"]);
    let wrong = items(&project, 1).into_iter().find(|item| item["state"] == "wrong").expect("an item");
    assert!(wrong["message"].as_str().is_some_and(|message| message.starts_with(told)), "{wrong}");
}
