//! Submissions: events of publishers who do not have the log's key. They lie in `incoming/` until somebody who has it integrates
//! them.
//!
//! ```text
//! incoming/<random>.json      {"v":1,"type":"publish","body":{…},"archive":"<sha256>","signatures":["…"]}
//! incoming/<sha256>.tar.gz    the archive
//! ```

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::error::FolderError;
use super::open::{FolderRegistry, LockedFolder};
use crate::fs;
use crate::package::log::LogHash;

/// The folder of submissions.
const INCOMING: &str = "incoming";

/// The version of the format.
const FORMAT: u32 = 1;

/// The largest submission without its archive.
const LARGEST: u64 = 1 << 20;

/// What somebody wants to be added to a registry.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Submission {
    /// The type of the event.
    pub kind: String,
    /// The bytes of its body.
    pub body: String,
    /// The archive, for a publication.
    pub archive: Option<Vec<u8>>,
    /// Who submits it.
    pub publisher: Option<String>,
    /// Signatures over the bytes of the body: texts of minisign.
    pub signatures: Vec<String>,
}

#[derive(Serialize, Deserialize)]
struct Document {
    v: u32,
    #[serde(rename = "type")]
    kind: String,
    body: Box<RawValue>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    archive: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    publisher: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    signatures: Vec<String>,
}

impl FolderRegistry {
    /// Leaves a submission. Returns its file's name.
    pub fn submit(&self, submission: Submission) -> Result<String, FolderError> {
        let file = format!("{}.json", fs::random_name());
        let bad = |error: serde_json::Error| FolderError::Submission { file: file.clone(), reason: error.to_string() };
        let archive = submission.archive.as_deref().map(|content| (LogHash::of_file(content).to_string(), content));
        let document = Document {
            v: FORMAT,
            kind: submission.kind,
            body: RawValue::from_string(submission.body).map_err(bad)?,
            archive: archive.as_ref().map(|(digest, _)| digest.clone()),
            publisher: submission.publisher,
            signatures: submission.signatures,
        };
        let text = serde_json::to_vec(&document).map_err(bad)?;
        if let Some((digest, content)) = archive {
            self.write(format!("{INCOMING}/{digest}.tar.gz"), content)?;
        }
        self.write(format!("{INCOMING}/{file}"), &text)?;
        Ok(file)
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
        let bad = |reason: &str| FolderError::Submission { file: file.to_owned(), reason: reason.to_owned() };
        let folder = self.registry.root.join(INCOMING);
        let bytes = fs::read_up_to(&folder.join(file), LARGEST)?.ok_or_else(|| bad("it is gone"))?;
        let document: Document = serde_json::from_slice(&bytes).map_err(|error| bad(&error.to_string()))?;
        if document.v != FORMAT {
            return Err(bad("its format is a later one"));
        }
        let archive = match document.archive {
            None => None,
            Some(digest) => {
                let digest = LogHash::from_hex(&digest).ok_or_else(|| bad("its `archive` is no SHA-256 digest"))?;
                let content = fs::read_if_exists(&folder.join(format!("{digest}.tar.gz")))?;
                let content = content.ok_or_else(|| bad("its archive is missing"))?;
                if LogHash::of_file(&content) != digest {
                    return Err(bad("its archive has another digest"));
                }
                Some(content)
            }
        };
        let Document { kind, body, publisher, signatures, .. } = document;
        Ok(Submission { kind, body: body.get().to_owned(), archive, publisher, signatures })
    }

    /// Removes a submission that was integrated.
    pub fn remove_submission(&self, file: &str, submission: &Submission) -> Result<(), FolderError> {
        let folder = self.registry.root.join(INCOMING);
        fs::remove_file(&folder.join(file))?;
        if let Some(archive) = &submission.archive {
            fs::remove_file(&folder.join(format!("{}.tar.gz", LogHash::of_file(archive))))?;
        }
        Ok(())
    }
}
