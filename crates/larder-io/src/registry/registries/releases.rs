//! Packages of a project that are sent to their registries, each file once.

use std::sync::Arc;

use super::Registries;
use crate::diagnostic::Failure;
use crate::model::Label;
use crate::registry::release::{PackedRelease, ReleaseFolder, ReleaseUpload, UploadRefused, Uploaded};

/// The most characters of a registry's words that are shown.
const MAX_SHOWN: usize = 300;

impl Registries {
    /// Returns the globs of files that a registry's packages have though git ignores them.
    pub fn release_includes(
        &self,
        label: &Label,
        read: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Vec<String>, Arc<dyn Failure>> {
        Ok(self.entry(label)?.protocol.release_includes(read))
    }

    /// Packs a folder for a registry. Returns `None` if it is no package of the registry's ecosystem. The inner error is the reason
    /// why it cannot be packed.
    pub fn pack_release(
        &self,
        label: &Label,
        folder: &ReleaseFolder<'_>,
    ) -> Result<Result<Option<PackedRelease>, String>, Arc<dyn Failure>> {
        let registry = self.entry(label)?;
        Ok(registry.protocol.pack_release(&registry.client, folder))
    }

    /// Sends a file to a registry, unless it has it.
    pub fn send_release(&self, label: &Label, release: &ReleaseUpload) -> Result<Uploaded, Arc<dyn Failure>> {
        if self.has_release(label, release)? {
            return Ok(Uploaded::Unchanged);
        }
        let answer =
            self.entry(label)?.client.put(&release.upload).map_err(|error| Arc::new(error) as Arc<dyn Failure>);
        let answer = match answer {
            Ok(answer) if (200..300).contains(&answer.status) => return Ok(Uploaded::Added),
            answer => answer,
        };
        // An answer that was lost, or an upload that arrived twice.
        if self.has_release(label, release)? {
            return Ok(Uploaded::Added);
        }
        let answer = answer?;
        let said = String::from_utf8_lossy(&answer.bytes);
        let said: String = said.chars().filter(|c| !c.is_control()).take(MAX_SHOWN).collect();
        let reason = if said.trim().is_empty() { format!("it does not say why: {}", answer.url) } else { said };
        let (registry, file) = (label.clone(), release.file.clone());
        Err(Arc::new(UploadRefused { registry, file, status: answer.status, reason }))
    }

    /// Returns whether a registry has a file with this content.
    fn has_release(&self, label: &Label, release: &ReleaseUpload) -> Result<bool, Arc<dyn Failure>> {
        let document = self.file(label, &release.document)?.unwrap_or_default();
        // Some write `/` as `\/`.
        let text = String::from_utf8_lossy(&document).replace("\\/", "/");
        Ok(text.contains(&release.digest))
    }
}
