//! Schemas → shapes. What several schemas say of one value (`$ref`, `allOf`, what stands beside them) is one type.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use url::Url;

use super::super::shape::{
    Bound, Budget, ChoiceKind, ElementShape, Entry, EntryRoot, FileOffset, Format, Items, OtherMembers, Particle,
    ShapeGraph, SimpleType, Term, TypeId, TypeShape, Undecided, ValueKind,
};
use super::super::source::error_at;
use super::draft::Draft;
use super::resources::{NodePlace, Resources};
use crate::diagnostic::SourceFinding;
use crate::document::{JsonNode, JsonValue, Name};
use crate::expression::Number;

/// The deepest chain of `$ref`, `allOf` and choices that is followed.
const MAX_CHAIN: usize = 64;

/// Keywords that decide about values and that no static check follows, with the names they are reported by.
const UNDECIDED: [&str; 14] = [
    "if",
    "not",
    "patternProperties",
    "unevaluatedProperties",
    "unevaluatedItems",
    "$dynamicRef",
    "$recursiveRef",
    "dependentSchemas",
    "dependentRequired",
    "dependencies",
    "propertyNames",
    "contains",
    "prefixItems",
    "minProperties",
];
/// Keywords of which only the text is compared.
const RULES: [&str; 9] = [
    "multipleOf",
    "uniqueItems",
    "maxProperties",
    "contentMediaType",
    "contentEncoding",
    "minContains",
    "maxContains",
    "then",
    "else",
];

/// Makes the shapes of a schema and of its named parts.
pub(super) fn build(resources: &Resources, draft: Draft) -> Result<ShapeGraph, Box<SourceFinding>> {
    let mut builder = ShapeBuilder {
        resources,
        draft,
        types: Vec::new(),
        known: HashMap::new(),
        pending: Vec::new(),
        budget: Budget::new(),
    };
    let root = resources.root();
    let mut entries = Vec::new();
    let mut add = |builder: &mut ShapeBuilder<'_>, text: &str, place: NodePlace| {
        let at = builder.place(&place);
        let type_id = builder.type_of(vec![place]);
        entries.push(Entry { text: text.into(), root: EntryRoot { name: None, type_id, place: at } });
    };
    add(&mut builder, "", root.clone());
    if let Some(node) = resources.node(&root) {
        for keyword in ["$defs", "definitions"] {
            for member in node.get(keyword).map(JsonNode::members).unwrap_or_default() {
                add(&mut builder, &member.name, builder_step(&root, &[keyword, &member.name]));
            }
        }
    }
    while let Some((type_id, nodes)) = builder.pending.pop() {
        builder.fill(type_id, &nodes);
        if builder.budget.is_spent() {
            let message = "the schema stands for more than 200,000 members";
            let Some(first) = resources.all.first() else { break };
            let finding = error_at("schema.limit", &first.source, 0, message);
            return Err(Box::new(
                finding.with_help("schemas that refer to each other several times grow with each level"),
            ));
        }
    }
    Ok(ShapeGraph { format: Format::Json, types: builder.types, entries }.finish())
}

struct ShapeBuilder<'a> {
    resources: &'a Resources,
    draft: Draft,
    types: Vec<TypeShape>,
    known: HashMap<Vec<(usize, String)>, TypeId>,
    pending: Vec<(TypeId, Vec<NodePlace>)>,
    budget: Budget,
}

/// What schemas say of one value.
#[derive(Default)]
struct ValueKeywords {
    /// The types that are possible; all without one.
    types: Option<BTreeSet<String>>,
    members: Vec<(String, Vec<NodePlace>, FileOffset)>,
    required: BTreeSet<String>,
    choices: Vec<Particle>,
    items: Vec<NodePlace>,
    min_items: u64,
    max_items: Option<u64>,
    is_closed: bool,
    facets: super::super::shape::Facets,
    /// The values of `enum` or `const`.
    values: Option<Vec<JsonNode>>,
    undecided: Vec<Undecided>,
    rules: BTreeMap<String, String>,
    /// What members may be that are not listed: the keyword, and the schema.
    others: Vec<(&'static str, NodePlace)>,
    /// Whether a keyword of objects was seen.
    is_object: bool,
}

/// `oneOf` or `anyOf`, with its branches.
struct Choice<'n> {
    keyword: &'static str,
    kind: ChoiceKind,
    branches: &'n JsonNode,
}

/// Returns the place of something below another one.
fn builder_step(place: &NodePlace, steps: &[&str]) -> NodePlace {
    let steps = steps.iter().map(|step| format!("/{}", step.replace('~', "~0").replace('/', "~1")));
    NodePlace { pointer: format!("{}{}", place.pointer, steps.collect::<Vec<_>>().concat()), ..place.clone() }
}

impl ShapeBuilder<'_> {
    fn place(&self, place: &NodePlace) -> FileOffset {
        let offset = self.resources.node(place).map_or(0, |node| node.offset);
        FileOffset { file: self.resources.file(place), offset }
    }

    /// Returns the number of the type that schemas describe together.
    fn type_of(&mut self, nodes: Vec<NodePlace>) -> TypeId {
        let mut key: Vec<(usize, String)> = nodes.iter().map(|node| (node.resource, node.pointer.clone())).collect();
        key.sort();
        key.dedup();
        if let Some(known) = self.known.get(&key) {
            return *known;
        }
        let place = nodes.first().map(|node| self.place(node)).unwrap_or_default();
        self.types.push(TypeShape { place, ..TypeShape::default() });
        let type_id = self.types.len() - 1;
        self.known.insert(key, type_id);
        self.pending.push((type_id, nodes));
        type_id
    }

    fn fill(&mut self, type_id: TypeId, nodes: &[NodePlace]) {
        let mut parts = ValueKeywords::default();
        for node in nodes {
            self.read(node, &mut parts, 0);
        }
        let lists_members = !parts.members.is_empty() || !parts.choices.is_empty();
        let content = self.content(&mut parts);
        let allows = |name: &str| parts.types.as_ref().is_none_or(|types| types.contains(name));
        let value = value_type(&parts);
        let items = allows("array") && (!parts.items.is_empty() || parts.types.is_some());
        let items = items.then(|| Items {
            type_id: if parts.items.is_empty() { self.open_type() } else { self.type_of(parts.items.clone()) },
            min: parts.min_items,
            max: parts.max_items,
        });
        let others = match &parts.others[..] {
            _ if !allows("object") => None,
            [] if parts.is_closed || lists_members => None,
            [] => Some(OtherMembers { construct: "additionalProperties", type_id: self.open_type() }),
            [(construct, only)] => Some(OtherMembers { construct, type_id: self.type_of(vec![only.clone()]) }),
            // Which of them is meant, the name decides.
            [(construct, _), ..] => Some(OtherMembers { construct, type_id: self.open_type() }),
        };
        let nullable = parts.types.as_ref().is_some_and(|types| types.contains("null"))
            || parts.values.iter().flatten().any(|value| value.value == JsonValue::Null);
        let shape = &mut self.types[type_id];
        shape.value = value;
        shape.is_nullable = nullable;
        shape.is_open = !parts.is_closed && allows("object");
        shape.content = content.filter(|_| allows("object"));
        shape.items = items;
        shape.undecided = parts.undecided;
        shape.rules = parts.rules;
        shape.others = others;
    }

    /// Returns the type of which nothing is known.
    fn open_type(&mut self) -> TypeId {
        let key = vec![(usize::MAX, String::new())];
        if let Some(known) = self.known.get(&key) {
            return *known;
        }
        let value = Some(SimpleType::of(ValueKind::Any));
        let type_id = self.types.len();
        let others = Some(OtherMembers { construct: "additionalProperties", type_id });
        self.types.push(TypeShape { value, is_open: true, is_nullable: true, others, ..TypeShape::default() });
        self.known.insert(key, type_id);
        type_id
    }

    /// Returns the members of an object with its choices.
    fn content(&mut self, parts: &mut ValueKeywords) -> Option<Particle> {
        let mut particles = Vec::new();
        for (name, nodes, place) in std::mem::take(&mut parts.members) {
            let fixed = nodes.iter().find_map(|node| self.fixed(node));
            let type_id = self.type_of(nodes);
            let min = u64::from(parts.required.remove(&name));
            let element = ElementShape { name: Name::local(name), type_id, fixed, place };
            particles.push(Particle { min, max: Some(1), term: Term::Element(element) });
        }
        for name in std::mem::take(&mut parts.required) {
            let type_id = self.open_type();
            let element = ElementShape { name: Name::local(name), type_id, fixed: None, place: FileOffset::default() };
            particles.push(Particle::once(Term::Element(element)));
        }
        particles.append(&mut parts.choices);
        self.budget.take(particles.len());
        (!particles.is_empty() || parts.is_object).then(|| Particle::once(Term::All(particles)))
    }

    /// Returns the only value that a schema allows, as it is written.
    fn fixed(&self, place: &NodePlace) -> Option<String> {
        let node = self.resources.node(place)?;
        let ((Some(only), _) | (None, Some([only]))) = (node.get("const"), node.get("enum").map(JsonNode::items))
        else {
            return None;
        };
        scalar_text(only)
    }

    /// Adds what a schema says.
    fn read(&mut self, place: &NodePlace, parts: &mut ValueKeywords, depth: usize) {
        if depth > MAX_CHAIN || !self.budget.take(1) {
            return;
        }
        let resources = self.resources;
        let Some(node) = resources.node(place) else { return };
        if node.value == JsonValue::Boolean(false) {
            parts.undecided.push(Undecided { construct: "false", place: self.place(place) });
        }
        let place = &with_own_base(place, node, self.draft);
        if let Some(target) = node.get("$ref").and_then(JsonNode::as_str) {
            if let Some(target) = resources.target(&place.base, target) {
                self.read(&target, parts, depth + 1);
            }
            if self.draft.ref_stands_alone() {
                return;
            }
        }
        for (number, _) in node.get("allOf").map(JsonNode::items).unwrap_or_default().iter().enumerate() {
            self.read(&builder_step(place, &["allOf", &number.to_string()]), parts, depth + 1);
        }
        if let Some(types) = node.get("type") {
            let names = types.as_str().into_iter().chain(types.items().iter().filter_map(JsonNode::as_str));
            let mut names: BTreeSet<String> = names.map(ToOwned::to_owned).collect();
            if names.contains("number") {
                names.insert("integer".to_owned());
            }
            parts.types = Some(match parts.types.take() {
                Some(known) => known.intersection(&names).cloned().collect(),
                None => names,
            });
        }
        self.read_object(place, node, parts);
        self.read_list(place, node, parts);
        read_facets(node, parts);
        for keyword in UNDECIDED {
            if let Some(value) = node.get(keyword).filter(|value| !says_nothing(keyword, value)) {
                parts.undecided.push(Undecided { construct: keyword, place: self.place_of(place, value) });
                parts.rules.insert(keyword.to_owned(), value.to_serde().to_string());
            }
        }
        for keyword in RULES {
            if let Some(value) = node.get(keyword).filter(|value| !says_nothing(keyword, value)) {
                parts.rules.insert(keyword.to_owned(), value.to_serde().to_string());
            }
        }
        for (keyword, kind) in [("oneOf", ChoiceKind::Exactly), ("anyOf", ChoiceKind::AtLeast)] {
            if let Some(branches) = node.get(keyword) {
                let choice = Choice { keyword, kind, branches };
                let read = self.read_branches(place, &choice, depth);
                self.add_choice(&choice, read, parts);
            }
        }
    }

    fn place_of(&self, place: &NodePlace, node: &JsonNode) -> FileOffset {
        FileOffset { file: self.resources.file(place), offset: node.offset }
    }

    fn read_object(&mut self, place: &NodePlace, node: &JsonNode, parts: &mut ValueKeywords) {
        if let Some(properties) = node.get("properties") {
            parts.is_object = true;
            for member in properties.members() {
                let below = builder_step(place, &["properties", &member.name]);
                let known = parts.members.iter_mut().find(|(name, ..)| *name == member.name);
                if let Some((_, nodes, _)) = known {
                    nodes.push(below);
                } else {
                    let at = FileOffset { file: self.resources.file(place), offset: member.offset };
                    parts.members.push((member.name.clone(), vec![below], at));
                }
            }
        }
        if let Some(required) = node.get("required") {
            parts.is_object = true;
            parts.required.extend(required.items().iter().filter_map(JsonNode::as_str).map(ToOwned::to_owned));
        }
        for member in node.get("patternProperties").map(JsonNode::members).unwrap_or_default() {
            parts.others.push(("patternProperties", builder_step(place, &["patternProperties", &member.name])));
        }
        if let Some(value) = node.get("additionalProperties") {
            if value.value == JsonValue::Boolean(false) {
                parts.is_closed = true;
                return;
            }
            parts.others.push(("additionalProperties", builder_step(place, &["additionalProperties"])));
            if !says_nothing("additionalProperties", value) {
                parts.rules.insert("additionalProperties".to_owned(), value.to_serde().to_string());
            }
        }
    }

    fn read_list(&mut self, place: &NodePlace, node: &JsonNode, parts: &mut ValueKeywords) {
        match node.get("items") {
            Some(items) if matches!(items.value, JsonValue::Array(_)) => {
                let at = self.place_of(place, items);
                parts.undecided.push(Undecided { construct: "items for each place", place: at });
                parts.rules.insert("items".to_owned(), items.to_serde().to_string());
            }
            Some(_) => parts.items.push(builder_step(place, &["items"])),
            None => {}
        }
        let number = |name: &str| node.get(name).and_then(number_of).and_then(|number| number.to_string().parse().ok());
        if let Some(least) = number("minItems") {
            parts.min_items = parts.min_items.max(least);
        }
        if let Some(most) = number("maxItems") {
            parts.max_items = Some(parts.max_items.map_or(most, |known| known.min(most)));
        }
    }

    fn read_branches(&mut self, place: &NodePlace, choice: &Choice<'_>, depth: usize) -> Vec<ValueKeywords> {
        let mut read = Vec::new();
        for number in 0..choice.branches.items().len() {
            let mut branch = ValueKeywords::default();
            self.read(&builder_step(place, &[choice.keyword, &number.to_string()]), &mut branch, depth + 1);
            read.push(branch);
        }
        read
    }

    /// Adds what the branches of a choice say.
    fn add_choice(&mut self, choice: &Choice<'_>, read: Vec<ValueKeywords>, parts: &mut ValueKeywords) {
        let Choice { keyword, kind, branches } = *choice;
        let is_object = |branch: &ValueKeywords| {
            branch.is_object
                || !branch.choices.is_empty()
                || branch.types.as_ref().is_some_and(|types| types.contains("object"))
        };
        if read.iter().all(|branch| !is_object(branch)) {
            // Scalars and lists: what one of them allows, the value may be.
            let types = read.iter().map(types_of).reduce(|all, more| Some(all?.union(&more?).cloned().collect()));
            if let Some(Some(types)) = types {
                parts.types = Some(match parts.types.take() {
                    Some(known) => known.intersection(&types).cloned().collect(),
                    None => types,
                });
            }
            let plain = |branch: &ValueKeywords| {
                branch.types.as_ref().is_some_and(|types| types.len() == 1 && types.contains("null"))
            };
            let mut others = read.into_iter().filter(|branch| !plain(branch));
            match (others.next(), others.next()) {
                // `T or null`: what T says counts.
                (Some(only), None) => {
                    parts.items.extend(only.items);
                    parts.min_items = parts.min_items.max(only.min_items);
                    parts.max_items = parts.max_items.or(only.max_items);
                    if let Some(values) = only.values {
                        let null = JsonNode::new(JsonValue::Null);
                        parts.values = Some(values.into_iter().chain([null]).collect());
                    }
                    parts.facets = only.facets;
                    parts.undecided.extend(only.undecided);
                    parts.rules.extend(only.rules);
                }
                // Of plain types each that is allowed is one of those that the value may have.
                (Some(_), Some(_)) if are_plain_types(branches, kind) => {}
                (Some(_), Some(_)) => {
                    parts.facets.rules.insert(format!("{keyword} {}", branches.to_serde()));
                }
                _ => {}
            }
            return;
        }
        let particles: Vec<Particle> = read
            .into_iter()
            .map(|mut branch| {
                parts.undecided.append(&mut branch.undecided);
                parts.others.append(&mut branch.others);
                for (rule, text) in std::mem::take(&mut branch.rules) {
                    parts.rules.insert(format!("{keyword}: {rule}"), text);
                }
                self.content(&mut branch).unwrap_or_else(|| Particle::once(Term::All(Vec::new())))
            })
            .collect();
        parts.is_object = true;
        parts.choices.push(Particle::once(Term::Choice(particles, kind)));
    }
}

/// Returns whether a keyword with this value allows every document, as without it.
fn says_nothing(keyword: &str, value: &JsonNode) -> bool {
    let is_empty = matches!(&value.value, JsonValue::Object(members) if members.is_empty());
    match keyword {
        "additionalProperties" | "propertyNames" => is_empty || value.value == JsonValue::Boolean(true),
        "patternProperties" | "dependentSchemas" | "dependentRequired" | "dependencies" => is_empty,
        "uniqueItems" | "not" => value.value == JsonValue::Boolean(false),
        "minProperties" => number_of(value).is_some_and(|number| *number == Number::ZERO),
        _ => false,
    }
}

/// Returns whether the branches of a choice say of the value nothing but its type; of `oneOf` each another one.
fn are_plain_types(branches: &JsonNode, kind: ChoiceKind) -> bool {
    let only = |branch: &JsonNode| -> Option<String> {
        let [member] = branch.members() else { return None };
        (member.name == "type").then(|| member.node.as_str().map(ToOwned::to_owned))?
    };
    let Some(types) = branches.items().iter().map(only).collect::<Option<Vec<String>>>() else { return false };
    let differ: BTreeSet<&String> = types.iter().collect();
    // Each integer is a number, too.
    let overlaps = types.iter().any(|name| name == "number") && types.iter().any(|name| name == "integer");
    kind == ChoiceKind::AtLeast || (differ.len() == types.len() && !overlaps)
}

/// Returns a place with the address that the schema there gives itself.
fn with_own_base(place: &NodePlace, node: &JsonNode, draft: Draft) -> NodePlace {
    let own = node.get(draft.id_keyword()).and_then(JsonNode::as_str).filter(|id| !id.starts_with('#'));
    let base: Option<Url> = own.and_then(|id| place.base.join(id).ok());
    NodePlace { base: base.unwrap_or_else(|| place.base.clone()), ..place.clone() }
}

fn number_of(node: &JsonNode) -> Option<&Number> {
    match &node.value {
        JsonValue::Number(number) => Some(number),
        _ => None,
    }
}

/// Returns one of the possible values as text; `None` for lists and objects. A string that reads like another value is quoted:
/// `"1"` is not 1.
fn enumerated_text(node: &JsonNode) -> Option<String> {
    match &node.value {
        JsonValue::String(text) if serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok() => {
            Some(format!("\"{text}\""))
        }
        _ => scalar_text(node),
    }
}

/// Returns a scalar as text; `None` for lists and objects.
fn scalar_text(node: &JsonNode) -> Option<String> {
    match &node.value {
        JsonValue::String(text) => Some(text.clone()),
        JsonValue::Number(number) => Some(number.to_string()),
        JsonValue::Boolean(value) => Some(value.to_string()),
        JsonValue::Null => Some("null".to_owned()),
        _ => None,
    }
}

fn read_facets(node: &JsonNode, parts: &mut ValueKeywords) {
    let bound = |name: &str, is_exclusive: bool| {
        let number = node.get(name).and_then(number_of)?;
        Some(Bound { text: number.to_string(), is_exclusive })
    };
    // Before edition 6 `exclusiveMinimum` is a Boolean beside `minimum`.
    let old = |name: &str| node.get(name).is_some_and(|value| value.value == JsonValue::Boolean(true));
    let facets = &mut parts.facets;
    let minimum = bound("exclusiveMinimum", true).or_else(|| bound("minimum", old("exclusiveMinimum")));
    let maximum = bound("exclusiveMaximum", true).or_else(|| bound("maximum", old("exclusiveMaximum")));
    facets.minimum = minimum.or(facets.minimum.take());
    facets.maximum = maximum.or(facets.maximum.take());
    let length = |name: &str| node.get(name).and_then(number_of).cloned();
    facets.min_length = length("minLength").or(facets.min_length.take());
    facets.max_length = length("maxLength").or(facets.max_length.take());
    for keyword in ["pattern", "format"] {
        if let Some(text) = node.get(keyword).and_then(JsonNode::as_str) {
            facets.rules.insert(format!("{keyword} {text}"));
        }
    }
    let values = match (node.get("const"), node.get("enum")) {
        (Some(value), _) => vec![value.clone()],
        (None, Some(values)) => values.items().to_vec(),
        (None, None) => return,
    };
    parts.values = Some(match parts.values.take() {
        Some(known) => known.into_iter().filter(|value| values.iter().any(|other| same(value, other))).collect(),
        None => values,
    });
}

fn same(left: &JsonNode, right: &JsonNode) -> bool {
    left.to_serde() == right.to_serde()
}

/// Returns the types that a schema allows; those of its values, if it only lists these.
fn types_of(parts: &ValueKeywords) -> Option<BTreeSet<String>> {
    if parts.types.is_some() {
        return parts.types.clone();
    }
    let values = parts.values.as_ref()?;
    let names = values.iter().map(|value| match &value.value {
        JsonValue::Null => "null",
        JsonValue::Boolean(_) => "boolean",
        JsonValue::Number(number) if number.is_integer() => "integer",
        JsonValue::Number(_) => "number",
        JsonValue::String(_) => "string",
        JsonValue::Array(_) => "array",
        JsonValue::Object(_) => "object",
    });
    Some(names.map(ToOwned::to_owned).collect())
}

/// Returns the type of a scalar. `None` if it is never one.
fn value_type(parts: &ValueKeywords) -> Option<SimpleType> {
    let kind = match types_of(parts) {
        None if parts.is_object || !parts.items.is_empty() => return None,
        None => ValueKind::Any,
        Some(types) => {
            let has = |name: &str| types.contains(name);
            let number = match (has("number"), has("integer")) {
                (true, _) => Some(ValueKind::Decimal),
                (false, true) => Some(ValueKind::Integer),
                _ => None,
            };
            let string = has("string").then_some(ValueKind::String);
            let boolean = has("boolean").then_some(ValueKind::Boolean);
            let mut kinds = [number, string, boolean].into_iter().flatten();
            match (kinds.next(), kinds.next()) {
                (Some(kind), None) => kind,
                (Some(_), Some(_)) => ValueKind::Any,
                _ => return None,
            }
        }
    };
    let mut facets = parts.facets.clone();
    facets.enumeration = parts.values.as_ref().map(|values| values.iter().filter_map(enumerated_text).collect());
    if kind == ValueKind::Any
        && let Some(types) = types_of(parts)
    {
        let scalars = ["boolean", "integer", "number", "string"];
        facets.types = Some(scalars.into_iter().filter(|name| types.contains(*name)).collect());
    }
    Some(SimpleType { kind, is_list: false, facets })
}
