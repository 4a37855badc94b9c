//! The names of Creatio packages: `UsrOrders`, `CampaignElements.UI`.

use std::borrow::Cow;

use crate::model::entry_path::is_device;

/// The most characters of a name. Those that the platform's tools make have 70 at most.
const LONGEST: usize = 100;

/// Checks a name: ASCII letters, digits, `_`, and `.` within it; a letter or `_` comes first. A name is also a folder on any disk
/// and a part of a URL. Its spelling is kept.
///
/// # Errors
/// The reason why the name is invalid, as the end of a sentence.
pub(in crate::model) fn normal(text: &str) -> Result<Cow<'_, str>, &'static str> {
    if text.len() > LONGEST {
        return Err("is not a name of a Creatio package: it is longer than 100 characters");
    }
    if !text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
        return Err("is not a name of a Creatio package: it does not begin with a letter or `_`");
    }
    if !text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '.') {
        return Err("is not a name of a Creatio package: it has other characters than letters, digits, `_` and `.`");
    }
    if text.ends_with('.') || text.contains("..") {
        return Err("is not a name of a Creatio package: a part of it is empty");
    }
    if is_device(text) {
        return Err("is not a name of a Creatio package: Windows keeps it for a device");
    }
    if text.eq_ignore_ascii_case(super::order::FILE) {
        return Err("is not a name of a Creatio package: the order of installation is kept under it");
    }
    Ok(Cow::Borrowed(text))
}

/// Returns the form in which names that differ in case are equal: an instance has one of them.
pub(in crate::model) fn folded(name: &str) -> Cow<'_, str> {
    if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(name.to_ascii_lowercase())
    } else {
        Cow::Borrowed(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Ecosystem, PackageName};

    #[test]
    fn a_name_is_a_folder_on_every_disk() {
        let long = "a".repeat(101);
        let refused = [
            "",
            "1a",
            ".a",
            "a.",
            "a..b",
            "a-b",
            "a b",
            "ä",
            "a/b",
            "a\\b",
            "a\0",
            "CON",
            "aux.x",
            "Order.json",
            &long,
        ];
        for name in refused {
            assert!(normal(name).is_err(), "{name}");
        }
        for name in ["UsrOrders", "_x", "ABS.BASE", "CampaignElements.UI", "A1", &long[1..]] {
            assert_eq!(normal(name).as_deref(), Ok(name));
        }
    }

    #[test]
    fn spellings_are_kept_and_do_not_count() {
        let name = |text: &str| PackageName::parse(Ecosystem::Creatio, text).unwrap();
        assert_eq!(name("UsrOrders"), name("usrorders"));
        assert_eq!(name("UsrOrders").to_string(), "UsrOrders");
        assert!(name("usrA") < name("UsrB") && name("UsrA") < name("usrb"));
    }
}
