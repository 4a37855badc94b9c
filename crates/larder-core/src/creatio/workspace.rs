//! `.clio/workspaceSettings.json` of a workspace, whose packages lie in `packages/`.
//!
//! ```json
//! { "Packages": ["UsrOrders"], "ApplicationVersion": "8.1.3", "IgnorePackages": ["Demo*"], "ExternalPackages": [] }
//! ```

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use serde_json::Value;

use super::json;
use crate::model::{CreatioVersion, Ecosystem, PackageName};

/// The file, relative to a workspace.
pub const WORKSPACE_SETTINGS: &str = ".clio/workspaceSettings.json";

/// The settings of a workspace.
#[derive(Clone, Debug)]
pub struct CreatioWorkspace {
    /// `Packages`: those that lie in the workspace.
    pub packages: Vec<PackageName>,
    /// `ExternalPackages`: those that lie elsewhere.
    pub external: Vec<PackageName>,
    /// `ApplicationVersion`
    pub platform: Option<CreatioVersion>,
    ignored: GlobSet,
}

impl CreatioWorkspace {
    /// Parses the content of the file.
    ///
    /// # Errors
    /// What is wrong, as the end of a sentence.
    pub fn parse(bytes: &[u8]) -> Result<Self, String> {
        let document = json::parse(bytes).map_err(|error| format!("cannot be read: {error}"))?;
        if !document.is_object() {
            return Err("is no object".to_owned());
        }
        let list = |key: &str| match document.get(key) {
            None | Some(Value::Null) => Ok(Vec::new()),
            Some(Value::Array(items)) => {
                let texts = items.iter().map(Value::as_str).collect::<Option<Vec<_>>>();
                texts.ok_or_else(|| format!("has a `{key}` with something else than texts"))
            }
            Some(_) => Err(format!("has a `{key}` that is no list")),
        };
        let names = |key: &str| {
            let parse = |text| {
                PackageName::parse(Ecosystem::CREATIO, text)
                    .map_err(|error| format!("has a wrong name in `{key}`: {error}"))
            };
            list(key)?.into_iter().map(parse).collect::<Result<Vec<_>, String>>()
        };
        let mut ignored = GlobSetBuilder::new();
        for mask in list("IgnorePackages")? {
            let wrong = |error: globset::Error| format!("has a wrong mask in `IgnorePackages`: {}", error.kind());
            ignored.add(GlobBuilder::new(&literal_but_wildcards(mask)).case_insensitive(true).build().map_err(wrong)?);
        }
        let platform =
            document.get("ApplicationVersion").and_then(Value::as_str).filter(|text| !text.trim().is_empty());
        Ok(Self {
            packages: names("Packages")?,
            external: names("ExternalPackages")?,
            platform: platform
                .map(|text| CreatioVersion::parse(text.trim()))
                .transpose()
                .map_err(|reason| format!("has an `ApplicationVersion` that cannot be: {reason}"))?,
            ignored: ignored.build().map_err(|error| format!("has masks that cannot be: {}", error.kind()))?,
        })
    }

    /// Returns whether `IgnorePackages` leaves a package out.
    pub fn ignores(&self, package: &PackageName) -> bool {
        self.ignored.is_match(package.as_str())
    }
}

/// Returns a mask in which only `*` and `?` mean something.
fn literal_but_wildcards(mask: &str) -> String {
    mask.chars().flat_map(|c| "[]{}\\!".contains(c).then_some('\\').into_iter().chain([c])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::mutation;

    #[test]
    fn a_workspace_has_packages_and_leaves_some_out() {
        let text = r#"{"Packages":["UsrOrders","DemoData"],"ApplicationVersion":"8.1.3","IgnorePackages":["demo*","Usr?"],"ExternalPackages":[]}"#;
        let read = CreatioWorkspace::parse(text.as_bytes()).unwrap();
        assert_eq!(read.platform.as_ref().unwrap().to_string(), "8.1.3");
        let left: Vec<_> = read.packages.iter().filter(|name| !read.ignores(name)).map(PackageName::as_str).collect();
        assert_eq!(left, ["UsrOrders"]);
        let least = CreatioWorkspace::parse(b"{\"ApplicationVersion\":null}").unwrap();
        assert!(least.packages.is_empty() && least.platform.is_none());
        for text in [
            "[]",
            "{\"Packages\":\"x\"}",
            "{\"Packages\":[1]}",
            "{\"Packages\":[\"a/b\"]}",
            "{\"Packages\":[],\"Packages\":[]}",
        ] {
            assert!(CreatioWorkspace::parse(text.as_bytes()).is_err(), "{text}");
        }
        mutation::of(&[text], |text| drop(CreatioWorkspace::parse(text.as_bytes())));
    }
}
