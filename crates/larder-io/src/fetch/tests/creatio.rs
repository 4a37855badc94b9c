//! Archives of Creatio packages: whole ones, and those that are made to harm.

use super::archives::gzip;
use super::*;
use crate::creatio;

const DESCRIPTOR: &str =
    r#"{"Descriptor":{"UId":"06d9ef10-0000-0000-0000-000000000001","PackageVersion":"1.0.0","Name":"thing"}}"#;

fn packed(files: &[(&str, &str)]) -> Vec<u8> {
    gzip(&creatio::write(files.iter().map(|(path, content)| (*path, content.as_bytes()))))
}

/// Returns one record, however wrong.
fn record(units: i32, name: &str, length: i32, content: &[u8]) -> Vec<u8> {
    let name = name.encode_utf16().flat_map(u16::to_le_bytes);
    units.to_le_bytes().into_iter().chain(name).chain(length.to_le_bytes()).chain(content.iter().copied()).collect()
}

/// Returns an archive with an honest descriptor, and these records behind it.
fn with(records: &[u8]) -> Vec<u8> {
    gzip(&[&creatio::write([("descriptor.json", DESCRIPTOR.as_bytes())])[..], records].concat())
}

fn named(name: &str) -> Vec<u8> {
    record(i32::try_from(name.encode_utf16().count()).unwrap(), name, 1, b"x")
}

#[test]
fn a_package_is_unpacked_with_its_folders() {
    let large = "0123456789".repeat(300_000);
    let files = [("descriptor.json", DESCRIPTOR), ("Files/src/a.js", "a"), ("Files/empty", ""), ("Data/large", &large)];
    let (_folder, tree) = unpacks(ArtifactKind::Creatio, &packed(&files));
    assert_eq!(paths(&tree), ["Data/large", "Files/empty", "Files/src/a.js", "descriptor.json"]);
    let unix = [named("Files/x"), named("Files\\y")].concat();
    assert_eq!(paths(&unpacks(ArtifactKind::Creatio, &with(&unix)).1), ["Files/x", "Files/y", "descriptor.json"]);
}

/// What is refused, and the words for it. Nothing of any of them is left in the store.
#[test]
fn hostile_archives_are_refused() {
    let cases: Vec<(&str, Vec<u8>)> = vec![
        // Lengths.
        ("0 characters", with(&record(0, "", 0, b""))),
        ("-1 characters", with(&record(-1, "a", 0, b""))),
        ("-2147483648 characters", with(&record(i32::MIN, "a", 0, b""))),
        ("2147483647 characters", with(&record(i32::MAX, "a", 0, b""))),
        ("1025 characters", with(&record(1025, "a", 0, b""))),
        ("truncated", with(&record(3, "a", 0, b"")[..6])),
        ("truncated", with(&[1, 0])),
        ("truncated", with(&named("a")[..7])),
        ("has -1 bytes", with(&record(1, "a", -1, b""))),
        ("has -2147483648 bytes", with(&record(1, "a", i32::MIN, b""))),
        ("truncated", with(&record(1, "a", 2, b"x"))),
        ("536870912 bytes are allowed", with(&record(1, "a", i32::MAX, b"x"))),
        ("truncated", with(&[named("a"), vec![0]].concat())),
        ("0 characters", with(&[named("a"), vec![0; 16]].concat())),
        ("not UTF-16", with(&[1, 0, 0, 0, 0, 0xd8, 0, 0, 0, 0])),
        // Names that lead elsewhere.
        ("`..` in its path", with(&named("..\\..\\x"))),
        ("`..` in its path", with(&named("../x"))),
        ("`..` in its path", with(&named("Files\\..\\..\\x"))),
        ("`..` in its path", with(&named("a/.."))),
        ("is absolute", with(&named("C:\\x"))),
        ("is absolute", with(&named("c:x"))),
        ("is absolute", with(&named("\\x"))),
        ("is absolute", with(&named("/etc/passwd"))),
        ("is absolute", with(&named("\\\\server\\x"))),
        ("is absolute", with(&named("\\\\?\\C:\\x"))),
        ("NUL", with(&named("a\0b"))),
        ("empty path", with(&named("."))),
        // Names that a disk cannot hold, or takes for another.
        ("keeps for a device", with(&named("Files\\CON"))),
        ("keeps for a device", with(&named("nul.txt"))),
        ("keeps for a device", with(&named("Files\\CONIN$"))),
        ("keeps for a device", with(&named("Files\\COM\u{b9}"))),
        ("ends with a separator", with(&named("Files\\"))),
        ("keeps for a device", with(&named("Lpt1.cs\\a"))),
        ("ends with a dot", with(&named("a."))),
        ("ends with a dot", with(&named("dir \\x"))),
        ("Windows does not allow", with(&named("Files\\a:stream"))),
        ("Windows does not allow", with(&named("a\u{1}"))),
        ("too long", with(&named(&"x".repeat(300)))),
        ("collides with", with(&[named("Files/a"), named("files/A")].concat())),
        ("collides with", with(&[named("Files/a"), named("FILES/b")].concat())),
        ("collides with", with(&[named("\u{e9}"), named("e\u{301}")].concat())),
        ("collides with", with(&[named("\u{17f}"), named("s")].concat())),
        ("is there twice", with(&[named("a"), named("a")].concat())),
        ("is there twice", with(&[named("a/b"), named("a\\.\\b")].concat())),
        ("is a file and a folder", with(&[named("a"), named("a/b")].concat())),
        ("is a file and a folder", with(&[named("a/b"), named("a")].concat())),
        // Descriptors.
        ("no descriptor.json", packed(&[("Files/descriptor.json", DESCRIPTOR)])),
        ("no descriptor.json", gzip(b"")),
        ("is there twice", with(&creatio::write([("descriptor.json", DESCRIPTOR.as_bytes())]))),
        ("collides with", with(&creatio::write([("Descriptor.json", DESCRIPTOR.as_bytes())]))),
        (
            "`Name` is there twice",
            packed(&[("descriptor.json", &DESCRIPTOR.replacen("\"Pack", "\"Name\":\"x\",\"Pack", 1))]),
        ),
        ("cannot be read", packed(&[("descriptor.json", "{")])),
        ("no `UId`", packed(&[("descriptor.json", &DESCRIPTOR.replace("UId", "Uid"))])),
        ("metadata of `other` 1.0.0", packed(&[("descriptor.json", &DESCRIPTOR.replace("thing", "other"))])),
        ("metadata of `thing` 1.0.1", packed(&[("descriptor.json", &DESCRIPTOR.replace("1.0.0", "1.0.1"))])),
        ("metadata of `thing` 0.0.0", packed(&[("descriptor.json", &DESCRIPTOR.replace("PackageVersion", "Version"))])),
        // What is around them, and how much there is.
        ("not gzip", b"<html>not found</html>".to_vec()),
        ("truncated", with(b"")[..20].to_vec()),
        ("truncated", b"\x1f\x8b".to_vec()),
        ("does not belong to it", [with(b""), b"more".to_vec()].concat()),
        ("does not belong to it", [with(b""), gzip(&named("a"))].concat()),
        ("does not belong to it", [with(b""), vec![0; 512]].concat()),
        ("check sum is wrong", flipped(with(b""))),
    ];
    for (reason, archive) in &cases {
        let refusal = refused(ArtifactKind::Creatio, archive).to_string();
        assert!(refusal.contains(reason), "{reason}: {refusal}");
        // What unpacking refuses, and what the descriptor is not to blame for, is refused where it is only looked at.
        if !reason.starts_with("metadata of") {
            assert!(read_head(archive).unwrap_err().to_string().contains(reason), "{reason}");
        }
    }
    assert!(cases.len() >= 40);
}

#[test]
fn archives_are_unpacked_within_bounds() {
    let limits = Limits { entries: 3, file: 1 << 20, total: 1 << 20, free: 1 << 10, ratio: 50, ..Limits::default() };
    let many: Vec<u8> = (0..3).flat_map(|number| named(&number.to_string())).collect();
    let bomb = record(1, "a", 1 << 19, &vec![0; 1 << 19]);
    let large = record(1, "a", (1 << 20) + 1, &vec![0; (1 << 20) + 1]);
    for (records, expected) in [
        (many, ArchiveFault::TooManyEntries(3)),
        (bomb, ArchiveFault::Bomb(50)),
        (large, ArchiveFault::TooLarge(1 << 20)),
    ] {
        assert_eq!(*refused_within(ArtifactKind::Creatio, &with(&records), limits).fault(), expected);
    }
}

fn flipped(mut archive: Vec<u8>) -> Vec<u8> {
    let place = archive.len() - 8;
    archive[place] ^= 1;
    archive
}

#[test]
fn a_descriptor_may_have_a_mark_a_comma_and_other_letters() {
    let text = format!("\u{feff}{}", DESCRIPTOR.replace("}}", ",},}"));
    let archive = packed(&[("DESCRIPTOR.json", &text), ("Files/a", "")]);
    assert_eq!(paths(&unpacks(ArtifactKind::Creatio, &archive).1), ["DESCRIPTOR.json", "Files/a"]);
    let head = read_head(&archive).unwrap();
    assert_eq!((head.descriptor.name.as_str(), head.application), ("thing", None));
}
