//! Interned names, the index's answers, and the sets of versions that requirements stand for. Everything here is a function
//! of the requirements and the index, and is kept from one run of the solver to the next.

use std::cell::{OnceCell, RefCell};
use std::collections::BTreeSet;
use std::rc::Rc;
use std::sync::Arc;

use pubgrub::VersionSet;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::model::{
    Dependent, ExtraName, Marker, PackageId, PackageKey, Platform, PythonVersion, Requirement, Version,
};

use super::index::{AgeRule, Candidate, DependencyKind, Index, IndexError, PlatformSet, Release, Versions};
use super::interned::Interned;
use super::ordinal_set::OrdinalSet;
use super::release::{Need, PreparedLine, PreparedRelease};
use super::requirements::{LineId, Requirements};
use super::variable::{ExtraIx, NodeIx, NodeOwner, PackageIx, ScopeNode};
use super::version_rules;
use super::version_table::{NoVersions, VersionTable};

/// The requirements and the index, with everything that was read or computed from them so far.
pub(super) struct Catalog<'a> {
    pub(super) requirements: &'a Requirements,
    pub(super) index: &'a dyn Index,
    pub(super) interned: Interned,
    /// The declared platforms.
    pub(super) platforms: Vec<Platform>,
    /// The declared Python.
    pub(super) python: PythonVersion,
    /// The manifests that lines are in.
    pub(super) manifests: Vec<Dependent>,
    /// The lines, with overrides applied, in the order in which they are decided.
    pub(super) lines: Vec<PreparedLine>,
    /// The places of npm's lines, by package and name.
    direct: FxHashMap<(PackageIx, PackageIx), Vec<u32>>,
    /// Packages that come from several registries: the package of each registry, and where it is the one that is meant.
    routes: FxHashMap<PackageIx, Vec<(PackageIx, PlatformSet)>>,
    /// The extras that were asked for so far.
    asked: RefCell<FxHashMap<PackageIx, BTreeSet<ExtraIx>>>,
    tables: RefCell<FxHashMap<PackageIx, Rc<VersionTable>>>,
    releases: RefCell<FxHashMap<(PackageIx, u32), Rc<PreparedRelease>>>,
    present: OnceCell<FxHashMap<PackageIx, PlatformSet>>,
    /// Under strict engines: the platforms on which a dependent, whatever its version, needs what it has under a name.
    unsupported: RefCell<FxHashMap<(NodeOwner, PackageIx), PlatformSet>>,
    /// The packages of which a cache has no version for something that was asked for.
    pub(super) unmatched: RefCell<BTreeSet<PackageIx>>,
    /// The Python packages of which something asks for versions that are only there as source.
    from_source: RefCell<FxHashSet<PackageIx>>,
    /// The versions that are only there as source and do not say what they need, with the reason that was told of the first.
    refused_sources: RefCell<FxHashMap<PackageIx, (FxHashSet<u32>, String)>>,
    /// The platforms whose own wheels were asked what a Python version needs.
    compared: RefCell<FxHashMap<(PackageIx, u32), PlatformSet>>,
}

/// How many versions that are only there as source, and do not say what they need, are fetched before no other one is: each is fetched
/// whole, and a project that has its dependencies computed now had them computed before.
const REFUSED_SOURCES: usize = 6;

/// A package that is needed where it does not run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct UnsupportedNeed {
    /// The dependent that has the package in its `node_modules`.
    pub(super) dependent: NodeOwner,
    /// The name under which it is needed.
    pub(super) alias: PackageIx,
    /// The declared platforms on which it is needed and does not run.
    pub(super) on: PlatformSet,
}

impl<'a> Catalog<'a> {
    /// Starts with the requirements, and tells the index what will be asked first.
    pub(super) fn new(requirements: &'a Requirements, index: &'a dyn Index) -> Self {
        let platforms: BTreeSet<_> = requirements.settings.platforms.iter().map(|target| target.platform).collect();
        let manifests: BTreeSet<_> = requirements.lines.iter().map(|line| line.dependent.clone()).collect();
        let mut catalog = Self {
            requirements,
            index,
            interned: Interned::default(),
            platforms: if platforms.is_empty() { vec![Platform::LinuxX64] } else { platforms.into_iter().collect() },
            python: requirements.settings.marker_python(),
            manifests: manifests.into_iter().collect(),
            lines: Vec::new(),
            direct: FxHashMap::default(),
            routes: FxHashMap::default(),
            asked: RefCell::default(),
            tables: RefCell::default(),
            releases: RefCell::default(),
            present: OnceCell::new(),
            unsupported: RefCell::default(),
            unmatched: RefCell::default(),
            from_source: RefCell::default(),
            refused_sources: RefCell::default(),
            compared: RefCell::default(),
        };
        for (package, registries) in requirements.routes.iter() {
            let base = catalog.interned.package(package.clone());
            let mut parts: Vec<(PackageIx, PlatformSet)> = Vec::new();
            for &platform in &catalog.platforms {
                let registry = registries.get(&platform).cloned().flatten();
                let part = catalog.interned.package(package.routed(registry));
                match parts.iter_mut().find(|(known, _)| *known == part) {
                    Some((_, on)) => on.insert(platform),
                    None => parts.push((part, platform.into())),
                }
            }
            catalog.routes.insert(base, parts);
        }
        catalog.lines = requirements.lines_in_order().into_iter().map(|id| catalog.prepared_line(id)).collect();
        for (place, line) in catalog.lines.iter().enumerate() {
            if let Some(need) = line.need.as_ref().filter(|need| need.requirement.ecosystem().has_scopes()) {
                let parts: Vec<_> = catalog.parts(need.package).map(|(part, _)| part).collect();
                for part in parts {
                    catalog.direct.entry((part, need.alias)).or_default().push(place as u32);
                }
            }
        }
        catalog.announce(catalog.lines.iter().filter_map(|line| line.need.as_ref()));
        catalog
    }

    fn prepared_line(&self, id: LineId) -> PreparedLine {
        let line = &self.requirements.lines[id.0 as usize];
        let manifest = self.manifests.iter().position(|manifest| *manifest == line.dependent).unwrap_or(0);
        let platforms = self.platforms_where(|platform| line.when.holds(platform, &self.python, &[]));
        PreparedLine::new(self.requirements, &self.interned, id, (manifest as u32, platforms))
    }

    /// Returns the places of the lines that ask for an npm package under a name.
    pub(super) fn lines_for(&self, package: PackageIx, alias: PackageIx) -> &[u32] {
        self.direct.get(&(package, alias)).map_or(&[], Vec::as_slice)
    }

    /// Returns the packages that a need for this one means, each with its platforms: itself on all of them, unless it comes
    /// from several registries.
    pub(super) fn parts(&self, package: PackageIx) -> impl Iterator<Item = (PackageIx, PlatformSet)> + use<'_> {
        let routed = self.routes.get(&package).map_or(&[][..], Vec::as_slice);
        let own = routed.is_empty().then_some((package, PlatformSet::ALL));
        own.into_iter().chain(routed.iter().copied())
    }

    /// Returns the packages of all registries that this one, which is of one of them, comes from; none where it comes from
    /// one.
    pub(super) fn parts_beside(&self, part: PackageIx) -> Option<&[(PackageIx, PlatformSet)]> {
        let beside = |parts: &&Vec<(PackageIx, PlatformSet)>| parts.iter().any(|(known, _)| *known == part);
        self.routes.values().find(beside).map(Vec::as_slice)
    }

    /// Returns whether a package comes from several registries.
    pub(super) fn is_routed(&self, package: PackageIx) -> bool {
        self.routes.contains_key(&package)
    }

    /// Returns the package that a need means on a platform; without one, on the first that is declared.
    pub(super) fn part(&self, package: PackageIx, platform: Option<Platform>) -> PackageIx {
        let mut parts = self.parts(package);
        let on = |&(_, on): &(PackageIx, PlatformSet)| platform.is_none_or(|platform| on.contains(platform));
        parts.find(on).map_or(package, |(part, _)| part)
    }

    /// Interns an extra that is asked for.
    pub(super) fn extra(&self, package: PackageIx, name: &ExtraName) -> ExtraIx {
        let extra = self.interned.extra(name);
        self.asked.borrow_mut().entry(package).or_default().insert(extra);
        extra
    }

    /// Returns the extras of a package that were asked for so far.
    pub(super) fn asked_extras(&self, package: PackageIx) -> BTreeSet<ExtraIx> {
        self.asked.borrow().get(&package).cloned().unwrap_or_default()
    }

    /// Returns the node of a manifest.
    pub(super) fn manifest_node(&self, manifest: u32) -> NodeIx {
        self.interned.intern_node(ScopeNode { owner: NodeOwner::Manifest(manifest), around: None })
    }

    /// Returns the node in which private packages live, and Python ones: the project's.
    pub(super) fn home(&self) -> NodeIx {
        let project = self.manifests.iter().position(|manifest| *manifest == Dependent::Project);
        self.manifest_node(project.unwrap_or(0) as u32)
    }

    /// Returns the node in which a version of a private or local package lives. A local one is one folder for all that depend
    /// on it: a member is seen from its own lines, another from those of the first manifest that asks for it, the project's
    /// before all.
    pub(super) fn home_of(&self, package: PackageIx, ordinal: u32) -> Result<NodeIx, IndexError> {
        if !self.interned.id(package).ecosystem.is_local() {
            return Ok(self.home());
        }
        let prepared = self.prepared(package, ordinal)?;
        let own = prepared.release.folder.as_ref().and_then(|folder| {
            self.manifests.iter().position(|manifest| matches!(manifest, Dependent::Member(of) if of == folder))
        });
        let asks = |line: &&PreparedLine| line.need.as_ref().is_some_and(|need| need.package == package);
        let asking = || self.lines.iter().filter(asks).map(|line| line.manifest).min();
        let manifest = own.map(|own| own as u32).or_else(asking);
        Ok(manifest.map_or_else(|| self.home(), |manifest| self.manifest_node(manifest)))
    }

    /// Returns a package with a version.
    pub(super) fn key(&self, package: PackageIx, ordinal: u32) -> Result<PackageKey, IndexError> {
        let version = self.table(package)?.candidate(ordinal).version.clone();
        Ok(PackageKey { id: self.interned.id(package), version })
    }

    /// Returns whether there is more than one platform, so that Python versions have to be tied together.
    pub(super) fn ties(&self) -> bool {
        self.platforms.len() > 1
    }

    /// Returns a package's versions. A package that does not exist has none.
    pub(super) fn table(&self, package: PackageIx) -> Result<Rc<VersionTable>, IndexError> {
        if let Some(table) = self.tables.borrow().get(&package) {
            return Ok(Rc::clone(table));
        }
        let id = self.interned.id(package);
        let (versions, missing) = match self.index.versions(&id) {
            Ok(versions) => (versions, None),
            Err(IndexError::NotFound { registry, .. }) => (Arc::default(), Some(NoVersions::In(registry))),
            Err(IndexError::Unserved(_)) => (Arc::default(), Some(NoVersions::Everywhere)),
            Err(error) => return Err(error),
        };
        let table = Rc::new(self.new_table(&id, versions, missing));
        self.tables.borrow_mut().insert(package, Rc::clone(&table));
        Ok(table)
    }

    fn new_table(&self, id: &PackageId, mut versions: Arc<Versions>, missing: Option<NoVersions>) -> VersionTable {
        let preferred = self.requirements.preferences.versions.get(id);
        let is_preferred = |version: &Version| preferred.is_some_and(|versions| versions.contains(version));
        let limits = self.requirements.settings.time_limits(id);
        let is_too_young = |candidate: &Candidate| is_preferred(&candidate.version) && !candidate.is_in_time(&limits);
        if limits.cutoff().is_some() && versions.candidates.iter().any(is_too_young) {
            // What is locked stays.
            let candidates = &mut Arc::make_mut(&mut versions).candidates;
            let locked = candidates.iter_mut().filter(|candidate| is_preferred(&candidate.version));
            locked.for_each(|candidate| candidate.age = AgeRule::Exempt);
        }
        let candidates = &versions.candidates;
        let locked: Vec<u32> =
            (0..candidates.len() as u32).filter(|&place| is_preferred(&candidates[place as usize].version)).collect();
        let rules = version_rules::of(id.ecosystem);
        let admission = rules.admission(self.requirements, id);
        let excluded = self.requirements.preferences.excluded.get(id);
        let usable = OrdinalSet::filter(0..candidates.len() as u32, |place| {
            let candidate = &candidates[place as usize];
            candidate.is_in_time(&limits)
                && excluded.is_none_or(|excluded| !excluded.contains(&candidate.version))
                && admission.as_ref().is_none_or(|one| one.admits(candidate, is_preferred(&candidate.version)))
        });
        let mut table = VersionTable::new(versions);
        table.latest = rules.latest(&table.versions, &limits);
        table.missing = missing;
        table.usable = usable;
        table.locked = locked;
        table.prereleases = admission.is_some_and(|one| one.prereleases_count_as_final());
        table
    }

    /// Returns the versions that a requirement stands for, less those that may not be chosen.
    pub(super) fn set(&self, need: &Need) -> Result<OrdinalSet, IndexError> {
        self.set_for(&need.requirement, self.part(need.package, None))
    }

    /// Returns the versions of `package` that a need of those who live in a scope stands for. A dist-tag moves from version to
    /// version, or goes: the version that is locked in its place stays, as it does with npm, unless a line asked for something else
    /// before. What is locked for `*` stays as well, a pre-release too; who comes new and asks for `*` takes what is there.
    pub(super) fn set_in_scope(
        &self,
        need: &Need,
        package: PackageIx,
        scope: NodeIx,
    ) -> Result<OrdinalSet, IndexError> {
        let set = self.set_for(&need.requirement, package)?;
        let asked_before = |tag: &str| match self.interned.node(scope).owner {
            NodeOwner::Release(..) => true,
            NodeOwner::Manifest(place) => {
                let (manifest, name) = (&self.manifests[place as usize], self.interned.id(need.alias).name);
                self.requirements.preferences.tags.contains(&(manifest.clone(), name, tag.to_owned()))
            }
        };
        if !(need.requirement.tag().is_some_and(asked_before) || need.requirement.keeps_any_version()) {
            return Ok(set);
        }
        let table = self.table(package)?;
        let locked = match self.locked_in_scope(&table, scope, need.alias)? {
            None if need.requirement.keeps_any_version() => self.locked_around(&table, need.alias)?,
            locked => locked,
        };
        Ok(match locked.filter(|ordinal| table.usable.contains(ordinal)) {
            Some(ordinal) => set.union(&OrdinalSet::singleton(ordinal)),
            None => set,
        })
    }

    /// Returns the version that is locked for those who live in a scope, under a name.
    pub(super) fn locked_in_scope(
        &self,
        table: &VersionTable,
        scope: NodeIx,
        alias: PackageIx,
    ) -> Result<Option<u32>, IndexError> {
        let (preferences, name) = (&self.requirements.preferences, self.interned.id(alias).name);
        let version = match self.interned.node(scope).owner {
            NodeOwner::Manifest(place) => preferences.lines.get(&(self.manifests[place as usize].clone(), name)),
            NodeOwner::Release(dependent, ordinal) => preferences.edges.get(&(self.key(dependent, ordinal)?, name)),
        };
        let is_it = |&ordinal: &u32| version.is_some_and(|version| table.candidate(ordinal).version == *version);
        Ok(table.locked.iter().copied().find(is_it))
    }

    /// Returns the locked version that who comes new finds, as npm has it on top: the project's own, or the only one there is.
    fn locked_around(&self, table: &VersionTable, alias: PackageIx) -> Result<Option<u32>, IndexError> {
        let own = self.locked_in_scope(table, self.home(), alias)?;
        Ok(own.or(match table.locked[..] {
            [only] => Some(only),
            _ => None,
        }))
    }

    /// Returns the versions of `package` that a requirement's range stands for; the package is another than the
    /// requirement's own where an alias provides a peer.
    pub(super) fn set_for(&self, requirement: &Requirement, package: PackageIx) -> Result<OrdinalSet, IndexError> {
        let table = self.table(package)?;
        let set = table.usable_of(&requirement.range(), || self.admitted(requirement, &table.versions));
        if set.is_empty() && table.versions.cached {
            self.unmatched.borrow_mut().insert(package);
        }
        Ok(set)
    }

    /// Returns the versions that a requirement's range stands for, whether they may be chosen or not.
    pub(super) fn admitted(&self, requirement: &Requirement, versions: &Versions) -> OrdinalSet {
        version_rules::of(requirement.ecosystem()).admitted(requirement, versions, &self.requirements.settings)
    }

    /// Returns what a version needs, with overrides and extensions applied.
    pub(super) fn prepared(&self, package: PackageIx, ordinal: u32) -> Result<Rc<PreparedRelease>, IndexError> {
        if let Some(prepared) = self.releases.borrow().get(&(package, ordinal)) {
            return Ok(Rc::clone(prepared));
        }
        let id = self.interned.id(package);
        let release = self.index.release(&id, ordinal)?;
        let prepared = Rc::new(PreparedRelease::new(
            &self.requirements.settings,
            &self.interned,
            &self.key(package, ordinal)?,
            &release,
        ));
        // What only an extra or an optional peer asks for is not asked for yet.
        self.announce(prepared.needs.iter().filter(|need| {
            need.kind != DependencyKind::OptionalPeer && self.holds_on(&need.requirement, &[]) != PlatformSet::NONE
        }));
        self.releases.borrow_mut().insert((package, ordinal), Rc::clone(&prepared));
        Ok(prepared)
    }

    /// Returns what was looked at of releases so far.
    pub(super) fn looked_at(&self) -> Vec<((PackageIx, u32), Rc<PreparedRelease>)> {
        self.releases.borrow().iter().map(|(key, prepared)| (*key, Rc::clone(prepared))).collect()
    }

    /// Notes that each platform's wheel of a version is asked. Returns the platforms asked so far and now, or `None` if all
    /// were before.
    pub(super) fn note_compared(&self, version: (PackageIx, u32), platforms: PlatformSet) -> Option<PlatformSet> {
        let mut told = self.compared.borrow_mut();
        let told = told.entry(version).or_default();
        if platforms.without(*told) == PlatformSet::NONE {
            return None;
        }
        *told = told.union(platforms);
        Some(*told)
    }

    /// Replaces what a version needs. Returns `false` if that is nothing new.
    pub(super) fn replace(&self, version: (PackageIx, u32), release: &Arc<Release>) -> Result<bool, IndexError> {
        let (package, ordinal) = version;
        let before = self.prepared(package, ordinal)?;
        let is_same = |a: &Release, b: &Release| {
            (&a.dependencies, &a.declared_on, &a.extras) == (&b.dependencies, &b.declared_on, &b.extras)
        };
        if is_same(&before.release, release) {
            return Ok(false);
        }
        let prepared =
            PreparedRelease::new(&self.requirements.settings, &self.interned, &self.key(package, ordinal)?, release);
        self.releases.borrow_mut().insert(version, Rc::new(prepared));
        Ok(true)
    }

    /// Returns the declared platforms on which a local package is asked for, by lines and by other local packages.
    pub(super) fn present_on(&self, package: PackageIx) -> Result<PlatformSet, IndexError> {
        if self.present.get().is_none() {
            let _ = self.present.set(self.local_packages()?);
        }
        Ok(self.present.get().and_then(|present| present.get(&package)).copied().unwrap_or_default())
    }

    fn local_packages(&self) -> Result<FxHashMap<PackageIx, PlatformSet>, IndexError> {
        let mut present: FxHashMap<PackageIx, PlatformSet> = FxHashMap::default();
        let asked = self.lines.iter().filter_map(|line| Some((line.need.as_ref()?, line.platforms)));
        let mut open: Vec<(Need, PlatformSet)> = asked.map(|(need, on)| (need.clone(), on)).collect();
        while let Some((need, on)) = open.pop() {
            let on = on.intersection(self.holds_on(&need.requirement, &[]));
            let known = present.get(&need.package).copied().unwrap_or_default();
            let is_local = need.requirement.ecosystem().is_local();
            if !is_local || on.without(known) == PlatformSet::NONE {
                continue;
            }
            let on = on.union(known);
            present.insert(need.package, on);
            open.extend(self.prepared(need.package, 0)?.needs.iter().map(|need| (need.clone(), on)));
        }
        Ok(present)
    }

    /// Returns the versions of a set that can be installed on a platform: those with a wheel for it, and those that are only
    /// there as source, if some requirement of the package leaves no others.
    pub(super) fn installable(
        &self,
        package: PackageIx,
        table: &VersionTable,
        set: &OrdinalSet,
        platform: Platform,
    ) -> OrdinalSet {
        let with_wheels = set.intersection(table.with_wheels(platform));
        if !table.is_never_built() && !self.from_source.borrow().contains(&package) {
            return with_wheels;
        }
        with_wheels.union(&set.intersection(table.source_only()))
    }

    /// Notes whether a requirement, which stands for `set`, leaves only versions of which there is nothing but source.
    pub(super) fn note_source(&self, package: PackageIx, table: &VersionTable, set: &OrdinalSet) {
        if set.subset_of(table.without_wheels()) && !table.is_never_built() && !set.is_disjoint(table.source_only()) {
            self.from_source.borrow_mut().insert(package);
        }
    }

    /// Returns for how many packages source counts.
    pub(super) fn count_from_source(&self) -> usize {
        self.from_source.borrow().len()
    }

    /// Returns why a version that is only there as source is refused unread: several before it were, and each would be fetched whole.
    pub(super) fn refused_unread(&self, package: PackageIx, ordinal: u32) -> Result<Option<String>, IndexError> {
        let is_read = self.releases.borrow().contains_key(&(package, ordinal));
        if is_read || !self.table(package)?.candidate(ordinal).is_source_only() {
            return Ok(None);
        }
        let refused = self.refused_sources.borrow();
        Ok(refused
            .get(&package)
            .filter(|(versions, _)| versions.len() >= REFUSED_SOURCES)
            .map(|(_, reason)| reason.clone()))
    }

    /// Notes that a version was refused, if it is only there as source and does not say what it needs.
    pub(super) fn note_refused(
        &self,
        (package, ordinal): (PackageIx, u32),
        prepared: &PreparedRelease,
        reason: &str,
    ) -> Result<(), IndexError> {
        let is_silent = prepared.is_silent(&self.interned.id(package));
        if is_silent && self.table(package)?.candidate(ordinal).is_source_only() {
            let mut refused = self.refused_sources.borrow_mut();
            let (versions, _) = refused.entry(package).or_insert_with(|| (FxHashSet::default(), reason.to_owned()));
            versions.insert(ordinal);
        }
        Ok(())
    }

    /// Notes what is needed where it does not run, so that another version is chosen. Returns `false` if all of it is
    /// known already.
    pub(super) fn refuse_unsupported(&self, found: Vec<UnsupportedNeed>) -> bool {
        let mut known = self.unsupported.borrow_mut();
        let mut is_new = false;
        for UnsupportedNeed { dependent, alias, on } in found {
            let known = known.entry((dependent.of_any_version(), alias)).or_default();
            is_new |= on.without(*known) != PlatformSet::NONE;
            *known = known.union(on);
        }
        is_new
    }

    /// Returns the platforms on which `dependent` was found to need what it has under a name, though some version of that
    /// does not run there.
    pub(super) fn must_run_on(&self, dependent: NodeOwner, alias: PackageIx) -> PlatformSet {
        self.unsupported.borrow().get(&(dependent.of_any_version(), alias)).copied().unwrap_or_default()
    }

    /// Announces to the index which packages will be asked for next.
    pub(super) fn announce<'n>(&self, needs: impl Iterator<Item = &'n Need>) {
        let wanted: Vec<_> =
            needs.filter(|need| !self.is_routed(need.package)).map(|need| need.requirement.clone()).collect();
        if !wanted.is_empty() {
            self.index.prefetch(&wanted);
        }
    }

    /// Returns the declared platforms on which a need is there with these extras of its dependent.
    pub(super) fn need_holds_on(&self, need: &Need, extras: &[ExtraName]) -> PlatformSet {
        self.holds_on(&need.requirement, extras)
            .intersection(need.declared_on)
            .intersection(self.where_holds(&need.when, extras))
    }

    /// Returns the declared platforms on which a requirement is asked for with these extras of its dependent.
    pub(super) fn holds_on(&self, requirement: &Requirement, extras: &[ExtraName]) -> PlatformSet {
        requirement.marker().map_or(PlatformSet::ALL, |marker| self.where_holds(marker, extras))
    }

    fn where_holds(&self, marker: &Marker, extras: &[ExtraName]) -> PlatformSet {
        if marker.is_always() {
            return PlatformSet::ALL;
        }
        self.platforms_where(|platform| marker.holds(platform, &self.python, extras))
    }

    fn platforms_where(&self, holds: impl Fn(Platform) -> bool) -> PlatformSet {
        let platforms = self.platforms.iter().copied().filter(|&platform| holds(platform));
        platforms.fold(PlatformSet::NONE, |all, platform| all.union(platform.into()))
    }
}
