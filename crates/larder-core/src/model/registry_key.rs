//! The public keys with which npm registries sign what they have: ECDSA over P-256.

use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use jiff::Timestamp;
use sha2::{Digest, Sha256};

/// What comes before the point of such a key in its `SubjectPublicKeyInfo`: the algorithm and the curve, in DER.
const PREFIX: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce,
    0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

/// The size of an uncompressed point.
const POINT: usize = 65;

/// The public key of a registry of npm packages, as `/-/npm/v1/keys` has it: `MFkwEwYHKoZIzj0CAQYI…`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegistryKey {
    point: [u8; POINT],
    /// The instant from which on the registry signs with other keys. `None` if it still signs with this one.
    pub expires: Option<Timestamp>,
}

/// A text that is no key of a registry.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "it is not the base64 of a P-256 public key, as the registry's `/-/npm/v1/keys` has it: `MFkwEwYHKoZIzj0CAQYI…`"
)]
pub struct RegistryKeyError;

impl RegistryKey {
    /// Sets when the key expires.
    #[must_use]
    pub fn expiring(self, expires: Option<Timestamp>) -> Self {
        Self { expires, ..self }
    }

    /// Returns the key as an uncompressed point.
    pub fn point(&self) -> &[u8] {
        &self.point
    }

    /// Returns the name by which signatures refer to it: the fingerprint that OpenSSH gives it, `SHA256:jl3bwswu80…`.
    pub fn id(&self) -> String {
        let mut hasher = Sha256::new();
        for field in [&b"ecdsa-sha2-nistp256"[..], b"nistp256", &self.point] {
            hasher.update(u32::try_from(field.len()).unwrap_or_default().to_be_bytes());
            hasher.update(field);
        }
        // npm keeps the padding that OpenSSH leaves out; ids are compared without.
        format!("SHA256:{}", STANDARD_NO_PAD.encode(hasher.finalize()))
    }

    /// Returns whether the registry signed with this key when a version was published. A key that expired signs nothing whose time
    /// is unknown.
    pub fn was_valid_at(&self, published: Option<Timestamp>) -> bool {
        self.expires.is_none_or(|expires| published.is_some_and(|published| published < expires))
    }
}

impl FromStr for RegistryKey {
    type Err = RegistryKeyError;

    fn from_str(text: &str) -> Result<Self, RegistryKeyError> {
        let bytes = STANDARD.decode(text.trim()).map_err(|_| RegistryKeyError)?;
        let point = bytes.strip_prefix(&PREFIX).ok_or(RegistryKeyError)?;
        let point: [u8; POINT] = point.try_into().map_err(|_| RegistryKeyError)?;
        // 4 says that the point is not compressed.
        if point[0] != 4 {
            return Err(RegistryKeyError);
        }
        Ok(Self { point, expires: None })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE1Olb3zMAFFxXKHiIkQO5cJ3Yhl5i6UPp+IhuteBJbuHcA5UogKo0EWtlWwW6KSaKoTNEYL7JlCQiVnkhBktUgg==";

    #[test]
    fn a_key_has_the_id_by_which_the_registry_names_it() {
        let key: RegistryKey = KEY.parse().unwrap();
        assert_eq!(key.id(), "SHA256:jl3bwswu80PjjokCgh0o2w5c2U4LhQAE57gj9cz1kzA");
        for wrong in ["", "MFkw", &KEY[4..], &KEY.replace("QgAE", "QgAD"), "SHA256:jl3bwswu80"] {
            assert_eq!(wrong.parse::<RegistryKey>(), Err(RegistryKeyError), "{wrong}");
        }
    }

    #[test]
    fn an_expired_key_signed_what_was_published_before() {
        let at = |text: &str| Some(text.parse().unwrap());
        let key = RegistryKey { expires: at("2025-01-29T00:00:00Z"), ..KEY.parse().unwrap() };
        assert!(key.was_valid_at(at("2025-01-28T23:59:59Z")));
        assert!(!key.was_valid_at(at("2025-01-29T00:00:00Z")) && !key.was_valid_at(None));
    }
}
