//! `larder audit` and `larder advisories`, and what policies make of advisories.

use std::io::{Cursor, Write};

use serde_json::{Value, json};

use crate::support::{Project, Registry, Universe, conforms};

/// Returns a record about versions of an npm package below one.
pub(crate) fn record(id: &str, package: &str, fixed: &str, severity: &str) -> Value {
    json!({ "id": id, "modified": "2024-01-01T00:00:00Z", "summary": format!("{package} does what it should not"),
        "database_specific": { "severity": severity }, "affected": [{
            "package": { "ecosystem": "npm", "name": package },
            "ranges": [{ "type": "SEMVER", "events": [{ "introduced": "0" }, { "fixed": fixed }] }],
    }] })
}

/// Returns an archive of records, as OSV publishes them.
fn archive(records: &[Value]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for record in records {
        let name = format!("{}.json", record["id"].as_str().expect("an id"));
        zip.start_file(name, zip::write::SimpleFileOptions::default()).expect("an entry");
        zip.write_all(record.to_string().as_bytes()).expect("a record");
    }
    zip.finish().expect("an archive").into_inner()
}

/// `app` needs `left`, and a group has `dev-only`.
fn universe() -> Universe {
    Universe::new()
        .npm("app", "1.0.0", |p| p.dep("left", "^1"))
        .npm("left", "1.0.0", |p| p)
        .npm("left", "1.1.0", |p| p)
        .npm("dev-only", "1.0.0", |p| p)
}

const DEPENDENCIES: &str =
    "dependencies {\n    npm \"app\" \"^1\"\n}\ngroup \"dev\" dev=#true {\n    npm \"dev-only\" \"^1\"\n}\n";

/// The line of `registries` by which advisories lie in a folder.
pub(crate) const FOLDER: &str = "advisories \"osv\" \"osv/\";\n";

/// Returns a project that is locked with `left` 1.1.0, and has these records in its folder.
fn locked(registry: &Registry, records: &[Value]) -> Project {
    let project = Project::new(registry);
    for record in records {
        project.write(&format!("osv/{}.json", record["id"].as_str().expect("an id")), &record.to_string());
    }
    project.with_registry_line(FOLDER, DEPENDENCIES);
    project.run("larder lock").exits(0);
    project
}

/// Returns the advisories that were found.
pub(crate) fn ids(document: &Value) -> Vec<&str> {
    document["findings"].as_array().expect("findings").iter().filter_map(|one| one["advisory"]["id"].as_str()).collect()
}

#[test]
fn an_audit_tells_what_is_wrong_how_bad_by_which_path_and_where_it_is_fixed() {
    let registry = universe().serve();
    let mut twin = record("PYSEC-2024-9", "left", "1.2.0", "LOW");
    twin["aliases"] = json!(["GHSA-aaaa-bbbb-cccc"]);
    let records = [
        record("GHSA-aaaa-bbbb-cccc", "left", "1.3.0", "CRITICAL"),
        twin,
        record("GHSA-other", "right", "9.0.0", "HIGH"),
    ];
    let project = locked(&registry, &records);
    let output = project.run("larder audit").exits(1);
    output.names([
        "known vulnerabilities",
        "npm:left@1.1.0 has a critical vulnerability: GHSA-aaaa-bbbb-cccc",
        "PYSEC-2024-9",
        "1.3.0",
        "larder.kdl → npm:app@1.0.0 → npm:left@1.1.0",
        "locked here",
        "1 vulnerability in 3 packages: 1 critical",
    ]);
    let document = project.run("larder audit --json").exits(1).json();
    conforms(&document, "audit");
    assert_eq!(ids(&document), ["GHSA-aaaa-bbbb-cccc"]);
    assert_eq!(document["findings"][0]["advisory"]["fixed"], "1.3.0");
    assert_eq!(document["findings"][0]["path"], json!(["larder.kdl", "npm:app@1.0.0", "npm:left@1.1.0"]));
    assert_eq!(document["vulnerabilities"]["critical"], 1);
    let sarif = project.run("larder audit --sarif").exits(1).json();
    assert_eq!(sarif["runs"][0]["results"][0]["level"], "error");
    project
        .run("larder audit --github")
        .exits(1)
        .names(["::error file=larder.lock,line=", "title=larder%3A%3Apolicy%3A%3Aadvisories::npm:left"]);
    project.run("larder audit --level nonsense").exits(2).names(["nonsense", "critical"]);
    project.run("larder audit advisorys").exits(2).names(["advisorys", "did you mean `advisories`?"]);
    project.run("larder audit yanked").exits(0);
}

#[test]
fn annotations_name_files_as_the_repository_around_the_project_knows_them() {
    let registry = universe().serve();
    let project = Project::new(&registry);
    project.program("git", &["init", "-q"]).exits(0);
    project.write("osv/1.json", &record("GHSA-1", "left", "1.3.0", "HIGH").to_string());
    project.with_registry_line(FOLDER, DEPENDENCIES);
    for file in ["larder.kdl", "osv/1.json"] {
        project.write(&format!("app/{file}"), &project.read(file));
    }
    project.run("larder -C app lock").exits(0);
    project.run("larder -C app audit --github").exits(1).names(["::error file=app/larder.lock,line="]);
    let sarif = project.run("larder -C app audit --sarif").exits(1).json();
    let place = &sarif["runs"][0]["results"][0]["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "app/larder.lock");
}

#[test]
fn a_clean_lock_passes_and_a_level_leaves_out_what_is_less_severe() {
    let registry = universe().serve();
    let project = locked(&registry, &[record("GHSA-1", "left", "1.1.0", "CRITICAL")]);
    project.run("larder audit").exits(0).names(["No known vulnerability in 3 packages"]);
    let project = locked(&registry, &[record("GHSA-1", "left", "2.0.0", "MODERATE")]);
    project.run("larder audit").exits(1);
    let document = project.run("larder audit --level high --json").exits(0).json();
    assert_eq!(ids(&document), [] as [&str; 0]);
}

#[test]
fn policies_judge_advisories_per_environment_at_every_stage() {
    let registry = universe().serve();
    let project = locked(
        &registry,
        &[record("GHSA-1", "left", "2.0.0", "HIGH"), record("GHSA-2", "dev-only", "2.0.0", "CRITICAL")],
    );
    let with = |policy: &str| {
        project.with_registry_line(FOLDER, &format!("{DEPENDENCIES}{policy}"));
    };
    project.run("larder sync --env production").exits(0);
    with("policy { advisories { deny \"critical\"; warn \"high\"; } }");
    project
        .run("larder lock")
        .exits(0)
        .names(["npm:left@1.1.0 has a high vulnerability", "npm:dev-only@1.0.0 has a critical"]);
    project.run("larder sync --env production --frozen").exits(0);
    let denied = project.run("larder sync --env development --json").exits(1).error();
    assert_eq!(denied["code"], "larder::policy::advisories");
    project.run("larder ci --env development").exits(1).names(["the policy", "GHSA-2"]);
    project.run("larder check").exits(1).names(["GHSA-2"]);
    with(
        "environment \"development\" { include \"dev\"; policy { advisories { allow \"critical\"; } }; }\nenvironment \"production\" { policy { advisories \"deny\"; }; }\npolicy { advisories { deny \"critical\"; } }",
    );
    project.run("larder sync --env development").exits(0);
    // What an environment allows is not told of as what none has.
    let findings = project.run("larder audit").exits(1);
    assert!(!findings.stderr.contains("GHSA-2"), "{}", findings.stderr);
    project.run("larder sync --env production").exits(1).names(["GHSA-1"]);
    project.run("larder promote development production").exits(1).names(["GHSA-1"]);
}

#[test]
fn a_folder_of_advisories_is_read_whatever_its_name_and_however_its_files_came_there() {
    let registry = universe().serve();
    let project = Project::new(&registry);
    project.write("our advisories/bom.json", &format!("\u{feff}{}", record("GHSA-1", "left", "2.0.0", "HIGH")));
    project.write("our advisories/LOUD.JSON", &record("GHSA-2", "left", "2.0.0", "HIGH").to_string());
    project.write("shared/linked.json", &record("GHSA-3", "left", "2.0.0", "HIGH").to_string());
    project.write("shared/more/below.json", &record("GHSA-4", "left", "2.0.0", "HIGH").to_string());
    let link = |to: &str, name: &str| std::os::unix::fs::symlink(project.path(to), project.path(name)).expect("a link");
    link("shared/linked.json", "our advisories/file.json");
    link("shared/more", "our advisories/folder");
    project.with_registry_line("advisories \"osv\" \"our advisories/\";\n", DEPENDENCIES);
    project.run("larder lock").exits(0);
    let document = project.run("larder audit --json").exits(1).json();
    let mut found = ids(&document);
    found.sort_unstable();
    assert_eq!(found, ["GHSA-1", "GHSA-2", "GHSA-3", "GHSA-4"]);
    assert_eq!(document["sources"][0]["unreadable"], 0);
}

#[test]
fn an_ignored_advisory_is_left_out_until_its_day_is_over() {
    let registry = universe().serve();
    let project = locked(&registry, &[record("GHSA-1", "left", "2.0.0", "HIGH")]);
    let with = |policy: &str| {
        project.with_registry_line(FOLDER, &format!("{DEPENDENCIES}{policy}"));
    };
    with("policy { advisories { deny \"high\"; ignore \"GHSA-1\" reason=\"not reachable\" until=\"2999-01-31\"; } }");
    project.run("larder audit").exits(0);
    with("policy { advisories { deny \"high\"; ignore \"GHSA-1\" reason=\"not reachable\" until=\"2001-01-31\"; } }");
    project.run("larder audit").exits(1).names(["larder.kdl ignored", "2001-01-31"]);
    with("policy { advisories { ignore \"GHSA-1\"; } }");
    project.run("larder audit").exits(2).names(["reason"]);
    with("policy { advisories { ignore \"GHSA-1\" reason=\"x\" until=\"soon\"; } }");
    project.run("larder audit").exits(2).names(["soon", "2027-01-31"]);
    with("policy { advisories { deny \"dire\"; } }");
    project.run("larder audit").exits(2).names(["dire", "critical"]);
    with("policy { advisories { deny \"high\"; warn \"high\"; } }");
    project.run("larder audit").exits(2).names(["`high`"]);
    with("policy { advisories; }");
    project.run("larder audit").exits(2).names(["a severity or a block"]);
}

#[test]
fn archives_of_a_server_are_fetched_once_and_kept_for_offline_use() {
    let zip = archive(&[record("GHSA-1", "left", "2.0.0", "HIGH")]);
    let registry = universe().file("/osv/npm/all.zip", zip).serve();
    let project = Project::new(&registry);
    let source = format!("advisories \"osv\" \"{}\";\n", registry.url("/osv/"));
    let with = |policy: &str| project.with_registry_line(&source, &format!("{DEPENDENCIES}{policy}"));
    with("");
    project.run("larder lock").exits(0);
    project.run("larder advisories status").exits(0).names(["nothing is here"]);
    with("policy { advisories { deny \"high\"; } }");
    project.run("larder sync").exits(1).names(["nothing is known of the advisories of"]);
    let updated = project.run("larder advisories update --json").exits(0).json();
    conforms(&updated, "advisories");
    assert_eq!((&updated["sources"][0]["advisories"], &updated["sources"][0]["changed"]), (&json!(1), &json!(true)));
    registry.take_log();
    project.run("larder sync --offline").exits(1).names(["GHSA-1"]);
    project.run("larder audit").exits(1).names(["GHSA-1", "1 advisory about 1 package, just now"]);
    assert!(registry.take_log().iter().all(|line| !line.contains("all.zip")), "what is fresh is not asked for");
    let again = project.run("larder advisories update --json").exits(0).json();
    assert_eq!(again["sources"][0]["changed"], false);
    registry.fail("/osv/npm/all.zip", 500);
    project.run("larder advisories update").exits(5);
    project.run("larder audit --offline").exits(1).names(["GHSA-1"]);
}

/// Where an npm registry tells of advisories.
const BULK: &str = "/npm/-/npm/v1/security/advisories/bulk";

/// Returns the lines of `registries` by which a registry has the packages of the universe, and is asked about them.
fn asked(url: &str) -> String {
    format!("npm \"asked\" \"{url}\" {{ packages \"app\" \"left\" \"dev-only\"; }}\nadvisories \"npm\" \"{url}\";\n")
}

/// Returns what an npm registry answers: `left` below a version has a vulnerability.
fn answer(id: &str, below: &str) -> Vec<u8> {
    let url = format!("https://github.com/advisories/{id}");
    let one = json!({ "id": 1091, "url": url, "title": "left does what it should not", "severity": "high",
        "vulnerable_versions": format!(">=1.0.0 <{below}"), "cwe": ["CWE-79"], "cvss": { "score": 0, "vectorString": null } });
    json!({ "left": [one], "not-asked": [{ "id": 1, "vulnerable_versions": "*" }] }).to_string().into_bytes()
}

#[test]
fn a_registry_is_asked_about_what_is_locked_from_it_and_nothing_else() {
    let registry = universe().pypi("wheel", "1.0", |p| p).file(BULK, answer("GHSA-1", "1.1.1")).serve();
    let own = Universe::new().npm("secret", "1.0.0", |p| p).serve();
    let project = Project::new(&registry);
    let source =
        format!("{}npm \"own\" \"{}\" {{ packages \"secret\"; }};\n", asked(&registry.npm_url()), own.npm_url());
    let lines = "dependencies { npm \"app\" \"^1\"; npm \"secret\" \"^1\"; pypi \"wheel\" \"==1.0\"; }\n";
    let with = |policy: &str| project.with_registry_line(&source, &format!("{lines}{policy}"));
    with("");
    project.run("larder lock").exits(0);
    let document = project.run("larder audit --json").exits(1).json();
    conforms(&document, "audit");
    assert_eq!(ids(&document), ["GHSA-1"]);
    assert_eq!(document["findings"][0]["severity"], "deny");
    assert_eq!(document["sources"][0]["source"], registry.npm_url().as_str());
    let received = registry.take_received();
    let [(path, body)] = &received[..] else { panic!("{} questions", received.len()) };
    let asked: Value = serde_json::from_slice(body).expect("JSON");
    assert_eq!((path.as_str(), asked), (BULK, json!({ "app": ["1.0.0"], "left": ["1.1.0"] })));
    assert!(own.take_received().is_empty(), "it is no source");

    // The answer is kept, and policies use it; about another lock it says nothing.
    with("policy { advisories { deny \"high\"; } }");
    project.run("larder audit --offline").exits(1).names(["GHSA-1", "1 advisory about 1 package, just now"]);
    project.run("larder sync").exits(1).names(["GHSA-1"]);
    assert!(registry.take_received().is_empty());
    registry.becomes(
        &universe().npm("app", "1.1.0", |p| p.dep("left", "^1")).pypi("wheel", "1.0", |p| p).file(BULK, b"{}".to_vec()),
    );
    project.run("larder update app").exits(0).names(["was not asked for advisories", "`larder audit` does so"]);
    project.run("larder audit").exits(0);
    assert_eq!(registry.take_received().len(), 1);
}

#[test]
fn registries_that_have_no_advisories_are_told() {
    let registry = universe().file(BULK, b"[]".to_vec()).serve();
    let project = Project::new(&registry);
    project.with_registry_line("advisories \"npm\" \"https://other.example/\";\n", DEPENDENCIES);
    project.run("larder lock").exits(2).names(["a registry of npm packages of this manifest", "name one of \"http"]);
    project.with_registry_line(&asked(&registry.npm_url()), DEPENDENCIES);
    project.run("larder lock").exits(0);
    project.run("larder advisories status").exits(0).names(["nothing is here"]);
    project.run("larder audit").exits(5).names(["cannot be read", "not every registry has advisories"]);
    registry.fail(BULK, 404);
    project.run("larder advisories update").exits(5).names(["404"]);
    registry.fail(BULK, 401);
    project.run("larder advisories update").exits(5).names(["credentials"]);
    project.run("larder audit --offline").exits(1).names(["nothing is known of the advisories of"]);
}

#[test]
fn what_a_registry_tells_of_is_cured() {
    let registry = universe().npm("left", "1.2.0", |p| p).file(BULK, answer("GHSA-1", "1.2.0")).serve();
    let project = Project::new(&registry);
    let source = asked(&registry.npm_url());
    let lines = |range: &str| format!("dependencies {{ npm \"left\" \"{range}\"; }}\n");
    project.with_registry_line(&source, &lines("<1.2")).run("larder lock").exits(0);
    project.with_registry_line(&source, &lines("^1")).run("larder lock").exits(0);
    let document = project.run("larder audit --json").exits(1).json();
    assert_eq!(document["findings"][0]["advisory"]["fixed"], "1.2.0");
    assert_eq!(document["findings"][0]["advisory"]["curedByUpdate"], true);
    registry.take_received();
    project.run("larder audit --fix").exits(0);
    assert_eq!(registry.take_received().len(), 1, "the new lock is asked about");
    assert!(project.read("larder.lock").contains("left@1.2.0"));
}

/// Returns the names of the packages that a fix moved.
fn moved(document: &Value) -> Vec<String> {
    let plan = &document["fix"]["plan"];
    let all = ["added", "changed", "removed"].into_iter().flat_map(|kind| plan[kind].as_array().expect("a list"));
    all.filter_map(|one| one["name"].as_str().map(str::to_owned)).collect()
}

#[test]
fn a_cure_within_the_ranges_moves_what_it_has_to_and_nothing_else() {
    let universe = || universe().npm("other", "1.0.0", |p| p.dep("left", "*")).npm("still", "1.0.0", |p| p);
    let lines = "dependencies {\n    npm \"app\" \"^1\"\n    npm \"other\" \"^1\"\n    npm \"still\" \"^1\"\n}\n";
    let registry = universe().serve();
    let project = Project::new(&registry);
    project.write("osv/a.json", &record("GHSA-1", "left", "1.2.0", "HIGH").to_string());
    project.with_registry_line(FOLDER, lines).run("larder lock").exits(0);
    registry.becomes(
        &universe()
            .npm("left", "1.2.0", |p| p)
            .npm("still", "1.1.0", |p| p)
            .npm("app", "1.1.0", |p| p.dep("left", "^1")),
    );
    project.run("larder advisories status").exits(0);
    std::fs::remove_dir_all(project.cache().join("metadata")).expect("cached metadata");
    let document = project.run("larder audit --json").exits(1).json();
    assert_eq!(document["findings"][0]["advisory"]["curedByUpdate"], true);
    let before = project.read("larder.lock");
    project.run("larder audit").exits(1).names(["audit --fix"]);
    assert_eq!(project.read("larder.lock"), before, "who only looks changes nothing");
    let document = project.run("larder audit --fix --json").exits(0).json();
    conforms(&document, "audit");
    assert_eq!(moved(&document), ["left"]);
    assert_eq!(document["fix"]["plan"]["changed"][0]["to"], json!(["1.2.0"]));
    project.run("larder audit --fix").exits(0).names(["Nothing was moved"]);
    project.run("larder lock --check").exits(0);
}

#[test]
fn a_cure_outside_of_the_ranges_needs_force_which_shows_what_it_widens() {
    let universe = universe().npm("left", "2.0.0", |p| p).npm("app", "2.0.0", |p| p.dep("left", "^2"));
    let registry = universe.serve();
    let project = locked(&registry, &[record("GHSA-1", "left", "2.0.0", "HIGH")]);
    let before = (project.read("larder.kdl"), project.read("larder.lock"));
    let document = project.run("larder audit --fix --json").exits(1).json();
    conforms(&document, "audit");
    assert_eq!(moved(&document), [] as [String; 0]);
    assert_eq!(document["fix"]["remaining"][0]["id"], "GHSA-1");
    assert_eq!(document["findings"][0]["advisory"]["id"], "GHSA-1");
    assert_eq!((project.read("larder.kdl"), project.read("larder.lock")), before);
    project.run("larder audit").exits(1).names(["--force"]);
    let output = project.run("larder audit --fix --force").exits(0);
    output.names(["Widened npm:app in `dependencies`: ^1 -> ^2.0.0", "~ npm:left 1.1.0 -> 2.0.0"]);
    assert!(project.read("larder.kdl").contains("npm \"app\" \"^2.0.0\""));
    assert!(project.read("larder.kdl").contains("npm \"dev-only\" \"^1\""), "other lines stay");
    project.run("larder lock --check").exits(0);
    project.run("larder audit --force").exits(2);
}

#[test]
fn a_widened_line_takes_the_nearest_cure() {
    let universe = Universe::new()
        .npm("kit", "0.5.1", |p| p.dep("left", "0.0.8"))
        .npm("kit", "0.5.2", |p| p.dep("left", "0.0.8"))
        .npm("kit", "0.5.6", |p| p.dep("left", "^1.2.6"))
        .npm("kit", "1.0.0", |p| p.dep("left", "^1.2.6"))
        .npm("kit", "3.0.0", |p| p)
        .npm("far", "1.0.0", |p| p.dep("right", "^1"))
        .npm("far", "2.0.0", |p| p.dep("right", "^1"))
        .npm("far", "3.0.0", |p| p.dep("right", "^2"))
        .npm("far", "3.1.0", |p| p.dep("right", "^2"))
        .npm("far", "4.0.0", |p| p.dep("right", "^2"))
        .npm("left", "0.0.8", |p| p)
        .npm("left", "1.2.6", |p| p)
        .npm("right", "1.0.0", |p| p)
        .npm("right", "2.0.0", |p| p);
    let registry = universe.serve();
    let project = Project::new(&registry);
    project.write("osv/1.json", &record("GHSA-1", "left", "0.2.1", "HIGH").to_string());
    project.write("osv/2.json", &record("GHSA-2", "right", "2.0.0", "HIGH").to_string());
    let lines = "dependencies {\n    npm \"kit\" \"0.5.1\"\n    npm \"far\" \"^1\"\n}\n";
    project.with_registry_line(FOLDER, lines);
    project.run("larder lock").exits(0);
    project.run("larder audit --fix --force").exits(0).names([
        "Widened npm:kit in `dependencies`: 0.5.1 -> ^0.5.6",
        "Widened npm:far in `dependencies`: ^1 -> ^3.1.0",
    ]);
    project.run("larder lock --check").exits(0);
}

#[test]
fn the_last_version_that_has_a_vulnerability_tells_that_later_ones_do_not() {
    let registry = universe().npm("left", "1.2.0", |p| p).serve();
    let project = Project::new(&registry);
    let last = json!({ "id": "GHSA-1", "affected": [{ "package": { "ecosystem": "npm", "name": "left" },
        "ranges": [{ "type": "SEMVER", "events": [{ "introduced": "0" }, { "last_affected": "1.1.0" }] }] }] });
    project.write("osv/1.json", &last.to_string());
    let with =
        |range: &str| project.with_registry_line(FOLDER, &format!("dependencies {{ npm \"left\" \"{range}\"; }}\n"));
    with("1.1.0");
    project.run("larder lock").exits(0);
    project.run("larder audit").exits(1).names(["1.1.0 is the last version that has it", "audit --fix --force"]);
    let kept =
        "1.1.0 is the last version that has it, but the ranges do not admit one without it; `--force` widens lines";
    project.run("larder audit --fix").exits(1).names([kept]);
    with("^1.1.0");
    project
        .run("larder audit")
        .exits(1)
        .names(["1.1.0 is the last version that has it", "`larder audit --fix` moves it"]);
    with("1.1.0");
    project.run("larder audit --fix --force").exits(0).names(["Widened npm:left in `dependencies`: 1.1.0 -> ^1.2.0"]);
}

#[test]
fn a_widened_line_never_goes_below_what_is_locked() {
    let registry = Universe::new()
        .npm("app", "1.0.0", |p| p)
        .npm("app", "4.17.3", |p| p.dep("left", "*"))
        .npm("app", "5.0.0", |p| p.dep("left", "*"))
        .npm("left", "1.0.0", |p| p)
        .pypi("tool", "1.0", |p| p)
        .pypi("tool", "2.0", |p| p.requires("part"))
        .pypi("part", "1.0", |p| p)
        .serve();
    let project = Project::new(&registry);
    for (name, ecosystem, package) in [("GHSA-1", "npm", "left"), ("PYSEC-1", "PyPI", "part")] {
        let kind = if ecosystem == "npm" { "SEMVER" } else { "ECOSYSTEM" };
        let forever = json!({ "id": name, "affected": [{ "package": { "ecosystem": ecosystem, "name": package },
            "ranges": [{ "type": kind, "events": [{ "introduced": "0" }] }] }] });
        project.write(&format!("osv/{name}.json"), &forever.to_string());
    }
    let lines = "dependencies {\n    npm \"app\" \"~4.17.1\"\n    pypi \"tool\" \">=2\"\n}\n";
    project.with_registry_line(FOLDER, lines);
    project.run("larder lock").exits(0);
    let before = (project.read("larder.kdl"), project.read("larder.lock"));
    project.run("larder audit --fix --force").exits(1).names([
        "Nothing was moved",
        "GHSA-1 of npm:left@1.0.0 stays: no later version is known to be without it",
        "PYSEC-1 of pypi:part@1.0 stays: no later version is known to be without it",
    ]);
    assert_eq!((project.read("larder.kdl"), project.read("larder.lock")), before);
}

#[test]
fn what_has_no_cure_is_listed_and_the_rest_is_cured() {
    let registry = universe().npm("left", "1.2.0", |p| p).serve();
    let project = Project::new(&registry);
    let forever = json!({ "id": "GHSA-0", "affected": [{ "package": { "ecosystem": "npm", "name": "dev-only" },
        "ranges": [{ "type": "SEMVER", "events": [{ "introduced": "0" }] }] }] });
    project.write("osv/0.json", &forever.to_string());
    project.write("osv/1.json", &record("GHSA-1", "left", "1.2.0", "HIGH").to_string());
    project.with_registry_line(
        FOLDER,
        &DEPENDENCIES.replace("npm \"app\" \"^1\"", "npm \"app\" \"^1\"\n    npm \"left\" \"1.1.0\""),
    );
    project.run("larder lock").exits(0);
    project.with_registry_line(
        FOLDER,
        &DEPENDENCIES.replace("npm \"app\" \"^1\"", "npm \"app\" \"^1\"\n    npm \"left\" \"^1.1.0\""),
    );
    project.run("larder lock").exits(0);
    for command in ["larder audit --fix", "larder audit --fix --force"] {
        project
            .run(command)
            .exits(1)
            .names(["GHSA-0 of npm:dev-only@1.0.0 stays", "no later version is known to be without it"]);
        assert!(project.read("larder.lock").contains("npm:left@1.2.0"), "{command}");
    }
}
