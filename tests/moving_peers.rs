//! Moving in with peers: those that other tools installed, or left out.

use crate::support::{Project, Registry, Universe, assert_transcript};

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

#[test]
fn peers_that_a_lockfile_shows_as_installed_are_installed() {
    let registry = registry();
    let project = Project::of_other_tools(
        &registry,
        &[
            ("package.json", r#"{"name": "shop", "peerDependencies": {"left": "^1", "absent": "*"}}"#),
            ("pnpm-workspace.yaml", "packages: [web]\n"),
            (
                "web/package.json",
                r#"{"name": "web", "version": "1.0.0", "peerDependencies": {"right": "^1", "absent": "*"},
                    "peerDependenciesMeta": {"right": {"optional": true}, "absent": {"optional": true}}}"#,
            ),
            ("pnpm-lock.yaml", LEFT_AND_RIGHT),
        ],
    );
    let told = project.run("larder init").exits(0).stderr;
    assert_transcript!(told, @r"
    Wrote [PROJECT]/larder.kdl
    Imported package.json, pnpm-workspace.yaml
    Members: web
    Left out peerDependencies absent: a project is nobody's peer: add what it needs itself
    Kept the versions of pnpm-lock.yaml
    Locked 2 packages in larder.lock
    2 of 2 packages have the versions that they had
    ");
    let manifest = project.read("larder.kdl");
    assert!(manifest.contains("    npm \"left\" \"^1\"\n"), "{manifest}");
    assert!(manifest.contains("    extend npm \"web\" { npm \"right\" \"^1\"; }\n"), "{manifest}");
    assert_eq!(project.locked_packages(), "left 1.0.0, right 1.0.0");
    project.run("larder lock --check").exits(0);
    project.run("larder sync").exits(0);
    assert!(project.has("web/node_modules/right/package.json") && project.has("node_modules/left/package.json"));
    // Without the line it is an optional peer again, which makes nothing reachable.
    let without = manifest.replace("    extend npm \"web\" { npm \"right\" \"^1\"; }\n", "");
    project.write("larder.kdl", &without).run("larder lock --check").exits(1);
    project.run("larder lock").exits(0);
    assert_eq!(project.locked_packages(), "left 1.0.0");
}

#[test]
fn several_peers_of_a_member_are_one_block() {
    let registry = registry();
    let peers = r#"{"name": "@shop/web", "version": "1.0.0", "peerDependencies": {"left": "catalog:", "right": "^1"},
        "peerDependenciesMeta": {"right": {"optional": true}, "left": {"optional": true}}}"#;
    let lock = LEFT_AND_RIGHT.replace(
        "  web:\n    dependencies:\n",
        "  web:\n    dependencies:\n      left: {specifier: 'catalog:', version: 1.0.0}\n",
    );
    let project = Project::of_other_tools(
        &registry,
        &[
            ("package.json", r#"{"name": "shop"}"#),
            ("pnpm-workspace.yaml", "packages: [web]\ncatalog:\n  left: ~1.0.0\n"),
            ("web/package.json", peers),
            ("pnpm-lock.yaml", &lock),
        ],
    );
    project.run("larder init").exits(0);
    let manifest = project.read("larder.kdl");
    let block =
        "    extend npm \"@shop/web\" {\n        npm \"left\" \"~1.0.0\"\n        npm \"right\" \"^1\"\n    }\n";
    assert!(manifest.contains(block), "{manifest}");
    assert_eq!(project.locked_packages(), "left 1.0.0, right 1.0.0");
}

#[test]
fn peers_that_nobody_provides_are_left_out_where_yarn_left_them_out() {
    let registry = Universe::new()
        .npm("core", "1.0.0", |p| p.file("index.js", "module.exports = 1;\n"))
        .npm("core", "2.0.0", |p| p.file("index.js", "module.exports = 2;\n"))
        .npm("frame", "1.0.0", |p| p.dep("core", "^1"))
        .npm("plug", "1.0.0", |p| {
            p.peer("core", "^2").peer("absent", "^1").file("index.js", "module.exports = require('core');\n")
        })
        .npm("tool", "1.0.0", |p| p.dep("plug", "^1"))
        .npm("absent", "1.0.0", |p| p.dep("deep", "^1"))
        .npm("deep", "1.0.0", |p| p)
        .serve();
    let package = ("package.json", r#"{"name": "shop", "dependencies": {"frame": "^1", "tool": "^1"}}"#);
    let entry = |name: &str, of: &str| format!("{name}@^1:\n  version \"1.0.0\"\n{of}\n");
    let yarn = format!(
        "# yarn lockfile v1\n\n{}{}{}{}",
        entry("core", ""),
        entry("frame", "  dependencies:\n    core \"^1\"\n"),
        entry("plug", ""),
        entry("tool", "  dependencies:\n    plug \"^1\"\n"),
    );
    let project = Project::of_other_tools(&registry, &[package, ("yarn.lock", &yarn)]);
    let told = project.run("larder init").exits(0).stderr;
    assert_transcript!(told, @r"
    Wrote [PROJECT]/larder.kdl
    Imported package.json
    Kept the versions of yarn.lock
    warning: npm:plug@1.0.0: wants peer core ^2, and gets core 1.0.0
    Locked 4 packages in larder.lock
    4 of 4 packages have the versions that they had
    ");
    assert!(project.read("larder.kdl").contains("resolution {\n    npm-peers \"provided\"\n}"));
    assert!(project.read("larder.lock").contains("npm-peers = \"provided\""));
    let list = "core 1.0.0, frame 1.0.0, plug 1.0.0, tool 1.0.0";
    assert_eq!(project.locked_packages(), list);
    project.run("larder lock --check").exits(0);
    project.run("larder sync").exits(0);
    let script = "require(require.resolve(`plug`, { paths: [require.resolve(`tool/package.json`)] }))";
    assert_eq!(project.run(&format!("larder run -- node -p '{script}'")).exits(0).stdout.trim(), "1");
    project.run("larder update").exits(0);
    assert_eq!(project.locked_packages(), list);
    project.run("larder verify").exits(0);
    // Where missing peers are installed, it is another lock.
    let manifest = project.read("larder.kdl").replace("provided", "relaxed");
    project.write("larder.kdl", &manifest).run("larder lock --check").exits(1).names(["npm-peers"]);
    project.run("larder lock").exits(0);
    assert_eq!(
        project.locked_packages(),
        "absent 1.0.0, core 1.0.0, core 2.0.0, deep 1.0.0, frame 1.0.0, plug 1.0.0, tool 1.0.0"
    );
    for settings in [(".npmrc", "legacy-peer-deps=true\n"), ("pnpm-workspace.yaml", "autoInstallPeers: false\n")] {
        let project = Project::of_other_tools(&registry, &[package, settings]);
        project.run("larder init").exits(0);
        project.run("larder lock").exits(0);
        assert_eq!(project.locked_packages(), list, "{settings:?}");
    }
}

#[test]
fn an_optional_peer_that_a_lockfile_alone_remembers_is_installed() {
    let registry = Universe::new()
        .npm("builder", "1.0.0", |p| {
            let optional = serde_json::json!({"loader": {"optional": true}, "left": {"optional": true}});
            p.peer("loader", "*").peer("left", "*").field("peerDependenciesMeta", optional)
        })
        .npm("loader", "1.0.0", |p| p)
        .npm("loader", "2.0.0", |p| p)
        .npm("left", "1.0.0", |p| p)
        .serve();
    let lock = "lockfileVersion: '9.0'
importers:
  .:
    dependencies:
      builder: {specifier: ^1, version: 1.0.0(left@1.0.0)(loader@1.0.0)}
      left: {specifier: ^1, version: 1.0.0}
packages:
  builder@1.0.0:
    peerDependencies: {left: '*', loader: '*'}
    peerDependenciesMeta: {left: {optional: true}, loader: {optional: true}}
  left@1.0.0: {}
  loader@1.0.0: {}
snapshots:
  builder@1.0.0(left@1.0.0)(loader@1.0.0):
    optionalDependencies: {left: 1.0.0, loader: 1.0.0}
  left@1.0.0: {}
  loader@1.0.0: {}
";
    let manifest = r#"{"name": "shop", "dependencies": {"builder": "^1", "left": "^1"}}"#;
    let project = Project::of_other_tools(&registry, &[("package.json", manifest), ("pnpm-lock.yaml", lock)]);
    project.run("larder init").exits(0).names(["3 of 3 packages have the versions that they had"]);
    assert!(project.read("larder.kdl").contains("    extend npm \"builder\" { npm \"loader\" \"1.0.0\"; }\n"));
    assert_eq!(project.locked_packages(), "builder 1.0.0, left 1.0.0, loader 1.0.0");
}

#[test]
fn an_optional_peer_that_another_lockfile_asks_for_or_has_otherwise_is_extended_for_nobody() {
    let optional = |p: crate::support::NpmPackage| {
        p.peer("loader", "*").field("peerDependenciesMeta", serde_json::json!({"loader": {"optional": true}}))
    };
    let registry = Universe::new()
        .npm("builder", "1.0.0", optional)
        .npm("builder", "2.0.0", optional)
        .npm("loader", "1.0.0", |p| p)
        .npm("loader", "2.0.0", |p| p)
        .serve();
    let lock = |builder: &str, loader: &str, lines: &str| {
        format!(
            "lockfileVersion: '9.0'\nimporters:\n  .:\n    dependencies:\n      builder: {{specifier: '*', version: {builder}(loader@{loader})}}\n\
             {lines}packages:\n  builder@{builder}:\n    peerDependencies: {{loader: '*'}}\n    peerDependenciesMeta: {{loader: {{optional: true}}}}\n  \
             loader@{loader}: {{}}\nsnapshots:\n  builder@{builder}(loader@{loader}):\n    optionalDependencies: {{loader: {loader}}}\n  \
             loader@{loader}: {{}}\n"
        )
    };
    let manifest =
        |name: &str, more: &str| format!(r#"{{"name": "{name}", "dependencies": {{"builder": "*"{more}}}}}"#);
    // The other one asks for it.
    let line = "      loader: {specifier: '*', version: 2.0.0}\n";
    let asked = Project::of_other_tools(
        &registry,
        &[
            ("package.json", &manifest("shop", "")),
            ("pnpm-lock.yaml", &lock("1.0.0", "1.0.0", "")),
            ("web/package.json", &manifest("web", ", \"loader\": \"*\"")),
            ("web/pnpm-lock.yaml", &lock("1.0.0", "2.0.0", line)),
        ],
    );
    asked.run("larder init").exits(0);
    assert!(!asked.read("larder.kdl").contains("extend npm"), "{}", asked.read("larder.kdl"));
    // Each has another version.
    let both = Project::of_other_tools(
        &registry,
        &[
            ("package.json", &manifest("shop", "")),
            ("pnpm-lock.yaml", &lock("1.0.0", "1.0.0", "")),
            ("web/package.json", &manifest("web", "")),
            ("web/pnpm-lock.yaml", &lock("2.0.0", "2.0.0", "")),
        ],
    );
    let told = "Left out the peer loader of builder: it was there as 1.0.0 and 2.0.0, and nothing asks for it";
    both.run("larder init").exits(0).names([told]);
    assert!(!both.read("larder.kdl").contains("extend npm"), "{}", both.read("larder.kdl"));
}

#[test]
fn a_member_is_developed_with_another_version_than_it_admits_as_a_peer() {
    let registry = registry();
    let project = Project::of_other_tools(
        &registry,
        &[
            ("package.json", r#"{"name": "shop", "private": true}"#),
            ("pnpm-workspace.yaml", "packages: [web]\n"),
            (
                "web/package.json",
                r#"{"name": "web", "peerDependencies": {"right": "^1"}, "devDependencies": {"right": "^2"}}"#,
            ),
        ],
    );
    project.run("larder init").exits(0);
    project.run("larder sync").exits(0);
    let lock = project.read("larder.lock");
    assert!(lock.contains("npm:right@2.0.0") && !lock.contains("npm:right@1"), "{lock}");
    // A folder that is no member says what it admits, whatever it is developed with.
    let project = Project::new(&registry);
    project.dependencies(&["npm \"right\" \"^1\"", "path \"web\""]);
    project.write(
        "web/package.json",
        r#"{"name": "web", "peerDependencies": {"right": ">=1"}, "devDependencies": {"right": "^2"}}"#,
    );
    let said = project.run("larder lock").exits(0);
    assert!(!said.stderr.contains("wants peer"), "{}", said.stderr);
}

/// An `extend` line is for every version of a package, takes the place of a peer, is required, and is of what a registry has.
#[test]
fn what_only_some_versions_were_given_or_what_is_optional_gets_no_line() {
    let registry = Universe::new()
        .npm("loader", "1.0.0", |p| p)
        .npm("loader", "4.0.0", |p| p.peer("bundler", "^5"))
        .npm("bundler", "1.0.0", |p| p)
        .npm("bundler", "5.0.0", |p| p)
        .npm("debug", "1.0.0", |p| p)
        .npm("native", "1.0.0", |p| p)
        .npm("own", "1.0.0", |p| p)
        .serve();
    let lock = "lockfileVersion: '9.0'
importers:
  .:
    dependencies:
      bundler: {specifier: 5.0.0, version: 5.0.0}
      debug: {specifier: 1.0.0, version: 1.0.0}
      loader: {specifier: 4.0.0, version: 4.0.0(bundler@5.0.0)}
      old: {specifier: 'npm:loader@1.0.0', version: loader@1.0.0}
packages:
  bundler@1.0.0: {}
  bundler@5.0.0: {}
  debug@1.0.0: {}
  loader@1.0.0: {}
  loader@4.0.0:
    peerDependencies: {bundler: ^5}
  native@1.0.0: {}
  own@file:own.tgz: {version: 1.0.0}
snapshots:
  bundler@1.0.0: {}
  bundler@5.0.0:
    dependencies: {own: file:own.tgz}
  debug@1.0.0:
    optionalDependencies: {native: 1.0.0}
  loader@1.0.0:
    dependencies: {bundler: 1.0.0}
  loader@4.0.0(bundler@5.0.0):
    dependencies: {bundler: 5.0.0}
  native@1.0.0:
    optional: true
  own@file:own.tgz: {}
";
    let package = r#"{"name": "shop", "dependencies": {"bundler": "5.0.0", "debug": "1.0.0", "loader": "4.0.0", "old": "npm:loader@1.0.0"}}"#;
    let project = Project::of_other_tools(&registry, &[("package.json", package), ("pnpm-lock.yaml", lock)]);
    let told = "beyond what they declare, by the lockfile: npm:bundler@5.0.0 (own), npm:debug@1.0.0 (native), npm:loader@1.0.0 (bundler).";
    project.run("larder init").exits(0).names([told]);
    assert!(!project.read("larder.kdl").contains("extend"));
    assert_eq!(project.locked_packages(), "bundler 5.0.0, debug 1.0.0, loader 1.0.0, loader 4.0.0");
}

#[test]
fn an_override_by_a_link_to_nothing_takes_a_package_out_where_its_tool_does() {
    let registry = Universe::new().npm("left", "1.0.0", |p| p.dep("right", "^1")).npm("right", "1.0.0", |p| p).serve();
    let root = |field: &str| format!(r#"{{"name": "r", "dependencies": {{"left": "^1"}}, {field}}}"#);
    let cases = [
        (root(r#""resolutions": {"right": "link:./nope"}"#), "yarn.lock", "# yarn lockfile v1\n", true),
        (root(r#""overrides": {"right": "file:nope"}"#), "package-lock.json", r#"{"lockfileVersion": 3}"#, true),
        (root(r#""pnpm": {"overrides": {"right": "link:nope"}}"#), "pnpm-lock.yaml", "lockfileVersion: '9.0'\n", true),
        // What lies elsewhere on the machine may be there for others.
        (root(r#""resolutions": {"right": "link:../nope"}"#), "yarn.lock", "# yarn lockfile v1\n", false),
        (root(r#""resolutions": {"right": "link:/nope/right"}"#), "yarn.lock", "# yarn lockfile v1\n", false),
        // Yarn and pnpm fail here: the folder would be copied.
        (root(r#""resolutions": {"right": "file:./nope"}"#), "yarn.lock", "# yarn lockfile v1\n", false),
    ];
    for (manifest, lock, text, is_out) in cases {
        let project = Project::of_other_tools(&registry, &[("package.json", &*manifest), (lock, text)]);
        let told = project.run("larder init").exits(0);
        assert_eq!(project.read("larder.kdl").contains("override npm \"right\"\n"), is_out, "{manifest}");
        assert_eq!(told.stderr.contains("Left out override right by"), !is_out, "{manifest}");
        project.run("larder lock").exits(0);
        assert_eq!(project.read("larder.lock").contains("id = \"npm:right@"), !is_out, "{manifest}");
    }
}

#[test]
fn a_member_with_a_name_that_npm_does_not_allow_is_called_by_its_folder() {
    let registry = registry();
    let project = Project::of_other_tools(
        &registry,
        &[
            ("package.json", r#"{"name": "shop", "private": true}"#),
            ("pnpm-workspace.yaml", "packages: [web, api]\n"),
            ("web/package.json", r#"{"name": "My App", "dependencies": {"right": "^2"}}"#),
            ("api/package.json", r#"{"name": "api", "dependencies": {"left": "^1"}}"#),
        ],
    );
    project.run("larder init").exits(0);
    project
        .run("larder sync")
        .exits(0)
        .names(["web/package.json has a name by which nothing can ask for it, and is called `web` here: `My App`"]);
    assert!(project.has("web/node_modules/right") && project.has("api/node_modules/left"));
    project.run("larder lock --check").exits(0);
}
