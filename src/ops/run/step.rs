//! What a shell is to run.

use std::path::PathBuf;

use crate::model::Label;

/// A script or a task, ready for `sh -c`; what follows the name on the command line are its arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ShellStep {
    /// Its name.
    pub(super) name: String,
    /// The folder that it runs in: that of the file that has it.
    pub(super) folder: PathBuf,
    /// What the shell runs.
    pub(super) text: String,
    /// The environment that it runs in, unless the command line names one.
    pub(super) environment: Option<Label>,
    /// Variables of its own.
    pub(super) variables: Vec<(&'static str, String)>,
}
