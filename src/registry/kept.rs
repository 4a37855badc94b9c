//! What is known of a package, in its ecosystem's compact form: a front that is always looked at, and a rest of which
//! little is. From the cache only the front is read; measured on 430 packages, that is a fifth of the bytes.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use super::header::Header;
use crate::fs::PartialFile;

/// A record as an ecosystem makes it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Encoded {
    pub(super) front: Vec<u8>,
    pub(super) rest: Vec<u8>,
}

/// A record with the header that it came with.
#[derive(Clone, Debug)]
pub(super) struct Record {
    pub(super) header: Header,
    bytes: Arc<Vec<u8>>,
    front: Range<usize>,
    rest: Rest,
}

#[derive(Clone, Debug)]
enum Rest {
    Memory(Arc<Vec<u8>>),
    File(Arc<PartialFile>),
}

impl Record {
    /// A record that was just made.
    pub(super) fn new(header: Header, encoded: Encoded) -> Self {
        let front = 0..encoded.front.len();
        Self { header, bytes: Arc::new(encoded.front), front, rest: Rest::Memory(Arc::new(encoded.rest)) }
    }

    /// A record of the cache: the beginning of its file, in which the front lies.
    pub(super) fn kept(header: Header, bytes: Vec<u8>, front: Range<usize>, file: PartialFile) -> Self {
        Self { header, bytes: Arc::new(bytes), front, rest: Rest::File(Arc::new(file)) }
    }

    /// Tells whether it is a cache's, rather than what a registry answered just now.
    pub(super) fn is_kept(&self) -> bool {
        matches!(self.rest, Rest::File(_))
    }

    /// Returns the front.
    pub(super) fn front(&self) -> &[u8] {
        self.bytes.get(self.front.clone()).unwrap_or_default()
    }

    /// Returns the length of the rest.
    pub(super) fn rest_length(&self) -> u64 {
        match &self.rest {
            Rest::Memory(bytes) => bytes.len() as u64,
            Rest::File(file) => file.size().saturating_sub(self.front.end as u64),
        }
    }

    /// Returns a part of the rest; none where there is none, or the cache has another record meanwhile.
    pub(super) fn part(&self, start: u32, length: u32) -> Option<Cow<'_, [u8]>> {
        match &self.rest {
            Rest::Memory(bytes) => bytes.get(start as usize..)?.get(..length as usize).map(Cow::Borrowed),
            Rest::File(file) => {
                let at = self.front.end.checked_add(start as usize)?;
                // A small file was read whole.
                let read = self.bytes.get(at..).and_then(|behind| behind.get(..length as usize));
                read.map(Cow::Borrowed).or_else(|| file.read(at as u64, u64::from(length)).ok()?.map(Cow::Owned))
            }
        }
    }

    /// Returns all of the record.
    pub(super) fn whole(&self) -> Option<Encoded> {
        let rest = match &self.rest {
            Rest::Memory(bytes) => bytes.to_vec(),
            Rest::File(file) => file.read(self.front.end as u64, self.rest_length()).ok()??,
        };
        Some(Encoded { front: self.front().to_vec(), rest })
    }
}
