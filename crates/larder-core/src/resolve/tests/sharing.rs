//! Instances that members share.

use std::collections::BTreeSet;

use proptest::prelude::*;

use crate::model::{Dependent, Ecosystem, Edge, EdgeKind, Edition, Extension, Graph, PackageId, PackageName};
use crate::resolve::RequiredLine;

use super::{World, requirement};

fn member(folder: &'static str) -> impl Fn(&mut RequiredLine) {
    move |line| line.dependent = Dependent::Member(folder.into())
}

/// A test runner that takes a `dom` and other types, upon a bundler that takes the types too.
fn runner() -> World {
    World::new()
        .newest()
        .has("npm runner@1.0.0", &["bundler *", "peer? dom *", "peer? types *"])
        .has("npm bundler@1.0.0", &["peer? types *"])
        .has("npm dom@1.0.0", &[])
        .has("npm dom@2.0.0", &[])
        .has("npm types@1.0.0", &[])
        .asks_with("npm runner *", member("a"))
        .asks_with("npm runner *", member("b"))
}

#[test]
fn a_member_that_binds_less_shares_the_instance_of_one_that_binds_more() {
    let world = runner().asks_with("npm dom ^1", member("a")).asks_with("npm types *", member("a"));
    world.gives_instances(&[
        "npm:bundler@1.0.0(types@1.0.0)",
        "npm:dom@1.0.0",
        "npm:runner@1.0.0(dom@1.0.0)(types@1.0.0)",
        "npm:types@1.0.0",
    ]);
}

#[test]
fn members_that_bind_different_things_have_instances_of_their_own_and_others_join_one() {
    let world = runner()
        .asks_with("npm dom ^1", member("a"))
        .asks_with("npm dom ^2", member("b"))
        .asks_with("npm runner *", member("c"));
    world.gives_instances(&[
        "npm:bundler@1.0.0",
        "npm:dom@1.0.0",
        "npm:dom@2.0.0",
        "npm:runner@1.0.0(dom@1.0.0)",
        "npm:runner@1.0.0(dom@2.0.0)",
    ]);
}

#[test]
fn an_instance_whose_optional_peer_does_not_satisfy_it_is_not_shared() {
    let world = World::new()
        .newest()
        .has("npm runner@1.0.0", &["peer? dom ^1"])
        .has("npm dom@2.0.0", &[])
        .asks_with("npm runner *", member("a"))
        .asks_with("npm dom *", member("a"))
        .asks_with("npm runner *", member("b"));
    world.gives_instances(&["npm:dom@2.0.0", "npm:runner@1.0.0", "npm:runner@1.0.0(dom@2.0.0)"]);
}

#[test]
fn what_required_peers_tell_apart_stays_apart() {
    let world = World::new()
        .newest()
        .has("npm view@1.0.0", &["peer react *", "peer? dom *"])
        .has("npm react@1.0.0", &[])
        .has("npm react@2.0.0", &[])
        .has("npm dom@1.0.0", &[])
        .asks_with("npm view *", member("a"))
        .asks_with("npm react ^1", member("a"))
        .asks_with("npm dom *", member("a"))
        .asks_with("npm view *", member("b"))
        .asks_with("npm react ^2", member("b"));
    world.gives_instances(&[
        "npm:dom@1.0.0",
        "npm:react@1.0.0",
        "npm:react@2.0.0",
        "npm:view@1.0.0(dom@1.0.0)(react@1.0.0)",
        "npm:view@1.0.0(react@2.0.0)",
    ]);
}

#[test]
fn an_extension_joins_an_instance_that_is_there() {
    let mut world = runner().has("npm matchers@1.0.0", &[]).asks_with("npm dom ^1", member("a"));
    world = world.asks_with("npm matchers *", member("b"));
    let package = PackageId::new(Ecosystem::Npm, PackageName::npm("matchers").unwrap());
    let dependency = requirement(Ecosystem::Npm, "runner *");
    world.settings.extensions.push(Extension { package, dependency });
    assert_eq!(world.edges("npm:matchers@1.0.0"), ["runner→npm:runner@1.0.0(dom@1.0.0)"]);
    world.gives_instances(&["npm:bundler@1.0.0", "npm:dom@1.0.0", "npm:matchers@1.0.0", "npm:runner@1.0.0(dom@1.0.0)"]);
}

#[test]
fn optional_peers_that_agree_tell_no_instances_apart() {
    let world = World::new()
        .newest()
        .has("npm drizzle-orm@0.45.2", &["peer? sqlite *"])
        .has("npm sqlite@1.0.0", &[])
        .has("npm react@1.0.0", &[])
        .has("npm react@2.0.0", &[])
        .asks_with("npm drizzle-orm *", member("a"))
        .asks_with("npm sqlite *", member("a"))
        .asks_with("npm drizzle-orm *", member("b"))
        .asks_with("npm react ^1", member("b"));
    let all = ["npm:drizzle-orm@0.45.2(react@1.0.0)(sqlite@1.0.0)", "npm:react@1.0.0", "npm:sqlite@1.0.0"];
    world.gives_instances(&all);
    // A second react is not for it to choose between: the one instance keeps the first.
    let world = world.asks_with("npm drizzle-orm *", member("c")).asks_with("npm react ^2", member("c"));
    world.gives_instances(&[
        "npm:drizzle-orm@0.45.2(react@1.0.0)(sqlite@1.0.0)",
        "npm:drizzle-orm@0.45.2(react@2.0.0)",
        "npm:react@1.0.0",
        "npm:react@2.0.0",
        "npm:sqlite@1.0.0",
    ]);
}

#[test]
fn what_members_bind_does_not_depend_on_their_order() {
    for [first, second] in [["a", "b"], ["b", "a"]] {
        let world = World::new()
            .newest()
            .has("npm lib@1.0.0", &["peer? one *", "peer? two *"])
            .has("npm one@1.0.0", &[])
            .has("npm one@2.0.0", &[])
            .has("npm two@1.0.0", &[])
            .asks_with("npm lib *", member(first))
            .asks_with("npm one ^1", member(first))
            .asks_with("npm lib *", member(second))
            .asks_with("npm two *", member(second))
            .asks_with("npm lib *", member("c"))
            .asks_with("npm one ^2", member("c"));
        world.gives_instances(&[
            "npm:lib@1.0.0(one@1.0.0)(two@1.0.0)",
            "npm:lib@1.0.0(one@2.0.0)",
            "npm:one@1.0.0",
            "npm:one@2.0.0",
            "npm:two@1.0.0",
        ]);
    }
}

#[test]
fn an_earlier_edition_shares_nothing() {
    let mut world = runner().asks_with("npm dom ^1", member("a"));
    world.settings.package_extensions = Edition(3);
    world.gives_instances(&["npm:bundler@1.0.0", "npm:dom@1.0.0", "npm:runner@1.0.0", "npm:runner@1.0.0(dom@1.0.0)"]);
}

/// For each package, for each other: whether it depends on it (1), has it as a peer (2) or as an optional peer (3).
type Kinds = Vec<Vec<u8>>;

fn world(kinds: &Kinds, lines: &[(usize, usize)]) -> World {
    const FOLDERS: [&str; 3] = ["a", "b", "c"];

    let mut world = World::new();
    for (name, kinds) in kinds.iter().enumerate() {
        let needs = kinds.iter().enumerate().filter(|(to, _)| *to != name);
        let need = |(to, kind): (usize, &u8)| match kind {
            1 => Some(format!("p{to} *")),
            2 => Some(format!("peer p{to} *")),
            3 => Some(format!("peer? p{to} *")),
            _ => None,
        };
        let needs: Vec<String> = needs.filter_map(need).collect();
        let needs: Vec<&str> = needs.iter().map(String::as_str).collect();
        world = world.has(&format!("npm p{name}@1.0.0"), &needs).has(&format!("npm p{name}@2.0.0"), &needs);
    }
    lines.iter().fold(world, |world, (place, to)| {
        let folder = place % 3;
        let range = 1 + (folder + to) % 2;
        world.asks_with(&format!("npm p{to} ^{range}"), member(FOLDERS[folder]))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Sharing brings and loses no package, and nobody's required edges lead to other packages.
    #[test]
    fn sharing_changes_nothing_but_who_binds_optional_peers(
        kinds in prop::collection::vec(prop::collection::vec(0u8..4, 5), 5),
        lines in prop::collection::vec((0usize..6, 0usize..5), 1..7),
    ) {
        let (apart, shared) = (world(&kinds, &lines).solved().graph, world(&kinds, &lines).newest().solved().graph);
        prop_assert_eq!(apart.packages.keys().collect::<Vec<_>>(), shared.packages.keys().collect::<Vec<_>>());
        prop_assert!(shared.instances.len() <= apart.instances.len());
        let required = |graph: &Graph| {
            let of = |edges: &[Edge]| {
                let required = edges.iter().filter(|edge| edge.kind != EdgeKind::OptionalPeer);
                required.map(|edge| format!("{}→{}", edge.name, edge.to.package)).collect::<Vec<_>>()
            };
            let instances = graph.instances.iter().map(|(key, instance)| (key.package.to_string(), of(&instance.edges)));
            let roots = graph.roots.iter().map(|root| (format!("{:?} {}", root.dependent, root.requirement.seen_as()), of(&root.to)));
            instances.chain(roots).collect::<BTreeSet<_>>()
        };
        prop_assert!(required(&shared).is_subset(&required(&apart)));
        for (key, instance) in &shared.instances {
            for edge in &instance.edges {
                prop_assert!(shared.instances.contains_key(&edge.to), "{} → {}", key, edge.to);
            }
        }
    }
}
