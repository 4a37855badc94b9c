//! The arguments of the commands about generations and environments.

use std::time::Duration;

use clap::{Args, ValueEnum};

#[derive(Debug, Args)]
pub(in crate::cli) struct RollbackArgs {
    /// The generation to go back to [default: the current one's parent]
    #[arg(value_name = "GENERATION")]
    pub(in crate::cli) generation: Option<u64>,
    /// Check every file of it first
    #[arg(long, conflicts_with = "only")]
    pub(in crate::cli) verify: bool,
    /// Restore only the versions of these packages: solve the others to fit, write the lock, and sync
    #[arg(long, value_name = "PACKAGE", num_args = 1..)]
    pub(in crate::cli) only: Vec<String>,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct VerifyArgs {
    /// Check the current generation of every environment of this checkout
    #[arg(long, conflicts_with = "env")]
    pub(in crate::cli) all: bool,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct AdoptArgs {
    /// Do not ask
    #[arg(short, long)]
    pub(in crate::cli) yes: bool,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct PinArgs {
    /// The generation [default: the current one]
    #[arg(value_name = "GENERATION")]
    pub(in crate::cli) generation: Option<u64>,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct DiffArgs {
    /// A generation: its number, an environment, or both: 12, staging, staging@12
    #[arg(value_name = "FROM")]
    pub(in crate::cli) from: String,
    /// The generation to compare it with [default: the current one]
    #[arg(value_name = "TO")]
    pub(in crate::cli) to: Option<String>,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct PromoteArgs {
    /// The environment to take the packages from
    #[arg(value_name = "FROM")]
    pub(in crate::cli) from: String,
    /// The environment to build
    #[arg(value_name = "TO")]
    pub(in crate::cli) to: String,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct GcArgs {
    /// Remove only what was unused for this long: 30d, 12h
    #[arg(long, value_name = "AGE", value_parser = age)]
    pub(in crate::cli) older_than: Option<Duration>,
    /// List what would be removed, and remove nothing
    #[arg(long)]
    pub(in crate::cli) dry_run: bool,
}

/// Parses `30d`, `12h`, `15m` or `90s`.
pub(super) fn age(text: &str) -> Result<Duration, String> {
    let unit = |unit: &str| match unit {
        "s" => Some(1),
        "m" => Some(60),
        "h" => Some(60 * 60),
        "d" => Some(24 * 60 * 60),
        "w" => Some(7 * 24 * 60 * 60),
        _ => None,
    };
    let (number, word) = text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()));
    let seconds = number.parse::<u64>().ok().zip(unit(word)).and_then(|(number, unit)| number.checked_mul(unit));
    seconds.map(Duration::from_secs).ok_or_else(|| "write a number and a unit: 30d, 12h, 15m".to_owned())
}

#[derive(Debug, Args)]
pub(in crate::cli) struct UseArgs {
    /// The environment
    #[arg(value_name = "ENVIRONMENT")]
    pub(in crate::cli) environment: String,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct EnvArgs {
    /// The format of the variables
    #[arg(long, value_name = "FORMAT", default_value = "sh")]
    pub(in crate::cli) format: EnvFormat,
}

/// The format of variables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum EnvFormat {
    /// For `eval "$(larder env)"` in sh, bash and zsh
    Sh,
    /// For `larder env --format fish | source`
    Fish,
    /// For an .envrc: `eval "$(larder env --format direnv)"`
    Direnv,
    /// NAME=value lines, for CI systems: `larder env --format lines >> "$GITHUB_ENV"`
    Lines,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_have_a_number_and_a_unit() {
        assert_eq!(age("30d"), Ok(Duration::from_secs(2_592_000)));
        assert_eq!(age("0s"), Ok(Duration::ZERO));
        for bad in ["", "30", "d", "1y", "99999999999999999999d", "9999999999999999999w", "-1d", "1\u{e4}"] {
            assert!(age(bad).is_err(), "{bad}");
        }
    }
}
