//! The files of a project's root in which pnpm finds its settings.

use serde_json::{Map, Value};

use super::fields;
use super::hoisting::pnpm_major;
use crate::import::locks::parse_yaml;

/// The first major version of pnpm that reads no settings in package.json: neither `resolutions` nor what is in `pnpm`.
const READS_NO_PACKAGE_JSON: u32 = 11;

/// The texts of those that are there.
#[derive(Clone, Copy, Debug, Default)]
pub struct PnpmFiles<'a> {
    /// pnpm-workspace.yaml.
    pub workspace: Option<&'a str>,
    /// package.json.
    pub package_json: Option<&'a str>,
    /// pnpm-lock.yaml.
    pub lockfile: Option<&'a str>,
}

impl<'a> PnpmFiles<'a> {
    /// Returns whether package.json names a pnpm that reads settings in it, and before those of pnpm-workspace.yaml, and in .npmrc.
    pub fn is_of_older_pnpm(&self) -> bool {
        self.major().is_some_and(|major| major < READS_NO_PACKAGE_JSON)
    }

    /// Returns whether package.json names a pnpm that has its settings in pnpm-workspace.yaml alone.
    pub fn is_of_newer_pnpm(&self) -> bool {
        self.major().is_some_and(|major| major >= READS_NO_PACKAGE_JSON)
    }

    pub(super) fn major(&self) -> Option<u32> {
        pnpm_major(&fields::document(self.package_json?).ok()?)
    }

    /// Returns the settings of pnpm-workspace.yaml. A file that cannot be read has none.
    pub(super) fn settings_of_workspace(&self) -> Map<String, Value> {
        let settings = self.workspace.and_then(|text| parse_yaml::<Option<Map<String, Value>>>(text).ok()?);
        settings.unwrap_or_default()
    }

    /// Returns the package.json if pnpm reads settings in it, which its lockfile then repeats under a name. `packageManager` tells which
    /// pnpm it is; where it does not, the lockfile has them or not.
    pub(super) fn settings_of_package_json(&self, in_lockfile: &str) -> Option<&'a str> {
        let is_line = |line: &str| line.strip_prefix(in_lockfile).is_some_and(|rest| rest.starts_with(':'));
        let reads = match self.major() {
            Some(major) => major < READS_NO_PACKAGE_JSON,
            None => self.lockfile.is_none_or(|lockfile| lockfile.lines().any(is_line)),
        };
        self.package_json.filter(|_| reads)
    }
}
