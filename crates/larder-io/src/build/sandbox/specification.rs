//! What larder tells the process that sets a sandbox up, and what that answers: JSON, one line each.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::SandboxLimits;

/// The first argument with which larder starts itself to set a sandbox up.
pub(super) const COMMAND: &str = "__sandbox";

/// The longest line that is read.
const LONGEST: usize = 16 << 20;

/// Whether what is visible may be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Access {
    /// It can be read and executed.
    Read,
    /// It can be changed too.
    Write,
}

/// A file or folder of the machine that a build sees.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bind {
    /// Where it lies.
    pub source: PathBuf,
    /// Where the build sees it, if it has a file system of its own.
    pub target: PathBuf,
    /// Whether it may be changed.
    pub access: Access,
}

impl Bind {
    /// Shows a file or folder at its own path, for reading.
    pub fn read(path: impl Into<PathBuf>) -> Self {
        let source = path.into();
        Self { target: source.clone(), source, access: Access::Read }
    }

    /// Shows a file or folder at another path, for reading.
    pub fn read_at(source: impl Into<PathBuf>, target: impl Into<PathBuf>) -> Self {
        Self { source: source.into(), target: target.into(), access: Access::Read }
    }

    /// Shows a folder at another path, for writing.
    pub fn write_at(source: impl Into<PathBuf>, target: impl Into<PathBuf>) -> Self {
        Self { source: source.into(), target: target.into(), access: Access::Write }
    }
}

/// A program to run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Program {
    /// Its path, as the build sees it.
    pub path: PathBuf,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// All its variables: none is inherited.
    pub environment: BTreeMap<String, String>,
    /// Its working folder, as the build sees it.
    pub folder: PathBuf,
}

/// A file system of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Root {
    /// What is visible, in this order.
    pub(super) binds: Vec<Bind>,
    /// Symbolic links: path, then what it leads to.
    pub(super) links: Vec<(PathBuf, PathBuf)>,
    /// Files that are written for the build.
    pub(super) files: Vec<(PathBuf, String)>,
}

/// How a build is locked in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Confinement {
    /// By own namespaces.
    Namespaces(Root),
    /// By the namespaces that bubblewrap made.
    Bubblewrap {
        /// The executable.
        executable: PathBuf,
        /// Its arguments, without the program.
        arguments: Vec<String>,
    },
    /// By Landlock and seccomp alone.
    Reduced {
        /// What may be read and executed.
        readable: Vec<PathBuf>,
    },
    /// Not at all.
    None,
}

/// The user who runs a build.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum BuildUser {
    /// The user, known by another number in a user namespace of the build.
    Mapped {
        /// The number of the user outside.
        user: u32,
        /// The number of the group outside.
        group: u32,
    },
    /// A user without rights, as larder itself is root.
    Other {
        /// The number of user and group.
        id: u32,
    },
    /// The user, as it is.
    Same,
}

/// A build, as the process that sets its sandbox up is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Specification {
    pub(super) confinement: Confinement,
    pub(super) build_user: BuildUser,
    pub(super) program: Program,
    /// Folders that may be written to, as the build sees them.
    pub(super) writable: Vec<PathBuf>,
    pub(super) limits: SandboxLimits,
    /// The ports of the build's network at which larder answers. Empty means none.
    pub(super) ports: Vec<u16>,
}

/// What became of a build.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Report {
    /// This machine does not allow the sandbox: nothing was run.
    Unavailable(String),
    /// The program could not be started.
    NotStarted(String),
    /// The program ended with this status.
    Exited(i32),
    /// The program was ended by this signal.
    Signalled(i32),
}

impl Report {
    /// Returns it as a line.
    pub(super) fn to_line(&self) -> Vec<u8> {
        let mut line = serde_json::to_vec(self).unwrap_or_default();
        line.push(b'\n');
        line
    }
}

/// Reads a line from a pipe that stays open, byte by byte so that nothing after it is taken.
pub(super) fn read_line(from: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut line = Vec::new();
    let mut byte = [0];
    while line.len() < LONGEST {
        from.read_exact(&mut byte)?;
        match byte[0] {
            b'\n' => return Ok(line),
            byte => line.push(byte),
        }
    }
    Err(io::ErrorKind::InvalidData.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_read_without_what_follows() {
        let mut text: &[u8] = b"{\"exited\":1}\nmore";
        assert_eq!(serde_json::from_slice::<Report>(&read_line(&mut text).unwrap()).unwrap(), Report::Exited(1));
        assert_eq!(text, b"more");
        assert!(read_line(&mut text).is_err());
        assert_eq!(Report::Unavailable("no".into()).to_line(), b"{\"unavailable\":\"no\"}\n");
    }
}
