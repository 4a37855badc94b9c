//! Lines of the manifest that keep a vulnerable version, widened.

use std::collections::BTreeSet;

use crate::advisory::Vulnerability;
use crate::lock::Lockfile;
use crate::manifest::edit::{self, NewLine, Section};
use crate::manifest::{self, DependencyLine, DependencySpec};
use crate::model::{Dependent, InstanceKey, PackageKey, RootEdge, Version};
use crate::ops::Result;
use crate::ops::project::target::EditTarget;

/// A line of the root's manifest that leads to something vulnerable.
#[derive(Clone, Debug)]
pub(super) struct OpenLine {
    section: Section,
    line: DependencyLine,
}

/// A line with its new range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Widened {
    /// The package and the section: npm:left in `dependencies`.
    pub(super) line: String,
    /// The range before.
    pub(super) from: String,
    /// The range now.
    pub(super) to: String,
}

/// Returns the lines of the root's manifest that lead to these vulnerabilities and have a range that can be widened.
pub(super) fn lines_to(target: &EditTarget, before: &Lockfile, vulnerabilities: &[Vulnerability]) -> Vec<OpenLine> {
    let packages: BTreeSet<&PackageKey> = vulnerabilities.iter().map(|vulnerability| &vulnerability.package).collect();
    let leading: Vec<&RootEdge> = before
        .graph
        .roots
        .iter()
        .filter(|root| root.dependent == Dependent::Project && leads_to(before, root, &packages))
        .collect();
    let is_leading = |(section, line): &(Section, &DependencyLine)| {
        let group = match section {
            Section::Dependencies => None,
            Section::Group(name) => Some(name),
        };
        let DependencySpec::Package(requirement) = &line.spec else { return false };
        // An alias and a catalog stand where the range does.
        let is_plain = *requirement.seen_as() == requirement.package().name && line.catalog_span.is_none();
        let is_there = || {
            leading.iter().any(|root| {
                root.group.as_ref() == group
                    && root.requirement.seen_as() == requirement.seen_as()
                    && root.requirement.ecosystem() == requirement.ecosystem()
            })
        };
        line.source.is_none() && is_plain && is_there()
    };
    let lines = edit::lines(&target.manifest).filter(is_leading);
    lines.map(|(section, line)| OpenLine { section, line: line.clone() }).collect()
}

/// Returns the manifest's text with lines that admit any version.
pub(super) fn opened(target: &EditTarget, lines: &[OpenLine]) -> Result<String> {
    let mut text = target.text().to_owned();
    for line in lines {
        text = line.written(target, &text, None)?;
    }
    Ok(text)
}

/// Returns the manifest's text with the lines that have to be widened so that a solution for [`opened`] lines is one, and which
/// these are.
pub(super) fn widened(target: &EditTarget, lines: &[OpenLine], solution: &Lockfile) -> Result<(String, Vec<Widened>)> {
    let (mut text, mut told) = (target.text().to_owned(), Vec::new());
    for line in lines {
        let DependencySpec::Package(requirement) = &line.line.spec else { continue };
        let chosen = line.chosen(solution);
        let Some(lowest) = chosen.iter().min().filter(|_| !chosen.iter().all(|version| requirement.matches(version)))
        else {
            continue;
        };
        let ecosystem = requirement.ecosystem();
        let Some(to) = manifest::compatible_range(ecosystem, lowest) else { continue };
        text = line.written(target, &text, Some(&to))?;
        told.push(Widened {
            line: format!("{ecosystem}:{} in {}", requirement.seen_as(), line.section),
            from: requirement.range_text(),
            to,
        });
    }
    Ok((text, told))
}

impl OpenLine {
    fn written(&self, target: &EditTarget, text: &str, range: Option<&str>) -> Result<String> {
        let DependencySpec::Package(requirement) = &self.line.spec else { return Ok(text.to_owned()) };
        let name = match requirement.extras() {
            [] => requirement.seen_as().to_string(),
            extras => {
                let extras: Vec<String> = extras.iter().map(ToString::to_string).collect();
                format!("{}[{}]", requirement.seen_as(), extras.join(","))
            }
        };
        let line = NewLine { ecosystem: requirement.ecosystem(), name: &name, range, properties: Vec::new() };
        Ok(edit::add(&target.file, text, &self.section, &line)?)
    }

    fn chosen<'l>(&self, solution: &'l Lockfile) -> BTreeSet<&'l Version> {
        let DependencySpec::Package(requirement) = &self.line.spec else { return BTreeSet::new() };
        let group = match &self.section {
            Section::Dependencies => None,
            Section::Group(name) => Some(name),
        };
        let own = |root: &&RootEdge| {
            root.dependent == Dependent::Project
                && root.group.as_ref() == group
                && root.requirement.ecosystem() == requirement.ecosystem()
                && root.requirement.seen_as() == requirement.seen_as()
        };
        let roots = solution.graph.roots.iter().filter(own);
        roots.flat_map(|root| root.to.iter().map(|edge| &edge.to.package.version)).collect()
    }
}

/// Returns whether a line leads to one of these packages.
fn leads_to(lockfile: &Lockfile, root: &RootEdge, packages: &BTreeSet<&PackageKey>) -> bool {
    let mut reached: BTreeSet<&InstanceKey> = root.to.iter().map(|edge| &edge.to).collect();
    let mut open: Vec<&InstanceKey> = reached.iter().copied().collect();
    while let Some(instance) = open.pop() {
        if packages.contains(&instance.package) {
            return true;
        }
        let edges = lockfile.graph.instances.get(instance).map_or(&[][..], |instance| &instance.edges);
        open.extend(edges.iter().map(|edge| &edge.to).filter(|to| reached.insert(to)));
    }
    false
}
