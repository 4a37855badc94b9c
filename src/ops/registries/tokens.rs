//! The secrets that the registries of a manifest refer to, and which of them may go where.
//!
//! A manifest may come from anybody. So a token's file lies in the project or in larder's own configuration, and a variable
//! is sent to a host only if its name says that it is for larder, or if this user agreed to the pair once.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::{Component, Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use miette::{NamedSource, SourceSpan};

use crate::diagnostic::{Exit, Failure};
use crate::fs;
use crate::manifest::{Registry, RegistryUrl, TokenSource};
use crate::model::{Label, Url};
use crate::registry::Secret;

use crate::ops::{Context, Project, Result};

/// Variables of this beginning exist to be sent to registries.
const FREE: &str = "LARDER_TOKEN_";

/// The variable that agrees to pairs where there is no user to ask: `NAME@host`, separated by commas or spaces.
const AGREED: &str = "LARDER_ALLOW_TOKEN_ENV";

/// No token is longer.
const LONGEST: u64 = 64 << 10;

/// The secrets that were found.
#[derive(Debug, Default)]
pub(in crate::ops) struct Tokens {
    /// Those of `env=` and `file=`.
    pub(in crate::ops) tokens: BTreeMap<Label, Secret>,
    /// The text of `~/.netrc`, where a registry refers to it: it says itself for which hosts it is.
    pub(in crate::ops) netrc: Option<Secret>,
}

/// A variable with a host that it may be sent to: `ACME_TOKEN@npm.acme.example`, with a port or for all of them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::ops) struct Grant {
    variable: String,
    host: String,
}

impl Grant {
    fn new(variable: &str, url: &Url) -> Self {
        // 443 goes without saying.
        let host = match url.port() {
            Some(port) if port != 443 => format!("{}:{port}", url.host()),
            _ => url.host().to_owned(),
        };
        Self { variable: variable.to_owned(), host }
    }

    /// Tells whether this agreement holds for a pair.
    fn covers(&self, pair: &Self) -> bool {
        let is_host =
            pair.host == self.host || pair.host.strip_prefix(&self.host).is_some_and(|rest| rest.starts_with(':'));
        self.variable == pair.variable && is_host
    }
}

impl fmt::Display for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.variable, self.host)
    }
}

impl FromStr for Grant {
    type Err = BadGrant;

    fn from_str(text: &str) -> std::result::Result<Self, BadGrant> {
        let bad = || BadGrant(text.to_owned());
        let (variable, host) = text.split_once('@').ok_or_else(bad)?;
        let is_name = variable.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && variable.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        let is_host = !host.is_empty() && host.chars().all(|c| c.is_ascii_alphanumeric() || "-._:[]".contains(c));
        if !is_name || !is_host {
            return Err(bad());
        }
        let host = host.to_ascii_lowercase();
        Ok(Self { variable: variable.to_owned(), host: host.strip_suffix(":443").unwrap_or(&host).to_owned() })
    }
}

/// Reads the secrets; what must not be sent is an error, and nothing was asked yet.
pub(in crate::ops) fn read(context: &Context<'_>, project: &Project) -> Result<Tokens> {
    let mut tokens = Tokens::default();
    // Nothing is sent.
    if context.offline {
        return Ok(tokens);
    }
    for registry in &project.manifest.registries {
        let secret = match &registry.token {
            None => continue,
            Some(TokenSource::Netrc) => {
                tokens.netrc = read_netrc(context)?;
                continue;
            }
            Some(TokenSource::Env(name)) => match context.variables.text(name) {
                Some(text) => {
                    check_variable(context, project, registry, name)?;
                    text
                }
                None => continue,
            },
            Some(TokenSource::File(file)) => read_file(context, project, registry, file)?,
        };
        if secret.trim().contains(char::is_control) {
            return Err(TokenError::NotOneLine(Place::of(project, registry)).into());
        }
        tokens.tokens.insert(registry.name.clone(), Secret::new(&secret));
    }
    Ok(tokens)
}

/// Returns the pairs of a project that nobody agreed to yet, of variables that are set or not.
pub(in crate::ops) fn unconfirmed(context: &Context<'_>, project: &Project) -> Result<Vec<Grant>> {
    let agreed = agreed(context)?;
    let registries = project.manifest.registries.iter();
    let mut pairs: Vec<Grant> = registries.flat_map(pairs).filter(|pair| !is_agreed(&agreed, pair)).collect();
    pairs.sort();
    pairs.dedup();
    Ok(pairs)
}

/// Returns the file that keeps what this user agreed to.
pub(in crate::ops) fn agreements(context: &Context<'_>) -> PathBuf {
    context.configuration.join("allowed-tokens")
}

/// Reads what this user agreed to: a pair a line, with comments.
pub(in crate::ops) fn kept(context: &Context<'_>) -> Result<BTreeSet<Grant>> {
    let text = fs::read_up_to(&agreements(context), LONGEST)?.unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    Ok(lines.map(str::parse).collect::<std::result::Result<_, BadGrant>>()?)
}

fn agreed(context: &Context<'_>) -> Result<BTreeSet<Grant>> {
    let mut agreed = kept(context)?;
    let text = context.variables.text(AGREED).unwrap_or_default();
    let words = text.split(|c: char| c == ',' || c.is_whitespace()).filter(|word| !word.is_empty());
    agreed.extend(words.map(str::parse).collect::<std::result::Result<Vec<_>, BadGrant>>()?);
    Ok(agreed)
}

fn is_agreed(agreed: &BTreeSet<Grant>, pair: &Grant) -> bool {
    agreed.iter().any(|grant| grant.covers(pair))
}

/// Returns what a registry's line asks to send where: to its own host and to the mirrors beside it.
fn pairs(registry: &Registry) -> Vec<Grant> {
    let Some(TokenSource::Env(name)) = &registry.token else { return Vec::new() };
    if name.starts_with(FREE) {
        return Vec::new();
    }
    let urls = std::iter::once(&registry.url).chain(&registry.mirrors);
    urls.filter_map(|url| match url {
        RegistryUrl::Http(url) => Some(Grant::new(name, url)),
        RegistryUrl::Folder(_) => None,
    })
    .collect()
}

fn check_variable(context: &Context<'_>, project: &Project, registry: &Registry, name: &str) -> Result<()> {
    let pairs = pairs(registry);
    if pairs.is_empty() {
        return Ok(());
    }
    let agreed = agreed(context)?;
    match pairs.into_iter().find(|pair| !is_agreed(&agreed, pair)) {
        None => Ok(()),
        Some(pair) => {
            let (variable, place) = (name.to_owned(), Place::of(project, registry));
            Err(TokenError::NotAgreed { place, variable, pair }.into())
        }
    }
}

fn read_file(context: &Context<'_>, project: &Project, registry: &Registry, file: &str) -> Result<String> {
    let outside = || TokenError::Outside {
        place: Place::of(project, registry),
        file: file.to_owned(),
        configuration: context.configuration.clone(),
    };
    let path = match (file.strip_prefix("~/"), context.variables.absolute("HOME")) {
        (Some(below), Some(home)) => home.join(below),
        _ => project.root.join(file),
    };
    let places = [project.root.as_path(), &context.configuration];
    if !places.iter().any(|folder| is_within(&without_dots(&path), folder)) {
        return Err(outside().into());
    }
    // A link of the checkout may lead out of it.
    let real = fs::canonicalize(&path)?;
    let real_places = places.iter().filter_map(|folder| fs::canonicalize(folder).ok());
    if !real_places.into_iter().any(|folder| is_within(&real, &folder)) {
        return Err(outside().into());
    }
    let bytes = fs::read_up_to(&real, LONGEST)?.unwrap_or_default();
    Ok(String::from_utf8(bytes).map_err(|_| TokenError::NotOneLine(Place::of(project, registry)))?)
}

/// Tells whether a path lies in a folder, and not in what git keeps there: remotes have passwords.
fn is_within(path: &Path, folder: &Path) -> bool {
    let below =
        path.strip_prefix(folder).ok().filter(|below| !folder.as_os_str().is_empty() && !below.as_os_str().is_empty());
    below.is_some_and(|below| below.components().all(|part| part.as_os_str() != ".git"))
}

fn without_dots(path: &Path) -> PathBuf {
    let mut clean = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => drop(clean.pop()),
            part => clean.push(part),
        }
    }
    clean
}

fn read_netrc(context: &Context<'_>) -> Result<Option<Secret>> {
    let home = context.variables.absolute("HOME").map(|home| home.join(".netrc"));
    let Some(path) = context.variables.path("NETRC").or(home) else { return Ok(None) };
    let text = fs::read_up_to(&path, LONGEST)?;
    Ok(text.map(|text| Secret::new(&String::from_utf8_lossy(&text))))
}

/// A text that is no pair.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, miette::Diagnostic)]
#[error("`{0}` is no variable with a host")]
#[diagnostic(code(larder::registry::bad_grant), help("it is written NAME@HOST, as in ACME_TOKEN@npm.acme.example"))]
pub(in crate::ops) struct BadGrant(String);

impl Failure for BadGrant {
    fn exit(&self) -> Exit {
        Exit::Manifest
    }
}

/// Where a registry stands.
#[derive(Debug)]
struct Place {
    registry: Label,
    file: NamedSource<Arc<str>>,
    span: SourceSpan,
}

impl Place {
    fn of(project: &Project, registry: &Registry) -> Self {
        let manifest = &project.manifest;
        Self {
            registry: registry.name.clone(),
            file: NamedSource::new(&*manifest.file, Arc::clone(&manifest.text)),
            span: registry.span.unwrap_or_else(|| (0, 0).into()),
        }
    }
}

/// A secret that is not sent.
#[derive(Debug, thiserror::Error)]
enum TokenError {
    /// Nobody agreed to it.
    #[error("registry `{}` asks for the variable {variable}, and nobody agreed to send that to it", place.registry)]
    NotAgreed { place: Place, variable: String, pair: Grant },
    /// It is not the project's.
    #[error("the token of registry `{}` is `{file}`, which is not in the project", .place.registry)]
    Outside { place: Place, file: String, configuration: PathBuf },
    /// It is no token.
    #[error("the token of registry `{}` is no single line of text", .0.registry)]
    NotOneLine(Place),
}

impl TokenError {
    fn place(&self) -> &Place {
        match self {
            Self::NotAgreed { place, .. } | Self::Outside { place, .. } | Self::NotOneLine(place) => place,
        }
    }
}

impl miette::Diagnostic for TokenError {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(match self {
            Self::NotAgreed { .. } => "larder::registry::token_not_allowed",
            Self::Outside { .. } => "larder::registry::token_outside",
            Self::NotOneLine(_) => "larder::registry::bad_token",
        }))
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(match self {
            Self::NotAgreed { pair, .. } => format!(
                "if you want it sent there, say so once: `larder login --allow {pair}`, or in CI {AGREED}={pair}. A \
                 variable whose name begins with {FREE} is free to use"
            ),
            Self::Outside { configuration, .. } => format!(
                "a manifest could name any file of its reader: keep the token in the project (and out of version control) \
                 or in `{}`, or use `token env=\"{FREE}…\"`",
                configuration.display()
            ),
            Self::NotOneLine(_) => "look at what the file or variable holds: a token, or `user:password`".to_owned(),
        }))
    }

    fn source_code(&self) -> Option<&dyn miette::SourceCode> {
        Some(&self.place().file)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = miette::LabeledSpan> + '_>> {
        let text = match self {
            Self::NotAgreed { pair, .. } => format!("it would go to {}", pair.host),
            Self::Outside { .. } | Self::NotOneLine(_) => "of this registry".to_owned(),
        };
        Some(Box::new(std::iter::once(miette::LabeledSpan::new_with_span(Some(text), self.place().span))))
    }
}

impl Failure for TokenError {
    fn exit(&self) -> Exit {
        Exit::Refused
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_agreement_holds_for_its_variable_and_host() {
        let grant = |text: &str| text.parse::<Grant>().unwrap();
        let covers = |agreed: &str, url: &str| grant(agreed).covers(&Grant::new("A_TOKEN", &url.parse().unwrap()));
        assert!(covers("A_TOKEN@npm.acme.example", "https://NPM.acme.example/x/"));
        assert!(covers("A_TOKEN@h", "https://h:8443/") && covers("A_TOKEN@h:8443", "https://h:8443/"));
        assert!(covers("A_TOKEN@h:443", "https://h/") && covers("A_TOKEN@[::1]:80", "http://[::1]:80/"));
        for other in ["B_TOKEN@h", "A_TOKEN@other", "A_TOKEN@h:1", "A_TOKEN@h.evil", "A_TOKEN@xh"] {
            assert!(!covers(other, "https://h:8443/"), "{other}");
        }
        for bad in ["", "A", "A@", "@h", "A B@h", "A@h/x", "A@https://h", "1A@h", "A@h@i"] {
            assert!(bad.parse::<Grant>().is_err(), "{bad}");
        }
    }

    #[test]
    fn files_lie_in_the_project_or_in_the_configuration() {
        let inside = |path: &str| is_within(&without_dots(Path::new(path)), Path::new("/p"));
        assert!(inside("/p/token") && inside("/p/a/../b/./token"));
        for outside in ["/p", "/p/../q", "/p/a/../../q", "/px/token", "/p/.git/config", "/p/vendor/.git/config"] {
            assert!(!inside(outside), "{outside}");
        }
        assert!(!is_within(Path::new("/a"), Path::new("")));
    }
}
