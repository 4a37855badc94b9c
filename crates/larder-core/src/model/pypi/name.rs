//! The names of Python packages and extras.

use std::borrow::Cow;

/// Checks a name and normalises it as PEP 503 says: `My.Package_x` is `my-package-x`.
///
/// # Errors
/// The reason why the name is invalid, as the end of a sentence.
pub(in crate::model) fn normal(text: &str) -> Result<Cow<'_, str>, &'static str> {
    let edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    if !edge(text.chars().next()) || !edge(text.chars().last()) {
        return Err("is not a Python name: it must start and end with a letter or a digit");
    }
    let mut name = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '-' | '_' | '.' if name.ends_with('-') => {}
            '-' | '_' | '.' => name.push('-'),
            c if c.is_ascii_alphanumeric() => name.push(c.to_ascii_lowercase()),
            _ => return Err("is not a Python name: only letters, digits, `-`, `_` and `.` are allowed"),
        }
    }
    Ok(Cow::Owned(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_normalised() {
        assert_eq!(normal("Zope.Interface__x").as_deref(), Ok("zope-interface-x"));
        assert!(normal("-x").is_err() && normal("a b").is_err());
    }
}
