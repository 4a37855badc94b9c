//! Which instances packages find that do not declare them.

use std::collections::BTreeSet;

use super::lock;
use crate::lock::{Closure, Fallback, Selection};
use crate::model::{Label, Platform};

/// Chooses for environments with these groups, the first of which is built, and writes what is chosen and left out.
#[track_caller]
fn check(text: &str, environments: &[&[&str]], expected: &[&str]) {
    let lock = lock(text);
    let groups = |names: &&[&str]| names.iter().map(|name| name.parse::<Label>().unwrap()).collect();
    let environments: Vec<BTreeSet<Label>> = environments.iter().map(groups).collect();
    for built in &environments {
        let selection = Selection { groups: built.clone(), platform: Some(Platform::LinuxX64) };
        let closure = Closure::of(&lock.graph, &selection);
        let is_found = |key: &crate::model::PackageKey| key.id.ecosystem.has_scopes() || key.id.ecosystem.is_local();
        let fallback = Fallback::choose(&lock.graph, &environments, &closure, (&is_found, &|name| name == "hoisted"));
        let chosen = fallback.chosen.values().map(ToString::to_string);
        let left_out = fallback.left_out.iter().map(|(name, unmet)| format!("not {name}: {unmet}"));
        let found: Vec<String> = chosen.chain(left_out).collect();
        assert_eq!(found, expected, "the same whichever environment is built");
    }
}

/// A line of the project, or of a group.
fn line(name: &str, rest: &str) -> String {
    format!("[[require]]\nname = \"npm:{name}\"\n{rest}\n")
}

fn package(id: &str, rest: &str) -> String {
    format!("[[package]]\nid = \"npm:{id}\"\n{rest}\n")
}

fn to(id: &str) -> String {
    format!("to = [\"npm:{id}\"]")
}

#[test]
fn one_that_every_environment_reaches_comes_first_then_the_most_used_then_the_highest() {
    let text = line("a", &to("a@1.0.0"))
        + &line("b", &("group = \"test\"\n".to_owned() + &to("b@1.0.0")))
        + &package("a@1.0.0", "edges = [\"npm:x@1.0.0\"]")
        + &package("b@1.0.0", "edges = [\"npm:c@1.0.0\", \"npm:x@2.0.0\", \"npm:y@1.0.0\", \"npm:z@1.0.0\"]")
        + &package("c@1.0.0", "edges = [\"npm:d@1.0.0\", \"npm:x@2.0.0\", \"npm:y@1.0.0\", \"npm:z@2.0.0\"]")
        + &package("d@1.0.0", "edges = [\"npm:x@2.0.0\", \"npm:y@2.0.0\"]")
        + &["x@1.0.0", "x@2.0.0", "y@1.0.0", "y@2.0.0", "z@1.0.0", "z@2.0.0"].map(|id| package(id, "")).concat();
    let others = ["npm:a@1.0.0", "npm:b@1.0.0", "npm:c@1.0.0", "npm:d@1.0.0"];
    let expected = |own: [&'static str; 3]| others.into_iter().chain(own).collect::<Vec<_>>();
    check(&text, &[&["test"], &[]], &expected(["npm:x@1.0.0", "npm:y@1.0.0", "npm:z@2.0.0"]));
    check(&text, &[&["test"]], &expected(["npm:x@2.0.0", "npm:y@1.0.0", "npm:z@2.0.0"]));
}

#[test]
fn dependents_are_counted_by_version_before_instance() {
    let instance = |version: &str| {
        format!("{{ peers = \"(p@{version})\", edges = [{{ to = \"npm:p@{version}\", kind = \"peer\" }}] }}")
    };
    let x = |version: &str| format!("\"npm:x@1.0.0(p@{version})\"");
    let text = line("a", &to("a@1.0.0"))
        + &line("c", &to("c@1.0.0"))
        + &package("a@1.0.0", &format!("edges = [\"npm:b@1.0.0\", \"npm:p@1.0.0\", {}]", x("1.0.0")))
        + &package("b@1.0.0", "edges = [\"npm:x@2.0.0\"]")
        + &package("c@1.0.0", &format!("edges = [\"npm:p@2.0.0\", {}]", x("2.0.0")))
        + &package("p@1.0.0", "")
        + &package("p@2.0.0", "")
        + &package("x@1.0.0", &format!("instance = [{}, {}]", instance("1.0.0"), instance("2.0.0")))
        + &package("x@2.0.0", "");
    let others = ["npm:a@1.0.0", "npm:b@1.0.0", "npm:c@1.0.0", "npm:p@2.0.0"];
    check(&text, &[&[]], &others.into_iter().chain(["npm:x@1.0.0(p@1.0.0)"]).collect::<Vec<_>>());
}

#[test]
fn a_name_of_the_project_has_the_projects_instance() {
    let text = line("a", &to("a@1.0.0"))
        + &line("x", &("group = \"test\"\n".to_owned() + &to("x@1.0.0")))
        + &line("y", "to = [{ to = \"npm:x@1.0.0\", as = \"y\" }]")
        + &package("a@1.0.0", "edges = [\"npm:b@1.0.0\", \"npm:x@2.0.0\", \"npm:y@1.0.0\"]")
        + &package("b@1.0.0", "edges = [\"npm:x@2.0.0\"]")
        + &["x@1.0.0", "x@2.0.0", "y@1.0.0"].map(|id| package(id, "")).concat();
    // What is its own under another package's name is nobody else's.
    check(&text, &[&["test"], &[]], &["npm:a@1.0.0", "npm:b@1.0.0", "npm:x@1.0.0"]);
}

#[test]
fn a_name_is_left_out_where_its_instance_contradicts_a_declaration() {
    let tools = |dropped: &str| {
        line("a", &to("a@1.0.0"))
            + &line("tool", &("member = \"apps/web\"\n".to_owned() + &to("tool@1.5.0")))
            + &package("a@1.0.0", &format!("dropped = [{dropped}]"))
            + &package("tool@1.5.0", "")
    };
    check(&tools("{ name = \"tool\", range = \"^1\" }"), &[&[]], &["npm:a@1.0.0", "npm:tool@1.5.0"]);
    check(
        &tools("{ name = \"tool\", range = \"^2\" }"),
        &[&[]],
        &["npm:a@1.0.0", "not tool: npm:a@1.0.0 declares ^2, and npm:tool@1.5.0 is not that"],
    );
    check(
        &tools("{ name = \"tool\", range = \"git+ssh://x/y\" }"),
        &[&[]],
        &["npm:a@1.0.0", "not tool: npm:a@1.0.0 declares git+ssh://x/y, and npm:tool@1.5.0 is not that"],
    );
}

#[test]
fn no_declaration_keeps_a_hoisted_name_out() {
    let lock = line("a", &to("a@1.0.0"))
        + &line("hoisted", &("member = \"apps/web\"\n".to_owned() + &to("hoisted@1.5.0")))
        + &package("a@1.0.0", "dropped = [{ name = \"hoisted\", range = \"^2\" }]")
        + &package("hoisted@1.5.0", "");
    check(&lock, &[&[]], &["npm:a@1.0.0", "npm:hoisted@1.5.0"]);
}

#[test]
fn types_for_another_version_than_a_dependent_has_are_none_of_its_own() {
    let bound = |version: &str| {
        format!(
            "peers = \"(@types/react@{version})\", edges = [{{ to = \"npm:@types/react@{version}\", kind = \"peer\" }}]"
        )
    };
    let redux = |version: &str| {
        package(
            "redux@8.0.5",
            &format!(
                "edges = [{{ to = \"npm:@types/react@{version}\", kind = \"optional-peer\" }}]\n\
                 dropped = [{{ name = \"@types/dom\", range = \"^16 || ^18\", reason = \"nobody provides it\" }}]"
            ),
        )
    };
    let text = |version: &str| {
        line("@types/dom", &("member = \"table\"\n".to_owned() + &to("@types/dom@18.3.7(@types/react@18.3.31)")))
            + &line("@types/react", &("member = \"table\"\n".to_owned() + &to("@types/react@18.3.31")))
            + &line("redux", &("member = \"renderer\"\n".to_owned() + &to("redux@8.0.5")))
            + &line("@types/react", &("member = \"renderer\"\n".to_owned() + &to(&format!("@types/react@{version}"))))
            + &package("@types/dom@18.3.7", &format!("instance = [{{ {} }}]", bound("18.3.31")))
            + &package("@types/react@16.14.41", "")
            + &package("@types/react@18.3.31", "")
            + &redux(version)
    };
    let dom = "npm:@types/dom@18.3.7(@types/react@18.3.31)";
    check(&text("18.3.31"), &[&[]], &[dom, "npm:@types/react@18.3.31", "npm:redux@8.0.5"]);
    let left_out = "not @types/dom: npm:redux@8.0.5 declares ^16 || ^18 beside @types/react 16.14.41, and npm:@types/dom@18.3.7 is not that";
    check(&text("16.14.41"), &[&[]], &["npm:@types/react@18.3.31", "npm:redux@8.0.5", left_out]);
}

#[test]
fn what_is_bound_only_elsewhere_is_no_other_version_here() {
    let text = line("a", &to("a@1.0.0"))
        + &line("tool", &("group = \"test\"\nmember = \"apps/web\"\n".to_owned() + &to("tool@1.0.0")))
        + &package(
            "a@1.0.0",
            "edges = [\"npm:b@1.0.0\", { to = \"npm:tool@1.0.0\", kind = \"optional-peer\" }, \
             { to = \"npm:mac@1.0.0\", kind = \"optional\", platforms = [\"macos-arm64\"] }]",
        )
        + &package("b@1.0.0", "edges = [\"npm:tool@2.0.0\", \"npm:mac@2.0.0\"]")
        + &["mac@1.0.0", "mac@2.0.0", "tool@1.0.0", "tool@2.0.0"].map(|id| package(id, "")).concat();
    check(
        &text,
        &[&["test"], &[]],
        &[
            "npm:a@1.0.0",
            "npm:b@1.0.0",
            "not mac: npm:a@1.0.0 declares 1.0.0, and npm:mac@2.0.0 is not that",
            "not tool: npm:a@1.0.0 declares 1.0.0, and npm:tool@2.0.0 is not that",
        ],
    );
    // Where the one that is bound is the one that is chosen, there is nothing to contradict.
    check(
        &text.replace("\"npm:tool@2.0.0\", \"npm:mac@2.0.0\"", "\"npm:tool@1.0.0\", \"npm:mac@1.0.0\""),
        &[&["test"], &[]],
        &["npm:a@1.0.0", "npm:b@1.0.0", "npm:mac@1.0.0", "npm:tool@1.0.0"],
    );
}
