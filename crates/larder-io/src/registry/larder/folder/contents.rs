//! What a registry in a folder has, for those who look at all of it.

use super::error::FolderError;
use super::open::FolderRegistry;
use crate::fs;
use crate::model::{Digest, EntryPath};
use crate::package::log::VerifiedState;
use crate::package::{ArchiveFile, Body, IndexFile, MAX_SIZE, Published, open_archive};

impl FolderRegistry {
    /// Returns the index file of each package that a state knows, by name.
    pub fn packages(&self, state: &VerifiedState) -> Result<Vec<(String, IndexFile)>, FolderError> {
        let mut names = Vec::new();
        for shard in self.read(|answers| state.all_shards(answers))? {
            names.extend(self.read(|answers| state.heads_of(&shard, answers))?.into_iter().map(|head| head.name));
        }
        fs::map_parallel(&names, |name| {
            let parsed = IndexFile::parse(name, self.index(state, name)?);
            Ok((name.clone(), parsed.map_err(|fault| FolderError::Index { name: name.clone(), fault })?))
        })
    }

    /// Returns what the publisher of a version says, and its files. Both are held to what the index file says. Returns `None` of a
    /// version in a format that this larder cannot read.
    pub fn published_files(
        &self,
        name: &str,
        version: &Published,
    ) -> Result<Option<(Body, Vec<ArchiveFile>)>, FolderError> {
        let Some(deposit) = &version.deposit else { return Ok(None) };
        let path = self.artifact_file(name, &deposit.artifact);
        let damaged = |reason: &str| FolderError::Description { path: path.clone(), reason: reason.to_owned() };
        if EntryPath::parse(&deposit.artifact).is_err() {
            return Err(damaged("it lies outside of the registry"));
        }
        let bytes = fs::read_up_to(&path, MAX_SIZE)?.ok_or_else(|| damaged("it is missing"))?;
        if Digest::sha256_of(&bytes).to_hex() != deposit.sha256 {
            return Err(damaged("it does not have the digest that the registry states"));
        }
        let (body, files) = open_archive(&bytes).map_err(|reason| damaged(&reason))?;
        if body.to_json() != version.body {
            return Err(damaged("it is not the package that the registry states"));
        }
        Ok(Some((body, files)))
    }
}
