//! Why an entry of a list is not fetched.

use crate::diagnostic::{Exit, Failure};

/// An entry that asks for nothing that there could be.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("{0}")]
#[diagnostic(code(larder::fetch::bad_entry))]
pub(super) struct BadEntry(pub(super) String);

impl Failure for BadEntry {
    fn exit(&self) -> Exit {
        Exit::Manifest
    }
}

/// An entry that no registry has.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("{what}")]
#[diagnostic(code(larder::fetch::missing), help("{help}"))]
pub(super) struct MissingEntry {
    what: String,
    help: String,
}

impl MissingEntry {
    pub(super) fn package(what: String) -> Self {
        Self { what, help: "check the name, and which registry it belongs to".to_owned() }
    }

    pub(super) fn version(what: String, newest: Option<String>) -> Self {
        let help = match newest {
            Some(newest) => format!("its newest version is {newest}"),
            None => "choose another version".to_owned(),
        };
        Self { what, help }
    }
}

impl Failure for MissingEntry {
    fn exit(&self) -> Exit {
        Exit::NoSolution
    }
}
