//! Which folders are members.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

use crate::fs::{self, Kind};
use crate::manifest::Manifest;
use crate::profile::{self, ProfileError};
use crate::registry::path::PathKind;

use super::watched::Watched;
use crate::ops::Result;

/// The members of a project.
#[derive(Debug, Default)]
pub(in crate::ops) struct Members {
    /// Their folders, relative to the root, sorted. Those that were found through a link have the place that it leads to.
    pub(in crate::ops) folders: Vec<Arc<str>>,
    /// The folders in which a member may appear or vanish.
    pub(in crate::ops) watched: Watched,
}

/// Returns the folders below the root that a `members` glob matches, none that begins with `!` excludes, and that have a
/// manifest of some kind.
pub(in crate::ops) fn find<'g>(root: &Path, globs: impl Iterator<Item = &'g str> + Clone) -> Result<Members> {
    let set = Globs::new(globs.clone());
    let mut search = Search { root, globs: set, wildcards: Vec::new(), found: Members::default(), inside: None };
    for glob in globs.filter(|glob| !glob.starts_with('!')) {
        let (fixed, wildcards) = split(glob);
        profile::check_stays_inside(root, Path::new(&fixed))?;
        search.wildcards = wildcards;
        let depth = search.depth();
        search.look(&fixed, depth, depth < DEEPEST)?;
    }
    search.found.folders.sort();
    search.found.folders.dedup();
    Ok(search.found)
}

/// Makes sure that a local package and its manifests lie where they say: a link could lead to any file of the user.
pub(in crate::ops) fn stay_inside(root: &Path, folder: &str) -> Result<()> {
    profile::check_stays_inside(root, Path::new(folder))?;
    for kind in PathKind::ALL {
        let file = Path::new(folder).join(kind.file());
        if fs::lstat(&root.join(&file))?.is_some_and(|stat| stat.kind == Kind::Symlink) {
            profile::check_stays_inside(root, &file)?;
        }
    }
    Ok(())
}

/// Tells whether a folder, relative to the root, lies in a member.
pub(in crate::ops) fn contain(manifest: &Manifest, relative: &Path) -> bool {
    let globs = Globs::new(manifest.members.iter().map(|glob| &*glob.value));
    relative.ancestors().any(|folder| !folder.as_os_str().is_empty() && globs.matches(folder))
}

/// Returns a glob's leading folders without a wildcard, and its segments below them: `apps/*` is (`apps`, [`*`]).
fn split(glob: &str) -> (String, Vec<String>) {
    let parts: Vec<_> = glob.trim_end_matches('/').split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    let fixed = parts.iter().take_while(|part| !part.contains(['*', '?', '[', '{'])).count();
    (parts[..fixed].join("/"), parts[fixed..].iter().map(|part| (*part).to_owned()).collect())
}

/// How far `**` reaches.
const DEEPEST: usize = 8;

/// Which folders are asked for, and which are not.
struct Globs {
    wanted: GlobSet,
    excluded: GlobSet,
}

impl Globs {
    fn new<'g>(globs: impl Iterator<Item = &'g str>) -> Self {
        let (mut wanted, mut excluded) = (GlobSetBuilder::new(), GlobSetBuilder::new());
        for glob in globs {
            let (set, text) = match glob.strip_prefix('!') {
                Some(text) => (&mut excluded, text),
                None => (&mut wanted, glob),
            };
            let text = text.trim_end_matches('/').trim_start_matches("./");
            // `packages/**` is `packages` too, as it is with npm and pnpm, which look for `packages/**/package.json`.
            for text in [Some(text), text.strip_suffix("/**")].into_iter().flatten() {
                // A glob that does not parse was an error of the manifest already.
                if let Ok(glob) = GlobBuilder::new(text).literal_separator(true).build() {
                    set.add(glob);
                }
            }
        }
        let built = |set: GlobSetBuilder| set.build().unwrap_or_else(|_| GlobSet::empty());
        Self { wanted: built(wanted), excluded: built(excluded) }
    }

    fn matches(&self, folder: &Path) -> bool {
        self.wanted.is_match(folder) && !self.excluded.is_match(folder)
    }
}

/// A search for members.
struct Search<'a> {
    root: &'a Path,
    globs: Globs,
    /// The segments of the glob that is looked for, from its first wildcard on.
    wildcards: Vec<String>,
    found: Members,
    /// The root without links, once it was needed.
    inside: Option<PathBuf>,
}

impl Search<'_> {
    /// Returns how many levels below its leading folders the glob can match.
    fn depth(&self) -> usize {
        if self.is_deep() { DEEPEST } else { self.wildcards.len() }
    }

    fn is_deep(&self) -> bool {
        self.wildcards.iter().any(|segment| segment == "**")
    }

    /// Returns whether a folder whose name begins with a dot may match, `depth` levels above the glob's last segment: only where the
    /// segment begins with one, as with npm and pnpm.
    fn admits_dots(&self, depth: usize) -> bool {
        let begins = |segment: &String| segment.starts_with('.');
        if self.is_deep() {
            return self.wildcards.iter().any(begins);
        }
        self.wildcards.len().checked_sub(depth).is_some_and(|at| begins(&self.wildcards[at]))
    }

    /// Looks at a folder and, where the glob reaches further, at those in it. `watches`: whether what may become a member
    /// later is watched too.
    fn look(&mut self, folder: &str, depth: usize, watches: bool) -> Result<()> {
        let here = self.root.join(folder);
        let matches = !folder.is_empty() && self.globs.matches(Path::new(folder));
        let stood = fs::stat(&here)?;
        if matches && has_manifest(&here)? {
            let real = self.real(folder)?;
            self.found.folders.push(real);
        } else if matches && watches {
            self.found.watched.note_as(here.clone(), stood);
        }
        if depth == 0 {
            return Ok(());
        }
        if watches || depth == DEEPEST {
            self.found.watched.note_as(here.clone(), stood);
        }
        if stood.is_none_or(|stat| stat.kind != Kind::Folder) {
            return Ok(());
        }
        for entry in fs::read_dir(&here)? {
            let Some(name) = entry.path.file_name().and_then(|name| name.to_str()) else { continue };
            let is_no_source = matches!(name, "node_modules" | ".git" | ".larder");
            if is_no_source || name.starts_with('.') && !self.admits_dots(depth) {
                continue;
            }
            let below = if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") };
            match entry.kind {
                Kind::Folder => self.look(&below, depth - 1, watches)?,
                // A link is a member or none. What lies below it is found where it is.
                Kind::Symlink if self.is_folder(&below) => self.look(&below, 0, watches)?,
                _ => {}
            }
        }
        Ok(())
    }

    /// Tells whether a link leads to a folder; one that leads nowhere, or in a circle, does not.
    fn is_folder(&self, link: &str) -> bool {
        matches!(fs::stat(&self.root.join(link)), Ok(Some(stat)) if stat.kind == Kind::Folder)
    }

    /// Returns the folder without links, relative to the root.
    fn real(&mut self, folder: &str) -> Result<Arc<str>> {
        stay_inside(self.root, folder)?;
        if self.inside.is_none() {
            self.inside = Some(fs::canonicalize(self.root)?);
        }
        let found = fs::canonicalize(&self.root.join(folder))?;
        let below = self.inside.as_ref().and_then(|root| found.strip_prefix(root).ok()).and_then(Path::to_str);
        match below {
            Some(below) if !below.is_empty() => Ok(below.into()),
            _ => Err(ProfileError::LeadsOut { path: folder.into(), target: found }.into()),
        }
    }
}

/// Tells whether a folder holds a package.
pub(in crate::ops) fn has_manifest(folder: &Path) -> Result<bool> {
    for kind in PathKind::ALL {
        if fs::stat(&folder.join(kind.file()))?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_glob_of_all_that_is_below_a_folder_matches_the_folder() {
        let globs = Globs::new(["a/**", "b/**/c/**", "!a/x/**"].into_iter());
        for folder in ["a", "a/b/c", "b/c", "b/x/c", "b/x/c/d"] {
            assert!(globs.matches(Path::new(folder)), "{folder}");
        }
        for folder in ["b", "b/x", "a/x", "a/x/y", "ab"] {
            assert!(!globs.matches(Path::new(folder)), "{folder}");
        }
    }

    #[test]
    fn a_glob_splits_at_its_first_wildcard() {
        let parts = |glob| {
            let (fixed, wildcards) = split(glob);
            format!("{fixed} {}", wildcards.join(" "))
        };
        assert_eq!(parts("apps/*"), "apps *");
        assert_eq!(parts("./packages/theme/"), "packages/theme ");
        assert_eq!(parts("a/*/b"), "a * b");
        assert_eq!(parts("**"), " **");
    }

    #[test]
    fn names_with_a_leading_dot_match_where_the_glob_spells_the_dot() {
        let root = tempfile::tempdir().unwrap();
        for folder in ["a", ".a", "x/.a/b", "x/.a/.b", "x/a/b", "x/node_modules/b"] {
            std::fs::create_dir_all(root.path().join(folder)).unwrap();
            std::fs::write(root.path().join(folder).join("package.json"), "{}").unwrap();
        }
        let found = |glob: &str| {
            let members = find(root.path(), [glob].into_iter()).unwrap();
            members.folders.join(" ")
        };
        assert_eq!(found("*"), "a");
        assert_eq!(found(".*"), ".a");
        assert_eq!(found("x/.*/*"), "x/.a/b");
        assert_eq!(found("x/*/*"), "x/a/b");
        assert_eq!(found("x/.*/.*"), "x/.a/.b");
        assert_eq!(found("x/.a/*"), "x/.a/b");
        assert_eq!(found("x/**/.b"), "x/.a/.b");
    }
}
