//! A gzip stream (RFC 1952) with nothing after it but padding.
//!
//! It is read here and not by `flate2`, whose check sum was measured to take half as long as the inflating itself.

use std::io::{self, BufRead, Read};

use flate2::{Decompress, FlushDecompress, Status};
use libdeflater::Decompressor;
use memchr::memmem;

/// Data that follows the end of a stream.
#[derive(Debug, thiserror::Error)]
#[error("data follows its end")]
pub(super) struct StrayData;

/// The most bytes that one byte of a deflate stream inflates to.
const LARGEST_RATIO: usize = 1032;

/// Returns the inflated length of a gzip stream in memory, as its trailer states it. Returns `None` if data may follow the trailer.
///
/// A member's last four bytes are its length. If they are nowhere else, and the stream turns out to be one member of that
/// length, its end is the end of all.
pub(super) fn length_at_end(packed: &[u8]) -> Option<usize> {
    let length = packed.last_chunk::<4>()?;
    if memmem::find(packed, length)? + length.len() != packed.len() {
        return None;
    }
    let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
    (length / LARGEST_RATIO <= packed.len()).then_some(length)
}

/// Inflates a gzip stream in memory, in half the time that [`Gunzip`] takes. Returns whether it is one whole member of this
/// length; what else it is, `Gunzip` finds out.
pub(super) fn inflate_at_once(decompressor: &mut Decompressor, packed: &[u8], inflated: &mut [u8]) -> bool {
    decompressor.gzip_decompress(packed, inflated) == Ok(inflated.len())
}

/// The header of a gzip member without a name, a time or flags.
pub(super) const PLAIN_HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];

/// Inflates a raw deflate stream in memory, in half the time that `flate2` takes. Returns whether it is one whole stream
/// of this length and with this CRC-32, and nothing follows its end.
///
/// `member` is [`PLAIN_HEADER`] and the stream. `libdeflater` does not return where a raw stream ends, so a trailer makes a
/// gzip member of it: if that is nowhere else, it is only found where the stream ends with `member`.
pub(super) fn inflate_deflate_at_once(
    decompressor: &mut Decompressor,
    member: &mut Vec<u8>,
    checksum: u32,
    inflated: &mut [u8],
) -> bool {
    let Ok(length) = u32::try_from(inflated.len()) else { return false };
    let end = member.len();
    member.extend_from_slice(&checksum.to_le_bytes());
    member.extend_from_slice(&length.to_le_bytes());
    memmem::find(member, &member[end..]) == Some(end) && inflate_at_once(decompressor, member, inflated)
}

/// Inflates a gzip stream, of one member or several; anything but zeros behind them is [`StrayData`].
///
/// Zeros are what `gzip` ignores there: early npm padded its tarballs with them, and some are in use to this day.
pub(super) struct Gunzip<R> {
    source: R,
    inflate: Decompress,
    checksum: crc32fast::Hasher,
    position: StreamPosition,
    end: StreamEnd,
}

/// What may stand behind the first member.
#[derive(Clone, Copy, PartialEq, Eq)]
enum StreamEnd {
    /// More members, then zeros.
    Loose,
    /// Nothing: there are readers that stop there, and they are to see the same.
    Exact,
}

/// Where in the stream the next byte is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum StreamPosition {
    /// At the header of the first member.
    Start,
    /// In a member.
    Member,
    /// Behind a member.
    Behind,
}

// The flags of a header.
const CHECKED: u8 = 1 << 1;
const EXTRA: u8 = 1 << 2;
const NAME: u8 = 1 << 3;
const COMMENT: u8 = 1 << 4;
const RESERVED: u8 = 0b1110_0000;

impl<R: BufRead> Gunzip<R> {
    pub(super) fn new(source: R) -> Self {
        Self::with_end(source, StreamEnd::Loose)
    }

    /// Inflates one member; anything behind it is [`StrayData`].
    pub(super) fn of_one_member(source: R) -> Self {
        Self::with_end(source, StreamEnd::Exact)
    }

    fn with_end(source: R, end: StreamEnd) -> Self {
        let (inflate, checksum) = (Decompress::new(false), crc32fast::Hasher::new());
        Self { source, inflate, checksum, position: StreamPosition::Start, end }
    }

    fn read_header(&mut self) -> io::Result<()> {
        let mut header = [0; 10];
        self.source.read_exact(&mut header)?;
        let [0x1f, 0x8b, 8, flags, ..] = header else { return Err(damaged("it is not gzip")) };
        if flags & RESERVED != 0 {
            return Err(damaged("its gzip header is of an unknown kind"));
        }
        if flags & EXTRA != 0 {
            let mut length = [0; 2];
            self.source.read_exact(&mut length)?;
            let length = u64::from(u16::from_le_bytes(length));
            if io::copy(&mut self.source.by_ref().take(length), &mut io::sink())? < length {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        for text in [NAME, COMMENT] {
            if flags & text != 0 {
                self.skip_text()?;
            }
        }
        if flags & CHECKED != 0 {
            self.source.read_exact(&mut [0; 2])?;
        }
        self.inflate.reset(false);
        self.checksum.reset();
        Ok(())
    }

    /// Skips a text that ends with a NUL.
    fn skip_text(&mut self) -> io::Result<()> {
        const LONGEST: u64 = 1 << 16;
        let mut text = Vec::new();
        self.source.by_ref().take(LONGEST).read_until(0, &mut text)?;
        if text.last() == Some(&0) { Ok(()) } else { Err(damaged("its gzip header does not end")) }
    }

    /// Reads what follows a member: the check sum and the length of what it inflated to.
    fn read_trailer(&mut self) -> io::Result<()> {
        let mut trailer = [0; 8];
        self.source.read_exact(&mut trailer)?;
        let length = self.inflate.total_out() as u32;
        let [a, b, c, d, rest @ ..] = trailer;
        if u32::from_le_bytes([a, b, c, d]) != self.checksum.clone().finalize() || u32::from_le_bytes(rest) != length {
            return Err(damaged("its check sum is wrong"));
        }
        Ok(())
    }

    /// Reads to the end of what follows the last member, and returns that nothing more was inflated.
    fn skip_padding(&mut self) -> io::Result<usize> {
        loop {
            let input = self.source.fill_buf()?;
            if input.iter().any(|byte| *byte != 0) {
                return Err(io::Error::new(io::ErrorKind::InvalidData, StrayData));
            }
            match input.len() {
                0 => return Ok(0),
                count => self.source.consume(count),
            }
        }
    }

    /// Inflates some of a member, and returns how many bytes; none where it goes on with more input.
    fn inflate(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let input = self.source.fill_buf()?;
        let (is_end, before, after) = (input.is_empty(), self.inflate.total_in(), self.inflate.total_out());
        let status = self.inflate.decompress(input, buffer, FlushDecompress::None);
        let status = status.map_err(|_| damaged("corrupt deflate stream"))?;
        let (consumed, produced) =
            ((self.inflate.total_in() - before) as usize, (self.inflate.total_out() - after) as usize);
        self.source.consume(consumed);
        self.checksum.update(&buffer[..produced]);
        match status {
            Status::StreamEnd => {
                self.read_trailer()?;
                self.position = StreamPosition::Behind;
            }
            Status::Ok | Status::BufError if produced == 0 && is_end => return Err(io::ErrorKind::UnexpectedEof.into()),
            Status::BufError if produced == 0 && consumed == 0 => return Err(damaged("corrupt deflate stream")),
            Status::Ok | Status::BufError => {}
        }
        Ok(produced)
    }
}

impl<R: BufRead> Read for Gunzip<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            if self.position == StreamPosition::Member {
                let produced = self.inflate(buffer)?;
                if produced > 0 {
                    return Ok(produced);
                }
                continue;
            }
            if self.position == StreamPosition::Behind {
                match self.source.fill_buf()?.first() {
                    None => return Ok(0),
                    Some(0x1f) if self.end == StreamEnd::Loose => {}
                    Some(0) if self.end == StreamEnd::Loose => return self.skip_padding(),
                    Some(_) => return Err(io::Error::new(io::ErrorKind::InvalidData, StrayData)),
                }
            }
            self.read_header()?;
            self.position = StreamPosition::Member;
        }
    }
}

fn damaged(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::{Compression, GzBuilder};

    use super::*;

    fn member(content: &[u8]) -> Vec<u8> {
        let header = GzBuilder::new().filename("name").comment("comment").extra(vec![1; 300]);
        let mut writer = header.write(Vec::new(), Compression::default());
        writer.write_all(content).unwrap();
        writer.finish().unwrap()
    }

    fn read(packed: &[u8]) -> io::Result<Vec<u8>> {
        let mut unpacked = Vec::new();
        // A source that gives little at a time.
        Gunzip::new(io::BufReader::with_capacity(7, packed)).read_to_end(&mut unpacked).map(|_| unpacked)
    }

    #[test]
    fn members_are_read_one_after_the_other() {
        let content: Vec<u8> = (0..100_000_u32).flat_map(|i| (i / 7).to_le_bytes()).collect();
        assert_eq!(read(&member(&content)).unwrap(), content);
        assert_eq!(read(&[member(b"one "), member(b""), member(b"two")].concat()).unwrap(), b"one two");
        assert!(read(&[member(b"one"), b"more".to_vec()].concat()).is_err());
    }

    #[test]
    fn behind_one_member_there_is_nothing() {
        let exact = |packed: &[u8]| {
            let mut unpacked = Vec::new();
            let source = io::BufReader::with_capacity(7, packed);
            Gunzip::of_one_member(source).read_to_end(&mut unpacked).map(|_| unpacked)
        };
        assert_eq!(exact(&member(b"one")).unwrap(), b"one");
        for more in [member(b"two"), vec![0; 512], b"more".to_vec()] {
            assert!(exact(&[member(b"one"), more].concat()).is_err());
        }
    }

    /// Inflates at once, where that can be done.
    fn at_once(packed: &[u8]) -> Option<Vec<u8>> {
        let mut inflated = vec![7; length_at_end(packed)?];
        inflate_at_once(&mut Decompressor::new(), packed, &mut inflated).then_some(inflated)
    }

    #[test]
    fn one_whole_member_and_nothing_else_is_inflated_at_once() {
        let content: Vec<u8> = (0..100_000_u32).flat_map(|i| (i / 7).to_le_bytes()).collect();
        let whole = member(&content);
        assert_eq!(at_once(&whole), Some(content));
        // What ends as the member does could hide what is between.
        let hidden = [&whole, &b"hidden"[..], whole.last_chunk::<8>().unwrap()].concat();
        let other_sum = [&whole, &b"hidden"[..], &[0; 4], whole.last_chunk::<4>().unwrap()].concat();
        let (two, padded) = ([&whole[..], &member(b"two")].concat(), [&whole[..], &[0; 512]].concat());
        for other in [&two[..], &padded, &hidden, &other_sum, &whole[..whole.len() - 1], &whole[..8], b"<html>", b""] {
            assert_eq!(at_once(other), None);
        }
    }

    #[test]
    fn one_whole_deflate_stream_and_nothing_else_is_inflated_at_once() {
        let content: Vec<u8> = (0..100_000_u32).flat_map(|i| (i / 7).to_le_bytes()).collect();
        let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(&content).unwrap();
        let stream = encoder.finish().unwrap();
        let mut sum = crc32fast::Hasher::new();
        sum.update(&content);
        let sum = sum.finalize();
        let inflate = |stream: &[u8], sum, length: usize| {
            let (mut member, mut inflated) = ([&PLAIN_HEADER, stream].concat(), vec![7; length]);
            inflate_deflate_at_once(&mut Decompressor::new(), &mut member, sum, &mut inflated).then_some(inflated)
        };
        let length = content.len();
        assert_eq!(inflate(&stream, sum, length), Some(content));
        let trailer = [sum.to_le_bytes(), (length as u32).to_le_bytes()].concat();
        let hidden = [&stream, &trailer[..], b"hidden"].concat();
        for other in [&hidden[..], &hidden[..hidden.len() - 6], &[&stream, &b"x"[..]].concat(), &stream[1..], b""] {
            assert_eq!(inflate(other, sum, length), None);
        }
        assert_eq!(inflate(&stream[..stream.len() - 1], sum, length), None);
        assert_eq!(inflate(&stream, sum ^ 1, length), None);
        assert_eq!(inflate(&stream, sum, length - 1), None);
        assert_eq!(inflate(&stream, sum, length + 1), None);
    }

    #[test]
    fn padding_of_zeros_is_no_stray_data() {
        assert_eq!(read(&[member(b"one"), vec![0; 1150]].concat()).unwrap(), b"one");
        assert!(read(&[member(b"one"), vec![0; 1150], b"x".to_vec()].concat()).is_err());
        assert!(read(&[member(b"one"), vec![0; 1150], member(b"two")].concat()).is_err());
    }

    #[test]
    fn whatever_is_changed_or_cut_off_is_noticed() {
        let mut plain = GzBuilder::new().write(Vec::new(), Compression::default());
        plain.write_all(b"some content, some content").unwrap();
        let packed = plain.finish().unwrap();
        for length in 0..packed.len() {
            assert!(read(&packed[..length]).is_err(), "{length}");
        }
        // Time, level and system stand at 4 to 9 and say nothing of the content; the last byte before the trailer has
        // bits that mean nothing.
        for at in (0..packed.len()).filter(|at| !(4..10).contains(at) && at + 9 != packed.len()) {
            let mut changed = packed.clone();
            changed[at] ^= 0x40;
            assert!(read(&changed).is_err(), "{at}");
        }
    }
}
