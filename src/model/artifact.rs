//! Files that registries serve.

use std::path::Path;

use super::{Digest, Ecosystem, Facts, Platform};

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

impl ArtifactKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Tarball, Self::Wheel, Self::Sdist];

    /// Returns the word that lockfiles use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Tarball => "tarball",
            Self::Wheel => "wheel",
            Self::Sdist => "sdist",
        }
    }

    /// Returns the kind that a file of an ecosystem has where nothing else is said.
    pub fn usual(ecosystem: Ecosystem, file: &str) -> Self {
        match ecosystem {
            Ecosystem::Npm | Ecosystem::Larder | Ecosystem::Path => Self::Tarball,
            Ecosystem::Pypi if Path::new(file).extension().is_some_and(|extension| extension == "whl") => Self::Wheel,
            Ecosystem::Pypi => Self::Sdist,
        }
    }

    /// Returns whether it has to be built before it can be installed.
    pub fn needs_build(self) -> bool {
        matches!(self, Self::Sdist)
    }
}

impl Artifact {
    /// A tarball of which nothing but the name is known.
    pub fn tarball(file: impl Into<String>) -> Self {
        Self::of_kind(ArtifactKind::Tarball, file.into())
    }

    /// A wheel of which nothing but the name is known.
    pub fn wheel(file: impl Into<String>) -> Self {
        Self::of_kind(ArtifactKind::Wheel, file.into())
    }

    /// A source distribution of which nothing but the name is known.
    pub fn sdist(file: impl Into<String>) -> Self {
        Self::of_kind(ArtifactKind::Sdist, file.into())
    }

    fn of_kind(kind: ArtifactKind, file: String) -> Self {
        Self { file, kind, digest: None, location: None, platforms: Vec::new() }
    }

    /// Returns whether it is a wheel.
    pub fn is_wheel(&self) -> bool {
        self.kind == ArtifactKind::Wheel
    }

    /// Returns whether it is made for some platforms only, by its name or by what its package says of itself.
    pub fn is_native(&self, facts: &Facts) -> bool {
        match self.kind {
            ArtifactKind::Wheel => !self.file.ends_with("-any.whl"),
            ArtifactKind::Tarball => !(facts.os.is_empty() && facts.cpu.is_empty()),
            ArtifactKind::Sdist => false,
        }
    }
}
