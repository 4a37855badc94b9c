//! Python environments: what tools that know nothing of larder find in them.

use std::fs;

use crate::support::{Project, Registry, Universe};

fn site_packages(project: &Project) -> std::path::PathBuf {
    let lib = project.path(".venv/lib");
    let python = fs::read_dir(lib).expect("a virtual environment").next().expect("a Python").expect("an entry");
    python.path().join("site-packages")
}

fn byte_code(project: &Project) -> usize {
    let Ok(found) = fs::read_dir(site_packages(project).join("six/__pycache__")) else { return 0 };
    found.count()
}

fn project(registry: &Registry) -> Project {
    let project = Project::new(registry);
    project.dependencies(&["pypi \"six\""]);
    project
}

#[test]
fn production_has_its_byte_code_and_development_where_it_is_asked_for() {
    let registry = Universe::new().pypi("six", "1.16", |p| p).serve();
    let project = project(&registry);
    project.run("larder sync").exits(0);
    assert_eq!(byte_code(&project), 0);
    project.run("larder sync --compile").exits(0);
    assert_eq!(byte_code(&project), 1);
    // It stays until something else changes.
    project.run("larder sync").exits(0);
    project.run("larder sync --compile").exits(0);
    project.run("larder verify").exits(0);
    assert_eq!(fs::read_link(project.path(".larder/active/../current")).expect("a link").to_string_lossy(), "2");

    project.run("larder sync --env production").exits(0);
    assert_eq!(byte_code(&project), 1);
    project.run("larder verify").exits(0);
}

#[test]
fn harmed_byte_code_is_made_again() {
    let registry = Universe::new().pypi("six", "1.16", |p| p).serve();
    let project = project(&registry);
    project.run("larder sync --compile").exits(0);
    let folder = site_packages(&project).join("six/__pycache__");
    let file = fs::read_dir(folder).expect("byte-code").next().expect("a file").expect("an entry").path();
    let before = fs::read(&file).expect("a file");
    // Through the hard link: the store's is harmed too.
    let mut permissions = fs::metadata(&file).expect("a file").permissions();
    #[allow(clippy::permissions_set_readonly_false, reason = "a file of a temporary folder")]
    permissions.set_readonly(false);
    fs::set_permissions(&file, permissions).expect("permissions");
    fs::write(&file, "harm").expect("written");
    project.run("larder verify").exits(4);
    project.run("larder sync --repair --compile").exits(0);
    assert_eq!(fs::read(&file).expect("a file").len(), before.len());
    project.run("larder verify").exits(0);
}

#[test]
fn a_local_package_is_never_taken_from_a_registry() {
    // Somebody else has put a package of the same name there.
    let registry = Universe::new()
        .pypi("core-lib", "9.0", |p| p)
        .pypi("fast-json", "1.0", |p| p)
        .pypi("six", "1.16", |p| p)
        .serve();
    let project = Project::new(&registry);
    project.write(
        "libs/core/pyproject.toml",
        "[project]\nname = 'core-lib'\nversion = '0.2'\ndependencies = ['six']\n[project.optional-dependencies]\nfast = ['fast-json']\n",
    );
    project.write("libs/core/src/core_lib/__init__.py", "NAME = 'ours'\n");
    project.write(
        "tools/cli/pyproject.toml",
        "[project]\nname = 'cli-tool'\nversion = '0.1'\ndependencies = ['core-lib[fast]>=0.2']\n[project.scripts]\ncli-tool = 'cli_tool:main'\n",
    );
    project.write(
        "tools/cli/cli_tool/__init__.py",
        "import core_lib, fast_json, six\ndef main():\n    print(core_lib.NAME)\n",
    );
    project.dependencies(&["path \"libs/core\"", "path \"tools/cli\""]);
    project.run("larder sync").exits(0);
    let output = project.run("larder run -- cli-tool");
    assert_eq!(output.stdout.trim(), "ours");
    assert!(!project.read("larder.lock").contains("9.0"));
    project.run("larder lock --locked").exits(0);
    project.run("larder verify").exits(0);
}
