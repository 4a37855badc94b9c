//! Artifacts: the files that registries serve.

use std::path::Path;

use super::{Digest, Ecosystem, Facts, Platform};

/// The format of an artifact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ArtifactKind {
    /// A gzipped tar whose first folder, whatever its name, is the package: npm.
    Tarball,
    /// A zip that is a Python wheel.
    Wheel,
    /// A gzipped tar that is a Python source distribution: it is built before it is installed.
    Sdist,
    /// A gzipped tar that is a Python package of plain source: its modules are laid out without a build.
    Source,
    /// A gzipped tar whose first folder, whatever its name, is a runtime. Its links are kept.
    Runtime,
    /// A gzipped tar that larder packed: a private package.
    Package,
    /// A tool: an archive of a usual form, whose folders stay as they are, or a program.
    Archive,
    /// A gzipped run of records: a Creatio package.
    Creatio,
}

/// A file to fetch.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Artifact {
    /// The file's name, without folders: `react-18.3.1.tgz`, `numpy-2.1.0-cp312-….whl`.
    pub file: String,
    /// The format.
    pub kind: ArtifactKind,
    /// The strongest digest that the registry states. `None` if it states none and the file was not fetched yet.
    pub digest: Option<Digest>,
    /// The path below the registry, or a URL on another host. `None` if the file has the registry's default path.
    pub location: Option<String>,
    /// The declared platforms that it is for, sorted. Empty means all.
    pub platforms: Vec<Platform>,
}

impl ArtifactKind {
    /// Every kind.
    pub const ALL: [Self; 8] = [
        Self::Tarball,
        Self::Wheel,
        Self::Sdist,
        Self::Source,
        Self::Runtime,
        Self::Package,
        Self::Archive,
        Self::Creatio,
    ];

    /// The format of runtimes' archives.
    pub const OF_RUNTIMES: Self = Self::Runtime;

    /// Returns the name that lockfiles use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Tarball => "tarball",
            Self::Wheel => "wheel",
            Self::Sdist => "sdist",
            Self::Source => "source",
            Self::Runtime => "runtime",
            Self::Package => "package",
            Self::Archive => "archive",
            Self::Creatio => "creatio",
        }
    }

    /// Returns the default format of a file, by ecosystem and file name.
    pub fn default_for(ecosystem: Ecosystem, file: &str) -> Self {
        match ecosystem {
            Ecosystem::Npm | Ecosystem::Path => Self::Tarball,
            Ecosystem::Larder => Self::Package,
            Ecosystem::Archive => Self::Archive,
            Ecosystem::Creatio => Self::Creatio,
            Ecosystem::Pypi if Path::new(file).extension().is_some_and(|extension| extension == "whl") => Self::Wheel,
            Ecosystem::Pypi => Self::Sdist,
        }
    }

    /// Returns what an artifact of the kind is, for messages: "a tarball".
    pub fn description(self) -> &'static str {
        match self {
            Self::Tarball => "a tarball",
            Self::Wheel => "a wheel",
            Self::Sdist => "a source distribution",
            Self::Source => "plain source",
            Self::Runtime => "a runtime",
            Self::Package => "a private package",
            Self::Archive => "the file of a tool",
            Self::Creatio => "a Creatio package",
        }
    }

    /// Returns whether case does not count in the names of its files.
    fn folds_case(self) -> bool {
        matches!(self, Self::Creatio)
    }

    /// Returns whether the artifact must be built before it can be installed.
    pub fn needs_build(self) -> bool {
        matches!(self, Self::Sdist)
    }

    /// Returns whether the artifact's modules are laid out before it can be installed.
    pub fn is_laid_out(self) -> bool {
        matches!(self, Self::Source)
    }
}

impl Artifact {
    /// Creates a tarball with only a name.
    pub fn tarball(file: impl Into<String>) -> Self {
        Self::of_kind(ArtifactKind::Tarball, file.into())
    }

    /// Creates a wheel with only a name.
    pub fn wheel(file: impl Into<String>) -> Self {
        Self::of_kind(ArtifactKind::Wheel, file.into())
    }

    /// Creates a source distribution with only a name.
    pub fn sdist(file: impl Into<String>) -> Self {
        Self::of_kind(ArtifactKind::Sdist, file.into())
    }

    /// Creates the source of a Python package that needs no build, with only a name.
    pub fn source(file: impl Into<String>) -> Self {
        Self::of_kind(ArtifactKind::Source, file.into())
    }

    /// Returns the digest under which the store has what is laid out of it. Returns `None` if nothing is, or it has no digest.
    pub fn laid_out_name(&self) -> Option<Digest> {
        let digest = self.digest.as_ref().filter(|_| self.kind.is_laid_out())?;
        let text = format!("larder modules 1\0{digest}");
        Some(Digest::sha256_of(text))
    }

    /// Creates a runtime's archive with only a name.
    pub fn runtime(file: impl Into<String>) -> Self {
        Self::of_kind(ArtifactKind::Runtime, file.into())
    }

    /// Creates the archive of a private package with only a name.
    pub fn package(file: impl Into<String>) -> Self {
        Self::of_kind(ArtifactKind::Package, file.into())
    }

    /// Creates a tool's file with only a name.
    pub fn archive(file: impl Into<String>) -> Self {
        Self::of_kind(ArtifactKind::Archive, file.into())
    }

    /// Creates the archive of a Creatio package with only a name.
    pub fn creatio(file: impl Into<String>) -> Self {
        Self::of_kind(ArtifactKind::Creatio, file.into())
    }

    fn of_kind(kind: ArtifactKind, file: String) -> Self {
        Self { file, kind, digest: None, location: None, platforms: Vec::new() }
    }

    /// Returns whether both are one file, by their names.
    pub fn is_same_file(&self, other: &Self) -> bool {
        self.file == other.file || self.kind.folds_case() && self.file.eq_ignore_ascii_case(&other.file)
    }

    /// Returns whether the artifact is a wheel.
    pub fn is_wheel(&self) -> bool {
        self.kind == ArtifactKind::Wheel
    }

    /// Returns whether the artifact is for specific platforms, by its file name or by the facts of its package.
    pub fn is_native(&self, facts: &Facts) -> bool {
        match self.kind {
            ArtifactKind::Wheel => !self.file.ends_with("-any.whl"),
            ArtifactKind::Tarball => !(facts.os.is_empty() && facts.cpu.is_empty()),
            ArtifactKind::Sdist | ArtifactKind::Source | ArtifactKind::Package | ArtifactKind::Creatio => false,
            ArtifactKind::Runtime => true,
            ArtifactKind::Archive => !self.platforms.is_empty(),
        }
    }
}
