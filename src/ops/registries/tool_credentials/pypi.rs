//! pip's and uv's: variables that name indexes, pip.conf, and uv.toml or pyproject.toml.

use std::path::PathBuf;

use toml::{Table, Value};

use super::{CredentialsByUrl, read_settings};
use crate::model::Url;
use crate::ops::{Context, Project, Result};
use crate::registry::credentials::{Credential, IndexCredential, of_pip_conf, of_uv_settings, of_variable};

/// The variables whose URLs may have a user and a password.
const VARIABLES: [&str; 6] =
    ["PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "UV_DEFAULT_INDEX", "UV_INDEX", "UV_INDEX_URL", "UV_EXTRA_INDEX_URL"];

/// Returns the credentials for each address: those of the longest URL that it lies below, and of two the ones that were set closer
/// by: variables, the files that variables name, the project's, the user's, the machine's.
pub(super) fn find(context: &Context<'_>, project: &Project, addresses: &[Url]) -> Result<CredentialsByUrl> {
    let known = read(context, project)?;
    let best = |address: &Url| {
        let covering = known.iter().rev().filter(|one| address.is_below(&one.url));
        covering.max_by_key(|one| one.url.path().len())
    };
    let found = addresses.iter().filter_map(|address| {
        let login = best(address)?.login.clone();
        Some((address.clone(), Credential { login, realm: None }))
    });
    Ok(found.collect())
}

fn read(context: &Context<'_>, project: &Project) -> Result<Vec<IndexCredential>> {
    let variables = &context.variables;
    let mut found: Vec<IndexCredential> =
        VARIABLES.iter().filter_map(|name| variables.text(name)).flat_map(|text| of_variable(&text)).collect();
    let home = variables.absolute("HOME");
    let configuration = variables.absolute("XDG_CONFIG_HOME").or_else(|| Some(home.as_ref()?.join(".config")));
    let below = |folder: &Option<PathBuf>, file: &str| folder.as_ref().map(|folder| folder.join(file));
    let named = |name: &str| variables.path(name).map(|path| context.folder.join(path));

    let named_pip = named("PIP_CONFIG_FILE");
    // pip's way to read no file at all.
    let reads_pip = named_pip.as_deref() != Some(std::path::Path::new("/dev/null"));
    let usual = [
        below(&configuration, "pip/pip.conf"),
        below(&home, ".pip/pip.conf"),
        Some(PathBuf::from("/etc/xdg/pip/pip.conf")),
        Some(PathBuf::from("/etc/pip.conf")),
    ];
    for file in std::iter::once(named_pip).chain(usual).flatten().filter(|_| reads_pip) {
        found.extend(read_settings(&file)?.iter().flat_map(|text| of_pip_conf(text)));
    }
    let uv_files = match named("UV_CONFIG_FILE") {
        Some(file) => vec![file],
        None => [
            Some(project.root.join("uv.toml")),
            below(&configuration, "uv/uv.toml"),
            Some(PathBuf::from("/etc/uv/uv.toml")),
        ]
        .into_iter()
        .flatten()
        .collect(),
    };
    for file in uv_files {
        let settings: Option<Table> = read_settings(&file)?.and_then(|text| text.parse().ok());
        found.extend(settings.iter().flat_map(of_uv_settings));
    }
    let project_file: Option<Table> =
        read_settings(&project.root.join("pyproject.toml"))?.and_then(|text| text.parse().ok());
    let uv = project_file.as_ref().and_then(|table| table.get("tool")?.get("uv")).and_then(Value::as_table);
    found.extend(uv.into_iter().flat_map(of_uv_settings));
    Ok(found)
}
