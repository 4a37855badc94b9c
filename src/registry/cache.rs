//! What registries said, kept on disk in a compact form.
//!
//! ```text
//! <cache>/metadata/v1/<registry>-<hash of its URLs>/
//! ├── <package>               a listing: header, then the ecosystem's record: its front, the rest
//! └── .releases/<digest>      the metadata of one file, which never changes
//! ```
//!
//! The cache is a convenience: a file that cannot be read or understood is as good as none, and one that cannot be
//! written is not written.

use std::hash::Hasher;
use std::ops::Range;
use std::path::{Path, PathBuf};

use twox_hash::XxHash3_64;

use super::bytes::{Reader, Writer};
use super::header::Header;
use super::kept::{Encoded, Record};
use crate::fetch::Endpoint;
use crate::fs::{self, Durability, FsError, PartialFile};

const MAGIC: &[u8; 4] = b"LRDn";

/// The bytes of the checksum over header and front.
const CHECKSUM: usize = 8;

/// Whether cached listings may answer without asking their registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Freshness {
    /// While their registry's `max-age` holds.
    #[default]
    MaxAge,
    /// Never: each is asked for again, or revalidated, once in a run.
    Revalidate,
    /// Always: what was said once of files that have a digest.
    AnyAge,
}

/// The part of the cache that belongs to one registry; without a folder it keeps nothing.
#[derive(Clone, Debug)]
pub(super) struct Cache {
    folder: Option<PathBuf>,
}

impl Cache {
    /// Returns the part of `folder` that belongs to a registry as it is reached through these places.
    pub(super) fn of(folder: Option<&Path>, endpoint: &Endpoint) -> Self {
        // A folder is as fast as a cache of it would be.
        let folder = folder.filter(|_| endpoint.places().iter().any(|place| place.url().scheme() != "file"));
        let urls = endpoint.places().iter().fold(blake3::Hasher::new(), |mut hasher, place| {
            hasher.update(place.url().as_str().as_bytes()).update(b"\n");
            hasher
        });
        let key = urls.finalize().to_hex();
        let name = format!("{}-{}", endpoint.name(), &key[..12]);
        Self { folder: folder.map(|folder| folder.join("metadata").join("v1").join(name)) }
    }

    /// A cache that keeps nothing.
    pub(super) fn none() -> Self {
        Self { folder: None }
    }

    /// Returns a package's listing, of whatever age, if its record is of this format.
    pub(super) fn listing(&self, package: &str, format: u32) -> Option<Record> {
        let enough = |first: &[u8]| prologue(first, format).map_or(0, |(_, front, _)| front.end);
        let (file, bytes) = PartialFile::open(&self.path(&safe(package))?, enough).ok()??;
        let (header, front, rest) = prologue(&bytes, format)?;
        if front.end as u64 + rest != file.size() {
            return None;
        }
        let (head, record) = (bytes.get(MAGIC.len() + CHECKSUM..front.start)?, bytes.get(front.clone())?);
        if checksum(&[head, record]) != bytes[MAGIC.len()..][..CHECKSUM] {
            return None;
        }
        Some(Record::kept(header, bytes, front, file))
    }

    /// Tells whether there is a listing of a package, in whatever format.
    pub(super) fn has_listing(&self, package: &str) -> bool {
        self.path(&safe(package)).is_some_and(|path| matches!(fs::stat(&path), Ok(Some(_))))
    }

    /// Keeps a package's listing.
    pub(super) fn keep_listing(&self, package: &str, format: u32, header: &Header, record: &Encoded) {
        let Some(path) = self.path(&safe(package)) else { return };
        let mut writer = Writer(Vec::with_capacity(256));
        writer.u32(format);
        writer.u32(record.front.len() as u32);
        writer.i64(i64::try_from(record.rest.len()).unwrap_or(-1));
        writer.i64(header.fetched);
        writer.i64(header.max_age);
        for text in [header.etag.as_deref(), header.last_modified.as_deref(), Some(&header.url), Some(&header.base)] {
            writer.text(text.unwrap_or_default());
        }
        let check = checksum(&[&writer.0, &record.front]);
        // A cache that cannot be written is only slower.
        let _ = keep(&path, &[MAGIC, &check, &writer.0, &record.front, &record.rest]);
    }

    /// Returns what was kept of one file.
    pub(super) fn release(&self, key: &str) -> Option<Vec<u8>> {
        let mut bytes = fs::read_if_exists(&self.path(".releases")?.join(key)).ok()??;
        let (content, check) = bytes.split_last_chunk::<8>()?;
        let length = (checksum(&[content]) == *check).then_some(content.len())?;
        bytes.truncate(length);
        Some(bytes)
    }

    /// Keeps what is needed of one file.
    pub(super) fn keep_release(&self, key: &str, content: &[u8]) {
        if let Some(folder) = self.path(".releases") {
            let _ = keep(&folder.join(key), &[content, &checksum(&[content])]);
        }
    }

    fn path(&self, name: &str) -> Option<PathBuf> {
        Some(self.folder.as_ref()?.join(name))
    }
}

/// Reads what stands before a listing's record: its header, where the record's front lies in the file, and how many bytes
/// come behind that.
fn prologue(bytes: &[u8], format: u32) -> Option<(Header, Range<usize>, u64)> {
    let mut reader = Reader(bytes);
    if reader.take(4)? != MAGIC || reader.take(CHECKSUM)?.len() != CHECKSUM || reader.u32()? != format {
        return None;
    }
    let (front, rest) = (reader.u32()? as usize, u64::try_from(reader.i64()?).ok()?);
    let (fetched, max_age) = (reader.i64()?, reader.i64()?);
    let mut text = || reader.text().map(str::to_owned);
    let (etag, last_modified, url, base) = (text()?, text()?, text()?, text()?);
    let some = |text: String| (!text.is_empty()).then_some(text);
    let header = Header { etag: some(etag), last_modified: some(last_modified), fetched, max_age, url, base };
    let start = bytes.len() - reader.0.len();
    Some((header, start..start.checked_add(front)?, rest))
}

/// Returns a checksum (XXH3, 64 bits), by which bytes that changed on disk are noticed; no defence against intent.
fn checksum(parts: &[&[u8]]) -> [u8; CHECKSUM] {
    let mut hasher = XxHash3_64::new();
    for part in parts {
        hasher.write(part);
    }
    hasher.finish().to_le_bytes()
}

/// Spells a name so that it is one file, also where letters have no case: upper case gets a `!` before it.
pub(super) fn safe(package: &str) -> String {
    package.chars().fold(String::with_capacity(package.len()), |mut name, c| {
        match c {
            '/' => name.push('+'),
            c if c.is_ascii_uppercase() => {
                name.push('!');
                name.push(c.to_ascii_lowercase());
            }
            c => name.push(c),
        }
        name
    })
}

/// Writes a file, and the folders above it where they are missing. A new one is written in its place, as half of one is
/// as good as none: its length or its checksum tells. One that is there is replaced in one step.
fn keep(path: &Path, parts: &[&[u8]]) -> Result<(), FsError> {
    let mut written = fs::write_parts_new(path, parts);
    if let Err(error) = &written
        && error.is_not_found()
    {
        path.parent().map_or(Ok(()), fs::create_dir_all)?;
        written = fs::write_parts_new(path, parts);
    }
    match written {
        Err(error) if error.is_occupied() => fs::write_parts_atomic(path, parts, Durability::Lazy),
        written => written,
    }
}

#[cfg(test)]
mod tests {
    use super::super::header::now;
    use super::*;
    use crate::fetch::{Place, Quota};

    fn cache(folder: &Path) -> Cache {
        let endpoint = Endpoint::new(
            "r".parse().unwrap(),
            vec![Place::http("http://localhost/".parse().unwrap(), None)],
            Quota::default(),
        );
        Cache::of(Some(folder), &endpoint)
    }

    fn encoded() -> Encoded {
        Encoded { front: b"front".to_vec(), rest: b"behind".to_vec() }
    }

    #[test]
    fn a_listing_comes_back_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let cache = cache(folder.path());
        let header = Header { etag: Some("\"x\"".to_owned()), fetched: now(), max_age: 60, ..Header::default() };
        cache.keep_listing("@a/B", 1, &header, &encoded());
        let read = cache.listing("@a/B", 1).unwrap();
        assert_eq!((&read.header, read.front()), (&header, &b"front"[..]));
        assert_eq!(read.part(2, 3).unwrap(), &b"hin"[..]);
        assert!(read.part(2, 5).is_none());
        assert_eq!(read.whole().unwrap(), encoded());
        assert!(read.header.is_fresh());
        assert!(cache.listing("@a/b", 1).is_none());
        assert!(cache.listing("@a/B", 2).is_none());
    }

    #[test]
    fn a_flipped_byte_is_as_good_as_none() {
        let folder = tempfile::tempdir().unwrap();
        let cache = cache(folder.path());
        let record: Vec<u8> = (0..200).collect();
        let listing = encoded();
        cache.keep_listing("a", 1, &Header { etag: Some("\"x\"".to_owned()), ..Header::default() }, &listing);
        cache.keep_release("b", &record);
        assert_eq!(cache.release("b").unwrap(), record);
        // The rest is read when it is needed, and not before.
        for (path, unread, is_kept) in [
            (cache.path("a").unwrap(), listing.rest.len(), &(|| cache.listing("a", 1).is_some()) as &dyn Fn() -> bool),
            (cache.path(".releases/b").unwrap(), 0, &|| cache.release("b").is_some()),
        ] {
            let whole = fs::read(&path).unwrap();
            for at in 0..whole.len() - unread {
                let mut flipped = whole.clone();
                flipped[at] ^= 0x20;
                fs::write_atomic(&path, &flipped, Durability::Lazy).unwrap();
                assert!(!is_kept(), "{at}");
            }
            fs::write_atomic(&path, &whole, Durability::Lazy).unwrap();
            assert!(is_kept());
        }
    }

    #[test]
    fn a_torn_file_is_as_good_as_none() {
        let folder = tempfile::tempdir().unwrap();
        let cache = cache(folder.path());
        cache.keep_listing("a", 1, &Header::default(), &encoded());
        let path = cache.path("a").unwrap();
        let whole = fs::read(&path).unwrap();
        for length in 0..whole.len() {
            fs::write_atomic(&path, &whole[..length], Durability::Lazy).unwrap();
            assert!(cache.listing("a", 1).is_none(), "{length}");
        }
    }
}
