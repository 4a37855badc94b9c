//! What was yanked or deprecated after it was locked: told by whoever asks registries, and nobody else.

use crate::support::{PrivateRegistry, Project, PypiPackage, Universe, conforms};

fn published(versions: &[&str]) -> PrivateRegistry {
    let packages = PrivateRegistry::new();
    for version in versions {
        let manifest = format!("package \"orders\" version=\"{version}\" {{ node \".\"; }}\n");
        packages.publish(&[("larder.kdl", &manifest), ("index.js", "\n")]);
    }
    packages
}

#[test]
fn a_yank_after_locking_is_told_where_registries_are_asked() {
    let packages = published(&["1.0.0", "1.1.0"]);
    let registry = Universe::new().serve();
    let project = Project::new(&registry);
    project.with_packages(&packages, "dependencies { larder \"orders\" \"^1\"; }\n");
    project.run("larder lock").exits(0);
    packages.run("larder yank orders@1.1.0 --reason 'wrong totals' --registry packages");
    let lock = project.read("larder.lock");
    let told = ["larder:orders@1.1.0 was yanked from its registry (wrong totals)", "larder update orders"];
    for command in ["larder lock", "larder audit yanked", "larder audit", "larder outdated", "larder check --online"] {
        project.run(command).exits(0).names(told);
    }
    let outdated = project.run_json("larder outdated --json");
    conforms(&outdated, "outdated");
    assert!(outdated["warnings"][0].to_string().contains("wrong totals"), "{outdated}");
    assert_eq!(project.read("larder.lock"), lock, "what only was looked at stays");

    // These read the lock alone.
    for command in ["larder lock --check", "larder fetch", "larder sync --frozen", "larder lock --offline"] {
        let silent = project.run(command).exits(0);
        assert!(!silent.stderr.contains("yanked"), "{command}: {}", silent.stderr);
    }
    packages.run("larder unyank orders@1.1.0 --registry packages");
    for command in ["larder lock", "larder audit yanked", "larder outdated"] {
        let silent = project.run(command).exits(0);
        assert!(!silent.stderr.contains("yanked"), "{command}: {}", silent.stderr);
    }
}

#[test]
fn a_deprecation_after_locking_is_told_and_a_policy_may_refuse_it() {
    let packages = published(&["1.0.0"]);
    let registry = Universe::new().serve();
    let project = Project::new(&registry);
    project.with_packages(&packages, "dependencies { larder \"orders\" \"^1\"; }\n");
    project.run("larder lock").exits(0);
    packages.run("larder deprecate orders --reason old --replaced-by bills --registry packages");
    for command in ["larder lock", "larder audit deprecated", "larder outdated"] {
        project.run(command).exits(0).names(["larder:orders@1.0.0 is deprecated: old: use bills instead"]);
    }
    let denying = "dependencies { larder \"orders\" \"^1\"; }\npolicy { deprecated \"deny\"; }\n";
    project.with_packages(&packages, denying);
    project.run("larder audit").exits(1).names(["larder:orders@1.0.0 is deprecated"]);

    // A registry that is out of reach keeps nobody from auditing, or from locking what is locked.
    std::fs::rename(packages.path(""), packages.author().path("gone")).unwrap();
    project.run("larder audit").exits(0).names(["registry `acme` does not tell"]);
    project.run("larder lock").exits(0).names(["up to date"]);
}

#[test]
fn public_registries_are_asked_by_who_names_the_check_and_who_looks_for_updates() {
    let before = Universe::new().pypi("six", "1.1", |p| p).npm("left", "1.0.0", |p| p).serve();
    let after = Universe::new()
        .pypi("six", "1.1", PypiPackage::yanked)
        .pypi("six", "1.0", |p| p)
        .npm("left", "1.0.0", |p| p.field("deprecated", "use right".into()))
        .serve();
    let mut project = Project::new(&before);
    project.dependencies(&["pypi \"six\"", "npm \"left\""]);
    project.run("larder lock").exits(0);
    project.sees(&after);
    project.run("larder lock").exits(0).names(["up to date"]);
    assert!(after.take_log().is_empty(), "what is locked needs no public registry");
    project
        .run("larder audit yanked deprecated")
        .exits(0)
        .names(["pypi:six@1.1 was yanked", "npm:left@1.0.0 is deprecated: use right"]);
    project
        .run("larder outdated")
        .exits(0)
        .names(["pypi:six@1.1 was yanked", "npm:left@1.0.0 is deprecated: use right"]);
}
