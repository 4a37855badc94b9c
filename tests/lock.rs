//! `larder lock` and `larder update`: the lock is a function of manifest, old lock and metadata.

use crate::support::{Output, Project, Random, Universe, conforms};

/// Two registries' worth of packages that depend on each other, in two versions each.
fn three_hundred_packages() -> Universe {
    let mut random = Random::new(7);
    let mut universe = Universe::new();
    for place in 0..200 {
        for version in ["1.0.0", "1.4.0"] {
            let targets: Vec<usize> = (0..3).map(|_| random.below(place.max(1))).filter(|to| *to < place).collect();
            universe = universe.npm(&format!("npm-{place:03}"), version, |mut package| {
                for to in targets {
                    package = package.dep(&format!("npm-{to:03}"), "^1.0.0");
                }
                package
            });
        }
    }
    for place in 0..100 {
        for version in ["1.0", "1.4"] {
            let targets: Vec<usize> = (0..3).map(|_| random.below(place.max(1))).filter(|to| *to < place).collect();
            universe = universe.pypi(&format!("py-{place:03}"), version, |mut package| {
                for to in targets {
                    package = package.requires(&format!("py-{to:03}>=1.0,<2"));
                }
                package
            });
        }
    }
    universe
}

fn lock_of(project: &Project) -> String {
    project.run("larder lock").exits(0);
    project.read("larder.lock")
}

#[test]
fn a_lock_does_not_depend_on_the_order_of_arrival() {
    let universe = three_hundred_packages();
    let lines: Vec<String> = (190..200)
        .map(|place| format!("npm \"npm-{place}\" \"^1\""))
        .chain((90..100).map(|place| format!("pypi \"py-0{place}\" \">=1\"")))
        .collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let locks: Vec<String> = (0..10)
        .map(|seed| {
            let registry = universe.clone().shuffled(seed).serve();
            let project = Project::new(&registry);
            project.dependencies(&lines);
            lock_of(&project)
        })
        .collect();
    assert!(locks[0].contains("npm-199") && locks[0].contains("py-099"), "{}", locks[0]);
    for lock in &locks[1..] {
        assert_eq!(*lock, locks[0]);
    }
}

/// Packages of which one version after the other is refused, in both ecosystems, until the solver is far down.
fn far_down() -> Universe {
    let mut universe = Universe::new();
    for place in 1..=130 {
        let version = format!("{place}.0");
        universe = universe.pypi("base", &version, |p| p);
        universe = universe.pypi("deep", &version, |p| p.requires(&format!("base=={place}.0")));
        universe = universe.npm("steps", &format!("1.{}.0", place % 16), |p| p);
    }
    for place in 1..=60 {
        universe = universe.pypi("wide", &format!("{place}.0"), |p| p.requires(&format!("base=={}.0", place * 2)));
        universe = universe.npm("hops", &format!("1.{place}.0"), |p| p.dep("steps", &format!("1.{place}.0")));
        universe = universe.npm("host", &format!("1.{place}.0"), |p| p);
    }
    universe.npm("plug", "1.0.0", |p| p.peer("host", "<1.7.0").dep("hops", "^1"))
}

#[test]
fn a_lock_does_not_depend_on_which_versions_were_there_ahead() {
    let universe = far_down();
    let lines = "dependencies {\n    npm \"hops\" \"^1\"\n    npm \"host\" \"^1\"\n    npm \"plug\" \"*\"\n    \
                 pypi \"deep\"\n    pypi \"wide\"\n    pypi \"base\" \"<=21\"\n}\nresolution { npm-peers \"strict\"; }\n";
    let place_in = |path: &str| {
        let version = path.strip_prefix("/pypi/files/deep-")?.strip_suffix(".0-py3-none-any.whl.metadata")?;
        version.parse::<u32>().ok()
    };
    let mut locks = Vec::new();
    let (mut below, mut out_of_turn) = (0, 0);
    for seed in 0..6 {
        let registry = universe.clone().shuffled(seed).serve();
        let project = Project::new(&registry);
        locks.push(lock_of(project.manifest(lines)));
        let asked: Vec<u32> = registry.take_log().iter().filter_map(|path| place_in(path)).collect();
        below += asked.iter().filter(|place| **place < 20).count();
        out_of_turn += asked.windows(2).filter(|pair| pair[0] < pair[1]).count();
    }
    for package in ["npm:hops@1.15.0", "npm:steps@1.15.0", "npm:host@1.6.0", "pypi:wide@10.0", "pypi:deep@20.0"] {
        assert!(locks[0].contains(&format!("id = \"{package}\"")), "{package}: {}", locks[0]);
    }
    assert!(below > 0 && out_of_turn > 0, "nothing was fetched ahead: {below} {out_of_turn}");
    for lock in &locks[1..] {
        assert_eq!(*lock, locks[0]);
    }
}

#[test]
fn a_lock_does_not_depend_on_which_questions_failed_first() {
    let universe =
        three_hundred_packages().npm("needy", "1.0.0", |p| p.optional("npm-150", "^1").optional("none", "^1"));
    let lines = ["npm \"needy\" \"*\"", "npm \"npm-180\" \"^1\"", "pypi \"py-080\" \">=1\""];
    let lock = |universe: &Universe| {
        let registry = universe.serve();
        let project = Project::new(&registry);
        // In front of nothing a mirror would be given up; as the registry itself it is asked again.
        let manifest = project.dependencies(&lines).read("larder.kdl");
        let manifest = manifest.replace("http://127.0.0.1:1/npm/", &registry.npm_url());
        project.write("larder.kdl", &manifest.replace("http://127.0.0.1:1/pypi/simple/", &registry.pypi_url()));
        (lock_of(&project), registry.take_log())
    };
    let (steady, asked) = lock(&universe);
    for seed in 0..4 {
        let (lock, log) = lock(&universe.clone().shuffled(seed).stumbling());
        assert_eq!(lock, steady);
        assert!(log.len() > asked.len(), "some were asked again");
    }
}

#[test]
fn a_lock_names_no_address() {
    let registry = Universe::new().npm("left", "1.0.0", |p| p).pypi("six", "1.0", |p| p).serve();
    let project = Project::new(&registry);
    let lock = lock_of(project.dependencies(&["npm \"left\" \"^1\"", "pypi \"six\""]));
    assert!(lock.contains("left") && lock.contains("six"));
    assert!(!lock.contains("127.0.0.1") && !lock.contains("http"), "{lock}");
}

#[test]
fn a_fresh_lock_is_left_alone_without_a_question() {
    let registry = Universe::new().npm("left", "1.0.0", |p| p).serve();
    let project = Project::new(&registry);
    lock_of(project.dependencies(&["npm \"left\" \"^1\""]));
    let before = project.listing();
    registry.take_log();
    let said = project.run("larder lock --json").exits(0).json();
    conforms(&said, "lock");
    assert_eq!(said["changed"], false);
    assert_eq!(registry.take_log(), Vec::<String>::new());
    assert_eq!(project.listing(), before);
}

#[test]
fn widening_a_range_leaves_the_lock_fresh() {
    let registry = Universe::new().npm("left", "1.0.0", |p| p).npm("left", "1.1.0", |p| p).serve();
    let project = Project::new(&registry);
    let before = lock_of(project.dependencies(&["npm \"left\" \"~1.0.0\""]));
    project.dependencies(&["npm \"left\" \"^1\""]).run("larder ci").exits(0);
    assert_eq!(project.read("larder.lock"), before);
}

/// Locks against one universe, then lets the project see a later one.
fn later(project: &mut Project, lines: &[&str], before: &Universe, after: &Universe) -> crate::support::Registry {
    let registry = before.clone().max_age(0).serve();
    project.sees(&registry);
    lock_of(project.dependencies(lines));
    let registry = after.clone().max_age(0).serve();
    project.sees(&registry);
    registry
}

fn versions(output: &Output) -> Vec<String> {
    let listing = output.json();
    let packages = listing["packages"].as_array().expect("packages");
    packages.iter().map(|p| format!("{}@{}", p["name"], p["version"]).replace('"', "")).collect()
}

#[test]
fn locked_versions_stay_until_an_update_moves_them() {
    let before = Universe::new().npm("left", "1.0.0", |p| p).pypi("six", "1.0", |p| p);
    let after = before.clone().npm("left", "1.1.0", |p| p).pypi("six", "1.1", |p| p);
    let after = after.npm("right", "2.0.0", |p| p);
    let mut project = Project::alone();
    let lines = ["npm \"left\" \"^1\"", "pypi \"six\" \">=1\""];
    let _registry = later(&mut project, &lines, &before, &after);

    project.dependencies(&[lines[0], lines[1], "npm \"right\" \"^2\""]).run("larder lock").exits(0);
    assert_eq!(versions(&project.run("larder list --json").exits(0)), ["left@1.0.0", "right@2.0.0", "six@1.0"]);
    project.run("larder update npm:left").exits(0);
    assert_eq!(versions(&project.run("larder list --json").exits(0)), ["left@1.1.0", "right@2.0.0", "six@1.0"]);
    project.run("larder update").exits(0);
    assert_eq!(versions(&project.run("larder list --json").exits(0)), ["left@1.1.0", "right@2.0.0", "six@1.1"]);
}

#[test]
fn adding_a_dependency_changes_only_lines_about_it() {
    let universe = Universe::new().npm("left", "1.0.0", |p| p).npm("right", "1.0.0", |p| p).pypi("six", "1.0", |p| p);
    let registry = universe.serve();
    let project = Project::new(&registry);
    let before = lock_of(project.dependencies(&["npm \"left\" \"^1\"", "pypi \"six\""]));
    let after = lock_of(project.dependencies(&["npm \"left\" \"^1\"", "npm \"right\" \"^1\"", "pypi \"six\""]));
    let gone: Vec<&str> = before.lines().filter(|line| !after.lines().any(|other| other == *line)).collect();
    assert!(gone.is_empty(), "lines that are not about `right` changed: {gone:?}");
}

#[test]
fn metadata_is_asked_for_again_with_its_etag() {
    let universe = Universe::new().npm("left", "1.0.0", |p| p).pypi("six", "1.0", |p| p).max_age(0);
    let registry = universe.serve();
    let project = Project::new(&registry);
    let first = lock_of(project.dependencies(&["npm \"left\" \"^1\"", "pypi \"six\""]));
    std::fs::remove_file(project.path("larder.lock")).expect("a lock");
    assert_eq!(lock_of(&project), first);
    assert_eq!(registry.not_modified(), 2);
}

#[test]
fn a_manifest_that_cannot_be_satisfied_names_its_lines() {
    let universe = Universe::new()
        .pypi("alpha", "1.0", |p| p.requires("gamma<2"))
        .pypi("beta", "1.0", |p| p.requires("gamma>=2"))
        .pypi("gamma", "1.0", |p| p)
        .pypi("gamma", "2.0", |p| p)
        .npm("left", "1.0.0", |p| p);
    let registry = universe.serve();
    let project = Project::new(&registry);
    project.dependencies(&["npm \"left\" \"^1\"", "pypi \"alpha\"", "pypi \"beta\" \">=1\""]);
    let before = project.state();
    project.run("larder lock").exits(3).names(["alpha", "beta", "gamma"]);
    let failed = project.run("larder lock --json").exits(3);
    conforms(&failed.json(), "error");
    let labels = failed.error()["labels"].as_array().map(Vec::len);
    assert_eq!(labels, Some(2), "the two lines that contradict each other: {}", failed.stdout);
    assert_eq!(project.state(), before);
}

#[test]
fn a_range_without_a_version_is_no_solution() {
    let registry = Universe::new().npm("left", "1.0.0", |p| p).serve();
    let project = Project::new(&registry);
    project.dependencies(&["npm \"left\" \"^9\""]).run("larder lock").exits(3).names(["left", "^9"]);
}

#[test]
fn a_package_that_no_registry_has_is_named() {
    let registry = Universe::new().npm("left", "1.0.0", |p| p).serve();
    let project = Project::new(&registry);
    let output = project.dependencies(&["npm \"nowhere\" \"^1\""]).run("larder lock").names(["nowhere", "npmjs"]);
    assert!([3, 5].contains(&output.status), "{output:?}");
    assert!(!project.has("larder.lock"));
}

#[test]
fn a_registry_that_fails_is_a_network_failure() {
    let registry = Universe::new().npm("left", "1.0.0", |p| p).serve();
    registry.fail("/npm/left", 500);
    let project = Project::new(&registry);
    let output = project.dependencies(&["npm \"left\" \"^1\""]).run("larder lock --json").exits(5);
    conforms(&output.json(), "error");
    assert!(!project.has("larder.lock"));
}

#[test]
fn offline_and_not_cached_is_a_network_failure() {
    let registry = Universe::new().npm("left", "1.0.0", |p| p).serve();
    let project = Project::new(&registry);
    project.dependencies(&["npm \"left\" \"^1\""]).run("larder lock --offline").exits(5).names(["left"]);
    project.run("larder lock").exits(0);
    std::fs::remove_file(project.path("larder.lock")).expect("a lock");
    registry.take_log();
    project.run("larder lock --offline").exits(0);
    assert_eq!(registry.take_log(), Vec::<String>::new());
}

#[test]
fn yanked_and_tagged_versions_are_chosen_as_their_registries_mean_it() {
    let universe = Universe::new()
        .npm("left", "1.0.0", |p| p)
        .npm("left", "2.0.0", |p| p)
        .tag("left", "latest", "1.0.0")
        .npm("right", "1.0.0", |p| p.field("deprecated", "use left".into()))
        .pypi("six", "1.0", |p| p)
        .pypi("six", "1.1", super::support::PypiPackage::yanked)
        .pypi("wide", "1.0", |p| p)
        .pypi("wide", "2.0", |p| p.python(">=4"))
        .pypi("wide", "3.0", |p| p.tag("cp27-cp27m-win32"));
    let registry = universe.serve();
    let project = Project::new(&registry);
    project.dependencies(&["npm \"left\" \">=1\"", "npm \"right\" \"*\"", "pypi \"six\"", "pypi \"wide\""]);
    project.run("larder lock").exits(0);
    let listed = versions(&project.run("larder list --json").exits(0));
    assert_eq!(listed, ["left@1.0.0", "right@1.0.0", "six@1.0", "wide@1.0"]);
}

#[test]
fn a_locked_version_that_is_yanked_stays_and_is_told_each_time() {
    let universe = || Universe::new().pypi("idna", "1.0", |p| p).pypi("six", "1.0", |p| p);
    let before = universe().pypi("six", "1.1", |p| p).serve();
    let after = universe().pypi("six", "1.1", super::support::PypiPackage::yanked).serve();
    let mut project = Project::new(&before);
    project.dependencies(&["pypi \"six\""]).run("larder lock").exits(0);
    assert!(!project.read("larder.lock").contains("yanked"));
    project.sees(&after);
    project.dependencies(&["pypi \"six\"", "pypi \"idna\""]);
    project.run("larder lock").exits(0).names(["pypi:six@1.1 was yanked", "larder update six"]);
    assert!(project.read("larder.lock").contains("\nyanked = true\n"));
    project.run("larder sync").exits(0).names(["pypi:six@1.1 was yanked"]);
    project.run("larder lock --offline").exits(0).names(["pypi:six@1.1 was yanked"]);
    project.run("larder update six").exits(0);
    assert_eq!(versions(&project.run("larder list --json").exits(0)), ["idna@1.0", "six@1.0"]);
    assert!(!project.read("larder.lock").contains("yanked"));
}

#[test]
fn a_tag_that_a_line_asks_for_anew_is_what_it_stands_for_whoever_else_locked_something() {
    let registry = Universe::new()
        .npm("a", "1.0.0", |p| p)
        .npm("a", "2.0.0-rc.1", |p| p)
        .npm("a", "2.0.0-rc.2", |p| p)
        .tag("a", "next", "2.0.0-rc.1")
        .tag("a", "latest", "1.0.0")
        .serve();
    let project = Project::new(&registry);
    project.dependencies(&["npm \"a\" \"^1\""]).run("larder lock").exits(0);
    project.write("package-lock.json", r#"{"lockfileVersion": 3, "packages": {"": {"name": "x"}}}"#);
    project.dependencies(&["npm \"a\" \"next\""]).run("larder lock --prefer package-lock.json").exits(0);
    assert!(project.read("larder.lock").contains("npm:a@2.0.0-rc.1"));
    // It stays where it is asked for as before, though the tag moves on or goes, until `update`.
    for universe in [Universe::new().tag("a", "next", "2.0.0-rc.2"), Universe::new()] {
        let universe = universe.npm("a", "1.0.0", |p| p).npm("a", "2.0.0-rc.1", |p| p).npm("a", "2.0.0-rc.2", |p| p);
        registry.becomes(&universe.tag("a", "latest", "1.0.0").npm("b", "1.0.0", |p| p));
        project.forget();
        project.dependencies(&["npm \"a\" \"next\"", "npm \"b\" \"^1\""]).run("larder lock").exits(0);
        assert!(project.read("larder.lock").contains("npm:a@2.0.0-rc.1"));
        project.dependencies(&["npm \"a\" \"next\""]).run("larder lock").exits(0);
    }
    project.run("larder update").exits(3).names(["has no dist-tag `next`"]);
    // Who adds it by the tag wants what it stands for now.
    let universe = Universe::new().npm("a", "2.0.0-rc.1", |p| p).npm("a", "2.0.0-rc.2", |p| p);
    registry.becomes(&universe.tag("a", "next", "2.0.0-rc.2"));
    project.forget();
    project.run("larder add npm:a@next").exits(0);
    assert!(project.read("larder.lock").contains("npm:a@2.0.0-rc.2"));
}
