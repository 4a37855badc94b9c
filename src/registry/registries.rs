//! All registries as one: the resolver's index and the source of artifacts.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use rustc_hash::{FxHashMap, FxHashSet};

use super::ahead::{Lane, Once, Pool, Threads, lock, side_by_side};
use super::by_platform::{Question, joined};
use super::cache::{Cache, Freshness};
use super::choice::Choice;
use super::listing::{NoListing, Recency, Served, Stated};
use super::open::open;
use super::path::{self, Members};
use super::protocol::{self, Listing, NoRelease, Protocol};
use super::{Options, RegistryError};
use crate::diagnostic::Failure;
use crate::fetch::{Body, Network, Response, Source, SourceError};
use crate::model::{
    Artifact, Digest, Ecosystem, Label, PackageId, PackageKey, PackageName, Platform, Requirement, Settings,
};
use crate::resolve::{self, Chosen, Index, IndexError, Release, Versions};

/// As many requests as a default registry takes at once, and a few for those with fewer.
pub(super) const REMOTE_THREADS: usize = 56;

/// All registries of a project, and its path packages. Every answer is made once and then stays; threads fetch ahead of
/// whoever asks, and begin when [`Index::prefetch`] is first called.
pub struct Registries {
    inner: Arc<Inner>,
    pool: Pool<Job>,
}

/// What is done ahead of the solver.
enum Job {
    /// What a requirement will need.
    Expect(Requirement),
    /// What a version needs, and nothing that follows from it.
    Release(PackageId, u32),
}

struct Inner {
    settings: Settings,
    root: PathBuf,
    members: Members,
    choice: Choice,
    routed: BTreeSet<PackageId>,
    served: BTreeMap<Label, Registry>,
    entries: Mutex<FxHashMap<PackageId, Arc<Entry>>>,
    /// The folders of local packages, by name.
    folders: Mutex<FxHashMap<PackageName, Arc<str>>>,
    expected: Mutex<FxHashSet<(PackageId, String)>>,
    /// Packages whose cached listings do not count.
    asked: Mutex<FxHashSet<PackageId>>,
    /// Packages of which a cached listing names something that is not there.
    doubtful: Mutex<FxHashSet<PackageId>>,
}

struct Registry {
    ecosystem: Ecosystem,
    served: Served,
    protocol: Arc<dyn Protocol>,
}

type Answer<T> = Result<T, IndexError>;

type OnceRelease = Once<Answer<Arc<Release>>>;

/// What is known of one package.
struct Entry {
    listing: Once<Answer<Arc<dyn Listing>>>,
    /// The versions whose requirements are expected already.
    expected: Mutex<Vec<u32>>,
    releases: Mutex<FxHashMap<u32, Arc<OnceRelease>>>,
}

impl Registries {
    /// Makes the registries ready; nothing is asked or read yet.
    pub fn new(options: Options) -> Self {
        let client = Arc::clone(&options.client);
        let served = options.registries.iter().filter_map(|registry| {
            let protocol = protocol::of(registry.ecosystem)?;
            let served = options.served(&client, registry, &*protocol);
            Some((registry.name.clone(), Registry { ecosystem: registry.ecosystem, served, protocol }))
        });
        let served = served.collect();
        let choice = Choice::new(&options.registries, options.pinned);
        let inner = Arc::new(Inner {
            folders: Mutex::new(options.folders.into_iter().collect()),
            settings: options.settings,
            root: options.root,
            members: options.members,
            choice,
            routed: options.routed,
            served,
            entries: Mutex::default(),
            expected: Mutex::default(),
            asked: Mutex::new(options.asked.into_iter().collect()),
            doubtful: Mutex::default(),
        });
        let at_hand = std::thread::available_parallelism().map_or(2, usize::from).min(8);
        let remote = if client.network() == Network::Offline { at_hand } else { REMOTE_THREADS };
        let ahead = Arc::clone(&inner);
        let work = move |lane, job| ahead.work(lane, job);
        Self { inner, pool: Pool::new(Threads { at_hand, remote }, work) }
    }
}

impl Registries {
    /// Forgets what a cache answered about these packages and about those whose listings turned out to be old, so that their
    /// registries are asked the next time. Tells whether there is any of which that may change something: one that was asked
    /// in this run is not asked again.
    pub fn ask_again(&self, packages: &[PackageId]) -> bool {
        let inner = &self.inner;
        let doubtful = std::mem::take(&mut *lock(&inner.doubtful));
        let mut forgotten = false;
        for package in packages.iter().chain(&doubtful) {
            let known = lock(&inner.entries).get(package).cloned();
            let listing = known.and_then(|entry| entry.listing.try_get(|| None));
            let is_cached = listing.is_some_and(|listing| listing.is_ok_and(|listing| listing.versions().cached));
            if is_cached && lock(&inner.asked).insert(package.clone()) {
                lock(&inner.entries).remove(package);
                forgotten = true;
            }
        }
        forgotten
    }

    /// Returns the digests of which an artifact has to have one, where its registry offers several.
    pub fn promised(&self, key: &PackageKey) -> Vec<Digest> {
        self.inner.listing(&key.id).map(|listing| listing.promised(&key.version)).unwrap_or_default()
    }

    /// Returns the digests that a registry states of a version's file. `None` if the version has no such file.
    pub fn stated_digests(&self, key: &PackageKey, file: &str) -> Option<Vec<Digest>> {
        let listing = self.inner.listing(&key.id).ok()?;
        let ordinal = listing.versions().candidates.iter().position(|candidate| candidate.version == key.version)?;
        let ordinal = u32::try_from(ordinal).ok()?;
        let release = self.inner.release(&key.id, ordinal).ok()?;
        listing.digests((&key.version, ordinal), &release, file)
    }

    /// Returns what one version needs, and expects nothing that follows from it.
    pub(super) fn release_alone(&self, package: &PackageId, ordinal: u32) -> Answer<Arc<Release>> {
        self.inner.release(package, ordinal)
    }

    fn expect<'a>(&self, requirements: impl Iterator<Item = &'a Requirement>) {
        let jobs = self.inner.unexpected(requirements).into_iter().map(Job::Expect);
        self.pool.add(Lane::AtHand, jobs.collect());
    }
}

impl Index for Registries {
    fn versions(&self, package: &PackageId) -> Result<Arc<Versions>, IndexError> {
        self.inner.listing(package).map(|listing| listing.versions().clone())
    }

    fn release(&self, package: &PackageId, ordinal: u32) -> Result<Arc<Release>, IndexError> {
        let release = self.inner.release(package, ordinal)?;
        // The guess may have been another version. What one in a scope needs does not depend on who asks.
        if !package.ecosystem.has_scopes() || !lock(&self.inner.entry(package).expected).contains(&ordinal) {
            self.expect(resolve::likely_needs(&release, None, &self.inner.settings));
        }
        Ok(release)
    }

    fn prefetch(&self, requirements: &[Requirement]) {
        self.expect(requirements.iter());
    }

    fn prefetch_releases(&self, package: &PackageId, ordinals: &[u32]) {
        self.pool.add(Lane::Remote, ordinals.iter().map(|&ordinal| Job::Release(package.clone(), ordinal)).collect());
    }

    fn by_platform(&self, chosen: &[Chosen]) -> Result<Vec<Option<Arc<Release>>>, IndexError> {
        let mut speaking = Vec::new();
        for (place, one) in chosen.iter().enumerate() {
            let release = self.inner.release(&one.package, one.ordinal)?;
            // One artifact says the same everywhere.
            if release.artifacts.len() > 1 {
                speaking.push((place, release, self.inner.listing(&one.package)?));
            }
        }
        let mut questions: Vec<(usize, Vec<Question<'_>>)> = Vec::new();
        for (at, (place, release, listing)) in speaking.iter().enumerate() {
            questions.push((at, listing.questions(chosen[*place].ordinal, release, chosen[*place].platforms)));
        }
        let all = questions.iter_mut().flat_map(|(_, of_one)| of_one);
        let open: Vec<&mut Question<'_>> = all.filter(|question| question.said.is_none()).collect();
        let asked = side_by_side(&open, REMOTE_THREADS, |question| (question.ask)());
        for (question, said) in open.into_iter().zip(asked) {
            question.said = Some(said.map_err(IndexError::Failed)?);
        }
        let mut answers: Vec<Option<Arc<Release>>> = vec![None; chosen.len()];
        for (at, of_one) in &questions {
            let (place, release, _) = &speaking[*at];
            if of_one.is_empty() {
                continue;
            }
            let joined = joined(&chosen[*place].package.name, release, of_one);
            if let Some(joined) = &joined {
                self.expect(resolve::likely_needs(joined, None, &self.inner.settings));
            }
            answers[*place] = joined.map(Arc::new);
        }
        Ok(answers)
    }

    fn oldest_system(&self, package: &PackageId, ordinal: u32, platform: Platform) -> Option<(u32, u32)> {
        self.inner.listing(package).ok()?.oldest_system(ordinal, platform)
    }
}

impl Source for Registries {
    fn open(
        &self,
        package: &PackageKey,
        registry: &Label,
        artifact: &Artifact,
    ) -> Result<(Body, Option<u64>), SourceError> {
        let response = self.inner.open(package, registry, artifact)?;
        Ok((response.body, response.length))
    }
}

impl Inner {
    fn work(&self, lane: Lane, job: Job) -> Vec<(Lane, Job)> {
        match job {
            Job::Expect(requirement) => self.expect(lane, requirement),
            Job::Release(package, ordinal) => {
                // Whoever asks for it is told of an error.
                let _ = self.release(&package, ordinal);
                Vec::new()
            }
        }
    }

    /// Does what the solver will need for a requirement and returns what follows from it; where that has to wait for
    /// the network, it belongs to the other lane.
    fn expect(&self, lane: Lane, requirement: Requirement) -> Vec<(Lane, Job)> {
        let package = requirement.package();
        let listing = match lane {
            Lane::AtHand => self.listing_at_hand(&package),
            Lane::Remote => Some(self.listing(&package)),
        };
        match listing {
            None => vec![(Lane::Remote, Job::Expect(requirement))],
            Some(Err(_)) => Vec::new(),
            Some(Ok(listing)) => {
                let next = self.follow(&package, &*listing, &requirement);
                next.into_iter().map(|next| (Lane::AtHand, Job::Expect(next))).collect()
            }
        }
    }

    /// Returns the requirements of the version that a requirement most likely gets.
    fn follow(&self, package: &PackageId, listing: &dyn Listing, requirement: &Requirement) -> Vec<Requirement> {
        let versions = listing.versions();
        let entry = self.entry(package);
        if package.ecosystem.has_scopes() {
            // What is chosen elsewhere already is chosen again where it fits.
            let fits = |ordinal: &u32| {
                versions
                    .candidates
                    .get(*ordinal as usize)
                    .is_some_and(|candidate| requirement.matches(&candidate.version))
            };
            if lock(&entry.expected).iter().any(fits) {
                return Vec::new();
            }
        }
        let Some(ordinal) = resolve::likely(requirement, versions, &self.settings) else { return Vec::new() };
        lock(&entry.expected).push(ordinal);
        let Ok(release) = self.release(package, ordinal) else { return Vec::new() };
        self.unexpected(resolve::likely_needs(&release, Some(requirement), &self.settings))
    }

    /// Returns the requirements that nobody expected so far.
    fn unexpected<'a>(&self, requirements: impl Iterator<Item = &'a Requirement>) -> Vec<Requirement> {
        let mut expected = None;
        requirements
            .filter(|requirement| {
                let package = requirement.package();
                if self.routed.contains(&package) {
                    return false;
                }
                self.note_folder(requirement);
                let mut asked_as = requirement.range_text();
                asked_as.extend(requirement.extras().iter().flat_map(|extra| [" ", extra.as_str()]));
                expected.get_or_insert_with(|| lock(&self.expected)).insert((package, asked_as))
            })
            .cloned()
            .collect()
    }

    fn entry(&self, package: &PackageId) -> Arc<Entry> {
        let mut entries = lock(&self.entries);
        if let Some(entry) = entries.get(package) {
            return Arc::clone(entry);
        }
        let entry = Arc::new(Entry { listing: Once::new(), expected: Mutex::default(), releases: Mutex::default() });
        entries.insert(package.clone(), Arc::clone(&entry));
        entry
    }

    fn listing(&self, package: &PackageId) -> Answer<Arc<dyn Listing>> {
        self.entry(package)
            .listing
            .get(|| if package.ecosystem.is_local() { self.folder(package) } else { self.ask(package) })
    }

    /// Returns a listing that needs no waiting for the network, and neither do its versions.
    fn listing_at_hand(&self, package: &PackageId) -> Option<Answer<Arc<dyn Listing>>> {
        if package.ecosystem.is_local() {
            return self.entry(package).listing.try_get(|| Some(self.folder(package)));
        }
        let label = self.choice.of(package).ok()?.first()?;
        let Registry { protocol, served, .. } = self.registry(label, package).ok()?;
        if !protocol.lists_needs() {
            return None;
        }
        self.entry(package).listing.try_get(|| {
            if lock(&self.asked).contains(package) {
                return None;
            }
            protocol.kept(served, &package.name, &self.settings).map(Ok)
        })
    }

    fn ask(&self, package: &PackageId) -> Answer<Arc<dyn Listing>> {
        let labels = self.choice.of(package).map_err(failed)?;
        let is_asked = lock(&self.asked).contains(package);
        for label in labels {
            let registry = self.registry(label, package).map_err(failed)?;
            let asked = is_asked.then(|| registry.served.with(Freshness::Revalidate));
            let served = asked.as_ref().unwrap_or(&registry.served);
            match registry.protocol.listing(served, &package.name, &self.settings) {
                Ok(listing) => return Ok(listing),
                Err(NoListing::Missing) => {}
                Err(NoListing::Failed(failure)) => return Err(IndexError::Failed(failure)),
            }
        }
        match labels.last() {
            Some(label) => Err(IndexError::NotFound { package: package.clone(), registry: label.clone() }),
            None => {
                Err(failed(RegistryError::NoRegistry { ecosystem: package.ecosystem, package: package.name.clone() }))
            }
        }
    }

    fn registry(&self, label: &Label, package: &PackageId) -> Result<&Registry, RegistryError> {
        let registry = self.served.get(label);
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

    /// Reads a path package, whose folder was said by the requirement that led to it.
    fn folder(&self, package: &PackageId) -> Answer<Arc<dyn Listing>> {
        let known = lock(&self.folders).get(&package.name).cloned();
        let folder = known.or_else(|| self.members.folder(&package.name).cloned());
        let none = || path::PathError::NoManifest { folder: package.name.to_string() };
        let read = folder.ok_or_else(none).and_then(|folder| path::Listing::read(&self.root, folder, &self.members));
        read.map(|listing| Arc::new(listing) as Arc<dyn Listing>)
            .map_err(|error| IndexError::Failed(Arc::new(error) as Arc<dyn Failure>))
    }

    /// Notes the folder that a requirement names: a local package's folder is known to those only who ask for it.
    fn note_folder(&self, requirement: &Requirement) {
        if let Some(folder) = requirement.folder() {
            lock(&self.folders).insert(requirement.name().clone(), Arc::clone(folder));
        }
    }

    fn release(&self, package: &PackageId, ordinal: u32) -> Answer<Arc<Release>> {
        let listing = self.listing(package)?;
        let entry = self.entry(package);
        let once = Arc::clone(lock(&entry.releases).entry(ordinal).or_insert_with(|| Arc::new(Once::new())));
        once.get(|| {
            let release = match listing.release(ordinal) {
                Ok(release) => release,
                Err(NoRelease::Failed(failure)) => {
                    // It may list a file that is gone.
                    if listing.versions().cached {
                        lock(&self.doubtful).insert(package.clone());
                    }
                    return Err(IndexError::Failed(failure));
                }
                Err(flawed) => {
                    self.release_anew(package, &*listing, ordinal).unwrap_or(Err(flawed)).map_err(|none| {
                        let (NoRelease::Flawed(Some(failure)) | NoRelease::Failed(failure)) = none else {
                            let (package, ecosystem) = (package.name.clone(), package.ecosystem);
                            return failed(RegistryError::Damaged { package, ecosystem });
                        };
                        IndexError::Failed(failure)
                    })?
                }
            };
            for requirement in resolve::likely_needs(&release, None, &self.settings) {
                self.note_folder(requirement);
            }
            Ok(Arc::new(release))
        })
    }

    /// Asks the registry anew where the cache turns out to be damaged; what was answered before stays true.
    fn release_anew(
        &self,
        package: &PackageId,
        damaged: &dyn Listing,
        ordinal: u32,
    ) -> Option<Result<Release, NoRelease>> {
        let label = damaged.versions().registry.as_ref()?;
        let registry = self.registry(label, package).ok()?;
        let served = Served { cache: Cache::none(), ..registry.served.clone() };
        let listing = registry.protocol.listing(&served, &package.name, &self.settings).ok()?;
        let version = &damaged.versions().candidates.get(ordinal as usize)?.version;
        let now = listing.versions().candidates.iter().position(|candidate| candidate.version == *version)?;
        Some(listing.release(u32::try_from(now).ok()?))
    }

    fn open(&self, key: &PackageKey, label: &Label, artifact: &Artifact) -> Result<Response, SourceError> {
        let registry = self.registry(label, &key.id).map_err(|error| Arc::new(error) as SourceError)?;
        let stated = |recency| self.stated(registry, key, artifact, recency);
        open(&registry.served, &*registry.protocol, &key.id.name, artifact, &stated)
    }

    /// Returns where a registry's document says that an artifact is.
    fn stated(
        &self,
        registry: &Registry,
        key: &PackageKey,
        artifact: &Artifact,
        recency: Recency,
    ) -> Result<Option<Stated>, NoListing> {
        let of = |listing: &dyn Listing| listing.stated(&key.version, &artifact.file);
        if recency != Recency::Asked {
            // While locking, the listing is there already.
            let known = lock(&self.entries).get(&key.id).cloned().and_then(|entry| entry.listing.try_get(|| None));
            let same =
                |listing: &Arc<dyn Listing>| listing.versions().registry.as_ref() == Some(registry.served.name());
            if let Some(listing) = known.and_then(Result::ok).filter(same) {
                return Ok(of(&*listing));
            }
        }
        let freshness = if recency == Recency::Asked { Freshness::Revalidate } else { Freshness::AnyAge };
        let served = registry.served.with(freshness);
        if recency == Recency::Kept && !served.has_kept(key.id.name.as_str()) {
            return Ok(None);
        }
        registry.protocol.listing(&served, &key.id.name, &self.settings).map(|listing| of(&*listing))
    }
}

fn failed(error: RegistryError) -> IndexError {
    IndexError::Failed(Arc::new(error))
}
