//! Tarballs: a gzipped tar whose first folder, whatever its name, is the package or the runtime.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::io::{self, BufReader, Cursor, Read, Seek, SeekFrom};
use std::path::Path;

use libdeflater::Decompressor;
use tar::{Archive, Entries, Entry, EntryType};

use super::links::{self, SymbolicLink};
use super::refusal::fault_of;
use super::{
    ArchiveFault, ArchiveRefusal, EntryNames, EntryPath, Limits, NameStatus, SMALL, Staging, UnpackBudget, UnpackError,
    WriteError, entry_path, read_exactly,
};
use crate::fetch::gunzip::{Gunzip, inflate_at_once, length_at_end};
use crate::fetch::hashing::HashingReader;
use crate::fetch::memory::{Buffer, Memory};
use crate::fs::{Demand, FsError};
use crate::model::PathError;
use crate::store::TreeLink;

/// Tarballs that arrived whole are inflated at once, if they inflate to no more than this.
const AT_ONCE: usize = 8 << 20;

/// Unpacks a tarball, as it arrives where it is large; `packed` tells how many bytes of it did.
///
/// As npm does, it drops what lies beside the first folder, and links that stay inside the package. Of two files of one
/// name the last counts.
pub(in crate::fetch) fn unpack_tarball(
    source: &mut HashingReader<'_>,
    packed: &Cell<u64>,
    memory: &Memory,
    staging: &mut Staging<'_>,
    limits: Limits,
) -> Result<(), UnpackError> {
    unpack(source, packed, memory, (staging, limits), LinkUse::Dropped)
}

/// Unpacks a runtime like [`unpack_tarball`], and keeps its links; a hard link becomes a symbolic one. Byte-code of Python is
/// dropped: it holds for the times of the files beside it, and Python makes it anew.
pub(in crate::fetch) fn unpack_runtime(
    source: &mut HashingReader<'_>,
    packed: &Cell<u64>,
    memory: &Memory,
    staging: &mut Staging<'_>,
    limits: Limits,
) -> Result<(), UnpackError> {
    unpack(source, packed, memory, (staging, limits), LinkUse::Kept(BTreeMap::new()))
}

/// Unpacks a tar as it is: with its first folders, and with copies in the place of its links.
pub(super) fn unpack_tar(
    inflated: impl Read,
    packed: &Cell<u64>,
    memory: &Memory,
    staging: &mut Staging<'_>,
    limits: Limits,
) -> Result<(), UnpackError> {
    let mut archive = Archive::new(inflated);
    let mut unpacker = Unpacker::new(staging, memory, limits, LinkUse::Copied(Vec::new()), None);
    let read = archive.entries().map_err(|error| whole_archive(&error));
    let read = read.and_then(|entries| unpacker.entries(entries, packed));
    unpacker.finish(read, archive.into_inner())
}

/// What becomes of an archive's links.
enum LinkUse {
    /// Those that stay inside are dropped.
    Dropped,
    /// They are kept: these, by path.
    Kept(BTreeMap<EntryPath, TreeLink>),
    /// They are replaced by copies of their targets: these.
    Copied(Vec<SymbolicLink>),
}

fn unpack(
    source: &mut HashingReader<'_>,
    packed: &Cell<u64>,
    memory: &Memory,
    (staging, limits): (&mut Staging<'_>, Limits),
    links: LinkUse,
) -> Result<(), UnpackError> {
    if let Some(whole) = source.whole()
        && let Some(length) = length_at_end(whole).filter(|length| *length <= AT_ONCE)
    {
        let mut buffer = memory.buffer();
        let inflated = buffer.sized(length);
        if inflate_at_once(&mut Decompressor::new(), whole, inflated) {
            let mut unpacker = Unpacker::new(staging, memory, limits, links, Some(inflated));
            let mut archive = Archive::new(AtHand(Cursor::new(inflated)));
            let read = archive.entries_with_seek().map_err(|error| whole_archive(&error));
            let read = read.and_then(|entries| unpacker.entries(entries, packed));
            return unpacker.finish(read, archive.into_inner());
        }
    }
    // Inflating in large pieces takes half the time of inflating header by header and file by file.
    let mut archive = Archive::new(BufReader::with_capacity(1 << 17, Gunzip::new(source)));
    let mut unpacker = Unpacker::new(staging, memory, limits, links, None);
    let read = archive.entries().map_err(|error| whole_archive(&error));
    let read = read.and_then(|entries| unpacker.entries(entries, packed));
    unpacker.finish(read, archive.into_inner())
}

/// Returns the disk space of a tarball's files, as far as it can be read. Its faults are reported once there is space for it.
pub(in crate::fetch) fn count_tarball(source: impl Read, mut demand: Demand, limits: Limits) -> Demand {
    let inflated = Gunzip::new(BufReader::with_capacity(1 << 16, source));
    let mut archive = Archive::new(BufReader::with_capacity(1 << 16, inflated));
    let mut budget = UnpackBudget::new(limits);
    for entry in archive.entries().into_iter().flat_map(|entries| entries.raw(true)) {
        let Ok(entry) = entry else { break };
        if budget.admit("", entry.size(), u64::MAX).is_err() {
            break;
        }
        if matches!(entry.header().entry_type(), EntryType::Regular | EntryType::Continuous) {
            demand = demand.file(entry.size());
        }
    }
    demand
}

/// Reads what follows the last entry, which must be padding.
fn expect_padding(mut rest: impl Read) -> Result<(), UnpackError> {
    /// Tools pad to a few KiB.
    const PADDING: usize = 16 << 20;

    let mut buffer = [0; 1 << 13];
    let mut padding = 0;
    loop {
        match rest.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(count) if padding + count > PADDING => {
                return Err(ArchiveRefusal::Archive(ArchiveFault::StrayData).into());
            }
            Ok(count) if buffer[..count].iter().all(|byte| *byte == 0) => padding += count,
            Ok(_) => return Err(ArchiveRefusal::Archive(ArchiveFault::StrayData).into()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(whole_archive(&error)),
        }
    }
}

struct Unpacker<'a, 's> {
    staging: &'a mut Staging<'s>,
    budget: UnpackBudget,
    names: EntryNames,
    links: LinkUse,
    /// The extended headers of the next entry.
    extension: ExtendedHeader,
    /// The first folder of the last entry, which was checked.
    top: String,
    /// The inflated archive, if it was inflated at once.
    inflated: Option<&'a [u8]>,
    buffer: Buffer<'a>,
    /// Set once the disk is full: the remaining entries are only counted, to report the space that they need.
    full: Option<(FsError, Demand)>,
}

/// What pax and GNU headers state of the entry after them.
#[derive(Default)]
struct ExtendedHeader {
    path: Option<Vec<u8>>,
    link: Option<Vec<u8>>,
    size: Option<u64>,
    sparse: bool,
}

impl<'a, 's> Unpacker<'a, 's> {
    fn new(
        staging: &'a mut Staging<'s>,
        memory: &'a Memory,
        limits: Limits,
        links: LinkUse,
        inflated: Option<&'a [u8]>,
    ) -> Self {
        Self {
            staging,
            budget: UnpackBudget::new(limits),
            names: EntryNames::new(limits.folds),
            links,
            extension: ExtendedHeader::default(),
            top: String::new(),
            inflated,
            buffer: memory.buffer(),
            full: None,
        }
    }

    fn entries(&mut self, entries: Entries<'_, impl Read>, packed: &Cell<u64>) -> Result<(), UnpackError> {
        for entry in entries.raw(true) {
            self.entry(entry.map_err(|error| whole_archive(&error))?, packed.get())?;
        }
        Ok(())
    }

    /// Checks what follows the last entry, and returns the result.
    fn finish(mut self, read: Result<(), UnpackError>, rest: impl Read) -> Result<(), UnpackError> {
        match self.full {
            // Other faults of the archive are reported once there is space for it.
            Some((full, demand)) => Err(full.needing(demand).into()),
            None => read.and_then(|()| expect_padding(rest)).and_then(|()| self.write_links()).and_then(|()| {
                self.staging.note_twins(self.names.has_twins());
                if self.staging.entries().is_empty() {
                    Err(ArchiveRefusal::Archive(ArchiveFault::NoFiles).into())
                } else {
                    Ok(())
                }
            }),
        }
    }

    fn entry(&mut self, mut entry: Entry<'_, impl Read>, packed: u64) -> Result<(), UnpackError> {
        let kind = entry.header().entry_type();
        let own_name = entry.header().path_bytes().into_owned();
        self.budget.admit(&String::from_utf8_lossy(&own_name), entry.size(), packed)?;
        match kind {
            EntryType::XHeader => return self.read_pax(&mut entry),
            EntryType::GNULongName => {
                self.extension.path = Some(self.read_long(&mut entry)?);
                return Ok(());
            }
            EntryType::GNULongLink => {
                self.extension.link = Some(self.read_long(&mut entry)?);
                return Ok(());
            }
            EntryType::XGlobalHeader => return Ok(()),
            _ => {}
        }
        let extension = std::mem::take(&mut self.extension);
        let name = String::from_utf8(extension.path.unwrap_or(own_name)).map_err(|error| {
            ArchiveRefusal::entry(&String::from_utf8_lossy(error.as_bytes()), ArchiveFault::NotUnicode)
        })?;
        let refuse = |fault| Err(ArchiveRefusal::entry(&name, fault).into());
        if extension.sparse {
            return refuse(ArchiveFault::Special);
        }
        if extension.size.is_some_and(|size| size != entry.size()) {
            return refuse(ArchiveFault::Damaged("its headers give two sizes".to_owned()));
        }
        let Some(path) = self.inside(&name)? else { return Ok(()) };
        match kind {
            EntryType::Directory => Ok(self.names.folder(path.as_str())?),
            EntryType::Regular if name.ends_with('/') => Ok(self.names.folder(path.as_str())?),
            EntryType::Regular | EntryType::Continuous => self.file(&name, &path, &mut entry),
            EntryType::Symlink | EntryType::Link => {
                let target = extension.link.or_else(|| entry.header().link_name_bytes().map(Into::into));
                let target = String::from_utf8_lossy(&target.unwrap_or_default()).into_owned();
                match &mut self.links {
                    LinkUse::Kept(links) => match kept_link(kind, path, &target) {
                        Some(link) => drop(links.insert(link.path().clone(), link)),
                        None => return refuse(ArchiveFault::LinkOut(target)),
                    },
                    LinkUse::Copied(links) => {
                        if self.names.file(&path, usize::MAX)? != NameStatus::New {
                            return refuse(ArchiveFault::Duplicate);
                        }
                        links.push(SymbolicLink::new(path.clone(), link_text(kind, &path, target))?);
                    }
                    LinkUse::Dropped if kind == EntryType::Link && names_a_file(&target) => {}
                    LinkUse::Dropped if kind == EntryType::Symlink && stays_inside(&path, &target) => {}
                    LinkUse::Dropped => return refuse(ArchiveFault::LinkOut(target)),
                }
                Ok(())
            }
            _ => refuse(ArchiveFault::Special),
        }
    }

    fn file(&mut self, name: &str, path: &EntryPath, entry: &mut Entry<'_, impl Read>) -> Result<(), UnpackError> {
        let executable = entry.header().mode().map_err(|error| whole_archive(&error))? & 0o111 != 0;
        let read = |error: &io::Error| UnpackError::from(ArchiveRefusal::entry(name, fault_of(error)));
        let size = entry.size();
        if let Some((_, demand)) = &mut self.full {
            *demand = demand.file(size);
            return Ok(());
        }
        if matches!(self.links, LinkUse::Kept(_)) {
            if TreeLink::is_list(path.as_str()) {
                return Err(ArchiveRefusal::entry(name, ArchiveFault::Reserved).into());
            }
            if is_bytecode(path.as_str()) {
                return Ok(());
            }
        }
        if let NameStatus::File(at) = self.names.file(path, self.staging.entries().len())? {
            self.staging.replace(at)?;
        }
        if let Some(inflated) = self.inflated {
            let content =
                content(inflated, entry).ok_or_else(|| ArchiveRefusal::entry(name, ArchiveFault::Truncated))?;
            let written = self.staging.write(path, executable, content);
            return written.or_else(|error| self.goes_on(path, error, size));
        }
        if size <= SMALL {
            read_exactly(entry, size, &mut self.buffer).map_err(|error| read(&error))?;
            let written = self.staging.write(path, executable, &self.buffer);
            return written.or_else(|error| self.goes_on(path, error, size));
        }
        match self.staging.stream(path, executable, entry) {
            Ok(written) if written == size => Ok(()),
            Ok(_) => Err(ArchiveRefusal::entry(name, ArchiveFault::Truncated).into()),
            Err(WriteError::Source(error)) => Err(read(&error)),
            Err(WriteError::Fs(error)) => self.goes_on(path, error, size),
        }
    }

    /// Writes the list of the links that are kept, none of which may have the name of a file or a folder; or copies of targets.
    fn write_links(&mut self) -> Result<(), UnpackError> {
        let links = match &mut self.links {
            LinkUse::Dropped => return Ok(()),
            LinkUse::Copied(links) => {
                return links::follow(std::mem::take(links), self.staging, self.budget.limits, u64::MAX);
            }
            LinkUse::Kept(links) => links,
        };
        let links: Vec<TreeLink> = links.values().cloned().collect();
        for link in &links {
            if self.names.file(link.path(), usize::MAX)? != NameStatus::New {
                return Err(ArchiveRefusal::entry(link.path().as_str(), ArchiveFault::Duplicate).into());
            }
        }
        match TreeLink::list() {
            Some(list) if !links.is_empty() => {
                Ok(self.staging.write(&list, false, TreeLink::encode(&links).as_bytes())?)
            }
            _ => Ok(()),
        }
    }

    /// Handles an error of writing: if the disk is full, the rest of the archive is only counted.
    fn goes_on(&mut self, path: &EntryPath, error: FsError, size: u64) -> Result<(), UnpackError> {
        if !error.is_disk_full() {
            return Err(self.names.refusal(path, &error).map_or_else(|| error.into(), UnpackError::from));
        }
        self.full = Some((error, self.staging.demand().file(size)));
        Ok(())
    }

    /// Returns the path of an entry below the first folder, which a tool keeps. Returns `None` for that folder itself.
    fn inside(&mut self, name: &str) -> Result<Option<EntryPath>, ArchiveRefusal> {
        if matches!(self.links, LinkUse::Copied(_)) {
            return match EntryPath::parse(name) {
                Ok(path) => Ok(Some(path)),
                Err(PathError::Empty) => Ok(None),
                Err(error) => Err(ArchiveRefusal::entry(name, ArchiveFault::Path(error))),
            };
        }
        let (top, rest) = name.split_once('/').unwrap_or((name, ""));
        if top.is_empty() {
            return Err(ArchiveRefusal::entry(name, ArchiveFault::Path(PathError::Absolute)));
        }
        if top != self.top {
            if top != "." {
                EntryPath::parse(top).map_err(|error| ArchiveRefusal::entry(name, ArchiveFault::Path(error)))?;
            }
            top.clone_into(&mut self.top);
        }
        match EntryPath::parse(rest.trim_start_matches('/')) {
            Ok(path) => Ok(Some(path)),
            Err(PathError::Empty) => Ok(None),
            Err(error) => Err(ArchiveRefusal::entry(name, ArchiveFault::Path(error))),
        }
    }

    fn read_long(&mut self, entry: &mut Entry<'_, impl Read>) -> Result<Vec<u8>, UnpackError> {
        self.read_header(entry)?;
        let end = self.buffer.iter().position(|byte| *byte == 0).unwrap_or(self.buffer.len());
        Ok(self.buffer[..end].to_vec())
    }

    fn read_pax(&mut self, entry: &mut Entry<'_, impl Read>) -> Result<(), UnpackError> {
        self.read_header(entry)?;
        let mut rest = &**self.buffer;
        while !rest.is_empty() {
            let Some((key, value, after)) = pax_record(rest) else {
                return Err(
                    ArchiveRefusal::Archive(ArchiveFault::Damaged("a pax header cannot be read".to_owned())).into()
                );
            };
            rest = after;
            match key {
                b"path" => self.extension.path = Some(value.to_vec()),
                b"linkpath" => self.extension.link = Some(value.to_vec()),
                // What is not a number differs from every size.
                b"size" => {
                    let size = std::str::from_utf8(value).ok().and_then(|text| text.parse().ok());
                    self.extension.size = Some(size.unwrap_or(u64::MAX));
                }
                key => self.extension.sparse |= key.starts_with(b"GNU.sparse."),
            }
        }
        Ok(())
    }

    fn read_header(&mut self, entry: &mut Entry<'_, impl Read>) -> Result<(), UnpackError> {
        let size = entry.size();
        if size > SMALL {
            return Err(
                ArchiveRefusal::Archive(ArchiveFault::Damaged("a header has more than 1 MiB".to_owned())).into()
            );
        }
        read_exactly(entry, size, &mut self.buffer).map_err(|error| whole_archive(&error))
    }
}

/// Returns an entry's content out of the archive.
fn content<'i>(inflated: &'i [u8], entry: &Entry<'_, impl Read>) -> Option<&'i [u8]> {
    let start = usize::try_from(entry.raw_file_position()).ok()?;
    inflated.get(start..start.checked_add(usize::try_from(entry.size()).ok()?)?)
}

/// A tar in memory. Skipping beyond its end is an error, as it is in one that is streamed.
struct AtHand<'i>(Cursor<&'i [u8]>);

impl Read for AtHand<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl Seek for AtHand<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let place = self.0.seek(to)?;
        if place <= self.0.get_ref().len() as u64 {
            Ok(place)
        } else {
            Err(io::Error::other("unexpected EOF during skip"))
        }
    }
}

/// Splits `LENGTH KEY=VALUE\n` off, where the length covers all of it.
fn pax_record(bytes: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let space = bytes.iter().take(20).position(|byte| *byte == b' ')?;
    let length: usize = std::str::from_utf8(&bytes[..space]).ok()?.parse().ok()?;
    let (record, after) = bytes.split_at_checked(length)?;
    let record = record.get(space + 1..)?.strip_suffix(b"\n")?;
    let equals = record.iter().position(|byte| *byte == b'=')?;
    Some((&record[..equals], &record[equals + 1..], after))
}

/// Returns whether a symbolic link at `path` with this text stays inside the package.
fn stays_inside(path: &EntryPath, target: &str) -> bool {
    if target.starts_with('/') {
        return false;
    }
    let mut depth = path.as_str().split('/').count() - 1;
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." if depth == 0 => return false,
            ".." => depth -= 1,
            _ => depth += 1,
        }
    }
    true
}

/// Returns what a link says, relative to its own folder. A hard link names a path of the archive.
fn link_text(kind: EntryType, path: &EntryPath, target: String) -> String {
    if kind == EntryType::Symlink {
        return target;
    }
    let up = "../".repeat(path.as_str().matches('/').count());
    format!("{up}{}", target.trim_start_matches("./"))
}

/// Returns the link that is kept of an entry. Returns `None` if it leaves the archive, or might.
fn kept_link(kind: EntryType, path: EntryPath, target: &str) -> Option<TreeLink> {
    if kind == EntryType::Symlink {
        return TreeLink::new(path, target);
    }
    // A hard link names the entry that it is another name of, by its path in the archive.
    let (_, inside) = target.split_once('/')?;
    TreeLink::to_entry(path, &entry_path(inside).ok()?)
}

fn is_bytecode(path: &str) -> bool {
    let (folder, file) = path.rsplit_once('/').unwrap_or(("", path));
    folder.ends_with("__pycache__") && Path::new(file).extension().is_some_and(|extension| extension == "pyc")
}

/// Returns whether a hard link's target may be the name of an entry.
fn names_a_file(target: &str) -> bool {
    entry_path(target).is_ok()
}

fn whole_archive(error: &io::Error) -> UnpackError {
    ArchiveRefusal::Archive(fault_of(error)).into()
}
