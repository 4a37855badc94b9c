//! The optional peers that a package with peers has on their types.

use crate::model::{Dependent, EdgeKind};
use crate::resolve::RequiredLine;

use super::World;

/// Two members that use one library with the same `react` and other types of it.
fn typed() -> World {
    let member =
        |folder: &'static str| move |line: &mut RequiredLine| line.dependent = Dependent::Member(folder.into());
    World::new()
        .has("npm react@18.0.0", &[])
        .has("npm icons@1.0.0", &["peer react *", "inner *"])
        .has("npm inner@1.0.0", &["peer? react *"])
        .has("npm @types/react@18.0.0", &[])
        .has("npm @types/react@19.0.0-rc.1", &[])
        .asks_with("npm icons *", member("a"))
        .asks_with("npm react *", member("a"))
        .asks_with("npm @types/react 18.0.0", member("a"))
        .asks_with("npm icons *", member("b"))
        .asks_with("npm react *", member("b"))
        .asks_with("npm @types/react 19.0.0-rc.1", member("b"))
}

#[test]
fn the_types_of_a_peer_are_bound_where_the_peer_is() {
    let instances = [
        "npm:@types/react@18.0.0",
        "npm:@types/react@19.0.0-rc.1",
        "npm:icons@1.0.0(@types/react@18.0.0)(react@18.0.0)",
        "npm:icons@1.0.0(@types/react@19.0.0-rc.1)(react@18.0.0)",
        "npm:inner@1.0.0(@types/react@18.0.0)(react@18.0.0)",
        "npm:inner@1.0.0(@types/react@19.0.0-rc.1)(react@18.0.0)",
        "npm:react@18.0.0",
    ];
    for world in [typed().newest(), typed().newest().strict()] {
        world.gives_instances(&instances);
        let resolution = world.solved();
        assert_eq!(resolution.warnings, [], "any version of types will do");
        let edges = resolution.graph.instances.values().flat_map(|instance| &instance.edges);
        assert!(
            edges.filter(|edge| edge.name.as_str() == "@types/react").all(|edge| edge.kind == EdgeKind::OptionalPeer)
        );
    }
    // An earlier edition does without.
    typed().gives_instances(&[
        "npm:@types/react@18.0.0",
        "npm:@types/react@19.0.0-rc.1",
        "npm:icons@1.0.0(react@18.0.0)",
        "npm:inner@1.0.0(react@18.0.0)",
        "npm:react@18.0.0",
    ]);
}

#[test]
fn the_types_of_a_peer_bring_nothing_and_are_not_asked_for() {
    let world = World::new()
        .newest()
        .has("npm react@18.0.0", &[])
        .has("npm icons@1.0.0", &["peer react *", "peer @acme/x *"])
        .has("npm @acme/x@1.0.0", &[])
        .has("npm @types/react@18.0.0", &[])
        .asks("npm icons *")
        .asks("npm react *");
    world.gives(&["npm:@acme/x@1.0.0", "npm:icons@1.0.0", "npm:react@18.0.0"]);
    let asked = world.asked.lock().unwrap();
    assert!(!asked.iter().any(|id| id.name.as_str().starts_with("@types/")), "{asked:?}");
}

#[test]
fn types_that_are_declared_are_no_types_of_a_peer() {
    let world = World::new()
        .newest()
        .has("npm react@18.0.0", &[])
        .has("npm icons@1.0.0", &["peer react *", "@types/react ^17"])
        .has("npm @types/react@17.0.0", &[])
        .has("npm @types/react@18.0.0", &[])
        .asks("npm icons *")
        .asks("npm react *")
        .asks("npm @types/react ^18");
    assert_eq!(
        world.edges("npm:icons@1.0.0(react@18.0.0)"),
        ["@types/react→npm:@types/react@17.0.0", "react→npm:react@18.0.0"]
    );
}
