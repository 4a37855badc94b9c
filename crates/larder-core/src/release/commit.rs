//! A commit's message → the changes that it tells of.

use git_conventional::Commit;

use super::Bump;
use super::revert::{self, RevertedCommit, without_number};

/// A commit, as a release looks at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MessageCommit<'a> {
    /// Its id.
    pub id: &'a str,
    /// The ids of its parents.
    pub parents: &'a [String],
    /// Its message.
    pub message: &'a str,
    /// Whether it concerns what is released. Others are looked at for what they revert.
    pub counts: bool,
}

/// A change that a commit tells of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommitChange {
    /// What kind it is.
    pub kind: ChangeKind,
    /// What it is about: `feat(SCOPE)`.
    pub scope: Option<String>,
    /// What it does.
    pub description: String,
    /// What it breaks, where it breaks something.
    pub breaking: Option<String>,
    /// The id of the commit.
    pub commit: String,
}

/// What kind a change is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ChangeKind {
    /// `feat`
    Feature,
    /// `fix`
    Fix,
    /// `perf`
    Performance,
    /// `revert`
    Revert,
    /// `docs`, `style`, `refactor`, `test`, `build`, `ci`, `chore`: nothing that users notice.
    Internal,
}

impl CommitChange {
    /// Returns how much the version rises.
    pub fn bump(&self) -> Bump {
        match (&self.breaking, self.kind) {
            (Some(_), _) => Bump::Major,
            (None, ChangeKind::Feature) => Bump::Minor,
            (None, ChangeKind::Fix | ChangeKind::Performance | ChangeKind::Revert) => Bump::Patch,
            (None, ChangeKind::Internal) => Bump::None,
        }
    }
}

/// What a message says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Message {
    /// These changes.
    Changes(Vec<CommitChange>),
    /// That earlier commits do not count; and the change that this is where one of them was released, if it can be read.
    Reverts(Vec<RevertedCommit>, Option<CommitChange>),
    /// Nothing of its own: a merge, or what is to be squashed.
    Nothing,
    /// Nothing that can be read.
    Malformed,
}

/// Reads a message.
pub(super) fn read(commit: MessageCommit<'_>) -> Message {
    let message = commit.message.trim();
    let subject = message.lines().next().unwrap_or_default();
    if commit.parents.len() > 1
        || ["Merge ", "fixup! ", "squash! ", "amend! "].iter().any(|word| subject.starts_with(word))
    {
        return Message::Nothing;
    }
    let own = parse(message, commit.id);
    let is_revert = ["Revert ", "Reapply "].iter().any(|word| subject.starts_with(word));
    let reverted = revert::reverted(message);
    if !reverted.is_empty() && (is_revert || own.as_ref().is_some_and(|change| change.kind == ChangeKind::Revert)) {
        return Message::Reverts(reverted, own.or_else(|| change_of_revert(subject, commit.id)));
    }
    let mut changes: Vec<CommitChange> = Vec::new();
    let messages = squashed(message);
    let told = messages.iter().enumerate().filter_map(|(place, part)| match place {
        // What leads into a list may look like a footer: `Changes:`. Its value is the list.
        0 => parse_strictly(part, commit.id)
            .or_else(|| parse_strictly(message, commit.id))
            .or_else(|| parse(part, commit.id)),
        _ => parse(part, commit.id),
    });
    for mut change in told {
        let plain = |description: &str| without_number(description).to_owned();
        let is_same = |known: &&mut CommitChange| {
            known.kind == change.kind && plain(&known.description) == plain(&change.description)
        };
        if changes.first().is_some_and(|own| own.breaking == change.breaking) {
            change.breaking = None;
        }
        match changes.iter_mut().find(is_same) {
            Some(known) => known.breaking = known.breaking.take().or(change.breaking),
            None => changes.push(change),
        }
    }
    if changes.is_empty() { Message::Malformed } else { Message::Changes(changes) }
}

/// Reads a message of Conventional Commits with a type that is known, or one of any type that breaks something. Footers without a value are
/// no footers.
fn parse(message: &str, id: &str) -> Option<CommitChange> {
    let is_empty_footer = |line: &str| line.trim_end().ends_with(':') && !line.starts_with("BREAKING");
    let without_empty = || {
        let (subject, body) = message.split_once('\n')?;
        let body: Vec<&str> = body.lines().filter(|line| !is_empty_footer(line)).collect();
        parse_strictly(format!("{subject}\n{}", body.join("\n")).trim_end(), id)
    };
    parse_strictly(message, id).or_else(without_empty)
}

fn parse_strictly(message: &str, id: &str) -> Option<CommitChange> {
    let parsed = Commit::parse(message).ok()?;
    let kind = match parsed.type_().as_str().to_ascii_lowercase().as_str() {
        "feat" => ChangeKind::Feature,
        "fix" => ChangeKind::Fix,
        "perf" => ChangeKind::Performance,
        "revert" => ChangeKind::Revert,
        "docs" | "style" | "refactor" | "test" | "tests" | "build" | "ci" | "chore" => ChangeKind::Internal,
        _ if parsed.breaking() => ChangeKind::Internal,
        _ => return None,
    };
    let footers: Vec<&str> =
        parsed.footers().iter().filter(|footer| footer.breaking()).map(git_conventional::Footer::value).collect();
    let broken = if footers.is_empty() { parsed.description().to_owned() } else { footers.join("; ") };
    Some(CommitChange {
        kind,
        scope: parsed.scope().map(|scope| scope.as_str().to_owned()),
        description: parsed.description().to_owned(),
        breaking: parsed.breaking().then_some(broken),
        commit: id.to_owned(),
    })
}

/// What stands above the commits of a squashed branch in git's own message.
const SQUASHED: &str = "Squashed commit of the following:";

/// Returns the messages of a commit: its own, and those of a squashed branch, which stand in it as a list, as hosts write it, or
/// below the headers of their commits, as git does.
fn squashed(message: &str) -> Vec<String> {
    let names_commit = |line: &str| line.strip_prefix("commit ").is_some_and(|id| id.len() >= 40);
    let is_of_git = message.lines().skip_while(|line| *line != SQUASHED).any(names_commit);
    let is_header = |line: &str| is_of_git && names_commit(line);
    // What is listed otherwise belongs to the message that has the list.
    let listed =
        |line: &str| line.strip_prefix("* ").is_some_and(|line| !is_of_git && parse(line.trim(), "").is_some());
    let (mut messages, mut current, mut is_passed) = (Vec::new(), String::new(), false);
    // A host draws a line above those who wrote a branch.
    for line in message.lines().filter(|line| *line != "---------") {
        if is_header(line) || listed(line) {
            messages.push(std::mem::take(&mut current));
        }
        is_passed = is_header(line) || is_passed && !line.is_empty();
        if !is_passed {
            let mark = if is_of_git && !messages.is_empty() {
                "    "
            } else if listed(line) {
                "* "
            } else {
                ""
            };
            current.push_str(line.strip_prefix(mark).unwrap_or(line).trim_end());
            // What follows what is listed is its body.
            current.push_str(if listed(line) { "\n\n" } else { "\n" });
        }
    }
    messages.push(current);
    messages.iter().map(|message| message.trim().to_owned()).collect()
}

/// Returns the change of a commit that git made to revert one that was released; what brings a commit back is that commit's change.
fn change_of_revert(subject: &str, id: &str) -> Option<CommitChange> {
    let (about, is_back) = revert::subject(subject)?;
    let returned = if is_back { parse(about, id) } else { None };
    returned.or_else(|| {
        let description = if is_back { format!("Revert \"{about}\"") } else { about.to_owned() };
        Some(CommitChange { kind: ChangeKind::Revert, scope: None, description, breaking: None, commit: id.to_owned() })
    })
}
