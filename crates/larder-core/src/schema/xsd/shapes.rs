//! Complex types → shapes.

use std::collections::{BTreeMap, HashMap};

use super::super::shape::{
    AttributeShape, Budget, ChoiceKind, ElementShape, Entry, EntryRoot, FileOffset, Format, Particle, ShapeGraph,
    SimpleType, Term, TypeId, TypeShape, Undecided, ValueKind, Wildcard, WildcardPlace,
};
use super::components::{Components, XsdComponent, XsdComponentKind};
use super::simple::{SimpleTypes, restricted};
use super::{XS, XsdDocument, builtin};
use crate::diagnostic::SourceFinding;
use crate::document::{Name, XmlElement};

/// The longest chain of bases and groups that are followed: the rules refuse longer ones.
const MAX_CHAIN: usize = 100;

/// The most elements of a type that may be left out or repeated. So many take some seconds to be checked.
const MAX_VARIABLE: usize = 2_000;

/// Makes the shapes of all elements and types that the schema itself declares.
pub(super) fn build(documents: &[XsdDocument], components: &Components<'_>) -> Result<ShapeGraph, Box<SourceFinding>> {
    let mut builder = ShapeBuilder {
        documents,
        components,
        simple: SimpleTypes { documents, components },
        types: Vec::new(),
        known: HashMap::new(),
        pending: Vec::new(),
        budget: Budget::new(),
    };
    let mut entries: Vec<Entry> = Vec::new();
    let own = |component: &XsdComponent<'_>| documents[component.document].is_own;
    for (name, component) in components.names(XsdComponentKind::Element).filter(|(_, component)| own(component)) {
        let type_id = builder.element_type(component);
        let place = builder.place(component);
        entries.push(Entry {
            text: name.local.as_ref().into(),
            root: EntryRoot { name: Some(name.clone()), type_id, place },
        });
    }
    for (name, component) in components.names(XsdComponentKind::Type).filter(|(_, component)| own(component)) {
        let type_id = builder.type_of(component, Some(name));
        let place = builder.place(component);
        if !entries.iter().any(|entry| *entry.text == *name.local && entry.root.name.is_some()) {
            entries.push(Entry { text: name.local.as_ref().into(), root: EntryRoot { name: None, type_id, place } });
        }
    }
    while let Some((type_id, component)) = builder.pending.pop() {
        builder.fill(type_id, component);
        let content = builder.types[type_id].content.as_ref();
        if content.is_some_and(|content| content.variable_parts() > MAX_VARIABLE) {
            let document = &documents[component.document];
            let message = format!("a type has more than {MAX_VARIABLE} elements that may be left out or repeated");
            let finding = document.error("schema.limit", component.node.offset(), message);
            return Err(Box::new(finding.with_help("give elements that belong together an element around them")));
        }
        if builder.budget.is_spent() {
            let document = &documents[component.document];
            let message = "the types stand for more than 200,000 elements and attributes".to_owned();
            let finding = document.error("schema.limit", component.node.offset(), message);
            return Err(Box::new(
                finding.with_help("groups and bases that use each other several times grow with each level"),
            ));
        }
    }
    Ok(ShapeGraph { format: Format::Xml, types: builder.types, entries }.finish())
}

struct ShapeBuilder<'a> {
    documents: &'a [XsdDocument],
    components: &'a Components<'a>,
    simple: SimpleTypes<'a>,
    types: Vec<TypeShape>,
    /// The types that have a number, by document and place of their declaration.
    known: HashMap<(usize, usize), TypeId>,
    /// The types that have a number and nothing else yet.
    pending: Vec<(TypeId, XsdComponent<'a>)>,
    budget: Budget,
}

/// What a complex type has.
#[derive(Clone, Default)]
struct ComplexTypeParts {
    attributes: Vec<AttributeShape>,
    attribute_wildcards: Vec<Wildcard>,
    content: Option<Particle>,
    value: Option<SimpleType>,
    is_mixed: bool,
    is_open: bool,
    undecided: Vec<Undecided>,
    rules: BTreeMap<String, String>,
}

impl<'a> ShapeBuilder<'a> {
    fn place(&self, component: XsdComponent<'_>) -> FileOffset {
        FileOffset { file: self.documents[component.document].file, offset: component.node.offset() }
    }

    /// Returns the type of an element's declaration.
    fn element_type(&mut self, component: XsdComponent<'a>) -> TypeId {
        let XsdComponent { node, document, .. } = component;
        let here = &self.documents[document];
        if let Some(name) = node.attribute("type").and_then(|value| here.qualified(node, value)) {
            return self.named_type(&name);
        }
        let inline =
            node.children.iter().find(|child| child.name.is(XS, "complexType") || child.name.is(XS, "simpleType"));
        if let Some(inline) = inline {
            return self.type_of(XsdComponent { node: inline, ..component }, None);
        }
        let head = node.attribute("substitutionGroup").and_then(|heads| heads.split_ascii_whitespace().next());
        let head = head.and_then(|head| here.qualified(node, head));
        match head.and_then(|head| self.components.get(XsdComponentKind::Element, &head)) {
            // The rules refuse heads in a circle.
            Some(head) if head.node.attribute("type").is_some() => self.element_type(head),
            _ => self.named_type(&Name::new(XS, "anyType")),
        }
    }

    fn named_type(&mut self, name: &Name) -> TypeId {
        if let Some(component) = self.components.get(XsdComponentKind::Type, name) {
            return self.type_of(component, Some(name));
        }
        // Built-in types have no place: their numbers are kept by name.
        let slot = builtin::NAMES.iter().chain(&builtin::MORE_NAMES).position(|known| *known == &*name.local);
        let key = (usize::MAX, slot.unwrap_or(usize::MAX));
        if let Some(known) = self.known.get(&key) {
            return *known;
        }
        let is_any = name.is(XS, "anyType");
        let mut shape = TypeShape { name: Some(format!("xs:{}", name.local).into()), ..TypeShape::default() };
        shape.value = Some(builtin::simple(&name.local).unwrap_or_else(|| SimpleType::of(ValueKind::Any)));
        if is_any {
            (shape.is_mixed, shape.is_open) = (true, true);
            shape.undecided.push(Undecided { construct: "xs:anyType", place: FileOffset::default() });
            let (wildcard, type_id) = (Wildcard::Any, self.types.len());
            shape.wildcards.push(WildcardPlace { wildcard, is_repeated: true, behind: 0, type_id });
        }
        self.types.push(shape);
        self.known.insert(key, self.types.len() - 1);
        self.types.len() - 1
    }

    /// Returns the number of the type that a node describes.
    fn type_of(&mut self, component: XsdComponent<'a>, name: Option<&Name>) -> TypeId {
        let key = (component.document, component.node.offset());
        if let Some(known) = self.known.get(&key) {
            return *known;
        }
        let place = self.place(component);
        let name = name.map(|name| name.to_string().into());
        self.types.push(TypeShape { name, place, ..TypeShape::default() });
        let type_id = self.types.len() - 1;
        self.known.insert(key, type_id);
        self.pending.push((type_id, component));
        type_id
    }

    fn fill(&mut self, type_id: TypeId, component: XsdComponent<'a>) {
        let XsdComponent { node, document, .. } = component;
        if node.name.is(XS, "simpleType") {
            self.types[type_id].value = Some(self.simple.of(node, &self.documents[document], 0));
            return;
        }
        let parts = self.complex(component, 0);
        let shape = &mut self.types[type_id];
        shape.attributes = parts.attributes;
        shape.attribute_wildcards = parts.attribute_wildcards;
        shape.content = parts.content;
        shape.value = parts.value;
        shape.is_mixed = parts.is_mixed;
        shape.is_open = parts.is_open;
        shape.undecided = parts.undecided;
        shape.rules = parts.rules;
    }

    /// Reads a complex type with what it takes over from its base.
    fn complex(&mut self, component: XsdComponent<'a>, depth: usize) -> ComplexTypeParts {
        let XsdComponent { node, document, is_redefined } = component;
        let mut parts =
            ComplexTypeParts { is_mixed: node.attribute("mixed").is_some_and(is_true), ..ComplexTypeParts::default() };
        let place = self.place(component);
        if node.attribute("abstract").is_some_and(is_true) {
            parts.undecided.push(Undecided { construct: "an abstract type", place });
        }
        if is_redefined {
            parts.undecided.push(Undecided { construct: "xs:redefine", place });
        }
        let content = node
            .children
            .iter()
            .find(|child| child.name.is(XS, "complexContent") || child.name.is(XS, "simpleContent"));
        let Some(content) = content else {
            self.own_parts(node, document, depth, &mut parts);
            return parts;
        };
        parts.is_mixed |= content.attribute("mixed").is_some_and(is_true);
        let derivation =
            content.children.iter().find(|child| child.name.is(XS, "extension") || child.name.is(XS, "restriction"));
        let Some(derivation) = derivation else { return parts };
        let is_extension = derivation.name.is(XS, "extension");
        let here = &self.documents[document];
        let base_name = derivation.attribute("base").and_then(|base| here.qualified(derivation, base));
        let base = base_name.as_ref().map(|name| self.base(name, component, depth)).unwrap_or_default();
        if content.name.is(XS, "simpleContent") {
            let value = base.value.clone().unwrap_or_else(|| SimpleType::of(ValueKind::String));
            let inline = derivation.children.iter().find(|child| child.name.is(XS, "simpleType"));
            let value = match inline {
                Some(inline) => self.simple.of(inline, here, 0),
                None => value,
            };
            parts.value = Some(if is_extension { value } else { restricted(value, derivation) });
        }
        self.own_parts(derivation, document, depth, &mut parts);
        if is_extension {
            parts.is_mixed |= base.is_mixed;
            parts.is_open |= base.is_open;
            parts.attribute_wildcards.extend(base.attribute_wildcards);
            parts.content = match (base.content, parts.content.take()) {
                (Some(base), Some(own)) => Some(joined(base, own)),
                (base, own) => base.or(own),
            };
        }
        for inherited in base.attributes {
            let is_restated = parts.attributes.iter().any(|attribute| attribute.name == inherited.name);
            let is_prohibited = !is_extension
                && derivation.children_named(XS, "attribute").any(|attribute| {
                    attribute.attribute("use") == Some("prohibited")
                        && attribute
                            .attribute("name")
                            .or(attribute.attribute("ref"))
                            .is_some_and(|name| name.rsplit(':').next() == Some(&*inherited.name.local))
                });
            if !is_restated && !is_prohibited {
                parts.attributes.push(inherited);
            }
        }
        // What a base leaves open, all that is derived from it does; only that it is abstract is over.
        let inherited = base.undecided.into_iter().filter(|undecided| undecided.construct != "an abstract type");
        parts.undecided.extend(inherited);
        // A restriction admits the attributes that its own wildcard does.
        let rules = base.rules.into_iter().filter(|(rule, _)| is_extension || !rule.starts_with("xs:anyAttribute"));
        parts.rules.extend(rules);
        self.budget.take(parts.attributes.len() + parts.content.as_ref().map_or(0, Particle::size));
        parts
    }

    /// Returns the parts of a base.
    fn base(&mut self, name: &Name, derived: XsdComponent<'a>, depth: usize) -> ComplexTypeParts {
        match self.components.get(XsdComponentKind::Type, name) {
            // A redefinition names the type that it replaces.
            Some(base) if std::ptr::eq(base.node, derived.node) => ComplexTypeParts::default(),
            Some(base) if depth >= MAX_CHAIN || self.budget.is_spent() => {
                let _ = base;
                ComplexTypeParts::default()
            }
            Some(base) if base.node.name.is(XS, "complexType") => self.complex(base, depth + 1),
            _ if name.is(XS, "anyType") => ComplexTypeParts::default(),
            _ => ComplexTypeParts { value: Some(self.simple.named(name, 0)), ..ComplexTypeParts::default() },
        }
    }

    /// Reads attributes and content that stand in a node.
    fn own_parts(&mut self, node: &'a XmlElement, document: usize, depth: usize, parts: &mut ComplexTypeParts) {
        self.attributes(node, document, depth, parts);
        for child in node.children.iter().filter(|child| *child.name.namespace == *XS) {
            let place = FileOffset { file: self.documents[document].file, offset: child.offset() };
            match &*child.name.local {
                "sequence" | "choice" | "all" | "group" => {
                    parts.content = self.particle(child, document, depth, &mut parts.undecided);
                }
                "openContent" => {
                    parts.is_open = true;
                    parts.undecided.push(Undecided { construct: "xs:openContent", place });
                }
                "assert" => {
                    let test = child.attribute("test").unwrap_or_default();
                    parts.rules.insert(format!("xs:assert {test}"), String::new());
                    parts.undecided.push(Undecided { construct: "xs:assert", place });
                }
                _ => {}
            }
        }
    }

    fn attributes(&mut self, node: &'a XmlElement, document: usize, depth: usize, parts: &mut ComplexTypeParts) {
        for child in node.children.iter().filter(|child| *child.name.namespace == *XS) {
            match &*child.name.local {
                "attribute" => parts.attributes.extend(self.attribute(child, document)),
                "attributeGroup" if depth < MAX_CHAIN && !self.budget.is_spent() => {
                    let name = child.attribute("ref").and_then(|name| self.documents[document].qualified(child, name));
                    let group = name.and_then(|name| self.components.get(XsdComponentKind::AttributeGroup, &name));
                    if let Some(group) = group.filter(|group| !std::ptr::eq(group.node, node)) {
                        self.budget.take(1);
                        self.attributes(group.node, group.document, depth + 1, parts);
                    }
                }
                "anyAttribute" => {
                    let rule = format!("xs:anyAttribute {}", child.attribute("namespace").unwrap_or("##any"));
                    parts.rules.insert(rule, "open".to_owned());
                    let target = &self.documents[document].namespace;
                    parts.attribute_wildcards.push(Wildcard::of(child.attribute("namespace"), target));
                }
                _ => {}
            }
        }
    }

    fn attribute(&mut self, node: &XmlElement, document: usize) -> Option<AttributeShape> {
        self.budget.take(1);
        let used = node.attribute("use").unwrap_or_default();
        if used == "prohibited" {
            return None;
        }
        let here = &self.documents[document];
        let place = FileOffset { file: here.file, offset: node.offset() };
        let reference = node.attribute("ref").and_then(|name| here.qualified(node, name));
        let (name, declared, of) = if let Some(name) = reference {
            // Attributes of `xml:` need no file.
            let component = self.components.get(XsdComponentKind::Attribute, &name);
            let (declared, of) = component.map_or((node, document), |found| (found.node, found.document));
            (name, declared, of)
        } else {
            let form = node.attribute("form").or(here.root.attribute("attributeFormDefault"));
            let namespace = if form == Some("qualified") { here.namespace.clone() } else { "".into() };
            (Name::new(namespace, node.attribute("name")?.trim()), node, document)
        };
        let value = self.simple.base(declared, "type", &self.documents[of], 0);
        let fixed = node.attribute("fixed").or(declared.attribute("fixed")).map(ToOwned::to_owned);
        Some(AttributeShape { name, is_required: used == "required", value, fixed, place })
    }

    fn particle(
        &mut self,
        node: &'a XmlElement,
        document: usize,
        depth: usize,
        undecided: &mut Vec<Undecided>,
    ) -> Option<Particle> {
        if depth > MAX_CHAIN || !self.budget.take(1) {
            return None;
        }
        let (min, max) = occurrence(node)?;
        let here = &self.documents[document];
        let place = FileOffset { file: here.file, offset: node.offset() };
        let term = match &*node.name.local {
            "element" => self.element(node, document, place, undecided)?,
            "any" => {
                undecided.push(Undecided { construct: "xs:any", place });
                let wildcard = Wildcard::of(node.attribute("namespace"), &here.namespace);
                Term::Wildcard(wildcard, self.named_type(&Name::new(XS, "anyType")))
            }
            "group" => {
                let name = node.attribute("ref").and_then(|name| here.qualified(node, name))?;
                let group = self.components.get(XsdComponentKind::Group, &name)?;
                if group.is_redefined {
                    undecided.push(Undecided { construct: "xs:redefine", place });
                }
                let inner = group.node.children.iter().find(|child| {
                    *child.name.namespace == *XS && matches!(&*child.name.local, "sequence" | "choice" | "all")
                })?;
                let inner = self.particle(inner, group.document, depth + 1, undecided)?;
                if (min, max) == (1, Some(1)) {
                    return Some(inner);
                }
                Term::Sequence(vec![inner])
            }
            kind => {
                let parts = node.children.iter().filter(|child| {
                    *child.name.namespace == *XS
                        && matches!(&*child.name.local, "element" | "any" | "group" | "sequence" | "choice" | "all")
                });
                let parts = parts.filter_map(|part| self.particle(part, document, depth + 1, undecided)).collect();
                match kind {
                    "choice" => Term::Choice(parts, ChoiceKind::Branch),
                    "all" => Term::All(parts),
                    _ => Term::Sequence(parts),
                }
            }
        };
        Some(Particle { min, max, term })
    }

    fn element(
        &mut self,
        node: &'a XmlElement,
        document: usize,
        place: FileOffset,
        undecided: &mut Vec<Undecided>,
    ) -> Option<Term> {
        let here = &self.documents[document];
        if node.children.iter().any(|child| child.name.is(XS, "alternative")) {
            undecided.push(Undecided { construct: "xs:alternative", place });
        }
        let Some(reference) = node.attribute("ref") else {
            let form = node.attribute("form").or(here.root.attribute("elementFormDefault"));
            let namespace = match node.attribute("targetNamespace") {
                Some(other) => other.into(),
                None if form == Some("qualified") => here.namespace.clone(),
                None => "".into(),
            };
            let name = Name::new(namespace, node.attribute("name")?.trim());
            let type_id = self.element_type(XsdComponent { node, document, is_redefined: false });
            let fixed = node.attribute("fixed").map(ToOwned::to_owned);
            return Some(Term::Element(ElementShape { name, type_id, fixed, place }));
        };
        let head = here.qualified(node, reference)?;
        let mut branches = Vec::new();
        let substitutes = self.components.substitutes_for(&head);
        for name in std::iter::once(&head).chain(&substitutes) {
            let component = self.components.get(XsdComponentKind::Element, name)?;
            let is_abstract = component.node.attribute("abstract").is_some_and(is_true);
            if is_abstract && substitutes.is_empty() {
                undecided.push(Undecided { construct: "an abstract element", place });
            }
            if is_abstract && !substitutes.is_empty() {
                continue;
            }
            let type_id = self.element_type(component);
            let fixed = component.node.attribute("fixed").map(ToOwned::to_owned);
            branches.push(Particle::once(Term::Element(ElementShape { name: name.clone(), type_id, fixed, place })));
        }
        if !substitutes.is_empty() {
            undecided.push(Undecided { construct: "a substitution group", place });
        }
        if branches.len() == 1 {
            branches.pop().map(|branch| branch.term)
        } else {
            Some(Term::Choice(branches, ChoiceKind::Branch))
        }
    }
}

/// Puts the content of a base before that of a type.
fn joined(base: Particle, own: Particle) -> Particle {
    match (base.term, own.term) {
        // XML Schema 1.1: groups of `all` become one.
        (Term::All(mut parts), Term::All(more)) => {
            parts.extend(more);
            Particle::once(Term::All(parts))
        }
        (base_term, own_term) => {
            let base = Particle { term: base_term, ..base };
            let own = Particle { term: own_term, ..own };
            Particle::once(Term::Sequence(vec![base, own]))
        }
    }
}

/// Returns how often something occurs. `None` if never.
fn occurrence(node: &XmlElement) -> Option<(u64, Option<u64>)> {
    // Numbers beyond all documents are as good as the largest.
    let number = |text: &str| text.trim().parse::<u64>().unwrap_or(u64::MAX);
    let min = node.attribute("minOccurs").map_or(1, number);
    let max = match node.attribute("maxOccurs").map(str::trim) {
        Some("unbounded") => None,
        Some(text) => Some(number(text)),
        None => Some(1),
    };
    (max != Some(0)).then_some((min, max))
}

fn is_true(value: &str) -> bool {
    matches!(value.trim(), "true" | "1")
}
