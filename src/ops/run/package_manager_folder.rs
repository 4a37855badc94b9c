//! The folder in which `larder run` lets scripts find npm, pnpm, Yarn and Bun.
//!
//! ```text
//! cache/package-managers/<digest of larder's path and of the programs' names>/
//! └── npm -> /usr/bin/larder     npx, pnpm, yarn, bun and the others alike
//! ```

use std::path::{Path, PathBuf};

use super::package_manager_call::PackageManager;
use crate::fs;
use crate::model::TreeDigest;
use crate::ops::Context;

/// The folder below the cache.
const FOLDER: &str = "package-managers";

/// Returns whether a file is a program in such a folder, of whichever larder.
pub(super) fn has(file: &Path) -> bool {
    let above = file.parent().and_then(Path::parent).and_then(Path::file_name);
    above.is_some_and(|name| name == FOLDER)
        && matches!(fs::lstat(file), Ok(Some(stat)) if stat.kind == fs::Kind::Symlink)
}

/// Returns the folder with the programs, which is made where there is none yet. `None`: it cannot be, and the system's programs are
/// found as before.
pub(super) fn folder(context: &Context<'_>) -> Option<PathBuf> {
    let larder = &context.executable;
    let names = PackageManager::PROGRAMS.map(|(name, _)| name).join(" ");
    let digest = TreeDigest::of(&[names.as_bytes(), larder.as_os_str().as_encoded_bytes()].concat()).to_string();
    let above = context.cache.join(FOLDER);
    let folder = above.join(digest.get(..16)?);
    if fs::lstat(&folder).ok()?.is_some_and(|stat| stat.kind == fs::Kind::Folder) {
        return Some(folder);
    }
    // It is there whole, or not at all.
    let draft = above.join(format!("{}.{}", digest.get(..16)?, std::process::id()));
    fs::create_dir_all(&draft).ok()?;
    for (name, _) in PackageManager::PROGRAMS {
        fs::symlink(larder, &draft.join(name)).ok()?;
    }
    match fs::rename(&draft, &folder) {
        Ok(()) => {}
        // Somebody else was faster.
        Err(_) => fs::remove_tree(&draft).ok()?,
    }
    Some(folder)
}
