//! Under which licenses packages are, and what a policy says of it: `larder licenses`.

use serde_json::{Value, json};

use crate::support::{Project, Universe, assert_transcript, conforms};

const ISC: &str = "Copyright (c) Some Body\n\nPermission to use, copy, modify, and/or distribute this software for any purpose with or \
                   without fee is hereby granted, provided that the above copyright notice and this permission notice appear in \
                   all copies.\n\nTHE SOFTWARE IS PROVIDED \"AS IS\" AND THE AUTHOR DISCLAIMS ALL WARRANTIES WITH REGARD TO THIS \
                   SOFTWARE INCLUDING ALL IMPLIED WARRANTIES OF MERCHANTABILITY AND FITNESS. IN NO EVENT SHALL THE AUTHOR BE LIABLE \
                   FOR ANY SPECIAL, DIRECT, INDIRECT, OR CONSEQUENTIAL DAMAGES OR ANY DAMAGES WHATSOEVER RESULTING FROM LOSS OF USE, \
                   DATA OR PROFITS, WHETHER IN AN ACTION OF CONTRACT, NEGLIGENCE OR OTHER TORTIOUS ACTION, ARISING OUT OF OR IN \
                   CONNECTION WITH THE USE OR PERFORMANCE OF THIS SOFTWARE.\n";

/// `app` needs `copyleft` and `choice`; others say their licenses in the ways in which people do.
fn universe() -> Universe {
    Universe::new()
        .npm("app", "1.0.0", |p| p.dep("copyleft", "^1").dep("choice", "^1").field("license", json!("MIT")))
        .npm("copyleft", "1.0.0", |p| p.field("license", json!("GPL-3.0")))
        .npm("choice", "1.0.0", |p| p.field("license", json!("(MIT OR GPL-3.0-only)")))
        .npm("old", "1.0.0", |p| p.field("licenses", json!([{ "type": "Apache 2.0", "url": "https://x.example" }])))
        .npm("silent", "1.0.0", |p| p.file("LICENSE", ISC))
        .npm("pointing", "1.0.0", |p| p.field("license", json!("SEE LICENSE IN TERMS.md")).file("LICENSE.txt", ISC))
        .npm("nothing", "1.0.0", |p| p)
        .pypi("classified", "1.0", |p| p)
}

const LINES: &str = "dependencies {\n    npm \"app\" \"^1\"\n    npm \"old\" \"^1\"\n    npm \"silent\" \"^1\"\n    \
                     npm \"pointing\" \"^1\"\n    npm \"nothing\" \"^1\"\n    pypi \"classified\"\n}\n";

#[test]
fn licenses_are_declared_matched_or_unknown() {
    let registry = universe().serve();
    let project = Project::new(&registry);
    project.manifest(LINES).run("larder lock").exits(0);
    let unread = project.run("larder licenses --offline --json").exits(0).json();
    assert_eq!(unread["bySource"], json!({ "not-fetched": 8 }));
    let document = project.run("larder licenses --json").exits(0).json();
    conforms(&document, "licenses");
    let of = |name: &str| {
        let packages = document["packages"].as_array().expect("packages");
        let package = packages.iter().find(|one| one["name"] == name).expect("a package");
        (package["license"].clone(), package["source"].clone())
    };
    let expect = |license: &str, source: &str| (Value::from(license), Value::from(source));
    assert_eq!(of("app"), expect("MIT", "declared"));
    assert_eq!(of("copyleft"), expect("GPL-3.0-only", "declared"));
    assert_eq!(of("choice"), expect("(MIT OR GPL-3.0-only)", "declared"));
    assert_eq!(of("old"), expect("Apache-2.0", "declared"));
    assert_eq!(of("silent"), expect("ISC", "matched"));
    assert_eq!(of("pointing"), (Value::Null, Value::from("unknown")));
    assert_eq!(of("nothing"), (Value::Null, Value::from("unknown")));
    assert_eq!(document["bySource"], json!({ "declared": 4, "matched": 1, "unknown": 3 }));
    assert_eq!(project.run("larder licenses --offline --json").exits(0).json(), document);
}

#[test]
fn licenses_are_written_for_people_and_for_lawyers() {
    let registry = universe().serve();
    let project = Project::new(&registry);
    project.manifest(LINES).run("larder lock").exits(0);
    let said = project.run("larder licenses").exits(0);
    said.names(["ISC (1)", "npm:silent 1.0.0  (by its text)", "4 declare their license, 1 are known", "3 are unknown"]);
    let csv = project.run("larder licenses --csv").exits(0).stdout;
    assert!(csv.starts_with("ecosystem,name,version,license,source,stated\n"), "{csv}");
    assert_transcript!(csv, @r"
    ecosystem,name,version,license,source,stated
    npm,app,1.0.0,MIT,declared,
    npm,choice,1.0.0,(MIT OR GPL-3.0-only),declared,
    npm,copyleft,1.0.0,GPL-3.0-only,declared,GPL-3.0
    npm,nothing,1.0.0,,unknown,
    npm,old,1.0.0,Apache-2.0,declared,Apache 2.0
    npm,pointing,1.0.0,,unknown,SEE LICENSE IN TERMS.md
    npm,silent,1.0.0,ISC,matched,
    pypi,classified,1.0,,unknown,
    ");
    project.run("larder licenses --notices NOTICES.txt").exits(0);
    let notices = project.read("NOTICES.txt");
    assert!(
        notices.contains("npm:silent@1.0.0 (ISC)\n") && notices.contains("ARISING OUT OF OR IN CONNECTION"),
        "{notices}"
    );
    assert!(
        notices.contains("Packages that bring no text of their license:\n") && notices.contains("npm:app@1.0.0 (MIT)")
    );
    project.run("larder licenses --notices NOTICES.txt").exits(0);
    assert_eq!(project.read("NOTICES.txt"), notices, "the same each time");
}

/// Writes a manifest with this policy.
fn with(project: &Project, policy: &str) {
    project.manifest(&format!("{LINES}policy {{ licenses {{ {policy} }} }}\n"));
}

#[test]
fn a_denied_license_names_the_path_and_the_line() {
    let registry = universe().serve();
    let project = Project::new(&registry);
    with(&project, "deny \"GPL-3.0-only\"; unknown \"allow\"");
    project.run("larder lock").exits(0);
    for command in ["larder sync", "larder check", "larder ci", "larder audit licenses"] {
        project.run(command).exits(1).names([
            "the policy denies licenses that are not allowed",
            "npm:copyleft@1.0.0 is under GPL-3.0-only",
            "deny \"GPL-3.0-only\"",
            "locked here",
            "larder.kdl → npm:app@1.0.0 → npm:copyleft@1.0.0",
        ]);
    }
    assert_eq!(project.run("larder sync --json").exits(1).error()["code"], "larder::policy::licenses");
    assert!(!project.has("node_modules"), "nothing is built");
    with(
        &project,
        "deny \"GPL-3.0-only\"; unknown \"allow\"; exception npm \"copyleft\" license=\"GPL-3.0-only\" reason=\"a tool\"",
    );
    project.run("larder sync").exits(0);
}

#[test]
fn a_sync_says_at_once_what_the_lock_and_what_files_tell() {
    let registry = universe().serve();
    let project = Project::new(&registry);
    project.manifest(&format!(
        "{LINES}policy {{ licenses {{ deny \"GPL-3.0-only\"; unknown \"allow\"; }}; unused \"deny\"; deny npm \"old\" reason=\"no\" }}\n"
    ));
    project.write("index.js", "app, nothing, silent, classified\n").run("larder lock").exits(0);
    for command in ["larder sync", "larder ci"] {
        let output = project.run(command).exits(1);
        assert!(!output.stderr.contains("nothing in the checkout names npm:old"), "{}", output.stderr);
        output.names([
            "npm:old@1.0.0 is denied: no",
            "npm:copyleft@1.0.0 is under GPL-3.0-only",
            "nothing in the checkout names npm:pointing@1.0.0",
        ]);
    }
    assert!(!project.has("node_modules"), "nothing is built");
}

#[test]
fn only_allowed_licenses_pass_and_a_choice_is_one() {
    let registry = universe().serve();
    let project = Project::new(&registry);
    let passes = "unknown \"allow\"; exception npm \"copyleft\" license=\"GPL-3.0-only\"";
    with(&project, &format!("allow \"MIT\" \"ISC\" \"Apache-2.0\"; {passes}"));
    project.run("larder lock").exits(0);
    project.run("larder sync").exits(0);
    with(&project, &format!("allow \"MIT\"; {passes}"));
    let refused = project.run("larder check").exits(1);
    refused.names([
        "npm:old@1.0.0 is under Apache-2.0",
        "npm:silent@1.0.0 is under ISC",
        "not among those that are allowed",
    ]);
    with(&project, "unknown \"deny\"");
    project
        .run("larder check")
        .exits(1)
        .names(["the license of npm:nothing@1.0.0 is unknown", "SEE LICENSE IN TERMS.md"]);
    let clarified = "clarify npm \"nothing\" license=\"MIT\"; clarify npm \"pointing\" license=\"ISC\"; clarify pypi \"classi*\" license=\"MIT\"";
    with(&project, &format!("unknown \"deny\"; {clarified}"));
    project.run("larder check").exits(0);
    let document = project.run("larder licenses --json").exits(0).json();
    assert_eq!(document["bySource"], json!({ "clarified": 3, "declared": 4, "matched": 1 }));
    with(&project, "");
    project.run("larder check").exits(0).names(["warning: the license of npm:nothing@1.0.0 is unknown"]);
    with(&project, "allow \"MIT2\"");
    project.run("larder check").exits(2).names(["MIT2", "spdx.org/licenses"]);
    with(&project, "exception npm \"x\"");
    project.run("larder check").exits(2).names(["license="]);
}

#[test]
fn an_environment_adds_to_the_policy() {
    let registry = universe().serve();
    let project = Project::new(&registry);
    let policy = "policy { licenses \"warn\" { deny \"GPL-3.0-only\"; unknown \"allow\"; } }\n\
                  environment \"development\" { policy { licenses { allow \"GPL-3.0-only\" \"MIT\" \"ISC\" \"Apache-2.0\"; } } }\n\
                  environment \"production\" { policy { licenses \"deny\" { deny \"Apache-2.0\"; } } }\n";
    project.manifest(&format!("{LINES}{policy}"));
    project.run("larder lock").exits(0);
    project.run("larder sync --env development").exits(0);
    let refused = project.run("larder sync --env production").exits(1);
    refused.names(["npm:copyleft@1.0.0 is under GPL-3.0-only", "npm:old@1.0.0 is under Apache-2.0"]);
    project.run("larder promote development production").exits(1).names(["npm:old@1.0.0 is under Apache-2.0"]);
}
