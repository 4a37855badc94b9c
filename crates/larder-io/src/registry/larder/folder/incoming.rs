//! Submissions of publishers who do not have the log's key. They lie in `incoming/` until somebody who has it integrates them.
//!
//! ```text
//! incoming/<random>.json      the submission
//! incoming/<sha256>.tar.gz    its archive
//! ```

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::error::FolderError;
use super::open::{FolderRegistry, LockedFolder};
use crate::fs;
use crate::package::{Submission, SubmissionDocument, check_signature_form};

/// The folder of submissions.
const INCOMING: &str = "incoming";

/// The largest submission without its archive.
const LARGEST: u64 = 1 << 20;

impl FolderRegistry {
    /// Leaves a submission.
    pub fn submit(&self, submission: &Submission) -> Result<(), FolderError> {
        let file = format!("{}.json", fs::random_name());
        let json = submission.to_json().map_err(|reason| bad(&file, reason))?;
        if let (Some(digest), Some(content)) = (submission.archive_digest(), &submission.archive) {
            self.write(format!("{INCOMING}/{digest}.tar.gz"), content)?;
        }
        self.write(format!("{INCOMING}/{file}"), &json)
    }
}

/// The most signatures of one event: more of them come of somebody who is no publisher.
const MOST_SIGNATURES: usize = 16;

/// Submissions of the same event with the same archive. They differ in who submits and who signed it.
#[derive(Debug)]
pub struct EqualSubmissions {
    /// Their files.
    pub files: Vec<String>,
    /// The signatures of all of them.
    signatures: Vec<String>,
}

impl LockedFolder<'_> {
    /// Returns the submissions: those that are signed first, so that one without a signature never takes the place of one that has it.
    pub fn submissions(&self) -> Result<Vec<EqualSubmissions>, FolderError> {
        let mut known: BTreeMap<(String, String, Option<String>), EqualSubmissions> = BTreeMap::new();
        let mut submissions = Vec::new();
        for file in self.documents()? {
            let Ok(document) = self.document(&file) else {
                submissions.push(EqualSubmissions { files: vec![file], signatures: Vec::new() });
                continue;
            };
            let (kind, body, archive) = document.content();
            let content = (kind.to_owned(), body.to_owned(), archive.map(str::to_owned));
            let equal = known.entry(content).or_insert(EqualSubmissions { files: Vec::new(), signatures: Vec::new() });
            equal.files.push(file);
            // What only claims to be a signature is none: neither does it come before what has none, nor is it kept.
            for signature in document.signatures.into_iter().filter(|text| check_signature_form(text).is_ok()) {
                if !equal.signatures.contains(&signature) {
                    equal.signatures.push(signature);
                }
            }
        }
        submissions.extend(known.into_values());
        submissions.sort_by(|a, b| (a.signatures.is_empty(), &a.files).cmp(&(b.signatures.is_empty(), &b.files)));
        Ok(submissions)
    }

    /// Reads submissions as one, with the signatures of all.
    pub fn submission(&self, equal: &EqualSubmissions) -> Result<Submission, FolderError> {
        let file = equal.files.first().map(String::as_str).unwrap_or_default();
        if equal.signatures.len() > MOST_SIGNATURES {
            let found = equal.signatures.len();
            let reason = format!(
                "there are {found} signatures of it, and {MOST_SIGNATURES} are taken: remove the submissions that no publisher made"
            );
            return Err(bad(file, reason));
        }
        let archive = |digest| fs::read_if_exists(&self.incoming(&format!("{digest}.tar.gz"))).ok().flatten();
        let submission = Submission::parse(&self.json(file)?, archive).map_err(|reason| bad(file, reason))?;
        Ok(Submission { signatures: equal.signatures.clone(), ..submission })
    }

    /// Removes submissions that are integrated, and their archive unless others have it too.
    pub fn remove_submissions(&self, equal: &EqualSubmissions, submission: &Submission) -> Result<(), FolderError> {
        for file in &equal.files {
            fs::remove_file(&self.incoming(file))?;
        }
        let Some(digest) = submission.archive_digest().map(|digest| digest.to_string()) else { return Ok(()) };
        for file in self.documents()? {
            if self.document(&file).is_ok_and(|other| other.content().2 == Some(&*digest)) {
                return Ok(());
            }
        }
        Ok(fs::remove_file(&self.incoming(&format!("{digest}.tar.gz")))?)
    }

    /// Returns the names of the submissions' documents, in a fixed order.
    fn documents(&self) -> Result<Vec<String>, FolderError> {
        let found = match fs::read_dir(&self.registry.root.join(INCOMING)) {
            Ok(found) => found,
            Err(error) if error.is_not_found() => return Ok(Vec::new()),
            Err(error) => return Err(error.into()),
        };
        let files = found.iter().filter(|entry| entry.kind == fs::Kind::File && !fs::is_temporary(&entry.path));
        let documents = files.filter(|entry| entry.path.extension().is_some_and(|extension| extension == "json"));
        Ok(documents.filter_map(|entry| entry.path.to_str().map(str::to_owned)).collect())
    }

    fn document(&self, file: &str) -> Result<SubmissionDocument, FolderError> {
        SubmissionDocument::parse(&self.json(file)?).map_err(|reason| bad(file, reason))
    }

    fn json(&self, file: &str) -> Result<Vec<u8>, FolderError> {
        fs::read_up_to(&self.incoming(file), LARGEST)?.ok_or_else(|| bad(file, "it is gone".to_owned()))
    }

    fn incoming(&self, file: &str) -> PathBuf {
        self.registry.root.join(INCOMING).join(file)
    }
}

fn bad(file: &str, reason: String) -> FolderError {
    FolderError::Submission { file: file.to_owned(), reason }
}
