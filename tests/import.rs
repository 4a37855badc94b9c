//! `larder import FILE`: one file of another tool is taken over into a manifest that is there. And the settings that `init` takes.

use std::sync::LazyLock;

use crate::support::{Project, Registry, Universe};

static REGISTRY: LazyLock<Registry> = LazyLock::new(|| {
    Universe::new()
        .npm("left", "1.0.0", |p| p.file("index.js", "module.exports = 'left';\n"))
        .npm("left", "1.1.0", |p| p)
        .npm("right", "2.0.0", |p| p.file("index.js", "module.exports = () => require('left');\n"))
        .pypi("six", "1.16", |p| p)
        .pypi("idna", "3.6", |p| p)
        .serve()
});

const PATCH: &str = "diff --git a/index.js b/index.js\n--- a/index.js\n+++ b/index.js\n@@ -1 +1 @@\n-module.exports = 'left';\n+module.exports = 'patched';\n";

#[test]
fn a_file_is_added_and_what_is_there_stays() {
    let project = Project::new(&REGISTRY);
    project
        .manifest("// ours\ndependencies {\n    npm \"left\" \"^1.0\" // kept\n}\nresolution {\n    override npm \"right\" \"2.0.0\"\n}\n")
        .write(
            "other/package.json",
            r#"{"name": "x", "dependencies": {"left": "~1.0.0", "right": "^2"}, "devDependencies": {"left": "1.x"}, "overrides": {"right": "2.0.0", "left": "1.0.0"}}"#,
        );
    let told = project.run("larder import other/package.json --no-sync").exits(0);
    told.names(["Added npm right ^2", "Left out npm left ~1.0.0", "`npm \"left\" \"^1.0\"`", "There already: 1"]);
    let manifest = project.read("larder.kdl");
    assert!(
        manifest.contains("// ours\n")
            && manifest.contains("    npm \"left\" \"^1.0\" // kept\n    npm \"right\" \"^2\"\n"),
        "{manifest}"
    );
    assert!(manifest.contains("group \"dev\" dev=#true {\n    npm \"left\" \"1.x\"\n}"), "{manifest}");
    assert!(
        manifest.contains("    override npm \"right\" \"2.0.0\"\n    override npm \"left\" \"1.0.0\"\n"),
        "{manifest}"
    );
    assert!(project.has("larder.lock"));
    // Again: nothing is doubled.
    project.run("larder import other/package.json --no-sync").exits(0);
    assert_eq!(project.read("larder.kdl"), manifest);
    project.write("dev-requirements.txt", "six>=1\nsix ; python_version < '3'\n-r more.txt\n");
    project.run("larder import dev-requirements.txt").exits(0).names(["Added pypi six >=1", "Left out -r more.txt"]);
    project.run("larder run -- python -c 'import six'").exits(0);
    project.run("larder import nowhere.txt").exits(2).names(["there is no `nowhere.txt`"]);
    project.write("yarn.lock", "").run("larder import yarn.lock").exits(2).names(["larder lock --prefer yarn.lock"]);
}

#[test]
fn what_cannot_be_solved_or_would_let_something_in_changes_nothing() {
    let project = Project::new(&REGISTRY);
    project.dependencies(&["npm \"left\" \"^1\""]);
    let before = project.read("larder.kdl");
    project.write("package.json", r#"{"dependencies": {"right": "^9"}}"#).run("larder import package.json").exits(3);
    project.write("pnpm-workspace.yaml", "minimumReleaseAge: often\n");
    project.run("larder import pnpm-workspace.yaml").exits(2).names(["minimumReleaseAge"]);
    assert_eq!((project.read("larder.kdl"), project.has("larder.lock")), (before, false));
}

#[test]
fn registries_and_settings_are_added_where_they_belong() {
    let project = Project::new(&REGISTRY);
    project.dependencies(&["npm \"left\" \"^1\""]);
    project.write(".npmrc", "@acme:registry=https://npm.acme.example/\n//npm.acme.example/:_authToken=x\n");
    project.run("larder import .npmrc").exits(0).names(["Added npm \"acme\" \"https://npm.acme.example/\""]);
    project.write(".yarnrc.yml", "npmScopes:\n  other:\n    npmRegistryServer: 'https://npm.other.example'\npackageExtensions:\n  'right@*':\n    dependencies:\n      left: '^1'\nyarnPath: x\n");
    project.run("larder import .yarnrc.yml").exits(0);
    project.write(
        "bunfig.toml",
        "[install]\nexact = true\n[install.scopes]\nbun = { url = \"https://npm.bun.example/\", token = \"$T\" }\n",
    );
    project.run("larder import bunfig.toml").exits(0).names(["the token for @bun in bunfig.toml"]);
    project.write("pip.conf", "[global]\nextra-index-url = https://pypi.acme.example/simple\n");
    project.run("larder import pip.conf").exits(0);
    let manifest = project.read("larder.kdl");
    for line in [
        "npm \"acme\" \"https://npm.acme.example/\" { packages \"@acme/*\"; }",
        "npm \"other\" \"https://npm.other.example\" { packages \"@other/*\"; }",
        "npm \"bun\" \"https://npm.bun.example/\" { packages \"@bun/*\"; }",
        "pypi \"pypi-acme-example\" \"https://pypi.acme.example/simple\" { priority 1; }",
        "extend npm \"right\" { npm \"left\" \"^1\"; }",
    ] {
        assert!(manifest.contains(line), "{line}\n{manifest}");
    }
}

#[test]
fn init_takes_patches_extensions_and_registries() {
    let project = Project::new(&REGISTRY);
    project
        .write("package.json", r#"{"name": "shop", "dependencies": {"left": "1.0.0", "right": "^2"}, "pnpm": {"patchedDependencies": {"left@1.0.0": "patches/left.patch", "gone@1.0.0": "patches/gone.patch"}, "packageExtensions": {"right": {"dependencies": {"left": "*"}}}, "onlyBuiltDependencies": ["esbuild"], "peerDependencyRules": {}}}"#)
        .write("patches/left.patch", PATCH)
        .write("bunfig.toml", "[install.scopes]\nacme = \"https://npm.acme.example/\"\n");
    let told = project.run("larder init").exits(0);
    told.names(["Left out the patch `patches/gone.patch`", "onlyBuiltDependencies esbuild", "peerDependencyRules"]);
    project.run("larder sync").exits(0);
    assert_eq!(project.run("larder run -- node -p 'require(\"right\")()'").exits(0).stdout, "patched\n");
    assert!(project.read("larder.kdl").contains("npm \"acme\" \"https://npm.acme.example/\""));
    // Yarn's form.
    let yarn = Project::new(&REGISTRY);
    yarn.write(
        "package.json",
        r#"{"name": "shop", "dependencies": {"left": "patch:left@npm%3A1.0.0#~/.yarn/patches/left.patch"}}"#,
    )
    .write(".yarn/patches/left.patch", PATCH);
    yarn.run("larder init").exits(0);
    yarn.run("larder sync").exits(0);
    assert_eq!(yarn.run("larder run -- node -p 'require(\"left\")'").exits(0).stdout, "patched\n");
}

#[test]
fn a_patch_for_every_version_is_one_for_each_that_is_locked() {
    let project = Project::new(&REGISTRY);
    project.dependencies(&["npm \"left\" \"1.0.0\""]);
    project.run("larder lock").exits(0);
    project.write("patches/left.patch", PATCH).write(
        "package.json",
        r#"{"dependencies": {"left": "1.0.0"}, "pnpm": {"patchedDependencies": {"left": "patches/left.patch", "right": "patches/right.patch"}}}"#,
    );
    let told =
        project.run("larder import package.json").exits(0).names(["patchedDependencies right", "once larder.lock has"]);
    assert!(!told.stderr.contains("patchedDependencies left"), "{}", told.stderr);
    assert!(project.read("larder.kdl").contains("patch npm \"left\" \"1.0.0\" \"patches/left.patch\""));
}

#[test]
fn variables_of_pip_are_named() {
    let mut project = Project::new(&REGISTRY);
    project.set("PIP_INDEX_URL", "https://pypi.acme.example/simple");
    project.write("requirements.txt", "six\n");
    project.run("larder init --no-lock").exits(0).names(["Left out PIP_INDEX_URL"]);
}

#[test]
fn an_interpreter_that_somebody_ended_is_not_left_out() {
    let mut project = Project::alone();
    project.write("bin/python3", "#!/bin/sh\nkill -TERM $$\n");
    let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(project.path("bin/python3"), executable).expect("a mode");
    let before = std::env::var("PATH").unwrap_or_default();
    project.set("PATH", &format!("{}:{before}", project.path("bin").display()));
    project.run("larder init").exits(6).names(["python3` was ended by signal 15", "run the command again"]);
    assert!(!project.has("larder.kdl"), "nothing is written");
    project.set("PATH", &before);
    project.run("larder init").exits(0);
}

/// Whatever a file names by its path lies beside it, wherever the manifest is that gets the line.
#[test]
fn folders_are_those_beside_the_file() {
    let project = Project::new(&REGISTRY);
    project
        .manifest("members \"sub\" \"other\"\n")
        .write("sub/larder.kdl", "dependencies {\n}\n")
        .write("other/larder.kdl", "dependencies {\n}\n")
        .write("sub/lib/pyproject.toml", "[project]\nname = 'lib'\nversion = '1'\n[build-system]\nrequires = []\n")
        .write(
            "sub/Pipfile",
            "[packages]\nsix = '*'\nlib = {path = './lib', editable = true}\naway = {path = '../../away'}\n",
        );
    project.run("larder import sub/Pipfile --no-sync").exits(0).names(["Left out path ../../away"]);
    assert!(project.read("larder.kdl").contains("path \"sub/lib\""), "{}", project.read("larder.kdl"));
    for (folder, file, line) in [("sub", "Pipfile", "path \"lib\""), ("other", "../sub/Pipfile", "path \"../sub/lib\"")]
    {
        project.run_in(&project.path(folder), &format!("larder import {file} --no-sync")).exits(0);
        let manifest = project.read(&format!("{folder}/larder.kdl"));
        assert!(manifest.contains(line), "{manifest}");
    }
}

/// What `init` advises for requirements files far below the root is what it does with those of the root.
#[test]
fn a_requirements_file_is_taken_for_what_its_name_says() {
    let project = Project::of_other_tools(
        &REGISTRY,
        &[
            ("srv/requirements.txt", "six==1.16\n"),
            ("srv/requirements-dev.txt", "idna\n-r requirements.txt\n"),
            ("srv/requirements/test.txt", "-r ../more.txt\nsix\n"),
            ("srv/more.txt", "idna>=3\ncolour\n"),
        ],
    );
    project.run("larder init --no-lock").exits(0).names(["srv/requirements-dev.txt"]);
    let told = project.run("larder import srv/requirements-dev.txt --no-sync").exits(0).stderr;
    assert!(told.contains("Added pypi idna to group `dev`") && !told.contains("Left out"), "{told}");
    let manifest = project.read("larder.kdl");
    assert!(manifest.contains("group \"dev\" dev=#true {\n    pypi \"idna\"\n}"), "{manifest}");
    // What one includes that is not there yet is named from the root.
    let told = project.run("larder import srv/requirements/test.txt --no-sync").exits(0).stderr;
    assert!(told.contains("Added pypi six to group `test`") && told.contains("Left out -r srv/more.txt:"), "{told}");
    // An environment that says what it includes does not have a new group.
    let manifest = project.read("larder.kdl");
    project.write("larder.kdl", &format!("{manifest}\nenvironment \"development\" {{ include \"dev\" \"test\"; }}\n"));
    project.write("requirements-docs.txt", "six\n");
    let told = "No environment includes group `docs`: `include \"docs\"`";
    project.run("larder import requirements-docs.txt --no-sync").exits(0).names([told]);
}
