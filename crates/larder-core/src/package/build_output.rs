//! What a build made, as a registry keeps it for others:
//!
//! ```text
//! builds/<key>.tar.gz             the files, packed like a private package
//! builds/<key>.tar.gz.minisig     a signature of the archive; its comment, which is signed too, says `build <key> <digest of the files>`
//! ```
//!
//! The key is the digest of everything that went into the build. So a signature holds for one build, and not for another to which it
//! was moved.

use super::archive::{self, ArchiveFile};
use super::signature::{PublisherKey, SignatureError, SigningKey};
use crate::model::{Digest, TreeDigest};

/// The one folder of the archive.
const FOLDER: &str = "output";

/// What a build made, packed and signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedOutput {
    /// The archive.
    pub archive: Vec<u8>,
    /// The signature: a text of minisign.
    pub signature: String,
}

/// Returns the paths below a registry: of the archive, and of its signature.
pub fn output_paths(key: &Digest) -> [String; 2] {
    let archive = format!("builds/{}.tar.gz", key.to_hex());
    let signature = format!("{archive}.minisig");
    [archive, signature]
}

impl SignedOutput {
    /// Packs and signs the files that a build made, which must be sorted by path.
    pub fn new(key: &Digest, files: &[ArchiveFile], signer: &SigningKey) -> Self {
        let packed = archive::write(FOLDER, files);
        let signature = signer.sign(&packed, &comment(key, &archive::tree_digest(files)));
        Self { archive: packed, signature }
    }

    /// Returns the digest of the files, if a key signed this for the build with this key.
    ///
    /// # Errors
    /// Why it is not to be believed, as the end of a sentence that begins with `it`.
    pub fn verify(&self, key: &Digest, signer: &PublisherKey) -> Result<TreeDigest, OutputFault> {
        let said = signer.verify_said(&self.archive, &self.signature)?;
        let tree = said.rsplit(' ').next().and_then(|tree| tree.parse::<TreeDigest>().ok());
        tree.filter(|tree| said == comment(key, tree)).ok_or(OutputFault::OtherBuild)
    }
}

fn comment(key: &Digest, tree: &TreeDigest) -> String {
    format!("build {} {tree}", key.to_hex())
}

/// Why what a build made elsewhere is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OutputFault {
    /// The signature cannot be parsed.
    #[error("of its signature, {0}")]
    Signature(#[from] SignatureError),
    /// The signature is of another build.
    #[error("its signature is of another build")]
    OtherBuild,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::EntryPath;

    #[test]
    fn an_output_holds_for_its_key_its_bytes_and_its_signer() {
        let (ours, theirs) = (SigningKey::generate().unwrap(), SigningKey::generate().unwrap());
        let (key, other) = (Digest::sha256_of("a"), Digest::sha256_of("b"));
        let file = |content: &str| ArchiveFile {
            path: EntryPath::parse("a/b.so").unwrap(),
            executable: false,
            content: content.as_bytes().to_vec(),
        };
        let output = SignedOutput::new(&key, &[file("x")], &ours);
        let public = ours.public().unwrap();
        assert_eq!(output.verify(&key, &public), Ok(archive::tree_digest(&[file("x")])));
        assert_eq!(output.verify(&other, &public), Err(OutputFault::OtherBuild));
        assert!(matches!(output.verify(&key, &theirs.public().unwrap()), Err(OutputFault::Signature(_))));
        let changed = SignedOutput { archive: archive::write("output", &[file("y")]), ..output };
        assert!(matches!(changed.verify(&key, &public), Err(OutputFault::Signature(SignatureError::Wrong))));
    }
}
