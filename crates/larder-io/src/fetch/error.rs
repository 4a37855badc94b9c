//! Why an artifact could not be had.

use std::error::Error;
use std::fmt;
use std::io;

use super::{ArchiveRefusal, SourceError};
use crate::diagnostic::{Exit, Failure};
use crate::fs::FsError;
use crate::model::{ArtifactOwner, Digest, Origin};
use crate::store::StoreError;

/// The artifact that an error is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FetchSubject {
    /// The package or runtime that it is of.
    pub owner: ArtifactOwner,
    /// Where it was fetched from.
    pub origin: Origin,
    /// Its file name.
    pub file: String,
}

impl FetchSubject {
    /// Returns what `larder update` is given for it.
    fn named_for_update(&self) -> &str {
        match &self.owner {
            ArtifactOwner::Package(package) => package.id.name.as_str(),
            ArtifactOwner::Runtime(_) => "--runtimes",
        }
    }
}

impl fmt::Display for FetchSubject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` of {} from {}", self.file, self.owner, self.origin)
    }
}

/// Why an artifact could not be had.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The registry did not give it.
    #[error("cannot fetch {0}")]
    Source(Box<FetchSubject>, #[source] RegistryFailure),
    /// The connection broke while it arrived, again and again.
    #[error("{subject} did not arrive whole")]
    Interrupted {
        /// The artifact.
        subject: Box<FetchSubject>,
        /// The connection's error.
        source: io::Error,
    },
    /// Its digest is not the expected one.
    #[error("{subject} is not what was promised: expected {expected}, found {found}")]
    Integrity {
        /// The artifact.
        subject: Box<FetchSubject>,
        /// What the lock or the registry says.
        expected: Digest,
        /// What the bytes have.
        found: Digest,
    },
    /// Its digest is right, but larder refuses its content.
    #[error("refused {subject}: {refusal}")]
    Refused {
        /// The artifact.
        subject: Box<FetchSubject>,
        /// The reason.
        refusal: ArchiveRefusal,
    },
    /// It does not fit on the store's disk.
    #[error("no disk space for {subject}: {error}")]
    DiskFull {
        /// The artifact.
        subject: Box<FetchSubject>,
        /// The error of writing, with the disk space that the artifacts need.
        error: FsError,
        /// The number of artifacts that were not begun.
        pending: usize,
    },
    /// The store, or the machine below it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl FetchError {
    /// Returns the artifact that is at fault. Returns `None` if it is the machine.
    pub fn subject(&self) -> Option<&FetchSubject> {
        match self {
            Self::Source(subject, _)
            | Self::Interrupted { subject, .. }
            | Self::Integrity { subject, .. }
            | Self::Refused { subject, .. } => Some(subject),
            Self::DiskFull { .. } | Self::Store(_) => None,
        }
    }
}

/// A registry's error, in a form that can be the source of another error.
#[derive(Clone, Debug)]
pub struct RegistryFailure(pub SourceError);

impl fmt::Display for RegistryFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl Error for RegistryFailure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source()
    }
}

impl miette::Diagnostic for FetchError {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        let code = match self {
            Self::Source(_, RegistryFailure(error)) => return error.code(),
            Self::Store(error) => return error.code(),
            Self::DiskFull { error, .. } => return error.code(),
            Self::Interrupted { .. } => "larder::fetch::interrupted",
            Self::Integrity { .. } => "larder::fetch::integrity",
            Self::Refused { .. } => "larder::fetch::refused",
        };
        Some(Box::new(code))
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        let help = match self {
            Self::Source(subject, RegistryFailure(error)) => {
                let is_missing = error.code().is_some_and(|code| code.to_string() == "larder::fetch::not_found");
                let help = error.help().map(|help| help.to_string()).unwrap_or_default();
                if !is_missing {
                    return error.help();
                }
                let which = subject.named_for_update();
                return Some(Box::new(format!(
                    "the version may have been unpublished: `larder update {which}` looks for another one. Else {help}"
                )));
            }
            Self::Store(error) => return error.help(),
            Self::DiskFull { error, pending: 0, .. } => return error.help(),
            Self::DiskFull { error, pending, .. } => {
                let help = error.help().map_or_else(String::new, |help| help.to_string());
                let come = match pending {
                    1 => "one more package comes on top, of a size".to_owned(),
                    more => format!("{more} more packages come on top, of sizes"),
                };
                return Some(Box::new(format!("{help}; {come} that the lock does not tell")));
            }
            Self::Interrupted { .. } => "run again; what arrived before is kept",
            Self::Integrity { subject, .. } => {
                let why = match &subject.owner {
                    ArtifactOwner::Package(package) if package.id.ecosystem.has_install_order() => {
                        " (of an application, a marketplace has one current file)"
                    }
                    _ => "",
                };
                return Some(Box::new(format!(
                    "nothing of it was kept. A mirror or proxy may serve other bytes than the registry: fetch without it. If the \
                     registry itself changed the file{why}, find out why before you accept it: `larder update {}` does",
                    subject.named_for_update()
                )));
            }
            Self::Refused { .. } => {
                "nothing of it was kept. Choose another version, and tell the package's authors what its archive holds"
            }
        };
        Some(Box::new(help))
    }

    fn url<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        match self {
            Self::Source(_, RegistryFailure(error)) => error.url(),
            _ => None,
        }
    }
}

impl Failure for FetchError {
    fn exit(&self) -> Exit {
        match self {
            Self::Source(_, RegistryFailure(error)) => error.exit(),
            Self::Store(error) => error.exit(),
            Self::DiskFull { error, .. } => error.exit(),
            Self::Interrupted { .. } => Exit::Network,
            Self::Integrity { .. } | Self::Refused { .. } => Exit::Integrity,
        }
    }
}
