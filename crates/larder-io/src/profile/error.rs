//! What stops a profile from being built, switched or checked.

use std::path::PathBuf;
use std::sync::Arc;

use crate::diagnostic::{Exit, Failure};
use crate::fs::{FsError, Kind};
use crate::model::{Label, PackageKey, PythonVersion, TreeDigest};
use crate::store::StoreError;

/// An error of profiles.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum ProfileError {
    /// The machine refused.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Fs(#[from] FsError),

    /// The store cannot give or take a tree.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Store(#[from] StoreError),

    /// A package of the closure was not handed in: it was not fetched.
    #[error("{0} is not in the store")]
    #[diagnostic(code(larder::profile::not_fetched), help("run `larder sync` with the network"))]
    NotFetched(PackageKey),

    /// A file of the store is not what the store's index says.
    #[error("`{}` was changed: expected blake3 {expected}, found {found}", file.display())]
    #[diagnostic(
        code(larder::profile::harmed),
        help("something wrote through a hard link; run `larder sync --repair`")
    )]
    DamagedFile {
        /// The file in the store.
        file: PathBuf,
        /// The digest it had when it was unpacked.
        expected: TreeDigest,
        /// The digest it has now, or that it is gone.
        found: FoundContent,
    },

    /// Packages that a server is to install, and that cannot be handed to it.
    #[error("the packages of `packages/{folder}` cannot be laid out: {reason}")]
    #[diagnostic(code(larder::profile::install_order))]
    NotInstallable {
        /// The folder of `packages/`.
        folder: &'static str,
        /// What is in the way.
        reason: String,
    },

    /// A path that larder needs has something else in it.
    #[error("`{}` was not made by larder", path.display())]
    #[diagnostic(
        code(larder::profile::foreign),
        help("larder never touches it. To let larder take over, `larder adopt` moves it aside and deletes nothing")
    )]
    Foreign {
        /// Relative to the project.
        path: PathBuf,
    },

    /// A folder beside the checkout that serves another one.
    #[error("`{}` leads to the packages of the checkout in `{}`", path.display(), root.display())]
    #[diagnostic(
        code(larder::profile::other_checkout),
        help(
            "a folder beside two checkouts serves one of them. Keep it inside of each, or let this one have it: \
             `larder adopt` moves the link aside"
        )
    )]
    OtherCheckout {
        /// Relative to the project.
        path: PathBuf,
        /// The other checkout.
        root: PathBuf,
    },

    /// Something else lies where larder keeps a folder or a file of its own. A clone can bring that.
    #[error("`{}` is {}, where larder keeps a file or folder of its own", path.display(), named(*kind))]
    #[diagnostic(
        code(larder::profile::not_ours),
        help(
            "larder follows no link below `.larder`, and removes nothing that it did not make. See where it comes from \
             and remove it: `larder sync --repair` makes what belongs there"
        )
    )]
    NotOurs {
        /// Relative to the project.
        path: PathBuf,
        /// The kind of file that lies there.
        kind: Kind,
    },

    /// A folder or a manifest that is reached through a link, and lies elsewhere.
    #[error("`{}` leads to `{}`, outside the project", path.display(), target.display())]
    #[diagnostic(
        code(larder::profile::leads_out),
        help(
            "what a project is made of lies in it. Put the file or folder in the place of the link; a local package beside \
             the project is named as it is: `path \"../NAME\"`"
        )
    )]
    LeadsOut {
        /// Relative to the project.
        path: PathBuf,
        /// Where it is.
        target: PathBuf,
    },

    /// An executable that no file system has room for the name of.
    #[error("{package} has an executable whose name has {length} bytes, and no file's name has more than 255")]
    #[diagnostic(code(larder::profile::long_name), help("the package has no such file; use another version of it"))]
    LongName {
        /// The package.
        package: String,
        /// The length of the name, in bytes.
        length: usize,
    },

    /// An executable's name or path leaves the folder it belongs to.
    #[error("{package} declares the executable `{name}` at `{target}`, which leaves its folder")]
    #[diagnostic(code(larder::profile::unsafe_bin), help("the package has no such file; use another version of it"))]
    UnsafeBin {
        /// The package.
        package: String,
        /// The name of the executable.
        name: String,
        /// The path that it names.
        target: String,
    },

    /// Two wheels bring different files of one name.
    #[error("{first} and {second} both install `{path}`{}, with different content{others}", and_more(*.more))]
    #[diagnostic(code(larder::profile::claimed_twice), help("{help}"))]
    ClaimedTwice {
        /// Relative to the Python environment.
        path: String,
        /// The number of further files that both bring.
        more: usize,
        /// A package that brings it.
        first: String,
        /// The other one.
        second: String,
        /// The clause about further packages, each two with what both bring. Empty if there are none.
        others: Box<str>,
        /// The advice.
        help: String,
    },

    /// Two `owner` lines give a file to different packages.
    #[error("`{path}` has two owners: `{first}` and `{second}`")]
    #[diagnostic(
        code(larder::profile::owned_twice),
        help("the globs of `owner` lines in `resolution` must not give one file to two packages: narrow one of them")
    )]
    OwnedTwice {
        /// Relative to the Python environment.
        path: String,
        /// A line.
        first: String,
        /// The other one.
        second: String,
    },

    /// A wheel that does not follow its specification.
    #[error("{package} is not a valid wheel: {problem}")]
    #[diagnostic(
        code(larder::profile::bad_wheel),
        help("tell its authors, and pin another version until there is a fixed one")
    )]
    BadWheel {
        /// The package.
        package: String,
        /// What is wrong with it.
        problem: String,
    },

    /// A package.json that says something else than npm allows.
    #[error("{package} has a package.json that cannot be read: {problem}")]
    #[diagnostic(code(larder::profile::bad_package_json), help("fix the file, or pin another version"))]
    BadPackageJson {
        /// The package or its folder.
        package: String,
        /// What is wrong with it.
        problem: String,
    },

    /// A private package that is not what it says.
    #[error("{package} cannot be installed: {problem}")]
    #[diagnostic(code(larder::profile::bad_private_package), help("ask those who publish it, or for another version"))]
    BadPrivatePackage {
        /// The package.
        package: Box<PackageKey>,
        /// What is wrong with it.
        problem: String,
    },

    /// A pyproject.toml of a local package that cannot be used.
    #[error("`{}` cannot be used: {problem}", file.display())]
    #[diagnostic(code(larder::profile::bad_pyproject), help("a local package needs `[project]` with a `name`"))]
    BadPyproject {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        problem: String,
    },

    /// No interpreter of the declared version.
    #[error("there is no Python {wanted} on this machine{}", .found)]
    #[diagnostic(
        code(larder::profile::no_python),
        help(
            "let larder bring it: `runtimes {{ python \"{wanted}\" managed=#true }}` in larder.kdl; or install Python {wanted} \
             (`pyenv install {wanted}`, or your system's package), or set LARDER_PYTHON to its executable"
        )
    )]
    NoPython {
        /// The declared version.
        wanted: PythonVersion,
        /// What was found instead, as the end of the sentence.
        found: FoundPythons,
    },

    /// The Python that larder brings does not serve.
    #[error("the archive of python@{wanted} does not have that Python: {problem}")]
    #[diagnostic(
        code(larder::profile::wrong_runtime),
        help("nothing of it ran; check the address of runtime `python` under `registries`")
    )]
    WrongRuntime {
        /// The locked version.
        wanted: PythonVersion,
        /// Why it does not serve.
        problem: String,
    },

    /// The interpreter that `LARDER_PYTHON` names does not serve.
    #[error("`{}` is not a Python {wanted}: {problem}", path.display())]
    #[diagnostic(
        code(larder::profile::wrong_python),
        help("set LARDER_PYTHON to the executable of a CPython {wanted}, or unset it")
    )]
    WrongPython {
        /// As it was given.
        path: PathBuf,
        /// The declared version.
        wanted: PythonVersion,
        /// What it is instead.
        problem: String,
    },

    /// Somebody ended an interpreter that was asked what it is.
    #[error("`{}` was ended by signal {signal} while it was asked what it is", program.display())]
    #[diagnostic(code(larder::profile::interpreter_ended), help("run the command again"))]
    Ended {
        /// As it was started.
        program: PathBuf,
        /// The signal's number.
        signal: i32,
    },

    /// Python packages without an interpreter.
    #[error("the environment has Python packages, and no Python is declared")]
    #[diagnostic(code(larder::profile::undeclared_python), help("add `runtimes {{ python \"3.12\" }}` to larder.kdl"))]
    UndeclaredPython,

    /// A generation that is not there.
    #[error("{environment} has no generation {number}")]
    #[diagnostic(code(larder::profile::no_generation), help("`larder history` lists those there are"))]
    NoGeneration {
        /// The environment.
        environment: Label,
        /// The number asked for.
        number: u64,
    },

    /// A deployed flow whose files are gone.
    #[error("the files of flow `{name}` are neither in the store nor in the environment")]
    #[diagnostic(code(larder::profile::no_flow), help("deploy it again: `larder flow deploy {name}`"))]
    NoFlow {
        /// The flow.
        name: Arc<str>,
    },

    /// A generation that something was taken from.
    #[error("generation {number} of {environment} is incomplete: {missing} is missing")]
    #[diagnostic(
        code(larder::profile::incomplete),
        help("go back to another one (`larder history`), or build what the lock says: `larder sync --forward`")
    )]
    Incomplete {
        /// The environment.
        environment: Label,
        /// Its number.
        number: u64,
        /// What is not there.
        missing: String,
    },

    /// A generation whose links lead to where the checkout was before.
    #[error("generation {number} of {environment} was built when the project was in `{}`", root.display())]
    #[diagnostic(
        code(larder::profile::built_elsewhere),
        help("its links lead there: `larder sync` (or `use`, or `rollback`) brings it here")
    )]
    BuiltElsewhere {
        /// The environment.
        environment: Label,
        /// Its number.
        number: u64,
        /// Where the checkout was.
        root: PathBuf,
    },

    /// An environment that was never built.
    #[error("{0} was never synced here")]
    #[diagnostic(code(larder::profile::never_synced), help("run `larder sync --env {0}`"))]
    NeverSynced(Label),

    /// A link of larder's own that is none any more.
    #[error("`{}` is not the link that larder made", path.display())]
    #[diagnostic(code(larder::profile::bad_link), help("`larder sync --repair` makes it anew"))]
    BadLink {
        /// Relative to the project.
        path: PathBuf,
    },

    /// A generation's record that cannot be read.
    #[error("`{}` cannot be read: {problem}", file.display())]
    #[diagnostic(
        code(larder::profile::bad_record),
        help("`larder sync --repair` writes that of the current generation anew, from the lock and the store")
    )]
    BadRecord {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
}

fn named(kind: Kind) -> &'static str {
    match kind {
        Kind::File => "a file",
        Kind::Folder => "a folder",
        Kind::Symlink => "a link",
        Kind::Other => "a pipe, a socket or a device",
    }
}

/// Returns the end of ``both install `path` ``.
pub(super) fn and_more(more: usize) -> String {
    match more {
        0 => String::new(),
        1 => " and one other file".to_owned(),
        more => format!(" and {more} other files"),
    }
}

/// What was found where a file with another digest should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FoundContent {
    /// Other content.
    Digest(TreeDigest),
    /// Nothing.
    Nothing,
}

impl std::fmt::Display for FoundContent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Digest(digest) => digest.fmt(f),
            Self::Nothing => f.write_str("nothing"),
        }
    }
}

/// The interpreters that a search came across.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct FoundPythons(pub Vec<(PathBuf, String)>);

impl std::fmt::Display for FoundPythons {
    /// Writes `: found 3.11.7 (/usr/bin/python3.11) and …`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (place, (path, version)) in self.0.iter().enumerate() {
            f.write_str(if place == 0 { ": found " } else { ", " })?;
            write!(f, "{version} ({})", path.display())?;
        }
        Ok(())
    }
}

impl ProfileError {
    /// Fails for the name of an executable that no file can have.
    pub(super) fn check_length(package: &str, name: &str) -> Result<(), Self> {
        match name.len() {
            ..=255 => Ok(()),
            length => Err(Self::LongName { package: package.to_owned(), length }),
        }
    }
}

impl Failure for ProfileError {
    fn exit(&self) -> Exit {
        match self {
            Self::Fs(error) => error.exit(),
            Self::Store(error) => error.exit(),
            Self::NotFetched(_) => Exit::Network,
            Self::DamagedFile { .. }
            | Self::BadRecord { .. }
            | Self::BadLink { .. }
            | Self::LongName { .. }
            | Self::NoFlow { .. }
            | Self::WrongRuntime { .. } => Exit::Integrity,
            Self::Foreign { .. }
            | Self::NotInstallable { .. }
            | Self::OtherCheckout { .. }
            | Self::NotOurs { .. }
            | Self::LeadsOut { .. }
            | Self::UnsafeBin { .. }
            | Self::ClaimedTwice { .. }
            | Self::OwnedTwice { .. }
            | Self::BadWheel { .. }
            | Self::BadPackageJson { .. }
            | Self::BadPrivatePackage { .. }
            | Self::NoGeneration { .. }
            | Self::Incomplete { .. }
            | Self::BuiltElsewhere { .. }
            | Self::NeverSynced(_) => Exit::Refused,
            Self::BadPyproject { .. } | Self::UndeclaredPython => Exit::Manifest,
            Self::NoPython { .. } | Self::WrongPython { .. } | Self::Ended { .. } => Exit::Machine,
        }
    }
}
