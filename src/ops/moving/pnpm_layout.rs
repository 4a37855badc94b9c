//! Configurations that name the folder where pnpm puts packages, where a pattern for its paths does not match those of a generation; and
//! tools that look for pnpm's own files.

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

/// Lists the configurations of a checkout that name pnpm's folder.
pub(in crate::ops) fn tell(root: &Path, imported: &mut Imported) -> Result<()> {
    for file in checkout_files(root, |name| name == "package.json" || is_configuration(name))? {
        let text = fs::read_text_below(root, &file, &[root], LARGEST).unwrap_or_default();
        if file_name(&file) != ".npmrc" && names_folder(&text) {
            let why = "packages lie in `node_modules/.packages/` of `.larder`: name `.packages` beside it";
            imported.refuse(format!("`{FOLDER}` in {file}"), why);
        }
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

#[cfg(test)]
mod tests {
    use super::names_folder;

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
