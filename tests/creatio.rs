//! Creatio packages: from folders, feeds and the marketplace to `packages/creatio/`.

use serde_json::json;

use crate::support::creatio::{CreatioPackage, application, gzip, record, uid_of, with_application, with_feed};
use crate::support::{Project, Registry, Universe, conforms};

/// Writes a file of the project.
fn put(project: &Project, path: &str, bytes: &[u8]) {
    let path = project.path(path);
    std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
    std::fs::write(path, bytes).expect("a file");
}

/// Takes Creatio packages from `vendor/`, followed by `rest`.
fn from_folder(project: &Project, rest: &str) {
    project.with_registry_line("    creatio \"local\" \"vendor/\"\n", rest);
}

/// Returns the names in the order of installation of the active environment.
fn order(project: &Project) -> Vec<String> {
    let order: serde_json::Value =
        serde_json::from_str(&project.read(".larder/active/packages/creatio/order.json")).expect("JSON");
    let packages = order["packages"].as_array().expect("a list");
    packages.iter().map(|package| package["name"].as_str().expect("a name").to_owned()).collect()
}

const DEPENDENCIES: &str = "dependencies {\n    npm \"left\" \"^1\"\n    pypi \"six\" \">=1\"\n    path \"theme\"\n    creatio \"UsrOrders\" \">=1.4\"\n}\n\
                            creatio platform=\"8.1.3\" {\n    provides \"CrtCore\"\n}\n";

/// A project of all four ecosystems.
fn four(project: &Project) {
    from_folder(project, DEPENDENCIES);
    project.write("theme/package.json", "{\"name\":\"theme\",\"version\":\"1.0.0\"}");
    let base = CreatioPackage::new("UsrBase", "1.0.0.0").needs("CrtCore", "7.8.0").file("Schemas/Base/a.cs", "base");
    let orders = CreatioPackage::new("UsrOrders", "1.4").needs("usrbase", "7.8.0").file("Files/orders.js", "orders");
    put(project, "vendor/orders.zip", &application(&[&orders, &base]));
    put(project, "vendor/Usr.Other.gz", &CreatioPackage::new("Usr.Other", "").packed_on_unix().gz());
}

fn universe() -> Registry {
    Universe::new().npm("left", "1.0.0", |p| p).pypi("six", "1.16", |p| p).serve()
}

#[test]
fn one_manifest_has_four_ecosystems() {
    let registry = universe();
    let project = Project::new(&registry);
    four(&project);
    project.run("larder lock").exits(0);
    let lock = project.read("larder.lock");
    project.run("larder sync").exits(0);
    let first = project.run_json("larder list --json");
    assert!(lock.contains("id = \"creatio:UsrBase@1.0.0\"\nregistry = \"local\"\nuid = "), "{lock}");
    assert!(lock.contains("creatio = [\n    \"platform 8.1.3\",\n    \"provides CrtCore\",\n]"), "{lock}");
    assert_eq!(order(&project), ["UsrBase", "UsrOrders"]);
    assert_eq!(project.read(".larder/active/packages/creatio/UsrOrders/Files/orders.js"), "orders");
    assert_eq!(project.read(".larder/active/packages/creatio/UsrBase/Schemas/Base/a.cs"), "base");
    assert!(project.has("node_modules/left") && project.has("node_modules/theme"));
    assert!(!project.has("node_modules/UsrOrders"));
    // Again, and from nothing.
    let state = project.state();
    project.run("larder lock").exits(0);
    project.run("larder sync").exits(0);
    assert_eq!((project.read("larder.lock"), project.state()), (lock.clone(), state));
    std::fs::remove_file(project.path("larder.lock")).expect("a lock");
    project.run("larder lock").exits(0);
    assert_eq!(project.read("larder.lock"), lock);
    project.run("larder lock --check").exits(0);
    project.run("larder verify").exits(0);
    // Another user of the same checkout has the same generation.
    let other = Project::new(&registry);
    four(&other);
    other.write("larder.lock", &lock);
    other.run("larder sync --locked").exits(0);
    assert_eq!(other.run_json("larder list --json")["packages"], first["packages"]);
    let digest = |project: &Project| project.run_json("larder history --json")["generations"][0]["digest"].clone();
    assert!(digest(&project).is_string());
    assert_eq!(digest(&project), digest(&other));
}

#[test]
fn packages_are_told_about_like_any_other() {
    let registry = universe();
    let project = Project::new(&registry);
    four(&project);
    project.run("larder sync").exits(0);
    project.run("larder why usrbase").exits(0).names(["UsrOrders", "UsrBase"]);
    project.run("larder tree").exits(0).names(["creatio:UsrOrders 1.4.0", "creatio:UsrBase 1.0.0"]);
    project.run("larder list").exits(0).names(["UsrBase"]);
    conforms(&project.run_json("larder list --json"), "list");
    conforms(&project.run_json("larder tree --json"), "tree");
    project.run("larder check").exits(0);
    project.run("larder outdated").exits(0);
    project.run("larder gc").exits(0);
    // What is harmed is found, and mended.
    let file = project.path(".larder/active/packages/creatio/UsrOrders/Files/orders.js");
    std::fs::remove_file(&file).expect("a file");
    std::fs::write(&file, "evil").expect("a file");
    project.run("larder verify").exits(4).names(["UsrOrders"]);
    project.run("larder sync --repair").exits(0);
    project.run("larder verify").exits(0);
    assert_eq!(std::fs::read_to_string(&file).expect("a file"), "orders");
    let order = project.path(".larder/active/packages/creatio/order.json");
    std::fs::remove_file(&order).expect("a file");
    project.run("larder verify").exits(4).names(["order.json"]);
    project.run("larder sync --repair").exits(0);
    project.run("larder verify").exits(0);
}

#[test]
fn generations_with_packages_come_and_go() {
    let registry = universe();
    let project = Project::new(&registry);
    four(&project);
    project.run("larder sync").exits(0);
    put(&project, "vendor/UsrOrders-1.5.gz", &CreatioPackage::new("UsrOrders", "1.5").needs("Usr.Other", "").gz());
    project.run("larder update").exits(0).names(["1.5.0"]);
    project.run("larder sync").exits(0);
    assert_eq!(order(&project), ["Usr.Other", "UsrOrders"]);
    project.run("larder rollback").exits(0);
    assert_eq!(order(&project), ["UsrBase", "UsrOrders"]);
    project.run("larder sync --forward").exits(0);
    project.run("larder promote development production").exits(0);
    project.run("larder gc").exits(0);
    project.run("larder verify").exits(0);
    project.run("larder remove creatio:usrorders").exits(0);
    project.run("larder sync").exits(0);
    assert!(!project.has(".larder/active/packages/creatio"));
    project.run("larder add creatio:UsrOrders").exits(0);
    assert!(project.read("larder.kdl").contains("creatio \"UsrOrders\" \">=1.5.0\""), "{}", project.read("larder.kdl"));
}

#[test]
fn what_the_platform_lacks_is_named_with_its_chain() {
    let project = Project::alone();
    let from = CreatioPackage::new("UsrApp", "1.0").needs("UsrBase", "");
    let base = CreatioPackage::new("UsrBase", "1.0").needs("CrtCore", "7.8.0");
    put(&project, "vendor/app.zip", &application(&[&from, &base]));
    let lines = "dependencies {\n    creatio \"UsrApp\"\n}\n";
    from_folder(&project, lines);
    project.run("larder lock").exits(3).names(["UsrApp", "UsrBase", "CrtCore", "provides"]);
    from_folder(&project, &format!("{lines}creatio {{\n    provides from=\"instance.json\"\n}}\n"));
    project.run("larder lock").exits(2).names(["there is no `instance.json`"]);
    project.write("instance.json", "[{\"Name\":\"CRTCORE\",\"PackageVersion\":\"7.8.0\"}]");
    project.run("larder sync").exits(0);
    assert_eq!(order(&project), ["UsrBase", "UsrApp"]);
    // What the instance says counts: a lock follows it.
    project.write("instance.json", "[]");
    project.run("larder lock --locked").exits(1).names(["`creatio` has changed"]);
    project.run("larder lock").exits(3).names(["CrtCore"]);
}

#[test]
fn applications_need_a_platform() {
    let project = Project::alone();
    let needs = "{\"Name\":\"Orders\",\"Code\":\"UsrApp\",\"RequiredPlatformVersion\":\"8.3.3\"}";
    let new = CreatioPackage::new("UsrApp", "2.0").file("Files/app-descriptor.json", needs);
    put(&project, "vendor/new.gz", &new.gz());
    put(&project, "vendor/old.gz", &CreatioPackage::new("UsrApp", "1.0").gz());
    let with = |platform: &str, range: &str| {
        from_folder(
            &project,
            &format!("dependencies {{\n    creatio \"UsrApp\" \"{range}\"\n}}\ncreatio platform=\"{platform}\"\n"),
        );
    };
    with("8.1.3", "*");
    project.run("larder lock").exits(0);
    assert!(project.read("larder.lock").contains("creatio:UsrApp@1.0.0"));
    with("8.1.3", ">=2");
    project.run("larder lock").exits(3).names(["needs platform 8.3.3", "the manifest declares"]);
    with("8.3.3", ">=2");
    project.run("larder lock").exits(0);
}

#[test]
fn packages_that_cannot_be_installed_together_are_an_error() {
    let project = Project::alone();
    let check = |packages: &[CreatioPackage], words: &[&str]| {
        let _ = std::fs::remove_dir_all(project.path("vendor"));
        for (place, package) in packages.iter().enumerate() {
            put(&project, &format!("vendor/{place}.gz"), &package.gz());
        }
        from_folder(&project, "dependencies {\n    creatio \"UsrA\"\n}\n");
        let output = project.run("larder lock").exits(3);
        for word in words {
            assert!(output.stderr.contains(word), "{word}: {}", output.stderr);
        }
    };
    let a = |needs: &str| CreatioPackage::new("UsrA", "1.0").needs(needs, "");
    check(
        &[
            a("UsrB"),
            CreatioPackage::new("UsrB", "1.0").needs("UsrC", ""),
            CreatioPackage::new("UsrC", "1.0").needs("UsrB", ""),
        ],
        &["UsrB → UsrC → UsrB"],
    );
    check(&[a("UsrA")], &["UsrA"]);
    let other = &uid_of("Other");
    check(&[a("UsrB"), CreatioPackage::new("UsrB", "1.0").uid(other)], &["`UsrB` has the UId", other]);
    check(
        &[
            a("UsrB"),
            CreatioPackage::new("UsrB", "1.0").needs("UsrC", ""),
            CreatioPackage::new("UsrC", "1.0").uid(&uid_of("UsrB")),
        ],
        &["is that of `UsrB`", "`UsrC`"],
    );
    let liar = CreatioPackage::new("UsrA", "1.0").needs_uid("UsrB", other);
    check(&[liar, CreatioPackage::new("UsrB", "1.0")], &["`UsrB` has the UId", "by that of UsrA"]);
}

#[test]
fn hostile_files_of_a_folder_are_refused_and_leave_nothing() {
    let project = Project::alone();
    from_folder(&project, "dependencies {\n    creatio \"UsrA\"\n}\n");
    let descriptor = CreatioPackage::new("UsrA", "1.0");
    let evil = |records: &[u8]| {
        let honest = br#"{"Descriptor":{"UId":"06d9ef10-0000-0000-0000-000000000001","Name":"UsrA"}}"#;
        gzip(&[record("descriptor.json", honest), records.to_vec()].concat())
    };
    let zip = crate::support::creatio::zip;
    let cut = |bytes: Vec<u8>, end: usize| bytes[..bytes.len() - end].to_vec();
    let whole = application(&[&descriptor]);
    let cases: Vec<(&str, &str, Vec<u8>)> = vec![
        ("a.gz", "`..` in its path", evil(&record("..\\..\\x", b"x"))),
        ("a.gz", "is absolute", evil(&record("C:\\x", b"x"))),
        ("a.gz", "collides with", evil(&[record("Files\\a", b""), record("files\\A", b"")].concat())),
        ("a.gz", "truncated", evil(&cut(record("a", b"xyz"), 1))),
        ("a.gz", "twice", evil(&record("descriptor.json", b"{}"))),
        ("a.gz", "neither gzip nor a zip", b"<html>".to_vec()),
        ("a.zip", "neither gzip nor a zip", b"".to_vec()),
        ("a.zip", "no archive `NAME.gz` at its root", zip(&[("sub/UsrA.gz", descriptor.gz())])),
        ("a.zip", "is that of `UsrA`", zip(&[("UsrB.gz", descriptor.gz())])),
        ("a.zip", "two archives of `usra`", zip(&[("UsrA.gz", descriptor.gz()), ("usra.gz", descriptor.gz())])),
        ("a.zip", "does not belong", [b"PK\x05\x06".to_vec(), whole.clone(), b"more".to_vec()].concat()),
        ("a.zip", "truncated", cut(whole.clone(), 30)),
        (
            "a.nupkg",
            "several archives",
            zip(&[("a.nuspec", b"x".to_vec()), ("tools/A.gz", descriptor.gz()), ("tools/B.gz", descriptor.gz())]),
        ),
        ("a.nupkg", "no archive below tools/", zip(&[("a.nuspec", b"x".to_vec()), ("lib/A.gz", descriptor.gz())])),
    ];
    let before = project.state();
    for (file, reason, bytes) in cases {
        put(&project, &format!("vendor/{file}"), &bytes);
        let output = project.run("larder lock");
        assert!(matches!(output.status, 4), "{file} {reason}: {} {}", output.status, output.stderr);
        output.names([file, reason]);
        std::fs::remove_file(project.path(&format!("vendor/{file}"))).expect("a file");
        assert!(!project.has("larder.lock") && !project.folder().join("x").exists());
    }
    std::fs::remove_dir(project.path("vendor")).expect("an empty folder");
    assert_eq!(project.state(), before);
    // Two that differ, and say that they are one.
    put(&project, "vendor/a.gz", &descriptor.gz());
    put(&project, "vendor/b.gz", &descriptor.clone().file("Files/x", "").gz());
    project.run("larder lock").exits(4).names(["another `UsrA` 1.0.0"]);
    put(&project, "vendor/b.gz", &descriptor.gz());
    project.run("larder sync").exits(0);
    // One that is another than was locked.
    put(&project, "vendor/a.gz", &descriptor.file("Files/x", "").gz());
    std::fs::remove_file(project.path("vendor/b.gz")).expect("a file");
    project.forget();
    std::fs::remove_dir_all(project.path(".larder")).expect("a folder");
    project.run("larder sync --locked").exits(4).names(["UsrA", "sha256"]);
}

const FEED: &str = "dependencies {\n    creatio \"UsrOrders\" \">=1.0\"\n}\n";

fn with_feed_line(project: &Project, registry: &Registry, rest: &str) {
    project.with_registry_line(&format!("    creatio \"feed\" \"{}\"\n", registry.url("/nuget/v3/index.json")), rest);
}

#[test]
fn a_feed_serves_packages() {
    let orders = |version: &str| CreatioPackage::new("UsrOrders", version).needs("UsrBase", "1.2.0");
    let packages = [
        orders("1.0.0"),
        orders("1.10.0"),
        orders("1.9.0"),
        orders("2.0.0-rc"),
        CreatioPackage::new("UsrBase", "1.1.0"),
        CreatioPackage::new("UsrBase", "1.2.0.7"),
    ];
    let registry = with_feed(Universe::new(), &packages).serve();
    let project = Project::alone();
    with_feed_line(&project, &registry, FEED);
    project.run("larder sync").exits(0);
    assert_eq!(order(&project), ["UsrBase", "UsrOrders"]);
    let lock = project.read("larder.lock");
    assert!(lock.contains("creatio:UsrOrders@1.10.0") && lock.contains("creatio:UsrBase@1.2.0.7"), "{lock}");
    // What is known is not asked for again, and goes without a network.
    registry.take_log();
    std::fs::remove_file(project.path("larder.lock")).expect("a lock");
    project.run("larder lock --offline").exits(0);
    assert_eq!((project.read("larder.lock"), registry.take_log()), (lock.clone(), Vec::<String>::new()));
    project.run("larder outdated").exits(0);
    with_feed_line(&project, &registry, &FEED.replace(">=1.0", "[1.0,1.9]"));
    project.run("larder lock").exits(0);
    let outdated = project.run_json("larder outdated --json");
    conforms(&outdated, "outdated");
    assert_eq!(outdated["packages"][0]["latest"], "1.10.0", "{outdated}");
    // The versions that packages state count if they are to.
    let minimum = "creatio {\n    constraints \"minimum\"\n}\n";
    with_feed_line(&project, &registry, &format!("{FEED}{minimum}"));
    project.run("larder lock").exits(0);
    let rest = format!("{}{minimum}", FEED.replace("\n}", "\n    creatio \"UsrBase\" \"<1.2\"\n}"));
    with_feed_line(&project, &registry, &rest);
    project.run("larder lock").exits(3).names(["UsrOrders", "UsrBase"]);
    with_feed_line(&project, &registry, &rest.replace(minimum, ""));
    project.run("larder lock").exits(0);
    assert!(project.read("larder.lock").contains("creatio:UsrBase@1.1.0"));
}

#[test]
fn a_feed_that_lies_or_fails_is_told_about() {
    let honest = CreatioPackage::new("UsrOrders", "1.0.0");
    let path = "/nuget/flat/usrorders/1.0.0/usrorders.1.0.0.nupkg";
    let check = |change: &dyn Fn(Universe) -> Universe, exit: i32, words: &[&str]| {
        let registry = change(with_feed(Universe::new(), std::slice::from_ref(&honest))).serve();
        let project = Project::alone();
        with_feed_line(&project, &registry, FEED);
        let output = project.run("larder lock").exits(exit);
        for word in words {
            assert!(output.stderr.contains(word), "{word}: {}", output.stderr);
        }
        assert!(!project.has("larder.lock"));
    };
    let file = |path: &'static str, bytes: Vec<u8>| move |universe: Universe| universe.file(path, bytes.clone());
    let without = |path: &'static str| {
        move |mut universe: Universe| {
            universe.files.remove(path).expect("a file");
            universe
        }
    };
    check(&without("/nuget/v3/index.json"), 5, &["service index"]);
    check(&file("/nuget/v3/index.json", b"<html>".to_vec()), 5, &["service index"]);
    check(&file("/nuget/v3/index.json", b"{\"resources\":[]}".to_vec()), 5, &["PackageBaseAddress"]);
    check(&without("/nuget/flat/usrorders/index.json"), 3, &["UsrOrders", "feed"]);
    check(&file("/nuget/flat/usrorders/index.json", b"[]".to_vec()), 5, &["list of versions of UsrOrders"]);
    check(&without(path), 5, &["usrorders.1.0.0.nupkg"]);
    check(&file(path, CreatioPackage::new("UsrEvil", "1.0.0").nupkg()), 4, &["`UsrEvil` 1.0.0", "was asked for"]);
    check(&file(path, CreatioPackage::new("UsrOrders", "1.0.1").nupkg()), 4, &["`UsrOrders` 1.0.1"]);
    check(&file(path, honest.nupkg_saying("UsrOrders", "1.0.1")), 4, &["its nuspec says", "its descriptor"]);
    check(&file(path, honest.nupkg_saying("UsrEvil", "1.0.0")), 4, &["its nuspec says"]);
    check(&file(path, application(&[&honest])), 4, &["it has no nuspec"]);
    check(&file(path, b"PK".to_vec()), 4, &["usrorders.1.0.0.nupkg"]);
}

#[test]
fn a_feed_may_ask_for_a_token() {
    let registry = with_feed(Universe::new(), &[CreatioPackage::new("UsrOrders", "1.0.0")]).serve();
    let mut project = Project::alone();
    project.set("FEED_TOKEN", "s3cret");
    let host = registry.url("").replace("http://", "");
    project.set("LARDER_ALLOW_TOKEN_ENV", &format!("FEED_TOKEN@{host}"));
    let line =
        format!("    creatio \"feed\" \"{}\" {{ token env=\"FEED_TOKEN\"; }}\n", registry.url("/nuget/v3/index.json"));
    project.with_registry_line(&line, FEED);
    project.run("larder sync").exits(0);
    assert_eq!(registry.take_credentials("/nuget/v3/index.json")[0], "Bearer s3cret");
    assert!(!project.read("larder.lock").contains("s3cret"));
}

fn with_marketplace(project: &Project, registry: &Registry, rest: &str) {
    let line = format!("    creatio \"market\" \"{}\" {{ form \"marketplace\"; }}\n", registry.url("/market/"));
    project.with_registry_line(&line, rest);
}

#[test]
fn the_marketplace_has_one_file_of_an_application() {
    let base = CreatioPackage::new("MrktBase", "").needs("CrtCore", "7.8.0");
    let apollo =
        |version: &str| CreatioPackage::new("MrktApolloApp", version).needs("MrktBase", "").needs("CrtCore", "1.5.21");
    let first = with_application(Universe::new(), 21874, &application(&[&apollo("1.0.0"), &base]));
    let registry = first.serve();
    let project = Project::alone();
    let rest =
        "dependencies {\n    creatio \"MrktApolloApp\" marketplace=21874\n}\ncreatio {\n    provides \"CrtCore\"\n}\n";
    with_marketplace(&project, &registry, rest);
    project.run("larder sync").exits(0);
    assert_eq!(order(&project), ["MrktBase", "MrktApolloApp"]);
    let lock = project.read("larder.lock");
    assert!(lock.contains("range = \"marketplace:21874\"") && lock.contains("location = \"com-21874\""), "{lock}");
    assert!(lock.contains("creatio:MrktBase@0.0.0"), "{lock}");
    let facts = "type = 1\ninstall-behavior = 1\nmaintainer = \"Acme\"\nneeds-license = true\n";
    assert_eq!(lock.matches(facts).count(), 2, "{lock}");
    let listed = project.run("larder list --json").exits(0).json();
    let facts = &listed["packages"][0]["descriptor"];
    assert_eq!(
        (&facts["type"], &facts["maintainer"], &facts["needsLicense"]),
        (&json!(1), &json!("Acme"), &json!(true))
    );
    let bill = project.run("larder sbom").exits(0).json();
    assert_eq!(bill["components"][0]["supplier"], json!({ "name": "Acme" }));
    let bill = project.run("larder sbom --format spdx").exits(0).json();
    assert_eq!(bill["packages"][1]["supplier"], "Organization: Acme");
    // From the lock alone, on another machine.
    let other = Project::alone();
    with_marketplace(&other, &registry, rest);
    other.write("larder.lock", &lock);
    other.run("larder sync --locked").exits(0);
    assert_eq!(order(&other), ["MrktBase", "MrktApolloApp"]);
    // The file changes under its number, with the same version and with another.
    for (version, words) in [("1.0.0", "sha256"), ("1.1.0", "sha256")] {
        let changed = apollo(version).file("Files/x", "other");
        registry.becomes(&with_application(Universe::new(), 21874, &application(&[&changed, &base])));
        let late = Project::alone();
        with_marketplace(&late, &registry, rest);
        late.write("larder.lock", &lock);
        late.run("larder sync --locked").exits(4).names(["MrktApolloApp", "expected", "found", words]);
        assert!(!late.has(".larder/active"));
    }
    registry.becomes(&with_application(Universe::new(), 21874, &application(&[&base])));
    let late = Project::alone();
    with_marketplace(&late, &registry, rest);
    late.write("larder.lock", &lock);
    late.run("larder sync --locked").exits(4).names(["com-21874", "MrktApolloApp"]);
    late.run("larder update").exits(3).names(["application 21874", "MrktBase"]);
    let gone = rest.replace("21874", "7");
    with_marketplace(&late, &registry, &gone);
    late.run("larder update").exits(3).names(["no application 7"]);
}

#[test]
fn a_mirror_has_what_a_lock_needs() {
    let base = CreatioPackage::new("UsrBase", "1.0.0");
    let orders = CreatioPackage::new("UsrOrders", "1.0.0").needs("UsrBase", "");
    let market = CreatioPackage::new("MrktApp", "3.0").needs("UsrBase", "");
    let universe = with_feed(Universe::new(), &[base, orders]);
    let registry = with_application(universe, 7, &application(&[&market])).serve();
    let project = Project::alone();
    let lines = format!(
        "    creatio \"feed\" \"{}\"\n    creatio \"market\" \"{}\" {{ form \"marketplace\"; packages \"Mrkt*\"; }}\n",
        registry.url("/nuget/v3/index.json"),
        registry.url("/market/")
    );
    project.with_registry_line(
        &lines,
        "dependencies {\n    creatio \"UsrOrders\"\n    creatio \"MrktApp\" marketplace=7\n}\n",
    );
    project.run("larder sync").exits(0);
    let lock = project.read("larder.lock");
    project.run("larder fetch --to ../mirror").exits(0);
    let copied = project.run_json("larder fetch --to ../mirror --json");
    assert_eq!((&copied["files"], &copied["fetched"]), (&3.into(), &0.into()), "{copied}");
    drop(registry);
    project.forget();
    std::fs::remove_dir_all(project.path(".larder")).expect("a folder");
    project.run("larder ci --mirror ../mirror").exits(0);
    assert_eq!(order(&project), ["UsrBase", "MrktApp", "UsrOrders"]);
    assert_eq!(project.read("larder.lock"), lock);
}

/// Writes a workspace with two packages, one of which depends on the other.
fn workspace(project: &Project) {
    project.write(".clio/workspaceSettings.json", "{\"Packages\":[\"UsrOrders\",\"UsrBase\",\"DemoData\"],\"ApplicationVersion\":\"8.1.3\",\"IgnorePackages\":[\"demo*\"],\"ExternalPackages\":[\"UsrElsewhere\"]}");
    project.write(".clio/clioignore", "*.pdb\n");
    let descriptor = |name: &str, needs: &str| {
        let needs = if needs.is_empty() {
            String::new()
        } else {
            format!("{{\"UId\":\"{}\",\"Name\":\"{needs}\"}}", uid_of(needs))
        };
        format!(
            "\u{feff}{{\"Descriptor\":{{\"UId\":\"{}\",\"PackageVersion\":\"1.0\",\"Name\":\"{name}\",\"DependsOn\":[{needs}]}}}}",
            uid_of(name)
        )
    };
    project.write("packages/UsrOrders/descriptor.json", &descriptor("UsrOrders", "UsrBase"));
    project.write("packages/UsrOrders/Schemas/Orders/descriptor.json", "{}");
    project.write("packages/UsrOrders/Files/bin/a.pdb", "symbols");
    project.write("packages/UsrOrders/README.md", "not packed");
    project.write("packages/UsrBase/branches/1.0/descriptor.json", &descriptor("UsrBase", ""));
    project.write("packages/UsrBase/branches/1.0/Files/base.js", "base");
    project.write("packages/DemoData/descriptor.json", "not even JSON");
}

#[test]
fn a_workspace_is_packed_and_comes_back_as_it_was() {
    let project = Project::alone();
    workspace(&project);
    let packed = project.run_json("larder pack --creatio --json --out first");
    conforms(&packed, "pack-creatio");
    let names: Vec<_> = packed["packages"].as_array().expect("a list").iter().map(|one| one["name"].clone()).collect();
    assert_eq!(names, ["UsrBase", "UsrOrders"]);
    assert_eq!(
        packed["packages"][1]["files"],
        serde_json::json!(["Schemas/Orders/descriptor.json", "descriptor.json"])
    );
    project.run("larder pack --creatio --zip --out first").exits(0);
    project.run("larder pack --creatio --zip --out second").exits(0);
    let read = |path: &str| std::fs::read(project.path(path)).expect("a file");
    assert_eq!(read("first/project.zip"), read("second/project.zip"));
    // What was packed is installed, and packed again.
    let other = Project::alone();
    put(&other, "vendor/app.zip", &read("first/project.zip"));
    from_folder(&other, "dependencies {\n    creatio \"UsrOrders\"\n}\n");
    other.run("larder sync").exits(0);
    assert_eq!(order(&other), ["UsrBase", "UsrOrders"]);
    for name in ["UsrBase", "UsrOrders"] {
        let unpacked = other.path(&format!(".larder/active/packages/creatio/{name}"));
        let out = project.path("again");
        other.run_in(&unpacked, &format!("larder pack --creatio --out {}", out.display())).exits(0);
        assert_eq!(read(&format!("again/{name}.gz")), read(&format!("first/{name}.gz")), "{name}");
    }
    project.write("packages/UsrOrders/Files/key.pem", "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA\n");
    project.run("larder pack --creatio --out third").exits(1).names(["Files/key.pem", "--allow-secret"]);
    assert!(!project.has("third"));
    std::fs::create_dir_all(project.path("packages/UsrBase/branches/2.0")).expect("a folder");
    project.run("larder pack --creatio --allow-secret Files/key.pem").exits(1).names(["2 versions"]);
    Project::alone().run("larder pack --creatio").exits(1).names(["neither a descriptor.json"]);
}

#[test]
fn a_workspace_is_taken_over() {
    let project = Project::alone();
    workspace(&project);
    let initialised = project.run_json("larder init --json");
    conforms(&initialised, "init");
    assert!(project.read("larder.kdl").contains("creatio platform=\"8.1.3\""), "{}", project.read("larder.kdl"));
    let left = initialised["not_taken"].to_string();
    assert!(left.contains("UsrElsewhere") && left.contains("package UsrOrders") && !left.contains("Demo"), "{left}");
    let other = Project::alone();
    workspace(&other);
    put(&other, "vendor/x.gz", &CreatioPackage::new("UsrElsewhere", "2.0").gz());
    from_folder(&other, "dependencies {\n}\n");
    other.run("larder import .clio/workspaceSettings.json").exits(0);
    let manifest = other.read("larder.kdl");
    assert!(
        manifest.contains("creatio \"UsrElsewhere\"") && manifest.contains("creatio platform=\"8.1.3\""),
        "{manifest}"
    );
    assert!(other.read("larder.lock").contains("creatio:UsrElsewhere@2.0.0"));
    // Without a registry that has them, packages are listed and left out, as `init` does, and the rest is taken.
    let bare = Project::alone();
    workspace(&bare);
    bare.write("larder.kdl", "project \"bare\"\n");
    let told = bare.run("larder import .clio/workspaceSettings.json").exits(0);
    told.names(["Left out creatio UsrElsewhere", "no registry is known that has it"]);
    assert!(bare.read("larder.kdl").contains("creatio platform=\"8.1.3\""), "{}", bare.read("larder.kdl"));
}

#[test]
fn a_package_that_no_registry_has_may_be_one_of_a_marketplace() {
    let project = Project::alone();
    put(&project, "vendor/x.gz", &CreatioPackage::new("UsrElsewhere", "2.0").gz());
    from_folder(&project, "dependencies {\n    creatio \"MrktApp\"\n}\n");
    project.run("larder lock").exits(3).names(["MrktApp does not exist", "`marketplace=21874`"]);
}

#[test]
fn a_list_of_packages_is_taken_over() {
    let registry = universe();
    let list = r#"[{"name":"UsrOrders","version":"1.4","registry":"creatio"},{"name":"left","version":"^1","registry":"npm"},
                   {"name":"six","version":"1.16","registry":"pypi"},{"name":"x","registry":"https://host.example/"}]"#;
    let project = Project::new(&registry);
    four(&project);
    from_folder(&project, "creatio { provides \"CrtCore\"; }\n");
    project.write("package-registry.json", list);
    project.run("larder import package-registry.json").exits(0).names(["package x", "is no kind of registry"]);
    let manifest = project.read("larder.kdl");
    for line in ["creatio \"UsrOrders\" \"=1.4\"", "npm \"left\" \"^1\"", "pypi \"six\" \"==1.16\""] {
        assert!(manifest.contains(line), "{line}: {manifest}");
    }
    assert!(project.read("larder.lock").contains("creatio:UsrOrders@1.4.0"));
    // Where there is no manifest yet, it is read like the files of other tools.
    let new = Project::new(&registry);
    new.write(
        "package-registry.json",
        &list.replace("creatio", "npm").replace("UsrOrders", "left").replace("1.4", "1.0.0"),
    );
    let initialised = new.run_json("larder init --json");
    conforms(&initialised, "init");
    assert_eq!(initialised["taken_from"], serde_json::json!(["package-registry.json"]));
}

#[test]
fn bills_and_policies_know_packages() {
    let registry =
        with_feed(Universe::new(), &[CreatioPackage::new("UsrOrders", "1.0.0").needs("UsrBase", "")]).serve();
    let project = Project::alone();
    put(&project, "vendor/base.gz", &CreatioPackage::new("UsrBase", "2.0").gz());
    let lines = format!(
        "    creatio \"feed\" \"{}\" {{ packages \"UsrOrders\"; }}\n    creatio \"local\" \"vendor/\"\n",
        registry.url("/nuget/v3/index.json")
    );
    project.with_registry_line(&lines, FEED);
    project.run("larder sync").exits(0);
    let bill = project.run("larder sbom").exits(0).stdout;
    assert!(bill.contains("pkg:nuget/UsrOrders@1.0.0?repository_url="), "{bill}");
    assert!(bill.contains("pkg:generic/UsrBase@2.0.0"), "{bill}");
    project.with_registry_line(&lines, &format!("{FEED}policy {{\n    deny creatio \"usrbase\" reason=\"old\"\n}}\n"));
    project.run("larder check").exits(1).names(["UsrBase"]);
}
