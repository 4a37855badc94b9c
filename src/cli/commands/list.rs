//! `larder list`

use std::collections::BTreeMap;

use crate::cli::args::{Grouping, ListArgs};
use crate::ops::list_packages::{self, RepositoryPackage};
use crate::ops::{self, Context};

use super::{CommandResult, DONE, Output};

pub(in crate::cli) fn run(arguments: &ListArgs, context: &Context<'_>, output: &Output) -> CommandResult {
    if arguments.packages {
        return run_packages(arguments.by, context, output);
    }
    let listing = ops::list::list(context)?;
    output.json(&listing);
    for runtime in &listing.runtimes {
        let by = runtime.publisher.as_ref().map(|name| format!(", published by {name}")).unwrap_or_default();
        output.data_line(format!("{} {}  (runtime, from {}{by})", runtime.name, runtime.version, runtime.source));
    }
    for package in &listing.packages {
        let mark = if package.direct { "" } else { "  (indirect)" };
        output.data_line(format!("{}:{} {}{mark}", package.ecosystem, package.name, package.version));
    }
    DONE
}

/// `larder list --packages`
fn run_packages(by: Option<Grouping>, context: &Context<'_>, output: &Output) -> CommandResult {
    let listing = list_packages::list(context)?;
    output.json(&listing);
    let mut groups: BTreeMap<Option<&str>, Vec<&RepositoryPackage>> = BTreeMap::new();
    for package in &listing.packages {
        let group = by.map(|by| match by {
            Grouping::Category => package.category.as_deref().unwrap_or("without a category"),
            Grouping::Status => package.status,
        });
        groups.entry(group).or_default().push(package);
    }
    for (group, packages) in groups {
        if let Some(group) = group {
            output.data_line(format!("{group}:"));
        }
        for package in packages {
            output.data_line(package_line(package, if group.is_some() { "  " } else { "" }));
        }
    }
    for package in &listing.packages {
        if let Some(problem) = &package.problem {
            output.message(format!("warning: {}: {problem}", package.name));
        }
    }
    for unreadable in &listing.unreadable {
        output.message(format!("warning: {}: {}", unreadable.file, unreadable.problem));
    }
    DONE
}

fn package_line(package: &RepositoryPackage, indent: &str) -> String {
    let mut notes: Vec<String> = package.category.iter().cloned().collect();
    if package.status != "active" {
        let instead = package.replaced_by.as_ref().map(|name| format!(", use {name}")).unwrap_or_default();
        notes.push(format!("{}{instead}", package.status));
    }
    match package.dependents.len() {
        0 => {}
        1 => notes.push("1 dependent".to_owned()),
        count => notes.push(format!("{count} dependents")),
    }
    let notes = if notes.is_empty() { String::new() } else { format!("  ({})", notes.join("; ")) };
    format!("{indent}{} {}  {}{notes}", package.name, package.version, package.folder)
}
