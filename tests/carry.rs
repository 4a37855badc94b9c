//! Carrying away: what the lock needs in a folder, and environments built from it without any registry.

use std::path::Path;

use crate::support::{Output, PrivateRegistry, Project, Registry, Universe, conforms};

/// A registry of private packages with one package, which needs one of each public registry.
fn packages() -> PrivateRegistry {
    let packages = PrivateRegistry::new();
    packages.publish(&[
        (
            "larder.kdl",
            "package \"orders\" version=\"1.0.0\" { node \".\"; }\n\
             dependencies { npm \"left\" \"^1\"; pypi \"ruler\" \">=1\"; }\n",
        ),
        ("index.js", "module.exports = 'orders'\n"),
    ]);
    packages
}

fn universe() -> Universe {
    Universe::new()
        .npm("left", "1.0.0", |p| p.dep("@s/right", "^1"))
        .npm("left", "1.1.0", |p| p.dep("@s/right", "^1"))
        .npm("@s/right", "1.2.0", |p| p)
        .npm("@s/right", "1.3.0", |p| p)
        .pypi("ruler", "1.0", |p| p)
        .pypi("ruler", "2.0", |p| p)
}

/// A project that has a lock, and a mirror of it at `mirror`.
fn carried(packages: &PrivateRegistry) -> (Registry, Project) {
    let registry = universe().serve();
    let project = Project::new(&registry);
    let lines = "dependencies { larder \"orders\" \"^1\"; npm \"left\" \"1.0.0\"; }\n";
    project.with_packages(packages, lines);
    project.run("larder lock").exits(0);
    let written = project.run_json("larder fetch --to mirror --json");
    conforms(&written, "fetch-to");
    assert_eq!((&written["files"], &written["fetched"]), (&4.into(), &4.into()));
    (registry, project)
}

/// A machine that has only the project's files: its registries are out of reach, and it has neither store nor cache.
fn elsewhere(project: &Project) -> Project {
    let other = Project::alone();
    for file in ["larder.kdl", "larder.lock"] {
        other.write(file, &project.read(file));
    }
    other
}

#[test]
fn an_optional_package_that_is_gone_is_left_out_and_a_required_one_is_not() {
    let universe = Universe::new().npm("left", "1.0.0", |p| p.optional("gone", "^1")).npm("gone", "1.0.0", |p| p).npm(
        "right",
        "1.0.0",
        |p| p,
    );
    let registry = universe.serve();
    let project = Project::new(&registry);
    project.dependencies(&["npm \"left\"", "npm \"right\""]);
    project.run("larder lock").exits(0);
    registry.fail("/npm/gone/-/gone-1.0.0.tgz", 404);
    let written = project.run("larder fetch --to mirror --json").exits(0).json();
    assert_eq!(written["files"], 2, "{written}");
    assert!(written["warnings"].to_string().contains("npm:gone@1.0.0 is optional and was left out"), "{written}");
    let other = elsewhere(&project);
    other.run(&format!("larder ci --mirror {}", project.path("mirror").display())).exits(0).names(["gone"]);
    assert!(other.has("node_modules/left/package.json"));
    registry.fail("/npm/right/-/right-1.0.0.tgz", 404);
    project.run("larder fetch --to another").exits(5).names(["right"]);
}

fn digest(project: &Project) -> serde_json::Value {
    let record = project.read(".larder/active/generation.json");
    serde_json::from_str::<serde_json::Value>(&record).expect("a record")["digest"].clone()
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).expect("a copy");
        }
    }
}

/// Runs a command in a namespace without any interface, where the machine lets anybody make one.
fn isolated(project: &Project, command: &str) -> Output {
    if project.program("unshare", &["-rn", "true"]).status == 0 {
        project.under(&["unshare", "-rn"], command)
    } else {
        project.run(command)
    }
}

#[test]
fn a_mirror_builds_the_same_generation_without_a_network() {
    let packages = packages();
    let (registry, project) = carried(&packages);
    project.run("larder ci").exits(0);
    drop(registry);

    let other = elsewhere(&project);
    copy(&project.path("mirror"), &other.path("carried"));
    std::fs::rename(packages.path(""), packages.author().path("gone")).unwrap();
    isolated(&other, "larder ci --mirror carried").exits(0);
    assert_eq!(digest(&other), digest(&project));
    // What the mirror says of its packages is enough to lock again.
    let mut locks = elsewhere(&project);
    std::fs::remove_file(locks.path("larder.lock")).unwrap();
    locks.set("LARDER_MIRROR", &other.path("carried").display().to_string());
    isolated(&locks, "larder lock").exits(0);
    assert_eq!(locks.read("larder.lock"), project.read("larder.lock"));
}

#[test]
fn a_mirror_grows_by_what_is_new() {
    let packages = packages();
    let registry = universe().serve();
    let project = Project::new(&registry);
    project.with_packages(&packages, "dependencies { larder \"orders\" \"^1\"; npm \"left\" \"1.0.0\"; }\n");
    project.run("larder lock").exits(0);
    project.run("larder fetch --to mirror").exits(0).names(["Fetched 4 of 4 files", "to mirror"]);
    let before = project.listing();
    let again = project.run_json("larder fetch --to mirror --json");
    assert_eq!((&again["fetched"], &again["bytes"], &again["documents"]), (&0.into(), &0.into(), &0.into()));
    assert_eq!(project.listing(), before, "nothing is written again");

    // A file that was cut off, and one that somebody changed, are fetched again.
    let damaged = project.path("mirror/registries/npmjs/left/-/left-1.0.0.tgz");
    std::fs::write(&damaged, "half").unwrap();
    project.run("larder fetch --to mirror").exits(0).names(["Fetched 1 of 4 files"]);
    assert_ne!(std::fs::read(&damaged).unwrap(), b"half");

    packages.publish(&[("larder.kdl", "package \"money\" version=\"1.0.0\" { node \".\"; }\n"), ("index.js", "\n")]);
    let lines = "dependencies { larder \"orders\" \"^1\"; larder \"money\" \"^1\"; npm \"left\" \"1.1.0\"; }\n";
    project.with_packages(&packages, lines);
    project.run("larder lock").exits(0);
    let grown = project.run_json("larder fetch --to mirror --json");
    assert_eq!((&grown["files"], &grown["fetched"]), (&6.into(), &2.into()));
    let packument = project.read("mirror/registries/npmjs/left/index.json");
    assert!(packument.contains("\"1.0.0\"") && packument.contains("\"1.1.0\""), "what was there stays: {packument}");
}

#[test]
fn a_part_of_a_registry_is_believed_and_not_published_to() {
    let packages = packages();
    let (_registry, project) = carried(&packages);
    let part = "mirror/registries/acme";
    assert!(project.read(&format!("{part}/larder-registry.json")).contains("\"subset\":true"));
    project.run(&format!("larder registry verify {part}")).exits(0);
    project
        .write("money/larder.kdl", "package \"money\" version=\"1.0.0\" { node \".\"; }\n")
        .write("money/index.js", "\n");
    project
        .run(&format!("larder -C money publish --registry {}", project.path(part).display()))
        .exits(1)
        .names(["a part of another registry"]);

    // A reader who saw the first state sees that the next one begins with it.
    let mut reader = elsewhere(&project);
    std::fs::remove_file(reader.path("larder.lock")).unwrap();
    reader.set("LARDER_MIRROR", &project.path("mirror").display().to_string());
    reader.run("larder lock").exits(0);
    for version in ["1.0.0", "1.1.0", "1.2.0"] {
        packages.publish(&[
            ("larder.kdl", &format!("package \"money\" version=\"{version}\" {{ node \".\"; }}\n")),
            ("index.js", "\n"),
        ]);
    }
    packages.publish(&[
        ("larder.kdl", "package \"orders\" version=\"1.1.0\" { node \".\"; }\n"),
        ("index.js", "module.exports = 'newer orders'\n"),
    ]);
    project.run("larder fetch --to mirror").exits(0);
    reader.run("larder update left").exits(0);
    // Versions that nobody asked for are not missed, and not counted.
    let whole = project.run_json(&format!("larder registry verify {part} --json"));
    assert_eq!((&whole["packages"], &whole["versions"]), (&1.into(), &1.into()));
    let archive = project.path(&format!("{part}/artifacts/orders/orders-1.0.0.tar.gz"));
    let bytes = std::fs::read(&archive).unwrap();
    std::fs::write(&archive, [&bytes[..bytes.len() - 1], b"x"].concat()).unwrap();
    project.run(&format!("larder registry verify {part}")).exits(4).names(["orders-1.0.0.tar.gz", "another digest"]);
    std::fs::write(&archive, bytes).unwrap();

    // Bytes that were changed are damage, wherever they are looked at.
    let index = project.path(&format!("{part}/index/or/de/orders"));
    let text = std::fs::read_to_string(&index).unwrap();
    std::fs::write(&index, text.replace("ruler", "rules")).unwrap();
    project.run(&format!("larder registry verify {part}")).exits(4).names(["index file of orders"]);
    std::fs::remove_dir_all(reader.cache()).unwrap();
    reader.run("larder update").exits(4);
}

#[test]
fn what_a_mirror_lacks_or_changed_is_an_error_that_names_it() {
    let packages = packages();
    let (registry, project) = carried(&packages);
    drop(registry);
    let other = elsewhere(&project);
    copy(&project.path("mirror"), &other.path("carried"));
    other.run("larder ci --mirror nowhere").exits(2).names(["larder-mirror.json", "larder fetch --to"]);
    let file = other.path("carried/registries/npmjs/left/-/left-1.0.0.tgz");
    std::fs::write(&file, "other bytes").unwrap();
    other.run("larder ci --mirror carried").exits(4).names(["left-1.0.0.tgz", "is not what was promised"]);
    std::fs::remove_file(&file).unwrap();
    other.run("larder ci --mirror carried").exits(5).names(["left-1.0.0.tgz", "a mirror of registry `npmjs`"]);
    assert!(!other.has("node_modules"), "nothing half-built");

    project.run("larder fetch --to .").exits(2).names(["neither a mirror nor empty"]);
    project.run("larder fetch --to more --platform solaris").exits(2).names(["`solaris`", "`platforms`"]);
    project.run("larder fetch --platform all").exits(2);
    let lock = project.read("larder.lock");
    let file = "left-1.0.0.tgz";
    assert!(lock.contains(file), "{lock}");
    project.write("larder.lock", &lock.replace(file, "../../../left.tgz"));
    let refused = project.run("larder fetch --to more");
    assert_ne!(refused.status, 0, "{}", refused.stderr);
    assert!(!project.folder().join("left.tgz").exists() && !project.has("left.tgz"));
}

#[test]
fn a_new_lock_from_a_folder_has_the_versions_that_are_there() {
    let packages = packages();
    for version in ["1.1.0", "2.0.0"] {
        let manifest = format!("package \"orders\" version=\"{version}\" {{ node \".\"; }}\n");
        packages.publish(&[("larder.kdl", &manifest), ("index.js", "\n")]);
    }
    let registry = universe().serve();
    let project = Project::new(&registry);
    project.with_packages(&packages, "dependencies { larder \"orders\" \"=1.1.0\"; }\n");
    project.run("larder lock").exits(0);
    project.run("larder fetch --to mirror").exits(0);
    let other = elsewhere(&project);
    copy(&project.path("mirror"), &other.path("carried"));
    std::fs::rename(packages.path(""), packages.author().path("gone")).unwrap();
    drop(registry);

    std::fs::remove_file(other.path("larder.lock")).unwrap();
    other.with_packages(&packages, "dependencies { larder \"orders\" \"*\"; }\n");
    let carried = other.path("carried").display().to_string();
    let mut other = other;
    other.set("LARDER_MIRROR", &carried);
    isolated(&other, "larder lock").exits(0);
    assert_eq!(other.locked_packages(), "orders 1.1.0", "the newest that the folder has");
    isolated(&other, "larder sync").exits(0);
}
