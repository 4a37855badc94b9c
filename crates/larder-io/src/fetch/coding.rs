//! Content codings of bodies (RFC 9110, section 8.4).

use std::io::{self, BufRead, Read};

use brotli_decompressor::Decompressor;
use ruzstd::decoding::StreamingDecoder;

use super::gunzip::Gunzip;

/// The codings that are accepted. Gzip comes first: inflating it takes a third of the time of the others, which is more than their
/// smaller size saves on a fast connection.
pub(super) const ACCEPTED: &str = "gzip, zstd;q=0.9, br;q=0.8";

/// The largest window of a zstd stream: one for HTTP needs no more (RFC 9659).
const ZSTD_WINDOW: u64 = 8 << 20;

/// The content coding of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Coding {
    /// None.
    Identity,
    /// RFC 1952
    Gzip,
    /// RFC 7932
    Brotli,
    /// RFC 8878
    Zstd,
}

impl Coding {
    /// Parses `BodyRange-Encoding`. A body with a coding that was not accepted is passed on as it is.
    pub(super) fn of(header: Option<&str>) -> Self {
        let is = |name: &str| header.is_some_and(|coding| coding.trim().eq_ignore_ascii_case(name));
        match () {
            () if is("gzip") => Self::Gzip,
            () if is("br") => Self::Brotli,
            () if is("zstd") => Self::Zstd,
            () => Self::Identity,
        }
    }

    /// Returns a reader that undoes the coding.
    pub(super) fn unpack<'a>(self, packed: impl BufRead + Send + 'a) -> io::Result<Box<dyn Read + Send + 'a>> {
        Ok(match self {
            Self::Identity => Box::new(packed),
            Self::Gzip => Box::new(Gunzip::new(packed)),
            Self::Brotli => Box::new(Decompressor::new(packed, 64 << 10)),
            Self::Zstd => {
                let damaged = |error| io::Error::new(io::ErrorKind::InvalidData, error);
                Box::new(StreamingDecoder::new_with_max_window_size(packed, ZSTD_WINDOW).map_err(damaged)?)
            }
        })
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// `whole ` forty times, in brotli.
    pub(in crate::fetch) const BROTLI: [u8; 21] =
        [27, 239, 0, 248, 141, 84, 181, 191, 6, 65, 99, 187, 83, 101, 111, 49, 91, 28, 128, 180, 3];

    /// A text in zstd.
    pub(in crate::fetch) fn zstd(text: &str) -> Vec<u8> {
        ruzstd::encoding::compress_to_vec(text.as_bytes(), ruzstd::encoding::CompressionLevel::Fastest)
    }

    fn unpack(coding: Coding, packed: &[u8]) -> io::Result<String> {
        let mut text = String::new();
        // A source that gives little at a time.
        coding.unpack(io::BufReader::with_capacity(7, packed))?.read_to_string(&mut text).map(|_| text)
    }

    #[test]
    fn what_is_packed_is_unpacked_and_what_is_cut_off_is_noticed() {
        let text = "whole ".repeat(40);
        for (coding, packed) in [(Coding::Brotli, BROTLI.to_vec()), (Coding::Zstd, zstd(&text))] {
            assert_eq!(unpack(coding, &packed).unwrap(), text);
            for length in 0..packed.len() {
                assert!(unpack(coding, &packed[..length]).is_err(), "{coding:?} {length}");
            }
            assert!(unpack(coding, b"something else").is_err());
        }
    }

    #[test]
    fn a_window_too_large_for_memory_is_refused() {
        // Magic, no flags, a window of 16 MiB, one last empty block.
        let frame = |window: u8| [0x28, 0xb5, 0x2f, 0xfd, 0, window, 1, 0, 0];
        assert_eq!(unpack(Coding::Zstd, &frame(13 << 3)).unwrap(), "");
        assert!(unpack(Coding::Zstd, &frame(14 << 3)).is_err());
    }

    #[test]
    fn names_of_codings_have_no_case() {
        assert_eq!(Coding::of(Some("GZIP")), Coding::Gzip);
        assert_eq!(Coding::of(Some("br")), Coding::Brotli);
        assert_eq!(Coding::of(Some("zstd")), Coding::Zstd);
        assert_eq!(Coding::of(Some("identity")), Coding::Identity);
        assert_eq!(Coding::of(None), Coding::Identity);
    }
}
