//! The Python half of an environment: its packages, with the conditions under which each is needed.

use std::collections::BTreeMap;

use super::{ExportError, ExportInput};
use crate::model::{Artifact, Digest, Os, Package, PackageKey, Platform, PythonVersion, RootEdge};

/// The ecosystem, as messages name it.
pub(super) const ECOSYSTEM: &str = "pypi";

/// A package of Python's that an environment needs.
#[derive(Debug)]
pub(super) struct PythonPackage<'a> {
    pub(super) key: &'a PackageKey,
    pub(super) package: &'a Package,
    /// The platforms that need it, among the exported ones.
    platforms: Vec<Platform>,
    /// The condition, if only some of the exported platforms need it.
    pub(super) marker: Option<String>,
}

/// Returns the packages, sorted by name and version.
pub(super) fn packages<'a>(input: &ExportInput<'a>) -> Result<Vec<PythonPackage<'a>>, ExportError> {
    let mut found: BTreeMap<&PackageKey, (&Package, Vec<Platform>)> = BTreeMap::new();
    for closure in input.closures {
        for (key, package) in closure.packages() {
            let is_local = package.folder.as_ref().is_some_and(|folder| input.is_python_folder(folder));
            if key.id.ecosystem.shares_one_folder() || is_local {
                found.entry(key).or_insert_with(|| (package, Vec::new())).1.extend(closure.platform);
            }
        }
    }
    if found.is_empty() {
        return Err(ExportError::Nothing { environment: input.environment.to_owned(), ecosystem: ECOSYSTEM });
    }
    let exported = input.platforms();
    let one = |(key, (package, platforms)): (&'a PackageKey, (&'a Package, Vec<Platform>))| {
        let marker = marker(&platforms, &exported).map_err(|(on, other)| ExportError::Platforms {
            package: key.to_string(),
            on: on.to_string(),
            other: other.to_string(),
        })?;
        Ok(PythonPackage { key, package, platforms, marker })
    };
    let mut packages: Vec<PythonPackage<'a>> = found.into_iter().map(one).collect::<Result<_, _>>()?;
    packages.sort_by(|a, b| (&a.key.id.name, &a.key.version).cmp(&(&b.key.id.name, &b.key.version)));
    Ok(packages)
}

/// Returns whether a line is in a file for Python's tools.
pub(super) fn is_in(input: &ExportInput<'_>, root: &RootEdge) -> bool {
    root.requirement.ecosystem().shares_one_folder()
        || root.requirement.folder().is_some_and(|folder| input.is_python_folder(folder))
}

/// Returns the Pythons for which the lock was solved: `>=3.12,<3.13`.
pub(super) fn requires_python(input: &ExportInput<'_>) -> String {
    let PythonVersion { major, minor, patch } = input.lock.settings.marker_python_of(&input.lock.runtimes);
    let patch = if patch == 0 { String::new() } else { format!(".{patch}") };
    format!(">={major}.{minor}{patch},<{major}.{}", minor + 1)
}

impl<'a> PythonPackage<'a> {
    /// Returns the files that the platforms install it from.
    pub(super) fn artifacts(&self) -> impl Iterator<Item = &'a Artifact> {
        let serves = |artifact: &&Artifact| {
            artifact.platforms.is_empty() || self.platforms.iter().any(|platform| artifact.platforms.contains(platform))
        };
        self.package.artifacts.iter().filter(serves)
    }

    /// Returns the digest of a file, which is one that pip takes.
    pub(super) fn digest(&self, artifact: &'a Artifact) -> Result<&'a Digest, ExportError> {
        let none = || ExportError::NoDigest { package: self.key.to_string(), file: artifact.file.clone() };
        artifact.digest.as_ref().filter(|digest| digest.algorithm().is_strong()).ok_or_else(none)
    }
}

/// Returns the condition that holds on `platforms` and on no other of the exported ones. `None` if it holds on all. If two
/// platforms cannot be told apart, returns them.
fn marker(platforms: &[Platform], exported: &[Platform]) -> Result<Option<String>, (Platform, Platform)> {
    if exported.iter().all(|platform| platforms.contains(platform)) {
        return Ok(None);
    }
    let machine = |platform: Platform| (platform.os(), platform.machine());
    for &on in platforms {
        let same = |other: &&Platform| machine(**other) == machine(on) && !platforms.contains(*other);
        if let Some(&other) = exported.iter().find(same) {
            return Err((on, other));
        }
    }
    let mut conditions: Vec<String> = Vec::new();
    for &platform in platforms {
        let of_system = |other: &&Platform| other.os() == platform.os();
        let is_whole = exported.iter().filter(of_system).all(|other| platforms.contains(other));
        let system = format!("sys_platform == '{}'", sys_platform(platform.os()));
        let condition = if is_whole { system } else { environment_marker(platform) };
        if !conditions.contains(&condition) {
            conditions.push(condition);
        }
    }
    let is_joined = conditions.len() > 1;
    let grouped = |one: String| if is_joined && one.contains(" and ") { format!("({one})") } else { one };
    let grouped = conditions.into_iter().map(grouped);
    Ok(Some(grouped.collect::<Vec<_>>().join(" or ")))
}

/// Returns the condition under which a platform is meant.
pub(super) fn environment_marker(platform: Platform) -> String {
    format!("sys_platform == '{}' and platform_machine == '{}'", sys_platform(platform.os()), platform.machine())
}

fn sys_platform(os: Os) -> &'static str {
    match os {
        Os::Linux => "linux",
        Os::Macos => "darwin",
        Os::Windows => "win32",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Platform::{LinuxArm64, LinuxX64, LinuxX64Musl, MacosArm64, MacosX64};

    #[test]
    fn a_marker_holds_on_these_platforms_only() {
        let check = |platforms: &[Platform], exported: &[Platform], expect: Option<&str>| {
            assert_eq!(marker(platforms, exported).unwrap().as_deref(), expect, "{platforms:?} of {exported:?}");
        };
        check(&[LinuxX64, MacosArm64], &[LinuxX64, MacosArm64], None);
        check(&[MacosArm64], &[LinuxX64, MacosArm64], Some("sys_platform == 'darwin'"));
        check(
            &[LinuxX64, MacosArm64],
            &[LinuxX64, LinuxArm64, MacosArm64],
            Some("(sys_platform == 'linux' and platform_machine == 'x86_64') or sys_platform == 'darwin'"),
        );
        check(&[MacosX64, MacosArm64], &[LinuxX64, MacosX64, MacosArm64], Some("sys_platform == 'darwin'"));
        check(&[LinuxX64, LinuxX64Musl], &[LinuxX64, LinuxX64Musl, MacosX64], Some("sys_platform == 'linux'"));
        assert_eq!(marker(&[LinuxX64], &[LinuxX64, LinuxX64Musl]), Err((LinuxX64, LinuxX64Musl)));
    }
}
