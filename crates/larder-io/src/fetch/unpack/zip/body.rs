//! Reads an entry: its own header, its data, and the data descriptor that may follow.

use std::io::{self, BufRead, Read, Seek};

use flate2::{Decompress, FlushDecompress, Status};
use libdeflater::Decompressor;

use super::directory::{Method, UNICODE, ZipEntry};
use super::{ELSEWHERE, Numbers, ZIP64, extra_field, skim};
use crate::fetch::gunzip::{PLAIN_HEADER, inflate_deflate_at_once};
use crate::fetch::memory::{Buffer, Memory};
use crate::fetch::unpack::refusal::{ArchiveFault, fault_of};

const HEADER: &[u8] = b"PK\x03\x04";
const HEADER_SIZE: usize = 30;
const DESCRIPTOR: &[u8] = b"PK\x07\x08";

/// The flag for a data descriptor: checksum and sizes follow the data.
const DESCRIBED: u16 = 1 << 3;

/// The size up to which an entry is read at once, packed and inflated.
const AT_ONCE: u64 = 4 << 20;

/// Buffers for reading entries at once, one after the other.
pub(crate) struct Buffers<'m> {
    packed: Buffer<'m>,
    content: Buffer<'m>,
    decompressor: Decompressor,
}

impl<'m> Buffers<'m> {
    pub(in crate::fetch) fn new(memory: &'m Memory) -> Self {
        Self { packed: memory.buffer(), content: memory.buffer(), decompressor: Decompressor::new() }
    }
}

/// Reads the content of an entry. The end is reached only if checksum and sizes are those of the directory; only then may
/// another entry be read.
pub(crate) struct EntryReader<'a, R> {
    source: &'a mut R,
    /// Where the next byte of `source` lies.
    at: &'a mut u64,
    inflate: &'a mut Decompress,
    entry: &'a ZipEntry,
    checksum: crc32fast::Hasher,
    /// The number of packed bytes that were not read yet.
    left: u64,
    read: u64,
    /// The number of bytes between the data and the next entry.
    behind: u64,
    /// Whether the deflate stream ended.
    done: bool,
    /// Whether the descriptor was read, too.
    is_over: bool,
}

impl<'a, R: BufRead> EntryReader<'a, R> {
    /// Reads the entry's own header, which must agree with the directory.
    pub(super) fn begin(
        source: &'a mut R,
        at: &'a mut u64,
        inflate: &'a mut Decompress,
        entry: &'a ZipEntry,
    ) -> Result<Self, ArchiveFault> {
        let io = |error| fault_of(&error);
        let mut header = [0; HEADER_SIZE];
        source.read_exact(&mut header).map_err(io)?;
        let mut numbers = Numbers(header.strip_prefix(HEADER).ok_or(ArchiveFault::Disagrees("place"))?);
        // The version of who can read it.
        numbers.bytes(2);
        let (flags, method) = (numbers.u16(), numbers.u16());
        // When it was changed.
        numbers.bytes(4);
        let (checksum, packed, size) = (numbers.u32(), numbers.u32(), numbers.u32());
        let (name, extra) = (u64::from(numbers.u16()), u64::from(numbers.u16()));
        let mut bytes = Vec::new();
        skim(source, name, &mut bytes).map_err(io)?;
        if bytes != entry.name().as_bytes() || !entry.name().is_ascii() && (flags ^ entry.flags) & UNICODE != 0 {
            return Err(ArchiveFault::Disagrees("name"));
        }
        skim(source, extra, &mut bytes).map_err(io)?;
        if flags & 1 != 0 {
            return Err(ArchiveFault::Encrypted);
        }
        if method != entry.method as u16 {
            return Err(ArchiveFault::Disagrees("method"));
        }
        let mut wide = Numbers(extra_field(&bytes, ZIP64)?.unwrap_or_default());
        let [size, packed] = [size, packed].map(|number| match number {
            ELSEWHERE if wide.0.len() >= 8 => wide.u64(),
            number => u64::from(number),
        });
        let same = [(u64::from(checksum), u64::from(entry.checksum)), (size, entry.size()), (packed, entry.packed)];
        let is_said = |(here, there): (u64, u64)| here == there || here == 0 && flags & DESCRIBED != 0;
        if !same.into_iter().all(is_said) {
            return Err(ArchiveFault::Disagrees("checksum or size"));
        }
        if entry.method == Method::Stored && entry.packed != entry.size() {
            return Err(ArchiveFault::Disagrees("size"));
        }
        *at += HEADER_SIZE as u64 + name + extra;
        let behind = entry.end.checked_sub(*at).and_then(|room| room.checked_sub(entry.packed));
        let behind = behind.ok_or_else(|| ArchiveFault::Damaged("it overlaps with another entry".to_owned()))?;
        let may_be_behind = if flags & DESCRIBED == 0 { &[0][..] } else { &[12, 16, 20, 24] };
        if !may_be_behind.contains(&behind) {
            return Err(ArchiveFault::StrayData);
        }
        let (checksum, left) = (crc32fast::Hasher::new(), entry.packed);
        Ok(Self { source, at, inflate, entry, checksum, left, read: 0, behind, done: false, is_over: false })
    }

    /// Returns the entry in the directory.
    pub(crate) fn entry(&self) -> &'a ZipEntry {
        self.entry
    }

    /// Inflates some bytes. Returns the number of packed bytes that were used and of bytes that were written.
    fn step(&mut self, buffer: &mut [u8]) -> io::Result<(usize, usize)> {
        let input = self.source.fill_buf()?;
        let input = &input[..input.len().min(usize::try_from(self.left).unwrap_or(usize::MAX))];
        if self.entry.method == Method::Stored {
            let count = input.len().min(buffer.len());
            buffer[..count].copy_from_slice(&input[..count]);
            return Ok((count, count));
        }
        // With all of it at hand, what was inflated need not be kept for later.
        let is_all = input.len() as u64 == self.left && buffer.len() as u64 >= self.entry.size() - self.read;
        let flush = if is_all { FlushDecompress::Finish } else { FlushDecompress::None };
        let (before, after) = (self.inflate.total_in(), self.inflate.total_out());
        let status = self.inflate.decompress(input, buffer, flush).map_err(|_| damaged("corrupt deflate stream"))?;
        self.done = status == Status::StreamEnd;
        Ok(((self.inflate.total_in() - before) as usize, (self.inflate.total_out() - after) as usize))
    }

    /// Compares what was read with the directory, and reads the descriptor.
    fn finish(&mut self) -> io::Result<()> {
        if self.left != 0 {
            return Err(io::Error::new(io::ErrorKind::InvalidData, ArchiveFault::StrayData));
        }
        if self.read != self.entry.size() {
            return Err(damaged("it is shorter than its header says"));
        }
        if self.checksum.clone().finalize() != self.entry.checksum {
            return Err(damaged("its checksum is wrong"));
        }
        self.skip_descriptor()
    }

    /// Reads the descriptor, if there is one, and compares it with the directory.
    fn skip_descriptor(&mut self) -> io::Result<()> {
        if self.behind > 0 {
            let mut bytes = Vec::new();
            skim(self.source, self.behind, &mut bytes)?;
            *self.at += self.behind;
            let is_true = [4, 8].into_iter().any(|wide| self.is_described_by(&bytes, wide));
            if !is_true {
                return Err(io::Error::new(io::ErrorKind::InvalidData, ArchiveFault::Disagrees("checksum or size")));
            }
        }
        // Read once more, the body is at its end.
        self.is_over = true;
        Ok(())
    }

    /// Returns whether the descriptor agrees with the directory. It has an optional signature, the checksum, and two sizes of `wide`
    /// bytes.
    fn is_described_by(&self, bytes: &[u8], wide: usize) -> bool {
        let bytes = match bytes.len().checked_sub(2 * wide) {
            Some(8) if bytes.starts_with(DESCRIPTOR) => &bytes[DESCRIPTOR.len()..],
            Some(4) => bytes,
            _ => return false,
        };
        let mut numbers = Numbers(bytes);
        let checksum = numbers.u32();
        let mut size = || if wide == 4 { u64::from(numbers.u32()) } else { numbers.u64() };
        (checksum, size(), size()) == (self.entry.checksum, self.entry.packed, self.entry.size())
    }
}

impl<R: BufRead + Seek> EntryReader<'_, R> {
    /// Reads all of the entry at once, in half the time that reading it piece by piece takes.
    ///
    /// Returns `None`, with nothing read, if the entry is too large or does not agree with the directory: reading it
    /// piece by piece then finds out what is wrong.
    pub(crate) fn read_at_once<'b>(&mut self, buffers: &'b mut Buffers<'_>) -> io::Result<Option<&'b [u8]>> {
        let (packed, size) = (self.entry.packed, self.entry.size());
        if packed.max(size) > AT_ONCE || self.left != packed || self.read != 0 {
            return Ok(None);
        }
        let Buffers { packed: member, content, decompressor } = buffers;
        member.clear();
        member.extend_from_slice(&PLAIN_HEADER);
        let taken = self.source.by_ref().take(packed).read_to_end(member)?;
        let content = match self.entry.method {
            Method::Stored => {
                let content = &member[PLAIN_HEADER.len()..];
                (crc32fast::hash(content) == self.entry.checksum).then_some(content)
            }
            Method::Deflated => {
                let content = content.sized(size as usize);
                inflate_deflate_at_once(decompressor, member, self.entry.checksum, content).then_some(&*content)
            }
        };
        let Some(content) = content.filter(|_| taken as u64 == packed) else {
            self.source.seek_relative(-(taken as u64).cast_signed())?;
            return Ok(None);
        };
        *self.at += packed;
        (self.left, self.read, self.done) = (0, size, true);
        self.skip_descriptor()?;
        Ok(Some(content))
    }
}

impl<R: BufRead> Read for EntryReader<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        let is_read = |body: &Self| body.done || body.entry.method == Method::Stored && body.left == 0;
        while !is_read(self) {
            let (taken, given) = self.step(buffer)?;
            self.source.consume(taken);
            self.left -= taken as u64;
            *self.at += taken as u64;
            self.read += given as u64;
            self.checksum.update(&buffer[..given]);
            if self.read > self.entry.size() {
                return Err(damaged("it is longer than its header says"));
            }
            if given > 0 {
                return Ok(given);
            }
            if taken == 0 && !self.done {
                return Err(if self.left == 0 {
                    damaged("corrupt deflate stream")
                } else {
                    io::ErrorKind::UnexpectedEof.into()
                });
            }
        }
        if !self.is_over {
            self.finish()?;
        }
        Ok(0)
    }
}

fn damaged(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}
