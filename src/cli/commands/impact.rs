//! `larder impact`

use crate::cli::args::ImpactArgs;
use crate::diagnostic::counted;
use crate::ops::Session;
use crate::ops::assets::impact::{ImpactOptions, impact};

use super::{CommandResult, DONE, Output};

pub(in crate::cli) fn run(arguments: &ImpactArgs, session: &Session<'_>, output: &Output) -> CommandResult {
    let ImpactArgs { asset, to, consumers, registry } = arguments;
    let options = ImpactOptions { to: to.clone(), consumers: consumers.clone(), registries: registry.clone() };
    let impact = impact(session, asset, &options)?;
    output.json(&impact);
    for change in &impact.changes {
        output.message(format!("{} ({})", change.line(), change.level));
    }
    for touched in &impact.touched {
        let how =
            if touched.direct { "directly".to_owned() } else { format!("by {}", touched.path[1..].join(" → ")) };
        let place = touched.repository.as_ref().map(|name| format!(" in {name}")).unwrap_or_default();
        let breaks = match touched.breaks {
            Some(true) => ", breaks",
            Some(false) => ", compatible",
            None => "",
        };
        output.data_line(format!("{}{place} ({how}{breaks})", touched.id));
        touched.findings.iter().for_each(|finding| output.message(format!("  {finding}")));
    }
    for consumer in &impact.consumers {
        output.message(format!("{} has {} in its lock", consumer.repository, consumer.packages.join(", ")));
    }
    output.message(format!(
        "{} of {} touched by {}",
        counted(impact.touched.len(), "asset"),
        counted(impact.packages.len(), "package"),
        impact.assets.join(", ")
    ));
    DONE
}
