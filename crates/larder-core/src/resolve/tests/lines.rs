use proptest::prelude::*;

use crate::model::{
    AgeExemption, Dependent, Ecosystem, Extension, MinimumAge, NameGlob, Override, PackageName, Platform,
};

use crate::resolve::{Candidate, Release, RequiredLine};

use super::{World, key, requirement, wheels_for};

#[test]
fn locked_versions_are_kept() {
    let world = || World::new().has("npm a@1.0.0", &[]).has("npm a@1.1.0", &[]).asks("npm a ^1");
    world().locked("npm a@1.0.0").gives(&["npm:a@1.0.0"]);
    let python = || World::new().has("pypi a@1.0", &["b"]).has("pypi b@1.0", &[]).has("pypi b@2.0", &[]);
    python().asks("pypi a").locked("pypi b@1.0").gives(&["pypi:a@1.0", "pypi:b@1.0"]);
}

#[test]
fn locked_versions_give_way_only_in_a_conflict() {
    let world = World::new()
        .has("pypi a@1.0", &["b"])
        .has("pypi b@1.0", &[])
        .has("pypi b@2.0", &[])
        .has("pypi c@1.0", &["b>=2"])
        .has("pypi d@1.0", &[])
        .has("pypi d@2.0", &[]);
    let world = world.locked("pypi a@1.0").locked("pypi b@1.0").locked("pypi d@1.0");
    let world = world.asks("pypi a").asks("pypi c").asks("pypi d");
    world.gives(&["pypi:a@1.0", "pypi:b@2.0", "pypi:c@1.0", "pypi:d@1.0"]);
}

#[test]
fn released_before_hides_what_came_later() {
    let mut world = World::new()
        .has_with("npm a@1.0.0", &[], |c, _| c.published = Some("2024-01-01T00:00:00Z".parse().unwrap()))
        .has_with("npm a@2.0.0", &[], |c, _| c.published = Some("2025-01-01T00:00:00Z".parse().unwrap()))
        .tag("a", "latest", "2.0.0")
        .asks("npm a *");
    world.settings.released_before = Some("2025-01-01T00:00:00Z".parse().unwrap());
    world.gives(&["npm:a@1.0.0"]);
}

/// A package with these versions, each with the day of June 2025 on which it was published, or none.
fn dated(versions: &[(&str, Option<u32>)]) -> World {
    let mut world = versions.iter().fold(World::new(), |world, (version, day)| {
        world.has_with(&format!("npm a@{version}"), &[], |c, _| {
            c.published = day.map(|day| format!("2025-06-{day:02}T00:00:00Z").parse().unwrap());
        })
    });
    world.settings.released_before = Some("2025-06-10T00:00:00Z".parse().unwrap());
    world
}

#[test]
fn what_has_no_time_does_not_pass_released_before() {
    dated(&[("1.0.0", Some(1)), ("1.1.0", None)]).asks("npm a ^1").gives(&["npm:a@1.0.0"]);
    let core = dated(&[("1.0.0", None), ("1.1.0", None)]).asks("npm a ^1").unsolved();
    assert!(core.because.concat().contains("a 1.1.0 has no time of publication by registry `home`"), "{core:?}");
    assert!(core.help.as_ref().unwrap().contains("remove `released-before`"), "{core:?}");
}

#[test]
fn a_tag_stands_for_what_is_old_enough_at_or_below_it() {
    let check = |versions: &[(&str, Option<u32>)], tagged: &str, expect: &str| {
        let world = dated(versions).tag("a", "next", tagged).asks("npm a next");
        world.gives(&[&format!("npm:a@{expect}")]);
    };
    let all = [("1.0.0", Some(1)), ("1.1.0", Some(2)), ("1.2.0", Some(20)), ("1.3.0", Some(3))];
    check(&all, "1.0.0", "1.0.0");
    check(&all, "1.2.0", "1.1.0");
    check(&[("1.0.0", Some(1)), ("1.1.0", None), ("1.2.0", None)], "1.2.0", "1.0.0");
    // A tag of a final version stands for final ones; one of a pre-release for whatever is next to it.
    let beta = [("1.0.0", Some(1)), ("2.0.0-beta.1", Some(2)), ("2.0.0-beta.2", Some(20)), ("2.0.0", Some(21))];
    check(&beta, "2.0.0", "1.0.0");
    check(&beta, "2.0.0-beta.2", "2.0.0-beta.1");
    check(&[("2.0.0-beta.1", Some(2)), ("2.0.0", Some(21))], "2.0.0", "2.0.0-beta.1");
    let core = dated(&[("1.0.0", Some(1)), ("2.0.0", Some(20))]).tag("a", "next", "2.0.0");
    core.asks("npm a next").gives(&["npm:a@1.0.0"]);
    let none = dated(&[("1.0.0", Some(20)), ("2.0.0", Some(21))]).tag("a", "next", "2.0.0").asks("npm a next");
    assert!(none.unsolved().because.concat().contains("a 2.0.0 was published at 2025-06-21"));
}

/// A package like that of [`dated`], and an `age` whose cutoff is the tenth day.
fn aged(versions: &[(&str, Option<u32>)]) -> World {
    let mut world = dated(versions);
    world.settings.age_cutoff = world.settings.released_before.take();
    world.settings.age = Some(MinimumAge { minimum: std::time::Duration::from_secs(86_400), exempt: Vec::new() });
    world
}

fn exempt(names: &str, versions: Option<&str>) -> AgeExemption {
    let matcher = globset::Glob::new(names).unwrap().compile_matcher();
    let versions = versions.map(|versions| requirement(Ecosystem::Npm, &format!("{names} {versions}")));
    AgeExemption { names: NameGlob::new(Ecosystem::Npm, names, matcher), versions, before: None }
}

#[test]
fn a_version_is_chosen_when_it_is_old_enough_exempt_or_locked() {
    let versions = [("1.0.0", Some(1)), ("1.1.0", Some(20)), ("1.2.0", Some(21))];
    aged(&versions).asks("npm a ^1").gives(&["npm:a@1.0.0"]);
    aged(&versions).tag("a", "latest", "1.2.0").asks("npm a latest").gives(&["npm:a@1.0.0"]);
    let exempting = |exemption| {
        let mut world = aged(&versions).asks("npm a ^1");
        world.settings.age.as_mut().unwrap().exempt.push(exemption);
        world
    };
    exempting(exempt("*", None)).gives(&["npm:a@1.2.0"]);
    exempting(exempt("b*", None)).gives(&["npm:a@1.0.0"]);
    exempting(exempt("a", Some("1.1.0 || 3.0.0"))).gives(&["npm:a@1.1.0"]);
    let until = |day| Some(format!("2025-06-{day}T12:00:00Z").parse().unwrap());
    exempting(AgeExemption { before: until(20), ..exempt("a", None) }).gives(&["npm:a@1.1.0"]);
    exempting(AgeExemption { before: until(20), ..exempt("a", Some(">=1.2")) }).gives(&["npm:a@1.0.0"]);
    aged(&versions).asks("npm a ^1").locked("npm a@1.1.0").gives(&["npm:a@1.1.0"]);
    let tagged = || aged(&versions).tag("a", "latest", "1.2.0").asks("npm a latest");
    tagged().locked("npm a@1.2.0").gives(&["npm:a@1.2.0"]);
}

#[test]
fn what_is_too_young_is_named_with_the_way_out() {
    let core = aged(&[("1.0.0", Some(1)), ("2.0.0", Some(20))]).asks("npm a ^2").unsolved();
    let because = core.because.concat();
    assert!(because.contains("a 2.0.0 was published at 2025-06-20T00:00:00Z, and `age` admits"), "{because}");
    let help = core.help.unwrap();
    assert!(help.contains("`exempt npm \"a\"`") && help.contains("a 1.0.0 is old enough"), "{help}");
    let core = aged(&[("1.0.0", None)]).asks("npm a ^1").unsolved();
    assert!(core.because.concat().contains("a 1.0.0 has no time of publication by registry `home`"), "{core:?}");
    assert!(core.help.as_ref().unwrap().contains("unknown \"allow\""), "{core:?}");
}

#[test]
fn any_version_is_the_latest_that_is_old_enough() {
    let versions = [("1.0.0", Some(1)), ("1.1.0", Some(2)), ("2.0.0", Some(20)), ("3.0.0", Some(3))];
    dated(&versions).tag("a", "latest", "2.0.0").asks("npm a *").gives(&["npm:a@1.1.0"]);
}

fn overriding(parent: Option<&str>, package: &str, with: Option<&str>) -> World {
    let mut world = World::new()
        .has("npm a@1.0.0", &["c ^1"])
        .has("npm b@1.0.0", &["c ^1", "peer d ^1"])
        .has("npm c@1.0.0", &[])
        .has("npm c@2.0.0", &[])
        .has("npm fork@1.0.0", &[])
        .has("npm d@1.0.0", &[])
        .has("npm d@2.0.0", &[])
        .asks("npm a *")
        .asks("npm b *");
    world.settings.overrides.push(Override {
        parent: parent.map(|parent| PackageName::npm(parent).unwrap()),
        package: requirement(Ecosystem::Npm, package).package(),
        asked: None,
        replacement: with.map(|with| requirement(Ecosystem::Npm, with)),
    });
    world
}

#[test]
fn an_override_replaces_what_everybody_asks_for() {
    let all = overriding(None, "c", Some("c 2.0.0"));
    all.gives(&["npm:a@1.0.0", "npm:b@1.0.0", "npm:c@2.0.0", "npm:d@1.0.0"]);
}

#[test]
fn an_override_may_name_the_dependent() {
    let one = overriding(Some("a"), "c", Some("c 2.0.0"));
    assert_eq!(one.edges("npm:a@1.0.0"), ["c→npm:c@2.0.0"]);
    one.gives(&["npm:a@1.0.0", "npm:b@1.0.0", "npm:c@1.0.0", "npm:c@2.0.0", "npm:d@1.0.0"]);
}

#[test]
fn an_override_may_be_for_some_ranges_only() {
    let with = |asked: &str| {
        let mut world = overriding(None, "c", Some("c 2.0.0"));
        world.settings.overrides[0].asked = Some(asked.parse().unwrap());
        world.edges("npm:a@1.0.0").join(" ")
    };
    assert_eq!(with("<1.5"), "c→npm:c@2.0.0");
    assert_eq!(with(">=2"), "c→npm:c@1.0.0");
    // The closest counts, whichever comes first.
    let mut world = overriding(None, "c", Some("c 2.0.0"));
    let fork = Override {
        asked: "1".parse().ok(),
        replacement: Some(requirement(Ecosystem::Npm, "c npm:fork@^1")),
        ..world.settings.overrides[0].clone()
    };
    world.settings.overrides.push(fork);
    assert_eq!(world.edges("npm:a@1.0.0"), ["c→npm:fork@1.0.0"]);
}

#[test]
fn an_override_may_put_another_package_under_the_name() {
    let fork = overriding(Some("a"), "c", Some("c npm:fork@^1"));
    assert_eq!(fork.edges("npm:a@1.0.0"), ["c→npm:fork@1.0.0"]);
}

#[test]
fn an_override_is_about_the_name_that_the_dependent_uses() {
    let mut world = overriding(None, "c", Some("c 2.0.0")).asks("npm old npm:c@^1");
    assert_eq!(world.edges("npm:a@1.0.0"), ["c→npm:c@2.0.0"]);
    world.gives(&["npm:a@1.0.0", "npm:b@1.0.0", "npm:c@1.0.0", "npm:c@2.0.0", "npm:d@1.0.0"]);
    world.settings.overrides[0].package = requirement(Ecosystem::Npm, "old").package();
    world.gives(&["npm:a@1.0.0", "npm:b@1.0.0", "npm:c@1.0.0", "npm:c@2.0.0", "npm:d@1.0.0"]);
    assert_eq!(world.edges("npm:a@1.0.0"), ["c→npm:c@1.0.0"]);
}

#[test]
fn an_override_may_remove_a_dependency() {
    let gone = overriding(None, "c", None);
    gone.gives(&["npm:a@1.0.0", "npm:b@1.0.0", "npm:d@1.0.0"]);
}

#[test]
fn an_override_applies_to_peers() {
    let peer = overriding(None, "d", Some("d ^2")).strict();
    peer.gives(&["npm:a@1.0.0", "npm:b@1.0.0", "npm:c@1.0.0", "npm:d@2.0.0"]);
}

#[test]
fn an_extension_adds_an_undeclared_dependency() {
    let mut world = World::new().has("npm a@1.0.0", &[]).has("npm b@1.0.0", &[]).asks("npm a *");
    world.settings.extensions.push(Extension {
        package: requirement(Ecosystem::Npm, "a").package(),
        dependency: requirement(Ecosystem::Npm, "b ^1"),
    });
    assert_eq!(world.edges("npm:a@1.0.0"), ["b→npm:b@1.0.0"]);
}

#[test]
fn an_optional_line_without_a_match_gets_nothing() {
    let world = World::new().has("npm a@1.0.0", &[]).asks("npm a *").asks_with("npm ghost ^1", |l| l.optional = true);
    let graph = world.solved().graph;
    assert_eq!(graph.packages.len(), 1);
    assert!(graph.roots[1].to.is_empty() && graph.roots[1].optional);
}

#[test]
fn an_optional_line_in_a_conflict_gives_way() {
    let world = World::new().has("pypi a@1.0", &["b==1.0"]).has("pypi b@1.0", &[]).has("pypi b@2.0", &[]);
    let world = world.asks_with("pypi b==2.0", |line| line.optional = true).asks("pypi a");
    world.gives(&["pypi:a@1.0", "pypi:b@1.0"]);
}

#[test]
fn members_have_a_node_modules_each() {
    let member = |folder: &'static str| Dependent::Member(folder.into());
    let world = World::new()
        .has("npm a@1.0.0", &[])
        .has("npm a@2.0.0", &[])
        .asks_with("npm a ^1", |line| line.dependent = member("apps/one"))
        .asks_with("npm a ^2", |line| line.dependent = member("apps/two"));
    world.gives(&["npm:a@1.0.0", "npm:a@2.0.0"]);
}

#[test]
fn a_private_package_may_ask_for_npm_and_python_packages() {
    let world = World::new()
        .has("larder schema@1.2.0", &["npm: zod ^3", "pypi: pydantic>=2", "larder: base ^1"])
        .has("larder base@1.0.0", &[])
        .has("npm zod@3.1.0", &[])
        .has("pypi pydantic@2.1", &[])
        .asks("larder schema ^1");
    world.gives(&["npm:zod@3.1.0", "pypi:pydantic@2.1", "larder:base@1.0.0", "larder:schema@1.2.0"]);
}

#[test]
fn private_packages_have_a_version_per_bucket() {
    let world = World::new()
        .has("larder a@1.0.0", &["larder: c ^1"])
        .has("larder b@1.0.0", &["larder: c ^2", "larder: c2 ^0.1"])
        .has("larder c@1.0.0", &[])
        .has("larder c@1.1.0", &[])
        .has("larder c@2.0.0", &[])
        .has("larder c2@0.1.0", &[])
        .has("larder c2@0.2.0", &[])
        .asks("larder a ^1")
        .asks("larder b ^1");
    world.gives(&["larder:a@1.0.0", "larder:b@1.0.0", "larder:c@1.1.0", "larder:c@2.0.0", "larder:c2@0.1.0"]);
}

#[test]
fn a_range_over_several_buckets_goes_back_to_an_older_one() {
    let world = || {
        World::new()
            .has("larder a@1.0.0", &["pypi: p<2"])
            .has("larder a@1.4.0", &["pypi: p<2"])
            .has("larder a@2.0.0", &["pypi: p>=2"])
            .has("larder a@3.0.0", &[])
            .has("pypi p@1.0", &[])
            .has("pypi p@2.0", &[])
    };
    world().asks("larder a >=1, <3").gives(&["pypi:p@2.0", "larder:a@2.0.0"]);
    world().asks("larder a >=1, <3").asks("pypi p<2").gives(&["pypi:p@1.0", "larder:a@1.4.0"]);
    // A second bucket is no contradiction.
    world().asks("larder a >=1, <3").asks("larder a3 *").has("larder a3@1.0.0", &["larder: a >=1"]).gives(&[
        "pypi:p@2.0",
        "larder:a@2.0.0",
        "larder:a@3.0.0",
        "larder:a3@1.0.0",
    ]);
}

#[test]
fn a_range_over_several_buckets_of_which_none_will_do_is_explained() {
    let world = World::new()
        .has("larder a@1.0.0", &["pypi: p<1"])
        .has("larder a@2.0.0", &["pypi: p<1"])
        .has("pypi p@1.0", &[])
        .asks("larder a >=1, <3")
        .asks("pypi p>=1");
    assert_eq!(
        world.unsolved().because,
        ["the project asks for a >=1, <3", "every version of a needs p <1", "no version of p matches <1"]
    );
}

#[test]
fn a_folder_brings_its_dependencies() {
    let world = World::new()
        .has_with("path theme@0.0.0", &["npm: a ^1"], |_, release| release.folder = Some("packages/theme".into()))
        .has("npm a@1.0.0", &[])
        .asks("path theme");
    world.gives(&["npm:a@1.0.0", "path:theme@0.0.0"]);
    let graph = world.solved().graph;
    assert_eq!(graph.packages.values().last().unwrap().folder.as_deref(), Some("packages/theme"));
}

#[test]
fn a_line_with_a_condition_holds_where_it_does() {
    let world = World::new()
        .platforms(&[Platform::LinuxX64, Platform::MacosArm64])
        .has("npm a@1.0.0", &[])
        .asks_with("npm a *", |line| line.when = "sys_platform == 'darwin'".parse().unwrap());
    assert_eq!(world.solved().graph.roots[0].to[0].platforms, [Platform::MacosArm64]);
}

#[test]
fn a_folder_in_a_member_sees_its_peers() {
    let world = World::new()
        .has("path theme@0.0.0", &["peer npm: a ^1"])
        .has("npm a@1.0.0", &[])
        .asks_with("path theme", |line| line.dependent = Dependent::Member("apps/web".into()))
        .asks_with("npm a ^1", |line| line.dependent = Dependent::Member("apps/web".into()));
    world.gives_instances(&["npm:a@1.0.0", "path:theme@0.0.0(a@1.0.0)"]);
}

#[test]
fn a_folder_sees_the_peers_of_the_first_manifest_that_asks_for_it() {
    let world = || {
        World::new()
            .has("path theme@0.0.0", &["peer npm: a ^1"])
            .has("npm a@1.0.0", &[])
            .has("npm a@2.0.0", &[])
            .asks_with("npm a ^2", member("apps/api"))
            .asks_with("path theme", member("apps/web"))
            .asks_with("npm a ^1", member("apps/web"))
    };
    world().gives_instances(&["npm:a@1.0.0", "npm:a@2.0.0", "path:theme@0.0.0(a@1.0.0)"]);
    let asked_by_the_project = world().asks("path theme").asks("npm a ^2");
    asked_by_the_project.gives_instances(&["npm:a@1.0.0", "npm:a@2.0.0", "path:theme@0.0.0(a@2.0.0)"]);
}

#[test]
fn a_member_sees_its_own_peers_whoever_asks_for_it() {
    let in_its_folder = |_: &mut Candidate, release: &mut Release| release.folder = Some("libs/ui".into());
    let world = World::new()
        .has_with("path ui@1.0.0", &["peer npm: a ^1", "npm: b *"], in_its_folder)
        .has("npm a@1.0.0", &[])
        .has("npm a@2.0.0", &[])
        .has("npm b@1.0.0", &["peer a *"])
        .asks_with("npm a ^2", member("apps/api"))
        .asks_with("path ui", member("apps/api"))
        .asks_with("npm a ^1", member("libs/ui"))
        .asks_with("npm b *", member("libs/ui"));
    let instances = ["npm:a@1.0.0", "npm:a@2.0.0", "npm:b@1.0.0(a@1.0.0)", "path:ui@1.0.0(a@1.0.0)"];
    world.gives_instances(&instances);
}

#[test]
fn nothing_is_asked_about_an_optional_peer_that_is_not_there() {
    for strict in [false, true] {
        let world = World::new().has("npm a@1.0.0", &["peer? b ^1"]).asks("npm a *");
        let world = if strict { world.strict() } else { world };
        world.gives(&["npm:a@1.0.0"]);
        let asked: Vec<_> = world.asked.lock().unwrap().iter().map(ToString::to_string).collect();
        assert_eq!(asked, ["npm:a"]);
        assert_eq!(*world.prefetched.lock().unwrap(), 1);
    }
}

#[test]
fn what_will_be_asked_is_announced() {
    let world = World::new().has("npm a@1.0.0", &["b ^1"]).has("npm b@1.0.0", &[]).asks("npm a *");
    world.solved();
    assert_eq!(*world.prefetched.lock().unwrap(), 2);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    /// The graph is a set of lines' doing: their order changes nothing where nothing depends on it.
    #[test]
    fn the_order_of_independent_lines_does_not_show(order in Just(vec![0usize, 1, 2, 3]).prop_shuffle()) {
        let lines = ["npm a *", "npm b *", "pypi x", "pypi y"];
        let build = |order: &[usize]| {
            let mut world = World::new()
                .has("npm a@1.0.0", &["c ^1"]).has("npm b@1.0.0", &["d ^1"])
                .has("npm c@1.0.0", &[]).has("npm d@1.0.0", &["peer c *"])
                .has("pypi x@1.0", &["z"]).has("pypi y@1.0", &["z<2"])
                .has("pypi z@1.0", &[]).has("pypi z@2.0", &[]);
            for &line in order {
                world = world.asks(lines[line]);
            }
            world.solved().graph
        };
        prop_assert_eq!(build(&order), build(&[0, 1, 2, 3]));
    }
}

#[test]
fn a_local_package_is_there_where_its_marker_holds_and_so_is_what_it_needs() {
    let world = World::new()
        .platforms(&[Platform::LinuxX64, Platform::WindowsX64])
        .has("path app@1.0.0", &["win; sys_platform == 'win32'", "old; python_version < '3.8'"])
        .has("path win@1.0.0", &["pypi: winapi"])
        .has("path old@1.0.0", &["pypi: gone"])
        .has_with("pypi winapi@1.0", &[], wheels_for(&[Platform::WindowsX64]))
        .asks("path app");
    world.gives(&["pypi:winapi@1.0", "path:app@1.0.0", "path:win@1.0.0"]);
    let graph = world.solved().graph;
    let app = graph.instances.iter().find(|(key, _)| key.to_string() == "path:app@1.0.0").unwrap().1;
    let edges: Vec<_> = app.edges.iter().map(|edge| (edge.name.as_str(), edge.platforms.clone())).collect();
    assert_eq!(edges, [("win", vec![Platform::WindowsX64])]);
}

fn x() -> World {
    World::new().has("npm x@1.0.0", &[]).has("npm x@1.5.0", &[]).has("npm x@2.0.0", &[])
}

fn member(folder: &'static str) -> impl Fn(&mut RequiredLine) {
    move |line| line.dependent = Dependent::Member(folder.into())
}

#[test]
fn no_alias_lowers_a_direct_dependency_however_it_is_spelled() {
    for alias in ["a-old", "x-old", "X-old", "Xold"] {
        for version in ["1", "1.0.0"] {
            let old = format!("npm {alias} npm:x@{version}");
            let older = if version == "1" { "npm:x@1.5.0" } else { "npm:x@1.0.0" };
            for world in [x(), x().strict()] {
                world.asks(&old).asks("npm x *").gives(&[older, "npm:x@2.0.0"]);
            }
            for world in [x(), x().strict()] {
                world.asks("npm x *").asks(&old).gives(&[older, "npm:x@2.0.0"]);
            }
            x().asks_with(&old, member("a")).asks_with("npm x *", member("a")).gives(&[older, "npm:x@2.0.0"]);
            x().asks_with(&old, member("a")).asks_with("npm x *", member("b")).gives(&[older, "npm:x@2.0.0"]);
            let old = format!("npm: {alias} npm:x@{version}");
            x().has("path app@1.0.0", &[&old, "npm: x *"]).asks("path app").gives(&[
                older,
                "npm:x@2.0.0",
                "path:app@1.0.0",
            ]);
        }
    }
}

#[test]
fn nothing_that_is_asked_for_deeper_down_lowers_a_direct_dependency() {
    let world = || x().has("npm A@1.0.0", &["x 1.0.0"]).has("npm b@1.0.0", &["c *"]).has("npm c@1.0.0", &["x ^1.0.0"]);
    world().asks("npm A *").asks("npm b *").asks("npm x ^1").gives(&[
        "npm:A@1.0.0",
        "npm:b@1.0.0",
        "npm:c@1.0.0",
        "npm:x@1.0.0",
        "npm:x@1.5.0",
    ]);
}

#[test]
fn members_share_the_version_that_most_of_them_take_wherever_they_lie() {
    for (one, two) in [("apps/a", "apps/b"), ("apps/b", "apps/a")] {
        let world = x().asks_with("npm x 1.0.0", member(one)).asks_with("npm x ^1", member(two));
        world.gives(&["npm:x@1.0.0"]);
        let world = x().asks_with("npm x ^1", member(one)).asks_with("npm x *", member(two));
        world.gives(&["npm:x@1.5.0"]);
    }
}

#[test]
fn a_member_shares_the_projects_version_and_never_lowers_it() {
    x().asks("npm x ^1").asks_with("npm x *", member("a")).gives(&["npm:x@1.5.0"]);
    x().asks("npm x *").asks_with("npm x 1.0.0", member("a")).gives(&["npm:x@1.0.0", "npm:x@2.0.0"]);
    x().asks("npm x ^1")
        .has("path app@1.0.0", &["npm: x *"])
        .asks("path app")
        .gives(&["npm:x@1.5.0", "path:app@1.0.0"]);
}

#[test]
fn of_optional_lines_in_a_conflict_the_same_gives_way_in_whatever_order_they_stand() {
    let world = || World::new().has("pypi a@1.0", &[]).has("pypi a@2.0", &[]).has("pypi b@1.0", &["a<2"]);
    let optional = |line: &mut RequiredLine| line.optional = true;
    let one = world().asks_with("pypi a>=2", optional).asks_with("pypi b", optional).solved();
    let other = world().asks_with("pypi b", optional).asks_with("pypi a>=2", optional).solved();
    assert_eq!(one.graph, other.graph);
}

#[test]
fn what_a_dist_tag_stood_for_stays_though_the_tag_moves_or_goes() {
    let locked = |tag: &str| {
        let mut world = World::new()
            .has("npm a@1.0.0", &[])
            .has("npm a@2.0.0-rc.1", &[])
            .has("npm a@2.0.0-rc.2", &[])
            .tag("a", tag, "2.0.0-rc.2")
            .asks("npm a next")
            .locked("npm a@2.0.0-rc.1");
        let (id, version) = key("npm a@2.0.0-rc.1");
        world.preferences.lines.insert((Dependent::Project, id.name), version);
        world
    };
    let asked = (Dependent::Project, key("npm a@1.0.0").0.name, "next".to_owned());
    for tag in ["next", "latest"] {
        let mut world = locked(tag);
        world.preferences.tags.insert(asked.clone());
        world.gives(&["npm:a@2.0.0-rc.1"]);
        let mut world = locked(tag);
        world.preferences.keep_tags(&world.lines);
        world.gives(&["npm:a@2.0.0-rc.1"]);
    }
    // A line that asked for something else before wants what the tag stands for now.
    locked("next").gives(&["npm:a@2.0.0-rc.2"]);
    locked("latest").unsolved();
}
