//! The body of an answer, read as it arrives.

use std::io::{self, BufRead, Read};

use bytes::{Buf, Bytes};

use super::coding::Coding;
use super::endpoint::Permit;
use super::received_body::ReceivedBody;

/// A body that is read as it arrives. It holds the permit of its request until its end.
pub struct Body {
    source: BodySource,
    /// Bytes that were received and not read yet.
    chunk: Bytes,
    permit: Option<Permit>,
    coding: Coding,
    /// The number of bytes that were received, from which a broken download resumes.
    received: u64,
    resume: Option<Box<AskAgain>>,
}

/// Asks for the rest of a file, after so many bytes of it. Returns `None` if there is no way to go on.
type AskAgain = dyn FnMut(u64) -> Option<Body> + Send;

enum BodySource {
    ReceivedBody(ReceivedBody),
    Reader(Box<dyn Read + Send>),
}

/// The number of bytes that are read at a time from a file.
const READ: usize = 64 << 10;

impl Body {
    /// Returns a body that arrives from a server.
    pub(super) fn arriving(pieces: ReceivedBody, permit: Permit, coding: Coding) -> Self {
        Self::new(BodySource::ReceivedBody(pieces), Some(permit), coding)
    }

    /// Returns a body that is read from something other than a server.
    pub fn of(reader: Box<dyn Read + Send>) -> Self {
        Self::new(BodySource::Reader(reader), None, Coding::Identity)
    }

    fn new(source: BodySource, permit: Option<Permit>, coding: Coding) -> Self {
        Self { source, chunk: Bytes::new(), permit, coding, received: 0, resume: None }
    }

    /// Sets how the download resumes after the connection broke.
    pub(super) fn resumes_by(&mut self, resume: Box<AskAgain>) {
        self.resume = Some(resume);
    }

    /// Discards the first `count` bytes. Returns `None` if there are fewer.
    pub(super) fn skip(mut self, count: u64) -> Option<Self> {
        let skipped = io::copy(&mut (&mut self).take(count), &mut io::sink()).ok()?;
        (skipped == count).then_some(self)
    }

    /// Returns the content coding.
    pub(super) fn coding(&self) -> Coding {
        self.coding
    }

    /// Returns a body that undoes the content coding as it is read.
    pub(super) fn unpacked(self) -> io::Result<Self> {
        match self.coding {
            Coding::Identity => Ok(self),
            coding => coding.unpack(self).map(Self::of),
        }
    }

    /// Returns the next chunk without a copy, and an empty one at the end.
    pub(super) fn next(&mut self) -> io::Result<Bytes> {
        if !self.chunk.is_empty() {
            return Ok(std::mem::take(&mut self.chunk));
        }
        let chunk = match &mut self.source {
            BodySource::ReceivedBody(pieces) => match pieces.next() {
                Err(error) => return self.go_on(error),
                Ok(chunk) => chunk,
            },
            BodySource::Reader(reader) => {
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

    /// Resumes the download after its connection broke.
    fn go_on(&mut self, error: io::Error) -> io::Result<Bytes> {
        // No request is running during the pause before the next one.
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
