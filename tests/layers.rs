//! The architecture, held: imports point downward only, and the few edges inside a layer are in one table.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// The crates that rooms are in, by the folder of their code, and the layers of these rooms.
const CRATES: &[(&str, std::ops::RangeInclusive<u8>)] =
    &[("crates/larder-core/src", 0..=1), ("crates/larder-io/src", 2..=2), ("src", 3..=4)];

/// Every room and its layer.
const LAYERS: &[(&str, u8)] = &[
    ("model", 0),
    ("diagnostic", 0),
    ("parallel", 0),
    ("advisory", 1),
    ("assets", 1),
    ("manifest", 1),
    ("import", 1),
    ("export", 1),
    ("license", 1),
    ("bom", 1),
    ("diagram", 1),
    ("resolve", 1),
    ("lock", 1),
    ("creatio", 1),
    ("package", 1),
    ("patch", 1),
    ("policy", 1),
    ("provenance", 1),
    ("release", 1),
    ("difference", 1),
    ("document", 1),
    ("mapping", 1),
    ("expression", 1),
    ("schema", 1),
    ("registry", 2),
    ("fetch", 2),
    ("git", 2),
    ("store", 2),
    ("profile", 2),
    ("build", 2),
    ("fs", 2),
    ("logs", 2),
    ("ops", 3),
    ("cli", 4),
];

/// The edges inside a layer. Exact: one that is not used any more has to go.
const EDGES: &[(&str, &str)] = &[
    ("model", "diagnostic"),
    ("assets", "document"),
    ("assets", "expression"),
    ("assets", "manifest"),
    ("assets", "mapping"),
    ("assets", "schema"),
    ("package", "import"),
    ("package", "manifest"),
    ("import", "creatio"),
    ("import", "manifest"),
    ("import", "resolve"),
    ("export", "lock"),
    ("bom", "license"),
    ("bom", "lock"),
    ("diagram", "lock"),
    ("lock", "resolve"),
    ("difference", "lock"),
    ("document", "expression"),
    ("manifest", "expression"),
    ("mapping", "document"),
    ("mapping", "expression"),
    ("mapping", "manifest"),
    ("mapping", "schema"),
    ("schema", "document"),
    ("schema", "expression"),
    ("policy", "advisory"),
    ("policy", "license"),
    ("policy", "lock"),
    ("policy", "manifest"),
    ("policy", "provenance"),
    ("policy", "resolve"),
    ("registry", "fetch"),
    ("registry", "fs"),
    ("registry", "git"),
    ("git", "fs"),
    ("fetch", "store"),
    ("fetch", "fs"),
    ("store", "fs"),
    ("profile", "store"),
    ("profile", "fs"),
    ("build", "fs"),
    ("logs", "fs"),
];

/// Rooms that may look at the process's environment, besides `main.rs`.
const SEES_THE_ENVIRONMENT: &[&str] = &["ops", "cli"];

/// Names that say nothing about what a module owns.
const EMPTY_NAMES: &[&str] = &["util", "utils", "helper", "helpers", "common", "misc", "manager"];

/// No file is longer: one that is, is two files.
const LONGEST_FILE: usize = 600;

/// A source file of the package.
pub(crate) struct Source {
    pub(crate) path: PathBuf,
    /// The room it belongs to; none for a `main.rs` and a `lib.rs`.
    room: Option<String>,
    /// The module that it is, from the crate's root.
    pub(crate) modules: Vec<String>,
    /// Its code, without comments and without its unit tests.
    pub(crate) code: String,
    /// All of it, comments and unit tests too.
    pub(crate) text: String,
    lines: usize,
}

impl Source {
    /// Makes one of a file below `src`.
    pub(crate) fn of_code(below: &str, text: &str) -> Self {
        Self::of_crate("src", below, text)
    }

    fn of_crate(folder: &str, below: &str, text: &str) -> Self {
        let parts = Path::new(below).with_extension("");
        let mut modules: Vec<String> = parts.iter().map(|part| part.to_string_lossy().into_owned()).collect();
        modules.retain(|module| module != "mod");
        if matches!(modules.first().map(String::as_str), Some("main" | "lib")) {
            modules.clear();
        }
        let (room, code) = (modules.first().cloned(), without_tests_and_comments(text));
        let lines = text.lines().count();
        Self { path: root().join(folder).join(below), room, modules, code, text: text.to_owned(), lines }
    }
}

#[test]
fn imports_point_downward() {
    let mut wrong = Vec::new();
    for (source, from, to) in edges() {
        let (lower, upper) = (layer(&to), layer(&from));
        if lower > upper || lower == upper && !EDGES.contains(&(from.as_str(), to.as_str())) {
            wrong.push(format!("{}: `{from}` (layer {upper}) must not use `{to}` (layer {lower})", source.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_listed_edge_inside_a_layer_is_used() {
    let used: BTreeSet<(String, String)> = edges().into_iter().map(|(_, from, to)| (from, to)).collect();
    let unused: Vec<_> =
        EDGES.iter().filter(|(from, to)| !used.contains(&((*from).to_owned(), (*to).to_owned()))).collect();
    assert!(unused.is_empty(), "listed in `EDGES`, but not in the code: {unused:?}");
}

#[test]
fn every_room_is_in_the_crate_of_its_layer() {
    for source in sources() {
        if let Some(room) = source.room {
            let layer = layer(&room);
            let (folder, _) =
                CRATES.iter().find(|(_, layers)| layers.contains(&layer)).expect("a crate for each layer");
            let path = source.path.display();
            assert!(source.path.starts_with(root().join(folder)), "{path}: rooms of layer {layer} are in {folder}");
        }
    }
}

#[test]
fn only_fs_touches_the_disk() {
    let wrong: Vec<_> = sources()
        .into_iter()
        .filter(|source| source.room.as_deref() != Some("fs"))
        .filter(|source| uses_std(&source.code, "fs") || source.code.contains("rustix::fs"))
        .map(|source| source.path)
        .collect();
    assert!(wrong.is_empty(), "only `fs` may use std::fs and rustix::fs: {wrong:?}");
}

#[test]
fn only_the_upper_layers_see_the_environment() {
    let wrong: Vec<_> = sources()
        .into_iter()
        .filter(|source| source.room.as_deref().is_some_and(|room| !SEES_THE_ENVIRONMENT.contains(&room)))
        .filter(|source| uses_std(&source.code, "env"))
        .map(|source| source.path)
        .collect();
    assert!(wrong.is_empty(), "only ops, cli and main may use std::env: {wrong:?}");
}

#[test]
fn no_file_is_longer_than_one_thought() {
    let mut long = Vec::new();
    for folder in CRATES.iter().map(|(folder, _)| *folder).chain(["tests", "benches"]) {
        for path in rust_files(&root().join(folder)) {
            let lines = read(&path).lines().count();
            if lines > LONGEST_FILE {
                long.push(format!("{}: {lines} lines", path.display()));
            }
        }
    }
    assert!(long.is_empty(), "more than {LONGEST_FILE} lines: {long:?}");
    assert!(sources().iter().all(|source| source.lines > 0), "an empty file");
}

#[test]
fn modules_are_named_by_what_they_own() {
    for source in sources() {
        for part in source.path.strip_prefix(root()).expect("below the root").components() {
            let name = part.as_os_str().to_string_lossy();
            let name = name.trim_end_matches(".rs");
            assert!(!EMPTY_NAMES.contains(&name), "{}: `{name}` says nothing", source.path.display());
        }
    }
}

#[test]
fn a_name_stands_for_one_type_of_a_layer() {
    let mut defined: BTreeMap<(u8, String), Vec<String>> = BTreeMap::new();
    for source in sources() {
        let Some(room) = &source.room else { continue };
        for name in source.code.lines().filter_map(named_type) {
            defined.entry((layer(room), name)).or_default().push(source.path.display().to_string());
        }
    }
    let twice = defined.into_iter().filter(|(_, files)| files.len() > 1);
    let twice: Vec<_> = twice.map(|((_, name), files)| format!("{name}: {}", files.join(", "))).collect();
    assert!(twice.is_empty(), "one of them is misnamed:\n{}", twice.join("\n"));
}

#[test]
fn types_that_others_see_are_found() {
    for (line, name) in [
        ("pub struct Summary<'a> {", Some("Summary")),
        ("    pub(in crate::ops) enum Checked {", Some("Checked")),
        ("pub(super) trait Format: Sync {", Some("Format")),
        ("pub(crate) struct Unit;", Some("Unit")),
        ("struct Own {", None),
        ("pub fn structure() {", None),
        ("pub type Short = Long;", None),
    ] {
        assert_eq!(named_type(line).as_deref(), name, "{line}");
    }
}

#[test]
fn no_text_has_the_marks_of_an_unfinished_merge() {
    let mut texts: Vec<PathBuf> = ["README.md", "CHANGELOG.md", "CONTRIBUTING.md"].map(|file| root().join(file)).into();
    for folder in ["docs", "schema"] {
        let files = std::fs::read_dir(root().join(folder)).expect("a folder");
        texts.extend(files.map(|entry| entry.expect("an entry").path()).filter(|path| path.is_file()));
    }
    let is_mark = |line: &str| line.starts_with("<<<<<<< ") || line.starts_with(">>>>>>> ") || line == "=======";
    let wrong: Vec<_> = texts.into_iter().filter(|path| read(path).lines().any(is_mark)).collect();
    assert!(wrong.is_empty(), "with the marks of a merge: {wrong:?}");
}

#[test]
fn the_reader_of_imports_sees_what_rust_sees() {
    let code = "use crate::model::Name;\nuse crate::{diagnostic::Exit, lock::{Lockfile, plan}, fs};\n\
                fn f() -> crate::policy::X { larder::ops::run(); $crate::cli::y!(); x() }";
    let rooms = imported_rooms(code);
    let expected = ["cli", "diagnostic", "fs", "lock", "model", "ops", "policy"];
    assert_eq!(rooms.into_iter().collect::<Vec<_>>(), expected);
    let climbing = "use super::store; use super::super::fetch::Source; super::super::super::x";
    assert_eq!(climbed_to(climbing, 2).into_iter().collect::<Vec<_>>(), ["fetch"]);
    assert_eq!(without_tests_and_comments("a\n// crate::x\n#[cfg(test)]\nmod tests {\n").trim(), "a");
    assert_eq!(without_tests_and_comments("a // b\n#[cfg(test)]\nmod tests;\nc\n"), "a \nc\n");
    assert!(uses_std("use std::{env, fs};", "fs") && uses_std("std::fs::read(x)", "fs") && !uses_std("std::fsx", "fs"));
}

/// Returns every (file, room, other room that it names).
fn edges() -> Vec<(PathBuf, String, String)> {
    let mut found = Vec::new();
    for source in sources() {
        let Some(room) = source.room else { continue };
        let mut named = imported_rooms(&source.code);
        named.extend(climbed_to(&source.code, source.modules.len()));
        for to in named {
            if to != room {
                found.push((source.path.clone(), room.clone(), to));
            }
        }
    }
    found
}

/// Returns the rooms that a piece of code names by a path from the crate's root.
fn imported_rooms(code: &str) -> BTreeSet<String> {
    let mut rooms = BTreeSet::new();
    for start in ["crate::", "larder::"] {
        for (at, _) in code.match_indices(start) {
            // The code of an error is no path.
            if is_in_a_word(code, at) || code[..at].ends_with("code(") {
                continue;
            }
            let rest = &code[at + start.len()..];
            match rest.strip_prefix('{') {
                Some(list) => rooms.extend(first_names(list)),
                None => rooms.extend(first_name(rest)),
            }
        }
    }
    rooms.retain(|name| LAYERS.iter().any(|(room, _)| room == name));
    rooms
}

/// Returns the rooms that code names by climbing to the crate's root with `super::`.
fn climbed_to(code: &str, depth: usize) -> BTreeSet<String> {
    let mut rooms = BTreeSet::new();
    let mut rest = code;
    while let Some(at) = rest.find("super::") {
        let mut climbed = 0;
        rest = &rest[at..];
        while let Some(next) = rest.strip_prefix("super::") {
            climbed += 1;
            rest = next;
        }
        if climbed >= depth {
            rooms.extend(first_name(rest).filter(|name| LAYERS.iter().any(|(room, _)| room == name)));
        }
    }
    rooms
}

/// Returns the first names of the paths of a `{…}` list, up to its closing brace.
fn first_names(list: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut depth = 0;
    let mut expects_name = true;
    for (at, character) in list.char_indices() {
        match character {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => expects_name = true,
            c if expects_name && (c.is_alphabetic() || c == '_') => {
                names.extend(first_name(&list[at..]));
                expects_name = false;
            }
            _ => {}
        }
    }
    names
}

pub(crate) fn first_name(path: &str) -> Option<String> {
    let name: String = path.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    (!name.is_empty()).then_some(name)
}

/// Tells whether code names `std::<module>`, alone or in a list.
fn uses_std(code: &str, module: &str) -> bool {
    code.match_indices("std::").any(|(at, start)| {
        let rest = &code[at + start.len()..];
        match rest.strip_prefix('{') {
            Some(list) => first_names(list).iter().any(|name| name == module),
            None => first_name(rest).as_deref() == Some(module),
        }
    })
}

/// Tells whether what stands at a place is the end of a longer word.
pub(crate) fn is_in_a_word(code: &str, at: usize) -> bool {
    code[..at].ends_with(|before: char| before.is_alphanumeric() || before == '_')
}

/// Returns the name of the type that a line of code defines for others than its own file.
fn named_type(line: &str) -> Option<String> {
    let rest = line.trim_start().strip_prefix("pub")?;
    let rest = if rest.starts_with('(') { rest.split_once(')')?.1 } else { rest };
    let rest = rest.trim_start();
    let name = ["struct ", "enum ", "trait "].iter().find_map(|kind| rest.strip_prefix(kind))?;
    first_name(name)
}

fn layer(room: &str) -> u8 {
    LAYERS.iter().find(|(name, _)| *name == room).map_or_else(|| panic!("`{room}` has no layer"), |(_, layer)| *layer)
}

/// Returns the files of the crates, with their unit tests left out: tests may look wherever they like.
pub(crate) fn sources() -> Vec<Source> {
    let mut found = Vec::new();
    for (folder, _) in CRATES {
        let src = root().join(folder);
        for path in rust_files(&src) {
            let below = path.strip_prefix(&src).expect("below the folder").to_string_lossy().into_owned();
            found.push(Source::of_crate(folder, &below, &read(&path)));
        }
    }
    let test_only: BTreeSet<Vec<String>> = found.iter().flat_map(test_modules).collect();
    let is_test = |source: &Source| {
        source.modules.iter().any(|module| module == "tests" || module.ends_with("_tests"))
            || (1..=source.modules.len()).any(|depth| test_only.contains(&source.modules[..depth]))
    };
    found.retain(|source| !is_test(source));
    found
}

/// Returns the modules that a file declares for its tests.
fn test_modules(source: &Source) -> Vec<Vec<String>> {
    let declared = source.text.split("#[cfg(test)]\n").skip(1).filter_map(|rest| {
        let (line, _) = rest.split_once(';')?;
        let (visibility, name) = line.rsplit_once("mod ")?;
        (!visibility.contains('\n') && name.chars().all(|c| c.is_alphanumeric() || c == '_')).then_some(name)
    });
    declared.map(|name| [&source.modules[..], &[name.to_owned()]].concat()).collect()
}

/// Cuts line comments, and the unit tests that end a file.
fn without_tests_and_comments(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        if line.trim_start().starts_with("#[cfg(test)]") {
            match lines.peek().map(|next| next.trim_start()) {
                Some(next) if next.starts_with("mod ") && next.ends_with(';') => {
                    lines.next();
                    continue;
                }
                Some(next) if next.starts_with("mod ") => break,
                _ => {}
            }
        }
        code.push_str(line.split("//").next().unwrap_or_default());
        code.push('\n');
    }
    code
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry.expect("a folder that can be read").path();
        if path.is_dir() {
            found.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
