//! Git repositories on loopback.

use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

/// A folder of repositories that `git daemon` serves until it is dropped.
pub(crate) struct GitServer {
    folder: TempDir,
    daemon: Child,
    port: u16,
}

/// A repository with a working folder, which is pushed to what is served.
pub(crate) struct GitRepository {
    folder: PathBuf,
    url: String,
}

impl GitServer {
    /// Starts without repositories.
    pub(crate) fn start() -> Self {
        let folder = tempfile::Builder::new().prefix("larder-git-").tempdir().expect("a temporary folder");
        for below in ["served", "work"] {
            std::fs::create_dir(folder.path().join(below)).expect("a folder");
        }
        let port = TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()).expect("a port").port();
        let base = folder.path().join("served");
        let daemon = Command::new("git")
            .args(["daemon", "--reuseaddr", "--export-all", "--listen=127.0.0.1"])
            .arg(format!("--port={port}"))
            .arg(format!("--base-path={}", base.display()))
            .arg(&base)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("tests need git");
        for _ in 0..500 {
            if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                break;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Self { folder, daemon, port }
    }

    /// Creates a repository without commits.
    pub(crate) fn repository(&self, name: &str) -> GitRepository {
        let served = self.folder.path().join("served").join(format!("{name}.git"));
        let folder = self.folder.path().join("work").join(name);
        std::fs::create_dir_all(&folder).expect("a folder");
        let repository = GitRepository { folder, url: format!("git://127.0.0.1:{}/{name}.git", self.port) };
        git(&repository.folder, &["init", "--quiet", "--initial-branch=main", "."]);
        git(&repository.folder, &["init", "--quiet", "--bare", "--initial-branch=main", &served.display().to_string()]);
        git(&repository.folder, &["remote", "add", "origin", &served.display().to_string()]);
        repository
    }
}

impl Drop for GitServer {
    fn drop(&mut self) {
        // The daemon ends its own children.
        let _ = self.daemon.kill();
        let _ = self.daemon.wait();
    }
}

impl GitRepository {
    /// Returns the URL under which it is served.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Returns the working folder.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Writes a file of the working folder.
    pub(crate) fn write(&self, path: &str, text: &str) -> &Self {
        let path = self.folder.join(path);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        std::fs::write(path, text).expect("a file that can be written");
        self
    }

    /// Commits everything, and returns the commit.
    pub(crate) fn commit(&self) -> String {
        git(&self.folder, &["add", "--all", "--force"]);
        git(&self.folder, &["commit", "--quiet", "--allow-empty", "--message=a change"]);
        self.push();
        git(&self.folder, &["rev-parse", "HEAD"]).trim().to_owned()
    }

    /// Runs git in the working folder, and serves what came of it.
    pub(crate) fn git(&self, arguments: &[&str]) -> &Self {
        git(&self.folder, arguments);
        self.push();
        self
    }

    fn push(&self) {
        git(
            &self.folder,
            &[
                "push",
                "--quiet",
                "--force",
                "--prune",
                "origin",
                "refs/heads/*:refs/heads/*",
                "refs/tags/*:refs/tags/*",
            ],
        );
    }

    /// Forgets what no branch and no tag leads to.
    pub(crate) fn prune(&self) {
        let served = git(&self.folder, &["remote", "get-url", "origin"]);
        git(Path::new(served.trim()), &["gc", "--quiet", "--prune=now"]);
    }
}

/// Runs git without anything of the user's.
#[track_caller]
fn git(folder: &Path, arguments: &[&str]) -> String {
    let output = Command::new("git")
        .args(["-c", "user.name=Tester", "-c", "user.email=tester@example.org", "-c", "protocol.file.allow=always"])
        .args(arguments)
        .current_dir(folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env_remove("GIT_DIR")
        .output()
        .expect("tests need git");
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}
