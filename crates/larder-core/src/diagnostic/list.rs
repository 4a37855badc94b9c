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

/// Returns items as a sentence has them: `a, b and c`. Of a long list the first ones, and how many there are besides. `None` for none.
pub fn in_sentence(mut items: Vec<String>) -> Option<String> {
    const LISTED: usize = 3;

    let others = items.len().saturating_sub(LISTED);
    if others > 1 {
        items.truncate(LISTED);
        items.push(format!("{others} others"));
    }
    let last = items.pop()?;
    Some(if items.is_empty() { last } else { format!("{} and {last}", items.join(", ")) })
}

/// Returns items of which one is to be chosen, as a sentence has them: `a, b or c`.
pub fn one_of(items: impl IntoIterator<Item = impl Display>) -> String {
    let mut items: Vec<String> = items.into_iter().map(|item| item.to_string()).collect();
    match (items.pop(), items.is_empty()) {
        (None, _) => String::new(),
        (Some(only), true) => only,
        (Some(last), false) => format!("{} or {last}", items.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_is_a_line() {
        assert_eq!(list(["a", "b\n- c"]), "\n- a\n- b\\n- c");
    }

    #[test]
    fn one_of_several_is_to_be_chosen() {
        assert_eq!([one_of(["a"; 0]), one_of(["a"]), one_of(["a", "b", "c"])], ["", "a", "a, b or c"]);
    }

    #[test]
    fn a_long_list_is_told_by_its_first_items() {
        let of = |count: usize| in_sentence((0..count).map(|at| at.to_string()).collect());
        let told = [0, 1, 2, 4, 5].map(|count| of(count).unwrap_or_default());
        assert_eq!(told, ["", "0", "0 and 1", "0, 1, 2 and 3", "0, 1, 2 and 2 others"]);
    }
}
