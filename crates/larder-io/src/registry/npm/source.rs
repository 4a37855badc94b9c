//! npm packages that no registry describes: their package.json does.

use std::collections::BTreeMap;

use serde_json::Value;

use super::listing::manifest_release;
use super::pack::packed;
use super::requirement;
use crate::model::{Artifact, PackageName, Version, parse_npm_version};
use crate::registry::source_reader::{PackedSource, PreparationNeed, Reread, SourceContent, SourceFiles, SourceReader};
use crate::registry::tarball::file_in_tarball;
use crate::resolve::Release;

pub(in crate::registry) struct NpmSourceReader;

const PACKAGE_JSON: &str = "package.json";

impl SourceReader for NpmSourceReader {
    /// Any file is a tarball, whatever its name: many servers give none.
    fn artifact(&self, name: &PackageName, file: &str) -> Result<Artifact, String> {
        let bare = name.as_str().rsplit('/').next().unwrap_or_default();
        Ok(Artifact::tarball(if file.is_empty() { format!("{bare}.tgz") } else { file.to_owned() }))
    }

    fn version(&self, name: &PackageName, _: &Artifact, file: &mut dyn Reread) -> Result<Version, String> {
        let json = file_in_tarball(file, PACKAGE_JSON)
            .ok_or_else(|| "it is no gzipped tar with a package.json in its first folder".to_owned())?;
        identity(name, &json)
    }

    /// A `prepare` script makes what is published: the files are then only the source. So they are with a `prepack` script, if what
    /// the package is loaded by is not among them. What a lock has stays what it is there, whatever the scripts are.
    fn pack(&self, name: &PackageName, files: &dyn SourceFiles) -> Result<PackedSource, String> {
        let json = files.read(PACKAGE_JSON).ok_or_else(|| "there is no package.json in it".to_owned())?;
        let version = identity(name, &json)?;
        let manifest: Value = serde_json::from_slice(without_mark(&json)).map_err(|error| error.to_string())?;
        let bare = name.as_str().rsplit('/').next().unwrap_or_default();
        let file = format!("{bare}-{version}.tgz");
        let is_source = match files.locked_kind() {
            Some(kind) => kind.needs_build(),
            None => is_made_by_scripts(files, &manifest),
        };
        Ok(if is_source {
            let paths = files.paths().into_iter().map(str::to_owned).collect();
            PackedSource { version, artifact: Artifact::sdist(file), paths }
        } else {
            PackedSource { version, artifact: Artifact::tarball(file), paths: packed(files, &manifest) }
        })
    }

    fn preparation_needs(&self, name: &PackageName, files: &dyn SourceFiles) -> Result<Vec<PreparationNeed>, String> {
        // Of a name in several of them, the last one counts.
        const FIELDS: [&str; 4] = ["peerDependencies", "dependencies", "optionalDependencies", "devDependencies"];

        let manifest = package_json(files)?;
        let may_be_missing = |alias: &str| {
            let about = manifest.get("peerDependenciesMeta").and_then(|all| all.get(alias));
            about.and_then(|about| about.get("optional")?.as_bool()).unwrap_or(false)
        };
        let mut needs = BTreeMap::new();
        for field in FIELDS {
            for (alias, range) in manifest.get(field).and_then(Value::as_object).into_iter().flatten() {
                if field == "peerDependencies" && may_be_missing(alias) {
                    continue;
                }
                let range = range.as_str().unwrap_or_default();
                let wants = requirement::wants(name, alias, range);
                let optional = field == "optionalDependencies";
                needs.insert(alias.clone(), PreparationNeed { text: format!("{alias}@{range}"), wants, optional });
            }
        }
        Ok(needs.into_values().collect())
    }

    fn packed_files(&self, files: &dyn SourceFiles) -> Result<Vec<String>, String> {
        Ok(packed(files, &package_json(files)?))
    }

    fn release(&self, content: &SourceContent<'_>) -> Result<Option<Release>, String> {
        let json = content.files.read(PACKAGE_JSON).ok_or_else(|| "it has no package.json".to_owned())?;
        // What is packed of a repository has no `node_modules`: what it bundles is installed as what else it needs.
        let has = |bundled: &str| {
            let folder = format!("node_modules/{bundled}/");
            !content.artifact.kind.needs_build() && content.files.paths().iter().any(|path| path.starts_with(&folder))
        };
        let release = manifest_release(&content.package.id.name, &json, content.artifact.clone(), has);
        release.map(Some).ok_or_else(|| "its package.json cannot be read".to_owned())
    }
}

fn package_json(files: &dyn SourceFiles) -> Result<Value, String> {
    let json = files.read(PACKAGE_JSON).ok_or_else(|| "there is no package.json in it".to_owned())?;
    serde_json::from_slice(without_mark(&json)).map_err(|error| format!("its package.json cannot be read: {error}"))
}

/// Returns whether scripts make what the package is loaded by.
fn is_made_by_scripts(files: &dyn SourceFiles, manifest: &Value) -> bool {
    let has = |event: &str| {
        let script = manifest.get("scripts").and_then(|scripts| scripts.get(event)?.as_str());
        script.is_some_and(|script| !script.trim().is_empty())
    };
    has("prepare") || (has("prepack") || has("prepublish")) && !is_loadable(files, manifest)
}

/// Returns whether the files are there that a package says it is loaded by: `main`, else what else it names.
fn is_loadable(files: &dyn SourceFiles, manifest: &Value) -> bool {
    const OTHERS: [&[&str]; 2] = [&["exports", "module", "bin"], &["types", "typings"]];
    const PROGRAM_ENDINGS: [&str; 4] = [".js", ".cjs", ".mjs", ".node"];

    let paths = files.paths();
    if let Some(main) = manifest.get("main").and_then(Value::as_str) {
        return has_module(&paths, main);
    }
    for fields in OTHERS {
        let mut named = Vec::new();
        fields.iter().filter_map(|field| manifest.get(field)).for_each(|value| collect_paths(value, &mut named));
        if !named.is_empty() {
            return named.iter().all(|path| has_module(&paths, path));
        }
    }
    let has_programs = manifest.get("directories").is_some_and(|folders| folders.get("bin").is_some());
    has_programs || paths.iter().any(|path| PROGRAM_ENDINGS.iter().any(|ending| path.ends_with(ending)))
}

/// Returns whether there is a file at a path, as Node looks for it. Of a path with a `*`, any file does.
fn has_module(paths: &[&str], path: &str) -> bool {
    const ENDINGS: [&str; 5] = ["", ".js", ".json", ".node", "/index.js"];

    let path = path.trim_start_matches("./").trim_end_matches('/');
    let path = if path == "." { "" } else { path };
    if let Some((before, after)) = path.split_once('*') {
        return paths.iter().any(|known| known.starts_with(before) && known.ends_with(after));
    }
    ENDINGS.iter().any(|ending| paths.contains(&format!("{path}{ending}").trim_start_matches('/')))
}

/// Collects the files of the package that a field names, whatever its conditions and subpaths.
fn collect_paths<'v>(value: &'v Value, found: &mut Vec<&'v str>) {
    match value {
        Value::String(path) => found.push(path),
        Value::Array(values) => values.iter().for_each(|value| collect_paths(value, found)),
        Value::Object(fields) => fields.values().for_each(|value| collect_paths(value, found)),
        _ => {}
    }
}

/// Compares the name in a package.json, and returns the version.
fn identity(name: &PackageName, json: &[u8]) -> Result<Version, String> {
    let json: Value = serde_json::from_slice(without_mark(json))
        .map_err(|error| format!("its package.json cannot be read: {error}"))?;
    let field = |field: &str| json.get(field).and_then(Value::as_str).map(str::trim);
    match field("name") {
        Some(own) if own.eq_ignore_ascii_case(name.as_str()) => {}
        Some(own) => return Err(format!("its package.json calls it `{}`", own.escape_debug())),
        None => {}
    }
    let version = field("version").unwrap_or("0.0.0");
    let parsed = parse_npm_version(version.trim_start_matches(['=', 'v', ' ']));
    parsed.map(Version::from).ok_or_else(|| format!("its version is `{}`", version.escape_debug()))
}

/// Returns a text without its byte order mark.
fn without_mark(text: &[u8]) -> &[u8] {
    text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ArtifactKind;

    struct Files(&'static [(&'static str, &'static str)]);

    impl SourceFiles for Files {
        fn paths(&self) -> Vec<&str> {
            self.0.iter().map(|(path, _)| *path).collect()
        }

        fn read(&self, path: &str) -> Option<Vec<u8>> {
            self.0.iter().find(|(known, _)| *known == path).map(|(_, text)| text.as_bytes().to_vec())
        }
    }

    fn needs_build(files: &'static [(&'static str, &'static str)]) -> bool {
        let packed = NpmSourceReader.pack(&PackageName::npm("demo").unwrap(), &Files(files)).unwrap();
        packed.artifact.kind.needs_build()
    }

    #[test]
    fn prepare_is_a_build_and_prepack_is_one_where_what_is_loaded_is_missing() {
        let check = |json: &'static str, others: &'static [&'static str], expected: bool| {
            let files: Vec<(&str, &str)> =
                others.iter().map(|path| (*path, "")).chain([("package.json", json)]).collect();
            assert_eq!(needs_build(files.leak()), expected, "{json} {others:?}");
        };
        check(r#"{"scripts": {"prepare": "x"}}"#, &["index.js"], true);
        check(r#"{"scripts": {"prepare": " "}}"#, &[], false);
        check(r#"{"scripts": {"prepack": "x"}}"#, &[], true);
        check(r#"{"scripts": {"prepack": "x"}}"#, &["index.js"], false);
        check(r#"{"main": "./dist/", "scripts": {"prepack": "x"}}"#, &["dist/index.js"], false);
        check(r#"{"main": "lib/a", "scripts": {"prepublish": "x"}}"#, &["lib/a.js"], false);
        check(r#"{"main": "lib/a", "scripts": {"prepublish": "x"}}"#, &["lib/b.js"], true);
        check(r#"{"scripts": {"test": "x"}}"#, &[], false);
        // Nothing that they name is missing.
        check(r#"{"bin": {"cli": "bin/cli.js"}, "scripts": {"prepack": "x"}}"#, &["bin/cli.js"], false);
        check(r#"{"bin": "bin/cli", "scripts": {"prepack": "x"}}"#, &["src/cli.js"], true);
        check(r#"{"exports": {".": {"import": "./lib/a.mjs"}}, "scripts": {"prepack": "x"}}"#, &["lib/a.mjs"], false);
        check(r#"{"exports": {"./*": "./dist/*.js"}, "scripts": {"prepack": "x"}}"#, &["lib/a.js"], true);
        check(r#"{"exports": {"./*": "./lib/*.js"}, "scripts": {"prepack": "x"}}"#, &["lib/a.js"], false);
        check(r#"{"module": "es/index.js", "scripts": {"prepack": "x"}}"#, &["index.js"], true);
        check(r#"{"types": "index.d.ts", "scripts": {"prepack": "x"}}"#, &["index.d.ts"], false);
        check(r#"{"bin": "a.js", "types": "a.d.ts", "scripts": {"prepack": "x"}}"#, &["a.js"], false);
        check(r#"{"scripts": {"prepack": "x"}}"#, &["lib/a.js"], false);
        check(r#"{"scripts": {"prepack": "x"}}"#, &["src/a.ts"], true);
    }

    #[test]
    fn what_is_locked_stays_what_it_is_in_the_lock() {
        struct Locked(Files, ArtifactKind);

        impl SourceFiles for Locked {
            fn paths(&self) -> Vec<&str> {
                self.0.paths()
            }

            fn read(&self, path: &str) -> Option<Vec<u8>> {
                self.0.read(path)
            }

            fn locked_kind(&self) -> Option<ArtifactKind> {
                Some(self.1)
            }
        }

        let files = &[("lib.ts", ""), ("package.json", r#"{"files": [], "scripts": {"prepack": "x"}}"#)];
        for (kind, paths) in
            [(ArtifactKind::Tarball, &["package.json"][..]), (ArtifactKind::Sdist, &["lib.ts", "package.json"])]
        {
            let packed = NpmSourceReader.pack(&PackageName::npm("demo").unwrap(), &Locked(Files(files), kind)).unwrap();
            assert_eq!(
                (packed.artifact.kind, packed.paths),
                (kind, paths.iter().map(|path| (*path).to_owned()).collect())
            );
        }
    }

    #[test]
    fn a_preparation_needs_all_that_is_asked_for_and_the_last_word_counts() {
        let json = r#"{"dependencies": {"a": "1", "b": "2"}, "devDependencies": {"b": "^3", "c": "workspace:*"},
            "peerDependencies": {"a": "9", "p": "4", "q": "5"}, "peerDependenciesMeta": {"q": {"optional": true}},
            "optionalDependencies": {"o": "6"}}"#;
        let files = Files(vec![("package.json", json)].leak());
        let needs = NpmSourceReader.preparation_needs(&PackageName::npm("demo").unwrap(), &files).unwrap();
        let texts: Vec<_> = needs.iter().map(|need| (need.text.as_str(), need.optional)).collect();
        assert_eq!(texts, [("a@1", false), ("b@^3", false), ("c@workspace:*", false), ("o@6", true), ("p@4", false)]);
        assert!(matches!(needs[2].wants, crate::resolve::Wants::Unsupported { .. }));
    }
}
