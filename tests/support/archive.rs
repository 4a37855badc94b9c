//! Tarballs and wheels, made in memory.

use std::fmt::Write as _;
use std::io::{Cursor, Write};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use flate2::{Compression, GzBuilder};
use sha2::{Digest, Sha256};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// One file of an archive.
#[derive(Clone, Debug)]
pub(crate) struct File {
    pub(crate) path: String,
    pub(crate) content: Vec<u8>,
    pub(crate) executable: bool,
}

impl File {
    /// Describes a plain file.
    pub(crate) fn new(path: impl Into<String>, content: impl Into<Vec<u8>>) -> Self {
        Self { path: path.into(), content: content.into(), executable: false }
    }
}

/// Packs a gzipped tar, each path under `folder`.
pub(crate) fn tarball(folder: &str, files: &[File]) -> Vec<u8> {
    let gzip = GzBuilder::new().mtime(0).write(Vec::new(), Compression::fast());
    let mut archive = tar::Builder::new(gzip);
    for file in files {
        let mut header = tar::Header::new_ustar();
        header.set_size(file.content.len() as u64);
        header.set_mode(if file.executable { 0o755 } else { 0o644 });
        header.set_mtime(499_162_500);
        // Written as bytes: the crate would refuse the hostile paths that some tests are about.
        let path = format!("{folder}/{}", file.path);
        header.as_old_mut().name[..path.len()].copy_from_slice(path.as_bytes());
        header.set_cksum();
        archive.append(&header, file.content.as_slice()).expect("a tar in memory");
    }
    archive.into_inner().and_then(flate2::write::GzEncoder::finish).expect("a tar in memory")
}

/// Packs a wheel and appends its true RECORD, which lies in `dist_info`.
pub(crate) fn wheel(dist_info: &str, files: &[File]) -> Vec<u8> {
    let record = format!("{dist_info}/RECORD");
    let mut lines = String::new();
    for file in files {
        let digest = URL_SAFE_NO_PAD.encode(Sha256::digest(&file.content));
        let _ = writeln!(lines, "{},sha256={digest},{}", file.path, file.content.len());
    }
    let _ = writeln!(lines, "{record},,");
    zip_of(files.iter().chain([&File::new(record, lines)]))
}

/// Packs files below a folder into a zip.
pub(crate) fn zipped(folder: &str, files: &[File]) -> Vec<u8> {
    let below: Vec<File> =
        files.iter().map(|file| File { path: format!("{folder}/{}", file.path), ..file.clone() }).collect();
    zip_of(below.iter())
}

fn zip_of<'f>(files: impl Iterator<Item = &'f File>) -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for file in files {
        let mode = if file.executable { 0o755 } else { 0o644 };
        let options = SimpleFileOptions::default().unix_permissions(mode);
        archive.start_file(file.path.as_str(), options).expect("a zip in memory");
        archive.write_all(&file.content).expect("a zip in memory");
    }
    archive.finish().expect("a zip in memory").into_inner()
}

/// Returns a SHA-256 digest in hexadecimal.
pub(crate) fn sha256_hex(bytes: &[u8]) -> String {
    larder::model::Digest::new(larder::model::Algorithm::Sha256, &Sha256::digest(bytes)).to_hex()
}
