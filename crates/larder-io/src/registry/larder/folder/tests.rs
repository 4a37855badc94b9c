//! A registry in a folder: what is written is whole, and what is damaged is found.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::*;
use crate::fs;
use crate::package::log::{LogHash, LogSigner};
use crate::package::{Deposit, PackageEvent, Submission};

const TIME: &str = "2026-11-26T12:00:00Z";

fn signer() -> LogSigner {
    LogSigner::from_seed("packages.example", [3; 32]).unwrap()
}

fn registry() -> (tempfile::TempDir, FolderRegistry) {
    let folder = tempfile::tempdir().unwrap();
    let registry = FolderRegistry::create(&folder.path().join("r"), &signer(), TIME).unwrap();
    (folder, registry)
}

fn publication(name: &str, version: &str) -> Change {
    let archive = format!("archive of {name} {version}").into_bytes();
    let file = format!("{name}-{version}.tar.gz");
    let deposit = Deposit {
        artifact: file.clone(),
        sha256: LogHash::of_file(&archive).to_string(),
        size: archive.len() as u64,
        time: Some(TIME.to_owned()),
        publisher: None,
        index: None,
        signatures: Vec::new(),
    };
    let line = PackageEvent::publish_line(&format!(r#"{{"name":"{name}","version":"{version}"}}"#), &deposit).unwrap();
    Change { name: name.to_owned(), lines: vec![line], archives: vec![(file, archive)] }
}

fn publish(registry: &FolderRegistry, changes: &[Change]) -> Result<u64, FolderError> {
    registry.lock(|| {})?.commit(changes, &signer(), TIME).map(|tree| tree.size)
}

fn files(root: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let entries = fs::walk(root, |_| true).unwrap();
    let files = entries.into_iter().filter(|entry| entry.kind == fs::Kind::File);
    files.map(|entry| (entry.path.clone(), fs::read(&root.join(entry.path)).unwrap())).collect()
}

#[test]
fn what_is_published_is_there_and_whole() {
    let (_folder, registry) = registry();
    assert_eq!(publish(&registry, &[publication("a", "1.0.0"), publication("orders", "1.0.0")]).unwrap(), 4);
    assert_eq!(publish(&registry, &[publication("a", "1.1.0")]).unwrap(), 6);
    assert_eq!(publish(&registry, &[]).unwrap(), 7);
    let verified = FolderRegistry::open(registry.root(), &[]).unwrap().verify().unwrap();
    assert_eq!((verified.packages, verified.versions, verified.damage), (2, 3, Vec::<String>::new()));
    let again = publish(&registry, &[publication("a", "1.1.0")]).unwrap_err();
    assert!(matches!(again, FolderError::Index { .. }), "{again}");
    let other = LogSigner::from_seed("packages.example", [4; 32]).unwrap();
    let refused = registry.lock(|| {}).unwrap().commit(&[publication("b", "1.0.0")], &other, TIME);
    assert!(matches!(refused, Err(FolderError::OtherKey { .. })));
    assert_eq!(registry.verify().unwrap().damage, Vec::<String>::new());
}

#[test]
fn hundreds_of_events_fill_tiles() {
    let (_folder, registry) = registry();
    for round in 0..6 {
        let changes: Vec<Change> =
            (0..100).map(|index| publication(&format!("p{index}"), &format!("1.{round}.0"))).collect();
        publish(&registry, &changes).unwrap();
    }
    let verified = registry.verify().unwrap();
    assert_eq!((verified.tree.size, verified.versions), (607, 600));
    assert_eq!(verified.damage, Vec::<String>::new());
    // The partial tiles before a full one are gone.
    assert!(fs::stat(&registry.root().join("tile/0/000")).unwrap().is_some());
    assert!(fs::stat(&registry.root().join("tile/0/000.p")).unwrap().is_none());
}

#[test]
fn every_changed_file_is_found() {
    let (_folder, registry) = registry();
    publish(&registry, &[publication("a", "1.0.0"), publication("orders", "1.0.0")]).unwrap();
    let root = registry.root();
    for (path, content) in files(root) {
        let shown = path.display().to_string();
        let is_current = !shown.contains(".p/1") && shown != ".lock" && shown != "larder-registry.json";
        // Heads of earlier states are not read any more.
        let is_old_shard = shown.starts_with("heads/")
            && !registry.state().unwrap().leaf.heads.iter().any(|shard| shard.path() == shown);
        if !is_current || is_old_shard {
            continue;
        }
        let mut changed = content.clone();
        let middle = changed.len() / 2;
        changed[middle] ^= 1;
        for damaged in [Some(&changed), None] {
            match damaged {
                Some(damaged) => std::fs::write(root.join(&path), damaged).unwrap(),
                None => std::fs::remove_file(root.join(&path)).unwrap(),
            }
            let found = registry.verify();
            assert!(!matches!(&found, Ok(verified) if verified.damage.is_empty()), "{shown}");
        }
        std::fs::write(root.join(&path), &content).unwrap();
        assert_eq!(registry.verify().unwrap().damage, Vec::<String>::new(), "{shown}");
    }
}

#[test]
fn what_a_killed_writer_left_is_taken_back() {
    let (_folder, registry) = registry();
    publish(&registry, &[publication("a", "1.0.0")]).unwrap();
    let before = files(registry.root());
    publish(&registry, &[publication("a", "1.1.0"), publication("b", "1.0.0")]).unwrap();
    // Everything was written but the checkpoint.
    std::fs::write(registry.root().join("checkpoint"), &before[Path::new("checkpoint")]).unwrap();
    std::fs::write(registry.root().join(".lock"), "a\nb\n../x\n").unwrap();
    assert_eq!(registry.verify().unwrap().damage.len(), 1);
    drop(registry.lock(|| {}).unwrap());
    assert_eq!(registry.verify().unwrap().damage, Vec::<String>::new());
    assert_eq!(files(registry.root())[Path::new("index/1/a")], before[Path::new("index/1/a")]);
    assert_eq!(publish(&registry, &[publication("a", "1.1.0")]).unwrap(), 5);
    assert_eq!(registry.verify().unwrap().damage, Vec::<String>::new());
}

#[test]
fn shards_that_nobody_reads_are_removed() {
    let (_folder, registry) = registry();
    publish(&registry, &[publication("a", "1.0.0")]).unwrap();
    let first = registry.state().unwrap().leaf.heads[0].path();
    publish(&registry, &[publication("a", "1.1.0")]).unwrap();
    publish(&registry, &[publication("a", "1.2.0")]).unwrap();
    // Whoever read an older checkpoint a moment ago still finds it.
    assert!(fs::stat(&registry.root().join(&first)).unwrap().is_some());
    let long_ago = std::time::SystemTime::now() - std::time::Duration::from_secs(100_000);
    for entry in std::fs::read_dir(registry.root().join("heads")).unwrap() {
        std::fs::File::open(entry.unwrap().path()).unwrap().set_modified(long_ago).unwrap();
    }
    publish(&registry, &[]).unwrap();
    assert!(fs::stat(&registry.root().join(&first)).unwrap().is_none());
    assert_eq!(registry.verify().unwrap().damage, Vec::<String>::new());
}

#[test]
fn submissions_wait_for_the_key() {
    let (_folder, registry) = registry();
    let submission = Submission {
        kind: "publish".to_owned(),
        body: r#"{"name": "a","version":"1.0.0"}"#.to_owned(),
        archive: Some(b"archive".to_vec()),
        publisher: Some("ada".to_owned()),
        signatures: vec!["x".to_owned()],
    };
    registry.submit(&submission).unwrap();
    let locked = registry.lock(|| {}).unwrap();
    let files = locked.submissions().unwrap();
    assert_eq!(files.len(), 1);
    // What only claims to be a signature is none.
    let submission = Submission { signatures: Vec::new(), ..submission };
    assert_eq!(locked.submission(&files[0]).unwrap(), submission);
    locked.remove_submissions(&files[0], &submission).unwrap();
    assert!(
        locked.submissions().unwrap().is_empty() && fs::names(&registry.root().join("incoming")).unwrap().is_empty()
    );
}

#[test]
fn a_folder_is_a_registry_or_none() {
    let (folder, registry) = registry();
    assert!(matches!(FolderRegistry::create(registry.root(), &signer(), TIME), Err(FolderError::NotEmpty(_))));
    assert!(matches!(FolderRegistry::open(folder.path(), &[]), Err(FolderError::NoRegistry(_))));
    let description = registry.root().join("larder-registry.json");
    let text = std::fs::read_to_string(&description).unwrap();
    std::fs::write(&description, text.replace("\"api\"", "\"subset\":true,\"api\"")).unwrap();
    let subset = FolderRegistry::open(registry.root(), &[]).unwrap();
    assert!(matches!(subset.lock(|| {}), Err(FolderError::Subset(_))));
}
