//! Which hooks this user allowed.
//!
//! The user's configuration has a file `allowed-hooks`, a hook a line: a digest over the checkout's path, the line of the manifest
//! and the content of the program, and what it stands for, for people. Only the digest counts.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::HookTime;
use super::program::HookProgram;
use crate::diagnostic::{Exit, Failure};
use crate::fs::{self, Durability};
use crate::manifest::{self, Hook, ManifestKind};
use crate::model::TreeDigest;
use crate::ops::project::{self, inputs};
use crate::ops::session::MANIFEST;
use crate::ops::{Context, Result};

/// No file of consents is larger.
const LARGEST: u64 = 1 << 20;

/// `larder hooks allow --json`: see `schema/hooks-allow.json`.
#[derive(Debug, Serialize)]
pub struct AllowedHooks {
    /// The hooks of the manifest.
    pub hooks: Vec<AllowedHook>,
}

/// A hook that is allowed.
#[derive(Debug, Serialize)]
pub struct AllowedHook {
    /// `before sync` or `after sync`.
    pub time: &'static str,
    /// The command.
    pub command: String,
    /// Its program.
    pub program: PathBuf,
    /// The digest of the program.
    pub digest: String,
    /// Whether it was allowed before.
    pub was_allowed: bool,
}

/// Allows the hooks that the project declares, as they are now.
///
/// # Errors
/// If the manifest has errors: a hook that cannot be read is none that somebody allowed.
pub fn allow(context: &Context<'_>) -> Result<AllowedHooks> {
    let root = project::find_root(context)?;
    let mut consent = Consent::read(context)?;
    let text = inputs::manifest(&root.join(MANIFEST))?;
    let declared = manifest::parse(MANIFEST, &text, ManifestKind::Root)?.hooks;
    let mut hooks = Vec::new();
    for time in [HookTime::BeforeSync, HookTime::AfterSync] {
        for hook in declared.iter().filter(|hook| hook.time == time).cloned() {
            let program = HookProgram::find(&root, &hook)?;
            let was_allowed = consent.covers(&root, &hook, &program);
            consent.add(&root, &hook, &program);
            hooks.push(AllowedHook {
                time: time.as_str(),
                command: hook.command,
                program: program.path,
                digest: program.digest.to_string(),
                was_allowed,
            });
        }
    }
    if hooks.iter().any(|hook| !hook.was_allowed) {
        consent.write(context)?;
    }
    Ok(AllowedHooks { hooks })
}

/// What this user allowed.
#[derive(Clone, Debug, Default)]
pub(super) struct Consent {
    digests: BTreeSet<String>,
    lines: Vec<String>,
}

impl Consent {
    /// Reads it.
    pub(super) fn read(context: &Context<'_>) -> Result<Self> {
        // A relative folder would be one of the project.
        if !context.configuration.is_absolute() {
            return Ok(Self::default());
        }
        let text = fs::read_up_to(&file(context), LARGEST)?.unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let lines: Vec<String> = text.lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect();
        let digests = lines.iter().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect();
        Ok(Self { digests, lines })
    }

    /// Returns whether a hook is allowed as it is.
    pub(super) fn covers(&self, root: &Path, hook: &Hook, program: &HookProgram) -> bool {
        self.digests.contains(&key(root, hook, program))
    }

    fn add(&mut self, root: &Path, hook: &Hook, program: &HookProgram) {
        let key = key(root, hook, program);
        if self.digests.insert(key.clone()) {
            let (time, root) = (hook.time.as_str(), root.to_string_lossy());
            self.lines.push(format!("{key} {time} {} in {}", hook.command.escape_debug(), root.escape_debug()));
        }
    }

    fn write(&self, context: &Context<'_>) -> Result<()> {
        if !context.configuration.is_absolute() {
            return Err(NoConfiguration.into());
        }
        let mut text = "# Hooks of projects that may run: `larder hooks allow`\n".to_owned();
        for line in &self.lines {
            // Writing to a string does not fail.
            let _ = writeln!(text, "{line}");
        }
        fs::create_dir_all(&context.configuration)?;
        Ok(fs::write_atomic(&file(context), text.as_bytes(), Durability::Whole)?)
    }
}

fn file(context: &Context<'_>) -> PathBuf {
    context.configuration.join("allowed-hooks")
}

/// Returns the digest that stands for a hook. Each part is preceded by its length, so that no two hooks are written alike.
fn key(root: &Path, hook: &Hook, program: &HookProgram) -> String {
    let mut text = b"larder hook 1".to_vec();
    let parts = [root.as_os_str().as_bytes(), hook.time.as_str().as_bytes(), hook.command.as_bytes()];
    for part in parts {
        text.extend_from_slice(&(part.len() as u64).to_le_bytes());
        text.extend_from_slice(part);
    }
    text.extend_from_slice(&program.digest.0);
    TreeDigest::of(&text).to_string()
}

/// There is no place outside of the project to remember it.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("there is no folder for the user's configuration")]
#[diagnostic(code(larder::hooks::no_configuration), help("set HOME or XDG_CONFIG_HOME to an absolute path"))]
struct NoConfiguration;

impl Failure for NoConfiguration {
    fn exit(&self) -> Exit {
        Exit::Machine
    }
}
