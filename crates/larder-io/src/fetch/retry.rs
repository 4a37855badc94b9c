//! When a failed request is repeated.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::Duration;

use super::RequestError;

/// How often a failed request is repeated, and after which pauses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retry {
    /// Repetitions after the first try.
    pub times: u32,
    /// The first pause; each further one is three times as long.
    pub pause: Duration,
    /// The longest pause that is kept when a registry asks for one (`Retry-After`).
    pub longest: Duration,
}

impl Default for Retry {
    fn default() -> Self {
        Self { times: 3, pause: Duration::from_millis(200), longest: Duration::from_secs(30) }
    }
}

impl Retry {
    /// Returns how long to wait before the next try, after `tries` failures. Returns `None` to give up. `random` spreads the
    /// pause between one half and one and a half times its length, so that many clients do not come back as one.
    pub(super) fn pause(self, tries: u32, error: &RequestError, random: u64) -> Option<Duration> {
        if !error.is_transient() {
            return None;
        }
        let pause = self.pause_between(tries, random)?;
        let asked = match error {
            RequestError::Status { retry_after: Some(seconds), .. } => Duration::from_secs(*seconds),
            _ => Duration::ZERO,
        };
        Some(pause.max(asked).min(self.longest))
    }

    /// Returns how long to wait after the connection failed `tries` times. Returns `None` to give up.
    pub(super) fn pause_between(self, tries: u32, random: u64) -> Option<Duration> {
        if tries > self.times {
            return None;
        }
        let pause = self.pause.saturating_mul(3_u32.saturating_pow(tries.saturating_sub(1)));
        let percent = u32::try_from(random % 101).unwrap_or(50) + 50;
        Some(pause.saturating_mul(percent) / 100)
    }
}

/// Returns an unpredictable number: the standard library seeds its hashers randomly.
pub(super) fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server() -> crate::fetch::Server {
        crate::fetch::Server { registry: "r".parse().unwrap(), is_mirror: false }
    }

    fn busy(retry_after: Option<u64>) -> RequestError {
        RequestError::Status { server: server(), url: String::new(), status: 503, retry_after }
    }

    #[test]
    fn pauses_grow_and_end() {
        let retry = Retry::default();
        assert_eq!(retry.pause(1, &busy(None), 50), Some(Duration::from_millis(200)));
        assert_eq!(retry.pause(3, &busy(None), 50), Some(Duration::from_millis(1800)));
        assert_eq!(retry.pause(4, &busy(None), 50), None);
    }

    #[test]
    fn retry_after_is_honoured_within_bounds() {
        let retry = Retry::default();
        assert_eq!(retry.pause(1, &busy(Some(2)), 0), Some(Duration::from_secs(2)));
        assert_eq!(retry.pause(1, &busy(Some(90_000)), 0), Some(Duration::from_secs(30)));
    }

    #[test]
    fn a_missing_file_is_not_asked_for_again() {
        let missing = RequestError::NotFound { server: server(), url: String::new() };
        assert_eq!(Retry::default().pause(1, &missing, 0), None);
    }
}
