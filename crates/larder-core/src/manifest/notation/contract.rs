//! The contract of a notation: how an ecosystem's packages are written.

use crate::manifest::Spanned;
use crate::manifest::node::{Errors, ManifestNode};
use crate::manifest::requirement::RequirementError;
use crate::model::{EntryPath, Marker, PackageName, Requirement, TargetInstance, Version, split_at_version};

/// Reads the block of an ecosystem: what it says of the instance that packages are for. Returns the files that say more of it, relative
/// to the root.
pub(in crate::manifest) type BlockReader =
    for<'n, 'i> fn(ManifestNode<'n>, &'i mut TargetInstance, &'i mut Errors) -> Vec<Spanned<EntryPath>>;

/// How an ecosystem's packages are written. The default methods are npm's: a name has one spelling, and versions follow
/// SemVer.
pub(in crate::manifest) trait Notation: Sync {
    /// Returns the arguments and properties that a dependency line may have.
    fn line_shape(&self) -> DependencyLineShape;

    /// Parses a dependency line. An empty `range` means any version. `marker` is ignored if requirements of this ecosystem
    /// have no markers.
    fn parse_requirement(&self, name: &str, range: &str, marker: &Marker) -> Result<Requirement, RequirementError>;

    /// Returns the name of a dependency line, without extras, in the form in which two spellings of one name are equal. An
    /// invalid name is returned unchanged.
    fn normal_name(&self, written: &str) -> String {
        written.to_owned()
    }

    /// Returns a glob that matches the normal forms of the names that `glob` matches.
    fn normal_glob(&self, glob: &str) -> String {
        glob.to_owned()
    }

    /// Splits a package on the command line into name and range: `@scope/name@^1` is (`@scope/name`, `^1`).
    fn split_argument<'t>(&self, text: &'t str) -> (&'t str, Option<&'t str>) {
        split_at_version(text).map_or((text, None), |(name, range)| (name, Some(range)))
    }

    /// Returns the range of whatever version an application of a marketplace has, by its number. Returns `None` if there are no
    /// marketplaces with such packages.
    fn application_range(&self, _: u32) -> Option<String> {
        None
    }

    /// Returns the reader of the block, called as the ecosystem, in which a project says what is so of all such packages. Returns
    /// `None` if there is no such block.
    fn block_reader(&self) -> Option<BlockReader> {
        None
    }

    /// Checks the name of a dependency line before it is written.
    ///
    /// # Errors
    /// The reason why the name is invalid, as a sentence.
    fn check_name(&self, written: &str) -> Result<(), String> {
        let bare = written.split('[').next().unwrap_or(written);
        PackageName::npm(bare).map(drop).map_err(|error| error.to_string())
    }

    /// Returns the range of `version` and the later versions that are compatible with it. Returns `None` if lines of this
    /// ecosystem have no ranges.
    fn compatible_range(&self, version: &Version) -> Option<String> {
        Some(format!("^{version}"))
    }

    /// Returns the range of `version` and the later versions, up to `end` without it, if there is an end. Returns `None` if lines
    /// of this ecosystem have no ranges.
    fn range_from(&self, version: &Version, end: Option<&Version>) -> Option<String> {
        Some(match end {
            Some(end) => format!(">={version} <{end}"),
            None => format!(">={version}"),
        })
    }
}

/// The arguments and properties that a dependency line may have.
pub(in crate::manifest) struct DependencyLineShape {
    /// The most arguments.
    pub(in crate::manifest) arguments: usize,
    /// The names of the properties.
    pub(in crate::manifest) properties: &'static [&'static str],
    /// Whether it may have a block.
    pub(in crate::manifest) has_block: bool,
    /// An example, for help texts.
    pub(in crate::manifest) example: &'static str,
}
