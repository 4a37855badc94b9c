//! Lists of packages: each is fetched for itself, and one bad name does not hide the others.

use crate::support::{PrivateRegistry, Project, Registry, Universe, conforms};

fn universe() -> Universe {
    Universe::new()
        .npm("left", "1.0.0", |p| p.dep("gone", "^1"))
        .npm("left", "1.1.0", |p| p.field("deprecated", "use right".into()))
        .npm("right", "2.0.0", |p| p)
        .pypi("ruler", "1.0", |p| p.requires("gone"))
        .pypi("ruler", "2.0", |p| p)
}

/// A folder without a manifest that sees the registry as the public ones.
fn bare(registry: &Registry) -> Project {
    Project::of_other_tools(registry, &[])
}

const LIST: &str = r#"[
    {"name": "left", "version": "1.0.0", "registry": "npm"},
    {"name": "no-such-package", "version": "1.0.0", "registry": "npm"},
    {"name": "right", "version": "9.9.9", "registry": "npm"},
    {"name": "ruler", "version": "1.0", "registry": "pypi"},
    {"name": "lost", "version": "1.0"},
    {"name": "right", "registry": "npmjs.com"}
]"#;

#[test]
fn one_bad_name_does_not_hide_the_others() {
    let registry = universe().serve();
    let project = bare(&registry);
    project.write("list.json", LIST);
    let done = project.run("larder fetch --batch list.json");
    let done = done.exits(1).names(["npm:no-such-package is not in registry `npmjs`", "names no `registry`"]);
    for told in ["fetched: npm:left@1.0.0", "has no version =9.9.9", "its newest version is 2.0.0", "3 failed"] {
        assert!(done.stderr.contains(told), "{told}: {}", done.stderr);
    }
    assert!(!project.has("larder.kdl") && !project.has("larder.lock") && !project.has(".larder"));
    assert!(!registry.take_log().iter().any(|line| line.contains("gone")), "what an entry depends on is not asked for");

    // Once they are there, no network is needed: a list is a way to fill the store.
    let again = project.run("larder fetch --batch list.json --json").exits(1).json();
    conforms(&again, "fetch-batch");
    assert_eq!((&again["succeeded"], &again["failed"]), (&3.into(), &3.into()), "{again}");
    assert_eq!((&again["files"], &again["fetched"], &again["bytes"]), (&3.into(), &0.into(), &0.into()), "{again}");
    assert_eq!(again["packages"][0]["package"], "npm:left@1.0.0");
    assert_eq!(again["packages"][0]["from"], "npmjs");
    assert_eq!(again["packages"][1]["error"]["code"], "larder::fetch::missing");
    assert_eq!(again["packages"][5]["package"], "npm:right@2.0.0");

    project.write("good.json", r#"{"registry": "npm", "packages": [{"name": "left", "version": "1.1.0"}]}"#);
    project.run("larder fetch --batch good.json").exits(0).names(["npm:left@1.1.0 is deprecated: use right"]);
}

#[test]
fn an_artifact_that_cannot_be_had_or_is_another_is_told_of_its_entry() {
    let registry = universe().serve();
    let project = bare(&registry);
    project.write("list.json", LIST);
    registry.fail("/npm/right/-/right-2.0.0.tgz", 404);
    let report = project.run("larder fetch --batch list.json --json").exits(1).json();
    assert_eq!((&report["succeeded"], &report["failed"]), (&2.into(), &4.into()), "{report}");
    let error = report["packages"][5]["error"]["message"].to_string();
    assert!(error.contains("right-2.0.0.tgz") && error.contains("404"), "{error}");

    let registry = universe().serve();
    let project = bare(&registry);
    project.write("list.json", LIST);
    registry.corrupt("right-2.0.0.tgz");
    let report = project.run("larder fetch --batch list.json --json").exits(4).json();
    assert_eq!((&report["succeeded"], &report["failed"]), (&2.into(), &4.into()), "{report}");
    assert_eq!(report["packages"][5]["error"]["code"], "larder::fetch::integrity");
}

#[test]
fn the_registries_and_claims_of_the_manifest_count() {
    let packages = PrivateRegistry::new();
    for version in ["1.0.0", "1.1.0"] {
        packages.publish(&[
            (
                "larder.kdl",
                &format!("package \"orders\" version=\"{version}\" {{ node \".\"; }}\ndependencies {{ npm \"gone\" \"^1\"; }}\n"),
            ),
            ("index.js", "\n"),
        ]);
    }
    let registry = universe().npm("orders", "9.9.9", |p| p).serve();
    let mut project = Project::new(&registry);
    project.with_packages(&packages, "");
    project.write(
        "list.json",
        r#"[{"name": "orders", "version": "1.0.0", "registry": "acme"}, {"name": "orders", "registry": "larder"},
            {"name": "left", "version": "1.1.0", "registry": "npm"}, {"name": "nope", "registry": "acme"}]"#,
    );
    let report = project.run("larder fetch --batch list.json --to carried --json").exits(1).json();
    conforms(&report, "fetch-batch");
    assert_eq!((&report["succeeded"], &report["fetched"]), (&2.into(), &2.into()), "{report}");
    assert!(report["packages"][1]["error"]["message"].to_string().contains("two registries"), "{report}");
    assert!(project.has("carried/registries/acme/artifacts/orders/orders-1.0.0.tar.gz"));
    assert!(project.has("carried/registries/npmjs/left/-/left-1.1.0.tgz"));
    project.run("larder registry verify carried/registries/acme").exits(0);

    // A claim says what an entry without a registry is, and no entry takes the package from elsewhere.
    let own = "registries {\n    npm \"own\" \"http://127.0.0.1:1/\" { packages \"orders\"; }\n";
    project.write("larder.kdl", &project.read("larder.kdl").replacen("registries {\n", own, 1));
    project.set("LARDER_MIRROR_OWN", &registry.npm_url());
    project.write(
        "list.json",
        r#"[{"name": "orders", "version": "9.9.9"}, {"name": "orders", "version": "9.9.9", "registry": "npmjs"}]"#,
    );
    let report = project.run("larder fetch --batch list.json --json").exits(0).json();
    assert_eq!(report["packages"][0]["from"], "own", "{report}");
    assert_eq!(report["packages"][1]["from"], "own", "`npmjs` is the kind, and the claim decides: {report}");
}

#[test]
fn a_file_that_is_no_list_is_refused_as_a_whole() {
    let project = Project::of_other_tools(&Universe::new().serve(), &[("list.json", "{}")]);
    project.run("larder fetch --batch list.json").exits(2).names(["`list.json` is no list of packages", "`packages`"]);
    project.run("larder fetch --batch nope.json").exits(2).names(["there is no such file"]);
    project.run("larder fetch --batch list.json --frozen").exits(2);
}

#[test]
fn a_newer_larder_is_told_where_somebody_asks() {
    let own = env!("CARGO_PKG_VERSION");
    let name = format!("larder-{}", crate::support::host_platform().trim_end_matches("-musl"));
    let registry = Universe::new().npm(&name, own, |p| p).npm(&name, "99.0.0-rc.1", |p| p).serve();
    let project = bare(&registry);
    let told = project.run("larder self version").exits(0);
    assert!(told.stdout.starts_with(&format!("larder {own} (")), "{}", told.stdout);
    assert!(registry.take_log().is_empty(), "nobody is asked");
    let same = project.run_json("larder self version --check --json");
    conforms(&same, "self-version");
    assert_eq!((&same["newest"], &same["outdated"]), (&own.into(), &false.into()));
    let newer = Universe::new().npm(&name, own, |p| p).npm(&name, "99.0.0", |p| p).serve();
    bare(&newer).run("larder self version --check").exits(0).names(["larder 99.0.0 is newer"]);
    let none = Universe::new().npm("left", "1.0.0", |p| p).serve();
    bare(&none).run("larder self version --check").exits(5).names([&*format!("`{name}`"), "nothing tells"]);
}
