//! Archives: what is written, and that nothing else is read.

use std::io::{self, Read};

use flate2::read::GzDecoder;

use super::*;

fn files(list: &[(&str, bool, &str)]) -> Vec<ArchiveFile> {
    let file = |(path, executable, content): &(&str, bool, &str)| ArchiveFile {
        path: EntryPath::parse(path).unwrap(),
        executable: *executable,
        content: content.as_bytes().to_vec(),
    };
    list.iter().map(file).collect()
}

fn inflate(archive: &[u8]) -> Vec<u8> {
    let mut tar = Vec::new();
    GzDecoder::new(archive).read_to_end(&mut tar).unwrap();
    tar
}

/// Reads a tar whole: the folder and the files in it.
fn read_all(tar: &[u8]) -> io::Result<(String, Vec<ArchiveFile>)> {
    let mut reader = ArchiveReader::new(tar);
    let mut found = Vec::new();
    while let Some(ArchiveEntry { path, executable, size }) = reader.next_entry()? {
        let mut content = Vec::new();
        reader.read_to_end(&mut content)?;
        assert_eq!(content.len() as u64, size);
        found.push(ArchiveFile { path, executable, content });
    }
    Ok((reader.folder().unwrap_or_default().to_owned(), found))
}

fn refused(tar: &[u8]) -> String {
    let error = read_all(tar).expect_err("it is not as it was packed");
    error.get_ref().map_or_else(|| error.to_string(), ToString::to_string)
}

/// Paths for each form of a header: a name, a prefix and a name, a pax header.
fn example() -> Vec<ArchiveFile> {
    let (long, longer) =
        (format!("{}/{}", "d".repeat(120), "f".repeat(90)), format!("{}/{}", "p".repeat(250), "f".repeat(200)));
    let mut all = files(&[
        ("bin/run", true, "#!/bin/sh\n"),
        ("empty", false, ""),
        ("größe.txt", false, "x"),
        (&long, false, "long"),
        (&longer, true, "longer"),
    ]);
    all.sort_by(|one, other| one.path.cmp(&other.path));
    all
}

#[test]
fn what_is_written_is_read_again() {
    let tar = inflate(&write("orders-1.0.0", &example()));
    assert_eq!(read_all(&tar).unwrap(), ("orders-1.0.0".to_owned(), example()));
    let mut names = Vec::new();
    for entry in tar::Archive::new(&tar[..]).entries().unwrap() {
        let entry = entry.unwrap();
        names.push(entry.path().unwrap().to_string_lossy().into_owned());
        let header = entry.header();
        assert_eq!((header.uid().unwrap(), header.gid().unwrap(), header.mtime().unwrap()), (0, 0, 0));
        assert_eq!(header.mode().unwrap(), if header.mode().unwrap() & 1 == 1 { 0o755 } else { 0o644 });
        assert_eq!((header.username().unwrap(), header.groupname().unwrap()), (Some(""), Some("")));
    }
    let expected: Vec<String> = example().iter().map(|file| format!("orders-1.0.0/{}", file.path)).collect();
    assert_eq!(names, expected, "other tools read the same");
}

#[test]
fn the_bytes_of_an_archive_are_fixed() {
    let archive =
        write("a-1.0.0", &files(&[("larder.kdl", false, "package \"a\" version=\"1.0.0\"\n"), ("x", true, "y")]));
    assert_eq!(archive[..10], [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff]);
    let tree = tree_digest(&files(&[("larder.kdl", false, "package \"a\" version=\"1.0.0\"\n"), ("x", true, "y")]));
    insta::assert_snapshot!(format!("{}\n{tree}", crate::model::Digest::sha256_of(&archive).to_hex()), @r"
    afacb8c161dde1af2657dee5f20814a9cfdbf38978b4a5a38acc0d4429527d05
    2487fc0372e947d152fe4ad561297bb5938e89ebb0d208900521d38e37c9e0b4
    ");
}

#[test]
fn only_what_would_be_written_is_read() {
    let tar = inflate(&write("a-1.0.0", &files(&[("a", false, "1"), ("b", true, "2")])));
    // Each byte of a header and of padding has one value.
    for at in (0..tar.len()).filter(|at| *at != 512 && *at != 1536) {
        let mut other = tar.clone();
        other[at] ^= 1;
        assert!(read_all(&other).is_err(), "byte {at}");
    }
    assert!(refused(&[&tar[..], &[0; 512]].concat()).contains("data that does not belong"));
    assert!(read_all(&tar[..tar.len() - 512]).is_err() && read_all(&tar[..700]).is_err());
    let tar_of = |list: &[(&str, bool, &str)]| inflate(&write("a-1.0.0", &files(list)));
    assert!(refused(&tar_of(&[("b", false, ""), ("a", false, "")])).contains("order of bytes"));
    assert!(refused(&tar_of(&[("a", false, ""), ("a", false, "")])).contains("order of bytes"));
    for path in ["ab:c", "con", "x/aux.js", "dot.", "space ", "tab\tx", "a?"] {
        assert!(refused(&tar_of(&[(path, false, "")])).contains("has the path"), "{path}");
    }
    let two =
        [&tar_of(&[("a", false, "1")])[..1024], &inflate(&write("b-1.0.0", &files(&[("b", false, "")])))[..]].concat();
    assert!(refused(&two).contains("not below the folder"));
    let escaping = inflate(&write("..", &files(&[("a", false, "")])));
    assert!(refused(&escaping).contains("`..`"));
}

#[test]
fn links_and_devices_are_not_read() {
    for kind in [tar::EntryType::Symlink, tar::EntryType::Link, tar::EntryType::Char, tar::EntryType::Directory] {
        let mut builder = tar::Builder::new(Vec::new());
        let mut header = tar::Header::new_ustar();
        header.set_entry_type(kind);
        header.set_size(0);
        header.set_mode(0o644);
        header.set_mtime(0);
        builder.append_data(&mut header, "a-1.0.0/x", &b""[..]).unwrap();
        assert!(refused(&builder.into_inner().unwrap()).contains("another header"), "{kind:?}");
    }
}

#[test]
fn another_compressor_makes_no_other_tree() {
    let files = example();
    let tar = inflate(&write("a-1.0.0", &files));
    let mut packed = Vec::new();
    flate2::read::GzEncoder::new(&tar[..], flate2::Compression::best()).read_to_end(&mut packed).unwrap();
    assert_ne!(packed, write("a-1.0.0", &files));
    let (_, read) = read_all(&inflate(&packed)).unwrap();
    assert_eq!(tree_digest(&read), tree_digest(&files));
}

#[test]
fn a_mutated_archive_is_refused_or_as_it_was_packed() {
    let tar = inflate(&write("a-1.0.0", &example()));
    let mut seed = 7_u64;
    for _ in 0..3000 {
        let mut other = tar.clone();
        for _ in 0..3 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let at = usize::try_from(seed >> 33).unwrap() % other.len();
            other[at] = (seed >> 17) as u8;
        }
        other.truncate(usize::try_from(seed >> 40).unwrap() % (2 * other.len()));
        if let Ok((folder, files)) = read_all(&other) {
            assert_eq!(inflate(&write(&folder, &files)), other);
        }
    }
}
