//! Attestations of builds: Sigstore bundles, verified without a network.
//!
//! A bundle counts if its certificate is of the trusted root and has the signature of a log of certificates, if it was signed while
//! the certificate was valid, if a signed state of the log of signatures has it, and if its statement is about the locked file.

use std::fmt;

use serde::Deserialize;
use sigstore_verify::crypto::SubjectAltName;
use sigstore_verify::trust_root::{SIGSTORE_PRODUCTION_TRUSTED_ROOT, TrustedRoot};
use sigstore_verify::types::{Artifact, ArtifactDigest, Bundle, DigestBytes, HashAlgorithm, SignatureContent};
use sigstore_verify::{VerificationPolicy, Verifier};

use super::ring_provider;
use crate::model::{Algorithm, BuildIdentity, Digest};

/// The predicates by which a statement says who built or published a file.
const PREDICATES: [&str; 2] = ["https://slsa.dev/provenance/", "https://docs.pypi.org/attestations/publish/"];

/// Verifies attestations against a root of trust.
pub struct AttestationVerifier(Verifier);

/// A root of trust that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct TrustedRootError(String);

/// What an attestation is worth that does not say who built a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AttestationFault {
    /// It is no bundle of a known form.
    Unreadable(String),
    /// It has no proof that the log of signatures has it.
    Unproven,
    /// It is not what it says, or not about the file.
    Wrong(String),
}

impl fmt::Display for AttestationFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(reason) => write!(f, "it cannot be read: {reason}"),
            Self::Unproven => f.write_str("it has no proof that a public log has it"),
            Self::Wrong(reason) => f.write_str(reason),
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct StatementKind {
    predicate_type: String,
}

impl AttestationVerifier {
    /// Creates a verifier with the root of trust of a text, in the form of Sigstore's `trusted_root.json`; or with that of the public
    /// Sigstore, as it was when larder was made.
    pub fn new(trusted_root: Option<&str>) -> Result<Self, TrustedRootError> {
        ring_provider::install();
        let bad = |error: &dyn fmt::Display| TrustedRootError(error.to_string());
        let root = TrustedRoot::from_json(trusted_root.unwrap_or(SIGSTORE_PRODUCTION_TRUSTED_ROOT));
        let root = root.map_err(|error| bad(&error))?;
        Ok(Self(Verifier::new(&root).map_err(|error| bad(&error))?))
    }

    /// Verifies a bundle, and returns who built the file with a digest. Returns `None` if the bundle states something else.
    pub fn verify(&self, bundle: &str, digest: &Digest) -> Result<Option<BuildIdentity>, AttestationFault> {
        let unreadable = |error: &dyn fmt::Display| AttestationFault::Unreadable(error.to_string());
        let bundle = Bundle::from_json(bundle).map_err(|error| unreadable(&error))?;
        let SignatureContent::DsseEnvelope(envelope) = &bundle.content else {
            return Err(AttestationFault::Unreadable("it signs no statement".to_owned()));
        };
        let kind: StatementKind =
            serde_json::from_slice(envelope.payload.as_bytes()).map_err(|error| unreadable(&error))?;
        // What is signed with a key of the registry, and not by a build, says nothing of who built it.
        if !PREDICATES.iter().any(|known| kind.predicate_type.starts_with(known)) {
            return Ok(None);
        }
        let entries = &bundle.verification_material.tlog_entries;
        // The old form of bundles may have the log's promise alone.
        if entries.is_empty() || entries.iter().any(|entry| entry.inclusion_proof.is_none()) {
            return Err(AttestationFault::Unproven);
        }
        let wrong = |error: &dyn fmt::Display| AttestationFault::Wrong(error.to_string());
        let artifact = artifact(digest)?;
        let policy = VerificationPolicy::any_identity();
        let result = self.0.verify(artifact, &bundle, &policy).map_err(|error| wrong(&error))?;
        if !(result.certificate_verified() && result.sct_verified() && result.tlog_verified()) {
            return Err(AttestationFault::Unproven);
        }
        let certificate = result.certificate().ok_or(AttestationFault::Unproven)?;
        let claims = &certificate.ci_claims;
        let stated = match result.identity() {
            Some(SubjectAltName::Uri(uri)) => Some(uri),
            _ => None,
        };
        let unnamed = || AttestationFault::Wrong("its certificate does not name a build".to_owned());
        let issuer = result.issuer().ok_or_else(unnamed)?;
        let config = claims.build_config_uri.as_ref().or(stated).ok_or_else(unnamed)?;
        let repository = claims.source_repository_uri.as_ref().or(stated).ok_or_else(unnamed)?;
        Ok(Some(identity(issuer, repository, config)))
    }
}

fn artifact(digest: &Digest) -> Result<Artifact<'static>, AttestationFault> {
    let algorithm = match digest.algorithm() {
        Algorithm::Sha256 => HashAlgorithm::Sha2256,
        Algorithm::Sha512 => HashAlgorithm::Sha2512,
        Algorithm::Sha1 => return Err(AttestationFault::Wrong("no attestation is about a SHA-1 digest".to_owned())),
    };
    let made = ArtifactDigest::new(algorithm, DigestBytes::new(digest.bytes().to_vec()));
    Ok(made.map_err(|error| AttestationFault::Wrong(error.to_string()))?.into())
}

/// `https://github.com/acme/web` and `https://github.com/acme/web/.github/workflows/release.yml@refs/heads/main`
fn identity(issuer: &str, repository: &str, config: &str) -> BuildIdentity {
    let bare = |url: &str| url.trim_start_matches("https://").trim_end_matches('/').to_owned();
    let config = bare(config.split_once('@').map_or(config, |(config, _)| config));
    let repository = bare(repository.split_once('@').map_or(repository, |(repository, _)| repository));
    let workflow = config.strip_prefix(&*repository).map(|below| below.trim_matches('/').to_owned());
    // A build that another repository describes is named by both.
    BuildIdentity { issuer: issuer.to_owned(), repository, workflow: workflow.unwrap_or(config) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provenance::pep740_bundles;
    use sha2::{Digest as _, Sha512};

    macro_rules! fixture {
        ($name:literal) => {
            include_str!(concat!("../../../../fixtures/provenance/", $name))
        };
    }

    fn digest() -> Digest {
        Digest::new(
            Algorithm::Sha512,
            &Sha512::digest(include_bytes!("../../../../fixtures/provenance/left-1.0.0.tgz")),
        )
    }

    fn verifier() -> AttestationVerifier {
        AttestationVerifier::new(Some(fixture!("root.json"))).unwrap()
    }

    fn acme(repository: &str) -> BuildIdentity {
        BuildIdentity {
            issuer: "https://token.actions.githubusercontent.com".to_owned(),
            repository: repository.to_owned(),
            workflow: ".github/workflows/release.yml".to_owned(),
        }
    }

    #[test]
    fn an_attestation_says_who_built_what_is_locked() {
        assert_eq!(verifier().verify(fixture!("good.json"), &digest()), Ok(Some(acme("github.com/acme/left"))));
    }

    #[test]
    fn what_is_not_proven_says_nothing() {
        for (name, bundle, expected) in [
            ("another digest", fixture!("other-digest.json"), "artifact hash does not match"),
            ("tampered", fixture!("tampered.json"), "signature"),
            ("an expired certificate", fixture!("late.json"), "certificate"),
            ("without a proof", fixture!("no-proof.json"), "no proof that a public log has it"),
            ("a proof of something else", fixture!("no-checkpoint.json"), "root"),
            ("another root", fixture!("other-root.json"), "certificate"),
            ("no bundle", "{}", "cannot be read"),
        ] {
            let fault = verifier().verify(bundle, &digest()).expect_err(name).to_string();
            assert!(fault.contains(expected), "{name}: {fault}");
        }
        // The public Sigstore does not know our root.
        assert!(AttestationVerifier::new(None).unwrap().verify(fixture!("good.json"), &digest()).is_err());
        assert!(AttestationVerifier::new(Some("{}")).is_err());
    }

    #[test]
    fn an_attestation_of_pypi_is_a_bundle() {
        let bundles = pep740_bundles(fixture!("wheel.json").as_bytes());
        let wheel = Digest::sha256_of(include_bytes!("../../../../fixtures/provenance/six-1.0-py3-none-any.whl"));
        assert_eq!(bundles.len(), 1);
        assert_eq!(verifier().verify(&bundles[0], &wheel), Ok(Some(acme("github.com/acme/six"))));
    }

    #[test]
    fn a_build_of_another_repository_is_named_by_both() {
        let shared = identity(
            "i",
            "https://github.com/acme/web",
            "https://github.com/acme/ci/.github/workflows/a.yml@refs/tags/v1",
        );
        assert_eq!(
            (&*shared.repository, &*shared.workflow),
            ("github.com/acme/web", "github.com/acme/ci/.github/workflows/a.yml")
        );
    }
}
