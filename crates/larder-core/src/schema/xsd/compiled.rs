//! The rules of the specification, by the `xsd-schema` crate; validation of instances.
//!
//! The crate is given texts, never places: its loader knows the documents that have been found, by addresses that are made up
//! here. Neither schemas nor instances make it read a file or the network.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use xsd_schema::ids::NameId;
use xsd_schema::parser::location::SourceLocation;
use xsd_schema::validation::{
    CollectingValidationSink, InstancePath, SchemaValidator, ValidationError, ValidationFlags, ValidationRoot,
    drive_quick_xml,
};
use xsd_schema::xml::ParseLimits;
use xsd_schema::{
    EmbeddedLoader, LoaderChain, LocationRequest, ResolverConfig, SchemaError, SchemaLoader, SchemaResolver,
    SchemaResult, SchemaSet, SchemaSetBuilder, XsdVersion,
};

use super::XsdDocument;
use super::documents::Edition;
use crate::diagnostic::{Position, SourceFinding};
use crate::document::{Area, MAX_DEPTH, MAX_NODES, Name, SourceFile, XmlElement, escaped_xml, parse_xml};

/// A compiled schema.
pub(crate) struct CompiledXsd {
    /// Names are added to it while it is asked, so only one can ask at a time.
    set: Mutex<SchemaSet>,
}

impl fmt::Debug for CompiledXsd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Compiled")
    }
}

/// The most findings about one instance: one that breaks more rules is not of this schema.
const MAX_FINDINGS: usize = 100;

/// A document as the crate reads it: an embedded schema is cut out, with the namespaces that are declared around it.
#[derive(Debug)]
struct Extract {
    text: String,
    /// The position at which it starts in its file.
    start: Position,
    /// The bytes of the first line that were put in, and how many.
    inserted: (u32, u32),
}

#[derive(Debug)]
struct Loader {
    texts: HashMap<String, String>,
}

impl SchemaLoader for Loader {
    fn load(&self, location: &str) -> SchemaResult<String> {
        self.texts.get(location).cloned().ok_or_else(|| SchemaError::resolution(format!("no document {location}")))
    }

    fn can_load(&self, location: &str) -> bool {
        self.texts.contains_key(location)
    }
}

impl CompiledXsd {
    /// Compiles the documents of a schema. Returns the first rule that they break.
    pub(super) fn new(documents: &[XsdDocument], edition: Edition) -> Result<Self, Box<SourceFinding>> {
        // A deep schema needs stack: the crate's own limits are measured for a thread's usual stack and more.
        on_large_stack(|| compile(documents, edition)).unwrap_or_else(|| {
            let message = "the schema is too large to be checked";
            Err(Box::new(documents[0].error("schema.limit", 0, message)))
        })
    }

    /// Validates an instance. `root` is the element that it has to start with, or the type that it has to be of.
    pub(crate) fn validate(&self, root: Option<&Root<'_>>, instance: &SourceFile) -> Vec<SourceFinding> {
        // The same bounds as for every other document, with the same messages.
        let document = match parse_xml(&instance.text) {
            Ok(document) => document,
            Err(error) => return vec![instance.finding(Area::Instance, &error)],
        };
        on_large_stack(|| self.drive(root, instance, &document)).unwrap_or_else(|| {
            let message = "the document is too large to be validated";
            vec![SourceFinding::error("instance.limit", &instance.file, Position::START, message)]
        })
    }

    /// Returns whether the schema declares an element of this name.
    pub(crate) fn has_element(&self, name: &Name) -> bool {
        let set = self.set();
        set.lookup_element(namespace(&set, name), set.name_table.add(&name.local)).is_some()
    }

    /// Returns whether the schema has a type of this name.
    pub(crate) fn has_type(&self, name: &Name) -> bool {
        let set = self.set();
        set.lookup_type(namespace(&set, name), set.name_table.add(&name.local)).is_some()
    }

    /// Returns the schema, also after a panic of the crate: nothing of it changes but the table of names.
    fn set(&self) -> MutexGuard<'_, SchemaSet> {
        self.set.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn drive(&self, root: Option<&Root<'_>>, instance: &SourceFile, document: &XmlElement) -> Vec<SourceFinding> {
        let set = &*self.set();
        let flags = ValidationFlags::default() | ValidationFlags::PROCESS_ASSERTIONS;
        let validator = SchemaValidator::new(set, flags);
        let (mut errors, mut warnings) = (Vec::new(), Vec::new());
        let mut runtime =
            validator.start_run(CollectingValidationSink { errors: &mut errors, warnings: &mut warnings });
        let validation_root = match root {
            Some(Root::Element(name)) => {
                set.lookup_element(namespace(set, name), set.name_table.add(&name.local)).map(ValidationRoot::Element)
            }
            Some(Root::Type(name)) => {
                set.lookup_type(namespace(set, name), set.name_table.add(&name.local)).map(ValidationRoot::Type)
            }
            None => None,
        };
        if let Some(validation_root) = validation_root {
            runtime.set_validation_root(validation_root);
        }
        let mut limits = ParseLimits::none().with_max_depth(MAX_DEPTH + 1);
        limits.max_nodes = Some(4 * MAX_NODES);
        runtime.set_parse_limits(limits);
        let driven = drive_quick_xml(instance.text.as_bytes(), &mut runtime, set);
        drop(runtime);
        let mut findings: Vec<SourceFinding> =
            errors.iter().take(MAX_FINDINGS).map(|error| instance_finding(instance, document, error)).collect();
        if let Err(error) = driven
            && findings.is_empty()
        {
            let message = error.to_string();
            findings.push(SourceFinding::error("instance.syntax", &instance.file, Position::START, message));
        }
        findings
    }
}

fn namespace(set: &SchemaSet, name: &Name) -> Option<NameId> {
    (!name.namespace.is_empty()).then(|| set.name_table.add(&name.namespace))
}

/// What an instance has to be.
pub(crate) enum Root<'a> {
    /// It starts with this element.
    Element(&'a Name),
    /// It is of this type.
    Type(&'a Name),
}

fn instance_finding(instance: &SourceFile, document: &XmlElement, error: &ValidationError) -> SourceFinding {
    let offset = error.instance_path().map_or(document.offset(), |path| place(document, path));
    let message = format!("{} ({})", lower(&error.message), error.constraint);
    let finding = SourceFinding::error("instance.invalid", &instance.file, instance.position(offset), message);
    match error.instance_path() {
        Some(path) => {
            let steps = path.steps().map(|step| {
                let local = step.name().local_name();
                match step.position() {
                    None => format!("/@{local}"),
                    Some(1) => format!("/{local}"),
                    Some(position) => format!("/{local}[{position}]"),
                }
            });
            finding.with_path(steps.collect::<String>())
        }
        None => finding,
    }
}

/// Returns the byte of an element or attribute; as much of the path as there is counts.
fn place(root: &XmlElement, path: &InstancePath) -> usize {
    let mut here = root;
    for step in path.steps().skip(1) {
        let (namespace, local) = (step.name().namespace_uri(), step.name().local_name());
        let Some(position) = step.position() else {
            let attribute = here.attributes.iter().find(|attribute| attribute.name.is(namespace, local));
            return attribute.map_or(here.offset(), |attribute| attribute.offset);
        };
        match here.children_named(namespace, local).nth(position.saturating_sub(1)) {
            Some(child) => here = child,
            None => break,
        }
    }
    here.offset()
}

fn compile(documents: &[XsdDocument], edition: Edition) -> Result<CompiledXsd, Box<SourceFinding>> {
    // A document that is included by several namespaces is one text.
    let number_of = |document: &XsdDocument| {
        let place = (&document.source.file, document.root.offset());
        documents.iter().position(|other| (&other.source.file, other.root.offset()) == place).unwrap_or(0)
    };
    let numbers: Vec<usize> = documents.iter().map(number_of).collect();
    let extracts: Vec<Extract> = documents.iter().map(Extract::of).collect();
    let mut texts = HashMap::new();
    let mut targets: HashMap<(String, Option<String>, Option<String>), String> = HashMap::new();
    for (place, document) in documents.iter().enumerate() {
        texts.entry(address(numbers[place])).or_insert_with(|| extracts[place].text.clone());
        for link in &document.links {
            let key = (address(numbers[place]), link.location.clone(), link.namespace.clone());
            targets.insert(key, address(numbers[link.target]));
        }
    }
    let mut chain = LoaderChain::new();
    chain.add(Box::new(EmbeddedLoader::new()));
    chain.add(Box::new(Loader { texts }));
    let version = match edition {
        Edition::First => XsdVersion::V1_0,
        Edition::Second => XsdVersion::V1_1,
    };
    let mut resolver = SchemaResolver::with_config_and_loader(ResolverConfig::default(), Box::new(chain));
    resolver.catalog_mut().add_xml_catalog();
    // Imports without a location are found by their namespace.
    for (place, document) in documents.iter().enumerate() {
        if resolver.catalog().lookup(&document.namespace).is_none() && !document.namespace.is_empty() {
            resolver.catalog_mut().add(document.namespace.to_string(), address(numbers[place]));
        }
    }
    resolver.set_location_rewriter(move |request: &LocationRequest<'_>, _: &SchemaResolver| {
        if request.kind.is_none() || request.location.starts_with(SCHEME) || request.location.starts_with("embedded:") {
            return None;
        }
        let key = |namespace: Option<&str>| {
            let base = request.base_uri.to_owned();
            (base, Some(request.location.trim().to_owned()), namespace.map(ToOwned::to_owned))
        };
        let found = targets.get(&key(request.namespace)).or_else(|| targets.get(&key(None)));
        // What is not known has been reported; nothing else may be asked for it.
        Some(found.cloned().unwrap_or_else(|| format!("{SCHEME}unknown")))
    });
    let mut builder = SchemaSetBuilder::with_resolver(resolver, version);
    let at = |error: &SchemaError| finding(error, documents, &numbers, &extracts);
    for (place, document) in documents.iter().enumerate().filter(|(_, document)| document.is_given) {
        let _ = document;
        builder = builder
            .add_bytes(extracts[place].text.as_bytes(), &address(numbers[place]))
            .map_err(|error| Box::new(at(&error)))?;
    }
    let compiled = builder.compile().map_err(|error| Box::new(at(&error)))?;
    Ok(CompiledXsd { set: Mutex::new(compiled.into_schema_set()) })
}

/// The scheme of made-up addresses.
const SCHEME: &str = "larder:/";

fn address(number: usize) -> String {
    format!("{SCHEME}{number}.xsd")
}

/// Returns the finding for a rule that the documents break.
fn finding(error: &SchemaError, documents: &[XsdDocument], numbers: &[usize], extracts: &[Extract]) -> SourceFinding {
    let (code, message) = match error {
        SchemaError::StructuralError { constraint, message, .. } => {
            ("schema.invalid", format!("{} ({constraint})", lower(message)))
        }
        SchemaError::LimitExceeded { message, max, .. } => {
            ("schema.limit", format!("{}, and at most {max} are possible", lower(message)))
        }
        SchemaError::XmlError { message, .. }
        | SchemaError::NamespaceError { message, .. }
        | SchemaError::FeatureError { message, .. }
        | SchemaError::ResolutionError { message } => ("schema.invalid", lower(message)),
        other => ("schema.invalid", other.to_string()),
    };
    let location = error.location();
    let place = location
        .and_then(|location| (0..documents.len()).find(|&place| address(numbers[place]) == location.base_uri))
        .unwrap_or(0);
    let position = location.map_or(extracts[place].start, |location| extracts[place].position(position(location)));
    SourceFinding::error(code, &documents[place].source.file, position, message)
}

impl Extract {
    fn of(document: &XsdDocument) -> Self {
        let (start, end) = document.root.span;
        let text = &document.source.text;
        let whole = text.get(start..end).unwrap_or_default();
        let name_end = whole.find(|c: char| c.is_whitespace() || c == '>' || c == '/').unwrap_or(whole.len());
        // What the element declares itself stays as it is.
        let tag = &whole[..tag_end(whole)];
        let declared = |prefix: &str| {
            let name = if prefix.is_empty() { "xmlns".to_owned() } else { format!("xmlns:{prefix}") };
            tag.match_indices(&name).any(|(at, _)| {
                let after = tag[at + name.len()..].trim_start();
                after.starts_with('=') && tag[..at].ends_with(char::is_whitespace)
            })
        };
        let outer = document.root.declarations().into_iter().filter(|(prefix, _)| !declared(prefix));
        let inserted: String = outer
            .map(|(prefix, uri)| {
                let uri = escaped_xml(uri);
                if prefix.is_empty() { format!(" xmlns=\"{uri}\"") } else { format!(" xmlns:{prefix}=\"{uri}\"") }
            })
            .collect();
        let count = |text: &str| u32::try_from(text.chars().count()).unwrap_or(u32::MAX);
        Self {
            text: format!("{}{inserted}{}", &whole[..name_end], &whole[name_end..]),
            start: document.source.position(start),
            inserted: (count(&whole[..name_end]), count(&inserted)),
        }
    }

    /// Returns the position in the file of a position in the extract.
    fn position(&self, within: Position) -> Position {
        if within.line > 1 {
            return Position { line: within.line + self.start.line - 1, column: within.column };
        }
        let (at, length) = self.inserted;
        let column = if within.column > at { within.column.saturating_sub(length).max(at) } else { within.column };
        Position { line: self.start.line, column: column + self.start.column - 1 }
    }
}

/// Returns where the start tag of a text ends.
fn tag_end(text: &str) -> usize {
    let mut quote = None;
    for (at, byte) in text.bytes().enumerate() {
        match (quote, byte) {
            (None, b'>') => return at,
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), byte) if open == byte => quote = None,
            _ => {}
        }
    }
    text.len()
}

fn position(location: &SourceLocation) -> Position {
    let number = |value: usize| u32::try_from(value).unwrap_or(u32::MAX).max(1);
    Position { line: number(location.line), column: number(location.column) }
}

/// The crate's messages start in upper case, larder's in lower case.
fn lower(message: &str) -> String {
    let mut characters = message.trim_end_matches('.').chars();
    let first = characters.next();
    let is_word = characters.clone().next().is_none_or(|second| !second.is_uppercase());
    match first {
        Some(first) if is_word => first.to_lowercase().chain(characters).collect(),
        _ => message.trim_end_matches('.').to_owned(),
    }
}

/// The stack for work whose depth follows that of what others wrote. What is not used costs nothing.
const STACK: usize = 64 * 1024 * 1024;

/// Runs on a thread with a large stack. `None` if the thread cannot be started, or the work ended in a panic.
fn on_large_stack<T: Send>(work: impl FnOnce() -> T + Send) -> Option<T> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK);
        thread.spawn_scoped(scope, work).ok()?.join().ok()
    })
}
