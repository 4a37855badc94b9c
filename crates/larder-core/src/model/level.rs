//! How well a build is locked in.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How well a build is locked in, from the weakest on. An output of a weaker level never serves a stricter demand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Not at all: the build may do what the user may do.
    None,
    /// Landlock and seccomp: the build sees the names of other files, but reads and changes none, and has no sockets.
    ///
    /// Changes of mode, owner and time do nothing and are told as done, as neither can tell whose file it is. So a build
    /// cannot run what it has just linked: shared libraries and modules are built, projects that try their compiler are not.
    Reduced,
    /// Own namespaces, Landlock and seccomp: what is not for the build does not exist.
    #[default]
    Strict,
}

impl Level {
    /// Returns the word for it in a manifest.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Reduced => "reduced",
            Self::Strict => "strict",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for Level {
    type Err = UnknownLevel;

    fn from_str(text: &str) -> Result<Self, UnknownLevel> {
        let known = [Self::None, Self::Reduced, Self::Strict].into_iter().find(|level| level.as_str() == text);
        known.ok_or(UnknownLevel)
    }
}

/// The word names no level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected `strict`, `reduced` or `none`")]
pub struct UnknownLevel;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_ordered_from_the_weakest_and_read_as_they_are_written() {
        assert!(Level::None < Level::Reduced && Level::Reduced < Level::Strict);
        for level in [Level::None, Level::Reduced, Level::Strict] {
            assert_eq!(level.to_string().parse(), Ok(level));
        }
        assert_eq!("Strict".parse::<Level>(), Err(UnknownLevel));
    }
}
