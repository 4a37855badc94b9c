//! Running the user's `git`: in an environment of chosen variables, with a configuration that runs nothing, within bounds.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::error::GitError;
use crate::fs::{self, Usage};
use crate::model::GitUrl;

/// How `git` is run.
#[derive(Clone, Debug, Default)]
pub struct GitOptions {
    /// The program. `None` if there is none on PATH.
    pub program: Option<PathBuf>,
    /// The user's variables. Those that git and ssh need are handed on.
    pub variables: BTreeMap<OsString, OsString>,
    /// Whether the network may not be touched.
    pub offline: bool,
}

/// The user's `git`.
#[derive(Debug)]
pub(super) struct GitProgram {
    options: GitOptions,
}

/// The variables that are handed on: where things of the user's are, how ssh is reached, proxies and certificates. What would tell
/// git of another repository, or of hooks, is not among them.
const HANDED_ON: &[&str] = &[
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "TMPDIR",
    "XDG_CONFIG_HOME",
    "XDG_RUNTIME_DIR",
    "SSH_AUTH_SOCK",
    "SSH_AGENT_PID",
    "SSH_ASKPASS",
    "SSH_ASKPASS_REQUIRE",
    "DISPLAY",
    "GIT_ASKPASS",
    "GIT_SSH",
    "GIT_SSH_COMMAND",
    "GIT_SSH_VARIANT",
    "GIT_CONFIG_GLOBAL",
    "GIT_CONFIG_SYSTEM",
    "GIT_CONFIG_NOSYSTEM",
    "GIT_SSL_CAINFO",
    "GIT_SSL_CAPATH",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "http_proxy",
    "https_proxy",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "all_proxy",
    "NO_PROXY",
    "no_proxy",
];

/// What overrides the user's configuration: nothing of a repository runs, and nothing is done in the background.
const CONFIGURATION: &[&str] = &[
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.untrackedCache=false",
    "core.pager=cat",
    "credential.interactive=false",
    "fetch.recurseSubmodules=false",
    "fetch.writeCommitGraph=false",
    "submodule.recurse=false",
    "gc.auto=0",
    "maintenance.auto=false",
    "protocol.version=2",
    "protocol.ext.allow=never",
    "protocol.file.allow=never",
    "advice.detachedHead=false",
];

/// For how long a program may run.
const LONGEST: Duration = Duration::from_secs(30 * 60);
/// The most that a repository may take of the disk.
const LARGEST_REPOSITORY: Usage = Usage { bytes: 8 << 30, entries: 4_000_000 };
/// The most bytes of a list of references or files.
const LARGEST_LIST: u64 = 256 << 20;
/// So much of what git says is kept for messages.
const LARGEST_MESSAGE: u64 = 64 << 10;

/// A `git cat-file --batch`, which is ended when it is dropped.
#[derive(Debug)]
pub(super) struct ObjectReader {
    child: Child,
    pub(super) input: ChildStdin,
    pub(super) output: std::io::BufReader<ChildStdout>,
}

impl GitProgram {
    pub(super) fn new(options: GitOptions) -> Self {
        Self { options }
    }

    /// Returns whether the network may not be touched.
    pub(super) fn is_offline(&self) -> bool {
        self.options.offline
    }

    /// Runs `git` about a remote, in a repository if one is given, and returns what it prints.
    pub(super) fn run(&self, url: &GitUrl, repository: Option<&Path>, arguments: &[&str]) -> Result<Vec<u8>, GitError> {
        let mut command = self.command(url, repository, arguments)?;
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = self.start(&mut command)?;
        let output = child.stdout.take().map(|stream| drain(stream, LARGEST_LIST));
        let messages = child.stderr.take().map(|stream| drain(stream, LARGEST_MESSAGE));
        let status = Self::wait(url, repository, &mut child);
        let read =
            |reader: Option<JoinHandle<Vec<u8>>>| reader.and_then(|reader| reader.join().ok()).unwrap_or_default();
        let (output, messages) = (read(output), read(messages));
        if status? {
            return Ok(output);
        }
        Err(GitError::Failed { url: url.to_string(), reason: without_credentials(&String::from_utf8_lossy(&messages)) })
    }

    /// Starts reading objects of a repository.
    pub(super) fn objects(&self, url: &GitUrl, repository: &Path) -> Result<ObjectReader, GitError> {
        let mut command = self.command(url, Some(repository), &["cat-file", "--batch"])?;
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = self.start(&mut command)?;
        match (child.stdin.take(), child.stdout.take()) {
            (Some(input), Some(output)) => {
                Ok(ObjectReader { child, input, output: std::io::BufReader::with_capacity(1 << 16, output) })
            }
            _ => Err(GitError::Failed { url: url.to_string(), reason: "it has no streams".to_owned() }),
        }
    }

    fn command(&self, url: &GitUrl, repository: Option<&Path>, arguments: &[&str]) -> Result<Command, GitError> {
        let program = self.options.program.as_ref().ok_or_else(|| GitError::NoProgram { url: url.to_string() })?;
        let mut command = Command::new(program);
        command.env_clear();
        for name in HANDED_ON {
            if let Some(value) = self.options.variables.get(OsStr::new(name)) {
                command.env(name, value);
            }
        }
        let scheme = url.as_str().split(':').next().unwrap_or_default();
        command
            .env("GIT_ALLOW_PROTOCOL", if matches!(scheme, "http" | "git") { scheme } else { "https:ssh" })
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("GIT_OPTIONAL_LOCKS", "0")
            .env("GIT_NO_LAZY_FETCH", "1")
            .env("GIT_NO_REPLACE_OBJECTS", "1")
            .env("LC_ALL", "C");
        for setting in CONFIGURATION {
            command.args(["-c", setting]);
        }
        match repository {
            Some(repository) => {
                let mut argument = OsString::from("--git-dir=");
                argument.push(repository);
                command.arg(argument).current_dir(repository);
            }
            // Nothing above the working folder is a repository.
            None => drop(command.current_dir("/")),
        }
        command.args(arguments);
        Ok(command)
    }

    fn start(&self, command: &mut Command) -> Result<Child, GitError> {
        let _span = tracing::debug_span!("git", arguments = ?command.get_args().last()).entered();
        command.spawn().map_err(|error| GitError::NotStarted {
            program: self.options.program.as_ref().map(|program| program.display().to_string()).unwrap_or_default(),
            reason: error.to_string(),
        })
    }

    /// Waits for the end, within the bounds. Returns whether it was a good one.
    fn wait(url: &GitUrl, repository: Option<&Path>, child: &mut Child) -> Result<bool, GitError> {
        let (start, mut pause, mut looked) = (Instant::now(), Duration::from_millis(2), Instant::now());
        loop {
            match child.try_wait() {
                Ok(Some(status)) => return Ok(status.success()),
                Ok(None) => {}
                Err(error) => return Err(GitError::Failed { url: url.to_string(), reason: error.to_string() }),
            }
            let mut stop = None;
            if start.elapsed() > LONGEST {
                stop = Some(format!("it took longer than {} minutes", LONGEST.as_secs() / 60));
            } else if looked.elapsed() > Duration::from_secs(2) {
                looked = Instant::now();
                let used = repository.and_then(|folder| fs::usage(folder, LARGEST_REPOSITORY).ok());
                if used.is_some_and(|used| used.bytes > LARGEST_REPOSITORY.bytes) {
                    stop = Some(format!("it has more than {} GiB", LARGEST_REPOSITORY.bytes >> 30));
                }
            }
            if let Some(reason) = stop {
                end(child);
                return Err(GitError::Stopped { url: url.to_string(), reason });
            }
            thread::sleep(pause);
            pause = (pause * 2).min(Duration::from_millis(50));
        }
    }
}

impl ObjectReader {
    /// Asks for an object, and returns its size.
    pub(super) fn ask(&mut self, object: &str) -> std::io::Result<u64> {
        use std::io::BufRead;

        self.input.write_all(format!("{object}\n").as_bytes())?;
        self.input.flush()?;
        let mut line = Vec::new();
        (&mut self.output).take(1 << 12).read_until(b'\n', &mut line)?;
        let line = String::from_utf8_lossy(&line);
        let size = line.trim_end().rsplit_once(' ').and_then(|(_, size)| size.parse().ok());
        size.ok_or_else(|| std::io::Error::new(std::io::ErrorKind::InvalidData, line.trim_end().to_owned()))
    }

    /// Passes over the end of an object, whose content was read.
    pub(super) fn pass(&mut self) -> std::io::Result<()> {
        self.output.read_exact(&mut [0])
    }
}

impl Drop for ObjectReader {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

/// Ends a program, which may have ended itself.
fn end(child: &mut Child) {
    let _ = child.kill();
    let _ = child.wait();
}

/// Reads a stream to its end in a thread of its own, and keeps its beginning.
fn drain(mut stream: impl Read + Send + 'static, most: u64) -> JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut kept = Vec::new();
        // What is cut off shows in what is missing.
        let _ = (&mut stream).take(most).read_to_end(&mut kept);
        let _ = std::io::copy(&mut stream, &mut std::io::sink());
        kept
    })
}

/// Returns the last lines of what git said, without what a rewritten URL may have of credentials.
fn without_credentials(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let mut shown = lines[lines.len().saturating_sub(6)..].join("; ");
    let mut at = 0;
    while let Some(found) = shown[at..].find("://").map(|found| at + found + 3) {
        let end = shown[found..].find(|c: char| c == '/' || c.is_whitespace()).map_or(shown.len(), |end| found + end);
        if let Some(sign) = shown[found..end].rfind('@') {
            shown.replace_range(found..found + sign, "***");
        }
        at = found;
    }
    if shown.is_empty() { "it says nothing".to_owned() } else { shown }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_in_what_git_says_are_not_shown() {
        let said = "Cloning\nfatal: unable to access 'https://me:s3cret@h/x.git/': no\n\n remote: see https://h/help\n";
        let shown = without_credentials(said);
        assert_eq!(shown, "Cloning; fatal: unable to access 'https://***@h/x.git/': no; remote: see https://h/help");
        assert_eq!(without_credentials(" \n"), "it says nothing");
    }
}
