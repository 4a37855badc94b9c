//! Python's lines: `pypi "fastapi[standard]" ">=0.115,<1"`.

use crate::manifest::requirement::{RequirementError, WRITE_URL, foreign_source};
use crate::model::{ExtraName, Marker, PackageName, PypiSpecifier, Requirement, Version};

use super::contract::{DependencyLineShape, Notation};
use super::separators::with_one_separator;

pub(super) struct PypiNotation;

impl Notation for PypiNotation {
    fn line_shape(&self) -> DependencyLineShape {
        DependencyLineShape {
            arguments: 2,
            properties: &[
                "optional",
                "registry",
                "catalog",
                "when",
                "prereleases",
                "git",
                "branch",
                "tag",
                "rev",
                "range",
                "subdirectory",
                "url",
            ],
            has_block: false,
            example: "pypi \"NAME\" \"SPECIFIER\"",
        }
    }

    fn parse_requirement(&self, name: &str, text: &str, marker: &Marker) -> Result<Requirement, RequirementError> {
        let (bare, extras) = match name.split_once('[') {
            Some((bare, rest)) => {
                let list = rest.trim_end().strip_suffix(']').ok_or_else(|| {
                    RequirementError::Name(format!(
                        "`{name}` is not a Python name: the list of extras is not closed by `]`"
                    ))
                })?;
                (bare.trim(), list)
            }
            None => (name, ""),
        };
        if let Some((_, url)) = name.split_once('@') {
            let (form, help) = foreign_source(url.trim()).unwrap_or(("URL", WRITE_URL));
            return Err(RequirementError::Source { text: name.to_owned(), form, help });
        }
        let name = PackageName::pypi(bare).map_err(|e| RequirementError::Name(e.to_string()))?;
        let mut extras = extras
            .split(',')
            .map(str::trim)
            .filter(|extra| !extra.is_empty())
            .map(|extra| extra.parse().map_err(|e: crate::model::NameError| RequirementError::Name(e.to_string())))
            .collect::<Result<Vec<ExtraName>, _>>()?;
        extras.sort();
        extras.dedup();
        if let Some((form, help)) = foreign_source(text.trim_start_matches(['@', ' '])) {
            return Err(RequirementError::Source { text: text.to_owned(), form, help });
        }
        let specifier: PypiSpecifier = text.parse().map_err(|_| {
            let help = if text.starts_with(|c: char| c.is_ascii_digit()) {
                "a specifier starts with an operator: \"==1.2\" for this version, \">=1.2\" for this one and later"
            } else if text.starts_with('^') || (text.starts_with('~') && !text.starts_with("~=")) {
                "Python has no caret: write \">=1.2,<2\", or \"~=1.2\""
            } else {
                "specifiers are those of PEP 440, like \">=0.115,<1\""
            };
            RequirementError::Range { reason: format!("`{text}` is not a PEP 440 specifier"), help }
        })?;
        Ok(Requirement::pypi(name, extras, specifier, marker.clone()))
    }

    fn normal_name(&self, written: &str) -> String {
        let bare = bare(written).trim();
        PackageName::pypi(bare).map_or(bare.to_owned(), |name| name.to_string())
    }

    fn normal_glob(&self, glob: &str) -> String {
        with_one_separator(glob)
    }

    /// `fastapi[standard]>=0.115` is (`fastapi[standard]`, `>=0.115`).
    fn split_argument<'t>(&self, text: &'t str) -> (&'t str, Option<&'t str>) {
        let after_extras = text.find(']').map_or(0, |at| at + 1);
        match text[after_extras..].find(['=', '<', '>', '!', '~']) {
            Some(at) => (text[..after_extras + at].trim_end(), Some(text[after_extras + at..].trim())),
            None => (text.trim(), None),
        }
    }

    fn check_name(&self, written: &str) -> Result<(), String> {
        PackageName::pypi(bare(written)).map(drop).map_err(|error| error.to_string())
    }

    /// A lower bound: Python's packages promise nothing about the next version.
    fn compatible_range(&self, version: &Version) -> Option<String> {
        self.range_from(version, None)
    }

    fn range_from(&self, version: &Version, end: Option<&Version>) -> Option<String> {
        let public = |version: &Version| Some(version.as_pypi()?.clone().without_local());
        let start = public(version)?;
        Some(match end {
            Some(end) => format!(">={start},<{}", public(end)?),
            None => format!(">={start}"),
        })
    }
}

/// Returns a name without the extras that are asked for.
fn bare(written: &str) -> &str {
    written.split('[').next().unwrap_or(written)
}
