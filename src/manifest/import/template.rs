//! The manifest that `init` writes.

use std::fmt::Write;

use crate::manifest::edit::quoted;
use crate::model::{NpmRange, Platform, PythonVersion, parse_npm_version};

use super::{Imported, ImportedLine};

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
    block("dependencies", imported.lines.iter().filter(|line| line.group.is_none()), &mut out);
    for (name, lines) in imported.groups() {
        let dev = if imported.dev_groups.contains(name) { " dev=#true" } else { "" };
        block(&format!("group {}{dev}", quoted(name.as_str())), lines.into_iter(), &mut out);
    }
    if !imported.members.is_empty() {
        let globs: Vec<String> = imported.members.iter().map(|glob| quoted(glob)).collect();
        let _ = write!(out, "\nmembers {}\n", globs.join(" "));
    }
    out
}

fn runtimes(from: &Template<'_>, out: &mut String) {
    let needs_python = from.imported.lines.iter().any(|line| line.ecosystem.has_markers());
    let node = node(from.node, from.imported.node.as_deref());
    let python = python(from.python, from.imported.python.as_deref()).or(needs_python.then(|| PYTHON.to_owned()));
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

fn block<'a>(head: &str, lines: impl Iterator<Item = &'a ImportedLine>, out: &mut String) {
    let mut lines: Vec<&ImportedLine> = lines.collect();
    lines.sort_by(|a, b| (a.ecosystem, &a.name).cmp(&(b.ecosystem, &b.name)));
    let _ = writeln!(out, "\n{head} {{");
    for line in lines {
        let _ = write!(out, "    {} {}", line.ecosystem, quoted(&line.name));
        if let Some(range) = &line.range {
            let _ = write!(out, " {}", quoted(range));
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

/// Returns the major version of the installed Node if the project admits it, else of the first Node that the project names.
fn node(present: Option<&str>, admitted: Option<&str>) -> Option<String> {
    let present = present.map(|text| text.trim().trim_start_matches('v'));
    // Tags like `lts` can only be resolved by a registry.
    let range = admitted.and_then(|text| text.parse::<NpmRange>().ok()).filter(|range| range.tag().is_none());
    let admits = |text: &str| match (&range, parse_npm_version(text)) {
        (Some(range), Some(version)) => range.matches(&version),
        _ => true,
    };
    let major = |text: &str| {
        let digits: String =
            text.chars().skip_while(|c| !c.is_ascii_digit()).take_while(char::is_ascii_digit).collect();
        (!digits.is_empty() && digits.len() < 6).then_some(digits)
    };
    let present = present.filter(|text| admits(text)).and_then(major);
    present.or_else(|| major(admitted?).filter(|_| range.is_some()))
}

/// Returns the installed Python, without its patch, if the project admits it, else the first Python that the project names.
fn python(present: Option<&str>, admitted: Option<&str>) -> Option<String> {
    let specifiers = admitted.and_then(|text| text.parse::<pep440_rs::VersionSpecifiers>().ok());
    let admits = |version: &PythonVersion| specifiers.as_ref().is_none_or(|all| all.contains(&version.full()));
    let minor = |text: &str| {
        let mut parts = text.trim().split('.');
        let version = format!("{}.{}", parts.next()?, parts.next()?).parse::<PythonVersion>().ok();
        version.filter(|version| version.major == 3)
    };
    let named = specifiers.iter().flat_map(|all| all.iter()).filter_map(|one| minor(&one.version().to_string()));
    let known = present.and_then(minor).into_iter().chain(named);
    // A lower bound that is excluded itself (`>3.10`) is not admitted: the next one is.
    known.into_iter().find(admits).map(|version| format!("{}.{}", version.major, version.minor))
}
