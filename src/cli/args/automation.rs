//! The grammar of the commands that set up what calls larder by itself.

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
