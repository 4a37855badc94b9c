//! What a lockfile chose.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::{Map, Value};

use crate::model::{Dependent, Digest, Ecosystem, PackageId, PackageKey, PackageName, Version};
use crate::resolve::Preferences;

use super::places::LockedPlace;

/// The ecosystem whose lockfiles tell where packages lie.
const ECOSYSTEM: Ecosystem = Ecosystem::OF_NODE;

/// The digest of a file of a package, as a lockfile has it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PublishedDigest {
    /// The file's name. `None` if the package has one file only, or the lockfile does not tell.
    pub file: Option<String>,
    /// Its digest.
    pub digest: Digest,
}

/// The versions that lockfiles chose, with the digests of their files.
#[derive(Clone, Debug, Default)]
pub struct LockedVersions {
    /// The folder of the lockfile, relative to the root.
    folder: String,
    /// Versions of each package.
    versions: BTreeMap<PackageId, BTreeSet<Version>>,
    /// Versions that a package has under a name, each with how many copies of the package have it so.
    edges: BTreeMap<(PackageKey, PackageName), BTreeMap<Version, usize>>,
    /// What versions under names are, where the packages have other names.
    aliased: BTreeMap<(PackageName, Version), PackageKey>,
    /// Versions that a manifest has under a name.
    lines: BTreeMap<(Dependent, PackageName), Version>,
    /// The edges of further lockfiles where those differ: they are no preferences.
    other_edges: BTreeMap<(PackageKey, PackageName), BTreeSet<Version>>,
    /// Packages of which an environment has one version, and of which further lockfiles have others.
    disputed: BTreeSet<PackageId>,
    /// Those of the edges that may be missing: optional dependencies.
    optional_edges: BTreeSet<(PackageKey, PackageName)>,
    /// Those of the edges that the lockfile tells to be peers, optional ones among them.
    peers: BTreeSet<(PackageKey, PackageName)>,
    /// Those of the edges that are optional peers.
    optional_peers: BTreeMap<(PackageKey, PackageName), Version>,
    /// Those of the optional peers that copies have by their own links, and not for want of a closer one.
    bound_peers: BTreeSet<(PackageKey, PackageName)>,
    digests: BTreeMap<PackageKey, BTreeSet<PublishedDigest>>,
    /// Where packages came from, as far as lockfiles tell.
    places: BTreeMap<PackageKey, BTreeSet<LockedPlace>>,
    /// Whether packages may come from elsewhere than from there.
    may_change_places: bool,
    /// Packages that are archives of the checkout.
    archives: BTreeSet<PackageKey>,
    /// Packages of which a version has a source distribution only.
    source_only: BTreeSet<PackageId>,
    /// The packages that bring executables, by the names of these.
    executables: BTreeMap<String, BTreeSet<PackageName>>,
    /// The packages in the `node_modules` of the lockfile's own folder, by the names that files find them under.
    on_top: BTreeMap<PackageName, PackageKey>,
    /// The names under which packages of registries have members of the project.
    linked: BTreeSet<PackageName>,
    /// The ecosystems of which a lockfile has every package.
    whole: BTreeSet<Ecosystem>,
    leaves_peers_out: bool,
    /// Whether hooks of the project change what packages declare.
    has_hooks: bool,
    /// Names under which packages have what is no package of a registry.
    foreign_edges: BTreeSet<(PackageKey, PackageName)>,
}

impl LockedVersions {
    /// Returns one for a lockfile in a folder, relative to the root; it is empty for the root itself.
    pub(super) fn new(folder: &str) -> Self {
        Self { folder: folder.trim_matches('/').to_owned(), ..Self::default() }
    }

    /// Notes a version of an npm package, if name and version are those of a registry: a folder or a repository is none.
    pub fn add_npm(&mut self, name: &str, version: &str) -> Option<PackageKey> {
        self.add(ECOSYSTEM, name, version)
    }

    /// Notes an npm package that is an archive of the checkout.
    pub(super) fn add_archive(&mut self, name: &str, version: &str) -> Option<PackageKey> {
        let key = self.add_npm(name, version)?;
        self.archives.insert(key.clone());
        Some(key)
    }

    /// Notes a version of a Python package.
    pub(super) fn add_pypi(&mut self, name: &str, version: &str) -> Option<PackageKey> {
        self.add(Ecosystem::OF_PYTHON, name, version)
    }

    fn add(&mut self, ecosystem: Ecosystem, name: &str, version: &str) -> Option<PackageKey> {
        let name = PackageName::parse(ecosystem, name).ok()?;
        let key = PackageKey { id: PackageId::new(ecosystem, name), version: Version::parse(ecosystem, version).ok()? };
        self.versions.entry(key.id.clone()).or_default().insert(key.version.clone());
        Some(key)
    }

    /// Notes the digest of a file of a package.
    pub(super) fn add_digest(&mut self, key: &PackageKey, file: Option<&str>, digest: Digest) {
        let digest = PublishedDigest { file: file.map(str::to_owned), digest };
        self.digests.entry(key.clone()).or_default().insert(digest);
    }

    /// Notes the digests of npm's `integrity`; one that cannot be read says nothing.
    pub(super) fn add_integrity(&mut self, key: &PackageKey, integrity: &str) {
        for digest in Digest::from_sri(integrity).unwrap_or_default() {
            self.add_digest(key, None, digest);
        }
    }

    /// Notes where a package came from.
    pub(super) fn add_place(&mut self, key: &PackageKey, place: LockedPlace) {
        self.places.entry(key.clone()).or_default().insert(place);
    }

    /// Returns where packages came from, as far as lockfiles tell.
    pub fn places(&self) -> impl Iterator<Item = (&PackageKey, &BTreeSet<LockedPlace>)> {
        self.places.iter()
    }

    /// Lets packages come from elsewhere than lockfiles say.
    #[must_use]
    pub fn from_anywhere(mut self, may_change_places: bool) -> Self {
        self.may_change_places |= may_change_places;
        self
    }

    /// Returns whether packages may come from elsewhere than lockfiles say.
    pub fn may_change_places(&self) -> bool {
        self.may_change_places
    }

    /// Notes the executables of a package, an object with their names as package.json's `bin` has it.
    pub(super) fn add_executables(&mut self, key: &PackageKey, bin: &Value) {
        for name in bin.as_object().into_iter().flat_map(Map::keys) {
            self.executables.entry(name.clone()).or_default().insert(key.id.name.clone());
        }
    }

    /// Notes a version in the `node_modules` of the lockfile's own folder.
    pub(super) fn add_on_top(&mut self, alias: &str, key: &PackageKey) {
        if let Ok(alias) = PackageName::npm(alias) {
            self.on_top.insert(alias, key.clone());
        }
    }

    /// Notes what a copy of a package has under a name.
    pub(in crate::import) fn add_edge(&mut self, from: &PackageKey, alias: &str, to: &PackageKey) {
        let Ok(alias) = PackageName::npm(alias) else { return };
        self.note_alias(&alias, to);
        *self.edges.entry((from.clone(), alias)).or_default().entry(to.version.clone()).or_default() += 1;
    }

    /// Notes that a package goes without what it has under a name, where that does not run.
    pub(super) fn note_optional(&mut self, from: &PackageKey, alias: &str) {
        if let Ok(alias) = PackageName::npm(alias) {
            self.optional_edges.insert((from.clone(), alias));
        }
    }

    /// Notes that what a package has under a name is a peer.
    pub(super) fn note_peer(&mut self, from: &PackageKey, alias: &str) {
        if let Ok(alias) = PackageName::npm(alias) {
            self.peers.insert((from.clone(), alias));
        }
    }

    /// Notes what a copy of a package has as an optional peer.
    pub(super) fn add_optional_peer(&mut self, from: &PackageKey, alias: &str, to: &PackageKey) {
        self.add_edge(from, alias, to);
        if let Ok(alias) = PackageName::npm(alias) {
            self.optional_peers.insert((from.clone(), alias), to.version.clone());
        }
    }

    /// Notes that a copy of a package has a link of its own to an optional peer.
    pub(super) fn note_bound_peer(&mut self, from: &PackageKey, alias: &str) {
        if let Ok(alias) = PackageName::npm(alias) {
            self.bound_peers.insert((from.clone(), alias));
        }
    }

    /// Returns whether a copy of a package has a link of its own to an optional peer.
    pub fn is_bound_peer(&self, from: &PackageKey, alias: &PackageName) -> bool {
        self.bound_peers.contains(&(from.clone(), alias.clone()))
    }

    /// Notes what the manifest in a folder, relative to the lockfile's, has under a name.
    pub(super) fn add_line(&mut self, folder: &str, alias: &str, to: &PackageKey) {
        self.add_line_of(&self.dependent(folder), alias, to);
    }

    /// Notes what a manifest has under a name.
    pub(super) fn add_line_of(&mut self, dependent: &Dependent, alias: &str, to: &PackageKey) {
        let Ok(alias) = PackageName::npm(alias) else { return };
        self.note_alias(&alias, to);
        self.lines.insert((dependent.clone(), alias), to.version.clone());
    }

    fn note_alias(&mut self, alias: &PackageName, to: &PackageKey) {
        if to.id.name != *alias {
            self.aliased.insert((alias.clone(), to.version.clone()), to.clone());
        }
    }

    /// Returns the manifest in a folder, relative to the lockfile's.
    pub(super) fn dependent(&self, folder: &str) -> Dependent {
        let folder = folder.trim_start_matches("./").trim_matches('/');
        match (&*self.folder, folder) {
            ("", "" | ".") => Dependent::Project,
            ("", folder) => Dependent::Member(Arc::from(folder)),
            (own, "" | ".") => Dependent::Member(Arc::from(own)),
            (own, folder) => Dependent::Member(Arc::from(format!("{own}/{folder}"))),
        }
    }

    /// Adds what another lockfile chose. What both know stays as it is here.
    pub fn merge(&mut self, other: Self) {
        for (id, versions) in other.versions {
            if !id.ecosystem.has_scopes() && self.versions.get(&id).is_some_and(|first| *first != versions) {
                self.disputed.insert(id.clone());
            }
            self.versions.entry(id).or_default().extend(versions);
        }
        self.disputed.extend(other.disputed);
        for (edge, versions) in other.edges {
            if let Some(first) = self.edges.get(&edge).filter(|first| !first.keys().eq(versions.keys())) {
                let further = versions.into_keys().filter(|version| !first.contains_key(version));
                self.other_edges.entry(edge).or_default().extend(further);
            } else {
                self.edges.entry(edge).or_insert(versions);
            }
        }
        for (edge, versions) in other.other_edges {
            self.other_edges.entry(edge).or_default().extend(versions);
        }
        self.aliased.extend(other.aliased);
        self.optional_edges.extend(other.optional_edges);
        self.peers.extend(other.peers);
        for (line, version) in other.lines {
            self.lines.entry(line).or_insert(version);
        }
        for (key, digests) in other.digests {
            self.digests.entry(key).or_default().extend(digests);
        }
        for (key, places) in other.places {
            self.places.entry(key).or_default().extend(places);
        }
        self.may_change_places |= other.may_change_places;
        for (peer, version) in other.optional_peers {
            self.optional_peers.entry(peer).or_insert(version);
        }
        self.bound_peers.extend(other.bound_peers);
        self.source_only.extend(other.source_only);
        self.archives.extend(other.archives);
        for (name, key) in other.on_top {
            self.on_top.entry(name).or_insert(key);
        }
        for (name, packages) in other.executables {
            self.executables.entry(name).or_default().extend(packages);
        }
        self.linked.extend(other.linked);
        self.whole.extend(other.whole);
        self.leaves_peers_out |= other.leaves_peers_out;
        self.has_hooks |= other.has_hooks;
        self.foreign_edges.extend(other.foreign_edges);
    }

    /// Notes a name under which a package of a registry has a member of the project.
    pub(super) fn add_linked(&mut self, alias: &str) {
        self.linked.extend(PackageName::parse(ECOSYSTEM, alias));
    }

    /// Returns the names under which packages of registries have members of the project.
    pub fn linked(&self) -> impl Iterator<Item = &PackageName> {
        self.linked.iter()
    }

    /// Notes that the tool that wrote a lockfile leaves missing peers out.
    pub(super) fn leave_peers_out(&mut self) {
        self.leaves_peers_out = true;
    }

    /// Returns whether a tool that wrote a lockfile leaves missing peers out.
    pub fn leaves_peers_out(&self) -> bool {
        self.leaves_peers_out
    }

    /// Notes that hooks of the project change what packages declare.
    pub(super) fn note_hooks(&mut self) {
        self.has_hooks = true;
    }

    /// Returns whether hooks of the project change what packages declare.
    pub fn has_hooks(&self) -> bool {
        self.has_hooks
    }

    /// Notes that a package has something under a name that is no package of a registry.
    pub(super) fn note_foreign(&mut self, from: &PackageKey, alias: &str) {
        if let Ok(alias) = PackageName::npm(alias) {
            self.foreign_edges.insert((from.clone(), alias));
        }
    }

    /// Returns whether a copy of a package has anything under a name.
    pub fn has_edge(&self, from: &PackageKey, alias: &PackageName) -> bool {
        let edge = (from.clone(), alias.clone());
        self.edges.contains_key(&edge) || self.foreign_edges.contains(&edge)
    }

    /// Returns whether what a copy of a package has under a name is no package of a registry.
    pub fn has_foreign_edge(&self, from: &PackageKey, alias: &PackageName) -> bool {
        self.foreign_edges.contains(&(from.clone(), alias.clone()))
    }

    /// Notes that what is known is everything: no file with pins of a few packages, but a lockfile.
    pub(super) fn be_whole(&mut self) {
        self.whole = self.versions.keys().map(|id| id.ecosystem).collect();
    }

    /// Returns whether a package is known, or would be if it had been chosen.
    pub fn covers(&self, id: &PackageId) -> bool {
        self.whole.contains(&id.ecosystem) || self.versions.contains_key(id)
    }

    /// Returns the packages of which a version has a source distribution only.
    pub fn source_only(&self) -> impl Iterator<Item = &PackageId> {
        self.source_only.iter()
    }

    /// Notes that a version has nothing but a source distribution.
    pub(super) fn add_source_only(&mut self, key: &PackageKey) {
        self.source_only.insert(key.id.clone());
    }

    /// Returns whether nothing is known.
    pub fn is_empty(&self) -> bool {
        self.versions.is_empty()
    }

    /// Returns whether the manifest of `dependent` has an npm package under a name.
    pub fn has_line(&self, dependent: &Dependent, alias: &str) -> bool {
        PackageName::npm(alias).is_ok_and(|alias| self.lines.contains_key(&(dependent.clone(), alias)))
    }

    /// Returns the version that the manifest of `dependent` has under a name.
    pub fn line(&self, dependent: &Dependent, alias: &PackageName) -> Option<&Version> {
        self.lines.get(&(dependent.clone(), alias.clone()))
    }

    /// Returns the package that a version under a name is.
    fn target(&self, alias: &PackageName, version: &Version) -> PackageKey {
        let same = || PackageKey { id: PackageId::new(ECOSYSTEM, alias.clone()), version: version.clone() };
        self.aliased.get(&(alias.clone(), version.clone())).cloned().unwrap_or_else(same)
    }

    /// Returns which npm packages have something under which names.
    pub fn npm_edges(&self) -> impl Iterator<Item = (&PackageKey, &PackageName)> {
        self.edges.keys().map(|(from, name)| (from, name))
    }

    /// Returns whether a lockfile tells that what a package has under a name is a peer.
    pub fn is_peer(&self, from: &PackageKey, alias: &PackageName) -> bool {
        self.peers.contains(&(from.clone(), alias.clone()))
    }

    /// Returns whether a lockfile tells that a package goes without what it has under a name, where that does not run.
    pub fn is_optional_edge(&self, from: &PackageKey, alias: &PackageName) -> bool {
        self.optional_edges.contains(&(from.clone(), alias.clone()))
    }

    /// Returns whether a package is an archive of the checkout.
    pub fn is_archive(&self, key: &PackageKey) -> bool {
        self.archives.contains(key)
    }

    /// Returns the packages that copies of a package have under a name.
    pub fn targets(&self, from: &PackageKey, alias: &PackageName) -> impl Iterator<Item = PackageKey> {
        self.versions_of_edge(from, alias).map(|version| self.target(alias, version))
    }

    /// Returns the names that manifests, or packages that these lead to, ask for other than as optional peers, each with the versions that
    /// they have.
    fn asked_for(&self) -> BTreeSet<(&PackageName, &Version)> {
        let mut below: BTreeMap<&PackageKey, Vec<_>> = BTreeMap::new();
        for (edge, versions) in self.edges.iter().filter(|(edge, _)| !self.optional_peers.contains_key(edge)) {
            below.entry(&edge.0).or_default().push((&edge.1, versions));
        }
        let mut asked: BTreeSet<_> = self.lines.iter().map(|((_, alias), version)| (alias, version)).collect();
        let mut open: Vec<PackageKey> =
            self.lines.iter().map(|((_, alias), version)| self.target(alias, version)).collect();
        let mut seen: BTreeSet<PackageKey> = BTreeSet::new();
        while let Some(key) = open.pop() {
            if !seen.insert(key.clone()) {
                continue;
            }
            for (alias, versions) in below.get(&key).into_iter().flatten() {
                asked.extend(versions.keys().map(|version| (*alias, version)));
                open.extend(versions.keys().map(|version| self.target(alias, version)));
            }
        }
        asked
    }

    /// Returns whether packages ask for a name, and each of them goes without.
    pub fn is_optional(&self, name: &str) -> bool {
        let Ok(name) = PackageName::npm(name) else { return false };
        let mut asking = self.edges.keys().filter(|(_, alias)| *alias == name).peekable();
        asking.peek().is_some()
            && asking.all(|edge| self.optional_edges.contains(edge))
            && !self.lines.keys().any(|(_, alias)| *alias == name)
    }

    /// Returns the packages that bring an executable, where the lockfile tells; the one that is called like it comes first.
    pub fn owners_of_executable(&self, name: &str) -> Vec<&PackageName> {
        let mut owners: Vec<_> = self.executables.get(name).into_iter().flatten().collect();
        owners.sort_by_key(|owner| owner.as_str() != name);
        owners
    }

    /// Returns the names of the npm packages.
    pub fn npm_names(&self) -> impl Iterator<Item = &str> {
        self.versions.keys().filter(|id| id.ecosystem == ECOSYSTEM).map(|id| id.name.as_str())
    }

    /// Returns the locked versions of an npm package.
    pub fn npm_versions(&self, name: &str) -> Option<&BTreeSet<Version>> {
        self.versions.get(&PackageId::new(ECOSYSTEM, PackageName::npm(name).ok()?))
    }

    /// Returns the versions that copies of an npm package have under a name.
    pub fn npm_versions_below(&self, parent: &str, alias: &PackageName) -> Vec<&Version> {
        let below = self.edges.iter().filter(|((key, name), _)| key.id.name.as_str() == parent && name == alias);
        below.flat_map(|(_, versions)| versions.keys()).collect()
    }

    /// Returns the versions that manifests have under a name.
    pub fn versions_of_lines(&self, alias: &PackageName) -> Vec<&Version> {
        self.lines.iter().filter(|((_, name), _)| name == alias).map(|(_, version)| version).collect()
    }

    /// Returns what npm packages have below them, to be asked often.
    pub fn npm_tree(&self) -> NpmTree<'_> {
        let mut tree = NpmTree::default();
        for ((from, alias), versions) in &self.edges {
            let name = |version| {
                self.aliased.get(&(alias.clone(), version)).map_or(alias.as_str(), |key| key.id.name.as_str())
            };
            let parent = from.id.name.as_str();
            tree.names.entry(parent).or_default().extend(versions.keys().cloned().map(name));
            tree.versions.entry((parent, alias.as_str())).or_default().extend(versions.keys());
        }
        tree
    }

    /// Returns the names of the npm packages that have something under a name.
    pub fn npm_parents(&self, alias: &PackageName) -> BTreeSet<&str> {
        self.edges.keys().filter(|(_, name)| name == alias).map(|(key, _)| key.id.name.as_str()).collect()
    }

    /// Returns the versions that copies of a package have under a name, in whatever lockfile.
    pub fn versions_of_edge(&self, from: &PackageKey, alias: &PackageName) -> impl Iterator<Item = &Version> {
        let edge = (from.clone(), alias.clone());
        let others = self.other_edges.get(&edge).into_iter().flatten();
        self.edges.get(&edge).into_iter().flat_map(BTreeMap::keys).chain(others)
    }

    /// Returns the version of a package that files in the lockfile's folder find, whether they declare it or not, where that is known. `None`
    /// where another package lies there under its name.
    pub fn found_on_top(&self, name: &str) -> Option<&Version> {
        let name = PackageName::npm(name).ok()?;
        match self.on_top.get(&name) {
            Some(key) => (key.id.name == name).then_some(&key.version),
            None => self.npm_versions(name.as_str()).filter(|all| all.len() == 1).and_then(BTreeSet::first),
        }
    }

    /// Returns the versions of each package.
    pub fn packages(&self) -> &BTreeMap<PackageId, BTreeSet<Version>> {
        &self.versions
    }

    /// Returns whether lockfiles have different versions of a package of which an environment has one.
    pub fn is_disputed(&self, id: &PackageId) -> bool {
        self.disputed.contains(id)
    }

    /// Returns the digests of the files of a version.
    pub fn digests(&self, key: &PackageKey) -> impl Iterator<Item = &PublishedDigest> {
        self.digests.get(key).into_iter().flatten()
    }

    /// Returns what a solve is to prefer. Where copies of one version have different versions under a name, that of most
    /// copies counts, the higher one of two equals.
    pub fn preferences(&self) -> Preferences {
        let most = |versions: &BTreeMap<Version, usize>| {
            versions.iter().max_by_key(|(version, copies)| (**copies, *version)).map(|(version, _)| version.clone())
        };
        Preferences {
            versions: self.versions.clone(),
            edges: self.edges.iter().filter_map(|(edge, versions)| Some((edge.clone(), most(versions)?))).collect(),
            lines: self.lines.clone(),
            source_only: self.source_only.clone(),
            ..Preferences::default()
        }
    }
}

/// What npm packages have below them, by their names.
#[derive(Debug, Default)]
pub struct NpmTree<'l> {
    names: BTreeMap<&'l str, BTreeSet<&'l str>>,
    versions: BTreeMap<(&'l str, &'l str), BTreeSet<&'l Version>>,
}

impl<'l> NpmTree<'l> {
    /// Returns the names of the packages that a package leads to, itself among them; none if it has nothing below it.
    pub fn names_below(&self, parent: &str) -> BTreeSet<&'l str> {
        let first = self.names.get_key_value(parent).map(|(name, _)| *name);
        let (mut open, mut seen) = (Vec::from_iter(first), BTreeSet::new());
        while let Some(name) = open.pop() {
            if seen.insert(name) {
                open.extend(self.names.get(name).into_iter().flatten());
            }
        }
        seen
    }

    /// Returns the versions that copies of a package have under a name.
    pub fn versions_below(&self, parent: &str, alias: &PackageName) -> Vec<&'l Version> {
        self.versions.get(&(parent, alias.as_str())).into_iter().flatten().copied().collect()
    }
}

/// An optional peer that packages have though nothing else asks for it. A tool that has once installed one keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RememberedPeer<'a> {
    /// The name of the package whose peer it is.
    pub dependent: &'a PackageName,
    /// The peer's name.
    pub name: &'a PackageName,
    /// The versions that copies of the package have it in.
    pub versions: BTreeSet<&'a Version>,
}

/// Returns the optional peers that lockfiles of one repository alone remember: nothing asks for them, or for them in another version.
pub fn remembered_peers<'a>(all: impl Iterator<Item = &'a LockedVersions> + Clone) -> Vec<RememberedPeer<'a>> {
    let asked: BTreeSet<(&PackageName, &Version)> = all.clone().flat_map(LockedVersions::asked_for).collect();
    let mut found: BTreeMap<(&PackageName, &PackageName), BTreeSet<&Version>> = BTreeMap::new();
    for ((from, name), version) in all.flat_map(|locked| &locked.optional_peers) {
        found.entry((&from.id.name, name)).or_default().insert(version);
    }
    let is_remembered = |((_, name), versions): &((_, &'a PackageName), BTreeSet<&'a Version>)| {
        versions.iter().any(|version| !asked.contains(&(*name, *version)))
    };
    let peer = |((dependent, name), versions)| RememberedPeer { dependent, name, versions };
    found.into_iter().filter(is_remembered).map(peer).collect()
}
