//! Who is touched by a change of an asset, here and in registries; what is in use is not removed and not yanked.

use serde_json::Value;

use crate::support::{PrivateRegistry, Project, conforms};

const ORDER: &str =
    "{\"type\": \"object\", \"properties\": {\"no\": {\"type\": \"string\"}, \"sum\": {\"type\": \"number\"}}}\n";
const OUT: &str = "adapter kind=\"file\" direction=\"out\" { schema \"partner/order\"; path \"/out\"; }\n";
const MAP: &str = "mapping from=\"partner/order\" to=\"partner/order\" {\n    field \"no\" to=\"no\"\n    field \"sum\" to=\"sum\"\n}\n";

fn partner(version: &str, assets: &str) -> String {
    format!("package \"partner\" version=\"{version}\"\nassets {{ {assets} }}\n")
}

fn user(name: &str, version: &str, range: &str) -> String {
    format!(
        "package \"{name}\" version=\"{version}\"\ndependencies {{ larder \"partner\" \"{range}\"; }}\n\
         assets {{ adapter \"out\" \"out.kdl\"; mapping \"map\" \"map.kdl\"; }}\n"
    )
}

/// A registry in which `orders` and `billing` use a schema of `partner`, and `shipping` does not.
fn registry() -> PrivateRegistry {
    let packages = PrivateRegistry::new();
    let both = "schema \"order\" \"order.json\"; schema \"other\" \"order.json\";";
    packages.publish(&[("larder.kdl", &partner("1.0.0", both)), ("order.json", ORDER)]);
    packages.publish(&[("larder.kdl", &user("orders", "1.0.0", "^1")), ("out.kdl", OUT), ("map.kdl", MAP)]);
    packages.publish(&[("larder.kdl", &user("orders", "1.1.0", "^1")), ("out.kdl", OUT), ("map.kdl", MAP)]);
    packages.publish(&[("larder.kdl", &user("billing", "1.0.0", "~1.0")), ("out.kdl", OUT), ("map.kdl", MAP)]);
    let other = "package \"shipping\" version=\"1.0.0\"\nassets { schema \"order\" \"order.json\"; }\n";
    packages.publish(&[("larder.kdl", other), ("order.json", ORDER)]);
    packages
}

fn touched(impact: &Value) -> Vec<String> {
    let list = impact["touched"].as_array().expect("a list");
    list.iter().map(|one| one["id"].as_str().expect("an id").to_owned()).collect()
}

#[test]
fn a_registry_tells_who_uses_an_asset_and_what_a_newer_version_breaks() {
    let packages = registry();
    let author = packages.author();
    author.write("larder.kdl", &format!("project \"case\"\nregistries {{\n{}}}\n", packages.line()));
    let by_folder = author.run_json("larder impact schema:partner/order --registry packages --json");
    conforms(&by_folder, "impact");
    assert_eq!(by_folder["packages"], serde_json::json!(["billing", "orders"]));
    assert_eq!(by_folder, {
        let mut named = author.run_json("larder impact schema:partner/order --registry acme --json");
        named["touched"]
            .as_array_mut()
            .expect("a list")
            .iter_mut()
            .for_each(|one| one["repository"] = "packages".into());
        named
    });
    // The newest of each line only.
    let found = touched(&by_folder);
    assert_eq!(
        found,
        [
            "adapter:billing/out@1 of 1.0.0",
            "mapping:billing/map@1 of 1.0.0",
            "adapter:orders/out@1 of 1.1.0",
            "mapping:orders/map@1 of 1.1.0"
        ]
    );
    assert_eq!(by_folder["verdict"], "unknown");
    assert_eq!(author.run("larder impact schema:partner/other --registry packages").exits(0).stdout, "");
    author.run("larder impact schema:partner/ordr --registry packages").exits(2).names(["did you mean"]);
    let same = author.run_json("larder impact schema:partner/order --registry packages --to 1.0.0 --json");
    assert_eq!((&same["verdict"], same.get("changes")), (&"compatible".into(), None));
    // Another version of the package: one field is gone, which mappings write.
    let less = ORDER.replace(", \"sum\": {\"type\": \"number\"}", "");
    let next = partner("2.0.0", "schema \"order\" \"order.json\";");
    packages.publish(&[("larder.kdl", &next), ("order.json", &less)]);
    let newer = author.run_json("larder impact schema:partner/order --registry packages --to 2.0.0 --json");
    conforms(&newer, "impact");
    assert_eq!((&newer["verdict"], &newer["changes"][0]["path"]), (&"breaking".into(), &"/sum".into()), "{newer:#}");
    for one in newer["touched"].as_array().expect("a list") {
        let is_mapping = one["id"].as_str().expect("an id").starts_with("mapping");
        assert_eq!(one["breaks"].as_bool(), Some(is_mapping), "{one:#}");
    }
    author.run("larder impact schema:partner/order --registry packages --to 3.0.0").exits(2).names(["newest is 2.0.0"]);
    author.run("larder impact schema:order --registry packages --to 2.0.0").exits(2).names(["several packages"]);
    author.run("larder impact schema:partner/order --to nowhere.json --registry packages").exits(6);
}

#[test]
fn a_version_whose_assets_are_used_is_yanked_only_by_force() {
    let packages = registry();
    let author = packages.author();
    let told =
        ["partner@1.0.0 is in use", "adapter:orders/out@1 of orders 1.1.0 uses schema:partner/order@1", "--force"];
    author.run("larder yank partner@1.0.0 --registry packages").exits(1).names(told);
    // Who asks for less than what is there is left without, others are not.
    let both = "schema \"order\" \"order.json\"; schema \"other\" \"order.json\";";
    packages.publish(&[("larder.kdl", &partner("1.1.0", both)), ("order.json", ORDER)]);
    let refused = author.run("larder yank partner@1.0.0 --registry packages").exits(1);
    let refused = refused.names(["billing/out", "billing/map"]);
    assert!(!refused.stderr.contains("orders/"), "{}", refused.stderr);
    packages.publish(&[("larder.kdl", &partner("1.0.1", both)), ("order.json", ORDER)]);
    author.run("larder yank partner@1.0.0 --registry packages").exits(0);
    author.run("larder yank orders@1.1.0 --registry packages").exits(0);
    let forced = author.run_json("larder yank partner@1.0.1 --registry packages --force --json");
    conforms(&forced, "registry-event");
    let orphaned: Vec<_> = forced["orphaned"].as_array().expect("a list").iter().map(|one| one["id"].clone()).collect();
    assert_eq!(orphaned, ["adapter:billing/out@1 of billing 1.0.0", "mapping:billing/map@1 of billing 1.0.0"]);
    author.run("larder unyank partner@1.0.1 --registry packages").exits(0);
    // An archive that somebody damaged keeps nobody from yanking.
    std::fs::write(packages.path("artifacts/orders/orders-1.0.0.tar.gz"), "x").expect("ours");
    author.write("larder.kdl", "project \"case\"\n");
    author
        .run("larder impact schema:partner/order --registry packages")
        .exits(0)
        .names(["not looked at: orders 1.0.0"]);
    author.run("larder yank orders@1.0.0 --registry packages").exits(0);
}

#[test]
fn an_asset_that_others_refer_to_is_removed_only_by_force() {
    let project = Project::alone();
    let assets = "package \"p\" version=\"1.0.0\"\nassets {\n    // orders\n    schema \"order\" \"order.json\"\n    adapter \"out\" \"out.kdl\"\n    \
                  flow \"f\" \"f.kdl\" // of orders\n}\n";
    project.write("larder.kdl", assets).write("order.json", ORDER);
    project.write("out.kdl", &OUT.replace("partner/", ""));
    project.write("f.kdl", "flow \"f\" { from \"out\"; to \"out\"; on-error to=\"out\"; }\n");
    let refused = project.run("larder remove schema:order").exits(1);
    refused.names(["adapter:p/out@1 uses schema:p/order@1", "flow:p/f@1 uses schema:p/order@1 by adapter:p/out@1"]);
    assert_eq!(project.read("larder.kdl"), assets);
    let removed = project.run_json("larder remove flow:f adapter:p/out@1 --json");
    conforms(&removed, "remove-assets");
    assert_eq!(
        project.read("larder.kdl"),
        assets.replace("    adapter \"out\" \"out.kdl\"\n", "").replace("    flow \"f\" \"f.kdl\" // of orders\n", "")
    );
    assert!(project.has("f.kdl") && project.has("out.kdl"));
    project.write("larder.kdl", assets);
    let forced = project.run("larder remove schema:order --force").exits(0);
    forced.names(["warning: adapter:p/out@1 uses schema:p/order@1, which is gone", "order.json stays"]);
    project.run("larder check").exits(1).names(["there is no schema `order`"]);
    project.run("larder remove schema:order").exits(2).names(["there is no asset `schema:order`"]);
    let said = project.run("larder log").exits(0).stdout;
    assert!(said.contains("remove"), "{said}");
}

#[test]
fn what_needs_a_broken_asset_breaks_by_the_way_through_it() {
    let project = Project::alone();
    let package = "package \"p\" version=\"1.0.0\"\nassets {\n    schema \"order\" \"order.json\"\n    adapter \"in\" \"in.kdl\"\n    \
                   adapter \"out\" \"out.kdl\"\n    mapping \"map\" \"map.kdl\"\n    flow \"f\" \"f.kdl\"\n    flow \"weak\" \"weak.kdl\"\n}\n";
    let out = OUT.replace("partner/", "");
    project.write("larder.kdl", package).write("order.json", ORDER).write("out.kdl", &out);
    project.write("in.kdl", &out.replace("\"out\"", "\"in\"")).write("map.kdl", &MAP.replace("partner/", ""));
    project.write("f.kdl", "flow \"f\" { from \"in\"; map \"map\"; to \"out\"; on-error to=\"out\"; }\n");
    let weak = "flow \"weak\" { from \"in\"; to \"out\"; on-error to=\"out\"; depends \"weak\" \"mapping:map\"; }\n";
    project.write("weak.kdl", weak);
    project.run("larder check").exits(0);
    project.write("less.json", &ORDER.replace("\"sum\"", "\"total\""));
    let impact = project.run_json("larder impact schema:order --to less.json --json");
    conforms(&impact, "impact");
    let one = |id: &str| impact["touched"].as_array().unwrap().iter().find(|one| one["id"] == id).unwrap().clone();
    assert_eq!((&one("mapping:p/map@1")["breaks"], &one("adapter:p/in@1")["breaks"]), (&true.into(), &false.into()));
    let flow = one("flow:p/f@1");
    assert_eq!(flow["breaks"], true, "{impact:#}");
    assert_eq!(flow["path"], serde_json::json!(["flow:p/f@1", "mapping:p/map@1", "schema:p/order@1"]));
    assert_eq!(one("flow:p/weak@1")["breaks"], false, "it works without the mapping");
    // Nobody can use what cannot be read.
    project.write("less.json", "{\"type\": 3}");
    let impact = project.run_json("larder impact schema:order --to less.json --json");
    assert!(impact["touched"].as_array().unwrap().iter().all(|one| one["breaks"] == true), "{impact:#}");
}

#[test]
fn repositories_use_what_their_locks_have_and_those_that_cannot_be_read_are_told() {
    let packages = registry();
    let author = packages.author();
    let consumer = |name: &str, needs: &str| {
        let text = format!("project \"{name}\"\nregistries {{\n{}}}\ndependencies {{ {needs}; }}\n", packages.line());
        author.write(&format!("consumers/{name}/larder.kdl"), &text);
        author.run(&format!("larder -C consumers/{name} sync")).exits(0);
    };
    consumer("app1", "larder \"orders\" \"^1\"");
    consumer("app2", "larder \"shipping\" \"^1\"");
    author.write("consumers/broken/larder.kdl", "project \"broken\n");
    author
        .write("hub/larder.kdl", &partner("1.0.0", "schema \"order\" \"order.json\";"))
        .write("hub/order.json", ORDER);
    let told = author.run("larder -C hub impact schema:partner/order --consumers ../consumers").exits(0);
    let told = told.names(["not looked at: broken", "app1 has orders@1.1.0, partner@1.0.0 in its lock"]);
    assert!(!told.stderr.contains("app2"), "{}", told.stderr);
    for to in ["", " --to order.json"] {
        let impact =
            author.run_json(&format!("larder -C hub impact schema:partner/order --consumers ../consumers{to} --json"));
        conforms(&impact, "impact");
        assert_eq!(touched(&impact), ["adapter:orders/out@1", "mapping:orders/map@1"], "{impact:#}");
        assert_eq!(
            (&impact["touched"][0]["repository"], &impact["packages"]),
            (&"app1".into(), &serde_json::json!(["orders"]))
        );
        assert_eq!(impact["consumers"][0]["packages"], serde_json::json!(["orders@1.1.0", "partner@1.0.0"]));
    }
    // A package that the store does not have is told, and the lock all the same.
    std::fs::remove_dir_all(author.store()).expect("ours");
    let told = author.run("larder -C hub impact schema:partner/order --consumers ../consumers").exits(0);
    told.names(["not looked at: orders 1.1.0, which app1 has locked", "app1 has partner@1.0.0 in its lock"]);
}
