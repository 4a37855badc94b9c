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
