//! Scripts of a package.json, as `npm run` has them: <https://docs.npmjs.com/cli/v11/using-npm/scripts>.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

use super::step::ShellStep;
use crate::ops::Result;
use crate::ops::project::inputs;

/// The part of a package.json that scripts need. What cannot be read has no scripts.
#[derive(Default, Deserialize)]
pub(super) struct PackageScripts {
    name: Option<Value>,
    version: Option<Value>,
    #[serde(default)]
    scripts: BTreeMap<String, Value>,
}

impl PackageScripts {
    /// Reads the package.json in a folder; `None` if there is none.
    pub(super) fn read(folder: &Path) -> Result<Option<Self>> {
        Ok(inputs::text(&folder.join("package.json"))?.map(|text| Self::parse(&text)))
    }

    fn parse(text: &str) -> Self {
        serde_json::from_str(text.trim_start_matches('\u{feff}')).unwrap_or_default()
    }

    /// Returns the scripts' names and commands.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.scripts.keys().filter_map(|name| Some((&**name, self.script(name)?)))
    }

    fn script(&self, name: &str) -> Option<&str> {
        self.scripts.get(name)?.as_str().filter(|script| !script.trim().is_empty())
    }

    /// Returns the script of this name, between its `pre` and its `post` script, with the variables that npm sets.
    pub(super) fn step(&self, name: &str, folder: &Path) -> Option<ShellStep> {
        let command = self.script(name)?.to_owned();
        let around = |prefix: &str| self.script(&format!("{prefix}{name}")).map(str::to_owned);
        let word = |value: &Option<Value>| value.as_ref().and_then(Value::as_str).unwrap_or_default().to_owned();
        Some(ShellStep {
            name: name.to_owned(),
            folder: folder.to_owned(),
            command,
            before: around("pre"),
            after: around("post"),
            environment: None,
            variables: vec![
                ("npm_lifecycle_event", name.to_owned()),
                ("npm_package_name", word(&self.name)),
                ("npm_package_version", word(&self.version)),
            ],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_stands_between_its_pre_and_its_post_script() {
        let text = r#"{"name": "web", "scripts": {"build": "tsc && vite", "prebuild": "clean", "postbuild": "say", "empty": " ", "odd": 1}}"#;
        let package = PackageScripts::parse(text);
        let step = package.step("build", Path::new("web")).unwrap();
        assert_eq!(step.text(&["-w".into()]), "(\nclean\n) && (\ntsc && vite -w\n) && (\nsay\n)");
        assert!(step.variables.contains(&("npm_package_name", "web".to_owned())));
        assert!(["empty", "odd", "gone"].iter().all(|name| package.step(name, Path::new("")).is_none()));
        assert!(PackageScripts::parse("{").step("build", Path::new("")).is_none());
    }
}
