//! Packages that use what they do not declare: where nothing is hoisted, they would not find it.
//!
//! Each entry is a fact about published code. A manifest's `extend` comes first, and a version that declares what it
//! uses is left alone, so an entry does no harm once its package is mended.
//!
//! The list has editions: what is added counts for new locks and for those that are updated as a whole; others keep the
//! edition that they name.

use super::index::DependencyKind;
use crate::model::Edition;

/// A package that uses what it does not declare.
pub(super) struct Forgetful {
    /// The npm package.
    pub(super) package: &'static str,
    /// Its versions, as an npm range.
    pub(super) versions: &'static str,
    /// The first edition of the list that has the entry.
    pub(super) since: u32,
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

/// The edition of this list.
pub const EDITION: Edition = Edition(2);

/// The list, sorted by package.
pub(super) const FORGETFUL: &[Forgetful] = &[
    Forgetful {
        package: "@eslint-community/eslint-utils",
        versions: "^4.7.0",
        since: 2,
        forgot: &[own("@types/estree", "^1")],
        because: "index.d.ts imports estree",
    },
    Forgetful {
        package: "@nestjs/platform-express",
        versions: "^11.2.10",
        since: 2,
        forgot: &[shared("rxjs")],
        because: "multer/multer/multer.utils.js requires rxjs",
    },
    Forgetful {
        package: "@svgr/babel-plugin-transform-svg-component",
        versions: "8.0.0",
        since: 2,
        forgot: &[own("@babel/template", "^7")],
        because: "dist/index.d.ts imports @babel/template",
    },
    Forgetful {
        package: "@testing-library/jest-dom",
        versions: "^6.4.0 || ^7.0.0",
        since: 2,
        forgot: &[own("@types/aria-query", "^5")],
        because: "types/matchers.d.ts imports aria-query, which has no types of its own",
    },
    Forgetful {
        package: "create-react-class",
        versions: "15",
        since: 1,
        forgot: &[shared("react")],
        because: "index.js requires react",
    },
    Forgetful {
        package: "es-abstract",
        versions: "1.24.2",
        since: 1,
        forgot: &[own("for-each", "^0.3.5")],
        because: "2025/EncodeForRegExpEscape.js requires for-each",
    },
    Forgetful {
        package: "eslint-plugin-react-hooks",
        versions: "7",
        since: 2,
        forgot: &[own("@types/estree", "^1")],
        because: "cjs/eslint-plugin-react-hooks.d.ts imports estree",
    },
    Forgetful {
        package: "estree-walker",
        versions: "2.0.2",
        since: 2,
        forgot: &[own("@types/estree", "^1")],
        because: "types/index.d.ts and its neighbours import estree",
    },
    Forgetful {
        package: "rc-align",
        versions: "2",
        since: 1,
        forgot: &[shared("react"), shared("react-dom")],
        because: "lib/Align.js requires both",
    },
    Forgetful {
        package: "rc-animate",
        versions: "2",
        since: 1,
        forgot: &[shared("react"), shared("react-dom")],
        because: "lib/Animate.js and lib/AnimateChild.js require them",
    },
    Forgetful {
        package: "rc-slider",
        versions: "6",
        since: 1,
        forgot: &[shared("react"), shared("react-dom")],
        because: "lib/Slider.js and lib/utils.js require them",
    },
    Forgetful {
        package: "rc-tooltip",
        versions: "3",
        since: 1,
        forgot: &[shared("react")],
        because: "lib/Content.js requires react",
    },
    Forgetful {
        package: "rc-trigger",
        versions: "2",
        since: 1,
        forgot: &[shared("react"), shared("react-dom")],
        because: "lib/Popup.js requires both",
    },
    Forgetful {
        package: "rc-util",
        versions: "4",
        since: 1,
        forgot: &[shared("react"), shared("react-dom")],
        because: "lib/ContainerRender.js requires both",
    },
    Forgetful {
        package: "react-hot-loader",
        versions: "3.0.0-beta.6",
        since: 1,
        forgot: &[shared("react")],
        because: "lib/AppContainer.dev.js requires react",
    },
    Forgetful {
        package: "react-lazyload",
        versions: "2.6",
        since: 1,
        forgot: &[own("prop-types", "^15")],
        because: "lib/index.js requires prop-types",
    },
    Forgetful {
        package: "typed-array-byte-length",
        versions: "1.0.3",
        since: 1,
        forgot: &[own("available-typed-arrays", "^1.0.7")],
        because: "index.js requires available-typed-arrays",
    },
    Forgetful {
        package: "webpack-split-by-path",
        versions: "2",
        since: 1,
        forgot: &[shared("webpack")],
        because: "index.js requires webpack/lib/Entrypoint",
    },
];

/// Returns the entries of a package that an edition has.
pub(super) fn of(package: &str, edition: Edition) -> impl Iterator<Item = &'static Forgetful> {
    let start = FORGETFUL.partition_point(|entry| entry.package < package);
    let own = FORGETFUL[start..].iter().take_while(move |entry| entry.package == package);
    own.filter(move |entry| entry.since <= edition.0)
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
            assert!((1..=EDITION.0).contains(&entry.since), "{}", entry.package);
            assert!(!entry.because.is_empty() && !entry.forgot.is_empty(), "{}", entry.package);
            for forgotten in entry.forgot {
                assert!(PackageName::npm(forgotten.package).is_ok(), "{}", forgotten.package);
                assert!(forgotten.range.parse::<NpmRange>().is_ok(), "{}", forgotten.range);
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
    }
}
