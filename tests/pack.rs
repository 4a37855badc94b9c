//! `larder pack` and `larder key`: equal bytes wherever they are made, what is refused, and keys that nobody overwrites.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;
use std::time::Instant;

use crate::support::{Project, conforms};

const MANIFEST: &str = "package \"orders-client\" version=\"2.1.0\" license=\"Apache-2.0\" {\n  \
    description \"What the shop knows of orders\"\n  category \"integrations\"\n  node \"js\"\n  python \"py\"\n  \
    bin \"orders\" \"js/bin/orders.mjs\"\n}\n\
    dependencies {\n  npm \"zod\" \"^4\"\n  pypi \"pydantic\" \">=2,<3\"\n  larder \"money\" \"^1.2\"\n}\n";

/// A package of both halves, with files that do not belong to it.
fn orders() -> Project {
    let project = Project::alone();
    project
        .write("larder.kdl", MANIFEST)
        .write("README.md", "# Orders\n")
        .write("js/package.json", "{\"name\":\"orders-client\",\"type\":\"module\"}\n")
        .write("js/index.js", "export const total = 1\n")
        .write("js/bin/orders.mjs", "#!/usr/bin/env node\n")
        .write("py/orders_client/__init__.py", "TOTAL = 1\n")
        .write("py/orders_client/__pycache__/x.pyc", "")
        .write("node_modules/zod/index.js", "")
        .write("dist/bundle.js", "")
        .write(".gitignore", "dist\n*.log\n")
        .write("js/debug.log", "");
    let program = project.path("js/bin/orders.mjs");
    std::fs::set_permissions(program, PermissionsExt::from_mode(0o755)).expect("a mode");
    project
}

fn listed(project: &Project) -> BTreeSet<String> {
    project.run("larder pack --list").exits(0).stdout.lines().map(str::to_owned).collect()
}

fn names<const N: usize>(names: [&str; N]) -> BTreeSet<String> {
    names.map(str::to_owned).into()
}

#[test]
fn a_package_has_the_same_bytes_wherever_and_whenever_it_is_packed() {
    let one = orders();
    let packed = one.run("larder pack --json").exits(0).json();
    conforms(&packed, "pack");
    let bytes = std::fs::read(one.path("orders-client-2.1.0.tar.gz")).expect("the archive");
    // Again, beside the first archive, at another time, under another umask and in another language.
    let mut other = orders();
    other.set("LC_ALL", "tr_TR.UTF-8");
    other.set("TZ", "Asia/Tokyo");
    let old = std::time::UNIX_EPOCH + std::time::Duration::from_secs(86_400);
    std::fs::File::open(other.path("js/index.js")).and_then(|file| file.set_modified(old)).expect("a time");
    for (file, mode) in [("js/index.js", 0o600), ("js/bin/orders.mjs", 0o700), ("README.md", 0o664)] {
        std::fs::set_permissions(other.path(file), PermissionsExt::from_mode(mode)).expect("a mode");
    }
    other.under(&["sh", "-c", "umask 077; exec \"$@\"", "sh"], "larder pack").exits(0);
    assert_eq!(std::fs::read(other.path("orders-client-2.1.0.tar.gz")).expect("the archive"), bytes);
    let again = one.run("larder pack --json --out elsewhere").exits(0).json();
    assert_eq!(
        (&again["sha256"], &again["tree"], &again["files"]),
        (&packed["sha256"], &packed["tree"], &packed["files"])
    );
    assert_eq!(std::fs::read(one.path("elsewhere/orders-client-2.1.0.tar.gz")).expect("the archive"), bytes);
}

#[test]
fn gitignore_or_files_say_what_is_packed() {
    let project = orders();
    let always = names([
        "README.md",
        "js/bin/orders.mjs*",
        "js/index.js",
        "js/package.json",
        "larder.kdl",
        "py/orders_client/__init__.py",
    ]);
    assert_eq!(listed(&project), always);
    assert!(!project.has("orders-client-2.1.0.tar.gz"), "--list writes nothing");
    // A member with a manifest of its own is another package.
    project.write("plugins/x/larder.kdl", "package \"x\" version=\"1.0.0\"").write("plugins/x/x.js", "");
    assert_eq!(listed(&project), always);
    // With `files`, what is built counts though git ignores it.
    project.write(
        "larder.kdl",
        &MANIFEST.replace("  category", "  files \"js\" \"py/**\" \"dist\" \"!**/*.log\"\n  category"),
    );
    let mut with_dist = always.clone();
    with_dist.insert("dist/bundle.js".to_owned());
    assert_eq!(listed(&project), with_dist);
    project.write("larder.kdl", &MANIFEST.replace("  category", "  files \"js/**\" \"src/**\"\n  category"));
    project.run("larder pack").exits(2).names(["\"src/**\"", "no file matches it", "\"py\"", "no Python module"]);
}

#[test]
fn a_repositorys_gitignore_counts_for_its_packages() {
    let project = Project::alone();
    project
        .write(".git/HEAD", "")
        .write(".gitignore", "generated/\n")
        .write("larder.kdl", "project \"shop\"\nmembers \"packages/*\"\ncatalog { npm \"zod\" \"^4.1\"; }\n")
        .write(
            "packages/a/larder.kdl",
            "package \"a\" version=\"1.0.0\"\ndependencies { npm \"zod\" catalog=#true; }\n",
        )
        .write("packages/a/generated/x", "")
        .write("packages/a/kept", "");
    let folder = project.path("packages/a");
    let packed = project.run_in(&folder, "larder pack --json").exits(0).json();
    let paths: Vec<_> = packed["files"].as_array().expect("files").iter().map(|file| file["path"].clone()).collect();
    assert_eq!(paths, ["kept", "larder.kdl"]);
    // Ranges of the root's catalogs go with it.
    let out = std::process::Command::new("tar")
        .args(["-xzOf", "a-1.0.0.tar.gz", "a-1.0.0/larder.kdl"])
        .current_dir(&folder)
        .output();
    let manifest = String::from_utf8(out.expect("tar").stdout).expect("text");
    assert_eq!(manifest, "package \"a\" version=\"1.0.0\"\ndependencies { npm \"zod\" \"^4.1\"; }\n");
    project.run("larder pack").exits(2).names(["larder.kdl says nothing of a package"]);
}

#[test]
fn secrets_are_not_packed() {
    let project = orders();
    project
        .write(".env", "A=1\n")
        .write("js/key.pem", "-----BEGIN PRIVATE KEY-----\n")
        .write("py/settings.py", "x = 1\nAPI_TOKEN = 'Zx8Kq2Lw9Rt5Vb1Nm7Pd3Fh6'\n");
    project.run("larder pack").exits(1).names([
        ".env looks like",
        "js/key.pem:1 looks like a private key",
        "py/settings.py:2",
    ]);
    assert!(!project.has("orders-client-2.1.0.tar.gz"));
    project.run("larder pack --allow-secret .env --allow-secret js/key.pem").exits(1).names(["py/settings.py"]);
    project.run("larder pack --allow-secret .env --allow-secret js/key.pem --allow-secret py/settings.py").exits(0);
    project.run("larder pack --allow-secret .env --allow-secret js/key.pem --allow-secret py/settings.py --allow-secret nothing").exits(2);
}

#[test]
fn what_no_archive_can_hold_is_named_all_at_once() {
    let project = orders();
    let link = |target: &str, name: &str| std::os::unix::fs::symlink(target, project.path(name)).expect("a link");
    link("/etc/hosts", "js/hosts");
    link("nowhere", "js/broken");
    link("bin", "js/folder");
    link("index.js", "js/same.js");
    project.write("js/aux.js", "").write("js/a:b", "").write("readme.md", "twice");
    project.run("larder pack").exits(1).names([
        "js/hosts` is a link to `/etc/hosts`",
        "js/broken` is a link that leads nowhere",
        "js/folder` is a link to a folder",
        "js/aux.js` has a part that Windows keeps",
        "js/a:b` has one of",
        "collides with `README.md`",
    ]);
    for name in ["js/hosts", "js/broken", "js/folder", "js/aux.js", "js/a:b", "readme.md"] {
        std::fs::remove_file(project.path(name)).expect("it is there");
    }
    assert!(listed(&project).contains("js/same.js"), "a link that stays inside is a file");
}

#[test]
fn a_package_is_held_to_what_its_manifest_says() {
    let project = orders();
    project.write("js/package.json", "{\"name\":\"other\",\"dependencies\":{\"zod\":\"^4\"}}");
    project.write(
        "larder.kdl",
        &MANIFEST.replace("js/bin/orders.mjs", "js/bin/order.mjs").replace("npm \"zod\" \"^4\"", "path \"../money\""),
    );
    project.run("larder pack").exits(2).names([
        "is that of `other`",
        "dependencies of its own",
        "js/bin/order.mjs",
        "not there",
    ]);
    project.write("js/package.json", "{}").write("js/bin/order.mjs", "");
    project.run("larder pack").exits(2).names(["path \"../money\"", "a folder of this checkout is nowhere else"]);
}

#[test]
fn ten_thousand_files_are_packed_in_a_moment() {
    let project = Project::alone();
    project.write("larder.kdl", "package \"many\" version=\"1.0.0\"\n");
    for folder in 0..100 {
        let path = project.path(&format!("data/{folder}"));
        std::fs::create_dir_all(&path).expect("a folder");
        for file in 0..100 {
            std::fs::write(path.join(format!("{file}.txt")), format!("{folder} {file} token\n").repeat(40))
                .expect("a file");
        }
    }
    let start = Instant::now();
    let packed = project.run("larder pack --json").exits(0).json();
    assert_eq!(packed["files"].as_array().map(Vec::len), Some(10_001));
    // A debug build on a busy machine; a release build takes a fifth of a second.
    assert!(start.elapsed().as_secs() < 30, "{:?}", start.elapsed());
}

#[test]
fn a_key_has_a_password_or_lies_in_the_keyring() {
    let mut project = Project::alone();
    project.write("list.kdl", "version 1\n");
    // Nobody sits at a terminal.
    project.run("larder key new safe --password").exits(1).names(["nobody can be asked"]);
    project.set("LARDER_KEY_PASSWORD", "n3edle battery");
    let made = project.run("larder key new safe --password --json").exits(0).json();
    conforms(&made, "key");
    let public: larder::package::PublisherKey =
        made["keys"][0]["public"].as_str().expect("a text").parse().expect("a key");
    let signed = project.run("larder key sign safe list.kdl --json").exits(0).json();
    conforms(&signed, "key-sign");
    public.verify(b"version 1\n", &project.read("list.kdl.minisig")).expect("a signature");
    project.set("LARDER_KEY_PASSWORD", "another");
    project.run("larder key sign safe list.kdl").exits(2).names(["its password is another one"]);
    project.set("LARDER_KEY_PASSWORD", "");
    project.run("larder key sign safe list.kdl").exits(1).names(["nobody can be asked"]);
    project.run("larder key new log --kind log --password").exits(1);
    assert_eq!(project.program("grep", &["-rl", "n3edle", ".."]).stdout, "", "a file has the password");
    // Without a session there is no keyring.
    project.run("larder key new ring --keyring").exits(2).names(["no keyring"]);
    let tool = "#!/bin/sh\necho \"$@\" >> \"$HOME/arguments\"\nfor last; do :; done\n\
                file=\"$HOME/keyring-$(echo \"$last\" | tr ' ' _)\"\n\
                case $1 in store) cat > \"$file\";; lookup) [ -f \"$file\" ] && cat \"$file\";; esac\n";
    project.write("../tools/secret-tool", tool);
    let tool = project.path("../tools/secret-tool");
    std::fs::set_permissions(&tool, std::fs::Permissions::from_mode(0o755)).expect("a file of ours");
    let inherited = std::env::var("PATH").expect("a PATH");
    project.set("PATH", &format!("{}:{inherited}", tool.parent().expect("a folder").display()));
    project.set("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere");
    let made = project.run("larder key new ring --keyring --json").exits(0).json();
    conforms(&made, "key");
    assert_eq!((&made["keys"][0]["keptIn"], made["keys"][0].get("file")), (&"keyring".into(), None));
    assert!(!project.has("../home/.config/larder/keys/ring.key"));
    project.run("larder key sign ring list.kdl").exits(0);
    let public: larder::package::PublisherKey =
        made["keys"][0]["public"].as_str().expect("a text").parse().expect("a key");
    public.verify(b"version 1\n", &project.read("list.kdl.minisig")).expect("a signature");
    // What a process list would have shown.
    let secret = project.read("../home/keyring-key_ring");
    let (arguments, line) = (project.read("../home/arguments"), secret.lines().last().expect("a key"));
    assert!(arguments.contains("account key ring") && !arguments.contains(line), "{arguments}");
    conforms(&project.run_json("larder key list --json"), "key");
}

#[test]
fn a_key_is_its_owners_and_is_never_overwritten() {
    let project = Project::alone();
    let made = project.run("larder key new release --json").exits(0).json();
    conforms(&made, "key");
    let file = made["keys"][0]["file"].as_str().expect("a file").to_owned();
    let bits = |path: &str| std::fs::metadata(path).expect("a file").permissions().mode() & 0o777;
    assert_eq!(bits(&file), 0o600);
    let before = std::fs::read(&file).expect("the key");
    project.run("larder key new release").exits(1).names(["there is a key `release` already"]);
    assert_eq!(std::fs::read(&file).expect("the key"), before);
    project.run("larder key new ../x").exits(2);
    let shown = project.run("larder key new").exits(0).stdout;
    assert!(shown.starts_with("signer \"default\" \"RW"), "{shown}");
    let log = project.run("larder key new acme --kind log --origin packages.acme.example").exits(0).stdout;
    assert!(log.starts_with("key \"packages.acme.example+"), "{log}");
    project.run("larder key new bad --origin packages.acme.example").exits(2).names(["has no origin"]);
    project.run("larder key new bad --kind log --origin 'a b'").exits(2).names(["is no origin of a registry"]);
    let keys = project.run("larder key list --json").exits(0).json();
    conforms(&keys, "key");
    let kinds: Vec<_> = keys["keys"].as_array().expect("keys").iter().map(|key| key["kind"].clone()).collect();
    assert_eq!(kinds, ["log", "publisher", "publisher"]);
    let secret = String::from_utf8(before).expect("text");
    let secret = secret.lines().last().expect("a key");
    assert!(!keys.to_string().contains(secret) && !made.to_string().contains(secret));
}
