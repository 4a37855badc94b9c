//! `larder login` and `larder logout`: the credentials for registries, and what a user agrees to send to them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::PathBuf;

use serde::Serialize;

use crate::diagnostic::{Exit, Failure, list};
use crate::fs::{self, Durability};
use crate::manifest::{self, ManifestKind, Registry, RegistryUrl};
use crate::model::{Label, Url};
use crate::registry::credentials::{Credential, Login, Secret};
use crate::registry::{Account, Registries, RegistryOptions};

use super::registries::logins::{self, KeptIn};
use super::secrets::grants::{self, Grant};
use super::session::MANIFEST;
use super::{Context, Error, Event, Project, Result, Session, registries};

/// What a user enters.
#[derive(Clone, Debug)]
pub struct Entered {
    /// The user, for a password. `None` for a token.
    pub user: Option<String>,
    /// The token or the password.
    pub secret: Secret,
}

/// The registry that a login is for.
#[derive(Clone, Debug)]
pub struct LoginTarget {
    /// The URL below which the credentials are sent.
    pub url: Url,
    /// The registry, where one of that URL is known.
    registry: Option<Registry>,
}

/// `larder login --json`: see `schema/login.json`.
#[derive(Debug, Default, Serialize)]
pub struct LoggedIn {
    /// The URL below which the credentials are sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Who the registry says the credentials belong to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// `keyring` or `file`
    #[serde(rename = "keptIn", skip_serializing_if = "Option::is_none")]
    pub kept_in: Option<&'static str>,
    /// The file that keeps the secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<PathBuf>,
    /// The pairs of variable and host that were agreed to now.
    pub allowed: Vec<String>,
}

/// `larder logout --json`: see `schema/logout.json`.
#[derive(Debug, Serialize)]
pub struct LoggedOut {
    /// The URL.
    pub url: String,
    /// Whether there was a login to it.
    pub removed: bool,
}

/// Finds the registry that is meant: by its name, or by a URL; else the only one that the project declares on a server.
pub fn target(context: &Context<'_>, named: Option<&str>) -> Result<LoginTarget> {
    let registries = known_registries(context)?;
    let on_servers = || registries.iter().filter(|registry| registry.url.http().is_some());
    let found = |registry: &Registry, url: &Url| LoginTarget { url: url.clone(), registry: Some(registry.clone()) };
    let Some(named) = named else {
        let declared: Vec<_> = on_servers().filter(|registry| registry.span.is_some()).collect();
        return match declared.as_slice() {
            [only] => only.url.http().map(|url| found(only, url)),
            _ => None,
        }
        .ok_or_else(|| {
            LoginError::WhichRegistry(on_servers().map(|registry| registry.name.to_string()).collect()).into()
        });
    };
    if let Some(registry) = registries.iter().find(|registry| registry.name.as_str() == named) {
        let url = registry.url.http().ok_or_else(|| LoginError::Folder(named.to_owned()))?;
        return Ok(found(registry, url));
    }
    if !named.contains("://") {
        let known = on_servers().map(|registry| registry.name.to_string()).collect();
        return Err(LoginError::Unknown { named: named.to_owned(), known }.into());
    }
    match RegistryUrl::parse(named) {
        Ok(RegistryUrl::Http(url)) => {
            let registry = on_servers().find(|registry| registry.url.http() == Some(&url)).cloned();
            Ok(LoginTarget { url, registry })
        }
        Ok(RegistryUrl::Folder(_)) => Err(LoginError::Folder(named.to_owned()).into()),
        Err(reason) => Err(LoginError::BadUrl(reason).into()),
    }
}

/// Keeps credentials for a registry, if the registry does not refuse them.
pub fn log_in(session: &Session<'_>, target: &LoginTarget, entered: &Entered) -> Result<LoggedIn> {
    let context = session.context();
    if entered.secret.text().is_empty() || entered.secret.text().contains(char::is_control) {
        return Err(LoginError::NotOneLine.into());
    }
    let account = match &target.registry {
        Some(registry) if !context.offline => account(session, registry, &target.url, entered)?,
        Some(_) | None => None,
    };
    let kept = logins::keep(context, &target.url, entered.user.as_deref(), &entered.secret)?;
    let (kept_in, file) = match kept {
        KeptIn::Keyring => ("keyring", None),
        KeptIn::File(file) => ("file", Some(file)),
    };
    let url = Some(target.url.to_string());
    Ok(LoggedIn { url, account, kept_in: Some(kept_in), file, allowed: Vec::new() })
}

/// Forgets the credentials for a registry, or for a URL that there is a login to.
pub fn log_out(context: &Context<'_>, named: Option<&str>) -> Result<LoggedOut> {
    let kept = logins::urls(context)?;
    // A login can be forgotten where no project declares its registry any more.
    let url = match (named, kept.as_slice()) {
        (None, [only]) => only.parse::<Url>().map_err(|error| LoginError::BadUrl(error.to_string()))?,
        _ => target(context, named)?.url,
    };
    Ok(LoggedOut { removed: logins::remove(context, &url)?, url: url.to_string() })
}

/// Notes that variables may be sent to hosts; without any, those that the project asks for, if `confirm` says so.
pub fn allow(context: &Context<'_>, pairs: &[String], confirm: impl FnOnce(&[String]) -> bool) -> Result<LoggedIn> {
    let wanted = if pairs.is_empty() {
        let wanted = Vec::from_iter(registries::unconfirmed(context, &Project::open(context)?)?);
        let shown: Vec<String> = wanted.iter().map(ToString::to_string).collect();
        if !wanted.is_empty() && !confirm(&shown) {
            return Err(LoginError::NotConfirmed(shown).into());
        }
        wanted
    } else {
        pairs.iter().map(|pair| pair.parse()).collect::<std::result::Result<Vec<Grant>, _>>()?
    };
    for pair in &wanted {
        (context.reporter)(Event::Concerns(pair.to_string()));
    }
    let known = grants::kept(context)?;
    let all: BTreeSet<&Grant> = known.iter().chain(&wanted).collect();
    if all.len() > known.len() {
        let mut text = "# Variables that larder may send to hosts, NAME@HOST: `larder login --allow`\n".to_owned();
        for grant in all {
            // Writing to a string does not fail.
            let _ = writeln!(text, "{grant}");
        }
        fs::create_dir_all(&context.configuration)?;
        fs::write_atomic(&grants::agreements(context), text.as_bytes(), Durability::Whole)?;
    }
    Ok(LoggedIn { allowed: wanted.iter().map(ToString::to_string).collect(), ..LoggedIn::default() })
}

/// Returns the registries of the project that larder was started in; outside of one, those that are built in.
fn known_registries(context: &Context<'_>) -> Result<Vec<Registry>> {
    for folder in context.folder.ancestors() {
        if fs::stat(&folder.join(MANIFEST))?.is_some() {
            return Ok(Project::open(context)?.manifest.registries.clone());
        }
    }
    Ok(manifest::parse(MANIFEST, "", ManifestKind::Root)?.registries)
}

/// Asks a registry who the credentials belong to, with these and no others.
fn account(session: &Session<'_>, registry: &Registry, url: &Url, entered: &Entered) -> Result<Option<String>> {
    let secret = entered.secret.clone();
    let login = match &entered.user {
        Some(user) => Login::Password { user: user.clone(), password: secret },
        None => Login::Token(secret),
    };
    let registry = Registry { token: None, mirrors: Vec::new(), ..registry.clone() };
    let name: Label = registry.name.clone();
    let registries = Registries::new(RegistryOptions {
        registries: vec![registry],
        credentials: BTreeMap::from([(url.clone(), Credential { login, realm: None })]),
        client: session.client()?,
        ..RegistryOptions::default()
    });
    match registries.account(&name)? {
        Account::Named(account) => Ok(Some(account)),
        Account::Unknown => Ok(None),
        Account::Refused => Err(LoginError::NotAccepted { registry: name.to_string(), url: url.masked() }.into()),
    }
}

/// A registry that no larder.kdl declares wants credentials.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("the registry at {url} wants credentials (401)")]
#[diagnostic(code(larder::login::wanted), help("`larder login {url}`, then run this again"))]
pub(super) struct LoginWanted {
    url: String,
}

impl LoginWanted {
    /// Returns this error in place of one that names the registry as if it were declared. Any other error stays.
    pub(super) fn in_place_of(error: Error, url: &Url) -> Error {
        let is_unauthorized = |code: &dyn std::fmt::Display| code.to_string() == "larder::fetch::unauthorized";
        if error.failure().code().is_some_and(|code| is_unauthorized(&code)) {
            return Self { url: url.masked() }.into();
        }
        error
    }
}

impl Failure for LoginWanted {
    fn exit(&self) -> Exit {
        Exit::Network
    }
}

/// Why nothing is kept.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum LoginError {
    /// Pairs that nobody agreed to.
    #[error("not allowed, as nobody confirmed it:{}", list(.0))]
    #[diagnostic(code(larder::login::not_confirmed), help("name them: `larder login --allow {}`", .0.join(" ")))]
    NotConfirmed(Vec<String>),
    /// No registry is meant, or several may be.
    #[error("it is not clear which registry is meant: there are {}", .0.join(", "))]
    #[diagnostic(code(larder::login::which_registry), help("name one, or give a URL: `larder login NAME`"))]
    WhichRegistry(Vec<String>),
    /// No registry has this name.
    #[error("there is no registry `{named}`")]
    #[diagnostic(code(larder::login::unknown_registry), help("there are {}; or give a URL: https://…", known.join(", ")))]
    Unknown {
        /// What was asked for.
        named: String,
        /// The names that there are.
        known: Vec<String>,
    },
    /// A folder has no credentials.
    #[error("`{0}` is a folder: whoever can read it needs no login")]
    #[diagnostic(code(larder::login::folder))]
    Folder(String),
    /// The URL is no registry's.
    #[error("{0}")]
    #[diagnostic(code(larder::login::bad_url), help("give the URL of a registry, without a user or a password in it"))]
    BadUrl(String),
    /// What was entered is no secret.
    #[error("the token is empty, or no single line of text")]
    #[diagnostic(code(larder::login::bad_token), help("nothing was kept"))]
    NotOneLine,
    /// The registry does not take the credentials.
    #[error("registry `{registry}` does not accept these credentials: {url}")]
    #[diagnostic(
        code(larder::login::not_accepted),
        help("check that they are whole and still valid; nothing was kept")
    )]
    NotAccepted {
        /// The registry.
        registry: String,
        /// Its URL.
        url: String,
    },
    /// Nobody can be asked.
    #[error("there is no terminal to enter a token at")]
    #[diagnostic(
        code(larder::login::no_terminal),
        help("pass it by standard input: `larder login --token-stdin REGISTRY < FILE`")
    )]
    NoTerminal,
}

impl Failure for LoginError {
    fn exit(&self) -> Exit {
        match self {
            Self::NotConfirmed(_) | Self::NotOneLine | Self::NoTerminal => Exit::Refused,
            Self::NotAccepted { .. } => Exit::Network,
            Self::WhichRegistry(_) | Self::Unknown { .. } | Self::Folder(_) | Self::BadUrl(_) => Exit::Manifest,
        }
    }
}
