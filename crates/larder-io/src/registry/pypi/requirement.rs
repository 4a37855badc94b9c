//! `Requires-Dist`: PEP 508, and the invalid forms that old packages have.

use crate::model::{PackageName, Pep508Error, Requirement, Source};
use crate::resolve::{Dependency, DependencyKind, Wants};

/// Parses a `Requires-Dist`. If its name is invalid, the error names `dependent`.
pub(in crate::registry) fn dependency(dependent: &PackageName, text: &str) -> Dependency {
    let text = text.trim();
    let read = Requirement::from_pep508(text).or_else(|error| match error {
        Pep508Error::Url { .. } => Err(error),
        _ => Requirement::from_pep508(&repaired(text)),
    });
    match read {
        Ok(requirement) => Dependency::new(DependencyKind::Normal, Wants::Requirement(requirement)),
        Err(Pep508Error::Url { requirement, url }) => match Source::from_pep508(&url) {
            Ok(source) => {
                // Behind an extra it is optional, so that a version can still be chosen that may not have it.
                let kind = if requirement.marker().is_some_and(|marker| !marker.extras().is_empty()) {
                    DependencyKind::Optional
                } else {
                    DependencyKind::Normal
                };
                let text = text.to_owned();
                Dependency::new(kind, Wants::Source { requirement: *requirement, source, text })
            }
            Err(error) => refused(requirement.name(), text, &format!("its URL {error}")),
        },
        Err(_) => refused(dependent, text, &format!("`{text}` is not a valid PEP 508 requirement")),
    }
}

/// Parses a `Requires-Python` or another specifier, and repairs the same mistakes.
pub(in crate::registry) fn specifiers(text: &str) -> Option<pep440_rs::VersionSpecifiers> {
    text.parse().ok().or_else(|| repaired_specifier(text).parse().ok())
}

/// Returns a dependency that cannot be satisfied. Behind an extra it is optional, so that the version can still be chosen.
fn refused(name: &PackageName, text: &str, reason: &str) -> Dependency {
    let behind_extra = text.split_once(';').is_some_and(|(_, marker)| marker.contains("extra"));
    let kind = if behind_extra { DependencyKind::Optional } else { DependencyKind::Normal };
    let (text, reason) = (text.to_owned(), reason.to_owned());
    Dependency::new(kind, Wants::Unsupported { name: name.clone(), text, reason })
}

/// Repairs the specifier between name and marker if its meaning is clear.
fn repaired(text: &str) -> String {
    let (requirement, marker) = text.split_at(text.find(';').unwrap_or(text.len()));
    let start = requirement.find(['<', '>', '=', '!', '~']).unwrap_or(requirement.len());
    let (name, specifier) = requirement.split_at(start);
    let name = name.trim_end().trim_end_matches('(').trim_end();
    format!("{name} {} {marker}", repaired_specifier(specifier.trim_end().trim_end_matches(')')))
}

/// Repairs `>=1.0<2` (a missing comma), `>=1.*` (a star that only `==` and `!=` may have), `!=1*` (a star without its dot), `!=~1`
/// (one operator too many), `>dev` (which any version is), `>=1,` (one comma too many) and quotes.
fn repaired_specifier(text: &str) -> String {
    let mut parts: Vec<String> = Vec::new();
    let is_operator = |c: char| "<>=!~".contains(c);
    let mut after_operator = false;
    for c in text.chars().filter(|c| !matches!(c, '"' | '\'')) {
        if c == ',' {
            parts.push(String::new());
        } else if is_operator(c) && !after_operator && parts.last().is_none_or(|part| !part.trim().is_empty()) {
            parts.push(c.to_string());
        } else if let Some(part) = parts.last_mut() {
            part.push(c);
        } else {
            parts.push(c.to_string());
        }
        if !c.is_whitespace() {
            after_operator = is_operator(c);
        }
    }
    let repair = |part: &str| {
        let part = part.trim();
        let (operator, version) = part.split_at(part.find(|c| !is_operator(c)).unwrap_or(part.len()));
        let bare = version.trim_end_matches('*').trim_end_matches('.');
        match operator {
            ">" | ">=" if version.trim() == "dev" => ">=0.dev0".to_owned(),
            "!=~" => format!("!={bare}.*"),
            "==" | "!=" if bare != version => format!("{operator}{bare}.*"),
            _ => format!("{operator}{bare}"),
        }
    };
    parts.iter().map(|part| repair(part)).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> String {
        match dependency(&PackageName::pypi("me").unwrap(), text) {
            Dependency { wants: Wants::Requirement(requirement), .. } => {
                format!("{} {}", requirement.package().name, requirement.range_text())
            }
            Dependency { kind, wants: Wants::Source { source, .. }, .. } => format!("{kind:?} {source}"),
            Dependency { kind, wants: Wants::Unsupported { .. }, .. } => format!("{kind:?}"),
        }
    }

    #[test]
    fn old_mistakes_are_understood() {
        assert_eq!(read("A_b (>=1.0<2.0) ; python_version < '4'"), "a-b >=1.0,<2.0");
        assert_eq!(read("a>=1.9.*"), "a >=1.9");
        assert_eq!(read("a (>=1,)"), "a >=1");
        assert_eq!(read("a ==1.*,!=1.2.*"), "a ==1.*,!=1.2.*");
        assert_eq!(read("a >= '1.0'"), "a >=1.0");
        assert_eq!(read("a[x]"), "a ");
        assert_eq!(read("a>dev"), "a >=0.dev0");
        assert_eq!(read("a!=3.0*,>=2.*"), "a >=2,!=3.0.*");
        assert_eq!(read("a (!=~5.0,>=4)"), "a >=4,!=5.0.*");
        assert_eq!(specifiers(">=3.6.*").unwrap().to_string(), ">=3.6");
    }

    #[test]
    fn urls_and_nonsense_are_refused() {
        assert_eq!(read("a @ https://h/a.whl"), "Normal https://h/a.whl");
        assert_eq!(read("a @ git+https://h/a@x ; extra == 'dev'"), "Optional https://h/a (rev x)");
        assert_eq!(read("??"), "Normal");
    }
}
