//! What goes wrong in the store.

use std::fmt::Write;
use std::path::PathBuf;

use super::Damage;
use crate::diagnostic::{Exit, Failure};
use crate::fs::FsError;

/// The store cannot give or take a tree.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum StoreError {
    /// The machine.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Fs(#[from] FsError),
    /// Somebody else may write to the store.
    #[error("the store is not to be trusted: `{}` {problem}", path.display())]
    #[diagnostic(
        code(larder::store::not_own),
        help(
            "who writes there decides what runs in your projects: take the right away (`chmod go-w`, `chown`), or let \
             LARDER_STORE lead to a folder of your own"
        )
    )]
    NotOwn {
        /// The folder.
        path: PathBuf,
        /// Who may write there, as the end of a sentence.
        problem: String,
    },
    /// A tree's index is not what was written.
    #[error("the store was harmed: `{}` is not what larder wrote", path.display())]
    #[diagnostic(code(larder::store::bad_index), help("`larder sync --repair` fetches it again"))]
    Index {
        /// The index.
        path: PathBuf,
    },
    /// An artifact's record leads to the tree of another one.
    #[error("the store was harmed: `{}` leads to the content of another artifact", path.display())]
    #[diagnostic(code(larder::store::bad_record), help("`larder sync --repair` fetches it again"))]
    Record {
        /// The record.
        path: PathBuf,
    },
    /// Files of the store are not what they were when they entered it.
    #[error("the store was harmed: {}", summary(.0))]
    #[diagnostic(
        code(larder::store::damaged),
        help("`larder sync --repair` fetches what was harmed again; a tool that writes through hard links does this")
    )]
    Damaged(Vec<Damage>),
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

/// Names the first few; a store on a failing disk has thousands.
fn summary(damages: &[Damage]) -> String {
    const NAMED: usize = 5;
    let mut text = damages.iter().take(NAMED).map(ToString::to_string).collect::<Vec<_>>().join("; ");
    if damages.len() > NAMED {
        let _ = write!(text, "; and {} more", damages.len() - NAMED);
    }
    text
}
