//! References of larder's own files to schemas that get another name.

use std::collections::BTreeMap;

use crate::diagnostic::Position;
use crate::document::SourceFile;
use crate::manifest::edit::quoted;
use crate::manifest::{ManifestNode, nodes, parse_kdl};
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
    let parsed = parse_kdl(text).ok()?;
    let mut written = BTreeMap::new();
    nodes(&parsed.document, &parsed.blanked).for_each(|node| note_texts(node, &mut written));
    let mut edited = text.to_owned();
    for (position, reference) in references.into_iter().rev() {
        let end = reference.find(['#', '@']).unwrap_or(reference.len());
        let (name, rest) = reference.split_at(end);
        let Some(new) = Some(name).filter(|name| !name.contains('/')).and_then(renamed) else { continue };
        let Some(start) = offset_of(text, position) else { continue };
        if let Some((length, _)) = written.get(&start).filter(|(_, text)| *text == &*reference) {
            edited.replace_range(start..start + length, &quoted(&format!("{new}{rest}")));
        }
    }
    (edited != text).then_some(edited)
}

/// Notes the texts of a node and those in it by where they start, each with its length as it is written: bare, quoted or raw.
fn note_texts<'n>(node: ManifestNode<'n>, written: &mut BTreeMap<usize, (usize, &'n str)>) {
    written.extend(node.texts().map(|(span, text)| (span.offset(), (span.len(), text))));
    node.children().for_each(|child| note_texts(child, written));
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
        // However KDL lets a text be written.
        for written in ["order", "#\"order\"#", "\"ord\\u{65}r\"", "\"\"\"\n  order\n  \"\"\""] {
            let text = format!("mapping from={written} to=\"order@2#A\" {{ field order to=order; }}\n");
            let edited = edited(AssetKind::Mapping, &text).expect(written);
            let read = Mapping::parse(&SourceFile { file: "x.kdl".into(), text: edited.as_str().into() }).unwrap();
            assert_eq!((&*read.from().text, &*read.to().text), ("a-order", "a-order@2#A"), "{written}: {edited}");
            assert!(edited.ends_with(" { field order to=order; }\n"), "{edited}");
        }
        let bare = "mapping from=order to=#\"order#A\"# { }\n";
        let expect = "mapping from=\"a-order\" to=\"a-order#A\" { }\n";
        assert_eq!(edited(AssetKind::Mapping, bare).as_deref(), Some(expect));
        // Behind comments, with letters of several bytes and over several lines.
        let behind = "/* жж\n ж */ mapping /* ü */ from=order to=\"invoice\" { field order to=invoice; }\n";
        let expect = behind.replace("from=order", "from=\"a-order\"");
        assert_eq!(edited(AssetKind::Mapping, behind).as_deref(), Some(&*expect));
        let escaped = "adapter kind=file direction=in { path \"/order\"; schema \"ord\\u{65}r#Order\"; }\n";
        let expect = "adapter kind=file direction=in { path \"/order\"; schema \"a-order#Order\"; }\n";
        assert_eq!(edited(AssetKind::Adapter, escaped).as_deref(), Some(expect));
    }
}
