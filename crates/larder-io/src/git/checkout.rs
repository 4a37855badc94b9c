//! The repository that a project lies in: its history is read, and releases are committed and tagged there.
//!
//! What is read is read with a configuration that runs nothing of the repository. Commits and tags are the user's: their hooks,
//! their signing keys and their identity count.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::diagnostic::{Exit, Failure};

/// The most commits of a history that are read.
const MOST_COMMITS: usize = 100_000;

/// The most bytes that git may print.
const LARGEST: usize = 256 << 20;

/// The order of commits: the newest first, and whatever the clocks said, no commit before those that descend from it.
const ORDER: &str = "--date-order";

/// What reading overrides of the user's configuration.
const READING: [&str; 7] = [
    "core.fsmonitor=false",
    "core.pager=cat",
    "log.showSignature=false",
    "log.showRoot=true",
    "core.quotePath=false",
    "color.ui=false",
    "diff.relative=false",
];

/// Variables that would tell git of another repository.
const ELSEWHERE: [&str; 6] =
    ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_COMMON_DIR", "GIT_NAMESPACE"];

/// A checkout of a git repository.
#[derive(Clone, Debug)]
pub struct Checkout {
    program: PathBuf,
    /// The folder of the project in it.
    folder: PathBuf,
    /// That folder, relative to the checkout: empty, or with a slash at its end.
    prefix: String,
}

/// A commit of a history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryCommit {
    /// Its id.
    pub id: String,
    /// The ids of its parents.
    pub parents: Vec<String>,
    /// Its message.
    pub message: String,
    /// The files that it changes below the project's folder, relative to that.
    pub paths: Vec<String>,
    /// Whether it changes files outside of that.
    pub changes_others: bool,
}

/// A tag from which the current commit descends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MergedTag {
    /// Its name.
    pub name: String,
    /// The first line of its message, or of its commit's where it has none.
    pub subject: String,
}

/// Why a checkout cannot be used.
#[derive(Clone, Debug, thiserror::Error, miette::Diagnostic)]
pub enum CheckoutError {
    /// There is no git.
    #[error("git is not on PATH")]
    #[diagnostic(
        code(larder::git::no_program),
        help("install git: larder asks it, so that your own hooks and keys count")
    )]
    NoProgram,
    /// git failed.
    #[error("`git {what}` failed: {reason}")]
    #[diagnostic(code(larder::git::checkout), help("run it in {} to see more", folder.display()))]
    Failed {
        /// The command.
        what: String,
        /// What it said.
        reason: String,
        /// Where it was run.
        folder: PathBuf,
    },
    /// There is more than is read.
    #[error("the history has more than {MOST_COMMITS} commits since the last tag")]
    #[diagnostic(code(larder::git::long_history), help("tag the last release: `git tag v1.2.3 COMMIT`"))]
    TooLong,
}

impl Failure for CheckoutError {
    fn exit(&self) -> Exit {
        match self {
            Self::NoProgram => Exit::Machine,
            Self::Failed { .. } | Self::TooLong => Exit::Manifest,
        }
    }
}

type Result<T> = std::result::Result<T, CheckoutError>;

impl Checkout {
    /// Opens the repository that a folder lies in.
    pub fn open(program: Option<PathBuf>, folder: &Path) -> Result<Self> {
        let program = program.ok_or(CheckoutError::NoProgram)?;
        let checkout = Self { program, folder: folder.to_owned(), prefix: String::new() };
        let prefix = checkout.line(&["rev-parse", "--show-prefix"])?;
        Ok(Self { prefix, ..checkout })
    }

    /// Returns whether the project has the folder of the repository.
    pub fn is_whole(&self) -> bool {
        self.prefix.is_empty()
    }

    /// Returns the id of the current commit.
    pub fn head(&self) -> Result<String> {
        self.line(&["rev-parse", "--verify", "HEAD^{commit}"])
    }

    /// Returns the branch; `None` where a commit is checked out, as systems of CI do.
    pub fn branch(&self) -> Option<String> {
        self.line(&["symbolic-ref", "--short", "--quiet", "HEAD"]).ok()
    }

    /// Returns whether a part of the history is missing.
    pub fn is_shallow(&self) -> Result<bool> {
        Ok(self.line(&["rev-parse", "--is-shallow-repository"])? == "true")
    }

    /// Returns the id of a commit's first parent; `None` if it has none.
    pub fn parent(&self, commit: &str) -> Option<String> {
        self.line(&["rev-parse", "--verify", "--quiet", &format!("{commit}^1")]).ok()
    }

    /// Returns the first line of a commit's message.
    pub fn subject(&self, commit: &str) -> Result<String> {
        self.line(&["log", "-1", "--format=%s", commit, "--"])
    }

    /// Returns the tags from which the current commit descends.
    pub fn tags(&self) -> Result<Vec<MergedTag>> {
        let text = self.read(&["tag", "--merged", "HEAD", "--format=%(refname:strip=2) %(contents:subject)"])?;
        let text = String::from_utf8_lossy(&text);
        // No name has a space.
        let tags = text.lines().map(|line| line.split_once(' ').unwrap_or((line, "")));
        Ok(tags.map(|(name, subject)| MergedTag { name: name.to_owned(), subject: subject.to_owned() }).collect())
    }

    /// Returns whether the commit of a tag changes files below the project's folder.
    pub fn changes_project(&self, tag: &str) -> Result<bool> {
        let commit = format!("refs/tags/{tag}^{{commit}}");
        let words = ["diff-tree", "--no-commit-id", "--name-only", "-r", "-m", "--root", &commit, "--", "."];
        Ok(!self.read(&words)?.is_empty())
    }

    /// Returns the commit of a tag, wherever it is; `None` if there is no such tag.
    pub fn tagged(&self, name: &str) -> Option<String> {
        self.line(&["rev-parse", "--verify", "--quiet", &format!("refs/tags/{name}^{{commit}}")]).ok()
    }

    /// Returns the commits since a tag, or all of them, from the newest on.
    pub fn commits(&self, since: Option<&str>) -> Result<Vec<HistoryCommit>> {
        let range = since.map_or_else(|| "HEAD".to_owned(), |tag| format!("refs/tags/{tag}..HEAD"));
        let most = format!("--max-count={}", MOST_COMMITS + 1);
        let text = self.read(&["log", "-z", ORDER, &most, "--format=%H %P%n%B", &range, "--"])?;
        let mut commits = Vec::new();
        for record in text.split(|byte| *byte == 0).filter(|record| !record.is_empty()) {
            let record = String::from_utf8_lossy(record);
            let (ids, message) = record.split_once('\n').unwrap_or((&record, ""));
            let mut ids = ids.split_whitespace();
            let Some(id) = ids.next() else { continue };
            commits.push(HistoryCommit {
                id: id.to_owned(),
                parents: ids.map(str::to_owned).collect(),
                message: message.to_owned(),
                paths: Vec::new(),
                changes_others: false,
            });
        }
        if commits.len() > MOST_COMMITS {
            return Err(CheckoutError::TooLong);
        }
        let names = ["log", "-z", ORDER, &most, "--format=%H", "--name-only", "--no-renames", &range, "--"];
        let names = self.read(&names)?;
        self.note_paths(&mut commits, &names);
        Ok(commits)
    }

    /// Reads `<id>`, then the names of its files, and so on, each ended by a NUL; git sets a line break before the first name.
    fn note_paths(&self, commits: &mut [HistoryCommit], text: &[u8]) {
        let mut next = 0;
        for word in text.split(|byte| *byte == 0) {
            let word = String::from_utf8_lossy(word);
            let word = word.trim_start_matches('\n');
            if word.is_empty() {
                continue;
            }
            // The commits are in the same order, so that a file of that name is not taken for a commit.
            if commits.get(next).is_some_and(|commit| commit.id == word) {
                next += 1;
            } else if let Some(commit) = next.checked_sub(1).and_then(|at| commits.get_mut(at)) {
                match word.strip_prefix(&self.prefix) {
                    Some(below) => commit.paths.push(below.to_owned()),
                    None => commit.changes_others = true,
                }
            }
        }
    }

    /// Returns the files that git keeps and that differ from the current commit, relative to the repository's root.
    pub fn changed(&self) -> Result<BTreeSet<String>> {
        let text = self.read(&["status", "--porcelain=v1", "-z", "--untracked-files=no", "--no-renames"])?;
        let lines = text.split(|byte| *byte == 0).filter(|line| line.len() > 3);
        Ok(lines.map(|line| String::from_utf8_lossy(&line[3..]).into_owned()).collect())
    }

    /// Commits these files, and nothing else.
    pub fn commit(&self, files: &[String], message: &str) -> Result<()> {
        let with_files = |words: &[&str]| -> Vec<String> {
            words.iter().map(|word| (*word).to_owned()).chain(["--".to_owned()]).chain(files.iter().cloned()).collect()
        };
        self.write(&with_files(&["add", "--force"]))?;
        self.write(&with_files(&["commit", "--quiet", "--only", "-m", message]))
    }

    /// Tags the current commit.
    pub fn tag(&self, name: &str, message: &str) -> Result<()> {
        self.write(&["tag", "--annotate", "-m", message, "--", name].map(str::to_owned))
    }

    /// Gives files the content that the current commit has of them. Returns those that it does not have, which are left alone.
    pub fn restore(&self, files: &[String]) -> Result<Vec<String>> {
        let is_known = |file: &String| {
            let object = format!("HEAD:{}{file}", self.prefix);
            self.line(&["rev-parse", "--verify", "--quiet", &object]).is_ok()
        };
        let (known, unknown): (Vec<String>, Vec<String>) = files.iter().cloned().partition(is_known);
        if !known.is_empty() {
            let words = ["checkout", "--quiet", "HEAD", "--"].map(str::to_owned);
            self.write(&words.into_iter().chain(known).collect::<Vec<_>>())?;
        }
        Ok(unknown)
    }

    fn line(&self, words: &[&str]) -> Result<String> {
        let text = self.read(words)?;
        Ok(String::from_utf8_lossy(&text).trim_end_matches('\n').to_owned())
    }

    fn read(&self, words: &[&str]) -> Result<Vec<u8>> {
        let mut command = self.command();
        for setting in READING {
            command.args(["-c", setting]);
        }
        command.env("GIT_OPTIONAL_LOCKS", "0").args(words);
        self.run(command, words[0])
    }

    fn write(&self, words: &[String]) -> Result<()> {
        let mut command = self.command();
        command.args(words);
        let what = words.first().map(String::as_str).unwrap_or_default();
        self.run(command, what).map(drop)
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        for name in ELSEWHERE {
            command.env_remove(name);
        }
        command.current_dir(&self.folder).env("GIT_LITERAL_PATHSPECS", "1").env("LC_ALL", "C").stdin(Stdio::null());
        command
    }

    fn run(&self, mut command: Command, what: &str) -> Result<Vec<u8>> {
        let failed =
            |reason: String| CheckoutError::Failed { what: what.to_owned(), reason, folder: self.folder.clone() };
        let output = command.output().map_err(|error| failed(error.to_string()))?;
        if output.stdout.len() > LARGEST {
            return Err(failed("it prints more than 256 MiB".to_owned()));
        }
        if output.status.success() {
            return Ok(output.stdout);
        }
        let said = String::from_utf8_lossy(&output.stderr);
        let lines: Vec<&str> = said.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        let said = lines[lines.len().saturating_sub(4)..].join("; ");
        Err(failed(if said.is_empty() { format!("{}", output.status) } else { said }))
    }
}
