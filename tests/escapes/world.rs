//! What is outside of a sandbox: a home with a secret, a process, sockets that listen.

use std::fmt::Write;
use std::io::ErrorKind;
use std::net::{TcpListener, UdpSocket};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::net::{SocketAddr, UnixListener};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};

use tempfile::TempDir;

use super::job::User;
use crate::support::build::shared_folder;

/// What must not be read.
pub(super) const SECRET: &str = "correct-horse-battery-staple";

pub(super) struct World {
    folder: TempDir,
    process: Child,
    is_process_forgotten: bool,
    tcp: TcpListener,
    udp: UdpSocket,
    named: UnixListener,
    hidden: UnixListener,
    name: String,
    before: String,
}

impl World {
    /// Makes one whose files and process belong to the user: what it could reach without a sandbox.
    pub(super) fn new(user: User) -> Self {
        let folder = shared_folder();
        let at = |below: &str| folder.path().join(below);
        for below in ["home/.ssh", "tools"] {
            std::fs::create_dir_all(at(below)).expect("a folder");
        }
        for (below, text) in [("home/.ssh/id", SECRET), ("home/victim", "unchanged"), ("tools/tool", "a tool")] {
            std::fs::write(at(below), text).expect("a file");
        }
        let named = UnixListener::bind(at("home/socket")).expect("a socket");
        let name = format!("larder-test-{}", folder.path().display());
        let address = SocketAddr::from_abstract_name(&name).expect("a name");
        let hidden = UnixListener::bind_addr(&address).expect("a socket");
        let tcp = TcpListener::bind("127.0.0.1:0").expect("a socket");
        let udp = UdpSocket::bind("127.0.0.1:0").expect("a socket");
        for result in [
            named.set_nonblocking(true),
            hidden.set_nonblocking(true),
            tcp.set_nonblocking(true),
            udp.set_nonblocking(true),
        ] {
            result.expect("a socket that does not wait");
        }
        let mut process = Command::new("sleep");
        process.arg("86399").env("TOKEN", SECRET).current_dir(at("home"));
        // root's rights are what a build of root must not have: others may read the tools.
        let mode =
            |path: PathBuf, mode| std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).expect("rights");
        for below in ["", "tools", "home"] {
            mode(at(below), 0o755);
        }
        mode(at("home/.ssh"), 0o700);
        if let Some(id) = user.to_become() {
            process.uid(id).gid(id);
            for below in ["", "home", "home/.ssh", "home/.ssh/id", "home/victim", "home/socket", "tools", "tools/tool"]
            {
                std::os::unix::fs::chown(at(below), Some(id), Some(id)).expect("an owner");
            }
        }
        let process = process.spawn().expect("sleep");
        let mut world =
            Self { folder, process, is_process_forgotten: false, tcp, udp, named, hidden, name, before: String::new() };
        let shared = world.in_shared_memory();
        std::fs::write(&shared, SECRET).expect("shared memory");
        if let Some(id) = user.to_become() {
            std::os::unix::fs::chown(&shared, Some(id), Some(id)).expect("an owner");
        }
        world.before = world.describe();
        world
    }

    fn in_shared_memory(&self) -> PathBuf {
        Path::new("/dev/shm").join(self.shared().trim_start_matches('/'))
    }

    pub(super) fn home(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    /// Returns the folder that a sandbox shows for reading.
    pub(super) fn tools(&self) -> PathBuf {
        self.folder.path().join("tools")
    }

    /// Returns where all of it is, for who tries to reach it.
    pub(super) fn to_json(&self) -> String {
        let port = |address: std::io::Result<std::net::SocketAddr>| address.expect("an address").port();
        serde_json::json!({
            "home": self.home(),
            "secret": self.home().join(".ssh/id"),
            "victim": self.home().join("victim"),
            "tools": self.tools(),
            "process": self.process.id(),
            "tcp": port(self.tcp.local_addr()),
            "udp": port(self.udp.local_addr()),
            "socket": self.home().join("socket"),
            "abstract": self.name,
            "shared": self.shared(),
        })
        .to_string()
    }

    /// Returns the name of a file in the machine's shared memory, as programs call it.
    fn shared(&self) -> String {
        let folder = self.folder.path().file_name().expect("a name").to_string_lossy().into_owned();
        format!("/larder-test-{folder}")
    }

    /// Lets the process end.
    pub(super) fn forget_process(&mut self) {
        self.is_process_forgotten = true;
    }

    /// Looks whether anything was changed or reached.
    #[track_caller]
    pub(super) fn check_unchanged(&mut self) {
        if !self.is_process_forgotten {
            assert!(self.process.try_wait().expect("a process").is_none(), "the process outside was ended");
            assert_eq!(self.describe(), self.before);
        }
        let made = PathBuf::from(format!("{}-made", self.in_shared_memory().display()));
        assert!(!made.exists(), "memory was named for others");
        let reached = [
            ("TCP", self.tcp.accept().map(drop)),
            ("UDP", self.udp.recv(&mut [0; 8]).map(drop)),
            ("a named socket", self.named.accept().map(drop)),
            ("an abstract socket", self.hidden.accept().map(drop)),
        ];
        for (what, result) in reached {
            assert_eq!(result.expect_err(what).kind(), ErrorKind::WouldBlock, "{what}");
        }
    }

    /// Describes all files with their attributes, and the process with its limits.
    fn describe(&self) -> String {
        let mut text = String::new();
        describe(self.folder.path(), &mut text);
        let process = Path::new("/proc").join(self.process.id().to_string());
        let read = |name: &str| std::fs::read_to_string(process.join(name)).unwrap_or_default();
        let stat = read("stat");
        let nice = stat.rsplit_once(')').and_then(|(_, rest)| rest.split(' ').nth(17)).unwrap_or_default().to_owned();
        let status = read("status");
        let allowed = status.lines().find(|line| line.starts_with("Cpus_allowed_list")).unwrap_or_default();
        let _ = write!(text, "nice {nice} {allowed}\n{}", read("limits"));
        text
    }
}

impl Drop for World {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
        drop(std::fs::remove_file(self.in_shared_memory()));
    }
}

fn describe(path: &Path, text: &mut String) {
    let about = path.symlink_metadata().expect("a file that stays");
    let content = if about.is_file() { std::fs::read_to_string(path).expect("a text") } else { String::new() };
    let mut attributes = [0; 256];
    let attributes = rustix::fs::listxattr(path, &mut attributes[..]).unwrap_or_default();
    let _ = writeln!(
        text,
        "{} mode {:o} owner {}:{} modified {}.{} links {} attributes {attributes} {content}",
        path.display(),
        about.mode(),
        about.uid(),
        about.gid(),
        about.mtime(),
        about.mtime_nsec(),
        about.nlink(),
    );
    if about.is_dir() {
        let mut entries: Vec<_> =
            std::fs::read_dir(path).expect("a folder").map(|entry| entry.expect("an entry").path()).collect();
        entries.sort();
        for entry in &entries {
            describe(entry, text);
        }
    }
}
