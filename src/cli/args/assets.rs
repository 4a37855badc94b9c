//! The grammar of the commands for assets.

use std::path::PathBuf;

use clap::{Args, Subcommand};

#[derive(Debug, Args)]
pub(in crate::cli) struct ReadyArgs {
    /// Flows: order-intake, orders/order-intake [default: all that are not archived]
    #[arg(value_name = "FLOW")]
    pub(in crate::cli) flows: Vec<String>,
    /// Try whether adapters reach what they name, with the values of the environment, and note what came of it
    #[arg(long)]
    pub(in crate::cli) probe: bool,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct ImpactArgs {
    /// The asset: schema:orders/order@2, or less of it
    #[arg(value_name = "ASSET")]
    pub(in crate::cli) asset: String,
    /// Tell what breaks if the asset has the content of this file, or that of a published version of its package
    #[arg(long, value_name = "FILE|VERSION")]
    pub(in crate::cli) to: Option<String>,
    /// Look into the repositories in this folder too
    #[arg(long, value_name = "DIR")]
    pub(in crate::cli) consumers: Vec<PathBuf>,
    /// Look at the packages of this registry too: a folder, or the name of one in larder.kdl
    #[arg(long, value_name = "REGISTRY")]
    pub(in crate::cli) registry: Vec<String>,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct FlowArgs {
    #[command(subcommand)]
    pub(in crate::cli) command: FlowCommand,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum FlowCommand {
    /// List the flows of the project and of the environment, with their states
    List,
    /// Declare a draft ready, if nothing is in the way: writes its state into the manifest
    Ready(FlowName),
    /// Archive a flow: writes its state into the manifest
    Archive(FlowName),
    /// Deploy a flow, or its newer form, in the environment: what it refers to is frozen, and nothing else moves
    Deploy(FlowName),
    /// Suspend a deployed flow in the environment
    Suspend(FlowName),
    /// Let a suspended flow run again in the environment
    Resume(FlowName),
    /// Take an archived flow out of the environment
    Withdraw(FlowName),
}

impl FlowCommand {
    /// Returns what is logged of the command, and the flow; `None` if it changes nothing.
    pub(in crate::cli) fn operation(&self) -> Option<(&'static str, &str)> {
        let (name, flow) = match self {
            Self::List => return None,
            Self::Ready(flow) => ("flow ready", flow),
            Self::Archive(flow) => ("flow archive", flow),
            Self::Deploy(flow) => ("flow deploy", flow),
            Self::Suspend(flow) => ("flow suspend", flow),
            Self::Resume(flow) => ("flow resume", flow),
            Self::Withdraw(flow) => ("flow withdraw", flow),
        };
        Some((name, &flow.flow))
    }
}

#[derive(Debug, Args)]
pub(in crate::cli) struct FlowName {
    /// The flow: order-intake, orders/order-intake
    #[arg(value_name = "FLOW")]
    pub(in crate::cli) flow: String,
}

/// What `larder export` writes besides locks.
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum ExportCommand {
    /// Write flows with all that they use as one file: adapters, mappings, schemas, samples
    Flows {
        /// The flows: order-intake, orders/order-intake
        #[arg(value_name = "FLOW", required = true)]
        flows: Vec<String>,
        /// Encrypt it for this public key of age, or for those in this file: only who has the secret key reads it
        #[arg(long, value_name = "RECIPIENT")]
        encrypt: Vec<String>,
        /// Write this file [default: FLOW.flows.tar.gz, encrypted FLOW.flows.tar.gz.age]
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
}

/// What `larder import` takes besides files of package managers.
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum ImportCommand {
    /// Add the schemas, adapters, mappings and flows of a folder to the package around the current folder
    Assets {
        /// The folder: schemas are known by their content
        #[arg(value_name = "DIR")]
        source: PathBuf,
        /// The file that says what values of JSON files and properties are in an adapter
        #[arg(long, value_name = "FILE")]
        mapping: Option<PathBuf>,
    },
    /// Add the flows of a file that larder export flows wrote, and what they use, to the project
    Flows {
        /// The file
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// The file with the secret key of age that reads it, as age-keygen writes it
        #[arg(short, long, value_name = "FILE")]
        identity: Vec<PathBuf>,
        /// Make packages that are not there yet in this folder [default: that of members "DIR/*", or the current one]
        #[arg(long, value_name = "DIR")]
        into: Option<PathBuf>,
    },
}

#[derive(Debug, Args)]
pub(in crate::cli) struct ExplainArgs {
    #[command(subcommand)]
    pub(in crate::cli) command: ExplainCommand,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum ExplainCommand {
    /// The parameters of a kind of adapters: file, ftp, sftp, email, http, rest, soap
    Adapter {
        /// The kind
        #[arg(value_name = "KIND")]
        kind: String,
    },
}
