//! Packages that are folders of the checkout, and are worked on while they are used.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::json;

use crate::support::{Project, Registry, Universe};

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
