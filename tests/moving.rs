//! Moving in: other tools' manifests and lockfiles become a manifest and a lock, and no version moves.

use crate::support::{Project, Universe, assert_transcript, conforms};

const PACKAGE_LOCK: &str = r#"{"lockfileVersion": 3, "packages": {
    "": {"dependencies": {"left": "^1"}, "workspaces": ["web"]},
    "web": {"dependencies": {"right": "^1"}},
    "node_modules/web": {"resolved": "web", "link": true},
    "node_modules/left": {"version": "1.0.0", "dependencies": {"right": "*"}},
    "node_modules/left/node_modules/right": {"version": "1.1.0"},
    "node_modules/right": {"version": "1.0.0"}
}}"#;

const UV_LOCK: &str = "version = 1\n[[package]]\nname = \"six\"\nversion = \"1.0\"\nsource = { registry = \"https://pypi.org/simple\" }\n";

fn universe() -> Universe {
    Universe::new()
        .npm("left", "1.0.0", |p| p.dep("right", "*"))
        .npm("left", "1.5.0", |p| p.dep("right", "*"))
        .npm("right", "1.0.0", |p| p)
        .npm("right", "1.1.0", |p| p)
        .npm("right", "2.0.0", |p| p)
        .pypi("six", "1.0", |p| p)
        .pypi("six", "1.17", |p| p)
}

fn repository(registry: &crate::support::Registry) -> Project {
    let project = Project::of_other_tools(registry, &[]);
    project
        .write("package.json", r#"{"name": "shop", "dependencies": {"left": "^1"}, "workspaces": ["web"]}"#)
        .write("web/package.json", r#"{"name": "web", "version": "1.0.0", "dependencies": {"right": "^1"}}"#)
        .write("package-lock.json", PACKAGE_LOCK)
        .write(
            "api/pyproject.toml",
            "[project]\nname = 'api'\nversion = '1'\nrequires-python = '>=3.9'\ndependencies = ['six']\n",
        )
        .write("api/uv.lock", UV_LOCK);
    project
}

#[test]
fn init_keeps_the_versions_that_other_tools_locked() {
    let registry = universe().serve();
    let project = repository(&registry);
    let told = project.run("larder init").exits(0).stderr;
    assert_transcript!(told, @r"
    Wrote [PROJECT]/larder.kdl
    Imported package.json
    Members: api, web
    Kept the versions of package-lock.json, api/uv.lock
    Locked 4 packages in larder.lock
    3 of 3 packages have the versions that they had
    ");
    assert_eq!(project.locked_packages(), "left 1.0.0, right 1.0.0, right 1.1.0, six 1.0");
    assert_eq!(project.read("package-lock.json"), PACKAGE_LOCK, "nothing that was there is touched");
    project.run("larder lock --check").exits(0);
    project.run("larder update").exits(0);
    assert_eq!(project.locked_packages(), "left 1.5.0, right 1.1.0, six 1.17");
}

#[test]
fn a_lock_is_left_for_later_if_asked() {
    let registry = universe().serve();
    let project = repository(&registry);
    conforms(&project.run("larder init --no-lock --json").exits(0).json(), "init");
    assert!(!project.has("larder.lock"));
    project.run("larder lock --prefer package-lock.json --prefer api/uv.lock").exits(0);
    assert!(project.locked_packages().contains("left 1.0.0") && project.locked_packages().contains("six 1.0"));
    project.run("larder lock --prefer gone.lock").exits(2).names(["gone.lock"]);
    project
        .write("package-lock.json", "{")
        .run("larder lock --prefer package-lock.json")
        .exits(2)
        .names(["package-lock.json"]);
}

#[test]
fn a_version_that_fits_no_more_moves_and_is_told() {
    let registry = universe().serve();
    let project = repository(&registry);
    project.write("package.json", r#"{"name": "shop", "dependencies": {"left": "^1.2"}, "workspaces": ["web"]}"#);
    let told = project.run("larder init").exits(0).stderr;
    assert_transcript!(told, @r"
    Wrote [PROJECT]/larder.kdl
    Imported package.json
    Members: api, web
    Kept the versions of package-lock.json, api/uv.lock
    Locked 4 packages in larder.lock
    2 of 3 packages have the versions that they had
    ~ npm:left 1.5.0 (was 1.0.0): the version it had does not fit what asks for it
    ");
}

#[test]
fn a_file_that_is_another_one_than_was_locked_is_refused() {
    let registry = universe().serve();
    let project = repository(&registry);
    let other = format!("sha512-{}==", "A".repeat(86));
    let text = PACKAGE_LOCK.replace(
        "\"version\": \"1.0.0\", \"dep",
        &format!("\"version\": \"1.0.0\", \"integrity\": \"{other}\", \"dep"),
    );
    project.write("package-lock.json", &text);
    project.run("larder init").exits(4).names(["npm:left@1.0.0", "left"]);
    assert!(!project.has("larder.lock"));
}

#[test]
fn members_take_ranges_from_the_catalogs_of_the_root() {
    let registry = universe().serve();
    let project = Project::new(&registry);
    project
        .manifest(
            "catalog { npm \"left\" \"1.0.0\"; }\ncatalog \"old\" { npm \"right\" \"~1.0\"; pypi \"six\" \"==1.0\"; }\n\
             members \"web\" \"api\"\ndependencies { npm \"left\" catalog=#true; }\n",
        )
        .write("web/package.json", r#"{"name": "web", "dependencies": {"left": "catalog:", "right": "catalog:old"}}"#)
        .write("api/larder.kdl", "dependencies { pypi \"six\" catalog=\"old\"; }\n");
    project.run("larder lock").exits(0);
    assert_eq!(project.locked_packages(), "left 1.0.0, right 1.0.0, six 1.0");
    project.run("larder lock --check").exits(0);
    let manifest = project.read("larder.kdl");
    project.write("larder.kdl", &manifest.replace("~1.0", "~1.1")).run("larder lock --check").exits(1);
    project.write("larder.kdl", &manifest.replace("catalog=#true", "catalog=\"gone\""));
    project.run("larder lock").exits(2).names(["there is no catalog `gone`"]);
    project
        .write("larder.kdl", &manifest)
        .write("web/package.json", r#"{"name": "web", "dependencies": {"up": "catalog:"}}"#);
    project.run("larder lock").exits(2).names(["the catalog has no npm package `up`"]);
}

#[test]
fn what_keeps_something_out_is_not_left_out_in_silence() {
    let registry = universe().serve();
    let project = repository(&registry);
    project.write("pnpm-workspace.yaml", "packages: [web]\nminimumReleaseAge: often\n");
    project.write("jobs/requirements.txt", "--find-links ./wheels\nsix\n").write("jobs/wheels/notes.txt", "");
    let output = project.run("larder init").exits(2);
    output.names(["minimumReleaseAge", "--leave-out"]);
    assert!(!project.has("larder.kdl") && !project.has(".gitignore"));
    let told = project.run("larder init --leave-out").exits(0).stderr;
    assert_transcript!(told, @r"
    Wrote [PROJECT]/larder.kdl
    Imported package.json, pnpm-workspace.yaml, jobs/requirements.txt
    Members: api, web
    Left out minimumReleaseAge: it is no number of minutes
    Kept the versions of package-lock.json, api/uv.lock
    Locked 4 packages in larder.lock
    3 of 3 packages have the versions that they had
    ");
    assert!(project.read("larder.kdl").contains("pypi \"six\""), "of jobs/requirements.txt");
    let files = "    pypi \"wheels\" \"jobs/wheels\" {\n        priority 1\n        form \"flat\"\n    }";
    assert!(project.read("larder.kdl").contains(files), "{}", project.read("larder.kdl"));
}

#[test]
fn a_folder_that_a_workspace_excludes_is_no_member_and_its_requirements_are_taken() {
    let registry = universe().serve();
    let project = repository(&registry);
    project.write("package.json", r#"{"name": "shop", "workspaces": ["*", "!jobs"]}"#);
    project.write("jobs/package.json", "{}").write("jobs/requirements.txt", "six\n");
    project.write("jobs/pyproject.toml", "[project]\nname = 'jobs'\nversion = '1'\n[tool.ruff]\nline-length = 100\n");
    project.write("demo/one/requirements.txt", "shown-only\n");
    let told = project.run("larder init --no-lock").exits(0).stderr;
    assert_transcript!(told, @r"
    Wrote [PROJECT]/larder.kdl
    Imported package.json, jobs/requirements.txt
    Members: api, web
    ");
    assert!(project.read("larder.kdl").contains("pypi \"six\""), "{told}");
    assert!(!project.read("larder.kdl").contains("shown-only"), "{told}");
}

#[test]
fn a_version_that_its_registry_has_no_more_is_told() {
    let registry = Universe::new().npm("left", "1.5.0", |p| p).serve();
    let project = Project::of_other_tools(&registry, &[]);
    let lock = r#"{"lockfileVersion": 3, "packages": {"": {"dependencies": {"left": "^1"}}, "node_modules/left": {"version": "1.0.0"}}}"#;
    project
        .write("package.json", r#"{"name": "shop", "dependencies": {"left": "^1"}}"#)
        .write("package-lock.json", lock);
    let told = project.run("larder init").exits(0).stderr;
    assert_transcript!(told, @r"
    Wrote [PROJECT]/larder.kdl
    Imported package.json
    Kept the versions of package-lock.json
    Locked 1 package in larder.lock
    0 of 1 packages have the versions that they had
    ~ npm:left 1.5.0 (was 1.0.0): its registry has the version no more
    ");
}

#[test]
fn a_version_stays_whose_dist_tag_its_registry_has_no_more() {
    let registry = Universe::new()
        .npm("app", "1.0.0", |p| p.dep("left", "legacy"))
        .npm("left", "1.0.0", |p| p)
        .npm("left", "2.0.0", |p| p)
        .npm("other", "1.0.0", |p| p)
        .serve();
    let project = Project::of_other_tools(&registry, &[]);
    let lock = r#"{"lockfileVersion": 3, "packages": {"": {"dependencies": {"app": "^1"}}, "node_modules/app": {"version": "1.0.0", "dependencies": {"left": "legacy"}}, "node_modules/left": {"version": "1.0.0"}}}"#;
    project
        .write("package.json", r#"{"name": "shop", "dependencies": {"app": "^1"}}"#)
        .write("package-lock.json", lock);
    let told = project.run("larder init").exits(0).stderr;
    assert_transcript!(told, @r"
    Wrote [PROJECT]/larder.kdl
    Imported package.json
    Kept the versions of package-lock.json
    Locked 2 packages in larder.lock
    2 of 2 packages have the versions that they had
    ");
    project.run("larder add npm:other").exits(0);
    assert!(project.read("larder.lock").contains("npm:left@1.0.0"));
    project.run("larder ci").exits(0);
    project.run("larder update npm:left").exits(3).names(["left has no dist-tag `legacy`"]);
}

#[test]
fn projects_are_found_deep_below_where_they_have_locks_and_setup_py_where_the_root_has_no_python() {
    let registry = universe().serve();
    let project = Project::of_other_tools(&registry, &[]);
    let package = |name: &str| format!(r#"{{"name": "{name}", "version": "1.0.0"}}"#);
    let lock = r#"{"lockfileVersion": 3, "packages": {}}"#;
    project
        .write("pyproject.toml", "[tool.ruff]\nline-length = 100\n")
        .write("tools/cli/pyproject.toml", "[tool.ruff]\nline-length = 100\n")
        .write("tools/cli/uv.lock", "version = 1\n")
        .write("app/frontend/web/package.json", &package("web"))
        .write("app/frontend/web/package-lock.json", lock)
        .write("app/frontend/unlocked/package.json", &package("unlocked"))
        .write(
            "lib/setup.py",
            "from setuptools import setup\nsetup(name='lib', version='1.0', install_requires=['six'])\n",
        )
        .write("computed/setup.py", "from setuptools import setup\nsetup(name='computed', install_requires=ask())\n")
        .write("settings/pyproject.toml", "[tool.ruff]\nline-length = 100\n");
    let told = project.run("larder init --no-lock").exits(0).stderr;
    assert_transcript!(told, @r#"
    Wrote [PROJECT]/larder.kdl
    Imported pyproject.toml
    Members: app/frontend/web
    Left out dependencies of computed: a build computes them: write them into a pyproject.toml, and `path "computed"` into larder.kdl
    "#);
    let lines: Vec<String> = project.read("larder.kdl").lines().map(|line| line.trim().to_owned()).collect();
    assert_eq!(lines.iter().filter(|line| line.starts_with("path ")).collect::<Vec<_>>(), ["path \"lib\""]);
    project.run("larder lock").exits(0);
    assert!(project.locked_packages().contains("six 1.17"));
}

/// Every command that the table of commands names is there, with the options that it is written with.
#[test]
fn the_guide_names_only_commands_that_exist() {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/moving.md")).expect("the guide");
    let project = Project::alone();
    let mut helps = std::collections::BTreeMap::new();
    let rows = text.lines().filter(|line| line.starts_with('|'));
    let written = rows.filter_map(|row| row.split('|').nth(2)).flat_map(|cell| cell.split('`').skip(1).step_by(2));
    let mut commands = 0;
    for command in
        written.filter_map(|code| code.split_once("larder ").map(|(_, rest)| rest.trim_end_matches([')', '"'])))
    {
        let words: Vec<&str> = command.split_whitespace().collect();
        let name = words[0];
        let help = helps
            .entry(name.to_owned())
            .or_insert_with(|| project.run(&format!("larder {name} --help")).exits(0).stdout);
        for option in words[1..].iter().take_while(|word| **word != "--").filter(|word| word.starts_with('-')) {
            let found = help.split(|c: char| c.is_whitespace() || c == ',').any(|word| word == *option);
            assert!(found, "`larder {command}`: {name} has no {option}\n{help}");
        }
        commands += 1;
    }
    assert!(commands > 90, "{commands}");
}

#[test]
fn a_project_beside_brings_what_its_tools_are_set_to() {
    let registry = universe().serve();
    let project = repository(&registry);
    project
        .write("package.json", r#"{"name": "shop"}"#)
        .write(
            "ui/package.json",
            r#"{"name": "ui", "dependencies": {"left": "^1"}, "resolutions": {"right": "^1.0.0"}}"#,
        )
        .write("ui/pnpm-workspace.yaml", "packages: ['parts/*']\nminimumReleaseAge: 1440\n")
        .write("ui/.npmrc", "@acme:registry=https://npm.acme.example/\nodd=1\n")
        .write("ui/pnpm-lock.yaml", "lockfileVersion: '9.0'\n")
        .write("ui/parts/one/package.json", r#"{"name": "one", "version": "1.0.0"}"#)
        // It is built from the other one, and no project of its own.
        .write("ui-copy/package.json", r#"{"name": "ui"}"#)
        .write("ui-copy/pnpm-lock.yaml", "lockfileVersion: '9.0'\n");
    let told = project.run("larder init --no-lock").exits(0).stderr;
    assert_transcript!(told, @r#"
    Wrote [PROJECT]/larder.kdl
    Imported package.json
    Members: api, ui, ui/parts/one
    Left out the folder ui-copy: its package has the name of ui, ui
    Left out ui: .npmrc odd: a setting of npm's that larder has not
    Left out the project in web: no workspace names it: `members "FOLDER"` takes one in
    "#);
    let manifest = project.read("larder.kdl");
    for line in [
        "override npm \"right\" \"^1.0.0\"",
        "age \"1d\" { exempt pypi \"*\"; }",
        "npm \"acme\" \"https://npm.acme.example/\"",
        "packages \"@acme/*\"",
        "\"ui/parts/*\"",
    ] {
        assert!(manifest.contains(line), "{line}: {manifest}");
    }
}

#[test]
fn requirements_that_a_tool_wrote_are_a_lock() {
    let registry = universe().serve();
    let project = Project::of_other_tools(&registry, &[]);
    project.write("requirements.in", "six\n").write("requirements.txt", "six==1.0\n    # via -r requirements.in\n");
    let told = project.run("larder init").exits(0).stderr;
    assert_transcript!(told, @r"
    Wrote [PROJECT]/larder.kdl
    Imported requirements.in
    Kept the versions of requirements.txt
    Locked 1 package in larder.lock
    1 of 1 packages have the versions that they had
    ");
    assert_eq!(project.locked_packages(), "six 1.0");
    let other = "0".repeat(64);
    project.write("requirements.txt", &format!("six==1.0 \\\n    --hash=sha256:{other}\n"));
    std::fs::remove_file(project.path("requirements.in")).expect("a file");
    project.run("larder lock --prefer requirements.txt").exits(4).names(["pypi:six@1.0"]);
}

#[test]
fn what_is_allowed_before_there_is_a_lock_tells_how_the_versions_stay() {
    let registry = universe().serve();
    let project = Project::new(&registry);
    project.write("requirements.in", "six\n").write("requirements.txt", "six==1.0\n    # via -r requirements.in\n");
    let _ = std::fs::remove_file(project.path("larder.kdl"));
    project.run("larder init --no-lock").exits(0);
    let told = project.run("larder builds allow pypi:six").exits(0).stderr;
    assert_transcript!(told, @r"
    pypi:six may be built now, in a sandbox: `larder sync` builds it
    Nothing is locked yet: the first lock keeps the versions of requirements.txt
    ");
    project.run("larder lock").exits(0);
    assert_eq!(project.locked_packages(), "six 1.0");
    let manifest = project.read("larder.kdl").replace("allow pypi \"six\"", "allow pypi \"other\"");
    let told = project.write("larder.kdl", &manifest).run("larder builds allow pypi:six").exits(0).stderr;
    assert!(!told.contains("Nothing is locked yet"), "{told}");
}

#[test]
fn what_is_there_only_as_source_is_told_once_with_the_way_on() {
    let metadata = crate::support::Metadata::Dynamic;
    let registry = Universe::new()
        .pypi("first", "1.0", |p| p.requires("second").source_only(metadata))
        .pypi("second", "1.0", |p| p.source_only(metadata))
        .serve();
    let project = Project::of_other_tools(&registry, &[]);
    let locked = |name: &str| {
        format!(
            "[[package]]\nname = \"{name}\"\nversion = \"1.0\"\nsource = {{ registry = \"https://pypi.org/simple\" }}\n\
             sdist = {{ url = \"https://host/{name}-1.0.tar.gz\" }}\n"
        )
    };
    project
        .write(
            "pyproject.toml",
            "[project]\nname = 'api'\nversion = '1'\nrequires-python = '>=3.9'\ndependencies = ['first']\n",
        )
        .write("uv.lock", &format!("version = 1\n{}{}", locked("first"), locked("second")));
    // A solver that does not know what `first` needs does not come to `second`; the lockfile does.
    let output =
        project.run("larder init").exits(3).names(["2 packages are there only as source: first 1.0, second 1.0"]);
    let output = output.names(["Nothing is locked yet: the first lock keeps the versions of uv.lock"]);
    assert_eq!(output.stderr.matches("builds allow").count(), 1, "{}", output.stderr);
}

#[test]
fn a_member_with_a_lockfile_of_its_own_brings_what_its_tool_is_set_to() {
    let registry = universe().serve();
    let project = repository(&registry);
    let member =
        |own: &str| format!(r#"{{"name": "web", "version": "1.0.0", "dependencies": {{"right": "^1"}}{own}}}"#);
    let set = r#", "pnpm": {"overrides": {"right@>=2": ">=1.1.0 <2"}}"#;
    project.write("web/package.json", &member(set));
    project.run("larder init --no-lock").exits(0);
    assert!(!project.read("larder.kdl").contains("override"), "the root's lockfile is made of the root's settings");
    let _ = std::fs::remove_file(project.path("larder.kdl"));
    project.write("web/pnpm-lock.yaml", "lockfileVersion: '9.0'\n");
    project
        .write("pnpm-lock.yaml", "lockfileVersion: '9.0'\n")
        .write("pnpm-workspace.yaml", "packages: ['web', 'api']\nsharedWorkspaceLockfile: false\n")
        .run("larder init")
        .exits(0);
    assert!(project.read("larder.kdl").contains("override npm \"right@>=2\" \">=1.1.0 <2\""));
    assert_eq!(project.locked_packages(), "left 1.0.0, right 1.0.0, right 1.1.0, six 1.0");
}

#[test]
fn requirements_files_are_for_what_their_names_say() {
    let registry = Universe::new()
        .pypi("six", "1.0", |p| p)
        .pypi("six", "1.17", |p| p)
        .pypi("pytest", "7.0", |p| p)
        .pypi("pytest", "8.0", |p| p)
        .pypi("sphinx", "5.0", |p| p)
        .serve();
    let project = Project::of_other_tools(&registry, &[]);
    project
        .write("requirements/prod.in", "six\n")
        .write("requirements/prod.txt", "six==1.0\n    # via -r requirements/prod.in\n")
        .write("requirements/tests.in", "-r prod.txt\npytest\n")
        .write(
            "requirements/tests.txt",
            "six==1.0\n    # via -r requirements/prod.txt\npytest==7.0\n    # via -r requirements/tests.in\n",
        )
        .write("requirements/docs.txt", "-r gone.txt\nsphinx\n")
        .write("requirements-min.txt", "six==0.1\n")
        .write("docs/requirements.txt", "sphinx\n");
    let told = project.run("larder init").exits(0).stderr;
    for line in [
        "Imported requirements/prod.in, requirements/docs.txt, requirements/tests.in\n",
        "Left out -r requirements/gone.txt: there is no such file",
        "Left out requirements-min.txt, docs/requirements.txt: `larder import FILE` takes over",
        "Kept the versions of requirements/prod.txt, requirements/tests.txt",
    ] {
        assert!(told.contains(line), "{line}: {told}");
    }
    let manifest = project.read("larder.kdl");
    for lines in [
        "dependencies {\n    pypi \"six\"\n}",
        "group \"tests\" dev=#true {\n    pypi \"pytest\"\n}",
        "group \"docs\" dev=#true {\n    pypi \"sphinx\"\n}",
        "include \"tests\"\n",
    ] {
        assert!(manifest.contains(lines), "{lines}: {manifest}");
    }
    assert_eq!(project.locked_packages(), "pytest 7.0, six 1.0");
    assert!(project.read("larder.lock").contains("pypi:sphinx@5.0"), "of a group that no environment includes");

    // What a tool wrote from the project itself is a lock and no more.
    let other = Project::new(&registry);
    let _ = std::fs::remove_file(other.path("larder.kdl"));
    other.write("pyproject.toml", "[project]\nname = 'a'\nversion = '1'\ndependencies = ['six']\n").write(
        "requirements.txt",
        "#    uv pip compile pyproject.toml -o requirements.txt\nsix==1.0\n    # via a (pyproject.toml)\n",
    );
    other.run("larder init").exits(0).names(["Kept the versions of requirements.txt"]);
    assert!(!other.read("larder.kdl").contains("==1.0"));
    assert_eq!(other.locked_packages(), "six 1.0");

    // It may lie anywhere, and there may be one for each Python.
    let far = Project::of_other_tools(&registry, &[]);
    let pyproject = "[project]\nname = 'a'\nversion = '1'\nrequires-python = '>=3.11'\ndependencies = ['six']\n";
    far.write("pyproject.toml", pyproject).write(".python-version", "3.11\n");
    for (python, version) in [("3.11", "1.0"), ("3.12", "1.17")] {
        let text =
            format!("#    uv pip compile -p {python} pyproject.toml\nsix=={version}\n    # via a (pyproject.toml)\n");
        far.write(&format!("sdk/requirements/py{python}-ci.txt"), &text);
    }
    far.run("larder init").exits(0).names([
        "Kept the versions of sdk/requirements/py3.11-ci.txt",
        "Left out sdk/requirements/py3.12-ci.txt: it has the versions for another Python than the project's",
    ]);
    assert_eq!(far.locked_packages(), "six 1.0");

    // It may be there as constraints, `pip install -c`; the lowest versions are for tests.
    let constrained = Project::of_other_tools(&registry, &[("pyproject.toml", pyproject)]);
    for (name, options, version) in [("py3.11", "", "1.0"), ("min", " --resolution lowest-direct", "0.9")] {
        let text = format!("#    uv pip compile{options} -p 3.11 pyproject.toml\nsix=={version}\n");
        constrained.write(&format!("resources/constraints/constraints_{name}.txt"), &text);
    }
    constrained
        .run("larder init")
        .exits(0)
        .names(["Kept the versions of resources/constraints/constraints_py3.11.txt\n"]);
    assert_eq!(constrained.locked_packages(), "six 1.0");

    // The only one is it, whatever Python is on this machine; what is no text is none.
    let only = Project::of_other_tools(&registry, &[("requirements.in", "six\n")]);
    let head = "# This file is autogenerated by pip-compile with Python 3.9\nsix==1.0\n    # via -r requirements.in\n";
    only.write("requirements.txt", head).write("backend/x", "");
    std::fs::write(only.path("backend/requirements-x.txt"), b"# caf\xe9\nsix\n").expect("a file");
    only.run("larder init").exits(0).names(["Kept the versions of requirements.txt"]);
}

#[test]
fn a_package_of_a_registry_that_peers_on_a_member_finds_the_member() {
    let registry = Universe::new()
        .npm("theme", "2.0.0", |p| p)
        .npm("links", "1.0.0", |p| p.peer("theme", ">=1").file("index.js", "module.exports = require('theme')\n"))
        .serve();
    let project = Project::of_other_tools(&registry, &[]);
    project
        .write("package.json", r#"{"name": "root", "workspaces": ["theme", "docs"]}"#)
        .write("theme/package.json", r#"{"name": "theme", "version": "1.5.0", "main": "index.js"}"#)
        .write("theme/index.js", "module.exports = 'ours'\n")
        .write("docs/package.json", r#"{"name": "docs", "dependencies": {"theme": "workspace:*", "links": "^1"}}"#);
    project.run("larder init").exits(0);
    let told = project.run("larder sync").exits(0).stderr;
    let lock = project.read("larder.lock");
    assert!(!lock.contains("npm:theme@") && !told.contains("warning"), "{told}{lock}");
    let found = project.run_in(&project.path("docs"), "larder run node -p 'require(\"links\")'").exits(0).stdout;
    assert_eq!(found, "ours\n");
    project.run("larder sync --locked").exits(0);
    project.run("larder lock --check").exits(0);
}

#[test]
fn types_that_a_flat_folder_made_global_are_found() {
    let registry = Universe::new()
        .npm("typescript", "5.0.0", |p| p)
        .npm("tool", "1.0.0", |p| p.dep("@types/node", "*"))
        .npm("@types/node", "20.0.0", |p| p)
        .npm("esbuild-jest", "0.5.0", |p| p.dep("@babel/plugin-transform-modules-commonjs", "^7"))
        .npm("@babel/plugin-transform-modules-commonjs", "7.0.0", |p| p)
        .serve();
    let files = [("package-lock.json", true), ("pnpm-lock.yaml", false)];
    for (lock, is_flat) in files {
        let project = Project::new(&registry);
        let _ = std::fs::remove_file(project.path("larder.kdl"));
        let locked = if is_flat { "{\"lockfileVersion\": 3, \"packages\": {}}" } else { "lockfileVersion: '9.0'\n" };
        project
            .write(
                "package.json",
                r#"{"name": "a", "devDependencies": {"typescript": "^5", "tool": "^1", "esbuild-jest": "*"}}"#,
            )
            .write(lock, locked);
        project.run("larder init").exits(0);
        assert_eq!(project.read("larder.kdl").contains("hoist npm \"@types/*\""), is_flat);
        project.run("larder sync").exits(0);
        assert_eq!(project.has("node_modules/@types/node/package.json"), is_flat);
        assert_eq!(project.has("node_modules/@babel/plugin-transform-modules-commonjs/package.json"), is_flat);
    }
}
