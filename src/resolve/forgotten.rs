//! Packages that use what they do not declare: where nothing is hoisted, they would not find it.
//!
//! Each entry is a fact about published code. A manifest's `extend` comes first, and a version that declares what it
//! uses is left alone, so an entry does no harm once its package is mended. New locks follow a new edition of the list;
//! a lock that exists stays as it is.

use super::index::DependencyKind;

/// A package that uses what it does not declare.
pub(super) struct Forgetful {
    /// The npm package.
    pub(super) package: &'static str,
    /// Its versions, as an npm range.
    pub(super) versions: &'static str,
    /// What it forgot.
    pub(super) forgot: &'static [Forgotten],
    /// How it shows: the file, and what it loads. Read by people, and by the test that asks every entry for one.
    #[cfg_attr(not(test), expect(dead_code, reason = "for readers of the list"))]
    pub(super) because: &'static str,
}

/// What a package forgot.
pub(super) struct Forgotten {
    pub(super) package: &'static str,
    pub(super) range: &'static str,
    /// A library that a program must have once is bound where somebody provides it, and never brought in.
    pub(super) kind: DependencyKind,
}

const fn own(package: &'static str, range: &'static str) -> Forgotten {
    Forgotten { package, range, kind: DependencyKind::Normal }
}

const fn shared(package: &'static str) -> Forgotten {
    Forgotten { package, range: "*", kind: DependencyKind::OptionalPeer }
}

/// The list, sorted by package.
pub(super) const FORGETFUL: &[Forgetful] = &[
    Forgetful {
        package: "create-react-class",
        versions: "15",
        forgot: &[shared("react")],
        because: "index.js requires react",
    },
    Forgetful {
        package: "es-abstract",
        versions: "1.24.2",
        forgot: &[own("for-each", "^0.3.5")],
        because: "2025/EncodeForRegExpEscape.js requires for-each",
    },
    Forgetful {
        package: "rc-align",
        versions: "2",
        forgot: &[shared("react"), shared("react-dom")],
        because: "lib/Align.js requires both",
    },
    Forgetful {
        package: "rc-animate",
        versions: "2",
        forgot: &[shared("react"), shared("react-dom")],
        because: "lib/Animate.js and lib/AnimateChild.js require them",
    },
    Forgetful {
        package: "rc-slider",
        versions: "6",
        forgot: &[shared("react"), shared("react-dom")],
        because: "lib/Slider.js and lib/utils.js require them",
    },
    Forgetful {
        package: "rc-tooltip",
        versions: "3",
        forgot: &[shared("react")],
        because: "lib/Content.js requires react",
    },
    Forgetful {
        package: "rc-trigger",
        versions: "2",
        forgot: &[shared("react"), shared("react-dom")],
        because: "lib/Popup.js requires both",
    },
    Forgetful {
        package: "rc-util",
        versions: "4",
        forgot: &[shared("react"), shared("react-dom")],
        because: "lib/ContainerRender.js requires both",
    },
    Forgetful {
        package: "react-hot-loader",
        versions: "3.0.0-beta.6",
        forgot: &[shared("react")],
        because: "lib/AppContainer.dev.js requires react",
    },
    Forgetful {
        package: "react-lazyload",
        versions: "2.6",
        forgot: &[own("prop-types", "^15")],
        because: "lib/index.js requires prop-types",
    },
    Forgetful {
        package: "typed-array-byte-length",
        versions: "1.0.3",
        forgot: &[own("available-typed-arrays", "^1.0.7")],
        because: "index.js requires available-typed-arrays",
    },
    Forgetful {
        package: "webpack-split-by-path",
        versions: "2",
        forgot: &[shared("webpack")],
        because: "index.js requires webpack/lib/Entrypoint",
    },
];

/// Returns the entries of a package.
pub(super) fn of(package: &str) -> impl Iterator<Item = &'static Forgetful> {
    let start = FORGETFUL.partition_point(|entry| entry.package < package);
    FORGETFUL[start..].iter().take_while(move |entry| entry.package == package)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{NpmRange, PackageName};

    #[test]
    fn every_entry_is_sorted_parses_and_has_a_reason() {
        assert!(FORGETFUL.is_sorted_by_key(|entry| entry.package));
        for entry in FORGETFUL {
            assert!(PackageName::npm(entry.package).is_ok(), "{}", entry.package);
            assert!(entry.versions.parse::<NpmRange>().is_ok_and(|range| range.tag().is_none()), "{}", entry.package);
            assert!(!entry.because.is_empty() && !entry.forgot.is_empty(), "{}", entry.package);
            for forgotten in entry.forgot {
                assert!(PackageName::npm(forgotten.package).is_ok(), "{}", forgotten.package);
                assert!(forgotten.range.parse::<NpmRange>().is_ok(), "{}", forgotten.range);
            }
        }
    }

    #[test]
    fn entries_are_found_by_package() {
        assert_eq!(of("react-lazyload").count(), 1);
        assert_eq!(of("react").count(), 0);
        assert_eq!(of("zzz").count(), 0);
    }
}
