//! Scripts of a package.json, as `npm run` has them: <https://docs.npmjs.com/cli/v11/using-npm/scripts>.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;

use super::Result;
use super::project::inputs;

/// A script, ready for `sh -c`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct PackageScript {
    /// The folder of its package.json, in which it runs.
    pub(super) folder: PathBuf,
    /// What the shell runs: the script with its arguments, between its `pre` and its `post` script.
    pub(super) text: String,
    /// The variables that npm sets for scripts.
    pub(super) variables: Vec<(&'static str, String)>,
}

#[derive(Deserialize)]
struct PackageJson {
    name: Option<Value>,
    version: Option<Value>,
    #[serde(default)]
    scripts: BTreeMap<String, Value>,
}

/// Returns the script of this name in the nearest package.json from `folder` up to `root`. A package.json that cannot be read
/// has none.
pub(super) fn find(root: &Path, folder: &Path, name: &str) -> Result<Option<PackageScript>> {
    for folder in folder.ancestors().take_while(|above| above.starts_with(root)) {
        if let Some(text) = inputs::text(&folder.join("package.json"))? {
            return Ok(script(&text, name).map(|(text, variables)| PackageScript {
                folder: folder.to_owned(),
                text,
                variables,
            }));
        }
    }
    Ok(None)
}

fn script(text: &str, name: &str) -> Option<(String, Vec<(&'static str, String)>)> {
    let package: PackageJson = serde_json::from_str(text.trim_start_matches('\u{feff}')).ok()?;
    let of = |name: &str| package.scripts.get(name)?.as_str().filter(|script| !script.trim().is_empty());
    let own = format!("{} \"$@\"", of(name)?);
    let around = [of(&format!("pre{name}")), Some(&*own), of(&format!("post{name}"))];
    let steps: Vec<String> = around.into_iter().flatten().map(|step| format!("{{\n{step}\n}}")).collect();
    let word = |value: &Option<Value>| value.as_ref().and_then(Value::as_str).unwrap_or_default().to_owned();
    let variables = vec![
        ("npm_lifecycle_event", name.to_owned()),
        ("npm_package_name", word(&package.name)),
        ("npm_package_version", word(&package.version)),
    ];
    Some((steps.join(" && "), variables))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_stands_between_its_pre_and_its_post_script() {
        let text = r#"{"name": "web", "scripts": {"build": "tsc && vite", "prebuild": "clean", "postbuild": "say", "empty": " ", "odd": 1}}"#;
        let (script, variables) = script(text, "build").unwrap();
        assert_eq!(script, "{\nclean\n} && {\ntsc && vite \"$@\"\n} && {\nsay\n}");
        assert!(variables.contains(&("npm_package_name", "web".to_owned())));
        assert!(["empty", "odd", "gone"].iter().all(|name| super::script(text, name).is_none()));
        assert_eq!(super::script("{", "build"), None);
    }
}
