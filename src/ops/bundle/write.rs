//! Writing a bundle: a tar as `schema/archive.md` describes it, in one frame of zstd.
//!
//! The compressor cuts its input into blocks of a fixed size, so that its output depends on nothing but the input and its own version.

use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::sync::Arc;

use ruzstd::encoding::{CompressionLevel, FrameCompressor};

use super::{BundleContent, BundledFile};
use crate::diagnostic::{Exit, Failure};
use crate::fetch::Hasher;
use crate::fs::{self, Action, Durability, File, FsError, PendingFile};
use crate::model::{Algorithm, Digest, TreeDigest};
use crate::ops::Result;
use crate::package::{BLOCK, BUNDLE_FILE, END, PROJECT, TREES, headers};
use crate::store::{Tree, TreeEntry};

/// The folder of all entries.
const FOLDER: &str = "bundle";

/// Writes a bundle. The file is there whole, or as it was.
pub(super) fn write(path: PathBuf, content: &BundleContent) -> Result<BundledFile> {
    path.parent().map_or(Ok(()), fs::create_dir_all)?;
    let sink =
        Sink { file: PendingFile::create(&path)?, hasher: Hasher::new(Algorithm::Sha256), size: 0, failure: None };
    let mut compressor = FrameCompressor::new(CompressionLevel::Fastest);
    compressor.set_source(PieceReader { pieces: pieces(content), open: Open::Nothing, failure: None });
    compressor.set_drain(sink);
    compressor.compress();
    if let Some(failure) = compressor.take_source().and_then(|source| source.failure) {
        return Err(failure.into());
    }
    let Some(sink) = compressor.take_drain() else {
        return Err(FsError::new(Action::Write, path, io::ErrorKind::Other).into());
    };
    if let Some(error) = sink.failure {
        return Err(sink.file.failed(error).into());
    }
    let sha256 = Digest::new(Algorithm::Sha256, &sink.hasher.finish()).to_hex();
    let size = sink.size;
    sink.file.commit(Durability::Whole)?;
    Ok(BundledFile { path, size, sha256 })
}

/// A piece of the tar.
enum Piece<'a> {
    Bytes(Vec<u8>),
    /// A file of a tree in the store.
    File(&'a Tree, &'a TreeEntry),
}

/// Returns the pieces of the tar, in order.
fn pieces(content: &BundleContent) -> Box<dyn Iterator<Item = Piece<'_>> + '_> {
    let entry = |path: String, executable: bool, size: u64| Piece::Bytes(headers(&path, executable, size));
    let padding = |size: u64| Piece::Bytes(vec![0; (size.next_multiple_of(BLOCK as u64) - size) as usize]);
    let document = content.file.to_text().into_bytes();
    let size = document.len() as u64;
    let first = [entry(format!("{FOLDER}/{BUNDLE_FILE}"), false, size), Piece::Bytes(document), padding(size)];
    let project = content.project.iter().flat_map(move |file| {
        let size = file.content.len() as u64;
        let path = format!("{FOLDER}/{PROJECT}/{}", file.path);
        [entry(path, file.executable, size), Piece::Bytes(file.content.clone()), padding(size)]
    });
    let trees = content.trees.values().flat_map(move |tree: &Arc<Tree>| {
        tree.entries.iter().flat_map(move |file| {
            let path = format!("{FOLDER}/{TREES}/{}/{}", tree.digest, file.path);
            [entry(path, file.executable, file.size), Piece::File(tree, file), padding(file.size)]
        })
    });
    Box::new(first.into_iter().chain(project).chain(trees).chain([Piece::Bytes(END.to_vec())]))
}

/// The piece that is being read.
enum Open<'a> {
    Nothing,
    Bytes(io::Cursor<Vec<u8>>),
    File { file: File, hasher: Box<blake3::Hasher>, tree: &'a Tree, entry: &'a TreeEntry },
}

/// Reads the pieces one after the other. The compressor takes no error: after one the reader is at its end, and says what it was.
struct PieceReader<'a> {
    pieces: Box<dyn Iterator<Item = Piece<'a>> + 'a>,
    open: Open<'a>,
    failure: Option<ReadFailure>,
}

impl PieceReader<'_> {
    fn open_next(&mut self) -> std::result::Result<bool, ReadFailure> {
        let Some(piece) = self.pieces.next() else { return Ok(false) };
        self.open = match piece {
            Piece::Bytes(bytes) => Open::Bytes(io::Cursor::new(bytes)),
            Piece::File(tree, entry) => {
                let file = fs::open(&tree.folder.join(&*entry.path))?;
                Open::File { file, hasher: Box::default(), tree, entry }
            }
        };
        Ok(true)
    }

    /// Reads some bytes; none at the end.
    fn some(&mut self, buffer: &mut [u8]) -> std::result::Result<usize, ReadFailure> {
        loop {
            let place = |tree: &Tree, entry: &TreeEntry| tree.folder.join(&*entry.path);
            let count = match &mut self.open {
                Open::Nothing => 0,
                Open::Bytes(bytes) => bytes.read(buffer).unwrap_or_default(),
                Open::File { file, hasher, tree, entry } => {
                    let failed = |error| FsError::new(Action::Read, place(tree, entry), error);
                    let count = file.read(buffer).map_err(failed)?;
                    hasher.update(&buffer[..count]);
                    // What is longer than its header says would be read as something else.
                    let is_whole = || TreeDigest(*hasher.finalize().as_bytes()) == entry.digest;
                    if hasher.count() > entry.size || count == 0 && !is_whole() {
                        return Err(ReadFailure::Damaged(place(tree, entry)));
                    }
                    count
                }
            };
            if count > 0 || !self.open_next()? {
                return Ok(count);
            }
        }
    }
}

impl Read for PieceReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() || self.failure.is_some() {
            return Ok(0);
        }
        Ok(self.some(buffer).unwrap_or_else(|failure| {
            self.failure = Some(failure);
            0
        }))
    }
}

/// Takes what is compressed. The compressor takes no error: after one the rest is dropped.
struct Sink {
    file: PendingFile,
    hasher: Hasher,
    size: u64,
    failure: Option<io::Error>,
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.failure.is_none() {
            self.failure = self.file.write_all(bytes).err();
            self.hasher.update(bytes);
            self.size += bytes.len() as u64;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Why a file of the store cannot be bundled.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
enum ReadFailure {
    /// It is not what was fetched.
    #[error("`{}` in the store is not what was fetched", .0.display())]
    #[diagnostic(code(larder::bundle::damaged), help("nothing was written; `larder sync --repair` heals the store"))]
    Damaged(PathBuf),
    /// It cannot be read.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Fs(#[from] FsError),
}

impl Failure for ReadFailure {
    fn exit(&self) -> Exit {
        match self {
            Self::Damaged(_) => Exit::Integrity,
            Self::Fs(error) => error.exit(),
        }
    }
}
