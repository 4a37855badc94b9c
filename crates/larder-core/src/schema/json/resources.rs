//! The files of a schema; where `$ref`s lead.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use url::Url;

use super::super::source::{ImportRequest, Resolver, SchemaFiles, error_at};
use super::draft::{Draft, is_meta_schema};
use crate::diagnostic::{SourceFinding, nearest};
use crate::document::{Area, JsonNode, JsonValue, SourceFile, parse_json};

/// A file of a schema.
#[derive(Debug)]
pub(super) struct Resource {
    pub(super) source: SourceFile,
    /// The number of its file.
    pub(super) file: usize,
    pub(super) root: JsonNode,
    /// The address that it is found under.
    pub(super) address: Url,
}

/// All files of a schema, with the addresses of what is in them.
#[derive(Debug)]
pub(super) struct Resources {
    pub(super) all: Vec<Resource>,
    pub(super) draft: Draft,
    /// Schemas by their addresses without fragments: the file and the place in it.
    schemas: BTreeMap<String, NodePlace>,
    /// Places by address and anchor: `https://…#name`.
    anchors: BTreeMap<String, NodePlace>,
}

/// A schema in a file: the number of the file, and a JSON Pointer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct NodePlace {
    pub(super) resource: usize,
    pub(super) pointer: String,
    /// The address against which `$ref`s in it count.
    pub(super) base: Url,
}

/// Keywords with a schema.
const SINGLE: [&str; 15] = [
    "items",
    "additionalItems",
    "additionalProperties",
    "not",
    "if",
    "then",
    "else",
    "contains",
    "propertyNames",
    "unevaluatedItems",
    "unevaluatedProperties",
    "contentSchema",
    "extends",
    "disallow",
    "additionalItem",
];
/// Keywords with a list of schemas.
const LISTS: [&str; 5] = ["allOf", "anyOf", "oneOf", "prefixItems", "items"];
/// Keywords with schemas by name.
const MAPS: [&str; 6] = ["properties", "patternProperties", "$defs", "definitions", "dependentSchemas", "dependencies"];

/// A schema on the way through a file.
struct Visit<'a> {
    node: &'a JsonNode,
    pointer: String,
    base: Url,
}

/// Calls `visit` for each schema of a file, outer ones first.
fn walk<'a>(root: &'a JsonNode, address: &Url, draft: Draft, visit: &mut dyn FnMut(&Visit<'a>)) {
    let mut pending = vec![Visit { node: root, pointer: String::new(), base: address.clone() }];
    while let Some(mut here) = pending.pop() {
        if let Some(id) = here.node.get(draft.id_keyword()).and_then(JsonNode::as_str)
            && !id.starts_with('#')
            && !(draft.ref_stands_alone() && here.node.get("$ref").is_some())
            && let Ok(base) = here.base.join(id)
        {
            here.base = base;
            here.base.set_fragment(None);
        }
        visit(&here);
        let below = |node: &'a JsonNode, steps: &[&str]| {
            let steps: Vec<String> =
                steps.iter().map(|step| format!("/{}", step.replace('~', "~0").replace('/', "~1"))).collect();
            Visit { node, pointer: format!("{}{}", here.pointer, steps.concat()), base: here.base.clone() }
        };
        for member in here.node.members() {
            let name = member.name.as_str();
            match &member.node.value {
                JsonValue::Object(inner) if MAPS.contains(&name) => {
                    pending.extend(inner.iter().map(|inner| below(&inner.node, &[name, &inner.name])));
                }
                JsonValue::Object(_) | JsonValue::Boolean(_) if SINGLE.contains(&name) => {
                    pending.push(below(&member.node, &[name]));
                }
                JsonValue::Array(items) if LISTS.contains(&name) => {
                    let items = items.iter().enumerate();
                    pending.extend(items.map(|(place, item)| below(item, &[name, &place.to_string()])));
                }
                _ => {}
            }
        }
    }
}

/// Returns the address of a file that says nothing about its own.
fn made_up_address(file: &str) -> Url {
    let path = percent_encoding::utf8_percent_encode(file, percent_encoding::NON_ALPHANUMERIC).to_string();
    let path = path.replace("%2F", "/").replace("%2E", ".").replace("%2D", "-").replace("%5F", "_");
    Url::parse(&format!("larder:///{path}")).unwrap_or_else(|_| fallback_address())
}

fn fallback_address() -> Url {
    Url::parse("larder:///schema").unwrap_or_else(|_| unreachable!("a constant address"))
}

/// Finds all files that `$ref`s lead to.
pub(super) fn collect(
    source: &SourceFile,
    root: JsonNode,
    draft: Draft,
    files: &mut SchemaFiles,
    resolver: &Resolver<'_>,
) -> (Resources, Vec<SourceFinding>) {
    let mut resources = Resources { all: Vec::new(), draft, schemas: BTreeMap::new(), anchors: BTreeMap::new() };
    let mut findings = Vec::new();
    match files.add(source) {
        Ok(file) => resources.add(source.clone(), file, root, None),
        Err(finding) => findings.push(*finding),
    }
    let mut next = 0;
    while next < resources.all.len() {
        for (location, address, offset) in resources.outer_references(next) {
            if resources.schemas.contains_key(address.as_str()) || is_meta_schema(address.as_str()) {
                continue;
            }
            let from = &resources.all[next].source;
            let request = ImportRequest { from: &from.file, location: Some(&location), namespace: None };
            let Some(found) = resolver(&request) else {
                let message = format!("`{location}` is not in the package or its dependencies");
                let finding = error_at("schema.import", from, offset, message);
                let is_remote = location.contains("://");
                findings.push(finding.with_help(if is_remote {
                    "nothing is fetched while checking: add the file to the package, or a dependency that has it"
                } else {
                    "locations are relative to the file"
                }));
                continue;
            };
            // A file that is known has one more address. Each of its own references would otherwise make it new again.
            if let Some(known) = resources.all.iter().position(|resource| resource.source.file == found.file) {
                let base = resources.all[known].address.clone();
                let place = NodePlace { resource: known, pointer: String::new(), base };
                resources.schemas.entry(address.to_string()).or_insert(place);
                continue;
            }
            match parse_json(&found.text) {
                Err(error) => findings.push(found.finding(Area::Schema, &error)),
                Ok(root) => match files.add(&found) {
                    Ok(file) => resources.add(found, file, root, Some(address)),
                    Err(finding) => findings.push(*finding),
                },
            }
        }
        next += 1;
    }
    findings.sort();
    findings.dedup();
    (resources, findings)
}

impl Resources {
    /// Adds a file. `address` is where it was looked for.
    fn add(&mut self, source: SourceFile, file: usize, root: JsonNode, address: Option<Url>) {
        let address = address.unwrap_or_else(|| made_up_address(&source.file));
        let number = self.all.len();
        let (mut schemas, mut anchors) = (vec![(address.to_string(), String::new(), address.clone())], Vec::new());
        let draft = self.draft;
        walk(&root, &address, draft, &mut |here| {
            let id = here.node.get(draft.id_keyword()).and_then(JsonNode::as_str);
            if id.is_some_and(|id| !id.starts_with('#')) {
                schemas.push((here.base.to_string(), here.pointer.clone(), here.base.clone()));
            }
            let named =
                ["$anchor", "$dynamicAnchor"].into_iter().filter_map(|keyword| here.node.get(keyword)?.as_str());
            let old = id.and_then(|id| id.strip_prefix('#'));
            for name in named.chain(old) {
                anchors.push((format!("{}#{name}", here.base), here.pointer.clone(), here.base.clone()));
            }
        });
        for (address, pointer, base) in schemas {
            self.schemas.entry(address).or_insert(NodePlace { resource: number, pointer, base });
        }
        for (address, pointer, base) in anchors {
            self.anchors.entry(address).or_insert(NodePlace { resource: number, pointer, base });
        }
        self.all.push(Resource { source, file, root, address });
    }

    /// Returns what the `$ref`s of a file name outside of it: as written, the address, the place.
    fn outer_references(&self, number: usize) -> Vec<(String, Url, usize)> {
        let resource = &self.all[number];
        let mut outer = Vec::new();
        walk(&resource.root, &resource.address, self.draft, &mut |here| {
            for keyword in ["$ref", "$dynamicRef", "$recursiveRef"] {
                let Some(node) = here.node.get(keyword) else { continue };
                let location = node.as_str().unwrap_or_default();
                let before = location.split('#').next().unwrap_or_default();
                if before.is_empty() {
                    continue;
                }
                if let Ok(mut address) = here.base.join(location) {
                    address.set_fragment(None);
                    outer.push((before.to_owned(), address, node.offset));
                }
            }
        });
        outer
    }

    /// Returns the schema at a place.
    pub(super) fn node(&self, place: &NodePlace) -> Option<&JsonNode> {
        self.all.get(place.resource)?.root.pointer(&place.pointer)
    }

    /// Returns where a `$ref` leads. `base` is the address that counts where it stands.
    pub(super) fn target(&self, base: &Url, reference: &str) -> Option<NodePlace> {
        let mut address = base.join(reference).ok()?;
        let fragment = address.fragment().unwrap_or_default().to_owned();
        address.set_fragment(None);
        let fragment = percent_encoding::percent_decode_str(&fragment).decode_utf8().ok()?.into_owned();
        let place = self.schemas.get(address.as_str())?;
        if fragment.is_empty() {
            return Some(place.clone());
        }
        if !fragment.starts_with('/') {
            return self.anchors.get(&format!("{address}#{fragment}")).cloned();
        }
        let pointer = format!("{}{fragment}", place.pointer);
        let target = NodePlace { resource: place.resource, pointer, base: place.base.clone() };
        self.node(&target).map(|_| target)
    }

    /// Adds a finding for each `$ref` that leads nowhere.
    pub(super) fn check_references(&self, findings: &mut Vec<SourceFinding>) {
        for resource in &self.all {
            walk(&resource.root, &resource.address, self.draft, &mut |here| {
                let Some(node) = here.node.get("$ref") else { return };
                let text = node.as_str().unwrap_or_default();
                let address = here.base.join(text).map(|address| address.to_string()).unwrap_or_default();
                if is_meta_schema(address.split('#').next().unwrap_or_default()) {
                    return;
                }
                if self.target(&here.base, text).is_none() {
                    let message = format!("$ref \"{text}\" leads nowhere");
                    let finding = error_at("schema.unresolved", &resource.source, node.offset, message);
                    let finding = finding.with_path(format!("{}/$ref", here.pointer));
                    findings.push(match self.near(text) {
                        Some(near) => finding.with_help(format!("did you mean `{near}`?")),
                        None => finding,
                    });
                }
            });
        }
    }

    /// Adds a finding for each `$ref` that leads back to itself without going into the value: validation would not end.
    pub(super) fn check_circles(&self, findings: &mut Vec<SourceFinding>) {
        /// A schema on the way, with what it applies to the same value.
        struct Frame {
            key: (usize, String),
            next: Vec<(NodePlace, Option<usize>)>,
        }
        // `false` while a schema is on the way, `true` once all that it applies is known.
        let mut seen: HashMap<(usize, String), bool> = HashMap::new();
        let frame = |place: &NodePlace, seen: &mut HashMap<(usize, String), bool>| {
            let key = (place.resource, place.pointer.clone());
            seen.insert(key.clone(), false);
            Frame { key, next: self.applied(place) }
        };
        for (number, resource) in self.all.iter().enumerate() {
            let mut starts = Vec::new();
            walk(&resource.root, &resource.address, self.draft, &mut |here| {
                if here.node.get("$ref").is_some() {
                    starts.push(NodePlace { resource: number, pointer: here.pointer.clone(), base: here.base.clone() });
                }
            });
            for start in starts {
                if seen.contains_key(&(start.resource, start.pointer.clone())) {
                    continue;
                }
                let mut stack = vec![frame(&start, &mut seen)];
                // The `$ref` that was followed last: a circle has one.
                let mut last = None;
                while let Some(top) = stack.last_mut() {
                    let Some((place, reference)) = top.next.pop() else {
                        seen.insert(top.key.clone(), true);
                        stack.pop();
                        continue;
                    };
                    let from = top.key.0;
                    last = reference.map(|offset| (from, offset)).or(last);
                    match seen.get(&(place.resource, place.pointer.clone())) {
                        Some(true) => {}
                        None => stack.push(frame(&place, &mut seen)),
                        Some(false) => {
                            let (from, offset) = last.unwrap_or_default();
                            let message = "this `$ref` leads back to itself without going into the value";
                            findings.push(error_at("schema.invalid", &self.all[from].source, offset, message));
                        }
                    }
                }
            }
        }
    }

    /// Returns the schemas that a schema applies to the same value; for a `$ref` also its byte.
    fn applied(&self, place: &NodePlace) -> Vec<(NodePlace, Option<usize>)> {
        let Some(node) = self.node(place) else { return Vec::new() };
        let mut applied = Vec::new();
        if let Some(reference) = node.get("$ref") {
            let target = self.target(&place.base, reference.as_str().unwrap_or_default());
            applied.extend(target.map(|target| (target, Some(reference.offset))));
            if self.draft.ref_stands_alone() {
                return applied;
            }
        }
        let below = |pointer: String| NodePlace { pointer, ..place.clone() };
        for keyword in ["allOf", "anyOf", "oneOf"] {
            let number = node.get(keyword).map_or(0, |list| list.items().len());
            applied.extend((0..number).map(|item| (below(format!("{}/{keyword}/{item}", place.pointer)), None)));
        }
        for keyword in ["not", "if", "then", "else"] {
            if node.get(keyword).is_some() {
                applied.push((below(format!("{}/{keyword}", place.pointer)), None));
            }
        }
        for keyword in ["dependentSchemas", "dependencies"] {
            for member in node.get(keyword).map(JsonNode::members).unwrap_or_default() {
                let step = member.name.replace('~', "~0").replace('/', "~1");
                applied.push((below(format!("{}/{keyword}/{step}", place.pointer)), None));
            }
        }
        applied
    }

    fn near(&self, text: &str) -> Option<String> {
        let mut names: Vec<String> = Vec::new();
        for keyword in ["$defs", "definitions"] {
            let members = self.all.first()?.root.get(keyword).map(JsonNode::members).unwrap_or_default();
            names.extend(members.iter().map(|member| format!("#/{keyword}/{}", member.name)));
        }
        nearest(text, names.iter().map(String::as_str)).map(ToOwned::to_owned)
    }

    /// Returns the place of the whole schema.
    pub(super) fn root(&self) -> NodePlace {
        let base = self.all.first().map_or_else(fallback_address, |resource| resource.address.clone());
        NodePlace { resource: 0, pointer: String::new(), base }
    }

    /// Returns the file of a place.
    pub(super) fn file(&self, place: &NodePlace) -> usize {
        self.all.get(place.resource).map_or(0, |resource| resource.file)
    }

    /// Returns the texts of all files by their addresses, as the `jsonschema` crate asks for them.
    pub(super) fn by_address(&self) -> BTreeMap<String, Arc<serde_json::Value>> {
        let values: Vec<Arc<serde_json::Value>> =
            self.all.iter().map(|resource| Arc::new(resource.root.to_serde())).collect();
        let whole = self.schemas.iter().filter(|(_, place)| place.pointer.is_empty());
        whole.map(|(address, place)| (address.clone(), Arc::clone(&values[place.resource]))).collect()
    }
}
