//! The files that builds download: fetched before a build starts, and kept in the cache by their digests.
//!
//! ```text
//! <cache>/build-files/sha256-<hex>
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use crate::build::{DownloadedFile, Downloads, FailedStep};
use crate::diagnostic::counted;
use crate::fetch::{Client, Encoding, Endpoint, Quota, Request, RequestTarget, has_digest};
use crate::fs::{self, Durability, FileLock, PendingFile};
use crate::model::{Algorithm, BuildFile, Digest, FileUrl, LabelError, PackageKey, Url};
use crate::ops::{Context, Event, Result, Session};

use super::error::BuildsError;

/// The most bytes of a file. Browsers and models have some hundreds of MiB.
const LARGEST: u64 = 8 << 30;

/// The most URLs that are kept of what a build asked for and may not have.
const MOST_REFUSED: usize = 100;

/// Words in the output of programs that wanted the network and had none.
const NO_NETWORK: [&str; 9] = [
    "ENOTFOUND",
    "EAI_AGAIN",
    "ECONNREFUSED",
    "ENETUNREACH",
    "Could not resolve host",
    "Temporary failure in name resolution",
    "Name or service not known",
    "network is unreachable",
    "Network is unreachable",
];

/// The files of a package's `allow` line, as its build asks for them.
#[derive(Debug)]
pub(super) struct DeclaredFiles {
    files: BTreeMap<String, PathBuf>,
    ports: Vec<u16>,
    /// What was asked for and is none of them.
    refused: Mutex<BTreeSet<String>>,
}

impl DeclaredFiles {
    /// Fetches those that are not here. Returns `None` if there are none to have.
    ///
    /// # Errors
    /// If one cannot be fetched, or is another one than was declared.
    pub(super) fn fetch(session: &Session<'_>, package: &PackageKey, files: &[BuildFile]) -> Result<Option<Arc<Self>>> {
        if files.is_empty() {
            return Ok(None);
        }
        let folder = BuildFiles::open(session)?;
        let mut here = BTreeMap::new();
        for BuildFile { url, digest } in files {
            let path = folder.path(digest);
            if !has_digest(&path, digest)? {
                (session.context().reporter)(Event::Inspecting(url.as_str().to_owned()));
                let found = folder.fetch(url)?;
                if found != *digest {
                    let (url, expected) = (url.as_str().into(), digest.clone());
                    return Err(BuildsError::OtherFile { package: package.clone(), url, expected, found }.into());
                }
            }
            here.insert(url.as_str().to_owned(), path);
        }
        let ports = files.iter().filter_map(|file| file.url.url().port()).collect();
        Ok(Some(Arc::new(Self { files: here, ports, refused: Mutex::default() })))
    }

    /// Adds to the error of a build what it asked for and did not get.
    pub(super) fn explain(&self, step: &mut FailedStep, package: &PackageKey) {
        if let Some(asked) = self.refused() {
            let name = package.id.name.as_str();
            step.hint = format!("{asked}: `larder builds record {name}` tells which files it wants. {}", step.hint);
        }
    }

    /// As [`Self::explain`], of scripts whose downloads are not recorded.
    pub(super) fn explain_refused(&self, step: &mut FailedStep) {
        if let Some(asked) = self.refused() {
            step.hint = format!("{asked}. {}", step.hint);
        }
    }

    /// Says what was asked for and is not declared.
    fn refused(&self) -> Option<String> {
        let refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        let first = refused.first()?;
        let others =
            if refused.len() > 1 { format!(" and {}", counted(refused.len() - 1, "other")) } else { String::new() };
        Some(format!("it asked for {first}{others}, which its `allow` line does not name"))
    }
}

impl Downloads for DeclaredFiles {
    fn ports(&self) -> Vec<u16> {
        self.ports.clone()
    }

    fn file(&self, url: &str) -> Option<DownloadedFile> {
        let url = canonical(url)?;
        if let Some(path) = self.files.get(&url) {
            return opened(path);
        }
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        if refused.len() < MOST_REFUSED {
            refused.insert(url);
        }
        None
    }
}

/// Returns whether a build seems to have wanted the network.
fn wanted_network(step: &FailedStep) -> bool {
    step.last_lines.iter().any(|line| NO_NETWORK.iter().any(|word| line.contains(word)))
}

/// As [`explain_without`], of scripts whose downloads are not recorded.
pub(super) fn explain_where_to_name_files(step: &mut FailedStep) {
    if wanted_network(step) {
        step.hint = format!(
            "a build has no network: what it downloads is named behind its `allow` line, `{{ file \"URL\" sha256=\"…\"; }}`. {}",
            step.hint
        );
    }
}

/// Adds to the error of a build that may download nothing how it could, if it seems to have wanted the network.
pub(super) fn explain_without(step: &mut FailedStep, package: &PackageKey) {
    if wanted_network(step) {
        let name = package.id.name.as_str();
        step.hint = format!(
            "a build has no network: `larder builds record {name}` tells which files it wants, so that its `allow` line can name \
             them. {}",
            step.hint
        );
    }
}

/// What a build downloads while it is watched: from hosts that the user named, and whatever it is.
#[derive(Debug)]
pub(super) struct Recorder {
    folder: BuildFiles,
    hosts: BTreeSet<String>,
    seen: Mutex<WatchedDownloads>,
}

/// What a build asked for while it was watched.
#[derive(Clone, Debug, Default)]
pub(in crate::ops) struct WatchedDownloads {
    /// The files that it got.
    pub(in crate::ops) files: BTreeSet<BuildFile>,
    /// What could not be had, and why.
    pub(in crate::ops) failed: BTreeMap<String, String>,
    /// What it asked of other hosts.
    pub(in crate::ops) refused: BTreeSet<String>,
}

impl Recorder {
    /// Opens one for files of some hosts, with their ports if they are no usual ones.
    pub(super) fn open(session: &Session<'_>, hosts: &[String]) -> Result<Self> {
        let mut named = BTreeSet::new();
        for host in hosts {
            let url: Url = format!("https://{host}/").parse().map_err(|_| BuildsError::NoHost(host.as_str().into()))?;
            named.insert(url.authority());
        }
        Ok(Self { folder: BuildFiles::open(session)?, hosts: named, seen: Mutex::default() })
    }

    /// Returns what was asked for so far.
    pub(super) fn recorded(&self) -> WatchedDownloads {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn seen(&self, note: impl FnOnce(&mut WatchedDownloads)) {
        note(&mut self.seen.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

impl Downloads for Recorder {
    fn ports(&self) -> Vec<u16> {
        self.hosts.iter().filter_map(|host| host.rsplit_once(':')?.1.parse().ok()).collect()
    }

    fn file(&self, url: &str) -> Option<DownloadedFile> {
        let url = canonical(url)?;
        let asked: FileUrl = match url.parse() {
            Ok(asked) => asked,
            Err(error) => {
                self.seen(|seen| {
                    seen.failed.insert(url.clone(), format!("it {error}"));
                });
                return None;
            }
        };
        if !self.hosts.contains(&asked.url().authority()) {
            self.seen(|seen| {
                seen.refused.insert(url);
            });
            return None;
        }
        match self.folder.fetch(&asked) {
            Ok(digest) => {
                let path = self.folder.path(&digest);
                self.seen(|seen| {
                    seen.files.insert(BuildFile { url: asked, digest });
                });
                opened(&path)
            }
            Err(error) => {
                self.seen(|seen| {
                    seen.failed.insert(url, error.in_short());
                });
                None
            }
        }
    }
}

/// Returns a URL as manifests are compared by. Returns `None` for what is none.
fn canonical(url: &str) -> Option<String> {
    url.parse::<Url>().ok().map(|url| url.as_str().to_owned())
}

fn opened(path: &std::path::Path) -> Option<DownloadedFile> {
    let (content, length) = fs::open_sized(path).ok()??;
    Some(DownloadedFile { content, length })
}

/// Copies a file, and returns its digest.
fn hash(from: &mut impl Read, to: &mut impl Write) -> io::Result<Digest> {
    let (mut hasher, mut piece) = (crate::fetch::Hasher::new(Algorithm::Sha256), vec![0; 1 << 16]);
    loop {
        match from.read(&mut piece)? {
            0 => return Ok(Digest::new(Algorithm::Sha256, &hasher.finish())),
            count => {
                hasher.update(&piece[..count]);
                to.write_all(&piece[..count])?;
            }
        }
    }
}

/// The cache of files that builds download.
#[derive(Debug)]
struct BuildFiles {
    folder: PathBuf,
    client: Arc<Client>,
    endpoint: Arc<Endpoint>,
}

impl BuildFiles {
    fn open(session: &Session<'_>) -> Result<Self> {
        let name =
            "downloads".parse().map_err(|error: LabelError| BuildsError::NoDownloads(error.to_string().into()))?;
        let endpoint = Arc::new(Endpoint::new(name, Vec::new(), Quota::default()));
        Ok(Self { folder: folder(session.context()), client: session.client()?, endpoint })
    }

    fn path(&self, digest: &Digest) -> PathBuf {
        self.folder.join(format!("sha256-{}", digest.to_hex()))
    }

    /// Fetches a file, whatever it is, and returns its digest.
    fn fetch(&self, url: &FileUrl) -> Result<Digest> {
        let request =
            Request { target: RequestTarget::At(url.as_str()), encoding: Encoding::Identity, ..Request::default() };
        let answer = self.client.get(&self.endpoint, &request)?;
        fs::create_dir_all(&self.folder)?;
        // A file has no name of its own before its digest is known. One at a time: what a kill leaves is taken over by the next.
        let _alone = FileLock::acquire(&self.folder.join("lock"), || {})?;
        let place = self.folder.join(&blake3::hash(url.as_str().as_bytes()).to_hex()[..32]);
        let mut file = PendingFile::create(&place)?;
        let digest = hash(&mut answer.body.take(LARGEST), &mut file).map_err(|error| file.failed(error))?;
        file.commit(Durability::Lazy)?;
        fs::rename(&place, &self.path(&digest))?;
        Ok(digest)
    }
}

fn folder(context: &Context<'_>) -> PathBuf {
    context.cache.join("build-files")
}
