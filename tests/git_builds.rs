//! Packages of git that have to be built: by their own `prepare` scripts, or with a version that only their history tells.

use std::fs;

use serde_json::json;

use crate::support::{GitRepository, GitServer, Project, Registry, Universe, conforms};

/// A tool that writes what it is given, and one that only it asks for.
fn registry() -> Registry {
    Universe::new()
        .npm("maker", "1.0.0", |p| {
            p.dep("words", "^1")
                .field("bin", json!({ "maker": "make.js" }))
                .file("make.js", "#!/usr/bin/env node\nconst [, , path, text] = process.argv;\nrequire('fs').writeFileSync(path, `module.exports = '${text} ' + '${require('words')}'\\n`);\n")
        })
        .npm("words", "1.0.0", |p| p.file("index.js", "module.exports = 'made';\n"))
        .npm("right", "1.2.0", |p| p)
        .serve()
}

/// Writes an npm package whose `main` is made by a script. What is committed of its source is not packed.
fn ui_kit(repository: &GitRepository, scripts: &serde_json::Value) -> String {
    let manifest = json!({
        "name": "ui-kit", "version": "1.0.0", "main": "dist/index.js", "files": ["dist"], "scripts": scripts,
        "dependencies": { "right": "^1" }, "devDependencies": { "maker": "^1" }
    });
    repository.write("package.json", &manifest.to_string()).write("src/index.js", "source").commit()
}

fn project(registry: &Registry, ui: &GitRepository) -> Project {
    let project = Project::new(registry);
    project.dependencies(&[&format!("npm \"ui-kit\" git=\"{}\"", ui.url())]);
    project
}

/// Syncs. Returns whether this machine has a sandbox, and says where it is seen that it has none.
fn syncs(project: &Project) -> bool {
    let out = project.run("larder sync");
    let is_missing = out.stderr.contains("larder::build::no_sandbox");
    if is_missing {
        crate::sweep::say(&format!("NOT TESTED: {}", out.stderr));
    } else {
        out.exits(0);
    }
    !is_missing
}

fn prints(project: &Project) -> String {
    project.run("larder run node -p 'require(\"ui-kit\")'").exits(0).stdout
}

#[test]
fn what_a_prepare_script_makes_is_the_package() {
    let (registry, server) = (registry(), GitServer::start());
    let ui = server.repository("ui");
    ui_kit(&ui, &json!({ "build": "mkdir -p dist && maker dist/index.js", "prepare": "yarn build \"it is\"" }));
    let project = project(&registry, &ui);
    project.run("larder lock").exits(0);
    project.run("larder sync").exits(1).names(["npm:ui-kit@1.0.0", "exists only as source", "allow npm \"ui-kit\""]);
    let listed = project.run("larder builds --json").exits(0).json();
    conforms(&listed, "builds");
    assert_eq!(listed["builds"][0]["reason"], "its scripts make it of its sources");
    assert_eq!(listed["builds"][0]["scripts"][0]["event"], "prepare");

    project.run("larder builds allow ui-kit").exits(0);
    project.run("larder sync --locked").exits(1).names(["npm:ui-kit@1.0.0"]);
    if !syncs(&project) {
        return;
    }
    assert_eq!(prints(&project), "it is made\n");
    assert!(!project.has("node_modules/ui-kit/src") && !project.has("node_modules/maker"));
    let lock = project.read("larder.lock");
    for written in [
        "\n[[build]]\nid = \"npm:ui-kit@1.0.0\"\nrequires = [\n    \"maker@^1\",\n    \"right@^1\",\n]\n",
        "\n[[build.instance]]\nid = \"npm:maker@1.0.0\"\nedges = [\n    \"npm:words@1.0.0\",\n]\n",
        "\n[[tool]]\nid = \"npm:words@1.0.0\"\n",
        "\n[[build]]\nid = \"npm:ui-kit@1.0.0\"\nscripts = \"sha256-",
    ] {
        assert!(lock.contains(written), "{written} is not in {lock}");
    }
    for command in ["larder verify", "larder check", "larder sync --locked", "larder sync --frozen", "larder lock"] {
        project.run(command).exits(0);
    }
    assert_eq!(project.read("larder.lock"), lock);
    let listed = project.run("larder builds --check --json").exits(0).json();
    assert_eq!(listed["builds"], json!([{ "package": "npm:ui-kit@1.0.0", "reproducible": true, "differing": [] }]));

    // Another project of this user runs nothing, and needs nobody.
    let logs = project.cache().join("build-logs");
    fs::remove_dir_all(&logs).expect("removed");
    let second = project.beside();
    second.write("larder.kdl", &project.read("larder.kdl")).write("larder.lock", &lock);
    second.run("larder sync --locked --offline").exits(0);
    assert!(!logs.exists(), "nothing was run");
    assert_eq!(prints(&second), "it is made\n");

    // Of the same version: another commit with the same script is built anew, and one with another script asks.
    ui_kit(
        &ui,
        &json!({ "build": "mkdir -p dist && maker dist/index.js", "prepare": "yarn build \"it is\"", "x": "y" }),
    );
    let updated = project.run("larder update ui-kit").exits(0);
    assert!(!updated.stderr.contains("replaced"), "{}", updated.stderr);
    project.run("larder sync").exits(0);
    ui_kit(&ui, &json!({ "prepare": "mkdir dist && maker dist/index.js now" }));
    project.run("larder update ui-kit").exits(0);
    project.run("larder sync").exits(1).names(["larder::builds::scripts_changed", "larder builds allow npm:ui-kit"]);
    assert_eq!(project.read("node_modules/ui-kit/dist/index.js"), "module.exports = 'it is ' + 'made'\n");
    project.run("larder builds allow npm:ui-kit").exits(0);
    project.run("larder sync").exits(0);
    assert_eq!(prints(&project), "now made\n");
}

#[test]
fn a_prepack_script_makes_what_is_missing_and_a_failing_one_is_named() {
    let (registry, server) = (registry(), GitServer::start());
    let ui = server.repository("ui");
    ui_kit(&ui, &json!({ "prepack": "mkdir -p dist && node node_modules/maker/make.js dist/index.js packed" }));
    let project = project(&registry, &ui);
    project.run("larder builds allow npm:ui-kit").exits(0);
    if !syncs(&project) {
        return;
    }
    assert_eq!(prints(&project), "packed made\n");
    ui_kit(&ui, &json!({ "prepare": "echo no paint; exit 3" }));
    project.run("larder update ui-kit").exits(0);
    project.run("larder builds allow npm:ui-kit").exits(0);
    let failed = project.run("larder sync");
    assert_ne!(failed.status, 0);
    failed.names(["npm:ui-kit@1.0.0 cannot be built: `prepare` ended with status 3", "no paint", "ui-kit-1.0.0.log"]);
    assert_eq!(project.read("node_modules/ui-kit/dist/index.js"), "module.exports = 'packed ' + 'made'\n");
}

#[test]
fn a_script_that_prepare_calls_is_approved_with_it() {
    let (registry, server) = (registry(), GitServer::start());
    let ui = server.repository("ui");
    ui_kit(&ui, &json!({ "build": "mkdir dist && maker dist/index.js", "prepare": "npm run build", "test": "x" }));
    let project = project(&registry, &ui);
    project.run("larder builds allow npm:ui-kit").exits(0);
    project.run("larder lock").exits(0);
    let listed = || project.run("larder builds --json").exits(0).json()["builds"][0].clone();
    assert_eq!(listed()["scripts"][1]["event"], "build");
    assert_eq!(listed()["scripts"][1]["text"], "mkdir dist && maker dist/index.js");
    ui_kit(&ui, &json!({ "build": "mkdir dist && maker dist/index.js", "prepare": "npm run build", "test": "y" }));
    project.run("larder update ui-kit").exits(0);
    assert_eq!(listed()["allowed"], true);
    ui_kit(&ui, &json!({ "build": "sh else.sh", "prepare": "npm run build", "test": "y" }));
    project.run("larder update ui-kit").exits(0);
    assert_eq!(listed()["allowed"], false);
    project.run("larder sync").exits(1).names(["larder::builds::scripts_changed"]);
}

#[test]
fn programs_that_are_committed_are_not_built_and_what_scripts_make_stays_the_package() {
    let (registry, server) = (registry(), GitServer::start());
    let ui = server.repository("ui");
    let write = |scripts: &str| {
        let json = format!(
            r#"{{"name": "ui-kit", "version": "1.0.0", "bin": {{"kit": "bin/kit.js"}}, "files": ["bin"], "scripts": {scripts}}}"#
        );
        let program = "#!/usr/bin/env node\nconsole.log('kit');\n";
        ui.write("package.json", &json).write("bin/kit.js", program).commit()
    };
    write(r#"{"prepack": "exit 1"}"#);
    let project = project(&registry, &ui);
    project.run("larder sync").exits(0);
    assert!(project.has("node_modules/ui-kit/bin/kit.js"));

    write(r#"{"prepare": "echo '{\"name\": \"other\", \"version\": \"1.0.0\"}' > package.json"}"#);
    project.run("larder builds allow npm:ui-kit").exits(0);
    project.run("larder update ui-kit").exits(0);
    let failed = project.run("larder sync");
    if failed.stderr.contains("larder::build::no_sandbox") {
        return crate::sweep::say(&format!("NOT TESTED: {}", failed.stderr));
    }
    assert_ne!(failed.status, 0);
    failed.names(["npm:ui-kit@1.0.0", "made the name `other` in its package.json, and not `ui-kit`"]);
}

#[test]
fn a_package_is_not_built_with_itself_but_with_what_its_registry_has_of_it() {
    let registry = Universe::new()
        .npm("maker", "1.0.0", |p| {
            p.dep("ui-kit", "*").field("bin", json!({ "maker": "make.js" })).file(
                "make.js",
                "#!/usr/bin/env node\nrequire('fs').writeFileSync('index.js', `module.exports = 'by ${require('ui-kit')}'\n`);\n",
            )
        })
        .npm("ui-kit", "0.9.0", |p| p.file("index.js", "module.exports = 'an older one';\n"))
        .npm("ui-kit", "1.0.0", |p| p.file("index.js", "module.exports = 'the published one';\n"))
        .serve();
    let server = GitServer::start();
    let ui = server.repository("ui");
    let manifest = json!({
        "name": "ui-kit", "version": "1.0.0", "scripts": { "prepare": "maker" }, "devDependencies": { "maker": "^1" }
    });
    ui.write("package.json", &manifest.to_string()).commit();
    let project = project(&registry, &ui);
    project.run("larder builds allow npm:ui-kit").exits(0);
    let from_registry =
        "what builds npm:ui-kit@1.0.0 needs npm:ui-kit@0.9.0 of its registry: see that whoever has that name there";
    project.run("larder lock").exits(0).names([from_registry]);
    if syncs(&project) {
        assert_eq!(prints(&project), "by an older one\n");
        project.run("larder sync --locked").exits(0);
    }
}

#[test]
fn what_prepares_a_package_comes_from_registries() {
    let (registry, server) = (registry(), GitServer::start());
    let ui = server.repository("ui");
    let manifest = json!({
        "name": "ui-kit", "version": "1.0.0", "scripts": { "prepare": "true" },
        "devDependencies": { "side": "workspace:*" }
    });
    ui.write("package.json", &manifest.to_string()).commit();
    let project = project(&registry, &ui);
    project.run("larder builds allow npm:ui-kit").exits(0);
    project.run("larder lock").exits(1).names(["npm:ui-kit@1.0.0 cannot be built", "`side@workspace:*` cannot be had"]);
}

/// Writes a Python project whose back end, which lies in it, asks for the version as such tools do.
fn acme_tools(repository: &GitRepository, settings: &str) -> String {
    let hooks = r#"
import base64, hashlib, os, subprocess, zipfile

VERSION = os.environ["SETUPTOOLS_SCM_PRETEND_VERSION"]

def build_wheel(folder, config_settings=None, metadata_directory=None):
    told = subprocess.run(["git", "describe", "--tags", "--dirty"], capture_output=True, text=True).stdout.strip()
    files = subprocess.run(["git", "ls-files"], capture_output=True, text=True).stdout.split()
    name = "acme_tools-%s-py3-none-any.whl" % VERSION
    with zipfile.ZipFile(os.path.join(folder, name), "w") as wheel:
        record = []
        def add(path, text):
            digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
            record.append("%s,sha256=%s,%d\n" % (path, digest, len(text)))
            wheel.writestr(zipfile.ZipInfo(path, (1980, 1, 1, 0, 0, 0)), text)
        add("acme_tools.py", "TOLD = %r\nFILES = %r\n" % (told, files))
        info = "acme_tools-%s.dist-info/" % VERSION
        add(info + "METADATA", "Metadata-Version: 2.1\nName: acme-tools\nVersion: %s\n" % VERSION)
        add(info + "WHEEL", "Wheel-Version: 1.0\nGenerator: demo\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        add(info + "RECORD", "".join(record) + info + "RECORD,,\n")
    return name
"#;
    let pyproject = format!(
        "[project]\nname = 'acme-tools'\ndynamic = ['version']\n\
         [build-system]\nrequires = []\nbuild-backend = 'hooks'\nbackend-path = ['.']\n{settings}"
    );
    repository.write("pyproject.toml", &pyproject).write("hooks.py", hooks).commit()
}

#[test]
fn a_version_that_is_in_the_history_is_found_there_and_built() {
    let (registry, server) = (registry(), GitServer::start());
    let tools = server.repository("tools");
    let settings = "[tool.hatch.version]\nsource = 'vcs'\nraw-options = { local_scheme = 'no-local-version' }\n";
    acme_tools(&tools, settings);
    tools.git(&["tag", "v1.4.0"]);
    let project = Project::new(&registry);
    project.dependencies(&[&format!("pypi \"acme-tools\" git=\"{}\"", tools.url())]);
    project.run("larder builds allow pypi:acme-tools").exits(0);
    if !syncs(&project) {
        return;
    }
    assert!(project.read("larder.lock").contains("id = \"pypi:acme-tools@1.4.0\"\n"));
    let code = "import acme_tools, importlib.metadata as m; print(m.version(\"acme-tools\"), acme_tools.TOLD, acme_tools.FILES)";
    let prints = |project: &Project| project.run(&format!("larder run python -c '{code}'")).exits(0).stdout;
    assert!(prints(&project).starts_with("1.4.0 "), "{}", prints(&project));
    assert!(prints(&project).ends_with("['hooks.py', 'pyproject.toml']\n"), "{}", prints(&project));
    assert!(!prints(&project).contains("dirty"));

    tools.write("more.txt", "more").commit();
    project.run("larder update acme-tools").exits(0);
    project.run("larder sync").exits(0);
    assert!(prints(&project).starts_with("1.4.1.dev1 "), "{}", prints(&project));
    // Tags that come later change nothing for who has the lock.
    tools.git(&["tag", "v2.0.0"]);
    let other = Project::new(&registry);
    other.write("larder.kdl", &project.read("larder.kdl")).write("larder.lock", &project.read("larder.lock"));
    other.run("larder sync --locked").exits(0);
    assert!(prints(&other).starts_with("1.4.1.dev1 "));
    project.run("larder update acme-tools").exits(0);
    assert!(project.read("larder.lock").contains("id = \"pypi:acme-tools@2.0.0\"\n"));

    acme_tools(&tools, "[tool.setuptools_scm]\nversion_scheme = 'own:scheme'\n");
    project.run("larder update acme-tools").exits(2).names(["its `version_scheme` is `own:scheme`"]);
}

/// Writes a package of a monorepo that a script makes, with the one that it names.
fn made_with(repository: &GitRepository, name: &str, tool: Option<&str>) {
    let make = "const before = process.argv[2] ? require(process.argv[2]) + ' and ' : '';\n\
                require('fs').writeFileSync('index.js', `module.exports = '${before}NAME'\\n`);\n";
    let needs: serde_json::Map<String, serde_json::Value> =
        tool.map(|tool| (tool.to_owned(), json!("^1"))).into_iter().collect();
    let manifest = json!({
        "name": name, "version": "1.0.0", "devDependencies": needs,
        "scripts": { "prepare": format!("node make.js {}", tool.unwrap_or_default()) }
    });
    repository
        .write(&format!("{name}/package.json"), &manifest.to_string())
        .write(&format!("{name}/make.js"), &make.replace("NAME", name));
}

#[test]
fn packages_of_a_repository_are_built_with_each_other() {
    let (registry, server) = (registry(), GitServer::start());
    let both = server.repository("both");
    made_with(&both, "lower", None);
    made_with(&both, "upper", Some("lower"));
    both.commit();
    let project = Project::new(&registry);
    let line = |name: &str| format!("npm \"{name}\" git=\"{}\" subdirectory=\"{name}\"", both.url());
    project.dependencies(&[&line("lower"), &line("upper")]);
    project.run("larder builds allow npm:lower npm:upper").exits(0);
    if !syncs(&project) {
        return;
    }
    let print = |name: &str| project.run(&format!("larder run node -p 'require(\"{name}\")'")).exits(0).stdout;
    assert_eq!((print("lower").as_str(), print("upper").as_str()), ("lower\n", "lower and upper\n"));
    assert!(project.read("larder.lock").contains("\nversion = 2\n"), "earlier larders do not read it");
    project.run("larder sync --locked").exits(0);
    project.run("larder builds record upper").exits(1).names(["larder::builds::not_recorded", "npm:upper@1.0.0"]);
}

#[test]
fn tools_that_are_built_one_behind_the_other_have_their_bounds() {
    let (registry, server) = (registry(), GitServer::start());
    let all = server.repository("all");
    let names: Vec<String> = (0..11).map(|at| format!("tool-{at}")).collect();
    for (at, name) in names.iter().enumerate() {
        made_with(&all, name, names.get(at + 1).map(String::as_str));
    }
    all.commit();
    let project = Project::new(&registry);
    let lines: Vec<String> =
        names.iter().map(|name| format!("npm \"{name}\" git=\"{}\" subdirectory=\"{name}\"", all.url())).collect();
    project.dependencies(&lines.iter().map(String::as_str).collect::<Vec<_>>());
    let allowed: Vec<String> = names.iter().map(|name| format!("npm:{name}")).collect();
    project.run(&format!("larder builds allow {}", allowed.join(" "))).exits(0);
    let refused = project.run("larder lock").exits(1);
    refused.names([
        "larder::builds::too_many_tools",
        "npm:tool-0@1.0.0 is built with tools that are only there as source",
    ]);
}

#[test]
fn install_scripts_of_what_is_made_are_those_of_its_sources_and_run_once() {
    let (registry, server) = (registry(), GitServer::start());
    let ui = server.repository("ui");
    let write = |prepare: &str| {
        let scripts = json!({ "prepare": prepare, "postinstall": "echo once >> count.txt" });
        let manifest = json!({ "name": "ui-kit", "version": "1.0.0", "scripts": scripts });
        ui.write("package.json", &manifest.to_string()).commit();
    };
    write("true");
    let project = project(&registry, &ui);
    project.run("larder builds allow npm:ui-kit").exits(0);
    if !syncs(&project) {
        return;
    }
    assert_eq!(project.read("node_modules/ui-kit/count.txt"), "once\n");
    write("sed -i s/once/other/ package.json");
    project.run("larder update ui-kit").exits(0);
    project.run("larder builds allow npm:ui-kit").exits(0);
    let refused = project.run("larder sync");
    assert_ne!(refused.status, 0);
    refused.names(["made its `postinstall` script `echo other >> count.txt`, which its sources do not say"]);
    assert_eq!(project.read("node_modules/ui-kit/count.txt"), "once\n");
}

#[test]
fn what_a_package_of_a_repository_bundles_is_installed_with_it() {
    let (registry, server) = (registry(), GitServer::start());
    let ui = server.repository("ui");
    for scripts in [json!({}), json!({ "prepare": "true" })] {
        let manifest = json!({
            "name": "ui-kit", "version": "1.0.0", "dependencies": { "words": "^1" }, "bundleDependencies": ["words"], "scripts": scripts
        });
        ui.write("package.json", &manifest.to_string())
            .write("index.js", "module.exports = require('words');\n")
            .commit();
        let project = project(&registry, &ui);
        project.run("larder builds allow npm:ui-kit");
        if syncs(&project) {
            assert_eq!(prints(&project), "made\n");
        }
    }
}

/// Serves a tool that works only once its own install script ran, and one that another tool needs.
fn unfinished_tools() -> Registry {
    Universe::new()
        .npm("maker", "1.0.0", |p| {
            p.dep("words", "^1")
                .field("bin", json!({ "maker": "make.js" }))
                .field("scripts", json!({ "postinstall": "node -e \"require('fs').writeFileSync('text.js', 'module.exports = ' + JSON.stringify(require('words')))\"" }))
                .file("make.js", "#!/usr/bin/env node\nrequire('fs').writeFileSync(process.argv[2], `module.exports = '${require('./text.js')}'\\n`);\n")
        })
        .npm("words", "1.0.0", |p| {
            p.field("scripts", json!({ "install": "echo \"module.exports = 'installed'\" > index.js" }))
                .file("index.js", "module.exports = 'not installed';\n")
        })
        .npm("right", "1.2.0", |p| p)
        .serve()
}

#[test]
fn tools_run_their_own_install_scripts_first_where_a_line_lets_them() {
    let (registry, server) = (unfinished_tools(), GitServer::start());
    let ui = server.repository("ui");
    ui_kit(&ui, &json!({ "prepare": "mkdir -p dist && maker dist/index.js" }));
    let project = project(&registry, &ui);
    project.run("larder builds allow npm:ui-kit").exits(0);
    project.run("larder lock").exits(0);
    let listed = project.run("larder builds --json").exits(0).json();
    let reasons = listed["builds"].to_string();
    assert!(reasons.contains("it has install scripts, and is a tool of npm:ui-kit@1.0.0"), "{reasons}");
    let out = project.run("larder sync");
    if out.stderr.contains("larder::build::no_sandbox") {
        return crate::sweep::say(&format!("NOT TESTED: {}", out.stderr));
    }
    out.exits(1).names(["text.js", "`larder builds allow npm:maker npm:words` does"]);

    project.run("larder builds allow maker words").exits(0);
    project.run("larder lock --check").exits(1).names(["scripts"]);
    project.run("larder sync").exits(0);
    assert_eq!(prints(&project), "installed\n");
    let lock = project.read("larder.lock");
    assert!(lock.contains("\n[[build]]\nid = \"npm:maker@1.0.0\"\nscripts = \"sha256-"), "{lock}");
    for command in ["larder verify", "larder sync --locked", "larder lock --check", "larder builds --check"] {
        project.run(command).exits(0);
    }
    // What comes of it is told apart by whose scripts ran, and the store's own files are as they were.
    let manifest = project.read("larder.kdl");
    project.write("larder.kdl", &manifest.replace("allow npm \"words\"", ""));
    project.run("larder sync").exits(0);
    assert_eq!(prints(&project), "not installed\n");
    project.run("larder verify --all").exits(0);
    // Scripts that the lock does not have do not run.
    project.write("larder.kdl", &manifest);
    let entry = "id = \"npm:words@1.0.0\"\nscripts = \"";
    let digest = |of: &str| lock.split(of).nth(1).and_then(|rest| rest.split('"').next()).expect("a digest");
    let other = digest("id = \"npm:maker@1.0.0\"\nscripts = \"");
    let changed = lock.replace(&format!("{entry}{}", digest(entry)), &format!("{entry}{other}"));
    project.write("larder.lock", &changed);
    project.run("larder sync").exits(4).names(["npm:words@1.0.0", "are not those that the lock has"]);
}

#[test]
fn scripts_of_sources_may_patch_what_they_depend_on() {
    let (registry, server) = (registry(), GitServer::start());
    let ui = server.repository("ui");
    let patch = "node -e \"require('fs').writeFileSync(require.resolve('words', { paths: [require.resolve('maker')] }), 'module.exports = 1')\"";
    ui_kit(&ui, &json!({ "prepare": format!("{patch} && mkdir -p dist && maker dist/index.js patched") }));
    let project = project(&registry, &ui);
    project.run("larder builds allow npm:ui-kit").exits(0);
    project.run("larder lock").exits(0);
    if !syncs(&project) {
        return;
    }
    assert_eq!(project.read("node_modules/ui-kit/dist/index.js"), "module.exports = 'patched ' + '1'\n");
    project.run("larder verify --all").exits(0);
}
