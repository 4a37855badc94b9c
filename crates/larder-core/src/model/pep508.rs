//! PEP 508 requirements: `fastapi[standard]>=0.115; python_version < '3.13'`.

use std::collections::BTreeSet;

use super::{ExtraName, Marker, MarkerError, NameError, PackageName, PypiSpecifier, RangeError, Requirement};

/// A text that is not a PEP 508 requirement, or one that larder does not support.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Pep508Error {
    /// The name of the package or of an extra.
    #[error(transparent)]
    Name(#[from] NameError),
    /// The specifiers.
    #[error(transparent)]
    Specifier(#[from] RangeError),
    /// The marker.
    #[error(transparent)]
    Marker(#[from] MarkerError),
    /// A bracket or parenthesis is not closed.
    #[error("`{0}` has a bracket that is not closed")]
    Unclosed(String),
    /// The requirement has a URL: `name @ https://…`.
    #[error("`{}` is required by a URL", requirement.name())]
    Url {
        /// The package, in any version, with its extras and its condition.
        requirement: Box<Requirement>,
        /// The URL as written.
        url: String,
    },
}

impl Requirement {
    /// Parses a requirement of a Python package.
    pub fn from_pep508(text: &str) -> Result<Self, Pep508Error> {
        let end = text.trim_start().find(|c: char| !(c.is_ascii_alphanumeric() || "-_.".contains(c)));
        let text = text.trim();
        let (name, rest) = text.split_at(end.unwrap_or(text.len()).min(text.len()));
        let name = PackageName::pypi(name)?;
        let (extras, rest) = match rest.trim_start().strip_prefix('[') {
            Some(rest) => {
                let (extras, rest) = rest.split_once(']').ok_or_else(|| Pep508Error::Unclosed(text.to_owned()))?;
                (parse_extras(extras)?, rest)
            }
            None => (Vec::new(), rest),
        };
        if let Some(url) = rest.trim_start().strip_prefix('@') {
            // A URL may have a `;`: one that begins a marker stands behind a space.
            let (url, marker) = url.split_once(" ;").unwrap_or((url, ""));
            let marker = marker.parse::<Marker>()?;
            let requirement = Box::new(Self::pypi(name, extras, PypiSpecifier::default(), marker));
            return Err(Pep508Error::Url { requirement, url: url.trim().to_owned() });
        }
        let (specifier, marker) = rest.split_once(';').unwrap_or((rest, ""));
        let specifier = match specifier.trim().strip_prefix('(') {
            Some(inner) => inner.trim_end().strip_suffix(')').ok_or_else(|| Pep508Error::Unclosed(text.to_owned()))?,
            None => specifier.trim(),
        };
        Ok(Self::pypi(name, extras, specifier.parse()?, marker.parse()?))
    }
}

fn parse_extras(text: &str) -> Result<Vec<ExtraName>, NameError> {
    if text.trim().is_empty() {
        return Ok(Vec::new());
    }
    let extras: BTreeSet<ExtraName> = text.split(',').map(|extra| extra.trim().parse()).collect::<Result<_, _>>()?;
    Ok(extras.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expect: &str) {
        let said = match Requirement::from_pep508(text) {
            Ok(Requirement::Pypi { name, extras, specifier, marker }) => {
                let extras: Vec<_> = extras.iter().map(ExtraName::as_str).collect();
                format!("{name} [{}] {specifier} ; {marker}", extras.join(" "))
            }
            Ok(other) => format!("{other:?}"),
            Err(error) => error.to_string(),
        };
        assert_eq!(said, expect);
    }

    #[test]
    fn all_parts_are_read_and_normalised() {
        check("Flask", "flask []  ; ");
        check(" Foo.Bar [b_x, a] (>=2, <3) ; extra=='Q'", "foo-bar [a b-x] >=2,<3 ; extra == 'q'");
        check("x==1.0;os_name=='nt'", "x [] ==1.0 ; os_name == 'nt'");
        check("x[]", "x []  ; ");
    }

    #[test]
    fn what_cannot_be_resolved_says_why() {
        check("x @ https://pypi.org/x.whl", "`x` is required by a URL");
        check("x[a", "`x[a` has a bracket that is not closed");
        check(
            "x >=1.*",
            "`>=1.*` is not a range of pypi: Operator >= cannot be used with a wildcard version specifier",
        );
        check("", "`` is not a Python name: it must start and end with a letter or a digit");
    }
}
