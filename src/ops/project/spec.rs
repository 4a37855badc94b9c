//! Packages as the command line names them: `npm:react@^18`, `pypi:fastapi[standard]>=0.115`, `path:packages/theme`.

use crate::diagnostic::{Exit, Failure, nearest};
use crate::manifest;
use crate::model::{Ecosystem, PackageId, PackageName};

/// A dependency to add.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::ops) struct Spec {
    /// What the text before the colon says.
    pub ecosystem: Ecosystem,
    /// The name as a manifest line has it: with extras, or a folder.
    pub name: String,
    /// The range, where one was given.
    pub range: Option<String>,
}

/// A word that names no package.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, miette::Diagnostic)]
pub(in crate::ops) enum SpecError {
    /// No ecosystem stands before the name.
    #[error("`{text}` does not say which ecosystem it is of")]
    #[diagnostic(code(larder::spec::no_ecosystem), help("write npm:{text}, pypi:{text} or path:{text}"))]
    NoEcosystem {
        /// The word.
        text: String,
    },
    /// The word before the colon is not an ecosystem.
    #[error("`{word}` is not an ecosystem")]
    #[diagnostic(code(larder::spec::unknown_ecosystem), help("{}", known(*meant)))]
    UnknownEcosystem {
        /// What stands before the colon.
        word: String,
        /// The nearest ecosystem.
        meant: Option<&'static str>,
    },
    /// The name is missing or no name.
    #[error("`{text}` names no package: {reason}")]
    #[diagnostic(code(larder::spec::no_name))]
    NoName {
        /// The word.
        text: String,
        /// What is wrong.
        reason: String,
    },
}

impl Failure for SpecError {
    fn exit(&self) -> Exit {
        Exit::Manifest
    }
}

fn known(meant: Option<&'static str>) -> String {
    match meant {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => format!("known are {}", Ecosystem::ALL.map(Ecosystem::as_str).join(", ")),
    }
}

impl Spec {
    /// Parses a package to add.
    pub(in crate::ops) fn parse(text: &str) -> Result<Self, SpecError> {
        let (word, rest) = text.split_once(':').ok_or_else(|| SpecError::NoEcosystem { text: text.to_owned() })?;
        let ecosystem = word.parse().map_err(|_| SpecError::UnknownEcosystem {
            word: word.to_owned(),
            meant: nearest(word, Ecosystem::ALL.map(Ecosystem::as_str))
                .and_then(|meant| Ecosystem::ALL.map(Ecosystem::as_str).into_iter().find(|known| *known == meant)),
        })?;
        let (name, range) = manifest::split_argument(ecosystem, rest)
            .map_err(|reason| SpecError::NoName { text: text.to_owned(), reason })?;
        Ok(Self { ecosystem, name: name.to_owned(), range: range.map(str::to_owned) })
    }
}

/// A package that is there already: with its ecosystem, or by name alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::ops) struct Known {
    ecosystem: Option<Ecosystem>,
    name: String,
}

impl Known {
    /// Parses a package to look for.
    pub(in crate::ops) fn parse(text: &str) -> Self {
        match text.split_once(':') {
            Some((word, name)) if word.parse::<Ecosystem>().is_ok() => {
                Self { ecosystem: word.parse().ok(), name: name.to_owned() }
            }
            _ => Self { ecosystem: None, name: text.to_owned() },
        }
    }

    /// Tells whether this names the package.
    pub(in crate::ops) fn names(&self, package: &PackageId) -> bool {
        self.ecosystem.is_none_or(|ecosystem| ecosystem == package.ecosystem)
            && PackageName::parse(package.ecosystem, &self.name).is_ok_and(|name| name == package.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> (Ecosystem, String, Option<String>) {
        let spec = Spec::parse(text).unwrap();
        (spec.ecosystem, spec.name, spec.range)
    }

    #[test]
    fn names_and_ranges_are_told_apart() {
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(parsed("npm:react"), (Ecosystem::Npm, "react".into(), None));
        assert_eq!(parsed("npm:@types/node@^22"), (Ecosystem::Npm, "@types/node".into(), some("^22")));
        assert_eq!(parsed("npm:r16@npm:react@^16"), (Ecosystem::Npm, "r16".into(), some("npm:react@^16")));
        assert_eq!(parsed("pypi:fastapi[standard]>=0.1"), (Ecosystem::Pypi, "fastapi[standard]".into(), some(">=0.1")));
        assert_eq!(parsed("path:packages/theme"), (Ecosystem::Path, "packages/theme".into(), None));
    }

    #[test]
    fn a_bare_name_is_asked_for_its_ecosystem() {
        assert!(matches!(Spec::parse("react"), Err(SpecError::NoEcosystem { .. })));
        assert!(matches!(Spec::parse("nmp:react"), Err(SpecError::UnknownEcosystem { meant: Some("npm"), .. })));
        assert!(matches!(Spec::parse("npm:"), Err(SpecError::NoName { .. })));
    }

    #[test]
    fn a_known_package_may_go_without_its_ecosystem() {
        let id = PackageId::new(Ecosystem::Pypi, PackageName::pypi("my-pkg").unwrap());
        assert!(Known::parse("My_Pkg").names(&id));
        assert!(Known::parse("pypi:my.pkg").names(&id));
        assert!(!Known::parse("npm:my-pkg").names(&id));
    }
}
