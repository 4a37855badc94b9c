use crate::model::Platform;
use crate::resolve::{LineId, PlatformSet};

use super::{World, wheels_for};

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
    let help = "ask for a range that takes c 1.4, which the others accept";
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
