//! npm's files: `.npmrc` of the project, and of the user (`NPM_CONFIG_USERCONFIG`, or `~/.npmrc`).

use std::path::PathBuf;

use super::{CredentialsByUrl, read_settings};
use crate::diagnostic::{Exit, Failure};
use crate::model::Url;
use crate::ops::secrets::grants::{self, Grant};
use crate::ops::{Context, Project, Result};
use crate::registry::credentials::{Credential, NpmrcCredential, npmrc_credentials};

const NPMRC: &str = ".npmrc";

/// An entry of one of the files.
struct NpmrcEntry {
    credential: NpmrcCredential,
    /// Whether it is the checkout's.
    is_projects: bool,
}

/// Returns the credentials for each address: those of the longest scope that it lies in, as npm looks them up. One that refers to a
/// variable which is not set is passed over.
pub(super) fn find(context: &Context<'_>, project: &Project, addresses: &[Url]) -> Result<CredentialsByUrl> {
    let entries = read(context, project)?;
    let mut found = CredentialsByUrl::new();
    for address in addresses {
        for (entry, realm) in covering(&entries, address) {
            let Some(login) = entry.credential.login(|name| context.variables.text(name)) else { continue };
            if entry.is_projects {
                check(context, &entry.credential, address)?;
            }
            found.insert(address.clone(), Credential { login, realm: Some(realm) });
            break;
        }
    }
    Ok(found)
}

/// Returns which variables the checkout's file asks to send to these addresses.
pub(super) fn asks(context: &Context<'_>, project: &Project, addresses: &[Url]) -> Result<Vec<Grant>> {
    let entries = read(context, project)?;
    let asked = addresses.iter().flat_map(|address| {
        let own = covering(&entries, address).into_iter().filter(|(entry, _)| entry.is_projects);
        own.flat_map(move |(entry, _)| entry.credential.variables().into_iter().map(|name| Grant::new(name, address)))
    });
    Ok(asked.collect())
}

fn read(context: &Context<'_>, project: &Project) -> Result<Vec<NpmrcEntry>> {
    let own = project.root.join(NPMRC);
    let home = || Some(context.variables.absolute("HOME")?.join(NPMRC));
    let named = |name| context.variables.path(name).map(|path| context.folder.join(path));
    let user = named("NPM_CONFIG_USERCONFIG").or_else(|| named("npm_config_userconfig")).or_else(home);
    let files: [(Option<PathBuf>, bool); 2] =
        [(Some(own.clone()).filter(|_| user.as_ref() != Some(&own)), true), (user, false)];
    let mut entries = Vec::new();
    for (file, is_projects) in files {
        let text = file.as_deref().map(read_settings).transpose()?.flatten().unwrap_or_default();
        let credentials = npmrc_credentials(&text).into_iter();
        entries.extend(credentials.map(|credential| NpmrcEntry { credential, is_projects }));
    }
    Ok(entries)
}

/// Returns the entries whose scope an address lies in, the longest first, and the project's before the user's.
fn covering<'e>(entries: &'e [NpmrcEntry], address: &Url) -> Vec<(&'e NpmrcEntry, Url)> {
    let mut found: Vec<_> =
        entries.iter().filter_map(|entry| Some((entry, entry.credential.realm(address)?))).collect();
    found.sort_by_key(|(_, realm)| std::cmp::Reverse(realm.path().len()));
    found
}

/// Fails where the checkout's file refers to a variable that nobody agreed to send to this address.
fn check(context: &Context<'_>, credential: &NpmrcCredential, address: &Url) -> Result<()> {
    let sent = credential.variables().into_iter().filter(|name| context.variables.text(name).is_some());
    match grants::first_refused(context, sent.map(|name| Grant::new(name, address)))? {
        None => Ok(()),
        Some(pair) => Err(NotAgreed { scope: credential.scope.clone(), pair }.into()),
    }
}

/// A variable that a checkout's `.npmrc` refers to, and nobody agreed to send.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("the project's .npmrc asks for the variable {} for `{scope}`, and nobody agreed to send that to it", pair.variable())]
#[diagnostic(code(larder::registry::token_not_allowed), help("{}", pair.how_to_agree()))]
struct NotAgreed {
    scope: String,
    pair: Grant,
}

impl Failure for NotAgreed {
    fn exit(&self) -> Exit {
        Exit::Refused
    }
}
