//! The secrets that the registries of a manifest refer to, and which of them may go where.
//!
//! A manifest may come from anybody. So a token's file lies in the project or in larder's own configuration, and a variable
//! is sent to a host only if its name says that it is for larder, or if this user agreed to the pair once.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use miette::{NamedSource, SourceSpan};

use crate::diagnostic::{Exit, Failure};
use crate::fs;
use crate::manifest::{Registry, RegistryUrl, TokenSource};
use crate::model::Label;
use crate::registry::credentials::Secret;

use crate::ops::secrets::file::{self, SecretFile};
use crate::ops::secrets::grants::{self, FREE, Grant};
use crate::ops::{Context, Project, Result};

/// No `~/.netrc` is longer.
const LONGEST: u64 = 64 << 10;

/// The secrets that were found.
#[derive(Debug, Default)]
pub(super) struct Tokens {
    /// Those of `env=` and `file=`.
    pub(super) tokens: BTreeMap<Label, Secret>,
    /// The text of `~/.netrc`, where a registry refers to it: it says itself for which hosts it is.
    pub(super) netrc: Option<Secret>,
}

impl Tokens {
    /// Tells whether the node of a registry refers to credentials that are there.
    pub(super) fn has(&self, registry: &Registry) -> bool {
        self.tokens.contains_key(&registry.name) || registry.token == Some(TokenSource::Netrc) && self.netrc.is_some()
    }
}

/// Reads the secrets; what must not be sent is an error, and nothing was asked yet.
pub(super) fn read(context: &Context<'_>, project: &Project) -> Result<Tokens> {
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
            return Err(TokenError::NotOneLine(RegistryLine::of(project, registry)).into());
        }
        tokens.tokens.insert(registry.name.clone(), Secret::new(&secret));
    }
    Ok(tokens)
}

/// Returns what the lines of a project's registries ask to send where, be the variables set or not.
pub(super) fn pairs(project: &Project) -> impl Iterator<Item = Grant> {
    project.manifest.registries.iter().flat_map(pairs_of)
}

/// Returns what a registry's line asks to send where: to its own host and to the mirrors beside it.
fn pairs_of(registry: &Registry) -> Vec<Grant> {
    let Some(TokenSource::Env(name)) = &registry.token else { return Vec::new() };
    let urls = std::iter::once(&registry.url).chain(&registry.mirrors);
    urls.filter_map(RegistryUrl::http).map(|url| Grant::new(name, url)).collect()
}

fn check_variable(context: &Context<'_>, project: &Project, registry: &Registry, name: &str) -> Result<()> {
    match grants::first_refused(context, pairs_of(registry))? {
        None => Ok(()),
        Some(pair) => {
            let (variable, place) = (name.to_owned(), RegistryLine::of(project, registry));
            Err(TokenError::NotAgreed { place, variable, pair }.into())
        }
    }
}

fn read_file(context: &Context<'_>, project: &Project, registry: &Registry, file: &str) -> Result<String> {
    let place = || RegistryLine::of(project, registry);
    match file::read(context, project, file)? {
        SecretFile::Text(bytes) => Ok(String::from_utf8(bytes).map_err(|_| TokenError::NotOneLine(place()))?),
        SecretFile::Outside => {
            let (file, configuration) = (file.to_owned(), context.configuration.clone());
            Err(TokenError::Outside { place: place(), file, configuration }.into())
        }
    }
}

fn read_netrc(context: &Context<'_>) -> Result<Option<Secret>> {
    let home = context.variables.absolute("HOME").map(|home| home.join(".netrc"));
    let Some(path) = context.variables.path("NETRC").or(home) else { return Ok(None) };
    let text = fs::read_up_to(&path, LONGEST)?;
    Ok(text.map(|text| Secret::new(&String::from_utf8_lossy(&text))))
}

/// Where a registry stands.
#[derive(Debug)]
struct RegistryLine {
    registry: Label,
    file: NamedSource<Arc<str>>,
    span: SourceSpan,
}

impl RegistryLine {
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
    NotAgreed { place: RegistryLine, variable: String, pair: Grant },
    /// It is not the project's.
    #[error("the token of registry `{}` is `{file}`, which is not in the project", .place.registry)]
    Outside { place: RegistryLine, file: String, configuration: PathBuf },
    /// It is no token.
    #[error("the token of registry `{}` is no single line of text", .0.registry)]
    NotOneLine(RegistryLine),
}

impl TokenError {
    fn place(&self) -> &RegistryLine {
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
            Self::NotAgreed { pair, .. } => pair.how_to_agree(),
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
            Self::NotAgreed { pair, .. } => format!("it would go to {}", pair.host()),
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
