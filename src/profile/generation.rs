//! `generation.json`: what a generation is, and what verification needs to know of it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::fs;
use crate::model::{Label, Platform, TreeDigest};

use super::ProfileError;
use super::as_text::Text;
use super::layout::{Layout, Member};
use super::python::Interpreter;

/// The form of the record that this version writes.
pub(super) const FORMAT: u32 = 1;

/// One immutable, numbered state of a profile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Generation {
    /// The form of the record.
    pub format: u32,
    /// Its number; numbers are never used twice.
    pub number: u64,
    /// The generation that was current when it was built.
    pub parent: Option<u64>,
    /// When it was built.
    #[serde(with = "super::as_text")]
    pub created: jiff::Timestamp,
    /// The version of larder that built it.
    pub larder: String,
    /// The digest of the lockfile's text.
    #[serde(with = "super::as_text")]
    pub lock: TreeDigest,
    /// The environment.
    #[serde(with = "super::as_text")]
    pub environment: Label,
    /// The platform.
    #[serde(with = "super::as_text")]
    pub platform: Platform,
    /// Over closure and content, not paths, times and the interpreter's home: the same on two machines.
    #[serde(with = "super::as_text")]
    pub digest: TreeDigest,
    /// Over all that went into it, paths too: where this has not changed, a sync has nothing to do.
    #[serde(with = "super::as_text")]
    pub inputs: TreeDigest,
    /// The interpreter of its Python environment, if it has one.
    pub python: Option<Interpreter>,
    /// Whether the project has a `node_modules`.
    pub node_modules: bool,
    /// The folders of members and local packages that have a `node_modules`.
    pub members: Vec<Arc<str>>,
    /// What is in it, sorted.
    pub closure: Vec<Member>,
}

/// The part of a record that only verification reads.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Contents {
    /// The layout that was built.
    pub(super) layout: Layout,
    /// The files that larder wrote, relative to the generation.
    pub(super) generated: BTreeMap<String, Text<TreeDigest>>,
    /// The links, relative to the generation.
    pub(super) links: BTreeMap<String, PathBuf>,
}

impl Generation {
    /// Computes the digest that is the same on two machines.
    pub(super) fn digest(
        platform: Platform,
        python: Option<&Interpreter>,
        closure: &[Member],
        layout: &Layout,
    ) -> TreeDigest {
        let library = python.map(Interpreter::library);
        hash(&("larder generation 1", platform.as_str(), library, closure, layout))
    }

    /// Reads the record in the generation's folder.
    pub(super) fn read(folder: &Path) -> Result<Self, ProfileError> {
        let generation: Self = parse(folder)?;
        if generation.format > FORMAT {
            return Err(ProfileError::BadRecord { file: file(folder), problem: "a newer larder wrote it".to_owned() });
        }
        Ok(generation)
    }

    /// Writes the record into a new folder.
    pub(super) fn write(&self, contents: &Contents, folder: &Path) -> Result<(), ProfileError> {
        #[derive(Serialize)]
        struct Document<'a> {
            #[serde(flatten)]
            generation: &'a Generation,
            contents: &'a Contents,
        }
        let text = serde_json::to_vec(&Document { generation: self, contents })
            .map_err(|error| ProfileError::BadRecord { file: file(folder), problem: error.to_string() })?;
        Ok(fs::write_new(&file(folder), &text, 0o644)?)
    }
}

impl Contents {
    /// Reads the contents that the record in the generation's folder lists.
    pub(super) fn read(folder: &Path) -> Result<Self, ProfileError> {
        #[derive(Deserialize)]
        struct Document {
            contents: Contents,
        }
        parse::<Document>(folder).map(|document| document.contents)
    }
}

/// Hashes a value by its JSON, which is canonical: the maps are sorted.
pub(super) fn hash(value: &impl Serialize) -> TreeDigest {
    // Writing to a hasher does not fail, and neither do the values that are hashed here.
    let mut hasher = blake3::Hasher::new();
    let _ = serde_json::to_writer(std::io::BufWriter::with_capacity(1 << 16, &mut hasher), value);
    TreeDigest(*hasher.finalize().as_bytes())
}

/// The record's name in a generation.
pub(super) const RECORD: &str = "generation.json";

fn file(folder: &Path) -> PathBuf {
    folder.join(RECORD)
}

fn parse<T: for<'de> Deserialize<'de>>(folder: &Path) -> Result<T, ProfileError> {
    let bytes = fs::read(&file(folder))?;
    serde_json::from_slice(&bytes)
        .map_err(|error| ProfileError::BadRecord { file: file(folder), problem: error.to_string() })
}
