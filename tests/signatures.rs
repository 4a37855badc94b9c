//! `signatures`: an npm registry's signatures of what is locked.

use serde_json::Value;

use crate::support::{NpmPackage, Project, SigningKey, Universe, conforms};

const DEPENDENCIES: &str = "dependencies {\n    npm \"left\" \"^1\"\n    npm \"right\" \"^1\"\n}\n";

/// Writes a manifest whose npm registry has these keys.
fn declare(project: &Project, keys: &str, policy: &str) {
    project.manifest(&format!("{DEPENDENCIES}{policy}\n"));
    let text = project.read("larder.kdl").replace("/npm/\"\n", &format!("/npm/\" {{ {keys} }}\n"));
    project.write("larder.kdl", &text);
}

fn universe(left: impl Fn(NpmPackage) -> NpmPackage, right: impl Fn(NpmPackage) -> NpmPackage) -> Universe {
    Universe::new().npm("left", "1.0.0", left).npm("right", "1.0.0", right).pypi("six", "1.0", |p| p)
}

const REQUIRED: &str = "policy { signatures \"required\"; }";

fn checks(document: &Value) -> Vec<&str> {
    document["findings"].as_array().expect("findings").iter().filter_map(|one| one["check"].as_str()).collect()
}

#[test]
fn what_the_registry_signed_passes_and_what_it_did_not_is_told_or_refused() {
    let key = SigningKey::new();
    let signed = |p: NpmPackage| p.signed_by(&key);
    let registry = universe(signed, signed).serve();
    let project = Project::new(&registry);
    let own = format!("key \"{}\";", key.public());
    declare(&project, &own, "");
    project.run("larder lock").exits(0);
    project.run("larder audit signatures").exits(0).names(["2 of 2 packages of npm registries have a valid signature"]);
    let document = project.run("larder audit signatures --json").exits(0).json();
    conforms(&document, "audit");
    assert_eq!((&document["signatures"]["valid"], checks(&document)), (&Value::from(2), Vec::new()));
    declare(&project, &own, REQUIRED);
    project.run("larder sync").exits(0);
    project.run("larder check --offline").exits(0);

    registry.becomes(&universe(signed, |p| p));
    std::fs::remove_dir_all(project.cache().join("metadata")).expect("cached metadata");
    for command in ["larder check", "larder audit signatures", "larder ci"] {
        std::fs::remove_dir_all(project.path(".larder")).ok();
        project.run(command).exits(1).names([
            "packages without a valid signature",
            "npm:right@1.0.0 has no signature of its registry",
            "signatures \"required\"",
        ]);
    }
    declare(&project, &own, "");
    project.run("larder sync").exits(0);
    project
        .run("larder audit signatures")
        .exits(0)
        .names(["warning: npm:right@1.0.0 has no signature", "1 of 2 packages"]);
}

#[test]
fn a_signature_holds_for_the_locked_digest_only() {
    let key = SigningKey::new();
    let signed = |p: NpmPackage| p.signed_by(&key);
    let registry = universe(signed, signed).serve();
    let project = Project::new(&registry);
    declare(&project, &format!("key \"{}\";", key.public()), "");
    project.run("larder lock").exits(0);
    // The registry replaced the file, and signed the new one.
    registry.becomes(&universe(|p| p.signed_by(&key).file("evil.js", "1"), signed));
    std::fs::remove_dir_all(project.cache().join("metadata")).expect("cached metadata");
    project.run("larder audit signatures").exits(1).names(["npm:left@1.0.0 has a signature by SHA256:"]);
    let document = project.run("larder audit signatures --json").exits(1).json();
    let message = document["findings"][0]["message"].as_str().expect("a message");
    assert!(message.ends_with("that is not for what is locked: name, version or digest differ"), "{message}");
}

#[test]
fn keys_are_the_registrys_own_and_expire() {
    let (key, other) = (SigningKey::new(), SigningKey::new());
    let signed = |p: NpmPackage| p.signed_by(&key).published("2024-06-01T00:00:00Z");
    let registry = universe(signed, signed).serve();
    let project = Project::new(&registry);
    declare(&project, &format!("key \"{}\";", other.public()), REQUIRED);
    project.run("larder lock").exits(0);
    project.run("larder sync").exits(1).names(["is signed with a key that is none of its registry's"]);
    // npmjs's own keys are known without a line, for those who ask.
    declare(&project, "", REQUIRED);
    project.run("larder audit signatures").exits(1).names(["is signed with a key that is none of its registry's"]);
    project.run("larder sync").exits(0);
    let until = |time: &str| format!("key \"{}\" expires=\"{time}\";", key.public());
    declare(&project, &until("2024-01-01T00:00:00Z"), REQUIRED);
    project.run("larder sync").exits(1).names(["expired at 2024-01-01T00:00:00Z, before it was published"]);
    declare(&project, &until("2025-01-01T00:00:00Z"), REQUIRED);
    project.run("larder sync").exits(0);
    declare(&project, "key \"MFkw\";", "");
    project.run("larder check").exits(2).names(["the key of a registry", "MFkwEwYHKoZIzj0CAQYI"]);
}
