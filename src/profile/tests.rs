//! Profiles on disk, from the outside.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::fixture::{Fixture, development};
use super::python::{Search, find};
use super::*;
use crate::fs::{self, Durability, Kind};
use crate::store::Store;

/// What a command prints; none where the program is not on this machine.
fn output(folder: &Path, program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).current_dir(folder).output().ok()?;
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{program} {arguments:?}: {text}");
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn overwrite(path: &Path, text: &str) {
    fs::remove_file(path).unwrap();
    fs::write_new(path, text.as_bytes(), 0o644).unwrap();
}

/// `app` and `@acme/b` need each other, `app` uses an old version of itself, and `lib` is seen as `alias`.
fn web() -> Fixture {
    let mut fixture = Fixture::new();
    fixture
        .npm(
            "app@2.0.0",
            &[
                ("cli.js", "#!/usr/bin/env node\nconsole.log(require('./lib/deep/index.js').join())"),
                ("lib/deep/index.js", "module.exports = [require('@acme/b'), require('app').old, require('alias')]"),
                ("lib/name.js", "module.exports = 'app 2'"),
                ("package.json", r#"{"name": "app", "bin": {"app": "./cli.js"}}"#),
            ],
        )
        .npm("app@1.0.0", &[("index.js", "exports.old = 'app 1'")])
        .npm("@acme/b@1.0.0", &[("index.js", "module.exports = require('app/lib/name') + ' b'")])
        .npm("lib@1.0.0", &[("index.js", "module.exports = 'lib'")])
        .edge("app@2.0.0", "@acme/b", "@acme/b@1.0.0")
        .edge("@acme/b@1.0.0", "app", "app@2.0.0")
        .edge("app@2.0.0", "app", "app@1.0.0")
        .edge("app@2.0.0", "alias", "lib@1.0.0")
        .root("app", "app@2.0.0")
        .member_root("apps/web", "@acme/b", "@acme/b@1.0.0");
    fs::create_dir_all(&fixture.root.join("apps/web")).unwrap();
    fixture
}

#[test]
fn node_finds_packages_through_cycles_aliases_and_members() {
    let fixture = web();
    let built = fixture.sync();
    assert_eq!((built.generation.number, built.made, built.realised), (1, true, 4));
    let root = &fixture.root;
    for program in ["node_modules/.bin/app", ".larder/active/bin/app"] {
        let stat = fs::stat(&root.join(program)).unwrap().unwrap();
        assert!(stat.is_executable(), "a file that `bin` names is made executable");
        if let Some(said) = output(root, root.join(program).to_str().unwrap(), &[]) {
            assert_eq!(said, "app 2 b,app 1,lib");
        }
    }
    if let Some(said) = output(&root.join("apps/web"), "node", &["-p", "require('@acme/b')"]) {
        assert_eq!(said, "app 2 b");
    }
    let direct = fs::read_link(&root.join("node_modules/app")).unwrap();
    assert!(direct.is_absolute() && direct.starts_with(root.join(".larder/node_modules/.packages")), "{direct:?}");
    assert_eq!(fs::read_link(&root.join("node_modules")).unwrap(), Path::new(".larder/active/node_modules"));
    assert_eq!(
        fs::read_link(&root.join("apps/web/node_modules")).unwrap(),
        Path::new("../../.larder/active/members/apps/web/node_modules")
    );
    assert_eq!(
        fs::read_link(&root.join(".larder/active")).unwrap(),
        Path::new("node_modules/.profiles/development/current")
    );
    assert_eq!(fixture.verify(), Vec::<String>::new());
}

#[test]
fn files_are_hard_links_and_what_exists_is_never_touched() {
    let mut fixture = web();
    fixture.sync();
    let linked = fs::canonicalize(&fixture.root.join("node_modules/app")).unwrap().join("lib/name.js");
    let stat = fs::lstat(&linked).unwrap().unwrap();
    assert_eq!((stat.links, stat.mode), (2, 0o444));

    let again = fixture.build().unwrap();
    assert_eq!((again.generation.number, again.made, again.realised), (1, false, 0));
    assert_eq!(fixture.project().history(&development()).unwrap(), [1]);

    fixture.npm("new@1.0.0", &[("index.js", "")]).root("new", "new@1.0.0");
    let more = fixture.sync();
    assert_eq!((more.generation.number, more.generation.parent, more.realised), (2, Some(1), 1));
    assert_eq!(fs::lstat(&linked).unwrap().unwrap(), stat);
}

#[test]
fn writable_and_private_packages_are_copies() {
    let mut fixture = web();
    fixture.writable("lib");
    fixture.sync();
    let packages = fixture.root.join(".larder/node_modules/.packages");
    let lib = |project: &Path| {
        let found = fs::read_dir(project).unwrap();
        let key = found.into_iter().rev().find(|found| found.path.to_str().unwrap().starts_with("lib@")).unwrap();
        project.join(key.path).join("node_modules/lib/index.js")
    };
    let stat = fs::lstat(&lib(&packages)).unwrap().unwrap();
    assert_eq!((stat.links, stat.mode), (1, 0o644));
    overwrite(&lib(&packages), "module.exports = 'patched'");
    assert_eq!(fixture.verify(), Vec::<String>::new());

    let mut private = web();
    private.files = crate::manifest::FilesMode::Private;
    private.sync();
    let stat = fs::lstat(&lib(&private.root.join(".larder/node_modules/.packages"))).unwrap().unwrap();
    assert_eq!((stat.links, stat.mode), (1, 0o600));
    for place in [".larder/node_modules/.packages", ".larder/node_modules/.profiles/development"] {
        let place = private.root.join(place);
        for found in fs::walk(&place, |_| true).unwrap().into_iter().filter(|found| found.kind != Kind::Symlink) {
            let stat = fs::lstat(&place.join(&found.path)).unwrap().unwrap();
            assert_eq!(stat.mode & 0o077, 0, "{}", found.path.display());
        }
    }
}

#[test]
fn a_harmed_store_is_noticed_as_it_is_linked() {
    let fixture = web();
    let tree = fixture.trees.values().find(|tree| tree.entries.len() == 4).unwrap().clone();
    overwrite(&tree.folder.join("cli.js"), "evil");
    let error = fixture.build().unwrap_err();
    assert!(matches!(&error, ProfileError::Harmed { file, .. } if file.ends_with("cli.js")), "{error}");
    assert_eq!(crate::diagnostic::Failure::exit(&error), crate::diagnostic::Exit::Integrity);
    assert_eq!(fixture.project().current(&development()).unwrap(), None);
    // The same content with another time is no harm; a run after a failed one clears what that left.
    overwrite(&tree.folder.join("cli.js"), "#!/usr/bin/env node\nconsole.log(require('./lib/deep/index.js').join())");
    assert_eq!(fixture.sync().realised, 4);
}

#[test]
fn what_larder_did_not_make_is_left_alone() {
    let fixture = web();
    fs::create_dir_all(&fixture.root.join("node_modules/theirs")).unwrap();
    let built = fixture.build().unwrap();
    let project = fixture.project();
    assert!(matches!(
        project.check_links(&project.head(&development(), built.generation.number).unwrap()),
        Err(ProfileError::Foreign { .. })
    ));
    let lock = project.lock(|_| {}).unwrap();
    project.switch(&lock, &development(), 1, Durability::Lazy).unwrap();
    let error = project.activate(&lock, &development()).unwrap_err();
    assert_eq!(error.to_string(), "`node_modules` was not made by larder");
    assert_eq!(project.active().unwrap(), None);
    assert_eq!(fs::lstat(&fixture.root.join("node_modules/theirs")).unwrap().unwrap().kind, Kind::Folder);

    fs::remove_tree(&fixture.root.join("node_modules")).unwrap();
    fs::symlink(Path::new("/tmp"), &fixture.root.join("node_modules")).unwrap();
    assert!(project.activate(&lock, &development()).is_err(), "another tool's link is not larder's");
    fs::remove_file(&fixture.root.join("node_modules")).unwrap();
    project.activate(&lock, &development()).unwrap();
    assert_eq!(project.active().unwrap(), Some(development()));
}

#[test]
fn a_switch_back_restores_and_links_follow() {
    let mut fixture = web();
    fixture.sync();
    fixture.lock.graph.roots.retain(|root| root.dependent == crate::model::Dependent::Project);
    let second = fixture.sync();
    assert_eq!(second.generation.number, 2);
    let member = fixture.root.join("apps/web/node_modules");
    assert_eq!(fs::lstat(&member).unwrap(), None, "a link that leads nowhere any more is removed");
    let project = fixture.project();
    let lock = project.lock(|_| {}).unwrap();
    project.switch(&lock, &development(), 1, Durability::Synced).unwrap();
    assert!(fs::stat(&member).unwrap().is_some());
    assert!(matches!(
        project.switch(&lock, &development(), 9, Durability::Lazy),
        Err(ProfileError::NoGeneration { number: 9, .. })
    ));
    assert_eq!(project.current_number(&development()).unwrap(), Some(1));
    drop(lock);
    // What is wanted is there already, whole: it is not built twice.
    let forward = fixture.sync();
    assert_eq!((forward.generation.number, forward.realised), (2, 0));
    project.switch(&project.lock(|_| {}).unwrap(), &development(), 1, Durability::Lazy).unwrap();
    fixture.lock.graph.roots.retain(|root| root.requirement.seen_as().as_str() != "app");
    // A number is not used twice, even after going back.
    assert_eq!(fixture.sync().generation.number, 3);
}

#[test]
fn the_digest_and_the_inputs_are_the_same_elsewhere() {
    let (one, other) = (web(), web());
    // The fixture's trees are named by their folders: give both projects the same.
    let mut other = other;
    other.trees.clone_from(&one.trees);
    let (one, other) = (one.build().unwrap().generation, other.build().unwrap().generation);
    assert_eq!(one.digest, other.digest);
    assert_eq!(one.inputs, other.inputs);
}

#[test]
fn damage_is_found_named_and_repaired() {
    let fixture = web();
    fixture.sync();
    let app = fs::canonicalize(&fixture.root.join("node_modules/app")).unwrap();
    overwrite(&app.join("lib/name.js"), "changed");
    fs::remove_file(&app.join("package.json")).unwrap();
    fs::write_new(&app.join("extra.js"), b"", 0o644).unwrap();
    fs::create_dir_all(&app.join("node_modules/.cache/x")).unwrap();
    fs::create_dir_all(&fixture.root.join("node_modules/.vite/deps")).unwrap();
    let b = app.join("../@acme/b");
    fs::remove_file(&b).unwrap();
    fs::symlink(Path::new("/tmp"), &b).unwrap();

    let damage = fixture.project().verify(&development(), fixture.lookup()).unwrap();
    let found: Vec<_> =
        damage.iter().map(|damage| (damage.path.file_name().unwrap().to_str().unwrap(), &damage.harm)).collect();
    assert!(
        matches!(
            found[..],
            [
                ("b", Harm::Redirected { .. }),
                ("extra.js", Harm::Foreign),
                ("name.js", Harm::Changed { .. }),
                ("package.json", Harm::Missing),
            ]
        ),
        "{found:?}"
    );

    let project = fixture.project();
    let lock = project.lock(|_| {}).unwrap();
    let repaired = fixture.with_input(|input| project.repair(&lock, input, &damage)).unwrap();
    assert_eq!((repaired.made, repaired.realised), (false, 1));
    assert_eq!(fixture.verify(), Vec::<String>::new());

    // Harm in the generation itself: another one is built.
    fs::remove_file(&fixture.project().folder(&development(), 1).join("node_modules/app")).unwrap();
    let damage = project.verify(&development(), fixture.lookup()).unwrap();
    assert_eq!(damage.len(), 1);
    let repaired = fixture.with_input(|input| project.repair(&lock, input, &damage)).unwrap();
    assert_eq!((repaired.made, repaired.realised, repaired.generation.number), (true, 0, 2));
}

#[test]
fn what_a_killed_run_left_counts_for_nothing_and_goes() {
    let fixture = web();
    let modules = fixture.root.join(".larder/node_modules");
    let left = [
        ".profiles/development/.building/node_modules/half",
        ".packages/.staging/app@2.0.0-half/node_modules",
        ".packages/.removed-x",
    ];
    for folder in left {
        fs::create_dir_all(&modules.join(folder)).unwrap();
    }
    fs::symlink(Path::new("7"), &modules.join(".profiles/development/.current.tmp")).unwrap();
    assert_eq!(fixture.project().current(&development()).unwrap(), None);
    assert_eq!(fixture.sync().generation.number, 1);
    let names = |folder: &str| {
        let found = fs::read_dir(&modules.join(folder)).unwrap();
        found.into_iter().map(|found| found.path.to_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names(".profiles/development"), ["1", "current"]);
    assert_eq!(names(".packages").len(), 4);
    assert_eq!(fixture.verify(), Vec::<String>::new());
}

#[test]
fn a_collection_spares_what_is_current_kept_or_pinned() {
    let mut fixture = web();
    fixture.sync();
    for name in ["one", "two", "three"] {
        fixture.lock.graph.roots.truncate(2);
        fixture.npm(&format!("{name}@1.0.0"), &[("index.js", name)]).root(name, &format!("{name}@1.0.0"));
        for left_out in ["one", "two", "three"].iter().filter(|other| **other != name) {
            fixture.leave_out(&format!("{left_out}@1.0.0"));
        }
        fixture.take_in(&format!("{name}@1.0.0"));
        fixture.sync();
    }
    let project = fixture.project();
    let lock = project.lock(|_| {}).unwrap();
    let kept = Kept { newest: 1, pinned: [2].into() };
    let superfluous = project.superfluous(&[(development(), kept)].into(), [].into()).unwrap();
    assert!(project.superfluous(&std::collections::BTreeMap::new(), [].into()).unwrap().generations.is_empty());
    project.remove(&lock, &superfluous).unwrap();
    // Only generation 3 had `two`.
    assert_eq!(superfluous.generations, [(development(), 3), (development(), 1)]);
    assert_eq!(superfluous.packages.len(), 1);
    assert_eq!(project.history(&development()).unwrap(), [2, 4]);
    for number in [2, 4] {
        assert_eq!(project.verify_generation(&development(), number, fixture.lookup()).unwrap(), []);
    }
}

#[test]
fn needs_are_known_before_anything_is_built() {
    let fixture = web();
    let needs = fixture.with_input(|input| Needs::of(input.closure, None));
    assert_eq!(
        needs,
        Needs::from(&fixture.project().head(&development(), fixture.build().unwrap().generation.number).unwrap())
    );
    assert!(fixture.project().check_links(needs.clone()).is_ok());
    fs::create_dir_all(&fixture.root.join("apps/web/node_modules")).unwrap();
    let error = fixture.project().check_links(needs).unwrap_err().to_string();
    assert_eq!(error, "`apps/web/node_modules` was not made by larder");
}

#[test]
fn a_changed_record_is_noticed() {
    let fixture = web();
    fixture.sync();
    let record = fixture.project().folder(&development(), 1).join("generation.json");
    let text = fs::read_to_string(&record).unwrap();
    overwrite(&record, &text.replace("\"lib@1.0.0", "\"bil@1.0.0"));
    let error = fixture.project().verify(&development(), fixture.lookup()).unwrap_err();
    assert!(matches!(error, ProfileError::BadRecord { .. }), "{error}");
}

#[test]
fn local_packages_are_live() {
    let mut fixture = Fixture::new();
    fixture
        .npm("dep@1.0.0", &[("index.js", "module.exports = 'dep'")])
        .folder(
            "theme",
            "packages/theme",
            &[
                ("package.json", r#"{"bin": "cli.js"}"#),
                ("index.js", "module.exports = require('dep')"),
                ("cli.js", ""),
            ],
        )
        .path_edge("theme", "dep", "dep@1.0.0")
        .root_path("theme");
    fixture.sync();
    if let Some(said) = output(&fixture.root, "node", &["-p", "require('theme')"]) {
        assert_eq!(said, "dep");
    }
    let root = &fixture.root;
    let theme = fixture.root.join("packages/theme");
    for link in [".larder/active/packages/theme", "node_modules/theme"] {
        assert_eq!(fs::read_link(&root.join(link)).unwrap(), theme);
    }
    assert_eq!(fs::read_link(&root.join("node_modules/.bin/theme")).unwrap(), theme.join("cli.js"));
}

/// The first Python of these versions that the machine has.
fn interpreter() -> Option<python::Interpreter> {
    let path_dirs = vec![PathBuf::from("/usr/bin"), PathBuf::from("/usr/local/bin")];
    let pyenv_root = Some(PathBuf::from("/root/.pyenv"));
    let search = Search { path_dirs, pyenv_root, ..Search::default() };
    ["3.12", "3.13", "3.11", "3.10"].iter().find_map(|version| find(&version.parse().unwrap(), &search).ok())
}

/// A tool with an entry point, scripts and data; and a library in a namespace that the tool shares.
fn python() -> Option<Fixture> {
    let mut fixture = Fixture::new();
    fixture.interpreter = Some(interpreter()?);
    fixture
        .wheel(
            "my-tool@1.0",
            &[
                ("my_tool/__init__.py", "import shared.lib\ndef main():\n    print('tool', shared.lib.NAME)\n"),
                ("shared/__init__.py", ""),
                ("my_tool-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: my-tool\nVersion: 1.0\n"),
                ("my_tool-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\n"),
                (
                    "my_tool-1.0.dist-info/RECORD",
                    "my_tool/__init__.py,sha256=wrong,1\nshared/__init__.py,,\nmy_tool-1.0.dist-info/RECORD,,\n",
                ),
                ("my_tool-1.0.dist-info/entry_points.txt", "[console_scripts]\nmy-tool = my_tool:main\n"),
                ("my_tool-1.0.data/scripts/old-tool", "#!python\n\"\"\"Doc.\"\"\"\nimport sys\nprint(sys.argv[1])\n"),
                ("my_tool-1.0.data/scripts/shell.sh", "#!/bin/sh\necho shell\n"),
                ("my_tool-1.0.data/data/share/my_tool/x, y.txt", "data"),
                ("my_tool-1.0.data/headers/my_tool.h", ""),
                ("my_tool-1.0.data/purelib/my_extra.py", "EXTRA = 1\n"),
            ],
        )
        .wheel(
            "shared-lib@2.0",
            &[
                ("shared/__init__.py", ""),
                ("shared/lib.py", "NAME = 'lib'\n"),
                ("shared_lib-2.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: shared-lib\nVersion: 2.0\n"),
            ],
        )
        .root_wheel("my-tool@1.0");
    Some(fixture)
}

#[test]
fn the_environment_runs_from_a_path_with_spaces() {
    let Some(fixture) = python() else { return };
    fixture.sync();
    let root = &fixture.root;
    let python = root.join(".venv/bin/python");
    let check = "import sys; assert sys.prefix != sys.base_prefix; import my_extra, shared.lib; print(sys.prefix)";
    let prefix = output(root, python.to_str().unwrap(), &["-I", "-c", check]).unwrap();
    assert!(Path::new(&prefix).ends_with(".venv"), "{prefix}");
    let run = |name: &str, arguments: &[&str]| output(root, root.join(name).to_str().unwrap(), arguments).unwrap();
    assert_eq!(run(".larder/active/bin/my-tool", &[]), "tool lib");
    assert_eq!(run(".venv/bin/my-tool", &[]), "tool lib");
    assert_eq!(run(".larder/active/bin/old-tool", &["a b"]), "a b");
    assert_eq!(run(".larder/active/bin/shell.sh", &[]), "shell");
    assert!(fs::stat(&root.join(".venv/share/my_tool/x, y.txt")).unwrap().is_some());
    let activated = output(root, "sh", &["-c", ". .venv/bin/activate && command -v my-tool && deactivate"]).unwrap();
    assert!(activated.ends_with("/python/bin/my-tool"), "{activated}");
    if let Some(activated) = output(root, "bash", &["-c", ". .venv/bin/activate && command -v my-tool"]) {
        assert_eq!(Path::new(&activated), root.join(".venv/bin/my-tool"));
    }
    // Python wrote its caches meanwhile, which is no damage.
    assert_eq!(fixture.verify(), Vec::<String>::new());
}

#[test]
fn every_record_is_complete_and_true() {
    let Some(fixture) = python() else { return };
    fixture.sync();
    // `importlib.metadata` is the judge: each file that is installed is listed once and has the hash that is listed.
    let check = r#"
import base64, hashlib, importlib.metadata as m, os, sys
listed = set()
for name in ("my-tool", "shared-lib"):
    d = m.distribution(name)
    assert d.read_text("INSTALLER") == "larder\n"
    assert (d.read_text("REQUESTED") is not None) == (name == "my-tool")
    for f in d.files:
        path = os.path.normpath(str(f.locate()))
        listed.add(os.path.realpath(path))
        if f.name == "RECORD":
            assert f.hash is None
            continue
        data = open(path, "rb").read()
        digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
        assert f.hash.mode == "sha256" and f.hash.value == digest and f.size == len(data), f
there = set()
for base, folders, files in os.walk(os.path.realpath(sys.prefix)):
    folders[:] = [f for f in folders if f != "__pycache__"]
    there |= {os.path.join(base, f) for f in files if not f.startswith(("activate", "pyvenv", "python"))}
assert there == listed, there ^ listed
print(len(listed))
"#;
    let python = fixture.root.join(".venv/bin/python");
    assert_eq!(output(&fixture.root, python.to_str().unwrap(), &["-I", "-c", check]).unwrap(), "18");
}

#[test]
fn two_wheels_cannot_bring_different_files_of_one_name() {
    let Some(mut fixture) = python() else { return };
    fixture.wheel(
        "third@1",
        &[
            ("shared/lib.py", "NAME = 'other'\n"),
            ("third-1.dist-info/METADATA", "Metadata-Version: 2.1\nName: third\nVersion: 1\n"),
        ],
    );
    let error = fixture.build().unwrap_err().to_string();
    assert!(error.starts_with("pypi:shared-lib@2.0 and pypi:third@1 both install `lib/python3"), "{error}");
}

#[test]
fn damage_in_the_environment_is_found() {
    let Some(fixture) = python() else { return };
    let number = fixture.sync().generation.number;
    let python = fixture.project().folder(&development(), number).join("python");
    overwrite(&python.join("bin/my-tool"), "#!/bin/sh\n");
    fs::remove_file(&python.join("share/my_tool/x, y.txt")).unwrap();
    fs::write_new(&python.join("bin/foreign"), b"", 0o644).unwrap();
    let found = fixture.verify();
    assert_eq!(found.len(), 3, "{found:?}");
    assert!(found[0].contains("bin/foreign` was not installed by larder"), "{found:?}");
    assert!(found[1].contains("bin/my-tool` was changed"), "{found:?}");
    assert!(found[2].contains("x, y.txt` (my-tool) is missing"), "{found:?}");
}

#[test]
fn local_python_packages_are_editable() {
    let Some(mut fixture) = python() else { return };
    fixture
        .folder(
            "my-app",
            "services/my app",
            &[
                (
                    "pyproject.toml",
                    "[project]\nname = 'my-app'\nversion = '0.3'\ndependencies = ['my-tool']\n[project.scripts]\n\
                     my-app = 'my_app:main'\n",
                ),
                ("src/my_app/__init__.py", "def main():\n    print('before')\n"),
            ],
        )
        .root_path("my-app");
    fixture.sync();
    let program = fixture.root.join(".larder/active/bin/my-app");
    let run = || output(&fixture.root, program.to_str().unwrap(), &[]).unwrap();
    assert_eq!(run(), "before");
    overwrite(&fixture.root.join("services/my app/src/my_app/__init__.py"), "def main():\n    print('after it')\n");
    assert_eq!(run(), "after it");
    let check = "import importlib.metadata as m; print(m.version('my-app'), m.requires('my-app'))";
    let python = fixture.root.join(".venv/bin/python");
    assert_eq!(output(&fixture.root, python.to_str().unwrap(), &["-c", check]).unwrap(), "0.3 ['my-tool']");
    assert_eq!(fixture.verify(), Vec::<String>::new());
}

#[test]
fn byte_code_is_made_once_listed_checked_and_used() {
    let Some(mut fixture) = python() else { return };
    let interpreter = fixture.interpreter.clone().unwrap();
    fixture.wheel(
        "half@1",
        &[
            ("half/__init__.py", "X = 1\n"),
            ("half/old.py", "print 'of another Python'\n"),
            // The same file as another wheel's, and so the same byte-code.
            ("shared/__init__.py", ""),
            ("half-1.dist-info/METADATA", "Metadata-Version: 2.1\nName: half\nVersion: 1\n"),
        ],
    );
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path());
    let wheels: Vec<_> = fixture.trees.values().cloned().collect();
    let compile = || python::compile(&store, &interpreter, &wheels).unwrap();
    fixture.sync();
    fixture.bytecode = Some(compile());
    let digests = |bytecode: &python::Bytecode| bytecode.values().map(|tree| tree.digest).collect::<Vec<_>>();
    assert_eq!(digests(&compile()), digests(fixture.bytecode.as_ref().unwrap()));

    let built = fixture.sync();
    assert!(built.made, "asking for byte-code is a change");
    let site = fixture.root.join(".venv/lib").join(interpreter.library()).join("site-packages");
    let file = |module: &str| {
        let (folder, name) = module.rsplit_once('/').unwrap_or(("", module));
        site.join(folder).join("__pycache__").join(format!("{name}.{}.pyc", interpreter.cache_tag))
    };
    // By the source's hash, unchecked (PEP 552).
    let code = fs::read(&file("shared/lib")).unwrap();
    assert_eq!(&code[4..8], [1, 0, 0, 0]);
    for there in ["my_tool/__init__", "my_extra", "half/__init__", "shared/__init__"] {
        assert!(fs::stat(&file(there)).unwrap().is_some(), "{there}");
    }
    assert!(fs::stat(&file("half/old")).unwrap().is_none());
    let record = fs::read_to_string(&site.join("shared_lib-2.0.dist-info/RECORD")).unwrap();
    assert!(record.contains(&format!("shared/__pycache__/lib.{}.pyc,,\n", interpreter.cache_tag)), "{record}");
    let check = "import shared.lib, importlib.util as u, os; s = shared.lib.__spec__; \
                 assert os.path.exists(s.cached); assert shared.lib.__file__ == s.origin; print(shared.lib.NAME)";
    let python = fixture.root.join(".venv/bin/python");
    assert_eq!(output(&fixture.root, python.to_str().unwrap(), &["-B", "-c", check]).unwrap(), "lib");
    assert_eq!(fixture.verify(), Vec::<String>::new());

    // What was made without being asked for again stays; what is harmed is named.
    let bytecode = fixture.bytecode.take();
    assert!(!fixture.sync().made);
    fixture.bytecode = bytecode;
    let harmed = file("shared/lib");
    fs::remove_file(&harmed).unwrap();
    fs::write_new(&harmed, b"other", 0o644).unwrap();
    fs::remove_file(&file("my_extra")).unwrap();
    let found = fixture.verify();
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found[0].contains(".pyc` (shared-lib) was changed"), "{found:?}");
    assert!(found[1].contains("my_extra.") && found[1].ends_with(".pyc` (my-tool) is missing"), "{found:?}");
}
