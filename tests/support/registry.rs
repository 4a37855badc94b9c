//! The loopback registry: npm below `/npm/`, Python's index below `/pypi/simple/`, its files below `/pypi/files/`.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::archive::sha256_hex;
use super::pypi::{PypiPackage, normalised};
use super::random::Random;
use super::universe::{Manner, Universe};

/// A registry that serves until it is dropped.
pub(crate) struct Registry {
    address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    pages: Mutex<Arc<HashMap<String, Page>>>,
    manner: Manner,
    stop: AtomicBool,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    connections: usize,
    log: Vec<String>,
    not_modified: usize,
    corrupt: Vec<String>,
    failing: HashMap<String, u16>,
    played: HashMap<String, (Vec<u8>, usize)>,
    random: Option<Random>,
    asked: HashSet<String>,
    /// What was sent to which path.
    received: Vec<(String, Vec<u8>)>,
    /// The paths that were asked for with credentials, and these.
    authorized: Vec<(String, String)>,
}

/// What lies at a path.
struct Page {
    kind: &'static str,
    body: Vec<u8>,
    etag: String,
    /// PEP 691's form, for those who ask for it.
    json: Option<Vec<u8>>,
    metadata: bool,
}

impl Page {
    fn new(kind: &'static str, body: Vec<u8>) -> Self {
        Self { kind, etag: format!("\"{}\"", &sha256_hex(&body)[..16]), body, json: None, metadata: false }
    }
}

impl Registry {
    pub(crate) fn start(universe: &Universe) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port on loopback");
        let address = listener.local_addr().expect("an address");
        let random = universe.manner.shuffled.map(Random::new);
        let pages = pages(universe, &format!("http://{address}"), random.clone());
        let state = Mutex::new(State { random, ..State::default() });
        let pages = Mutex::new(Arc::new(pages));
        let shared = Arc::new(Shared { pages, manner: universe.manner, stop: AtomicBool::new(false), state });
        let serving = Arc::clone(&shared);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if serving.stop.load(Ordering::Relaxed) {
                    return;
                }
                serving.state().connections += 1;
                let serving = Arc::clone(&serving);
                // A client that hangs up in the middle is no news.
                thread::spawn(move || serving.serve(stream).unwrap_or_default());
            }
        });
        Self { address, shared }
    }

    /// Returns the npm registry's URL.
    pub(crate) fn npm_url(&self) -> String {
        format!("http://{}/npm/", self.address)
    }

    /// Returns the Python index's URL.
    pub(crate) fn pypi_url(&self) -> String {
        format!("http://{}/pypi/simple/", self.address)
    }

    /// Returns the URL of what lies at a path of the same server.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// From now on serves what another universe has.
    pub(crate) fn becomes(&self, universe: &Universe) {
        let pages = pages(universe, &format!("http://{}", self.address), None);
        *self.shared.pages.lock().expect("no thread panics while it holds the lock") = Arc::new(pages);
    }

    /// Returns the paths that were asked for since the last time, in the order of arrival.
    pub(crate) fn take_log(&self) -> Vec<String> {
        std::mem::take(&mut self.shared.state().log)
    }

    /// Returns the paths that were asked for with an `Authorization` header, in the order of arrival.
    pub(crate) fn authorized(&self) -> Vec<String> {
        self.shared.state().authorized.iter().map(|(path, _)| path.clone()).collect()
    }

    /// Returns the `Authorization` headers that came with what was asked for at a path, and forgets all of them.
    pub(crate) fn take_credentials(&self, path: &str) -> Vec<String> {
        let all = std::mem::take(&mut self.shared.state().authorized);
        all.into_iter().filter(|(asked, _)| asked == path).map(|(_, shown)| shown).collect()
    }

    /// Returns what was sent to which path since the last time, in the order of arrival.
    pub(crate) fn take_received(&self) -> Vec<(String, Vec<u8>)> {
        std::mem::take(&mut self.shared.state().received)
    }

    /// Returns how many connections were made.
    pub(crate) fn connections(&self) -> usize {
        self.shared.state().connections
    }

    /// Returns how many questions were answered with 304.
    pub(crate) fn not_modified(&self) -> usize {
        self.shared.state().not_modified
    }

    /// From now on serves the files of this name with one byte flipped; the metadata stays as it was.
    pub(crate) fn corrupt(&self, file: &str) {
        let suffix = format!("/{file}");
        assert!(self.shared.pages().keys().any(|path| path.ends_with(&suffix)), "there is no {file}");
        self.shared.state().corrupt.push(suffix);
    }

    /// Answers a path so many times with these bytes, status line and all, and hangs up.
    pub(crate) fn plays(&self, path: &str, raw: &[u8], times: usize) {
        assert!(self.shared.pages().contains_key(path), "there is no {path}");
        self.shared.state().played.insert(path.to_owned(), (raw.to_owned(), times));
    }

    /// From now on answers a path, as in `/npm/left`, with a status.
    pub(crate) fn fail(&self, path: &str, status: u16) {
        assert!(self.shared.pages().contains_key(path), "there is no {path}");
        self.shared.state().failing.insert(path.to_owned(), status);
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
        // Wakes the listener, so that it sees the flag.
        let _ = TcpStream::connect(self.address);
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no thread panics while it holds the lock")
    }

    fn pages(&self) -> Arc<HashMap<String, Page>> {
        Arc::clone(&self.pages.lock().expect("no thread panics while it holds the lock"))
    }

    fn serve(&self, stream: TcpStream) -> std::io::Result<()> {
        stream.set_nodelay(true)?;
        let mut out = stream.try_clone()?;
        let mut input = BufReader::new(stream);
        while let Some(first) = input.by_ref().lines().next().transpose()? {
            let mut headers = HashMap::new();
            for line in input.by_ref().lines() {
                let line = line?;
                if line.is_empty() {
                    break;
                }
                if let Some((name, value)) = line.split_once(':') {
                    headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
                }
            }
            let asked = decoded(first.split(' ').nth(1).unwrap_or("/"));
            let length = headers.get("content-length").and_then(|length: &String| length.parse().ok()).unwrap_or(0);
            let mut body = vec![0; length];
            input.read_exact(&mut body)?;
            if !body.is_empty() {
                self.state().received.push((asked.clone(), body));
            }
            let is_known = self.pages().contains_key(&asked);
            let path = if is_known { &asked } else { asked.split('?').next().unwrap_or("/") };
            self.answer(path, &headers, &mut out)?;
        }
        Ok(())
    }

    fn answer(&self, path: &str, headers: &HashMap<String, String>, out: &mut TcpStream) -> std::io::Result<()> {
        let (delay, corrupt, failing, stumble) = {
            let mut state = self.state();
            state.log.push(path.to_owned());
            if let Some(shown) = headers.get("authorization") {
                state.authorized.push((path.to_owned(), shown.clone()));
            }
            let delay = state.random.as_mut().map_or(0, |random| random.below(6));
            let corrupt = state.corrupt.iter().any(|suffix| path.ends_with(suffix.as_str()));
            let may_stumble = state.asked.insert(path.to_owned()) && self.manner.stumbles;
            let stumble = state.random.as_mut().filter(|_| may_stumble).map(|random| random.below(9));
            (delay, corrupt, state.failing.get(path).copied(), stumble)
        };
        thread::sleep(Duration::from_millis(delay as u64) + self.manner.slow);
        let played = self.state().played.get_mut(path).and_then(|(raw, left)| {
            *left = left.checked_sub(1)?;
            Some(raw.clone())
        });
        if let Some(raw) = played {
            out.write_all(&raw)?;
            return Err(std::io::ErrorKind::ConnectionAborted.into());
        }
        match stumble {
            Some(0) => return respond(out, 503, "", b""),
            Some(1) => return Err(std::io::ErrorKind::ConnectionAborted.into()),
            Some(2) => {
                out.write_all(b"HTTP/1.1 200 -\r\ncontent-length: 9000\r\n\r\n{\"name\":")?;
                return Err(std::io::ErrorKind::ConnectionAborted.into());
            }
            _ => {}
        }
        if let Some(status) = failing {
            return respond(out, status, "content-type: text/plain\r\n", b"told to fail\n");
        }
        let pages = self.pages();
        let Some(page) = pages.get(path) else {
            return respond(out, 404, "content-type: text/plain\r\n", b"not found\n");
        };
        let wants_json =
            headers.get("accept").is_some_and(|accept| accept.contains("application/vnd.pypi.simple.v1+json"));
        let (kind, body) = match &page.json {
            Some(json) if wants_json => ("application/vnd.pypi.simple.v1+json", json),
            _ => (page.kind, &page.body),
        };
        let age = if page.metadata { self.manner.max_age } else { 31_536_000 };
        let about = format!("content-type: {kind}\r\netag: {}\r\ncache-control: public, max-age={age}\r\n", page.etag);
        if headers.get("if-none-match").is_some_and(|known| known.contains(page.etag.as_str())) {
            self.state().not_modified += 1;
            return respond(out, 304, &about, b"");
        }
        if !corrupt {
            return respond(out, 200, &about, body);
        }
        let mut body = body.clone();
        let middle = body.len() / 2;
        body[middle] ^= 0x20;
        respond(out, 200, &about, &body)
    }
}

fn respond(out: &mut TcpStream, status: u16, headers: &str, body: &[u8]) -> std::io::Result<()> {
    let mut answer = format!("HTTP/1.1 {status} -\r\n{headers}").into_bytes();
    if status != 304 {
        answer.extend(format!("content-length: {}\r\n", body.len()).bytes());
    }
    answer.extend(b"\r\n");
    answer.extend(body);
    out.write_all(&answer)
}

/// Lays out everything that the universe has.
fn pages(universe: &Universe, base: &str, random: Option<Random>) -> HashMap<String, Page> {
    let mut random = random.unwrap_or_else(|| Random::new(0));
    let mut shuffle = |items: &mut Vec<String>| {
        if universe.manner.shuffled.is_some() {
            random.shuffle(items);
        }
    };
    let mut pages = npm_pages(universe, &format!("{base}/npm/"), &mut shuffle);
    pages.extend(pypi_pages(universe, &mut shuffle));
    for (path, bytes) in &universe.files {
        pages.insert(path.clone(), Page::new("application/octet-stream", bytes.clone()));
    }
    pages
}

fn npm_pages(universe: &Universe, base: &str, shuffle: &mut impl FnMut(&mut Vec<String>)) -> HashMap<String, Page> {
    let mut pages = HashMap::new();
    let mut documents: BTreeMap<&str, (Vec<String>, Map<String, Value>)> = BTreeMap::new();
    let mut times: BTreeMap<&str, Map<String, Value>> = BTreeMap::new();
    for package in &universe.npm {
        let tarball = package.tarball();
        let (versions, tags) = documents.entry(package.name.as_str()).or_default();
        versions.push(format!("{}:{}", json!(package.version), package.metadata(base, &tarball)));
        tags.insert("latest".into(), json!(package.version));
        if let Some(time) = &package.published {
            times.entry(package.name.as_str()).or_default().insert(package.version.clone(), json!(time));
        }
        pages.insert(format!("/npm/{}", package.tarball_path()), Page::new("application/octet-stream", tarball));
    }
    for ((name, tag), version) in &universe.tags {
        let (_, tags) = documents.get_mut(name.as_str()).expect("a tag of a package that exists");
        tags.insert(tag.clone(), json!(version));
    }
    for (name, (mut versions, tags)) in documents {
        shuffle(&mut versions);
        // Written by hand: the order of versions is part of what is tested.
        let document = format!(
            "{{\"name\":{},\"dist-tags\":{},\"versions\":{{{}}},\"time\":{},\"modified\":\"2024-01-01T00:00:00.000Z\"}}",
            json!(name),
            Value::Object(tags),
            versions.join(","),
            Value::Object(times.remove(name).unwrap_or_default())
        );
        let page = Page::new("application/vnd.npm.install-v1+json", document.into_bytes());
        pages.insert(format!("/npm/{name}"), Page { metadata: true, ..page });
    }
    pages
}

fn pypi_pages(universe: &Universe, shuffle: &mut impl FnMut(&mut Vec<String>)) -> HashMap<String, Page> {
    let mut pages = HashMap::new();
    let mut projects: BTreeMap<String, Vec<(&PypiPackage, Vec<u8>)>> = BTreeMap::new();
    for package in &universe.pypi {
        let wheel = package.archive();
        let path = format!("/pypi/files/{}", package.file_name());
        pages.insert(format!("{path}.metadata"), Page::new("text/plain", package.metadata().into_bytes()));
        pages.insert(path, Page::new("application/octet-stream", wheel.clone()));
        projects.entry(normalised(&package.name)).or_default().push((package, wheel));
    }
    for (name, files) in projects {
        let href = |package: &PypiPackage| {
            package.url.clone().unwrap_or_else(|| format!("../../files/{}", package.file_name()))
        };
        let mut links: Vec<_> = files.iter().map(|(package, wheel)| package.html(&href(package), wheel)).collect();
        let mut elements: Vec<_> =
            files.iter().map(|(package, wheel)| package.json(&href(package), wheel).to_string()).collect();
        shuffle(&mut links);
        shuffle(&mut elements);
        let html = format!(
            "<!DOCTYPE html><html><head><meta name=\"pypi:repository-version\" content=\"1.1\"></head><body>\n{}</body></html>\n",
            links.concat()
        );
        let versions: Vec<_> = files.iter().map(|(package, _)| package.version.as_str()).collect();
        let json = format!(
            "{{\"meta\":{{\"api-version\":\"1.1\"}},\"name\":{},\"versions\":{},\"files\":[{}]}}",
            json!(name),
            json!(versions),
            elements.join(",")
        );
        let page = Page::new("text/html", html.into_bytes());
        pages.insert(format!("/pypi/simple/{name}/"), Page { json: Some(json.into_bytes()), metadata: true, ..page });
    }
    pages
}

/// Undoes percent-encoding: npm asks for `@scope%2fname`.
fn decoded(path: &str) -> String {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        let hex = (byte == b'%').then(|| tail.get(..2)).flatten().and_then(|hex| std::str::from_utf8(hex).ok());
        if let Some(decoded) = hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            bytes.push(decoded);
            rest = &tail[2..];
        } else {
            bytes.push(byte);
            rest = tail;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
