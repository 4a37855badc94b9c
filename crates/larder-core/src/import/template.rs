//! The manifest that `init` writes.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use crate::manifest::FallbackMode;
use crate::manifest::edit::quoted;
use crate::model::{Label, NpmRange, Platform, PythonVersion, Source, parse_npm_version};

use super::{Imported, ImportedExtension, ImportedLine, Runtimes, lines};

/// The Python to declare if neither the machine nor the project has one.
const PYTHON: &str = "3.12";

/// What a new manifest is made from.
#[derive(Clone, Copy, Debug)]
pub struct Template<'a> {
    /// The project's name. Characters that are not allowed in names are replaced.
    pub name: &'a str,
    /// The platform that the manifest is for.
    pub host: Platform,
    /// The installed Node: `22.11.0`.
    pub node: Option<&'a str>,
    /// The installed Python: `3.12.4`.
    pub python: Option<&'a str>,
    /// The dependencies and settings of other tools' files.
    pub imported: &'a Imported,
}

/// Writes a manifest.
pub fn template(from: &Template<'_>) -> String {
    let imported = from.imported;
    let mut out = format!("project {}", quoted(&project_name(from.name)));
    if let Some(version) = imported.version.as_ref().filter(|text| semver::Version::parse(text).is_ok()) {
        let _ = write!(out, " version={}", quoted(version));
    }
    if let Some(license) = &imported.license {
        let _ = write!(out, " license={}", quoted(license));
    }
    out.push('\n');
    runtimes(from, &mut out);
    let _ = write!(out, "\nplatforms {}\n", quoted(from.host.as_str()));
    registries(imported, &mut out);
    catalogs(imported, &mut out);
    block("dependencies", imported.lines.iter().filter(|line| line.group.is_none()), &imported.linked, &mut out);
    for (name, lines) in imported.groups() {
        let dev = if imported.dev_groups.contains(name) { " dev=#true" } else { "" };
        block(&format!("group {}{dev}", quoted(name.as_str())), lines.into_iter(), &imported.linked, &mut out);
    }
    environments(imported, &mut out);
    if let Some(age) = imported.age_line() {
        let _ = write!(out, "\npolicy {{\n    {age}\n}}\n");
    }
    resolution(imported, &mut out);
    if !imported.patches.is_empty() {
        out.push('\n');
    }
    for patch in &imported.patches {
        let _ = writeln!(out, "{}", lines::patch_line(patch));
    }
    for line in imported.blocks.values() {
        let _ = write!(out, "\n{line}\n");
    }
    if !imported.members.is_empty() {
        let _ = write!(out, "\n{}\n", lines::members_line(&imported.members));
    }
    out
}

fn runtimes(from: &Template<'_>, out: &mut String) {
    let is_root = |line: &ImportedLine| line.ecosystem.is_local() && line.name.starts_with('.');
    let needs_python = from.imported.lines.iter().any(|line| line.ecosystem.has_markers() || is_root(line));
    let runtimes = &from.imported.runtimes;
    let node = node(from.node, runtimes);
    let python = python(from.python, runtimes).or(needs_python.then(|| PYTHON.to_owned()));
    if node.is_none() && python.is_none() {
        return;
    }
    out.push_str("\nruntimes {\n");
    for (runtime, version) in [("node", node), ("python", python)] {
        if let Some(version) = version {
            let _ = writeln!(out, "    {runtime} {}", quoted(&version));
        }
    }
    out.push_str("}\n");
}

fn registries(imported: &Imported, out: &mut String) {
    if imported.registries.is_empty() {
        return;
    }
    out.push_str("\nregistries {\n");
    for registry in &imported.registries {
        let _ = write!(out, "    {}", lines::registry_head(registry));
        let settings = lines::registry_settings(registry);
        if !settings.is_empty() {
            out.push_str(" {\n");
            for setting in settings {
                let _ = writeln!(out, "        {setting}");
            }
            out.push_str("    }");
        }
        out.push('\n');
    }
    out.push_str("}\n");
}

fn catalogs(imported: &Imported, out: &mut String) {
    let names: BTreeSet<&Option<String>> = imported.catalogs.iter().map(|range| &range.catalog).collect();
    for catalog in names {
        match catalog {
            None => out.push_str("\ncatalog {\n"),
            Some(name) => {
                let _ = writeln!(out, "\ncatalog {} {{", quoted(name));
            }
        }
        for range in imported.catalogs.iter().filter(|known| known.catalog == *catalog) {
            let _ = writeln!(out, "    {}", lines::catalog_line(range));
        }
        out.push_str("}\n");
    }
}

/// Writes environments where there are groups that nobody installs unasked: without any, development has all groups.
fn environments(imported: &Imported, out: &mut String) {
    let conflicts = imported.conflicts();
    if conflicts.is_empty() && imported.groups_on_demand().is_empty() {
        return;
    }
    if !conflicts.is_empty() {
        out.push_str("\nconflicts {\n");
        for groups in conflicts {
            let _ = writeln!(out, "    group {}", names(groups.iter()));
        }
        out.push_str("}\n");
    }
    match imported.included_groups().as_slice() {
        [] => out.push_str("\nenvironment \"development\"\n"),
        included => {
            let included = names(included.iter());
            let _ = writeln!(out, "\nenvironment \"development\" {{\n    include {included}\n}}");
        }
    }
    out.push_str("environment \"production\"\n");
}

/// Returns the names of groups as the arguments of a node.
fn names<'a>(groups: impl Iterator<Item = &'a Label>) -> String {
    groups.map(|group| quoted(group.as_str())).collect::<Vec<_>>().join(" ")
}

fn resolution(imported: &Imported, out: &mut String) {
    let instant = imported.released_before.as_deref().map(lines::released_before_line);
    let fallback = (imported.hoisting.fallback == FallbackMode::Off).then(|| lines::FALLBACK_OFF.to_owned());
    let peers = imported.has_provided_peers.then(|| lines::PROVIDED_PEERS.to_owned());
    let prereleases = imported.allows_prereleases.then(|| lines::PRERELEASES.to_owned());
    let overrides = imported.overrides.iter();
    let overrides = overrides.map(|(ecosystem, name, range)| lines::override_line(*ecosystem, name, range.as_deref()));
    let settings: Vec<String> = instant
        .into_iter()
        .chain(peers)
        .chain(prereleases)
        .chain(fallback)
        .chain(lines::hoist_lines(&imported.hoisting))
        .chain(overrides)
        .chain(extensions(&imported.extensions))
        .collect();
    if settings.is_empty() {
        return;
    }
    out.push_str("\nresolution {\n");
    for line in settings {
        let _ = writeln!(out, "    {line}");
    }
    out.push_str("}\n");
}

/// Returns an `extend` block for each package.
fn extensions(all: &[ImportedExtension]) -> Vec<String> {
    let mut blocks = Vec::new();
    for (at, first) in all.iter().enumerate() {
        let is_same = |one: &&ImportedExtension| (one.ecosystem, &one.package) == (first.ecosystem, &first.package);
        if all[..at].iter().any(|one| is_same(&one)) {
            continue;
        }
        let of_package: Vec<_> = all[at..].iter().filter(is_same).collect();
        if let [one] = of_package[..] {
            blocks.push(lines::extension_line(one));
            continue;
        }
        let mut block = format!("extend {} {} {{\n", first.ecosystem, quoted(&first.package));
        for one in of_package {
            let _ = writeln!(block, "        {}", lines::extended_line(one));
        }
        block.push_str("    }");
        blocks.push(block);
    }
    blocks
}

fn block<'a>(
    head: &str,
    lines: impl Iterator<Item = &'a ImportedLine>,
    linked: &BTreeMap<(String, Option<Label>), String>,
    out: &mut String,
) {
    let mut lines: Vec<&ImportedLine> = lines.collect();
    lines.sort_by(|a, b| (a.ecosystem, &a.name).cmp(&(b.ecosystem, &b.name)));
    let _ = writeln!(out, "\n{head} {{");
    for line in lines {
        let _ = write!(out, "    {} {}", line.ecosystem, quoted(&line.name));
        if let Some(range) = &line.range {
            let _ = write!(out, " {}", quoted(range));
        }
        match &line.catalog {
            None => {}
            Some(None) => out.push_str(" catalog=#true"),
            Some(Some(catalog)) => {
                let _ = write!(out, " catalog={}", quoted(catalog));
            }
        }
        for (name, value) in line.source.iter().flat_map(Source::properties) {
            let _ = write!(out, " {name}={}", quoted(value));
        }
        let link = linked.get(&(line.name.clone(), line.group.clone()));
        if let Some(name) = link.filter(|_| line.ecosystem.is_local()) {
            let _ = write!(out, " name={}", quoted(name));
        }
        if let Some(when) = &line.when {
            let _ = write!(out, " when={}", quoted(when));
        }
        if line.optional {
            out.push_str(" optional=#true");
        }
        out.push('\n');
    }
    out.push_str("}\n");
}

/// Returns a valid project name.
fn project_name(text: &str) -> String {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-_.@/".contains(c);
    let name: String = text.trim().chars().map(|c| if allowed(c) { c } else { '-' }).collect();
    if crate::model::PackageName::npm(&name).is_ok() {
        return name;
    }
    let name = name.replace(['@', '/'], "-");
    let name = name.trim_matches(['-', '.']);
    if crate::model::PackageName::npm(name).is_ok() { name.to_owned() } else { "project".to_owned() }
}

/// Returns the Node to declare: the one that a version file names, as it names it; else the installed one, if every range admits it,
/// else the first that a range names and all admit, as short as it may be. Returns `None` if nothing names any.
fn node(present: Option<&str>, runtimes: &Runtimes) -> Option<String> {
    // Tags like `lts` can only be resolved by a registry.
    let ranges: Vec<NpmRange> = runtimes.node.iter().filter_map(|text| text.parse().ok()).collect();
    let ranges: Vec<&NpmRange> = ranges.iter().filter(|range| range.tag().is_none()).collect();
    let admits = |text: &str| {
        let version = parse_npm_version(&padded(text));
        version.is_some_and(|version| ranges.iter().all(|range| range.matches(&version)))
    };
    let numbers = |text: &str| -> Option<String> {
        let text: String =
            text.chars().skip_while(|c| !c.is_ascii_digit()).take_while(|c| c.is_ascii_digit() || *c == '.').collect();
        let text = text.trim_end_matches('.');
        (!text.is_empty() && parse_npm_version(&padded(text)).is_some()).then(|| text.to_owned())
    };
    if let Some(named) = runtimes.node_file.as_deref().and_then(numbers) {
        return Some(named);
    }
    let present = present.and_then(numbers).filter(|version| admits(version));
    let named =
        || runtimes.node.iter().flat_map(|range| range.split("||")).filter_map(numbers).find(|version| admits(version));
    let version = present.or_else(named)?;
    // The major version stands for its first release too, which must be admitted.
    let parts: Vec<&str> = version.split('.').collect();
    let shortest = (1..=parts.len()).map(|length| parts[..length].join(".")).find(|short| admits(short));
    Some(shortest.unwrap_or(version))
}

/// Returns a version of Node with the parts that it leaves out: `22` is `22.0.0`.
fn padded(text: &str) -> String {
    let missing = 3usize.saturating_sub(text.split('.').count());
    format!("{text}{}", ".0".repeat(missing))
}

/// Returns the Python to declare, without its patch: the one that a version file names; else the installed one, if every
/// specifier admits it; else the first that a specifier names and all admit. Returns `None` if nothing names any.
fn python(present: Option<&str>, runtimes: &Runtimes) -> Option<String> {
    let specifiers: Vec<pep440_rs::VersionSpecifiers> =
        runtimes.python.iter().filter_map(|text| text.parse().ok()).collect();
    let admits = |version: &PythonVersion| specifiers.iter().all(|all| all.contains(&version.full()));
    let minor = |text: &str| {
        let mut parts = text.trim().trim_start_matches(|c: char| !c.is_ascii_digit()).split('.');
        let version = format!("{}.{}", parts.next()?, parts.next()?).parse::<PythonVersion>().ok();
        version.filter(|version| version.major == 3)
    };
    let named = specifiers.iter().flat_map(|all| all.iter()).filter_map(|one| minor(&one.version().to_string()));
    let known = runtimes.python_file.as_deref().and_then(minor).into_iter().chain(present.and_then(minor)).chain(named);
    // A lower bound that is excluded itself (`>3.10`) is not admitted: the next one is.
    known.into_iter().find(admits).map(|version| format!("{}.{}", version.major, version.minor))
}
