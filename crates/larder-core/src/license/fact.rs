//! What is known of a package's license.

use super::declaration::{Declaration, Meaning};
use crate::model::LicenseExpression;

/// What is known of a package's license.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LicenseFact {
    /// The license. `None` if it is unknown.
    pub expression: Option<LicenseExpression>,
    /// How it is known.
    pub source: LicenseSource,
    /// What the metadata says, as it stands there.
    pub stated: Option<String>,
    /// The files with license texts, relative to the package.
    pub files: Vec<String>,
}

/// How a license is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LicenseSource {
    /// The package's metadata declares it.
    Declared,
    /// A text in the package's files is that of the license.
    Matched,
    /// The manifest's policy says it.
    Clarified,
    /// It is unknown: nothing is declared, and no text is that of a license.
    Unknown,
    /// It is unknown, since the package's files are not on this machine.
    NotFetched,
}

impl LicenseSource {
    /// Returns the name that `--json` prints.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Declared => "declared",
            Self::Matched => "matched",
            Self::Clarified => "clarified",
            Self::Unknown => "unknown",
            Self::NotFetched => "not-fetched",
        }
    }
}

impl LicenseFact {
    /// Returns what is known of a package whose files are not there.
    pub fn not_fetched() -> Self {
        Self { expression: None, source: LicenseSource::NotFetched, stated: None, files: Vec::new() }
    }
}

/// What a text is recognised as: one that stands in the metadata, or that of a file, by its path.
pub enum LicenseText<'a> {
    /// This text.
    Itself(&'a str),
    /// That of a file.
    OfFile(&'a str),
}

/// Concludes from a package's metadata and its files which license it has: what is declared counts, and a text where nothing is, or
/// where the declaration leaves something open. `recognise` is asked only then.
pub fn conclude(
    declaration: Declaration,
    files: Vec<String>,
    recognise: impl Fn(LicenseText<'_>) -> Option<LicenseExpression>,
) -> LicenseFact {
    let Declaration { stated, meaning } = declaration;
    let in_files = || LicenseExpression::all(files.iter().filter_map(|file| recognise(LicenseText::OfFile(file))));
    let in_file = |name: &str| {
        let is_named = |file: &&String| **file == *name || file.ends_with(&format!("/{name}"));
        recognise(LicenseText::OfFile(files.iter().find(is_named)?))
    };
    let (expression, source) = match meaning {
        Meaning::Expression(expression) => (Some(expression), LicenseSource::Declared),
        Meaning::Proprietary => (None, LicenseSource::Unknown),
        Meaning::OneOf(ids) => {
            let is_one = |expression: &LicenseExpression| {
                expression.terms().all(|term| term.id().is_some_and(|id| is_of_family(id, ids)))
            };
            (in_files().filter(is_one), LicenseSource::Matched)
        }
        Meaning::Text(text) => (recognise(LicenseText::Itself(&text)).or_else(in_files), LicenseSource::Matched),
        Meaning::File(name) => (in_file(&name), LicenseSource::Matched),
        Meaning::Unknown => (in_files(), LicenseSource::Matched),
    };
    let source = if expression.is_some() { source } else { LicenseSource::Unknown };
    LicenseFact { expression, source, stated, files }
}

/// Returns whether a license is one of a family's, whichever later versions it may be exchanged for.
fn is_of_family(id: &str, ids: &[&str]) -> bool {
    let base = |id: &str| id.trim_end_matches("-or-later").trim_end_matches("-only").to_owned();
    ids.iter().any(|known| base(known) == base(id))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn concluded(meaning: Meaning, files: &[(&str, &str)]) -> (Option<String>, LicenseSource) {
        let recognise = |text: LicenseText<'_>| match text {
            LicenseText::Itself(text) => text.parse().ok(),
            LicenseText::OfFile(path) => files.iter().find(|(name, _)| *name == path)?.1.parse().ok(),
        };
        let names = files.iter().map(|(name, _)| (*name).to_owned()).collect();
        let fact = conclude(Declaration { stated: None, meaning }, names, recognise);
        (fact.expression.map(|expression| expression.to_string()), fact.source)
    }

    #[test]
    fn a_text_counts_where_nothing_is_declared() {
        use LicenseSource::{Declared, Matched, Unknown};
        let some = |text: &str| Some(text.to_owned());
        let mit = || Meaning::Expression("MIT".parse().unwrap());
        assert_eq!(concluded(mit(), &[("LICENSE", "ISC")]), (some("MIT"), Declared));
        assert_eq!(concluded(Meaning::Unknown, &[("LICENSE", "ISC")]), (some("ISC"), Matched));
        assert_eq!(concluded(Meaning::Unknown, &[("LICENSE", "what"), ("COPYING", "ISC")]), (some("ISC"), Matched));
        assert_eq!(concluded(Meaning::Unknown, &[]), (None, Unknown));
        let bsd = || Meaning::OneOf(&["BSD-3-Clause", "BSD-2-Clause"]);
        assert_eq!(concluded(bsd(), &[("LICENSE", "BSD-2-Clause")]), (some("BSD-2-Clause"), Matched));
        assert_eq!(concluded(bsd(), &[("LICENSE", "GPL-3.0-only")]), (None, Unknown));
        let file = |name: &str| Meaning::File(name.to_owned());
        assert_eq!(concluded(file("L.md"), &[("L.md", "ISC"), ("COPYING", "MIT")]), (some("ISC"), Matched));
        assert_eq!(concluded(file("none"), &[("COPYING", "MIT")]), (None, Unknown));
        assert_eq!(concluded(Meaning::Text("MIT".to_owned()), &[]), (some("MIT"), Matched));
        assert_eq!(concluded(Meaning::Proprietary, &[("LICENSE", "MIT")]), (None, Unknown));
    }
}
