//! Install scripts of npm packages, in a layout as `node_modules` has it.

use std::collections::BTreeMap;
use std::path::Path;

use larder::build::{Bind, BuildError, Level, NodeRuntime, NpmPackage, ScriptSet};

use crate::support::build::{BuildFolder, is_untested};

fn package(folder: &BuildFolder, package_json: &str) -> NpmPackage {
    folder.source("node_modules/demo/package.json", package_json);
    folder.source("node_modules/beside/index.js", "module.exports = 'beside';\n");
    NpmPackage {
        name: "npm:demo 1.0.0".into(),
        layout: folder.path("sources"),
        package: "node_modules/demo".into(),
        writable: "node_modules/demo".into(),
        scripts: ScriptSet::Install,
        node: NodeRuntime::of(&node()).expect("a Node"),
        search_path: Vec::new(),
        variables: BTreeMap::new(),
        source_date: 0,
        log: folder.path("log"),
    }
}

fn node() -> std::path::PathBuf {
    let found = std::process::Command::new("node").args(["-p", "process.execPath"]).output().expect("tests need node");
    String::from_utf8_lossy(&found.stdout).trim().into()
}

fn run(folder: &BuildFolder, package: &NpmPackage) -> Option<Result<bool, BuildError>> {
    let mut sandbox = folder.sandbox(Level::Strict);
    if !package.node.root.starts_with("/usr") {
        sandbox.binds.push(Bind::read(&package.node.root));
    }
    let built = package.run_scripts(&sandbox);
    (!is_untested(&built)).then_some(built)
}

#[test]
fn scripts_run_in_order_with_npms_variables_and_change_their_own_package_only() {
    let folder = BuildFolder::new();
    let package = package(
        &folder,
        r#"{"name": "demo", "version": "1.0.0", "config": {"port": 8080}, "scripts": {
            "preinstall": "echo first; echo $npm_lifecycle_event $npm_package_version $npm_package_config_port > made",
            "install": "node -e \"require('fs').appendFileSync('made', require('beside') + process.env.npm_package_json)\"",
            "postinstall": "echo x > ../beside/changed || echo refused >> made; ln -s made inside; mkdir -p build/node_gyp_bins; ln -s /usr/bin/python3 build/node_gyp_bins/python3"
        }}"#,
    );
    let Some(built) = run(&folder, &package) else { return };
    assert!(built.expect("a package"));
    let at = |path: &str| folder.path("sources/node_modules/demo").join(path);
    let made = std::fs::read_to_string(at("made")).expect("a file");
    assert_eq!(made, "preinstall 1.0.0 8080\nbeside/build/node_modules/demo/package.jsonrefused\n");
    assert!(!folder.path("sources/node_modules/beside/changed").exists());
    assert!(at("inside").symlink_metadata().is_err() && at("build/node_gyp_bins").symlink_metadata().is_err());
    let log = std::fs::read_to_string(folder.path("log")).expect("a log");
    assert!(log.starts_with("first\n") && log.contains("Read-only"), "{log}");
}

#[test]
fn a_package_without_scripts_runs_nothing() {
    let folder = BuildFolder::new();
    let package = package(&folder, r#"{"name": "demo", "scripts": {"test": "exit 1"}}"#);
    assert!(!package.run_scripts(&folder.sandbox(Level::Strict)).expect("nothing to do"));
    assert!(!folder.path("log").exists());
}

#[test]
fn a_failing_script_is_named_and_later_ones_do_not_run() {
    let folder = BuildFolder::new();
    let scripts = r#"{"scripts": {"install": "echo 'gyp ERR! stack Error: not found: make'; exit 4", "postinstall": "touch ran"}}"#;
    let Some(built) = run(&folder, &package(&folder, scripts)) else { return };
    let error = built.expect_err("a failure");
    assert!(
        error.to_string().starts_with("npm:demo 1.0.0 cannot be built: `install` ended with status 4\n"),
        "{error}"
    );
    let help = miette::Diagnostic::help(&error).expect("help").to_string();
    assert!(help.contains("`make` was not found: on Debian and Ubuntu it is in build-essential"), "{help}");
    assert!(!folder.path("sources/node_modules/demo/ran").exists());
}

#[test]
fn a_node_without_headers_is_named_where_node_gyp_needs_them() {
    let folder = BuildFolder::new();
    let scripts =
        r#"{"scripts": {"install": "echo 'gyp ERR! stack Error: getaddrinfo ENOTFOUND nodejs.org'; exit 1"}}"#;
    let mut package = package(&folder, scripts);
    package.node.headers = None;
    let Some(built) = run(&folder, &package) else { return };
    let help = miette::Diagnostic::help(&built.expect_err("a failure")).expect("help").to_string();
    assert!(help.contains("has no headers (`include/node`)") && help.contains("libnode-dev"), "{help}");
}

#[test]
fn links_that_leave_the_package_and_pipes_are_refused() {
    for (script, problem) in [
        ("ln -s /etc/shadow stolen", "`stolen` leads out of the package, to `/etc/shadow`"),
        ("mkdir a && ln -s ../../beside a/b", "`a/b` leads out of the package, to `../../beside`"),
        ("mkfifo pipe", "`pipe` is neither file nor folder"),
    ] {
        let folder = BuildFolder::new();
        let scripts = format!(r#"{{"scripts": {{"install": "{script}"}}}}"#);
        let Some(built) = run(&folder, &package(&folder, &scripts)) else { return };
        let error = built.expect_err("a refusal");
        assert_eq!(error.to_string(), format!("npm:demo 1.0.0 was built, but {problem}"));
    }
}

#[test]
fn node_gyp_builds_with_the_headers_of_the_runtime_and_without_a_network() {
    let folder = BuildFolder::new();
    let package = package(&folder, r#"{"name": "demo", "version": "1.0.0"}"#);
    let has_compiler = Path::new("/usr/bin/c++").exists() && Path::new("/usr/bin/make").exists();
    if package.node.headers.is_none() || package.node.node_gyp.is_none() || !has_compiler {
        return crate::sweep::say("NOT TESTED: node-gyp, as Node's headers, node-gyp or a compiler are not here");
    }
    folder.source("node_modules/demo/binding.gyp", r#"{"targets": [{"target_name": "demo", "sources": ["demo.c"]}]}"#);
    folder.source(
        "node_modules/demo/demo.c",
        "#include <node_api.h>\nNAPI_MODULE_INIT() { napi_value n; napi_create_int32(env, 42, &n); return n; }\n",
    );
    let Some(built) = run(&folder, &package) else { return };
    assert!(built.expect("a package"));
    let module = folder.path("sources/node_modules/demo/build/Release/demo.node");
    let said = std::process::Command::new(&package.node.executable)
        .args(["-p", &format!("require('{}')", module.display())])
        .output()
        .expect("node");
    assert_eq!(String::from_utf8_lossy(&said.stdout), "42\n");
}
