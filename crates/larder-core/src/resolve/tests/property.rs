//! Small random worlds, and an oracle that tries everything.

use proptest::prelude::*;

use crate::model::{Dependent, Platform};

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

/// Returns lines in another order.
fn shuffled(lines: &[(String, usize)], order: prop::sample::Index) -> Vec<(String, usize)> {
    let mut rest = lines.to_vec();
    let mut state = order.index(usize::MAX);
    let mut shuffled = Vec::new();
    while !rest.is_empty() {
        shuffled.push(rest.remove(state % rest.len()));
        state /= 7;
    }
    shuffled
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

/// A world of npm packages with peers.
fn javascript(packages: &Packages, peers: &Packages) -> World {
    let mut world = World::new();
    for name in 0..PACKAGES {
        for version in 0..VERSIONS {
            let needs = packages[name].get(version).into_iter().flatten();
            let peers = peers[name].get(version).into_iter().flatten();
            let needs = needs.map(|(to, mask)| format!("p{to} {}", range(*mask)));
            let needs: Vec<_> = needs.chain(peers.map(|(to, mask)| format!("peer p{to} {}", range(*mask)))).collect();
            let needs: Vec<_> = needs.iter().map(String::as_str).collect();
            world = world.has(&format!("npm p{name}@{}.0.0", version + 1), &needs);
        }
    }
    world
}

/// What a world gives for lines that are written in some order; none where it gives nothing.
fn given(world: World, lines: &[(String, usize)]) -> Option<crate::resolve::Resolution> {
    const MANIFESTS: [Option<&str>; 4] = [None, None, Some("apps/a"), Some("apps/b")];
    let world = lines.iter().fold(world, |world, (line, kind)| {
        world.asks_with(line, |line| {
            line.optional = kind / 4 == 1;
            if let Some(folder) = MANIFESTS[kind % 4] {
                line.dependent = Dependent::Member(folder.into());
            }
        })
    });
    match world.resolve() {
        Ok(resolution) => Some(resolution),
        Err(crate::resolve::ResolveError::NoSolution(_)) => None,
        Err(error) => panic!("{error}"),
    }
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

/// Returns every choice of versions that holds what is asked and nothing else.
fn solutions(packages: &Packages, asked: &[Want], chosen: [Option<usize>; PACKAGES]) -> Vec<[Option<usize>; PACKAGES]> {
    let Some(&(to, mask)) = asked.first() else { return vec![chosen] };
    let rest = &asked[1..];
    if let Some(version) = chosen[to] {
        return if mask & (1 << version) == 0 { Vec::new() } else { solutions(packages, rest, chosen) };
    }
    let fitting = (0..packages[to].len()).filter(|version| mask & (1 << version) != 0);
    fitting
        .flat_map(|version| {
            let more: Vec<Want> = packages[to][version].iter().chain(rest).copied().collect();
            let mut chosen = chosen;
            chosen[to] = Some(version);
            solutions(packages, &more, chosen)
        })
        .collect()
}

/// Returns whether a solution has the same packages, none of them older and one newer.
fn dominates(other: &[Option<usize>; PACKAGES], chosen: &[Option<usize>; PACKAGES]) -> bool {
    let pairs = || other.iter().zip(chosen);
    other != chosen && pairs().all(|(other, chosen)| other.is_some() == chosen.is_some() && other >= chosen)
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
        let mut world = javascript(&packages, &peers);
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

    /// One version serves everybody, so what is better for one may be worse for another. What is better for one and worse
    /// for none is what is chosen.
    #[test]
    fn no_other_solution_has_newer_versions_only(packages in packages(), asked in wants(4), two: bool) {
        let platforms = [Platform::LinuxX64, Platform::MacosArm64];
        let platforms = if two { &platforms[..] } else { &platforms[..1] };
        if let Ok(resolution) = python(&packages, &asked, platforms).resolve() {
            let mut chosen = [None; PACKAGES];
            for key in resolution.graph.packages.keys() {
                let name: usize = key.id.name.as_str()[1..].parse().unwrap();
                chosen[name] = Some(key.version.to_string().parse::<usize>().unwrap() - 1);
            }
            let all = solutions(&packages, &asked, [None; PACKAGES]);
            prop_assert!(all.contains(&chosen), "{chosen:?} is not valid");
            let better = all.iter().find(|other| dominates(other, &chosen));
            prop_assert!(better.is_none(), "{chosen:?} is chosen, and {better:?} is better");
        }
    }

    #[test]
    fn the_order_of_lines_does_not_show_in_python(
        packages in packages(),
        lines in prop::collection::vec(((0..PACKAGES, 1u8..16), 0usize..8), 0..5),
        order in any::<prop::sample::Index>(),
        two: bool,
    ) {
        let platforms = [Platform::LinuxX64, Platform::MacosArm64];
        let platforms = if two { &platforms[..] } else { &platforms[..1] };
        let world = || python(&packages, &[], platforms);
        let lines: Vec<_> =
            lines.iter().map(|((to, mask), kind)| (format!("pypi p{to}{}", specifier(*mask)), *kind)).collect();
        let (one, other) = (given(world(), &lines), given(world(), &shuffled(&lines, order)));
        prop_assert_eq!(one.map(|r| (r.graph, r.warnings)), other.map(|r| (r.graph, r.warnings)));
    }

    #[test]
    fn the_order_of_lines_does_not_show_in_npm(
        packages in packages(),
        peers in packages(),
        lines in prop::collection::vec(((0..PACKAGES, 1u8..16), 0usize..8, 0usize..3), 0..5),
        order in any::<prop::sample::Index>(),
        strict: bool,
    ) {
        let world = || {
            let world = javascript(&packages, &peers);
            if strict { world.strict() } else { world }
        };
        let lines: Vec<_> = lines
            .iter()
            .map(|((to, mask), kind, alias)| {
                let name = ["p", "Z", "a"][*alias];
                (format!("npm {name}{to} npm:p{to}@{}", range(*mask)), *kind)
            })
            .collect();
        let (one, other) = (given(world(), &lines), given(world(), &shuffled(&lines, order)));
        prop_assert_eq!(one.map(|r| (r.graph, r.warnings)), other.map(|r| (r.graph, r.warnings)));
    }
}
