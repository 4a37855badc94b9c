//! Whom a registry takes the sender of a request for.

use std::sync::Arc;

use serde::Deserialize;

use super::Registries;
use crate::diagnostic::Failure;
use crate::fetch::{Encoding, Request, RequestError, RequestTarget};
use crate::model::Label;

/// The most bytes of an answer.
const LARGEST: u64 = 64 << 10;

/// The most characters of a name that are shown.
const LONGEST_NAME: usize = 200;

/// npm's registries say `username`, registries of private packages `user`.
#[derive(Deserialize)]
struct AccountDocument {
    #[serde(alias = "username")]
    user: String,
}

/// Whom a registry takes the sender of a request for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Account {
    /// This user.
    Named(String),
    /// The protocol has no such question, or this registry does not answer it.
    Unknown,
    /// Nobody: it does not accept the credentials.
    Refused,
}

impl Registries {
    /// Asks a registry who its credentials belong to.
    pub fn account(&self, label: &Label) -> Result<Account, Arc<dyn Failure>> {
        let registry = self.entry(label)?;
        let Some(path) = registry.protocol.account(&registry.client)? else { return Ok(Account::Unknown) };
        let request = Request {
            target: RequestTarget::Below(&path),
            accept: Some("application/json"),
            encoding: Encoding::Identity,
            past_caches: true,
            limit: Some(LARGEST),
            ..Request::default()
        };
        match registry.client.http.read(&registry.client.endpoint, &request) {
            Ok(answer) => {
                let account = serde_json::from_slice::<AccountDocument>(&answer.bytes).ok();
                let shown = |name: &str| name.chars().filter(|c| !c.is_control()).take(LONGEST_NAME).collect();
                Ok(account.map_or(Account::Unknown, |account| Account::Named(shown(&account.user))))
            }
            Err(RequestError::Unauthorized { .. } | RequestError::Forbidden { .. }) => Ok(Account::Refused),
            Err(error) if error.is_not_found() => Ok(Account::Unknown),
            Err(error) => Err(Arc::new(error)),
        }
    }
}
