//! Documents that larder prints with `--json`, against the schemas of `schema/`.

use std::path::PathBuf;

use jsonschema::{Retrieve, Uri};
use serde_json::Value;

/// Where the schemas refer to each other from.
const BASE: &str = "larder:///";

/// Fails the test unless `document` has the shape that `schema/<name>.json` describes.
#[track_caller]
pub(crate) fn conforms(document: &Value, name: &str) {
    let file = format!("{name}.json");
    let validator = jsonschema::draft202012::options()
        .with_base_uri(format!("{BASE}{file}"))
        .with_retriever(Beside)
        .build(&read(&file))
        .unwrap_or_else(|error| panic!("schema/{file}: {error}"));
    let problems: Vec<String> =
        validator.iter_errors(document).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(problems.is_empty(), "not a {name} document:\n{}\n{document:#}", problems.join("\n"));
}

/// The folder of the schemas.
pub(crate) fn folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/schema"))
}

fn read(file: &str) -> Value {
    let path = folder().join(file);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Finds a schema that another one refers to, beside it.
struct Beside;

impl Retrieve for Beside {
    fn retrieve(&self, uri: &Uri<String>) -> Result<Value, Box<dyn std::error::Error + Send + Sync>> {
        let file = uri.as_str().strip_prefix(BASE).ok_or("not a schema of larder's")?;
        Ok(read(file))
    }
}
