//! A mail server on loopback that speaks TLS: from the first byte, or after STARTTLS.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};

use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// When TLS begins.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tls {
    FirstByte,
    AfterCommand,
    /// The server does not offer it.
    Never,
}

/// A mail server.
pub(crate) struct MailReceiver {
    address: SocketAddr,
    conversations: Arc<Mutex<Vec<String>>>,
}

impl MailReceiver {
    /// Starts one for `localhost`, whose certificate is written to a file.
    pub(crate) fn start(tls: Tls, certificate: &Path) -> Self {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
        std::fs::write(certificate, made.cert.pem()).expect("a file");
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
        let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)
            .expect("a configuration");
        let config = Arc::new(config);
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let conversations = Arc::new(Mutex::new(Vec::new()));
        let receiver = Self { address, conversations: Arc::clone(&conversations) };
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (config, conversations) = (Arc::clone(&config), Arc::clone(&conversations));
                std::thread::spawn(move || {
                    let mut said = String::new();
                    converse(stream, tls, &config, &mut said);
                    conversations.lock().expect("a lock").push(said);
                });
            }
        });
        receiver
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    /// Returns what clients said, each with `TLS` where it began.
    pub(crate) fn conversations(&self) -> Vec<String> {
        self.conversations.lock().expect("a lock").clone()
    }
}

fn converse(mut stream: TcpStream, tls: Tls, config: &Arc<ServerConfig>, said: &mut String) {
    let connection = || ServerConnection::new(Arc::clone(config)).expect("a connection");
    match tls {
        Tls::FirstByte => {
            said.push_str("TLS\n");
            speak(&mut StreamOwned::new(connection(), stream), true, "AUTH PLAIN", said);
        }
        Tls::AfterCommand => {
            if speak(&mut stream, true, "STARTTLS", said) {
                said.push_str("TLS\n");
                speak(&mut StreamOwned::new(connection(), stream), false, "AUTH PLAIN", said);
            }
        }
        Tls::Never => {
            speak(&mut stream, true, "8BITMIME", said);
        }
    }
}

/// Speaks with a client until it goes, or wants TLS.
fn speak<S: Read + Write>(stream: &mut S, greets: bool, offer: &str, said: &mut String) -> bool {
    let mut reader = BufReader::with_capacity(1, stream);
    let reply = |reader: &mut BufReader<&mut S>, text: &str| {
        let stream = reader.get_mut();
        stream.write_all(format!("{text}\r\n").as_bytes()).and_then(|()| stream.flush()).is_ok()
    };
    if greets && !reply(&mut reader, "220 localhost") {
        return false;
    }
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 {
            return false;
        }
        said.push_str(&line.replace('\r', ""));
        let word = line.split([' ', ':', '\r']).next().unwrap_or_default().to_ascii_uppercase();
        let answer = match word.as_str() {
            "EHLO" => format!("250-localhost\r\n250 {offer}"),
            "STARTTLS" => {
                reply(&mut reader, "220 go ahead");
                return true;
            }
            "AUTH" => "235 welcome".to_owned(),
            "DATA" => {
                reply(&mut reader, "354 go on");
                let mut line = String::new();
                while line != ".\r\n" {
                    line.clear();
                    if reader.read_line(&mut line).unwrap_or(0) == 0 {
                        return false;
                    }
                    said.push_str(&line.replace('\r', ""));
                }
                "250 taken".to_owned()
            }
            "QUIT" => "221 bye".to_owned(),
            _ => "250 fine".to_owned(),
        };
        if !reply(&mut reader, &answer) || word == "QUIT" {
            return false;
        }
    }
}
