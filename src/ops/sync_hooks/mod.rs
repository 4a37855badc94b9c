//! The hooks of a manifest: programs of the project that run before and after a sync.
//!
//! A manifest may come from anybody. So a hook runs only where this user allowed exactly it: this command, this content of its
//! file, in this checkout. None runs under `--frozen` or in CI unless `--hooks` asks for them.
//!
//! | file | what it owns |
//! | --- | --- |
//! | `consent` | which hooks the user allowed; `larder hooks allow` |
//! | `program` | a hook's file, through no link |
//! | `run` | running one, within a time limit |

mod consent;
mod program;
mod run;

use std::path::Path;

use crate::diagnostic::{Exit, Failure};
use crate::manifest::{self, Hook, HookTime, ManifestKind};
use crate::ops::lock::LockUse;
use crate::ops::project::inputs;
use crate::ops::session::MANIFEST;
use crate::ops::{Context, Event, Result, Variables};

use consent::Consent;
pub use consent::{AllowedHook, AllowedHooks, allow};
use program::HookProgram;
pub(in crate::ops) use run::RunOf;

/// The variable that a hook's process has. What it starts runs no hooks.
const IN_HOOK: &str = "LARDER_HOOK";

/// Variables that systems of CI set. `CI` alone is not set by all of them.
const CI: [&str; 8] = [
    "GITHUB_ACTIONS",
    "GITLAB_CI",
    "BUILDKITE",
    "TF_BUILD",
    "JENKINS_URL",
    "TEAMCITY_VERSION",
    "CODEBUILD_BUILD_ID",
    "BITBUCKET_BUILD_NUMBER",
];

/// Whether a sync runs hooks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum HookUse {
    /// Those that the user allowed, unless under `--frozen` or in CI.
    #[default]
    Allowed,
    /// All of them: one that is not allowed is an error.
    Demanded,
    /// None.
    Never,
}

impl HookUse {
    /// Returns what holds under these circumstances.
    pub(in crate::ops) fn under(self, lock: LockUse, variables: &Variables) -> Self {
        match self {
            // A sync that a hook began would run the hook again.
            _ if variables.is_set(IN_HOOK) => Self::Never,
            Self::Allowed if matches!(lock, LockUse::Frozen(_)) || is_ci(variables) => Self::Never,
            other => other,
        }
    }
}

/// Returns whether larder runs in a system of CI. `CI=false` counts where nothing else says so.
fn is_ci(variables: &Variables) -> bool {
    let says_no = |value: &str| matches!(value, "false" | "0");
    variables.text("CI").is_some_and(|value| !says_no(&value)) || CI.iter().any(|name| variables.is_set(name))
}

/// Runs the hooks of a time, one after the other; the first that fails ends it. `run` says what they are told.
pub(in crate::ops) fn run(
    context: &Context<'_>,
    root: &Path,
    hook_use: HookUse,
    time: HookTime,
    run: &RunOf<'_>,
) -> Result<()> {
    if hook_use == HookUse::Never {
        return Ok(());
    }
    let hooks = declared(root, time)?;
    if hooks.is_empty() {
        return Ok(());
    }
    let consent = Consent::read(context)?;
    let mut ready = Vec::new();
    for hook in &hooks {
        let program = HookProgram::find(root, hook)?;
        match (consent.covers(root, hook, &program), hook_use) {
            (true, _) => ready.push((hook, program)),
            (false, HookUse::Demanded) => return Err(NotAllowed::new(hook).into()),
            (false, _) => (context.reporter)(Event::Warning(format!(
                "hook `{} {}` was not run: nobody allowed it on this machine as it is now. Read it, then run `larder hooks allow`",
                time.as_str(),
                hook.command
            ))),
        }
    }
    for (hook, program) in ready {
        run::run(context, root, hook, &program, run)?;
    }
    Ok(())
}

/// Whether a hook may run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::ops) enum HookState {
    /// It may.
    Allowed,
    /// Nobody allowed it as it is.
    NotAllowed,
}

/// Returns the hooks that a project declares, as people are told of them.
pub(in crate::ops) fn states(context: &Context<'_>, root: &Path) -> Result<Vec<(String, HookState)>> {
    let consent = Consent::read(context)?;
    let mut states = Vec::new();
    for time in [HookTime::BeforeSync, HookTime::AfterSync] {
        for hook in declared(root, time)? {
            let is_allowed = consent.covers(root, &hook, &HookProgram::find(root, &hook)?);
            let state = if is_allowed { HookState::Allowed } else { HookState::NotAllowed };
            states.push((format!("{} {}", time.as_str(), hook.command), state));
        }
    }
    Ok(states)
}

/// Returns the hooks of a time that the manifest declares. A manifest with errors has none: the sync tells of them.
fn declared(root: &Path, time: HookTime) -> Result<Vec<Hook>> {
    let text = inputs::manifest(&root.join(MANIFEST))?;
    let manifest = manifest::parse(MANIFEST, &text, ManifestKind::Root);
    let hooks = manifest.map(|manifest| manifest.hooks).unwrap_or_default();
    Ok(hooks.into_iter().filter(|hook| hook.time == time).collect())
}

/// A hook that was asked for and nobody allowed.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("hook `{hook}` is not allowed on this machine as it is now")]
#[diagnostic(
    code(larder::hooks::not_allowed),
    help("nothing was run and nothing was changed. Read the file; `larder hooks allow` allows it in this checkout")
)]
struct NotAllowed {
    hook: String,
}

impl NotAllowed {
    fn new(hook: &Hook) -> Self {
        Self { hook: format!("{} {}", hook.time.as_str(), hook.command) }
    }
}

impl Failure for NotAllowed {
    fn exit(&self) -> Exit {
        Exit::Refused
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::lock::Absent;

    #[test]
    fn no_hook_runs_in_ci_or_under_frozen_or_in_a_hook() {
        let holds = |set: &[(&str, &str)], wanted: HookUse, lock: LockUse| {
            let variables = set.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
            wanted.under(lock, &variables)
        };
        let update = LockUse::Update;
        assert_eq!(holds(&[], HookUse::Allowed, update), HookUse::Allowed);
        assert_eq!(holds(&[("CI", "false")], HookUse::Allowed, update), HookUse::Allowed);
        assert_eq!(holds(&[("CI", "")], HookUse::Allowed, update), HookUse::Allowed);
        for ci in [&[("CI", "true")][..], &[("CI", "false"), ("GITLAB_CI", "")], &[("TF_BUILD", "True")]] {
            assert_eq!(holds(ci, HookUse::Allowed, update), HookUse::Never, "{ci:?}");
            assert_eq!(holds(ci, HookUse::Demanded, update), HookUse::Demanded, "{ci:?}");
        }
        assert_eq!(holds(&[], HookUse::Allowed, LockUse::Frozen(Absent::Refused)), HookUse::Never);
        assert_eq!(holds(&[(IN_HOOK, "x")], HookUse::Demanded, update), HookUse::Never);
    }
}
