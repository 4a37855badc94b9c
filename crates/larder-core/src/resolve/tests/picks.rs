//! Strict peers: a direct dependency is npm's own pick among what its line and the peers laid upon it take.

use crate::model::{Dependent, Engines, Override, PackageId, PackageName, Requirement};
use crate::resolve::RequiredLine;

use super::{World, requirement};

/// b 2.0.1 peers on c ^2, and b 2.0.0 takes any c.
fn escape() -> World {
    World::new()
        .strict()
        .has("npm b@2.0.0", &["peer c *"])
        .has("npm b@2.0.1", &["peer c ^2"])
        .has("npm c@1.0.0", &[])
        .has("npm c@2.0.0", &[])
}

fn of_member(folder: &str) -> impl FnOnce(&mut RequiredLine) + '_ {
    move |line| line.dependent = Dependent::Member(folder.into())
}

#[track_caller]
fn says(world: &World, because: &[&str], help: &str) {
    let why = world.unsolved();
    assert_eq!(why.because, because);
    let relaxed = "or set `npm-peers \"relaxed\"` under `resolution` to be warned about peers instead";
    assert_eq!(why.help.unwrap(), format!("{help}, {relaxed}"));
}

#[test]
fn a_pick_is_not_lowered_for_its_own_peers() {
    let world = escape().asks("npm b ^2").asks("npm c ^1");
    says(
        &world,
        &[
            "the project asks for b ^2",
            "b 2.0.1 wants as a peer c ^2",
            "the project asks for c ^1",
            "no version of c satisfies both",
        ],
        "b 2.0.0 fits, and npm picks b 2.0.1: ask for b 2.0.0",
    );
    escape().asks("npm b 2.0.0").asks("npm c ^1").gives(&["npm:b@2.0.0", "npm:c@1.0.0"]);
    escape().asks("npm b ^2").asks("npm c *").gives(&["npm:b@2.0.1", "npm:c@2.0.0"]);
}

#[test]
fn relaxed_peers_know_no_such_rule() {
    let mut world = escape().asks("npm b ^2").asks("npm c ^1");
    world.settings.npm_peers = crate::model::NpmPeers::Relaxed;
    world.gives(&["npm:b@2.0.1", "npm:c@1.0.0"]);
}

#[test]
fn a_pick_is_not_raised_for_its_own_peers_either() {
    let world = escape().tag("b", "latest", "2.0.0").asks("npm b ^2").asks("npm c *");
    world.gives(&["npm:b@2.0.0", "npm:c@2.0.0"]);
    let world = World::new()
        .strict()
        .has("npm b@1.0.0", &["peer c ^1"])
        .has("npm b@2.0.0", &["peer c ^2"])
        .has("npm c@1.0.0", &[])
        .has("npm c@2.0.0", &[])
        .tag("b", "latest", "1.0.0")
        .asks("npm b *")
        .asks("npm c ^2");
    assert!(world.unsolved().because.contains(&"b 1.0.0 wants as a peer c ^1".to_owned()));
}

#[test]
fn a_peer_that_is_laid_upon_a_pick_lowers_it() {
    let world = World::new()
        .strict()
        .has("npm x@1.0.0", &[])
        .has("npm x@1.0.7", &[])
        .has("npm x@1.1.0", &[])
        .has("npm a@1.0.0", &["peer x ~1.0"]);
    world.asks("npm x ^1").asks("npm a *").gives(&["npm:a@1.0.0", "npm:x@1.0.7"]);
}

#[test]
fn what_peers_can_be_kept_at_its_newest_by_lowering_what_it_peers_on() {
    let world = World::new()
        .strict()
        .has("npm x@1.0.0", &[])
        .has("npm x@1.1.0", &[])
        .has("npm z@1.0.0", &[])
        .has("npm z@1.1.0", &["peer x 1.0.0"]);
    world.asks("npm x ^1").asks("npm z ^1").gives(&["npm:x@1.0.0", "npm:z@1.1.0"]);
}

#[test]
fn several_are_lowered_together_by_what_is_laid_upon_them() {
    let world = World::new()
        .strict()
        .has("npm a@1.0.0", &["peer x 1.0.0", "peer y 1.0.0"])
        .has("npm x@1.0.0", &["peer y ^1"])
        .has("npm x@1.1.0", &["peer y 1.1.0"])
        .has("npm y@1.0.0", &["peer x ^1"])
        .has("npm y@1.1.0", &["peer x 1.1.0"]);
    let lines = world.asks("npm x ^1").asks("npm y ^1");
    lines.gives(&["npm:x@1.1.0", "npm:y@1.1.0"]);
    lines.asks("npm a *").gives(&["npm:a@1.0.0", "npm:x@1.0.0", "npm:y@1.0.0"]);
}

#[test]
fn two_picks_whose_peers_contradict_each_other_have_no_solution() {
    let world = World::new()
        .strict()
        .has("npm y@1.0.0", &[])
        .has("npm y@1.1.0", &["peer x ^1"])
        .has("npm z@1.0.0", &[])
        .has("npm z@1.1.0", &["peer x ^2"])
        .has("npm x@1.0.0", &[])
        .has("npm x@2.0.0", &[])
        .asks("npm x *")
        .asks("npm y ^1")
        .asks("npm z ^1");
    let why = world.unsolved();
    assert_eq!(why.lines.len(), 2, "x's line takes both: {:?}", why.because);
    assert!(why.help.unwrap().contains(" 1.0.0 fits, and npm picks "), "{:?}", why.because);
}

#[test]
fn a_cycle_of_peers_may_lower_the_pick_that_it_begins_with() {
    let world = World::new()
        .strict()
        .has("npm a@1.0.0", &["peer b ^1"])
        .has("npm a@1.1.0", &["peer b ^1"])
        .has("npm b@1.0.0", &["peer a 1.0.0"]);
    world.asks("npm a ^1").gives(&["npm:a@1.0.0", "npm:b@1.0.0"]);
}

#[test]
fn a_missing_peer_is_npms_own_pick_too() {
    let world = escape().has("npm a@1.0.0", &["peer b ^2"]).asks("npm a *").asks("npm c ^1");
    says(
        &world,
        &[
            "the project asks for a *",
            "a 1.0.0 wants as a peer b ^2",
            "b 2.0.1 wants as a peer c ^2",
            "the project asks for c ^1",
            "no version of c satisfies both",
        ],
        "b 2.0.0 fits, and npm picks b 2.0.1: ask for b 2.0.0",
    );
    world.asks("npm b 2.0.0").gives(&["npm:a@1.0.0", "npm:b@2.0.0", "npm:c@1.0.0"]);
}

#[test]
fn versions_that_ask_for_another_range_are_not_told_with_the_pick() {
    let world = escape().has("npm a@1.0.0", &["peer b *"]).has("npm a@1.1.0", &["peer b ^2"]);
    let why = world.asks("npm a ^1").asks("npm c ^1").unsolved();
    assert_eq!(why.because[1], "a 1.1.0 wants as a peer b ^2");
}

#[test]
fn an_optional_peer_is_laid_upon_what_is_there_only() {
    let world = |line: &str| {
        World::new()
            .strict()
            .has("npm b@1.0.0", &[])
            .has("npm b@1.1.0", &["peer? c ^2"])
            .has("npm c@1.0.0", &[])
            .has("npm c@2.0.0", &[])
            .asks("npm b ^1")
            .asks(line)
    };
    world("npm b ^1").gives(&["npm:b@1.1.0"]);
    world("npm c *").gives(&["npm:b@1.1.0", "npm:c@2.0.0"]);
    assert!(world("npm c ^1").unsolved().help.unwrap().starts_with("b 1.0.0 fits"));
}

#[test]
fn a_locked_version_stays_and_the_others_are_npms_picks() {
    let lines = || escape().asks("npm b ^2").asks("npm c ^1");
    lines().locked("npm b@2.0.0").locked("npm c@1.0.0").gives(&["npm:b@2.0.0", "npm:c@1.0.0"]);
    assert!(lines().locked("npm b@2.0.1").unsolved().help.unwrap().starts_with("b 2.0.0 fits"));
    let world = lines().has("npm b@2.0.2", &["peer c *"]).locked("npm b@2.0.1");
    world.gives(&["npm:b@2.0.2", "npm:c@1.0.0"]);
}

#[test]
fn what_is_lowered_for_another_reason_than_peers_stays_lowered() {
    let world = || escape().asks("npm b ^2").asks("npm c ^2");
    world().has("npm b@2.1.0", &["peer c ^1", "git x"]).gives(&["npm:b@2.0.1", "npm:c@2.0.0"]);
    world().has("npm b@2.1.0", &["peer c ^1", "ghost ^1"]).gives(&["npm:b@2.0.1", "npm:c@2.0.0"]);
    world()
        .has("npm b@2.1.0", &["ghost ^1"])
        .has("npm b@2.2.0", &["deep ^1"])
        .has("npm deep@1.0.0", &["ghost ^1"])
        .gives(&["npm:b@2.0.1", "npm:c@2.0.0"]);
    let mut strict = world().has_with("npm b@2.1.0", &["peer c ^1"], |_, release| {
        release.facts.node = Some(">=99".to_owned());
    });
    strict.settings.engines = Engines::Strict;
    strict.gives(&["npm:b@2.0.1", "npm:c@2.0.0"]);
}

#[test]
fn what_cannot_be_had_is_passed_over_and_the_next_pick_is_held() {
    let world = escape().has("npm b@2.0.2", &["ghost ^1"]).asks("npm b ^2").asks("npm c ^1");
    let help = world.unsolved().help.unwrap();
    assert!(help.starts_with("b 2.0.0 fits, and npm picks b 2.0.1"), "{help}");
}

#[test]
fn deprecated_versions_and_dist_tags_are_picked_as_ever() {
    let world = escape().has_with("npm b@2.0.2", &["peer c ^1"], |candidate, _| candidate.deprecated = true);
    world.asks("npm b ^2").asks("npm c ^2").gives(&["npm:b@2.0.1", "npm:c@2.0.0"]);
    let world = escape().tag("b", "next", "2.0.1").asks("npm b next").asks("npm c ^1");
    assert!(world.unsolved().because.contains(&"b 2.0.1 wants as a peer c ^2".to_owned()));
}

#[test]
fn a_members_dependencies_are_picks_of_its_own() {
    let member = "apps/web";
    let world = escape().asks_with("npm b ^2", of_member(member)).asks("npm c ^1");
    assert_eq!(world.unsolved().because[0], "member apps/web asks for b ^2");
    let world = escape().asks_with("npm b ^2", of_member(member)).asks_with("npm c ^2", of_member(member));
    world.asks("npm c ^1").gives(&["npm:b@2.0.1", "npm:c@1.0.0", "npm:c@2.0.0"]);
}

#[test]
fn members_share_a_version_that_is_the_pick_of_one() {
    let world = World::new().strict().has("npm x@1.2.0", &[]).has("npm x@1.5.0", &[]);
    let world = world.asks_with("npm x 1.2.0", of_member("apps/a")).asks_with("npm x ^1", of_member("apps/b"));
    world.gives(&["npm:x@1.2.0"]);
    let world =
        escape().asks_with("npm b ^2", of_member("apps/a")).asks_with("npm b ^2", of_member("apps/b")).asks("npm c ^1");
    let help = world.unsolved().help.unwrap();
    assert!(help.starts_with("b 2.0.0 fits"), "two that were lowered are no reason: {help}");
}

#[test]
fn an_override_decides_what_there_is_to_pick() {
    let pinned = |wanted: &str| {
        let mut world = escape().asks("npm b ^2").asks("npm c ^1");
        let Requirement::Npm { alias, .. } = requirement(crate::model::Ecosystem::Npm, wanted) else { unreachable!() };
        world.settings.overrides = vec![Override {
            parent: None,
            package: PackageId::new(crate::model::Ecosystem::Npm, PackageName::npm(alias.as_str()).unwrap()),
            asked: None,
            replacement: Some(requirement(crate::model::Ecosystem::Npm, wanted)),
        }];
        world
    };
    pinned("b 2.0.0").gives(&["npm:b@2.0.0", "npm:c@1.0.0"]);
    // It reaches the peer, too.
    pinned("c 1.0.0").gives(&["npm:b@2.0.1", "npm:c@1.0.0"]);
}

#[test]
fn an_alias_is_a_pick_of_the_package_behind_it() {
    let world = escape().asks("npm plugin npm:b@^2").asks("npm c ^1");
    assert!(world.unsolved().help.unwrap().starts_with("b 2.0.0 fits"));
    let world = escape().has("npm d@1.5.0", &[]).has("npm d@2.5.0", &[]);
    world.asks("npm b ^2").asks("npm c npm:d@*").gives(&["npm:b@2.0.1", "npm:d@2.5.0"]);
}

#[test]
fn what_a_release_brings_for_itself_may_be_lowered() {
    let world = escape().has("npm app@1.0.0", &["b ^2", "c ^1"]).asks("npm app *");
    world.gives(&["npm:app@1.0.0", "npm:b@2.0.0", "npm:c@1.0.0"]);
}
