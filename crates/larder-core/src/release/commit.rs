//! A commit's message → the changes that it tells of.

use git_conventional::Commit;

use super::Bump;

/// A commit, as a release looks at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MessageCommit<'a> {
    /// Its id.
    pub id: &'a str,
    /// The number of its parents.
    pub parents: usize,
    /// Its message.
    pub message: &'a str,
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
    /// That an earlier commit does not count: its id, or the beginning of it; and the change that this is where the earlier one was
    /// released.
    Reverts(String, CommitChange),
    /// Nothing of its own: a merge, or what is to be squashed.
    Nothing,
    /// Nothing that can be read.
    Malformed,
}

/// Reads a message.
pub(super) fn read(commit: MessageCommit<'_>) -> Message {
    let message = commit.message.trim();
    let subject = message.lines().next().unwrap_or_default();
    if commit.parents > 1 || ["Merge ", "fixup! ", "squash! ", "amend! "].iter().any(|word| subject.starts_with(word)) {
        return Message::Nothing;
    }
    let own = parse(message, commit.id);
    if let Some(id) = reverted(message)
        && (subject.starts_with("Revert ") || own.as_ref().is_some_and(|change| change.kind == ChangeKind::Revert))
    {
        let description = subject.strip_prefix("Revert ").unwrap_or(subject).trim_matches('"').to_owned();
        let plain = || CommitChange {
            kind: ChangeKind::Revert,
            scope: None,
            description,
            breaking: None,
            commit: commit.id.to_owned(),
        };
        return Message::Reverts(id, own.unwrap_or_else(plain));
    }
    // A squashed branch has the messages of its commits as a list.
    let listed = message.lines().skip(1).filter_map(|line| line.strip_prefix("* "));
    let mut changes: Vec<CommitChange> = own.into_iter().collect();
    for change in listed.filter_map(|line| parse(line.trim(), commit.id)) {
        if !changes.iter().any(|known| known.description == change.description && known.kind == change.kind) {
            changes.push(change);
        }
    }
    if changes.is_empty() { Message::Malformed } else { Message::Changes(changes) }
}

/// Reads a message of Conventional Commits with a type that is known.
fn parse(message: &str, id: &str) -> Option<CommitChange> {
    let parsed = Commit::parse(message).ok()?;
    let kind = match parsed.type_().as_str().to_ascii_lowercase().as_str() {
        "feat" => ChangeKind::Feature,
        "fix" => ChangeKind::Fix,
        "perf" => ChangeKind::Performance,
        "revert" => ChangeKind::Revert,
        "docs" | "style" | "refactor" | "test" | "tests" | "build" | "ci" | "chore" => ChangeKind::Internal,
        _ => return None,
    };
    let described = parsed.breaking_description().unwrap_or_else(|| parsed.description());
    Some(CommitChange {
        kind,
        scope: parsed.scope().map(|scope| scope.as_str().to_owned()),
        description: parsed.description().to_owned(),
        breaking: parsed.breaking().then(|| described.to_owned()),
        commit: id.to_owned(),
    })
}

/// Returns the commit that a message reverts: `This reverts commit 1c3f9a2…`, as git writes it, or `Refs: 1c3f9a2`.
fn reverted(message: &str) -> Option<String> {
    let after = |mark: &str| message.split_once(mark).map(|(_, rest)| rest);
    let rest = after("This reverts commit ").or_else(|| after("\nRefs: "))?;
    let id: String = rest.chars().take_while(char::is_ascii_hexdigit).collect();
    (7..=64).contains(&id.len()).then(|| id.to_ascii_lowercase())
}
