//! Why an archive is not unpacked.

use std::io;

use crate::fetch::gunzip::StrayData;
use crate::fs::FsError;
use crate::model::PathError;
use crate::package::NotAsPacked;

/// Why an archive is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ArchiveRefusal {
    /// One of its entries.
    #[error("its entry `{name}` {fault}", name = .name.escape_debug())]
    Entry {
        /// The entry's name, as the archive has it.
        name: String,
        /// What is wrong with it.
        fault: ArchiveFault,
    },
    /// The archive as a whole.
    #[error("it {0}")]
    Archive(ArchiveFault),
}

impl ArchiveRefusal {
    pub(in crate::fetch) fn entry(name: &str, fault: ArchiveFault) -> Self {
        Self::Entry { name: name.to_owned(), fault }
    }

    /// Returns what is wrong.
    pub fn fault(&self) -> &ArchiveFault {
        match self {
            Self::Entry { fault, .. } | Self::Archive(fault) => fault,
        }
    }
}

/// What is wrong with an archive or an entry, worded as the end of a sentence.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ArchiveFault {
    /// Its name is not a relative path inside the package.
    #[error(transparent)]
    Path(#[from] PathError),
    /// Its name is not Unicode.
    #[error("has a name that is not UTF-8")]
    NotUnicode,
    /// It is a symbolic or hard link that leaves the package.
    #[error("is a link to `{0}`, which leaves the package")]
    LinkOut(String),
    /// It is a device, a pipe or a sparse file.
    #[error("is neither a file nor a folder")]
    Special,
    /// It has the name of a file that larder adds.
    #[error("has a name that larder keeps for itself")]
    Reserved,
    /// Two entries have one name, and readers differ in which of them they take.
    #[error("is there twice, and not in one order")]
    Duplicate,
    /// One name is used for a file and for a folder.
    #[error("is a file and a folder")]
    FileAndFolder,
    /// Two names are equal on a file system that ignores case.
    #[error("collides with `{0}` where case does not count: on macOS or Windows, or on this disk")]
    CaseCollision(String),
    /// It has no files.
    #[error("has no files")]
    NoFiles,
    /// A wheel of a form that is not known here.
    #[error("is of wheel version {}, and 1.0 is known here", .0.escape_debug())]
    NewerWheel(String),
    /// A wheel without the file that says which form it has.
    #[error("has no WHEEL beside its RECORD that says `Wheel-Version`")]
    NoWheelVersion,
    /// Over the bound for entries.
    #[error("is one too many: {0} entries are allowed")]
    TooManyEntries(usize),
    /// Over the bound for one file.
    #[error("is too large: {0} bytes are allowed")]
    TooLarge(u64),
    /// Over the bound for all files.
    #[error("makes the package too large: {0} bytes are allowed")]
    TotalTooLarge(u64),
    /// Its compression ratio is that of a decompression bomb.
    #[error("is compressed more than {0} to 1, as only a decompression bomb is")]
    Bomb(u64),
    /// There is something after the end, before the beginning or in between.
    #[error("has data that does not belong to it")]
    StrayData,
    /// It ends early.
    #[error("is truncated")]
    Truncated,
    /// It is not what it says it is.
    #[error("is damaged: {0}")]
    Damaged(String),
    /// The directory of a zip says something else than the file's own header.
    #[error("has two headers that disagree about its {0}")]
    Disagrees(&'static str),
    /// It is encrypted.
    #[error("is encrypted")]
    Encrypted,
    /// Packed by something else than deflate.
    #[error("is packed by a method that is not read here: number {0}")]
    UnknownMethod(u16),
    /// A wheel without the file that lists its files.
    #[error("has not exactly one `.dist-info` folder with a RECORD")]
    NoRecord,
    /// A wheel whose RECORD says something else than its files.
    #[error("is not what RECORD says: {0}")]
    RecordLies(String),
    /// A file that RECORD does not know.
    #[error("is not in RECORD")]
    NotInRecord,
    /// Of a private package: larder would not have packed it like this.
    #[error(transparent)]
    NotAsPacked(#[from] NotAsPacked),
    /// A private package without the file that says what it is.
    #[error("has no larder.kdl")]
    NoManifest,
    /// A bundle that does not begin with the document that says what it is.
    #[error("does not begin with larder-bundle.json: it is no bundle")]
    NoBundleFile,
    /// A bundle whose document cannot be read.
    #[error("has a larder-bundle.json that cannot be read: {0}")]
    BadBundleFile(String),
    /// A private package whose larder.kdl cannot be read.
    #[error("is no manifest of a package: {0}")]
    BadManifest(String),
    /// A wheel without the file that says what it is.
    #[error("has no METADATA beside its RECORD")]
    NoMetadata,
    /// METADATA that cannot be read.
    #[error("is no metadata: {0}")]
    BadMetadata(&'static str),
    /// What says which package it is is that of another package or version.
    #[error("is the metadata of {0}")]
    OtherPackage(String),
}

/// Why unpacking stopped.
#[derive(Debug)]
pub(in crate::fetch) enum UnpackError {
    /// The archive's fault.
    Refused(ArchiveRefusal),
    /// The machine's fault.
    Fs(FsError),
}

impl From<ArchiveRefusal> for UnpackError {
    fn from(refusal: ArchiveRefusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<FsError> for UnpackError {
    fn from(error: FsError) -> Self {
        Self::Fs(error)
    }
}

/// Returns the fault that an archive library's error stands for.
pub(in crate::fetch) fn fault_of(error: &io::Error) -> ArchiveFault {
    let inner = error.get_ref();
    if let Some(fault) = inner.and_then(|inner| inner.downcast_ref::<ArchiveFault>()) {
        return fault.clone();
    }
    if inner.is_some_and(|inner| inner.downcast_ref::<StrayData>().is_some()) {
        return ArchiveFault::StrayData;
    }
    if let Some(fault) = inner.and_then(|inner| inner.downcast_ref::<NotAsPacked>()) {
        return fault.clone().into();
    }
    match error.kind() {
        io::ErrorKind::UnexpectedEof => ArchiveFault::Truncated,
        _ => ArchiveFault::Damaged(error.to_string()),
    }
}
