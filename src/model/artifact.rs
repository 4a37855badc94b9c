//! Files that registries serve.

use super::{Digest, Platform};

/// How an artifact is unpacked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ArtifactKind {
    /// A gzipped tar whose first folder, whatever its name, is the package: npm.
    Tarball,
    /// A zip that is a Python wheel.
    Wheel,
    /// A Python source distribution: locked, never unpacked or built.
    Sdist,
}

/// One file to fetch, with what is known of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Artifact {
    /// The file's name, without folders: `react-18.3.1.tgz`, `numpy-2.1.0-cp312-….whl`.
    pub file: String,
    /// How it is unpacked.
    pub kind: ArtifactKind,
    /// The strongest digest its registry gives; none until the file was fetched once.
    pub digest: Option<Digest>,
    /// Where it lies below its registry, where the usual layout does not tell; or a whole URL on another host, as some
    /// registries have it.
    pub location: Option<String>,
    /// The declared platforms that it serves, sorted; empty means all of them.
    pub platforms: Vec<Platform>,
}
