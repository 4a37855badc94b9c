//! A registry on loopback for tests: HTTP/1.1 with kept connections, whose responses a closure returns.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// A request that the server received.
#[derive(Clone, Debug)]
pub(crate) struct ReceivedRequest {
    pub(crate) path: String,
    pub(crate) headers: BTreeMap<String, String>,
}

impl ReceivedRequest {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }
}

/// A response of the server.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
    /// Whether the connection ends in the middle of the body.
    pub(crate) torn: bool,
    /// Whether it ends before the response.
    pub(crate) unsaid: bool,
}

impl Reply {
    pub(crate) fn ok(body: impl Into<Vec<u8>>) -> Self {
        Self { status: 200, headers: Vec::new(), body: body.into(), torn: false, unsaid: false }
    }

    pub(crate) fn status(status: u16) -> Self {
        Self { status, ..Self::ok("") }
    }

    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Returns the range of `bytes` that the request asks for.
    pub(crate) fn range(asked: &ReceivedRequest, bytes: &[u8]) -> Self {
        let Some(range) = asked.header("range").and_then(|range| range.strip_prefix("bytes=")) else {
            return Self::ok(bytes);
        };
        let (start, end) = match range.split_once('-').unwrap() {
            ("", count) => (bytes.len().saturating_sub(count.parse().unwrap()), bytes.len()),
            (start, "") => (start.parse().unwrap(), bytes.len()),
            (start, end) => (start.parse().unwrap(), end.parse::<usize>().unwrap() + 1),
        };
        let reply = Self { status: 206, ..Self::ok(&bytes[start..end]) };
        reply.with("Content-Range", format!("bytes {start}-{}/{}", end - 1, bytes.len()))
    }
}

type Respond = dyn Fn(&ReceivedRequest) -> Reply + Send + Sync;

/// A server that ends with the test's process.
pub(crate) struct TestServer {
    /// Ends with `/`.
    pub(crate) url: String,
    log: Arc<Mutex<Vec<ReceivedRequest>>>,
}

impl TestServer {
    pub(crate) fn start(answer: impl Fn(&ReceivedRequest) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let log = Arc::new(Mutex::new(Vec::new()));
        let (answer, seen): (Arc<Respond>, _) = (Arc::new(answer), Arc::clone(&log));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (answer, seen) = (Arc::clone(&answer), Arc::clone(&seen));
                std::thread::spawn(move || serve(stream, &*answer, &seen));
            }
        });
        Self { url, log }
    }

    /// Returns the requests so far.
    pub(crate) fn asked(&self) -> Vec<ReceivedRequest> {
        self.log.lock().unwrap().clone()
    }

    /// Returns the paths of the requests so far.
    pub(crate) fn paths(&self) -> Vec<String> {
        self.asked().into_iter().map(|asked| asked.path).collect()
    }
}

fn serve(stream: TcpStream, answer: &Respond, log: &Mutex<Vec<ReceivedRequest>>) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut stream = stream;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
        let path = line.split(' ').nth(1)?.to_owned();
        let mut headers = BTreeMap::new();
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).ok()?;
            let Some((name, value)) = line.trim_end().split_once(':') else { break };
            headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
        }
        let asked = ReceivedRequest { path, headers };
        log.lock().unwrap().push(asked.clone());
        let reply = answer(&asked);
        if reply.unsaid {
            return Some(());
        }
        let mut head = format!("HTTP/1.1 {} x\r\n", reply.status);
        reply.headers.iter().for_each(|(name, value)| head.extend([name, ": ", value, "\r\n"]));
        if reply.status != 304 {
            head.extend(["Content-Length: ", &reply.body.len().to_string(), "\r\n"]);
        }
        head.push_str("\r\n");
        stream.write_all(head.as_bytes()).ok()?;
        if reply.torn {
            return stream.write_all(&reply.body[..reply.body.len() / 2]).ok();
        }
        stream.write_all(&reply.body).ok()?;
    }
}
