//! Visiting the folders of a repository.

use std::path::Path;

use crate::fs;
use crate::ops::Result;

/// Folders that are no part of what a repository ships, besides [`NO_SOURCE`].
const ASIDE: [&str; 12] = [
    "test",
    "tests",
    "example",
    "examples",
    "demo",
    "demos",
    "sample",
    "samples",
    "benchmarks",
    "fixtures",
    "docs",
    "templates",
];

/// Folders in which nothing is that a person wrote.
const NO_SOURCE: [&str; 5] = ["node_modules", "vendor", "dist", "build", "target"];

/// Folders of tools, whose names begin with a dot.
pub(super) const OF_TOOLS: [&str; 9] =
    [".git", ".larder", ".venv", ".tox", ".nox", ".yarn", ".pnpm-store", ".mypy_cache", ".pytest_cache"];

/// What becomes of the folders below one.
pub(super) enum Below {
    Visited,
    Skipped,
}

/// Visits the folders below the root, as deep as asked, by their paths relative to it. Those that are no part of what a repository ships are
/// passed over.
pub(super) fn visit(root: &Path, depth: usize, look: &mut dyn FnMut(&str) -> Result<Below>) -> Result<()> {
    visit_but((&ASIDE, Dots::PassedOver), root, depth, look)
}

/// Whether folders are visited whose names begin with a dot.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Dots {
    Visited,
    PassedOver,
}

/// Visits the folders below the root but for those of some names, and those of [`NO_SOURCE`].
pub(super) fn visit_but(
    (aside, dots): (&[&str], Dots),
    root: &Path,
    depth: usize,
    look: &mut dyn FnMut(&str) -> Result<Below>,
) -> Result<()> {
    let mut open = vec![(String::new(), depth)];
    while let Some((folder, depth)) = open.pop() {
        for entry in fs::read_dir(&root.join(&folder))? {
            let Some(name) = entry.path.file_name().and_then(|name| name.to_str()) else { continue };
            if entry.kind != fs::Kind::Folder
                || dots == Dots::PassedOver && name.starts_with('.')
                || NO_SOURCE.contains(&name)
                || aside.contains(&name)
            {
                continue;
            }
            let below = if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") };
            if matches!(look(&below)?, Below::Visited) && depth > 1 {
                open.push((below, depth - 1));
            }
        }
    }
    Ok(())
}
