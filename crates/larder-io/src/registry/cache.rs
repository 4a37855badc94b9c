//! The cache of registries' metadata on disk, in a compact form.
//!
//! ```text
//! <cache>/metadata/v1/<registry>-<hash of its URLs>/
//! ├── <package>               a listing: prologue, then the ecosystem's record: header, body
//! └── .releases/<digest>      the metadata of one artifact, which never changes
//! ```
//!
//! The cache only saves time: a file that cannot be read or decoded counts as missing, and errors of writing are ignored.

use std::collections::BTreeMap;
use std::hash::Hasher;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use twox_hash::XxHash3_64;

use super::bytes::{ByteReader, ByteWriter};
use super::listing_record::{EncodedRecord, ListingRecord};
use super::provenance::Provenance;
use crate::fetch::Endpoint;
use crate::fs::{self, Durability, FsError, PartialFile};
use crate::model::Digest;

const MAGIC: &[u8; 4] = b"LRDn";

/// The length of the checksum over prologue and header.
const CHECKSUM: usize = 8;

/// Whether a cached listing may be used without revalidation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum CachePolicy {
    /// Within the `max-age` of its registry.
    #[default]
    MaxAge,
    /// Never: each listing is revalidated once in a run.
    Revalidate,
    /// Always. For files whose digest is known.
    AnyAge,
}

/// The part of the cache that belongs to one registry. Without a folder it stores nothing.
#[derive(Clone, Debug)]
pub(super) struct MetadataCache {
    folder: Option<PathBuf>,
    /// What builds of this run made, by digest or file: there is no other place for it if nothing is stored, or the file has no
    /// digest.
    built: Arc<Mutex<BTreeMap<String, Vec<u8>>>>,
}

impl MetadataCache {
    /// Returns the part of `folder` for a registry with these URLs.
    pub(super) fn for_endpoint(folder: Option<&Path>, endpoint: &Endpoint) -> Self {
        // Reading a local folder is as fast as reading a cache of it.
        let folder = folder.filter(|_| endpoint.addresses().iter().any(|place| place.url().scheme() != "file"));
        let urls = endpoint.addresses().iter().fold(blake3::Hasher::new(), |mut hasher, place| {
            hasher.update(place.url().as_str().as_bytes()).update(b"\n");
            hasher
        });
        let key = urls.finalize().to_hex();
        let name = format!("{}-{}", endpoint.name(), &key[..12]);
        Self { folder: folder.map(|folder| folder.join("metadata").join("v1").join(name)), built: Arc::default() }
    }

    /// Returns a cache in a folder of its own.
    pub(super) fn in_folder(folder: Option<PathBuf>) -> Self {
        Self { folder, built: Arc::default() }
    }

    /// Creates a cache that stores nothing.
    pub(super) fn disabled() -> Self {
        Self { folder: None, built: Arc::default() }
    }

    /// Returns a package's listing of any age, if its record has this format.
    pub(super) fn listing(&self, package: &str, format: u32) -> Option<ListingRecord> {
        let enough = |first: &[u8]| prologue(first, format).map_or(0, |(_, header, _)| header.end);
        let (file, bytes) = PartialFile::open(&self.path(&file_name(package))?, enough).ok()??;
        let (provenance, header, body_length) = prologue(&bytes, format)?;
        if header.end as u64 + body_length != file.size() {
            return None;
        }
        let checked = (bytes.get(MAGIC.len() + CHECKSUM..header.start)?, bytes.get(header.clone())?);
        if checksum(&[checked.0, checked.1]) != bytes[MAGIC.len()..][..CHECKSUM] {
            return None;
        }
        Some(ListingRecord::from_cache(provenance, bytes, header, file))
    }

    /// Returns whether there is a listing of a package, in any format.
    pub(super) fn has_listing(&self, package: &str) -> bool {
        self.path(&file_name(package)).is_some_and(|path| matches!(fs::stat(&path), Ok(Some(_))))
    }

    /// Stores a package's listing.
    pub(super) fn store_listing(&self, package: &str, format: u32, provenance: &Provenance, record: &EncodedRecord) {
        let Some(path) = self.path(&file_name(package)) else { return };
        let mut writer = ByteWriter(Vec::with_capacity(256));
        writer.u32(format);
        writer.u32(record.header.len() as u32);
        writer.i64(i64::try_from(record.body.len()).unwrap_or(-1));
        writer.i64(provenance.fetched);
        writer.i64(provenance.max_age);
        let Provenance { etag, last_modified, url, base, .. } = provenance;
        for text in [etag.as_deref(), last_modified.as_deref(), Some(url), Some(base)] {
            writer.text(text.unwrap_or_default());
        }
        let check = checksum(&[&writer.0, &record.header]);
        // A cache that cannot be written only costs time.
        let _ = write(&path, &[MAGIC, &check, &writer.0, &record.header, &record.body]);
    }

    /// Returns the metadata of an artifact.
    pub(super) fn release(&self, key: &str) -> Option<Vec<u8>> {
        let mut bytes = fs::read_if_exists(&self.path(".releases")?.join(key)).ok()??;
        let (content, check) = bytes.split_last_chunk::<8>()?;
        let length = (checksum(&[content]) == *check).then_some(content.len())?;
        bytes.truncate(length);
        Some(bytes)
    }

    /// Returns the metadata that a build made of a source distribution.
    pub(super) fn built_metadata(&self, sdist: &str, digest: Option<&Digest>) -> Option<Vec<u8>> {
        let made = self.built.lock().unwrap_or_else(PoisonError::into_inner).get(&built_key(sdist, digest)).cloned();
        made.or_else(|| self.release(&built_metadata_key(digest?)))
    }

    /// Keeps the metadata that a build made of a source distribution.
    pub(super) fn store_built_metadata(&self, sdist: &str, digest: Option<&Digest>, content: &[u8]) {
        let mut built = self.built.lock().unwrap_or_else(PoisonError::into_inner);
        built.insert(built_key(sdist, digest), content.to_vec());
        if let Some(digest) = digest {
            self.store_release(&built_metadata_key(digest), content);
        }
    }

    /// Returns whether a source distribution is known not to state its dependencies.
    pub(super) fn is_unstated(&self, sdist: &Digest) -> bool {
        self.release(&unstated_key(sdist)).is_some()
    }

    /// Notes that a source distribution does not state its dependencies.
    pub(super) fn store_unstated(&self, sdist: &Digest) {
        self.store_release(&unstated_key(sdist), &[]);
    }

    /// Stores the metadata of an artifact.
    pub(super) fn store_release(&self, key: &str, content: &[u8]) {
        if let Some(folder) = self.path(".releases") {
            let _ = write(&folder.join(key), &[content, &checksum(&[content])]);
        }
    }

    fn path(&self, name: &str) -> Option<PathBuf> {
        Some(self.folder.as_ref()?.join(name))
    }
}

/// Returns the name of what a build found of a file, with or without a digest.
fn built_key(sdist: &str, digest: Option<&Digest>) -> String {
    digest.map_or_else(|| sdist.to_owned(), built_metadata_key)
}

/// What is stated and what a build found are kept apart: without an approval only the former counts.
fn built_metadata_key(sdist: &Digest) -> String {
    format!("{}.built", sdist.to_hex())
}

fn unstated_key(sdist: &Digest) -> String {
    format!("{}.unstated", sdist.to_hex())
}

/// Reads the prologue of a listing's file. Returns its provenance, the range of the record's header in the file, and the length
/// of the record's body.
fn prologue(bytes: &[u8], format: u32) -> Option<(Provenance, Range<usize>, u64)> {
    let mut reader = ByteReader(bytes);
    if reader.take(4)? != MAGIC || reader.take(CHECKSUM)?.len() != CHECKSUM || reader.u32()? != format {
        return None;
    }
    let (header_length, body_length) = (reader.u32()? as usize, u64::try_from(reader.i64()?).ok()?);
    let (fetched, max_age) = (reader.i64()?, reader.i64()?);
    let mut text = || reader.text().map(str::to_owned);
    let (etag, last_modified, url, base) = (text()?, text()?, text()?, text()?);
    let some = |text: String| (!text.is_empty()).then_some(text);
    let provenance = Provenance { etag: some(etag), last_modified: some(last_modified), fetched, max_age, url, base };
    let start = bytes.len() - reader.0.len();
    Some((provenance, start..start.checked_add(header_length)?, body_length))
}

/// Returns a checksum (XXH3, 64 bits) that detects corruption of the disk. It is no defence against tampering.
fn checksum(parts: &[&[u8]]) -> [u8; CHECKSUM] {
    let mut hasher = XxHash3_64::new();
    for part in parts {
        hasher.write(part);
    }
    hasher.finish().to_le_bytes()
}

/// Returns the name of a package's file. It is unique even if the file system ignores case: upper case gets a `!` before it.
pub(super) fn file_name(package: &str) -> String {
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

/// Writes a file and its missing parent folders. A new file is written in place: if it is torn, its length or checksum says so.
/// An existing file is replaced atomically.
fn write(path: &Path, parts: &[&[u8]]) -> Result<(), FsError> {
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
    use super::super::provenance::now;
    use super::*;
    use crate::fetch::{Quota, RegistryAddress};

    fn cache(folder: &Path) -> MetadataCache {
        let endpoint = Endpoint::new(
            "r".parse().unwrap(),
            vec![RegistryAddress::http("http://localhost/".parse().unwrap(), None)],
            Quota::default(),
        );
        MetadataCache::for_endpoint(Some(folder), &endpoint)
    }

    fn encoded() -> EncodedRecord {
        EncodedRecord { header: b"header".to_vec(), body: b"behind".to_vec() }
    }

    #[test]
    fn a_listing_comes_back_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let cache = cache(folder.path());
        let provenance =
            Provenance { etag: Some("\"x\"".to_owned()), fetched: now(), max_age: 60, ..Provenance::default() };
        cache.store_listing("@a/B", 1, &provenance, &encoded());
        let read = cache.listing("@a/B", 1).unwrap();
        assert_eq!((&read.provenance, read.header()), (&provenance, &b"header"[..]));
        assert_eq!(read.body_part(2, 3).unwrap(), &b"hin"[..]);
        assert!(read.body_part(2, 5).is_none());
        assert_eq!(read.to_encoded().unwrap(), encoded());
        assert!(read.provenance.is_fresh());
        assert!(cache.listing("@a/b", 1).is_none());
        assert!(cache.listing("@a/B", 2).is_none());
    }

    #[test]
    fn a_flipped_byte_is_as_good_as_none() {
        let folder = tempfile::tempdir().unwrap();
        let cache = cache(folder.path());
        let record: Vec<u8> = (0..200).collect();
        let listing = encoded();
        cache.store_listing("a", 1, &Provenance { etag: Some("\"x\"".to_owned()), ..Provenance::default() }, &listing);
        cache.store_release("b", &record);
        assert_eq!(cache.release("b").unwrap(), record);
        // The body is read, and checked, when it is needed.
        for (path, unread, is_cached) in [
            (cache.path("a").unwrap(), listing.body.len(), &(|| cache.listing("a", 1).is_some()) as &dyn Fn() -> bool),
            (cache.path(".releases/b").unwrap(), 0, &|| cache.release("b").is_some()),
        ] {
            let whole = fs::read(&path).unwrap();
            for at in 0..whole.len() - unread {
                let mut flipped = whole.clone();
                flipped[at] ^= 0x20;
                fs::write_atomic(&path, &flipped, Durability::Lazy).unwrap();
                assert!(!is_cached(), "{at}");
            }
            fs::write_atomic(&path, &whole, Durability::Lazy).unwrap();
            assert!(is_cached());
        }
    }

    #[test]
    fn a_torn_file_is_as_good_as_none() {
        let folder = tempfile::tempdir().unwrap();
        let cache = cache(folder.path());
        cache.store_listing("a", 1, &Provenance::default(), &encoded());
        let path = cache.path("a").unwrap();
        let whole = fs::read(&path).unwrap();
        for length in 0..whole.len() {
            fs::write_atomic(&path, &whole[..length], Durability::Lazy).unwrap();
            assert!(cache.listing("a", 1).is_none(), "{length}");
        }
    }
}
