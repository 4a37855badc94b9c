//! What is published to the registries.

use std::sync::Arc;

use super::Registries;
use crate::diagnostic::Failure;
use crate::fetch::{Upload, UploadAnswer};
use crate::model::Label;
use crate::package::Submission;
use crate::registry::RegistryError;

impl Registries {
    /// Sends a submission to a path of a registry's interface. Returns the registry's answer, which may be a refusal.
    pub fn submit(&self, label: &Label, path: &str, submission: &Submission) -> Result<UploadAnswer, Arc<dyn Failure>> {
        let registry = self.entry(label)?;
        let undeclared = || -> Arc<dyn Failure> { Arc::new(RegistryError::Undeclared { registry: label.clone() }) };
        let interface = registry.protocol.publications(&registry.client)?.ok_or_else(undeclared)?;
        let bad = |reason| -> Arc<dyn Failure> {
            let (registry, file) = (label.clone(), path.to_owned());
            Arc::new(RegistryError::LarderFile { registry, file, reason })
        };
        let content = submission.to_upload().map_err(bad)?;
        let upload = Upload::put(format!("{interface}{path}"), Submission::MEDIA_TYPE, content);
        registry.client.put(&upload).map_err(|error| Arc::new(error) as Arc<dyn Failure>)
    }
}
