//! Hashing bytes as they pass.

use std::io::{self, BufRead, Read};

use sha1::Sha1;
use sha2::{Digest as _, Sha256, Sha384, Sha512};

use super::turns::Turn;
use crate::model::{Algorithm, Digest};

/// A hash function at work.
pub(super) enum Hasher {
    Sha1(Sha1),
    Sha256(Sha256),
    /// Some wheels use it in their RECORD.
    Sha384(Sha384),
    Sha512(Box<Sha512>),
}

impl Hasher {
    pub(super) fn new(algorithm: Algorithm) -> Self {
        match algorithm {
            Algorithm::Sha1 => Self::Sha1(Sha1::new()),
            Algorithm::Sha256 => Self::Sha256(Sha256::new()),
            Algorithm::Sha512 => Self::Sha512(Box::default()),
        }
    }

    pub(super) fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Sha1(hasher) => hasher.update(bytes),
            Self::Sha256(hasher) => hasher.update(bytes),
            Self::Sha384(hasher) => hasher.update(bytes),
            Self::Sha512(hasher) => hasher.update(bytes),
        }
    }

    /// Returns the raw digest.
    pub(super) fn finish(self) -> Vec<u8> {
        match self {
            Self::Sha1(hasher) => hasher.finalize().to_vec(),
            Self::Sha256(hasher) => hasher.finalize().to_vec(),
            Self::Sha384(hasher) => hasher.finalize().to_vec(),
            Self::Sha512(hasher) => hasher.finalize().to_vec(),
        }
    }
}

/// So many bytes of an artifact are waited for before it is worked on, and again where it has more: nearly all npm
/// packages are whole then, and are unpacked without a pause.
const AHEAD: usize = 256 << 10;

/// What a source gives, as far as it is waited for.
pub(super) struct Ahead<'a> {
    source: Box<dyn Read + Send>,
    buffer: Vec<u8>,
    /// How much of the buffer arrived.
    filled: usize,
    is_end: bool,
    failure: Option<io::Error>,
    arrived: &'a mut dyn FnMut(usize) -> io::Result<()>,
}

impl<'a> Ahead<'a> {
    /// Waits for the beginning of a source of this length, where that is known. Calls `arrived` with the size of each
    /// piece, of the rest too; its error ends the reading.
    pub(super) fn wait(
        source: Box<dyn Read + Send>,
        length: Option<u64>,
        arrived: &'a mut dyn FnMut(usize) -> io::Result<()>,
    ) -> Self {
        // One byte more, as a source tells its end only where there is room.
        let size = length
            .and_then(|length| usize::try_from(length).ok())
            .map_or(AHEAD, |length| AHEAD.min(length.saturating_add(1)));
        let mut ahead = Self { source, buffer: vec![0; size], filled: 0, is_end: false, failure: None, arrived };
        ahead.fill();
        ahead
    }

    /// Replaces what arrived with what comes next, until the buffer is full or nothing more comes.
    fn fill(&mut self) {
        self.filled = 0;
        while self.comes_more() && self.filled < self.buffer.len() {
            let read = self.source.read(&mut self.buffer[self.filled..]);
            match read.and_then(|count| (self.arrived)(count).map(|()| count)) {
                Ok(0) => self.is_end = true,
                Ok(count) => self.filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => self.failure = Some(error),
            }
        }
    }

    fn comes_more(&self) -> bool {
        !self.is_end && self.failure.is_none()
    }

    fn bytes(&self) -> &[u8] {
        &self.buffer[..self.filled]
    }
}

/// Hashes what arrives, and passes it on.
///
/// It remembers that its source failed, so that a broken connection is told from a broken archive. While it waits for
/// bytes, another thread has its turn.
pub(super) struct HashingReader<'a> {
    ahead: Ahead<'a>,
    /// How many of the bytes ahead were passed on.
    passed: usize,
    /// Whether the bytes ahead are all that there is, and always were.
    is_whole: bool,
    algorithm: Algorithm,
    hasher: Hasher,
    second: Option<(Algorithm, Hasher)>,
    turn: &'a Turn<'a>,
}

impl<'a> HashingReader<'a> {
    pub(super) fn new(ahead: Ahead<'a>, algorithm: Algorithm, second: Option<Algorithm>, turn: &'a Turn<'a>) -> Self {
        let second = second.map(|algorithm| (algorithm, Hasher::new(algorithm)));
        let is_whole = ahead.is_end;
        let mut reader = Self { ahead, passed: 0, is_whole, algorithm, hasher: Hasher::new(algorithm), second, turn };
        reader.hash();
        reader
    }

    /// Returns whose turn it is.
    pub(super) fn turn(&self) -> &'a Turn<'a> {
        self.turn
    }

    /// Returns all that there is, if it has arrived and none of it was passed on.
    pub(super) fn whole(&self) -> Option<&[u8]> {
        (self.is_whole && self.passed == 0).then(|| self.ahead.bytes())
    }

    /// Reads and hashes what is left, to say whether the bytes are what was promised though they could not be unpacked.
    pub(super) fn drain(&mut self) {
        while let Ok(1..) = self.fill_buf().map(<[u8]>::len) {
            self.passed = self.ahead.filled;
        }
    }

    /// Returns the error of the source, if it failed.
    pub(super) fn take_failure(&mut self) -> Option<io::Error> {
        self.ahead.failure.take()
    }

    /// Returns the digest of what was read, and the second one.
    pub(super) fn finish(self) -> (Digest, Option<Digest>) {
        let second = self.second.map(|(algorithm, hasher)| Digest::new(algorithm, &hasher.finish()));
        (Digest::new(self.algorithm, &self.hasher.finish()), second)
    }

    fn hash(&mut self) {
        self.hasher.update(self.ahead.bytes());
        if let Some((_, second)) = &mut self.second {
            second.update(self.ahead.bytes());
        }
    }
}

impl BufRead for HashingReader<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.passed == self.ahead.filled && self.ahead.comes_more() {
            self.turn.pause(|| self.ahead.fill());
            self.passed = 0;
            self.hash();
        }
        match &self.ahead.failure {
            Some(failure) if self.passed == self.ahead.filled => Err(failure.kind().into()),
            _ => Ok(&self.ahead.bytes()[self.passed..]),
        }
    }

    fn consume(&mut self, count: usize) {
        self.passed += count;
    }
}

impl Read for HashingReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(buffer)?;
        self.consume(count);
        Ok(count)
    }
}
