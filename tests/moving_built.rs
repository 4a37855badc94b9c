//! Moving in where something is not there: folders that a build makes, versions that are gone, a lockfile that nobody keeps up.

use serde_json::json;

use crate::support::{Project, Registry, Universe};

fn registry() -> Registry {
    Universe::new()
        .npm("left", "1.0.0", |p| p.dep("right", "*"))
        .npm("right", "1.0.0", |p| p)
        .npm("right", "1.1.0", |p| p)
        .npm("right", "2.0.0", |p| p)
        .pypi("idna", "3.6", |p| p)
        .pypi("idna", "3.7", |p| p)
        .pypi("six", "1.16.0", |p| p)
        .pypi("six", "1.17.0", |p| p)
        .serve()
}

/// Runs a script in a folder of a project, and returns what it prints.
fn node(project: &Project, folder: &str, script: &str) -> String {
    let script = format!("const here = require('module').createRequire(process.cwd() + '/{folder}/x.js'); {script}");
    project.program("node", &["-e", &script]).exits(0).stdout.trim().to_owned()
}

#[test]
fn a_folder_that_a_build_makes_is_linked_before_it_is_there() {
    let registry = registry();
    let files = [
        ("package.json", r#"{"name": "root", "dependencies": {"top": "file:./out/top"}}"#),
        ("pnpm-workspace.yaml", "packages: [a]\n"),
        ("a/package.json", r#"{"name": "a", "dependencies": {"right": "^1", "built": "link:../pkg"}}"#),
    ];
    let project = Project::of_other_tools(&registry, &files);
    project.run("larder init").exits(0);
    let manifest = project.read("larder.kdl");
    assert!(manifest.contains("path \"out/top\" name=\"top\""), "{manifest}");
    project.run("larder lock").exits(0).names(["`pkg` holds no package yet", "`out/top` holds no package yet"]);
    project.run("larder sync").exits(0);
    project.run("larder verify").exits(0);
    project.run("larder lock --check").exits(0);
    assert!(!project.has("pkg") && !project.has("out"));
    // What a build makes is found, and a lock that knows nothing of it holds.
    project
        .write("pkg/package.json", r#"{"name": "built", "version": "3.0.0", "main": "m.js"}"#)
        .write("pkg/m.js", "module.exports = 'made';");
    project.write("out/top/index.js", "module.exports = 'top';");
    assert_eq!(node(&project, "a", "console.log(here('built'))"), "made");
    assert_eq!(node(&project, ".", "console.log(here('top'))"), "top");
    project.run("larder verify").exits(0);
    project.run("larder lock --check").exits(0);
    // What it asks for is no secret.
    project.write(
        "pkg/package.json",
        r#"{"name": "built", "version": "3.0.0", "main": "m.js", "dependencies": {"right": "2"}}"#,
    );
    project.run("larder lock --check").exits(1).names(["`pkg`: it is built 3.0.0 now"]);
    project.run("larder sync").exits(0).names(["npm:right 1.1.0 -> 1.1.0, 2.0.0"]);
    assert_eq!(node(&project, "pkg", "console.log(here('right/package.json').version)"), "2.0.0");
    // Cleaned away it is what was locked.
    std::fs::remove_dir_all(project.path("pkg")).unwrap();
    project.run("larder lock --check").exits(0);
    project.run("larder sync").exits(0);
    project.run("larder verify").exits(0);
}

#[test]
fn a_folder_that_a_line_names_wrongly_is_an_error_that_says_the_way_out() {
    let registry = registry();
    let project = Project::new(&registry);
    project.dependencies(&["path \"libs/thme\""]);
    project.run("larder lock").exits(2).names(["`libs/thme` holds no package", "name=\"NAME\""]);
    project.dependencies(&["path \"libs/thme\" name=\"theme\""]);
    project.run("larder lock").exits(0).names(["path:theme 0.0.0-unbuilt"]);
    project.dependencies(&["path \"libs/thme\" name=\"no name\""]);
    project.run("larder lock").exits(2).names(["a name that Node finds a package by"]);
}

#[test]
fn catalogs_have_folders_and_members() {
    let registry = registry();
    for (root, workspace) in [
        (
            r#"{"name": "root", "workspaces": ["packages/*"], "dependencies": {"c": "catalog:", "right": "catalog:"},
                "catalog": {"c": "file:./packages/c", "d": "workspace:*", "e": "link:./made/e", "right": "1.0.0"}}"#,
            "",
        ),
        (
            r#"{"name": "root", "dependencies": {"c": "catalog:", "right": "catalog:"}}"#,
            "packages: ['packages/*']\ncatalog: {c: 'file:./packages/c', d: 'workspace:*', e: 'link:./made/e', right: 1.0.0}\n",
        ),
    ] {
        let project = Project::of_other_tools(&registry, &[("package.json", root)]);
        if !workspace.is_empty() {
            project.write("pnpm-workspace.yaml", workspace);
        }
        project
            .write("packages/c/package.json", r#"{"name": "c", "main": "c.js"}"#)
            .write("packages/c/c.js", "module.exports = 'c';")
            .write("packages/d/package.json", r#"{"name": "d", "main": "d.js"}"#)
            .write("packages/d/d.js", "module.exports = 'd';")
            .write(
                "packages/a/package.json",
                r#"{"name": "a", "dependencies": {"c": "catalog:", "d": "catalog:", "e": "catalog:", "right": "catalog:"}}"#,
            );
        project.run("larder init").exits(0);
        project.run("larder sync").exits(0);
        project.write("made/e/index.js", "module.exports = 'e';");
        assert_eq!(node(&project, "packages/a", "console.log(here('c') + here('d') + here('e'))"), "cde");
        assert_eq!(node(&project, ".", "console.log(here('c') + here('right/package.json').version)"), "c1.0.0");
    }
}

fn uv_lock(idna: &str, six: &str) -> String {
    let package = |name: &str, version: &str| {
        format!(
            "[[package]]\nname = \"{name}\"\nversion = \"{version}\"\nsource = {{ registry = \"https://pypi.org/simple\" }}\n"
        )
    };
    format!("version = 1\n{}{}", package("idna", idna), package("six", six))
}

fn poetry_lock(idna: &str, six: &str) -> String {
    let package = |name: &str, version: &str| {
        format!("[[package]]\nname = \"{name}\"\nversion = \"{version}\"\noptional = false\nfiles = []\n")
    };
    format!("{}{}[metadata]\nlock-version = \"2.1\"\n", package("idna", idna), package("six", six))
}

#[test]
fn of_two_lockfiles_for_python_the_one_of_the_named_tool_holds() {
    let registry = registry();
    let project_table =
        "[project]\nname = 'app'\nversion = '1'\nrequires-python = '>=3.11'\ndependencies = ['idna>=3', 'six>=1']\n";
    for (tables, idna, six, passed_over) in [
        ("", "3.6", "1.16.0", "poetry.lock"),
        ("[tool.uv]\n", "3.6", "1.16.0", "poetry.lock"),
        ("[tool.poetry]\npackages = []\n", "3.7", "1.17.0", "uv.lock"),
    ] {
        let project = Project::of_other_tools(
            &registry,
            &[
                ("pyproject.toml", &format!("{project_table}{tables}")),
                ("uv.lock", &uv_lock("3.6", "1.16.0")),
                ("poetry.lock", &poetry_lock("3.7", "1.17.0")),
            ],
        );
        project.run("larder init").exits(0).names([passed_over, "beside it decides", "2 of 2 packages"]);
        let lock = project.read("larder.lock");
        assert!(
            lock.contains(&format!("pypi:idna@{idna}")) && lock.contains(&format!("pypi:six@{six}")),
            "{tables}{lock}"
        );
    }
}

#[test]
fn of_two_lockfiles_for_node_the_one_that_is_kept_up_holds() {
    let registry = registry();
    let npm = |version: &str| {
        format!(
            r#"{{"lockfileVersion": 3, "packages": {{"": {{"dependencies": {{"right": "1"}}}}, "node_modules/right": {{"version": "{version}"}}}}}}"#
        )
    };
    let pnpm = "lockfileVersion: '9.0'\nimporters:\n  .:\n    dependencies:\n      right:\n        specifier: '1'\n        version: 1.0.0\npackages:\n  right@1.0.0: {}\nsnapshots:\n  right@1.0.0: {}\n";
    for (manager, npm_has, kept, passed_over) in [
        ("", "1.1.0", "1.1.0", "pnpm-lock.yaml"),
        ("", "2.0.0", "1.0.0", "package-lock.json"),
        (r#", "packageManager": "pnpm@10.0.0""#, "1.1.0", "1.0.0", "package-lock.json"),
        (r#", "devEngines": {"packageManager": {"name": "npm"}}"#, "1.1.0", "1.1.0", "pnpm-lock.yaml"),
    ] {
        let project = Project::of_other_tools(
            &registry,
            &[
                ("package.json", &format!(r#"{{"name": "app", "dependencies": {{"right": "1"}}{manager}}}"#)),
                ("package-lock.json", &npm(npm_has)),
                ("pnpm-lock.yaml", pnpm),
            ],
        );
        project.run("larder init").exits(0).names([passed_over, "beside it decides", "1 of 1 packages"]);
        assert!(project.read("larder.lock").contains(&format!("npm:right@{kept}")), "{manager}{npm_has}");
    }
}

#[test]
fn a_line_that_moving_in_makes_for_a_version_that_is_gone_is_for_what_comes_in_its_stead() {
    let registry = registry();
    let lock = r#"{"lockfileVersion": 3, "packages": {"": {"dependencies": {"left": "^1"}},
        "node_modules/left": {"version": "1.0.0", "dependencies": {"right": "*"}},
        "node_modules/left/node_modules/right": {"version": "2.0.0"}, "node_modules/right": {"version": "1.9.0"}}}"#;
    let files = [
        ("package.json", r#"{"name": "app", "dependencies": {"left": "^1"}}"#),
        ("package-lock.json", lock),
        ("index.js", "require('right');\n"),
    ];
    let project = Project::of_other_tools(&registry, &files);
    project.run("larder init").exits(0).names(["npm:right 1.9.0 lay here", "its registry has the version no more"]);
    assert!(project.read("larder.kdl").contains("npm \"right\" \"^1\""), "{}", project.read("larder.kdl"));
    assert!(project.read("larder.lock").contains("npm:right@1.1.0"));
}

#[test]
fn requirements_files_below_the_root_are_told() {
    let registry = registry();
    let member = |name: &str| {
        format!("[project]\nname = '{name}'\nversion = '1'\nrequires-python = '>=3.11'\ndependencies = []\n")
    };
    let project = Project::of_other_tools(
        &registry,
        &[
            ("pyproject.toml", &format!("{}[tool.uv.workspace]\nmembers = ['py', 'py2']\n", member("root"))),
            ("py/pyproject.toml", &member("py")),
            ("py/requirements/test.txt", "six\n"),
            ("py2/pyproject.toml", &member("py2")),
            ("py2/requirements-dev.txt", "six\n"),
            ("svc/requirements/base.txt", "six\n"),
            ("svc2/requirements.txt", "idna\n"),
        ],
    );
    let told = project.run("larder init -v").exits(0).stderr;
    for file in ["py/requirements/test.txt", "py2/requirements-dev.txt", "svc/requirements/base.txt"] {
        assert!(told.contains(file), "{file}: {told}");
    }
    assert!(project.read("larder.kdl").contains("pypi \"idna\""), "{told}");
}

#[test]
fn projects_that_no_workspace_names_are_told() {
    let registry = registry();
    let named = "[project]\nname = 'NAME'\nversion = '1'\nrequires-python = '>=3.11'\ndependencies = []\n";
    let project = Project::of_other_tools(
        &registry,
        &[
            ("package.json", r#"{"name": "root"}"#),
            ("pyproject.toml", &named.replace("NAME", "root")),
            ("svc/pyproject.toml", &named.replace("NAME", "svc")),
            ("packages/p2/pyproject.toml", &named.replace("NAME", "p2")),
            ("app/package.json", r#"{"name": "app", "dependencies": {"right": "1"}}"#),
            ("other/package.json", r#"{"type": "module"}"#),
        ],
    );
    let told = project.run("larder init").exits(0).stderr;
    assert!(told.contains("the projects in app, packages/p2 and svc") && !told.contains("other"), "{told}");
}

#[test]
fn a_pin_of_another_version_of_the_projects_own_package_stops_nobody() {
    let registry = registry();
    let own = "[project]\nname = 'idna'\nversion = '9'\nrequires-python = '>=3.11'\ndependencies = []\n";
    let files = [("py/a/pyproject.toml", own), ("py/hello/requirements.txt", "idna==3.6\nsix\n")];
    let project = Project::of_other_tools(&registry, &files);
    project.run("larder init").exits(0).names(["pypi idna ==3.6", "the project's own is idna (9) in `py/a`"]);
    project.run("larder lock").exits(0);
    assert!(project.read("larder.lock").contains("pypi:six@1.17.0"));
}

/// A lockfile of pnpm: the root's lines, and what each package has.
fn pnpm_lock(head: &str, lines: &[(&str, &str)], packages: &str, snapshots: &str) -> String {
    let line = |(name, version): &(&str, &str)| format!("      {name}: {{specifier: '*', version: {version}}}\n");
    let lines = lines.iter().map(line).collect::<Vec<_>>().concat();
    format!(
        "lockfileVersion: '9.0'\n{head}importers:\n  .:\n    dependencies:\n{lines}packages:\n{packages}snapshots:\n{snapshots}"
    )
}

#[test]
fn what_hooks_of_a_project_change_stays() {
    let registry = Universe::new()
        .npm("api", "1.0.0", |p| p.peer("right", "*"))
        .npm("debug", "1.0.0", |p| p.dep("right", "^2"))
        .npm("send", "1.0.0", |p| p.dep("mime", "^1").dep("right", "^2"))
        .npm("mime", "1.0.0", |p| p)
        .npm("right", "1.0.0", |p| p)
        .npm("right", "1.1.0", |p| p)
        .npm("right", "2.0.0", |p| p)
        .serve();
    let lines = [("api", "1.0.0"), ("debug", "1.0.0"), ("right", "2.0.0"), ("send", "1.0.0")];
    let packages = "  api@1.0.0: {}\n  debug@1.0.0: {}\n  send@1.0.0: {}\n  right@1.0.0: {}\n  right@1.1.0: {}\n  right@2.0.0: {}\n";
    let snapshots = "  api@1.0.0:\n    dependencies: {right: 1.0.0}\n  debug@1.0.0:\n    dependencies: {right: 1.1.0}\n  \
                     send@1.0.0:\n    dependencies: {right: 2.0.0}\n  right@1.0.0: {}\n  right@1.1.0: {}\n  right@2.0.0: {}\n";
    let package = r#"{"name": "shop", "dependencies": {"api": "*", "debug": "*", "right": "*", "send": "*"}}"#;
    let lock = pnpm_lock("pnpmfileChecksum: sha256-x\n", &lines, packages, snapshots);
    let project = Project::of_other_tools(&registry, &[("package.json", package), ("pnpm-lock.yaml", &lock)]);
    project.run("larder init").exits(0).names(["npm:send (without mime)", "4 of 4 packages"]);
    let manifest = project.read("larder.kdl");
    for line in [
        "extend npm \"api\" { npm \"right\" \"^1.0.0\"; }",
        "override npm \"debug>right\" \"1.1.0\"",
        "override npm \"send>mime\"",
    ] {
        assert!(manifest.contains(line), "{line}: {manifest}");
    }
    assert_eq!(project.locked_packages(), "api 1.0.0, debug 1.0.0, right 1.0.0, right 1.1.0, right 2.0.0, send 1.0.0");
    project.run("larder lock --check").exits(0);
}

#[test]
fn a_link_that_a_hook_puts_below_a_package_is_told() {
    let registry = Universe::new().npm("debug", "1.0.0", |p| p.dep("right", "^2")).npm("right", "2.0.0", |p| p).serve();
    let snapshots = "  debug@1.0.0:\n    dependencies: {right: link:./dbg}\n";
    let lock = pnpm_lock("pnpmfileChecksum: sha256-x\n", &[("debug", "1.0.0")], "  debug@1.0.0: {}\n", snapshots);
    let files = [("package.json", r#"{"name": "shop", "dependencies": {"debug": "*"}}"#), ("pnpm-lock.yaml", &*lock)];
    Project::of_other_tools(&registry, &files).run("larder init").exits(0).names(["npm:debug@1.0.0 (right by a link)"]);
}

#[test]
fn an_optional_peer_that_pnpm_bound_is_bound_though_nobody_provides_it() {
    let registry = Universe::new()
        .npm("vite", "1.0.0", |p| {
            p.peer("types", "*").field("peerDependenciesMeta", json!({"types": {"optional": true}}))
        })
        .npm("other", "1.0.0", |p| p.dep("types", "^1"))
        .npm("types", "1.0.0", |p| p)
        .serve();
    let lines = [("vite", "1.0.0(types@1.0.0)"), ("other", "1.0.0")];
    let packages = "  vite@1.0.0:\n    peerDependencies: {types: '*'}\n    peerDependenciesMeta: {types: {optional: true}}\n  \
                    other@1.0.0: {}\n  types@1.0.0: {}\n";
    let snapshots = "  vite@1.0.0(types@1.0.0):\n    optionalDependencies: {types: 1.0.0}\n  other@1.0.0:\n    \
                     dependencies: {types: 1.0.0}\n  types@1.0.0: {}\n";
    let package = r#"{"name": "shop", "dependencies": {"vite": "*", "other": "*"}}"#;
    let lock = pnpm_lock("", &lines, packages, snapshots);
    let project = Project::of_other_tools(&registry, &[("package.json", package), ("pnpm-lock.yaml", &lock)]);
    project.run("larder init").exits(0).names(["npm:vite (types)", "3 of 3 packages"]);
    project.run("larder sync").exits(0);
    let script = "const vite = here.resolve('vite/package.json'); console.log(require('module').createRequire(require('fs').realpathSync(vite))('types/package.json').version)";
    assert_eq!(node(&project, ".", script), "1.0.0");
}

#[test]
fn a_project_beside_that_has_a_package_from_a_registry_is_left_out_where_a_member_would_stand_for_it() {
    let registry = registry();
    let lock = r#"{"lockfileVersion": 3, "packages": {"": {"dependencies": {"right": "^1"}}, "node_modules/right": {"version": "1.0.0"}}}"#;
    let project = Project::of_other_tools(
        &registry,
        &[
            ("js/package.json", r#"{"name": "js"}"#),
            ("js/pnpm-workspace.yaml", "packages: ['packages/*']\n"),
            (
                "js/pnpm-lock.yaml",
                "lockfileVersion: '9.0'\nimporters:\n  packages/b:\n    dependencies:\n      right: {specifier: 'workspace:*', version: link:../a}\n",
            ),
            ("js/packages/a/package.json", r#"{"name": "right", "version": "1.5.0"}"#),
            ("js/packages/b/package.json", r#"{"name": "b", "dependencies": {"right": "workspace:*"}}"#),
            ("tool/package.json", r#"{"name": "tool", "dependencies": {"right": "^1"}}"#),
            ("tool/package-lock.json", lock),
        ],
    );
    project.run("larder init").exits(0).names(["the folder tool", "js/packages/a would stand for right 1.0.0"]);
    let members = project.read("larder.kdl");
    assert!(members.contains("\"js\"") && !members.contains("\"tool\""), "{members}");
}

#[test]
fn compiled_requirements_of_other_names_are_locks() {
    let registry = registry();
    let made = "# compiled\nidna==3.6\n    # via -r requirements.txt\n";
    for (source, lock) in [
        ("requirements.txt", "requirements.lock"),
        ("requirements.in", "requirements.lock"),
        ("a/requirements.txt", "a/requirements_lock.txt"),
    ] {
        let project = Project::of_other_tools(&registry, &[(source, "idna\n"), (lock, made)]);
        project.run("larder init").exits(0).names([lock, "1 of 1 packages"]);
    }
    let pyproject = "[project]\nname = 'app'\nversion = '1'\nrequires-python = '>=3.11'\ndependencies = ['idna']\n[tool.rye]\nmanaged = true\n";
    let project = Project::of_other_tools(&registry, &[("pyproject.toml", pyproject), ("requirements.lock", made)]);
    project.run("larder init").exits(0).names(["requirements.lock", "1 of 1 packages"]);
}

/// A project that links a folder, as other tools have it, moved in and synced.
fn linking(registry: &Registry, dependencies: &str, files: &[(&str, &str)]) -> Project {
    let package = format!(r#"{{"name": "root", "dependencies": {{{dependencies}}}}}"#);
    let project = Project::of_other_tools(registry, &[&[("package.json", package.as_str())][..], files].concat());
    project.run("larder init").exits(0);
    project.run("larder sync").exits(0);
    project
}

#[test]
fn a_linked_folder_has_the_name_of_its_line_before_and_after_a_build() {
    let registry = registry();
    let project = linking(&registry, r#""w": "link:./out""#, &[]);
    let unbuilt = project.read("larder.lock");
    project.write("out/package.json", r#"{"name": "real", "version": "1.0.0"}"#);
    project.run("larder lock --check").exits(0);
    project.run("larder sync --locked").exits(0);
    assert_eq!(project.read("larder.lock"), unbuilt);
    // Locked once it is built, it is fresh after a clean too.
    std::fs::remove_file(project.path("larder.lock")).unwrap();
    project.run("larder sync").exits(0);
    assert!(project.read("larder.lock").contains("path:w@1.0.0"));
    std::fs::remove_dir_all(project.path("out")).unwrap();
    project.run("larder lock --check").exits(0);
    project.run("larder sync --locked").exits(0);
}

#[test]
fn folders_that_are_linked_under_one_name_keep_theirs_when_they_are_built() {
    let registry = registry();
    let files = [
        ("pnpm-workspace.yaml", "packages: ['p/*']\n"),
        ("p/a/package.json", r#"{"name": "a", "dependencies": {"w": "link:./out"}}"#),
    ];
    let project = linking(&registry, r#""w": "link:./out""#, &files);
    for folder in ["out", "p/a/out"] {
        project.write(&format!("{folder}/package.json"), r#"{"name": "w", "version": "2.0.0"}"#);
    }
    project.run("larder lock --check").exits(0);
}

#[test]
fn what_a_cleaned_folder_asked_for_stays_locked() {
    let registry = registry();
    let built = r#"{"name": "w", "version": "1.0.0", "dependencies": {"right": "1"}}"#;
    let project = Project::new(&registry);
    project.dependencies(&["path \"out\" name=\"w\""]);
    project.write("out/package.json", built);
    project.run("larder sync").exits(0);
    std::fs::remove_dir_all(project.path("out")).unwrap();
    project.run("larder verify").exits(0);
    project.run("larder sync --frozen").exits(0);
    project.run("larder add npm:left").exits(0);
    let lock = project.read("larder.lock");
    assert!(lock.contains("path:w@1.0.0") && lock.contains("npm:right@1.1.0"), "{lock}");
    project.write("out/package.json", built);
    project.run("larder lock --check").exits(0);
    project.run("larder sync --locked").exits(0);
}

#[test]
fn a_frozen_sync_links_what_is_not_built_yet() {
    let registry = registry();
    let files = [
        ("pnpm-workspace.yaml", "packages: [a]\n"),
        ("a/package.json", r#"{"name": "a", "dependencies": {"built": "link:../pkg"}}"#),
    ];
    let project = linking(&registry, r#""w": "link:./out""#, &files);
    let resync = || {
        std::fs::remove_dir_all(project.path(".larder")).unwrap();
        project.run("larder sync --frozen").exits(0);
    };
    resync();
    // A member's link that was built when it was locked.
    project.write("pkg/package.json", r#"{"name": "built", "version": "1.0.0", "dependencies": {"right": "1"}}"#);
    project.run("larder sync").exits(0);
    std::fs::remove_dir_all(project.path("pkg")).unwrap();
    resync();
}

#[test]
fn a_folder_that_git_ignores_is_linked_though_it_is_there_when_one_moves_in() {
    let registry = registry();
    let files = [(".gitignore", "out/\n"), ("out/package.json", r#"{"name": "real", "version": "1.0.0"}"#)];
    let project = linking(&registry, r#""w": "link:./out""#, &files);
    assert!(project.read("larder.kdl").contains("path \"out\" name=\"w\""));
    std::fs::remove_dir_all(project.path("out")).unwrap();
    project.run("larder lock --check").exits(0);
    project.run("larder sync --locked").exits(0);
    // Without a word from git, the name tells.
    let project = linking(&registry, r#""w": "link:./out""#, &files[1..]);
    assert!(project.read("larder.kdl").contains("path \"out\" name=\"w\""));
}

#[test]
fn a_build_makes_nothing_outside_of_the_project_and_no_file() {
    let registry = registry();
    let outside = r#"{"name": "root", "dependencies": {"w": "link:../sibling"}}"#;
    let project = Project::of_other_tools(&registry, &[("package.json", outside)]);
    project.run("larder init").exits(2).names(["../sibling"]);
    let project = Project::new(&registry);
    project.dependencies(&["path \"../sibling\" name=\"w\""]);
    project.run("larder lock").exits(2).names(["`../sibling` holds no package"]);
    project.write("README", "words").dependencies(&["path \"README\" name=\"w\""]);
    project.run("larder lock").exits(2).names(["`README` is no folder"]);
}

#[test]
fn of_two_lockfiles_of_a_workspace_the_one_that_has_what_its_members_ask_for_holds() {
    let registry = registry();
    let files = [
        ("package.json", r#"{"private": true, "workspaces": ["p/*"]}"#),
        ("p/a/package.json", r#"{"name": "a", "dependencies": {"right": "1"}}"#),
        ("package-lock.json", r#"{"lockfileVersion": 3, "packages": {}}"#),
        ("yarn.lock", "# yarn lockfile v1\n\nright@1:\n  version \"1.0.0\"\n"),
    ];
    let project = Project::of_other_tools(&registry, &files);
    project.run("larder init").exits(0).names(["package-lock.json", "1 of 1 packages"]);
    assert!(project.read("larder.lock").contains("npm:right@1.0.0"));
}
