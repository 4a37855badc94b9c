//! Python wheels: a zip with a RECORD of its files.

use std::io::{self, BufRead, Read, Seek};

use rustc_hash::FxHashMap;

use super::links::{self, SymbolicLink};
use super::record::{Record, RecordLine};
use super::refusal::fault_of;
use super::spool::ArchiveSource;
use super::zip::{Buffers, EntryReader, ZipArchive, ZipEntry};
use super::{
    ArchiveFault, ArchiveRefusal, EntryNames, EntryPath, Limits, NameStatus, Spool, Staging, UnpackBudget, UnpackError,
    WriteError, entry_path,
};
use crate::fetch::hashing::{HashedReader, Hasher};
use crate::fetch::memory::Memory;
use crate::fs::Demand;
use crate::model::{CoreMetadata, PackageKey};

/// RECORD and METADATA are read whole.
const LARGEST_TEXT: u64 = 62 << 20;

/// Unpacks a wheel of a package and checks it against its RECORD and its METADATA.
pub(in crate::fetch) fn unpack_wheel(
    spool: Spool<'_>,
    package: &PackageKey,
    memory: &Memory,
    staging: &mut Staging<'_>,
    limits: Limits,
) -> Result<(), UnpackError> {
    in_zip(spool, staging, limits, |archive, staging| files(archive, package, memory, staging, limits))
}

/// Opens a zip, holds its entries to the limits, and unpacks it. Where the disk is full, all that it needs is told.
pub(super) fn in_zip(
    spool: Spool<'_>,
    staging: &mut Staging<'_>,
    limits: Limits,
    unpack: impl FnOnce(&mut ZipArchive<Box<dyn ArchiveSource + '_>>, &mut Staging<'_>) -> Result<(), UnpackError>,
) -> Result<(), UnpackError> {
    let scratch = spool.size_on_disk();
    let mut archive = ZipArchive::open(spool.reader(), limits.entries)?;
    let mut budget = UnpackBudget::new(limits);
    for entry in archive.entries() {
        budget.admit(entry.name(), entry.size(), archive.length())?;
    }
    unpack(&mut archive, staging).map_err(|problem| match problem {
        UnpackError::Fs(error) if error.is_disk_full() => {
            let sizes = archive.entries().iter().map(ZipEntry::size);
            UnpackError::Fs(error.needing(Demand::on(staging.place()).files(sizes.chain(scratch))))
        }
        other => other,
    })
}

fn files(
    archive: &mut ZipArchive<impl BufRead + Seek>,
    package: &PackageKey,
    memory: &Memory,
    staging: &mut Staging<'_>,
    limits: Limits,
) -> Result<(), UnpackError> {
    let (path, text) = read_record(archive, package, limits)?;
    let mut record = Record::parse(&path, &text)?;
    unpack_entries(archive, (ZipRoot::Archive, Some(&mut record)), memory, staging, limits)?;
    Ok(record.finish()?)
}

/// What of a zip becomes the tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::fetch) enum ZipRoot {
    /// All of it.
    Archive,
    /// What its first folder holds, whatever that is called. What lies beside it is left out, as in tarballs.
    FirstFolder,
}

impl ZipRoot {
    /// Returns the part of an entry's name that is below the root. Returns `None` for the root itself, and for what lies beside it.
    fn below(self, name: &str) -> Option<&str> {
        match self {
            Self::Archive => Some(name),
            Self::FirstFolder => name.split_once('/').map(|(_, below)| below).filter(|below| !below.is_empty()),
        }
    }
}

/// Unpacks the entries of a zip, and checks each against its line of RECORD if there is one.
pub(super) fn unpack_entries(
    archive: &mut ZipArchive<impl BufRead + Seek>,
    (root, mut record): (ZipRoot, Option<&mut Record<'_>>),
    memory: &Memory,
    staging: &mut Staging<'_>,
    limits: Limits,
) -> Result<(), UnpackError> {
    let mut names = EntryNames::new(limits.folds);
    let mut buffers = Buffers::new(memory);
    let last = last_of_each(archive.entries())?;
    let mut links = Vec::new();
    for at in 0..archive.entries().len() {
        let mut body = archive.body(at)?;
        let entry = body.entry();
        // The whole name is checked: a folder that is left out leads nowhere either.
        let whole = entry_path(entry.name())?;
        let Some(below) = root.below(entry.name()) else { continue };
        let path = if root == ZipRoot::Archive { whole } else { entry_path(below)? };
        let refuse = |fault| Err(ArchiveRefusal::entry(entry.name(), fault).into());
        // A type of 0 is no type: archives made elsewhere than on Unix.
        let kind = entry.mode() & 0o170_000;
        if entry.name().ends_with('/') {
            if !matches!(kind, 0 | 0o040_000 | 0o100_000) || entry.size() != 0 {
                return refuse(ArchiveFault::Special);
            }
            expect_end(&mut body).map_err(|error| ArchiveRefusal::entry(entry.name(), fault_of(&error)))?;
            names.folder(path.as_str())?;
            continue;
        }
        if !matches!(kind, 0 | 0o100_000 | LINK) {
            return refuse(ArchiveFault::Special);
        }
        if last.get(entry.name()).is_some_and(|last| *last != at) {
            // A replaced entry is not unpacked, but is checked like all others.
            io::copy(&mut body, &mut io::sink())
                .map_err(|error| ArchiveRefusal::entry(entry.name(), fault_of(&error)))?;
            continue;
        }
        if names.file(&path, staging.entries().len() + links.len())? != NameStatus::New {
            return refuse(ArchiveFault::Duplicate);
        }
        let line = record.as_mut().map_or(Ok(None), |record| record.take(path.as_str()))?;
        if kind == LINK {
            links.push(SymbolicLink::read(&mut body, path, line)?);
            continue;
        }
        let written = write(&mut body, &path, line, staging, &mut buffers);
        written.map_err(|problem| match problem {
            UnpackError::Fs(error) => names.refusal(&path, &error).map_or(UnpackError::Fs(error), UnpackError::from),
            refused @ UnpackError::Refused(_) => refused,
        })?;
    }
    links::follow(links, staging, limits, archive.length())?;
    staging.note_twins(names.has_twins());
    Ok(())
}

/// The type of a symbolic link.
const LINK: u32 = 0o120_000;

/// Returns, for each name that several entries have, the one that counts: the last. It must be the last in the directory and
/// in the archive, as readers differ in which order they follow.
fn last_of_each(entries: &[ZipEntry]) -> Result<FxHashMap<String, usize>, ArchiveRefusal> {
    let mut all: FxHashMap<&str, usize> = FxHashMap::default();
    let mut last: FxHashMap<String, usize> = FxHashMap::default();
    for (at, entry) in entries.iter().enumerate().filter(|(_, entry)| !entry.name().ends_with('/')) {
        let Some(before) = all.insert(entry.name(), at) else { continue };
        if entries[before].listed() > entry.listed() || entries[before].offset() == entry.offset() {
            return Err(ArchiveRefusal::entry(entry.name(), ArchiveFault::Duplicate));
        }
        last.insert(entry.name().to_owned(), at);
    }
    Ok(last)
}

fn write(
    body: &mut EntryReader<'_, impl BufRead + Seek>,
    path: &EntryPath,
    line: Option<RecordLine>,
    staging: &mut Staging<'_>,
    buffers: &mut Buffers<'_>,
) -> Result<(), UnpackError> {
    let executable = body.entry().mode() & 0o111 != 0;
    let size = body.entry().size();
    let refuse = |error: &io::Error| UnpackError::from(ArchiveRefusal::entry(path.as_str(), fault_of(error)));
    let mut hasher = line.as_ref().map(RecordLine::hasher);
    if let Some(content) = body.read_at_once(buffers).map_err(|error| refuse(&error))? {
        if let Some(hasher) = &mut hasher {
            hasher.update(content);
        }
        check(path, line, hasher, size)?;
        return Ok(staging.write(path, executable, content)?);
    }
    let mut source = HashedReader { source: body, hasher: &mut hasher };
    match staging.stream(path, executable, &mut source) {
        Ok(_) => {}
        Err(WriteError::Source(error)) => return Err(refuse(&error)),
        Err(WriteError::Fs(error)) => return Err(error.into()),
    }
    Ok(check(path, line, hasher, size)?)
}

fn check(path: &EntryPath, line: Option<RecordLine>, hasher: Option<Hasher>, size: u64) -> Result<(), ArchiveRefusal> {
    match (line, hasher) {
        (Some(line), Some(hasher)) => line.check(path.as_str(), hasher, size),
        _ => Ok(()),
    }
}

/// Expects the end, at which the checksum is compared.
fn expect_end(file: &mut dyn Read) -> io::Result<()> {
    match file.read(&mut [0])? {
        0 => Ok(()),
        _ => Err(io::Error::new(io::ErrorKind::InvalidData, "it is longer than its header says")),
    }
}

/// Finds RECORD in the one `.dist-info` folder and checks WHEEL and METADATA beside it. Returns its path and its text.
fn read_record(
    archive: &mut ZipArchive<impl BufRead + Seek>,
    package: &PackageKey,
    limits: Limits,
) -> Result<(String, String), UnpackError> {
    let info_of = |name: &str| name.strip_suffix(".dist-info/RECORD").is_some_and(|rest| !rest.contains('/'));
    let names = || archive.entries().iter().map(ZipEntry::name).enumerate();
    let mut records = names().filter(|(_, name)| info_of(name));
    let (Some((at, path)), None) = (records.next(), records.next()) else {
        return Err(ArchiveRefusal::Archive(ArchiveFault::NoRecord).into());
    };
    let (path, folder) = (path.to_owned(), path.trim_end_matches("RECORD"));
    // Of two of one name the last counts.
    let beside = |file| names().rfind(|(_, name)| name.strip_prefix(folder) == Some(file)).map(|(at, _)| at);
    let metadata = beside("METADATA").ok_or(ArchiveRefusal::Archive(ArchiveFault::NoMetadata))?;
    let about = beside("WHEEL").ok_or(ArchiveRefusal::Archive(ArchiveFault::NoWheelVersion))?;
    check_version(&read_text(archive, about, limits)?)?;
    check_metadata(&read_text(archive, metadata, limits)?, package)
        .map_err(|fault| ArchiveRefusal::entry(archive.entries()[metadata].name(), fault))?;
    let text = read_text(archive, at, limits)?;
    let text = String::from_utf8(text).map_err(|_| ArchiveRefusal::entry(&path, ArchiveFault::NotUnicode))?;
    Ok((path, text))
}

/// Checks the version of the wheel format: another major version may be unpacked differently.
fn check_version(about: &[u8]) -> Result<(), ArchiveRefusal> {
    let text = String::from_utf8_lossy(about);
    let headers = text.lines().take_while(|line| !line.trim().is_empty()).filter_map(|line| line.split_once(':'));
    let mut versions = headers.filter(|(name, _)| name.trim().eq_ignore_ascii_case("Wheel-Version"));
    let version = versions.next().map(|(_, version)| version.trim());
    let major = version.and_then(|version| version.split('.').next()?.parse::<u32>().ok());
    match (version, major) {
        (Some(version), Some(major)) if major > 1 => {
            Err(ArchiveRefusal::Archive(ArchiveFault::NewerWheel(version.to_owned())))
        }
        (Some(_), Some(_)) => Ok(()),
        _ => Err(ArchiveRefusal::Archive(ArchiveFault::NoWheelVersion)),
    }
}

fn read_text(
    archive: &mut ZipArchive<impl BufRead + Seek>,
    at: usize,
    limits: Limits,
) -> Result<Vec<u8>, ArchiveRefusal> {
    let mut body = archive.body(at)?;
    let entry = body.entry();
    let most = limits.file.min(LARGEST_TEXT);
    if entry.size() > most {
        return Err(ArchiveRefusal::entry(entry.name(), ArchiveFault::TooLarge(most)));
    }
    let mut text = Vec::with_capacity(entry.size() as usize);
    body.read_to_end(&mut text).map_err(|error| ArchiveRefusal::entry(entry.name(), fault_of(&error)))?;
    Ok(text)
}

/// Compares METADATA with the package: the name of the file and the registry may be wrong.
pub(in crate::fetch) fn check_metadata(bytes: &[u8], package: &PackageKey) -> Result<(), ArchiveFault> {
    let metadata = CoreMetadata::parse(bytes).map_err(ArchiveFault::BadMetadata)?;
    if !package.id.ecosystem.has_markers() || metadata.is_of_package(package) {
        return Ok(());
    }
    Err(ArchiveFault::OtherPackage(format!("`{}` {}", metadata.name.escape_debug(), metadata.version.escape_debug())))
}
