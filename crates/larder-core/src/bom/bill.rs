//! What a bill of materials tells, before it is written in one form or another.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::purl;
use crate::license::{LicenseFact, LicenseSource};
use crate::lock::{Closure, Lockfile};
use crate::model::{Artifact, Digest, Label, Origin, PackageKey};

/// What a bill is made of.
#[derive(Clone, Debug)]
pub struct BillInput<'a> {
    /// The project's name.
    pub name: &'a str,
    /// The project's version.
    pub version: Option<&'a str>,
    /// The project's license, as its manifest states it.
    pub license: Option<&'a str>,
    /// The environment's name.
    pub environment: &'a str,
    /// The lock.
    pub lock: &'a Lockfile,
    /// What the environment needs on any platform.
    pub closure: &'a Closure<'a>,
    /// What is known of the packages' licenses.
    pub licenses: &'a BTreeMap<PackageKey, LicenseFact>,
    /// The URLs of the registries that are not the public ones, by name.
    pub repositories: &'a BTreeMap<Label, String>,
    /// When the bill is made. `None` if it does not say that.
    pub timestamp: Option<Timestamp>,
}

/// A bill of materials.
#[derive(Clone, Debug)]
pub struct Bill<'a> {
    pub(super) input: BillInput<'a>,
    /// The components, sorted by their URLs.
    pub(super) components: Vec<Component>,
    /// The URLs of what the project itself names, sorted.
    pub(super) direct: Vec<String>,
}

/// A package or a runtime.
#[derive(Clone, Debug)]
pub(super) struct Component {
    /// The package URL, which names the component in the bill.
    pub(super) purl: String,
    pub(super) name: String,
    pub(super) version: String,
    pub(super) kind: ComponentKind,
    /// The files, each with its digest.
    pub(super) files: Vec<(String, Digest)>,
    pub(super) license: Option<LicenseFact>,
    /// Who answers for it, where the package says that.
    pub(super) supplier: Option<String>,
    /// The folder of a local package.
    pub(super) folder: Option<String>,
    /// The URLs of what it depends on, sorted.
    pub(super) dependencies: Vec<String>,
}

/// What a component is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ComponentKind {
    Package,
    Runtime,
}

impl<'a> Bill<'a> {
    /// Collects what an environment has.
    pub fn new(input: BillInput<'a>) -> Self {
        let graph = &input.lock.graph;
        let url = |key: &PackageKey| {
            let package = graph.packages.get(key);
            let registry = package.and_then(|package| package.origin.as_ref()).and_then(Origin::registry);
            let repository = registry.and_then(|registry| input.repositories.get(registry));
            purl::purl(key, package, repository.map(String::as_str))
        };
        let mut dependencies: BTreeMap<&PackageKey, BTreeSet<String>> = BTreeMap::new();
        for instance in input.closure.instances.keys() {
            // An extra that brings others is an edge of a package to itself.
            let others = input.closure.edges(instance).filter(|edge| edge.to.package != instance.package);
            dependencies.entry(&instance.package).or_default().extend(others.map(|edge| url(&edge.to.package)));
        }
        let packages = input.closure.packages().map(|(key, package)| Component {
            purl: url(key),
            name: key.id.name.to_string(),
            version: key.version.to_string(),
            kind: ComponentKind::Package,
            files: files(&package.artifacts),
            license: input.licenses.get(key).cloned(),
            supplier: package.facts.descriptor.as_ref().and_then(|facts| facts.maintainer.clone()),
            folder: package.folder.as_ref().map(ToString::to_string),
            dependencies: dependencies.remove(key).unwrap_or_default().into_iter().collect(),
        });
        let mut components: Vec<Component> = packages.collect();
        components.extend(input.lock.runtimes.0.iter().map(|(key, runtime)| Component {
            purl: purl::runtime(key.name.as_str(), &key.version.to_string()),
            name: key.name.to_string(),
            version: key.version.to_string(),
            kind: ComponentKind::Runtime,
            files: files(&runtime.artifacts),
            license: None,
            supplier: None,
            folder: None,
            dependencies: Vec::new(),
        }));
        components.sort_by(|a, b| a.purl.cmp(&b.purl));
        components.dedup_by(|a, b| a.purl == b.purl);
        let mut direct: Vec<String> = input.closure.direct().into_iter().map(url).collect();
        let runtimes = components.iter().filter(|component| component.kind == ComponentKind::Runtime);
        direct.extend(runtimes.map(|runtime| runtime.purl.clone()));
        direct.sort();
        direct.dedup();
        Self { input, components, direct }
    }

    /// Returns how many components the bill has.
    pub fn len(&self) -> usize {
        self.components.len()
    }

    /// Returns whether the bill has no component.
    pub fn is_empty(&self) -> bool {
        self.components.is_empty()
    }

    /// Returns a digest of what the bill says, which names it.
    pub(super) fn digest(&self) -> [u8; 32] {
        let mut hasher = blake3::Hasher::new();
        let input = &self.input;
        for text in [input.name, input.version.unwrap_or_default(), input.environment].into_iter().chain(
            self.components
                .iter()
                .flat_map(|one| [one.purl.as_str()].into_iter().chain(one.dependencies.iter().map(String::as_str))),
        ) {
            hasher.update(text.as_bytes()).update(b"\0");
        }
        for (file, digest) in self.components.iter().flat_map(|component| &component.files) {
            hasher.update(format!("{file} {digest}\0").as_bytes());
        }
        *hasher.finalize().as_bytes()
    }
}

impl Component {
    /// Returns the license as an expression, if one is known.
    pub(super) fn expression(&self) -> Option<String> {
        self.license.as_ref()?.expression.as_ref().map(ToString::to_string)
    }

    /// Returns the license as an expression, if the package itself declares it.
    pub(super) fn declared(&self) -> Option<String> {
        let is_declared = self.license.as_ref().is_some_and(|fact| fact.source == LicenseSource::Declared);
        self.expression().filter(|_| is_declared)
    }
}

fn files(artifacts: &[Artifact]) -> Vec<(String, Digest)> {
    artifacts.iter().filter_map(|artifact| Some((artifact.file.clone(), artifact.digest.clone()?))).collect()
}
