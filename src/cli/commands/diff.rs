//! `larder diff`

use crate::cli::args::Diff;
use crate::ops::Context;
use crate::ops::diff::{Package, Side, diff};

use super::{DONE, Outcome, Output};

pub(in crate::cli) fn run(arguments: &Diff, context: &Context<'_>, output: &Output) -> Outcome {
    let found = diff(context, &arguments.from, arguments.to.as_deref())?;
    output.document(&found);
    for change in &found.changed {
        let sizes = match (change.bytes_from, change.bytes_to) {
            (Some(from), Some(to)) => format!("{} -> {}", size(from), size(to)),
            _ => String::new(),
        };
        let versions = format!("{} -> {}", change.from.join(", "), change.to.join(", "));
        let name = format!("{}:{}", change.ecosystem, change.name);
        output.print(line('~', &name, &versions, &sizes, change.direct));
    }
    let one_sided = |mark, package: &Package| {
        let sizes = package.bytes.map(size).unwrap_or_default();
        let name = format!("{}:{}", package.ecosystem, package.name);
        output.print(line(mark, &name, &package.versions.join(", "), &sizes, package.direct));
    };
    found.removed.iter().for_each(|package| one_sided('-', package));
    found.added.iter().for_each(|package| one_sided('+', package));
    let name = |side: &Side| format!("{} {}", side.environment, side.generation);
    output.say(format!(
        "{} -> {}: {} added, {} changed, {} removed, {} the same",
        name(&found.from),
        name(&found.to),
        found.added.len(),
        found.changed.len(),
        found.removed.len(),
        found.kept
    ));
    DONE
}

fn line(mark: char, name: &str, versions: &str, sizes: &str, direct: bool) -> String {
    let mut text = format!("{mark} {name} {versions}");
    if !sizes.is_empty() {
        text = format!("{text}  {sizes}");
    }
    if direct { text + "  (direct)" } else { text }
}

/// Writes a size to three digits: `812 B`, `4.7 kB`, `172 MB`.
pub(super) fn size(bytes: u64) -> String {
    let mut unit = "B";
    let (mut whole, mut tenth) = (bytes, 0);
    for next in ["kB", "MB", "GB", "TB"] {
        if whole < 1000 {
            break;
        }
        (whole, tenth, unit) = (whole / 1000, whole % 1000 / 100, next);
    }
    if whole < 100 && unit != "B" { format!("{whole}.{tenth} {unit}") } else { format!("{whole} {unit}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_three_digits() {
        let sizes = [0, 999, 1000, 4_790, 172_000_000, 99_949_000_000].map(size);
        assert_eq!(sizes, ["0 B", "999 B", "1.0 kB", "4.7 kB", "172 MB", "99.9 GB"]);
    }
}
