//! The `state=` of a flow.

use crate::model::{AssetId, FlowState};

use super::document::{ManifestText, TextNode};
use super::splice::{self, Splice};
use super::{EditError, parsed, quoted, value_span};

/// Sets the state that the manifest declares for a flow. Returns `None` if it declares no such flow.
pub fn set_flow_state(
    file: &str,
    text: &str,
    (name, version): (&str, &str),
    state: FlowState,
) -> Result<Option<String>, EditError> {
    let parsed = parsed(file, text)?;
    let document = ManifestText::new(text, &parsed);
    let is_meant = |line: &TextNode<'_>| {
        let own = line.property("version").and_then(|entry| entry.value().as_string());
        line.node_name() == "flow" && line.name() == Some(name) && own.unwrap_or(AssetId::FIRST_VERSION) == version
    };
    let blocks = document.top_level().filter(|block| block.node_name() == "assets");
    let Some(line) = blocks.flat_map(|block| block.children()).find(is_meant) else { return Ok(None) };
    let value = quoted(state.as_str());
    let splice = match line.property("state") {
        Some(entry) => Splice::over(value_span(document.blanked, entry), value),
        None => Splice::at(line.head_end(), format!(" state={value}")),
    };
    Ok(Some(splice::apply(text, vec![splice])))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_state_changes() {
        let text = "package \"p\" version=\"1.0.0\"\nassets {\n\tflow \"a\" \"a.kdl\" // first\n  flow \"b\"  \"b.kdl\" state=\"draft\" version=\"2\"; flow \"b\" \"b1.kdl\"\n}\n";
        let set =
            |text: &str, name: &str, version: &str, state| set_flow_state("m", text, (name, version), state).unwrap();
        let a = set(text, "a", "1", FlowState::Ready).unwrap();
        assert_eq!(a, text.replace("\"a.kdl\" //", "\"a.kdl\" state=\"ready\" //"));
        let b = set(text, "b", "2", FlowState::Archived).unwrap();
        assert_eq!(b, text.replace("state=\"draft\"", "state=\"archived\""));
        assert_eq!(set(text, "c", "1", FlowState::Ready), None);
    }
}
