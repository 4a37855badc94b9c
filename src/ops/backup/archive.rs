//! Writing a backup; reading one, and checking every file.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::path::Path;

use flate2::Compression;
use flate2::bufread::GzDecoder;
use flate2::write::GzEncoder;
use tar::{Archive, Builder, EntryType, Header};

use super::contents::{self, Contents};
use super::error::BackupError;
use super::index::{Index, KeptFile, VERSION};
use crate::fs::{self, Action, Durability, FsError, PendingFile};
use crate::model::{EntryPath, TreeDigest};
use crate::ops::Result;

/// The list, which is the last entry.
const INDEX: &str = "index.json";

/// The most bytes of a file, of the list, and of all files.
const LARGEST: u64 = 1 << 30;
const LARGEST_INDEX: u64 = 64 << 20;
const LARGEST_BACKUP: u64 = 64 << 30;

/// The most files.
const MOST_FILES: usize = 1_000_000;

/// Writes a backup. Returns its size.
pub(super) fn write(path: &Path, contents: &Contents) -> Result<u64> {
    let pending = PendingFile::create(path)?;
    let mut builder = Builder::new(GzEncoder::new(pending, Compression::default()));
    let failed = |error: io::Error| FsError::new(Action::Write, path, error);
    for (entry, place) in &contents.places {
        let content = fs::read(place)?;
        let kept = contents.index.files.get(entry);
        // It is changing while it is read.
        if kept.is_none_or(|kept| TreeDigest::of(&content).to_string() != kept.digest) {
            return Err(FsError::new(Action::Read, place, io::Error::other("it was changed meanwhile")).into());
        }
        append(&mut builder, entry, kept.is_some_and(|kept| kept.executable), &content).map_err(failed)?;
    }
    let index = serde_json::to_vec_pretty(&contents.index).map_err(|error| failed(error.into()))?;
    append(&mut builder, INDEX, false, &index).map_err(failed)?;
    let pending = builder.into_inner().and_then(GzEncoder::finish).map_err(failed)?;
    pending.commit(Durability::Synced)?;
    Ok(fs::stat(path)?.map_or(0, |stat| stat.size))
}

fn append(builder: &mut Builder<impl Write>, path: &str, executable: bool, content: &[u8]) -> io::Result<()> {
    let mut header = Header::new_gnu();
    header.set_entry_type(EntryType::Regular);
    header.set_size(content.len() as u64);
    header.set_mode(if executable { 0o755 } else { 0o644 });
    header.set_mtime(0);
    builder.append_data(&mut header, path, content)
}

/// Reads a backup, hands out each file, and returns the list.
///
/// # Errors
/// If any file is not what the list says or is none that a backup has, or `take` fails. What was handed out counts only where there is no error.
pub(super) fn read(path: &Path, mut take: impl FnMut(&EntryPath, &[u8]) -> Result<()>) -> Result<Index> {
    let damaged = |reason: String| BackupError::Damaged { file: path.to_owned(), reason };
    let broken = |error: io::Error| damaged(error.to_string());
    let file = fs::open(path)?;
    let mut archive = Archive::new(GzDecoder::new(io::BufReader::new(file)));
    let (mut seen, mut index, mut total) = (BTreeMap::new(), None, 0);
    for entry in archive.entries().map_err(broken)? {
        let mut entry = entry.map_err(broken)?;
        let name =
            String::from_utf8(entry.path_bytes().into_owned()).map_err(|_| damaged("a name is no text".to_owned()))?;
        let is_known = name == INDEX || contents::is_entry(&name);
        let is_regular = entry.header().entry_type() == EntryType::Regular;
        if !is_known || !is_regular || index.is_some() || seen.len() >= MOST_FILES {
            return Err(damaged(format!("`{}` does not belong there", name.escape_debug())).into());
        }
        let limit = if name == INDEX { LARGEST_INDEX } else { LARGEST };
        let mut content = Vec::new();
        (&mut entry).take(limit + 1).read_to_end(&mut content).map_err(broken)?;
        total += content.len() as u64;
        if content.len() as u64 > limit || total > LARGEST_BACKUP {
            return Err(damaged(format!("`{}` is too large", name.escape_debug())).into());
        }
        if name == INDEX {
            index = Some(content);
            continue;
        }
        let entry_path = EntryPath::parse(&name).ok().filter(|path| path.as_str() == name);
        let entry_path = entry_path.ok_or_else(|| damaged(format!("`{}` is no path", name.escape_debug())))?;
        let executable = entry.header().mode().is_ok_and(|mode| mode & 0o111 != 0);
        let kept = KeptFile { digest: TreeDigest::of(&content).to_string(), executable };
        if seen.insert(name, kept).is_some() {
            return Err(damaged("a file is in it twice".to_owned()).into());
        }
        take(&entry_path, &content)?;
    }
    // The checksum of the whole follows its content.
    io::copy(&mut archive.into_inner(), &mut io::sink()).map_err(broken)?;
    let text = index.ok_or_else(|| damaged("it has no list".to_owned()))?;
    let version = serde_json::from_slice::<serde_json::Value>(&text).ok().and_then(|value| value["version"].as_u64());
    if let Some(version) = version.filter(|version| *version != u64::from(VERSION)) {
        let version = u32::try_from(version).unwrap_or(u32::MAX);
        return Err(BackupError::Version { file: path.to_owned(), version }.into());
    }
    let index: Index = serde_json::from_slice(&text).map_err(|error| damaged(error.to_string()))?;
    let differs = |(name, kept): &(&String, &KeptFile)| seen.get(*name) != Some(*kept);
    if let Some((name, _)) = index.files.iter().find(differs) {
        return Err(damaged(format!("`{name}` is not what the list says")).into());
    }
    if seen.len() != index.files.len() {
        return Err(damaged("it has files that the list does not name".to_owned()).into());
    }
    Ok(index)
}

/// Returns the error for a backup that is not what was to be written.
pub(super) fn changed(path: &Path) -> BackupError {
    BackupError::Damaged { file: path.to_owned(), reason: "it reads as something else".to_owned() }
}
