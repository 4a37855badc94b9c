//! The channels by which alerts leave.

use super::super::node::{BlockRule, Errors, ManifestNode, NodeParts, NodeShape, NodeValue, UniqueNodes};
use super::super::{ManifestError, Spanned};
use crate::model::Url;

/// Where a secret is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretSource {
    /// `env`: in a variable of the environment.
    Env(String),
    /// `file`: in a file, absolute or relative to the manifest.
    File(String),
}

/// `email "ops@acme.example" from="larder@acme.example" { … }`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Email {
    /// Who gets it.
    pub to: Vec<String>,
    /// `from`: whom it comes from.
    pub from: String,
    /// `smtp`
    pub server: SmtpServer,
    /// `user`
    pub user: Option<String>,
    /// `password`
    pub password: Option<Spanned<SecretSource>>,
}

/// `smtp "smtps://smtp.acme.example"`: the server that takes mail. What is sent there is always encrypted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SmtpServer {
    /// Its name.
    pub host: String,
    /// Its port: 465 for `smtps`, 587 for `smtp` unless the URL has another.
    pub port: u16,
    /// Whether the connection begins in clear text and changes to TLS (`smtp`), or begins with TLS (`smtps`).
    pub starts_in_clear_text: bool,
}

/// `pagerduty env="PAGERDUTY_KEY"`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PagerDuty {
    /// Where the key of the integration is.
    pub key: Spanned<SecretSource>,
    /// `url`: the address of the Events API; without it [`PagerDuty::EVENTS`].
    pub url: Url,
}

/// `webhook "https://hooks.acme.example/larder" { authorization env="HOOK_AUTHORIZATION"; }`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webhook {
    /// Where alerts are posted.
    pub address: Address,
    /// What the header `Authorization` has.
    pub authorization: Option<Spanned<SecretSource>>,
}

/// An address that may be a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// It is in the manifest.
    Plain(Url),
    /// It is somewhere else.
    Secret(Spanned<SecretSource>),
}

impl PagerDuty {
    /// Where `PagerDuty` takes events.
    pub const EVENTS: &str = "https://events.pagerduty.com/v2/enqueue";
}

impl SmtpServer {
    /// Returns the port, unless it is the usual one.
    pub fn own_port(&self) -> Option<u16> {
        let usual = Self::usual_port(self.starts_in_clear_text);
        (self.port != usual).then_some(self.port)
    }

    fn usual_port(starts_in_clear_text: bool) -> u16 {
        if starts_in_clear_text { 587 } else { 465 }
    }

    /// Parses `smtps://HOST`, `smtps://HOST:PORT` or `smtp://HOST:PORT`.
    ///
    /// # Errors
    /// The reason, as the end of a sentence, if it is none.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let url: Url = text.parse().map_err(|_| "it is not a URL")?;
        let starts_in_clear_text = match url.scheme() {
            "smtp" => true,
            "smtps" => false,
            _ => return Err("the address of a mail server begins with `smtps://` or `smtp://`"),
        };
        if url.host().is_empty() || !matches!(url.path(), "" | "/") || url.has_query() {
            return Err("it has a host, a port and nothing else");
        }
        let port = url.port().unwrap_or_else(|| Self::usual_port(starts_in_clear_text));
        Ok(Self { host: url.host().trim_matches(['[', ']']).to_owned(), port, starts_in_clear_text })
    }
}

/// Checks that a text is an address of mail: a name, `@` and a host.
///
/// # Errors
/// The reason, as the end of a sentence, if it is none.
pub fn check_mail_address(text: &str) -> Result<(), &'static str> {
    let is_plain =
        |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_graphic() && !"<>(),;:\\\"[]@".contains(c));
    match text.split_once('@') {
        Some((name, host)) if text.len() <= 254 && is_plain(name) && is_plain(host) => Ok(()),
        _ => Err("an address has a name, `@` and a host"),
    }
}

pub(super) fn read_slack(node: ManifestNode<'_>, errors: &mut Errors) -> Option<Spanned<SecretSource>> {
    const EXAMPLE: &str = "slack env=\"SLACK_WEBHOOK\"";
    read_secret(node, ("the URL of a webhook", EXAMPLE), &["env", "file"], errors).0
}

pub(super) fn read_pagerduty(node: ManifestNode<'_>, errors: &mut Errors) -> Option<PagerDuty> {
    const EXAMPLE: &str = "pagerduty env=\"PAGERDUTY_KEY\"";
    let (key, parts) = read_secret(node, ("a key", EXAMPLE), &["env", "file", "url"], errors);
    let url = match parts.property("url") {
        Some(value) => read_url(value, errors),
        None => PagerDuty::EVENTS.parse().ok(),
    };
    Some(PagerDuty { key: key?, url: url? })
}

pub(super) fn read_webhook(node: ManifestNode<'_>, errors: &mut Errors) -> Option<Webhook> {
    const SHAPE: NodeShape = NodeShape {
        arguments: (0, 1),
        properties: &["env", "file"],
        block: BlockRule::Maybe,
        example: "webhook \"https://HOST/PATH\" { authorization env=\"NAME\"; }",
    };
    let parts = node.read_parts(&SHAPE, errors);
    let secret = reference(node, &parts, errors);
    let plain = parts.argument(0).map(|value| read_url(value, errors).map(Address::Plain));
    let address = match (plain, secret) {
        (Some(_), Some(_)) => {
            let help = Some("keep the URL, or the reference to it".to_owned());
            let (node_name, span) = (node.name().to_owned(), node.head_span());
            errors.push(ManifestError::Unexpected { node: node_name, what: "second address", help, span });
            None
        }
        (Some(plain), None) => plain,
        (None, Some(secret)) => Some(Address::Secret(secret)),
        (None, None) => {
            errors.push(node.missing_error("an address", Some(format!("it is written `{}`", SHAPE.example))));
            None
        }
    };
    let (mut authorization, mut once) = (None, UniqueNodes::default());
    for child in node.children() {
        once.check(child, errors);
        match child.name() {
            "authorization" => {
                const EXAMPLE: &str = "authorization env=\"NAME\"";
                authorization = read_secret(child, ("a token", EXAMPLE), &["env", "file"], errors).0;
            }
            _ => child.report_unknown("in `webhook`", &["authorization"], errors),
        }
    }
    Some(Webhook { address: address?, authorization })
}

pub(super) fn read_email(node: ManifestNode<'_>, errors: &mut Errors) -> Option<Email> {
    const SHAPE: NodeShape = NodeShape {
        arguments: (1, 50),
        properties: &["from"],
        block: BlockRule::Maybe,
        example: "email \"ops@HOST\" from=\"larder@HOST\" { smtp \"smtps://HOST\"; }",
    };
    let parts = node.read_parts(&SHAPE, errors);
    let to: Vec<_> = parts.arguments.iter().filter_map(|value| read_mail_address(*value, errors)).collect();
    let from = parts.property("from").and_then(|value| read_mail_address(value, errors));
    let (mut server, mut user, mut password) = (None, None, None);
    let mut once = UniqueNodes::default();
    let (mut has_server, has_sender) = (false, parts.property("from").is_some());
    for child in node.children() {
        once.check(child, errors);
        match child.name() {
            "smtp" => {
                has_server = true;
                server = child.single_value(errors).and_then(|value| read_server(value, errors));
            }
            "user" => {
                let name = child.single_value(errors).and_then(|value| value.string(errors));
                user = name.map(|name| Spanned { value: name.value.to_owned(), span: child.span() });
            }
            "password" => {
                const EXAMPLE: &str = "password env=\"SMTP_PASSWORD\"";
                password = read_secret(child, ("a password", EXAMPLE), &["env", "file"], errors).0;
            }
            _ => child.report_unknown("in `email`", &["smtp", "user", "password"], errors),
        }
    }
    let example = || Some(format!("it is written `{}`", SHAPE.example));
    if !has_server {
        errors.push(node.missing_error("a mail server", example()));
    }
    if !has_sender {
        errors.push(node.missing_error("a sender", example()));
    }
    if let Some(alone) = user.as_ref().map(|user| user.span).xor(password.as_ref().map(|password| password.span)) {
        let help = Some("a mail server that asks who one is wants both `user` and `password`".to_owned());
        errors.push(ManifestError::Missing {
            node: "email".to_owned(),
            what: "the other half of a login",
            help,
            span: alone,
        });
    }
    if to.is_empty() {
        return None;
    }
    Some(Email { to, from: from?, server: server?, user: user.map(|user| user.value), password })
}

/// Reads a node that is a reference to a secret. A value is meant to be the secret itself, which is an error.
fn read_secret<'a>(
    node: ManifestNode<'a>,
    (what, example): (&'static str, &'static str),
    properties: &'static [&'static str],
    errors: &mut Errors,
) -> (Option<Spanned<SecretSource>>, NodeParts<'a>) {
    let shape = NodeShape { arguments: (0, 1), properties, block: BlockRule::Never, example };
    let parts = node.read_parts(&shape, errors);
    if let Some(value) = parts.argument(0) {
        errors.push(ManifestError::ClearTextSecret { what, example, span: value.span });
        return (None, parts);
    }
    let found = reference(node, &parts, errors);
    if found.is_none() && parts.property("env").is_none() && parts.property("file").is_none() {
        errors.push(node.missing_error("a reference", Some(format!("it is written `{example}`"))));
    }
    (found, parts)
}

/// Returns the reference in `env=` or `file=`.
fn reference(node: ManifestNode<'_>, parts: &NodeParts<'_>, errors: &mut Errors) -> Option<Spanned<SecretSource>> {
    let mut named = |name: &str| {
        let text = parts.property(name)?.string(errors)?;
        if text.value.is_empty() || text.value.contains(['\0', '=']) && name == "env" {
            errors.push(ManifestError::BadValue {
                value: text.value.to_owned(),
                what: "a reference to a secret",
                reason: "it is empty, or no name of a variable".to_owned(),
                help: None,
                span: text.span,
            });
            return None;
        }
        Some(text.value.to_owned())
    };
    let (variable, file) = (named("env").map(SecretSource::Env), named("file").map(SecretSource::File));
    if variable.is_some() && file.is_some() {
        errors.push(ManifestError::Unexpected {
            node: node.name().to_owned(),
            what: "second reference",
            help: Some("choose one of `env=` and `file=`".to_owned()),
            span: node.head_span(),
        });
    }
    variable.or(file).map(|value| Spanned { value, span: node.head_span() })
}

/// Reads the URL of a receiver.
fn read_url(value: NodeValue<'_>, errors: &mut Errors) -> Option<Url> {
    let text = value.string(errors)?;
    let url: Option<Url> = text.value.parse().ok();
    let error = match url {
        Some(url) if url.has_credentials() || url.has_query() => ManifestError::ClearTextSecret {
            what: "a password, nor a query, which may be one",
            example: "webhook env=\"NAME\"",
            span: text.span,
        },
        Some(url) if url.scheme() == "http" && !url.is_safe() => {
            ManifestError::PlainHttp { url: text.value.to_owned(), span: text.span }
        }
        Some(url) if url.is_safe() => return Some(url),
        _ => ManifestError::BadValue {
            value: Url::mask(text.value),
            what: "the URL of a receiver",
            reason: "it begins with https://".to_owned(),
            help: None,
            span: text.span,
        },
    };
    errors.push(error);
    None
}

fn read_server(value: NodeValue<'_>, errors: &mut Errors) -> Option<SmtpServer> {
    let text = value.string(errors)?;
    if text.value.parse::<Url>().is_ok_and(|url| url.has_credentials()) {
        let example = "password env=\"SMTP_PASSWORD\"";
        errors.push(ManifestError::ClearTextSecret { what: "a password", example, span: text.span });
        return None;
    }
    SmtpServer::parse(text.value).map_err(|reason| errors.push(bad_value(&text, "a mail server", reason))).ok()
}

fn read_mail_address(value: NodeValue<'_>, errors: &mut Errors) -> Option<String> {
    let text = value.string(errors)?;
    let checked =
        check_mail_address(text.value).map_err(|reason| errors.push(bad_value(&text, "an address of mail", reason)));
    checked.ok().map(|()| text.value.to_owned())
}

fn bad_value(text: &Spanned<&str>, what: &'static str, reason: &str) -> ManifestError {
    let (value, reason) = (text.value.to_owned(), reason.to_owned());
    ManifestError::BadValue { value, what, reason, help: None, span: text.span }
}
