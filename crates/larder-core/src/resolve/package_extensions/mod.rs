//! Dependencies that published packages use and do not declare (pnpm and Yarn call them package extensions): where nothing
//! is hoisted, their files would not find them.
//!
//! Each entry is a fact about published code. A manifest's `extend` comes first, and a version that declares what it
//! uses is left alone, so an entry does no harm once its package is mended.
//!
//! The list has editions: what is added counts for new locks and for those that are updated as a whole; others keep the
//! edition that they name. So do rules that change what is bound: the fourth edition adds no entry, but the
//! types of peers, a record of the optional peers that nobody provides, and instances that members share.

mod editions;

use super::index::DependencyKind;
use crate::model::Edition;

/// The dependencies that some versions of a package use and do not declare.
pub(super) struct PackageExtension {
    /// The npm package.
    pub(super) package: &'static str,
    /// The dependent's versions, as an npm range.
    pub(super) versions: &'static str,
    /// The dependencies that are added.
    pub(super) adds: &'static [ExtensionDependency],
    /// How it shows: the file, and what it loads. Read by people, and by the test that asks every entry for one.
    #[cfg_attr(not(test), expect(dead_code, reason = "for readers of the list"))]
    pub(super) because: &'static str,
}

/// A dependency that is added.
pub(super) struct ExtensionDependency {
    pub(super) package: &'static str,
    pub(super) range: &'static str,
    /// A library that a program must have once is bound where somebody provides it, and never brought in.
    pub(super) kind: DependencyKind,
}

const fn own(package: &'static str, range: &'static str) -> ExtensionDependency {
    ExtensionDependency { package, range, kind: DependencyKind::Normal }
}

const fn shared(package: &'static str) -> ExtensionDependency {
    ExtensionDependency { package, range: "*", kind: DependencyKind::OptionalPeer }
}

/// The edition of this list, and of the rules beside it.
pub const EDITION: Edition = Edition(4);

/// The extensions that each edition adds to those before it.
const EDITIONS: [&[PackageExtension]; 3] = [editions::FIRST, editions::SECOND, editions::THIRD];

/// Returns the entries of a package that an edition has.
pub(super) fn of(package: &str, edition: Edition) -> impl Iterator<Item = &'static PackageExtension> {
    EDITIONS.into_iter().take(edition.0 as usize).flat_map(move |added| {
        let start = added.partition_point(|entry| entry.package < package);
        added[start..].iter().take_while(move |entry| entry.package == package)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{NpmRange, PackageName};

    #[test]
    fn every_entry_is_sorted_parses_and_has_a_reason() {
        for edition in EDITIONS {
            assert!(edition.is_sorted_by_key(|entry| entry.package));
        }
        for entry in EDITIONS.into_iter().flatten() {
            assert!(PackageName::npm(entry.package).is_ok(), "{}", entry.package);
            assert!(entry.versions.parse::<NpmRange>().is_ok_and(|range| range.tag().is_none()), "{}", entry.package);
            assert!(!entry.because.is_empty() && !entry.adds.is_empty(), "{}", entry.package);
            for added in entry.adds {
                assert!(PackageName::npm(added.package).is_ok(), "{}", added.package);
                assert!(added.range.parse::<NpmRange>().is_ok(), "{}", added.range);
            }
        }
    }

    #[test]
    fn entries_are_found_by_package_and_edition() {
        assert_eq!(of("react-lazyload", Edition(1)).count(), 1);
        assert_eq!(of("react", EDITION).count(), 0);
        assert_eq!(of("zzz", EDITION).count(), 0);
        assert_eq!(of("estree-walker", Edition(1)).count(), 0);
        assert_eq!(of("estree-walker", EDITION).count(), 1);
        assert_eq!(of("element-plus", Edition(2)).count(), 0);
        assert_eq!(of("webpack-dev-server", EDITION).count(), 2);
    }
}
