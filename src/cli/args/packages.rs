//! The grammar of the commands for private packages.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use crate::model::Label;
use crate::ops::key::DEFAULT_NAME;

#[derive(Debug, Args)]
pub(in crate::cli) struct ListArgs {
    /// List the private packages of the repository: those that it publishes
    #[arg(long)]
    pub(in crate::cli) packages: bool,
    /// Group them
    #[arg(long, value_name = "WHAT", requires = "packages")]
    pub(in crate::cli) by: Option<Grouping>,
}

/// How packages are grouped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Grouping {
    Category,
    Status,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct OrderArgs {
    /// Those first on which nothing builds: the order for removing them
    #[arg(long)]
    pub(in crate::cli) reverse: bool,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct PackArgs {
    /// Write the archive into this folder instead of the current one
    #[arg(long, value_name = "DIR")]
    pub(in crate::cli) out: Option<PathBuf>,
    /// Only list the files that would be in it
    #[arg(long, conflicts_with = "out")]
    pub(in crate::cli) list: bool,
    /// Pack the packages of a Creatio workspace, or the one in this folder
    #[arg(long = "creatio")]
    pub(in crate::cli) workspace: bool,
    /// Put the archives into one application
    #[arg(long, requires = "workspace")]
    pub(in crate::cli) zip: bool,
    /// Pack this file though it looks like a secret
    #[arg(long, value_name = "PATH")]
    pub(in crate::cli) allow_secret: Vec<String>,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct KeyArgs {
    #[command(subcommand)]
    pub(in crate::cli) command: KeyCommand,
}

/// What a key signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum KeyPurpose {
    Publisher,
    Log,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum KeyCommand {
    /// Make a key, in ~/.config/larder/keys
    New {
        /// The key's name
        #[arg(default_value = DEFAULT_NAME, value_name = "NAME")]
        name: Label,
        /// What it signs: packages, or the log of a registry
        #[arg(long, value_name = "KIND", default_value = "publisher")]
        kind: KeyPurpose,
        /// The origin of the registry whose log it signs [default: the key's name]
        #[arg(long, value_name = "ORIGIN")]
        origin: Option<String>,
        /// Encrypt it with a password, which is asked for, or taken from `LARDER_KEY_PASSWORD`
        #[arg(long, conflicts_with = "keyring")]
        password: bool,
        /// Keep it in the system's keyring
        #[arg(long)]
        keyring: bool,
    },
    /// List the keys
    List,
    /// Sign a file, like a list of signers: the signature lies beside it, as FILE.minisig
    Sign {
        /// A key of larder key list, or one in a variable or a file: env=NAME, file=PATH
        #[arg(value_name = "KEY")]
        key: String,
        /// The file
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
}
