//! `larder builds push`, and what was built elsewhere.

use crate::support::{Metadata, PrivateRegistry, Project, Registry, Universe, conforms};

/// A package that exists only as source, a registry that keeps what comes of it, and a key that signs that.
struct Shared {
    registry: Registry,
    packages: PrivateRegistry,
    key: serde_json::Value,
}

impl Shared {
    fn new() -> Self {
        let registry = Universe::new()
            .pypi("colour", "1.1", |p| p.requires("six").source_only(Metadata::Stated))
            .pypi("six", "1.16", |p| p)
            .serve();
        let packages = PrivateRegistry::new();
        packages.run("larder key new ci");
        let keys = packages.author().run_json("larder key list --json");
        let key = keys["keys"].as_array().expect("keys").iter().find(|key| key["name"] == "ci").expect("a key").clone();
        Self { registry, packages, key }
    }

    /// Returns a project on a machine of its own, which takes what this key signed.
    fn project(&self, public: &str) -> Project {
        let project = Project::new(&self.registry);
        let block = format!("/\" {{ signer \"ci\" \"{public}\"; }}\n");
        let line = self.packages.line().replace("/\"\n", &block);
        project.with_registry_line(
            &line,
            "dependencies { pypi \"colour\"; }\nbuilds { allow pypi \"colour\"; cache \"acme\" signer=\"ci\"; }\n",
        );
        project.run("larder lock").exits(0);
        // Back ends were asked what they need.
        let _ = std::fs::remove_dir_all(project.cache().join("build-logs"));
        project
    }

    fn public(&self) -> &str {
        self.key["public"].as_str().expect("a text")
    }

    /// Builds somewhere and pushes. Returns the name of what came of it, or `None` if this machine has no sandbox.
    fn push(&self) -> Option<String> {
        let builder = self.project(self.public());
        let out = builder.run("larder sync");
        if out.stderr.contains("larder::build::no_sandbox") {
            crate::sweep::say(&format!("NOT TESTED: {}", out.stderr));
            return None;
        }
        let (to, file) = (self.packages.path("").display().to_string(), self.key["file"].as_str().expect("a text"));
        let command = format!("larder builds push --registry {to} --sign file={file} --json");
        let pushed = builder.run_json(&command);
        conforms(&pushed, "builds-push");
        assert_eq!(pushed["builds"][0]["outcome"], "added");
        assert_eq!(builder.run_json(&command)["builds"][0]["outcome"], "unchanged");
        Some(pushed["builds"][0]["key"].as_str().expect("a text").to_owned())
    }

    fn archive(&self, key: &str) -> std::path::PathBuf {
        self.packages.path(&format!("builds/{key}.tar.gz"))
    }
}

#[test]
fn what_was_built_elsewhere_is_taken_if_it_is_signed() {
    let shared = Shared::new();
    let Some(key) = shared.push() else { return };
    let taker = shared.project(shared.public());
    taker.run("larder sync").exits(0);
    assert!(!taker.cache().join("build-logs").exists(), "nothing was built");
    assert_eq!(taker.run("larder run python -c 'import colour; print(colour.__version__)'").exits(0).stdout, "1.1\n");
    taker.run("larder verify").exits(0);
    // What another key signed, what was changed, and what was signed for another build.
    let author = shared.packages.author();
    author.run("larder key new other").exits(0);
    let keys = author.run_json("larder key list --json");
    let other = keys["keys"].as_array().expect("keys").iter().find(|key| key["name"] == "other").expect("a key");
    let distrusting = shared.project(other["public"].as_str().expect("a text"));
    distrusting.run("larder sync").exits(4).names(["`ci` signed", "another key"]);
    assert!(!distrusting.has(".larder/active"));
    let (archive, signature) = (shared.archive(&key), shared.archive(&key).with_extension("gz.minisig"));
    let (whole, signed) =
        (std::fs::read(&archive).expect("an archive"), std::fs::read(&signature).expect("a signature"));
    let mut changed = whole.clone();
    let last = changed.len() - 9;
    changed[last] ^= 1;
    std::fs::write(&archive, changed).expect("an archive");
    shared.project(shared.public()).run("larder sync").exits(4).names(["not a signature of this"]);
    std::fs::write(&archive, &whole).expect("an archive");
    let moved = larder::package::SigningKey::generate().expect("a key");
    let claim = moved.sign(&whole, &format!("build {} {}", "0".repeat(64), "0".repeat(64)));
    std::fs::write(&signature, claim).expect("a signature");
    let public = moved.public().expect("a key").to_string();
    shared.project(&public).run("larder sync").exits(4).names(["signed: its signature is"]);
    // What is not there is built here.
    std::fs::write(&signature, &signed).expect("a signature");
    std::fs::remove_file(&signature).expect("it was there");
    let builder = shared.project(shared.public());
    builder.run("larder sync").exits(0);
    assert!(builder.cache().join("build-logs").exists());
}

#[test]
fn a_cache_needs_a_registry_and_a_signer_of_it() {
    let project = Project::alone();
    for (lines, expected) in [
        ("builds { cache \"acme\"; }", "signer="),
        ("builds { cache \"acme\" signer=\"ci\"; }", "registry of kind larder"),
        ("registries { larder \"acme\" \"a/\"; }\nbuilds { cache \"acme\" signer=\"ci\"; }", "signer"),
    ] {
        project.write("larder.kdl", lines);
        project.run("larder lock").exits(2).names([expected]);
    }
    project.write("larder.kdl", "").write("elsewhere/file", "");
    project.run("larder key new ci").exits(0);
    project.run("larder builds push --registry elsewhere --sign ci").exits(2).names(["elsewhere"]);
}
