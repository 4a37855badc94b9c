//! The file of a source: an index by package, and the advisories behind it, which are read only for packages that are asked for.
//!
//! ```text
//! magic, checksum of the header u64, header length u32,
//! header: format u32, fetched i64, advisories u32, unreadable u32, faults u32, text*, content text, etag text, last-modified text, packages u32,
//!         (hash of ecosystem and name u64, start u32, length u32)* in ascending order of the hashes
//! body:   for each package its advisories, and their checksum u64
//! advisory: id text, aliases u32, text*, summary text, severity u8, packages u32,
//!           (severity u8, versions u32, text*, ranges u32, (events u32, (kind u8, text)*)*)*
//! ```
//!
//! A file that cannot be decoded counts as missing: the cache only saves asking.

use std::collections::BTreeMap;
use std::hash::Hasher;
use std::path::Path;

use twox_hash::XxHash3_64;

use super::error::AdvisoryError;
use crate::advisory::{Advisory, AffectedPackage, RangeEvent};
use crate::fs::{self, Durability, FsError, PartialFile};
use crate::model::{AdvisorySeverity, Ecosystem, PackageId};
use crate::registry::bytes::{ByteReader, ByteWriter};

const MAGIC: &[u8; 4] = b"LRDa";
const FORMAT: u32 = 2;
/// The bytes before the header.
const PREFIX: usize = 16;
/// The bytes of an entry of the index.
const ENTRY: usize = 16;
/// If so many packages have advisories, the rest of the file is read at once.
const FEW: usize = 32;

/// A database whose index was read.
#[derive(Debug)]
pub(super) struct Database {
    /// When its source was last asked, in seconds since 1970.
    pub(super) fetched: i64,
    /// The number of advisories.
    pub(super) advisory_count: u32,
    /// The number of records that could not be read.
    pub(super) unreadable: u32,
    /// The first of them, each with the reason.
    pub(super) faults: Vec<String>,
    /// What identifies the content: two with the same are equal.
    pub(super) content: String,
    /// `ETag` of the archive.
    pub(super) etag: Option<String>,
    /// `Last-Modified` of the archive.
    pub(super) last_modified: Option<String>,
    header: Vec<u8>,
    index: usize,
    file: PartialFile,
    body: Option<Vec<u8>>,
    asked: usize,
}

/// What is written as a database.
#[derive(Debug, Default)]
pub(super) struct DatabaseContent {
    pub(super) fetched: i64,
    pub(super) advisory_count: u32,
    pub(super) unreadable: u32,
    pub(super) faults: Vec<String>,
    pub(super) content: String,
    pub(super) etag: Option<String>,
    pub(super) last_modified: Option<String>,
    pub(super) packages: EncodedAdvisories,
}

/// The advisories of packages, encoded, by the hash of the package's name.
#[derive(Debug, Default)]
pub(super) struct EncodedAdvisories(BTreeMap<u64, Vec<u8>>);

impl Database {
    /// Opens a database. Returns `None` if it does not exist or is damaged.
    pub(super) fn open(path: &Path) -> Result<Option<Self>, FsError> {
        let end = |first: &[u8]| prefix(first).map_or(0, |(_, length)| PREFIX + length);
        let Some((file, bytes)) = PartialFile::open(path, end)? else { return Ok(None) };
        Ok(Self::read(file, bytes))
    }

    fn read(file: PartialFile, mut bytes: Vec<u8>) -> Option<Self> {
        let (check, length) = prefix(&bytes)?;
        // Of a small file, all was read.
        bytes.truncate(PREFIX.checked_add(length)?);
        let header = bytes.get(PREFIX..)?;
        if header.len() != length || checksum(header) != check {
            return None;
        }
        let mut reader = ByteReader(header);
        if reader.u32()? != FORMAT {
            return None;
        }
        let (fetched, advisory_count, unreadable) = (reader.i64()?, reader.u32()?, reader.u32()?);
        let faults = texts(&mut reader)?;
        let mut text = || reader.text().map(str::to_owned);
        let (content, etag, last_modified) = (text()?, text()?, text()?);
        let some = |text: String| (!text.is_empty()).then_some(text);
        let count = reader.u32()? as usize;
        if reader.0.len() != count.checked_mul(ENTRY)? {
            return None;
        }
        let index = bytes.len() - reader.0.len();
        let (etag, last_modified) = (some(etag), some(last_modified));
        Some(Self {
            fetched,
            advisory_count,
            unreadable,
            faults,
            content,
            etag,
            last_modified,
            header: bytes,
            index,
            file,
            body: None,
            asked: 0,
        })
    }

    /// Returns the number of packages with advisories.
    pub(super) fn package_count(&self) -> u32 {
        (self.entries().len() / ENTRY) as u32
    }

    /// Returns the advisories about a package. Damaged ones count as missing.
    pub(super) fn advisories(&mut self, package: &PackageId) -> Result<Vec<Advisory>, FsError> {
        let name = package.normal_name();
        let Some((start, length)) = self.find(hash(package.ecosystem, &name)) else { return Ok(Vec::new()) };
        self.asked += 1;
        let begin = self.header.len() as u64;
        if self.asked > FEW && self.body.is_none() {
            self.body = self.file.read(begin, self.file.size().saturating_sub(begin))?;
        }
        let own;
        let bytes = if let Some(body) = &self.body {
            body.get(start as usize..start as usize + length as usize)
        } else {
            own = self.file.read(begin + u64::from(start), u64::from(length))?;
            own.as_deref()
        };
        Ok(bytes.and_then(decode_all).unwrap_or_default())
    }

    /// Returns what is to be written if the source has nothing new.
    pub(super) fn confirmed(&self, fetched: i64) -> Result<Option<DatabaseContent>, FsError> {
        let begin = self.header.len() as u64;
        let Some(body) = self.file.read(begin, self.file.size().saturating_sub(begin))? else { return Ok(None) };
        let entries = self.entries().chunks_exact(ENTRY).filter_map(entry);
        let packages = entries.filter_map(|(hash, start, length)| {
            let blob = body.get(start as usize..start as usize + length as usize)?;
            // Without the checksum, which is computed anew.
            Some((hash, blob.get(..blob.len().checked_sub(8)?)?.to_vec()))
        });
        Ok(Some(DatabaseContent {
            fetched,
            advisory_count: self.advisory_count,
            unreadable: self.unreadable,
            faults: self.faults.clone(),
            content: self.content.clone(),
            etag: self.etag.clone(),
            last_modified: self.last_modified.clone(),
            packages: EncodedAdvisories(packages.collect()),
        }))
    }

    fn entries(&self) -> &[u8] {
        &self.header[self.index..]
    }

    fn find(&self, wanted: u64) -> Option<(u32, u32)> {
        let entries = self.entries();
        let at = |place: usize| entry(entries.get(place * ENTRY..(place + 1) * ENTRY)?);
        let (mut low, mut high) = (0, entries.len() / ENTRY);
        while low < high {
            let middle = usize::midpoint(low, high);
            let (hash, start, length) = at(middle)?;
            match hash.cmp(&wanted) {
                std::cmp::Ordering::Equal => return Some((start, length)),
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
            }
        }
        None
    }
}

impl DatabaseContent {
    /// Replaces the file in one step.
    pub(super) fn write(&self, path: &Path) -> Result<(), FsError> {
        let mut header = ByteWriter(Vec::with_capacity(256 + self.packages.0.len() * ENTRY));
        header.u32(FORMAT);
        header.i64(self.fetched);
        header.u32(self.advisory_count);
        header.u32(self.unreadable);
        header.u32(self.faults.len() as u32);
        self.faults.iter().for_each(|fault| header.text(fault));
        for text in [Some(&self.content), self.etag.as_ref(), self.last_modified.as_ref()] {
            header.text(text.map_or("", String::as_str));
        }
        header.u32(self.packages.0.len() as u32);
        let mut body = Vec::with_capacity(self.packages.0.values().map(|blob| blob.len() + 8).sum());
        for (hash, blob) in &self.packages.0 {
            header.i64(hash.cast_signed());
            header.u32(body.len() as u32);
            header.u32(blob.len() as u32 + 8);
            body.extend_from_slice(blob);
            body.extend_from_slice(&checksum(blob).to_le_bytes());
        }
        let mut prefix = MAGIC.to_vec();
        prefix.extend_from_slice(&checksum(&header.0).to_le_bytes());
        prefix.extend_from_slice(&(header.0.len() as u32).to_le_bytes());
        fs::write_parts_atomic(path, &[&prefix, &header.0, &body], Durability::Lazy)
    }
}

impl EncodedAdvisories {
    /// Adds an advisory to each package that it is about.
    pub(super) fn add(&mut self, advisory: &Advisory) {
        let mut packages: Vec<(Ecosystem, &str)> =
            advisory.affected.iter().map(|affected| (affected.ecosystem, &*affected.name)).collect();
        packages.sort_unstable();
        packages.dedup();
        for (ecosystem, name) in packages {
            encode(advisory, ecosystem, name, self.0.entry(hash(ecosystem, name)).or_default());
        }
    }

    /// Fails if there is more than the index can point at.
    pub(super) fn check_size(&self, origin: &str) -> Result<(), AdvisoryError> {
        let size: usize = self.0.values().map(|blob| blob.len() + 8).sum();
        u32::try_from(size).map(drop).map_err(|_| AdvisoryError::TooLarge { origin: origin.to_owned() })
    }
}

fn encode(advisory: &Advisory, ecosystem: Ecosystem, name: &str, into: &mut Vec<u8>) {
    let mut writer = ByteWriter(std::mem::take(into));
    writer.text(&advisory.id);
    writer.u32(advisory.aliases.len() as u32);
    advisory.aliases.iter().for_each(|alias| writer.text(alias));
    writer.text(&advisory.summary);
    writer.u8(severity_code(advisory.severity));
    let own = || advisory.affected.iter().filter(|affected| affected.ecosystem == ecosystem && affected.name == name);
    writer.u32(own().count() as u32);
    for affected in own() {
        writer.text(ecosystem.as_str());
        writer.text(name);
        writer.u8(severity_code(affected.severity));
        writer.u32(affected.versions.len() as u32);
        affected.versions.iter().for_each(|version| writer.text(version));
        writer.u32(affected.ranges.len() as u32);
        for events in &affected.ranges {
            writer.u32(events.len() as u32);
            for event in events {
                let (kind, text) = match event {
                    RangeEvent::Introduced(text) => (0, text),
                    RangeEvent::Fixed(text) => (1, text),
                    RangeEvent::LastAffected(text) => (2, text),
                    RangeEvent::Limit(text) => (3, text),
                };
                writer.u8(kind);
                writer.text(text);
            }
        }
    }
    *into = writer.0;
}

/// Decodes the advisories of a package, which their checksum follows.
fn decode_all(blob: &[u8]) -> Option<Vec<Advisory>> {
    let (content, check) = blob.split_last_chunk::<8>()?;
    if checksum(content) != u64::from_le_bytes(*check) {
        return None;
    }
    let mut reader = ByteReader(content);
    let mut advisories = Vec::new();
    while !reader.0.is_empty() {
        advisories.push(decode(&mut reader)?);
    }
    Some(advisories)
}

fn decode(reader: &mut ByteReader<'_>) -> Option<Advisory> {
    let id = reader.text()?.to_owned();
    let aliases = texts(reader)?;
    let summary = reader.text()?.to_owned();
    let severity = severity_of(reader.u8()?);
    let mut affected = Vec::new();
    for _ in 0..reader.u32()? {
        let (ecosystem, name) = (reader.text()?.parse().ok()?, reader.text()?.to_owned());
        let (severity, versions) = (severity_of(reader.u8()?), texts(reader)?);
        let mut ranges = Vec::new();
        for _ in 0..reader.u32()? {
            let mut events = Vec::new();
            for _ in 0..reader.u32()? {
                let (kind, text) = (reader.u8()?, reader.text()?.to_owned());
                events.push(match kind {
                    0 => RangeEvent::Introduced(text),
                    1 => RangeEvent::Fixed(text),
                    2 => RangeEvent::LastAffected(text),
                    3 => RangeEvent::Limit(text),
                    _ => return None,
                });
            }
            ranges.push(events);
        }
        affected.push(AffectedPackage { ecosystem, name, severity, versions, ranges });
    }
    Some(Advisory { id, aliases, summary, severity, affected })
}

fn texts(reader: &mut ByteReader<'_>) -> Option<Vec<String>> {
    (0..reader.u32()?).map(|_| reader.text().map(str::to_owned)).collect()
}

fn severity_code(severity: Option<AdvisorySeverity>) -> u8 {
    severity.map_or(0, |severity| severity as u8 + 1)
}

fn severity_of(code: u8) -> Option<AdvisorySeverity> {
    AdvisorySeverity::ALL.get(usize::from(code.checked_sub(1)?)).copied()
}

fn prefix(bytes: &[u8]) -> Option<(u64, usize)> {
    let mut reader = ByteReader(bytes);
    if reader.take(MAGIC.len())? != MAGIC {
        return None;
    }
    Some((reader.i64()?.cast_unsigned(), reader.u32()? as usize))
}

/// Reads an entry of the index: hash, start, length.
fn entry(bytes: &[u8]) -> Option<(u64, u32, u32)> {
    let mut reader = ByteReader(bytes);
    Some((reader.i64()?.cast_unsigned(), reader.u32()?, reader.u32()?))
}

/// Two packages with one hash share their advisories, which name the package themselves.
fn hash(ecosystem: Ecosystem, name: &str) -> u64 {
    let mut hasher = XxHash3_64::new();
    hasher.write(ecosystem.as_str().as_bytes());
    hasher.write(b"\0");
    hasher.write(name.as_bytes());
    hasher.finish()
}

/// Returns a checksum that detects damage of the disk. It is no defence against tampering.
fn checksum(bytes: &[u8]) -> u64 {
    XxHash3_64::oneshot(bytes)
}
