//! References of larder's own files to schemas that get another name.

use crate::diagnostic::Position;
use crate::document::SourceFile;
use crate::mapping::Mapping;
use crate::model::AssetKind;

use super::super::adapter::Adapter;

/// Returns the text of an adapter or a mapping in which the names of schemas are replaced. Returns `None` if none is.
pub fn with_renamed_schemas(
    kind: AssetKind,
    path: &str,
    text: &str,
    renamed: &dyn Fn(&str) -> Option<String>,
) -> Option<String> {
    let source = SourceFile { file: path.into(), text: text.into() };
    let mut references: Vec<(Position, Box<str>)> = match kind {
        AssetKind::Adapter => {
            let adapter = Adapter::parse(&source).0?;
            let both = adapter.document.into_iter().chain(adapter.response);
            both.map(|reference| (reference.position, reference.text)).collect()
        }
        AssetKind::Mapping => {
            let mapping = Mapping::parse(&source).ok()?;
            [mapping.from(), mapping.to()].map(|end| (end.position, end.text.clone())).to_vec()
        }
        AssetKind::Schema | AssetKind::Flow => return None,
    };
    references.sort_unstable();
    let mut edited = text.to_owned();
    for (position, reference) in references.into_iter().rev() {
        let name = reference.split(['#', '@']).next().filter(|name| !name.contains('/'));
        let Some((name, new)) = name.and_then(|name| Some((name, renamed(name)?))) else { continue };
        let Some(start) = offset_of(text, position).map(|at| at + 1) else { continue };
        // A quote stands before the name, if it is written without escapes.
        if text.get(start..start + name.len()) == Some(name) {
            edited.replace_range(start..start + name.len(), &new);
        }
    }
    (edited != text).then_some(edited)
}

/// Returns the byte of a text at a position.
fn offset_of(text: &str, position: Position) -> Option<usize> {
    let line = text.split_inclusive('\n').nth(position.line.checked_sub(1)?.try_into().ok()?)?;
    let (column, _) = line.char_indices().nth(position.column.checked_sub(1)?.try_into().ok()?)?;
    Some(line.as_ptr() as usize - text.as_ptr() as usize + column)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_follow_a_schema_that_gets_another_name() {
        let renamed = |name: &str| (name == "order").then(|| "a-order".to_owned());
        let edited = |kind, text: &str| with_renamed_schemas(kind, "x.kdl", text, &renamed);
        let adapter = "// ü\nadapter kind=\"file\" direction=\"in\" { path \"/order\"; schema \"order#Order\"; }\n";
        assert_eq!(edited(AssetKind::Adapter, adapter), Some(adapter.replace("\"order#", "\"a-order#")));
        let mapping = "mapping from=\"order#A\" to=\"order\" { field \"order\" to=\"order\"; }\n";
        let expect = "mapping from=\"a-order#A\" to=\"a-order\" { field \"order\" to=\"order\"; }\n";
        assert_eq!(edited(AssetKind::Mapping, mapping).as_deref(), Some(expect));
        assert_eq!(edited(AssetKind::Mapping, "mapping from=\"x/order\" to=\"orders\" { }\n"), None);
    }
}
