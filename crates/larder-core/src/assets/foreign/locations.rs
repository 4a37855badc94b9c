//! Where schemas find each other: locations that lead nowhere are set to the file that is meant.

use std::collections::{BTreeMap, BTreeSet};

use crate::document::{JsonNode, JsonValue, XmlElement, parse_json, parse_xml};
use crate::schema::{SchemaKind, relative};

/// Returns the text of a schema in which each location that leads to no file of `known` names the one that is meant: the only one of the
/// same name. `path` is the schema's own. Returns `None` if there is nothing to change.
pub fn with_known_locations(kind: SchemaKind, path: &str, text: &str, known: &BTreeSet<&str>) -> Option<String> {
    edited(kind, text, &|location| meant(path, location, known))
}

/// Returns the text of a schema that moves to `moved[path]`, with the locations of other files that move: `moved` has the new paths by
/// the old ones. Returns `None` if there is nothing to change.
pub fn with_moved_locations(
    kind: SchemaKind,
    path: &str,
    text: &str,
    moved: &BTreeMap<&str, String>,
) -> Option<String> {
    let own = moved.get(path)?;
    edited(kind, text, &|location| {
        let (file, entry) = split(location);
        let target = moved.get(relative(path, file).filter(|_| !file.is_empty())?.as_str())?;
        let is_right = relative(own, file).as_ref() == Some(target);
        (!is_right).then(|| joined(&from_to(own, target), entry))
    })
}

/// Returns a text in which locations are replaced. `None` if none is.
fn edited(kind: SchemaKind, text: &str, replacement: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    let mut places = match kind {
        SchemaKind::Xsd | SchemaKind::Wsdl => {
            let mut places = Vec::new();
            in_xml(&parse_xml(text).ok()?, &mut places);
            places
        }
        SchemaKind::JsonSchema => {
            let mut places = Vec::new();
            in_json(&parse_json(text).ok()?, &mut places);
            places
        }
    };
    places.sort_unstable();
    let mut edited = text.to_owned();
    for start in places.into_iter().rev() {
        // The value ends where the quote before it stands again.
        let quote = char::from(*text.as_bytes().get(start.checked_sub(1)?)?);
        let end = start + text.get(start..)?.find(quote)?;
        let location = &text[start..end];
        if let Some(location) = replacement(location) {
            edited.replace_range(start..end, &location);
        }
    }
    (edited != text).then_some(edited)
}

/// Returns the location that is meant; `None` if the one that is there is right, or nothing is meant.
fn meant(path: &str, location: &str, known: &BTreeSet<&str>) -> Option<String> {
    let (file, entry) = split(location);
    let is_right = relative(path, file).is_some_and(|whole| known.contains(whole.as_str()));
    if file.is_empty() || file.starts_with("larder:") || is_right {
        return None;
    }
    let found = name_of_file(file, known)?;
    Some(joined(&from_to(path, found), entry))
}

/// Returns the file of a location, and the part of it that is meant.
fn split(location: &str) -> (&str, Option<&str>) {
    location.split_once('#').map_or((location, None), |(file, entry)| (file, Some(entry)))
}

fn joined(file: &str, entry: Option<&str>) -> String {
    entry.map_or_else(|| file.to_owned(), |entry| format!("{file}#{entry}"))
}

/// Returns the only known file that has the name of another one: `http://partner.example/schemas/order.xsd?v=1` is `order.xsd`.
pub fn name_of_file<'k>(location: &str, known: &BTreeSet<&'k str>) -> Option<&'k str> {
    let location = location.split(['?', '#']).next().unwrap_or_default();
    let name = location.rsplit(['/', '\\']).next().filter(|name| !name.is_empty())?;
    let mut same = known.iter().filter(|path| path.rsplit('/').next() == Some(name));
    let first = *same.next()?;
    same.next().is_none().then_some(first)
}

/// Returns how a file names another one.
fn from_to(from: &str, to: &str) -> String {
    let folder: Vec<&str> = from.split('/').collect();
    let folder = &folder[..folder.len() - 1];
    let parts: Vec<&str> = to.split('/').collect();
    let shared = folder.iter().zip(&parts[..parts.len() - 1]).take_while(|(one, other)| one == other).count();
    "../".repeat(folder.len() - shared) + &parts[shared..].join("/")
}

/// Collects where the locations of imports and the like begin.
fn in_xml(element: &XmlElement, places: &mut Vec<usize>) {
    let is_import = matches!(&*element.name.local, "import" | "include" | "redefine" | "override");
    for attribute in element.attributes.iter().filter(|_| is_import) {
        if attribute.name.namespace.is_empty() && matches!(&*attribute.name.local, "schemaLocation" | "location") {
            places.push(attribute.value_offset);
        }
    }
    element.children.iter().for_each(|child| in_xml(child, places));
}

/// Collects where the texts of `$ref` begin.
fn in_json(node: &JsonNode, places: &mut Vec<usize>) {
    for member in node.members() {
        if member.name == "$ref" && matches!(member.node.value, JsonValue::String(_)) {
            places.push(member.node.offset + 1);
        }
        in_json(&member.node, places);
    }
    node.items().iter().for_each(|item| in_json(item, places));
}
