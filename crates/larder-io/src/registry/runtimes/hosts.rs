//! The servers and folders that have archives of runtimes.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use super::{RuntimeOffer, checksums, node, python};
use crate::diagnostic::Failure;
use crate::fetch::{
    Client, Encoding, Endpoint, Quota, RegistryAddress, Request, RequestError, RequestTarget, Response, SourceError,
};
use crate::manifest::RegistryUrl;
use crate::model::{Artifact, Label, ManagedRuntime, Platform, RuntimeHost, RuntimeKey, RuntimeName, RuntimeVersion};
use crate::registry::RegistryError;

/// A list is never larger: Node's has 500 KiB, that of a release of Python 200.
const LARGEST_LIST: u64 = 32 << 20;

/// As many releases of Python are looked at for a patch that is not the newest.
const MOST_RELEASES: usize = 60;

/// The hosts of runtimes.
pub(in crate::registry) struct RuntimeHosts {
    client: Arc<Client>,
    hosts: BTreeMap<RuntimeHost, Host>,
}

struct Host {
    endpoint: Arc<Endpoint>,
    /// Whether it is the usual one, whose lists lie beside it on other servers.
    is_usual: bool,
}

type ListResult<T> = Result<T, Arc<dyn Failure>>;

impl RuntimeHosts {
    /// Creates the hosts. `addresses` has those that are not the usual ones, in the order in which they are tried; folders are
    /// relative to `root`.
    pub(in crate::registry) fn new(
        client: &Arc<Client>,
        root: &Path,
        addresses: &BTreeMap<RuntimeHost, Vec<RegistryUrl>>,
    ) -> Self {
        let hosts = RuntimeHost::ALL.into_iter().filter_map(|host| {
            let given = addresses.get(&host).map(Vec::as_slice).unwrap_or_default();
            let mut places: Vec<RegistryAddress> = given
                .iter()
                .filter_map(|url| match url {
                    RegistryUrl::Folder(folder) => RegistryAddress::folder(&root.join(&**folder)),
                    RegistryUrl::Http(url) => Some(RegistryAddress::http(url.clone(), None)),
                })
                .collect();
            let is_usual = places.is_empty();
            if is_usual {
                places.push(RegistryAddress::http(usual_address(host).parse().ok()?, None));
            }
            let name: Label = host.as_str().parse().ok()?;
            Some((host, Host { endpoint: Arc::new(Endpoint::new(name, places, Quota::default())), is_usual }))
        });
        Self { client: Arc::clone(client), hosts: hosts.collect() }
    }

    /// Returns the versions of a runtime, with their archives for these platforms.
    pub(in crate::registry) fn offers(
        &self,
        name: RuntimeName,
        rule: &ManagedRuntime,
        platforms: &[Platform],
    ) -> ListResult<Vec<RuntimeOffer>> {
        match name {
            RuntimeName::Node => self.node(platforms),
            RuntimeName::Python => self.python(rule, platforms),
        }
    }

    /// Adds the digests of the archives of a version of Node.
    pub(in crate::registry) fn add_digests(&self, key: RuntimeKey, archives: &mut [Artifact]) -> ListResult<()> {
        let path = node::checksums(key.version);
        let hosts: BTreeSet<RuntimeHost> = archives.iter().filter_map(|archive| host_of(key.name, archive)).collect();
        for host in hosts {
            let text = self.list(host, RequestTarget::Below(&path))?;
            let text = String::from_utf8_lossy(&text);
            for archive in archives.iter_mut().filter(|archive| host_of(key.name, archive) == Some(host)) {
                let listed = checksums::entries(&text).find(|(file, _)| *file == archive.file);
                let Some((_, digest)) = listed else {
                    let reason = format!("it has no digest of `{}`", archive.file);
                    return Err(bad_list(host, &path, reason));
                };
                archive.digest = Some(digest);
            }
        }
        Ok(())
    }

    /// Opens an archive, at the place below its host that the lock names.
    pub(in crate::registry) fn open(&self, name: RuntimeName, artifact: &Artifact) -> Result<Response, SourceError> {
        let host = host_of(name, artifact).and_then(|host| self.hosts.get(&host));
        let path = artifact.location.as_deref().unwrap_or(&artifact.file);
        let gone = || RegistryError::RuntimeList {
            host: host_of(name, artifact).unwrap_or(RuntimeHost::Node),
            document: path.to_owned(),
            reason: "the lock names no platform for it".to_owned(),
        };
        let host = host.ok_or_else(|| Arc::new(gone()) as SourceError)?;
        let target = RequestTarget::Below(path);
        let request = Request { target, encoding: Encoding::Identity, ..Request::default() };
        self.client.get(&host.endpoint, &request).map_err(|error| Arc::new(error) as SourceError)
    }

    fn node(&self, platforms: &[Platform]) -> ListResult<Vec<RuntimeOffer>> {
        let mut offers: BTreeMap<RuntimeVersion, BTreeMap<Platform, Artifact>> = BTreeMap::new();
        let hosts: BTreeSet<RuntimeHost> =
            platforms.iter().map(|platform| RuntimeHost::of(RuntimeName::Node, *platform)).collect();
        for host in hosts {
            let own: Vec<Platform> = platforms
                .iter()
                .copied()
                .filter(|platform| RuntimeHost::of(RuntimeName::Node, *platform) == host)
                .collect();
            let document = self.list(host, RequestTarget::Below(node::INDEX))?;
            let found = node::offers(&document, &own).map_err(|reason| bad_list(host, node::INDEX, reason))?;
            for offer in found {
                offers.entry(offer.version).or_default().extend(offer.archives);
            }
        }
        Ok(offers.into_iter().map(|(version, archives)| RuntimeOffer { version, archives }).collect())
    }

    /// Looks at the newest release, and at older ones as long as some platform has no version in the range.
    fn python(&self, rule: &ManagedRuntime, platforms: &[Platform]) -> ListResult<Vec<RuntimeOffer>> {
        let mut offers: BTreeMap<RuntimeVersion, BTreeMap<Platform, Artifact>> = BTreeMap::new();
        let mut add = |found: Vec<RuntimeOffer>| {
            for offer in found {
                let archives = offers.entry(offer.version).or_default();
                for (platform, archive) in offer.archives {
                    archives.entry(platform).or_insert(archive);
                }
            }
            // As soon as one version has all, older releases have only older ones.
            let whole = |(version, archives): (&RuntimeVersion, &BTreeMap<Platform, Artifact>)| {
                rule.admits(*version) && archives.len() == platforms.len()
            };
            offers.iter().any(whole)
        };
        let Some(latest) = self.latest_python()? else {
            // A folder of archives that is not sorted into releases.
            let text = self.list(RuntimeHost::Python, RequestTarget::Below(python::CHECKSUMS))?;
            return Ok(python::offers(&String::from_utf8_lossy(&text), None, platforms));
        };
        if !add(self.release_of_python(&latest, platforms)?) {
            for tag in self.tags_of_python()?.into_iter().filter(|tag| *tag < latest).take(MOST_RELEASES) {
                if add(self.release_of_python(&tag, platforms)?) {
                    break;
                }
            }
        }
        Ok(offers.into_iter().map(|(version, archives)| RuntimeOffer { version, archives }).collect())
    }

    /// Returns the tag of the newest release. Returns `None` if the host is not sorted into releases.
    fn latest_python(&self) -> ListResult<Option<String>> {
        let target = self.of_python(python::PUBLIC_LATEST, python::LATEST);
        match self.optional_list(RuntimeHost::Python, target)? {
            Some(document) => {
                let tag = python::latest(&document);
                tag.map(Some).map_err(|reason| bad_list(RuntimeHost::Python, python::LATEST, reason))
            }
            None => Ok(None),
        }
    }

    /// Returns the tags of all releases, the newest first; none where a mirror does not list them.
    fn tags_of_python(&self) -> ListResult<Vec<String>> {
        let target = self.of_python(python::PUBLIC_TAGS, python::TAGS);
        match self.optional_list(RuntimeHost::Python, target)? {
            Some(document) => {
                python::tags(&document).map_err(|reason| bad_list(RuntimeHost::Python, python::TAGS, reason))
            }
            None => Ok(Vec::new()),
        }
    }

    /// Returns what a release has. Very old ones list no digests.
    fn release_of_python(&self, tag: &str, platforms: &[Platform]) -> ListResult<Vec<RuntimeOffer>> {
        let path = format!("{tag}/{}", python::CHECKSUMS);
        let text = self.optional_list(RuntimeHost::Python, RequestTarget::Below(&path))?.unwrap_or_default();
        Ok(python::offers(&String::from_utf8_lossy(&text), Some(tag), platforms))
    }

    fn of_python<'t>(&self, public: &'t str, mirrored: &'t str) -> RequestTarget<'t> {
        let is_usual = self.hosts.get(&RuntimeHost::Python).is_some_and(|host| host.is_usual);
        if is_usual { RequestTarget::At(public) } else { RequestTarget::Below(mirrored) }
    }

    /// Reads a list. Returns `None` if the host does not have it.
    fn optional_list(&self, host: RuntimeHost, target: RequestTarget<'_>) -> ListResult<Option<Vec<u8>>> {
        match self.read(host, target) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(Arc::new(error)),
        }
    }

    fn list(&self, host: RuntimeHost, target: RequestTarget<'_>) -> ListResult<Vec<u8>> {
        self.read(host, target).map_err(|error| Arc::new(error) as Arc<dyn Failure>)
    }

    fn read(&self, host: RuntimeHost, target: RequestTarget<'_>) -> Result<Vec<u8>, RequestError> {
        let request = Request { target, limit: Some(LARGEST_LIST), ..Request::default() };
        match self.hosts.get(&host) {
            Some(known) => Ok(self.client.read(&known.endpoint, &request)?.bytes),
            None => Ok(Vec::new()),
        }
    }
}

/// Returns the host that an archive of a lock comes from.
fn host_of(name: RuntimeName, artifact: &Artifact) -> Option<RuntimeHost> {
    artifact.platforms.first().map(|platform| RuntimeHost::of(name, *platform))
}

fn usual_address(host: RuntimeHost) -> &'static str {
    match host {
        RuntimeHost::Node => "https://nodejs.org/dist/",
        RuntimeHost::NodeMusl => "https://unofficial-builds.nodejs.org/download/release/",
        RuntimeHost::Python => python::PUBLIC,
    }
}

fn bad_list(host: RuntimeHost, document: &str, reason: String) -> Arc<dyn Failure> {
    Arc::new(RegistryError::RuntimeList { host, document: document.to_owned(), reason })
}
