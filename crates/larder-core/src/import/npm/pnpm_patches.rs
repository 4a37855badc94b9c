//! `patchedDependencies` of pnpm's own files, which its lockfile repeats with the digests of the patches.

use serde_json::Value;

use super::pnpm_files::PnpmFiles;

/// The first major version of pnpm whose lockfile has SHA-256 digests of patches.
const HAS_SHA256: u32 = 10;

/// Returns the patches that pnpm's files name, each by what it is for, `left-pad@1.3.0`, `left-pad@^1` or `left-pad`, with its path: those
/// of a pnpm-workspace.yaml or of a package.json, whichever this pnpm looks at first. None of a pnpm whose digests are of another kind.
pub fn pnpm_patches(files: &PnpmFiles<'_>) -> Vec<(String, String)> {
    const FIELD: &str = "patchedDependencies";

    if files.major().is_some_and(|major| major < HAS_SHA256) {
        return Vec::new();
    }
    let of_workspace = files.settings_of_workspace().remove(FIELD);
    let of_package = || {
        let package_json = files.settings_of_package_json(FIELD)?;
        let mut document: Value = serde_json::from_str(package_json.trim_start_matches('\u{feff}')).ok()?;
        Some(document.get_mut("pnpm")?.get_mut(FIELD)?.take())
    };
    let patches =
        if files.is_of_older_pnpm() { of_package().or(of_workspace) } else { of_workspace.or_else(of_package) };
    let Some(Value::Object(patches)) = patches else { return Vec::new() };
    patches.into_iter().filter_map(|(selector, path)| Some((selector, path.as_str()?.to_owned()))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patches_are_those_of_the_file_that_this_pnpm_reads() {
        let json = |pnpm: &str| {
            format!(
                r#"{{"packageManager": "pnpm@{pnpm}", "pnpm": {{"patchedDependencies": {{"a@1.0.0": "a.patch"}}}}}}"#
            )
        };
        let yaml = "patchedDependencies:\n  b: b.patch\n";
        for (pnpm, expected) in [("9.1.0", ""), ("10.2.0", "a@1.0.0=a.patch"), ("11.0.0", "b=b.patch")] {
            let package_json = json(pnpm);
            let files = PnpmFiles { workspace: Some(yaml), package_json: Some(&package_json), lockfile: None };
            let found = pnpm_patches(&files).into_iter().map(|(selector, path)| format!("{selector}={path}"));
            assert_eq!(found.collect::<Vec<_>>().join(","), expected, "{pnpm}");
        }
    }
}
