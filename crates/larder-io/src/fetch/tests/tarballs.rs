use tar::EntryType;

use super::archives::{Tar, gzip};
use super::*;
use crate::model::PathError;

fn fault(tar: Tar) -> ArchiveFault {
    refused(ArtifactKind::Tarball, &tar.gz()).fault().clone()
}

fn unpacked(tar: Tar) -> (tempfile::TempDir, Tree) {
    unpacks(ArtifactKind::Tarball, &tar.gz())
}

fn content(tree: &Tree, path: &str) -> String {
    fs::read_to_string(&tree.folder.join(path)).unwrap()
}

#[test]
fn the_first_folder_is_stripped_whatever_its_name() {
    for top in ["package", "thing-1.0", "."] {
        let (_folder, tree) = unpacked(
            Tar::default()
                .entry(EntryType::Directory, &format!("{top}/"), "", 0o755, b"")
                .file(&format!("{top}/package.json"), b"{}")
                .entry(EntryType::Regular, &format!("{top}/bin/run"), "", 0o755, b"#!")
                .file("beside", b"dropped"),
        );
        assert_eq!(paths(&tree), ["bin/run", "package.json"]);
        assert_eq!(content(&tree, "package.json"), "{}");
        assert!(tree.entry("bin/run").unwrap().executable);
        assert!(!tree.entry("package.json").unwrap().executable);
    }
}

#[test]
fn long_names_of_pax_and_gnu_are_read() {
    let long = format!("package/{}/{}", "a".repeat(120), "b".repeat(120));
    let nul = format!("{long}\0");
    let (_folder, tree) = unpacked(
        Tar::default()
            .entry(EntryType::XGlobalHeader, "pax_global_header", "", 0o644, b"19 comment=x=y\n\n\n\n\n")
            .pax("path", &long)
            .file("package/short", b"pax")
            .entry(EntryType::GNULongName, "././@LongLink", "", 0o644, nul.replace("/a", "/c").as_bytes())
            .file("package/short", b"gnu")
            .file("package/short", b"own"),
    );
    assert_eq!(paths(&tree), [&long["package/".len()..], &long["package/".len()..].replacen('a', "c", 1), "short"]);
    assert_eq!(content(&tree, "short"), "own");
}

#[test]
fn large_and_empty_files_are_whole() {
    let large = "0123456789".repeat(300_000);
    let (_folder, tree) = unpacked(Tar::default().file("p/large", large.as_bytes()).file("p/empty", b""));
    assert_eq!(content(&tree, "large"), large);
    assert_eq!(tree.entry("empty").unwrap().size, 0);
}

#[test]
fn names_that_leave_or_mislead_are_refused() {
    for (name, error) in [
        ("../x", PathError::Parent),
        ("package/../../x", PathError::Parent),
        ("package/a/../b", PathError::Parent),
        ("/etc/passwd", PathError::Absolute),
        ("package//../x", PathError::Parent),
        ("package/C:/x", PathError::Absolute),
        ("C:/x", PathError::Absolute),
        ("package/a\\..\\..\\x", PathError::Backslash),
        ("..\\x", PathError::Backslash),
    ] {
        let refusal = refused(ArtifactKind::Tarball, &Tar::default().file("package/ok", b"").file(name, b"x").gz());
        assert_eq!(refusal.fault(), &ArchiveFault::Path(error), "{name}");
        assert!(refusal.to_string().contains(&name.escape_debug().to_string()), "{refusal}");
    }
    let hidden = Tar::default().pax("path", "../../x").file("package/harmless", b"");
    assert_eq!(fault(hidden), ArchiveFault::Path(PathError::Parent));
    let nul = Tar::default().pax("path", "package/a\0b").file("package/harmless", b"");
    assert_eq!(fault(nul), ArchiveFault::Path(PathError::Nul));
}

#[test]
fn links_that_leave_are_refused_and_others_dropped() {
    for (kind, target) in [
        (EntryType::Symlink, "/etc/passwd"),
        (EntryType::Symlink, "../../x"),
        (EntryType::Symlink, "a/../../../x"),
        (EntryType::Link, "/etc/passwd"),
        (EntryType::Link, "../x"),
        (EntryType::Link, "package/../../x"),
    ] {
        let tar = Tar::default().link(kind, "package/lib/link", target);
        assert_eq!(fault(tar), ArchiveFault::LinkOut(target.to_owned()));
    }
    let (_folder, tree) =
        unpacked(Tar::default().file("package/a", b"").link(EntryType::Symlink, "package/lib/link", "../a").link(
            EntryType::Link,
            "package/hard",
            "package/a",
        ));
    assert_eq!(paths(&tree), ["a"]);
}

#[test]
fn a_file_cannot_be_written_through_a_link() {
    let (_folder, tree) =
        unpacked(Tar::default().link(EntryType::Symlink, "package/lib", "other").file("package/lib/x", b"x"));
    assert_eq!(paths(&tree), ["lib/x"]);
}

#[test]
fn devices_pipes_and_sparse_files_are_refused() {
    for kind in [EntryType::Char, EntryType::Block, EntryType::Fifo, EntryType::GNUSparse, EntryType::new(b'V')] {
        assert_eq!(fault(Tar::default().entry(kind, "package/x", "", 0o644, b"")), ArchiveFault::Special);
    }
    let sparse = Tar::default().pax("GNU.sparse.name", "package/y").file("package/x", b"");
    assert_eq!(fault(sparse), ArchiveFault::Special);
}

#[test]
fn of_files_of_one_name_the_last_counts() {
    let large = "0123456789".repeat(200_000);
    for last in ["", "2", &large] {
        let tar = Tar::default().file("package/a", b"1").file("package/b", b"b");
        let (_folder, tree) = unpacked(tar.file("package/a", large.as_bytes()).file("other/./a", last.as_bytes()));
        assert_eq!(paths(&tree), ["a", "b"]);
        assert_eq!((content(&tree, "a"), content(&tree, "b")), (last.to_owned(), "b".to_owned()));
    }
    let modes = Tar::default().file("package/a", b"1").entry(EntryType::Regular, "package/a", "", 0o755, b"1");
    assert!(unpacked(modes).1.entries[0].executable);
}

#[test]
fn a_tarball_without_a_file_is_refused() {
    let folders = Tar::default().entry(EntryType::Directory, "package/lib/", "", 0o755, b"");
    let links = Tar::default().link(EntryType::Symlink, "package/a", "b");
    for tar in [Tar::default(), folders, links, Tar::default().file("beside", b"dropped")] {
        assert_eq!(fault(tar), ArchiveFault::NoFiles);
    }
}

#[test]
fn names_that_collide_are_refused_where_they_are_one() {
    let strict = |tar: Tar, folds| {
        let limits = Limits { folds, ..Limits::default() };
        refused_within(ArtifactKind::Tarball, &tar.gz(), limits).fault().clone()
    };
    let files = || Tar::default().file("package/Readme", b"1").file("package/README", b"2");
    let folders = || Tar::default().file("package/lib/a", b"1").file("package/Lib/b", b"2");
    let forms = || {
        Tar::default()
            .pax("path", "package/caf\u{e9}")
            .file("x", b"1")
            .pax("path", "package/cafe\u{301}")
            .file("x", b"2")
    };
    for folds in [NameFolding::Case, NameFolding::CaseAndForm] {
        assert_eq!(strict(files(), folds), ArchiveFault::CaseCollision("Readme".to_owned()));
        assert_eq!(strict(folders(), folds), ArchiveFault::CaseCollision("lib".to_owned()));
    }
    assert_eq!(strict(forms(), NameFolding::CaseAndForm), ArchiveFault::CaseCollision("caf\u{e9}".to_owned()));
    for tar in [files(), folders(), forms()] {
        let (_folder, tree) = unpacked(tar);
        assert!(tree.twins && tree.entries.len() == 2);
    }
    assert!(!unpacked(Tar::default().file("package/a", b"1")).1.twins);
    let both = Tar::default().file("package/a/b", b"1").file("package/a", b"2");
    assert_eq!(fault(both), ArchiveFault::FileAndFolder);
}

#[test]
fn data_after_the_end_is_refused() {
    let archive = |tail: &[u8]| [&*Tar::default().file("package/a", b"1").gz(), tail].concat();
    for tail in [&b"x"[..], b"garbage behind the stream", b"\0\0\0\0x"] {
        assert_eq!(refused(ArtifactKind::Tarball, &archive(tail)).fault(), &ArchiveFault::StrayData);
    }
    let second = gzip(b"a second member");
    assert_eq!(refused(ArtifactKind::Tarball, &archive(&second)).fault(), &ArchiveFault::StrayData);
    for padding in [&gzip(&[0; 4096])[..], b"\0\0\0\0"] {
        unpacks(ArtifactKind::Tarball, &archive(padding));
    }
}

#[test]
fn what_ends_early_is_refused() {
    let whole = Tar::default().file("package/a", &[7; 3000]).gz();
    for length in [0, 1, 15, whole.len() / 2, whole.len() - 1] {
        let fault = refused(ArtifactKind::Tarball, &whole[..length]);
        assert_eq!(fault.fault(), &ArchiveFault::Truncated, "{length} of {}", whole.len());
    }
    let inner = Tar::default().file("package/a", &[7; 3000]).gz_unfinished(1500);
    assert_eq!(refused(ArtifactKind::Tarball, &inner).fault(), &ArchiveFault::Truncated);
    let large = Tar::default().file("package/a", &vec![7; 3_000_000]).gz_unfinished(2_000_000);
    assert_eq!(refused(ArtifactKind::Tarball, &large).fault(), &ArchiveFault::Truncated);
    for length in [3513, 3583] {
        let padding = Tar::default().file("package/a", &[7; 3000]).gz_unfinished(length);
        assert!(matches!(refused(ArtifactKind::Tarball, &padding).fault(), ArchiveFault::Damaged(_)), "{length}");
    }
}

#[test]
fn nothing_hides_behind_a_size_that_goes_too_far() {
    for (kind, name) in [
        (EntryType::Directory, "package/x/"),
        (EntryType::XGlobalHeader, "pax_global_header"),
        (EntryType::Symlink, "package/link"),
        (EntryType::Regular, "beside"),
    ] {
        let long = Tar::default().file("package/a", b"1").entry(kind, name, "a", 0o644, &vec![0; 1 << 16]);
        let archive = long.file("package/hidden", b"2").gz_unfinished(1 << 15);
        assert!(matches!(refused(ArtifactKind::Tarball, &archive).fault(), ArchiveFault::Damaged(_)), "{name}");
    }
}

#[test]
fn a_wrong_checksum_is_refused() {
    let mut archive = Tar::default().file("package/a", b"1").gz();
    let at = archive.len() - 8;
    archive[at] ^= 1;
    assert!(matches!(refused(ArtifactKind::Tarball, &archive).fault(), ArchiveFault::Damaged(_)));
    assert!(matches!(refused(ArtifactKind::Tarball, b"<html>not found</html>").fault(), ArchiveFault::Damaged(_)));
}

#[test]
fn two_sizes_for_one_file_are_refused() {
    for size in ["2", "many"] {
        let tar = Tar::default().pax("size", size).file("package/a", b"1");
        assert!(matches!(fault(tar), ArchiveFault::Damaged(_)));
    }
    unpacked(Tar::default().pax("size", "1").file("package/a", b"1"));
}

#[test]
fn bounds_hold() {
    let limits = Limits {
        entries: 3,
        file: 4000,
        total: 6000,
        packed: 1 << 20,
        ratio: 10,
        free: 2000,
        folds: NameFolding::Nothing,
    };
    let within = |tar: Tar| refused_within(ArtifactKind::Tarball, &tar.gz(), limits).fault().clone();
    let many = (0..4).fold(Tar::default(), |tar, at| tar.file(&format!("package/{at}"), b""));
    assert_eq!(within(many), ArchiveFault::TooManyEntries(3));
    let noise = |length: usize| {
        let mut bytes = vec![0; length];
        blake3::Hasher::new().finalize_xof().fill(&mut bytes);
        bytes
    };
    assert_eq!(within(Tar::default().file("package/a", &noise(4001))), ArchiveFault::TooLarge(4000));
    let total = Tar::default().file("package/a", &noise(3500)).file("package/b", &noise(3500));
    assert_eq!(within(total), ArchiveFault::TotalTooLarge(6000));
    assert_eq!(within(Tar::default().file("package/a", &[0; 3999])), ArchiveFault::Bomb(10));

    let tight = Limits { packed: 100, ..Limits::default() };
    let large = Tar::default().file("package/a", &noise(500)).gz();
    assert_eq!(refused_within(ArtifactKind::Tarball, &large, tight).fault(), &ArchiveFault::TooLarge(100));
    let header = Tar::default().entry(EntryType::GNULongName, "x", "", 0o644, &vec![b'a'; 2 << 20]);
    assert!(matches!(fault(header), ArchiveFault::Damaged(_)));
}
