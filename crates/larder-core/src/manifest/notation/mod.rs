//! The notations: how each ecosystem's packages are written in dependency lines, in claims and on the command line.

mod archive;
mod contract;
mod creatio;
mod larder;
mod npm;
mod path;
mod pypi;
mod separators;

use crate::model::{Ecosystem, Marker, PerEcosystem, Requirement, Version};

use super::requirement::RequirementError;
use contract::Notation;

pub(super) use contract::{BlockReader, DependencyLineShape};
pub use creatio::{ProvidedListError, add_provided};

const NOTATIONS: PerEcosystem<&dyn Notation> = PerEcosystem {
    npm: &npm::NpmNotation,
    pypi: &pypi::PypiNotation,
    larder: &larder::LarderNotation,
    path: &path::PathNotation,
    archive: &archive::ArchiveNotation,
    creatio: &creatio::CreatioNotation,
};

/// Returns the notation of an ecosystem.
pub(super) fn for_ecosystem(ecosystem: Ecosystem) -> &'static dyn Notation {
    *NOTATIONS.of(ecosystem)
}

/// Returns the reader of the block that is called as an ecosystem. Returns `None` if there is no such block.
pub(super) fn block_reader(name: &str) -> Option<BlockReader> {
    for_ecosystem(name.parse().ok()?).block_reader()
}

/// Parses a requirement for a package of a registry. Without a range, any version satisfies it.
pub fn parse_requirement(
    ecosystem: Ecosystem,
    name: &str,
    range: Option<&str>,
    marker: &Marker,
) -> Result<Requirement, RequirementError> {
    for_ecosystem(ecosystem).parse_requirement(name, range.map(str::trim).unwrap_or_default(), marker)
}

/// Splits a package on the command line into name and range.
///
/// # Errors
/// The reason why the name is invalid, as a sentence.
pub fn split_argument(ecosystem: Ecosystem, text: &str) -> Result<(&str, Option<&str>), String> {
    let notation = for_ecosystem(ecosystem);
    let (name, range) = notation.split_argument(text);
    notation.check_name(name).map(|()| (name, range))
}

/// Returns the form of a package's name in which two spellings of one name are equal. An invalid name is returned unchanged.
pub fn normal_name(ecosystem: Ecosystem, written: &str) -> String {
    for_ecosystem(ecosystem).normal_name(written)
}

/// Returns the range of `version` and the later versions that are compatible with it. Returns `None` if lines of the
/// ecosystem have no ranges.
pub fn compatible_range(ecosystem: Ecosystem, version: &Version) -> Option<String> {
    for_ecosystem(ecosystem).compatible_range(version)
}

/// Returns the range of `version` and the later versions, up to `end` without it, if there is an end. Returns `None` if lines of
/// the ecosystem have no ranges.
pub fn range_from(ecosystem: Ecosystem, version: &Version, end: Option<&Version>) -> Option<String> {
    for_ecosystem(ecosystem).range_from(version, end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ExtraName;

    fn npm_of(name: &str, range: &str) -> Result<(String, String, String), RequirementError> {
        match parse_requirement(Ecosystem::Npm, name, Some(range), &Marker::default())? {
            Requirement::Npm { alias, name, range } => Ok((alias.to_string(), name.to_string(), range.to_string())),
            other => unreachable!("{other:?}"),
        }
    }

    #[test]
    fn npm_aliases_split_at_the_range() {
        let parts = |a: &str, b: &str, c: &str| Ok((a.to_owned(), b.to_owned(), c.to_owned()));
        assert_eq!(npm_of("r16", "npm:react@^16.14"), parts("r16", "react", "^16.14"));
        assert_eq!(npm_of("m", "npm:@acme/money@1 || 2"), parts("m", "@acme/money", "1 || 2"));
        assert_eq!(npm_of("m", "npm:@acme/money"), parts("m", "@acme/money", "*"));
        assert_eq!(npm_of("m", ""), parts("m", "m", "*"));
        assert_eq!(npm_of("m", "next"), parts("m", "m", "next"));
    }

    #[test]
    fn places_are_not_ranges() {
        for (range, expected) in [
            ("git+https://host/x.git", "git"),
            ("user/repo#main", "git"),
            ("https://host/x.tgz", "URL"),
            ("file:../x", "file"),
            ("workspace:*", "workspace"),
            ("npm:x@github:a/b", "git"),
        ] {
            assert!(
                matches!(npm_of("x", range), Err(RequirementError::Source { form, .. }) if form == expected),
                "{range}"
            );
        }
        let pypi = |name: &str, range| parse_requirement(Ecosystem::Pypi, name, range, &Marker::default());
        assert!(matches!(pypi("x @ git+https://host/x", None), Err(RequirementError::Source { form: "git", .. })));
        assert!(matches!(pypi("x", Some("@ https://host/x.whl")), Err(RequirementError::Source { form: "URL", .. })));
    }

    #[test]
    fn a_name_of_creatio_ends_where_a_range_begins() {
        let split = |text| split_argument(Ecosystem::Creatio, text);
        for text in ["UsrA>=1,<1.3", "UsrA@>=1,<1.3"] {
            assert_eq!(split(text), Ok(("UsrA", Some(">=1,<1.3"))));
        }
        assert_eq!(split("ABS.BASE[1.4,2.0)"), Ok(("ABS.BASE", Some("[1.4,2.0)"))));
        assert_eq!(split("UsrA"), Ok(("UsrA", None)));
        assert!(split("UsrA:1.4").unwrap_err().contains("`UsrA=1.4`"));
    }

    #[test]
    fn extras_are_sorted_and_normalised() {
        let Ok(Requirement::Pypi { name, extras, .. }) =
            parse_requirement(Ecosystem::Pypi, "Fast_API[ Standard,All ]", Some(">=1"), &Marker::default())
        else {
            panic!("it is a requirement")
        };
        assert_eq!(name.as_str(), "fast-api");
        assert_eq!(extras.iter().map(ExtraName::as_str).collect::<Vec<_>>(), ["all", "standard"]);
    }
}
