//! What `larder login` keeps, in the user's configuration:
//!
//! ```text
//! secrets/                  0700
//! └── logins.json           0600: {"version":1,"logins":[{"url":"https://npm.acme.example/","user":"me","secret":"…"}]}
//! ```
//!
//! An entry without `secret` has it in the keyring of the system, under its URL.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::diagnostic::{Exit, Failure};
use crate::fs::{self, Durability};
use crate::model::Url;
use crate::ops::secrets::keyring::Keyring;
use crate::ops::{Context, Result};
use crate::registry::credentials::{Credential, Login, Secret};

/// The file is not longer, in bytes.
const LONGEST: u64 = 1 << 20;

/// The version of the file's format.
const VERSION: u32 = 1;

/// Where a secret is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::ops) enum KeptIn {
    /// In the keyring of the system.
    Keyring,
    /// In this file, which only its owner can read.
    File(PathBuf),
}

/// The file.
#[derive(Default, Serialize, Deserialize)]
struct LoginsFile {
    version: u32,
    logins: Vec<LoginEntry>,
}

/// The login to a registry, and to what lies below its URL.
#[derive(Serialize, Deserialize)]
struct LoginEntry {
    url: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    user: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
}

/// Keeps a login in place of the one to the same URL.
pub(in crate::ops) fn keep(context: &Context<'_>, url: &Url, user: Option<&str>, secret: &Secret) -> Result<KeptIn> {
    let (file, mut logins) = open(context)?;
    logins.logins.retain(|entry| entry.url != url.as_str());
    let keyring = Keyring::find(context);
    if let Some(keyring) = &keyring {
        keyring.keep(url.as_str(), secret)?;
    }
    let text = keyring.is_none().then(|| secret.text().to_owned());
    logins.logins.push(LoginEntry { url: url.as_str().to_owned(), user: user.map(str::to_owned), secret: text });
    write(&file, logins)?;
    Ok(if keyring.is_some() { KeptIn::Keyring } else { KeptIn::File(file) })
}

/// Removes the login to a URL. Returns whether there was one.
pub(in crate::ops) fn remove(context: &Context<'_>, url: &Url) -> Result<bool> {
    let (file, mut logins) = open(context)?;
    let Some(place) = logins.logins.iter().position(|entry| entry.url == url.as_str()) else { return Ok(false) };
    let entry = logins.logins.remove(place);
    if entry.secret.is_none()
        && let Some(keyring) = Keyring::find(context)
    {
        keyring.remove(&entry.url)?;
    }
    write(&file, logins)?;
    Ok(true)
}

/// Returns the URLs that there are logins to, sorted.
pub(in crate::ops) fn urls(context: &Context<'_>) -> Result<Vec<String>> {
    let (_, logins) = open(context)?;
    let mut urls: Vec<String> = logins.logins.into_iter().map(|entry| entry.url).collect();
    urls.sort();
    Ok(urls)
}

/// Finds the logins to those of the addresses that there are any for: of several, the one to the longest URL that the address
/// lies at or below.
pub(in crate::ops) fn find(context: &Context<'_>, addresses: &[Url]) -> Result<BTreeMap<Url, Credential>> {
    let (_, logins) = open(context)?;
    let known: Vec<(Url, &LoginEntry)> =
        logins.logins.iter().filter_map(|entry| Some((entry.url.parse().ok()?, entry))).collect();
    let mut found = BTreeMap::new();
    for address in addresses {
        let covering = known.iter().filter(|(url, _)| address.is_below(url));
        let Some((_, entry)) = covering.max_by_key(|(url, _)| url.path().len()) else { continue };
        let secret = match &entry.secret {
            Some(text) => Some(Secret::new(text)),
            None => Keyring::find(context).map(|keyring| keyring.secret(&entry.url)).transpose()?.flatten(),
        };
        let Some(secret) = secret else { return Err(LoginError::Lost(entry.url.clone()).into()) };
        let login = match &entry.user {
            Some(user) => Login::Password { user: user.clone(), password: secret },
            None => Login::Token(secret),
        };
        found.insert(address.clone(), Credential { login, realm: None });
    }
    Ok(found)
}

fn open(context: &Context<'_>) -> Result<(PathBuf, LoginsFile)> {
    let file = context.configuration.join("secrets").join("logins.json");
    let Some(stat) = fs::stat(&file)? else { return Ok((file, LoginsFile::default())) };
    if stat.mode & 0o077 != 0 {
        return Err(LoginError::Open { file, mode: stat.mode & 0o777 }.into());
    }
    let bytes = fs::read_up_to(&file, LONGEST)?.unwrap_or_default();
    match serde_json::from_slice::<LoginsFile>(&bytes) {
        Ok(logins) if logins.version == VERSION => Ok((file, logins)),
        // What a parser says of a file may repeat what is in it.
        Ok(_) | Err(_) => Err(LoginError::Unreadable(file).into()),
    }
}

fn write(file: &Path, logins: LoginsFile) -> Result<()> {
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
        fs::set_private(folder, true)?;
    }
    if fs::lstat(file)?.is_none() {
        fs::write_new(file, b"", 0o600)?;
    }
    let document = LoginsFile { version: VERSION, ..logins };
    let text = serde_json::to_vec_pretty(&document).map_err(|_| LoginError::Unreadable(file.to_owned()))?;
    Ok(fs::write_atomic(file, &text, Durability::Whole)?)
}

/// Logins that cannot be used.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
enum LoginError {
    /// Others can read the file.
    #[error("others can read your logins in {}: the file's mode is {mode:o}", file.display())]
    #[diagnostic(
        code(larder::login::open),
        help("take their right away, `chmod 600`, and replace the tokens that they may have read")
    )]
    Open { file: PathBuf, mode: u32 },
    /// The file is no such file.
    #[error("{} has no logins that this larder can read", .0.display())]
    #[diagnostic(code(larder::login::unreadable), help("remove the file, and log in again: `larder login`"))]
    Unreadable(PathBuf),
    /// The keyring does not have it any more.
    #[error("the system's keyring has no secret for {0} any more, or cannot be asked in this session")]
    #[diagnostic(
        code(larder::login::lost),
        help("log in again: `larder login {0}`; or forget it: `larder logout {0}`")
    )]
    Lost(String),
}

impl Failure for LoginError {
    fn exit(&self) -> Exit {
        Exit::Refused
    }
}
