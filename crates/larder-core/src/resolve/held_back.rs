//! Newer versions that a default baseline keeps away: their wheels are for newer systems than a platform stands for where
//! the manifest says nothing.

use std::fmt;

use crate::model::{
    Artifact, Package, PackageId, PackageKey, Platform, PypiSpecifier, RootEdge, Settings, TargetPlatform, TimeLimits,
    Version,
};

use super::index::{Candidate, Index, IndexError};
use super::version_rules::python_fits;

/// A version that a default baseline keeps away. Displayed as a lowercase sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldBack {
    /// The version.
    pub version: Version,
    /// The platforms that it would need, with the oldest systems that it has wheels for.
    pub targets: Vec<TargetPlatform>,
    /// Whether this version is locked, as source.
    pub is_locked: bool,
}

impl fmt::Display for HeldBack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let joined =
            |text: &dyn Fn(&TargetPlatform) -> String| self.targets.iter().map(text).collect::<Vec<_>>().join(" and ");
        let needs = joined(&|target| format!("{} on {}", target.system(), target.platform));
        let lines = joined(&|target| format!("`{}`", target.declaration()));
        let version = &self.version;
        if self.is_locked {
            write!(
                f,
                "{version} is locked as source, as its wheels need {needs}: to take them, write {lines} beside the other platforms"
            )
        } else {
            write!(f, "{version} is newer and needs {needs}: to take it, write {lines} beside the other platforms")
        }
    }
}

/// Returns the newest version that a line of a lock would take, if that is newer than what the line got and nothing but
/// default baselines keeps it away.
pub fn held_back(index: &dyn Index, settings: &Settings, line: &RootEdge) -> Result<Option<HeldBack>, IndexError> {
    let Some(specifier) = line.requirement.specifier() else { return Ok(None) };
    let has_default = settings.platforms.iter().any(TargetPlatform::is_default);
    let is_overridden = settings.overrides.iter().any(|one| one.package == line.requirement.package());
    let Some(locked) = line.to.iter().map(|edge| &edge.to.package).max() else { return Ok(None) };
    if !has_default || is_overridden || locked.id.ecosystem != line.requirement.ecosystem() {
        return Ok(None);
    }
    let id = &locked.id;
    let (versions, limits) = (index.versions(id)?, settings.time_limits(id));
    let newer = versions.candidates.iter().enumerate().rev().take_while(|(_, newer)| newer.version > locked.version);
    for (place, candidate) in newer.filter(|(_, candidate)| is_offered(candidate, specifier, &limits, settings)) {
        let lacking: Vec<Platform> = settings
            .platforms
            .iter()
            .map(|target| target.platform)
            .filter(|platform| holds_on(line, id, *platform) && !candidate.wheels.contains(*platform))
            .collect();
        if lacking.is_empty() {
            // Something else keeps it away.
            return Ok(None);
        }
        let target = |&platform: &Platform| {
            let declared = settings.platforms.iter().find(|target| target.platform == platform)?;
            newer_target(index, id, place as u32, declared)
        };
        if let Some(targets) = lacking.iter().map(target).collect::<Option<Vec<_>>>() {
            return Ok(Some(HeldBack { version: candidate.version.clone(), targets, is_locked: false }));
        }
    }
    Ok(None)
}

/// Returns the wheels that a default baseline keeps away from a package that is locked as source. Returns `None` if it is not, or has
/// none for a newer system.
pub fn held_back_wheels(
    index: &dyn Index,
    settings: &Settings,
    (key, package): (&PackageKey, &Package),
) -> Result<Option<HeldBack>, IndexError> {
    let is_of_registry = package.origin.as_ref().is_some_and(|origin| origin.registry().is_some());
    if !key.id.ecosystem.has_source_distributions()
        || !is_of_registry
        || package.artifacts.iter().any(Artifact::is_wheel)
    {
        return Ok(None);
    }
    let versions = index.versions(&key.id)?;
    let mut candidates = versions.candidates.iter().enumerate();
    let Some((place, _)) = candidates.find(|(_, candidate)| candidate.version == key.version) else { return Ok(None) };
    let declared = settings.platforms.iter();
    let targets: Vec<TargetPlatform> =
        declared.filter_map(|declared| newer_target(index, &key.id, place as u32, declared)).collect();
    Ok((!targets.is_empty()).then(|| HeldBack { version: key.version.clone(), targets, is_locked: true }))
}

/// Returns the oldest system of a platform that a version has a wheel for, if that is newer than the default baseline with which the
/// platform is declared.
fn newer_target(index: &dyn Index, id: &PackageId, ordinal: u32, declared: &TargetPlatform) -> Option<TargetPlatform> {
    let baseline = index.oldest_system(id, ordinal, declared.platform).filter(|_| declared.is_default())?;
    (baseline > declared.baseline).then_some(TargetPlatform { platform: declared.platform, baseline })
}

/// Returns whether a line brings a package to a platform.
fn holds_on(line: &RootEdge, id: &PackageId, platform: Platform) -> bool {
    let mut edges = line.to.iter().filter(|edge| edge.to.package.id == *id);
    edges.any(|edge| edge.platforms.is_empty() || edge.platforms.contains(&platform))
}

/// Returns whether a version may be chosen as far as its list tells, platforms apart.
fn is_offered(candidate: &Candidate, specifier: &PypiSpecifier, limits: &TimeLimits, settings: &Settings) -> bool {
    let fits = match (&settings.python, &candidate.requires_python) {
        (Some(python), Some(wanted)) => python_fits(&python.full(), wanted),
        _ => true,
    };
    let in_time = candidate.is_in_time(limits);
    let matches = candidate.version.is_specified(specifier);
    fits && in_time && matches && !candidate.yanked && !candidate.version.is_prerelease()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Ecosystem;

    #[test]
    fn a_version_that_is_held_back_names_its_systems_and_the_lines_to_write() {
        let target = |platform, baseline| TargetPlatform { platform, baseline };
        let version = Version::parse(Ecosystem::Pypi, "1.32").unwrap();
        let held = HeldBack {
            version,
            targets: vec![target(Platform::MacosArm64, (14, 0)), target(Platform::LinuxX64, (2, 34))],
            is_locked: false,
        };
        assert_eq!(
            held.to_string(),
            "1.32 is newer and needs macOS 14 on macos-arm64 and glibc 2.34 on linux-x64: to take it, write \
             `platform \"macos-arm64\" macos=\"14\"` and `platform \"linux-x64\" glibc=\"2.34\"` beside the other platforms"
        );
    }
}
