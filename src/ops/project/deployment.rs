//! Deployments: folders whose project came in a bundle, and is replaced by the next one as a whole.

use std::path::Path;

use crate::diagnostic::{Exit, Failure};
use crate::fs::{self, Kind};
use crate::ops::Result;
use crate::ops::session::MANIFEST;

/// Fails if the project in `root` came in a bundle: its larder.kdl is a link into the current generation, and what is written in
/// its place would keep the next bundle out.
pub(in crate::ops) fn refuse(root: &Path) -> Result<()> {
    let manifest = root.join(MANIFEST);
    let is_link = fs::lstat(&manifest)?.is_some_and(|stat| stat.kind == Kind::Symlink);
    if is_link && fs::read_link(&manifest)?.starts_with(".larder") {
        return Err(IsDeployment("this project".to_owned()).into());
    }
    Ok(())
}

/// What a project or an environment has came in a bundle.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("{0} came in a bundle: this is a deployment, and no checkout to build from")]
#[diagnostic(
    code(larder::sync::deployment),
    help(
        "`larder unbundle FILE` brings the next one, or heals this one; `larder rollback` goes back to the one before"
    )
)]
pub(in crate::ops) struct IsDeployment(pub(in crate::ops) String);

impl Failure for IsDeployment {
    fn exit(&self) -> Exit {
        Exit::Refused
    }
}
