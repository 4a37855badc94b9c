//! A new registry in a folder.

use std::path::Path;

use serde::Serialize;

use super::{log_keys, now};
use crate::fs;
use crate::ops::{Context, Event, Result};
use crate::registry::FolderRegistry;

/// `larder registry init --json`: see `schema/registry-init.json`.
#[derive(Debug, Serialize)]
pub struct Created {
    /// The folder.
    pub folder: String,
    /// The identity of its log.
    pub origin: String,
    /// The public key of its log, as a manifest's `key` has it.
    pub key: String,
    /// The file that has the private key. `None` if a variable has it.
    pub secret: Option<String>,
}

/// Makes a registry in a folder. Without an origin the folder's name is its log's.
pub fn init(context: &Context<'_>, folder: &Path, origin: Option<&str>) -> Result<Created> {
    let path = context.folder.join(folder);
    let named = if fs::stat(&path)?.is_some() { fs::canonicalize(&path)? } else { path.clone() };
    let own_name = named.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let origin = origin.map_or(own_name, str::to_owned);
    // An origin that is none is refused before anything is made.
    if log_keys::find(context, &origin)?.is_some() {
        (context.reporter)(Event::Warning(format!(
            "the key of the log `{origin}` is there already, and signs this registry too: who knows another registry of this origin and \
             key takes the two for one, whose history was changed. Give a new registry an `--origin` of its own"
        )));
    }
    let (signer, file) = log_keys::find_or_make(context, &origin)?;
    fs::create_dir_all(&path)?;
    let root = fs::canonicalize(&path)?;
    FolderRegistry::create(&root, &signer, &now())?;
    Ok(Created {
        folder: root.display().to_string(),
        key: signer.key().to_string(),
        secret: file.map(|file| file.display().to_string()),
        origin,
    })
}
