//! Packages that a tool looks for by their names alone: no file names them, and where all packages lie in one folder they are found.

use std::path::Path;
use std::sync::Arc;

use globset::{Glob, GlobMatcher};

use super::declared::DeclaredNames;
use super::flat::FlatFolders;
use super::folders::{file_name, folder_of, with_root};
use super::workspace::PACKAGE_JSON;
use crate::import::package_ranges;
use crate::ops::Result;
use crate::ops::project::inputs;
use crate::ops::uses::is_eslintrc;

/// Packages that look for others from the project's folder, with what they look for.
const LOOKING: [(&str, &str); 2] = [
    // TypeScript takes all types that are there into a program: <https://www.typescriptlang.org/tsconfig/#types>.
    ("typescript", "@types/*"),
    // It names its own dependency to Babel, which starts in the working folder.
    ("esbuild-jest", "@babel/plugin-transform-modules-commonjs"),
];
/// `ESLint` before 9 looks for the plugins of shared configurations in the project.
const ESLINT_PLUGINS: &str = "*eslint-plugin*";

/// A glob of names that a tool looks for.
#[derive(Clone, Debug)]
pub(super) struct ImpliedUse<'a> {
    /// The folder where all packages lie.
    pub(super) top: &'a str,
    pub(super) glob: &'static str,
    matcher: GlobMatcher,
}

impl ImpliedUse<'_> {
    pub(super) fn matches(&self, name: &str) -> bool {
        self.matcher.is_match(name)
    }
}

/// Returns what the tools look for that a repository has.
pub(super) fn implied_uses<'a>(
    root: &Path,
    (files, members): (&[String], &'a [Arc<str>]),
    flat: &FlatFolders<'a>,
    declared: &DeclaredNames,
) -> Result<Vec<ImpliedUse<'a>>> {
    let mut found: Vec<ImpliedUse<'a>> = Vec::new();
    let mut add = |folder: &str, glob: &'static str| {
        let Some(top) = flat.nearest(folder) else { return };
        let is_new = found.iter().all(|known| known.top != top || known.glob != glob);
        if let (true, Ok(parsed)) = (is_new, Glob::new(glob)) {
            found.push(ImpliedUse { top, glob, matcher: parsed.compile_matcher() });
        }
    };
    for folder in with_root(members) {
        let Some(text) = inputs::text(&root.join(folder).join(PACKAGE_JSON))? else { continue };
        let ranges = package_ranges(&text).unwrap_or_default();
        for (_, glob) in LOOKING.iter().filter(|(looking, _)| ranges.iter().any(|(name, _)| name == looking)) {
            add(folder, glob);
        }
    }
    for file in files.iter().filter(|file| is_eslintrc(file_name(file)) && !declared.is_anothers(folder_of(file))) {
        add(folder_of(file), ESLINT_PLUGINS);
    }
    Ok(found)
}
