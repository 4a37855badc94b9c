//! Numbers of things in messages.

/// Returns a number with the noun in its singular or plural: "1 package", "2 packages", "3 dependencies".
pub fn counted(number: usize, noun: &str) -> String {
    match (number, noun.strip_suffix('y')) {
        (1, _) => format!("1 {noun}"),
        (_, Some(stem)) if !stem.ends_with(['a', 'e', 'i', 'o', 'u']) => format!("{number} {stem}ies"),
        _ => format!("{number} {noun}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_singular_and_all_else_is_plural() {
        let texts = [0, 1, 2].map(|number| counted(number, "package"));
        assert_eq!(texts, ["0 packages", "1 package", "2 packages"]);
        assert_eq!(counted(2, "vulnerability"), "2 vulnerabilities");
        assert_eq!(counted(2, "key"), "2 keys");
    }
}
