//! Which channels there are, with their secrets: what the manifest's `alerts` says, and what variables say besides.

use std::sync::Arc;

use larder::diagnostic::{Exit, Failure};
use larder::fetch::ClientOptions;
use larder::manifest::Spanned;
use larder::manifest::alerts::{Address, Alerts, PagerDuty, SecretSource, SmtpServer, check_mail_address};
use larder::model::Url;
use larder::ops::secrets::{Receiver, read_alert_secret};
use larder::ops::{self, Context, Project};
use serde_json::Value;

use super::mail::{self, MailRoute};
use super::web::{WebError, sending_client};
use crate::alert::{Alert, ChannelKind};
use crate::payload;
use crate::probe::innermost;

/// The most characters of an answer that are shown.
const MOST_SHOWN: usize = 200;

/// The channels by which alerts leave.
#[derive(Clone)]
pub struct Receivers {
    http: reqwest::Client,
    slack: Option<Url>,
    mail: Option<Arc<MailRoute>>,
    pagerduty: Option<(Url, String)>,
    webhook: Option<(Url, Option<String>)>,
}

impl Receivers {
    /// Reads the channels of a project's manifest, and those that variables name where the manifest has none of the kind.
    ///
    /// # Errors
    /// A secret is not where the manifest says, is none, or may not be sent to whom the manifest names.
    pub fn read(project: &Project, context: &Context<'_>, options: &ClientOptions) -> ops::Result<Self> {
        let (secrets, alerts) = (Secrets { project, context }, &project.manifest.alerts);
        let slack = match &alerts.slack {
            Some(source) => Some(secrets.url(ChannelKind::Slack, source)?),
            None => secrets.url_variable(ChannelKind::Slack, "LARDER_ALERTS_SLACK")?,
        };
        let bad = |reason: &str| ChannelError::bad(ChannelKind::PagerDuty, "its URL", reason);
        let pagerduty = match &alerts.pagerduty {
            Some(PagerDuty { key, url }) => {
                let key = secrets.text(ChannelKind::PagerDuty, key, Receiver::Web(url))?;
                Some((url.clone(), key))
            }
            None => match secrets.variable(ChannelKind::PagerDuty, "LARDER_ALERTS_PAGERDUTY")? {
                Some(key) => Some((PagerDuty::EVENTS.parse().map_err(|_| bad("it is none"))?, key)),
                None => None,
            },
        };
        let webhook = match &alerts.webhook {
            Some(webhook) => {
                let url = match &webhook.address {
                    Address::Plain(url) => url.clone(),
                    Address::Secret(source) => secrets.url(ChannelKind::Webhook, source)?,
                };
                let authorization = webhook.authorization.as_ref();
                let authorization =
                    authorization.map(|source| secrets.text(ChannelKind::Webhook, source, Receiver::Web(&url)));
                Some((url.clone(), authorization.transpose()?))
            }
            None => match secrets.url_variable(ChannelKind::Webhook, "LARDER_ALERTS_WEBHOOK")? {
                Some(url) => {
                    Some((url, secrets.variable(ChannelKind::Webhook, "LARDER_ALERTS_WEBHOOK_AUTHORIZATION")?))
                }
                None => None,
            },
        };
        let mail = mail_route(alerts, &secrets, options)?.map(Arc::new);
        Ok(Self { http: sending_client(options)?, slack, mail, pagerduty, webhook })
    }

    /// Returns the kinds of channels that there are.
    pub fn kinds(&self) -> Vec<ChannelKind> {
        let is_there = |kind: &ChannelKind| match kind {
            ChannelKind::Slack => self.slack.is_some(),
            ChannelKind::Email => self.mail.is_some(),
            ChannelKind::PagerDuty => self.pagerduty.is_some(),
            ChannelKind::Webhook => self.webhook.is_some(),
        };
        ChannelKind::ALL.into_iter().filter(is_there).collect()
    }

    /// Sends an alert by one channel.
    ///
    /// # Errors
    /// Why the channel did not take it, without secrets.
    pub async fn send(&self, kind: ChannelKind, alert: &Alert) -> Result<(), String> {
        let missing = || Err("there is no such channel".to_owned());
        match kind {
            ChannelKind::Slack => match &self.slack {
                Some(url) => self.post(url, &payload::slack(alert), None).await,
                None => missing(),
            },
            ChannelKind::PagerDuty => match &self.pagerduty {
                Some((url, key)) => self.post(url, &payload::pagerduty(alert, key), None).await,
                None => missing(),
            },
            ChannelKind::Webhook => match &self.webhook {
                Some((url, authorization)) => self.post(url, &payload::webhook(alert), authorization.as_deref()).await,
                None => missing(),
            },
            ChannelKind::Email => match &self.mail {
                Some(route) => {
                    let (route, alert) = (Arc::clone(route), alert.clone());
                    let sent = tokio::task::spawn_blocking(move || mail::send(&route, &alert)).await;
                    sent.unwrap_or_else(|_| Err("the thread that sends mail ended".to_owned()))
                }
                None => missing(),
            },
        }
    }

    async fn post(&self, url: &Url, body: &Value, authorization: Option<&str>) -> Result<(), String> {
        let mut request = self.http.post(url.inner().clone()).header("content-type", "application/json");
        if let Some(authorization) = authorization {
            request = request.header("authorization", authorization);
        }
        let mut answer = request.body(body.to_string()).send().await.map_err(|error| innermost(&error))?;
        if answer.status().is_success() {
            return Ok(());
        }
        let status = answer.status().as_u16();
        let said = match answer.chunk().await {
            Ok(Some(said)) => String::from_utf8_lossy(&said).split_whitespace().collect::<Vec<_>>().join(" "),
            _ => String::new(),
        };
        let said: String = said.chars().filter(|c| !c.is_control()).take(MOST_SHOWN).collect();
        Err(if said.is_empty() { format!("status {status}") } else { format!("status {status}: {said}") })
    }
}

/// Returns where mail goes.
fn mail_route(alerts: &Alerts, secrets: &Secrets<'_>, options: &ClientOptions) -> ops::Result<Option<MailRoute>> {
    const SERVER: &str = "LARDER_ALERTS_SMTP";
    let roots = || options.roots.certificates().map_err(|reason| ChannelError::Web(WebError::NoRoots(reason)));
    if let Some(email) = &alerts.email {
        let password = email.password.as_ref();
        let password = password.map(|source| secrets.text(ChannelKind::Email, source, Receiver::Mail(&email.server)));
        let password = password.transpose()?;
        let (server, from, to) = (email.server.clone(), email.from.clone(), email.to.clone());
        let login = email.user.clone().zip(password);
        return Ok(Some(MailRoute { server, login, from, to, roots: roots()? }));
    }
    let Some(text) = secrets.context.variables.text(SERVER) else { return Ok(None) };
    let bad = |name: &'static str, reason: &str| ChannelError::bad(ChannelKind::Email, name, reason);
    let url: Url = text.parse().map_err(|_| bad(SERVER, "it is not a URL"))?;
    let (url, login) = url.split_credentials();
    let server = SmtpServer::parse(url.as_str()).map_err(|reason| bad(SERVER, reason))?;
    let address = |name: &'static str| {
        let text = secrets.context.variables.text(name).ok_or_else(|| bad(name, "it is not set"))?;
        let all: Vec<String> = text.split([',', ' ']).filter(|part| !part.is_empty()).map(str::to_owned).collect();
        all.iter().try_for_each(|one| check_mail_address(one)).map_err(|reason| bad(name, reason))?;
        Ok::<_, ChannelError>(all)
    };
    let to = address("LARDER_ALERTS_EMAIL_TO")?;
    let from = address("LARDER_ALERTS_EMAIL_FROM")?;
    let [from] = &from[..] else { return Err(bad("LARDER_ALERTS_EMAIL_FROM", "a message has one sender").into()) };
    Ok(Some(MailRoute { server, login, from: from.clone(), to, roots: roots()? }))
}

/// Where secrets are looked for.
struct Secrets<'a> {
    project: &'a Project,
    context: &'a Context<'a>,
}

impl Secrets<'_> {
    /// Returns a secret that the manifest refers to, if it may be sent to `receiver`.
    fn text(
        &self,
        channel: ChannelKind,
        source: &Spanned<SecretSource>,
        receiver: Receiver<'_>,
    ) -> ops::Result<String> {
        let text = read_alert_secret(self.context, self.project, source, receiver)?;
        let name = name_of(source);
        let text = text.ok_or_else(|| ChannelError::bad(channel, name, "it is not set"))?;
        Ok(one_line(channel, name, &text)?)
    }

    /// Returns the URL that is a secret of the manifest.
    fn url(&self, channel: ChannelKind, source: &Spanned<SecretSource>) -> ops::Result<Url> {
        Ok(url(channel, name_of(source), &self.text(channel, source, Receiver::Itself)?)?)
    }

    /// Returns what a variable of larder's own has.
    fn variable(&self, channel: ChannelKind, name: &str) -> Result<Option<String>, ChannelError> {
        self.context.variables.text(name).map(|text| one_line(channel, name, &text)).transpose()
    }

    fn url_variable(&self, channel: ChannelKind, name: &str) -> Result<Option<Url>, ChannelError> {
        self.variable(channel, name)?.map(|text| url(channel, name, &text)).transpose()
    }
}

fn name_of(source: &Spanned<SecretSource>) -> &str {
    let (SecretSource::Env(name) | SecretSource::File(name)) = &source.value;
    name
}

/// Checks a secret, which is one line.
fn one_line(channel: ChannelKind, name: &str, text: &str) -> Result<String, ChannelError> {
    let text = text.trim();
    if text.is_empty() || text.contains(char::is_control) || !text.is_ascii() {
        return Err(ChannelError::bad(channel, name, "it is not one line of ASCII"));
    }
    Ok(text.to_owned())
}

/// Parses a secret that is a URL.
fn url(channel: ChannelKind, name: &str, text: &str) -> Result<Url, ChannelError> {
    let url: Option<Url> = text.parse().ok();
    // What it is instead may be another secret.
    url.filter(Url::is_safe).ok_or_else(|| ChannelError::bad(channel, name, "it is no URL that begins with https://"))
}

/// Why a channel cannot be used.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum ChannelError {
    /// What it needs is not there, or not what it should be.
    #[error("channel {channel} needs `{name}`: {reason}")]
    #[diagnostic(
        code(larder::monitor::channel),
        help("give it a value, or leave the channel out of `alerts`: a channel that cannot be used would lose alerts")
    )]
    Bad {
        /// The channel.
        channel: ChannelKind,
        /// The variable or the file.
        name: String,
        /// What is wrong.
        reason: String,
    },
    /// HTTP.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Web(#[from] WebError),
}

impl ChannelError {
    fn bad(channel: ChannelKind, name: &str, reason: &str) -> Self {
        Self::Bad { channel, name: name.to_owned(), reason: reason.to_owned() }
    }
}

impl Failure for ChannelError {
    fn exit(&self) -> Exit {
        match self {
            Self::Bad { .. } => Exit::Manifest,
            Self::Web(error) => error.exit(),
        }
    }
}
