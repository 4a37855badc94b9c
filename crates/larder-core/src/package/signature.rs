//! Publishers' signatures: minisign's, over the bytes of a body.
//!
//! A signature is minisign's text of four lines: an untrusted comment, the signature, a trusted comment, and the signature of
//! both. Only the prehashed kind (`ED`) is made and taken. A body names its package and its version, so a signature holds for no
//! other. Keys are checked by `minisign-verify`; they are made and used with `ring`, because the crate that signs brings
//! a second set of hash functions and asks for passwords itself.
//!
//! ```text
//! public key    "Ed" id[8] key[32]
//! secret key    "Ed" kdf[2] "B2" salt[32] limits[16] id[8] seed[32] key[32] check[32]     kdf: 00 00, or "Sc" with a password
//! signature     "ED" id[8] ed25519(blake2b-512(text))[64]      and      ed25519(signature, trusted comment)[64]
//! ```

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::rand::{SecureRandom, SystemRandom};
use ring::signature::{Ed25519KeyPair, KeyPair};

use super::key_password::{LIMITS, combine};

/// The key by which a publisher's signatures are checked: `RWQf6LRC…`.
#[derive(Clone)]
pub struct PublisherKey {
    text: Box<str>,
    key: minisign_verify::PublicKey,
}

/// A publisher's secret key. It is written only by [`SigningKey::to_text`].
pub struct SigningKey {
    id: [u8; 8],
    seed: [u8; 32],
    pair: Ed25519KeyPair,
}

/// Why a key or a signature is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// The text is no public key of minisign.
    #[error("it is no public key of minisign, like \"RWQ…\"")]
    NoKey,
    /// The password is not the key's.
    #[error("its password is another one")]
    WrongPassword,
    /// The text is no secret key of minisign.
    #[error("it is no secret key of minisign")]
    NoSecretKey,
    /// The secret key is encrypted.
    #[error("it is encrypted with a password")]
    Protected,
    /// The system has no random numbers.
    #[error("the system gives no random numbers")]
    NoRandomness,
    /// The text is no signature of minisign.
    #[error("it is no signature of minisign")]
    NoSignature,
    /// A signature of the kind that is not taken.
    #[error("it is a legacy signature, which is not taken: sign with `minisign -H`")]
    Legacy,
    /// The signature was made with another key.
    #[error("it was made with another key")]
    OtherKey,
    /// The signature is not one of these bytes.
    #[error("it is not a signature of this")]
    Wrong,
}

/// The longest signature that is kept with what it signs.
const LONGEST_SIGNATURE: usize = 1024;

/// Checks that a text has the form of a signature that could be taken, whoever made it.
///
/// # Errors
/// If it is none, or is longer than the signatures that are kept.
pub fn check_signature_form(text: &str) -> Result<(), SignatureError> {
    if text.len() > LONGEST_SIGNATURE {
        return Err(SignatureError::NoSignature);
    }
    minisign_verify::Signature::decode(text).map_err(|_| SignatureError::NoSignature)?;
    let bytes = text.lines().nth(1).and_then(|line| STANDARD.decode(line.trim()).ok());
    match bytes.as_deref() {
        Some([b'E', b'D', ..]) => Ok(()),
        Some([b'E', b'd', ..]) => Err(SignatureError::Legacy),
        _ => Err(SignatureError::NoSignature),
    }
}

impl PublisherKey {
    /// Checks a signature of some bytes.
    pub fn verify(&self, signed: &[u8], signature: &str) -> Result<(), SignatureError> {
        self.verify_said(signed, signature).map(drop)
    }

    /// Checks a signature of some bytes, and returns the comment that is signed with them.
    pub fn verify_said(&self, signed: &[u8], signature: &str) -> Result<String, SignatureError> {
        use minisign_verify::Error;

        let signature = minisign_verify::Signature::decode(signature).map_err(|_| SignatureError::NoSignature)?;
        self.key.verify(signed, &signature, false).map_err(|error| match error {
            Error::UnexpectedKeyId => SignatureError::OtherKey,
            Error::UnexpectedAlgorithm | Error::UnsupportedLegacyMode => SignatureError::Legacy,
            _ => SignatureError::Wrong,
        })?;
        Ok(signature.trusted_comment().to_owned())
    }

    /// Returns the key's text.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl FromStr for PublisherKey {
    type Err = SignatureError;

    /// Parses a key alone, or the two lines of a `.pub` file.
    fn from_str(text: &str) -> Result<Self, SignatureError> {
        let alone = text.trim().lines().last().unwrap_or_default().trim();
        let key = minisign_verify::PublicKey::from_base64(alone).map_err(|_| SignatureError::NoKey)?;
        Ok(Self { text: alone.into(), key })
    }
}

impl PartialEq for PublisherKey {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for PublisherKey {}

impl fmt::Display for PublisherKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for PublisherKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// The bytes of a secret key, and where its parts are.
const SECRET_SIZE: usize = 158;
const KDF: std::ops::Range<usize> = 2..4;
const SALT: std::ops::Range<usize> = 6..38;
const OPERATIONS: std::ops::Range<usize> = 38..46;
const MEMORY: std::ops::Range<usize> = 46..54;
const ID: std::ops::Range<usize> = 54..62;
const SEED: std::ops::Range<usize> = 62..94;
const PUBLIC: std::ops::Range<usize> = 94..126;
const CHECK: std::ops::Range<usize> = 126..158;

impl SigningKey {
    /// Makes a new key.
    pub fn generate() -> Result<Self, SignatureError> {
        let (mut id, mut seed) = ([0; 8], [0; 32]);
        let random = SystemRandom::new();
        random.fill(&mut id).and_then(|()| random.fill(&mut seed)).map_err(|_| SignatureError::NoRandomness)?;
        Self::new(id, seed)
    }

    fn new(id: [u8; 8], seed: [u8; 32]) -> Result<Self, SignatureError> {
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed).map_err(|_| SignatureError::NoSecretKey)?;
        Ok(Self { id, seed, pair })
    }

    /// Returns the key as minisign's files have it, without a password.
    pub fn to_text(&self) -> String {
        format!("untrusted comment: minisign secret key, without a password\n{}\n", STANDARD.encode(self.to_bytes()))
    }

    /// Returns the key as minisign's files have it, encrypted with a password.
    pub fn to_protected_text(&self, password: &str) -> Result<String, SignatureError> {
        let mut bytes = self.to_bytes();
        bytes[KDF].copy_from_slice(b"Sc");
        SystemRandom::new().fill(&mut bytes[SALT]).map_err(|_| SignatureError::NoRandomness)?;
        bytes[OPERATIONS].copy_from_slice(&LIMITS.0.to_le_bytes());
        bytes[MEMORY].copy_from_slice(&LIMITS.1.to_le_bytes());
        combine_with(&mut bytes, password)?;
        Ok(format!("untrusted comment: minisign encrypted secret key\n{}\n", STANDARD.encode(bytes)))
    }

    /// Parses a key that is encrypted with a password.
    pub fn unprotect(text: &str, password: &str) -> Result<Self, SignatureError> {
        let mut bytes = decoded(text)?;
        if bytes[KDF] != *b"Sc" {
            return text.parse();
        }
        combine_with(&mut bytes, password)?;
        bytes[KDF].fill(0);
        Self::from_bytes(&bytes).map_err(|_| SignatureError::WrongPassword)
    }

    fn to_bytes(&self) -> [u8; SECRET_SIZE] {
        let mut bytes = [0; SECRET_SIZE];
        bytes[..6].copy_from_slice(b"Ed\0\0B2");
        bytes[ID].copy_from_slice(&self.id);
        bytes[SEED].copy_from_slice(&self.seed);
        bytes[PUBLIC].copy_from_slice(self.pair.public_key().as_ref());
        let check = check_of(&bytes);
        bytes[CHECK].copy_from_slice(&check);
        bytes
    }

    /// Returns the key by which its signatures are checked.
    pub fn public(&self) -> Result<PublisherKey, SignatureError> {
        STANDARD.encode([b"Ed", &self.id[..], self.pair.public_key().as_ref()].concat()).parse()
    }

    /// Returns the signature of some bytes. `comment`, which has one line, is signed with them.
    pub fn sign(&self, signed: &[u8], comment: &str) -> String {
        let signature = self.pair.sign(blake2b_simd::blake2b(signed).as_bytes());
        let both = self.pair.sign(&[signature.as_ref(), comment.as_bytes()].concat());
        format!(
            "untrusted comment: signature of a private package\n{}\ntrusted comment: {comment}\n{}\n",
            STANDARD.encode([b"ED", &self.id[..], signature.as_ref()].concat()),
            STANDARD.encode(both.as_ref())
        )
    }
}

/// Returns the bytes of a key file, or of its last line.
fn decoded(text: &str) -> Result<[u8; SECRET_SIZE], SignatureError> {
    let alone = text.trim().lines().last().unwrap_or_default().trim();
    let bytes = STANDARD.decode(alone).map_err(|_| SignatureError::NoSecretKey)?;
    bytes.try_into().map_err(|_| SignatureError::NoSecretKey)
}

/// Encrypts the secret part of a key, or decrypts it again.
fn combine_with(bytes: &mut [u8; SECRET_SIZE], password: &str) -> Result<(), SignatureError> {
    let number = |range: std::ops::Range<usize>| {
        bytes[range].first_chunk::<8>().map_or(u64::MAX, |number| u64::from_le_bytes(*number))
    };
    let (limits, salt) = ((number(OPERATIONS), number(MEMORY)), bytes[SALT].to_vec());
    combine(&mut bytes[ID.start..], password, &salt, limits).ok_or(SignatureError::NoSecretKey)
}

/// Returns the check sum of a secret key's parts.
fn check_of(key: &[u8; SECRET_SIZE]) -> [u8; 32] {
    let mut hash = blake2b_simd::Params::new().hash_length(32).to_state();
    hash.update(&key[..2]).update(&key[ID.start..PUBLIC.end]);
    let mut check = [0; 32];
    check.copy_from_slice(hash.finalize().as_bytes());
    check
}

impl FromStr for SigningKey {
    type Err = SignatureError;

    /// Parses the two lines of a key file, or the last of them.
    fn from_str(text: &str) -> Result<Self, SignatureError> {
        Self::from_bytes(&decoded(text)?)
    }
}

impl SigningKey {
    fn from_bytes(bytes: &[u8; SECRET_SIZE]) -> Result<Self, SignatureError> {
        match &bytes[..6] {
            b"Ed\0\0B2" => {}
            b"EdScB2" => return Err(SignatureError::Protected),
            _ => return Err(SignatureError::NoSecretKey),
        }
        let (mut id, mut seed) = ([0; 8], [0; 32]);
        id.copy_from_slice(&bytes[ID]);
        seed.copy_from_slice(&bytes[SEED]);
        let key = Self::new(id, seed)?;
        let is_whole = check_of(bytes) == bytes[CHECK] && key.pair.public_key().as_ref() == &bytes[PUBLIC];
        if is_whole { Ok(key) } else { Err(SignatureError::NoSecretKey) }
    }
}

impl fmt::Debug for SigningKey {
    /// Writes nothing of the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_holds_for_its_bytes_and_its_key() {
        let key: SigningKey = SigningKey::generate().unwrap().to_text().parse().unwrap();
        let (public, other) = (key.public().unwrap(), SigningKey::generate().unwrap().public().unwrap());
        let signature = key.sign(b"{\"name\":\"a\"}", "a 1.0.0");
        assert!(signature.contains("trusted comment: a 1.0.0\n"));
        assert_eq!(public.as_str().parse::<PublisherKey>().unwrap().verify(b"{\"name\":\"a\"}", &signature), Ok(()));
        assert_eq!(public.verify(b"{\"name\":\"b\"}", &signature), Err(SignatureError::Wrong));
        assert_eq!(other.verify(b"{\"name\":\"a\"}", &signature), Err(SignatureError::OtherKey));
        let renamed = signature.replace("trusted comment: a", "trusted comment: b");
        assert_eq!(public.verify(b"{\"name\":\"a\"}", &renamed), Err(SignatureError::Wrong));
        assert_eq!(format!("{key:?}"), "SigningKey");
    }

    #[test]
    fn minisigns_own_signatures_are_taken_if_they_are_prehashed() {
        // From minisign's tests: of the text `test`.
        let key: PublisherKey = "RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3".parse().unwrap();
        let prehashed = "untrusted comment: signature from minisign secret key
RUQf6LRCGA9i559r3g7V1qNyJDApGip8MfqcadIgT9CuhV3EMhHoN1mGTkUidF/z7SrlQgXdy8ofjb7bNJJylDOocrCo8KLzZwo=
trusted comment: timestamp:1633700835\tfile:test\tprehashed
wLMDjy9FLAuxZ3q4NlEvkgtyhrr0gtTu6KC4KBJdITbbOeAi1zBIYo0v4iTgt8jJpIidRJnp94ABQkJAgAooBQ==";
        let legacy = "untrusted comment: signature from minisign secret key
RWQf6LRCGA9i59SLOFxz6NxvASXDJeRtuZykwQepbDEGt87ig1BNpWaVWuNrm73YiIiJbq71Wi+dP9eKL8OC351vwIasSSbXxwA=
trusted comment: timestamp:1555779966\tfile:test
QtKMXWyYcwdpZAlPF7tE2ENJkRd1ujvKjlj1m9RtHTBnZPa5WKU5uWRs5GoP5M/VqE81QFuMKI5k/SfNQUaOAA==";
        assert_eq!(key.verify(b"test", prehashed), Ok(()));
        assert_eq!(key.verify(b"tset", prehashed), Err(SignatureError::Wrong));
        assert_eq!(key.verify(b"test", legacy), Err(SignatureError::Legacy));
    }

    #[test]
    fn a_key_that_minisign_made_signs_what_it_takes() {
        let text = "untrusted comment: rsign encrypted secret key
RWQAAEIyAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAYM2pzsp+VycmwH6bIsmJvk1QRYBXZ/myps47mbo0iBvitXdmVbBJOpsAM9f/S/jaKy5tkz5adqg9ypvWv/fU3b37whfm29nqzzf+D7SG6ut8LY42WIJCTGhU0d8tsPPd4FNpANhNSxU=
";
        let key: SigningKey = text.parse().unwrap();
        assert_eq!(key.to_text().lines().last(), text.lines().last());
        let public = key.public().unwrap();
        assert_eq!(public.as_str(), "RWRgzanOyn5XJ5sAM9f/S/jaKy5tkz5adqg9ypvWv/fU3b37whfm29nq");
        assert_eq!(public.verify(b"test", &key.sign(b"test", "x")), Ok(()));
        let protected = text.replace("RWQAAEIy", "RWRTY0Iy");
        assert_eq!(protected.parse::<SigningKey>().unwrap_err(), SignatureError::Protected);
        let damaged = text.replace("YM2pz", "YM2pa");
        assert_eq!(damaged.parse::<SigningKey>().unwrap_err(), SignatureError::NoSecretKey);
    }

    #[test]
    fn a_password_is_needed_where_there_is_one() {
        let key = SigningKey::generate().unwrap();
        let text = key.to_protected_text("horse battery").unwrap();
        assert_eq!(text.parse::<SigningKey>().unwrap_err(), SignatureError::Protected);
        assert_eq!(SigningKey::unprotect(&text, "horse").unwrap_err(), SignatureError::WrongPassword);
        let again = SigningKey::unprotect(&text, "horse battery").unwrap();
        assert_eq!(again.to_text(), key.to_text());
        assert_eq!(SigningKey::unprotect(&key.to_text(), "").unwrap().to_text(), key.to_text());
        // What demands more memory than there is makes no key.
        let mut bytes = decoded(&text).unwrap();
        bytes[MEMORY].fill(0xff);
        bytes[OPERATIONS].fill(0xff);
        let hostile = STANDARD.encode(bytes);
        assert_eq!(SigningKey::unprotect(&hostile, "x").unwrap_err(), SignatureError::NoSecretKey);
    }

    #[test]
    fn what_is_no_key_and_no_signature_is_refused() {
        for text in ["", "RWQ", "RWQf6LRC\0", "untrusted comment: x\n", &"R".repeat(5000)] {
            assert_eq!(text.parse::<PublisherKey>(), Err(SignatureError::NoKey));
            assert!(text.parse::<SigningKey>().is_err());
            let key = SigningKey::generate().unwrap().public().unwrap();
            assert_eq!(key.verify(b"x", text), Err(SignatureError::NoSignature));
        }
        let key: PublisherKey =
            "untrusted comment: k\nRWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3\n".parse().unwrap();
        assert!(key.to_string().starts_with("RWQf6"));
    }
}
