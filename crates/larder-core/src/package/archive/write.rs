//! Files → an archive.

use libdeflater::{CompressionLvl, Compressor};

use super::ArchiveFile;
use super::blocks::{END, headers, pad};

/// The level at which archives are compressed. Higher ones take three times as long for two hundredths of the size.
const LEVEL: i32 = 6;

/// Returns the archive of files, which must be sorted by path.
///
/// `libdeflater` compresses the whole at once: its output depends on nothing but its input and its version. A stream's output
/// also depends on how it is cut into pieces.
pub fn write(folder: &str, files: &[ArchiveFile]) -> Vec<u8> {
    let size = files.iter().map(|file| file.content.len() + 1024 + folder.len()).sum::<usize>();
    let mut tar = Vec::with_capacity(size + END.len());
    for file in files {
        let path = format!("{folder}/{}", file.path);
        tar.extend_from_slice(&headers(&path, file.executable, file.content.len() as u64));
        tar.extend_from_slice(&file.content);
        pad(&mut tar);
    }
    tar.extend_from_slice(&END);
    gzip(&tar)
}

/// Returns the gzip member of some bytes, without a name and a time.
pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let level = CompressionLvl::new(LEVEL).unwrap_or_default();
    let mut compressor = Compressor::new(level);
    let mut packed = vec![0; compressor.gzip_compress_bound(bytes.len())];
    // The buffer has the size that the compressor asks for.
    let length = compressor.gzip_compress(bytes, &mut packed).unwrap_or_default();
    packed.truncate(length);
    packed
}
