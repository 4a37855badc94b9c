//! Registries of private packages in folders: made, published to, signed, checked.

use crate::support::{Output, Project, conforms};

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
    let secret = project.folder().join("home/.config/larder/keys/packages.example.key");
    let key = std::fs::read_to_string(&secret).unwrap();
    std::fs::remove_dir_all(secret.parent().unwrap()).unwrap();
    project.run("larder registry sign packages").exits(2).names(["LARDER_LOG_KEY"]);
    project.set("LARDER_LOG_KEY", key.trim());
    project.run("larder registry sign packages").exits(0);
}

/// A package without dependencies.
fn package(project: &Project, name: &str, version: &str) {
    project
        .write(&format!("{name}/larder.kdl"), &format!("package \"{name}\" version=\"{version}\" {{ node \".\"; }}\n"))
        .write(&format!("{name}/index.js"), &format!("module.exports = '{name} {version}'\n"));
}

fn publish(project: &Project, name: &str, version: &str, options: &str) -> Output {
    package(project, name, version);
    let registry = project.path("packages").display().to_string();
    project.run(&format!("larder -C {name} publish --registry {registry} {options}"))
}

#[test]
fn a_published_version_never_changes() {
    let project = Project::alone();
    project.run("larder registry init packages --origin packages.example").exits(0);
    let dry = publish(&project, "orders", "1.0.0", "--dry-run --json").exits(0).json();
    conforms(&dry, "publish");
    assert_eq!((&dry["outcome"], &dry["files"]), (&"none".into(), &serde_json::json!(["index.js", "larder.kdl"])));
    assert!(!project.has("packages/artifacts"));
    publish(&project, "orders", "1.0.0", "").exits(0).names(["Published to packages.example"]);
    publish(&project, "orders", "1.0.0", "").exits(0).names(["already, with the same files"]);
    project.write("orders/index.js", "changed\n");
    let registry = project.path("packages").display().to_string();
    project.run(&format!("larder -C orders publish --registry {registry}")).exits(1).names(["never changes"]);
    publish(&project, "orders_", "1.0.0", "").exits(2);
    let near = publish(&project, "or.ders", "1.0.0", "").exits(0);
    near.names(["or.ders 1.0.0"]);
    publish(&project, "or-ders", "1.0.0", "").exits(1).names(["or.ders"]);
    let yanked = project.run_json("larder yank orders@1.0.0 --reason wrong --registry packages --json");
    conforms(&yanked, "registry-event");
    assert_eq!(yanked["outcome"], "added");
    assert_eq!(project.run_json("larder yank orders@1.0.0 --registry packages --json")["outcome"], "unchanged");
    project.run("larder yank orders@2.0.0 --registry packages").exits(2).names(["the newest version is 1.0.0"]);
    project.run("larder unyank orders@1.0.0 --registry packages").exits(0);
    project.run("larder deprecate orders --replaced-by or.ders --registry packages").exits(0).names(["is deprecated"]);
    let whole = project.run_json("larder registry verify packages --json");
    assert_eq!((&whole["packages"], &whole["versions"]), (&2.into(), &2.into()));
}

#[test]
fn who_has_no_key_of_the_log_leaves_a_submission() {
    let project = Project::alone();
    project.run("larder registry init packages --origin packages.example").exits(0);
    let home = project.folder().join("home");
    std::fs::rename(home.join(".config"), home.join("kept")).unwrap();
    project.run("larder key new release").exits(0);
    let left = publish(&project, "orders", "1.0.0", "--sign release --json").exits(0).json();
    assert_eq!(left["outcome"], "submitted");
    assert!(left["signed_by"].as_str().unwrap().starts_with("RW"));
    assert!(!project.has("packages/index"));
    // One that lies about its archive stays.
    publish(&project, "money", "1.0.0", "").exits(0).names(["Left for the owner of packages.example"]);
    for entry in std::fs::read_dir(project.path("packages/incoming")).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read(&path).unwrap();
        if path.extension().is_some_and(|extension| extension == "json") && text.windows(5).any(|part| part == b"money")
        {
            let text = String::from_utf8(text).unwrap();
            std::fs::write(&path, text.replace("\"version\":\"1.0.0\"", "\"version\":\"1.0.1\"")).unwrap();
        }
    }
    std::fs::remove_dir_all(home.join(".config")).unwrap();
    std::fs::rename(home.join("kept"), home.join(".config")).unwrap();
    let signed = project.run("larder registry sign packages").exits(0);
    signed.names(["Added publish orders 1.0.0", "its body is not what the manifest in its archive says"]);
    let whole = project.run_json("larder registry verify packages --json");
    assert_eq!(whole["versions"], 1);
    assert!(project.read("packages/index/or/de/orders").contains("untrusted comment"));
}

#[test]
fn of_equal_submissions_the_signatures_count_and_none_is_left_over() {
    let project = Project::alone();
    project.run("larder registry init packages --origin packages.example").exits(0);
    let home = project.folder().join("home");
    std::fs::rename(home.join(".config"), home.join("kept")).unwrap();
    project.run("larder key new release").exits(0);
    project.run("larder key new second").exits(0);
    for turn in 0..4 {
        let name = format!("orders{turn}");
        for options in ["", "--sign release", "", "--sign second", "--sign release"] {
            publish(&project, &name, "1.0.0", options).exits(0).names(["Left for the owner"]);
        }
    }
    // The same version with other files: the one that is signed is taken, and the other is told of.
    publish(&project, "money", "1.0.0", "").exits(0);
    claim_signatures(&project, "money");
    project.write("money/more.js", "1\n");
    let registry = project.path("packages").display().to_string();
    project.run(&format!("larder -C money publish --registry {registry} --sign release")).exits(0);
    std::fs::remove_dir_all(home.join(".config")).unwrap();
    std::fs::rename(home.join("kept"), home.join(".config")).unwrap();

    let signed = project.run("larder registry sign packages").exits(0);
    let said = format!("{}{}", signed.stdout, signed.stderr);
    assert_eq!((said.matches("Added publish ").count(), said.matches(" stays: ").count()), (5, 1), "{said}");
    signed.names(["published already, with other files"]);
    for turn in 0..4 {
        let index = project.read(&format!("packages/index/or/de/orders{turn}"));
        assert_eq!((index.lines().count(), index.matches("untrusted comment").count()), (1, 2), "{index}");
    }
    assert!(project.read("packages/index/mo/ne/money").contains("untrusted comment"));
    assert_eq!(std::fs::read_dir(project.path("packages/incoming")).unwrap().count(), 2);
    project.run("larder registry verify packages").exits(0);
}

/// Lets the submissions of a package claim to be signed: with a word, and with what is longer than any signature.
fn claim_signatures(project: &Project, name: &str) {
    for entry in std::fs::read_dir(project.path("packages/incoming")).expect("a folder") {
        let path = entry.expect("an entry").path();
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        if text.contains(&format!("\"name\":\"{name}\"")) {
            let claims = format!(",\"signatures\":[\"x\",\"{}\"]}}", "x".repeat(60_000));
            std::fs::write(&path, format!("{}{claims}", text.strip_suffix('}').expect("an object"))).expect("a file");
        }
    }
}

#[test]
fn eight_publish_at_once() {
    let project = Project::alone();
    project.run("larder registry init packages --origin packages.example").exits(0);
    let registry = project.path("packages").display().to_string();
    for name in 0..8 {
        package(&project, &format!("p{name}"), "1.0.0");
        package(&project, &format!("same{name}"), "1.0.0");
        project.write(
            &format!("same{name}/larder.kdl"),
            &format!("package \"same\" version=\"1.{name}.0\" {{ node \".\"; }}\n"),
        );
    }
    let folders = (0..8).flat_map(|name| [format!("p{name}"), format!("same{name}")]);
    let started: Vec<_> =
        folders.map(|folder| project.start(&format!("larder -C {folder} publish --registry {registry}"))).collect();
    for child in started {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    let whole = project.run_json("larder registry verify packages --json");
    assert_eq!((&whole["packages"], &whole["versions"], &whole["size"]), (&9.into(), &16.into(), &33.into()));
}

#[test]
fn signatures_and_keys_are_demanded_of_a_registry() {
    let project = Project::alone();
    let made = project.run_json("larder registry init packages --origin packages.example --json");
    let key = made["key"].as_str().unwrap();
    let publisher = project.run_json("larder key new release --json")["keys"][0]["public"].as_str().unwrap().to_owned();
    publish(&project, "orders", "1.0.0", "--sign release").exits(0).names([", signed"]);
    publish(&project, "money", "1.0.0", "").exits(0).names(["not signed"]);
    let manifest = |trust: &str, rest: &str| {
        project.write(
            "larder.kdl",
            &format!(
                "runtimes {{ node \"20\"; }}\nregistries {{ larder \"acme\" \"packages\" {{ {trust} }}; }}\n{rest}\n"
            ),
        );
    };
    let orders = "dependencies { larder \"orders\" \"^1\"; }";
    manifest(&format!("key \"{key}\"; signer \"release\" \"{publisher}\""), orders);
    project.run("larder lock").exits(0);
    let lock = project.read("larder.lock");
    manifest(
        &format!("key \"{key}\"; signer \"release\" \"{publisher}\""),
        "dependencies { larder \"money\" \"^1\"; }",
    );
    project.run("larder lock").exits(4).names(["money 1.0.0", "has no signature"]);
    manifest(&format!("key \"{key}\"; signer \"release\" \"{publisher}\" revoked=#true"), orders);
    std::fs::remove_file(project.path("larder.lock")).unwrap();
    project.run("larder lock").exits(4).names(["orders 1.0.0", "revoked"]);
    // Without a key the registry is trusted on first use, unless signatures are required.
    manifest("", orders);
    project.run("larder lock").exits(0).names(["trusted on first use", key]);
    assert_eq!(project.read("larder.lock"), format!("{lock}\n[[log]]\nregistry = \"acme\"\nkey = \"{key}\"\n"));
    // A key in the manifest takes its place.
    manifest(&format!("key \"{key}\""), orders);
    project.run("larder update").exits(0);
    assert_eq!(project.read("larder.lock"), lock);
    std::fs::remove_file(project.path("larder.lock")).unwrap();
    manifest("", &format!("policy {{ signatures \"required\"; }}\n{orders}"));
    project.run("larder lock").exits(1).names(["has no `key`"]);
    let other = key.replace("packages.example", "other.example");
    manifest(&format!("key \"{other}\""), orders);
    project.run("larder lock").exits(2).names(["ORIGIN+HASH+KEY"]);
}

#[test]
fn a_registry_that_is_not_declared_is_none_of_the_folders() {
    let project = Project::alone();
    project.run("larder registry init packages --origin packages.example").exits(0);
    package(&project, "orders", "1.0.0");
    let undeclared = project.run("larder -C orders publish --registry acme").exits(2);
    undeclared.names(["there is no registry `acme`", "declares none"]);
    project.write("larder.kdl", "registries { larder \"own\" \"packages\"; }\nruntimes { node \"20\"; }\n");
    for (named, status) in [("acme", 2), ("http://127.0.0.1:9/", 2), ("https://packages.example", 2)] {
        let refused = project.run(&format!("larder yank orders@1.0.0 --registry {named}")).exits(status);
        let refused = refused.names([&format!("there is no registry `{named}`"), "larder.kdl declares own"]);
        assert!(!refused.stderr.contains("registry init"), "{}", refused.stderr);
    }
    project.run("larder -C orders publish --registry ./nowhere").exits(2).names(["is no registry", "registry init"]);
    let url = format!("file://{}", project.path("packages").display());
    project.run(&format!("larder -C orders publish --registry {url}")).exits(0);
    project.run("larder yank orders@1.0.0 --registry own").exits(0);
}

/// A registry of one package, and a project that has locked it.
fn consumer() -> (Project, String) {
    let project = Project::alone();
    let made = project.run_json("larder registry init packages --origin packages.example --json");
    publish(&project, "orders", "1.0.0", "").exits(0);
    let key = made["key"].as_str().expect("a key").to_owned();
    project.write(
        "larder.kdl",
        &format!(
            "runtimes {{ node \"20\"; }}\nregistries {{ larder \"acme\" \"packages\" {{ key \"{key}\"; }}; }}\n\
             dependencies {{ larder \"orders\" \"^1\"; }}\n"
        ),
    );
    project.run("larder lock").exits(0);
    (project, key)
}

#[test]
fn a_registry_that_was_made_anew_has_to_be_trusted() {
    let (project, key) = consumer();
    let lock = project.read("larder.lock");
    std::fs::remove_dir_all(project.path("packages")).unwrap();
    assert_eq!(project.run_json("larder registry init packages --origin packages.example --json")["key"], key.as_str());
    publish(&project, "first", "1.0.0", "").exits(0);
    package(&project, "orders", "1.0.0");
    project.write("orders/README.md", "another\n");
    let registry = project.path("packages").display().to_string();
    project.run(&format!("larder -C orders publish --registry {registry}")).exits(0);
    project.run("larder update").exits(4).names(["its history is not the one seen before", "larder trust registry"]);
    assert_eq!(project.read("larder.lock"), lock);
    project.run("larder trust registry acm").exits(2).names(["did you mean `acme`?"]);
    project.run("larder trust registry acme").exits(0).names(["is accepted"]);
    assert_ne!(project.read("larder.lock"), lock);
    project.run("larder update").exits(0);
}

#[test]
fn what_was_seen_is_carried_to_another_machine() {
    let (project, _) = consumer();
    let old = std::fs::read(project.path("packages/checkpoint")).unwrap();
    publish(&project, "orders", "1.1.0", "").exits(0);
    project.run("larder update").exits(0);
    let exported = project.run("larder registry witness export").exits(0);
    project.write("witness.json", &exported.stdout);
    // The older state is news for who has seen nothing.
    std::fs::write(project.path("packages/checkpoint"), old).unwrap();
    project.forget();
    std::fs::remove_file(project.path("larder.lock")).unwrap();
    let blind = project.run("larder lock").exits(0);
    assert!(!blind.stderr.contains("was seen before"), "{}", blind.stderr);
    project.forget();
    let imported = project.run_json("larder registry witness import witness.json --json");
    conforms(&imported, "registry-witness");
    assert_eq!(imported["origins"][0], "packages.example");
    project.run("larder update").exits(0).names(["was seen before"]);
    let forged = exported.stdout;
    let trees = forged.find("\"trees\":[[").unwrap();
    let digit = forged[trees..].find(",\"").unwrap() + trees + 2;
    let other = if &forged[digit..=digit] == "0" { "1" } else { "0" };
    project.write("witness.json", &format!("{}{other}{}", &forged[..digit], &forged[digit + 1..]));
    project.run("larder registry witness import witness.json").exits(4).names(["contradicts what was seen here"]);
    project.write("witness.json", "{}");
    project.run("larder registry witness import witness.json").exits(2).names(["witness export"]);
}

#[test]
fn what_is_published_is_named_and_said_once() {
    let project = Project::alone();
    project.run("larder registry init packages --origin packages.example").exits(0);
    publish(&project, "bm", "1.0.0+b1", "").exits(0);
    project.write("bm/more.js", "1\n");
    publish(&project, "bm", "1.0.0+b2", "").exits(1).names([
        "version 1.0.0+b1 of `bm` is published already",
        "what stands behind a `+`",
        "larder yank bm@1.0.0+b1",
    ]);
    let deprecate = "larder deprecate bm --reason old --replaced-by";
    project.run(&format!("{deprecate} 'BAD NAME' --registry packages")).exits(2).names(["nothing can be used instead"]);
    let outcomes = ["added", "unchanged"].map(|_| {
        project.run_json(&format!("{deprecate} bills --registry packages --json"))["outcome"]
            .as_str()
            .unwrap()
            .to_owned()
    });
    assert_eq!(outcomes, ["added", "unchanged"]);
    assert_eq!(project.read("packages/index/2/bm").lines().count(), 2);
}

#[test]
fn another_registry_of_one_origin_is_told_and_an_edited_origin_is_damage() {
    let mut project = Project::alone();
    project.run("larder registry init packages --origin packages.example").exits(0);
    project.run("larder registry init second --origin packages.example").exits(0).names(["signs this registry too"]);
    project.run("larder registry init third --origin third.example").exits(0);
    let file = "packages/larder-registry.json";
    let text = project.read(file);
    project.write(file, &text.replacen("\"packages.example\"", "\"other.example\"", 1));
    project
        .run("larder registry verify packages")
        .exits(4)
        .names(["says that the registry is `other.example`", "its checkpoint is that of `packages.example`"]);
    project.write(file, &text);

    // The public part of a key alone signs nothing, and the key of another log neither.
    let keys = project.folder().join("home/.config/larder/keys");
    let other = std::fs::read_to_string(keys.join("third.example.key")).unwrap();
    std::fs::remove_file(keys.join("packages.example.key")).unwrap();
    project.run("larder registry sign packages").exits(2).names([
        "the private key `packages.example` of the log `packages.example` has no file",
        "the private key of the log `packages.example` is not here",
    ]);
    publish(&project, "orders", "1.0.0", "").exits(0).names(["Left for the owner"]);
    std::fs::remove_file(keys.join("packages.example.pub")).unwrap();
    project.set("LARDER_LOG_KEY", other.trim());
    project
        .run("larder registry sign packages")
        .exits(2)
        .names(["LARDER_LOG_KEY holds the key of the log `third.example`, and this is the log `packages.example`"]);
}

#[test]
fn an_age_is_told_in_its_unit() {
    let project = Project::alone();
    project.run("larder registry init packages --origin packages.example").exits(0);
    publish(&project, "money", "1.0.0", "").exits(0);
    std::thread::sleep(std::time::Duration::from_millis(2100));
    let registry = project.path("packages").display().to_string();
    let reader = project.beside();
    let line = format!("    larder \"acme\" \"file://{registry}/\" {{ freshness \"1s\"; }}\n");
    reader.with_registry_line(&line, "dependencies { larder \"money\" \"*\"; }\n");
    reader.run("larder lock").exits(1).names(["its `freshness` allows 1 second"]);
}
