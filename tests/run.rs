//! `larder run`: programs see the environment, and their ends are passed on.

use std::sync::LazyLock;

use crate::support::{Project, PypiPackage, Registry, Universe, host_platform, python_version};

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

/// `uvicorn` of a line for `fastapi[standard]`: the extra names it.
#[test]
fn programs_of_packages_that_an_extra_names_are_found() {
    let program = |said: &str| format!("def main():\n    print('{said}')\n");
    let registry = Universe::new()
        .npm("left", "1.0.0", |p| p.bin("serve", "cli.js", "#!/usr/bin/env node\nconsole.log('of left');\n"))
        .pypi("web", "1.0", |p| p.extra("standard", "server").extra("all", "web[standard]").requires("behind"))
        .pypi("server", "1.0", |p| {
            let names = ["serve", "serve-http", "node", "python2", "ls", "npm"];
            let package = names.into_iter().fold(p, |p, name| p.script(name, "server:main"));
            package.requires("deep").file("server/__init__.py", &program("of server"))
        })
        .pypi("deep", "1.0", |p| p.script("deep", "deep:main").file("deep/__init__.py", &program("of deep")))
        .pypi("behind", "1.0", |p| p.script("behind", "behind:main").file("behind/__init__.py", &program("of behind")))
        .serve();
    for extra in ["standard", "all"] {
        let project = Project::new(&registry);
        project.dependencies(&["npm \"left\"", &format!("pypi \"web[{extra}]\"")]).run("larder sync").exits(0);
        assert_eq!(project.run("larder run serve-http").exits(0).stdout, "of server\n");
        assert_eq!(project.run("larder run -- sh -c serve-http").exits(0).stdout, "of server\n");
        assert_eq!(project.run("larder run serve").exits(0).stdout, "of left\n", "what a line asks for comes first");
        for program in ["node", "python2", "ls", "npm"] {
            assert!(!project.has(&format!(".larder/active/bin/{program}")), "{program} is a runtime's or the system's");
        }
        for program in ["deep", "behind"] {
            project.run(&format!("larder run {program}")).exits(127);
        }
        project.run("larder verify").exits(0);
    }
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
fn an_interpreter_that_is_not_there_is_named() {
    let project = synced();
    for (line, named) in
        [("#!/no/such/interpreter -x\n", "`/no/such/interpreter`"), ("#!/bin/sh\r\n", "carriage return")]
    {
        project.write("tool", line);
        project.program("chmod", &["755", "tool"]).exits(0);
        let output = project.run("larder run -- ./tool");
        output.exits(126).names(["larder::run::no_interpreter", named]);
        // The same where its folder is on PATH.
        let path = format!("{}:/usr/bin:/bin", project.path(".").display());
        let output = project.under(&["/usr/bin/env", &format!("PATH={path}")], "larder run -- tool");
        assert!(output.status == 126 && !output.stderr.contains("did you mean"), "{}", output.stderr);
    }
}

#[test]
fn a_first_line_as_windows_has_it_is_repaired_in_the_copy() {
    let script = "#!/usr/bin/env node\r\nconsole.log('hello');\r\n";
    let wheel = |p: PypiPackage| p.file("six-1.16.data/scripts/hello.sh", "#!/bin/sh\r\necho shell\n");
    let universe =
        Universe::new().npm("left", "1.0.0", |p| p.bin("greet", "cli.js", script)).pypi("six", "1.16", wheel);
    let registry = universe.serve();
    let project = Project::new(&registry);
    project.dependencies(&["npm \"left\" \"^1\"", "pypi \"six\""]).run("larder sync").exits(0);
    assert_eq!(project.run("larder run -- greet").exits(0).stdout, "hello\n");
    assert_eq!(project.run("larder run -- hello.sh").exits(0).stdout, "shell\n");
    assert_eq!(project.read("node_modules/left/cli.js"), script.replacen("\r\n", "\n", 1));
    project.run("larder verify").exits(0);
    // The store has what was published.
    std::fs::remove_file(project.path("node_modules/left/cli.js")).expect("removed");
    project.write("node_modules/left/cli.js", script).run("larder verify").exits(4);
    project.run("larder sync --repair").exits(0);
    project.run("larder verify").exits(0);
    assert_eq!(project.run("larder run -- greet").exits(0).stdout, "hello\n");
}

#[test]
fn a_bare_name_is_a_program_of_the_environment_and_no_other() {
    let project = synced();
    for name in ["test", "ls", "true"] {
        let refused = project.run(&format!("larder run {name}")).exits(127);
        refused.names(["only_on_path", name, &format!("larder run -- {name}"), "bin/"]);
    }
    project.run("larder run -- true").exits(0);
    project.run("larder run -- test 1 = 2").exits(1);
    project.run("larder run --frozen -- sh -c 'exit 3'").exits(3);
    // What stands behind the program is its own, and a path says where the program is.
    project.run("larder run true -- true").exits(127);
    project.write("here.sh", "exit 5\n").run("larder run /bin/sh here.sh").exits(5);
    // The typo that a word of the system's happens to be.
    project.run("larder run greet -- x").exits(0);
    assert_eq!(project.run("larder run sixth").exits(3).stdout, "six\n");
}

#[test]
fn declared_runtimes_are_of_the_environment() {
    let project = synced();
    project.run("larder run node -e 0").exits(0);
    project.run("larder run python -c 0").exits(0);
    // Without a package that needs it.
    let empty = Project::new(&REGISTRY);
    empty.dependencies(&[]).run("larder sync").exits(0);
    empty.run("larder run node -e 0").exits(0);
    let asked = empty.run("larder run python3 -c 'import sys; print(\"%d.%d\" % sys.version_info[:2])'").exits(0);
    assert_eq!(asked.stdout.trim(), python_version());
    empty.run("larder run python2 -c 0").exits(127);
    let bare = Project::new(&REGISTRY);
    bare.write("larder.kdl", &format!("project \"bare\"\nplatforms \"{}\"\n", host_platform()));
    bare.run("larder sync").exits(0);
    bare.run("larder run python3 -c 0").exits(127).names(["only_on_path"]);
    bare.run("larder run -- python3 -c 0").exits(0);
}

#[test]
fn a_folder_that_path_cannot_name_is_refused() {
    let project = synced();
    let odd = project.folder().join("a:b");
    std::fs::rename(project.path(""), &odd).expect("a folder of ours");
    let larder = |words: &str| project.run_in(&odd, &format!("larder {words}"));
    for command in ["sync", "run -- python -c 0", "run sixth", "env", "ci", "add npm:left"] {
        larder(command).exits(1).names(["colon_in_path", "a:b"]);
    }
    larder("lock --check").exits(0);
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

#[test]
fn a_name_is_first_a_script_of_the_nearest_package_json() {
    let project = synced();
    project
        .write(
            "package.json",
            r#"{"name": "shop", "scripts": {"test": "echo tests \"$npm_lifecycle_event\" && exit 3", "say": "echo root", "presay": "echo before"}}"#,
        )
        .write("web/package.json", r#"{"name": "web", "scripts": {"say": "echo web in $(basename \"$PWD\") for"}}"#)
        .write("web/src/x.txt", "");
    let tests = project.run("larder run test").exits(3);
    assert_eq!(tests.stdout, "tests test\n");
    assert_eq!(project.run("larder run say 'a b' c").exits(0).stdout, "before\nroot a b c\n");
    let below = project.run_in(&project.path("web/src"), "larder run say it").exits(0);
    assert_eq!(below.stdout, "web in web for it\n");
    // After `--` a program is meant.
    project.run("larder run -- echo plain").exits(0);
}

#[test]
fn a_script_runs_as_it_is_written_and_those_around_it_in_shells_of_their_own() {
    let project = synced();
    project
        .write(
            "package.json",
            r#"{"scripts": {"group": "(echo x)", "loop": "for i in 1 2; do echo $i; done", "if": "if true; then echo d; fi",
               "prea": "cd sub && X=5", "a": "basename \"$PWD\"; echo X=$X", "preb": "echo pre; exit 0", "b": "echo B; exit 0",
               "postb": "echo post", "prec": "exit 4", "c": "echo never"}}"#,
        )
        .write("sub/x", "");
    for (name, said) in
        [("group", "x\n"), ("loop", "1\n2\n"), ("if", "d\n"), ("a", "project\nX=\n"), ("b", "pre\nB\npost\n")]
    {
        assert_eq!(project.run(&format!("larder run {name}")).exits(0).stdout, said, "{name}");
    }
    assert_eq!(project.run("larder run c").exits(4).stdout, "");
    // More than one word of a command line may hold.
    project.write("package.json", r#"{"scripts": {"count": "python -c 'import sys; print(len(sys.argv))'"}}"#);
    let many = vec!["a-name-of-a-file"; 12_000].join(" ");
    assert_eq!(project.run(&format!("larder run count {many}")).exits(0).stdout.trim(), "12001");
}
