//! `larder diff`

use crate::cli::args::DiffArgs;
use crate::diagnostic::size;
use crate::difference;
use crate::ops::Context;
use crate::ops::diff::{ComparedGeneration, GenerationDiff, PackageDifference, PackageOfOneSide, diff};

use super::{CommandResult, DONE, Output};

pub(in crate::cli) fn run(arguments: &DiffArgs, context: &Context<'_>, output: &Output) -> CommandResult {
    let found = diff(context, &arguments.from, arguments.to.as_deref())?;
    output.json(&found);
    table(lines(&found), output);
    let name = |side: &ComparedGeneration| format!("{} {}", side.environment, side.generation);
    output.message(format!(
        "{} -> {}: {} added, {} changed, {} removed, {} the same{}",
        name(&found.from),
        name(&found.to),
        found.added.len(),
        found.changed.len(),
        found.removed.len(),
        found.kept,
        growth(&found)
    ));
    DONE
}

/// A row of the table: mark and name, versions, sizes.
struct TableRow {
    name: String,
    versions: String,
    sizes: String,
    direct: bool,
}

/// Returns the rows: direct dependencies first; within each half changed, removed, and added packages.
fn lines(found: &GenerationDiff) -> Vec<TableRow> {
    let changed = found.changed.iter().map(|change| TableRow {
        name: format!("~ {}:{}", change.ecosystem, change.name),
        versions: difference::moved(&change.from.join(", "), &change.to.join(", ")),
        sizes: match (change.bytes_from, change.bytes_to) {
            (Some(from), Some(to)) => format!("{} -> {}", size(from), size(to)),
            _ => String::new(),
        },
        direct: change.direct,
    });
    let one_sided = |mark: char, package: &PackageOfOneSide| TableRow {
        name: format!("{mark} {}:{}", package.ecosystem, package.name),
        versions: package.versions.join(", "),
        sizes: package.bytes.map(size).unwrap_or_default(),
        direct: package.direct,
    };
    let removed = found.removed.iter().map(|package| one_sided('-', package));
    let added = found.added.iter().map(|package| one_sided('+', package));
    let mut lines: Vec<TableRow> = changed.chain(removed).chain(added).collect();
    lines.sort_by_key(|line| !line.direct);
    let flows = found.flows.iter().map(|flow| TableRow {
        name: format!("{} flow:{}", mark(flow.from.is_none(), flow.to.is_none()), flow.name),
        versions: match (&flow.from, &flow.to) {
            (Some(from), Some(to)) => format!("{from} -> {to}"),
            (from, to) => from.iter().chain(to).cloned().collect(),
        },
        sizes: String::new(),
        direct: false,
    });
    let runtimes = found.runtimes.iter().map(|runtime| TableRow {
        name: format!("{} {}", mark(runtime.from.is_empty(), runtime.to.is_empty()), runtime.name),
        versions: match (runtime.from.is_empty(), runtime.to.is_empty()) {
            (false, false) => format!("{} -> {}", runtime.from.join(", "), runtime.to.join(", ")),
            _ => [&runtime.from[..], &runtime.to].concat().join(", "),
        },
        sizes: String::new(),
        direct: true,
    });
    runtimes.chain(flows).chain(lines).collect()
}

fn mark(is_new: bool, is_gone: bool) -> char {
    match (is_new, is_gone) {
        (true, _) => '+',
        (_, true) => '-',
        _ => '~',
    }
}

fn table(lines: Vec<TableRow>, output: &Output) {
    let width = |part: fn(&TableRow) -> &str| lines.iter().map(|line| part(line).chars().count()).max().unwrap_or(0);
    let (name, versions) = (width(|line| &line.name), width(|line| &line.versions));
    for line in lines {
        let direct = if line.direct { "  (direct)" } else { "" };
        let text = format!("{:name$}  {:versions$}  {}{direct}", line.name, line.versions, line.sizes);
        output.data_line(text.trim_end());
    }
}

/// Returns by how much the second side is larger or smaller. Returns an empty text if sizes are unknown or equal.
fn growth(found: &GenerationDiff) -> String {
    let one_sided = |packages: &[PackageOfOneSide]| packages.iter().map(|package| package.bytes).sum::<Option<u64>>();
    let of_changed = |side: fn(&PackageDifference) -> Option<u64>| found.changed.iter().map(side).sum::<Option<u64>>();
    let before = one_sided(&found.removed).zip(of_changed(|change| change.bytes_from));
    let after = one_sided(&found.added).zip(of_changed(|change| change.bytes_to));
    let (Some((gone, old)), Some((come, new))) = (before, after) else { return String::new() };
    match (gone + old, come + new) {
        (before, after) if before > after => format!("; {} less", size(before - after)),
        (before, after) if before < after => format!("; {} more", size(after - before)),
        _ => String::new(),
    }
}
