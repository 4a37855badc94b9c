//! The password of a publisher's key, as minisign has it: the secret part is combined with what scrypt makes of the password.
//!
//! Source: minisign's `minisign.c`, and `pickparams` of libsodium's `crypto_pwhash_scryptsalsa208sha256`, by which the two limits in a
//! file stand for scrypt's parameters.

use scrypt::Params;

/// scrypt's block size, which is fixed.
const BLOCK: u32 = 8;

/// The limits of keys that are made here: 128 MiB, which take some tenths of a second.
pub(super) const LIMITS: (u64, u64) = (4 << 20, 128 << 20);

/// The most memory, as its logarithm, that a key may demand: twice as much as minisign's own keys.
const MOST: u8 = 21;

/// The most rounds in a row.
const MOST_ROUNDS: u64 = 16;

/// Combines the secret part of a key with what is made of a password: which encrypts it, or decrypts it again. Returns `None` if the
/// limits, of operations and of memory in bytes, demand more than any real key.
pub(super) fn combine(secret: &mut [u8], password: &str, salt: &[u8], (operations, memory): (u64, u64)) -> Option<()> {
    let (log_n, rounds) = parameters(operations, memory)?;
    let parameters = Params::new(log_n, BLOCK, rounds).ok()?;
    let mut stream = vec![0; secret.len()];
    scrypt::scrypt(password.as_bytes(), salt, &parameters, &mut stream).ok()?;
    secret.iter_mut().zip(stream).for_each(|(byte, with)| *byte ^= with);
    Some(())
}

/// Returns the logarithm of the memory, in blocks, and the rounds.
fn parameters(operations: u64, memory: u64) -> Option<(u8, u32)> {
    let operations = operations.max(32_768);
    let block = u64::from(BLOCK);
    let is_bound_by_memory = operations >= memory / 32;
    let most = if is_bound_by_memory { memory / (block * 128) } else { operations / (block * 4) };
    let log_n = (1..63).find(|log_n| 1_u64 << log_n > most / 2).unwrap_or(63);
    if log_n > MOST {
        return None;
    }
    let rounds = if is_bound_by_memory { (operations / 4 / (1 << log_n)) / block } else { 1 };
    let rounds = Some(rounds).filter(|rounds| (1..=MOST_ROUNDS).contains(rounds))?;
    Some((log_n, u32::try_from(rounds).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_read_as_libsodium_reads_them() {
        // minisign's own: the sensitive limits.
        assert_eq!(parameters(33_554_432, 1_073_741_824), Some((20, 1)));
        // The interactive ones.
        assert_eq!(parameters(524_288, 16_777_216), Some((14, 1)));
        assert_eq!(parameters(LIMITS.0, LIMITS.1), Some((17, 1)));
        for hostile in [(u64::MAX, u64::MAX), (u64::MAX, 1 << 24), (0, 0), (1 << 50, 1 << 40)] {
            assert_eq!(parameters(hostile.0, hostile.1), None, "{hostile:?}");
        }
    }
}
