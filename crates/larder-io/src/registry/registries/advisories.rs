//! What registries answer about known vulnerabilities.

use std::sync::Arc;

use super::Registries;
use crate::diagnostic::Failure;
use crate::fetch::{Upload, UploadMethod};
use crate::model::Label;
use crate::registry::RegistryError;

impl Registries {
    /// Sends a question about versions to a registry. Returns its answer: see [`crate::advisory::parse_npm_bulk`] for both.
    pub fn advisories(&self, label: &Label, question: Vec<u8>) -> Result<Vec<u8>, Arc<dyn Failure>> {
        let registry = self.entry(label)?;
        let undeclared = || -> Arc<dyn Failure> { Arc::new(RegistryError::Undeclared { registry: label.clone() }) };
        let path = registry.protocol.advisories().ok_or_else(undeclared)?;
        let upload =
            Upload { method: UploadMethod::Post, ..Upload::put(path.to_owned(), "application/json", question) };
        let answer = registry.client.put(&upload).map_err(|error| Arc::new(error) as Arc<dyn Failure>)?;
        match answer.refusal() {
            Some(error) => Err(Arc::new(error)),
            None => Ok(answer.bytes),
        }
    }
}
