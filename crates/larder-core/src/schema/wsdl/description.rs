//! Documents → operations, bindings, ports.

use std::collections::BTreeMap;

use super::super::shape::EntryRoot;
use super::super::source::{ImportRequest, Resolver, SchemaFiles, error_at, xml_root};
use super::super::xsd::{XS, Xsd};
use super::vocabulary::Vocabulary;
use crate::diagnostic::{SourceFinding, nearest};
use crate::document::{Name, SourceFile, XmlElement};

/// What a description has. Names are qualified by the namespace of their document.
#[derive(Debug, Default)]
pub(crate) struct WsdlComponents {
    pub(super) messages: BTreeMap<Name, Vec<MessagePart>>,
    pub(crate) interfaces: BTreeMap<Name, Vec<Operation>>,
    pub(super) bindings: Vec<Binding>,
    pub(super) endpoints: Vec<WsdlEndpoint>,
}

/// A part of a message.
#[derive(Clone, Debug)]
pub(super) struct MessagePart {
    pub(super) name: String,
    /// The element or type; `None` if its prefix is not declared, or neither is named.
    pub(super) content: Option<(Name, bool)>,
    pub(super) place: Mention,
}

/// A place where something is named.
#[derive(Clone, Debug)]
pub(super) struct Mention {
    pub(super) source: SourceFile,
    pub(super) offset: usize,
    /// As it is written.
    pub(super) text: String,
}

/// An operation.
#[derive(Clone, Debug)]
pub(crate) struct Operation {
    pub(crate) name: String,
    pub(super) messages: Vec<OperationMessage>,
}

/// What an operation takes, gives, or fails with.
#[derive(Clone, Debug)]
pub(super) struct OperationMessage {
    /// `submit/input`.
    pub(super) entry: String,
    /// The message, in WSDL 1.1.
    pub(super) message: Option<Name>,
    /// The element, in WSDL 2.0.
    pub(super) element: Option<Name>,
    /// The element around the parts of the message, in the style of remote calls.
    pub(super) wrapper: Option<Name>,
    pub(super) place: Mention,
}

#[derive(Debug)]
pub(super) struct Binding {
    pub(super) name: Name,
    pub(super) interface: Option<Name>,
    pub(super) place: Mention,
    pub(super) operations: Vec<Mention>,
}

#[derive(Debug)]
pub(super) struct WsdlEndpoint {
    pub(super) name: String,
    pub(super) binding: Option<Name>,
    pub(super) place: Mention,
}

impl WsdlComponents {
    /// Returns the ports with the port types that they are bound to, as text.
    pub(crate) fn bound_ports(&self) -> Vec<String> {
        let bound = self.endpoints.iter().filter_map(|endpoint| {
            let binding = self.bindings.iter().find(|binding| Some(&binding.name) == endpoint.binding.as_ref())?;
            let interface = binding.interface.as_ref()?;
            Some(format!("{} ({})", endpoint.name, interface.local))
        });
        bound.collect()
    }

    /// Returns everything that operations take, give or fail with.
    pub(super) fn messages_of_operations(&self) -> Vec<&OperationMessage> {
        self.interfaces.values().flatten().flat_map(|operation| &operation.messages).collect()
    }
}

impl OperationMessage {
    /// Returns the root of its documents: the wrapper, the element, or the first part of the message that is an element.
    pub(super) fn root<'a>(&self, description: &WsdlComponents, xsd: &'a Xsd) -> Option<&'a EntryRoot> {
        let parts = self.message.as_ref().and_then(|message| description.messages.get(message));
        let part =
            parts.into_iter().flatten().find_map(|part| part.content.as_ref().filter(|(_, is_element)| *is_element));
        let name = self.wrapper.as_ref().or(self.element.as_ref()).or(part.map(|(name, _)| name))?;
        xsd.element_root(name)
    }
}

/// Reads a description with those that it imports. Returns it with the schemas in it, and what is wrong with it.
pub(super) fn read(
    source: &SourceFile,
    root: XmlElement,
    words: Vocabulary,
    files: &mut SchemaFiles,
    resolver: &Resolver<'_>,
) -> (WsdlComponents, Vec<(SourceFile, XmlElement, usize)>, Vec<SourceFinding>) {
    let mut reader =
        WsdlReader { words, description: WsdlComponents::default(), schemas: Vec::new(), findings: Vec::new() };
    let mut pending = vec![(source.clone(), root)];
    let mut seen: Vec<std::sync::Arc<str>> = vec![source.file.clone()];
    while let Some((source, root)) = pending.pop() {
        let file = match files.add(&source) {
            Ok(file) => file,
            Err(finding) => {
                reader.findings.push(*finding);
                continue;
            }
        };
        reader.structure(&source, &root);
        for import in root.children.iter().filter(|child| words.is(child, "import") || words.is(child, "include")) {
            let request = ImportRequest {
                from: &source.file,
                location: import.attribute("location"),
                namespace: import.attribute("namespace"),
            };
            let Some(found) = resolver(&request) else {
                let text = request.location.or(request.namespace).unwrap_or_default();
                let message = format!("`{text}` is not in the package or its dependencies");
                reader.findings.push(error_at("schema.import", &source, import.offset(), message));
                continue;
            };
            if seen.contains(&found.file) {
                continue;
            }
            seen.push(found.file.clone());
            match xml_root(&found) {
                Err(finding) => reader.findings.push(*finding),
                Ok(root) if root.name.is(XS, "schema") => match files.add(&found) {
                    Ok(file) => reader.schemas.push((found, root, file)),
                    Err(finding) => reader.findings.push(*finding),
                },
                Ok(root) if Vocabulary::of(&root) == Some(words) => pending.push((found, root)),
                Ok(root) => {
                    let message =
                        format!("{} is no {} document: its root element is {}", found.file, words.edition, root.name);
                    reader.findings.push(error_at("schema.import", &source, import.offset(), message));
                }
            }
        }
        reader.document(&source, root, file);
    }
    let WsdlReader { description, schemas, findings, .. } = reader;
    (description, schemas, findings)
}

struct WsdlReader {
    words: Vocabulary,
    description: WsdlComponents,
    schemas: Vec<(SourceFile, XmlElement, usize)>,
    findings: Vec<SourceFinding>,
}

impl WsdlReader {
    /// Reports elements that may not stand where they do, and attributes that are missing.
    fn structure(&mut self, source: &SourceFile, element: &XmlElement) {
        let words = self.words;
        if *element.name.namespace != *words.namespace || words.is(element, "types") {
            return;
        }
        let local = &*element.name.local;
        for (_, attribute) in words.required.iter().filter(|(of, _)| *of == local) {
            if element.attribute(attribute).is_none() {
                let message = format!("{local} needs the attribute `{attribute}`");
                self.findings.push(error_at("schema.invalid", source, element.offset(), message));
            }
        }
        if let Some((_, allowed)) = words.children.iter().find(|(of, _)| *of == local) {
            for child in element.children.iter().filter(|child| *child.name.namespace == *words.namespace) {
                if !allowed.contains(&&*child.name.local) {
                    let message = format!("{local} has no `{}`", child.name.local);
                    let finding = error_at("schema.invalid", source, child.offset(), message);
                    self.findings.push(match nearest(&child.name.local, allowed.iter().copied()) {
                        Some(near) => finding.with_help(format!("did you mean `{near}`?")),
                        None => finding.with_help(format!("`{}` are possible", allowed.join("`, `"))),
                    });
                }
            }
        }
        element.children.iter().for_each(|child| self.structure(source, child));
    }

    fn document(&mut self, source: &SourceFile, mut root: XmlElement, file: usize) {
        let words = self.words;
        let namespace = root.attribute("targetNamespace").unwrap_or_default().to_owned();
        let name = |element: &XmlElement| Name::new(namespace.as_str(), element.attribute("name").unwrap_or_default());
        for types in root.children.iter_mut().filter(|child| words.is(child, "types")) {
            let schemas = std::mem::take(&mut types.children).into_iter().filter(|child| child.name.is(XS, "schema"));
            self.schemas.extend(schemas.map(|schema| (source.clone(), schema, file)));
        }
        for child in &root.children {
            if words.is(child, "message") {
                let parts = child.children.iter().filter(|part| words.is(part, "part"));
                let parts = parts.map(|part| self::part(source, part)).collect();
                self.description.messages.insert(name(child), parts);
            } else if words.is(child, words.interface) {
                let remote = remote_calls(&root, &words, &name(child));
                let operations = child.children.iter().filter(|operation| words.is(operation, "operation"));
                let operations = operations.map(|one| operation(source, one, &words, remote.as_deref())).collect();
                self.description.interfaces.insert(name(child), operations);
            } else if words.is(child, "binding") {
                let operations = child.children.iter().filter(|operation| words.is(operation, "operation"));
                let by = if words.interface == "interface" { "ref" } else { "name" };
                let operations = operations.map(|operation| Mention::of(source, operation, by)).collect();
                let interface = child.attribute(words.bound).and_then(|value| child.qualified(value));
                let place = Mention::of(source, child, words.bound);
                self.description.bindings.push(Binding { name: name(child), interface, place, operations });
            } else if words.is(child, "service") {
                for port in child.children.iter().filter(|port| words.is(port, words.endpoint)) {
                    let binding = port.attribute("binding").and_then(|value| port.qualified(value));
                    let name = port.attribute("name").unwrap_or_default().to_owned();
                    self.description.endpoints.push(WsdlEndpoint {
                        name,
                        binding,
                        place: Mention::of(source, port, "binding"),
                    });
                }
            }
        }
    }
}

/// Returns the namespace of the elements that the operations of an interface have, if they are bound in the style of remote
/// calls.
fn remote_calls(root: &XmlElement, words: &Vocabulary, interface: &Name) -> Option<String> {
    let is_bound = |binding: &&XmlElement| {
        binding.attribute(words.bound).and_then(|value| binding.qualified(value)).as_ref() == Some(interface)
    };
    let bindings = root.children.iter().filter(|child| words.is(child, "binding")).filter(is_bound);
    for binding in bindings {
        let style = |element: &XmlElement| {
            let soap = element.children.iter().find(|child| child.attribute("style").is_some());
            soap.and_then(|soap| soap.attribute("style")).map(ToOwned::to_owned)
        };
        let operations = binding.children.iter().filter(|child| words.is(child, "operation"));
        let is_remote = style(binding).as_deref() == Some("rpc")
            || operations.clone().any(|one| style(one).as_deref() == Some("rpc"));
        if is_remote {
            let mut bodies = operations.flat_map(|operation| &operation.children).flat_map(|message| &message.children);
            let stated = bodies.find_map(|body| body.attribute("namespace"));
            return Some(stated.map_or_else(|| interface.namespace.to_string(), ToOwned::to_owned));
        }
    }
    None
}

fn part(source: &SourceFile, part: &XmlElement) -> MessagePart {
    let (attribute, is_element) = if part.attribute("element").is_some() { ("element", true) } else { ("type", false) };
    let content = part.attribute(attribute).and_then(|value| part.qualified(value));
    MessagePart {
        name: part.attribute("name").unwrap_or_default().to_owned(),
        content: content.map(|name| (name, is_element)),
        place: Mention::of(source, part, attribute),
    }
}

fn operation(source: &SourceFile, element: &XmlElement, words: &Vocabulary, remote: Option<&str>) -> Operation {
    let name = element.attribute("name").unwrap_or_default().to_owned();
    let mut messages = Vec::new();
    for child in element.children.iter().filter(|child| *child.name.namespace == *words.namespace) {
        let kind = match &*child.name.local {
            kind @ ("input" | "output") => kind,
            "fault" => child.attribute("name").unwrap_or("fault"),
            "infault" | "outfault" => {
                child.attribute("ref").and_then(|name| name.rsplit(':').next()).unwrap_or("fault")
            }
            _ => continue,
        };
        let wrapper = match (remote, kind) {
            (Some(namespace), "input") => Some(Name::new(namespace, name.as_str())),
            (Some(namespace), "output") => Some(Name::new(namespace, format!("{name}Response"))),
            _ => None,
        };
        let attribute = if child.attribute("message").is_some() { "message" } else { "element" };
        // `#none`, `#any` and `#other` have no schema.
        let content = child.attribute(attribute).filter(|value| !value.starts_with('#'));
        let content = content.and_then(|value| child.qualified(value));
        let (message, element) = if attribute == "message" { (content, None) } else { (None, content) };
        let place = Mention::of(source, child, attribute);
        messages.push(OperationMessage { entry: format!("{name}/{kind}"), message, element, wrapper, place });
    }
    Operation { name, messages }
}

impl Mention {
    fn of(source: &SourceFile, element: &XmlElement, attribute: &str) -> Self {
        let node = element.attribute_node(attribute);
        Self {
            source: source.clone(),
            offset: node.map_or(element.offset(), |node| node.value_offset),
            text: node.map(|node| node.value.clone()).unwrap_or_default(),
        }
    }

    pub(super) fn error(&self, message: String) -> SourceFinding {
        error_at("schema.unresolved", &self.source, self.offset, message)
    }
}
