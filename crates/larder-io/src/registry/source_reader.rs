//! The contract of an ecosystem: how its packages are read that no registry describes.

use std::io::{Read, Seek};

use crate::import::DescribedCommit;
use crate::model::{Artifact, ArtifactKind, CoreMetadata, PackageKey, PackageName, Settings, Version};
use crate::resolve::{Release, Wants};

/// The files of a package, by their paths in it.
pub trait SourceFiles {
    /// Returns the paths of all files.
    fn paths(&self) -> Vec<&str>;

    /// Returns the content of a file of reasonable size. Returns `None` if there is none at `path`.
    fn read(&self, path: &str) -> Option<Vec<u8>>;

    /// Describes the commit that the files are of, by the tags that a glob of git's matches. Returns `None` if they are of none.
    fn describe(&self, _: &str) -> Option<DescribedCommit> {
        None
    }

    /// Returns the version that a lock has for the files.
    fn locked_version(&self) -> Option<&Version> {
        None
    }

    /// Returns which artifact a lock says that the files are.
    fn locked_kind(&self) -> Option<ArtifactKind> {
        None
    }
}

/// A file that can be read again.
pub(super) trait Reread: Read + Seek {}

impl<T: Read + Seek> Reread for T {}

/// A package's files, with what is known of it.
#[derive(Clone, Copy)]
pub struct SourceContent<'a> {
    /// The package.
    pub package: &'a PackageKey,
    /// Its artifact.
    pub artifact: &'a Artifact,
    /// Its files.
    pub files: &'a dyn SourceFiles,
    /// The settings of resolution.
    pub settings: &'a Settings,
}

/// What of a repository's files makes a package.
pub(super) struct PackedSource {
    /// The version that they declare.
    pub(super) version: Version,
    /// The artifact that they make, without a digest.
    pub(super) artifact: Artifact,
    /// The paths of the files.
    pub(super) paths: Vec<String>,
}

/// Something that the sources of a package are built with.
#[derive(Debug)]
pub struct PreparationNeed {
    /// As written: `rollup@^4`.
    pub text: String,
    /// What is asked for.
    pub wants: Wants,
    /// Whether it may be missing.
    pub optional: bool,
}

/// How an ecosystem's packages are read that no registry describes.
pub(super) trait SourceReader: Sync {
    /// Returns the artifact that a file of this name is.
    ///
    /// # Errors
    /// The reason why it is none, as a sentence.
    fn artifact(&self, name: &PackageName, file: &str) -> Result<Artifact, String>;

    /// Returns the version that an artifact declares, after its name was compared.
    ///
    /// # Errors
    /// The reason why it is not of the package, or says nothing, as a sentence.
    fn version(&self, name: &PackageName, artifact: &Artifact, file: &mut dyn Reread) -> Result<Version, String>;

    /// Returns what of a repository's files makes a package, and which artifact: one that needs a build only if it must.
    ///
    /// # Errors
    /// The reason why they are not of the package, or do not say what they are, as a sentence.
    fn pack(&self, name: &PackageName, files: &dyn SourceFiles) -> Result<PackedSource, String>;

    /// Returns what the package needs. Returns `None` if only a build knows, and the settings let it be built.
    ///
    /// # Errors
    /// The reason why that is not known, as a sentence.
    fn release(&self, content: &SourceContent<'_>) -> Result<Option<Release>, String>;

    /// Returns what the sources of a package are built with, by the word of their own files, where no back end tells it.
    ///
    /// # Errors
    /// The reason, as a sentence, if they cannot be read.
    fn preparation_needs(&self, _: &PackageName, _: &dyn SourceFiles) -> Result<Vec<PreparationNeed>, String> {
        Ok(Vec::new())
    }

    /// Returns the paths of the files that make the package, of those that a build left in its folder.
    ///
    /// # Errors
    /// The reason, as a sentence, if they do not say which.
    fn packed_files(&self, files: &dyn SourceFiles) -> Result<Vec<String>, String> {
        Ok(files.paths().into_iter().map(str::to_owned).collect())
    }

    /// Returns what the package needs by the word of the metadata that a build made. Returns `None` if no build makes any.
    fn built_release(&self, _: &PackageKey, _: &Artifact, _: &CoreMetadata) -> Option<Release> {
        None
    }
}
