//! The private packages of a repository: `larder list --packages`, `larder order`, `larder check`.

use std::collections::BTreeMap;

use crate::support::{Project, assert_transcript, conforms};

/// A repository of sixty packages in nested folders, in five tiers.
fn product() -> Project {
    let project = Project::alone();
    project.write(
        "larder.kdl",
        "project \"product\"\nmembers \"packages/**\"\norder \"core\" \"auth\" \"ai-ml\" \"enterprise\" \"plugins\"\n\
         registries { larder \"acme\" \"registry\"; }\n",
    );
    project.write(".gitignore", "out\n").write("out/copy/larder.kdl", "package \"core-0\" version=\"1.0.0\"");
    for (tier, category) in ["core", "auth", "ai-ml", "enterprise", "plugins"].into_iter().enumerate() {
        for number in 0..12 {
            let status = match number {
                10 => "status \"beta\"; ",
                11 => "status \"deprecated\" replaced-by=\"core-0\"; ",
                _ => "",
            };
            let below = match tier.checked_sub(1) {
                Some(below) => {
                    format!("larder \"{}-{number}\" \"^1\"; ", ["core", "auth", "ai-ml", "enterprise"][below])
                }
                None => String::new(),
            };
            project.write(
                &format!("packages/{category}/deep/{number}/larder.kdl"),
                &format!(
                    "package \"{category}-{number}\" version=\"1.{number}.0\" {{ category \"{category}\"; {status} }}\n\
                     dependencies {{ {below}}}\n"
                ),
            );
        }
    }
    project
}

fn order(project: &Project, command: &str) -> Vec<String> {
    project.run(command).exits(0).stdout.lines().map(str::to_owned).collect()
}

#[test]
fn every_package_is_found_with_its_category_and_status() {
    let project = product();
    let listing = project.run("larder list --packages --json").exits(0).json();
    conforms(&listing, "list-packages");
    let packages = listing["packages"].as_array().expect("packages");
    assert_eq!(packages.len(), 60, "what git ignores is not among them");
    let mut counted: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    for package in packages {
        *counted.entry(("category", package["category"].as_str().expect("a category"))).or_default() += 1;
        *counted.entry(("status", package["status"].as_str().expect("a status"))).or_default() += 1;
    }
    let statistics = &listing["statistics"];
    assert_eq!(
        (&statistics["total"], &statistics["healthy"], &statistics["unhealthy"]),
        (&60.into(), &60.into(), &0.into())
    );
    for ((kind, word), count) in counted {
        let table = if kind == "category" { "byCategory" } else { "byStatus" };
        assert_eq!(statistics[table][word], count, "{word}");
    }
    let auth = packages.iter().find(|package| package["name"] == "auth-3").expect("it is there");
    assert_eq!((&auth["dependencies"][0], &auth["dependents"][0]), (&"core-3".into(), &"ai-ml-3".into()));
    assert_eq!(auth["folder"], "packages/auth/deep/3");
    let groups = project.run("larder list --packages --by status").exits(0).stdout;
    assert!(
        groups.contains(
            "deprecated:\n  ai-ml-11 1.11.0  packages/ai-ml/deep/11  (ai-ml; deprecated, use core-0; 1 dependent)\n"
        ),
        "{groups}"
    );
    assert!(groups.starts_with("active:\n") && groups.contains("\nbeta:\n"), "{groups}");
    project.run("larder list --by status").exits(2);
}

#[test]
fn packages_are_ordered_by_what_they_build_on() {
    let project = product();
    let forward = order(&project, "larder order");
    let tiers: Vec<&str> = forward.iter().map(|name| name.rsplit_once('-').expect("a number").0).collect();
    let mut expected = tiers.clone();
    expected
        .sort_by_key(|tier| ["core", "auth", "ai-ml", "enterprise", "plugins"].iter().position(|known| known == tier));
    assert_eq!((forward.len(), &tiers), (60, &expected));
    assert_eq!(order(&project, "larder order"), forward, "it is stable");
    let mut backward = order(&project, "larder order --reverse");
    backward.reverse();
    assert_eq!(backward, forward);
    conforms(&project.run("larder order --json").exits(0).json(), "order");
    // A dependency goes before a category.
    project.write(
        "packages/core/deep/0/larder.kdl",
        "package \"core-0\" version=\"1.0.0\" { category \"core\"; features { x { path \"../../../plugins/own\"; } } }\n",
    );
    project.write("packages/plugins/own/larder.kdl", "package \"own\" version=\"1.0.0\" { category \"plugins\"; }\n");
    let changed = order(&project, "larder order");
    let place = |name: &str| changed.iter().position(|other| other == name).expect("it is there");
    assert!(place("own") < place("core-0") && place("core-9") < place("own"), "{changed:?}");
}

#[test]
fn a_cycle_is_printed() {
    let project = Project::alone();
    project.write("larder.kdl", "project \"p\"\n");
    for (name, needs) in [("a", "b"), ("b", "c"), ("c", "b")] {
        project.write(
            &format!("{name}/larder.kdl"),
            &format!("package \"{name}\" version=\"1.0.0\"\ndependencies {{ larder \"{needs}\" \"^1\"; }}\n"),
        );
    }
    assert_transcript!(project.run("larder order").exits(1).stderr, @r"
    larder::package::cycle

      × packages depend on each other: b -> c -> b
      help: take one of these dependencies away, or move what both need into a package of its own
    ");
    // None of them could be published first: neither is there a lock, nor can they be published.
    project.write("larder.kdl", "project \"p\"\nmembers \"a\" \"b\" \"c\"\n");
    for command in ["larder lock", "larder check"] {
        project.run(command).exits(1).names(["packages depend on each other: b -> c -> b"]);
    }
    assert!(!project.has("larder.lock"));
}

#[test]
fn two_packages_of_one_name_are_both_named() {
    let project = Project::alone();
    project
        .write("larder.kdl", "project \"p\"\n")
        .write("one/larder.kdl", "package \"orders-client\" version=\"1.0.0\"\n")
        .write("deep/two/larder.kdl", "package \"orders_client\" version=\"2.0.0\"\n");
    for command in ["larder list --packages", "larder order"] {
        project.run(command).exits(2).names(["one/larder.kdl", "deep/two/larder.kdl", "two packages are called"]);
    }
}

#[test]
fn what_cannot_be_published_is_unhealthy_and_the_others_are_not() {
    let project = Project::alone();
    project
        .write("larder.kdl", "project \"p\"\nmembers \"packages/*\"\n")
        .write("packages/good/larder.kdl", "package \"good\" version=\"1.0.0\"\n")
        .write("packages/bad/larder.kdl", "package \"bad\" version=\"1.0.0\" { node \"js\"; }\n")
        .write(
            "packages/worse/larder.kdl",
            "package \"worse\" version=\"1.0.0\"\ndependencies { path \"../good\"; }\n",
        );
    let listing = project.run("larder list --packages --json").exits(0).json();
    assert_eq!((&listing["statistics"]["healthy"], &listing["statistics"]["unhealthy"]), (&1.into(), &2.into()));
    assert!(listing["packages"][0]["problem"].to_string().contains("`js` is not a Node half"), "{listing:#}");
    project.run("larder check").exits(1).names(["2 packages could not be published", "bad 1.0.0", "worse 1.0.0"]);
    project
        .run_in(&project.path("packages/bad"), "larder check")
        .exits(2)
        .names(["packages/bad/larder.kdl", "node \"js\""]);
    project.write("packages/bad/larder.kdl", "package \"bad\" vrsion=\"1.0.0\"\n");
    let listing = project.run("larder list --packages --json").exits(0).json();
    conforms(&listing, "list-packages");
    assert_eq!(listing["unreadable"][0]["file"], "packages/bad/larder.kdl");
    project.run("larder order").exits(2).names(["vrsion"]);
}

#[test]
fn a_package_alone_is_checked_without_a_lock() {
    let project = Project::alone();
    project.write(
        "larder.kdl",
        "package \"alone\" version=\"1.0.0\" { python \"src\"; }\ndependencies { pypi \"pydantic\" \">=2\"; larder \"money\" \"^1\"; }\n",
    );
    project.run("larder check").exits(2).names(["a Python half"]);
    project.write("src/alone/__init__.py", "");
    let checked = project.run("larder check --json").exits(0).json();
    conforms(&checked, "check");
    assert_eq!(checked["ownPackages"][0], "alone 1.0.0");
    project.run("larder check").exits(0).names(["alone 1.0.0 can be published"]);
}
