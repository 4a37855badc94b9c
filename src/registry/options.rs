//! What the registries are made of.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use super::cache::{Cache, Freshness};
use super::listing::Served;
use super::netrc;
use super::path::Members;
use super::protocol::Protocol;
use crate::fetch::{Authorization, Client, Endpoint, Place, Quota};
use crate::manifest::{Registry, RegistryUrl, TokenSource};
use crate::model::{Label, PackageId, PackageName, Settings, Url};

/// What the registries are made of: plain values, all of them.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The manifest's registries, with the built-in ones.
    pub registries: Vec<Registry>,
    /// Platforms, runtimes and rules.
    pub settings: Settings,
    /// The folder of the root manifest: path packages and folder registries are relative to it.
    pub root: PathBuf,
    /// The cache's folder; none to keep nothing.
    pub cache: Option<PathBuf>,
    /// Whether cached listings may answer.
    pub freshness: Freshness,
    /// Packages whose registries are asked in any case.
    pub asked: BTreeSet<PackageId>,
    /// Who asks; it may have asked before, and has its connections still.
    pub client: Arc<Client>,
    /// Places that are asked before a registry's own, from `LARDER_MIRROR_<REGISTRY>`.
    pub mirrors: BTreeMap<Label, Vec<RegistryUrl>>,
    /// The secrets that the registries' `env=` and `file=` tokens refer to.
    pub tokens: BTreeMap<Label, Secret>,
    /// The text of `~/.netrc`, for registries whose token is there.
    pub netrc: Option<Secret>,
    /// Packages whose lines name a registry.
    pub pinned: BTreeMap<PackageId, Label>,
    /// Packages that come from several registries: which is meant, is known only with a platform.
    pub routed: BTreeSet<PackageId>,
    /// The local packages that names can mean.
    pub members: Members,
    /// The folders of the manifests' `path` lines; those that they lead to are learned from them.
    pub folders: BTreeMap<PackageName, Arc<str>>,
}

/// A text that is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a token as it was found; space around it is not part of it.
    pub fn new(text: &str) -> Self {
        Self(text.trim().to_owned())
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(***)")
    }
}

impl Options {
    /// Makes one registry ready to be asked.
    pub(super) fn served(&self, client: &Arc<Client>, registry: &Registry, protocol: &dyn Protocol) -> Served {
        let limits = Quota {
            concurrency: registry.concurrency.unwrap_or(Quota::default().concurrency),
            rate: registry.rate_limit,
        };
        let overrides = self.mirrors.get(&registry.name).into_iter().flatten();
        // The token is for the registry and for the mirrors that its manifest lists beside it. A place that the
        // environment puts in front gets it only where it is the same host.
        let overrides = overrides.map(|place| (place, same_origin(place, &registry.url)));
        let declared = std::iter::once(&registry.url).chain(&registry.mirrors).map(|place| (place, true));
        let places = overrides.chain(declared).filter_map(|(address, trusted)| {
            let place = match address {
                RegistryUrl::Folder(folder) => Place::folder(self.root.join(&**folder))?,
                RegistryUrl::Http(url) => {
                    let place = Place::http(url.clone(), self.authorization(registry, protocol, url, trusted));
                    let place = protocol.place(place);
                    if registry.token == Some(TokenSource::Netrc) { place.trusted_on_host() } else { place }
                }
            };
            Some(if *address == registry.url { place } else { place.mirror() })
        });
        let endpoint = Arc::new(Endpoint::new(registry.name.clone(), places.collect(), limits));
        let cache = Cache::of(self.cache.as_deref(), &endpoint);
        Served { client: Arc::clone(client), endpoint, cache, freshness: self.freshness }
    }

    fn authorization(
        &self,
        registry: &Registry,
        protocol: &dyn Protocol,
        url: &Url,
        trusted: bool,
    ) -> Option<Authorization> {
        if registry.token == Some(TokenSource::Netrc) {
            let login = netrc::login(&self.netrc.as_ref()?.0, url.host())?;
            return Some(protocol.login(&login.user, &login.password));
        }
        let token = self.tokens.get(&registry.name).filter(|token| trusted && !token.0.is_empty())?;
        Some(protocol.token(&token.0))
    }
}

fn same_origin(place: &RegistryUrl, registry: &RegistryUrl) -> bool {
    match (place, registry) {
        (RegistryUrl::Http(place), RegistryUrl::Http(registry)) => place.is_same_origin(registry),
        _ => false,
    }
}
