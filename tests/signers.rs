//! Lists of publishers' keys at a registry, and keys that are rotated.

use larder::package::SigningKey;

use crate::support::{PrivateRegistry, Project};

/// A registry whose packages are signed, and whoever signs the list of its signers.
struct Signed {
    packages: PrivateRegistry,
    root: SigningKey,
    consumer: Project,
}

impl Signed {
    fn new() -> Self {
        let (packages, root, consumer) =
            (PrivateRegistry::new(), SigningKey::generate().expect("a key"), Project::alone());
        for name in ["old", "new"] {
            packages.run(&format!("larder key new {name}"));
        }
        Self { packages, root, consumer }
    }

    /// Returns the public key of a signer.
    fn key(&self, name: &str) -> String {
        let keys = self.packages.author().run_json("larder key list --json");
        let found = keys["keys"].as_array().and_then(|keys| keys.iter().find(|key| key["name"] == name)).cloned();
        found.expect("a key")["public"].as_str().expect("a text").to_owned()
    }

    fn publish(&self, version: &str, key: &str) {
        let author = self.packages.author();
        author.write("package/larder.kdl", &format!("package \"orders\" version=\"{version}\" {{ node \".\"; }}\n"));
        author.write("package/index.js", &format!("module.exports = '{version}'\n"));
        author.run(&format!("larder -C package publish --registry ../packages --sign {key}")).exits(0);
    }

    /// Lets the registry have a list of signers, signed by a key.
    fn list(&self, by: &SigningKey, text: &str) {
        std::fs::write(self.packages.path("signers.kdl"), text).expect("a list");
        std::fs::write(self.packages.path("signers.kdl.minisig"), by.sign(text.as_bytes(), "signers"))
            .expect("a signature");
    }

    fn consume(&self, range: &str) {
        let root = self.root.public().expect("a key");
        let registry =
            self.packages.line().replace("/\"\n", &format!("/\" {{ signers \"signers.kdl\" root=\"{root}\"; }}\n"));
        self.consumer.write(
            "larder.kdl",
            &format!("registries {{\n{registry}}}\nruntimes {{ node \"20\"; }}\ndependencies {{ larder \"orders\" \"{range}\"; }}\n"),
        );
        let _ = std::fs::remove_file(self.consumer.path("larder.lock"));
    }
}

#[test]
fn a_rotated_key_counts_for_what_the_log_had_before() {
    let signed = Signed::new();
    let (old, new) = (signed.key("old"), signed.key("new"));
    signed.publish("1.0.0", "old");
    let size = signed.packages.author().run_json("larder registry verify packages --json")["size"].clone();
    signed.list(&signed.root, &format!("version 1\nsigner \"old\" \"{old}\"\n"));
    signed.consume("^1");
    signed.consumer.run("larder lock").exits(0);
    // Rotated: what was there counts, and what the old key signs now does not.
    signed.list(&signed.root, &format!("version 2\nsigner \"old\" \"{old}\" until={size}\nsigner \"new\" \"{new}\"\n"));
    signed.consume("^1");
    signed.consumer.run("larder lock").exits(0);
    signed.publish("1.1.0", "old");
    signed.consume("^1");
    signed.consumer.run("larder lock").exits(4).names(["`old`", &format!("first {size} entries"), "1.1.0"]);
    signed.consume("=1.0.0");
    signed.consumer.run("larder lock").exits(0);
    signed.publish("1.2.0", "new");
    signed.consume("^1");
    signed.consumer.run("larder lock").exits(0);
    // While the list is withheld, the one that was seen counts.
    std::fs::remove_file(signed.packages.path("signers.kdl")).expect("a list of ours");
    signed.consume("=1.1.0");
    signed.consumer.run("larder lock").exits(4).names(["`old`", "1.1.0"]);
    signed.consume("^1");
    signed.consumer.run("larder lock").exits(0).names(["signers.kdl", "it is missing", "Version 2"]);
}

#[test]
fn a_list_is_believed_if_the_root_signed_it_and_it_is_no_older_one() {
    let signed = Signed::new();
    let old = signed.key("old");
    signed.publish("1.0.0", "old");
    let list = |version: u32, rest: &str| format!("version {version}\nsigner \"old\" \"{old}\"{rest}\n");
    let other = SigningKey::generate().expect("a key");
    signed.consume("^1");
    signed.consumer.run("larder lock").exits(5).names(["signers.kdl", "missing"]);
    signed.list(&other, &list(1, ""));
    signed.consumer.run("larder lock").exits(4).names(["another key"]);
    // A signature of another list.
    signed.list(&signed.root, &list(1, ""));
    std::fs::write(signed.packages.path("signers.kdl"), list(2, "")).expect("a list");
    signed.consumer.run("larder lock").exits(5).names(["one of another list"]);
    signed.list(&signed.root, "version 2\nsigner \"old\" \"RW\"\n");
    signed.consumer.run("larder lock").exits(4).names(["key of minisign"]);
    signed.list(&signed.root, &list(3, ""));
    signed.consumer.run("larder lock").exits(0);
    signed.list(&signed.root, &list(2, " revoked=#true"));
    signed.consume("^1");
    signed.consumer.run("larder lock").exits(0).names(["it is version 2, an older one", "Version 3"]);
    signed.list(&signed.root, &list(3, " revoked=#true"));
    signed.consume("^1");
    signed.consumer.run("larder lock").exits(4).names(["another list of"]);
    signed.list(&signed.root, &list(4, " revoked=#true"));
    signed.consumer.run("larder lock").exits(4).names(["revoked"]);
}

#[test]
fn what_nobody_signed_is_told_and_refused_where_signatures_are_required() {
    let signed = Signed::new();
    signed.publish("1.0.0", "old");
    let author = signed.packages.author();
    let publish = |name: &str, sign: &str| {
        author.write("package/larder.kdl", &format!("package \"{name}\" version=\"1.0.0\" {{ node \".\"; }}\n"));
        author.run(&format!("larder -C package publish --registry ../packages {sign}")).exits(0);
    };
    publish("money", "");
    publish("gold", "--sign new");
    let log = author.run_json("larder key list --json");
    let log =
        log["keys"].as_array().and_then(|keys| keys.iter().find(|key| key["kind"] == "log")).expect("a log's key");
    let project = &signed.consumer;
    let consume = |package: &str, trust: &str, policy: &str| {
        let block = format!("/\" {{ key \"{}\"; {trust} }}\n", log["public"].as_str().expect("a text"));
        let registry = signed.packages.line().replace("/\"\n", &block);
        project.write(
            "larder.kdl",
            &format!("registries {{\n{registry}}}\nruntimes {{ node \"20\"; }}\n{policy}\ndependencies {{ larder \"{package}\" \"*\"; }}\n"),
        );
        let _ = std::fs::remove_file(project.path("larder.lock"));
    };
    let required = "policy { signatures \"required\"; }";
    let trusted = format!("signer \"old\" \"{}\" packages=\"orders\"", signed.key("old"));
    consume("orders", &trusted, required);
    project.run("larder sync").exits(0);
    project.run("larder audit signatures").exits(0);
    consume("money", &trusted, "");
    project.run("larder lock").exits(0).names(["larder:money@1.0.0 has no signature of its publisher"]);
    assert!(project.read("larder.lock").contains("\nunsigned = true\n"));
    project.run("larder sync").exits(0);
    consume("money", &trusted, required);
    project.run("larder lock").exits(0).names(["larder:money@1.0.0 has no signature of its publisher"]);
    for command in ["larder sync", "larder check", "larder audit signatures"] {
        project.run(command).exits(1).names(["larder:money@1.0.0 has no signature of its publisher"]);
    }
    // Signed, but by whom?
    consume("gold", &trusted, "");
    let output = project.run("larder lock").exits(0);
    assert!(!output.stderr.contains("signature"), "{}", output.stderr);
    // No `signer` covers it: nobody has said whose signature counts.
    consume("gold", &trusted, required);
    project.run("larder sync").exits(0);
}
