//! What the steps of one command share: where things are, the store, and the way to the registries.

mod client;
mod context;
mod event;

use std::sync::{Arc, OnceLock};

use crate::fetch::Client;
use crate::store::Store;

pub use crate::diagnostic::{Error, Result};
pub use client::client_options;
pub use context::{AskSecret, Context, Flags, Variables};
pub(super) use context::{LOCKFILE, MANIFEST};
pub use event::{Event, Reporter};

/// A command under way.
///
/// The client is made when the first registry has to be asked, and stays: connections that were made while versions were
/// chosen serve the artifacts too.
pub struct Session<'a> {
    /// Where things are and which switches are set.
    pub(in crate::ops) context: &'a Context<'a>,
    /// The store; nothing of it is touched yet.
    pub(in crate::ops) store: Store,
    client: OnceLock<Arc<Client>>,
}

impl<'a> Session<'a> {
    /// Begins a command; nothing is opened or read.
    pub fn new(context: &'a Context<'a>) -> Self {
        Self { context, store: Store::open(&context.store), client: OnceLock::new() }
    }

    /// Returns where things are and which switches are set.
    pub fn context(&self) -> &'a Context<'a> {
        self.context
    }

    /// Returns the client that every step of the command asks with.
    pub(in crate::ops) fn client(&self) -> Result<Arc<Client>> {
        if let Some(client) = self.client.get() {
            return Ok(Arc::clone(client));
        }
        let client = Arc::new(Client::new(client::client_options(self.context)?));
        Ok(Arc::clone(self.client.get_or_init(|| client)))
    }
}

impl Drop for Session<'_> {
    fn drop(&mut self) {
        if let Some(client) = self.client.take() {
            release(client);
        }
    }
}

/// Gives back what is large: a hundred thousand versions, or fifty connections. That is done beside what is left to do,
/// and the end of the process does not wait for it.
pub(super) fn release(large: impl Send + 'static) {
    let _ = std::thread::Builder::new().name("larder-release".to_owned()).spawn(move || drop(large));
}
