//! The names of private packages: `orders-client`, `@acme/orders-client`.

use std::borrow::Cow;

use crate::model::entry_path::is_device;

/// The most characters of a name, its scope included.
const LONGEST: usize = 64;

/// Checks a name: lower case ASCII letters, digits, `-`, `.` and `_`, of which a letter or digit is first and last. A name is
/// also a folder on any disk, a part of a URL, and a name below `node_modules`.
///
/// # Errors
/// The reason why the name is invalid, as the end of a sentence.
pub(in crate::model) fn normal(text: &str) -> Result<Cow<'_, str>, &'static str> {
    if text.len() > LONGEST {
        return Err("is not a name of a private package: it is longer than 64 characters");
    }
    let bare = match text.strip_prefix('@') {
        Some(scoped) => {
            let (scope, name) =
                scoped.split_once('/').ok_or("is not a name of a private package: a scope needs `/name`")?;
            check_part(scope)?;
            name
        }
        None => text,
    };
    check_part(bare)?;
    Ok(Cow::Borrowed(text))
}

/// Returns the form in which names that differ only in case or in `-`, `.` and `_` are equal: `acme.orders_client` is
/// `acme-orders-client`.
pub(in crate::model) fn folded(name: &str) -> Cow<'_, str> {
    let separates = |byte: u8| matches!(byte, b'-' | b'.' | b'_');
    let bytes = name.as_bytes();
    let is_folded = |(at, byte): (usize, &u8)| {
        !byte.is_ascii_uppercase() && (!separates(*byte) || *byte == b'-' && (at == 0 || bytes[at - 1] != b'-'))
    };
    if bytes.iter().enumerate().all(is_folded) {
        return Cow::Borrowed(name);
    }
    let mut folded = String::with_capacity(name.len());
    for character in name.chars() {
        match character {
            '-' | '.' | '_' if folded.ends_with('-') => {}
            '-' | '.' | '_' => folded.push('-'),
            character => folded.push(character.to_ascii_lowercase()),
        }
    }
    Cow::Owned(folded)
}

fn check_part(part: &str) -> Result<(), &'static str> {
    if part.is_empty() {
        return Err("is not a name of a private package: a part is empty");
    }
    if part.contains(|c: char| c.is_ascii_uppercase()) {
        return Err("is not a name of a private package: it has upper case letters");
    }
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    if !part.chars().all(|c| is_plain(c) || "-._".contains(c)) {
        return Err("is not a name of a private package: it has other characters than a-z, 0-9, `-`, `.` and `_`");
    }
    if !part.starts_with(is_plain) || !part.ends_with(is_plain) {
        return Err("is not a name of a private package: it must begin and end with a letter or a digit");
    }
    if part.contains("..") {
        return Err("is not a name of a private package: it has `..` in it");
    }
    if is_device(part) {
        return Err("is not a name of a private package: Windows keeps it for a device");
    }
    if matches!(part, "node_modules" | "favicon.ico") {
        return Err("is not a name of a private package: npm keeps it for itself");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_folder_on_every_disk() {
        let long = "a".repeat(65);
        let refused = [
            "",
            "@a",
            "@a/",
            "@/a",
            "a/b",
            "@a/b/c",
            "..",
            "a..b",
            ".a",
            "a.",
            "-a",
            "a-",
            "_a",
            "Orders",
            "ordérs",
            "ord\u{435}rs",
            "a b",
            "a\\b",
            "a%2fb",
            "con",
            "aux.js",
            "@acme/nul",
            "lpt9.x.y",
            "node_modules",
            "a\0",
            &long,
        ];
        for name in refused {
            assert!(normal(name).is_err(), "{name}");
        }
        for name in ["a", "7", "orders-client", "@acme/orders.client_2", "console", "com10", &long[1..]] {
            assert_eq!(normal(name).as_deref(), Ok(name));
        }
    }

    #[test]
    fn names_that_differ_in_case_or_separators_are_one() {
        for name in ["acme-orders-client", "Acme.Orders_Client", "acme_-orders.client"] {
            assert_eq!(folded(name), "acme-orders-client");
        }
        assert_eq!(folded("@a.b/c_d"), "@a-b/c-d");
        assert!(matches!(folded("@acme/orders-client"), Cow::Borrowed(_)));
    }
}
