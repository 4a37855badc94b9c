//! Single files of a registry that is a folder of static files.

use std::sync::Arc;

use super::Registries;
use crate::diagnostic::Failure;
use crate::fetch::{Encoding, Request, RequestTarget, Upload, UploadAnswer};
use crate::model::Label;

/// The most bytes of a file: of what a build made.
const LARGEST: u64 = 1 << 30;

impl Registries {
    /// Returns a file of a registry, past all caches. Returns `None` if it does not have it.
    pub fn file(&self, label: &Label, path: &str) -> Result<Option<Vec<u8>>, Arc<dyn Failure>> {
        let client = &self.entry(label)?.client;
        let request = Request {
            target: RequestTarget::Below(path),
            encoding: Encoding::Identity,
            past_caches: true,
            limit: Some(LARGEST),
            ..Request::default()
        };
        match client.http.read(&client.endpoint, &request) {
            Ok(answer) => Ok(Some(answer.bytes)),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(Arc::new(error)),
        }
    }

    /// Puts a file of a registry. Returns the server's answer, which may be a refusal.
    pub fn put_file(&self, label: &Label, path: &str, content: Vec<u8>) -> Result<UploadAnswer, Arc<dyn Failure>> {
        let upload = Upload::put(path.to_owned(), "application/octet-stream", content);
        self.entry(label)?.client.put(&upload).map_err(|error| Arc::new(error) as Arc<dyn Failure>)
    }
}
