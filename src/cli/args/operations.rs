//! The grammar of the commands about what happened, and what is to be done.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::profiles::age;
use crate::logs::LogName;
use crate::ops::operation_log::Since;

#[derive(Debug, Args)]
pub(in crate::cli) struct LogArgs {
    /// Which log
    #[arg(value_name = "LOG", default_value = "operations")]
    pub(in crate::cli) log: LogChoice,
    /// Only what happened since then: 7d, 12h, 2026-11-26, 2026-11-26T09:30:00Z
    #[arg(long, value_name = "WHEN", value_parser = since)]
    pub(in crate::cli) since: Option<Since>,
    /// At most so many lines, the newest
    #[arg(long, value_name = "N", default_value_t = 1000)]
    pub(in crate::cli) limit: usize,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct SelfArgs {
    #[command(subcommand)]
    pub(in crate::cli) command: SelfCommand,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum SelfCommand {
    /// Print the version and the path of this larder
    Version {
        /// Ask the registry of npm whether there is a newer one
        #[arg(long)]
        check: bool,
    },
}

#[derive(Debug, Args)]
pub(in crate::cli) struct BackupArgs {
    /// The file to write: shop.backup.tar.gz
    #[arg(value_name = "FILE")]
    pub(in crate::cli) file: PathBuf,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct RestoreArgs {
    /// The backup
    #[arg(value_name = "FILE")]
    pub(in crate::cli) file: PathBuf,
    /// The project's folder, which may be empty or not there [default: the current folder]
    #[arg(value_name = "DIR")]
    pub(in crate::cli) target: Option<PathBuf>,
    /// Take the lock of this generation: production@12
    #[arg(long, value_name = "ENVIRONMENT@NUMBER", value_parser = generation, conflicts_with = "list")]
    pub(in crate::cli) generation: Option<(String, u64)>,
    /// Replace files that are newer than the backup
    #[arg(long, conflicts_with = "list")]
    pub(in crate::cli) force: bool,
    /// Check the backup and show what is in it; change nothing
    #[arg(long)]
    pub(in crate::cli) list: bool,
}

/// Parses `production@12`.
fn generation(text: &str) -> Result<(String, u64), String> {
    let parsed = text.rsplit_once('@').and_then(|(name, number)| Some((name.to_owned(), number.parse().ok()?)));
    parsed.filter(|(name, _)| !name.is_empty()).ok_or_else(|| "write production@12".to_owned())
}

#[derive(Debug, Args)]
pub(in crate::cli) struct ReleaseArgs {
    /// Show what would be released, and change nothing
    #[arg(long)]
    pub(in crate::cli) dry_run: bool,
    /// Publish to this registry of larder.kdl; several times for several
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) registry: Vec<String>,
    /// Sign private packages with a key of larder key list, or with one in a variable or a file: env=NAME, file=PATH
    #[arg(long, value_name = "KEY")]
    pub(in crate::cli) sign: Option<String>,
    /// A branch of releases; on others there are pre-releases, which are neither committed nor tagged [default: main, master]
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) branch: Vec<String>,
    /// The number of a pre-release: X-dev.N [default: the run's number in CI]
    #[arg(long, value_name = "N")]
    pub(in crate::cli) run: Option<u64>,
    /// Give up a release that stopped; what was published stays so
    #[arg(long, conflicts_with = "dry_run")]
    pub(in crate::cli) abort: bool,
}

/// Which log is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum LogChoice {
    /// What changed something, and what failed
    Operations,
    /// Consent, credentials, publications, and what did not have its digest
    Security,
    /// What the monitor saw
    Monitoring,
}

impl From<LogChoice> for LogName {
    fn from(choice: LogChoice) -> Self {
        match choice {
            LogChoice::Operations => Self::Operations,
            LogChoice::Security => Self::Security,
            LogChoice::Monitoring => Self::Monitoring,
        }
    }
}

/// Parses an age, a day, or an instant; days begin in UTC, as lines are written.
fn since(text: &str) -> Result<Since, String> {
    if let Ok(age) = age(text) {
        return Ok(Since::Ago(Duration::min(age, Duration::from_secs(u64::from(u32::MAX)))));
    }
    if let Ok(time) = text.parse() {
        return Ok(Since::Time(time));
    }
    let time = text.parse::<DateTime>().ok().and_then(|time| time.to_zoned(TimeZone::UTC).ok());
    let time = time.map(|time| Since::Time(time.timestamp()));
    time.ok_or_else(|| "write 7d, 12h, 2026-11-26 or 2026-11-26T09:30:00Z".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_beginning_is_an_age_a_day_or_an_instant() {
        let time = |text: &str| Ok(Since::Time(text.parse().unwrap()));
        assert_eq!(since("7d"), Ok(Since::Ago(Duration::from_secs(7 * 86_400))));
        assert_eq!(since("2026-11-26"), time("2026-11-26T00:00:00Z"));
        assert_eq!(since("2026-11-26T09:30:00"), time("2026-11-26T09:30:00Z"));
        assert_eq!(since("2026-11-26T09:30:00+02:00"), time("2026-11-26T07:30:00Z"));
        for bad in ["", "yesterday", "2026-13-01", "7", "2026"] {
            assert!(since(bad).is_err(), "{bad}");
        }
    }
}
