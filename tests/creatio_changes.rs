//! Creatio packages that are not what they were: other spellings, other files, other packages under one name.

use crate::support::creatio::{CreatioPackage, application, uid_of, with_application, with_feed, zip};
use crate::support::{PrivateRegistry, Project, Registry, Universe};

const FEED: &str = "dependencies {\n    creatio \"UsrA\"\n}\n";

fn with_feed_line(project: &Project, registry: &Registry, rest: &str) {
    project.with_registry_line(&format!("    creatio \"feed\" \"{}\"\n", registry.url("/nuget/v3/index.json")), rest);
}

fn with_marketplace(project: &Project, registry: &Registry, rest: &str) {
    let line = format!("    creatio \"market\" \"{}\" {{ form \"marketplace\"; }}\n", registry.url("/market/"));
    project.with_registry_line(&line, rest);
}

fn feed(packages: &[CreatioPackage]) -> Universe {
    with_feed(Universe::new(), packages)
}

#[test]
fn case_does_not_count_in_suffixes() {
    // A feed lists and names its files in lower case, whatever the package says.
    let universe = Universe::new()
        .file(
            "/nuget/v3/index.json",
            br#"{"resources":[{"@id":"../flat/","@type":["PackageBaseAddress/3.0.0"]}]}"#.to_vec(),
        )
        .file("/nuget/flat/usra/index.json", br#"{"versions":["1.0.0","1.5.0-rc"]}"#.to_vec())
        .file("/nuget/flat/usra/1.5.0-rc/usra.1.5.0-rc.nupkg", CreatioPackage::new("UsrA", "1.5.0-RC").nupkg());
    let registry = universe.serve();
    for range in ["=1.5.0-rc", "=1.5.0-RC"] {
        let project = Project::alone();
        with_feed_line(&project, &registry, &FEED.replace("\"UsrA\"", &format!("\"UsrA\" \"{range}\"")));
        project.run("larder sync").exits(0);
        let lock = project.read("larder.lock");
        assert!(lock.contains("creatio:UsrA@1.5.0-rc"), "{lock}");
        // A lock that has it as the package spells it is as good.
        project.write("larder.lock", &lock.replace("1.5.0-rc", "1.5.0-RC"));
        project.run("larder check --online").exits(0);
        project.run("larder sync --frozen").exits(0);
    }
}

#[test]
fn a_file_that_its_feed_replaced_is_seen_by_whoever_asks_the_feed() {
    let package = CreatioPackage::new("UsrA", "1.0.0");
    let registry = feed(std::slice::from_ref(&package)).serve();
    let project = Project::alone();
    with_feed_line(&project, &registry, FEED);
    project.run("larder lock").exits(0);
    project.run("larder check --online").exits(0);
    registry.becomes(&feed(&[package.file("Files/x", "other")]));
    project.run("larder check --online").exits(1).names(["UsrA@1.0.0", "digest"]);
    project.run("larder sync").exits(4).names(["UsrA", "expected", "found"]);
    project.run("larder update").exits(0);
    project.run("larder sync").exits(0);
    project.run("larder check --online").exits(0);
}

#[test]
fn another_package_under_a_locked_name_is_refused() {
    let honest = CreatioPackage::new("UsrA", "1.0.0");
    let impostor = CreatioPackage::new("UsrA", "2.0.0").uid("11111111-2222-3333-4444-555555555555");
    let registry = feed(std::slice::from_ref(&honest)).serve();
    let project = Project::alone();
    with_feed_line(&project, &registry, FEED);
    project.run("larder lock").exits(0);
    let lock = project.read("larder.lock");
    registry.becomes(&feed(&[honest, impostor]));
    project.run("larder update").exits(3).names(["`UsrA` has the UId 11111111-2222-3333-4444-555555555555 now"]);
    assert_eq!(project.read("larder.lock"), lock);
    // Who wants it says so by forgetting the other.
    with_feed_line(&project, &registry, "");
    project.run("larder lock").exits(0);
    with_feed_line(&project, &registry, FEED);
    project.run("larder lock").exits(0);
    assert!(project.read("larder.lock").contains("11111111-2222"));
    // A lock that names another package than its archive is.
    project.write("larder.lock", &project.read("larder.lock").replace("11111111-2222", "99999999-2222"));
    project.run("larder check --online").exits(1).names(["UsrA@2.0.0", "uid"]);
}

#[test]
fn all_packages_that_the_platform_would_have_are_named_at_once() {
    let app = CreatioPackage::new("UsrA", "1.0.0").needs("CrtCore", "7.8.0").needs("UsrB", "").needs("CrtUIv2", "");
    let other = CreatioPackage::new("UsrB", "1.0.0").needs("CrtBase", "7.8.0").needs("CrtCore", "");
    let registry = feed(&[app, other]).serve();
    let project = Project::alone();
    with_feed_line(&project, &registry, FEED);
    let provided = "provides \"CrtBase\" \"CrtCore\" \"CrtUIv2\"";
    project.run("larder lock").exits(3).names(["3 packages that are needed are in no registry", provided]);
    with_feed_line(&project, &registry, &format!("{FEED}creatio {{\n    {provided}\n}}\n"));
    project.run("larder lock").exits(0);
}

#[test]
fn another_application_of_a_marketplace_is_another_source() {
    let app = CreatioPackage::new("MrktApp", "1.0.0").needs("MrktBase", "");
    let base = CreatioPackage::new("MrktBase", "");
    let registry = with_application(Universe::new(), 21874, &application(&[&app, &base])).serve();
    let project = Project::alone();
    let rest = "dependencies {\n    creatio \"MrktApp\" marketplace=21874\n}\n";
    with_marketplace(&project, &registry, rest);
    project.run("larder lock").exits(0);
    project.run("larder check --online").exits(0).names(["All 2 packages match"]);
    with_marketplace(&project, &registry, "dependencies {\n}\n");
    project
        .run("larder add creatio:mrktapp --marketplace 21874 --no-sync")
        .exits(0)
        .names(["Added creatio:MrktApp to"]);
    assert!(project.read("larder.kdl").contains("    creatio \"MrktApp\" marketplace=21874\n"));
    with_marketplace(&project, &registry, &rest.replace("21874", "7"));
    project.run("larder lock --check").exits(1).names(["MrktApp"]);
    project.run("larder lock").exits(3).names(["no application 7"]);
}

#[test]
fn a_package_is_packed_alone_as_it_is_with_its_workspace() {
    let project = Project::alone();
    let descriptor = |name: &str, uid: &str, needs: &str| {
        let needs = if needs.is_empty() {
            String::new()
        } else {
            format!("{{\"UId\":\"{}\",\"Name\":\"{needs}\"}}", uid_of(needs))
        };
        format!("{{\"Descriptor\":{{\"UId\":\"{uid}\",\"Name\":\"{name}\",\"DependsOn\":[{needs}]}}}}")
    };
    // What is ignored need not be there.
    let settings = "{\"Packages\":[\"UsrA\",\"UsrB\",\"DemoData\"],\"IgnorePackages\":[\"demo*\"]}";
    project.write(".clio/workspaceSettings.json", settings).write(".clio/clioignore", "*.pdb\n");
    project.write("packages/UsrA/descriptor.json", &descriptor("UsrA", &uid_of("UsrA"), "UsrB"));
    project.write("packages/UsrA/Files/a.pdb", "symbols").write("packages/UsrA/Files/a.js", "a");
    project.write("packages/UsrB/descriptor.json", &descriptor("UsrB", &uid_of("UsrB"), ""));
    let all = project.run_json("larder pack --creatio --json --out all");
    let alone = project.run_json("larder -C packages/UsrA pack --creatio --json --out ../../alone");
    assert_eq!(all["packages"][0]["sha256"], alone["packages"][0]["sha256"]);
    assert_eq!(alone["packages"][0]["files"], serde_json::json!(["Files/a.js", "descriptor.json"]));
    // What no server installs is not packed.
    project.write("packages/UsrB/descriptor.json", &descriptor("UsrB", &uid_of("UsrA"), ""));
    project.run("larder pack --creatio --out twins").exits(1).names(["`UsrA` and `UsrB` have one UId"]);
    project.write("packages/UsrB/descriptor.json", &descriptor("UsrB", &uid_of("UsrB"), "UsrA"));
    project.run("larder pack --creatio --out circle").exits(1).names(["UsrA → UsrB → UsrA"]);
    assert!(!project.has("twins") && !project.has("circle"));
}

#[test]
fn a_creatio_package_may_need_a_private_one() {
    let registry = feed(&[CreatioPackage::new("UsrA", "1.0.0")]).serve();
    let packages = PrivateRegistry::new();
    packages.publish(&[
        ("larder.kdl", "package \"inner\" version=\"1.2.0\" { node \".\"; }\n"),
        ("index.js", "module.exports = 'inner'\n"),
    ]);
    let project = Project::alone();
    let lines = format!("    creatio \"feed\" \"{}\"\n{}", registry.url("/nuget/v3/index.json"), packages.line());
    let extending = format!("{FEED}resolution {{\n    extend creatio \"UsrA\" {{ larder \"inner\" \"^1\"; }}\n}}\n");
    project.with_registry_line(&lines, &extending);
    project.run("larder sync").exits(0);
    let lock = project.read("larder.lock");
    assert!(lock.contains("larder:inner@1.2.0"), "{lock}");
    project.run("larder lock --check").exits(0);
    project.run("larder why inner").exits(0).names(["UsrA", "inner"]);
    project.run("larder verify").exits(0);
    // No other ecosystem is found from there.
    project.with_registry_line(&lines, &extending.replace("larder \"inner\"", "npm \"inner\""));
    project.run("larder lock").exits(2).names(["only by packages of creatio and by private ones"]);
}

const SERVICE_INDEX: &[u8] = br#"{"resources":[{"@id":"../flat/","@type":"PackageBaseAddress/3.0.0"}]}"#;

#[test]
fn a_version_may_lie_where_its_feed_lists_it() {
    let registry = Universe::new()
        .file("/nuget/v3/index.json", SERVICE_INDEX.to_vec())
        .file("/nuget/flat/usra/index.json", br#"{"versions":["1.4"]}"#.to_vec())
        .file("/nuget/flat/usra/1.4/usra.1.4.nupkg", CreatioPackage::new("UsrA", "1.4").nupkg())
        .serve();
    let project = Project::alone();
    with_feed_line(&project, &registry, FEED);
    project.run("larder lock").exits(0);
    assert!(project.read("larder.lock").contains("creatio:UsrA@1.4.0"));
    // Who has nothing but the lock finds it there too.
    project.forget();
    project.run("larder sync --frozen").exits(0);
    project.run("larder check --online").exits(0);
}

#[test]
fn what_lies_deeper_than_the_archive_of_a_package_is_content_of_others() {
    let nuspec = b"<package><metadata><id>UsrA</id><version>1.0.0</version></metadata></package>".to_vec();
    let file = zip(&[
        ("UsrA.nuspec", nuspec),
        ("tools/UsrA.gz", CreatioPackage::new("UsrA", "1.0.0").gz()),
        ("tools/net6/UsrA.gz", b"another".to_vec()),
        ("tools/data/samples.csv.gz", b"data".to_vec()),
    ]);
    let registry = Universe::new()
        .file("/nuget/v3/index.json", SERVICE_INDEX.to_vec())
        .file("/nuget/flat/usra/index.json", br#"{"versions":["1.0.0"]}"#.to_vec())
        .file("/nuget/flat/usra/1.0.0/usra.1.0.0.nupkg", file)
        .serve();
    let project = Project::alone();
    with_feed_line(&project, &registry, FEED);
    project.run("larder sync").exits(0);
}

#[test]
fn what_an_instance_says_of_its_packages_is_held_against_those_that_need_them() {
    let registry = feed(&[CreatioPackage::new("UsrA", "1.0.0").needs("CrtCore", "7.8.0")]).serve();
    let project = Project::alone();
    with_feed_line(&project, &registry, &format!("{FEED}creatio {{\n    provides from=\"instance.json\"\n}}\n"));
    let list = |uid: &str| format!("[{{\"Name\":\"CrtCore\",\"UId\":\"{uid}\"}}]");
    project.write("instance.json", &list("11111111-2222-3333-4444-555555555555"));
    project.run("larder lock").exits(3).names(["`CrtCore` has the UId", "by the word of the instance's list", "UsrA"]);
    project.write("instance.json", &list(&uid_of("CrtCore").to_uppercase()));
    project.run("larder lock").exits(0);
    project.run("larder lock --check").exits(0);
    project.run("larder why crtcore").exits(2).names(["`CrtCore` is not in larder.lock: the instance provides it"]);
}

#[test]
fn what_is_added_is_written_as_its_package_spells_it() {
    let registry = feed(&[CreatioPackage::new("UsrA", "1.0.0"), CreatioPackage::new("UsrA", "1.2.0")]).serve();
    let project = Project::alone();
    with_feed_line(&project, &registry, "");
    project.run("larder add creatio:usra --no-sync").exits(0).names(["Added creatio:UsrA >=1.2.0"]);
    assert!(project.read("larder.kdl").contains("creatio \"UsrA\" \">=1.2.0\""));
    with_feed_line(&project, &registry, "");
    project.run("larder add 'creatio:UsrA>=1,<1.2' --no-sync").exits(0);
    assert!(project.read("larder.lock").contains("creatio:UsrA@1.0.0"));
    project.run("larder add creatio:UsrA:1.2 --no-sync").exits(2).names(["`UsrA=1.2`"]);
    // An application needs a marketplace.
    with_feed_line(&project, &registry, "dependencies {\n    creatio \"UsrA\" marketplace=7\n}\n");
    project.run("larder lock").exits(2).names(["and no registry has `form \"marketplace\"`"]);
}

#[test]
fn a_cycle_is_opened_by_the_override_that_its_error_names() {
    let packages = [
        CreatioPackage::new("UsrA", "1.0.0").needs("UsrB", ""),
        CreatioPackage::new("UsrB", "1.0.0").needs("UsrA", ""),
    ];
    let registry = feed(&packages).serve();
    let project = Project::alone();
    with_feed_line(&project, &registry, FEED);
    let refused = project.run("larder lock").exits(3);
    refused.names(["UsrA → UsrB → UsrA", "`override creatio \"UsrB>UsrA\"` under `resolution`"]);
    let opened = format!("{FEED}resolution {{\n    override creatio \"usrb>UsrA\"\n}}\n");
    with_feed_line(&project, &registry, &opened);
    project.run("larder sync").exits(0);
    project.run("larder lock --check").exits(0);
    let order = project.read(".larder/active/packages/creatio/order.json");
    assert!(order.find("UsrB") < order.find("UsrA"), "{order}");
}

#[test]
fn an_application_that_nothing_fetches_needs_no_marketplace() {
    let project = Project::alone();
    std::fs::create_dir(project.path("vendor")).expect("a folder");
    for rest in [
        "creatio { provides \"UsrA\"; }\ndependencies { creatio \"UsrA\" marketplace=5; }\n",
        "group \"idle\" { creatio \"UsrA\" marketplace=5; }\nenvironment \"production\"\n",
        "dependencies { creatio \"UsrA\" marketplace=5; }\nresolution { override creatio \"UsrA\"; }\n",
    ] {
        project.with_registry_line("    creatio \"local\" \"vendor/\"\n", rest);
        project.run("larder lock").exits(0);
    }
}

#[test]
fn what_a_registry_refuses_is_underlined_where_it_is_asked_for() {
    let app = CreatioPackage::new("MrktApp", "1.0.0");
    let registry = with_application(Universe::new(), 1, &application(&[&app])).serve();
    let project = Project::alone();
    let line = |line: &str| format!("dependencies {{\n    creatio {line}\n}}\n");
    for (asked, words) in
        [("\"MrktApp\" marketplace=7", "has no application 7"), ("\"Other\" marketplace=1", "has no package `Other`")]
    {
        with_marketplace(&project, &registry, &line(asked));
        project.run("larder lock").exits(3).names([words, asked, "asked for here"]);
    }
    project.write("vendor/UsrA.gz", "no archive");
    project.with_registry_line("    creatio \"local\" \"vendor/\"\n", &line("\"UsrA\""));
    let refused = project.run("larder lock --json").exits(4).error();
    assert_eq!(refused["code"], "larder::creatio::refused", "{refused}");
    assert_eq!(refused["labels"].as_array().map(Vec::len), Some(1), "{refused}");
}

#[test]
fn lines_that_name_two_applications_are_both_underlined() {
    let project = Project::alone();
    std::fs::create_dir(project.path("vendor")).expect("a folder");
    let (one, two) = ("creatio \"MrktA\" marketplace=1", "creatio \"mrkta\" marketplace=2");
    let registry = "    creatio \"market\" \"vendor/\" { form \"marketplace\"; }\n";
    project
        .with_registry_line(registry, &format!("dependencies {{\n    {one}\n}}\ngroup \"test\" {{\n    {two}\n}}\n"));
    let words = ["application 1 here", "application 2 here", "name one application on both lines"];
    project.run("larder lock").exits(2).names(words);
    // So are those of a member.
    project.with_registry_line(registry, &format!("members \"packages/*\"\ndependencies {{\n    {one}\n}}\n"));
    project.write("packages/a/larder.kdl", &format!("dependencies {{\n    {two}\n}}\n"));
    project.run("larder lock").exits(2).names(["application 2 of a marketplace here", "packages/a/larder.kdl"]);
}

#[test]
fn what_no_registry_serves_is_named_with_its_chain() {
    let packages = PrivateRegistry::new();
    let manifest = "package \"orders\" version=\"1.0.0\" { node \".\"; }\ndependencies {\n    creatio \"UsrA\"\n}\n";
    packages.publish(&[("larder.kdl", manifest), ("index.js", "module.exports = 1\n")]);
    let project = Project::alone();
    project.with_packages(&packages, "dependencies {\n    larder \"orders\" \"^1\"\n}\n");
    project.run("larder lock").exits(3).names([
        "orders 1.0.0 needs UsrA",
        "no registry serves creatio packages such as UsrA",
        "`registries { creatio \"NAME\"",
        "larder \"orders\" \"^1\"",
    ]);
    // An application of a marketplace is asked for from one.
    project.manifest("dependencies {\n    creatio \"MrktA\" marketplace=1\n}\n");
    project.run("larder lock").exits(2).names(["form \"marketplace\""]);
}
