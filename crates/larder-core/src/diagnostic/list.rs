//! Lists in messages.

use std::fmt::{Display, Write};

/// Returns a line for each item, with a dash before it. Newlines in an item are escaped.
pub fn list(items: impl IntoIterator<Item = impl Display>) -> String {
    items.into_iter().fold(String::new(), |mut text, item| {
        // Writing to a string does not fail.
        let _ = write!(text, "\n- {}", item.to_string().replace('\n', "\\n"));
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_is_a_line() {
        assert_eq!(list(["a", "b\n- c"]), "\n- a\n- b\\n- c");
    }
}
