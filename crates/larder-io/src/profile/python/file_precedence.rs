//! Which package's file is installed where several packages bring one with different content.
//!
//! In this order: the package that an `owner` line names; of documents at the top the first; of type stubs (PEP 561) those of
//! the package that they are about; of modules that do nothing but extend their package's path the one that does more; and a
//! package before those that it depends on, which knows what it replaces.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use globset::{GlobBuilder, GlobMatcher};

use super::super::ProfileError;
use super::super::layout::{Dependencies, OwnerRule};
use super::stub::{Stub, stub};

/// The rules for files that several packages bring with different content.
pub(in super::super) struct Precedence<'a> {
    /// The `owner` lines.
    pub(in super::super) owners: &'a [OwnerRule],
    /// Returns the dependencies among the packages. Called only if there is a conflict.
    pub(in super::super) dependencies: &'a (dyn Fn() -> Dependencies + Sync),
}

impl std::fmt::Debug for Precedence<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Precedence").field("owners", &self.owners).finish_non_exhaustive()
    }
}

/// A package that brings a file.
pub(super) struct Claimant<'a> {
    /// The place among the contributions to the environment.
    pub(super) part: usize,
    /// The package's name.
    pub(super) name: &'a Arc<str>,
    /// The package's name in messages: `pypi:six@1.16`.
    pub(super) owner: &'a str,
}

/// A file that several packages bring.
pub(super) struct FileConflict<'a> {
    /// Relative to the environment.
    pub(super) path: &'a str,
    /// Relative to `site-packages`, or to the environment where it lies outside.
    pub(super) inside: &'a str,
    /// Whether the file lies in `site-packages`.
    pub(super) in_site: bool,
    /// The packages that bring the file, in the order of the contributions.
    pub(super) claimants: Vec<Claimant<'a>>,
}

/// Decides conflicts about files.
pub(super) struct ConflictResolver<'a> {
    owners: Vec<(&'a OwnerRule, GlobMatcher)>,
    dependencies: Dependencies,
}

/// Why a package's file is installed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Precedes {
    /// An `owner` line, or it makes no difference.
    Known,
    /// The package depends on the others.
    KeyDependency,
}

impl<'a> ConflictResolver<'a> {
    pub(super) fn new(precedence: &Precedence<'a>) -> Self {
        let matcher = |owner: &'a OwnerRule| {
            let text = owner.files.trim_start_matches("./").trim_matches('/');
            // One that does not parse was an error of the manifest already.
            Some((owner, GlobBuilder::new(text).literal_separator(true).build().ok()?.compile_matcher()))
        };
        let owners = precedence.owners.iter().filter_map(matcher).collect();
        Self { owners, dependencies: (precedence.dependencies)() }
    }

    /// Returns the place of the claimant whose file counts; `None` where nothing decides. `read` returns the content
    /// that a claimant has for the file.
    pub(super) fn decide(
        &self,
        contest: &FileConflict<'_>,
        read: impl Fn(usize) -> Result<Vec<u8>, ProfileError>,
    ) -> Result<Option<(usize, Precedes)>, ProfileError> {
        if let Some(at) = self.declared(contest)? {
            return Ok(Some((at, Precedes::Known)));
        }
        if is_document(contest.inside) {
            return Ok(Some((0, Precedes::Known)));
        }
        if let Some(at) = of_own_stubs(contest) {
            return Ok(Some((at, Precedes::Known)));
        }
        let mut rest: Vec<usize> = (0..contest.claimants.len()).collect();
        if contest.in_site && is_package(contest.inside) {
            let contents =
                contest.claimants.iter().map(|claimant| read(claimant.part)).collect::<Result<Vec<_>, _>>()?;
            let stubs: Vec<Stub> = contents.iter().map(|content| stub(content)).collect();
            let best = stubs.iter().copied().max().unwrap_or(Stub::Empty);
            rest.retain(|at| stubs[*at] == best);
            let is_one = rest.iter().all(|at| contents[*at] == contents[rest[0]]);
            if best != Stub::Code || is_one {
                return Ok(Some((rest[0], Precedes::Known)));
            }
        }
        let first = |at: usize| rest.iter().all(|other| at == *other || self.is_before(contest, at, *other));
        Ok(rest.iter().copied().find(|at| first(*at)).map(|at| (at, Precedes::KeyDependency)))
    }

    /// Returns the claimant that an `owner` line names.
    fn declared(&self, contest: &FileConflict<'_>) -> Result<Option<usize>, ProfileError> {
        let mut found: Option<(usize, &OwnerRule)> = None;
        for (owner, glob) in &self.owners {
            // Who has a folder has what is in it.
            let covers = ancestors(contest.inside).any(|path| glob.is_match(path));
            let Some(at) = contest.claimants.iter().position(|claimant| *claimant.name == owner.package) else {
                continue;
            };
            match found {
                _ if !covers => {}
                None => found = Some((at, owner)),
                Some((other, _)) if other == at => {}
                Some((_, first)) => {
                    return Err(ProfileError::OwnedTwice {
                        path: contest.path.to_owned(),
                        first: first.to_string(),
                        second: owner.to_string(),
                    });
                }
            }
        }
        Ok(found.map(|(at, _)| at))
    }

    /// Returns whether a claimant depends on another one that does not depend on it.
    fn is_before(&self, contest: &FileConflict<'_>, at: usize, other: usize) -> bool {
        let [dependent, other] = [at, other].map(|at| contest.claimants[at].name);
        self.reaches(dependent, other) && !self.reaches(other, dependent)
    }

    fn reaches(&self, from: &str, to: &str) -> bool {
        let mut seen: BTreeSet<&str> = BTreeSet::new();
        let mut next = vec![from];
        while let Some(name) = next.pop() {
            for on in self.dependencies.get(name).into_iter().flatten() {
                if **on == *to {
                    return true;
                }
                if seen.insert(on) {
                    next.push(on);
                }
            }
        }
        false
    }
}

/// Returns, of those that bring a stub of `x-stubs`, the one that is no `types-…` package: typeshed describes others' packages, until
/// these do so themselves.
fn of_own_stubs(contest: &FileConflict<'_>) -> Option<usize> {
    let folder = contest.inside.split('/').next().unwrap_or_default();
    if !contest.in_site || !folder.ends_with("-stubs") {
        return None;
    }
    let mut own = (0..contest.claimants.len()).filter(|at| !contest.claimants[*at].name.starts_with("types-"));
    own.next().filter(|_| own.next().is_none())
}

/// Returns a path and the folders that it lies in.
fn ancestors(path: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(path), |path| path.rsplit_once('/').map(|(folder, _)| folder))
}

/// Returns whether a file is what makes a folder a package.
fn is_package(path: &str) -> bool {
    path.ends_with("/__init__.py") || path.ends_with("/__init__.pyi")
}

/// Returns whether a file is a document that lies beside all packages: no program asks whose it is.
fn is_document(path: &str) -> bool {
    const NAMES: [&str; 12] = [
        "authors",
        "changelog",
        "changes",
        "contributing",
        "contributors",
        "copying",
        "history",
        "license",
        "licence",
        "notice",
        "readme",
        "todo",
    ];
    const TYPES: [&str; 4] = ["md", "rst", "txt", "adoc"];
    const CODE: [&str; 8] = ["py", "pyi", "pyc", "pyd", "pth", "so", "dylib", "dll"];
    if path.contains('/') {
        return false;
    }
    let lower = path.to_ascii_lowercase();
    let (stem, extension) = lower.split_once('.').unwrap_or((&lower, ""));
    let word = stem.split(['-', '_']).next().unwrap_or(stem);
    let last = extension.rsplit('.').next().unwrap_or(extension);
    TYPES.contains(&extension) || NAMES.contains(&word) && !CODE.contains(&last)
}

/// Returns globs that cover these paths, one for each folder or file at the top.
pub(super) fn globs<'p>(paths: impl Iterator<Item = &'p str>) -> Vec<String> {
    let mut tops: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for path in paths {
        let top = path.split_once('/').map_or(path, |(top, _)| top);
        tops.entry(top).or_default().push(path);
    }
    let one = |paths: Vec<&str>| {
        if let [path] = paths[..] {
            return path.to_owned();
        }
        let holds_all = |folder: &&str| {
            paths.iter().all(|path| path.strip_prefix(*folder).is_some_and(|rest| rest.starts_with('/')))
        };
        let folder = ancestors(paths[0]).skip(1).find(holds_all).unwrap_or_default();
        format!("{folder}/**")
    };
    tops.into_values().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Decides about `path`, which the packages bring with these contents; returns the winner's name.
    fn check(path: &str, brought: &[(&str, &str)], owners: &[(&str, &str)], edges: &[(&str, &str)]) -> Option<String> {
        try_check(path, brought, owners, edges).unwrap()
    }

    fn try_check(
        path: &str,
        brought: &[(&str, &str)],
        owners: &[(&str, &str)],
        edges: &[(&str, &str)],
    ) -> Result<Option<String>, ProfileError> {
        let owners: Vec<OwnerRule> =
            owners.iter().map(|(name, files)| OwnerRule { package: (*name).into(), files: (*files).into() }).collect();
        let dependencies = || {
            let mut dependencies = Dependencies::new();
            for (from, to) in edges {
                dependencies.entry((*from).into()).or_default().insert((*to).into());
            }
            dependencies
        };
        let judge = ConflictResolver::new(&Precedence { owners: &owners, dependencies: &dependencies });
        let names: Vec<Arc<str>> = brought.iter().map(|(name, _)| (*name).into()).collect();
        let claimants = names.iter().enumerate().map(|(part, name)| Claimant { part, name, owner: name });
        let contest = FileConflict { path, inside: path, in_site: true, claimants: claimants.collect() };
        let decided = judge.decide(&contest, |part| Ok(brought[part].1.as_bytes().to_vec()))?;
        Ok(decided.map(|(at, _)| brought[at].0.to_owned()))
    }

    #[test]
    fn stubs_are_those_of_the_package_that_they_are_about() {
        let both = [("types-ujson", "1"), ("ujson", "2")];
        assert_eq!(check("ujson-stubs/__init__.pyi", &both, &[], &[]).as_deref(), Some("ujson"));
        assert_eq!(check("ujson/__init__.pyi", &both, &[], &[]), None);
        assert_eq!(check("x-stubs/a.pyi", &[("x", "1"), ("y", "2")], &[], &[]), None);
        assert_eq!(check("x-stubs/a.pyi", &[("types-x", "1"), ("types-y", "2")], &[], &[]), None);
    }

    const EXTEND: &str = "__path__ = __import__('pkgutil').extend_path(__path__, __name__)\n";

    #[test]
    fn a_dependent_comes_before_what_it_depends_on_at_any_distance() {
        let files = [("a", "1"), ("b", "2")];
        assert_eq!(check("x.py", &files, &[], &[("b", "c"), ("c", "a")]).as_deref(), Some("b"));
        assert_eq!(check("x.py", &files, &[], &[("a", "b")]).as_deref(), Some("a"));
        assert_eq!(check("x.py", &files, &[], &[]), None);
        // Neither knows better than the other.
        assert_eq!(check("x.py", &files, &[], &[("a", "b"), ("b", "a")]), None);
        // One has to come before all others.
        let three = [("a", "1"), ("b", "2"), ("c", "3")];
        assert_eq!(check("x.py", &three, &[], &[("b", "a"), ("b", "c")]).as_deref(), Some("b"));
        assert_eq!(check("x.py", &three, &[], &[("b", "a")]), None);
    }

    #[test]
    fn an_owner_line_decides_before_all_else() {
        let files = [("a", "1"), ("b", "2")];
        let edges = [("a", "b")];
        for glob in ["cv2/x.py", "cv2/**", "cv2/*.py", "**/x.py", "./cv2/", "cv2", "*"] {
            assert_eq!(check("cv2/x.py", &files, &[("b", glob)], &edges).as_deref(), Some("b"), "{glob}");
        }
        for glob in ["cv/**", "cv2/y.py", "*.py"] {
            assert_eq!(check("cv2/x.py", &files, &[("b", glob)], &edges).as_deref(), Some("a"), "{glob}");
        }
        // One that does not bring the file has no say.
        assert_eq!(check("cv2/x.py", &files, &[("c", "**")], &[]), None);
        assert!(try_check("cv2/x.py", &files, &[("a", "cv2/**"), ("b", "**/x.py")], &[]).is_err());
        let stub = [("a", EXTEND), ("b", "x = 1\n")];
        assert_eq!(check("n/__init__.py", &stub, &[("a", "n/**")], &[]).as_deref(), Some("a"));
    }

    #[test]
    fn stubs_give_way_to_code_and_to_those_that_do_more() {
        let check = |brought: &[(&str, &str)]| check("n/__init__.py", brought, &[], &[]);
        assert_eq!(check(&[("a", ""), ("b", EXTEND)]).as_deref(), Some("b"));
        assert_eq!(check(&[("a", EXTEND), ("b", "from pkgutil import extend_path\n")]).as_deref(), Some("a"));
        assert_eq!(check(&[("a", EXTEND), ("b", "VERSION = 1\n"), ("c", "# nothing\n")]).as_deref(), Some("b"));
        assert_eq!(check(&[("a", "x = 1\n"), ("b", EXTEND), ("c", "x = 1\n")]).as_deref(), Some("a"));
        assert_eq!(check(&[("a", "x = 1\n"), ("b", EXTEND), ("c", "x = 2\n")]), None);
    }

    #[test]
    fn documents_at_the_top_are_nobodys() {
        let files = [("a", "1"), ("b", "2")];
        for path in ["README.md", "readme.rst", "LICENSE", "LICENSE-MIT", "CHANGELOG", "notes.txt", "COPYING.LESSER"] {
            assert_eq!(check(path, &files, &[], &[]).as_deref(), Some("a"), "{path}");
        }
        for path in ["readme.py", "six.py", "a/README.md", "license.so", "setup.cfg", "x.pth"] {
            assert_eq!(check(path, &files, &[], &[]), None, "{path}");
        }
    }

    #[test]
    fn globs_cover_what_they_are_made_of_and_name_no_more_than_needed() {
        assert_eq!(globs(["six.py"].into_iter()), ["six.py"]);
        assert_eq!(globs(["cv2/a.py", "cv2/b/c.py"].into_iter()), ["cv2/**"]);
        assert_eq!(globs(["n/a/x.py", "n/a/y.py", "z.py"].into_iter()), ["n/a/**", "z.py"]);
    }
}
