//! Typed assets: declared, checked, deployed, rolled back; who is touched by a change.

use std::path::Path;

use serde_json::Value;

use crate::support::{PrivateRegistry, Project, assert_transcript, conforms};

/// The hub of `fixtures/integration`: three packages with all kinds of assets, locked and synced in `production`.
fn hub() -> Project {
    let project = hub_unlocked();
    project.run("larder lock").exits(0);
    project.run("larder sync --env production").exits(0);
    project
}

pub(crate) fn hub_unlocked() -> Project {
    let project = Project::alone();
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/integration");
    copy(&fixture, &project.path(""));
    project
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("the fixture").map(|entry| entry.expect("an entry")) {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).expect("a copy");
        }
    }
}

/// Changes a file of the project, which has to have `old`.
pub(crate) fn edit(project: &Project, file: &str, old: &str, new: &str) {
    let text = project.read(file);
    assert!(text.contains(old), "{file} has no `{old}`");
    project.write(file, &text.replacen(old, new, 1));
}

fn texts(list: &Value) -> Vec<&str> {
    list.as_array().expect("a list").iter().map(|one| one.as_str().expect("a text")).collect()
}

#[test]
fn the_hub_is_clean_and_ready() {
    let project = hub();
    let checked = project.run_json("larder check --json");
    conforms(&checked, "check");
    let found = checked["assetFindings"].as_array().cloned().unwrap_or_default();
    assert!(found.iter().all(|one| one["level"] == "note"), "{checked:#}");
    let ready = project.run_json("larder ready --json");
    conforms(&ready, "ready");
    assert_eq!(ready["ready"], true, "{ready:#}");
    assert_eq!(project.run("larder ready order-intake").exits(0).stdout, "ready\n");
    assert_eq!(project.run("larder ready order-inteke").exits(2).stdout, "");
}

#[test]
fn a_check_that_remembers_finds_what_changed_since() {
    let project = hub_unlocked();
    project.run("larder lock").exits(0);
    let first = project.run("larder check").exits(0).stdout;
    let records = || std::fs::read_dir(project.cache().join("assets")).expect("what is remembered").flatten();
    assert_eq!(records().count(), 1);
    // The times of files count only when they are some seconds old.
    std::thread::sleep(std::time::Duration::from_millis(2100));
    for _ in 0..2 {
        assert_eq!(project.run("larder check").exits(0).stdout, first);
        edit(&project, "packages/orders/schemas/failure.schema.json", "\"object\"", "\"objekt\"");
        assert!(project.run("larder check").exits(1).stderr.contains("failure.schema.json"));
        edit(&project, "packages/orders/schemas/failure.schema.json", "\"objekt\"", "\"object\"");
    }
    let touched = project.run("larder impact schema:partner/types").exits(0).stdout;
    let records = || records().filter(|entry| !entry.path().to_string_lossy().ends_with(".references.json"));
    // What cannot be read is forgotten.
    let record = records().next().expect("a record").path();
    for text in
        ["", "{", "{\"program\":{\"version\":\"0\",\"executable\":null},\"files\":{},\"assets\":{\"assets\":{}}}"]
    {
        std::fs::write(&record, text).expect("a file of ours");
        assert_eq!(project.run("larder check").exits(0).stdout, first);
        assert_eq!(project.run("larder impact schema:partner/types").exits(0).stdout, touched);
    }
    // Nor does it matter whether there is room for it.
    std::fs::remove_file(&record).expect("a file of ours");
    std::fs::create_dir(&record).expect("a folder in its place");
    assert_eq!(project.run("larder check").exits(0).stdout, first);
}

#[test]
fn what_refers_to_an_asset_is_remembered_until_something_changes() {
    let project = hub_unlocked();
    project.run("larder lock").exits(0);
    let impact = || project.run("larder impact schema:partner/address --json").exits(0).json();
    let first = impact();
    let ids = |found: &Value| -> Vec<String> {
        found["touched"].as_array().expect("a list").iter().map(|one| one["id"].to_string()).collect()
    };
    let record = || {
        let folder = std::fs::read_dir(project.cache().join("assets")).expect("what is remembered").flatten();
        let path = folder.map(|entry| entry.path()).find(|path| path.to_string_lossy().ends_with(".references.json"));
        path.map(|path| std::fs::read_to_string(path).expect("a record"))
    };
    assert_eq!(record(), None, "files changed a moment ago");
    let settle = || std::thread::sleep(std::time::Duration::from_millis(2100));
    settle();
    assert_eq!(impact(), first);
    let known = record().expect("a record");
    assert_eq!((impact(), record()), (first.clone(), Some(known)));
    // A new package, one that git ignores, an adapter that refers to something else, a file that is gone.
    let adapter = "adapter kind=\"file\" direction=\"out\" { schema \"partner/address\"; path \"/x\"; }\n";
    let more = "package \"more\" version=\"1.0.0\"\ndependencies { larder \"partner\" \"^2\"; }\nassets { adapter \"x\" \"x.kdl\"; }\n";
    project.write("packages/more/larder.kdl", more).write("packages/more/x.kdl", adapter);
    let with_more = impact();
    assert_eq!(ids(&with_more).len(), ids(&first).len() + 1, "{with_more:#}");
    settle();
    assert_eq!((impact(), impact()), (with_more.clone(), with_more));
    project.write(".gitignore", "packages/more\n");
    assert_eq!(impact(), first);
    project.write(".gitignore", "");
    edit(&project, "packages/more/x.kdl", "partner/address", "partner/order#Order");
    assert_eq!(impact(), first);
    settle();
    assert_eq!((impact(), impact()), (first.clone(), first.clone()));
    std::fs::remove_file(project.path("packages/partner/schemas/shipment.schema.json")).expect("a file of ours");
    let without = impact();
    assert_ne!(without, first, "it refers to the address");
    settle();
    assert_eq!((impact(), impact()), (without.clone(), without));
}

#[test]
fn one_error_hides_nothing_else() {
    let project = hub_unlocked();
    project.run("larder lock").exits(0);
    edit(&project, "packages/orders/larder.kdl", "assets {", "assets {\n    schema \"lonely\" \"schemas/lonely.json\"");
    project.write("packages/orders/schemas/lonely.json", "{\"type\": \"object\"}\n");
    edit(
        &project,
        "packages/orders/flows/order-intake.kdl",
        "depends \"weak\"",
        "depends \"optional\" \"gone\"\n    depends \"weak\"",
    );
    let clean = project.run("larder check").exits(0);
    assert!(clean.stdout.contains("note: ") || clean.stderr.contains("note: "));
    edit(&project, "packages/orders/flows/order-approval.kdl", "from \"orders-in\"", "from \"orders-inn\"");
    let text = project.run("larder check").exits(1).stderr;
    for told in ["1 thing is wrong", "orders-inn", "lonely", "gone"] {
        assert!(text.contains(told), "{told}: {text}");
    }
    let error = project.run("larder check --json").exits(1).json();
    conforms(&error, "error");
    let levels: Vec<(&str, &str)> = error["error"]["related"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|one| (one["severity"].as_str().expect("a word"), one["code"].as_str().expect("a code")))
        .collect();
    assert!(levels.contains(&("error", "larder::assets::asset_dangling")), "{levels:?}");
    assert!(levels.contains(&("warning", "larder::assets::asset_dangling")), "{levels:?}");
    assert!(levels.contains(&("note", "larder::assets::asset_orphan")), "{levels:?}");
    // A lock that is stale hides nothing either.
    edit(&project, "larder.kdl", "\"macos-arm64\"", "\"macos-x64\"");
    let error = project.run("larder check --json").exits(1).json();
    conforms(&error, "error");
    assert!(error.to_string().contains("stale") && error.to_string().contains("orders-inn"), "{error:#}");
    assert!(error.to_string().contains("lonely"), "{error:#}");
    // What no error of an asset stands beside has its place too.
    edit(&project, "packages/orders/flows/order-approval.kdl", "from \"orders-inn\"", "from \"orders-in\"");
    let error = project.run("larder check --json").exits(1).json();
    let related = error["error"]["related"].as_array().expect("a list");
    let of_assets: Vec<_> = related.iter().filter(|one| one.to_string().contains("larder::assets::")).collect();
    assert!(!of_assets.is_empty() && of_assets.iter().all(|one| one["labels"][0].is_object()), "{error:#}");
}

#[test]
fn what_is_not_ready_is_told_in_full() {
    let alone = Project::alone();
    alone.write("larder.kdl", "package \"empty\" version=\"1.0.0\"\n");
    assert_eq!(alone.run("larder ready").exits(1).stdout, "Package has no assets to deploy\n");
    alone
        .write(
            "larder.kdl",
            "package \"one\" version=\"1.0.0\"\nassets {\n  schema \"a\" \"a.json\"\n  adapter \"x\" \"x.kdl\"\n  adapter \"y\" \"y.kdl\"\n  \
             flow \"f\" \"f.kdl\" state=\"archived\"\n}\n",
        )
        .write("a.json", "{\"$schema\":\"https://json-schema.org/draft/2020-12/schema\",\"type\":\"object\"}\n")
        .write("x.kdl", "adapter kind=\"file\" direction=\"in\" { schema \"a\"; path \"/in\"; }\n")
        .write("y.kdl", "adapter kind=\"file\" direction=\"out\" { schema \"b\"; }\n")
        .write("f.kdl", "flow \"f\" { from \"x\"; to \"y\"; on-error to=\"y\"; }\n");
    let told = alone.run("larder ready").exits(1).stdout;
    let lines: Vec<&str> = told.lines().collect();
    assert_eq!(
        lines[..2],
        ["Only 1/2 adapters have validated connections", "No active flows available for deployment"]
    );
    assert_transcript!(told, @r"
    Only 1/2 adapters have validated connections
    No active flows available for deployment
    y.kdl:1:1: error: the adapter has no `path`: `path`: The folder.
    y.kdl:1:46: error: there is no schema `b` in one: did you mean `a`?
    ");
    let document = alone.run("larder ready --json").exits(1).json();
    conforms(&document, "ready");
}

#[test]
fn flows_move_from_state_to_state_and_no_other_way() {
    let project = hub();
    let refused = |command: &str| project.run(command).exits(1).error()["message"].as_str().unwrap_or("").to_owned();
    assert!(
        refused("larder flow deploy order-shipping --env production --json")
            .contains("is draft, and cannot become deployed")
    );
    assert!(refused("larder flow archive order-shipping --json").contains("is draft, and cannot become archived"));
    let before = project.read("packages/orders/larder.kdl");
    let changed = project.run_json("larder flow ready order-shipping --json");
    conforms(&changed, "flow");
    let after = project.read("packages/orders/larder.kdl");
    assert_eq!(after, before.replace("order-shipping.kdl\"", "order-shipping.kdl\" state=\"ready\""));
    assert!(refused("larder flow ready order-shipping --json").contains("is ready, and cannot become ready"));
    assert!(refused("larder flow suspend order-shipping --env production --json").contains("production has no flow"));
    project.run("larder flow deploy order-shipping --env production").exits(0);
    assert!(
        refused("larder flow resume order-shipping --env production --json")
            .contains("is deployed, and cannot become resumed")
    );
    project.run("larder flow suspend order-shipping --env production").exits(0);
    assert!(refused("larder flow deploy order-shipping --env production --json").contains("is suspended"));
    assert!(
        project
            .read(".larder/node_modules/.profiles/production/current/flows.json")
            .contains("\"state\": \"suspended\"")
    );
    project.run("larder flow resume order-shipping --env production").exits(0);
    assert!(refused("larder flow withdraw order-shipping --env production --json").contains("only what is archived"));
    project.run("larder flow archive order-shipping").exits(0).names(["production has it still"]);
    assert!(refused("larder flow deploy order-shipping --env production --json").contains("is archived"));
    let listed = project.run_json("larder flow list --env production --json");
    conforms(&listed, "flow-list");
    project.run("larder flow withdraw order-shipping --env production").exits(0);
    assert!(!project.has(".larder/node_modules/.profiles/production/current/flows/order-shipping"));
    project.run("larder flow deploy order-intak --env production").exits(2).names(["did you mean `order-intake`?"]);
    // A draft that is not ready stays one.
    edit(&project, "packages/billing/flows/confirmation.kdl", "to \"confirm-out\"", "to \"confirm-ot\"");
    project.run("larder flow ready confirmation").exits(1).names(["confirm-ot", "did you mean `confirm-out`?"]);
    assert!(!project.read("packages/billing/larder.kdl").contains("confirmation.kdl\" state"));
}

fn history(project: &Project) -> Vec<Value> {
    let history = project.run_json("larder history --env production --json");
    conforms(&history, "history");
    history["generations"].as_array().expect("generations").clone()
}

fn digest(project: &Project) -> String {
    history(project)[0]["digest"].as_str().expect("a digest").to_owned()
}

#[test]
fn one_flow_is_deployed_and_taken_back_and_others_stay() {
    let project = hub();
    project.run("larder flow deploy bookkeeping --env production").exits(0);
    let deployed = project.run_json("larder flow deploy order-intake --env production --json");
    conforms(&deployed, "flow");
    assert_eq!(deployed["built"], true);
    let first = deployed["generation"].as_u64().expect("a number");
    let (v1, current) = (digest(&project), ".larder/node_modules/.profiles/production/current");
    let listed = project.run_json("larder flow list --env production --json");
    // Deploying the same again changes nothing.
    let again = project.run_json("larder flow deploy order-intake --env production --json");
    assert_eq!((again["built"].as_bool(), again["generation"].as_u64()), (Some(false), Some(first)));
    // Nor does a sync, which keeps what is deployed while the files move on.
    edit(&project, "packages/orders/adapters/billing-out.kdl", "\"20s\"", "\"40s\"");
    project.run("larder sync --env production").exits(0);
    assert_eq!(digest(&project), v1);
    assert!(
        project.read(&format!("{current}/flows/order-intake/orders-1.2.0/adapters/billing-out.kdl")).contains("20s")
    );
    let second = project.run_json("larder flow deploy order-intake --env production --json");
    assert_eq!(texts(&second["changes"]).len(), 1, "{second:#}");
    assert!(texts(&second["changes"])[0].starts_with("~ flow:order-intake 1.2.0 ("), "{second:#}");
    assert!(
        project.read(&format!("{current}/flows/order-intake/orders-1.2.0/adapters/billing-out.kdl")).contains("40s")
    );
    assert_ne!(digest(&project), v1);
    let compared = project.run_json(&format!("larder diff {first} {} --env production --json", second["generation"]));
    conforms(&compared, "diff");
    assert_eq!(compared["flows"][0]["name"], "order-intake", "{compared:#}");
    let said = project.run(&format!("larder diff {first} --env production")).exits(0).stdout;
    assert!(said.starts_with("~ flow:order-intake  1.2.0 ("), "{said}");
    let bookkeeping = |listed: &Value| listed["flows"].as_array().expect("flows")[0].clone();
    let now = project.run_json("larder flow list --env production --json");
    assert_eq!(bookkeeping(&now), bookkeeping(&listed), "the other flow has not moved");
    // Back as a whole.
    project.run("larder rollback --env production").exits(0);
    let back = project.run_json("larder history --env production --json");
    let current_digest = back["generations"].as_array().expect("generations").iter().find(|one| one["current"] == true);
    assert_eq!(current_digest.expect("a current one")["digest"], v1.as_str());
    project.run("larder sync --env production --forward").exits(0);
    // Back with one flow only: a generation of its own, with the digest of the first.
    project.run("larder flow deploy order-intake --env production").exits(0);
    let partial =
        project.run_json(&format!("larder rollback {first} --only flow:order-intake --env production --json"));
    conforms(&partial, "flow");
    assert_eq!(digest(&project), v1);
    project.run("larder rollback 1 --only flow:order-intake --env production").exits(2).names(["has no flow"]);
    project.run("larder verify --env production").exits(0);
}

#[test]
fn flows_are_promoted_verified_and_healed() {
    let project = hub();
    project.run("larder sync --env staging").exits(0);
    for flow in ["order-intake", "bookkeeping"] {
        project.run(&format!("larder flow deploy {flow} --env staging")).exits(0);
    }
    project.run("larder flow suspend bookkeeping --env staging").exits(0);
    project.run("larder promote staging production").exits(0);
    let listed = project.run_json("larder flow list --env production --json");
    let states: Vec<(&str, &Value)> = listed["flows"]
        .as_array()
        .expect("flows")
        .iter()
        .map(|flow| (flow["flow"].as_str().expect("a flow"), &flow["state"]))
        .filter(|(_, state)| !state.is_null())
        .collect();
    assert_eq!(states, [("flow:orders/order-intake@1", &Value::from("deployed"))], "a suspended flow is not carried");
    let file =
        ".larder/node_modules/.profiles/production/current/flows/order-intake/orders-1.2.0/flows/order-intake.kdl";
    let text = project.read(file);
    std::fs::remove_file(project.path(file)).expect("it is there");
    project.write(file, "flow \"other\"\n");
    project.run("larder verify --env production").exits(4).names(["flows/order-intake"]);
    project.run("larder sync --env production --repair").exits(0);
    assert_eq!(project.read(file), text);
    project.run("larder verify --env production").exits(0);
    // The store can lose it: the environment has it.
    std::fs::remove_dir_all(project.store()).expect("a store");
    edit(&project, "packages/orders/adapters/billing-out.kdl", "\"20s\"", "\"40s\"");
    project.run("larder flow deploy order-intake --env production").exits(0);
    project.run("larder gc").exits(0);
    project.run("larder verify --env production").exits(0);
}

#[test]
fn a_change_touches_all_that_refers_to_it() {
    let project = hub_unlocked();
    let impact = project.run_json("larder impact schema:partner/order@1 --json");
    conforms(&impact, "impact");
    let ids: Vec<&str> =
        impact["touched"].as_array().expect("assets").iter().map(|one| one["id"].as_str().expect("an id")).collect();
    for id in [
        "adapter:orders/orders-in@1",
        "mapping:orders/order-to-invoice@1",
        "flow:orders/order-intake@1",
        "flow:orders/order-approval@1",
        "flow:orders/order-shipping@1",
    ] {
        assert!(ids.contains(&id), "{id}: {ids:?}");
    }
    assert!(!ids.contains(&"adapter:orders/dead-letter@1"), "{ids:?}");
    assert_eq!(impact["verdict"], "unknown");
    project.run("larder impact schema:partner/ordr").exits(2).names(["did you mean `schema:partner/order@1`?"]);
    project.run("larder impact nothing:x").exits(2).names(["`nothing` is no kind of assets"]);
}

#[test]
fn secrets_are_refused_wherever_a_package_is_looked_at() {
    let project = hub_unlocked();
    project.run("larder lock").exits(0);
    let folder = project.path("packages/orders");
    // Of what cannot be read nobody knows whether there is a secret in it.
    let (file, constant) = ("packages/orders/mappings/order-to-shipment.kdl", "constant \"post\" to=\"carrier\"");
    let before = project.read(file);
    edit(&project, file, constant, "feld \"x\"\n    constant \"hunter2\" to=\"password\"");
    for command in ["larder check", "larder pack"] {
        let refused = project.run_in(&folder, command).exits(1);
        assert!(!format!("{}{}", refused.stdout, refused.stderr).contains("hunter2"), "{command}: {refused:?}");
    }
    project.write(file, &before);
    let file = "packages/orders/adapters/orders-in.kdl";
    let before = project.read(file);
    edit(&project, file, "credentials env=\"PARTNER_SFTP\"", "credentials \"me:hunter2\"");
    edit(&project, file, "kind=\"sftp\"", "kind=\"sfttp\"");
    for command in ["larder check", "larder pack", "larder publish --registry ../../registry"] {
        let refused = project.run_in(&folder, command).exits(1);
        assert!(!format!("{}{}", refused.stdout, refused.stderr).contains("hunter2"), "{command}: {refused:?}");
    }
    project.write(file, &before);
    for (file, old, new) in [
        ("mappings/order-to-shipment.kdl", "constant \"post\" to=\"carrier\"", "constant \"hunter2\" to=\"password\""),
        (
            "mappings/order-to-invoice.kdl",
            "field \"o:Note\" to=\"note\"",
            "field \"o:Note\" to=\"apiKey\" { default \"hunter2\"; }",
        ),
        ("adapters/orders-in.kdl", "credentials env=\"PARTNER_SFTP\"", "credentials \"me:hunter2\"\n    port \"22\""),
        ("adapters/orders-in.kdl", "credentials env=\"PARTNER_SFTP\"", "credentials \"me:hunter2\""),
    ] {
        let file = format!("packages/orders/{file}");
        let before = project.read(&file);
        edit(&project, &file, old, new);
        for command in ["larder check", "larder pack", "larder publish --registry ../../registry"] {
            let refused = project.run_in(&folder, command);
            let told = format!("{}{}", refused.stdout, refused.stderr);
            assert!(told.contains("secret") || told.contains("clear text"), "{command}: {told}");
            assert!(!told.contains("hunter2"), "{command} repeats it: {told}");
            assert!(!told.contains("Failed to read"), "{command} points at what it does not show: {told}");
            refused.exits(1);
        }
        if !new.ends_with("hunter2\"") {
            project.write(&file, &before);
        }
    }
    assert!(!folder.join("orders-1.2.0.tar.gz").exists());
    // Where it is, without what it is.
    let error = project.run_in(&folder, "larder check --json").exits(1).error();
    let label = &error["related"][0]["labels"][0];
    assert_eq!(label["file"], "packages/orders/adapters/orders-in.kdl", "{error:#}");
    assert!(label["line"].as_u64() > Some(1) && !error.to_string().contains("hunter2"), "{error:#}");
}

#[test]
fn a_kind_of_adapters_is_explained() {
    let project = Project::alone();
    let told = project.run("larder explain adapter sftp").exits(0).stdout;
    for word in ["host", "host-key", "required", "env=\"NAME\""] {
        assert!(told.contains(word), "{word}: {told}");
    }
    let schema = project.run_json("larder explain adapter sftp --json");
    let file =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/schema/adapters/sftp.json")).expect("a file");
    assert_eq!(schema, serde_json::from_str::<Value>(&file).expect("JSON"));
    project.run("larder explain adapter sfpt").exits(2).names(["did you mean `sftp`?"]);
}

#[test]
fn the_graph_of_assets_is_drawn_and_told() {
    let project = hub_unlocked();
    let graph = project.run_json("larder graph --assets --format json");
    conforms(&graph, "graph-assets");
    assert_eq!(graph["nodes"].as_array().map(Vec::len), Some(33));
    let edges = graph["edges"].as_array().expect("edges");
    let has = |from: &str, to: &str, part: &str, strength: &str| {
        edges.iter().any(|edge| {
            [("from", from), ("to", to), ("part", part), ("strength", strength)]
                .iter()
                .all(|(key, value)| edge[*key] == **value)
        })
    };
    assert!(has("flow:orders/order-intake@1", "adapter:orders/orders-in@1", "from", "required"), "{edges:#?}");
    assert!(has("flow:orders/order-intake@1", "flow:orders/order-shipping@1", "depends", "weak"));
    assert!(has("adapter:orders/orders-in@1", "schema:partner/order@1", "schema", "required"));
    let part = project.run_json("larder graph --assets --format json --focus adapter:orders/orders-in");
    let ids: Vec<&str> =
        part["nodes"].as_array().expect("nodes").iter().map(|node| node["id"].as_str().expect("an id")).collect();
    assert!(ids.contains(&"flow:orders/order-intake@1") && ids.contains(&"schema:partner/types@1"), "{ids:?}");
    assert!(!ids.contains(&"schema:orders/failure@1") && !ids.contains(&"adapter:billing/review-out@1"), "{ids:?}");
    let near = project.run_json("larder graph --assets --format json --focus adapter:orders/orders-in --depth 1");
    assert!(near["nodes"].as_array().map(Vec::len) < part["nodes"].as_array().map(Vec::len));
    let dot = project.run("larder graph --assets --format dot").exits(0).stdout;
    assert!(dot.starts_with("digraph") && dot.contains("label=\"orders/order-intake\""), "{dot}");
    assert!(dot.contains("[style=dashed]"), "a weak one");
    project.run("larder graph --assets --format svg -o assets.svg").exits(0);
    let picture = project.read("assets.svg");
    assert!(picture.contains("flow:orders/order-intake@1 needs adapter:orders/orders-in@1"), "{picture}");
    assert!(picture.contains("<g class=\"schema direct\">") && picture.ends_with("</svg>\n"));
    // Those of one package, with what they refer to in others.
    let folder = project.path("packages/billing");
    let own = project.run_in(&folder, "larder graph --assets --format json").exits(0).json();
    let foreign = own["nodes"].as_array().expect("nodes").iter().filter(|node| node["own"] == false).count();
    assert!(foreign > 0 && foreign < 20, "{own:#}");
    project.run("larder graph --assets --focus adapter:orders-inn").exits(2).names(["did you mean `orders-in`?"]);
}

#[test]
fn flows_of_installed_packages_are_deployed_from_what_the_environment_has() {
    let packages = PrivateRegistry::new();
    let publish = |version: &str, path: &str| {
        let manifest = format!(
            "package \"shop\" version=\"{version}\"\nassets {{ schema \"order\" \"order.json\"; adapter \"in\" \"in.kdl\"; adapter \"out\" \
             \"out.kdl\"; flow \"intake\" \"f.kdl\" state=\"ready\"; flow \"later\" \"g.kdl\"; }}\n"
        );
        let adapter = |direction: &str| {
            format!("adapter kind=\"file\" direction=\"{direction}\" {{ schema \"order\"; path \"{path}\"; }}\n")
        };
        let flow = |name: &str| format!("flow \"{name}\" {{ from \"in\"; to \"out\"; on-error to=\"out\"; }}\n");
        packages.publish(&[
            ("larder.kdl", manifest.as_str()),
            ("order.json", "{\"type\": \"object\"}\n"),
            ("in.kdl", &adapter("in")),
            ("out.kdl", &adapter("out")),
            ("f.kdl", &flow("intake")),
            ("g.kdl", &flow("later")),
        ]);
    };
    publish("1.0.0", "/one");
    let project = Project::alone();
    let rest = "dependencies {\n    larder \"shop\" \"^1\"\n}\nenvironment \"production\"\n";
    project.with_packages(&packages, rest);
    project.run("larder sync --env production").exits(0);
    let listed = project.run_json("larder flow list --env production --json");
    conforms(&listed, "flow-list");
    assert_eq!(
        (&listed["flows"][0]["flow"], listed["flows"].as_array().map(Vec::len)),
        (&"flow:shop/intake@1".into(), Some(1))
    );
    project.run("larder ready shop/intake").exits(0).names(["ready"]);
    project.run("larder flow deploy later --env production").exits(1).names(["is draft, and cannot become deployed"]);
    project.run("larder flow deploy intak --env production").exits(2).names(["did you mean `intake`?"]);
    project.run("larder flow deploy intake --env production").exits(0);
    let file = ".larder/node_modules/.profiles/production/current/flows/intake/shop-1.0.0/in.kdl";
    assert!(project.read(file).contains("/one"));
    // A newer version comes with the lock; the flow moves when it is deployed.
    publish("1.1.0", "/two");
    project.run("larder update").exits(0);
    project.run("larder sync --env production").exits(0);
    assert!(project.read(file).contains("/one"));
    project.run("larder flow deploy shop/intake --env production").exits(0);
    assert!(project.read(&file.replace("1.0.0", "1.1.0")).contains("/two"));
    project.run("larder flow withdraw intake --env production").exits(0);
    assert!(!project.has(".larder/node_modules/.profiles/production/current/flows/intake"));
}

#[test]
fn schemas_are_read_in_their_encoding_and_what_is_no_text_is_told() {
    let project = Project::alone();
    project.write("larder.kdl", "package \"p\" version=\"1.0.0\"\nassets {\n    schema \"s\" \"s.xsd\"\n}\n");
    let xsd = |encoding: &str| {
        format!(
            "<?xml version=\"1.0\" encoding=\"{encoding}\"?>\n<!-- Größe -->\n<xs:schema \
             xmlns:xs=\"http://www.w3.org/2001/XMLSchema\"><xs:element name=\"Größe\"/></xs:schema>\n"
        )
    };
    let utf_16: Vec<u8> = format!("\u{feff}{}", xsd("UTF-16")).encode_utf16().flat_map(u16::to_le_bytes).collect();
    let latin: Vec<u8> = xsd("ISO-8859-1").chars().map(|one| u8::try_from(u32::from(one)).expect("Latin 1")).collect();
    for bytes in [utf_16, latin, xsd("UTF-8").into_bytes()] {
        std::fs::write(project.path("s.xsd"), &bytes).expect("a file of ours");
        project.run("larder check").exits(0).names(["1 asset can be used"]);
    }
    std::fs::write(project.path("s.xsd"), b"{\"title\": \"\xe9\"}").expect("a file of ours");
    let wrong = project.run("larder check").exits(1);
    let wrong =
        wrong.names(["`s.xsd` of schema `s` cannot be read: it is not UTF-8 text: byte 11 of it is none", "UTF-8"]);
    assert!(!wrong.stderr.contains("has no file"), "{}", wrong.stderr);
}
