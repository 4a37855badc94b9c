//! A project's folder, and the monitor that runs in it.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

/// A project's folder and all that larder keeps outside of it.
pub(crate) struct Project {
    folder: TempDir,
    variables: BTreeMap<String, String>,
}

impl Project {
    /// Makes a project with this rest of a manifest.
    pub(crate) fn new(manifest: &str) -> Self {
        let folder = tempfile::Builder::new().prefix("monitor-").tempdir().expect("a temporary folder");
        let mut variables = BTreeMap::new();
        for (name, below) in [("HOME", "home"), ("LARDER_STORE", "store"), ("LARDER_CACHE", "cache")] {
            variables.insert(name.to_owned(), folder.path().join(below).display().to_string());
        }
        variables.insert("NO_COLOR".to_owned(), "1".to_owned());
        variables.insert("PATH".to_owned(), std::env::var("PATH").unwrap_or_default());
        let project = Self { folder, variables };
        project.write("larder.kdl", &format!("project \"shop\"\n{manifest}\n"));
        project
    }

    pub(crate) fn set(&mut self, name: &str, value: &str) -> &mut Self {
        self.variables.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Agrees that a variable is sent to a host, as `larder login --allow` does.
    pub(crate) fn agree(&self, pair: &str) -> &Self {
        self.write("../home/.config/larder/allowed-tokens", &format!("{pair}\n"))
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join("project").join(path)
    }

    pub(crate) fn write(&self, path: &str, text: &str) -> &Self {
        let path = self.path(path);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        std::fs::write(path, text).expect("a file that can be written");
        self
    }

    pub(crate) fn read(&self, path: &str) -> String {
        std::fs::read_to_string(self.path(path)).unwrap_or_default()
    }

    /// Runs the monitor with these words, and waits for its end.
    pub(crate) fn run(&self, words: &[&str]) -> Output {
        self.command(words).output().expect("the monitor starts")
    }

    /// Runs the monitor, which has to end with this status, and returns the document that it prints.
    #[track_caller]
    pub(crate) fn json(&self, words: &[&str], status: i32) -> Value {
        let out = self.run(&[words, &["--json"]].concat());
        let said = String::from_utf8_lossy(&out.stderr);
        assert_eq!(out.status.code(), Some(status), "{said}{}", String::from_utf8_lossy(&out.stdout));
        serde_json::from_slice(&out.stdout).unwrap_or_else(|error| panic!("{error}: {said}"))
    }

    /// Starts the monitor of an environment, and waits until it answers.
    pub(crate) fn start(&self, environment: &str) -> Monitor {
        let address = free_address();
        let words = ["--env", environment, "--listen", &address.to_string()];
        let mut child = self.command(&words).stderr(Stdio::piped()).stdout(Stdio::null()).spawn().expect("it starts");
        if !until(Duration::from_secs(20), || TcpStream::connect(address).is_ok()) {
            let _ = child.kill();
            let mut said = String::new();
            let _ = child.stderr.take().map(|mut stderr| stderr.read_to_string(&mut said));
            panic!("the monitor does not answer: {said}");
        }
        Monitor { child, address }
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_larder-monitor"));
        command.args(words).current_dir(self.path("")).env_clear().envs(&self.variables).stdin(Stdio::null());
        command
    }
}

/// A monitor that runs; it ends with the test.
pub(crate) struct Monitor {
    child: Child,
    address: SocketAddr,
}

impl Monitor {
    /// Returns the address that it answers at.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Asks for a path. Returns the status and the text.
    pub(crate) fn ask(&self, path: &str) -> (u16, String) {
        self.send(&format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"))
    }

    /// Sends a request as it is.
    pub(crate) fn send(&self, request: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(self.address).expect("the monitor listens");
        stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a time limit");
        let _ = stream.write_all(request.as_bytes());
        let mut answer = String::new();
        let _ = stream.read_to_string(&mut answer);
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default();
        (status, body.to_owned())
    }

    /// Returns the document at a path.
    pub(crate) fn document(&self, path: &str) -> Value {
        serde_json::from_str(&self.ask(path).1).expect("a document")
    }

    /// Returns the state of a check.
    pub(crate) fn state(&self, check: &str) -> String {
        self.document("/health")["checks"][check]["status"].as_str().unwrap_or_default().to_owned()
    }

    /// Waits until a check has a state. Returns the states that were seen on the way, each once in a row.
    #[track_caller]
    pub(crate) fn wait_for(&self, check: &str, state: &str) -> Vec<String> {
        let mut seen: Vec<String> = Vec::new();
        let reached = until(Duration::from_secs(60), || {
            let now = self.state(check);
            if seen.last() != Some(&now) {
                seen.push(now.clone());
            }
            now == state
        });
        assert!(reached, "it was {seen:?}, and never {state}");
        seen
    }

    /// Returns the number of its open files, and its memory in kB.
    pub(crate) fn resources(&self) -> (usize, u64) {
        let process = format!("/proc/{}", self.child.id());
        let files = std::fs::read_dir(format!("{process}/fd")).map_or(0, Iterator::count);
        let status = std::fs::read_to_string(format!("{process}/status")).unwrap_or_default();
        let memory =
            status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.split_whitespace().next()?.parse().ok());
        (files, memory.unwrap_or_default())
    }

    /// Ends it as a supervisor does. Returns its status.
    pub(crate) fn stop(mut self) -> Option<i32> {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().expect("kill").success());
        self.child.wait().expect("it ends").code()
    }

    /// Kills it.
    pub(crate) fn kill(mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Monitor {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Returns an address that nobody listens on.
pub(crate) fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port")
}

/// Waits until something holds. Returns whether it does.
pub(crate) fn until(patience: Duration, mut holds: impl FnMut() -> bool) -> bool {
    let begun = Instant::now();
    while begun.elapsed() < patience {
        if holds() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    holds()
}
