//! Moving in where projects stand beside each other, each with a lockfile of its own: what one has says nothing of the others.

use crate::support::{Project, Registry, Universe, assert_transcript};

fn registry() -> Registry {
    Universe::new()
        .npm("left", "1.0.0", |p| p.dep("right", "*"))
        .npm("right", "1.0.0", |p| p)
        .npm("right", "1.1.0", |p| p)
        .npm("right", "2.0.0", |p| p)
        .serve()
}

/// Returns the version of `right` that the files of a folder find.
fn found(project: &Project, folder: &str) -> String {
    let script = format!(
        "console.log(require('module').createRequire(process.cwd() + '/{folder}/index.js')('right/package.json').version)"
    );
    project.program("node", &["-e", &script]).exits(0).stdout.trim().to_owned()
}

#[test]
fn what_a_member_used_undeclared_it_finds_in_the_version_of_its_own_lockfile() {
    let registry = registry();
    let lock = |version: &str| {
        format!(
            r#"{{"lockfileVersion": 3, "packages": {{"": {{"dependencies": {{"left": "^1"}}}},
                "node_modules/left": {{"version": "1.0.0", "dependencies": {{"right": "*"}}}},
                "node_modules/right": {{"version": "{version}"}}}}}}"#
        )
    };
    let package = |name: &str| format!(r#"{{"name": "{name}", "dependencies": {{"left": "^1"}}}}"#);
    let project = Project::of_other_tools(
        &registry,
        &[
            ("web/package.json", &package("web")),
            ("web/package-lock.json", &lock("1.1.0")),
            ("web/index.js", "require('right');\n"),
            ("client/package.json", &package("client")),
            ("client/package-lock.json", &lock("2.0.0")),
            ("client/index.js", "require('right');\n"),
        ],
    );
    project.run("larder init").exits(0).names(["right (client/index.js), right (web/index.js)"]);
    let manifest = project.read("larder.kdl");
    assert!(!manifest.contains("hoist"), "{manifest}");
    assert!(manifest.contains("extend npm \"web\" { npm \"right\" \"1.1.0\"; }"), "{manifest}");
    project.run("larder sync").exits(0);
    assert_eq!((found(&project, "web"), found(&project, "client")), ("1.1.0".to_owned(), "2.0.0".to_owned()));
}

#[test]
fn what_files_of_a_workspace_used_undeclared_is_a_line_of_the_root_where_there_are_several_versions() {
    let registry = registry();
    let lock = r#"{"lockfileVersion": 3, "packages": {"": {"dependencies": {"left": "^1"}, "workspaces": ["one", "two"]},
        "one": {"name": "one"}, "two": {"name": "two"},
        "node_modules/one": {"resolved": "one", "link": true}, "node_modules/two": {"resolved": "two", "link": true},
        "node_modules/left": {"version": "1.0.0", "dependencies": {"right": "*"}},
        "node_modules/left/node_modules/right": {"version": "2.0.0"}, "node_modules/right": {"version": "1.1.0"}}}"#;
    let project = Project::of_other_tools(
        &registry,
        &[
            ("package.json", r#"{"name": "shop", "dependencies": {"left": "^1"}, "workspaces": ["one", "two"]}"#),
            ("package-lock.json", lock),
            ("index.js", "require('right');\n"),
            ("one/package.json", r#"{"name": "one"}"#),
            ("one/index.js", "require('right');\n"),
            ("two/package.json", r#"{"name": "two"}"#),
            ("two/index.js", "require('right');\n"),
            // A file that nobody could read as a manifest, of nobody.
            ("fixture/package.json", "{"),
        ],
    );
    project.run("larder init").exits(0).names(["right (index.js)."]);
    assert!(project.read("larder.kdl").contains("npm \"right\" \"1.1.0\""), "{}", project.read("larder.kdl"));
    project.run("larder sync").exits(0);
    for folder in [".", "one", "two"] {
        assert_eq!(found(&project, folder), "1.1.0", "{folder}");
    }
}

#[test]
fn a_lockfile_of_yarn_says_nothing_of_projects_that_have_their_own() {
    let registry = registry();
    let entry =
        |descriptor: &str, version: &str, rest: &str| format!("\"{descriptor}\":\n  version \"{version}\"\n{rest}\n");
    let left = entry("left@^1", "1.0.0", "  dependencies:\n    right \"*\"\n");
    let web = format!("# yarn lockfile v1\n\n{left}{}", entry("right@*", "1.1.0", ""));
    let client = format!("# yarn lockfile v1\n\n{}", entry("right@^1.0.0", "1.0.0", ""));
    let project = Project::of_other_tools(
        &registry,
        &[
            ("web/package.json", r#"{"name": "web", "dependencies": {"left": "^1"}}"#),
            ("web/yarn.lock", &web),
            ("zoo/package.json", r#"{"name": "zoo", "dependencies": {"right": "^1.0.0"}}"#),
            ("zoo/yarn.lock", &client),
        ],
    );
    project.run("larder init").exits(0).names(["2 of 2 packages have the versions that they had"]);
    project.run("larder sync").exits(0);
    assert_eq!(found(&project, "zoo"), "1.0.0");
}

#[test]
fn an_override_of_one_project_moves_no_version_of_another() {
    let registry = registry();
    let lock = |version: &str, range: &str| {
        format!(
            r#"{{"lockfileVersion": 3, "packages": {{"": {{"dependencies": {{"right": "{range}"}}}},
                "node_modules/right": {{"version": "{version}"}}}}}}"#
        )
    };
    let client = r#"{"name": "client", "dependencies": {"right": "^1"}, "overrides": {"right": "1.1.0"}}"#;
    let project = Project::of_other_tools(
        &registry,
        &[
            ("web/package.json", r#"{"name": "web", "dependencies": {"right": "^1.0.0"}}"#),
            ("web/package-lock.json", &lock("1.0.0", "^1.0.0")),
            ("client/package.json", client),
            ("client/package-lock.json", &lock("1.1.0", "^1")),
        ],
    );
    project.run("larder init").exits(0).names([
        "client: override right 1.1.0: it would apply to the whole, and web has right 1.0.0",
        "1 of 1 package",
    ]);
    for (folder, version) in [("web", "1.0.0"), ("client", "1.1.0")] {
        let listed = project.run_in(&project.path(folder), "larder why npm:right").exits(0).stdout;
        assert!(listed.contains(&format!("right@{version}")), "{listed}");
    }
    // A line that has another version than before is told, though that version was locked for another project.
    let manifest = project.read("larder.kdl");
    project.write("larder.kdl", &format!("{manifest}resolution {{ override npm \"right\" \"1.1.0\"; }}\n"));
    std::fs::remove_file(project.path("larder.lock")).expect("a file");
    let told = project.run("larder lock --prefer web/package-lock.json --prefer client/package-lock.json").exits(0);
    told.names(["~ npm:right 1.1.0 (was 1.0.0): web has it so now"]);
}

#[test]
fn a_lockfile_in_a_member_of_a_workspace_that_has_one_is_passed_over() {
    let registry = registry();
    let lock = |version: &str| format!("# yarn lockfile v1\n\n\nright@^1.0.0:\n  version \"{version}\"\n");
    let manifest = r#"{"name": "web", "dependencies": {"right": "^1.0.0"}}"#;
    let project = Project::of_other_tools(
        &registry,
        &[
            ("package.json", r#"{"name": "shop", "private": true, "workspaces": ["apps/*"]}"#),
            ("yarn.lock", &lock("1.0.0")),
            ("apps/web/package.json", manifest),
            ("apps/web/yarn.lock", &lock("1.1.0")),
        ],
    );
    let told = project.run("larder init").exits(0).stderr;
    assert_transcript!(told, @r"
    Wrote [PROJECT]/larder.kdl
    Imported package.json
    Members: apps/web
    Left out apps/web/yarn.lock: the lockfile of its workspace, above it, speaks for this member
    Kept the versions of yarn.lock
    Locked 1 package in larder.lock
    1 of 1 packages have the versions that they had
    ");
    project.run("larder sync").exits(0);
    assert_eq!(found(&project, "apps/web"), "1.0.0");
    // Where each member has a lockfile of its own, it counts.
    let own = Project::of_other_tools(
        &registry,
        &[
            ("package.json", r#"{"name": "shop", "private": true}"#),
            ("pnpm-workspace.yaml", "packages: ['apps/*']\nsharedWorkspaceLockfile: 'false' # each its own\n"),
            ("pnpm-lock.yaml", "lockfileVersion: '9.0'\nimporters:\n  .: {}\n"),
            ("apps/web/package.json", manifest),
            (
                "apps/web/pnpm-lock.yaml",
                "lockfileVersion: '9.0'\nimporters:\n  .:\n    dependencies:\n      right: {specifier: ^1.0.0, version: 1.0.0}\n\
                 packages:\n  right@1.0.0: {}\nsnapshots:\n  right@1.0.0: {}\n",
            ),
        ],
    );
    own.run("larder init").exits(0).names(["Kept the versions of", "apps/web/pnpm-lock.yaml"]);
    own.run("larder sync").exits(0);
    assert_eq!(found(&own, "apps/web"), "1.0.0");
    // To pnpm, what package.json says of workspaces is nothing.
    let _ = std::fs::remove_file(own.path("pnpm-workspace.yaml"));
    let _ = std::fs::remove_file(own.path("larder.kdl"));
    own.write("package.json", r#"{"name": "shop", "private": true, "workspaces": ["apps/*"]}"#);
    own.run("larder init").exits(0).names(["Kept the versions of", "apps/web/pnpm-lock.yaml"]);
}

#[test]
fn types_are_found_where_they_lay_and_not_those_of_another_project() {
    let registry = Universe::new()
        .npm("typescript", "5.0.0", |p| p)
        .npm("user", "1.0.0", |p| p.dep("@types/node", "*").dep("@types/old", "1"))
        .npm("@types/node", "18.0.0", |p| p)
        .npm("@types/node", "22.0.0", |p| p)
        .npm("@types/old", "1.0.0", |p| p)
        .npm("@types/router", "1.0.0", |p| p)
        .npm("site", "1.0.0", |p| p.dep("@types/node", "18").dep("@types/router", "1"))
        .serve();
    let entry = |descriptor: &str, version: &str, dependencies: &[&str]| {
        let dependencies = match dependencies {
            [] => String::new(),
            all => format!("  dependencies:\n    {}\n", all.join("\n    ")),
        };
        format!("\n{descriptor}:\n  version \"{version}\"\n{dependencies}")
    };
    let lock = |entries: &[String]| format!("# yarn lockfile v1\n\n{}", entries.concat());
    let typescript = entry("typescript@5", "5.0.0", &[]);
    let of_root = [
        entry("\"@types/node@*\"", "22.0.0", &[]),
        entry("\"@types/old@1\"", "1.0.0", &[]),
        typescript.clone(),
        entry("user@1", "1.0.0", &["\"@types/node\" \"*\"", "\"@types/old\" \"1\""]),
    ];
    let of_site = [
        entry("\"@types/node@18\"", "18.0.0", &[]),
        entry("\"@types/router@1\"", "1.0.0", &[]),
        entry("site@1", "1.0.0", &["\"@types/node\" \"18\"", "\"@types/router\" \"1\""]),
        typescript,
    ];
    let project = Project::of_other_tools(
        &registry,
        &[
            (
                "package.json",
                r#"{"name": "shop", "dependencies": {"user": "1"}, "devDependencies": {"typescript": "5"}}"#,
            ),
            ("yarn.lock", &lock(&of_root)),
            (
                "web/package.json",
                r#"{"name": "web", "dependencies": {"site": "1"}, "devDependencies": {"typescript": "5"}}"#,
            ),
            ("web/yarn.lock", &lock(&of_site)),
        ],
    );
    project.run("larder init").exits(0);
    project.run("larder sync").exits(0);
    assert!(project.read("node_modules/@types/node/package.json").contains("22.0.0"));
    assert!(project.has("node_modules/@types/old") && !project.has("node_modules/@types/router"));
    assert!(project.read("web/node_modules/@types/node/package.json").contains("18.0.0"));
    assert!(project.has("web/node_modules/@types/router") && !project.has("web/node_modules/@types/old"));
}

#[test]
fn a_project_that_another_has_from_a_registry_is_left_out() {
    let registry = registry();
    let lock = r#"{"lockfileVersion": 3, "packages": {
        "": {"name": "web", "dependencies": {"right": "^1.0.0"}},
        "node_modules/right": {"version": "1.0.0", "resolved": "https://registry.npmjs.org/right/-/right-1.0.0.tgz"}}}"#;
    let own = r#"{"lockfileVersion": 3, "packages": {"": {"name": "right", "version": "1.1.0"}}}"#;
    let project = Project::of_other_tools(
        &registry,
        &[
            ("package.json", r#"{"name": "shop", "private": true}"#),
            ("lib/package.json", r#"{"name": "right", "version": "1.1.0", "main": "dist/index.js"}"#),
            ("lib/package-lock.json", own),
            ("web/package.json", r#"{"name": "web", "dependencies": {"right": "^1.0.0"}}"#),
            ("web/package-lock.json", lock),
        ],
    );
    project.run("larder init").exits(0).names(["Left out the folder lib: web has its package right from a registry"]);
    project.run("larder sync").exits(0);
    assert_eq!(found(&project, "web"), "1.0.0");
}

#[test]
fn the_types_of_a_repositorys_only_lockfile_are_one_glob() {
    let registry = Universe::new()
        .npm("typescript", "5.0.0", |p| p)
        .npm("user", "1.0.0", |p| p.dep("@types/old", "1"))
        .npm("@types/old", "1.0.0", |p| p)
        .serve();
    let lock = r#"{"lockfileVersion": 3, "packages": {
        "": {"name": "web", "dependencies": {"user": "1"}, "devDependencies": {"typescript": "5"}},
        "node_modules/@types/old": {"version": "1.0.0"},
        "node_modules/typescript": {"version": "5.0.0", "dev": true},
        "node_modules/user": {"version": "1.0.0", "dependencies": {"@types/old": "1"}}}}"#;
    let manifest = r#"{"name": "web", "dependencies": {"user": "1"}, "devDependencies": {"typescript": "5"}}"#;
    let project = Project::of_other_tools(
        &registry,
        &[
            ("web/package.json", manifest),
            ("web/package-lock.json", lock),
            ("pyproject.toml", "[project]\nname = 'shop'\nversion = '1'\n"),
        ],
    );
    project.run("larder init").exits(0);
    let written = project.read("larder.kdl");
    assert!(written.contains("hoist npm \"@types/*\"") && !written.contains("extend"), "{written}");
    project.run("larder sync").exits(0);
    assert!(project.has("node_modules/@types/old"));
}

#[test]
fn a_member_stands_in_for_what_packages_of_registries_ask_for_where_the_lockfile_has_it_so() {
    let registry = registry();
    let lock = r#"{"lockfileVersion": 3, "packages": {"": {"workspaces": ["packages/*"], "dependencies": {"left": "^1"}},
        "packages/right": {"name": "right", "version": "1.1.0"}, "node_modules/right": {"resolved": "packages/right", "link": true},
        "node_modules/left": {"version": "1.0.0", "dependencies": {"right": "*"}}}}"#;
    let project = Project::of_other_tools(
        &registry,
        &[
            ("package.json", r#"{"workspaces": ["packages/*"], "dependencies": {"left": "^1"}}"#),
            ("package-lock.json", lock),
            ("packages/right/package.json", r#"{"name": "right", "version": "1.1.0", "main": "index.js"}"#),
            ("packages/right/index.js", "module.exports = 'ours'\n"),
        ],
    );
    project.run("larder init").exits(0).names(["1 of 1 packages have the versions that they had"]);
    let manifest = project.read("larder.kdl");
    assert!(manifest.contains("override npm \"right@1.1.0\" \"workspace:*\""), "{manifest}");
    assert!(!project.read("larder.lock").contains("npm:right@"), "the registry's own stands beside it");
    project.run("larder sync").exits(0);
    let script =
        "let m = require('module'); console.log(m.createRequire(require.resolve('left/package.json'))('right'))";
    assert_eq!(project.program("node", &["-e", script]).exits(0).stdout.trim(), "ours");
    project.run("larder lock --check").exits(0);
    project.run("larder sync --locked").exits(0);
    project.run("larder verify").exits(0);
    project.run("larder why npm:left").exits(0);
    project.run("larder list").exits(0);
    // One that is no member is an error of its line.
    project.write("larder.kdl", &manifest.replace("right@1.1.0", "wrong"));
    project.run("larder lock").exits(2).names(["no member of the project is called `wrong`", "larder.kdl:"]);
}

#[test]
fn pnpms_override_by_a_member_is_taken_over() {
    let registry = registry();
    let member = |name: &str| format!(r#"{{"name": "{name}", "version": "9.0.0"}}"#);
    let project = Project::of_other_tools(
        &registry,
        &[
            ("package.json", r#"{"dependencies": {"left": "^1"}}"#),
            (
                "pnpm-workspace.yaml",
                "packages: ['packages/**']\noverrides:\n  right: workspace:*\n  gone: workspace:*\n",
            ),
            ("packages/package.json", &member("above")),
            ("packages/right/package.json", &member("right")),
        ],
    );
    project.run("larder init").exits(0).names([
        "Members: packages, packages/right",
        "Left out override gone workspace:*: no member of the project has this name",
    ]);
    project.run("larder sync").exits(0);
    let lock = project.read("larder.lock");
    assert!(!lock.contains("npm:right@") && lock.contains("path:right@9.0.0"), "{lock}");
}

#[test]
fn members_that_lay_on_top_are_found_by_configuration_and_by_themselves() {
    let registry = registry();
    let member = |name: &str, rest: &str| format!(r#"{{"name": "@shop/{name}", "version": "0.0.0"{rest}}}"#);
    let project = Project::of_other_tools(
        &registry,
        &[
            ("package.json", r#"{"name": "shop", "private": true, "workspaces": ["packages/*"]}"#),
            (
                "package-lock.json",
                r#"{"lockfileVersion": 3, "packages": {"": {"workspaces": ["packages/*"]},
                "packages/web": {"name": "@shop/web", "version": "0.0.0"},
                "node_modules/@shop/web": {"resolved": "packages/web", "link": true}}}"#,
            ),
            ("packages/settings/package.json", &member("settings", "")),
            ("packages/settings/base.json", r#"{"compilerOptions": {"strict": true}}"#),
            ("packages/web/package.json", &member("web", "")),
            ("packages/web/tsconfig.json", r#"{"extends": "@shop/settings/base.json"}"#),
            ("packages/web/v1/name.js", "module.exports = 'web'\n"),
            ("packages/web/index.js", "console.log(require('@shop/web/v1/name'))\n"),
            // One with `exports` is found by Node itself.
            ("packages/own/package.json", &member("own", r#", "exports": "./index.js""#)),
            ("packages/own/index.js", "require('@shop/own')\n"),
        ],
    );
    project.run("larder init").exits(0).names(["@shop/settings (packages/web/tsconfig.json)"]);
    let manifest = project.read("larder.kdl");
    assert!(!manifest.contains("path \"packages/own\""), "{manifest}");
    project.run("larder sync").exits(0);
    assert!(project.has("node_modules/@shop/settings/base.json"));
    assert_eq!(project.program("node", &["packages/web/index.js"]).exits(0).stdout.trim(), "web");
}

#[test]
fn the_root_stands_in_for_its_own_name_where_overrides_and_members_say_so() {
    let registry = registry();
    let member = |name: &str, range: &str| format!(r#"{{"name": "{name}", "dependencies": {{"right": "{range}"}}}}"#);
    let project = Project::of_other_tools(
        &registry,
        &[
            (
                "package.json",
                r#"{"name": "right", "version": "9.0.0", "main": "index.js", "dependencies": {"left": "^1"},
                    "pnpm": {"overrides": {"right": "link:.", "kit": "link:packages/kit", "odd": "link:./packages/kit", "gone": "file:gone"}}}"#,
            ),
            ("pnpm-workspace.yaml", "packages: ['examples/*', 'packages/*']\n"),
            ("index.js", "module.exports = 'ours'\n"),
            ("packages/kit/package.json", r#"{"name": "kit", "version": "3.0.0"}"#),
            ("examples/a/package.json", &member("a", "latest")),
            ("examples/b/package.json", &member("b", "workspace:^")),
            ("examples/c/package.json", &member("c", "link:../..")),
            ("jest.config.js", "module.exports = {transformIgnorePatterns: ['node_modules/(?!\\\\.pnpm|left)']}\n"),
            ("pnpm-lock.yaml", "lockfileVersion: '9.0'\n"),
        ],
    );
    project.run("larder init").exits(0).names([
        "Left out override gone by gone, override odd by ./packages/kit: no package of the project in this folder has the name",
        "Left out `.pnpm` in jest.config.js: packages lie in `node_modules/.packages/`",
    ]);
    let manifest = project.read("larder.kdl");
    assert!(manifest.contains("override npm \"right\" \"workspace:*\""), "{manifest}");
    assert!(manifest.contains("override npm \"kit\" \"workspace:*\""), "{manifest}");
    project.run("larder sync").exits(0);
    assert!(!project.read("larder.lock").contains("npm:right@"), "the registry's own stands beside it");
    let says = |from: &str| {
        let script = format!("console.log(require('module').createRequire(require.resolve('{from}'))('right'))");
        project.program("node", &["-e", &script]).exits(0).stdout.trim().to_owned()
    };
    for from in
        ["left/package.json", "./examples/a/package.json", "./examples/b/package.json", "./examples/c/package.json"]
    {
        assert_eq!(says(from), "ours", "{from}");
    }
    project.run("larder lock --check").exits(0);
    project.run("larder verify").exits(0);
    project.run("larder sync --frozen").exits(0).names(["up to date"]);
    // Its package.json is an input.
    project.write("package.json", r#"{"name": "other", "version": "9.0.0"}"#);
    project.run("larder lock").exits(2).names(["no member of the project has this name"]);
}

#[test]
fn a_version_that_one_of_two_lockfiles_had_below_the_same_package_is_told() {
    let registry = Universe::new()
        .npm("is-binary", "1.0.0", |p| p.dep("extensions", "^2"))
        .npm("extensions", "2.1.0", |p| p)
        .npm("extensions", "2.2.0", |p| p)
        .npm("extensions", "2.3.0", |p| p)
        .serve();
    let lock = |version: &str| {
        format!(
            r#"{{"lockfileVersion": 3, "packages": {{"": {{"dependencies": {{"is-binary": "1.0.0"}}}},
            "node_modules/is-binary": {{"version": "1.0.0", "dependencies": {{"extensions": "^2"}}}},
            "node_modules/extensions": {{"version": "{version}"}}}}}}"#
        )
    };
    let manifest = |name: &str| format!(r#"{{"name": "{name}", "dependencies": {{"is-binary": "1.0.0"}}}}"#);
    let (a, b, c) = (manifest("a"), manifest("b"), manifest("c"));
    let (of_a, of_b, of_c) = (lock("2.2.0"), lock("2.3.0"), lock("2.1.0"));
    let files = [
        ("a/package.json", &*a),
        ("a/package-lock.json", &of_a),
        ("b/package.json", &b),
        ("b/package-lock.json", &of_b),
        ("c/package.json", &c),
        ("c/package-lock.json", &of_c),
    ];
    let project = Project::of_other_tools(&registry, &files[..4]);
    project.run("larder init").exits(0).names([
        "1 of 2 packages have the versions that they had",
        "~ npm:extensions 2.2.0 (was 2.3.0): npm:is-binary@1.0.0 has it so now",
    ]);
    let project = Project::of_other_tools(&registry, &files);
    project
        .run("larder init")
        .exits(0)
        .names(["~ npm:extensions 2.2.0 (was 2.1.0, 2.3.0): npm:is-binary@1.0.0 has it so now"]);
}

#[test]
fn what_is_declared_for_tools_whose_files_are_not_read_is_listed() {
    let project = Project::of_other_tools(&registry(), &[("environment.yml", "dependencies: [idna]\n")]);
    project.run("larder init").exits(0).names(["Left out environment.yml: packages of conda channels are not read"]);
}

#[test]
fn a_pipfile_is_taken_over_with_the_versions_of_its_lockfile() {
    let registry =
        Universe::new().pypi("six", "1.16", |p| p).pypi("six", "1.17", |p| p).pypi("idna", "3.6", |p| p).serve();
    let pipfile = "[packages]\nsix = '*'\n[dev-packages]\nidna = '==3.6'\n[requires]\npython_version = 'PYTHON'\n[scripts]\ngo = 'x'\n";
    let pipfile = pipfile.replace("PYTHON", crate::support::python_version());
    let lock = r#"{"_meta": {"pipfile-spec": 6}, "default": {"six": {"hashes": [], "version": "==1.16"}},
                   "develop": {"idna": {"version": "==3.6"}}}"#;
    let project = Project::of_other_tools(&registry, &[("Pipfile", &pipfile), ("Pipfile.lock", lock)]);
    project
        .run("larder init")
        .exits(0)
        .names(["Left out [scripts]", "2 of 2 packages have the versions that they had"]);
    let manifest = project.read("larder.kdl");
    assert!(manifest.contains("pypi \"six\"") && manifest.contains("group \"dev\" dev=#true"), "{manifest}");
    assert!(project.read("larder.lock").contains("id = \"pypi:six@1.16\""));
    project.run("larder ci").exits(0);
    let wrong = lock.replace("\"hashes\": []", &format!("\"hashes\": [\"sha256:{}\"]", "ab".repeat(32)));
    std::fs::remove_file(project.path("larder.lock")).expect("a lock");
    project.write("Pipfile.lock", &wrong).run("larder lock --prefer Pipfile.lock").exits(4).names(["pypi:six@1.16"]);
}

#[test]
fn projects_in_folders_that_are_set_aside_are_told_of_in_one_line() {
    let lock = "{\"lockfileVersion\": 3, \"packages\": {}}";
    let mut files = vec![("package.json".to_owned(), "{\"name\":\"r\",\"workspaces\":[\"packages/*\"]}".to_owned())];
    files.push(("packages/a/package.json".to_owned(), "{\"name\":\"a\"}".to_owned()));
    for folder in ["docs", "examples/b", "packages/a/examples/c", "packages/a/test/fixtures/d", "node_modules/e"] {
        files.push((format!("{folder}/package.json"), "{\"name\":\"x\"}".to_owned()));
        files.push((format!("{folder}/package-lock.json"), lock.to_owned()));
    }
    files.push(("examples/f/package.json".to_owned(), "{\"name\":\"f\"}".to_owned()));
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (&**path, &**text)).collect();
    let project = Project::of_other_tools(&registry(), &files);
    project.run("larder init --no-lock").exits(0).names([
        "Left out the projects in docs, examples/b, packages/a/examples/c and packages/a/test/fixtures/d: they have lockfiles of their own",
    ]);
    let project = Project::of_other_tools(&registry(), &files[..4]);
    project
        .run("larder init --no-lock")
        .exits(0)
        .names(["Left out the project in docs: it has a lockfile of its own, and is taken for an example"]);
}

#[test]
fn a_root_that_asks_for_itself_finds_itself() {
    let registry = registry();
    let project = Project::of_other_tools(
        &registry,
        &[
            (
                "package.json",
                r#"{"name": "me", "version": "1.0.0", "main": "index.js", "devDependencies": {"me": "file:."},
                    "workspaces": ["packages/*"]}"#,
            ),
            ("index.js", "module.exports = 'working copy'\n"),
            ("packages/a/package.json", r#"{"name": "a", "version": "1.0.0", "devDependencies": {"me": "^1.0.0"}}"#),
        ],
    );
    project.run("larder init").exits(0);
    assert!(project.read("larder.kdl").contains("path \".\""));
    project.run("larder sync").exits(0);
    for from in [".", "packages/a"] {
        let script = format!(
            "console.log(require('module').createRequire('{}/{from}/x.js')('me'))",
            project.path(".").display()
        );
        assert_eq!(project.program("node", &["-e", &script]).exits(0).stdout.trim(), "working copy", "{from}");
    }
    project.run("larder verify").exits(0);
    project.run("larder sync").exits(0).names(["up to date"]);
    project.run("larder lock --check").exits(0);
}

#[test]
fn extras_of_members_are_told_with_the_line_that_takes_one() {
    let files = [
        ("pyproject.toml", "[project]\nname = 'root'\nversion = '1'\n[tool.uv.workspace]\nmembers = ['backend']\n"),
        (
            "backend/pyproject.toml",
            "[project]\nname = 'backend'\nversion = '1'\n[project.optional-dependencies]\ntests = ['six']\n",
        ),
    ];
    let project = Project::of_other_tools(&registry(), &files);
    project
        .run("larder init --no-lock")
        .exits(0)
        .names(["Left out extras of backend (tests)", "path \"FOLDER[EXTRA]\""]);
    // What is advised works.
    let manifest = project.read("larder.kdl");
    project.write("larder.kdl", &format!("{manifest}\ngroup \"tests\" {{ path \"backend[tests]\"; }}\n"));
    project.run("larder lock").exits(0);
    assert!(project.read("larder.lock").contains("pypi:six@"));
}
