//! Looks up each host name once in a run: every connection to a registry would look it up again, and a lost lookup costs
//! seconds.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::sync::OnceCell;

/// The addresses of the hosts that were looked up so far. Requests for the same host wait for one lookup.
#[derive(Debug, Default)]
pub(super) struct CachingResolver {
    hosts: Mutex<HashMap<String, Arc<OnceCell<Vec<SocketAddr>>>>>,
}

impl Resolve for CachingResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let host = {
            let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(hosts.entry(name.as_str().to_owned()).or_default())
        };
        Box::pin(async move {
            let ask = async || Ok::<_, std::io::Error>(tokio::net::lookup_host((name.as_str(), 0)).await?.collect());
            let known: Vec<SocketAddr> = host.get_or_try_init(ask).await?.clone();
            Ok(Box::new(known.into_iter()) as Addrs)
        })
    }
}
