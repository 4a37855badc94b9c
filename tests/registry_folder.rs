//! Registries of private packages in folders: made, signed, checked.

use crate::support::{Project, conforms};

#[test]
fn a_registry_is_made_signed_and_checked() {
    let project = Project::alone();
    let made = project.run_json("larder registry init packages --origin packages.example --json");
    conforms(&made, "registry-init");
    assert!(made["key"].as_str().unwrap().starts_with("packages.example+"));
    let secret = std::fs::metadata(made["secret"].as_str().unwrap()).unwrap();
    assert_eq!(std::os::unix::fs::MetadataExt::mode(&secret) & 0o777, 0o600);
    let signed = project.run_json("larder registry sign packages --json");
    conforms(&signed, "registry-sign");
    assert_eq!(signed["size"], 2);
    let whole = project.run_json("larder registry verify packages --json");
    conforms(&whole, "registry-verify");
    assert_eq!(
        (&whole["origin"], &whole["size"], &whole["packages"]),
        (&"packages.example".into(), &2.into(), &0.into())
    );
    project.run("larder registry init packages").exits(2).names(["is not empty"]);
    project.run("larder registry verify .").exits(2).names(["larder registry init"]);
    project.run("larder yank a@1.0.0 --registry packages").exits(2).names(["has no package `a`"]);
    project.run("larder yank a --registry packages").exits(2).names(["name the version"]);
    project.run("larder yank A@1.0.0 --registry packages").exits(2).names(["upper case"]);
}

#[test]
fn a_damaged_registry_is_told() {
    let project = Project::alone();
    project.run("larder registry init packages --origin packages.example").exits(0);
    project.write("packages/tile/entries/000.p/1", "\0\u{2}{}");
    project.run("larder registry verify packages").exits(4).names(["tile/entries/000.p/1"]);
    let checkpoint = project.read("packages/checkpoint");
    project.write("packages/checkpoint", &checkpoint.replace("\n1\n", "\n2\n"));
    project.run("larder registry sign packages").exits(4).names(["is not signed by"]);
}

#[test]
fn without_the_key_nothing_is_signed() {
    let mut project = Project::alone();
    project.run("larder registry init packages --origin packages.example").exits(0);
    let secret = project.folder().join("home/.config/larder/keys/packages.example.log");
    let key = std::fs::read_to_string(&secret).unwrap();
    std::fs::remove_file(secret).unwrap();
    project.run("larder registry sign packages").exits(2).names(["LARDER_LOG_KEY"]);
    project.set("LARDER_LOG_KEY", key.trim());
    project.run("larder registry sign packages").exits(0);
}
