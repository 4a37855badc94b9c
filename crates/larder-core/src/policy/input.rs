//! The input of a check: a lock or a part of it, and what else is known about it.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;

use crate::advisory::Vulnerability;
use crate::license::LicenseFact;
use crate::lock::{Closure, Lockfile, Selection};
use crate::manifest::{Environment, Registry};
use crate::model::{Edge, InstanceKey, Label, Package, PackageId, PackageKey};
use crate::provenance::{ProvenanceVerdict, SignatureVerdict};
use crate::resolve::{HeldBack, Mismatch, RequiredLine, TooYoung, Warning};

/// A lock or a part of it. Unknown facts are empty, and checks that need them find nothing.
#[derive(Clone, Debug)]
pub struct CheckInput<'a> {
    /// The lock.
    pub lock: &'a Lockfile,
    /// The closures of an environment, one for each platform. `None` for the whole lock.
    pub closures: Option<&'a [Closure<'a>]>,
    /// The registries of the manifest.
    pub registries: &'a [Registry],
    /// The lines of the manifests as they are now. A line that was widened since leaves the lock fresh.
    pub lines: &'a [RequiredLine],
    /// The environments of the manifest, whose policies name what is found.
    pub environments: &'a [Environment],
    /// Warnings about the names and modules of the project's own folders.
    pub local_warnings: &'a [String],
    /// Warnings about the project's own folders whose `engines.node` excludes the declared Node.
    pub engine_mismatches: Vec<String>,
    /// The lock that this one replaces. Some checks report only packages that it does not have.
    pub previous: Option<&'a Lockfile>,
    /// Facts known only to the solve that produced the lock.
    pub solve: Option<&'a SolveNotes>,
    /// Differences between the lock and its registries' metadata, if they were compared.
    pub mismatches: &'a [Mismatch],
    /// What is known of vulnerabilities, if it was looked up.
    pub advisories: Option<&'a KnownVulnerabilities>,
    /// What is known of the packages' licenses, if it was read.
    pub licenses: Option<&'a BTreeMap<PackageKey, LicenseFact>>,
    /// What is known of when packages were published, if it was looked up.
    pub published: Option<&'a PublicationTimes>,
    /// What the registries' signatures of packages are worth, if they were judged.
    pub signatures: Option<&'a BTreeMap<PackageKey, SignatureVerdict>>,
    /// What is known of who built packages, if it was looked up.
    pub provenance: Option<&'a BTreeMap<PackageKey, ProvenanceVerdict>>,
    /// The direct dependencies that nothing in the checkout names, if it was looked through.
    pub unused: Option<&'a [UnusedLine]>,
    /// The score of the dependencies' health, if it was computed.
    pub health: Option<u8>,
    /// Why versions were yanked, where their registries were asked and say so.
    pub yank_reasons: Option<&'a BTreeMap<PackageKey, String>>,
}

/// What is known of when the packages of a lock were published.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PublicationTimes {
    /// The time of each package; `None` if its registry does not tell. Packages whose age does not matter are left out.
    pub times: BTreeMap<PackageKey, Option<Timestamp>>,
    /// The time by which packages are old enough or not.
    pub now: Timestamp,
}

/// A direct dependency that nothing in the checkout names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct UnusedLine {
    /// What the line was locked to.
    pub package: PackageKey,
    /// Whose manifest has the line: `larder.kdl`, or a member's folder.
    pub manifest: String,
    /// Whether its files were looked into. Where they are not on this machine, nothing is known of its modules and executables.
    pub is_known: bool,
}

/// What is known of the vulnerabilities of a lock.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KnownVulnerabilities {
    /// The vulnerabilities of locked packages, in the order of the packages.
    pub found: Vec<Vulnerability>,
    /// The sources of advisories of which nothing is here: they may know more.
    pub missing: Vec<String>,
    /// The day, by which an `until` is over or not.
    pub today: Date,
}

/// Facts about a lock that only its solve knows.
#[derive(Clone, Debug, Default)]
pub struct SolveNotes {
    /// Warnings from metadata that the lock does not keep.
    pub warnings: Vec<Warning>,
    /// Direct dependencies with a newer version that needs a newer system than the default baseline.
    pub held_back: Vec<(PackageId, HeldBack)>,
    /// Newer versions of direct dependencies that are too young.
    pub too_young: Vec<TooYoung>,
    /// Why versions were yanked, where their registries say so.
    pub yank_reasons: BTreeMap<PackageKey, String>,
}

impl<'a> CheckInput<'a> {
    /// Creates the input for checks over a whole lock.
    pub fn whole(lock: &'a Lockfile) -> Self {
        Self {
            lock,
            closures: None,
            registries: &[],
            lines: &[],
            environments: &[],
            local_warnings: &[],
            engine_mismatches: Vec::new(),
            previous: None,
            solve: None,
            mismatches: &[],
            advisories: None,
            licenses: None,
            published: None,
            signatures: None,
            provenance: None,
            unused: None,
            health: None,
            yank_reasons: None,
        }
    }

    /// Returns the packages, without repetitions.
    pub(super) fn packages(&self) -> BTreeMap<&'a PackageKey, &'a Package> {
        match self.closures {
            None => self.lock.graph.packages.iter().collect(),
            Some(closures) => closures.iter().flat_map(Closure::packages).collect(),
        }
    }

    /// Returns the packages that the previous lock does not have.
    pub(super) fn new_packages(&self) -> BTreeMap<&'a PackageKey, &'a Package> {
        let mut packages = self.packages();
        packages.retain(|key, _| self.previous.is_none_or(|previous| !previous.graph.packages.contains_key(*key)));
        packages
    }

    /// Returns the edges between packages, each with its dependent. Edges may be repeated.
    pub(super) fn edges(&self) -> Vec<(&'a InstanceKey, &'a Edge)> {
        match self.closures {
            None => {
                let instances = self.lock.graph.instances.iter();
                instances.flat_map(|(key, instance)| instance.edges.iter().map(move |edge| (key, edge))).collect()
            }
            Some(closures) => closures
                .iter()
                .flat_map(|closure| closure.instances.keys().map(move |key| (closure, *key)))
                .flat_map(|(closure, key)| closure.edges(key).map(move |edge| (key, edge)))
                .collect(),
        }
    }

    /// Returns the closure of each platform. The closures of a whole lock have all groups that can be combined.
    pub(super) fn by_platform(&self) -> Cow<'_, [Closure<'a>]> {
        if let Some(closures) = self.closures {
            return Cow::Borrowed(closures);
        }
        let graph = &self.lock.graph;
        let all: BTreeSet<&Label> = graph.roots.iter().filter_map(|root| root.group.as_ref()).collect();
        let sides: Vec<_> = if graph.sides.is_empty() { vec![None] } else { graph.sides.iter().map(Some).collect() };
        let mut closures = Vec::new();
        for side in sides {
            let counts = |group: &&&Label| side.is_none_or(|side| graph.sides.counts(Some(group), side));
            let groups: BTreeSet<Label> = all.iter().filter(counts).map(|group| (*group).clone()).collect();
            for target in &self.lock.settings.platforms {
                let selection = Selection { groups: groups.clone(), platform: Some(target.platform) };
                closures.push(Closure::on_side(graph, &selection, side));
            }
        }
        Cow::Owned(closures)
    }
}
