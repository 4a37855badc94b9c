//! Whether something answers: a port, TLS at a port, a server of HTTP. Nothing is sent but a request without content.

use std::io::{Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use super::roots::RootCertificateSources;

/// How long each step is waited for.
const TIMEOUT: Duration = Duration::from_secs(5);

/// The most addresses of a name that are tried.
const MOST_ADDRESSES: usize = 4;

/// The most bytes of an answer that are read: its first line is shorter.
const MOST_READ: u64 = 512;

/// What has to answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    /// The host: a name, or an address without brackets.
    pub host: String,
    /// The port.
    pub port: u16,
    /// Whether the connection begins with TLS.
    pub tls: bool,
    /// The path that is asked for by HTTP; `None` if something else is spoken.
    pub path: Option<String>,
}

impl Destination {
    /// Returns the word for what is tried: `tcp`, `tls`, `http` or `https`.
    pub fn protocol(&self) -> &'static str {
        match (&self.path, self.tls) {
            (None, false) => "tcp",
            (None, true) => "tls",
            (Some(_), false) => "http",
            (Some(_), true) => "https",
        }
    }

    /// Tries whether it answers. A server that refuses a request answers; one that says that it has failed does not.
    ///
    /// # Errors
    /// Why it does not, as a sentence in lower case.
    pub fn reach(&self, roots: &RootCertificateSources) -> Result<(), String> {
        let mut connection = self.connect()?;
        if !self.tls {
            return self.ask(&mut connection);
        }
        let mut tls = self.shake_hands(connection, roots)?;
        self.ask(&mut tls)
    }

    fn connect(&self) -> Result<TcpStream, String> {
        let addresses = (self.host.as_str(), self.port).to_socket_addrs().map_err(|error| error.to_string())?;
        let mut problem = "the name has no address".to_owned();
        for address in addresses.take(MOST_ADDRESSES) {
            match TcpStream::connect_timeout(&address, TIMEOUT) {
                Ok(connection) => {
                    let limited = connection
                        .set_read_timeout(Some(TIMEOUT))
                        .and_then(|()| connection.set_write_timeout(Some(TIMEOUT)));
                    return limited.map(|()| connection).map_err(|error| error.to_string());
                }
                Err(error) => problem = error.to_string(),
            }
        }
        Err(problem)
    }

    fn shake_hands(
        &self,
        mut connection: TcpStream,
        roots: &RootCertificateSources,
    ) -> Result<StreamOwned<ClientConnection, TcpStream>, String> {
        let mut store = RootCertStore::empty();
        for der in roots.load()?.certificates {
            // One that cannot be used vouches for nobody.
            let _ = store.add(der);
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let config = config.map_err(|error| error.to_string())?.with_root_certificates(store).with_no_client_auth();
        let name = ServerName::try_from(self.host.clone()).map_err(|error| error.to_string())?;
        let mut client = ClientConnection::new(Arc::new(config), name).map_err(|error| error.to_string())?;
        while client.is_handshaking() {
            client.complete_io(&mut connection).map_err(|error| format!("no connection by TLS: {}", told(&error)))?;
        }
        Ok(StreamOwned::new(client, connection))
    }

    /// Asks by HTTP, where that is spoken.
    fn ask(&self, connection: &mut (impl Read + Write)) -> Result<(), String> {
        let Some(path) = &self.path else { return Ok(()) };
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        let agent = concat!("larder/", env!("CARGO_PKG_VERSION"));
        let request = format!(
            "HEAD {path} HTTP/1.1\r\nHost: {host}:{}\r\nUser-Agent: {agent}\r\nAccept: */*\r\nConnection: close\r\n\r\n",
            self.port
        );
        connection.write_all(request.as_bytes()).map_err(|error| told(&error))?;
        let mut answer = Vec::new();
        // A connection that ends early may have said enough.
        let read = connection.take(MOST_READ).read_to_end(&mut answer);
        let line = answer.split(|byte| *byte == b'\n').next().unwrap_or_default();
        match (status(line), read) {
            (Some(status), _) if status < 500 => Ok(()),
            (Some(status), _) => Err(format!("it answers with status {status}")),
            (None, Err(error)) => Err(told(&error)),
            (None, Ok(_)) => Err("it does not answer by HTTP".to_owned()),
        }
    }
}

/// Returns the status in the first line of an answer.
fn status(line: &[u8]) -> Option<u16> {
    let line = std::str::from_utf8(line).ok()?;
    let mut words = line.strip_prefix("HTTP/1.")?.split_ascii_whitespace();
    words.next().filter(|version| matches!(*version, "0" | "1"))?;
    words.next()?.parse().ok().filter(|status| (100..600).contains(status))
}

fn told(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut => "no answer in time".to_owned(),
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    /// Serves one connection with this answer, and tries it.
    fn answered(answer: &'static str) -> Result<(), String> {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut asked = [0; 512];
            let count = stream.read(&mut asked).unwrap();
            stream.write_all(answer.as_bytes()).unwrap();
            String::from_utf8_lossy(&asked[..count]).into_owned()
        });
        let destination = Destination { host: "127.0.0.1".to_owned(), port, tls: false, path: Some("/x".to_owned()) };
        let reached = destination.reach(&RootCertificateSources::default());
        let asked = server.join().unwrap();
        assert!(asked.starts_with(&format!("HEAD /x HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n")), "{asked}");
        reached
    }

    #[test]
    fn a_server_that_answers_is_reached_whatever_it_says_of_the_request() {
        for answer in ["HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.0 404\r\n\r\n", "HTTP/1.1 401 No\r\n", "HTTP/1.1 302 x"] {
            assert_eq!(answered(answer), Ok(()), "{answer}");
        }
        assert_eq!(answered("HTTP/1.1 503 Off\r\n\r\n"), Err("it answers with status 503".to_owned()));
        for other in ["", "220 mail ESMTP\r\n", "HTTP/2 200\r\n", "HTTP/1.1 99 x\r\n", "HTTP/1.1\r\n"] {
            assert_eq!(answered(other), Err("it does not answer by HTTP".to_owned()), "{other}");
        }
    }

    #[test]
    fn a_port_that_nobody_listens_on_is_not_reached() {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut destination = Destination { host: "127.0.0.1".to_owned(), port, tls: true, path: None };
        assert_eq!(destination.protocol(), "tls");
        assert!(destination.reach(&RootCertificateSources::default()).unwrap_err().contains("refused"));
        destination.host = "no such host".to_owned();
        assert!(destination.reach(&RootCertificateSources::default()).is_err());
    }
}
