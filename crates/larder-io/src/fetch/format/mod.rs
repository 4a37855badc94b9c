//! The contract of the kinds of artifacts: how one is unpacked as it arrives, and which package its content declares.

mod archive;
mod creatio;
mod package;
mod runtime;
mod sdist;
mod tarball;
mod wheel;

pub use creatio::{PackageHead, read_head};

use std::cell::Cell;
use std::io::Read;
use std::path::Path;

use super::Limits;
use super::hashing::HashingReader;
use super::memory::Memory;
use super::unpack::{ArchiveFault, ArchiveRefusal, Spool, UnpackError};
use crate::fs::Demand;
use crate::model::{Algorithm, ArtifactKind, ArtifactOwner, PackageKey};
use crate::store::{Staging, StoreError, Tree, TreeEntry};

/// A kind of artifacts.
pub(super) trait Format: Sync {
    /// Returns the algorithm for the digest of an artifact that has none in the lock: the one that its registries use.
    fn algorithm(&self) -> Algorithm;

    /// Takes the bytes of an artifact as they arrive: unpacks them, or keeps them until all are there.
    fn arrive<'m>(
        &self,
        source: &mut HashingReader<'_>,
        arrival: &Arrival<'m>,
        staging: &mut Staging<'_>,
    ) -> Result<Unpacked<'m>, StoreError>;

    /// Unpacks an artifact that waited until all of it was there.
    fn unpack(&self, _: Spool<'_>, _: &Unspooling<'_>, _: &mut Staging<'_>) -> Result<Unpacked<'static>, StoreError> {
        Ok(Unpacked::Not(None))
    }

    /// Returns the path of the file that declares the package. Returns `None` if a tree need not have one.
    ///
    /// # Errors
    /// If a tree must have such a file and has none.
    fn identity<'t>(&self, tree: &'t Tree) -> Result<Option<&'t str>, ArchiveFault>;

    /// Returns the path of the file that declares the package, among those that were unpacked, if it is to be compared after
    /// unpacking. Returns `None` if unpacking compares it.
    fn unpacked_identity<'e>(&self, entries: &'e [TreeEntry]) -> Option<&'e str>;

    /// Compares the content of that file with the package.
    fn check(&self, file: &[u8], package: &PackageKey) -> Result<(), ArchiveFault>;

    /// Returns the space that an artifact needs on the disk of `place`, as far as its bytes tell: at least its own.
    fn measure(&self, _body: &mut dyn Read, length: Option<u64>, place: &Path) -> Option<Demand> {
        Some(Demand::on(place).file(length?))
    }
}

/// An artifact that arrives.
pub(super) struct Arrival<'a> {
    /// The number of its bytes, if that is known.
    pub(super) length: Option<u64>,
    /// The number of bytes that arrived so far.
    pub(super) packed: &'a Cell<u64>,
    pub(super) memory: &'a Memory,
    pub(super) limits: Limits,
}

/// What an artifact that waited is unpacked with.
pub(super) struct Unspooling<'a> {
    pub(super) owner: &'a ArtifactOwner,
    pub(super) memory: &'a Memory,
    pub(super) limits: Limits,
}

/// The result of unpacking an artifact.
pub(super) enum Unpacked<'m> {
    /// The files are in the staging folder.
    Whole,
    /// The archive waits to be unpacked.
    Spooled(Spool<'m>),
    /// It was refused, or the connection broke.
    Not(Option<ArchiveRefusal>),
}

impl Unpacked<'_> {
    /// Returns the result of unpacking an archive that was whole.
    pub(super) fn of(result: Result<(), UnpackError>) -> Result<Self, StoreError> {
        match result {
            Ok(()) => Ok(Self::Whole),
            Err(UnpackError::Refused(refusal)) => Ok(Self::Not(Some(refusal))),
            Err(UnpackError::Fs(error)) => Err(error.into()),
        }
    }
}

/// Returns the format of a kind of artifacts.
pub(super) fn of(kind: ArtifactKind) -> &'static dyn Format {
    match kind {
        ArtifactKind::Tarball => &tarball::TarballFormat,
        ArtifactKind::Wheel => &wheel::WheelFormat,
        ArtifactKind::Sdist | ArtifactKind::Source => &sdist::SdistFormat,
        ArtifactKind::Runtime => &runtime::RuntimeFormat,
        ArtifactKind::Package => &package::PackageFormat,
        ArtifactKind::Archive => &archive::ArchiveFormat,
        ArtifactKind::Creatio => &creatio::CreatioFormat,
    }
}
