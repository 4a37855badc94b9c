//! npm's ways: members, forgotten dependencies, scripts, deprecations, engines, optional packages, executables.

use serde_json::json;

use crate::support::{NpmPackage, Project, Universe, assert_transcript, conforms, host_platform};

const MEMBERS: &str = "members \"apps/*\" \"packages/*\"\n";

#[test]
fn a_members_dev_dependencies_are_part_of_development_only() {
    let universe = Universe::new()
        .npm("left", "1.0.0", |p| p)
        .npm("tool", "1.0.0", |p| p.bin("tool", "cli.js", "#!/bin/sh\necho tool of web\n"));
    let registry = universe.serve();
    let project = Project::new(&registry);
    project.manifest(MEMBERS).write(
        "apps/web/package.json",
        r#"{"name":"web","dependencies":{"left":"^1"},"devDependencies":{"tool":"^1"}}"#,
    );
    project.run("larder sync").exits(0);
    assert!(project.has("apps/web/node_modules/left") && project.has("apps/web/node_modules/tool"));
    let said = project.run("larder -C apps/web run -- tool").exits(0);
    assert_transcript!(said.stdout, @"tool of web");
    project.run("larder sync --env production").exits(0);
    assert!(project.has("apps/web/node_modules/left") && !project.has("apps/web/node_modules/tool"));
}

#[test]
fn environments_may_include_the_groups_of_members() {
    let universe = Universe::new().npm("left", "1.0.0", |p| p).npm("tool", "1.0.0", |p| p);
    let registry = universe.serve();
    let project = Project::new(&registry);
    project
        .manifest(&format!("{MEMBERS}environment \"e\" {{ include \"dev\" \"web\"; }}\n"))
        .write("apps/a/package.json", r#"{"name":"a","devDependencies":{"tool":"^1"}}"#)
        .write("apps/b/larder.kdl", "group \"web\" { npm \"left\" \"^1\"; }\n");
    project.run("larder sync").exits(0);
    assert!(project.has("apps/a/node_modules/tool") && project.has("apps/b/node_modules/left"));
    project.manifest(&format!("{MEMBERS}environment \"e\" {{ include \"dve\"; }}\n"));
    let said = project.run("larder check").exits(2);
    assert_transcript!(said.stderr, @r#"
    larder::manifest::undeclared

      × there is no group `dve`
        ╭─[larder.kdl:15:27]
     14 │ members "apps/*" "packages/*"
     15 │ environment "e" { include "dve"; }
        ·                           ──┬──
        ·                             ╰── not declared
        ╰────
      help: did you mean `dev`?
    "#);
}

#[test]
fn members_depend_on_each_other_and_share_what_they_use() {
    let registry = Universe::new().npm("left", "1.0.0", |p| p).npm("left", "1.2.0", |p| p).serve();
    let project = Project::new(&registry);
    project
        .manifest(MEMBERS)
        .write("apps/web/package.json", r#"{"name":"web","dependencies":{"ui":"workspace:^","left":"^1"}}"#)
        .write(
            "packages/ui/package.json",
            r#"{"name":"ui","version":"1.0.0","dependencies":{"left":"~1.2","kit":"workspace:*"}}"#,
        )
        .write("packages/kit/package.json", r#"{"name":"kit","version":"1.0.0","dependencies":{"ui":"workspace:*"}}"#);
    project.run("larder sync").exits(0);
    let real = |path: &str| project.path(path).canonicalize().expect("a package");
    assert_eq!(real("apps/web/node_modules/left"), real("packages/ui/node_modules/left"));
    assert_eq!(real("apps/web/node_modules/ui"), real("packages/ui"));
    assert_eq!(real("packages/kit/node_modules/ui"), real("packages/ui"));
    project.run("larder check").exits(0);
}

#[test]
fn links_of_members_that_are_gone_come_back() {
    let registry = Universe::new().npm("left", "1.0.0", |p| p).serve();
    let project = Project::new(&registry);
    project.manifest(MEMBERS).write("apps/web/package.json", r#"{"name":"web","dependencies":{"left":"^1"}}"#);
    project.run("larder sync").exits(0);
    let link = project.path("apps/web/node_modules");
    let target = std::fs::read_link(&link).expect("a link");
    std::fs::remove_file(&link).expect("removed");
    project.run("larder sync").exits(0);
    assert_eq!(std::fs::read_link(&link).expect("a link"), target);
    project.run("larder sync").exits(0).names(["is up to date"]);
    std::fs::remove_file(&link).and_then(|()| std::fs::create_dir(&link)).expect("a folder");
    project.run("larder sync").exits(1).names(["apps/web/node_modules"]);
}

#[test]
fn a_workspace_range_is_held_against_the_members_version() {
    let registry = Universe::new().serve();
    let project = Project::new(&registry);
    project.manifest(MEMBERS).write("packages/ui/package.json", r#"{"name":"@a/ui","version":"1.2.0"}"#);
    let web = |range: &str| {
        let text = format!(r#"{{"name":"web","dependencies":{{"@a/ui":"workspace:{range}"}}}}"#);
        project.write("apps/web/package.json", &text);
        project.run("larder lock")
    };
    for range in ["^1.0.0", "1.2.0", "~", "^", "*", "@a/ui@^1.1"] {
        web(range).exits(0);
    }
    for range in ["^2.0.0", "@a/ui@<1.2"] {
        web(range).exits(2).names(["@a/ui", "packages/ui", "1.2.0", range]);
    }
}

#[test]
fn tools_that_stop_at_a_members_folder_get_their_exact_setting() {
    let registry = Universe::new().npm("next", "16.0.0", |p| p).npm("vite", "8.0.0", |p| p).serve();
    let project = Project::new(&registry);
    project
        .manifest(MEMBERS)
        .write("apps/web/package.json", r#"{"name":"web","dependencies":{"next":"^16"}}"#)
        .write("apps/web/next.config.mjs", "export default {};\n")
        .write("apps/site/package.json", r#"{"name":"site","devDependencies":{"vite":"^8"}}"#)
        .write("apps/site/index.html", "<p>site</p>\n")
        .write("apps/tested/package.json", r#"{"name":"tested","devDependencies":{"vite":"^8"}}"#);
    let said = project.run("larder sync --json").exits(0).json();
    conforms(&said, "sync");
    let expected = json!([
        "the development server of Vite in apps/site has to be told the project's root, in a vite.config.js, \
         which apps/site does not have yet: \
         server: { fs: { allow: [\"../..\"] } }",
        "Next.js in apps/web has to be told the project's root, in apps/web/next.config.mjs: \
         outputFileTracingRoot: path.join(import.meta.dirname, \"../..\"), \
         turbopack: { root: path.join(import.meta.dirname, \"../..\") }",
    ]);
    assert_eq!(said["notes"], expected);
    assert_eq!(project.run("larder sync --json").exits(0).json()["notes"], json!([]), "told once");

    // Vite reads workspaces itself, and Next.js goes by a lockfile that it knows.
    let other = project.beside();
    other
        .write("larder.kdl", &project.read("larder.kdl"))
        .write("package.json", r#"{"name":"root","workspaces":["apps/*"]}"#)
        .write("yarn.lock", "");
    for file in ["apps/web/package.json", "apps/site/package.json"] {
        other.write(file, &project.read(file));
    }
    assert_eq!(other.run("larder sync --json").exits(0).json()["notes"], json!([]));
}

#[test]
fn scripts_do_not_run_and_are_told_once() {
    let scripted = |p: NpmPackage| p.field("scripts", json!({ "postinstall": "touch /tmp/larder-was-here" }));
    let registry = Universe::new().npm("native", "1.0.0", scripted).npm("left", "1.0.0", |p| p).serve();
    let project = Project::new(&registry);
    let said = project.dependencies(&["npm \"native\" \"^1\""]).run("larder sync").exits(0);
    assert_transcript!(said.stderr, @r"
    + npm:native 1.0.0
    development is at generation 1: 1 added
    note: install scripts are not run; declared by native 1.0.0. Most work without; for one that does not: `larder builds` shows what its scripts do, and `larder builds allow NAME` lets them run, in a sandbox
    ");
    let said = project.dependencies(&["npm \"native\" \"^1\"", "npm \"left\" \"^1\""]).run("larder sync").exits(0);
    assert!(!said.stderr.contains("install scripts"), "{}", said.stderr);
}

#[test]
fn a_deprecation_is_told_when_it_comes_into_the_lock() {
    let old = |p: NpmPackage| p.field("deprecated", json!("use right instead"));
    let registry = Universe::new().npm("left", "1.0.0", old).npm("right", "1.0.0", |p| p).serve();
    let project = Project::new(&registry);
    let said = project.dependencies(&["npm \"left\" \"^1\""]).run("larder lock").exits(0);
    assert_transcript!(said.stderr, @r"
    + npm:left 1.0.0
    warning: npm:left@1.0.0 is deprecated: use right instead
    Locked 1 package in larder.lock
    ");
    let said = project.run("larder add npm:right --no-sync").exits(0);
    assert!(!said.stderr.contains("deprecated"), "{}", said.stderr);
}

#[test]
fn a_deprecated_version_is_taken_only_where_nothing_else_fits() {
    let old = |p: NpmPackage| p.field("deprecated", json!("broken"));
    let universe = Universe::new().npm("left", "1.0.0", |p| p).npm("left", "1.1.0", old).npm("left", "2.0.0", |p| p);
    let registry = universe.serve();
    let project = Project::new(&registry);
    project.dependencies(&["npm \"left\" \"^1\""]).run("larder lock").exits(0);
    assert!(project.read("larder.lock").contains("npm:left@1.0.0"));
    project.dependencies(&["npm \"left\" \"~1.1\""]).run("larder lock").exits(0);
    assert!(project.read("larder.lock").contains("npm:left@1.1.0"));
}

#[test]
fn engines_warn_and_where_they_are_strict_another_version_is_taken() {
    let modern = |p: NpmPackage| p.field("engines", json!({ "node": ">=99" }));
    let registry = Universe::new().npm("left", "1.0.0", |p| p).npm("left", "1.1.0", modern).serve();
    let project = Project::new(&registry);
    let said = project.dependencies(&["npm \"left\" \"^1\""]).run("larder lock").exits(0);
    assert_transcript!(said.stderr, @r"
    + npm:left 1.1.0
    warning: npm:left@1.1.0: wants Node >=99, and the manifest declares 20
    Locked 1 package in larder.lock
    ");
    let strict =
        |range: &str| format!("dependencies {{ npm \"left\" \"{range}\"; }}\nresolution {{ engines \"strict\"; }}\n");
    project.manifest(&strict("^1")).run("larder lock").exits(0);
    assert!(project.read("larder.lock").contains("npm:left@1.0.0"));
    let said = project.manifest(&strict("~1.1")).run("larder lock").exits(3);
    assert_transcript!(said.stderr, @r#"
    larder::resolve::no_solution

      × no versions satisfy the manifest:
      │ - the project asks for left ~1.1
      │ - left 1.1.0 cannot be used: it needs Node >=99, and the manifest declares 20
        ╭─[larder.kdl:14:16]
     13 │ 
     14 │ dependencies { npm "left" "~1.1"; }
        ·                ─────────────────
     15 │ resolution { engines "strict"; }
        ╰────
      help: declare a Node that it takes under `runtimes`, or ask for left 1.0.0, which runs on the
            declared one
    "#);
}

#[test]
fn a_package_for_another_system_is_told_of_and_where_engines_are_strict_refused() {
    let windows = |p: NpmPackage| p.field("os", json!(["win32"]));
    let registry = Universe::new()
        .npm("app", "1.0.0", |p| p.dep("registry-keys", "^1"))
        .npm("registry-keys", "1.0.0", windows)
        .npm("musl-only", "1.0.0", |p| p.field("libc", json!(["musl"])))
        .npm("any", "1.0.0", |p| p.optional("registry-keys", "^1").optional("wrapper", "^1"))
        .npm("wrapper", "1.0.0", |p| p.dep("registry-keys", "^1"))
        .serve();
    let project = Project::new(&registry);
    let here = host_platform();
    let told = format!("npm:registry-keys@1.0.0: its `os` is win32, and app 1.0.0 needs it on {here}");
    let said = project.dependencies(&["npm \"app\" \"^1\""]).run("larder lock").exits(0);
    assert!(said.stderr.contains(&told), "{}", said.stderr);
    // Whoever has the lock from somebody else hears of it too.
    let said = project.run("larder sync --locked").exits(0);
    let note = format!("npm:registry-keys@1.0.0 is not made for {here}: its `os` is win32");
    assert!(said.stderr.contains(&note), "{}", said.stderr);
    let said = project.run("larder sync --locked").exits(0);
    assert!(!said.stderr.contains("is not made for"), "{}", said.stderr);

    let strict = "dependencies { npm \"app\" \"^1\"; }\nresolution { engines \"strict\"; }\n";
    let said = project.manifest(strict).run("larder sync").exits(3);
    assert_transcript!(said.stderr, @r#"
    larder::resolve::no_solution

      × no versions satisfy the manifest:
      │ - the project asks for app ^1
      │ - app 1.0.0 needs registry-keys ^1
      │ - registry-keys 1.0.0 cannot be used: its `os` is win32, and it is needed on [PLATFORM]
        ╭─[larder.kdl:14:16]
     13 │ 
     14 │ dependencies { npm "app" "^1"; }
        ·                ──────────────
     15 │ resolution { engines "strict"; }
        ╰────
      help: override what it asks for under `resolution`, or do without it
    "#);

    let optional = [
        "npm \"registry-keys\" \"^1\" optional=#true",
        "npm \"musl-only\" \"^1\" optional=#true",
        "npm \"any\" \"^1\"",
    ];
    let said = project.dependencies(&optional).run("larder sync").exits(0);
    assert!(!said.stderr.contains("win32") && !said.stderr.contains("is optional"), "{}", said.stderr);
    let lock = project.read("larder.lock");
    assert!(!lock.contains("registry-keys@") && !lock.contains("wrapper@"), "{lock}");
    project.run("larder lock --locked").exits(0);
    // Who asks for it now is told.
    let added = project.dependencies(&[]).run("larder add npm:registry-keys --optional --no-sync").exits(0);
    added.names(["Added npm:registry-keys to `dependencies`; it brings nothing on the declared platforms"]);
}

#[test]
fn an_optional_peer_of_a_member_is_no_line_of_its_own() {
    let registry = Universe::new().npm("react", "18.0.0", |p| p).npm("left", "1.0.0", |p| p).serve();
    let project = Project::new(&registry);
    project.write(
        "packages/ui/package.json",
        r#"{"name":"ui","dependencies":{"left":"^1"},"peerDependencies":{"vue":"^3"},"peerDependenciesMeta":{"vue":{"optional":true},"react":{"optional":true}}}"#,
    );
    project.manifest("members \"packages/*\"\n").run("larder sync").exits(0);
    let lock = project.read("larder.lock");
    assert!(lock.contains("left@") && !lock.contains("react") && !lock.contains("vue"), "{lock}");
}

#[test]
fn an_optional_package_that_cannot_be_fetched_is_left_out_and_tried_again() {
    let universe = Universe::new()
        .npm("app", "1.0.0", |p| p.optional("extra", "^1"))
        .npm("extra", "1.0.0", |p| p.dep("deep", "^1"))
        .npm("deep", "1.0.0", |p| p);
    let registry = universe.serve();
    let mut project = Project::new(&registry);
    project.dependencies(&["npm \"app\" \"^1\""]).run("larder lock").exits(0);
    registry.fail("/npm/extra/-/extra-1.0.0.tgz", 404);
    let said = project.run("larder sync").exits(0);
    assert_transcript!(said.stderr, @r"
    warning: npm:extra@1.0.0 is optional and was left out, as it cannot be fetched: a mirror of registry `npmjs` does not have this (404): [REGISTRY]/npm/extra/-/extra-1.0.0.tgz
    + npm:app 1.0.0
    development is at generation 1: 1 added
    ");
    let app = project.path("node_modules/app").canonicalize().expect("a package");
    let beside = app.parent().expect("a folder").to_owned();
    assert!(!beside.join("extra").exists());
    let healed = universe.serve();
    project.sees(&healed);
    project.run("larder sync").exits(0);
    let app = project.path("node_modules/app").canonicalize().expect("a package");
    assert!(app.parent().expect("a folder").join("extra/index.js").exists());
}

#[test]
fn a_required_package_that_cannot_be_fetched_stops_the_sync() {
    let universe = Universe::new()
        .npm("app", "1.0.0", |p| p.optional("extra", "^1"))
        .npm("other", "1.0.0", |p| p.dep("extra", "^1"))
        .npm("extra", "1.0.0", |p| p);
    let registry = universe.serve();
    let project = Project::new(&registry);
    project.dependencies(&["npm \"app\" \"^1\"", "npm \"other\" \"^1\""]).run("larder lock").exits(0);
    registry.fail("/npm/extra/-/extra-1.0.0.tgz", 404);
    let said = project.run("larder sync").exits(5);
    assert!(said.stderr.contains("extra") && !project.has("node_modules"), "{}", said.stderr);
}

#[test]
fn what_a_package_forgot_is_mended_by_the_list_or_by_extend() {
    let universe = Universe::new()
        .npm("react-lazyload", "2.6.9", |p| p.file("index.js", "module.exports = require('prop-types').version;\n"))
        .npm("prop-types", "15.8.1", |p| p)
        .npm("careless", "1.0.0", |p| p.file("index.js", "module.exports = require('left').version;\n"))
        .npm("left", "1.4.0", |p| p);
    let registry = universe.serve();
    let project = Project::new(&registry);
    let lines = "dependencies { npm \"react-lazyload\" \"^2\"; npm \"careless\" \"^1\"; }\n";
    project.manifest(lines).run("larder sync").exits(0);
    let said = project.run("larder run -- node -p 'require(`react-lazyload`)'").exits(0);
    assert_eq!(said.stdout.trim(), "15.8.1");
    project.run("larder run -- node -p 'require(`careless`)'").exits(1);
    project.manifest(&format!("{lines}resolution {{ extend npm \"careless\" {{ npm \"left\" \"^1\"; }}; }}\n"));
    let said = project.run("larder run -- node -p 'require(`careless`)'").exits(0);
    assert_eq!(said.stdout.trim(), "1.4.0");
}

#[test]
fn an_optional_peer_that_is_always_loaded_is_brought_in() {
    let peers = |p: NpmPackage| {
        p.peer("jest", "^30")
            .peer("jest-util", "^29 || ^30")
            .field("peerDependenciesMeta", json!({ "jest-util": { "optional": true } }))
    };
    let universe = Universe::new()
        .npm("ts-jest", "29.4.0", |p| peers(p).file("index.js", "module.exports = require('jest-util').version;\n"))
        .npm("jest", "30.0.0", |p| p.dep("jest-util", "30.0.0"))
        .npm("jest-util", "30.0.0", |p| p)
        .npm("jest-util", "30.1.0", |p| p);
    let registry = universe.serve();
    let project = Project::new(&registry);
    project.dependencies(&["npm \"ts-jest\" \"^29\"", "npm \"jest\" \"^30\""]).run("larder sync").exits(0);
    let said = project.run("larder run -- node -p 'require(`ts-jest`)'").exits(0);
    assert_eq!(said.stdout.trim(), "30.0.0");
}

#[test]
fn a_writable_package_may_write_into_itself_and_not_into_the_store() {
    let registry = Universe::new().npm("left", "1.0.0", |p| p).serve();
    let project = Project::new(&registry);
    let lines = "dependencies { npm \"left\" \"^1\"; }\n";
    project.manifest(&format!("{lines}resolution {{ writable npm \"left\"; }}\n")).run("larder sync").exits(0);
    project.write("node_modules/left/index.js", "changed");
    project.run("larder verify").exits(0);
    project.manifest(lines).run("larder sync").exits(0);
    assert!(project.read("node_modules/left/index.js").contains("1.0.0"));
}

#[test]
fn overrides_replace_alias_narrow_to_a_parent_remove_and_reach_peers() {
    let universe = Universe::new()
        .npm("a", "1.0.0", |p| p.dep("x", "^1").dep("gone", "^1").peer("p", "^1"))
        .npm("b", "1.0.0", |p| p.dep("x", "^1"))
        .npm("x", "1.0.0", |p| p)
        .npm("x", "2.0.0", |p| p)
        .npm("fork", "3.0.0", |p| p)
        .npm("p", "2.0.0", |p| p);
    let registry = universe.serve();
    let project = Project::new(&registry);
    project.manifest(
        "dependencies { npm \"a\" \"^1\"; npm \"b\" \"^1\"; npm \"p\" \"^2\"; }\nresolution {\n    npm-peers \"strict\"\n    \
         override npm \"a>x\" \"npm:fork@^3\"\n    override npm \"x\" \"2.0.0\"\n    override npm \"gone\"\n    \
         override npm \"p\" \"^2\"\n}\n",
    );
    project.run("larder sync").exits(0);
    let tell = |of: &str| {
        let script = format!("require(require.resolve(`x`, {{ paths: [require.resolve(`{of}`)] }})).name");
        project.run(&format!("larder run -- node -p '{script}'")).exits(0).stdout.trim().to_owned()
    };
    assert_eq!((tell("a"), tell("b")), ("fork".to_owned(), "x".to_owned()));
    assert!(!project.read("larder.lock").contains("npm:x@1.0.0"));
}

#[test]
fn a_strict_pick_is_not_lowered_for_its_own_peers_and_the_way_out_is_one() {
    let universe = Universe::new()
        .npm("plugin", "2.0.0", |p| p.peer("core", "*"))
        .npm("plugin", "2.0.1", |p| p.peer("core", "^2"))
        .npm("core", "1.0.0", |p| p)
        .npm("core", "2.0.0", |p| p);
    let registry = universe.serve();
    let project = Project::new(&registry);
    let strict = "resolution { npm-peers \"strict\"; }\n";
    project.manifest(&format!("dependencies {{ npm \"plugin\" \"^2\"; npm \"core\" \"^1\"; }}\n{strict}"));
    let said = project.run("larder lock --json").exits(3).json();
    let help = "plugin 2.0.0 fits, and npm picks plugin 2.0.1: ask for plugin 2.0.0, or set `npm-peers \"relaxed\"` under \
                `resolution` to be warned about peers instead";
    assert_eq!(said["error"]["help"], help);
    assert!(!project.has("larder.lock"));
    project.run("larder add npm:plugin@2.0.0 --no-sync").exits(0);
    assert!(project.read("larder.lock").contains("npm:plugin@2.0.0"));
    // What is locked stays where its line takes more again.
    let wider = project.read("larder.kdl").replace("2.0.0", "^2");
    project.write("larder.kdl", &wider);
    project.run("larder lock --json").exits(0);
    project.run("larder update").exits(3);
    assert!(project.read("larder.lock").contains("npm:plugin@2.0.0"), "an update that fails changes nothing");
}

#[test]
fn executables_have_every_form() {
    let script = "#!/bin/sh\necho here\n";
    let universe = Universe::new()
        .npm("@acme/one", "1.0.0", |p| p.field("bin", json!("cli.js")).file("cli.js", script))
        .npm("dirs", "1.0.0", |p| p.field("directories", json!({ "bin": "bin" })).file("bin/two", script))
        .npm("map", "1.0.0", |p| {
            p.field("bin", json!({ "three": "./cli.js", "lost": "no.js" })).file("cli.js", script)
        });
    let registry = universe.serve();
    let project = Project::new(&registry);
    project.dependencies(&["npm \"@acme/one\" \"^1\"", "npm \"dirs\" \"^1\"", "npm \"map\" \"^1\""]);
    project.run("larder sync").exits(0);
    for name in ["one", "two", "three"] {
        assert!(project.path(&format!("node_modules/.bin/{name}")).exists(), "{name}");
    }
    assert!(!project.path("node_modules/.bin/lost").exists());
}

#[test]
fn an_executable_that_leaves_its_package_is_refused() {
    for bin in [json!({ "../../three": "cli.js" }), json!({ "four": "../../../x.js" }), json!("/bin/sh")] {
        let registry = Universe::new().npm("evil", "1.0.0", |p| p.field("bin", bin.clone()).file("cli.js", "")).serve();
        let project = Project::new(&registry);
        let said = project.dependencies(&["npm \"evil\" \"^1\""]).run("larder sync").exits(1);
        assert!(said.stderr.contains("evil") && !project.has("node_modules"), "{}", said.stderr);
    }
}

#[test]
fn bundled_dependencies_come_with_their_tarball() {
    let bundles = |p: NpmPackage| {
        p.dep("inside", "^9")
            .field("bundledDependencies", json!(["inside"]))
            .file("node_modules/inside/index.js", "module.exports = 'bundled';\n")
    };
    let registry = Universe::new().npm("outer", "1.0.0", bundles).serve();
    let project = Project::new(&registry);
    project.dependencies(&["npm \"outer\" \"^1\""]).run("larder sync").exits(0);
    assert!(!project.read("larder.lock").contains("inside"));
    assert!(project.has("node_modules/outer/node_modules/inside/index.js"));
}

#[test]
fn names_from_old_days_are_kept_as_they_are() {
    let registry =
        Universe::new().npm("JSONStream", "1.3.5", |p| p).npm("left", "1.0.0", |p| p.dep("JSONStream", "^1")).serve();
    let project = Project::new(&registry);
    project.dependencies(&["npm \"left\" \"^1\"", "npm \"JSONStream\" \"^1\""]).run("larder sync").exits(0);
    assert!(project.has("node_modules/JSONStream/index.js"));
}

#[test]
fn a_package_with_only_a_weak_digest_is_fetched_while_locking_and_gets_a_strong_one() {
    let universe = Universe::new().npm("old", "0.1.0", NpmPackage::weak).npm("left", "1.0.0", |p| p);
    let registry = universe.serve();
    let project = Project::new(&registry);
    project.dependencies(&["npm \"old\" \"*\""]).run("larder lock").exits(0);
    let tarball = "/npm/old/-/old-0.1.0.tgz".to_owned();
    assert!(registry.take_log().contains(&tarball));
    let lock = project.read("larder.lock");
    assert!(lock.contains("sha512-") && !lock.contains("sha1-"), "{lock}");
    project.run("larder add npm:left").exits(0);
    assert!(!registry.take_log().contains(&tarball), "lock and store have it");
    assert!(
        project.read("larder.lock").contains(lock.lines().find(|line| line.contains("sha512-")).expect("a digest"))
    );

    let registry = universe.serve();
    registry.corrupt("old-0.1.0.tgz");
    let project = Project::new(&registry);
    project.dependencies(&["npm \"old\" \"*\""]).run("larder lock").exits(4).names(["old", "sha1-", "npmjs"]);
    assert!(!project.has("larder.lock"));
}

#[test]
fn aliases_tags_and_any_version_stand_side_by_side() {
    let universe = Universe::new()
        .npm("left", "1.0.0", |p| p)
        .npm("left", "3.0.0-rc.1", |p| p)
        .npm("left", "2.0.0", |p| p)
        .tag("left", "next", "3.0.0-rc.1")
        .npm("user", "1.0.0", |p| p.dep("one", "npm:left@^1").dep("two", "npm:left@next"));
    let registry = universe.serve();
    let project = Project::new(&registry);
    project.dependencies(&[
        "npm \"left\" \"*\"",
        "npm \"left-1\" \"npm:left@^1\"",
        "npm \"left-next\" \"npm:left@next\"",
        "npm \"user\" \"\"",
    ]);
    project.run("larder sync").exits(0);
    let said = project
        .run("larder run -- node -p 'require(`left`).version+require(`left-1`).version+require(`left-next`).version'");
    assert_eq!(said.exits(0).stdout.trim(), "2.0.01.0.03.0.0-rc.1");
    project.run("larder check").exits(0);
}
