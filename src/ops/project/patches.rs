//! The patches of a project: their files, checked as they are read.

use std::sync::Arc;

use miette::{NamedSource, SourceSpan};

use super::watched::Watched;
use super::{Project, inputs};
use crate::diagnostic::{Exit, Failure, size};
use crate::lock::Lockfile;
use crate::manifest::{Manifest, PatchLine, edit};
use crate::model::{Digest, PackageKey, PatchedPackage};
use crate::ops::{Context, Event, Result};
use crate::patch::{MAX_PATCH_SIZE, PackagePatch};
use crate::profile;

/// Reads the patches that the root's manifest names, and notes their digests in its settings.
pub(super) fn read_all(root: &std::path::Path, manifest: &mut Manifest, watched: &mut Watched) -> Result<()> {
    let mut patches = Vec::with_capacity(manifest.patches.len());
    for line in &manifest.patches {
        watched.note(root.join(&*line.file))?;
        let bytes = read(root, manifest, line)?;
        let digest = Digest::sha256_of(&bytes);
        patches.push(PatchedPackage { package: line.package.clone(), version: line.version.clone(), digest });
    }
    patches.sort_by(|a, b| (&a.package, &a.version).cmp(&(&b.package, &b.version)));
    manifest.settings.patches = patches;
    Ok(())
}

/// Reads one patch, which has to be sound.
fn read(root: &std::path::Path, manifest: &Manifest, line: &PatchLine) -> Result<Vec<u8>> {
    profile::check_stays_inside(root, std::path::Path::new(&*line.file))?;
    let wrong = |reason: String| PatchLineError::new(manifest, line, reason);
    let Some(bytes) = inputs::read(&root.join(&*line.file), MAX_PATCH_SIZE)? else {
        return Err(wrong(format!("there is no `{}`", line.file)).into());
    };
    PackagePatch::parse(&bytes).map_err(|error| wrong(format!("`{}` cannot be used: {error}", line.file)))?;
    Ok(bytes)
}

impl Project {
    /// Returns the patch of a package, which must be the one that was locked.
    pub(in crate::ops) fn patch(&self, locked: &PatchedPackage) -> Result<Vec<u8>> {
        let named = || format!("{}@{}", locked.package, locked.version);
        let Some(line) = self.manifest.patch_of(&locked.package, &locked.version) else {
            return Err(OtherPatch { what: format!("larder.kdl has no patch of {}", named()) }.into());
        };
        let bytes = read(&self.root, &self.manifest, line)?;
        if !locked.digest.is_of(&bytes) {
            return Err(OtherPatch { what: format!("`{}` is not the patch of {}", line.file, named()) }.into());
        }
        Ok(bytes)
    }

    /// Fails where the manifest has a patch for a version that the lock has not: it would silently do nothing.
    pub(in crate::ops) fn check_patches_are_used(&self, lockfile: &Lockfile) -> Result<()> {
        match self.unused_patches(lockfile).into_iter().next() {
            Some((line, reason)) => Err(PatchLineError::unused(&self.manifest, line, reason).into()),
            None => Ok(()),
        }
    }

    /// Returns the manifest's text with the patches commented out that match nothing, and takes them out of the lock. `None` if all are
    /// used.
    pub(in crate::ops) fn without_unused_patches(
        &self,
        context: &Context<'_>,
        lockfile: &mut Lockfile,
    ) -> Option<String> {
        let unused = self.unused_patches(lockfile);
        for (_, reason) in &unused {
            (context.reporter)(Event::Warning(format!(
                "{reason}: its line in {} is commented out",
                self.manifest.file
            )));
        }
        let is_used = |patch: &PatchedPackage| {
            !unused.iter().any(|(line, _)| line.package.is_same(&patch.package) && line.version == patch.version)
        };
        lockfile.settings.patches.retain(is_used);
        let spans = unused.iter().map(|(line, _)| line.span);
        (!unused.is_empty()).then(|| edit::commented_out(&self.manifest.text, spans))
    }

    /// Returns the patches for versions that the lock has not, each with what is wrong.
    fn unused_patches(&self, lockfile: &Lockfile) -> Vec<(&PatchLine, String)> {
        let mut unused = Vec::new();
        for line in &self.manifest.patches {
            let is_same = |key: &&PackageKey| key.id.is_same(&line.package);
            let locked: Vec<&PackageKey> = lockfile.graph.packages.keys().filter(is_same).collect();
            if locked.iter().any(|key| key.version == line.version) {
                continue;
            }
            let versions: Vec<_> = locked.iter().map(|key| key.version.to_string()).collect();
            let there = if versions.is_empty() {
                "does not have the package".to_owned()
            } else {
                format!("has {}", versions.join(", "))
            };
            let reason = format!("the patch is for {}@{}, and the solution {there}", line.package, line.version);
            unused.push((line, reason));
        }
        unused
    }
}

/// A patch line that cannot be followed.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("{reason}")]
#[diagnostic(code(larder::patch::unusable))]
pub(in crate::ops) struct PatchLineError {
    #[source_code]
    source_code: NamedSource<Arc<str>>,
    #[label("named here")]
    span: SourceSpan,
    reason: String,
    #[help]
    help: String,
    exit: Exit,
}

impl PatchLineError {
    fn new(manifest: &Manifest, line: &PatchLine, reason: String) -> Self {
        Self {
            source_code: NamedSource::new(&*manifest.file, Arc::clone(&manifest.text)),
            span: line.span,
            reason,
            help: format!(
                "a patch is a diff in git's form, of at most {}, whose paths are those of the package: `larder patch NAME` makes one",
                size(MAX_PATCH_SIZE)
            ),
            exit: Exit::Manifest,
        }
    }

    fn unused(manifest: &Manifest, line: &PatchLine, reason: String) -> Self {
        let help =
            "ask for that version, or make the patch anew for the one that is there: `larder patch NAME`".to_owned();
        Self { help, exit: Exit::Refused, ..Self::new(manifest, line, reason) }
    }

    /// Says that a patch does not fit its package.
    pub(in crate::ops) fn does_not_fit(manifest: &Manifest, package: &PackageKey, reason: &str) -> Option<Self> {
        let line = manifest.patch_of(&package.id, &package.version)?;
        let reason = format!("the patch does not apply to {package}: {reason}");
        Some(Self { exit: Exit::Refused, ..Self::new(manifest, line, reason) })
    }
}

impl Failure for PatchLineError {
    fn exit(&self) -> Exit {
        self.exit
    }
}

/// A patch that is another one than was locked.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("{what} that is locked")]
#[diagnostic(code(larder::patch::not_locked), help("bring the patch back, or lock again: `larder lock`"))]
struct OtherPatch {
    what: String,
}

impl Failure for OtherPatch {
    fn exit(&self) -> Exit {
        Exit::Refused
    }
}
