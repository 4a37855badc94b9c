//! A small world in memory, and what is expected of the resolver in it.

mod explain;
mod lines;
mod npm;
mod picks;
mod private;
mod property;
mod pypi;
mod sharing;
mod types;
mod unavoidable;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use crate::model::{
    Dependent, Ecosystem, ExtraName, InstanceKey, Marker, NpmPeers, PackageId, PackageName, Platform, PythonVersion,
    Requirement, Routes, Settings, TargetPlatform, Version,
};
use crate::resolve::{
    Candidate, Chosen, Dependency, DependencyKind, EXTENSIONS_EDITION, Index, IndexError, NoSolution, PlatformSet,
    Preferences, PrivateTraits, Release, RequiredLine, Requirements, Resolution, ResolveError, Versions, Wants,
    resolve,
};

/// An index that is written down, with the problem that is posed to it.
struct World {
    packages: BTreeMap<PackageId, Vec<(Candidate, Release)>>,
    tags: BTreeMap<PackageId, BTreeMap<String, String>>,
    lines: Vec<RequiredLine>,
    settings: Settings,
    preferences: Preferences,
    routes: Routes,
    prefetched: Mutex<usize>,
    asked: Mutex<Vec<PackageId>>,
    read: Mutex<BTreeSet<String>>,
    systems: BTreeMap<(PackageId, Version, Platform), (u32, u32)>,
    wheels: Vec<(PackageId, Version, Platform, Vec<String>)>,
    told_apart: Mutex<Vec<Vec<Chosen>>>,
}

impl World {
    fn new() -> Self {
        let settings = Settings {
            platforms: vec![TargetPlatform::new(Platform::LinuxX64)],
            node: Some("22".into()),
            python: Some("3.12".parse::<PythonVersion>().unwrap()),
            ..Settings::default()
        };
        Self {
            packages: BTreeMap::new(),
            tags: BTreeMap::new(),
            lines: Vec::new(),
            settings,
            preferences: Preferences::default(),
            routes: Routes::default(),
            prefetched: Mutex::new(0),
            asked: Mutex::default(),
            read: Mutex::default(),
            systems: BTreeMap::new(),
            wheels: Vec::new(),
            told_apart: Mutex::default(),
        }
    }

    fn strict(mut self) -> Self {
        self.settings.npm_peers = NpmPeers::Strict;
        self
    }

    /// Follows this larder's own edition of the built-in package extensions and the rules beside them.
    fn newest(mut self) -> Self {
        self.settings.package_extensions = EXTENSIONS_EDITION;
        self
    }

    fn platforms(mut self, platforms: &[Platform]) -> Self {
        self.settings.platforms = platforms.iter().copied().map(TargetPlatform::new).collect();
        self
    }

    /// Adds `npm a@1.0.0` or `pypi a@1.0`, with what it needs, written as [`need`] reads it.
    fn has(self, what: &str, needs: &[&str]) -> Self {
        self.has_with(what, needs, |_, _| {})
    }

    fn has_with(mut self, what: &str, needs: &[&str], change: impl FnOnce(&mut Candidate, &mut Release)) -> Self {
        let (id, version) = key(what);
        let mut candidate = Candidate::new(version);
        let mut release =
            Release { dependencies: needs.iter().map(|text| need(id.ecosystem, text)).collect(), ..Release::default() };
        let features: BTreeSet<_> = release.dependencies.iter().flat_map(|one| one.when.extras()).collect();
        if !features.is_empty() {
            let features = features.into_iter().collect();
            candidate.private = Some(Box::new(PrivateTraits { features, ..PrivateTraits::default() }));
        }
        change(&mut candidate, &mut release);
        let known = self.packages.entry(id).or_default();
        known.push((candidate, release));
        known.sort_by(|a, b| a.0.version.cmp(&b.0.version));
        self
    }

    /// Makes the wheel that `pypi a@1.0` has for a platform need something else.
    fn has_wheel(mut self, what: &str, platform: Platform, needs: &[&str]) -> Self {
        let (id, version) = key(what);
        self.wheels.push((id, version, platform, needs.iter().map(|&text| text.to_owned()).collect()));
        self
    }

    /// Makes `pypi a@1.0` have a wheel for a platform whose system is at least that new.
    fn wheel_for(mut self, what: &str, platform: Platform, system: (u32, u32)) -> Self {
        let (id, version) = key(what);
        self.systems.insert((id, version, platform), system);
        self
    }

    fn tag(mut self, package: &str, tag: &str, version: &str) -> Self {
        let id = PackageId::new(Ecosystem::Npm, PackageName::npm(package).unwrap());
        self.tags.entry(id).or_default().insert(tag.to_owned(), version.to_owned());
        self
    }

    fn asks(self, line: &str) -> Self {
        self.asks_with(line, |_| {})
    }

    /// Adds a line: `npm a ^1`, `pypi a>=1`.
    fn asks_with(mut self, line: &str, change: impl FnOnce(&mut RequiredLine)) -> Self {
        let (ecosystem, text) = line.split_once(' ').unwrap();
        let mut line = RequiredLine {
            dependent: Dependent::Project,
            group: None,
            requirement: requirement(ecosystem.parse().unwrap(), text),
            optional: false,
            when: Marker::default(),
            prereleases: false,
        };
        change(&mut line);
        self.lines.push(line);
        self
    }

    /// Locks `npm a@1.0.0`.
    fn locked(mut self, what: &str) -> Self {
        let (id, version) = key(what);
        self.preferences.versions.entry(id).or_default().insert(version);
        self
    }

    fn resolve(&self) -> Result<Resolution, ResolveError> {
        let requirements = Requirements {
            lines: self.lines.clone(),
            settings: self.settings.clone(),
            preferences: self.preferences.clone(),
            routes: self.routes.clone(),
        };
        resolve(&requirements, self)
    }

    fn solved(&self) -> Resolution {
        match self.resolve() {
            Ok(resolution) => resolution,
            Err(ResolveError::NoSolution(why)) => panic!("no solution: {:#?}", why.because),
            Err(error) => panic!("{error}"),
        }
    }

    fn unsolved(&self) -> NoSolution {
        match self.resolve() {
            Err(ResolveError::NoSolution(why)) => *why,
            other => panic!("expected a contradiction, got {other:?}"),
        }
    }

    /// Expects exactly these packages.
    #[track_caller]
    fn gives(&self, packages: &[&str]) {
        let found: Vec<_> = self.solved().graph.packages.keys().map(ToString::to_string).collect();
        assert_eq!(found, packages);
    }

    /// Expects exactly these instances.
    #[track_caller]
    fn gives_instances(&self, instances: &[&str]) {
        let found: Vec<_> = self.solved().graph.instances.keys().map(ToString::to_string).collect();
        assert_eq!(found, instances);
    }

    /// Returns the edges of the one instance of that name: `a→npm:b@1.0.0`.
    fn edges(&self, instance: &str) -> Vec<String> {
        let graph = self.solved().graph;
        let named = |key: &&InstanceKey| key.to_string() == instance;
        let key = graph.instances.keys().find(named).unwrap_or_else(|| panic!("{instance} is not there"));
        graph.instances[key].edges.iter().map(|edge| format!("{}→{}", edge.name, edge.to)).collect()
    }
}

impl Index for World {
    fn versions(&self, package: &PackageId) -> Result<Arc<Versions>, IndexError> {
        self.asked.lock().unwrap().push(package.clone());
        let Some(known) = self.packages.get(package) else {
            return Err(IndexError::NotFound { package: package.clone(), registry: "home".parse().unwrap() });
        };
        let tags = self.tags.get(package).into_iter().flatten().map(|(tag, version)| {
            let place = known.iter().position(|(candidate, _)| candidate.version.to_string() == *version).unwrap();
            (tag.clone(), u32::try_from(place).unwrap())
        });
        Ok(Arc::new(Versions {
            origin: Some(crate::model::Origin::Registry("home".parse().unwrap())),
            candidates: known.iter().map(|(candidate, _)| candidate.clone()).collect(),
            tags: tags.collect(),
            cached: false,
        }))
    }

    fn release(&self, package: &PackageId, ordinal: u32) -> Result<Arc<Release>, IndexError> {
        let (candidate, release) = &self.packages[package][ordinal as usize];
        self.read.lock().unwrap().insert(format!("{package}@{}", candidate.version));
        Ok(Arc::new(release.clone()))
    }

    fn prefetch(&self, requirements: &[Requirement]) {
        *self.prefetched.lock().unwrap() += requirements.len();
    }

    fn prefetch_releases(&self, _: &PackageId, ordinals: &[u32]) {
        *self.prefetched.lock().unwrap() += ordinals.len();
    }

    fn by_platform(&self, chosen: &[Chosen]) -> Result<Vec<Option<Arc<Release>>>, IndexError> {
        self.told_apart.lock().unwrap().push(chosen.to_vec());
        let one = |chosen: &Chosen| {
            let (candidate, release) = &self.packages[&chosen.package][chosen.ordinal as usize];
            let mut release = release.clone();
            let mut differs = false;
            release.declared_on = vec![PlatformSet::ALL; release.dependencies.len()];
            for (id, version, platform, needs) in &self.wheels {
                if *id == chosen.package && *version == candidate.version && chosen.platforms.contains(*platform) {
                    differs = true;
                    for on in &mut release.declared_on {
                        *on = on.without((*platform).into());
                    }
                    release.dependencies.extend(needs.iter().map(|text| need(id.ecosystem, text)));
                    release.declared_on.resize(release.dependencies.len(), (*platform).into());
                }
            }
            differs.then(|| Arc::new(release))
        };
        Ok(chosen.iter().map(one).collect())
    }

    fn oldest_system(&self, package: &PackageId, ordinal: u32, platform: Platform) -> Option<(u32, u32)> {
        let version = self.packages[package][ordinal as usize].0.version.clone();
        self.systems.get(&(package.clone(), version, platform)).copied()
    }
}

/// Parses `npm a@1.0.0`.
fn key(what: &str) -> (PackageId, Version) {
    let (ecosystem, what) = what.split_once(' ').unwrap();
    let ecosystem: Ecosystem = ecosystem.parse().unwrap();
    let (name, version) = what.rsplit_once('@').unwrap();
    let id = PackageId::new(ecosystem, PackageName::parse(ecosystem, name).unwrap());
    (id, Version::parse(ecosystem, version).unwrap())
}

/// Parses `a ^1`, `opt a ^1`, `peer a ^1`, `peer? a ^1`, `pypi: a>=1`, `git a`, `+feature a ^1`.
fn need(ecosystem: Ecosystem, text: &str) -> Dependency {
    let (when, text) = match text.strip_prefix('+').and_then(|rest| rest.split_once(' ')) {
        Some((feature, rest)) => (Marker::of_extra(&feature.parse().unwrap()), rest),
        None => (Marker::default(), text),
    };
    let (kind, text) = match text.split_once(' ') {
        Some(("opt", rest)) => (DependencyKind::Optional, rest),
        Some(("peer", rest)) => (DependencyKind::Peer, rest),
        Some(("peer?", rest)) => (DependencyKind::OptionalPeer, rest),
        _ => (DependencyKind::Normal, text),
    };
    if let Some(name) = text.strip_prefix("git ") {
        let name = PackageName::parse(ecosystem, name).unwrap();
        let (text, reason) = ("git+ssh://x".to_owned(), "git dependencies are refused".to_owned());
        return Dependency::new(kind, Wants::Unsupported { name, text, reason });
    }
    let (ecosystem, text) = match text.split_once(": ") {
        Some((other, text)) => (other.parse().unwrap(), text),
        None => (ecosystem, text),
    };
    Dependency { when, ..Dependency::new(kind, Wants::Requirement(requirement(ecosystem, text))) }
}

/// Parses `a ^1`, `a npm:b@^1`, `a[x]>=1; marker`, or of a private package `beta a[x,-default] ^1`.
fn requirement(ecosystem: Ecosystem, text: &str) -> Requirement {
    match ecosystem {
        Ecosystem::Creatio => {
            let (name, range) = text.split_once(' ').unwrap_or((text, ""));
            Requirement::creatio(PackageName::parse(ecosystem, name).unwrap(), range.parse().unwrap())
        }
        Ecosystem::Npm => {
            let (alias, range) = text.split_once(' ').unwrap_or((text, "*"));
            let (name, range) = match range.strip_prefix("npm:") {
                Some(renamed) => renamed.rsplit_once('@').unwrap(),
                None => (alias, range),
            };
            Requirement::Npm {
                alias: PackageName::npm(alias).unwrap(),
                name: PackageName::npm(name).unwrap(),
                range: range.parse().unwrap(),
            }
        }
        Ecosystem::Pypi => {
            let (head, marker) = text.split_once(';').unwrap_or((text, ""));
            let end = head.find(|c: char| !(c.is_ascii_alphanumeric() || "._-".contains(c))).unwrap_or(head.len());
            let (name, mut rest) = head.split_at(end);
            let mut extras: Vec<ExtraName> = Vec::new();
            if let Some((inside, after)) = rest.trim().strip_prefix('[').and_then(|rest| rest.split_once(']')) {
                extras = inside.split(',').map(|extra| extra.parse().unwrap()).collect();
                rest = after;
            }
            Requirement::Pypi {
                name: PackageName::pypi(name).unwrap(),
                extras,
                specifier: rest.trim().parse().unwrap(),
                marker: if marker.is_empty() { Marker::default() } else { marker.trim().parse().unwrap() },
            }
        }
        Ecosystem::Larder => {
            let (beta, text) = text.strip_prefix("beta ").map_or((false, text), |text| (true, text));
            let (name, range) = text.split_once(' ').unwrap();
            let (name, asked) = name.trim_end_matches(']').split_once('[').unwrap_or((name, ""));
            let mut features: BTreeSet<&str> = asked.split(',').filter(|feature| !feature.is_empty()).collect();
            if !features.remove("-default") {
                features.insert("default");
            }
            let requirement = Requirement::larder(PackageName::npm(name).unwrap(), range.parse().unwrap());
            requirement.with_features(features.into_iter().map(|feature| feature.parse().unwrap()), beta)
        }
        Ecosystem::Path => {
            let (name, marker) = text.split_once(';').unwrap_or((text, ""));
            let marker = if marker.is_empty() { Marker::default() } else { marker.trim().parse().unwrap() };
            let name_of = |text: &str| PackageName::npm(text).unwrap();
            Requirement::Path { alias: name_of(name), name: name_of(name), folder: name.into(), marker }
        }
        Ecosystem::Archive => unreachable!("tools have no dependents"),
    }
}

/// Makes a version have wheels for some platforms only.
fn wheels_for(platforms: &[Platform]) -> impl FnOnce(&mut Candidate, &mut Release) + '_ {
    move |candidate, _| {
        candidate.wheels = PlatformSet::NONE;
        for &platform in platforms {
            candidate.wheels.insert(platform);
        }
    }
}
