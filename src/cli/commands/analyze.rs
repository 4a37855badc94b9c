//! `larder analyze`

use crate::diagnostic::counted;
use crate::ops::Session;
use crate::ops::analyze::{Analysis, PackageCounts, analyze};

use super::{CommandResult, DONE, Output};

pub(in crate::cli) fn run(session: &Session<'_>, output: &Output) -> CommandResult {
    let analysis = analyze(session)?;
    output.json(&analysis);
    let Analysis { environment, counts, conflicts, unused, days_since_use, outdated, recommendations } = &analysis;
    let PackageCounts { packages, versions, direct, indirect, by_ecosystem, by_registry } = counts;
    output.data_line(format!(
        "{environment}: {packages} packages in {versions} versions, {direct} direct, {indirect} indirect"
    ));
    let list = |counts: Vec<(&str, usize)>| {
        counts.iter().map(|(name, count)| format!("{name} {count}")).collect::<Vec<_>>().join(", ")
    };
    output.data_line(format!(
        "  by ecosystem: {}",
        list(by_ecosystem.iter().map(|(name, count)| (*name, *count)).collect())
    ));
    output.data_line(format!(
        "  by registry: {}",
        list(by_registry.iter().map(|(name, count)| (name.as_str(), *count)).collect())
    ));
    let outdated = outdated.as_ref().map_or_else(|| "not looked up".to_owned(), |outdated| outdated.len().to_string());
    output.data_line(format!(
        "  several versions: {}; unused dependencies: {}; unused environments: {}; outdated: {outdated}",
        conflicts.len(),
        unused.dependencies.len(),
        unused.environments.len()
    ));
    let used = days_since_use
        .iter()
        .filter_map(|(name, days)| Some(format!("{name} {} ago", counted((*days)? as usize, "day"))));
    let used: Vec<String> = used.collect();
    if !used.is_empty() {
        output.data_line(format!("  last used: {}", used.join(", ")));
    }
    for recommendation in recommendations {
        let priority = format!("{:?}", recommendation.priority).to_lowercase();
        output.data_line(format!("{priority:<7} {}: {}", recommendation.message, recommendation.action));
    }
    DONE
}
