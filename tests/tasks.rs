//! Tasks, scripts, and `larder run -r`: what a name means, in which order, and how it ends.

use std::io::Read;
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::support::{Project, assert_transcript, conforms};

/// A project whose packages are all in its own folders.
fn project(tasks: &str) -> Project {
    let project = Project::alone();
    project.manifest(&format!("members \"apps/*\" \"lib/*\"\n{tasks}"));
    project
        .write("apps/web/package.json", r#"{"name": "@acme/web", "dependencies": {"@acme/ui": "*"}, "scripts": {"build": "echo web", "dev": "echo web serves"}}"#)
        .write("lib/ui/package.json", r#"{"name": "@acme/ui", "scripts": {"build": "sleep 0.2; echo ui"}}"#)
        .write("lib/ui/larder.kdl", "project \"@acme/ui\"\ndependencies { path \"../theme\"; }\ntasks { build \"sleep 0.2; echo ui task\"; dev \"exit 4\"; }\n")
        .write("lib/theme/package.json", r#"{"name": "theme", "scripts": {"build": "sleep 0.3; echo theme; echo careful >&2"}}"#);
    project
}

#[test]
fn a_task_goes_before_a_script_and_that_before_a_program() {
    let project = project("tasks { hello \"echo task in $(basename $PWD) for\"; test \"exit 3\"; }\n");
    project.write("package.json", r#"{"name": "root", "scripts": {"hello": "echo script", "other": "echo other"}}"#);
    assert_eq!(project.run("larder run hello 'a b' c").exits(0).stdout, "task in project for a b c\n");
    assert_eq!(project.run("larder run other").exits(0).stdout, "other\n");
    project.run("larder run test").exits(3);
    // From a member: its own script, else the root's task; the root's scripts are hidden by its package.json.
    let web = project.path("apps/web");
    assert_eq!(project.run_in(&web, "larder run build").exits(0).stdout, "web\n");
    assert_eq!(project.run_in(&web, "larder run hello x").exits(0).stdout, "task in project for x\n");
    project.run_in(&web, "larder run other").exits(127);
    // A member's own task, in the member's folder.
    assert_eq!(project.run_in(&project.path("lib/ui"), "larder run build").exits(0).stdout, "ui task\n");
    project.run("larder run -- test 1 = 1").exits(0);
}

#[test]
fn a_task_runs_after_those_that_it_names_and_stops_where_one_fails() {
    let tasks = "tasks {\n clean \"echo clean\"\n build \"echo build\" after=\"clean\"\n lint \"echo lint; exit 5\" after=\"clean\"\n \
                 test \"echo test\" after=\"build clean\"\n all \"echo all\" after=\"build lint test\"\n}\n";
    let project = project(tasks);
    assert_eq!(project.run("larder run test --fast").exits(0).stdout, "clean\nbuild\ntest --fast\n");
    let failed = project.run("larder run all").exits(5);
    assert_eq!(failed.stdout, "clean\nbuild\nlint\n");
    failed.names(["`lint`", "`all`", "status 5"]);
}

#[test]
fn a_task_runs_in_the_environment_that_it_names() {
    let project = Project::alone();
    project.manifest(
        "tasks { where \"echo $LARDER_ENV\"; there \"echo $LARDER_ENV\" environment=\"production\" after=\"where\"; }\n",
    );
    project.run("larder sync").exits(0);
    assert_eq!(project.run("larder run there").exits(0).stdout, "development\nproduction\n");
    assert_eq!(project.run("larder run --env development there").exits(0).stdout, "development\ndevelopment\n");
    project
        .manifest("tasks { a \"true\" environment=\"prod\"; }\n")
        .run("larder run a")
        .exits(2)
        .names(["`prod`", "production"]);
}

#[test]
fn without_a_name_tasks_and_scripts_are_listed() {
    let project = project("tasks { dev \"vite\"; test \"vitest\" after=\"dev\" environment=\"production\"; }\n");
    project.write("package.json", r#"{"scripts": {"dev": "hidden", "lint": "eslint ."}}"#);
    assert_eq!(project.run("larder run").exits(0).stdout, "dev   vite\ntest  vitest\nlint  eslint .\n");
    for command in ["larder run --json", "larder run -r --json"] {
        conforms(&project.run_json(command), "run");
    }
    let members = project.run("larder run -r").exits(0).stdout;
    assert_transcript!(members, @r"
    build (apps/web)   echo web
    dev (apps/web)     echo web serves
    build (lib/theme)  sleep 0.3; echo theme; echo careful >&2
    build (lib/ui)     sleep 0.2; echo ui task
    dev (lib/ui)       exit 4
    ");
}

#[test]
fn members_run_in_the_order_in_which_they_use_each_other() {
    let project = project("");
    let built = project.run("larder run -r build").exits(0);
    assert_eq!(built.stdout, "lib/theme | theme\nlib/ui    | ui task\napps/web  | web\n");
    assert_transcript!(built.stderr, @"lib/theme | careful");
    let some = project.run("larder run -r --filter theme --filter ./apps/* build").exits(0);
    assert_eq!(some.stdout, "lib/theme | theme\napps/web  | web\n");
    assert_eq!(
        project.run("larder run -r --filter '@acme/ui...' build").exits(0).stdout,
        "lib/theme | theme\nlib/ui    | ui task\n"
    );
    project.run("larder run -r --filter webb build").exits(2).names(["no member matches `webb`"]);
    project.run("larder run -r nothing").exits(127).names(["none of the members", "nothing"]);
    let everywhere = project.run("larder run -r -- sh -c 'basename $PWD'").exits(0).stdout;
    assert_eq!(everywhere.lines().count(), 3, "{everywhere}");
    Project::alone().manifest("").run("larder run -r build").exits(2).names(["has no members"]);
}

#[test]
fn the_first_failure_ends_the_others() {
    let project = project("");
    project.write("lib/theme/package.json", r#"{"name": "theme", "scripts": {"dev": "sleep 60"}}"#);
    let started = Instant::now();
    let failed = project.run("larder run -r --parallel dev").exits(4);
    assert!(started.elapsed() < Duration::from_secs(20));
    failed.names(["lib/ui ended with status 4"]);
    // What waits for the one that failed is not started.
    project.write("lib/theme/package.json", r#"{"name": "theme", "scripts": {"build": "exit 9"}}"#);
    assert_eq!(project.run("larder run -r build").exits(9).stdout, "");
}

#[test]
fn a_signal_ends_every_child_and_what_it_started() {
    let project = project("tasks { first \"echo ready; exec sleep 60\"; second \"echo never\" after=\"first\"; }\n");
    project.run("larder sync").exits(0);
    let script = r#"{"name": "x", "scripts": {"dev": "(sleep 61; echo survived) & echo ready; wait"}}"#;
    for folder in ["apps/web", "lib/theme"] {
        project.write(&format!("{folder}/package.json"), script);
    }
    project
        .write("lib/theme/package.json", &script.replace("\"x\"", "\"theme\""))
        .write("lib/ui/larder.kdl", "project \"ui\"\n");
    for (command, readies, signal, status) in [
        ("larder run -r --parallel dev", 2, "INT", 130),
        ("larder run -r --parallel dev", 2, "TERM", 143),
        ("larder run second", 1, "TERM", 143),
    ] {
        let mut child = project.command(command).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("larder");
        let mut output = child.stdout.take().expect("piped");
        let mut text = String::new();
        while text.matches("ready\n").count() < readies {
            let mut byte = [0_u8];
            assert_eq!(output.read(&mut byte).expect("output"), 1, "{command}: {text}");
            text.push(char::from(byte[0]));
        }
        let id = child.id().to_string();
        project.program("kill", &[&format!("-{signal}"), &id]).exits(0);
        let started = Instant::now();
        // All that hold the pipe have ended where it ends.
        output.read_to_string(&mut text).expect("text");
        assert!(
            started.elapsed() < Duration::from_secs(9) && !text.contains("survived") && !text.contains("never"),
            "{text}"
        );
        assert_eq!(child.wait().expect("larder").code(), Some(status), "{command}");
    }
}
