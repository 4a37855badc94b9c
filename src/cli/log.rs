//! The log: the spans and events of `tracing`, on standard error.
//!
//! Without `-v` and `LARDER_LOG` nobody listens, and a span costs one comparison.

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::format::FmtSpan;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::diagnostic::{Exit, Failure};
use crate::ops::{Result, Variables};

use super::output::LogLine;

/// The variable that says what is logged, whatever the switches are.
const VARIABLE: &str = "LARDER_LOG";

/// Whose spans and events are logged: larder's own. Those of libraries could repeat what requests carry.
const TARGET: &str = "larder";

/// Begins to log, if a switch or `LARDER_LOG` asks for it.
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
    let unreadable = || UnreadableFilter { text: text.to_owned() };
    let targets: Targets = text.parse().map_err(|_| unreadable())?;
    let own = |target: &str| target.strip_prefix(TARGET).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"));
    if targets.default_level().is_some() || !targets.iter().all(|(target, _)| own(target)) {
        return Err(unreadable().into());
    }
    Ok(targets)
}

/// What is to be logged cannot be understood.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("LARDER_LOG is `{text}`, which says not what to log")]
#[diagnostic(
    code(larder::cli::log),
    help(
        "a level (`info`, `debug`, `trace`), or rooms with their levels: `larder::fetch=trace,larder::resolve=debug`"
    )
)]
struct UnreadableFilter {
    text: String,
}

impl Failure for UnreadableFilter {
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
