//! Which versions of the managed runtimes are locked.

use super::error::RuntimeError;
use crate::model::{LockedRuntime, ManagedRuntime, Platform, RuntimeKey, RuntimeName, RuntimeVersion, Runtimes};
use crate::ops::registries;
use crate::ops::session::release;
use crate::ops::{Project, Result, Session};
use crate::registry::{CachePolicy, ChosenRuntimes, Registries, RuntimeOffer, choose_runtimes};

/// Whether locked runtimes stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(in crate::ops) enum RuntimeChoice {
    /// They stay, as far as they are what the manifest wants.
    #[default]
    Keep,
    /// The newest are chosen.
    Newest,
}

/// Chooses the versions of the managed runtimes. Nothing is asked where the lock has all of them.
pub(in crate::ops) fn choose(
    session: &Session<'_>,
    project: &Project,
    old: Option<&Runtimes>,
    choice: RuntimeChoice,
) -> Result<Runtimes> {
    let mut runtimes = Runtimes::default();
    let platforms: Vec<Platform> = project.manifest.settings.platforms.iter().map(|target| target.platform).collect();
    let mut registries = None;
    for (name, rule) in project.manifest.settings.managed.iter() {
        let kept = match (old, choice) {
            (Some(old), RuntimeChoice::Keep) => kept(old, name, rule, &platforms),
            _ => Runtimes::default(),
        };
        let missing: Vec<Platform> =
            platforms.iter().copied().filter(|platform| kept.on(name, *platform).is_none()).collect();
        if missing.is_empty() {
            runtimes.0.extend(kept.0);
            continue;
        }
        let registries = match &registries {
            Some(opened) => opened,
            None => registries.insert(registries::open(session, project, CachePolicy::default())?),
        };
        let search = Search { project, registries, name, rule };
        let chosen = match search.like_kept(&kept, &missing)? {
            Some(chosen) => chosen,
            // One version for all: those that are there move too.
            None if rule.exact => search.newest(&platforms)?,
            None => search.newest(&missing)?,
        };
        if !(rule.exact && kept.0.keys().any(|key| !chosen.contains_key(&key.version))) {
            runtimes.0.extend(kept.0);
        }
        search.add(&mut runtimes, chosen)?;
    }
    if let Some(registries) = registries {
        release(registries);
    }
    Ok(runtimes)
}

/// What the source of a managed runtime has.
pub(in crate::ops) struct NewestRuntime {
    /// The runtime.
    pub(in crate::ops) name: RuntimeName,
    /// The newest version that the manifest admits.
    pub(in crate::ops) admitted: RuntimeVersion,
    /// The newest of all.
    pub(in crate::ops) of_all: Option<RuntimeVersion>,
}

/// Asks the sources of the managed runtimes for their newest versions.
pub(in crate::ops) fn newest(project: &Project, registries: &Registries) -> Result<Vec<NewestRuntime>> {
    let settings = &project.manifest.settings;
    let platforms: Vec<Platform> = settings.platforms.iter().map(|target| target.platform).collect();
    let mut found = Vec::new();
    for (name, rule) in settings.managed.iter() {
        let search = Search { project, registries, name, rule };
        let offers = search.offers(&platforms)?;
        let chosen = search.choose(&platforms, &offers)?;
        let of_all = offers.iter().map(|offer| offer.version).max();
        found.extend(chosen.into_keys().max().map(|admitted| NewestRuntime { name, admitted, of_all }));
    }
    Ok(found)
}

/// Returns what a lock has of a runtime that is still wanted.
fn kept(old: &Runtimes, name: RuntimeName, rule: &ManagedRuntime, platforms: &[Platform]) -> Runtimes {
    let fitting = old
        .0
        .iter()
        .filter(|(key, runtime)| key.name == name && rule.admits(key.version) && runtime.source == rule.source);
    let wanted = fitting.filter_map(|(key, runtime)| {
        let mut runtime = runtime.clone();
        runtime.artifacts.retain(|archive| archive.platforms.iter().any(|platform| platforms.contains(platform)));
        (!runtime.artifacts.is_empty()).then_some((*key, runtime))
    });
    let kept = Runtimes(wanted.collect());
    if rule.exact && kept.0.len() > 1 { Runtimes::default() } else { kept }
}

/// A runtime whose source is asked.
struct Search<'a> {
    project: &'a Project,
    registries: &'a Registries,
    name: RuntimeName,
    rule: &'a ManagedRuntime,
}

impl Search<'_> {
    /// Chooses, for platforms that are new, a version that others have. Returns `None` if there is none for all of them.
    fn like_kept(&self, kept: &Runtimes, missing: &[Platform]) -> Result<Option<ChosenRuntimes>> {
        for version in kept.0.keys().rev().map(|key| key.version) {
            let rule = ManagedRuntime { lowest: version, fixed: 3, ..*self.rule };
            let offers = self.registries.runtime_offers(self.name, &rule, missing)?;
            if let Ok(chosen) = choose_runtimes(&rule, missing, &offers) {
                return Ok(Some(chosen));
            }
        }
        Ok(None)
    }

    fn newest(&self, platforms: &[Platform]) -> Result<ChosenRuntimes> {
        self.choose(platforms, &self.offers(platforms)?)
    }

    fn offers(&self, platforms: &[Platform]) -> Result<Vec<RuntimeOffer>> {
        Ok(self.registries.runtime_offers(self.name, self.rule, platforms)?)
    }

    fn choose(&self, platforms: &[Platform], offers: &[RuntimeOffer]) -> Result<ChosenRuntimes> {
        choose_runtimes(self.rule, platforms, offers)
            .map_err(|reason| RuntimeError::new(self.project, (self.name, self.rule), platforms, reason).into())
    }

    /// Adds chosen versions, with the digests of their archives.
    fn add(&self, runtimes: &mut Runtimes, chosen: ChosenRuntimes) -> Result<()> {
        for (version, mut archives) in chosen {
            let key = RuntimeKey { name: self.name, version };
            let publisher = self.registries.complete_runtime(key, self.rule.source, &mut archives)?;
            if let Some(archive) = archives.iter().find(|archive| archive.digest.is_none()) {
                return Err(RuntimeError::without_digest(self.project, key, &archive.file).into());
            }
            let source = self.rule.source;
            let locked =
                runtimes.0.entry(key).or_insert(LockedRuntime { source, publisher: None, artifacts: Vec::new() });
            locked.publisher = publisher.or(locked.publisher.take());
            locked.artifacts.extend(archives);
            locked.artifacts.sort();
        }
        Ok(())
    }
}
