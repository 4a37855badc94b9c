//! The arguments of `larder builds`.

use clap::{Args, Subcommand};

#[derive(Debug, Args)]
pub(in crate::cli) struct BuildsArgs {
    /// Build twice what the environment has of built packages, and tell which come out the same
    #[arg(long)]
    pub(in crate::cli) check: bool,
    #[command(subcommand)]
    pub(in crate::cli) command: Option<BuildsCommand>,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum BuildsCommand {
    /// Give what was built here to others: copies it, signed, to a registry of private packages that keeps it
    Push {
        /// The registry: a name in larder.kdl, a folder, or the URL of a server that takes files by PUT
        #[arg(long, value_name = "REGISTRY")]
        registry: String,
        /// Sign it with a key of larder key list, or with one in a variable or a file: env=NAME, file=PATH
        #[arg(long, value_name = "KEY")]
        sign: String,
    },
    /// Run a package's install scripts once, and show the `file` lines that let them have what they download
    Record {
        /// A package that may be built: puppeteer, npm:puppeteer
        package: String,
        /// A host whose files they may have this once: storage.googleapis.com. Without it, what they ask for is told and refused
        #[arg(long, value_name = "HOST")]
        from: Vec<String>,
    },
    /// Let packages be built, in a sandbox: writes their lines into larder.kdl. Agree to what larder.kdl asks for beyond the sandbox
    Allow {
        /// A locked package by its name, or any with its ecosystem: psycopg2, pypi:psycopg2. Or what builds of this project may
        /// have, on this machine: `isolation=reduced`, `env=CFLAGS`, `tools=pg_config`; without anything all that larder.kdl asks
        /// for
        #[arg(value_name = "PACKAGE")]
        packages: Vec<String>,
    },
}
