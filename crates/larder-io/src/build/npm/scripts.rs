//! Which scripts of a package npm runs when it is installed.

use serde_json::Value;
use sha2::Digest as _;

use crate::model::{Algorithm, Digest};

/// When scripts are run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScriptSet {
    /// For a package of a registry: `preinstall`, `install`, `postinstall`.
    Install,
    /// For the sources of a package, as of a git repository: `prepare` and what is around it too; where there is none, `prepack`.
    Prepare,
}

impl ScriptSet {
    fn events(self) -> &'static [&'static str] {
        match self {
            Self::Install => &["preinstall", "install", "postinstall"],
            Self::Prepare => {
                &["preinstall", "install", "postinstall", "prepublish", "preprepare", "prepare", "postprepare", PREPACK]
            }
        }
    }
}

/// The script that runs before an archive is made.
const PREPACK: &str = "prepack";

/// A script to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Script {
    /// When npm runs it: `postinstall`.
    pub event: &'static str,
    /// A command line of the shell.
    pub text: String,
}

/// A package.json that says nothing that could be run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PackageJsonError {
    /// It is no JSON object.
    #[error("its package.json is not a JSON object")]
    NotAnObject,
    /// A script is not a text.
    #[error("its package.json has a script `{0}` that is not a text")]
    NotAText(&'static str),
}

/// Returns the scripts that npm runs, in this order. A package with a `binding.gyp` and neither `install` nor `preinstall` is
/// built by `node-gyp rebuild`, unless it says `"gypfile": false`: npm's docs, "scripts".
pub fn scripts(package_json: &[u8], has_gyp: bool, set: ScriptSet) -> Result<Vec<Script>, PackageJsonError> {
    let document: Value = serde_json::from_slice(package_json).map_err(|_| PackageJsonError::NotAnObject)?;
    if !document.is_object() {
        return Err(PackageJsonError::NotAnObject);
    }
    let mut found = Vec::new();
    for event in set.events() {
        match document.get("scripts").and_then(|scripts| scripts.get(event)) {
            None | Some(Value::Null) => {}
            Some(Value::String(text)) if text.trim().is_empty() => {}
            Some(Value::String(text)) => found.push(Script { event, text: text.clone() }),
            Some(_) => return Err(PackageJsonError::NotAText(event)),
        }
    }
    if found.iter().any(|script| script.event == "prepare") {
        found.retain(|script| script.event != PREPACK);
    }
    let has_own = found.iter().any(|script| matches!(script.event, "install" | "preinstall"));
    if has_gyp && !has_own && document.get("gypfile") != Some(&Value::Bool(false)) {
        found.insert(0, Script { event: "install", text: "node-gyp rebuild".to_owned() });
    }
    Ok(found)
}

/// Returns the digest by which scripts are approved: of when each runs, and of its text.
pub fn scripts_digest(scripts: &[Script]) -> Digest {
    let mut hasher = sha2::Sha256::new_with_prefix("larder scripts 1\n");
    for Script { event, text } in scripts {
        hasher.update(format!("{event} {}\n{text}\n", text.len()));
    }
    Digest::new(Algorithm::Sha256, &hasher.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(package_json: &str, has_gyp: bool, expected: &[(&str, &str)]) {
        let found = scripts(package_json.as_bytes(), has_gyp, ScriptSet::Install).unwrap();
        let found: Vec<_> = found.iter().map(|script| (script.event, script.text.as_str())).collect();
        assert_eq!(found, expected, "{package_json}");
    }

    #[test]
    fn install_scripts_run_in_npms_order_and_no_others() {
        let text =
            r#"{"scripts": {"postinstall": "c", "test": "x", "preinstall": "a", "install": "b", "prepare": "p"}}"#;
        check(text, true, &[("preinstall", "a"), ("install", "b"), ("postinstall", "c")]);
        check(r#"{"scripts": {"install": " "}}"#, false, &[]);
        check("{}", false, &[]);
        let prepare = scripts(text.as_bytes(), false, ScriptSet::Prepare).unwrap();
        assert_eq!(prepare.last().unwrap().event, "prepare");
        let last = |text: &str| scripts(text.as_bytes(), false, ScriptSet::Prepare).unwrap().pop().unwrap().event;
        assert_eq!(last(r#"{"scripts": {"prepare": "p", "prepack": "q"}}"#), "prepare");
        assert_eq!(last(r#"{"scripts": {"prepack": "q"}}"#), "prepack");
    }

    #[test]
    fn a_binding_gyp_is_built_unless_the_package_does_it_itself() {
        check("{}", true, &[("install", "node-gyp rebuild")]);
        check(r#"{"scripts": {"postinstall": "c"}}"#, true, &[("install", "node-gyp rebuild"), ("postinstall", "c")]);
        check(r#"{"gypfile": false}"#, true, &[]);
        check(r#"{"scripts": {"install": "own"}}"#, true, &[("install", "own")]);
        check(r#"{"scripts": {"preinstall": "own"}}"#, true, &[("preinstall", "own")]);
    }

    #[test]
    fn what_is_not_a_package_json_is_an_error() {
        for text in ["", "[]", "1", "{"] {
            assert_eq!(scripts(text.as_bytes(), false, ScriptSet::Install), Err(PackageJsonError::NotAnObject));
        }
        let odd = scripts(br#"{"scripts": {"install": ["rm"]}}"#, false, ScriptSet::Install);
        assert_eq!(odd, Err(PackageJsonError::NotAText("install")));
        check(r#"{"scripts": "none"}"#, false, &[]);
    }
}
