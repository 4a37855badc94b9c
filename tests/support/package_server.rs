//! A server of a registry of private packages on loopback: the static files of a folder, and publications.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU16, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use larder::model::EntryPath;
use larder::package::log::{LogHash, LogSigner};
use larder::package::{self, ArchiveFile, Body, Deposit, IndexFile, PackageEvent, Submission};
use larder::registry::{Change, FolderRegistry};

/// The token that may publish.
pub(crate) const TOKEN: &str = "publishing-token";

/// A server that runs until the test ends.
pub(crate) struct PackageServer {
    address: String,
    shared: Arc<Shared>,
}

struct Shared {
    folder: tempfile::TempDir,
    signer: LogSigner,
    writing: Mutex<()>,
    /// The status of the next answer to an upload, if it is not the usual one.
    next: AtomicU16,
    requests: AtomicUsize,
    /// Answers that are no index file, and their bytes.
    beside_indexes: (AtomicUsize, AtomicUsize),
    /// How many files are taken before one is refused.
    left: AtomicUsize,
    /// The paths of the files that were put.
    puts: Mutex<Vec<String>>,
}

type Answer = (u16, &'static str, Vec<u8>);

impl PackageServer {
    pub(crate) fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let signer = LogSigner::from_seed("packages.example", [5; 32]).expect("a key");
        FolderRegistry::create(folder.path(), &signer, "2026-11-01T00:00:00Z").expect("a registry");
        Self::of(folder, signer)
    }

    /// Starts a server that has nothing yet, and takes files.
    pub(crate) fn empty() -> Self {
        let signer = LogSigner::from_seed("packages.example", [5; 32]).expect("a key");
        Self::of(tempfile::tempdir().expect("a folder"), signer)
    }

    fn of(folder: tempfile::TempDir, signer: LogSigner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port on loopback");
        let address = format!("http://{}/", listener.local_addr().expect("an address"));
        let (writing, next, requests) = (Mutex::new(()), AtomicU16::new(0), AtomicUsize::new(0));
        let (left, puts) = (AtomicUsize::new(usize::MAX), Mutex::default());
        let beside_indexes = Default::default();
        let shared = Arc::new(Shared { folder, signer, writing, next, requests, beside_indexes, left, puts });
        let serving = Arc::clone(&shared);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let serving = Arc::clone(&serving);
                // A client that hangs up in the middle is no news.
                std::thread::spawn(move || serving.serve(&stream).unwrap_or_default());
            }
        });
        Self { address, shared }
    }

    /// Publishes versions of many packages, in another order each time: `NAME-000000` and so on.
    pub(crate) fn fill(&self, packages: usize, versions: usize) {
        let registry = FolderRegistry::open(self.shared.folder.path(), &[]).expect("a registry");
        let locked = registry.lock(|| {}).expect("a lock");
        for version in 0..versions {
            let change = |place: usize| {
                let name = format!("package-{:06}", place * 7_919 % packages);
                let version = format!("1.{version}.0");
                let manifest = format!("package \"{name}\" version=\"{version}\" {{\n    node \".\"\n}}\n");
                let path = EntryPath::parse(package::MANIFEST).expect("a path");
                let files = [ArchiveFile { path, executable: false, content: manifest.into_bytes() }];
                let (archive, tree) =
                    (package::write(&format!("{name}-{version}"), &files), package::tree_digest(&files));
                let body = format!(r#"{{"name":"{name}","version":"{version}","node":".","tree":"{tree}"}}"#);
                let artifact = format!("{name}-{version}.tar.gz");
                let sha256 = LogHash::of_file(&archive).to_string();
                let size = archive.len() as u64;
                let (time, publisher, signatures) = (None, None, Vec::new());
                let deposit =
                    Deposit { artifact: artifact.clone(), sha256, size, time, publisher, index: None, signatures };
                let line = PackageEvent::publish_line(&body, &deposit).expect("an event");
                Change { name, lines: vec![line], archives: vec![(artifact, archive)] }
            };
            let changes: Vec<Change> = (0..packages).map(|place| change(place * 31 + version)).collect();
            locked.commit(&changes, &self.shared.signer, "2026-11-01T00:00:00Z").expect("a publication");
        }
    }

    /// Returns the private key of the log.
    pub(crate) fn secret(&self) -> String {
        self.shared.signer.to_secret()
    }

    /// Returns the line that declares the registry.
    pub(crate) fn line(&self) -> String {
        let (url, key) = (&self.address, self.shared.signer.key());
        format!("larder \"acme\" \"{url}\" {{ key \"{key}\"; token env=\"LARDER_TOKEN_ACME\"; }}")
    }

    /// Lets the next upload fail with a status.
    pub(crate) fn fail_next(&self, status: u16) {
        self.shared.next.store(status, Ordering::SeqCst);
    }

    /// Refuses one file after it has taken so many.
    pub(crate) fn fail_after(&self, files: usize) {
        self.shared.left.store(files, Ordering::SeqCst);
    }

    /// Returns the paths of the files that were put since the last time, in the order of arrival.
    pub(crate) fn take_puts(&self) -> Vec<String> {
        std::mem::take(&mut self.shared.puts.lock().expect("no thread panics while it holds the lock"))
    }

    pub(crate) fn url(&self) -> String {
        self.address.clone()
    }

    /// Returns how many requests there were.
    pub(crate) fn requests(&self) -> usize {
        self.shared.requests.load(Ordering::SeqCst)
    }

    /// Returns how many answers were no index file, and how many bytes these were.
    pub(crate) fn beside_indexes(&self) -> (usize, usize) {
        let (answers, bytes) = &self.shared.beside_indexes;
        (answers.load(Ordering::SeqCst), bytes.load(Ordering::SeqCst))
    }

    pub(crate) fn folder(&self) -> PathBuf {
        self.shared.folder.path().to_owned()
    }
}

impl Shared {
    fn serve(&self, stream: &TcpStream) -> std::io::Result<()> {
        let mut reader = BufReader::new(stream);
        loop {
            let mut head = Vec::new();
            loop {
                let mut line = String::new();
                if reader.read_line(&mut line)? == 0 {
                    return Ok(());
                }
                if line.trim().is_empty() {
                    break;
                }
                head.push(line.trim().to_owned());
            }
            self.requests.fetch_add(1, Ordering::SeqCst);
            let header = |name: &str| {
                let found = head.iter().filter_map(|line| line.split_once(": "));
                found.filter(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value).next()
            };
            let length = header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
            let mut body = vec![0; length];
            reader.read_exact(&mut body)?;
            let mut words = head.first().map(String::as_str).unwrap_or_default().split(' ');
            let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
            let (status, kind, content) = match method {
                "PUT" => self.put(path, header("authorization"), header("content-type"), &body),
                _ => self.get(path),
            };
            if !path.starts_with("/index/") {
                self.beside_indexes.0.fetch_add(1, Ordering::SeqCst);
                self.beside_indexes.1.fetch_add(content.len(), Ordering::SeqCst);
            }
            let mut out = stream;
            write!(out, "HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n", content.len())?;
            out.write_all(&content)?;
        }
    }

    fn get(&self, path: &str) -> Answer {
        match std::fs::read(self.folder.path().join(path.trim_start_matches('/'))) {
            Ok(content) if !path.contains("..") => (200, "application/octet-stream", content),
            _ => (404, "text/plain", Vec::new()),
        }
    }

    fn put(&self, path: &str, authorization: Option<&str>, kind: Option<&str>, upload: &[u8]) -> Answer {
        match self.next.swap(0, Ordering::SeqCst) {
            0 => {}
            status => return (status, "text/html", b"<h1>out of order</h1>".to_vec()),
        }
        if authorization != Some(&format!("Bearer {TOKEN}")) {
            return problem(401, "no token", "publishing needs the scope `publish`");
        }
        if kind == Some("application/octet-stream") && !path.contains("..") {
            return self.put_file(path.trim_start_matches('/'), upload);
        }
        if kind != Some(Submission::MEDIA_TYPE) || !path.starts_with("/api/v1/packages/") {
            return problem(415, "no submission", path);
        }
        match Submission::from_upload(upload).and_then(|submission| self.add(&submission)) {
            Ok(Some(outcome)) => (200, "application/json", format!("{{\"outcome\":\"{outcome}\"}}").into_bytes()),
            Ok(None) => problem(409, "immutable", "this version is published with other files"),
            Err(reason) => problem(422, "not acceptable", &reason),
        }
    }

    fn put_file(&self, path: &str, content: &[u8]) -> Answer {
        match self.left.fetch_sub(1, Ordering::SeqCst) {
            0 => return (403, "text/plain", Vec::new()),
            usize::MAX => self.left.store(usize::MAX, Ordering::SeqCst),
            _ => {}
        }
        let file = self.folder.path().join(path);
        std::fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
        std::fs::write(file, content).expect("a file");
        self.puts.lock().expect("no thread panics while it holds the lock").push(path.to_owned());
        (201, "text/plain", Vec::new())
    }

    /// Adds a submission. Returns `None` if it is another content for a version that is there.
    fn add(&self, submission: &Submission) -> Result<Option<&'static str>, String> {
        let _writing = self.writing.lock().map_err(|error| error.to_string())?;
        let registry = FolderRegistry::open(self.folder.path(), &[]).map_err(|error| error.to_string())?;
        let time = "2026-11-02T00:00:00Z";
        let change = if submission.kind == "publish" {
            let body = Body::parse(&submission.body).map_err(|error| error.to_string())?;
            let archive = submission.archive.clone().ok_or("no archive")?;
            let state = registry.state().map_err(|error| error.to_string())?;
            let index = registry.index(&state, body.name.as_str()).map_err(|error| error.to_string())?;
            let index = IndexFile::parse(body.name.as_str(), index).map_err(|error| error.to_string())?;
            if let Some(known) = index.version(&body.version) {
                return Ok((known.body == submission.body).then_some("unchanged"));
            }
            let deposit = Deposit {
                artifact: body.archive_name(),
                sha256: LogHash::of_file(&archive).to_string(),
                size: archive.len() as u64,
                time: Some(time.to_owned()),
                publisher: Some("ci".to_owned()),
                index: Some(state.checkpoint.tree.size),
                signatures: submission.signatures.clone(),
            };
            let line = PackageEvent::publish_line(&submission.body, &deposit).map_err(|error| error.to_string())?;
            let (name, archives) = (body.name.to_string(), vec![(deposit.artifact, archive)]);
            Change { name, lines: vec![line], archives }
        } else {
            let line = PackageEvent::line_of(&submission.kind, &submission.body, Some(time))
                .map_err(|error| error.to_string())?;
            let name = PackageEvent::parse(&line).map_err(|error| error.to_string())?.name;
            Change { name, lines: vec![line], archives: Vec::new() }
        };
        let locked = registry.lock(|| {}).map_err(|error| error.to_string())?;
        locked.commit(&[change], &self.signer, time).map_err(|error| error.to_string())?;
        Ok(Some("added"))
    }
}

/// Returns a problem as RFC 9457 has it.
fn problem(status: u16, title: &str, detail: &str) -> Answer {
    let problem = serde_json::json!({ "type": "about:blank", "title": title, "status": status, "detail": detail });
    (status, "application/problem+json", problem.to_string().into_bytes())
}
