//! What packages find that they do not declare: the types of their peers, and a fallback.

use std::os::unix::fs::symlink;
use std::path::Path;

use crate::support::{Project, Registry, Universe, conforms};

/// A library whose types speak of those of `react`, and two of these.
fn typed() -> Universe {
    Universe::new()
        .npm("react", "18.0.0", |p| p)
        .npm("icons", "1.0.0", |p| p.peer("react", "*"))
        .npm("@types/react", "18.0.0", |p| p)
        .npm("@types/react", "19.0.0", |p| p)
}

/// Asks Node, in a folder of the project, for the version of what the package `icons` finds under a name.
#[track_caller]
fn icons_find(project: &Project, folder: &str, name: &str) -> String {
    let script = format!(
        "const from = require('module').createRequire(require.resolve('icons')); \
         try {{ console.log(from('{name}').version) }} catch (error) {{ console.log(error.code) }}"
    );
    let output = std::process::Command::new("node").args(["-e", &script]).current_dir(project.path(folder)).output();
    String::from_utf8_lossy(&output.expect("node starts").stdout).trim().to_owned()
}

#[test]
fn a_package_finds_the_types_that_go_with_its_peers() {
    let registry = typed().serve();
    let project = Project::new(&registry);
    let member = |types: &str| {
        format!(
            r#"{{"dependencies":{{"icons":"1","react":"18"}},"devDependencies":{{"@types/react":"{types}"}},"name":"m{types}"}}"#
        )
    };
    project
        .manifest("members \"apps/*\"\n")
        .write("apps/old/package.json", &member("18"))
        .write("apps/new/package.json", &member("19"))
        .run("larder sync")
        .exits(0);
    assert_eq!(icons_find(&project, "apps/old", "@types/react"), "18.0.0");
    assert_eq!(icons_find(&project, "apps/new", "@types/react"), "19.0.0");
    project.run("larder lock --check").exits(0);
    project.run("larder sync --locked").exits(0).names(["up to date"]);
    // It is whatever somebody else brings, and brings nothing itself.
    let listed = project.run_json("larder list --json --env production");
    let names = listed["packages"].as_array().expect("packages").iter().filter_map(|package| package["name"].as_str());
    assert!(names.clone().all(|name| name != "@types/react"), "{:?}", names.collect::<Vec<_>>());
}

#[test]
fn a_local_package_has_the_types_of_its_peers_and_stays_fresh() {
    let registry = typed().serve();
    let project = Project::new(&registry);
    let ui = r#"{"name":"ui","version":"1.0.0","dependencies":{"icons":"1"},"peerDependencies":{"react":"*"}}"#;
    project
        .dependencies(&["path \"ui\"", "npm \"react\" \"18\"", "npm \"@types/react\" \"18\""])
        .write("ui/package.json", ui)
        .run("larder sync")
        .exits(0);
    assert_eq!(icons_find(&project, "ui", "@types/react"), "18.0.0");
    project.run("larder lock --check").exits(0);
}

#[test]
fn a_members_own_lines_come_before_what_others_bind_for_it() {
    let registry = typed().serve();
    let project = Project::new(&registry);
    let ui = r#"{"name":"ui","version":"1.0.0","dependencies":{"icons":"1"},"peerDependencies":{"react":"*"},
        "devDependencies":{"react":"18","@types/react":"18"}}"#;
    project
        .manifest(
            "members \"ui\"\ndependencies {\n    path \"ui\"\n    npm \"react\" \"18\"\n    npm \"@types/react\" \"19\"\n}\n",
        )
        .write("ui/package.json", ui)
        .run("larder sync")
        .exits(0);
    assert_eq!(icons_find(&project, "ui", "@types/react"), "18.0.0");
    let types = project.path("ui/node_modules/@types/react/package.json");
    let text = std::fs::read_to_string(types).expect("types").replace([' ', '\n'], "");
    assert!(text.contains("\"version\":\"18.0.0\""), "{text}");
    project.run("larder lock --check").exits(0);
}

const LINK: &str = ".larder/node_modules/.packages/node_modules";

/// A package that uses one that it does not declare, which another brings, and one that declares it in vain.
fn phantom() -> Universe {
    let uses = "try { module.exports = require('used').version } catch (error) { module.exports = error.code }\n";
    Universe::new()
        .npm("user", "1.0.0", |p| p.file("index.js", uses))
        .npm("bringer", "1.0.0", |p| p.dep("used", "^1").dep("@s/other", "^1"))
        .npm("used", "1.0.0", |p| p)
        .npm("used", "2.0.0", |p| p)
        .npm("@s/other", "1.0.0", |p| p)
        .npm("picky", "1.0.0", |p| {
            let meta = serde_json::json!({"used": {"optional": true}});
            p.peer("used", "^2").field("peerDependenciesMeta", meta)
        })
}

fn user(registry: &Registry, rest: &str) -> Project {
    let project = Project::new(registry);
    project
        .manifest(&format!("dependencies {{\n    npm \"user\"\n    npm \"bringer\"\n}}\n{rest}"))
        .run("larder sync")
        .exits(0);
    project
}

/// Returns what the package `user` found.
#[track_caller]
fn found(project: &Project) -> String {
    project.program("node", &["-p", "require('user')"]).exits(0).stdout.trim().to_owned()
}

#[test]
fn a_package_finds_what_it_does_not_declare() {
    let registry = phantom().serve();
    let project = user(&registry, "");
    assert_eq!(found(&project), "1.0.0");
    assert!(!project.has("node_modules/used"), "the project itself finds what it declares");
    assert_eq!(
        std::fs::read_link(project.path(LINK)).expect("a link"),
        Path::new("../../active/fallback/node_modules")
    );
    assert!(project.read(&format!("{LINK}/@s/other/package.json")).contains("@s/other"));
    for own in ["user", "bringer"] {
        assert!(!project.has(&format!("{LINK}/{own}")), "{own} is the project's own");
    }
    project.run("larder verify").exits(0);
    project.run("larder sync").exits(0).names(["up to date"]);
}

#[test]
fn a_name_that_would_contradict_a_declaration_is_left_out_and_listed() {
    let registry = phantom().serve();
    let project = user(&registry, "group \"dev\" { npm \"picky\"; }\n");
    assert_eq!(found(&project), "MODULE_NOT_FOUND");
    let record = project.read(".larder/active/generation.json");
    assert!(record.contains("npm:picky@1.0.0 declares ^2, and npm:used@1.0.0 is not that"), "{record}");
    // No environment finds another version than the others, nor one where they find none.
    project.run("larder sync --env production").exits(0);
    assert_eq!(found(&project), "MODULE_NOT_FOUND");
}

#[test]
fn the_strict_have_no_fallback() {
    let registry = phantom().serve();
    let project = user(&registry, "resolution { fallback \"off\"; }\n");
    assert_eq!(found(&project), "MODULE_NOT_FOUND");
    assert!(!project.has(LINK) && !project.has(".larder/active/fallback"));
    project.run("larder verify").exits(0);
    // Neither does it take a new lock to have one.
    let manifest = project.read("larder.kdl");
    project.write("larder.kdl", &manifest.replace("\"off\"", "\"on\"")).run("larder sync --locked").exits(0);
    assert_eq!(found(&project), "1.0.0");
    project.write("larder.kdl", &manifest).run("larder sync --locked").exits(0);
    assert_eq!(found(&project), "MODULE_NOT_FOUND");
    project.run("larder verify").exits(0);
}

#[test]
fn a_lock_of_an_earlier_edition_has_no_fallback() {
    let registry = phantom().serve();
    let project = user(&registry, "");
    let lock = project.read("larder.lock");
    project
        .write("larder.lock", &lock.replace("forgotten = 4\n", "forgotten = 3\n"))
        .run("larder sync --locked")
        .exits(0);
    assert_eq!(found(&project), "MODULE_NOT_FOUND");
    project.run("larder update").exits(0);
    assert_eq!(project.read("larder.lock"), lock);
    project.run("larder sync").exits(0);
    assert_eq!(found(&project), "1.0.0");
}

#[test]
fn switches_rollbacks_and_promotions_move_the_fallback() {
    let registry = phantom().serve();
    let environments = "environment \"development\"\nenvironment \"production\"\n";
    let project = user(&registry, environments);
    let manifest = project.read("larder.kdl");
    project.write("larder.kdl", &manifest.replace("    npm \"bringer\"\n", "")).run("larder sync").exits(0);
    assert_eq!(found(&project), "MODULE_NOT_FOUND");
    project.run("larder verify").exits(0);
    std::fs::remove_file(project.path(LINK)).expect("a link");
    project.run("larder rollback").exits(0);
    assert_eq!(found(&project), "1.0.0");
    project.run("larder promote development production").exits(0);
    std::fs::remove_file(project.path(LINK)).expect("a link");
    project.run("larder use production").exits(0);
    assert_eq!(found(&project), "1.0.0");
    project.run("larder gc").exits(0);
    assert_eq!(found(&project), "1.0.0");
    project.run("larder verify --all").exits(0);
}

#[test]
fn a_moved_checkout_keeps_its_fallback() {
    let registry = phantom().serve();
    let project = user(&registry, "");
    let (here, there) = (project.path(""), project.folder().join("elsewhere"));
    std::fs::rename(&here, &there).expect("a folder");
    std::fs::create_dir(&here).expect("a folder");
    project.run_in(&there, "larder sync").exits(0);
    let script = format!("require({:?})", there.join("node_modules/user"));
    assert_eq!(project.program("node", &["-p", &script]).exits(0).stdout.trim(), "1.0.0");
    project.run_in(&there, "larder verify").exits(0);
}

#[test]
fn a_link_that_leads_elsewhere_is_named_and_mended_and_never_followed() {
    let registry = phantom().serve();
    let project = user(&registry, "");
    let victim = project.folder().join("victim");
    let plant: [fn(&Path, &Path); 3] = [
        |victim, link| symlink(victim, link).expect("a link"),
        |victim, link| {
            std::fs::create_dir(link).expect("a folder");
            symlink(victim, link.join("used")).expect("a link");
        },
        |_, _| {},
    ];
    for (place, plant) in plant.into_iter().enumerate() {
        for command in ["larder sync", "larder sync --repair", "larder use development"] {
            std::fs::create_dir_all(victim.join("used")).expect("a folder");
            std::fs::write(victim.join("used/index.js"), "exports.version = 'evil'\n").expect("a file");
            let link = project.path(LINK);
            std::fs::remove_file(&link).expect("a link");
            plant(&victim, &link);
            project.run("larder verify").exits(4).names([LINK]);
            project.run(command).exits(0);
            assert_eq!(found(&project), "1.0.0", "{place}: {command}");
            assert!(victim.join("used/index.js").exists(), "{place}: {command}");
            project.run("larder verify").exits(0);
        }
    }
    // Where it is not wanted, one that leads elsewhere is no better.
    let manifest = project.read("larder.kdl");
    project.write("larder.kdl", &format!("{manifest}resolution {{ fallback \"off\"; }}\n")).run("larder sync").exits(0);
    std::fs::remove_file(project.path(LINK)).expect("a link");
    symlink(&victim, project.path(LINK)).expect("a link");
    project.run("larder verify").exits(4).names([LINK]);
    project.run("larder sync --repair").exits(0);
    assert_eq!(found(&project), "MODULE_NOT_FOUND");
}

#[test]
fn names_that_are_hoisted_are_found_by_the_projects_own_files() {
    let registry = phantom().serve();
    let project = user(&registry, "resolution { hoist npm \"@s/*\"; }\n");
    assert!(project.read("node_modules/@s/other/package.json").contains("@s/other"));
    assert!(!project.has("node_modules/used") && !project.has(&format!("{LINK}/@s/other")));
    assert_eq!(found(&project), "1.0.0");
    project.run("larder verify").exits(0);
    let manifest = project.read("larder.kdl").replace("\"@s/*\"", "\"*\" \"!@s/*\"; fallback \"off\"");
    project.write("larder.kdl", &manifest).run("larder sync --locked").exits(0);
    assert!(project.has("node_modules/used") && !project.has("node_modules/@s"));
    assert_eq!(found(&project), "1.0.0", "what the project finds, its packages find");
    project.run("larder verify").exits(0);
}

#[test]
fn executables_of_hoisted_packages_are_found_after_all_others() {
    let universe = Universe::new()
        .npm("bringer", "1.0.0", |p| p.dep("used", "*"))
        .npm("own", "1.0.0", |p| p.bin("own", "cli.js", "#!/usr/bin/env node\nconsole.log('own')\n"))
        .npm("used", "1.0.0", |p| {
            let names = ["used", "own", "ls", "node", "npm", "python3"].map(|name| (name.to_owned(), "cli.js".into()));
            let all = serde_json::Map::from_iter(names).into();
            p.bin("used", "cli.js", "#!/usr/bin/env node\nconsole.log('used')\n").field("bin", all)
        });
    let registry = universe.serve();
    let project = Project::new(&registry);
    let lines = "dependencies {\n    npm \"bringer\"\n    npm \"own\"\n}\n";
    project.manifest(lines).run("larder sync").exits(0);
    assert!(!project.has("node_modules/.bin/used") && !project.has(".larder/active/bin/used"));
    project.manifest(&format!("{lines}resolution {{ hoist npm \"used\"; }}\n"));
    let told = project.run("larder sync").exits(0).stderr;
    assert!(!told.contains("executable"), "{told}");
    for (program, runs) in [("used", "used\n"), ("own", "own\n")] {
        assert_eq!(project.run(&format!("larder run {program}")).exits(0).stdout, runs);
        assert!(project.has(&format!("node_modules/.bin/{program}")));
    }
    for program in ["ls", "node", "npm", "python3"] {
        let places = [format!("node_modules/.bin/{program}"), format!(".larder/active/bin/{program}")];
        assert!(places.iter().all(|place| !project.has(place)), "{program}");
    }
    project.run("larder verify").exits(0);
}

#[test]
fn a_root_that_declares_nothing_has_what_is_hoisted() {
    let registry = phantom().serve();
    let project = Project::new(&registry);
    project
        .manifest("members \"web\"\nresolution { hoist npm \"used\"; }\n")
        .write("web/package.json", r#"{"name":"web","dependencies":{"bringer":"*"}}"#)
        .run("larder sync")
        .exits(0);
    assert!(project.has("node_modules/used/index.js"));
    project.run("larder verify").exits(0);
}

#[test]
fn who_uses_what_it_does_not_declare_is_named_with_the_file() {
    let universe = phantom().npm("deep", "1.0.0", |p| {
        p.file("index.js", "require('./lib/a');\n// require('@s/other')\nrequire('bringer'); require('nowhere');\n")
            .file("lib/a.js", "/* require('bringer') */\nexport * from \"@s/other/x.js\"; require('deep/again')\n")
            .file("test/b.js", "require('used')\n")
    });
    let registry = universe.serve();
    let project = Project::new(&registry);
    let lines = "npm \"user\"\n    npm \"bringer\"\n    npm \"deep\"";
    project.manifest(&format!("dependencies {{\n    {lines}\n}}\n")).run("larder sync").exits(0);
    let found = project.run_json("larder why --phantom --json");
    conforms(&found, "why-phantom");
    let expected = serde_json::json!([
        {"package": "npm:deep@1.0.0", "uses": "@s/other", "file": "lib/a.js", "finds": "npm:@s/other@1.0.0"},
        {"package": "npm:deep@1.0.0", "uses": "bringer", "file": "index.js", "finds": "npm:bringer@1.0.0"},
        {"package": "npm:user@1.0.0", "uses": "used", "file": "index.js", "finds": "npm:used@1.0.0"},
    ]);
    assert_eq!(found["phantoms"], expected);
    assert_eq!(found["left_out"], serde_json::json!([]));
    for (asked, number) in [("user", 1), ("npm:used", 1), ("deep", 2), ("@s/other", 1), ("nowhere", 0)] {
        let found = project.run_json(&format!("larder why --phantom {asked} --json"));
        assert_eq!(found["phantoms"].as_array().map(Vec::len), Some(number), "{asked}: {found}");
    }
    project.run("larder why --phantom").exits(0).names([
        "npm:user@1.0.0 uses used",
        "finds npm:used@1.0.0 (index.js)",
        "extend",
    ]);
    project.run("larder why").exits(2);

    // Who declares what it uses is named no more, and one that would find a contradiction finds nothing.
    let extended = format!(
        "dependencies {{\n    {lines}\n}}\ngroup \"dev\" {{ npm \"picky\"; }}\nresolution {{ extend npm \"deep\" {{ npm \"@s/other\"; }}; }}\n"
    );
    project.manifest(&extended).run("larder sync").exits(0);
    let found = project.run_json("larder why --phantom --json");
    let expected = serde_json::json!([
        {"package": "npm:deep@1.0.0", "uses": "bringer", "file": "index.js", "finds": "npm:bringer@1.0.0"},
        {"package": "npm:user@1.0.0", "uses": "used", "file": "index.js"},
    ]);
    assert_eq!(found["phantoms"], expected);
    assert_eq!(found["left_out"][0]["name"], "used");
}
