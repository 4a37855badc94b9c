//! Profiles on disk, from the outside.

mod private;
mod python;

use std::path::Path;
use std::process::Command;

use super::fixture::{Fixture, development};
use super::*;
use crate::fs::{self, Durability, Kind};

/// What a command prints; none where the program is not on this machine.
fn output(folder: &Path, program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).current_dir(folder).output().ok()?;
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{program} {arguments:?}: {text}");
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn overwrite(path: &Path, text: &str) {
    fs::remove_file(path).unwrap();
    fs::write_new(path, text.as_bytes(), 0o644).unwrap();
}

/// `app` and `@acme/b` need each other, `app` uses an old version of itself, and `lib` is seen as `alias`.
fn web() -> Fixture {
    let mut fixture = Fixture::new();
    fixture
        .npm(
            "app@2.0.0",
            &[
                ("cli.js", "#!/usr/bin/env node\nconsole.log(require('./lib/deep/index.js').join())"),
                ("lib/deep/index.js", "module.exports = [require('@acme/b'), require('app').old, require('alias')]"),
                ("lib/name.js", "module.exports = 'app 2'"),
                ("package.json", r#"{"name": "app", "bin": {"app": "./cli.js"}}"#),
            ],
        )
        .npm("app@1.0.0", &[("index.js", "exports.old = 'app 1'")])
        .npm("@acme/b@1.0.0", &[("index.js", "module.exports = require('app/lib/name') + ' b'")])
        .npm("lib@1.0.0", &[("index.js", "module.exports = 'lib'")])
        .edge("app@2.0.0", "@acme/b", "@acme/b@1.0.0")
        .edge("@acme/b@1.0.0", "app", "app@2.0.0")
        .edge("app@2.0.0", "app", "app@1.0.0")
        .edge("app@2.0.0", "alias", "lib@1.0.0")
        .root("app", "app@2.0.0")
        .member_root("apps/web", "@acme/b", "@acme/b@1.0.0");
    fs::create_dir_all(&fixture.root.join("apps/web")).unwrap();
    fixture
}

#[test]
fn node_finds_packages_through_cycles_aliases_and_members() {
    let fixture = web();
    let built = fixture.sync();
    assert_eq!((built.generation.number, built.is_new, built.realised), (1, true, 4));
    let root = &fixture.root;
    for program in ["node_modules/.bin/app", ".larder/active/bin/app"] {
        let stat = fs::stat(&root.join(program)).unwrap().unwrap();
        assert!(stat.is_executable(), "a file that `bin` names is made executable");
        if let Some(said) = output(root, root.join(program).to_str().unwrap(), &[]) {
            assert_eq!(said, "app 2 b,app 1,lib");
        }
    }
    if let Some(said) = output(&root.join("apps/web"), "node", &["-p", "require('@acme/b')"]) {
        assert_eq!(said, "app 2 b");
    }
    let direct = fs::read_link(&root.join("node_modules/app")).unwrap();
    assert!(direct.is_absolute() && direct.starts_with(root.join(".larder/node_modules/.packages")), "{direct:?}");
    assert_eq!(fs::read_link(&root.join("node_modules")).unwrap(), Path::new(".larder/active/node_modules"));
    assert_eq!(
        fs::read_link(&root.join("apps/web/node_modules")).unwrap(),
        Path::new("../../.larder/active/members/apps/web/node_modules")
    );
    assert_eq!(
        fs::read_link(&root.join(".larder/active")).unwrap(),
        Path::new("node_modules/.profiles/development/current")
    );
    assert_eq!(fixture.verify(), Vec::<String>::new());
}

#[test]
fn files_are_hard_links_and_what_exists_is_never_touched() {
    let mut fixture = web();
    fixture.sync();
    let linked = fs::canonicalize(&fixture.root.join("node_modules/app")).unwrap().join("lib/name.js");
    let stat = fs::lstat(&linked).unwrap().unwrap();
    assert_eq!((stat.links, stat.mode), (2, 0o444));

    let again = fixture.build().unwrap();
    assert_eq!((again.generation.number, again.is_new, again.realised), (1, false, 0));
    assert_eq!(fixture.project().history(&development()).unwrap(), [1]);

    fixture.npm("new@1.0.0", &[("index.js", "")]).root("new", "new@1.0.0");
    let more = fixture.sync();
    assert_eq!((more.generation.number, more.generation.parent, more.realised), (2, Some(1), 1));
    assert_eq!(fs::lstat(&linked).unwrap().unwrap(), stat);
}

#[test]
fn writable_and_private_packages_are_copies() {
    let mut fixture = web();
    fixture.writable("lib");
    fixture.sync();
    let packages = fixture.root.join(".larder/node_modules/.packages");
    let lib = |project: &Path| {
        let found = fs::read_dir(project).unwrap();
        let key = found.into_iter().rev().find(|found| found.path.to_str().unwrap().starts_with("lib@")).unwrap();
        project.join(key.path).join("node_modules/lib/index.js")
    };
    let stat = fs::lstat(&lib(&packages)).unwrap().unwrap();
    assert_eq!((stat.links, stat.mode), (1, 0o644));
    overwrite(&lib(&packages), "module.exports = 'patched'");
    assert_eq!(fixture.verify(), Vec::<String>::new());

    let mut private = web();
    private.files = crate::manifest::FilesMode::Private;
    private.sync();
    let stat = fs::lstat(&lib(&private.root.join(".larder/node_modules/.packages"))).unwrap().unwrap();
    assert_eq!((stat.links, stat.mode), (1, 0o600));
    for place in [".larder/node_modules/.packages", ".larder/node_modules/.profiles/development"] {
        let place = private.root.join(place);
        for found in fs::walk(&place, |_| true).unwrap().into_iter().filter(|found| found.kind != Kind::Symlink) {
            let stat = fs::lstat(&place.join(&found.path)).unwrap().unwrap();
            assert_eq!(stat.mode & 0o077, 0, "{}", found.path.display());
        }
    }
}

#[test]
fn a_harmed_store_is_noticed_as_it_is_linked() {
    let fixture = web();
    let tree = fixture.trees.values().find(|tree| tree.entries.len() == 4).unwrap().clone();
    overwrite(&tree.folder.join("cli.js"), "evil");
    let error = fixture.build().unwrap_err();
    assert!(matches!(&error, ProfileError::DamagedFile { file, .. } if file.ends_with("cli.js")), "{error}");
    assert_eq!(crate::diagnostic::Failure::exit(&error), crate::diagnostic::Exit::Integrity);
    assert_eq!(fixture.project().current(&development()).unwrap(), None);
    // The same content with another time is no harm; a run after a failed one clears what that left.
    overwrite(&tree.folder.join("cli.js"), "#!/usr/bin/env node\nconsole.log(require('./lib/deep/index.js').join())");
    assert_eq!(fixture.sync().realised, 4);
}

#[test]
fn what_larder_did_not_make_is_left_alone() {
    let fixture = web();
    fs::create_dir_all(&fixture.root.join("node_modules/theirs")).unwrap();
    let built = fixture.build().unwrap();
    let project = fixture.project();
    assert!(matches!(
        project.check_links(&project.summary(&development(), built.generation.number).unwrap()),
        Err(ProfileError::Foreign { .. })
    ));
    let lock = project.lock(|_| {}).unwrap();
    project.switch(&lock, &development(), 1, Durability::Lazy).unwrap();
    let error = project.activate(&lock, &development()).unwrap_err();
    assert_eq!(error.to_string(), "`node_modules` was not made by larder");
    assert_eq!(project.active().unwrap(), None);
    assert_eq!(fs::lstat(&fixture.root.join("node_modules/theirs")).unwrap().unwrap().kind, Kind::Folder);

    fs::remove_tree(&fixture.root.join("node_modules")).unwrap();
    fs::symlink(Path::new("/tmp"), &fixture.root.join("node_modules")).unwrap();
    assert!(project.activate(&lock, &development()).is_err(), "another tool's link is not larder's");
    fs::remove_file(&fixture.root.join("node_modules")).unwrap();
    project.activate(&lock, &development()).unwrap();
    assert_eq!(project.active().unwrap(), Some(development()));
}

#[test]
fn a_switch_back_restores_and_links_follow() {
    let mut fixture = web();
    fixture.sync();
    fixture.lock.graph.roots.retain(|root| root.dependent == crate::model::Dependent::Project);
    let second = fixture.sync();
    assert_eq!(second.generation.number, 2);
    let member = fixture.root.join("apps/web/node_modules");
    assert_eq!(fs::lstat(&member).unwrap(), None, "a link that leads nowhere any more is removed");
    let project = fixture.project();
    let lock = project.lock(|_| {}).unwrap();
    project.switch(&lock, &development(), 1, Durability::Synced).unwrap();
    assert!(fs::stat(&member).unwrap().is_some());
    assert!(matches!(
        project.switch(&lock, &development(), 9, Durability::Lazy),
        Err(ProfileError::NoGeneration { number: 9, .. })
    ));
    assert_eq!(project.current_number(&development()).unwrap(), Some(1));
    drop(lock);
    // What is wanted is there already, whole: it is not built twice.
    let forward = fixture.sync();
    assert_eq!((forward.generation.number, forward.realised), (2, 0));
    project.switch(&project.lock(|_| {}).unwrap(), &development(), 1, Durability::Lazy).unwrap();
    fixture.lock.graph.roots.retain(|root| root.requirement.seen_as().as_str() != "app");
    // A number is not used twice, even after going back.
    assert_eq!(fixture.sync().generation.number, 3);
}

#[test]
fn the_digest_and_the_inputs_are_the_same_elsewhere() {
    let (one, other) = (web(), web());
    // The fixture's trees are named by their folders: give both projects the same.
    let mut other = other;
    other.trees.clone_from(&one.trees);
    let (one, other) = (one.build().unwrap().generation, other.build().unwrap().generation);
    assert_eq!(one.digest, other.digest);
    assert_eq!(one.inputs, other.inputs);
}

#[test]
fn damage_is_found_named_and_repaired() {
    let fixture = web();
    fixture.sync();
    let app = fs::canonicalize(&fixture.root.join("node_modules/app")).unwrap();
    overwrite(&app.join("lib/name.js"), "changed");
    fs::remove_file(&app.join("package.json")).unwrap();
    fs::write_new(&app.join("extra.js"), b"", 0o644).unwrap();
    fs::create_dir_all(&app.join("node_modules/.cache/x")).unwrap();
    fs::create_dir_all(&fixture.root.join("node_modules/.vite/deps")).unwrap();
    let b = app.join("../@acme/b");
    fs::remove_file(&b).unwrap();
    fs::symlink(Path::new("/tmp"), &b).unwrap();

    let damage = fixture.project().verify(&development(), fixture.lookup()).unwrap();
    let found: Vec<_> =
        damage.iter().map(|damage| (damage.path.file_name().unwrap().to_str().unwrap(), &damage.kind)).collect();
    assert!(
        matches!(
            found[..],
            [
                ("b", ProfileDamageKind::Redirected { .. }),
                ("extra.js", ProfileDamageKind::Foreign),
                ("name.js", ProfileDamageKind::Changed { .. }),
                ("package.json", ProfileDamageKind::Missing),
            ]
        ),
        "{found:?}"
    );

    let project = fixture.project();
    let lock = project.lock(|_| {}).unwrap();
    let repaired = fixture.with_input(|input| project.repair(&lock, input, &damage.into())).unwrap();
    assert_eq!((repaired.is_new, repaired.realised), (false, 1));
    assert_eq!(fixture.verify(), Vec::<String>::new());

    // Harm in the generation itself: another one is built.
    fs::remove_file(&fixture.project().folder(&development(), 1).join("node_modules/app")).unwrap();
    let damage = project.verify(&development(), fixture.lookup()).unwrap();
    assert_eq!(damage.len(), 1);
    let repaired = fixture.with_input(|input| project.repair(&lock, input, &damage.into())).unwrap();
    assert_eq!((repaired.is_new, repaired.realised, repaired.generation.number), (true, 0, 2));
}

#[test]
fn what_a_killed_run_left_counts_for_nothing_and_goes() {
    let fixture = web();
    let modules = fixture.root.join(".larder/node_modules");
    let left = [
        ".profiles/development/.building/node_modules/half",
        ".packages/.staging/app@2.0.0-half/node_modules",
        ".packages/.removed-x",
    ];
    for folder in left {
        fs::create_dir_all(&modules.join(folder)).unwrap();
    }
    fs::symlink(Path::new("7"), &modules.join(".profiles/development/.current.tmp")).unwrap();
    assert_eq!(fixture.project().current(&development()).unwrap(), None);
    assert_eq!(fixture.sync().generation.number, 1);
    let names = |folder: &str| {
        let found = fs::read_dir(&modules.join(folder)).unwrap();
        found.into_iter().map(|found| found.path.to_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names(".profiles/development"), ["1", "current"]);
    assert_eq!(names(".packages").len(), 4);
    assert_eq!(fixture.verify(), Vec::<String>::new());
}

#[test]
fn a_collection_spares_what_is_current_kept_or_pinned() {
    let mut fixture = web();
    fixture.sync();
    for name in ["one", "two", "three"] {
        fixture.lock.graph.roots.truncate(2);
        fixture.npm(&format!("{name}@1.0.0"), &[("index.js", name)]).root(name, &format!("{name}@1.0.0"));
        for left_out in ["one", "two", "three"].iter().filter(|other| **other != name) {
            fixture.leave_out(&format!("{left_out}@1.0.0"));
        }
        fixture.take_in(&format!("{name}@1.0.0"));
        fixture.sync();
    }
    let project = fixture.project();
    let lock = project.lock(|_| {}).unwrap();
    let kept = Retention { newest: 1, pinned: [2].into() };
    let garbage = project.find_garbage(&[(development(), kept)].into(), [].into()).unwrap();
    assert!(project.find_garbage(&std::collections::BTreeMap::new(), [].into()).unwrap().generations.is_empty());
    project.remove_garbage(&lock, &garbage).unwrap();
    // Only generation 3 had `two`.
    assert_eq!(garbage.generations, [(development(), 3), (development(), 1)]);
    assert_eq!(garbage.packages.len(), 1);
    assert_eq!(project.history(&development()).unwrap(), [2, 4]);
    for number in [2, 4] {
        assert_eq!(project.verify_generation(&development(), number, fixture.lookup()).unwrap().damage, []);
    }
}

#[test]
fn needs_are_known_before_anything_is_built() {
    let fixture = web();
    let needs = fixture.with_input(|input| RequiredLinks::of(input.closure, false));
    assert_eq!(
        needs,
        RequiredLinks::from(
            &fixture.project().summary(&development(), fixture.build().unwrap().generation.number).unwrap()
        )
    );
    assert!(fixture.project().check_links(needs.clone()).is_ok());
    fs::create_dir_all(&fixture.root.join("apps/web/node_modules")).unwrap();
    let error = fixture.project().check_links(needs).unwrap_err().to_string();
    assert_eq!(error, "`apps/web/node_modules` was not made by larder");
}

#[test]
fn a_changed_record_is_noticed() {
    let fixture = web();
    fixture.sync();
    let record = fixture.project().folder(&development(), 1).join("generation.json");
    let text = fs::read_to_string(&record).unwrap();
    overwrite(&record, &text.replace("\"lib@1.0.0", "\"bil@1.0.0"));
    let error = fixture.project().verify(&development(), fixture.lookup()).unwrap_err();
    assert!(matches!(error, ProfileError::BadRecord { .. }), "{error}");
}

#[test]
fn local_packages_are_live() {
    let mut fixture = Fixture::new();
    fixture
        .npm("dep@1.0.0", &[("index.js", "module.exports = 'dep'")])
        .folder(
            "theme",
            "packages/theme",
            &[
                ("package.json", r#"{"bin": "cli.js"}"#),
                ("index.js", "module.exports = require('dep')"),
                ("cli.js", ""),
            ],
        )
        .path_edge("theme", "dep", "dep@1.0.0")
        .root_path("theme");
    fixture.sync();
    if let Some(said) = output(&fixture.root, "node", &["-p", "require('theme')"]) {
        assert_eq!(said, "dep");
    }
    let root = &fixture.root;
    let theme = fixture.root.join("packages/theme");
    assert_eq!(fs::read_link(&root.join("node_modules/theme")).unwrap(), theme);
    // What follows links from outside a `node_modules` does not come to its files a second time.
    assert_eq!(fs::lstat(&root.join(".larder/active/packages/theme")).unwrap(), None);
    let launcher = fs::read_to_string(&root.join("node_modules/.bin/theme")).unwrap();
    assert!(launcher.contains(&format!("file='{}'", theme.join("cli.js").display())), "{launcher}");
}
