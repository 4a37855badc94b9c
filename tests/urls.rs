//! Packages that a line takes from a URL: locked by what lies there, whoever asks for them.

use crate::support::{Metadata, NpmPackage, Project, PypiPackage, Registry, Universe};

/// A registry that has older versions of what its URLs have.
fn registry() -> Registry {
    universe("new").serve()
}

fn universe(content: &str) -> Universe {
    let ui = NpmPackage::new("ui-kit", "2.0.0")
        .dep("right", "^1")
        .file("index.js", &format!("module.exports = '{content}'\n"));
    let tool = PypiPackage::new("acme-tools", "2.1").requires("six").extra("fast", "quick");
    Universe::new()
        .npm("ui-kit", "1.0.0", |p| p)
        .npm("right", "1.2.0", |p| p)
        .npm("page", "1.0.0", |p| p.dep("ui-kit", ">=1"))
        .pypi("acme-tools", "1.0", |p| p)
        .pypi("six", "1.16", |p| p)
        .pypi("quick", "3.0", |p| p)
        .pypi("desk", "1.0", |p| p.requires("acme-tools>=1"))
        .file("/files/ui-kit-next.tgz", ui.tarball())
        .file(&format!("/files/{}", tool.file_name()), tool.wheel())
}

fn project(registry: &Registry) -> Project {
    let project = Project::new(registry);
    let (ui, tool) = (registry.url("/files/ui-kit-next.tgz"), registry.url("/files/acme_tools-2.1-py3-none-any.whl"));
    project.dependencies(&[
        &format!("npm \"ui-kit\" url=\"{ui}\""),
        "npm \"page\"",
        &format!("pypi \"acme-tools[fast]\" url=\"{tool}\""),
        "pypi \"desk\"",
    ]);
    project
}

#[test]
fn a_url_is_the_package_whoever_asks_for_it() {
    let registry = registry();
    let project = project(&registry);
    project.run("larder sync").exits(0);
    let lock = project.read("larder.lock");
    let ui = format!("id = \"npm:ui-kit@2.0.0\"\nurl = \"{}\"\n", registry.url("/files/ui-kit-next.tgz"));
    assert!(lock.contains(&ui) && lock.contains("{ file = \"ui-kit-next.tgz\", digest = \"sha512-"), "{lock}");
    assert!(lock.contains("id = \"pypi:acme-tools@2.1\"\nurl = \"") && lock.contains("digest = \"sha256-"), "{lock}");
    assert!(!lock.contains("ui-kit@1") && !lock.contains("acme-tools@1"), "{lock}");
    assert!(lock.contains("id = \"pypi:quick@3.0\""), "extras count: {lock}");
    let out = project.run("larder run node -p 'require(\"ui-kit\")'");
    assert_eq!(out.exits(0).stdout, "new\n");
    project.run("larder run python -c 'import acme_tools, six, quick'").exits(0);
    for command in
        ["larder verify", "larder check", "larder check --online", "larder sync --locked", "larder sync --frozen"]
    {
        project.run(command).exits(0);
    }
    let listed = project.run_json("larder list --json");
    let ui = listed["packages"].as_array().expect("a list").iter().find(|one| one["name"] == "ui-kit").expect("listed");
    assert_eq!(
        (&ui["registry"], &ui["source"]),
        (&serde_json::Value::Null, &registry.url("/files/ui-kit-next.tgz").into())
    );
    project.run("larder lock").exits(0);
    assert_eq!(project.read("larder.lock"), lock);
}

#[test]
fn what_was_locked_stays_until_it_is_updated() {
    let registry = registry();
    let project = project(&registry);
    project.run("larder sync").exits(0);
    let lock = project.read("larder.lock");
    registry.becomes(&universe("newer"));
    project.run("larder lock").exits(0);
    project.run("larder add npm:right").exits(0);
    let locked = |text: &str| text.lines().find(|line| line.contains("ui-kit-next.tgz\", digest")).map(str::to_owned);
    assert_eq!(locked(&project.read("larder.lock")), locked(&lock));
    project.run("larder check --online").exits(1).names(["ui-kit", "digest"]);
    project.run("larder update right").exits(0);
    assert_eq!(locked(&project.read("larder.lock")), locked(&lock));
    project.run("larder update ui-kit").exits(0);
    assert_ne!(locked(&project.read("larder.lock")), locked(&lock));
    project.run("larder sync").exits(0);
    assert_eq!(project.run("larder run node -p 'require(\"ui-kit\")'").exits(0).stdout, "newer\n");
}

#[test]
fn a_file_that_changed_is_refused_where_it_is_fetched() {
    let registry = registry();
    let project = project(&registry);
    project.run("larder lock").exits(0);
    project.forget();
    registry.becomes(&universe("evil"));
    let out = project.run("larder sync");
    out.exits(4).names(["larder::fetch::integrity", "ui-kit-next.tgz", &registry.url("/files/")]);
    assert!(!project.has(".larder/active"));
}

#[test]
fn a_changed_line_makes_the_lock_stale() {
    let registry = registry();
    let project = project(&registry);
    project.run("larder lock").exits(0);
    project.write("larder.kdl", &project.read("larder.kdl").replace("ui-kit-next.tgz", "other.tgz"));
    project.run("larder sync --locked").exits(1).names(["npm:ui-kit@2.0.0 is locked from", "other.tgz now"]);
    project.run("larder sync --frozen").exits(1).names(["other.tgz now"]);
    let lock = project.read("larder.lock");
    project.run("larder lock").exits(5).names(["larder::source::gone", "other.tgz"]);
    assert_eq!(project.read("larder.lock"), lock);
    let line = format!("npm \"ui-kit\" url=\"{}\"", registry.url("/files/other.tgz"));
    project.write("larder.kdl", &project.read("larder.kdl").replace(&line, "npm \"ui-kit\""));
    project.run("larder sync --locked").exits(1).names(["npm:ui-kit@2.0.0 is locked from", "`npmjs` now"]);
    project.run("larder lock").exits(0);
    assert!(project.read("larder.lock").contains("id = \"npm:ui-kit@1.0.0\"\nregistry = \"npmjs\""));
}

#[test]
fn a_range_that_it_does_not_satisfy_is_a_contradiction() {
    let registry = universe("new").npm("old", "1.0.0", |p| p.dep("ui-kit", "^1")).serve();
    let project = Project::new(&registry);
    let ui = registry.url("/files/ui-kit-next.tgz");
    project.dependencies(&[&format!("npm \"ui-kit\" url=\"{ui}\""), "npm \"old\""]);
    project.run("larder lock").exits(3).names(["ui-kit", "^1"]);
    project.dependencies(&[&format!("npm \"ui-kit\" \"^1\" url=\"{ui}\"")]);
    project.run("larder lock").exits(3).names(["ui-kit"]);
}

#[test]
fn two_places_of_one_package_are_named_together() {
    let registry = registry();
    let project = Project::new(&registry);
    let ui = registry.url("/files/ui-kit-next.tgz");
    project.manifest(&format!(
        "dependencies {{\n    npm \"ui-kit\" url=\"{ui}\"\n}}\ngroup \"test\" {{\n    npm \"ui-kit\" url=\"{ui}?x=1\"\n}}\n"
    ));
    let out = project.run("larder lock");
    out.exits(2).names(["larder::manifest::origins", "npm:ui-kit comes from", "here", "there"]);
    project.manifest(&format!(
        "dependencies {{\n    npm \"ui-kit\" url=\"{ui}\"\n}}\ngroup \"test\" {{\n    npm \"ui-kit\" registry=\"npmjs\"\n}}\n"
    ));
    project.run("larder lock").exits(2).names(["larder::manifest::origins", "registry `npmjs`"]);
}

#[test]
fn what_is_no_such_package_is_refused_and_named() {
    let other = PypiPackage::new("other", "1.0");
    let registry = universe("new")
        .file("/files/acme_tools-3.0-py3-none-any.whl", other.wheel())
        .file("/files/acme_tools-4.0-py3-none-any.whl", b"no zip".to_vec())
        .file("/files/acme_tools-2.1-cp27-cp27m-win32.whl", PypiPackage::new("acme-tools", "2.1").wheel())
        .file("/files/x.tgz", NpmPackage::new("evil", "1.0.0").tarball())
        .serve();
    let project = Project::new(&registry);
    for (line, said) in [
        ("pypi \"acme-tools\" url=\"FILES/acme_tools-3.0-py3-none-any.whl\"", "no metadata"),
        ("pypi \"acme-tools\" url=\"FILES/acme_tools-4.0-py3-none-any.whl\"", "no metadata"),
        ("pypi \"acme-tools\" url=\"FILES/acme_tools-2.1-cp27-cp27m-win32.whl\"", "made for none of the declared"),
        ("pypi \"acme-tools\" url=\"FILES/x.tgz\"", "is no name of a"),
        ("npm \"ui-kit\" url=\"FILES/x.tgz\"", "its package.json calls it"),
        ("npm \"ui-kit\" url=\"FILES/acme_tools-2.1-py3-none-any.whl\"", "no gzipped tar"),
    ] {
        project.dependencies(&[&line.replace("FILES", registry.url("/files").as_str())]);
        project.run("larder lock").exits(2).names(["larder::source::unusable", said]);
        assert!(!project.has("larder.lock"), "{line}");
    }
}

#[test]
fn lines_that_state_no_place_are_errors_with_their_spans() {
    let project = Project::alone();
    for (line, said) in [
        ("npm \"x\" url=\"https://me:secret@h/x.tgz\"", "has credentials in it"),
        ("npm \"x\" url=\"http://h/x.tgz\"", "is not encrypted"),
        ("npm \"x\" url=\"file:///x.tgz\"", "no place that larder"),
        ("npm \"x\" url=\"x.tgz\"", "not a URL"),
        ("npm \"x\" git=\"ext::sh -c touch\"", "not a URL"),
        ("npm \"x\" git=\"--upload-pack=touch\"", "no place that larder"),
        ("npm \"x\" git=\"file:///srv/x\"", "no place that larder"),
        ("npm \"x\" git=\"https://token@h/x\"", "has credentials in it"),
        ("npm \"x\" git=\"https://h/x\" tag=\"-x\"", "not a name of git's"),
        ("npm \"x\" git=\"https://h/x\" tag=\"a\" branch=\"b\"", "stated beside"),
        ("npm \"x\" git=\"https://h/x\" subdirectory=\"../y\"", "leaves the repository"),
        ("npm \"x\" git=\"https://h/x\" url=\"https://h/x.tgz\"", "one place"),
        ("npm \"x\" tag=\"v1\"", "no repository beside it"),
        ("npm \"x\" registry=\"npmjs\" url=\"https://h/x.tgz\"", "takes the package from `url=`"),
        ("larder \"x\" url=\"https://h/x.tgz\"", "url"),
    ] {
        let out = project.dependencies(&[line]).run("larder lock");
        let out = out.exits(2).names([said, "larder.kdl:"]);
        assert!(!out.stderr.contains("secret"), "{}", out.stderr);
    }
}

#[test]
fn a_claimed_name_comes_from_nowhere_else() {
    let registry = registry();
    let project = Project::new(&registry);
    let ui = registry.url("/files/ui-kit-next.tgz");
    project.dependencies(&[&format!("npm \"ui-kit\" url=\"{ui}\"")]);
    let claim = "npm \"npmjs\" \"http://127.0.0.1:1/npm/\" {\n        packages \"ui-*\"\n    }";
    let text = project.read("larder.kdl").replace("npm \"npmjs\" \"http://127.0.0.1:1/npm/\"", claim);
    project.write("larder.kdl", &text).run("larder lock").exits(2).names(["larder::manifest::claimed", "ui-kit"]);
}

#[test]
fn a_source_distribution_is_built_where_a_line_lets_it_be() {
    let colour = PypiPackage::new("colour", "1.1").requires("six").source_only(Metadata::Dynamic);
    let registry = universe("new").file("/files/colour-1.1.tar.gz", colour.archive()).serve();
    let project = Project::new(&registry);
    project.dependencies(&[&format!("pypi \"colour\" url=\"{}\"", registry.url("/files/colour-1.1.tar.gz"))]);
    project.run("larder lock").exits(3).names(["colour 1.1 cannot be used", "larder builds allow pypi:colour"]);
    project.run("larder builds allow pypi:colour").exits(0);
    let out = project.run("larder sync");
    if out.stderr.contains("larder::build::no_sandbox") {
        return;
    }
    out.exits(0);
    let lock = project.read("larder.lock");
    assert!(lock.contains("id = \"pypi:six@1.16\"") && lock.contains("[[build]]\nid = \"pypi:colour@1.1\""), "{lock}");
    project.run("larder run python -c 'import colour, six'").exits(0);
    project.run("larder lock").exits(0);
    project.run("larder check --online").exits(0);
    assert_eq!(project.read("larder.lock"), lock);
}
