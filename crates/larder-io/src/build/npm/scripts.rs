//! Which scripts of a package npm runs when it is installed.

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde_json::Value;
use sha2::Digest as _;

use super::package_json::{PackageJsonError, parse_package_json};
use crate::model::{Algorithm, Digest};

/// When scripts are run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScriptSet {
    /// For a package of a registry: `preinstall`, `install`, `postinstall`.
    Install,
    /// For the sources of a package, as of a git repository: `prepare` and what is around it too; where there is none, `prepack`. Then
    /// what they make of it is installed.
    Prepare,
}

/// The scripts that run when a package is installed.
const INSTALL: [&str; 3] = ["preinstall", "install", "postinstall"];

impl ScriptSet {
    fn events(self) -> &'static [&'static str] {
        match self {
            Self::Install => &INSTALL,
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
    /// When npm runs it: `postinstall`. Of one that others call, its name.
    pub event: Cow<'static, str>,
    /// A command line of the shell.
    pub text: String,
}

/// Returns the scripts that a package's approval is for: those that npm runs, and of sources those that these call by their names.
pub fn scripts(package_json: &[u8], has_gyp: bool, set: ScriptSet) -> Result<Vec<Script>, PackageJsonError> {
    match set {
        ScriptSet::Install => run_scripts(&parse_package_json(package_json)?, has_gyp, set),
        ScriptSet::Prepare => scripts_and_called(package_json, has_gyp, set),
    }
}

/// Returns the scripts that npm runs, and those that these call by their names.
pub fn scripts_and_called(package_json: &[u8], has_gyp: bool, set: ScriptSet) -> Result<Vec<Script>, PackageJsonError> {
    let document = parse_package_json(package_json)?;
    let mut found = run_scripts(&document, has_gyp, set)?;
    add_called(&document, &mut found);
    Ok(found)
}

/// Adds the scripts that others call by their names, as in `npm run build` or `run-s build:*`, with what is around each. A text from
/// which the shell may make any name calls all.
fn add_called(document: &Value, found: &mut Vec<Script>) {
    let Some(all) = document.get("scripts").and_then(Value::as_object) else { return };
    let mut known: BTreeSet<String> = found.iter().map(|script| script.event.to_string()).collect();
    let mut at = 0;
    while let Some(text) = found.get(at).map(|script| script.text.clone()) {
        at += 1;
        let called = Called::by(&text);
        for (name, text) in all {
            let Value::String(text) = text else { continue };
            let is_called = |name: &str| called.names(name);
            let around = |prefix| name.strip_prefix(prefix).is_some_and(is_called);
            if (is_called(name) || around("pre") || around("post")) && known.insert(name.clone()) {
                found.push(Script { event: Cow::Owned(name.clone()), text: text.clone() });
            }
        }
    }
}

/// What of a package's scripts a text may call.
enum Called<'t> {
    /// Any.
    All,
    /// Those of these names, and those that begin as the patterns do.
    Words { text: &'t str, names: BTreeSet<String>, beginnings: Vec<String> },
}

impl<'t> Called<'t> {
    fn by(text: &'t str) -> Self {
        const ANY: [&str; 6] = ["$", "`", "\\", "!(", "+(", "@("];
        const PREFIXES: [&str; 3] = ["npm:", "pnpm:", "yarn:"];

        if ANY.iter().any(|sign| text.contains(sign)) {
            return Self::All;
        }
        let (mut names, mut beginnings) = (BTreeSet::new(), Vec::new());
        // A quote may be around words, or within one.
        for unquoted in [text.replace(['"', '\''], " "), text.replace(['"', '\''], "")] {
            for word in unquoted.split(is_separator) {
                let word = PREFIXES.iter().find_map(|prefix| word.strip_prefix(prefix)).unwrap_or(word);
                beginnings.extend(word.split_once(['*', '?', '[', '{']).map(|(beginning, _)| beginning.to_owned()));
                // npm has other words for some.
                match word {
                    "t" | "tst" => names.extend(["test".to_owned()]),
                    "restart" => names.extend(["start", "stop"].map(str::to_owned)),
                    _ => {}
                }
                names.insert(word.to_owned());
            }
        }
        Self::Words { text, names, beginnings }
    }

    fn names(&self, script: &str) -> bool {
        match self {
            Self::All => true,
            Self::Words { text, names, beginnings } => {
                names.contains(script)
                    || beginnings.iter().any(|beginning| script.starts_with(beginning.as_str()))
                    || script.contains(is_separator) && text.contains(script)
            }
        }
    }
}

/// Returns whether a character is between words.
fn is_separator(character: char) -> bool {
    character.is_whitespace() || ";&|()<>=,".contains(character)
}

/// Returns those that run on a package's files, in this order. Of sources, what is made of them runs the install scripts.
pub(super) fn own_scripts(document: &Value, has_gyp: bool, set: ScriptSet) -> Result<Vec<Script>, PackageJsonError> {
    let mut found = run_scripts(document, has_gyp, set)?;
    if set == ScriptSet::Prepare {
        found.retain(|script| !INSTALL.contains(&&*script.event));
    }
    Ok(found)
}

/// Returns the scripts that npm runs, in this order. A package with a `binding.gyp` and neither `install` nor `preinstall` is
/// built by `node-gyp rebuild`, unless it says `"gypfile": false`: npm's docs, "scripts".
fn run_scripts(document: &Value, has_gyp: bool, set: ScriptSet) -> Result<Vec<Script>, PackageJsonError> {
    let mut found = Vec::new();
    for event in set.events() {
        match document.get("scripts").and_then(|scripts| scripts.get(event)) {
            None | Some(Value::Null) => {}
            Some(Value::String(text)) if text.trim().is_empty() => {}
            Some(Value::String(text)) => found.push(Script { event: Cow::Borrowed(event), text: text.clone() }),
            Some(_) => return Err(PackageJsonError::NotAText(event)),
        }
    }
    if found.iter().any(|script| script.event == "prepare") {
        found.retain(|script| script.event != PREPACK);
    }
    let has_own = found.iter().any(|script| matches!(&*script.event, "install" | "preinstall"));
    if has_gyp && !has_own && document.get("gypfile") != Some(&Value::Bool(false)) {
        found.insert(0, Script { event: "install".into(), text: "node-gyp rebuild".to_owned() });
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
        let found: Vec<_> = found.iter().map(|script| (&*script.event, script.text.as_str())).collect();
        assert_eq!(found, expected, "{package_json}");
    }

    #[test]
    fn install_scripts_run_in_npms_order_and_no_others() {
        let text =
            r#"{"scripts": {"postinstall": "c", "test": "x", "preinstall": "a", "install": "b", "prepare": "p"}}"#;
        check(text, true, &[("preinstall", "a"), ("install", "b"), ("postinstall", "c")]);
        check(r#"{"scripts": {"install": " "}}"#, false, &[]);
        check("{}", false, &[]);
        let document = parse_package_json(text.as_bytes()).unwrap();
        let prepare = run_scripts(&document, false, ScriptSet::Prepare).unwrap();
        assert_eq!(prepare.last().unwrap().event, "prepare");
        // What is made runs the others: once.
        let own = own_scripts(&document, true, ScriptSet::Prepare).unwrap();
        assert_eq!(own.iter().map(|script| &*script.event).collect::<Vec<_>>(), ["prepare"]);
        assert_eq!(own_scripts(&document, true, ScriptSet::Install).unwrap().len(), 3);
        let last = |text: &str| {
            let document = parse_package_json(text.as_bytes()).unwrap();
            run_scripts(&document, false, ScriptSet::Prepare).unwrap().pop().unwrap().event
        };
        assert_eq!(last(r#"{"scripts": {"prepare": "p", "prepack": "q"}}"#), "prepare");
        assert_eq!(last(r#"{"scripts": {"prepack": "q"}}"#), "prepack");
    }

    #[test]
    fn what_prepare_calls_by_its_name_is_approved_with_it() {
        let check = |scripts: Value, expected: &[&str]| {
            let text = serde_json::json!({ "scripts": scripts }).to_string();
            let found = super::scripts(text.as_bytes(), false, ScriptSet::Prepare).unwrap();
            assert_eq!(found.iter().map(|script| &*script.event).collect::<Vec<_>>(), expected, "{text}");
            let document = parse_package_json(text.as_bytes()).unwrap();
            assert_eq!(run_scripts(&document, false, ScriptSet::Prepare).unwrap().len(), 1);
            super::scripts_digest(&found)
        };
        let called = |build: &str| serde_json::json!({ "build": build, "prebuild": "rm x", "prepare": "npm run build", "test": "t", "uild": "u" });
        let first = check(called("tsc"), &["prepare", "build", "prebuild"]);
        assert_ne!(first, check(called("curl evil"), &["prepare", "build", "prebuild"]));
        check(serde_json::json!({ "a": "yarn 'b'", "b": "c", "prepare": "yarn run a" }), &["prepare", "a", "b"]);
        check(serde_json::json!({ "b:1": "x", "b:2": "x", "prepare": "run-s b:*" }), &["prepare", "b:1", "b:2"]);
        check(serde_json::json!({ "ab": "x", "prepare": "npm run 'a'b" }), &["prepare", "ab"]);
        check(serde_json::json!({ "a b": "x", "prepare": "npm run 'a b'" }), &["prepare", "a b"]);
        check(serde_json::json!({ "b": "x", "prepare": "concurrently npm:b @c/d" }), &["prepare", "b"]);
        check(serde_json::json!({ "ab": "x", "prepare": "npm run $X" }), &["prepare", "ab"]);
        check(serde_json::json!({ "x": "y", "prepare": "maker dist/index.js" }), &["prepare"]);
        check(serde_json::json!({ "prepack": "y", "prepare": "maker" }), &["prepare"]);
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
