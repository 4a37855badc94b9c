//! Memory that all threads of a run share.
//!
//! An allocator keeps freed memory for each thread, and fifty threads free large buffers. So large buffers are kept here until the
//! run ends and used again: as many as threads work at once, and blocks for waiting archives within a bound.

use std::ops::{Deref, DerefMut};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The size of a block.
pub(super) const BLOCK: usize = 256 << 10;

/// The number of blocks for archives that wait to be unpacked: 16 MiB.
const BLOCKS: usize = 64;

/// The most blocks for one archive: many small archives gain more than one large archive.
const BLOCKS_OF_ONE: usize = 16;

/// Buffers and blocks, in use or free.
#[derive(Debug)]
pub(super) struct Memory {
    buffers: Mutex<Vec<Vec<u8>>>,
    blocks: Mutex<Blocks>,
}

#[derive(Debug)]
struct Blocks {
    /// Blocks that were used before.
    used: Vec<Vec<u8>>,
    /// The number of blocks that may still be taken.
    free: usize,
}

/// A buffer with arbitrary content, given back when it is dropped.
#[derive(Debug)]
pub(super) struct Buffer<'m> {
    bytes: Vec<u8>,
    memory: &'m Memory,
}

/// Bytes in a fixed number of blocks, which are given back when it is dropped.
#[derive(Debug)]
pub(super) struct Reservation<'m> {
    /// The blocks with bytes; all but the last are full.
    filled: Vec<Vec<u8>>,
    /// The number of blocks that may still be filled.
    left: usize,
    memory: &'m Memory,
}

impl Default for Memory {
    fn default() -> Self {
        Self { buffers: Mutex::default(), blocks: Mutex::new(Blocks { used: Vec::new(), free: BLOCKS }) }
    }
}

impl Memory {
    /// Returns a buffer that is not in use.
    pub(super) fn buffer(&self) -> Buffer<'_> {
        Buffer { bytes: lock(&self.buffers).pop().unwrap_or_default(), memory: self }
    }

    /// Reserves blocks for so many bytes. Returns `None` if too few are free, or they are too many for one archive.
    pub(super) fn reserve(&self, bytes: u64) -> Option<Reservation<'_>> {
        let count = usize::try_from(bytes.div_ceil(BLOCK as u64)).ok().filter(|count| *count <= BLOCKS_OF_ONE)?;
        let mut blocks = lock(&self.blocks);
        blocks.free = blocks.free.checked_sub(count)?;
        Some(Reservation { filled: Vec::with_capacity(count), left: count, memory: self })
    }
}

impl Buffer<'_> {
    /// Returns the first `size` bytes, with arbitrary content.
    pub(super) fn sized(&mut self, size: usize) -> &mut [u8] {
        if self.bytes.len() < size {
            self.bytes.resize(size, 0);
        }
        &mut self.bytes[..size]
    }
}

impl Deref for Buffer<'_> {
    type Target = Vec<u8>;

    fn deref(&self) -> &Vec<u8> {
        &self.bytes
    }
}

impl DerefMut for Buffer<'_> {
    fn deref_mut(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }
}

impl Drop for Buffer<'_> {
    fn drop(&mut self) {
        lock(&self.memory.buffers).push(std::mem::take(&mut self.bytes));
    }
}

impl Reservation<'_> {
    /// Appends bytes, and returns how many fitted.
    pub(super) fn push(&mut self, mut bytes: &[u8]) -> usize {
        let before = bytes.len();
        while !bytes.is_empty() {
            let Some(block) = self.filled.last_mut().filter(|block| block.len() < BLOCK) else {
                if self.left == 0 {
                    break;
                }
                self.left -= 1;
                let used = lock(&self.memory.blocks).used.pop();
                self.filled.push(used.unwrap_or_else(|| Vec::with_capacity(BLOCK)));
                continue;
            };
            let (now, rest) = bytes.split_at(bytes.len().min(BLOCK - block.len()));
            block.extend_from_slice(now);
            bytes = rest;
        }
        before - bytes.len()
    }

    /// Returns the number of bytes.
    pub(super) fn len(&self) -> usize {
        self.filled.last().map_or(0, |last| (self.filled.len() - 1) * BLOCK + last.len())
    }

    /// Returns the bytes from an offset to the end of its block: none at the end of all.
    pub(super) fn at(&self, place: usize) -> &[u8] {
        self.filled.get(place / BLOCK).and_then(|block| block.get(place % BLOCK..)).unwrap_or_default()
    }
}

impl Drop for Reservation<'_> {
    fn drop(&mut self) {
        let mut blocks = lock(&self.memory.blocks);
        blocks.free += self.filled.len() + self.left;
        for mut block in self.filled.drain(..) {
            block.clear();
            blocks.used.push(block);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_is_used_again_and_is_as_large_as_it_is_asked_for() {
        let memory = Memory::default();
        memory.buffer().sized(3).fill(1);
        assert_eq!(memory.buffer().sized(2), [1, 1]);
        assert_eq!(memory.buffer().sized(4), [1, 1, 1, 0]);
        assert_eq!(lock(&memory.buffers).len(), 1);
    }

    #[test]
    fn blocks_hold_what_was_put_into_them() {
        let memory = Memory::default();
        let bytes: Vec<u8> = (0..2 * BLOCK + 5).map(|i| (i / 7) as u8).collect();
        let mut reserved = memory.reserve(bytes.len() as u64).unwrap();
        let pushed: usize = bytes.chunks(100_000).map(|chunk| reserved.push(chunk)).sum();
        assert_eq!((pushed, reserved.len()), (bytes.len(), bytes.len()));
        let mut read = Vec::new();
        while read.len() < bytes.len() {
            read.extend_from_slice(reserved.at(read.len()));
        }
        assert!(read == bytes && reserved.at(read.len()).is_empty());
        // The last block has room for more, and there is no other one.
        assert_eq!(reserved.push(&vec![0; BLOCK]), BLOCK - 5);
        assert_eq!(reserved.push(b"x"), 0);
    }

    #[test]
    fn blocks_are_bounded_and_given_back() {
        let memory = Memory::default();
        let most = (BLOCKS_OF_ONE * BLOCK) as u64;
        assert!(memory.reserve(most + 1).is_none() && memory.reserve(u64::MAX).is_none());
        let all: Vec<_> = (0..BLOCKS / BLOCKS_OF_ONE).map(|_| memory.reserve(most).unwrap()).collect();
        assert!(memory.reserve(1).is_none());
        drop(all);
        let mut again = memory.reserve(1).unwrap();
        assert_eq!((again.push(b"x"), again.push(b"y")), (1, 1));
        drop(again);
        let blocks = memory.blocks.into_inner().unwrap();
        assert_eq!((blocks.free, blocks.used.len(), blocks.used[0].len()), (BLOCKS, 1, 0));
    }
}
