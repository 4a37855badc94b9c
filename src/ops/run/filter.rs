//! `--filter`: which members are meant.

use std::collections::BTreeSet;

use globset::{GlobBuilder, GlobMatcher};

use super::member_order::{Member, reachable};
use crate::diagnostic::{Exit, Failure, nearest};

/// A pattern of `--filter`, as pnpm has them: a glob over names and folders, `PATTERN...` with what the members use, `...PATTERN`
/// with what uses them, `PATTERN^...` and `...^PATTERN` with those alone, `!PATTERN` without them.
struct Filter {
    glob: GlobMatcher,
    excludes: bool,
    with_used: bool,
    with_users: bool,
    matched: Matched,
}

/// Whether the members that match are meant themselves.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Matched {
    Included,
    /// Those that they are widened by are.
    LeftOut,
}

/// A pattern that says nothing.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub(super) enum FilterError {
    /// It is no glob.
    #[error("`{pattern}` is no pattern: {reason}")]
    #[diagnostic(
        code(larder::run::bad_filter),
        help("write a member's name or folder, like `web`, `apps/*` or `web...`")
    )]
    Bad { pattern: String, reason: String },
    /// No member matches it.
    #[error("no member matches `{pattern}`")]
    #[diagnostic(
        code(larder::run::no_match),
        help("{}", meant.as_ref().map_or_else(|| "patterns match the members' names and folders".to_owned(), |m| format!("did you mean `{m}`?")))
    )]
    NoMatch { pattern: String, meant: Option<String> },
}

impl Failure for FilterError {
    fn exit(&self) -> Exit {
        Exit::Manifest
    }
}

/// Returns the numbers of the members that the patterns choose; without patterns, all. Each pattern has to match something.
pub(super) fn choose(members: &[Member], patterns: &[String]) -> Result<BTreeSet<usize>, FilterError> {
    let filters = patterns.iter().map(|text| Filter::parse(text)).collect::<Result<Vec<_>, _>>()?;
    let mut chosen = BTreeSet::new();
    if filters.iter().all(|filter| filter.excludes) {
        chosen.extend(0..members.len());
    }
    let matched =
        |filter: &Filter| (0..members.len()).filter(|&place| filter.matches(&members[place])).collect::<BTreeSet<_>>();
    for (excludes, text) in [(false, patterns), (true, patterns)] {
        for (filter, pattern) in filters.iter().zip(text).filter(|(filter, _)| filter.excludes == excludes) {
            let places = matched(filter);
            if places.is_empty() {
                let known = members.iter().flat_map(|member| [&*member.name, &*member.folder]);
                let meant = nearest(pattern, known).map(str::to_owned);
                return Err(FilterError::NoMatch { pattern: pattern.clone(), meant });
            }
            let places = filter.widened(members, &places);
            if excludes {
                chosen.retain(|place| !places.contains(place));
            } else {
                chosen.extend(places);
            }
        }
    }
    Ok(chosen)
}

impl Filter {
    fn parse(text: &str) -> Result<Self, FilterError> {
        let (excludes, rest) = text.strip_prefix('!').map_or((false, text), |rest| (true, rest));
        let (with_users, rest) = rest.strip_prefix("...").map_or((false, rest), |rest| (true, rest));
        let (with_used, rest) = rest.strip_suffix("...").map_or((false, rest), |rest| (true, rest));
        let (only_used, rest) = strip(with_used, rest, |rest| rest.strip_suffix('^'));
        let (only_users, rest) = strip(with_users, rest, |rest| rest.strip_prefix('^'));
        let glob = rest.strip_prefix("./").unwrap_or(rest).trim_end_matches('/');
        let bad = |reason: String| FilterError::Bad { pattern: text.to_owned(), reason };
        if glob.is_empty() {
            return Err(bad("it names nothing".to_owned()));
        }
        let glob =
            GlobBuilder::new(glob).literal_separator(true).build().map_err(|error| bad(error.kind().to_string()))?;
        let matched = if only_used || only_users { Matched::LeftOut } else { Matched::Included };
        Ok(Self { glob: glob.compile_matcher(), excludes, with_used, with_users, matched })
    }

    fn matches(&self, member: &Member) -> bool {
        self.glob.is_match(&*member.name) || self.glob.is_match(&*member.folder)
    }

    /// Adds what the members use, or what uses them; or takes that in their place.
    fn widened(&self, members: &[Member], places: &BTreeSet<usize>) -> BTreeSet<usize> {
        let mut all = match self.matched {
            Matched::Included => places.clone(),
            Matched::LeftOut => BTreeSet::new(),
        };
        if self.with_used {
            all.extend(places.iter().flat_map(|&place| reachable(members, place)));
        }
        if self.with_users {
            let uses_one = |&place: &usize| !reachable(members, place).is_disjoint(places);
            all.extend((0..members.len()).filter(uses_one));
        }
        all
    }
}

/// Returns whether a mark was there, where one may be, and what is left without it.
fn strip<'t>(may_be: bool, text: &'t str, mark: impl Fn(&'t str) -> Option<&'t str>) -> (bool, &'t str) {
    mark(text).filter(|_| may_be).map_or((false, text), |rest| (true, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_choose_members_with_what_they_use() {
        let members: Vec<Member> = [
            ("apps/web", "@acme/web", &[2][..]),
            ("apps/docs", "docs", &[]),
            ("lib/ui", "@acme/ui", &[3]),
            ("lib/theme", "theme", &[]),
        ]
        .into_iter()
        .map(|(folder, name, uses)| Member {
            folder: folder.into(),
            name: name.into(),
            uses: uses.iter().copied().collect(),
        })
        .collect();
        let chosen = |patterns: &[&str]| {
            let patterns: Vec<String> = patterns.iter().map(|&text| text.to_owned()).collect();
            choose(&members, &patterns).map(|chosen| chosen.into_iter().collect::<Vec<_>>())
        };
        assert_eq!(chosen(&[]).unwrap(), [0, 1, 2, 3]);
        assert_eq!(chosen(&["docs"]).unwrap(), [1]);
        assert_eq!(chosen(&["./apps/*"]).unwrap(), [0, 1]);
        assert_eq!(chosen(&["@acme/*", "!@acme/ui"]).unwrap(), [0]);
        assert_eq!(chosen(&["@acme/web..."]).unwrap(), [0, 2, 3]);
        assert_eq!(chosen(&["...theme"]).unwrap(), [0, 2, 3]);
        assert_eq!(chosen(&["@acme/web^..."]).unwrap(), [2, 3]);
        assert_eq!(chosen(&["...^theme"]).unwrap(), [0, 2]);
        assert_eq!(chosen(&["!...^theme"]).unwrap(), [1, 3]);
        assert_eq!(chosen(&["theme^..."]).unwrap(), [0; 0]);
        assert_eq!(chosen(&["!apps/*"]).unwrap(), [2, 3]);
        let missed = chosen(&["dcos"]).unwrap_err();
        assert!(matches!(&missed, FilterError::NoMatch { meant: Some(meant), .. } if meant == "docs"), "{missed:?}");
        assert!(matches!(chosen(&["[a"]).unwrap_err(), FilterError::Bad { .. }));
    }
}
