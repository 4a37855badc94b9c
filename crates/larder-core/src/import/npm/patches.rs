//! Patched packages: `patchedDependencies` of pnpm and Bun, and Yarn's `patch:` ranges.

use serde_json::{Map, Value};

use crate::import::Imported;
use crate::model::split_at_version;

use super::ECOSYSTEM;

/// Reads `patchedDependencies`: `{"left-pad@1.3.0": "patches/left-pad.patch"}`, with paths from the root.
pub(super) fn read(patches: &Map<String, Value>, imported: &mut Imported) {
    for (selector, file) in patches {
        // pnpm wrote objects into its lockfile; a manifest has the path.
        let Some(file) = file.as_str() else {
            imported.refuse(format!("patchedDependencies {selector}"), "its patch is not given by its path");
            continue;
        };
        match split_at_version(selector) {
            Some((name, version)) => imported.add_patch(ECOSYSTEM, name, version, file),
            None => imported.whole_patches.push((selector.clone(), file.to_owned())),
        }
    }
}

/// Splits Yarn's `patch:left-pad@npm%3A1.3.0#~/.yarn/patches/left-pad.patch` into the range that is patched and the patch, which
/// is none where Yarn brings it itself.
pub(super) fn yarn_range(range: &str) -> Option<(String, Option<String>)> {
    let rest = range.trim().strip_prefix("patch:")?;
    let (locator, file) = rest.split_once('#')?;
    let locator = percent_encoding::percent_decode_str(locator).decode_utf8().ok()?;
    let (_, inner) = split_at_version(&locator)?;
    let inner = inner.strip_prefix("npm:").unwrap_or(inner).to_owned();
    let file = file.split("::").next().unwrap_or(file);
    let own = !file.contains("builtin<");
    let file = file.trim_start_matches("~/").trim_start_matches("./").to_owned();
    Some((inner, own.then_some(file)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn yarn_s_patches_are_split() {
        let some = |range: &str, file: &str| Some((range.to_owned(), Some(file.to_owned())));
        assert_eq!(
            yarn_range("patch:left-pad@npm%3A1.3.0#~/.yarn/patches/left-pad-npm-1.3.0-ab.patch"),
            some("1.3.0", ".yarn/patches/left-pad-npm-1.3.0-ab.patch")
        );
        assert_eq!(yarn_range("patch:@a/b@^1#./p.patch::version=1"), some("^1", "p.patch"));
        assert_eq!(
            yarn_range("patch:typescript@^5#optional!builtin<compat/typescript>"),
            Some(("^5".to_owned(), None))
        );
        assert_eq!(yarn_range("^1"), None);
    }
}
