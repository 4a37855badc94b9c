//! Pairs of versions of assets, each with the reason for what is judged.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::super::{AssetFiles, AssetPackage, AssetSet};
use super::*;
use crate::manifest::{ManifestKind, parse};

/// The files of one package in memory.
struct MemoryFiles(BTreeMap<String, Arc<str>>);

impl AssetFiles for MemoryFiles {
    fn read(&self, _: PackageIndex, path: &str) -> Option<Arc<str>> {
        self.0.get(path).cloned()
    }
}

const ASSETS: &str = "schema \"order\" \"order.json\"\nschema \"other\" \"other.json\"\nadapter \"in\" \"in.kdl\"\n\
                      mapping \"map\" \"map.kdl\"\nflow \"f\" \"f.kdl\"";

impl MemoryFiles {
    /// A package in which all is well, with this in place of the adapter or the mapping.
    fn with(file: &str, text: &str) -> Self {
        let mut files = BTreeMap::from(
            [
                ("order.json", "{\"type\": \"object\", \"properties\": {\"a\": {\"type\": \"string\"}}, \"$defs\": {\"Line\": {}}}"),
                ("other.json", "{\"type\": \"object\", \"properties\": {\"a\": {\"type\": \"string\"}}}"),
                ("in.kdl", SFTP),
                ("map.kdl", MAPPING),
                ("f.kdl", "flow \"f\" {\n    from \"in\"\n    map \"map\"\n    to \"in\"\n}\n"),
            ]
            .map(|(name, text)| (name.to_owned(), text.into())),
        );
        files.insert(file.to_owned(), text.into());
        Self(files)
    }

    fn set(&self) -> AssetSet<'_> {
        let text = format!("package \"p\" version=\"1.0.0\"\nassets {{\n{ASSETS}\n}}\n");
        let manifest = parse("larder.kdl", &text, ManifestKind::Package).unwrap();
        let package = manifest.package.as_ref().unwrap();
        let package = AssetPackage {
            name: package.name.value.clone(),
            version: package.version.value.clone(),
            manifest: "larder.kdl".into(),
            text: Arc::clone(&manifest.text),
            folder: "".into(),
            declarations: manifest.assets.clone(),
            dependencies: BTreeMap::new(),
            absent: BTreeMap::new(),
            is_own: true,
        };
        AssetSet::new(vec![package], self)
    }
}

const SFTP: &str = "adapter kind=\"sftp\" direction=\"in\" {\n    schema \"order\"\n    host \"a.example\"\n    path \"/in\"\n    \
                    pattern \"*.json\"\n    credentials env=\"A\"\n    environment \"production\" { host \"b.example\"; port 23; }\n}\n";
const HTTP: &str = "adapter kind=\"http\" direction=\"out\" {\n    request \"order\"\n    response \"other\"\n    url \"https://a.example\"\n    \
                    headers {\n        X-Client \"hub\"\n        Authorization env=\"A\"\n    }\n}\n";
const MAPPING: &str = "mapping from=\"order\" to=\"other\" {\n    field \"a\" to=\"a\"\n}\n";

/// Returns what is judged of two versions of a file: `same`, `minor` or `breaking`, with the places of the gravest changes.
fn judged(file: &str, old: &str, new: &str) -> String {
    let (old, new) = (MemoryFiles::with(file, old), MemoryFiles::with(file, new));
    let changes = compare((&old.set(), 0), (&new.set(), 0));
    let Some(level) = changes.first().map(|change| change.level) else { return "same".to_owned() };
    let gravest = changes.iter().filter(|change| change.level == level);
    let places: Vec<_> =
        gravest.map(|change| format!("{}:{}", change.path, change.code.trim_start_matches("compatibility."))).collect();
    format!("{} {}", level.as_str(), places.join(" "))
}

/// What stands in a file, what stands there in the newer version, what is judged.
type Pair = (&'static str, &'static str, &'static str);

fn check(file: &str, base: &str, pairs: &[Pair]) {
    for (old, new, expect) in pairs {
        assert!(base.contains(old), "{old}");
        assert_eq!(judged(file, base, &base.replacen(old, new, 1)), *expect, "{old} -> {new}");
    }
}

#[test]
fn adapters_of_two_versions() {
    check(
        "in.kdl",
        SFTP,
        &[
            // Where it is, is the author's.
            ("a.example", "c.example", "same"),
            ("b.example", "c.example", "same"),
            ("\"/in\"", "\"/in/orders\"", "same"),
            // How the file is written, nobody sees.
            ("    schema", "  // the order\n  schema", "same"),
            ("\"order\"", "\"order@1\"", "same"),
            ("\"order\"", "\"p/order\"", "same"),
            // Who set the parameter for an environment of theirs cannot any more.
            ("    pattern \"*.json\"\n", "", "breaking pattern:removed"),
            ("; port 23", "", "breaking port:removed"),
            (" port 23;", " port 24;", "same"),
            // One that moved is still there.
            ("host \"b.example\"; port 23;", "host \"b.example\"; port 23; pattern \"*.json\";", "same"),
            ("    path \"/in\"\n", "    path \"/in\"\n    port 22\n", "same"),
            // One more can be set.
            ("    path \"/in\"\n", "    path \"/in\"\n    poll \"5m\"\n", "minor poll:added"),
            ("port 23;", "port 23; poll \"1m\";", "minor poll:added"),
            // Who deploys it has to provide what nobody was asked for.
            ("env=\"A\"", "env=\"B\"", "breaking credentials:required"),
            ("env=\"A\"", "file=\"A\"", "breaking credentials:required"),
            ("    path \"/in\"\n", "    path \"/in\"\n    passphrase env=\"B\"\n", "breaking passphrase:required"),
            ("port 23;", "port 23; credentials env=\"B\";", "breaking credentials:required"),
            // The same secret in a second place is known.
            ("port 23;", "port 23; credentials env=\"A\";", "same"),
            // Flows cannot use it in the part that it played.
            ("direction=\"in\"", "direction=\"out\"", "breaking direction:direction"),
            ("\"order\"", "\"other\"", "breaking schema:bound"),
            ("\"order\"", "\"order#Line\"", "breaking schema:bound"),
            // Nothing of another kind is what it was.
            ("kind=\"sftp\"", "kind=\"ftp\"", "breaking :kind"),
        ],
    );
    check(
        "in.kdl",
        HTTP,
        &[
            ("        X-Client \"hub\"\n", "", "breaking headers/X-Client:removed"),
            ("X-Client \"hub\"", "X-Client \"spoke\"", "same"),
            ("        X-Client", "        X-Trace \"on\"\n        X-Client", "minor headers/X-Trace:added"),
            ("env=\"A\"", "env=\"B\"", "breaking headers/Authorization:required"),
            ("    response \"other\"\n", "", "breaking response:removed"),
            ("response \"other\"", "response \"order\"", "breaking response:bound"),
        ],
    );
    // A secret that is not needed any more leaves a parameter behind that is gone.
    let without = HTTP.replace("        Authorization env=\"A\"\n", "");
    assert_eq!(judged("in.kdl", HTTP, &without), "breaking headers/Authorization:removed");
    assert_eq!(judged("in.kdl", &without, HTTP), "breaking headers/Authorization:required");
    assert_eq!(judged("in.kdl", &HTTP.replace("    response \"other\"\n", ""), HTTP), "breaking response:bound");
    // Of what cannot be read nobody can tell; what did not change needs nobody to tell.
    assert_eq!(judged("in.kdl", SFTP, "adapter"), "breaking :unreadable");
    assert_eq!(judged("in.kdl", "adapter", SFTP), "breaking :unreadable");
    assert_eq!(judged("in.kdl", "adapter", "adapter"), "same");
}

#[test]
fn mappings_of_two_versions() {
    check(
        "map.kdl",
        MAPPING,
        &[
            // What it makes of a document is its author's; samples hold it to its schemas.
            ("field \"a\" to=\"a\"", "constant \"x\" to=\"a\"", "same"),
            // Flows do not fit together with it any more.
            ("from=\"order\"", "from=\"other\"", "breaking from:bound"),
            ("to=\"other\"", "to=\"order\"", "breaking to:bound"),
            ("from=\"order\"", "from=\"p/order@1\"", "same"),
        ],
    );
}

#[test]
fn schemas_and_all_that_refers_to_them_are_told_once() {
    let old = MemoryFiles::with("f.kdl", "flow \"f\" {\n    from \"in\"\n    to \"in\"\n}\n");
    let new = MemoryFiles::with(
        "order.json",
        "{\"type\": \"object\", \"required\": [\"a\"], \"properties\": {\"a\": {\"type\": \"string\"}}}",
    );
    let lines: Vec<String> = compare((&old.set(), 0), (&new.set(), 0)).iter().map(AssetChange::line).collect();
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(lines[0].starts_with("schema `order@1` at /a: ") && lines[1].contains("Line"), "{lines:?}");
}
