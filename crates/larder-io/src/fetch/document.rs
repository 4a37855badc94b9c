//! Documents: bodies that are read to their end, within the memory that there is for them.

use std::io::{self, Read};
use std::sync::Arc;

use libdeflater::Decompressor;

use super::budget::{self, MemoryBudget, MemoryShare};
use super::coding::Coding;
use super::gunzip::{inflate_at_once, length_at_end};
use super::{BodyRange, Response};

/// Why a body was not read to its end.
pub(super) enum NotRead {
    /// It has more bytes than this, packed or inflated.
    TooLarge(u64),
    /// The connection broke, or the content coding is unknown.
    Broken(io::Error),
}

impl From<io::Error> for NotRead {
    fn from(error: io::Error) -> Self {
        Self::Broken(error)
    }
}

/// Reads a body to its end and inflates it. A large one waits for its share of the memory.
pub(super) fn read_whole(
    response: &mut Response,
    limit: u64,
    budget: &Arc<MemoryBudget>,
) -> Result<(Vec<u8>, Option<MemoryShare>), NotRead> {
    let small = budget::SMALL.min(limit);
    // Nearly always this is all of it, and nothing is copied.
    let mut bytes = Vec::from(response.body.next()?);
    let lacking = |bytes: &Vec<u8>, most: u64| (most + 1).saturating_sub(bytes.len() as u64);
    let lacks = lacking(&bytes, small);
    (&mut response.body).take(lacks).read_to_end(&mut bytes)?;
    let mut held = None;
    if bytes.len() as u64 > small && limit > small {
        // Packed and inflated, it may take whatever there is.
        held = Some(budget.take(match response.body.coding() {
            Coding::Identity => response.length.unwrap_or(limit).min(limit),
            _ => u64::MAX,
        }));
        let lacks = lacking(&bytes, limit);
        (&mut response.body).take(lacks).read_to_end(&mut bytes)?;
    }
    if bytes.len() as u64 > limit {
        return Err(NotRead::TooLarge(limit));
    }
    // A response without a body may name the content coding of the body that it does not have.
    let has_none = bytes.is_empty() && (response.content == BodyRange::NotModified || response.length == Some(0));
    let coding = response.body.coding();
    if coding == Coding::Identity || has_none {
        return Ok((bytes, held));
    }
    let most = budget::most_inflated(bytes.len() as u64, limit);
    let at_end = if coding == Coding::Gzip { length_at_end(&bytes) } else { None };
    if let Some(length) = at_end.filter(|length| *length as u64 <= most) {
        if length as u64 > small && held.is_none() {
            held = Some(budget.take(length as u64));
        }
        let mut inflated = vec![0; length];
        if inflate_at_once(&mut Decompressor::new(), &bytes, &mut inflated) {
            return Ok((inflated, held));
        }
    }
    let mut inflated = Vec::new();
    let mut unpacking = coding.unpack(&*bytes)?;
    (&mut unpacking).take(small.min(most) + 1).read_to_end(&mut inflated)?;
    if inflated.len() as u64 > small.min(most) && most > small {
        held = held.or_else(|| Some(budget.take(most)));
        (&mut unpacking).take(most - small).read_to_end(&mut inflated)?;
    }
    if inflated.len() as u64 > most { Err(NotRead::TooLarge(most)) } else { Ok((inflated, held)) }
}
