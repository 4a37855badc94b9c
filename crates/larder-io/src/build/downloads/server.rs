//! The sockets of a build's network, and their connections.

use std::io;
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::authority::Authority;
use super::{Downloads, MOST_PORTS, dns, http};
use crate::build::BuildError;

/// How often it is looked whether the build has ended.
const TICK: Timespec = Timespec { tv_sec: 0, tv_nsec: 100_000_000 };

/// How long a connection may be silent.
const SILENCE: Duration = Duration::from_secs(60);

/// The most connections at once.
const MOST_CONNECTIONS: usize = 64;

/// The first byte of a connection by TLS: a handshake.
const HANDSHAKE: u8 = 22;

/// The ports at which every build may ask.
const USUAL_PORTS: [u16; 2] = [80, 443];

/// Answers what a build asks for.
#[derive(Clone, Debug)]
pub(in crate::build) struct DownloadServer {
    authority: Arc<Authority>,
    config: Arc<ServerConfig>,
    downloads: Arc<dyn Downloads>,
    is_over: Arc<AtomicBool>,
}

impl DownloadServer {
    /// Prepares answers; nothing is listened to yet.
    pub(in crate::build) fn new(downloads: &Arc<dyn Downloads>) -> Result<Self, BuildError> {
        let authority = Authority::new().map_err(|error| BuildError::Downloads(error.to_string()))?;
        let authority = Arc::new(authority);
        let config = authority.server().map_err(|error| BuildError::Downloads(error.to_string()))?;
        Ok(Self {
            authority,
            config: Arc::new(config),
            downloads: Arc::clone(downloads),
            is_over: Arc::new(AtomicBool::new(false)),
        })
    }

    /// Returns the certificate that the build has to trust, as PEM.
    pub(in crate::build) fn certificate(&self) -> &str {
        self.authority.certificate()
    }

    /// Returns the ports at which it wants to listen.
    pub(in crate::build) fn ports(&self) -> Vec<u16> {
        let mut ports = [&USUAL_PORTS[..], &self.downloads.ports()].concat();
        ports.sort_unstable();
        ports.dedup();
        ports.truncate(MOST_PORTS);
        ports
    }

    /// Answers until [`Self::end`]. The first socket is for names, the others are for files.
    pub(in crate::build) fn serve(&self, sockets: Vec<OwnedFd>) -> io::Result<()> {
        let mut sockets = sockets.into_iter();
        let Some(names) = sockets.next().map(UdpSocket::from) else { return Ok(()) };
        let files: Vec<TcpListener> = sockets.map(TcpListener::from).collect();
        names.set_nonblocking(true)?;
        files.iter().try_for_each(|files| files.set_nonblocking(true))?;
        let open = Arc::new(AtomicUsize::new(0));
        while !self.is_over.load(Ordering::Relaxed) {
            let mut events = vec![PollFd::new(&names, PollFlags::IN)];
            events.extend(files.iter().map(|files| PollFd::new(files, PollFlags::IN)));
            match poll(&mut events, Some(&TICK)) {
                Ok(_) | Err(rustix::io::Errno::INTR) => {}
                Err(errno) => return Err(errno.into()),
            }
            answer_names(&names);
            for files in &files {
                while let Ok((connection, _)) = files.accept() {
                    self.answer(connection, &open);
                }
            }
        }
        Ok(())
    }

    /// Ends [`Self::serve`], in this process and in a moment.
    pub(in crate::build) fn end(&self) {
        self.is_over.store(true, Ordering::Relaxed);
    }

    /// Answers a connection in a thread of its own. One too many is closed.
    fn answer(&self, connection: TcpStream, open: &Arc<AtomicUsize>) {
        if open.fetch_add(1, Ordering::Relaxed) >= MOST_CONNECTIONS {
            open.fetch_sub(1, Ordering::Relaxed);
            return;
        }
        let (server, open) = (self.clone(), Arc::clone(open));
        thread::spawn(move || {
            // Whoever asked is told by the end of the connection.
            drop(server.converse(connection));
            open.fetch_sub(1, Ordering::Relaxed);
        });
    }

    fn converse(&self, mut connection: TcpStream) -> io::Result<()> {
        connection.set_nonblocking(false)?;
        connection.set_read_timeout(Some(SILENCE))?;
        connection.set_write_timeout(Some(SILENCE))?;
        let mut first = [0];
        connection.peek(&mut first)?;
        if first[0] != HANDSHAKE {
            return http::serve(&mut connection, "http", &*self.downloads);
        }
        let session = ServerConnection::new(Arc::clone(&self.config)).map_err(io::Error::other)?;
        let mut stream = StreamOwned::new(session, connection);
        http::serve(&mut stream, "https", &*self.downloads)?;
        stream.conn.send_close_notify();
        stream.conn.complete_io(&mut stream.sock).map(drop)
    }
}

/// Answers the queries that have arrived.
fn answer_names(names: &UdpSocket) {
    let mut query = [0; 1500];
    while let Ok((length, from)) = names.recv_from(&mut query) {
        if let Some(answer) = dns::answer(&query[..length]) {
            // Who gets no answer asks again.
            drop(names.send_to(&answer, from));
        }
    }
}
