//! Which channels there are, with their secrets: what the manifest's `alerts` says, and what variables say besides.

use std::path::Path;
use std::sync::Arc;

use larder::diagnostic::{Exit, Failure};
use larder::fetch::ClientOptions;
use larder::fs;
use larder::manifest::alerts::{Address, Alerts, SecretSource, SmtpServer, check_mail_address};
use larder::model::Url;
use larder::ops::Variables;
use serde_json::Value;

use super::mail::{self, MailRoute};
use super::web::{WebError, sending_client};
use crate::alert::{Alert, ChannelKind};
use crate::payload;
use crate::probe::innermost;

/// Where `PagerDuty` takes events.
const PAGERDUTY: &str = "https://events.pagerduty.com/v2/enqueue";

/// The largest file with a secret.
const LARGEST_SECRET: u64 = 64 << 10;

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
    /// Reads the channels of a manifest, and those that variables name where the manifest has none of the kind.
    ///
    /// # Errors
    /// A secret is not where the manifest says, or is none.
    pub fn read(
        alerts: &Alerts,
        root: &Path,
        variables: &Variables,
        options: &ClientOptions,
    ) -> Result<Self, ChannelError> {
        let secrets = Secrets { root, variables };
        let by_variable = |name: &str| SecretSource::Env(name.to_owned());
        let is_set = |name: &str| variables.text(name).is_some();
        let named = |name: &str| is_set(name).then(|| by_variable(name));

        let slack = alerts.slack.clone().or_else(|| named("LARDER_ALERTS_SLACK"));
        let slack = slack.map(|source| secrets.url(ChannelKind::Slack, &source)).transpose()?;

        let (key, url) = match &alerts.pagerduty {
            Some(pagerduty) => (Some(pagerduty.key.clone()), pagerduty.url.clone()),
            None => (named("LARDER_ALERTS_PAGERDUTY"), None),
        };
        let url = match url {
            Some(url) => url,
            None => {
                PAGERDUTY.parse().map_err(|_| ChannelError::bad(ChannelKind::PagerDuty, "its URL", "it is none"))?
            }
        };
        let key = key.map(|source| secrets.text(ChannelKind::PagerDuty, &source)).transpose()?;

        let (address, authorization) = match &alerts.webhook {
            Some(webhook) => (Some(webhook.address.clone()), webhook.authorization.clone()),
            None => (named("LARDER_ALERTS_WEBHOOK").map(Address::Secret), named("LARDER_ALERTS_WEBHOOK_AUTHORIZATION")),
        };
        let webhook = match address {
            None => None,
            Some(Address::Plain(url)) => Some(url),
            Some(Address::Secret(source)) => Some(secrets.url(ChannelKind::Webhook, &source)?),
        };
        let authorization = authorization.map(|source| secrets.text(ChannelKind::Webhook, &source)).transpose()?;

        Ok(Self {
            http: sending_client(options)?,
            slack,
            mail: mail_route(alerts, &secrets, options)?.map(Arc::new),
            pagerduty: key.map(|key| (url, key)),
            webhook: webhook.map(|url| (url, authorization)),
        })
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
fn mail_route(
    alerts: &Alerts,
    secrets: &Secrets<'_>,
    options: &ClientOptions,
) -> Result<Option<MailRoute>, ChannelError> {
    const SERVER: &str = "LARDER_ALERTS_SMTP";
    let roots = || options.roots.certificates().map_err(|reason| ChannelError::Web(WebError::NoRoots(reason)));
    if let Some(email) = &alerts.email {
        let password = email.password.as_ref().map(|source| secrets.text(ChannelKind::Email, source)).transpose()?;
        let (server, from, to) = (email.server.clone(), email.from.clone(), email.to.clone());
        let login = email.user.clone().zip(password);
        return Ok(Some(MailRoute { server, login, from, to, roots: roots()? }));
    }
    let Some(text) = secrets.variables.text(SERVER) else { return Ok(None) };
    let bad = |name: &'static str, reason: &str| ChannelError::bad(ChannelKind::Email, name, reason);
    let url: Url = text.parse().map_err(|_| bad(SERVER, "it is not a URL"))?;
    let (url, login) = url.split_credentials();
    let server = SmtpServer::parse(url.as_str()).map_err(|reason| bad(SERVER, reason))?;
    let address = |name: &'static str| {
        let text = secrets.variables.text(name).ok_or_else(|| bad(name, "it is not set"))?;
        let all: Vec<String> = text.split([',', ' ']).filter(|part| !part.is_empty()).map(str::to_owned).collect();
        all.iter().try_for_each(|one| check_mail_address(one)).map_err(|reason| bad(name, reason))?;
        Ok::<_, ChannelError>(all)
    };
    let to = address("LARDER_ALERTS_EMAIL_TO")?;
    let from = address("LARDER_ALERTS_EMAIL_FROM")?;
    let [from] = &from[..] else { return Err(bad("LARDER_ALERTS_EMAIL_FROM", "a message has one sender")) };
    Ok(Some(MailRoute { server, login, from: from.clone(), to, roots: roots()? }))
}

/// Where secrets are looked for.
struct Secrets<'a> {
    root: &'a Path,
    variables: &'a Variables,
}

impl Secrets<'_> {
    /// Returns a secret, which is one line.
    fn text(&self, channel: ChannelKind, source: &SecretSource) -> Result<String, ChannelError> {
        let bad = |name: &str, reason: &str| ChannelError::bad(channel, name, reason);
        let (name, text) = match source {
            SecretSource::Env(name) => (name, self.variables.text(name).ok_or_else(|| bad(name, "it is not set"))?),
            SecretSource::File(file) => {
                let bytes = fs::read_up_to(&self.root.join(file), LARGEST_SECRET);
                let bytes = bytes.map_err(|error| bad(file, &error.to_string()))?;
                let bytes = bytes.ok_or_else(|| bad(file, "it is not there"))?;
                (file, String::from_utf8(bytes).map_err(|_| bad(file, "it is no text"))?)
            }
        };
        let text = text.trim();
        if text.is_empty() || text.contains(char::is_control) || !text.is_ascii() {
            return Err(bad(name, "it is not one line of ASCII"));
        }
        Ok(text.to_owned())
    }

    fn url(&self, channel: ChannelKind, source: &SecretSource) -> Result<Url, ChannelError> {
        let (SecretSource::Env(name) | SecretSource::File(name)) = source;
        let url: Option<Url> = self.text(channel, source)?.parse().ok();
        // What it is instead may be another secret.
        url.filter(Url::is_safe)
            .ok_or_else(|| ChannelError::bad(channel, name, "it is no URL that begins with https://"))
    }
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
