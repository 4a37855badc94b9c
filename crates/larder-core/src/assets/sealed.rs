//! Files that only who has a key can read, in the format of `age`.
//!
//! Source: age-encryption.org/v1. Recipients and identities are those that `age-keygen` makes.

use std::io::{self, Read, Write};

use age::x25519::{Identity, Recipient};
use age::{DecryptError, Decryptor, Encryptor};

/// The first bytes of an encrypted file.
const MAGIC: &[u8] = b"age-encryption.org/";

/// Returns whether these are the first bytes of an encrypted file.
pub fn is_sealed(start: &[u8]) -> bool {
    start.starts_with(MAGIC)
}

/// Why an encrypted file cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// It was encrypted for others.
    #[error("none of the keys can read it")]
    WrongKey,
    /// It is not what was written.
    #[error("it is damaged: {0}")]
    Damaged(String),
}

/// Returns the recipients that a text names: `age1…`, one on each line; lines that begin with `#` are comments.
///
/// # Errors
/// What is none, as a sentence.
pub fn recipients(text: &str) -> Result<Vec<Recipient>, String> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let parse = |line: &str| {
        if line.to_ascii_uppercase().starts_with("AGE-SECRET-KEY-") {
            return Err("a secret key stands where its public key, `age1…`, has to".to_owned());
        }
        line.parse::<Recipient>().map_err(|_| format!("`{}` is no public key of age, `age1…`", shortened(line)))
    };
    let found = lines.map(parse).collect::<Result<Vec<Recipient>, String>>()?;
    if found.is_empty() { Err("it names no public key of age, `age1…`".to_owned()) } else { Ok(found) }
}

/// Returns the secret keys of a file as `age-keygen` writes it. No message has anything of them.
///
/// # Errors
/// Why `text` is not a file of age identities, as a sentence.
pub fn identities(text: &str) -> Result<Vec<Identity>, String> {
    if is_sealed(text.as_bytes()) {
        return Err("it is encrypted itself: decrypt it with `age -d` first".to_owned());
    }
    let lines = text.lines().map(str::trim).enumerate();
    let lines = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
    let parse = |(at, line): (usize, &str)| {
        line.parse::<Identity>().map_err(|_| format!("line {} is no secret key of age, `AGE-SECRET-KEY-1…`", at + 1))
    };
    let found = lines.map(parse).collect::<Result<Vec<Identity>, String>>()?;
    if found.is_empty() { Err("it has no secret key of age, `AGE-SECRET-KEY-1…`".to_owned()) } else { Ok(found) }
}

fn shortened(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(60).collect()
}

/// Encrypts bytes for recipients.
///
/// # Errors
/// There is no recipient, or the system has no randomness.
pub fn seal(bytes: &[u8], recipients: &[Recipient]) -> io::Result<Vec<u8>> {
    let recipients = recipients.iter().map(|one| one as &dyn age::Recipient);
    let encryptor = Encryptor::with_recipients(recipients).map_err(io::Error::other)?;
    let mut sealed = Vec::with_capacity(bytes.len() + 1024);
    let mut writer = encryptor.wrap_output(&mut sealed)?;
    writer.write_all(bytes)?;
    writer.finish()?;
    Ok(sealed)
}

/// Opens an encrypted file. What is read of it is authentic; that it is whole is known at its end.
///
/// # Errors
/// The keys are wrong, or the file is damaged.
pub fn open<R: Read>(sealed: R, identities: &[Identity]) -> Result<impl Read + use<R>, SealError> {
    let damaged = |reason: &str| SealError::Damaged(reason.to_owned());
    let error = |error: DecryptError| match error {
        DecryptError::NoMatchingKeys | DecryptError::DecryptionFailed | DecryptError::KeyDecryptionFailed => {
            SealError::WrongKey
        }
        DecryptError::InvalidMac => damaged("its header was changed"),
        DecryptError::Io(error) if error.kind() == io::ErrorKind::UnexpectedEof => damaged("it ends too early"),
        DecryptError::Io(error) => SealError::Damaged(error.to_string()),
        DecryptError::InvalidHeader => damaged("its header cannot be read"),
        DecryptError::ExcessiveWork { .. } => damaged("it asks for too much work"),
        DecryptError::UnknownFormat => damaged("it is of a version of age that is not known"),
        other => SealError::Damaged(other.to_string()),
    };
    let decryptor = Decryptor::new(sealed).map_err(error)?;
    if decryptor.is_scrypt() {
        return Err(damaged("it is encrypted with a password, and not for a key"));
    }
    decryptor.decrypt(identities.iter().map(|one| one as &dyn age::Identity)).map_err(error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use age::secrecy::ExposeSecret;

    fn opened(sealed: &[u8], key: &Identity) -> Result<Vec<u8>, String> {
        let mut reader = open(sealed, std::slice::from_ref(key)).map_err(|error| error.to_string())?;
        let mut bytes = Vec::new();
        reader.read_to_end(&mut bytes).map_err(|error| error.to_string())?;
        Ok(bytes)
    }

    #[test]
    fn only_who_has_the_key_reads_what_was_written() {
        let (key, other) = (Identity::generate(), Identity::generate());
        let text = "orders, and where they go".repeat(100);
        let sealed = seal(text.as_bytes(), &[key.to_public(), other.to_public()]).unwrap();
        assert!(is_sealed(&sealed));
        assert_eq!(opened(&sealed, &key).unwrap(), text.as_bytes());
        assert_eq!(opened(&sealed, &other).unwrap(), text.as_bytes());
        assert_eq!(opened(&sealed, &Identity::generate()).unwrap_err(), "none of the keys can read it");
        for end in [0, 10, 30, 200, sealed.len() - 1] {
            assert!(opened(&sealed[..end], &key).is_err(), "cut at {end}");
        }
        for at in (0..sealed.len()).step_by(7) {
            let mut flipped = sealed.clone();
            flipped[at] ^= 1;
            assert!(opened(&flipped, &key).is_err(), "flipped at {at}");
        }
    }

    #[test]
    fn keys_are_read_as_age_keygen_writes_them() {
        let key = Identity::generate();
        let (secret, public) = (key.to_string(), key.to_public().to_string());
        let file = format!("# created: 2026-11-28\n# public key: {public}\n{}\n", secret.expose_secret());
        assert_eq!(identities(&file).unwrap().len(), 1);
        assert_eq!(recipients(&format!("# shop\n{public}\n\n{public}\n")).unwrap().len(), 2);
        assert!(recipients(secret.expose_secret()).unwrap_err().contains("secret key stands"));
        for wrong in ["", "# nothing\n", "ssh-ed25519 AAAA", "age1abc"] {
            assert!(recipients(wrong).is_err() && identities(wrong).is_err(), "{wrong}");
        }
        let damaged = secret.expose_secret().replace('7', "8").replace('Q', "P") + "X";
        let told = identities(&damaged).err().unwrap();
        assert!(!told.contains(&damaged[20..40]), "{told}");
    }
}
