//! What a lock has, told to others: `larder sbom`, `larder graph`, `larder analyze`.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::support::{Project, Registry, Universe, conforms};

fn universe() -> Universe {
    Universe::new()
        .npm("app", "1.0.0", |p| p.dep("left", "^1").dep("@scope/right", "^1").field("license", json!("MIT")))
        .npm("left", "1.0.0", |p| {
            p.field("license", json!("MIT OR Apache-2.0")).field("deprecated", json!("use right"))
        })
        .npm("left", "2.0.0", |p| p.field("license", json!("LicenseRef-acme")))
        .npm("@scope/right", "1.0.0", |p| p.peer("left", "*"))
        .npm("tool", "1.0.0", |p| p.bin("run-tool", "cli.js", "#!/usr/bin/env node\n"))
        .npm("idle", "1.0.0", |p| p)
        .pypi("web", "1.0", |p| p.requires("core[fast]>=1").file("webby/__init__.py", ""))
        .pypi("core", "1.5", |p| p.extra("fast", "speed"))
        .pypi("speed", "3.0", |p| p)
        .pypi("lazy", "2.0", |p| p.file("lazy/__init__.py", ""))
}

const LINES: &str = "dependencies {\n    npm \"app\" \"^1\"\n    npm \"left\" \"^2\"\n    npm \"idle\" \"^1\"\n    pypi \"web\"\n    \
                     pypi \"lazy\"\n}\ngroup \"test\" {\n    npm \"tool\" \"^1\"\n}\n";

fn project(registry: &Registry) -> Project {
    let project = Project::new(registry);
    project.manifest(LINES).run("larder lock").exits(0);
    project
}

fn strings<'v>(list: &'v Value, key: &str) -> BTreeSet<&'v str> {
    list.as_array().expect("a list").iter().filter_map(|one| one[key].as_str()).collect()
}

#[test]
fn a_cyclonedx_bill_has_every_package_with_its_edges() {
    let registry = universe().serve();
    let project = project(&registry);
    let text = project.run("larder sbom --format cyclonedx").exits(0).stdout;
    let bill: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!((&bill["bomFormat"], &bill["specVersion"]), (&"CycloneDX".into(), &"1.6".into()));
    let at = |name: &str| format!("{name}?repository_url=http:%2F%2F127.0.0.1:1%2Fnpm%2F");
    let of = |purl: &str| {
        let components = bill["components"].as_array().expect("components");
        components.iter().find(|one| one["purl"] == purl).unwrap_or_else(|| panic!("{purl}: {bill:#}"))
    };
    let right = of(&at("pkg:npm/%40scope/right@1.0.0"));
    assert_eq!((&right["name"], &right["type"]), (&"@scope/right".into(), &"library".into()));
    assert_eq!(right["hashes"][0]["alg"], "SHA-512");
    assert_eq!(right["hashes"][0]["content"].as_str().map(str::len), Some(128));
    let left = of(&at("pkg:npm/left@1.0.0"));
    assert_eq!(left["licenses"], json!([{ "expression": "MIT OR Apache-2.0", "acknowledgement": "declared" }]));
    let of_project = bill["dependencies"].as_array().expect("edges").iter().find(|one| one["ref"] == "project");
    let direct = of_project.expect("the project's")["dependsOn"].as_array().expect("a list");
    assert!(
        direct.contains(&Value::from(at("pkg:npm/app@1.0.0")))
            && !direct.contains(&Value::from(at("pkg:npm/left@1.0.0")))
    );
    let listed = project.run("larder list --json").exits(0).json();
    assert_eq!(bill["components"].as_array().map(Vec::len), listed["packages"].as_array().map(Vec::len));
    let refs = strings(&bill["components"], "bom-ref");
    for edge in bill["dependencies"].as_array().expect("edges") {
        let ends = edge["dependsOn"].as_array().into_iter().flatten().filter_map(Value::as_str);
        assert!(ends.into_iter().all(|to| refs.contains(to)), "{edge}");
    }
    assert_eq!(project.run("larder sbom").exits(0).stdout, text, "the same each time");
    let manifest = project.read("larder.kdl").replacen("project \"case\"", "project \"case\" license=\"MIT\"", 1);
    project.write("larder.kdl", &manifest).run("larder lock").exits(0);
    let named: Value = project.run_json("larder sbom --format cyclonedx");
    let licenses = &named["metadata"]["component"]["licenses"];
    assert_eq!(licenses, &json!([{ "expression": "MIT", "acknowledgement": "declared" }]));
    assert!(bill["metadata"].get("timestamp").is_none());
    let dated = project.run("larder sbom --timestamp").exits(0).stdout;
    assert!(dated.contains("\"timestamp\""), "{dated}");
}

#[test]
fn an_spdx_bill_declares_what_it_names() {
    let registry = universe().serve();
    let mut project = project(&registry);
    let document = project.run("larder sbom --format spdx -o bill.json --json").exits(0).json();
    conforms(&document, "sbom");
    let bill: Value = serde_json::from_str(&project.read("bill.json")).expect("JSON");
    assert_eq!(
        (&bill["spdxVersion"], &bill["creationInfo"]["created"]),
        (&"SPDX-2.3".into(), &"1970-01-01T00:00:00Z".into())
    );
    assert_eq!(bill["hasExtractedLicensingInfos"][0]["licenseId"], "LicenseRef-acme");
    let ids = strings(&bill["packages"], "SPDXID");
    assert_eq!(ids.len(), bill["packages"].as_array().expect("packages").len());
    for relation in bill["relationships"].as_array().expect("relationships") {
        let end = relation["relatedSpdxElement"].as_str().expect("an id");
        assert!(ids.contains(end), "{relation}");
    }
    project.set("SOURCE_DATE_EPOCH", "1700000000");
    let dated = project.run("larder sbom --format spdx").exits(0).stdout;
    assert!(dated.contains("\"created\": \"2023-11-14T22:13:20Z\""), "{dated}");
}

#[test]
fn a_graph_has_the_edges_of_the_lock() {
    let registry = universe().serve();
    let project = project(&registry);
    let graph = project.run("larder graph --json").exits(0).json();
    conforms(&graph, "graph");
    let edges: BTreeSet<String> = graph["edges"]
        .as_array()
        .expect("edges")
        .iter()
        .map(|edge| format!("{} {} {}", edge["from"], edge["role"], edge["to"]).replace('"', ""))
        .collect();
    for edge in [
        ". normal npm:app@1.0.0",
        "npm:app@1.0.0 normal npm:left@1.0.0",
        "npm:@scope/right@1.0.0 peer npm:left@1.0.0",
        "pypi:web@1.0 normal pypi:core@1.5",
        "pypi:core@1.5 normal pypi:speed@3.0",
    ] {
        assert!(edges.contains(edge), "{edge}: {edges:?}");
    }
    let focused = project.run("larder graph --focus speed --json").exits(0).json();
    assert_eq!(
        strings(&focused["nodes"], "id"),
        BTreeSet::from([".", "pypi:web@1.0", "pypi:core@1.5", "pypi:speed@3.0"])
    );
    // Names are compared as their ecosystem compares them.
    for name in ["Speed", "pypi:SPEED", "pypi:speed@3.0"] {
        assert_eq!(project.run(&format!("larder graph --focus {name} --json")).exits(0).json(), focused);
    }
    let near = project.run("larder graph --depth 1 --json").exits(0).json();
    assert!(strings(&near["nodes"], "role").iter().all(|role| *role != "indirect"), "{near}");
    project.run("larder graph --focus sped").exits(2).names(["no package `sped`", "did you mean `speed`?"]);
    let dot = project.run("larder graph --format dot").exits(0).stdout;
    assert!(dot.starts_with("digraph packages {") && dot.contains("[label=\"left 2.0.0\""), "{dot}");
    let mermaid = project.run("larder graph --format mermaid").exits(0).stdout;
    assert!(mermaid.starts_with("flowchart LR\n    n0([\"case\"])"), "{mermaid}");
    project.run("larder graph --format svg -o graph.svg").exits(0).names(["Wrote graph.svg"]);
    let picture = project.read("graph.svg");
    assert!(
        picture.contains(">left 2.0.0</text>") && picture.contains("<title>npm:app@1.0.0 needs npm:left@1.0.0</title>")
    );
}

#[test]
fn an_analysis_counts_and_recommends() {
    let registry = universe().serve();
    let project = project(&registry);
    project.write("src/index.mjs", "import app from 'app';\nimport { left } from \"left/deep\";\n");
    project
        .write("jobs/main.py", "import webby\n")
        .write("package.json", r#"{ "scripts": { "x": "run-tool --all" } }"#);
    project
        .write("notes.md", "idle and lazy\n")
        .write("ignored/x.js", "import 'idle'")
        .write(".gitignore", "ignored\n");
    project.run("larder fetch").exits(0);
    let analysis = project.run("larder analyze --offline --json").exits(0).json();
    conforms(&analysis, "analyze");
    assert_eq!(analysis["outdated"], Value::Null);
    let counts = &analysis["counts"];
    assert_eq!((&counts["packages"], &counts["versions"]), (&9.into(), &10.into()));
    assert_eq!(counts["byRegistry"], json!({ "npmjs": 6, "pypi": 4 }));
    assert_eq!(analysis["conflicts"][0]["name"], "left");
    assert_eq!(analysis["conflicts"][0]["versions"][1], json!({ "version": "2.0.0", "neededBy": ["larder.kdl"] }));
    assert_eq!(strings(&analysis["unused"]["dependencies"], "package"), BTreeSet::from(["npm:idle", "pypi:lazy"]));
    let kinds = strings(&analysis["recommendations"], "type");
    assert_eq!(kinds, BTreeSet::from(["conflict", "deprecated", "unused-dependency"]));
    let said = project.run("larder analyze").exits(0);
    said.names(["9 packages in 10 versions", "nothing in the checkout names npm:idle: larder remove npm:idle"]);
}
