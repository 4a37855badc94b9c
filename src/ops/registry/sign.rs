//! Submissions that are integrated, and a new state.

use std::path::Path;

use serde::Serialize;

use super::log_keys::{self, NoLogKey};
use super::{now, submit};
use crate::ops::{Context, Event, Result};
use crate::registry::FolderRegistry;

/// `larder registry sign --json`: see `schema/registry-sign.json`.
#[derive(Debug, Serialize)]
pub struct Signed {
    /// The identity of the log.
    pub origin: String,
    /// The number of leaves of the log.
    pub size: u64,
    /// What was integrated.
    pub integrated: Vec<String>,
}

/// Integrates the submissions of a registry and signs a new state. One that cannot be integrated is told, and stays.
pub fn sign(context: &Context<'_>, folder: &Path) -> Result<Signed> {
    let registry = FolderRegistry::open(&context.folder.join(folder), &[])?;
    let origin = registry.description().origin.clone();
    let signer = log_keys::find(context, &origin)?.ok_or_else(|| NoLogKey(origin.clone()))?;
    let locked = submit::lock(context, &registry)?;
    let mut integrated = Vec::new();
    for equal in locked.submissions()? {
        let state = registry.state()?;
        let read = locked.submission(&equal);
        let added = read.map_err(Into::into).and_then(|submission| {
            let change = submit::change(&registry, &state, &submission)?;
            if let Some(change) = change {
                locked.commit(std::slice::from_ref(&change), &signer, &now())?;
                integrated.push(submit::describe(&submission));
            }
            Ok(locked.remove_submissions(&equal, &submission)?)
        });
        if let Err(error) = added {
            let error: crate::ops::Error = error;
            let reason = error.failure().to_string();
            for file in &equal.files {
                (context.reporter)(Event::Warning(format!("`incoming/{file}` stays: {reason}")));
            }
        }
    }
    let tree = locked.commit(&[], &signer, &now())?;
    Ok(Signed { origin, size: tree.size, integrated })
}
