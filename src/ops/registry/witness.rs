//! What this user has seen of the logs of registries, carried to another machine.

use std::path::Path;

use serde::Serialize;

use crate::diagnostic::{Exit, Failure};
use crate::fs;
use crate::ops::{Context, Result};
use crate::registry::{WitnessedLog, export_witnesses, import_witnesses};

/// The largest file of witnesses.
const LARGEST: u64 = 64 << 20;

/// `larder registry witness import --json`: see `schema/registry-witness.json`.
#[derive(Debug, Serialize)]
pub struct ImportedWitness {
    /// The origins of the logs that were witnessed.
    pub origins: Vec<String>,
}

/// Returns everything that was seen of logs.
pub fn export_witness(context: &Context<'_>) -> Result<Vec<WitnessedLog>> {
    Ok(export_witnesses(&context.cache)?)
}

/// Adds what another user or machine has seen. A history that contradicts what was seen here is refused.
pub fn import_witness(context: &Context<'_>, file: &Path) -> Result<ImportedWitness> {
    let path = context.folder.join(file);
    let bytes = fs::read_up_to(&path, LARGEST)?
        .ok_or_else(|| NoWitness { file: path.display().to_string(), reason: "there is no such file".to_owned() })?;
    let imported = import_witnesses(&context.cache, &bytes);
    let origins = imported?.map_err(|reason| NoWitness { file: path.display().to_string(), reason })?;
    Ok(ImportedWitness { origins })
}

/// A file that is no witness.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("`{file}` cannot be imported: {reason}")]
#[diagnostic(code(larder::registry::no_witness), help("it is what `larder registry witness export` prints"))]
struct NoWitness {
    file: String,
    reason: String,
}

impl Failure for NoWitness {
    fn exit(&self) -> Exit {
        Exit::Manifest
    }
}
