//! Digests: of the files that registries serve, and of the trees in the store.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::hex::{decode_hex, encode_hex};

/// A hash function that a registry or the store uses, weakest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Algorithm {
    /// SHA-1, of old npm packages.
    Sha1,
    /// SHA-256, of Python's indexes.
    Sha256,
    /// SHA-512, of npm's `integrity`.
    Sha512,
}

impl Algorithm {
    /// Returns the algorithm with a name.
    fn from_name(name: &str) -> Option<Self> {
        [Self::Sha1, Self::Sha256, Self::Sha512].into_iter().find(|algorithm| algorithm.as_str() == name)
    }

    /// Returns the name, the prefix of a digest.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sha1 => "sha1",
            Self::Sha256 => "sha256",
            Self::Sha512 => "sha512",
        }
    }

    /// Returns the name that the IANA lists: `SHA-256`.
    pub fn iana_name(self) -> &'static str {
        match self {
            Self::Sha1 => "SHA-1",
            Self::Sha256 => "SHA-256",
            Self::Sha512 => "SHA-512",
        }
    }

    /// Returns whether nobody can make another file with the same digest.
    pub fn is_strong(self) -> bool {
        self != Self::Sha1
    }

    /// Returns the length of a digest in bytes.
    pub fn size(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha512 => 64,
        }
    }
}

/// The digest of a file. Written `sha512-BASE64` like npm's integrity and the web's subresource integrity (SRI).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest {
    algorithm: Algorithm,
    bytes: Vec<u8>,
}

/// A text that is not a digest.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a digest: it must be a sha512, sha256 or sha1 digest of the right length")]
pub struct DigestError(pub String);

impl Digest {
    /// Wraps the output of a hash function.
    ///
    /// # Panics
    /// If the length is not the algorithm's.
    pub fn new(algorithm: Algorithm, bytes: &[u8]) -> Self {
        assert_eq!(bytes.len(), algorithm.size(), "a {} digest", algorithm.as_str());
        Self { algorithm, bytes: bytes.to_vec() }
    }

    /// Returns the SHA-256 digest of `content`.
    pub fn sha256_of(content: impl AsRef<[u8]>) -> Self {
        use sha2::Digest as _;
        Self::new(Algorithm::Sha256, &sha2::Sha256::digest(content))
    }

    /// Returns the digest of `content` by this hash function.
    pub fn of(algorithm: Algorithm, content: impl AsRef<[u8]>) -> Self {
        use sha2::Digest as _;
        match algorithm {
            Algorithm::Sha1 => Self::new(algorithm, &sha1::Sha1::digest(content)),
            Algorithm::Sha256 => Self::sha256_of(content),
            Algorithm::Sha512 => Self::new(algorithm, &sha2::Sha512::digest(content)),
        }
    }

    /// Parses a hexadecimal digest, as in Python's indexes and npm's `shasum`.
    pub fn from_hex(algorithm: Algorithm, text: &str) -> Result<Self, DigestError> {
        let mut bytes = vec![0; algorithm.size()];
        decode_hex(text, &mut bytes).ok_or_else(|| DigestError(text.to_owned()))?;
        Ok(Self { algorithm, bytes })
    }

    /// Parses an SRI list (`sha1-… sha512-…`). Returns the digests of the strongest supported algorithm, one of which a file must
    /// have. Returns an empty list if no algorithm is supported.
    pub fn from_sri(text: &str) -> Result<Vec<Self>, DigestError> {
        let is_unsupported =
            |one: &str| one.split_once('-').is_some_and(|(name, _)| Algorithm::from_name(name).is_none());
        let known = || text.split_ascii_whitespace().filter(|one| !is_unsupported(one));
        let mut digests: Vec<Self> = known().filter_map(|one| one.split('?').next()?.parse().ok()).collect();
        if digests.is_empty() && known().next().is_some() {
            return Err(DigestError(text.to_owned()));
        }
        let strongest = digests.iter().map(|digest| digest.algorithm).max();
        digests.retain(|digest| Some(digest.algorithm) == strongest);
        digests.sort_unstable();
        digests.dedup();
        Ok(digests)
    }

    /// Returns the hash function.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Returns the raw digest.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Returns whether this is the digest of `content`.
    pub fn is_of(&self, content: &[u8]) -> bool {
        use sha2::Digest as _;
        match self.algorithm {
            Algorithm::Sha1 => sha1::Sha1::digest(content).as_slice() == self.bytes,
            Algorithm::Sha256 => sha2::Sha256::digest(content).as_slice() == self.bytes,
            Algorithm::Sha512 => sha2::Sha512::digest(content).as_slice() == self.bytes,
        }
    }

    /// Returns the digest in hexadecimal, without the algorithm.
    pub fn to_hex(&self) -> String {
        encode_hex(&self.bytes)
    }
}

impl FromStr for Digest {
    type Err = DigestError;

    fn from_str(text: &str) -> Result<Self, DigestError> {
        let error = || DigestError(text.to_owned());
        let (name, rest) = text.split_once('-').ok_or_else(error)?;
        let algorithm = Algorithm::from_name(name).ok_or_else(error)?;
        let bytes = STANDARD.decode(rest).map_err(|_| error())?;
        if bytes.len() == algorithm.size() { Ok(Self { algorithm, bytes }) } else { Err(error()) }
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.algorithm.as_str(), STANDARD.encode(&self.bytes))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The BLAKE3 digest by which the store names an unpacked tree, or a file in one. Written as 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TreeDigest(pub [u8; 32]);

impl TreeDigest {
    /// Returns the digest of some bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(*blake3::hash(bytes).as_bytes())
    }

    /// Returns the digest of a tree's files, which must be sorted by path: of each the path, whether it may be executed, and the
    /// digest of its content.
    pub fn of_files<'f>(files: impl IntoIterator<Item = (&'f str, bool, Self)>) -> Self {
        let mut text = b"larder tree\0".to_vec();
        for (path, executable, content) in files {
            text.extend_from_slice(&(path.len() as u64).to_le_bytes());
            text.extend_from_slice(path.as_bytes());
            text.push(u8::from(executable));
            text.extend_from_slice(&content.0);
        }
        Self::of(&text)
    }
}

impl FromStr for TreeDigest {
    type Err = DigestError;

    fn from_str(text: &str) -> Result<Self, DigestError> {
        blake3::Hash::from_hex(text).map(|hash| Self(*hash.as_bytes())).map_err(|_| DigestError(text.to_owned()))
    }
}

impl fmt::Display for TreeDigest {
    /// A precision truncates the text: `{digest:.16}`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&encode_hex(&self.0))
    }
}

impl Serialize for TreeDigest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for TreeDigest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl fmt::Debug for TreeDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_strongest_digest_of_a_list_is_kept() {
        let sha1 = Digest::from_hex(Algorithm::Sha1, "da39a3ee5e6b4b0d3255bfef95601890afd80709").unwrap();
        let sha256 = Digest::new(Algorithm::Sha256, &[7; 32]);
        let list = format!("{sha1} md5-xx {sha256}?opt");
        assert_eq!(Digest::from_sri(&list).unwrap(), std::slice::from_ref(&sha256));
        let other = Digest::new(Algorithm::Sha256, &[6; 32]);
        assert_eq!(Digest::from_sri(&format!("{sha256} {sha1} {other} {sha256}")).unwrap(), [other, sha256]);
        for others in ["md5-xx", "", "sha384-AAAA?x md5-x"] {
            assert_eq!(Digest::from_sri(others).unwrap(), [], "{others}");
        }
        for wrong in ["sha512-AAAA", "sha512-%%%", "nonsense", "md5-xx sha1-"] {
            assert!(Digest::from_sri(wrong).is_err(), "{wrong}");
        }
    }
}
