//! A machine with nothing but larder: no Node and no Python, in a file system that has a shell, the C library and a project.
#![allow(clippy::print_stderr, clippy::disallowed_macros, reason = "a test that is skipped says so")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::runtime::{self, Entry, packed_fast};
use crate::support::{Project, Universe, host_platform, python_executable, python_full_version, python_version};

/// Returns the shared libraries of an executable, its loader among them.
fn libraries(executable: &Path) -> BTreeSet<PathBuf> {
    let output = Command::new("ldd").arg(executable).output().expect("ldd starts");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let paths = text.split_whitespace().filter(|word| word.starts_with('/')).map(PathBuf::from);
    paths.collect()
}

/// Copies a file of this machine to the same place below `root`.
fn bring(file: &Path, root: &Path) {
    let to = root.join(file.strip_prefix("/").expect("an absolute path"));
    fs::create_dir_all(to.parent().expect("a parent")).expect("a folder");
    if !to.exists() {
        fs::copy(file, to).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    }
}

fn on_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var("PATH").unwrap_or_default();
    let found = path.split(':').map(|folder| Path::new(folder).join(name)).find(|file| file.is_file());
    found.and_then(|file| file.canonicalize().ok())
}

#[test]
fn a_machine_with_nothing_but_larder_goes_from_clone_to_running_programs() {
    let (Some(node), "linux-x64") = (on_path("node"), host_platform()) else {
        eprintln!("skipped: this test needs a Node, on linux-x64");
        return;
    };
    let version = Command::new(&node).arg("--version").output().expect("node starts").stdout;
    let version = String::from_utf8_lossy(&version).trim().trim_start_matches('v').to_owned();
    let mut entries = runtime::node(&version);
    entries.insert("bin/node".to_owned(), Entry::File(fs::read(&node).expect("a file"), true));
    let installation = python_executable().parent().and_then(Path::parent).expect("an installation");
    let archive = packed_fast("python", &runtime::python(installation));
    let registry = Universe::new()
        .npm("left", "1.0.0", |p| p)
        .pypi("six", "1.16", |p| p)
        .node(&[(&version, &["linux-x64"])])
        .node_archives(&version, &[("linux-x64", packed_fast("node", &entries))])
        .python_release("20240101", &[(python_full_version(), "x86_64-unknown-linux-gnu", archive)])
        .serve();

    // Somebody else's machine locks.
    let project = Project::new(&registry);
    let major = version.split('.').next().expect("a major version");
    let runtimes = format!("node \"{major}\" managed=#true; python \"{}\" managed=#true", python_version());
    project.with_runtimes(&registry, &runtimes, "dependencies { npm \"left\"; pypi \"six\"; }\n");
    project.run("larder lock").exits(0);

    let root = project.folder().canonicalize().expect("a folder").join("machine");
    let larder = Path::new(env!("CARGO_BIN_EXE_larder"));
    for program in [larder, &node, python_executable(), Path::new("/bin/sh"), Path::new("/usr/bin/env")] {
        for library in libraries(program).iter().filter(|library| !library.starts_with(installation)) {
            bring(library, &root);
        }
    }
    for (program, place) in
        [(larder, "bin/larder"), (Path::new("/bin/sh"), "bin/sh"), (Path::new("/usr/bin/env"), "usr/bin/env")]
    {
        let to = root.join(place);
        fs::create_dir_all(to.parent().expect("a parent")).expect("a folder");
        fs::copy(program, to).expect("a copy");
    }
    for folder in ["proc", "dev", "tmp", "home", "shop"] {
        fs::create_dir_all(root.join(folder)).expect("a folder");
    }
    for file in ["larder.kdl", "larder.lock"] {
        fs::write(root.join("shop").join(file), project.read(file)).expect("written");
    }
    let inside = |command: &str| {
        let script = "mount --rbind /proc \"$1/proc\" && mount --rbind /dev \"$1/dev\" && exec chroot \"$1\" /usr/bin/env -i \
                      PATH=/bin HOME=/home TMPDIR=/tmp LARDER_MIRROR_NPMJS=\"$2\" LARDER_MIRROR_PYPI=\"$3\" /bin/sh -c \"$4\"";
        let at = root.display().to_string();
        let words =
            ["unshare", "-rm", "sh", "-c", script, "sh", &at, &registry.npm_url(), &registry.pypi_url(), command];
        let output = Command::new(words[0]).args(&words[1..]).output();
        output.map(|output| {
            let [said, told] =
                [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes).trim().to_owned());
            (output.status.success(), said, told)
        })
    };
    if !inside("true").is_ok_and(|(succeeds, ..)| succeeds) {
        eprintln!("skipped: this machine denies namespaces");
        return;
    }
    let run = |command: &str| {
        let (succeeds, said, told) = inside(command).expect("a namespace");
        assert!(succeeds, "{command}: {said}\n{told}");
        said
    };
    assert_eq!(run("command -v node python3 python npm || echo none"), "none");
    run("cd /shop && larder ci");
    assert_eq!(
        run("cd /shop && larder run node -p 'process.version + typeof require(\"left\")'"),
        format!("v{version}object")
    );
    let python = run("cd /shop && larder run python -c 'import six, sys; print(six.__name__, sys.base_prefix)'");
    assert!(python.starts_with("six /shop/.larder/"), "{python}");
    run("cd /shop && larder verify");
}
