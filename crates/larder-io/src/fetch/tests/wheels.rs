use super::archives::{Own, RECORD, ZipFile, line, with_record, zip, zip64};
use super::*;
use crate::model::PathError;

const METADATA: &str = "thing-1.0.dist-info/METADATA";

fn base() -> Vec<ZipFile> {
    let mut script = ZipFile::new("thing-1.0.data/scripts/run", b"#!python\n");
    script.mode = 0o100_755;
    vec![
        ZipFile::new("thing/", b""),
        ZipFile::new("thing/__init__.py", b"x = 1\n"),
        script,
        ZipFile::new("thing-1.0.dist-info/WHEEL", b"Wheel-Version: 1.0\n"),
        ZipFile::new(METADATA, b"Metadata-Version: 2.1\nName: Thing\nVersion: 1.0\n"),
    ]
}

fn plus(file: ZipFile) -> Vec<u8> {
    let mut files = base();
    files.push(file);
    zip(&with_record(files), b"")
}

fn fault(archive: &[u8]) -> ArchiveFault {
    refused(ArtifactKind::Wheel, archive).fault().clone()
}

#[test]
fn a_wheel_is_unpacked_with_its_modes() {
    let (_folder, tree) = unpacks(ArtifactKind::Wheel, &zip(&with_record(base()), b""));
    assert_eq!(
        paths(&tree),
        ["thing-1.0.data/scripts/run", METADATA, RECORD, "thing-1.0.dist-info/WHEEL", "thing/__init__.py"]
    );
    assert!(tree.entries[0].executable && !tree.entries[4].executable);
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
        assert_eq!(refusal.fault(), &ArchiveFault::Path(error), "{name}");
    }
}

#[test]
fn devices_and_links_that_leave_are_refused() {
    for target in ["/etc/passwd", "../../x", "../thing/../../x", "a\0b", "a\\b"] {
        let mut file = ZipFile::new("thing/link", target.as_bytes());
        file.mode = 0o120_777;
        assert_eq!(fault(&plus(file)), ArchiveFault::LinkOut(target.to_owned()));
    }
    for kind in [0o020_644, 0o010_644, 0o140_644] {
        let mut file = ZipFile::new("thing/link", b"/etc/passwd");
        file.mode = kind;
        assert_eq!(fault(&plus(file)), ArchiveFault::Special);
    }
    let mut folder = ZipFile::new("thing/link/", b"");
    folder.mode = 0o120_777;
    assert_eq!(fault(&plus(folder)), ArchiveFault::Special);
    assert_eq!(fault(&plus(ZipFile::new("thing/full/", b"evil"))), ArchiveFault::Special);
}

fn link(name: &str, target: &str) -> ZipFile {
    ZipFile { mode: 0o120_777, ..ZipFile::new(name, target.as_bytes()) }
}

#[test]
fn links_inside_are_followed_to_a_copy() {
    let mut run = ZipFile::new("thing/lib/deep/run.py", b"run");
    run.mode = 0o100_755;
    let files = vec![
        run,
        ZipFile::new("thing/lib/data.txt", b"data"),
        // To a file, to a link before and behind it, and to a folder with a link in it.
        link("thing/bin/run", "../lib/deep/run.py"),
        link("thing/bin/again", "./run"),
        link("thing/bin/first", "again"),
        link("thing/lib/deep/data", "../data.txt"),
        link("thing/copy", "lib"),
        // What every installer makes of these: their text.
        link("thing/empty", ""),
        link("thing/nothing", "gone/away"),
        link("thing/a", "b"),
        link("thing/b", "a"),
        link("thing/self", "."),
    ];
    let (_folder, tree) = unpacks(ArtifactKind::Wheel, &zip(&with_record([base(), files].concat()), b""));
    let content = |path: &str| fs::read_to_string(&tree.folder.join(path)).unwrap();
    for (path, text, executable) in [
        ("thing/bin/run", "run", true),
        ("thing/bin/again", "run", true),
        ("thing/bin/first", "run", true),
        ("thing/copy/data.txt", "data", false),
        ("thing/copy/deep/run.py", "run", true),
        ("thing/copy/deep/data", "data", false),
        ("thing/empty", "", false),
        ("thing/nothing", "gone/away", false),
        ("thing/a", "b", false),
        ("thing/self", ".", false),
    ] {
        assert_eq!((content(path).as_str(), tree.entry(path).unwrap().executable), (text, executable), "{path}");
    }
    // RECORD may speak of the copy instead.
    let record = |said: &[u8]| {
        let files = [base(), vec![link("thing/link", "__init__.py")]].concat();
        let mut text: String = base()[1..].iter().map(|file| line(&file.name, &file.content)).collect();
        text += &line("thing/link", said);
        zip(&[files, vec![ZipFile::new(RECORD, text.as_bytes())]].concat(), b"")
    };
    unpacks(ArtifactKind::Wheel, &record(b"x = 1\n"));
    assert!(matches!(fault(&record(b"y = 1\n")), ArchiveFault::RecordLies(_)));
    // Nothing is reached through a link.
    let through = [base(), vec![link("thing/way", "lib"), ZipFile::new("thing/way/x", b"")]].concat();
    assert_eq!(fault(&zip(&with_record(through), b"")), ArchiveFault::FileAndFolder);
}

#[test]
fn links_that_multiply_meet_the_bounds() {
    let mut files = vec![ZipFile::new("thing/d0/x", &[b'x'; 1000])];
    for level in 1..40 {
        for name in ["a", "b"] {
            files.push(link(&format!("thing/d{level}/{name}"), &format!("../d{}", level - 1)));
        }
    }
    let archive = zip(&with_record([base(), files].concat()), b"");
    let limits = Limits { total: 1 << 20, ..Limits::default() };
    assert_eq!(refused_within(ArtifactKind::Wheel, &archive, limits).fault(), &ArchiveFault::TotalTooLarge(1 << 20));
}

#[test]
fn of_entries_of_one_name_the_last_counts() {
    let twice = |first: &[u8], last: &[u8]| {
        let mut files = base();
        files.insert(1, ZipFile::new("thing/__init__.py", first));
        files[2] = ZipFile::new("thing/__init__.py", last);
        with_record(files)
    };
    let (_folder, tree) = unpacks(ArtifactKind::Wheel, &zip(&twice(b"y = 2\n", b"x = 1\n"), b""));
    assert_eq!(fs::read(&tree.folder.join("thing/__init__.py")).unwrap(), b"x = 1\n");
    // Readers of the directory and of the archive as it lies must agree which is the last.
    let mut other_order = twice(b"y = 2\n", b"x = 1\n");
    other_order[1].offset = Some(0);
    assert!(refused(ArtifactKind::Wheel, &zip(&other_order, b"")).to_string().contains("thing/"));
    // The one that nobody gets hides nothing.
    let mut broken = twice(b"y = 2\n", b"x = 1\n");
    broken[1].crc ^= 1;
    assert!(matches!(fault(&zip(&broken, b"")), ArchiveFault::Damaged(_)));
    let mut behind = with_record(base());
    behind.push(ZipFile::new("thing/__init__.py", b"evil"));
    assert!(matches!(fault(&zip(&behind, b"")), ArchiveFault::RecordLies(_)));
    let dotted = plus(ZipFile::new("thing/./__init__.py", b"x = 1\n"));
    assert_eq!(fault(&dotted), ArchiveFault::Duplicate);
}

#[test]
fn names_that_collide_are_refused_where_they_are_one() {
    let case = plus(ZipFile::new("thing/__INIT__.py", b""));
    assert!(unpacks(ArtifactKind::Wheel, &case).1.twins);
    let limits = Limits { folds: NameFolding::Case, ..Limits::default() };
    let refusal = refused_within(ArtifactKind::Wheel, &case, limits);
    assert_eq!(refusal.fault(), &ArchiveFault::CaseCollision("thing/__init__.py".to_owned()));
}

#[test]
fn a_wheel_of_a_later_form_or_of_none_is_refused() {
    let with = |about: &[u8]| {
        let mut files = base();
        files[3] = ZipFile::new("thing-1.0.dist-info/WHEEL", about);
        zip(&with_record(files), b"")
    };
    for about in ["Wheel-Version: 1.0\r\n", "Generator: x\nwheel-version:1.9", "Wheel-Version: 1\n"] {
        unpacks(ArtifactKind::Wheel, &with(about.as_bytes()));
    }
    for version in ["2.0", "10.1", "2"] {
        let found = fault(&with(format!("Wheel-Version: {version}\nGenerator: x\n").as_bytes()));
        assert_eq!(found, ArchiveFault::NewerWheel(version.to_owned()));
    }
    for about in ["", "Generator: x\n", "Wheel-Version: x\n", "\nWheel-Version: 1.0\n"] {
        assert_eq!(fault(&with(about.as_bytes())), ArchiveFault::NoWheelVersion, "{about:?}");
    }
    let mut files = base();
    files.remove(3);
    assert_eq!(fault(&zip(&with_record(files), b"")), ArchiveFault::NoWheelVersion);
}

#[test]
fn a_line_of_record_need_not_have_a_digest() {
    let all: String = base()[1..].iter().map(|file| line(&file.name, &file.content)).collect();
    let bare = all.replace(&line("thing/__init__.py", b"x = 1\n"), "thing/__init__.py,,\n");
    assert_ne!(bare, all);
    let mut files = base();
    files.push(ZipFile::new(RECORD, bare.as_bytes()));
    unpacks(ArtifactKind::Wheel, &zip(&files, b""));
}

#[test]
fn data_around_and_between_is_refused() {
    let archive = zip(&with_record(base()), b"");
    for tail in [&b"x"[..], b"PK\x05\x06", &[0; 30]] {
        assert!(matches!(fault(&[&*archive, tail].concat()), ArchiveFault::StrayData | ArchiveFault::Truncated));
    }
    let twice = [&*archive, &*archive].concat();
    assert!(matches!(fault(&twice), ArchiveFault::StrayData));
    assert!(matches!(fault(&[b"#!prefix\n", &*archive].concat()), ArchiveFault::StrayData));
    let hidden = zip(&[ZipFile::new("hidden.py", b"evil")], b"");
    let hidden = zip(&with_record(base()), &hidden[..50]);
    assert_eq!(fault(&hidden), ArchiveFault::StrayData);
    let mut gap = base();
    gap[1].behind = b"x".to_vec();
    assert_eq!(fault(&zip(&with_record(gap), b"")), ArchiveFault::StrayData);
    // Deflated data that ends before it is over.
    let mut inside = ZipFile::new("thing/a.py", b"a = 1\n");
    inside.instead = Some([inside.packed(), b"evil".to_vec()].concat());
    assert_eq!(fault(&plus(inside)), ArchiveFault::StrayData);
}

#[test]
fn what_ends_early_is_refused() {
    let archive = zip(&with_record(base()), b"");
    for length in [0, 10, archive.len() / 2, archive.len() - 1] {
        let found = fault(&archive[..length]);
        assert!(matches!(found, ArchiveFault::Truncated | ArchiveFault::StrayData), "{length}: {found:?}");
    }
}

#[test]
fn a_wrong_checksum_or_size_is_refused() {
    for (crc, size) in [(1, 0), (0, 1), (0, u32::MAX)] {
        let mut file = ZipFile::new("thing/a.py", b"a = 1\n");
        file.crc ^= crc;
        file.size = file.size.wrapping_add(size);
        let found = fault(&plus(file));
        assert!(
            matches!(found, ArchiveFault::Damaged(_) | ArchiveFault::Truncated | ArchiveFault::TooLarge(_)),
            "{found:?}"
        );
    }
}

#[test]
fn headers_that_disagree_are_refused() {
    let with = |own: Own| {
        let mut file = ZipFile::new("thing/a.py", b"a = 1\n");
        file.own = own;
        fault(&plus(file))
    };
    let honest = ZipFile::new("thing/a.py", b"a = 1\n");
    let numbers = [honest.crc, honest.packed().len() as u32, honest.size];
    assert_eq!(with(Own { name: Some("thing/b.py".to_owned()), ..Own::default() }), ArchiveFault::Disagrees("name"));
    assert_eq!(with(Own { method: Some(0), ..Own::default() }), ArchiveFault::Disagrees("method"));
    assert_eq!(with(Own { flags: Some(1), ..Own::default() }), ArchiveFault::Encrypted);
    for place in 0..3 {
        let mut numbers = numbers;
        numbers[place] += 1;
        let found = with(Own { numbers: Some(numbers), ..Own::default() });
        assert_eq!(found, ArchiveFault::Disagrees("checksum or size"), "{place}");
        numbers[place] = 0;
        let found = with(Own { numbers: Some(numbers), ..Own::default() });
        assert_eq!(found, ArchiveFault::Disagrees("checksum or size"), "{place}");
    }
    let mut stored = ZipFile::new("thing/a.py", b"a = 1\n");
    stored.method = 0;
    unpacks(ArtifactKind::Wheel, &plus(stored.clone()));
    stored.size += 1;
    assert_eq!(fault(&plus(stored)), ArchiveFault::Disagrees("size"));
}

#[test]
fn what_is_encrypted_or_packed_otherwise_is_refused() {
    for flag in [1, 1 << 5, 1 << 6, 1 << 13] {
        let mut file = ZipFile::new("thing/a.py", b"a = 1\n");
        file.flags |= flag;
        assert_eq!(fault(&plus(file)), ArchiveFault::Encrypted);
    }
    for method in [1, 9, 12, 14, 93, 99] {
        let mut file = ZipFile::new("thing/a.py", b"a = 1\n");
        file.method = method;
        assert_eq!(fault(&plus(file)), ArchiveFault::UnknownMethod(method));
    }
}

#[test]
fn a_second_name_is_refused() {
    let field = |name: &str| {
        let data = [&[1, 0, 0, 0, 0], name.as_bytes()].concat();
        [&0x7075_u16.to_le_bytes(), &(data.len() as u16).to_le_bytes(), &*data].concat()
    };
    let mut file = ZipFile::new("thing/a.py", b"a = 1\n");
    file.extra = field("thing/b.py");
    assert_eq!(fault(&plus(file.clone())), ArchiveFault::Disagrees("name"));
    file.extra = field("thing/a.py");
    unpacks(ArtifactKind::Wheel, &plus(file.clone()));
    file.extra = [field("thing/a.py"), field("thing/b.py")].concat();
    assert_eq!(fault(&plus(file.clone())), ArchiveFault::Disagrees("extra fields"));
    file.extra = vec![1, 0, 200, 0];
    assert!(matches!(fault(&plus(file.clone())), ArchiveFault::Damaged(_)));
    // Without its flag, a name is what each reader makes of it.
    let mut file = ZipFile::new("thing/\u{e9}.py", b"");
    unpacks(ArtifactKind::Wheel, &plus(file.clone()));
    file.flags = 0;
    assert_eq!(fault(&plus(file)), ArchiveFault::NotUnicode);
}

#[test]
fn sizes_behind_the_data_are_read_and_compared() {
    let with = |signature: &[u8], wide: bool, more: u32, zeros: bool| {
        let mut file = ZipFile::new("thing/a.py", b"a = 1\n");
        file.flags |= 8;
        file.own.numbers = zeros.then_some([0; 3]);
        let number =
            |number: u32| if wide { u64::from(number).to_le_bytes().to_vec() } else { number.to_le_bytes().to_vec() };
        file.behind =
            [signature, &file.crc.to_le_bytes(), &number(file.packed().len() as u32), &number(file.size + more)]
                .concat();
        plus(file)
    };
    for signature in [&b""[..], b"PK\x07\x08"] {
        for (wide, zeros) in [(false, true), (true, true), (false, false)] {
            unpacks(ArtifactKind::Wheel, &with(signature, wide, 0, zeros));
            assert_eq!(fault(&with(signature, wide, 1, zeros)), ArchiveFault::Disagrees("checksum or size"));
        }
    }
    assert_eq!(fault(&with(b"PK\x07\x09", false, 0, true)), ArchiveFault::Disagrees("checksum or size"));
    assert_eq!(fault(&with(b"PK\x07\x08more", false, 0, true)), ArchiveFault::Disagrees("checksum or size"));
    assert_eq!(fault(&with(b"PK\x07\x08much more", false, 0, true)), ArchiveFault::StrayData);
}

#[test]
fn the_long_records_of_zip64_are_read_and_must_agree_with_the_short_one() {
    let archive = zip(&with_record(base()), b"");
    let honest = &archive[archive.len() - 22..];
    unpacks(ArtifactKind::Wheel, &zip64(&archive, |_, _, _| {}));
    unpacks(ArtifactKind::Wheel, &zip64(&archive, |_, _, short| *short = honest.to_vec()));
    // Fewer entries, a smaller directory, another place: in the short record, then in the long one.
    for at in [8, 12, 16] {
        let found = fault(&zip64(&archive, |_, _, short| {
            *short = honest.to_vec();
            short[at] ^= 1;
            short[10] = short[8];
        }));
        assert_eq!(found, ArchiveFault::Disagrees("directory"), "{at}");
    }
    for at in [24, 32, 40, 48] {
        let found = fault(&zip64(&archive, |long, _, _| long[at] ^= 1));
        assert!(
            matches!(found, ArchiveFault::Disagrees(_) | ArchiveFault::StrayData | ArchiveFault::Damaged(_)),
            "{at}: {found:?}"
        );
    }
    assert_eq!(fault(&zip64(&archive, |long, _, _| long.extend(b"more"))), ArchiveFault::StrayData);
    assert_eq!(fault(&zip64(&archive, |_, locator, _| locator[8] ^= 1)), ArchiveFault::StrayData);
    assert_eq!(fault(&zip64(&archive, |_, locator, _| locator[15] = 0xff)), ArchiveFault::StrayData);
    assert_eq!(fault(&zip64(&archive, |_, locator, _| locator.clear())), ArchiveFault::Truncated);
    assert!(matches!(fault(&zip64(&archive, |long, _, _| long[16] = 1)), ArchiveFault::Damaged(_)));
    // The sizes of an entry, in its extra field.
    let wide = |size: u64, packed: u64| [&[1, 0, 16, 0][..], &size.to_le_bytes(), &packed.to_le_bytes()].concat();
    let mut file = ZipFile::new("thing/a.py", b"a = 1\n");
    file.own.numbers = Some([file.crc, u32::MAX, u32::MAX]);
    file.own.extra = wide(6, file.packed().len() as u64);
    unpacks(ArtifactKind::Wheel, &plus(file.clone()));
    file.own.extra = wide(7, file.packed().len() as u64);
    assert_eq!(fault(&plus(file.clone())), ArchiveFault::Disagrees("checksum or size"));
    file.own.extra.clear();
    assert_eq!(fault(&plus(file)), ArchiveFault::Disagrees("checksum or size"));
}

#[test]
fn a_comment_is_no_place_for_another_archive() {
    let commented = |comment: &[u8]| {
        let mut archive = zip(&with_record(base()), b"");
        let at = archive.len() - 2;
        archive[at..].copy_from_slice(&(comment.len() as u16).to_le_bytes());
        archive.extend(comment);
        archive
    };
    unpacks(ArtifactKind::Wheel, &commented(b"an honest comment"));
    let empty = [&b"PK\x05\x06"[..], &[0; 18]].concat();
    let other = zip(&with_record(vec![ZipFile::new("thing/evil.py", b"evil")]), b"");
    for comment in [&b"PK\x05\x06"[..], &empty, &other] {
        assert!(matches!(fault(&commented(comment)), ArchiveFault::StrayData | ArchiveFault::Truncated));
    }
}

#[test]
fn a_directory_with_more_or_fewer_entries_than_it_says_is_refused() {
    let archive = zip(&with_record(base()), b"");
    for count in [0, 1, 5, 7, 0xfffe] {
        let mut archive = archive.clone();
        let at = archive.len() - 14;
        archive[at..at + 4].copy_from_slice(&[u16::to_le_bytes(count); 2].concat());
        let found = fault(&archive);
        assert!(matches!(found, ArchiveFault::Disagrees(_) | ArchiveFault::Damaged(_)), "{count}: {found:?}");
    }
    let mut several = archive.clone();
    several[archive.len() - 18] = 1;
    assert!(matches!(fault(&several), ArchiveFault::Damaged(_)));
}

#[test]
fn metadata_that_is_missing_unreadable_or_anothers_is_refused() {
    let with = |metadata: &[u8]| {
        let mut files = base();
        files[4] = ZipFile::new(METADATA, metadata);
        zip(&with_record(files), b"")
    };
    unpacks(ArtifactKind::Wheel, &with(b"Name: THING\nVersion: 1.0.0\n\nany bytes: \xff"));
    assert!(matches!(fault(&with(b"Name: thing\nVersion: 1.0\nSummary: \xff\n")), ArchiveFault::BadMetadata(_)));
    assert!(matches!(fault(&with(b"Name: thing\n")), ArchiveFault::BadMetadata(_)));
    for (name, version) in [("other", "1.0"), ("thing", "2.0"), ("thing", "1.0+local"), ("thing", "x")] {
        let refusal = refused(ArtifactKind::Wheel, &with(format!("Name: {name}\nVersion: {version}\n").as_bytes()));
        assert_eq!(refusal.fault(), &ArchiveFault::OtherPackage(format!("`{name}` {version}")));
        assert!(refusal.to_string().contains(METADATA), "{refusal}");
    }
    let mut files = base();
    files.remove(4);
    assert_eq!(fault(&zip(&with_record(files), b"")), ArchiveFault::NoMetadata);
}

#[test]
fn entries_that_overlap_are_refused() {
    // The same place under another name.
    let mut files = base();
    let (name, first) = ("thing/again.py".to_owned(), files[1].clone());
    files.push(ZipFile { offset: Some(files[0].name.len() as u32 + 32), name, ..first });
    assert!(matches!(fault(&zip(&with_record(files), b"")), ArchiveFault::Damaged(_)));
    // A file that lies within another.
    let inner = ZipFile::new("thing/inner.py", b"evil");
    let mut outer =
        ZipFile::new("thing/outer.py", &zip(std::slice::from_ref(&inner), b"")[..30 + 14 + inner.packed().len()]);
    outer.method = 0;
    let inner = ZipFile { offset: Some(30 + outer.name.len() as u32), ..inner };
    let archive = zip(&with_record([vec![outer, inner], base()].concat()), b"");
    assert!(matches!(fault(&archive), ArchiveFault::Damaged(text) if text.contains("overlaps")));
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
    assert!(matches!(fault(&content), ArchiveFault::RecordLies(_)));
    let size = wheel(&all.replace(",6\n", ",7\n"));
    assert!(matches!(fault(&size), ArchiveFault::RecordLies(text) if text.contains("expected 7 bytes, found 6")));
    let unlisted = wheel(&all.replace(&line("thing/__init__.py", b"x = 1\n"), ""));
    assert_eq!(fault(&unlisted), ArchiveFault::NotInRecord);
    let missing = wheel(&format!("{all}{}", line("thing/gone.py", b"")));
    assert!(matches!(fault(&missing), ArchiveFault::RecordLies(text) if text.contains("missing")));
    assert_eq!(fault(&zip(&base(), b"")), ArchiveFault::NoRecord);
}

#[test]
fn bounds_hold() {
    let limits = Limits { entries: 6, file: 1000, total: 1500, ratio: 10, free: 500, ..Limits::default() };
    let within = |file| refused_within(ArtifactKind::Wheel, &plus(file), limits).fault().clone();
    let mut file = ZipFile::new("thing/a.py", b"");
    assert_eq!(within(file.clone()), ArchiveFault::TooManyEntries(6));
    let limits = Limits { entries: 7, ..limits };
    let within = |file| refused_within(ArtifactKind::Wheel, &plus(file), limits).fault().clone();
    file = ZipFile::new("thing/a.py", &[0; 1001]);
    assert_eq!(within(file), ArchiveFault::TooLarge(1000));
    let limits = Limits { ratio: 1, file: 1 << 30, total: 1 << 30, ..limits };
    let bomb = plus(ZipFile::new("thing/a.py", &vec![0; 100_000]));
    assert_eq!(refused_within(ArtifactKind::Wheel, &bomb, limits).fault(), &ArchiveFault::Bomb(1));
}
