//! `larder outdated`

use crate::ops::Session;
use crate::ops::outdated::{Newer, outdated};

use super::{CommandResult, DONE, Output};

pub(in crate::cli) fn run(session: &Session<'_>, output: &Output) -> CommandResult {
    let outdated = outdated(session)?;
    output.json(&outdated);
    for warning in &outdated.warnings {
        output.message(format!("warning: {warning}"));
    }
    if outdated.packages.is_empty() {
        output.message(format!("Every direct dependency of {} is the newest", outdated.environment));
        return DONE;
    }
    let head = ["package", "locked", "update", "latest", "from"].map(str::to_owned);
    let rows: Vec<[String; 5]> = std::iter::once(head).chain(outdated.packages.iter().map(row)).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default();
    let widths = [width(0), width(1), width(2), width(3)];
    for [package, locked, update, latest, from] in &rows {
        let [a, b, c, d] = widths;
        output.data_line(format!("{package:a$}  {locked:b$}  {update:c$}  {latest:d$}  {from}"));
    }
    let packages = || outdated.packages.iter();
    for (newer, held_back) in packages().filter_map(|newer| Some((newer, newer.held_back.as_ref()?))) {
        output.message(format!("{}:{}: {held_back}", newer.ecosystem, newer.name));
    }
    if packages().any(|newer| newer.ecosystem == "runtime") {
        output.message("`larder update --runtimes` locks the runtimes that are under `update`");
    }
    let is_outside = |newer: &Newer| newer.held_back.is_none() && newer.latest.as_ref() != Some(&newer.update);
    let latest = if packages().any(is_outside) { "; for what is under `latest`, change the manifest" } else { "" };
    output.message(format!("`larder update` locks what is under `update`{latest}"));
    DONE
}

fn row(newer: &Newer) -> [String; 5] {
    let Newer { ecosystem, name, alias, locked, update, latest, from, group, .. } = newer;
    let package = match alias {
        None => format!("{ecosystem}:{name}"),
        Some(alias) => format!("{ecosystem}:{alias} ({name})"),
    };
    let text = |version: &Option<String>| version.clone().unwrap_or_else(|| "–".to_owned());
    let from = match group {
        None => from.clone(),
        Some(group) => format!("{from}, group {group}"),
    };
    [package, text(locked), update.clone(), text(latest), from]
}
