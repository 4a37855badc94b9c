//! Flows in one file: exported, encrypted, imported elsewhere; and files that somebody made to harm.

use std::path::Path;

use age::secrecy::ExposeSecret;
use age::x25519::Identity;

use crate::assets::{edit, hub_unlocked};
use crate::support::{Project, conforms};

/// Writes a key as `age-keygen` does, and returns its public part.
pub(crate) fn key(project: &Project, file: &str) -> String {
    let key = Identity::generate();
    let public = key.to_public().to_string();
    project.write(file, &format!("# public key: {public}\n{}\n", key.to_string().expose_secret()));
    public
}

/// A project without packages, on another machine.
pub(crate) fn elsewhere() -> Project {
    let project = Project::alone();
    let manifest = "project \"elsewhere\"\nmembers \"packages/*\"\nenvironment \"development\"\nenvironment \"staging\"\nenvironment \"production\"\n";
    project.write("larder.kdl", manifest);
    project
}

fn carry(from: &Project, file: &str, to: &Project) {
    std::fs::copy(from.path(file), to.path(file)).expect("a file that was exported");
}

/// The hub's order-intake, encrypted for the key `key.txt` of another project.
pub(crate) fn exported() -> (Project, Project) {
    let (hub, there) = (hub_unlocked(), elsewhere());
    let public = key(&there, "key.txt");
    hub.run(&format!("larder export flows order-intake --encrypt {public} -o intake.age")).exits(0);
    carry(&hub, "intake.age", &there);
    (hub, there)
}

fn has_packages(project: &Project) -> bool {
    project.has("packages/orders/larder.kdl") || project.has("packages/partner/larder.kdl")
}

#[test]
fn an_encrypted_flow_is_a_draft_elsewhere_and_can_be_deployed_there() {
    let (hub, there) = exported();
    let told = there.run("larder import flows intake.age --identity key.txt --json").exits(0).json();
    conforms(&told, "import-assets");
    let new = told["assets"].as_array().expect("a list").iter().filter(|one| one["new"] == true).count();
    assert_eq!(told["manifests"].as_array().map(Vec::len), Some(2), "{told:#}");
    let manifest = there.read("packages/orders/larder.kdl");
    assert!(
        manifest.contains("package \"orders\" version=\"1.2.0\"") && manifest.contains("larder \"partner\" \"^2.1.0\"")
    );
    assert!(manifest.contains("flow \"order-intake\" \"flows/order-intake.kdl\"\n"), "a draft: {manifest}");
    // Another flow of the package did not come along, but for what this one names.
    assert!(!manifest.contains("order-approval"), "{manifest}");
    let same = |file: &str| assert_eq!(there.read(file), hub.read(file), "{file}");
    same("packages/orders/mappings/order-to-invoice.kdl");
    same("packages/orders/samples/order-1.xml");
    same("packages/partner/schemas/types.xsd");
    there.run("larder lock").exits(0);
    there.run("larder check").exits(0);
    there.run("larder sync --env production").exits(0);
    there.run("larder flow deploy order-intake --env production").exits(1);
    there.run("larder flow ready order-intake").exits(0);
    there.run("larder flow deploy order-intake --env production").exits(0);
    // The second time all is there.
    let again = there.run_json("larder import flows intake.age --identity key.txt --json");
    assert!(again["assets"].as_array().expect("a list").iter().all(|one| one["new"] == false), "{again:#}");
    assert_eq!(again["assets"].as_array().map(Vec::len), told["assets"].as_array().map(Vec::len));
    assert_eq!(again["manifests"].as_array().map(Vec::len), Some(0));
    assert!(new > 5);
    assert!(there.read("packages/orders/larder.kdl").contains("state=\"ready\""), "what is there stays");
}

#[test]
fn a_flow_goes_into_packages_that_are_there() {
    let (hub, there) = (hub_unlocked(), elsewhere());
    let told = hub.run_json("larder export flows orders/order-intake order-approval --json");
    conforms(&told, "export-flows");
    assert_eq!((&told["file"], &told["encrypted"]), (&"order-intake.flows.tar.gz".into(), &false.into()));
    carry(&hub, "order-intake.flows.tar.gz", &there);
    let manifest = "// ours\npackage \"orders\" version=\"3.0.0\"\n\nassets {\n    schema \"own\" \"own.schema.json\" // ours\n}\n";
    there
        .write("packages/orders/larder.kdl", manifest)
        .write("packages/orders/own.schema.json", "{\"type\": \"object\"}\n");
    there.run("larder import flows order-intake.flows.tar.gz").exits(0);
    let after = there.read("packages/orders/larder.kdl");
    for kept in ["// ours\npackage \"orders\" version=\"3.0.0\"", "schema \"own\" \"own.schema.json\" // ours"] {
        assert!(after.contains(kept), "{after}");
    }
    assert!(after.contains("larder \"partner\" \"^2.1.0\"") && after.contains("flow \"order-approval\""), "{after}");
    there.run("larder lock").exits(0);
    there.run("larder check").exits(0);
}

#[test]
fn what_says_something_else_is_never_replaced() {
    let (_, there) = exported();
    let manifest = "package \"orders\" version=\"1.2.0\"\nassets {\n    schema \"invoice\" \"mine.schema.json\"\n}\n";
    there
        .write("packages/orders/larder.kdl", manifest)
        .write("packages/orders/mine.schema.json", "{\"type\": \"object\"}\n");
    there.write("packages/orders/flows/order-intake.kdl", "// mine\n");
    std::fs::create_dir_all(there.path("packages/partner")).expect("a folder of ours");
    let before = there.state();
    let told = there.run("larder import flows intake.age -i key.txt").exits(1).stderr;
    for problem in ["schema:orders/invoice@1", "packages/orders/flows/order-intake.kdl", "packages/partner"] {
        assert!(told.contains(problem), "{problem}: {told}");
    }
    assert_eq!(there.state(), before);
    // Nor is anything written through a link.
    let (_, there) = exported();
    let outside = there.path("../outside");
    std::fs::create_dir(&outside).expect("a folder of ours");
    there.write("packages/orders/larder.kdl", "package \"orders\" version=\"1.2.0\"\n");
    std::os::unix::fs::symlink(&outside, there.path("packages/orders/flows")).expect("a link of ours");
    there.run("larder import flows intake.age -i key.txt").exits(1).names(["packages/orders/flows"]);
    assert_eq!(std::fs::read_dir(&outside).expect("a folder").count(), 0);
    assert!(!there.has("packages/partner"));
}

#[test]
fn a_wrong_key_and_a_damaged_file_are_told_and_nothing_is_written() {
    let (_, there) = exported();
    key(&there, "other.txt");
    there.write("nothing.txt", "# no key\n").write("plain.txt", "hello\n");
    let before = there.state();
    there.run("larder import flows intake.age").exits(2).names(["is encrypted", "--identity"]);
    there.run("larder import flows intake.age --identity other.txt").exits(1).names(["encrypted for another key"]);
    there.run("larder import flows intake.age --identity nothing.txt").exits(2).names(["nothing.txt"]);
    there.run("larder import flows gone.age --identity key.txt").exits(2).names(["gone.age"]);
    there.run("larder import flows plain.txt").exits(4).names(["no file of flows"]);
    let whole = std::fs::read(there.path("intake.age")).expect("a file");
    let wrong = |bytes: &[u8]| {
        std::fs::write(there.path("damaged.age"), bytes).expect("a file of ours");
        let output = there.run("larder import flows damaged.age --identity key.txt");
        assert!([1, 4].contains(&output.status), "{}: {}", output.status, output.stderr);
        assert!(!has_packages(&there));
        output.status
    };
    for end in [25, 150, whole.len() / 2, whole.len() - 1] {
        wrong(&whole[..end]);
    }
    assert_eq!(wrong(&whole[..whole.len() - 20]), 4);
    for at in [30, 120, 230, whole.len() / 2, whole.len() - 1] {
        let mut flipped = whole.clone();
        flipped[at] ^= 4;
        wrong(&flipped);
    }
    std::fs::remove_file(there.path("damaged.age")).expect("a file of ours");
    assert_eq!(there.state(), before);
}

#[test]
fn recipients_are_public_keys_or_files_of_them() {
    let hub = hub_unlocked();
    let keys = [key(&hub, "one.txt"), key(&hub, "two.txt")];
    hub.write("team.txt", &format!("# the team\n{}\n{}\n", keys[0], keys[1]));
    hub.run("larder export flows order-intake --encrypt team.txt -o intake.age").exits(0);
    for file in ["one.txt", "two.txt"] {
        let there = elsewhere();
        carry(&hub, "intake.age", &there);
        carry(&hub, file, &there);
        there.run(&format!("larder import flows intake.age --identity {file}")).exits(0);
    }
    let secret = hub.read("one.txt").lines().last().expect("a key").to_owned();
    let told = hub.run(&format!("larder export flows order-intake --encrypt {secret} -o no.age")).exits(2).stderr;
    assert!(told.contains("secret key") && !told.contains(&secret), "{told}");
    hub.run("larder export flows order-intake --encrypt age1nonsense -o no.age").exits(2).names(["age1nonsense"]);
    hub.run("larder export flows order-intake --encrypt gone.txt -o no.age").exits(2).names(["gone.txt"]);
    hub.run("larder export flows order-intaek -o no.age").exits(2).names(["order-intake"]);
    assert!(!hub.has("no.age"));
}

#[test]
fn secrets_are_never_in_it() {
    let hub = hub_unlocked();
    edit(
        &hub,
        "packages/orders/adapters/billing-out.kdl",
        "Authorization env=\"BILLING_TOKEN\"",
        "Authorization \"Bearer hunter2\"",
    );
    let told = hub.run("larder export flows order-intake -o no.tar.gz").exits(1).stderr;
    assert!(told.contains("secret") && !told.contains("hunter2"), "{told}");
    edit(
        &hub,
        "packages/orders/adapters/billing-out.kdl",
        "Authorization \"Bearer hunter2\"",
        "Authorization env=\"BILLING_TOKEN\"",
    );
    std::fs::remove_file(hub.path("packages/partner/schemas/types.xsd")).expect("a file of ours");
    hub.run("larder export flows order-intake -o no.tar.gz").exits(1).names(["types.xsd"]);
    assert!(!hub.has("no.tar.gz"));
}

/// Packs files as the file that `larder export flows` writes, and whatever else stands in `entries`.
fn packed(project: &Project, entries: &[(&str, tar::EntryType, &str)]) {
    let mut archive = tar::Builder::new(Vec::new());
    for (path, kind, content) in entries {
        let mut header = tar::Header::new_ustar();
        let name = path.as_bytes();
        header.as_old_mut().name[..name.len()].copy_from_slice(name);
        header.set_entry_type(*kind);
        header.set_mode(0o644);
        header.set_mtime(0);
        header.set_size(content.len() as u64);
        if kind.is_symlink() {
            header.set_link_name("/etc/passwd").expect("a short name");
            header.set_size(0);
        }
        header.set_cksum();
        archive.append(&header, content.as_bytes()).expect("an entry");
    }
    let tar = archive.into_inner().expect("an archive");
    let mut gzip = flate2::GzBuilder::new().mtime(0).write(Vec::new(), flate2::Compression::default());
    std::io::Write::write_all(&mut gzip, &tar).expect("memory");
    std::fs::write(project.path("made.tar.gz"), gzip.finish().expect("memory")).expect("a file of ours");
}

/// Returns the path and the text that a file of flows is to have for a path and a text.
type Change<'c> = &'c dyn Fn(&str, &str) -> Option<(String, String)>;

#[test]
fn files_that_were_made_to_harm_change_nothing() {
    let there = elsewhere();
    let file = tar::EntryType::Regular;
    let list = "{\"version\": 1, \"flows\": [], \"packages\": []}";
    let hostile: [&[(&str, tar::EntryType, &str)]; 5] = [
        &[("flows/../../evil.kdl", file, "x")],
        &[("/tmp/evil.kdl", file, "x")],
        &[("flows/a", tar::EntryType::Symlink, "")],
        &[("flows/a", file, "x"), ("flows/a", file, "y")],
        &[("flows/A", file, "x"), ("flows/a", file, "y")],
    ];
    let before = there.state();
    for entries in hostile {
        packed(&there, entries);
        let told = there.run("larder import flows made.tar.gz").exits(4).stderr;
        assert!(told.contains("made.tar.gz"), "{told}");
    }
    // So are archives that have larder's own form.
    let own = |folder: &str, files: &[(String, String)]| {
        let file = |(path, text): &(String, String)| larder::package::ArchiveFile {
            path: larder::model::EntryPath::parse(path).expect("a path"),
            executable: false,
            content: text.as_bytes().to_vec(),
        };
        let bytes = larder::package::write(folder, &files.iter().map(file).collect::<Vec<_>>());
        std::fs::write(there.path("made.tar.gz"), bytes).expect("a file of ours");
        there.run("larder import flows made.tar.gz").exits(4).stderr
    };
    let one = |path: &str, text: &str| (path.to_owned(), text.to_owned());
    assert!(own("flows", &[one("flows.json", list)]).contains("it has no flow"));
    assert!(own("flows", &[one("flows.json", "{")]).contains("cannot be read"));
    assert!(own("other", &[one("flows.json", list)]).contains("no file of flows"));
    assert!(own("flows", &[one("A", "x"), one("a", "y")]).contains("one file on some disks"));
    assert!(own("flows", &[one("a", &"x".repeat(9 << 20))]).contains("8 MiB"));
    // What a file says of itself is not believed: more than it has, or something else.
    let hub = hub_unlocked();
    hub.run("larder export flows order-intake -o whole.tar.gz").exits(0);
    let whole = std::fs::read(hub.path("whole.tar.gz")).expect("a file");
    let mut files = Vec::new();
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(&whole[..]));
    for entry in archive.entries().expect("entries") {
        let mut entry = entry.expect("an entry");
        let path = entry.path().expect("a path").display().to_string();
        let path = path.strip_prefix("flows/").expect("the one folder").to_owned();
        let mut text = String::new();
        std::io::Read::read_to_string(&mut entry, &mut text).expect("a text");
        files.push((path, text));
    }
    let changed = |change: Change<'_>| {
        let files: Vec<(String, String)> = files.iter().filter_map(|(path, text)| change(path, text)).collect();
        own("flows", &files);
    };
    let same = |path: &str, text: &str| Some((path.to_owned(), text.to_owned()));
    changed(&|path, text| {
        if path.ends_with("order-to-invoice.kdl") {
            same(path, &text.replace("\"0\"", "\"1\""))
        } else {
            same(path, text)
        }
    });
    changed(&|path, text| {
        if path.ends_with("flows.json") { same(path, &text.replace("1.2.0", "1.3.0")) } else { same(path, text) }
    });
    changed(&|path, text| {
        if path.ends_with("flows.json") {
            same(path, &text.replace("\"adapters/", "\"../adapters/"))
        } else {
            same(path, text)
        }
    });
    changed(&|path, text| if path.ends_with("types.xsd") { None } else { same(path, text) });
    std::fs::remove_file(there.path("made.tar.gz")).expect("a file of ours");
    assert_eq!(there.state(), before);
    assert!(!Path::new("/tmp/evil.kdl").exists());
}

#[test]
fn adapters_that_cannot_be_read_or_have_a_secret_in_a_comment_stay() {
    let file = "packages/orders/adapters/billing-out.kdl";
    let literal = ("Authorization env=\"BILLING_TOKEN\"", "Authorization \"Bearer hunter2\"");
    for (old, new) in [
        ("kind=\"rest\"", "kind=\"restt\""),
        ("direction=\"out\"", "direction=\"outt\""),
        ("adapter kind", "x password=\"hunter2\"\nadapter kind"),
        ("method \"POST\"", "method \"POST"),
    ] {
        let hub = hub_unlocked();
        edit(&hub, file, literal.0, literal.1);
        edit(&hub, file, old, new);
        hub.run("larder export flows order-intake -o no.tar.gz").exits(1).names(["billing-out.kdl"]);
        assert!(!hub.has("no.tar.gz"), "{new}");
    }
    for line in ["/- adapter { password \"hunter2\"; }\n", "// password \"hunter2\"\n"] {
        let hub = hub_unlocked();
        hub.write(file, &format!("{}{line}", hub.read(file)));
        let told = hub.run("larder export flows order-intake -o no.tar.gz").exits(1).stderr;
        assert!(told.contains("billing-out.kdl:15") && !told.contains("hunter2"), "{told}");
        assert!(!hub.has("no.tar.gz"), "{line}");
    }
}

#[test]
fn packages_that_differ_by_their_scopes_get_folders_of_their_own() {
    let (from, there) = (Project::alone(), elsewhere());
    let adapter = |direction: &str| {
        format!("adapter kind=\"file\" direction=\"{direction}\" {{\n schema \"@b/x/x\"\n path \"/a\"\n}}\n")
    };
    from.write("larder.kdl", "project \"scopes\"\nmembers \"packages/*\"\n")
        .write("packages/b/larder.kdl", "package \"@b/x\" version=\"1.0.0\"\nassets { schema \"x\" \"s/x.schema.json\"; }\n")
        .write("packages/b/s/x.schema.json", "{\"type\": \"object\"}\n")
        .write(
            "packages/a/larder.kdl",
            "package \"@a/x\" version=\"1.0.0\"\ndependencies { larder \"@b/x\" \"^1\"; }\nassets {\n  adapter \"in\" \"s/in.kdl\"\n  adapter \"out\" \"s/out.kdl\"\n  flow \"f\" \"s/f.kdl\"\n}\n",
        )
        .write("packages/a/s/in.kdl", &adapter("in"))
        .write("packages/a/s/out.kdl", &adapter("out"))
        .write("packages/a/s/f.kdl", "flow \"f\" {\n from \"in\"\n to \"out\"\n on-error to=\"out\"\n}\n");
    from.run("larder export flows f -o f.tar.gz").exits(0);
    carry(&from, "f.tar.gz", &there);
    there.run("larder import flows f.tar.gz").exits(0);
    assert!(there.read("packages/a-x/larder.kdl").contains("\"@a/x\""));
    assert!(there.read("packages/b-x/larder.kdl").contains("\"@b/x\""));
    there.run("larder lock").exits(0);
    assert!(there.run("larder flow list --json").exits(0).stdout.contains("@a/x/f"));
}

/// The hub's order-intake in a file, and a project that has a package `orders` with this manifest.
fn beside_orders(manifest: &str) -> Project {
    let (hub, there) = (hub_unlocked(), elsewhere());
    hub.run("larder export flows order-intake -o intake.tar.gz").exits(0);
    carry(&hub, "intake.tar.gz", &there);
    there.write("packages/orders/larder.kdl", manifest);
    there
}

#[test]
fn a_range_that_is_there_stays_or_keeps_the_flows_out() {
    let manifest = |range: &str| {
        format!(
            "package \"orders\" version=\"1.2.0\"\ndependencies {{\n    larder \"partner\" \"{range}\" // ours\n}}\n"
        )
    };
    let there = beside_orders(&manifest("^1.4"));
    let before = there.state();
    there.run("larder import flows intake.tar.gz").exits(1).names(["partner `^1.4`", "2.1.0"]);
    assert_eq!(there.state(), before);
    let there = beside_orders(&manifest("^2"));
    there.run("larder import flows intake.tar.gz").exits(0);
    assert!(there.read("packages/orders/larder.kdl").contains("    larder \"partner\" \"^2\" // ours\n"));
}

#[test]
fn a_schema_that_is_elsewhere_keeps_those_out_that_look_for_it() {
    let hub = hub_unlocked();
    let there = beside_orders("package \"orders\" version=\"1.2.0\"\n");
    there
        .write(
            "packages/partner/larder.kdl",
            "package \"partner\" version=\"2.1.0\"\nassets { schema \"types\" \"xsd/types.xsd\"; }\n",
        )
        .write("packages/partner/xsd/types.xsd", &hub.read("packages/partner/schemas/types.xsd"));
    let before = there.state();
    there
        .run("larder import flows intake.tar.gz")
        .exits(1)
        .names(["schemas/types.xsd", "packages/partner/xsd/types.xsd"]);
    assert_eq!(there.state(), before);
}

#[test]
fn files_that_tools_read_do_not_leave_and_all_that_is_written_is_told() {
    let hub = hub_unlocked();
    edit(&hub, "packages/orders/mappings/order-to-invoice.kdl", "\"samples/order-1.xml\"", "\".envrc\"");
    hub.write("packages/orders/.envrc", &hub.read("packages/orders/samples/order-1.xml"));
    hub.run("larder export flows order-intake -o no.tar.gz").exits(1).names([".envrc"]);
    assert!(!hub.has("no.tar.gz"));
    let there = beside_orders("package \"orders\" version=\"1.2.0\"\n");
    let told = there.run_json("larder import flows intake.tar.gz --json");
    let files: Vec<&str> = told["files"].as_array().expect("a list").iter().filter_map(|one| one.as_str()).collect();
    assert!(files.contains(&"packages/orders/samples/order-1.xml"), "{files:?}");
    assert!(files.iter().all(|file| there.has(file)));
}

/// A project in which an import was cut off: it was to replace `packages/orders/larder.kdl`, and to add `new.txt`.
fn cut_off() -> Project {
    let there = beside_orders("package \"orders\" version=\"1.2.0\"\n");
    let digest = larder::model::TreeDigest::of(there.read("packages/orders/larder.kdl").as_bytes());
    let list = format!(
        r#"[{{"path": "new.txt", "before": null}}, {{"path": "packages/orders/larder.kdl", "before": "{digest}"}}]"#
    );
    there
        .write(".larder/importing/ready", &list)
        .write(".larder/importing/files/new.txt", "new\n")
        .write(".larder/importing/files/packages/orders/larder.kdl", "package \"orders\" version=\"1.2.1\"\n");
    there
}

#[test]
fn what_was_written_after_an_import_was_cut_off_is_not_replaced() {
    let there = cut_off();
    there.run("larder import flows gone.tar.gz").exits(2).names(["gone.tar.gz"]);
    assert!(there.read("packages/orders/larder.kdl").contains("1.2.1") && there.has("new.txt"), "it goes on");
    there.run("larder import flows intake.tar.gz --into .git").exits(1).names([".git/partner"]);
    for (file, text) in
        [("new.txt", "mine\n"), ("packages/orders/larder.kdl", "package \"orders\" version=\"1.2.0\" // mine\n")]
    {
        let there = cut_off();
        there.write(file, text);
        let staged = format!(".larder/importing/files/{file}");
        there.run("larder import flows intake.tar.gz").exits(1).names([file, &staged]);
        assert_eq!(there.read(file), text);
        there.run("larder restore backup.tar.gz").exits(1).names(["cut off"]);
        std::fs::remove_file(there.path(&staged)).expect("what was staged");
        there.run("larder import flows intake.tar.gz").exits(0);
        assert!(there.read(file).starts_with(text.trim_end()), "{file}");
    }
}

#[test]
fn an_import_that_somebody_else_prepared_moves_nothing_from_elsewhere() {
    let there = cut_off();
    let outside = there.path("../outside");
    std::fs::create_dir_all(outside.join("packages")).expect("a folder of ours");
    std::fs::write(outside.join("new.txt"), "key\n").expect("a file of ours");
    std::fs::remove_dir_all(there.path(".larder/importing/files")).expect("the folder");
    std::os::unix::fs::symlink(&outside, there.path(".larder/importing/files")).expect("a link of theirs");
    there.run("larder import flows intake.tar.gz").exits(1).names([".larder/importing/files", "a link"]);
    assert!(outside.join("new.txt").exists() && !there.has("new.txt"));
}
