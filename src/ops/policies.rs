//! Policies, refused with every reason at once.

use crate::lock::{Closure, Lockfile};
use crate::manifest::Environment;
use crate::policy::{self, Document, PolicyError};

use super::context::LOCKFILE;
use super::{Project, Result};

/// Fails where the environment's policy forbids what the closure has.
pub(super) fn check(
    project: &Project,
    environment: &Environment,
    lockfile: &Lockfile,
    closure: &Closure<'_>,
) -> Result<()> {
    let findings = policy::check(closure, &environment.policy);
    if findings.is_empty() {
        return Ok(());
    }
    let manifest = Document { file: &project.manifest.file, text: &project.manifest.text };
    let text = lockfile.to_text();
    match PolicyError::new(&findings, manifest, Document { file: LOCKFILE, text: &text }) {
        Some(error) => Err(error.into()),
        None => Ok(()),
    }
}
