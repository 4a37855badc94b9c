//! The versions that other tools' lockfiles chose, so that moving in moves none.
//!
//! | file | what it reads |
//! | --- | --- |
//! | `versions` | what all readers give: versions by package, by dependent and name, with digests |
//! | `places` | where packages came from, as lockfiles tell, and the hosts that serve what is public |
//! | `package_lock` | npm: `package-lock.json`, `npm-shrinkwrap.json` (lockfileVersion 2 and 3) |
//! | `pnpm_lock` | pnpm: `pnpm-lock.yaml` (6.x and 9.x) |
//! | `yarn_lock`, `berry_lock` | Yarn 1 and later: `yarn.lock` |
//! | `yarn_extensions` | what Yarn 2 and later adds to packages by a list of its own |
//! | `top_level` | which version Yarn has on top, where it has several |
//! | `bun_lock` | Bun: `bun.lock` |
//! | `requirements_lock` | pip, pip-compile, uv: a `requirements.txt` that a tool wrote |
//! | `pipfile_lock` | Pipenv: `Pipfile.lock` |
//! | `python_lock` | `uv.lock`, `poetry.lock`, `pdm.lock`, `pylock.toml` (PEP 751) |

mod berry_lock;
mod bun_lock;
mod package_lock;
mod pipfile_lock;
mod places;
mod pnpm_lock;
mod python_lock;
mod requirements_lock;
mod top_level;
mod versions;
mod yarn_extensions;
mod yarn_lock;

use std::path::Path;

use crate::diagnostic::{Exit, Failure};
use crate::model::{Dependent, Settings};

pub use places::LockedPlace;
pub use requirements_lock::is_written_by_a_tool;
pub use versions::{LockedVersions, NpmTree, PublishedDigest, RememberedPeer, remembered_peers};

/// The lockfiles that can be read, by their names, each with the file that declares what it locks.
pub const FILES: [(&str, &str); 10] = [
    ("package-lock.json", "package.json"),
    ("npm-shrinkwrap.json", "package.json"),
    ("pnpm-lock.yaml", "package.json"),
    ("yarn.lock", "package.json"),
    ("bun.lock", "package.json"),
    ("uv.lock", "pyproject.toml"),
    ("poetry.lock", "pyproject.toml"),
    ("pdm.lock", "pyproject.toml"),
    ("pylock.toml", "pyproject.toml"),
    ("Pipfile.lock", "Pipfile"),
];

/// The npm packages that a manifest asks for, each with its range. Yarn's lockfile has versions by ranges only.
#[derive(Clone, Debug)]
pub struct DeclaredRanges {
    /// Whose manifest it is.
    pub dependent: Dependent,
    /// Name and range.
    pub ranges: Vec<(String, String)>,
}

/// A lockfile that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, miette::Diagnostic)]
#[error("{file} cannot be read: {reason}")]
#[diagnostic(code(larder::import::lockfile), help("{help}"))]
pub struct ForeignLockfileError {
    /// The file's path.
    pub file: String,
    /// What is wrong with it.
    pub reason: String,
    /// The way out.
    pub help: String,
}

impl Failure for ForeignLockfileError {
    fn exit(&self) -> Exit {
        Exit::Manifest
    }
}

/// Why a reader gives up: the reason, and the way out where it is another one than to mend the file.
struct UnreadableLock {
    reason: String,
    help: Option<&'static str>,
}

impl From<String> for UnreadableLock {
    fn from(reason: String) -> Self {
        Self { reason, help: None }
    }
}

/// Reads a lockfile, which its name tells apart.
///
/// `folder` is the folder it lies in, relative to the root: members below it are named from the root. Of Python's
/// versions those count that a platform of `settings` may have.
///
/// # Errors
/// The file's grammar or its version is unknown.
pub fn read(
    file: &str,
    text: &str,
    folder: &str,
    declared: &[DeclaredRanges],
    settings: &Settings,
) -> Result<LockedVersions, ForeignLockfileError> {
    let text = text.trim_start_matches('\u{feff}');
    let name = file.rsplit('/').next().unwrap_or(file);
    let mut versions = LockedVersions::new(folder);
    let outcome = match name {
        "package-lock.json" | "npm-shrinkwrap.json" => package_lock::read(text, &mut versions),
        "pnpm-lock.yaml" => pnpm_lock::read(text, &mut versions),
        "yarn.lock" if text.contains("\n__metadata:") || text.starts_with("__metadata:") => {
            berry_lock::read(text, &mut versions)
        }
        "yarn.lock" => yarn_lock::read(text, declared, &mut versions),
        "bun.lock" => bun_lock::read(text, &mut versions),
        "uv.lock" | "poetry.lock" | "pdm.lock" => python_lock::read(text, settings, &mut versions),
        "Pipfile.lock" => pipfile_lock::read(text, &mut versions),
        _ if name.starts_with("pylock.") => python_lock::read(text, settings, &mut versions),
        _ if is_requirements(name) => {
            requirements_lock::read(text, &mut versions);
            Ok(())
        }
        _ => Err(UnreadableLock {
            reason: "it is no lockfile that is known".to_owned(),
            help: Some(
                "known are package-lock.json, pnpm-lock.yaml, yarn.lock, bun.lock, uv.lock, poetry.lock, pdm.lock, pylock.toml, Pipfile.lock, requirements.txt",
            ),
        }),
    };
    match outcome {
        Ok(()) => {
            if !is_requirements(name) || is_written_by_a_tool(text) {
                versions.be_whole();
            }
            Ok(versions)
        }
        Err(UnreadableLock { reason, help }) => Err(ForeignLockfileError {
            file: file.to_owned(),
            reason,
            help: help.unwrap_or("let its own tool write it anew, or leave it out: `larder init --no-lock`").to_owned(),
        }),
    }
}

/// Returns whether a lockfile has requirements, by its name or path.
pub fn is_requirements(name: &str) -> bool {
    let path = Path::new(name);
    let is_called =
        |prefix: &str| path.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.starts_with(prefix));
    path.extension().is_some_and(|extension| extension == "txt" || extension == "lock" && is_called("requirements"))
}

/// Parses YAML. Documents that grow as they are read (aliases of aliases) are refused by the parser's own budget.
pub(super) fn parse_yaml<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, String> {
    serde_saphyr::from_str_with_options(text, yaml_options()).map_err(|error| error.to_string())
}

/// Parses the last of several documents of YAML.
fn parse_last_yaml<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, String> {
    let all = serde_saphyr::from_multiple_with_options(text, yaml_options()).map_err(|error| error.to_string())?;
    all.into_iter().next_back().ok_or_else(|| "it is empty".to_owned())
}

fn yaml_options() -> serde_saphyr::Options {
    // A workspace of a thousand packages has some 100,000 lines.
    serde_saphyr::options! {
        budget: serde_saphyr::budget! { max_nodes: 8_000_000, max_events: 16_000_000, simple_key_max_lookahead: 1 << 16 },
        // Lockfiles have no aliases, and what people write has a few.
        alias_limits: serde_saphyr::alias_limits! { max_total_replayed_events: 20_000 },
        with_snippet: false,
    }
}

#[cfg(test)]
mod tests;
