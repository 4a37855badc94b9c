//! Artifacts that are kept as they are, in a folder that others fetch them from.

use std::io::{self, Read, Write};
use std::path::Path;

use super::error::RegistryFailure;
use super::hashing::Hasher;
use super::{ArchiveFault, ArchiveRefusal, ArtifactSource, FetchError, Limits, RequestedArtifact};
use crate::fs::{self, Action, Durability, FsError, PendingFile};
use crate::model::{Algorithm, Digest};
use crate::store::StoreError;

/// How often a connection may break before the copy fails.
const ATTEMPTS: usize = 3;

/// What became of a copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CopyStep {
    /// The folder had it already: its bytes have the digest.
    Present,
    /// So many bytes came.
    Fetched(u64),
}

/// Makes sure that a file has an artifact's bytes. A file that has them already is left alone; any other is replaced, in one step,
/// by one whose digest is right. An artifact without a digest is always fetched.
pub fn copy_artifact(
    source: &dyn ArtifactSource,
    wanted: &RequestedArtifact,
    path: &Path,
) -> Result<CopyStep, FetchError> {
    if let Some(digest) = &wanted.artifact.digest
        && has_digest(path, digest).map_err(StoreError::from)?
    {
        return Ok(CopyStep::Present);
    }
    path.parent().map_or(Ok(()), fs::create_dir_all).map_err(StoreError::from)?;
    let mut attempt = 1;
    loop {
        match transfer(source, wanted, path) {
            Err(FetchError::Interrupted { .. }) if attempt < ATTEMPTS => attempt += 1,
            result => return result.map(CopyStep::Fetched),
        }
    }
}

/// Returns whether a file is there and has this digest.
pub fn has_digest(path: &Path, digest: &Digest) -> Result<bool, FsError> {
    let Some((mut file, _)) = fs::open_sized(path)? else { return Ok(false) };
    let mut hasher = Hasher::new(digest.algorithm());
    let mut buffer = vec![0; 1 << 17];
    loop {
        match file.read(&mut buffer).map_err(|error| FsError::new(Action::Read, path, error))? {
            0 => return Ok(hasher.finish() == digest.bytes()),
            count => hasher.update(&buffer[..count]),
        }
    }
}

/// Writes what arrives. Returns the number of bytes.
fn transfer(source: &dyn ArtifactSource, wanted: &RequestedArtifact, path: &Path) -> Result<u64, FetchError> {
    let subject = || Box::new(wanted.subject());
    let opened = source.open(&wanted.owner, &wanted.origin, &wanted.artifact);
    let (mut body, length) = opened.map_err(|error| FetchError::Source(subject(), RegistryFailure(error)))?;
    let interrupted = |source| FetchError::Interrupted { subject: subject(), source };
    let mut file = PendingFile::create(path).map_err(StoreError::from)?;
    let digest = wanted.artifact.digest.as_ref();
    let algorithm = digest.map_or(Algorithm::Sha256, Digest::algorithm);
    let (mut hasher, mut bytes, limit) = (Hasher::new(algorithm), 0_u64, Limits::default().packed);
    loop {
        let chunk = body.next().map_err(interrupted)?;
        if chunk.is_empty() {
            break;
        }
        bytes += chunk.len() as u64;
        if bytes > limit {
            let refusal = ArchiveRefusal::Archive(ArchiveFault::TooLarge(limit));
            return Err(FetchError::Refused { subject: subject(), refusal });
        }
        hasher.update(&chunk);
        file.write_all(&chunk).map_err(|error| StoreError::from(file.failed(error)))?;
    }
    if length.is_some_and(|length| bytes < length) {
        return Err(interrupted(io::ErrorKind::UnexpectedEof.into()));
    }
    let found = Digest::new(algorithm, &hasher.finish());
    if let Some(expected) = digest.filter(|expected| **expected != found) {
        return Err(FetchError::Integrity { subject: subject(), expected: expected.clone(), found });
    }
    file.commit(Durability::Lazy).map_err(StoreError::from)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::super::{Body, SourceError};
    use super::*;
    use crate::model::{Artifact, ArtifactOwner, Ecosystem, Origin, PackageId, PackageKey, PackageName, Version};

    /// Always answers with the same bytes.
    struct Bytes(&'static [u8]);

    impl ArtifactSource for Bytes {
        fn open(&self, _: &ArtifactOwner, _: &Origin, _: &Artifact) -> Result<(Body, Option<u64>), SourceError> {
            Ok((Body::of(Box::new(self.0)), Some(self.0.len() as u64)))
        }
    }

    fn wanted(content: &[u8]) -> RequestedArtifact {
        let id = PackageId::new(Ecosystem::Npm, PackageName::npm("a").unwrap());
        let key = PackageKey { version: Version::parse(id.ecosystem, "1.0.0").unwrap(), id };
        let artifact = Artifact { digest: Some(Digest::sha256_of(content)), ..Artifact::tarball("a-1.0.0.tgz") };
        RequestedArtifact::new(&key, &Origin::Registry("npmjs".parse().unwrap()), &artifact)
    }

    #[test]
    fn a_copy_has_the_digest_or_is_not_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/-/a-1.0.0.tgz");
        let copy = |source: &'static [u8]| copy_artifact(&Bytes(source), &wanted(b"right"), &path);
        assert!(matches!(copy(b"wrong"), Err(FetchError::Integrity { .. })));
        assert!(fs::read_dir(path.parent().unwrap()).unwrap().is_empty());
        assert_eq!(copy(b"right").unwrap(), CopyStep::Fetched(5));
        assert_eq!(copy(b"wrong").unwrap(), CopyStep::Present);
        fs::write_atomic(&path, b"worn", Durability::Lazy).unwrap();
        assert_eq!(copy(b"right").unwrap(), CopyStep::Fetched(5));
        assert_eq!(fs::read(&path).unwrap(), b"right");
    }
}
