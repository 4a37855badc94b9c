//! Hashing bytes as they pass.

use std::collections::VecDeque;
use std::io::{self, BufRead, Read};

use bytes::{Buf, Bytes};
use sha1::Sha1;
use sha2::{Digest as _, Sha256, Sha384, Sha512};

use super::body::Body;
use super::cpu_permits::CpuPermit;
use crate::model::{Algorithm, Digest};

/// A hash function with its state.
pub enum Hasher {
    /// What npm's oldest packages have.
    Sha1(Sha1),
    /// PyPI's and larder's own.
    Sha256(Sha256),
    /// Some wheels use it in their RECORD.
    Sha384(Sha384),
    /// npm's `integrity`.
    Sha512(Box<Sha512>),
}

impl Hasher {
    /// Returns one that has seen nothing.
    pub fn new(algorithm: Algorithm) -> Self {
        match algorithm {
            Algorithm::Sha1 => Self::Sha1(Sha1::new()),
            Algorithm::Sha256 => Self::Sha256(Sha256::new()),
            Algorithm::Sha512 => Self::Sha512(Box::default()),
        }
    }

    /// Adds bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Sha1(hasher) => hasher.update(bytes),
            Self::Sha256(hasher) => hasher.update(bytes),
            Self::Sha384(hasher) => hasher.update(bytes),
            Self::Sha512(hasher) => hasher.update(bytes),
        }
    }

    /// Returns the raw digest.
    pub fn finish(self) -> Vec<u8> {
        match self {
            Self::Sha1(hasher) => hasher.finalize().to_vec(),
            Self::Sha256(hasher) => hasher.finalize().to_vec(),
            Self::Sha384(hasher) => hasher.finalize().to_vec(),
            Self::Sha512(hasher) => hasher.finalize().to_vec(),
        }
    }
}

/// Hashes what is read through it, if there is a hasher.
pub(super) struct HashedReader<'h, R> {
    pub(super) source: R,
    pub(super) hasher: &'h mut Option<Hasher>,
}

impl<R: Read> Read for HashedReader<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.source.read(buffer)?;
        if let Some(hasher) = self.hasher.as_mut() {
            hasher.update(&buffer[..count]);
        }
        Ok(count)
    }
}

/// The bytes of an artifact that are waited for before a thread works on it, and each time that it needs more. Nearly all npm
/// packages are whole by then, and are unpacked without a pause.
const AHEAD: usize = 256 << 10;

/// An artifact's body with the bytes that were received and not read yet.
pub(super) struct Lookahead<'a> {
    source: Body,
    /// The bytes, in the chunks in which they arrived.
    chunks: VecDeque<Bytes>,
    is_end: bool,
    failure: Option<io::Error>,
    arrived: &'a mut dyn FnMut(usize) -> io::Result<()>,
}

impl<'a> Lookahead<'a> {
    /// Waits for the beginning of the body. Calls `arrived` with the size of each chunk, of the rest too; its error ends the
    /// reading.
    pub(super) fn wait(source: Body, arrived: &'a mut dyn FnMut(usize) -> io::Result<()>) -> Self {
        let mut ahead = Self { source, chunks: VecDeque::new(), is_end: false, failure: None, arrived };
        ahead.gather();
        ahead
    }

    /// Receives more bytes: [`AHEAD`] of them, unless the body ends before.
    fn gather(&mut self) {
        let mut size = 0;
        while self.comes_more() && size < AHEAD {
            let next = self.source.next();
            match next.and_then(|chunk| (self.arrived)(chunk.len()).map(|()| chunk)) {
                Ok(chunk) if chunk.is_empty() => self.is_end = true,
                Ok(chunk) => {
                    size += chunk.len();
                    self.chunks.push_back(chunk);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => self.failure = Some(error),
            }
        }
    }

    fn comes_more(&self) -> bool {
        !self.is_end && self.failure.is_none()
    }

    /// Joins all chunks.
    fn join(&mut self) {
        if self.chunks.len() > 1 {
            let whole: Vec<u8> = self.chunks.make_contiguous().concat();
            self.chunks = VecDeque::from([whole.into()]);
        }
    }
}

/// Hashes what arrives, and passes it on.
///
/// It keeps the error of its source, so that a broken connection can be told from a broken archive. While it waits for
/// bytes, another thread may have the permit.
pub(super) struct HashingReader<'a> {
    ahead: Lookahead<'a>,
    /// Whether all of the body is in `ahead`, and none of it was read.
    is_whole: bool,
    algorithm: Algorithm,
    hasher: Hasher,
    second: Option<(Algorithm, Hasher)>,
    permit: &'a CpuPermit<'a>,
}

impl<'a> HashingReader<'a> {
    pub(super) fn new(
        mut ahead: Lookahead<'a>,
        algorithm: Algorithm,
        second: Option<Algorithm>,
        permit: &'a CpuPermit<'a>,
    ) -> Self {
        let second = second.map(|algorithm| (algorithm, Hasher::new(algorithm)));
        let is_whole = ahead.is_end;
        if is_whole {
            ahead.join();
        }
        let mut reader = Self { ahead, is_whole, algorithm, hasher: Hasher::new(algorithm), second, permit };
        reader.hash();
        reader
    }

    /// Returns the whole body, if it has arrived and none of it was read.
    pub(super) fn whole(&self) -> Option<&[u8]> {
        let first = self.ahead.chunks.front().map_or(&[][..], |chunk| chunk);
        self.is_whole.then_some(first)
    }

    /// Takes the whole body, if it has arrived and none of it was read.
    pub(super) fn take_whole(&mut self) -> Option<Bytes> {
        self.is_whole.then(|| self.ahead.chunks.pop_front().unwrap_or_default())
    }

    /// Reads and hashes the rest, so that the digest can be compared although the archive could not be unpacked.
    pub(super) fn drain(&mut self) {
        while let Ok(count @ 1..) = self.fill_buf().map(<[u8]>::len) {
            self.consume(count);
        }
    }

    /// Returns the error of the source, if it failed.
    pub(super) fn take_failure(&mut self) -> Option<io::Error> {
        self.ahead.failure.take()
    }

    /// Returns the digest of what was read, and the one of the second algorithm.
    pub(super) fn finish(self) -> (Digest, Option<Digest>) {
        let second = self.second.map(|(algorithm, hasher)| Digest::new(algorithm, &hasher.finish()));
        (Digest::new(self.algorithm, &self.hasher.finish()), second)
    }

    fn hash(&mut self) {
        for chunk in &self.ahead.chunks {
            self.hasher.update(chunk);
            if let Some((_, second)) = &mut self.second {
                second.update(chunk);
            }
        }
    }
}

impl BufRead for HashingReader<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.ahead.chunks.is_empty() && self.ahead.comes_more() {
            self.permit.pause(|| self.ahead.gather());
            self.hash();
        }
        match (self.ahead.chunks.front(), &self.ahead.failure) {
            (Some(chunk), _) => Ok(chunk),
            (None, Some(failure)) => Err(failure.kind().into()),
            (None, None) => Ok(&[]),
        }
    }

    fn consume(&mut self, count: usize) {
        let Some(chunk) = self.ahead.chunks.front_mut().filter(|_| count > 0) else { return };
        self.is_whole = false;
        chunk.advance(count);
        if chunk.is_empty() {
            self.ahead.chunks.pop_front();
        }
    }
}

impl Read for HashingReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(buffer)?;
        self.consume(count);
        Ok(count)
    }
}
