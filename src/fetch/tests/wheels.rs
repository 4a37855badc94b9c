use super::archives::{RECORD, ZipFile, line, with_record, zip};
use super::*;
use crate::store::PathError;

fn base() -> Vec<ZipFile> {
    let mut script = ZipFile::new("thing-1.0.data/scripts/run", b"#!python\n");
    script.mode = 0o100_755;
    vec![
        ZipFile::new("thing/", b""),
        ZipFile::new("thing/__init__.py", b"x = 1\n"),
        script,
        ZipFile::new("thing-1.0.dist-info/WHEEL", b"Wheel-Version: 1.0\n"),
    ]
}

fn plus(file: ZipFile) -> Vec<u8> {
    let mut files = base();
    files.push(file);
    zip(&with_record(files), b"")
}

fn trouble(archive: &[u8]) -> Trouble {
    refused(ArtifactKind::Wheel, archive).trouble().clone()
}

#[test]
fn a_wheel_is_unpacked_with_its_modes() {
    let (_folder, tree) = unpacks(ArtifactKind::Wheel, &zip(&with_record(base()), b""));
    assert_eq!(paths(&tree), ["thing-1.0.data/scripts/run", RECORD, "thing-1.0.dist-info/WHEEL", "thing/__init__.py"]);
    assert!(tree.entries[0].executable && !tree.entries[3].executable);
    assert_eq!(fs::read(&tree.folder.join("thing/__init__.py")).unwrap(), b"x = 1\n");
}

#[test]
fn a_wheel_too_large_for_memory_goes_through_a_file() {
    let mut noise = vec![0; 6 << 20];
    blake3::Hasher::new().finalize_xof().fill(&mut noise);
    let (_folder, tree) = unpacks(ArtifactKind::Wheel, &plus(ZipFile::new("thing/lib.so", &noise)));
    assert_eq!(fs::read(&tree.folder.join("thing/lib.so")).unwrap(), noise);
}

#[test]
fn names_that_leave_or_mislead_are_refused() {
    for (name, error) in [
        ("../x", PathError::Parent),
        ("thing/../../x", PathError::Parent),
        ("/etc/passwd", PathError::Absolute),
        ("C:/x", PathError::Absolute),
        ("thing\\..\\x", PathError::Backslash),
        ("thing/a\0b", PathError::Nul),
    ] {
        let refusal = refused(ArtifactKind::Wheel, &plus(ZipFile::new(name, b"x")));
        assert_eq!(refusal.trouble(), &Trouble::Path(error), "{name}");
    }
}

#[test]
fn links_and_devices_are_refused() {
    for kind in [0o120_777, 0o020_644, 0o010_644] {
        let mut file = ZipFile::new("thing/link", b"/etc/passwd");
        file.mode = kind;
        assert_eq!(trouble(&plus(file)), Trouble::Special);
    }
}

#[test]
fn duplicates_and_collisions_are_refused() {
    let twice = plus(ZipFile::new("thing/__init__.py", b"x = 1\n"));
    assert!(matches!(trouble(&twice), Trouble::Damaged(text) if text.contains("duplicate")));
    let dotted = plus(ZipFile::new("thing/./__init__.py", b"x = 1\n"));
    assert_eq!(trouble(&dotted), Trouble::Duplicate);
    let case = plus(ZipFile::new("thing/__INIT__.py", b""));
    assert_eq!(trouble(&case), Trouble::CaseCollision("thing/__init__.py".to_owned()));
}

#[test]
fn data_around_and_between_is_refused() {
    let archive = zip(&with_record(base()), b"");
    for tail in [&b"x"[..], b"PK\x05\x06", &[0; 30]] {
        assert!(matches!(trouble(&[&*archive, tail].concat()), Trouble::StrayData | Trouble::Truncated));
    }
    let twice = [&*archive, &*archive].concat();
    assert!(matches!(trouble(&twice), Trouble::StrayData));
    assert!(matches!(trouble(&[b"#!prefix\n", &*archive].concat()), Trouble::StrayData));
    let hidden = zip(&[ZipFile::new("hidden.py", b"evil")], b"");
    let hidden = zip(&with_record(base()), &hidden[..50]);
    assert!(matches!(trouble(&hidden), Trouble::Damaged(text) if text.contains("missing from central directory")));
}

#[test]
fn what_ends_early_is_refused() {
    let archive = zip(&with_record(base()), b"");
    for length in [0, 10, archive.len() / 2, archive.len() - 1] {
        let found = trouble(&archive[..length]);
        assert!(matches!(found, Trouble::Truncated | Trouble::StrayData), "{length}: {found:?}");
    }
}

#[test]
fn a_wrong_checksum_or_size_is_refused() {
    for (crc, size) in [(1, 0), (0, 1), (0, u32::MAX)] {
        let mut file = ZipFile::new("thing/a.py", b"a = 1\n");
        file.crc ^= crc;
        file.size = file.size.wrapping_add(size);
        let found = trouble(&plus(file));
        assert!(matches!(found, Trouble::Damaged(_) | Trouble::Truncated), "{found:?}");
    }
}

#[test]
fn headers_that_disagree_are_refused() {
    let mut file = ZipFile::new("thing/a.py", b"a = 1\n");
    file.local_name = "thing/b.py".to_owned();
    assert!(matches!(trouble(&plus(file)), Trouble::Damaged(_)));
}

#[test]
fn entries_that_overlap_are_refused() {
    let mut files = base();
    let first = files[1].clone();
    files.push(ZipFile { offset: Some(files[0].name.len() as u32 + 32), ..first });
    files[4].name = "thing/again.py".to_owned();
    assert!(matches!(trouble(&zip(&with_record(files), b"")), Trouble::Damaged(_)));
}

#[test]
fn a_record_that_lies_is_refused() {
    let wheel = |text: &str| {
        let mut files = base();
        files.push(ZipFile::new(RECORD, text.as_bytes()));
        zip(&files, b"")
    };
    let all: String = base()[1..].iter().map(|file| line(&file.name, &file.content)).collect();
    unpacks(ArtifactKind::Wheel, &wheel(&all));
    let content = wheel(&all.replace(&line("thing/__init__.py", b"x = 1\n"), &line("thing/__init__.py", b"y = 1\n")));
    assert!(matches!(trouble(&content), Trouble::RecordLies(_)));
    let size = wheel(&all.replace(",6\n", ",7\n"));
    assert!(matches!(trouble(&size), Trouble::RecordLies(text) if text.contains("expected 7 bytes, found 6")));
    let unlisted = wheel(&all.replace(&line("thing/__init__.py", b"x = 1\n"), ""));
    assert_eq!(trouble(&unlisted), Trouble::NotInRecord);
    let missing = wheel(&format!("{all}{}", line("thing/gone.py", b"")));
    assert!(matches!(trouble(&missing), Trouble::RecordLies(text) if text.contains("missing")));
    assert_eq!(trouble(&zip(&base(), b"")), Trouble::NoRecord);
}

#[test]
fn bounds_hold() {
    let limits = Limits { entries: 5, file: 1000, total: 1500, ratio: 10, free: 500, ..Limits::default() };
    let within = |file| refused_within(ArtifactKind::Wheel, &plus(file), limits).trouble().clone();
    let mut file = ZipFile::new("thing/a.py", b"");
    assert_eq!(within(file.clone()), Trouble::TooManyEntries(5));
    let limits = Limits { entries: 6, ..limits };
    let within = |file| refused_within(ArtifactKind::Wheel, &plus(file), limits).trouble().clone();
    file = ZipFile::new("thing/a.py", &[0; 1001]);
    assert_eq!(within(file), Trouble::TooLarge(1000));
    let limits = Limits { ratio: 1, file: 1 << 30, total: 1 << 30, ..limits };
    let bomb = plus(ZipFile::new("thing/a.py", &vec![0; 100_000]));
    assert_eq!(refused_within(ArtifactKind::Wheel, &bomb, limits).trouble(), &Trouble::Bomb(1));
}
