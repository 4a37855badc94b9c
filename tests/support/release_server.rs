//! An npm registry and a Python index on loopback that packages are released to.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::sha256_hex;

/// The token that may publish.
pub(crate) const RELEASE_TOKEN: &str = "releasing-token";

/// A server that runs until the test ends.
pub(crate) struct ReleaseServer {
    address: String,
    shared: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    packuments: BTreeMap<String, Value>,
    /// Tarballs and files of Python packages, by name.
    files: BTreeMap<String, Vec<u8>>,
    /// The files of Python packages, by project.
    pages: BTreeMap<String, Vec<String>>,
    /// The forms of uploads, as they came.
    forms: Vec<String>,
    uploads: usize,
    refusing: Option<u16>,
    /// Whether answers to uploads are lost, though they were taken.
    silent: bool,
}

type Answer = (u16, &'static str, Vec<u8>);

impl ReleaseServer {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port on loopback");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        let shared = Arc::new(Mutex::new(State::default()));
        let serving = Arc::clone(&shared);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let serving = Arc::clone(&serving);
                // A client that hangs up in the middle is no news.
                std::thread::spawn(move || serve(&serving, &stream).unwrap_or_default());
            }
        });
        Self { address, shared }
    }

    /// Returns the lines that declare both registries.
    pub(crate) fn lines(&self) -> String {
        let token = "token env=\"LARDER_TOKEN_RELEASE\"";
        let address = &self.address;
        format!(
            "    npm \"own-npm\" \"{address}/npm/\" {{ {token}; packages \"@acme/*\"; }}\n    \
             pypi \"own-pypi\" \"{address}/pypi/simple/\" {{ {token}; packages \"acme-*\"; }}\n"
        )
    }

    /// Returns how many uploads were taken.
    pub(crate) fn uploads(&self) -> usize {
        self.shared.lock().expect("the state").uploads
    }

    /// Returns what is known of an npm package.
    pub(crate) fn packument(&self, name: &str) -> Value {
        self.shared.lock().expect("the state").packuments.get(name).cloned().unwrap_or_default()
    }

    /// Returns a file that was uploaded.
    pub(crate) fn file(&self, name: &str) -> Option<Vec<u8>> {
        self.shared.lock().expect("the state").files.get(name).cloned()
    }

    /// Returns the forms by which Python packages came.
    pub(crate) fn forms(&self) -> String {
        self.shared.lock().expect("the state").forms.join("\n")
    }

    /// Refuses uploads from now on, or takes them again.
    pub(crate) fn refuse(&self, status: Option<u16>) {
        self.shared.lock().expect("the state").refusing = status;
    }

    /// Takes uploads and hangs up before it answers.
    pub(crate) fn lose_answers(&self, silent: bool) {
        self.shared.lock().expect("the state").silent = silent;
    }
}

fn serve(shared: &Mutex<State>, stream: &TcpStream) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    let (mut line, mut length, mut authorization) = (String::new(), 0, String::new());
    reader.read_line(&mut line)?;
    let mut words = line.split_whitespace();
    let (method, path) = (words.next().unwrap_or_default().to_owned(), words.next().unwrap_or_default().to_owned());
    loop {
        let mut header = String::new();
        reader.read_line(&mut header)?;
        let Some((name, value)) = header.trim_end().split_once(':') else { break };
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.trim().parse().unwrap_or(0),
            "authorization" => value.trim().clone_into(&mut authorization),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let is_allowed = authorization == format!("Bearer {RELEASE_TOKEN}")
        || authorization == format!("Basic {}", STANDARD.encode(format!("__token__:{RELEASE_TOKEN}")));
    let mut state = shared.lock().expect("the state");
    let (status, kind, content) = match (method.as_str(), state.refusing) {
        ("GET", _) => answer(&state, &path),
        _ if !is_allowed => (401, "text/plain", b"no token".to_vec()),
        (_, Some(status)) => (status, "text/plain", b"not today".to_vec()),
        ("PUT", None) => put(&mut state, &path, &body),
        (_, None) => post(&mut state, &path, &body),
    };
    let silent = state.silent && method != "GET";
    drop(state);
    if silent {
        return Ok(());
    }
    let mut stream = stream;
    write!(
        stream,
        "HTTP/1.1 {status} x\r\ncontent-type: {kind}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        content.len()
    )?;
    stream.write_all(&content)
}

fn missing() -> Answer {
    (404, "text/plain", b"nothing there".to_vec())
}

fn answer(state: &State, path: &str) -> Answer {
    if let Some((_, file)) = path.rsplit_once("/-/").or_else(|| path.rsplit_once("/files/")) {
        return state.files.get(file).map_or_else(missing, |bytes| (200, "application/octet-stream", bytes.clone()));
    }
    if let Some(name) = path.strip_prefix("/npm/") {
        let found = state.packuments.get(&name.to_ascii_lowercase().replace("%2f", "/"));
        return found.map_or_else(missing, |document| (200, "application/json", document.to_string().into_bytes()));
    }
    let Some(files) = path.strip_prefix("/pypi/simple/").and_then(|name| state.pages.get(name.trim_end_matches('/')))
    else {
        return missing();
    };
    let link = |file: &String| {
        format!("<a href=\"../../files/{file}#sha256={}\">{file}</a>\n", sha256_hex(&state.files[file]))
    };
    (200, "text/html", files.iter().map(link).collect::<String>().into_bytes())
}

fn put(state: &mut State, path: &str, body: &[u8]) -> Answer {
    let mut document: Value = serde_json::from_slice(body).expect("a document");
    let name = document["name"].as_str().expect("a name").to_owned();
    assert_eq!(path.to_ascii_lowercase(), format!("/npm/{}", name.replace('/', "%2f")));
    let known =
        state.packuments.entry(name.clone()).or_insert_with(|| json!({"name": name, "dist-tags": {}, "versions": {}}));
    for (version, described) in document["versions"].as_object().expect("versions").clone() {
        if known["versions"].get(&version).is_some() {
            return (403, "text/plain", b"you cannot publish over the previously published versions".to_vec());
        }
        known["versions"][version] = described;
    }
    for (tag, version) in document["dist-tags"].as_object().expect("tags").clone() {
        known["dist-tags"][tag] = version;
    }
    for (file, attachment) in document["_attachments"].take().as_object().expect("attachments") {
        let bytes = STANDARD.decode(attachment["data"].as_str().expect("data")).expect("base64");
        assert_eq!(attachment["length"], bytes.len());
        state.files.insert(file.rsplit('/').next().expect("a name").to_owned(), bytes);
    }
    state.uploads += 1;
    (201, "application/json", b"{\"ok\":true}".to_vec())
}

fn post(state: &mut State, path: &str, body: &[u8]) -> Answer {
    assert_eq!(path, "/pypi/");
    let end = body.windows(2).position(|two| two == b"\r\n").expect("a boundary");
    let boundary = body[..end].to_vec();
    let parts: Vec<&[u8]> = split(body, &boundary);
    let (mut name, mut file, mut content, mut digest, mut form) =
        (String::new(), String::new(), Vec::new(), String::new(), String::new());
    for part in parts {
        let Some(at) = part.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
        let (head, value) = (String::from_utf8_lossy(&part[..at]).into_owned(), &part[at + 4..part.len() - 2]);
        let quoted = |key: &str| head.split_once(&format!("{key}=\"")).and_then(|(_, rest)| rest.split('"').next());
        let text = String::from_utf8_lossy(value).into_owned();
        match head.split_once("; name=\"").and_then(|(_, rest)| rest.split('"').next()).unwrap_or_default() {
            "content" => {
                quoted("filename").unwrap_or_default().clone_into(&mut file);
                content = value.to_vec();
            }
            key => {
                match key {
                    "name" => name.clone_from(&text),
                    "sha256_digest" => digest.clone_from(&text),
                    _ => {}
                }
                form.extend([key, "=", &text, "\n"]);
            }
        }
    }
    assert_eq!(digest, sha256_hex(&content));
    if state.files.contains_key(&file) {
        return (400, "text/plain", b"File already exists".to_vec());
    }
    state.files.insert(file.clone(), content);
    state.pages.entry(name.to_ascii_lowercase().replace('_', "-")).or_default().push(file);
    state.forms.push(form);
    state.uploads += 1;
    (200, "text/plain", b"OK".to_vec())
}

fn split<'b>(body: &'b [u8], boundary: &[u8]) -> Vec<&'b [u8]> {
    let mut starts: Vec<usize> =
        (0..body.len().saturating_sub(boundary.len() - 1)).filter(|at| body[*at..].starts_with(boundary)).collect();
    starts.push(body.len());
    starts.windows(2).map(|two| &body[two[0] + boundary.len()..two[1]]).collect()
}
