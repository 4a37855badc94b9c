//! The project's own Python packages: the root, members, and folders that are described in one way or another. Each can be imported
//! where it lies, and no registry's copy of it stands beside it.

use crate::support::{Metadata, Project, Registry, Universe, assert_transcript};

const BUILT: &str = "[build-system]\nrequires = ['hatchling']\nbuild-backend = 'hatchling.build'\n";

fn registry() -> Registry {
    Universe::new()
        .pypi("six", "1.16", |p| p)
        .pypi("pytest", "8.0", |p| p)
        .pypi("shop", "9.0", |p| p)
        .pypi("plugin", "1.0", |p| p.requires("shop>=1"))
        .pypi("plugin", "2.0", |p| p.requires("shop>=2").requires("six"))
        .pypi("extra-plugin", "1.0", |p| p.requires("shop[tests]"))
        .npm("left", "1.0.0", |p| p)
        .serve()
}

/// A project whose root is the package `shop` 1.2.
fn shop(registry: &Registry, lines: &[&str]) -> Project {
    let project = Project::new(registry);
    project
        .dependencies(lines)
        .write(
            "pyproject.toml",
            &format!(
                "[project]\nname = 'Shop'\nversion = '1.2'\ndependencies = ['six']\n[project.scripts]\nopen-shop = 'shop:main'\n\
                 [project.optional-dependencies]\ntests = ['pytest', 'shop[more]']\nmore = ['plugin<2']\n{BUILT}"
            ),
        )
        .write("src/shop/__init__.py", "NAME = 'ours'\ndef main():\n    print('open')\n");
    project
}

fn says(project: &Project, program: &str) -> String {
    let program = program.replace('\'', "\"");
    project.run(&format!("larder run -- python -c '{program}'")).exits(0).stdout.trim().to_owned()
}

#[test]
fn the_root_is_a_package_with_its_metadata_and_its_scripts() {
    let registry = registry();
    let project = shop(&registry, &["path \".\""]);
    project.run("larder sync").exits(0);
    let asked = "import shop, six; from importlib.metadata import version; print(shop.NAME, version('shop'))";
    assert_eq!(says(&project, asked), "ours 1.2");
    assert_eq!(project.run("larder run open-shop").exits(0).stdout.trim(), "open");
    assert!(project.read("larder.lock").contains("folder = \".\""));
    project.run("larder lock --locked").exits(0);
    project.run("larder verify").exits(0);
    project.run("larder sync --frozen").exits(0).names(["up to date"]);
    project.run("larder remove path:.").exits(0);
    assert!(!project.read("larder.lock").contains("six"));
    project.run("larder add path:.").exits(0);
    assert!(project.read("larder.kdl").contains("path \".\""));
}

#[test]
fn an_npm_and_a_python_package_of_one_name_stand_side_by_side() {
    let registry = registry();
    let project = shop(&registry, &["path \".\"", "path \"clients/js\""]);
    project.write("clients/js/package.json", r#"{"name": "shop", "version": "0.3.0", "main": "main.js"}"#);
    project.write("clients/js/main.js", "module.exports = 'theirs'");
    project.write("larder.kdl", &project.read("larder.kdl").replace("platforms", "members \"clients/*\"\nplatforms"));
    project.run("larder sync").exits(0);
    assert_eq!(says(&project, "import shop; print(shop.NAME)"), "ours");
    let output = project.run("larder run -- node -p require(\"shop\")").exits(0);
    assert_eq!(output.stdout.trim(), "theirs");
    let lock = project.read("larder.lock");
    assert!(lock.contains("path:shop@") && lock.contains("path:js@"), "{lock}");
    project.run("larder lock --locked").exits(0);
    // One of two of one ecosystem cannot be asked for by its name.
    project.write("clients/other/package.json", r#"{"name": "shop", "version": "0.3.0"}"#);
    project.run("larder lock").exits(0);
    project.write("clients/web/package.json", r#"{"name": "web", "dependencies": {"shop": "^0.3.0"}}"#);
    project.run("larder lock").exits(2).names([
        "clients/web/package.json asks for `shop`, which is the name of two packages of this project: `clients/js` and `clients/other`",
        "`file:FOLDER`",
    ]);
    project.write("clients/web/package.json", r#"{"name": "web", "dependencies": {"shop": "workspace:*"}}"#);
    project.run("larder lock").exits(2).names(["two members have this name: `clients/js` and `clients/other`"]);
    project.write("clients/web/package.json", r#"{"name": "web", "dependencies": {"shop": "file:../other"}}"#);
    project.run("larder sync").exits(0);
    let link = std::fs::canonicalize(project.path("clients/web/node_modules/shop")).expect("a link");
    assert_eq!(link, std::fs::canonicalize(project.path("clients/other")).expect("a folder"));
}

#[test]
fn no_two_folders_have_one_name() {
    let registry = registry();
    let project = Project::new(&registry);
    let lines = "dependencies { path \"a\"; path \"c/b\"; }\n";
    project.manifest(&format!("members \"a\" \"c/b\" \"y/b\"\n{lines}"));
    for (folder, name) in [("c/b", "b"), ("y/b", "b")] {
        project.write(&format!("{folder}/package.json"), &format!(r#"{{"name": "{name}", "version": "1.0.0"}}"#));
    }
    project.write("a/package.json", r#"{"name": "y-b", "version": "1.0.0", "dependencies": {"b": "file:../y/b"}}"#);
    project.run("larder sync").exits(0);
    let lock = project.read("larder.lock");
    for folder in ["a", "c/b", "y/b"] {
        assert!(lock.contains(&format!("folder = \"{folder}\"")), "{folder}: {lock}");
    }
    let link = std::fs::canonicalize(project.path("node_modules/y-b")).expect("a link");
    assert_eq!(link, std::fs::canonicalize(project.path("a")).expect("a folder"));
}

#[test]
fn a_member_stands_in_for_what_a_folder_asks_for() {
    let registry = registry();
    let project = Project::new(&registry);
    project
        .manifest(
            "members \"m/*\"\ndependencies { path \"m/app\"; }\nresolution { override npm \"ms\" \"workspace:*\"; }\n",
        )
        .write("m/ms/package.json", r#"{"name": "ms", "version": "3.0.0"}"#)
        .write("m/app/package.json", r#"{"name": "app", "version": "1.0.0", "dependencies": {"ms": "2.1.3"}}"#);
    project.run("larder lock").exits(0);
    project.run("larder lock --check").exits(0);
    // The closest override counts, whichever comes first.
    let manifest = project.read("larder.kdl");
    let closer = "override npm \"ms\" \"2.0.0\"; override npm \"app>ms\" \"workspace:*\"";
    let nearer = manifest.replace("override npm \"ms\" \"workspace:*\"", closer).replace("\"m/*\"", "\"m/ms\"");
    project.write("larder.kdl", &nearer);
    project.run("larder lock").exits(0);
    project.run("larder lock --check").exits(0);
    project.write("larder.kdl", &manifest);
    project.write("m/other/package.json", r#"{"name": "ms", "version": "4.0.0"}"#);
    project.run("larder lock").exits(2).names(["`ms` is the name of two members: `m/ms` and `m/other`", "larder.kdl:"]);
}

#[test]
fn folders_of_one_name_are_asked_for_by_their_paths() {
    let registry = registry();
    let project = Project::new(&registry);
    project.manifest("members \"apps/*\"\n");
    for app in ["a", "b"] {
        project
            .write(
                &format!("apps/{app}/package.json"),
                r#"{"name": "app", "dependencies": {"nested": "file:./nested"}}"#,
            )
            .write(
                &format!("apps/{app}/nested/package.json"),
                r#"{"name": "nested", "version": "1.0.0", "main": "main.js"}"#,
            )
            .write(&format!("apps/{app}/nested/main.js"), &format!("module.exports = 'of {app}'"));
    }
    project.run("larder sync").exits(0);
    for app in ["a", "b"] {
        let said = project.run_in(&project.path(&format!("apps/{app}")), "larder run -- node -p require(\"nested\")");
        assert_eq!(said.exits(0).stdout.trim(), format!("of {app}"));
    }
    project.run("larder lock --check").exits(0);
    project.run("larder verify").exits(0);
}

#[test]
fn extras_of_a_folder_are_asked_for_by_name() {
    let registry = registry();
    let project = shop(&registry, &["path \".[tests]\""]);
    project.run("larder sync").exits(0);
    assert_eq!(says(&project, "import shop, pytest, plugin; print(plugin.__version__)"), "1.0");
    project.run("larder lock --locked").exits(0);
    project.dependencies(&["path \".[tets]\""]).run("larder lock").exits(2).names(["`tets`", "more, tests"]);
    project.manifest("dependencies { path \".\"; }\ngroup \"dev\" dev=#true { path \".[more]\"; }\n");
    project.run("larder lock").exits(0);
    let listed = |environment: &str| project.run(&format!("larder list --env {environment}")).exits(0).stdout;
    assert!(listed("development").contains("plugin") && !listed("production").contains("plugin"));
}

#[test]
fn a_root_without_a_package_is_none() {
    let project = Project::new(&registry());
    project.dependencies(&["path \".\""]).run("larder lock").exits(2).names(["`.`", "[project]"]);
    project
        .write("pyproject.toml", "[tool.ruff]\nline-length = 100\n")
        .run("larder lock")
        .exits(2)
        .names(["[project]"]);
    assert!(!project.has("larder.lock"));
}

#[test]
fn what_registries_packages_ask_for_is_the_projects_own() {
    let registry = registry();
    let project = shop(&registry, &["path \".\"", "pypi \"plugin\""]);
    project.run("larder sync").exits(0);
    let lock = project.read("larder.lock");
    assert!(
        !lock.contains("pypi:shop") && lock.contains("pypi:plugin@1.0"),
        "2.0 asks for a shop that is not ours: {lock}"
    );
    assert_eq!(says(&project, "import shop, plugin; print(shop.NAME)"), "ours");
    project.run("larder lock --locked").exits(0);
    project.dependencies(&["path \".\"", "pypi \"plugin\" \">=2\""]);
    project.run("larder lock").exits(3).names(["shop", ">=2", "(1.2)"]);
    project.dependencies(&["path \".\"", "pypi \"extra-plugin\""]).run("larder lock").exits(0);
    let lock = project.read("larder.lock");
    assert!(lock.contains("pypi:pytest@8.0") && !lock.contains("pypi:shop"), "{lock}");
    // A line may still name the registry's.
    project.dependencies(&["pypi \"shop\" registry=\"pypi\"", "pypi \"plugin\""]).run("larder lock").exits(0);
    assert!(project.read("larder.lock").contains("pypi:shop@9.0"));
}

#[test]
fn a_line_of_a_folder_counts_where_its_marker_holds() {
    let registry = Universe::new().pypi("six", "1.16", |p| p).pypi("six", "1.17", |p| p).serve();
    let project = Project::new(&registry);
    let manifest = |name: &str, version: &str, dependencies: &str| {
        format!("[project]\nname = '{name}'\nversion = '{version}'\ndependencies = [{dependencies}]\n{BUILT}")
    };
    let asked = r#""six<=1.16; sys_platform == 'never'", "six>=1.17; sys_platform != 'never'",
                   "kit>=1; sys_platform != 'never'", "kit<1; sys_platform == 'never'""#;
    project
        .dependencies(&["path \"jobs\"", "path \"kit\""])
        .write("jobs/pyproject.toml", &manifest("jobs", "1.0", asked))
        .write("kit/pyproject.toml", &manifest("kit", "1.5", ""));
    project.run("larder lock").exits(0);
    project.run("larder lock --check").exits(0);
    project.write("jobs/pyproject.toml", &manifest("jobs", "1.0", &asked.replace("never", "linux")));
    project.run("larder lock").exits(3).names(["the project's own is kit (1.5)"]);
}

#[test]
fn a_version_that_a_build_computes_satisfies_every_range_and_is_told_once() {
    let registry = registry();
    let project = shop(&registry, &["path \".\"", "pypi \"plugin\" \">=2\""]);
    let text = project.read("pyproject.toml").replace("version = '1.2'", "dynamic = ['version']");
    project.write("pyproject.toml", &text);
    let told = project.run("larder lock").exits(0).stderr;
    assert_eq!(told.matches("computed by a build").count(), 1, "{told}");
    assert!(!project.read("larder.lock").contains("pypi:shop"));
    // Several are told in one line.
    project.write("more/pyproject.toml", &text.replace("'Shop'", "'More'"));
    project.write("larder.kdl", &project.read("larder.kdl").replace("path \".\"", "path \".\"\n    path \"more\""));
    let told = project.run("larder lock").exits(0).stderr;
    assert_transcript!(told, @r"
    + path:more 0.0.0
    warning: more/pyproject.toml and pyproject.toml have their versions computed by builds: here they are 0.0.0, and satisfy every range
    Locked 4 packages in larder.lock
    ");
    project.dependencies(&["path \".\"", "pypi \"plugin\" \">=2\""]);
    // One that a file has is read there, and the file is watched.
    project.write("pyproject.toml", &format!("{text}[tool.hatch.version]\npath = 'src/shop/__init__.py'\n"));
    project.write("src/shop/__init__.py", "__version__ = '2.5'\nNAME = 'ours'\n");
    project.run("larder sync").exits(0);
    assert_eq!(says(&project, "from importlib.metadata import version; print(version('shop'))"), "2.5");
    project.run("larder sync").exits(0).names(["up to date"]);
    project.write("src/shop/__init__.py", "__version__ = '2.6.1'\nNAME = 'ours'\n");
    project.run("larder sync").exits(0);
    assert_eq!(says(&project, "from importlib.metadata import version; print(version('shop'))"), "2.6.1");
}

#[test]
fn dependencies_that_a_file_has_are_read_there() {
    let registry = registry();
    let project = Project::new(&registry);
    let dynamic = "[project]\nname = 'lib'\nversion = '1'\ndynamic = ['dependencies']\n[build-system]\nrequires = []\n\
                   build-backend = 'setuptools.build_meta'\n[tool.setuptools.dynamic]\ndependencies = {file = 'requirements.txt'}\n";
    project.dependencies(&["path \"lib\""]).write("lib/pyproject.toml", dynamic).write("lib/lib.py", "");
    project.run("larder lock").exits(2).names(["lib/pyproject.toml", "dependencies", "[project]"]);
    project.write("lib/requirements.txt", "six\n").run("larder sync").exits(0);
    assert_eq!(says(&project, "import lib, six; print(six.__version__)"), "1.16");
    project.run("larder sync").exits(0).names(["up to date"]);
    project.write("lib/requirements.txt", "six\npytest\n").run("larder sync").exits(0);
    assert_eq!(says(&project, "import pytest; print(pytest.__version__)"), "8.0");
    // A file of somebody else's is not read.
    std::fs::write(project.folder().join("secret.txt"), "six\n").expect("a file");
    std::fs::remove_file(project.path("lib/requirements.txt")).expect("a file");
    std::os::unix::fs::symlink("../../secret.txt", project.path("lib/requirements.txt")).expect("a link");
    project.run("larder lock").exits(2).names(["dependencies"]);
}

#[test]
fn a_folder_with_a_setup_py_alone_is_a_package() {
    let registry = registry();
    let project = Project::new(&registry);
    let setup = "from setuptools import setup\nsetup(\n    name='old-lib',\n    version='0.3',\n    py_modules=['old_lib'],\n\
                 \x20   install_requires=['six'],\n    entry_points={'console_scripts': ['old = old_lib:main']},\n)\n";
    project
        .dependencies(&["path \"old\""])
        .write("old/setup.py", setup)
        .write("old/old_lib.py", "import six\ndef main():\n    print('old', six.__version__)\n");
    project.run("larder sync").exits(0);
    assert_eq!(project.run("larder run old").exits(0).stdout.trim(), "old 1.16");
    assert_eq!(says(&project, "from importlib.metadata import version; print(version('old-lib'))"), "0.3");
    project.write("old/setup.py", &setup.replace("['six']", "open('x').read()"));
    project.run("larder lock").exits(2).names(["old/setup.py", "dependencies"]);
}

#[test]
fn a_member_that_a_backend_builds_can_be_imported() {
    let registry = registry();
    let project = Project::new(&registry);
    let member =
        "[project]\nname = 'my-app'\nversion = '3.1'\ndependencies = ['six']\n[project.scripts]\napp = 'my_app:main'\n";
    project
        .manifest("members \"apps/*\"\n")
        .write("apps/api/pyproject.toml", &format!("{member}{BUILT}"))
        .write("apps/api/src/my_app/__init__.py", "def main():\n    print('app')\n")
        .write("apps/jobs/pyproject.toml", "[project]\nname = 'jobs'\nversion = '1'\ndependencies = ['plugin<2']\n")
        .write("apps/jobs/jobs.py", "");
    project.run("larder sync").exits(0);
    assert_eq!(project.run("larder run app").exits(0).stdout.trim(), "app");
    assert_eq!(says(&project, "from importlib.metadata import version; print(version('my-app'))"), "3.1");
    // Without a build system there is nothing to install: its dependencies are there.
    project.run("larder run -- python -c 'import plugin'").exits(0);
    project.run("larder run -- python -c 'import jobs'").exits(1);
    project.run("larder lock --locked").exits(0);
    project.run("larder verify").exits(0);
}

#[test]
fn both_halves_of_a_folder_count() {
    let registry = registry();
    let project = Project::new(&registry);
    project
        .manifest("members \"apps/*\"\n")
        .write("apps/both/package.json", r#"{"name":"@acme/both","version":"1.0.0","dependencies":{"left":"^1"}}"#)
        .write(
            "apps/both/pyproject.toml",
            &format!("[project]\nname = 'both'\nversion = '2'\ndependencies = ['six']\n[dependency-groups]\ndev = ['pytest']\n{BUILT}"),
        )
        .write("apps/both/both.py", "");
    project.run("larder sync").exits(0);
    assert!(project.has("apps/both/node_modules/left") && !project.has("apps/both/node_modules/@acme"));
    assert_eq!(says(&project, "import both, six, pytest; print(six.__version__)"), "1.16");
    assert!(!project.run("larder list --env production").exits(0).stdout.contains("pytest"));
    project.run("larder lock --locked").exits(0);
    project.run("larder verify").exits(0);
}

#[test]
fn init_takes_the_root_as_a_package_and_its_extras_as_groups() {
    let registry = registry();
    let project = shop(&registry, &[]);
    std::fs::remove_file(project.path("larder.kdl")).expect("a manifest");
    let text = project.read("pyproject.toml");
    project.write("pyproject.toml", &format!("{text}[dependency-groups]\ndev = ['shop[tests]', 'left-over']\n"));
    project.write("requirements.txt", "six==1.16\n");
    let told = project.run("larder init --no-lock").exits(0).stderr;
    let manifest = project.read("larder.kdl");
    for line in [
        "dependencies {\n    path \".\"\n}",
        "group \"dev\" dev=#true {\n    pypi \"left-over\"\n    path \".[tests]\"\n}",
        "group \"more\" {\n    path \".[more]\"\n}",
        "group \"tests\" {\n    path \".[tests]\"\n}",
    ] {
        assert!(manifest.contains(line), "{line}: {manifest}");
    }
    // The version is a lockfile's.
    assert!(!told.contains("six"), "{told}");
    assert!(project.read(".larder/moving-in.json").contains("requirements.txt"));
    // Without a build system there is no package, and lines are taken as they are.
    std::fs::remove_file(project.path("larder.kdl")).expect("a manifest");
    project.write("pyproject.toml", "[project]\nname = 'app'\nversion = '1'\ndependencies = ['six']\n");
    project.run("larder init --no-lock").exits(0);
    assert!(project.read("larder.kdl").contains("dependencies {\n    pypi \"six\"\n}"));
}

#[test]
fn init_takes_over_what_means_folders_and_members() {
    let registry = registry();
    let project = Project::new(&registry);
    project
        .write(
            "package.json",
            r#"{"name":"root","workspaces":["packages/*"],"dependencies":{"ui":"workspace:^","linked":"link:./vendor/linked","r":"workspace:ui@*",
               "wrong":"file:./vendor/other","gone":"file:./nowhere","lost":"workspace:*","packed":"file:./x.tgz"}}"#,
        )
        .write("packages/ui/package.json", r#"{"name":"ui","version":"1.0.0"}"#)
        .write("vendor/other/package.json", r#"{"name":"other"}"#)
        .write("vendor/linked/package.json", r#"{"name":"linked","version":"1.0.0"}"#)
        .write(
            "pyproject.toml",
            "[project]\nname = 'app'\nversion = '1'\ndependencies = ['lib', 'tool', 'absent']\n[tool.uv.workspace]\nmembers = ['libs/*']\n\
             [tool.uv.sources]\nlib = {workspace = true}\ntool = {path = 'tools/tool'}\nabsent = {workspace = true}\n",
        )
        .write("libs/lib/pyproject.toml", "[project]\nname = 'lib'\nversion = '1'\n")
        .write("tools/tool/setup.py", "from setuptools import setup\nsetup(name='tool', version='1')\n");
    project.run("larder init").exits(2).names(["lost", "absent"]);
    let told = project.run("larder init --leave-out --no-lock").exits(0).stderr;
    let manifest = project.read("larder.kdl");
    for line in [
        "npm \"r\" \"npm:ui@*\"",
        "npm \"ui\" \"*\"",
        "path \"tools/tool\"",
        "pypi \"lib\"",
        "path \"nowhere\" name=\"gone\"",
        "path \"vendor/other\" name=\"wrong\"",
    ] {
        assert!(manifest.contains(line), "{line}: {manifest}");
    }
    for line in ["absent", "lost", "packed"] {
        assert!(!manifest.contains(line) && told.contains(line), "{line}: {manifest}\n{told}");
    }
}

#[test]
fn folders_that_requirements_name_by_where_the_project_lies_are_local_packages() {
    let registry = registry();
    let project = Project::of_other_tools(&registry, &[]);
    let lib = "[project]\nname = 'lib'\nversion = '1'\n[project.optional-dependencies]\nfast = ['six']\n";
    project.write("libs/lib/pyproject.toml", &format!("{lib}{BUILT}")).write("libs/lib/lib.py", "NAME = 'lib'\n");
    project.write(
        "pyproject.toml",
        &format!(
            "[project]\nname = 'whole'\nversion = '1'\ndependencies = ['lib @ {{root:uri}}/libs/lib']\n\
             [project.optional-dependencies]\ntest = ['lib[fast] @ {{root:uri}}/libs/lib ; python_version > \"3\"']\n\
             [tool.hatch.envs.default]\ndependencies = ['pytest', 'also @ {{home}}/also']\n\
             [tool.hatch.envs.docs]\ndependencies = ['plugin<2']\n{BUILT}"
        ),
    );
    project.write("src/whole/__init__.py", "");
    project.run("larder init").exits(0);
    let manifest = project.read("larder.kdl");
    let development = "environment \"development\" {\n    include \"default\"\n}\n";
    assert!(manifest.contains(development) && manifest.contains("group \"docs\" dev=#true"), "{manifest}");
    project.run("larder sync").exits(0);
    assert_eq!(says(&project, "import whole, lib, pytest; print(lib.NAME)"), "lib");
    let lock = project.read("larder.lock");
    assert!(lock.contains("pypi:six@1.16") && lock.contains("pypi:plugin@1.0"), "{lock}");
}

#[test]
fn a_folder_whose_modules_a_build_compiles_is_told_of() {
    let registry = registry();
    let project = Project::new(&registry);
    let maturin = "[build-system]\nrequires = ['maturin>=1']\nbuild-backend = 'maturin'\n";
    project
        .dependencies(&["path \"core\""])
        .write("core/pyproject.toml", &format!("[project]\nname = 'core'\nversion = '1.0'\n{maturin}"))
        .write("core/python/core/__init__.py", "");
    assert_transcript!(project.run("larder lock").exits(0).stderr, @r"
    + path:core 1.0.0
    warning: core/pyproject.toml has modules that a build compiles (maturin), and its folder is used as it lies: compile them in place, or leave it out of `members` and take the package from its registry
    Locked 1 package in larder.lock
    ");
}

#[test]
fn an_extra_of_the_root_that_is_left_out_of_the_lock_leaves_it_fresh() {
    let registry = Universe::new()
        .pypi("lib", "1.0", |p| p.extra("more", "source"))
        .pypi("source", "1.0", |p| p.source_only(Metadata::Dynamic))
        .serve();
    let project = Project::new(&registry);
    let manifest = format!(
        "[project]\nname = 'shop'\nversion = '1.2'\ndependencies = ['lib>=1']\n[project.optional-dependencies]\n\
         tests = ['lib[more]>=1']\n{BUILT}"
    );
    project.write("pyproject.toml", &manifest).write("shop/__init__.py", "");
    project.manifest(
        "dependencies { path \".\"; }\ngroup \"later\" { path \".[tests]\"; }\nenvironment \"development\"\n",
    );
    project.run("larder lock").exits(0).names(["group `later`, which no environment includes, is left out"]);
    project.run("larder lock --check").exits(0);
    project.run("larder sync --locked").exits(0);
    project.write("pyproject.toml", &manifest.replace("'lib>=1'", "'lib>=2'"));
    project.run("larder lock --check").exits(1).names(["lib >=2 is not satisfied by 1.0"]);
}

#[test]
fn an_override_by_a_member_whose_version_has_moved_on_says_so() {
    let registry = Universe::new().npm("page", "1.0.0", |p| p.dep("ms", "^2")).npm("ms", "2.1.3", |p| p).serve();
    let project = Project::new(&registry);
    project.manifest(
        "members \"m/*\"\ndependencies { npm \"page\"; }\nresolution { override npm \"ms@2.1.3\" \"workspace:*\"; }\n",
    );
    project.write("m/ms/package.json", r#"{"name":"ms","version":"2.1.3"}"#);
    let told = project.run("larder lock").exits(0).stderr;
    assert!(!told.contains("has no more"), "{told}");
    project.write("m/ms/package.json", r#"{"name":"ms","version":"2.2.0"}"#);
    project.run("larder lock").exits(0).names(["\"ms@2.1.3\"", "has no more", "2.2.0 now"]);
}

#[test]
fn a_root_that_is_a_python_package_too_has_its_npm_name() {
    let registry = registry();
    let project = Project::new(&registry);
    project.write("package.json", r#"{"name":"right","version":"1.0.0","main":"index.js"}"#);
    project.write("index.js", "module.exports = 'root'\n").write("shop/__init__.py", "NAME = 'shop'\n");
    project.write("pyproject.toml", &format!("[project]\nname = 'shop'\nversion = '1'\n{BUILT}"));
    project.write("m/a/package.json", r#"{"name":"a","dependencies":{"right":"workspace:*"}}"#);
    let lines = "members \"m/*\"\nresolution { override npm \"right\" \"workspace:*\"; }\n";
    project.manifest(&format!("dependencies {{ path \".\"; }}\n{lines}"));
    project.run("larder sync").exits(0);
    let required = || project.program("node", &["-p", "require('./m/a/node_modules/right')"]).exits(0).stdout;
    assert_eq!(required(), "root\n");
    project.run("larder run python -I -c 'import shop'").exits(0);
    project.run("larder ci").exits(0);
    // Where no line asks for the Python package, it is the Node package alone.
    project.manifest(lines).run("larder sync").exits(0);
    assert_eq!(required(), "root\n");
    project.run("larder run python -I -c 'import shop'").exits(1);
    project.run("larder ci").exits(0);
}
