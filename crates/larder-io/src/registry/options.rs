//! The options of the registries.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use super::cache::{CachePolicy, MetadataCache};
use super::client::RegistryClient;
use super::credentials::{self, Credential, Login, Secret};
use super::larder::{LogOptions, WitnessFile};
use super::mirror_folder::MirrorFolder;
use super::path::LocalPackageIndex;
use super::protocol::Protocol;
use crate::fetch::{Authorization, Client, Endpoint, Quota, RegistryAddress};
use crate::fs;
use crate::git::GitOptions;
use crate::manifest::{Registry, RegistryUrl, TokenSource};
use crate::model::{Label, LogKey, PackageId, PackageName, RuntimeHost, Settings, Url};

/// The options of the registries: plain values.
#[derive(Clone, Debug, Default)]
pub struct RegistryOptions {
    /// The registries of the manifest, including the built-in ones.
    pub registries: Vec<Registry>,
    /// The settings of resolution.
    pub settings: Settings,
    /// The folder of the root manifest. Path packages and folder registries are relative to it.
    pub root: PathBuf,
    /// The folder of the cache. `None` disables the cache.
    pub cache: Option<PathBuf>,
    /// The addresses of hosts of runtimes, where they are not the usual ones.
    pub runtimes: BTreeMap<RuntimeHost, Vec<RegistryUrl>>,
    /// Whether the logs of registries have to be signed with keys that the manifest names.
    pub requires_log_keys: bool,
    /// The keys of logs that a lock has, of registries for which the manifest names none.
    pub locked_log_keys: BTreeMap<Label, LogKey>,
    /// Whether listings have to have the signatures of registries that sign.
    pub needs_signatures: bool,
    /// Whether cached listings may be used without revalidation.
    pub cache_policy: CachePolicy,
    /// Packages whose listings are revalidated in any case.
    pub revalidated: BTreeSet<PackageId>,
    /// The HTTP client, which may have open connections.
    pub client: Arc<Client>,
    /// Mirrors that are tried before the registry itself, from `LARDER_MIRROR_<REGISTRY>`.
    pub mirrors: BTreeMap<Label, Vec<RegistryUrl>>,
    /// The folder that is tried before the registries, as far as it has something of them.
    pub mirror: Option<MirrorFolder>,
    /// The tokens of registries with `token env=` or `token file=`.
    pub tokens: BTreeMap<Label, Secret>,
    /// The text of `~/.netrc`, for registries with `token "netrc"`.
    pub netrc: Option<Secret>,
    /// The credentials of addresses without one of those, by the address as it is declared.
    pub credentials: BTreeMap<Url, Credential>,
    /// Packages whose lines have `registry=`.
    pub pinned: BTreeMap<PackageId, Label>,
    /// Packages that come from several registries, depending on the platform.
    pub routed: BTreeSet<PackageId>,
    /// How git is run.
    pub git: GitOptions,
    /// The project's local packages.
    pub local_packages: LocalPackageIndex,
    /// The folders of the manifests' `path` lines. The folders of their own dependencies are found while resolving.
    pub folders: BTreeMap<PackageName, Arc<str>>,
}

impl RegistryOptions {
    /// Creates the client of a registry.
    pub(super) fn registry_client(
        &self,
        client: &Arc<Client>,
        registry: &Registry,
        protocol: &dyn Protocol,
    ) -> RegistryClient {
        let limits = Quota {
            concurrency: registry.concurrency.unwrap_or(Quota::default().concurrency),
            pace: registry.rate_limit,
            timeout: registry.timeout,
        };
        let overrides = self.mirrors.get(&registry.name).into_iter().flatten();
        // The token is for the registry and for the mirrors in its manifest. A mirror from the environment gets it only if it has
        // the same origin.
        let overrides = overrides.map(|place| (place, same_origin(place, &registry.url)));
        let declared = std::iter::once(&registry.url).chain(&registry.mirrors).map(|place| (place, true));
        let places = overrides.chain(declared).filter_map(|(address, trusted)| {
            let place = match address {
                RegistryUrl::Folder(folder) => RegistryAddress::folder(&self.root.join(&**folder))?,
                RegistryUrl::Http(url) => self.address(registry, protocol, url, trusted),
            };
            Some(if *address == registry.url { place } else { place.mirror() })
        });
        let mirrored = self.mirror.as_ref().map(|mirror| mirror.registry(&registry.name));
        // What the folder has nothing of is fetched elsewhere.
        let mirrored = mirrored.filter(|folder| !matches!(fs::stat(folder), Ok(None)));
        let mirrored = mirrored.and_then(|folder| RegistryAddress::folder(&folder.join(protocol.mirror_address())));
        let places = mirrored.map(RegistryAddress::mirror).into_iter().chain(places);
        let endpoint = Arc::new(Endpoint::new(registry.name.clone(), places.collect(), limits));
        let cache = MetadataCache::for_endpoint(self.cache.as_deref(), &endpoint);
        RegistryClient {
            http: Arc::clone(client),
            endpoint,
            cache,
            cache_policy: self.cache_policy,
            admits_unknown_age: registry.admits_unknown_age,
        }
    }

    /// Returns what is believed of a registry's log.
    pub(super) fn log_options(&self, registry: &Registry) -> LogOptions {
        LogOptions {
            trust: registry.log.clone(),
            locked_key: self.locked_log_keys.get(&registry.name).cloned(),
            requires_key: self.requires_log_keys,
            witness: WitnessFile::of(self.cache.as_deref(), &self.root, registry),
        }
    }

    /// Returns an address of a registry with the credentials for it: those that its node refers to, else others of this user.
    fn address(&self, registry: &Registry, protocol: &dyn Protocol, url: &Url, trusted: bool) -> RegistryAddress {
        let place = |authorization| protocol.describe_place(RegistryAddress::http(url.clone(), authorization));
        if let Some(login) = self.netrc_login(registry, url) {
            return place(Some(protocol.login_authorization(&login.user, &login.password))).trusted_on_host();
        }
        if let Some(token) = self.tokens.get(&registry.name).filter(|token| trusted && !token.text().is_empty()) {
            return place(Some(protocol.token_authorization(token.text())));
        }
        let Some(credential) = self.credentials.get(url) else { return place(None) };
        let authorization = match &credential.login {
            Login::Token(token) => protocol.token_authorization(token.text()),
            Login::Password { user, password } => protocol.login_authorization(user, password.text()),
            Login::Basic(encoded) => Authorization::encoded(encoded.text()),
        };
        match &credential.realm {
            Some(realm) => place(Some(authorization)).trusted_below(realm),
            None => place(Some(authorization)),
        }
    }

    fn netrc_login(&self, registry: &Registry, url: &Url) -> Option<credentials::NetrcLogin> {
        let text = self.netrc.as_ref().filter(|_| registry.token == Some(TokenSource::Netrc))?;
        credentials::find_login(text.text(), url.host())
    }
}

fn same_origin(place: &RegistryUrl, registry: &RegistryUrl) -> bool {
    match (place, registry) {
        (RegistryUrl::Http(place), RegistryUrl::Http(registry)) => place.is_same_origin(registry),
        _ => false,
    }
}
