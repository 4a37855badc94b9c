//! The lines of `assets`.

use crate::model::{AssetId, AssetKind};

use super::document::{ManifestText, TextNode};
use super::splice;
use super::{EditError, parsed};

/// Removes the line that declares an asset, with the comment at its end. Returns `None` if there is none.
pub fn remove_asset(
    file: &str,
    text: &str,
    (kind, name, version): (AssetKind, &str, &str),
) -> Result<Option<String>, EditError> {
    let parsed = parsed(file, text)?;
    let document = ManifestText::new(text, &parsed);
    let is_meant = |line: &TextNode<'_>| {
        let own = line.property("version").and_then(|entry| entry.value().as_string());
        line.node_name() == kind.as_str()
            && line.name() == Some(name)
            && own.unwrap_or(AssetId::FIRST_VERSION) == version
    };
    let blocks = document.top_level().filter(|block| block.node_name() == "assets");
    let line = blocks.flat_map(|block| block.children()).find(is_meant);
    Ok(line.map(|line| splice::apply(text, vec![splice::removed(&document, &line)])))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_line_goes() {
        let text = "package \"p\" version=\"1.0.0\"\nassets {\n    // kept\n    schema \"a\" \"a.xsd\" // gone\n    schema \"a\" \"a2.xsd\" version=\"2\"\n    flow \"a\" \"a.kdl\"; flow \"b\" \"b.kdl\"\n}\n";
        let remove = |kind, name, version| remove_asset("m", text, (kind, name, version)).unwrap();
        let first = remove(AssetKind::Schema, "a", "1").unwrap();
        assert_eq!(first, text.replace("    schema \"a\" \"a.xsd\" // gone\n", ""));
        let second = remove(AssetKind::Schema, "a", "2").unwrap();
        assert_eq!(second, text.replace("    schema \"a\" \"a2.xsd\" version=\"2\"\n", ""));
        let flow = remove(AssetKind::Flow, "a", "1").unwrap();
        assert!(!flow.contains("flow \"a\"") && flow.contains("flow \"b\" \"b.kdl\""), "{flow}");
        assert_eq!(remove(AssetKind::Mapping, "a", "1"), None);
    }
}
