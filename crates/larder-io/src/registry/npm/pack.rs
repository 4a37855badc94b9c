//! The files that `npm pack` would put into a package: what `files` names, else what no ignore file names, and what always counts.

use std::collections::BTreeMap;

use globset::{GlobBuilder, GlobMatcher};
use serde_json::Value;

use crate::registry::source_reader::SourceFiles;

/// Returns the paths of the files that belong to a package with this package.json, in the order of `files`.
pub(super) fn packed(files: &dyn SourceFiles, manifest: &Value) -> Vec<String> {
    let listed = manifest.get("files").and_then(Value::as_array);
    let named: Option<Vec<Pattern>> =
        listed.map(|list| list.iter().filter_map(Value::as_str).filter_map(Pattern::of_files).collect());
    let ignored = IgnoreFiles::read(files, named.is_some());
    let entry_points = entry_points(manifest);
    let is_packed = |path: &str| {
        if is_never_packed(path) {
            return false;
        }
        let is_entry = || entry_points.iter().any(|entry| entry == path || format!("{entry}.js") == path);
        let is_named = || match &named {
            Some(patterns) => decided(patterns, path).unwrap_or(false),
            None => true,
        };
        is_always_packed(path) || is_entry() || is_named() && !ignored.exclude(path)
    };
    files.paths().into_iter().filter(|path| is_packed(path)).map(str::to_owned).collect()
}

/// Returns the files that are loaded or started: `main`, `browser` and `bin`.
fn entry_points(manifest: &Value) -> Vec<String> {
    let mut found: Vec<&str> = ["main", "browser"].iter().filter_map(|field| manifest.get(field)?.as_str()).collect();
    match manifest.get("bin") {
        Some(Value::String(path)) => found.push(path),
        Some(Value::Object(bins)) => found.extend(bins.values().filter_map(Value::as_str)),
        _ => {}
    }
    found.into_iter().map(|path| path.trim_start_matches("./").to_owned()).collect()
}

fn is_always_packed(path: &str) -> bool {
    let stem = path.split('.').next().unwrap_or_default().to_ascii_lowercase();
    path == "package.json" || !path.contains('/') && matches!(&*stem, "readme" | "license" | "licence" | "copying")
}

fn is_never_packed(path: &str) -> bool {
    const FOLDERS: [&str; 6] = [".git", "CVS", ".svn", ".hg", "node_modules", ".lock-wscript"];
    const FILES: [&str; 6] = [".DS_Store", ".npmrc", ".gitignore", ".npmignore", "config.gypi", "npm-debug.log"];
    const AT_THE_ROOT: [&str; 4] = ["package-lock.json", "pnpm-lock.yaml", "yarn.lock", "bun.lockb"];
    let name = path.rsplit('/').next().unwrap_or(path);
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    let is_editors = name.starts_with("._") || (name.starts_with('.') && ending == "swp");
    path.split('/').any(|part| FOLDERS.contains(&part))
        || FILES.contains(&name)
        || AT_THE_ROOT.contains(&path)
        || is_editors
        || ending == "orig"
}

/// The ignore files of all folders, by folder; of a folder that has both, npm's own.
struct IgnoreFiles(BTreeMap<String, Vec<Pattern>>);

impl IgnoreFiles {
    /// Reads them; where `files` names what is packed, the root's do not count.
    fn read(files: &dyn SourceFiles, skips_root: bool) -> Self {
        let mut found: BTreeMap<String, (bool, Vec<Pattern>)> = BTreeMap::new();
        for path in files.paths() {
            let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
            let is_own = name == ".npmignore";
            if !is_own && name != ".gitignore" || skips_root && folder.is_empty() {
                continue;
            }
            if !is_own && found.get(folder).is_some_and(|(is_own, _)| *is_own) {
                continue;
            }
            let text = files.read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
            found.insert(folder.to_owned(), (is_own, text.lines().filter_map(Pattern::of_ignore_file).collect()));
        }
        Self(found.into_iter().map(|(folder, (_, patterns))| (folder, patterns)).collect())
    }

    /// Returns whether a file or a folder that it is in is ignored.
    fn exclude(&self, path: &str) -> bool {
        let ends = path.match_indices('/').map(|(at, _)| (&path[..at], true)).chain([(path, false)]);
        ends.into_iter().any(|(part, is_folder)| {
            let mut decision = None;
            for (folder, patterns) in &self.0 {
                let below = if folder.is_empty() { Some(part) } else { part.strip_prefix(&format!("{folder}/")) };
                let Some(below) = below else { continue };
                for pattern in patterns.iter().filter(|pattern| pattern.matches(below, is_folder)) {
                    decision = Some(!pattern.is_negated);
                }
            }
            decision == Some(true)
        })
    }
}

/// A pattern as .gitignore has it.
struct Pattern {
    is_negated: bool,
    /// It ends with `/`.
    is_for_folders: bool,
    matcher: GlobMatcher,
}

impl Pattern {
    fn of_ignore_file(line: &str) -> Option<Self> {
        let line = line.trim_end();
        if line.is_empty() || line.starts_with('#') {
            return None;
        }
        let (is_negated, line) = line.strip_prefix('!').map_or((false, line), |rest| (true, rest));
        let is_anchored = line.trim_end_matches('/').contains('/');
        Self::new(line, is_negated, is_anchored)
    }

    /// Patterns of `files` begin at the package's folder.
    fn of_files(text: &str) -> Option<Self> {
        let (is_negated, text) = text.strip_prefix('!').map_or((false, text), |rest| (true, rest));
        let text = text.trim_start_matches("./");
        Self::new(if text.is_empty() || text == "." { "**" } else { text }, is_negated, true)
    }

    fn new(text: &str, is_negated: bool, is_anchored: bool) -> Option<Self> {
        let is_for_folders = text.ends_with('/');
        let bare = text.trim_matches('/');
        let glob = if is_anchored { bare.to_owned() } else { format!("**/{bare}") };
        let matcher = GlobBuilder::new(&glob).literal_separator(true).build().ok()?.compile_matcher();
        Some(Self { is_negated, is_for_folders, matcher })
    }

    fn matches(&self, path: &str, is_folder: bool) -> bool {
        (is_folder || !self.is_for_folders) && self.matcher.is_match(path)
    }
}

/// Returns what the last pattern says that matches a file or a folder that it is in. Returns `None` if none does.
fn decided(patterns: &[Pattern], path: &str) -> Option<bool> {
    let mut parts =
        path.match_indices('/').map(|(at, _)| (&path[..at], true)).chain([(path, false)]).collect::<Vec<_>>();
    parts.reverse();
    patterns
        .iter()
        .rfind(|pattern| parts.iter().any(|(part, is_folder)| pattern.matches(part, *is_folder)))
        .map(|pattern| !pattern.is_negated)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct PackedFiles(Vec<(&'static str, &'static str)>);

    impl SourceFiles for PackedFiles {
        fn paths(&self) -> Vec<&str> {
            self.0.iter().map(|(path, _)| *path).collect()
        }

        fn read(&self, path: &str) -> Option<Vec<u8>> {
            self.0.iter().find(|(known, _)| *known == path).map(|(_, text)| text.as_bytes().to_vec())
        }
    }

    #[track_caller]
    fn check(manifest: &str, files: &[(&'static str, &'static str)], expect: &str) {
        let manifest = serde_json::from_str(manifest).unwrap();
        assert_eq!(packed(&PackedFiles(files.to_vec()), &manifest).join(" "), expect);
    }

    #[test]
    fn files_names_what_is_packed() {
        let files = [
            (".gitignore", "dist\n"),
            ("LICENSE", ""),
            ("README.md", ""),
            ("bin/tool.js", ""),
            ("dist/a.js", ""),
            ("dist/a.test.js", ""),
            ("lib/deep/b.js", ""),
            ("lib/c.css", ""),
            ("package.json", ""),
            ("src/main.js", ""),
            ("src/other.js", ""),
            ("package-lock.json", ""),
            ("yarn.lock", ""),
        ];
        check(
            r#"{"files":["dist","lib/**/*.js","!**/*.test.js"],"main":"./src/main","bin":{"t":"bin/tool.js"}}"#,
            &files,
            "LICENSE README.md bin/tool.js dist/a.js lib/deep/b.js package.json src/main.js",
        );
        check(r#"{"files":["/lib/"]}"#, &files, "LICENSE README.md lib/deep/b.js lib/c.css package.json");
    }

    #[test]
    fn without_files_ignore_files_count() {
        let files = [
            (".gitignore", "/build\n*.log\n"),
            ("a.js", ""),
            ("a.log", ""),
            ("build/b.js", ""),
            ("node_modules/x/index.js", ""),
            ("package.json", ""),
            ("test/.npmignore", "*\n!keep.js\n"),
            ("test/keep.js", ""),
            ("test/x.js", ""),
        ];
        check("{}", &files, "a.js package.json test/keep.js");
        let mut own = files.to_vec();
        own.insert(1, (".npmignore", "test/\n"));
        check("{}", &own, "a.js a.log build/b.js package.json");
    }
}
