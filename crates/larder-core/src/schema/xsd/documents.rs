//! The documents of a schema: itself, what it includes and imports.

use std::sync::Arc;

use super::super::source::{ImportRequest, Resolver, SchemaFiles, error_at, xml_root};
use super::XS;
use crate::diagnostic::SourceFinding;
use crate::document::{SourceFile, XmlElement};

/// A schema document. One without a namespace that is included by others stands in the list once for each of their
/// namespaces.
#[derive(Debug)]
pub(crate) struct XsdDocument {
    pub(crate) source: SourceFile,
    /// The number of its file.
    pub(crate) file: usize,
    pub(crate) root: XmlElement,
    /// The namespace of what it declares.
    pub(crate) namespace: Arc<str>,
    /// The namespaces that it imports.
    pub(crate) imports: Vec<Arc<str>>,
    /// The documents that it includes, imports, redefines or overrides, by the directive's place.
    pub(crate) links: Vec<DocumentLink>,
    /// Whether it was given, not found through another.
    pub(crate) is_given: bool,
    /// Whether it declares what the first document does: it is that, or included by it.
    pub(crate) is_own: bool,
}

/// A directive that leads to another document.
#[derive(Debug)]
pub(crate) struct DocumentLink {
    pub(crate) location: Option<String>,
    pub(crate) namespace: Option<String>,
    /// The number of the document.
    pub(crate) target: usize,
}

/// The editions of XML Schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Edition {
    /// 1.0.
    First,
    /// 1.1.
    Second,
}

impl Edition {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::First => "XSD 1.0",
            Self::Second => "XSD 1.1",
        }
    }
}

/// The namespace that every schema may import without a file.
const XML: &str = "http://www.w3.org/XML/1998/namespace";
const VERSIONING: &str = "http://www.w3.org/2007/XMLSchema-versioning";
/// Elements that only XML Schema 1.1 has.
const SECOND_ELEMENTS: [&str; 7] =
    ["assert", "assertion", "alternative", "openContent", "defaultOpenContent", "override", "explicitTimezone"];
/// Attributes that only XML Schema 1.1 has.
const SECOND_ATTRIBUTES: [&str; 6] =
    ["inheritable", "notNamespace", "notQName", "xpathDefaultNamespace", "defaultAttributes", "appliesToEmpty"];

/// Returns the edition that the documents are written for: the second if they say so, or use what only it has.
pub(crate) fn edition(documents: &[XsdDocument]) -> Edition {
    fn is_second(element: &XmlElement) -> bool {
        let is_own = *element.name.namespace == *XS;
        let is_new = || {
            SECOND_ELEMENTS.contains(&&*element.name.local)
                || SECOND_ATTRIBUTES.iter().any(|name| element.attribute(name).is_some())
        };
        (is_own && is_new()) || (!element.name.is(XS, "annotation") && element.children.iter().any(is_second))
    }
    let says_so = |root: &XmlElement| {
        let minimum = root.attributes.iter().find(|attribute| attribute.name.is(VERSIONING, "minVersion"));
        minimum.is_some_and(|minimum| minimum.value.trim() != "1.0")
    };
    let second = documents.iter().any(|document| says_so(&document.root) || is_second(&document.root));
    if second { Edition::Second } else { Edition::First }
}

/// Finds all documents.
pub(crate) fn collect(
    roots: Vec<(SourceFile, XmlElement, usize)>,
    files: &mut SchemaFiles,
    resolver: &Resolver<'_>,
) -> (Vec<XsdDocument>, Vec<SourceFinding>) {
    let given = roots.into_iter().map(|(source, root, file)| {
        let namespace = root.attribute("targetNamespace").unwrap_or_default().into();
        XsdDocument::new(source, file, root, namespace, true)
    });
    let mut collector = DocumentCollector { documents: given.collect(), files, resolver, findings: Vec::new() };
    let mut next = 0;
    while next < collector.documents.len() {
        for directive in directives(&collector.documents[next], &mut collector.findings) {
            collector.follow(next, directive);
        }
        next += 1;
    }
    (collector.documents, collector.findings)
}

/// What was found of a schema's documents.
struct DocumentCollector<'a> {
    documents: Vec<XsdDocument>,
    files: &'a mut SchemaFiles,
    resolver: &'a Resolver<'a>,
    findings: Vec<SourceFinding>,
}

impl XsdDocument {
    fn new(source: SourceFile, file: usize, root: XmlElement, namespace: Arc<str>, is_given: bool) -> Self {
        Self { source, file, root, namespace, imports: Vec::new(), links: Vec::new(), is_given, is_own: is_given }
    }

    /// Returns an error about a byte of the document.
    pub(crate) fn error(&self, code: &'static str, offset: usize, message: impl Into<String>) -> SourceFinding {
        error_at(code, &self.source, offset, message)
    }
}

struct Directive {
    /// Whether it is `import`: all others bring in what is of the same namespace.
    is_import: bool,
    location: Option<String>,
    namespace: Option<String>,
    offset: usize,
}

fn directives(document: &XsdDocument, findings: &mut Vec<SourceFinding>) -> Vec<Directive> {
    let mut directives = Vec::new();
    for child in document.root.children.iter().filter(|child| *child.name.namespace == *XS) {
        let is_import = &*child.name.local == "import";
        if !is_import && !matches!(&*child.name.local, "include" | "redefine" | "override") {
            continue;
        }
        let location = child.attribute("schemaLocation").map(str::trim).map(ToOwned::to_owned);
        let namespace = child.attribute("namespace").map(ToOwned::to_owned);
        if is_import && namespace.as_deref().unwrap_or_default() == &*document.namespace {
            let message = "a schema imports other namespaces than its own";
            let finding = document.error("schema.namespace", child.offset(), message);
            findings.push(finding.with_help("use xs:include for documents of the same namespace"));
            continue;
        }
        if !is_import && location.is_none() {
            let message = format!("xs:{} needs a schemaLocation", child.name.local);
            findings.push(document.error("schema.import", child.offset(), message));
            continue;
        }
        directives.push(Directive { is_import, location, namespace, offset: child.offset() });
    }
    directives
}

impl DocumentCollector<'_> {
    /// Finds the document that a directive names, reads it if it is new, and links it.
    fn follow(&mut self, from: usize, directive: Directive) {
        let Self { documents, files, resolver, findings } = self;
        let document = &mut documents[from];
        let wanted = directive.namespace.as_deref().unwrap_or_default();
        if directive.is_import {
            document.imports.push(wanted.into());
        }
        let request = ImportRequest {
            from: &document.source.file,
            location: directive.location.as_deref(),
            namespace: directive.namespace.as_deref(),
        };
        let Some(source) = resolver(&request) else {
            let is_provided = directive.is_import && (wanted == XML || directive.location.is_none());
            let document = &documents[from];
            let sibling = documents.iter().position(|other| other.is_given && *other.namespace == *wanted);
            match sibling {
                Some(target) if directive.is_import => {
                    let Directive { location, namespace, .. } = directive;
                    documents[from].links.push(DocumentLink { location, namespace, target });
                }
                _ if is_provided => {}
                _ => {
                    let location = directive.location.unwrap_or_default();
                    let message = format!("`{location}` is not in the package or its dependencies");
                    let finding = document.error("schema.import", directive.offset, message);
                    let is_remote = location.contains("://");
                    findings.push(finding.with_help(if is_remote {
                        "nothing is fetched while checking: add the file to the package, or a dependency that has it"
                    } else {
                        "locations are relative to the file; what another package has is found by the name it is declared with"
                    }));
                }
            }
            return;
        };
        let (root, file) = match xml_root(&source).and_then(|root| Ok((root, files.add(&source)?))) {
            Ok(read) => read,
            Err(finding) => return findings.push(*finding),
        };
        let document = &documents[from];
        if !root.name.is(XS, "schema") {
            let message = format!("{} is no schema: its root element is {}", source.file, root.name);
            return findings.push(document.error("schema.import", directive.offset, message));
        }
        let declared = root.attribute("targetNamespace").unwrap_or_default();
        let namespace: Arc<str> = match directive.is_import {
            true if declared != wanted => {
                let message = format!("{} has the namespace `{declared}`, and `{wanted}` is imported", source.file);
                return findings.push(document.error("schema.namespace", directive.offset, message));
            }
            false if !declared.is_empty() && *declared != *document.namespace => {
                let message = format!(
                    "{} has the namespace `{declared}`, and only documents of `{}` can be included",
                    source.file, document.namespace
                );
                let finding = document.error("schema.namespace", directive.offset, message);
                return findings.push(finding.with_help("use xs:import"));
            }
            true => declared.into(),
            false => Arc::clone(&document.namespace),
        };
        let is_own = document.is_own && !directive.is_import;
        let known = documents.iter().position(|other| other.source.file == source.file && other.namespace == namespace);
        let target = known.unwrap_or_else(|| {
            documents.push(XsdDocument::new(source, file, root, namespace, false));
            documents.len() - 1
        });
        documents[target].is_own |= is_own;
        let Directive { location, namespace, .. } = directive;
        documents[from].links.push(DocumentLink { location, namespace, target });
    }
}
