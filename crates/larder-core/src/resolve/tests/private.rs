//! Private packages: features, betas, yanked versions, Python halves.

use std::collections::BTreeSet;

use proptest::prelude::*;

use crate::model::EdgeKind;
use crate::resolve::{Candidate, Release, ResolveError};

use super::World;

fn yanked(candidate: &mut Candidate, _: &mut Release) {
    candidate.yanked = true;
}

fn beta(candidate: &mut Candidate, _: &mut Release) {
    candidate.private.get_or_insert_default().is_beta = true;
}

fn with_python(candidate: &mut Candidate, _: &mut Release) {
    candidate.private.get_or_insert_default().has_python = true;
}

/// A client with features: REST by default, SOAP, and both.
fn client() -> World {
    World::new()
        .has(
            "larder client@1.0.0",
            &[
                "npm: zod ^4",
                "+default larder: client[-default,rest] =1.0.0",
                "+rest npm: fetcher ^1",
                "+soap pypi: zeep>=4",
                "+soap npm: zod ^4.1",
                "+all larder: client[-default,rest,soap] =1.0.0",
            ],
        )
        .has("npm zod@4.0.0", &[])
        .has("npm zod@4.1.0", &[])
        .has("npm fetcher@1.0.0", &[])
        .has("pypi zeep@4.2", &[])
}

#[test]
fn features_bring_what_is_listed_under_them() {
    client().asks("larder client ^1").gives(&["npm:fetcher@1.0.0", "npm:zod@4.1.0", "larder:client@1.0.0"]);
    client().asks("larder client[-default] ^1").gives(&["npm:zod@4.1.0", "larder:client@1.0.0"]);
    client().asks("larder client[soap,-default] ^1").gives(&["npm:zod@4.1.0", "pypi:zeep@4.2", "larder:client@1.0.0"]);
    let everything = ["npm:fetcher@1.0.0", "npm:zod@4.1.0", "pypi:zeep@4.2", "larder:client@1.0.0"];
    client().asks("larder client[all,-default] ^1").gives(&everything);
    client().asks("larder client[soap] ^1").gives(&everything);
}

#[test]
fn features_add_up_over_all_who_ask() {
    let world = client()
        .has("larder one@1.0.0", &["larder: client[-default,soap] ^1"])
        .has("larder two@1.0.0", &["larder: client[-default,rest] ^1"])
        .asks("larder one *")
        .asks("larder two *");
    world.gives(&[
        "npm:fetcher@1.0.0",
        "npm:zod@4.1.0",
        "pypi:zeep@4.2",
        "larder:client@1.0.0",
        "larder:one@1.0.0",
        "larder:two@1.0.0",
    ]);
    let graph = world.solved().graph;
    let edges = |name: &str| {
        let (_, instance) = graph.instances.iter().find(|(key, _)| key.to_string() == name).unwrap();
        let text = |edge: &crate::model::Edge| {
            let extra = edge.extra.as_ref().map(|extra| format!("+{extra} ")).unwrap_or_default();
            let extras: Vec<_> = edge.extras.iter().map(ToString::to_string).collect();
            format!("{extra}{}[{}]", edge.to, extras.join(","))
        };
        instance.edges.iter().map(text).collect::<Vec<_>>()
    };
    assert_eq!(edges("larder:one@1.0.0"), ["larder:client@1.0.0[soap]"]);
    let mut of_client = edges("larder:client@1.0.0");
    of_client.sort();
    assert_eq!(
        of_client,
        ["+rest npm:fetcher@1.0.0[]", "+soap npm:zod@4.1.0[]", "+soap pypi:zeep@4.2[]", "npm:zod@4.1.0[]"]
    );
}

#[test]
fn a_feature_narrows_what_its_package_asks_for() {
    let world = client().has("npm zod@4.2.0", &[]).locked("npm zod@4.0.0");
    let locked = |world: World| world.asks("larder client[-default] ^1");
    locked(world).gives(&["npm:zod@4.0.0", "larder:client@1.0.0"]);
    let world = client().locked("npm zod@4.0.0").asks("larder client[-default,soap] ^1");
    world.gives(&["npm:zod@4.1.0", "pypi:zeep@4.2", "larder:client@1.0.0"]);
}

#[test]
fn a_version_without_the_feature_is_passed_over() {
    let world = client().has("larder client@1.1.0", &["+rest npm: fetcher ^1"]);
    world.asks("larder client[soap,-default] ^1").gives(&["npm:zod@4.1.0", "pypi:zeep@4.2", "larder:client@1.0.0"]);
}

#[test]
fn an_unknown_feature_is_told_with_the_one_that_is_meant() {
    let why = client().asks("larder client[soapy] ^1").unsolved();
    assert_eq!(
        why.because,
        ["the project asks for client[soapy] ^1", "no version of client that matches ^1 has the feature `soapy`"]
    );
    assert_eq!(why.help.as_deref(), Some("did you mean `soap`?"));
    let why = client().asks("larder client[graphql] ^1").unsolved();
    assert_eq!(why.help.as_deref(), Some("client 1.0.0 has all, default, rest, soap"));
    let why = World::new().has("larder a@1.0.0", &[]).asks("larder a[x] *").unsolved();
    assert_eq!(why.help.as_deref(), Some("a 1.0.0 has no features"));
}

#[test]
fn features_are_asked_of_the_bucket_that_is_chosen() {
    let world = client()
        .has("larder client@2.0.0", &["pypi: p<1", "+soap pypi: zeep>=4"])
        .has("pypi p@1.0", &[])
        .has("larder client@3.0.0", &[])
        .asks("larder client[-default,soap] >=1");
    world.gives(&["npm:zod@4.1.0", "pypi:zeep@4.2", "larder:client@1.0.0"]);
}

#[test]
fn a_beta_is_taken_where_the_line_says_so() {
    let world = || World::new().has("larder a@1.0.0", &[]).has_with("larder a@1.1.0", &[], beta);
    world().asks("larder a ^1").gives(&["larder:a@1.0.0"]);
    world().asks("larder beta a ^1").gives(&["larder:a@1.1.0"]);
    let why = world().asks("larder a ^1.1").unsolved();
    assert_eq!(why.because.last().unwrap(), "a 1.1.0 is a beta");
    assert_eq!(
        why.help.as_deref(),
        Some("write `beta=#true` on the line that asks for it: `larder add … --beta` does")
    );
    // Whoever takes betas does so for himself.
    let world = world().has("larder b@1.0.0", &["larder: a ^1.1"]).asks("larder b *").asks("larder beta a ^1");
    assert_eq!(world.unsolved().because.last().unwrap(), "a 1.1.0 is a beta");
}

#[test]
fn a_prerelease_is_taken_where_the_range_names_one() {
    let world =
        || World::new().has("larder a@1.0.0", &[]).has("larder a@2.0.0-rc.1", &[]).has("larder a@2.0.0-rc.2+b7", &[]);
    world().asks("larder a *").gives(&["larder:a@1.0.0"]);
    world().asks("larder a >=1").gives(&["larder:a@1.0.0"]);
    world().asks("larder a ^2.0.0-rc.1").gives(&["larder:a@2.0.0-rc.2+b7"]);
    assert_eq!(world().asks("larder a ^2").unsolved().because.last().unwrap(), "no version of a matches ^2");
}

#[test]
fn a_yanked_version_stays_where_it_is_locked_and_is_not_chosen_anew() {
    let world = || World::new().has("larder a@1.0.0", &[]).has_with("larder a@1.1.0", &[], yanked);
    world().asks("larder a ^1").gives(&["larder:a@1.0.0"]);
    world().locked("larder a@1.1.0").asks("larder a ^1").gives(&["larder:a@1.1.0"]);
    let why = world().asks("larder a =1.1.0").unsolved();
    assert_eq!(why.because.last().unwrap(), "a 1.1.0 was yanked");
}

#[test]
fn a_python_half_is_there_once() {
    let world = || {
        World::new()
            .has_with("larder a@1.0.0", &[], with_python)
            .has_with("larder a@2.0.0", &[], with_python)
            .has("larder a@3.0.0", &[])
            .has("larder old@1.0.0", &["larder: a ^1"])
            .has("larder any@1.0.0", &["larder: a >=1, <3"])
            .has("larder new@1.0.0", &["larder: a ^2"])
            .has("larder newest@1.0.0", &["larder: a ^3"])
    };
    // The bucket is the solver's choice.
    world().asks("larder old *").asks("larder any *").gives(&[
        "larder:a@1.0.0",
        "larder:any@1.0.0",
        "larder:old@1.0.0",
    ]);
    world().asks("larder any *").gives(&["larder:a@2.0.0", "larder:any@1.0.0"]);
    // A version without a Python half is beside one that has one.
    world().asks("larder old *").asks("larder newest *").gives(&[
        "larder:a@1.0.0",
        "larder:a@3.0.0",
        "larder:newest@1.0.0",
        "larder:old@1.0.0",
    ]);
    let why = world().asks("larder old *").asks("larder new *").unsolved();
    assert_eq!(
        why.because,
        [
            "the project asks for old *",
            "old 1.0.0 needs a ^1",
            "the project asks for new *",
            "new 1.0.0 needs a ^2",
            "a has a Python half, so that an environment has one version of it, and these ask for several"
        ]
    );
}

#[test]
fn an_optional_private_package_that_cannot_be_had_is_left_out() {
    let world = World::new()
        .has("larder a@1.0.0", &["opt larder: gone ^1", "opt larder: strict ^1", "+extra opt npm: missing ^1"])
        .has("larder strict@1.0.0", &["pypi: p<1"])
        .has("pypi p@1.0", &[])
        .asks("larder a ^1")
        .asks("pypi p>=1");
    world.gives(&["pypi:p@1.0", "larder:a@1.0.0"]);
    let graph = world.solved().graph;
    let instance = graph.instances.iter().find(|(key, _)| key.to_string() == "larder:a@1.0.0").unwrap().1;
    let dropped: Vec<_> = instance.dropped.iter().map(|one| format!("{}: {}", one.name, one.reason)).collect();
    assert_eq!(
        dropped,
        ["gone: registry home does not have it", "strict: it contradicts something that is not optional"]
    );
    assert!(instance.edges.iter().all(|edge| edge.kind == EdgeKind::Normal));
}

#[test]
fn a_conflict_through_three_ecosystems_is_told_step_by_step() {
    let why = World::new()
        .has("larder shop@1.0.0", &["larder: orders[soap] ^2"])
        .has("larder orders@2.0.0", &["npm: zod ^4", "+soap pypi: zeep>=4"])
        .has("npm zod@4.0.0", &[])
        .has("pypi zeep@4.0", &["lxml<5"])
        .has("pypi lxml@4.9", &[])
        .has("pypi lxml@5.1", &[])
        .asks("larder shop ^1")
        .asks("pypi lxml>=5")
        .unsolved();
    assert_eq!(
        why.because,
        [
            "the project asks for shop ^1",
            "shop 1.0.0 needs orders[soap] ^2",
            "orders 2.0.0 needs zeep >=4",
            "zeep 4.0 needs lxml <5",
            "the project asks for lxml >=5",
            "no version of lxml satisfies both",
        ]
    );
    assert_eq!(why.help.as_deref(), Some("ask for a range that takes lxml 4.9, which the others named here accept"));
}

/// A requirement in a random world: the package, the place of its range among [`RANGES`], the features (a bit each).
type Want = (usize, usize, u8);

/// A version in a random world: whether it has a Python half, and what it needs, by itself or under a feature.
type Declared = (bool, Vec<(Option<u8>, Want)>);

const PACKAGES: usize = 3;
const VERSIONS: [(&str, u64); 3] = [("1.0.0", 1), ("1.1.0", 1), ("2.0.0", 2)];
/// Ranges, with the versions (a bit each) that satisfy them.
const RANGES: [(&str, u8); 5] = [("*", 7), ("^1", 3), ("=1.0.0", 1), (">=1.1", 6), ("^2", 4)];

fn want() -> impl Strategy<Value = Want> {
    (0..PACKAGES, 0..RANGES.len(), 0u8..4)
}

fn declared() -> impl Strategy<Value = Vec<Vec<Declared>>> {
    let need = (prop::option::of(0u8..2), want());
    let version = (prop::bool::weighted(0.3), prop::collection::vec(need, 0..3));
    prop::collection::vec(prop::collection::vec(version, VERSIONS.len()), PACKAGES)
}

fn written((to, range, features): Want) -> String {
    let asked = ["", ",f0", ",f1", ",f0,f1"][features as usize];
    format!("p{to}[-default{asked}] {}", RANGES[range].0)
}

/// Returns the features that a version declares: those under which it needs something.
fn features(declared: &Declared) -> u8 {
    declared.1.iter().filter_map(|(feature, _)| *feature).fold(0, |all, bit| all | 1 << bit)
}

/// What is chosen: for each bucket of each package a version, with the features that are asked of it.
type Chosen = [[Option<(usize, u8)>; 3]; PACKAGES];

/// Tries every choice of versions.
fn satisfiable(packages: &[Vec<Declared>], asked: &[Want], chosen: &Chosen) -> bool {
    let Some((&(to, range, wanted), rest)) = asked.split_first() else { return true };
    (0..VERSIONS.len()).any(|version| {
        let declared = &packages[to][version];
        let bucket = VERSIONS[version].1 as usize;
        let before = chosen[to][bucket];
        let is_alone = |(at, other): (usize, &Option<(usize, u8)>)| {
            at == bucket || other.is_none_or(|(other, _)| !declared.0 || !packages[to][other].0)
        };
        if RANGES[range].1 & (1 << version) == 0
            || wanted & !features(declared) != 0
            || before.is_some_and(|(known, _)| known != version)
            || !chosen[to].iter().enumerate().all(is_alone)
        {
            return false;
        }
        let known = before.map_or(0, |(_, features)| features);
        let is_new = |feature: &Option<u8>| match feature {
            None => before.is_none(),
            Some(bit) => wanted & !known & (1 << bit) != 0,
        };
        let more = declared.1.iter().filter(|(feature, _)| is_new(feature)).map(|(_, want)| *want);
        let asked: Vec<Want> = more.chain(rest.iter().copied()).collect();
        let mut chosen = *chosen;
        chosen[to][bucket] = Some((version, known | wanted));
        satisfiable(packages, &asked, &chosen)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn private_packages_are_solved_exactly_where_they_can_be(
        packages in declared(),
        asked in prop::collection::vec(want(), 1..4),
    ) {
        let mut world = World::new();
        for (name, versions) in packages.iter().enumerate() {
            for (declared, (version, _)) in versions.iter().zip(VERSIONS) {
                let under = |feature: &Option<u8>| feature.map(|bit| format!("+f{bit} ")).unwrap_or_default();
                let needs: Vec<_> =
                    declared.1.iter().map(|(feature, want)| format!("{}{}", under(feature), written(*want))).collect();
                let needs: Vec<_> = needs.iter().map(String::as_str).collect();
                let has_python = declared.0;
                world = world.has_with(&format!("larder p{name}@{version}"), &needs, |candidate, _| {
                    candidate.private.get_or_insert_default().has_python = has_python;
                });
            }
        }
        let world = asked.iter().fold(world, |world, want| world.asks(&format!("larder {}", written(*want))));
        let expected = satisfiable(&packages, &asked, &Chosen::default());
        match world.resolve() {
            Ok(resolution) => {
                prop_assert!(expected);
                let graph = resolution.graph;
                for (place, root) in graph.roots.iter().enumerate() {
                    prop_assert_eq!(root.to.len(), 1, "line {}", place);
                    prop_assert!(root.requirement.matches(&root.to[0].to.package.version));
                }
                let buckets: BTreeSet<_> =
                    graph.packages.keys().map(|key| (&key.id, key.version.to_string().chars().next())).collect();
                prop_assert_eq!(buckets.len(), graph.packages.len(), "one version in each bucket");
            }
            Err(ResolveError::NoSolution(why)) => {
                prop_assert!(!expected);
                let core: Vec<Want> = why.lines.iter().map(|line| asked[line.0 as usize]).collect();
                prop_assert!(!satisfiable(&packages, &core, &Chosen::default()), "the core is unsatisfiable");
                prop_assert!(!why.because.is_empty() && why.because.len() <= 10);
            }
            Err(error) => prop_assert!(false, "{error}"),
        }
    }
}
