//! Lazy wheels: metadata from a wheel of which only the end is fetched, where a zip has its central directory.

use std::io::{self, BufRead, BufReader, Cursor, Read, Seek, SeekFrom};
use std::sync::Arc;

use super::file_name::FileName;
use super::record::FileRecord;
use crate::diagnostic::Failure;
use crate::fetch::zip::ZipArchive;
use crate::fetch::{BodyRange, ByteRange, Encoding, FullResponse, Request, RequestError, RequestTarget};
use crate::model::PackageName;
use crate::registry::RegistryError;
use crate::registry::client::RegistryClient;
use crate::registry::tarball::{MOST_ENTRIES, bounded, file_in_tarball};

/// The number of bytes to fetch first. The end of most wheels has their central directory and metadata within it.
const TAIL: u64 = 68 << 10;
const LARGEST_WHEEL: u64 = 2 << 30;

/// Returns a wheel's `METADATA`, or `None` if the wheel has none. Fetches parts of the file if the server supports ranges, and
/// otherwise, or if the parts are not a valid wheel, the whole file.
pub(super) fn from_wheel(
    client: &RegistryClient,
    package: &PackageName,
    file: &FileRecord<'_>,
    page: &str,
) -> Result<Option<Vec<u8>>, Arc<dyn Failure>> {
    let url = file.url();
    let request = |range| Request {
        target: RequestTarget::At(&url),
        stated_by: Some(page),
        range,
        encoding: Encoding::Identity,
        limit: Some(1 << 30),
        ..Request::default()
    };
    let read = |range| client.http.read(&client.endpoint, &request(range));
    match read(Some(ByteRange::Last(TAIL))) {
        // Some servers do not support suffix ranges.
        Err(RequestError::Status { .. }) => {}
        Err(error) => return Err(Arc::new(error)),
        Ok(document) => match document.response.content {
            BodyRange::Part { start, total } => {
                let is_last = start.checked_add(document.bytes.len() as u64) == Some(total) && total < LARGEST_WHEEL;
                let parts = vec![(start, document.bytes)];
                let between = |start, end| read(Some(ByteRange::Between(start, end)));
                if let Some(metadata) = is_last.then(|| from_parts(package, parts, total, between)).flatten() {
                    return metadata.map(Some).map_err(|error| Arc::new(error) as Arc<dyn Failure>);
                }
            }
            BodyRange::UnknownPart => {}
            _ => return from_whole(client, package, file, document.bytes),
        },
    }
    let whole = read(None).map_err(|error| Arc::new(error) as Arc<dyn Failure>)?;
    from_whole(client, package, file, whole.bytes)
}

/// Reads metadata from a whole wheel, after its digest was verified.
fn from_whole(
    client: &RegistryClient,
    package: &PackageName,
    file: &FileRecord<'_>,
    bytes: Vec<u8>,
) -> Result<Option<Vec<u8>>, Arc<dyn Failure>> {
    if file.digest().is_some_and(|digest| !digest.is_of(&bytes)) {
        let (registry, file) = (client.name().clone(), file.name.to_owned());
        return Err(Arc::new(RegistryError::WrongBytes { registry, file }));
    }
    Ok(metadata_of(package, Cursor::new(bytes)))
}

/// Reads metadata from the end of a wheel, and fetches further parts as needed. Returns `None` if the parts are not a valid wheel.
fn from_parts(
    package: &PackageName,
    parts: Vec<(u64, Vec<u8>)>,
    total: u64,
    read: impl Fn(u64, u64) -> Result<FullResponse, RequestError>,
) -> Option<Result<Vec<u8>, RequestError>> {
    let mut failure = None;
    let fetch = |start, end| match read(start, end) {
        Ok(part) => match part.response.content {
            BodyRange::Part { start: got, total: of } if (got, of) == (start, total) => Ok(part.bytes),
            BodyRange::Whole => {
                let rest = usize::try_from(start).ok().and_then(|start| part.bytes.get(start..));
                rest.map(<[u8]>::to_vec).ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
            }
            _ => Err(io::ErrorKind::InvalidData.into()),
        },
        Err(error) => {
            failure = Some(error);
            Err(io::ErrorKind::Other.into())
        }
    };
    let wheel = BufReader::with_capacity(1 << 16, RemoteWheel { fetch, parts, total, at: 0 });
    let metadata = metadata_of(package, wheel);
    match failure {
        // A server that supports suffix ranges may refuse other ranges.
        Some(RequestError::Status { .. }) => None,
        Some(error) => Some(Err(error)),
        None => metadata.map(Ok),
    }
}

/// Returns the static metadata of a source distribution, `NAME-VERSION/PKG-INFO` in a gzipped tar.
pub(super) fn from_sdist(bytes: impl Read) -> Option<Vec<u8>> {
    file_in_tarball(bytes, "PKG-INFO")
}

/// Returns the metadata of a wheel.
pub(super) fn metadata_of(package: &PackageName, wheel: impl BufRead + Seek) -> Option<Vec<u8>> {
    let mut archive = ZipArchive::open(wheel, MOST_ENTRIES).ok()?;
    let is_metadata = |name: &str| {
        // A wheel's `NAME-VERSION.dist-info` spells both as the file name of a wheel does.
        name.strip_suffix(".dist-info/METADATA")
            .is_some_and(|stem| FileName::parse(package, &format!("{stem}-py3-none-any.whl")).is_some())
    };
    let place = archive.entries().iter().position(|entry| is_metadata(entry.name()))?;
    bounded(archive.body(place).ok()?)
}

/// A wheel on a server. Parts are fetched when they are read.
struct RemoteWheel<F> {
    fetch: F,
    parts: Vec<(u64, Vec<u8>)>,
    total: u64,
    at: u64,
}

impl<F: FnMut(u64, u64) -> io::Result<Vec<u8>>> Read for RemoteWheel<F> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.at >= self.total || buffer.is_empty() {
            return Ok(0);
        }
        let at = self.at;
        let holds = |(start, bytes): &(u64, Vec<u8>)| (*start..start + bytes.len() as u64).contains(&at);
        if !self.parts.iter().any(holds) {
            let next = self.parts.iter().map(|(start, _)| *start).filter(|start| *start > at).min();
            let end = (at + 4 * TAIL).max(at + buffer.len() as u64).min(next.unwrap_or(self.total)).min(self.total);
            let bytes = (self.fetch)(at, end)?;
            self.parts.push((at, bytes));
        }
        let (start, bytes) = self.parts.iter().find(|part| holds(part)).ok_or(io::ErrorKind::UnexpectedEof)?;
        let rest = usize::try_from(at - start).ok().and_then(|from| bytes.get(from..)).unwrap_or_default();
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        self.at += count as u64;
        Ok(count)
    }
}

impl<F> Seek for RemoteWheel<F> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(offset) => self.total.checked_add_signed(offset),
            SeekFrom::Current(offset) => self.at.checked_add_signed(offset),
        };
        self.at = at.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}
