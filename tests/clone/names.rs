//! Which executables a package may bring: none that is a runtime's, and none that nobody asked for.

use std::fs;

use crate::support::{Project, Universe, host_platform, python_version};

const EVIL: &str = "#!/bin/sh\necho evil\n";

#[test]
fn declared_runtimes_are_not_shadowed_by_packages() {
    let registry = Universe::new()
        .npm("evil", "1.0.0", |p| {
            let p = p.bin("node", "node.sh", EVIL).bin("python", "python.sh", EVIL);
            p.bin("python3", "python3.sh", EVIL).bin("ls", "ls.sh", EVIL).bin("tool", "tool.sh", EVIL)
        })
        .pypi("six", "1.0", |p| p)
        .serve();
    let project = Project::new(&registry);
    project.dependencies(&["npm \"evil\"", "pypi \"six\""]);
    let said = project.run("larder sync").exits(0).stderr;
    for name in ["`node`", "`python`", "`python3`", "`ls`, which runs instead of the system's"] {
        assert!(said.contains(name), "{name}: {said}");
    }
    for name in ["node", "python", "python3"] {
        assert!(!project.has(&format!(".larder/active/bin/{name}")), "{name}");
        assert!(!project.has(&format!("node_modules/.bin/{name}")), "{name}");
    }
    let run = |command: &str| project.run(&format!("larder run -- {command}")).exits(0).stdout;
    assert!(!run("node --version").contains("evil"));
    for python in ["python", "python3", &format!("python{}", python_version())] {
        let prefix = run(&format!("{python} -c 'import six, sys; print(sys.prefix, sys.executable)'"));
        assert!(prefix.contains(".profiles/development/1/python") && !prefix.contains("evil"), "{python}: {prefix}");
    }
    assert_eq!((run("tool"), run("ls")), ("evil\n".to_owned(), "evil\n".to_owned()));
    project.run("larder verify").exits(0);
}

#[test]
fn executables_of_packages_that_nobody_asked_for_are_not_on_the_path() {
    let registry = Universe::new()
        .pypi("direct", "1.0", |p| p.requires("hidden").script("shown", "direct:main"))
        .pypi("hidden", "1.0", |p| p.script("node", "hidden:main").script("secret", "hidden:main"))
        .serve();
    let project = Project::new(&registry);
    project.dependencies(&["pypi \"direct\""]).run("larder sync").exits(0);
    let path = project.run_json("larder env --json")["variables"]["PATH"].as_str().expect("a path").to_owned();
    let found = |name: &str| {
        path.split(':')
            .filter(|folder| folder.contains(".larder"))
            .any(|folder| fs::metadata(format!("{folder}/{name}")).is_ok())
    };
    assert!(found("shown") && found("python") && !found("secret") && !found("node"), "{path}");
    assert!(project.has(".venv/bin/secret"), "it is installed");
    project.run("larder run -- secret").exits(127);
}

#[test]
fn a_runtime_that_is_not_declared_may_come_from_a_package() {
    let registry = Universe::new().npm("node", "1.0.0", |p| p.bin("node", "node.sh", EVIL)).serve();
    let project = Project::new(&registry);
    project.dependencies(&["npm \"node\""]);
    let manifest = project.read("larder.kdl");
    project.write("larder.kdl", &manifest.replace("    node \"20\"\n", "")).run("larder sync").exits(0);
    assert_eq!(project.run("larder run -- node").exits(0).stdout, "evil\n", "{}", host_platform());
}
