//! Moving in, from `init` to the first lock: patches that match nothing, and versions that stay until there is a lock.

use crate::support::{Project, Registry, Universe, assert_transcript, conforms};

fn registry() -> Registry {
    Universe::new()
        .npm("left", "1.0.0", |p| p.file("index.js", "module.exports = 'left';\n"))
        .npm("left", "1.5.0", |p| p.file("index.js", "module.exports = 'left';\n"))
        .npm("right", "1.0.0", |p| p)
        .npm("right", "1.1.0", |p| p)
        .npm("right", "2.0.0", |p| p)
        .serve()
}

const LEFT_AND_RIGHT: &str = "lockfileVersion: '9.0'
settings:
  autoInstallPeers: true
importers:
  .:
    dependencies:
      left: {specifier: ^1, version: 1.0.0}
  web:
    dependencies:
      right: {specifier: ^1, version: 1.0.0}
packages:
  left@1.0.0: {}
  right@1.0.0: {}
snapshots:
  left@1.0.0: {}
  right@1.0.0: {}
";

/// A name that a package of the project has means that one, whatever a registry has by it.
#[test]
fn what_extends_a_member_extends_no_package_of_a_registry() {
    let registry =
        Universe::new().npm("web", "1.0.0", |p| p).npm("left", "1.0.0", |p| p).npm("right", "1.0.0", |p| p).serve();
    let project = Project::new(&registry);
    project
        .manifest(
            "members \"web\" \"own\" \"other\"\nresolution {\n    extend npm \"web\" { npm \"right\" \"^1\"; }\n\
             extend npm \"other\" { npm \"left\" \"^1\"; }\n}\n",
        )
        .write("web/package.json", r#"{"name": "web", "version": "2.0.0"}"#)
        .write("own/package.json", r#"{"name": "own", "dependencies": {"web": "^1"}}"#)
        .write("other/package.json", r#"{"name": "other"}"#)
        .write("other/larder.kdl", "dependencies {\n}\n");
    project.run("larder sync").exits(0);
    assert!(project.has("web/node_modules/right/package.json"));
    assert!(project.has("other/node_modules/left/package.json"), "a member with a larder.kdl is one too");
    let registry_s = std::fs::canonicalize(project.path("own/node_modules/web")).expect("a package");
    assert!(!registry_s.parent().expect("a folder").join("right").exists());
    project.run("larder lock --check").exits(0);
}

const PATCH: &str = "diff --git a/index.js b/index.js\n--- a/index.js\n+++ b/index.js\n@@ -1 +1 @@\n-module.exports = 'left';\n+module.exports = 'patched';\n";

#[test]
fn a_patch_that_matches_nothing_is_commented_out_when_moving_in() {
    let registry = registry();
    let project = Project::of_other_tools(
        &registry,
        &[
            (
                "package.json",
                r#"{"name": "shop", "dependencies": {"left": "^1.2"}, "pnpm": {"patchedDependencies":
                    {"left@1.0.0": "left.patch", "gone@1.0.0": "left.patch", "left@1.5.0": "left.patch"}}}"#,
            ),
            ("left.patch", PATCH),
            ("pnpm-lock.yaml", LEFT_AND_RIGHT),
        ],
    );
    let told = project.run("larder init").exits(0).stderr;
    for reason in ["npm:left@1.0.0, and the solution has 1.5.0", "npm:gone@1.0.0, and the solution does not have"] {
        assert!(told.contains(reason), "{reason}: {told}");
    }
    let manifest = project.read("larder.kdl");
    assert!(manifest.contains("\n/-patch npm \"left\" \"1.0.0\" \"left.patch\"\n"), "{manifest}");
    assert!(manifest.contains("\n/-patch npm \"gone\" \"1.0.0\" \"left.patch\"\n"), "{manifest}");
    assert!(manifest.contains("\npatch npm \"left\" \"1.5.0\" \"left.patch\"\n"), "{manifest}");
    project.run("larder lock --check").exits(0);
    project.run("larder sync").exits(0);
    assert_eq!(project.run("larder run -- node -p 'require(\"left\")'").exits(0).stdout, "patched\n");
    // One that somebody writes would silently do nothing.
    project.write("larder.kdl", &manifest.replace("/-patch npm \"gone\"", "patch npm \"gone\""));
    project.run("larder lock").exits(1).names(["the patch is for npm:gone@1.0.0"]);
}

#[test]
fn a_sync_that_writes_the_first_lock_comments_patches_out_too() {
    let registry = registry();
    let package = r#"{"name": "shop", "dependencies": {"left": "^1"}, "pnpm": {"patchedDependencies": {"gone@1.0.0": "left.patch"}}}"#;
    let project = Project::of_other_tools(
        &registry,
        &[("package.json", package), ("left.patch", PATCH), ("pnpm-lock.yaml", LEFT_AND_RIGHT)],
    );
    project.run("larder init --no-lock").exits(0);
    project.run("larder sync --dry-run").exits(0);
    project.run("larder sync").exits(0).names(["npm:gone@1.0.0"]);
    assert!(project.read("larder.kdl").contains("/-patch npm \"gone\""));
    assert_eq!(project.locked_packages(), "left 1.0.0");
}

/// `init` stops at what it cannot lock; whatever the user does then, the versions stay.
#[test]
fn versions_stay_until_there_is_a_lock() {
    let registry = registry();
    let files = [
        ("package.json", r#"{"name": "shop", "dependencies": {"left": "^1", "gone": "*"}}"#),
        ("pnpm-lock.yaml", LEFT_AND_RIGHT),
    ];
    let project = Project::of_other_tools(&registry, &files);
    let told = project.run("larder init").exits(3).stderr;
    assert_transcript!(told, @r#"
    Wrote [PROJECT]/larder.kdl
    Imported package.json
    Nothing is locked yet: the first lock keeps the versions of pnpm-lock.yaml
    larder::resolve::no_solution

      × no versions satisfy the manifest:
      │ - the project asks for gone *
      │ - npm package gone does not exist in registry npmjs
        ╭─[larder.kdl:11:5]
     10 │ dependencies {
     11 │     npm "gone" "*"
        ·     ──────────────
     12 │     npm "left" "^1"
        ╰────
      help: check the spelling; if another registry has it, claim the name there: `packages "gone"`
            under `registries`
    "#);
    project.run("larder sync").exits(3);
    let manifest = project.read("larder.kdl").replace("    npm \"gone\" \"*\"\n", "");
    let told = project.write("larder.kdl", &manifest).run("larder sync").exits(0).stderr;
    assert_transcript!(told, @r"
    1 of 1 packages have the versions that they had
    + npm:left 1.0.0
    development is at generation 1: 1 added
    ");
    assert_eq!(project.locked_packages(), "left 1.0.0");
    // From then on the lock has them.
    std::fs::remove_file(project.path("larder.lock")).expect("a lock");
    project.run("larder lock").exits(0);
    assert_eq!(project.locked_packages(), "left 1.5.0");
}

#[test]
fn versions_stay_when_the_first_lock_comes_of_an_edit() {
    let registry = registry();
    let files =
        [("package.json", r#"{"name": "shop", "dependencies": {"left": "^1"}}"#), ("pnpm-lock.yaml", LEFT_AND_RIGHT)];
    let project = Project::of_other_tools(&registry, &files);
    project.run("larder init --no-lock").exits(0);
    project.run("larder add npm:right --no-sync").exits(0);
    assert_eq!(project.locked_packages(), "left 1.0.0, right 1.0.0");
    let project = Project::of_other_tools(&registry, &files);
    project.run("larder init --no-lock").exits(0);
    project.run("larder update").exits(0);
    assert_eq!(project.locked_packages(), "left 1.5.0", "an update is asked for what is newest");
}

#[test]
fn a_lockfile_that_is_gone_or_unreadable_is_no_dead_end() {
    let registry = registry();
    let package = ("package.json", r#"{"name": "shop", "dependencies": {"left": "^1"}}"#);
    let project = Project::of_other_tools(&registry, &[package, ("pnpm-lock.yaml", "lockfileVersion: '1.0'\n")]);
    project.run("larder init").exits(2).names(["pnpm-lock.yaml"]);
    project.run("larder sync").exits(0);
    assert_eq!(project.locked_packages(), "left 1.5.0");
    let project = Project::of_other_tools(&registry, &[package, ("pnpm-lock.yaml", LEFT_AND_RIGHT)]);
    project.run("larder init --no-lock").exits(0);
    std::fs::remove_file(project.path("pnpm-lock.yaml")).expect("a lockfile");
    project.run("larder sync").exits(0);
    // A checkout may bring a note of somebody else's making.
    let project = Project::of_other_tools(&registry, &[package]);
    project.run("larder init --no-lock").exits(0);
    for note in [r#"{"version": 1, "prefer": ["../package-lock.json"]}"#, r#"{"version": 2, "prefer": []}"#, "{"] {
        project.write(".larder/moving-in.json", note).run("larder lock").exits(4).names(["moving-in.json"]);
    }
}

/// A peer that nobody between a package and the project has is the package's own, as npm installs it.
#[test]
fn a_version_beside_those_that_were_locked_is_told_with_who_asks_for_it() {
    let registry = Universe::new()
        .npm("right", "1.0.0", |p| p)
        .npm("right", "2.0.0", |p| p)
        .npm("middle", "1.0.0", |p| p.dep("plug", "^1"))
        .npm("plug", "1.0.0", |p| p.peer("right", "^2").dep("deep", "^1"))
        .npm("deep", "1.0.0", |p| p)
        .serve();
    let lock = "lockfileVersion: '9.0'\nimporters:\n  .:\n    dependencies:\n      middle: {specifier: ^1, version: 1.0.0(right@1.0.0)}\n      \
                right: {specifier: ^1, version: 1.0.0}\npackages:\n  middle@1.0.0: {}\n  plug@1.0.0: {}\n  right@1.0.0: {}\nsnapshots: {}\n";
    let project = Project::of_other_tools(
        &registry,
        &[
            ("package.json", r#"{"name": "shop", "dependencies": {"middle": "^1", "right": "^1"}}"#),
            ("pnpm-lock.yaml", lock),
        ],
    );
    let told = project.run("larder init").exits(0).stderr;
    for reason in [
        "~ npm:right 1.0.0, 2.0.0 (was 1.0.0): another version is asked for beside it, by npm:plug@1.0.0 as a peer",
        "New: npm:deep 1.0.0 (npm:plug@1.0.0 asks for it)",
    ] {
        assert!(told.contains(reason), "{reason}: {told}");
    }
}

/// A checkout may come from anybody: where `.larder` is a link, nothing is written behind it, and nothing removed.
#[test]
fn nothing_is_noted_behind_a_link() {
    let registry = Universe::new().npm("right", "1.0.0", |p| p).serve();
    let lock = r#"{"lockfileVersion": 3, "packages": {"": {"dependencies": {"right": "^1"}}, "node_modules/right": {"version": "1.0.0"}}}"#;
    let files = [
        ("package.json", r#"{"name": "shop", "dependencies": {"right": "^1"}}"#),
        ("package-lock.json", lock),
        ("elsewhere/moving-in.json", "theirs"),
    ];
    let project = Project::of_other_tools(&registry, &files);
    std::os::unix::fs::symlink("elsewhere", project.path(".larder")).expect("a link");
    project.run("larder init").exits(1).names([".larder"]);
    assert!(!project.has("larder.kdl"), "nothing is half done");
    assert_eq!(project.read("elsewhere/moving-in.json"), "theirs");
    std::fs::remove_file(project.path(".larder")).expect("the link");
    project.run("larder init --no-lock").exits(0);
    let manifest = project.read("larder.kdl");
    std::fs::rename(project.path(".larder"), project.path("own")).expect("a folder");
    std::os::unix::fs::symlink("elsewhere", project.path(".larder")).expect("a link");
    project.run("larder lock");
    assert_eq!((project.read("larder.kdl"), project.read("elsewhere/moving-in.json")), (manifest, "theirs".to_owned()));
}

/// Yarn installs no peer that nobody asks for otherwise: moving in brings none.
/// A requirements file with versions of what another one asks for is its lockfile, whichever of both is read first.
#[test]
fn pins_of_what_another_file_asks_for_are_kept() {
    let registry = || {
        let version = |version: &'static str| move |universe: Universe, name: &str| universe.pypi(name, version, |p| p);
        let mut universe = Universe::new();
        for name in ["six", "idna", "click"] {
            universe = version("2.0")(version("1.0")(universe, name), name);
        }
        universe.serve()
    };
    let registry = registry();
    let loose = "six\nidna>=1\nclick>=1,<3\n";
    for (first, second) in [
        (("base_requirements.txt", loose), ("requirements.txt", "six==1.0\nidna==1.0\n")),
        (("requirements.txt", loose), ("requirements-frozen.txt", "six==1.0\nidna==1.0\n")),
        (("requirements.txt", loose), ("constraints.txt", "six==1.0\nidna==1.0\n")),
        (
            (
                "pyproject.toml",
                "[project]\nname = 'shop'\nversion = '1.0'\ndependencies = ['six', 'idna>=1', 'click']\n",
            ),
            ("requirements.txt", "six==1.0\nidna==1.0\n"),
        ),
    ] {
        let project = Project::of_other_tools(&registry, &[first, second]);
        let told = project.run("larder init").exits(0).stderr;
        assert!(told.contains(&format!("Kept the versions of {}", second.0)), "{told}");
        assert!(told.contains("2 of 2 packages have the versions that they had"), "{told}");
        assert!(!told.contains("Left out pypi"), "{told}");
        assert_eq!(project.locked_packages(), "click 2.0, idna 1.0, six 1.0");
        project.run("larder lock --check").exits(0);
    }
}

/// An environment has one package of a name: where a folder asks for another version of it than a folder beside has, that is a registry's.
#[test]
fn a_folder_whose_package_is_asked_for_in_another_version_is_left_out() {
    let registry = Universe::new().pypi("sdk", "1.0", |p| p).pypi("six", "1.0", |p| p).serve();
    let files = |asked: &str| {
        [
            (
                "server/pyproject.toml",
                format!("[project]\nname = 'server'\nversion = '1.0'\ndependencies = ['sdk{asked}']\n"),
            ),
            ("sdk/pyproject.toml", "[project]\nname = 'sdk'\nversion = '2.0'\ndependencies = ['six']\n".to_owned()),
        ]
    };
    for (asked, list) in [("==1.0", "sdk 1.0"), (">=1", "six 1.0")] {
        let files = files(asked);
        let files: Vec<(&str, &str)> = files.iter().map(|(file, text)| (*file, text.as_str())).collect();
        let project = Project::of_other_tools(&registry, &files);
        let told = project.run("larder init").exits(0).stderr;
        project.run("larder lock").exits(0);
        let is_told = told.contains("Left out the folder sdk: server asks for sdk ==1.0, and the one in it is ");
        assert_eq!(is_told, asked == "==1.0", "{told}");
        assert!(project.locked_packages().contains(list), "{}", project.locked_packages());
        assert!(!project.locked_packages().contains(if asked == "==1.0" { "six" } else { "sdk 1.0" }));
    }
}

/// A repository of npm whose own files use what only other packages bring.
fn with_undeclared_uses(lock: (&str, &str)) -> (Registry, Project) {
    let registry = Universe::new()
        .npm("left", "1.0.0", |p| p.dep("right", "*").dep("deep", "*").dep("eslint-plugin-x", "*").dep("unused", "*"))
        .npm("right", "1.0.0", |p| p.bin("rightly", "cli.js", "#!/usr/bin/env node\nconsole.log('ran')\n"))
        .npm("deep", "1.0.0", |p| p.file("index.js", "module.exports = 'deep';\n"))
        .npm("eslint-plugin-x", "1.0.0", |p| p)
        .npm("unused", "1.0.0", |p| p)
        .npm("typescript", "5.0.0", |p| p)
        .serve();
    let root = r#"{"name": "shop", "dependencies": {"left": "^1"}, "workspaces": ["web", "ui"], "scripts": {"go": "rightly -x", "both": "both"}}"#;
    let web = r#"{"name": "web", "dependencies": {"typescript": "^5"}}"#;
    let project = Project::of_other_tools(
        &registry,
        &[
            ("package.json", root),
            lock,
            ("web/package.json", web),
            ("ui/package.json", r#"{"name": "@shop/ui", "version": "1.0.0", "devDependencies": {"left": "^1"}}"#),
            (
                "web/src/a.ts",
                "import deep from 'deep/x';\nimport ui from '@shop/ui';\nimport ts from 'typescript';\nimport 'fs';\n",
            ),
            ("web/src/b.ts", "import deep from 'deep';\nimport left from 'left';\nimport 'nowhere';\n"),
            (".eslintrc.json", "{ \"extends\": [\"left\"] }"),
            ("sample/package.json", r#"{"name": "sample", "dependencies": {"other": "^1"}}"#),
            ("sample/index.js", "require('unused');\n"),
            (".gitignore", "out/\n"),
            ("out/index.js", "require('unused');\n"),
            ("web/dist/index.js", "require('unused');\n"),
        ],
    );
    (registry, project)
}

const WITH_UNDECLARED: &str = r#"{"lockfileVersion": 3, "packages": {
    "": {"dependencies": {"left": "^1"}, "workspaces": ["web", "ui"]},
    "web": {"name": "web", "dependencies": {"typescript": "^5"}},
    "ui": {"name": "@shop/ui", "version": "1.0.0", "devDependencies": {"left": "^1"}},
    "node_modules/web": {"resolved": "web", "link": true},
    "node_modules/@shop/ui": {"resolved": "ui", "link": true},
    "node_modules/left": {"version": "1.0.0", "bin": {"both": "cli.js"}, "dependencies": {"right": "*", "deep": "*", "eslint-plugin-x": "*", "unused": "*"}},
    "node_modules/right": {"version": "1.0.0", "bin": {"rightly": "cli.js"}},
    "node_modules/deep": {"version": "1.0.0"},
    "node_modules/eslint-plugin-x": {"version": "1.0.0"},
    "node_modules/unused": {"version": "1.0.0", "bin": {"both": "cli.js"}},
    "node_modules/typescript": {"version": "5.0.0"}
}}"#;

#[test]
fn what_own_files_use_undeclared_is_hoisted_where_it_was_found_before() {
    let (_registry, project) = with_undeclared_uses(("package-lock.json", WITH_UNDECLARED));
    let found = project.run("larder init --no-lock --json").exits(0).json();
    conforms(&found, "init");
    let expected = serde_json::json!([
        {"name": "@shop/ui", "file": "web/src/a.ts"},
        {"name": "deep", "file": "web/src/a.ts"},
        {"name": "right", "file": "package.json"},
    ]);
    assert_eq!(found["undeclared"], expected);
    std::fs::remove_file(project.path("larder.kdl")).expect("a file");
    let names =
        "declared by no package.json: @shop/ui (web/src/a.ts), deep (web/src/a.ts), right (package.json). Lines";
    project.run("larder init").exits(0).names([names]);
    let line = r#"hoist npm "@types/*" "*eslint-plugin*" "deep" "right""#;
    assert!(project.read("larder.kdl").contains(line), "{}", project.read("larder.kdl"));
    project.run("larder sync").exits(0);
    let script = "console.log(require('module').createRequire(process.cwd() + '/web/src/a.ts')('deep'))";
    assert_eq!(project.program("node", &["-e", script]).exits(0).stdout, "deep\n");
    assert_eq!(project.run("larder run go").exits(0).stdout, "ran\n");
    assert!(project.has("node_modules/eslint-plugin-x") && !project.has("node_modules/unused"));
    assert!(project.read("node_modules/@shop/ui/package.json").contains("@shop/ui"), "nobody else depends on it");
}

#[test]
fn what_no_tool_found_before_is_not_hoisted() {
    let lock = "lockfileVersion: '9.0'\nimporters:\n  .:\n    dependencies:\n      left:\n        specifier: ^1\n        \
                version: 1.0.0\npackages:\n  left@1.0.0: {}\n  deep@1.0.0: {}\nsnapshots:\n  left@1.0.0: {}\n";
    let (_registry, project) = with_undeclared_uses(("pnpm-lock.yaml", lock));
    let found = project.run("larder init --no-lock --json").exits(0).json();
    assert_eq!(found.get("undeclared"), None);
    assert!(!project.read("larder.kdl").contains("hoist"));
    // pnpm finds all where it is told to, and its early versions hoist some packages unasked.
    project.write(".npmrc", "node-linker = hoisted\n");
    std::fs::remove_file(project.path("larder.kdl")).expect("a file");
    project.run("larder init --no-lock").exits(0);
    assert!(project.read("larder.kdl").contains("hoist npm \"@types/*\" \"*eslint-plugin*\" \"deep\"\n"));
    let package = project.read("package.json").replace("\"shop\"", "\"shop\", \"packageManager\": \"pnpm@8.6.0\"");
    project.write("package.json", &package).write(".npmrc", "");
    std::fs::remove_file(project.path("larder.kdl")).expect("a file");
    project.run("larder init --no-lock").exits(0);
    assert!(project.read("larder.kdl").contains("hoist npm \"*eslint*\" \"*prettier*\"\n"));
}

/// A locked version that is only there as source is no reason to take another one: that it may be built is asked for first.
#[test]
fn a_locked_version_that_has_to_be_built_is_not_replaced_unasked() {
    let registry = Universe::new()
        .pypi("old", "1.0", |p| p.source_only(crate::support::Metadata::Dynamic))
        .pypi("old", "2.0", |p| p)
        .pypi("six", "1.0", |p| p)
        .serve();
    let package = |name: &str, file: &str| {
        format!(
            "[[package]]\nname = \"{name}\"\nversion = \"1.0\"\nsource = {{ registry = \"https://pypi.org/simple\" }}\n{file}\n"
        )
    };
    let sdist = "sdist = { url = \"https://host/old-1.0.tar.gz\" }";
    let wheels = "wheels = [{ url = \"https://host/six-1.0-py3-none-any.whl\" }]";
    let lock = format!("version = 1\n{}{}", package("old", sdist), package("six", wheels));
    let project_file =
        "[project]\nname = 'api'\nversion = '1'\nrequires-python = '>=3.9'\ndependencies = ['old', 'six']\n";
    let project = Project::of_other_tools(&registry, &[("pyproject.toml", project_file), ("uv.lock", &lock)]);
    let refused = project.run("larder init").exits(3);
    refused.names(["there only as source: pypi:old 1.0", "`larder builds allow pypi:old`", "the first lock keeps"]);
    assert!(project.has("larder.kdl") && !project.has("larder.lock"));
    project.run("larder sync").exits(3).names(["`larder builds allow pypi:old`"]);
    // Whoever wants no build takes newer versions, and a lock of before is preferred to what is locked since.
    project.run("larder update").exits(0);
    assert_eq!(project.locked_packages(), "old 2.0, six 1.0");
    project.run("larder lock --prefer uv.lock").exits(3);
    assert_eq!(project.locked_packages(), "old 2.0, six 1.0");
    // One that lines do not admit any more is no loss.
    let manifest = project.read("larder.kdl");
    project.write("larder.kdl", &manifest.replace("pypi \"old\"", "pypi \"old\" \">=2\""));
    project.run("larder lock --prefer uv.lock").exits(0);
    project.write("larder.kdl", &manifest);
    project.run("larder builds allow pypi:old").exits(0);
    project.run("larder lock --prefer uv.lock").exits(0).names(["2 of 2 packages have the versions"]);
    assert_eq!(project.locked_packages(), "old 1.0, six 1.0");
}

#[test]
fn an_extra_that_the_project_does_not_have_is_left_out() {
    let registry = Universe::new().pypi("six", "1.0", |p| p).serve();
    let project_file = "[project]\nname = 'api'\nversion = '1'\n[project.optional-dependencies]\nwith_six = ['six']\n\
                        [build-system]\nrequires = ['hatchling']\nbuild-backend = 'hatchling.build'\n";
    let files =
        [("pyproject.toml", project_file), ("requirements.txt", "-e .[with_six,gone]\n"), ("api/__init__.py", "")];
    let project = Project::of_other_tools(&registry, &files);
    let told = project.run("larder init").exits(0).stderr;
    assert_transcript!(told, @r"
    Wrote [PROJECT]/larder.kdl
    Imported pyproject.toml, requirements.txt
    Left out the extra gone of .: its package has no such extra
    ");
    assert!(project.read("larder.kdl").contains("path \".[with-six]\""), "{}", project.read("larder.kdl"));
    project.run("larder lock").exits(0);
    assert!(project.locked_packages().contains("six 1.0"));
}

#[test]
fn a_node_modules_of_another_tool_stays_where_no_package_goes_there() {
    let registry = Universe::new().serve();
    let project = Project::of_other_tools(
        &registry,
        &[
            ("package.json", r#"{"name": "shop", "private": true, "workspaces": ["packages/*"]}"#),
            ("packages/web/package.json", r#"{"name": "web", "version": "1.0.0"}"#),
            ("node_modules/.package-lock.json", "{}"),
        ],
    );
    project.run("larder init").exits(0);
    project.run("larder sync").exits(0);
    project.run("larder sync").exits(0).names(["up to date"]);
    assert_eq!(project.read("node_modules/.package-lock.json"), "{}");
}

#[test]
fn a_python_folder_that_a_glob_meets_and_only_a_build_understands_is_left_out() {
    let registry = Universe::new().npm("left", "1.0.0", |p| p).serve();
    let setup = "from setuptools import setup\ndef deps():\n    return open('r.txt').read().split()\n\
                 setup(name='py', version='1', install_requires=deps())\n";
    let project = Project::of_other_tools(
        &registry,
        &[
            ("package.json", r#"{"name": "shop", "private": true, "workspaces": ["packages/*"]}"#),
            ("packages/web/package.json", r#"{"name": "web", "version": "1.0.0", "dependencies": {"left": "^1"}}"#),
            ("packages/py/pyproject.toml", "[build-system]\nrequires = [\"setuptools\"]\n"),
            ("packages/py/setup.py", setup),
        ],
    );
    project.run("larder init").exits(0).names(["the folder packages/py", "a build computes its dependencies"]);
    let manifest = project.read("larder.kdl");
    assert!(manifest.contains(r#""!packages/py""#), "{manifest}");
    project.run("larder lock").exits(0);
}

/// pnpm and Yarn have a list of what packages use and do not declare; their lockfiles show what came of it.
#[test]
fn what_a_tool_added_to_a_package_stays() {
    let registry = Universe::new()
        .npm("got", "9.6.0", |p| p.dep("left", "^1").peer("react", "*"))
        .npm("left", "1.0.0", |p| p)
        .npm("react", "18.0.0", |p| p)
        .npm("types", "3.1.1", |p| p)
        .npm("types", "3.1.4", |p| p)
        .serve();
    let lock = "lockfileVersion: '9.0'
importers:
  .:
    dependencies:
      got: {specifier: 9.6.0, version: 9.6.0(react@18.0.0)}
      react: {specifier: 18.0.0, version: 18.0.0}
packages:
  got@9.6.0:
    peerDependencies: {react: '*'}
  left@1.0.0: {}
  react@18.0.0: {}
  types@3.1.1: {}
snapshots:
  got@9.6.0(react@18.0.0):
    dependencies: {left: 1.0.0, react: 18.0.0, types: 3.1.1}
  left@1.0.0: {}
  react@18.0.0: {}
  types@3.1.1: {}
";
    let package = r#"{"name": "shop", "dependencies": {"got": "9.6.0", "react": "18.0.0"}}"#;
    let project = Project::of_other_tools(&registry, &[("package.json", package), ("pnpm-lock.yaml", lock)]);
    let told = "Packages that have more than they declare, by the lockfile: npm:got (types).";
    project.run("larder init").exits(0).names([told, "4 of 4 packages have the versions that they had"]);
    assert!(project.read("larder.kdl").contains("extend npm \"got\" { npm \"types\" \"^3.1.1\"; }"));
    assert_eq!(project.locked_packages(), "got 9.6.0, left 1.0.0, react 18.0.0, types 3.1.1");
    project.run("larder lock --check").exits(0);
    // So is told of the first lock that a sync writes.
    let project = Project::of_other_tools(&registry, &[("package.json", package), ("pnpm-lock.yaml", lock)]);
    project.run("larder init --no-lock").exits(0);
    project.run("larder sync").exits(0).names([told, "4 of 4 packages have the versions that they had"]);
    // What has no version any more keeps nobody from moving in.
    let project = Project::of_other_tools(
        &registry,
        &[("package.json", package), ("pnpm-lock.yaml", &lock.replace("3.1.1", "4.0.0"))],
    );
    let told = "Left out what these have beyond what they declare, by the lockfile: npm:got (types).";
    project.run("larder init").exits(0).names(["3 of 3 packages", told]);
    assert!(!project.read("larder.kdl").contains("extend"));
}

#[test]
fn a_version_that_gives_way_to_what_is_only_there_as_source_is_told_so() {
    let registry = Universe::new()
        .pypi("web", "1.0", |p| p.requires("core>=1"))
        .pypi("core", "1.0", |p| p)
        .pypi("core", "1.5", |p| p.requires("native"))
        .pypi("native", "1.0", |p| p.source_only(crate::support::Metadata::Dynamic))
        .serve();
    let package = |name: &str, version: &str, file: &str| {
        format!(
            "[[package]]\nname = \"{name}\"\nversion = \"{version}\"\nsource = {{ registry = \"https://pypi.org/simple\" }}\n{file}\n"
        )
    };
    let wheel = |name: &str| format!("wheels = [{{ url = \"https://host/{name}-py3-none-any.whl\" }}]");
    let lock = format!(
        "version = 1\n{}{}{}",
        package("web", "1.0", &wheel("web-1.0")),
        package("core", "1.5", &wheel("core-1.5")),
        package("native", "1.0", "sdist = { url = \"https://host/native-1.0.tar.gz\" }")
    );
    let project_file = "[project]\nname = 'api'\nversion = '1'\nrequires-python = '>=3.9'\ndependencies = ['web']\n";
    let project = Project::of_other_tools(&registry, &[("pyproject.toml", project_file), ("uv.lock", &lock)]);
    let told = "~ pypi:core 1.0 (was 1.5): it needs pypi:native, which is only there as source";
    project.run("larder init").exits(0).names([told]);
}

#[test]
fn nx_is_told_to_do_without_the_lockfile_of_pnpm() {
    let registry = registry();
    let files = [
        ("package.json", r#"{"name": "shop", "dependencies": {"left": "^1"}}"#),
        ("nx.json", "{}"),
        ("pnpm-lock.yaml", LEFT_AND_RIGHT),
    ];
    let project = Project::of_other_tools(&registry, &files);
    project
        .run("larder init")
        .exits(0)
        .names(["node_modules/.modules.yaml, which Nx reads beside pnpm-lock.yaml: only pnpm writes it"]);
}

#[test]
fn a_folder_that_an_override_puts_in_the_place_of_a_package_is_a_member() {
    let registry = registry();
    let project = Project::of_other_tools(
        &registry,
        &[
            (
                "package.json",
                r#"{"name": "shop", "dependencies": {"left": "^1"}, "overrides": {"left": "file:stub/left"}}"#,
            ),
            ("stub/left/package.json", r#"{"name": "left", "version": "1.9.0"}"#),
        ],
    );
    project.run("larder init").exits(0);
    let manifest = project.read("larder.kdl");
    assert!(manifest.contains("override npm \"left\" \"workspace:*\""), "{manifest}");
    project.run("larder lock").exits(0);
    assert!(!project.read("larder.lock").contains("npm:left@"), "{}", project.read("larder.lock"));
}
