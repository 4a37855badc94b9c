//! How each ecosystem's packages are written: on the lines of a manifest, in its claims, on the command line.

mod larder;
mod npm;
mod path;
mod pypi;

use crate::model::{Ecosystem, Marker, PackageName, PerEcosystem, Requirement, Version};

use super::Flaw;

/// What manifests ask of an ecosystem. What is not said otherwise is written as npm has it: names in one spelling, and versions
/// that keep SemVer's promise.
pub(super) trait Notation: Sync {
    /// Returns what a dependency line may have.
    fn line(&self) -> LineShape;

    /// Reads the words of a dependency line; an empty `range` stands for any version. The marker counts where requirements
    /// have one.
    fn requirement(&self, name: &str, range: &str, marker: &Marker) -> Result<Requirement, Flaw>;

    /// Returns a name as a line has it, without what is asked of the package, in the form in which two names of one package
    /// are equal. What is no name stays as it is.
    fn normal_name(&self, written: &str) -> String {
        written.to_owned()
    }

    /// Returns a glob of names that covers names in their normal form.
    fn normal_glob(&self, glob: &str) -> String {
        glob.to_owned()
    }

    /// Splits what a command line calls a package into a line's name and range: `@scope/name@^1` is (`@scope/name`, `^1`).
    fn split<'t>(&self, text: &'t str) -> (&'t str, Option<&'t str>) {
        match text.get(1..).and_then(|rest| rest.find('@')) {
            Some(at) => (&text[..=at], Some(&text[at + 2..])),
            None => (text, None),
        }
    }

    /// Checks the name of a line that a command is to write.
    ///
    /// # Errors
    /// Why it is none, as a sentence.
    fn check_name(&self, written: &str) -> Result<(), String> {
        let bare = written.split('[').next().unwrap_or(written);
        PackageName::npm(bare).map(drop).map_err(|error| error.to_string())
    }

    /// Returns the range that takes a version and those that promise to be compatible with it; none where lines have no
    /// ranges.
    fn range_from(&self, version: &Version) -> Option<String> {
        Some(format!("^{version}"))
    }
}

/// What a dependency line may have.
pub(super) struct LineShape {
    /// How many arguments it has at most.
    pub(super) arguments: usize,
    /// Its properties.
    pub(super) properties: &'static [&'static str],
    /// How it is written.
    pub(super) example: &'static str,
}

const NOTATIONS: PerEcosystem<&dyn Notation> =
    PerEcosystem { npm: &npm::Npm, pypi: &pypi::Pypi, larder: &larder::Larder, path: &path::Path };

/// Returns how an ecosystem writes.
pub(super) fn of(ecosystem: Ecosystem) -> &'static dyn Notation {
    *NOTATIONS.of(ecosystem)
}

/// Splits what a command line calls a package of an ecosystem into a line's name and range.
///
/// # Errors
/// Why the name is none, as a sentence.
pub fn split(ecosystem: Ecosystem, text: &str) -> Result<(&str, Option<&str>), String> {
    let notation = of(ecosystem);
    let (name, range) = notation.split(text);
    notation.check_name(name).map(|()| (name, range))
}

/// Returns the range that takes a version and those that promise to be compatible with it.
pub fn range_from(ecosystem: Ecosystem, version: &Version) -> Option<String> {
    of(ecosystem).range_from(version)
}
