//! Hashing bytes as they pass.

use std::io::{self, Read};

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

/// Passes on what a reader gives, and hashes it.
///
/// It remembers that its source failed, so that a broken connection is told from a broken archive. While it waits for
/// bytes, another thread has its turn.
pub(super) struct HashingReader<'a> {
    source: Box<dyn Read + Send>,
    algorithm: Algorithm,
    hasher: Hasher,
    second: Option<(Algorithm, Hasher)>,
    failure: Option<io::Error>,
    turn: &'a Turn<'a>,
    arrived: &'a mut dyn FnMut(usize) -> io::Result<()>,
}

impl<'a> HashingReader<'a> {
    /// Calls `arrived` with the size of each piece; its error ends the reading.
    pub(super) fn new(
        source: Box<dyn Read + Send>,
        algorithm: Algorithm,
        turn: &'a Turn<'a>,
        arrived: &'a mut dyn FnMut(usize) -> io::Result<()>,
    ) -> Self {
        Self { source, algorithm, hasher: Hasher::new(algorithm), second: None, failure: None, turn, arrived }
    }

    /// Hashes with a second function too, where there is one.
    pub(super) fn and(mut self, algorithm: Option<Algorithm>) -> Self {
        self.second = algorithm.map(|algorithm| (algorithm, Hasher::new(algorithm)));
        self
    }

    /// Reads and hashes what is left, to say whether the bytes are what was promised though they could not be unpacked.
    pub(super) fn drain(&mut self) {
        let mut buffer = [0; 1 << 13];
        while self.failure.is_none() && !matches!(self.read(&mut buffer), Ok(0)) {}
    }

    /// Returns the error of the source, if it failed.
    pub(super) fn take_failure(&mut self) -> Option<io::Error> {
        self.failure.take()
    }

    /// Returns the digest of what was read, and the second one.
    pub(super) fn finish(self) -> (Digest, Option<Digest>) {
        let second = self.second.map(|(algorithm, hasher)| Digest::new(algorithm, &hasher.finish()));
        (Digest::new(self.algorithm, &self.hasher.finish()), second)
    }
}

impl Read for HashingReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = loop {
            match self.turn.pause(|| self.source.read(buffer)) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => break result,
            }
        };
        let passed = read.and_then(|count| {
            self.hasher.update(&buffer[..count]);
            if let Some((_, second)) = &mut self.second {
                second.update(&buffer[..count]);
            }
            (self.arrived)(count).map(|()| count)
        });
        passed.map_err(|error| {
            let kind = error.kind();
            self.failure = Some(error);
            kind.into()
        })
    }
}
