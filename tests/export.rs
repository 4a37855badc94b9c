//! A lock in the forms of other tools, which install the same versions: `larder export`.

use serde_json::{Value, json};

use crate::support::{
    Output, Project, Registry, Universe, assert_transcript, conforms, host_platform, python_version, sha256_hex,
};

/// Both halves, with what is hard to say: an alias, two versions of one package, a peer that is bound twice, an executable, an optional
/// package of another system, a marker.
fn universe() -> Universe {
    Universe::new()
        .npm("left", "1.0.0", |p| p.file("index.js", "module.exports = '1.0.0'"))
        .npm("left", "2.0.0", |p| p.file("index.js", "module.exports = '2.0.0'"))
        .npm("app", "1.0.0", |p| {
            p.dep("left", "^1").dep("plugin", "^1").file("index.js", "module.exports = require('plugin')")
        })
        .npm("plugin", "1.0.0", |p| p.peer("left", "*").file("index.js", "module.exports = 'with ' + require('left')"))
        .npm("tool", "1.0.0", |p| p.bin("run-tool", "cli.js", "#!/usr/bin/env node\nconsole.log('tool runs')\n"))
        .npm("native", "1.0.0", |p| p.optional("native-win", "1.0.0"))
        .npm("native-win", "1.0.0", |p| p.field("os", json!(["win32"])))
        .pypi("web", "1.0", |p| p.requires("core>=1").requires("winonly ; sys_platform == 'win32'"))
        .pypi("core", "1.5", |p| p.file("core/__init__.py", "name = 'core 1.5'\n"))
        .pypi("core", "1.4", |p| p)
        .pypi("winonly", "1.0", |p| p)
}

const LINES: &str = "dependencies {\n    npm \"left\" \"^2\"\n    npm \"old-left\" \"npm:left@^1\"\n    npm \"app\" \"^1\"\n    \
                     npm \"plugin\" \"*\"\n    npm \"native\" \"^1\"\n    pypi \"web\" \">=1\"\n}\n\
                     group \"test\" {\n    npm \"tool\" \"^1\"\n}\n";

/// A locked project whose registries are where its manifest says.
fn project(registry: &Registry) -> Project {
    let project = Project::alone();
    manifest(&project, registry, host_platform(), LINES);
    project.run("larder lock").exits(0);
    project
}

fn manifest(project: &Project, registry: &Registry, platforms: &str, rest: &str) {
    let text = format!(
        "project \"case\" version=\"0.1.0\"\nruntimes {{ node \"20\"; python \"{}\"; }}\nplatforms \"{platforms}\"\n\
         registries {{ npm \"npmjs\" \"{}\"; pypi \"pypi\" \"{}\"; }}\n{rest}",
        python_version(),
        registry.npm_url(),
        registry.pypi_url()
    );
    project.write("larder.kdl", &text);
}

/// Returns what a program said. `None` if it is not installed.
fn said(project: &Project, program: &str, arguments: &[&str]) -> Option<Output> {
    let said = project.program(program, arguments);
    if said.status == 127 {
        return None;
    }
    Some(said.exits(0))
}

#[test]
fn npm_installs_a_package_lock_to_the_same_versions() {
    let registry = universe().serve();
    let project = project(&registry);
    let exported = project.run("larder export package-lock -o out/package-lock.json");
    exported.exits(6); // The folder is not there.
    std::fs::create_dir(project.path("out")).expect("a folder");
    project.run("larder export package-json -o out/package.json").exits(0).names(["pypi:web", "no package of npm's"]);
    let document = project.run("larder export package-lock -o out/package-lock.json --json").exits(0).json();
    conforms(&document, "export");
    assert_eq!(document["leftOut"], json!([{ "line": "pypi:web", "reason": "it is no package of npm's" }]));
    let lock: Value = serde_json::from_str(&project.read("out/package-lock.json")).expect("JSON");
    let packages = &lock["packages"];
    assert_eq!(packages["node_modules/left"]["version"], "2.0.0");
    assert_eq!(packages["node_modules/old-left"]["name"], "left");
    assert_eq!(packages["node_modules/app/node_modules/left"]["version"], "1.0.0");
    assert_eq!(packages["node_modules/app/node_modules/plugin"]["peerDependencies"], json!({ "left": "1.0.0" }));
    assert_eq!(packages["node_modules/plugin"]["peerDependencies"], json!({ "left": "2.0.0" }));
    assert_eq!(
        (&packages["node_modules/tool"]["dev"], &packages["node_modules/left"]["dev"]),
        (&true.into(), &Value::Null)
    );
    let folder = project.path("out").display().to_string();
    let Some(_) = said(&project, "npm", &["ci", "--prefix", &folder, "--no-audit", "--registry", &registry.npm_url()])
    else {
        return;
    };
    said(&project, "npm", &["ls", "--all", "--prefix", &folder]);
    let runs = |script: &str| {
        let inside =
            format!("process.chdir('out'); const r = require('module').createRequire(process.cwd() + '/'); {script}");
        project.program("node", &["-e", &inside]).exits(0).stdout.trim().to_owned()
    };
    assert_eq!(
        runs("console.log(r('left'), r('old-left'), r('app'), r('plugin'))"),
        "2.0.0 1.0.0 with 1.0.0 with 2.0.0"
    );
    assert_eq!(project.program("out/node_modules/.bin/run-tool", &[]).exits(0).stdout.trim(), "tool runs");
}

#[test]
fn pnpm_lock_has_the_instances_of_the_lock() {
    let registry = universe().serve();
    let project = project(&registry);
    let text = project.run("larder export pnpm-lock").exits(0).stdout;
    for part in [
        "lockfileVersion: '9.0'",
        "      old-left:\n        specifier: npm:left@^1\n        version: left@1.0.0",
        "    devDependencies:\n      tool:\n        specifier: ^1\n        version: 1.0.0",
        "  app@1.0.0:\n    dependencies:\n      left: 1.0.0\n      plugin: 1.0.0(left@1.0.0)",
        "  plugin@1.0.0(left@2.0.0):\n    dependencies:\n      left: 2.0.0",
        &format!("tarball: '{}tool/-/tool-1.0.0.tgz'", registry.npm_url()),
        "    hasBin: true",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    project.run("larder export package-json -o package.json").exits(0);
    project.write("pnpm-lock.yaml", &text);
    let arguments = ["install", "--frozen-lockfile", "--registry", &registry.npm_url()];
    if said(&project, "pnpm", &arguments).is_some() {
        assert!(project.has("node_modules/.pnpm/plugin@1.0.0_left@2.0.0"));
    }
}

#[test]
fn pip_installs_requirements_and_a_pylock_to_the_same_versions() {
    let registry = universe().serve();
    let project = project(&registry);
    project.run("larder export requirements -o requirements.txt").exits(0).names(["npm:app", "no package of pypi's"]);
    let text = project.read("requirements.txt");
    assert!(text.contains(&format!("--index-url {}\n", registry.pypi_url())), "{text}");
    assert!(text.contains("core==1.5 \\\n    --hash=sha256:") && !text.contains("winonly"), "{text}");
    let pylock: toml::Table = project.run("larder export pylock").exits(0).stdout.parse().expect("TOML");
    assert_eq!(pylock["lock-version"].as_str(), Some("1.0"));
    let packages = pylock["packages"].as_array().expect("packages");
    assert_eq!(packages.iter().filter_map(|one| one["name"].as_str()).collect::<Vec<_>>(), ["core", "web"]);
    let wheel = &packages[0]["wheels"][0];
    assert!(wheel["url"].as_str().is_some_and(|url| url.starts_with(&registry.url("/pypi/"))), "{wheel}");
    assert_eq!(wheel["hashes"]["sha256"].as_str().map(str::len), Some(64));
    let install = ["-m", "pip", "install", "-q", "--target", "site", "--require-hashes", "-r", "requirements.txt"];
    let installed = project.program("python3", &install);
    if !installed.stderr.contains("No module named pip") {
        installed.exits(0);
        assert_eq!(project.read("site/core/__init__.py"), "name = 'core 1.5'\n");
    }
}

#[test]
fn what_a_platform_needs_alone_has_a_marker() {
    let registry = universe().serve();
    let project = Project::alone();
    manifest(&project, &registry, "linux-x64\" \"windows-x64", LINES);
    project.run("larder lock").exits(0);
    let text = project.run("larder export requirements").exits(0).stdout;
    assert!(text.contains("winonly==1.0 ; sys_platform == 'win32' \\\n"), "{text}");
    let text = project.run("larder export requirements --platform linux-x64").exits(0).stdout;
    assert!(!text.contains("winonly"), "{text}");
    let lock = project.run("larder export package-lock").exits(0).stdout;
    assert_transcript!(lock, @r#"
    {
      "name": "case",
      "version": "0.1.0",
      "lockfileVersion": 3,
      "requires": true,
      "packages": {
        "": {
          "dependencies": {
            "app": "^1",
            "left": "^2",
            "native": "^1",
            "old-left": "npm:left@^1",
            "plugin": "*"
          },
          "devDependencies": {
            "tool": "^1"
          },
          "name": "case",
          "version": "0.1.0"
        },
        "node_modules/app": {
          "dependencies": {
            "left": "1.0.0",
            "plugin": "1.0.0"
          },
          "integrity": "sha512-[DIGEST]",
          "resolved": "[REGISTRY]/npm/app/-/app-1.0.0.tgz",
          "version": "1.0.0"
        },
        "node_modules/app/node_modules/left": {
          "integrity": "sha512-[DIGEST]",
          "resolved": "[REGISTRY]/npm/left/-/left-1.0.0.tgz",
          "version": "1.0.0"
        },
        "node_modules/app/node_modules/plugin": {
          "integrity": "sha512-[DIGEST]",
          "peerDependencies": {
            "left": "1.0.0"
          },
          "resolved": "[REGISTRY]/npm/plugin/-/plugin-1.0.0.tgz",
          "version": "1.0.0"
        },
        "node_modules/left": {
          "integrity": "sha512-[DIGEST]",
          "resolved": "[REGISTRY]/npm/left/-/left-2.0.0.tgz",
          "version": "2.0.0"
        },
        "node_modules/native": {
          "integrity": "sha512-[DIGEST]",
          "optionalDependencies": {
            "native-win": "1.0.0"
          },
          "resolved": "[REGISTRY]/npm/native/-/native-1.0.0.tgz",
          "version": "1.0.0"
        },
        "node_modules/native-win": {
          "integrity": "sha512-[DIGEST]",
          "optional": true,
          "os": [
            "win32"
          ],
          "resolved": "[REGISTRY]/npm/native-win/-/native-win-1.0.0.tgz",
          "version": "1.0.0"
        },
        "node_modules/old-left": {
          "integrity": "sha512-[DIGEST]",
          "name": "left",
          "resolved": "[REGISTRY]/npm/left/-/left-1.0.0.tgz",
          "version": "1.0.0"
        },
        "node_modules/plugin": {
          "integrity": "sha512-[DIGEST]",
          "peerDependencies": {
            "left": "2.0.0"
          },
          "resolved": "[REGISTRY]/npm/plugin/-/plugin-1.0.0.tgz",
          "version": "1.0.0"
        },
        "node_modules/tool": {
          "bin": {
            "run-tool": "cli.js"
          },
          "dev": true,
          "integrity": "sha512-[DIGEST]",
          "resolved": "[REGISTRY]/npm/tool/-/tool-1.0.0.tgz",
          "version": "1.0.0"
        }
      }
    }
    "#);
    let lock = project.run("larder export package-lock --platform linux-x64").exits(0).stdout;
    assert!(!lock.contains("node_modules/native-win"), "{lock}");
    project.run("larder export pylock --platform macos-x64").exits(2).names(["linux-x64, windows-x64"]);
}

#[test]
fn what_cannot_be_said_is_refused_with_the_reason() {
    let registry = universe().serve();
    let project = project(&registry);
    let declares = |left: &str, more: &str| {
        let rest = r#""old-left": "npm:left@^1", "native": "^1", "plugin": "*""#;
        let text = format!(
            r#"{{ "dependencies": {{ "left": "{left}", {rest}{more} }}, "devDependencies": {{ "tool": "^1" }} }}"#
        );
        project.write("package.json", &text);
    };
    declares("^1", r#", "app": "^1""#);
    let error = project.run("larder export package-lock --json").exits(1).error();
    assert_eq!(error["code"], "larder::export::package_json");
    project
        .run("larder export package-lock")
        .exits(1)
        .names(["package.json declares `left` as ^1, and 2.0.0 is locked"]);
    declares("^2", "");
    project.run("larder export pnpm-lock").exits(1).names(["does not declare `app`", "let larder write it"]);
    project.run("larder export package-json -o package.json").exits(0);
    project.run("larder export package-lock --env production").exits(1).names(["declares `tool`", "production"]);
    project.write("package.json", "{");
    project.run("larder export pnpm-lock").exits(1).names(["package.json cannot be read"]);
    manifest(&project, &registry, host_platform(), "dependencies { npm \"left\" \"^2\"; }\n");
    project.run("larder export requirements").exits(1).names(["is not up to date"]);
    project.run("larder lock").exits(0);
    project.run("larder export requirements").exits(1).names(["no package of pypi's"]);
    assert!(!project.has("requirements.txt"));
}

#[test]
fn members_and_local_folders_are_linked() {
    let registry = universe().serve();
    let project = Project::alone();
    let rest = "members \"apps/*\"\ndependencies {\n    npm \"left\" \"^2\"\n    path \"theme\"\n}\n";
    project.write(
        "apps/web/package.json",
        r#"{ "name": "web", "version": "1.0.0", "dependencies": { "left": "^1", "theme": "file:../../theme" } }"#,
    );
    project.write("theme/package.json", r#"{ "name": "theme", "version": "3.0.0", "dependencies": { "tool": "^1" } }"#);
    manifest(&project, &registry, host_platform(), rest);
    project.run("larder lock").exits(0);
    project.run("larder export package-json -o package.json").exits(0);
    project.run("larder export package-lock -o package-lock.json").exits(0);
    let lock: Value = serde_json::from_str(&project.read("package-lock.json")).expect("JSON");
    let packages = &lock["packages"];
    assert_eq!(packages[""]["workspaces"], json!(["apps/web"]));
    assert_eq!(packages["node_modules/web"], json!({ "resolved": "apps/web", "link": true }));
    assert_eq!(packages["node_modules/theme"], json!({ "resolved": "theme", "link": true }));
    assert_eq!(packages["apps/web/node_modules/left"]["version"], "1.0.0");
    assert_eq!(packages["node_modules/tool"]["version"], "1.0.0");
    if said(&project, "npm", &["ci", "--no-audit", "--registry", &registry.npm_url()]).is_some() {
        said(&project, "npm", &["ls", "--all"]);
    }
    let text = project.run("larder export pnpm-lock").exits(0).stdout;
    assert_transcript!(text, @r"
    lockfileVersion: '9.0'

    settings:
      autoInstallPeers: true
      excludeLinksFromLockfile: false

    importers:

      .:
        dependencies:
          left:
            specifier: ^2
            version: 2.0.0
          theme:
            specifier: file:theme
            version: file:theme

      apps/web:
        dependencies:
          left:
            specifier: ^1
            version: 1.0.0
          theme:
            specifier: file:../../theme
            version: file:theme

    packages:

      left@1.0.0:
        resolution: {integrity: sha512-[DIGEST], tarball: '[REGISTRY]/npm/left/-/left-1.0.0.tgz'}

      left@2.0.0:
        resolution: {integrity: sha512-[DIGEST], tarball: '[REGISTRY]/npm/left/-/left-2.0.0.tgz'}

      theme@file:theme:
        resolution: {directory: theme, type: directory}
        version: 3.0.0

      tool@1.0.0:
        resolution: {integrity: sha512-[DIGEST], tarball: '[REGISTRY]/npm/tool/-/tool-1.0.0.tgz'}
        hasBin: true

    snapshots:

      left@1.0.0: {}

      left@2.0.0: {}

      theme@file:theme:
        dependencies:
          tool: 1.0.0

      tool@1.0.0: {}
    ");
}

#[test]
fn pnpm_finds_its_own_overrides_in_the_lock() {
    let registry = universe().serve();
    let package_json =
        r#"{ "name": "r", "version": "1.0.0", "dependencies": { "left": "^1", "app": "^1", "theme": "^1" } }"#;
    let workspace = "packages: ['packages/*']\noverrides:\n  left@1: 2.0.0\n  theme: workspace:*\n  gone>left: '1'\n";
    let project = Project::of_other_tools(
        &registry,
        &[
            ("package.json", package_json),
            ("pnpm-workspace.yaml", workspace),
            (
                "packages/theme/package.json",
                r#"{ "name": "theme", "version": "3.0.0", "dependencies": { "left": "^1" } }"#,
            ),
        ],
    );
    project.run("larder init").exits(0);
    project.run("larder lock").exits(0);
    project.run("larder export pnpm-lock -o pnpm-lock.yaml").exits(0);
    let text = project.read("pnpm-lock.yaml");
    for part in [
        "\noverrides:\n  gone>left: '1'\n  left@1: 2.0.0\n  theme: 'workspace:*'\n\nimporters:\n",
        "      left:\n        specifier: 2.0.0\n        version: 2.0.0\n",
        "      theme:\n        specifier: 'workspace:*'\n        version: link:packages/theme\n",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    said(&project, "pnpm", &["install", "--frozen-lockfile", "--registry", &registry.npm_url()]);
}

#[test]
fn pnpm_finds_its_own_patches_in_the_lock() {
    let registry = Universe::new()
        .npm("left", "1.0.0", |p| p.file("index.js", "module.exports = 'left';\n"))
        .npm("app", "1.0.0", |p| p.dep("left", "^1").file("index.js", "module.exports = require('left');\n"))
        .serve();
    let patch = "diff --git a/index.js b/index.js\n--- a/index.js\n+++ b/index.js\n@@ -1 +1 @@\n-module.exports = 'left';\n+module.exports = 'patched';\n";
    let hash = sha256_hex(patch.as_bytes());
    let workspace = "patchedDependencies:\n  left@1.0.0: patches/left.patch\n";
    let with_path = format!(
        "\npatchedDependencies:\n  left@1.0.0:\n    hash: {hash}\n    path: patches/left.patch\n\nimporters:\n"
    );
    let without = format!("\npatchedDependencies:\n  left@1.0.0: {hash}\n\nimporters:\n");
    for (manager, expected) in [("pnpm@10.1.0", with_path), ("pnpm@11.0.0", without)] {
        let package_json = format!(
            r#"{{ "name": "r", "version": "1.0.0", "packageManager": "{manager}", "dependencies": {{ "app": "^1" }} }}"#
        );
        let files =
            [("package.json", &*package_json), ("pnpm-workspace.yaml", workspace), ("patches/left.patch", patch)];
        let project = Project::of_other_tools(&registry, &files);
        project.run("larder init").exits(0);
        project.run("larder lock").exits(0);
        let exported = project.run("larder export pnpm-lock -o pnpm-lock.yaml").exits(0);
        assert!(!exported.stderr.contains("without the patch"), "{}", exported.stderr);
        let text = project.read("pnpm-lock.yaml");
        assert!(text.contains(&expected), "{text}");
        assert!(text.contains(&format!("      left: 1.0.0(patch_hash={hash})\n")), "{text}");
        assert!(text.contains(&format!("\n  left@1.0.0(patch_hash={hash}): {{}}\n")), "{text}");
        assert!(text.contains("\n  left@1.0.0:\n    resolution:"), "{text}");
    }
}

#[test]
fn what_npm_would_miss_in_a_lockfile_is_refused() {
    let registry = universe().serve();
    let project = project(&registry);
    let dependencies = r#""left": "^2", "old-left": "npm:left@^1", "app": "^1", "plugin": "*", "native": "^1""#;
    for (more, named) in [
        (r#""optionalDependencies": {"native-win": "1.0.0"}"#, "`native-win` in `optionalDependencies`"),
        (r#""peerDependencies": {"react": "*"}"#, "`react` in `peerDependencies`"),
    ] {
        project.write(
            "package.json",
            &format!(
                r#"{{"name": "case", "dependencies": {{{dependencies}}}, "devDependencies": {{"tool": "^1"}}, {more}}}"#
            ),
        );
        for form in ["package-lock", "pnpm-lock"] {
            project.run(&format!("larder export {form}")).exits(1).names([named]);
        }
    }
    let optional = r#""peerDependencies": {"react": "*"}, "peerDependenciesMeta": {"react": {"optional": true}}"#;
    project.write(
        "package.json",
        &format!(
            r#"{{"name": "case", "dependencies": {{{dependencies}}}, "devDependencies": {{"tool": "^1"}}, {optional}}}"#
        ),
    );
    project.run("larder export package-lock").exits(0);
}
