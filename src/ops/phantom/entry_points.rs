//! The files of a package that its users load: its entry points, and what these load of it.

use std::collections::BTreeSet;

use serde_json::Value;

/// What may stand behind a module's name without an extension.
const ENDINGS: [&str; 12] = [
    "",
    ".js",
    ".cjs",
    ".mjs",
    ".d.ts",
    ".d.cts",
    ".d.mts",
    ".json",
    "/index.js",
    "/index.cjs",
    "/index.mjs",
    "/index.d.ts",
];

/// Returns the files that a package.json names for its users: `main`, `exports` and the like; without any, `index`.
/// `has` tells whether the package has a file, `all` lists its files.
pub(super) fn entry_points(json: &Value, all: &[&str], has: impl Fn(&str) -> bool) -> BTreeSet<String> {
    let mut named = vec!["index"];
    for field in ["main", "module", "browser", "types", "typings", "exports", "bin"] {
        strings(&json[field], &mut named);
    }
    let mut files = BTreeSet::new();
    for name in named {
        let name = name.trim_start_matches("./").trim_end_matches('/');
        match name.split_once('*') {
            Some((start, end)) => {
                let fits = |file: &&str| file.len() >= name.len() && file.starts_with(start) && file.ends_with(end);
                files.extend(all.iter().copied().filter(fits).map(str::to_owned));
            }
            None => files.extend(found(name, &has)),
        }
    }
    files
}

/// Returns the files that a relative module of a file may mean.
pub(super) fn relative(file: &str, module: &str, has: impl Fn(&str) -> bool) -> Vec<String> {
    if !module.starts_with('.') {
        return Vec::new();
    }
    let mut parts: Vec<&str> = file.split('/').collect();
    parts.pop();
    for part in module.split('/') {
        match part {
            "." | "" => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    found(&parts.join("/"), &has)
}

/// Returns the files that a name without its extension means. That of a script means its declarations too.
fn found(name: &str, has: &impl Fn(&str) -> bool) -> Vec<String> {
    let script = [(".js", ".d.ts"), (".cjs", ".d.cts"), (".mjs", ".d.mts")];
    let declared = script.iter().filter_map(|(end, types)| Some(name.strip_suffix(end)?.to_owned() + types));
    let files = ENDINGS.iter().map(|ending| format!("{name}{ending}")).chain(declared);
    files.map(|file| file.trim_start_matches('/').to_owned()).filter(|file| has(file)).collect()
}

/// Collects every text in a value, whatever its conditions.
fn strings<'v>(value: &'v Value, found: &mut Vec<&'v str>) {
    match value {
        Value::String(text) => found.push(text),
        Value::Array(values) => values.iter().for_each(|value| strings(value, found)),
        Value::Object(fields) => fields.values().for_each(|value| strings(value, found)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const FILES: [&str; 6] = ["dist/a.js", "dist/a.d.ts", "dist/b.mjs", "index.js", "src/c.js", "lib/index.js"];

    fn has(file: &str) -> bool {
        FILES.contains(&file)
    }

    #[test]
    fn entry_points_are_what_a_package_json_names() {
        let check = |json: Value, expected: &[&str]| {
            let found = entry_points(&json, &FILES, has);
            assert_eq!(found.iter().map(String::as_str).collect::<Vec<_>>(), expected, "{json}");
        };
        check(json!({}), &["index.js"]);
        check(json!({"main": "./lib/"}), &["index.js", "lib/index.js"]);
        check(
            json!({"exports": {".": {"import": "./dist/b.mjs", "types": "./dist/a.d.ts"}, "./x/*": ["./src/*.js"]}}),
            &["dist/a.d.ts", "dist/b.mjs", "index.js", "src/c.js"],
        );
        check(json!({"main": "dist/a.js", "bin": {"x": "../y", "z": 1}}), &["dist/a.d.ts", "dist/a.js", "index.js"]);
    }

    #[test]
    fn relative_modules_stay_in_their_package() {
        assert_eq!(relative("src/c.js", "../dist/a", has), ["dist/a.js", "dist/a.d.ts"]);
        assert_eq!(relative("dist/b.mjs", "./a.js", has), ["dist/a.js", "dist/a.d.ts"]);
        assert_eq!(relative("index.js", "./lib", has), ["lib/index.js"]);
        assert_eq!(relative("index.js", "../../index.js", has), ["index.js"]);
        assert_eq!(relative("index.js", "react", has), Vec::<String>::new());
    }
}
