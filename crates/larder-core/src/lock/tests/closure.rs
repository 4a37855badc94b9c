use std::collections::BTreeSet;

use super::lock;
use crate::lock::{Closure, Lockfile, Selection, why};
use crate::model::{Ecosystem, PackageId, PackageName, Platform};

pub(super) const SHAPES: &str = r#"
[[require]]
name = "npm:app"
to = ["npm:app@1.0.0(react@18.3.1)"]

[[require]]
name = "npm:vitest"
group = "test"
to = ["npm:vitest@3.0.0"]

[[require]]
name = "pypi:fastapi"
extras = ["standard"]
to = [{ to = "pypi:fastapi@1.0", extras = ["standard"] }]

[[package]]
id = "npm:app@1.0.0"

[[package.instance]]
peers = "(react@18.3.1)"
edges = [
    { to = "npm:fsevents@2.0.0", kind = "optional" },
    { to = "npm:react@18.3.1", kind = "peer" },
    { to = "npm:vitest@3.0.0", kind = "optional-peer" },
]

[[package]]
id = "npm:fsevents@2.0.0"
os = ["darwin"]

[[package]]
id = "npm:react@18.3.1"

[[package]]
id = "npm:vitest@3.0.0"

[[package]]
id = "pypi:fastapi@1.0"
edges = [
    "pypi:starlette@1.0",
    { to = "pypi:rich@1.0", extra = "all" },
    { to = "pypi:uvicorn@1.0", extra = "standard" },
]

[[package]]
id = "pypi:rich@1.0"

[[package]]
id = "pypi:starlette@1.0"
edges = [{ to = "pypi:fastapi@1.0", extras = ["all"], platforms = ["windows-x64"] }]

[[package]]
id = "pypi:uvicorn@1.0"
"#;

fn reached(lock: &Lockfile, groups: &[&str], platform: Option<Platform>) -> String {
    let groups = groups.iter().map(|group| group.parse().unwrap()).collect();
    let closure = Closure::of(&lock.graph, &Selection { groups, platform });
    closure.packages().map(|(key, _)| key.id.name.as_str()).collect::<Vec<_>>().join(" ")
}

#[test]
fn a_closure_follows_what_holds() {
    let lock = lock(SHAPES);
    let linux = Some(Platform::LinuxX64);
    assert_eq!(reached(&lock, &[], linux), "app react fastapi starlette uvicorn");
    assert_eq!(reached(&lock, &["test"], linux), "app react vitest fastapi starlette uvicorn");
    assert_eq!(reached(&lock, &[], Some(Platform::MacosArm64)), "app fsevents react fastapi starlette uvicorn");
    assert_eq!(reached(&lock, &[], Some(Platform::WindowsX64)), "app react fastapi rich starlette uvicorn");
}

#[test]
fn an_optional_peer_is_an_edge_only_where_its_target_is_there() {
    let lock = lock(SHAPES);
    let app = lock.graph.instances.keys().next().unwrap();
    let edges = |groups: &[&str]| {
        let groups = groups.iter().map(|group| group.parse().unwrap()).collect();
        let closure = Closure::of(&lock.graph, &Selection { groups, platform: Some(Platform::LinuxX64) });
        closure.edges(app).map(|edge| edge.name.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(edges(&[]), ["react"]);
    assert_eq!(edges(&["test"]), ["react", "vitest"]);
}

#[test]
fn an_optional_edge_holds_where_something_else_brings_its_target() {
    let text = SHAPES.replace(
        "[[package]]\nid = \"npm:react@18.3.1\"\n",
        "[[package]]\nid = \"npm:react@18.3.1\"\nedges = [\"npm:fsevents@2.0.0\"]\n",
    );
    let reach = |text: &str| {
        let lock = lock(text);
        let selection = Selection { groups: BTreeSet::new(), platform: Some(Platform::LinuxX64) };
        let closure = Closure::of(&lock.graph, &selection);
        let app = lock.graph.instances.keys().next().unwrap();
        closure.edges(app).map(|edge| edge.name.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(reach(SHAPES), ["react"]);
    assert_eq!(reach(&text), ["fsevents", "react"]);
}

#[test]
fn why_gives_a_shortest_chain_per_line() {
    let lock = lock(SHAPES);
    let selection = Selection { groups: BTreeSet::new(), platform: Some(Platform::WindowsX64) };
    let closure = Closure::of(&lock.graph, &selection);
    let chains = why(&closure, &PackageId::new(Ecosystem::Pypi, PackageName::pypi("rich").unwrap()));
    let told: Vec<Vec<_>> = chains.iter().map(|chain| chain.steps.iter().map(|e| e.name.as_str()).collect()).collect();
    assert_eq!(told, [["fastapi", "rich"]]);
    assert!(closure.direct().iter().any(|key| key.id.name.as_str() == "fastapi"));
}
