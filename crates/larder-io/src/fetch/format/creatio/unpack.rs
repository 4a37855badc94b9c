//! Archives of Creatio packages: read record by record, within bounds.

use std::cell::Cell;
use std::io::{self, BufRead, BufReader, Read};

use crate::creatio::{
    APP_DESCRIPTOR, Application, ArchiveRecord, Descriptor, MAX_FILE, MAX_FILES, MAX_SIZE, RecordFault, RecordReader,
    is_descriptor,
};
use crate::fetch::gunzip::Gunzip;
use crate::fetch::hashing::HashingReader;
use crate::fetch::memory::Memory;
use crate::fetch::unpack::{
    ArchiveFault, ArchiveRefusal, EntryNames, Limits, NameFolding, NameStatus, SMALL, UnpackBudget, UnpackError,
    fault_of, read_exactly,
};
use crate::fs::FsError;
use crate::model::EntryPath;
use crate::store::{Staging, WriteError};

/// The most bytes of a file that says what a package is.
const LARGEST_HEAD: u64 = 4 << 20;

/// What an archive says of its package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackageHead {
    /// Its descriptor.
    pub descriptor: Descriptor,
    /// The application that it describes, if it describes one.
    pub application: Option<Application>,
}

/// Reads an archive in memory to its end, and returns what it says of its package. What unpacking would refuse is refused.
pub fn read_head(archive: &[u8]) -> Result<PackageHead, ArchiveRefusal> {
    let packed = Cell::new(archive.len() as u64);
    let mut records = Records::new(archive, &packed, Limits::default());
    let (mut descriptor, mut application) = (None, None);
    while let Some(ArchiveRecord { path, size }) = records.next_record()? {
        let is_application = path.as_str().eq_ignore_ascii_case(APP_DESCRIPTOR);
        if !is_descriptor(path.as_str()) && !is_application {
            continue;
        }
        let refuse = |fault| ArchiveRefusal::entry(path.as_str(), fault);
        if size > LARGEST_HEAD {
            return Err(refuse(ArchiveFault::TooLarge(LARGEST_HEAD)));
        }
        let mut content = Vec::new();
        records.reader.read_to_end(&mut content).map_err(|error| refuse(fault(&error)))?;
        if is_application {
            application = Some(Application::parse(&content).map_err(|reason| refuse(damaged(&reason)))?);
        } else {
            descriptor = Some(Descriptor::parse(&content).map_err(|error| refuse(damaged(&error.to_string())))?);
        }
    }
    let descriptor = descriptor.ok_or(ArchiveRefusal::Archive(no_descriptor()))?;
    Ok(PackageHead { descriptor, application })
}

/// Unpacks an archive; `packed` tells how many bytes of it arrived. Names that collide on any disk are refused, wherever it is
/// unpacked.
pub(super) fn unpack(
    source: &mut HashingReader<'_>,
    packed: &Cell<u64>,
    memory: &Memory,
    staging: &mut Staging<'_>,
    limits: Limits,
) -> Result<(), UnpackError> {
    let mut records = Records::new(source, packed, limits);
    let mut buffer = memory.buffer();
    let mut has_descriptor = false;
    while let Some(ArchiveRecord { path, size }) = records.next_record()? {
        has_descriptor |= is_descriptor(path.as_str());
        let full = |error: FsError, staging: &Staging<'_>| {
            if error.is_disk_full() { error.needing(staging.demand().file(size)) } else { error }
        };
        let read = |error: &io::Error| UnpackError::from(ArchiveRefusal::entry(path.as_str(), fault(error)));
        if size <= SMALL {
            read_exactly(&mut records.reader, size, &mut buffer).map_err(|error| read(&error))?;
            staging.write(&path, false, &buffer).map_err(|error| full(error, staging))?;
            continue;
        }
        match staging.stream(&path, false, &mut (&mut records.reader).take(size)) {
            Ok(written) if written == size => {}
            Ok(_) => return Err(ArchiveRefusal::entry(path.as_str(), ArchiveFault::Truncated).into()),
            Err(WriteError::Source(error)) => return Err(read(&error)),
            Err(WriteError::Fs(error)) => return Err(full(error, staging).into()),
        }
    }
    if has_descriptor { Ok(()) } else { Err(ArchiveRefusal::Archive(no_descriptor()).into()) }
}

/// The records of an archive, none of which is believed before it is compared with the bounds and with the others.
struct Records<'a, R: BufRead> {
    reader: RecordReader<BufReader<Gunzip<R>>>,
    packed: &'a Cell<u64>,
    budget: UnpackBudget,
    names: EntryNames,
    count: usize,
}

impl<'a, R: BufRead> Records<'a, R> {
    fn new(source: R, packed: &'a Cell<u64>, limits: Limits) -> Self {
        let limits = Limits {
            entries: limits.entries.min(MAX_FILES),
            file: limits.file.min(MAX_FILE),
            total: limits.total.min(MAX_SIZE),
            ..limits
        };
        let reader = RecordReader::new(BufReader::with_capacity(1 << 17, Gunzip::of_one_member(source)));
        Self {
            reader,
            packed,
            budget: UnpackBudget::new(limits),
            names: EntryNames::new(NameFolding::CaseAndForm),
            count: 0,
        }
    }

    fn next_record(&mut self) -> Result<Option<ArchiveRecord>, ArchiveRefusal> {
        let record = match self.reader.next_record() {
            Ok(Some(record)) => record,
            Ok(None) => return Ok(None),
            Err(error) => return Err(refusal(&error)),
        };
        let path: &EntryPath = &record.path;
        self.budget.admit(path.as_str(), record.size, self.packed.get())?;
        match self.names.file(path, self.count)? {
            NameStatus::New => {}
            NameStatus::File(_) | NameStatus::Folder => {
                return Err(ArchiveRefusal::entry(path.as_str(), ArchiveFault::Duplicate));
            }
        }
        self.count += 1;
        Ok(Some(record))
    }
}

/// Returns why an archive is refused at the place where it was read.
fn refusal(error: &io::Error) -> ArchiveRefusal {
    match record_fault(error) {
        Some(RecordFault::Path { path, reason }) => ArchiveRefusal::entry(path, ArchiveFault::Path(*reason)),
        _ => ArchiveRefusal::Archive(fault(error)),
    }
}

fn fault(error: &io::Error) -> ArchiveFault {
    record_fault(error).map_or_else(|| fault_of(error), |fault| damaged(&fault.to_string()))
}

fn record_fault(error: &io::Error) -> Option<&RecordFault> {
    error.get_ref().and_then(|inner| inner.downcast_ref())
}

fn damaged(reason: &str) -> ArchiveFault {
    ArchiveFault::Damaged(format!("it {reason}"))
}

fn no_descriptor() -> ArchiveFault {
    ArchiveFault::Damaged("it has no descriptor.json".to_owned())
}
