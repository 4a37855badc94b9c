//! All registries as one: the resolver's index and the source of artifacts.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use rustc_hash::{FxHashMap, FxHashSet};

use super::ahead::{Lane, Once, Pool, Threads, lock, side_by_side};
use super::cache::{Cache, Freshness};
use super::choice::{Choice, kind};
use super::listing::{NoListing, Recency, Served, Stated};
use super::path::{self, Members, PathPackage};
use super::pypi::MetadataBeside;
use super::{Options, RegistryError, likely, npm, pypi};
use crate::diagnostic::Failure;
use crate::fetch::{Network, Response, Source, SourceError};
use crate::manifest::RegistryKind;
use crate::model::{Artifact, Digest, Ecosystem, Label, PackageId, PackageKey, Platform, Requirement, Settings};
use crate::resolve::{Chosen, Index, IndexError, Release, Versions};

/// As many requests as a default registry takes at once, and a few for those with fewer.
const REMOTE_THREADS: usize = 56;

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
    folders: Mutex<FxHashMap<PackageId, Arc<str>>>,
    expected: Mutex<FxHashSet<(PackageId, String)>>,
    /// Packages whose cached listings do not count.
    asked: Mutex<FxHashSet<PackageId>>,
    /// Packages of which a cached listing names something that is not there.
    doubtful: Mutex<FxHashSet<PackageId>>,
}

struct Registry {
    kind: RegistryKind,
    served: Served,
    beside: Arc<MetadataBeside>,
}

/// What a wheel of a chosen version is asked.
struct Question {
    /// The place of the version among those that were chosen.
    place: usize,
    listing: Arc<pypi::Listing>,
    ordinal: u32,
    wheel: pypi::OtherWheel,
    said: Option<pypi::Said>,
}

type Answer<T> = Result<Arc<T>, IndexError>;

/// What is known of one package.
struct Entry {
    listing: Once<Answer<Listing>>,
    /// The versions whose requirements are expected already.
    expected: Mutex<Vec<u32>>,
    releases: Mutex<FxHashMap<u32, Arc<Once<Answer<Release>>>>>,
}

enum Listing {
    Npm(npm::Listing),
    Pypi(Arc<pypi::Listing>),
    Path { versions: Arc<Versions>, package: PathPackage, folder: Arc<str> },
}

impl Registries {
    /// Makes the registries ready; nothing is asked or read yet.
    pub fn new(options: Options) -> Self {
        let client = Arc::clone(&options.client);
        let served = options.registries.iter().map(|registry| {
            let served = options.served(&client, registry);
            (registry.name.clone(), Registry { kind: registry.kind, served, beside: Arc::default() })
        });
        let served = served.collect();
        let choice = Choice::new(&options.registries, options.pinned);
        let folders = options.folders.into_iter().map(|(name, folder)| (PackageId::new(Ecosystem::Path, name), folder));
        let inner = Arc::new(Inner {
            folders: Mutex::new(folders.collect()),
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
        match self.inner.listing(&key.id).as_deref() {
            Ok(Listing::Npm(listing)) => listing.promised(&key.version),
            _ => Vec::new(),
        }
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
        // The guess may have been another version. What an npm version needs does not depend on who asks.
        if package.ecosystem != Ecosystem::Npm || !lock(&self.inner.entry(package).expected).contains(&ordinal) {
            self.expect(likely::next(&release, None, &self.inner.settings));
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
        let mut questions: Vec<Question> = Vec::new();
        for (place, one) in chosen.iter().enumerate() {
            let release = self.inner.release(&one.package, one.ordinal)?;
            // One wheel, or a source distribution, says the same everywhere.
            if release.artifacts.len() < 2 {
                continue;
            }
            let Listing::Pypi(listing) = &*self.inner.listing(&one.package)? else { continue };
            for wheel in listing.other_wheels(one.ordinal, &release, one.platforms) {
                let kept = listing.kept_word(one.ordinal, &wheel);
                let (listing, ordinal) = (Arc::clone(listing), one.ordinal);
                questions.push(Question { place, listing, ordinal, wheel, said: kept });
            }
        }
        let open: Vec<&mut Question> = questions.iter_mut().filter(|question| question.said.is_none()).collect();
        let asked =
            side_by_side(&open, REMOTE_THREADS, |question| question.listing.word(question.ordinal, &question.wheel));
        for (question, said) in open.into_iter().zip(asked) {
            question.said = Some(said.map_err(IndexError::Failed)?);
        }
        let mut answers: Vec<Option<Arc<Release>>> = vec![None; chosen.len()];
        for of_one in questions.chunk_by(|a, b| a.place == b.place) {
            let [Question { place, listing, .. }, ..] = of_one else { continue };
            let one = &chosen[*place];
            let others = of_one.iter().filter_map(|question| Some((question.wheel.clone(), question.said.clone()?)));
            let joined = listing.joined(&*self.inner.release(&one.package, one.ordinal)?, &others.collect::<Vec<_>>());
            if let Some(joined) = &joined {
                self.expect(likely::next(joined, None, &self.inner.settings));
            }
            answers[*place] = joined.map(Arc::new);
        }
        Ok(answers)
    }

    fn oldest_system(&self, package: &PackageId, ordinal: u32, platform: Platform) -> Option<(u32, u32)> {
        match &*self.inner.listing(package).ok()? {
            Listing::Pypi(listing) => listing.oldest_system(ordinal, platform),
            Listing::Npm(_) | Listing::Path { .. } => None,
        }
    }
}

impl Source for Registries {
    fn open(
        &self,
        package: &PackageKey,
        registry: &Label,
        artifact: &Artifact,
    ) -> Result<(Box<dyn Read + Send>, Option<u64>), SourceError> {
        let response = self.inner.open(package, registry, artifact)?;
        Ok((Box::new(response.body), response.length))
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
                let next = self.follow(&package, &listing, &requirement);
                next.into_iter().map(|next| (Lane::AtHand, Job::Expect(next))).collect()
            }
        }
    }

    /// Returns the requirements of the version that a requirement most likely gets.
    fn follow(&self, package: &PackageId, listing: &Listing, requirement: &Requirement) -> Vec<Requirement> {
        let versions = listing.versions();
        let entry = self.entry(package);
        if package.ecosystem == Ecosystem::Npm {
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
        let Some(ordinal) = likely::version(versions, requirement, &self.settings) else { return Vec::new() };
        lock(&entry.expected).push(ordinal);
        let Ok(release) = self.release(package, ordinal) else { return Vec::new() };
        self.unexpected(likely::next(&release, Some(requirement), &self.settings))
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
                if let Requirement::Path { folder, .. } = requirement {
                    lock(&self.folders).insert(package.clone(), Arc::clone(folder));
                }
                let mut asked_as = requirement.range_text();
                if let Requirement::Pypi { extras, .. } = requirement {
                    asked_as.extend(extras.iter().flat_map(|extra| [" ", extra.as_str()]));
                }
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

    fn listing(&self, package: &PackageId) -> Answer<Listing> {
        self.entry(package).listing.get(|| match package.ecosystem {
            Ecosystem::Path => self.folder(package).map(Arc::new).map_err(IndexError::Failed),
            Ecosystem::Larder => Err(failed(RegistryError::PrivatePackages { package: package.name.clone() })),
            Ecosystem::Npm | Ecosystem::Pypi => self.ask(package),
        })
    }

    /// Returns a listing that needs no waiting for the network. Python's are left to those who may wait: the metadata
    /// of their versions may have to be fetched.
    fn listing_at_hand(&self, package: &PackageId) -> Option<Answer<Listing>> {
        if package.ecosystem == Ecosystem::Pypi {
            return None;
        }
        self.entry(package).listing.try_get(|| match package.ecosystem {
            Ecosystem::Path => Some(self.folder(package).map(Arc::new).map_err(IndexError::Failed)),
            Ecosystem::Npm => {
                if lock(&self.asked).contains(package) {
                    return None;
                }
                let label = self.choice.of(package).ok()?.first()?;
                let served = &self.registry(label, package).ok()?.served;
                let listing = npm::kept_listing(served, &package.name, &self.settings)?;
                Some(Ok(Arc::new(Listing::Npm(listing))))
            }
            Ecosystem::Larder | Ecosystem::Pypi => None,
        })
    }

    fn ask(&self, package: &PackageId) -> Answer<Listing> {
        let labels = self.choice.of(package).map_err(failed)?;
        let is_asked = lock(&self.asked).contains(package);
        for label in labels {
            let registry = self.registry(label, package).map_err(failed)?;
            let asked = is_asked.then(|| registry.served.with(Freshness::Revalidate));
            match self.ask_one(registry, asked.as_ref().unwrap_or(&registry.served), package) {
                Ok(listing) => return Ok(Arc::new(listing)),
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

    fn ask_one(&self, registry: &Registry, served: &Served, package: &PackageId) -> Result<Listing, NoListing> {
        if package.ecosystem == Ecosystem::Npm {
            return npm::listing(served, &package.name, &self.settings).map(Listing::Npm);
        }
        let listing = pypi::listing(served, &registry.beside, &package.name, &self.settings)?;
        Ok(Listing::Pypi(Arc::new(listing)))
    }

    fn registry(&self, label: &Label, package: &PackageId) -> Result<&Registry, RegistryError> {
        let registry = self.served.get(label);
        let registry = registry.ok_or_else(|| RegistryError::Undeclared { registry: label.clone() })?;
        if kind(package.ecosystem) != Some(registry.kind) {
            return Err(RegistryError::WrongKind {
                registry: label.clone(),
                ecosystem: package.ecosystem,
                package: package.name.clone(),
            });
        }
        Ok(registry)
    }

    /// Reads a path package, whose folder was said by the requirement that led to it.
    fn folder(&self, package: &PackageId) -> Result<Listing, Arc<dyn Failure>> {
        let known = lock(&self.folders).get(package).cloned();
        let folder = known.or_else(|| self.members.folder(&package.name).cloned());
        let none = || path::PathError::NoManifest { folder: package.name.to_string() };
        let read = folder.ok_or_else(none).and_then(|folder| {
            let package = path::read(&self.root, &folder, &self.members)?;
            Ok(Listing::Path { versions: Arc::new(path::versions(&package)), package, folder })
        });
        read.map_err(|error| Arc::new(error) as Arc<dyn Failure>)
    }

    fn release(&self, package: &PackageId, ordinal: u32) -> Answer<Release> {
        let listing = self.listing(package)?;
        let entry = self.entry(package);
        let once = Arc::clone(lock(&entry.releases).entry(ordinal).or_insert_with(|| Arc::new(Once::new())));
        once.get(|| {
            let release = match &*listing {
                Listing::Npm(listing) => match listing.release(ordinal) {
                    Some(Ok(release)) => Some(release),
                    // It may be the cache that is damaged.
                    flawed => self.npm_again(package, listing, ordinal).or(flawed).transpose().map_err(failed)?,
                },
                Listing::Pypi(listing) => listing.release(ordinal).map_err(|failure| {
                    // It may list a file that is gone.
                    if listing.versions.cached {
                        lock(&self.doubtful).insert(package.clone());
                    }
                    IndexError::Failed(failure)
                })?,
                Listing::Path { package, folder, .. } => Some(path::release(package, folder)),
            };
            let release = release.ok_or_else(|| {
                failed(RegistryError::Damaged { package: package.name.clone(), ecosystem: package.ecosystem })
            })?;
            // Path packages name folders that only their own manifest knows.
            for requirement in likely::next(&release, None, &self.settings) {
                if let Requirement::Path { folder, .. } = requirement {
                    lock(&self.folders).insert(requirement.package(), Arc::clone(folder));
                }
            }
            Ok(Arc::new(release))
        })
    }

    /// Asks the registry anew where the cache turns out to be damaged; what was answered before stays true.
    fn npm_again(
        &self,
        package: &PackageId,
        damaged: &npm::Listing,
        ordinal: u32,
    ) -> Option<Result<Release, RegistryError>> {
        let label = damaged.versions.registry.as_ref()?;
        let served = Served { cache: Cache::none(), ..self.registry(label, package).ok()?.served.clone() };
        let listing = npm::listing(&served, &package.name, &self.settings).ok()?;
        let version = &damaged.versions.candidates.get(ordinal as usize)?.version;
        let now = listing.versions.candidates.iter().position(|candidate| candidate.version == *version)?;
        listing.release(u32::try_from(now).ok()?)
    }

    fn open(&self, key: &PackageKey, label: &Label, artifact: &Artifact) -> Result<Response, SourceError> {
        let registry = self.registry(label, &key.id).map_err(|error| Arc::new(error) as SourceError)?;
        let stated = |recency| self.stated(registry, key, artifact, recency);
        match registry.kind {
            RegistryKind::Pypi => pypi::open(&registry.served, &key.id.name, artifact, &stated),
            RegistryKind::Npm | RegistryKind::Larder => npm::open(&registry.served, &key.id.name, artifact, &stated),
        }
    }

    /// Returns where a registry's document says that an artifact is.
    fn stated(
        &self,
        registry: &Registry,
        key: &PackageKey,
        artifact: &Artifact,
        recency: Recency,
    ) -> Result<Option<Stated>, NoListing> {
        let of = |listing: &Listing| match listing {
            Listing::Npm(listing) => listing.stated(&key.version),
            Listing::Pypi(listing) => listing.stated(&artifact.file),
            Listing::Path { .. } => None,
        };
        if recency != Recency::Asked {
            // While locking, the listing is there already.
            let known = lock(&self.entries).get(&key.id).cloned().and_then(|entry| entry.listing.try_get(|| None));
            let same = |listing: &Arc<Listing>| listing.versions().registry.as_ref() == Some(registry.served.name());
            if let Some(listing) = known.and_then(Result::ok).filter(same) {
                return Ok(of(&listing));
            }
        }
        let freshness = if recency == Recency::Asked { Freshness::Revalidate } else { Freshness::AnyAge };
        let served = registry.served.with(freshness);
        if recency == Recency::Kept && !served.has_kept(key.id.name.as_str()) {
            return Ok(None);
        }
        self.ask_one(registry, &served, &key.id).map(|listing| of(&listing))
    }
}

impl Listing {
    fn versions(&self) -> &Arc<Versions> {
        match self {
            Self::Npm(listing) => &listing.versions,
            Self::Pypi(listing) => &listing.versions,
            Self::Path { versions, .. } => versions,
        }
    }
}

fn failed(error: RegistryError) -> IndexError {
    IndexError::Failed(Arc::new(error))
}
