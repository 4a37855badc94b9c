//! The grammar of the commands about what happened, and what is to be done.

use std::time::Duration;

use clap::{Args, ValueEnum};
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
