//! Archives that are honest but for a few bytes.

use super::archives::{Tar, ZipFile, with_record, zip};
use super::*;

/// Changes a few bytes of an archive again and again. Whatever comes out is unpacked or refused, and leaves no debris.
fn check(kind: ArtifactKind, archive: &[u8]) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path());
    let mut noise = blake3::Hasher::new().update(archive).finalize_xof();
    let mut refusals = 0;
    for _ in 0..300 {
        let mut seed = [0; 16];
        noise.fill(&mut seed);
        let mut mutated = archive.to_vec();
        for bytes in seed[..4 * usize::from(1 + seed[15] % 3)].chunks(4) {
            let at = usize::from(u16::from_le_bytes([bytes[0], bytes[1]])) % mutated.len();
            mutated[at] = if bytes[2] < 100 { bytes[3] } else { mutated[at] ^ (1 << (bytes[3] % 8)) };
        }
        match fetch(&store, kind, &mutated, Limits { total: 1 << 20, ..Limits::default() }) {
            Ok(_) => {}
            Err(FetchError::Refused { .. }) => refusals += 1,
            Err(error) => panic!("{error:?}"),
        }
        assert_untouched_staging(&store);
    }
    assert!(refusals > 0);
    assert_eq!(store.verify().unwrap(), []);
}

#[test]
fn mutated_tars_are_unpacked_or_refused() {
    let tar = Tar::default().pax("path", "package/long").file("package/x", b"1").file("package/lib/y", &[3; 700]);
    let packed = tar.gz();
    check(ArtifactKind::Tarball, &packed);
    // With a true checksum around them, the mutations reach the tar.
    let mut plain = Vec::new();
    Read::read_to_end(&mut flate2::read::GzDecoder::new(&*packed), &mut plain).unwrap();
    let mut stored = flate2::GzBuilder::new().write(Vec::new(), flate2::Compression::none());
    io::Write::write_all(&mut stored, &plain).unwrap();
    check(ArtifactKind::Tarball, &stored.finish().unwrap());
}

#[test]
fn mutated_packages_are_unpacked_or_refused() {
    check(
        ArtifactKind::Package,
        &super::packages::thing(&[("larder.kdl", super::packages::MANIFEST), ("b", "content"), ("lib/a", "1")]),
    );
}

#[test]
fn mutated_wheels_are_unpacked_or_refused() {
    let metadata = ZipFile::new("thing-1.0.dist-info/METADATA", b"Name: thing\nVersion: 1.0\n");
    let about = ZipFile::new("thing-1.0.dist-info/WHEEL", b"Wheel-Version: 1.0\n");
    let files = vec![ZipFile::new("thing/a.py", b"a = 1\n"), ZipFile::new("thing/b.py", &[b'#'; 300]), metadata, about];
    check(ArtifactKind::Wheel, &zip(&with_record(files), b""));
}
