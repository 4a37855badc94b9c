//! Lines of the manifest that keep a vulnerable version, widened.

use std::collections::BTreeSet;

use crate::advisory::Vulnerability;
use crate::lock::Lockfile;
use crate::manifest::edit::{self, NewLine, Section};
use crate::manifest::{self, DependencyLine, DependencySpec};
use crate::model::{Dependent, InstanceKey, PackageId, PackageKey, ReleaseLine, RootEdge, Version};
use crate::ops::Result;
use crate::ops::project::target::EditTarget;

/// A line of the root's manifest that leads to something vulnerable. It may move up from what is locked, and never down.
#[derive(Clone, Debug)]
pub(super) struct OpenLine {
    section: Section,
    line: DependencyLine,
    /// The lowest version that is locked.
    locked: Version,
    /// The first version of each line of releases above the locked one.
    above: Vec<Version>,
    /// How many of these lines of releases it may reach.
    reach: usize,
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

/// Returns the lines of the root's manifest that lead to these vulnerabilities and have a range that can be widened, as far as the
/// `versions` of their packages reach.
pub(super) fn lines_to(
    target: &EditTarget,
    before: &Lockfile,
    vulnerabilities: &[Vulnerability],
    versions: impl Fn(&PackageId) -> Result<Vec<Version>>,
) -> Result<Vec<OpenLine>> {
    let packages: BTreeSet<&PackageKey> = vulnerabilities.iter().map(|vulnerability| &vulnerability.package).collect();
    let leading: Vec<&RootEdge> = before
        .graph
        .roots
        .iter()
        .filter(|root| root.dependent == Dependent::Project && leads_to(before, root, &packages))
        .collect();
    let is_leading = |(section, line): &(Section, &DependencyLine)| {
        let group = section.group();
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
    let mut lines = Vec::new();
    for (section, line) in edit::lines(&target.manifest).filter(is_leading) {
        let Some(PackageKey { id, version }) = chosen(&section, line, before).into_iter().min() else { continue };
        let above = release_lines_above(version, versions(id)?);
        lines.push(OpenLine { section, line: line.clone(), locked: version.clone(), reach: above.len(), above });
    }
    Ok(lines)
}

/// Returns the first version of each line of releases above that of a version. Pre-releases begin none.
fn release_lines_above(locked: &Version, mut versions: Vec<Version>) -> Vec<Version> {
    versions.retain(|version| version > locked && !version.is_prerelease());
    versions.sort();
    let mut current = ReleaseLine::of(locked);
    versions.retain(|version| {
        let next = ReleaseLine::of(version);
        let begins = next != current;
        current = next;
        begins
    });
    versions
}

/// Takes each line back to the nearest line of releases with which all is cured that was cured before.
pub(super) fn take_nearest(
    lines: &mut [OpenLine],
    mut is_cured: impl FnMut(&[OpenLine]) -> Result<bool>,
) -> Result<()> {
    let farthest: Vec<usize> = lines.iter().map(|line| line.reach).collect();
    for line in lines.iter_mut() {
        line.reach = 0;
    }
    if is_cured(lines)? {
        return Ok(());
    }
    lines.iter_mut().zip(&farthest).for_each(|(line, farthest)| line.reach = *farthest);
    for (at, farthest) in farthest.into_iter().enumerate() {
        lines[at].reach = 0;
        while lines[at].reach < farthest && !is_cured(lines)? {
            lines[at].reach += 1;
        }
    }
    Ok(())
}

/// Returns the manifest's text with lines that admit what is locked and later versions, as far as they reach.
pub(super) fn opened(target: &EditTarget, lines: &[OpenLine]) -> Result<String> {
    let mut text = target.text().to_owned();
    for line in lines {
        text = line.written(target, &text, line.range().as_deref())?;
    }
    Ok(text)
}

/// Returns the manifest's text with the lines that have to be widened so that a solution for [`opened`] lines is one, and which
/// these are.
pub(super) fn widened(target: &EditTarget, lines: &[OpenLine], solution: &Lockfile) -> Result<(String, Vec<Widened>)> {
    let (mut text, mut told) = (target.text().to_owned(), Vec::new());
    for line in lines {
        let DependencySpec::Package(requirement) = &line.line.spec else { continue };
        let chosen: BTreeSet<&Version> =
            chosen(&line.section, &line.line, solution).into_iter().map(|package| &package.version).collect();
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

    /// Returns the range that admits what is locked and later versions, as far as the line reaches.
    fn range(&self) -> Option<String> {
        let DependencySpec::Package(requirement) = &self.line.spec else { return None };
        manifest::range_from(requirement.ecosystem(), &self.locked, self.above.get(self.reach))
    }
}

/// Returns the packages that a lock has for a line.
fn chosen<'l>(section: &Section, line: &DependencyLine, lockfile: &'l Lockfile) -> BTreeSet<&'l PackageKey> {
    let DependencySpec::Package(requirement) = &line.spec else { return BTreeSet::new() };
    let group = section.group();
    let own = |root: &&RootEdge| {
        root.dependent == Dependent::Project
            && root.group.as_ref() == group
            && root.requirement.ecosystem() == requirement.ecosystem()
            && root.requirement.seen_as() == requirement.seen_as()
    };
    let roots = lockfile.graph.roots.iter().filter(own);
    roots.flat_map(|root| root.to.iter().map(|edge| &edge.to.package)).collect()
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::ManifestKind;
    use crate::model::Ecosystem;

    fn version(text: &str) -> Version {
        Version::parse(Ecosystem::Npm, text).unwrap()
    }

    fn line(above: &[&str]) -> OpenLine {
        let text = "dependencies { npm \"left\" \"1.2.0\"; }";
        let manifest = manifest::parse("larder.kdl", text, ManifestKind::Root).unwrap();
        let (section, line) = edit::lines(&manifest).next().unwrap();
        let above: Vec<Version> = above.iter().map(|text| version(text)).collect();
        OpenLine { section, line: line.clone(), locked: version("1.2.0"), reach: above.len(), above }
    }

    #[test]
    fn lines_of_releases_lie_above_what_is_locked() {
        let above = |locked: &str, versions: &[&str]| {
            let found = release_lines_above(&version(locked), versions.iter().map(|text| version(text)).collect());
            found.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(above("1.2.0", &["3.1.0", "1.0.0", "2.4.0", "1.9.0", "2.0.1", "4.0.0-rc.1"]), ["2.0.1", "3.1.0"]);
        assert_eq!(above("0.5.1", &["0.5.6", "0.6.0", "0.6.1", "1.0.0"]), ["0.6.0", "1.0.0"]);
        assert_eq!(above("2.0.0", &["1.0.0", "2.1.0"]), [""; 0]);
    }

    #[test]
    fn each_line_moves_as_little_as_cures() {
        let check = |needed: [usize; 2]| {
            let mut lines = [line(&["2.0.0", "3.0.0"]), line(&["2.0.0"])];
            let is_cured = |lines: &[OpenLine]| Ok(lines.iter().zip(needed).all(|(line, needed)| line.reach >= needed));
            take_nearest(&mut lines, is_cured).unwrap();
            lines.map(|line| line.range().unwrap())
        };
        assert_eq!(check([0, 0]), [">=1.2.0 <2.0.0", ">=1.2.0 <2.0.0"]);
        assert_eq!(check([1, 0]), [">=1.2.0 <3.0.0", ">=1.2.0 <2.0.0"]);
        assert_eq!(check([0, 1]), [">=1.2.0 <2.0.0", ">=1.2.0"]);
        assert_eq!(check([2, 1]), [">=1.2.0", ">=1.2.0"]);
    }
}
