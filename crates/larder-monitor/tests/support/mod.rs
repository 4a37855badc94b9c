//! What tests are made of: a project, receivers on loopback, and services that fail in different ways.

mod http_receiver;
mod mail_receiver;
mod project;

pub(crate) use http_receiver::{HttpReceiver, Manner};
pub(crate) use mail_receiver::{MailReceiver, Tls};
pub(crate) use project::{Project, free_address, until};
