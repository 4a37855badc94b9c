//! Arguments of `audit` and `advisories`, and the formats of findings.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// How findings are printed for other programs.
#[derive(Clone, Copy, Debug, Args)]
pub(in crate::cli) struct ReportFormat {
    /// Print the findings as a SARIF log, for code scanning
    #[arg(long, conflicts_with = "json")]
    pub(in crate::cli) sarif: bool,
    /// Print the findings as annotations of GitHub Actions
    #[arg(long, conflicts_with_all = ["json", "sarif"])]
    pub(in crate::cli) github: bool,
}

/// Whom attestations of builds are verified against.
#[derive(Clone, Debug, Args)]
pub(in crate::cli) struct TrustedRootArgs {
    /// Verify who built packages against this root of trust, in the form of Sigstore's `trusted_root.json`
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) trusted_root: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct AuditArgs {
    /// The checks to run, as `policy` names them [default: advisories and what else is about the supply chain]
    #[arg(value_name = "CHECK")]
    pub(in crate::cli) checks: Vec<String>,
    /// Leave out advisories that are less severe, unless the policy denies them: low, moderate, high, critical
    #[arg(long, value_name = "SEVERITY")]
    pub(in crate::cli) level: Option<String>,
    /// Move to versions without the vulnerabilities, as few packages as possible, and within the ranges of larder.kdl
    #[arg(long)]
    pub(in crate::cli) fix: bool,
    /// With --fix: widen lines of larder.kdl that admit no such version
    #[arg(long, requires = "fix")]
    pub(in crate::cli) force: bool,
    #[command(flatten)]
    pub(in crate::cli) format: ReportFormat,
    #[command(flatten)]
    pub(in crate::cli) trust: TrustedRootArgs,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct HealthArgs {
    /// Fail if the score is below this [default: what the policy's `health` says, or 50]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(0..=100), global = true)]
    pub(in crate::cli) fail_below: Option<u8>,
    #[command(subcommand)]
    pub(in crate::cli) command: Option<HealthCommand>,
}

#[derive(Clone, Copy, Debug, Subcommand)]
pub(in crate::cli) enum HealthCommand {
    /// Look, and write a report to reports/dependency-health
    Check,
    /// Show the latest report
    Report,
    /// Remove the reports that are older than 30 days
    Cleanup,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct AdvisoriesArgs {
    #[command(subcommand)]
    pub(in crate::cli) command: AdvisoriesCommand,
}

#[derive(Clone, Copy, Debug, Subcommand)]
pub(in crate::cli) enum AdvisoriesCommand {
    /// Fetch what is new
    Update,
    /// Tell what is here, and how old it is
    Status,
}
