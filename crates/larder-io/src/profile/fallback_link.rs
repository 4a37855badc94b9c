//! The link through which realised packages find what they do not declare:
//! `.packages/node_modules -> ../../active/fallback/node_modules`.
//!
//! Its text never changes: it follows the active generation, and dangles where that has no `fallback`, which Node ignores. There the
//! packages lie in a folder whose name tools pass over: formatters that follow `.larder/active` would rewrite them.
//! larder makes it and compares it, and never follows it: whoever brings a checkout can let it lead anywhere.

use std::path::{Path, PathBuf};

use crate::fs::{self, Kind};

use super::ProfileError;
use super::paths::PACKAGES;

/// The link's name in the folder of the realised packages.
pub(super) const NAME: &str = "node_modules";
const TARGET: &str = "../../active/fallback/node_modules";
/// The folder of a generation that it leads to.
pub(super) const FOLDER: &str = "fallback/node_modules";

/// Returns where the link lies, relative to the checkout.
pub(super) fn fallback_link() -> PathBuf {
    Path::new(PACKAGES).join(NAME)
}

/// Returns where the link leads.
pub(super) fn target() -> &'static Path {
    Path::new(TARGET)
}

/// What lies in the link's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LinkState {
    Nothing,
    /// The link, as larder makes it.
    Link,
    /// Anything else.
    Foreign,
}

/// Looks at what lies in the link's place.
pub(super) fn look(root: &Path) -> Result<LinkState, ProfileError> {
    let path = root.join(fallback_link());
    Ok(match fs::lstat(&path)? {
        None => LinkState::Nothing,
        Some(stat) if stat.kind == Kind::Symlink && fs::read_link(&path)? == target() => LinkState::Link,
        Some(_) => LinkState::Foreign,
    })
}

/// Makes the link where it is needed and missing, and removes what lies in its place and is not it. To be called before a
/// switch to a generation that needs it.
pub(super) fn settle(root: &Path, is_needed: bool) -> Result<(), ProfileError> {
    let path = root.join(fallback_link());
    let found = look(root)?;
    if found == LinkState::Foreign {
        fs::remove_tree(&path)?;
    }
    if is_needed && found != LinkState::Link {
        fs::create_dir_all(&root.join(PACKAGES))?;
        fs::replace_symlink(&path, target())?;
    }
    Ok(())
}
