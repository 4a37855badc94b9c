//! Why an archive is not unpacked.

use std::io;

use crate::fetch::gunzip::StrayData;
use crate::fs::FsError;
use crate::store::PathError;

/// What an archive holds that larder does not unpack.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// One of its entries.
    #[error("its entry `{name}` {trouble}", name = .name.escape_debug())]
    Entry {
        /// The entry's name, as the archive has it.
        name: String,
        /// What is wrong with it.
        trouble: Trouble,
    },
    /// The archive as a whole.
    #[error("it {0}")]
    Archive(Trouble),
}

impl Refusal {
    pub(in crate::fetch) fn entry(name: &str, trouble: Trouble) -> Self {
        Self::Entry { name: name.to_owned(), trouble }
    }

    /// Returns what is wrong.
    pub fn trouble(&self) -> &Trouble {
        match self {
            Self::Entry { trouble, .. } | Self::Archive(trouble) => trouble,
        }
    }
}

/// What is wrong with an archive or an entry, as the end of a sentence.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// Its name.
    #[error(transparent)]
    Path(#[from] PathError),
    /// Its name is not Unicode.
    #[error("has a name that is not UTF-8")]
    NotUnicode,
    /// A symbolic or hard link that leaves the package; or any link in a wheel.
    #[error("is a link to `{0}`, which leaves the package")]
    LinkOut(String),
    /// A device, a pipe, a sparse file.
    #[error("is neither a file nor a folder")]
    Special,
    /// Two files of one name, of which readers do not take the same.
    #[error("is there twice, and not in one order")]
    Duplicate,
    /// A file where a folder is, or the other way round.
    #[error("is a file and a folder")]
    FileAndFolder,
    /// Two names that are one where case does not count.
    #[error("collides with `{0}` where case does not count: on macOS or Windows, or on this disk")]
    CaseCollision(String),
    /// There is no file in it.
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
    /// Packed suspiciously well.
    #[error("is packed as only a bomb is: more than {0} to 1")]
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
    /// Nobody without the password can read it.
    #[error("is encrypted")]
    Encrypted,
    /// Packed by something else than deflate.
    #[error("is packed by a method that wheels do not have: number {0}")]
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
    /// A wheel without the file that says what it is.
    #[error("has no METADATA beside its RECORD")]
    NoMetadata,
    /// METADATA that cannot be read.
    #[error("is no metadata: {0}")]
    BadMetadata(&'static str),
    /// METADATA of another package or version.
    #[error("is the metadata of {0}")]
    OtherPackage(String),
}

/// Why unpacking stopped.
#[derive(Debug)]
pub(in crate::fetch) enum Problem {
    /// The archive's fault.
    Refused(Refusal),
    /// The machine's fault.
    Fs(FsError),
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<FsError> for Problem {
    fn from(error: FsError) -> Self {
        Self::Fs(error)
    }
}

/// Reads an archive library's error as trouble.
pub(super) fn trouble_of(error: &io::Error) -> Trouble {
    let inner = error.get_ref();
    if let Some(trouble) = inner.and_then(|inner| inner.downcast_ref::<Trouble>()) {
        return trouble.clone();
    }
    if inner.is_some_and(|inner| inner.downcast_ref::<StrayData>().is_some()) {
        return Trouble::StrayData;
    }
    match error.kind() {
        io::ErrorKind::UnexpectedEof => Trouble::Truncated,
        _ => Trouble::Damaged(error.to_string()),
    }
}
