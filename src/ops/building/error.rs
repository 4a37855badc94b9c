//! What keeps a package from being built, before anything of it runs.

use crate::diagnostic::{Exit, Failure};
use crate::model::{DEEPEST_TOOL, Digest, PackageId, PackageKey};

/// A package cannot be built.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub(in crate::ops) enum BuildsError {
    /// A build requirement cannot be read.
    #[error("{package} cannot be built: its build requirement `{text}` {reason}")]
    #[diagnostic(code(larder::builds::bad_requirement), help("ask for a version that has a wheel"))]
    BadRequirement {
        /// The package.
        package: PackageKey,
        /// The requirement as written.
        text: Box<str>,
        /// The reason.
        reason: Box<str>,
    },
    /// Its pyproject.toml cannot be read.
    #[error("{package} cannot be built: its pyproject.toml is malformed: {reason}")]
    #[diagnostic(code(larder::builds::bad_pyproject), help("ask for another version, and tell the package's authors"))]
    BadPyproject {
        /// The package.
        package: PackageKey,
        /// The reason.
        reason: Box<str>,
    },
    /// Its package.json cannot be read.
    #[error("the install scripts of {package} cannot be read: {reason}")]
    #[diagnostic(
        code(larder::builds::bad_package_json),
        help("ask for another version, or take back its `allow` line: without that nothing of it runs")
    )]
    BadPackageJson {
        /// The package.
        package: PackageKey,
        /// The reason.
        reason: Box<str>,
    },
    /// Its crates cannot be had.
    #[error("{package} cannot be built: {reason}")]
    #[diagnostic(code(larder::builds::crates), help("{help}"))]
    Crates {
        /// The package.
        package: PackageKey,
        /// The reason.
        reason: Box<str>,
        /// What to do.
        help: &'static str,
    },
    /// No versions satisfy its build requirements.
    #[error("no versions satisfy the build requirements of {package}:\n{because}")]
    #[diagnostic(code(larder::builds::no_tools), help("{}", way_to_tools(source_only)))]
    NoTools {
        /// The package.
        package: PackageKey,
        /// The chain of reasons.
        because: String,
        /// The tools that are only there as source, and that no line lets be built.
        source_only: Vec<PackageId>,
    },
    /// It is built with tools that are built with tools, and so on.
    #[error(
        "{package} is built with tools that are only there as source and are built with such tools themselves, more than {} of them \
         one behind the other",
        DEEPEST_TOOL
    )]
    #[diagnostic(
        code(larder::builds::too_many_tools),
        help("serve wheels of some of them from a registry of your own, or ask for a version that has a wheel")
    )]
    TooManyTools {
        /// The package.
        package: PackageKey,
    },
    /// A build requirement has to be built itself.
    #[error("{package} cannot be built: it requires {tool}, which is only there as source")]
    #[diagnostic(
        code(larder::builds::tool_from_source),
        help("let it be built too: `larder builds allow {}:{}`; or ask for a version that has a wheel", tool.id.ecosystem, tool.id.name)
    )]
    ToolFromSource {
        /// The package.
        package: PackageKey,
        /// The tool.
        tool: PackageKey,
    },
    /// A build requirement is only there as source, and is built with itself.
    #[error("{package} cannot be built: {tool} is only there as source, and is built with itself")]
    #[diagnostic(
        code(larder::builds::tool_of_itself),
        help("ask for a version that has a wheel, or for one that is built with something else")
    )]
    ToolOfItself {
        /// The package.
        package: PackageKey,
        /// The tool.
        tool: PackageKey,
    },
    /// A Python is needed to find out what a package needs.
    #[error("what {package} needs is known only when it is built, and the manifest declares no Python")]
    #[diagnostic(code(larder::builds::no_python), help("declare one: runtimes {{ python \"3.12\" }}"))]
    NoPython {
        /// The package.
        package: PackageKey,
    },
    /// A build said something else than the index.
    #[error("the build of {package} makes {found}")]
    #[diagnostic(code(larder::builds::wrong_package), help("do not use this version, and tell the package's authors"))]
    WrongPackage {
        /// The package.
        package: PackageKey,
        /// What it makes.
        found: Box<str>,
    },
    /// Scripts that nobody approved.
    #[error("the install scripts of {} are not those that were approved", listed(.0))]
    #[diagnostic(
        code(larder::builds::scripts_changed),
        help("nothing was run. `larder builds` shows them; `{}` approves them", allow_command(.0))
    )]
    ScriptsChanged(Vec<PackageKey>),
    /// The lock says something else of scripts than their package.
    #[error("the install scripts of {package} are not those that the lock has")]
    #[diagnostic(
        code(larder::builds::other_scripts),
        help("nothing was run. The lock was changed by hand, or merged: `larder builds allow {}:{}` approves them anew", package.id.ecosystem, package.id.name)
    )]
    OtherScripts {
        /// The package.
        package: PackageKey,
    },
    /// A file that a build downloads is another one.
    #[error(
        "{url}, which the build of {package} downloads, has the SHA-256 {}, and larder.kdl says {}",
        found.to_hex(),
        expected.to_hex()
    )]
    #[diagnostic(
        code(larder::builds::other_file),
        help("nothing was run. Either it was replaced, or the line is wrong: `larder builds record {}` tells the digest", package.id.name)
    )]
    OtherFile {
        /// The package.
        package: PackageKey,
        /// The URL.
        url: Box<str>,
        /// The digest in the manifest.
        expected: Digest,
        /// The digest of what is there.
        found: Digest,
    },
    /// Nothing can be downloaded.
    #[error("files of builds cannot be downloaded: {0}")]
    #[diagnostic(code(larder::builds::no_downloads))]
    NoDownloads(Box<str>),
    /// Something that is no host.
    #[error("`{0}` is no host")]
    #[diagnostic(code(larder::builds::no_host), help("name it as `larder builds record` does: --from github.com"))]
    NoHost(Box<str>),
    /// A package that has no install scripts that may run.
    #[error("{0} has no install scripts that may run")]
    #[diagnostic(
        code(larder::builds::no_scripts),
        help(
            "`larder builds` lists what wants to be built; `larder builds allow NAME` and `larder lock` come before `record`"
        )
    )]
    NoScripts(Box<str>),
    /// A package of which other scripts than install scripts run.
    #[error("{0} is built of its sources, and only what install scripts download can be recorded")]
    #[diagnostic(
        code(larder::builds::not_recorded),
        help("what its build downloads is named in the block of its `allow` line: `file \"URL\" sha256=\"…\"`")
    )]
    BuiltOfSources(PackageKey),
    /// The lock has no tools for a package.
    #[error("the lock does not say what builds {package}")]
    #[diagnostic(code(larder::builds::not_locked), help("`larder lock` finds it out"))]
    NotLocked {
        /// The package.
        package: PackageKey,
    },
}

fn way_to_tools(source_only: &[PackageId]) -> String {
    if source_only.is_empty() {
        return "build requirements are the package's own: ask for a version with others, or for one that has a wheel"
            .to_owned();
    }
    let names: Vec<String> = source_only.iter().map(ToString::to_string).collect();
    format!(
        "what is only there as source can be built too, in a sandbox: `larder builds allow {}`; or ask for a version that has a wheel",
        names.join(" ")
    )
}

fn listed(packages: &[PackageKey]) -> String {
    packages.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn allow_command(packages: &[PackageKey]) -> String {
    let names = packages.iter().map(|package| format!(" {}:{}", package.id.ecosystem, package.id.name));
    format!("larder builds allow{}", names.collect::<String>())
}

impl Failure for BuildsError {
    fn exit(&self) -> Exit {
        match self {
            Self::NoTools { .. } => Exit::NoSolution,
            Self::NoPython { .. } | Self::NoHost(_) => Exit::Manifest,
            Self::WrongPackage { .. } | Self::OtherScripts { .. } | Self::OtherFile { .. } => Exit::Integrity,
            Self::NoDownloads(_) => Exit::Network,
            Self::NoScripts(_)
            | Self::BuiltOfSources(_)
            | Self::TooManyTools { .. }
            | Self::NotLocked { .. }
            | Self::BadRequirement { .. }
            | Self::BadPyproject { .. }
            | Self::Crates { .. }
            | Self::BadPackageJson { .. }
            | Self::ScriptsChanged(_)
            | Self::ToolFromSource { .. }
            | Self::ToolOfItself { .. } => Exit::Refused,
        }
    }
}
