//! The log: the spans and events of `tracing`, on standard error.
//!
//! Without `-v` and `LARDER_LOG` there is no subscriber, and a span costs one comparison.

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::format::FmtSpan;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::diagnostic::{Exit, Failure};
use crate::ops::{Result, Variables};

use super::output::LogLine;

/// The variable that selects what is logged. It overrides `-v`.
const VARIABLE: &str = "LARDER_LOG";

/// The target whose spans and events are logged. Those of libraries could contain secrets of requests.
const TARGET: &str = "larder";

/// Starts the log, if `-v` or `LARDER_LOG` requests it.
///
/// # Errors
/// `LARDER_LOG` is neither a level nor a list of rooms with their levels.
pub(super) fn start(verbosity: u8, variables: &Variables) -> Result<()> {
    let targets = match (variables.text(VARIABLE), verbosity) {
        (Some(text), _) => targets(&text)?,
        (None, 0) => return Ok(()),
        (None, 1) => Targets::new().with_target(TARGET, LevelFilter::INFO),
        (None, _) => Targets::new().with_target(TARGET, LevelFilter::DEBUG),
    };
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(LogLine::new)
        .with_ansi(false)
        .with_target(false)
        .with_timer(tracing_subscriber::fmt::time::uptime())
        .with_span_events(FmtSpan::CLOSE);
    // A second run in one process keeps the first one's log.
    let _ = tracing_subscriber::registry().with(targets).with(lines).try_init();
    Ok(())
}

/// Reads a level (`debug`), or rooms with their levels (`larder::fetch=trace,larder::resolve=debug`).
fn targets(text: &str) -> Result<Targets> {
    if let Ok(level) = text.parse::<LevelFilter>() {
        return Ok(Targets::new().with_target(TARGET, level));
    }
    let unreadable = || InvalidLogFilter { text: text.to_owned() };
    let targets: Targets = text.parse().map_err(|_| unreadable())?;
    let own = |target: &str| target.strip_prefix(TARGET).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"));
    if targets.default_level().is_some() || !targets.iter().all(|(target, _)| own(target)) {
        return Err(unreadable().into());
    }
    Ok(targets)
}

/// `LARDER_LOG` is not a valid filter.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("LARDER_LOG is `{text}`, which is not a valid filter")]
#[diagnostic(
    code(larder::cli::log),
    help(
        "write a level (`info`, `debug`, `trace`), or modules with their levels: `larder::fetch=trace,larder::resolve=debug`"
    )
)]
struct InvalidLogFilter {
    text: String,
}

impl Failure for InvalidLogFilter {
    fn exit(&self) -> Exit {
        Exit::Manifest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_and_rooms_are_understood_and_libraries_are_not() {
        for text in ["debug", "TRACE", "off", "larder=info", "larder::fetch=trace,larder::resolve=debug"] {
            assert!(targets(text).is_ok(), "{text}");
        }
        for text in ["loud", "hyper=trace", "larderly=debug", "larder::fetch=much", "h2=debug,larder=info"] {
            assert!(targets(text).is_err(), "{text}");
        }
    }
}
