//! The credentials of this user that the ecosystems' own tools keep: in which files they lie, and in which order those count.
//!
//! Each ecosystem has a [`Tool`]. What a project's own file says counts before what the user's says, as for the tools; but a
//! checkout may come from anybody, so variables that its file refers to are sent only where this user agreed to.

mod npm;
mod pypi;

use std::collections::BTreeMap;
use std::path::Path;

use crate::fs;
use crate::model::{Ecosystem, PerEcosystem, Url};
use crate::ops::secrets::grants::Grant;
use crate::ops::{Context, Project, Result};
use crate::registry::credentials::Credential;

/// No file of settings is longer, in bytes.
const LONGEST: u64 = 1 << 20;

/// The credentials for addresses.
type CredentialsByUrl = BTreeMap<Url, Credential>;

/// The files of an ecosystem's tools.
struct ToolFiles {
    /// Returns the credentials for those of the addresses that there are any for.
    find: fn(&Context<'_>, &Project, &[Url]) -> Result<CredentialsByUrl>,
    /// Returns which variables files of the checkout ask to send to these addresses, be they set or not.
    asks: fn(&Context<'_>, &Project, &[Url]) -> Result<Vec<Grant>>,
}

/// The tools. Private packages are larder's own.
const TOOLS: PerEcosystem<Option<ToolFiles>> = PerEcosystem {
    npm: Some(ToolFiles { find: npm::find, asks: npm::asks }),
    pypi: Some(ToolFiles { find: pypi::find, asks: |_, _, _| Ok(Vec::new()) }),
    ..PerEcosystem::NONE
};

/// Finds the credentials for addresses of registries of an ecosystem.
pub(super) fn find(
    context: &Context<'_>,
    project: &Project,
    ecosystem: Ecosystem,
    addresses: &[Url],
) -> Result<CredentialsByUrl> {
    match TOOLS.of(ecosystem) {
        Some(tool) if !addresses.is_empty() => (tool.find)(context, project, addresses),
        Some(_) | None => Ok(CredentialsByUrl::new()),
    }
}

/// Returns which variables files of the checkout ask to send to addresses of registries of an ecosystem.
pub(super) fn asks(
    context: &Context<'_>,
    project: &Project,
    ecosystem: Ecosystem,
    addresses: &[Url],
) -> Result<Vec<Grant>> {
    TOOLS.of(ecosystem).as_ref().map_or_else(|| Ok(Vec::new()), |tool| (tool.asks)(context, project, addresses))
}

/// Reads a file of settings. One that does not exist, or is no text, says nothing.
fn read_settings(file: &Path) -> Result<Option<String>> {
    Ok(fs::read_up_to(file, LONGEST)?.and_then(|bytes| String::from_utf8(bytes).ok()))
}
