//! What goes wrong in the store.

use std::fmt::Write;
use std::path::PathBuf;

use super::StoreDamage;
use crate::diagnostic::{Exit, Failure};
use crate::fs::FsError;

/// An error of the store.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[allow(missing_docs, reason = "the messages say what the fields are")]
pub enum StoreError {
    /// An I/O error.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Fs(#[from] FsError),
    /// Another user may write to the store.
    #[error("the store cannot be trusted: `{}` {problem}", path.display())]
    #[diagnostic(
        code(larder::store::not_own),
        help(
            "whoever can write there decides what runs in your projects: remove that right (`chmod go-w`, `chown`), or set \
             LARDER_STORE to a folder of your own"
        )
    )]
    NotOwn { path: PathBuf, problem: String },
    /// A tree's index was changed.
    #[error("the store is damaged: `{}` is not what larder wrote", path.display())]
    #[diagnostic(code(larder::store::bad_index), help("run `larder sync --repair` to fetch it again"))]
    Index { path: PathBuf },
    /// An artifact's record leads to the tree of another one.
    #[error("the store is damaged: `{}` leads to the content of another artifact", path.display())]
    #[diagnostic(code(larder::store::bad_record), help("run `larder sync --repair` to fetch it again"))]
    Record { path: PathBuf },
    /// Files of the store were changed.
    #[error("the store is damaged: {}", summary(.0))]
    #[diagnostic(
        code(larder::store::damaged),
        help(
            "run `larder sync --repair` to fetch the damaged files again; the cause may be a tool that writes through hard links"
        )
    )]
    Damaged(Vec<StoreDamage>),
}

impl Failure for StoreError {
    fn exit(&self) -> Exit {
        match self {
            Self::Fs(error) => error.exit(),
            Self::NotOwn { .. } => Exit::Refused,
            Self::Index { .. } | Self::Record { .. } | Self::Damaged(_) => Exit::Integrity,
        }
    }
}

/// Names the first few damages: a store on a failing disk can have thousands.
fn summary(damages: &[StoreDamage]) -> String {
    const NAMED: usize = 5;
    let mut text = damages.iter().take(NAMED).map(ToString::to_string).collect::<Vec<_>>().join("; ");
    if damages.len() > NAMED {
        let _ = write!(text, "; and {} more", damages.len() - NAMED);
    }
    text
}
