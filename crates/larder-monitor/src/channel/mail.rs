//! A message to a mail server: by TLS from the first byte, or by a connection that has to change to TLS before anything is said.

use std::time::Duration;

use larder::manifest::alerts::SmtpServer;
use lettre::message::{Mailbox, header::ContentType};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, CertificateStore, Tls, TlsParameters};
use lettre::{Message, SmtpTransport, Transport};

use crate::alert::Alert;
use crate::payload;

/// For each answer of the server.
const TIME_LIMIT: Duration = Duration::from_secs(10);

/// Where messages go, and how.
#[derive(Clone)]
pub(super) struct MailRoute {
    pub(super) server: SmtpServer,
    pub(super) login: Option<(String, String)>,
    pub(super) from: String,
    pub(super) to: Vec<String>,
    /// The certificates that are trusted, in DER form.
    pub(super) roots: Vec<Vec<u8>>,
}

/// Sends an alert; this thread waits for it.
///
/// # Errors
/// What the server, or the way to it, said.
pub(super) fn send(route: &MailRoute, alert: &Alert) -> Result<(), String> {
    let mailbox = |address: &String| {
        let parsed = address.parse().map_err(|error| format!("{address}: {error}"))?;
        Ok::<_, String>(Mailbox::new(None, parsed))
    };
    let mut message = Message::builder().from(mailbox(&route.from)?).subject(payload::subject(alert));
    for address in &route.to {
        message = message.to(mailbox(address)?);
    }
    let message =
        message.header(ContentType::TEXT_PLAIN).body(payload::text(alert)).map_err(|error| error.to_string())?;
    let mut tls = TlsParameters::builder(route.server.host.clone()).certificate_store(CertificateStore::None);
    for der in &route.roots {
        tls = tls.add_root_certificate(Certificate::from_der(der.clone()).map_err(|error| error.to_string())?);
    }
    let tls = tls.build_rustls().map_err(|error| reason(&error))?;
    let tls = if route.server.starts_in_clear_text { Tls::Required(tls) } else { Tls::Wrapper(tls) };
    let mut transport =
        SmtpTransport::builder_dangerous(&route.server.host).port(route.server.port).tls(tls).timeout(Some(TIME_LIMIT));
    if let Some((user, password)) = &route.login {
        transport = transport.credentials(Credentials::new(user.clone(), password.clone()));
    }
    transport.build().send(&message).map(drop).map_err(|error| reason(&error))
}

/// Returns an error with what lies below it.
fn reason(error: &lettre::transport::smtp::Error) -> String {
    if is_silence(error) {
        return format!("the mail server gave no answer within {} seconds", TIME_LIMIT.as_secs());
    }
    let mut text = error.to_string();
    let mut deeper = std::error::Error::source(error);
    while let Some(error) = deeper {
        let below = error.to_string();
        if !text.contains(&below) {
            text = format!("{text}: {below}");
        }
        deeper = error.source();
    }
    text
}

/// Returns whether nothing came in time: what the system calls it depends on how the time was limited.
fn is_silence(error: &(dyn std::error::Error + 'static)) -> bool {
    let errors = std::iter::successors(Some(error), |error| error.source());
    errors
        .filter_map(|error| error.downcast_ref::<std::io::Error>())
        .any(|error| matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut))
}

#[cfg(test)]
mod tests {
    use std::io::{Error, ErrorKind};

    use super::*;

    #[test]
    fn no_answer_in_time_is_told_as_that() {
        for (kind, expected) in
            [(ErrorKind::WouldBlock, true), (ErrorKind::TimedOut, true), (ErrorKind::ConnectionRefused, false)]
        {
            assert_eq!(is_silence(&Error::from(kind)), expected, "{kind:?}");
        }
    }
}
