//! Certificates, proxies and mirrors: who is asked, and who is believed.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use crate::support::{Project, Universe};
use crate::sweep::has_strace;

/// A server of `https` on loopback that has nothing and counts who asks.
const SERVER: &str = "
import http.server, ssl, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(404); self.send_header('content-length', '0'); self.end_headers()
    do_HEAD = do_GET
    def log_message(self, *rest): pass
server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[1])
if len(sys.argv) > 2:
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(sys.argv[2])
plain, count = server.socket.accept, 0
class Counting:
    def __init__(self, socket): self.socket = socket
    def __getattr__(self, name): return getattr(self.socket, name)
    def accept(self):
        made = self.socket.accept()
        print('connection', flush=True)
        return made
print(server.server_address[1], flush=True)
server.socket = Counting(server.socket)
def get_request():
    connection, address = server.socket.accept()
    return context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False), address
server.get_request = get_request
server.handle_error = lambda *rest: None
server.serve_forever()
";

pub(crate) struct HttpsServer {
    child: Child,
    pub(crate) url: String,
}

impl HttpsServer {
    pub(crate) fn start() -> Self {
        Self::with(&[&fixture("server.pem")])
    }

    /// Starts one that wants a certificate of whoever asks.
    fn asking_who() -> Self {
        Self::with(&[&fixture("server.pem"), &fixture("root.pem")])
    }

    fn with(arguments: &[&str]) -> Self {
        let mut child = Command::new("python3")
            .args(["-c", SERVER])
            .args(arguments)
            .stdout(Stdio::piped())
            .spawn()
            .expect("tests need python3");
        let mut port = String::new();
        let mut told = BufReader::new(child.stdout.as_mut().expect("a pipe"));
        told.read_line(&mut port).expect("a port");
        Self { url: format!("https://127.0.0.1:{}/", port.trim()), child }
    }

    /// Ends it, and returns how many connections were made.
    fn connections(mut self) -> usize {
        let _ = self.child.kill();
        let told = BufReader::new(self.child.stdout.take().expect("a pipe"));
        told.lines().map_while(Result::ok).filter(|line| line == "connection").count()
    }
}

impl Drop for HttpsServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) fn fixture(name: &str) -> String {
    format!("{}/fixtures/tls/{name}", env!("CARGO_MANIFEST_DIR"))
}

/// A project whose npm is an `https` server.
fn project(server: &HttpsServer) -> Project {
    let project = Project::alone();
    project.write(
        "larder.kdl",
        &format!(
            "project \"case\"\nregistries {{\n    npm \"npmjs\" \"{}\"\n}}\ndependencies {{\n    npm \"left\"\n}}\n",
            server.url
        ),
    );
    project
}

#[test]
fn a_certificate_that_nobody_vouches_for_is_said_and_not_tried_again() {
    let server = HttpsServer::start();
    let mut project = project(&server);
    project.set("SSL_CERT_FILE", "");
    let refused = project.run("larder lock").exits(5);
    let refused = refused.names(["larder::fetch::certificate", "issuer", "NODE_EXTRA_CA_CERTS", "npmjs"]);
    assert!(!refused.stderr.contains("cannot be reached"), "{}", refused.stderr);
    assert_eq!(server.connections(), 1);
}

#[test]
fn roots_come_from_the_variables_of_openssl_and_of_node() {
    let server = HttpsServer::start();
    let mut project = project(&server);
    let root = fixture("root.pem");
    for variables in [
        [("SSL_CERT_FILE", &*root), ("NODE_EXTRA_CA_CERTS", "")],
        [("SSL_CERT_FILE", ""), ("NODE_EXTRA_CA_CERTS", &root)],
    ] {
        for (name, value) in variables {
            project.set(name, value);
        }
        // The server was believed: it says that it has nothing.
        assert!(!project.run("larder lock").exits(3).stderr.contains("certificate"));
    }
    project.set("NODE_EXTRA_CA_CERTS", "/nowhere/root.pem");
    project.run("larder lock").exits(5).names(["certificate", "/nowhere/root.pem"]);
}

#[test]
fn a_server_that_wants_a_certificate_gets_the_user_s() {
    let server = HttpsServer::asking_who();
    let mut project = project(&server);
    project.set("SSL_CERT_FILE", &fixture("root.pem"));
    project.run("larder lock").exits(5);
    project.set("SSL_CLIENT_CERT", &fixture("client.pem"));
    project.run("larder lock").exits(3).names(["left"]);
    for (file, why) in [("/nowhere/client.pem".to_owned(), "/nowhere"), (fixture("root.pem"), "root.pem")] {
        project.set("SSL_CLIENT_CERT", &file);
        project.run("larder lock").exits(5).names(["client_certificate", "SSL_CLIENT_CERT", why]);
    }
}

#[test]
fn the_name_of_a_scheme_has_no_case() {
    let server = HttpsServer::start();
    let mut project = project(&server);
    project.set("SSL_CERT_FILE", &fixture("root.pem"));
    let manifest = project.read("larder.kdl");
    project.write("larder.kdl", &manifest.replace("https://", "HTTPS://"));
    project.run("larder lock").exits(3).names(["left"]);
}

#[test]
fn loopback_is_never_asked_through_a_proxy() {
    let registry = Universe::new().npm("left", "1.0.0", |p| p).serve();
    let mut project = Project::new(&registry);
    for name in ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY"] {
        project.set(name, "http://127.0.0.1:1");
    }
    project.dependencies(&["npm \"left\""]).run("larder sync").exits(0);
    let server = HttpsServer::start();
    let mut other = self::project(&server);
    other.set("ALL_PROXY", "socks5://127.0.0.1:1");
    other.set("NODE_EXTRA_CA_CERTS", &fixture("root.pem"));
    other.run("larder lock").exits(3);
    other.set("ALL_PROXY", "gopher://me:secret@127.0.0.1");
    let refused = other.run("larder lock").exits(2);
    let refused = refused.names(["ALL_PROXY", "socks5://"]);
    assert!(!refused.stderr.contains("secret"), "{}", refused.stderr);
}

/// Answers one connection as a SOCKS5 proxy does, and returns which host was asked for.
#[test]
fn a_proxy_of_socks_is_spoken_to() {
    use std::io::{Read, Write};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let proxy = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a connection");
        let mut greeting = [0; 3];
        stream.read_exact(&mut greeting).expect("a greeting");
        stream.write_all(&[5, 0]).expect("an answer");
        let mut head = [0; 5];
        stream.read_exact(&mut head).expect("a request");
        let mut host = vec![0; usize::from(head[4])];
        stream.read_exact(&mut host).expect("a host");
        // Not reachable.
        let _ = stream.write_all(&[5, 4, 0, 1, 0, 0, 0, 0, 0, 0]);
        String::from_utf8_lossy(&host).into_owned()
    });
    let mut project = Project::alone();
    project.set("ALL_PROXY", &format!("socks5h://{address}"));
    project.write(
        "larder.kdl",
        "project \"case\"\nregistries {\n    npm \"npmjs\" \"https://registry.acme.example/\"\n}\ndependencies {\n    npm \"left\"\n}\n",
    );
    project.run("larder lock").exits(5);
    assert_eq!(proxy.join().expect("it ends"), "registry.acme.example");
}

/// Returns the calls that a command makes to start threads and to talk to others.
fn calls(project: &Project, command: &str) -> String {
    let file = project.folder().join("calls").display().to_string();
    let traced = "trace=clone,clone3,prctl,epoll_create1,eventfd2,socket";
    project.under(&["strace", "-f", "-qq", "-o", &file, "-e", traced], command).exits(0);
    std::fs::read_to_string(file).expect("a trace")
}

#[test]
fn no_runtime_starts_where_nobody_is_asked() {
    if !has_strace() {
        return;
    }
    let registry = Universe::new().npm("left", "1.0.0", |p| p).pypi("six", "1.16", |p| p).serve();
    let project = Project::new(&registry);
    project.dependencies(&["npm \"left\"", "pypi \"six\""]);
    let runtime = ["epoll_create1", "eventfd2", "AF_INET", "larder-net"];
    let first = calls(&project, "larder sync");
    assert!(runtime.iter().all(|call| first.contains(call)), "{first}");
    for command in ["larder sync", "larder sync --frozen", "larder lock", "larder --version"] {
        let made = calls(&project, command);
        assert!(!runtime.iter().any(|call| made.contains(call)), "{command}: {made}");
    }
    assert_eq!(calls(&project, "larder --version"), "", "no thread is needed to tell a version");
}

#[test]
fn what_a_mirror_does_not_have_is_told_of_the_mirror() {
    let mirror = Universe::new().npm("other", "1.0.0", |p| p).serve();
    let project = Project::new(&mirror);
    project.dependencies(&["npm \"other\""]).run("larder lock").exits(0);
    mirror.fail("/npm/other/-/other-1.0.0.tgz", 404);
    project.run("larder sync").exits(5).names(["a mirror of registry `npmjs`", "LARDER_MIRROR_"]);
}

#[test]
fn any_of_two_digests_of_one_algorithm_counts() {
    use base64::Engine as _;
    let registry = Universe::new().npm("left", "1.0.0", |p| p).serve();
    let project = Project::new(&registry);
    project.dependencies(&["npm \"left\""]).run("larder sync").exits(0);
    let right = project.read("larder.lock");
    let start = right.find("sha512-").expect("a digest");
    let right = &right[start..start + right[start..].find('"').expect("its end")];
    let wrong = format!("sha512-{}", base64::engine::general_purpose::STANDARD.encode([7; 64]));
    for (integrity, status) in [
        (format!("{wrong} {right}"), 0),
        (format!("{right} {wrong}"), 0),
        (format!("{wrong} {}", wrong.replace("Bw", "CA")), 4),
    ] {
        let body = format!(
            "{{\"name\":\"left\",\"dist-tags\":{{\"latest\":\"1.0.0\"}},\"versions\":{{\"1.0.0\":{{\"name\":\"left\",\
             \"version\":\"1.0.0\",\"dist\":{{\"tarball\":\"{}left/-/left-1.0.0.tgz\",\"integrity\":\"{integrity}\"}}}}}}}}",
            registry.npm_url()
        );
        let raw = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        registry.plays("/npm/left", raw.as_bytes(), 1);
        let other = Project::new(&registry);
        other.dependencies(&["npm \"left\""]).run("larder sync").exits(status);
        if status == 0 {
            assert!(other.read("larder.lock").contains(right));
        }
    }
}

#[test]
fn what_was_asked_for_metadata_is_asked_for_artifacts_on_the_same_connection() {
    let registry = Universe::new().npm("left", "1.0.0", |p| p).serve();
    let project = Project::new(&registry);
    project.dependencies(&["npm \"left\""]).run("larder sync").exits(0);
    assert_eq!(registry.take_log(), ["/npm/left", "/npm/left/-/left-1.0.0.tgz"]);
    assert_eq!(registry.connections(), 1);
}

#[test]
fn a_sync_that_fetches_nothing_opens_no_registry() {
    let registry = Universe::new().npm("left", "1.0.0", |p| p).serve();
    let mut project = Project::new(&registry);
    project.dependencies(&["npm \"left\""]).run("larder sync").exits(0);
    // Whoever opens the registry learns that this is no address to be asked.
    project.set("LARDER_MIRROR_NPMJS", "http://registry.acme.example/");
    project.run("larder sync --env production --no-activate").exits(0);
    let store = project.store();
    std::fs::remove_dir_all(store).expect("a store");
    project.run("larder sync --env production --no-activate --repair").exits(2).names(["LARDER_MIRROR_NPMJS"]);
}
