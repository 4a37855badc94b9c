//! Errors of registries.

use crate::diagnostic::{Exit, Failure};
use crate::model::{Digest, Ecosystem, IndexHistory, Label, LogKey, PackageId, PackageName, RuntimeHost};
use crate::package::log::LogFault;

/// A registry's response cannot be used, or no registry can serve a package.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, miette::Diagnostic)]
pub enum RegistryError {
    /// The response is not a packument.
    #[error("registry `{registry}` did not send valid metadata for npm package `{package}`: {reason}")]
    #[diagnostic(
        code(larder::npm::bad_metadata),
        help(
            "check that the URL of registry `{registry}` is that of an npm registry, and that no proxy answers for it"
        )
    )]
    NpmMetadata {
        /// The registry.
        registry: Label,
        /// The package.
        package: PackageName,
        /// The reason.
        reason: String,
    },
    /// A file of a registry of private packages cannot be used.
    #[error("`{file}` of registry `{registry}` cannot be used: {reason}")]
    #[diagnostic(
        code(larder::registry::bad_file),
        help(
            "check that the address of registry `{registry}` is that of a registry of private packages, made by `larder registry init`"
        )
    )]
    LarderFile {
        /// The registry.
        registry: Label,
        /// The file, below the registry.
        file: String,
        /// The reason.
        reason: String,
    },
    /// The log of a registry of private packages cannot be believed, or not be read whole.
    #[error("registry `{registry}` {}: {fault}", if fault.is_between_states() { "cannot be read whole" } else { "is not to be believed" })]
    #[diagnostic(code(larder::registry::log), help("{}", help_on(fault, registry)))]
    Log {
        /// The registry.
        registry: Label,
        /// What is wrong.
        fault: LogFault,
    },
    /// What somebody else has seen of a log contradicts what was seen here.
    #[error("what is imported of the log `{origin}` contradicts what was seen here: {fault}")]
    #[diagnostic(
        code(larder::registry::other_witness),
        help("nothing of this log was imported. One of both was shown a history of its own: ask the registry's owner")
    )]
    OtherWitness {
        /// The origin of the log.
        origin: String,
        /// Both histories.
        fault: LogFault,
    },
    /// A version is not signed as the manifest demands.
    #[error("{package} of registry `{registry}` is not signed as larder.kdl demands: {reason}")]
    #[diagnostic(
        code(larder::registry::bad_signature),
        help(
            "do not use it. If a publisher has a new key, its owner tells you which: write it in a `signer` line of `{registry}`"
        )
    )]
    BadSignature {
        /// The registry.
        registry: Label,
        /// The package and its version.
        package: String,
        /// The reason.
        reason: String,
    },
    /// A registry's list of signers cannot be believed.
    #[error("`{file}` of registry `{registry}`, which says who signs, is not to be believed: {reason}")]
    #[diagnostic(
        code(larder::registry::bad_signers),
        help(
            "use nothing new of `{registry}` before its owner has looked at this; only the key in `root=` signs the list"
        )
    )]
    WrongSigners {
        /// The registry.
        registry: Label,
        /// The list's file.
        file: String,
        /// The reason.
        reason: String,
    },
    /// A registry does not show its list of signers.
    #[error("`{file}` of registry `{registry}`, which says who signs, cannot be had: {reason}")]
    #[diagnostic(
        code(larder::registry::no_signers),
        help("the list may be on its way: try again in a while, then ask the owner of `{registry}`")
    )]
    UnsettledSigners {
        /// The registry.
        registry: Label,
        /// The list's file.
        file: String,
        /// The reason.
        reason: String,
    },
    /// Nobody has named the key of a registry's log.
    #[error("the log of registry `{registry}` has no `key` in larder.kdl, and signatures are required")]
    #[diagnostic(
        code(larder::registry::no_log_key),
        help("compare it with what the registry's owner says, then write `key \"{key}\"` in its block")
    )]
    NoLogKey {
        /// The registry.
        registry: Label,
        /// The key that the registry states.
        key: String,
    },
    /// A lock has another key of a registry's log than was believed here, and the manifest names none.
    #[error(
        "larder.lock has the key {locked} for the log of registry `{registry}`, and on this machine {seen} was believed first"
    )]
    #[diagnostic(
        code(larder::registry::other_log_key),
        help(
            "ask the registry's owner which one is right. If the registry was made anew, `larder trust registry {registry}` believes its \
             new key; a `key` line in larder.kdl settles it for everybody"
        )
    )]
    OtherLogKey {
        /// The registry.
        registry: Label,
        /// The key in the lock.
        locked: Box<LogKey>,
        /// The key that was believed on first use.
        seen: Box<LogKey>,
    },
    /// A registry's state is too old.
    #[error("the state of registry `{registry}` is of {time}, and its `freshness` allows {allowed}")]
    #[diagnostic(
        code(larder::registry::old_state),
        help("a mirror may have stopped; the registry's owner signs a new state with `larder registry sign`")
    )]
    OldState {
        /// The registry.
        registry: Label,
        /// The time of the state.
        time: String,
        /// The age that is allowed.
        allowed: String,
    },
    /// The response is not an index page.
    #[error("registry `{registry}` did not send a valid index page for Python package `{package}`: {reason}")]
    #[diagnostic(
        code(larder::pypi::bad_index),
        help("check that the URL of registry `{registry}` is that of a simple index, like https://pypi.org/simple/")
    )]
    PypiIndex {
        /// The registry.
        registry: Label,
        /// The package.
        package: PackageName,
        /// The reason.
        reason: String,
    },
    /// The response is no list of a runtime's versions or files.
    #[error("`{document}` of runtime host `{host}` cannot be used: {reason}")]
    #[diagnostic(
        code(larder::runtime::bad_list),
        help("check the address of runtime `{host}` under `registries`, and that no proxy answers for it")
    )]
    RuntimeList {
        /// The host.
        host: RuntimeHost,
        /// The document, below the host's address.
        document: String,
        /// The reason.
        reason: String,
    },
    /// The response is for another package.
    #[error("registry `{registry}` was asked for `{package}`, but sent metadata of `{answered}`")]
    #[diagnostic(
        code(larder::registry::wrong_package),
        help("do not trust this answer; check registry `{registry}` and its mirrors")
    )]
    WrongPackage {
        /// The registry.
        registry: Label,
        /// The requested package, with its version if there is one.
        package: String,
        /// The package of the response.
        answered: String,
    },
    /// The stated digest is invalid.
    #[error(
        "registry `{registry}` states `{digest}` as the integrity of npm package `{package}`, which is not a valid digest"
    )]
    #[diagnostic(
        code(larder::npm::bad_digest),
        help("do not trust this answer: check registry `{registry}` and its mirrors, or ask for another version")
    )]
    BadDigest {
        /// The registry.
        registry: Label,
        /// The package and its version.
        package: String,
        /// The stated digest.
        digest: String,
    },
    /// The metadata in a file is for another package.
    #[error("registry `{registry}` lists `{file}` for `{package}`, but the file's metadata is of `{answered}`")]
    #[diagnostic(
        code(larder::registry::wrong_metadata),
        help("do not trust this file; check registry `{registry}` and its mirrors")
    )]
    WrongMetadata {
        /// The registry.
        registry: Label,
        /// The package and its version.
        package: String,
        /// The file.
        file: String,
        /// The package in the metadata.
        answered: String,
    },
    /// A file has another digest than its index states.
    #[error("registry `{registry}` sent a `{file}` with another digest than its index states")]
    #[diagnostic(
        code(larder::registry::wrong_bytes),
        help("do not trust this file; check registry `{registry}` and its mirrors")
    )]
    WrongBytes {
        /// The registry.
        registry: Label,
        /// The file.
        file: String,
    },
    /// The index page has a newer API version.
    #[error(
        "registry `{registry}` sent the index page of Python package `{package}` in API version {version}, which is too new"
    )]
    #[diagnostic(
        code(larder::pypi::newer_index),
        help("this larder reads version 1: update larder, or use another registry or a mirror that serves version 1")
    )]
    NewerIndex {
        /// The registry.
        registry: Label,
        /// The package.
        package: PackageName,
        /// The API version.
        version: String,
    },
    /// There is no registry for an ecosystem.
    #[error("no registry serves {ecosystem} packages such as `{package}`")]
    #[diagnostic(
        code(larder::registry::none),
        help("declare one in larder.kdl: registries {{ {ecosystem} \"name\" \"https://…\" }}")
    )]
    NoRegistry {
        /// The ecosystem.
        ecosystem: Ecosystem,
        /// The package.
        package: PackageName,
    },
    /// Two registries claim a package, and neither goes before the other.
    #[error("the registries `{}` and `{}` both claim {package}", registries[0], registries[1])]
    #[diagnostic(
        code(larder::registry::several_claim),
        help(
            "say which is meant: name {package} itself in the `packages` of one, give one a higher `priority`, or write `registry=` in \
             the package's line"
        )
    )]
    SeveralClaim {
        /// The package.
        package: PackageName,
        /// The registries.
        registries: [Label; 2],
    },
    /// Two registries have a package, and neither goes before the other.
    #[error("{package} is at the registries `{}` and `{}`, and nothing says which is meant", registries[0], registries[1])]
    #[diagnostic(
        code(larder::registry::several),
        help("bind the name to one of them: `packages \"{}\"` in its block; or give one a higher `priority`", package.name)
    )]
    SeveralHave {
        /// The package.
        package: PackageId,
        /// The registries.
        registries: [Label; 2],
    },
    /// A registry is not declared.
    #[error("registry `{registry}` is not declared")]
    #[diagnostic(
        code(larder::registry::undeclared),
        help("declare it under `registries` in larder.kdl, or run `larder lock` anew")
    )]
    Undeclared {
        /// The registry.
        registry: Label,
    },
    /// An index does not list a file any more.
    #[error("registry `{registry}` no longer lists `{file}`")]
    #[diagnostic(
        code(larder::registry::file_gone),
        help("run `larder update {package}` to lock a version that is still there")
    )]
    FileGone {
        /// The registry.
        registry: Label,
        /// The package.
        package: PackageName,
        /// The file.
        file: String,
    },
    /// A registry of another ecosystem was named for a package.
    #[error("`{package}` is a package of {ecosystem}, but registry `{registry}` serves another kind of packages")]
    #[diagnostic(code(larder::registry::wrong_kind), help("name a registry of kind `{ecosystem}`"))]
    WrongKind {
        /// The registry.
        registry: Label,
        /// The ecosystem.
        ecosystem: Ecosystem,
        /// The package.
        package: PackageName,
    },
    /// The history of a private package is another than a lock witnessed.
    #[error(
        "the history of {package} at {registry} is not the one that the lock was made from: its first {} lines have the digest {}, \
         and the lock has {}",
        witnessed.lines, found.to_hex(), witnessed.digest.to_hex()
    )]
    #[diagnostic(
        code(larder::registry::other_history),
        help(
            "somebody changed what was published: do not trust this registry until you know why. If it was made anew, \
             `larder trust registry NAME` accepts its new history"
        )
    )]
    OtherHistory {
        /// Where the package comes from, as messages call it.
        registry: String,
        /// The package.
        package: PackageId,
        /// What the lock witnessed.
        witnessed: Box<IndexHistory>,
        /// The digest of as many lines now.
        found: Digest,
    },
    /// The history of a private package is shorter than a lock witnessed.
    #[error(
        "the history of {package} at {registry} has fewer than the {} lines that the lock was made from: an old copy answers, or \
         something is withheld",
        witnessed.lines
    )]
    #[diagnostic(
        code(larder::registry::shorter_history),
        help("try again later, or ask who runs the registry: a history only grows")
    )]
    ShorterHistory {
        /// Where the package comes from, as messages call it.
        registry: String,
        /// The package.
        package: PackageId,
        /// What the lock witnessed.
        witnessed: Box<IndexHistory>,
    },
    /// Cached metadata cannot be decoded.
    #[error("the cached metadata of {ecosystem} package `{package}` is damaged")]
    #[diagnostic(code(larder::registry::damaged), help("delete larder's cache folder and run the command again"))]
    Damaged {
        /// The ecosystem.
        ecosystem: Ecosystem,
        /// The package.
        package: PackageName,
    },
}

/// Returns the help for a fault of a log.
fn help_on(fault: &LogFault, registry: &Label) -> String {
    match fault {
        LogFault::Rewritten { .. } => format!(
            "nothing was changed. Ask the registry's owner what happened; if the registry was made anew, `larder trust registry \
             {registry}` accepts its new history"
        ),
        LogFault::NotSigned { .. } | LogFault::OtherOrigin { .. } => format!(
            "check the URL of registry `{registry}` and its `key` in larder.kdl with the registry's owner; keys of a rotation may \
             stand beside each other. Where larder.kdl names no key and the registry was made anew, `larder trust registry \
             {registry}` believes its new one"
        ),
        fault if fault.is_between_states() => format!(
            "registry `{registry}` is between two states, or a cache in front of it serves files of different ages: try again in a \
             minute, or without its mirrors"
        ),
        _ => format!(
            "nothing was changed. Do not trust registry `{registry}` and its mirrors before its owner has looked at this"
        ),
    }
}

impl Failure for RegistryError {
    fn exit(&self) -> Exit {
        match self {
            Self::Log { fault, .. } if !fault.is_between_states() => Exit::Integrity,
            Self::NoLogKey { .. } | Self::OldState { .. } => Exit::Refused,
            Self::NpmMetadata { .. }
            | Self::Log { .. }
            | Self::LarderFile { .. }
            | Self::PypiIndex { .. }
            | Self::NewerIndex { .. }
            | Self::RuntimeList { .. }
            | Self::ShorterHistory { .. }
            | Self::UnsettledSigners { .. }
            | Self::FileGone { .. } => Exit::Network,
            Self::WrongPackage { .. }
            | Self::OtherHistory { .. }
            | Self::BadDigest { .. }
            | Self::WrongMetadata { .. }
            | Self::BadSignature { .. }
            | Self::OtherLogKey { .. }
            | Self::WrongSigners { .. }
            | Self::OtherWitness { .. }
            | Self::WrongBytes { .. } => Exit::Integrity,
            Self::Damaged { .. } => Exit::Machine,
            Self::SeveralHave { .. } | Self::SeveralClaim { .. } => Exit::NoSolution,
            Self::NoRegistry { .. } | Self::Undeclared { .. } | Self::WrongKind { .. } => Exit::Manifest,
        }
    }
}
