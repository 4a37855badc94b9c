//! Small random worlds, and an oracle that tries everything.

use proptest::prelude::*;

use crate::model::Platform;

use super::World;

/// A requirement: a package and the versions (a bit each) that will do.
type Want = (usize, u8);

/// For each package, for each of its versions, what it needs.
type Packages = Vec<Vec<Vec<Want>>>;

const PACKAGES: usize = 5;
const VERSIONS: usize = 4;

fn wants(most: usize) -> impl Strategy<Value = Vec<Want>> {
    prop::collection::vec((0..PACKAGES, 1u8..16), 0..most)
}

fn packages() -> impl Strategy<Value = Packages> {
    prop::collection::vec(prop::collection::vec(wants(3), 1..=VERSIONS), PACKAGES)
}

/// Writes the versions in a mask as a specifier of `!=`s.
fn specifier(mask: u8) -> String {
    let out = (0..VERSIONS).filter(|version| mask & (1 << version) == 0);
    out.map(|version| format!("!={}", version + 1)).collect::<Vec<_>>().join(",")
}

/// Writes the versions in a mask as an npm range.
fn range(mask: u8) -> String {
    let inside = (0..VERSIONS).filter(|version| mask & (1 << version) != 0);
    inside.map(|version| format!("{}.0.0", version + 1)).collect::<Vec<_>>().join(" || ")
}

fn python(packages: &Packages, asked: &[Want], platforms: &[Platform]) -> World {
    let mut world = World::new().platforms(platforms);
    for (name, versions) in packages.iter().enumerate() {
        for (version, needs) in versions.iter().enumerate() {
            let needs: Vec<_> = needs.iter().map(|(to, mask)| format!("p{to}{}", specifier(*mask))).collect();
            let needs: Vec<_> = needs.iter().map(String::as_str).collect();
            world = world.has(&format!("pypi p{name}@{}", version + 1), &needs);
        }
    }
    for (to, mask) in asked {
        world = world.asks(&format!("pypi p{to}{}", specifier(*mask)));
    }
    world
}

/// Tries every choice of versions.
fn satisfiable(packages: &Packages, asked: &[Want], chosen: &mut [Option<usize>; PACKAGES]) -> bool {
    let Some(&(to, mask)) = asked.first() else { return true };
    let rest = &asked[1..];
    if let Some(version) = chosen[to] {
        return mask & (1 << version) != 0 && satisfiable(packages, rest, chosen);
    }
    (0..packages[to].len()).filter(|version| mask & (1 << version) != 0).any(|version| {
        chosen[to] = Some(version);
        let more: Vec<Want> = packages[to][version].iter().chain(rest).copied().collect();
        let found = satisfiable(packages, &more, chosen);
        chosen[to] = None;
        found
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn python_is_solved_exactly_where_it_can_be(packages in packages(), asked in wants(4), two: bool) {
        let platforms = [Platform::LinuxX64, Platform::MacosArm64];
        let platforms = if two { &platforms[..] } else { &platforms[..1] };
        let expected = satisfiable(&packages, &asked, &mut [None; PACKAGES]);
        match python(&packages, &asked, platforms).resolve() {
            Ok(resolution) => {
                prop_assert!(expected);
                for instance in resolution.graph.instances.values() {
                    for edge in &instance.edges {
                        prop_assert!(resolution.graph.instances.contains_key(&edge.to));
                    }
                }
                let chosen: Vec<_> = resolution.graph.packages.keys().map(|key| &key.id).collect();
                prop_assert!(chosen.windows(2).all(|pair| pair[0] != pair[1]), "one version each");
            }
            Err(crate::resolve::ResolveError::NoSolution(why)) => {
                prop_assert!(!expected);
                let core: Vec<Want> = why.lines.iter().map(|line| asked[line.0 as usize]).collect();
                prop_assert!(!satisfiable(&packages, &core, &mut [None; PACKAGES]), "the core is unsatisfiable");
                for left_out in 0..core.len() {
                    let mut rest = core.clone();
                    rest.remove(left_out);
                    prop_assert!(satisfiable(&packages, &rest, &mut [None; PACKAGES]), "the core is minimal");
                }
                prop_assert!(!why.because.is_empty() && why.because.len() <= 10);
            }
            Err(error) => prop_assert!(false, "{error}"),
        }
    }

    #[test]
    fn relaxed_npm_is_solved_wherever_every_range_has_a_match(
        packages in packages(),
        peers in packages(),
        asked in wants(4),
    ) {
        let mut world = World::new();
        for name in 0..PACKAGES {
            for version in 0..VERSIONS {
                let needs = packages[name].get(version).into_iter().flatten().map(|(to, mask)| format!("p{to} {}", range(*mask)));
                let peers = peers[name].get(version).into_iter().flatten().map(|(to, mask)| format!("peer p{to} {}", range(*mask)));
                let needs: Vec<_> = needs.chain(peers).collect();
                let needs: Vec<_> = needs.iter().map(String::as_str).collect();
                world = world.has(&format!("npm p{name}@{}.0.0", version + 1), &needs);
            }
        }
        for (place, (to, mask)) in asked.iter().enumerate() {
            world = world.asks(&format!("npm a{place} npm:p{to}@{}", range(*mask)));
        }
        let resolution = world.solved();
        for (key, instance) in &resolution.graph.instances {
            for edge in &instance.edges {
                prop_assert!(resolution.graph.instances.contains_key(&edge.to), "{key} → {}", edge.to);
            }
        }
        prop_assert_eq!(resolution.graph, world.solved().graph);
    }
}
