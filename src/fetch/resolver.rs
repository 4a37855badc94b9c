//! Host names, looked up once in a run: every connection to a registry would ask again, and a lookup that gets lost
//! costs seconds.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;

/// The addresses of the hosts that were asked for so far. Threads that need the same host wait for one lookup.
#[derive(Debug, Default)]
pub(super) struct Remembering {
    system: DefaultResolver,
    hosts: Mutex<HashMap<String, Arc<Mutex<Option<ResolvedSocketAddrs>>>>>,
}

impl Resolver for Remembering {
    fn resolve(&self, uri: &Uri, config: &Config, timeout: NextTimeout) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let key = format!("{}://{}", uri.scheme_str().unwrap_or_default(), uri.authority().map_or("", |a| a.as_str()));
        let host = {
            let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(hosts.entry(key).or_default())
        };
        let mut known = host.lock().unwrap_or_else(PoisonError::into_inner);
        if known.is_none() {
            *known = Some(self.system.resolve(uri, config, timeout)?);
        }
        let mut addresses = self.empty();
        for address in known.iter().flat_map(|known| known.iter()) {
            addresses.push(*address);
        }
        Ok(addresses)
    }
}
