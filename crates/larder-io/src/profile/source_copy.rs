//! A writable copy of a tree, for a build to work in or a person to edit.

use std::path::Path;

use crate::fs::{self, Dir};
use crate::store::Tree;

use super::ProfileError;
use super::link_mode::LinkMode;
use super::linking::{TreeSource, folders_of};

/// Copies a tree into `folder`, which does not exist yet. The copy may be written to.
///
/// # Errors
/// If a file of the tree is not what the store's index says.
pub fn copy_tree(tree: &Tree, folder: &Path) -> Result<(), ProfileError> {
    fs::create_dir(folder)?;
    let (source, dir) = (TreeSource::open(tree, LinkMode::Writable)?, Dir::open(folder)?);
    let mut last = "";
    for entry in &tree.entries {
        let inside = entry.path.rsplit_once('/').map_or("", |(inside, _)| inside);
        for made in folders_of(inside, last) {
            dir.create_dir(made)?;
        }
        last = inside;
        source.place(entry, &dir, &entry.path)?;
    }
    Ok(())
}
