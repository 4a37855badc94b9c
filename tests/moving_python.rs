//! Moving in from Python's tools: what builds compute, and what excludes each other.

use crate::support::{Project, Registry, Universe};

fn registry() -> Registry {
    Universe::new()
        .pypi("idna", "3.6", |p| p.file("idna/value.py", "VALUE = '3.6'\n"))
        .pypi("idna", "3.7", |p| p.file("idna/value.py", "VALUE = '3.7'\n"))
        .pypi("six", "1.16.0", |p| p.file("six/value.py", "VALUE = '1.16.0'\n"))
        .pypi("six", "1.17.0", |p| p.file("six/value.py", "VALUE = '1.17.0'\n"))
        .serve()
}

/// A setup.py that computes what it asks for, so that nothing but a build knows it.
const COMPUTED: &str = "from setuptools import setup\nsetup(install_requires=ask(), extras_require=ask_more())\n";

const ROOT: &str = "[project]\nname = 'root'\nversion = '1'\nrequires-python = '>=3.11'\ndependencies = ['clai[web]']\n\
                    [tool.uv.sources]\nclai = { workspace = true }\n[tool.uv.workspace]\nmembers = ['clai']\n";

const CLAI: &str = "[build-system]\nrequires = ['setuptools']\nbuild-backend = 'setuptools.build_meta'\n\
                    [project]\nname = 'clai'\nversion = '1'\ndynamic = ['dependencies', 'optional-dependencies']\n";

const UV_LOCK: &str = r#"
version = 1
[[package]]
name = "clai"
version = "1"
source = { editable = "clai" }
dependencies = [{ name = "idna" }]
[package.metadata]
requires-dist = [
    { name = "idna", specifier = "<4" },
    { name = "six", marker = "extra == 'web'" },
]
provides-extras = ["web"]
[[package]]
name = "idna"
version = "3.6"
source = { registry = "https://pypi.org/simple" }
[[package]]
name = "root"
version = "1"
source = { virtual = "." }
[package.metadata]
requires-dist = [{ name = "clai", extras = ["web"], editable = "clai" }]
[[package]]
name = "six"
version = "1.16.0"
source = { registry = "https://pypi.org/simple" }
"#;

#[test]
fn what_a_build_computed_for_a_member_is_taken_from_uv_lock_and_survives_it() {
    let registry = registry();
    let files = [
        ("pyproject.toml", ROOT),
        ("uv.lock", UV_LOCK),
        ("clai/pyproject.toml", CLAI),
        ("clai/setup.py", COMPUTED),
        ("clai/clai/__init__.py", "import idna.value\n"),
    ];
    let project = Project::of_other_tools(&registry, &files);
    project.run("larder init").exits(0).names(["2 of 2 packages have the versions that they had"]);
    let manifest = project.read("larder.kdl");
    let block =
        "extend pypi \"clai\" {\n        pypi \"idna\" \"<4\"\n        pypi \"six\" when=\"extra == 'web'\"\n    }";
    assert!(manifest.contains(block), "{manifest}");
    let locked = project.read("larder.lock");
    assert!(locked.contains("pypi:idna@3.6") && locked.contains("pypi:six@1.16.0"), "{locked}");
    std::fs::remove_file(project.path("uv.lock")).expect("uv.lock");
    project.run("larder lock --check").exits(0);
    project.run("larder sync").exits(0);
    project
        .run("larder run -- python -c 'import clai, six.value; print(clai.idna.value.VALUE, six.value.VALUE)'")
        .exits(0)
        .names(["3.6 1.16.0"]);
}

#[test]
fn what_a_build_computed_for_the_root_is_taken_from_uv_lock() {
    let registry = registry();
    let files = [
        ("pyproject.toml", &*CLAI.replace("name = 'clai'", "name = 'root'\nrequires-python = '>=3.11'")),
        ("setup.py", COMPUTED),
        ("root/__init__.py", "import idna.value\n"),
        (
            "uv.lock",
            &UV_LOCK
                .replace("name = \"root\"", "name = \"other\"")
                .replace("\"clai\"", "\"root\"")
                .replace("editable = \"root\"", "editable = \".\""),
        ),
    ];
    let project = Project::of_other_tools(&registry, &files);
    let told = project.run("larder init").exits(0);
    assert!(!told.stdout.contains("Left out"), "{}", told.stdout);
    let manifest = project.read("larder.kdl");
    assert!(manifest.contains("path \".\"") && manifest.contains("extend pypi \"root\""), "{manifest}");
    assert!(manifest.contains("group \"web\""), "{manifest}");
    project.run("larder sync").exits(0);
    project.run("larder run -- python -c 'import root; print(root.idna.value.VALUE)'").exits(0).names(["3.6"]);
}

#[test]
fn a_build_that_computes_what_nothing_knows_is_told_with_both_ways_on() {
    let registry = registry();
    let project = Project::new(&registry);
    project
        .manifest("dependencies {\n    path \"clai\"\n}\n")
        .write("clai/pyproject.toml", CLAI)
        .write("clai/setup.py", COMPUTED);
    project.run("larder lock").exits(2).names(["`resolution { extend pypi \"clai\" { pypi \"OTHER\" \"RANGE\"; }; }`"]);
    project.manifest(
        "dependencies {\n    path \"clai\"\n}\nresolution {\n    extend pypi \"clai\" { pypi \"idna\" \"<3.7\"; }\n}\n",
    );
    project.run("larder sync").exits(0);
    assert!(project.read("larder.lock").contains("pypi:idna@3.6"));
}

const CONFLICTING: &str = "[project]\nname = 'my-pkg'\nversion = '1'\nrequires-python = '>=3.11'\n\
                           [project.optional-dependencies]\ncpu_x = ['six==1.17.0']\nGPU = ['six==1.16.0']\n\
                           [tool.uv]\nconflicts = [[{ package = 'my-pkg', extra = 'cpu-x' }, { extra = 'gpu' }]]\n";

#[test]
fn extras_that_exclude_each_other_are_found_however_their_names_are_written() {
    let registry = registry();
    let project = Project::of_other_tools(&registry, &[("pyproject.toml", CONFLICTING)]);
    project.run("larder init").exits(0);
    let manifest = project.read("larder.kdl");
    assert!(manifest.contains("group \"GPU\" \"cpu_x\""), "{manifest}");
    project.run("larder lock").exits(0);
    let locked = project.read("larder.lock");
    assert!(locked.contains("pypi:six@1.16.0") && locked.contains("pypi:six@1.17.0"), "{locked}");
}

#[test]
fn conflicts_are_told_where_an_import_fails_for_want_of_them() {
    let registry = registry();
    let project = Project::new(&registry);
    project.manifest(
        "environment \"development\" {\n    include \"cpu_x\" \"GPU\"\n}\ngroup \"cpu_x\" {\n}\ngroup \"GPU\" {\n}\n",
    );
    project.write("pyproject.toml", CONFLICTING);
    project.run("larder import pyproject.toml").exits(3).names([
        "no versions satisfy",
        "conflicts of the groups GPU cpu_x are left out: write `conflicts { group \"GPU\" \"cpu_x\"; }`",
    ]);
}

const WITH_INDEX: &str = "[project]\nname = 'root'\nversion = '1'\nrequires-python = '>=3.11'\ndependencies = ['six']\n\
                          [dependency-groups]\ngpu = ['torch', 'idna']\nfast = ['idna']\n\
                          [tool.uv]\nindex = [{ name = 'own', url = 'http://127.0.0.1:1/simple', explicit = true }]\n\
                          [tool.uv.sources]\ntorch = { index = 'own' }\n";

#[test]
fn a_group_on_demand_whose_server_does_not_answer_does_not_keep_the_rest_from_moving_in() {
    let registry = registry();
    let project = Project::of_other_tools(&registry, &[("pyproject.toml", WITH_INDEX), ("uv.lock", UV_LOCK)]);
    let told = project.run("larder init").exits(0);
    told.names(["group `gpu`, which no environment includes, is left out of the lock"]);
    // The other group on demand is locked.
    let lock = project.read("larder.lock");
    assert!(lock.contains("pypi:idna@3.6") && lock.contains("pypi:six@1.16.0") && !lock.contains("torch@"), "{lock}");
    project.run("larder lock --check").exits(0);
    project.run("larder sync").exits(0);
    // Nothing of the group is locked that a later lock could lose.
    project.run("larder remove --group fast pypi:idna").exits(0);
    // In a group that development includes, it is needed.
    let needed = WITH_INDEX.replace("gpu", "dev");
    let project = Project::of_other_tools(&registry, &[("pyproject.toml", &*needed), ("uv.lock", UV_LOCK)]);
    project.run("larder init").exits(5).names(["127.0.0.1:1"]);
}

#[test]
fn a_build_that_computed_nothing_is_known_too() {
    let registry = registry();
    let lock = "version = 1\n[[package]]\nname = \"clai\"\nversion = \"1\"\nsource = { editable = \"clai\" }\n";
    let files = [
        ("pyproject.toml", &*ROOT.replace("[web]", "")),
        ("uv.lock", lock),
        ("clai/pyproject.toml", CLAI),
        ("clai/setup.py", COMPUTED),
    ];
    let project = Project::of_other_tools(&registry, &files);
    project.run("larder init").exits(0);
    assert!(project.read("larder.kdl").contains("extend pypi \"clai\" { pypi \"clai\"; }"));
    project.run("larder lock --check").exits(0);
    assert!(!project.read("larder.lock").contains("pypi:clai"));
}
