//! Signed notes, and the private keys of logs: c2sp.org/signed-note, with Ed25519.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};

use crate::model::LogKey;

/// The most bytes of a note, and the most signatures.
const MAX_NOTE: usize = 1 << 16;
const MAX_SIGNATURES: usize = 100;

/// The words before a private key.
const PRIVATE: &str = "PRIVATE+KEY+";

/// A text that is no key, or no note.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoteFault {
    /// It is no private key.
    #[error("it is no private key of a log: one begins with `PRIVATE+KEY+`")]
    PrivateKey,
    /// It is no note.
    #[error("it is no signed note")]
    Note,
}

/// The private key of a log. It is never shown.
pub struct LogSigner {
    key: LogKey,
    seed: [u8; 32],
    pair: Ed25519KeyPair,
}

impl LogSigner {
    /// Makes a key from 32 random bytes. Returns `None` if `name` cannot be one.
    pub fn from_seed(name: &str, seed: [u8; 32]) -> Option<Self> {
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed).ok()?;
        let key = LogKey::new(name, pair.public_key().as_ref().try_into().ok()?)?;
        Some(Self { key, seed, pair })
    }

    /// Makes a new key.
    pub fn generate(name: &str) -> Option<Self> {
        use ring::rand::SecureRandom;
        let mut seed = [0; 32];
        ring::rand::SystemRandom::new().fill(&mut seed).ok()?;
        Self::from_seed(name, seed)
    }

    /// Returns the public key.
    pub fn key(&self) -> &LogKey {
        &self.key
    }

    /// Returns the text that is stored, and known to nobody else.
    pub fn to_secret(&self) -> String {
        format!("{PRIVATE}{}", self.key.with_secret(&self.seed))
    }

    /// Returns the note of a text, which ends with a line feed.
    pub(super) fn sign(&self, text: &str) -> String {
        let signature = self.pair.sign(text.as_bytes());
        let bytes = [&self.key.id()[..], signature.as_ref()].concat();
        format!("{text}\n\u{2014} {} {}\n", self.key.name(), STANDARD.encode(bytes))
    }
}

impl FromStr for LogSigner {
    type Err = NoteFault;

    fn from_str(text: &str) -> Result<Self, NoteFault> {
        let rest = text.trim().strip_prefix(PRIVATE).ok_or(NoteFault::PrivateKey)?;
        let (name, id, seed) = LogKey::parts(rest).ok_or(NoteFault::PrivateKey)?;
        let signer = Self::from_seed(name, seed).ok_or(NoteFault::PrivateKey)?;
        if signer.key.id() == id { Ok(signer) } else { Err(NoteFault::PrivateKey) }
    }
}

impl fmt::Debug for LogSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LogSigner({})", self.key)
    }
}

/// A note, split into its text and its signatures, which are not verified yet.
pub(super) struct SignedNote<'a> {
    pub(super) text: &'a str,
    signatures: Vec<Signature<'a>>,
}

struct Signature<'a> {
    name: &'a str,
    id: [u8; 4],
    bytes: Vec<u8>,
}

impl<'a> SignedNote<'a> {
    pub(super) fn parse(bytes: &'a [u8]) -> Result<Self, NoteFault> {
        let note = std::str::from_utf8(bytes).ok().filter(|note| note.len() <= MAX_NOTE).ok_or(NoteFault::Note)?;
        let is_odd = |c: char| c.is_control() && c != '\n';
        if note.contains(is_odd) {
            return Err(NoteFault::Note);
        }
        let at = note.rfind("\n\n").ok_or(NoteFault::Note)?;
        let (text, lines) = (&note[..=at], &note[at + 2..]);
        let lines = lines.strip_suffix('\n').ok_or(NoteFault::Note)?.split('\n');
        let signatures = lines.map(Signature::parse).collect::<Option<Vec<_>>>().ok_or(NoteFault::Note)?;
        if signatures.len() > MAX_SIGNATURES { Err(NoteFault::Note) } else { Ok(Self { text, signatures }) }
    }

    /// Returns the first of these keys that signed the note.
    pub(super) fn signed_by<'k>(&self, keys: &'k [LogKey]) -> Option<&'k LogKey> {
        keys.iter().find(|key| {
            let public = UnparsedPublicKey::new(&ED25519, key.bytes());
            self.signatures.iter().any(|signature| {
                signature.name == key.name()
                    && signature.id == key.id()
                    && public.verify(self.text.as_bytes(), &signature.bytes).is_ok()
            })
        })
    }
}

impl<'a> Signature<'a> {
    fn parse(line: &'a str) -> Option<Self> {
        let (name, encoded) = line.strip_prefix("\u{2014} ")?.split_once(' ')?;
        let bytes = STANDARD.decode(encoded).ok()?;
        let (id, signature) = bytes.split_first_chunk::<4>()?;
        LogKey::is_name(name).then(|| Self { name, id: *id, bytes: signature.to_vec() })
    }
}
