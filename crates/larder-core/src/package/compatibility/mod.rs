//! What dependents of a package can use of it, and what a newer version takes away from them.
//!
//! | file | what it owns |
//! | --- | --- |
//! | `node` | what package.json exports |
//! | `python` | modules, and the public names in them |
//!
//! All of it is read, and nothing run: what is computed at run time is not seen, and not missed.

mod node;
mod python;

use std::collections::{BTreeMap, BTreeSet};

use super::archive::ArchiveFile;
use super::body::{Body, BodyAsset};
use crate::model::FeatureName;

/// What dependents can use of a version.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Surface {
    /// What Node resolves under the package's name: subpaths (`.`, `./api`), each with the conditions under which it exists.
    node: BTreeMap<String, BTreeSet<String>>,
    /// The modules of the Python half.
    python: BTreeMap<String, python::Module>,
    features: BTreeSet<String>,
    default_features: BTreeSet<String>,
    executables: BTreeSet<String>,
    assets: BTreeSet<String>,
}

impl Surface {
    /// Reads the surface of a version from what its publisher says and its files.
    pub fn of(body: &Body, files: &[ArchiveFile]) -> Self {
        let half = |folder: &Option<Box<str>>| folder.as_deref().map(|folder| Half::new(folder, files));
        let (node, python) = (half(&body.node), half(&body.python));
        let scripts = python.as_ref().map(python::scripts).unwrap_or_default();
        let default_features = body.features.iter().find(|(name, _)| name.as_str() == "default");
        let text = |name: &FeatureName| name.as_str().to_owned();
        Self {
            node: node.as_ref().map(node::exports).unwrap_or_default(),
            python: python.as_ref().map(python::modules).unwrap_or_default(),
            features: body.features.keys().map(text).collect(),
            default_features: default_features.into_iter().flat_map(|(_, it)| &it.includes).map(text).collect(),
            assets: body.assets.iter().map(asset_text).collect(),
            executables: body.bin.keys().map(ToString::to_string).chain(scripts).collect(),
        }
    }

    /// Returns what `newer` does not have any more, in words, sorted by kind and name.
    pub fn removed_in(&self, newer: &Self) -> Vec<String> {
        let mut removed = Vec::new();
        for (subpath, conditions) in &self.node {
            match newer.node.get(subpath) {
                None => removed.push(format!("the export `{subpath}` of package.json")),
                Some(left) => removed.extend(
                    conditions
                        .difference(left)
                        // What every importer gets counts for each of them; but types are read by compilers, which need them.
                        .filter(|condition| !left.contains(node::ALWAYS) || node::is_for_types(condition))
                        .map(|condition| format!("the export `{subpath}` of package.json for `{condition}`")),
                ),
            }
        }
        for (name, module) in &self.python {
            match newer.python.get(name) {
                None => removed.push(format!("the Python module `{name}`")),
                Some(left) => {
                    removed.extend(
                        module.names_gone_in(left).map(|gone| format!("`{gone}` of the Python module `{name}`")),
                    );
                }
            }
        }
        let gone = |what: &str, old: &BTreeSet<String>, new: &BTreeSet<String>| -> Vec<String> {
            old.difference(new).map(|name| format!("the {what} `{name}`")).collect()
        };
        removed.extend(gone("feature", &self.features, &newer.features));
        let still: BTreeSet<String> = self.default_features.intersection(&newer.features).cloned().collect();
        removed.extend(gone("default feature", &still, &newer.default_features));
        removed.extend(gone("executable", &self.executables, &newer.executables));
        removed.extend(self.assets.difference(&newer.assets).map(|asset| format!("the {asset}")));
        removed
    }
}

/// Returns how an asset is told: `` schema `order@2` ``.
fn asset_text(asset: &BodyAsset) -> String {
    format!("{} `{}@{}`", asset.kind, asset.name, asset.version)
}

/// Returns whether `newer` may take away what `older` has, as semver counts: another major version, or before 1.0 another minor
/// one, and before 0.1 any. A pre-release promises nothing.
pub fn may_break(older: &semver::Version, newer: &semver::Version) -> bool {
    if !newer.pre.is_empty() || !older.pre.is_empty() {
        return true;
    }
    let bucket = |version: &semver::Version| match (version.major, version.minor) {
        (0, 0) => (0, 0, version.patch),
        (0, minor) => (0, minor, 0),
        (major, _) => (major, 0, 0),
    };
    bucket(older) != bucket(newer)
}

/// The files of one half of a package.
struct Half<'f> {
    /// Their paths below the half's folder.
    files: BTreeMap<&'f str, &'f [u8]>,
}

impl<'f> Half<'f> {
    fn new(folder: &str, files: &'f [ArchiveFile]) -> Self {
        let below = |path: &'f str| match folder {
            "." => Some(path),
            folder => path.strip_prefix(folder)?.strip_prefix('/'),
        };
        Self { files: files.iter().filter_map(|file| Some((below(file.path.as_str())?, &*file.content))).collect() }
    }

    fn text(&self, path: &str) -> Option<&'f str> {
        std::str::from_utf8(self.files.get(path)?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::EntryPath;
    use crate::package::body_of_manifest;
    use crate::package::tree_digest;

    fn surface(manifest: &str, files: &[(&str, &str)]) -> Surface {
        let file = |path: &str, text: &str| ArchiveFile {
            path: EntryPath::parse(path).unwrap(),
            executable: false,
            content: text.as_bytes().to_vec(),
        };
        let files: Vec<ArchiveFile> = files.iter().map(|(path, text)| file(path, text)).collect();
        let manifest = format!("package \"p\" version=\"1.0.0\" {{\n{manifest}\n}}\n");
        Surface::of(&body_of_manifest(manifest.as_bytes(), tree_digest(&files)).unwrap(), &files)
    }

    #[test]
    fn versions_of_one_bucket_promise_each_other() {
        let check = |older: &str, newer: &str| may_break(&older.parse().unwrap(), &newer.parse().unwrap());
        for (older, newer) in [("1.2.3", "1.2.4"), ("1.2.3", "1.9.0"), ("0.3.0", "0.3.1"), ("0.0.1", "0.0.1+b")] {
            assert!(!check(older, newer), "{older} {newer}");
        }
        for (older, newer) in [("1.9.0", "2.0.0"), ("0.3.1", "0.4.0"), ("0.0.1", "0.0.2"), ("1.0.0", "1.1.0-rc.1")] {
            assert!(check(older, newer), "{older} {newer}");
        }
    }

    #[test]
    fn features_and_executables_are_missed() {
        let old = surface(
            "node \"js\"\npython \"py\"\nbin \"a\" \"js/a.js\"\nbin \"b\" \"js/a.js\"\nfeatures { default \"x\" \"y\"; x; y; z; }",
            &[
                ("js/a.js", ""),
                ("py/pyproject.toml", "[project]\nname = 'p'\nversion = '1'\n[project.scripts]\nc = 'p:c'\n"),
            ],
        );
        let new = surface("node \"js\"\nbin \"b\" \"js/a.js\"\nfeatures { default \"y\"; x; y; }", &[("js/a.js", "")]);
        assert_eq!(
            old.removed_in(&new),
            ["the feature `z`", "the default feature `x`", "the executable `a`", "the executable `c`"]
        );
        assert_eq!(new.removed_in(&old), [""; 0]);
    }

    #[test]
    fn exports_are_missed_where_their_files_are_too() {
        let package = r#"{"exports":{".":{"types":"./i.d.ts","import":"./i.mjs","require":"./i.cjs"},"./f/*":"./f/*.js","./gone":"./none.js","./off":null,"./p":["./i.mjs"]}}"#;
        let files = [("i.d.ts", ""), ("i.mjs", ""), ("i.cjs", ""), ("f/a.js", ""), ("f/b.js", "")];
        let old = surface("node \".\"", &[&[("package.json", package)], &files[..]].concat());
        assert_eq!(old.removed_in(&old.clone()), [""; 0]);
        let without = package.replace(r#","require":"./i.cjs""#, "").replace(r#","./p":["./i.mjs"]"#, "");
        let new = surface("node \".\"", &[&[("package.json", &*without)], &files[..4]].concat());
        assert_eq!(
            old.removed_in(&new),
            [
                "the export `.` of package.json for `require`",
                "the export `./f/b` of package.json",
                "the export `./p` of package.json"
            ]
        );
        let plain = surface(
            "node \".\"",
            &[&[("package.json", r#"{"exports":"./i.mjs","types":"i.d.ts"}"#)], &files[..]].concat(),
        );
        let gone: Vec<String> = old.removed_in(&plain);
        assert!(!gone.iter().any(|one| one.contains("`.`")), "what always counts covers each condition: {gone:?}");
        let main =
            |package: &str| surface("node \".\"", &[("package.json", package), ("lib/index.js", ""), ("t.d.ts", "")]);
        let old = main(r#"{"main":"lib","types":"t.d.ts"}"#);
        assert_eq!(old.removed_in(&main(r#"{"main":"lib/index"}"#)), ["the export `.` of package.json for `types`"]);
        let none = main("{}").removed_in(&main("{}"));
        assert_eq!(none, [""; 0]);
        assert_eq!(old.removed_in(&main("nonsense")), ["the export `.` of package.json"]);
    }

    #[test]
    fn modules_and_their_public_names_are_missed() {
        let python = |init: &str, more: &[(&str, &str)]| {
            surface("python \"py\"", &[&[("py/p/__init__.py", init)], more].concat())
        };
        let old = python(
            "'''doc\ndef no(): pass\n'''\nfrom .a import one, two as zwei, _no\nimport os\nfrom os import path\nLIMIT: int = 3\nX = Y = 1\n\
             async def wait(\n    a,\n): ...\n@decorated\nclass Thing(Base):\n    inner = 1\n    def method(self): ...\ntry:\n    import fast\nexcept E: pass\n",
            &[
                ("py/p/a.py", "__all__ = ['one', 'two']\nthree = 1\n"),
                ("py/p/_private.py", ""),
                ("py/q.pyi", "def f() -> int: ...\n"),
                ("py/setup/x.txt", ""),
            ],
        );
        let new = python("", &[("py/p/a.py", "__all__ = ['one']\n")]);
        let gone = old.removed_in(&new);
        let names: Vec<String> = ["LIMIT", "Thing", "X", "Y", "one", "wait", "zwei"]
            .iter()
            .map(|name| format!("`{name}` of the Python module `p`"))
            .collect();
        let rest = ["`two` of the Python module `p.a`".to_owned(), "the Python module `q`".to_owned()];
        assert_eq!(gone, [&names[..], &rest[..]].concat());
        // What cannot be read is not missed.
        for open in
            ["from .a import *\n", "def __getattr__(name): ...\n", "__all__ = compute()\n", "globals().update(x)\n"]
        {
            let gone = old.removed_in(&python(open, &[("py/p/a.py", "one = two = 1"), ("py/q.py", "f = 1")]));
            assert_eq!(gone, [""; 0], "{open}");
        }
    }
}
