use std::sync::atomic::{AtomicUsize, Ordering};

use tempfile::TempDir;

use super::*;
use crate::diagnostic::{Exit, Failure};
use crate::model::{Algorithm, EntryPath};

fn store() -> (TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path());
    (folder, store)
}

fn artifact(name: &str) -> Digest {
    Digest::new(Algorithm::Sha256, &TreeDigest::of(name.as_bytes()).0)
}

fn path(text: &str) -> EntryPath {
    EntryPath::parse(text).unwrap()
}

/// Puts a small tree into the store: two files and an executable, one of them deep.
fn put(store: &Store, name: &str) -> Tree {
    let digest = artifact(name);
    let mut staging = store.stage(Some(&digest), |_| {}).unwrap();
    staging.write(&path("package.json"), false, name.as_bytes()).unwrap();
    staging.write(&path("lib/deep/index.js"), false, b"deep").unwrap();
    staging.stream(&path("bin/run"), true, &mut &b"#!"[..]).unwrap();
    staging.commit(&digest).unwrap()
}

fn staged(store: &Store) -> usize {
    fs::read_dir(&store.staging_folder()).unwrap().len()
}

/// Changes a file behind the store's back, as root or a tool that replaces files would.
fn overwrite(file: &Path, content: &[u8]) {
    fs::remove_file(file).unwrap();
    fs::write_new(file, content, 0o444).unwrap();
}

#[test]
fn a_committed_tree_is_found_again_with_modes_sizes_and_times() {
    let (_folder, store) = store();
    assert!(store.tree(&artifact("a")).unwrap().is_none());
    let tree = put(&store, "a");
    let found = Store::open(store.root().parent().unwrap()).tree(&artifact("a")).unwrap().unwrap();
    assert_eq!((found.digest, &found.folder, &found.entries), (tree.digest, &tree.folder, &tree.entries));
    let paths: Vec<_> = found.entries.iter().map(|entry| &*entry.path).collect();
    assert_eq!(paths, ["bin/run", "lib/deep/index.js", "package.json"]);
    for entry in &found.entries {
        let stat = fs::lstat(&found.folder.join(&*entry.path)).unwrap().unwrap();
        assert!(!entry.is_changed(&stat), "{entry:?}");
        assert_eq!(stat.mode & 0o222, 0, "{entry:?}");
        assert_eq!(stat.is_executable(), entry.executable, "{entry:?}");
    }
    assert_eq!(staged(&store), 0);
    assert_eq!(store.verify().unwrap(), []);
}

#[test]
fn equal_content_of_two_artifacts_is_one_tree() {
    let (_folder, store) = store();
    let mut trees = Vec::new();
    for name in ["a", "b"] {
        let mut staging = store.stage(Some(&artifact(name)), |_| {}).unwrap();
        staging.write(&path("same"), false, b"same").unwrap();
        trees.push(staging.commit(&artifact(name)).unwrap());
    }
    assert_eq!(trees[0].entries, trees[1].entries, "the tree that was there first is returned, with its times");
    assert_eq!(store.tree_digests().unwrap().len(), 1);
    assert_eq!(store.tree(&artifact("b")).unwrap().unwrap().entries, trees[0].entries);
    assert_eq!(staged(&store), 0);
}

#[test]
fn a_dropped_staging_leaves_nothing() {
    let (_folder, store) = store();
    let mut staging = store.stage(None, |_| {}).unwrap();
    staging.write(&path("a/b"), false, b"x").unwrap();
    assert_eq!(staged(&store), 1);
    drop(staging);
    assert_eq!(staged(&store), 0);
    assert!(store.tree_digests().unwrap().is_empty());
}

#[test]
fn a_flipped_byte_is_found_and_named_with_both_digests() {
    let (_folder, store) = store();
    let tree = put(&store, "a");
    let file = tree.folder.join("lib/deep/index.js");
    overwrite(&file, b"deeq");
    let damages = store.verify_tree(&tree).unwrap();
    let (expected, found) = (TreeDigest::of(b"deep"), TreeDigest::of(b"deeq"));
    assert_eq!(damages, [StoreDamage { path: file, tree: tree.digest, kind: DamageKind::Content { expected, found } }]);
    assert_eq!(store.verify().unwrap(), damages);

    let error = StoreError::Damaged(damages);
    assert_eq!(error.exit(), Exit::Integrity);
    assert!(error.to_string().contains(&format!("expected {expected:.16}…, found {found:.16}…")));
    assert!(miette::Diagnostic::help(&error).unwrap().to_string().contains("larder sync --repair"));
}

#[test]
fn missing_and_foreign_files_and_lost_modes_are_damage() {
    let (_folder, store) = store();
    let tree = put(&store, "a");
    fs::remove_file(&tree.folder.join("package.json")).unwrap();
    overwrite(&tree.folder.join("bin/run"), b"#!");
    fs::write_new(&tree.folder.join("lib/extra"), b"", 0o644).unwrap();
    let harms: Vec<_> = store.verify().unwrap().into_iter().map(|damage| damage.kind).collect();
    let expected = TreeDigest::of(b"a");
    assert_eq!(harms, [DamageKind::Mode { executable: true }, DamageKind::Unknown, DamageKind::Missing { expected }]);
}

#[test]
fn the_cheap_check_sees_another_size_and_another_time() {
    let (_folder, store) = store();
    let tree = put(&store, "a");
    let entry = tree.entry("package.json").unwrap();
    let file = tree.folder.join("package.json");
    let stat = || fs::lstat(&file).unwrap().unwrap();
    assert!(!entry.is_changed(&stat()));

    overwrite(&file, b"longer");
    assert!(entry.is_changed(&stat()));
    assert!(matches!(store.verify_entry(&tree, entry).unwrap().unwrap().kind, DamageKind::Content { .. }));

    overwrite(&file, b"a");
    fs::Dir::open(&tree.folder).unwrap().set_mtime("package.json", 1).unwrap();
    assert!(entry.is_changed(&stat()));
    assert_eq!(store.verify_entry(&tree, entry).unwrap(), None);
    assert!(!entry.is_changed(&stat()), "a file with its content gets its time back");
}

#[test]
fn a_removed_tree_is_fetched_anew() {
    let (_folder, store) = store();
    let tree = put(&store, "a");
    store.remove(&tree.digest).unwrap();
    store.remove(&tree.digest).unwrap();
    assert!(store.tree(&artifact("a")).unwrap().is_none());
    assert_eq!(staged(&store), 0);
    assert_eq!(put(&store, "a").digest, tree.digest);
    assert!(store.tree(&artifact("a")).unwrap().is_some());
}

#[test]
fn a_harmed_index_is_an_integrity_failure_until_it_is_forgotten() {
    let (_folder, store) = store();
    let tree = put(&store, "a");
    let index = tree.folder.with_file_name(INDEX);
    let mut bytes = fs::read(&index).unwrap();
    bytes[100] ^= 1;
    fs::write_atomic(&index, &bytes, fs::Durability::Lazy).unwrap();
    let error = store.tree(&artifact("a")).unwrap_err();
    assert_eq!(error.exit(), Exit::Integrity);
    assert_eq!(store.verify().unwrap()[0].kind, DamageKind::Index);
    store.forget(&artifact("a")).unwrap();
    assert!(store.tree(&artifact("a")).unwrap().is_none());
    assert!(store.tree_digests().unwrap().is_empty());
}

#[test]
fn a_crash_that_emptied_an_index_means_that_the_tree_is_fetched_again() {
    let (_folder, store) = store();
    let tree = put(&store, "a");
    fs::write_atomic(&tree.folder.with_file_name(INDEX), b"", fs::Durability::Lazy).unwrap();
    assert!(store.tree(&artifact("a")).unwrap().is_none());
    assert_eq!(put(&store, "a").digest, tree.digest, "the broken tree is replaced");
    assert!(store.tree(&artifact("a")).unwrap().is_some());
}

#[test]
fn after_another_boot_a_tree_is_hashed_unless_it_was_synced() {
    let (folder, old) = store();
    let synced = put(&old, "synced");
    old.sync().unwrap();
    let (whole, torn) = (put(&old, "whole"), put(&old, "torn"));
    for tree in [&synced, &torn] {
        overwrite(&tree.folder.join("package.json"), b"");
    }

    let store = Store::open(folder.path());
    store.boots.set_current(BootId::of(b"the next boot"));
    assert!(store.tree(&artifact("synced")).unwrap().is_some(), "is not hashed");
    assert!(store.tree(&artifact("torn")).unwrap().is_none());
    assert!(!store.tree_digests().unwrap().contains(&torn.digest));
    assert!(store.tree(&artifact("whole")).unwrap().is_some());
    overwrite(&whole.folder.join("package.json"), b"");
    assert!(store.tree(&artifact("whole")).unwrap().is_some(), "is hashed once");
}

#[test]
fn what_a_killed_process_left_is_removed_and_what_is_in_use_stays() {
    let (folder, first) = store();
    let debris = first.staging_folder().join("sha256-dead/files");
    fs::create_dir_all(&debris).unwrap();
    fs::write_new(&debris.join("half"), b"x", 0o444).unwrap();
    let used = Store::open(folder.path());
    let in_use = used.stage(Some(&artifact("used")), |_| {}).unwrap();
    assert_eq!(staged(&used), 1);
    let other = Store::open(folder.path());
    drop(other.stage(Some(&artifact("other")), |_| {}).unwrap());
    assert_eq!(staged(&used), 1);
    drop(in_use);
}

#[test]
fn the_lease_of_a_killed_run_stays_until_what_the_run_left_is_removed() {
    let (_folder, store) = store();
    put(&store, "a");
    let (leases, debris) = (store.root().join("leases"), store.staging_folder().join("sha256-debris"));
    fs::create_dir_all(&debris).unwrap();
    fs::create_dir_all(&leases).unwrap();
    for (file, text) in [("1-0", ""), ("1-0.list", "sha256/00\n")] {
        fs::write_new(&leases.join(file), text.as_bytes(), 0o644).unwrap();
    }
    // Neither another run nor a collection takes the sign away that there is something to remove.
    drop(store.lease([artifact("a")].iter()).unwrap());
    assert!(store.leased().unwrap().is_empty());
    assert!(store.has_leases().unwrap() && fs::lstat(&debris).unwrap().is_some());
    store.tidy().unwrap();
    assert!(!store.has_leases().unwrap() && fs::lstat(&debris).unwrap().is_none());
}

#[test]
fn debris_of_the_same_artifact_is_cleaned_when_it_is_staged_again() {
    let (_folder, store) = store();
    drop(store.stage(None, |_| {}).unwrap());
    let digest = artifact("a");
    let folder = store.staging_folder().join(format!("sha256-{}", digest.to_hex()));
    fs::create_dir_all(&folder.join("files")).unwrap();
    fs::write_new(&folder.join("files/old"), b"x", 0o444).unwrap();
    let tree = put(&store, "a");
    assert_eq!(tree.entries.len(), 3);
    assert_eq!(store.verify().unwrap(), []);
}

#[test]
fn who_stages_the_same_artifact_waits_and_then_finds_it() {
    let (_folder, store) = store();
    let written = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let digest = artifact("a");
                let staging = store.stage(Some(&digest), |_| {}).unwrap();
                if store.tree(&digest).unwrap().is_some() {
                    return;
                }
                written.fetch_add(1, Ordering::SeqCst);
                drop(staging);
                put(&store, "a");
            });
        }
    });
    assert!(written.load(Ordering::SeqCst) >= 1);
    assert_eq!(staged(&store), 0);
    assert_eq!(store.verify().unwrap(), []);
}

#[test]
fn a_lease_waits_for_nobody() {
    let (_folder, store) = store();
    put(&store, "a");
    let leases = store.root().join("leases");
    fs::create_dir_all(&leases).unwrap();
    // As if another container had a process of this number, which has leases too.
    let names = (0..8).map(|number| leases.join(format!("{}-{number}", std::process::id())));
    let held: Vec<_> = names.map(|name| fs::FileLock::acquire(&name, || {}).unwrap()).collect();
    let root = store.root().parent().unwrap().to_owned();
    let (tell, told) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let store = Store::open(&root);
        let two = [store.lease([artifact("a")].iter()), store.lease([artifact("b")].iter())];
        tell.send(two.iter().all(Result::is_ok)).unwrap();
    });
    assert!(told.recv_timeout(std::time::Duration::from_secs(20)).unwrap());
    drop(held);
}

#[test]
fn threads_of_one_process_wait_for_each_other_and_say_nothing() {
    let (_folder, store) = store();
    let waited = AtomicUsize::new(0);
    let staging = store.stage(Some(&artifact("a")), |_| {}).unwrap();
    std::thread::scope(|scope| {
        let other = scope.spawn(|| {
            let count = |_| {
                waited.fetch_add(1, Ordering::SeqCst);
            };
            drop(store.stage(Some(&artifact("a")), count).unwrap());
        });
        std::thread::sleep(std::time::Duration::from_millis(100));
        assert!(!other.is_finished());
        drop(staging);
    });
    assert_eq!(waited.into_inner(), 0);
}

#[test]
fn what_is_no_record_is_named_and_healed() {
    type Tamper = fn(&Path, &Path);
    let harms: [Tamper; 7] = [
        |record, _| fs::remove_file(record).and_then(|()| fs::create_dir_all(&record.join("x/y"))).unwrap(),
        |record, _| fs::remove_file(record).and_then(|()| fs::write_new(record, b"no record", 0o644)).unwrap(),
        |record, tree| fs::remove_file(record).and_then(|()| fs::symlink(tree, record)).unwrap(),
        |record, _| fs::remove_file(record).and_then(|()| fs::symlink(record, record)).unwrap(),
        |_, tree| fs::remove_file(&tree.join(INDEX)).and_then(|()| fs::create_dir(&tree.join(INDEX))).unwrap(),
        |_, tree| fs::remove_tree(tree).and_then(|()| fs::write_new(tree, b"no tree", 0o644)).unwrap(),
        |_, tree| {
            fs::remove_tree(&tree.join(FILES)).and_then(|()| fs::write_new(&tree.join(FILES), b"", 0o644)).unwrap();
        },
    ];
    for (at, harm) in harms.into_iter().enumerate() {
        let (_folder, store) = store();
        let (digest, tree) = (artifact("a"), put(&store, "a"));
        harm(&store.record(&digest), tree.folder.parent().unwrap());
        match store.tree(&digest) {
            Ok(None) => {}
            Ok(Some(tree)) => {
                assert_ne!(store.verify_tree(&tree).unwrap(), [], "{at}");
                store.remove(&tree.digest).unwrap();
            }
            Err(error @ StoreError::Index { .. }) => {
                assert_eq!(error.exit(), Exit::Integrity);
                store.forget(&digest).unwrap();
            }
            Err(error) => panic!("{at}: {error:?}"),
        }
        put(&store, "a");
        assert_eq!(store.tree(&digest).unwrap().unwrap().entries.len(), 3, "{at}");
        assert_eq!(store.verify().unwrap(), [], "{at}");
    }
}

#[test]
fn a_store_that_others_may_write_is_refused() {
    use std::os::unix::fs::PermissionsExt;

    let (folder, store) = store();
    put(&store, "a");
    for path in [folder.path().to_owned(), store.root().to_owned(), store.root().join("trees")] {
        let set = |mode: u32| std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        set(0o777);
        let open = Store::open(folder.path());
        let error = open.tree(&artifact("a")).unwrap_err();
        assert!(matches!(&error, StoreError::NotOwn { .. }) && error.exit() == Exit::Refused, "{error:?}");
        assert!(open.stage(None, |_| {}).is_err() && open.lease(std::iter::empty()).is_err());
        set(0o755);
        assert!(Store::open(folder.path()).tree(&artifact("a")).unwrap().is_some());
    }
    // In one like `/tmp` nobody takes the place of what is another's.
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o1777)).unwrap();
    assert!(Store::open(folder.path()).tree(&artifact("a")).unwrap().is_some());
}
