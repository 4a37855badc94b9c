//! The body of an answer, read as it arrives.

use std::io::{self, BufRead, Read};

use bytes::{Buf, Bytes};

use super::arriving::Pieces;
use super::coding::Coding;
use super::endpoint::Permit;

/// A body that is read as it arrives. It counts as a running request until it is dropped.
pub struct Body {
    source: Source,
    /// What of the source was received and not yet read.
    chunk: Bytes,
    permit: Option<Permit>,
    coding: Coding,
    /// How many bytes were received, for a file that can be gone on with.
    received: u64,
    resume: Option<Box<AskAgain>>,
}

/// Asks for the rest of a file, after so many bytes of it. Returns `None` if there is no way to go on.
type AskAgain = dyn FnMut(u64) -> Option<Body> + Send;

enum Source {
    Pieces(Pieces),
    Reader(Box<dyn Read + Send>),
}

/// How much is read at a time from what is no connection.
const READ: usize = 64 << 10;

impl Body {
    /// A body that arrives from a server.
    pub(super) fn arriving(pieces: Pieces, permit: Permit, coding: Coding) -> Self {
        Self::new(Source::Pieces(pieces), Some(permit), coding)
    }

    /// A body that is read from something else than a server.
    pub fn of(reader: Box<dyn Read + Send>) -> Self {
        Self::new(Source::Reader(reader), None, Coding::Identity)
    }

    fn new(source: Source, permit: Option<Permit>, coding: Coding) -> Self {
        Self { source, chunk: Bytes::new(), permit, coding, received: 0, resume: None }
    }

    /// Lets it go on after a break.
    pub(super) fn resumes_by(&mut self, resume: Box<AskAgain>) {
        self.resume = Some(resume);
    }

    /// Reads so many bytes for nothing; returns `None` if there are not so many.
    pub(super) fn skip(mut self, count: u64) -> Option<Self> {
        let skipped = io::copy(&mut (&mut self).take(count), &mut io::sink()).ok()?;
        (skipped == count).then_some(self)
    }

    /// Tells how it was packed for its way.
    pub(super) fn coding(&self) -> Coding {
        self.coding
    }

    /// Unpacks what was packed for its way, as it arrives.
    pub(super) fn unpacked(self) -> io::Result<Self> {
        match self.coding {
            Coding::Identity => Ok(self),
            coding => coding.unpack(self).map(Self::of),
        }
    }

    /// Returns the next bytes as they came, without a copy; none at the end.
    pub(super) fn next(&mut self) -> io::Result<Bytes> {
        if !self.chunk.is_empty() {
            return Ok(std::mem::take(&mut self.chunk));
        }
        let chunk = match &mut self.source {
            Source::Pieces(pieces) => match pieces.next() {
                Err(error) => return self.go_on(error),
                Ok(chunk) => chunk,
            },
            Source::Reader(reader) => {
                let mut chunk = vec![0; READ];
                let count = reader.read(&mut chunk)?;
                chunk.truncate(count);
                chunk.into()
            }
        };
        if chunk.is_empty() {
            self.permit = None;
        }
        self.received += chunk.len() as u64;
        Ok(chunk)
    }

    /// Goes on with the rest of a file after its connection broke.
    fn go_on(&mut self, error: io::Error) -> io::Result<Bytes> {
        // Who waits for another try asks nothing meanwhile.
        self.permit = None;
        let Some(mut resume) = self.resume.take() else { return Err(error) };
        let Some(rest) = resume(self.received) else { return Err(error) };
        *self = Self { received: self.received, resume: Some(resume), ..rest };
        self.next()
    }
}

impl BufRead for Body {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.chunk.is_empty() {
            self.chunk = self.next()?;
        }
        Ok(&self.chunk)
    }

    fn consume(&mut self, count: usize) {
        self.chunk.advance(count);
    }
}

impl Read for Body {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        let count = self.fill_buf()?.read(buffer)?;
        self.consume(count);
        Ok(count)
    }
}

impl std::fmt::Debug for Body {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Body")
    }
}
