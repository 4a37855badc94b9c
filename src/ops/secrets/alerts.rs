//! The secrets of the `alerts` block, which go to hosts that the block names.

use std::path::Path;
use std::sync::Arc;

use miette::{NamedSource, SourceSpan};

use super::file::{self, SecretFile};
use super::grants::{self, FREE, Grant};
use crate::diagnostic::{Exit, Failure};
use crate::manifest::Spanned;
use crate::manifest::alerts::{Address, Alerts, SecretSource, SmtpServer};
use crate::model::Url;
use crate::ops::{Context, Project, Result};

/// Who gets a secret.
#[derive(Clone, Copy, Debug)]
pub enum Receiver<'a> {
    /// Whoever answers at a URL.
    Web(&'a Url),
    /// A mail server.
    Mail(&'a SmtpServer),
    /// The host that the secret itself names, as it is a URL: no manifest chooses that.
    Itself,
}

impl Receiver<'_> {
    /// Returns what is asked of the user. Returns `None` if nobody else chose where the variable goes.
    fn grant(self, variable: &str) -> Option<Grant> {
        match self {
            Self::Web(url) => Some(Grant::new(variable, url)),
            Self::Mail(server) => Some(Grant::to_host(variable, &server.host, server.own_port())),
            Self::Itself => None,
        }
    }
}

/// Reads a secret that a manifest's `alerts` refer to, to send it to `receiver`. Returns `None` if the variable is not set.
///
/// # Errors
/// Nobody agreed to send the variable there; the file lies outside of the project and of the user's configuration, or cannot
/// be read; the secret is no text.
pub fn read(
    context: &Context<'_>,
    project: &Project,
    source: &Spanned<SecretSource>,
    receiver: Receiver<'_>,
) -> Result<Option<String>> {
    let refused = |text: String, help: String| RefusedSecret {
        text,
        help,
        file: NamedSource::new(&*project.manifest.file, Arc::clone(&project.manifest.text)),
        span: source.span,
    };
    match &source.value {
        SecretSource::Env(name) => {
            let Some(text) = context.variables.text(name) else { return Ok(None) };
            match grants::first_refused(context, receiver.grant(name))? {
                None => Ok(Some(text)),
                Some(pair) => {
                    let text = format!("the variable {name} would go to {}, and nobody agreed to that", pair.host());
                    Err(refused(text, pair.how_to_agree()).into())
                }
            }
        }
        SecretSource::File(name) => match file::read(context, project, name)? {
            SecretFile::Text(bytes) => match String::from_utf8(bytes) {
                Ok(text) => Ok(Some(text)),
                Err(_) => {
                    Err(refused(format!("`{name}` is no text"), "a secret is one line of text".to_owned()).into())
                }
            },
            SecretFile::Outside => {
                Err(refused(format!("`{name}` is not in the project"), outside_help(&context.configuration)).into())
            }
        },
    }
}

fn outside_help(configuration: &Path) -> String {
    format!(
        "a manifest could name any file of its reader: keep the secret in the project (and out of version control) or in `{}`, \
         or use `env=\"{FREE}…\"`",
        configuration.display()
    )
}

/// Returns which variables the `alerts` block asks to send where, be they set or not.
pub(in crate::ops) fn pairs(alerts: &Alerts, variable: impl Fn(&str) -> Option<String>) -> Vec<Grant> {
    let grant = |source: &Spanned<SecretSource>, receiver: Receiver<'_>| match &source.value {
        SecretSource::Env(name) => receiver.grant(name),
        SecretSource::File(_) => None,
    };
    let email = alerts.email.as_ref();
    let password = email.and_then(|email| grant(email.password.as_ref()?, Receiver::Mail(&email.server)));
    let pagerduty = alerts.pagerduty.as_ref();
    let key = pagerduty.and_then(|pagerduty| grant(&pagerduty.key, Receiver::Web(&pagerduty.url)));
    let authorization = alerts.webhook.as_ref().and_then(|webhook| {
        let url = match &webhook.address {
            Address::Plain(url) => Some(url.clone()),
            Address::Secret(Spanned { value: SecretSource::Env(name), .. }) => variable(name)?.trim().parse().ok(),
            Address::Secret(_) => None,
        };
        grant(webhook.authorization.as_ref()?, Receiver::Web(&url?))
    });
    [password, key, authorization].into_iter().flatten().collect()
}

/// A secret that is not sent.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("{text}")]
#[diagnostic(code(larder::monitor::secret_not_allowed), help("{help}"))]
struct RefusedSecret {
    text: String,
    help: String,
    #[source_code]
    file: NamedSource<Arc<str>>,
    #[label("this secret")]
    span: SourceSpan,
}

impl Failure for RefusedSecret {
    fn exit(&self) -> Exit {
        Exit::Refused
    }
}
