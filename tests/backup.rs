//! `larder backup` and `larder restore`: what comes back is what was kept, or nothing changes.

use std::path::Path;

use crate::support::{Project, Registry, Universe, assert_transcript, conforms};

fn universe() -> Registry {
    Universe::new().npm("left", "1.0.0", |p| p).npm("right", "1.0.0", |p| p).serve()
}

/// Makes a project with three environments, a folder registry, a local package and a member, each environment built.
fn project(registry: &Registry) -> Project {
    let project = Project::new(registry);
    project.write("own/larder.kdl", "package \"money\" version=\"1.0.0\" { node \".\"; }\n").write("own/index.js", "1");
    project.run("larder registry init registry --origin packages.acme.example").exits(0);
    project.run("larder -C own publish --registry ../registry").exits(0);
    std::fs::remove_dir_all(project.path("own")).expect("a folder");
    project
        .write("tools/local/package.json", "{\"name\":\"local\",\"version\":\"1.0.0\"}\n")
        .write("tools/local/bin/run.sh", "#!/bin/sh\n")
        .write("packages/theme/package.json", "{\"name\":\"theme\",\"version\":\"1.0.0\"}\n")
        .write("packages/theme/big.bin", "not a manifest");
    std::fs::set_permissions(
        project.path("tools/local/bin/run.sh"),
        std::os::unix::fs::PermissionsExt::from_mode(0o755),
    )
    .expect("a mode");
    let rest = "members \"packages/*\"\ndependencies {\n    npm \"left\" \"^1\"\n    larder \"money\" \"^1\"\n    path \"tools/local\"\n}\n\
                group \"test\" { npm \"right\" \"^1\"; }\n\
                environment \"development\" { include \"test\"; }\nenvironment \"staging\" { include \"test\"; }\nenvironment \"production\"\n";
    project.with_registry_line("    larder \"own\" \"registry/\"\n", rest);
    for environment in ["staging", "production", "development"] {
        project.run(&format!("larder sync --env {environment}")).exits(0);
    }
    project
}

fn digests(project: &Project) -> Vec<String> {
    let digest = |environment: &str| {
        let history = project.run_json(&format!("larder history --env {environment} --json"));
        history["generations"][0]["digest"].as_str().expect("a digest").to_owned()
    };
    ["development", "staging", "production"].map(digest).to_vec()
}

fn sync_all(project: &Project) -> Vec<String> {
    for environment in ["staging", "production", "development"] {
        project.run(&format!("larder sync --frozen --env {environment}")).exits(0);
    }
    digests(project)
}

#[test]
fn a_backup_comes_back_in_an_empty_folder_and_over_an_older_one_with_equal_digests() {
    let registry = universe();
    let project = project(&registry);
    let document = project.run_json("larder backup ../shop.backup.tar.gz --json");
    conforms(&document, "backup");
    assert_eq!(document["generations"].as_array().map(Vec::len), Some(3));
    project.run("larder backup ../shop.backup.tar.gz").exits(2).names(["is there already"]);
    let file = project.path("../shop.backup.tar.gz").display().to_string();

    let other = project.beside();
    let restored = other.run_json(&format!("larder restore {file} --json"));
    conforms(&restored, "restore");
    assert_eq!(restored["active"], "development");
    assert_eq!(sync_all(&other), digests(&project));
    assert_eq!(other.read("larder.lock"), project.read("larder.lock"));
    assert!(other.has("registry/larder-registry.json"));
    assert!(other.has("tools/local/bin/run.sh") && !other.has("packages/theme/big.bin"));
    let mode = std::fs::metadata(other.path("tools/local/bin/run.sh")).expect("a file");
    assert_eq!(std::os::unix::fs::PermissionsExt::mode(&mode.permissions()) & 0o111, 0o111);
    assert!(!other.has(".larder/restoring"));

    // Over an older one: what differs is replaced. A folder that is not there is made.
    let older = std::time::SystemTime::now() - std::time::Duration::from_secs(90_000);
    other.write("larder.lock", "old").write("mine.txt", "mine");
    let lock = std::fs::File::options().write(true).open(other.path("larder.lock")).expect("the lock");
    lock.set_modified(older).expect("a time");
    other.run(&format!("larder restore {file}")).exits(0).names(["Restored 1 file"]);
    assert_eq!((sync_all(&other), other.read("mine.txt").as_str()), (digests(&project), "mine"));
    other.run(&format!("larder restore {file} deep/new")).exits(0);
    assert!(other.has("deep/new/larder.kdl"));
}

#[test]
fn what_is_newer_stays_without_force_and_a_generation_names_its_lock() {
    let registry = universe();
    let project = project(&registry);
    let first = project.read("larder.lock");
    project.run("larder remove npm:left").exits(0);
    project.run("larder backup ../b.tar.gz").exits(0);
    let list = project.run("larder restore ../b.tar.gz --list").exits(0);
    assert_transcript!(list.stdout, @r"
    development@1  [NOW]  [DIGEST]
    development@2  [NOW]  [DIGEST]  (current)
    production@1  [NOW]  [DIGEST]  (current)
    staging@1  [NOW]  [DIGEST]  (current)
    ");
    std::thread::sleep(std::time::Duration::from_millis(2100));
    project.write("larder.lock", &format!("{}\n# mine\n", project.read("larder.lock")));
    let state = project.state();
    project.run("larder restore ../b.tar.gz").exits(1).names(["is newer", "larder.lock", "--force"]);
    assert_eq!(project.state(), state);
    project.run("larder restore ../b.tar.gz --generation production@9").exits(2).names(["no generation 9"]);
    project.run("larder restore ../b.tar.gz --generation development@1 --force").exits(0);
    assert_eq!(project.read("larder.lock"), first);
}

#[test]
fn a_flipped_byte_is_found_and_nothing_is_restored() {
    let registry = universe();
    let project = project(&registry);
    project.run("larder backup ../b.tar.gz").exits(0);
    let whole = std::fs::read(project.path("../b.tar.gz")).expect("the backup");
    let other = project.beside();
    let bad = other.path("../bad.tar.gz").display().to_string();
    for at in [whole.len() / 7, whole.len() / 3, whole.len() / 2, whole.len() - 6] {
        let mut flipped = whole.clone();
        flipped[at] ^= 0x10;
        std::fs::write(&bad, &flipped).expect("a file");
        let listing = other.listing();
        other.run(&format!("larder restore {bad}")).exits(4).names(["is not what was written"]);
        assert!(!other.has("larder.kdl"), "byte {at}");
        assert_eq!(other.listing().len(), listing.len().max(1), "byte {at}");
    }
    std::fs::write(&bad, &whole[..whole.len() / 2]).expect("a file");
    other.run(&format!("larder restore {bad} --list")).exits(4);
    std::fs::write(&bad, "not an archive").expect("a file");
    other.run(&format!("larder restore {bad}")).exits(4);

    // What is in the way stays.
    std::os::unix::fs::symlink("/tmp", other.path("tools")).expect("a link");
    let good = project.path("../b.tar.gz").display().to_string();
    other.run(&format!("larder restore {good}")).exits(1).names(["tools", "a link"]);
    assert!(!other.has("larder.kdl"));
}

/// Writes a backup as another program could: with this entry beside a manifest.
fn forged(project: &Project, name: &str, entry: &str) -> String {
    let entries = [("files/larder.kdl", "project \"shop\"\n"), (entry, "#!/bin/sh\necho x\n")];
    let mut archive = tar::Builder::new(flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast()));
    let mut add = |path: &str, content: &str| {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o755);
        archive.append_data(&mut header, path, content.as_bytes()).expect("an entry");
    };
    let mut files = serde_json::Map::new();
    for (path, content) in entries {
        add(path, content);
        let digest = blake3::hash(content.as_bytes()).to_hex().to_string();
        files.insert(path.to_owned(), serde_json::json!({ "digest": digest, "executable": true }));
    }
    let index = serde_json::json!({
        "version": 1, "created": "2026-01-01T00:00:00Z", "larder": "1.0.0", "active": null, "generations": [],
        "files": files,
    });
    add("index.json", &index.to_string());
    let bytes = archive.into_inner().and_then(flate2::write::GzEncoder::finish).expect("a file");
    let file = project.path(name);
    std::fs::write(&file, bytes).expect("a file");
    file.display().to_string()
}

#[test]
fn what_no_backup_has_is_not_written() {
    let registry = universe();
    let project = project(&registry);
    let other = project.beside();
    for entry in [
        "files/.git/hooks/post-checkout",
        "files/packages/theme/.GIT/config",
        "files/.larder/release.json",
        "files/node_modules/left/index.js",
        "files/.venv/bin/python",
        "hooks/post-checkout",
        "generations/production/1/main.js",
    ] {
        let file = forged(&other, "../forged.tar.gz", entry);
        other.run(&format!("larder restore {file}")).exits(4).names([entry, "does not belong there"]);
        assert!(!other.has("larder.kdl") && !other.has(".git") && !other.has("node_modules"), "{entry}");
    }
    let file = forged(&other, "../forged.tar.gz", "files/tools/run.sh");
    other.run(&format!("larder restore {file}")).exits(0).names(["Restored 2 files"]);

    // The repository that a registry lies in is none of its files.
    project.write("registry/.git/hooks/post-checkout", "#!/bin/sh\n");
    project.run("larder backup ../b.tar.gz").exits(0);
    let last = project.beside();
    last.run(&format!("larder restore {}", project.path("../b.tar.gz").display())).exits(0);
    assert!(last.has("registry/larder-registry.json") && !last.has("registry/.git"));
}

#[test]
fn a_restore_that_was_cut_off_is_finished_before_anything_else_works() {
    let registry = universe();
    let project = project(&registry);
    project.run("larder backup ../b.tar.gz").exits(0);
    let file = project.path("../b.tar.gz").display().to_string();
    let other = project.beside();
    other.run(&format!("larder restore {file}")).exits(0);

    // As a kill would leave it: all is prepared, and one file of two is moved.
    let staging = other.path(".larder/restoring");
    std::fs::create_dir_all(staging.join("files")).expect("a folder");
    std::fs::write(staging.join("files/second.txt"), "second").expect("a file");
    std::fs::write(staging.join("ready"), "[\"first.txt\",\"second.txt\",\"../outside.txt\"]").expect("a file");
    other.write("first.txt", "first");
    other.run("larder sync").exits(1).names(["was cut off", "larder restore"]);
    other.run(&format!("larder restore {file}")).exits(0).names(["Finished a restore that was cut off"]);
    assert_eq!((other.read("second.txt").as_str(), staging.exists()), ("second", false));
    assert!(!Path::new(&other.path("../outside.txt")).exists());
    other.run("larder sync").exits(0);

    // Before all is prepared, nothing has happened.
    std::fs::create_dir_all(staging.join("files")).expect("a folder");
    std::fs::write(staging.join("files/larder.kdl"), "half").expect("a file");
    other.run("larder sync").exits(0);
    other.run(&format!("larder restore {file}")).exits(0);
    assert!(!staging.exists());
}

#[test]
fn a_point_in_time_has_the_manifest_and_the_patches_of_its_generation() {
    let registry =
        Universe::new().npm("left", "1.0.0", |p| p.file("index.js", "old\n")).npm("left", "1.1.0", |p| p).serve();
    let project = Project::new(&registry);
    let patch = "diff --git a/index.js b/index.js\n--- a/index.js\n+++ b/index.js\n@@ -1 +1 @@\n-old\n+new\n";
    project
        .write("patches/left.patch", patch)
        .write("packages/theme/package.json", "{\"name\":\"theme\",\"version\":\"1.0.0\"}\n");
    let manifest = |range: &str, patch: &str| {
        format!(
            "members \"packages/*\"\ndependencies {{ npm \"left\" \"{range}\"; }}\n{patch}environment \"production\"\n"
        )
    };
    project.manifest(&manifest("1.0.0", "patch npm \"left\" \"1.0.0\" \"patches/left.patch\"\n"));
    project.run("larder sync --env production").exits(0);
    let (then, lock) = (project.read("larder.kdl"), project.read("larder.lock"));
    project.run("larder verify --env production").exits(0);
    project.manifest(&manifest("^1.1", ""));
    std::fs::remove_file(project.path("patches/left.patch")).expect("the patch");
    project.write("packages/theme/package.json", "{\"name\":\"theme\",\"version\":\"2.0.0\"}\n");
    project.write("packages/later/package.json", "{\"name\":\"later\",\"dependencies\":{\"left\":\"1\"}}\n");
    project.run("larder sync --env production").exits(0);
    project.run("larder backup ../b.tar.gz").exits(0);
    let file = project.path("../b.tar.gz").display().to_string();

    let mut other = Project::alone();
    other.sees(&registry);
    other.run(&format!("larder restore {file} --generation production@1")).exits(0);
    assert_eq!((other.read("larder.kdl"), other.read("larder.lock")), (then, lock));
    assert_eq!(other.read("patches/left.patch"), patch);
    assert!(other.read("packages/theme/package.json").contains("1.0.0"));
    assert!(!other.has("packages/later"), "a member that came later");
    other.run("larder sync --locked --env production").exits(0);
    let digest = |project: &Project, number: usize| {
        let history = project.run_json("larder history --env production --json");
        let generations = history["generations"].as_array().expect("generations").clone();
        generations.iter().find(|one| one["number"] == number).expect("one")["digest"].clone()
    };
    assert_eq!(digest(&other, 1), digest(&project, 1));
    // The newest is what the project was when the backup was made.
    other.run(&format!("larder restore {file} --force")).exits(0);
    assert!(other.read("larder.kdl").contains("^1.1") && other.read("packages/theme/package.json").contains("2.0.0"));
    assert!(other.has("packages/later/package.json"));
}
