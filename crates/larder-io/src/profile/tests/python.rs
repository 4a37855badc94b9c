//! Python environments, as the programs in them see them.

use std::path::{Path, PathBuf};

use super::{output, overwrite};
use crate::fs;
use crate::profile::fixture::{Fixture, development};
use crate::profile::python::{Interpreter, InterpreterSearch, find};
use crate::profile::*;
use crate::store::Store;

/// The first Python of these versions that the machine has.
pub(super) fn interpreter() -> Option<Interpreter> {
    let path_dirs = vec![PathBuf::from("/usr/bin"), PathBuf::from("/usr/local/bin")];
    let pyenv_root = Some(PathBuf::from("/root/.pyenv"));
    let search = InterpreterSearch { path_dirs, pyenv_root, ..InterpreterSearch::default() };
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
    assert_eq!(output(&fixture.root, python.to_str().unwrap(), &["-I", "-c", check]).unwrap(), "19");
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
fn a_third_wheel_that_brings_the_same_file_is_named_too() {
    let Some(mut fixture) = python() else { return };
    for name in ["fourth", "third"] {
        let metadata = format!("Metadata-Version: 2.1\nName: {name}\nVersion: 1\n");
        let content = format!("NAME = '{name}'\n");
        let file = format!("{name}-1.dist-info/METADATA");
        fixture.wheel(&format!("{name}@1"), &[("shared/lib.py", &content), (&file, &metadata)]);
    }
    let error = fixture.build().unwrap_err().to_string();
    for name in ["pypi:fourth@1", "pypi:shared-lib@2.0", "pypi:third@1"] {
        assert!(error.contains(name), "{name}: {error}");
    }
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
    assert!(built.is_new, "asking for byte-code is a change");
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

    // What was made without being asked for again stays; what is damaged is named.
    let bytecode = fixture.bytecode.take();
    assert!(!fixture.sync().is_new);
    fixture.bytecode = bytecode;
    let damaged = file("shared/lib");
    fs::remove_file(&damaged).unwrap();
    fs::write_new(&damaged, b"other", 0o644).unwrap();
    fs::remove_file(&file("my_extra")).unwrap();
    let found = fixture.verify();
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found[0].contains(".pyc` (shared-lib) was changed"), "{found:?}");
    assert!(found[1].contains("my_extra.") && found[1].ends_with(".pyc` (my-tool) is missing"), "{found:?}");
}
