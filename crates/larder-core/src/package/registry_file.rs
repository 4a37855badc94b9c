//! `larder-registry.json`: what makes a folder of static files a registry of private packages.

use serde::{Deserialize, Serialize};

/// The name of the file.
pub const REGISTRY_FILE: &str = "larder-registry.json";

/// The version of the format.
const FORMAT: u32 = 1;

/// The description of a registry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegistryFile {
    version: u32,
    /// The identity of its log.
    pub origin: String,
    /// The public key of its log. Whoever has no better source trusts it on first use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// The folder of index files.
    #[serde(default = "default_index")]
    pub index: String,
    /// The folder of archives.
    #[serde(default = "default_artifacts")]
    pub artifacts: String,
    /// The address that accepts publications.
    #[serde(default = "default_api")]
    pub api: String,
    /// Whether it is a part of another registry, into which nothing is published.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub subset: bool,
}

fn default_index() -> String {
    "index/".to_owned()
}

fn default_artifacts() -> String {
    "artifacts/".to_owned()
}

fn default_api() -> String {
    "api/v1/".to_owned()
}

impl RegistryFile {
    /// Makes the description of a new registry.
    pub fn new(origin: String, key: Option<String>) -> Self {
        let (index, artifacts, api) = (default_index(), default_artifacts(), default_api());
        Self { version: FORMAT, origin, key, index, artifacts, api, subset: false }
    }

    /// Returns the description of a part of this registry, in the usual folders.
    #[must_use]
    pub fn part(&self) -> Self {
        Self { subset: true, ..Self::new(self.origin.clone(), self.key.clone()) }
    }

    /// Reads a description. The folders lie below the registry.
    ///
    /// # Errors
    /// The reason, as a sentence.
    pub fn parse(bytes: &[u8]) -> Result<Self, String> {
        let file: Self = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        if file.version != FORMAT {
            return Err(format!("its version is {}, and this larder reads version {FORMAT}", file.version));
        }
        let is_folder = |path: &str| {
            path.ends_with('/')
                && path.trim_end_matches('/').split('/').all(|part| {
                    !part.is_empty() && part != "." && part != ".." && !part.contains(['\\', '%', '?', '#', ':'])
                })
        };
        for path in [&file.index, &file.artifacts, &file.api] {
            if !is_folder(path) {
                return Err(format!("`{}` is no folder below the registry", path.escape_debug()));
            }
        }
        Ok(file)
    }

    /// Returns the text of the file.
    pub fn to_text(&self) -> String {
        let mut text = serde_json::to_string(self).unwrap_or_default();
        text.push('\n');
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_comes_back_and_stays_below() {
        let file = RegistryFile::new("packages.acme.example".to_owned(), None);
        let text = r#"{"version":1,"origin":"packages.acme.example","index":"index/","artifacts":"artifacts/","api":"api/v1/"}"#;
        assert_eq!(file.to_text().trim(), text);
        assert_eq!(RegistryFile::parse(text.as_bytes()), Ok(file));
        for folder in ["", "../", "a/../", "/", "a", "https://evil/", "a\\\\..\\\\b/", "%2e%2e/"] {
            assert!(RegistryFile::parse(text.replace("index/", folder).as_bytes()).is_err(), "{folder}");
        }
        assert!(RegistryFile::parse(text.replace(":1,", ":2,").as_bytes()).unwrap_err().contains("version is 2"));
    }
}
