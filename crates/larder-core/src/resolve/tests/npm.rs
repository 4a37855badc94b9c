use crate::model::{Dependent, Engines, NpmPeers, PackageKey, Platform};
use crate::resolve::{Candidate, Release, RequiredLine, ResolveError};

use super::{World, key};

#[test]
fn latest_is_taken_where_it_satisfies() {
    let world = World::new().has("npm a@1.0.0", &[]).has("npm a@1.1.0", &[]).tag("a", "latest", "1.0.0");
    world.asks("npm a ^1").gives(&["npm:a@1.0.0"]);
}

#[test]
fn the_highest_is_taken_where_latest_does_not_satisfy() {
    let world = World::new().has("npm a@1.0.0", &[]).has("npm a@2.0.0", &[]).has("npm a@2.1.0", &[]);
    world.tag("a", "latest", "1.0.0").asks("npm a ^2").gives(&["npm:a@2.1.0"]);
}

#[test]
fn a_deprecated_version_is_taken_only_where_nothing_else_fits() {
    let world = || {
        World::new()
            .has("npm a@1.0.0", &[])
            .has_with("npm a@1.1.0", &[], |candidate, _| candidate.deprecated = true)
            .tag("a", "latest", "1.1.0")
    };
    world().asks("npm a ^1").gives(&["npm:a@1.0.0"]);
    world().asks("npm a ^1.1").gives(&["npm:a@1.1.0"]);
}

#[test]
fn a_dist_tag_stands_for_its_version() {
    let world = || World::new().has("npm a@1.0.0", &[]).has("npm a@2.0.0-rc.1", &[]).tag("a", "next", "2.0.0-rc.1");
    world().asks("npm a next").gives(&["npm:a@2.0.0-rc.1"]);
    let why = world().asks("npm a beta").unsolved();
    assert_eq!(why.because[1], "a has no dist-tag `beta`");
    assert_eq!(why.help.unwrap(), "its only dist-tag is next");
}

#[test]
fn a_version_that_was_chosen_elsewhere_is_shared() {
    let world = World::new()
        .has("npm a@1.0.0", &["shared 1.0.0"])
        .has("npm b@1.0.0", &["c *"])
        .has("npm c@1.0.0", &["shared ^1"])
        .has("npm shared@1.0.0", &[])
        .has("npm shared@1.5.0", &[]);
    world.asks("npm a *").asks("npm b *").gives(&["npm:a@1.0.0", "npm:b@1.0.0", "npm:c@1.0.0", "npm:shared@1.0.0"]);
}

#[test]
fn two_dependents_may_have_two_versions() {
    let world = World::new()
        .has("npm a@1.0.0", &["c ^1"])
        .has("npm b@1.0.0", &["c ^2"])
        .has("npm c@1.0.0", &[])
        .has("npm c@2.0.0", &[]);
    world.asks("npm a *").asks("npm b *").gives(&["npm:a@1.0.0", "npm:b@1.0.0", "npm:c@1.0.0", "npm:c@2.0.0"]);
}

#[test]
fn an_alias_is_the_name_of_the_edge() {
    let world = World::new().has("npm a@1.0.0", &["old npm:b@^1"]).has("npm b@1.0.0", &[]).asks("npm a *");
    assert_eq!(world.edges("npm:a@1.0.0"), ["old→npm:b@1.0.0"]);
}

fn plugin() -> World {
    World::new()
        .has("npm react@17.0.0", &[])
        .has("npm react@18.0.0", &[])
        .has("npm dom@18.0.0", &["peer react ^18"])
        .has("npm dom@17.0.0", &["peer react ^17"])
}

#[test]
fn a_strict_peer_is_a_constraint() {
    let world = plugin().strict().asks("npm react *").asks("npm dom ^17");
    world.gives_instances(&["npm:dom@17.0.0(react@17.0.0)", "npm:react@17.0.0"]);
}

#[test]
fn a_relaxed_peer_never_forces_a_version_down() {
    let world = plugin().asks("npm react ^17").asks("npm dom *");
    world.gives_instances(&["npm:dom@18.0.0(react@17.0.0)", "npm:react@17.0.0"]);
    let resolution = world.solved();
    let edge = &resolution.graph.instances.values().next().unwrap().edges[0];
    assert_eq!(edge.unmet.as_deref(), Some("^18"));
}

#[test]
fn a_missing_peer_is_installed_for_the_nearest_ancestor() {
    for world in [plugin(), plugin().strict()] {
        let world = world.has("npm app@1.0.0", &["dom ^17"]).asks("npm app *");
        world.gives_instances(&["npm:app@1.0.0", "npm:dom@17.0.0(react@17.0.0)", "npm:react@17.0.0"]);
    }
}

#[test]
fn relaxed_peers_agree_on_a_missing_one_where_they_can() {
    let world = plugin().has("npm hooks@1.0.0", &["peer react ^17 || ^18"]).asks("npm hooks *").asks("npm dom ^17");
    world.gives(&["npm:dom@17.0.0", "npm:hooks@1.0.0", "npm:react@17.0.0"]);
}

#[test]
fn a_missing_peer_that_most_take_from_the_manifest_is_no_second_copy() {
    let world = |grid: &str, select: &str| {
        World::new()
            .has("npm cells@1.0.0", &["grid *", "select *", "editor *"])
            .has("npm grid@1.0.0", &[grid])
            .has("npm select@1.0.0", &[select])
            .has("npm editor@1.0.0", &["peer react ^17"])
            .has("npm react@17.0.0", &[])
            .has("npm react@18.0.0", &[])
            .asks("npm react ^18")
            .asks("npm cells *")
    };
    let outvoted = world("peer react 17 || 18", "peer react >=16").solved();
    let reacts = outvoted.graph.packages.keys().filter(|key| key.id.name.as_str() == "react");
    assert_eq!(reacts.map(ToString::to_string).collect::<Vec<_>>(), ["npm:react@18.0.0"]);
    let edges = outvoted.graph.instances.values().flat_map(|instance| &instance.edges);
    assert_eq!(edges.filter(|edge| edge.unmet.is_some()).count(), 1);
    // Where most do not take it, they have their own.
    let outvoting = world("peer react ^17", "peer react >=16").solved();
    assert_eq!(outvoting.graph.packages.keys().filter(|key| key.id.name.as_str() == "react").count(), 2);
}

#[test]
fn a_missing_relaxed_peer_stays_what_it_was_bound_to() {
    let mut world = World::new()
        .has("npm a@1.0.0", &["peer peer ^1"])
        .has("npm peer@1.0.0", &[])
        .has("npm peer@2.0.0", &[])
        .asks("npm a *")
        .locked("npm a@1.0.0")
        .locked("npm peer@2.0.0");
    world.gives(&["npm:a@1.0.0", "npm:peer@1.0.0"]);
    let ((id, version), (peer, bound)) = (key("npm a@1.0.0"), key("npm peer@2.0.0"));
    world.preferences.edges.insert((PackageKey { id, version }, peer.name), bound);
    world.gives(&["npm:a@1.0.0", "npm:peer@2.0.0"]);
    world.settings.npm_peers = NpmPeers::Strict;
    world.gives(&["npm:a@1.0.0", "npm:peer@1.0.0"]);
}

#[test]
fn a_missing_relaxed_peer_that_does_not_exist_is_recorded() {
    let world = World::new().has("npm a@1.0.0", &["peer ghost ^1"]).asks("npm a *");
    let resolution = world.solved();
    assert_eq!(resolution.warnings[0].message, "wants peer ghost ^1, and registry home does not have it");
    let instance = resolution.graph.instances.values().next().unwrap();
    assert_eq!(instance.dropped[0].name.as_str(), "ghost");
}

#[test]
fn a_prerelease_that_is_locked_for_a_star_stays() {
    let world = World::new()
        .has("npm types@1.0.0-alpha.3", &[])
        .has("npm types@1.0.0-rc.1", &[])
        .has("npm a@1.0.0", &["types *"])
        .tag("types", "latest", "1.0.0-rc.1")
        .asks("npm a *")
        .asks("npm types *");
    world.gives(&["npm:a@1.0.0", "npm:types@1.0.0-rc.1"]);
    let (id, version) = key("npm types@1.0.0-alpha.3");
    let mut world = world.locked("npm types@1.0.0-alpha.3").locked("npm a@1.0.0");
    world.preferences.lines.insert((Dependent::Project, id.name.clone()), version.clone());
    world
        .preferences
        .edges
        .insert((PackageKey { id: key("npm a@1.0.0").0, version: key("npm a@1.0.0").1 }, id.name), version);
    world.gives(&["npm:a@1.0.0", "npm:types@1.0.0-alpha.3"]);
}

#[test]
fn who_comes_new_and_asks_for_a_star_takes_the_prerelease_that_is_locked() {
    let world = World::new()
        .has("npm types@1.0.0-alpha.3", &[])
        .has("npm types@1.0.0-alpha.4", &[])
        .has("npm types@1.0.0-rc.1", &[])
        .has("npm a@1.0.0", &["types *"])
        .has("npm q@1.0.0", &["types *"])
        .tag("types", "latest", "1.0.0-rc.1")
        .asks("npm a *")
        .asks("npm q *");
    let (id, alpha) = key("npm types@1.0.0-alpha.3");
    let mut world = world.locked("npm types@1.0.0-alpha.3").locked("npm a@1.0.0");
    world.preferences.edges.insert(
        (PackageKey { id: key("npm a@1.0.0").0, version: key("npm a@1.0.0").1 }, id.name.clone()),
        alpha.clone(),
    );
    world.gives(&["npm:a@1.0.0", "npm:q@1.0.0", "npm:types@1.0.0-alpha.3"]);
    // Of several, what the project itself has is on top.
    let mut world = world.locked("npm types@1.0.0-alpha.4").asks("npm types *");
    world.gives(&["npm:a@1.0.0", "npm:q@1.0.0", "npm:types@1.0.0-alpha.3", "npm:types@1.0.0-rc.1"]);
    world.preferences.lines.insert((Dependent::Project, id.name), alpha);
    world.gives(&["npm:a@1.0.0", "npm:q@1.0.0", "npm:types@1.0.0-alpha.3"]);
}

#[test]
fn a_missing_peer_is_the_version_of_the_nearest_scope_around() {
    let of_site = |line: &mut RequiredLine| line.dependent = Dependent::Member("site".into());
    let world = ["17.0.0", "18.0.0", "19.0.0"].iter().fold(World::new(), |world, version| {
        world.has(&format!("npm react@{version}"), &[]).has(&format!("npm dom@{version}"), &["peer react *"])
    });
    let world = world
        .has("npm live@1.0.0", &["editor *", "peer react *"])
        .has("npm plain@1.0.0", &["editor *"])
        .has("npm editor@1.0.0", &["peer react *", "peer dom *"])
        .asks("npm react 18.0.0")
        .asks("npm dom 18.0.0")
        .asks_with("npm react 17.0.0", of_site)
        .asks_with("npm dom 17.0.0", of_site)
        .asks_with("npm live *", of_site);
    let editors = |world: &World| {
        let instances = world.solved().graph.instances;
        instances.keys().map(ToString::to_string).filter(|key| key.contains("editor")).collect::<Vec<_>>()
    };
    let of_17 = "npm:editor@1.0.0(dom@17.0.0)(react@17.0.0)";
    assert_eq!(editors(&world), [of_17]);
    // Who does not say in whose scope he lives gets what the project has.
    let world = world.asks_with("npm plain *", |line| line.dependent = Dependent::Member("other".into()));
    assert_eq!(editors(&world), [of_17, "npm:editor@1.0.0(dom@18.0.0)(react@18.0.0)"]);
}

#[test]
fn a_peer_is_forwarded_where_its_owner_peers_on_it_too() {
    let world = World::new()
        .has("npm core@1.0.0", &[])
        .has("npm core@2.0.0", &[])
        .has("npm preset@1.0.0", &["plugin *", "peer core *"])
        .has("npm plugin@1.0.0", &["peer core *"])
        .asks("npm core ^1")
        .asks("npm preset *");
    world.gives_instances(&["npm:core@1.0.0", "npm:plugin@1.0.0(core@1.0.0)", "npm:preset@1.0.0(core@1.0.0)"]);
}

#[test]
fn an_ancestor_satisfies_a_peer_on_itself() {
    let world = World::new().has("npm host@1.0.0", &["plugin *"]).has("npm plugin@1.0.0", &["peer host ^1"]);
    let world = world.asks("npm host *");
    world.gives_instances(&["npm:host@1.0.0", "npm:plugin@1.0.0(host@1.0.0)"]);
}

#[test]
fn peers_in_a_circle_end() {
    for strict in [false, true] {
        let world = World::new()
            .has("npm a@1.0.0", &["peer b ^1", "c *"])
            .has("npm b@1.0.0", &["peer c ^1", "a *"])
            .has("npm c@1.0.0", &["peer a ^1", "b *"])
            .asks("npm a *");
        let world = if strict { world.strict() } else { world };
        world.gives(&["npm:a@1.0.0", "npm:b@1.0.0", "npm:c@1.0.0"]);
    }
}

#[test]
fn two_bindings_of_one_package_are_two_instances() {
    let world = plugin()
        .has("npm hooks@1.0.0", &["peer react *"])
        .has("npm old@1.0.0", &["react ^17", "hooks *"])
        .has("npm new@1.0.0", &["react ^18", "hooks *"])
        .asks("npm old *")
        .asks("npm new *");
    world.gives_instances(&[
        "npm:hooks@1.0.0(react@17.0.0)",
        "npm:hooks@1.0.0(react@18.0.0)",
        "npm:new@1.0.0",
        "npm:old@1.0.0",
        "npm:react@17.0.0",
        "npm:react@18.0.0",
    ]);
}

#[test]
fn equal_bindings_are_one_instance() {
    let world = plugin()
        .has("npm hooks@1.0.0", &["peer react *"])
        .has("npm left@1.0.0", &["react ^18", "hooks *"])
        .has("npm right@1.0.0", &["react ^18", "hooks *"])
        .asks("npm left *")
        .asks("npm right *");
    world.gives_instances(&["npm:hooks@1.0.0(react@18.0.0)", "npm:left@1.0.0", "npm:react@18.0.0", "npm:right@1.0.0"]);
}

#[test]
fn bindings_that_differ_deeper_down_are_told_apart_by_a_hash() {
    let world = World::new()
        .has("npm base@1.0.0", &[])
        .has("npm base@2.0.0", &[])
        .has("npm mid@1.0.0", &["peer base *"])
        .has("npm top@1.0.0", &["peer mid *"])
        .has("npm left@1.0.0", &["base ^1", "mid *", "top *"])
        .has("npm right@1.0.0", &["base ^2", "mid *", "top *"])
        .asks("npm left *")
        .asks("npm right *");
    let graph = world.solved().graph;
    let tops: Vec<_> = graph.instances.keys().filter(|key| key.package.id.name.as_str() == "top").collect();
    assert_eq!(tops.len(), 2);
    assert!(tops.iter().all(|key| key.peers.starts_with("(mid@1.0.0)~") && key.peers.len() == 20), "{tops:?}");
}

#[test]
fn an_optional_peer_binds_only_what_is_there() {
    let world = || plugin().has("npm a@1.0.0", &["peer? react *"]).asks("npm a *");
    world().gives_instances(&["npm:a@1.0.0"]);
    world().asks("npm react *").gives_instances(&["npm:a@1.0.0(react@18.0.0)", "npm:react@18.0.0"]);
}

#[test]
fn a_strict_optional_peer_constrains_what_is_there() {
    let world = plugin().strict().has("npm a@1.0.0", &["peer? react ^17"]).asks("npm a *").asks("npm react *");
    world.gives_instances(&["npm:a@1.0.0(react@17.0.0)", "npm:react@17.0.0"]);
}

#[test]
fn an_optional_dependency_without_a_match_is_dropped() {
    let world = World::new().has("npm a@1.0.0", &["opt ghost ^1", "opt b ^9"]).has("npm b@1.0.0", &[]).asks("npm a *");
    let graph = world.solved().graph;
    let instance = graph.instances.values().next().unwrap();
    let dropped: Vec<_> = instance.dropped.iter().map(|d| format!("{} {}: {}", d.name, d.range, d.reason)).collect();
    assert_eq!(dropped, ["b ^9: no version matches", "ghost ^1: registry home does not have it"]);
}

#[test]
fn an_optional_dependency_whose_own_needs_fail_is_dropped() {
    let world = World::new()
        .has("npm a@1.0.0", &["opt b *", "c *"])
        .has("npm b@1.0.0", &["ghost ^1"])
        .has("npm c@1.0.0", &[])
        .asks("npm a *");
    world.gives(&["npm:a@1.0.0", "npm:c@1.0.0"]);
}

#[test]
fn an_optional_dependency_for_other_platforms_is_left_out() {
    use crate::model::Platform;
    let world = World::new()
        .platforms(&[Platform::LinuxX64, Platform::MacosArm64])
        .has("npm a@1.0.0", &["opt linux *", "opt windows *"])
        .has_with("npm linux@1.0.0", &[], |_, release| release.facts.os = vec!["linux".to_owned()])
        .has_with("npm windows@1.0.0", &[], |_, release| release.facts.os = vec!["win32".to_owned()])
        .asks("npm a *");
    world.gives(&["npm:a@1.0.0", "npm:linux@1.0.0"]);
    let graph = world.solved().graph;
    let instance = graph.instances.values().next().unwrap();
    assert_eq!(instance.edges[0].platforms, [Platform::LinuxX64]);
    assert_eq!(instance.dropped[0].reason, "it runs on no declared platform");
}

#[test]
fn an_optional_peer_of_any_version_is_whatever_is_there() {
    let world = || World::new().has("npm follow@1.0.0", &["peer? debug *"]).has("npm debug@4.0.0", &[]);
    world().asks("npm follow *").gives_instances(&["npm:follow@1.0.0"]);
    let both = world().asks("npm follow *").asks("npm debug *");
    both.gives_instances(&["npm:debug@4.0.0", "npm:follow@1.0.0(debug@4.0.0)"]);
}

/// Makes a version run on some systems only.
fn only_on(os: &str) -> impl Fn(&mut Candidate, &mut Release) {
    let os = vec![os.to_owned()];
    move |_, release| release.facts.os.clone_from(&os)
}

#[test]
fn what_is_required_where_it_does_not_run_is_chosen_nonetheless() {
    let world = World::new()
        .platforms(&[Platform::LinuxX64, Platform::MacosArm64])
        .has("npm app@1.0.0", &["native ^1"])
        .has_with("npm native@1.0.0", &[], only_on("darwin"))
        .asks("npm app *");
    world.gives(&["npm:app@1.0.0", "npm:native@1.0.0"]);
}

#[test]
fn what_is_required_of_a_package_that_is_left_out_somewhere_need_not_run_there() {
    let mut strict = World::new()
        .platforms(&[Platform::LinuxX64, Platform::MacosArm64])
        .has("npm app@1.0.0", &["opt image *"])
        .has_with("npm image@1.0.0", &["store *"], only_on("darwin"))
        .has("npm store@1.0.0", &["alias *"])
        .has_with("npm alias@1.0.0", &[], only_on("darwin"))
        .asks("npm app *");
    strict.settings.engines = Engines::Strict;
    strict.gives(&["npm:alias@1.0.0", "npm:app@1.0.0", "npm:image@1.0.0", "npm:store@1.0.0"]);
}

#[test]
fn what_may_be_missing_is_left_out_where_something_that_it_requires_does_not_run() {
    let world = || {
        World::new()
            .has("npm app@1.0.0", &["opt image *", "left *"])
            .has("npm image@1.0.0", &["alias *", "deep *"])
            .has_with("npm alias@1.0.0", &[], only_on("darwin"))
            .has("npm deep@1.0.0", &[])
            .has("npm left@1.0.0", &[])
            .asks("npm app *")
    };
    let resolution = world().solved();
    world().gives(&["npm:app@1.0.0", "npm:left@1.0.0"]);
    let app = &resolution.graph.instances.values().next().unwrap();
    assert_eq!(app.dropped[0].reason, "it runs on no declared platform");
    let world = world().platforms(&[Platform::LinuxX64, Platform::MacosArm64]);
    let graph = world.solved().graph;
    let app = graph.instances.values().find(|instance| instance.edges.len() == 2 && instance.dropped.is_empty());
    assert_eq!(app.unwrap().edges[0].platforms, [Platform::MacosArm64]);
}

#[test]
fn strict_engines_refuse_what_is_required_where_it_does_not_run() {
    let world = || {
        let mut world = World::new()
            .has("npm app@1.0.0", &["native ^1"])
            .has("npm native@1.0.0", &[])
            .has_with("npm native@1.1.0", &[], only_on("win32"))
            .has_with("npm native@2.0.0", &[], |_, release| release.facts.libc = vec!["musl".to_owned()])
            .has("npm plug@1.0.0", &["peer native ^2"]);
        world.settings.engines = Engines::Strict;
        world
    };
    world().asks("npm app *").gives(&["npm:app@1.0.0", "npm:native@1.0.0"]);
    world().asks_with("npm native ^1.1", |line| line.optional = true).gives(&[]);
    for (line, why) in [
        ("npm native 1.1.0", "native 1.1.0 cannot be used: its `os` is win32, and it is needed on linux-x64"),
        ("npm native ^2", "native 2.0.0 cannot be used: its `libc` is musl, and it is needed on linux-x64"),
        ("npm plug *", "native 2.0.0 cannot be used: its `libc` is musl, and it is needed on linux-x64"),
    ] {
        let unsolved = world().strict().asks(line).unsolved();
        assert!(unsolved.because.iter().any(|said| said == why), "{unsolved:?}");
        let leaves_it_out = unsolved.help.is_some_and(|help| help.starts_with("`optional=#true` on its line"));
        assert_eq!(leaves_it_out, line.starts_with("npm native"), "{line}");
    }
}

#[test]
fn a_dependency_that_is_optional_too_is_optional() {
    let world = World::new().has("npm a@1.0.0", &["ghost ^1", "opt ghost ^1"]).asks("npm a *");
    world.gives(&["npm:a@1.0.0"]);
}

#[test]
fn a_dependency_that_is_a_peer_too_is_a_dependency() {
    let world = plugin().has("npm a@1.0.0", &["peer react ^17", "react ^18"]).asks("npm a *").asks("npm react ^17");
    assert_eq!(world.edges("npm:a@1.0.0"), ["react→npm:react@18.0.0"]);
}

#[test]
fn a_version_with_a_git_dependency_is_not_chosen() {
    let world = || World::new().has("npm a@1.0.0", &[]).has("npm a@1.1.0", &["git x"]);
    world().asks("npm a ^1").gives(&["npm:a@1.0.0"]);
    let why = world().asks("npm a 1.1.0").unsolved();
    assert!(why.because[1].contains("git dependencies are refused"), "{:?}", why.because);
    world().has("npm b@1.0.0", &["opt git x"]).asks("npm b *").gives(&["npm:b@1.0.0"]);
}

#[test]
fn strict_engines_exclude_versions_and_others_do_not() {
    let world = || {
        World::new()
            .has_with("npm a@1.0.0", &[], |_, release| release.facts.node = Some(">=22.11".to_owned()))
            .has_with("npm a@2.0.0", &[], |_, release| release.facts.node = Some(">=24".to_owned()))
            .asks("npm a *")
    };
    let mut strict = world();
    strict.settings.engines = Engines::Strict;
    strict.gives(&["npm:a@1.0.0"]);
    world().gives(&["npm:a@2.0.0"]);
    // What is advised would do.
    let mut strict = world().has_with("npm a@3.0.0", &[], |_, release| release.facts.node = Some(">=24".to_owned()));
    strict.settings.engines = Engines::Strict;
    strict.lines.clear();
    let help = strict.asks("npm a ^3").unsolved().help.unwrap();
    assert_eq!(
        help,
        "declare a Node that it takes under `runtimes`, or ask for a 1.0.0, which runs on the declared one"
    );
}

#[test]
fn a_version_that_was_tried_and_undone_is_not_shared() {
    let world = World::new()
        .strict()
        .has("npm m@1.0.0", &["b *", "n *"])
        .has("npm b@2.0.0", &[])
        .has("npm b@3.0.0", &[])
        .has("npm n@1.0.0", &["peer b <3"])
        .has("npm n@2.0.0", &["peer b <3"]);
    world.asks("npm m *").gives(&["npm:b@2.0.0", "npm:m@1.0.0", "npm:n@2.0.0"]);
}

#[test]
fn a_choice_that_was_undone_wishes_for_no_peer() {
    let world = World::new()
        .has("npm m@1.0.0", &["n *"])
        .has("npm n@1.0.0", &["peer b *"])
        .has("npm n@2.0.0", &["peer b ^1", "ghost *"])
        .has("npm b@1.0.0", &[])
        .has("npm b@2.0.0", &[]);
    world.asks("npm m *").gives(&["npm:b@2.0.0", "npm:m@1.0.0", "npm:n@1.0.0"]);
}

/// Each of so many steps provides a package of its own in one of two versions, and hands on all that are provided before it.
fn a_ladder(steps: usize) -> World {
    let mut world = World::new();
    let peers: Vec<String> = (0..steps).map(|step| format!("peer x{step} *")).collect();
    for step in 0..steps {
        world = world.has(&format!("npm x{step}@1.0.0"), &[]).has(&format!("npm x{step}@2.0.0"), &[]);
        for (side, version) in [("left", "1.0.0"), ("right", "2.0.0")] {
            let mut needs = vec![format!("x{step} {version}")];
            if step + 1 == steps {
                needs.push("leaf *".to_owned());
            } else {
                needs.extend([format!("left{} *", step + 1), format!("right{} *", step + 1)]);
            }
            needs.extend_from_slice(&peers[..step]);
            let needs: Vec<_> = needs.iter().map(String::as_str).collect();
            world = world.has(&format!("npm {side}{step}@1.0.0"), &needs);
        }
    }
    let peers: Vec<_> = peers.iter().map(String::as_str).collect();
    world.has("npm leaf@1.0.0", &peers).asks("npm left0 *").asks("npm right0 *")
}

#[test]
fn peers_that_are_bound_in_too_many_ways_are_named() {
    for world in [a_ladder(3), a_ladder(3).strict()] {
        let graph = world.solved().graph;
        let leaves = graph.instances.keys().filter(|key| key.package.id.name.as_str() == "leaf");
        assert_eq!(leaves.count(), 8);
    }
    for steps in [10, 16] {
        for world in [a_ladder(steps), a_ladder(steps).strict()] {
            let Err(ResolveError::TooManyPeerContexts(too_many)) = world.resolve() else { panic!("{steps} steps") };
            assert_eq!(too_many.lines.len(), 2);
            assert_eq!(too_many.packages.len(), 3);
            let told = too_many.to_string();
            assert!(told.starts_with("peers are bound in too many ways: those of "), "{told}");
            if steps == 10 {
                assert!(told.contains("those of leaf 1.0.0 in 1024, "), "{told}");
                assert!(too_many.help().contains("bind x0 and 9 other peers"), "{}", too_many.help());
            }
        }
    }
}

#[test]
fn a_package_whose_peers_are_bound_in_two_ways_has_the_same_dependencies_in_both() {
    let world = plugin()
        .has("npm hooks@1.0.0", &["peer react *", "util >=1"])
        .has("npm util@1.0.0", &[])
        .has("npm util@1.5.0", &[])
        .has("npm util@2.0.0", &[])
        .tag("util", "latest", "1.0.0")
        .has("npm old@1.0.0", &["react ^17", "hooks *"])
        .has("npm new@1.0.0", &["react ^18", "last *"])
        .has("npm last@1.0.0", &["peer react *", "hooks *", "util ^2"])
        .asks("npm old *")
        .asks("npm new *");
    let graph = world.solved().graph;
    let utils = graph.instances.iter().filter(|(key, _)| key.package.id.name.as_str() == "hooks");
    let utils: Vec<_> = utils.flat_map(|(_, hooks)| &hooks.edges).filter(|edge| edge.name.as_str() == "util").collect();
    assert_eq!(utils.len(), 2);
    assert_eq!(utils[0].to, utils[1].to);
}

#[test]
fn peers_that_all_dependents_provide_alike_are_one_instance_however_they_are_entangled() {
    for size in [4, 14] {
        let mut world = World::new();
        for place in 0..size {
            let name = |step: usize| format!("p{}", (place + step) % size);
            let needs = [
                format!("{} *", name(1)),
                format!("{} *", name(2)),
                format!("peer {} ^1", name(3)),
                format!("peer {} ^1", name(5)),
            ];
            let needs: Vec<_> = needs.iter().map(String::as_str).collect();
            world = world.has(&format!("npm {}@1.0.0", name(0)), &needs);
        }
        let graph = world.asks("npm p0 *").solved().graph;
        assert_eq!(graph.instances.len(), size);
        assert!(graph.instances.values().all(|instance| instance.edges.len() >= 3));
    }
}
