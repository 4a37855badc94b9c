//! A receiver of webhooks on loopback.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;

/// How a receiver treats requests.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manner {
    /// It takes them.
    Takes,
    /// It refuses them with this status.
    Refuses(u16),
    /// It takes them, but not before this long.
    Slow(Duration),
}

/// What a receiver got.
#[derive(Clone)]
pub(crate) struct Received {
    pub(crate) at: Instant,
    pub(crate) head: String,
    pub(crate) body: Value,
}

/// A receiver of webhooks.
pub(crate) struct HttpReceiver {
    address: SocketAddr,
    manner: Arc<Mutex<Manner>>,
    received: Arc<Mutex<Vec<Received>>>,
}

impl HttpReceiver {
    pub(crate) fn start(manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let (manner, received) = (Arc::new(Mutex::new(manner)), Arc::new(Mutex::new(Vec::new())));
        let started = Self { address, manner: Arc::clone(&manner), received: Arc::clone(&received) };
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (manner, received) = (Arc::clone(&manner), Arc::clone(&received));
                std::thread::spawn(move || take(&stream, &manner, &received));
            }
        });
        started
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/hook", self.address)
    }

    pub(crate) fn set(&self, manner: Manner) {
        *self.manner.lock().expect("a lock") = manner;
    }

    /// Returns what it took.
    pub(crate) fn received(&self) -> Vec<Received> {
        self.received.lock().expect("a lock").clone()
    }

    /// Returns what it took since the last call.
    pub(crate) fn take(&self) -> Vec<Received> {
        std::mem::take(&mut self.received.lock().expect("a lock"))
    }
}

fn take(stream: &TcpStream, manner: &Mutex<Manner>, received: &Mutex<Vec<Received>>) {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).unwrap_or(0) == 0 {
            return;
        }
    }
    let length = head.to_ascii_lowercase().lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    if reader.read_exact(&mut body).is_err() {
        return;
    }
    let manner = *manner.lock().expect("a lock");
    let status = match manner {
        Manner::Takes => 200,
        Manner::Refuses(status) => status,
        Manner::Slow(pause) => {
            std::thread::sleep(pause);
            200
        }
    };
    if status == 200 {
        let body = serde_json::from_slice(&body).unwrap_or_default();
        received.lock().expect("a lock").push(Received { at: Instant::now(), head, body });
    }
    let mut stream = stream;
    let _ = write!(stream, "HTTP/1.1 {status} X\r\nContent-Length: 4\r\nConnection: close\r\n\r\nsaid");
}
