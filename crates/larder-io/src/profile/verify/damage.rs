//! Differences between a profile and what it should be.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::fs::{self, Kind};
use crate::model::TreeDigest;

use crate::profile::ProfileError;
use crate::profile::key::RealisedKey;

/// What a profile was found to be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checked {
    /// What is not as it should be.
    pub damage: Vec<Damage>,
    /// The absolute paths of byte-code that larder did not compile: Python's own, or a forgery with the time and size of its
    /// source, which only a Python could tell from it.
    pub unknown_bytecode: Vec<PathBuf>,
}

impl From<Vec<Damage>> for Checked {
    fn from(damage: Vec<Damage>) -> Self {
        Self { damage, unknown_bytecode: Vec::new() }
    }
}

impl Extend<Self> for Checked {
    fn extend<T: IntoIterator<Item = Self>>(&mut self, parts: T) {
        for part in parts {
            self.damage.extend(part.damage);
            self.unknown_bytecode.extend(part.unknown_bytecode);
        }
    }
}

/// A file, link or folder of a profile that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// Relative to the checkout.
    pub path: PathBuf,
    /// The package that it belongs to, where there is one.
    pub package: Option<String>,
    /// The realised package that it lies in, where it lies in one.
    pub key: Option<RealisedKey>,
    /// The tree of the store that the file is linked from, which may be damaged with it; of what is missing or foreign in a realised
    /// package, the package's own.
    pub tree: Option<TreeDigest>,
    /// The kind of damage.
    pub kind: ProfileDamageKind,
}

/// A kind of damage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProfileDamageKind {
    /// The file or link is missing.
    Missing,
    /// A link of the checkout is missing, with the folder that it lies in.
    FolderGone,
    /// The content is not what was installed.
    Changed {
        /// The digest it should have.
        expected: TreeDigest,
        /// The digest it has.
        found: TreeDigest,
    },
    /// A link leads elsewhere, or is no link.
    Redirected {
        /// The target that the link should have.
        expected: PathBuf,
    },
    /// A link leads to what is not there any more.
    Dangling {
        /// The missing target.
        target: PathBuf,
    },
    /// larder did not install the file.
    Foreign,
    /// The store no longer has the tree to compare the package with.
    Unknown,
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` ", self.path.display())?;
        if let Some(package) = &self.package {
            write!(f, "({package}) ")?;
        }
        match &self.kind {
            ProfileDamageKind::Missing => f.write_str("is missing"),
            ProfileDamageKind::FolderGone => f.write_str("is missing, with the folder that it lies in"),
            ProfileDamageKind::Changed { expected, found } => {
                write!(f, "was changed: expected {expected:.16}…, found {found:.16}…")
            }
            ProfileDamageKind::Redirected { expected } => write!(f, "does not lead to `{}`", expected.display()),
            ProfileDamageKind::Dangling { target } => write!(f, "leads to `{}`, which is gone", target.display()),
            ProfileDamageKind::Foreign => f.write_str("was not installed by larder"),
            ProfileDamageKind::Unknown => f.write_str("cannot be checked: the store has no such package any more"),
        }
    }
}

pub(super) fn link_harm(path: &Path, expected: &Path) -> Result<Option<ProfileDamageKind>, ProfileError> {
    let redirected = || Some(ProfileDamageKind::Redirected { expected: expected.to_owned() });
    match fs::lstat(path)? {
        None => Ok(Some(ProfileDamageKind::Missing)),
        Some(stat) if stat.kind != Kind::Symlink => Ok(redirected()),
        Some(_) => Ok(if fs::read_link(path)? == expected { None } else { redirected() }),
    }
}
