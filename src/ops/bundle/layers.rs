//! The layers of an image: each a gzipped tar with the same bytes wherever and whenever it is made.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use tar::{Builder, EntryType, Header};

use crate::fetch::Hasher;
use crate::fs::{self, Action, DirEntry, Durability, FsError, Kind, PendingFile};
use crate::model::{Algorithm, Digest};

/// A layer that was written.
pub(super) struct Layer {
    /// The SHA-256 digest of the tar.
    pub(super) diff_id: String,
    /// The SHA-256 digest of the file.
    pub(super) digest: String,
    /// The bytes of the file.
    pub(super) size: u64,
}

/// Writes a layer into the folder of blobs. `entries` are files and links below `root`, sorted by path; in the image they lie below
/// `place`.
pub(super) fn write(blobs: &Path, (root, place): (&Path, &str), entries: &[&DirEntry]) -> Result<Layer, FsError> {
    let path = blobs.join(".layer");
    let failed = |error: io::Error| FsError::new(Action::Write, &path, error);
    let file = Counted::new(PendingFile::create(&path)?);
    let tar = Counted::new(GzEncoder::new(file, Compression::default()));
    let mut builder = Builder::new(tar);
    let mut folders: BTreeSet<PathBuf> = BTreeSet::new();
    for entry in entries {
        let name = Path::new(place).join(&entry.path);
        let above: Vec<&Path> = name.ancestors().skip(1).filter(|folder| !folder.as_os_str().is_empty()).collect();
        for folder in above.into_iter().rev() {
            if folders.insert(folder.to_owned()) {
                let mut header = header(EntryType::Directory, 0o755, 0);
                builder.append_data(&mut header, folder, io::empty()).map_err(failed)?;
            }
        }
        let full = root.join(&entry.path);
        if entry.kind == Kind::Symlink {
            let mut header = header(EntryType::Symlink, 0o777, 0);
            builder.append_link(&mut header, &name, fs::read_link(&full)?).map_err(failed)?;
        } else {
            let executable = fs::lstat(&full)?.is_some_and(|stat| stat.is_executable());
            let missing = || FsError::new(Action::Read, &full, io::Error::from(io::ErrorKind::NotFound));
            let (file, size) = fs::open_sized(&full)?.ok_or_else(missing)?;
            let mut header = header(EntryType::Regular, if executable { 0o755 } else { 0o644 }, size);
            builder.append_data(&mut header, &name, file).map_err(failed)?;
        }
    }
    let tar = builder.into_inner().map_err(failed)?;
    let diff_id = tar.hasher.finish();
    let file = tar.inner.finish().map_err(failed)?;
    let (digest, size) = (hex(&file.hasher.finish()), file.count);
    file.inner.commit(Durability::Lazy)?;
    fs::rename(&path, &blobs.join(&digest))?;
    Ok(Layer { diff_id: hex(&diff_id), digest, size })
}

fn header(kind: EntryType, mode: u32, size: u64) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header.set_size(size);
    header
}

fn hex(digest: &[u8]) -> String {
    Digest::new(Algorithm::Sha256, digest).to_hex()
}

/// Hashes and counts what is written.
struct Counted<W> {
    inner: W,
    hasher: Hasher,
    count: u64,
}

impl<W> Counted<W> {
    fn new(inner: W) -> Self {
        Self { inner, hasher: Hasher::new(Algorithm::Sha256), count: 0 }
    }
}

impl<W: Write> Write for Counted<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.inner.write(bytes)?;
        self.hasher.update(&bytes[..count]);
        self.count += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}
