//! Submissions of publishers who do not have the log's key. They lie in `incoming/` until somebody who has it integrates them.
//!
//! ```text
//! incoming/<random>.json      the submission
//! incoming/<sha256>.tar.gz    its archive
//! ```

use super::error::FolderError;
use super::open::{FolderRegistry, LockedFolder};
use crate::fs;
use crate::package::Submission;

/// The folder of submissions.
const INCOMING: &str = "incoming";

/// The largest submission without its archive.
const LARGEST: u64 = 1 << 20;

impl FolderRegistry {
    /// Leaves a submission.
    pub fn submit(&self, submission: &Submission) -> Result<(), FolderError> {
        let file = format!("{}.json", fs::random_name());
        let json = submission.to_json().map_err(|reason| FolderError::Submission { file: file.clone(), reason })?;
        if let (Some(digest), Some(content)) = (submission.archive_digest(), &submission.archive) {
            self.write(format!("{INCOMING}/{digest}.tar.gz"), content)?;
        }
        self.write(format!("{INCOMING}/{file}"), &json)
    }
}

impl LockedFolder<'_> {
    /// Returns the names of the submissions, in a fixed order.
    pub fn submissions(&self) -> Result<Vec<String>, FolderError> {
        let found = match fs::read_dir(&self.registry.root.join(INCOMING)) {
            Ok(found) => found,
            Err(error) if error.is_not_found() => return Ok(Vec::new()),
            Err(error) => return Err(error.into()),
        };
        let files = found.iter().filter(|entry| entry.kind == fs::Kind::File && !fs::is_temporary(&entry.path));
        let documents = files.filter(|entry| entry.path.extension().is_some_and(|extension| extension == "json"));
        Ok(documents.filter_map(|entry| entry.path.to_str().map(str::to_owned)).collect())
    }

    /// Reads a submission.
    pub fn submission(&self, file: &str) -> Result<Submission, FolderError> {
        let bad = |reason: String| FolderError::Submission { file: file.to_owned(), reason };
        let folder = self.registry.root.join(INCOMING);
        let json = fs::read_up_to(&folder.join(file), LARGEST)?.ok_or_else(|| bad("it is gone".to_owned()))?;
        let archive = |digest| fs::read_if_exists(&folder.join(format!("{digest}.tar.gz"))).ok().flatten();
        Submission::parse(&json, archive).map_err(bad)
    }

    /// Removes a submission that was integrated.
    pub fn remove_submission(&self, file: &str, submission: &Submission) -> Result<(), FolderError> {
        let folder = self.registry.root.join(INCOMING);
        fs::remove_file(&folder.join(file))?;
        if let Some(digest) = submission.archive_digest() {
            fs::remove_file(&folder.join(format!("{digest}.tar.gz")))?;
        }
        Ok(())
    }
}
