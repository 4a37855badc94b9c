//! A registry's signature of a version: ECDSA over `name@version:integrity`.
//!
//! <https://docs.npmjs.com/about-registry-signatures>

use std::fmt;

use jiff::Timestamp;
use ring::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};

use crate::model::{Digest, PackageKey, RegistryKey};

/// A signature that a registry states of a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegistrySignature {
    /// The id of the key: `SHA256:jl3bwswu80…`.
    pub key: String,
    /// The signature, in ASN.1.
    pub signature: Vec<u8>,
}

/// What a registry's signatures of a locked version are worth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignatureVerdict {
    /// One of the registry's keys signed what is locked.
    Signed,
    /// There is no signature.
    Unsigned,
    /// There is no signature, and the manifest names no key of the registry: a mirror of the public one may drop its signatures.
    Unpromised,
    /// No key of the registry is known.
    NoKey {
        /// The registry.
        registry: String,
    },
    /// None of the registry's keys that are known made the signatures; they name these.
    UnknownKey(Vec<String>),
    /// The key had expired when the version was published.
    Expired {
        /// The key.
        key: String,
        /// When it expired.
        expires: Timestamp,
    },
    /// The signature is for something else than what is locked.
    Wrong {
        /// The key that the signature names.
        key: String,
    },
    /// The lock has no digest that registries sign.
    NoDigest,
}

/// Holds the signatures that a registry states of a version to what is locked of it. Signatures count if the registry signed with
/// their key when the version was published. A registry may call a key otherwise than by its fingerprint: which of those that are known
/// it then means, the signature tells.
pub fn judge_signatures(
    keys: &[RegistryKey],
    package: &PackageKey,
    locked: Option<&Digest>,
    signatures: &[RegistrySignature],
    published: Option<Timestamp>,
) -> SignatureVerdict {
    let Some(locked) = locked else { return SignatureVerdict::NoDigest };
    if signatures.is_empty() {
        return SignatureVerdict::Unsigned;
    }
    let signed = format!("{}@{}:{locked}", package.id.name, package.version);
    let (mut expired, mut wrong) = (None, None);
    for RegistrySignature { key: named, signature } in signatures {
        let is_signed_with = |key: &RegistryKey| {
            let verifier = UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, key.point());
            verifier.verify(signed.as_bytes(), signature).is_ok()
        };
        let meant = keys.iter().find(|key| key.id() == named.trim_end_matches('='));
        let Some(key) = meant.or_else(|| keys.iter().find(|key| is_signed_with(key))) else { continue };
        if !is_signed_with(key) {
            wrong.get_or_insert(SignatureVerdict::Wrong { key: named.clone() });
        } else if let Some(expires) = key.expires.filter(|_| !key.was_valid_at(published)) {
            expired.get_or_insert(SignatureVerdict::Expired { key: named.clone(), expires });
        } else {
            return SignatureVerdict::Signed;
        }
    }
    let unknown = || SignatureVerdict::UnknownKey(signatures.iter().map(|one| one.key.clone()).collect());
    wrong.or(expired).unwrap_or_else(unknown)
}

impl SignatureVerdict {
    /// Returns whether the signature contradicts the lock: somebody changed one of both.
    pub fn is_contradiction(&self) -> bool {
        matches!(self, Self::Wrong { .. })
    }

    /// Returns whether nothing in the manifest says that the registry signs, and nothing that it did.
    pub fn is_unpromised(&self) -> bool {
        matches!(self, Self::Unpromised | Self::NoKey { .. })
    }
}

/// What is wrong, as the predicate of a sentence about the package.
impl fmt::Display for SignatureVerdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Signed => f.write_str("is signed by its registry"),
            Self::Unsigned | Self::Unpromised => f.write_str("has no signature of its registry"),
            Self::NoKey { registry } => {
                write!(
                    f,
                    "cannot be verified: no key of registry `{registry}` is known, which its block may have as `key`"
                )
            }
            Self::UnknownKey(named) => {
                write!(f, "is signed with a key that is none of its registry's: {}", named.join(", "))
            }
            Self::Expired { key, expires } => {
                write!(f, "is signed with the key {key}, which expired at {expires}, before it was published")
            }
            Self::Wrong { key } => {
                write!(f, "has a signature by {key} that is not for what is locked: name, version or digest differ")
            }
            Self::NoDigest => f.write_str("is locked without a digest that a registry signs"),
        }
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use ring::rand::SystemRandom;
    use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};

    use super::*;
    use crate::model::{Algorithm, Ecosystem, PackageId, PackageName, Version};

    /// A key pair, and its public half as a registry states it.
    fn pair() -> (EcdsaKeyPair, RegistryKey) {
        let random = SystemRandom::new();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, pkcs8.as_ref(), &random).unwrap();
        let prefix = STANDARD.decode("MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgA=").unwrap();
        let text = STANDARD.encode([&prefix[..], pair.public_key().as_ref()].concat());
        let key = text.parse().unwrap();
        (pair, key)
    }

    fn sign((pair, key): &(EcdsaKeyPair, RegistryKey), text: &str) -> RegistrySignature {
        let signature = pair.sign(&SystemRandom::new(), text.as_bytes()).unwrap();
        RegistrySignature { key: key.id(), signature: signature.as_ref().to_vec() }
    }

    fn package() -> (PackageKey, Digest) {
        let id = PackageId::new(Ecosystem::Npm, PackageName::npm("@acme/left").unwrap());
        let key = PackageKey { id, version: Version::parse(Ecosystem::Npm, "1.0.0").unwrap() };
        (key, Digest::new(Algorithm::Sha512, &[7; 64]))
    }

    #[test]
    fn a_signature_is_for_the_name_the_version_and_the_locked_digest() {
        let (own, (package, digest)) = (pair(), package());
        let keys = [own.1.clone()];
        let judge = |text: &str| judge_signatures(&keys, &package, Some(&digest), &[sign(&own, text)], None);
        assert_eq!(judge(&format!("@acme/left@1.0.0:{digest}")), SignatureVerdict::Signed);
        let other = Digest::new(Algorithm::Sha512, &[8; 64]);
        for wrong in [
            format!("@acme/left@1.0.1:{digest}"),
            format!("@acme/right@1.0.0:{digest}"),
            format!("@acme/left@1.0.0:{other}"),
            String::new(),
        ] {
            assert_eq!(judge(&wrong), SignatureVerdict::Wrong { key: own.1.id() }, "{wrong}");
        }
        let broken = RegistrySignature { key: own.1.id(), signature: vec![0; 3] };
        let verdict = judge_signatures(&keys, &package, Some(&digest), &[broken], None);
        assert!(verdict.is_contradiction());
        assert_eq!(judge_signatures(&keys, &package, Some(&digest), &[], None), SignatureVerdict::Unsigned);
        assert_eq!(judge_signatures(&keys, &package, None, &[], None), SignatureVerdict::NoDigest);
    }

    #[test]
    fn a_key_counts_as_long_as_the_registry_signed_with_it() {
        let ((old, new), (package, digest)) = ((pair(), pair()), package());
        let text = format!("@acme/left@1.0.0:{digest}");
        let expires: Timestamp = "2025-01-29T00:00:00Z".parse().unwrap();
        let keys = [old.1.clone().expiring(Some(expires)), new.1.clone()];
        let at = |instant: &str| Some(instant.parse().unwrap());
        let judge = |signed: &[RegistrySignature], published| {
            judge_signatures(&keys, &package, Some(&digest), signed, published)
        };
        assert_eq!(judge(&[sign(&old, &text)], at("2024-01-01T00:00:00Z")), SignatureVerdict::Signed);
        let too_late = SignatureVerdict::Expired { key: old.1.id(), expires };
        assert_eq!(judge(&[sign(&old, &text)], at("2025-06-01T00:00:00Z")), too_late);
        assert_eq!(judge(&[sign(&old, &text)], None), too_late);
        assert_eq!(judge(&[sign(&old, &text), sign(&new, &text)], None), SignatureVerdict::Signed);
        let stranger = pair();
        assert_eq!(judge(&[sign(&stranger, &text)], None), SignatureVerdict::UnknownKey(vec![stranger.1.id()]));
        // A registry may have names of its own for its keys.
        let renamed = |pair| RegistrySignature { key: "release-2026".to_owned(), ..sign(pair, &text) };
        assert_eq!(judge(&[renamed(&new)], None), SignatureVerdict::Signed);
        assert_eq!(judge(&[renamed(&stranger)], None), SignatureVerdict::UnknownKey(vec!["release-2026".to_owned()]));
        // A key that is named is not the one that signed.
        let forged = RegistrySignature { key: new.1.id(), ..sign(&stranger, &text) };
        assert_eq!(judge(&[forged], None), SignatureVerdict::Wrong { key: new.1.id() });
    }
}
