//! What a registry of Creatio packages, or a file of it, can do wrong.

use std::fmt;
use std::sync::Arc;

use crate::diagnostic::{Exit, Failure};
use crate::model::{Ecosystem, Label, PackageName};

/// An answer or a file that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, miette::Diagnostic)]
pub(super) enum CreatioError {
    /// A file that is not what it should be.
    #[error("`{file}` of registry `{registry}` is refused: {reason}")]
    #[diagnostic(
        code(larder::creatio::refused),
        help(
            "nothing of it was used. Was it packed by the platform's own tools? Ask whoever put it there for another one"
        )
    )]
    Refused {
        /// The registry.
        registry: Label,
        /// The file.
        file: String,
        /// The reason.
        reason: String,
    },
    /// A document that cannot be read.
    #[error("registry `{registry}` did not send a valid {document}: {reason}")]
    #[diagnostic(
        code(larder::creatio::bad_document),
        help(
            "check its URL: of a feed, that of its service index, like https://HOST/v3/index.json; of a marketplace, with `form \"marketplace\"`"
        )
    )]
    Document {
        /// The registry.
        registry: Label,
        /// The document.
        document: String,
        /// The reason.
        reason: String,
    },
    /// A marketplace that does not have an application.
    #[error("registry `{registry}` has no application {id}, from which `{package}` is to come")]
    #[diagnostic(
        code(larder::creatio::no_application),
        help("the number is the last part of the application's address in the marketplace")
    )]
    NoApplication {
        /// The registry.
        registry: Label,
        /// The application.
        id: u32,
        /// The package.
        package: PackageName,
    },
    /// An application without a package.
    #[error("application {id} of registry `{registry}` has no package `{package}`: it has {there}")]
    #[diagnostic(code(larder::creatio::no_package), help("a line names a package of the application, and its number"))]
    NotInApplication {
        /// The registry.
        registry: Label,
        /// The application.
        id: u32,
        /// The package.
        package: PackageName,
        /// The packages that it has.
        there: String,
    },
    /// An archive that a lock names and that is gone from its file.
    #[error("`{file}` of registry `{registry}` has no archive of `{package}` any more")]
    #[diagnostic(
        code(larder::creatio::changed),
        help(
            "the file is another one than was locked: `larder update` locks what it has now, if that is what you want"
        )
    )]
    Gone {
        /// The registry.
        registry: Label,
        /// The file.
        file: String,
        /// The package.
        package: PackageName,
    },
}

/// A failure, with the package that was asked for.
#[derive(Debug)]
pub(super) struct AskedFor {
    pub(super) failure: Arc<dyn Failure>,
    pub(super) package: PackageName,
}

impl fmt::Display for AskedFor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.failure.fmt(f)
    }
}

impl std::error::Error for AskedFor {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.failure.source()
    }
}

impl miette::Diagnostic for AskedFor {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.failure.code()
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.failure.help()
    }

    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn miette::Diagnostic> + 'a>> {
        self.failure.related()
    }
}

impl Failure for AskedFor {
    fn exit(&self) -> Exit {
        self.failure.exit()
    }

    fn asked_for(&self) -> Option<(&str, &str)> {
        Some((Ecosystem::CREATIO.as_str(), self.package.as_str()))
    }
}

impl Failure for CreatioError {
    fn exit(&self) -> Exit {
        match self {
            Self::Refused { .. } | Self::Gone { .. } => Exit::Integrity,
            Self::Document { .. } => Exit::Network,
            Self::NoApplication { .. } | Self::NotInApplication { .. } => Exit::NoSolution,
        }
    }
}
