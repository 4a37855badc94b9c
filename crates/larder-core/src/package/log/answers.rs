//! What a reader was answered, and what it needs next. A reader is a function of its answers: it runs until it lacks a file,
//! names it, and runs again when it has been answered.

use std::collections::{BTreeMap, BTreeSet};

use super::fault::LogFault;
use super::merkle::LogHash;
use super::tile::{self, EntryBundle, TileId};

/// The files that were asked for, by their paths below the registry. `None` stands for a file that is not there.
#[derive(Clone, Debug, Default)]
pub struct Answers(BTreeMap<String, Option<Vec<u8>>>);

/// Why a reader did not come to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReadStop {
    /// It lacks these files.
    Files(BTreeSet<String>),
    /// The log is not to be believed.
    Fault(LogFault),
}

impl From<LogFault> for ReadStop {
    fn from(fault: LogFault) -> Self {
        Self::Fault(fault)
    }
}

impl ReadStop {
    /// Returns that one file is lacking.
    fn file(path: String) -> Self {
        Self::Files([path].into())
    }

    /// Returns both results. If files are lacking, asks for those of both at once.
    pub(super) fn both<A, B>(one: Result<A, Self>, other: Result<B, Self>) -> Result<(A, B), Self> {
        match (one, other) {
            (Ok(one), Ok(other)) => Ok((one, other)),
            (Err(Self::Files(mut one)), Err(Self::Files(other))) => {
                one.extend(other);
                Err(Self::Files(one))
            }
            (Err(fault @ Self::Fault(_)), _) | (_, Err(fault @ Self::Fault(_))) => Err(fault),
            (Err(need), _) | (_, Err(need)) => Err(need),
        }
    }

    /// Returns all results. If files are lacking, asks for those of all at once.
    pub(super) fn all<T>(results: impl IntoIterator<Item = Result<T, Self>>) -> Result<Vec<T>, Self> {
        let (mut all, mut lacking) = (Vec::new(), BTreeSet::new());
        for result in results {
            match result {
                Ok(value) => all.push(value),
                Err(Self::Files(paths)) => lacking.extend(paths),
                Err(fault) => return Err(fault),
            }
        }
        if lacking.is_empty() { Ok(all) } else { Err(Self::Files(lacking)) }
    }
}

impl Answers {
    /// Adds an answer.
    pub fn add(&mut self, path: String, content: Option<Vec<u8>>) {
        self.0.insert(path, content);
    }

    /// Returns whether a file was asked for and is there.
    pub fn content(&self, path: &str) -> Option<&[u8]> {
        self.0.get(path)?.as_deref()
    }

    /// Returns a file.
    pub(super) fn file(&self, path: &str) -> Result<&[u8], ReadStop> {
        match self.0.get(path) {
            None => Err(ReadStop::file(path.to_owned())),
            Some(None) => Err(LogFault::Missing { path: path.to_owned() }.into()),
            Some(Some(content)) => Ok(content),
        }
    }

    /// Returns a file, or the longer one that has replaced it.
    fn file_or(&self, path: String, full: impl FnOnce() -> String) -> Result<(String, &[u8]), ReadStop> {
        match self.0.get(&path) {
            None => Err(ReadStop::file(path)),
            Some(Some(content)) => Ok((path, content)),
            Some(None) => {
                let full = full();
                match self.0.get(&full) {
                    None => Err(ReadStop::file(full)),
                    Some(Some(content)) => Ok((full, content)),
                    Some(None) => Err(LogFault::Missing { path }.into()),
                }
            }
        }
    }

    /// Returns the hashes of a tile, which are not checked yet, with the path that they come from. Where a partial tile is gone,
    /// the full one is cut.
    pub(super) fn tile(&self, id: TileId) -> Result<(String, Vec<LogHash>), ReadStop> {
        let (path, bytes) = self.file_or(id.path(), || id.full().path())?;
        let hashes = tile::parse_tile(bytes, id.width).ok_or_else(|| LogFault::Forged { path: path.clone() })?;
        Ok((path, hashes))
    }

    /// Returns the entries of a bundle, which are not checked yet, with the path that they come from.
    pub(super) fn bundle(&self, index: u64, width: u64) -> Result<(String, EntryBundle), ReadStop> {
        let full = || tile::entries_path(index, tile::FULL);
        let (path, bytes) = self.file_or(tile::entries_path(index, width), full)?;
        Ok((path, EntryBundle::new(bytes.to_vec())))
    }
}
