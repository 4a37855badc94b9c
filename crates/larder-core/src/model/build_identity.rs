//! Who built a published version.

use std::fmt;

/// Who built a published version, by the word of a certificate authority that saw the build's own credentials.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct BuildIdentity {
    /// Who vouched for the build: `https://token.actions.githubusercontent.com`
    pub issuer: String,
    /// Where the sources are: `github.com/acme/web`
    pub repository: String,
    /// The file that says how it is built, in the repository: `.github/workflows/release.yml`. Empty if it is unknown.
    pub workflow: String,
}

impl fmt::Display for BuildIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.repository)?;
        if !self.workflow.is_empty() {
            write!(f, " by {}", self.workflow)?;
        }
        Ok(())
    }
}

/// What a lock keeps of who built a version.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct LockedProvenance {
    /// Who built it. `None` if nobody vouches for that.
    pub built_by: Option<BuildIdentity>,
    /// Who built the versions before it, if it was somebody else and nobody accepted that yet.
    pub instead_of: Option<BuildIdentity>,
}
