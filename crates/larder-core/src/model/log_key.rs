//! The public keys of registries' logs: c2sp.org/signed-note, with Ed25519.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

/// The byte before an Ed25519 key.
const ED25519: u8 = 1;

/// The public key of a log, whose name is the log's origin: `packages.acme.example+1c3f9a20+AaC…`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LogKey {
    name: Box<str>,
    id: [u8; 4],
    key: [u8; 32],
}

/// A text that is no key of a log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no key of a log: one is written ORIGIN+HASH+KEY, as `larder registry init` prints it")]
pub struct LogKeyError(pub String);

impl LogKey {
    /// Returns the key with a name. Returns `None` if `name` cannot be one: it has neither white space nor `+`.
    pub fn new(name: &str, key: [u8; 32]) -> Option<Self> {
        if !Self::is_name(name) {
            return None;
        }
        let hash = Sha256::new().chain_update(name).chain_update([b'\n', ED25519]).chain_update(key).finalize();
        Some(Self { name: name.into(), id: [hash[0], hash[1], hash[2], hash[3]], key })
    }

    /// Returns whether a text can be the name of a key.
    pub fn is_name(name: &str) -> bool {
        let is_odd = |c: char| c.is_whitespace() || c.is_control() || c == '+';
        !name.is_empty() && name.len() <= 255 && !name.contains(is_odd)
    }

    /// Splits `NAME+HASH+KEY` into the name, the hash and 32 bytes. Private keys are written like public ones.
    pub fn parts(text: &str) -> Option<(&str, [u8; 4], [u8; 32])> {
        let (name, rest) = text.split_once('+')?;
        let (id, key) = rest.split_once('+')?;
        let id = Some(id).filter(|id| id.len() == 8).and_then(|id| u32::from_str_radix(id, 16).ok())?;
        let key = STANDARD.decode(key).ok()?;
        let key = key.strip_prefix(&[ED25519])?.try_into().ok()?;
        Self::is_name(name).then_some((name, id.to_be_bytes(), key))
    }

    /// Writes `NAME+HASH+KEY` with other bytes in the place of the key: those of the private one.
    pub fn with_secret(&self, secret: &[u8; 32]) -> String {
        let id = u32::from_be_bytes(self.id);
        format!("{}+{id:08x}+{}", self.name, STANDARD.encode([&[ED25519][..], secret].concat()))
    }

    /// Returns the name: the origin of the log.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the hash that signatures state.
    pub fn id(&self) -> [u8; 4] {
        self.id
    }

    /// Returns the bytes of the key.
    pub fn bytes(&self) -> &[u8; 32] {
        &self.key
    }
}

impl FromStr for LogKey {
    type Err = LogKeyError;

    fn from_str(text: &str) -> Result<Self, LogKeyError> {
        let error = || LogKeyError(text.to_owned());
        let (name, id, key) = Self::parts(text).ok_or_else(error)?;
        Self::new(name, key).filter(|parsed| parsed.id == id).ok_or_else(error)
    }
}

impl fmt::Display for LogKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.with_secret(&self.key))
    }
}

impl fmt::Debug for LogKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_one_text() {
        // The example of golang.org/x/mod/sumdb/note.
        let text = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
        let key: LogKey = text.parse().unwrap();
        assert_eq!((key.name(), key.to_string().as_str()), ("PeterNeumann", text));
        for wrong in ["", "a", "a+b", &text.replace("c74f20a3", "c74f20a4"), &text.replace("Peter", "Pe ter")] {
            assert!(wrong.parse::<LogKey>().is_err(), "{wrong}");
        }
    }
}
