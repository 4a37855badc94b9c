//! Bun's bunfig.toml: <https://bun.sh/docs/runtime/bunfig>.

use std::time::Duration;

use toml::{Table, Value};

use crate::import::{ImportError, Imported};

use super::{ECOSYSTEM, npmrc};

/// Reads the `[install]` of a bunfig.toml; its other tables are about Bun as a runtime. Tokens stay where they are.
pub fn bunfig(text: &str) -> Result<Imported, ImportError> {
    let error = |reason: String| ImportError { file: "bunfig.toml", reason };
    let document: Table = text.parse().map_err(|e: toml::de::Error| error(e.message().to_owned()))?;
    let mut imported = Imported::default();
    for (key, value) in document.get("install").and_then(Value::as_table).into_iter().flatten() {
        match &**key {
            "registry" => registry("npmjs", "npm's registry", value, Vec::new(), &mut imported),
            "scopes" => {
                for (scope, value) in value.as_table().into_iter().flatten() {
                    let scope = scope.trim_start_matches('@');
                    registry(scope, &format!("@{scope}"), value, vec![format!("@{scope}/*")], &mut imported);
                }
            }
            // In seconds.
            "minimumReleaseAge" => match value.as_integer().and_then(|seconds| u64::try_from(seconds).ok()) {
                Some(seconds) => imported.demand_age(ECOSYSTEM, Duration::from_secs(seconds)),
                None => imported.refuse_guard("bunfig.toml minimumReleaseAge", "it is no number of seconds"),
            },
            "minimumReleaseAgeExcludes" => {
                let names = value.as_array().into_iter().flatten().filter_map(Value::as_str);
                names.for_each(|name| imported.exempt_from_age(ECOSYSTEM, name));
            }
            "linkWorkspacePackages"
            | "production"
            | "exact"
            | "dryRun"
            | "frozenLockfile"
            | "saveTextLockfile"
            | "globalDir"
            | "globalBinDir"
            | "cache"
            | "lockfile"
            | "auto"
            | "logLevel"
            | "dev"
            | "optional"
            | "linker" => {}
            "peer" if value.as_bool() == Some(true) => {}
            _ => imported.refuse(format!("bunfig.toml install.{key}"), "a setting of Bun's that larder has not"),
        }
    }
    Ok(imported)
}

/// Reads a registry: its URL, or a table with `url` and its token.
fn registry(name: &str, called: &str, value: &Value, packages: Vec<String>, imported: &mut Imported) {
    let url = value.as_str().or_else(|| value.get("url")?.as_str());
    if let Some(url) = url {
        npmrc::add(imported, name, url, packages);
    }
    if ["token", "username", "password"].iter().any(|key| value.get(key).is_some()) {
        npmrc::refuse_token(called, "bunfig.toml", imported);
    }
}
