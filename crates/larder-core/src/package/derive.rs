//! The body that an archive stands for: what its own manifest says of it. A registry that says something else lies.

use std::io::{self, Read};

use flate2::bufread::GzDecoder;

use super::archive::{ArchiveFile, ArchiveReader, MANIFEST, MAX_FILES, MAX_SIZE, is_plain_gzip, tree_digest};
use super::body::Body;
use crate::manifest::{self, ManifestKind};
use crate::model::TreeDigest;

/// Returns the body that the manifest in an archive stands for.
///
/// # Errors
/// Why the archive is none that larder packed, as a sentence.
pub fn body_of_archive(archive: &[u8]) -> Result<Body, String> {
    open_archive(archive).map(|(body, _)| body)
}

/// Returns the body that the manifest in an archive stands for, and the files, sorted by path.
///
/// # Errors
/// Why the archive is none that larder packed, as a sentence.
pub fn open_archive(archive: &[u8]) -> Result<(Body, Vec<ArchiveFile>), String> {
    if !is_plain_gzip(archive) {
        return Err("it is not compressed as larder does".to_owned());
    }
    let files = read_archive(archive).map_err(|error| format!("it cannot be read: {error}"))?;
    Ok((body_of_files(&files)?, files))
}

/// Returns the body that the manifest among these files stands for. The files are sorted by path.
fn body_of_files(files: &[ArchiveFile]) -> Result<Body, String> {
    let manifest = files.iter().find(|file| file.path.as_str() == MANIFEST).ok_or("it has no larder.kdl")?;
    body_of_manifest(&manifest.content, tree_digest(files))
}

/// Returns the body that the larder.kdl of a package stands for, whose files have the digest `tree`.
///
/// # Errors
/// Why it is no manifest of a package, as a sentence.
pub fn body_of_manifest(manifest: &[u8], tree: TreeDigest) -> Result<Body, String> {
    let text = std::str::from_utf8(manifest).map_err(|_| "its larder.kdl is no text")?;
    let manifest = manifest::parse(MANIFEST, text, ManifestKind::Package).map_err(|error| error.to_string())?;
    let package = manifest.package.as_ref().ok_or("its larder.kdl says nothing of a package")?;
    Body::of(&manifest, package, tree).map_err(|error| error.to_string())
}

/// Reads all files of an archive, within the bounds of what is packed.
pub fn read_archive(archive: &[u8]) -> io::Result<Vec<ArchiveFile>> {
    let too_large = || io::Error::new(io::ErrorKind::InvalidData, "it is larger than an archive may be");
    let mut reader = ArchiveReader::new(GzDecoder::new(archive));
    let (mut files, mut total) = (Vec::new(), 0_u64);
    while let Some(entry) = reader.next_entry()? {
        total = total.saturating_add(entry.size);
        if total > MAX_SIZE || files.len() >= MAX_FILES {
            return Err(too_large());
        }
        let mut content = Vec::new();
        reader.read_to_end(&mut content)?;
        files.push(ArchiveFile { path: entry.path, executable: entry.executable, content });
    }
    Ok(files)
}
