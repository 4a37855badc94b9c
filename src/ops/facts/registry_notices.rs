//! What registries say today of versions that are locked: whether they were yanked or deprecated since.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::mpsc;
use std::time::Duration;

use crate::diagnostic::{Error, Exit};
use crate::lock::Lockfile;
use crate::model::{CheckName, Facts, Graph, Label, Origin, PackageId, PackageKey};
use crate::parallel::map_parallel;
use crate::policy::Finding;
use crate::registry::{CachePolicy, Registries};
use crate::resolve::{Index, IndexError, Versions};

use crate::ops::session::release;
use crate::ops::{Event, Project, Result, Session, failure, registries};

/// The most registries' documents that are fetched at once.
const AT_ONCE: usize = 24;

/// A lock with what registries say of its packages today.
#[derive(Debug)]
pub(in crate::ops) struct Notices {
    /// The lock, with the facts of today. It is judged, and never written: only a solve changes a lock.
    pub(in crate::ops) lockfile: Lockfile,
    /// Why versions were yanked, where their registry says so.
    pub(in crate::ops) yank_reasons: BTreeMap<PackageKey, String>,
    /// The packages of which something else is locked than is so today.
    changed: BTreeSet<PackageKey>,
    /// The first failure of each registry that did not tell.
    failures: BTreeMap<Label, Error>,
}

/// Which packages are asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::ops) enum AskedPackages {
    /// Private ones: their registries tell it in one request, and nobody else does.
    Private,
    /// All that registries serve.
    All,
}

impl AskedPackages {
    fn has(self, package: &PackageId) -> bool {
        self == Self::All || package.ecosystem.is_published_with_larder()
    }
}

impl Notices {
    /// Asks the registries. One that does not answer is told in a warning, unless larder is offline: what is locked stands then.
    ///
    /// # Errors
    /// A registry that is not to be believed.
    pub(in crate::ops) fn ask(
        session: &Session<'_>,
        project: &Project,
        lockfile: &Lockfile,
        asked: AskedPackages,
    ) -> Result<Self> {
        if served(&lockfile.graph).all(|(key, _)| !asked.has(&key.id)) {
            return Ok(Self::unchanged(lockfile.clone()));
        }
        let registries = match registries::open(session, project, CachePolicy::Revalidate) {
            Ok(registries) => registries,
            // What is locked can be judged without them.
            Err(error) => {
                let why = error.in_short();
                let warning = format!("registries are not asked whether what is locked was yanked since: {why}");
                (session.context.reporter)(Event::Warning(warning));
                return Ok(Self::unchanged(lockfile.clone()));
            }
        };
        let notices = Self::read(&registries, lockfile, |key| asked.has(&key.id));
        release(registries);
        notices.check_believed()?;
        if !session.context.offline {
            for (registry, why) in &notices.failures {
                let why = why.in_short();
                let warning =
                    format!("registry `{registry}` does not tell whether what is locked was yanked since: {why}");
                (session.context.reporter)(Event::Warning(warning));
            }
        }
        Ok(notices)
    }

    /// Fails where a registry is not to be believed: its history is another than the one that was seen.
    fn check_believed(&self) -> Result<()> {
        let disbelieved = self.failures.values().find(|error| error.failure().exit() == Exit::Integrity);
        disbelieved.map_or(Ok(()), |error| Err(error.clone()))
    }

    /// Asks the registries of private packages, and waits for so long at most: whoever locks what is locked already waits for no network.
    ///
    /// # Errors
    /// A registry that is not to be believed.
    pub(in crate::ops) fn ask_briefly(
        session: &Session<'_>,
        project: &Project,
        lockfile: &Lockfile,
        wait: Duration,
    ) -> Result<Self> {
        let unchanged = || Ok(Self::unchanged(lockfile.clone()));
        let asked = AskedPackages::Private;
        if session.context.offline || served(&lockfile.graph).all(|(key, _)| !asked.has(&key.id)) {
            return unchanged();
        }
        // What keeps registries from being asked is told by whoever needs them.
        let Ok(registries) = registries::open(session, project, CachePolicy::default()) else { return unchanged() };
        let (answer, answered) = mpsc::channel();
        let subject = lockfile.clone();
        let asking = std::thread::Builder::new().name("larder-notices".to_owned()).spawn(move || {
            let notices = Self::read(&registries, &subject, |key| asked.has(&key.id));
            // Nobody waits any more: what was fetched is in the cache for the next time.
            let _ = answer.send(notices);
        });
        match asking.map(|_| answered.recv_timeout(wait)) {
            Ok(Ok(notices)) => notices.check_believed().map(|()| notices),
            Ok(Err(_)) | Err(_) => unchanged(),
        }
    }

    /// Reads what opened registries say.
    pub(in crate::ops) fn read(
        registries: &Registries,
        lockfile: &Lockfile,
        is_asked: impl Fn(&PackageKey) -> bool,
    ) -> Self {
        let mut notices = Self::unchanged(lockfile.clone());
        let asked: Vec<(PackageKey, Label)> = served(&lockfile.graph)
            .filter(|(key, _)| is_asked(key))
            .map(|(key, registry)| (key.clone(), registry.clone()))
            .collect();
        let said = map_parallel(&asked, AT_ONCE, |(key, _)| said(registries, key));
        for ((key, registry), said) in asked.into_iter().zip(said) {
            match said {
                Ok(Some(said)) => notices.take(key, said),
                // A version that was removed is no news of this kind.
                Ok(None) => {}
                Err(error) => {
                    notices.failures.entry(registry).or_insert_with(|| failure::of_index(error));
                }
            }
        }
        notices
    }

    fn unchanged(lockfile: Lockfile) -> Self {
        Self { lockfile, yank_reasons: BTreeMap::new(), changed: BTreeSet::new(), failures: BTreeMap::new() }
    }

    fn take(&mut self, key: PackageKey, said: Said) {
        let Some(package) = self.lockfile.graph.packages.get_mut(&key) else { return };
        let Facts { yanked, deprecated, .. } = &mut package.facts;
        if (*yanked, &*deprecated) != (said.yanked, &said.deprecated) {
            (*yanked, *deprecated) = (said.yanked, said.deprecated);
            self.changed.insert(key.clone());
        }
        if let Some(reason) = said.yank_reason {
            self.yank_reasons.insert(key, reason);
        }
    }

    /// Returns whether anything was yanked or deprecated since it was locked, or is so no more.
    pub(in crate::ops) fn has_news(&self) -> bool {
        !self.changed.is_empty()
    }

    /// Returns those of the findings in this lock that are news: of versions that were yanked or deprecated since they were locked.
    pub(in crate::ops) fn news(&self, found: Vec<Finding>) -> Vec<Finding> {
        let is_news = |finding: &Finding| {
            matches!(finding.check, CheckName::Yanked | CheckName::Deprecated)
                && finding.package.as_ref().is_some_and(|key| self.changed.contains(key))
        };
        found.into_iter().filter(is_news).collect()
    }
}

/// What a registry says of a version.
struct Said {
    yanked: bool,
    yank_reason: Option<String>,
    deprecated: Option<String>,
}

fn served(graph: &Graph) -> impl Iterator<Item = (&PackageKey, &Label)> {
    let packages = graph.packages.iter();
    packages.filter_map(|(key, package)| Some((key, package.origin.as_ref().and_then(Origin::registry)?)))
}

/// Returns what the registry of a version says of it. Returns `None` if it does not have the version.
fn said(registries: &Registries, key: &PackageKey) -> std::result::Result<Option<Said>, IndexError> {
    let versions = registries.versions(&key.id)?;
    let Some(place) = versions.candidates.iter().position(|candidate| candidate.version == key.version) else {
        return Ok(None);
    };
    let candidate = &versions.candidates[place];
    let deprecated = match u32::try_from(place) {
        Ok(ordinal) if candidate.deprecated => registries.release_only(&key.id, ordinal)?.facts.deprecated.clone(),
        _ => None,
    };
    let yank_reason = yank_reason(&versions, place);
    Ok(Some(Said { yanked: candidate.yanked, yank_reason, deprecated }))
}

fn yank_reason(versions: &Versions, place: usize) -> Option<String> {
    versions.candidates.get(place)?.private.as_ref()?.yank_reason.as_deref().map(str::to_owned)
}

/// Returns why versions of a solution were yanked, where their registry says so: those that were locked before.
pub(in crate::ops) fn yank_reasons(registries: &Registries, graph: &Graph) -> BTreeMap<PackageKey, String> {
    let yanked = graph.packages.iter().filter(|(_, package)| package.facts.yanked);
    let reason = |key: &PackageKey| {
        let versions = registries.versions(&key.id).ok()?;
        let place = versions.candidates.iter().position(|candidate| candidate.version == key.version)?;
        yank_reason(&versions, place)
    };
    yanked.filter_map(|(key, _)| Some((key.clone(), reason(key)?))).collect()
}
