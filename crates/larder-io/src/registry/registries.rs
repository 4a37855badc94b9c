//! All registries of a project: the resolver's index, and the source of artifacts.

mod accounts;
mod advisories;
mod artifact_files;
mod artifact_urls;
mod attestations;
mod files;
mod histories;
mod mirrored;
mod prefetching;
mod published;
mod releases;
mod runtime_artifacts;
mod uploads;

pub use accounts::Account;
pub use attestations::AttestedFile;
pub use mirrored::{CopyProgress, MirrorFailure, Mirrored};
pub use published::{PublishedVersion, StatedSignatures};

use prefetching::PrefetchJob;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use rustc_hash::{FxHashMap, FxHashSet};

use super::cache::{CachePolicy, MetadataCache};
use super::client::{ListingError, RegistryClient};
use super::mirror_folder::MirrorFolder;
use super::once::{OnceValue, lock};
use super::path::{self, LocalPackageIndex};
use super::platform_metadata::{MetadataQuery, merge};
use super::prefetch::{Lane, PrefetchPool, ThreadLimits};
use super::protocol::{PackageListing, Protocol, ReleaseError};
use super::routing::Routing;
use super::runtimes::RuntimeHosts;
use super::source::{KnownSources, SourceClient, SourceListing, SourceRelease};
use super::{RegistryError, RegistryOptions, ecosystems};
use crate::diagnostic::Failure;
use crate::fetch::{ArtifactSource, Body, Network, SourceError};
use crate::model::{
    Artifact, ArtifactOwner, CoreMetadata, Digest, Ecosystem, Label, Origin, PackageId, PackageKey, PackageName,
    Platform, Requirement, RootEdge, Settings,
};
use crate::parallel::map_parallel;
use crate::resolve::{self, Chosen, Index, IndexError, Release, UnbuiltRelease, Versions};

/// The most threads that wait for the network: the default limit of concurrent requests to a registry, and a few more for
/// other registries.
pub(super) const NETWORK_THREADS: usize = 56;

/// All registries of a project, and its path packages. Each result is computed once and stays the same. Threads fetch ahead of
/// the solver; they start when [`Index::prefetch`] is called for the first time.
pub struct Registries {
    state: Arc<RegistriesState>,
    pool: PrefetchPool<PrefetchJob>,
}

struct RegistriesState {
    settings: Settings,
    root: PathBuf,
    local_packages: LocalPackageIndex,
    routing: Routing,
    routed: BTreeSet<PackageId>,
    sources: SourceClient,
    mirror: Option<MirrorFolder>,
    /// The packages that no registry serves.
    from_sources: KnownSources,
    registries: BTreeMap<Label, RegistryEntry>,
    packages: Mutex<FxHashMap<PackageId, Arc<PackageEntry>>>,
    /// The folders of local packages, by name.
    folders: Mutex<FxHashMap<PackageName, Arc<str>>>,
    /// The requirements that were given to the pool, by package and range.
    prefetched: Mutex<FxHashSet<(PackageId, String)>>,
    /// Packages whose cached listings are not used without revalidation.
    revalidated: Mutex<FxHashSet<PackageId>>,
    /// Packages whose cached listing names a file that does not exist any more.
    outdated: Mutex<FxHashSet<PackageId>>,
    runtimes: RuntimeHosts,
}

/// A registry, with its client and its protocol.
struct RegistryEntry {
    ecosystem: Ecosystem,
    client: RegistryClient,
    protocol: Arc<dyn Protocol>,
}

type IndexResult<T> = Result<T, IndexError>;

type OnceRelease = OnceValue<IndexResult<Arc<Release>>>;

/// The listing and the releases of one package.
struct PackageEntry {
    listing: OnceValue<IndexResult<Arc<dyn PackageListing>>>,
    /// The versions whose dependencies were given to the pool.
    prefetched: Mutex<Vec<u32>>,
    releases: Mutex<FxHashMap<u32, Arc<OnceRelease>>>,
}

impl Registries {
    /// Creates the registries. Requests nothing, and reads nothing.
    pub fn new(options: RegistryOptions) -> Self {
        let client = Arc::clone(&options.client);
        let registries = options.registries.iter().filter_map(|registry| {
            let protocol = ecosystems::new_protocol(registry, &options)?;
            let client = options.registry_client(&client, registry, &*protocol);
            Some((registry.name.clone(), RegistryEntry { ecosystem: registry.ecosystem, client, protocol }))
        });
        let registries: BTreeMap<Label, RegistryEntry> = registries.collect();
        let addresses =
            registries.values().flat_map(|registry| registry.client.endpoint.addresses()).cloned().collect();
        let places = (&*options.root, options.cache.clone());
        let sources = SourceClient::new(Arc::clone(&client), addresses, places, options.git.clone());
        let runtimes = RuntimeHosts::new(&client, &options.root, &options.runtimes);
        let routing = Routing::new(&options.registries, options.pinned);
        let state = Arc::new(RegistriesState {
            folders: Mutex::new(options.folders.into_iter().collect()),
            settings: options.settings,
            root: options.root,
            local_packages: options.local_packages,
            routing,
            routed: options.routed,
            sources,
            mirror: options.mirror,
            from_sources: KnownSources::default(),
            registries,
            packages: Mutex::default(),
            prefetched: Mutex::default(),
            revalidated: Mutex::new(options.revalidated.into_iter().collect()),
            outdated: Mutex::default(),
            runtimes,
        });
        let cpu = std::thread::available_parallelism().map_or(2, usize::from).min(8);
        let network = if client.network() == Network::Offline { cpu } else { NETWORK_THREADS };
        let shared = Arc::clone(&state);
        let work = move |lane, job| shared.run_job(lane, job);
        Self { state, pool: PrefetchPool::new(ThreadLimits { cpu, network }, work) }
    }
}

impl Registries {
    /// Returns a registry by its name.
    fn entry(&self, label: &Label) -> Result<&RegistryEntry, Arc<dyn Failure>> {
        let undeclared = || -> Arc<dyn Failure> { Arc::new(RegistryError::Undeclared { registry: label.clone() }) };
        self.state.registries.get(label).ok_or_else(undeclared)
    }

    /// Records where the lines of a lock say that their packages are, as a solve does with its requirements.
    pub(in crate::registry) fn record_places(&self, lines: &[RootEdge]) {
        for line in lines {
            self.state.record_place(&line.requirement);
        }
    }

    /// Drops the cached listings of these packages, and those that turned out to be outdated, so that they are revalidated when
    /// they are needed next. Returns whether any was dropped. A listing that was revalidated in this run is not dropped.
    pub fn drop_cached(&self, packages: &[PackageId]) -> bool {
        let state = &self.state;
        let outdated = std::mem::take(&mut *lock(&state.outdated));
        let mut dropped = false;
        for package in packages.iter().chain(&outdated) {
            let entry = lock(&state.packages).get(package).cloned();
            let listing = entry.and_then(|entry| entry.listing.try_get(|| None));
            let is_cached = listing.is_some_and(|listing| listing.is_ok_and(|listing| listing.versions().cached));
            if is_cached && lock(&state.revalidated).insert(package.clone()) {
                lock(&state.packages).remove(package);
                dropped = true;
            }
        }
        dropped
    }

    /// Keeps the metadata that a build made of a source distribution, so that its release can be had from now on.
    pub fn store_built_metadata(&self, unbuilt: &UnbuiltRelease, metadata: &CoreMetadata) -> Result<(), RegistryError> {
        let cache = match &unbuilt.origin {
            Origin::Registry(registry) => &self.state.registry(registry, &unbuilt.package.id)?.client.cache,
            Origin::Source(_) => self.state.sources.cache(),
        };
        let content = metadata.render();
        cache.store_built_metadata(&unbuilt.sdist.file, unbuilt.sdist.digest.as_ref(), content.as_bytes());
        let from_source = self.state.from_sources.get(&unbuilt.package.id);
        if let Some(known) = from_source {
            self.add_source(SourceRelease::clone(&known).with_built_metadata(metadata));
        }
        lock(&self.state.packages).remove(&unbuilt.package.id);
        Ok(())
    }

    /// Returns whether lines take a package from elsewhere than a registry.
    pub fn is_from_source(&self, package: &PackageId) -> bool {
        self.state.from_sources.get(package).is_some()
    }

    /// Runs something to which a package is what its registry serves, though lines take it from elsewhere: nothing is built with itself.
    pub fn without_source<T>(&self, package: &PackageId, run: impl FnOnce() -> T) -> T {
        let Some(hidden) = self.state.from_sources.remove(package) else { return run() };
        lock(&self.state.packages).remove(package);
        let done = run();
        self.state.from_sources.restore(hidden);
        lock(&self.state.packages).remove(package);
        done
    }

    /// Returns what a user should hear about the registries that were asked.
    pub fn warnings(&self) -> Vec<String> {
        self.state.registries.values().flat_map(|registry| registry.protocol.warnings()).collect()
    }

    /// Returns the client of sources, which asks with the registries' credentials.
    pub fn sources(&self) -> &SourceClient {
        &self.state.sources
    }

    /// Adds or replaces a package that no registry serves.
    pub fn add_source(&self, mut release: SourceRelease) {
        let id = release.package.id.clone();
        if release.release.is_none() {
            let built =
                self.state.sources.cache().built_metadata(&release.artifact.file, release.artifact.digest.as_ref());
            if let Some(metadata) = built.and_then(|bytes| CoreMetadata::parse(&bytes).ok()) {
                release = release.with_built_metadata(&metadata);
            }
        }
        self.state.from_sources.insert(release);
        let mut packages = lock(&self.state.packages);
        packages.remove(&id);
        // Those that ask for it can be answered now.
        let waits = |once: &OnceRelease| matches!(once.try_get(|| None), Some(Err(IndexError::Outside(_))));
        packages.values().for_each(|entry| lock(&entry.releases).retain(|_, once| !waits(once)));
    }

    /// Returns the digests of which an artifact has to have one, where its registry offers several.
    pub fn acceptable_digests(&self, key: &PackageKey) -> Vec<Digest> {
        self.state.listing(&key.id).map(|listing| listing.acceptable_digests(&key.version)).unwrap_or_default()
    }

    /// Returns the digests that the registry states for a version's file. Returns `None` if the version has no such file.
    pub fn stated_digests(&self, key: &PackageKey, file: &str) -> Option<Vec<Digest>> {
        let listing = self.state.listing(&key.id).ok()?;
        let ordinal = listing.versions().candidates.iter().position(|candidate| candidate.version == key.version)?;
        let ordinal = u32::try_from(ordinal).ok()?;
        let release = self.state.release(&key.id, ordinal).ok()?;
        listing.digests((&key.version, ordinal), &release, file)
    }

    /// Returns one release, without prefetching its dependencies.
    pub fn release_only(&self, package: &PackageId, ordinal: u32) -> IndexResult<Arc<Release>> {
        self.state.release(package, ordinal)
    }
}

impl Index for Registries {
    fn versions(&self, package: &PackageId) -> Result<Arc<Versions>, IndexError> {
        self.state.listing(package).map(|listing| listing.versions().clone())
    }

    fn release(&self, package: &PackageId, ordinal: u32) -> Result<Arc<Release>, IndexError> {
        let release = self.state.release(package, ordinal)?;
        // The prefetched version may have been another one. In a scope, a version's dependencies do not depend on the dependent.
        if !package.ecosystem.has_scopes() || !lock(&self.state.entry(package).prefetched).contains(&ordinal) {
            self.prefetch_all(resolve::likely_needs(&release, None, &self.state.settings));
        }
        Ok(release)
    }

    fn prefetch(&self, requirements: &[Requirement]) {
        self.prefetch_all(requirements.iter());
    }

    fn prefetch_releases(&self, package: &PackageId, ordinals: &[u32]) {
        self.pool.add(
            Lane::Network,
            ordinals.iter().map(|&ordinal| PrefetchJob::Release(package.clone(), ordinal)).collect(),
        );
    }

    fn by_platform(&self, chosen: &[Chosen]) -> Result<Vec<Option<Arc<Release>>>, IndexError> {
        let mut releases = Vec::new();
        for (place, one) in chosen.iter().enumerate() {
            let release = self.state.release(&one.package, one.ordinal)?;
            // A single artifact has the same metadata on all platforms.
            if release.artifacts.len() > 1 {
                releases.push((place, release, self.state.listing(&one.package)?));
            }
        }
        let mut queries: Vec<(usize, Vec<MetadataQuery<'_>>)> = Vec::new();
        for (index, (place, release, listing)) in releases.iter().enumerate() {
            queries.push((index, listing.metadata_queries(chosen[*place].ordinal, release, chosen[*place].platforms)));
        }
        let all = queries.iter_mut().flat_map(|(_, of_one)| of_one);
        let open: Vec<&mut MetadataQuery<'_>> = all.filter(|query| query.metadata.is_none()).collect();
        let fetched = map_parallel(&open, NETWORK_THREADS, |query| (query.fetch)());
        for (query, metadata) in open.into_iter().zip(fetched) {
            query.metadata = Some(metadata.map_err(IndexError::Failed)?);
        }
        let mut merged_releases: Vec<Option<Arc<Release>>> = vec![None; chosen.len()];
        for metadata in queries.iter_mut().flat_map(|(_, of_one)| of_one).filter_map(|query| query.metadata.as_mut()) {
            let Ok(declared) = metadata else { continue };
            let answers = path::answered(&self.state.root, &self.state.local_packages, &declared.dependencies);
            if let Some(answers) = answers.map_err(|error| IndexError::Failed(Arc::new(error)))? {
                declared.dependencies = answers.into_iter().flatten().collect();
            }
        }
        for (index, of_one) in &queries {
            let (place, release, _) = &releases[*index];
            if of_one.is_empty() {
                continue;
            }
            let merged = merge(&chosen[*place].package.name, release, of_one);
            if let Some(merged) = &merged {
                self.prefetch_all(resolve::likely_needs(merged, None, &self.state.settings));
            }
            merged_releases[*place] = merged.map(Arc::new);
        }
        Ok(merged_releases)
    }

    fn oldest_system(&self, package: &PackageId, ordinal: u32, platform: Platform) -> Option<(u32, u32)> {
        self.state.listing(package).ok()?.oldest_system(ordinal, platform)
    }
}

impl ArtifactSource for Registries {
    fn open(
        &self,
        owner: &ArtifactOwner,
        origin: &Origin,
        artifact: &Artifact,
    ) -> Result<(Body, Option<u64>), SourceError> {
        let response = match (owner, origin) {
            (ArtifactOwner::Runtime(runtime), _) => self.open_runtime(*runtime, artifact)?,
            (ArtifactOwner::Package(package), Origin::Source(pinned)) => {
                return self.open_source(package, pinned, artifact);
            }
            (ArtifactOwner::Package(package), Origin::Registry(registry)) => {
                if let Some(inside) = self.state.open_inside(package, registry, artifact) {
                    let content = inside?;
                    let length = content.len() as u64;
                    return Ok((Body::of(Box::new(std::io::Cursor::new(content))), Some(length)));
                }
                self.state.open(package, registry, artifact)?
            }
        };
        Ok((response.body, response.length))
    }
}

impl RegistriesState {
    fn entry(&self, package: &PackageId) -> Arc<PackageEntry> {
        let mut packages = lock(&self.packages);
        if let Some(entry) = packages.get(package) {
            return Arc::clone(entry);
        }
        let entry = Arc::new(PackageEntry {
            listing: OnceValue::new(),
            prefetched: Mutex::default(),
            releases: Mutex::default(),
        });
        packages.insert(package.clone(), Arc::clone(&entry));
        entry
    }

    fn listing(&self, package: &PackageId) -> IndexResult<Arc<dyn PackageListing>> {
        self.entry(package).listing.get(|| match self.source_listing(package) {
            Some(listing) => Ok(listing),
            None if package.ecosystem.is_local() => self.read_folder(package),
            None => self.fetch_listing(package),
        })
    }

    /// Returns a listing without the network. Returns `None` if the listing or its releases need the network.
    fn cached_listing(&self, package: &PackageId) -> Option<IndexResult<Arc<dyn PackageListing>>> {
        if package.ecosystem.is_local() {
            return self.entry(package).listing.try_get(|| Some(self.read_folder(package)));
        }
        if let Some(listing) = self.source_listing(package) {
            return self.entry(package).listing.try_get(|| Some(Ok(listing)));
        }
        let label = self.routing.candidates(package).ok()?.first()?;
        if self.routing.equals(package, label).next().is_some() {
            return None;
        }
        let RegistryEntry { protocol, client, .. } = self.registry(label, package).ok()?;
        if !protocol.lists_dependencies() {
            return None;
        }
        self.entry(package).listing.try_get(|| {
            if lock(&self.revalidated).contains(package) {
                return None;
            }
            protocol.cached_listing(client, &package.name, &self.settings).map(Ok)
        })
    }

    /// Returns the listing of a package that no registry serves.
    fn source_listing(&self, package: &PackageId) -> Option<Arc<dyn PackageListing>> {
        self.from_sources.get(package).map(|known| Arc::new(SourceListing::new(known)) as Arc<dyn PackageListing>)
    }

    fn fetch_listing(&self, package: &PackageId) -> IndexResult<Arc<dyn PackageListing>> {
        let labels = self.routing.candidates(package).map_err(failed)?;
        let revalidates = lock(&self.revalidated).contains(package);
        for label in labels {
            let registry = self.registry(label, package).map_err(failed)?;
            let revalidating = revalidates.then(|| registry.client.with_cache_policy(CachePolicy::Revalidate));
            let client = revalidating.as_ref().unwrap_or(&registry.client);
            match registry.protocol.fetch_listing(client, &package.name, &self.settings) {
                Ok(listing) => return self.unless_others_have(package, label).map(|()| listing),
                Err(ListingError::Missing) => {}
                Err(ListingError::Failed(failure)) => return Err(IndexError::Failed(failure)),
            }
        }
        match labels.last() {
            Some(label) => Err(IndexError::NotFound { package: package.clone(), registry: label.clone() }),
            None => Err(IndexError::Unserved(package.clone())),
        }
    }

    /// Fails if another registry of the same priority has a package, too.
    fn unless_others_have(&self, package: &PackageId, label: &Label) -> IndexResult<()> {
        for other in self.routing.equals(package, label) {
            let registry = self.registry(other, package).map_err(failed)?;
            match registry.protocol.fetch_listing(&registry.client, &package.name, &self.settings) {
                Ok(_) => {
                    let (package, registries) = (package.clone(), [label.clone(), other.clone()]);
                    return Err(failed(RegistryError::SeveralHave { package, registries }));
                }
                Err(ListingError::Missing) => {}
                Err(ListingError::Failed(failure)) => return Err(IndexError::Failed(failure)),
            }
        }
        Ok(())
    }

    fn registry(&self, label: &Label, package: &PackageId) -> Result<&RegistryEntry, RegistryError> {
        let registry = self.registries.get(label);
        let registry = registry.ok_or_else(|| RegistryError::Undeclared { registry: label.clone() })?;
        if package.ecosystem != registry.ecosystem {
            return Err(RegistryError::WrongKind {
                registry: label.clone(),
                ecosystem: package.ecosystem,
                package: package.name.clone(),
            });
        }
        Ok(registry)
    }

    /// Reads a path package. Its folder is known from the requirement that led to it.
    fn read_folder(&self, package: &PackageId) -> IndexResult<Arc<dyn PackageListing>> {
        let known = lock(&self.folders).get(&package.name).cloned();
        let folder = known.or_else(|| self.local_packages.folder(&package.name).cloned());
        let none = || path::LocalPackageError::NoManifest { folder: package.name.to_string(), asked_by: None };
        let read = folder
            .ok_or_else(none)
            .and_then(|folder| path::PathListing::read(&self.root, folder, &self.local_packages));
        read.map(|listing| Arc::new(listing) as Arc<dyn PackageListing>)
            .map_err(|error| IndexError::Failed(Arc::new(error) as Arc<dyn Failure>))
    }

    /// Records where a requirement says that its package is: a local package's folder, or what a protocol has to know.
    fn record_place(&self, requirement: &Requirement) {
        if let Some(folder) = requirement.folder() {
            lock(&self.folders).insert(requirement.name().clone(), Arc::clone(folder));
        }
        let own = self.registries.values().filter(|registry| registry.ecosystem == requirement.ecosystem());
        own.for_each(|registry| registry.protocol.note(requirement));
    }

    fn release(&self, package: &PackageId, ordinal: u32) -> IndexResult<Arc<Release>> {
        let listing = self.listing(package)?;
        let entry = self.entry(package);
        let once = Arc::clone(lock(&entry.releases).entry(ordinal).or_insert_with(|| Arc::new(OnceValue::new())));
        once.get(|| {
            let release = match listing.release(ordinal) {
                Ok(release) => release,
                Err(ReleaseError::Failed(failure)) => {
                    // A cached listing may name a file that was removed.
                    if listing.versions().cached {
                        lock(&self.outdated).insert(package.clone());
                    }
                    return Err(IndexError::Failed(failure));
                }
                Err(ReleaseError::Unbuilt(unbuilt)) => return Err(IndexError::Unbuilt(unbuilt)),
                Err(error) => self.refetch_release(package, &*listing, ordinal).unwrap_or(Err(error)).map_err(
                    |error| match error {
                        ReleaseError::Unusable(Some(failure)) | ReleaseError::Failed(failure) => {
                            IndexError::Failed(failure)
                        }
                        ReleaseError::Unbuilt(unbuilt) => IndexError::Unbuilt(unbuilt),
                        ReleaseError::Unusable(None) => {
                            let (package, ecosystem) = (package.name.clone(), package.ecosystem);
                            failed(RegistryError::Damaged { package, ecosystem })
                        }
                    },
                )?,
            };
            let release = self.from_sources.settle(&self.settings, &self.routing, package, release)?;
            let release = self.with_own_packages(package, release)?;
            for requirement in resolve::likely_needs(&release, None, &self.settings) {
                self.record_place(requirement);
            }
            Ok(Arc::new(release))
        })
    }

    /// Lets the project's own packages answer what a registry's release asks for by their names.
    fn with_own_packages(&self, package: &PackageId, mut release: Release) -> IndexResult<Release> {
        if package.ecosystem.is_local() {
            return Ok(release);
        }
        let answers = path::answered(&self.root, &self.local_packages, &release.dependencies);
        let Some(answers) = answers.map_err(|error| IndexError::Failed(Arc::new(error)))? else { return Ok(release) };
        if !release.declared_on.is_empty() {
            let expanded = answers.iter().zip(&release.declared_on).flat_map(|(all, on)| all.iter().map(|_| *on));
            release.declared_on = expanded.collect();
        }
        release.dependencies = answers.into_iter().flatten().collect();
        Ok(release)
    }

    /// Fetches a listing again because the cached one is damaged, and returns the release from it.
    fn refetch_release(
        &self,
        package: &PackageId,
        damaged: &dyn PackageListing,
        ordinal: u32,
    ) -> Option<Result<Release, ReleaseError>> {
        let versions = damaged.versions();
        let label = versions.origin.as_ref()?.registry()?;
        let registry = self.registry(label, package).ok()?;
        let client = RegistryClient { cache: MetadataCache::disabled(), ..registry.client.clone() };
        let listing = registry.protocol.fetch_listing(&client, &package.name, &self.settings).ok()?;
        let version = &damaged.versions().candidates.get(ordinal as usize)?.version;
        let now = listing.versions().candidates.iter().position(|candidate| candidate.version == *version)?;
        Some(listing.release(u32::try_from(now).ok()?))
    }
}

fn failed(error: RegistryError) -> IndexError {
    match error {
        RegistryError::NoRegistry { ecosystem, package } => IndexError::Unserved(PackageId::new(ecosystem, package)),
        error => IndexError::Failed(Arc::new(error)),
    }
}
