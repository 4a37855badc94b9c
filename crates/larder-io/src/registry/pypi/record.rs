//! The compact form of an index page: versions in ascending order, each with its files.
//!
//! ```text
//! requires-python texts u32, text*, versions u32, (version text, files bytes)*
//! file: name text, url text (without the name, where it ends with it), flags u8, requires-python u32,
//!       uploaded i64, [digest], [digest of the metadata]
//! digest: algorithm u8, bytes
//! ```

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use super::file_name::FileName;
use super::page::{MetadataAdvert, PageFile};
use crate::model::{Algorithm, Digest, PackageName};
use crate::registry::bytes::{ByteReader, ByteWriter};

/// The version of this format.
pub(in crate::registry) const FORMAT: u32 = 0x7079_0001;

const YANKED: u8 = 1;
const METADATA: u8 = 2;
const METADATA_DIGEST: u8 = 4;
const DIGEST: u8 = 8;
const NAMED_URL: u8 = 16;
const NO_PYTHON: u32 = u32::MAX;
const NO_TIME: i64 = i64::MIN;

/// A file in a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::registry) struct FileRecord<'a> {
    pub(in crate::registry) name: &'a str,
    url: &'a str,
    named_url: bool,
    pub(in crate::registry) yanked: bool,
    /// The index of its `Requires-Python` in the record's list.
    pub(in crate::registry) python: Option<u32>,
    /// Milliseconds since 1970.
    pub(in crate::registry) uploaded: Option<i64>,
    digest: Option<(Algorithm, &'a [u8])>,
    advertised: bool,
    metadata_digest: Option<(Algorithm, &'a [u8])>,
}

impl FileRecord<'_> {
    pub(in crate::registry) fn url(&self) -> String {
        if self.named_url { format!("{}{}", self.url, self.name) } else { self.url.to_owned() }
    }

    /// Returns when it was uploaded, if the index tells.
    pub(in crate::registry) fn published(&self) -> Option<jiff::Timestamp> {
        self.uploaded.and_then(|time| jiff::Timestamp::from_millisecond(time).ok())
    }

    pub(in crate::registry) fn digest(&self) -> Option<Digest> {
        self.digest.map(|(algorithm, bytes)| Digest::new(algorithm, bytes))
    }

    pub(in crate::registry) fn metadata(&self) -> MetadataAdvert {
        match self.metadata_digest {
            _ if !self.advertised => MetadataAdvert::No,
            None => MetadataAdvert::Yes,
            Some((algorithm, bytes)) => MetadataAdvert::Hashed(Digest::new(algorithm, bytes)),
        }
    }
}

/// Encodes a page. Files that are neither wheels nor source distributions of the package are left out.
pub(in crate::registry) fn encode(package: &PackageName, files: &[PageFile]) -> Vec<u8> {
    let mut pythons: Vec<&str> = Vec::new();
    let mut places: FxHashMap<&str, u32> = FxHashMap::default();
    let mut versions: BTreeMap<pep440_rs::Version, Vec<&PageFile>> = BTreeMap::new();
    let mut last: Option<(&str, pep440_rs::Version)> = None;
    for file in files {
        let Some(text) = FileName::parse(package, &file.name).map(|name| name.version()) else { continue };
        // On most pages the files of a version are adjacent.
        let version = match &last {
            Some((same, version)) if *same == text => version.clone(),
            _ => match text.parse::<pep440_rs::Version>() {
                Ok(version) => version,
                Err(_) => continue,
            },
        };
        versions.entry(version.clone()).or_default().push(file);
        last = Some((text, version));
    }
    for python in files.iter().filter_map(|file| file.requires_python.as_deref()) {
        places.entry(python).or_insert_with(|| {
            pythons.push(python);
            pythons.len() as u32 - 1
        });
    }
    let mut writer = ByteWriter(Vec::with_capacity(files.len() * 200));
    writer.u32(pythons.len() as u32);
    for text in pythons {
        writer.text(text);
    }
    writer.u32(versions.len() as u32);
    for (version, mut files) in versions {
        files.sort_by(|a, b| a.name.cmp(&b.name));
        files.dedup_by(|a, b| a.name == b.name);
        writer.text(&version.to_string());
        let mut written = ByteWriter::default();
        for file in files {
            write(&mut written, file, &places);
        }
        writer.bytes(&written.0);
    }
    writer.0
}

fn write(writer: &mut ByteWriter, file: &PageFile, places: &FxHashMap<&str, u32>) {
    let folder = file.url.strip_suffix(file.name.as_str());
    let (advertised, hash) = match &file.metadata {
        MetadataAdvert::No => (0, None),
        MetadataAdvert::Yes => (METADATA, None),
        MetadataAdvert::Hashed(digest) => (METADATA | METADATA_DIGEST, Some(digest)),
    };
    let flags =
        [(file.yanked, YANKED), (file.digest.is_some(), DIGEST), (folder.is_some(), NAMED_URL), (true, advertised)];
    writer.text(&file.name);
    writer.text(folder.unwrap_or(&file.url));
    writer.u8(flags.into_iter().filter(|(set, _)| *set).map(|(_, flag)| flag).sum());
    let python = file.requires_python.as_deref().and_then(|text| places.get(text));
    writer.u32(python.copied().unwrap_or(NO_PYTHON));
    writer.i64(file.uploaded.unwrap_or(NO_TIME));
    for digest in file.digest.iter().chain(hash) {
        writer.u8(digest.algorithm() as u8);
        writer.0.extend_from_slice(digest.bytes());
    }
}

/// A version in a record, with the position of its files.
#[derive(Clone, Copy, Debug)]
pub(in crate::registry) struct VersionRecord<'a> {
    pub(in crate::registry) text: &'a str,
    pub(in crate::registry) start: u32,
    pub(in crate::registry) length: u32,
}

/// Decodes the list of versions and the texts of `Requires-Python`. Returns `None` if the record is damaged.
pub(in crate::registry) fn decode(record: &[u8]) -> Option<(Vec<&str>, Vec<VersionRecord<'_>>)> {
    let mut reader = ByteReader(record);
    let count = reader.u32()?;
    let pythons = (0..count).map(|_| reader.text()).collect::<Option<Vec<_>>>()?;
    let count = reader.u32()?;
    let mut versions = Vec::with_capacity((count as usize).min(record.len()));
    for _ in 0..count {
        let text = reader.text()?;
        let length = reader.bytes()?.len();
        let start = record.len() - reader.0.len() - length;
        versions.push(VersionRecord { text, start: start as u32, length: length as u32 });
    }
    reader.0.is_empty().then_some((pythons, versions))
}

/// Decodes the files of a version. Returns `None` if they are damaged.
pub(in crate::registry) fn files(bytes: &[u8]) -> Option<Vec<FileRecord<'_>>> {
    let mut reader = ByteReader(bytes);
    let mut files = Vec::new();
    while !reader.0.is_empty() {
        let (name, url, flags) = (reader.text()?, reader.text()?, reader.u8()?);
        let (python, uploaded) = (reader.u32()?, reader.i64()?);
        let (own, metadata_digest) =
            (digest(&mut reader, flags & DIGEST)?, digest(&mut reader, flags & METADATA_DIGEST)?);
        files.push(FileRecord {
            name,
            url,
            named_url: flags & NAMED_URL != 0,
            yanked: flags & YANKED != 0,
            python: (python != NO_PYTHON).then_some(python),
            uploaded: (uploaded != NO_TIME).then_some(uploaded),
            digest: own,
            advertised: flags & METADATA != 0,
            metadata_digest,
        });
    }
    Some(files)
}

/// Decodes a digest if its flag is set. Returns `None` if it is damaged.
#[expect(clippy::option_option, reason = "outside: whether the record is intact; inside: whether there is a digest")]
fn digest<'a>(reader: &mut ByteReader<'a>, flag: u8) -> Option<Option<(Algorithm, &'a [u8])>> {
    if flag == 0 {
        return Some(None);
    }
    let byte = reader.u8()?;
    let known = [Algorithm::Sha1, Algorithm::Sha256, Algorithm::Sha512];
    let algorithm = known.into_iter().find(|known| *known as u8 == byte)?;
    Some(Some((algorithm, reader.take(algorithm.size())?)))
}
