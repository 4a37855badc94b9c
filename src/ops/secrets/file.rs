//! Files whose content may be sent: those of the project, and those of larder's own configuration.

use std::path::{Component, Path, PathBuf};

use crate::fs;
use crate::ops::{Context, Project, Result};

/// No secret is longer.
const LONGEST: u64 = 64 << 10;

/// What a file that a manifest names as a secret is.
#[derive(Debug)]
pub(in crate::ops) enum SecretFile {
    /// It may be sent: this is what it has.
    Text(Vec<u8>),
    /// It lies somewhere else, or leads there.
    Outside,
}

/// Reads a file that a manifest names as a secret. Links are followed, and what they lead to counts.
///
/// # Errors
/// The file cannot be read, is none, or is too long.
pub(in crate::ops) fn read(context: &Context<'_>, project: &Project, file: &str) -> Result<SecretFile> {
    let path = match (file.strip_prefix("~/"), context.variables.absolute("HOME")) {
        (Some(below), Some(home)) => home.join(below),
        _ => project.root.join(file),
    };
    let places = [project.root.as_path(), &context.configuration];
    if !places.iter().any(|folder| is_within(&without_dots(&path), folder)) {
        return Ok(SecretFile::Outside);
    }
    // A link of the checkout may lead out of it.
    let real = fs::canonicalize(&path)?;
    let real_places = places.iter().filter_map(|folder| fs::canonicalize(folder).ok());
    if !real_places.into_iter().any(|folder| is_within(&real, &folder)) {
        return Ok(SecretFile::Outside);
    }
    Ok(SecretFile::Text(fs::read_up_to(&real, LONGEST)?.unwrap_or_default()))
}

/// Tells whether a path lies in a folder, and not in what git keeps there: remotes have passwords.
fn is_within(path: &Path, folder: &Path) -> bool {
    let below =
        path.strip_prefix(folder).ok().filter(|below| !folder.as_os_str().is_empty() && !below.as_os_str().is_empty());
    below.is_some_and(|below| below.components().all(|part| part.as_os_str() != ".git"))
}

fn without_dots(path: &Path) -> PathBuf {
    let mut clean = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => drop(clean.pop()),
            part => clean.push(part),
        }
    }
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_lie_in_the_project_or_in_the_configuration() {
        let inside = |path: &str| is_within(&without_dots(Path::new(path)), Path::new("/p"));
        assert!(inside("/p/token") && inside("/p/a/../b/./token"));
        for outside in ["/p", "/p/../q", "/p/a/../../q", "/px/token", "/p/.git/config", "/p/vendor/.git/config"] {
            assert!(!inside(outside), "{outside}");
        }
        assert!(!is_within(Path::new("/a"), Path::new("")));
    }
}
