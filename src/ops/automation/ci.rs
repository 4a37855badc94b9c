//! `larder ci-template`: workflows that build what is locked, audit it, and propose newer versions once a week.

use std::path::Path;

use crate::ops::project::find_root;
use crate::ops::{Context, Result};

use super::PlacedFile;
use super::placed::{Existing, place};

/// Whose workflows they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CiHost {
    /// GitHub Actions.
    GitHub,
    /// GitLab CI.
    GitLab,
}

impl CiHost {
    /// Returns where the file belongs, relative to the repository.
    pub fn path(self) -> &'static str {
        match self {
            Self::GitHub => ".github/workflows/larder.yml",
            Self::GitLab => ".gitlab/larder.yml",
        }
    }

    /// Returns the file.
    pub fn text(self) -> String {
        let template = match self {
            Self::GitHub => include_str!("github.yml"),
            Self::GitLab => include_str!("gitlab.yml"),
        };
        template.replace("LARDER_VERSION", env!("CARGO_PKG_VERSION"))
    }

    /// Returns what is left to do by hand.
    pub fn advice(self) -> &'static str {
        match self {
            Self::GitHub => {
                "Pull requests of the weekly job need: Settings, Actions, \"Allow GitHub Actions to create pull requests\""
            }
            Self::GitLab => {
                "Have it in .gitlab-ci.yml: include: [{ local: .gitlab/larder.yml }]; the update job needs a schedule, and a \
                 token with the scope write_repository as LARDER_PUSH_TOKEN"
            }
        }
    }
}

/// Writes the file of a project whose folder is that of its repository. A file with other text is an error, unless it is to be
/// replaced.
pub fn write(context: &Context<'_>, host: CiHost, replaces: bool) -> Result<PlacedFile> {
    let root = find_root(context)?;
    let existing = if replaces { Existing::Replaced } else { Existing::Refused };
    place(&root.join(Path::new(host.path())), &host.text(), existing)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_are_yaml_and_name_this_version() {
        for host in [CiHost::GitHub, CiHost::GitLab] {
            let text = host.text();
            let parsed: serde_json::Value = serde_saphyr::from_str(&text).unwrap();
            assert!(parsed.is_object() && text.contains(env!("CARGO_PKG_VERSION")) && !text.contains("LARDER_VERSION"));
        }
    }
}
