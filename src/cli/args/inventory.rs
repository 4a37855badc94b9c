//! The grammar of the commands that tell what a lock has.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::model::Platform;

use super::ExportCommand;

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(in crate::cli) struct ExportArgs {
    #[command(subcommand)]
    pub(in crate::cli) command: Option<ExportCommand>,
    /// The form
    #[arg(value_name = "FORM", required = true)]
    pub(in crate::cli) form: Option<ExportFormName>,
    /// Write this file instead of standard output
    #[arg(short, long, value_name = "FILE")]
    pub(in crate::cli) output: Option<PathBuf>,
    /// Only what this platform needs [default: what any declared platform needs]
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) platform: Option<Platform>,
    /// With package-json: that of this member
    #[arg(long, value_name = "FOLDER")]
    pub(in crate::cli) member: Option<String>,
}

/// The form of another tool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum ExportFormName {
    /// pylock.toml (PEP 751), for pip and uv
    Pylock,
    /// Requirements with digests, for pip install --require-hashes
    Requirements,
    /// package-lock.json, for npm ci
    PackageLock,
    /// pnpm-lock.yaml, for pnpm install --frozen-lockfile
    PnpmLock,
    /// The package.json beside which npm and pnpm read their locks
    PackageJson,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct LicensesArgs {
    /// Print comma-separated values
    #[arg(long, conflicts_with = "json")]
    pub(in crate::cli) csv: bool,
    /// Write the texts under which the packages may be passed on
    #[arg(long, value_name = "FILE", conflicts_with = "csv")]
    pub(in crate::cli) notices: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct SbomArgs {
    /// The form
    #[arg(long, value_name = "FORM", default_value = "cyclonedx")]
    pub(in crate::cli) format: BillFormName,
    /// Write this file instead of standard output
    #[arg(short, long, value_name = "FILE")]
    pub(in crate::cli) output: Option<PathBuf>,
    /// Say when it was made; without it bills of one lock are the same
    #[arg(long)]
    pub(in crate::cli) timestamp: bool,
}

/// The form of a bill of materials.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum BillFormName {
    /// CycloneDX 1.6, as JSON
    Cyclonedx,
    /// SPDX 2.3, as JSON
    Spdx,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct GraphArgs {
    /// The form
    #[arg(long, value_name = "FORM", default_value = "mermaid")]
    pub(in crate::cli) format: GraphFormName,
    /// The project's assets instead of its packages
    #[arg(long)]
    pub(in crate::cli) assets: bool,
    /// Only what leads to this package or asset, and what it leads to
    #[arg(long, value_name = "PACKAGE")]
    pub(in crate::cli) focus: Vec<String>,
    /// Only what is so many steps from the manifests or flows, or from --focus
    #[arg(long, value_name = "N")]
    pub(in crate::cli) depth: Option<usize>,
    /// Write this file instead of standard output
    #[arg(short, long, value_name = "FILE")]
    pub(in crate::cli) output: Option<PathBuf>,
}

/// The form of a graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum GraphFormName {
    /// A document for programs
    Json,
    /// For Graphviz
    Dot,
    /// For Mermaid, as Markdown on GitHub and GitLab shows it
    Mermaid,
    /// A picture
    Svg,
}
