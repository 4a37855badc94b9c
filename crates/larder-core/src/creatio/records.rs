//! The archive of a package: gzip around a run of records, to the end of the bytes.
//!
//! ```text
//! (name length i32, name UTF-16LE, content length i32, content)*
//! ```
//!
//! Numbers are little-endian; a name's length counts UTF-16 units, a content's bytes. There is no header, no count, no check sum and
//! no end mark. Folders are not stored, and there are neither times nor permissions. A path has `\` between its parts, or `/`.

use std::io::{self, Read};

use crate::model::{EntryPath, PathError};

/// The most UTF-16 units of a name.
const LONGEST_NAME: usize = 1024;

/// Why bytes are not an archive, as the end of a sentence.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordFault {
    /// A name cannot have this length.
    #[error("states that a name has {0} characters, and 1 to {LONGEST_NAME} are allowed")]
    NameLength(i32),
    /// A name has half of a surrogate pair.
    #[error("has a name that is not UTF-16")]
    NotUnicode,
    /// A content cannot have this length.
    #[error("states that `{}` has {length} bytes", path.escape_debug())]
    ContentLength {
        /// The file.
        path: String,
        /// The length.
        length: i32,
    },
    /// A name that leads elsewhere, or that some disk cannot hold.
    #[error("has the path `{}`, which {reason}", path.escape_debug())]
    Path {
        /// The path as the archive has it.
        path: String,
        /// What is wrong with it.
        reason: PathError,
    },
}

/// A file of an archive that is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArchiveRecord {
    /// Its path in the package, with `/` between its parts.
    pub path: EntryPath,
    /// Its size in bytes.
    pub size: u64,
}

/// Reads an inflated archive as it arrives.
pub struct RecordReader<R> {
    source: R,
    /// The bytes of the last file that were not read yet.
    left: u64,
}

impl<R: Read> RecordReader<R> {
    /// Creates a reader of an inflated archive.
    pub fn new(source: R) -> Self {
        Self { source, left: 0 }
    }

    /// Returns the next file, whose content [`Read`] then reads; what was not read of the last one is skipped. Returns `None` at
    /// the end. Names are checked; whether two of them collide is not.
    ///
    /// # Errors
    /// Those of the source; with a [`RecordFault`] inside, where the archive is at fault.
    pub fn next_record(&mut self) -> io::Result<Option<ArchiveRecord>> {
        io::copy(&mut self.by_ref(), &mut io::sink())?;
        let Some(units) = self.first_number()? else { return Ok(None) };
        let count = usize::try_from(units).ok().filter(|count| (1..=LONGEST_NAME).contains(count));
        let count = count.ok_or_else(|| fault(RecordFault::NameLength(units)))?;
        let mut bytes = [0; 2 * LONGEST_NAME];
        let bytes = &mut bytes[..2 * count];
        self.source.read_exact(bytes)?;
        let units: Vec<u16> = bytes.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
        let name = String::from_utf16(&units).map_err(|_| fault(RecordFault::NotUnicode))?;
        let path = parse_path(&name).map_err(|reason| fault(RecordFault::Path { path: name, reason }))?;
        let mut length = [0; 4];
        self.source.read_exact(&mut length)?;
        let length = i32::from_le_bytes(length);
        let size =
            u64::try_from(length).map_err(|_| fault(RecordFault::ContentLength { path: path.to_string(), length }))?;
        self.left = size;
        Ok(Some(ArchiveRecord { path, size }))
    }

    /// Reads a number. Returns `None` if the source has ended.
    fn first_number(&mut self) -> io::Result<Option<i32>> {
        let mut bytes = [0; 4];
        let first = loop {
            match self.source.read(&mut bytes[..1]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => break read?,
            }
        };
        if first == 0 {
            return Ok(None);
        }
        self.source.read_exact(&mut bytes[1..])?;
        Ok(Some(i32::from_le_bytes(bytes)))
    }
}

impl<R: Read> Read for RecordReader<R> {
    /// Reads the content of the last file.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 || buffer.is_empty() {
            return Ok(0);
        }
        let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(buffer.len());
        let count = self.source.read(&mut buffer[..most])?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.left -= count as u64;
        Ok(count)
    }
}

/// Returns the records of files, which have `/` between the parts of their paths, in the order of their paths. The same files give
/// the same bytes.
pub fn write<'f>(files: impl IntoIterator<Item = (&'f str, &'f [u8])>) -> Vec<u8> {
    let mut files: Vec<(String, &[u8])> =
        files.into_iter().map(|(path, content)| (path.replace('/', "\\"), content)).collect();
    files.sort();
    let mut records = Vec::with_capacity(files.iter().map(|(path, content)| 2 * path.len() + content.len() + 8).sum());
    for (path, content) in files {
        let units: Vec<u16> = path.encode_utf16().collect();
        records.extend_from_slice(&(units.len() as u32).to_le_bytes());
        records.extend(units.iter().flat_map(|unit| unit.to_le_bytes()));
        records.extend_from_slice(&(content.len() as u32).to_le_bytes());
        records.extend_from_slice(content);
    }
    records
}

/// Checks a name, and puts `/` between its parts.
fn parse_path(name: &str) -> Result<EntryPath, PathError> {
    let path = EntryPath::parse(&name.replace('\\', "/"))?;
    // A package has no folders of its own, so that this is a file.
    if name.ends_with(['\\', '/']) {
        return Err(PathError::Folder);
    }
    path.check_portable()?;
    Ok(path)
}

fn fault(fault: RecordFault) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, fault)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::mutation;

    fn record(units: i32, name: &[u16], length: i32, content: &[u8]) -> Vec<u8> {
        let name = name.iter().flat_map(|unit| unit.to_le_bytes());
        units.to_le_bytes().into_iter().chain(name).chain(length.to_le_bytes()).chain(content.iter().copied()).collect()
    }

    fn named(name: &str) -> Vec<u8> {
        let units: Vec<u16> = name.encode_utf16().collect();
        record(i32::try_from(units.len()).unwrap(), &units, 1, b"x")
    }

    fn read(bytes: &[u8]) -> io::Result<Vec<(String, Vec<u8>)>> {
        let mut reader = RecordReader::new(bytes);
        let mut files = Vec::new();
        while let Some(record) = reader.next_record()? {
            let mut content = Vec::new();
            reader.read_to_end(&mut content)?;
            assert_eq!(content.len() as u64, record.size);
            files.push((record.path.to_string(), content));
        }
        Ok(files)
    }

    #[test]
    fn files_come_back_in_the_order_of_their_paths() {
        let bytes = write([("Files/b.txt", &b"b"[..]), ("descriptor.json", b"{}"), ("Files/a/\u{1f4a3}", b"")]);
        let files = read(&bytes).unwrap();
        let files: Vec<_> = files.iter().map(|(path, content)| (path.as_str(), content.as_slice())).collect();
        assert_eq!(files, [("Files/a/\u{1f4a3}", &b""[..]), ("Files/b.txt", b"b"), ("descriptor.json", b"{}")]);
        assert_eq!(bytes[..4], 10u32.to_le_bytes(), "names are counted in UTF-16 units");
        assert_eq!(write(files), bytes);
        assert_eq!(read(b"").unwrap(), []);
        assert_eq!(read(&named("Files\\a.txt")).unwrap()[0].0, read(&named("Files/a.txt")).unwrap()[0].0);
    }

    #[test]
    fn lengths_that_cannot_be_are_refused() {
        let a = u16::from(b'a');
        let whole = named("a");
        let cases: Vec<(&str, Vec<u8>)> = vec![
            ("0 characters", record(0, &[], 0, b"")),
            ("-1 characters", record(-1, &[a], 0, b"")),
            ("-2147483648 characters", record(i32::MIN, &[a], 0, b"")),
            ("2147483647 characters", record(i32::MAX, &[a], 0, b"")),
            ("1025 characters", record(1025, &[a; 1025], 0, b"")),
            ("-1 bytes", record(1, &[a], -1, b"")),
            ("-2147483648 bytes", record(1, &[a], i32::MIN, b"")),
            ("not UTF-16", record(1, &[0xd800], 0, b"")),
            ("not UTF-16", record(2, &[0xdc00, 0xd800], 0, b"")),
            // The end comes too early: in each of the fields, and in the next record.
            ("failed to fill", record(2, &[a], 0, b"")[..7].to_vec()),
            ("failed to fill", vec![1, 0]),
            ("failed to fill", whole[..5].to_vec()),
            ("failed to fill", whole[..8].to_vec()),
            ("unexpected end", record(1, &[a], 2, b"x")),
            ("unexpected end", record(1, &[a], i32::MAX, b"x")),
            ("failed to fill", [whole.clone(), vec![0]].concat()),
            ("0 characters", [whole.clone(), vec![0; 4]].concat()),
        ];
        for (expected, bytes) in cases {
            let error = read(&bytes).unwrap_err().to_string();
            assert!(error.contains(expected), "{expected}: {error}");
        }
    }

    #[test]
    fn paths_that_lead_elsewhere_or_fit_on_no_disk_are_refused() {
        let long = "x".repeat(300);
        for (path, reason) in [
            ("..\\..\\x", PathError::Parent),
            ("../x", PathError::Parent),
            ("Files\\..\\..\\x", PathError::Parent),
            ("a/..", PathError::Parent),
            ("Files\\", PathError::Folder),
            ("Files/a/", PathError::Folder),
            ("C:\\x", PathError::Absolute),
            ("c:x", PathError::Absolute),
            ("\\x", PathError::Absolute),
            ("/etc/passwd", PathError::Absolute),
            ("\\\\server\\x", PathError::Absolute),
            ("\\\\?\\C:\\x", PathError::Absolute),
            ("a\0b", PathError::Nul),
            (".", PathError::Empty),
            ("\\\\", PathError::Absolute),
            ("./\\", PathError::Empty),
            ("Files\\CON", PathError::Device),
            ("nul.txt", PathError::Device),
            ("Schemas\\Lpt1.cs\\a", PathError::Device),
            ("a.", PathError::TrailingDot),
            ("dir \\x", PathError::TrailingDot),
            ("...\\x", PathError::TrailingDot),
            ("ab:c", PathError::Character),
            ("Files\\a:stream", PathError::Character),
            ("a?", PathError::Character),
            ("a|b", PathError::Character),
            ("a\u{1}b", PathError::Character),
            (&long, PathError::TooLong),
        ] {
            let error = read(&named(path)).unwrap_err();
            let found = error.get_ref().and_then(|inner| inner.downcast_ref::<RecordFault>()).unwrap();
            assert_eq!(*found, RecordFault::Path { path: path.to_owned(), reason }, "{path}");
        }
    }

    #[test]
    fn mutated_archives_are_read_or_refused() {
        let archive = write([("descriptor.json", &b"{\"Descriptor\":{}}"[..]), ("Files/x", b"content")]);
        mutation::of_bytes(&[&archive], |bytes| {
            if let Ok(files) = read(bytes) {
                assert!(files.iter().all(|(path, _)| EntryPath::parse(path).is_ok()));
            }
        });
    }
}
