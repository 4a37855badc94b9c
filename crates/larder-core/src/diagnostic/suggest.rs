//! Suggestions for misspelt names.

/// Returns the known name that is nearest to `text`, but not `text` itself. Returns `None` if no name is near enough to be
/// meant.
pub fn nearest<'a>(text: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let allowed = (text.chars().count() / 3).max(1);
    known
        .into_iter()
        .map(|name| (strsim::damerau_levenshtein(text, name), name))
        .filter(|(distance, _)| (1..=allowed).contains(distance))
        .min()
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_near_names_are_suggested() {
        assert_eq!(nearest("dependecies", ["dependencies", "group"]), Some("dependencies"));
        assert_eq!(nearest("zzz", ["dependencies", "group"]), None);
        assert_eq!(nearest("group", ["group", "groups"]), Some("groups"));
        assert_eq!(nearest("group", ["group"]), None);
    }
}
