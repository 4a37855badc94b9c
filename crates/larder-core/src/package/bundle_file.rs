//! What a bundle says of itself: an environment as it runs, in one file.
//!
//! ```text
//! bundle/larder-bundle.json       this document
//! bundle/project/larder.kdl …     the project's files
//! bundle/trees/<digest>/…         the content of packages and runtimes, each once
//! ```
//!
//! The file is a tar in the form of `schema/archive.md`, compressed by zstd. Entries are sorted, so that the document comes first.

use serde::{Deserialize, Serialize};

/// The name of the document.
pub const BUNDLE_FILE: &str = "larder-bundle.json";

/// The folder of the project's files.
pub const PROJECT: &str = "project";

/// The folder of trees.
pub const TREES: &str = "trees";

/// The version of the format.
const FORMAT: u32 = 1;

/// The document of a bundle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BundleFile {
    version: u32,
    /// The environment.
    pub environment: String,
    /// The platform that it runs on.
    pub platform: String,
    /// The digest of the project's files.
    pub project: String,
    /// The packages, sorted.
    pub packages: Vec<BundledPackage>,
    /// The runtimes, sorted.
    pub runtimes: Vec<BundleRuntime>,
}

/// A package of a bundle.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BundledPackage {
    /// The package and its version: `npm:react@18.3.1`.
    pub package: String,
    /// The digest of its tree.
    pub tree: String,
}

/// A runtime of a bundle.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BundleRuntime {
    /// `node` or `python`.
    pub name: String,
    /// The digest of its tree.
    pub tree: String,
}

impl BundleFile {
    /// Makes the document.
    pub fn new(
        (environment, platform): (String, String),
        project: String,
        mut packages: Vec<BundledPackage>,
        mut runtimes: Vec<BundleRuntime>,
    ) -> Self {
        packages.sort();
        runtimes.sort();
        Self { version: FORMAT, environment, platform, project, packages, runtimes }
    }

    /// Reads a document.
    ///
    /// # Errors
    /// The reason, as the end of a sentence.
    pub fn parse(bytes: &[u8]) -> Result<Self, String> {
        #[derive(Deserialize)]
        struct VersionOnly {
            version: u32,
        }
        let version: VersionOnly = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        if version.version != FORMAT {
            return Err(format!("its version is {}, and this larder reads version {FORMAT}", version.version));
        }
        serde_json::from_slice(bytes).map_err(|error| error.to_string())
    }

    /// Returns the text of the document.
    pub fn to_text(&self) -> String {
        let mut text = serde_json::to_string(self).unwrap_or_default();
        text.push('\n');
        text
    }

    /// Returns the digests of all trees.
    pub fn trees(&self) -> impl Iterator<Item = &str> {
        self.packages.iter().map(|one| &*one.tree).chain(self.runtimes.iter().map(|one| &*one.tree))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_comes_back_and_a_newer_one_is_refused() {
        let package = |package: &str| BundledPackage { package: package.to_owned(), tree: "ab".to_owned() };
        let file = BundleFile::new(
            ("production".to_owned(), "linux-x64".to_owned()),
            "cd".to_owned(),
            vec![package("npm:b@1.0.0"), package("npm:a@1.0.0")],
            Vec::new(),
        );
        assert_eq!(file.packages[0].package, "npm:a@1.0.0");
        assert_eq!(BundleFile::parse(file.to_text().as_bytes()), Ok(file.clone()));
        let newer = file.to_text().replace("\"version\":1", "\"version\":2,\"more\":0");
        assert!(BundleFile::parse(newer.as_bytes()).unwrap_err().contains("version is 2"));
        for bad in ["", "{}", "[]", "{\"version\":1}"] {
            assert!(BundleFile::parse(bad.as_bytes()).is_err(), "{bad}");
        }
    }
}
