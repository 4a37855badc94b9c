//! The contract of the kinds of artifacts: how one is unpacked as it arrives, and how its content tells whose it is.

mod tarball;
mod wheel;

use std::cell::Cell;
use std::io::Read;
use std::path::Path;

use super::Limits;
use super::hashing::HashingReader;
use super::memory::Memory;
use super::unpack::{Problem, Refusal, Spool, Trouble};
use crate::fs::Demand;
use crate::model::{Algorithm, ArtifactKind, PackageKey};
use crate::store::{Staging, StoreError, Tree};

/// What fetching asks of a kind of artifacts.
pub(super) trait Format: Sync {
    /// Returns the digest that is made of an artifact of which none is promised: the one that its registries give.
    fn algorithm(&self) -> Algorithm;

    /// Takes the bytes of an artifact as they arrive: unpacks them, or keeps them until all are there.
    fn arrive<'m>(
        &self,
        source: &mut HashingReader<'_>,
        arrival: &Arrival<'m>,
        staging: &mut Staging<'_>,
    ) -> Result<Unpacked<'m>, StoreError>;

    /// Returns the file that says whose an unpacked tree is. `None` if it need not have one.
    ///
    /// # Errors
    /// What is wrong with a tree that must have one and has none.
    fn identity<'t>(&self, tree: &'t Tree) -> Result<Option<&'t str>, Trouble>;

    /// Returns the path of the file that says whose a tree is, where that is to be compared once it is unpacked; none where the
    /// comparison is part of unpacking.
    fn unpacked_identity(&self) -> Option<&'static str>;

    /// Compares that file with the package that it should be of.
    fn check(&self, file: &[u8], package: &PackageKey) -> Result<(), Trouble>;

    /// Returns how much room an artifact takes on the disk of `place`, as far as its bytes tell.
    fn measure(&self, body: &mut dyn Read, length: Option<u64>, place: &Path) -> Option<Demand>;
}

/// What is known of an artifact that arrives.
pub(super) struct Arrival<'a> {
    /// How many bytes there will be, where that is known.
    pub(super) length: Option<u64>,
    /// How many came so far.
    pub(super) packed: &'a Cell<u64>,
    pub(super) memory: &'a Memory,
    pub(super) limits: Limits,
}

/// What came of the bytes as they arrived.
pub(super) enum Unpacked<'m> {
    /// The files are in the staging folder.
    Whole,
    /// The archive waits to be unpacked.
    Spooled(Spool<'m>),
    /// It is not what larder unpacks, or the connection broke.
    Not(Option<Refusal>),
}

impl Unpacked<'_> {
    /// Returns what came of unpacking.
    pub(super) fn of(result: Result<(), Problem>) -> Result<Self, StoreError> {
        match result {
            Ok(()) => Ok(Self::Whole),
            Err(Problem::Refused(refusal)) => Ok(Self::Not(Some(refusal))),
            Err(Problem::Fs(error)) => Err(error.into()),
        }
    }
}

/// Returns what fetching knows of a kind of artifacts. `None` if it has to be built first.
pub(super) fn of(kind: ArtifactKind) -> Option<&'static dyn Format> {
    match kind {
        ArtifactKind::Tarball => Some(&tarball::Tarball),
        ArtifactKind::Wheel => Some(&wheel::Wheel),
        ArtifactKind::Sdist => None,
    }
}
