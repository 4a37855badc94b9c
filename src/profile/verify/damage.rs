//! What is not as it should be in a profile, and how it is told.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::fs::{self, Kind};
use crate::model::TreeDigest;

use crate::profile::ProfileError;
use crate::profile::key::Key;

/// Something that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// Relative to the checkout.
    pub path: PathBuf,
    /// The package that it belongs to, where there is one.
    pub package: Option<String>,
    /// The realised package that it lies in, where it lies in one.
    pub key: Option<Key>,
    /// The tree of the store that the file is linked from: it may be harmed with it.
    pub tree: Option<TreeDigest>,
    /// What is wrong.
    pub harm: Harm,
}

/// What is wrong with a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Harm {
    /// It is not there.
    Missing,
    /// Its content is not what was installed.
    Changed {
        /// The digest it should have.
        expected: TreeDigest,
        /// The digest it has.
        found: TreeDigest,
    },
    /// A link leads elsewhere, or is no link.
    Redirected {
        /// Where it should lead.
        expected: PathBuf,
    },
    /// A link leads to what is not there any more.
    Dangling {
        /// What is gone.
        target: PathBuf,
    },
    /// Nobody installed it.
    Foreign,
    /// The store has nothing to compare it with any more.
    Unknown,
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` ", self.path.display())?;
        if let Some(package) = &self.package {
            write!(f, "({package}) ")?;
        }
        match &self.harm {
            Harm::Missing => f.write_str("is missing"),
            Harm::Changed { expected, found } => write!(f, "was changed: expected {expected:.16}…, found {found:.16}…"),
            Harm::Redirected { expected } => write!(f, "does not lead to `{}`", expected.display()),
            Harm::Dangling { target } => write!(f, "leads to `{}`, which is gone", target.display()),
            Harm::Foreign => f.write_str("was not installed by larder"),
            Harm::Unknown => f.write_str("cannot be checked: the store has no such package any more"),
        }
    }
}

pub(super) fn link_harm(path: &Path, expected: &Path) -> Result<Option<Harm>, ProfileError> {
    let redirected = || Some(Harm::Redirected { expected: expected.to_owned() });
    match fs::lstat(path)? {
        None => Ok(Some(Harm::Missing)),
        Some(stat) if stat.kind != Kind::Symlink => Ok(redirected()),
        Some(_) => Ok(if fs::read_link(path)? == expected { None } else { redirected() }),
    }
}
