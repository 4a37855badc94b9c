use std::sync::Mutex;

use super::archives::Tar;
use super::*;

fn tarball(name: &str) -> Vec<u8> {
    Tar::default().file("package/package.json", name.as_bytes()).file("package/index.js", &[b'x'; 5000]).gz()
}

fn shelf(names: &[&str]) -> Shelf {
    Shelf { files: names.iter().map(|name| ((*name).to_owned(), tarball(name))).collect(), ..Shelf::default() }
}

fn want(name: &str) -> RequestedArtifact {
    wanted(ArtifactKind::Tarball, name, Some(digest(Algorithm::Sha512, &tarball(name))))
}

fn store() -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path());
    (folder, store)
}

#[test]
fn many_are_fetched_in_order_and_once() {
    let (_folder, store) = store();
    let names: Vec<String> = (0..70).map(|at| format!("thing-{at}.tgz")).collect();
    let names: Vec<&str> = names.iter().map(|name| &**name).collect();
    let source = shelf(&names);
    // Every artifact twice: the second waits for the first.
    let wanted: Vec<RequestedArtifact> = names.iter().chain(&names).map(|name| want(name)).collect();
    let steps = Mutex::new(Vec::new());
    let on_progress = |progress: FetchProgress| steps.lock().unwrap().push(progress);
    let options = FetchOptions { concurrency: 8, on_progress: &on_progress, ..FetchOptions::default() };
    let fetched = fetch_all(&store, &source, &wanted, options).unwrap();
    assert_eq!(source.opened.load(Ordering::SeqCst), 70);
    for (at, one) in fetched.iter().enumerate() {
        let content = fs::read_to_string(&one.tree.folder.join("package.json")).unwrap();
        assert_eq!(content, names[at % 70]);
        assert_eq!(Some(&one.digest), wanted[at].artifact.digest.as_ref());
    }
    let started =
        steps.lock().unwrap().iter().filter(|p| matches!(p.step, FetchStep::Started { bytes: Some(_) })).count();
    assert_eq!(started, 70);

    let again = fetch_all(&store, &source, &wanted, FetchOptions::default()).unwrap();
    assert_eq!(source.opened.load(Ordering::SeqCst), 70, "nothing is fetched again");
    assert!(again.iter().all(|one| one.bytes == 0));
    assert_eq!(store.verify().unwrap(), []);
    assert_untouched_staging(&store);
}

#[test]
fn a_flipped_byte_anywhere_is_an_integrity_failure_with_both_digests() {
    let archive = tarball("a");
    for at in (0..archive.len()).step_by(7).chain([archive.len() - 1]) {
        let (_folder, store) = store();
        let mut source = shelf(&["a"]);
        source.files.get_mut("a").unwrap()[at] ^= 0x10;
        let error = fetch_all(&store, &source, &[want("a")], FetchOptions::default()).unwrap_err();
        assert_eq!(error.exit(), Exit::Integrity);
        let text = error.to_string();
        let FetchError::Integrity { expected, found, subject } = error else { panic!("byte {at}: {text}") };
        assert_eq!(expected, digest(Algorithm::Sha512, &archive));
        assert_eq!(found, digest(Algorithm::Sha512, &source.files["a"]));
        assert_eq!((subject.origin.to_string(), &*subject.file), ("npmjs".to_owned(), "a"));
        for part in [&expected.to_string(), &found.to_string(), "npm:thing@1.0.0", "npmjs"] {
            assert!(text.contains(part), "{text}");
        }
        assert!(store.tree_digests().unwrap().is_empty());
        assert!(store.tree(&expected).unwrap().is_none());
        assert_untouched_staging(&store);
    }
}

#[test]
fn a_digest_that_was_not_promised_is_made() {
    let (_folder, store) = store();
    let source = shelf(&["a"]);
    let wanted = wanted(ArtifactKind::Tarball, "a", None);
    let fetched = fetch_all(&store, &source, &[wanted], FetchOptions::default()).unwrap();
    assert_eq!(fetched[0].digest, digest(Algorithm::Sha512, &tarball("a")));
    assert_eq!(fetched[0].bytes, tarball("a").len() as u64);
    assert!(store.tree(&fetched[0].digest).unwrap().is_some());
}

#[test]
fn weaker_digests_are_checked_too() {
    for algorithm in [Algorithm::Sha1, Algorithm::Sha256] {
        let (_folder, store) = store();
        let source = shelf(&["a"]);
        let right = wanted(ArtifactKind::Tarball, "a", Some(digest(algorithm, &tarball("a"))));
        let wrong = wanted(ArtifactKind::Tarball, "a", Some(digest(algorithm, b"other")));
        fetch_all(&store, &source, &[right], FetchOptions::default()).unwrap();
        let error = fetch_all(&store, &source, &[wrong], FetchOptions::default()).unwrap_err();
        assert!(matches!(error, FetchError::Integrity { .. }), "{error:?}");
    }
}

#[test]
fn any_of_several_digests_of_one_algorithm_counts() {
    for algorithm in [Algorithm::Sha1, Algorithm::Sha256, Algorithm::Sha512] {
        let (_folder, store) = store();
        let source = shelf(&["a"]);
        let [right, wrong, other] = [&*tarball("a"), b"x", b"y"].map(|content| digest(algorithm, content));
        let promised = |promised| RequestedArtifact { promised, ..wanted(ArtifactKind::Tarball, "a", None) };
        let error =
            fetch_all(&store, &source, &[promised(vec![wrong.clone(), other])], FetchOptions::default()).unwrap_err();
        assert!(matches!(error, FetchError::Integrity { .. }), "{error:?}");
        let fetched = fetch_all(&store, &source, &[promised(vec![wrong, right])], FetchOptions::default()).unwrap();
        assert_eq!(fetched[0].digest.algorithm(), Algorithm::Sha512);
    }
}

#[test]
fn a_broken_connection_is_tried_again_and_then_a_network_failure() {
    let (_folder, store) = store();
    let source = Shelf { breaks: AtomicUsize::new(2), ..shelf(&["a"]) };
    fetch_all(&store, &source, &[want("a")], FetchOptions::default()).unwrap();
    assert_eq!(source.opened.load(Ordering::SeqCst), 3);

    let source = Shelf { breaks: AtomicUsize::new(9), ..shelf(&["b"]) };
    let error = fetch_all(&store, &source, &[want("b")], FetchOptions::default()).unwrap_err();
    assert_eq!((error.exit(), source.opened.load(Ordering::SeqCst)), (Exit::Network, 3));
    assert!(matches!(error, FetchError::Interrupted { .. }), "{error:?}");
    assert_untouched_staging(&store);
}

#[test]
fn the_first_failure_is_reported_and_the_rest_stopped() {
    for _ in 0..20 {
        let (_folder, store) = store();
        let names = ["a", "b", "c", "d"];
        let mut source = shelf(&names);
        source.files.get_mut("b").unwrap()[20] ^= 1;
        source.files.get_mut("d").unwrap()[20] ^= 1;
        let wanted: Vec<RequestedArtifact> = names.iter().map(|name| want(name)).collect();
        let options = FetchOptions { concurrency: 4, ..FetchOptions::default() };
        let error = fetch_all(&store, &source, &wanted, options).unwrap_err();
        let FetchError::Integrity { subject, .. } = error else { panic!("{error:?}") };
        assert_eq!(subject.file, "b");
        assert_untouched_staging(&store);
    }
}

#[test]
fn what_is_made_for_one_platform_begins_first_and_failures_are_told_in_the_order_of_what_is_wanted() {
    let (_folder, store) = store();
    let mut source = shelf(&["a", "b", "c"]);
    source.files.get_mut("b").unwrap()[20] ^= 1;
    source.files.get_mut("c").unwrap()[20] ^= 1;
    let wanted = [want("a"), want("b"), RequestedArtifact { native: true, ..want("c") }];
    let begun = Mutex::new(Vec::new());
    let on_progress = |progress: FetchProgress| {
        if matches!(progress.step, FetchStep::Started { .. }) {
            begun.lock().unwrap().push(progress.wanted);
        }
    };
    let options = FetchOptions { concurrency: 1, on_progress: &on_progress, ..FetchOptions::default() };
    let error = fetch_all(&store, &source, &wanted, options).unwrap_err();
    let FetchError::Integrity { subject, .. } = error else { panic!("{error:?}") };
    assert_eq!((subject.file.as_str(), begun.into_inner().unwrap()), ("b", vec![2, 0, 1]));
}

#[test]
fn a_registry_failure_keeps_its_exit_and_code_and_stops_what_follows() {
    let (_folder, store) = store();
    let source = shelf(&["b", "c"]);
    let options = FetchOptions { concurrency: 1, ..FetchOptions::default() };
    let error = fetch_all(&store, &source, &[want("a"), want("b"), want("c")], options).unwrap_err();
    assert_eq!(error.exit(), Exit::Network);
    assert_eq!(miette::Diagnostic::code(&error).unwrap().to_string(), "test::missing");
    assert!(error.to_string().contains("npm:thing@1.0.0"));
    assert_eq!(source.opened.load(Ordering::SeqCst), 1);
}

#[test]
fn a_source_distribution_is_unpacked_if_it_is_of_its_package() {
    let sdist = |info: &str| {
        let archive =
            Tar::default().file("thing-1.0.0/PKG-INFO", info.as_bytes()).file("thing-1.0.0/setup.py", b"x").gz();
        let (_folder, store) = store();
        let source = Shelf { files: [("a".to_owned(), archive)].into(), ..Shelf::default() };
        fetch_all(&store, &source, &[wanted(ArtifactKind::Sdist, "a", None)], FetchOptions::default())
    };
    let fetched = sdist("Metadata-Version: 2.1\nName: Thing\nVersion: 1.0\n\n").unwrap().remove(0);
    assert!(fetched.tree.entry("setup.py").is_some());
    assert_eq!(fetched.digest.algorithm(), Algorithm::Sha256);
    let error = sdist("Metadata-Version: 2.1\nName: Other\nVersion: 1.0\n\n").unwrap_err();
    assert!(matches!(error, FetchError::Refused { .. }), "{error}");
}

#[test]
fn two_stores_on_one_folder_fetch_once() {
    let folder = tempfile::tempdir().unwrap();
    let source = shelf(&["a"]);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let store = Store::open(folder.path());
                fetch_all(&store, &source, &[want("a")], FetchOptions::default()).unwrap();
            });
        }
    });
    assert_eq!(source.opened.load(Ordering::SeqCst), 1);
}

#[test]
fn a_tree_that_another_project_has_is_refused_where_its_names_are_one() {
    let archive = super::archives::Tar::default().file("package/a", b"1").file("package/A", b"2").gz();
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path());
    let fetched = fetch_one(&store, ArtifactKind::Tarball, &archive, Limits::default()).unwrap();
    assert_eq!(fetched.tree.entries.len(), 2);
    let strict = Limits { folds: NameFolding::Case, ..Limits::default() };
    let error = fetch_one(&store, ArtifactKind::Tarball, &archive, strict).unwrap_err();
    let FetchError::Refused { refusal, .. } = error else { panic!("{error:?}") };
    assert!(matches!(refusal.fault(), ArchiveFault::CaseCollision(_)));
    assert_eq!(fetch_one(&store, ArtifactKind::Tarball, &archive, Limits::default()).unwrap().bytes, 0);
}
