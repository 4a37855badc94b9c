//! The symbolic links of wheels and tools, for which there are none where they are installed: a link inside the package is replaced by
//! a copy of its target.

use std::io::{BufRead, Read};

use super::record::RecordLine;
use super::refusal::fault_of;
use super::zip::EntryReader;
use super::{
    ArchiveFault, ArchiveRefusal, EntryPath, Limits, Staging, UnpackBudget, UnpackError, WriteError, entry_path,
};
use crate::fetch::hashing::HashedReader;

/// A link that was not replaced yet.
pub(super) struct SymbolicLink {
    path: EntryPath,
    text: String,
    /// The line of RECORD, if it describes the target and not the link's text.
    line: Option<RecordLine>,
}

/// The longest text of a link: no system has longer ones.
const LONGEST: u64 = 4096;

impl SymbolicLink {
    /// Reads a link. One that leaves the package is refused.
    pub(super) fn read(
        body: &mut EntryReader<'_, impl BufRead>,
        path: EntryPath,
        line: Option<RecordLine>,
    ) -> Result<Self, ArchiveRefusal> {
        let refuse = |fault| ArchiveRefusal::entry(path.as_str(), fault);
        if body.entry().size() > LONGEST {
            return Err(refuse(ArchiveFault::TooLarge(LONGEST)));
        }
        let mut text = Vec::new();
        body.read_to_end(&mut text).map_err(|error| refuse(fault_of(&error)))?;
        let text = String::from_utf8(text).map_err(|_| refuse(ArchiveFault::NotUnicode))?;
        let line = line.filter(|line| !is_said(line, &path, text.as_bytes()));
        Ok(Self { line, ..Self::new(path, text)? })
    }

    /// Checks a link. One that leaves the package is refused.
    pub(super) fn new(path: EntryPath, text: String) -> Result<Self, ArchiveRefusal> {
        if text.contains(['\0', '\\']) || target(&path, &text).is_none() {
            return Err(ArchiveRefusal::entry(path.as_str(), ArchiveFault::LinkOut(text)));
        }
        Ok(Self { path, text, line: None })
    }
}

/// Returns whether a line of RECORD describes this content.
fn is_said(line: &RecordLine, path: &EntryPath, content: &[u8]) -> bool {
    let mut hasher = line.hasher();
    hasher.update(content);
    line.check(path.as_str(), hasher, content.len() as u64).is_ok()
}

/// Returns where a link leads, below the package's folder; `None` if it leaves that.
fn target(path: &EntryPath, text: &str) -> Option<String> {
    if text.starts_with('/') {
        return None;
    }
    let mut parts: Vec<&str> = path.folder().into_iter().flat_map(|folder| folder.split('/')).collect();
    for part in text.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// Replaces links by copies of their targets, which may be links or folders. A link without a target in the package becomes
/// what every installer makes of a link: a file with its text.
pub(super) fn follow(
    mut links: Vec<SymbolicLink>,
    staging: &mut Staging<'_>,
    limits: Limits,
    packed: u64,
) -> Result<(), UnpackError> {
    if links.is_empty() {
        return Ok(());
    }
    let mut budget = UnpackBudget::new(limits);
    for entry in staging.entries() {
        budget.admit(&entry.path, entry.size, packed)?;
    }
    loop {
        let before = links.len();
        let mut waiting: Vec<SymbolicLink> = Vec::new();
        while let Some(link) = links.pop() {
            let target = target(&link.path, &link.text).unwrap_or_default();
            let found = staging.entries().iter().position(|entry| *entry.path == *target);
            let below = format!("{target}/");
            let is_below = |path: &EntryPath| path.as_str().starts_with(&below);
            if let Some(at) = found {
                copy(&link.path, link.line.as_ref(), at, staging, (&mut budget, packed))?;
            } else if !target.is_empty()
                && ![&link].into_iter().chain(&waiting).chain(&links).any(|link| is_below(&link.path))
            {
                let inside = |path: &str| path.strip_prefix(&below).map(|rest| format!("{}/{rest}", link.path));
                let files = staging.entries().iter().enumerate();
                let files: Vec<(usize, String)> =
                    files.filter_map(|(at, entry)| Some((at, inside(&entry.path)?))).collect();
                if files.is_empty() {
                    waiting.push(link);
                }
                for (at, path) in files {
                    copy(&entry_path(&path)?, None, at, staging, (&mut budget, packed))?;
                }
            } else {
                waiting.push(link);
            }
        }
        links = waiting;
        if links.is_empty() || links.len() == before {
            break;
        }
    }
    for link in links {
        if let Some(line) = link.line {
            let mut hasher = line.hasher();
            hasher.update(link.text.as_bytes());
            line.check(link.path.as_str(), hasher, link.text.len() as u64)?;
        }
        staging.write(&link.path, false, link.text.as_bytes())?;
    }
    Ok(())
}

/// Copies the file with the index `at` among those that were written.
fn copy(
    path: &EntryPath,
    line: Option<&RecordLine>,
    at: usize,
    staging: &mut Staging<'_>,
    (budget, packed): (&mut UnpackBudget, u64),
) -> Result<(), UnpackError> {
    let size = staging.entries()[at].size;
    budget.admit(path.as_str(), size, packed)?;
    let mut hasher = line.map(RecordLine::hasher);
    let mut file = staging.open(at)?;
    let mut source = HashedReader { source: &mut file, hasher: &mut hasher };
    match staging.stream(path, staging.entries()[at].executable, &mut source) {
        Ok(_) => {}
        Err(WriteError::Source(error)) => return Err(ArchiveRefusal::entry(path.as_str(), fault_of(&error)).into()),
        Err(WriteError::Fs(error)) => return Err(error.into()),
    }
    match (line, hasher) {
        (Some(line), Some(hasher)) => Ok(line.check(path.as_str(), hasher, size)?),
        _ => Ok(()),
    }
}
