//! The files of a project's root in which pnpm finds its settings.

use super::fields;
use super::hoisting::pnpm_major;

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
    /// Returns the package.json if pnpm reads settings in it, which its lockfile then repeats under a name. `packageManager` tells which
    /// pnpm it is; where it does not, the lockfile has them or not.
    pub(super) fn settings_of_package_json(&self, in_lockfile: &str) -> Option<&'a str> {
        let major = fields::document(self.package_json?).ok().as_ref().and_then(pnpm_major);
        let is_line = |line: &str| line.strip_prefix(in_lockfile).is_some_and(|rest| rest.starts_with(':'));
        let reads = match (major, self.lockfile) {
            (Some(major), _) => major < READS_NO_PACKAGE_JSON,
            (None, Some(lockfile)) => lockfile.lines().any(is_line),
            (None, None) => true,
        };
        self.package_json.filter(|_| reads)
    }
}
