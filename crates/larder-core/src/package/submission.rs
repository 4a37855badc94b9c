//! Submissions: what somebody wants to be added to a registry, who does not have its log's key or is not on its machine.
//!
//! ```text
//! {"v":1,"type":"publish","body":{…},"archive":"<sha256>","signatures":["…"]}
//! ```
//!
//! In a folder the archive is a file of its own. To a server both go as one upload: this line, a line feed, the archive.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::log::LogHash;

/// The version of the format.
const FORMAT: u32 = 1;

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

/// A submission as it is written: its archive is named by its digest.
#[derive(Debug, Serialize, Deserialize)]
pub struct SubmissionDocument {
    v: u32,
    #[serde(rename = "type")]
    kind: String,
    body: Box<RawValue>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    archive: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    publisher: Option<String>,
    /// Signatures over the bytes of the body.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub signatures: Vec<String>,
}

impl SubmissionDocument {
    /// Reads a document.
    ///
    /// # Errors
    /// What is wrong with it, as a sentence.
    pub fn parse(json: &[u8]) -> Result<Self, String> {
        let document: Self = serde_json::from_slice(json).map_err(|error| error.to_string())?;
        if document.v == FORMAT { Ok(document) } else { Err("its format is a later one".to_owned()) }
    }

    /// Returns what is submitted: the type and the body of the event, and the digest of the archive.
    pub fn content(&self) -> (&str, &str, Option<&str>) {
        (&self.kind, self.body.get(), self.archive.as_deref())
    }
}

impl Submission {
    /// The type of an upload.
    pub const MEDIA_TYPE: &'static str = "application/vnd.larder.submission";

    /// Returns the digest of the archive, if there is one.
    pub fn archive_digest(&self) -> Option<LogHash> {
        self.archive.as_deref().map(LogHash::of_file)
    }

    /// Returns the document, which has one line.
    ///
    /// # Errors
    /// Why the body is no JSON, as a sentence.
    pub fn to_json(&self) -> Result<Vec<u8>, String> {
        let document = SubmissionDocument {
            v: FORMAT,
            kind: self.kind.clone(),
            body: RawValue::from_string(self.body.clone()).map_err(|error| error.to_string())?,
            archive: self.archive_digest().map(|digest| digest.to_string()),
            publisher: self.publisher.clone(),
            signatures: self.signatures.clone(),
        };
        let text = serde_json::to_vec(&document).map_err(|error| error.to_string())?;
        if text.contains(&b'\n') { Err("its body has several lines".to_owned()) } else { Ok(text) }
    }

    /// Reads a document. `archive` returns the bytes that have a digest.
    ///
    /// # Errors
    /// What is wrong with it, as a sentence.
    pub fn parse(json: &[u8], archive: impl FnOnce(LogHash) -> Option<Vec<u8>>) -> Result<Self, String> {
        let document = SubmissionDocument::parse(json)?;
        let archive = match document.archive {
            None => None,
            Some(digest) => {
                let digest = LogHash::from_hex(&digest).ok_or("its `archive` is no SHA-256 digest")?;
                let content = archive(digest).ok_or("its archive is missing")?;
                if LogHash::of_file(&content) != digest {
                    return Err("its archive has another digest".to_owned());
                }
                Some(content)
            }
        };
        let SubmissionDocument { kind, body, publisher, signatures, .. } = document;
        Ok(Self { kind, body: body.get().to_owned(), archive, publisher, signatures })
    }

    /// Returns the document and the archive as one upload.
    ///
    /// # Errors
    /// Why the body is no JSON, as a sentence.
    pub fn to_upload(&self) -> Result<Vec<u8>, String> {
        let mut upload = self.to_json()?;
        upload.push(b'\n');
        upload.extend_from_slice(self.archive.as_deref().unwrap_or_default());
        Ok(upload)
    }

    /// Reads an upload.
    ///
    /// # Errors
    /// What is wrong with it, as a sentence.
    pub fn from_upload(upload: &[u8]) -> Result<Self, String> {
        let end = memchr::memchr(b'\n', upload).ok_or("it has no line")?;
        let (json, archive) = (&upload[..end], &upload[end + 1..]);
        let submission = Self::parse(json, |_| Some(archive.to_vec()))?;
        if submission.archive.is_none() && !archive.is_empty() {
            return Err("it has an archive that it does not name".to_owned());
        }
        Ok(submission)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_upload_comes_back_as_it_was() {
        let whole = Submission {
            kind: "publish".to_owned(),
            body: r#"{"name": "a"}"#.to_owned(),
            archive: Some(b"bytes\nof it".to_vec()),
            publisher: Some("ada".to_owned()),
            signatures: vec!["x\ny".to_owned()],
        };
        let upload = whole.to_upload().unwrap();
        assert_eq!(Submission::from_upload(&upload), Ok(whole.clone()));
        let event = Submission { archive: None, kind: "yank".to_owned(), ..whole.clone() };
        assert_eq!(Submission::from_upload(&event.to_upload().unwrap()), Ok(event.clone()));
        let cut = Submission::from_upload(&upload[..upload.len() - 1]).unwrap_err();
        assert_eq!(cut, "its archive has another digest");
        let more = [event.to_upload().unwrap(), b"x".to_vec()].concat();
        assert!(Submission::from_upload(&more).is_err() && Submission::from_upload(b"{}").is_err());
        assert!(Submission { body: "{\n}".to_owned(), ..whole }.to_json().is_err());
    }
}
