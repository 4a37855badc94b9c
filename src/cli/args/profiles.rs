//! The arguments of the commands about generations and environments.

use clap::{Args, ValueEnum};

#[derive(Debug, Args)]
pub(in crate::cli) struct Rollback {
    /// The generation to go back to [default: the current one's parent]
    #[arg(value_name = "GENERATION")]
    pub(in crate::cli) generation: Option<u64>,
    /// Check every byte of it first
    #[arg(long)]
    pub(in crate::cli) verify: bool,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Pin {
    /// The generation [default: the current one]
    #[arg(value_name = "GENERATION")]
    pub(in crate::cli) generation: Option<u64>,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Diff {
    /// A generation: its number, an environment, or both: 12, staging, staging@12
    #[arg(value_name = "FROM")]
    pub(in crate::cli) from: String,
    /// Another one [default: the current one]
    #[arg(value_name = "TO")]
    pub(in crate::cli) to: Option<String>,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Promote {
    /// The environment whose packages are taken over
    #[arg(value_name = "FROM")]
    pub(in crate::cli) from: String,
    /// The environment that gets them
    #[arg(value_name = "TO")]
    pub(in crate::cli) to: String,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Use {
    /// The environment
    #[arg(value_name = "ENVIRONMENT")]
    pub(in crate::cli) environment: String,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Env {
    /// What the variables are for
    #[arg(long, value_name = "FORMAT", default_value = "sh")]
    pub(in crate::cli) format: Format,
}

/// How variables are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Format {
    /// For `eval "$(larder env)"` in sh, bash and zsh
    Sh,
    /// For `larder env --format fish | source`
    Fish,
    /// For an .envrc: `eval "$(larder env --format direnv)"`
    Direnv,
    /// NAME=value lines, as the files of CI systems want them: `larder env --format lines >> "$GITHUB_ENV"`
    Lines,
}
