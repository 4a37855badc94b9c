//! The listing of an npm package: its decoded packument.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::value::RawValue;

use super::packument::{Entries, PackumentVersion};
use super::record::{BlobSpan, PackumentForm, VersionBlob};
use super::{location, record, requirement, signatures};
use crate::model::{Algorithm, Artifact, CowStr, Digest, Facts, PackageName, Url, Version};
use crate::provenance::RegistrySignature;
use crate::registry::RegistryError;
use crate::registry::client::{FileLocation, RegistryClient};
use crate::registry::listing_record::ListingRecord;
use crate::registry::protocol::{PackageListing, ReleaseError};
use crate::resolve::{Dependency, DependencyKind, Release, Versions};

/// The listing of an npm package.
pub(in crate::registry) struct NpmListing {
    name: PackageName,
    client: RegistryClient,
    record: ListingRecord,
    spans: Vec<BlobSpan>,
    versions: Arc<Versions>,
}

impl NpmListing {
    /// Decodes a record. Returns `None` if the record is damaged or lacks what `form` has.
    pub(super) fn decode(
        client: &RegistryClient,
        name: &PackageName,
        form: PackumentForm,
        record: ListingRecord,
    ) -> Option<Self> {
        let (mut versions, spans) = record::decode(&record, form)?;
        versions.origin = Some(client.name().into());
        versions.cached = client.is_cached(&record);
        client.note_unknown_ages(&mut versions);
        Some(Self { name: name.clone(), client: client.clone(), record, spans, versions: Arc::new(versions) })
    }

    fn read(&self, ordinal: u32) -> Option<Result<Release, RegistryError>> {
        let version = self.versions.candidates.get(ordinal as usize)?.version.as_npm()?;
        let bytes = self.blob(ordinal)?;
        let blob: VersionBlob<'_> = serde_json::from_slice(&bytes).ok()?;
        let version = version.to_string();
        let file = location::file(&self.name, &version);
        let default_path = location::default_path(&self.name, &file);
        let integrity = parsed::<CowStr<'_>>(blob.integrity).unwrap_or_default();
        let Ok(promised) = Digest::from_sri(&integrity) else {
            let (registry, package) = (self.client.name().clone(), format!("{}@{version}", self.name));
            return Some(Err(RegistryError::BadDigest { registry, package, digest: integrity.0.into_owned() }));
        };
        let shasum = || parsed::<CowStr<'_>>(blob.shasum).and_then(|hex| Digest::from_hex(Algorithm::Sha1, &hex).ok());
        let artifact = Artifact {
            digest: match promised.as_slice() {
                [] => shasum(),
                [one] => Some(one.clone()),
                // The artifact itself shows which of them it has.
                _ => None,
            },
            location: parsed::<CowStr<'_>>(blob.tarball)
                .and_then(|url| location::hint(&url, &default_path, &self.client.endpoint)),
            ..Artifact::tarball(file)
        };
        let bundled = bundled(&blob);
        Some(Ok(Release {
            dependencies: dependencies(&self.name, &blob, &bundled),
            bundled: bundled.iter().filter_map(|name| PackageName::npm(name).ok()).collect(),
            artifacts: vec![artifact],
            facts: facts(&blob),
            ..Release::default()
        }))
    }

    fn blob(&self, ordinal: u32) -> Option<Cow<'_, [u8]>> {
        let span = self.spans.get(ordinal as usize)?;
        self.record.body_part(span.start, span.length)
    }
}

impl PackageListing for NpmListing {
    fn versions(&self) -> &Arc<Versions> {
        &self.versions
    }

    /// A version whose digest is invalid is unusable, because its artifact could not be verified.
    fn release(&self, ordinal: u32) -> Result<Release, ReleaseError> {
        match self.read(ordinal) {
            Some(Ok(release)) => Ok(release),
            Some(Err(error)) => Err(ReleaseError::Unusable(Some(Arc::new(error)))),
            None => Err(ReleaseError::Unusable(None)),
        }
    }

    fn acceptable_digests(&self, version: &Version) -> Vec<Digest> {
        let promised = || {
            let ordinal = self.versions.candidates.iter().position(|candidate| candidate.version == *version)?;
            let bytes = self.blob(u32::try_from(ordinal).ok()?)?;
            let blob: VersionBlob<'_> = serde_json::from_slice(&bytes).ok()?;
            Digest::from_sri(&parsed::<CowStr<'_>>(blob.integrity)?).ok()
        };
        promised().unwrap_or_default()
    }

    fn signatures(&self, ordinal: u32) -> Vec<RegistrySignature> {
        let bytes = self.blob(ordinal);
        let blob = bytes.as_ref().and_then(|bytes| serde_json::from_slice::<VersionBlob<'_>>(bytes).ok());
        blob.map(|blob| signatures::parse(blob.signatures)).unwrap_or_default()
    }

    fn file_location(&self, version: &Version, _: &str) -> Option<FileLocation> {
        let ordinal = self.versions.candidates.iter().position(|candidate| candidate.version == *version)?;
        let bytes = self.blob(u32::try_from(ordinal).ok()?)?;
        let blob: VersionBlob<'_> = serde_json::from_slice(&bytes).ok()?;
        let document = &self.record.provenance.url;
        let tarball = parsed::<String>(blob.tarball)?;
        let url = document.parse::<Url>().map_or_else(|_| tarball.clone(), |page| page.resolve(&tarball));
        let default_path = location::default_path(&self.name, &location::file(&self.name, &version.to_string()));
        let hint = location::hint(&url, &default_path, &self.client.endpoint);
        Some(FileLocation { url, document: document.clone(), hint, is_cached: self.versions.cached })
    }
}

/// Returns what a package needs by the word of its own package.json. Of what that bundles counts what the package `has`. Returns `None` if
/// it is no object, or its fields are of other kinds than npm knows.
pub(super) fn manifest_release(
    name: &PackageName,
    package_json: &[u8],
    artifact: Artifact,
    has: impl Fn(&str) -> bool,
) -> Option<Release> {
    let text = String::from_utf8_lossy(package_json.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(package_json));
    let manifest: PackumentVersion<'_> = serde_json::from_str(&text).ok()?;
    let blob = record::blob(&manifest, None);
    let mut bundled = bundled(&blob);
    bundled.retain(|name| has(name));
    Some(Release {
        dependencies: dependencies(name, &blob, &bundled),
        bundled: bundled.iter().filter_map(|name| PackageName::npm(name).ok()).collect(),
        artifacts: vec![artifact],
        facts: facts(&blob),
        ..Release::default()
    })
}

/// Merges the kinds of dependencies. As in npm, a name in several of them is optional rather than normal rather than a peer.
/// Bundled dependencies are left out, because the tarball contains them.
fn dependencies(dependent: &PackageName, blob: &VersionBlob<'_>, bundled: &BTreeSet<String>) -> Vec<Dependency> {
    let normal = texts(blob.dependencies);
    let optional = texts(blob.optional);
    let peers = texts(blob.peers);
    let optional_peers = optional_peers(blob.peers_meta);
    let is_in = |list: &[(CowStr<'_>, CowStr<'_>)], name: &CowStr<'_>| list.iter().any(|(other, _)| other == name);
    let mut all = Vec::with_capacity(normal.len() + optional.len() + peers.len());
    let mut add = |kind, name: &CowStr<'_>, range: &CowStr<'_>| {
        if !bundled.contains(name.0.as_ref()) {
            all.push(Dependency::new(kind, requirement::wants(dependent, &name.0, &range.0)));
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
    // A peer that only `peerDependenciesMeta` names is optional and may have any version.
    let is_declared =
        |name: &String| [&peers, &normal, &optional].into_iter().flatten().any(|(known, _)| known.0 == **name);
    for name in optional_peers.iter().filter(|name| !is_declared(name)) {
        add(DependencyKind::OptionalPeer, &CowStr(name.into()), &CowStr("*".into()));
    }
    all
}

fn texts(raw: Option<&RawValue>) -> Vec<(CowStr<'_>, CowStr<'_>)> {
    let entries: Entries<'_, &RawValue> = parsed(raw).unwrap_or_default();
    let text = |raw: &RawValue| serde_json::from_str::<String>(raw.get()).unwrap_or_default();
    entries.0.into_iter().map(|(name, value)| (name, CowStr(text(value).into()))).collect()
}

/// Returns the names of the dependencies that a package brings in its own archive; `true` stands for all.
fn bundled(blob: &VersionBlob<'_>) -> BTreeSet<String> {
    if blob.bundled.is_some_and(|raw| raw.get() == "true") {
        let all = texts(blob.dependencies).into_iter().chain(texts(blob.optional));
        return all.map(|(name, _)| name.0.into_owned()).collect();
    }
    words(blob.bundled).into_iter().collect()
}

fn optional_peers(raw: Option<&RawValue>) -> BTreeSet<String> {
    #[derive(serde::Deserialize)]
    struct PeerMeta {
        #[serde(default)]
        optional: bool,
    }
    let entries: Entries<'_, &RawValue> = parsed(raw).unwrap_or_default();
    let is_optional = |raw: &RawValue| serde_json::from_str::<PeerMeta>(raw.get()).is_ok_and(|meta| meta.optional);
    entries.0.into_iter().filter(|(_, meta)| is_optional(meta)).map(|(name, _)| name.0.into_owned()).collect()
}

fn facts(blob: &VersionBlob<'_>) -> Facts {
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
        descriptor: None,
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
