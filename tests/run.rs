//! `larder run`: programs see the environment, and their ends are passed on.

use std::sync::LazyLock;

use crate::support::{Project, Registry, Universe};

static REGISTRY: LazyLock<Registry> = LazyLock::new(|| {
    Universe::new()
        .npm("left", "1.0.0", |p| {
            p.bin("greet", "cli.js", "#!/usr/bin/env node\nconsole.log('hello', ...process.argv.slice(2));\n")
        })
        .pypi("six", "1.16", |p| {
            p.script("sixth", "six:main").file(
                "six/__init__.py",
                "import sys\n__version__ = '1.16'\ndef main():\n    print('six', *sys.argv[1:])\n    return 3\n",
            )
        })
        .serve()
});

fn synced() -> Project {
    let project = Project::new(&REGISTRY);
    project.dependencies(&["npm \"left\" \"^1\"", "pypi \"six\""]).run("larder sync").exits(0);
    project
}

#[test]
fn programs_see_the_packages() {
    let project = synced();
    let node = project.run("larder run -- node -e 'console.log(require(\"left\").version)'").exits(0);
    assert_eq!(node.stdout, "1.0.0\n");
    let python = project.run("larder run -- python -c 'import six; print(six.__version__)'").exits(0);
    assert_eq!(python.stdout, "1.16\n");
}

#[test]
fn executables_of_direct_dependencies_are_found_and_get_their_arguments() {
    let project = synced();
    assert_eq!(project.run("larder run -- greet 'a b' --json -q").exits(0).stdout, "hello a b --json -q\n");
    assert_eq!(project.run("larder run greet --help").exits(0).stdout, "hello --help\n");
    assert_eq!(project.run("larder run -- sixth x").exits(3).stdout, "six x\n");
}

#[test]
fn exit_codes_and_signals_are_passed_on() {
    let project = synced();
    for status in [0, 1, 7, 101, 255] {
        project.run(&format!("larder run -- sh -c 'exit {status}'")).exits(status);
    }
    // Not INT: where the tests themselves are started with it ignored, as background jobs of a shell are, so is this one.
    for (signal, status) in [("TERM", 143), ("KILL", 137), ("USR1", 138)] {
        project.run(&format!("larder run -- sh -c 'kill -{signal} $$'")).exits(status);
    }
}

#[test]
fn a_program_that_is_not_there_is_named() {
    let project = synced();
    project.run("larder run -- no-such-program").exits(127).names(["no-such-program"]);
    project.run("larder run -- gret").exits(127).names(["did you mean `greet`?"]);
    project.write("plain.txt", "no program");
    project.run("larder run -- ./plain.txt").exits(126).names(["./plain.txt"]);
}

#[test]
fn run_under_locked_refuses_a_stale_lock() {
    let project = synced();
    project.dependencies(&["npm \"left\" \"^1\""]).write("mark.sh", "touch ran\n");
    project.dependencies(&["npm \"left\" \"=1.0.0\"", "pypi \"six\" \">=99\""]);
    project.run("larder run --locked -- sh mark.sh").exits(1);
    assert!(!project.has("ran"));
    project.run("larder run --frozen -- sh mark.sh").exits(0);
    assert!(project.has("ran"));
}
