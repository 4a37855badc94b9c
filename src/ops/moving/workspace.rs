//! Which folders of a repository are members: what its tools say of it, and folders that stand for themselves beside.

use std::path::Path;

use crate::fs;
use crate::import::{self, Imported, Runtimes};
use crate::ops::Result;
use crate::ops::project::{inputs, members};

/// Folders that are no part of what a repository ships.
const ASIDE: [&str; 12] = [
    "node_modules",
    "test",
    "tests",
    "example",
    "examples",
    "fixtures",
    "docs",
    "templates",
    "vendor",
    "dist",
    "build",
    "target",
];

/// How far below the root a project of its own is looked for.
const DEPTH: usize = 2;

/// The files that declare a project, each with the lockfiles of its tools.
const PROJECTS: [(&str, &[&str]); 2] = [
    ("package.json", &["package-lock.json", "npm-shrinkwrap.json", "pnpm-lock.yaml", "yarn.lock", "bun.lock"]),
    ("pyproject.toml", &["uv.lock", "poetry.lock", "pdm.lock", "pylock.toml"]),
];

/// Returns the runtimes that the version files of the root name, and those that the members' files admit.
pub(in crate::ops) fn runtimes(root: &Path, imported: &Imported) -> Result<Runtimes> {
    let first_word = |file: &str| -> Result<Option<String>> {
        let text = inputs::read(&root.join(file), inputs::MANIFEST_SIZE)?;
        let text = text.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        Ok(text.and_then(|text| Some(text.split_whitespace().next()?.to_owned())))
    };
    let mut runtimes = Runtimes {
        node_file: first_word(".nvmrc")?.or(first_word(".node-version")?),
        python_file: first_word(".python-version")?,
        ..Runtimes::default()
    };
    for folder in members::find(root, imported.members.iter().map(String::as_str))?.folders {
        // A file that cannot be read is an error of the project itself.
        if let Some(Ok(package)) =
            inputs::text(&root.join(&*folder).join("package.json"))?.map(|text| import::package_json(&text))
        {
            runtimes.merge(package.runtimes);
        }
        if let Some(Ok(project)) =
            inputs::text(&root.join(&*folder).join("pyproject.toml"))?.map(|text| import::pyproject(&text))
        {
            runtimes.merge(project.runtimes);
        }
    }
    Ok(runtimes)
}

/// Returns the folders below the root, relative to it, that no workspace names and that are projects of their own: they
/// have a lockfile, or the root has no project of the kind.
pub(in crate::ops) fn projects_beside(root: &Path, imported: &Imported) -> Result<Vec<String>> {
    let mut search = Search { root, imported, lacking: Vec::new(), found: Vec::new() };
    for (file, _) in PROJECTS {
        if fs::stat(&root.join(file))?.is_none() {
            search.lacking.push(file);
        }
    }
    search.look("", DEPTH)?;
    search.found.sort();
    Ok(search.found)
}

/// Returns the folders below the root that have a requirements.txt, and no pyproject.toml with dependencies.
pub(in crate::ops) fn requirements_beside(root: &Path) -> Result<Vec<String>> {
    let mut found = Vec::new();
    let mut open = vec![(String::new(), DEPTH)];
    while let Some((folder, depth)) = open.pop() {
        for entry in fs::read_dir(&root.join(&folder))? {
            let Some(name) = entry.path.file_name().and_then(|name| name.to_str()) else { continue };
            if entry.kind != fs::Kind::Folder || name.starts_with('.') || ASIDE.contains(&name) {
                continue;
            }
            let below = if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") };
            let has = |file: &str| fs::stat(&root.join(&below).join(file)).map(|stat| stat.is_some());
            if has("requirements.txt")? && !declares_dependencies(&root.join(&below))? {
                found.push(below.clone());
            }
            if depth > 1 {
                open.push((below, depth - 1));
            }
        }
    }
    found.sort();
    Ok(found)
}

/// Returns whether a folder's pyproject.toml names dependencies of its own, and not only a project or settings of tools.
fn declares_dependencies(folder: &Path) -> Result<bool> {
    let text = inputs::text(&folder.join("pyproject.toml"))?;
    Ok(text.is_some_and(|text| import::pyproject(&text).is_ok_and(|project| !project.lines.is_empty())))
}

/// A search for projects below the root.
struct Search<'a> {
    root: &'a Path,
    imported: &'a Imported,
    /// The files that the root has not.
    lacking: Vec<&'static str>,
    found: Vec<String>,
}

impl Search<'_> {
    fn look(&mut self, folder: &str, depth: usize) -> Result<()> {
        for entry in fs::read_dir(&self.root.join(folder))? {
            let Some(name) = entry.path.file_name().and_then(|name| name.to_str()) else { continue };
            if entry.kind != fs::Kind::Folder || name.starts_with('.') || ASIDE.contains(&name) {
                continue;
            }
            let below = if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") };
            if self.imported.is_member(&below) || self.imported.is_excluded(&below) {
                continue;
            }
            if self.is_project(&below)? {
                self.found.push(below);
            } else if depth > 1 {
                self.look(&below, depth - 1)?;
            }
        }
        Ok(())
    }

    fn is_project(&self, folder: &str) -> Result<bool> {
        let has = |file: &str| fs::stat(&self.root.join(folder).join(file)).map(|stat| stat.is_some());
        for (file, locks) in PROJECTS {
            if !has(file)? {
                continue;
            }
            if self.lacking.contains(&file) {
                return Ok(true);
            }
            for lock in locks {
                if has(lock)? {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }
}
