//! The dependencies of versions and manifest lines, after overrides and extensions.

use std::fmt;
use std::sync::Arc;

use crate::model::{
    Dependent, Dropped, Edition, Marker, NpmPeers, NpmRange, PackageId, PackageKey, PackageName, Platform, Requirement,
    Settings,
};

use super::index::{Dependency, DependencyKind, PlatformSet, Release, Wants};
use super::interned::Interned;
use super::package_extensions::{self, ExtensionDependency};
use super::requirements::{LineId, Requirements, RuleId};
use super::variable::PackageIx;
use super::version_rules;

/// A dependency of a version or of a manifest line, after overrides and extensions.
#[derive(Clone, Debug)]
pub(super) struct Need {
    pub(super) kind: DependencyKind,
    pub(super) requirement: Requirement,
    /// The package that is asked for.
    pub(super) package: PackageIx,
    /// The name under which the dependent sees it, interned as if it were a package.
    pub(super) alias: PackageIx,
    pub(super) origin: NeedOrigin,
    /// The line of `resolution` because of which this is asked for: metadata asks for something else, or for nothing.
    pub(super) rule: Option<RuleId>,
    /// The platforms whose wheels declare it.
    pub(super) declared_on: PlatformSet,
    /// The condition beside the requirement's own: of private packages, which may name a feature of the dependent.
    pub(super) when: Marker,
}

/// Who asks for a need.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NeedOrigin {
    /// Metadata, a manifest line, an override or an `extend` line.
    Declared,
    /// A built-in package extension; it is not in the metadata.
    Extension,
    /// A declared peer, whose types these are; they are not in the metadata, and any version will do.
    TypesOfPeer,
}

/// A manifest line.
#[derive(Clone, Debug)]
pub(super) struct PreparedLine {
    /// The line's place in the requirements.
    pub(super) id: LineId,
    /// The place of its manifest.
    pub(super) manifest: u32,
    /// The dependency. `None` if an override removed it.
    pub(super) need: Option<Need>,
    /// Whether the line may be left out if nothing matches.
    pub(super) optional: bool,
    /// The declared platforms on which it holds.
    pub(super) platforms: PlatformSet,
}

/// A release with its needs in the order of its metadata.
#[derive(Debug)]
pub(super) struct PreparedRelease {
    pub(super) release: Arc<Release>,
    pub(super) needs: Vec<Need>,
    /// Whether any need is a peer. If so, the scope around the version is part of its node.
    pub(super) has_peers: bool,
    /// Optional needs that can never be met.
    pub(super) lost: Vec<Dropped>,
    /// Why the version cannot be chosen.
    pub(super) refused: Option<String>,
}

impl Need {
    fn new(interned: &Interned, kind: DependencyKind, requirement: Requirement) -> Self {
        let id = requirement.package();
        let alias = interned.package(PackageId::new(id.ecosystem, requirement.seen_as().clone()));
        let (package, declared_on) = (interned.package(id), PlatformSet::ALL);
        let when = Marker::default();
        Self { kind, package, alias, origin: NeedOrigin::Declared, rule: None, requirement, declared_on, when }
    }

    /// Returns what a dependent asks for after overrides. `None` where it is removed, or the platform provides it.
    fn after_overrides(
        (settings, interned): PreparationContext<'_>,
        parent: Option<&PackageName>,
        kind: DependencyKind,
        asked: Requirement,
    ) -> Option<Self> {
        let (requirement, rule) = overridden(settings, parent, asked)?;
        let is_provided = settings.instance.provides(&requirement);
        (!is_provided).then(|| Self { rule, ..Self::new(interned, kind, requirement) })
    }

    /// Returns whether it is a peer, optional or not.
    pub(super) fn is_peer(&self) -> bool {
        self.kind.is_peer()
    }
}

impl PreparedLine {
    /// Prepares a line of the manifest at the place `manifest`, which holds on these platforms.
    pub(super) fn new(
        requirements: &Requirements,
        interned: &Interned,
        id: LineId,
        (manifest, platforms): (u32, PlatformSet),
    ) -> Self {
        let line = &requirements.lines[id.0 as usize];
        let kind = if line.optional { DependencyKind::Optional } else { DependencyKind::Normal };
        let need = Need::after_overrides((&requirements.settings, interned), None, kind, line.requirement.clone());
        Self { id, manifest, need, optional: line.optional, platforms }
    }

    /// Returns whether the line holds anywhere.
    pub(super) fn holds(&self, platforms: &[Platform]) -> bool {
        platforms.iter().any(|&platform| self.platforms.contains(platform))
    }
}

/// The overrides and extensions, and the numbers of packages.
type PreparationContext<'a> = (&'a Settings, &'a Interned);

impl PreparedRelease {
    /// Applies extensions, then overrides, then npm's precedence: an optional dependency is no plain one, and what is
    /// a dependency is no peer. The peers that are left bring the optional peers on their types.
    pub(super) fn new(settings: &Settings, interned: &Interned, key: &PackageKey, release: &Arc<Release>) -> Self {
        let id = &key.id;
        let context = (settings, interned);
        let mut prepared =
            Self { release: Arc::clone(release), needs: Vec::new(), has_peers: false, lost: Vec::new(), refused: None };
        for (place, Dependency { kind, wants, when }) in release.dependencies.iter().enumerate() {
            let before = prepared.needs.len();
            match wants {
                Wants::Requirement(requirement) if !when.is_always() => {
                    let need = Need::after_overrides(context, Some(&id.name), *kind, requirement.clone());
                    prepared.needs.extend(need.map(|need| Need { when: when.clone(), ..need }));
                }
                Wants::Requirement(requirement) => prepared.add(context, id, *kind, (requirement.clone(), None)),
                // On other platforms than the declared ones it asks for nothing.
                Wants::Unsupported { .. } if !settings.can_hold(when) => {}
                Wants::Source { requirement, source, text } => {
                    let (name, range) = (requirement.seen_as().clone(), text.clone());
                    let reason = why_refused(source.kind());
                    prepared.add_unsupported(context, id, *kind, Dropped { name, range, reason });
                }
                Wants::Unsupported { name, text, reason } => {
                    let (name, range, reason) = (name.clone(), text.clone(), reason.clone());
                    prepared.add_unsupported(context, id, *kind, Dropped { name, range, reason });
                }
            }
            if let Some(&on) = release.declared_on.get(place) {
                prepared.needs.iter_mut().skip(before).for_each(|need| need.declared_on = on);
            }
        }
        for (place, extension) in settings.extensions.iter().enumerate() {
            let added = &extension.dependency;
            let declared = |need: &Need| !need.is_peer() && need.requirement.seen_as() == added.seen_as();
            if extension.package.is_same(id) && !prepared.needs.iter().any(declared) {
                let rule = RuleId::Extension(place as u32);
                prepared.add(context, id, DependencyKind::Normal, (added.clone(), Some(rule)));
            }
        }
        prepared.add_extensions(context, key);
        prepared.add_types_of_peers(context, id);
        let asks = prepared.refused.take();
        let unprovided = release.dependencies.iter().find_map(|dependency| match &dependency.wants {
            Wants::Requirement(requirement) => unprovided(settings, &id.name, requirement),
            Wants::Source { .. } | Wants::Unsupported { .. } => None,
        });
        let unfit = version_rules::unfit(settings, id.ecosystem, &release.facts);
        prepared.refused = unfit.or(unprovided).or(asks);
        prepared.has_peers = prepared.needs.iter().any(Need::is_peer);
        prepared
    }

    /// Adds the dependencies that the built-in package extensions list for this version.
    fn add_extensions(&mut self, context: PreparationContext<'_>, key: &PackageKey) {
        if !key.id.ecosystem.has_scopes() {
            return;
        }
        for entry in package_extensions::of(key.id.name.as_str(), context.0.package_extensions) {
            if !entry.versions.parse::<NpmRange>().is_ok_and(|range| key.version.is_in_range(&range)) {
                continue;
            }
            for ExtensionDependency { package, range, kind } in entry.adds {
                let (Ok(name), Ok(range)) = (PackageName::npm(package), range.parse()) else { continue };
                // An optional peer is found where somebody provides it. What is listed is loaded in any case.
                let declares = |need: &Need| {
                    *need.requirement.seen_as() == name
                        && (need.kind != DependencyKind::OptionalPeer || *kind == DependencyKind::OptionalPeer)
                };
                if self.needs.iter().any(declares) {
                    continue;
                }
                self.add(context, &key.id, *kind, (Requirement::npm(name.clone(), name.clone(), range), None));
                let added =
                    self.needs.iter_mut().find(|need| *need.requirement.seen_as() == name && need.kind == *kind);
                if let Some(need) = added {
                    need.origin = NeedOrigin::Extension;
                }
            }
        }
    }

    /// Adds an optional peer on the types of each peer, as Yarn does: what this version says of `react` in its own types, it
    /// says of the `@types/react` that its dependents use.
    fn add_types_of_peers(&mut self, context: PreparationContext<'_>, id: &PackageId) {
        if context.0.package_extensions < Edition::TYPES_OF_PEERS {
            return;
        }
        let Ok(any) = "*".parse::<NpmRange>() else { return };
        let peers = self.needs.iter().filter(|need| need.is_peer() && need.requirement.ecosystem().has_scopes());
        let types: Vec<PackageName> = peers.filter_map(|need| need.requirement.seen_as().definitely_typed()).collect();
        for name in types {
            if self.needs.iter().any(|need| *need.requirement.seen_as() == name) {
                continue;
            }
            let before = self.needs.len();
            let types = Requirement::npm(name.clone(), name, any.clone());
            self.add(context, id, DependencyKind::OptionalPeer, (types, None));
            self.needs.iter_mut().skip(before).for_each(|need| need.origin = NeedOrigin::TypesOfPeer);
        }
    }

    /// Adds what metadata asks for, or a line of `resolution`, which is given with it.
    fn add(
        &mut self,
        context: PreparationContext<'_>,
        id: &PackageId,
        kind: DependencyKind,
        (requirement, rule): (Requirement, Option<RuleId>),
    ) {
        let Some(need) = Need::after_overrides(context, Some(&id.name), kind, requirement) else { return };
        let need = Need { rule: need.rule.or(rule), ..need };
        if !need.requirement.ecosystem().has_scopes() {
            self.needs.push(need);
            return;
        }
        match self.needs.iter_mut().find(|known| known.alias == need.alias) {
            Some(known) if precedence(known.kind) < precedence(kind) => *known = need,
            Some(_) => {}
            None => self.needs.push(need),
        }
    }

    /// Returns whether the version does not say what it needs: what it lacks itself is said of its own name.
    pub(super) fn is_silent(&self, id: &PackageId) -> bool {
        let is_own =
            |dependency: &Dependency| matches!(&dependency.wants, Wants::Unsupported { name, .. } if *name == id.name);
        self.release.dependencies.iter().any(is_own)
    }

    /// Adds a dependency that larder cannot resolve. An override may replace it, and an optional one is left out; any other rules the
    /// version out.
    fn add_unsupported(
        &mut self,
        (settings, interned): PreparationContext<'_>,
        id: &PackageId,
        kind: DependencyKind,
        asked: Dropped,
    ) {
        let wanted = PackageId::new(id.ecosystem, asked.name.clone());
        if let Some((place, found)) = settings.override_of(Some(&id.name), &wanted, None) {
            if let Some(replacement) = found.replacement.clone() {
                let need = Need::new(interned, kind, replacement.seen_under(&asked.name));
                self.needs.push(Need { rule: Some(RuleId::Override(place as u32)), ..need });
            }
            return;
        }
        let strict = settings.npm_peers == NpmPeers::Strict;
        match kind {
            DependencyKind::OptionalPeer => {}
            DependencyKind::Optional => self.lost.push(asked),
            DependencyKind::Peer if !strict => self.lost.push(asked),
            DependencyKind::Normal | DependencyKind::Peer => {
                let Dropped { name, range, reason } = asked;
                // What a version lacks itself is said of its own name.
                let why =
                    if name == id.name { reason } else { format!("it asks for {name} as `{range}`, and {reason}") };
                self.refused.get_or_insert(why);
            }
        }
    }
}

/// A dependency on a package from outside of registries, which nothing lets its dependent bring.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedSource {
    /// The name under which it is asked for.
    pub name: PackageName,
    /// What is asked for, as written: `git+https://…`.
    pub text: String,
    /// The kind of the place: `git`.
    pub kind: &'static str,
}

impl fmt::Display for RefusedSource {
    /// Writes what is said of its dependent: ``asks for x as `git+https://…`, and packages may not …``.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "asks for {} as `{}`, and {}", self.name, self.text, why_refused(self.kind))
    }
}

/// Returns the first dependency that rules a version out because it is a package from outside of registries.
pub fn refused_source(settings: &Settings, id: &PackageId, release: &Release) -> Option<RefusedSource> {
    let is_optional = |name: &PackageName| {
        let mut all = release.dependencies.iter();
        all.any(|one| one.kind == DependencyKind::Optional && one.wants.seen_as() == name)
    };
    release.dependencies.iter().filter(|one| one.kind == DependencyKind::Normal).find_map(|dependency| {
        let Wants::Source { requirement, source, text } = &dependency.wants else { return None };
        let name = requirement.seen_as();
        let wanted = PackageId::new(id.ecosystem, name.clone());
        if settings.transitive.admit(source)
            || is_optional(name)
            || settings.override_of(Some(&id.name), &wanted, None).is_some()
        {
            return None;
        }
        Some(RefusedSource { name: name.clone(), text: text.clone(), kind: source.kind() })
    })
}

/// Returns why a package may not bring others from a kind of place.
fn why_refused(kind: &str) -> String {
    format!("packages may not bring others by {kind}, unless `transitive \"{kind}\"` under `resolution` lets them")
}

fn precedence(kind: DependencyKind) -> u8 {
    match kind {
        DependencyKind::OptionalPeer => 0,
        DependencyKind::Peer => 1,
        DependencyKind::Normal => 2,
        DependencyKind::Optional => 3,
    }
}

/// Returns what is asked for after overrides, with the one that applies. `None` where it is removed.
fn overridden(
    settings: &Settings,
    parent: Option<&PackageName>,
    asked: Requirement,
) -> Option<(Requirement, Option<RuleId>)> {
    Some(match settings.override_for(parent, &asked) {
        Some((place, found)) => (found.replacement.clone()?.in_place_of(asked), Some(RuleId::Override(place as u32))),
        None => (asked, None),
    })
}

/// Returns why a dependent cannot be used with what the platform provides.
fn unprovided(settings: &Settings, dependent: &PackageName, asked: &Requirement) -> Option<String> {
    let (asked, _) = overridden(settings, Some(dependent), asked.clone())?;
    let provided = settings.instance.contradicts(&asked)?;
    Some(format!("it asks for {} {}, and the instance provides {provided}", asked.name(), asked.range_text()))
}

/// Returns how a manifest is called in messages.
pub(super) fn manifest_name(manifest: &Dependent) -> String {
    match manifest {
        Dependent::Project => "the project".to_owned(),
        Dependent::Member(folder) => format!("member {folder}"),
    }
}
