//! A source → the content of a database.

use std::collections::BTreeSet;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Ask;
use super::database::{Database, DatabaseContent};
use super::error::{AdvisoryError, AdvisoryResult, failure};
use super::source::{AdvisoryQuestion, DatabaseSource, Presence};
use crate::advisory::{AskedVersions, parse_npm_bulk, parse_osv};
use crate::diagnostic::Failure;
use crate::fetch::zip::ZipArchive;
use crate::fetch::{BodyRange, Client, Encoding, Endpoint, Quota, RegistryAddress, Request, RequestTarget};
use crate::fs::{self, Dir, File, FsError, Kind};
use crate::model::Url;
use crate::registry::provenance::now;

/// The most bytes of an archive. npm's, the largest, has some 200 MiB.
const LARGEST_ARCHIVE: u64 = 2 << 30;
/// The most bytes of a record.
const LARGEST_RECORD: u64 = 8 << 20;
/// The most records of a source.
const MOST_RECORDS: usize = 4_000_000;
/// The most packages that a registry is asked about at once.
const MOST_PACKAGES_ASKED: usize = 500;
/// The end of the names of records.
const RECORD: &str = ".json";
/// The end of the names of files with a record on each line.
const RECORDS: &str = ".jsonl";
/// The most records that cannot be read and are named.
const MOST_FAULTS: usize = 20;
/// The name of archives in a folder.
const ARCHIVE: &str = "all.zip";

/// Asks a source. `known` is what was fetched before.
pub(super) fn fetch(
    source: &DatabaseSource,
    client: &Arc<Client>,
    ask: Ask<'_>,
    scratch: &Path,
    known: Option<&Database>,
) -> AdvisoryResult<DatabaseContent> {
    match source {
        DatabaseSource::Folder(folder) => read_folder(folder, fingerprint(folder)?),
        DatabaseSource::Registry(question) => {
            let _span = tracing::info_span!("advisories", source = %source).entered();
            ask_registry(question, ask)
        }
        DatabaseSource::Archive { server, path, presence } => {
            let _span = tracing::info_span!("advisories", source = %source).entered();
            match download(server, path, client, scratch, known) {
                Err(error) if *presence == Presence::Optional && error.is_missing => {
                    Ok(DatabaseContent { fetched: now(), ..DatabaseContent::default() })
                }
                Err(error) => Err(error.failure),
                Ok(content) => Ok(content),
            }
        }
    }
}

/// Asks a registry about some packages after others: an answer of a megabyte is the largest that is read.
fn ask_registry(question: &AdvisoryQuestion, ask: Ask<'_>) -> AdvisoryResult<DatabaseContent> {
    let mut content = DatabaseContent { fetched: now(), ..DatabaseContent::default() };
    let mut hasher = blake3::Hasher::new();
    let packages: Vec<(&String, &BTreeSet<String>)> = question.asked.iter().collect();
    for packages in packages.chunks(MOST_PACKAGES_ASKED) {
        let asked: AskedVersions =
            packages.iter().map(|(name, versions)| ((*name).clone(), (*versions).clone())).collect();
        let bad = |reason: String| AdvisoryError::Answer { registry: question.url.clone(), reason };
        let body = serde_json::to_vec(&asked).map_err(|error| failure(bad(error.to_string())))?;
        let bytes = ask(&question.registry, body)?;
        hasher.update(&bytes);
        let answer =
            parse_npm_bulk(question.ecosystem, &asked, &bytes).map_err(|error| failure(bad(error.to_string())))?;
        content.unreadable += answer.faults.len() as u32;
        content.faults.extend(answer.faults.iter().map(ToString::to_string));
        content.faults.truncate(MOST_FAULTS);
        content.advisory_count += answer.advisories.len() as u32;
        answer.advisories.iter().for_each(|advisory| content.packages.add(advisory));
    }
    content.packages.check_size(&question.url).map_err(failure)?;
    Ok(DatabaseContent { content: hasher.finalize().to_hex().to_string(), ..content })
}

/// Why an archive could not be fetched.
struct DownloadError {
    is_missing: bool,
    failure: Arc<dyn Failure>,
}

impl<F: Failure> From<F> for DownloadError {
    fn from(error: F) -> Self {
        Self { is_missing: false, failure: failure(error) }
    }
}

fn download(
    server: &Url,
    path: &str,
    client: &Arc<Client>,
    scratch: &Path,
    known: Option<&Database>,
) -> Result<DatabaseContent, DownloadError> {
    let archive = format!("{server}{path}");
    let bad = |reason: String| AdvisoryError::Archive { archive: archive.clone(), reason };
    let name = "advisories".parse().map_err(|_| bad("it has no name".to_owned()))?;
    let endpoint = Arc::new(Endpoint::new(name, vec![RegistryAddress::http(server.clone(), None)], Quota::default()));
    let request = |known: Option<&Database>| {
        let request = Request {
            target: RequestTarget::Below(path),
            encoding: Encoding::Identity,
            etag: known.and_then(|known| known.etag.as_deref()),
            last_modified: known.and_then(|known| known.last_modified.as_deref()),
            ..Request::default()
        };
        let answer = client.get(&endpoint, &request);
        answer.map_err(|error| DownloadError { is_missing: error.is_not_found(), failure: failure(error) })
    };
    let mut answer = request(known)?;
    if answer.content == BodyRange::NotModified {
        if let Some(confirmed) = known.map(|known| known.confirmed(now())).transpose()?.flatten() {
            return Ok(confirmed);
        }
        answer = request(None)?;
    }
    let mut file = Dir::open(scratch)?.scratch_file(&fs::random_name())?;
    let written = |error| FsError::new(fs::Action::Write, scratch.join("archive"), error);
    let mut hasher = blake3::Hasher::new();
    let (mut size, mut buffer) = (0, vec![0; 1 << 16]);
    loop {
        let count = answer.body.read(&mut buffer).map_err(|error| bad(error.to_string()))?;
        if count == 0 {
            break;
        }
        size += count as u64;
        if size > LARGEST_ARCHIVE {
            return Err(bad("it has more than 2 GiB".to_owned()).into());
        }
        hasher.update(&buffer[..count]);
        file.write_all(&buffer[..count]).map_err(written)?;
    }
    file.seek(SeekFrom::Start(0)).map_err(written)?;
    let mut records = Records::new();
    records.read_archive(&archive, file)?;
    let mut content = records.finish(&archive, hasher.finalize().to_hex().to_string())?;
    (content.etag, content.last_modified) = (answer.etag, answer.last_modified);
    Ok(content)
}

/// Returns what identifies the content of a folder: names, sizes and times of its files.
pub(super) fn fingerprint(folder: &Path) -> AdvisoryResult<String> {
    let mut hasher = blake3::Hasher::new();
    for path in files(folder)? {
        let stat = fs::stat(&folder.join(&path)).map_err(failure)?;
        hasher.update(format!("{}\n{:?}\n", path.display(), stat.map(|stat| (stat.size, stat.mtime))).as_bytes());
    }
    Ok(hasher.finalize().to_hex().to_string())
}

/// Reads the records and the archives of a folder.
pub(super) fn read_folder(folder: &Path, fingerprint: String) -> AdvisoryResult<DatabaseContent> {
    let mut records = Records::new();
    for path in files(folder)? {
        let whole = folder.join(&path);
        if path.file_name().is_some_and(|name| name.eq_ignore_ascii_case(ARCHIVE)) {
            records.read_archive(&whole.display().to_string(), fs::open(&whole).map_err(failure)?).map_err(failure)?;
        } else {
            records.read_file(&path.display().to_string(), &whole).map_err(failure)?;
        }
    }
    records.finish(&folder.display().to_string(), fingerprint).map_err(failure)
}

fn files(folder: &Path) -> AdvisoryResult<Vec<PathBuf>> {
    let is_own = |path: &Path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
        name == ARCHIVE || name.ends_with(RECORD) || name.ends_with(RECORDS)
    };
    let hidden = |path: &Path| path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
    let mut files = Vec::new();
    for entry in fs::walk(folder, |path| !hidden(path)).map_err(failure)? {
        let kind = match entry.kind {
            Kind::Symlink => fs::stat(&folder.join(&entry.path)).map_err(failure)?.map(|stat| stat.kind),
            kind => Some(kind),
        };
        match kind {
            Some(Kind::File) if is_own(&entry.path) => files.push(entry.path),
            // What lies in a linked folder counts; a link in it does not, as it may lead back.
            Some(Kind::Folder) if entry.kind == Kind::Symlink => {
                let linked = fs::walk(&folder.join(&entry.path), |path| !hidden(path)).map_err(failure)?;
                let linked = linked.into_iter().filter(|found| found.kind == Kind::File && is_own(&found.path));
                files.extend(linked.map(|found| entry.path.join(found.path)));
            }
            _ => {}
        }
        if files.len() > MOST_RECORDS {
            break;
        }
    }
    files.truncate(MOST_RECORDS);
    Ok(files)
}

/// Records under way to a database.
struct Records {
    content: DatabaseContent,
    read: usize,
    /// The most that are read; the others are counted as unreadable.
    most: usize,
}

impl Records {
    fn new() -> Self {
        Self { content: DatabaseContent::default(), read: 0, most: MOST_RECORDS }
    }

    fn add(&mut self, name: &str, bytes: &[u8]) {
        let parsed = match bytes.len() as u64 {
            _ if self.read + self.content.unreadable as usize >= self.most => {
                Err(format!("of one source, no more than {} records are read", self.most))
            }
            length if length > LARGEST_RECORD => Err(format!("it has more than {} MiB", LARGEST_RECORD >> 20)),
            _ => parse_osv(bytes).map_err(|error| error.to_string()),
        };
        match parsed {
            Ok(advisory) => {
                self.read += 1;
                if let Some(advisory) = advisory {
                    self.content.advisory_count += 1;
                    self.content.packages.add(&advisory);
                }
            }
            Err(reason) => {
                self.content.unreadable += 1;
                if self.content.faults.len() < MOST_FAULTS {
                    self.content.faults.push(format!("`{name}`: {reason}"));
                }
            }
        }
    }

    /// Reads a file with a record, or with one on each line.
    fn read_file(&mut self, name: &str, path: &Path) -> Result<(), FsError> {
        if !name.to_ascii_lowercase().ends_with(RECORDS) {
            let bytes = fs::read_up_to(path, LARGEST_RECORD + 1)?.unwrap_or_default();
            self.add(name, &bytes);
            return Ok(());
        }
        self.read_lines(name, BufReader::with_capacity(1 << 16, fs::open(path)?))
            .map_err(|error| FsError::new(fs::Action::Read, path, error))
    }

    fn read_lines(&mut self, name: &str, mut lines: impl BufRead) -> io::Result<()> {
        let mut line = Vec::new();
        for number in 1.. {
            line.clear();
            let limit = LARGEST_RECORD + 1;
            let length = lines.by_ref().take(limit).read_until(b'\n', &mut line)? as u64;
            if length == 0 {
                break;
            }
            if length == limit && !line.ends_with(b"\n") {
                lines.skip_until(b'\n')?;
            }
            if !line.trim_ascii().is_empty() {
                self.add(&format!("{name}:{number}"), &line);
            }
        }
        Ok(())
    }

    fn read_archive(&mut self, archive: &str, file: File) -> Result<(), AdvisoryError> {
        let bad = |reason: String| AdvisoryError::Archive { archive: archive.to_owned(), reason };
        let reader = BufReader::with_capacity(1 << 16, file);
        let mut zip = ZipArchive::open(reader, MOST_RECORDS).map_err(|refusal| bad(refusal.to_string()))?;
        let mut bytes = Vec::new();
        for place in 0..zip.entries().len() {
            let name = zip.entries()[place].name().to_owned();
            if !name.ends_with(RECORD) {
                continue;
            }
            bytes.clear();
            let entry = zip.body(place).map_err(|refusal| bad(refusal.to_string()))?;
            let read = entry.take(LARGEST_RECORD + 1).read_to_end(&mut bytes);
            read.map_err(|error| bad(format!("`{name}`: {error}")))?;
            self.add(&name, &bytes);
        }
        Ok(())
    }

    /// Fails if there were records, and none of them could be read.
    fn finish(self, origin: &str, content: String) -> Result<DatabaseContent, AdvisoryError> {
        if let (0, Some(reason)) = (self.read, self.content.faults.first()) {
            return Err(AdvisoryError::NoRecord { origin: origin.to_owned(), reason: reason.clone() });
        }
        self.content.packages.check_size(origin)?;
        Ok(DatabaseContent { fetched: now(), content, ..self.content })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_file_with_a_record_on_each_line_every_line_is_read_or_counted() {
        let record = |id: &str| format!("{{\"id\":\"{id}\",\"modified\":\"2024-01-01T00:00:00Z\",\"affected\":[]}}");
        let long = format!("{{\"id\":\"{}\"}}", "x".repeat(LARGEST_RECORD as usize));
        let text = format!("{}\n\n{long}\r\n{}\nnone\n{}", record("A-1"), record("A-2"), record("A-3"));
        let mut records = Records::new();
        records.read_lines("all.jsonl", text.as_bytes()).unwrap();
        assert_eq!((records.read, records.content.unreadable), (3, 2));
        let faults = &records.content.faults;
        assert!(faults[0].starts_with("`all.jsonl:3`: it has more than 8 MiB"), "{faults:?}");
        let mut few = Records { most: 2, ..Records::new() };
        few.read_lines("all.jsonl", text.as_bytes()).unwrap();
        assert_eq!((few.read, few.content.unreadable), (1, 4));
        assert!(few.content.faults[1].contains("no more than 2 records"), "{:?}", few.content.faults);
    }
}
