//! What a publisher says of the state of a private package.

use super::PackageName;

/// The state of a private package.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum PackageStatus {
    /// It is for everybody.
    #[default]
    Active,
    /// Dependents have to ask for it: `beta=#true`.
    Beta,
    /// Dependents are warned.
    Deprecated {
        /// What takes its place.
        replaced_by: Option<PackageName>,
    },
}

impl PackageStatus {
    /// Every word for a status.
    pub const WORDS: [&'static str; 3] = ["active", "beta", "deprecated"];

    /// Returns the status that a word stands for. A replacement belongs to a deprecated package only.
    pub fn from_word(word: &str, replaced_by: Option<PackageName>) -> Option<Self> {
        match (word, replaced_by) {
            ("active", None) => Some(Self::Active),
            ("beta", None) => Some(Self::Beta),
            ("deprecated", replaced_by) => Some(Self::Deprecated { replaced_by }),
            _ => None,
        }
    }

    /// Returns the word that manifests and registries use.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Beta => "beta",
            Self::Deprecated { .. } => "deprecated",
        }
    }

    /// Returns what takes the package's place.
    pub fn replaced_by(&self) -> Option<&PackageName> {
        match self {
            Self::Deprecated { replaced_by } => replaced_by.as_ref(),
            Self::Active | Self::Beta => None,
        }
    }
}
