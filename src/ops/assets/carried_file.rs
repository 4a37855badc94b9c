//! A file that carries flows: an archive like those of packages (`schema/archive.md`), encrypted where keys were named.

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use flate2::bufread::GzDecoder;

use crate::assets::CarriedFlows;
use crate::assets::sealed::{self, SealError};
use crate::diagnostic::{Exit, Failure};
use crate::fs::{self, Durability};
use crate::model::EntryPath;
use crate::ops::{Context, Result};
use crate::package::{self, ArchiveFile, ArchiveReader, NotAsPacked};

use super::remembered::MAX_FILE;

/// The folder of the archive.
const FOLDER: &str = "flows";
/// The most files.
const MAX_FILES: usize = 20_000;
/// The most bytes: of the file, and of what is in it.
const MAX_SIZE: u64 = 256 << 20;
/// The most bytes of a file of keys.
const MAX_KEYS: u64 = 1 << 20;

/// Writes flows to a file, for recipients: `age1…`, or files with such lines. Without any it is not encrypted. Returns its size.
pub(super) fn write(context: &Context<'_>, flows: &CarriedFlows, recipients: &[String], path: &Path) -> Result<u64> {
    let file = |(path, text): (EntryPath, Arc<str>)| ArchiveFile {
        path,
        executable: false,
        content: text.as_bytes().to_vec(),
    };
    let packed = package::write(FOLDER, &flows.all_files().into_iter().map(file).collect::<Vec<_>>());
    let mut keys = Vec::new();
    for recipient in recipients {
        let is_key = recipient.starts_with("age1") || recipient.to_ascii_uppercase().starts_with("AGE-SECRET-KEY-");
        let text = if is_key { recipient.clone() } else { read_keys(context, Path::new(recipient))? };
        let found = sealed::recipients(&text).map_err(|reason| CarriedError::Recipient {
            what: if is_key { None } else { Some(recipient.clone()) },
            reason,
        })?;
        keys.extend(found);
    }
    let bytes = if recipients.is_empty() {
        packed
    } else {
        sealed::seal(&packed, &keys).map_err(|error| fs::FsError::new(fs::Action::Write, path, error))?
    };
    fs::write_atomic(path, &bytes, Durability::Whole)?;
    Ok(bytes.len() as u64)
}

/// Reads a file that carries flows, with the keys of some files where it is encrypted.
pub(super) fn read(context: &Context<'_>, path: &Path, identities: &[PathBuf]) -> Result<CarriedFlows> {
    let shown = path.display().to_string();
    let damaged = |reason: String| CarriedError::Damaged { file: shown.clone(), reason };
    let Some((file, size)) = fs::open_sized(&context.folder.join(path))? else {
        return Err(CarriedError::NotThere { file: shown }.into());
    };
    if size > MAX_SIZE {
        return Err(CarriedError::TooLarge { file: shown }.into());
    }
    let mut reader = BufReader::new(file.take(MAX_SIZE));
    let start = reader.fill_buf().map_err(|error| fs::FsError::new(fs::Action::Read, path, error))?;
    let files = if sealed::is_sealed(start) {
        if identities.is_empty() {
            return Err(CarriedError::NoKey { file: shown }.into());
        }
        let mut keys = Vec::new();
        for file in identities {
            let found = sealed::identities(&read_keys(context, file)?);
            keys.extend(found.map_err(|reason| CarriedError::Identity { file: file.clone(), reason })?);
        }
        let opened = sealed::open(reader, &keys).map_err(|error| match error {
            SealError::WrongKey => CarriedError::WrongKey { file: shown.clone() },
            SealError::Damaged(reason) => damaged(reason),
        })?;
        unpack(opened)
    } else {
        unpack(reader)
    };
    let flows = files.and_then(CarriedFlows::read);
    Ok(flows.map_err(damaged)?)
}

fn read_keys(context: &Context<'_>, path: &Path) -> Result<String> {
    let whole = context.folder.join(path);
    let bytes = fs::read_up_to(&whole, MAX_KEYS)?;
    let Some(bytes) = bytes else { return Err(CarriedError::NotThere { file: path.display().to_string() }.into()) };
    let no_text = |_| CarriedError::Identity { file: path.to_owned(), reason: "it is no text".to_owned() };
    Ok(String::from_utf8(bytes).map_err(no_text)?)
}

/// Unpacks an archive, to its last byte: only there it is known to be whole.
fn unpack(reader: impl Read) -> std::result::Result<BTreeMap<EntryPath, Arc<str>>, String> {
    let mut reader = BufReader::new(reader);
    if !package::is_plain_gzip(reader.fill_buf().map_err(|error| reason(&error))?) {
        return Err("it is no file of flows".to_owned());
    }
    let mut archive = ArchiveReader::new(GzDecoder::new(reader).take(MAX_SIZE));
    let (mut files, mut folded) = (BTreeMap::new(), BTreeMap::<String, EntryPath>::new());
    while let Some(entry) = archive.next_entry().map_err(|error| reason(&error))? {
        let path = entry.path;
        if entry.executable {
            return Err(format!("`{}` is a program", path.as_str()));
        }
        if entry.size > MAX_FILE {
            return Err(format!("`{}` has more than 8 MiB", path.as_str()));
        }
        if files.len() >= MAX_FILES {
            return Err(format!("it has more than {MAX_FILES} files"));
        }
        if let Some(other) = folded.insert(path.as_str().to_lowercase(), path.clone()) {
            return Err(format!("`{}` and `{}` are one file on some disks", other.as_str(), path.as_str()));
        }
        let mut content = Vec::new();
        archive.by_ref().take(entry.size).read_to_end(&mut content).map_err(|error| reason(&error))?;
        let text = String::from_utf8(content).map_err(|_| format!("`{}` is no text", path.as_str()))?;
        files.insert(path, Arc::from(text));
    }
    if archive.folder() != Some(FOLDER) {
        return Err("it is no file of flows".to_owned());
    }
    let mut rest = archive.into_inner().into_inner().into_inner();
    match rest.fill_buf() {
        Ok([]) => Ok(files),
        Ok(_) => Err("something follows its end".to_owned()),
        Err(error) => Err(reason(&error)),
    }
}

/// Returns why an archive cannot be read.
fn reason(error: &io::Error) -> String {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<NotAsPacked>()) {
        Some(fault) => format!("what it has {fault}"),
        None if error.kind() == io::ErrorKind::UnexpectedEof => "it ends too early".to_owned(),
        None => error.to_string(),
    }
}

/// Why a file of flows is not written, or not read.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
enum CarriedError {
    #[error("there is no `{file}`")]
    #[diagnostic(code(larder::flows::not_there), help("check its name: it is looked for in the current folder"))]
    NotThere { file: String },
    #[error("`{file}` has more than 256 MiB")]
    #[diagnostic(code(larder::flows::too_large), help("no file of flows is so large: check its name"))]
    TooLarge { file: String },
    #[error("`{file}` is encrypted")]
    #[diagnostic(code(larder::flows::encrypted), help("name the file with your secret key: `--identity key.txt`"))]
    NoKey { file: String },
    #[error("`{file}` is encrypted for another key")]
    #[diagnostic(
        code(larder::flows::wrong_key),
        help("nothing was changed. Name the file with the secret key that it was encrypted for: `--identity key.txt`")
    )]
    WrongKey { file: String },
    #[error("`{file}` cannot be read: {reason}")]
    #[diagnostic(code(larder::flows::damaged), help("nothing was changed: take another copy of it"))]
    Damaged { file: String, reason: String },
    #[error("`{}` has no keys: {reason}", file.display())]
    #[diagnostic(code(larder::flows::identity), help("it is a file as `age-keygen` writes it"))]
    Identity { file: PathBuf, reason: String },
    #[error("{}{reason}", what.as_ref().map(|what| format!("`{what}` names no recipient: ")).unwrap_or_default())]
    #[diagnostic(
        code(larder::flows::recipient),
        help("give the public key of who is to read it, or a file with such keys: `age-keygen -y key.txt` prints it")
    )]
    Recipient { what: Option<String>, reason: String },
}

impl Failure for CarriedError {
    fn exit(&self) -> Exit {
        match self {
            Self::NotThere { .. } | Self::NoKey { .. } | Self::Identity { .. } | Self::Recipient { .. } => {
                Exit::Manifest
            }
            Self::WrongKey { .. } | Self::TooLarge { .. } => Exit::Refused,
            Self::Damaged { .. } => Exit::Integrity,
        }
    }
}
