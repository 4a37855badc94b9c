//! What packages say of themselves: wheels that differ from platform to platform, runtimes that they ask for, and systems
//! that are newer than the declared ones.

use serde_json::Value;

use crate::support::{Metadata, Project, PypiPackage, Registry, Universe, conforms, python_version};

const LINUX: &str = "py3-none-manylinux_2_17_x86_64";
const MAC: &str = "py3-none-macosx_11_0_arm64";

fn on(tag: &'static str) -> impl FnOnce(PypiPackage) -> PypiPackage {
    move |package| package.tag(tag)
}

/// Returns what was said without the breaks of its lines.
fn flat(said: &str) -> String {
    said.split_whitespace().filter(|word| *word != "│").collect::<Vec<_>>().join(" ")
}

/// Returns the metadata that was asked for, in order.
fn metadata_asked(registry: &Registry) -> Vec<String> {
    let files = registry.take_log().into_iter();
    let mut asked: Vec<_> = files
        .filter_map(|path| Some(path.strip_prefix("/pypi/files/")?.strip_suffix(".metadata")?.to_owned()))
        .collect();
    asked.sort();
    asked
}

#[test]
fn each_platform_gets_what_its_own_wheel_needs_and_only_what_differs_is_asked_for() {
    let registry = Universe::new()
        .pypi("native", "1.0", |p| on(LINUX)(p).requires("lin-only").requires("both"))
        .pypi("native", "1.0", |p| on(MAC)(p).requires("both").requires("mac-only"))
        .pypi("native", "0.9", |p| on(LINUX)(p).requires("lin-only"))
        .pypi("native", "0.9", |p| on(MAC)(p).requires("old-mac-only"))
        // These say the same, and their index says so.
        .pypi("alike", "1.0", on(LINUX))
        .pypi("alike", "1.0", on(MAC))
        .pypi("both", "1.0", |p| p)
        .pypi("lin-only", "1.0", |p| p)
        .pypi("mac-only", "1.0", |p| p)
        .pypi("old-mac-only", "1.0", |p| p)
        .serve();
    let project = Project::new(&registry);
    project.dependencies(&["pypi \"native\"", "pypi \"alike\""]).platforms(&["linux-x64", "macos-arm64"]);
    project.run("larder lock").exits(0);
    let lock = project.read("larder.lock");
    let edge = |name: &str, platform: &str| format!("{{ to = \"pypi:{name}@1.0\", platforms = [\"{platform}\"] }}");
    assert!(lock.contains(&edge("lin-only", "linux-x64")), "{lock}");
    assert!(lock.contains(&edge("mac-only", "macos-arm64")), "{lock}");
    assert!(lock.contains("\"pypi:both@1.0\",") && !lock.contains("old-mac-only"), "{lock}");
    let wheel = |name: &str, tag: &str| format!("{name}-1.0-{tag}.whl");
    let pure = |name: &str| wheel(name, "py3-none-any");
    assert_eq!(
        metadata_asked(&registry),
        [
            wheel("alike", LINUX),
            pure("both"),
            pure("lin_only"),
            pure("mac_only"),
            wheel("native", MAC),
            wheel("native", LINUX),
        ]
    );
    // It is remembered, and the lock stays what it is.
    std::fs::remove_file(project.path("larder.lock")).expect("a lock");
    project.run("larder lock").exits(0);
    assert_eq!(metadata_asked(&registry), [""; 0]);
    assert_eq!(project.read("larder.lock"), lock);
    project.run("larder lock --locked").exits(0);
    project.run("larder update").exits(0);
    assert_eq!(project.read("larder.lock"), lock);
}

#[test]
fn a_package_of_some_platforms_has_files_for_these_alone() {
    let both = |package: &str, universe: Universe| {
        universe
            .pypi(package, "1.0", |p| on(LINUX)(p).requires("below"))
            .pypi(package, "1.0", |p| on(MAC)(p).requires("below"))
    };
    let universe = both("native", Universe::new()).pypi("below", "1.0", on(LINUX)).pypi("below", "1.0", on(MAC));
    let registry = universe.serve();
    let project = Project::new(&registry);
    let has = |lock: &str, name: &str| [LINUX, MAC].map(|tag| lock.contains(&format!("{name}-1.0-{tag}.whl")));
    let locked = |lines: &[&str]| {
        project.dependencies(lines).platforms(&["linux-x64", "macos-arm64"]);
        project.run("larder lock").exits(0);
        project.run("larder lock --check").exits(0);
        let lock = project.read("larder.lock");
        [has(&lock, "native"), has(&lock, "below")]
    };
    let on_mac = "pypi \"native\" when=\"sys_platform == 'darwin'\"";
    assert_eq!(locked(&[on_mac]), [[false, true], [false, true]]);
    // Another line needs it everywhere; and then none does.
    assert_eq!(locked(&[on_mac, "pypi \"below\""]), [[false, true], [true, true]]);
    assert_eq!(locked(&["pypi \"native\""]), [[true, true], [true, true]]);
    assert_eq!(locked(&[on_mac]), [[false, true], [false, true]]);
    project.run("larder check --online").exits(0);
}

#[test]
fn metadata_of_another_version_is_set_aside() {
    let registry = Universe::new()
        .pypi("a", "1.0", |p| p)
        .pypi("a", "1.1", |p| p.states("1.1.post1"))
        .pypi("local", "2.0+cpu", |p| p.states("2.0"))
        .pypi("far", "1.0", on(LINUX))
        .pypi("far", "1.0", on(MAC))
        .pypi("far", "2.0", on(LINUX))
        .pypi("far", "2.0", |p| on(MAC)(p).states("2.0.post1"))
        .serve();
    let project = Project::new(&registry);
    project.dependencies(&["pypi \"a\"", "pypi \"local\" \">=2\""]).run("larder sync").exits(0);
    let lock = project.read("larder.lock");
    assert!(lock.contains("pypi:a@1.0\"") && lock.contains("pypi:local@2.0+cpu\""), "{lock}");
    project.run("larder verify").exits(0);
    let said = project.dependencies(&["pypi \"a\" \">1\""]).run("larder lock").exits(3);
    assert!(
        flat(&said.stderr).contains("the metadata of its a-1.1-py3-none-any.whl is of a 1.1.post1"),
        "{}",
        said.stderr
    );
    project.dependencies(&["pypi \"far\""]).platforms(&["linux-x64", "macos-arm64"]).run("larder lock").exits(0);
    assert!(project.read("larder.lock").contains("pypi:far@1.0\""));
}

#[test]
fn the_python_that_a_local_package_asks_for_is_a_constraint() {
    let registry = Universe::new().pypi("six", "1.16", |p| p).serve();
    let declared = python_version();
    let pyproject = |python: &str| {
        format!("[project]\nname = 'tool'\nversion = '0.1'\nrequires-python = '{python}'\ndependencies = ['six']\n")
    };
    for manifest in ["members \"tools/*\"\n", "dependencies { path \"tools/one\"; }\n"] {
        let project = Project::new(&registry);
        project.write("tools/one/pyproject.toml", &pyproject(">=3.8")).write("tools/one/tool.py", "");
        project.manifest(manifest).run("larder sync").exits(0);
        project.write("tools/one/pyproject.toml", &pyproject(">=3.99"));
        let said = project.run("larder sync --locked").exits(1);
        let why = format!("it needs Python >=3.99, and the manifest declares {declared}");
        assert!(flat(&said.stderr).contains(&why), "{}", said.stderr);
        let said = project.run("larder sync").exits(3);
        assert!(
            flat(&said.stderr).contains(&format!("needs Python >=3.99, and the manifest declares {declared}")),
            "{}",
            said.stderr
        );
        assert!(flat(&said.stderr).contains("under `runtimes`"), "{}", said.stderr);
        project.write("tools/one/pyproject.toml", &pyproject(">=3.8,<3.9"));
        project.run("larder lock").exits(3);
        project.write("tools/one/pyproject.toml", &pyproject(">=3.8"));
        project.run("larder sync").exits(0);
    }
}

#[test]
fn the_node_that_a_local_package_asks_for_is_told_of_and_held_where_engines_are_strict() {
    let registry = Universe::new().npm("left", "1.0.0", |p| p).serve();
    let package = r#"{"name":"web","version":"1.0.0","dependencies":{"left":"^1"},"engines":{"node":">=99"}}"#;
    for manifest in ["members \"apps/*\"\n", "dependencies { path \"apps/web\"; }\n"] {
        let project = Project::new(&registry);
        project.write("apps/web/package.json", package);
        let said = project.manifest(manifest).run("larder lock").exits(0);
        assert!(
            flat(&said.stderr).contains("apps/web: it wants Node >=99, and the manifest declares 20"),
            "{}",
            said.stderr
        );
        assert!(!project.read("larder.lock").contains(">=99"));
        let strict = format!("{manifest}resolution {{ engines \"strict\"; }}\n");
        let said = project.manifest(&strict).run("larder lock").exits(3);
        assert!(flat(&said.stderr).contains("apps/web: it wants Node >=99"), "{}", said.stderr);
    }
}

#[test]
fn an_upper_bound_on_python_is_no_constraint_and_is_told_of() {
    let registry = Universe::new().pypi("a", "1.0", |p| p).pypi("a", "2.0", |p| p.python(">=3.6,<3.7")).serve();
    let project = Project::new(&registry);
    let said = project.dependencies(&["pypi \"a\""]).run("larder lock").exits(0);
    assert!(project.read("larder.lock").contains("pypi:a@2.0\""));
    let warning = format!("pypi:a@2.0: wants Python >=3.6,<3.7, and the manifest declares {}", python_version());
    assert!(flat(&said.stderr).contains(&warning), "{}", said.stderr);
}

#[test]
fn a_default_baseline_that_holds_a_dependency_back_is_told_of() {
    let registry = Universe::new()
        .pypi("runtime", "1.19", on(LINUX))
        .pypi("runtime", "1.19", on(MAC))
        .pypi("runtime", "1.32", on(LINUX))
        .pypi("runtime", "1.32", on("py3-none-macosx_14_0_arm64"))
        .pypi("free", "1.0", |p| p)
        .serve();
    let project = Project::new(&registry);
    let lines = ["pypi \"runtime\"", "pypi \"free\""];
    project.dependencies(&lines).platforms(&["linux-x64", "macos-arm64"]);
    let held = "pypi:runtime: 1.32 is newer and needs macOS 14 on macos-arm64: to take it, write `platform \"macos-arm64\" \
                macos=\"14\"` beside the other platforms";
    let said = project.run("larder lock").exits(0);
    assert!(flat(&said.stderr).contains(held), "{}", said.stderr);
    let said = project.run("larder outdated").exits(0);
    assert!(flat(&said.stderr).contains(held), "{}", said.stderr);
    let said = project.run("larder outdated --json").exits(0);
    let document: Value = serde_json::from_str(&said.stdout).expect("JSON");
    conforms(&document, "outdated");
    assert!(document["packages"][0]["held_back"].as_str().expect("a text").starts_with("1.32 is newer"));
    // The advice is worth taking.
    let manifest = project.read("larder.kdl");
    let platforms = "platforms \"linux-x64\" \"macos-arm64\"\nplatform \"macos-arm64\" macos=\"14\"";
    project.write("larder.kdl", &manifest.replace("platforms \"linux-x64\" \"macos-arm64\"", platforms));
    let said = project.run("larder update").exits(0);
    assert!(project.read("larder.lock").contains("pypi:runtime@1.32\"") && !flat(&said.stderr).contains("is newer"));
    project.dependencies(&["pypi \"runtime\" \">1.19\""]).platforms(&["linux-x64", "macos-arm64"]);
    let said = project.run("larder lock").exits(3);
    assert!(
        flat(&said.stderr).contains("a wheel exists for macOS 14: write `platform \"macos-arm64\" macos=\"14\"`"),
        "{}",
        said.stderr
    );
}

#[test]
fn what_is_locked_as_source_for_an_older_system_gets_its_wheel_on_a_newer_one() {
    let registry = Universe::new()
        .pypi("scan", "1.0", on("py3-none-manylinux_2_34_x86_64"))
        .pypi("scan", "1.0", |p| p.source_only(Metadata::Stated))
        .serve();
    let project = Project::new(&registry);
    project.dependencies(&["pypi \"scan\" \"==1.0\""]).platforms(&["linux-x64"]);
    let said = project.run("larder lock").exits(0);
    let held = "pypi:scan: 1.0 is locked as source, as its wheels need glibc 2.34 on linux-x64: to take them, write `platform \
                \"linux-x64\" glibc=\"2.34\"` beside the other platforms";
    assert!(flat(&said.stderr).contains(held), "{}", said.stderr);
    assert!(project.read("larder.lock").contains("scan-1.0.tar.gz"));
    let manifest = project.read("larder.kdl");
    let newer = "platforms \"linux-x64\"\nplatform \"linux-x64\" glibc=\"2.34\"";
    project.write("larder.kdl", &manifest.replace("platforms \"linux-x64\"", newer));
    project.run("larder lock --check").exits(1).names(["`platforms` has changed"]);
    let said = project.run("larder lock").exits(0);
    let lock = project.read("larder.lock");
    assert!(lock.contains("manylinux_2_34") && !lock.contains("scan-1.0.tar.gz"), "{lock}");
    assert!(!flat(&said.stderr).contains("locked as source"), "{}", said.stderr);
}
