//! Why a lock cannot be said in the form of another tool.

use miette::Diagnostic;

use crate::diagnostic::{Exit, Failure};

/// Why a lock cannot be said in the form of another tool.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Diagnostic)]
pub enum ExportError {
    /// The environment has no package of the form's ecosystem.
    #[error("`{environment}` has no package of {ecosystem}'s")]
    #[diagnostic(code(larder::export::nothing), help("choose another environment with --env, or another form"))]
    Nothing {
        /// The environment.
        environment: String,
        /// The ecosystem.
        ecosystem: &'static str,
    },
    /// Markers do not tell two platforms apart.
    #[error("{package} is needed on {on} and not on {other}, and no marker tells these two apart")]
    #[diagnostic(code(larder::export::platforms), help("export one platform: --platform {on}"))]
    Platforms {
        /// The package.
        package: String,
        /// A platform that needs it.
        on: String,
        /// One that does not.
        other: String,
    },
    /// The lock has no such platform.
    #[error("the lock has nothing for {platform}")]
    #[diagnostic(
        code(larder::export::undeclared_platform),
        help("it was made for {declared}; others are declared by `platforms`")
    )]
    UndeclaredPlatform {
        /// The platform.
        platform: String,
        /// Those that are declared.
        declared: String,
    },
    /// A form has no part for a member.
    #[error("{form} has no file for a member")]
    #[diagnostic(
        code(larder::export::no_file_of_member),
        help("one file is for the root and all members: leave out --member; package-json is written for each of them")
    )]
    NoFileOfMember {
        /// The form.
        form: &'static str,
    },
    /// The project has no such member.
    #[error("the project has no member `{member}`")]
    #[diagnostic(
        code(larder::export::no_member),
        help("{}", nearest.as_ref().map_or_else(|| "a member is named by its folder, below the root".to_owned(), |near| format!("did you mean `{near}`?")))
    )]
    NoMember {
        /// What was asked for.
        member: String,
        /// The nearest member.
        nearest: Option<String>,
    },
    /// A file has no digest that the tool takes.
    #[error("{package}: {file} has no SHA-256 or SHA-512 digest in the lock")]
    #[diagnostic(
        code(larder::export::no_digest),
        help("pip refuses files without one; take another version, or one that its registry has a wheel of")
    )]
    NoDigest {
        /// The package.
        package: String,
        /// The file.
        file: String,
    },
    /// A package comes from a place that the form cannot name.
    #[error("{package} comes from {place}, and {form} {reason}")]
    #[diagnostic(code(larder::export::source), help("{help}"))]
    Source {
        /// The package.
        package: String,
        /// Where it comes from.
        place: String,
        /// The form.
        form: &'static str,
        /// What the form lacks, as the end of a sentence.
        reason: &'static str,
        /// A way out.
        help: &'static str,
    },
    /// A package.json does not declare what the lock was made for.
    #[error("{file} {problem}")]
    #[diagnostic(code(larder::export::package_json), help("the tool compares its lock with the file: {help}"))]
    PackageJson {
        /// The file.
        file: String,
        /// What is wrong, as the end of a sentence.
        problem: String,
        /// A way out.
        help: String,
    },
    /// A line has two versions, by platform.
    #[error("`{name}` is {first} on one platform and {second} on another, which {form} cannot say")]
    #[diagnostic(code(larder::export::several_versions), help("export one platform: --platform NAME"))]
    SeveralVersions {
        /// The name.
        name: String,
        /// One version.
        first: String,
        /// Another one.
        second: String,
        /// The form.
        form: &'static str,
    },
    /// A package cannot be placed so that all find the versions that the lock has.
    #[error(
        "{dependent} and what surrounds it need different versions of `{name}`, and no folder of a node_modules has room for both"
    )]
    #[diagnostic(
        code(larder::export::placement),
        help(
            "the peers of these packages are bound in a way that npm's tree cannot have; pnpm's can: larder export pnpm-lock"
        )
    )]
    Placement {
        /// The dependent.
        dependent: String,
        /// The name that it asks for.
        name: String,
    },
    /// The folder of a member or a local package is unknown to the form.
    #[error("npm would not find the package.json in `{folder}`: {reason}")]
    #[diagnostic(code(larder::export::workspace), help("{help}"))]
    Workspace {
        /// The folder.
        folder: String,
        /// The reason.
        reason: &'static str,
        /// A way out.
        help: &'static str,
    },
}

impl Failure for ExportError {
    fn exit(&self) -> Exit {
        match self {
            Self::UndeclaredPlatform { .. } | Self::NoFileOfMember { .. } | Self::NoMember { .. } => Exit::Manifest,
            _ => Exit::Refused,
        }
    }
}
