use crate::model::{Dependent, Ecosystem, Extension, Override, PackageName, Platform};
use crate::resolve::{LineId, PlatformSet, RuleId};

use super::{World, requirement, wheels_for};

#[track_caller]
fn check(world: &World, lines: &[u32], because: &[&str], help: &str) {
    let why = world.unsolved();
    assert_eq!(why.lines, lines.iter().copied().map(LineId).collect::<Box<[_]>>());
    assert_eq!(why.because, because);
    assert_eq!(why.help.unwrap_or_default(), help);
}

#[test]
fn two_lines_that_contradict_each_other_are_named_and_no_other() {
    let world = World::new()
        .has("pypi a@1.0", &["c==1.0"])
        .has("pypi b@1.0", &["c==2.0"])
        .has("pypi c@1.0", &[])
        .has("pypi c@2.0", &[])
        .has("pypi d@1.0", &["c"])
        .asks("pypi d")
        .asks("pypi a")
        .asks("pypi b");
    check(
        &world,
        &[1, 2],
        &[
            "the project asks for a",
            "a 1.0 needs c ==1.0",
            "the project asks for b",
            "b 1.0 needs c ==2.0",
            "no version of c satisfies both",
        ],
        "change one of these lines, or settle it with `override pypi \"c\" \"…\"` under `resolution`",
    );
}

#[test]
fn the_range_that_would_do_is_named() {
    let world = World::new()
        .has("pypi a@1.0", &["c<2"])
        .has("pypi c@1.0", &[])
        .has("pypi c@1.4", &[])
        .has("pypi c@2.0", &[])
        .asks("pypi a")
        .asks("pypi c>=2");
    let help = "ask for a range that takes c 1.4, which the others named here accept";
    assert_eq!(world.unsolved().help.as_deref(), Some(help));
}

#[test]
fn a_package_that_does_not_exist_is_named_with_its_registry() {
    let world = World::new().asks("npm raect ^18");
    check(
        &world,
        &[0],
        &["the project asks for raect ^18", "npm package raect does not exist in registry home"],
        "check the spelling; if another registry has it, claim the name there: `packages \"raect\"` under `registries`",
    );
}

#[test]
fn a_range_that_nothing_matches_is_told_with_the_newest_version() {
    let world = World::new().has("npm a@1.4.0", &[]).asks("npm a ^2");
    check(&world, &[0], &["the project asks for a ^2", "no version of a matches ^2"], "the newest is a 1.4.0");
}

#[test]
fn a_locked_version_that_is_gone_is_named() {
    let world = World::new().has("npm a@1.4.0", &[]).asks("npm a ^2").locked("npm a@2.1.0");
    let help = "a 2.1.0 was locked, and its registry does not have it; the newest is a 1.4.0";
    check(&world, &[0], &["the project asks for a ^2", "no version of a matches ^2"], help);
}

#[test]
fn a_missing_wheel_names_the_versions_that_have_one() {
    let world = World::new()
        .platforms(&[Platform::LinuxX64, Platform::WindowsX64])
        .has("pypi a@1.0", &[])
        .has_with("pypi a@2.0", &[], wheels_for(&[Platform::LinuxX64]))
        .asks("pypi a>=2");
    check(
        &world,
        &[0],
        &["the project asks for a >=2", "no version of a that matches >=2 has a wheel for windows-x64"],
        "these have one: a 1.0; or drop windows-x64 from `platforms`",
    );
}

#[test]
fn a_strict_peer_conflict_names_both_dependents() {
    let world = World::new()
        .strict()
        .has("npm react@17.0.0", &[])
        .has("npm react@18.0.0", &[])
        .has("npm dom@18.0.0", &["peer react ^18"])
        .asks("npm react ^17")
        .asks("npm dom *");
    let why = world.unsolved();
    assert_eq!(
        why.because,
        [
            "the project asks for react ^17",
            "the project asks for dom *",
            "dom 18.0.0 wants as a peer react ^18",
            "no version of react satisfies both",
        ]
    );
}

#[test]
fn versions_that_say_the_same_are_told_at_once() {
    let mut world = World::new().has("pypi c@1.0", &[]).has("pypi c@2.0", &[]).asks("pypi a").asks("pypi c>=2");
    for version in 1..=5 {
        world = world.has(&format!("pypi a@{version}.0"), &["c<2"]);
    }
    assert_eq!(world.unsolved().because[1], "every version of a needs c <2");
}

#[test]
fn versions_that_are_refused_for_one_reason_are_told_in_one_line() {
    let mut world = World::new().has("pypi tool@1.0", &["chart"]);
    for version in 1..=40 {
        world = world.has_with(&format!("pypi chart@{version}.0"), &["git chart"], |candidate, _| {
            candidate.wheels = PlatformSet::NONE;
            candidate.sdist = true;
        });
    }
    check(
        &world.asks("pypi tool"),
        &[0],
        &[
            "the project asks for tool",
            "tool 1.0 needs chart",
            "no version of chart can be used: git dependencies are refused",
        ],
        "`larder builds allow pypi:chart` lets it be built, in a sandbox; else serve a wheel of it from a registry of your \
         own, or leave it out with `override pypi \"chart\"` under `resolution`",
    );
}

/// Adds `override npm "PARENT>NAME" "RANGE"`, written `npm NAME RANGE`.
fn overriding(mut world: World, parent: Option<&str>, what: &str) -> World {
    let (ecosystem, text) = what.split_once(' ').unwrap();
    let replacement = requirement(ecosystem.parse().unwrap(), text);
    world.settings.overrides.push(Override {
        parent: parent.map(|parent| PackageName::npm(parent).unwrap()),
        package: replacement.package(),
        asked: None,
        replacement: Some(replacement),
    });
    world
}

#[test]
fn an_override_that_nothing_matches_is_named_and_is_what_to_change() {
    let world = World::new()
        .has("npm web@4.0.0", &["send ~0.19"])
        .has("npm web@4.1.0", &["send ^0.19"])
        .has("npm send@0.19.0", &[])
        .has("npm send@1.2.1", &[])
        .asks("npm web ^4");
    let world = overriding(world, None, "npm send 99.0.0");
    check(
        &world,
        &[0],
        &[
            "the project asks for web ^4",
            "every version of web needs send 99.0.0, as `override npm \"send\" \"99.0.0\"` says",
            "no version of send matches 99.0.0",
        ],
        "change `override npm \"send\" \"99.0.0\"` under `resolution`, or remove it; the newest is send 1.2.1",
    );
    assert_eq!(world.unsolved().rules, [RuleId::Override(0)]);
}

#[test]
fn an_override_of_one_dependent_is_written_with_it_and_others_are_not_blamed() {
    let world = World::new()
        .has("npm a@1.0.0", &["c ^1"])
        .has("npm b@1.0.0", &["c ^1"])
        .has("npm c@1.0.0", &[])
        .asks("npm a ^1")
        .asks("npm b ^1");
    let world = overriding(overriding(world, Some("b"), "npm c ^1"), Some("a"), "npm c ^3");
    check(
        &world,
        &[0],
        &[
            "the project asks for a ^1",
            "a 1.0.0 needs c ^3, as `override npm \"a>c\" \"^3\"` says",
            "no version of c matches ^3",
        ],
        "change `override npm \"a>c\" \"^3\"` under `resolution`, or remove it; the newest is c 1.0.0",
    );
    assert_eq!(world.unsolved().rules, [RuleId::Override(1)]);
}

#[test]
fn an_override_that_leads_to_a_contradiction_is_named_in_the_chain() {
    let world = World::new()
        .has("pypi a@1.0", &["c<2"])
        .has("pypi c@1.0", &[])
        .has("pypi c@2.0", &["d>=2"])
        .has("pypi d@1.0", &[])
        .has("pypi d@2.0", &[])
        .asks("pypi a")
        .asks("pypi d<2");
    world.gives(&["pypi:a@1.0", "pypi:c@1.0", "pypi:d@1.0"]);
    check(
        &overriding(world, None, "pypi c>=2"),
        &[0, 1],
        &[
            "the project asks for a",
            "a 1.0 needs c >=2, as `override pypi \"c\" \">=2\"` says",
            "c 2.0 needs d >=2",
            "the project asks for d <2",
            "no version of d satisfies both",
        ],
        "ask for a range that takes d 2.0, which the others named here accept; or change `override pypi \"c\" \">=2\"` under `resolution`, or \
         remove it",
    );
}

#[test]
fn a_line_that_is_overridden_is_not_what_to_change() {
    let world = World::new().has("pypi c@1.0", &[]).has("pypi c@2.0", &[]).asks("pypi c<2");
    check(
        &overriding(world, None, "pypi c>=9"),
        &[0],
        &["the project asks for c >=9, as `override pypi \"c\" \">=9\"` says", "no version of c matches >=9"],
        "change `override pypi \"c\" \">=9\"` under `resolution`, or remove it; the newest is c 2.0",
    );
}

#[test]
fn overrides_of_other_ecosystems_are_named_too() {
    let creatio = World::new().has("creatio UsrA@1.0", &["UsrB"]).has("creatio UsrB@1.4", &[]).asks("creatio UsrA");
    let creatio = overriding(creatio, None, "creatio UsrB >=2").unsolved();
    assert_eq!(creatio.because[1], "UsrA 1.0.0 needs UsrB >=2, as `override creatio \"UsrB\" \">=2\"` says");
    assert_eq!(creatio.rules, [RuleId::Override(0)]);
    let private = World::new().has("larder a@1.0.0", &["b ^1"]).has("larder b@1.0.0", &[]).asks("larder a ^1");
    let private = overriding(private, None, "larder b ^2").unsolved();
    assert_eq!(private.because[1], "a 1.0.0 needs b ^2, as `override larder \"b\" \"^2\"` says");
}

#[test]
fn an_extension_that_nothing_matches_is_what_to_change() {
    let mut world = World::new().has("npm a@1.0.0", &[]).has("npm c@1.0.0", &[]).asks("npm a ^1");
    let package = requirement(Ecosystem::Npm, "a").package();
    world.settings.extensions.push(Extension { package, dependency: requirement(Ecosystem::Npm, "c ^9") });
    check(
        &world,
        &[0],
        &["the project asks for a ^1", "a 1.0.0 needs c ^9, as `extend npm \"a\"` says", "no version of c matches ^9"],
        "change `extend npm \"a\"` under `resolution`, or remove it; the newest is c 1.0.0",
    );
    assert_eq!(world.unsolved().rules, [RuleId::Extension(0)]);
}

#[test]
fn what_the_platform_provides_is_held_against_what_is_asked_after_overrides() {
    let world = || World::new().has("creatio UsrA@1.0", &["CrtOrders >=2"]).asks("creatio UsrA");
    let mut refused = world();
    refused.settings.instance.read_line("provides CrtOrders 1.5").unwrap();
    assert!(refused.unsolved().because[1].contains("the instance provides 1.5"));
    overriding(refused, None, "creatio CrtOrders >=1").gives(&["creatio:UsrA@1.0.0"]);
}

#[test]
fn all_lines_that_nothing_satisfies_are_told_at_once() {
    let world = World::new()
        .has("npm a@1.0.0", &[])
        .tag("a", "latest", "1.0.0")
        .has("pypi six@1.16", &[])
        .asks("npm raect ^18")
        .asks("npm a ^1")
        .asks("pypi flsk")
        .asks("npm a2 npm:a@next")
        .asks("pypi six>=9")
        .asks_with("npm gone *", |line| line.optional = true);
    let why = world.unsolved();
    let mut told: Vec<(u32, String)> = [&why]
        .into_iter()
        .chain(&why.others)
        .map(|one| {
            assert_eq!(one.lines.len(), 1, "{one:?}");
            (one.lines[0].0, one.because.last().cloned().unwrap())
        })
        .collect();
    told.sort();
    let told: Vec<(u32, &str)> = told.iter().map(|(line, why)| (*line, &**why)).collect();
    assert_eq!(
        told,
        [
            (0, "npm package raect does not exist in registry home"),
            (2, "pypi package flsk does not exist in registry home"),
            (3, "a has no dist-tag `next`"),
            (4, "no version of six matches >=9"),
        ]
    );
    // A contradiction between lines is told beside them.
    let world = World::new()
        .has("pypi a@1.0", &["c<2"])
        .has("pypi c@1.0", &[])
        .has("pypi c@2.0", &[])
        .asks("pypi a")
        .asks("pypi c>=2")
        .asks("npm raect *")
        .asks_with("npm raect ^1", |line| line.dependent = Dependent::Member("app".into()));
    let why = world.unsolved();
    let all: Vec<&str> = [&why].into_iter().chain(&why.others).flat_map(|one| &one.because).map(|one| &**one).collect();
    for sentence in ["the project asks for raect *", "member app asks for raect ^1"] {
        assert_eq!(all.iter().filter(|told| **told == sentence).count(), 1, "{sentence}: {all:?}");
    }
    assert!(all.contains(&"npm package raect does not exist in registry home"), "{all:?}");
}
