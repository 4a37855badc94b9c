//! What the message of a revert says: which commits it reverts, and whether they come back.

/// What a message reverts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum RevertedCommit {
    /// A commit by its id, or the beginning of that.
    Id {
        /// The id.
        id: String,
        /// The parent of a merge whose side stays.
        kept: Option<String>,
    },
    /// The commit of a pull request, by the number that a host gave it.
    Request(String),
}

impl RevertedCommit {
    /// Returns whether a commit is the one that is meant.
    pub(super) fn is(&self, id: &str, message: &str) -> bool {
        let number = match self {
            Self::Id { id: start, .. } => return id.starts_with(start.as_str()),
            Self::Request(number) => number.as_str(),
        };
        let subject = message.trim().lines().next().unwrap_or_default();
        let of_merge = subject.strip_prefix("Merge pull request #").and_then(|rest| rest.split(' ').next());
        let mut of_gitlab =
            message.lines().filter_map(|line| line.strip_prefix("See merge request ")?.rsplit_once('!'));
        split_number(subject).is_some_and(|(_, found)| found == number)
            || of_merge == Some(number)
            || of_gitlab.any(|(_, found)| found.trim_end() == number)
    }
}

/// Returns what a message reverts: `This reverts commit 1c3f9a2…`, as git writes it, `Refs: 1c3f9a2, 676104e`, or what hosts write where a
/// pull request is reverted.
pub(super) fn reverted(message: &str) -> Vec<RevertedCommit> {
    let id = |word: &str| {
        let word = word.trim_end_matches(['.', ',', ';']);
        let is_id = (7..=64).contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_id.then(|| word.to_ascii_lowercase())
    };
    let of_git = message.split("This reverts commit ").skip(1).filter_map(|rest| {
        let mut words = rest.split_whitespace();
        let reverted = id(words.next()?)?;
        let is_merge = ["reversing", "changes", "made", "to"].iter().all(|word| words.next() == Some(word));
        let kept = words.next().filter(|_| is_merge).and_then(id);
        Some(RevertedCommit::Id { id: reverted, kept })
    });
    let footers = message.lines().skip(1).filter_map(|line| line.strip_prefix("Refs: "));
    let of_footers = footers.flat_map(|list| list.split([',', ' '])).filter_map(id);
    let commits: Vec<RevertedCommit> =
        of_git.chain(of_footers.map(|id| RevertedCommit::Id { id, kept: None })).collect();
    if commits.is_empty() { message.lines().skip(1).filter_map(request).collect() } else { commits }
}

/// Returns the pull request of `Reverts acme/shop#11`, or of `This reverts merge request !11`.
fn request(line: &str) -> Option<RevertedCommit> {
    let of_github = || line.strip_prefix("Reverts ")?.trim_end().rsplit_once('#');
    let of_gitlab = || line.strip_prefix("This reverts merge request ")?.trim_end().rsplit_once('!');
    let (repository, number) = of_github().or_else(of_gitlab)?;
    let is_one = !repository.contains(char::is_whitespace) && is_number(number);
    is_one.then(|| RevertedCommit::Request(number.to_owned()))
}

/// Returns the subject of the commit that a revert is about in the end, and whether it is there again: `Revert "Reapply "feat: a""` is
/// about `feat: a`, which is gone. `None` for what is no revert.
pub(super) fn subject(subject: &str) -> Option<(&str, bool)> {
    let (mut about, mut reverts, mut depth) = (subject, 0_usize, 0_usize);
    loop {
        let bare = without_number(about);
        let quoted = |start: &str| bare.strip_prefix(start)?.strip_suffix('"');
        about = match (quoted("Revert \""), quoted("Reapply \"")) {
            (Some(inner), _) => {
                reverts += 1;
                inner
            }
            // This is what reverts a revert.
            (None, Some(inner)) => inner,
            (None, None) => break,
        };
        depth += 1;
    }
    if depth == 0 {
        let without_quotes = |start| without_number(subject).strip_prefix(start);
        return without_quotes("Revert ")
            .map(|about| (about, false))
            .or_else(|| without_quotes("Reapply ").map(|about| (about, true)));
    }
    Some((about, reverts % 2 == 0))
}

/// Returns a description without the number of a pull request that hosts add: `a thing (#7)`.
pub(super) fn without_number(description: &str) -> &str {
    split_number(description).map_or(description, |(before, _)| before)
}

fn split_number(description: &str) -> Option<(&str, &str)> {
    let (before, number) = description.trim_end().strip_suffix(')')?.rsplit_once(" (")?;
    let number = ["#", "!", "pull request #"].iter().find_map(|start| number.strip_prefix(start))?;
    is_number(number).then_some((before, number))
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}
