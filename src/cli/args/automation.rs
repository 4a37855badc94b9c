//! The grammar of the commands that set up what calls larder by itself.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

#[derive(Debug, Args)]
pub(in crate::cli) struct HooksArgs {
    #[command(subcommand)]
    pub(in crate::cli) command: HooksCommand,
}

#[derive(Clone, Copy, Debug, Subcommand)]
pub(in crate::cli) enum HooksCommand {
    /// Write the hook of git; one that is there is kept, and runs first
    Install,
    /// Allow the programs that the manifest's `hooks` name, as they are now, to run in this checkout before and after a sync
    Allow,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct CiTemplateArgs {
    /// Whose workflow it is
    #[arg(value_name = "HOST")]
    pub(in crate::cli) host: CiHostName,
    /// The workflow that releases what was merged, beside the other one: `larder-release.yml`
    #[arg(long)]
    pub(in crate::cli) release: bool,
    /// Replace a file that has other text
    #[arg(long, conflicts_with = "print")]
    pub(in crate::cli) force: bool,
    /// Print the file, and write nothing
    #[arg(long)]
    pub(in crate::cli) print: bool,
}

/// Whose workflow it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum CiHostName {
    /// .github/workflows/larder.yml
    Github,
    /// .gitlab/larder.yml
    Gitlab,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct ScheduleArgs {
    /// Write timers of the user's systemd [default]
    #[arg(long)]
    pub(in crate::cli) systemd: bool,
    /// Add lines to the user's crontab
    #[arg(long, conflicts_with = "systemd")]
    pub(in crate::cli) cron: bool,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct ServiceArgs {
    #[command(subcommand)]
    pub(in crate::cli) command: ServiceCommand,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum ServiceCommand {
    /// Write units of the manifest's services and of the monitor
    Export(ServiceExportArgs),
}

#[derive(Debug, Args)]
pub(in crate::cli) struct ServiceExportArgs {
    /// Who keeps the services running
    #[arg(value_name = "SUPERVISOR")]
    pub(in crate::cli) supervisor: SupervisorName,
    /// Write units of the machine, which run services as this user, instead of the user's own
    #[arg(long, value_name = "USER", value_parser = user_name)]
    pub(in crate::cli) system: Option<String>,
    /// The folder [default: where the supervisor looks]
    #[arg(short, long, value_name = "DIR")]
    pub(in crate::cli) output: Option<PathBuf>,
    /// Replace units that have other text
    #[arg(long, conflicts_with = "print")]
    pub(in crate::cli) force: bool,
    /// Print the units, and write nothing
    #[arg(long)]
    pub(in crate::cli) print: bool,
}

/// Who keeps services running.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum SupervisorName {
    /// Units of systemd
    Systemd,
    /// Property lists of macOS
    Launchd,
}

fn user_name(text: &str) -> Result<String, String> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    let is_name = !text.is_empty() && text.len() <= 32 && !text.starts_with('-') && text.chars().all(is_plain);
    is_name.then(|| text.to_owned()).ok_or_else(|| "it is no name of a user".to_owned())
}

#[derive(Debug, Args)]
pub(in crate::cli) struct CompletionsArgs {
    /// The shell
    pub(in crate::cli) shell: clap_complete::Shell,
}
