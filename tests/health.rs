//! `larder health`: score, reports, and damaged packages.

use serde_json::{Value, json};

use crate::support::{Project, Universe, conforms};

fn record(id: &str, package: &str, severity: &str) -> String {
    json!({ "id": id, "database_specific": { "severity": severity }, "affected": [{
        "package": { "ecosystem": "npm", "name": package },
        "ranges": [{ "type": "SEMVER", "events": [{ "introduced": "0" }] }],
    }] })
    .to_string()
}

const FOLDER: &str = "advisories \"osv\" \"osv/\";\n";

/// Returns whether each package is healthy, by name.
fn healthy(document: &Value) -> Vec<(&str, bool)> {
    let packages = document["packages"].as_array().expect("packages").iter();
    packages.filter_map(|one| Some((one["package"].as_str()?, one["healthy"].as_bool()?))).collect()
}

#[test]
fn the_score_counts_vulnerabilities_and_outdated_dependencies() {
    let old = |universe: Universe| {
        ["a", "b", "c", "d", "e"].into_iter().fold(universe, |universe, name| universe.npm(name, "1.0.0", |p| p))
    };
    let new = |universe: Universe| {
        ["a", "b", "c", "d", "e"].into_iter().fold(universe, |universe, name| universe.npm(name, "1.1.0", |p| p))
    };
    let registry = old(Universe::new()).serve();
    let project = Project::new(&registry);
    project.write("osv/none.json", &json!({ "id": "X-0" }).to_string());
    let lines = ["a", "b", "c", "d", "e"].map(|name| format!("    npm \"{name}\" \"^1\"\n")).concat();
    project.with_registry_line(FOLDER, &format!("dependencies {{\n{lines}}}\n")).run("larder sync").exits(0);
    let clean = project.run("larder health --json").exits(0).json();
    conforms(&clean, "health");
    assert_eq!(
        (&clean["health_score"], &clean["band"], &clean["healthy"]),
        (&json!(100), &json!("perfect"), &json!(true))
    );
    assert_eq!(clean["dependency_tree"], json!({ "direct": 5, "total": 5 }));
    registry.becomes(&new(old(Universe::new())));
    std::fs::remove_dir_all(project.cache().join("metadata")).expect("cached metadata");
    for (number, (package, severity)) in
        [("a", "CRITICAL"), ("b", "HIGH"), ("c", "HIGH"), ("d", "MODERATE"), ("e", "LOW")].into_iter().enumerate()
    {
        project.write(&format!("osv/{number}.json"), &record(&format!("X-{number}"), package, severity));
    }
    let document = project.run("larder health --json").exits(1).json();
    conforms(&document, "health");
    // 100 − 20 − 2 × 10 − 5 − 5 × 2, without a license that is denied.
    assert_eq!((&document["health_score"], &document["band"]), (&json!(45), &json!("poor")));
    project.run("larder health --fail-below 45").exits(0).names(["Health 45 of 100: poor"]);
    project.run("larder health").exits(1).names(["has to be at least 50"]);
    let text = project.read("larder.kdl");
    let with =
        |least: u8| project.write("larder.kdl", &format!("{text}policy {{ health {{ at-least {least}; }}; }}\n"));
    with(46).run("larder health").exits(1).names(["has to be at least 46"]);
    project
        .run("larder audit health")
        .exits(1)
        .names(["the health score is 45 (it has to be at least 46)", "at-least 46"]);
    with(45).run("larder health").exits(0);
    project.run("larder audit health").exits(0);
    with(101).run("larder health").exits(2).names(["at-least"]);
    project
        .write("larder.kdl", &format!("{text}policy {{ health; }}\n"))
        .run("larder health")
        .exits(2)
        .names(["at-least"]);
}

#[test]
fn reports_are_written_shown_and_removed_after_30_days() {
    let registry = Universe::new().npm("a", "1.0.0", |p| p).serve();
    let project = Project::new(&registry);
    project.write("osv/none.json", &json!({ "id": "X-0" }).to_string());
    project.with_registry_line(FOLDER, "dependencies {\n    npm \"a\" \"^1\"\n}\n").run("larder lock").exits(0);
    project.run("larder health report").exits(1).names(["larder health check"]);
    let old = "reports/dependency-health/dependency-health-20200131_120000.json";
    project.write(old, "{}\n").write("reports/dependency-health/notes.txt", "mine");
    let written = project.run("larder health check --json").exits(0).json();
    conforms(&written, "health");
    let path = written["report"].as_str().expect("a report").to_owned();
    let shown = project.run("larder health report").exits(0).json();
    assert_eq!(shown["health_score"], written["health_score"]);
    assert_eq!(shown, serde_json::from_str::<Value>(&project.read(&path)).expect("JSON"));
    project.run("larder health cleanup").exits(0).names(["Removed 1"]);
    assert!(project.has(&path) && !project.has(old) && project.has("reports/dependency-health/notes.txt"));
}

#[test]
fn a_damaged_package_and_its_dependents_are_unhealthy_and_others_are_not() {
    let registry = Universe::new()
        .npm("app", "1.0.0", |p| p.dep("left", "^1"))
        .npm("left", "1.0.0", |p| p.file("lib.js", "1"))
        .npm("other", "1.0.0", |p| p)
        .serve();
    let project = Project::new(&registry);
    project.write("osv/none.json", &json!({ "id": "X-0" }).to_string());
    project.with_registry_line(FOLDER, "dependencies {\n    npm \"app\" \"^1\"\n    npm \"other\" \"^1\"\n}\n");
    project.run("larder sync").exits(0);
    let whole = project.run("larder health --json").exits(0).json();
    assert_eq!(healthy(&whole), [("npm:app@1.0.0", true), ("npm:left@1.0.0", true), ("npm:other@1.0.0", true)]);
    let app = std::fs::canonicalize(project.path("node_modules/app")).expect("a package");
    let left = app.parent().expect("node_modules").join("left");
    std::fs::remove_file(left.join("lib.js")).expect("a file");
    let document = project.run("larder health --json").json();
    conforms(&document, "health");
    assert_eq!(healthy(&document), [("npm:app@1.0.0", false), ("npm:left@1.0.0", false), ("npm:other@1.0.0", true)]);
    assert_eq!(document["healthy"], false);
    project
        .run("larder health")
        .names(["npm:app@1.0.0 is not healthy: it needs npm:left@1.0.0, which is damaged", "sync --repair"]);
}

#[test]
fn damage_is_that_of_one_version_of_a_package_and_of_what_needs_this_version() {
    let registry = Universe::new()
        .npm("old", "1.0.0", |p| p.dep("left", "^1"))
        .npm("new", "1.0.0", |p| p.dep("left", "^2"))
        .npm("left", "1.0.0", |p| p.file("lib.js", "1"))
        .npm("left", "2.0.0", |p| p.file("lib.js", "2"))
        .serve();
    let project = Project::new(&registry);
    project.write("osv/none.json", &json!({ "id": "X-0" }).to_string());
    project.with_registry_line(FOLDER, "dependencies {\n    npm \"old\" \"^1\"\n    npm \"new\" \"^1\"\n}\n");
    let left = || {
        let old = std::fs::canonicalize(project.path("node_modules/old")).expect("a package");
        std::fs::canonicalize(old.parent().expect("node_modules").join("left")).expect("a package")
    };
    let expected =
        [("npm:left@1.0.0", false), ("npm:left@2.0.0", true), ("npm:new@1.0.0", true), ("npm:old@1.0.0", false)];
    project.run("larder sync").exits(0);
    std::fs::remove_file(left().join("lib.js")).expect("a file");
    assert_eq!(healthy(&project.run("larder health --json").json()), expected);
    project.run("larder sync --repair").exits(0);
    // What is gone or was added as a whole belongs to the package, too.
    std::fs::write(left().join("more.js"), "more").expect("a file");
    assert_eq!(healthy(&project.run("larder health --json").json()), expected);
    project.run("larder sync --repair").exits(0);
    let own = left().parent().and_then(|folder| folder.parent()).expect("the package's own folder").to_owned();
    std::fs::remove_dir_all(own).expect("a folder");
    assert_eq!(healthy(&project.run("larder health --json").json()), expected);
}

#[test]
fn without_advisories_nothing_is_healthy() {
    let registry = Universe::new().npm("left", "1.0.0", |p| p).serve();
    let project = Project::new(&registry);
    project.manifest("dependencies {\n    npm \"left\" \"^1\"\n}\n").run("larder lock").exits(0);
    let unknown = "nothing is known of the advisories of";
    project.run("larder health --offline").exits(1).names([unknown, "larder advisories update"]);
    let audited = project.run("larder audit --offline").exits(1).names([unknown]);
    assert!(!audited.stderr.contains("No known"), "{}", audited.stderr);
    // Beside it, an audit tells all else; asked for the score alone, it has none.
    let health = "policy { health { at-least 10; }; ranges { wildcard \"warn\"; }; }\n";
    project.manifest(&format!("dependencies {{\n    npm \"left\" \"*\"\n}}\n{health}"));
    project.run("larder audit --offline").exits(1).names([unknown, "takes `*` of npm:left"]);
    project.run("larder audit health --offline").exits(1).names(["is not known"]);
}
