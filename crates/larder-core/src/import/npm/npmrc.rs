//! npm's .npmrc: <https://docs.npmjs.com/cli/v11/configuring-npm/npmrc>.

use std::time::Duration;

use serde_json::Value;

use crate::import::{Imported, ImportedRegistry};

use super::{ECOSYSTEM, hoisting::hoisting};

/// The registry that is there without being named.
const PUBLIC: &str = "https://registry.npmjs.org";

/// Settings of npm and pnpm that change nothing for larder. An unmet peer fails nothing.
const WITHOUT_MEANING: [&str; 32] = [
    "manage-package-manager-versions",
    "package-manager-strict",
    "package-manager-strict-version",
    "dedupe-peer-dependents",
    "resolve-peers-from-workspace-root",
    "ignore-workspace-root-check",
    "strict-dep-builds",
    "verify-deps-before-run",
    "inject-workspace-packages",
    "prefer-dedupe",
    "shared-workspace-lockfile",
    "save-workspace-protocol",
    "strict-peer-dependencies",
    "side-effects-cache",
    "prefer-offline",
    "recursive-install",
    "enable-pre-post-scripts",
    "save-exact",
    "save-prefix",
    "fund",
    "audit",
    "loglevel",
    "progress",
    "package-lock",
    "engine-strict",
    "prefer-frozen-lockfile",
    "lockfile",
    "update-notifier",
    "shell-emulator",
    "link-workspace-packages",
    "prefer-workspace-packages",
    "resolution-mode",
];

/// Returns whether a setting, as pnpm-workspace.yaml writes it, changes nothing for larder.
pub(super) fn is_without_meaning(setting: &str) -> bool {
    let mut name = String::with_capacity(setting.len() + 4);
    for c in setting.chars() {
        if c.is_ascii_uppercase() {
            name.push('-');
        }
        name.push(c.to_ascii_lowercase());
    }
    WITHOUT_MEANING.contains(&name.as_str())
}

/// Splits an .npmrc into keys and values.
pub fn npmrc_settings(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with(['#', ';', '[']));
    lines.map(|line| {
        let (key, value) = line.split_once('=').map_or((line, ""), |(key, value)| (key.trim(), value.trim()));
        (key, value.trim_matches(['"', '\'']))
    })
}

/// Reads an .npmrc. Credentials stay where they are: larder reads them there.
pub fn npmrc(text: &str) -> Imported {
    let mut imported = Imported::default();
    for (key, value) in npmrc_settings(text) {
        if key == "registry" {
            // Naming npm's own registry replaces it.
            add(&mut imported, "npmjs", value, Vec::new());
        } else if let Some(scope) = key.strip_suffix(":registry").filter(|scope| scope.starts_with('@')) {
            add(&mut imported, &scope[1..], value, vec![format!("{scope}/*")]);
        } else if key.starts_with("//") {
            if let Some(option @ ("certfile" | "keyfile" | "cafile" | "ca")) = key.rsplit(':').next() {
                imported
                    .refuse(format!(".npmrc {option}"), "certificates are named by SSL_CLIENT_CERT and SSL_CERT_FILE");
            }
        } else {
            match key.trim_end_matches("[]") {
                key @ ("hoist" | "shamefully-hoist" | "public-hoist-pattern" | "hoist-pattern" | "node-linker") => {
                    hoisting(key, &Value::from(value), ".npmrc ", &mut imported);
                }
                // pnpm's is in minutes, npm's in days.
                key @ ("minimum-release-age" | "min-release-age") => {
                    let unit = if key == "min-release-age" { 24 * 60 * 60 } else { 60 };
                    match value.parse::<u64>().ok().and_then(|number| number.checked_mul(unit)) {
                        Some(seconds) => imported.demand_age(ECOSYSTEM, Duration::from_secs(seconds)),
                        None => imported.refuse_guard(format!(".npmrc {key}={value}"), "it is no number"),
                    }
                }
                "minimum-release-age-exclude" | "min-release-age-exclude" => {
                    let names = value.split([',', ' ']).map(str::trim).filter(|name| !name.is_empty());
                    names.for_each(|name| imported.exempt_from_age(ECOSYSTEM, name));
                }
                "legacy-peer-deps" => imported.add_no_peers(value == "true"),
                "auto-install-peers" => imported.add_no_peers(value == "false"),
                "before" => {
                    imported.refuse_guard(
                        format!(".npmrc {key}={value}"),
                        "`released-before` in `resolution` takes an instant",
                    );
                }
                _ if WITHOUT_MEANING.contains(&key) => {}
                _ => imported.refuse(format!(".npmrc {key}"), "a setting of npm's that larder has not"),
            }
        }
    }
    imported
}

/// Adds a registry, unless it is the public one.
pub(super) fn add(imported: &mut Imported, name: &str, url: &str, packages: Vec<String>) {
    if url.trim_end_matches('/') == PUBLIC && packages.is_empty() {
        return;
    }
    let (name, url) = (name.to_owned(), url.to_owned());
    imported.add_registry(ImportedRegistry {
        ecosystem: ECOSYSTEM,
        name,
        url,
        packages,
        priority: None,
        is_flat: false,
    });
}

/// Lists a token as not taken: it stays where it is.
pub(super) fn refuse_token(of: &str, file: &str, imported: &mut Imported) {
    imported.refuse(
        format!("the token for {of} in {file}"),
        "give its registry a line `token env=\"LARDER_TOKEN_…\"`, and set that variable",
    );
}

#[cfg(test)]
mod tests {
    use super::npmrc;

    #[test]
    fn a_scope_of_the_usual_registry_takes_nothing_from_it() {
        let expected = [("npmjs", ""), ("acme", "@acme/*")];
        for text in [
            "registry=https://own.example/\n@acme:registry=https://own.example/\n",
            "@acme:registry=https://own.example/\nregistry=https://own.example/\n",
        ] {
            let imported = npmrc(text);
            let mut taken: Vec<_> =
                imported.registries.iter().map(|one| (&*one.name, one.packages.join(" "))).collect();
            taken.sort_by_key(|(name, _)| *name == "acme");
            assert_eq!(taken, expected.map(|(name, packages)| (name, packages.to_owned())), "{text}");
        }
    }
}
