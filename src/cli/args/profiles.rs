//! The arguments of the commands about generations and environments.

use std::time::Duration;

use clap::{Args, ValueEnum};

#[derive(Debug, Args)]
pub(in crate::cli) struct Rollback {
    /// The generation to go back to [default: the current one's parent]
    #[arg(value_name = "GENERATION")]
    pub(in crate::cli) generation: Option<u64>,
    /// Check every byte of it first
    #[arg(long, conflicts_with = "only")]
    pub(in crate::cli) verify: bool,
    /// Take only these packages' versions from it: solve the rest to fit, write the lock, and sync
    #[arg(long, value_name = "PACKAGE", num_args = 1..)]
    pub(in crate::cli) only: Vec<String>,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Verify {
    /// Check the current generation of every environment that was built here
    #[arg(long, conflicts_with = "env")]
    pub(in crate::cli) all: bool,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Adopt {
    /// Do not ask
    #[arg(short, long)]
    pub(in crate::cli) yes: bool,
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
pub(in crate::cli) struct Gc {
    /// Only what was not used for so long: 30d, 12h
    #[arg(long, value_name = "AGE", value_parser = age)]
    pub(in crate::cli) older_than: Option<Duration>,
    /// Count what would be removed, and remove nothing
    #[arg(long)]
    pub(in crate::cli) dry_run: bool,
}

/// Parses `30d`, `12h`, `15m` or `90s`.
fn age(text: &str) -> Result<Duration, String> {
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
