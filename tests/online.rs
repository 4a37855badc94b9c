//! `check --online`: a lock is what its registries say, or the difference is named.

use serde_json::json;

use crate::support::{Project, Registry, Universe, conforms};

const LINES: [&str; 5] = [
    "npm \"app\" \"^1\"",
    "npm \"react\" \"^17\"",
    "npm \"react-lazyload\" \"2.6.0\"",
    "pypi \"web[cache]\"",
    "pypi \"other\"",
];

/// Packages of both ecosystems with every kind of edge: plain, optional, peers met and unmet, extras, markers, one that an
/// override moves, one that `extend` adds, and one of the built-in package extensions.
fn registry() -> Registry {
    let script = json!({ "postinstall": "exit 1" });
    Universe::new()
        .npm("app", "1.0.0", |p| {
            p.dep("left", "^1")
                .dep("moved", "^1")
                .optional("native", "^1")
                .peer("react", "^18")
                .field("scripts", script)
        })
        .npm("left", "1.0.0", |p| p)
        .npm("left", "2.0.0", |p| p)
        .npm("moved", "1.0.0", |p| p)
        .npm("moved", "2.0.0", |p| p)
        .npm("native", "1.0.0", |p| p.field("os", json!(["win32"])))
        .npm("react", "17.0.0", |p| p)
        .npm("evil", "1.0.0", |p| p)
        .npm("forgotten", "1.0.0", |p| p)
        .npm("react-lazyload", "2.6.0", |p| p)
        .npm("prop-types", "15.8.0", |p| p)
        .pypi("web", "1.0", |p| p.requires("six >=1").requires("win ; sys_platform == 'win32'").extra("cache", "redis"))
        .pypi("other", "1.0", |p| p.requires("six").python(">=3.8"))
        .pypi("six", "1.16", |p| p)
        .pypi("six", "0.9", |p| p)
        .pypi("redis", "1.0", |p| p)
        .pypi("win", "1.0", |p| p)
        .pypi("evil-py", "1.0", |p| p)
        .serve()
}

fn project(registry: &Registry) -> Project {
    let project = Project::new(registry);
    let rest =
        "resolution {\n    override npm \"moved\" \"2.0.0\"\n    extend npm \"app\" { npm \"forgotten\" \"^1\"; }\n}\n";
    let lines = LINES.join("\n    ");
    project.manifest(&format!("dependencies {{\n    {lines}\n}}\n{rest}")).run("larder lock").exits(0);
    project
}

#[test]
fn an_honest_lock_is_what_its_registries_say() {
    let registry = registry();
    let project = project(&registry);
    let lock = project.read("larder.lock");
    for edge in ["npm:moved@2.0.0", "npm:forgotten@1.0.0", "npm:prop-types@15.8.0", "unmet", "pypi:redis@1.0"] {
        assert!(lock.contains(edge), "{edge} is not in the lock:\n{lock}");
    }
    let before = project.state();
    project.run("larder check --online").exits(0).names(["match the metadata of their registries"]);
    let document = project.run("larder check --online --json").exits(0).json();
    conforms(&document, "check");
    assert_eq!(project.state(), before);
}

/// What is done to a lock, and the words that name it.
type Forgery = (&'static str, &'static str, &'static [&'static str]);

/// Changes a lock by hand and expects that the registries are cited against it. The change is not seen offline.
#[track_caller]
fn is_found(project: &Project, honest: &str, (from, to, words): Forgery) {
    assert!(honest.contains(from), "`{from}` is not in the lock:\n{honest}");
    project.write("larder.lock", &honest.replacen(from, to, 1));
    project.run("larder check").exits(0);
    let said = project.run("larder check --online").exits(1);
    for word in words.iter().chain(&["larder::policy::metadata", "locked here"]) {
        assert!(said.stderr.contains(word), "`{word}` is not told for {from} → {to}:\n{}", said.stderr);
    }
    let error = project.run("larder check --online --json").exits(1).error();
    assert_eq!(error["code"], "larder::policy::metadata");
    let label = &error["related"][0]["labels"][0];
    assert_eq!(label["file"], "larder.lock");
}

#[test]
fn what_was_changed_in_a_lock_by_hand_is_found() {
    let registry = registry();
    let project = project(&registry);
    let honest = project.read("larder.lock");
    let evil = "\n[[package]]\nid = \"npm:evil@1.0.0\"\nregistry = \"npmjs\"\nartifacts = [\n    { file = \"evil-1.0.0.tgz\" },\n]\n";
    let honest = format!("{honest}{evil}");
    let evil_py = "\n[[package]]\nid = \"pypi:evil-py@1.0\"\nregistry = \"pypi\"\n";
    let honest = format!("{honest}{evil_py}");
    project.write("larder.lock", &honest);
    project.run("larder check --online").exits(0);
    let forgeries: [Forgery; 11] = [
        ("    \"npm:left@1.0.0\",\n", "    \"npm:left@1.0.0\",\n    \"npm:evil@1.0.0\",\n", &["app@1.0.0", "`evil`"]),
        ("    \"npm:left@1.0.0\",\n", "", &["app@1.0.0", "`left` ^1", "no edge"]),
        ("    \"npm:left@1.0.0\",\n", "    { to = \"npm:evil@1.0.0\", as = \"left\" },\n", &["evil@1.0.0", "npm:left"]),
        ("    \"npm:left@1.0.0\",\n", "    { to = \"npm:left@1.0.0\", kind = \"optional\" },\n", &["another way"]),
        ("unmet = \"^18\"", "unmet = \"^16\"", &["`react` ^16", "^18"]),
        ("install-script = true\n", "", &["install-script", "false in the lock"]),
        (
            "id = \"npm:left@1.0.0\"\nregistry = \"npmjs\"\n",
            "id = \"npm:left@1.0.0\"\nregistry = \"npmjs\"\nos = [\"linux\"]\n",
            &["`os`", "linux"],
        ),
        (
            "    \"pypi:six@1.16\",\n",
            "    \"pypi:evil-py@1.0\",\n    \"pypi:six@1.16\",\n",
            &["pypi:other@1.0", "evil-py"],
        ),
        ("    \"pypi:six@1.16\",\n", "", &["pypi:other@1.0", "`six`", "no edge"]),
        ("requires-python = \">=3.8\"\n", "", &["requires-python", ">=3.8"]),
        ("extra = \"cache\"", "extra = \"clash\"", &["pypi:web@1.0", "redis"]),
    ];
    for forgery in forgeries {
        is_found(&project, &honest, forgery);
    }
    // Another package's digests.
    for (file, other) in
        [("left-1.0.0.tgz", "react-17.0.0.tgz"), ("six-1.16-py3-none-any.whl", "redis-1.0-py3-none-any.whl")]
    {
        let line = |file: &str| honest.lines().find(|line| line.contains(file)).expect("an artifact").to_owned();
        let swapped = line(other).replace(other, file);
        let changed = honest.replace(&line(file), &swapped);
        project.write("larder.lock", &changed);
        project.run("larder check").exits(0);
        project.run("larder check --online").exits(1).names([file, "has the digest", "its registry states"]);
    }
}

#[test]
fn what_no_registry_has_and_what_cannot_be_asked_are_told_apart() {
    let registry = registry();
    let project = project(&registry);
    let honest = project.read("larder.lock");
    project
        .write("larder.lock", &honest.replace("npm:left@1.0.0", "npm:left@1.5.0").replace("left-1.0.0", "left-1.5.0"));
    project.run("larder check").exits(0);
    project.run("larder check --online").exits(1).names(["npm:left@1.5.0", "no such version"]);
    project.write("larder.lock", &honest);
    project.run("larder check --online --offline").exits(0);
    let log = project.run("larder check --online --sarif").exits(0).json();
    assert_eq!(log["version"], "2.1.0");
    std::fs::remove_dir_all(project.path("../cache")).expect("a cache");
    project.run("larder check --online --offline").exits(5);
}
