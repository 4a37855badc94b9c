//! Packages that are folders of the checkout, and are worked on while they are used.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::json;

use crate::support::{Project, Registry, Universe, conforms};

const MEMBERS: &str = "members \"apps/*\" \"packages/*\"\n";

fn registry() -> Registry {
    Universe::new().npm("left", "1.0.0", |p| p).serve()
}

fn mode(project: &Project, path: &str, mode: u32) {
    fs::set_permissions(project.path(path), fs::Permissions::from_mode(mode)).expect("permissions");
}

/// A root and a member that use the tool `@acme/cli`, whose `dist` is not built yet.
fn unbuilt(registry: &Registry) -> Project {
    let project = Project::new(registry);
    project
        .manifest(&format!("{MEMBERS}dependencies {{\n    path \"packages/cli\"\n}}\n"))
        .write("packages/cli/package.json", r#"{"name":"@acme/cli","version":"1.0.0","bin":{"acme":"./dist/cli.js"}}"#)
        .write("apps/web/package.json", r#"{"name":"web","dependencies":{"@acme/cli":"workspace:*"}}"#);
    project
}

#[test]
fn an_executable_that_is_built_after_the_sync_is_found() {
    let project = unbuilt(&registry());
    project.run("larder sync").exits(0);
    project.run("larder run acme").exits(127).names(["packages/cli/dist/cli.js", "built"]);
    project.run("larder verify").exits(0);

    // What `tsc` writes is not executable.
    let program =
        "#!/usr/bin/env node\nconsole.log('built', require.main === module, process.argv.slice(2).join('+'))\n";
    project.write("packages/cli/dist/cli.js", program);
    let said = "built true a b+*";
    for place in [".larder/active/bin", "node_modules/.bin", "apps/web/node_modules/.bin"] {
        let path = project.path(place).join("acme").display().to_string();
        assert_eq!(project.program(&path, &["a b", "*"]).exits(0).stdout.trim(), said, "{place}");
        assert_eq!(project.program("node", &[&path, "a b", "*"]).exits(0).stdout.trim(), said, "node {place}");
    }
    assert_eq!(project.run("larder -C apps/web run acme 'a b' '*'").exits(0).stdout.trim(), said);
    project.run("larder sync").exits(0).names(["up to date"]);

    fs::remove_dir_all(project.path("packages/cli/dist")).expect("a folder");
    project.run("larder run acme").exits(127);
    project.run("larder verify").exits(0);
}

#[test]
fn whatever_an_executable_is_it_runs() {
    let project = unbuilt(&registry());
    project.run("larder sync").exits(0);
    let check = |program: &str, expected: &str| {
        for bits in [0o644, 0o755] {
            project.write("packages/cli/dist/cli.js", program);
            mode(&project, "packages/cli/dist/cli.js", bits);
            assert_eq!(project.run("larder run acme x").exits(0).stdout.trim(), expected, "{bits:o} {program}");
        }
    };
    check("#!/usr/bin/env node\r\nconsole.log(process.argv[2])\r\n", "x");
    check(
        "#! /usr/bin/env -S node --no-warnings\nconsole.log(process.execArgv[0], process.argv[2])",
        "--no-warnings x",
    );
    check("#!/bin/sh\necho shell $1\n", "shell x");
    check("console.log('no first line')\n", "no first line");
    project.write("packages/cli/package.json", r#"{"name":"cli","version":"1.0.0","bin":"run"}"#);
    project.write("packages/cli/run", "echo plain $1\n");
    project.write("apps/web/package.json", r#"{"name":"web"}"#);
    project.run("larder sync").exits(0);
    assert_eq!(project.run("larder run cli x").exits(0).stdout.trim(), "plain x");
}

#[test]
fn a_declared_executable_comes_and_goes_with_its_manifest() {
    let project = unbuilt(&registry());
    project.run("larder sync").exits(0);
    let declare = |bin: serde_json::Value| {
        let package = json!({ "name": "@acme/cli", "version": "1.0.0", "bin": bin });
        project.write("packages/cli/package.json", &package.to_string());
        project.run("larder sync").exits(0)
    };
    project.write("packages/cli/lib/two.js", "#!/bin/sh\necho two\n").write("packages/cli/dist/cli.js", "");
    let lock = project.read("larder.lock");
    declare(json!({ "acme": "dist/cli.js", "two": "lib/two.js" })).names(["generation 2"]);
    assert_eq!(project.run("larder run two").exits(0).stdout, "two\n");
    assert!(project.has("apps/web/node_modules/.bin/two"));
    declare(json!({ "two": "lib/two.js" })).names(["generation 3"]);
    assert!(!project.has("node_modules/.bin/acme") && !project.has(".larder/active/bin/acme"));
    assert_eq!(project.read("larder.lock"), lock);
    project.run("larder rollback 2").exits(0);
    assert!(project.has("node_modules/.bin/acme"));
}

#[test]
fn a_folder_of_executables_is_looked_at_again() {
    let project = Project::new(&registry());
    project
        .dependencies(&["path \"packages/cli\""])
        .write("packages/cli/package.json", r#"{"name":"cli","version":"1.0.0","directories":{"bin":"./tools"}}"#);
    project.run("larder sync").exits(0);
    project.write("packages/cli/tools/one", "#!/bin/sh\necho one\n");
    project.run("larder sync").exits(0).names(["generation 2"]);
    assert_eq!(project.run("larder run one").exits(0).stdout, "one\n");
    project.run("larder sync").exits(0).names(["up to date"]);
}

/// Where a link of the project leads, relative to the project.
fn real(project: &Project, path: &str) -> String {
    let real = project.path(path).canonicalize().unwrap_or_else(|error| panic!("{path}: {error}"));
    real.strip_prefix(project.path("").canonicalize().expect("a folder")).expect("below it").display().to_string()
}

#[test]
fn a_link_has_the_name_under_which_it_is_asked_for() {
    let project = Project::new(&registry());
    project
        .manifest(&format!("{MEMBERS}dependencies {{\n    path \"apps/web\"\n}}\n"))
        .write(
            "apps/web/package.json",
            r#"{"name":"web","dependencies":{"b1":"workspace:b@*","b2":"link:../../packages/b","@x/b3":"file:../../packages/b",
               "b4":"workspace:../../packages/b","b5":"workspace:packages/b","b":"workspace:*"},
               "peerDependencies":{"b6":"workspace:b@^1"}}"#,
        )
        .write("packages/b/package.json", r#"{"name":"b","version":"1.0.0","bin":"b.js"}"#);
    project.run("larder sync").exits(0);
    for name in ["b1", "b2", "@x/b3", "b4", "b5", "b6", "b"] {
        assert_eq!(real(&project, &format!("apps/web/node_modules/{name}")), "packages/b", "{name}");
    }
    assert!(project.has("apps/web/node_modules/.bin/b"), "an executable is called as its own package says");
    project.run("larder lock --locked").exits(0);
    project.run("larder verify").exits(0);
    let renamed = r#"{"name":"web","dependencies":{"renamed":"workspace:b@*"}}"#;
    project.write("apps/web/package.json", renamed).run("larder ci").exits(1);
    project.run("larder sync").exits(0);
    assert!(project.has("apps/web/node_modules/renamed") && !project.has("apps/web/node_modules/b1"));
    project.write("apps/web/package.json", r#"{"name":"web","dependencies":{"../b":"workspace:b@*"}}"#);
    project.run("larder lock").exits(2).names(["../b"]);
}

#[test]
fn a_members_name_means_the_member_where_its_version_will_do() {
    // Somebody else has put packages of the same names there.
    let registry = Universe::new().npm("b", "1.5.0", |p| p).npm("b", "2.0.0", |p| p).pypi("lib", "9.0", |p| p).serve();
    let project = Project::new(&registry);
    project
        .manifest(MEMBERS)
        .write("packages/b/package.json", r#"{"name":"b","version":"1.0.0"}"#)
        .write("packages/lib/pyproject.toml", "[project]\nname = 'lib'\nversion = '1.0'\n")
        .write("packages/lib/lib.py", "");
    let web = |range: &str| {
        project.write("apps/web/package.json", &format!(r#"{{"name":"web","dependencies":{{"b":"{range}"}}}}"#));
        project.run("larder sync")
    };
    for range in ["^1.0.0", "*", ">=1", "latest"] {
        web(range).exits(0);
        assert_eq!(real(&project, "apps/web/node_modules/b"), "packages/b", "{range}");
    }
    web("^2.0.0").exits(0).names(["warning", "apps/web/package.json", "packages/b", "1.0.0"]);
    assert_ne!(real(&project, "apps/web/node_modules/b"), "packages/b");
    project.write("apps/web/package.json", r#"{"name":"web"}"#);

    // So it is with the lines of a larder.kdl.
    let line = |line: &str| {
        project.manifest(&format!("{MEMBERS}dependencies {{\n    {line}\n}}\n"));
        project.run("larder sync")
    };
    line("npm \"b\" \"^1\"").exits(0);
    assert_eq!(real(&project, "node_modules/b"), "packages/b");
    line("npm \"b\" \"^2\"").exits(0).names(["warning", "larder.kdl", "packages/b"]);
    line("npm \"b\" \"^1\" registry=\"npmjs\"").exits(0);
    assert_ne!(real(&project, "node_modules/b"), "packages/b");
    line("pypi \"lib\" \">=1\"").exits(0);
    project.run("larder run -- python -c 'import lib'").exits(0);
    line("pypi \"lib\" \">=9\"").exits(2).names(["lib", ">=9", "packages/lib", "registry="]);
    line("pypi \"lib\" \">=9\" registry=\"pypi\"").exits(0);

    // And with groups and extras of a pyproject.toml.
    let text = "[project]\nname = 'tool'\nversion = '1.0'\n[project.optional-dependencies]\nx = ['lib']\n\
                [dependency-groups]\ntest = ['lib']\n";
    project.write("packages/tool/pyproject.toml", text).write("packages/tool/tool.py", "");
    line("path \"packages/tool\"").exits(0);
    assert!(!project.read("larder.lock").contains("pypi:lib"));
}

#[test]
fn two_packages_of_one_name_are_told_apart_by_their_folders() {
    let project = Project::new(&registry());
    project
        .manifest(MEMBERS)
        .write("packages/a/package.json", r#"{"name":"ui"}"#)
        .write("packages/b/package.json", r#"{"name":"ui"}"#);
    project.run("larder lock").exits(0);
    project.manifest(&format!("{MEMBERS}dependencies {{ npm \"ui\"; }}\n"));
    let stale = project.read("larder.lock");
    project.run("larder lock").exits(2).names(["`ui`", "`packages/a` and `packages/b`"]);
    assert_eq!(project.read("larder.lock"), stale);
    // Who asks for one can see one.
    let alike = |folder: &str| format!(r#"{{"name":"ui","version":"{}.0.0"}}"#, folder.len());
    project.write("vendor/one/package.json", &alike("1")).write("vendor/two/package.json", &alike("22"));
    project.dependencies(&["path \"vendor/one\""]).run("larder lock").exits(0);
    project.dependencies(&["path \"vendor/one\"", "path \"vendor/two\""]);
    project.run("larder lock").exits(2).names(["`ui`", "`vendor/one` and `vendor/two`", "larder.kdl:"]);
}

#[test]
fn members_are_found_through_links_inside_the_root_and_left_out_by_name() {
    let registry = registry();
    let project = Project::new(&registry);
    let globs = |globs: &str| project.manifest(&format!("members {globs}\n")).run("larder sync");
    project
        .write("libs/a/package.json", r#"{"name":"a","dependencies":{"left":"^1"}}"#)
        .write("packages/old/package.json", r#"{"name":"old","dependencies":{"left":"^1"}}"#)
        .write("packages/web/package.json", r#"{"name":"web","dependencies":{"a":"workspace:*"}}"#);
    std::os::unix::fs::symlink("../libs/a", project.path("packages/a")).expect("a link");
    std::os::unix::fs::symlink("nowhere", project.path("packages/dangling")).expect("a link");
    globs("\"packages/*\" \"libs/*\" \"!packages/old\"").exits(0);
    assert!(project.has("libs/a/node_modules/left") && !project.has("packages/old/node_modules"));
    assert_eq!(real(&project, "packages/web/node_modules/a"), "libs/a");
    globs("\"!packages/old\" \"packages/*\"").exits(0);
    assert!(project.has("libs/a/node_modules/left") && !project.has("packages/old/node_modules"));
    globs("\"packages/*\"").exits(0);
    assert!(project.has("packages/old/node_modules/left"));

    let outside = project.folder().join("outside");
    fs::create_dir(&outside).expect("a folder");
    fs::write(outside.join("package.json"), r#"{"name":"outside"}"#).expect("a file");
    std::os::unix::fs::symlink(&outside, project.path("packages/out")).expect("a link");
    let before = project.state();
    globs("\"packages/*\"").exits(1).names(["packages/out", "outside"]);
    assert_eq!(project.state().len(), before.len());
    globs("\"packages/*\" \"!packages/out\"").exits(0);
}

#[test]
fn a_folder_that_becomes_a_member_is_noticed() {
    let registry = registry();
    let project = Project::new(&registry);
    project.manifest("members \"packages/*/*\"\n").write("packages/group/one/package.json", r#"{"name":"one"}"#);
    fs::create_dir_all(project.path("packages/group/two")).expect("a folder");
    project.run("larder sync").exits(0);
    project.run("larder sync").exits(0).names(["up to date"]);
    let package = |name: &str| format!(r#"{{"name":"{name}","dependencies":{{"left":"^1"}}}}"#);
    project.write("packages/group/two/package.json", &package("two")).run("larder sync").exits(0);
    assert!(project.has("packages/group/two/node_modules/left"));
    project.write("packages/group/three/package.json", &package("three")).run("larder sync").exits(0);
    assert!(project.has("packages/group/three/node_modules/left"));
}

/// A workspace whose members bring groups of their own, and a copy of the two files that an image's layer begins with.
fn layered(registry: &Registry) -> (Project, Project) {
    let project = Project::new(registry);
    project
        .manifest(&format!("{MEMBERS}dependencies {{\n    path \"packages/ui\"\n}}\n"))
        .write(
            "apps/web/package.json",
            r#"{"name":"web","dependencies":{"ui":"workspace:*"},"devDependencies":{"vitest":"^3"}}"#,
        )
        .write("packages/ui/package.json", r#"{"name":"ui","version":"1.0.0","dependencies":{"left":"^1"}}"#)
        .write("packages/tool/larder.kdl", "project \"tool\"\ndependencies {\n    pypi \"six\"\n}\n");
    project.run("larder lock").exits(0);
    let layer = project.beside();
    for file in ["larder.kdl", "larder.lock"] {
        layer.write(file, &project.read(file));
    }
    (project, layer)
}

fn layered_registry() -> Registry {
    let universe = Universe::new().npm("left", "1.0.0", |p| p).npm("vitest", "3.0.0", |p| p).pypi("six", "1.16", |p| p);
    universe.serve()
}

#[test]
fn an_images_layer_fetches_all_that_the_lock_names() {
    let registry = layered_registry();
    let (project, layer) = layered(&registry);
    registry.take_log();
    let before = layer.listing();
    let filled = layer.run_json("larder fetch --json");
    assert_eq!((&filled["packages"], &filled["fetched"]), (&3.into(), &3.into()));
    let asked = registry.take_log();
    assert_eq!(asked.len(), 3, "files and nothing else: {asked:?}");
    assert_eq!(layer.read("larder.lock"), project.read("larder.lock"));
    let kept = |listing: &std::collections::BTreeMap<_, String>, file: &str| listing[&layer.path(file)].clone();
    assert_eq!(kept(&layer.listing(), "larder.lock"), kept(&before, "larder.lock"), "not even written anew");
    let filled = layer.run_json("larder fetch --env production --json");
    assert_eq!((&filled["packages"], &filled["fetched"]), (&2.into(), &0.into()));

    // The members come with the next layer, and the network is not needed any more.
    for file in ["apps/web/package.json", "packages/ui/package.json", "packages/tool/larder.kdl"] {
        layer.write(file, &project.read(file));
    }
    drop(registry);
    layer.run("larder sync --frozen --offline").exits(0);
    assert!(layer.has("apps/web/node_modules/vitest") && layer.has("packages/ui/node_modules/left"));
    let lock = layer.read("larder.lock");
    layer.run("larder ci --offline").exits(0);
    assert_eq!(layer.read("larder.lock"), lock);
    fs::remove_file(layer.path("larder.lock")).expect("a file");
    layer.run("larder fetch").exits(1).names(["larder.lock"]);
    assert!(!layer.has("larder.lock"));
}

#[test]
fn members_that_are_not_on_disk_are_left_out_only_where_that_is_asked_for() {
    let registry = layered_registry();
    let (project, layer) = layered(&registry);
    layer.write("apps/web/package.json", &project.read("apps/web/package.json"));
    let before = layer.state();
    let said = layer.run("larder sync --frozen").exits(1).names(["packages/ui", "packages/tool", "--members-present"]);
    assert!(!said.stderr.contains("apps/web"), "{}", said.stderr);
    assert_eq!(layer.state(), before);
    layer.run("larder run --frozen -- true").exits(1);
    layer.run("larder sync --members-present").exits(2).names(["--frozen"]);

    let synced = layer.run_json("larder sync --frozen --members-present --json");
    let notes = synced["notes"].to_string();
    assert!(notes.contains("left out: packages/tool, packages/ui"), "{notes}");
    assert!(layer.has("apps/web/node_modules/vitest") && !layer.has("apps/web/node_modules/ui"));
    assert!(!layer.has("packages") && !layer.has(".venv"));
    layer.run("larder verify").exits(0);
    assert_eq!(layer.read("larder.lock"), project.read("larder.lock"));
    // What is missing is not forgotten.
    layer.run("larder sync --frozen").exits(1).names(["packages/ui"]);
    layer.run("larder run --frozen --members-present -- true").exits(0);
    for file in ["packages/ui/package.json", "packages/tool/larder.kdl"] {
        layer.write(file, &project.read(file));
    }
    layer.run("larder sync --frozen --members-present").exits(0).names(["generation 2"]);
    assert_eq!(real(&layer, "apps/web/node_modules/ui"), "packages/ui");
    layer.run("larder sync --frozen").exits(0).names(["up to date"]);
    fs::remove_dir_all(layer.path("packages/tool")).expect("a folder");
    layer.run("larder sync --frozen").exits(1).names(["packages/tool"]);
}

#[test]
fn frozen_holds_to_the_groups_of_members() {
    let registry = layered_registry();
    let (project, layer) = layered(&registry);
    let manifest = project.read("larder.kdl");
    let rule = "environment \"shipped\" {\n    include \"dev\"\n    dev-groups \"forbid\"\n}\nenvironment \"all\" { include \"dev\" \"none\"; }\n";
    layer.write("larder.kdl", &format!("{manifest}{rule}"));
    layer.run("larder fetch --env shipped").exits(2).names(["dev", "shipped"]);
    let rule = "environment \"all\" { include \"dev\" \"empty\"; }\n";
    layer.write("larder.kdl", &format!("{manifest}{rule}"));
    assert_eq!(layer.run_json("larder fetch --env all --json")["packages"], 3);
}

#[test]
fn local_python_packages_are_found_where_their_build_backend_finds_them() {
    let project = Project::new(&registry());
    let mut lines = Vec::new();
    let mut imports = Vec::new();
    let backends: [(&str, &str, &str); 7] = [
        ("hatched", "code/hatched/__init__.py", "[tool.hatch.build.targets.wheel]\npackages = ['code/hatched']"),
        ("rusty", "python/rusty/__init__.py", "[tool.maturin]\npython-source = 'python'"),
        ("rooted", "rooted/__init__.py", "[tool.uv.build-backend]\nmodule-root = ''"),
        ("placed", "lib/placed/__init__.py", "[tool.pdm.build]\npackage-dir = 'lib'"),
        ("mapped", "source/__init__.py", "[tool.setuptools]\npackage-dir = { mapped = 'source' }"),
        ("verse", "poems/verse/__init__.py", "[tool.poetry]\npackages = [{ include = 'verse', from = 'poems' }]"),
        ("classic", "poems/classic/__init__.py", ""),
    ];
    for (name, file, table) in backends {
        let project_table = format!("[project]\nname = '{name}'\nversion = '1.0'\n");
        let text = match name {
            "classic" => "[tool.poetry]\nname = 'classic'\nversion = '1.0'\npackages = [{ include = 'classic', from = 'poems' }]\n\
                          [tool.poetry.dependencies]\npython = '^3'\nrooted = '^1.0'\n"
                .to_owned(),
            _ => format!("{project_table}{table}\n"),
        };
        project.write(&format!("libs/{name}/pyproject.toml"), &text).write(&format!("libs/{name}/{file}"), "");
        // Rust's own, or C's.
        project.write(&format!("libs/{name}/src/lib.rs"), "");
        lines.push(format!("path \"libs/{name}\""));
        imports.push(format!("import {name}"));
    }
    project.dependencies(&lines.iter().map(String::as_str).collect::<Vec<_>>());
    let said = project.run("larder sync").exits(0);
    assert!(!said.stderr.contains("warning"), "{}", said.stderr);
    project.run(&format!("larder run -- python -c '{}'", imports.join("; "))).exits(0);
    project.run("larder verify").exits(0);
    // The one whose folder has another name is live too.
    project.write("libs/mapped/source/later.py", "print(__name__)\n");
    assert_eq!(project.run("larder run -- python -c 'import mapped.later'").exits(0).stdout, "mapped.later\n");
    project.run("larder verify").exits(0);
    project.run("larder lock --locked").exits(0);
}

#[test]
fn a_python_package_without_a_module_is_told_and_found_later() {
    let project = Project::new(&registry());
    project.dependencies(&["path \"libs/empty\""]);
    project.write("libs/empty/pyproject.toml", "[project]\nname = 'empty'\nversion = '1.0'\n");
    project.run("larder sync").exits(0).names(["warning: empty", "no Python module", "libs/empty"]);
    project.write("libs/empty/src/empty/__init__.py", "");
    project.run("larder sync").exits(0).names(["generation 2"]);
    project.run("larder run -- python -c 'import empty'").exits(0);
    project
        .write("libs/empty/pyproject.toml", "[project]\nname = 'empty'\nversion = '1.0'\n[tool.uv]\npackage = false\n");
    fs::remove_dir_all(project.path("libs/empty/src")).expect("a folder");
    let said = project.run("larder sync").exits(0);
    assert!(!said.stderr.contains("warning"), "{}", said.stderr);
}

#[test]
fn groups_of_a_folder_that_is_no_python_project_are_none_of_the_workspace() {
    let registry = registry();
    let project = Project::new(&registry);
    project.write("tools/package.json", r#"{"name": "tools", "version": "1.0.0"}"#);
    project.write("tools/pyproject.toml", "[dependency-groups]\nlint = ['ruff']\n");
    project.manifest("members \"tools\"\n");
    let manifest = project.read("larder.kdl");
    let python = format!("python \"{}\"", crate::support::python_version());
    project.write("larder.kdl", &manifest.replace(&python, ""));
    project.run("larder lock").exits(0);
    project.run("larder lock --check").exits(0);
}

#[test]
fn what_is_wrong_in_the_manifest_of_a_folder_is_shown_there() {
    let registry = registry();
    let project = Project::new(&registry);
    project.manifest("dependencies {\n    path \"lib\"\n}\n");
    project.write("lib/larder.kdl", "project \"lib\"\ndependencies {\n    npm \"left\" \"^^1\"\n}\n");
    let shown = ["lib/larder.kdl:3:16", "npm \"left\" \"^^1\"", "`^^1` is neither a range nor a dist-tag"];
    project.run("larder lock").exits(2).names(shown);
    // Of what has no place of its own, the line is shown.
    project.write("lib/larder.kdl", "").write("lib/package.json", "{");
    std::fs::remove_file(project.path("lib/larder.kdl")).expect("removed");
    project.run("larder lock").exits(2).names(["path \"lib\"", "lib/package.json cannot be read"]);
}

#[test]
fn local_packages_have_their_own_versions_and_licenses() {
    let registry = Universe::new().npm("left", "1.0.0", |p| p.field("license", json!("ISC"))).serve();
    let project = Project::new(&registry);
    project.dependencies(&["path \"py\"", "path \"web\"", "path \"bare\""]);
    project.write(
        "py/pyproject.toml",
        "[project]\nname = \"py\"\nversion = \"2024.5.1.dev3\"\nlicense = \"Apache-2.0\"\n",
    );
    project
        .write("web/package.json", r#"{"name":"web","version":"v1.2.3","license":"MIT","dependencies":{"left":"^1"}}"#);
    project.write("bare/package.json", r#"{"name":"bare","version":"1.0.0"}"#);
    project.write("bare/COPYING", include_str!("../LICENSE-MIT"));
    project.run("larder sync").exits(0);
    let lock = project.read("larder.lock");
    for id in ["path:py@2024.5.1.dev3", "path:web@1.2.3", "path:bare@1.0.0"] {
        assert!(lock.contains(&format!("id = \"{id}\"")), "{id}: {lock}");
    }
    // The lock is read again as it was written.
    project.run("larder ci").exits(0);
    project.run("larder lock --check").exits(0);
    assert_eq!(project.read("larder.lock"), lock);
    project.run("larder list").exits(0).names(["path:py 2024.5.1.dev3"]);
    let document = project.run_json("larder licenses --json");
    conforms(&document, "licenses");
    let licenses = document["packages"].as_array().expect("packages");
    let of = |name: &str| licenses.iter().find(|one| one["name"] == name).map(|one| (&one["license"], &one["source"]));
    assert_eq!(of("py"), Some((&json!("Apache-2.0"), &json!("declared"))));
    assert_eq!(of("web"), Some((&json!("MIT"), &json!("declared"))));
    assert_eq!(of("bare"), Some((&json!("MIT"), &json!("matched"))));
    assert_eq!(of("left"), Some((&json!("ISC"), &json!("declared"))));
    let bill = project.run_json("larder sbom --format cyclonedx");
    let components = bill["components"].as_array().expect("components");
    let of = |name: &str| components.iter().find(|one| one["name"] == name).expect("a component");
    assert_eq!(of("py")["version"], "2024.5.1.dev3");
    assert_eq!(of("py")["licenses"], json!([{ "expression": "Apache-2.0", "acknowledgement": "declared" }]));
    assert_eq!(of("web")["licenses"], json!([{ "expression": "MIT", "acknowledgement": "declared" }]));
    // Whose they are needs no notice.
    project.run("larder licenses --notices NOTICES").exits(0);
    let notices = project.read("NOTICES");
    assert!(notices.contains("npm:left@1.0.0") && !notices.contains("path:"), "{notices}");
    // A policy is about what others wrote.
    let manifest = project.read("larder.kdl");
    project.write("larder.kdl", &format!("{manifest}policy {{ licenses \"deny\" {{ allow \"ISC\"; }} }}\n"));
    project.run("larder check").exits(0);
}
