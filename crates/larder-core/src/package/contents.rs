//! Whether the files of a package are what its manifest says.

use crate::manifest::{AssetDeclaration, ManifestError, Package, Spanned};

use super::archive::{ArchiveFile, PackageFiles};

/// Returns what is missing or wrong, each at the line that says otherwise. `files` are sorted by path.
pub fn check_contents(package: &Package, assets: &[AssetDeclaration], files: &[ArchiveFile]) -> Vec<ManifestError> {
    let mut errors = Vec::new();
    let find = |path: &str| files.binary_search_by(|file| file.path.as_str().cmp(path)).ok().map(|at| &files[at]);
    let below = |folder: &str| {
        let start = if folder == "." { String::new() } else { format!("{folder}/") };
        files.iter().filter_map(move |file| file.path.as_str().strip_prefix(&*start))
    };
    if let Some(node) = &package.node {
        check_node(package, node, find(&inside(&node.value, "package.json")), &mut errors);
        let mut names = below(&node.value);
        if !names.any(|name| name == "package.json" || name.starts_with("index.")) {
            let reason = "it has neither a package.json nor an index.js, so that nothing can be imported from it";
            errors.push(wrong(node, "a Node half", reason, "name the folder that has one, or add it to `files`"));
        }
    }
    if let Some(python) = &package.python {
        let is_python = |name: &str| {
            let extension = name.rsplit_once('.').map(|(_, extension)| extension);
            name == "pyproject.toml" || matches!(extension, Some("py" | "pyi" | "so"))
        };
        if !below(&python.value).any(is_python) {
            let reason = "it has no Python module and no pyproject.toml";
            errors.push(wrong(
                python,
                "a Python half",
                reason,
                "name the folder that holds the modules, or add it to `files`",
            ));
        }
    }
    for bin in &package.bin {
        if find(bin.file.value.as_str()).is_none() {
            let file = Spanned { value: bin.file.value.to_string(), span: bin.file.span };
            errors.push(wrong(
                &file,
                "a file of the package",
                "it is not there, or not among the files that are packed",
                "correct the path, or add it to `files`",
            ));
        }
    }
    for asset in assets {
        if find(asset.file.value.as_str()).is_none() {
            let file = Spanned { value: asset.file.value.to_string(), span: asset.file.span };
            errors.push(wrong(
                &file,
                "a file of the package",
                "it is not there, or not among the files that are packed",
                "correct the path, or add it to `files`",
            ));
        }
    }
    let paths: Vec<&str> = files.iter().map(|file| file.path.as_str()).collect();
    for at in PackageFiles::of(package).unused(&paths) {
        let glob = &package.files[at];
        errors.push(wrong(glob, "a glob of the package's files", "no file matches it", "correct it, or leave it out"));
    }
    errors
}

/// Compares the Node half's own package.json with the package.
fn check_node(
    package: &Package,
    node: &Spanned<String>,
    manifest: Option<&ArchiveFile>,
    errors: &mut Vec<ManifestError>,
) {
    let Some(file) = manifest else { return };
    let Ok(json) = serde_json::from_slice::<serde_json::Value>(&file.content) else {
        errors.push(wrong(node, "a Node half", "its package.json is not JSON", "correct the file"));
        return;
    };
    let name = json.get("name").and_then(serde_json::Value::as_str);
    if name.is_some_and(|name| name != package.name.value.as_str()) {
        let reason = format!("its package.json is that of `{}`", name.unwrap_or_default().escape_debug());
        let help = format!("Node sees it as `{}`: give it that name, or none", package.name.value);
        errors.push(wrong(node, "a Node half", &reason, &help));
    }
    if json.get("dependencies").and_then(serde_json::Value::as_object).is_some_and(|lines| !lines.is_empty()) {
        let reason = "its package.json has dependencies of its own, which nobody would install";
        errors.push(wrong(node, "a Node half", reason, "write them in `dependencies` of the larder.kdl"));
    }
}

fn inside(folder: &str, file: &str) -> String {
    if folder == "." { file.to_owned() } else { format!("{folder}/{file}") }
}

fn wrong(value: &Spanned<String>, what: &'static str, reason: &str, help: &str) -> ManifestError {
    ManifestError::BadValue {
        value: value.value.clone(),
        what,
        reason: reason.to_owned(),
        help: Some(help.to_owned()),
        span: value.span,
    }
}
