//! The monitor's architecture, held: imports point downward, and only few modules touch the network or start programs.

use std::path::{Path, PathBuf};

/// Every module and its layer, as `src/lib.rs` has them.
const LAYERS: &[(&str, u8)] = &[
    ("clock", 0),
    ("status", 1),
    ("alert", 1),
    ("report", 1),
    ("payload", 1),
    ("engine", 2),
    ("probe", 3),
    ("channel", 3),
    ("operations", 3),
    ("restart", 3),
    ("state_file", 3),
    ("endpoint", 3),
    ("watch", 4),
    ("cli", 5),
];

/// The edges inside a layer. Exact: one that is not used any more has to go.
const EDGES: &[(&str, &str)] = &[("report", "status"), ("payload", "alert"), ("channel", "probe")];

/// The modules that decide and do nothing: they see no clock, no disk, no network.
const PURE: &[&str] = &["status", "alert", "report", "payload", "engine"];

/// No file is longer.
const LONGEST_FILE: usize = 600;

#[test]
fn imports_point_downward() {
    let (mut wrong, mut used) = (Vec::new(), Vec::new());
    for (path, module, code) in sources() {
        for (other, layer) in LAYERS.iter().filter(|(other, _)| *other != module && names(&code, other)) {
            let own = layer_of(&module);
            used.push((module.clone(), (*other).to_owned()));
            if *layer > own || *layer == own && !EDGES.contains(&(module.as_str(), *other)) {
                wrong.push(format!("{}: `{module}` must not use `{other}`", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    for (from, to) in EDGES {
        assert!(used.contains(&((*from).to_owned(), (*to).to_owned())), "`{from}` does not use `{to}`");
    }
}

#[test]
fn what_decides_touches_nothing() {
    const OUTSIDE: [&str; 7] =
        ["std::fs", "std::net", "std::process", "std::thread", "tokio::", "Timestamp::now", "Instant::now"];
    for (path, module, code) in sources() {
        if PURE.contains(&module.as_str()) {
            let found: Vec<_> = OUTSIDE.into_iter().filter(|outside| code.contains(outside)).collect();
            assert!(found.is_empty(), "{}: {found:?}", path.display());
        }
    }
}

#[test]
fn the_disk_is_touched_by_the_library_alone() {
    for (path, _, code) in sources() {
        assert!(!code.contains("std::fs") && !code.contains("std::env::var"), "{}", path.display());
    }
}

#[test]
fn no_file_is_longer_than_one_thought() {
    for folder in ["src", "tests"] {
        for path in rust_files(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)) {
            let lines = text(&path).lines().count();
            assert!(lines <= LONGEST_FILE, "{}: {lines} lines", path.display());
        }
    }
}

fn layer_of(module: &str) -> u8 {
    let found = LAYERS.iter().find(|(name, _)| *name == module);
    found.map_or_else(|| panic!("`{module}` has no layer"), |(_, layer)| *layer)
}

fn names(code: &str, module: &str) -> bool {
    code.contains(&format!("crate::{module}::")) || code.contains(&format!("crate::{module};"))
}

/// Returns the files, each with its module and its code without unit tests and comments.
fn sources() -> Vec<(PathBuf, String, String)> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    for path in rust_files(&src) {
        let below = path.strip_prefix(&src).expect("below src").with_extension("");
        let module = below.iter().next().map(|part| part.to_string_lossy().into_owned()).unwrap_or_default();
        if matches!(module.as_str(), "lib" | "main") || below.ends_with("tests") {
            continue;
        }
        let whole = text(&path);
        let code = whole.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        let lines: Vec<&str> = code.lines().map(|line| line.split("//").next().unwrap_or_default()).collect();
        found.push((path, module, lines.join("\n")));
    }
    assert!(found.len() > 20);
    found
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder that can be read") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}

fn text(path: &Path) -> String {
    std::fs::read_to_string(path).expect("a file that can be read")
}
