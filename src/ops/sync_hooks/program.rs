//! A hook's file, through no link.

use std::path::{Path, PathBuf};

use crate::diagnostic::{Exit, Failure};
use crate::fs::{self, Kind, PathState};
use crate::manifest::Hook;
use crate::model::TreeDigest;
use crate::ops::Result;

/// The largest program of a hook.
const LARGEST: u64 = 64 << 20;

/// A hook's program as it is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct HookProgram {
    /// The file.
    pub(super) path: PathBuf,
    /// The digest of its content.
    pub(super) digest: TreeDigest,
}

impl HookProgram {
    /// Finds the program of a hook.
    pub(super) fn find(root: &Path, hook: &Hook) -> Result<Self> {
        let refused = |reason: &'static str| UnusableHook { program: hook.program.as_str().to_owned(), reason };
        let relative = Path::new(hook.program.as_str());
        match fs::inspect_below(root, relative)? {
            PathState::Blocked { path, kind: Kind::File } if path == relative => {}
            PathState::Blocked { kind: Kind::Symlink, .. } => {
                return Err(refused("it is reached through a link").into());
            }
            PathState::Missing => return Err(refused("it is not there").into()),
            _ => return Err(refused("it is not a file").into()),
        }
        let path = root.join(relative);
        let stat = fs::lstat(&path)?.ok_or_else(|| refused("it is not there"))?;
        if !stat.is_program() {
            return Err(refused("it is not executable: `chmod +x` makes it so").into());
        }
        if stat.size > LARGEST {
            return Err(refused("it is larger than 64 MiB").into());
        }
        let content = fs::read_record(&path)?.ok_or_else(|| refused("it is not there"))?;
        Ok(Self { path, digest: TreeDigest::of(&content) })
    }
}

/// A hook without a program that can be run.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("the program `{program}` of a hook cannot be run: {reason}")]
#[diagnostic(code(larder::hooks::no_program), help("nothing was changed. A hook is an executable file of the project"))]
struct UnusableHook {
    program: String,
    reason: &'static str,
}

impl Failure for UnusableHook {
    fn exit(&self) -> Exit {
        Exit::Manifest
    }
}
