//! Configurations with patterns for the paths of packages that do not match those of a generation, for they name pnpm's folder or mean a flat
//! one; and tools that look for pnpm's own files.

use std::path::Path;

use super::declared::LARGEST;
use super::folders::file_name;
use crate::fs;
use crate::import::Imported;
use crate::ops::Result;
use crate::ops::packages::checkout_files;
use crate::ops::uses::is_configuration;

/// The configuration of Nx.
const NX: &str = "nx.json";

/// The folder below `node_modules`, as patterns have it.
const FOLDER: &str = ".pnpm";

/// Lists the configurations of a checkout that name pnpm's folder, where pnpm put packages, or whose patterns say which packages of a flat
/// `node_modules` are meant.
pub(in crate::ops) fn tell(root: &Path, imported: &mut Imported) -> Result<()> {
    let is_of_pnpm = fs::stat(&root.join("pnpm-lock.yaml"))?.is_some();
    for file in checkout_files(root, |name| name == "package.json" || is_configuration(name))? {
        let text = fs::read_text_below(root, &file, &[root], LARGEST).unwrap_or_default();
        if !is_of_pnpm {
            if has_pattern(&text) {
                let why = "packages lie in `node_modules/.packages/` of `.larder`, and it means none of them there: name `.packages` too, as in \
                           `node_modules/(?!\\.packages|NAME)`";
                imported.refuse(format!("`node_modules/(?!…)` in {file}"), why);
            }
            continue;
        }
        if file_name(&file) != ".npmrc" && names_folder(&text) {
            let why = "packages lie in `node_modules/.packages/` of `.larder`: name `.packages` beside it";
            imported.refuse(format!("`{FOLDER}` in {file}"), why);
        }
    }
    if !is_of_pnpm {
        return Ok(());
    }
    // Beside pnpm's lockfile Nx reads `node_modules/.modules.yaml`, and fails without it.
    if fs::stat(&root.join(NX))?.is_some() {
        let what = "node_modules/.modules.yaml, which Nx reads beside pnpm-lock.yaml";
        imported.refuse(what, "only pnpm writes it; remove pnpm-lock.yaml once larder.lock is committed");
    }
    Ok(())
}

/// Returns whether a text has the folder's name by itself and not that of ours: `.pnpm-store` and `.pnpmfile.cjs` are others.
fn names_folder(text: &str) -> bool {
    let ends = |at: usize| {
        let next = text[at + FOLDER.len()..].chars().next();
        next.is_none_or(|next| !next.is_alphanumeric() && next != '-' && next != '.')
    };
    !text.contains(".packages") && text.match_indices(FOLDER).any(|(at, _)| ends(at))
}

/// Returns whether a text has a pattern that excludes packages right behind `node_modules/`, as Jest's `transformIgnorePatterns` have it:
/// `/node_modules/(?!(a|b)/)`. One that looks further, `(?!.*a)`, finds them wherever they lie.
fn has_pattern(text: &str) -> bool {
    const NODE_MODULES: &str = "node_modules";
    let excludes = |at: usize| {
        let behind = text[at + NODE_MODULES.len()..].trim_start_matches(['/', '\\', '[', ']', '+']);
        let excluded = behind.strip_prefix("(?!").map(|rest| rest.trim_start_matches(['(', '?', ':']));
        excluded.is_some_and(|rest| !rest.starts_with(".*"))
    };
    !text.contains(".packages") && text.match_indices(NODE_MODULES).any(|(at, _)| excludes(at))
}

#[cfg(test)]
mod tests {
    use super::{has_pattern, names_folder};

    #[test]
    fn patterns_that_exclude_packages_right_behind_node_modules_are_found() {
        for pattern in ["/node_modules/(?!(a|b)/)", r"node_modules\/(?!a)", r"[/\\]node_modules[/\\](?!(?:a)[/\\])"] {
            assert!(has_pattern(pattern), "{pattern}");
        }
        for other in ["/node_modules/", "/node_modules/(?!.*a)", r"/node_modules/(?!\.packages|a)", "node_modules/a"] {
            assert!(!has_pattern(other), "{other}");
        }
    }

    #[test]
    fn pnpms_folder_is_told_from_its_other_files() {
        assert!(names_folder(r#"transformIgnorePatterns: ["node_modules/(?!\\.pnpm|zod)"]"#));
        assert!(names_folder("node_modules/.pnpm/x"));
        assert!(names_folder("'.pnpm'"));
        for other in ["", ".pnpmfile.cjs", ".pnpm-store/v3", r"(?!\.pnpm|\.packages|zod)", "pnpm install"] {
            assert!(!names_folder(other), "{other}");
        }
    }
}
