//! What the index file of a private package says of its versions.

use std::sync::Arc;

use super::index::FetchedIndex;
use super::signers;
use crate::diagnostic::Failure;
use crate::manifest::Signer;
use crate::model::{
    Artifact, Attestation, Digest, Ecosystem, ExtraName, Facts, FeatureName, IndexHistory, Label, Marker, Origin,
    PackageId, PackageName, PackageStatus, Requirement, Version,
};
use crate::package::{Body, BodyDependency, Deposit, EventKind, IndexFile, PackageEvent, Published};
use crate::registry::client::FileLocation;
use crate::registry::platform_metadata::unusable_release;
use crate::registry::protocol::{PackageListing, ReleaseError};
use crate::resolve::{Candidate, Dependency, DependencyKind, PrivateTraits, Release, Versions, Wants};

/// Returns the leaf at a place of the registry's log. Returns `None` if the log is shorter.
pub(super) type ReadLeaf = Box<dyn Fn(u64) -> Result<Option<Vec<u8>>, Arc<dyn Failure>> + Send + Sync>;

/// The versions of one private package.
pub(super) struct LarderListing {
    name: PackageName,
    registry: Label,
    /// The publishers whose signatures are demanded.
    signers: Arc<Vec<Signer>>,
    read_leaf: ReadLeaf,
    versions: Arc<Versions>,
    /// In the order of the versions.
    releases: Vec<ListedRelease>,
    file: IndexFile,
}

/// A published version.
struct ListedRelease {
    published: Published,
    /// What the publisher says, with what the registry says about the archive; or why the version cannot be chosen.
    content: Result<(Body, Deposit), String>,
}

impl LarderListing {
    /// Lists the versions of an index file whose archives can be had.
    pub(super) fn new(
        name: &PackageName,
        registry: &Label,
        (signers, read_leaf): (Arc<Vec<Signer>>, ReadLeaf),
        fetched: FetchedIndex,
        is_there: &dyn Fn(&str) -> bool,
    ) -> Self {
        let FetchedIndex { file, is_cached } = fetched;
        let has_archive =
            |published: &&Published| published.deposit.as_ref().is_none_or(|deposit| is_there(&deposit.artifact));
        let mut releases: Vec<ListedRelease> =
            file.versions().iter().filter(has_archive).map(|published| ListedRelease::of(name, published)).collect();
        releases.sort_by(|a, b| a.published.version.cmp(&b.published.version));
        let versions = Versions {
            origin: Some(Origin::Registry(registry.clone())),
            candidates: releases.iter().map(ListedRelease::candidate).collect(),
            cached: is_cached,
            ..Versions::default()
        };
        let (name, registry) = (name.clone(), registry.clone());
        Self { name, registry, signers, read_leaf, versions: Arc::new(versions), releases, file }
    }
}

/// Returns the history that a whole index file is.
fn whole_history(file: &IndexFile) -> Option<IndexHistory> {
    let count = file.line_count();
    Some(IndexHistory { lines: u32::try_from(count).ok()?, digest: file.digest_of_first(count)? })
}

impl PackageListing for LarderListing {
    fn versions(&self) -> &Arc<Versions> {
        &self.versions
    }

    fn release(&self, ordinal: u32) -> Result<Release, ReleaseError> {
        let listed = self.releases.get(ordinal as usize).ok_or(ReleaseError::Unusable(None))?;
        let (body, deposit) = match &listed.content {
            Ok(content) => content,
            Err(reason) => {
                let version = listed.published.version.to_string();
                return Ok(unusable_release(&self.name, &version, reason.clone()));
            }
        };
        let id = PackageId::new(Ecosystem::PRIVATE, self.name.clone());
        let is_before = |limit| listed.is_in_log_before(limit, &self.read_leaf);
        signers::check((&self.signers, &self.registry), &id, &listed.published, is_before)
            .map_err(ReleaseError::Failed)?;
        Ok(Release {
            dependencies: dependencies(body),
            extras: features(body),
            artifacts: vec![Artifact { digest: deposit.digest(), ..Artifact::package(deposit.artifact.clone()) }],
            facts: Facts {
                bin: !body.bin.is_empty(),
                deprecated: listed.deprecation(),
                yanked: listed.published.yanked.is_some(),
                ..Facts::default()
            },
            attestation: whole_history(&self.file).map(|history| Attestation {
                tree: body.tree,
                body: Digest::sha256_of(body.to_json()),
                history,
                is_signed: !deposit.signatures.is_empty(),
            }),
            ..Release::default()
        })
    }

    fn history(&self, lines: u32) -> Option<Digest> {
        self.file.digest_of_first(lines as usize)
    }

    /// Every archive is at the default path.
    fn file_location(&self, _: &Version, _: &str) -> Option<FileLocation> {
        None
    }
}

impl ListedRelease {
    /// Returns whether the log is seen to have had the version when it was this long.
    fn is_in_log_before(&self, limit: u64, read_leaf: &ReadLeaf) -> Result<bool, Arc<dyn Failure>> {
        let place = self.published.deposit.as_ref().and_then(|deposit| deposit.index).filter(|index| *index < limit);
        let Some(leaf) = place.map(read_leaf).transpose()?.flatten() else { return Ok(false) };
        let event = std::str::from_utf8(&leaf).ok().and_then(|line| PackageEvent::parse(line).ok());
        Ok(event.is_some_and(|event| {
            let is_of = matches!(&event.kind, EventKind::Publish { version, deposit }
                if *version == self.published.version && Some(deposit) == self.published.deposit.as_ref());
            is_of && event.body == self.published.body
        }))
    }

    fn of(name: &PackageName, published: &Published) -> Self {
        Self { content: Self::content(name, published), published: published.clone() }
    }

    fn content(name: &PackageName, published: &Published) -> Result<(Body, Deposit), String> {
        let Some(deposit) = published.deposit.clone() else {
            return Err("it was published in a format that this larder does not know: update larder".to_owned());
        };
        let body =
            Body::parse(&published.body).map_err(|error| format!("what its publisher says of it is wrong: {error}"))?;
        if (&body.name, &body.version) != (name, &published.version) {
            return Err(format!("its publisher says that it is {} {}", body.name, body.version));
        }
        if deposit.artifact != body.archive_name() {
            return Err(format!(
                "its archive is called `{}` and not `{}`",
                deposit.artifact.escape_debug(),
                body.archive_name()
            ));
        }
        if let Some(feature) = body.features.keys().find(|feature| extra(feature).is_none()) {
            return Err(format!("`{feature}` is not the name of a feature"));
        }
        Ok((body, deposit))
    }

    fn candidate(&self) -> Candidate {
        let body = self.content.as_ref().ok().map(|(body, _)| body);
        let time = self.published.deposit.as_ref().and_then(|deposit| deposit.time.as_deref()?.parse().ok());
        Candidate {
            yanked: self.published.yanked.is_some(),
            deprecated: self.status() == "deprecated",
            published: time,
            private: Some(Box::new(PrivateTraits {
                features: body.map(features).unwrap_or_default(),
                is_beta: self.status() == "beta",
                has_python: body.is_some_and(|body| body.python.is_some()),
                yank_reason: self.published.yanked.as_ref().and_then(|notice| notice.reason.as_deref()).map(Box::from),
            })),
            ..Candidate::new(self.published.version.clone().into())
        }
    }

    /// Returns the word for its status: what the last event says, else what the publisher said.
    fn status(&self) -> &str {
        let said = self.content.as_ref().map_or("active", |(body, _)| body.status.as_str());
        self.published.status.as_ref().map_or(said, |notice| &notice.status)
    }

    /// Returns what a dependent is told of a deprecated version.
    fn deprecation(&self) -> Option<String> {
        if self.status() != "deprecated" {
            return None;
        }
        let (mut reason, mut replacement) = (None, None);
        if let Some(notice) = &self.published.status {
            (reason, replacement) = (notice.reason.clone(), notice.replaced_by.clone());
        } else if let Ok((Body { status: PackageStatus::Deprecated { replaced_by }, .. }, _)) = &self.content {
            replacement = replaced_by.as_ref().map(ToString::to_string);
        }
        let instead = replacement.map(|name| format!("use {name} instead"));
        let said: Vec<String> = reason.into_iter().chain(instead).collect();
        Some(if said.is_empty() { "its publisher does not say why".to_owned() } else { said.join(": ") })
    }
}

/// Returns what a version depends on, by itself and under its features. A feature that turns on others is a dependency of the
/// version on itself.
fn dependencies(body: &Body) -> Vec<Dependency> {
    let plain = body.dependencies.iter().map(|wanted| dependency(wanted, Marker::default()));
    let of_features = body.features.iter().filter_map(|(name, feature)| {
        let when = Marker::of_extra(&extra(name)?);
        let own = feature.dependencies.iter().map(move |wanted| dependency(wanted, when.clone()));
        Some(own.chain(includes(body, name, &feature.includes)))
    });
    plain.chain(of_features.flatten()).collect()
}

fn dependency(wanted: &BodyDependency, feature: Marker) -> Dependency {
    let kind = if wanted.optional { DependencyKind::Optional } else { DependencyKind::Normal };
    let when = feature.and(wanted.when.clone());
    Dependency { when, ..Dependency::new(kind, Wants::Requirement(wanted.requirement.clone())) }
}

/// Returns what a feature asks of its own version: other features.
fn includes(body: &Body, feature: &FeatureName, included: &[FeatureName]) -> Option<Dependency> {
    let included: Vec<ExtraName> = included.iter().filter_map(extra).collect();
    if included.is_empty() {
        return None;
    }
    let itself = format!("={}", body.version).parse().ok()?;
    let wanted = Requirement::larder(body.name.clone(), itself).with_features(included, true);
    let when = Marker::of_extra(&extra(feature)?);
    Some(Dependency { when, ..Dependency::new(DependencyKind::Normal, Wants::Requirement(wanted)) })
}

/// Returns the features that a version declares, sorted.
fn features(body: &Body) -> Vec<ExtraName> {
    let mut features: Vec<ExtraName> = body.features.keys().filter_map(extra).collect();
    features.sort();
    features.dedup();
    features
}

/// Returns the name by which dependents ask for a feature.
fn extra(feature: &FeatureName) -> Option<ExtraName> {
    feature.as_str().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(kind: &str, body: &str) -> String {
        PackageEvent::line_of(kind, body, None).unwrap() + "\n"
    }

    fn published(version: &str, rest: &str) -> String {
        let body = format!(r#"{{"name":"orders","version":"{version}"{rest},"tree":"{}"}}"#, "0f".repeat(32));
        let deposit = Deposit {
            artifact: format!("orders-{version}.tar.gz"),
            sha256: "ab".repeat(32),
            size: 7,
            time: Some("2026-11-01T00:00:00Z".to_owned()),
            publisher: None,
            index: None,
            signatures: Vec::new(),
        };
        PackageEvent::publish_line(&body, &deposit).unwrap() + "\n"
    }

    fn listing(lines: &[String]) -> LarderListing {
        let name = PackageName::larder("orders").unwrap();
        let file = IndexFile::parse("orders", lines.concat().into_bytes()).unwrap();
        let registry = "acme".parse().unwrap();
        let trust: (Arc<Vec<Signer>>, ReadLeaf) = (Arc::default(), Box::new(|_| Ok(None)));
        LarderListing::new(&name, &registry, trust, FetchedIndex { file, is_cached: false }, &|_| true)
    }

    #[test]
    fn features_are_conditions_and_those_that_they_turn_on_are_asked_of_the_version_itself() {
        let features = r#","dependencies":[{"ecosystem":"npm","name":"zod","range":"^4"}],"features":{"default":{"includes":["rest"]},"rest":{},"soap":{"dependencies":[{"ecosystem":"pypi","name":"zeep","range":">=4"}]}},"python":"py""#;
        let listing = listing(&[published("1.0.0", features)]);
        let release = listing.release(0).unwrap();
        let said = |one: &Dependency| match &one.wants {
            Wants::Requirement(wanted) => {
                format!("{} {} {}", wanted.name_with_extras(), wanted.range_text(), one.when).trim_end().to_owned()
            }
            other => format!("{other:?}"),
        };
        let dependencies: Vec<_> = release.dependencies.iter().map(said).collect();
        assert_eq!(dependencies, ["zod ^4", "orders[rest] =1.0.0 extra == 'default'", "zeep >=4 extra == 'soap'"]);
        let traits = listing.versions().candidates[0].private.as_deref().unwrap();
        let names: Vec<_> = traits.features.iter().map(ExtraName::as_str).collect();
        assert_eq!((&names[..], traits.has_python, traits.is_beta), (&["default", "rest", "soap"][..], true, false));
        let attestation = release.attestation.unwrap();
        assert_eq!(attestation.tree.to_string(), "0f".repeat(32));
        assert_eq!(attestation.history.lines, 1);
    }

    #[test]
    fn later_events_say_what_is_yanked_beta_and_deprecated() {
        let listing = listing(&[
            published("1.1.0", r#","status":"beta""#),
            published("1.0.0", ""),
            line(
                "status",
                r#"{"name":"orders","version":"1.0.0","status":"deprecated","replaced-by":"orders-2","reason":"slow"}"#,
            ),
            line("yank", r#"{"name":"orders","version":"1.1.0"}"#),
        ]);
        let candidates = &listing.versions().candidates;
        assert!(candidates[0].deprecated && !candidates[0].yanked);
        assert!(candidates[1].yanked && candidates[1].private.as_deref().unwrap().is_beta);
        let facts = listing.release(0).unwrap().facts;
        assert_eq!(facts.deprecated.as_deref(), Some("slow: use orders-2 instead"));
        assert!(listing.release(1).unwrap().facts.yanked);
    }

    #[test]
    fn a_version_that_contradicts_itself_cannot_be_chosen() {
        let other_file = published("1.0.0", "").replace("orders-1.0.0.tar.gz", "../../evil.tar.gz");
        let unreadable = published("1.1.0", r#","later":true"#);
        let later = published("1.2.0", "").replacen(r#""v":1"#, r#""v":2"#, 1);
        let listing = listing(&[other_file, unreadable, later]);
        for (ordinal, expected) in [(0, "its archive is called"), (1, "what its publisher says"), (2, "update larder")]
        {
            let release = listing.release(ordinal).unwrap();
            let [Dependency { wants: Wants::Unsupported { reason, .. }, .. }] = &release.dependencies[..] else {
                panic!("{ordinal} can be chosen")
            };
            assert!(reason.contains(expected), "{reason}");
        }
    }
}
