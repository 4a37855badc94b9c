//! What a client makes of a registry that lies, or that a cache serves in pieces of different ages.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::folder::{Change, FolderRegistry};
use super::index;
use super::log::{LogOptions, RegistryLog};
use super::witness::WitnessFile;
use crate::diagnostic::Exit;
use crate::fetch::{Client, Endpoint, Quota, RegistryAddress};
use crate::fs;
use crate::manifest::{LogTrust, Registry, RegistryUrl};
use crate::model::{Ecosystem, LogKey, PackageName};
use crate::package::log::{LogHash, LogSigner};
use crate::package::{Deposit, IndexFile, PackageEvent};
use crate::registry::cache::{CachePolicy, MetadataCache};
use crate::registry::client::{ListingError, RegistryClient};

const TIME: &str = "2026-11-26T12:00:00Z";

/// A registry in a folder, and a user with a cache.
struct Case {
    folder: tempfile::TempDir,
    signer: LogSigner,
    trust: LogTrust,
    requires_key: bool,
}

type Files = BTreeMap<PathBuf, Vec<u8>>;

/// An index file, if the registry has the name; or how the run ends, and with which message.
type Asked = Result<Option<IndexFile>, (Exit, String)>;

impl Case {
    /// Makes a registry of some packages, whose key is known.
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let signer = LogSigner::from_seed("packages.example", [3; 32]).unwrap();
        FolderRegistry::create(&folder.path().join("r"), &signer, TIME).unwrap();
        let trust = LogTrust { keys: vec![signer.key().clone()], ..LogTrust::default() };
        let case = Self { folder, signer, trust, requires_key: false };
        case.publish(&[("a", "1.0.0"), ("orders", "1.0.0"), ("zebra", "1.0.0")]);
        case
    }

    fn root(&self) -> PathBuf {
        self.folder.path().join("r")
    }

    fn publish(&self, versions: &[(&str, &str)]) {
        let registry = FolderRegistry::open(&self.root(), &[]).unwrap();
        let changes: Vec<Change> = versions.iter().map(|(name, version)| publication(name, version)).collect();
        registry.lock(|| {}).unwrap().commit(&changes, &self.signer, TIME).unwrap();
    }

    fn yank(&self, name: &str, version: &str) {
        let line =
            PackageEvent::line_of("yank", &format!(r#"{{"name":"{name}","version":"{version}"}}"#), None).unwrap();
        let change = Change { name: name.to_owned(), lines: vec![line], archives: Vec::new() };
        let registry = FolderRegistry::open(&self.root(), &[]).unwrap();
        registry.lock(|| {}).unwrap().commit(&[change], &self.signer, TIME).unwrap();
    }

    /// Returns the index file of a name, as a user of this registry sees it, and what the user is told.
    fn ask(&self, name: &str) -> (Asked, Vec<String>) {
        let (cache, root) = (self.folder.path().join("cache"), self.root());
        let url = RegistryUrl::Folder(root.display().to_string().into());
        let registry = Registry::new(Ecosystem::PRIVATE, "acme".parse().unwrap(), url);
        let witness = WitnessFile::of(Some(&cache), &root, &registry);
        let options =
            LogOptions { trust: self.trust.clone(), locked_key: None, requires_key: self.requires_key, witness };
        let address = RegistryAddress::folder(&root).unwrap();
        let endpoint = Arc::new(Endpoint::new("acme".parse().unwrap(), vec![address], Quota::default()));
        let client = RegistryClient {
            http: Arc::new(Client::default()),
            endpoint,
            cache: MetadataCache::disabled(),
            cache_policy: CachePolicy::MaxAge,
            admits_unknown_age: false,
        };
        let log = RegistryLog::new(options);
        let fetched = match index::fetch(&log, &client, &PackageName::larder(name).unwrap()) {
            Ok(fetched) => Ok(Some(fetched.file)),
            Err(ListingError::Missing) => Ok(None),
            Err(ListingError::Failed(failure)) => Err((failure.exit(), failure.to_string())),
        };
        (fetched, log.warnings())
    }

    /// Returns the versions of a name that are not yanked.
    fn versions(&self, name: &str) -> Vec<String> {
        let index = self.ask(name).0.unwrap().unwrap();
        index.versions().iter().filter(|one| one.yanked.is_none()).map(|one| one.version.to_string()).collect()
    }

    fn error(&self, name: &str) -> (Exit, String) {
        self.ask(name).0.map(|index| index.map(|index| index.line_count())).unwrap_err()
    }

    fn files(&self) -> Files {
        let root = self.root();
        let entries = fs::walk(&root, |_| true).unwrap();
        let files = entries.into_iter().filter(|entry| entry.kind == fs::Kind::File);
        files.map(|entry| (entry.path.clone(), fs::read(&root.join(entry.path)).unwrap())).collect()
    }

    /// Replaces all files.
    fn serve(&self, files: &Files) {
        std::fs::remove_dir_all(self.root()).unwrap();
        for (path, content) in files {
            let path = self.root().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, content).unwrap();
        }
    }

    /// Changes a text file.
    fn edit(&self, path: &str, edit: impl FnOnce(String) -> String) {
        let path = self.root().join(path);
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(path, edit(text)).unwrap();
    }
}

fn publication(name: &str, version: &str) -> Change {
    let archive = format!("archive of {name} {version}").into_bytes();
    let file = format!("{name}-{version}.tar.gz");
    let deposit = Deposit {
        artifact: file.clone(),
        sha256: LogHash::of_file(&archive).to_string(),
        size: archive.len() as u64,
        time: None,
        publisher: None,
        index: None,
        signatures: Vec::new(),
    };
    let line = PackageEvent::publish_line(&format!(r#"{{"name":"{name}","version":"{version}"}}"#), &deposit).unwrap();
    Change { name: name.to_owned(), lines: vec![line], archives: vec![(file, archive)] }
}

#[test]
fn an_honest_registry_is_believed() {
    let case = Case::new();
    case.publish(&[("orders", "1.1.0")]);
    let (index, warnings) = case.ask("orders");
    assert_eq!((index.unwrap().unwrap().line_count(), warnings), (2, Vec::<String>::new()));
    assert!(case.ask("nothing").0.unwrap().is_none());
    case.yank("orders", "1.1.0");
    assert_eq!(case.versions("orders"), ["1.0.0"]);
}

#[test]
fn an_index_file_that_is_not_the_logs_is_refused() {
    let case = Case::new();
    case.publish(&[("orders", "1.1.0")]);
    case.yank("orders", "1.1.0");
    let path = "index/or/de/orders";
    let honest = case.files();
    let lines: Vec<String> =
        String::from_utf8(honest[Path::new(path)].clone()).unwrap().split_inclusive('\n').map(str::to_owned).collect();
    let (edited, reordered) =
        (lines.concat().replace("1.1.0", "1.9.0"), [&lines[1], &lines[0], &lines[2]].map(String::as_str).concat());
    for altered in [edited, reordered] {
        case.edit(path, |_| altered);
        let (exit, message) = case.error("orders");
        assert_eq!(exit, Exit::Integrity, "{message}");
        assert!(message.contains("`orders` has the digest") && message.contains("`acme`"), "{message}");
        case.serve(&honest);
    }
    // One line is withheld: the last, a yank; or one before it.
    for withheld in [lines[..2].concat(), [&lines[0], &lines[2]].map(String::as_str).concat(), String::new()] {
        case.edit(path, |_| withheld);
        let (exit, message) = case.error("orders");
        assert_eq!(exit, Exit::Network, "{message}");
        assert!(message.contains("the log says"), "{message}");
        case.serve(&honest);
    }
    // What is added behind does not exist yet.
    case.edit(path, |text| text + &lines[0].replace("1.0.0", "9.9.9"));
    assert_eq!(case.versions("orders"), ["1.0.0"]);
}

#[test]
fn a_name_cannot_be_frozen() {
    let case = Case::new();
    let before = case.files();
    case.publish(&[("orders", "1.1.0")]);
    // The name's own files are old, everything else is new.
    let mut frozen = case.files();
    let index = Path::new("index/or/de/orders");
    frozen.insert(index.to_owned(), before[index].clone());
    case.serve(&frozen);
    assert_eq!(case.error("orders").0, Exit::Network);
    assert!(case.ask("zebra").0.unwrap().is_some());
    // It is withheld altogether.
    frozen.remove(index);
    case.serve(&frozen);
    assert_eq!(case.error("orders").0, Exit::Network);
}

#[test]
fn a_forged_file_of_the_log_is_refused() {
    let case = Case::new();
    for round in 0..3 {
        let names: Vec<String> = (0..100).map(|index| format!("p{index}")).collect();
        let versions: Vec<(&str, String)> = names.iter().map(|name| (name.as_str(), format!("1.{round}.0"))).collect();
        case.publish(&versions.iter().map(|(name, version)| (*name, version.as_str())).collect::<Vec<_>>());
    }
    let honest = case.files();
    let size: u64 = {
        let checkpoint = String::from_utf8(honest[Path::new("checkpoint")].clone()).unwrap();
        checkpoint.lines().nth(1).unwrap().parse().unwrap()
    };
    let mut forged = 0;
    for (path, content) in &honest {
        let shown = path.display().to_string();
        let is_edge = shown.ends_with(&format!(".p/{}", size % 256)) || shown == "tile/1/000.p/1";
        if !is_edge && shown != "checkpoint" {
            continue;
        }
        for at in [0, content.len() / 2, content.len() - 3] {
            let mut changed = content.clone();
            changed[at] ^= 1;
            std::fs::write(case.root().join(path), &changed).unwrap();
            // Of a bundle of entries only the state is believed, which is the last.
            if !shown.starts_with("tile/entries") || at == content.len() - 3 {
                let (exit, message) = case.error("orders");
                assert!(matches!(exit, Exit::Integrity | Exit::Network), "{shown} {at}: {message}");
                assert!(exit == Exit::Integrity || shown == "checkpoint", "{shown} {at}: {message}");
                forged += 1;
            }
        }
        case.serve(&honest);
    }
    assert!(forged >= 8);
    assert!(case.ask("orders").0.unwrap().is_some());
    for path in honest.keys().filter(|path| path.starts_with("heads")) {
        case.edit(&path.display().to_string(), |text| text.replacen(" 1 ", " 2 ", 1));
    }
    let (exit, message) = case.error("orders");
    assert_eq!(exit, Exit::Integrity, "{message}");
    assert!(message.contains("`heads/"), "{message}");
}

#[test]
fn files_of_different_ages_are_a_whole_state_or_none() {
    let case = Case::new();
    let before = case.files();
    case.publish(&[("orders", "1.1.0"), ("new", "1.0.0")]);
    let after = case.files();
    let parts = ["checkpoint", "index", "tile", "heads"];
    for is_seen in [false, true] {
        for ages in 0..16_u32 {
            let mut files = Files::new();
            for (place, part) in parts.iter().enumerate() {
                let source = if ages >> place & 1 == 1 { &after } else { &before };
                files.extend(
                    source
                        .iter()
                        .filter(|(path, _)| path.starts_with(part))
                        .map(|(path, content)| (path.clone(), content.clone())),
                );
            }
            files.insert("larder-registry.json".into(), after[Path::new("larder-registry.json")].clone());
            let _ = std::fs::remove_dir_all(case.folder.path().join("cache"));
            if is_seen {
                case.serve(&before);
                assert!(case.ask("orders").0.is_ok());
            }
            case.serve(&files);
            match case.ask("orders").0 {
                Ok(index) => assert!((1..=2).contains(&index.unwrap().line_count())),
                Err((exit, message)) => assert_eq!(exit, Exit::Network, "{ages:04b} {message}"),
            }
        }
    }
}

#[test]
fn an_older_state_is_told_and_another_history_refused() {
    let case = Case::new();
    let first = case.files();
    assert_eq!(case.ask("orders").1, Vec::<String>::new());
    case.publish(&[("orders", "1.1.0")]);
    assert_eq!(case.ask("orders").1, Vec::<String>::new());
    // The older state is shown again.
    case.serve(&first);
    let (index, warnings) = case.ask("orders");
    assert_eq!(index.unwrap().unwrap().line_count(), 1);
    assert!(warnings.len() == 1 && warnings[0].contains("though one of 7 was seen before"), "{warnings:?}");
    // Another history begins there.
    case.publish(&[("orders", "1.2.0"), ("zebra", "2.0.0")]);
    let (exit, message) = case.error("orders");
    assert_eq!(exit, Exit::Integrity, "{message}");
    assert!(message.contains("its history is not the one seen before"), "{message}");
    // So it is for a registry that was made anew.
    let anew = Case::new();
    case.serve(&anew.files());
    case.publish(&[("p", "1.0.0"), ("q", "1.0.0"), ("r", "1.0.0")]);
    assert_eq!(case.error("orders").0, Exit::Integrity);
}

#[test]
fn an_older_state_and_a_shorter_fork_are_told_apart_by_the_tiles_that_were_seen() {
    let case = Case::new();
    let first = case.files();
    let fork = Case::new();
    fork.publish(&[("orders", "9.0.0")]);
    case.publish(&[("orders", "1.1.0")]);
    case.publish(&[("orders", "1.2.0"), ("zebra", "2.0.0")]);
    // Only the newest state was seen.
    assert_eq!(case.ask("orders").1, Vec::<String>::new());
    case.serve(&fork.files());
    let (exit, message) = case.error("orders");
    assert_eq!(exit, Exit::Integrity, "{message}");
    assert!(message.contains("its history is not the one seen before"), "{message}");
    case.serve(&first);
    let (index, warnings) = case.ask("orders");
    assert_eq!(index.unwrap().unwrap().line_count(), 1);
    assert!(warnings.len() == 1 && warnings[0].contains("though one of 10 was seen before"), "{warnings:?}");
    // Tiles that are harmed are none.
    let tiles = fs::walk(&case.folder.path().join("cache/logs/tiles"), |_| true).unwrap();
    let tile = tiles.into_iter().find(|entry| entry.kind == fs::Kind::File).expect("a tile");
    let tile = case.folder.path().join("cache/logs/tiles").join(tile.path);
    let harmed = fs::read(&tile).unwrap().into_iter().map(|byte| !byte).collect::<Vec<u8>>();
    std::fs::write(&tile, harmed).unwrap();
    let (index, warnings) = case.ask("orders");
    assert!(warnings.len() == 1 && warnings[0].contains("is between two states"), "{warnings:?}");
    drop(index);
}

#[test]
fn keys_decide_who_is_believed() {
    let mut case = Case::new();
    let other = LogSigner::from_seed("packages.example", [4; 32]).unwrap();
    // While keys rotate both are named.
    case.trust.keys.insert(0, other.key().clone());
    assert!(case.ask("orders").0.is_ok());
    case.trust.keys.truncate(1);
    let (exit, message) = case.error("orders");
    assert_eq!(exit, Exit::Integrity);
    assert!(message.contains("is not signed by packages.example+"), "{message}");
    // Without a key the first one is believed, and said.
    case.trust.keys.clear();
    let (index, warnings) = case.ask("orders");
    assert!(index.is_ok() && warnings.len() == 1 && warnings[0].contains("trusted on first use"), "{warnings:?}");
    assert_eq!(case.ask("orders").1, Vec::<String>::new());
    // From then on, no other is.
    let (honest, key): (Files, LogKey) = (case.files(), other.key().clone());
    let elsewhere = case.folder.path().join("other");
    FolderRegistry::create(&elsewhere, &other, TIME).unwrap();
    case.edit("larder-registry.json", |text| text.replace(&case.signer.key().to_string(), &key.to_string()));
    std::fs::copy(elsewhere.join("checkpoint"), case.root().join("checkpoint")).unwrap();
    assert_eq!(case.error("orders").0, Exit::Integrity);
    case.serve(&honest);
    // Where signatures are required, none is believed that the manifest does not name.
    case.requires_key = true;
    let (exit, message) = case.error("orders");
    assert_eq!(exit, Exit::Refused);
    assert!(message.contains("has no `key`"), "{message}");
}

#[test]
fn a_state_grows_too_old() {
    let mut case = Case::new();
    case.trust.freshness = Some(std::time::Duration::from_secs(u64::from(u32::MAX)));
    assert!(case.ask("orders").0.is_ok());
    case.trust.freshness = Some(std::time::Duration::from_secs(86_400));
    FolderRegistry::open(&case.root(), &[])
        .unwrap()
        .lock(|| {})
        .unwrap()
        .commit(&[], &case.signer, "2020-01-01T00:00:00Z")
        .unwrap();
    let (exit, message) = case.error("orders");
    assert_eq!(exit, Exit::Refused);
    assert!(message.contains("2020-01-01") && message.ends_with("allows 1 day"), "{message}");
}
