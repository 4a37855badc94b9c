//! npm registries: packuments, and the tarballs that they name.

mod location;
mod packument;
mod record;
pub(super) mod spec;

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::value::RawValue;

use self::packument::Entries;
use self::record::{BadDocument, Blob, Form, Span};
use super::RegistryError;
use super::kept::Record;
use super::listing::{Ask, NoListing, Recency, Served, Stated};
use crate::diagnostic::Failure;
use crate::fetch::{Document, Response, Target, url};
use crate::model::{Algorithm, Artifact, ArtifactKind, Digest, Facts, PackageName, Settings, Text, Version};
use crate::resolve::{Dependency, DependencyKind, Release, Versions};

const ABBREVIATED: &str = "application/vnd.npm.install-v1+json; q=1.0, application/json; q=0.8, */*";
const FULL: &str = "application/json; q=1.0, */*; q=0.8";

/// What a registry says of one package.
pub(super) struct Listing {
    name: PackageName,
    served: Served,
    record: Record,
    spans: Vec<Span>,
    /// The versions.
    pub(super) versions: Arc<Versions>,
}

/// Returns a package's versions as they were kept, while they count.
pub(super) fn kept_listing(served: &Served, name: &PackageName, settings: &Settings) -> Option<Listing> {
    let form = Form::for_settings(settings);
    served.kept(name.as_str(), record::FORMAT, |record| decode(served, name, form, record))
}

/// Asks for a package's versions.
pub(super) fn listing(served: &Served, name: &PackageName, settings: &Settings) -> Result<Listing, NoListing> {
    let form = Form::for_settings(settings);
    let path = name.as_str().replace('/', "%2f");
    let accept = if form == Form::Full { FULL } else { ABBREVIATED };
    let ask = Ask { package: name.as_str(), path: &path, accept, format: record::FORMAT };
    let convert = |document: &Document| {
        record::encode(name, &document.bytes, form)
            .map_err(|bad| -> Arc<dyn Failure> { Arc::new(served.bad(name, bad)) })
    };
    served.listing(&ask, convert, |record| decode(served, name, form, record))
}

fn decode(served: &Served, name: &PackageName, form: Form, record: Record) -> Option<Listing> {
    let (mut versions, spans) = record::decode(&record, form)?;
    versions.registry = Some(served.name().clone());
    versions.cached = served.is_cached(&record);
    Some(Listing { name: name.clone(), served: served.clone(), record, spans, versions: Arc::new(versions) })
}

impl Listing {
    /// Returns what one version needs; none for an ordinal that is out of bounds or a damaged record. A version whose
    /// digest cannot be read is an error: what cannot be checked is not taken.
    pub(super) fn release(&self, ordinal: u32) -> Option<Result<Release, RegistryError>> {
        let version = self.versions.candidates.get(ordinal as usize)?.version.as_npm()?;
        let bytes = self.blob(ordinal)?;
        let blob: Blob<'_> = serde_json::from_slice(&bytes).ok()?;
        let version = version.to_string();
        let file = location::file(&self.name, &version);
        let usual = location::usual(&self.name, &file);
        let integrity = parsed::<Text<'_>>(blob.integrity).unwrap_or_default();
        let Ok(promised) = Digest::from_sri(&integrity) else {
            let (registry, package) = (self.served.name().clone(), format!("{}@{version}", self.name));
            return Some(Err(RegistryError::BadDigest { registry, package, digest: integrity.0.into_owned() }));
        };
        let shasum = || parsed::<Text<'_>>(blob.shasum).and_then(|hex| Digest::from_hex(Algorithm::Sha1, &hex).ok());
        let artifact = Artifact {
            kind: ArtifactKind::Tarball,
            digest: match promised.as_slice() {
                [] => shasum(),
                [one] => Some(one.clone()),
                // Which of them holds, the file will tell.
                _ => None,
            },
            location: parsed::<Text<'_>>(blob.tarball)
                .and_then(|url| location::hint(&url, &usual, &self.served.endpoint)),
            platforms: Vec::new(),
            file,
        };
        Some(Ok(Release {
            dependencies: dependencies(&self.name, &blob),
            declared_on: Vec::new(),
            extras: Vec::new(),
            artifacts: vec![artifact],
            facts: facts(&blob),
            folder: None,
        }))
    }

    /// Returns the digests of which a version's tarball has to have one; nothing where the registry gives none.
    pub(super) fn promised(&self, version: &Version) -> Vec<Digest> {
        let promised = || {
            let ordinal = self.versions.candidates.iter().position(|candidate| candidate.version == *version)?;
            let bytes = self.blob(u32::try_from(ordinal).ok()?)?;
            let blob: Blob<'_> = serde_json::from_slice(&bytes).ok()?;
            Digest::from_sri(&parsed::<Text<'_>>(blob.integrity)?).ok()
        };
        promised().unwrap_or_default()
    }

    /// Returns where the registry says that a version's tarball is.
    pub(super) fn stated(&self, version: &Version) -> Option<Stated> {
        let ordinal = self.versions.candidates.iter().position(|candidate| candidate.version == *version)?;
        let bytes = self.blob(u32::try_from(ordinal).ok()?)?;
        let blob: Blob<'_> = serde_json::from_slice(&bytes).ok()?;
        let document = &self.record.header.url;
        let url = url::join(document, &parsed::<String>(blob.tarball)?);
        let usual = location::usual(&self.name, &location::file(&self.name, &version.to_string()));
        let hint = location::hint(&url, &usual, &self.served.endpoint);
        Some(Stated { url, document: document.clone(), hint, is_cached: self.versions.cached })
    }

    fn blob(&self, ordinal: u32) -> Option<Cow<'_, [u8]>> {
        let span = self.spans.get(ordinal as usize)?;
        self.record.part(span.start, span.length)
    }
}

/// Opens a tarball: where the lock's hint says, if the registry's document says so, too; at its usual place; where the document
/// says. The registry and its mirrors are asked for both of the former, and for what is elsewhere nobody but who has it.
pub(super) fn open(
    served: &Served,
    name: &PackageName,
    artifact: &Artifact,
    stated: &dyn Fn(Recency) -> Result<Option<Stated>, NoListing>,
) -> Result<Response, Arc<dyn Failure>> {
    let confirmed = |hint: &String| {
        let stated = stated(Recency::AnyAge).ok().flatten();
        stated.is_some_and(|stated| stated.hint.as_ref() == Some(hint))
    };
    if let Some(hint) = artifact.location.as_ref().filter(|hint| confirmed(hint)) {
        match served.open(Target::Below(hint), None) {
            Err(error) if error.is_answer() => {}
            answer => return answer.map_err(|error| Arc::new(error) as Arc<dyn Failure>),
        }
    }
    let usual = location::usual(name, &artifact.file);
    let missing = match served.open(Target::Below(&usual), None) {
        Ok(response) => return Ok(response),
        Err(error) => error,
    };
    // One that is silent is not asked for its document.
    let recencies: &[Recency] = if missing.is_answer() { &[Recency::AnyAge, Recency::Asked] } else { &[Recency::Kept] };
    let mut failure: Arc<dyn Failure> = Arc::new(missing);
    for recency in recencies {
        let Ok(Some(stated)) = stated(*recency) else { continue };
        if !location::is_usual(&stated.url, &usual, &served.endpoint) {
            match served.open(Target::At(&stated.url), Some(&stated.document)) {
                Ok(response) => return Ok(response),
                Err(error) if error.is_answer() => failure = Arc::new(error),
                Err(error) => return Err(Arc::new(error)),
            }
        }
        if !stated.is_cached {
            break;
        }
    }
    Err(failure)
}

impl Served {
    fn bad(&self, package: &PackageName, bad: BadDocument) -> RegistryError {
        let registry = self.name().clone();
        match bad {
            BadDocument::Unreadable(reason) => {
                RegistryError::NpmMetadata { registry, package: package.clone(), reason }
            }
            BadDocument::OtherPackage(answered) => {
                RegistryError::WrongPackage { registry, package: package.to_string(), answered }
            }
        }
    }
}

/// Joins the kinds of dependencies. A name that is in several is optional before normal before peer, as npm has it;
/// what is bundled comes with the tarball.
fn dependencies(dependent: &PackageName, blob: &Blob<'_>) -> Vec<Dependency> {
    let normal = texts(blob.dependencies);
    let optional = texts(blob.optional);
    let peers = texts(blob.peers);
    let bundled = bundled(blob.bundled, &normal, &optional);
    let optional_peers = optional_peers(blob.peers_meta);
    let is_in = |list: &[(Text<'_>, Text<'_>)], name: &Text<'_>| list.iter().any(|(other, _)| other == name);
    let mut all = Vec::with_capacity(normal.len() + optional.len() + peers.len());
    let mut add = |kind, name: &Text<'_>, range: &Text<'_>| {
        if !bundled.contains(name.0.as_ref()) {
            all.push(Dependency { kind, wants: spec::wants(dependent, &name.0, &range.0) });
        }
    };
    for (name, range) in normal.iter().filter(|(name, _)| !is_in(&optional, name)) {
        add(DependencyKind::Normal, name, range);
    }
    for (name, range) in &optional {
        add(DependencyKind::Optional, name, range);
    }
    for (name, range) in peers.iter().filter(|(name, _)| !is_in(&normal, name) && !is_in(&optional, name)) {
        let is_optional = optional_peers.contains(name.0.as_ref());
        let kind = if is_optional { DependencyKind::OptionalPeer } else { DependencyKind::Peer };
        add(kind, name, range);
    }
    // A peer that `peerDependenciesMeta` alone names is an optional one, of any version.
    let is_declared =
        |name: &String| [&peers, &normal, &optional].into_iter().flatten().any(|(known, _)| known.0 == **name);
    for name in optional_peers.iter().filter(|name| !is_declared(name)) {
        add(DependencyKind::OptionalPeer, &Text(name.into()), &Text("*".into()));
    }
    all
}

fn texts(raw: Option<&RawValue>) -> Vec<(Text<'_>, Text<'_>)> {
    let entries: Entries<'_, &RawValue> = parsed(raw).unwrap_or_default();
    let text = |raw: &RawValue| serde_json::from_str::<String>(raw.get()).unwrap_or_default();
    entries.0.into_iter().map(|(name, value)| (name, Text(text(value).into()))).collect()
}

fn bundled(
    raw: Option<&RawValue>,
    normal: &[(Text<'_>, Text<'_>)],
    optional: &[(Text<'_>, Text<'_>)],
) -> BTreeSet<String> {
    if raw.is_some_and(|raw| raw.get() == "true") {
        return normal.iter().chain(optional).map(|(name, _)| name.0.to_string()).collect();
    }
    words(raw).into_iter().collect()
}

fn optional_peers(raw: Option<&RawValue>) -> BTreeSet<String> {
    #[derive(serde::Deserialize)]
    struct Meta {
        #[serde(default)]
        optional: bool,
    }
    let entries: Entries<'_, &RawValue> = parsed(raw).unwrap_or_default();
    let is_optional = |raw: &RawValue| serde_json::from_str::<Meta>(raw.get()).is_ok_and(|meta| meta.optional);
    entries.0.into_iter().filter(|(_, meta)| is_optional(meta)).map(|(name, _)| name.0.into_owned()).collect()
}

fn facts(blob: &Blob<'_>) -> Facts {
    Facts {
        os: words(blob.os),
        cpu: words(blob.cpu),
        libc: words(blob.libc),
        node: node(blob.engines),
        requires_python: None,
        bin: blob.bin,
        install_script: blob.install_script,
        deprecated: blob.deprecated.clone(),
        yanked: false,
    }
}

/// Reads `engines.node`; old packages have a list of `"node >= 0.8"` instead.
fn node(raw: Option<&RawValue>) -> Option<String> {
    if let Some(entries) = parsed::<Entries<'_, &RawValue>>(raw) {
        let (_, range) = entries.0.into_iter().find(|(name, _)| name.0 == "node")?;
        return serde_json::from_str(range.get()).ok();
    }
    words(raw)
        .iter()
        .find_map(|word| word.strip_prefix("node").map(|range| range.trim().to_owned()))
        .filter(|range| !range.is_empty())
}

/// Reads a list of texts, or one text.
fn words(raw: Option<&RawValue>) -> Vec<String> {
    if let Some(list) = parsed::<Vec<&RawValue>>(raw) {
        return list.into_iter().filter_map(|item| serde_json::from_str(item.get()).ok()).collect();
    }
    parsed::<String>(raw).into_iter().collect()
}

fn parsed<'a, T: serde::Deserialize<'a>>(raw: Option<&'a RawValue>) -> Option<T> {
    serde_json::from_str(raw?.get()).ok()
}

#[cfg(test)]
mod tests;
