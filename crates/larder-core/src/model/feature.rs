//! The names of features of private packages.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::Serialize;

use super::{ExtraName, NameError};

/// The name of a feature: a part of a package that dependents turn on.
///
/// Letters, digits, `-`, `_` and `.`, of which a letter or digit is first; at most 64. Case counts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct FeatureName(Arc<str>);

impl FeatureName {
    /// The feature that is on unless a dependent says `default-features=#false`.
    pub const DEFAULT: &'static str = ExtraName::DEFAULT_FEATURE;

    /// Returns the name's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for FeatureName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        let is_name =
            text.starts_with(|c: char| c.is_ascii_alphanumeric()) && text.chars().all(allowed) && text.len() <= 64;
        let reason = "is not a name of a feature: it has letters, digits, `-`, `_` and `.`, at most 64, and begins with a letter or digit";
        if is_name { Ok(Self(text.into())) } else { Err(NameError { text: text.to_owned(), reason }) }
    }
}

impl fmt::Display for FeatureName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
