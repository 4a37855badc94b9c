//! The lists of what an instance has.

use std::path::Path;
use std::sync::Arc;

use miette::NamedSource;

use super::inputs;
use super::watched::Watched;
use crate::manifest::{self, Manifest, ProvidedListError};
use crate::ops::Result;
use crate::profile;

/// The largest list: an instance has some hundred packages.
const LARGEST: u64 = 16 << 20;

/// Reads the lists that the root's manifest names, and adds what they say to its settings.
pub(super) fn read_all(root: &Path, manifest: &mut Manifest, watched: &mut Watched) -> Result<()> {
    for list in manifest.provided_lists.clone() {
        let file = list.value.as_str();
        watched.note(root.join(file))?;
        profile::check_stays_inside(root, Path::new(file))?;
        let wrong = |manifest: &Manifest, reason: String| ProvidedListError {
            source_code: NamedSource::new(&*manifest.file, Arc::clone(&manifest.text)),
            span: list.span,
            reason,
        };
        let Some(bytes) = inputs::read(&root.join(file), LARGEST)? else {
            return Err(wrong(manifest, format!("there is no `{file}`")).into());
        };
        if let Err(reason) = manifest::add_provided(&mut manifest.settings, &bytes) {
            return Err(wrong(manifest, format!("`{file}` {reason}")).into());
        }
    }
    Ok(())
}
