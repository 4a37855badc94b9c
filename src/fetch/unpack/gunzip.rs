//! A gzip stream without anything after it.

use std::io::{self, BufRead, Read};

use flate2::bufread::GzDecoder;

use super::Trouble;

/// Inflates a gzip stream, of one member or several; anything else behind them is [`Trouble::StrayData`].
pub(super) struct Gunzip<R: BufRead> {
    member: Option<GzDecoder<R>>,
}

impl<R: BufRead> Gunzip<R> {
    pub(super) fn new(source: R) -> Self {
        Self { member: Some(GzDecoder::new(source)) }
    }
}

impl<R: BufRead> Read for Gunzip<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            let Some(member) = &mut self.member else { return Ok(0) };
            let count = member.read(buffer)?;
            if count > 0 {
                return Ok(count);
            }
            match member.get_mut().fill_buf()?.first() {
                None => return Ok(0),
                Some(0x1f) => self.member = self.member.take().map(|member| GzDecoder::new(member.into_inner())),
                Some(_) => return Err(io::Error::new(io::ErrorKind::InvalidData, Trouble::StrayData)),
            }
        }
    }
}
