use std::collections::BTreeSet;

use super::lock;
use crate::lock::{Closure, Lockfile, Selection};
use crate::model::{Graph, Side};

const CPU: &str = r#"
[[require]]
name = "pypi:app"
to = ["pypi:app@1.0"]

[[require]]
name = "pypi:torch"
group = "cpu"
to = ["pypi:torch@2.1"]

[[package]]
id = "pypi:app@1.0"
edges = ["pypi:base@1.0", "pypi:lib@1.0"]

[[package]]
id = "pypi:base@1.0"

[[package]]
id = "pypi:lib@1.0"

[[package]]
id = "pypi:torch@2.1"
edges = ["pypi:base@1.0"]
"#;

const GPU: &str = r#"
[[require]]
name = "pypi:app"
to = ["pypi:app@1.0"]

[[require]]
name = "pypi:torch"
group = "gpu"
to = ["pypi:torch@2.1"]

[[package]]
id = "pypi:app@1.0"
edges = ["pypi:base@1.0", "pypi:lib@2.0"]

[[package]]
id = "pypi:base@1.0"

[[package]]
id = "pypi:blas@1.0"

[[package]]
id = "pypi:lib@2.0"

[[package]]
id = "pypi:torch@2.1"
edges = ["pypi:base@1.0", "pypi:blas@1.0"]
"#;

fn side(name: &str) -> Side {
    name.parse().unwrap()
}

fn both() -> Lockfile {
    let solutions = [("gpu", GPU), ("cpu", CPU)].map(|(name, text)| (side(name), lock(text).graph));
    Lockfile::new(lock("").settings, Graph::joined(solutions.into()))
}

#[test]
fn joined_solutions_say_only_where_they_differ() {
    insta::assert_snapshot!(both().to_text().split_once("[settings]").unwrap().1, @r#"
sides = [
    "cpu",
    "gpu",
]

[[require]]
name = "pypi:app"
to = [
    "pypi:app@1.0",
]

[[require]]
name = "pypi:torch"
group = "cpu"
to = [
    "pypi:torch@2.1",
]

[[require]]
name = "pypi:torch"
group = "gpu"
to = [
    "pypi:torch@2.1",
]

[[package]]
id = "pypi:app@1.0"
edges = [
    "pypi:base@1.0",
    { to = "pypi:lib@1.0", sides = ["cpu"] },
    { to = "pypi:lib@2.0", sides = ["gpu"] },
]

[[package]]
id = "pypi:base@1.0"

[[package]]
id = "pypi:blas@1.0"

[[package]]
id = "pypi:lib@1.0"

[[package]]
id = "pypi:lib@2.0"

[[package]]
id = "pypi:torch@2.1"
edges = [
    "pypi:base@1.0",
    { to = "pypi:blas@1.0", sides = ["gpu"] },
]
"#);
}

#[test]
fn each_solution_can_be_taken_out_again() {
    let both = both();
    assert_eq!(both.graph.on(&side("cpu")), lock(CPU).graph);
    assert_eq!(both.graph.on(&side("gpu")), lock(GPU).graph);
    let shared = both.graph.shared_on(&side("gpu"));
    assert_eq!(
        shared.packages.keys().map(ToString::to_string).collect::<Vec<_>>(),
        ["pypi:app@1.0", "pypi:base@1.0", "pypi:lib@2.0"]
    );
}

#[test]
fn an_environment_reaches_what_is_on_its_side() {
    let both = both();
    let reached = |groups: &[&str]| {
        let groups: BTreeSet<_> = groups.iter().map(|group| group.parse().unwrap()).collect();
        let closure = Closure::of(&both.graph, &Selection { groups, platform: None });
        closure.packages().map(|(key, _)| key.to_string().replace("pypi:", "")).collect::<Vec<_>>()
    };
    assert_eq!(reached(&[]), ["app@1.0", "base@1.0", "lib@1.0"]);
    assert_eq!(reached(&["cpu"]), ["app@1.0", "base@1.0", "lib@1.0", "torch@2.1"]);
    assert_eq!(reached(&["gpu"]), ["app@1.0", "base@1.0", "blas@1.0", "lib@2.0", "torch@2.1"]);
}

#[test]
fn an_edge_of_a_side_that_has_no_solution_makes_a_lock_stale() {
    let both = both();
    assert!(!both.graph.has_edges_of_no_side());
    let text = both.to_text();
    let merged = crate::lock::parse("larder.lock", &text.replace("    \"gpu\",\n]\n\n[[require]]", "]\n\n[[require]]"));
    assert!(merged.unwrap().graph.has_edges_of_no_side());
}
