//! Lines that moving in made for the versions that lay in `node_modules`: where a registry has one no more, the line is for what comes in
//! its stead.

use miette::SourceSpan;

use crate::diagnostic::Exit;
use crate::import::locks::LockedVersions;
use crate::import::{package_peers, package_ranges};
use crate::manifest::DependencySpec;
use crate::manifest::edit::quoted;
use crate::model::{PackageId, PackageName, Requirement, Version, parse_npm_version};
use crate::ops::locking::age;
use crate::ops::locking::wish::Wish;
use crate::ops::project::inputs;
use crate::ops::project::target::EditTarget;
use crate::ops::session::release;
use crate::ops::{Error, Event, Project, Result, Session, registries};
use crate::resolve::Index;

/// Returns the project, which has no solution, with such lines changed, and tells of them.
///
/// # Errors
/// The error that there is, if there are none.
pub(in crate::ops) fn mended(
    session: &Session<'_>,
    (project, target): (&Project, &EditTarget),
    (before, wish): (&LockedVersions, &Wish<'_>),
    error: Error,
) -> Result<Project> {
    let lines = lines_of_moving_in(project, before)?;
    if lines.is_empty() || error.failure().exit() != Exit::NoSolution {
        return Err(error);
    }
    let registries = registries::open_with(session, project, wish.open_options())?;
    let changes: Vec<_> = lines.iter().filter_map(|line| Some((line, line.in_its_stead(&registries)?))).collect();
    release(registries);
    if changes.is_empty() {
        return Err(error);
    }
    let mut text = project.manifest.text.to_string();
    for (line, range) in changes.iter().rev() {
        let (start, length) = (line.span.offset(), line.span.len());
        text.replace_range(start..start + length, &quoted(range));
    }
    for (line, range) in &changes {
        (session.context.reporter)(Event::Warning(format!(
            "{} {} lay here, used and declared by no package.json, and its registry has it no more: the line of larder.kdl is for `{range}` now",
            line.package, line.version
        )));
    }
    let tried = target.tried(project, &text)?;
    Ok(age::applied(&tried, wish.old, wish.age_cutoff).into_owned())
}

/// A line for one version, which was locked.
struct ExactLine {
    package: PackageId,
    version: Version,
    /// The range.
    span: SourceSpan,
}

impl ExactLine {
    /// Returns the range that the line is to have, if its version is gone and others are there.
    fn in_its_stead(&self, index: &dyn Index) -> Option<String> {
        let known = index.versions(&self.package).ok()?;
        let there: Vec<String> = known.candidates.iter().map(|one| one.version.to_string()).collect();
        let version = self.version.to_string();
        if there.is_empty() || there.contains(&version) {
            return None;
        }
        let name = &self.package.name;
        let admits = |range: &String| {
            let parsed = range.parse().map(|range| Requirement::npm(name.clone(), name.clone(), range));
            parsed.is_ok_and(|wanted| known.candidates.iter().any(|one| wanted.matches(&one.version)))
        };
        let major = version.split('.').next().unwrap_or_default();
        let ranges = [format!("^{version}"), format!("^{major}"), "*".to_owned()];
        ranges.into_iter().find(admits)
    }
}

/// Returns the lines of the root for one version of an npm package that a lockfile had and that its package.json does not declare.
fn lines_of_moving_in(project: &Project, before: &LockedVersions) -> Result<Vec<ExactLine>> {
    let text = inputs::text(&project.root.join("package.json"))?.unwrap_or_default();
    let ranges = package_ranges(&text).unwrap_or_default().into_iter().map(|(name, _)| name);
    let peers = package_peers(&text).map(|(_, peers)| peers).unwrap_or_default().into_iter().map(|peer| peer.name);
    let declared: Vec<String> = ranges.chain(peers).collect();
    let is_declared = |name: &PackageName| declared.iter().any(|one| one == name.as_str());
    let manifest = &project.manifest;
    let grouped = manifest.groups.iter().flat_map(|group| &group.dependencies);
    let mut lines = Vec::new();
    for line in manifest.dependencies.iter().chain(grouped) {
        let DependencySpec::Package(requirement) = &line.spec else { continue };
        let package = requirement.package();
        if !package.ecosystem.has_scopes() || is_declared(requirement.seen_as()) || line.source.is_some() {
            continue;
        }
        let Some(version) = parse_npm_version(&requirement.range_text()).map(Version::from) else { continue };
        if line.range_span != line.span && before.packages().get(&package).is_some_and(|had| had.contains(&version)) {
            lines.push(ExactLine { package, version, span: line.range_span });
        }
    }
    lines.sort_by_key(|line| line.span.offset());
    Ok(lines)
}
