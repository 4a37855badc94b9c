//! The file of an application: a zip with an archive for each of its packages, at its root.
//!
//! Archives are compressed already, and are stored. The same archives give the same bytes: names are in order, and times are zip's
//! earliest.
//!
//! Source: PKWARE's APPNOTE.TXT 6.3.10.

/// 1980-01-01 as zip writes dates.
const EARLIEST: u16 = 0x21;

/// The version of zip that readers need: 2.0.
const VERSION: u16 = 20;

/// Returns the file of archives, which are given by their names: `UsrOrders.gz`. Returns `None` if it would have 4 GiB or more, which
/// such a file cannot have.
pub fn write_application(mut archives: Vec<(String, Vec<u8>)>) -> Option<Vec<u8>> {
    archives.sort();
    let mut file = Vec::with_capacity(archives.iter().map(|(name, archive)| archive.len() + 2 * name.len() + 76).sum());
    let mut directory = Vec::new();
    for (name, archive) in &archives {
        let offset = u32::try_from(file.len()).ok()?;
        let head = head(name, archive)?;
        file.extend_from_slice(b"PK\x03\x04");
        file.extend_from_slice(&head);
        // No extra field.
        file.extend_from_slice(&0_u16.to_le_bytes());
        file.extend_from_slice(name.as_bytes());
        file.extend_from_slice(archive);
        directory.extend_from_slice(b"PK\x01\x02");
        directory.extend_from_slice(&VERSION.to_le_bytes());
        directory.extend_from_slice(&head);
        // No extra field, no comment, the first disk, no attributes.
        directory.extend_from_slice(&[0; 2 + 2 + 2 + 2 + 4]);
        directory.extend_from_slice(&offset.to_le_bytes());
        directory.extend_from_slice(name.as_bytes());
    }
    let (start, size) = (u32::try_from(file.len()).ok()?, u32::try_from(directory.len()).ok()?);
    let count = u16::try_from(archives.len()).ok()?;
    file.extend_from_slice(&directory);
    file.extend_from_slice(b"PK\x05\x06");
    // The first disk.
    file.extend_from_slice(&[0; 4]);
    file.extend_from_slice(&count.to_le_bytes());
    file.extend_from_slice(&count.to_le_bytes());
    file.extend_from_slice(&size.to_le_bytes());
    file.extend_from_slice(&start.to_le_bytes());
    // No comment.
    file.extend_from_slice(&[0; 2]);
    u32::try_from(file.len()).ok().map(|_| file)
}

/// Returns what both headers of an archive have in common: from the version that is needed to the length of the name.
fn head(name: &str, archive: &[u8]) -> Option<Vec<u8>> {
    let size = u32::try_from(archive.len()).ok()?;
    let mut head = VERSION.to_le_bytes().to_vec();
    // No flags, stored, midnight.
    head.extend_from_slice(&[0; 6]);
    head.extend_from_slice(&EARLIEST.to_le_bytes());
    head.extend_from_slice(&crc32fast::hash(archive).to_le_bytes());
    head.extend_from_slice(&size.to_le_bytes());
    head.extend_from_slice(&size.to_le_bytes());
    head.extend_from_slice(&u16::try_from(name.len()).ok()?.to_le_bytes());
    Some(head)
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn other_readers_see_the_archives() {
        let archives = vec![("UsrB.gz".to_owned(), b"b".to_vec()), ("UsrA.gz".to_owned(), b"aa".to_vec())];
        let file = write_application(archives.clone()).unwrap();
        assert_eq!(Some(&file), write_application(archives.into_iter().rev().collect()).as_ref());
        let mut zip = zip::ZipArchive::new(std::io::Cursor::new(file)).unwrap();
        let sizes: Vec<u64> = (0..zip.len()).map(|at| zip.by_index(at).unwrap().size()).collect();
        assert_eq!(sizes, [2, 1]);
        let mut content = Vec::new();
        zip.by_name("UsrA.gz").unwrap().read_to_end(&mut content).unwrap();
        assert_eq!(content, b"aa");
    }
}
