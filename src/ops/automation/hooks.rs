//! `larder hooks install`: a `pre-commit` hook of git. One that is there is kept, and runs first.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Serialize;

use crate::diagnostic::{Exit, Failure};
use crate::fs;
use crate::ops::project::find_root;
use crate::ops::{Context, Result};
use crate::profile::python::on_path;

use super::placed::{Existing, place};
use super::{PlacedFile, PlacedState};

/// The hook.
const HOOK: &str = "pre-commit";

/// The name of a hook that was there before.
const BEFORE: &str = "pre-commit.before-larder";

/// What larder's own hook has in its second line.
const MARK: &str = "# Made by `larder hooks install`";

/// The largest hook that is looked into.
const LARGEST: u64 = 1 << 20;

/// `larder hooks install --json`: see `schema/hooks.json`.
#[derive(Debug, Serialize)]
pub struct InstalledHook {
    /// The hook.
    #[serde(flatten)]
    pub hook: PlacedFile,
    /// The hook that was there before, and that larder's runs first.
    pub before: Option<PathBuf>,
}

/// Installs the hook in the repository of the project.
pub fn install(context: &Context<'_>) -> Result<InstalledHook> {
    let root = find_root(context)?;
    let folder = Repository::of(context, &root)?;
    let (hook, before) = (folder.hooks.join(HOOK), folder.hooks.join(BEFORE));
    let there = fs::read_up_to(&hook, LARGEST)?;
    let is_own = there.as_ref().is_some_and(|bytes| String::from_utf8_lossy(bytes).contains(MARK));
    if (there.is_some() || fs::lstat(&hook)?.is_some()) && !is_own {
        if fs::lstat(&before)?.is_some() {
            return Err(TwoHooks { hook, before }.into());
        }
        fs::rename(&hook, &before)?;
    }
    let placed = place(&hook, &text(&folder.below), Existing::Replaced)?;
    if placed.state != PlacedState::Kept {
        fs::set_executable(&hook)?;
    }
    let before = fs::lstat(&before)?.is_some().then_some(before);
    Ok(InstalledHook { hook: placed, before })
}

/// Where the hooks of a project's repository are.
struct Repository {
    hooks: PathBuf,
    /// The project's folder, relative to the repository's; empty if it is that one, otherwise with a slash at its end.
    below: String,
}

impl Repository {
    fn of(context: &Context<'_>, root: &Path) -> Result<Self> {
        let git = on_path(&context.variables.search_path(), "git").ok_or(NoRepository::NoGit)?;
        let ask = |words: &[&str]| {
            let answer = Command::new(&git).arg("-C").arg(root).args(words).output();
            let answer = answer.map_err(|error| NoRepository::Git(error.to_string()))?;
            if !answer.status.success() {
                let said = String::from_utf8_lossy(&answer.stderr).trim().to_owned();
                return Err(NoRepository::Git(said));
            }
            let text = String::from_utf8(answer.stdout).map_err(|error| NoRepository::Git(error.to_string()))?;
            Ok(text.trim_end_matches('\n').to_owned())
        };
        let hooks = root.join(ask(&["rev-parse", "--git-path", "hooks"])?);
        Ok(Self { hooks, below: ask(&["rev-parse", "--show-prefix"])? })
    }
}

/// Returns the hook of a project in this folder of its repository.
fn text(below: &str) -> String {
    let folder = below.trim_end_matches('/').replace('\'', r"'\''");
    let folder = if folder.is_empty() { String::new() } else { format!("/'{folder}'") };
    format!(
        r#"#!/bin/sh
{MARK}: what is committed is valid, and what it locks is allowed.
# `git commit --no-verify` goes past it.
before=$(dirname "$0")/{BEFORE}
if [ -x "$before" ]; then
    "$before" "$@" || exit $?
fi
if ! command -v larder >/dev/null 2>&1; then
    echo "pre-commit: larder is not on PATH" >&2
    exit 1
fi
cd "$(git rev-parse --show-toplevel)"{folder} || exit 1
larder --quiet check || exit $?
# Licenses and what else the policy says is part of it.
if ! git diff --cached --quiet -- larder.kdl larder.lock; then
    larder --quiet audit || exit $?
fi
"#
    )
}

/// Why there is no place for a hook.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
enum NoRepository {
    /// There is no git.
    #[error("git is not on PATH")]
    #[diagnostic(code(larder::automation::no_git))]
    NoGit,
    /// git says where no hooks are.
    #[error("git does not tell where hooks are: {0}")]
    #[diagnostic(code(larder::automation::no_repository), help("hooks are for a repository: `git init` makes one"))]
    Git(String),
}

impl Failure for NoRepository {
    fn exit(&self) -> Exit {
        Exit::Manifest
    }
}

/// Two hooks, neither of which is larder's own.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("`{}` is not larder's, and `{}` is there too", hook.display(), before.display())]
#[diagnostic(
    code(larder::automation::two_hooks),
    help("something replaced larder's hook: make one of both, under the second name, and run again")
)]
struct TwoHooks {
    hook: PathBuf,
    before: PathBuf,
}

impl Failure for TwoHooks {
    fn exit(&self) -> Exit {
        Exit::Refused
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hook_goes_to_the_projects_folder() {
        assert!(text("").contains("--show-toplevel)\" || exit 1\n"));
        assert!(text("apps/it's/").contains("--show-toplevel)\"/'apps/it'\\''s' || exit 1\n"));
    }
}
