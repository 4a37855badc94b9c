//! The arguments of the commands that write registries of private packages.

use std::path::PathBuf;

use clap::{Args, Subcommand};

#[derive(Debug, Args)]
pub(in crate::cli) struct RegistryArgs {
    #[command(subcommand)]
    pub(in crate::cli) command: RegistryCommand,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum RegistryCommand {
    /// Make a registry of private packages in a folder, and a key for its log
    Init {
        /// The folder: new, or empty
        #[arg(value_name = "DIR")]
        dir: PathBuf,
        /// The identity of the registry, like packages.acme.example [default: the folder's name]
        #[arg(long, value_name = "NAME")]
        origin: Option<String>,
    },
    /// Add what others submitted, and sign the state anew
    Sign {
        /// The registry's folder
        #[arg(value_name = "DIR")]
        dir: PathBuf,
    },
    /// Copy a registry to where it is served from, in an order in which its readers never see half of it
    Push {
        /// The registry's folder
        #[arg(value_name = "DIR")]
        dir: PathBuf,
        /// Where it goes: a folder, the URL of a server that takes files by PUT, or a registry of larder.kdl
        #[arg(long, value_name = "PLACE")]
        to: String,
    },
    /// Carry what was seen of registries to another machine
    #[command(subcommand)]
    Witness(WitnessCommand),
    /// Check every event, hash, index file and archive of a registry
    Verify {
        /// The registry's folder
        #[arg(value_name = "DIR")]
        dir: PathBuf,
    },
}

#[derive(Debug, Args)]
pub(in crate::cli) struct YankArgs {
    #[command(flatten)]
    pub(in crate::cli) version: UnyankArgs,
    /// Yank although assets of the registry's packages are left without what they refer to
    #[arg(long)]
    pub(in crate::cli) force: bool,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct UnyankArgs {
    /// The version, as NAME@VERSION
    #[arg(value_name = "PACKAGE")]
    pub(in crate::cli) package: String,
    /// The registry: a name in larder.kdl, or a folder
    #[arg(long, value_name = "REGISTRY")]
    pub(in crate::cli) registry: Option<String>,
    /// The reason, which everybody can read
    #[arg(long, value_name = "TEXT")]
    pub(in crate::cli) reason: Option<String>,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct DeprecateArgs {
    /// The package, as NAME or NAME@VERSION
    #[arg(value_name = "PACKAGE")]
    pub(in crate::cli) package: String,
    /// The registry: a name in larder.kdl, or a folder
    #[arg(long, value_name = "REGISTRY")]
    pub(in crate::cli) registry: Option<String>,
    /// The package to use instead
    #[arg(long, value_name = "NAME", conflicts_with = "undo")]
    pub(in crate::cli) replaced_by: Option<String>,
    /// The reason, which everybody can read
    #[arg(long, value_name = "TEXT")]
    pub(in crate::cli) reason: Option<String>,
    /// It is not deprecated any more
    #[arg(long)]
    pub(in crate::cli) undo: bool,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct PublishArgs {
    /// The registry: a name in larder.kdl, or a folder
    #[arg(long, value_name = "REGISTRY")]
    pub(in crate::cli) registry: Option<String>,
    /// Sign it with a key of larder key list, or with one in a variable or a file: env=NAME, file=PATH
    #[arg(long, value_name = "KEY")]
    pub(in crate::cli) sign: Option<String>,
    /// Show what would be published, and publish nothing
    #[arg(long)]
    pub(in crate::cli) dry_run: bool,
    /// Publish it though it takes away what the published version has
    #[arg(long)]
    pub(in crate::cli) allow_breaking: bool,
    /// A file that looks like a secret and is none
    #[arg(long, value_name = "PATH")]
    pub(in crate::cli) allow_secret: Vec<String>,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum WitnessCommand {
    /// Print what was seen of the logs of registries
    Export,
    /// Add what was exported elsewhere; a history that contradicts what was seen here is refused
    Import {
        /// What was exported
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
}

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, arg_required_else_help = true)]
pub(in crate::cli) struct TrustArgs {
    /// Accept who builds this package now: npm:left-pad
    #[arg(value_name = "PACKAGE")]
    pub(in crate::cli) package: Option<String>,
    #[command(subcommand)]
    pub(in crate::cli) command: Option<TrustCommand>,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum TrustCommand {
    /// Accept the history that a registry of private packages has now, as when it was made anew, and lock again
    Registry {
        /// Its name in larder.kdl
        #[arg(value_name = "NAME")]
        name: String,
    },
}
