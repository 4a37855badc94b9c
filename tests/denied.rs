//! What policies keep out: packages by name, sources, ranges without an end, several versions.

use serde_json::Value;

use crate::support::{Project, Universe};

/// `app` needs `left`, `other` needs an older one.
fn universe() -> Universe {
    Universe::new()
        .npm("left", "1.0.0", |p| p)
        .npm("left", "2.0.0", |p| p)
        .npm("app", "1.0.0", |p| p.dep("left", "^2"))
        .npm("other", "1.0.0", |p| p.dep("left", "^1"))
}

const DEPENDENCIES: &str = "dependencies {\n    npm \"app\" \"^1\"\n    npm \"other\" \"^1\"\n}\n";

fn checks(document: &Value) -> Vec<&str> {
    document["findings"].as_array().expect("findings").iter().filter_map(|one| one["check"].as_str()).collect()
}

#[test]
fn a_denied_package_is_refused_with_its_reason_and_its_path() {
    let registry = universe().serve();
    let project = Project::new(&registry);
    let with = |policy: &str| project.manifest(&format!("{DEPENDENCIES}{policy}"));
    with("").run("larder lock").exits(0);
    let policy = "policy { deny npm \"left\" versions=\"<2\" reason=\"use two\"; deny pypi \"six\" reason=\"old\"; }";
    with(policy).run("larder lock").exits(0).names(["npm:left@1.0.0 is denied: use two"]);
    for command in ["larder sync", "larder ci", "larder check", "larder audit denied", "larder audit --offline denied"]
    {
        project.run(command).exits(1).names(["npm:left@1.0.0", "use two", "npm:other@1.0.0", "locked here"]);
    }
    with("policy { deny npm \"le*\" reason=\"all\"; }");
    let document = project.run("larder audit denied --json").exits(1).json();
    assert_eq!(checks(&document), ["denied", "denied"]);
    with("environment \"a\" { policy { deny npm \"left\" reason=\"x\"; }; }\nenvironment \"b\"\n");
    project.run("larder sync --env b").exits(0);
    project.run("larder sync --env a").exits(1);
    with("policy { deny npm \"left\"; }").run("larder lock").exits(2).names(["reason"]);
    with("policy { deny npm \"l*\" versions=\"1\" reason=\"x\"; }")
        .run("larder lock")
        .exits(2)
        .names(["names several"]);
    with("policy { deny cargo \"x\" reason=\"x\"; }").run("larder lock").exits(2).names(["cargo", "npm"]);
}

#[test]
fn a_check_of_one_environment_is_judged_by_its_policy_alone() {
    let registry = universe().serve();
    let project = Project::new(&registry);
    let policy = "environment \"a\"\nenvironment \"b\" { policy { deny npm \"left\" reason=\"x\"; }; }\n";
    project.manifest(&format!("{DEPENDENCIES}{policy}")).run("larder lock").exits(0);
    project.run("larder check").exits(1).names(["npm:left@1.0.0 is denied: x"]);
    project.run("larder check --env a").exits(0).names(["no policy is violated in a"]);
    let document = project.run("larder check --env a --json").exits(0).json();
    assert_eq!(document["environments"], serde_json::json!(["a"]));
    project.run("larder check --env b").exits(1).names(["npm:left@1.0.0 is denied: x"]);
}

#[test]
fn packages_come_from_the_sources_of_the_policy_only() {
    let registry = universe().pypi("six", "1.0", |p| p).serve();
    let project = Project::new(&registry);
    let lines = "dependencies {\n    npm \"left\" \"^2\"\n    pypi \"six\" \"==1.0\"\n}\n";
    let with = |policy: &str| project.manifest(&format!("{lines}{policy}"));
    with("policy { sources { only \"npmjs\" \"pypi\"; }; }").run("larder lock").exits(0);
    project.run("larder check").exits(0);
    with("policy { sources { only \"npmjs\"; }; }");
    project.run("larder check").exits(1).names(["pypi:six@1.0 comes from `pypi`"]);
    project.run("larder audit sources").exits(1).names(["only", "npmjs"]);
    with(
        "environment \"a\" { policy { sources { only \"npmjs\" \"pypi\"; }; }; }\npolicy { sources { only \"npmjs\"; }; }",
    );
    project.run("larder check").exits(1).names(["pypi:six@1.0"]);
    // The line that keeps it out, and not the environment's, which has it.
    let document = project.run("larder audit sources --env a --json").exits(1).json();
    let labels = document["findings"][0]["labels"].as_array().expect("labels");
    let rule = labels.iter().find(|label| label["text"] == "the policy").expect("the rule");
    let at = |key: &str| rule[key].as_u64().and_then(|at| usize::try_from(at).ok()).expect("a number");
    let manifest = project.read("larder.kdl");
    assert_eq!(&manifest[at("offset")..at("offset") + at("length")], "sources { only \"npmjs\"; }");
    with("policy { sources; }").run("larder check").exits(2).names(["sources", "only"]);
    // A misspelt name would keep all of a registry out.
    let misspelt = ["`npmsj` is not a source", "did you mean `npmjs`?"];
    with("policy { sources { only \"npmsj\" \"git\" \"url\"; }; }").run("larder lock").exits(2).names(misspelt);
    with("environment \"a\" { policy { sources { only \"npmsj\"; }; }; }").run("larder lock").exits(2).names(misspelt);
    with("policy { age 3; }").run("larder lock").exits(2).names(["a span of time", "\"3d\""]);
}

#[test]
fn ranges_without_an_end_are_told_and_refused_where_the_policy_says_so() {
    let registry = universe().pypi("six", "1.0", |p| p).serve();
    let project = Project::new(&registry);
    let lines = "dependencies {\n    npm \"left\" \"*\"\n    npm \"app\" \">=1\"\n    npm \"other\" \"^1\"\n    pypi \"six\"\n}\n";
    let with = |policy: &str| project.manifest(&format!("{lines}{policy}"));
    with("").run("larder lock").exits(0);
    let document = project.run("larder check --json").exits(0).json();
    assert_eq!(checks(&document), ["ranges", "ranges", "ranges"]);
    project.run("larder check").exits(0).names([
        "takes `*` of npm:left",
        "takes `>=1` of npm:app",
        "takes any version of pypi:six",
    ]);
    project.run("larder sync").exits(0);
    with("policy { ranges { wildcard \"deny\"; }; }");
    for command in ["larder ci", "larder sync", "larder check", "larder audit ranges"] {
        project.run(command).exits(1).names(["ranges without an end", "npm:left"]);
    }
    with("policy { ranges { wildcard \"allow\"; }; }");
    assert_eq!(checks(&project.run("larder check --json").exits(0).json()), [] as [&str; 0]);
    with("policy { ranges { wild \"deny\"; }; }").run("larder check").exits(2).names(["wildcard"]);
    with("policy { ranges \"deny\"; }").run("larder check").exits(2).names(["ranges"]);
}

#[test]
fn several_versions_of_a_package_are_told_where_the_policy_wants_it() {
    let registry = universe().serve();
    let project = Project::new(&registry);
    project.manifest(DEPENDENCIES).run("larder lock").exits(0);
    assert_eq!(checks(&project.run("larder check --json").exits(0).json()), [] as [&str; 0]);
    project.manifest(&format!("{DEPENDENCIES}policy {{ duplicates \"deny\"; }}\n"));
    project.run("larder check").exits(1).names(["npm:left is locked in 2 versions: 1.0.0, 2.0.0"]);
}

#[test]
fn what_nothing_uses_is_told_and_refused_where_the_policy_says_so() {
    let registry = universe().serve();
    let project = Project::new(&registry);
    let with = |policy: &str| project.manifest(&format!("{DEPENDENCIES}{policy}"));
    with("").write("index.js", "require('app');\n").run("larder sync").exits(0);
    project.run("larder check").exits(0);
    with("policy { unused \"warn\"; }");
    let document = project.run("larder check --json").exits(0).json();
    assert_eq!(checks(&document), ["unused"]);
    project.run("larder check").exits(0).names(["nothing in the checkout names npm:other@1.0.0, which larder.kdl has"]);
    with("policy { unused \"deny\"; }");
    for command in ["larder check", "larder audit unused", "larder sync --repair"] {
        project.run(command).exits(1).names(["dependencies that nothing uses", "npm:other@1.0.0", "larder remove"]);
    }
    project.write("index.js", "require('app'); require('other');\n").run("larder sync --repair").exits(0);
}

#[test]
fn what_nothing_uses_is_found_on_a_machine_that_has_no_packages_yet() {
    let registry = universe().serve();
    let project = Project::new(&registry);
    project.manifest("dependencies { npm \"app\" \"*\"; npm \"other\" \"*\"; }\npolicy { unused \"deny\"; }\n");
    project.write("index.js", "require('app');\n").run("larder lock").exits(0);
    for command in ["larder check --offline", "larder audit unused --offline"] {
        let output = project.run(command).exits(1);
        assert!(!output.stderr.contains("npm:app"), "{}", output.stderr);
        output.names(["whether npm:other@1.0.0, which larder.kdl has, is used is unknown: its files are not on this"]);
    }
    for command in ["larder check", "larder audit unused", "larder check --offline"] {
        project.run(command).exits(1).names(["nothing in the checkout names npm:other@1.0.0"]);
    }
}

#[test]
fn mirrors_of_the_environment_are_refused_where_the_policy_wants_declared_ones() {
    let registry = universe().serve();
    let project = Project::new(&registry);
    project.manifest(&format!("{DEPENDENCIES}policy {{ sources {{ mirrors \"declared\"; }}; }}\n"));
    project.run("larder lock").exits(1).names(["LARDER_MIRROR_NPMJS", "declare the mirror"]);
    let text = project.read("larder.kdl");
    let declared = |kind: &str, url: &str| format!("/{kind}/\" {{ mirror \"{url}\"; }}\n");
    let text = text.replace("/npm/\"\n", &declared("npm", &registry.npm_url()));
    let text = text.replace("/pypi/simple/\"\n", &declared("pypi/simple", &registry.pypi_url()));
    project.write("larder.kdl", &text).run("larder lock").exits(0);
    project.run("larder sync --mirror elsewhere").exits(1).names(["--mirror"]);
    project
        .write("larder.kdl", &text.replace("declared", "nowhere"))
        .run("larder lock")
        .exits(2)
        .names(["nowhere", "any"]);
}
