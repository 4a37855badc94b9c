//! The identifiers of Creatio packages.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// The identifier of a package, a GUID. Together with the name it says which package it is. Written in lower case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Uid(Arc<str>);

/// A text that is not a GUID.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{}` is not a UId, which is written like 06d9ef10-aaaa-4bbb-8ccc-000000000000", .0.escape_debug())]
pub struct UidError(pub String);

impl Uid {
    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Uid {
    type Err = UidError;

    fn from_str(text: &str) -> Result<Self, UidError> {
        const PARTS: [usize; 5] = [8, 4, 4, 4, 12];
        let parts: Vec<&str> = text.split('-').collect();
        let is_part =
            |(part, length): (&&str, usize)| part.len() == length && part.bytes().all(|byte| byte.is_ascii_hexdigit());
        if parts.len() == PARTS.len() && parts.iter().zip(PARTS).all(is_part) {
            Ok(Self(text.to_ascii_lowercase().into()))
        } else {
            Err(UidError(text.chars().take(100).collect()))
        }
    }
}

impl fmt::Display for Uid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_does_not_count() {
        let uid = |text: &str| text.parse::<Uid>();
        assert_eq!(uid("D40C3488-7718-4DDC-9173-949868871326"), uid("d40c3488-7718-4ddc-9173-949868871326"));
        for text in ["", "d40c3488", "d40c3488-7718-4ddc-9173-94986887132g", "{d40c3488-7718-4ddc-9173-949868871326}"] {
            assert!(uid(text).is_err(), "{text}");
        }
    }
}
