//! Attacks on those who use private packages, from outside of a registry and from inside.

use crate::support::{PrivateRegistry, Project, Registry, Universe};

const DESCRIPTION: &str = "/acme/larder-registry.json";

/// A registry with one version of `orders`.
fn registry_of(version: &str) -> PrivateRegistry {
    let packages = PrivateRegistry::new();
    let manifest = format!("package \"orders\" version=\"{version}\" {{ node \".\"; }}\n");
    packages.publish(&[("larder.kdl", &manifest), ("index.js", &format!("module.exports = '{version}'\n"))]);
    packages
}

/// Writes a manifest with registries of private packages, and what it depends on.
fn with_registries(project: &Project, registries: &str, lines: &str) {
    let text = format!("runtimes {{ node \"20\"; }}\nregistries {{\n{registries}}}\ndependencies {{ {lines}; }}\n");
    project.write("larder.kdl", &text);
    let _ = std::fs::remove_file(project.path("larder.lock"));
}

fn line(packages: &PrivateRegistry, name: &str, block: &str) -> String {
    packages.line().replace("\"acme\"", &format!("\"{name}\"")).replace("/\"\n", &format!("/\" {{ {block} }}\n"))
}

#[test]
fn a_bound_name_comes_from_its_registry_whatever_others_have() {
    let (ours, theirs) = (registry_of("1.0.0"), registry_of("9.9.9"));
    let project = Project::alone();
    let bound = line(&ours, "acme", "packages \"orders\";") + &line(&theirs, "other", "priority 100;");
    with_registries(&project, &bound, "larder \"orders\" \">=1\"");
    project.run("larder lock").exits(0);
    assert!(project.read("larder.lock").contains("id = \"larder:orders@1.0.0\"\nregistry = \"acme\""));
    // Where nothing binds the name, nobody guesses.
    let unbound = line(&ours, "acme", "") + &line(&theirs, "other", "");
    with_registries(&project, &unbound, "larder \"orders\" \">=1\"");
    project.run("larder lock").exits(3).names(["acme", "other"]);
    assert!(!project.has("larder.lock"));
    // The one that has it is between two states: the other is not asked in its place.
    std::fs::rename(ours.path("checkpoint"), ours.path("away")).expect("a file of ours");
    with_registries(&project, &bound, "larder \"orders\" \">=1\"");
    project.run("larder lock").exits(0).names(["`acme` is between two states"]);
    assert!(project.read("larder.lock").contains("id = \"larder:orders@1.0.0\"\nregistry = \"acme\""));
}

#[test]
fn names_that_look_alike_are_one_name_or_none() {
    let packages = registry_of("1.0.0");
    let project = Project::alone();
    for (name, expected) in [
        ("Orders", "upper case"),
        // A Cyrillic letter.
        ("\u{43e}rders", "rders"),
        ("orders\u{200b}", "orders"),
        ("../orders", "orders"),
        ("orders/../../x", "orders"),
        ("con", "con"),
        ("", "name"),
    ] {
        with_registries(&project, &packages.line(), &format!("larder \"{name}\" \"^1\""));
        project.run("larder lock").exits(2).names([expected]);
        project.write("package/larder.kdl", &format!("package \"{name}\" version=\"1.0.0\" {{ node \".\"; }}\n"));
        project.write("package/index.js", "");
        project.run("larder -C package pack").exits(2);
    }
    let author = packages.author();
    for (near, status) in [("or-ders", 0), ("or_ders", 1), ("or.ders", 1), ("orders", 0)] {
        author.write("package/larder.kdl", &format!("package \"{near}\" version=\"2.0.0\" {{ node \".\"; }}\n"));
        let packages = packages.path("").display().to_string();
        author.run(&format!("larder -C package publish --allow-breaking --registry {packages}")).exits(status);
    }
}

#[test]
fn a_version_is_no_path() {
    let project = Project::alone();
    for version in ["../../1.0.0", "1.0.0/../..", "1.0.0-../x", "1", "1.0.0\\\\x", ""] {
        project.write("larder.kdl", &format!("package \"orders\" version=\"{version}\" {{ node \".\"; }}\n"));
        project.write("index.js", "");
        project.run("larder pack").exits(2).names(["version"]);
    }
    assert!(!project.listing().keys().any(|path| path.extension().is_some_and(|end| end == "gz")));
    // A registry says it: what is published so is none of its versions.
    let packages = registry_of("1.0.0");
    let index = packages.path("index/or/de/orders");
    let text = std::fs::read_to_string(&index).expect("an index file");
    std::fs::write(&index, text.replace("1.0.0", "../0.0")).expect("an index file");
    with_registries(&project, &packages.line(), "larder \"orders\" \"*\"");
    project.run("larder lock").exits(4).names(["orders"]);
    assert!(!project.has("larder.lock"));
}

#[test]
fn a_redirect_of_a_registry_takes_no_token_along() {
    let serve =
        || Universe::new().file(DESCRIPTION, b"{}".to_vec()).file("/evil/larder-registry.json", b"{}".to_vec()).serve();
    let (registry, other): (Registry, Registry) = (serve(), serve());
    let mut project = Project::alone();
    project.set("LARDER_TOKEN_ACME", "n3edle");
    let url = registry.url("/acme/");
    let acme = format!("larder \"acme\" \"{url}\" {{ token env=\"LARDER_TOKEN_ACME\"; }}\n");
    for to in [other.url(DESCRIPTION), registry.url("/evil/larder-registry.json")] {
        let answer = format!("HTTP/1.1 302 -\r\nlocation: {to}\r\ncontent-length: 0\r\n\r\n");
        registry.plays(DESCRIPTION, answer.as_bytes(), 1);
        with_registries(&project, &acme, "larder \"orders\" \"^1\"");
        let out = project.run("larder lock -vv");
        assert!(matches!(out.status, 4 | 5) && !out.stderr.contains("n3edle"), "{}", out.stderr);
        assert_eq!(registry.take_credentials(DESCRIPTION), ["Bearer n3edle"]);
        assert_eq!(other.authorized(), [""; 0]);
        assert_eq!(registry.authorized().iter().find(|path| path.starts_with("/evil")), None);
    }
    // A registry beside it on the same host is asked without.
    let beside = format!("larder \"evil\" \"{}\"\n", registry.url("/evil/"));
    with_registries(&project, &(acme + &beside), "larder \"orders\" \"^1\" registry=\"evil\"");
    project.run("larder lock");
    assert_eq!(registry.authorized().iter().find(|path| path.starts_with("/evil")), None);
}

#[test]
fn what_was_believed_on_first_use_stays() {
    let packages = registry_of("1.0.0");
    let mut project = Project::alone();
    with_registries(&project, &packages.line(), "larder \"orders\" \"^1\"");
    project.run("larder lock").exits(0).names(["trusted on first use"]);
    // Another registry in its place, with a key of its own and the same packages.
    let other = registry_of("1.0.0");
    std::fs::rename(packages.path(""), packages.author().path("before")).expect("a folder of ours");
    std::fs::rename(other.path(""), packages.path("")).expect("a folder of ours");
    let lock = project.read("larder.lock");
    with_registries(&project, &packages.line(), "larder \"orders\" \"^1\"");
    project.run("larder lock").exits(4).names(["signed by packages.acme.example+", "larder trust registry acme"]);
    assert!(!project.has("larder.lock"));
    // A lock with another key, which whoever replaced the registry may have written, does not change what was seen here.
    let other_key =
        other.author().run_json("larder key list --json")["keys"][0]["public"].as_str().expect("a key").to_owned();
    let own_key =
        lock.lines().find_map(|line| line.strip_prefix("key = ")).expect("a key").trim_matches('"').to_owned();
    project.write("larder.lock", &lock.replace(&own_key, &other_key));
    project.run("larder update").exits(4).names([&*own_key, &*other_key]);
    // Who has the lock and nothing else believes what the lock has.
    project.write("larder.lock", &lock);
    project.set("LARDER_CACHE", "another-cache");
    for command in ["larder update", "larder outdated", "larder add larder:money"] {
        project.run(command).exits(4).names(["signed by packages.acme.example+"]);
    }
    assert_eq!(project.read("larder.lock"), lock);
    project.run("larder trust registry acme").exits(0).names(["trusted on first use"]);
    assert_ne!(project.read("larder.lock"), lock);
    project.run("larder update").exits(0);
}
