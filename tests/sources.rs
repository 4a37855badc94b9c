//! Python packages that exist only as source: built where a line of the manifest lets them be, in a sandbox.

use std::fs;

use crate::support::{Metadata, Project, PypiPackage, Registry, Universe};

/// A package that knows its version, as source.
fn as_source(metadata: Metadata) -> Registry {
    Universe::new()
        .pypi("colour", "1.1", |p| p.requires("six").source_only(metadata))
        .pypi("six", "1.16", |p| p)
        .serve()
}

fn project(registry: &Registry) -> Project {
    let project = Project::new(registry);
    project.dependencies(&["pypi \"colour\""]);
    project
}

/// Says, where it is seen, that this machine has no sandbox.
fn is_untested(project: &Project) -> bool {
    let out = project.run("larder sync");
    let is_missing = out.stderr.contains("larder::build::no_sandbox");
    if is_missing {
        crate::sweep::say(&format!("NOT TESTED: {}", out.stderr));
    }
    is_missing
}

#[test]
fn a_package_that_does_not_say_what_it_needs_is_built_to_find_out() {
    let registry = as_source(Metadata::Dynamic);
    let project = project(&registry);
    let refused = project.run("larder sync");
    refused.exits(3).names(["colour 1.1 cannot be used", "larder builds allow pypi:colour"]);

    project.run("larder builds allow colour").exits(0);
    assert!(project.read("larder.kdl").ends_with("builds {\n    allow pypi \"colour\"\n}\n"));
    if is_untested(&project) {
        return;
    }
    let lock = project.read("larder.lock");
    assert!(
        lock.contains("[[build]]\nid = \"pypi:colour@1.1\"\n") && lock.contains("id = \"pypi:six@1.16\""),
        "{lock}"
    );
    let out = project.run("larder run python -c 'import colour, six; print(colour.__version__)'");
    assert_eq!(out.exits(0).stdout, "1.1\n");
    project.run("larder verify").exits(0);
    project.run("larder check").exits(0);
    project.run("larder sync --locked").exits(0);
    // Nothing moves, and nothing is asked again.
    project.run("larder lock").exits(0);
    assert_eq!(project.read("larder.lock"), lock);
}

#[test]
fn a_zip_is_a_source_distribution_too() {
    let zip = |name: &str| PypiPackage::new(name, "1.1").source_only(Metadata::Dynamic).zipped();
    let files = Universe::new().file("/files/hue-1.1.zip", zip("hue").archive()).serve();
    let registry = Universe::new().pypi("colour", "1.1", |p| p.source_only(Metadata::Dynamic).zipped()).serve();
    let project = Project::new(&registry);
    let by_url = format!("pypi \"hue\" url=\"{}\"", files.url("/files/hue-1.1.zip"));
    project.dependencies(&["pypi \"colour\"", &by_url]).run("larder builds allow colour pypi:hue").exits(0);
    if is_untested(&project) {
        return;
    }
    let out = project.run("larder run python -c 'import colour, hue; print(colour.__version__, hue.__version__)'");
    assert_eq!(out.exits(0).stdout, "1.1 1.1\n");
    assert!(project.read("larder.lock").contains("colour-1.1.zip"));
    project.run("larder verify").exits(0);
}

#[test]
fn what_a_build_found_out_is_known_where_nothing_can_be_kept() {
    let registry = as_source(Metadata::Dynamic);
    let project = project(&registry);
    project.run("larder builds allow pypi:colour").exits(0);
    // No place for what is asked of registries: a cache is no condition.
    fs::create_dir_all(project.cache().join("metadata")).expect("a folder");
    fs::write(project.cache().join("metadata/v1"), "").expect("a file in the way");
    if !is_untested(&project) {
        assert!(project.read("larder.lock").contains("id = \"pypi:six@1.16\""));
    }
}

#[test]
fn a_package_that_says_what_it_needs_is_locked_by_anybody_and_built_by_who_may() {
    let registry = as_source(Metadata::Stated);
    let project = project(&registry);
    project.run("larder lock").exits(0);
    let refused = project.run("larder sync");
    refused.exits(1).names(["larder::sync::only_source", "allow pypi \"colour\""]);
    assert!(!project.has(".larder/active"));
    let listed = project.run("larder builds --json").exits(0).json();
    assert_eq!(listed["builds"][0]["name"], "colour");
    assert_eq!(listed["builds"][0]["allowed"], false);

    project.run("larder builds allow pypi:Colour").exits(0);
    project.run("larder sync --locked").exits(1).names(["the tools that build pypi:colour@1.1 are not locked"]);
    if is_untested(&project) {
        return;
    }
    project.run("larder sync --frozen").exits(0);
    assert_eq!(project.run("larder builds --json").exits(0).json()["builds"][0]["allowed"], true);
}

#[test]
fn what_was_built_is_taken_from_the_store_in_another_project() {
    let registry = as_source(Metadata::Stated);
    let first = project(&registry);
    first.run("larder builds allow pypi:colour").exits(0);
    if is_untested(&first) {
        return;
    }
    let logs = first.cache().join("build-logs");
    assert!(logs.join("colour-1.1.log").exists());
    fs::remove_dir_all(&logs).expect("removed");
    let second = first.beside();
    second.write("larder.kdl", &first.read("larder.kdl"));
    second.write("larder.lock", &first.read("larder.lock"));
    second.run("larder sync --locked --offline").exits(0);
    assert!(!logs.exists(), "nothing was run");
    assert_eq!(second.run("larder run python -c 'import colour'").exits(0).stdout, "");
}

#[test]
fn a_back_end_that_fails_says_so_and_leaves_nothing() {
    let registry = Universe::new()
        .pypi("colour", "1.1", |p| {
            p.source_only(Metadata::Stated)
                .source("hooks.py", "def build_wheel(*_, **__):\n    raise SystemExit('no paint')\n")
        })
        .serve();
    let project = project(&registry);
    project.run("larder builds allow pypi:colour").exits(0);
    let out = project.run("larder sync");
    if out.stderr.contains("larder::build::no_sandbox") {
        return;
    }
    assert_ne!(out.status, 0);
    out.names(["no paint", "pypi:colour@1.1", "colour-1.1.log"]);
    assert!(!project.has(".larder/active"));
    assert_eq!(fs::read_dir(project.store().join("v1/staging")).map_or(0, Iterator::count), 0);
}

#[test]
fn a_back_end_that_wants_the_network_is_told_how_it_gets_a_file() {
    let hooks = "def build_wheel(*_, **__):\n    raise SystemExit('[Errno -2] Name or service not known')\n";
    let registry =
        Universe::new().pypi("colour", "1.1", |p| p.source_only(Metadata::Stated).source("hooks.py", hooks)).serve();
    let project = project(&registry);
    project.run("larder builds allow pypi:colour").exits(0);
    let out = project.run("larder sync");
    if out.stderr.contains("larder::build::no_sandbox") {
        return;
    }
    assert_ne!(out.status, 0);
    out.names(["a build has no network", "file \"URL\" sha256="]);
}

#[test]
fn the_tools_that_build_stay_until_they_are_updated() {
    let universe = |newer: bool| {
        let all = Universe::new()
            .pypi("colour", "1.1", |p| p.source_only(Metadata::Stated).built_with(&["brush"], &["easel"]))
            .pypi("brush", "1.0", |p| p.requires("easel"))
            .pypi("easel", "1.0", |p| p);
        if newer { all.pypi("brush", "2.0", |p| p).pypi("easel", "3.0", |p| p) } else { all }
    };
    let registry = universe(false).serve();
    let mut project = project(&registry);
    project.run("larder builds allow pypi:colour").exits(0);
    if is_untested(&project) {
        return;
    }
    let built_with = |project: &Project| {
        let program =
            "import built_with_brush, built_with_easel; print(built_with_brush.VERSION, built_with_easel.VERSION)";
        project.run(&format!("larder run python -c '{program}'")).exits(0).stdout
    };
    assert_eq!(built_with(&project), "1.0 1.0\n");
    let lock = project.read("larder.lock");
    let requires = "requires = [\n    \"brush\",\n    \"easel\",\n]\ntools = [\n    \"pypi:brush@1.0\",\n    \"pypi:easel@1.0\",\n]\n";
    assert!(lock.contains(requires), "{lock}");
    // They are no packages of the project.
    project.run("larder run python -c 'import brush'").exits(1);

    let newer = universe(true).serve();
    project.sees(&newer);
    project.forget();
    project.run("larder lock").exits(0);
    project.run("larder update").exits(0);
    assert_eq!(project.read("larder.lock"), lock);
    project.run("larder sync").exits(0);
    assert_eq!(built_with(&project), "1.0 1.0\n");

    project.run("larder update --builds colour").exits(0);
    project.run("larder sync").exits(0);
    assert_eq!(built_with(&project), "2.0 3.0\n");
    project.run("larder rollback").exits(0);
    assert_eq!(built_with(&project), "1.0 1.0\n");
}

#[test]
fn a_build_that_makes_another_package_is_refused() {
    let hooks = "import os\ndef build_wheel(folder, config_settings=None, metadata_directory=None):\n    \
                 open(os.path.join(folder, 'evil-1.1-py3-none-any.whl'), 'w').close()\n    return 'evil-1.1-py3-none-any.whl'\n";
    let registry =
        Universe::new().pypi("colour", "1.1", |p| p.source_only(Metadata::Stated).source("hooks.py", hooks)).serve();
    let project = project(&registry);
    project.run("larder builds allow pypi:colour").exits(0);
    if is_untested(&project) {
        return;
    }
    let out = project.run("larder sync");
    assert_ne!(out.status, 0);
    out.names(["evil"]);
    assert!(!project.has(".larder/active"));
}

#[test]
fn damage_to_what_was_built_is_healed_by_building_it_again() {
    let registry = as_source(Metadata::Stated);
    let project = project(&registry);
    project.run("larder builds allow pypi:colour").exits(0);
    if is_untested(&project) {
        return;
    }
    let python = fs::read_dir(project.path(".venv/lib")).expect("a virtual environment").next().expect("a Python");
    let module = python.expect("an entry").path().join("site-packages/colour/__init__.py");
    fs::set_permissions(&module, std::os::unix::fs::PermissionsExt::from_mode(0o644)).expect("rights");
    fs::write(&module, "harm").expect("written");
    project.run("larder verify").exits(4);
    project.run("larder sync --repair").exits(0);
    project.run("larder verify").exits(0);
    assert_eq!(fs::read_to_string(&module).expect("a module"), "__version__ = \"1.1\"\n");
}

#[test]
fn a_build_gets_what_its_line_says_that_it_requires() {
    let registry = as_source(Metadata::Dynamic);
    let project = project(&registry);
    project.run("larder builds allow colour").exits(0);
    if is_untested(&project) {
        return;
    }
    let manifest = project.read("larder.kdl");
    let requiring = |what: &str| {
        let allow = format!("allow pypi \"colour\" {{ requires \"{what}\"; }}");
        project.write("larder.kdl", &manifest.replace("allow pypi \"colour\"", &allow));
    };
    requiring("six>=1");
    project.run("larder lock --check").exits(1).names(["the tools that build pypi:colour@1.1 are not locked"]);
    project.run("larder sync").exits(0);
    let lock = project.read("larder.lock");
    let build = &lock[lock.find("[[build]]").expect("a build")..];
    assert!(build.contains("\"six>=1\"") && build.contains("pypi:six@1.16"), "{build}");
    project.run("larder lock --check").exits(0);
    requiring("six>=2");
    project.run("larder lock").exits(3).names(["no versions satisfy the build requirements of pypi:colour@1.1"]);
    requiring("si x");
    project.run("larder lock").exits(2).names(["si x", "what a build needs"]);
}

#[test]
fn a_tool_that_is_only_there_as_source_is_built_too() {
    let registry = Universe::new()
        .pypi("colour", "1.1", |p| p.source_only(Metadata::Dynamic).built_with(&["brush"], &[]))
        .pypi("brush", "1.0", |p| p.requires("easel").source_only(Metadata::Dynamic).built_with(&["wood"], &[]))
        .pypi("easel", "1.0", |p| p)
        .pypi("wood", "3.0", |p| p.source_only(Metadata::Stated))
        .serve();
    let project = project(&registry);
    project.run("larder builds allow pypi:colour pypi:brush").exits(0);
    let refused = project.run("larder sync");
    if refused.stderr.contains("larder::build::no_sandbox") {
        return;
    }
    refused
        .exits(1)
        .names(["pypi:brush@1.0 cannot be built: it requires pypi:wood@3.0", "larder builds allow pypi:wood"]);
    project.run("larder builds allow pypi:wood").exits(0);
    project.run("larder sync").exits(0);
    let code = "import built_with_brush; print(built_with_brush.VERSION)";
    assert_eq!(project.run(&format!("larder run python -c '{code}'")).exits(0).stdout, "1.0\n");
    let lock = project.read("larder.lock");
    for written in [
        "id = \"pypi:colour@1.1\"\nrequires = [\n    \"brush\",\n]\ntools = [\n    \"pypi:brush@1.0\",\n    \"pypi:easel@1.0\",\n]\n",
        "id = \"pypi:brush@1.0\"\nrequires = [\n    \"wood\",\n]\ntools = [\n    \"pypi:wood@3.0\",\n]\n",
    ] {
        assert!(lock.contains(written), "{lock}");
    }
    project.run("larder lock").exits(0);
    assert_eq!(project.read("larder.lock"), lock);
    project.run("larder sync --locked").exits(0);
    let listed = project.run("larder builds --json").exits(0).json();
    assert_eq!(listed["builds"].as_array().map(Vec::len), Some(3), "{listed}");

    // From an empty store, all of them are built again; the cache is enough for that.
    fs::remove_dir_all(project.path(".larder")).expect("removed");
    fs::remove_dir_all(project.store()).expect("removed");
    project.run("larder sync --locked").exits(0);
    assert_eq!(project.run(&format!("larder run python -c '{code}'")).exits(0).stdout, "1.0\n");

    // A line that is taken back takes back that the tool is built, whatever the lock says.
    let manifest = project.read("larder.kdl");
    let line = manifest.lines().find(|line| line.contains("allow pypi \"wood\"")).expect("its line").to_owned();
    project.write("larder.kdl", &manifest.replace(&line, ""));
    fs::remove_dir_all(project.path(".larder")).expect("removed");
    fs::remove_dir_all(project.store()).expect("removed");
    project.run("larder lock --check").exits(1).names(["the tools that build pypi:colour@1.1 are not locked"]);
    project.run("larder sync --frozen").exits(1).names(["wood"]);
    assert!(!project.has(".larder/active"));
}

#[test]
fn a_tool_that_is_built_with_itself_is_named() {
    let registry = Universe::new()
        .pypi("colour", "1.1", |p| p.source_only(Metadata::Stated).built_with(&["brush"], &[]))
        .pypi("brush", "1.0", |p| p.source_only(Metadata::Stated).built_with(&["easel"], &[]))
        .pypi("easel", "1.0", |p| p.source_only(Metadata::Stated).built_with(&["brush"], &[]))
        .serve();
    let project = project(&registry);
    project.run("larder builds allow pypi:colour pypi:brush pypi:easel").exits(0);
    let out = project.run("larder sync");
    if !out.stderr.contains("larder::build::no_sandbox") {
        out.exits(1).names(["larder::builds::tool_of_itself", "pypi:brush@1.0 is only there as source"]);
    }
}

#[test]
fn a_tool_that_tells_nothing_without_a_build_names_the_line_that_lets_it_be_built() {
    let registry = Universe::new()
        .pypi("colour", "1.1", |p| p.source_only(Metadata::Stated).built_with(&["brush"], &[]))
        .pypi("brush", "1.0", |p| p.source_only(Metadata::Dynamic))
        .serve();
    let project = project(&registry);
    project.run("larder builds allow pypi:colour").exits(0);
    let out = project.run("larder lock").exits(3);
    out.names(["no versions satisfy the build requirements of pypi:colour@1.1", "`larder builds allow pypi:brush`"]);
}
