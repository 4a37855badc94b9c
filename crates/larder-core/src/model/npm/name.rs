//! The names of npm packages.

use std::borrow::Cow;

/// Checks a name. Names that could leave a `node_modules` folder, or could be mistaken for its own files, are refused. Case is
/// kept, because registries distinguish it.
///
/// # Errors
/// The reason why the name is invalid, as the end of a sentence.
pub(in crate::model) fn normal(text: &str) -> Result<Cow<'_, str>, &'static str> {
    let bare = match text.strip_prefix('@') {
        Some(scoped) => {
            let (scope, name) = scoped.split_once('/').ok_or("is not a package name: a scope needs `/name`")?;
            check_part(scope)?;
            name
        }
        None => text,
    };
    check_part(bare)?;
    if text.len() > 214 {
        return Err("is longer than the 214 characters npm allows");
    }
    if matches!(bare.to_ascii_lowercase().as_str(), "node_modules" | "favicon.ico") {
        return Err("is reserved by npm");
    }
    Ok(Cow::Borrowed(text))
}

/// Splits `name@version` or `name@range`; the `@` of a scope is part of the name. `None` if there is no other.
pub fn split_at_version(text: &str) -> Option<(&str, &str)> {
    let at = text.char_indices().skip(1).find(|(_, c)| *c == '@')?.0;
    Some((&text[..at], &text[at + 1..]))
}

/// Splits what stands behind `npm:`: the name of another package and its range, `react@^16`; Yarn writes a range alone there, `^16`,
/// which has no name.
pub fn split_alias(target: &str) -> (Option<&str>, &str) {
    let target = target.trim();
    if let Some((name, range)) = split_at_version(target) {
        return (Some(name), range.trim());
    }
    // A package may be called `7zip-bin`, and even `404`.
    let has_numbers_only = target.chars().all(|c| c.is_ascii_digit() || ".xX* |-".contains(c));
    let is_range = target.starts_with(['^', '~', '<', '>', '=', '*']) || has_numbers_only && target.contains('.');
    if is_range { (None, target) } else { (Some(target), "") }
}

/// Returns the name on `DefinitelyTyped` of the types of a package: `@types/react` of `react`, `@types/tanstack__query` of
/// `@tanstack/query`. `None` for types themselves.
pub(in crate::model) fn definitely_typed(name: &str) -> Option<String> {
    match name.strip_prefix('@').and_then(|scoped| scoped.split_once('/')) {
        Some(("types", _)) => None,
        Some((scope, name)) => Some(format!("@types/{scope}__{name}")),
        None => Some(format!("@types/{name}")),
    }
}

fn check_part(part: &str) -> Result<(), &'static str> {
    if part.is_empty() {
        return Err("is not a package name: a part is empty");
    }
    if part.starts_with('.') {
        return Err("is not a package name: it starts with a dot");
    }
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-_.~!'()*".contains(c);
    if part.chars().all(allowed) { Ok(()) } else { Err("is not a package name: it has a character npm does not allow") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_leave_node_modules() {
        for bad in ["..", ".bin", "@a", "@a/", "@/a", "a/b", "@a/..", "node_modules", "a\\b", ""] {
            assert!(normal(bad).is_err(), "{bad}");
        }
        for good in ["react", "@types/node", "JSONStream", "lodash.merge", "a~b"] {
            assert_eq!(normal(good).as_deref(), Ok(good));
        }
    }

    #[test]
    fn types_are_named_after_what_they_describe() {
        assert_eq!(definitely_typed("react").as_deref(), Some("@types/react"));
        assert_eq!(definitely_typed("@babel/core").as_deref(), Some("@types/babel__core"));
        assert_eq!(definitely_typed("@types/react"), None);
    }
}
