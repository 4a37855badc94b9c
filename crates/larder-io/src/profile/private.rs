//! Private packages: what the larder.kdl in each declares of its halves and executables.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::fs;
use crate::manifest::{self, ManifestKind};
use crate::model::PackageKey;
use crate::store::Tree;

use super::ProfileError;
use super::key::RealisedKey;

/// The file in which a package says what it is.
pub(super) const MANIFEST: &str = "larder.kdl";

/// What a private package brings to Node, to Python and to `bin`. Paths are relative to the package.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct PrivateContent {
    /// The version.
    pub version: Arc<str>,
    /// The folder that Node sees under the package's name; empty is the whole package. `None` if it has no Node half.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<Arc<str>>,
    /// The folder whose modules Python sees; empty is the whole package. `None` if it has no Python half.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub python: Option<Arc<str>>,
    /// The executables, each with its file.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub bin: BTreeMap<Arc<str>, Arc<str>>,
}

impl PrivateContent {
    /// Reads the larder.kdl of an unpacked package.
    ///
    /// # Errors
    /// [`ProfileError::BadPrivatePackage`] if it is missing, or names what the package does not have.
    pub(super) fn read(key: &PackageKey, tree: &Tree) -> Result<Self, ProfileError> {
        let bad = |problem: String| ProfileError::BadPrivatePackage { package: Box::new(key.clone()), problem };
        let bytes = fs::read_if_exists(&tree.folder.join(MANIFEST))?;
        let bytes = bytes.ok_or_else(|| bad(format!("it has no {MANIFEST}")))?;
        let text = String::from_utf8(bytes).map_err(|_| bad(format!("its {MANIFEST} is no text")))?;
        let parsed = manifest::parse(MANIFEST, &text, ManifestKind::Package);
        let package = parsed.map_err(|errors| bad(errors.to_string()))?.package;
        let package = package.ok_or_else(|| bad(format!("its {MANIFEST} has no `package`")))?;
        let content = Self { version: key.version.to_string().into(), ..Self::declared(&package) };
        for folder in content.node.iter().chain(&content.python) {
            let prefix = if folder.is_empty() { String::new() } else { format!("{folder}/") };
            if !tree.entries.iter().any(|entry| entry.path.starts_with(&prefix)) {
                return Err(bad(format!("it declares a half in `{folder}`, and has no such folder")));
            }
        }
        for (name, file) in &content.bin {
            ProfileError::check_length(key.id.name.as_str(), name)?;
            if tree.entry(file).is_none() {
                return Err(bad(format!("its executable `{name}` is `{file}`, and there is no such file")));
            }
        }
        Ok(content)
    }

    /// Returns what a larder.kdl declares, without looking whether it is there.
    pub(super) fn declared(package: &manifest::Package) -> Self {
        let folder = |declared: &manifest::Spanned<String>| -> Arc<str> {
            let whole = declared.value == ".";
            if whole { "".into() } else { declared.value.as_str().into() }
        };
        let bin = package.bin.iter().map(|one| (one.name.value.as_str().into(), one.file.value.as_str().into()));
        Self {
            version: package.version.value.to_string().into(),
            node: package.node.as_ref().map(folder),
            python: package.python.as_ref().map(folder),
            bin: bin.collect(),
        }
    }

    /// Returns where Node finds the package below the `node_modules` of its own folder. `None` if it has no Node half.
    pub(super) fn node_path(&self, name: &str) -> Option<Arc<str>> {
        let folder = self.node.as_deref()?;
        Some(if folder.is_empty() { name.into() } else { format!("{name}/{folder}").into() })
    }
}

/// Returns where a realised package lies, below the folder of realised packages.
pub(super) fn place(packages: &Path, key: &RealisedKey, name: &str) -> PathBuf {
    packages.join(key.as_str()).join("node_modules").join(name)
}
