use crate::model::{ExtraName, Platform, Prereleases};

use crate::resolve::Release;

use crate::resolve::Candidate;

use super::{World, wheels_for};

const LINUX: Platform = Platform::LinuxX64;
const MAC: Platform = Platform::MacosArm64;
const WINDOWS: Platform = Platform::WindowsX64;

#[test]
fn one_version_serves_everybody() {
    let world = World::new()
        .has("pypi a@1.0", &["c<2"])
        .has("pypi b@1.0", &["c"])
        .has("pypi c@1.0", &[])
        .has("pypi c@2.0", &[]);
    world.asks("pypi a").asks("pypi b").gives(&["pypi:a@1.0", "pypi:b@1.0", "pypi:c@1.0"]);
}

#[test]
fn the_solver_goes_back_to_older_versions() {
    let world = World::new()
        .has("pypi a@1.0", &["c<2"])
        .has("pypi a@2.0", &["c<1"])
        .has("pypi c@1.0", &[])
        .has("pypi c@2.0", &[])
        .asks("pypi a");
    world.gives(&["pypi:a@1.0", "pypi:c@1.0"]);
}

#[test]
fn final_versions_come_before_prereleases() {
    let world = || World::new().has("pypi a@1.0", &[]).has("pypi a@2.0rc1", &[]);
    world().asks("pypi a").gives(&["pypi:a@1.0"]);
    world().asks_with("pypi a", |line| line.prereleases = true).gives(&["pypi:a@2.0rc1"]);
    // A line and a package say the same with the same words.
    for (specifier, picked) in [
        ("", "1.0"),
        (">=0.9rc1", "1.0"),
        ("<=2.0rc1", "1.0"),
        ("<2.0rc2", "1.0"),
        (">=1.0,<2.0rc2", "1.0"),
        ("!=2.0rc2", "1.0"),
        (">1.0", "2.0rc1"),
        (">=2.0rc1", "2.0rc1"),
        ("==2.0rc1", "2.0rc1"),
        ("==2.0.*", "2.0rc1"),
        ("~=2.0rc1", "2.0rc1"),
        (">1.0,<=2.0rc1", "2.0rc1"),
    ] {
        let asked = format!("a{specifier}");
        let picked = format!("pypi:a@{picked}");
        world().asks(&format!("pypi {asked}")).gives(&[picked.as_str()]);
        let world = world().has("pypi b@1.0", &[asked.as_str()]);
        world.asks("pypi b").gives(&[picked.as_str(), "pypi:b@1.0"]);
    }
}

#[test]
fn what_one_asks_and_what_another_asks_leave_a_prerelease() {
    let world = || World::new().has("pypi a@1.0", &[]).has("pypi a@2.0rc1", &[]).has("pypi b@1.0", &["a>1.0"]);
    world().asks("pypi a<=2.0rc1").asks("pypi b").gives(&["pypi:a@2.0rc1", "pypi:b@1.0"]);
    let world = world().has("pypi a@2.0", &[]);
    world.asks("pypi a>=1.0").asks("pypi b").gives(&["pypi:a@2.0", "pypi:b@1.0"]);
}

#[test]
fn the_settings_decide_on_prereleases() {
    let mut allow = World::new().has("pypi a@1.0", &[]).has("pypi a@2.0rc1", &[]).asks("pypi a");
    allow.settings.prereleases = Prereleases::Allow;
    allow.gives(&["pypi:a@2.0rc1"]);
    let mut never = World::new().has("pypi a@2.0rc1", &[]).asks("pypi a");
    never.settings.prereleases = Prereleases::Never;
    assert_eq!(never.unsolved().because[1], "a 2.0rc1 is a pre-release, and `prereleases` is \"never\"");
}

#[test]
fn a_yanked_version_must_be_pinned_or_locked() {
    let world = || World::new().has("pypi a@1.0", &[]).has_with("pypi a@2.0", &[], |c, _| c.yanked = true);
    world().asks("pypi a").gives(&["pypi:a@1.0"]);
    world().asks("pypi a==2.0").gives(&["pypi:a@2.0"]);
    world().asks("pypi a").locked("pypi a@2.0").gives(&["pypi:a@2.0"]);
    assert_eq!(world().asks("pypi a>1").unsolved().because[1], "a 2.0 was yanked");
}

#[test]
fn requires_python_excludes_versions_by_its_lower_bound() {
    let world = World::new()
        .has_with("pypi a@1.0", &[], |c, _| c.requires_python = Some(">=3.8,<3.11".parse().unwrap()))
        .has_with("pypi a@2.0", &[], |c, _| c.requires_python = Some(">=3.13".parse().unwrap()))
        .asks("pypi a");
    world.gives(&["pypi:a@1.0"]);
}

#[test]
fn an_extra_brings_its_dependencies() {
    let world = || {
        World::new().has("pypi a@1.0", &["c", "b>=1; extra == 'fast'"]).has("pypi b@1.0", &[]).has("pypi c@1.0", &[])
    };
    world().asks("pypi a").gives(&["pypi:a@1.0", "pypi:c@1.0"]);
    let graph = world().asks("pypi a[fast]").solved().graph;
    let instance = graph.instances.values().next().unwrap();
    let extras: Vec<_> =
        instance.edges.iter().map(|e| (e.name.as_str(), e.extra.as_ref().map(ExtraName::as_str))).collect();
    assert_eq!(extras, [("b", Some("fast")), ("c", None)]);
    assert_eq!(graph.roots[0].to[0].extras[0].as_str(), "fast");
}

#[test]
fn an_extra_may_ask_for_other_extras_of_its_package() {
    let world = World::new()
        .has("pypi a@1.0", &["a[x,y]; extra == 'all'", "b; extra == 'x'", "c; extra == 'y'"])
        .has("pypi b@1.0", &[])
        .has("pypi c@1.0", &[])
        .asks("pypi a[all]");
    world.gives(&["pypi:a@1.0", "pypi:b@1.0", "pypi:c@1.0"]);
}

#[test]
fn an_unknown_extra_is_ignored_and_told() {
    World::new().has("pypi a@1.0", &[]).asks("pypi a[nothing]").gives(&["pypi:a@1.0"]);
    let declares = |release: &mut Release| release.extras = vec!["standard".parse().unwrap()];
    let world = World::new().has_with("pypi a@1.0", &[], |_, release| declares(release)).asks("pypi a[standart]");
    assert_eq!(world.solved().warnings[0].message, "has no extra `standart`; did you mean `standard`?");
    let world = World::new().has_with("pypi a@1.0", &[], |_, release| declares(release)).asks("pypi a[standard]");
    assert!(world.solved().warnings.is_empty());
}

#[test]
fn markers_are_evaluated_for_each_platform() {
    let world = World::new()
        .platforms(&[LINUX, MAC])
        .has("pypi a@1.0", &["b; sys_platform == 'darwin'", "c; sys_platform == 'win32'", "d"])
        .has("pypi b@1.0", &[])
        .has("pypi c@1.0", &[])
        .has("pypi d@1.0", &[])
        .asks("pypi a");
    let graph = world.solved().graph;
    let instance = graph.instances.values().next().unwrap();
    let edges: Vec<_> = instance.edges.iter().map(|edge| (edge.name.as_str(), edge.platforms.clone())).collect();
    assert_eq!(edges, [("b", vec![MAC]), ("d", vec![])]);
}

#[test]
fn a_version_needs_a_wheel_on_each_platform() {
    let world = || {
        World::new()
            .platforms(&[LINUX, MAC])
            .has("pypi a@1.0", &[])
            .has_with("pypi a@2.0", &[], wheels_for(&[LINUX]))
            // A source distribution is of no use there: nobody builds it.
            .has("pypi b@1.0", &[])
            .has_with("pypi b@2.0", &[], |c, r| {
                wheels_for(&[LINUX])(c, r);
                c.sdist = true;
            })
    };
    world().asks("pypi a").gives(&["pypi:a@1.0"]);
    world().asks("pypi b").gives(&["pypi:b@1.0"]);
    let why = world().asks("pypi b>1").unsolved();
    assert!(
        why.because.iter().any(|line| line == "no version of b that matches >1 has a wheel for macos-arm64"),
        "{why:?}"
    );
}

/// Makes a version be there as a source distribution only.
fn source(candidate: &mut Candidate, release: &mut Release) {
    wheels_for(&[])(candidate, release);
    candidate.sdist = true;
}

#[test]
fn a_version_that_is_only_source_counts_where_a_requirement_leaves_no_other() {
    let world = || {
        World::new()
            .has_with("pypi a@0.9", &[], source)
            .has("pypi a@1.0", &[])
            .has_with("pypi a@2.0", &[], source)
            .has_with("pypi b@1.0", &[], source)
            .has("pypi old@1.0", &["a"])
            .has("pypi new@1.0", &["a<1"])
            .has("pypi new@0.1", &[])
    };
    world().asks("pypi a").gives(&["pypi:a@1.0"]);
    world().asks("pypi a>=0.9").gives(&["pypi:a@1.0"]);
    world().asks("pypi a>1").gives(&["pypi:a@2.0"]);
    world().asks("pypi a==0.9").asks("pypi old").gives(&["pypi:a@0.9", "pypi:old@1.0"]);
    world().asks("pypi old").asks("pypi new").gives(&["pypi:a@0.9", "pypi:new@1.0", "pypi:old@1.0"]);
    world().asks("pypi a<1").platforms(&[LINUX, MAC]).gives(&["pypi:a@0.9"]);
    world().asks("pypi b").gives(&["pypi:b@1.0"]);
}

#[test]
fn of_source_distributions_that_do_not_say_what_they_need_few_are_read() {
    let lacking = |what: &'static str| {
        move |candidate: &mut Candidate, release: &mut Release| {
            source(candidate, release);
            release.dependencies = vec![super::need(crate::model::Ecosystem::Pypi, what)];
        }
    };
    let world = |what: &'static str| {
        let versions = (1..20).map(|minor| format!("pypi spark@1.{minor}"));
        versions
            .fold(World::new(), |world, version| world.has_with(&version, &[], lacking(what)))
            .has_with("pypi spark@1.0", &[], source)
            .platforms(&[LINUX, MAC])
            .asks("pypi spark")
    };
    let silent = world("git spark");
    silent.unsolved();
    let read = silent.read.lock().unwrap().clone();
    assert!(read.len() < 10 && read.contains("pypi:spark@1.19") && !read.contains("pypi:spark@1.0"), "{read:?}");
    // What one version asks for another one may not.
    world("git other").gives(&["pypi:spark@1.0"]);
}

#[test]
fn a_source_distribution_that_cannot_be_used_gives_way() {
    let broken = |candidate: &mut Candidate, release: &mut Release| {
        source(candidate, release);
        release.dependencies = vec![super::need(crate::model::Ecosystem::Pypi, "git a")];
    };
    let world = || {
        World::new()
            .has("pypi a@1.0", &[])
            .has_with("pypi a@2.0", &[], broken)
            .has("pypi new@1.0", &["a>1"])
            .has("pypi new@0.1", &[])
    };
    world().asks("pypi new").gives(&["pypi:new@0.1"]);
    let why = world().asks("pypi a>1").unsolved();
    assert_eq!(why.because[1], "a 2.0 cannot be used: git dependencies are refused");
    assert!(why.help.unwrap().starts_with("ask for another version, for example a 1.0"));
}

#[test]
fn a_build_is_advised_where_it_would_tell_the_dependencies() {
    let silent = |candidate: &mut Candidate, release: &mut Release| {
        source(candidate, release);
        release.dependencies = vec![super::need(crate::model::Ecosystem::Pypi, "git a")];
        release.lacks_metadata = true;
    };
    let world = || World::new().has("pypi a@1.0", &[]).has_with("pypi a@2.0", &[], silent);
    world().asks("pypi a").gives(&["pypi:a@1.0"]);
    assert_eq!(
        world().asks("pypi a>1").unsolved().help.unwrap(),
        "`larder builds allow pypi:a` lets it be built, in a sandbox; or ask for another version, for example a 1.0, which \
         needs no build"
    );
}

#[test]
fn a_wheel_for_a_newer_system_is_named_where_none_fits() {
    let world = World::new()
        .platforms(&[LINUX, MAC])
        .has_with("pypi a@1.0", &[], wheels_for(&[LINUX]))
        .has_with("pypi a@2.0", &[], wheels_for(&[LINUX]))
        .wheel_for("pypi a@1.0", MAC, (13, 3))
        .wheel_for("pypi a@2.0", MAC, (14, 0));
    let why = world.asks("pypi a").unsolved();
    let help = "a wheel exists for macOS 14: write `platform \"macos-arm64\" macos=\"14\"` beside the other platforms";
    assert_eq!(why.help.unwrap(), help);
}

#[test]
fn wheels_for_others_are_not_said_to_be_missing_altogether() {
    let why = World::new().has_with("pypi a@1.0", &[], wheels_for(&[])).asks("pypi a").unsolved();
    assert!(why.help.as_ref().unwrap().starts_with("its wheels are for other platforms or Pythons"), "{why:?}");
}

#[test]
fn a_platform_that_does_not_need_a_package_asks_no_wheel_of_it() {
    let world = World::new()
        .platforms(&[LINUX, WINDOWS])
        .has("pypi a@1.0", &["uvloop; sys_platform != 'win32'"])
        .has_with("pypi uvloop@1.0", &[], wheels_for(&[LINUX]))
        .asks("pypi a");
    world.gives(&["pypi:a@1.0", "pypi:uvloop@1.0"]);
}

#[test]
fn platforms_share_a_version_where_they_can() {
    let world = World::new()
        .platforms(&[LINUX, MAC])
        .has("pypi a@1.0", &["b<2; sys_platform == 'darwin'", "b"])
        .has("pypi b@1.0", &[])
        .has("pypi b@2.0", &[])
        .asks("pypi a");
    world.gives(&["pypi:a@1.0", "pypi:b@1.0"]);
}

#[test]
fn platforms_differ_where_markers_force_them_to() {
    let world = World::new()
        .platforms(&[LINUX, MAC])
        .has("pypi a@1.0", &["b<2; sys_platform == 'darwin'", "b>=2; sys_platform == 'linux'", "c"])
        .has("pypi b@1.0", &[])
        .has("pypi b@2.0", &[])
        .has("pypi c@1.0", &[])
        .asks("pypi a");
    let graph = world.solved().graph;
    let instance = graph.instances.values().next().unwrap();
    let edges: Vec<_> =
        instance.edges.iter().map(|edge| (edge.to.package.version.to_string(), edge.platforms.clone())).collect();
    assert_eq!(edges, [("1.0".to_owned(), vec![MAC]), ("2.0".to_owned(), vec![LINUX]), ("1.0".to_owned(), vec![])]);
}

#[test]
fn lines_for_different_platforms_may_ask_for_different_versions() {
    let world = World::new()
        .platforms(&[LINUX, MAC, WINDOWS])
        .has("pypi a@1.0", &[])
        .has("pypi a@2.0", &[])
        .has("pypi b@1.0", &["a"])
        .asks("pypi a<2; sys_platform == 'win32'")
        .asks("pypi a>=2; sys_platform == 'darwin'")
        .asks("pypi b");
    world.gives(&["pypi:a@1.0", "pypi:a@2.0", "pypi:b@1.0"]);
}

#[test]
fn a_line_for_another_platform_gets_nothing() {
    let world = World::new().has("pypi a@1.0", &[]).asks("pypi a; sys_platform == 'win32'");
    let graph = world.solved().graph;
    assert!(graph.packages.is_empty());
    assert!(graph.roots[0].to.is_empty());
}

#[test]
fn many_versions_in_a_conflict_do_not_take_long() {
    let mut world = World::new().has("pypi base@1.0", &[]).has("pypi base@2.0", &[]);
    for version in 0..300 {
        world = world.has(&format!("pypi app@{version}.0"), &["core", "base<2"]);
        world = world.has(&format!("pypi core@{version}.0"), &["base>=2"]);
    }
    let why = world.asks("pypi app").unsolved();
    assert!(why.because.len() <= 10, "{:#?}", why.because);
}

#[test]
fn pairs_of_versions_that_go_together_are_not_tried_one_by_one_for_long() {
    let mut world = World::new().has("pypi base@1.0", &[]).has("pypi base@2.0", &[]);
    for version in 0..400 {
        let core = format!("core=={version}.0");
        let base = if version < 3 { "base>=2" } else { "base<2" };
        world = world.has(&format!("pypi app@{version}.0"), &[core.as_str()]);
        world = world.has(&format!("pypi core@{version}.0"), &[base]);
    }
    world.asks("pypi app").asks("pypi base>=2").gives(&["pypi:app@2.0", "pypi:base@2.0", "pypi:core@2.0"]);
}

/// `tool` is met first and takes anything; each version of `app`, but an ancient one, asks for one before the last.
fn a_stubborn_app() -> World {
    let mut world = World::new().has("pypi app@0.1", &[]);
    for version in 1..=40 {
        world = world.has(&format!("pypi app@{version}.0"), &["tool<30"]).has(&format!("pypi tool@{version}.0"), &[]);
    }
    world.asks("pypi tool").asks("pypi app")
}

#[test]
fn what_keeps_being_refused_is_decided_before_what_refuses_it() {
    a_stubborn_app().gives(&["pypi:app@40.0", "pypi:tool@29.0"]);
    a_stubborn_app().platforms(&[LINUX, MAC, WINDOWS]).gives(&["pypi:app@40.0", "pypi:tool@29.0"]);
}

#[test]
fn a_version_that_one_platform_refuses_costs_no_look_at_the_others() {
    let mut world = World::new().platforms(&[LINUX, MAC, WINDOWS]).has("pypi tool@1.0", &[]);
    for version in 1..=40 {
        let needs: &[&str] = if version < 39 { &[] } else { &["tool>1"] };
        world = world.has(&format!("pypi app@{version}.0"), needs);
    }
    let world = world.has("pypi all@1.0", &["app", "app[x]"]).asks("pypi tool").asks("pypi all");
    world.gives(&["pypi:all@1.0", "pypi:app@38.0", "pypi:tool@1.0"]);
    let read: Vec<_> = world.read.lock().unwrap().iter().cloned().collect();
    assert_eq!(read, ["pypi:all@1.0", "pypi:app@38.0", "pypi:app@39.0", "pypi:app@40.0", "pypi:tool@1.0"]);
}

/// Every version of `n` refuses the newest `b`, which is decided before it.
fn two_that_are_in_a_conflict() -> World {
    let world = World::new().has("pypi b@2.0", &[]).has("pypi b@3.0", &[]);
    world.has("pypi n@1.0", &["b<3"]).has("pypi n@2.0", &["b<3"])
}

#[test]
fn a_version_that_was_tried_and_undone_is_no_reason_to_take_it() {
    let expected = ["pypi:b@2.0", "pypi:n@2.0"];
    two_that_are_in_a_conflict().asks("pypi b").asks("pypi n").gives(&expected);
    two_that_are_in_a_conflict().asks("pypi n").asks("pypi b").gives(&expected);
    let both = || two_that_are_in_a_conflict().platforms(&[LINUX, MAC]);
    both().asks("pypi b").asks("pypi n").gives(&expected);
    let deep = two_that_are_in_a_conflict().has("pypi m@1.0", &["k"]).has("pypi k@1.0", &["n"]);
    deep.asks("pypi b").asks("pypi m").gives(&["pypi:b@2.0", "pypi:k@1.0", "pypi:m@1.0", "pypi:n@2.0"]);
}

#[test]
fn each_platform_gets_what_its_own_wheel_needs() {
    let world = || {
        World::new()
            .platforms(&[LINUX, MAC])
            .has("pypi a@1.0", &["lin-only", "both>=1", "lin-extra; extra == 'x'"])
            .has_wheel("pypi a@1.0", MAC, &["mac-only", "both>=1,<2", "mac-extra; extra == 'x'"])
            .has("pypi lin-only@1.0", &[])
            .has("pypi mac-only@1.0", &[])
            .has("pypi lin-extra@1.0", &[])
            .has("pypi mac-extra@1.0", &[])
            .has("pypi both@1.0", &[])
            .has("pypi both@2.0", &[])
    };
    let edges = |world: &World| {
        let graph = world.solved().graph;
        let instance = graph.instances.iter().find(|(key, _)| key.package.id.name.as_str() == "a").unwrap().1;
        let edge =
            |edge: &crate::model::Edge| format!("{} {} {:?}", edge.name, edge.to.package.version, edge.platforms);
        instance.edges.iter().map(edge).collect::<Vec<_>>()
    };
    let expected = ["both 1.0 []", "lin-only 1.0 [LinuxX64]", "mac-only 1.0 [MacosArm64]"];
    assert_eq!(edges(&world().asks("pypi a")), expected);
    let with_extra = edges(&world().asks("pypi a[x]"));
    assert!(with_extra.contains(&"lin-extra 1.0 [LinuxX64]".to_owned()), "{with_extra:?}");
    assert!(with_extra.contains(&"mac-extra 1.0 [MacosArm64]".to_owned()), "{with_extra:?}");
}

#[test]
fn only_chosen_versions_are_asked_for_each_platforms_wheel_and_once() {
    let world = World::new()
        .platforms(&[LINUX, MAC])
        .has("pypi a@1.0", &[])
        .has("pypi a@2.0", &["b>9"])
        .has("pypi b@1.0", &["c; sys_platform == 'linux'"])
        .has("pypi c@1.0", &[])
        .has("pypi d@1.0", &[])
        .has_wheel("pypi a@1.0", MAC, &["d"])
        .asks("pypi a")
        .asks("pypi b");
    world.gives(&["pypi:a@1.0", "pypi:b@1.0", "pypi:c@1.0", "pypi:d@1.0"]);
    let asked = world.told_apart.lock().unwrap();
    let names = |round: &Vec<crate::resolve::Chosen>| {
        round.iter().map(|one| format!("{} {}", one.package.name, one.ordinal)).collect::<Vec<_>>()
    };
    let rounds: Vec<_> = asked.iter().map(names).collect();
    assert_eq!(rounds, [vec!["a 0", "b 0", "c 0"], vec!["d 0"]]);
    let alone = World::new().has("pypi a@1.0", &[]).asks("pypi a");
    alone.gives(&["pypi:a@1.0"]);
    assert!(alone.told_apart.lock().unwrap().is_empty());
}

#[test]
fn a_version_whose_wheel_for_a_platform_cannot_be_used_gives_way() {
    let world = World::new()
        .platforms(&[LINUX, MAC])
        .has("pypi a@1.0", &[])
        .has("pypi a@2.0", &[])
        .has_wheel("pypi a@2.0", MAC, &["ghost"])
        .asks("pypi a");
    world.gives(&["pypi:a@1.0"]);
}

#[test]
fn an_upper_bound_on_python_keeps_no_version_away() {
    let bound = |text: &'static str| {
        move |candidate: &mut Candidate, release: &mut Release| {
            candidate.requires_python = Some(text.parse().unwrap());
            release.facts.requires_python = Some(text.to_owned());
        }
    };
    let world = World::new()
        .has_with("pypi a@1.0", &[], bound(">=3.8,<3.12"))
        .has_with("pypi b@1.0", &[], bound(">=3.8,<4"))
        .asks("pypi a")
        .asks("pypi b");
    world.gives(&["pypi:a@1.0", "pypi:b@1.0"]);
}

#[test]
fn metadata_that_asks_for_a_newer_python_than_its_index_says_rules_a_version_out() {
    let world = World::new()
        .has("pypi a@1.0", &[])
        .has_with("pypi a@2.0", &[], |_, release| release.facts.requires_python = Some(">=3.14".to_owned()))
        .asks("pypi a");
    world.gives(&["pypi:a@1.0"]);
}

#[test]
fn the_python_of_a_local_package_is_a_constraint() {
    let world = |wanted: &'static str| {
        World::new()
            .has_with("path tool@1.0.0", &[], |_, release| release.facts.requires_python = Some(wanted.to_owned()))
            .asks("path tool")
    };
    world(">=3.11").gives(&["path:tool@1.0.0"]);
    for wanted in [">=3.14", ">=3.8,<3.12"] {
        let why = world(wanted).unsolved();
        let said = format!("it needs Python {wanted}, and the manifest declares 3.12");
        assert!(why.because.iter().any(|line| line.ends_with(&said)), "{why:?}");
        assert!(why.help.unwrap().starts_with("declare a Python that it takes"));
    }
}
